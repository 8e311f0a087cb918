// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dummy target: MSI-X vectors whose message points at a dword in the user's own DMA
 * space, for devices that hold completions back until they can assert MSI-X. They have
 * no vector of the host, so the PCI core does not know of them: it neither restores
 * them after a reset nor disables MSI-X at the end. This file does both.
 */

#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "msi_vfio_pci.h"
#include "trace.h"

static bool irq_in_use(struct msi_vfio_pci_device *mdev)
{
	switch (mdev->core.irq_type) {
	case VFIO_PCI_INTX_IRQ_INDEX:
	case VFIO_PCI_MSI_IRQ_INDEX:
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return true;
	default:
		return false;
	}
}

static int check_decoding(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	u16 cmd;

	if (pci_user_read_config_word(pdev, PCI_COMMAND, &cmd) ||
	    PCI_POSSIBLE_ERROR(cmd))
		return -EIO;

	return pdev->no_command_memory || cmd & PCI_COMMAND_MEMORY ? 0 : -ENXIO;
}

static int read_control(struct msi_vfio_pci_device *mdev, u16 *ctrl)
{
	struct pci_dev *pdev = mdev->core.pdev;

	if (pci_user_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
				      ctrl) ||
	    PCI_POSSIBLE_ERROR(*ctrl))
		return -EIO;

	return 0;
}

/* Sets the function mask and enable bits to @set; all other bits stay as in @ctrl. */
static void write_control(struct msi_vfio_pci_device *mdev, u16 ctrl, u16 set)
{
	struct pci_dev *pdev = mdev->core.pdev;

	ctrl &= ~(PCI_MSIX_FLAGS_MASKALL | PCI_MSIX_FLAGS_ENABLE);
	pci_user_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
				   ctrl | set);
}

/*
 * Finds MSI-X's control and the table, which can be written then; memory_lock is held.
 * Returns 0, -ENXIO if the table cannot be reached, -EIO if the device does not
 * respond.
 */
static int reach_table(struct msi_vfio_pci_device *mdev, u16 *ctrl,
		       struct msi_vfio_pci_msix *msix)
{
	int ret;

	if (!compat_memory_enabled(&mdev->core))
		return -ENXIO;

	ret = msi_vfio_pci_check_bars(mdev) ?: check_decoding(mdev) ?:
	      read_control(mdev, ctrl) ?:
	      msi_vfio_pci_find_msix(mdev, *ctrl, msix);
	if (ret)
		return ret;

	return msix->table ? 0 : -ENXIO;
}

static void write_message(u8 __iomem *entry, u64 address, u32 data)
{
	iowrite32(lower_32_bits(address), entry + PCI_MSIX_ENTRY_LOWER_ADDR);
	iowrite32(upper_32_bits(address), entry + PCI_MSIX_ENTRY_UPPER_ADDR);
	iowrite32(data, entry + PCI_MSIX_ENTRY_DATA);
}

/* Changes only the mask bit of the entry's control; its other bits stay. */
static int write_entry(struct msi_vfio_pci_device *mdev, u8 __iomem *entry,
		       unsigned int nr, bool on)
{
	u32 ctrl = ioread32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL);
	bool use = msi_vfio_pci_is_dummy(&mdev->dummy, nr);

	if (PCI_POSSIBLE_ERROR(ctrl))
		return -EIO;

	if (!on || !use)
		iowrite32(ctrl | PCI_MSIX_ENTRY_CTRL_MASKBIT,
			  entry + PCI_MSIX_ENTRY_VECTOR_CTRL);
	if (use)
		write_message(entry, on ? mdev->dummy.iova : 0, on ? nr : 0);
	if (on && use)
		iowrite32(ctrl & ~PCI_MSIX_ENTRY_CTRL_MASKBIT,
			  entry + PCI_MSIX_ENTRY_VECTOR_CTRL);

	return 0;
}

/*
 * With @on, the vectors of the target get its message and are unmasked, and all others
 * are masked. Without, all are masked, and the message of the target's vectors is
 * cleared. The function is masked meanwhile. If an entry reads as all ones, the device
 * is gone: nothing is written to that entry or to later ones.
 */
static int write_table(struct msi_vfio_pci_device *mdev,
		       const struct msi_vfio_pci_msix *msix, bool on)
{
	u8 __iomem *entry = msix->table;
	unsigned int i;
	int ret;

	for (i = 0; i < msix->nr; i++, entry += PCI_MSIX_ENTRY_SIZE) {
		ret = write_entry(mdev, entry, i, on);
		if (ret)
			return ret;
	}

	/* This read completes after all posted writes. */
	if (PCI_POSSIBLE_ERROR(ioread32(entry - PCI_MSIX_ENTRY_SIZE +
					PCI_MSIX_ENTRY_VECTOR_CTRL)))
		return -EIO;

	return 0;
}

/*
 * As the PCI core does it: first MSI-X is enabled with the function masked, as the
 * table of some devices can only be written then; next the entries are written; last
 * the function is unmasked.
 */
static int apply(struct msi_vfio_pci_device *mdev, u16 ctrl,
		 const struct msi_vfio_pci_msix *msix)
{
	int ret;

	write_control(mdev, ctrl, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	ret = write_table(mdev, msix, true);
	if (ret)
		write_table(mdev, msix, false);
	write_control(mdev, ctrl, ret ? 0 : PCI_MSIX_FLAGS_ENABLE);

	return ret;
}

/* Memory decoding is on meanwhile, as it is when the core frees vectors. */
static void clean_table(struct msi_vfio_pci_device *mdev, u16 ctrl)
{
	struct pci_dev *pdev = mdev->core.pdev;
	struct msi_vfio_pci_msix msix;
	u16 cmd;

	if (msi_vfio_pci_in_d3(mdev) || msi_vfio_pci_check_bars(mdev) ||
	    msi_vfio_pci_find_msix(mdev, ctrl, &msix) || !msix.table ||
	    pci_user_read_config_word(pdev, PCI_COMMAND, &cmd) ||
	    PCI_POSSIBLE_ERROR(cmd))
		return;

	if (!(cmd & PCI_COMMAND_MEMORY))
		pci_user_write_config_word(pdev, PCI_COMMAND,
					   cmd | PCI_COMMAND_MEMORY);
	write_table(mdev, &msix, false);
	if (!(cmd & PCI_COMMAND_MEMORY))
		pci_user_write_config_word(pdev, PCI_COMMAND, cmd);
}

/* memory_lock is held for writing. */
static void undo(struct msi_vfio_pci_device *mdev)
{
	u16 ctrl;

	if (read_control(mdev, &ctrl))
		return;

	write_control(mdev, ctrl, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	clean_table(mdev, ctrl);
	write_control(mdev, ctrl, 0);
}

static void trace(struct msi_vfio_pci_device *mdev,
		  enum msi_vfio_pci_dummy_event event)
{
	trace_msi_vfio_pci_dummy(mdev->core.pdev, mdev->dummy.iova,
				 mdev->dummy.start, mdev->dummy.count, event);
}

static void forget(struct msi_vfio_pci_device *mdev)
{
	WRITE_ONCE(mdev->dummy_on, false);
	clear_bit(0, &mdev->dummy_needs_restore);
	msi_vfio_pci_bump_generation(mdev);
	trace(mdev, MSI_VFIO_PCI_DUMMY_OFF);
}

/* Does the state of the device allow turning the target on? Returns 0 or the errno. */
static int check_device(struct msi_vfio_pci_device *mdev, u16 *ctrl,
			struct msi_vfio_pci_msix *msix)
{
	struct pci_dev *pdev = mdev->core.pdev;
	u16 msi = 0;
	int ret;

	if (mdev->dummy_on || mdev->core.irq_type == VFIO_PCI_MSIX_IRQ_INDEX)
		return -EALREADY;
	if (irq_in_use(mdev))
		return -EBUSY;

	ret = reach_table(mdev, ctrl, msix);
	if (ret)
		return ret;

	/* Nobody should have enabled it, but then the target must not be turned on. */
	if (*ctrl & PCI_MSIX_FLAGS_ENABLE)
		return -EALREADY;
	if (pdev->msi_cap &&
	    (pci_user_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS,
				       &msi) || PCI_POSSIBLE_ERROR(msi)))
		return -EIO;

	return msi & PCI_MSI_FLAGS_ENABLE ? -EBUSY : 0;
}

/* The PCI core checks this before it enables MSI-X, but exports no function for it. */
static int check_allowed(struct pci_dev *pdev)
{
	struct pci_bus *bus;

	if (!pci_msi_enabled() || pdev->no_msi)
		return -EPERM;
	for (bus = pdev->bus; bus; bus = bus->parent)
		if (bus->bus_flags & PCI_BUS_FLAGS_NO_MSI)
			return -EPERM;

	return 0;
}

static int check_reserved(struct iommu_group *group, u64 iova)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	int ret;

	ret = iommu_get_group_resv_regions(group, &regions);
	list_for_each_entry_safe(region, next, &regions, list) {
		/* Users can map relaxable regions. */
		if (region->type != IOMMU_RESV_DIRECT_RELAXABLE &&
		    iova >= region->start &&
		    iova - region->start < region->length)
			ret = -EPERM;
		kfree(region);
	}

	return ret;
}

struct domain_query {
	struct device *dev;
	dma_addr_t iova;
};

static bool translates(const struct iommu_domain *domain, dma_addr_t iova)
{
	const struct iommu_domain_geometry *geometry = &domain->geometry;

	/* Domains of other types are not the user's. */
	if (domain->type != IOMMU_DOMAIN_UNMANAGED)
		return false;

	return !geometry->force_aperture ||
	       (iova >= geometry->aperture_start &&
		iova <= geometry->aperture_end);
}

/* Called with the group's mutex held. */
static int query_domain(struct device *dev, void *data)
{
	const struct domain_query *query = data;
	struct iommu_domain *domain;

	if (dev != query->dev)
		return 0;

	domain = compat_attached_domain(dev);

	return domain && translates(domain, query->iova);
}

/*
 * The user of any device of the group can attach another domain at any time. The
 * group's mutex, which is held while its devices are walked, keeps the domain that is
 * checked. It does not keep the domain's page tables, which are freed when the user
 * unmaps: only VFIO and iommufd can find out what is mapped, under locks of their own.
 */
static bool is_translated(struct msi_vfio_pci_device *mdev,
			  struct iommu_group *group, u64 iova)
{
	struct domain_query query = {
		.dev = &mdev->core.pdev->dev,
		.iova = iova,
	};

	return query.iova == iova &&
	       iommu_group_for_each_dev(group, &query, query_domain);
}

static int check_iova(struct msi_vfio_pci_device *mdev, u64 iova)
{
	struct iommu_group *group = iommu_group_get(&mdev->core.pdev->dev);
	int ret;

	if (!group)
		return -EADDRNOTAVAIL;

	ret = check_reserved(group, iova);
	if (!ret && !is_translated(mdev, group, iova))
		ret = -EADDRNOTAVAIL;
	iommu_group_put(group);

	return ret;
}

/* Whether @nr vectors include those that the user has asked for. */
static bool has_range(const struct msi_vfio_pci_dummy *dummy, unsigned int nr)
{
	return dummy->start < nr && dummy->count <= nr - dummy->start;
}

/* If @dummy->count is 0, all vectors from @dummy->start on are used. */
static int turn_on(struct msi_vfio_pci_device *mdev,
		   const struct msi_vfio_pci_dummy *dummy)
{
	struct vfio_pci_core_device *core = &mdev->core;
	struct msi_vfio_pci_msix msix;
	u16 ctrl;
	int ret;

	down_read(&core->memory_lock);
	ret = check_device(mdev, &ctrl, &msix);
	/* Of several errors, EIO is reported last. */
	if (!ret || ret == -EIO)
		ret = check_allowed(core->pdev) ?:
		      check_iova(mdev, dummy->iova) ?: ret;
	/* The caller's number of vectors can be one that a reset made up. */
	if (!ret && !has_range(dummy, msix.nr))
		ret = -EINVAL;
	if (!ret) {
		/*
		 * Before the device is written, so that no reset is missed after this.
		 */
		mdev->dummy = *dummy;
		if (!dummy->count)
			mdev->dummy.count = msix.nr - dummy->start;
		WRITE_ONCE(mdev->dummy_on, true);
		ret = apply(mdev, ctrl, &msix);
		if (ret)
			WRITE_ONCE(mdev->dummy_on, false);
		else if (core->pm_runtime_engaged)
			/* The device may go to sleep again and lose the target. */
			set_bit(0, &mdev->dummy_needs_restore);
	}
	up_read(&core->memory_lock);
	if (ret)
		return ret;

	msi_vfio_pci_bump_generation(mdev);
	trace(mdev, MSI_VFIO_PCI_DUMMY_ON);

	return 0;
}

static int turn_off(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	int ret = 0;

	if (!mdev->dummy_on)
		return 0;

	down_write(&core->memory_lock);
	if (msi_vfio_pci_in_d3(mdev))
		ret = -ENXIO;
	else
		undo(mdev);
	up_write(&core->memory_lock);
	if (!ret)
		forget(mdev);

	return ret;
}

/**
 * msi_vfio_pci_set_dummy - turn the dummy target on or off
 * @mdev: a device with a @table, in use and with @state held
 * @in: the user's request
 *
 * Return: 0 or an errno, as include/uapi/linux/vfio_pci_msi.h says.
 */
int msi_vfio_pci_set_dummy(struct msi_vfio_pci_device *mdev,
			   const struct vfio_device_feature_pci_msix_dummy *in)
{
	struct msi_vfio_pci_dummy dummy = {
		.start = in->start,
		.count = in->count,
		.iova = in->iova,
	};
	unsigned int nr;
	int ret;

	lockdep_assert_held(&mdev->state);

	if (in->flags & ~VFIO_PCI_MSIX_DUMMY_ENABLE || in->__reserved)
		return -EINVAL;
	if (!in->flags)
		return in->start || in->count || in->iova ? -EINVAL :
							     turn_off(mdev);

	nr = msi_vfio_pci_vector_count(mdev, VFIO_PCI_MSIX_IRQ_INDEX);
	if (!has_range(&dummy, nr) || !IS_ALIGNED(in->iova, 4))
		return -EINVAL;

	ret = msi_vfio_pci_update_vector_count(mdev, nr);

	return ret ?: turn_on(mdev, &dummy);
}

/**
 * msi_vfio_pci_get_dummy - the present dummy target
 * @mdev: device, with @state held
 * @out: out: zeroed by the caller
 */
void msi_vfio_pci_get_dummy(struct msi_vfio_pci_device *mdev,
			    struct vfio_device_feature_pci_msix_dummy *out)
{
	lockdep_assert_held(&mdev->state);

	if (!mdev->dummy_on)
		return;

	out->flags = VFIO_PCI_MSIX_DUMMY_ENABLE;
	out->start = mdev->dummy.start;
	out->count = mdev->dummy.count;
	out->iova = mdev->dummy.iova;
}

/**
 * msi_vfio_pci_dummy_conflicts - does the dummy target forbid a SET_IRQS
 * @mdev: device, with @state held
 * @hdr: the request, without its data
 *
 * Return: whether it does.
 */
bool msi_vfio_pci_dummy_conflicts(struct msi_vfio_pci_device *mdev,
				  const struct vfio_irq_set *hdr)
{
	lockdep_assert_held(&mdev->state);

	return mdev->dummy_on && hdr->index <= VFIO_PCI_MSIX_IRQ_INDEX &&
	       hdr->flags & VFIO_IRQ_SET_ACTION_TRIGGER &&
	       hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD;
}

/**
 * msi_vfio_pci_drop_dummy - turn the target off if a SET_IRQS has enabled interrupts
 * @mdev: device, with @state held
 *
 * The core reads the request again. If the user has changed it after it was checked,
 * the device has interrupts now, and the dummy target is turned off. If they are MSI-X,
 * the PCI core has written the table and masked all entries but its own.
 */
void msi_vfio_pci_drop_dummy(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);

	if (!mdev->dummy_on || !irq_in_use(mdev))
		return;

	if (mdev->core.irq_type != VFIO_PCI_MSIX_IRQ_INDEX) {
		down_write(&mdev->core.memory_lock);
		undo(mdev);
		up_write(&mdev->core.memory_lock);
	}
	forget(mdev);
}

/*
 * Restores the target in a device that has lost it. If the table cannot be reached now,
 * or the device may go to sleep when this access ends, this is called again with the
 * next call of the user that can change that.
 */
static void restore(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_msix msix;
	bool restored = false;
	u16 ctrl;

	/* The table can be longer after a reset. */
	msi_vfio_pci_update_table(mdev);

	down_read(&mdev->core.memory_lock);
	if (mdev->core.pm_runtime_engaged) {
		set_bit(0, &mdev->dummy_needs_restore);
	} else if (!reach_table(mdev, &ctrl, &msix) &&
		   (test_and_clear_bit(0, &mdev->dummy_needs_restore) ||
		    !(ctrl & PCI_MSIX_FLAGS_ENABLE))) {
		restored = !apply(mdev, ctrl, &msix);
		if (!restored)
			set_bit(0, &mdev->dummy_needs_restore);
	}
	up_read(&mdev->core.memory_lock);

	if (restored)
		trace(mdev, MSI_VFIO_PCI_DUMMY_RESTORED);
}

static void restore_if_awake(struct msi_vfio_pci_device *mdev)
{
	struct device *dev = &mdev->core.pdev->dev;
	int used;

	if (!mdev->dummy_on)
		return;

	/* If it is less than 0, there is no runtime PM. */
	used = pm_runtime_get_if_in_use(dev);
	if (used)
		restore(mdev);
	if (used > 0)
		pm_runtime_put(dev);
}

/**
 * msi_vfio_pci_sync_dummy - restore the target if a call may have reset the device
 * @mdev: an open device
 */
void msi_vfio_pci_sync_dummy(struct msi_vfio_pci_device *mdev)
{
	if (!READ_ONCE(mdev->dummy_on))
		return;

	/* If the task was killed a worker does it: another may have the device open. */
	if (mutex_lock_killable(&mdev->state)) {
		msi_vfio_pci_queue_dummy_restore(mdev);
		return;
	}
	restore_if_awake(mdev);
	mutex_unlock(&mdev->state);
}

/* A call of the user can hold @state for long; a worker must not wait for that. */
static void restore_dummy_work(struct work_struct *work)
{
	struct msi_vfio_pci_device *mdev =
		container_of(to_delayed_work(work), struct msi_vfio_pci_device,
			     dummy_work);
	bool again = true;

	if (mutex_trylock(&mdev->state)) {
		/* Read first: if the device is awake by then, it is restored below. */
		again = mdev->dummy_on && msi_vfio_pci_is_waking(mdev);
		restore_if_awake(mdev);
		mutex_unlock(&mdev->state);
	}

	if (again)
		schedule_delayed_work(&mdev->dummy_work, HZ / 10);
}

/**
 * msi_vfio_pci_queue_dummy_restore - the device was, or may have been, reset
 * @mdev: bound device, maybe not open
 *
 * Takes no lock, as reset callbacks can be called with memory_lock held.
 */
void msi_vfio_pci_queue_dummy_restore(struct msi_vfio_pci_device *mdev)
{
	if (!READ_ONCE(mdev->dummy_on))
		return;

	set_bit(0, &mdev->dummy_needs_restore);
	schedule_delayed_work(&mdev->dummy_work, 0);
}

/* As the core does when it closes the device, which is the next step. */
static void leave_d3(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	struct pci_dev *pdev = core->pdev;

	if (!msi_vfio_pci_in_d3(mdev) || pci_set_power_state(pdev, PCI_D0) ||
	    !core->needs_pm_restore)
		return;

	pci_load_and_free_saved_state(pdev, &core->pm_save);
	pci_restore_state(pdev);
}

/**
 * msi_vfio_pci_close_dummy - end a session
 * @mdev: a device that nobody uses any more, whose core is still enabled; with
 *	@state held
 */
void msi_vfio_pci_close_dummy(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	struct device *dev = &core->pdev->dev;
	bool awake;

	lockdep_assert_held(&mdev->state);

	if (!mdev->dummy_on)
		return;

	awake = !pm_runtime_resume_and_get(dev);
	down_write(&core->memory_lock);
	leave_d3(mdev);
	undo(mdev);
	up_write(&core->memory_lock);
	if (awake)
		pm_runtime_put(dev);
	forget(mdev);
}

void msi_vfio_pci_init_dummy(struct msi_vfio_pci_device *mdev)
{
	INIT_DELAYED_WORK(&mdev->dummy_work, restore_dummy_work);
}

/* The work can also be queued by a reset of a device that is not open. */
void msi_vfio_pci_release_dummy(struct msi_vfio_pci_device *mdev)
{
	cancel_delayed_work_sync(&mdev->dummy_work);
}
