/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * msi-vfio-pci: vfio-pci that shows and controls MSI and MSI-X
 */
#ifndef MSI_VFIO_PCI_H
#define MSI_VFIO_PCI_H

#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/types.h>
#include <linux/vfio_pci_core.h>
#include <linux/vfio_pci_msi.h>

/* The MSI fields in config space and the MSI-X table in a BAR. */
#define MSI_VFIO_PCI_MAX_RANGES	2

struct msi_vfio_pci_device;

/**
 * struct msi_vfio_pci_range - a part of a region that the core virtualizes and
 *	that MSI_NOVIRT shows as it is
 * @start: first byte, as an offset of the device's file
 * @end: first byte behind it
 * @read_dwords: reads @count dwords of the hardware, the first at byte @offset
 *	(a multiple of 4) of the range, in the device's byte order. Returns 0 or
 *	an errno. Called with the device resumed and memory_lock not held.
 */
struct msi_vfio_pci_range {
	loff_t start;
	loff_t end;
	int (*read_dwords)(struct msi_vfio_pci_device *mdev,
			   unsigned int offset, __le32 *buf,
			   unsigned int count);
};

/**
 * struct msi_vfio_pci_device - one bound device
 * @core: what vfio-pci is made of. First, as the core's error handlers take the
 *	driver data for it.
 * @state: see below
 * @open: a session is under way
 * @novirt: MSI_NOVIRT is set in this session
 * @nr_msi: vectors of the MSI capability; from open to close
 * @nr_msix: vectors of the MSI-X capability; from open to close
 * @generation: how often the messages have changed in this session
 * @nr_ranges: entries of @ranges
 * @ranges: sorted by @start; they do not change from open to close
 * @table: the MSI-X table, or NULL; from open to close
 * @pba: the MSI-X pending bits, or NULL; from open to close
 * @debugfs: the device's folder
 *
 * Locks, outermost first:
 *
 *   @state, the core's igate, the core's memory_lock
 *
 * @state protects @open and @generation, serializes writers of @novirt, and
 * keeps the vectors as they are: SET_IRQS holds it, and close clears @open under
 * it before the core frees them, so look at @open first where no ioctl keeps the
 * device open. @novirt is read without a lock. A user can have @state held over
 * a copy from his memory for as long as he likes: nothing that runs under
 * mmap_lock takes it, nor do the reset callbacks, which run under memory_lock,
 * and who waits for it on behalf of somebody else does so interruptibly.
 */
struct msi_vfio_pci_device {
	struct vfio_pci_core_device core;
	struct mutex state;	/* outermost, see above */
	bool open;
	bool novirt;
	unsigned int nr_msi;
	unsigned int nr_msix;
	u64 generation;
	unsigned int nr_ranges;
	struct msi_vfio_pci_range ranges[MSI_VFIO_PCI_MAX_RANGES];
	u8 __iomem *table;
	u8 __iomem *pba;
	struct dentry *debugfs;
};

static inline struct msi_vfio_pci_device *
to_msi_vfio_pci(struct vfio_device *vdev)
{
	return container_of(vdev, struct msi_vfio_pci_device, core.vdev);
}

/* config.c */
void msi_vfio_pci_init_ranges(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_read_through(struct msi_vfio_pci_device *mdev,
			      char __user *buf, size_t count, loff_t pos);

/* vector.c */
void msi_vfio_pci_open_vectors(struct msi_vfio_pci_device *mdev);
long msi_vfio_pci_set_irqs(struct msi_vfio_pci_device *mdev, unsigned long arg);
unsigned int msi_vfio_pci_vector_count(struct msi_vfio_pci_device *mdev,
				       u32 index);
void msi_vfio_pci_messages(struct msi_vfio_pci_device *mdev, u32 index,
			   u32 start, u32 count, bool ask_hw,
			   struct vfio_pci_msi_message *msg);
int msi_vfio_pci_read_table(struct msi_vfio_pci_device *mdev,
			    unsigned int offset, __le32 *buf,
			    unsigned int count);

/* feature.c */
int msi_vfio_pci_ioctl_feature(struct vfio_device *vdev, u32 flags,
			       void __user *arg, size_t argsz);

/* debugfs.c */
void msi_vfio_pci_debugfs_init(void);
void msi_vfio_pci_debugfs_exit(void);
void msi_vfio_pci_debugfs_add(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_debugfs_remove(struct msi_vfio_pci_device *mdev);

#endif /* MSI_VFIO_PCI_H */
