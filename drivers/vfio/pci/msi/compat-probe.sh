#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Arguments: the file to write, the compiler, its flags.
#
# Finds out what the kernel's headers have. Distributions backport newer parts of VFIO to
# older kernels, so the version number alone would mislead; it is used only where the
# headers do not show a difference.
# Writes one "#define" for each statement that compiles. All are compiled in one go, as the
# headers take long. A "#line" gives each a file name of its own, for its errors.
set -eu

output=$1
shift

probes='
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
HAVE_IO_WIDTH_8		(void)VFIO_PCI_IO_WIDTH_8
HAVE_6_13		(void)sizeof(char[LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0) ? -1 : 1])
HAVE_6_14		(void)sizeof(char[LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0) ? -1 : 1])
HAVE_GET_IF_ACTIVE_ONE	pm_runtime_get_if_active(&vdev->pdev->dev)
HAVE_CORE_IOREAD	vfio_pci_core_ioread32(vdev, true, (u32 *)0, (void *)0)
'

source_of_probes()
{
	cat <<-'EOF'
		#include <linux/eventfd.h>
		#include <linux/iommu.h>
		#include <linux/mm.h>
		#include <linux/msi.h>
		#include <linux/pm_runtime.h>
		#include <linux/version.h>
		#include <linux/vfio_pci_core.h>
		#define PROBE(name, statement)				\
		void name(struct vfio_pci_core_device *vdev,		\
			  struct vfio_device_ops *ops);			\
		void name(struct vfio_pci_core_device *vdev,		\
			  struct vfio_device_ops *ops)			\
		{							\
			statement;					\
		}
	EOF
	# If this one fails, nothing can be probed.
	echo 'PROBE(nothing, (void)vdev->pdev)'
	echo "$probes" | while read -r name statement; do
		[ -z "$name" ] ||
			printf '#line 1 "%s"\nPROBE(%s, %s)\n' "$name" "$name" "$statement"
	done
}

# There is no error if the kernel has everything; most kernels lack something.
errors=$(source_of_probes |
	 LC_ALL=C "$@" -Werror -fsyntax-only -x c - 2>&1 | grep 'error:' || true)

# Any other error would make all probes fail, and the module would lack features.
if echo "$errors" | grep -v '^HAVE_' | grep . >&2; then
	echo "$0: linux/vfio_pci_core.h cannot be compiled" >&2
	exit 1
fi

{
	echo "/* Made at build time from the headers of this kernel. */"
	echo "$probes" | while read -r name _; do
		[ -z "$name" ] || echo "$errors" | grep -q "^$name:" ||
			echo "#define $name"
	done
} >"$output.tmp"
mv "$output.tmp" "$output"
