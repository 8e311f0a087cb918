// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_IOEVENTFD. The core reads the request from user memory, which the user
 * can change after this driver has checked it; on some kernels it takes a negative
 * region for a BAR. So the request is read once and carried out here, with the core's
 * limits and errnos.
 */

#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "compat.h"
#include "msi_vfio_pci.h"

/* As many as the core allows. */
#define MAX_IOEVENTFDS	1000

/**
 * struct target - what an ioeventfd writes, and where
 * @region: BAR
 * @pos: offset in the BAR
 * @width: bytes
 * @data: the value
 */
struct target {
	u32 region;
	u64 pos;
	unsigned int width;
	u64 data;
};

struct ioeventfd {
	struct list_head node;
	struct msi_vfio_pci_device *mdev;
	struct virqfd *virqfd;
	struct target target;
	u8 __iomem *io;
	bool is_memory;		/* the device must decode memory to be written */
};

static void write_target(struct ioeventfd *ioeventfd)
{
	if (!ioeventfd->is_memory || compat_memory_enabled(&ioeventfd->mdev->core))
		compat_iowrite(ioeventfd->io, ioeventfd->target.data,
			       ioeventfd->target.width);
}

/* Called in atomic context. Returns 1 to have write_later() called. */
static int write_now(void *opaque, void *unused)
{
	struct ioeventfd *ioeventfd = opaque;
	struct rw_semaphore *lock = &ioeventfd->mdev->core.memory_lock;

	if (!down_read_trylock(lock))
		return 1;
	write_target(ioeventfd);
	up_read(lock);

	return 0;
}

static void write_later(void *opaque, void *unused)
{
	struct ioeventfd *ioeventfd = opaque;
	struct rw_semaphore *lock = &ioeventfd->mdev->core.memory_lock;

	down_read(lock);
	write_target(ioeventfd);
	up_read(lock);
}

static struct ioeventfd *find_ioeventfd(struct msi_vfio_pci_device *mdev,
					const struct target *target)
{
	struct ioeventfd *ioeventfd;

	list_for_each_entry(ioeventfd, &mdev->ioeventfds, node)
		if (ioeventfd->target.region == target->region &&
		    ioeventfd->target.pos == target->pos &&
		    ioeventfd->target.width == target->width &&
		    ioeventfd->target.data == target->data)
			return ioeventfd;

	return NULL;
}

static void remove_ioeventfd(struct msi_vfio_pci_device *mdev,
			     struct ioeventfd *ioeventfd)
{
	/* Waits until no handler runs. */
	vfio_virqfd_disable(&ioeventfd->virqfd);
	list_del(&ioeventfd->node);
	mdev->nr_ioeventfds--;
	kfree(ioeventfd);
}

static int add_ioeventfd(struct msi_vfio_pci_device *mdev,
			 const struct target *target, u8 __iomem *io, int fd)
{
	struct ioeventfd *ioeventfd;
	int ret;

	if (mdev->nr_ioeventfds >= MAX_IOEVENTFDS)
		return -ENOSPC;

	ioeventfd = kzalloc(sizeof(*ioeventfd), GFP_KERNEL_ACCOUNT);
	if (!ioeventfd)
		return -ENOMEM;

	ioeventfd->mdev = mdev;
	ioeventfd->target = *target;
	ioeventfd->io = io + target->pos;
	ioeventfd->is_memory = pci_resource_flags(mdev->core.pdev,
						  target->region) &
			       IORESOURCE_MEM;
	ret = vfio_virqfd_enable(ioeventfd, write_now, write_later, NULL,
				 &ioeventfd->virqfd, fd);
	if (ret) {
		kfree(ioeventfd);
		return ret;
	}

	list_add(&ioeventfd->node, &mdev->ioeventfds);
	mdev->nr_ioeventfds++;

	return 0;
}

/* @fd is -1 to remove the ioeventfd. */
static int change_ioeventfd(struct msi_vfio_pci_device *mdev,
			    const struct target *target, int fd)
{
	struct ioeventfd *ioeventfd;
	u8 __iomem *io;
	int ret;

	io = compat_iomap(&mdev->core, target->region);
	if (IS_ERR(io))
		return PTR_ERR(io);

	if (mutex_lock_killable(&mdev->ioeventfds_lock))
		return -EINTR;
	ioeventfd = find_ioeventfd(mdev, target);
	if (!ioeventfd) {
		ret = fd < 0 ? -ENODEV : add_ioeventfd(mdev, target, io, fd);
	} else if (fd < 0) {
		remove_ioeventfd(mdev, ioeventfd);
		ret = 0;
	} else {
		ret = -EEXIST;
	}
	mutex_unlock(&mdev->ioeventfds_lock);

	return ret;
}

static bool reaches_table(struct msi_vfio_pci_device *mdev,
			  const struct target *target)
{
	struct vfio_pci_core_device *core = &mdev->core;

	return target->region == core->msix_bar &&
	       target->pos < core->msix_offset + (u64)READ_ONCE(core->msix_size) &&
	       target->pos + target->width > core->msix_offset;
}

static int read_target(struct msi_vfio_pci_device *mdev,
		       const struct vfio_device_ioeventfd *in,
		       struct target *target)
{
	u64 region = VFIO_PCI_OFFSET_TO_INDEX(in->offset);

	if (in->argsz < offsetofend(struct vfio_device_ioeventfd, fd) ||
	    in->flags & ~VFIO_DEVICE_IOEVENTFD_SIZE_MASK ||
	    hweight32(in->flags) != 1 || in->fd < -1 ||
	    region >= PCI_STD_NUM_BARS)
		return -EINVAL;

	*target = (struct target) {
		.region = region,
		.pos = in->offset & VFIO_PCI_OFFSET_MASK,
		.width = in->flags & VFIO_DEVICE_IOEVENTFD_SIZE_MASK,
		.data = in->data,
	};

	return target->pos + target->width >
	       pci_resource_len(mdev->core.pdev, region) ? -EINVAL : 0;
}

/**
 * msi_vfio_pci_ioeventfd - VFIO_DEVICE_IOEVENTFD, if the page can be mapped for writing
 * @mdev: device
 * @arg: user's struct vfio_device_ioeventfd
 *
 * Return: 0, -EPERM if a rule forbids it, or an errno as the core's.
 */
long msi_vfio_pci_ioeventfd(struct msi_vfio_pci_device *mdev, unsigned long arg)
{
	struct msi_vfio_pci_claim claim;
	struct vfio_device_ioeventfd in;
	struct target target;
	int ret;

	if (copy_from_user(&in, (void __user *)arg,
			   offsetofend(struct vfio_device_ioeventfd, fd)))
		return -EFAULT;

	ret = read_target(mdev, &in, &target);
	if (ret)
		return ret;

	/* Or the ioeventfd could write into a window that is added later. */
	msi_vfio_pci_begin_claim(mdev, &claim);
	ret = msi_vfio_pci_claim_pages(mdev, target.region, target.pos,
				       target.pos + target.width,
				       VFIO_PCI_MSIX_MAP_READ_WRITE);
	if (ret >= 0)
		ret = reaches_table(mdev, &target) ? -EINVAL :
		      change_ioeventfd(mdev, &target, in.fd);
	msi_vfio_pci_end_claim(mdev, &claim, !ret && in.fd >= 0);

	return ret;
}

/**
 * msi_vfio_pci_close_ioeventfds - end a session
 * @mdev: a device that nobody uses any more, and whose BARs are still mapped
 */
void msi_vfio_pci_close_ioeventfds(struct msi_vfio_pci_device *mdev)
{
	struct ioeventfd *ioeventfd, *next;

	mutex_lock(&mdev->ioeventfds_lock);
	list_for_each_entry_safe(ioeventfd, next, &mdev->ioeventfds, node)
		remove_ioeventfd(mdev, ioeventfd);
	mutex_unlock(&mdev->ioeventfds_lock);
}
