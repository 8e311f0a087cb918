// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of windows as text, as msi_windows of a device has it and the parameter
 * device_windows. Documentation/ABI describes it.
 */

#include <linux/gfp.h>
#include <linux/kernel.h>
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

/**
 * msi_vfio_pci_emit_windows - a list of windows as text
 * @buf: a page, as of a file in sysfs
 * @list: windows
 *
 * Return: the length of the text.
 */
int msi_vfio_pci_emit_windows(char *buf,
			      const struct msi_vfio_pci_window_list *list)
{
	unsigned int i;
	int length = 0;

	for (i = 0; i < list->count; i++)
		length += emit_line(buf, length, &list->windows[i]);

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

/**
 * msi_vfio_pci_parse_window - a window of its text
 * @line: the text; it is overwritten
 * @out: out: the window. Whether a device can have it is not checked.
 *
 * Return: 0, -EINVAL or -E2BIG.
 */
int msi_vfio_pci_parse_window(char *line,
			      struct vfio_device_feature_pci_msi_ranges *out)
{
	char *word[WORDS];
	unsigned int i;
	int ret;

	*out = (struct vfio_device_feature_pci_msi_ranges){ .count = 1 };
	for (i = 0; i < WORDS; i++) {
		word[i] = strsep(&line, " ");
		if (!word[i])
			return -EINVAL;
	}

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

/**
 * msi_vfio_pci_add_line - add a window to a list
 * @mdev: the device that is to have it
 * @list: windows
 * @line: the text of the window; it is overwritten
 *
 * Return: 0, -EINVAL, -E2BIG, -EEXIST or -ENOSPC.
 */
int msi_vfio_pci_add_line(struct msi_vfio_pci_device *mdev,
			  struct msi_vfio_pci_window_list *list, char *line)
{
	struct vfio_device_feature_pci_msi_ranges in;
	unsigned int i;
	int ret;

	ret = msi_vfio_pci_parse_window(line, &in) ?:
	      msi_vfio_pci_check_window(mdev, &in);
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

/**
 * msi_vfio_pci_check_length - check whether a list fits in a page as text
 * @list: windows; numbers can be shorter in the text that they were made of
 *
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int msi_vfio_pci_check_length(const struct msi_vfio_pci_window_list *list)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	int length;

	if (!page)
		return -ENOMEM;
	length = msi_vfio_pci_emit_windows(page, list);
	free_page((unsigned long)page);

	return length < PAGE_SIZE - 1 ? 0 : -ENOSPC;
}
