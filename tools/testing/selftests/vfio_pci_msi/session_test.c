// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the state of a session lasts: through resets and low power, and until the end
 * of the session, however that comes.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "hardware.h"
#include "messages.h"
#include "session.h"
#include "variants.h"

#define VECTORS	4

FIXTURE(session) {
	struct session *s;
	u32 index;
	int count;
	int triggers[VECTORS];
	u64 new_generation;	/* of a session that has done nothing */
};

FIXTURE_VARIANT(session) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(session, ath11k_noid);
LAB_VARIANTS(session, msix);

/* Bind the device again, so that it has no state of another test's session. */
FIXTURE_SETUP(session)
{
	driver_release(lab_bdf(variant->device));
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->new_generation = generation_of(self->s->fd);
	self->index = vectors_index(self->s->fd);
	self->count = lab_remap() ||
		      self->index == VFIO_PCI_MSIX_IRQ_INDEX ? VECTORS : 1;
	for (int i = 0; i < VECTORS; i++)
		self->triggers[i] = eventfd_new();
}

FIXTURE_TEARDOWN(session)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->triggers[i]);
	if (self->s)
		session_close(self->s);
}

/* Use everything that a session has. */
static void use_everything(int fd, u32 index, int count, const int *triggers)
{
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_EQ(novirt_set(fd), 0);
	VFIO_ASSERT_EQ(set_triggers(fd, index, 0, count, triggers), 0);
	VFIO_ASSERT_EQ(disable_irqs(fd, index), 0);
	VFIO_ASSERT_EQ(set_triggers(fd, index, 0, count, triggers), 0);
}

/* The address of vector 0 that NOVIRT shows in config space or in the table. */
static u64 shown_address(struct session *s)
{
	struct hw_msi msi;
	u64 address = 0;

	hw_msi_find(&msi, s->bdf);
	if (msi.cap) {
		VFIO_ASSERT_EQ(config_read(s->fd, msi.address, &address,
					   msi.data - msi.address),
			       msi.data - msi.address);
	} else {
		/* The msix model has its table at the start of BAR 2. */
		VFIO_ASSERT_EQ(region_read(s->fd, 2, 0, &address,
					   sizeof(address)), sizeof(address));
	}

	return address;
}

static void expect_as_newly_bound(struct __test_metadata *_metadata, int fd,
				  u32 index, int count, u64 generation)
{
	static const struct vfio_pci_msi_message none;
	struct vfio_pci_msi_message msg[VECTORS];

	EXPECT_FALSE(novirt_on(fd));
	EXPECT_EQ(generation, generation_of(fd));
	ASSERT_EQ(0, messages_get(fd, index, 0, count, msg, NULL));
	for (int v = 0; v < count; v++)
		EXPECT_EQ(0, memcmp(&none, &msg[v], sizeof(none)));
}

TEST_F(session, starts_as_newly_bound)
{
	expect_as_newly_bound(_metadata, self->s->fd, self->index, self->count,
			      self->new_generation);
}

TEST_F(session, survives_reset)
{
	struct vfio_pci_msi_message before[VECTORS], after[VECTORS];
	int fd = self->s->fd;
	u64 generation;

	use_everything(fd, self->index, self->count, self->triggers);
	ASSERT_EQ(0, messages_get(fd, self->index, 0, self->count, before,
				  NULL));
	generation = generation_of(fd);

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_RESET));
		EXPECT_TRUE(novirt_on(fd));
		EXPECT_LE(generation, generation_of(fd));
		/* The kernel puts the messages back, so none is stale. */
		ASSERT_EQ(0, messages_get(fd, self->index, 0, self->count,
					  after, NULL));
		EXPECT_EQ(0, memcmp(before, after,
				    self->count * sizeof(before[0])));
		EXPECT_EQ(before[0].address, shown_address(self->s));
	}
}

/* Reads wake the device up, and no state is lost in low power. */
TEST_F(session, survives_low_power)
{
	struct vfio_pci_msi_message before[VECTORS], after[VECTORS];
	int fd = self->s->fd;

	if (feature(fd, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PROBE |
		    VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0))
		SKIP(return, "%s does not support low power", variant->device);

	use_everything(fd, self->index, self->count, self->triggers);
	ASSERT_EQ(0, messages_get(fd, self->index, 0, self->count, before,
				  NULL));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_SET |
				     VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
				     NULL, 0));
		EXPECT_TRUE(novirt_on(fd));
		EXPECT_EQ(before[0].address, shown_address(self->s));
		ASSERT_EQ(0, messages_get(fd, self->index, 0, self->count,
					  after, NULL));
		EXPECT_EQ(0, memcmp(before, after,
				    self->count * sizeof(before[0])));
		ASSERT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_SET |
				     VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
				     NULL, 0));
	}
}

TEST_F(session, ends_with_last_close)
{
	for (int i = 0; i < 3; i++) {
		use_everything(self->s->fd, self->index, self->count,
			       self->triggers);
		session_close(self->s);
		self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
		expect_as_newly_bound(_metadata, self->s->fd, self->index,
				      self->count, self->new_generation);
	}
}

TEST_F(session, ends_after_vectors_are_freed)
{
	use_everything(self->s->fd, self->index, self->count, self->triggers);
	ASSERT_EQ(0, disable_irqs(self->s->fd, self->index));
	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	expect_as_newly_bound(_metadata, self->s->fd, self->index, self->count,
			      self->new_generation);
}

TEST_F(session, ends_when_user_is_killed)
{
	pid_t pid;
	int status;

	session_close(self->s);
	self->s = NULL;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
		use_everything(self->s->fd, self->index, self->count,
			       self->triggers);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	expect_as_newly_bound(_metadata, self->s->fd, self->index, self->count,
			      self->new_generation);
}

TEST_F(session, config_space_is_virtual_again)
{
	u8 before[PCI_CFG_SPACE_SIZE], after[PCI_CFG_SPACE_SIZE];

	ASSERT_EQ(sizeof(before), config_read(self->s->fd, 0, before,
					      sizeof(before)));
	use_everything(self->s->fd, self->index, self->count, self->triggers);
	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	ASSERT_EQ(sizeof(after), config_read(self->s->fd, 0, after,
					     sizeof(after)));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* Two open files of the device are one session. */
TEST_F(session, shared_by_two_files)
{
	int first = self->s->fd, second = session_open_again(self->s);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, novirt_set(second));
	EXPECT_TRUE(novirt_on(first));
	ASSERT_EQ(0, set_triggers(first, self->index, 0, self->count,
				  self->triggers));
	EXPECT_EQ(generation_of(first), generation_of(second));
	EXPECT_EQ(ALLOCATED | TRIGGER,
		  message_of(second, self->index, 0).flags & ~(MASKED | STALE));
	close(second);
}

TEST_F(session, lasts_until_last_close)
{
	u64 generation;

	for (int i = 0; i < 3; i++) {
		int other = session_open_again(self->s);

		ASSERT_LE(0, other);
		use_everything(other, self->index, self->count, self->triggers);
		generation = generation_of(other);
		close(other);
		EXPECT_TRUE(novirt_on(self->s->fd));
		EXPECT_EQ(generation, generation_of(self->s->fd));
		EXPECT_EQ(ALLOCATED | TRIGGER,
			  message_of(self->s->fd, self->index, 0).flags);
		ASSERT_EQ(0, disable_irqs(self->s->fd, self->index));
	}
	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	expect_as_newly_bound(_metadata, self->s->fd, self->index, self->count,
			      self->new_generation);
}

TEST_F(session, holds_the_module)
{
	const char *refcnt = "/sys/module/msi_vfio_pci/refcnt";
	char count[16];

	ASSERT_LT(0, file_read(refcnt, count, sizeof(count)));
	EXPECT_STRNE("0\n", count);
	session_close(self->s);
	self->s = NULL;
	ASSERT_LT(0, file_read(refcnt, count, sizeof(count)));
	EXPECT_STREQ("0\n", count);
}

/* Has the generation grown since @last? Updates @last. */
static bool grown(int fd, u64 *last)
{
	u64 before = *last;

	*last = generation_of(fd);

	return *last > before;
}

TEST_F(session, generation_grows_with_vectors)
{
	int none[VECTORS] = { -1, -1, -1, -1 };
	int fd = self->s->fd;
	u64 last = generation_of(fd);

	/* Allocate, replace a trigger, detach, attach, free. */
	ASSERT_EQ(0, set_triggers(fd, self->index, 0, self->count,
				  self->triggers));
	EXPECT_TRUE(grown(fd, &last));
	ASSERT_EQ(0, set_triggers(fd, self->index, 0, 1, self->triggers));
	EXPECT_TRUE(grown(fd, &last));
	ASSERT_EQ(0, set_triggers(fd, self->index, 0, self->count, none));
	EXPECT_TRUE(grown(fd, &last));
	ASSERT_EQ(0, set_triggers(fd, self->index, 0, self->count,
				  self->triggers));
	EXPECT_TRUE(grown(fd, &last));
	ASSERT_EQ(0, disable_irqs(fd, self->index));
	EXPECT_TRUE(grown(fd, &last));
}

TEST_F(session, generation_unchanged_otherwise)
{
	struct vfio_pci_msi_message msg[VECTORS];
	u8 bools[VECTORS] = { 1, 1, 1, 1 };
	int fd = self->s->fd;
	u64 generation;
	u32 flags;

	ASSERT_EQ(0, set_triggers(fd, self->index, 0, self->count,
				  self->triggers));
	generation = generation_of(fd);

	ASSERT_EQ(0, messages_get(fd, self->index, 0, self->count, msg,
				  NULL));
	ASSERT_EQ(0, novirt_get(fd, &flags));
	ASSERT_EQ(0, novirt_set(fd));
	/* ACTION_TRIGGER without eventfds only signals the attached ones. */
	ASSERT_EQ(0, set_irqs(fd, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, self->index, 0,
			      self->count, NULL, 0));
	ASSERT_EQ(0, set_irqs(fd, VFIO_IRQ_SET_DATA_BOOL |
			      VFIO_IRQ_SET_ACTION_TRIGGER, self->index, 0,
			      self->count, bools, self->count));
	EXPECT_EQ(generation, generation_of(fd));
	for (int v = 0; v < self->count; v++)
		EXPECT_EQ(2, eventfd_take(self->triggers[v]));
}

/* A SET_IRQS that fails half-way has detached the eventfds that it had replaced. */
TEST_F(session, generation_grows_with_failed_set_irqs)
{
	int half[2] = { self->triggers[0], 9999 };
	int fd = self->s->fd;
	u64 before;

	if (self->count < 2)
		SKIP(return, "MSI has only one vector without interrupt remapping");

	ASSERT_EQ(0, set_triggers(fd, self->index, 0, self->count,
				  self->triggers));
	before = generation_of(fd);
	ASSERT_EQ(-EBADF, set_triggers(fd, self->index, 0, 2, half));
	EXPECT_EQ(0, message_of(fd, self->index, 0).flags & TRIGGER);
	EXPECT_LT(before, generation_of(fd));
}

LAB_MAIN
