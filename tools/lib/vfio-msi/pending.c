// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <string.h>

#include "core.h"

API int vfiomsi_core_harvest(struct vfiomsi_core *core, uint32_t vector, uint32_t count)
{
	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	if (!count || vector >= core->count || count > core->count - vector)
		return -EINVAL;

	return vfiomsi_plan(core, PLAN_HARVEST, vector, vector + count);
}

API int vfiomsi_core_set_pending(struct vfiomsi_core *core, uint32_t vector, bool pending)
{
	struct vector *host;

	if (vector >= core->count)
		return -EINVAL;
	host = &core->vectors[vector];
	if (host->attached && !host->masked)
		return -EINVAL;

	/* To read a held eventfd is to take the interrupt from it. */
	if (host->masked && !(core->flags & VFIOMSI_HOST_MASKS))
		host->pending = host->pending || pending;
	else
		host->host_pending = pending;

	return 0;
}

/*
 * PCIe 6.1.4.5 has a masked vector become pending. A function whose capability is not
 * enabled does not send messages, nor does it send those beyond the number that it was
 * allowed.
 */
API int vfiomsi_core_arrive(struct vfiomsi_core *core, uint32_t vector,
			    struct vfiomsi_action *action)
{
	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	if (vector >= core->count)
		return -EINVAL;
	if (!vfiomsi_guest_enabled(core, &core->now) ||
	    (!core->msix && vector >= vfiomsi_guest_allocates(core, &core->now)))
		return 0;
	if (vfiomsi_guest_masked(core, &core->now, vector)) {
		core->vectors[vector].pending = true;
		return 0;
	}
	/* The message would go where the device writes. */
	if (core->now.dummy.count)
		return 0;

	memset(action, 0, sizeof(*action));
	action->kind = VFIOMSI_INJECT;
	action->vector = vector;
	action->count = 1;
	action->address = vfiomsi_guest_address(core, &core->now, vector);
	action->data = vfiomsi_guest_data(core, &core->now, vector);

	return 1;
}

API bool vfiomsi_core_is_enabled(const struct vfiomsi_core *core)
{
	return vfiomsi_guest_enabled(core, &core->now);
}

API int vfiomsi_core_is_masked(const struct vfiomsi_core *core, uint32_t vector)
{
	if (vector >= core->count)
		return -EINVAL;

	return vfiomsi_guest_masked(core, &core->now, vector);
}

API int vfiomsi_core_message(const struct vfiomsi_core *core, uint32_t vector, uint64_t *address,
			     uint32_t *data)
{
	if (vector >= core->count)
		return -EINVAL;
	*address = vfiomsi_guest_address(core, &core->now, vector);
	*data = vfiomsi_guest_data(core, &core->now, vector);

	return 0;
}

uint32_t vfiomsi_pending_bits(const struct vfiomsi_core *core, uint32_t first)
{
	uint32_t bits = 0;
	uint32_t i;

	for (i = 0; i < 32 && first + i < core->count; i++)
		if (core->vectors[first + i].pending || core->vectors[first + i].host_pending)
			bits |= UINT32_C(1) << i;

	return bits;
}
