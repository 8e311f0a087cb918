// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a device that msi-vfio-pci serves, whoever has it open:
 * /sys/kernel/debug/msi-vfio-pci/ADDRESS/vectors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

static int read_header(const char *line, struct live *live)
{
	if (!strcmp(line, "# closed\n"))
		return 0;
	if (sscanf(line, "# generation %llu index %7s", &live->generation, live->index) != 2)
		return -EPROTO;
	live->open = true;
	return 0;
}

static int read_vector(const char *line, struct live *live)
{
	struct live_vector *vector;
	unsigned long long address;

	live->vector = xrealloc(live->vector, live->count + 1, sizeof(*live->vector));
	vector = &live->vector[live->count];
	if (sscanf(line, "%u %u %llx %x %63s", &vector->vector, &vector->irq, &address,
		   &vector->data, vector->flags) != 5)
		return -EPROTO;
	vector->address = address;
	if (!strcmp(vector->flags, "-"))
		vector->flags[0] = '\0';
	live->count++;
	return 0;
}

/* -ENOENT: the device has no such file, or debugfs is not mounted. */
int live_read(const struct device *dev, struct live *live)
{
	char path[PATH_MAX], line[256];
	FILE *file;
	int err = 0;

	memset(live, 0, sizeof(*live));
	strcpy(live->index, "none");
	snprintf(path, sizeof(path), "/sys/kernel/debug/" MSI_VFIO_PCI "/%s/vectors", dev->bdf);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!err && fgets(line, sizeof(line), file))
		err = line[0] == '#' ? read_header(line, live) : read_vector(line, live);
	if (!err && ferror(file))
		err = -errno;
	fclose(file);
	if (err) {
		complain(err, "%s", path);
		live_free(live);
	}
	return err;
}

void live_free(struct live *live)
{
	free(live->vector);
	live->vector = NULL;
	live->count = 0;
}
