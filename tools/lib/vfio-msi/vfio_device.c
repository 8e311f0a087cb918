// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What VFIO tells of a device: its capabilities, its regions and its features. */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "core.h"
#include "vfio.h"

/* Of 256 bytes, 64 are the header, and a capability has at least 4. */
#define CAPABILITIES_MAX	48

static int read_region(int device, uint32_t region, void *bytes, size_t size, uint64_t offset)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = region };
	ssize_t ret;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	if (offset > info.size || size > info.size - offset)
		return -EINVAL;
	ret = pread(device, bytes, size, (off_t)(info.offset + offset));
	if (ret < 0)
		return -errno;

	return (size_t)ret == size ? 0 : -EIO;
}

int vfiomsi_read_config(int device, uint32_t offset, void *bytes, size_t size)
{
	return read_region(device, VFIO_PCI_CONFIG_REGION_INDEX, bytes, size, offset);
}

int vfiomsi_read_bar(int device, uint32_t bar, uint64_t offset, void *bytes, size_t size)
{
	return read_region(device, VFIO_PCI_BAR0_REGION_INDEX + bar, bytes, size, offset);
}

/* Returns where the capability is, or a negative errno. */
static int find_capability(int device, uint8_t id)
{
	uint8_t header[2] = { 0, 0 };
	uint8_t status = 0, at = 0;
	int left = CAPABILITIES_MAX;
	int ret;

	ret = vfiomsi_read_config(device, PCI_STATUS, &status, sizeof(status));
	if (!ret && !(status & PCI_STATUS_CAP_LIST))
		return -ENOENT;
	if (!ret)
		ret = vfiomsi_read_config(device, PCI_CAPABILITY_LIST, &at, sizeof(at));
	while (!ret && at >= PCI_STD_HEADER_SIZEOF && left--) {
		at &= 0xfc;
		ret = vfiomsi_read_config(device, at, header, sizeof(header));
		if (!ret && header[0] == id)
			return at;
		at = header[1];
	}

	return ret ? ret : -ENOENT;
}

static uint32_t dword_of(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Not more than there is: a capability of MSI may end with config space. */
static int read_capability(int device, uint32_t at, uint8_t id, uint8_t *capability)
{
	uint32_t size = 256 - at;

	if (size > 24)
		size = 24;
	if (id == CAP_ID_MSIX)
		size = MSIX_CAP_SIZE;

	return vfiomsi_read_config(device, at, capability, size);
}

static int core_flags(int device, uint32_t index, uint32_t *flags)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	bool msix = index == VFIO_PCI_MSIX_IRQ_INDEX;
	int has_dummy = 0;

	if (ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &info))
		return -errno;
	if (!info.count)
		return -ENOENT;
	if (msix)
		has_dummy = vfiomsi_vfio_probe(device, VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY);
	if (has_dummy < 0)
		return has_dummy;
	*flags = 0;
	if (info.flags & VFIO_IRQ_INFO_MASKABLE)
		*flags |= VFIOMSI_HOST_MASKS;
	if (msix && !(info.flags & VFIO_IRQ_INFO_NORESIZE))
		*flags |= VFIOMSI_DYNAMIC;
	if (has_dummy)
		*flags |= VFIOMSI_HOST_DUMMY;

	return 0;
}

API int vfiomsi_vfio_describe(int device, uint32_t index, struct vfiomsi_vfio_info *info)
{
	uint8_t id = index == VFIO_PCI_MSI_IRQ_INDEX ? CAP_ID_MSI : CAP_ID_MSIX;
	struct vfiomsi_vfio_info found = { .size = sizeof(found) };
	uint32_t table, pba;
	int at, ret;

	if (info->size != sizeof(*info) ||
	    (index != VFIO_PCI_MSI_IRQ_INDEX && index != VFIO_PCI_MSIX_IRQ_INDEX))
		return -EINVAL;
	found.core.size = sizeof(found.core);
	ret = core_flags(device, index, &found.core.flags);
	if (ret)
		return ret;
	at = find_capability(device, id);
	if (at < 0)
		return at;
	ret = read_capability(device, (uint32_t)at, id, found.core.capability);
	if (ret)
		return ret;

	found.cap_offset = (uint32_t)at;
	if (id == CAP_ID_MSIX) {
		table = dword_of(&found.core.capability[PCI_MSIX_TABLE]);
		pba = dword_of(&found.core.capability[PCI_MSIX_PBA]);
		found.table_bar = table & PCI_MSIX_TABLE_BIR;
		found.table_offset = table & PCI_MSIX_TABLE_OFFSET;
		found.pba_bar = pba & PCI_MSIX_PBA_BIR;
		found.pba_offset = pba & PCI_MSIX_PBA_OFFSET;
	}
	*info = found;

	return 0;
}

struct part {
	uint64_t start;
	uint64_t end;
};

struct list {
	struct vfiomsi_vfio_range *ranges;
	uint32_t room;
	uint32_t count;
};

/* Adds the part without the holes in it. */
static void add_part(struct list *list, struct part part, const struct part *holes,
		     unsigned int count)
{
	struct part before = part;

	for (; count; holes++, count--) {
		if (holes->start >= part.end || holes->end <= part.start)
			continue;
		before.start = part.start;
		before.end = holes->start;
		if (before.start < before.end)
			add_part(list, before, holes + 1, count - 1);
		part.start = holes->end;
		if (part.start >= part.end)
			return;
	}
	if (list->count < list->room) {
		list->ranges[list->count].offset = part.start;
		list->ranges[list->count].size = part.end - part.start;
	}
	list->count++;
}

/* The pages that have a part of it. */
static struct part pages_of(uint64_t offset, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct part pages = {
		.start = offset / page * page,
		.end = (offset + size + page - 1) / page * page,
	};

	return pages;
}

/* Returns how many holes there are, in ascending order, or a negative errno. */
static int find_holes(int device, uint32_t bar, struct part holes[2])
{
	struct vfiomsi_vfio_info info = { .size = sizeof(info) };
	struct part table, pba;
	uint32_t vectors;
	int count = 0;
	int ret;

	ret = vfiomsi_vfio_describe(device, VFIO_PCI_MSIX_IRQ_INDEX, &info);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	vectors = ((info.core.capability[CAP_CONTROL] |
		    info.core.capability[CAP_CONTROL + 1] << 8) & MSIX_SIZE) + 1;
	table = pages_of(info.table_offset, vectors * MSIX_ENTRY_SIZE);
	pba = pages_of(info.pba_offset, (vectors + 63) / 64 * 8);
	if (info.table_bar == bar)
		holes[count++] = table;
	if (info.pba_bar == bar)
		holes[count++] = pba;
	if (count == 2 && pba.start < table.start) {
		holes[0] = pba;
		holes[1] = table;
	}

	return count;
}

/* Returns the region's info with its capabilities, which is to be freed; NULL with errno set. */
static struct vfio_region_info *get_region(int device, uint32_t region)
{
	struct vfio_region_info *info, *larger;
	uint32_t size = sizeof(*info);

	info = calloc(1, size);
	while (info) {
		info->argsz = size;
		info->index = region;
		if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info)) {
			free(info);
			return NULL;
		}
		if (info->argsz <= size)
			break;
		size = info->argsz;
		larger = realloc(info, size);
		if (!larger)
			free(info);
		info = larger;
		if (info)
			memset(info, 0, size);
	}

	return info;
}

/* Returns the areas that can be mapped, or NULL if that is all of the region. */
static const struct vfio_region_info_cap_sparse_mmap *
find_areas(const struct vfio_region_info *info)
{
	const struct vfio_region_info_cap_sparse_mmap *areas;
	uint32_t at = info->flags & VFIO_REGION_INFO_FLAG_CAPS ? info->cap_offset : 0;

	while (at && at + sizeof(*areas) <= info->argsz) {
		areas = (const void *)((const uint8_t *)info + at);
		if (areas->header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			return areas;
		at = areas->header.next;
	}

	return NULL;
}

static void add_areas(struct list *list, const struct vfio_region_info *info,
		      const struct part *holes, unsigned int count)
{
	const struct vfio_region_info_cap_sparse_mmap *areas = find_areas(info);
	struct part part = { .start = 0, .end = info->size };
	uint32_t i;

	if (!(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return;
	if (!areas) {
		add_part(list, part, holes, count);
		return;
	}
	for (i = 0; i < areas->nr_areas; i++) {
		part.start = areas->areas[i].offset;
		part.end = part.start + areas->areas[i].size;
		if (part.start < part.end)
			add_part(list, part, holes, count);
	}
}

API int vfiomsi_vfio_ranges(int device, uint32_t bar, struct vfiomsi_vfio_range *ranges,
			    uint32_t count)
{
	struct list list = { .ranges = ranges, .room = count };
	struct vfio_region_info *info;
	struct part holes[2];
	int ret;

	if (bar > VFIO_PCI_BAR5_REGION_INDEX - VFIO_PCI_BAR0_REGION_INDEX)
		return -EINVAL;
	ret = find_holes(device, bar, holes);
	if (ret < 0)
		return ret;
	info = get_region(device, VFIO_PCI_BAR0_REGION_INDEX + bar);
	if (!info)
		return -errno;
	add_areas(&list, info, holes, (unsigned int)ret);
	free(info);

	return (int)list.count;
}

/* @get is NULL for a SET, @set for a GET. */
static int call_feature(int device, uint32_t flags, const void *set, void *get, size_t size)
{
	struct vfio_device_feature *feature;
	int ret = 0;

	if (size > UINT32_MAX - sizeof(*feature))
		return -EINVAL;
	feature = calloc(1, sizeof(*feature) + size);
	if (!feature)
		return -ENOMEM;
	feature->argsz = (uint32_t)(sizeof(*feature) + size);
	feature->flags = flags;
	if (size)
		memcpy(feature->data, set ? set : get, size);
	if (ioctl(device, VFIO_DEVICE_FEATURE, feature) < 0)
		ret = -errno;
	else if (get && size)
		memcpy(get, feature->data, size);
	free(feature);

	return ret;
}

API int vfiomsi_vfio_probe(int device, uint32_t feature)
{
	int ret;

	if (feature & ~(uint32_t)VFIO_DEVICE_FEATURE_MASK)
		return -EINVAL;
	ret = call_feature(device, feature | VFIO_DEVICE_FEATURE_PROBE, NULL, NULL, 0);

	/* EINVAL: a driver without any feature at all does not know the call. */
	return ret == -ENOTTY || ret == -EINVAL ? 0 : ret < 0 ? ret : 1;
}

API int vfiomsi_vfio_get(int device, uint32_t feature, void *payload, size_t size)
{
	if (feature & ~(uint32_t)VFIO_DEVICE_FEATURE_MASK)
		return -EINVAL;

	return call_feature(device, feature | VFIO_DEVICE_FEATURE_GET, NULL, payload, size);
}

API int vfiomsi_vfio_set(int device, uint32_t feature, const void *payload, size_t size)
{
	if (feature & ~(uint32_t)VFIO_DEVICE_FEATURE_MASK)
		return -EINVAL;

	return call_feature(device, feature | VFIO_DEVICE_FEATURE_SET, payload, NULL, size);
}
