/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ATH_VFIO_PCI_H
#define ATH_VFIO_PCI_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vfio_pci_core.h>

#include "slot.h"

/* All is in BAR 0. */
#define ATH_VFIO_PCI_BAR	VFIO_PCI_BAR0_REGION_INDEX

/**
 * struct ath_vfio_pci_range - a part of the BAR
 * @offset: first byte
 * @size: how many bytes
 */
struct ath_vfio_pci_range {
	u32 offset;
	u32 size;
};

/**
 * struct ath_vfio_pci_layout - where a card has its slots
 * @data_offset: a slot's data is so many bytes after its address
 * @select_offset: register that selects what the card shows in the ranges
 * @select_mask: the bits of it that do; 0: the card has no such register
 * @count: entries of @range that are used
 * @range: the ranges, in ascending order
 */
struct ath_vfio_pci_layout {
	u32 data_offset;
	u32 select_offset;
	u32 select_mask;
	unsigned int count;
	struct ath_vfio_pci_range range[4];
};

/**
 * struct ath_vfio_pci_device - a bound card
 * @core: the core device
 * @layout: where it has its slots; NULL: messages are not translated
 * @lock: protects all below; taken after igate and before memory_lock
 * @io: the BAR
 * @env: the messages
 * @window: the slots
 * @guest_vectors: how many vectors the guest has enabled
 * @owed: slots are still to be written, as the card could not be
 * @was_reset: bit 0: slots are to be forgotten; set without a lock
 * @frozen: an error has frozen the channel
 */
struct ath_vfio_pci_device {
	struct vfio_pci_core_device core;
	const struct ath_vfio_pci_layout *layout;
	struct mutex lock;	/* see above */
	u8 __iomem *io;
	struct msi_slot_env env;
	struct msi_slot_window window;
	unsigned int guest_vectors;
	bool owed;
	unsigned long was_reset;
	bool frozen;
};

static inline struct ath_vfio_pci_device *
to_ath_vfio_pci(struct vfio_pci_core_device *core)
{
	return container_of(core, struct ath_vfio_pci_device, core);
}

/* cards.c */
const struct ath_vfio_pci_layout *
ath_vfio_pci_find_layout(struct pci_dev *pdev);

/* window.c */
int ath_vfio_pci_open_window(struct ath_vfio_pci_device *adev);
void ath_vfio_pci_close_window(struct ath_vfio_pci_device *adev);
bool ath_vfio_pci_in_window(struct ath_vfio_pci_device *adev, u64 start, u64 end);
ssize_t ath_vfio_pci_rw(struct ath_vfio_pci_device *adev, char __user *buf,
			size_t count, loff_t *ppos, bool is_write);
void ath_vfio_pci_config_written(struct ath_vfio_pci_device *adev,
				 const char __user *buf, u64 start, size_t count);
void ath_vfio_pci_msi_changed(struct vfio_pci_core_device *core);

#endif /* ATH_VFIO_PCI_H */
