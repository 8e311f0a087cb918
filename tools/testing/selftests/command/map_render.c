// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_render text|svg|json [WIDTH [WORD...]]: draws the device that standard input
 * describes, with the code of vfio-msi map. WORDs are "utf8" and "colour". The lines of the
 * description are:
 *
 *	page SIZE
 *	isolated yes|no
 *	bar NUMBER SIZE ACCESS memory|ports
 *	msix VECTORS TABLE_BAR TABLE_OFFSET PBA_BAR PBA_OFFSET
 *	window BAR OFFSET SIZE
 *	rule BAR OFFSET SIZE ACCESS
 *	note TEXT
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

static enum map_access parse_access(const char *name)
{
	enum map_access access;

	for (access = MAP_NONE; access <= MAP_READ_WRITE; access++)
		if (!strcmp(name, map_access_name(access)))
			return access;
	errx(2, "%s: no access", name);
}

static bool parse_rule(const char *line, struct map_facts *facts)
{
	unsigned long long offset, size;
	char access[16];
	unsigned int bar;

	if (sscanf(line, "rule %u %lli %lli %15s", &bar, (long long *)&offset, (long long *)&size,
		   access) != 4)
		return false;
	map_add_rule(facts, &(struct map_rule){ bar, offset, size, parse_access(access) });
	return true;
}

static bool parse_window(const char *line, struct map_facts *facts)
{
	struct window window = { .data_offset = 8 };
	long long offset, size;

	if (sscanf(line, "window %u %lli %lli", &window.bar, &offset, &size) != 3)
		return false;
	window.offset = (uint64_t)offset;
	window.size = (uint64_t)size;
	windows_add(&facts->windows, &window);
	return true;
}

static bool parse_bar(const char *line, struct map_facts *facts)
{
	char access[16], type[16];
	unsigned int bar;
	long long size;

	if (sscanf(line, "bar %u %lli %15s %15s", &bar, &size, access, type) != 4 || bar >= BARS)
		return false;
	facts->bar_info[bar] = (struct map_bar_info){
		.size = (uint64_t)size,
		.ports = !strcmp(type, "ports"),
		.access = parse_access(access),
	};
	return true;
}

static bool parse_msix(const char *line, struct map_facts *facts)
{
	struct msix_cap *msix = &facts->msix;

	msix->pos = 0x40;
	return sscanf(line, "msix %u %u %i %u %i", &msix->vectors, &msix->table_bar,
		      (int *)&msix->table_offset, &msix->pba_bar, (int *)&msix->pba_offset) == 5;
}

static bool parse_other(const char *line, struct map_facts *facts)
{
	if (!strncmp(line, "isolated ", 9)) {
		facts->isolation = strcmp(line + 9, "yes") ? MAP_NOT_ISOLATED : MAP_ISOLATED;
		return true;
	}
	if (!strncmp(line, "note ", 5)) {
		map_note(facts, "%s", line + 5);
		return true;
	}
	return sscanf(line, "page %lli", (long long *)&facts->page_size) == 1;
}

static void read_facts(struct map_facts *facts)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!parse_rule(line, facts) && !parse_window(line, facts) &&
		    !parse_bar(line, facts) && !parse_other(line, facts) &&
		    !parse_msix(line, facts))
			errx(2, "%s: not understood", line);
	}
}

static struct json_object *json_array(struct json_object *element)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, element);
	return array;
}

static bool has_word(int argc, char **argv, const char *word)
{
	while (argc-- > 3)
		if (!strcmp(argv[argc], word))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct map_facts facts = {
		.address = "0000:01:00.0",
		.driver = "msi-vfio-pci",
		.source = MAP_SOURCE_OPENED,
		.page_size = 4096,
		.windows_known = true,
	};
	struct map_style style = {
		.width = argc > 2 ? (size_t)atoi(argv[2]) : 80,
		.utf8 = has_word(argc, argv, "utf8"),
		.colour = has_word(argc, argv, "colour"),
	};
	struct map map;

	if (argc < 2)
		errx(2, "usage: map_render text|svg|json [WIDTH [utf8] [colour]]");
	read_facts(&facts);
	map_build(&facts, &map);
	if (!strcmp(argv[1], "json"))
		json_print("devices", json_array(map_json(&map)));
	else if (!strcmp(argv[1], "svg"))
		map_print_svg(&map, stdout);
	else
		map_print_text(&map, "01:00.0", &style);
	map_free(&map);
	map_facts_free(&facts);
	return 0;
}
