// SPDX-License-Identifier: GPL-2.0-only
/*
 * An interrupt that nobody handles is not moved away from a CPU that is unplugged, and
 * x86 forgets its vector when the CPU comes back. Gives such interrupts another vector.
 */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/pci.h>

#include "msi_vfio_pci.h"

static irqreturn_t no_handler(int irq, void *unused)
{
	return IRQ_HANDLED;
}

/* It is not active afterwards, and has a CPU that it may have. */
static void activate_again(unsigned int irq)
{
	static int unused;

	if (!request_irq(irq, no_handler, IRQF_NO_AUTOEN, "msi-vfio-pci",
			 &unused))
		free_irq(irq, &unused);
}

/*
 * Away from the CPU that it is on, whichever that is. Only interrupts that are
 * remapped move at once.
 */
static void move_active(unsigned int irq, struct cpumask *others)
{
	unsigned int first = cpumask_first(cpu_online_mask);

	cpumask_copy(others, cpu_online_mask);
	cpumask_clear_cpu(first, others);
	irq_set_affinity(irq, cpumask_of(first));
	if (!cpumask_empty(others))
		irq_set_affinity(irq, others);
}

/* One that is not active takes its affinity from there when it is activated. */
static void move_inactive(struct msi_vfio_pci_device *mdev, unsigned int irq,
			  struct cpumask *others)
{
	cpumask_andnot(others, cpu_online_mask, &mdev->unplugged_cpus);
	if (cpumask_empty(others))
		return;

	if (irqd_is_activated(irq_get_irq_data(irq)))
		activate_again(irq);
	irq_set_affinity(irq, others);
	activate_again(irq);
}

/*
 * Gives the interrupt another CPU, and back its affinity, which takes effect with
 * its next interrupts.
 */
static void reassign_vector(struct msi_vfio_pci_device *mdev, unsigned int irq)
{
	struct irq_data *data = irq_get_irq_data(irq);
	cpumask_var_t affinity, others;

	if (!zalloc_cpumask_var(&affinity, GFP_KERNEL))
		return;
	if (!zalloc_cpumask_var(&others, GFP_KERNEL)) {
		free_cpumask_var(affinity);
		return;
	}

	cpumask_copy(affinity, irq_data_get_affinity_mask(data));
	if (irqd_is_activated(data) && mdev->isolated)
		move_active(irq, others);
	else
		move_inactive(mdev, irq, others);
	irq_set_affinity(irq, affinity);

	free_cpumask_var(others);
	free_cpumask_var(affinity);
}

/**
 * msi_vfio_pci_reassign_unstarted - a vector is about to be started by unmasking it
 * @mdev: open device, with @state held
 * @irq: the vector's Linux interrupt
 *
 * If it was just being moved when it was requested, msi_vfio_pci_start_masked() did
 * not start it, and the kernel may have forgotten it while it was masked.
 */
void msi_vfio_pci_reassign_unstarted(struct msi_vfio_pci_device *mdev,
				     unsigned int irq)
{
	lockdep_assert_held(&mdev->state);

	if (IS_ENABLED(CONFIG_X86) && mdev->isolated && READ_ONCE(mdev->cpu_was_unplugged))
		reassign_vector(mdev, irq);
}

/* Is it x86's, with a CPU that was unplugged, and was it not moved away from it? */
static bool is_on_unplugged_cpu(struct msi_vfio_pci_device *mdev, int irq)
{
	struct irq_data *data = irq > 0 ? irq_get_irq_data(irq) : NULL;

	/* Those that can be masked have no CPU without a handler. */
	return data && !irq_has_action(irq) && !irqd_can_reserve(data) &&
	       cpumask_intersects(irq_data_get_effective_affinity_mask(data),
				  &mdev->unplugged_cpus);
}

/**
 * msi_vfio_pci_reassign_vectors - the core may be about to request interrupts
 * @mdev: open device, with @state held
 *
 * x86 gives an MSI vector without a mask bit a CPU when it is allocated, and moves it
 * away when that CPU is unplugged, as all but one are in a suspend of the host, only if
 * it has a handler. When the CPU comes back the vector is forgotten, and a handler
 * that it gets then hears of nothing.
 */
void msi_vfio_pci_reassign_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i;

	lockdep_assert_held(&mdev->state);

	if (!IS_ENABLED(CONFIG_X86) || cpumask_empty(&mdev->unplugged_cpus))
		return;

	cpus_read_lock();
	for (i = 0; mdev->core.irq_type == VFIO_PCI_MSI_IRQ_INDEX &&
	     i < mdev->nr_known; i++)
		if (is_on_unplugged_cpu(mdev, pci_irq_vector(mdev->core.pdev, i)))
			reassign_vector(mdev, pci_irq_vector(mdev->core.pdev, i));
	cpumask_clear(&mdev->unplugged_cpus);
	cpus_read_unlock();
}
