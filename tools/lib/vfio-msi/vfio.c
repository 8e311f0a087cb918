// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "core.h"
#include "vfio.h"

/*
 * @info: where the device has its pending bits
 * @messages: whether it has the feature MSI_MESSAGES
 * @allocated: whether vectors are allocated
 * @attached: for each vector, whether it has an eventfd
 * @set: room for a request with an eventfd for each vector
 */
struct vfiomsi_vfio {
	struct vfiomsi_core *core;
	const struct vfiomsi_eventfds *eventfds;
	int device;
	uint32_t index;
	struct vfiomsi_vfio_info info;
	bool messages;
	bool allocated;
	bool *attached;
	struct vfio_irq_set *set;
};

static int find_device(struct vfiomsi_vfio *vfio)
{
	struct vfio_irq_info irqs = { .argsz = sizeof(irqs), .index = vfio->index };
	int ret;

	vfio->info.size = sizeof(vfio->info);
	ret = vfiomsi_vfio_describe(vfio->device, vfio->index, &vfio->info);
	if (ret)
		return ret == -ENOENT ? -EINVAL : ret;
	if (ioctl(vfio->device, VFIO_DEVICE_GET_IRQ_INFO, &irqs))
		return -errno;
	if (irqs.count < vfio->core->count)
		return -EINVAL;
	ret = vfiomsi_vfio_probe(vfio->device, VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES);
	if (ret < 0)
		return ret;
	vfio->messages = ret;

	return 0;
}

API int vfiomsi_vfio_create(struct vfiomsi_core *core, const struct vfiomsi_eventfds *eventfds,
			    int device, struct vfiomsi_vfio **vfio)
{
	struct vfiomsi_vfio *made = calloc(1, sizeof(*made));
	int ret = -ENOMEM;

	if (!made)
		return ret;
	made->core = core;
	made->eventfds = eventfds;
	made->device = device;
	made->index = core->msix ? VFIO_PCI_MSIX_IRQ_INDEX : VFIO_PCI_MSI_IRQ_INDEX;
	made->attached = calloc(core->count, sizeof(*made->attached));
	made->set = calloc(1, sizeof(*made->set) + core->count * sizeof(int32_t));
	if (made->attached && made->set)
		ret = find_device(made);
	if (ret) {
		vfiomsi_vfio_destroy(made);
		return ret;
	}
	*vfio = made;

	return 0;
}

API void vfiomsi_vfio_destroy(struct vfiomsi_vfio *vfio)
{
	if (!vfio)
		return;
	free(vfio->attached);
	free(vfio->set);
	free(vfio);
}

/* @fds: how many eventfds have been put into the request */
static int set_irqs(struct vfiomsi_vfio *vfio, uint32_t flags, uint32_t first, uint32_t count,
		    uint32_t fds)
{
	struct vfio_irq_set *set = vfio->set;
	int ret;

	set->argsz = (uint32_t)(sizeof(*set) + fds * sizeof(int32_t));
	set->flags = flags;
	set->index = vfio->index;
	set->start = first;
	set->count = count;
	ret = ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, set);
	if (ret < 0)
		return -errno;

	/* So many could have been allocated. */
	return ret ? -ENOSPC : 0;
}

static void put_eventfd(struct vfiomsi_vfio *vfio, uint32_t at, int32_t eventfd)
{
	memcpy(&vfio->set->data[at * sizeof(eventfd)], &eventfd, sizeof(eventfd));
}

static int set_eventfds(struct vfiomsi_vfio *vfio, uint32_t first, uint32_t count)
{
	return set_irqs(vfio, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, first,
			count, count);
}

/* What can be attached now is, so that the next actions need no call. */
static int allocate(struct vfiomsi_vfio *vfio, uint32_t count)
{
	uint32_t i;
	int ret;

	for (i = 0; i < count; i++)
		put_eventfd(vfio, i, vfiomsi_plan_attaches(vfio->core, i) ?
				     vfiomsi_eventfds_get(vfio->eventfds, i) : -1);
	ret = set_eventfds(vfio, 0, count);
	if (ret)
		return ret;
	vfio->allocated = true;
	for (i = 0; i < count; i++)
		vfio->attached[i] = vfiomsi_plan_attaches(vfio->core, i);

	return 0;
}

static int free_all(struct vfiomsi_vfio *vfio)
{
	int ret;

	if (!vfio->allocated)
		return 0;
	ret = set_irqs(vfio, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 0);
	if (ret)
		return ret;
	vfio->allocated = false;
	memset(vfio->attached, 0, vfio->core->count * sizeof(*vfio->attached));

	return 0;
}

static int attach_run(struct vfiomsi_vfio *vfio, uint32_t first, uint32_t count, bool attach)
{
	uint32_t i;
	int ret;

	for (i = 0; i < count; i++)
		put_eventfd(vfio, i, attach ? vfiomsi_eventfds_get(vfio->eventfds, first + i) : -1);
	ret = set_eventfds(vfio, first, count);
	for (i = 0; !ret && i < count; i++)
		vfio->attached[first + i] = attach;

	return ret;
}

/* One call, and none if nothing is attached: a vector without an eventfd stays as it is. */
static int detach(struct vfiomsi_vfio *vfio, uint32_t first, uint32_t end)
{
	while (first < end && !vfio->attached[first])
		first++;
	while (first < end && !vfio->attached[end - 1])
		end--;

	return first < end ? attach_run(vfio, first, end - first, false) : 0;
}

/*
 * One call for each run of vectors that are not attached yet: usually one call. Vectors that are
 * attached would lose an interrupt.
 */
static int attach_missing(struct vfiomsi_vfio *vfio, uint32_t first, uint32_t end)
{
	uint32_t at = first;
	uint32_t count;
	int ret = 0;

	while (at < end && !ret) {
		for (count = 0; at + count < end; count++)
			if (vfio->attached[at + count])
				break;
		if (count)
			ret = attach_run(vfio, at, count, true);
		at += count ? count : 1;
	}

	return ret;
}

static bool have_eventfds(const struct vfiomsi_vfio *vfio, uint32_t first, uint32_t end)
{
	uint32_t i;

	for (i = first; i < end; i++)
		if (vfiomsi_eventfds_get(vfio->eventfds, i) < 0)
			return false;

	return true;
}

static int attach(struct vfiomsi_vfio *vfio, uint32_t first, uint32_t end)
{
	int ret;

	if (!have_eventfds(vfio, first, end))
		return -EINVAL;
	ret = attach_missing(vfio, first, end);
	if (ret)
		detach(vfio, first, end);

	return ret;
}

static int mask(struct vfiomsi_vfio *vfio, const struct vfiomsi_action *action)
{
	uint32_t flags = VFIO_IRQ_SET_DATA_NONE;

	if (!(vfio->core->flags & VFIOMSI_HOST_MASKS))
		return 0;
	flags |= action->kind == VFIOMSI_MASK ? VFIO_IRQ_SET_ACTION_MASK :
						VFIO_IRQ_SET_ACTION_UNMASK;

	return set_irqs(vfio, flags, action->vector, action->count, 0);
}

/* The device's own pending bits, 64 from @first on, or 0 if it has none or they cannot be read. */
static uint64_t pending_bits(const struct vfiomsi_vfio *vfio, uint32_t first)
{
	const struct vfiomsi_vfio_info *info = &vfio->info;
	uint32_t control = info->core.capability[CAP_CONTROL] |
			   info->core.capability[CAP_CONTROL + 1] << 8;
	uint8_t bytes[8] = { 0 };
	uint64_t bits = 0;
	uint32_t at;
	int i;

	if (vfio->core->msix) {
		if (vfiomsi_read_bar(vfio->device, info->pba_bar, info->pba_offset + first / 8,
				     bytes, 8))
			return 0;
	} else if (control & MSI_MASK_BITS) {
		at = info->cap_offset + (control & MSI_64BIT ? 20 : 16);
		if (vfiomsi_read_config(vfio->device, at, bytes, 4))
			return 0;
	}
	for (i = 0; i < 8; i++)
		bits |= (uint64_t)bytes[i] << i * 8;

	return bits;
}

/* Returns the host's messages, which are to be freed, or NULL if there are none. */
static struct vfio_device_feature_pci_msi_messages *get_messages(struct vfiomsi_vfio *vfio,
								 uint32_t first, uint32_t end)
{
	struct vfio_device_feature_pci_msi_messages *messages;
	size_t size = sizeof(*messages) + (end - first) * sizeof(messages->msg[0]);

	if (!vfio->messages || !vfio->allocated)
		return NULL;
	messages = calloc(1, size);
	if (!messages)
		return NULL;
	messages->index = vfio->index;
	messages->start = first;
	messages->count = end - first;
	if (!vfiomsi_vfio_get(vfio->device, VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES, messages, size))
		return messages;
	free(messages);

	return NULL;
}

/* The kernel knows of allocated vectors; for the others there is only the device. */
static void harvest(struct vfiomsi_vfio *vfio, uint32_t first, uint32_t end)
{
	struct vfio_device_feature_pci_msi_messages *messages = get_messages(vfio, first, end);
	uint64_t bits = 0;
	bool read = false;
	uint32_t flags;
	uint32_t i;

	for (i = first; i < end; i++) {
		if (i % 64 == 0)
			read = false;
		if (vfiomsi_eventfds_is_held(vfio->eventfds, i))
			continue;
		flags = messages ? messages->msg[i - first].flags : 0;
		if (flags & VFIO_PCI_MSI_MESSAGE_ALLOCATED) {
			vfiomsi_core_set_pending(vfio->core, i,
						 flags & VFIO_PCI_MSI_MESSAGE_PENDING);
			continue;
		}
		if (!read)
			bits = pending_bits(vfio, i / 64 * 64);
		read = true;
		vfiomsi_core_set_pending(vfio->core, i, bits >> i % 64 & 1);
	}
	free(messages);
}

static int set_dummy(struct vfiomsi_vfio *vfio, const struct vfiomsi_action *action)
{
	struct vfio_device_feature_pci_msix_dummy dummy = { 0 };

	if (action->kind == VFIOMSI_DUMMY_ON) {
		dummy.flags = VFIO_PCI_MSIX_DUMMY_ENABLE;
		dummy.iova = action->address;
		dummy.start = action->vector;
		dummy.count = action->count;
	}

	return vfiomsi_vfio_set(vfio->device, VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY, &dummy,
				sizeof(dummy));
}

API int vfiomsi_vfio_carry_out(struct vfiomsi_vfio *vfio, const struct vfiomsi_action *action)
{
	uint32_t end = action->vector + action->count;

	if (action->vector >= vfio->core->count ||
	    action->count > vfio->core->count - action->vector)
		return -EINVAL;

	switch (action->kind) {
	case VFIOMSI_ALLOCATE:
		return allocate(vfio, action->count);
	case VFIOMSI_FREE:
		return free_all(vfio);
	case VFIOMSI_ATTACH:
		return attach(vfio, action->vector, end);
	case VFIOMSI_DETACH:
	case VFIOMSI_UNROUTE:
		return detach(vfio, action->vector, end);
	case VFIOMSI_MASK:
	case VFIOMSI_UNMASK:
		return mask(vfio, action);
	case VFIOMSI_HARVEST:
		harvest(vfio, action->vector, end);
		break;
	case VFIOMSI_DUMMY_ON:
	case VFIOMSI_DUMMY_OFF:
		return set_dummy(vfio, action);
	}

	return 0;
}
