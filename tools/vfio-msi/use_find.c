// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds what uses a device. Only use_find_session() affects others, as it tries to open
 * the VFIO group.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vfio-msi.h"

static bool is_source(const struct node *node, const char *source)
{
	struct stat st;

	return source[0] == '/' && !stat(source, &st) && S_ISBLK(st.st_mode) &&
	       st.st_rdev == node->number;
}

/*
 * A line of mountinfo belongs to the node if it has the node's number or, as some file
 * systems (btrfs) have numbers of their own, the node's name.
 */
static void check_mount(const struct node *node, const char *line, struct uses *uses)
{
	char point[PATH_MAX], source[PATH_MAX] = "";
	const char *tail = strstr(line, " - ");
	unsigned int major, minor;

	if (sscanf(line, "%*d %*d %u:%u %*s %4095s", &major, &minor, point) != 3)
		return;
	if (tail)
		sscanf(tail, " - %*s %4095s", source);
	if (makedev(major, minor) == node->number || is_source(node, source))
		use_add(uses, USE_MOUNT, "%s is mounted on %s", node->name,
			private_name(point));
}

static void check_swap(const struct node *node, const char *line, struct uses *uses)
{
	char source[PATH_MAX];

	if (sscanf(line, "%4095s", source) == 1 && is_source(node, source))
		use_add(uses, USE_SWAP, "%s is swap space", node->name);
}

static void check_lines(const char *path, const struct node *node, struct uses *uses,
			void (*check)(const struct node *node, const char *line,
				      struct uses *uses))
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		/* a kernel without swap does not have /proc/swaps */
		if (errno != ENOENT)
			uses->known = false;
		return;
	}
	while (getline(&line, &size, file) >= 0)
		check(node, line, uses);
	free(line);
	fclose(file);
}

/* Block devices that the node is part of, such as RAID and device mapper */
static void find_holders(const struct node *node, struct uses *uses)
{
	char *path = format_text("%s/holders", node->dir);
	DIR *stream = opendir(path);
	struct dirent *entry;

	free(path);
	if (!stream)
		return;
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			use_add(uses, USE_HOLDER, "%s is part of %s", node->name,
				private_name(entry->d_name));
	closedir(stream);
}

/*
 * Only one user at a time can claim a block device. So this also finds users that the
 * files above do not show, such as mounts in other namespaces.
 */
static void find_claim(const struct node *node, struct uses *uses)
{
	char *path = format_text("/dev/%s", node->name), *c;
	int fd;

	/* in sysfs, "!" stands for the slash in a name such as cciss/c0d0 */
	for (c = path; *c; c++)
		if (*c == '!')
			*c = '/';
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	else if (errno == EBUSY)
		use_add(uses, USE_CLAIMED, "%s is claimed", node->name);
	free(path);
}

static void check_block(const struct node *node, struct uses *uses)
{
	size_t before = uses->count;

	check_lines("/proc/self/mountinfo", node, uses, check_mount);
	check_lines("/proc/swaps", node, uses, check_swap);
	find_holders(node, uses);
	if (uses->count == before)
		find_claim(node, uses);
}

static void check_nodes(const struct device *dev, struct uses *uses)
{
	struct nodes nodes;
	size_t i;

	nodes_find(dev, &nodes, uses);
	for (i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.node[i];

		if (node->block)
			check_block(node, uses);
		holders_of_node(node, strstr(node->dir, "/vfio-dev/") ? USE_SESSION : USE_OPEN,
				uses);
	}
	nodes_free(&nodes);
}

/* A process that has the group's node open may have any device of the group open. */
static void check_group(const struct device *dev, struct uses *uses)
{
	static const char *const class[] = { "", "noiommu-" };
	unsigned int major, minor;
	char path[PATH_MAX], text[32];
	struct node node = { 0 };
	struct group group;
	size_t i;

	group_read(dev, &group);
	for (i = 0; i < 2 && group.name[0]; i++) {
		snprintf(path, sizeof(path), "/sys/class/vfio/%s%s/dev", class[i], group.name);
		if (file_read(path, text, sizeof(text)) ||
		    sscanf(text, "%u:%u", &major, &minor) != 2)
			continue;
		node.number = makedev(major, minor);
		snprintf(node.name, sizeof(node.name), "VFIO group %.16s", group.name);
		holders_of_node(&node, USE_SESSION, uses);
	}
	group_free(&group);
}

static void check_functions(const struct device *dev, struct uses *uses)
{
	char text[16];

	if (!device_read(dev, "sriov_numvfs", text, sizeof(text)) && atoi(text) > 0)
		use_add(uses, USE_FUNCTIONS, "it has %s virtual functions", text);
}

static void check_live(const struct device *dev, struct uses *uses)
{
	struct live live;

	if (use_has(uses, USE_SESSION) || live_read(dev, &live))
		return;
	if (live.open)
		use_add(uses, USE_SESSION, "a VFIO session is open");
	live_free(&live);
}

/*
 * A bridge is never bound, and the search below it would find the uses of other devices. So
 * a bridge has no uses here.
 */
void use_find(const struct device *dev, struct uses *uses)
{
	memset(uses, 0, sizeof(*uses));
	uses->known = true;
	if (device_is_bridge(dev))
		return;
	check_nodes(dev, uses);
	check_group(dev, uses);
	holders_of_session(dev, uses);
	check_live(dev, uses);
	check_functions(dev, uses);
	if (!holders_complete())
		uses->known = false;
}

/*
 * Finds a session that no process shows, as when only the kernel holds its file. An
 * attempt to open the group tells for certain. Whoever opens the group at the same moment
 * fails with EBUSY.
 */
void use_find_session(const struct device *dev, struct uses *uses)
{
	struct group group;

	if (use_has(uses, USE_SESSION))
		return;
	group_read(dev, &group);
	if (session_group_busy(&group))
		use_add(uses, USE_SESSION, "VFIO group %s is open", group.name);
	group_free(&group);
}

/* No advice to use --force on a disk that the system uses */
static bool holds_data(const struct uses *uses)
{
	return use_has(uses, USE_MOUNT) || use_has(uses, USE_SWAP) ||
	       use_has(uses, USE_HOLDER);
}

static const char *effect(enum use_kind kind)
{
	switch (kind) {
	case USE_SESSION:
		return "waits until it closes the device";
	case USE_NETWORK:
		return "its connections end";
	case USE_MOUNT:
		return "the files there are dead from now on, and what was not written yet is "
		       "lost; unmount it";
	case USE_SWAP:
		return "the processes whose memory is there are dead from now on";
	case USE_HOLDER:
		return "that loses this part, and is dead if it cannot do without";
	case USE_CLAIMED:
	case USE_OPEN:
		return "it is dead for its user from now on";
	case USE_FUNCTIONS:
		return "they go away";
	}
	return "";
}

/* What a command with --force does to those who use the device, and whom it waits for */
void use_warn(const struct device *dev)
{
	struct uses uses;
	size_t i;

	use_find(dev, &uses);
	use_find_session(dev, &uses);
	for (i = 0; i < uses.count; i++)
		note("%s: %s: %s", dev->bdf, uses.use[i].detail, effect(uses.use[i].kind));
	use_free(&uses);
}

static int check(const struct device *dev, bool forceable)
{
	int result = EXIT_DONE;
	struct uses uses;
	size_t i;

	use_find(dev, &uses);
	use_find_session(dev, &uses);
	for (i = 0; i < uses.count; i++)
		complain(0, "%s: in use: %s", dev->bdf, uses.use[i].detail);
	if (uses.count) {
		complain(0, "%s: refused; end that first%s", dev->bdf,
			 holds_data(&uses) || !forceable ? "" : ", or use --force");
		result = EXIT_REFUSED;
	}
	use_free(&uses);
	return result;
}

/* Prints what uses the device, and returns an exit code. */
int use_check(const struct device *dev)
{
	return check(dev, true);
}

/* The same for a command that has no --force */
int use_refuse(const struct device *dev)
{
	return check(dev, false);
}
