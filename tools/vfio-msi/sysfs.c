// SPDX-License-Identifier: GPL-2.0-only
/* Reads and writes small files of sysfs and procfs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

/* --dry-run: what would change the system is printed, and not done. */
static bool dry;

void dry_run_begin(void)
{
	dry = true;
}

bool dry_run(void)
{
	return dry;
}

/* Reads the first line of a file, without its newline. */
int file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, buf, size - 1);
	if (length < 0)
		length = -errno;
	close(fd);
	if (length < 0)
		return (int)length;
	buf[length] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* Returns NULL if it cannot be read, or is empty. The caller frees it. */
char *file_read_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static void print_write(const char *path, const char *text)
{
	int length = (int)strlen(text);

	if (length && text[length - 1] == '\n')
		length--;
	printf("would write \"%.*s\" to %s\n", length, text, path);
}

int file_write(const char *path, const char *text)
{
	ssize_t length;
	int fd;

	if (dry) {
		print_write(path, text);
		return 0;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = write(fd, text, strlen(text));
	if (length < 0)
		length = -errno;
	close(fd);
	return length < 0 ? (int)length : 0;
}

/* The name of the file that a link points to */
int link_name(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	const char *last;

	if (length < 0)
		return -errno;
	target[length] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(name, last);
	return 0;
}

void device_path(const struct device *dev, const char *file, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/bus/pci/devices/%s/%s", dev->bdf, file);
}

int device_read(const struct device *dev, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];

	device_path(dev, file, path);
	return file_read(path, buf, size);
}

/* The driver that the device is bound to, or an empty name and -ENOENT */
int device_driver(const struct device *dev, char driver[NAME_SIZE])
{
	char path[PATH_MAX];

	driver[0] = '\0';
	device_path(dev, "driver", path);
	return link_name(path, driver, NAME_SIZE);
}

/* VFIO creates this folder for every device that is bound to one of its drivers. */
bool device_is_vfio(const struct device *dev)
{
	char path[PATH_MAX];

	device_path(dev, "vfio-dev", path);
	return !access(path, F_OK);
}

bool device_is_bridge(const struct device *dev)
{
	return dev->pci->device_class >> 8 == PCI_BASE_CLASS_BRIDGE;
}
