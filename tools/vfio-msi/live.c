// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a device that is bound to msi-vfio-pci, from the files in
 * /sys/kernel/debug/msi-vfio-pci/ADDRESS. They can be read while another process has the
 * device open. The driver's debugfs.c has their format.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

#define CLOSED	"# closed\n"

typedef int (*line_fn)(const char *line, void *into);

/* -ENOENT: the device has no such file, or debugfs is not mounted. */
static int read_lines(const struct device *dev, const char *name, line_fn parse, void *into)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *file;
	int err = 0;

	live_path(dev, name, path);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!err && getline(&line, &size, file) >= 0)
		err = parse(line, into);
	if (!err && ferror(file))
		err = -errno;
	free(line);
	fclose(file);
	/* a user who interrupts needs no message */
	if (err && err != -EINTR)
		complain(err, "%s", path);
	return err;
}

/* Explains -ENOENT and -EACCES. */
void live_note(const struct device *dev, int err)
{
	if (err == -EACCES)
		note("%s: the driver's state is not known: run as root to read it in debugfs",
		     dev->bdf);
	else
		note("%s: the driver's state is not known: debugfs is not mounted "
		     "(mount -t debugfs none /sys/kernel/debug)", dev->bdf);
}

void live_path(const struct device *dev, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/kernel/debug/" MSI_VFIO_PCI "/%s/%s", dev->bdf, name);
}

/* In the file "-" stands for no flags. */
static void parse_flags(char flags[NAME_SIZE])
{
	if (!strcmp(flags, "-"))
		flags[0] = '\0';
}

static int parse_vector(const char *line, struct live *live)
{
	struct live_vector *vector;
	unsigned long long address;

	live->vector = xrealloc(live->vector, live->count + 1, sizeof(*live->vector));
	vector = &live->vector[live->count];
	if (sscanf(line, "%u %u %llx %x %63s", &vector->vector, &vector->irq, &address,
		   &vector->data, vector->flags) != 5)
		return -EPROTO;
	vector->address = address;
	parse_flags(vector->flags);
	live->count++;
	return 0;
}

static int parse_vectors_line(const char *line, void *into)
{
	struct live *live = into;

	if (line[0] != '#')
		return parse_vector(line, live);
	if (!strcmp(line, CLOSED))
		return 0;
	if (sscanf(line, "# generation %llu index %7s", &live->generation, live->index) != 2)
		return -EPROTO;
	live->open = true;
	return 0;
}

int live_read(const struct device *dev, struct live *live)
{
	int err;

	memset(live, 0, sizeof(*live));
	strcpy(live->index, "none");
	err = read_lines(dev, "vectors", parse_vectors_line, live);
	if (err)
		live_free(live);
	return err;
}

void live_free(struct live *live)
{
	free(live->vector);
	live->vector = NULL;
	live->count = 0;
}

/* The number of sessions since the device was bound; 0 if it cannot be read. */
unsigned long live_sessions(const struct device *dev)
{
	char path[PATH_MAX], text[NAME_SIZE];

	live_path(dev, "sessions", path);
	return file_read(path, text, sizeof(text)) ? 0 : strtoul(text, NULL, 10);
}

static int parse_window(const char *line, struct live_windows *live)
{
	unsigned long long offset, size, count[4];
	struct live_window *window;

	live->window = xrealloc(live->window, live->count + 1, sizeof(*live->window));
	window = &live->window[live->count];
	*window = (struct live_window){ .slot = NULL };
	if (sscanf(line, "window %u %llx %llx %u %63s %llu %llu %llu %llu", &window->range.bar,
		   &offset, &size, &window->range.data_offset, window->range.flags, &count[0],
		   &count[1], &count[2], &count[3]) != 9)
		return -EPROTO;
	parse_flags(window->range.flags);
	window->range.offset = offset;
	window->range.size = size;
	window->addresses = count[0];
	window->data = count[1];
	window->withheld = count[2];
	window->undone = count[3];
	live->count++;
	return 0;
}

static int parse_range(const char *line, struct live_windows *live)
{
	unsigned long long offset, size;

	if (!live->count || sscanf(line, "range %llx %llx", &offset, &size) != 2 ||
	    !window_add_range(&live->window[live->count - 1].range, offset, size))
		return -EPROTO;
	return 0;
}

static int parse_select(const char *line, struct live_windows *live)
{
	struct window *window;
	unsigned long long offset;

	if (!live->count)
		return -EPROTO;
	window = &live->window[live->count - 1].range;
	if (sscanf(line, "select %llx %x", &offset, &window->select_mask) != 2)
		return -EPROTO;
	window->select_offset = offset;
	return 0;
}

/* "DISTANCE:DATA:VECTOR,..." or "-" */
static int parse_learned(const char *text, struct live_slot *slot)
{
	unsigned int distance, data, vector;
	int length;

	while (sscanf(text, "%u:%x:%u%n", &distance, &data, &vector, &length) == 3) {
		if (!distance || distance % 4 || distance / 4 > LEARN_DISTANCES)
			return -EPROTO;
		slot->learned |= 1u << (distance / 4 - 1);
		slot->learned_data[distance / 4 - 1] = data;
		slot->learned_vector[distance / 4 - 1] = vector;
		text += length;
		text += *text == ',';
	}
	return 0;
}

static int parse_slot(const char *line, struct live_windows *live)
{
	unsigned long long offset, address;
	struct live_window *window;
	struct live_slot *slot;
	int length;

	if (!live->count)
		return -EPROTO;
	window = &live->window[live->count - 1];
	window->slot = xrealloc(window->slot, window->slots + 1, sizeof(*window->slot));
	slot = &window->slot[window->slots];
	*slot = (struct live_slot){ .offset = 0 };
	if (sscanf(line, "slot %llx %llx %x %u %u %63s %n", &offset, &address, &slot->data,
		   &slot->vector, &slot->distance, slot->flags, &length) != 6)
		return -EPROTO;
	parse_flags(slot->flags);
	slot->offset = offset;
	slot->address = address;
	window->slots++;
	/* the page follows what was learned */
	if (strchr(line + length, ' '))
		slot->page = (uint32_t)strtoul(strchr(line + length, ' '), NULL, 0);
	return parse_learned(line + length, slot);
}

static int parse_windows_line(const char *line, void *into)
{
	struct live_windows *live = into;

	if (!strncmp(line, "window ", 7))
		return parse_window(line, live);
	if (!strncmp(line, "range ", 6))
		return parse_range(line, live);
	if (!strncmp(line, "select ", 7))
		return parse_select(line, live);
	if (!strncmp(line, "slot ", 5))
		return parse_slot(line, live);
	live->open = strcmp(line, CLOSED);
	return 0;
}

int live_windows_read(const struct device *dev, struct live_windows *live)
{
	int err;

	memset(live, 0, sizeof(*live));
	err = read_lines(dev, "windows", parse_windows_line, live);
	if (err)
		live_windows_free(live);
	return err;
}

void live_windows_free(struct live_windows *live)
{
	size_t i;

	for (i = 0; i < live->count; i++)
		free(live->window[i].slot);
	free(live->window);
	live->window = NULL;
	live->count = 0;
}
