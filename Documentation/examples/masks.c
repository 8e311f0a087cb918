// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "masks.h"

struct messages {
	struct vfio_device_feature feature;
	struct vfio_device_feature_pci_msi_messages get;
};

/* Ask the kernel for all vectors. Returns NULL with errno set if that fails. */
static struct messages *get_messages(int device, __u32 index, __u32 count)
{
	size_t size = sizeof(struct messages) +
		      count * sizeof(struct vfio_pci_msi_message);
	struct messages *messages = calloc(1, size);

	if (!messages)
		return NULL;
	messages->feature.argsz = size;
	messages->feature.flags = VFIO_DEVICE_FEATURE_GET |
				  VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES;
	messages->get.index = index;
	messages->get.count = count;
	if (!ioctl(device, VFIO_DEVICE_FEATURE, messages))
		return messages;
	free(messages);
	return NULL;
}

static bool is_allocated(const struct messages *messages, __u32 vector)
{
	return messages->get.msg[vector].flags & VFIO_PCI_MSI_MESSAGE_ALLOCATED;
}

static int set_run(int device, __u32 index, __u32 start, __u32 count, bool masked)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE,
		.index = index,
		.start = start,
		.count = count,
	};

	set.flags |= masked ? VFIO_IRQ_SET_ACTION_MASK : VFIO_IRQ_SET_ACTION_UNMASK;
	return ioctl(device, VFIO_DEVICE_SET_IRQS, &set) ? -errno : 0;
}

/* One call for each run of allocated vectors that are all to be masked, or all not. */
int set_masks(int device, __u32 index, __u32 count, const bool *masked)
{
	struct messages *messages = get_messages(device, index, count);
	__u32 start, end;
	int ret = 0;

	if (!messages)
		return -errno;
	for (start = 0; start < count && !ret; start = end) {
		end = start + 1;
		if (!is_allocated(messages, start))
			continue;
		while (end < count && is_allocated(messages, end) &&
		       masked[end] == masked[start])
			end++;
		ret = set_run(device, index, start, end - start, masked[start]);
	}
	free(messages);
	return ret;
}
