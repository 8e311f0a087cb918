// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: the features of this driver, and their accesses to user memory.
 */

#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "msi_vfio_pci.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* The number of MSI_NOVIRT in the RFC patch of August 2024. */
#define RFC_MSI_NOVIRT	11

static bool rfc_feature;
module_param(rfc_feature, bool, 0644);
MODULE_PARM_DESC(rfc_feature, "Accept a SET of feature 11 as MSI_NOVIRT, for VMMs with the RFC patch of August 2024");

/**
 * struct feature - a feature of this driver
 * @index: its number
 * @msix: devices that have MSI-X but not MSI have the feature, too
 * @table: only devices with an MSI-X table have it
 * @get_size: smallest payload of GET in bytes
 * @set_size: smallest payload of SET in bytes
 * @get: copies out; NULL: no GET
 * @set: copies in and carries out; NULL: no SET
 */
struct feature {
	u32 index;
	bool msix;
	bool table;
	size_t get_size;
	size_t set_size;
	int (*get)(struct msi_vfio_pci_device *mdev, void __user *arg,
		   size_t argsz);
	int (*set)(struct msi_vfio_pci_device *mdev, void __user *arg);
};

static int novirt_get(struct msi_vfio_pci_device *mdev, void __user *arg,
		      size_t argsz)
{
	struct vfio_device_feature_pci_msi_novirt out = {};

	if (READ_ONCE(mdev->novirt))
		out.flags = VFIO_PCI_MSI_NOVIRT_ON;

	return copy_to_user(arg, &out, sizeof(out)) ? -EFAULT : 0;
}

static int novirt_set(struct msi_vfio_pci_device *mdev, void __user *arg)
{
	if (mutex_lock_killable(&mdev->state))
		return -EINTR;
	WRITE_ONCE(mdev->novirt, true);
	mutex_unlock(&mdev->state);

	return 0;
}

static int messages_check(struct msi_vfio_pci_device *mdev,
			  const struct vfio_device_feature_pci_msi_messages *in,
			  size_t argsz)
{
	if (in->flags & ~VFIO_PCI_MSI_MESSAGES_KNOWN)
		return -EINVAL;
	if (!msi_vfio_pci_is_msi(in->index))
		return -EINVAL;
	if ((u64)in->start + in->count >
	    msi_vfio_pci_vector_count(mdev, in->index))
		return -EINVAL;
	if (argsz < struct_size(in, msg, in->count))
		return -EINVAL;

	return 0;
}

static int messages_get(struct msi_vfio_pci_device *mdev, void __user *arg,
			size_t argsz)
{
	struct vfio_device_feature_pci_msi_messages __user *out = arg;
	struct vfio_device_feature_pci_msi_messages hdr;
	struct vfio_pci_msi_message few[4], *msg = few;
	int ret;

	if (copy_from_user(&hdr, arg, sizeof(hdr)))
		return -EFAULT;

	ret = messages_check(mdev, &hdr, argsz);
	if (ret)
		return ret;

	/* At most one MSI-X table: 2048 entries of 16 bytes. */
	if (hdr.count > ARRAY_SIZE(few))
		msg = kvmalloc_array(hdr.count, sizeof(*msg), GFP_KERNEL_ACCOUNT);
	if (!msg)
		return -ENOMEM;

	ret = mutex_lock_killable(&mdev->state);
	if (ret)
		goto out;
	msi_vfio_pci_check_host_messages(mdev);
	msi_vfio_pci_messages(mdev, hdr.index, hdr.start, hdr.count,
			      !(hdr.flags & VFIO_PCI_MSI_MESSAGES_KNOWN), msg);
	hdr.flags = 0;
	hdr.generation = mdev->generation;
	mutex_unlock(&mdev->state);

	if (copy_to_user(out, &hdr, sizeof(hdr)) ||
	    copy_to_user(out->msg, msg, array_size(hdr.count, sizeof(*msg))))
		ret = -EFAULT;
	else
		trace_msi_vfio_pci_messages_read(mdev->core.pdev, hdr.index,
						 hdr.start, hdr.count,
						 hdr.generation);
out:
	if (msg != few)
		kvfree(msg);

	return ret;
}

static int notify_set(struct msi_vfio_pci_device *mdev, void __user *arg)
{
	struct vfio_device_feature_pci_msi_notify in;

	if (copy_from_user(&in, arg, sizeof(in)))
		return -EFAULT;
	if (in.__reserved)
		return -EINVAL;

	return msi_vfio_pci_set_notify(mdev, in.eventfd);
}

static int msix_map_get(struct msi_vfio_pci_device *mdev, void __user *arg,
			size_t argsz)
{
	struct vfio_device_feature_pci_msix_map __user *out = arg;
	struct vfio_device_feature_pci_msix_map hdr;
	struct vfio_pci_msix_map_range *ranges;
	unsigned int nr, room;
	int ret = 0;

	if (copy_from_user(&hdr, arg, sizeof(hdr)))
		return -EFAULT;
	if (hdr.flags & ~VFIO_PCI_MSIX_MAP_ISOLATED || hdr.__reserved ||
	    argsz < struct_size(&hdr, range, hdr.count))
		return -EINVAL;

	ranges = kcalloc(MSI_VFIO_PCI_MAX_MAP, sizeof(*ranges),
			 GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return -ENOMEM;

	nr = msi_vfio_pci_get_map(mdev, ranges);
	room = min(hdr.count, nr);
	hdr.flags = mdev->isolated ? VFIO_PCI_MSIX_MAP_ISOLATED : 0;
	hdr.page_size = PAGE_SIZE;
	hdr.count = nr;
	if (copy_to_user(out, &hdr, sizeof(hdr)) ||
	    copy_to_user(out->range, ranges,
			 array_size(room, sizeof(*ranges))))
		ret = -EFAULT;
	kfree(ranges);

	return ret;
}

static int add_window(struct msi_vfio_pci_device *mdev,
		      const struct vfio_device_feature_pci_msi_ranges *in)
{
	int ret;

	if (mutex_lock_killable(&mdev->state))
		return -EINTR;
	ret = msi_vfio_pci_add_window(mdev, in);
	if (!ret)
		msi_vfio_pci_windows_update_vectors(mdev);
	mutex_unlock(&mdev->state);

	return ret;
}

static int window_set(struct msi_vfio_pci_device *mdev, void __user *arg)
{
	struct vfio_device_feature_pci_msi_ranges ranges = {};
	struct vfio_device_feature_pci_msi_window in;

	if (copy_from_user(&in, arg, sizeof(in)))
		return -EFAULT;
	if (in.__reserved)
		return -EINVAL;

	ranges.flags = in.flags;
	ranges.region = in.region;
	ranges.data_offset = in.data_offset;
	ranges.count = 1;
	ranges.range[0].offset = in.offset;
	ranges.range[0].size = in.size;

	return add_window(mdev, &ranges);
}

static int ranges_set(struct msi_vfio_pci_device *mdev, void __user *arg)
{
	struct vfio_device_feature_pci_msi_ranges in;

	if (copy_from_user(&in, arg, sizeof(in)))
		return -EFAULT;

	return add_window(mdev, &in);
}

/*
 * Gets the window @state->window with its slots. If there are no windows, all fields of
 * @state are 0. Returns -EINVAL if there are windows, but not this one.
 */
static int get_window(struct msi_vfio_pci_device *mdev,
		      struct vfio_device_feature_pci_msi_window_state *state,
		      struct vfio_device_feature_pci_msi_ranges *desc,
		      struct msi_vfio_pci_slot *slots)
{
	int ret = 0;

	if (mutex_lock_killable(&mdev->state))
		return -EINTR;
	state->windows = mdev->nr_windows;
	if (state->window < state->windows) {
		msi_vfio_pci_get_window(mdev, state, slots);
		*desc = mdev->windows[state->window]->desc;
	} else if (state->window) {
		ret = -EINVAL;
	} else {
		memset(state, 0, sizeof(*state));
	}
	mutex_unlock(&mdev->state);

	return ret;
}

static struct msi_vfio_pci_slot *alloc_slots(void)
{
	return kvcalloc(MSI_VFIO_PCI_MAX_SLOTS, sizeof(struct msi_vfio_pci_slot),
			GFP_KERNEL_ACCOUNT);
}

static int window_get(struct msi_vfio_pci_device *mdev, void __user *arg,
		      size_t argsz)
{
	struct vfio_device_feature_pci_msi_window_state __user *out = arg;
	struct vfio_device_feature_pci_msi_window_state hdr;
	struct vfio_device_feature_pci_msi_ranges desc;
	struct msi_vfio_pci_slot *slots;
	u32 room, i;
	int ret;

	if (copy_from_user(&hdr, arg, sizeof(hdr)))
		return -EFAULT;
	if (argsz < struct_size(&hdr, slot, hdr.count))
		return -EINVAL;
	room = hdr.count;

	slots = alloc_slots();
	if (!slots)
		return -ENOMEM;

	ret = get_window(mdev, &hdr, &desc, slots);
	if (!ret && copy_to_user(out, &hdr, sizeof(hdr)))
		ret = -EFAULT;
	for (i = 0; !ret && i < min(room, hdr.count); i++)
		if (copy_to_user(&out->slot[i], &slots[i].slot,
				 sizeof(slots[i].slot)))
			ret = -EFAULT;
	kvfree(slots);

	return ret;
}

static int ranges_get(struct msi_vfio_pci_device *mdev, void __user *arg,
		      size_t argsz)
{
	struct vfio_device_feature_pci_msi_ranges_state __user *out = arg;
	struct vfio_device_feature_pci_msi_window_state state = {};
	struct vfio_device_feature_pci_msi_ranges_state hdr;
	struct msi_vfio_pci_slot *slots;
	u32 room, i;
	int ret;

	if (copy_from_user(&hdr, arg, sizeof(hdr)))
		return -EFAULT;
	if (hdr.__reserved || argsz < struct_size(&hdr, page, hdr.count))
		return -EINVAL;
	room = hdr.count;
	state.window = hdr.window;

	slots = alloc_slots();
	if (!slots)
		return -ENOMEM;

	memset(&hdr, 0, sizeof(hdr));
	ret = get_window(mdev, &state, &hdr.ranges, slots);
	hdr.window = state.window;
	hdr.windows = state.windows;
	hdr.count = state.count;
	if (!ret && copy_to_user(out, &hdr, sizeof(hdr)))
		ret = -EFAULT;
	for (i = 0; !ret && i < min(room, hdr.count); i++)
		if (put_user(slots[i].page, &out->page[i]))
			ret = -EFAULT;
	kvfree(slots);

	return ret;
}

static int dummy_set(struct msi_vfio_pci_device *mdev, void __user *arg)
{
	struct vfio_device_feature_pci_msix_dummy in;
	int ret;

	if (copy_from_user(&in, arg, sizeof(in)))
		return -EFAULT;

	if (mutex_lock_killable(&mdev->state))
		return -EINTR;
	ret = msi_vfio_pci_set_dummy(mdev, &in);
	mutex_unlock(&mdev->state);

	return ret;
}

static int dummy_get(struct msi_vfio_pci_device *mdev, void __user *arg,
		     size_t argsz)
{
	struct vfio_device_feature_pci_msix_dummy out = {};

	if (mutex_lock_killable(&mdev->state))
		return -EINTR;
	msi_vfio_pci_get_dummy(mdev, &out);
	mutex_unlock(&mdev->state);

	return copy_to_user(arg, &out, sizeof(out)) ? -EFAULT : 0;
}

static const struct feature features[] = {
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT,
		.msix = true,
		.get_size = sizeof(struct vfio_device_feature_pci_msi_novirt),
		.get = novirt_get,
		.set = novirt_set,
	},
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES,
		.msix = true,
		.get_size = sizeof(struct vfio_device_feature_pci_msi_messages),
		.get = messages_get,
	},
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY,
		.msix = true,
		.set_size = sizeof(struct vfio_device_feature_pci_msi_notify),
		.set = notify_set,
	},
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSIX_MAP,
		.msix = true,
		.get_size = sizeof(struct vfio_device_feature_pci_msix_map),
		.get = msix_map_get,
	},
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW,
		.get_size = sizeof(struct vfio_device_feature_pci_msi_window_state),
		.set_size = sizeof(struct vfio_device_feature_pci_msi_window),
		.get = window_get,
		.set = window_set,
	},
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSI_RANGES,
		.get_size = sizeof(struct vfio_device_feature_pci_msi_ranges_state),
		.set_size = sizeof(struct vfio_device_feature_pci_msi_ranges),
		.get = ranges_get,
		.set = ranges_set,
	},
	{
		.index = VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY,
		.table = true,
		.get_size = sizeof(struct vfio_device_feature_pci_msix_dummy),
		.set_size = sizeof(struct vfio_device_feature_pci_msix_dummy),
		.get = dummy_get,
		.set = dummy_set,
	},
};

static const struct feature *find_feature(u32 flags)
{
	u32 index = flags & VFIO_DEVICE_FEATURE_MASK;
	unsigned int i;

	/* Upstream's feature 11 is DMA_BUF, which has no SET. */
	if (index == RFC_MSI_NOVIRT && flags & VFIO_DEVICE_FEATURE_SET &&
	    !(flags & VFIO_DEVICE_FEATURE_GET) && READ_ONCE(rfc_feature))
		index = VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i].index == index)
			return &features[i];

	return NULL;
}

static bool has_feature(struct msi_vfio_pci_device *mdev,
			const struct feature *feature)
{
	struct pci_dev *pdev = mdev->core.pdev;

	if (feature->table)
		return mdev->table;

	return pdev->msi_cap || (feature->msix && pdev->msix_cap);
}

static int core_feature(struct msi_vfio_pci_device *mdev, u32 flags,
			void __user *arg, size_t argsz)
{
	struct msi_vfio_pci_claim claim;
	int ret;

	/* DMA_BUF claims pages, and can fail after it has. */
	msi_vfio_pci_begin_claim(mdev, &claim);
	ret = vfio_pci_core_ioctl_feature(&mdev->core.vdev, flags, arg, argsz);
	msi_vfio_pci_end_claim(mdev, &claim, ret >= 0);
	/* The feature may have put the device to sleep. */
	msi_vfio_pci_sync_windows(mdev);
	msi_vfio_pci_sync_dummy(mdev);

	return ret;
}

/**
 * msi_vfio_pci_ioctl_feature - .device_feature: this driver's features, then
 *	the core's
 * @vdev: device
 * @flags: operation and number
 * @arg: payload
 * @argsz: size of the payload in bytes
 *
 * Return: as include/uapi/linux/vfio_pci_msi.h says.
 */
int msi_vfio_pci_ioctl_feature(struct vfio_device *vdev, u32 flags,
			       void __user *arg, size_t argsz)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	const struct feature *feature = find_feature(flags);
	u32 ops = 0;
	int ret;

	if (!feature)
		return core_feature(mdev, flags, arg, argsz);
	if (!has_feature(mdev, feature))
		return -ENOTTY;

	if (feature->get)
		ops |= VFIO_DEVICE_FEATURE_GET;
	if (feature->set)
		ops |= VFIO_DEVICE_FEATURE_SET;
	ret = vfio_check_feature(flags, argsz, ops,
				 flags & VFIO_DEVICE_FEATURE_GET ?
				 feature->get_size : feature->set_size);
	if (ret != 1)
		return ret;

	if (flags & VFIO_DEVICE_FEATURE_GET)
		return feature->get(mdev, arg, argsz);

	ret = feature->set(mdev, arg);
	if (!ret)
		trace_msi_vfio_pci_feature_set(mdev->core.pdev, feature->index);

	return ret;
}
