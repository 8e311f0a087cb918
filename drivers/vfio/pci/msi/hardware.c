// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device itself says: how many vectors it has, where its MSI-X table and its
 * pending bits are, and what they hold; whether it has its BARs; whether it is waking
 * up.
 */

#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include "compat.h"
#include "msi_vfio_pci.h"

/* A capability can name a place that the device does not have. */
static bool in_bar(struct pci_dev *pdev, unsigned int bar, u64 offset, u64 size)
{
	return bar < PCI_STD_NUM_BARS &&
	       pci_resource_flags(pdev, bar) & IORESOURCE_MEM &&
	       offset + size <= pci_resource_len(pdev, bar);
}

static u32 table_bytes(unsigned int nr)
{
	return nr * PCI_MSIX_ENTRY_SIZE;
}

/* Pending bits come in qwords. */
static u32 pba_bytes(unsigned int nr)
{
	return DIV_ROUND_UP(nr, 64) * 8;
}

static u8 __iomem *map_msix(struct msi_vfio_pci_device *mdev, unsigned int bar,
			    u32 offset, u32 size)
{
	u8 __iomem *io;

	if (!in_bar(mdev->core.pdev, bar, offset, size))
		return NULL;

	io = compat_iomap(&mdev->core, bar);

	return IS_ERR(io) ? NULL : io + offset;
}

/**
 * msi_vfio_pci_open_msix - find the table and the pending bits
 * @mdev: a device with MSI-X whose core has been enabled
 */
void msi_vfio_pci_open_msix(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	u32 pba;

	WRITE_ONCE(mdev->table_size, core->msix_size);
	mdev->table = map_msix(mdev, core->msix_bar, core->msix_offset,
			       core->msix_size);

	pci_read_config_dword(core->pdev, core->pdev->msix_cap + PCI_MSIX_PBA,
			      &pba);
	mdev->pba_bar = pba & PCI_MSIX_PBA_BIR;
	mdev->pba_offset = pba & PCI_MSIX_PBA_OFFSET;
	mdev->pba = map_msix(mdev, mdev->pba_bar, mdev->pba_offset,
			     pba_bytes(core->msix_size / PCI_MSIX_ENTRY_SIZE));
}

/* There are devices whose PBA lies inside the table. Reads there return the table. */
static bool overlap(u32 table, u32 pba, unsigned int nr)
{
	u64 table_start = table & PCI_MSIX_TABLE_OFFSET;
	u64 pba_start = pba & PCI_MSIX_PBA_OFFSET;

	return (table & PCI_MSIX_TABLE_BIR) == (pba & PCI_MSIX_PBA_BIR) &&
	       pba_start < table_start + table_bytes(nr) &&
	       table_start < pba_start + pba_bytes(nr);
}

/* The core does not notice that a table has moved, so none is found then. */
static u8 __iomem *find_table(struct msi_vfio_pci_device *mdev, u32 table,
			      unsigned int nr)
{
	struct vfio_pci_core_device *core = &mdev->core;

	if ((table & PCI_MSIX_TABLE_BIR) != core->msix_bar ||
	    (table & PCI_MSIX_TABLE_OFFSET) != core->msix_offset ||
	    !in_bar(core->pdev, core->msix_bar, core->msix_offset,
		    table_bytes(nr)))
		return NULL;

	return mdev->table;
}

static u8 __iomem *find_pba(struct msi_vfio_pci_device *mdev, u32 table,
			    u32 pba, unsigned int nr)
{
	u32 offset = pba & PCI_MSIX_PBA_OFFSET;

	if (!mdev->pba || (pba & PCI_MSIX_PBA_BIR) != mdev->pba_bar ||
	    !in_bar(mdev->core.pdev, mdev->pba_bar, offset, pba_bytes(nr)) ||
	    overlap(table, pba, nr))
		return NULL;

	return mdev->pba - mdev->pba_offset + offset;
}

/**
 * msi_vfio_pci_find_msix - where the table and the pending bits are now
 * @mdev: an open device with MSI-X, awake
 * @ctrl: MSI-X's control register
 * @out: out
 *
 * Firmware that starts with a reset can change the number of vectors and both places,
 * so what the capability said when the device was opened may no longer hold.
 *
 * Return: 0, or -EIO if the device does not respond.
 */
int msi_vfio_pci_find_msix(struct msi_vfio_pci_device *mdev, u16 ctrl,
			   struct msi_vfio_pci_msix *out)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int cap = pdev->msix_cap;
	u32 table, pba;

	if (pci_user_read_config_dword(pdev, cap + PCI_MSIX_TABLE, &table) ||
	    pci_user_read_config_dword(pdev, cap + PCI_MSIX_PBA, &pba) ||
	    PCI_POSSIBLE_ERROR(table) || PCI_POSSIBLE_ERROR(pba))
		return -EIO;

	out->nr = (ctrl & PCI_MSIX_FLAGS_QSIZE) + 1;
	out->table = find_table(mdev, table, out->nr);
	out->pba = find_pba(mdev, table, pba, out->nr);

	return 0;
}

/**
 * msi_vfio_pci_update_table_size - keep the user from writing to added entries
 * @mdev: device, open or not
 *
 * The core drops the user's writes to the table. It has read the table's size when the
 * device was opened; this gives it a larger size, but never a smaller one.
 *
 * Called when resets and sleeps end, so it takes no lock and does not wait for resets.
 */
void msi_vfio_pci_update_table_size(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	struct pci_dev *pdev = core->pdev;
	u32 size;
	u16 ctrl;

	if (!pdev->msix_cap)
		return;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &ctrl);
	size = table_bytes((ctrl & PCI_MSIX_FLAGS_QSIZE) + 1);
	if (PCI_POSSIBLE_ERROR(ctrl) || size <= READ_ONCE(core->msix_size))
		return;

	WRITE_ONCE(mdev->table_size, size);
	WRITE_ONCE(core->msix_size, size);
}

/**
 * msi_vfio_pci_init_table - find where the MSI-X table is
 * @mdev: a device that is being bound, and awake
 *
 * The core finds it, too, but only when the device is opened.
 */
void msi_vfio_pci_init_table(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	u32 table;
	u16 flags;

	if (!pdev->msix_cap)
		return;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &flags);
	pci_read_config_dword(pdev, pdev->msix_cap + PCI_MSIX_TABLE, &table);
	mdev->table_bar = table & PCI_MSIX_TABLE_BIR;
	mdev->table_offset = table & PCI_MSIX_TABLE_OFFSET;
	mdev->table_size = table_bytes((flags & PCI_MSIX_FLAGS_QSIZE) + 1);
}

/* Returns the number, of which @known tells whether the device has responded with it. */
static unsigned int read_vector_count(struct msi_vfio_pci_device *mdev,
				      u32 index, bool *known)
{
	struct pci_dev *pdev = mdev->core.pdev;
	bool msi = index == VFIO_PCI_MSI_IRQ_INDEX;
	int cap = msi ? pdev->msi_cap : pdev->msix_cap;
	u16 ctrl;

	*known = true;
	if (!cap)
		return 0;

	/* The control register has the same offset in both capabilities. */
	pci_read_config_word(pdev, cap + PCI_MSI_FLAGS, &ctrl);
	*known = !PCI_POSSIBLE_ERROR(ctrl);

	return msi ? 1 << ((ctrl & PCI_MSI_FLAGS_QMASK) >> 1) :
		     (ctrl & PCI_MSIX_FLAGS_QSIZE) + 1;
}

/**
 * msi_vfio_pci_vector_count - how many vectors the device has now
 * @mdev: an open device that is awake
 * @index: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 *
 * A reset can change the number. If the device does not respond, it is the largest that
 * a capability can have, and must not be stored. Like the core's, these reads do not
 * wait for a reset that is under way. pci_user_read_config_word() does: for up to a
 * minute, and unkillably.
 *
 * Return: the same number that VFIO_DEVICE_GET_IRQ_INFO reports.
 */
unsigned int msi_vfio_pci_vector_count(struct msi_vfio_pci_device *mdev,
				       u32 index)
{
	bool known;

	return read_vector_count(mdev, index, &known);
}

/**
 * msi_vfio_pci_known_vector_count - the same, if the device responds
 * @mdev: an open device that is awake
 * @index: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 *
 * Return: the number, or 0 if the device does not respond.
 */
unsigned int msi_vfio_pci_known_vector_count(struct msi_vfio_pci_device *mdev,
					     u32 index)
{
	bool known;
	unsigned int count = read_vector_count(mdev, index, &known);

	return known ? count : 0;
}

/**
 * msi_vfio_pci_read_table - read dwords of the hardware's MSI-X table
 * @mdev: device with a @table
 * @offset: first byte, a multiple of 4 within the table
 * @buf: where to put them
 * @count: how many
 *
 * Return: 0, or -EIO if the device does not decode memory.
 */
int msi_vfio_pci_read_table(struct msi_vfio_pci_device *mdev,
			    unsigned int offset, __le32 *buf,
			    unsigned int count)
{
	unsigned int i;
	int ret = -EIO;

	down_read(&mdev->core.memory_lock);
	if (compat_memory_enabled(&mdev->core)) {
		for (i = 0; i < count; i++)
			buf[i] = cpu_to_le32(ioread32(mdev->table + offset + i * 4));
		ret = 0;
	}
	up_read(&mdev->core.memory_lock);

	return ret;
}

/**
 * msi_vfio_pci_enabled_index - are INTx, MSI or MSI-X in use
 * @mdev: device, with @state held
 *
 * Return: an index of VFIO_PCI_*_IRQ_INDEX, or VFIO_PCI_NUM_IRQS.
 */
u32 msi_vfio_pci_enabled_index(struct msi_vfio_pci_device *mdev)
{
	return mdev->dummy_on ? VFIO_PCI_MSIX_IRQ_INDEX : mdev->core.irq_type;
}

/* All ones can be a device's value, or mean that the device is gone: tells which. */
static int check_ones(struct pci_dev *pdev, u32 value)
{
	u16 ctrl;
	int ret;

	if (!PCI_POSSIBLE_ERROR(value))
		return 0;

	ret = pci_user_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS,
					&ctrl);

	return ret ?: PCI_POSSIBLE_ERROR(ctrl) ? -ENODEV : 0;
}

static int read_hw_msi_mask(struct msi_vfio_pci_device *mdev,
			    struct msi_vfio_pci_hw_shared *hw)
{
	struct pci_dev *pdev = mdev->core.pdev;
	bool is_64 = hw->ctrl & PCI_MSI_FLAGS_64BIT;
	int ret;

	hw->mask = 0;
	hw->pending = 0;
	if (!(hw->ctrl & PCI_MSI_FLAGS_MASKBIT))
		return 0;

	ret = pci_user_read_config_dword(pdev, pdev->msi_cap +
					 (is_64 ? PCI_MSI_MASK_64 :
						  PCI_MSI_MASK_32), &hw->mask);
	if (ret)
		return ret;

	ret = pci_user_read_config_dword(pdev, pdev->msi_cap +
					 (is_64 ? PCI_MSI_PENDING_64 :
						  PCI_MSI_PENDING_32),
					 &hw->pending);

	return ret ?: check_ones(pdev, hw->mask | hw->pending);
}

static void read_shared_msi(struct msi_vfio_pci_device *mdev,
			    struct msi_vfio_pci_hw_shared *hw)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int cap = pdev->msi_cap;
	u32 lo, hi = 0;
	bool is_64;

	if (pci_user_read_config_word(pdev, cap + PCI_MSI_FLAGS, &hw->ctrl) ||
	    PCI_POSSIBLE_ERROR(hw->ctrl))
		return;

	hw->disabled = !(hw->ctrl & PCI_MSI_FLAGS_ENABLE);
	if (pci_user_read_config_dword(pdev, cap + PCI_MSI_ADDRESS_LO, &lo))
		return;

	is_64 = hw->ctrl & PCI_MSI_FLAGS_64BIT;
	if (is_64 &&
	    pci_user_read_config_dword(pdev, cap + PCI_MSI_ADDRESS_HI, &hi))
		return;

	if (pci_user_read_config_word(pdev, cap + (is_64 ? PCI_MSI_DATA_64 :
							   PCI_MSI_DATA_32),
				      &hw->data) ||
	    read_hw_msi_mask(mdev, hw))
		return;

	hw->address = (u64)hi << 32 | lo;
	hw->valid = true;
}

/* The entries of @nr and of those vectors of its group that are asked for next. */
static int read_entries(struct msi_vfio_pci_device *mdev, unsigned int nr,
			struct msi_vfio_pci_hw_shared *hw)
{
	unsigned int end = round_down(nr, MSI_VFIO_PCI_GROUP) + MSI_VFIO_PCI_GROUP;

	end = hw->one_by_one ? nr + 1 : min3(end, hw->msix.nr, hw->end);
	hw->first = nr;

	return msi_vfio_pci_read_table(mdev, nr * PCI_MSIX_ENTRY_SIZE,
				       hw->entries[0],
				       (end - nr) * MSI_VFIO_PCI_ENTRY_DWORDS);
}

static void read_shared_msix(struct msi_vfio_pci_device *mdev, unsigned int nr,
			     struct msi_vfio_pci_hw_shared *hw)
{
	struct pci_dev *pdev = mdev->core.pdev;

	hw->pending = 0;
	if (pci_user_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
				      &hw->ctrl) ||
	    PCI_POSSIBLE_ERROR(hw->ctrl))
		return;

	hw->disabled = !(hw->ctrl & PCI_MSIX_FLAGS_ENABLE);
	if (msi_vfio_pci_find_msix(mdev, hw->ctrl, &hw->msix) ||
	    !hw->msix.table || nr >= hw->msix.nr)
		return;
	if (hw->msix.pba &&
	    compat_ioread32(&mdev->core, &hw->pending,
			    hw->msix.pba + nr / MSI_VFIO_PCI_GROUP * 4))
		return;
	if (read_entries(mdev, nr, hw))
		return;

	hw->valid = true;
}

/*
 * Reads what vector @nr shares with the other vectors whose pending bits it is among.
 */
static void read_shared(struct msi_vfio_pci_device *mdev, unsigned int nr,
			struct msi_vfio_pci_hw_shared *hw)
{
	if (hw->group != nr / MSI_VFIO_PCI_GROUP)
		hw->one_by_one = false;
	hw->fresh = !hw->one_by_one;
	hw->group = nr / MSI_VFIO_PCI_GROUP;
	hw->valid = false;
	hw->disabled = false;
	if (msi_vfio_pci_enabled_index(mdev) == VFIO_PCI_MSIX_IRQ_INDEX)
		read_shared_msix(mdev, nr, hw);
	else
		read_shared_msi(mdev, hw);
	/* What the device loses in D3 is restored when it wakes up. */
	if (msi_vfio_pci_in_d3(mdev))
		hw->disabled = false;
}

static void read_hw_msi(unsigned int nr,
			const struct msi_vfio_pci_hw_shared *shared,
			struct msi_vfio_pci_hw_vector *hw)
{
	/* There are 32 mask bits, but a reserved number of vectors can be larger. */
	hw->masked = nr < MSI_VFIO_PCI_GROUP && shared->mask & BIT(nr);
	hw->pending = nr < MSI_VFIO_PCI_GROUP && shared->pending & BIT(nr);
	hw->address = shared->address;
	hw->data = shared->data + nr;
	hw->valid = true;
}

static void read_hw_msix(unsigned int nr,
			 const struct msi_vfio_pci_hw_shared *shared,
			 struct msi_vfio_pci_hw_vector *hw)
{
	const __le32 *entry = shared->entries[nr - shared->first];
	u32 lo, hi, ctrl;

	if (nr >= shared->msix.nr)
		return;

	/*
	 * Read last. Some of its bits are always 0: all ones mean a device that is
	 * gone.
	 */
	ctrl = le32_to_cpu(entry[PCI_MSIX_ENTRY_VECTOR_CTRL / 4]);
	if (PCI_POSSIBLE_ERROR(ctrl))
		return;

	lo = le32_to_cpu(entry[PCI_MSIX_ENTRY_LOWER_ADDR / 4]);
	hi = le32_to_cpu(entry[PCI_MSIX_ENTRY_UPPER_ADDR / 4]);
	hw->masked = shared->ctrl & PCI_MSIX_FLAGS_MASKALL ||
		     ctrl & PCI_MSIX_ENTRY_CTRL_MASKBIT;
	hw->pending = shared->pending & BIT(nr % MSI_VFIO_PCI_GROUP);
	hw->address = (u64)hi << 32 | lo;
	hw->data = le32_to_cpu(entry[PCI_MSIX_ENTRY_DATA / 4]);
	hw->valid = true;
}

/**
 * msi_vfio_pci_read_hw - what the hardware says of a vector
 * @mdev: device, with @state held
 * @nr: the vector
 * @shared: what the vector before this one has read, with @ask set; updated
 * @hw: out
 */
void msi_vfio_pci_read_hw(struct msi_vfio_pci_device *mdev, unsigned int nr,
			  struct msi_vfio_pci_hw_shared *shared,
			  struct msi_vfio_pci_hw_vector *hw)
{
	hw->valid = false;
	if (!shared->fresh || shared->group != nr / MSI_VFIO_PCI_GROUP)
		read_shared(mdev, nr, shared);
	hw->disabled = shared->disabled;
	if (!shared->valid)
		return;
	if (msi_vfio_pci_enabled_index(mdev) == VFIO_PCI_MSIX_IRQ_INDEX)
		read_hw_msix(nr, shared, hw);
	else
		read_hw_msi(nr, shared, hw);
}

/*
 * Compares the BARs with those that the core gave the device, and returns as
 * msi_vfio_pci_check_bars() does. @wait: for a reset that is under way.
 */
static int compare_bars(struct msi_vfio_pci_device *mdev, bool wait)
{
	struct pci_dev *pdev = mdev->core.pdev;
	const u32 *rbar = mdev->core.rbar;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		int pos = PCI_BASE_ADDRESS_0 + i * 4;
		u32 bar;

		/* The BARs of a VF read as 0 and are always valid. */
		if (!rbar[i])
			continue;
		if ((wait ? pci_user_read_config_dword(pdev, pos, &bar) :
			    pci_read_config_dword(pdev, pos, &bar)) ||
		    PCI_POSSIBLE_ERROR(bar))
			ret = -EIO;
		else if (bar != rbar[i])
			return -ENXIO;
	}

	return ret;
}

/**
 * msi_vfio_pci_check_bars - does the device have the BARs that the core gave it
 * @mdev: open device
 *
 * Some resets, such as AER's, do not call .reset_done. The device has lost its BARs
 * then; the core restores them when the user enables memory decoding.
 *
 * Return: 0, -ENXIO if it has lost them, or -EIO if it does not respond.
 */
int msi_vfio_pci_check_bars(struct msi_vfio_pci_device *mdev)
{
	return compare_bars(mdev, true);
}

/**
 * msi_vfio_pci_has_lost_bars - is the device known to have lost its BARs
 * @mdev: open device
 *
 * Unlike msi_vfio_pci_check_bars(), does not wait for a reset that is under way.
 *
 * Return: true if it has; false if it has not, if it does not respond, and for a VF.
 */
bool msi_vfio_pci_has_lost_bars(struct msi_vfio_pci_device *mdev)
{
	return compare_bars(mdev, false) == -ENXIO;
}

/**
 * msi_vfio_pci_is_waking - is the device being resumed or suspended
 * @mdev: device
 *
 * The callback that reports what the device has lost runs while it is being resumed.
 *
 * Return: true if the device will be awake or asleep in a moment.
 */
bool msi_vfio_pci_is_waking(struct msi_vfio_pci_device *mdev)
{
	struct device *dev = &mdev->core.pdev->dev;

	return !pm_runtime_active(dev) && !pm_runtime_suspended(dev);
}
