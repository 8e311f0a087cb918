// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Linux interrupts of vectors. To look one up takes longer than most of what is done
 * with it, so that is done once.
 */

#include <linux/irq.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "msi_vfio_pci.h"

static struct irq_data *look_up(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	int irq = pci_irq_vector(mdev->core.pdev, nr);

	return irq > 0 ? irq_get_irq_data(irq) : NULL;
}

/**
 * msi_vfio_pci_irq_data - a vector's Linux interrupt
 * @mdev: open device, with @state held
 * @nr: the vector
 *
 * The core allocates vectors while it is set up for MSI or MSI-X, and frees all at once.
 *
 * Return: the interrupt, which stays until vectors are freed; NULL if the vector is not
 * allocated.
 */
struct irq_data *msi_vfio_pci_irq_data(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	lockdep_assert_held(&mdev->state);

	/* Without MSI and MSI-X, vector 0 would be INTx. */
	if (!msi_vfio_pci_is_msi(mdev->core.irq_type))
		return NULL;
	/* There may be more if a user changes a request while it is read. */
	if (nr >= mdev->nr_vectors)
		return look_up(mdev, nr);
	if (!mdev->irqs[nr])
		mdev->irqs[nr] = look_up(mdev, nr);

	return mdev->irqs[nr];
}

/**
 * msi_vfio_pci_forget_irqs - the core has allocated or freed all vectors
 * @mdev: open device, with @state held
 */
void msi_vfio_pci_forget_irqs(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	memset(mdev->irqs, 0, array_size(mdev->nr_vectors, sizeof(*mdev->irqs)));
}
