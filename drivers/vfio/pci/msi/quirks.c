// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which windows a session begins with: those that the administrator asks for, else the
 * one of a card that is known to have an embedded interrupt controller.
 */

#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pci.h>

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

/* A card that differs from what is known is opened all the same. */
static void add_known_window(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	const struct pci_device_id *id;
	int ret;

	id = READ_ONCE(windows) ? pci_match_id(quirks, pdev) : NULL;
	if (!id)
		return;

	ret = msi_vfio_pci_add_window(mdev, (const void *)id->driver_data);
	if (ret)
		pci_warn(pdev, "no window for the embedded interrupt controller: %d\n",
			 ret);
}

/* Returns 0, or an errno if the device cannot have one of the windows. */
static int add_admin_windows(struct msi_vfio_pci_device *mdev)
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

/**
 * msi_vfio_pci_add_initial_windows - add the windows that a session begins with
 * @mdev: a device that is being opened, with @state held
 *
 * Those of the administrator, else the one that the card is known to have.
 *
 * Return: 0, or an errno if the device cannot have what the administrator wants:
 * without it guest addresses would reach the device. Windows may be left then.
 */
int msi_vfio_pci_add_initial_windows(struct msi_vfio_pci_device *mdev)
{
	int ret;

	/* A device without MSI has no windows. */
	if (!mdev->core.pdev->msi_cap)
		return 0;

	ret = add_admin_windows(mdev);
	if (!ret && !mdev->nr_windows)
		add_known_window(mdev);

	return ret;
}
