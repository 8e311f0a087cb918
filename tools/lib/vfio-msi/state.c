// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A saved state is made of little-endian dwords:
 *
 * 0	"VMSI"
 * 1	version: 1
 * 2	size of the state in bytes
 * 3	ID of the capability
 * 4	Message Control
 * 5-8	MSI: address low, address high, data, mask bits; MSI-X: 0
 * then	MSI-X: the table, four dwords for each vector
 * then	the pending bits, 32 in each dword
 * last	CRC-32 of all before it (of Ethernet, as zlib's crc32())
 *
 * The control has the number of vectors and which of MSI's registers there are.
 */
#include <errno.h>

#include "core.h"

#define MAGIC		0x49534d56
#define VERSION		1
#define HEADER_DWORDS	9
#define VERSION_DWORDS	2	/* of any version: the magic number and the version */

static uint32_t table_dwords(const struct vfiomsi_core *core)
{
	return core->msix ? core->count * 4 : 0;
}

static uint32_t pending_dwords(const struct vfiomsi_core *core)
{
	return (core->count + 31) / 32;
}

static size_t state_dwords(const struct vfiomsi_core *core)
{
	return HEADER_DWORDS + table_dwords(core) + pending_dwords(core) + 1;
}

static void put(uint8_t *state, size_t dword, uint32_t value)
{
	uint32_t i;

	for (i = 0; i < 4; i++)
		state[dword * 4 + i] = value >> i * 8 & 0xff;
}

static uint32_t get(const uint8_t *state, size_t dword)
{
	const uint8_t *bytes = &state[dword * 4];

	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;
	size_t i;
	int bit;

	for (i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}

	return ~crc;
}

API size_t vfiomsi_core_state_size(const struct vfiomsi_core *core)
{
	return state_dwords(core) * 4;
}

static void save_header(const struct vfiomsi_core *core, uint8_t *state)
{
	put(state, 0, MAGIC);
	put(state, 1, VERSION);
	put(state, 2, (uint32_t)vfiomsi_core_state_size(core));
	put(state, 3, core->capability[0]);
	put(state, 4, core->now.control);
	put(state, 5, core->now.low);
	put(state, 6, core->now.high);
	put(state, 7, core->now.data);
	put(state, 8, core->now.masks);
}

static void save_entry(const struct entry *entry, uint8_t *state, size_t at)
{
	put(state, at, entry->low);
	put(state, at + 1, entry->high);
	put(state, at + 2, entry->data);
	put(state, at + 3, entry->masked ? MSIX_MASK_BIT : 0);
}

API int vfiomsi_core_save(const struct vfiomsi_core *core, void *state, size_t size)
{
	size_t at = HEADER_DWORDS;
	uint32_t i;

	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	if (size < vfiomsi_core_state_size(core))
		return -ENOSPC;

	save_header(core, state);
	for (i = 0; i < table_dwords(core) / 4; i++, at += 4)
		save_entry(&core->now.entries[i], state, at);
	for (i = 0; i < pending_dwords(core); i++, at++)
		put(state, at, vfiomsi_pending_bits(core, i * 32));
	put(state, at, crc32(state, at * 4));

	return 0;
}

/* A newer version may change anything but its number's place. */
static int check_intact(const uint8_t *state, size_t size)
{
	size_t dwords = size / 4;

	if (dwords < VERSION_DWORDS || get(state, 0) != MAGIC || !get(state, 1))
		return -EBADMSG;
	if (get(state, 1) > VERSION)
		return -EOPNOTSUPP;
	if (size % 4 || dwords < HEADER_DWORDS || get(state, 2) != size ||
	    get(state, dwords - 1) != crc32(state, size - 4))
		return -EBADMSG;

	return 0;
}

static bool is_ours(const struct vfiomsi_core *core, const uint8_t *state, size_t size)
{
	uint16_t writable = core->msix ? MSIX_WRITABLE : MSI_WRITABLE;

	return size == vfiomsi_core_state_size(core) && get(state, 3) == core->capability[0] &&
	       !((get(state, 4) ^ core->now.control) & ~(uint32_t)writable);
}

static bool msi_can_be(const struct vfiomsi_core *core, const uint8_t *state)
{
	uint32_t control = get(state, 4);
	uint32_t unused = core->count < 32 ? UINT32_MAX << core->count : 0;

	if (core->msix)
		return !get(state, 5) && !get(state, 6) && !get(state, 7) && !get(state, 8);

	return (control & MSI_ALLOWED) >> MSI_ALLOWED_SHIFT <=
	       (control & MSI_CAPABLE) >> MSI_CAPABLE_SHIFT &&
	       !(get(state, 5) & ~MESSAGE_LOW) && (control & MSI_64BIT || !get(state, 6)) &&
	       get(state, 7) <= MSI_DATA && !(get(state, 8) & unused) &&
	       (control & MSI_MASK_BITS || !get(state, 8));
}

static bool table_can_be(const struct vfiomsi_core *core, const uint8_t *state)
{
	size_t at = HEADER_DWORDS;
	uint32_t i;

	for (i = 0; i < table_dwords(core) / 4; i++, at += 4)
		if (get(state, at) & ~MESSAGE_LOW || get(state, at + 3) & ~MSIX_MASK_BIT)
			return false;

	return true;
}

static bool pending_can_be(const struct vfiomsi_core *core, const uint8_t *state)
{
	uint32_t last = HEADER_DWORDS + table_dwords(core) + pending_dwords(core) - 1;

	return core->count % 32 == 0 || !(get(state, last) >> core->count % 32);
}

static void load_entry(struct entry *entry, const uint8_t *state, size_t at)
{
	entry->low = get(state, at);
	entry->high = get(state, at + 1);
	entry->data = get(state, at + 2);
	entry->masked = get(state, at + 3);
	entry->used = false;
}

static void load_guest(struct vfiomsi_core *core, const uint8_t *state)
{
	struct guest *guest = &core->next;
	uint32_t i;

	guest->control = (uint16_t)get(state, 4);
	guest->low = get(state, 5);
	guest->high = get(state, 6);
	guest->data = get(state, 7);
	guest->masks = get(state, 8);
	for (i = 0; i < table_dwords(core) / 4; i++)
		load_entry(&guest->entries[i], state, HEADER_DWORDS + i * 4);
	vfiomsi_guest_note_used(core, guest, 0, core->count);
	vfiomsi_guest_note_dummy(core, guest);
	vfiomsi_guest_copy(core, &core->now, guest, 0, core->count);
}

static void load_pending(struct vfiomsi_core *core, const uint8_t *state)
{
	uint32_t first = HEADER_DWORDS + table_dwords(core);
	uint32_t i;

	for (i = 0; i < core->count; i++) {
		core->vectors[i].pending = get(state, first + i / 32) >> i % 32 & 1;
		core->vectors[i].host_pending = false;
	}
}

API int vfiomsi_core_load(struct vfiomsi_core *core, const void *state, size_t size)
{
	int ret;

	if (core->plan.kind != PLAN_NONE || core->allocated || core->dummy.count)
		return -EBUSY;
	ret = check_intact(state, size);
	if (ret)
		return ret;
	if (!is_ours(core, state, size))
		return -EINVAL;
	if (!msi_can_be(core, state) || !table_can_be(core, state) || !pending_can_be(core, state))
		return -EBADMSG;

	load_guest(core, state);
	load_pending(core, state);
	core->behind = true;

	return 0;
}
