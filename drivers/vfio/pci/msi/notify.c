// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the user that a message has changed.
 */

#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/irq.h>
#include <linux/msi.h>
#include <linux/pci.h>

#include "compat.h"
#include "msi_vfio_pci.h"

/*
 * Under the interrupt's lock, when it was given a message: by SET_IRQS, when the
 * interrupt is started, and when it moves to another CPU.
 */
static void message_written(struct msi_desc *desc, void *mdev)
{
	msi_vfio_pci_cpu_look(mdev);
}

static void watch_vector(struct msi_vfio_pci_device *mdev, unsigned int irq)
{
	struct msi_desc *desc = irq_get_msi_desc(irq);

	desc->write_msi_msg_data = mdev;
	/* Who sees the function also sees its argument. */
	smp_store_release(&desc->write_msi_msg, message_written);
}

static void unwatch_vector(unsigned int irq)
{
	struct msi_desc *desc = irq_get_msi_desc(irq);

	if (!desc->write_msi_msg)
		return;

	WRITE_ONCE(desc->write_msi_msg, NULL);
	/* This takes the interrupt's lock: whoever still calls it has done so. */
	irq_modify_status(irq, 0, 0);
}

/*
 * What the PCI core writes a message for. Without MSI and MSI-X, vector 0 would be
 * INTx, which has none. Isolated messages stay what they are.
 */
static unsigned int nr_watchable(struct msi_vfio_pci_device *mdev)
{
	u32 index = mdev->core.irq_type;

	return !mdev->isolated && msi_vfio_pci_is_msi(index) ? mdev->nr_known : 0;
}

/**
 * msi_vfio_pci_watch_vectors - begin to hear of messages that change
 * @mdev: device, with @state held
 *
 * Only where somebody wants to know, and a move is a new message.
 */
void msi_vfio_pci_watch_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = mdev->notify ? nr_watchable(mdev) : 0;
	int irq;

	for (i = 0; i < count; i++) {
		irq = pci_irq_vector(mdev->core.pdev, i);
		if (irq > 0)
			watch_vector(mdev, irq);
	}

	/* What changed meanwhile nobody else tells. */
	if (count)
		msi_vfio_pci_cpu_look(mdev);
}

/**
 * msi_vfio_pci_unwatch_vectors - undo msi_vfio_pci_watch_vectors()
 * @mdev: device, with @state held
 *
 * Nobody looks at the messages on behalf of these vectors when this has returned.
 */
void msi_vfio_pci_unwatch_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = nr_watchable(mdev);
	int irq;

	for (i = 0; i < count; i++) {
		irq = pci_irq_vector(mdev->core.pdev, i);
		if (irq > 0)
			unwatch_vector(irq);
	}
}

/**
 * msi_vfio_pci_set_notify - SET of MSI_NOTIFY
 * @mdev: open device
 * @fd: eventfd, or -1
 *
 * Return: 0; -EBADF or -EINVAL: @fd is no eventfd.
 */
int msi_vfio_pci_set_notify(struct msi_vfio_pci_device *mdev, int fd)
{
	struct eventfd_ctx *notify = NULL;
	int ret = 0;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0)
		notify = eventfd_ctx_fdget(fd);
	if (IS_ERR(notify))
		return PTR_ERR(notify);

	if (mutex_lock_killable(&mdev->state)) {
		ret = -EINTR;
		goto out;
	}
	msi_vfio_pci_unwatch_vectors(mdev);
	swap(mdev->notify, notify);
	/* From here on moves are told from what was allocated before. */
	if (mdev->notify)
		msi_vfio_pci_look_at_messages(mdev);
	msi_vfio_pci_watch_vectors(mdev);
	mutex_unlock(&mdev->state);

out:
	if (notify)
		eventfd_ctx_put(notify);

	return ret;
}

/**
 * msi_vfio_pci_close_notify - forget who wanted to know; before vectors are freed
 * @mdev: device, with @state held
 */
void msi_vfio_pci_close_notify(struct msi_vfio_pci_device *mdev)
{
	msi_vfio_pci_unwatch_vectors(mdev);
	if (mdev->notify)
		eventfd_ctx_put(mdev->notify);
	mdev->notify = NULL;
}
