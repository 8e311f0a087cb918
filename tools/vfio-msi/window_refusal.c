// SPDX-License-Identifier: GPL-2.0-only
/* Why the driver refuses a window: its errno is the same for all reasons. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

#define ENTRY_SIZE	16	/* of the MSI-X table */

static bool is_flag(const char *word)
{
	return !strcmp(word, "high") || !strcmp(word, "reprogram") || !strcmp(word, "learn");
}

static bool has_flag(const struct window *window, const char *flag)
{
	struct json_object *words = json_words(window->flags);
	size_t i, count = json_object_array_length(words);
	bool has = false;

	for (i = 0; i < count; i++)
		has |= !strcmp(json_object_get_string(json_object_array_get_idx(words, i)), flag);
	json_object_put(words);
	return has;
}

/* No word twice, and no comma too many */
static bool are_once(const char *flags)
{
	char *copy = format_text("%s", flags), *rest = copy, *word;
	unsigned int seen = 0, bit;
	bool once = true;

	while ((word = strsep(&rest, ","))) {
		bit = *word == 'h' ? 1 : *word == 'r' ? 2 : 4;
		once &= *word && !(seen & bit);
		seen |= bit;
	}
	free(copy);
	return once;
}

static char *flags_refusal(const struct window *window)
{
	struct json_object *words = json_words(window->flags);
	size_t i, count = json_object_array_length(words);
	char *reason = NULL;

	for (i = 0; i < count && !reason; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(words, i));

		if (!is_flag(word))
			reason = format_text("there is no flag \"%s\"; the flags are high, "
					     "reprogram and learn", word);
	}
	json_object_put(words);
	if (!reason && strlen(window->flags) && !are_once(window->flags))
		reason = format_text("FLAGS are words, each once, with a comma between them");
	if (!reason && has_flag(window, "learn") && count > 1)
		reason = format_text("learn goes with no other flag");
	return reason;
}

static char *bar_refusal(const struct device *dev, const struct window *window)
{
	if (window->bar >= BARS)
		return format_text("there is no BAR %u; BARs are 0 to %d", window->bar, BARS - 1);
	pci_fill_info(dev->pci, PCI_FILL_BASES | PCI_FILL_SIZES);
	if (!dev->pci->size[window->bar])
		return format_text("the device has no BAR %u", window->bar);
	if (dev->pci->base_addr[window->bar] & PCI_BASE_ADDRESS_SPACE_IO)
		return format_text("BAR %u has I/O ports, and is no memory BAR", window->bar);
	return NULL;
}

static char *place_refusal(const struct device *dev, const struct window *window)
{
	unsigned long long size = dev->pci->size[window->bar];

	if (window->offset % 4)
		return format_text("OFFSET 0x%llx is not a multiple of 4",
				   (unsigned long long)window->offset);
	if (!window->size || window->size % 4)
		return format_text("SIZE 0x%llx is not a multiple of 4 above 0",
				   (unsigned long long)window->size);
	if (window->offset >= size || window->size > size - window->offset)
		return format_text("it reaches beyond the end of BAR %u, which has 0x%llx bytes",
				   window->bar, size);
	return NULL;
}

static char *ranges_refusal(const struct window *window)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < window->ranges; i++) {
		struct window_range range = window->range[i];

		if (range.offset % 4 || range.size % 4 || !range.size)
			return format_text("the range 0x%llx+0x%llx has a number that is not a "
					   "multiple of 4, or no size",
					   (unsigned long long)range.offset,
					   (unsigned long long)range.size);
		if (range.offset < end)
			return format_text("the range 0x%llx+0x%llx begins before the end of the "
					   "one before it", (unsigned long long)range.offset,
					   (unsigned long long)range.size);
		end = range.offset + range.size;
	}
	return NULL;
}

static bool covers(const struct window *window, uint64_t start, uint64_t end)
{
	size_t i;

	for (i = 0; i < window_range_count(window); i++) {
		struct window_range range = window_range_at(window, i);

		if (range.offset < end && range.offset + range.size > start)
			return true;
	}
	return false;
}

static char *select_refusal(const struct device *dev, const struct window *window)
{
	uint64_t at = window->select_offset;

	if (!window->select_mask)
		return NULL;
	if (at % 4 || at >= dev->pci->size[window->bar])
		return format_text("the select register 0x%llx is not a dword of BAR %u",
				   (unsigned long long)at, window->bar);
	if (covers(window, at, at + 4))
		return format_text("the select register 0x%llx is in the window",
				   (unsigned long long)at);
	return NULL;
}

static char *table_refusal(const struct device *dev, const struct window *window)
{
	struct msix_cap *msix;
	uint64_t end;
	struct caps caps;

	caps_read(dev, &caps);
	msix = &caps.msix;
	end = (uint64_t)msix->table_offset + msix->vectors * ENTRY_SIZE;
	if (!msix->pos || msix->table_bar != window->bar ||
	    !covers(window, msix->table_offset, end))
		return NULL;
	return format_text("it overlaps the MSI-X table at 0x%x to 0x%llx", msix->table_offset,
			   (unsigned long long)end - 1);
}

static char *data_refusal(const struct window *window)
{
	if (has_flag(window, "learn"))
		return window->data_offset ? format_text("with learn, DATA_OFFSET is 0") : NULL;
	if (!window->data_offset || window->data_offset % 4)
		return format_text("DATA_OFFSET %u is not a multiple of 4 above 0",
				   window->data_offset);
	if (has_flag(window, "high") && window->data_offset == 4)
		return format_text("with high, the address's high half is at 4, and DATA_OFFSET is "
				   "more");
	if (window->data_offset >= window->size)
		return format_text("DATA_OFFSET %u is not smaller than SIZE 0x%llx",
				   window->data_offset, (unsigned long long)window->size);
	return NULL;
}

/* A sentence, or NULL if no reason is known. The caller frees it. */
char *window_refusal(const struct device *dev, const struct window *window)
{
	char *reason = flags_refusal(window);

	if (!reason)
		reason = bar_refusal(dev, window);
	if (!reason)
		reason = place_refusal(dev, window);
	if (!reason)
		reason = ranges_refusal(window);
	if (!reason)
		reason = select_refusal(dev, window);
	if (!reason)
		reason = table_refusal(dev, window);
	if (!reason)
		reason = data_refusal(window);
	return reason;
}
