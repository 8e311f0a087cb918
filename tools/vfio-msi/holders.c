// SPDX-License-Identifier: GPL-2.0-only
/* Finds the processes that have a device node or a VFIO device open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfio-msi.h"

#define SYSPATH	"vfio-device-syspath: "

struct holder {
	pid_t pid;
	dev_t number;
	bool block;
	char *syspath;		/* of a VFIO device: its folder in sysfs; else NULL */
};

/* The processes are scanned once, for all devices. */
static struct {
	bool done;
	bool partial;		/* some processes could not be read */
	size_t count;
	struct holder *holder;
} found;

static void add_holder(pid_t pid, dev_t number, bool block, char *syspath)
{
	found.holder = xrealloc(found.holder, found.count + 1, sizeof(*found.holder));
	found.holder[found.count++] = (struct holder){
		.pid = pid,
		.number = number,
		.block = block,
		.syspath = syspath,
	};
}

/* Since Linux 6.17 the fdinfo of a VFIO device names the device. */
static char *read_syspath(pid_t pid, const char *fd)
{
	char path[64], line[PATH_MAX];
	char *syspath = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", (int)pid, fd);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	while (!syspath && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, SYSPATH, strlen(SYSPATH)))
			syspath = format_text("%s", line + strlen(SYSPATH));
	}
	fclose(file);
	return syspath;
}

/* No stat() on files outside /dev: that could hang on a file server that is down. */
static void scan_file(pid_t pid, int dir, const char *fd)
{
	char target[64] = "";
	struct stat st;

	if (readlinkat(dir, fd, target, sizeof(target) - 1) < 0)
		return;
	if (!strncmp(target, "/dev/", 5)) {
		if (!fstatat(dir, fd, &st, 0) && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			add_holder(pid, st.st_rdev, S_ISBLK(st.st_mode), NULL);
	} else if (!strcmp(target, "anon_inode:[vfio-device]")) {
		char *syspath = read_syspath(pid, fd);

		if (syspath)
			add_holder(pid, 0, false, syspath);
	}
}

static void scan_process(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *stream;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	stream = opendir(path);
	if (!stream) {
		/* ENOENT: the process has ended meanwhile */
		if (errno != ENOENT)
			found.partial = true;
		return;
	}
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			scan_file(pid, dirfd(stream), entry->d_name);
	closedir(stream);
}

static void scan(void)
{
	struct dirent *entry;
	DIR *stream;

	if (found.done)
		return;
	found.done = true;
	stream = opendir("/proc");
	if (!stream) {
		found.partial = true;
		return;
	}
	while ((entry = readdir(stream))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && pid != getpid())
			scan_process(pid);
	}
	closedir(stream);
}

bool holders_complete(void)
{
	scan();
	return !found.partial;
}

static void process_name(pid_t pid, char name[NAME_SIZE])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (file_read(path, name, NAME_SIZE))
		strcpy(name, "?");
}

static void add_use(enum use_kind kind, const char *what, pid_t pid, struct uses *uses)
{
	char name[NAME_SIZE];

	process_name(pid, name);
	use_add(uses, kind, "%s is open in process %d (%s)", what, (int)pid, private_name(name));
}

void holders_of_node(const struct node *node, enum use_kind kind, struct uses *uses)
{
	pid_t last = 0;
	size_t i;

	scan();
	for (i = 0; i < found.count; i++) {
		const struct holder *holder = &found.holder[i];

		/* a process is reported once, even if it has the node open several times */
		if (holder->syspath || holder->number != node->number ||
		    holder->block != node->block || holder->pid == last)
			continue;
		last = holder->pid;
		add_use(kind, node->name, holder->pid, uses);
	}
}

void holders_of_session(const struct device *dev, struct uses *uses)
{
	char link[PATH_MAX], *real;
	pid_t last = 0;
	size_t i;

	scan();
	device_path(dev, "vfio-dev", link);
	real = realpath(link, NULL);
	for (i = 0; real && i < found.count; i++) {
		const struct holder *holder = &found.holder[i];

		if (!holder->syspath || holder->pid == last ||
		    strncmp(holder->syspath, real, strlen(real)))
			continue;
		last = holder->pid;
		add_use(USE_SESSION, "VFIO device", holder->pid, uses);
	}
	free(real);
}
