// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masks: a vector that the user has masked is an interrupt that is disabled once, and
 * that stays disabled when it is requested. If it has a mask bit, the kernel sets the
 * bit. If it has none, the kernel records what arrives, and sends the interrupt again
 * when it is enabled.
 */

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "msi_vfio_pci.h"

/*
 * Newer kernels let an interrupt controller that can mask do so instead of the device.
 * Older kernels mask in both.
 */
static bool parent_masks(struct irq_data *data)
{
#ifdef CONFIG_IRQ_DOMAIN_HIERARCHY
	return data->chip->irq_mask == irq_chip_mask_parent;
#else
	return false;
#endif
}

/**
 * msi_vfio_pci_has_mask_bit - check whether a vector is masked by a bit in the device
 * @data: the vector's Linux interrupt
 *
 * Return: true if the device has a mask bit and the kernel uses it.
 */
bool msi_vfio_pci_has_mask_bit(struct irq_data *data)
{
	struct msi_desc *desc = irq_data_get_msi_desc(data);

	return desc && desc->pci.msi_attrib.can_mask && !parent_masks(data);
}

/* Some interrupt controllers can hold an interrupt that the device has sent. */
static bool host_masks(struct irq_data *data)
{
	if (parent_masks(data))
		return true;

	/* Kernels with this operation do not mask in the controller as well. */
	if (data->chip->irq_startup)
		return false;

#ifdef CONFIG_IRQ_DOMAIN_HIERARCHY
	for (data = data->parent_data; data; data = data->parent_data)
		if (data->chip && data->chip->irq_mask)
			return true;
#endif
	return false;
}

/*
 * Whether the interrupt is disabled lazily, because nothing can mask it. The kernel
 * marks it as masked when it arrives while it is disabled, so that can be seen.
 */
static bool is_lazy(struct irq_data *data)
{
	return !msi_vfio_pci_has_mask_bit(data) && !host_masks(data);
}

static bool is_started(struct irq_data *data)
{
	/* An interrupt that arrives meanwhile changes other bits of the kernel's record. */
	return data_race(irqd_is_started(data));
}

static bool move_is_pending(struct irq_data *data)
{
	/* As above. */
	return data_race(irqd_is_setaffinity_pending(data));
}

static bool has_arrived(struct irq_data *data)
{
	/*
	 * An interrupt that was not started since it was requested is marked as masked
	 * in any case. One that arrives now may be seen or not.
	 */
	return is_lazy(data) && is_started(data) && data_race(irqd_irq_masked(data));
}

static bool has_handler(struct irq_data *data)
{
	return irq_desc_has_action(irq_data_to_desc(data));
}

/**
 * msi_vfio_pci_mask_flags - flags of a vector by what the kernel has recorded
 * @mdev: device, with @state held
 * @data: the vector's Linux interrupt
 * @nr: the vector
 *
 * Return: VFIO_PCI_MSI_MESSAGE_MASKED and _PENDING.
 */
u32 msi_vfio_pci_mask_flags(struct msi_vfio_pci_device *mdev,
			    struct irq_data *data, unsigned int nr)
{
	lockdep_assert_held(&mdev->state);

	if (!test_bit(nr, mdev->masked))
		return 0;

	return VFIO_PCI_MSI_MESSAGE_MASKED |
	       (test_bit(nr, mdev->arrived) || has_arrived(data) ?
		VFIO_PCI_MSI_MESSAGE_PENDING : 0);
}

/**
 * msi_vfio_pci_keep_masks - the core is about to change vectors
 * @mdev: device, with @state held
 *
 * The masks and the interrupts that have arrived stay. After a trigger is replaced,
 * the kernel no longer shows that an interrupt has arrived, so it is recorded here. An
 * interrupt that is requested while it is masked must not be enabled by that.
 */
void msi_vfio_pci_keep_masks(struct msi_vfio_pci_device *mdev)
{
	struct irq_data *data;
	unsigned int nr;

	lockdep_assert_held(&mdev->state);

	for_each_set_bit(nr, mdev->masked, MSI_VFIO_PCI_MAX_VECTORS) {
		data = msi_vfio_pci_irq_data(mdev, nr);
		if (has_arrived(data))
			__set_bit(nr, mdev->arrived);
		/* The flag is allowed only while the interrupt is disabled, which it is. */
		irq_modify_status(data->irq, 0, IRQ_NOAUTOEN);
	}
}

/**
 * msi_vfio_pci_forget_masks - the vectors were freed, which ends their masks
 * @mdev: device, with @state held
 */
void msi_vfio_pci_forget_masks(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	/* Only masked vectors have their bits set in the others. */
	if (!mdev->nr_masked)
		return;
	mdev->nr_masked = 0;
	bitmap_zero(mdev->masked, MSI_VFIO_PCI_MAX_VECTORS);
	bitmap_zero(mdev->arrived, MSI_VFIO_PCI_MAX_VECTORS);
	bitmap_zero(mdev->started, MSI_VFIO_PCI_MAX_VECTORS);
}

/* The kernel clears IRQ_DISABLE_UNLAZY when the last handler is freed. */
static void mask_at_once(struct irq_data *data)
{
	if (!is_lazy(data))
		irq_modify_status(data->irq, 0, IRQ_DISABLE_UNLAZY);
}

static void mask_vector(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	struct irq_data *data;

	if (__test_and_set_bit(nr, mdev->masked))
		return;
	mdev->nr_masked++;

	data = msi_vfio_pci_irq_data(mdev, nr);
	/* An interrupt without a handler is disabled and masked already. */
	if (!has_handler(data))
		return;
	mask_at_once(data);
	disable_irq(data->irq);
}

/* Returns whether the host may have changed the message. */
static bool unmask_vector(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	struct irq_data *data;
	bool starts;

	if (!__test_and_clear_bit(nr, mdev->masked))
		return false;
	mdev->nr_masked--;
	__clear_bit(nr, mdev->arrived);
	starts = __test_and_clear_bit(nr, mdev->started);

	data = msi_vfio_pci_irq_data(mdev, nr);
	/* Others who disable the interrupt, like a suspend of the host, do it lazily. */
	irq_modify_status(data->irq, IRQ_NOAUTOEN | IRQ_DISABLE_UNLAZY, 0);
	if (!has_handler(data))
		return false;

	/* The kernel gives an interrupt a CPU when it starts it. */
	if (!is_started(data)) {
		msi_vfio_pci_reassign_unstarted(mdev, data->irq);
		starts = true;
	}
	enable_irq(data->irq);

	return starts;
}

#if defined(CONFIG_X86) && defined(CONFIG_SMP)
/* Whether a message goes to @cpu, by x86's format of a message that is not remapped. */
static bool goes_to(u32 address_lo, unsigned int cpu)
{
	u32 dest = (address_lo >> 12 & 0xff) | (address_lo >> 5 & 0x7f) << 8;
	bool logical = address_lo & BIT(2);

	/* A logical destination has a bit for each of at most 8 CPUs. */
	if (logical)
		return cpu < 8 && dest == BIT(cpu);

	return dest == cpu_physical_id(cpu);
}
#else
static bool goes_to(u32 address_lo, unsigned int cpu)
{
	return false;
}
#endif

/* The CPU to which the message goes, if it is not remapped. */
static unsigned int target_cpu(unsigned int irq)
{
	struct msi_msg msg;
	unsigned int cpu;

	get_cached_msi_msg(irq, &msg);
	for_each_online_cpu(cpu)
		if (goes_to(msg.address_lo, cpu))
			return cpu;

	return nr_cpu_ids;
}

struct start {
	unsigned int irq;
	unsigned int cpu;
	bool isolated;
};

/* Whether the interrupt stays on this CPU when it is started. */
static bool stays_here(const struct start *start)
{
	struct irq_data *data = irq_get_irq_data(start->irq);
	const struct cpumask *affinity = irq_data_get_affinity_mask(data);
	unsigned int cpu, here = smp_processor_id();
	int node = irq_data_get_node(data);

	cpu = start->isolated ?
	      cpumask_first(irq_data_get_effective_affinity_mask(data)) :
	      target_cpu(start->irq);
	if (cpu != here || !cpumask_test_cpu(here, affinity))
		return false;
	if (node == NUMA_NO_NODE || cpumask_test_cpu(here, cpumask_of_node(node)))
		return true;

	for_each_cpu_and(cpu, affinity, cpumask_of_node(node))
		if (cpu_online(cpu))
			return false;

	return true;
}

/*
 * Runs on the CPU to which the vector goes, with interrupts disabled. What arrives in
 * between is handled afterwards, when the interrupt is disabled again.
 *
 * An interrupt that moves when it is started could be handled by the other CPU. It
 * need not be started here, because the move gives it another vector.
 */
static void start_disabled(void *info)
{
	const struct start *start = info;

	if (!stays_here(start))
		return;

	enable_irq(start->irq);
	disable_irq_nosync(start->irq);
}

static void start_on_cpu(struct start *start)
{
	if (start->cpu < nr_cpu_ids)
		smp_call_function_single(start->cpu, start_disabled, start, 1);
}

/*
 * The effective affinity may have been requested while the interrupt was not active,
 * and not have taken effect. With remapping, irq_set_affinity() moves the interrupt
 * there at once. If a move is pending already, another would not take effect. So the
 * interrupt is started only if its CPU is known, as the only one of the effective
 * affinity. It stays there until the next interrupt arrives.
 */
static void start_remapped(struct start *start)
{
	struct irq_data *data = irq_get_irq_data(start->irq);
	const struct cpumask *effective = irq_data_get_effective_affinity_mask(data);
	const struct cpumask *one;
	cpumask_var_t affinity;

	start->cpu = cpumask_first(effective);
	if (start->cpu >= nr_cpu_ids)
		return;
	if (move_is_pending(data)) {
		if (cpumask_weight(effective) == 1)
			start_on_cpu(start);
		return;
	}
	if (!zalloc_cpumask_var(&affinity, GFP_KERNEL))
		return;

	one = cpumask_of(start->cpu);
	cpumask_copy(affinity, irq_data_get_affinity_mask(data));
	if (!irq_set_affinity(start->irq, one) && !move_is_pending(data))
		start_on_cpu(start);
	/* Restore the affinity, unless somebody else has changed it meanwhile. */
	if (cpumask_equal(irq_data_get_affinity_mask(data), one))
		irq_set_affinity(start->irq, affinity);
	free_cpumask_var(affinity);
}

static bool all_allocated(struct msi_vfio_pci_device *mdev, u32 index,
			  u32 start, u32 count)
{
	u32 i;

	/* After a reset there can be fewer vectors than are allocated. */
	if (mdev->core.irq_type != index ||
	    start + count > msi_vfio_pci_vector_count(mdev, index))
		return false;
	for (i = 0; i < count; i++)
		if (!msi_vfio_pci_irq_data(mdev, start + i))
			return false;

	return true;
}

/*
 * Turns memory decoding on, which is needed to reach the table of MSI-X. The caller holds
 * memory_lock for writing. Returns -EBUSY if the device is in D3hot, and changes
 * nothing then: only the user wakes it.
 */
static int enable_decoding(struct msi_vfio_pci_device *mdev, u32 index,
			   u16 *command)
{
	struct pci_dev *pdev = mdev->core.pdev;

	if (index != VFIO_PCI_MSIX_IRQ_INDEX)
		return 0;
	if (msi_vfio_pci_in_d3(mdev))
		return -EBUSY;

	pci_read_config_word(pdev, PCI_COMMAND, command);
	if (!(*command & PCI_COMMAND_MEMORY))
		pci_write_config_word(pdev, PCI_COMMAND,
				      *command | PCI_COMMAND_MEMORY);

	return 0;
}

static void restore_decoding(struct msi_vfio_pci_device *mdev, u32 index,
			     u16 command)
{
	if (index == VFIO_PCI_MSIX_IRQ_INDEX && !(command & PCI_COMMAND_MEMORY))
		pci_write_config_word(mdev->core.pdev, PCI_COMMAND, command);
}

/* All vectors of MSI have one descriptor, with one @can_mask. */
static void disable_others(struct msi_vfio_pci_device *mdev, u32 index,
			   unsigned int irq, bool disable)
{
	struct irq_data *other;
	unsigned int nr;

	for (nr = 0; index == VFIO_PCI_MSI_IRQ_INDEX; nr++) {
		other = msi_vfio_pci_irq_data(mdev, nr);
		if (!other)
			return;
		if (other->irq == irq || !has_handler(other))
			continue;
		if (disable)
			disable_irq(other->irq);
		else
			enable_irq(other->irq);
	}
}

/*
 * Starts a masked interrupt. @can_mask of its descriptor is cleared meanwhile, so that
 * the kernel leaves the mask bit set. The caller holds memory_lock for writing,
 * pci_cfg_access_lock() and cpus_read_lock(). Nobody else uses @can_mask meanwhile:
 *
 * - The kernel masks and unmasks an interrupt when it is enabled, disabled or freed,
 *   which needs @state; when it arrives, which cannot happen here as its mask bit is
 *   set; when its CPU is unplugged, which waits for cpus_read_lock(); and when the host
 *   suspends, which happens after this task is frozen. A change of its affinity masks
 *   it only when the next interrupt arrives, or not at all.
 * - The other vectors of the same descriptor are disabled. If one of them arrives, the
 *   kernel sends it again, and unmasks it, when it is enabled.
 * - A reset or a change of the power state restores the mask bits. It holds memory_lock
 *   if the user requested it, otherwise pci_cfg_access_lock().
 */
static void start_under_mask(struct msi_vfio_pci_device *mdev, u32 index,
			     struct start *start)
{
	struct irq_data *data = irq_get_irq_data(start->irq);
	struct msi_desc *desc = irq_data_get_msi_desc(data);
	bool has_mask_bit = msi_vfio_pci_has_mask_bit(data);

	if (has_mask_bit) {
		disable_others(mdev, index, start->irq, true);
		desc->pci.msi_attrib.can_mask = 0;
	}

	if (mdev->isolated) {
		start_remapped(start);
	} else {
		start->cpu = target_cpu(start->irq);
		start_on_cpu(start);
	}

	if (has_mask_bit) {
		desc->pci.msi_attrib.can_mask = 1;
		disable_others(mdev, index, start->irq, false);
	}
}

static void start_vector(struct msi_vfio_pci_device *mdev, u32 index,
			 struct irq_data *data)
{
	struct start start = { .irq = data->irq, .isolated = mdev->isolated };
	u16 command = 0;
	int ret;

	mask_at_once(data);

	down_write(&mdev->core.memory_lock);
	/* Waits for a reset, so CPU hotplug is not blocked yet. */
	pci_cfg_access_lock(mdev->core.pdev);
	/*
	 * The start does not write to the table, and in D3hot it need not be decoded. The
	 * kernel reads it back when it disables the interrupt, without using the value.
	 */
	ret = enable_decoding(mdev, index, &command);
	cpus_read_lock();
	start_under_mask(mdev, index, &start);
	cpus_read_unlock();
	if (!ret)
		restore_decoding(mdev, index, command);
	pci_cfg_access_unlock(mdev->core.pdev);
	up_write(&mdev->core.memory_lock);
}

/**
 * msi_vfio_pci_start_masked - the core may have requested masked interrupts
 * @mdev: an open device that is resumed, with @state held
 *
 * An interrupt that was requested while it was masked has a CPU, but was not started.
 * When this CPU is unplugged, as all CPUs but one are when the host suspends, the kernel
 * moves only interrupts that were started. When the CPU comes back, x86 has forgotten
 * the others, and what they send is lost. So they are started here, and stay disabled.
 */
void msi_vfio_pci_start_masked(struct msi_vfio_pci_device *mdev)
{
	u32 index = mdev->core.irq_type;
	struct irq_data *data;
	unsigned int nr;

	lockdep_assert_held(&mdev->state);

	if (!IS_ENABLED(CONFIG_X86))
		return;

	for_each_set_bit(nr, mdev->masked, MSI_VFIO_PCI_MAX_VECTORS) {
		data = msi_vfio_pci_irq_data(mdev, nr);
		if (!has_handler(data) || is_started(data))
			continue;
		start_vector(mdev, index, data);
		if (is_started(data))
			__set_bit(nr, mdev->started);
	}
}

/**
 * msi_vfio_pci_set_masks - mask or unmask vectors
 * @mdev: an open device that is resumed, with @state held
 * @index: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @start: first vector
 * @count: how many
 * @which: for each of them, whether to change it; NULL: change all
 * @mask: mask them, or unmask them
 * @moved: out: the host may have changed messages
 *
 * When this returns, no handler of a masked vector is running.
 *
 * Return: 0; -EINVAL if a vector is not allocated, or -EBUSY if the table cannot be
 * reached. If it fails, nothing has changed.
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

	down_write(&mdev->core.memory_lock);
	ret = enable_decoding(mdev, index, &command);
	if (!ret) {
		for (i = 0; i < count; i++) {
			if (which && !which[i])
				continue;
			if (mask)
				mask_vector(mdev, start + i);
			else
				*moved |= unmask_vector(mdev, start + i);
		}
		restore_decoding(mdev, index, command);
	}
	up_write(&mdev->core.memory_lock);

	return ret;
}
