// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What the guest's registers ask for. Nothing here knows what the host has. */
#include <string.h>

#include "core.h"

/* PCIe 7.7.1, 7.7.2: mask bits are set after a reset in MSI-X, and clear in MSI. */
void vfiomsi_guest_reset(const struct vfiomsi_core *core, struct guest *guest)
{
	const struct vfiomsi_memory *memory = guest->memory;
	struct entry *entries = guest->entries;
	uint32_t ranges = guest->ranges;
	uint32_t i;

	memset(guest, 0, sizeof(*guest));
	guest->entries = entries;
	guest->memory = memory;
	guest->ranges = ranges;
	guest->control = core->capability[CAP_CONTROL] | core->capability[CAP_CONTROL + 1] << 8;
	for (i = 0; core->msix && i < core->count; i++) {
		memset(&entries[i], 0, sizeof(entries[i]));
		entries[i].masked = true;
	}
}

void vfiomsi_guest_copy(const struct vfiomsi_core *core, struct guest *to,
			const struct guest *from, uint32_t first, uint32_t end)
{
	struct entry *entries = to->entries;

	*to = *from;
	to->entries = entries;
	if (core->msix)
		memcpy(&entries[first], &from->entries[first],
		       (end - first) * sizeof(entries[0]));
}

void vfiomsi_guest_note_used(const struct vfiomsi_core *core, struct guest *guest,
			     uint32_t first, uint32_t end)
{
	uint32_t i;

	for (i = first; core->msix && i < end; i++) {
		if (!(guest->control & MSIX_ENABLE))
			guest->entries[i].used = false;
		else if (!vfiomsi_guest_masked(core, guest, i))
			guest->entries[i].used = true;
	}
}

bool vfiomsi_guest_enabled(const struct vfiomsi_core *core, const struct guest *guest)
{
	return guest->control & (core->msix ? MSIX_ENABLE : MSI_ENABLE);
}

bool vfiomsi_guest_masked(const struct vfiomsi_core *core, const struct guest *guest,
			  uint32_t vector)
{
	if (!core->msix)
		return guest->masks >> vector & 1;

	return guest->control & MSIX_FUNCTION_MASK || guest->entries[vector].masked;
}

uint32_t vfiomsi_guest_allocates(const struct vfiomsi_core *core, const struct guest *guest)
{
	if (core->plan.off || guest->dummy.count || !vfiomsi_guest_enabled(core, guest))
		return 0;
	if (!core->msix)
		return 1U << ((guest->control & MSI_ALLOWED) >> MSI_ALLOWED_SHIFT);

	/* One is enough for the device to be in MSI-X mode. */
	return core->flags & VFIOMSI_DYNAMIC ? 1 : core->count;
}

bool vfiomsi_guest_uses(const struct vfiomsi_core *core, const struct guest *guest,
			uint32_t vector)
{
	uint32_t allocates = vfiomsi_guest_allocates(core, guest);

	return core->msix ? allocates && guest->entries[vector].used : vector < allocates;
}

bool vfiomsi_guest_takes(const struct vfiomsi_core *core, const struct guest *guest,
			 uint32_t vector)
{
	return vfiomsi_guest_uses(core, guest, vector) &&
	       !vfiomsi_guest_masked(core, guest, vector);
}

uint64_t vfiomsi_guest_address(const struct vfiomsi_core *core, const struct guest *guest,
			       uint32_t vector)
{
	if (!core->msix)
		return (uint64_t)guest->high << 32 | guest->low;

	return (uint64_t)guest->entries[vector].high << 32 | guest->entries[vector].low;
}

/* PCIe 6.1.4.4: a function with several vectors has their numbers in the low bits. */
uint32_t vfiomsi_guest_data(const struct vfiomsi_core *core, const struct guest *guest,
			    uint32_t vector)
{
	uint32_t several = (1U << ((guest->control & MSI_ALLOWED) >> MSI_ALLOWED_SHIFT)) - 1;

	if (!core->msix)
		return (guest->data & ~several) | (vector & several);

	return guest->entries[vector].data;
}
