// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reassigns vectors whose CPU was unplugged. The kernel does not move an interrupt that
 * was not started, because it has no handler or was requested under its mask, to another
 * CPU. x86 drops its vector when the CPU comes back.
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

/* Activates the interrupt on a CPU of its affinity, and deactivates it. */
static void activate_again(unsigned int irq)
{
	static int unused;

	if (!request_irq(irq, no_handler, IRQF_NO_AUTOEN, "msi-vfio-pci",
			 &unused))
		free_irq(irq, &unused);
}

/*
 * Moves the interrupt away from the CPU that it is on, whichever that is. Only remapped
 * interrupts move at once.
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

static bool is_activated(struct irq_data *data)
{
	/* An interrupt that arrives meanwhile changes other bits of the kernel's record. */
	return data_race(irqd_is_activated(data));
}

/* An interrupt that is not active gets a CPU of its affinity when it is activated. */
static void move_inactive(struct msi_vfio_pci_device *mdev, unsigned int irq,
			  struct cpumask *others)
{
	cpumask_andnot(others, cpu_online_mask, mdev->unplugged_cpus);
	if (cpumask_empty(others))
		return;

	if (is_activated(irq_get_irq_data(irq)))
		activate_again(irq);
	irq_set_affinity(irq, others);
	activate_again(irq);
}

/*
 * Gives the interrupt another CPU, then restores its affinity, which takes effect with
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
	if (is_activated(data) && mdev->isolated)
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
 * msi_vfio_pci_start_masked() does not start a vector whose CPU it does not know, or
 * that would move when it is started. The kernel may have dropped such a vector while it
 * was masked.
 */
void msi_vfio_pci_reassign_unstarted(struct msi_vfio_pci_device *mdev,
				     unsigned int irq)
{
	lockdep_assert_held(&mdev->state);

	if (IS_ENABLED(CONFIG_X86) && mdev->isolated && READ_ONCE(mdev->cpu_was_unplugged))
		reassign_vector(mdev, irq);
}

/* Is the interrupt still on a CPU that was unplugged? Called on x86 only. */
static bool is_on_unplugged_cpu(struct msi_vfio_pci_device *mdev, int irq)
{
	struct irq_data *data = irq > 0 ? irq_get_irq_data(irq) : NULL;

	/* An interrupt that can be masked has no CPU while it has no handler. */
	return data && !irq_has_action(irq) && !data_race(irqd_can_reserve(data)) &&
	       cpumask_intersects(irq_data_get_effective_affinity_mask(data),
				  mdev->unplugged_cpus);
}

/**
 * msi_vfio_pci_reassign_vectors - the core may be about to request interrupts
 * @mdev: open device, with @state held
 *
 * x86 gives an MSI vector without a mask bit a CPU when the vector is allocated. When
 * that CPU is unplugged, x86 moves the vector only if it has a handler. A suspend of
 * the host unplugs all CPUs but one. When the CPU comes back, x86 drops the vector, and
 * a handler that is added then gets no interrupts.
 */
void msi_vfio_pci_reassign_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i;

	lockdep_assert_held(&mdev->state);

	if (!IS_ENABLED(CONFIG_X86) || cpumask_empty(mdev->unplugged_cpus))
		return;

	cpus_read_lock();
	for (i = 0; mdev->core.irq_type == VFIO_PCI_MSI_IRQ_INDEX &&
	     i < mdev->nr_vectors; i++)
		if (is_on_unplugged_cpu(mdev, pci_irq_vector(mdev->core.pdev, i)))
			reassign_vector(mdev, pci_irq_vector(mdev->core.pdev, i));
	cpumask_clear(mdev->unplugged_cpus);
	cpus_read_unlock();
}
