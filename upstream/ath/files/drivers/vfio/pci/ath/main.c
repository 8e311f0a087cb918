// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO variant driver for Qualcomm's ath11k and ath12k Wi-Fi cards
 *
 * The cards raise most of their interrupts through a controller of their own:
 * the driver of a card writes the message of the MSI capability to slots in
 * BAR 0.  VFIO virtualizes the capability, so a guest writes a message there
 * that is not the host's.  This driver traps the slots and gives the card the
 * host's message, but only of vectors that VFIO_DEVICE_SET_IRQS has allocated.
 */

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "ath.h"

static struct ath_vfio_pci_device *vdev_to_ath(struct vfio_device *vdev)
{
	return container_of(vdev, struct ath_vfio_pci_device, core.vdev);
}

static int ath_vfio_pci_init_dev(struct vfio_device *vdev)
{
	mutex_init(&vdev_to_ath(vdev)->lock);

	return vfio_pci_core_init_dev(vdev);
}

static void ath_vfio_pci_release_dev(struct vfio_device *vdev)
{
	mutex_destroy(&vdev_to_ath(vdev)->lock);
	vfio_pci_core_release_dev(vdev);
}

/*
 * Where interrupts are not remapped, host messages change when vectors move to
 * another CPU, and a card that keeps an old one interrupts somebody else.
 */
static const struct ath_vfio_pci_layout *choose_layout(struct pci_dev *pdev)
{
	const struct ath_vfio_pci_layout *layout = ath_vfio_pci_find_layout(pdev);
	const struct ath_vfio_pci_range *last;

	if (!layout || !pdev->msi_cap)
		return NULL;

	last = &layout->range[layout->count - 1];
	if (last->offset + last->size > pci_resource_len(pdev, ATH_VFIO_PCI_BAR)) {
		pci_warn(pdev, "BAR 0 is too small for a known card\n");
		return NULL;
	}

	if (!msi_device_has_isolated_msi(&pdev->dev)) {
		pci_warn(pdev, "interrupts are not remapped, so those of the card's own controller do not reach guests\n");
		return NULL;
	}

	return layout;
}

static int ath_vfio_pci_open_device(struct vfio_device *vdev)
{
	struct ath_vfio_pci_device *adev = vdev_to_ath(vdev);
	int ret;

	ret = vfio_pci_core_enable(&adev->core);
	if (ret)
		return ret;

	adev->layout = choose_layout(adev->core.pdev);
	if (adev->layout) {
		ret = ath_vfio_pci_open_window(adev);
		if (ret) {
			ath_vfio_pci_close_window(adev);
			vfio_pci_core_disable(&adev->core);
			return ret;
		}
	}

	vfio_pci_core_finish_enable(&adev->core);

	return 0;
}

static void ath_vfio_pci_close_device(struct vfio_device *vdev)
{
	vfio_pci_core_close_device(vdev);
	ath_vfio_pci_close_window(vdev_to_ath(vdev));
}

static bool hits_window(struct ath_vfio_pci_device *adev, loff_t pos, size_t count)
{
	u64 start = pos & VFIO_PCI_OFFSET_MASK;

	return VFIO_PCI_OFFSET_TO_INDEX(pos) == ATH_VFIO_PCI_BAR &&
	       ath_vfio_pci_in_window(adev, start, start + count);
}

static ssize_t ath_vfio_pci_read(struct vfio_device *vdev, char __user *buf,
				 size_t count, loff_t *ppos)
{
	struct ath_vfio_pci_device *adev = vdev_to_ath(vdev);

	if (hits_window(adev, *ppos, count))
		return ath_vfio_pci_rw(adev, buf, count, ppos, false);

	return vfio_pci_core_read(vdev, buf, count, ppos);
}

static ssize_t ath_vfio_pci_write(struct vfio_device *vdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos)
{
	struct ath_vfio_pci_device *adev = vdev_to_ath(vdev);
	loff_t pos = *ppos;
	ssize_t done;

	if (hits_window(adev, pos, count))
		return ath_vfio_pci_rw(adev, (char __user *)buf, count, ppos, true);

	done = vfio_pci_core_write(vdev, buf, count, ppos);
	if (adev->layout && VFIO_PCI_OFFSET_TO_INDEX(pos) == VFIO_PCI_CONFIG_REGION_INDEX)
		ath_vfio_pci_config_written(adev, buf, pos & VFIO_PCI_OFFSET_MASK,
					    count);

	return done;
}

static int ath_vfio_pci_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct ath_vfio_pci_device *adev = vdev_to_ath(vdev);
	loff_t pos = (loff_t)vma->vm_pgoff << PAGE_SHIFT;

	if (hits_window(adev, pos, vma->vm_end - vma->vm_start))
		return -EINVAL;

	return vfio_pci_core_mmap(vdev, vma);
}

/* One area more than there are ranges and select registers. */
#define MAX_AREAS	6

/* Describes the pages between those that are trapped. */
static int add_sparse_mmap(struct ath_vfio_pci_device *adev, u64 size,
			   struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	struct vfio_region_sparse_mmap_area *area = NULL;
	u64 page;
	int ret;

	sparse = kzalloc_flex(*sparse, areas, MAX_AREAS);
	if (!sparse)
		return -ENOMEM;

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	for (page = 0; page < size; page += PAGE_SIZE) {
		if (ath_vfio_pci_in_window(adev, page, page + PAGE_SIZE)) {
			area = NULL;
			continue;
		}
		if (!area) {
			area = &sparse->areas[sparse->nr_areas++];
			area->offset = page;
		}
		area->size += PAGE_SIZE;
	}

	ret = vfio_info_add_capability(caps, &sparse->header,
				       struct_size(sparse, areas, sparse->nr_areas));
	kfree(sparse);

	return ret;
}

static int ath_vfio_pci_region_info(struct vfio_device *vdev,
				    struct vfio_region_info *info,
				    struct vfio_info_cap *caps)
{
	struct ath_vfio_pci_device *adev = vdev_to_ath(vdev);
	int ret;

	ret = vfio_pci_ioctl_get_region_info(vdev, info, caps);
	if (ret || !adev->layout || info->index != ATH_VFIO_PCI_BAR ||
	    !(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return ret;

	return add_sparse_mmap(adev, info->size, caps);
}

static const struct vfio_device_ops ath_vfio_pci_ops = {
	.name = "ath-vfio-pci",
	.init = ath_vfio_pci_init_dev,
	.release = ath_vfio_pci_release_dev,
	.open_device = ath_vfio_pci_open_device,
	.close_device = ath_vfio_pci_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.get_region_info_caps = ath_vfio_pci_region_info,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = ath_vfio_pci_read,
	.write = ath_vfio_pci_write,
	.mmap = ath_vfio_pci_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
	.match_token_uuid = vfio_pci_core_match_token_uuid,
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
};

static void ath_vfio_pci_state_lost(struct vfio_pci_core_device *core)
{
	set_bit(0, &to_ath_vfio_pci(core)->was_reset);
}

static const struct vfio_pci_device_ops ath_vfio_pci_pci_ops = {
	.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
	.msi_changed = ath_vfio_pci_msi_changed,
	.state_lost = ath_vfio_pci_state_lost,
};

static int ath_vfio_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ath_vfio_pci_device *adev;
	int ret;

	adev = vfio_alloc_device(ath_vfio_pci_device, core.vdev, &pdev->dev,
				 &ath_vfio_pci_ops);
	if (IS_ERR(adev))
		return PTR_ERR(adev);

	dev_set_drvdata(&pdev->dev, &adev->core);
	adev->core.pci_ops = &ath_vfio_pci_pci_ops;

	ret = vfio_pci_core_register_device(&adev->core);
	if (ret)
		vfio_put_device(&adev->core.vdev);

	return ret;
}

static void ath_vfio_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static void ath_vfio_pci_reset_done(struct pci_dev *pdev)
{
	ath_vfio_pci_state_lost(dev_get_drvdata(&pdev->dev));
}

static pci_ers_result_t ath_vfio_pci_error_detected(struct pci_dev *pdev,
						    pci_channel_state_t state)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	to_ath_vfio_pci(core)->frozen = state == pci_channel_io_frozen;

	return vfio_pci_core_aer_err_detected(pdev, state);
}

/* The recovery of a frozen channel resets the device. */
static void ath_vfio_pci_resume(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	if (to_ath_vfio_pci(core)->frozen)
		ath_vfio_pci_state_lost(core);
}

static const struct pci_error_handlers ath_vfio_pci_err_handlers = {
	.error_detected = ath_vfio_pci_error_detected,
	.reset_done = ath_vfio_pci_reset_done,
	.resume = ath_vfio_pci_resume,
};

static const struct pci_device_id ath_vfio_pci_table[] = {
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
MODULE_DEVICE_TABLE(pci, ath_vfio_pci_table);

static struct pci_driver ath_vfio_pci_driver = {
	.name = KBUILD_MODNAME,
	.id_table = ath_vfio_pci_table,
	.probe = ath_vfio_pci_probe,
	.remove = ath_vfio_pci_remove,
	.err_handler = &ath_vfio_pci_err_handlers,
	.driver_managed_dma = true,
};

module_pci_driver(ath_vfio_pci_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("VFIO variant driver for ath11k and ath12k Wi-Fi cards");
MODULE_AUTHOR("msi-vfio-pci developers");
