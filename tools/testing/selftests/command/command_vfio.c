// SPDX-License-Identifier: GPL-2.0-only
#include "command_vfio.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#define PAGE_SIZE	4096
#define DUMMY_IOVA	0x100000

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int open_group(const char *address)
{
	char path[128], target[256];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		err(1, "%s", path);
	target[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.16s", strrchr(target, '/') + 1);
	return open_file(path);
}

static int container;

int vfio_open(const char *address)
{
	int group = open_group(address);
	int device;

	container = open_file("/dev/vfio/vfio");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(1, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "VFIO_SET_IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (device < 0)
		err(1, "VFIO_GROUP_GET_DEVICE_FD");
	close(group);
	return device;
}

void vfio_attach(int device, unsigned int index, unsigned int count, int *eventfds)
{
	size_t size = sizeof(struct vfio_irq_set) + count * sizeof(int);
	struct vfio_irq_set *set = calloc(1, size);
	unsigned int i;

	if (!set)
		err(1, "calloc");
	for (i = 0; i < count; i++) {
		eventfds[i] = eventfd(0, EFD_NONBLOCK);
		if (eventfds[i] < 0)
			err(1, "eventfd");
	}
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = index;
	set->count = count;
	memcpy(set->data, eventfds, count * sizeof(int));
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
		err(1, "VFIO_DEVICE_SET_IRQS");
	free(set);
}

void vfio_detach(int device, unsigned int index, unsigned int vector)
{
	struct {
		struct vfio_irq_set set;
		int eventfd;
	} detach = {
		.set = {
			.argsz = sizeof(detach),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.start = vector,
			.count = 1,
		},
		.eventfd = -1,
	};

	if (ioctl(device, VFIO_DEVICE_SET_IRQS, &detach))
		err(1, "VFIO_DEVICE_SET_IRQS");
}

void vfio_point_at_dummy(int device, unsigned int count)
{
	static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)page,
		.iova = DUMMY_IOVA,
		.size = PAGE_SIZE,
	};
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_pci_msix_dummy dummy;
	} set = {
		.feature = {
			.argsz = sizeof(set),
			.flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY,
		},
		.dummy = {
			.flags = VFIO_PCI_MSIX_DUMMY_ENABLE,
			.count = count,
			.iova = DUMMY_IOVA,
		},
	};

	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		err(1, "VFIO_IOMMU_MAP_DMA");
	if (ioctl(device, VFIO_DEVICE_FEATURE, &set))
		err(1, "MSIX_DUMMY");
}

uint64_t vfio_region(int device, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		err(1, "VFIO_DEVICE_GET_REGION_INFO");
	return info.offset;
}
