// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "session.h"

int novirt_set(int fd)
{
	return feature(fd, VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT, NULL, 0);
}

int novirt_get(int fd, u32 *flags)
{
	struct vfio_device_feature_pci_msi_novirt novirt = { .flags = ~0U };
	int ret = feature(fd, VFIO_DEVICE_FEATURE_GET |
			  VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT, &novirt,
			  sizeof(novirt));

	*flags = novirt.flags;

	return ret;
}

bool novirt_on(int fd)
{
	u32 flags;

	VFIO_ASSERT_EQ(novirt_get(fd, &flags), 0);
	VFIO_ASSERT_EQ(flags & ~VFIO_PCI_MSI_NOVIRT_ON, 0);

	return flags;
}

int notify_set(int fd, int eventfd, u32 reserved)
{
	struct vfio_device_feature_pci_msi_notify in = {
		.eventfd = eventfd,
		.__reserved = reserved,
	};

	return feature(fd, VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY, &in, sizeof(in));
}

int messages_get(int fd, u32 index, u32 start, u32 count,
		 struct vfio_pci_msi_message *msg, u64 *generation)
{
	struct vfio_device_feature_pci_msi_messages *payload;
	size_t array = count * sizeof(*msg);
	int ret;

	payload = calloc_assert(1, sizeof(*payload) + array);
	payload->index = index;
	payload->start = start;
	payload->count = count;
	ret = feature(fd, VFIO_DEVICE_FEATURE_GET |
		      VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES, payload,
		      sizeof(*payload) + array);

	VFIO_ASSERT_EQ(payload->index, index);
	VFIO_ASSERT_EQ(payload->start, start);
	VFIO_ASSERT_EQ(payload->count, count);
	VFIO_ASSERT_EQ(payload->flags, 0);
	if (!ret && count)
		memcpy(msg, payload->msg, array);
	if (!ret && generation)
		*generation = payload->generation;
	free(payload);

	return ret;
}

struct vfio_pci_msi_message message_of(int fd, u32 index, u32 vector)
{
	struct vfio_pci_msi_message msg;

	VFIO_ASSERT_EQ(messages_get(fd, index, vector, 1, &msg, NULL), 0);

	return msg;
}

u64 generation_of(int fd)
{
	u64 generation;

	VFIO_ASSERT_EQ(messages_get(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 0, NULL,
				    &generation), 0);

	return generation;
}
