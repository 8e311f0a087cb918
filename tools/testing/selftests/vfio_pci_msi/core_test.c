// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vfio-pci-core does for every driver. Each test runs under vfio-pci too, which
 * shows that the test is right, and under msi-vfio-pci.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

#include "hardware.h"
#include "messages.h"
#include "msix.h"
#include "session.h"
#include "variants.h"

FIXTURE(core) {
	struct session *s;
	int fd;
	int event;
};

FIXTURE_VARIANT(core) {
	const char *device;
	const char *mode;
	const char *driver;
};

LAB_VARIANTS_AS(core, vfio_pci_msix, msix, .driver = DRIVER_STOCK);
LAB_VARIANTS_AS(core, msi_vfio_pci_msix, msix, .driver = DRIVER_MSI);

FIXTURE_SETUP(core)
{
	self->s = session_open(variant->device, variant->driver, variant->mode);
	self->fd = self->s->fd;
	self->event = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

FIXTURE_TEARDOWN(core)
{
	close(self->event);
	if (self->s)
		session_close(self->s);
}

/* Reads return what was written, and writes reach the device. */
TEST_F(core, region_access)
{
	bar_write32(self->fd, 0, MSIX_REG_SCRATCH, 0x13572468);
	EXPECT_EQ(0x13572468, bar_read32(self->fd, 0, MSIX_REG_SCRATCH));
	bar_write32(self->fd, 0, MSIX_REG_HW_INDEX, 3);
	EXPECT_EQ(3, bar_read32(self->fd, 0, MSIX_REG_HW_INDEX));
}

static int ioeventfd(int fd, u32 bar, u64 offset, u32 flags, u64 data,
		     int event)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.offset = region_offset(fd, bar) + offset,
		.data = data,
		.fd = event,
	};

	return ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg) ? -errno : 0;
}

TEST_F(core, ioeventfd)
{
	u64 one = 1;
	int tries = 10000;

	ASSERT_EQ(0, ioeventfd(self->fd, 0, MSIX_REG_SCRATCH,
			       VFIO_DEVICE_IOEVENTFD_32, 0xcafe1234,
			       self->event));
	ASSERT_EQ(sizeof(one), write(self->event, &one, sizeof(one)));
	while (bar_read32(self->fd, 0, MSIX_REG_SCRATCH) != 0xcafe1234 &&
	       --tries)
		usleep(1000);
	EXPECT_NE(0, tries);
	EXPECT_EQ(0, ioeventfd(self->fd, 0, MSIX_REG_SCRATCH,
			       VFIO_DEVICE_IOEVENTFD_32, 0xcafe1234, -1));

	/* The core refuses ioeventfds in the table. */
	EXPECT_EQ(-EINVAL, ioeventfd(self->fd, 2, 0, VFIO_DEVICE_IOEVENTFD_32,
				     1, self->event));
}

TEST_F(core, low_power)
{
	struct vfio_device_low_power_entry_with_wakeup wakeup = {
		.wakeup_eventfd = self->event,
	};
	int fd = self->fd;

	if (feature(fd, VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET |
		    VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0))
		SKIP(return, "%s does not support low power", variant->device);

	EXPECT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0));
	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL,
				   0));
	EXPECT_EQ(MSIX_VENDOR_ID, config_read16(fd, PCI_VENDOR_ID));
	EXPECT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, NULL, 0));

	EXPECT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
			     &wakeup, sizeof(wakeup)));
	EXPECT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, NULL, 0));
	EXPECT_EQ(0, bar_read32(fd, 0, MSIX_REG_FAILED));
}

/* An unbind signals the request eventfd, and waits until the user closes the device. */
TEST_F(core, device_request)
{
	const char *bdf = lab_bdf(variant->device);
	char unbind[PATH_MAX];
	pid_t pid;

	snprintf(unbind, sizeof(unbind),
		 "/sys/bus/pci/drivers/%s/unbind", variant->driver);
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
				  &self->event));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		session_close(self->s);
		execl("/bin/sh", "sh", "-c", "echo $1 >$2", "sh", bdf, unbind,
		      NULL);
		_exit(127);
	}
	EXPECT_TRUE(eventfd_wait(self->event));
	EXPECT_EQ(MSIX_VENDOR_ID, config_read16(self->fd, PCI_VENDOR_ID));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));

	session_close(self->s);
	self->s = NULL;
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_STREQ("", driver_of(bdf));
}

TEST_F(core, dma_buf)
{
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_dma_buf arg;
		struct vfio_region_dma_range range;
	} call = {
		.head.argsz = sizeof(call),
		.head.flags = VFIO_DEVICE_FEATURE_GET |
			      VFIO_DEVICE_FEATURE_DMA_BUF,
		.arg.region_index = 0,
		.arg.open_flags = O_RDWR | O_CLOEXEC,
		.arg.nr_ranges = 1,
		.range.length = getpagesize(),
	};
	int dmabuf;

	if (feature(self->fd, VFIO_DEVICE_FEATURE_PROBE |
		    VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
		    NULL, 0))
		SKIP(return, "this kernel does not export BARs as DMA-BUF");

	dmabuf = ioctl(self->fd, VFIO_DEVICE_FEATURE, &call);
	EXPECT_LE(0, dmabuf);
	EXPECT_EQ(0, close(dmabuf));
}

/* Tests that need a PCI Express device. */
FIXTURE(express) {
	struct session *s;
	int event;
};

FIXTURE_VARIANT(express) {
	const char *device;
	const char *mode;
	const char *driver;
};

LAB_VARIANTS_AS(express, vfio_pci_igb, igb, .driver = DRIVER_STOCK);
LAB_VARIANTS_AS(express, msi_vfio_pci_igb, igb, .driver = DRIVER_MSI);

FIXTURE_SETUP(express)
{
	self->s = session_open(variant->device, variant->driver, variant->mode);
	self->event = eventfd_new();
}

FIXTURE_TEARDOWN(express)
{
	close(self->event);
	session_close(self->s);
}

TEST_F(express, hot_reset)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  &self->event));
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, session_hot_reset(self->s));
	EXPECT_EQ(hw_config_read16(self->s->bdf, PCI_VENDOR_ID),
		  config_read16(fd, PCI_VENDOR_ID));

	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSIX_IRQ_INDEX));
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  &self->event));
}

/* The core's error handler signals the error eventfd. */
TEST_F(express, error_reported)
{
	int ret;

	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_ERR_IRQ_INDEX, 0, 1,
				  &self->event));
	ret = hw_inject_error(self->s->bdf, PCI_ERR_UNC_COMP_ABORT);
	if (ret == -ENODEV)
		SKIP(return, "aer_inject is not used with lockdep");
	ASSERT_EQ(0, ret);
	EXPECT_TRUE(eventfd_wait(self->event));
}

LAB_MAIN
