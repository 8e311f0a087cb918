// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-msi map: reads what is known of a device's BARs, whatever its driver. A note
 * says what is not known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

static void read_bars(const struct device *dev, struct map_facts *facts)
{
	unsigned int bar;

	pci_fill_info(dev->pci, PCI_FILL_BASES | PCI_FILL_SIZES);
	for (bar = 0; bar < BARS; bar++) {
		pciaddr_t base = dev->pci->base_addr[bar];
		struct map_bar_info *info = &facts->bar_info[bar];

		info->size = dev->pci->size[bar];
		info->ports = base & PCI_BASE_ADDRESS_SPACE_IO;
		info->access = MAP_UNKNOWN;
		if (info->ports)
			continue;
		info->wide = (base & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
			      PCI_BASE_ADDRESS_MEM_TYPE_64;
		info->prefetch = base & PCI_BASE_ADDRESS_MEM_PREFETCH;
	}
}

/* The file has the rule and its reason: "ro not-isolated". */
static void read_table_map(const struct device *dev, struct map_facts *facts)
{
	char text[2 * NAME_SIZE];

	if (device_read(dev, "msix_table_map", text, sizeof(text)) ||
	    sscanf(text, "%63s %63s", facts->table_map, facts->table_reason) == 2)
		return;
	facts->table_map[0] = '\0';
}

static enum map_access table_access(const struct map_facts *facts)
{
	if (!strcmp(facts->table_map, "rw"))
		return MAP_READ_WRITE;
	if (!strcmp(facts->table_map, "ro"))
		return MAP_READ;
	return strcmp(facts->table_map, "deny") ? MAP_UNKNOWN : MAP_NONE;
}

static enum map_isolation isolation_of(const struct map_facts *facts)
{
	if (!strcmp(facts->table_reason, "isolated"))
		return MAP_ISOLATED;
	if (!strcmp(facts->table_reason, "not-isolated"))
		return MAP_NOT_ISOLATED;
	return MAP_ISOLATION_UNKNOWN;
}

/* The windows of the session or, without a session, those of the next one */
static bool read_windows(const struct device *dev, const struct caps *caps,
			 struct map_facts *facts)
{
	struct live_windows live;
	bool known;
	size_t i;

	if (caps->known && !caps->msi.pos)
		return true;
	if (live_windows_read(dev, &live))
		return false;
	known = live.open;
	for (i = 0; i < live.count; i++)
		windows_add(&facts->windows, &live.window[i].range);
	live_windows_free(&live);
	if (known)
		return true;
	/*
	 * With an empty list the next session has the windows that the driver knows for
	 * the device. Only a session shows these.
	 */
	return !windows_read(dev, &facts->windows) && facts->windows.count;
}

static void add_window_rules(struct map_facts *facts, const struct window *window)
{
	size_t i;

	for (i = 0; i < window_range_count(window); i++) {
		struct window_range range = window_range_at(window, i);

		map_add_rule(facts, &(struct map_rule){
			.bar = window->bar, .offset = range.offset, .size = range.size,
			.access = MAP_NONE });
	}
	if (window->select_mask)
		map_add_rule(facts, &(struct map_rule){
			.bar = window->bar, .offset = window->select_offset,
			.size = sizeof(uint32_t), .access = MAP_NONE });
}

static void add_rules(struct map_facts *facts)
{
	const struct msix_cap *msix = &facts->msix;
	size_t i;

	if (msix->pos)
		map_add_rule(facts, &(struct map_rule){
			.bar = msix->table_bar, .offset = msix->table_offset,
			.size = map_table_size(msix), .access = table_access(facts) });
	for (i = 0; i < facts->windows.count; i++)
		add_window_rules(facts, &facts->windows.window[i]);
}

/* How vfio-pci, and every driver that is built on it, maps pages without rules */
static void set_default_access(struct map_facts *facts)
{
	unsigned int bar;

	for (bar = 0; bar < BARS; bar++) {
		struct map_bar_info *info = &facts->bar_info[bar];

		if (!info->size || info->ports)
			continue;
		if (info->size >= facts->page_size)
			info->access = MAP_READ_WRITE;
		else
			map_note(facts, "BAR %u is smaller than a page: whether it can be mapped "
				 "is known only when the device is opened", bar);
	}
}

static void clear_access(struct map_facts *facts)
{
	unsigned int bar;

	for (bar = 0; bar < BARS; bar++)
		facts->bar_info[bar].access = MAP_UNKNOWN;
}

static void read_files(const struct device *dev, const struct caps *caps, struct map_facts *facts)
{
	facts->source = MAP_SOURCE_FILES;
	facts->windows_known = read_windows(dev, caps, facts);
	add_rules(facts);
	set_default_access(facts);
	if (caps->known && facts->windows_known)
		return;
	/* the table, or a window, could be anywhere */
	clear_access(facts);
	if (!facts->windows_known)
		map_note(facts, "which windows it has is not known: there is no session, or "
			 "debugfs cannot be read");
}

/* The facts about a device that is not opened */
static void read_without_device(const struct device *dev, const struct caps *caps,
				struct map_facts *facts)
{
	if (!strcmp(facts->driver, MSI_VFIO_PCI)) {
		read_files(dev, caps, facts);
	} else if (!strcmp(facts->driver, "vfio-pci")) {
		facts->source = MAP_SOURCE_VFIO_PCI;
		facts->windows_known = true;
		set_default_access(facts);
	} else if (device_is_vfio(dev)) {
		map_note(facts, "which pages %s allows to be mapped is not known", facts->driver);
	} else {
		map_note(facts, "no VFIO driver has the device: no user can map its pages, and "
			 "which windows it would have is not known");
	}
}

/* A device that is gone is not opened: the kernel would wait for the end of its reset. */
static bool query_device(const struct device *dev, const struct caps *caps,
			 struct map_facts *facts, int *result)
{
	struct session session;
	struct uses uses;
	bool may_open;

	use_find(dev, &uses);
	if (device_is_vfio(dev))
		use_find_session(dev, &uses);
	may_open = !caps->gone && session_may_open(dev, &uses);
	use_free(&uses);
	if (!may_open || session_open(dev, &session))
		return false;
	*result = map_query(&session, facts) ? EXIT_FAILED : EXIT_DONE;
	session_close(&session);
	return true;
}

int map_read(const struct device *dev, struct map_facts *facts)
{
	int result = EXIT_DONE;
	struct caps caps;
	char *unassigned;

	*facts = (struct map_facts){ .page_size = (uint64_t)sysconf(_SC_PAGESIZE) };
	snprintf(facts->address, sizeof(facts->address), "%s", dev->bdf);
	device_driver(dev, facts->driver);
	read_bars(dev, facts);
	caps_read(dev, &caps);
	facts->msix = caps.msix;
	read_table_map(dev, facts);
	facts->isolation = isolation_of(facts);
	if (!caps.known)
		map_note(facts, "the place of its MSI-X table is not known: %s%s",
			 caps.gone ? "it " : "", caps_problem(&caps));
	unassigned = kmsg_unassigned(dev);
	if (unassigned)
		map_note(facts, "it has a BAR without addresses; the kernel said: %s", unassigned);
	free(unassigned);
	if (!query_device(dev, &caps, facts, &result))
		read_without_device(dev, &caps, facts);
	return result;
}
