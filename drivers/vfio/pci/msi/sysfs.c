// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of a bound device: the windows of its sessions, and how its MSI-X table
 * may be mapped. Documentation/ABI describes them.
 */

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "msi_vfio_pci.h"

/* The first words of a line: region, offset, size, data offset, flags. */
#define WORDS	5

/* A window that is one range has no further words, so that older readers understand it. */
static int emit_line(char *buf, int at,
		     const struct vfio_device_feature_pci_msi_ranges *window)
{
	const struct vfio_pci_msi_range *range = window->range;
	const struct vfio_pci_msi_range *last = range + window->count - 1;
	char flags[MSI_VFIO_PCI_FLAGS_TEXT];
	const char *separator = " ranges=";
	int start = at;

	msi_vfio_pci_format_flags(msi_vfio_pci_window_flags, window->flags,
				  flags);
	at += sysfs_emit_at(buf, at, "%u 0x%llx 0x%llx %u %s", window->region,
			    range->offset,
			    last->offset + last->size - range->offset,
			    window->data_offset, flags);
	for (; window->count > 1 && range <= last; range++) {
		at += sysfs_emit_at(buf, at, "%s0x%llx+0x%llx", separator,
				    range->offset, range->size);
		separator = ",";
	}
	if (window->select_mask)
		at += sysfs_emit_at(buf, at, " select=0x%llx/0x%x",
				    window->select_offset, window->select_mask);
	at += sysfs_emit_at(buf, at, "\n");

	return at - start;
}

static int emit_list(char *buf, const struct msi_vfio_pci_window_list *list)
{
	unsigned int i;
	int length = 0;

	for (i = 0; i < list->count; i++)
		length += emit_line(buf, length, &list->windows[i]);

	return length;
}

static ssize_t msi_windows_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));
	int length;

	mutex_lock(&mdev->admin_lock);
	length = emit_list(buf, &mdev->admin);
	mutex_unlock(&mdev->admin_lock);

	return length;
}

/* "OFFSET+SIZE,...": they replace the one range, and have to begin and end with it. */
static int parse_ranges(char *text, struct vfio_device_feature_pci_msi_ranges *out)
{
	struct vfio_pci_msi_range whole = out->range[0], *range = out->range;
	char *size;

	for (out->count = 0; text; out->count++, range++) {
		if (out->count == VFIO_PCI_MSI_RANGES_MAX)
			return -E2BIG;
		size = strsep(&text, ",");
		if (kstrtou64(strsep(&size, "+"), 0, &range->offset) || !size ||
		    kstrtou64(size, 0, &range->size))
			return -EINVAL;
	}

	range--;
	if (out->range[0].offset != whole.offset ||
	    range->offset + range->size != whole.offset + whole.size)
		return -EINVAL;

	return 0;
}

/* "OFFSET/MASK" */
static int parse_select(char *text, struct vfio_device_feature_pci_msi_ranges *out)
{
	char *offset = strsep(&text, "/");

	if (!text || kstrtou64(offset, 0, &out->select_offset) ||
	    kstrtou32(text, 0, &out->select_mask) || !out->select_mask)
		return -EINVAL;

	return 0;
}

static int parse_option(char *text, struct vfio_device_feature_pci_msi_ranges *out)
{
	char *name = strsep(&text, "=");

	if (text && !strcmp(name, "ranges") && out->count == 1)
		return parse_ranges(text, out);
	if (text && !strcmp(name, "select") && !out->select_mask)
		return parse_select(text, out);

	return -EINVAL;
}

static int parse_line(char *line, struct vfio_device_feature_pci_msi_ranges *out)
{
	char *word[WORDS];
	unsigned int i;
	int ret;

	for (i = 0; i < WORDS; i++) {
		word[i] = strsep(&line, " ");
		if (!word[i])
			return -EINVAL;
	}

	out->count = 1;
	if (kstrtou32(word[0], 0, &out->region) ||
	    kstrtou64(word[1], 0, &out->range[0].offset) ||
	    kstrtou64(word[2], 0, &out->range[0].size) ||
	    kstrtou32(word[3], 0, &out->data_offset))
		return -EINVAL;

	ret = msi_vfio_pci_parse_flags(msi_vfio_pci_window_flags, word[4],
				       &out->flags);
	while (!ret && line)
		ret = parse_option(strsep(&line, " "), out);

	return ret;
}

static bool touches_range(const struct vfio_device_feature_pci_msi_ranges *in,
			  u64 start, u64 end)
{
	const struct vfio_pci_msi_range *range = in->range;
	unsigned int i;

	for (i = 0; i < in->count; i++, range++)
		if (start < range->offset + range->size && end > range->offset)
			return true;

	return false;
}

static bool select_overlaps(const struct vfio_device_feature_pci_msi_ranges *a,
			    const struct vfio_device_feature_pci_msi_ranges *b)
{
	return a->select_mask && touches_range(b, a->select_offset,
					       a->select_offset + sizeof(u32));
}

static bool overlaps(const struct vfio_device_feature_pci_msi_ranges *a,
		     const struct vfio_device_feature_pci_msi_ranges *b)
{
	const struct vfio_pci_msi_range *range = a->range;
	unsigned int i;

	if (a->region != b->region)
		return false;
	if (select_overlaps(a, b) || select_overlaps(b, a))
		return true;
	for (i = 0; i < a->count; i++, range++)
		if (touches_range(b, range->offset, range->offset + range->size))
			return true;

	return false;
}

static int add_line(struct msi_vfio_pci_device *mdev,
		    struct msi_vfio_pci_window_list *list, char *line)
{
	struct vfio_device_feature_pci_msi_ranges in = {};
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

/* Numbers can be shorter in what was written than in what is shown. */
static int check_length(const struct msi_vfio_pci_window_list *list)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	int length;

	if (!page)
		return -ENOMEM;
	length = emit_list(page, list);
	free_page((unsigned long)page);

	return length < PAGE_SIZE - 1 ? 0 : -ENOSPC;
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
	if (!ret)
		ret = check_length(list);
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
