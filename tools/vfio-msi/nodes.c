// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds the device nodes and network interfaces below a device in sysfs, at any depth (a
 * USB stick on a USB controller, a partition of a disk).
 */
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vfio-msi.h"

static int read_file_in(const char *dir, const char *file, char *buf, size_t size)
{
	char *path = format_text("%s/%s", dir, file);
	int err = file_read(path, buf, size);

	free(path);
	return err;
}

static bool subsystem_is(const char *dir, const char *name)
{
	char *path = format_text("%s/subsystem", dir);
	char subsystem[NAME_SIZE];
	bool same;

	same = !link_name(path, subsystem, sizeof(subsystem)) && !strcmp(subsystem, name);
	free(path);
	return same;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_node(const char *dir, struct nodes *nodes)
{
	unsigned int major, minor;
	struct node *node;
	char text[32];

	if (read_file_in(dir, "dev", text, sizeof(text)) ||
	    sscanf(text, "%u:%u", &major, &minor) != 2)
		return;
	nodes->node = xrealloc(nodes->node, nodes->count + 1, sizeof(*nodes->node));
	node = &nodes->node[nodes->count++];
	node->number = makedev(major, minor);
	node->block = subsystem_is(dir, "block");
	snprintf(node->name, sizeof(node->name), "%s", last_part(dir));
	snprintf(node->dir, sizeof(node->dir), "%s", dir);
}

static void check_interface(const char *dir, struct uses *uses)
{
	char text[32];

	if (!subsystem_is(dir, "net") || read_file_in(dir, "flags", text, sizeof(text)))
		return;
	if (strtoul(text, NULL, 16) & IFF_UP)
		use_add(uses, USE_NETWORK, "network interface %s is up",
			private_name(last_part(dir)));
}

static void walk(const char *dir, struct nodes *nodes, struct uses *uses);

/*
 * With NVMe multipath the namespace, nvme0n1, is not below the PCI device but below an NVMe
 * subsystem. Below the PCI device there is only its hidden path, such as nvme0c1n1.
 */
static void walk_namespace(const char *dir, struct nodes *nodes, struct uses *uses)
{
	char link[PATH_MAX], *real;
	int subsystem, path, name;
	char hidden[8];

	if (sscanf(last_part(dir), "nvme%dc%dn%d", &subsystem, &path, &name) != 3)
		return;
	if (read_file_in(dir, "hidden", hidden, sizeof(hidden)) || strcmp(hidden, "1"))
		return;
	snprintf(link, sizeof(link), "/sys/class/block/nvme%dn%d", subsystem, name);
	real = realpath(link, NULL);
	if (real)
		walk(real, nodes, uses);
	free(real);
}

static void walk(const char *dir, struct nodes *nodes, struct uses *uses)
{
	struct dirent *entry;
	DIR *stream = opendir(dir);

	if (!stream)
		return;
	while ((entry = readdir(stream))) {
		char *path;

		if (!strcmp(entry->d_name, "dev"))
			add_node(dir, nodes);
		else if (!strcmp(entry->d_name, "ifindex"))
			check_interface(dir, uses);
		else if (!strcmp(entry->d_name, "hidden"))
			walk_namespace(dir, nodes, uses);
		/* not links, which lead out of the device or back up */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		path = format_text("%s/%s", dir, entry->d_name);
		walk(path, nodes, uses);
		free(path);
	}
	closedir(stream);
}

/* Fills @nodes with the device nodes, and adds network interfaces that are up to @uses. */
void nodes_find(const struct device *dev, struct nodes *nodes, struct uses *uses)
{
	char link[PATH_MAX], *real;

	memset(nodes, 0, sizeof(*nodes));
	device_path(dev, "", link);
	real = realpath(link, NULL);
	if (real)
		walk(real, nodes, uses);
	free(real);
}

void nodes_free(struct nodes *nodes)
{
	free(nodes->node);
}
