// SPDX-License-Identifier: GPL-2.0-only
/*
 * The windows that the administrator has added to a device for its next sessions: the
 * driver's file msi_windows in sysfs, and windows on a command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

#define FILE_NAME	"msi_windows"

/* Returns an exit code, with a message if the device cannot have windows. */
int windows_check(const struct device *dev)
{
	char driver[NAME_SIZE], path[PATH_MAX];

	device_driver(dev, driver);
	if (strcmp(driver, MSI_VFIO_PCI)) {
		complain(0, "%s: refused: it is bound to %s, not to " MSI_VFIO_PCI
			 "; use \"vfio-msi bind %s\" first", dev->bdf,
			 driver[0] ? driver : "no driver", dev->bdf);
		return EXIT_REFUSED;
	}
	device_path(dev, FILE_NAME, path);
	if (!access(path, F_OK))
		return EXIT_DONE;
	if (errno != ENOENT) {
		complain(errno, "%s", path);
		return EXIT_FAILED;
	}
	complain(0, "%s: refused: it has no MSI capability, so it needs no windows", dev->bdf);
	return EXIT_REFUSED;
}

void windows_add(struct window_list *list, const struct window *window)
{
	list->window = xrealloc(list->window, list->count + 1, sizeof(*list->window));
	list->window[list->count++] = *window;
}

void windows_free(struct window_list *list)
{
	free(list->window);
	*list = (struct window_list){ .count = 0 };
}

/* A number up to one of the characters in @ends or the end of the text, which is moved on */
static bool parse_number(const char **text, const char *ends, uint64_t *number)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*number = strtoull(*text, &end, 0);
	if (errno || (*end && !strchr(ends, *end)))
		return false;
	*text = end;
	return true;
}

/* "OFFSET+SIZE,...", up to the end of the text */
static bool parse_ranges(const char *text, struct window *window)
{
	uint64_t offset, size;

	window->ranges = 0;
	for (;;) {
		if (!parse_number(&text, "+", &offset) || *text++ != '+' ||
		    !parse_number(&text, ",", &size) ||
		    !window_add_range(window, offset, size))
			return false;
		if (!*text)
			break;
		text++;
	}
	if (window->ranges == 1)
		window->ranges = 0;
	return true;
}

/* "OFFSET/MASK" */
static bool parse_select(const char *text, struct window *window)
{
	uint64_t mask;

	if (!parse_number(&text, "/", &window->select_offset) || *text++ != '/' ||
	    !parse_number(&text, "", &mask) || mask > UINT32_MAX)
		return false;
	window->select_mask = (uint32_t)mask;
	return mask;
}

/* A word after the flags in the driver's file */
static bool parse_word(const char *word, struct window *window)
{
	if (!strncmp(word, "ranges=", 7))
		return parse_ranges(word + 7, window);
	return !strncmp(word, "select=", 7) && parse_select(word + 7, window);
}

static int parse_line(char *line, struct window_list *list)
{
	static const char blanks[] = { ' ', '\n', '\0' };
	unsigned long long offset, size;
	struct window window = { .ranges = 0 };
	char *word, *rest;
	int length;

	if (sscanf(line, "%u %llx %llx %u %63s%n", &window.bar, &offset, &size,
		   &window.data_offset, window.flags, &length) != 5)
		return -EPROTO;
	if (!strcmp(window.flags, "-"))
		window.flags[0] = '\0';
	window.offset = offset;
	window.size = size;
	for (word = strtok_r(line + length, blanks, &rest); word;
	     word = strtok_r(NULL, blanks, &rest)) {
		if (!parse_word(word, &window))
			return -EPROTO;
	}
	windows_add(list, &window);
	return 0;
}

int windows_read(const struct device *dev, struct window_list *list)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *file;
	int err = 0;

	*list = (struct window_list){ .count = 0 };
	device_path(dev, FILE_NAME, path);
	file = fopen(path, "re");
	if (!file) {
		err = -errno;
	} else {
		while (!err && getline(&line, &size, file) >= 0)
			err = parse_line(line, list);
		free(line);
		fclose(file);
	}
	if (err) {
		complain(err, "%s", path);
		windows_free(list);
	}
	return err;
}

static const char *error_text(int err)
{
	switch (err) {
	case -E2BIG:
		return "too many ranges; a window can have 16";
	case -EEXIST:
		return "windows overlap; add one that covers both, or --clear first";
	case -ENOSPC:
		return "too many windows; a device can have 16";
	}
	return NULL;
}

/* The driver's errno is one for all reasons: the first window with one tells it. */
static void complain_refused(const struct device *dev, const char *path,
			     const struct window_list *list, int err)
{
	const char *text = error_text(err);
	char *reason = NULL;
	size_t i;

	for (i = 0; i < list->count && err == -EINVAL && !reason; i++) {
		reason = window_refusal(dev, &list->window[i]);
		if (reason) {
			char *window = window_text(&list->window[i]);

			complain(0, "%s: refused: window %s: %s", dev->bdf, window, reason);
			free(window);
		}
	}
	if (text)
		complain(0, "%s: %s", path, text);
	else
		complain(err, "%s", path);
	free(reason);
}

/* A dry run does not ask the driver. */
static bool any_refusal(const struct device *dev, const struct window_list *list)
{
	bool any = false;
	size_t i;

	for (i = 0; i < list->count; i++) {
		char *reason = window_refusal(dev, &list->window[i]);

		any |= !!reason;
		free(reason);
	}
	return any;
}

/* "0x80000+0x1000,..."; the caller frees it. */
static char *ranges_text(const struct window *window)
{
	char *text = format_text("%s", "");
	size_t i;

	for (i = 0; i < window_range_count(window); i++) {
		struct window_range range = window_range_at(window, i);
		char *longer = format_text("%s%s0x%llx+0x%llx", text, i ? "," : "",
					   (unsigned long long)range.offset,
					   (unsigned long long)range.size);

		free(text);
		text = longer;
	}
	return text;
}

/* "BEFOREselect=0x310c/0x3f", or nothing; the caller frees it. */
static char *select_text(const struct window *window, const char *before)
{
	if (!window->select_mask)
		return format_text("%s", "");
	return format_text("%sselect=0x%llx/0x%x", before,
			   (unsigned long long)window->select_offset, window->select_mask);
}

/* As in a line of the driver's file. The caller frees it. */
char *window_line(const struct window *window)
{
	char *ranges = ranges_text(window), *select = select_text(window, " "), *line;

	line = format_text("%u 0x%llx 0x%llx %u %s%s%s%s", window->bar,
			   (unsigned long long)window->offset,
			   (unsigned long long)window->size, window->data_offset,
			   window->flags[0] ? window->flags : "-",
			   window->ranges ? " ranges=" : "", window->ranges ? ranges : "",
			   select);
	free(ranges);
	free(select);
	return line;
}

/* Replaces all windows that were added before. */
int windows_write(const struct device *dev, const struct window_list *list)
{
	char *text = format_text("%s", ""), path[PATH_MAX];
	size_t i;
	int err;

	for (i = 0; i < list->count; i++) {
		char *line = window_line(&list->window[i]);
		char *longer = format_text("%s%s\n", text, line);

		free(line);
		free(text);
		text = longer;
	}
	device_path(dev, FILE_NAME, path);
	err = dry_run() && any_refusal(dev, list) ? -EINVAL : 0;
	if (!err)
		err = file_write(path, list->count ? text : "\n");
	if (err)
		complain_refused(dev, path, list, err);
	free(text);
	return err;
}

/* A copy of the text up to a colon, which is skipped; NULL if there is no text. */
static char *take_field(const char **text)
{
	size_t length = strcspn(*text, ":");
	char *field = length ? format_text("%.*s", (int)length, *text) : NULL;

	*text += length;
	if (**text)
		(*text)++;
	return field;
}

/* "OFFSET:SIZE:" or "OFFSET+SIZE,...:" */
static bool take_place(const char **text, struct window *window)
{
	const char *start = *text;
	char *field;
	bool ok;

	if (!parse_number(text, ":+", &window->offset))
		return false;
	if (*(*text)++ == ':')
		return parse_number(text, ":", &window->size) && *(*text)++ == ':';
	*text = start;
	field = take_field(text);
	ok = parse_ranges(field, window);
	free(field);
	return ok;
}

/* The flags and the select register, in this order; either can be missing. */
static bool take_options(const char *text, struct window *window)
{
	char *field;
	bool ok = true;

	while (ok && *text) {
		field = take_field(&text);
		if (!field || strpbrk(field, "\n ") || window->select_mask)
			ok = false;
		else if (!strncmp(field, "select=", 7))
			ok = parse_select(field + 7, window);
		else if (window->flags[0] || strlen(field) >= NAME_SIZE)
			ok = false;
		else
			strcpy(window->flags, field);
		free(field);
	}
	return ok;
}

/*
 * Parses BAR:OFFSET:SIZE:DATA_OFFSET[:FLAGS][:select=OFFSET/MASK], or the same with
 * OFFSET+SIZE,... instead of OFFSET:SIZE. The driver checks whether the device can have
 * such a window.
 */
bool window_parse(const char *text, struct window *window)
{
	uint64_t bar, data_offset;
	size_t length = strlen(text);

	*window = (struct window){ .ranges = 0 };
	if (!length || text[length - 1] == ':' || !parse_number(&text, ":", &bar) ||
	    *text++ != ':' || !take_place(&text, window) ||
	    !parse_number(&text, ":", &data_offset) || bar > UINT32_MAX ||
	    data_offset > UINT32_MAX)
		return false;
	window->bar = (unsigned int)bar;
	window->data_offset = (uint32_t)data_offset;
	return !*text || take_options(text + 1, window);
}

/* The text that window_parse() parses. The caller frees it. */
char *window_text(const struct window *window)
{
	char *ranges = ranges_text(window), *select = select_text(window, ":"), *place, *text;

	place = window->ranges ? format_text("%s", ranges) :
		format_text("0x%llx:0x%llx", (unsigned long long)window->offset,
			    (unsigned long long)window->size);
	text = format_text("%u:%s:%u%s%s%s", window->bar, place, window->data_offset,
			   window->flags[0] ? ":" : "", window->flags, select);
	free(place);
	free(ranges);
	free(select);
	return text;
}

bool window_learns(const struct window *window)
{
	return !strcmp(window->flags, "learn");
}

static struct json_object *json_ranges(const struct window *window)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < window_range_count(window); i++) {
		struct window_range range = window_range_at(window, i);
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "offset", json_hex(range.offset, 1));
		json_object_object_add(object, "size", json_hex(range.size, 1));
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_select(const struct window *window)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "offset", json_hex(window->select_offset, 1));
	json_object_object_add(object, "mask", json_hex(window->select_mask, 1));
	return object;
}

struct json_object *json_window(const struct window *window)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "bar", json_object_new_int((int)window->bar));
	json_object_object_add(object, "offset", json_hex(window->offset, 1));
	json_object_object_add(object, "size", json_hex(window->size, 1));
	json_object_object_add(object, "data_offset",
			       json_object_new_int((int)window->data_offset));
	json_object_object_add(object, "flags", json_words(window->flags));
	json_object_object_add(object, "ranges", json_ranges(window));
	json_object_object_add(object, "select", window->select_mask ? json_select(window) : NULL);
	return object;
}
