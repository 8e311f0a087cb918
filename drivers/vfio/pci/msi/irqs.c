// SPDX-License-Identifier: GPL-2.0-only
/*
 * SET_IRQS and GET_IRQ_INFO: the core carries them out. This file sets masks, and
 * updates masks, windows, the dummy target and notification after the core.
 */

#include <linux/irq.h>
#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "msi_vfio_pci.h"
#include "trace.h"

/**
 * msi_vfio_pci_irq_info - VFIO_DEVICE_GET_IRQ_INFO
 * @mdev: device
 * @arg: user's struct vfio_irq_info
 *
 * The core answers; this adds that vectors can be masked. The index and the number of
 * vectors are taken from the answer, as the user can have changed the request before the core
 * read it. A user that changes the answer gets a wrong one.
 *
 * Return: what the core returns.
 */
long msi_vfio_pci_irq_info(struct msi_vfio_pci_device *mdev, unsigned long arg)
{
	struct vfio_irq_info __user *user = (void __user *)arg;
	struct vfio_irq_info info;
	long ret;

	ret = vfio_pci_core_ioctl(&mdev->core.vdev, VFIO_DEVICE_GET_IRQ_INFO,
				  arg);
	if (ret)
		return ret;
	if (copy_from_user(&info, user,
			   offsetofend(struct vfio_irq_info, count)))
		return -EFAULT;
	if (!msi_vfio_pci_is_msi(info.index) || !info.count)
		return 0;

	return put_user(info.flags | VFIO_IRQ_INFO_MASKABLE, &user->flags) ?
	       -EFAULT : 0;
}

/*
 * Only these requests are carried out here. All others are the core's to do or refuse.
 */
static bool sets_masks(const struct vfio_irq_set *hdr)
{
	u32 action = hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	u32 data = hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;

	return msi_vfio_pci_is_msi(hdr->index) &&
	       (action == VFIO_IRQ_SET_ACTION_MASK ||
		action == VFIO_IRQ_SET_ACTION_UNMASK) &&
	       (data == VFIO_IRQ_SET_DATA_NONE ||
		data == VFIO_IRQ_SET_DATA_BOOL);
}

/* Vectors were allocated, freed or started: their messages may have changed. */
static void update_after_change(struct msi_vfio_pci_device *mdev)
{
	mdev->messages_outdated = true;
	msi_vfio_pci_bump_generation(mdev);
	/* The next move is found by comparing with the messages that are stored now. */
	if (mdev->notify)
		msi_vfio_pci_update_messages(mdev);
	msi_vfio_pci_windows_update_vectors(mdev);
}

static long set_masks(struct msi_vfio_pci_device *mdev, struct vfio_irq_set *hdr,
		      const void __user *data)
{
	bool mask = hdr->flags & VFIO_IRQ_SET_ACTION_MASK;
	u8 *which = NULL;
	size_t size;
	bool moved;
	int ret;

	/* Limits the size. msi_vfio_pci_set_masks() checks whether there are so many. */
	ret = vfio_set_irqs_validate_and_prepare(hdr, MSI_VFIO_PCI_MAX_VECTORS,
						 VFIO_PCI_NUM_IRQS, &size);
	if (ret)
		return ret;

	if (size) {
		which = memdup_user(data, size);
		if (IS_ERR(which))
			return PTR_ERR(which);
	}

	ret = msi_vfio_pci_begin_set_irqs(mdev);
	if (ret) {
		kfree(which);
		return ret;
	}
	ret = msi_vfio_pci_set_masks(mdev, hdr->index, hdr->start, hdr->count,
				     which, mask, &moved);
	if (moved)
		update_after_change(mdev);
	msi_vfio_pci_end_set_irqs(mdev);
	kfree(which);
	if (!ret)
		trace_msi_vfio_pci_masks_set(mdev->core.pdev, hdr->index,
					     hdr->start, hdr->count, mask);

	return ret;
}

static bool sets_triggers(const struct vfio_irq_set *hdr)
{
	return msi_vfio_pci_is_msi(hdr->index) &&
	       hdr->flags & VFIO_IRQ_SET_ACTION_TRIGGER;
}

/* Does a SET_IRQS free all vectors? */
static bool frees_vectors(const struct vfio_irq_set *hdr)
{
	return sets_triggers(hdr) && !hdr->count &&
	       hdr->flags & VFIO_IRQ_SET_DATA_NONE;
}

/* Can a SET_IRQS allocate vectors? */
static bool sets_eventfds(const struct vfio_irq_set *hdr)
{
	return sets_triggers(hdr) && hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD;
}

/* Does a SET_IRQS allocate or free vectors, or (re)start their interrupts? */
static bool changes_messages(const struct vfio_irq_set *hdr)
{
	return frees_vectors(hdr) || sets_eventfds(hdr);
}

/* Does a SET_IRQS give the only vector of MSI, which has a mask bit, another handler? */
static bool restarts_only_vector(struct msi_vfio_pci_device *mdev,
				 const struct vfio_irq_set *hdr)
{
	return sets_eventfds(hdr) && !mdev->isolated && mdev->env.vectors == 1 &&
	       msi_vfio_pci_has_mask_bit(msi_vfio_pci_irq_data(mdev, 0));
}

/*
 * May the host give the message of MSI to another device in the course of this
 * SET_IRQS, which the core is going to accept? It may if all vectors are freed, or if
 * the only vector gets another handler. x86 keeps the vector of an interrupt that has
 * no handler if it cannot be masked.
 */
static bool may_free_message(struct msi_vfio_pci_device *mdev,
			     const struct vfio_irq_set *hdr)
{
	u32 index = VFIO_PCI_MSI_IRQ_INDEX;
	struct vfio_irq_set copy = *hdr;
	size_t size;

	if (hdr->index != index || mdev->core.irq_type != index ||
	    (hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) !=
	    VFIO_IRQ_SET_ACTION_TRIGGER)
		return false;
	if (!frees_vectors(hdr) && !restarts_only_vector(mdev, hdr))
		return false;

	return !vfio_set_irqs_validate_and_prepare(&copy,
						   msi_vfio_pci_vector_count(mdev, index),
						   VFIO_PCI_NUM_IRQS, &size);
}

/* How many bytes of the request the core is going to read. */
static size_t request_size(const struct vfio_irq_set *hdr)
{
	u32 type = hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	size_t size = offsetofend(struct vfio_irq_set, count);
	u32 count = min_t(u32, hdr->count, MSI_VFIO_PCI_MAX_VECTORS);

	if (type == VFIO_IRQ_SET_DATA_EVENTFD)
		size += count * sizeof(s32);
	else if (type == VFIO_IRQ_SET_DATA_BOOL)
		size += count * sizeof(u8);

	return size;
}

/* The head has just been read. */
static bool request_is_readable(const struct vfio_irq_set *hdr,
				const void __user *arg)
{
	size_t size = request_size(hdr);

	return size == offsetofend(struct vfio_irq_set, count) ||
	       !fault_in_readable(arg, size);
}

/*
 * Calls the core with @state held. Other users must not have to wait for this user's
 * memory, so page faults are off. If a page is missing, the core returns -EFAULT and
 * has done nothing, as it copies a request completely before it starts.
 */
static long core_set_irqs(struct msi_vfio_pci_device *mdev, unsigned long arg)
{
	long ret;

	pagefault_disable();
	ret = vfio_pci_core_ioctl(&mdev->core.vdev, VFIO_DEVICE_SET_IRQS, arg);
	pagefault_enable();

	return ret;
}

static long set_irqs(struct msi_vfio_pci_device *mdev,
		     const struct vfio_irq_set *hdr, unsigned long arg)
{
	int irq_type = mdev->core.irq_type;
	bool switched;
	long ret;

	lockdep_assert_held(&mdev->state);

	if (msi_vfio_pci_dummy_conflicts(mdev, hdr))
		return -EBUSY;

	if (mdev->nr_masked)
		msi_vfio_pci_keep_masks(mdev);
	if (may_free_message(mdev, hdr))
		msi_vfio_pci_windows_release_vectors(mdev);
	if (READ_ONCE(mdev->cpu_was_unplugged))
		msi_vfio_pci_reassign_vectors(mdev);
	ret = sets_eventfds(hdr) ?
	      msi_vfio_pci_update_vector_count(mdev, (u64)hdr->start + hdr->count) : 0;
	if (!ret)
		ret = core_set_irqs(mdev, arg);
	switched = irq_type != mdev->core.irq_type;
	if (switched)
		msi_vfio_pci_forget_irqs(mdev);
	/* With the first vectors those before @start are allocated, too. */
	if (switched || sets_eventfds(hdr))
		msi_vfio_pci_watch_vectors(mdev, switched ? 0 : hdr->start,
					   (u64)hdr->start + hdr->count);
	if (switched)
		msi_vfio_pci_forget_masks(mdev);
	else if (mdev->nr_masked)
		msi_vfio_pci_start_masked(mdev);
	if (switched || changes_messages(hdr))
		update_after_change(mdev);
	else if (irq_type == VFIO_PCI_MSI_IRQ_INDEX)
		msi_vfio_pci_windows_update_vectors(mdev);
	msi_vfio_pci_drop_dummy(mdev);

	return ret;
}

/* It is very unlikely that pages are reclaimed so often right after they were used. */
#define MAX_TRIES	10

/**
 * msi_vfio_pci_set_irqs - VFIO_DEVICE_SET_IRQS
 * @mdev: device
 * @arg: user's struct vfio_irq_set
 *
 * Masks of vectors are set here. The core does everything else, and reads the request
 * again. What was read here only decides what the driver expects to happen: if the user
 * changes the request in between, the generation may not be counted, now or when a vector
 * moves that was not in the request as it was read here. The messages in slots are checked
 * afterwards in any case. A request that failed is counted as well,
 * as some of it may have been done.
 *
 * Return: 0 or an errno, as include/uapi/linux/vfio_pci_msi.h says for masks; -EBUSY if
 * the dummy target forbids the request; -EINTR if the task was killed; else what the
 * core returns.
 */
long msi_vfio_pci_set_irqs(struct msi_vfio_pci_device *mdev, unsigned long arg)
{
	int tries = MAX_TRIES;
	struct vfio_irq_set hdr;
	bool readable;
	long ret;

	do {
		if (copy_from_user(&hdr, (void __user *)arg,
				   offsetofend(struct vfio_irq_set, count)))
			return -EFAULT;
		if (sets_masks(&hdr))
			return set_masks(mdev, &hdr, (void __user *)arg +
					 offsetofend(struct vfio_irq_set, count));

		readable = request_is_readable(&hdr, (void __user *)arg);
		ret = msi_vfio_pci_begin_set_irqs(mdev);
		if (ret)
			return ret;
		ret = set_irqs(mdev, &hdr, arg);
		msi_vfio_pci_end_set_irqs(mdev);
	} while (ret == -EFAULT && readable && --tries);

	return ret;
}
