// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_NOTIFY: an eventfd is signalled each time the generation of the messages grows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ath11k.h"
#include "interrupts.h"
#include "messages.h"
#include "msix.h"
#include "session.h"
#include "variants.h"

#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

#define BAR	0
#define TRACING		"/sys/kernel/tracing"

/* Several times what the driver needs to notice a move. */
#define SILENCE_US	500000

FIXTURE(notify) {
	struct session *s;
	int fd;
	int events;
	int trigger;
	u64 generation;
};

FIXTURE_VARIANT(notify) {
	const char *device;
	const char *mode;
	u32 index;
	u32 raise;
};

LAB_VARIANTS(notify, ath11k_noid, .index = MSI, .raise = ATH11K_RAISE);
LAB_VARIANTS(notify, msix, .index = MSIX, .raise = MSIX_REG_RAISE);

FIXTURE_SETUP(notify)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->events = eventfd_new();
	self->trigger = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, notify_set(self->fd, self->events, 0));
	self->generation = generation_of(self->fd);
}

FIXTURE_TEARDOWN(notify)
{
	EXPECT_EQ(0, file_write(SECOND_CPU_ONLINE, "1"));
	close(self->trigger);
	close(self->events);
	session_close(self->s);
}

/*
 * The generation has grown by @_count since the last check, and the eventfd has been
 * signalled as often.
 */
#define EXPECT_SIGNALS(_count) do {					\
	u64 _now = generation_of(self->fd);				\
	EXPECT_EQ((_count), _now - self->generation);			\
	EXPECT_EQ(_now - self->generation, eventfd_take(self->events));	\
	self->generation = _now;					\
} while (0)

#define EXPECT_SILENCE() do {						\
	EXPECT_EQ(self->generation, generation_of(self->fd));		\
	EXPECT_EQ(0, eventfd_take(self->events));			\
} while (0)

#define ATTACH()							\
	ASSERT_EQ(0, set_triggers(self->fd, variant->index, 0, 1,	\
				  &self->trigger))

TEST_F(notify, has_only_set)
{
	struct vfio_device_feature_pci_msi_notify out;
	u32 nr = VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY;

	EXPECT_EQ(0, feature(self->fd, VFIO_DEVICE_FEATURE_PROBE | nr, NULL, 0));
	EXPECT_EQ(0, feature(self->fd, VFIO_DEVICE_FEATURE_PROBE |
			     VFIO_DEVICE_FEATURE_SET | nr, NULL, 0));
	EXPECT_EQ(-EINVAL, feature(self->fd, VFIO_DEVICE_FEATURE_PROBE |
				   VFIO_DEVICE_FEATURE_GET | nr, NULL, 0));
	EXPECT_EQ(-EINVAL, feature(self->fd, VFIO_DEVICE_FEATURE_GET | nr, &out,
				   sizeof(out)));
}

TEST_F(notify, vectors_allocated_and_freed)
{
	ATTACH();
	EXPECT_SIGNALS(1);
	ATTACH();
	EXPECT_SIGNALS(1);
	ASSERT_EQ(0, disable_irqs(self->fd, variant->index));
	EXPECT_SIGNALS(1);
	ATTACH();
	EXPECT_SIGNALS(1);
}

TEST_F(notify, silent_without_change)
{
	ATTACH();
	EXPECT_SIGNALS(1);
	bar_write32(self->fd, BAR, variant->raise, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
	EXPECT_EQ(0, set_irqs(self->fd, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, variant->index, 0, 1,
			      NULL, 0));
	ioctl_assert(self->fd, VFIO_DEVICE_RESET, NULL);
	EXPECT_SILENCE();

	/* The eventfd stays set through the reset. */
	ATTACH();
	EXPECT_SIGNALS(1);
}

TEST_F(notify, second_eventfd_replaces_first)
{
	int second = eventfd_new();

	ASSERT_EQ(0, notify_set(self->fd, second, 0));
	ATTACH();
	EXPECT_EQ(0, eventfd_take(self->events));
	EXPECT_EQ(generation_of(self->fd) - self->generation,
		  eventfd_take(second));
	close(second);
}

TEST_F(notify, removed)
{
	ASSERT_EQ(0, notify_set(self->fd, -1, 0));
	ATTACH();
	EXPECT_EQ(0, eventfd_take(self->events));
	EXPECT_LT(self->generation, generation_of(self->fd));

	EXPECT_EQ(0, notify_set(self->fd, -1, 0));
	ASSERT_EQ(0, notify_set(self->fd, self->events, 0));
	self->generation = generation_of(self->fd);
	ASSERT_EQ(0, disable_irqs(self->fd, variant->index));
	EXPECT_SIGNALS(1);
}

TEST_F(notify, invalid_calls)
{
	int null = open("/dev/null", O_RDWR);
	struct guarded g;

	guarded_alloc(&g);
	EXPECT_EQ(-EBADF, notify_set(self->fd, 9999, 0));
	EXPECT_EQ(-EINVAL, notify_set(self->fd, null, 0));
	EXPECT_EQ(-EINVAL, notify_set(self->fd, -2, 0));
	EXPECT_EQ(-EINVAL, notify_set(self->fd, self->trigger, 1));
	EXPECT_EQ(-EINVAL, notify_set(self->fd, -1, 1));
	EXPECT_EQ(-EINVAL, feature(self->fd, VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY, g.start, 4));
	close(null);

	/* The payload's second half cannot be read. */
	memset(g.start, 0, 2 * g.page);
	*(struct vfio_device_feature *)(g.end - 12) = (struct vfio_device_feature) {
		.argsz = 16,
		.flags = VFIO_DEVICE_FEATURE_SET |
			 VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY,
	};
	EXPECT_EQ(-EFAULT, feature_raw(self->fd, g.end - 12));
	guarded_free(&g);

	/* The first eventfd is still signalled. */
	ATTACH();
	EXPECT_SIGNALS(1);
}

TEST_F(notify, ends_with_session)
{
	ATTACH();
	EXPECT_SIGNALS(1);
	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	eventfd_take(self->events);
	ATTACH();
	EXPECT_EQ(0, eventfd_take(self->events));
}

/* The user closes its eventfd while it is set. */
TEST_F(notify, eventfd_closed_by_user)
{
	close(self->events);
	ATTACH();
	self->events = eventfd_new();
	ASSERT_EQ(0, notify_set(self->fd, self->events, 0));
	self->generation = generation_of(self->fd);
	ASSERT_EQ(0, disable_irqs(self->fd, variant->index));
	EXPECT_SIGNALS(1);
}

static u64 address_of(int fd, u32 index)
{
	return message_of(fd, index, 0).address;
}

#define MOVE(_cpu)							\
	ASSERT_TRUE(move_vector(self->s, variant->raise, self->trigger,	\
				(_cpu)))

#define FINISH_MOVE(_cpu)						\
	ASSERT_TRUE(finish_move(self->s, variant->raise, self->trigger,	\
				(_cpu)))

/*
 * Wait until the driver has noticed all earlier changes, and count changes from here on.
 * Returns the message's address.
 */
static u64 settle(int fd, u32 index, int events, u64 *generation)
{
	usleep(SILENCE_US);
	*generation = generation_of(fd);
	eventfd_take(events);

	return address_of(fd, index);
}

#define SETTLE()							\
	settle(self->fd, variant->index, self->events, &self->generation)

/*
 * The move is notified once if the message has changed. With interrupt remapping the
 * message stays as it was.
 */
#define EXPECT_MOVE_IS_NOTIFIED(_before) do {				\
	if (lab_remap()) {						\
		usleep(SILENCE_US);					\
		EXPECT_SILENCE();					\
		EXPECT_EQ((_before), address_of(self->fd, variant->index)); \
	} else {							\
		EXPECT_TRUE(eventfd_wait(self->events));		\
		EXPECT_SIGNALS(1);					\
		EXPECT_NE((_before), address_of(self->fd, variant->index)); \
		usleep(SILENCE_US);					\
		EXPECT_SILENCE();					\
	}								\
} while (0)

TEST_F(notify, affinity_change)
{
	u64 before;

	ATTACH();
	MOVE("0");
	before = SETTLE();

	MOVE(SECOND_CPU);
	EXPECT_MOVE_IS_NOTIFIED(before);
}

/* The vectors were allocated before the eventfd is set. */
TEST_F(notify, vectors_allocated_before)
{
	u64 before;

	ASSERT_EQ(0, notify_set(self->fd, -1, 0));
	ATTACH();
	MOVE("0");
	ASSERT_EQ(0, notify_set(self->fd, self->events, 0));
	self->generation = generation_of(self->fd);
	eventfd_take(self->events);
	before = address_of(self->fd, variant->index);
	/* Earlier changes are not notified. */
	usleep(SILENCE_US);
	EXPECT_SILENCE();

	MOVE(SECOND_CPU);
	EXPECT_MOVE_IS_NOTIFIED(before);
}

/* MSI_MESSAGES was not called since the vectors were allocated. */
TEST_F(notify, first_move)
{
	ASSERT_EQ(0, notify_set(self->fd, -1, 0));
	ATTACH();
	MOVE("0");
	eventfd_take(self->events);
	ASSERT_EQ(0, notify_set(self->fd, self->events, 0));

	MOVE(SECOND_CPU);
	if (lab_remap())
		usleep(SILENCE_US);
	EXPECT_EQ(!lab_remap(), lab_remap() ? !!eventfd_take(self->events) :
					      eventfd_wait(self->events));
}

/*
 * The affinity was changed before the eventfd is set, and before a call that changes
 * nothing. The move follows later, with the next interrupts.
 */
TEST_F(notify, move_pending)
{
	ASSERT_EQ(0, notify_set(self->fd, -1, 0));
	ATTACH();
	MOVE("0");
	ASSERT_EQ(0, set_affinity(irq_of(self->s->bdf), SECOND_CPU));
	ASSERT_EQ(0, notify_set(self->fd, self->events, 0));
	usleep(SILENCE_US);
	eventfd_take(self->events);
	EXPECT_EQ(0, set_irqs(self->fd, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, variant->index, 0, 1,
			      NULL, 0));

	FINISH_MOVE(SECOND_CPU);
	if (lab_remap())
		usleep(SILENCE_US);
	EXPECT_EQ(!lab_remap(), lab_remap() ? !!eventfd_take(self->events) :
					      eventfd_wait(self->events));
}

TEST_F(notify, cpu_unplugged)
{
	u64 before;

	ATTACH();
	MOVE(SECOND_CPU);
	before = SETTLE();

	ASSERT_EQ(0, file_write(SECOND_CPU_ONLINE, "0"));
	EXPECT_MOVE_IS_NOTIFIED(before);
}

TEST_F(notify, cpu_unplugged_while_masked)
{
	u64 before;

	ATTACH();
	MOVE(SECOND_CPU);
	ASSERT_EQ(0, set_irqs(self->fd, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_MASK, variant->index, 0, 1,
			      NULL, 0));
	ATTACH();
	before = SETTLE();

	ASSERT_EQ(0, file_write(SECOND_CPU_ONLINE, "0"));
	EXPECT_MOVE_IS_NOTIFIED(before);
}

/* How often a worker of the module has run. The only one here checks for moves. */
static unsigned int times_checked(void)
{
	unsigned int times = 0;
	char line[512];
	FILE *trace = fopen(TRACING "/trace", "r");

	VFIO_ASSERT_NOT_NULL(trace);
	while (fgets(line, sizeof(line), trace))
		times += strstr(line, "function ") && strstr(line, "[msi_vfio_pci]");
	fclose(trace);

	return times;
}

/* The move needs an interrupt, which may never come: the driver must not poll for it. */
TEST_F(notify, idle_vector_is_not_polled)
{
	const char *event = TRACING "/events/workqueue/workqueue_execute_start/enable";

	ATTACH();
	MOVE("0");
	ASSERT_EQ(0, file_write(event, "1"));
	ASSERT_EQ(0, set_affinity(irq_of(self->s->bdf), SECOND_CPU));
	usleep(SILENCE_US);
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	usleep(2 * SILENCE_US);
	EXPECT_GE(1, times_checked());
	eventfd_take(self->events);

	/* The move is still notified, by a worker that the trace shows. */
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	FINISH_MOVE(SECOND_CPU);
	EXPECT_EQ(!lab_remap(), lab_remap() ? !!eventfd_take(self->events) :
					      eventfd_wait(self->events));
	if (!lab_remap())
		EXPECT_LT(0, times_checked());
	ASSERT_EQ(0, file_write(event, "0"));
}

/* The vectors are freed after their affinity was changed and before they have moved. */
TEST_F(notify, freed_while_move_is_pending)
{
	ATTACH();
	MOVE("0");
	ASSERT_EQ(0, set_affinity(irq_of(self->s->bdf), SECOND_CPU));
	ASSERT_EQ(0, disable_irqs(self->fd, variant->index));
	SETTLE();

	ATTACH();
	EXPECT_SIGNALS(1);
	ASSERT_EQ(0, set_affinity(irq_of(self->s->bdf), SECOND_CPU));
}

FIXTURE(no_vectors) {
	struct session *s;
};

FIXTURE_VARIANT(no_vectors) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(no_vectors, plain);

FIXTURE_SETUP(no_vectors)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
}

FIXTURE_TEARDOWN(no_vectors)
{
	session_close(self->s);
}

TEST_F(no_vectors, enotty)
{
	int events = eventfd_new();

	EXPECT_EQ(-ENOTTY, notify_set(self->s->fd, events, 0));
	EXPECT_EQ(-ENOTTY, feature(self->s->fd, VFIO_DEVICE_FEATURE_PROBE |
				   VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY, NULL, 0));
	close(events);
}

LAB_MAIN
