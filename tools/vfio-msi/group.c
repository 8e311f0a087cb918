// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU groups: a VFIO user gets all devices of a group or none. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

/* Drivers that do no DMA, so that VFIO can give the group to a user. */
static bool driver_without_dma(const char *driver)
{
	return !strcmp(driver, "pcieport") || !strcmp(driver, "pci-stub");
}

static void add_member(struct group *group, const char *dir, const char *bdf)
{
	char *vfio = format_text("%s/%s/vfio-dev", dir, bdf);
	char *driver = format_text("%s/%s/driver", dir, bdf);
	struct member *member;

	group->member = xrealloc(group->member, group->count + 1, sizeof(*group->member));
	member = &group->member[group->count++];
	memset(member, 0, sizeof(*member));
	snprintf(member->bdf, sizeof(member->bdf), "%.*s", NAME_SIZE - 1, bdf);

	link_name(driver, member->driver, sizeof(member->driver));
	member->vfio = !access(vfio, F_OK);
	member->blocks = member->driver[0] && !member->vfio &&
			 !driver_without_dma(member->driver);
	free(driver);
	free(vfio);
}

void group_read(const struct device *dev, struct group *group)
{
	struct dirent **entry;
	char path[PATH_MAX];
	int i, count;

	memset(group, 0, sizeof(*group));
	device_path(dev, "iommu_group", path);
	if (link_name(path, group->name, sizeof(group->name)))
		return;

	device_path(dev, "iommu_group/devices", path);
	count = scandir(path, &entry, NULL, alphasort);
	for (i = 0; i < count; i++) {
		if (entry[i]->d_name[0] != '.')
			add_member(group, path, entry[i]->d_name);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

void group_free(struct group *group)
{
	free(group->member);
}
