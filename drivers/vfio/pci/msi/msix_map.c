// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which page of a BAR may be mapped, and every road to a page: mmap, the region
 * info that VMMs plan from, DMA-BUF export, ioeventfds.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "msi_vfio_pci.h"

/* A run of pages that stay closed, as bytes of a BAR. */
struct closed_pages {
	u64 start;
	u64 end;
};

/**
 * msi_vfio_pci_claim_pages - ask for pages of a BAR that are to be mapped
 * @mdev: device
 * @region: BAR
 * @start: first byte
 * @end: first byte behind
 *
 * From then on no window can be added to the BAR.
 *
 * Return: 0, or -EPERM if a rule forbids it.
 */
int msi_vfio_pci_claim_pages(struct msi_vfio_pci_device *mdev, u32 region,
			     u64 start, u64 end)
{
	int ret = -EPERM;

	start = round_down(start, PAGE_SIZE);
	end = round_up(end, PAGE_SIZE);

	mutex_lock(&mdev->map_lock);
	if (!msi_vfio_pci_find_window(mdev, region, start, end)) {
		mdev->mapped_bars |= BIT(region);
		ret = 0;
	}
	mutex_unlock(&mdev->map_lock);

	return ret;
}

/**
 * msi_vfio_pci_mmap - .mmap
 * @vdev: device
 * @vma: what the user wants to map
 *
 * Return: 0, -EPERM if a rule forbids it, or what the core returns.
 */
int msi_vfio_pci_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	unsigned int shift = VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT;
	unsigned long region = vma->vm_pgoff >> shift;
	u64 start = ((u64)vma->vm_pgoff << PAGE_SHIFT) & VFIO_PCI_OFFSET_MASK;
	int ret;

	if (region < PCI_STD_NUM_BARS) {
		ret = msi_vfio_pci_claim_pages(mdev, region, start,
					       start + vma->vm_end -
					       vma->vm_start);
		if (ret)
			return ret;
	}

	return vfio_pci_core_mmap(vdev, vma);
}

/* The closed pages of a BAR, sorted; neighbours may share a page. */
static unsigned int find_closed(struct msi_vfio_pci_device *mdev, u32 region,
				struct closed_pages *closed)
{
	struct msi_vfio_pci_window *window;
	unsigned int n = 0;
	u64 pos = 0;

	while (n < MSI_VFIO_PCI_MAX_WINDOWS) {
		window = msi_vfio_pci_find_window(mdev, region, pos, U64_MAX);
		if (!window)
			break;
		pos = window_end(window);
		closed[n].start = round_down(window->offset, PAGE_SIZE);
		closed[n++].end = round_up(pos, PAGE_SIZE);
	}

	return n;
}

/* The open pages between the closed ones. Returns how many runs there are. */
static unsigned int find_open(const struct closed_pages *closed, unsigned int n,
			      u64 size, struct vfio_region_sparse_mmap_area *open)
{
	unsigned int i, areas = 0;
	u64 pos = 0;

	for (i = 0; i < n; i++) {
		if (closed[i].start > pos)
			open[areas++] = (struct vfio_region_sparse_mmap_area) {
				.offset = pos,
				.size = closed[i].start - pos,
			};
		pos = max(pos, closed[i].end);
	}
	if (size > pos)
		open[areas++] = (struct vfio_region_sparse_mmap_area) {
			.offset = pos,
			.size = size - pos,
		};

	return areas;
}

/**
 * msi_vfio_pci_region_info - .get_region_info_caps: leave closed pages out
 * @vdev: device
 * @info: in: index; out: the region
 * @caps: capabilities are added here
 *
 * Return: 0, -ENOMEM, or what the core returns.
 */
int msi_vfio_pci_region_info(struct vfio_device *vdev,
			     struct vfio_region_info *info,
			     struct vfio_info_cap *caps)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	struct closed_pages closed[MSI_VFIO_PCI_MAX_WINDOWS];
	struct vfio_region_info_cap_sparse_mmap *sparse;
	unsigned int n;
	int ret;

	ret = compat_region_info(vdev, info, caps);
	if (ret || !(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return ret;

	n = find_closed(mdev, info->index, closed);
	if (!n)
		return 0;

	sparse = kzalloc(struct_size(sparse, areas, n + 1), GFP_KERNEL_ACCOUNT);
	if (!sparse)
		return -ENOMEM;

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = find_open(closed, n, info->size, sparse->areas);
	if (sparse->nr_areas)
		ret = vfio_info_add_capability(caps, &sparse->header,
					       struct_size(sparse, areas,
							   sparse->nr_areas));
	else
		info->flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	kfree(sparse);

	return ret;
}

/**
 * msi_vfio_pci_ioeventfd - VFIO_DEVICE_IOEVENTFD: none into a window
 * @mdev: device
 * @arg: user's struct vfio_device_ioeventfd
 *
 * The core reads the request for itself.
 *
 * Return: -EPERM if a rule forbids it, else what the core returns.
 */
long msi_vfio_pci_ioeventfd(struct msi_vfio_pci_device *mdev, unsigned long arg)
{
	struct vfio_device_ioeventfd in;
	u64 start;

	if (copy_from_user(&in, (void __user *)arg,
			   offsetofend(struct vfio_device_ioeventfd, fd)))
		return -EFAULT;

	start = in.offset & VFIO_PCI_OFFSET_MASK;
	if (msi_vfio_pci_find_window(mdev, VFIO_PCI_OFFSET_TO_INDEX(in.offset),
				     start, start +
				     (in.flags & VFIO_DEVICE_IOEVENTFD_SIZE_MASK)))
		return -EPERM;

	return vfio_pci_core_ioctl(&mdev->core.vdev, VFIO_DEVICE_IOEVENTFD, arg);
}
