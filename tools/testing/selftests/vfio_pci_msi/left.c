// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab.h"
#include "left.h"
#include "session.h"

#define SLABS		"/sys/kernel/slab"

/* How often the kernel is asked to free what it frees later, and the pause after that */
#define SETTLE_TIMES	3
#define SETTLE_US	100000

static struct left_count *find(struct left *left, const char *name)
{
	for (unsigned int i = 0; i < left->used; i++)
		if (!strcmp(left->counts[i].name, name))
			return &left->counts[i];

	return NULL;
}

static void add(struct left *left, const char *name, long value)
{
	struct left_count *count = find(left, name);

	if (!count) {
		VFIO_ASSERT_LT(left->used, LEFT_COUNTS, "there are too many counts\n");
		count = &left->counts[left->used++];
		snprintf(count->name, sizeof(count->name), "%s", name);
	}
	count->value += value;
}

static void list_folder(const char *folder, void (*call)(const char *name, void *data),
			void *data)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);

	VFIO_ASSERT_NOT_NULL(dir, "%s cannot be read\n", folder);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			call(entry->d_name, data);
	closedir(dir);
}

/* Objects that are only in lists of free ones of a CPU count as used before. */
static void shrink_cache(const char *cache, void *data)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), SLABS "/%s/shrink", cache);
	file_write(path, "1");
}

/* A grace period of RCU: the kernel has called what waited for one, or soon does. */
static void settle(void)
{
	for (int i = 0; i < SETTLE_TIMES; i++) {
		VFIO_ASSERT_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
		usleep(SETTLE_US);
		file_write("/proc/sys/vm/drop_caches", "3");
	}
	list_folder(SLABS, shrink_cache, NULL);
}

static FILE *open_list(const char *path)
{
	FILE *list = fopen(path, "r");

	VFIO_ASSERT_NOT_NULL(list, "%s cannot be read\n", path);

	return list;
}

/*
 * Areas of vmalloc that are free stay until there are many of them; these are not counted,
 * nor the objects that describe areas.
 */
#define UNUSED_AREAS	"unpurged"
#define AREA_CACHE	"vmap_area"

/* "name active_objs ..."; the two lines of the head have no number there. */
static void count_slabs(struct left *left)
{
	FILE *list = open_list("/proc/slabinfo");
	char line[512], cache[40];
	long objects;

	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "%39s %ld", cache, &objects) == 2 && strcmp(cache, AREA_CACHE))
			add(left, cache, objects);
	fclose(list);
}

/* "0x...-0x... size caller+0x.../0x... ..." */
static void count_vmalloc(struct left *left)
{
	FILE *list = open_list("/proc/vmallocinfo");
	char line[512], caller[LEFT_NAME - 10], name[LEFT_NAME];

	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%*s %*s %37[^ +\n]", caller) != 1 ||
		    !strcmp(caller, UNUSED_AREAS))
			continue;
		snprintf(name, sizeof(name), "vmalloc %s", caller);
		add(left, name, 1);
	}
	fclose(list);
}

static void count_lines(struct left *left, const char *name, const char *path,
			const char *text)
{
	FILE *list = open_list(path);
	char line[512];
	long lines = 0;

	while (fgets(line, sizeof(line), list))
		lines += !!strstr(line, text);
	fclose(list);
	add(left, name, lines);
}

static void count_entry(const char *name, void *data)
{
	++*(long *)data;
}

static long entries(const char *folder)
{
	long count = 0;

	list_folder(folder, count_entry, &count);

	return count;
}

static void count_files(struct left *left)
{
	char text[64];

	VFIO_ASSERT_GT(file_read("/proc/sys/fs/file-nr", text, sizeof(text)), 0);
	add(left, "open files", strtol(text, NULL, 10));
}

/*
 * The kernel numbers eventfds, also those that have no file any more; a new one gets the
 * lowest free number.
 */
static void count_eventfds(struct left *left)
{
	int fd = eventfd_new();
	char path[64], text[512];
	const char *id;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	VFIO_ASSERT_GT(file_read(path, text, sizeof(text)), 0);
	id = strstr(text, "eventfd-id:");
	VFIO_ASSERT_NOT_NULL(id);
	add(left, "eventfds", strtol(id + strlen("eventfd-id:"), NULL, 10));
	close(fd);
}

void left_take(struct left *left)
{
	memset(left, 0, sizeof(*left));
	settle();
	count_slabs(left);
	count_vmalloc(left);
	count_files(left);
	count_eventfds(left);
	count_lines(left, "lines of /proc/interrupts", "/proc/interrupts", "vfio");
	add(left, "interrupts", entries("/sys/kernel/irq"));
	count_lines(left, "CPU hotplug states", "/sys/devices/system/cpu/hotplug/states", ":");
}

static long value(struct left *left, const char *name)
{
	struct left_count *count = find(left, name);

	return count ? count->value : 0;
}

int left_grown(struct left at[3], int rounds)
{
	int grown = 0;

	for (unsigned int i = 0; i < at[2].used; i++) {
		const struct left_count *last = &at[2].counts[i];
		long first = value(&at[1], last->name) - value(&at[0], last->name);
		long second = last->value - value(&at[1], last->name);

		if (4 * first < 3 * rounds || 4 * second < 3 * rounds)
			continue;
		printf("# %s: %ld and %ld more in %d rounds each\n", last->name, first, second,
		       rounds);
		grown++;
	}

	return grown;
}
