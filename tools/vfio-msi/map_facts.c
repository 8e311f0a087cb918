// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi map: the facts about a device, and their words. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "map.h"

/* Address, data and control of a vector in the table */
#define ENTRY_SIZE	16

void map_note(struct map_facts *facts, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = format_text("%s", format);
	va_end(args);
	facts->note = xrealloc(facts->note, facts->notes + 1, sizeof(*facts->note));
	facts->note[facts->notes++] = text;
}

void map_add_rule(struct map_facts *facts, const struct map_rule *rule)
{
	facts->rule = xrealloc(facts->rule, facts->rules + 1, sizeof(*facts->rule));
	facts->rule[facts->rules++] = *rule;
}

void map_facts_free(struct map_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->notes; i++)
		free(facts->note[i]);
	free(facts->note);
	free(facts->rule);
	windows_free(&facts->windows);
}

uint64_t map_table_size(const struct msix_cap *msix)
{
	return msix->vectors * (uint64_t)ENTRY_SIZE;
}

/* The PBA has a bit for each vector and consists of units of 64 bits. */
uint64_t map_pba_size(const struct msix_cap *msix)
{
	return (msix->vectors + 63) / 64 * (uint64_t)8;
}

const char *map_kind_name(enum map_kind kind)
{
	static const char *const name[] = {
		[MAP_TABLE]	= "table",
		[MAP_PBA]	= "PBA",
		[MAP_WINDOW]	= "window",
	};

	return name[kind];
}

const char *map_access_name(enum map_access access)
{
	static const char *const name[] = {
		[MAP_NONE]		= "none",
		[MAP_UNKNOWN]		= "unknown",
		[MAP_READ]		= "ro",
		[MAP_READ_WRITE]	= "rw",
	};

	return name[access];
}

/* "16 KiB". The caller frees it. */
char *map_size_text(uint64_t size)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	while (i < 4 && size && !(size % 1024)) {
		size /= 1024;
		i++;
	}
	return format_text("%llu %s", (unsigned long long)size,
			   size == 1 && !i ? "byte" : unit[i]);
}

/* A line about the device. The caller frees it. */
char *map_head_text(const struct map_facts *facts)
{
	static const char *const isolation[] = {
		[MAP_ISOLATION_UNKNOWN]	= "isolation unknown",
		[MAP_NOT_ISOLATED]	= "not isolated",
		[MAP_ISOLATED]		= "isolated",
	};
	char *size = map_size_text(facts->page_size);
	char *text = format_text("%s, pages of %s, %s",
				 facts->driver[0] ? facts->driver : "no driver", size,
				 isolation[facts->isolation]);

	free(size);
	return text;
}

/* A line about the source of what can be mapped. The caller frees it. */
char *map_source_text(const struct map_facts *facts)
{
	static const char *const source[] = {
		[MAP_SOURCE_NOBODY]	= "not known",
		[MAP_SOURCE_OPENED]	= "as the driver reports",
		[MAP_SOURCE_FILES]	= "as the driver's files report",
		[MAP_SOURCE_VFIO_PCI]	= "as vfio-pci always allows",
	};

	if (!facts->table_map[0])
		return format_text("%s", source[facts->source]);
	return format_text("%s; the table's rule is %s (%s)", source[facts->source],
			   facts->table_map, facts->table_reason);
}
