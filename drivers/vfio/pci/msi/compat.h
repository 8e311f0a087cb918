/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between the kernels that this driver supports: 6.1 to the
 * newest. compat-probes.h is made at build time (compat-probe.sh).
 */
#ifndef MSI_VFIO_PCI_COMPAT_H
#define MSI_VFIO_PCI_COMPAT_H

#include <linux/io.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "compat-probes.h"

/* Operations of newer kernels, for the ops table. */

#ifdef HAVE_REGION_INFO_CAPS
#define COMPAT_REGION_INFO_OPS						\
	.get_region_info_caps	= vfio_pci_ioctl_get_region_info,
#else
#define COMPAT_REGION_INFO_OPS
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

/* DMA-BUF export of BARs goes through operations of the core device. */
#ifdef HAVE_PCI_OPS
static inline void compat_set_pci_ops(struct vfio_pci_core_device *vdev)
{
	static const struct vfio_pci_device_ops ops = {
		.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
	};

	vdev->pci_ops = &ops;
}
#else
static inline void compat_set_pci_ops(struct vfio_pci_core_device *vdev) {}
#endif

/*
 * compat_iomap - the core's mapping of a memory BAR, or NULL
 *
 * To be called between enable and finish_enable: older cores map a BAR when it
 * is first used, and do not expect somebody else to be at it at the same time.
 */
#if defined(HAVE_GET_IOMAP)
static inline u8 __iomem *compat_iomap(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	void __iomem *io = vdev->barmap[bar] ?
			   vfio_pci_core_get_iomap(vdev, bar) : NULL;

	return IS_ERR(io) ? NULL : io;
}
#elif defined(HAVE_SETUP_BARMAP)
static inline u8 __iomem *compat_iomap(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	return vfio_pci_core_setup_barmap(vdev, bar) ? NULL : vdev->barmap[bar];
}
#else
static inline u8 __iomem *compat_iomap(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	struct pci_dev *pdev = vdev->pdev;

	/* As the core does, which also undoes it. */
	if (!vdev->barmap[bar]) {
		if (pci_request_selected_regions(pdev, 1 << bar, "vfio"))
			return NULL;
		vdev->barmap[bar] = pci_iomap(pdev, bar, 0);
		if (!vdev->barmap[bar])
			pci_release_selected_regions(pdev, 1 << bar);
	}

	return IS_ERR_OR_NULL(vdev->barmap[bar]) ? NULL : vdev->barmap[bar];
}
#endif

/*
 * compat_ioread32 - read a register in CPU byte order; -EIO while the device
 * does not decode memory
 */
#ifdef HAVE_CORE_IOREAD
static inline int compat_ioread32(struct vfio_pci_core_device *vdev, u32 *val,
				  void __iomem *io)
{
	__le32 raw;
	int ret;

	/* The core's word is in the device's order, for user memory. */
	ret = vfio_pci_core_ioread32(vdev, true, (__force u32 *)&raw, io);
	if (!ret)
		*val = le32_to_cpu(raw);

	return ret;
}
#else
static inline int compat_ioread32(struct vfio_pci_core_device *vdev, u32 *val,
				  void __iomem *io)
{
	__le16 *cmd = (__le16 *)&vdev->vconfig[PCI_COMMAND];
	struct pci_dev *pdev = vdev->pdev;
	int ret = -EIO;

	down_read(&vdev->memory_lock);
	if ((__force int)pdev->current_state < (__force int)PCI_D3hot &&
	    (pdev->no_command_memory ||
	     (le16_to_cpu(*cmd) & PCI_COMMAND_MEMORY))) {
		*val = ioread32(io);
		ret = 0;
	}
	up_read(&vdev->memory_lock);

	return ret;
}
#endif

#endif /* MSI_VFIO_PCI_COMPAT_H */
