// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-msi map: the picture as an SVG document that needs no other file. It has the rows of
 * the text with smaller cells, and shows the name of what is under the pointer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* A smaller cell could not be seen. */
#define CELL		4
#define CELLS		256
#define ROW		(CELL * CELLS)
#define MARGIN		24
#define LEFT		(MARGIN + 100)
#define RIGHT		(LEFT + ROW)
#define WIDTH		(RIGHT + 80)
#define LINE		20
#define LETTER		8
#define SMALL_LETTER	7
#define PADDING		6

struct svg {
	FILE *out;
	const struct map *map;
	unsigned int y;
};

static const char style[] =
	"text{font:13px ui-monospace,Consolas,\"DejaVu Sans Mono\",monospace;fill:#1f2328}\n"
	"text.device{font-size:18px;font-weight:bold}\n"
	"text.bar{font-size:15px;font-weight:bold}\n"
	"text.small{font-size:11px}\n"
	"text.end{text-anchor:end}\n"
	"text.soft{fill:#59636e}\n"
	"rect.back{fill:#ffffff}\n"
	"rect.registers{fill:#dfe4ea}\n"
	"rect.table{fill:#f2a65a}\n"
	"rect.pba{fill:#6db3f2}\n"
	"rect.window{fill:#c49bf0}\n"
	"rect.several{fill:#e0708c}\n"
	"rect.rw{fill:#8fd6a0}\n"
	"rect.ro{fill:#f5d565}\n"
	"rect.none{fill:#f08a85}\n"
	"rect.unknown{fill:#b9c0c8}\n"
	"text.on{fill:#16191d}\n"
	"line{stroke:#59636e;stroke-width:1;stroke-opacity:.6}\n"
	"@media (prefers-color-scheme:dark){\n"
	"text{fill:#e6edf3}\n"
	"text.soft{fill:#9aa4af}\n"
	"text.on{fill:#16191d}\n"
	"rect.back{fill:#0d1117}\n"
	"rect.registers{fill:#8b949e}\n"
	"line{stroke:#9aa4af}\n"
	"}\n";

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

/* Text with its lower edge at svg->y */
static void __attribute__((format(printf, 4, 5)))
put_text(struct svg *svg, unsigned int x, const char *class, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(svg->out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, svg->y, class);
	put_escaped(svg->out, text ? text : format);
	fputs("</text>\n", svg->out);
	free(text);
}

static void put_line(struct svg *svg, unsigned int x, unsigned int height)
{
	fprintf(svg->out, "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\"/>\n", x, svg->y, x,
		svg->y + height);
}

static const char *kind_class(const struct map_span *span)
{
	if (map_span_overlaps(span))
		return "several";
	if (span->kinds & 1u << MAP_TABLE)
		return "table";
	if (span->kinds & 1u << MAP_WINDOW)
		return "window";
	return span->kinds ? "pba" : "registers";
}

static const char *access_class(const struct map_span *span)
{
	return map_access_name(span->access);
}

static char *access_text(const struct map_span *span)
{
	return format_text("%s", map_access_name(span->access));
}

static bool is_same_span(const struct map_span *a, const struct map_span *b)
{
	return a == b;
}

static bool is_same_access(const struct map_span *a, const struct map_span *b)
{
	return a->access == b->access;
}

/* A row of rectangles. Adjacent cells that show the same have one rectangle. */
struct strip {
	unsigned int height;
	bool (*same)(const struct map_span *a, const struct map_span *b);
	const char *(*class)(const struct map_span *span);
	char *(*text)(const struct map_span *span);
};

static const struct strip kinds = { 28, is_same_span, kind_class, map_span_text };
static const struct strip accesses = { 14, is_same_access, access_class, access_text };

/* A rectangle for the bytes from the start of @first to the end of @last */
static void put_spans(struct svg *svg, const struct strip *strip, const struct map_span *first,
		      const struct map_span *last, unsigned int x, unsigned int width)
{
	char *text = strip->text(first);

	fprintf(svg->out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" class=\"%s\">"
		"<title>%s: 0x%llx to 0x%llx</title></rect>\n", x, svg->y, width, strip->height,
		strip->class(first), text, (unsigned long long)first->offset,
		(unsigned long long)(last->offset + last->size - 1));
	/* on the left, as there can be a page border in the middle */
	if (strlen(text) * SMALL_LETTER + PADDING <= width)
		fprintf(svg->out, "<text x=\"%u\" y=\"%u\" class=\"small on\">%s</text>\n",
			x + PADDING, svg->y + strip->height / 2 + 4, text);
	free(text);
}

static void put_strip(struct svg *svg, const struct strip *strip, const struct map_bar *bar,
		      const size_t *cell, size_t cells)
{
	unsigned int width = ROW / cells;
	size_t i, from;

	for (from = 0; from < cells; from = i) {
		const struct map_span *first = &bar->draw[cell[from]];

		for (i = from + 1; i < cells && strip->same(&bar->draw[cell[i]], first); i++)
			;
		put_spans(svg, strip, first, &bar->draw[cell[i - 1]], LEFT + from * width,
			  (i - from) * width);
	}
}

static void put_labels(struct svg *svg, const struct map_bar *bar)
{
	size_t labels = map_labels(bar, 8), i;

	for (i = 0; i < labels; i++)
		put_text(svg, LEFT + i * ROW / labels, "small soft", "0x%llx",
			 (unsigned long long)(bar->info->size / labels * i));
	put_text(svg, RIGHT, "small soft end", "0x%llx", (unsigned long long)bar->info->size);
}

/* The lines of page borders are longer than the rows are high. */
static void put_ticks(struct svg *svg, const struct map_bar *bar)
{
	uint64_t ticks = map_pages_fit(bar, CELLS) ? bar->pages : map_labels(bar, 8), i;

	svg->y -= 5;
	for (i = 0; i <= ticks; i++)
		put_line(svg, LEFT + i * ROW / ticks, kinds.height + accesses.height + 10);
	svg->y += 5;
}

static size_t count_cells(uint64_t size)
{
	return size < CELLS ? size : CELLS;
}

static void put_whole(struct svg *svg, const struct map_bar *bar)
{
	size_t cell[CELLS], cells = count_cells(bar->info->size);

	put_labels(svg, bar);
	svg->y += 8;
	map_bar_cells(svg->map, bar, cells, cell);
	put_strip(svg, &kinds, bar, cell, cells);
	svg->y += kinds.height;
	put_strip(svg, &accesses, bar, cell, cells);
	svg->y -= kinds.height;
	put_ticks(svg, bar);
	svg->y += kinds.height + accesses.height + LINE;
}

static void put_page(struct svg *svg, const struct map_bar *bar, const struct map_row *row)
{
	uint64_t page_size = svg->map->facts->page_size;
	size_t cell[CELLS], cells = count_cells(page_size);

	map_cells(bar, row->page * page_size, (row->page + 1) * page_size, cells, cell);
	put_strip(svg, &kinds, bar, cell, cells);
	put_line(svg, LEFT, kinds.height);
	put_line(svg, RIGHT, kinds.height);
	svg->y += kinds.height / 2 + 4;
	put_text(svg, LEFT - 10, "end", "0x%llx", (unsigned long long)(row->page * page_size));
	put_text(svg, RIGHT + 10, "", "%s", map_access_name(row->access));
	svg->y += kinds.height / 2;
}

static void put_pages(struct svg *svg, const struct map_bar *bar)
{
	struct map_row *row;
	size_t i, count = map_rows(svg->map, bar, &row);

	if (count) {
		svg->y += LINE / 2;
		put_text(svg, LEFT, "small soft", "Pages that have more than registers");
		svg->y += 8;
	}
	for (i = 0; i < count; i++) {
		if (!row[i].skipped) {
			put_page(svg, bar, &row[i]);
			continue;
		}
		svg->y += LINE / 2;
		put_text(svg, LEFT + 10, "small soft", "%llu more pages like the one above",
			 (unsigned long long)row[i].skipped);
		svg->y += 8;
	}
	svg->y += count ? LINE : 0;
	free(row);
}

/* The columns of the list. The first three have numbers, and these end at X. */
enum {
	OFFSET_X = LEFT + 80,
	SIZE_X = LEFT + 180,
	PAGES_X = LEFT + 300,
	WHAT_X = LEFT + 340,
	BESIDE_X = LEFT + 480,
	ACCESS_X = LEFT + 620,
};

static void list_span(struct svg *svg, const struct map_span *span)
{
	uint64_t first = map_first_page(svg->map, span), last = map_last_page(svg->map, span);
	char *what = map_span_text(span), *beside = map_kinds_text(span->beside, "-");

	put_text(svg, OFFSET_X, "end", "0x%llx", (unsigned long long)span->offset);
	put_text(svg, SIZE_X, "end", "0x%llx", (unsigned long long)span->size);
	if (first == last)
		put_text(svg, PAGES_X, "end", "%llu", (unsigned long long)first);
	else
		put_text(svg, PAGES_X, "end", "%llu-%llu", (unsigned long long)first,
			 (unsigned long long)last);
	put_text(svg, WHAT_X, "", "%s", what);
	put_text(svg, BESIDE_X, "", "%s", beside);
	put_text(svg, ACCESS_X, "", "%s", map_access_name(span->access));
	svg->y += LINE;
	free(beside);
	free(what);
}

static void list_spans(struct svg *svg, const struct map_bar *bar)
{
	size_t i;

	put_text(svg, OFFSET_X, "small soft end", "OFFSET");
	put_text(svg, SIZE_X, "small soft end", "SIZE");
	put_text(svg, PAGES_X, "small soft end", "PAGES");
	put_text(svg, WHAT_X, "small soft", "WHAT");
	put_text(svg, BESIDE_X, "small soft", "BESIDE");
	put_text(svg, ACCESS_X, "small soft", "ACCESS");
	svg->y += LINE;
	for (i = 0; i < bar->count; i++)
		list_span(svg, &bar->span[i]);
}

static void put_bar(struct svg *svg, const struct map_bar *bar)
{
	char *text = map_bar_text(svg->map, bar);

	svg->y += LINE;
	fprintf(svg->out, "<g id=\"bar%u\">\n", bar->number);
	put_text(svg, MARGIN, "bar", "%s", text);
	svg->y += LINE + 4;
	if (!bar->info->ports) {
		put_whole(svg, bar);
		put_pages(svg, bar);
		list_spans(svg, bar);
	}
	fputs("</g>\n", svg->out);
	svg->y += LINE / 2;
	free(text);
}

static void put_legend(struct svg *svg)
{
	static const struct {
		const char *class;
		const char *text;
	} legend[] = {
		{ "registers",	"registers" },
		{ "table",	"table" },
		{ "pba",	"PBA" },
		{ "window",	"window" },
		{ "several",	"several of them" },
		{ "rw",		"rw: read and write" },
		{ "ro",		"ro: read only" },
		{ "none",	"none: cannot be mapped" },
		{ "unknown",	"unknown" },
	};
	unsigned int x = MARGIN;
	size_t i;

	for (i = 0; i < sizeof(legend) / sizeof(legend[0]); i++) {
		if (!strcmp(legend[i].class, "several") && !map_has_overlaps(svg->map))
			continue;
		fprintf(svg->out, "<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" "
			"class=\"%s\"/>\n", x, svg->y - 11, legend[i].class);
		put_text(svg, x + 18, "", "%s", legend[i].text);
		x += 18 + strlen(legend[i].text) * LETTER + 24;
	}
	svg->y += LINE;
}

static void put_body(struct svg *svg)
{
	const struct map_facts *facts = svg->map->facts;
	char *head = map_head_text(facts), *access = map_source_text(facts);
	size_t i;

	svg->y = MARGIN + LINE;
	put_text(svg, MARGIN, "device", "%s", facts->address);
	svg->y += LINE;
	put_text(svg, MARGIN, "soft", "%s. Access: %s", head, access);
	svg->y += LINE + 4;
	put_legend(svg);
	for (i = 0; i < svg->map->bars; i++)
		put_bar(svg, &svg->map->bar[i]);
	for (i = 0; i < facts->notes; i++) {
		svg->y += i ? 0 : LINE;
		put_text(svg, MARGIN, "", "Note: %s.", facts->note[i]);
		svg->y += LINE;
	}
	free(access);
	free(head);
}

static void put_head(FILE *out, const struct map *map, unsigned int height)
{
	char *head = map_head_text(map->facts), *access = map_source_text(map->facts);

	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" role=\"img\" aria-labelledby=\"title desc\">\n"
		"<title id=\"title\">BARs of %s</title>\n<desc id=\"desc\">", WIDTH, height, WIDTH,
		height, map->facts->address);
	put_escaped(out, head);
	fputs(". Access: ", out);
	put_escaped(out, access);
	fprintf(out, "</desc>\n<style>\n%s</style>\n"
		"<rect x=\"0\" y=\"0\" width=\"%u\" height=\"%u\" class=\"back\"/>\n", style,
		WIDTH, height);
	free(access);
	free(head);
}

/* The head has the height, which is known when the body has been drawn. */
void map_print_svg(const struct map *map, FILE *out)
{
	struct svg svg = { .map = map };
	char *body = NULL;
	size_t size;

	svg.out = open_memstream(&body, &size);
	if (!svg.out)
		out_of_memory();
	put_body(&svg);
	if (fclose(svg.out))
		out_of_memory();
	put_head(out, map, svg.y + MARGIN);
	fputs(body, out);
	fputs("</svg>\n", out);
	free(body);
}
