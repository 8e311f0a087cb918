// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are known to have an embedded interrupt controller, and where.
 */

#include <linux/moduleparam.h>

#include "msi_vfio_pci.h"

static bool windows = true;
module_param(windows, bool, 0644);
MODULE_PARM_DESC(windows, "Give known devices their windows when they are opened");

/*
 * BAR0 of these cards has no room for their registers, and shows 512 KiB of them at a
 * time: from 0x80000 on what a register in front of it selects, and on some cards
 * two more such views behind it that stay where they are, of the copy engines and of
 * the rings, where the slots then are (ath11k_pci_get_window_start() and
 * ath12k_pci_get_window_start()). Slots were seen on 1103 alone, in the first half of
 * the first view.
 */
static const struct vfio_device_feature_pci_msi_window ath11k = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.offset = 0x80000,
	.size = 0x40000,
	.data_offset = 8,
};

static const struct vfio_device_feature_pci_msi_window one_view = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.offset = 0x80000,
	.size = 0x80000,
	.data_offset = 8,
};

static const struct vfio_device_feature_pci_msi_window three_views = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.offset = 0x80000,
	.size = 0x180000,
	.data_offset = 8,
};

#define QUIRK(device_id, window) {					\
	PCI_DEVICE(PCI_VENDOR_ID_QCOM, device_id),			\
	.driver_data = (kernel_ulong_t)&(window),			\
}

static const struct pci_device_id quirks[] = {
	QUIRK(0x1101, ath11k),
	QUIRK(0x1103, ath11k),
	QUIRK(0x1104, three_views),
	QUIRK(0x1107, one_view),
	QUIRK(0x1109, three_views),
	QUIRK(0x1112, one_view),
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

/**
 * msi_vfio_pci_add_admin_windows - give a device what the administrator wants
 * @mdev: a device that is being opened, with @state held
 *
 * Return: 0, or an errno if the device cannot have one of the windows.
 */
int msi_vfio_pci_add_admin_windows(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_window_list list;
	unsigned int i;
	int ret = 0;

	mutex_lock(&mdev->admin_lock);
	list = mdev->admin;
	mutex_unlock(&mdev->admin_lock);

	for (i = 0; i < list.count && !ret; i++) {
		ret = msi_vfio_pci_add_window(mdev, &list.windows[i]);
		if (ret)
			pci_err(mdev->core.pdev, "no window %u of msi_windows: %d\n",
				i, ret);
	}

	return ret;
}
