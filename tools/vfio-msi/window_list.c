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

static int parse_line(const char *line, struct window_list *list)
{
	unsigned long long offset, size;
	struct window window;

	if (sscanf(line, "%u %llx %llx %u %63s", &window.bar, &offset, &size,
		   &window.data_offset, window.flags) != 5)
		return -EPROTO;
	if (!strcmp(window.flags, "-"))
		window.flags[0] = '\0';
	window.offset = offset;
	window.size = size;
	windows_add(list, &window);
	return 0;
}

int windows_read(const struct device *dev, struct window_list *list)
{
	char path[PATH_MAX], line[256];
	FILE *file;
	int err = 0;

	*list = (struct window_list){ .count = 0 };
	device_path(dev, FILE_NAME, path);
	file = fopen(path, "re");
	if (!file) {
		err = -errno;
	} else {
		while (!err && fgets(line, sizeof(line), file))
			err = parse_line(line, list);
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

/* Replaces all windows that were added before. */
int windows_write(const struct device *dev, const struct window_list *list)
{
	char *text = format_text("%s", ""), path[PATH_MAX];
	size_t i;
	int err;

	for (i = 0; i < list->count; i++) {
		const struct window *window = &list->window[i];
		char *longer = format_text("%s%u 0x%llx 0x%llx %u %s\n", text, window->bar,
					   (unsigned long long)window->offset,
					   (unsigned long long)window->size,
					   window->data_offset,
					   window->flags[0] ? window->flags : "-");

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

/*
 * Parses BAR:OFFSET:SIZE:DATA_OFFSET[:FLAGS]. The driver checks whether the device can
 * have such a window.
 */
bool window_parse(const char *text, struct window *window)
{
	unsigned long long number[4];
	char *end;
	size_t i;

	for (i = 0; i < 4; i++) {
		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		number[i] = strtoull(text, &end, 0);
		if (errno || (*end && *end != ':') || (!*end && i < 3))
			return false;
		text = *end ? end + 1 : end;
	}
	if (number[0] > UINT32_MAX || number[3] > UINT32_MAX || strlen(text) >= NAME_SIZE ||
	    (*end && !*text) || strpbrk(text, ":\n "))
		return false;
	*window = (struct window){
		.bar = (unsigned int)number[0],
		.offset = number[1],
		.size = number[2],
		.data_offset = (uint32_t)number[3],
	};
	strcpy(window->flags, text);
	return true;
}

/* The text that window_parse() parses. The caller frees it. */
char *window_text(const struct window *window)
{
	return format_text("%u:0x%llx:0x%llx:%u%s%s", window->bar,
			   (unsigned long long)window->offset,
			   (unsigned long long)window->size, window->data_offset,
			   window->flags[0] ? ":" : "", window->flags);
}

bool window_learns(const struct window *window)
{
	return !strcmp(window->flags, "learn");
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
	return object;
}
