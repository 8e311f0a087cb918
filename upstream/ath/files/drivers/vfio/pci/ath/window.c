// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes of the ranges of BAR 0 that have slots.  slot.c decides what
 * a write means, and this file does it.
 */

#include <linux/bitfield.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ath.h"

#define SELECT_SIZE	4

/*
 * What a slot gets instead of a guest address that cannot be translated yet: a
 * message to no CPU, which a host that remaps interrupts blocks.  Address 0
 * would be a DMA write to memory of the user.
 */
#ifdef CONFIG_X86
#define INERT_ADDRESS	0xfee0000c
#else
#define INERT_ADDRESS	0
#endif

static u8 __iomem *slots_io(struct ath_vfio_pci_device *adev)
{
	return adev->io + adev->layout->range[0].offset;
}

static u32 read_dword(void *context, u64 offset)
{
	return ioread32(slots_io(context) + offset);
}

static u64 read_io(u8 __iomem *io, unsigned int width)
{
	switch (width) {
	case 1:
		return ioread8(io);
	case 2:
		return ioread16(io);
	case 4:
		return ioread32(io);
	default:
		return ioread64(io);
	}
}

static void write_io(u8 __iomem *io, u64 value, unsigned int width)
{
	switch (width) {
	case 1:
		iowrite8(value, io);
		break;
	case 2:
		iowrite16(value, io);
		break;
	case 4:
		iowrite32(value, io);
		break;
	default:
		iowrite64(value, io);
	}
}

static void apply_plan(struct ath_vfio_pci_device *adev)
{
	const struct msi_slot_plan *plan = &adev->window.plan;
	unsigned int i;

	for (i = 0; i < plan->nr_writes; i++)
		write_io(slots_io(adev) + plan->writes[i].offset,
			 plan->writes[i].value, plan->writes[i].width);
	for (i = 0; i < plan->nr_events; i++)
		pci_dbg(adev->core.pdev, "slot %#llx: guest %#x, card %#x\n",
			plan->events[i].offset, plan->events[i].guest,
			plan->events[i].host);
}

/* The card can change its select register in a reset of its own. */
static void find_page(struct ath_vfio_pci_device *adev)
{
	const struct ath_vfio_pci_layout *layout = adev->layout;

	if (layout->select_mask)
		msi_slot_show(&adev->window,
			      ioread32(adev->io + layout->select_offset) &
			      layout->select_mask);
}

/*
 * Returns whether the card can be read and written, which remains so until the
 * slots are unlocked.
 */
static bool lock_slots(struct ath_vfio_pci_device *adev)
{
	mutex_lock(&adev->lock);
	down_read(&adev->core.memory_lock);
	if (test_and_clear_bit(0, &adev->was_reset)) {
		msi_slot_reset(&adev->window);
		adev->env.clean = true;
	}

	return __vfio_pci_memory_enabled(&adev->core);
}

static void unlock_slots(struct ath_vfio_pci_device *adev)
{
	up_read(&adev->core.memory_lock);
	mutex_unlock(&adev->lock);
}

/* Writes what has changed to the slots that the card shows. */
static void update_shown(struct ath_vfio_pci_device *adev)
{
	u64 cursor = 0;

	find_page(adev);
	while (msi_slot_update(&adev->window, &adev->env, &cursor))
		apply_plan(adev);
	adev->owed = false;
}

/* The caller may hold igate, which the core takes when it resumes a device. */
static void update(struct ath_vfio_pci_device *adev)
{
	struct device *dev = &adev->core.pdev->dev;
	int active = pm_runtime_get_if_active(dev);

	if (lock_slots(adev) && active)
		update_shown(adev);
	else
		adev->owed = msi_slot_is_owed(&adev->window, &adev->env);
	unlock_slots(adev);
	if (active > 0)
		pm_runtime_put(dev);
}

static unsigned int count_vectors(struct ath_vfio_pci_device *adev)
{
	unsigned int n = 0;

	if (adev->core.irq_type == VFIO_PCI_MSI_IRQ_INDEX)
		while (n < 32 && pci_irq_vector(adev->core.pdev, n) > 0)
			n++;

	return n;
}

/**
 * ath_vfio_pci_msi_changed - vectors may have been allocated or freed
 * @core: device that is open
 */
void ath_vfio_pci_msi_changed(struct vfio_pci_core_device *core)
{
	struct ath_vfio_pci_device *adev = to_ath_vfio_pci(core);
	unsigned int vectors = count_vectors(adev);
	struct msi_msg msg = {};

	if (!adev->env.addresses)
		return;

	if (vectors)
		vfio_pci_core_read_msi_msg(pci_irq_vector(core->pdev, 0), &msg);

	mutex_lock(&adev->lock);
	msi_slot_set_host(&adev->env, vectors,
			  (u64)msg.address_hi << 32 | msg.address_lo, msg.data);
	/* If vector 0 of several has lost its handler, the others still work. */
	if (!adev->env.active && vectors <= 1)
		msi_slot_expire(&adev->window);
	mutex_unlock(&adev->lock);
	update(adev);
}

static u32 virtual_config(struct ath_vfio_pci_device *adev, int offset)
{
	const u8 *cap = adev->core.vconfig + adev->core.pdev->msi_cap;

	return le32_to_cpu(*(const __le32 *)(cap + offset));
}

static void read_guest_message(struct ath_vfio_pci_device *adev)
{
	bool is_64 = virtual_config(adev, 0) >> 16 & PCI_MSI_FLAGS_64BIT;
	u64 address = virtual_config(adev, PCI_MSI_ADDRESS_LO);
	u32 data = virtual_config(adev, is_64 ? PCI_MSI_DATA_64 :
						PCI_MSI_DATA_32);

	if (is_64)
		address |= (u64)virtual_config(adev, PCI_MSI_ADDRESS_HI) << 32;

	msi_slot_set_guest(&adev->env, adev->guest_vectors, address,
			   data & 0xffff);
}

/* Multiple Message Enable, of which 6 and 7 are reserved. */
static unsigned int decode_vectors(unsigned int flags)
{
	return 1 << min_t(u32, FIELD_GET(PCI_MSI_FLAGS_QSIZE, flags), 5);
}

/*
 * How many vectors the guest enables with this write, or 0 if it does not write
 * that.  The virtual register does not tell: the core reduces the field to what
 * was allocated last, and guests write it before that.
 */
static unsigned int written_vectors(struct ath_vfio_pci_device *adev,
				    const char __user *buf, u64 start,
				    size_t count)
{
	u64 pos = adev->core.pdev->msi_cap + PCI_MSI_FLAGS;
	u8 flags;

	if (start > pos || start + count <= pos ||
	    get_user(flags, (const u8 __user *)buf + (pos - start)))
		return 0;

	return decode_vectors(flags);
}

/**
 * ath_vfio_pci_config_written - the user has written to config space
 * @adev: device that is open
 * @buf: what
 * @start: first byte
 * @count: how many bytes
 *
 * The guest message may have changed, and the card may be reachable again.
 */
void ath_vfio_pci_config_written(struct ath_vfio_pci_device *adev,
				 const char __user *buf, u64 start, size_t count)
{
	unsigned int vectors = written_vectors(adev, buf, start, count);

	mutex_lock(&adev->lock);
	if (vectors)
		adev->guest_vectors = vectors;
	read_guest_message(adev);
	mutex_unlock(&adev->lock);
	update(adev);
}

static u64 end_of(const struct ath_vfio_pci_range *range)
{
	return range->offset + range->size;
}

/* The first range that ends after @pos, or NULL; a register counts as one. */
static bool find_range(struct ath_vfio_pci_device *adev, u64 pos,
		       struct ath_vfio_pci_range *first)
{
	const struct ath_vfio_pci_layout *layout = adev->layout;
	const struct ath_vfio_pci_range *range = layout->range;
	const struct ath_vfio_pci_range *last = range + layout->count;

	/* Select registers are before the ranges. */
	first->offset = layout->select_offset;
	first->size = SELECT_SIZE;
	if (layout->select_mask && pos < end_of(first))
		return true;

	while (range < last && pos >= end_of(range))
		range++;
	if (range < last)
		*first = *range;

	return range < last;
}

/**
 * ath_vfio_pci_in_window - check whether a part of BAR 0 has slots
 * @adev: device
 * @start: first byte
 * @end: first byte after it
 *
 * Return: true if it has slots or the select register in it.
 */
bool ath_vfio_pci_in_window(struct ath_vfio_pci_device *adev, u64 start, u64 end)
{
	struct ath_vfio_pci_range range;

	return adev->layout && find_range(adev, start, &range) &&
	       end > range.offset;
}

static u64 read_slots(struct ath_vfio_pci_device *adev, u64 offset,
		      unsigned int width)
{
	find_page(adev);

	return msi_slot_read(&adev->window, offset, width,
			     read_io(slots_io(adev) + offset, width));
}

static void write_slots(struct ath_vfio_pci_device *adev, u64 offset,
			unsigned int width, u64 value)
{
	struct msi_slot_access access;

	find_page(adev);
	access = msi_slot_begin_access(&adev->window, offset, width, value,
				       read_dword, adev);
	msi_slot_write(&adev->window, &adev->env, &access, read_dword, adev);
	apply_plan(adev);
}

/* One access to the card, in one of the ranges. */
static int access_card(struct ath_vfio_pci_device *adev, char __user *buf,
		       u64 pos, unsigned int width, bool is_write)
{
	bool is_select = pos < adev->layout->range[0].offset;
	u64 offset = pos - adev->layout->range[0].offset;
	__le64 raw = 0;
	u64 value = 0;

	if (is_write && copy_from_user(&raw, buf, width))
		return -EFAULT;

	if (!lock_slots(adev)) {
		unlock_slots(adev);
		return -EIO;
	}
	if (adev->owed)
		update_shown(adev);
	if (is_select && is_write) {
		write_io(adev->io + pos, le64_to_cpu(raw), width);
		update_shown(adev);
	} else if (is_select) {
		value = read_io(adev->io + pos, width);
	} else if (is_write) {
		write_slots(adev, offset, width, le64_to_cpu(raw));
	} else {
		value = read_slots(adev, offset, width);
	}
	unlock_slots(adev);

	raw = cpu_to_le64(value);

	return !is_write && copy_to_user(buf, &raw, width) ? -EFAULT : 0;
}

static unsigned int access_width(u64 pos, u64 count)
{
	unsigned int width = sizeof(u64);

	while (width > count || pos % width)
		width /= 2;

	return width;
}

/* Outside of the ranges the core makes the access. */
static ssize_t access_step(struct ath_vfio_pci_device *adev, char __user *buf,
			   size_t count, loff_t *ppos, bool is_write)
{
	struct vfio_device *vdev = &adev->core.vdev;
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	struct ath_vfio_pci_range range;
	unsigned int width;
	int ret;

	if (!find_range(adev, pos, &range) || range.offset > pos) {
		if (range.offset > pos)
			count = min_t(u64, count, range.offset - pos);
		return is_write ? vfio_pci_core_write(vdev, buf, count, ppos) :
				  vfio_pci_core_read(vdev, buf, count, ppos);
	}

	width = access_width(pos, min_t(u64, count, end_of(&range) - pos));
	ret = access_card(adev, buf, pos, width, is_write);
	if (ret)
		return ret;
	*ppos += width;

	return width;
}

/**
 * ath_vfio_pci_rw - read or write a part of BAR 0 that has slots
 * @adev: device that is open
 * @buf: the user's
 * @count: its size
 * @ppos: where, as an offset of the device's file
 * @is_write: write
 *
 * Return: how many bytes, or an errno.
 */
ssize_t ath_vfio_pci_rw(struct ath_vfio_pci_device *adev, char __user *buf,
			size_t count, loff_t *ppos, bool is_write)
{
	struct pci_dev *pdev = adev->core.pdev;
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	loff_t start = *ppos;
	ssize_t ret = 0;
	size_t done = 0;

	count = min_t(u64, count, pci_resource_len(pdev, ATH_VFIO_PCI_BAR) - pos);

	if (pm_runtime_resume_and_get(&pdev->dev))
		return -EIO;
	while (done < count) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      access_step(adev, buf + done, count - done, ppos, is_write);
		if (ret <= 0)
			break;
		done += ret;
		cond_resched();
	}
	pm_runtime_put(&pdev->dev);

	if (ret < 0)
		*ppos = start;

	return ret < 0 ? ret : done;
}

static struct msi_slot_layout slot_layout(const struct ath_vfio_pci_layout *in)
{
	u32 start = in->range[0].offset;
	struct msi_slot_layout layout = {
		.size = end_of(&in->range[in->count - 1]) - start,
		.data_offset = in->data_offset,
		.paged = in->select_mask,
		.nr_ranges = in->count,
	};
	unsigned int i;

	for (i = 0; i < in->count; i++) {
		layout.range[i].start = in->range[i].offset - start;
		layout.range[i].end = end_of(&in->range[i]) - start;
	}

	return layout;
}

/**
 * ath_vfio_pci_open_window - begin to follow the guest's messages
 * @adev: device whose core has been enabled, with a layout
 *
 * Return: 0 or an errno; ath_vfio_pci_close_window() undoes both.
 */
int ath_vfio_pci_open_window(struct ath_vfio_pci_device *adev)
{
	struct msi_slot_layout layout = slot_layout(adev->layout);
	struct msi_slot_message *messages;
	struct msi_slot_bucket *buckets;
	struct msi_slot_dword *dwords;
	u32 *addresses;

	adev->io = vfio_pci_core_get_iomap(&adev->core, ATH_VFIO_PCI_BAR);
	if (IS_ERR(adev->io))
		return PTR_ERR(adev->io);

	addresses = kvcalloc(MSI_SLOT_ADDRESSES, sizeof(*addresses), GFP_KERNEL_ACCOUNT);
	messages = kvcalloc(MSI_SLOT_MESSAGES, sizeof(*messages), GFP_KERNEL_ACCOUNT);
	buckets = kvcalloc(MSI_SLOT_BUCKETS, sizeof(*buckets), GFP_KERNEL_ACCOUNT);
	dwords = kvcalloc(MSI_SLOT_DWORDS, sizeof(*dwords), GFP_KERNEL_ACCOUNT);
	msi_slot_init_env(&adev->env, INERT_ADDRESS, false, adev->core.reset_works,
			  addresses, MSI_SLOT_ADDRESSES, messages, MSI_SLOT_MESSAGES);
	msi_slot_init_window(&adev->window, &layout, buckets, dwords, MSI_SLOT_DWORDS);
	if (!addresses || !messages || !buckets || !dwords)
		return -ENOMEM;

	adev->guest_vectors = decode_vectors(virtual_config(adev, 0) >> 16);
	adev->owed = false;
	adev->was_reset = 0;
	adev->frozen = false;
	read_guest_message(adev);

	return 0;
}

/**
 * ath_vfio_pci_close_window - the user has closed the device
 * @adev: device
 */
void ath_vfio_pci_close_window(struct ath_vfio_pci_device *adev)
{
	kvfree(adev->env.addresses);
	kvfree(adev->env.messages);
	kvfree(adev->window.buckets);
	kvfree(adev->window.dwords);
	memset(&adev->env, 0, sizeof(adev->env));
	memset(&adev->window, 0, sizeof(adev->window));
}
