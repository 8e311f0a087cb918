/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differences between the kernels that this driver supports: 6.1 to the newest.
 * Two are elsewhere: main.c has the module's parameters, where readers expect them, and
 * msix_map.c has operations that differ and call this driver's functions.
 * compat-probes.h is made at build time (compat-probe.sh).
 */
#ifndef MSI_VFIO_PCI_COMPAT_H
#define MSI_VFIO_PCI_COMPAT_H

#include <linux/eventfd.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/irqdomain.h>
#include <linux/mm.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio_pci_core.h>

#include "compat-probes.h"

/* Operations of newer kernels, for the ops table. */

#ifdef HAVE_REGION_INFO_CAPS
#define COMPAT_REGION_INFO_OPS(describe)				\
	.get_region_info_caps	= describe,
#else
#define COMPAT_REGION_INFO_OPS(describe)
#endif

#ifdef HAVE_MATCH_TOKEN_UUID
#define COMPAT_MATCH_OPS						\
	.match_token_uuid	= vfio_pci_core_match_token_uuid,
#else
#define COMPAT_MATCH_OPS
#endif

#ifdef HAVE_IOMMUFD_OPS
#define COMPAT_BIND_OPS							\
	.bind_iommufd		= vfio_iommufd_physical_bind,		\
	.unbind_iommufd		= vfio_iommufd_physical_unbind,		\
	.attach_ioas		= vfio_iommufd_physical_attach_ioas,
#else
#define COMPAT_BIND_OPS
#endif

#ifdef HAVE_DETACH_IOAS
#define COMPAT_DETACH_OPS						\
	.detach_ioas		= vfio_iommufd_physical_detach_ioas,
#else
#define COMPAT_DETACH_OPS
#endif

#ifdef HAVE_PASID_IOAS
#define COMPAT_PASID_OPS						\
	.pasid_attach_ioas	= vfio_iommufd_physical_pasid_attach_ioas, \
	.pasid_detach_ioas	= vfio_iommufd_physical_pasid_detach_ioas,
#else
#define COMPAT_PASID_OPS
#endif

/*
 * compat_iomap - the core's mapping of a BAR, or an error pointer
 *
 * Older cores map a BAR when it is first used, without a lock: if two tasks do so at
 * the same time, one gets -EBUSY. A call that must not fail for that has to be made
 * between vfio_pci_core_enable() and vfio_pci_core_finish_enable().
 */
#if defined(HAVE_GET_IOMAP)
static inline u8 __iomem *compat_iomap(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	/* The core warns if the BAR is not mapped. */
	return vdev->barmap[bar] ? vfio_pci_core_get_iomap(vdev, bar) :
				   IOMEM_ERR_PTR(-ENODEV);
}
#elif defined(HAVE_SETUP_BARMAP)
static inline u8 __iomem *compat_iomap(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	int ret = vfio_pci_core_setup_barmap(vdev, bar);

	return ret ? IOMEM_ERR_PTR(ret) : vdev->barmap[bar];
}
#else
static inline u8 __iomem *compat_iomap(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	struct pci_dev *pdev = vdev->pdev;
	u8 __iomem *io;
	int ret;

	if (vdev->barmap[bar])
		return vdev->barmap[bar];

	/* As the core does. The core undoes this, too. */
	ret = pci_request_selected_regions(pdev, 1 << bar, "vfio");
	if (ret)
		return IOMEM_ERR_PTR(ret);

	io = pci_iomap(pdev, bar, 0);
	if (!io) {
		pci_release_selected_regions(pdev, 1 << bar);
		return IOMEM_ERR_PTR(-ENOMEM);
	}
	vdev->barmap[bar] = io;

	return io;
}
#endif

/*
 * compat_memory_enabled - does the device decode memory; memory_lock is held
 *
 * The core's own function is not exported.
 */
static inline bool compat_memory_enabled(struct vfio_pci_core_device *vdev)
{
	u16 cmd = le16_to_cpu(*(__le16 *)&vdev->vconfig[PCI_COMMAND]);
	struct pci_dev *pdev = vdev->pdev;

	return (__force int)pdev->current_state < (__force int)PCI_D3hot &&
	       (pdev->no_command_memory || cmd & PCI_COMMAND_MEMORY);
}

/*
 * The widest access that this kernel's core makes to a BAR. The first cores with
 * accesses of 8 bytes make them only if the architecture defines ioread64. Cores from
 * 6.14 on, and older ones to which that was backported, include the header below, which
 * defines ioread64 everywhere.
 */
#if defined(HAVE_IO_WIDTH_8) || defined(HAVE_6_14) ||			\
	(defined(HAVE_CORE_IOREAD) && defined(ioread64))
#define COMPAT_MAX_WIDTH	8
#else
#define COMPAT_MAX_WIDTH	4
#endif
#include <linux/io-64-nonatomic-lo-hi.h>

/* Writes to a BAR in one access of @width bytes, a power of 2 up to 8. */
static inline void compat_iowrite(u8 __iomem *io, u64 value, unsigned int width)
{
	switch (width) {
	case 1:
		iowrite8(value, io);
		break;
	case 2:
		iowrite16(value, io);
		break;
	case 4:
		iowrite32(value, io);
		break;
	default:
		iowrite64(value, io);
	}
}

/* Does an IRQ domain or the IOMMU isolate the device's messages? See isolation.c. */
#ifdef HAVE_ISOLATED_MSI
static inline bool compat_isolated_msi(struct device *dev)
{
	return msi_device_has_isolated_msi(dev);
}
#else
static inline bool compat_isolated_msi(struct device *dev)
{
	return irq_domain_check_msi_remap() ||
	       device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
}
#endif

/*
 * From Linux 6.13 on, the PCI core logs the end of a reset if the driver does not ask to be
 * called then. vfio-pci does not ask.
 */
static inline void compat_log_reset_done(struct pci_dev *pdev)
{
#ifdef HAVE_6_13
	pci_warn(pdev, "reset done\n");
#endif
}

/* Returns less than 0 if there is no runtime PM, 0 if the device is not active. */
static inline int compat_pm_get_if_active(struct device *dev)
{
#ifdef HAVE_GET_IF_ACTIVE_ONE
	return pm_runtime_get_if_active(dev);
#else
	return pm_runtime_get_if_active(dev, true);
#endif
}

static inline void compat_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef HAVE_EVENTFD_SIGNAL_ONE
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

/*
 * The domain that a device is attached to; its group's mutex is held. Newer kernels
 * have a function for that, and warn if the other one is called.
 */
#ifdef HAVE_DRIVER_DOMAIN
static inline struct iommu_domain *compat_attached_domain(struct device *dev)
{
	return iommu_driver_get_domain_for_dev(dev);
}
#else
static inline struct iommu_domain *compat_attached_domain(struct device *dev)
{
	return iommu_get_domain_for_dev(dev);
}
#endif

/* To be called by .mmap only, when no other task can reach the area yet. */
static inline void compat_vm_flags_clear(struct vm_area_struct *vma,
					 unsigned long flags)
{
#ifdef HAVE_VM_FLAGS_CLEAR
	vm_flags_clear(vma, flags);
#else
	vma->vm_flags &= ~flags;
#endif
}

/*
 * The end of the ioctl for region info on older kernels. Newer kernels copy from and to
 * user memory themselves.
 */
static inline int compat_copy_region_info(struct vfio_region_info *info,
					  struct vfio_info_cap *caps,
					  void __user *arg)
{
	if (caps->size) {
		info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info->argsz < sizeof(*info) + caps->size) {
			info->argsz = sizeof(*info) + caps->size;
			info->cap_offset = 0;
		} else {
			vfio_info_cap_shift(caps, sizeof(*info));
			if (copy_to_user(arg + sizeof(*info), caps->buf,
					 caps->size))
				return -EFAULT;
			info->cap_offset = sizeof(*info);
		}
	}

	return copy_to_user(arg, info, offsetofend(struct vfio_region_info,
						   offset)) ? -EFAULT : 0;
}

/*
 * compat_ioread32 - read a register in CPU byte order; -EIO while the device
 * does not decode memory
 */
static inline int compat_ioread32(struct vfio_pci_core_device *vdev, u32 *val,
				  void __iomem *io)
{
	int ret = -EIO;

	down_read(&vdev->memory_lock);
	if (compat_memory_enabled(vdev)) {
		*val = ioread32(io);
		ret = 0;
	}
	up_read(&vdev->memory_lock);

	return ret;
}

#endif /* MSI_VFIO_PCI_COMPAT_H */
