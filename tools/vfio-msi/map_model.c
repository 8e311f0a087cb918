// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BARs of a device as spans: table, PBA, windows, registers, and how the pages
 * that each lies in can be mapped. Nothing here looks at a device.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* Address, data and control of a vector */
#define ENTRY_SIZE	16

/* Fewer are not enough to tell one page from the next. */
#define CELLS_PER_PAGE	4

/* Something with a name in a BAR, by its bytes. */
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

/* Where a span may begin or end. */
struct edges {
	size_t count;
	uint64_t *at;
};

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

/* A bit for each vector, in units of 64. */
uint64_t map_pba_size(const struct msix_cap *msix)
{
	return (msix->vectors + 63) / 64 * (uint64_t)8;
}

/* A capability can name a place that the device does not have. */
static void add_part(struct map_facts *facts, struct parts *parts, struct part part)
{
	const struct map_space *space = part.bar < BARS ? &facts->space[part.bar] : NULL;

	if (!space || space->ports || part.offset >= space->size) {
		map_note(facts, "the %s is said to be at 0x%llx of BAR %u, which has no such place",
			 map_kind_name(part.kind), (unsigned long long)part.offset, part.bar);
		return;
	}
	if (part.size > space->size - part.offset) {
		map_note(facts, "the %s does not fit into BAR %u", map_kind_name(part.kind),
			 part.bar);
		part.size = space->size - part.offset;
	}
	parts->part = xrealloc(parts->part, parts->count + 1, sizeof(*parts->part));
	parts->part[parts->count++] = part;
}

static char *part_text(const struct part *part)
{
	return part->kind == MAP_WINDOW ? format_text("window %u", part->window) :
					  format_text("the %s", map_kind_name(part->kind));
}

/* A device can say that its PBA is inside of its table, and some do. */
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
		add_part(facts, parts, (struct part){
			.kind = MAP_WINDOW, .window = i, .bar = facts->windows.window[i].bar,
			.offset = facts->windows.window[i].offset,
			.size = facts->windows.window[i].size });
}

static uint64_t page_floor(const struct map_facts *facts, uint64_t at)
{
	return at - at % facts->page_size;
}

static uint64_t page_ceil(const struct map_facts *facts, uint64_t at)
{
	return page_floor(facts, at + facts->page_size - 1);
}

/* Of a BAR that is smaller than its pages, the page's end is its own. */
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
	uint64_t size = facts->space[bar].size;
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

static void look_for_parts(const struct map_facts *facts, const struct parts *parts,
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

static void look_for_rules(const struct map_facts *facts, unsigned int bar, struct map_span *span)
{
	uint64_t end = page_ceil(facts, span->offset + span->size);
	size_t i;

	span->access = facts->space[bar].access;
	for (i = 0; i < facts->rules; i++) {
		const struct map_rule *rule = &facts->rule[i];

		if (rule->bar == bar && rule->access < span->access &&
		    overlap(page_floor(facts, span->offset), end, rule->offset, rule->size))
			span->access = rule->access;
	}
}

static bool looks_same(const struct map_span *a, const struct map_span *b)
{
	return a->kinds == b->kinds && a->window == b->window && a->access == b->access;
}

static void append(struct map_span **spans, size_t *count, const struct map_span *span)
{
	*spans = xrealloc(*spans, *count + 1, sizeof(**spans));
	(*spans)[(*count)++] = *span;
}

static void add_span(struct map_bar *bar, const struct map_span *span)
{
	struct map_span *last = bar->count ? &bar->span[bar->count - 1] : NULL;
	struct map_span *draw = bar->drawn ? &bar->draw[bar->drawn - 1] : NULL;

	if (last && looks_same(last, span) && last->beside == span->beside)
		last->size += span->size;
	else
		append(&bar->span, &bar->count, span);
	if (draw && looks_same(draw, span))
		draw->size += span->size;
	else
		append(&bar->draw, &bar->drawn, span);
}

static void build_bar(const struct map_facts *facts, const struct parts *parts,
		      struct map_bar *bar)
{
	struct edges edges = { .count = 0 };
	size_t i;

	bar->pages = page_ceil(facts, bar->space->size) / facts->page_size;
	find_edges(facts, parts, bar->number, &edges);
	for (i = 1; i < edges.count; i++) {
		struct map_span span = {
			.offset = edges.at[i - 1],
			.size = edges.at[i] - edges.at[i - 1],
		};

		if (!span.size)
			continue;
		look_for_parts(facts, parts, bar->number, &span);
		look_for_rules(facts, bar->number, &span);
		add_span(bar, &span);
	}
	free(edges.at);
}

/* Notes in @facts what they say that cannot be. */
void map_build(struct map_facts *facts, struct map *map)
{
	struct parts parts = { .count = 0 };
	unsigned int number;

	*map = (struct map){ .facts = facts };
	find_parts(facts, &parts);
	note_overlaps(facts, &parts);
	for (number = 0; number < BARS; number++) {
		struct map_bar *bar = &map->bar[map->bars];

		if (!facts->space[number].size)
			continue;
		map->bars++;
		bar->number = number;
		bar->space = &facts->space[number];
		if (!bar->space->ports)
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

/* Are several things in the same bytes? */
bool map_span_overlaps(const struct map_span *span)
{
	return span->kinds & (span->kinds - 1);
}

/* Are there such bytes in any BAR? */
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

/* A cell that has both shows what is not registers. */
static uint64_t first_cell(const struct map_span *span, uint64_t start, uint64_t step)
{
	return (span->offset - start + (span->kinds ? 0 : step - 1)) / step;
}

/* Registers that are smaller than a cell may go without. */
static size_t least_cells(const struct map_span *span, uint64_t step)
{
	return span->kinds || span->size >= step;
}

/* Where each of the spans begins, so that it is not squeezed out by its neighbours. */
static void place(const struct map_span *span, size_t count, uint64_t start, uint64_t step,
		  size_t cells, size_t *begin)
{
	size_t i;

	begin[0] = 0;
	for (i = 1; i < count; i++) {
		uint64_t at = first_cell(&span[i], start, step);
		size_t least = begin[i - 1] + least_cells(&span[i - 1], step);

		begin[i] = at > least ? (at < cells ? at : cells) : least;
	}
	begin[count] = cells;
	for (i = count; i-- > 1;) {
		size_t least = least_cells(&span[i], step);
		size_t most = begin[i + 1] > least ? begin[i + 1] - least : 0;

		if (begin[i] > most)
			begin[i] = most;
	}
}

/* What of a BAR is between two bytes. Returns the first one's number in @bar->draw. */
static size_t cut_out(const struct map_bar *bar, uint64_t start, uint64_t end,
		      struct map_span **part, size_t *count)
{
	size_t i, first = 0;

	while (bar->draw[first].offset + bar->draw[first].size <= start)
		first++;
	*part = NULL;
	*count = 0;
	for (i = first; i < bar->drawn && bar->draw[i].offset < end; i++) {
		struct map_span span = bar->draw[i];
		uint64_t behind = span.offset + span.size;

		span.offset = span.offset < start ? start : span.offset;
		span.size = (behind < end ? behind : end) - span.offset;
		append(part, count, &span);
	}
	return first;
}

/**
 * map_cells - bytes of a BAR, to scale
 * @bar: a memory BAR
 * @start: first byte
 * @end: first byte behind; a BAR that ends before it does so in the last cell
 * @cells: how many cells there are, at least 1
 * @cell: out: the number in @bar->draw of what each cell shows
 *
 * What is smaller than a cell is given a whole one, at the cost of its neighbours.
 */
void map_cells(const struct map_bar *bar, uint64_t start, uint64_t end, size_t cells, size_t *cell)
{
	uint64_t step = (end - start) / cells;
	size_t first, count, i, at, *begin;
	struct map_span *part;

	first = cut_out(bar, start, end, &part, &count);
	begin = xrealloc(NULL, count + 1, sizeof(*begin));
	place(part, count, start, step ? step : 1, cells, begin);
	for (i = 0; i < count; i++)
		for (at = begin[i]; at < begin[i + 1]; at++)
			cell[at] = first + i;
	free(begin);
	free(part);
}

/* Are there cells enough to show where each page begins? */
bool map_pages_fit(const struct map_bar *bar, size_t cells)
{
	return bar->pages <= cells / CELLS_PER_PAGE;
}

/* A whole BAR. Where its pages can be told apart nothing is drawn in a wrong one. */
void map_bar_cells(const struct map *map, const struct map_bar *bar, size_t cells, size_t *cell)
{
	uint64_t page_size = map->facts->page_size, page;

	if (bar->pages == 1 || !map_pages_fit(bar, cells)) {
		map_cells(bar, 0, bar->space->size, cells, cell);
		return;
	}
	for (page = 0; page < bar->pages; page++) {
		size_t from = page * cells / bar->pages, to = (page + 1) * cells / bar->pages;

		map_cells(bar, page * page_size, (page + 1) * page_size, to - from, cell + from);
	}
}

/* How many offsets to name: page borders only, unless the BAR has a single page. */
size_t map_labels(const struct map_bar *bar, size_t most)
{
	size_t labels = 1;

	while (labels * 2 <= most && (bar->pages == 1 || labels * 2 <= bar->pages))
		labels *= 2;
	return labels;
}

static void add_row(struct map_row **rows, size_t *count, struct map_row row)
{
	*rows = xrealloc(*rows, *count + 1, sizeof(**rows));
	(*rows)[(*count)++] = row;
}

/*
 * The pages that are more than registers: those that have several spans, and of each
 * span the first and the last. The caller frees @rows.
 */
size_t map_rows(const struct map *map, const struct map_bar *bar, struct map_row **rows)
{
	uint64_t next = 0;
	size_t i, count = 0;

	*rows = NULL;
	for (i = 0; i < bar->count && bar->pages > 1; i++) {
		const struct map_span *span = &bar->span[i];
		uint64_t first = map_first_page(map, span), last = map_last_page(map, span);

		if (!(span->kinds | span->beside) || last < next)
			continue;
		first = first < next ? next : first;
		next = last + 1;
		add_row(rows, &count, (struct map_row){ first, 0, span->access });
		/* a single page is better shown than counted */
		if (last - first > 2)
			add_row(rows, &count,
				(struct map_row){ first + 1, last - first - 1, span->access });
		else if (last - first == 2)
			add_row(rows, &count, (struct map_row){ first + 1, 0, span->access });
		if (last > first)
			add_row(rows, &count, (struct map_row){ last, 0, span->access });
	}
	return count;
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

/* What there is to be said of the device as a whole; the caller frees it. */
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

/* How it is known what can be mapped; the caller frees it. */
char *map_source_text(const struct map_facts *facts)
{
	static const char *const source[] = {
		[MAP_SOURCE_NOBODY]	= "not known",
		[MAP_SOURCE_OPENED]	= "asked of the driver",
		[MAP_SOURCE_FILES]	= "read from the driver's files",
		[MAP_SOURCE_VFIO_PCI]	= "not asked; what vfio-pci is known to do",
	};

	if (!facts->table_map[0])
		return format_text("%s", source[facts->source]);
	return format_text("%s; the table's rule is %s (%s)", source[facts->source],
			   facts->table_map, facts->table_reason);
}

/* "table, PBA"; the caller frees it. */
char *map_kinds_text(unsigned int kinds, const char *none)
{
	char *text = format_text("%s", kinds ? "" : none);
	unsigned int kind;

	for (kind = 0; kind < MAP_KINDS; kind++) {
		char *longer;

		if (!(kinds & 1u << kind))
			continue;
		longer = format_text("%s%s%s", text, *text ? ", " : "", map_kind_name(kind));
		free(text);
		text = longer;
	}
	return text;
}

/* "window 0"; the caller frees it. */
char *map_span_text(const struct map_span *span)
{
	char *kinds = map_kinds_text(span->kinds, "registers"), *text;

	if (!(span->kinds & 1u << MAP_WINDOW))
		return kinds;
	text = format_text("%s %u", kinds, span->window);
	free(kinds);
	return text;
}

/* "16 KiB"; the caller frees it. */
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

/* What there is to be said of a BAR as a whole; the caller frees it. */
char *map_bar_text(const struct map *map, const struct map_bar *bar)
{
	char *size = map_size_text(bar->space->size), *text;

	if (bar->space->ports)
		text = format_text("BAR %u: %s of I/O ports, which cannot be mapped", bar->number,
				   size);
	else
		text = format_text("BAR %u: %s of %s-bit%s memory, %llu page%s", bar->number, size,
				   bar->space->wide ? "64" : "32",
				   bar->space->prefetch ? " prefetchable" : "",
				   (unsigned long long)bar->pages,
				   bar->space->size < map->facts->page_size ? ", not filled" :
				   bar->pages == 1 ? "" : "s");
	free(size);
	return text;
}
