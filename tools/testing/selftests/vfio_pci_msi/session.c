// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "hardware.h"
#include "session.h"

/* Longer than any emulated device needs on any machine. */
#define EVENT_TIMEOUT_MS	10000

static void attach_ioas(struct session *s)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = s->iommu->ioas_id,
	};

	ioctl_assert(s->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
}

/*
 * The library has no mode for powerpc's containers, which hold one group each. The calls
 * that they need before DMA are left out, as no test of such a host does DMA.
 */
static void set_container_iommu(const struct session *s)
{
	int fd = s->iommu->container_fd;

	if (ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_SPAPR_TCE_v2_IOMMU) > 0)
		ioctl_assert(fd, VFIO_SET_IOMMU,
			     (void *)VFIO_SPAPR_TCE_v2_IOMMU);
	else
		vfio_container_set_iommu(s->device);
}

/*
 * vfio_pci_device_init() is not used, as it maps all of every BAR for writing. The tests
 * need a session in which nothing has been mapped.
 */
static struct session *open_with(const char *bdf, struct iommu *iommu)
{
	struct session *s = calloc_assert(1, sizeof(*s));

	snprintf(s->bdf, sizeof(s->bdf), "%s", bdf);
	s->iommu = iommu;
	s->device = vfio_pci_device_alloc(s->bdf, s->iommu);

	if (s->iommu->mode->container_path) {
		vfio_pci_group_setup(s->device, s->bdf);
		set_container_iommu(s);
		__vfio_pci_group_get_device_fd(s->device, s->bdf, NULL);
		s->fd = s->device->fd;
		VFIO_ASSERT_GE(s->fd, 0, "%s cannot be opened through its group\n",
			       s->bdf);
	} else {
		int ret;

		vfio_pci_cdev_open(s->device, s->bdf);
		s->fd = s->device->fd;
		ret = __vfio_device_bind_iommufd(s->fd, s->iommu->iommufd,
						 NULL);
		VFIO_ASSERT_EQ(ret, 0, "%s cannot be bound to iommufd\n", s->bdf);
		attach_ioas(s);
	}

	return s;
}

struct session *session_open_bdf(const char *bdf, const char *mode)
{
	struct session *s = open_with(bdf, iommu_init(mode));

	s->has_own_iommu = true;

	return s;
}

struct session *session_open_beside(const struct session *other, const char *device,
				    const char *driver)
{
	const char *bdf = lab_bdf(device);

	driver_bind(bdf, driver);

	return open_with(bdf, other->iommu);
}

struct session *session_open(const char *device, const char *driver,
			     const char *mode)
{
	const char *bdf = lab_bdf(device);

	driver_bind(bdf, driver);

	return session_open_bdf(bdf, mode);
}

struct session *session_open_table_map(const char *device, const char *mode,
				       const char *table_map)
{
	struct session *s;

	module_load(DRIVER_MSI);
	VFIO_ASSERT_EQ(module_param_write("msi_vfio_pci", "table_map",
					  table_map), 0);
	s = session_open(device, DRIVER_MSI, mode);
	VFIO_ASSERT_EQ(module_param_write("msi_vfio_pci", "table_map", "auto"),
		       0);

	return s;
}

void session_close(struct session *s)
{
	VFIO_ASSERT_EQ(close(s->fd), 0);
	if (s->device->group_fd)
		VFIO_ASSERT_EQ(close(s->device->group_fd), 0);
	vfio_pci_device_free(s->device);
	if (s->has_own_iommu)
		iommu_cleanup(s->iommu);
	free(s);
}

void session_prepare_open(struct session *s)
{
	if (s->iommu->mode->container_path)
		return;
	vfio_pci_cdev_open(s->device, s->bdf);
	s->fd = s->device->fd;
}

int session_try_open(struct session *s)
{
	int ret;

	if (s->iommu->mode->container_path) {
		ret = ioctl(s->device->group_fd, VFIO_GROUP_GET_DEVICE_FD,
			    s->bdf);
		return ret < 0 ? -errno : ret;
	}

	ret = __vfio_device_bind_iommufd(s->fd, s->iommu->iommufd, NULL);

	return ret ? -errno : s->fd;
}

void session_give_up_open(struct session *s)
{
	if (!s->iommu->mode->container_path)
		VFIO_ASSERT_EQ(close(s->fd), 0);
}

int session_open_again(struct session *s)
{
	if (!s->iommu->mode->container_path)
		return dup(s->fd);

	return ioctl(s->device->group_fd, VFIO_GROUP_GET_DEVICE_FD, s->bdf);
}

int feature_raw(int fd, void *arg)
{
	return ioctl(fd, VFIO_DEVICE_FEATURE, arg) ? -errno : 0;
}

int feature(int fd, u32 flags, void *payload, size_t size)
{
	size_t argsz = sizeof(struct vfio_device_feature) + size;
	struct vfio_device_feature *arg = calloc_assert(1, argsz);
	int ret;

	arg->argsz = argsz;
	arg->flags = flags;
	if (size)
		memcpy(arg->data, payload, size);
	ret = feature_raw(fd, arg);
	if (size)
		memcpy(payload, arg->data, size);
	free(arg);

	return ret;
}

int set_irqs(int fd, u32 flags, u32 index, u32 start, u32 count,
	     const void *data, size_t size)
{
	struct vfio_irq_set *set = calloc_assert(1, sizeof(*set) + size);
	int ret;

	set->argsz = sizeof(*set) + size;
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	if (size)
		memcpy(set->data, data, size);
	ret = ioctl(fd, VFIO_DEVICE_SET_IRQS, set);
	if (ret < 0)
		ret = -errno;
	free(set);

	return ret;
}

int set_triggers(int fd, u32 index, u32 start, u32 count, const int *fds)
{
	return set_irqs(fd, VFIO_IRQ_SET_DATA_EVENTFD |
			VFIO_IRQ_SET_ACTION_TRIGGER, index, start, count,
			fds, count * sizeof(*fds));
}

int disable_irqs(int fd, u32 index)
{
	return set_irqs(fd, VFIO_IRQ_SET_DATA_NONE |
			VFIO_IRQ_SET_ACTION_TRIGGER, index, 0, 0, NULL, 0);
}

int irq_count(int fd, u32 index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	ioctl_assert(fd, VFIO_DEVICE_GET_IRQ_INFO, &info);

	return info.count;
}

u32 vectors_index(int fd)
{
	return irq_count(fd, VFIO_PCI_MSIX_IRQ_INDEX) ?
	       VFIO_PCI_MSIX_IRQ_INDEX : VFIO_PCI_MSI_IRQ_INDEX;
}

/* The groups are passed as the proof of ownership; a cdev needs none. */
static int hot_reset(struct session *s, const struct session *const *users, u32 count)
{
	struct {
		struct vfio_pci_hot_reset head;
		s32 groups[2];
	} arg = {
		.head.argsz = sizeof(arg),
	};

	if (s->device->group_fd)
		for (; arg.head.count < count; arg.head.count++)
			arg.groups[arg.head.count] = users[arg.head.count]->device->group_fd;

	return ioctl(s->fd, VFIO_DEVICE_PCI_HOT_RESET, &arg) ? -errno : 0;
}

int session_hot_reset(struct session *s)
{
	const struct session *users[] = { s };

	return hot_reset(s, users, 1);
}

int session_hot_reset_both(struct session *s, const struct session *other)
{
	const struct session *users[] = { s, other };

	return hot_reset(s, users, 2);
}

int low_power(int fd, u32 which)
{
	return feature(fd, VFIO_DEVICE_FEATURE_SET | which, NULL, 0);
}

void power_state_set(struct session *s, u16 state)
{
	int cap = hw_capability(s->bdf, PCI_CAP_ID_PM);
	u16 control;

	VFIO_ASSERT_NE(cap, 0);
	control = config_read16(s->fd, cap + PCI_PM_CTRL);
	config_write16(s->fd, cap + PCI_PM_CTRL,
		       (control & ~PCI_PM_CTRL_STATE_MASK) | state);
}

void function_reset(struct session *s)
{
	int cap = hw_capability(s->bdf, PCI_CAP_ID_EXP);
	u16 control;

	VFIO_ASSERT_NE(cap, 0);
	control = config_read16(s->fd, cap + PCI_EXP_DEVCTL);
	config_write16(s->fd, cap + PCI_EXP_DEVCTL,
		       control | PCI_EXP_DEVCTL_BCR_FLR);
}

void set_power_control(const char *bdf, const char *word)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/power/control",
		 bdf);
	VFIO_ASSERT_EQ(file_write(path, word), 0);
}

bool wait_suspended(const char *bdf)
{
	char path[128];
	int tries = EVENT_TIMEOUT_MS / 10;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/power/runtime_status", bdf);
	while (!file_has(path, "suspended") && --tries)
		usleep(10000);

	return tries;
}

static struct vfio_region_info region_info(int fd, u32 region)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = region,
	};

	ioctl_assert(fd, VFIO_DEVICE_GET_REGION_INFO, &info);

	return info;
}

u64 region_offset(int fd, u32 region)
{
	return region_info(fd, region).offset;
}

u64 region_size(int fd, u32 region)
{
	return region_info(fd, region).size;
}

ssize_t region_read(int fd, u32 region, u64 offset, void *buf, size_t size)
{
	ssize_t ret = pread(fd, buf, size, region_offset(fd, region) + offset);

	return ret < 0 ? -errno : ret;
}

ssize_t region_write(int fd, u32 region, u64 offset, const void *buf,
		     size_t size)
{
	ssize_t ret = pwrite(fd, buf, size, region_offset(fd, region) + offset);

	return ret < 0 ? -errno : ret;
}

ssize_t config_read(int fd, unsigned int pos, void *buf, size_t size)
{
	return region_read(fd, VFIO_PCI_CONFIG_REGION_INDEX, pos, buf, size);
}

ssize_t config_write(int fd, unsigned int pos, const void *buf, size_t size)
{
	return region_write(fd, VFIO_PCI_CONFIG_REGION_INDEX, pos, buf, size);
}

u16 config_read16(int fd, unsigned int pos)
{
	u16 value;

	VFIO_ASSERT_EQ(config_read(fd, pos, &value, sizeof(value)),
		       sizeof(value));

	return value;
}

void config_write16(int fd, unsigned int pos, u16 value)
{
	VFIO_ASSERT_EQ(config_write(fd, pos, &value, sizeof(value)),
		       sizeof(value));
}

void command_set(int fd, u16 bits)
{
	config_write16(fd, PCI_COMMAND, config_read16(fd, PCI_COMMAND) | bits);
}

void command_clear(int fd, u16 bits)
{
	config_write16(fd, PCI_COMMAND, config_read16(fd, PCI_COMMAND) & ~bits);
}

u32 bar_read32(int fd, u32 bar, u64 offset)
{
	u32 value;

	VFIO_ASSERT_EQ(region_read(fd, bar, offset, &value, sizeof(value)),
		       sizeof(value));

	return value;
}

void bar_write32(int fd, u32 bar, u64 offset, u32 value)
{
	VFIO_ASSERT_EQ(region_write(fd, bar, offset, &value, sizeof(value)),
		       sizeof(value));
}

int eventfd_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	VFIO_ASSERT_GE(fd, 0);

	return fd;
}

u64 eventfd_take(int fd)
{
	u64 value;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

bool eventfd_wait(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, EVENT_TIMEOUT_MS) == 1;
}

void guarded_alloc(struct guarded *g)
{
	g->page = getpagesize();
	g->start = mmap(NULL, 3 * g->page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(g->start, MAP_FAILED);
	g->end = g->start + 2 * g->page;
	VFIO_ASSERT_EQ(mprotect(g->end, g->page, PROT_NONE), 0);
}

void guarded_free(struct guarded *g)
{
	munmap(g->start, 3 * g->page);
}
