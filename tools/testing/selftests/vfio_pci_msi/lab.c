// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libvfio.h>

#include "lab.h"

/* Is @ident the C identifier of the plan's @name, which is @len bytes long? */
static bool same_device(const char *name, size_t len, const char *ident)
{
	size_t i;

	if (strlen(ident) != len)
		return false;

	for (i = 0; i < len; i++) {
		char c = name[i] == '-' ? '_' : name[i];

		if (c != ident[i])
			return false;
	}

	return true;
}

/* LAB_DEVICES is "NAME=BDF NAME=BDF". */
static const char *find_device(const char *ident)
{
	const char *pos = getenv("LAB_DEVICES");

	while (pos && *pos) {
		const char *equals = strchr(pos, '=');

		if (!equals)
			return NULL;
		if (same_device(pos, equals - pos, ident))
			return equals + 1;
		pos = strchr(equals, ' ');
		if (pos)
			pos += strspn(pos, " ");
	}

	return NULL;
}

bool lab_has_device(const char *name)
{
	return find_device(name);
}

const char *lab_bdf(const char *name)
{
	static char bdf[BDF_SIZE];
	const char *found = find_device(name);

	VFIO_ASSERT_NOT_NULL(found, "LAB_DEVICES has no device %s\n", name);
	snprintf(bdf, sizeof(bdf), "%s", found);

	return bdf;
}

bool lab_remap(void)
{
	const char *remap = getenv("LAB_REMAP");

	return !remap || strcmp(remap, "off");
}

/* Each variant asks, and most kernels of the lab have no such module. */
bool lab_has_iommufd(void)
{
	static bool loaded;

	if (!loaded)
		module_load("iommufd");
	loaded = true;

	return !access("/dev/iommu", F_OK);
}

bool lab_kernel_is(const char *label)
{
	const char *kernel = getenv("LAB_KERNEL");

	return kernel && !strcmp(kernel, label);
}

bool lab_fault_hangs(void)
{
	const char *platform = getenv("LAB_PLATFORM");

	return platform && !strcmp(platform, "amd") && lab_kernel_is("6.1");
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

ssize_t file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t done = 0;
	ssize_t ret;

	if (fd < 0)
		return -errno;

	while ((ret = read(fd, buf + done, size - 1 - done)) > 0)
		done += ret;
	close(fd);
	buf[done] = 0;

	return done;
}

bool file_has(const char *path, const char *text)
{
	static char buf[1 << 16];

	return file_read(path, buf, sizeof(buf)) > 0 && strstr(buf, text);
}

const char *debugfs_path(const char *bdf, const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/msi-vfio-pci/%s/%s", bdf,
		 file);

	return path;
}

void module_load(const char *module)
{
	pid_t pid = fork();

	VFIO_ASSERT_GE(pid, 0);
	if (!pid) {
		execlp("modprobe", "modprobe", "-q", module, NULL);
		_exit(127);
	}
	VFIO_ASSERT_EQ(waitpid(pid, NULL, 0), pid);
}

int module_param_write(const char *module, const char *param, const char *value)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module,
		 param);

	return file_write(path, value);
}

static const char *device_file(const char *bdf, const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);

	return path;
}

const char *driver_of(const char *bdf)
{
	static char link[PATH_MAX];
	ssize_t len;

	len = readlink(device_file(bdf, "driver"), link, sizeof(link) - 1);
	if (len < 0)
		return "";
	link[len] = 0;

	return basename(link);
}

int sriov_allow(bool allow)
{
	return module_param_write("msi_vfio_pci", "enable_sriov",
				  allow ? "1" : "0");
}

int sriov_set_vfs(const char *pf, const char *count)
{
	return file_write(device_file(pf, "sriov_numvfs"), count);
}

static void vfio_modules_load(const char *driver)
{
	module_load("vfio_iommu_type1");
	module_load("vfio_iommu_spapr_tce");
	module_load("iommufd");
	module_load(driver);

	/* The IOMMU drivers refuse devices whose interrupts are not remapped. */
	if (!lab_remap()) {
		module_param_write("vfio_iommu_type1",
				   "allow_unsafe_interrupts", "1");
		module_param_write("iommufd", "allow_unsafe_interrupts", "1");
	}
}

int driver_try_bind(const char *bdf, const char *driver)
{
	int ret;

	if (!strcmp(driver_of(bdf), driver))
		return 0;

	vfio_modules_load(driver);
	if (*driver_of(bdf)) {
		ret = file_write(device_file(bdf, "driver/unbind"), bdf);
		if (ret)
			return ret;
	}
	ret = file_write(device_file(bdf, "driver_override"), driver);
	if (ret)
		return ret;
	ret = file_write("/sys/bus/pci/drivers_probe", bdf);
	if (ret)
		return ret;

	return strcmp(driver_of(bdf), driver) ? -ENODEV : 0;
}

void driver_bind(const char *bdf, const char *driver)
{
	int ret = driver_try_bind(bdf, driver);

	VFIO_ASSERT_EQ(ret, 0, "%s is not bound to %s\n", bdf, driver);
}

void driver_release(const char *bdf)
{
	if (*driver_of(bdf))
		file_write(device_file(bdf, "driver/unbind"), bdf);
	file_write(device_file(bdf, "driver_override"), "\n");
}
