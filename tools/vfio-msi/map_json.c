// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi map: the model as JSON, which vfio-msi(8) documents. */
#include "map.h"

static struct json_object *json_kinds(unsigned int kinds)
{
	struct json_object *array = json_object_new_array();
	unsigned int kind;

	for (kind = 0; kind < MAP_KINDS; kind++)
		if (kinds & 1u << kind)
			json_object_array_add(array, json_text(map_kind_name(kind)));
	return array;
}

static struct json_object *json_access(enum map_access access)
{
	return access == MAP_UNKNOWN ? NULL : json_text(map_access_name(access));
}

static struct json_object *json_span(const struct map *map, const struct map_span *span)
{
	struct json_object *object = json_object_new_object();
	uint64_t first = map_first_page(map, span), pages = map_last_page(map, span) - first + 1;

	json_object_object_add(object, "offset", json_hex(span->offset, 1));
	json_object_object_add(object, "size", json_hex(span->size, 1));
	json_object_object_add(object, "first_page", json_object_new_int64((int64_t)first));
	json_object_object_add(object, "pages", json_object_new_int64((int64_t)pages));
	json_object_object_add(object, "kinds", json_kinds(span->kinds));
	json_object_object_add(object, "window", span->kinds & 1u << MAP_WINDOW ?
			       json_object_new_int((int)span->window) : NULL);
	json_object_object_add(object, "beside", json_kinds(span->beside));
	json_object_object_add(object, "access", json_access(span->access));
	return object;
}

static struct json_object *json_bar(const struct map *map, const struct map_bar *bar)
{
	struct json_object *object = json_object_new_object(), *ranges = NULL;
	const struct map_bar_info *info = bar->info;
	size_t i;

	if (!info->ports) {
		ranges = json_object_new_array();
		for (i = 0; i < bar->count; i++)
			json_object_array_add(ranges, json_span(map, &bar->span[i]));
	}
	json_object_object_add(object, "bar", json_object_new_int((int)bar->number));
	json_object_object_add(object, "size", json_hex(info->size, 1));
	json_object_object_add(object, "type", json_text(info->ports ? "ports" : "memory"));
	json_object_object_add(object, "address_bits", info->ports ? NULL :
			       json_object_new_int(info->wide ? 64 : 32));
	json_object_object_add(object, "prefetchable", json_object_new_boolean(info->prefetch));
	json_object_object_add(object, "ranges", ranges);
	return object;
}

static struct json_object *json_isolated(enum map_isolation isolation)
{
	return isolation == MAP_ISOLATION_UNKNOWN ? NULL :
	       json_object_new_boolean(isolation == MAP_ISOLATED);
}

static struct json_object *json_source(enum map_source source)
{
	static const char *const name[] = {
		[MAP_SOURCE_NOBODY]	= "",
		[MAP_SOURCE_OPENED]	= "opened",
		[MAP_SOURCE_FILES]	= "files",
		[MAP_SOURCE_VFIO_PCI]	= "vfio-pci",
	};

	return json_text(name[source]);
}

static struct json_object *json_windows(const struct map_facts *facts)
{
	struct json_object *array;
	size_t i;

	if (!facts->windows_known)
		return NULL;
	array = json_object_new_array();
	for (i = 0; i < facts->windows.count; i++)
		json_object_array_add(array, json_window(&facts->windows.window[i]));
	return array;
}

static struct json_object *json_table_map(const struct map_facts *facts)
{
	struct json_object *object;

	if (!facts->table_map[0])
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "rule", json_text(facts->table_map));
	json_object_object_add(object, "reason", json_text(facts->table_reason));
	return object;
}

struct json_object *map_json(const struct map *map)
{
	struct json_object *object = json_object_new_object();
	struct json_object *bars = json_object_new_array(), *notes = json_object_new_array();
	const struct map_facts *facts = map->facts;
	size_t i;

	for (i = 0; i < map->bars; i++)
		json_object_array_add(bars, json_bar(map, &map->bar[i]));
	for (i = 0; i < facts->notes; i++)
		json_object_array_add(notes, json_text(facts->note[i]));
	json_object_object_add(object, "address", json_text(facts->address));
	json_object_object_add(object, "driver", json_text(facts->driver));
	json_object_object_add(object, "source", json_source(facts->source));
	json_object_object_add(object, "isolated", json_isolated(facts->isolation));
	json_object_object_add(object, "table_map", json_table_map(facts));
	json_object_object_add(object, "page_size",
			       json_object_new_int64((int64_t)facts->page_size));
	json_object_object_add(object, "windows", json_windows(facts));
	json_object_object_add(object, "bars", bars);
	json_object_object_add(object, "notes", notes);
	return object;
}
