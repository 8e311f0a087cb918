// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_pages ADDRESS: reads the output of "vfio-msi map -o json" about a device that is
 * not in use, opens the device, and compares each page with the ranges of MSIX_MAP and
 * with what mmap() does.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "command_vfio.h"

#define MAX_RANGES	128
#define KINDS		3

static const char *const kind_name[KINDS] = {
	[VFIO_PCI_MSIX_MAP_TABLE]	= "table",
	[VFIO_PCI_MSIX_MAP_PBA]		= "PBA",
	[VFIO_PCI_MSIX_MAP_WINDOW]	= "window",
};

static struct {
	struct vfio_device_feature feature;
	struct vfio_device_feature_pci_msix_map map;
	struct vfio_pci_msix_map_range range[MAX_RANGES];
} get;

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *found;

	if (!json_object_object_get_ex(object, name, &found))
		errx(1, "there is no %s", name);
	return found;
}

static uint64_t number(struct json_object *object, const char *name)
{
	return strtoull(json_object_get_string(member(object, name)), NULL, 0);
}

static bool has_word(struct json_object *array, const char *word)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(array, i)), word))
			return true;
	return false;
}

static void ask_map(int device)
{
	get.feature.argsz = sizeof(get);
	get.feature.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PCI_MSIX_MAP;
	get.map.count = MAX_RANGES;
	if (ioctl(device, VFIO_DEVICE_FEATURE, &get))
		err(1, "MSIX_MAP");
}

/* Whether MSIX_MAP reports this kind in the page */
static bool map_has(uint32_t region, uint64_t page, uint32_t kind)
{
	uint32_t i;

	for (i = 0; i < get.map.count; i++)
		if (get.range[i].region == region && get.range[i].kind == kind &&
		    page >= get.range[i].offset &&
		    page < get.range[i].offset + get.range[i].size)
			return true;
	return false;
}

static uint32_t map_access(uint32_t region, uint64_t page)
{
	uint32_t i, access = VFIO_PCI_MSIX_MAP_READ_WRITE;

	for (i = 0; i < get.map.count; i++)
		if (get.range[i].region == region && page >= get.range[i].offset &&
		    page < get.range[i].offset + get.range[i].size &&
		    get.range[i].access < access)
			access = get.range[i].access;
	return access;
}

static bool can_map(int device, uint64_t at, int protection)
{
	void *page = mmap(NULL, get.map.page_size, protection, MAP_SHARED, device, (off_t)at);

	if (page == MAP_FAILED)
		return false;
	munmap(page, get.map.page_size);
	return true;
}

static const char *real_access(int device, uint64_t at)
{
	if (can_map(device, at, PROT_READ | PROT_WRITE))
		return "rw";
	return can_map(device, at, PROT_READ) ? "ro" : "none";
}

static void check_page(int device, uint32_t region, uint64_t page, struct json_object *range)
{
	static const char *const most[] = {
		[VFIO_PCI_MSIX_MAP_NONE]	= "none",
		[VFIO_PCI_MSIX_MAP_READ]	= "ro",
		[VFIO_PCI_MSIX_MAP_READ_WRITE]	= "rw",
	};
	const char *said = json_object_get_string(member(range, "access"));
	const char *real = real_access(device, vfio_region(device, region) + page);
	uint32_t kind;

	if (!said || strcmp(said, real))
		errx(1, "BAR %u, page at 0x%llx: %s, but really %s", region,
		     (unsigned long long)page, said ? said : "null", real);
	/* if the BAR cannot be mapped at all, the rules do not matter */
	if (strcmp(real, "none") && strcmp(real, most[map_access(region, page)]))
		errx(1, "BAR %u, page at 0x%llx: %s, but MSIX_MAP says %s", region,
		     (unsigned long long)page, said, most[map_access(region, page)]);
	for (kind = 0; kind < KINDS; kind++)
		if (map_has(region, page, kind) !=
		    (has_word(member(range, "kinds"), kind_name[kind]) ||
		     has_word(member(range, "beside"), kind_name[kind])))
			errx(1, "BAR %u, page at 0x%llx: MSIX_MAP disagrees about the %s", region,
			     (unsigned long long)page, kind_name[kind]);
}

static uint64_t check_range(int device, uint32_t region, uint64_t at, struct json_object *range)
{
	uint64_t page_size = get.map.page_size, offset = number(range, "offset"), page;
	uint64_t end = offset + number(range, "size");

	if (offset != at)
		errx(1, "BAR %u: a range begins at 0x%llx, not at 0x%llx", region,
		     (unsigned long long)offset, (unsigned long long)at);
	for (page = offset - offset % page_size; page < end; page += page_size)
		check_page(device, region, page, range);
	return end;
}

/* Returns the number of pages. */
static uint64_t check_bar(int device, struct json_object *bar)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct json_object *ranges = member(bar, "ranges");
	uint64_t at = 0;
	size_t i;

	info.index = (uint32_t)number(bar, "bar");
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		err(1, "VFIO_DEVICE_GET_REGION_INFO");
	if (number(bar, "size") != info.size)
		errx(1, "BAR %u: size is not 0x%llx", info.index, (unsigned long long)info.size);
	if (!ranges)
		return 0;
	for (i = 0; i < json_object_array_length(ranges); i++)
		at = check_range(device, info.index, at, json_object_array_get_idx(ranges, i));
	if (at != info.size)
		errx(1, "BAR %u: ranges end at 0x%llx", info.index, (unsigned long long)at);
	return (info.size + get.map.page_size - 1) / get.map.page_size;
}

int main(int argc, char **argv)
{
	struct json_object *document, *device, *bars;
	uint64_t pages = 0;
	int fd;
	size_t i;

	if (argc != 2)
		errx(2, "usage: command_pages ADDRESS <JSON");
	document = json_object_from_fd(STDIN_FILENO);
	if (!document)
		errx(1, "%s", json_util_get_last_err());
	device = json_object_array_get_idx(member(document, "devices"), 0);
	fd = vfio_open(argv[1]);
	ask_map(fd);
	if (number(device, "page_size") != get.map.page_size)
		errx(1, "page_size is not %u", get.map.page_size);
	if (json_object_get_boolean(member(device, "isolated")) !=
	    !!(get.map.flags & VFIO_PCI_MSIX_MAP_ISOLATED))
		errx(1, "isolated is wrong");
	bars = member(device, "bars");
	for (i = 0; i < json_object_array_length(bars); i++)
		pages += check_bar(fd, json_object_array_get_idx(bars, i));
	printf("%llu pages\n", (unsigned long long)pages);
	return 0;
}
