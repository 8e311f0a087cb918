// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi map: queries the driver of an open device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "map.h"

/* The payload, of @size bytes, follows @feature. */
static int get_feature(const struct session *session, uint32_t number,
		       struct vfio_device_feature *feature, size_t size)
{
	feature->argsz = (uint32_t)(sizeof(*feature) + size);
	feature->flags = VFIO_DEVICE_FEATURE_GET | number;
	return ioctl(session->device, VFIO_DEVICE_FEATURE, feature) ? -errno : 0;
}

static enum map_access map_access_from(uint32_t access)
{
	switch (access) {
	case VFIO_PCI_MSIX_MAP_READ_WRITE:
		return MAP_READ_WRITE;
	case VFIO_PCI_MSIX_MAP_READ:
		return MAP_READ;
	}
	return MAP_NONE;
}

static void add_map(const struct vfio_device_feature_pci_msix_map *msix_map,
		    struct map_facts *facts)
{
	uint32_t i;

	facts->page_size = msix_map->page_size;
	facts->isolation = msix_map->flags & VFIO_PCI_MSIX_MAP_ISOLATED ? MAP_ISOLATED :
									 MAP_NOT_ISOLATED;
	for (i = 0; i < msix_map->count; i++) {
		const struct vfio_pci_msix_map_range *range = &msix_map->range[i];

		map_add_rule(facts, &(struct map_rule){
			.bar = range->region,
			.offset = range->offset,
			.size = range->size,
			.access = map_access_from(range->access),
		});
	}
}

/* The first call returns the number of ranges, the next one the ranges. */
static int query_map(const struct session *session, struct map_facts *facts)
{
	struct vfio_device_feature_pci_msix_map *msix_map;
	struct vfio_device_feature *feature = NULL;
	uint32_t room = 0;
	size_t size;
	int err;

	for (;;) {
		size = sizeof(*msix_map) + room * sizeof(msix_map->range[0]);
		feature = xrealloc(feature, 1, sizeof(*feature) + size);
		msix_map = (void *)feature->data;
		*msix_map = (struct vfio_device_feature_pci_msix_map){ .count = room };
		err = get_feature(session, VFIO_DEVICE_FEATURE_PCI_MSIX_MAP, feature, size);
		if (err || msix_map->count <= room)
			break;
		room = msix_map->count;
	}
	if (!err)
		add_map(msix_map, facts);
	free(feature);
	return err;
}

static void add_window(const struct vfio_device_feature_pci_msi_window_state *state,
		       struct map_facts *facts)
{
	struct window window = {
		.bar = state->region,
		.offset = state->offset,
		.size = state->size,
		.data_offset = state->data_offset,
	};

	snprintf(window.flags, sizeof(window.flags), "%s%s%s",
		 state->flags & VFIO_PCI_MSI_WINDOW_LEARN ? "learn," : "",
		 state->flags & VFIO_PCI_MSI_WINDOW_REPROGRAM ? "reprogram," : "",
		 state->flags & VFIO_PCI_MSI_WINDOW_HIGH ? "high," : "");
	/* no comma after the last word */
	if (window.flags[0])
		window.flags[strlen(window.flags) - 1] = '\0';
	windows_add(&facts->windows, &window);
}

/* Older drivers do not have the feature, nor windows with holes. */
static int query_ranges(const struct session *session, uint32_t nr, struct window *window)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_pci_msi_ranges_state state;
	} get = { .state.window = nr };
	const struct vfio_device_feature_pci_msi_ranges *ranges = &get.state.ranges;
	uint32_t i;
	int err;

	err = get_feature(session, VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &get.feature,
			  sizeof(get.state));
	if (err)
		return err == -ENOTTY ? 0 : err;
	for (i = 0; ranges->count > 1 && i < ranges->count; i++)
		window_add_range(window, ranges->range[i].offset, ranges->range[i].size);
	window->select_offset = ranges->select_offset;
	window->select_mask = ranges->select_mask;
	return 0;
}

static int query_windows(const struct session *session, struct map_facts *facts)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_pci_msi_window_state state;
	} get;
	uint32_t i = 0;
	int err;

	do {
		get.state = (struct vfio_device_feature_pci_msi_window_state){ .window = i };
		err = get_feature(session, VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW, &get.feature,
				  sizeof(get.state));
		if (!err && i < get.state.windows) {
			add_window(&get.state, facts);
			err = query_ranges(session, i, &facts->windows.window[i]);
		}
	} while (!err && ++i < get.state.windows);
	return err;
}

static bool can_map_read(const struct session *session, uint64_t region,
			 const struct map_rule *rule)
{
	void *at = mmap(NULL, rule->size, PROT_READ, MAP_SHARED, session->device,
			(off_t)(region + rule->offset));

	if (at == MAP_FAILED)
		return false;
	munmap(at, rule->size);
	return true;
}

/*
 * A BAR without VFIO_REGION_INFO_FLAG_MMAP either has no page that can be mapped for
 * writing, because of its rules, or cannot be mapped at all, such as a BAR smaller than a page
 * that is not at the start of one. In the first case pages can be mapped for reading.
 */
static bool rules_hide_mmap(const struct session *session, const struct map_facts *facts,
			    const struct vfio_region_info *info)
{
	size_t i;

	for (i = 0; i < facts->rules; i++)
		if (facts->rule[i].bar == info->index && facts->rule[i].access == MAP_READ &&
		    can_map_read(session, info->offset, &facts->rule[i]))
			return true;
	return false;
}

static int query_bar(const struct session *session, struct map_facts *facts, unsigned int bar,
		     bool rules)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = bar };
	struct map_bar_info *bar_info = &facts->bar_info[bar];

	if (ioctl(session->device, VFIO_DEVICE_GET_REGION_INFO, &info)) {
		int err = -errno;

		complain(err, "%s: VFIO_DEVICE_GET_REGION_INFO of BAR %u", facts->address, bar);
		return err;
	}
	bar_info->access = info.flags & VFIO_REGION_INFO_FLAG_MMAP ? MAP_READ_WRITE : MAP_NONE;
	if (bar_info->access == MAP_NONE && rules_hide_mmap(session, facts, &info))
		bar_info->access = MAP_READ_WRITE;
	/*
	 * The region has capabilities. For drivers without MSIX_MAP it is not known which
	 * pages they restrict; those of vfio-pci restrict none.
	 */
	if (!rules && bar_info->access != MAP_NONE && info.argsz > sizeof(info) &&
	    strcmp(facts->driver, "vfio-pci")) {
		bar_info->access = MAP_UNKNOWN;
		map_note(facts, "%s has rules of its own for BAR %u, which are not known",
			 facts->driver, bar);
	}
	return 0;
}

static int failed(const struct map_facts *facts, int err, const char *feature)
{
	complain(err, "%s: VFIO_DEVICE_FEATURE: %s", facts->address, feature);
	return err;
}

/* -ENOTTY: the device has neither MSI nor MSI-X, or another driver. */
int map_query(const struct session *session, struct map_facts *facts)
{
	unsigned int bar;
	bool rules;
	int err;

	facts->source = MAP_SOURCE_OPENED;
	err = query_map(session, facts);
	rules = !err;
	if (err && err != -ENOTTY)
		return failed(facts, err, "MSIX_MAP");
	err = query_windows(session, facts);
	if (err && err != -ENOTTY)
		return failed(facts, err, "MSI_WINDOW");
	facts->windows_known = true;
	for (bar = 0; bar < BARS; bar++) {
		if (!facts->bar_info[bar].size || facts->bar_info[bar].ports)
			continue;
		err = query_bar(session, facts, bar, rules);
		if (err)
			return err;
	}
	return 0;
}
