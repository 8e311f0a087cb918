// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules for MSI, with the same names as those for MSI-X where they are the same. Each begins
 * with MSI disabled, no vector masked, and a message whose vectors are @first and what follows.
 */

#include "conform.h"

#define SILENT_MS	15

#define ALLOW(log)	((log) << 4)

static u16 enable(const struct conform *c, unsigned int log)
{
	return (c->first_control & ~PCI_MSI_FLAGS_QSIZE) | ALLOW(log) | PCI_MSI_FLAGS_ENABLE;
}

static unsigned int most(const struct conform *c)
{
	return ilog2(c->vectors);
}

static bool has_masks(struct conform *c)
{
	if (!(c->first_control & PCI_MSI_FLAGS_MASKBIT))
		c->skipped = "no mask bits";

	return !c->skipped;
}

static void after_reset(struct conform *c)
{
	EXPECT(c, !(c->first_control & (PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE)));
	EXPECT(c, conform_first_masks(c) == 0);
	EXPECT(c, c->first_pending == 0);
}

static void function_reset(struct conform *c)
{
	conform_set_control(c, enable(c, 0));
	conform_judge_reset(c, after_reset);
}

static void control_widths(struct conform *c)
{
	conform_cap_write(c, 2, 1, PCI_MSI_FLAGS_ENABLE);
	EXPECT(c, (conform_cap_read(c, 2, 1) & 0x71) == PCI_MSI_FLAGS_ENABLE);
	conform_cap_write(c, 0, 4, ALLOW(1) << 16);
	EXPECT(c, (conform_control(c) & 0x71) == ALLOW(1));
	conform_cap_write(c, 2, 2, ALLOW(2) | PCI_MSI_FLAGS_ENABLE);
	EXPECT(c, (conform_cap_read(c, 0, 4) >> 16 & 0x71) ==
	       (ALLOW(2) | PCI_MSI_FLAGS_ENABLE));
	conform_cap_write(c, 2, 2, 0);
	EXPECT(c, (conform_control(c) & 0x71) == 0);
}

static void read_only(struct conform *c)
{
	u32 before = conform_cap_read(c, 0, 4);
	u32 writable = (PCI_MSI_FLAGS_QSIZE | PCI_MSI_FLAGS_ENABLE) << 16;

	conform_cap_write(c, 0, 4, ~writable);
	EXPECT(c, conform_cap_read(c, 0, 4) == (before & ~writable));
	conform_cap_write(c, 0, 4, 0);
	EXPECT(c, conform_cap_read(c, 0, 4) == (before & ~writable));
}

static bool holds(struct conform *c, unsigned int offset, unsigned int width, u32 value)
{
	conform_cap_write(c, offset, width, value);

	return conform_cap_read(c, offset, width) == value;
}

static void message_widths(struct conform *c)
{
	bool wide = c->first_control & PCI_MSI_FLAGS_64BIT;
	unsigned int data = wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32;

	EXPECT(c, holds(c, PCI_MSI_ADDRESS_LO, 4, 0xfee12340));
	EXPECT(c, holds(c, PCI_MSI_ADDRESS_LO + 2, 2, 0xabcd));
	EXPECT(c, holds(c, PCI_MSI_ADDRESS_LO + 1, 1, 0x5a));
	EXPECT(c, conform_cap_read(c, PCI_MSI_ADDRESS_LO, 4) == 0xabcd5a40);
	if (wide)
		EXPECT(c, holds(c, PCI_MSI_ADDRESS_HI, 4, 0x12345678));
	EXPECT(c, holds(c, data, 2, 0x4567));
	EXPECT(c, holds(c, data, 1, 0x89));
	EXPECT(c, conform_cap_read(c, data, 2) == 0x4589);
}

static void arrives_in_turn(struct conform *c, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		conform_raise(c, i);
		EXPECT(c, conform_arrives(c, c->first + i));
	}
}

static void one_vector(struct conform *c)
{
	conform_set_control(c, enable(c, 0));
	arrives_in_turn(c, 1);
	arrives_in_turn(c, 1);
}

static void vectors(struct conform *c)
{
	unsigned int log;

	for (log = 1; log <= most(c); log++) {
		conform_set_control(c, enable(c, log));
		arrives_in_turn(c, 1U << log);
		conform_set_control(c, 0);
	}
}

static void disabled_is_silent(struct conform *c)
{
	conform_set_control(c, enable(c, 0));
	arrives_in_turn(c, 1);
	conform_set_control(c, 0);
	conform_raise(c, 0);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static void enable_again(struct conform *c)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		conform_set_control(c, enable(c, 1));
		arrives_in_turn(c, 2);
		conform_set_control(c, 0);
	}
}

static void message_while_disabled(struct conform *c)
{
	unsigned int other = CONFORM_MESSAGES - 1;

	conform_set_control(c, enable(c, 0));
	conform_set_control(c, 0);
	conform_write_msi(c, other);
	conform_set_control(c, enable(c, 0));
	conform_raise(c, 0);
	EXPECT(c, conform_arrives(c, other));
}

static void vector_mask(struct conform *c)
{
	if (!has_masks(c))
		return;
	conform_set_control(c, enable(c, most(c)));
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static void vector_mask_is_its_own(struct conform *c)
{
	if (!has_masks(c))
		return;
	conform_set_control(c, enable(c, most(c)));
	conform_mask(c, 1, true);
	conform_raise(c, 0);
	EXPECT(c, conform_arrives(c, c->first));
}

static void delivered_once(struct conform *c)
{
	if (!has_masks(c))
		return;
	conform_set_control(c, enable(c, most(c)));
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	conform_raise(c, 1);
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, c->first + 1));
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, c->first + 1));
}

static void masked_first(struct conform *c)
{
	if (!has_masks(c))
		return;
	conform_mask(c, 1, true);
	conform_set_control(c, enable(c, most(c)));
	conform_raise(c, 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, c->first + 1));
}

static void pending_bits(struct conform *c)
{
	if (!has_masks(c))
		return;
	conform_set_control(c, enable(c, most(c)));
	conform_set_masks(c, 6);
	EXPECT(c, conform_pends(c, 0));
	conform_raise(c, 1);
	EXPECT(c, conform_pends(c, 2));
	conform_raise(c, 2);
	EXPECT(c, conform_pends(c, 6));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, c->first + 1));
	EXPECT(c, conform_pends(c, 4));
}

static void message_while_pending(struct conform *c)
{
	unsigned int other = CONFORM_MESSAGES - 1;

	if (!has_masks(c))
		return;
	conform_set_control(c, enable(c, 0));
	conform_mask(c, 0, true);
	conform_raise(c, 0);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_write_msi(c, other);
	conform_mask(c, 0, false);
	EXPECT(c, conform_arrives(c, other));
}

static void many_in_turn(struct conform *c)
{
	unsigned int i, vector;

	conform_set_control(c, enable(c, most(c)));
	for (i = 0; i < 100; i++) {
		vector = i * 3 % c->vectors;
		conform_raise(c, vector);
		EXPECT(c, conform_arrives(c, c->first + vector));
	}
}

const struct conform_rule conform_msi_rules[] = {
	{ "msi-after-reset", after_reset, FAULT_RESET_UNMASKED },
	{ "msi-function-reset", function_reset, FAULT_RESET_IGNORED },
	{ "msi-control-widths", control_widths, FAULT_BYTE_IGNORED },
	{ "msi-read-only", read_only, FAULT_ALL_WRITABLE },
	{ "msi-message-widths", message_widths, FAULT_BYTE_IGNORED },
	{ "msi-one-vector", one_vector, FAULT_RAISE_TWICE },
	{ "msi-vectors", vectors, FAULT_FIRST_ONLY },
	{ "msi-disabled-silent", disabled_is_silent, FAULT_DISABLE_IGNORED },
	{ "msi-enable-again", enable_again, FAULT_ENABLE_FORGETS },
	{ "msi-message-disabled", message_while_disabled, FAULT_STALE_DISABLED },
	{ "msi-vector-mask", vector_mask, FAULT_MASK_IGNORED },
	{ "msi-vector-mask-own", vector_mask_is_its_own, FAULT_MASK_ALL },
	{ "msi-delivered-once", delivered_once, FAULT_PENDING_TWICE },
	{ "msi-masked-first", masked_first, FAULT_PENDING_LOST },
	{ "msi-pending-bits", pending_bits, FAULT_OTHER_PENDING },
	{ "msi-message-pending", message_while_pending, FAULT_STALE_MASKED },
	{ "msi-counted", many_in_turn, FAULT_RAISE_LOST },
	{}
};
