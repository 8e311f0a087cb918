// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of a bound device: the windows of its sessions, and how its MSI-X table
 * may be mapped. Documentation/ABI describes them.
 */

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "msi_vfio_pci.h"

/* Words of a line: region, offset, size, data offset, flags. */
#define WORDS	5

static ssize_t msi_windows_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));
	const struct vfio_device_feature_pci_msi_window *window;
	char flags[MSI_VFIO_PCI_FLAGS_TEXT];
	unsigned int i;
	int length = 0;

	mutex_lock(&mdev->admin_lock);
	for (i = 0; i < mdev->admin.count; i++) {
		window = &mdev->admin.windows[i];
		msi_vfio_pci_format_flags(msi_vfio_pci_window_flags,
					  window->flags, flags);
		length += sysfs_emit_at(buf, length, "%u 0x%llx 0x%llx %u %s\n",
					window->region, window->offset,
					window->size, window->data_offset,
					flags);
	}
	mutex_unlock(&mdev->admin_lock);

	return length;
}

static int parse_line(char *line, struct vfio_device_feature_pci_msi_window *out)
{
	char *word[WORDS];
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		word[i] = strsep(&line, " ");
		if (!word[i])
			return -EINVAL;
	}

	if (line ||
	    kstrtou32(word[0], 0, &out->region) ||
	    kstrtou64(word[1], 0, &out->offset) ||
	    kstrtou64(word[2], 0, &out->size) ||
	    kstrtou32(word[3], 0, &out->data_offset))
		return -EINVAL;

	return msi_vfio_pci_parse_flags(msi_vfio_pci_window_flags, word[4],
					&out->flags);
}

static bool overlaps(const struct vfio_device_feature_pci_msi_window *a,
		     const struct vfio_device_feature_pci_msi_window *b)
{
	return a->region == b->region && a->offset < b->offset + b->size &&
	       b->offset < a->offset + a->size;
}

static int add_line(struct msi_vfio_pci_device *mdev,
		    struct msi_vfio_pci_window_list *list, char *line)
{
	struct vfio_device_feature_pci_msi_window in = {};
	unsigned int i;
	int ret;

	ret = parse_line(line, &in) ?: msi_vfio_pci_check_window(mdev, &in);
	if (ret)
		return ret;

	for (i = 0; i < list->count; i++)
		if (overlaps(&list->windows[i], &in))
			return -EEXIST;
	if (list->count == MSI_VFIO_PCI_MAX_WINDOWS)
		return -ENOSPC;
	list->windows[list->count++] = in;

	return 0;
}

static int parse_list(struct msi_vfio_pci_device *mdev, char *text,
		      struct msi_vfio_pci_window_list *list)
{
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&text, "\n")))
		if (*line)
			ret = add_line(mdev, list, line);

	return ret;
}

static ssize_t msi_windows_store(struct device *dev,
				 struct device_attribute *attr, const char *buf,
				 size_t count)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));
	struct msi_vfio_pci_window_list *list;
	char *text;
	int ret;

	/* sysfs splits longer writes; each part would replace the list. */
	if (count >= PAGE_SIZE || strnlen(buf, count) != count)
		return -EINVAL;

	text = kstrdup(buf, GFP_KERNEL);
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	ret = text && list ? parse_list(mdev, text, list) : -ENOMEM;
	if (!ret) {
		mutex_lock(&mdev->admin_lock);
		mdev->admin = *list;
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
