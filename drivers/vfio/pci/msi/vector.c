// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors: their host messages, and whether the hardware holds them.
 */

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/minmax.h>
#include <linux/msi.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "msi_vfio_pci.h"

static int grow_to(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	struct msi_vfio_pci_message *messages = NULL;
	struct irq_data **irqs;

	irqs = kvcalloc(nr, sizeof(*irqs), GFP_KERNEL_ACCOUNT);
	if (!irqs)
		return -ENOMEM;
	if (!mdev->isolated) {
		messages = kvcalloc(nr, sizeof(*messages), GFP_KERNEL_ACCOUNT);
		if (!messages) {
			kvfree(irqs);
			return -ENOMEM;
		}
		memcpy(messages, mdev->messages,
		       array_size(mdev->nr_vectors, sizeof(*messages)));
	}
	memcpy(irqs, mdev->irqs, array_size(mdev->nr_vectors, sizeof(*irqs)));

	kvfree(mdev->irqs);
	mdev->irqs = irqs;
	kvfree(mdev->messages);
	mdev->messages = messages;
	mdev->nr_vectors = nr;

	return 0;
}

/*
 * Room for as many vectors as either capability has now. While a reset is under way, the
 * number is not known, and there is as much room as before.
 */
static int make_room(struct msi_vfio_pci_device *mdev)
{
	unsigned int msi = msi_vfio_pci_known_vector_count(mdev, VFIO_PCI_MSI_IRQ_INDEX);
	unsigned int msix = msi_vfio_pci_known_vector_count(mdev, VFIO_PCI_MSIX_IRQ_INDEX);
	unsigned int nr = max3(msi, msix, 1U);

	return nr > mdev->nr_vectors ? grow_to(mdev, nr) : 0;
}

/**
 * msi_vfio_pci_open_vectors - find the vectors, the table and the pending bits
 * @mdev: a device whose core has been enabled, before anybody can use it; it is known
 *	whether it is isolated
 *
 * Older cores map a BAR when it is first used; this maps the BARs of the table and of
 * the pending bits. If one cannot be mapped, or the capability names a place that does
 * not exist, the device is opened all the same, and its vectors are shown without what
 * the hardware says.
 *
 * Return: 0 or -ENOMEM.
 */
int msi_vfio_pci_open_vectors(struct msi_vfio_pci_device *mdev)
{
	mdev->generation = 0;
	mdev->messages_outdated = false;
	mdev->message_written = 0;
	msi_vfio_pci_forget_masks(mdev);
	mdev->table = NULL;
	mdev->pba = NULL;
	if (mdev->core.pdev->msix_cap)
		msi_vfio_pci_open_msix(mdev);

	return make_room(mdev);
}

/**
 * msi_vfio_pci_close_vectors - undo msi_vfio_pci_open_vectors(), also if it failed
 * @mdev: device
 */
void msi_vfio_pci_close_vectors(struct msi_vfio_pci_device *mdev)
{
	kvfree(mdev->irqs);
	mdev->irqs = NULL;
	kvfree(mdev->messages);
	mdev->messages = NULL;
	mdev->nr_vectors = 0;
}

/**
 * msi_vfio_pci_update_vector_count - make room for vectors that a reset may have added
 * @mdev: an open device that is awake, with @state held
 * @end: the vectors before this one are about to be used
 *
 * To be called before vectors are allocated.
 *
 * Return: 0 or -ENOMEM.
 */
int msi_vfio_pci_update_vector_count(struct msi_vfio_pci_device *mdev, u64 end)
{
	lockdep_assert_held(&mdev->state);

	if (mdev->core.pdev->msix_cap)
		msi_vfio_pci_update_table(mdev);

	return end > mdev->nr_vectors ? make_room(mdev) : 0;
}

static struct msi_vfio_pci_message to_message(const struct msi_msg *msg)
{
	return (struct msi_vfio_pci_message) {
		.address = (u64)msg->address_hi << 32 | msg->address_lo,
		.data = msg->data,
	};
}

static bool is_same_message(const struct msi_vfio_pci_message *a,
			    const struct msi_vfio_pci_message *b)
{
	return a->address == b->address && a->data == b->data;
}

/* The message as the kernel has stored it, which can be in the middle of a move. */
static struct msi_vfio_pci_message cached_message(struct irq_data *irq)
{
	return to_message(&irq_data_get_msi_desc(irq)->msg);
}

/**
 * msi_vfio_pci_host_message - the message that the kernel programmed
 * @mdev: device, with @state held
 * @irq: the vector's Linux interrupt
 *
 * The message changes when the interrupt moves to another CPU, unless it is isolated. On x86
 * it changes in two steps, and a reader can see the first without the second. Both are made
 * under the interrupt's lock, which irq_modify_status() takes: a message that is the same
 * before and after that call is complete.
 *
 * Return: the message. With MSI its data is vector 0's, to which the device adds the vector's
 * number.
 */
struct msi_vfio_pci_message
msi_vfio_pci_host_message(struct msi_vfio_pci_device *mdev, struct irq_data *irq)
{
	struct msi_vfio_pci_message message = cached_message(irq), again;
	int tries = mdev->isolated ? 0 : 4;

	while (tries--) {
		irq_modify_status(irq->irq, 0, 0);
		again = cached_message(irq);
		if (is_same_message(&again, &message))
			break;
		message = again;
	}

	return message;
}

/* With MSI or MSI-X off, no interrupt arrives, whatever the masks say. */
static u32 disabled_flag(const struct msi_vfio_pci_hw_vector *hw)
{
	return hw->disabled ? VFIO_PCI_MSI_MESSAGE_DISABLED : 0;
}

static u32 hw_mask_flags(const struct msi_vfio_pci_hw_vector *hw)
{
	return (hw->masked ? VFIO_PCI_MSI_MESSAGE_MASKED : 0) |
	       (hw->pending ? VFIO_PCI_MSI_MESSAGE_PENDING : 0);
}

/* If the hardware has no mask bit, or cannot be read, mask.c knows the mask. */
static u32 mask_flags(struct msi_vfio_pci_device *mdev, struct irq_data *data,
		      unsigned int nr, const struct msi_vfio_pci_hw_vector *hw)
{
	return hw->valid && msi_vfio_pci_has_mask_bit(data) ?
	       hw_mask_flags(hw) : msi_vfio_pci_mask_flags(mdev, data, nr);
}

/* Does the hardware hold another message than the kernel has programmed? */
static u32 stale_flag(const struct msi_vfio_pci_hw_vector *hw,
		      const struct vfio_pci_msi_message *msg)
{
	return hw->valid &&
	       (hw->address != msg->address || hw->data != msg->data) ?
	       VFIO_PCI_MSI_MESSAGE_STALE : 0;
}

/*
 * Returns whether the message seems stale. The hardware is then read again next time, and
 * only what is asked for: a whole table may be stale.
 */
static bool seems_stale(struct msi_vfio_pci_hw_shared *shared,
			const struct msi_vfio_pci_hw_vector *hw,
			const struct vfio_pci_msi_message *msg)
{
	if (!stale_flag(hw, msg))
		return false;

	shared->fresh = false;
	shared->one_by_one = true;

	return true;
}

/*
 * When an interrupt moves, the kernel updates the hardware before its own copy. So a
 * difference counts only if it persists.
 */
static void read_vector(struct msi_vfio_pci_device *mdev, unsigned int nr,
			struct msi_vfio_pci_hw_shared *shared,
			struct vfio_pci_msi_message *out)
{
	bool msi = mdev->core.irq_type == VFIO_PCI_MSI_IRQ_INDEX;
	struct irq_data *data = msi_vfio_pci_irq_data(mdev, nr);
	struct msi_vfio_pci_hw_vector hw = {};
	struct msi_vfio_pci_message message;
	int tries = 4;

	if (!data)
		return;

	do {
		message = msi_vfio_pci_host_message(mdev, data);
		out->address = message.address;
		out->data = message.data;
		if (msi)
			out->data += nr;
		if (shared->ask)
			msi_vfio_pci_read_hw(mdev, nr, shared, &hw);
	} while (seems_stale(shared, &hw, out) && --tries);

	out->flags = VFIO_PCI_MSI_MESSAGE_ALLOCATED |
		     mask_flags(mdev, data, nr, &hw) | disabled_flag(&hw);
	if (irq_desc_has_action(irq_data_to_desc(data)))
		out->flags |= VFIO_PCI_MSI_MESSAGE_TRIGGER;
	if (out->address) {
		out->flags |= stale_flag(&hw, out);
	} else {
		out->flags |= VFIO_PCI_MSI_MESSAGE_INACTIVE;
		out->data = 0;
	}
}

/* Returns whether the vector is at the dummy target; if so, @out is its message. */
static bool dummy_message(struct msi_vfio_pci_device *mdev, unsigned int nr,
			  struct vfio_pci_msi_message *out)
{
	if (!mdev->dummy_on || !msi_vfio_pci_is_dummy(&mdev->dummy, nr))
		return false;

	out->address = mdev->dummy.iova;
	out->data = nr;
	out->flags = VFIO_PCI_MSI_MESSAGE_DUMMY;

	return true;
}

/* Unlike a host message, the dummy target's does not move: one read is enough. */
static void read_dummy(struct msi_vfio_pci_device *mdev, unsigned int nr,
		       struct msi_vfio_pci_hw_shared *shared,
		       struct vfio_pci_msi_message *out)
{
	struct msi_vfio_pci_hw_vector hw = {};

	if (!dummy_message(mdev, nr, out))
		return;

	if (shared->ask)
		msi_vfio_pci_read_hw(mdev, nr, shared, &hw);
	out->flags |= hw_mask_flags(&hw) | stale_flag(&hw, out);
	/* If the device cannot be read, the target is restored once it can be. */
	if (hw.valid)
		out->flags |= disabled_flag(&hw);
}

/**
 * msi_vfio_pci_messages - read vectors
 * @mdev: an open device, with @state held
 * @index: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @start: first vector
 * @count: how many; all within msi_vfio_pci_vector_count()
 * @ask_hw: the device is resumed and may be asked for masks and pending bits
 * @msg: out: @count entries
 */
void msi_vfio_pci_messages(struct msi_vfio_pci_device *mdev, u32 index,
			   u32 start, u32 count, bool ask_hw,
			   struct vfio_pci_msi_message *msg)
{
	bool enabled = msi_vfio_pci_enabled_index(mdev) == index;
	struct msi_vfio_pci_hw_shared shared;
	u32 i;

	lockdep_assert_held(&mdev->state);

	memset(msg, 0, array_size(count, sizeof(*msg)));
	shared.ask = ask_hw;
	shared.end = start + count;
	shared.fresh = false;
	shared.one_by_one = false;
	shared.group = 0;

	for (i = 0; enabled && i < count; i++)
		if (mdev->dummy_on)
			read_dummy(mdev, start + i, &shared, &msg[i]);
		else
			read_vector(mdev, start + i, &shared, &msg[i]);
}

/**
 * msi_vfio_pci_bump_generation - count a generation and notify the user
 * @mdev: device, with @state held
 */
void msi_vfio_pci_bump_generation(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	mdev->generation++;
	if (mdev->notify)
		compat_eventfd_signal(mdev->notify);
}

/*
 * Stores a vector's host message. Returns whether it has changed. A message that is read
 * in the middle of a move differs from the stored one. So one that does not differ is read
 * once, and without the interrupt's lock.
 */
static bool read_message(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	struct msi_vfio_pci_message now = {}, *stored = &mdev->messages[nr];
	struct irq_data *data = msi_vfio_pci_irq_data(mdev, nr);
	bool moved;

	if (data) {
		now = cached_message(data);
		if (is_same_message(&now, stored))
			return false;
		now = msi_vfio_pci_host_message(mdev, data);
	}
	moved = !is_same_message(&now, stored);
	*stored = now;

	return moved;
}

static bool read_messages(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = 0;
	bool moved = false;

	if (msi_vfio_pci_is_msi(mdev->core.irq_type))
		count = mdev->nr_vectors;
	for (i = 0; i < count; i++)
		moved |= read_message(mdev, i);

	return moved;
}

/**
 * msi_vfio_pci_update_messages - read the host messages; a new generation if one moved
 * @mdev: open device, with @state held
 *
 * Messages of an isolated device do not change: a table of the host's translates them.
 */
void msi_vfio_pci_update_messages(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	if (mdev->isolated)
		return;
	if (!test_and_clear_bit(MSI_VFIO_PCI_GENERATION, &mdev->message_written) &&
	    !mdev->messages_outdated)
		return;
	if (read_messages(mdev) && !mdev->messages_outdated)
		msi_vfio_pci_bump_generation(mdev);
	mdev->messages_outdated = false;
}
