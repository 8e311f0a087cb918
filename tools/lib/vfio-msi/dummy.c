// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Does the guest poll? Then it points MSI-X at a dword of its own memory, as the device does
 * not write completions as long as it cannot assert them. No host need take an interrupt for
 * that: see Documentation/msix-dummy.rst.
 */
#include <errno.h>
#include <string.h>

#include "core.h"

static bool in_memory(const struct guest *guest, uint64_t address)
{
	const struct vfiomsi_memory *range;
	uint32_t i;

	for (i = 0; i < guest->ranges; i++) {
		range = &guest->memory[i];
		if (address >= range->address && range->size >= sizeof(uint32_t) &&
		    address - range->address <= range->size - sizeof(uint32_t))
			return true;
	}

	return false;
}

/* The host has one address for consecutive vectors, and no real vector beside them. */
static bool add_vector(struct dummy *dummy, uint32_t vector, uint64_t address)
{
	if (!dummy->count) {
		dummy->address = address;
		dummy->first = vector;
	}
	if (address != dummy->address || vector != dummy->first + dummy->count)
		return false;
	dummy->count++;

	return true;
}

void vfiomsi_guest_note_dummy(const struct vfiomsi_core *core, struct guest *guest)
{
	struct dummy dummy = { 0, 0, 0 };
	uint64_t address;
	uint32_t i;

	memset(&guest->dummy, 0, sizeof(guest->dummy));
	if (!core->msix || !(core->flags & VFIOMSI_HOST_DUMMY) ||
	    !vfiomsi_guest_enabled(core, guest))
		return;
	for (i = 0; i < core->count; i++) {
		if (vfiomsi_guest_masked(core, guest, i))
			continue;
		address = vfiomsi_guest_address(core, guest, i);
		if (!in_memory(guest, address) || !add_vector(&dummy, i, address))
			return;
	}
	guest->dummy = dummy;
}

API int vfiomsi_core_set_memory(struct vfiomsi_core *core, const struct vfiomsi_memory *memory,
				uint32_t count)
{
	uint32_t i;

	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	for (i = 0; i < count; i++)
		if (memory[i].size && memory[i].address > UINT64_MAX - (memory[i].size - 1))
			return -EINVAL;
	core->next.memory = memory;
	core->next.ranges = count;

	return vfiomsi_plan(core, PLAN_CHANGE, 0, core->count);
}

API bool vfiomsi_core_is_dummy(const struct vfiomsi_core *core)
{
	return core->dummy.count;
}
