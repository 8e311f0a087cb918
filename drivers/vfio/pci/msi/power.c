// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power management: finds out when the device has slept, which may have reset it.
 */

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>

#include "msi_vfio_pci.h"

#ifdef CONFIG_PM
/* A sleep may have reset the device although the kernel did not. */
static void handle_sleep(struct msi_vfio_pci_device *mdev)
{
	msi_vfio_pci_mark_sleep(mdev);
	msi_vfio_pci_queue_dummy_restore(mdev);
	if (msi_vfio_pci_has_deferred_writes(mdev))
		msi_vfio_pci_queue_host_check(mdev);
	msi_vfio_pci_update_table_size(mdev);
}

/* All bound devices of the driver. */
static LIST_HEAD(bound);
static DEFINE_MUTEX(bound_lock);

/*
 * The core's operations. The core sets them in the driver whenever a device is bound.
 */
static const struct dev_pm_ops *core_pm_ops;

static const struct dev_pm_ops *get_core_pm_ops(void)
{
	/*
	 * Pairs with msi_vfio_pci_power_registered(): the driver's operations were read
	 * before this.
	 */
	smp_rmb();

	return READ_ONCE(core_pm_ops);
}

/* Returns whether runtime PM has suspended the device since the last call. */
static bool update_suspended_time(struct msi_vfio_pci_device *mdev)
{
	unsigned long suspended_time =
		pm_runtime_suspended_time(&mdev->core.pdev->dev);

	return xchg(&mdev->suspended_time, suspended_time) != suspended_time;
}

static int runtime_suspend(struct device *dev)
{
	return get_core_pm_ops()->runtime_suspend(dev);
}

static int runtime_resume(struct device *dev)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));
	int ret = get_core_pm_ops()->runtime_resume(dev);

	update_suspended_time(mdev);
	handle_sleep(mdev);

	return ret;
}

/*
 * The device was really put to sleep: if a suspend of the host is called off before
 * that, this is not called. The rest has to wait for .complete.
 */
static int __maybe_unused resume_noirq(struct device *dev)
{
	pdev_to_msi_vfio_pci(to_pci_dev(dev))->host_suspended = true;

	return 0;
}

static void __maybe_unused complete_sleep(struct device *dev)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(to_pci_dev(dev));

	if (mdev->host_suspended)
		handle_sleep(mdev);
	mdev->host_suspended = false;
}

static const struct dev_pm_ops pm_ops = {
	SET_RUNTIME_PM_OPS(runtime_suspend, runtime_resume, NULL)
#ifdef CONFIG_PM_SLEEP
	.resume_noirq = resume_noirq,
	.restore_noirq = resume_noirq,
	.complete = complete_sleep,
#endif
};

/**
 * msi_vfio_pci_power_add - a device is about to be registered
 * @mdev: device
 */
void msi_vfio_pci_power_add(struct msi_vfio_pci_device *mdev)
{
	mutex_lock(&bound_lock);
	list_add(&mdev->bound, &bound);
	mutex_unlock(&bound_lock);
}

/**
 * msi_vfio_pci_power_remove - undo msi_vfio_pci_power_add()
 * @mdev: a device that nobody has open any more
 */
void msi_vfio_pci_power_remove(struct msi_vfio_pci_device *mdev)
{
	mutex_lock(&bound_lock);
	list_del(&mdev->bound);
	mutex_unlock(&bound_lock);
}

/**
 * msi_vfio_pci_power_registered - the core has registered a device, or failed to
 * @pdev: the device
 *
 * Registering sets the core's operations in the driver, for all its devices, until this
 * function replaces them. A device that wakes up in between is found by the time that
 * it has been suspended. Two devices can be registered at once, so that one of them
 * finds this driver's operations in place already.
 */
void msi_vfio_pci_power_registered(struct pci_dev *pdev)
{
	struct device_driver *driver = pdev->dev.driver;
	struct msi_vfio_pci_device *mdev;
	const struct dev_pm_ops *pm;

	/* The core may be storing it for another device, by a plain store of the same value. */
	pm = data_race(READ_ONCE(driver->pm));
	if (!pm || pm == &pm_ops)
		return;

	WRITE_ONCE(core_pm_ops, pm);
	/* A full barrier: a CPU that sees pm_ops also sees core_pm_ops. */
	data_race(cmpxchg(&driver->pm, pm, &pm_ops));

	mutex_lock(&bound_lock);
	list_for_each_entry(mdev, &bound, bound)
		if (update_suspended_time(mdev))
			handle_sleep(mdev);
	mutex_unlock(&bound_lock);
}
#else
void msi_vfio_pci_power_add(struct msi_vfio_pci_device *mdev) {}
void msi_vfio_pci_power_remove(struct msi_vfio_pci_device *mdev) {}
void msi_vfio_pci_power_registered(struct pci_dev *pdev) {}
#endif
