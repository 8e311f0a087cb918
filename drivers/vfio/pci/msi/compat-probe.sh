#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Arguments: the file to write, the compiler, its flags.
#
# Asks the kernel's own headers what they have: distributions bring newer parts
# of VFIO to older kernels, so that the version number alone would mislead.
# Writes one "#define" for each statement that compiles.
set -eu

output=$1
shift

probe()
{
	if "$@" -Werror -fsyntax-only -x c - 2>/dev/null <<-EOF
		#include <linux/eventfd.h>
		#include <linux/iommu.h>
		#include <linux/mm.h>
		#include <linux/msi.h>
		#include <linux/vfio_pci_core.h>
		void probe(struct vfio_pci_core_device *vdev,
			   struct vfio_device_ops *ops);
		void probe(struct vfio_pci_core_device *vdev,
			   struct vfio_device_ops *ops)
		{
			$statement;
		}
	EOF
	then
		echo "#define $name"
	fi
}

# A probe that can only fail would silently build a lesser module.
name=HAVE_VFIO_PCI_CORE
statement='(void)vdev->pdev'
if [ -z "$(probe "$@")" ]; then
	echo "$0: linux/vfio_pci_core.h cannot be compiled:" >&2
	echo '#include <linux/vfio_pci_core.h>' | "$@" -fsyntax-only -x c - >&2
	exit 1
fi

{
	echo "/* Made at build time from the headers of this kernel. */"
	while read -r name statement; do
		probe "$@"
	done <<-'EOF'
		HAVE_IOMMUFD_OPS	(void)ops->bind_iommufd
		HAVE_DETACH_IOAS	(void)ops->detach_ioas
		HAVE_PASID_IOAS		(void)ops->pasid_attach_ioas
		HAVE_MATCH_TOKEN_UUID	(void)ops->match_token_uuid
		HAVE_REGION_INFO_CAPS	(void)ops->get_region_info_caps
		HAVE_PCI_OPS		(void)vdev->pci_ops->get_dmabuf_phys
		HAVE_DEVICE_PARAMS	vdev->disable_idle_d3 = vdev->nointxmask
		HAVE_GET_IOMAP		if (vfio_pci_core_get_iomap(vdev, 0)) return
		HAVE_SETUP_BARMAP	vfio_pci_core_setup_barmap(vdev, 0)
		HAVE_ISOLATED_MSI	(void)msi_device_has_isolated_msi(&vdev->pdev->dev)
		HAVE_VM_FLAGS_CLEAR	vm_flags_clear((struct vm_area_struct *)0, VM_MAYWRITE)
		HAVE_EVENTFD_SIGNAL_ONE	eventfd_signal((struct eventfd_ctx *)0)
		HAVE_DRIVER_DOMAIN	(void)iommu_driver_get_domain_for_dev(&vdev->pdev->dev)
		HAVE_CORE_IOREAD	vfio_pci_core_ioread32(vdev, true, (u32 *)0, (void *)0)
	EOF
} >"$output.tmp"
mv "$output.tmp" "$output"
