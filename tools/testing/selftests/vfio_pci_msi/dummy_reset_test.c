// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dummy target stays on through everything that makes a device lose it, and ends with
 * the session, however that ends.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dummy.h"
#include "hardware.h"
#include "messages.h"
#include "msix.h"
#include "variants.h"

#define START	2
#define COUNT	9

#define WAIT_MS	10000

FIXTURE(reset) {
	struct session *s;
	int fd;
	int event;
	const char *bdf;
	struct target target;
};

FIXTURE_VARIANT(reset) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(reset, msix);

FIXTURE_SETUP(reset)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->bdf = self->s->bdf;
	self->event = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, novirt_set(self->fd));
	target_map(self->s, &self->target);
	ASSERT_EQ(0, dummy_on(self->fd, START, COUNT, self->target.iova));
}

FIXTURE_TEARDOWN(reset)
{
	close(self->event);
	if (self->s)
		session_close(self->s);
	target_free(&self->target);
}

static void expect_intact(struct __test_metadata *_metadata,
			  struct session *s, struct target *target)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	EXPECT_TRUE(dummy_in_place(s, START, COUNT, target->iova));
	ASSERT_EQ(0, dummy_get(s->fd, &dummy));
	EXPECT_EQ(DUMMY_ENABLE, dummy.flags);
	EXPECT_EQ(START, dummy.start);
	EXPECT_EQ(COUNT, dummy.count);
	EXPECT_EQ(target->iova, dummy.iova);
	EXPECT_EQ(DUMMY, message_of(s->fd, VFIO_PCI_MSIX_IRQ_INDEX,
				    START).flags);
	EXPECT_TRUE(dummy_asserts(s->fd, target, START));
	EXPECT_TRUE(dummy_asserts(s->fd, target, START + COUNT - 1));
}

/* A reset of the device clears this register, as all others. */
static void mark(int fd)
{
	bar_write32(fd, 0, MSIX_REG_SCRATCH, 0x4711);
}

static bool was_reset(int fd)
{
	return !bar_read32(fd, 0, MSIX_REG_SCRATCH);
}

/* The call that resets the device also restores the target. */
TEST_F(reset, by_ioctl)
{
	u64 generation = generation_of(self->fd);

	for (int i = 0; i < 3; i++) {
		mark(self->fd);
		ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
		expect_intact(_metadata, self->s, &self->target);
		EXPECT_TRUE(was_reset(self->fd));
	}
	EXPECT_EQ(generation, generation_of(self->fd));
}

TEST_F(reset, hot)
{
	if (!hw_has_port(self->bdf))
		SKIP(return, "the device has no bus of its own to reset");

	mark(self->fd);
	ASSERT_EQ(0, session_hot_reset(self->s));
	expect_intact(_metadata, self->s, &self->target);
	EXPECT_TRUE(was_reset(self->fd));
}

TEST_F(reset, flr_by_config_write)
{
	mark(self->fd);
	function_reset(self->s);
	expect_intact(_metadata, self->s, &self->target);
	EXPECT_TRUE(was_reset(self->fd));
}

TEST_F(reset, d3hot_and_back)
{
	for (int i = 0; i < 2; i++) {
		mark(self->fd);
		power_state_set(self->s, 3);
		EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX,
					    START).flags);
		power_state_set(self->s, 0);
		expect_intact(_metadata, self->s, &self->target);
		EXPECT_TRUE(was_reset(self->fd));
	}
}

/* The target is restored when the user turns memory decoding on. */
TEST_F(reset, with_memory_off)
{
	mark(self->fd);
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, hw_config_read16(self->bdf, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	EXPECT_EQ(0, msix_control(self->bdf) & PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX,
				    START).flags);
	command_set(self->fd, PCI_COMMAND_MEMORY);
	expect_intact(_metadata, self->s, &self->target);
	EXPECT_TRUE(was_reset(self->fd));
}

TEST_F(reset, with_memory_off_in_d3hot)
{
	power_state_set(self->s, 3);
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	power_state_set(self->s, 0);
	EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX,
				    START).flags);
	command_set(self->fd, PCI_COMMAND_MEMORY);
	expect_intact(_metadata, self->s, &self->target);
}

/* Somebody else resets the device: the target is restored a moment later, without a call. */
TEST_F(reset, by_sysfs)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", self->bdf);
	for (int i = 0; i < 3; i++) {
		mark(self->fd);
		ASSERT_EQ(0, file_write(path, "1"));
		EXPECT_TRUE(wait_msix_enabled(self->bdf));
		expect_intact(_metadata, self->s, &self->target);
		EXPECT_TRUE(was_reset(self->fd));
	}
}

TEST_F(reset, by_sysfs_with_memory_off)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", self->bdf);
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	ASSERT_EQ(0, file_write(path, "1"));
	usleep(200000);
	EXPECT_EQ(0, msix_control(self->bdf) & PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(0, hw_config_read16(self->bdf, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	command_set(self->fd, PCI_COMMAND_MEMORY);
	expect_intact(_metadata, self->s, &self->target);
}

/*
 * A reset that no driver is told of, like the one with which AER recovers from an error. The
 * device has lost its BARs, so its table cannot be reached until the core has restored them.
 */
TEST_F(reset, unreported)
{
	u8 zero = 0;

	if (!hw_has_port(self->bdf))
		SKIP(return, "the device has no bus of its own to reset");

	mark(self->fd);
	hw_reset_bus(self->bdf);
	ASSERT_EQ(0, hw_config_read16(self->bdf, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	/* A config write that has nothing to do with the reset. */
	ASSERT_EQ(1, config_write(self->fd, PCI_INTERRUPT_LINE, &zero, 1));
	EXPECT_EQ(0, msix_control(self->bdf) & PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX,
				    START).flags & ~(MASKED | STALE | DISABLED));

	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	expect_intact(_metadata, self->s, &self->target);
	EXPECT_TRUE(was_reset(self->fd));
}

TEST_F(reset, unreported_and_turned_off)
{
	if (!hw_has_port(self->bdf))
		SKIP(return, "the device has no bus of its own to reset");

	hw_reset_bus(self->bdf);
	EXPECT_EQ(0, dummy_off(self->fd));
	EXPECT_EQ(0, hw_config_read16(self->bdf, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_TRUE(dummy_gone(self->s, START, COUNT));
}

TEST_F(reset, low_power)
{
	for (int i = 0; i < 2; i++) {
		mark(self->fd);
		ASSERT_EQ(0, low_power(self->fd,
				       VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
		ASSERT_TRUE(wait_suspended(self->bdf));
		/* A read of config space does not end the sleep. */
		config_read16(self->fd, PCI_VENDOR_ID);
		ASSERT_TRUE(wait_suspended(self->bdf));
		ASSERT_EQ(0, low_power(self->fd,
				       VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
		expect_intact(_metadata, self->s, &self->target);
		EXPECT_TRUE(was_reset(self->fd));
	}
}

/* The target is turned on while the device is in low power, to which it returns. */
TEST_F(reset, turned_on_in_low_power)
{
	ASSERT_EQ(0, dummy_off(self->fd));
	ASSERT_EQ(0, low_power(self->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
	ASSERT_TRUE(wait_suspended(self->bdf));
	ASSERT_EQ(0, dummy_on(self->fd, START, COUNT, self->target.iova));
	ASSERT_TRUE(wait_suspended(self->bdf));
	ASSERT_EQ(0, low_power(self->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
	expect_intact(_metadata, self->s, &self->target);
}

/* Somebody else wakes the device up: the target is restored without a call of the user. */
TEST_F(reset, wakeup)
{
	struct vfio_device_low_power_entry_with_wakeup wakeup = {
		.wakeup_eventfd = self->event,
	};

	mark(self->fd);
	ASSERT_EQ(0, feature(self->fd, VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
			     &wakeup, sizeof(wakeup)));
	ASSERT_TRUE(wait_suspended(self->bdf));
	set_power_control(self->bdf, "on");
	EXPECT_TRUE(eventfd_wait(self->event));
	set_power_control(self->bdf, "auto");
	EXPECT_TRUE(wait_msix_enabled(self->bdf));
	expect_intact(_metadata, self->s, &self->target);
	EXPECT_TRUE(was_reset(self->fd));
}

TEST_F(reset, stays_off)
{
	ASSERT_EQ(0, dummy_off(self->fd));
	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
	EXPECT_TRUE(dummy_gone(self->s, START, COUNT));
	power_state_set(self->s, 3);
	power_state_set(self->s, 0);
	EXPECT_TRUE(dummy_gone(self->s, START, COUNT));
}

/* An error from which AER recovers by a reset of the bus. */
FIXTURE(error) {
	struct session *s;
	int event;
	struct target target;
};

FIXTURE_VARIANT(error) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(error, igb);

FIXTURE_SETUP(error)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->event = eventfd_new();
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, novirt_set(self->s->fd));
	target_map(self->s, &self->target);
}

FIXTURE_TEARDOWN(error)
{
	close(self->event);
	session_close(self->s);
	target_free(&self->target);
}

/*
 * The user is notified of the error before the bus is reset, so the reset can undo what the
 * user does at once.
 */
TEST_F(error, recovered)
{
	int fd = self->s->fd, tries = WAIT_MS, ret;

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_ERR_IRQ_INDEX, 0, 1,
				  &self->event));
	ASSERT_EQ(0, dummy_on(fd, 1, 3, self->target.iova));
	ret = hw_recover(self->s->bdf, PCI_ERR_UNC_DLP);
	if (ret == -ENODEV)
		SKIP(return, "aer_inject is not used with lockdep");
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(eventfd_wait(self->event));

	/* What a user does who is notified of an error. */
	while (ioctl(fd, VFIO_DEVICE_RESET) && --tries) {
		ASSERT_EQ(EAGAIN, errno);
		usleep(1000);
	}
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_TRUE(wait_msix_enabled(self->s->bdf));
	EXPECT_TRUE(dummy_in_place(self->s, 1, 3, self->target.iova));
}

/* A VF whose PF has a driver that asks AER for a reset. */
FIXTURE(vf_error) {
	char pf[BDF_SIZE];
	struct session *s;
	struct target target;
};

FIXTURE_VARIANT(vf_error) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS_AS(vf_error, vf, igb);

FIXTURE_SETUP(vf_error)
{
	char *vf;

	memcpy(self->pf, lab_bdf(variant->device), sizeof(self->pf));
	driver_bind(self->pf, "igb");
	ASSERT_EQ(0, sriov_set_vfs(self->pf, "1"));
	vf = sysfs_sriov_vf_bdf_get(self->pf, 0);
	driver_bind(vf, DRIVER_MSI);
	self->s = session_open_bdf(vf, variant->mode);
	free(vf);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, novirt_set(self->s->fd));
	target_map(self->s, &self->target);
	ASSERT_EQ(0, dummy_on(self->s->fd, 1, 2, self->target.iova));
}

FIXTURE_TEARDOWN(vf_error)
{
	session_close(self->s);
	target_free(&self->target);
	sriov_set_vfs(self->pf, "0");
	driver_release(self->pf);
}

/* The BARs of a VF read as 0, before a reset and after it. */
TEST_F(vf_error, target_is_restored_after_reset)
{
	int fd = self->s->fd;

	EXPECT_TRUE(dummy_in_place(self->s, 1, 2, self->target.iova));

	ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_RESET));
	EXPECT_TRUE(dummy_in_place(self->s, 1, 2, self->target.iova));
	function_reset(self->s);
	EXPECT_TRUE(dummy_in_place(self->s, 1, 2, self->target.iova));
}

/* The driver's answer to .slot_reset must not make the recovery fail. */
TEST_F(vf_error, recovers_with_slot_reset)
{
	int ret = hw_recover(self->pf, PCI_ERR_UNC_DLP);

	if (ret == -ENODEV)
		SKIP(return, "aer_inject is not used with lockdep");
	ASSERT_EQ(0, ret);

	/* QEMU's VF does not decode its table until this is set. */
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ioctl_assert(self->s->fd, VFIO_DEVICE_RESET, NULL);
	EXPECT_TRUE(dummy_in_place(self->s, 1, 2, self->target.iova));
}

/*
 * The end of a session, on a device that is neither reset nor suspended at close: only the
 * driver can have removed the target.
 */
FIXTURE(end) {
	struct session *s;
	struct target target;
};

FIXTURE_VARIANT(end) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(end, msix_noreset);

/* Open a session, and turn the target on. */
static struct session *open_on(struct __test_metadata *_metadata,
			       struct target *target, const char *device,
			       const char *mode)
{
	struct session *s = session_open(device, DRIVER_MSI, mode);

	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(0, novirt_set(s->fd));
	target_map(s, target);
	EXPECT_EQ(0, dummy_on(s->fd, START, COUNT, target->iova));
	EXPECT_TRUE(dummy_in_place(s, START, COUNT, target->iova));

	return s;
}

FIXTURE_SETUP(end)
{
	char path[PATH_MAX];

	driver_bind(lab_bdf(variant->device), DRIVER_MSI);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset_method",
		 lab_bdf(variant->device));
	ASSERT_EQ(0, file_write(path, "\n"));
	set_power_control(lab_bdf(variant->device), "on");
	self->s = open_on(_metadata, &self->target, variant->device,
			  variant->mode);
	bar_write32(self->s->fd, 0, MSIX_REG_SCRATCH, 0x4711);
}

FIXTURE_TEARDOWN(end)
{
	if (self->s)
		session_close(self->s);
	target_free(&self->target);
}

/* Neither the device nor the next session has anything of the target. */
static struct session *expect_clean(struct __test_metadata *_metadata,
				    const char *device, const char *mode,
				    bool kept)
{
	struct vfio_device_feature_pci_msix_dummy dummy;
	const char *bdf = lab_bdf(device);
	struct session *s;

	EXPECT_EQ(0, msix_control(bdf) & (PCI_MSIX_FLAGS_ENABLE |
					  PCI_MSIX_FLAGS_MASKALL));
	EXPECT_EQ(0, vfio_irqs());
	s = session_open(device, DRIVER_MSI, mode);
	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(0, novirt_set(s->fd));
	EXPECT_EQ(kept ? 0x4711 : 0, bar_read32(s->fd, 0, MSIX_REG_SCRATCH));
	EXPECT_TRUE(dummy_gone(s, START, COUNT));
	EXPECT_EQ(0, dummy_get(s->fd, &dummy));
	EXPECT_EQ(0, dummy.flags);
	EXPECT_EQ(0, dummy.iova);

	return s;
}

TEST_F(end, close)
{
	session_close(self->s);
	self->s = expect_clean(_metadata, variant->device, variant->mode, true);
}

TEST_F(end, close_with_memory_off)
{
	command_clear(self->s->fd, PCI_COMMAND_MEMORY);
	session_close(self->s);
	self->s = expect_clean(_metadata, variant->device, variant->mode, true);
}

TEST_F(end, close_in_d3hot)
{
	power_state_set(self->s, 3);
	session_close(self->s);
	self->s = expect_clean(_metadata, variant->device, variant->mode, false);
}

TEST_F(end, close_in_low_power)
{
	set_power_control(self->s->bdf, "auto");
	ASSERT_EQ(0, low_power(self->s->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
	ASSERT_TRUE(wait_suspended(self->s->bdf));
	session_close(self->s);
	self->s = expect_clean(_metadata, variant->device, variant->mode, false);
}

/* The user is killed while the target is on; vfio-pci gets the device then. */
TEST_F(end, user_is_killed)
{
	int event = eventfd_new(), status;
	pid_t pid;

	session_close(self->s);
	self->s = NULL;
	target_free(&self->target);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		self->s = open_on(_metadata, &self->target, variant->device,
				  variant->mode);
		bar_write32(self->s->fd, 0, MSIX_REG_SCRATCH, 0x4711);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	self->s = expect_clean(_metadata, variant->device, variant->mode, true);
	session_close(self->s);

	self->s = session_open(variant->device, DRIVER_STOCK, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  &event));
	bar_write32(self->s->fd, 0, MSIX_REG_RAISE, 0);
	EXPECT_TRUE(eventfd_wait(event));
	ASSERT_EQ(0, disable_irqs(self->s->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	close(event);
	session_close(self->s);

	self->s = open_on(_metadata, &self->target, variant->device,
			  variant->mode);
}

LAB_MAIN
