// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which windows a session begins with: the administrator's, else the window of a card
 * that is known to have an embedded interrupt controller.
 */

#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "msi_vfio_pci.h"

static bool windows = true;
module_param(windows, bool, 0644);
MODULE_PARM_DESC(windows, "Give known cards their window when they are opened");

/*
 * BAR0 of these cards is smaller than their register space, and shows views of 512 KiB of
 * it. What the first view shows, at 0x80000, is selected by a register; some cards have
 * two more views, which always show the copy engines and the UMAC
 * (ath11k_pci_get_window_start() and ath12k_pci_get_window_start()).
 *
 * A ring's registers have its slot at 0x48. They are in blocks of 4 KiB pages:
 *
 * - the copy engines (HAL_SEQ_WCSS_UMAC_CE0_SRC_REG and so on): up to 16 engines, each
 *   with a page for its source ring and one for its destination ring;
 * - in the UMAC, the rings of WBM, REO and TCL (HAL_SEQ_WCSS_UMAC_WBM_REG and so on).
 *
 * In the UMAC, the pages after each block have the pointers that the data path moves for
 * each packet (HAL_REO1_RING_HP and so on): they must stay mappable. Today's drivers give
 * slots to some of the copy engines and to no ring of TCL. The others are here because a
 * driver may come to use them.
 */
#define CE_SIZE		0x20000
#define WBM_OFFSET	0x34000
#define WBM_SIZE	0x3000
#define REO_OFFSET	0x38000
#define REO_SIZE	0x3000
#define TCL_OFFSET	0x44000
#define TCL_SIZE	0x2000

#define FIRST_VIEW	0x80000
#define CE_VIEW		0x100000
#define UMAC_VIEW	0x180000

/* Of these bits the drivers set the page: bits 24 to 19 of an address of the chip. */
#define SELECT_MASK	0x3f

#define FIRST_VIEW_RANGES {						\
	{ FIRST_VIEW, CE_SIZE },					\
	{ FIRST_VIEW + WBM_OFFSET, WBM_SIZE },				\
	{ FIRST_VIEW + REO_OFFSET, REO_SIZE },				\
	{ FIRST_VIEW + TCL_OFFSET, TCL_SIZE },				\
}

static const struct vfio_device_feature_pci_msi_ranges one_view = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.data_offset = 8,
	.select_offset = 0x310c,
	.select_mask = SELECT_MASK,
	.count = 4,
	.range = FIRST_VIEW_RANGES,
};

static const struct vfio_device_feature_pci_msi_ranges qcc2072 = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.data_offset = 8,
	.select_offset = 0x3278,
	.select_mask = SELECT_MASK,
	.count = 4,
	.range = FIRST_VIEW_RANGES,
};

static const struct vfio_device_feature_pci_msi_ranges three_views = {
	.region = VFIO_PCI_BAR0_REGION_INDEX,
	.data_offset = 8,
	.count = 4,
	.range = {
		{ CE_VIEW, CE_SIZE },
		{ UMAC_VIEW + WBM_OFFSET, WBM_SIZE },
		{ UMAC_VIEW + REO_OFFSET, REO_SIZE },
		{ UMAC_VIEW + TCL_OFFSET, TCL_SIZE },
	},
};

#define QUIRK(device_id, window) {					\
	PCI_DEVICE(PCI_VENDOR_ID_QCOM, device_id),			\
	.driver_data = (kernel_ulong_t)&(window),			\
}

static const struct pci_device_id quirks[] = {
	QUIRK(0x1101, one_view),
	QUIRK(0x1103, one_view),
	QUIRK(0x1104, three_views),
	QUIRK(0x1107, one_view),
	QUIRK(0x1109, three_views),
	QUIRK(0x1112, qcc2072),
	{}
};

/* A card that differs is opened without the window. Returns 0 or -ENOMEM. */
static int add_known_window(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	const struct pci_device_id *id;
	int ret;

	id = READ_ONCE(windows) ? pci_match_id(quirks, pdev) : NULL;
	if (!id)
		return 0;

	ret = msi_vfio_pci_add_window(mdev, (const void *)id->driver_data);
	if (ret == -ENOMEM)
		return ret;
	if (ret)
		pci_warn(pdev, "no window for the embedded interrupt controller: %d\n",
			 ret);

	return 0;
}

/* Returns 0, or an errno if the device cannot have one of the windows. */
static int add_admin_windows(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_window_list *list;
	unsigned int i;
	int ret = 0;

	/* No other lock is taken under @admin_lock. */
	if (!READ_ONCE(mdev->admin))
		return 0;
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;

	mutex_lock(&mdev->admin_lock);
	if (mdev->admin)
		*list = *mdev->admin;
	mutex_unlock(&mdev->admin_lock);

	for (i = 0; i < list->count && !ret; i++) {
		ret = msi_vfio_pci_add_window(mdev, &list->windows[i]);
		if (ret)
			pci_err(mdev->core.pdev, "no window %u of msi_windows: %d\n",
				i, ret);
	}
	kfree(list);

	return ret;
}

/**
 * msi_vfio_pci_add_initial_windows - add the windows that a session begins with
 * @mdev: a device that is being opened, with @state held
 *
 * Adds the administrator's windows, else the window that the card is known to have.
 *
 * Return: 0, or an errno if the device cannot have a window of the administrator's. The
 * device must not be opened then, as guest addresses would reach it. Windows that were
 * added before remain.
 */
int msi_vfio_pci_add_initial_windows(struct msi_vfio_pci_device *mdev)
{
	int ret;

	/* A device without MSI has no windows. */
	if (!mdev->core.pdev->msi_cap)
		return 0;

	ret = add_admin_windows(mdev);
	if (!ret && !mdev->nr_windows)
		ret = add_known_window(mdev);

	return ret;
}
