// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the kernel zero the MSI message that all vectors of a device share when
 * vector 0 loses its handler?
 *
 * usage: msi-vector-0 DEVICE
 *
 * DEVICE (0000:01:00.0) has an MSI capability with several vectors, and is bound to
 * vfio-pci. Exit status: 0 no; 1 yes; 2 it could not be tried, for instance because
 * the host can allocate one vector only.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define VECTORS	2

struct message {
	__u16 control;
	__u32 address;
};

static int open_path(const char *format, const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), format, name);
	fd = open(path, flags);
	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

static void config_read(int config, void *buf, size_t size, unsigned int pos)
{
	if (pread(config, buf, size, pos) != (ssize_t)size)
		err(2, "config space at 0x%x", pos);
}

static unsigned int find_msi(int config)
{
	__u8 pos, id;

	for (config_read(config, &pos, 1, PCI_CAPABILITY_LIST); pos;
	     config_read(config, &pos, 1, pos + PCI_CAP_LIST_NEXT)) {
		config_read(config, &id, 1, pos);
		if (id == PCI_CAP_ID_MSI)
			return pos;
	}
	errx(2, "the device has no MSI capability");
}

/* What the device holds; sysfs shows it to the host's root. */
static struct message read_message(int config)
{
	unsigned int msi = find_msi(config);
	struct message msg;

	config_read(config, &msg.control, sizeof(msg.control), msi + PCI_MSI_FLAGS);
	config_read(config, &msg.address, sizeof(msg.address), msi + PCI_MSI_ADDRESS_LO);
	return msg;
}

static int open_device(const char *name)
{
	int container = open_path("%s", "/dev/vfio/vfio", O_RDWR);
	char path[PATH_MAX], link[PATH_MAX];
	int group, device;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", name);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		err(2, "%s", path);
	link[len] = 0;
	group = open_path("/dev/vfio/%s", strrchr(link, '/') + 1, O_RDWR);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(2, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(2, "VFIO_SET_IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (device < 0)
		err(2, "VFIO_GROUP_GET_DEVICE_FD");
	return device;
}

static void set_triggers(int device, unsigned int count, const __s32 *eventfds)
{
	size_t size = count * sizeof(*eventfds);
	struct vfio_irq_set *set = calloc(1, sizeof(*set) + size);
	int ret;

	if (!set)
		err(2, "calloc");
	set->argsz = sizeof(*set) + size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSI_IRQ_INDEX;
	set->count = count;
	memcpy(set->data, eventfds, size);
	ret = ioctl(device, VFIO_DEVICE_SET_IRQS, set);
	if (ret > 0)
		errx(2, "the host can allocate %d vector(s) only", ret);
	if (ret)
		err(2, "VFIO_DEVICE_SET_IRQS");
	free(set);
}

static struct message show(int config, const char *when)
{
	struct message msg = read_message(config);

	printf("%-30s address 0x%08x, MSI %s\n", when, msg.address,
	       msg.control & PCI_MSI_FLAGS_ENABLE ? "enabled" : "disabled");
	return msg;
}

int main(int argc, char **argv)
{
	__s32 none = -1, eventfds[VECTORS];
	struct message msg;
	int config, device, i;

	if (argc != 2)
		errx(2, "usage: msi-vector-0 DEVICE");
	config = open_path("/sys/bus/pci/devices/%s/config", argv[1], O_RDONLY);
	device = open_device(argv[1]);
	for (i = 0; i < VECTORS; i++) {
		eventfds[i] = eventfd(0, 0);
		if (eventfds[i] < 0)
			err(2, "eventfd");
	}

	set_triggers(device, VECTORS, eventfds);
	msg = show(config, "two vectors with eventfds:");
	if (!msg.address || !(msg.control & PCI_MSI_FLAGS_ENABLE))
		errx(2, "the device holds no message");
	set_triggers(device, 1, &none);
	msg = show(config, "vector 0 without its eventfd:");
	set_triggers(device, 1, eventfds);
	show(config, "vector 0 with its eventfd:");

	return !msg.address;
}
