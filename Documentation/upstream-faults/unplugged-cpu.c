// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the kernel lose an interrupt whose CPU is unplugged and comes back while the
 * interrupt has no handler?
 *
 * usage: unplugged-cpu DEVICE BAR OFFSET VALUE
 *
 * DEVICE (0000:01:00.0) has an MSI capability without mask bits, and is bound to
 * vfio-pci. It raises vector 0 when the 32-bit VALUE is written to the BAR at OFFSET. The
 * host has a CPU 1. Exit status: 0 no; 1 yes; 2 it could not be tried.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CPU		"1"
#define ONLINE		"/sys/devices/system/cpu/cpu" CPU "/online"
#define WAIT_MS		3000
#define MOVE_TRIES	50

struct device {
	int fd;
	__u64 doorbell;
	__u32 value;
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

static void write_file(const char *path, const char *text)
{
	int fd = open_path("%s", path, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		err(2, "%s: %s", path, text);
	close(fd);
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

static __u64 region_offset(int device, __u32 index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		err(2, "VFIO_DEVICE_GET_REGION_INFO");
	return info.offset;
}

static void enable_device(int device)
{
	__u64 pos = region_offset(device, VFIO_PCI_CONFIG_REGION_INDEX);
	__u16 command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (pwrite(device, &command, 2, pos + PCI_COMMAND) != 2)
		err(2, "command register");
}

static void attach(int device, __s32 eventfd)
{
	struct vfio_irq_set *set = calloc(1, sizeof(*set) + sizeof(eventfd));

	if (!set)
		err(2, "calloc");
	set->argsz = sizeof(*set) + sizeof(eventfd);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSI_IRQ_INDEX;
	set->count = 1;
	memcpy(set->data, &eventfd, sizeof(eventfd));
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
		err(2, "VFIO_DEVICE_SET_IRQS");
	free(set);
}

static int find_irq(const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int irq = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs", name);
	dir = opendir(path);
	while (dir && !irq && (entry = readdir(dir)))
		irq = atoi(entry->d_name);
	if (!irq)
		errx(2, "%s: no interrupt", path);
	closedir(dir);
	return irq;
}

/* Does the interrupt arrive? */
static int raise_irq(const struct device *dev, int eventfd)
{
	struct pollfd pfd = { .fd = eventfd, .events = POLLIN };
	__u64 count;

	if (pwrite(dev->fd, &dev->value, sizeof(dev->value), dev->doorbell) !=
	    sizeof(dev->value))
		err(2, "BAR");
	if (poll(&pfd, 1, WAIT_MS) < 1)
		return 0;
	if (read(eventfd, &count, sizeof(count)) != sizeof(count))
		err(2, "eventfd");
	return 1;
}

static int is_on_cpu(int irq)
{
	char path[PATH_MAX], cpus[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/irq/%d/effective_affinity_list", irq);
	fd = open_path("%s", path, O_RDONLY);
	if (read(fd, cpus, sizeof(cpus) - 1) < 0)
		err(2, "%s", path);
	close(fd);
	return !strcmp(cpus, CPU "\n");
}

/* Without interrupt remapping, x86 moves an interrupt the next time that it arrives. */
static void move_to_cpu(const struct device *dev, int eventfd, int irq)
{
	int tries = MOVE_TRIES;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", irq);
	write_file(path, CPU);
	while (!is_on_cpu(irq) && --tries) {
		raise_irq(dev, eventfd);
		usleep(20000);
	}
	if (!tries)
		errx(2, "the interrupt does not go to CPU " CPU);
}

int main(int argc, char **argv)
{
	int eventfd_nr = eventfd(0, EFD_CLOEXEC), irq, arrives;
	struct device dev;

	if (argc != 5)
		errx(2, "usage: %s DEVICE BAR OFFSET VALUE", argv[0]);
	dev.fd = open_device(argv[1]);
	dev.doorbell = region_offset(dev.fd, atoi(argv[2])) +
		       strtoull(argv[3], NULL, 0);
	dev.value = strtoul(argv[4], NULL, 0);

	enable_device(dev.fd);
	attach(dev.fd, eventfd_nr);
	irq = find_irq(argv[1]);
	move_to_cpu(&dev, eventfd_nr, irq);
	if (!raise_irq(&dev, eventfd_nr))
		errx(2, "the device raises no interrupt");

	attach(dev.fd, -1);
	write_file(ONLINE, "0");
	write_file(ONLINE, "1");
	attach(dev.fd, eventfd_nr);
	arrives = raise_irq(&dev, eventfd_nr);
	printf("interrupt %d after CPU " CPU " was unplugged: %s\n", irq,
	       arrives ? "arrives" : "lost");
	return !arrives;
}
