// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of a bound device: the windows of its sessions, and how its MSI-X table
 * may be mapped. Documentation/ABI describes them.
 */

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "msi_vfio_pci.h"

static ssize_t msi_windows_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));
	int length = 0;

	mutex_lock(&mdev->admin_lock);
	if (mdev->admin)
		length = msi_vfio_pci_emit_windows(buf, mdev->admin);
	mutex_unlock(&mdev->admin_lock);

	return length;
}

static int parse_list(struct msi_vfio_pci_device *mdev, char *text,
		      struct msi_vfio_pci_window_list *list)
{
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&text, "\n")))
		if (*line)
			ret = msi_vfio_pci_add_line(mdev, list, line);

	return ret;
}

static ssize_t msi_windows_store(struct device *dev,
				 struct device_attribute *attr, const char *buf,
				 size_t count)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));
	struct msi_vfio_pci_window_list *list, *old;
	char *text;
	int ret;

	/* sysfs splits longer writes; each part would replace the list. */
	if (count >= PAGE_SIZE || strnlen(buf, count) != count)
		return -EINVAL;

	text = kstrdup(buf, GFP_KERNEL);
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	ret = text && list ? parse_list(mdev, text, list) : -ENOMEM;
	if (!ret)
		ret = msi_vfio_pci_check_length(list);
	if (!ret) {
		mutex_lock(&mdev->admin_lock);
		old = mdev->admin;
		WRITE_ONCE(mdev->admin, list);
		list = old;
		mutex_unlock(&mdev->admin_lock);
	}
	kfree(list);
	kfree(text);

	return ret ?: count;
}
static DEVICE_ATTR_RW(msi_windows);

static ssize_t msix_table_map_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));

	return msi_vfio_pci_show_table_rule(mdev, buf);
}
static DEVICE_ATTR_RO(msix_table_map);

static struct attribute *attrs[] = {
	&dev_attr_msi_windows.attr,
	&dev_attr_msix_table_map.attr,
	NULL
};

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct pci_dev *pdev = to_pci_dev(kobj_to_dev(kobj));
	bool windows = attr == &dev_attr_msi_windows.attr;

	return (windows ? pdev->msi_cap : pdev->msix_cap) ? attr->mode : 0;
}

static const struct attribute_group group = {
	.attrs = attrs,
	.is_visible = is_visible,
};

const struct attribute_group *msi_vfio_pci_groups[] = {
	&group,
	NULL
};
