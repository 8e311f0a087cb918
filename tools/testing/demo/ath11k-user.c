// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses an ath11k-like device as a guest does: sets up MSI, programs the device's
 * embedded interrupt controller with the message that the MSI capability shows, rings
 * every doorbell and notes which interrupts arrive.
 *
 * usage: ath11k-user DEVICE
 *
 * Prints "message ADDRESS DATA", then "OFFSET ADDRESS DATA VECTOR" for each slot
 * (VECTOR is "-" when its interrupt did not arrive).
 */

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio_pci_msi.h>

#include "ath11k.h"

/* A message that a guest's kernel could write to its virtual MSI capability. */
#define GUEST_ADDRESS	0xfee00000
#define GUEST_DATA	0x60
/* Multiple Message Enable is 4: 16 vectors. */
#define GUEST_FLAGS	(4 << 4)

#define VECTORS		16
#define ACK_TRIES	10000
#define ARRIVAL_MS	4000
/* After one interrupt that did not arrive, the wait for the others is short. */
#define LATE_MS		200

struct device {
	int fd;
	uint64_t config;
	uint64_t bar0;
	int vectors;
	struct pollfd eventfd[VECTORS];
};

struct message {
	uint32_t address;
	uint16_t data;
};

static void xpread(struct device *dev, void *buf, size_t count, uint64_t pos)
{
	if (pread(dev->fd, buf, count, pos) != (ssize_t)count)
		err(1, "read of the device at 0x%llx", (unsigned long long)pos);
}

static void xpwrite(struct device *dev, const void *buf, size_t count,
		    uint64_t pos)
{
	if (pwrite(dev->fd, buf, count, pos) != (ssize_t)count)
		err(1, "write to the device at 0x%llx",
		    (unsigned long long)pos);
}

static uint32_t bar_read(struct device *dev, uint32_t offset)
{
	uint32_t val;

	xpread(dev, &val, sizeof(val), dev->bar0 + offset);
	return val;
}

static void bar_write(struct device *dev, uint32_t offset, uint32_t val)
{
	xpwrite(dev, &val, sizeof(val), dev->bar0 + offset);
}

static int open_group(const char *name)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group",
		 name);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		err(1, "%s", path);
	link[len] = 0;

	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static uint64_t region_offset(struct device *dev, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		err(1, "VFIO_DEVICE_GET_REGION_INFO");
	return info.offset;
}

static void open_device(struct device *dev, const char *name)
{
	uint16_t cmd = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	int container = open("/dev/vfio/vfio", O_RDWR);
	int group = open_group(name);

	if (container < 0)
		err(1, "/dev/vfio/vfio");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(1, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "VFIO_SET_IOMMU");
	dev->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (dev->fd < 0)
		err(1, "VFIO_GROUP_GET_DEVICE_FD");

	dev->config = region_offset(dev, VFIO_PCI_CONFIG_REGION_INDEX);
	dev->bar0 = region_offset(dev, VFIO_PCI_BAR0_REGION_INDEX);
	xpwrite(dev, &cmd, sizeof(cmd), dev->config + PCI_COMMAND);
}

/* Writes to the virtual MSI capability, as a guest's kernel does. */
static void write_guest_message(struct device *dev)
{
	uint32_t address = GUEST_ADDRESS;
	uint16_t flags = GUEST_FLAGS, data = GUEST_DATA;
	uint64_t cap = dev->config + ATH11K_MSI_OFFSET;

	xpwrite(dev, &flags, sizeof(flags), cap + PCI_MSI_FLAGS);
	xpwrite(dev, &address, sizeof(address), cap + PCI_MSI_ADDRESS_LO);
	xpwrite(dev, &data, sizeof(data), cap + PCI_MSI_DATA_32);
}

static int set_irqs(struct device *dev, int count)
{
	size_t size = sizeof(struct vfio_irq_set) + count * sizeof(int32_t);
	struct vfio_irq_set *set = calloc(1, size);
	int i, fd, ret;

	if (!set)
		err(1, "calloc");
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSI_IRQ_INDEX;
	set->count = count;
	for (i = 0; i < count; i++) {
		fd = dev->eventfd[i].fd;
		memcpy(set->data + i * sizeof(int32_t), &fd, sizeof(fd));
	}

	ret = ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	return ret;
}

static void enable_msi(struct device *dev)
{
	int i, ret;

	for (i = 0; i < VECTORS; i++) {
		dev->eventfd[i].fd = eventfd(0, EFD_NONBLOCK);
		dev->eventfd[i].events = POLLIN;
	}

	/* Without interrupt remapping the host can allocate one vector only. */
	dev->vectors = VECTORS;
	ret = set_irqs(dev, dev->vectors);
	if (ret > 0) {
		dev->vectors = ret;
		ret = set_irqs(dev, dev->vectors);
	}
	if (ret)
		err(1, "VFIO_DEVICE_SET_IRQS");
}

/* vfio-pci does not have the feature: the capability goes on showing the guest's message. */
static void show_host_message(struct device *dev)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_SET |
			 VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT,
	};

	ioctl(dev->fd, VFIO_DEVICE_FEATURE, &feature);
}

static struct message read_message(struct device *dev)
{
	uint64_t cap = dev->config + ATH11K_MSI_OFFSET;
	struct message msg;

	xpread(dev, &msg.address, sizeof(msg.address),
	       cap + PCI_MSI_ADDRESS_LO);
	xpread(dev, &msg.data, sizeof(msg.data), cap + PCI_MSI_DATA_32);
	return msg;
}

static int wait_for_interrupt(struct device *dev)
{
	static int patience = ARRIVAL_MS;
	uint64_t count;
	int i;

	if (poll(dev->eventfd, dev->vectors, patience) <= 0) {
		patience = LATE_MS;
		return -1;
	}
	for (i = 0; i < dev->vectors; i++)
		if (read(dev->eventfd[i].fd, &count, sizeof(count)) > 0)
			return i;
	return -1;
}

static int ring(struct device *dev, int slot)
{
	uint32_t before = bar_read(dev, ATH11K_SENT) +
			  bar_read(dev, ATH11K_FAILED);
	int tries = ACK_TRIES;

	bar_write(dev, ATH11K_DOORBELL(slot), 1);
	while (bar_read(dev, ATH11K_SENT) + bar_read(dev, ATH11K_FAILED) ==
	       before) {
		if (!tries--)
			errx(1, "the device does not send slot %d", slot);
		usleep(1000);
	}

	return wait_for_interrupt(dev);
}

int main(int argc, char **argv)
{
	static const uint32_t slots[] = ATH11K_SLOT_OFFSETS;
	struct device dev = {};
	struct message msg;
	int i, vector;

	if (argc != 2)
		errx(2, "usage: ath11k-user DEVICE");

	open_device(&dev, argv[1]);
	write_guest_message(&dev);
	enable_msi(&dev);
	show_host_message(&dev);
	msg = read_message(&dev);
	printf("message 0x%x 0x%x\n", msg.address, msg.data);

	for (i = 0; i < ATH11K_SLOTS; i++) {
		uint32_t data = msg.data + i % dev.vectors;

		bar_write(&dev, slots[i] + ATH11K_SLOT_ADDR_LO, msg.address);
		bar_write(&dev, slots[i] + ATH11K_SLOT_ADDR_HI,
			  ATH11K_SLOT_ENABLE);
		bar_write(&dev, slots[i] + ATH11K_SLOT_DATA, data);
	}

	for (i = 0; i < ATH11K_SLOTS; i++) {
		vector = ring(&dev, i);
		printf("0x%x 0x%x 0x%x ", slots[i], msg.address,
		       msg.data + i % dev.vectors);
		if (vector != i % dev.vectors)
			printf("-\n");
		else
			printf("%d\n", vector);
	}

	return 0;
}
