// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masks: a vector that its user has masked is an interrupt that is disabled,
 * once, and that is not enabled when it is requested. Its mask bit follows, where
 * it has one. Where not, the kernel notes what arrives, and sends it again when
 * the interrupt is enabled.
 */

#include <linux/bitmap.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/msi.h>
#include <linux/pci.h>

#include "msi_vfio_pci.h"

/**
 * msi_vfio_pci_has_mask_bit - can the hardware mask this vector
 * @irq: the vector's Linux interrupt
 *
 * Return: what the kernel does, which on some hosts leaves the bit alone.
 */
bool msi_vfio_pci_has_mask_bit(unsigned int irq)
{
	struct msi_desc *desc = irq_get_msi_desc(irq);

	return desc && desc->pci.msi_attrib.can_mask;
}

/* Some hosts' interrupt controllers can hold back what the device has sent. */
static bool host_masks(struct irq_data *data)
{
#ifdef CONFIG_IRQ_DOMAIN_HIERARCHY
	for (data = data->parent_data; data; data = data->parent_data)
		if (data->chip && data->chip->irq_mask)
			return true;
#endif
	return false;
}

/*
 * An interrupt that nothing can mask is disabled lazily: what arrives then shows,
 * as the kernel marks the interrupt as masked at that time.
 */
static bool is_lazy(unsigned int irq)
{
	return !msi_vfio_pci_has_mask_bit(irq) &&
	       !host_masks(irq_get_irq_data(irq));
}

static bool has_arrived(unsigned int irq)
{
	struct irq_data *data = irq_get_irq_data(irq);

	/* One that was not started since it was requested is marked anyway. */
	return is_lazy(irq) && irqd_is_started(data) && irqd_irq_masked(data);
}

/**
 * msi_vfio_pci_mask_flags - what is known of a vector without its mask bit
 * @mdev: device, with @state held
 * @irq: the vector's Linux interrupt
 * @nr: the vector
 *
 * Return: VFIO_PCI_MSI_MESSAGE_MASKED and _PENDING.
 */
u32 msi_vfio_pci_mask_flags(struct msi_vfio_pci_device *mdev, unsigned int irq,
			    unsigned int nr)
{
	lockdep_assert_held(&mdev->state);

	if (!test_bit(nr, mdev->masked))
		return 0;

	return VFIO_PCI_MSI_MESSAGE_MASKED |
	       (test_bit(nr, mdev->arrived) || has_arrived(irq) ?
		VFIO_PCI_MSI_MESSAGE_PENDING : 0);
}

/**
 * msi_vfio_pci_keep_masks - the core is about to change vectors
 * @mdev: device, with @state held
 *
 * The masks stay, and what has arrived does. But that it has cannot be seen any
 * more when a trigger was replaced.
 */
void msi_vfio_pci_keep_masks(struct msi_vfio_pci_device *mdev)
{
	unsigned int nr;

	lockdep_assert_held(&mdev->state);

	for_each_set_bit(nr, mdev->masked, MSI_VFIO_PCI_MAX_VECTORS)
		if (has_arrived(pci_irq_vector(mdev->core.pdev, nr)))
			__set_bit(nr, mdev->arrived);
}

/**
 * msi_vfio_pci_forget_masks - the vectors are gone, and their masks with them
 * @mdev: device, with @state held
 */
void msi_vfio_pci_forget_masks(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	bitmap_zero(mdev->masked, MSI_VFIO_PCI_MAX_VECTORS);
	bitmap_zero(mdev->arrived, MSI_VFIO_PCI_MAX_VECTORS);
}

static void mask_vector(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	int irq = pci_irq_vector(mdev->core.pdev, nr);

	if (__test_and_set_bit(nr, mdev->masked))
		return;

	/* One without a handler is disabled already, and masked. */
	if (irq_has_action(irq)) {
		/* The last handler that is freed takes this with it. */
		if (!is_lazy(irq))
			irq_modify_status(irq, 0, IRQ_DISABLE_UNLAZY);
		disable_irq(irq);
	}
	/* Only for one that is disabled. */
	irq_modify_status(irq, 0, IRQ_NOAUTOEN);
}

/* Returns whether the message may be another one now. */
static bool unmask_vector(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	int irq = pci_irq_vector(mdev->core.pdev, nr);
	bool starts;

	if (!__test_and_clear_bit(nr, mdev->masked))
		return false;
	__clear_bit(nr, mdev->arrived);

	irq_modify_status(irq, IRQ_NOAUTOEN, 0);
	if (!irq_has_action(irq))
		return false;

	/* What starts is given a CPU. */
	starts = !irqd_is_started(irq_get_irq_data(irq));
	enable_irq(irq);

	return starts;
}

static bool all_allocated(struct msi_vfio_pci_device *mdev, u32 index,
			  u32 start, u32 count)
{
	u32 i;

	if (mdev->core.irq_type != index)
		return false;
	for (i = 0; i < count; i++)
		if (pci_irq_vector(mdev->core.pdev, start + i) <= 0)
			return false;

	return true;
}

/*
 * The table is reached while the device decodes memory, which is switched on for
 * that time as the core does. A device in D3hot is its owner's to wake.
 */
static int begin(struct msi_vfio_pci_device *mdev, u32 index, u16 *command)
{
	struct pci_dev *pdev = mdev->core.pdev;

	down_write(&mdev->core.memory_lock);
	if (index == VFIO_PCI_MSI_IRQ_INDEX)
		return 0;

	if ((__force int)pdev->current_state >= (__force int)PCI_D3hot) {
		up_write(&mdev->core.memory_lock);
		return -EBUSY;
	}

	pci_read_config_word(pdev, PCI_COMMAND, command);
	if (!(*command & PCI_COMMAND_MEMORY))
		pci_write_config_word(pdev, PCI_COMMAND,
				      *command | PCI_COMMAND_MEMORY);

	return 0;
}

static void end(struct msi_vfio_pci_device *mdev, u32 index, u16 command)
{
	if (index == VFIO_PCI_MSIX_IRQ_INDEX && !(command & PCI_COMMAND_MEMORY))
		pci_write_config_word(mdev->core.pdev, PCI_COMMAND, command);
	up_write(&mdev->core.memory_lock);
}

/**
 * msi_vfio_pci_set_masks - mask or unmask vectors
 * @mdev: an open device that is resumed, with @state held
 * @index: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @start: first vector
 * @count: how many; all within msi_vfio_pci_vector_count()
 * @which: for each whether it is meant; NULL: all are
 * @mask: mask them
 * @moved: out: messages may be others now
 *
 * No handler of a masked vector runs any more when this returns.
 *
 * Return: 0; -EINVAL if a vector is not allocated, -EBUSY if the table cannot be
 * reached: nothing has changed then.
 */
int msi_vfio_pci_set_masks(struct msi_vfio_pci_device *mdev, u32 index,
			   u32 start, u32 count, const u8 *which, bool mask,
			   bool *moved)
{
	u16 command = 0;
	u32 i;
	int ret;

	lockdep_assert_held(&mdev->state);

	*moved = false;
	if (!count || !all_allocated(mdev, index, start, count))
		return -EINVAL;

	ret = begin(mdev, index, &command);
	if (ret)
		return ret;

	for (i = 0; i < count; i++) {
		if (which && !which[i])
			continue;
		if (mask)
			mask_vector(mdev, start + i);
		else
			*moved |= unmask_vector(mdev, start + i);
	}
	end(mdev, index, command);

	return 0;
}
