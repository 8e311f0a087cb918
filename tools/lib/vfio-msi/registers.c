// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The guest's reads and writes. What the specification calls undefined is defined here:
 *
 * - Accesses to the table and the PBA that are not an aligned dword or qword fail
 *   (PCIe 6.1.4.2).
 * - Reserved bits, and the two low bits of an address, read as 0 and ignore writes
 *   (7.7.1, 7.7.2).
 * - More MSI vectors than the function is capable of are as many as it is (7.7.1.2).
 * - What is written to a message that is in use is in use at once, one access after the
 *   other, as in a device.
 * - Writes to the PBA and to MSI's pending bits do nothing (7.7.1.8, 7.7.2.9).
 */
#include <errno.h>

#include "core.h"

enum msi_register { MSI_HEADER, MSI_LOW, MSI_HIGH, MSI_MESSAGE_DATA, MSI_MASKS, MSI_PENDING };

/* Which register the dword is. Without 64-bit addresses there is no MSI_HIGH. */
static enum msi_register msi_register(const struct vfiomsi_core *core, uint32_t dword)
{
	if (!(core->now.control & MSI_64BIT) && dword >= MSI_HIGH)
		dword++;

	return (enum msi_register)dword;
}

static uint32_t capability_dword(const struct vfiomsi_core *core, uint32_t dword)
{
	const uint8_t *bytes = &core->capability[dword * 4];

	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t read_header(const struct vfiomsi_core *core)
{
	return (capability_dword(core, 0) & 0xffff) | (uint32_t)core->now.control << 16;
}

static uint32_t read_msi(const struct vfiomsi_core *core, uint32_t dword)
{
	switch (msi_register(core, dword)) {
	case MSI_HEADER:
		return read_header(core);
	case MSI_LOW:
		return core->now.low;
	case MSI_HIGH:
		return core->now.high;
	case MSI_MESSAGE_DATA:
		return core->now.data;
	case MSI_MASKS:
		return core->now.masks;
	case MSI_PENDING:
		return vfiomsi_pending_bits(core, 0);
	}

	return 0;
}

static uint32_t read_cap(const struct vfiomsi_core *core, uint32_t dword)
{
	if (!core->msix)
		return read_msi(core, dword);

	return dword ? capability_dword(core, dword) : read_header(core);
}

static void write_msix_control(struct guest *guest, uint32_t control)
{
	guest->control = (guest->control & ~MSIX_WRITABLE) | (control & MSIX_WRITABLE);
}

static void write_msi_control(struct guest *guest, uint32_t control)
{
	uint32_t capable = (guest->control & MSI_CAPABLE) >> MSI_CAPABLE_SHIFT;
	uint32_t allowed = (control & MSI_ALLOWED) >> MSI_ALLOWED_SHIFT;

	if (allowed > capable)
		allowed = capable;
	guest->control = (guest->control & ~MSI_WRITABLE) | (control & MSI_ENABLE) |
			 allowed << MSI_ALLOWED_SHIFT;
}

static uint32_t all_vectors(const struct vfiomsi_core *core)
{
	return UINT32_MAX >> (32 - core->count);
}

static void write_msi(struct vfiomsi_core *core, uint32_t dword, uint32_t value)
{
	struct guest *guest = &core->next;

	switch (msi_register(core, dword)) {
	case MSI_HEADER:
		write_msi_control(guest, value >> 16);
		break;
	case MSI_LOW:
		guest->low = value & MESSAGE_LOW;
		break;
	case MSI_HIGH:
		guest->high = value;
		break;
	case MSI_MESSAGE_DATA:
		guest->data = value & MSI_DATA;
		break;
	case MSI_MASKS:
		guest->masks = value & all_vectors(core);
		break;
	case MSI_PENDING:
		break;
	}
}

static void write_cap(struct vfiomsi_core *core, uint32_t dword, uint32_t value)
{
	if (!core->msix)
		write_msi(core, dword, value);
	else if (!dword)
		write_msix_control(&core->next, value >> 16);
}

static bool in_cap(const struct vfiomsi_core *core, uint32_t offset, uint32_t width)
{
	return (width == 1 || width == 2 || width == 4) && offset % width == 0 &&
	       offset < core->cap_size;
}

static uint32_t low_bits(uint32_t width)
{
	return UINT32_MAX >> (32 - 8 * width);
}

API int vfiomsi_core_cap_read(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			      uint32_t *value)
{
	*value = UINT32_MAX;
	if (!in_cap(core, offset, width))
		return -EINVAL;
	*value = read_cap(core, offset / 4) >> offset % 4 * 8 & low_bits(width);

	return 0;
}

API int vfiomsi_core_cap_write(struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			       uint32_t value)
{
	uint32_t shift = offset % 4 * 8;
	uint32_t bits;

	if (!in_cap(core, offset, width))
		return -EINVAL;
	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	bits = low_bits(width);
	write_cap(core, offset / 4,
		  (read_cap(core, offset / 4) & ~(bits << shift)) | (value & bits) << shift);
	vfiomsi_guest_note_used(core, &core->next, 0, core->count);

	return vfiomsi_plan(core, PLAN_CHANGE, 0, core->count);
}

/* @size is 0 for MSI. */
static bool in_memory(uint32_t size, uint32_t offset, uint32_t width)
{
	return (width == 4 || width == 8) && offset % width == 0 && offset < size;
}

static uint32_t read_entry(const struct entry *entry, uint32_t dword)
{
	switch (dword) {
	case 0:
		return entry->low;
	case 1:
		return entry->high;
	case 2:
		return entry->data;
	}

	return entry->masked ? MSIX_MASK_BIT : 0;
}

static void write_entry(struct entry *entry, uint32_t dword, uint32_t value)
{
	switch (dword) {
	case 0:
		entry->low = value & MESSAGE_LOW;
		break;
	case 1:
		entry->high = value;
		break;
	case 2:
		entry->data = value;
		break;
	default:
		entry->masked = value & MSIX_MASK_BIT;
	}
}

API int vfiomsi_core_table_read(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
				uint64_t *value)
{
	const struct entry *entry;
	uint32_t dword;

	*value = UINT64_MAX;
	if (!in_memory(vfiomsi_core_table_size(core), offset, width))
		return -EINVAL;
	entry = &core->now.entries[offset / MSIX_ENTRY_SIZE];
	dword = offset % MSIX_ENTRY_SIZE / 4;
	*value = read_entry(entry, dword);
	if (width == 8)
		*value |= (uint64_t)read_entry(entry, dword + 1) << 32;

	return 0;
}

API int vfiomsi_core_table_write(struct vfiomsi_core *core, uint32_t offset, uint32_t width,
				 uint64_t value)
{
	uint32_t vector = offset / MSIX_ENTRY_SIZE;
	uint32_t dword = offset % MSIX_ENTRY_SIZE / 4;
	struct entry *entry;

	if (!in_memory(vfiomsi_core_table_size(core), offset, width))
		return -EINVAL;
	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	entry = &core->next.entries[vector];
	write_entry(entry, dword, (uint32_t)value);
	if (width == 8)
		write_entry(entry, dword + 1, (uint32_t)(value >> 32));
	vfiomsi_guest_note_used(core, &core->next, vector, vector + 1);

	return vfiomsi_plan(core, PLAN_CHANGE, vector, vector + 1);
}

API int vfiomsi_core_pba_read(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			      uint64_t *value)
{
	*value = UINT64_MAX;
	if (!in_memory(vfiomsi_core_pba_size(core), offset, width))
		return -EINVAL;
	*value = vfiomsi_pending_bits(core, offset * 8);
	if (width == 8)
		*value |= (uint64_t)vfiomsi_pending_bits(core, offset * 8 + 32) << 32;

	return 0;
}

API int vfiomsi_core_pba_write(struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			       uint64_t value)
{
	(void)value;

	return in_memory(vfiomsi_core_pba_size(core), offset, width) ? 0 : -EINVAL;
}
