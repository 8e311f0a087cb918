// SPDX-License-Identifier: GPL-2.0-only
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "hardware.h"
#include "lab.h"
#include "unplug.h"

#define LOOK_US	20000

static const char *device_path(const char *bdf, const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);

	return path;
}

/*
 * QEMU's ports eject what is behind them when their power and its indicator go off, also ports
 * that have no such control over their power.
 */
void unplug_pull(const char *bdf)
{
	char path[PATH_MAX];
	const char *port;
	u16 control;
	int cap;

	/* The port's own name works also when the device has none any more. */
	VFIO_ASSERT_NOT_NULL(realpath(device_path(bdf, ".."), path));
	port = basename(path);
	cap = hw_capability(port, PCI_CAP_ID_EXP);
	VFIO_ASSERT_NE(cap, 0, "%s is behind no port\n", bdf);
	control = hw_config_read16(port, cap + PCI_EXP_SLTCTL);
	control &= ~PCI_EXP_SLTCTL_PIC;
	hw_config_write16(port, cap + PCI_EXP_SLTCTL,
			  control | PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF);
	VFIO_ASSERT_EQ(hw_config_read16(port, cap + PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS, 0,
		       "%s is still there\n", bdf);
}

/* Does a driver of the kernel watch the port's slot? */
static bool slot_is_watched(const char *bdf)
{
	glob_t found;
	bool watched;

	watched = !glob(device_path(bdf, "../*:pcie004/driver"), 0, NULL, &found);
	globfree(&found);

	return watched;
}

void unplug_tell(const char *bdf)
{
	if (slot_is_watched(bdf))
		while (unplug_is_known(bdf))
			usleep(LOOK_US);
	else if (unplug_is_known(bdf))
		file_write(device_path(bdf, "remove"), "1");
}

bool unplug_is_known(const char *bdf)
{
	return !access(device_path(bdf, "config"), F_OK);
}
