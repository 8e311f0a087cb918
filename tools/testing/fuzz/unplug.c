// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "hardware.h"
#include "lab.h"
#include "unplug.h"

/* QEMU's ports eject what is behind them when their power and its indicator go off. */
void unplug_pull(const char *bdf)
{
	char port[BDF_SIZE + 3];
	u16 control;
	int cap;

	snprintf(port, sizeof(port), "%s/..", bdf);
	cap = hw_capability(port, PCI_CAP_ID_EXP);
	VFIO_ASSERT_NE(cap, 0, "%s is behind no port\n", bdf);
	control = hw_config_read16(port, cap + PCI_EXP_SLTCTL);
	control &= ~PCI_EXP_SLTCTL_PIC;
	hw_config_write16(port, cap + PCI_EXP_SLTCTL,
			  control | PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF);
	VFIO_ASSERT_EQ(hw_config_read16(bdf, PCI_VENDOR_ID), 0xffff, "%s is still there\n", bdf);
}

static const char *device_path(const char *bdf, const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);

	return path;
}

/* The kernel can do this by itself, if it handles the port's interrupt. */
void unplug_tell(const char *bdf)
{
	if (unplug_is_known(bdf))
		file_write(device_path(bdf, "remove"), "1");
}

bool unplug_is_known(const char *bdf)
{
	return !access(device_path(bdf, "config"), F_OK);
}
