// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-msi map: shared by the text and the SVG. A cell stands for a number of bytes; the
 * functions here choose what each cell shows, which pages get a row, and the words.
 */
#include <stdlib.h>

#include "map.h"

/* With fewer cells per page, pages cannot be told apart. */
#define CELLS_PER_PAGE	4

/* A cell that is part registers and part something else shows the latter. */
static uint64_t first_cell(const struct map_span *span, uint64_t start, uint64_t step)
{
	return (span->offset - start + (span->kinds ? 0 : step - 1)) / step;
}

/* Registers that are smaller than a cell may get no cell. */
static size_t least_cells(const struct map_span *span, uint64_t step)
{
	return span->kinds || span->size >= step;
}

/* Computes the first cell of each span, so that every span gets the cells that it needs. */
static void place_spans(const struct map_span *span, size_t count, uint64_t start, uint64_t step,
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

/*
 * Copies the part of a BAR's spans between two bytes. Returns the index in @bar->draw of the
 * first of these spans.
 */
static size_t clip_spans(const struct map_bar *bar, uint64_t start, uint64_t end,
			 struct map_span **part, size_t *count)
{
	size_t i, first = 0;

	while (bar->draw[first].offset + bar->draw[first].size <= start)
		first++;
	*part = NULL;
	*count = 0;
	for (i = first; i < bar->drawn && bar->draw[i].offset < end; i++) {
		struct map_span span = bar->draw[i];
		uint64_t end_of_span = span.offset + span.size;

		span.offset = span.offset < start ? start : span.offset;
		span.size = (end_of_span < end ? end_of_span : end) - span.offset;
		map_append_span(part, count, &span);
	}
	return first;
}

/**
 * map_cells - choose what cells show of a range of a BAR, to scale
 * @bar: a memory BAR
 * @start: first byte
 * @end: first byte after the range; a BAR that ends earlier ends in the last cell
 * @cells: how many cells there are, at least 1
 * @cell: out: for each cell, the index in @bar->draw of the span that it shows
 *
 * A table, PBA or window that is smaller than a cell gets a whole cell, and its neighbours
 * get fewer.
 */
void map_cells(const struct map_bar *bar, uint64_t start, uint64_t end, size_t cells, size_t *cell)
{
	uint64_t step = (end - start) / cells;
	size_t first, count, i, at, *begin;
	struct map_span *part;

	first = clip_spans(bar, start, end, &part, &count);
	begin = xrealloc(NULL, count + 1, sizeof(*begin));
	place_spans(part, count, start, step ? step : 1, cells, begin);
	for (i = 0; i < count; i++)
		for (at = begin[i]; at < begin[i + 1]; at++)
			cell[at] = first + i;
	free(begin);
	free(part);
}

/* Whether there are enough cells to show where each page begins */
bool map_pages_fit(const struct map_bar *bar, size_t cells)
{
	return bar->pages <= cells / CELLS_PER_PAGE;
}

/*
 * The same for a whole BAR. If there are enough cells, each page is placed by itself, so
 * that nothing is drawn in the wrong page.
 */
void map_bar_cells(const struct map *map, const struct map_bar *bar, size_t cells, size_t *cell)
{
	uint64_t page_size = map->facts->page_size, page;

	if (bar->pages == 1 || !map_pages_fit(bar, cells)) {
		map_cells(bar, 0, bar->info->size, cells, cell);
		return;
	}
	for (page = 0; page < bar->pages; page++) {
		size_t from = page * cells / bar->pages, to = (page + 1) * cells / bar->pages;

		map_cells(bar, page * page_size, (page + 1) * page_size, to - from, cell + from);
	}
}

/* The number of offsets to label: only page borders, unless the BAR has a single page */
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
 * The pages to draw one by one: for each table, PBA or window, and the registers in the same
 * pages, the first and the last page. The caller frees @rows.
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
		/* "1 more page" would take a row, too, so show that page */
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

/* "table, PBA". The caller frees it. */
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

/* "window 0". The caller frees it. */
char *map_span_text(const struct map_span *span)
{
	char *kinds = map_kinds_text(span->kinds, "registers"), *text;

	if (!(span->kinds & 1u << MAP_WINDOW))
		return kinds;
	text = format_text("%s %u", kinds, span->window);
	free(kinds);
	return text;
}

/* A line about a BAR. The caller frees it. */
char *map_bar_text(const struct map *map, const struct map_bar *bar)
{
	char *size = map_size_text(bar->info->size), *text;

	if (bar->info->ports)
		text = format_text("BAR %u: %s of I/O ports, which cannot be mapped", bar->number,
				   size);
	else
		text = format_text("BAR %u: %s of %s-bit%s memory, %llu page%s", bar->number, size,
				   bar->info->wide ? "64" : "32",
				   bar->info->prefetch ? " prefetchable" : "",
				   (unsigned long long)bar->pages,
				   bar->info->size < map->facts->page_size ? ", partly used" :
				   bar->pages == 1 ? "" : "s");
	free(size);
	return text;
}
