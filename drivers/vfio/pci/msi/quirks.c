// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are known to have an embedded interrupt controller, and where.
 */

#include <linux/moduleparam.h>

#include "msi_vfio_pci.h"

static bool windows = true;
module_param(windows, bool, 0644);
MODULE_PARM_DESC(windows, "Give known devices their windows when they are opened");

static const struct vfio_device_feature_pci_msi_window ath11k = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.offset = 0x80000,
	.size = 0x40000,
	.data_offset = 8,
};

static const struct vfio_device_feature_pci_msi_window ath12k = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.offset = 0x1e00000,
	.size = 0x80000,
	.data_offset = 8,
};

#define QUIRK(device_id, window) {					\
	PCI_DEVICE(PCI_VENDOR_ID_QCOM, device_id),			\
	.driver_data = (kernel_ulong_t)&(window),			\
}

static const struct pci_device_id quirks[] = {
	QUIRK(0x1101, ath11k),
	QUIRK(0x1103, ath11k),
	QUIRK(0x1104, ath11k),
	QUIRK(0x1107, ath12k),
	QUIRK(0x1109, ath12k),
	{}
};

/**
 * msi_vfio_pci_add_builtin_windows - give a device the window it is known to have
 * @mdev: a device that is being opened
 *
 * A card that differs from what is known is opened all the same.
 */
void msi_vfio_pci_add_builtin_windows(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	const struct pci_device_id *id;
	int ret;

	if (!READ_ONCE(windows) || !pdev->msi_cap)
		return;

	id = pci_match_id(quirks, pdev);
	if (!id)
		return;

	ret = msi_vfio_pci_add_window(mdev, (const void *)id->driver_data);
	if (ret)
		pci_warn(pdev, "no window for the embedded interrupt controller: %d\n",
			 ret);
}
