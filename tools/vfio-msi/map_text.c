// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-msi map: the picture as text. For each BAR: the whole BAR with its access below, a
 * row for each page that has more than registers, and a list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define LEAST_CELLS	32
#define MOST_CELLS	128

enum mark {
	MARK_REGISTERS,
	MARK_TABLE,
	MARK_PBA,
	MARK_WINDOW,
	MARK_SEVERAL,
	MARK_NONE,
	MARK_UNKNOWN,
	MARK_READ,
	MARK_READ_WRITE,
	MARK_TICK,
	MARK_BORDER,
	MARK_BLANK,
};

static const struct {
	const char *ascii;
	const char *utf8;
	const char *colour;
} marks[] = {
	[MARK_REGISTERS]	= { ".", "·", "" },
	[MARK_TABLE]		= { "T", "T", "\033[30;43m" },
	[MARK_PBA]		= { "P", "P", "\033[30;46m" },
	[MARK_WINDOW]		= { "W", "W", "\033[30;45m" },
	[MARK_SEVERAL]		= { "*", "*", "\033[30;41m" },
	[MARK_NONE]		= { "x", "×", "\033[31m" },
	[MARK_UNKNOWN]		= { "?", "?", "" },
	[MARK_READ]		= { "-", "─", "\033[33m" },
	[MARK_READ_WRITE]	= { "=", "═", "\033[32m" },
	[MARK_TICK]		= { "|", "╷", "" },
	[MARK_BORDER]		= { "|", "│", "" },
	[MARK_BLANK]		= { " ", " ", "" },
};

/* What all rows of a picture have in common */
struct canvas {
	const struct map *map;
	const struct map_style *style;
	int label;		/* columns for an offset */
	size_t cells;
	size_t *cell;
};

static enum mark kind_mark(const struct map_span *span)
{
	if (map_span_overlaps(span))
		return MARK_SEVERAL;
	if (span->kinds & 1u << MAP_TABLE)
		return MARK_TABLE;
	if (span->kinds & 1u << MAP_WINDOW)
		return MARK_WINDOW;
	return span->kinds ? MARK_PBA : MARK_REGISTERS;
}

static enum mark access_mark(const struct map_span *span)
{
	return MARK_NONE + span->access;
}

static void print_mark(const struct canvas *canvas, enum mark mark, size_t times)
{
	const char *colour = canvas->style->colour ? marks[mark].colour : "";

	fputs(colour, stdout);
	while (times--)
		fputs(canvas->style->utf8 ? marks[mark].utf8 : marks[mark].ascii, stdout);
	if (*colour)
		fputs("\033[0m", stdout);
}

static void print_cells(const struct canvas *canvas, const struct map_bar *bar, size_t count,
			enum mark (*mark)(const struct map_span *span))
{
	size_t i, from;

	for (from = 0; from < count; from = i) {
		for (i = from + 1; i < count && canvas->cell[i] == canvas->cell[from]; i++)
			;
		print_mark(canvas, mark(&bar->draw[canvas->cell[from]]), i - from);
	}
}

/* The column of offsets, and the border or a space */
static void print_offset(const struct canvas *canvas, uint64_t offset, enum mark border)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)offset);
	printf("%*s ", canvas->label, text);
	print_mark(canvas, border, 1);
}

static void print_margin(const struct canvas *canvas, enum mark border)
{
	printf("%*s ", canvas->label, "");
	print_mark(canvas, border, 1);
}

/* A cell is at least a byte. */
static size_t count_cells(const struct canvas *canvas, uint64_t size)
{
	return size < canvas->cells ? size : canvas->cells;
}

static void print_ruler(const struct canvas *canvas, const struct map_bar *bar, size_t cells)
{
	/* with space between two labels */
	size_t labels = map_labels(bar, cells / ((size_t)canvas->label + 3)), at, i, ticks;

	print_margin(canvas, MARK_BLANK);
	for (i = 0; i < labels; i++) {
		at = i * cells / labels;
		printf("0x%-*llx", i + 1 < labels ? (int)((i + 1) * cells / labels - at) - 2 : 0,
		       (unsigned long long)(bar->info->size / labels * i));
	}
	putchar('\n');

	print_margin(canvas, MARK_BLANK);
	ticks = map_pages_fit(bar, cells) ? bar->pages : labels;
	for (i = 0; i < ticks; i++) {
		print_mark(canvas, MARK_TICK, 1);
		if (i + 1 < ticks)
			print_mark(canvas, MARK_BLANK,
				   (i + 1) * cells / ticks - i * cells / ticks - 1);
	}
	putchar('\n');
}

static void print_whole(const struct canvas *canvas, const struct map_bar *bar)
{
	size_t cells = count_cells(canvas, bar->info->size);

	print_ruler(canvas, bar, cells);
	map_bar_cells(canvas->map, bar, cells, canvas->cell);
	print_margin(canvas, MARK_BLANK);
	print_cells(canvas, bar, cells, kind_mark);
	putchar('\n');
	print_margin(canvas, MARK_BLANK);
	print_cells(canvas, bar, cells, access_mark);
	putchar('\n');
}

static void print_page(const struct canvas *canvas, const struct map_bar *bar,
		       const struct map_row *row)
{
	uint64_t page_size = canvas->map->facts->page_size;
	size_t cells = count_cells(canvas, page_size);

	map_cells(bar, row->page * page_size, (row->page + 1) * page_size, cells, canvas->cell);
	print_offset(canvas, row->page * page_size, MARK_BORDER);
	print_cells(canvas, bar, cells, kind_mark);
	print_mark(canvas, MARK_BORDER, 1);
	putchar(' ');
	print_mark(canvas, MARK_NONE + row->access, 1);
	putchar('\n');
}

static char *cell_text(const struct canvas *canvas, uint64_t size)
{
	char *text = map_size_text(size / count_cells(canvas, size));
	char *whole = format_text("%s a cell", text);

	free(text);
	return whole;
}

static void print_pages(const struct canvas *canvas, const struct map_bar *bar)
{
	struct map_row *row;
	size_t i, count = map_rows(canvas->map, bar, &row);
	char *scale = cell_text(canvas, canvas->map->facts->page_size);

	if (count)
		printf("\nPages that have more than registers, %s:\n", scale);
	for (i = 0; i < count; i++) {
		if (!row[i].skipped) {
			print_page(canvas, bar, &row[i]);
			continue;
		}
		print_margin(canvas, MARK_BORDER);
		printf(" %llu more pages like the one above\n",
		       (unsigned long long)row[i].skipped);
	}
	free(scale);
	free(row);
}

static void list_span(const struct map *map, const struct map_span *span, struct table *table)
{
	uint64_t first = map_first_page(map, span), last = map_last_page(map, span);
	char *what = map_span_text(span), *beside = map_kinds_text(span->beside, "-");
	char *pages = first == last ? format_text("%llu", (unsigned long long)first) :
		      format_text("%llu-%llu", (unsigned long long)first, (unsigned long long)last);

	table_add(table, "0x%llx\t0x%llx\t%s\t%s\t%s\t%s", (unsigned long long)span->offset,
		  (unsigned long long)span->size, pages, what, beside,
		  map_access_name(span->access));
	free(pages);
	free(beside);
	free(what);
}

static void list_spans(const struct map *map, const struct map_bar *bar)
{
	struct table table;
	size_t i;

	putchar('\n');
	table_init(&table, 6, 1 << 0 | 1 << 1 | 1 << 2);
	table_add(&table, "OFFSET\tSIZE\tPAGES\tWHAT\tBESIDE\tACCESS");
	for (i = 0; i < bar->count; i++)
		list_span(map, &bar->span[i], &table);
	table_print(&table);
}

static void print_bar(const struct canvas *canvas, const struct map_bar *bar)
{
	char *text = map_bar_text(canvas->map, bar), *scale;

	printf("\n%s", text);
	free(text);
	if (bar->info->ports) {
		putchar('\n');
		return;
	}
	scale = cell_text(canvas, bar->info->size);
	printf(", %s\n", scale);
	free(scale);
	print_whole(canvas, bar);
	print_pages(canvas, bar);
	list_spans(canvas->map, bar);
}

static void print_legend(const struct canvas *canvas)
{
	static const struct {
		enum mark mark;
		const char *text;
	} legend[] = {
		{ MARK_REGISTERS,	" registers  " },
		{ MARK_TABLE,		" table  " },
		{ MARK_PBA,		" PBA  " },
		{ MARK_WINDOW,		" window  " },
		{ MARK_SEVERAL,		" several of them  " },
		{ MARK_TICK,		" page border\n" },
		{ MARK_READ_WRITE,	" rw: read and write  " },
		{ MARK_READ,		" ro: read only  " },
		{ MARK_NONE,		" none: cannot be mapped  " },
		{ MARK_UNKNOWN,		" unknown\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(legend) / sizeof(legend[0]); i++) {
		if (legend[i].mark == MARK_SEVERAL && !map_has_overlaps(canvas->map))
			continue;
		print_mark(canvas, legend[i].mark, 1);
		fputs(legend[i].text, stdout);
	}
}

static void print_head(const struct map *map, const char *address)
{
	char *head = map_head_text(map->facts), *access = map_source_text(map->facts);

	printf("%s: %s\nAccess: %s\n", address, head, access);
	free(access);
	free(head);
}

static int label_width(const struct map *map)
{
	int width = 0;
	size_t i;

	for (i = 0; i < map->bars; i++) {
		int needed = snprintf(NULL, 0, "0x%llx",
				      (unsigned long long)map->bar[i].info->size - 1);

		if (needed > width)
			width = needed;
	}
	return width;
}

/* A power of two, like the sizes of BARs and pages, so that all cells are equal. */
static size_t choose_cells(const struct canvas *canvas)
{
	/* beside the label and the cells: two spaces, two borders, the access */
	size_t around = (size_t)canvas->label + 5, cells = LEAST_CELLS;

	while (cells < MOST_CELLS && cells * 2 + around <= canvas->style->width)
		cells *= 2;
	return cells;
}

void map_print_text(const struct map *map, const char *address, const struct map_style *style)
{
	struct canvas canvas = { .map = map, .style = style, .label = label_width(map) };
	size_t i;

	canvas.cells = choose_cells(&canvas);
	canvas.cell = xrealloc(NULL, canvas.cells, sizeof(*canvas.cell));
	print_head(map, address);
	print_legend(&canvas);
	for (i = 0; i < map->bars; i++)
		print_bar(&canvas, &map->bar[i]);
	if (!map->bars)
		puts("\nIt has no BARs.");
	for (i = 0; i < map->facts->notes; i++)
		printf("%sNote: %s.\n", i ? "" : "\n", map->facts->note[i]);
	free(canvas.cell);
}
