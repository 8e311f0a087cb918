// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-msi map: the model. It describes the BARs of a device as spans of table, PBA,
 * window or registers, and how their pages can be mapped. It needs no device.
 */
#include <stdlib.h>

#include "map.h"

/* A table, PBA or window in a BAR */
struct part {
	enum map_kind kind;
	unsigned int window;
	unsigned int bar;
	uint64_t offset;
	uint64_t size;
};

struct parts {
	size_t count;
	struct part *part;
};

/* The offsets at which a span may begin or end */
struct edges {
	size_t count;
	uint64_t *at;
};

/* The MSI-X capability can give a place that the device does not have. */
static void add_part(struct map_facts *facts, struct parts *parts, struct part part)
{
	const struct map_bar_info *info = part.bar < BARS ? &facts->bar_info[part.bar] : NULL;

	if (!info || info->ports || part.offset >= info->size) {
		map_note(facts, "the %s is said to be at 0x%llx of BAR %u, which has no such place",
			 map_kind_name(part.kind), (unsigned long long)part.offset, part.bar);
		return;
	}
	if (part.size > info->size - part.offset) {
		map_note(facts, "the %s does not fit into BAR %u", map_kind_name(part.kind),
			 part.bar);
		part.size = info->size - part.offset;
	}
	parts->part = xrealloc(parts->part, parts->count + 1, sizeof(*parts->part));
	parts->part[parts->count++] = part;
}

static char *part_text(const struct part *part)
{
	return part->kind == MAP_WINDOW ? format_text("window %u", part->window) :
					  format_text("the %s", map_kind_name(part->kind));
}

/* Some devices place their PBA inside their table. */
static void note_overlap(struct map_facts *facts, const struct part *a, const struct part *b)
{
	uint64_t start = a->offset > b->offset ? a->offset : b->offset;
	uint64_t a_end = a->offset + a->size, b_end = b->offset + b->size;
	uint64_t end = a_end < b_end ? a_end : b_end;
	char *a_text, *b_text;

	if (a->bar != b->bar || start >= end)
		return;
	a_text = part_text(a);
	b_text = part_text(b);
	map_note(facts, "%s and %s overlap in BAR %u, from 0x%llx to 0x%llx", a_text, b_text,
		 a->bar, (unsigned long long)start, (unsigned long long)(end - 1));
	free(a_text);
	free(b_text);
}

static void note_overlaps(struct map_facts *facts, const struct parts *parts)
{
	size_t i, j;

	for (i = 0; i < parts->count; i++)
		for (j = i + 1; j < parts->count; j++)
			note_overlap(facts, &parts->part[i], &parts->part[j]);
}

static void add_window_parts(struct map_facts *facts, struct parts *parts, unsigned int nr)
{
	const struct window *window = &facts->windows.window[nr];
	size_t i;

	for (i = 0; i < window_range_count(window); i++) {
		struct window_range range = window_range_at(window, i);

		add_part(facts, parts, (struct part){
			.kind = MAP_WINDOW, .window = nr, .bar = window->bar,
			.offset = range.offset, .size = range.size });
	}
	if (window->select_mask)
		add_part(facts, parts, (struct part){
			.kind = MAP_WINDOW, .window = nr, .bar = window->bar,
			.offset = window->select_offset, .size = sizeof(uint32_t) });
}

static void find_parts(struct map_facts *facts, struct parts *parts)
{
	const struct msix_cap *msix = &facts->msix;
	unsigned int i;

	if (msix->pos) {
		add_part(facts, parts, (struct part){
			.kind = MAP_TABLE, .bar = msix->table_bar, .offset = msix->table_offset,
			.size = map_table_size(msix) });
		add_part(facts, parts, (struct part){
			.kind = MAP_PBA, .bar = msix->pba_bar, .offset = msix->pba_offset,
			.size = map_pba_size(msix) });
	}
	for (i = 0; i < facts->windows.count; i++)
		add_window_parts(facts, parts, i);
}

static uint64_t page_floor(const struct map_facts *facts, uint64_t at)
{
	return at - at % facts->page_size;
}

static uint64_t page_ceil(const struct map_facts *facts, uint64_t at)
{
	return page_floor(facts, at + facts->page_size - 1);
}

/* A BAR can end within a page; then its end counts as the page's end. */
static void add_edge(struct edges *edges, uint64_t at, uint64_t size)
{
	edges->at = xrealloc(edges->at, edges->count + 1, sizeof(*edges->at));
	edges->at[edges->count++] = at < size ? at : size;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void find_edges(const struct map_facts *facts, const struct parts *parts, unsigned int bar,
		       struct edges *edges)
{
	uint64_t size = facts->bar_info[bar].size;
	size_t i;

	add_edge(edges, 0, size);
	add_edge(edges, size, size);
	for (i = 0; i < parts->count; i++) {
		const struct part *part = &parts->part[i];

		if (part->bar != bar)
			continue;
		add_edge(edges, page_floor(facts, part->offset), size);
		add_edge(edges, part->offset, size);
		add_edge(edges, part->offset + part->size, size);
		add_edge(edges, page_ceil(facts, part->offset + part->size), size);
	}
	for (i = 0; i < facts->rules; i++) {
		const struct map_rule *rule = &facts->rule[i];

		if (rule->bar != bar)
			continue;
		add_edge(edges, page_floor(facts, rule->offset), size);
		add_edge(edges, page_ceil(facts, rule->offset + rule->size), size);
	}
	qsort(edges->at, edges->count, sizeof(*edges->at), by_value);
}

static bool overlap(uint64_t start, uint64_t end, uint64_t offset, uint64_t size)
{
	return start < offset + size && offset < end;
}

static void find_span_kinds(const struct map_facts *facts, const struct parts *parts,
			    unsigned int bar, struct map_span *span)
{
	uint64_t end = span->offset + span->size;
	size_t i;

	for (i = 0; i < parts->count; i++) {
		const struct part *part = &parts->part[i];

		if (part->bar != bar)
			continue;
		if (overlap(span->offset, end, part->offset, part->size)) {
			span->kinds |= 1u << part->kind;
			if (part->kind == MAP_WINDOW)
				span->window = part->window;
		}
		if (overlap(page_floor(facts, span->offset), page_ceil(facts, end), part->offset,
			    part->size))
			span->beside |= 1u << part->kind;
	}
	span->beside &= ~span->kinds;
}

static void find_span_access(const struct map_facts *facts, unsigned int bar, struct map_span *span)
{
	uint64_t end = page_ceil(facts, span->offset + span->size);
	size_t i;

	span->access = facts->bar_info[bar].access;
	for (i = 0; i < facts->rules; i++) {
		const struct map_rule *rule = &facts->rule[i];

		if (rule->bar == bar && rule->access < span->access &&
		    overlap(page_floor(facts, span->offset), end, rule->offset, rule->size))
			span->access = rule->access;
	}
}

static bool spans_alike(const struct map_span *a, const struct map_span *b)
{
	return a->kinds == b->kinds && a->window == b->window && a->access == b->access;
}

void map_append_span(struct map_span **spans, size_t *count, const struct map_span *span)
{
	*spans = xrealloc(*spans, *count + 1, sizeof(**spans));
	(*spans)[(*count)++] = *span;
}

static void add_span(struct map_bar *bar, const struct map_span *span)
{
	struct map_span *last = bar->count ? &bar->span[bar->count - 1] : NULL;
	struct map_span *draw = bar->drawn ? &bar->draw[bar->drawn - 1] : NULL;

	if (last && spans_alike(last, span) && last->beside == span->beside)
		last->size += span->size;
	else
		map_append_span(&bar->span, &bar->count, span);
	if (draw && spans_alike(draw, span))
		draw->size += span->size;
	else
		map_append_span(&bar->draw, &bar->drawn, span);
}

static void build_bar(const struct map_facts *facts, const struct parts *parts,
		      struct map_bar *bar)
{
	struct edges edges = { .count = 0 };
	size_t i;

	bar->pages = page_ceil(facts, bar->info->size) / facts->page_size;
	find_edges(facts, parts, bar->number, &edges);
	for (i = 1; i < edges.count; i++) {
		struct map_span span = {
			.offset = edges.at[i - 1],
			.size = edges.at[i] - edges.at[i - 1],
		};

		if (!span.size)
			continue;
		find_span_kinds(facts, parts, bar->number, &span);
		find_span_access(facts, bar->number, &span);
		add_span(bar, &span);
	}
	free(edges.at);
}

/* Adds notes to @facts about places that do not exist and parts that overlap. */
void map_build(struct map_facts *facts, struct map *map)
{
	struct parts parts = { .count = 0 };
	unsigned int number;

	*map = (struct map){ .facts = facts };
	find_parts(facts, &parts);
	note_overlaps(facts, &parts);
	for (number = 0; number < BARS; number++) {
		struct map_bar *bar = &map->bar[map->bars];

		if (!facts->bar_info[number].size)
			continue;
		map->bars++;
		bar->number = number;
		bar->info = &facts->bar_info[number];
		if (!bar->info->ports)
			build_bar(facts, &parts, bar);
	}
	free(parts.part);
}

void map_free(struct map *map)
{
	size_t i;

	for (i = 0; i < map->bars; i++) {
		free(map->bar[i].span);
		free(map->bar[i].draw);
	}
}

/* Whether the span has several kinds */
bool map_span_overlaps(const struct map_span *span)
{
	return span->kinds & (span->kinds - 1);
}

/* Whether a span in any BAR has several kinds */
bool map_has_overlaps(const struct map *map)
{
	size_t bar, i;

	for (bar = 0; bar < map->bars; bar++)
		for (i = 0; i < map->bar[bar].count; i++)
			if (map_span_overlaps(&map->bar[bar].span[i]))
				return true;
	return false;
}

uint64_t map_first_page(const struct map *map, const struct map_span *span)
{
	return span->offset / map->facts->page_size;
}

uint64_t map_last_page(const struct map *map, const struct map_span *span)
{
	return (span->offset + span->size - 1) / map->facts->page_size;
}
