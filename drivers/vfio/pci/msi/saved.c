// SPDX-License-Identifier: GPL-2.0-only
/*
 * The windows that devices have from the moment when they are bound: the parameter
 * device_windows. A management tool can bind a device and open it at once, before anybody
 * could write msi_windows.
 */

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "msi_vfio_pci.h"

/* Protects @saved; no lock is taken under it. */
static DEFINE_MUTEX(saved_lock);
static char *saved;

/* "VENDOR:DEVICE", as lspci -n prints them */
static int parse_ids(char *text, u16 *vendor, u16 *device)
{
	char *first = strsep(&text, ":");

	if (!text || kstrtou16(first, 16, vendor) || kstrtou16(text, 16, device))
		return -EINVAL;

	return 0;
}

/* "ADDRESS VENDOR:DEVICE WINDOW"; the texts are within @entry, which is overwritten. */
static int parse_entry(char *entry, struct pci_device_id *id, char **address,
		       char **window)
{
	u16 vendor, device;
	char *ids;
	int ret;

	*address = strsep(&entry, " ");
	ids = strsep(&entry, " ");
	*window = entry;
	if (!entry)
		return -EINVAL;
	ret = parse_ids(ids, &vendor, &device);
	*id = (struct pci_device_id){ PCI_DEVICE(vendor, device) };

	return ret;
}

static int check_entries(char *text)
{
	struct vfio_device_feature_pci_msi_ranges window;
	char *entry, *address, *line;
	struct pci_device_id id;
	int ret = 0;

	while (!ret && (entry = strsep(&text, ";")))
		if (*entry)
			ret = parse_entry(entry, &id, &address, &line) ?:
			      msi_vfio_pci_parse_window(line, &window);

	return ret;
}

static int check_saved(const char *val)
{
	char *text;
	int ret;

	/* It has to fit in the page that a reader of the parameter gets. */
	if (strlen(val) >= PAGE_SIZE - 1)
		return -ENOSPC;

	text = kstrdup(val, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = check_entries(text);
	kfree(text);

	return ret;
}

static int saved_set(const char *val, const struct kernel_param *kp)
{
	char *text;
	int ret;

	text = kstrndup(val, strcspn(val, "\n"), GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = check_saved(text);
	if (!ret) {
		mutex_lock(&saved_lock);
		swap(saved, text);
		mutex_unlock(&saved_lock);
	}
	kfree(text);

	return ret;
}

static int saved_get(char *buf, const struct kernel_param *kp)
{
	int length;

	mutex_lock(&saved_lock);
	length = sysfs_emit(buf, "%s\n", saved ?: "");
	mutex_unlock(&saved_lock);

	return length;
}

static void saved_free(void *arg)
{
	kfree(saved);
}

static const struct kernel_param_ops saved_ops = {
	.set = saved_set,
	.get = saved_get,
	.free = saved_free,
};
module_param_cb(device_windows, &saved_ops, NULL, 0600);
MODULE_PARM_DESC(device_windows, "Windows that devices have when they are bound, with semicolons between them: ADDRESS VENDOR:DEVICE, and a line of msi_windows");

static int add_entry(struct msi_vfio_pci_device *mdev, char *entry)
{
	struct pci_dev *pdev = mdev->core.pdev;
	struct pci_device_id id[2] = {};
	char *address, *window;
	int ret;

	ret = parse_entry(entry, id, &address, &window);
	if (ret || strcmp(address, pci_name(pdev)))
		return ret;
	/* Another card can be in the slot since the entry was written. */
	if (!pci_match_id(id, pdev))
		return 0;

	if (!mdev->admin)
		mdev->admin = kzalloc(sizeof(*mdev->admin), GFP_KERNEL);
	if (!mdev->admin)
		return -ENOMEM;
	ret = msi_vfio_pci_add_line(mdev, mdev->admin, window);
	if (ret)
		pci_err(pdev, "cannot have a window of device_windows: %d\n", ret);

	return ret;
}

/**
 * msi_vfio_pci_add_saved_windows - give a device its windows of device_windows
 * @mdev: a device that is being bound, and which nobody else knows yet
 *
 * Return: 0, or an errno if the device cannot have one of its windows. The device must not
 * be bound then, as guest addresses would reach it.
 */
int msi_vfio_pci_add_saved_windows(struct msi_vfio_pci_device *mdev)
{
	char *text, *rest, *entry;
	int ret = 0;

	mutex_lock(&saved_lock);
	text = kstrdup(saved ?: "", GFP_KERNEL);
	mutex_unlock(&saved_lock);
	if (!text)
		return -ENOMEM;

	rest = text;
	while (!ret && (entry = strsep(&rest, ";")))
		if (*entry)
			ret = add_entry(mdev, entry);
	kfree(text);

	if (!ret && mdev->admin)
		ret = msi_vfio_pci_check_length(mdev->admin);

	return ret;
}
