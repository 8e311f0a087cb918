/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-msi map: declarations that its files share. Facts are read, a model is computed
 * from them, and the model is shown. The files from the top, as in vfio-msi.h:
 *
 * map.c		the command line and the output files
 * map_read.c		reads the facts: config space, sysfs, debugfs, kernel log
 * map_query.c		queries the driver of a device that can be opened
 * map_text.c, map_svg.c, map_json.c
 *			three ways to show a model
 * map_picture.c	shared by the text and the SVG: scale, rows, words
 * map_model.c		computes the model from the facts alone, without a device:
 *			what is where in the BARs, and how it can be mapped
 * map_facts.c		the facts and their words
 */
#ifndef VFIO_MSI_MAP_H
#define VFIO_MSI_MAP_H

#include <stdio.h>

#include "vfio-msi.h"

enum map_kind {
	MAP_TABLE,
	MAP_PBA,
	MAP_WINDOW,
	MAP_KINDS,
};

/* From the strictest on. The strictest rule of all that shares a page holds. */
enum map_access {
	MAP_NONE,
	MAP_UNKNOWN,
	MAP_READ,
	MAP_READ_WRITE,
};

/* Where it is known from how pages can be mapped */
enum map_source {
	MAP_SOURCE_NOBODY,
	MAP_SOURCE_OPENED,	/* the driver of the opened device */
	MAP_SOURCE_FILES,	/* the driver's files in sysfs and debugfs */
	MAP_SOURCE_VFIO_PCI,	/* vfio-pci always does the same */
};

enum map_isolation {
	MAP_ISOLATION_UNKNOWN,
	MAP_NOT_ISOLATED,
	MAP_ISOLATED,
};

/* A BAR of the device */
struct map_bar_info {
	uint64_t size;			/* 0: there is no such BAR */
	bool ports;			/* I/O ports, not memory */
	bool wide;			/* 64-bit */
	bool prefetch;
	enum map_access access;		/* of pages without a rule */
};

/* A rule for all pages that have one of these bytes */
struct map_rule {
	unsigned int bar;
	uint64_t offset;
	uint64_t size;
	enum map_access access;
};

struct map_facts {
	char address[NAME_SIZE];
	char driver[NAME_SIZE];		/* empty: none */
	enum map_source source;
	enum map_isolation isolation;
	char table_map[NAME_SIZE];	/* the words in msix_table_map; empty: not known */
	char table_reason[NAME_SIZE];
	uint64_t page_size;
	struct map_bar_info bar_info[BARS];
	struct msix_cap msix;
	bool windows_known;
	struct window_list windows;
	size_t rules;
	struct map_rule *rule;
	size_t notes;			/* what is not known, and why */
	char **note;
};

/* Adjacent bytes of a BAR with the same kinds and access */
struct map_span {
	uint64_t offset;
	uint64_t size;
	unsigned int kinds;		/* a bit for each map_kind; 0: registers */
	unsigned int beside;		/* the same: what else is in its pages */
	unsigned int window;		/* the window's number, if it is one */
	enum map_access access;
};

struct map_bar {
	unsigned int number;
	const struct map_bar_info *info;
	uint64_t pages;
	size_t count;
	struct map_span *span;
	size_t drawn;			/* spans that differ in @beside only are one here */
	struct map_span *draw;
};

struct map {
	const struct map_facts *facts;
	size_t bars;
	struct map_bar bar[BARS];
};

/* map_read.c */

int map_read(const struct device *dev, struct map_facts *facts);

/* map_query.c */

int map_query(const struct session *session, struct map_facts *facts);

/* map_facts.c */

void map_note(struct map_facts *facts, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void map_add_rule(struct map_facts *facts, const struct map_rule *rule);
void map_facts_free(struct map_facts *facts);
uint64_t map_table_size(const struct msix_cap *msix);
uint64_t map_pba_size(const struct msix_cap *msix);
const char *map_kind_name(enum map_kind kind);
const char *map_access_name(enum map_access access);
char *map_size_text(uint64_t size);
char *map_head_text(const struct map_facts *facts);
char *map_source_text(const struct map_facts *facts);

/* map_model.c */

void map_build(struct map_facts *facts, struct map *map);
void map_free(struct map *map);
void map_append_span(struct map_span **spans, size_t *count, const struct map_span *span);
bool map_span_overlaps(const struct map_span *span);
bool map_has_overlaps(const struct map *map);
uint64_t map_first_page(const struct map *map, const struct map_span *span);
uint64_t map_last_page(const struct map *map, const struct map_span *span);

/* map_picture.c */

void map_cells(const struct map_bar *bar, uint64_t start, uint64_t end, size_t cells, size_t *cell);
void map_bar_cells(const struct map *map, const struct map_bar *bar, size_t cells, size_t *cell);
bool map_pages_fit(const struct map_bar *bar, size_t cells);
size_t map_labels(const struct map_bar *bar, size_t most);

/* A page to draw or, if @skipped is not 0, a number of pages like the one before */
struct map_row {
	uint64_t page;
	uint64_t skipped;
	enum map_access access;
};

size_t map_rows(const struct map *map, const struct map_bar *bar, struct map_row **row);

char *map_kinds_text(unsigned int kinds, const char *none);
char *map_span_text(const struct map_span *span);
char *map_bar_text(const struct map *map, const struct map_bar *bar);

/* map_text.c */

struct map_style {
	size_t width;		/* columns of the terminal */
	bool utf8;
	bool colour;
};

void map_print_text(const struct map *map, const char *address, const struct map_style *style);

/* map_svg.c */

void map_print_svg(const struct map *map, FILE *out);

/* map_json.c */

struct json_object *map_json(const struct map *map);

#endif /* VFIO_MSI_MAP_H */
