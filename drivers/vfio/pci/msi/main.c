// SPDX-License-Identifier: GPL-2.0-only
/*
 * msi-vfio-pci: vfio-pci, with features that let the user of a device see and control
 * the device's MSI and MSI-X.
 *
 * This file binds, opens and closes devices, and has the table of operations. The other
 * files have what the operations do beyond vfio-pci.
 */

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "compat.h"
#include "msi_vfio_pci.h"

#define DRIVER_NAME	"msi-vfio-pci"

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Enable support for SR-IOV configuration, as vfio-pci's parameter of this name");
#endif

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist, "Bind devices with known errata that an untrusted user can exploit, as vfio-pci's parameter of this name");

/* On older kernels vfio-pci's own parameters apply to every VFIO PCI driver. */
#ifdef HAVE_DEVICE_PARAMS
static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask, "Do not use PCI 2.3 INTx masking, as vfio-pci's parameter of this name");

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0644);
MODULE_PARM_DESC(disable_idle_d3, "Keep idle, unused devices out of D3, as vfio-pci's parameter of this name");

#ifdef CONFIG_VFIO_PCI_VGA
static bool disable_vga;
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga, "Disable VGA resource access, as vfio-pci's parameter of this name");
#endif

static void latch_params(struct vfio_pci_core_device *vdev)
{
	vdev->nointxmask = nointxmask;
	vdev->disable_idle_d3 = disable_idle_d3;
#ifdef CONFIG_VFIO_PCI_VGA
	vdev->disable_vga = disable_vga;
#endif
}
#else
static void latch_params(struct vfio_pci_core_device *vdev) {}
#endif

/* A copy of vfio-pci's list, which the core does not export. */
static const struct pci_device_id denylist[] = {
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_DSA_SPR0) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_IAX_SPR0) },
	{}
};

static int check_denylist(struct pci_dev *pdev)
{
	if (!pci_match_id(denylist, pdev))
		return 0;

	if (disable_denylist) {
		pci_warn(pdev, "device denylist disabled - allowing device %04x:%04x\n",
			 pdev->vendor, pdev->device);
		return 0;
	}

	pci_err(pdev, "%04x:%04x is in the denylist of devices with known errata\n",
		pdev->vendor, pdev->device);

	return -EINVAL;
}

/* Intel graphics need regions that only vfio-pci.ko provides. */
static int check_display(struct pci_dev *pdev)
{
	if (pdev->vendor != PCI_VENDOR_ID_INTEL ||
	    pdev->class >> 16 != PCI_BASE_CLASS_DISPLAY)
		return 0;

	pci_err(pdev, "Intel graphics need vfio-pci, " DRIVER_NAME " cannot serve them\n");

	return -ENODEV;
}

static int msi_vfio_pci_init_dev(struct vfio_device *vdev)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	int ret;

	latch_params(&mdev->core);

	ret = msi_vfio_pci_follow_init_dev(mdev);
	if (ret)
		return ret;
	ret = vfio_pci_core_init_dev(vdev);
	if (ret) {
		msi_vfio_pci_follow_release_dev(mdev);
		return ret;
	}

	mutex_init(&mdev->state);
	mutex_init(&mdev->slots);
	mutex_init(&mdev->map_lock);
	INIT_LIST_HEAD(&mdev->claims);
	mutex_init(&mdev->ioeventfds_lock);
	INIT_LIST_HEAD(&mdev->ioeventfds);
	mutex_init(&mdev->admin_lock);
	msi_vfio_pci_init_dummy(mdev);

	return 0;
}

static void msi_vfio_pci_release_dev(struct vfio_device *vdev)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	msi_vfio_pci_follow_release_dev(mdev);
	msi_vfio_pci_release_dummy(mdev);
	kfree(mdev->admin);
	mutex_destroy(&mdev->admin_lock);
	mutex_destroy(&mdev->ioeventfds_lock);
	mutex_destroy(&mdev->map_lock);
	mutex_destroy(&mdev->slots);
	mutex_destroy(&mdev->state);
	vfio_pci_core_release_dev(vdev);
}

static void close_session(struct msi_vfio_pci_device *mdev)
{
	msi_vfio_pci_close_windows(mdev);
	msi_vfio_pci_close_map(mdev);
	msi_vfio_pci_close_vectors(mdev);
}

static int open_session(struct msi_vfio_pci_device *mdev)
{
	int ret;

	mdev->isolated = msi_vfio_pci_isolated(mdev);
	ret = msi_vfio_pci_open_vectors(mdev);
	if (ret)
		return ret;

	msi_vfio_pci_init_ranges(mdev);
	msi_vfio_pci_watch_config(mdev);

	return msi_vfio_pci_open_map(mdev) ?:
	       msi_vfio_pci_open_windows(mdev) ?:
	       msi_vfio_pci_add_initial_windows(mdev);
}

static int msi_vfio_pci_open_device(struct vfio_device *vdev)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	int ret;

	ret = vfio_pci_core_enable(&mdev->core);
	if (ret)
		return ret;

	mutex_lock(&mdev->state);
	ret = open_session(mdev);
	if (ret) {
		close_session(mdev);
	} else {
		mdev->open = true;
		WRITE_ONCE(mdev->sessions, mdev->sessions + 1);
	}
	mutex_unlock(&mdev->state);
	if (ret) {
		vfio_pci_core_disable(&mdev->core);
		return ret;
	}

	msi_vfio_pci_follow_open(mdev);

	vfio_pci_core_finish_enable(&mdev->core);

	return 0;
}

static void msi_vfio_pci_close_device(struct vfio_device *vdev)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	mutex_lock(&mdev->state);
	mdev->open = false;
	msi_vfio_pci_close_notify(mdev);
	WRITE_ONCE(mdev->novirt, false);
	msi_vfio_pci_close_dummy(mdev);
	msi_vfio_pci_windows_release_vectors(mdev);
	mutex_unlock(&mdev->state);

	msi_vfio_pci_close_ioeventfds(mdev);
	msi_vfio_pci_follow_close(mdev);
	vfio_pci_core_close_device(vdev);

	mutex_lock(&mdev->state);
	close_session(mdev);
	mutex_unlock(&mdev->state);
}

static long msi_vfio_pci_ioctl(struct vfio_device *vdev, unsigned int cmd,
			       unsigned long arg)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	long ret;

	switch (cmd) {
	case VFIO_DEVICE_GET_REGION_INFO:
		return msi_vfio_pci_ioctl_region_info(mdev, arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return msi_vfio_pci_irq_info(mdev, arg);
	case VFIO_DEVICE_IOEVENTFD:
		return msi_vfio_pci_ioeventfd(mdev, arg);
	case VFIO_DEVICE_SET_IRQS:
		return msi_vfio_pci_set_irqs(mdev, arg);
	default:
		ret = vfio_pci_core_ioctl(vdev, cmd, arg);
		/* The call may have been a reset. */
		msi_vfio_pci_sync_windows(mdev);
		msi_vfio_pci_sync_dummy(mdev);
		return ret;
	}
}

/*
 * Can an access be in a window, or reach into one? False for everything but a BAR. It may also
 * be between windows.
 */
static bool may_reach_window(struct msi_vfio_pci_device *mdev, size_t count,
			     loff_t pos)
{
	unsigned int bar = VFIO_PCI_OFFSET_TO_INDEX(pos);
	u64 start = pos & VFIO_PCI_OFFSET_MASK;
	const struct msi_vfio_pci_span *span;

	if (bar >= PCI_STD_NUM_BARS)
		return false;

	/* The compiler would check an index again, and save registers for the report. */
	span = mdev->spans + bar;

	return start < READ_ONCE(span->end) && start + count > READ_ONCE(span->start);
}

static noinline ssize_t read_novirt(struct vfio_device *vdev, char __user *buf,
				    size_t count, loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	loff_t pos = *ppos;
	ssize_t done;
	int ret;

	done = msi_vfio_pci_read_fields(mdev, buf, count, pos);
	if (done > 0)
		*ppos += done;
	if (done)
		return done;

	done = may_reach_window(mdev, count, pos) ?
	       msi_vfio_pci_window_read(mdev, buf, count, ppos) :
	       vfio_pci_core_read(vdev, buf, count, ppos);
	if (done <= 0)
		return done;

	ret = msi_vfio_pci_read_through(mdev, buf, done, pos);

	return ret ?: done;
}

static noinline ssize_t read_special(struct vfio_device *vdev, char __user *buf,
				     size_t count, loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	if (READ_ONCE(mdev->novirt))
		return read_novirt(vdev, buf, count, ppos);
	if (may_reach_window(mdev, count, *ppos))
		return msi_vfio_pci_window_read(mdev, buf, count, ppos);

	return vfio_pci_core_read(vdev, buf, count, ppos);
}

/*
 * Most accesses are the core's alone. They reach it with as few instructions as possible:
 * each function here calls the next one last, and those that do more are not inlined.
 */
static ssize_t msi_vfio_pci_read(struct vfio_device *vdev, char __user *buf,
				 size_t count, loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	if (likely(!READ_ONCE(mdev->nr_windows) && !READ_ONCE(mdev->novirt)))
		return vfio_pci_core_read(vdev, buf, count, ppos);

	return read_special(vdev, buf, count, ppos);
}

/*
 * Is there something to do with each write to config space? The user may be about to make the
 * device reachable again, or to have the core restore the BARs, which tell of a reset until
 * then. A reset that nobody has noticed yet ends the need to pin vectors.
 */
static bool has_work(struct msi_vfio_pci_device *mdev)
{
	return READ_ONCE(mdev->dummy_on) || READ_ONCE(mdev->frozen) ||
	       READ_ONCE(mdev->pinned) || test_bit(0, &mdev->writes_deferred);
}

/* Can there be something to do after a write to config space? */
static bool is_watched(struct msi_vfio_pci_device *mdev, size_t count,
		       loff_t pos)
{
	u64 start = pos & VFIO_PCI_OFFSET_MASK;
	u64 last = start + count - 1;

	if (has_work(mdev))
		return true;
	/* Most writes are to one dword. */
	if (start % 4 + count <= 4)
		return start < PCI_CFG_SPACE_SIZE &&
		       mdev->watched_config >> start / 4 & 1;
	if (!count || start >= PCI_CFG_SPACE_SIZE)
		return false;

	return mdev->watched_config &
	       GENMASK_ULL(min_t(u64, last, PCI_CFG_SPACE_SIZE - 1) / 4,
			   start / 4);
}

static noinline ssize_t write_watched(struct vfio_device *vdev,
				      const char __user *buf, size_t count,
				      loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	loff_t pos = *ppos;
	ssize_t done;

	/* A write can restore the BARs, which then no longer tell of a reset. */
	msi_vfio_pci_check_frozen(mdev);

	done = vfio_pci_core_write(vdev, buf, count, ppos);

	/* A write that has failed can have written some of it. */
	msi_vfio_pci_config_written(mdev, buf, pos & VFIO_PCI_OFFSET_MASK,
				    count);
	msi_vfio_pci_update_table_size(mdev);
	msi_vfio_pci_sync_dummy(mdev);

	return done;
}

/* While the core turns memory decoding on, another task may find it off and defer writes. */
static noinline ssize_t write_unwatched(struct vfio_device *vdev,
					const char __user *buf, size_t count,
					loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	ssize_t done = vfio_pci_core_write(vdev, buf, count, ppos);

	if (test_bit(0, &mdev->writes_deferred))
		msi_vfio_pci_sync_windows(mdev);

	return done;
}

static noinline ssize_t write_config(struct vfio_device *vdev,
				     const char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	if (is_watched(mdev, count, *ppos))
		return write_watched(vdev, buf, count, ppos);
	if (READ_ONCE(mdev->nr_windows))
		return write_unwatched(vdev, buf, count, ppos);

	return vfio_pci_core_write(vdev, buf, count, ppos);
}

static noinline ssize_t write_bar(struct vfio_device *vdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	if (may_reach_window(mdev, count, *ppos))
		return msi_vfio_pci_window_write(mdev, buf, count, ppos);

	return vfio_pci_core_write(vdev, buf, count, ppos);
}

static ssize_t msi_vfio_pci_write(struct vfio_device *vdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return write_config(vdev, buf, count, ppos);
	if (likely(!READ_ONCE(mdev->nr_windows)))
		return vfio_pci_core_write(vdev, buf, count, ppos);

	return write_bar(vdev, buf, count, ppos);
}

static const struct vfio_device_ops msi_vfio_pci_ops = {
	.name		= DRIVER_NAME,
	.init		= msi_vfio_pci_init_dev,
	.release	= msi_vfio_pci_release_dev,
	.open_device	= msi_vfio_pci_open_device,
	.close_device	= msi_vfio_pci_close_device,
	.ioctl		= msi_vfio_pci_ioctl,
	.device_feature	= msi_vfio_pci_ioctl_feature,
	.read		= msi_vfio_pci_read,
	.write		= msi_vfio_pci_write,
	.mmap		= msi_vfio_pci_mmap,
	.request	= vfio_pci_core_request,
	.match		= vfio_pci_core_match,
	COMPAT_REGION_INFO_OPS(msi_vfio_pci_region_info)
	COMPAT_MATCH_OPS
	COMPAT_BIND_OPS
	COMPAT_DETACH_OPS
	COMPAT_PASID_OPS
};

static int msi_vfio_pci_probe(struct pci_dev *pdev,
			      const struct pci_device_id *id)
{
	struct msi_vfio_pci_device *mdev;
	int ret;

	ret = check_denylist(pdev) ?: check_display(pdev);
	if (ret)
		return ret;

	mdev = vfio_alloc_device(msi_vfio_pci_device, core.vdev, &pdev->dev,
				 &msi_vfio_pci_ops);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);

	dev_set_drvdata(&pdev->dev, &mdev->core);
	msi_vfio_pci_set_pci_ops(&mdev->core);
	msi_vfio_pci_init_table(mdev);

	ret = msi_vfio_pci_add_saved_windows(mdev);
	if (ret)
		goto put;

	msi_vfio_pci_power_add(mdev);
	ret = vfio_pci_core_register_device(&mdev->core);
	msi_vfio_pci_power_registered(pdev);
	if (ret)
		goto remove_power;

	msi_vfio_pci_debugfs_add(mdev);

	return 0;

remove_power:
	msi_vfio_pci_power_remove(mdev);
put:
	vfio_put_device(&mdev->core.vdev);
	return ret;
}

static void msi_vfio_pci_remove(struct pci_dev *pdev)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(pdev);

	/*
	 * A reader of debugfs may wait for the user of the device, who is notified of
	 * the removal by the core. So debugfs is removed after that.
	 */
	vfio_pci_core_unregister_device(&mdev->core);
	msi_vfio_pci_debugfs_remove(mdev);
	msi_vfio_pci_power_remove(mdev);
	vfio_put_device(&mdev->core.vdev);
}

static int msi_vfio_pci_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	if (!enable_sriov)
		return -ENOENT;

	return vfio_pci_core_sriov_configure(&pdev_to_msi_vfio_pci(pdev)->core,
					     nr_virtfn);
}

/*
 * Any device can be bound by driver_override. The table has the devices that may need
 * this driver rather than vfio-pci, so that management tools find it by the alias.
 */
static const struct pci_device_id msi_vfio_pci_table[] = {
	/* ath11k */
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_QCOM, 0x1101) },
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_QCOM, 0x1103) },
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_QCOM, 0x1104) },
	/* ath12k */
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_QCOM, 0x1107) },
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_QCOM, 0x1109) },
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_QCOM, 0x1112) },
	{}
};
MODULE_DEVICE_TABLE(pci, msi_vfio_pci_table);

static void msi_vfio_pci_reset_done(struct pci_dev *pdev)
{
	compat_log_reset_done(pdev);
	msi_vfio_pci_mark_reset(pdev_to_msi_vfio_pci(pdev));
	msi_vfio_pci_queue_dummy_restore(pdev_to_msi_vfio_pci(pdev));
	msi_vfio_pci_update_table_size(pdev_to_msi_vfio_pci(pdev));
}

/*
 * AER's recovery calls neither .reset_prepare nor .reset_done. If the channel is frozen
 * it resets the bus, or fails to; newer kernels also do if any device on the bus asks for
 * it. EEH and s390 may resume without a reset. A device that was reset has lost its BARs,
 * until the user has the core restore them.
 */
static void check_bus_reset(struct msi_vfio_pci_device *mdev, bool was_reset)
{
	if (was_reset || msi_vfio_pci_check_bars(mdev))
		msi_vfio_pci_mark_reset(mdev);
	WRITE_ONCE(mdev->frozen, false);
}

/* The BARs of a VF always read as 0, so they do not tell. */
static bool is_frozen_vf(struct msi_vfio_pci_device *mdev)
{
	return READ_ONCE(mdev->frozen) && mdev->core.pdev->is_virtfn;
}

/* AER resumes from a frozen channel only after the reset has succeeded. */
static bool resumes_after_reset(struct msi_vfio_pci_device *mdev)
{
	if (IS_ENABLED(CONFIG_EEH) || IS_ENABLED(CONFIG_S390))
		return is_frozen_vf(mdev);

	return READ_ONCE(mdev->frozen);
}

static pci_ers_result_t msi_vfio_pci_error_detected(struct pci_dev *pdev,
						    pci_channel_state_t state)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(pdev);

	/* No other callback follows if the recovery has failed. */
	if (state == pci_channel_io_perm_failure)
		check_bus_reset(mdev, is_frozen_vf(mdev));
	/*
	 * The bus may be reset after this. Older kernels do not report that a recovery
	 * has failed, so the next use of a slot checks for a reset, too.
	 */
	WRITE_ONCE(mdev->frozen, state == pci_channel_io_frozen);

	return vfio_pci_core_aer_err_detected(pdev, state);
}

static pci_ers_result_t msi_vfio_pci_slot_reset(struct pci_dev *pdev)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(pdev);

	check_bus_reset(mdev, READ_ONCE(mdev->frozen));

	return PCI_ERS_RESULT_RECOVERED;
}

static void msi_vfio_pci_resume(struct pci_dev *pdev)
{
	struct msi_vfio_pci_device *mdev = pdev_to_msi_vfio_pci(pdev);

	check_bus_reset(mdev, resumes_after_reset(mdev));
	msi_vfio_pci_queue_dummy_restore(mdev);
	msi_vfio_pci_update_table_size(mdev);
}

static const struct pci_error_handlers msi_vfio_pci_err_handlers = {
	.error_detected	= msi_vfio_pci_error_detected,
	.slot_reset	= msi_vfio_pci_slot_reset,
	.reset_done	= msi_vfio_pci_reset_done,
	.resume		= msi_vfio_pci_resume,
};

static struct pci_driver msi_vfio_pci_driver = {
	.name			= DRIVER_NAME,
	.id_table		= msi_vfio_pci_table,
	.probe			= msi_vfio_pci_probe,
	.remove			= msi_vfio_pci_remove,
	.sriov_configure	= msi_vfio_pci_sriov_configure,
	.err_handler		= &msi_vfio_pci_err_handlers,
	.dev_groups		= msi_vfio_pci_groups,
	.driver_managed_dma	= true,
};

static int __init msi_vfio_pci_init(void)
{
	int ret;

	ret = msi_vfio_pci_follow_init();
	if (ret)
		return ret;

	msi_vfio_pci_debugfs_init();
	ret = pci_register_driver(&msi_vfio_pci_driver);
	if (ret) {
		msi_vfio_pci_debugfs_exit();
		msi_vfio_pci_follow_exit();
	}

	return ret;
}
module_init(msi_vfio_pci_init);

static void __exit msi_vfio_pci_exit(void)
{
	pci_unregister_driver(&msi_vfio_pci_driver);
	msi_vfio_pci_debugfs_exit();
	msi_vfio_pci_follow_exit();
}
module_exit(msi_vfio_pci_exit);

MODULE_LICENSE("GPL");
#ifdef MSI_VFIO_PCI_VERSION
MODULE_VERSION(MSI_VFIO_PCI_VERSION);
#endif
MODULE_DESCRIPTION("vfio-pci that shows and controls MSI and MSI-X");
MODULE_AUTHOR("msi-vfio-pci developers");
