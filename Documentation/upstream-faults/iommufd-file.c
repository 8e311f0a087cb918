// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a process that ends leave a VFIO device open, because it had an iommufd map the
 * device's own file?
 *
 * usage: iommufd-file DEVICE
 *
 * DEVICE (0000:01:00.0) is bound to vfio-pci, and nobody uses it. Exit status: 0 no; 1 yes, and
 * nobody can use the device until the host is booted again; 2 it could not be tried.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE	4096

enum order { NO_MAP, ATTACH_FIRST, MAP_FIRST };

static int open_path(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

/* The device's file of its own in /dev/vfio/devices. */
static int open_cdev(const char *device)
{
	char pattern[PATH_MAX], path[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/vfio-dev/vfio*", device);
	if (glob(pattern, 0, NULL, &found))
		errx(2, "%s: not bound to a driver of VFIO", device);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", basename(found.gl_pathv[0]));
	globfree(&found);
	return open_path(path);
}

static int bind_iommufd(int device, int iommufd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };

	return ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
}

static __u32 new_ioas(int iommufd)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		err(2, "IOMMU_IOAS_ALLOC");
	return alloc.out_ioas_id;
}

static void attach(int device, __u32 ioas)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = ioas };

	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		err(2, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static const char *map_file(int iommufd, __u32 ioas, int file)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map), .ioas_id = ioas, .fd = file, .length = SIZE,
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &map) ? strerror(errno) : "mapped";
}

static void use(const char *device, enum order order)
{
	int iommufd = open_path("/dev/iommu"), cdev = open_cdev(device);
	__u32 ioas;

	if (bind_iommufd(cdev, iommufd))
		err(2, "VFIO_DEVICE_BIND_IOMMUFD");
	ioas = new_ioas(iommufd);
	if (order == ATTACH_FIRST)
		attach(cdev, ioas);
	if (order != NO_MAP)
		printf("  its file: %s\n", map_file(iommufd, ioas, cdev));
}

static bool can_be_used(const char *device)
{
	int iommufd = open_path("/dev/iommu"), cdev = open_cdev(device);
	int ret = bind_iommufd(cdev, iommufd);

	printf("  afterwards: %s\n", ret ? strerror(errno) : "the device can be used");
	close(cdev);
	close(iommufd);
	return !ret;
}

/* Can the device be used again when a process that used it has ended? */
static bool try(const char *device, const char *title, enum order order)
{
	int status;
	pid_t user;

	puts(title);
	fflush(stdout);
	user = fork();
	if (user < 0)
		err(2, "fork");
	if (!user) {
		use(device, order);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(user, &status, 0) != user || status)
		errx(2, "the device could not be used");
	return can_be_used(device);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: iommufd-file DEVICE");
	if (!try(argv[1], "without a mapping", NO_MAP) ||
	    !try(argv[1], "mapped when the device is attached", ATTACH_FIRST))
		errx(2, "the device cannot be used again in any case");

	return !try(argv[1], "mapped before the device is attached", MAP_FIRST);
}
