// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_hold ADDRESS [msi|msix VECTORS]: opens a device through VFIO as a VMM
 * does, attaches eventfds to its vectors, prints "ready" and keeps all of it
 * until it is ended.
 *
 * It closes the group's file, as a VMM may: the session then shows only in the
 * device's.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

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

static int open_device(const char *address)
{
	int container = open_file("/dev/vfio/vfio");
	int group = open_group(address);
	int device;

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

static void attach(int device, unsigned int index, unsigned int count)
{
	size_t size = sizeof(struct vfio_irq_set) + count * sizeof(int);
	struct vfio_irq_set *set = calloc(1, size);
	int *eventfd_of;
	unsigned int i;

	if (!set)
		err(1, "calloc");
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = index;
	set->count = count;
	eventfd_of = (int *)set->data;
	for (i = 0; i < count; i++) {
		eventfd_of[i] = eventfd(0, 0);
		if (eventfd_of[i] < 0)
			err(1, "eventfd");
	}
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
		err(1, "VFIO_DEVICE_SET_IRQS");
	free(set);
}

int main(int argc, char **argv)
{
	int device;

	if (argc != 2 && argc != 4)
		errx(2, "usage: command_hold ADDRESS [msi|msix VECTORS]");
	device = open_device(argv[1]);
	if (argc == 4)
		attach(device, strcmp(argv[2], "msi") ? VFIO_PCI_MSIX_IRQ_INDEX :
							VFIO_PCI_MSI_IRQ_INDEX,
		       (unsigned int)atoi(argv[3]));
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
