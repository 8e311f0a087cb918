// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/ioctl.h>

#include "host_message.h"

bool has_feature(int device, __u32 feature)
{
	struct vfio_device_feature probe = {
		.argsz = sizeof(probe),
		.flags = VFIO_DEVICE_FEATURE_PROBE | feature,
	};

	return !ioctl(device, VFIO_DEVICE_FEATURE, &probe);
}

int watch_messages(int device, int eventfd)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_pci_msi_notify notify;
	} set = {
		.feature.argsz = sizeof(set),
		.feature.flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY,
		.notify.eventfd = eventfd,
	};

	return ioctl(device, VFIO_DEVICE_FEATURE, &set) ? -errno : 0;
}

int read_host_message(int device, __u32 index, __u32 vector, __u64 *address, __u32 *data)
{
	const __u32 unusable = VFIO_PCI_MSI_MESSAGE_INACTIVE | VFIO_PCI_MSI_MESSAGE_DISABLED;
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_pci_msi_messages get;
		struct vfio_pci_msi_message message;
	} call = {
		.feature.argsz = sizeof(call),
		.feature.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES,
		.get.index = index,
		.get.start = vector,
		.get.count = 1,
	};

	if (ioctl(device, VFIO_DEVICE_FEATURE, &call))
		return -errno;
	if (!(call.message.flags & VFIO_PCI_MSI_MESSAGE_ALLOCATED) ||
	    call.message.flags & unusable)
		return -EAGAIN;
	*address = call.message.address;
	*data = call.message.data;
	return 0;
}
