// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a read shows when MSI_NOVIRT is set: the hardware's MSI address and data in
 * config space, and the hardware's MSI-X table in its BAR.
 */

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>

#include "msi_vfio_pci.h"

/* 32 entries of the table, which is all that most devices have. */
#define CHUNK_DWORDS	128

static int read_msi_fields(struct msi_vfio_pci_device *mdev,
			   unsigned int offset, __le32 *buf,
			   unsigned int count)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int pos = pdev->msi_cap + PCI_MSI_ADDRESS_LO + offset;
	unsigned int i;
	u32 val;
	int ret;

	for (i = 0; i < count; i++) {
		ret = pci_user_read_config_dword(pdev, pos + i * 4, &val);
		if (ret)
			return ret;
		buf[i] = cpu_to_le32(val);
	}

	return 0;
}

static void add_table(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	loff_t start = VFIO_PCI_INDEX_TO_OFFSET(core->msix_bar) +
		       core->msix_offset;

	mdev->ranges[mdev->nr_ranges++] = (struct msi_vfio_pci_range) {
		.start = start,
		.read_dwords = msi_vfio_pci_read_table,
	};
}

static void add_msi_fields(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	loff_t cap = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) +
		     pdev->msi_cap;
	u16 flags;
	int data;

	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, &flags);
	data = flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32;

	mdev->ranges[mdev->nr_ranges++] = (struct msi_vfio_pci_range) {
		.start = cap + PCI_MSI_ADDRESS_LO,
		.end = cap + data + sizeof(u16),
		.read_dwords = read_msi_fields,
	};
}

/**
 * msi_vfio_pci_init_ranges - find what MSI_NOVIRT shows of this device
 * @mdev: a device that has been through msi_vfio_pci_open_vectors()
 *
 * The table is added first: BARs come before config space in the device's file, so the
 * ranges are sorted.
 */
void msi_vfio_pci_init_ranges(struct msi_vfio_pci_device *mdev)
{
	mdev->nr_ranges = 0;
	if (mdev->table)
		add_table(mdev);
	if (mdev->core.pdev->msi_cap)
		add_msi_fields(mdev);
}

/* The last registers of the longest layout of a capability may not be there. */
static void watch(struct msi_vfio_pci_device *mdev, int first, int last)
{
	last = min(last, PCI_CFG_SPACE_SIZE - 1);
	mdev->watched_config |= GENMASK_ULL(last / 4, first / 4);
}

/**
 * msi_vfio_pci_watch_config - find the registers that matter when the user writes them
 * @mdev: a device whose core has been enabled
 *
 * They are those that have the guest message, that put the device to sleep and wake it, and
 * that reset it. With MSI-X also the command register: when the user turns memory decoding
 * on, the table may have grown in a reset that nobody has reported.
 */
void msi_vfio_pci_watch_config(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int af = pci_find_capability(pdev, PCI_CAP_ID_AF);

	mdev->watched_config = 0;
	if (pdev->msix_cap)
		watch(mdev, PCI_COMMAND, PCI_COMMAND);
	if (pdev->msi_cap)
		watch(mdev, pdev->msi_cap, pdev->msi_cap + PCI_MSI_DATA_64);
	if (pdev->pm_cap)
		watch(mdev, pdev->pm_cap + PCI_PM_CTRL, pdev->pm_cap + PCI_PM_CTRL);
	if (pdev->pcie_cap)
		watch(mdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
		      pdev->pcie_cap + PCI_EXP_DEVCTL);
	if (af)
		watch(mdev, af + PCI_AF_CTRL, af + PCI_AF_CTRL);
}

static int read_range(struct msi_vfio_pci_device *mdev,
		      const struct msi_vfio_pci_range *range,
		      char __user *buf, loff_t start, loff_t end)
{
	unsigned int offset = start - range->start;
	unsigned int stop = end - range->start;
	__le32 chunk[CHUNK_DWORDS];

	while (offset < stop) {
		unsigned int base = round_down(offset, 4);
		unsigned int limit = min_t(unsigned int, stop,
					   base + sizeof(chunk));
		int ret;

		ret = range->read_dwords(mdev, base, chunk,
					 DIV_ROUND_UP(limit - base, 4));
		if (ret)
			return ret;
		if (copy_to_user(buf, (u8 *)chunk + (offset - base),
				 limit - offset))
			return -EFAULT;
		buf += limit - offset;
		offset = limit;
	}

	return 0;
}

/* The table can grow, so its end is not stored. */
static loff_t range_end(struct msi_vfio_pci_device *mdev,
			const struct msi_vfio_pci_range *range)
{
	return range->end ?: range->start + READ_ONCE(mdev->core.msix_size);
}

/**
 * msi_vfio_pci_read_fields - read MSI's address and data, and nothing else
 * @mdev: device
 * @buf: user's buffer
 * @count: how many bytes
 * @pos: where in the device's file
 *
 * For reads of which the core would only read what is replaced then.
 *
 * Return: bytes read; 0: the range is not within MSI's fields; -EFAULT, or another errno
 * if the hardware cannot be reached.
 */
ssize_t msi_vfio_pci_read_fields(struct msi_vfio_pci_device *mdev,
				 char __user *buf, size_t count, loff_t pos)
{
	struct device *dev = &mdev->core.pdev->dev;
	const struct msi_vfio_pci_range *range;
	int ret;

	if (!mdev->nr_ranges)
		return 0;

	/* They are the last range, and the only one that has an end. */
	range = &mdev->ranges[mdev->nr_ranges - 1];
	if (!count || pos < range->start || pos + count > range->end)
		return 0;

	if (pm_runtime_resume_and_get(dev))
		return -EIO;
	ret = read_range(mdev, range, buf, pos, pos + count);
	pm_runtime_put(dev);

	return ret ?: count;
}

/**
 * msi_vfio_pci_read_through - replace virtual bytes with the hardware's
 * @mdev: device
 * @buf: user's buffer, which the core has filled
 * @count: how many bytes it has read
 * @pos: offset of @buf in the device's file
 *
 * Return: 0, -EFAULT, or another errno if the hardware cannot be reached, which is
 * usually -EIO.
 */
int msi_vfio_pci_read_through(struct msi_vfio_pci_device *mdev,
			      char __user *buf, size_t count, loff_t pos)
{
	struct device *dev = &mdev->core.pdev->dev;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < mdev->nr_ranges && !ret; i++) {
		const struct msi_vfio_pci_range *range = &mdev->ranges[i];
		loff_t start = max(pos, range->start);
		loff_t end = min_t(loff_t, pos + count, range_end(mdev, range));

		if (start >= end)
			continue;

		/* After the core's read the device may have gone to sleep again. */
		if (pm_runtime_resume_and_get(dev))
			return -EIO;
		ret = read_range(mdev, range, buf + (start - pos), start, end);
		pm_runtime_put(dev);
	}

	return ret;
}
