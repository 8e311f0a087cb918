// SPDX-License-Identifier: GPL-2.0-only
/* Binds devices to drivers: driver_override, bind, unbind, modprobe. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

static void driver_path(const char *driver, const char *file, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/bus/pci/drivers/%s%s", driver, file);
}

/* The name of a module's driver, which can differ: the driver of vfio_pci is "vfio-pci". */
static bool driver_of_module(const char *module, char driver[NAME_SIZE])
{
	char *path = format_text("/sys/module/%s/drivers", module), *c;
	struct dirent *entry;
	bool found = false;
	DIR *stream;

	for (c = path; *c; c++)
		if (*c == '-')
			*c = '_';
	stream = opendir(path);
	free(path);
	if (!stream)
		return false;
	while (!found && (entry = readdir(stream)))
		found = sscanf(entry->d_name, "pci:%63s", driver) == 1;
	closedir(stream);
	return found;
}

static void complain_no_driver(const char *name, const char *path, int err)
{
	char driver[NAME_SIZE];

	if (driver_of_module(name, driver))
		complain(0, "no driver is called \"%s\"; the driver of this module is \"%s\": use "
			 "-b %s", name, driver, driver);
	else
		complain(err, "%s", path);
}

/* Loads the driver if it is not there. Its module must have the same name. */
int driver_load(const char *driver)
{
	char name[NAME_SIZE], path[PATH_MAX];
	char *argv[] = { "modprobe", "--", name, NULL };
	int err;

	driver_path(driver, "", path);
	if (!access(path, F_OK))
		return 0;

	snprintf(name, sizeof(name), "%s", driver);
	err = run_change(argv);
	if (err) {
		/* modprobe has printed what the kernel said */
		complain(err < 0 ? err : 0, "driver %s: modprobe failed", driver);
		module_explain(driver);
		return err;
	}
	if (!dry_run() && access(path, F_OK)) {
		err = -errno;
		complain_no_driver(driver, path, err);
	}
	return err;
}

/* Loads the module that udev would load for the device at boot. */
static void load_host_driver(const struct device *dev)
{
	char alias[256];
	char *argv[] = { "modprobe", "--quiet", "--use-blacklist", "--", alias, NULL };

	/* that the host has no driver for the device is not an error */
	if (!device_read(dev, "modalias", alias, sizeof(alias)))
		run_change(argv);
}

/* The driver_override of the device, or an empty name */
int driver_override(const struct device *dev, char override[NAME_SIZE])
{
	int err = device_read(dev, "driver_override", override, NAME_SIZE);

	if (err || !strcmp(override, "(null)"))
		override[0] = '\0';
	return err;
}

static int write_text(const char *path, const char *text)
{
	int err = file_write(path, text);

	if (err)
		complain(err, "%s", path);
	return err;
}

/* Returns an exit code. */
int device_check_writable(const struct device *dev)
{
	char path[PATH_MAX];

	device_path(dev, "driver_override", path);
	if (dry_run() || !access(path, W_OK))
		return EXIT_DONE;
	complain(errno, "%s", path);
	return EXIT_FAILED;
}

static int set_override(const struct device *dev, const char *driver)
{
	char path[PATH_MAX], text[NAME_SIZE + 1];

	/* an empty line clears the override */
	snprintf(text, sizeof(text), "%s\n", driver);
	device_path(dev, "driver_override", path);
	return write_text(path, text);
}

static int unbind_device(const struct device *dev, const char *driver)
{
	char path[PATH_MAX];

	if (!driver[0])
		return 0;
	driver_path(driver, "/unbind", path);
	return write_text(path, dev->bdf);
}

/* This file returns the error of the driver's probe, which drivers_probe does not. */
static int bind_device(const struct device *dev, const char *driver)
{
	char path[PATH_MAX];

	driver_path(driver, "/bind", path);
	return file_write(path, dev->bdf);
}

static void complain_not_bound(const char *driver, int err)
{
	char path[PATH_MAX];

	driver_path(driver, "/bind", path);
	complain(err, "%s", path);
}

static int probe_drivers(const struct device *dev)
{
	return write_text("/sys/bus/pci/drivers_probe", dev->bdf);
}

/*
 * Restores override and driver, as after a failure. An error does not keep it from the
 * steps that are left. Returns the first error; all are printed.
 */
int driver_restore(const struct device *dev, const char *driver, const char *override)
{
	char now[NAME_SIZE];
	int err, next;

	err = set_override(dev, override);
	device_driver(dev, now);
	if (!strcmp(now, driver))
		return err;
	next = unbind_device(dev, now);
	err = err ? err : next;
	if (!driver[0])
		return err;
	next = bind_device(dev, driver);
	if (next)
		complain_not_bound(driver, next);
	else
		note("%s: bound to %s again", dev->bdf, driver);
	return err ? err : next;
}

static int rebind(const struct device *dev, const char *from, const char *to)
{
	char now[NAME_SIZE];
	int kmsg, err;

	err = unbind_device(dev, from);
	if (err)
		return err;

	kmsg = kmsg_open();
	err = bind_device(dev, to);
	if (!err && !dry_run() && (device_driver(dev, now) || strcmp(now, to)))
		err = -ENODEV;
	if (err && !kmsg_repeat(kmsg, dev))
		complain(0, "%s: see the kernel log (dmesg) for the reason", dev->bdf);
	kmsg_close(kmsg);
	/* last, as it says least */
	if (err)
		complain_not_bound(to, err);
	return err;
}

int driver_bind(const struct device *dev, const char *driver)
{
	char old_driver[NAME_SIZE], old_override[NAME_SIZE];
	int err;

	device_driver(dev, old_driver);
	driver_override(dev, old_override);

	/* first, so that no other driver can bind the device meanwhile */
	err = set_override(dev, driver);
	if (err || !strcmp(old_driver, driver))
		return err;

	err = rebind(dev, old_driver, driver);
	if (err)
		driver_restore(dev, old_driver, old_override);
	return err;
}

/* Gives the device back to the driver that the host has for it. */
int driver_release(const struct device *dev)
{
	char driver[NAME_SIZE], override[NAME_SIZE];
	int err;

	device_driver(dev, driver);
	driver_override(dev, override);

	err = set_override(dev, "");
	if (err)
		return err;
	if (driver[0] && !device_is_vfio(dev))
		return 0;

	err = unbind_device(dev, driver);
	if (err) {
		set_override(dev, override);
		return err;
	}
	err = probe_drivers(dev);
	if (!err && !dry_run() && device_driver(dev, driver))
		load_host_driver(dev);
	return err;
}
