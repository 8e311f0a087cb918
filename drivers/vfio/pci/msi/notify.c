// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the user that a message has changed.
 */

#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/irq.h>
#include <linux/slab.h>

#include "compat.h"
#include "msi_vfio_pci.h"

/**
 * msi_vfio_pci_messages_changed - count another generation of the messages
 * @mdev: device, with @state held
 */
void msi_vfio_pci_messages_changed(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	mdev->generation++;
	if (mdev->notify)
		compat_eventfd_signal(mdev->notify);
}

/* A worker of the interrupt layer, for which unwatch_vectors() waits. */
static void affinity_changed(struct irq_affinity_notify *notify,
			     const cpumask_t *mask)
{
	msi_vfio_pci_cpu_look(container_of(notify, struct msi_vfio_pci_watch,
					   notify)->mdev);
}

/* What is watched with stays the session's. */
static void watch_released(struct kref *ref) {}

/* Without MSI and MSI-X, vector 0 would be INTx, which others may share. */
static unsigned int nr_watchable(struct msi_vfio_pci_device *mdev)
{
	u32 index = mdev->core.irq_type;

	return mdev->notify && msi_vfio_pci_is_msi(index) ? mdev->nr_watches : 0;
}

/**
 * msi_vfio_pci_watch_vectors - begin to hear of changed affinities
 * @mdev: device, with @state held
 *
 * Only where somebody wants to know, and a move is a new message.
 */
void msi_vfio_pci_watch_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = nr_watchable(mdev);

	for (i = 0; i < count; i++) {
		struct msi_vfio_pci_watch *watch = &mdev->watches[i];
		int irq = pci_irq_vector(mdev->core.pdev, i);

		if (irq <= 0)
			continue;
		watch->mdev = mdev;
		watch->notify.notify = affinity_changed;
		watch->notify.release = watch_released;
		if (!irq_set_affinity_notifier(irq, &watch->notify))
			watch->irq = irq;
	}

	/* What was on its way, or changed meanwhile, nobody else tells. */
	if (count)
		msi_vfio_pci_cpu_look(mdev);
}

/**
 * msi_vfio_pci_unwatch_vectors - undo msi_vfio_pci_watch_vectors()
 * @mdev: device, with @state held
 *
 * To be called before interrupts are freed.
 */
void msi_vfio_pci_unwatch_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = mdev->nr_watches;

	for (i = 0; i < count; i++) {
		if (mdev->watches[i].irq)
			irq_set_affinity_notifier(mdev->watches[i].irq, NULL);
		mdev->watches[i].irq = 0;
	}
}

/**
 * msi_vfio_pci_is_moving - is a vector to be moved that has not been yet
 * @mdev: device, with @state held
 *
 * x86 waits for the vector's next interrupts, and nothing tells when it is done.
 *
 * Return: true if so, and somebody wants to know.
 */
bool msi_vfio_pci_is_moving(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = mdev->nr_watches;

	for (i = 0; i < count; i++) {
		unsigned int irq = mdev->watches[i].irq;
		struct irq_data *data = irq ? irq_get_irq_data(irq) : NULL;

		if (data && irqd_is_setaffinity_pending(data))
			return true;
	}

	return false;
}

static int alloc_watches(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_watch *watches;

	watches = kvcalloc(mdev->nr_known, sizeof(*watches), GFP_KERNEL_ACCOUNT);
	if (!watches)
		return -ENOMEM;

	kvfree(mdev->watches);
	mdev->watches = watches;
	mdev->nr_watches = mdev->nr_known;

	return 0;
}

/**
 * msi_vfio_pci_grow_watches - the device may have more vectors than it had
 * @mdev: device, with @state held and no vector watched
 *
 * Return: 0 or -ENOMEM.
 */
int msi_vfio_pci_grow_watches(struct msi_vfio_pci_device *mdev)
{
	if (!mdev->watches || mdev->nr_watches >= mdev->nr_known)
		return 0;

	return alloc_watches(mdev);
}

/**
 * msi_vfio_pci_set_notify - SET of MSI_NOTIFY
 * @mdev: open device
 * @fd: eventfd, or -1
 *
 * Return: 0; -EBADF or -EINVAL: @fd is no eventfd; -ENOMEM.
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

	mutex_lock(&mdev->state);
	if (notify && !mdev->isolated && !mdev->watches)
		ret = alloc_watches(mdev);
	if (!ret) {
		msi_vfio_pci_unwatch_vectors(mdev);
		swap(mdev->notify, notify);
		/* From here on moves are told from what was allocated before. */
		if (mdev->notify)
			msi_vfio_pci_look_at_messages(mdev);
		msi_vfio_pci_watch_vectors(mdev);
	}
	mutex_unlock(&mdev->state);

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
	kvfree(mdev->watches);
	mdev->watches = NULL;
	mdev->nr_watches = 0;
	if (mdev->notify)
		eventfd_ctx_put(mdev->notify);
	mdev->notify = NULL;
}
