// SPDX-License-Identifier: GPL-2.0-only
/* Output: messages, tables, JSON. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

/* Advice for errors that root does not get */
static const char *advice(int err)
{
	return (err == EACCES || err == EPERM) && geteuid() ? " (run as root)" : "";
}

/* An error message; @err is an errno, which may be negative, or 0. */
void complain(int err, const char *format, ...)
{
	va_list args;

	/* the output up to here comes before the message */
	fflush(stdout);
	fputs("vfio-msi: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	err = err < 0 ? -err : err;
	if (err)
		fprintf(stderr, ": %s%s", strerror(err), advice(err));
	fputc('\n', stderr);
}

void note(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("vfio-msi: note: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static bool hides_names;

void names_hide(void)
{
	hides_names = true;
}

/* What the host or its users chose, such as a guest's name; a report has none of that. */
const char *private_name(const char *name)
{
	return hides_names ? "<left out>" : name;
}

void out_of_memory(void)
{
	complain(ENOMEM, "out of memory");
	exit(EXIT_FAILED);
}

void *xrealloc(void *old, size_t count, size_t size)
{
	void *new = reallocarray(old, count, size);

	if (!new)
		out_of_memory();
	return new;
}

static char *format_list(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	return text;
}

char *format_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_list(format, args);
	va_end(args);
	return text;
}

void texts_free(struct texts *texts)
{
	size_t i;

	for (i = 0; i < texts->count; i++)
		free(texts->text[i]);
	free(texts->text);
	*texts = (struct texts){ .count = 0 };
}

void table_init(struct table *table, size_t columns, unsigned int right)
{
	*table = (struct table){ .columns = columns, .right = right };
}

/* Adds a row. Tabs separate its cells. */
void table_add(struct table *table, const char *format, ...)
{
	size_t first = table->rows * table->columns;
	char *text, *rest;
	va_list args;
	size_t i;

	va_start(args, format);
	text = format_list(format, args);
	va_end(args);

	table->rows++;
	table->cell = xrealloc(table->cell, table->rows * table->columns,
			       sizeof(*table->cell));
	rest = text;
	for (i = 0; i < table->columns; i++) {
		const char *cell = strsep(&rest, "\t");

		table->cell[first + i] = format_text("%s", cell ? cell : "");
	}
	free(text);
}

static int column_width(const struct table *table, size_t column)
{
	size_t i, width = 0;

	for (i = column; i < table->rows * table->columns; i += table->columns) {
		size_t length = strlen(table->cell[i]);

		if (length > width)
			width = length;
	}
	return (int)width;
}

static void print_cell(const struct table *table, size_t row, size_t column, int width)
{
	const char *cell = table->cell[row * table->columns + column];

	if (column)
		fputs("  ", stdout);
	if (table->right & (1u << column))
		printf("%*s", width, cell);
	else if (column + 1 < table->columns)
		printf("%-*s", width, cell);
	else
		fputs(cell, stdout);
}

/* Prints the table and frees it. */
void table_print(struct table *table)
{
	int *width = xrealloc(NULL, table->columns, sizeof(*width));
	size_t row, column;

	for (column = 0; column < table->columns; column++)
		width[column] = column_width(table, column);

	for (row = 0; row < table->rows; row++) {
		for (column = 0; column < table->columns; column++)
			print_cell(table, row, column, width[column]);
		putchar('\n');
	}

	for (row = 0; row < table->rows * table->columns; row++)
		free(table->cell[row]);
	free(table->cell);
	free(width);
}

/* An empty text becomes null. */
struct json_object *json_text(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

/* An array of the words of the text */
struct json_object *json_split(const char *text, const char *separator)
{
	char *copy = format_text("%s", text), *rest = copy, *word;
	struct json_object *array = json_object_new_array();

	while ((word = strsep(&rest, separator)))
		if (*word)
			json_object_array_add(array, json_object_new_string(word));
	free(copy);
	return array;
}

/* An array of the words, which commas separate. */
struct json_object *json_words(const char *text)
{
	return json_split(text, ",");
}

/* A string, because many JSON readers keep only 53 bits of a number. */
struct json_object *json_hex(uint64_t value, unsigned int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", (int)digits, (unsigned long long)value);
	return json_object_new_string(text);
}

/* A document that has @value under @key. The caller can add to it. */
struct json_object *json_document(const char *key, struct json_object *value)
{
	struct json_object *document = json_object_new_object();

	json_object_object_add(document, "version", json_object_new_int(1));
	json_object_object_add(document, key, value);
	return document;
}

/* Prints the document and frees it. */
void json_print_document(struct json_object *document)
{
	puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}

/* Prints a document that has @value under @key, and frees it. */
void json_print(const char *key, struct json_object *value)
{
	json_print_document(json_document(key, value));
}
