// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules for MSI-X. Each begins with MSI-X disabled, all vectors masked, nothing pending and
 * vector n having message n. Messages from SPARE on are for changes.
 * Documentation/conformance.rst says where the PCI Express Base Specification has each rule.
 */

#include "conform.h"

#define ENABLE		PCI_MSIX_FLAGS_ENABLE
#define MASKALL		PCI_MSIX_FLAGS_MASKALL

#define ADDRESS		PCI_MSIX_ENTRY_LOWER_ADDR
#define DATA		PCI_MSIX_ENTRY_DATA
#define CONTROL		PCI_MSIX_ENTRY_VECTOR_CTRL

#define SPARE		CONFORM_VECTORS_MAX

/* For how long nothing must arrive */
#define SILENT_MS	15

static u64 qword(u32 low, u32 high)
{
	return (u64)high << 32 | low;
}

static u64 data_qword(const struct conform *c, unsigned int message, bool masked)
{
	return qword(c->message[message].data, masked);
}

/* Registers */

static void after_reset(struct conform *c)
{
	EXPECT(c, !(c->first_control & (ENABLE | MASKALL)));
	EXPECT(c, conform_first_masks(c) == GENMASK(c->vectors - 1, 0));
	EXPECT(c, c->first_pending == 0);
}

static void function_reset(struct conform *c)
{
	conform_set_control(c, ENABLE | MASKALL);
	conform_mask(c, 1, false);
	conform_raise(c, 1);
	conform_judge_reset(c, after_reset);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static u16 both_bits(struct conform *c)
{
	return conform_control(c) & (ENABLE | MASKALL);
}

static void control_widths(struct conform *c)
{
	u32 dword = conform_cap_read(c, 0, 4);

	EXPECT(c, dword >> 16 == conform_control(c));
	conform_cap_write(c, 3, 1, MASKALL >> 8);
	EXPECT(c, both_bits(c) == MASKALL);
	conform_cap_write(c, 3, 1, (ENABLE | MASKALL) >> 8);
	EXPECT(c, both_bits(c) == (ENABLE | MASKALL));
	EXPECT(c, conform_cap_read(c, 3, 1) == conform_control(c) >> 8);
	conform_cap_write(c, 0, 4, dword | MASKALL << 16);
	EXPECT(c, both_bits(c) == MASKALL);
	conform_cap_write(c, 2, 2, ENABLE | MASKALL);
	EXPECT(c, both_bits(c) == (ENABLE | MASKALL));
	conform_cap_write(c, 2, 2, 0);
	EXPECT(c, both_bits(c) == 0);
}

static void read_only(struct conform *c)
{
	static const u32 writable[] = { (u32)(ENABLE | MASKALL) << 16, 0, 0 };
	u32 before[ARRAY_SIZE(writable)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(writable); i++) {
		before[i] = conform_cap_read(c, i * 4, 4);
		conform_cap_write(c, i * 4, 4, ~writable[i]);
		EXPECT(c, conform_cap_read(c, i * 4, 4) == (before[i] & ~writable[i]));
		conform_cap_write(c, i * 4, 4, 0);
		EXPECT(c, conform_cap_read(c, i * 4, 4) == (before[i] & ~writable[i]));
	}
}

/* Different in each dword of the table, and 0 in the reserved bits */
static u32 pattern(unsigned int vector, unsigned int field)
{
	return field == CONTROL ? vector % 3 != 0 : 0x5a000000 + vector * 0x1000 + field * 0x10;
}

static bool table_has_patterns(struct conform *c)
{
	unsigned int i, field;

	for (i = 0; i < c->vectors; i++)
		for (field = ADDRESS; field <= CONTROL; field += 4)
			if (conform_table_read(c, i, field) != pattern(i, field))
				return false;

	return true;
}

static void table_dwords(struct conform *c)
{
	unsigned int i, field;

	for (i = 0; i < c->vectors; i++)
		for (field = ADDRESS; field <= CONTROL; field += 4)
			conform_table_write(c, i, field, pattern(i, field));
	EXPECT(c, table_has_patterns(c));
}

static void table_qwords(struct conform *c)
{
	unsigned int i, field;
	u64 value;

	for (i = 0; i < c->vectors; i++) {
		for (field = ADDRESS; field <= CONTROL; field += 8) {
			value = qword(pattern(i, field), pattern(i, field + 4));
			conform_table_write_qword(c, i, field, value);
			EXPECT(c, conform_table_read_qword(c, i, field) == value);
		}
	}
	EXPECT(c, table_has_patterns(c));
}

static void table_is_kept(struct conform *c)
{
	unsigned int i;

	/* Masked, as the patterns are no messages. */
	for (i = 0; i < c->vectors; i++) {
		conform_table_write(c, i, ADDRESS, pattern(i, ADDRESS));
		conform_table_write(c, i, DATA, pattern(i, DATA));
	}
	conform_set_control(c, ENABLE);
	conform_set_control(c, ENABLE | MASKALL);
	conform_set_control(c, ENABLE);
	conform_set_control(c, 0);
	for (i = 0; i < c->vectors; i++) {
		EXPECT(c, conform_table_read(c, i, ADDRESS) == pattern(i, ADDRESS));
		EXPECT(c, conform_table_read(c, i, DATA) == pattern(i, DATA));
		EXPECT(c, conform_table_read(c, i, CONTROL) == 1);
	}
}

static void pba_widths(struct conform *c)
{
	unsigned int last = c->vectors - 1;

	conform_set_control(c, ENABLE);
	conform_raise(c, 0);
	conform_raise(c, last);
	EXPECT(c, conform_pends(c, BIT(0) | BIT(last)));
	EXPECT(c, conform_pba_read(c, 0) == (BIT(0) | BIT(last)));
	EXPECT(c, conform_pba_read(c, 1) == 0);
	EXPECT(c, conform_pba_read_qword(c, 0) == (BIT(0) | BIT(last)));
}

/* Enable and disable */

static void each_arrives(struct conform *c)
{
	unsigned int i;

	for (i = 0; i < c->vectors; i++) {
		conform_raise(c, i);
		EXPECT(c, conform_arrives(c, i));
	}
}

static void unmask_then_enable(struct conform *c)
{
	conform_set_masks(c, 0);
	conform_set_control(c, ENABLE);
	each_arrives(c);
}

static void enable_then_unmask(struct conform *c)
{
	conform_set_control(c, ENABLE);
	conform_set_masks(c, 0);
	each_arrives(c);
}

static void function_mask_first(struct conform *c)
{
	conform_set_control(c, ENABLE | MASKALL);
	conform_set_masks(c, 0);
	conform_raise(c, 2);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, 2));
	each_arrives(c);
}

static void disabled_is_silent(struct conform *c)
{
	conform_set_masks(c, 0);
	conform_set_control(c, ENABLE);
	conform_raise(c, 0);
	EXPECT(c, conform_arrives(c, 0));
	conform_set_control(c, 0);
	conform_raise(c, 0);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static void enable_again(struct conform *c)
{
	unsigned int i;

	conform_set_masks(c, BIT(3));
	for (i = 0; i < 4; i++) {
		conform_set_control(c, ENABLE);
		conform_raise(c, i % 3);
		EXPECT(c, conform_arrives(c, i % 3));
		conform_set_control(c, 0);
	}
	conform_set_control(c, ENABLE);
	conform_raise(c, 3);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 3, false);
	EXPECT(c, conform_arrives(c, 3));
}

enum step { STEP_ENABLE, STEP_FUNCTION_UNMASK, STEP_MESSAGE, STEP_UNMASK, STEP_RAISE, STEPS };

static void do_step(struct conform *c, enum step step)
{
	switch (step) {
	case STEP_ENABLE:
		conform_set_control(c, c->control | ENABLE);
		break;
	case STEP_FUNCTION_UNMASK:
		conform_set_control(c, c->control & ENABLE);
		break;
	case STEP_MESSAGE:
		conform_write_message(c, 1, SPARE);
		break;
	case STEP_UNMASK:
		conform_mask(c, 1, false);
		break;
	default:
		conform_raise(c, 1);
	}
}

/*
 * If the vector is raised before MSI-X is enabled, the specification does not say whether an
 * interrupt becomes pending: one may arrive later, or none.
 */
static void try_order(struct conform *c, const enum step *order, const int *place)
{
	bool counts = place[STEP_ENABLE] < place[STEP_RAISE];
	unsigned int i;
	int early;

	conform_set_control(c, MASKALL);
	conform_mask(c, 1, true);
	conform_write_message(c, 1, 1);
	for (i = 0; i < STEPS; i++)
		do_step(c, order[i]);
	if (counts) {
		EXPECT(c, conform_arrives(c, SPARE));
	} else {
		conform_silent(c, SILENT_MS);
		early = atomic_read(&c->message[SPARE].count) - c->message[SPARE].wanted;
		if (early == 1)
			conform_want(c, SPARE);
		EXPECT(c, conform_silent(c, 0));
	}
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
	conform_set_control(c, 0);
}

/* The message has to be there before the vector is first not masked. */
static bool is_legal(const int *place)
{
	return place[STEP_MESSAGE] < place[STEP_UNMASK] ||
	       place[STEP_MESSAGE] < place[STEP_FUNCTION_UNMASK];
}

/* The 80 orders of these five steps that are legal */
static void every_order(struct conform *c)
{
	enum step order[STEPS];
	int place[STEPS];
	unsigned int code, i, rest;
	u32 used;

	for (code = 0; code < 3125; code++) {
		used = 0;
		for (i = 0, rest = code; i < STEPS; i++, rest /= STEPS) {
			order[i] = rest % STEPS;
			place[order[i]] = i;
			used |= BIT(order[i]);
		}
		if (used == GENMASK(STEPS - 1, 0) && is_legal(place) && !c->failed)
			try_order(c, order, place);
	}
}

/* Masks */

static void start(struct conform *c)
{
	conform_set_masks(c, 0);
	conform_set_control(c, ENABLE);
}

static void vector_mask(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static void vector_mask_is_its_own(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	conform_raise(c, 0);
	EXPECT(c, conform_arrives(c, 0));
	conform_raise(c, 2);
	EXPECT(c, conform_arrives(c, 2));
}

static void vector_unmask(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, 1));
}

static void delivered_once(struct conform *c)
{
	unsigned int i;

	start(c);
	conform_mask(c, 1, true);
	for (i = 0; i < 3; i++)
		conform_raise(c, 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, true);
	conform_mask(c, 1, false);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static void never_unmasked(struct conform *c)
{
	conform_set_control(c, ENABLE);
	conform_raise(c, 2);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_write_message(c, 2, SPARE);
	conform_mask(c, 2, false);
	EXPECT(c, conform_arrives(c, SPARE));
}

static void function_mask(struct conform *c)
{
	start(c);
	conform_set_control(c, ENABLE | MASKALL);
	conform_raise(c, 0);
	conform_raise(c, c->vectors - 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

static void function_unmask(struct conform *c)
{
	unsigned int last = c->vectors - 1;

	start(c);
	conform_set_control(c, ENABLE | MASKALL);
	conform_raise(c, last);
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, last));
	each_arrives(c);
}

static void masks_are_kept(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_set_control(c, ENABLE | MASKALL);
	EXPECT(c, conform_masks(c) == BIT(1));
	conform_raise(c, 1);
	conform_raise(c, 2);
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, 2));
	EXPECT(c, conform_silent(c, SILENT_MS));
	EXPECT(c, conform_masks(c) == BIT(1));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
}

static void masks_change_meanwhile(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_set_control(c, ENABLE | MASKALL);
	conform_mask(c, 1, false);
	conform_mask(c, 2, true);
	conform_raise(c, 1);
	conform_raise(c, 2);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, 1));
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 2, false);
	EXPECT(c, conform_arrives(c, 2));
}

static void both_masks(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	conform_set_control(c, ENABLE | MASKALL);
	conform_mask(c, 1, false);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, 1));

	conform_set_control(c, ENABLE | MASKALL);
	conform_raise(c, 1);
	conform_mask(c, 1, true);
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
}

static void same_mask_again(struct conform *c)
{
	start(c);
	conform_mask(c, 1, false);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, 1));
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	conform_mask(c, 1, true);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
	conform_mask(c, 1, false);
	EXPECT(c, conform_silent(c, SILENT_MS));
}

/* Messages */

static void message_while_disabled(struct conform *c)
{
	start(c);
	conform_set_control(c, 0);
	conform_write_message(c, 1, SPARE);
	conform_set_control(c, ENABLE);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
}

static void message_under_mask(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_write_message(c, 1, SPARE);
	conform_mask(c, 1, false);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
}

static void message_while_pending(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_write_message(c, 1, SPARE);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, SPARE));
}

static void message_under_function_mask(struct conform *c)
{
	start(c);
	conform_set_control(c, ENABLE | MASKALL);
	conform_write_message(c, 1, SPARE);
	conform_raise(c, 2);
	conform_write_message(c, 2, SPARE + 1);
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, SPARE + 1));
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
}

static void message_by_qwords(struct conform *c)
{
	start(c);
	conform_mask(c, 1, true);
	conform_table_write_qword(c, 1, ADDRESS, c->message[SPARE].address);
	conform_table_write_qword(c, 1, DATA, data_qword(c, SPARE, false));
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
	conform_table_write_qword(c, 1, DATA, data_qword(c, SPARE, true));
	conform_raise(c, 1);
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_table_write_qword(c, 1, DATA, data_qword(c, SPARE + 1, false));
	EXPECT(c, conform_arrives(c, SPARE + 1));
}

/* What the specification leaves undefined is done under a mask after it. */
static void message_in_use(struct conform *c)
{
	start(c);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, 1));
	conform_table_write(c, 1, DATA, c->message[SPARE].data);
	conform_mask(c, 1, true);
	conform_mask(c, 1, false);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
	conform_raise(c, 2);
	EXPECT(c, conform_arrives(c, 2));
}

static void shared_message(struct conform *c)
{
	conform_write_message(c, 1, SPARE);
	conform_write_message(c, 2, SPARE);
	start(c);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, SPARE));
	conform_raise(c, 2);
	EXPECT(c, conform_arrives(c, SPARE));
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	conform_raise(c, 2);
	EXPECT(c, conform_arrives(c, SPARE));
	/* The other must not come either after a while. */
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, SPARE));
}

/* Pending bits */

static void pending_bits(struct conform *c)
{
	unsigned int i;
	u32 wanted = 0;

	conform_set_control(c, ENABLE);
	for (i = 0; i < c->vectors; i += 3) {
		EXPECT(c, conform_pends(c, wanted));
		conform_raise(c, i);
		wanted |= BIT(i);
	}
	EXPECT(c, conform_pends(c, wanted));
	for (i = 0; i < c->vectors; i += 3) {
		conform_mask(c, i, false);
		EXPECT(c, conform_arrives(c, i));
		wanted &= ~BIT(i);
		EXPECT(c, conform_pends(c, wanted));
	}
}

static void pending_after_mask(struct conform *c)
{
	start(c);
	conform_raise(c, 1);
	EXPECT(c, conform_arrives(c, 1));
	EXPECT(c, conform_pends(c, 0));
	conform_mask(c, 1, true);
	EXPECT(c, conform_pends(c, 0));
	conform_raise(c, 1);
	EXPECT(c, conform_pends(c, BIT(1)));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
	EXPECT(c, conform_pends(c, 0));
}

static void pending_under_function_mask(struct conform *c)
{
	start(c);
	conform_mask(c, 2, true);
	conform_set_control(c, ENABLE | MASKALL);
	conform_raise(c, 1);
	conform_raise(c, 2);
	EXPECT(c, conform_pends(c, (BIT(1) | BIT(2))));
	conform_set_control(c, ENABLE);
	EXPECT(c, conform_arrives(c, 1));
	EXPECT(c, conform_pends(c, BIT(2)));
}

static void pending_is_only_read(struct conform *c)
{
	unsigned int i;

	start(c);
	conform_mask(c, 1, true);
	conform_raise(c, 1);
	for (i = 0; i < 4; i++)
		EXPECT(c, conform_pends(c, BIT(1)));
	EXPECT(c, conform_silent(c, SILENT_MS));
	conform_mask(c, 1, false);
	EXPECT(c, conform_arrives(c, 1));
}

/* Counts */

static void many_in_turn(struct conform *c)
{
	unsigned int i, vector;

	start(c);
	for (i = 0; i < 200; i++) {
		vector = i * 7 % c->vectors;
		conform_raise(c, vector);
		EXPECT(c, conform_arrives(c, vector));
	}
}

#define RANDOM_VECTORS	5
#define RANDOM_STEPS	400

static u32 next_random(u32 *state)
{
	*state = *state * 1664525 + 1013904223;

	return *state >> 16;
}

/* What has to arrive now that a mask is gone */
static void expect_unmasked(struct conform *c, u32 raised, const unsigned int *has)
{
	unsigned int i;

	for (i = 0; i < RANDOM_VECTORS; i++)
		if (raised & ~c->raised & BIT(i))
			conform_want(c, has[i]);
	EXPECT(c, conform_arrived(c));
}

static void random_step(struct conform *c, u32 random, unsigned int *has)
{
	unsigned int vector = random / 8 % RANDOM_VECTORS;
	bool masked = (c->masked & BIT(vector)) || c->control & MASKALL;
	u32 raised = c->raised;

	switch (random % 8) {
	case 0:
	case 1:
		conform_mask(c, vector, !(c->masked & BIT(vector)));
		break;
	case 2:
		conform_set_control(c, c->control ^ MASKALL);
		break;
	case 3:
		if (masked) {
			has[vector] = has[vector] == vector ? SPARE + vector : vector;
			conform_write_message(c, vector, has[vector]);
		}
		break;
	case 4:
		EXPECT(c, conform_pends(c, c->raised));
		break;
	default:
		conform_raise(c, vector);
		if (!masked)
			conform_want(c, has[vector]);
	}
	expect_unmasked(c, raised, has);
}

static void random_operations(struct conform *c)
{
	unsigned int has[RANDOM_VECTORS];
	u32 random = 1;
	unsigned int i;

	for (i = 0; i < RANDOM_VECTORS; i++)
		has[i] = i;
	start(c);
	for (i = 0; i < RANDOM_STEPS && !c->failed; i++)
		random_step(c, next_random(&random), has);
}

const struct conform_rule conform_msix_rules[] = {
	{ "after-reset", after_reset, FAULT_RESET_UNMASKED },
	{ "function-reset", function_reset, FAULT_RESET_IGNORED },
	{ "control-widths", control_widths, FAULT_BYTE_IGNORED },
	{ "read-only", read_only, FAULT_ALL_WRITABLE },
	{ "table-dwords", table_dwords, FAULT_NEIGHBOUR },
	{ "table-qwords", table_qwords, FAULT_QWORD_HALF },
	{ "table-kept", table_is_kept, FAULT_ENABLE_FORGETS },
	{ "pba-widths", pba_widths, FAULT_QWORD_HALF },
	{ "unmask-then-enable", unmask_then_enable, FAULT_FIRST_ONLY },
	{ "enable-then-unmask", enable_then_unmask, FAULT_FIRST_ONLY },
	{ "function-mask-first", function_mask_first, FAULT_PENDING_LOST },
	{ "disabled-silent", disabled_is_silent, FAULT_DISABLE_IGNORED },
	{ "enable-again", enable_again, FAULT_ENABLE_FORGETS },
	{ "every-order", every_order, FAULT_STALE_MASKED },
	{ "vector-mask", vector_mask, FAULT_MASK_IGNORED },
	{ "vector-mask-own", vector_mask_is_its_own, FAULT_MASK_ALL },
	{ "vector-unmask", vector_unmask, FAULT_PENDING_LOST },
	{ "delivered-once", delivered_once, FAULT_PENDING_TWICE },
	{ "never-unmasked", never_unmasked, FAULT_PENDING_LOST },
	{ "function-mask", function_mask, FAULT_FUNCTION_MASK_IGNORED },
	{ "function-unmask", function_unmask, FAULT_PENDING_LOST },
	{ "masks-kept", masks_are_kept, FAULT_FUNCTION_UNMASK_ALL },
	{ "masks-meanwhile", masks_change_meanwhile, FAULT_FUNCTION_MASK_IGNORED },
	{ "both-masks", both_masks, FAULT_PENDING_TWICE },
	{ "same-mask-again", same_mask_again, FAULT_RAISE_TWICE },
	{ "message-disabled", message_while_disabled, FAULT_STALE_DISABLED },
	{ "message-masked", message_under_mask, FAULT_STALE_MASKED },
	{ "message-pending", message_while_pending, FAULT_STALE_MASKED },
	{ "message-function-masked", message_under_function_mask, FAULT_STALE_MASKED },
	{ "message-qwords", message_by_qwords, FAULT_QWORD_HALF },
	{ "message-in-use", message_in_use, FAULT_STALE_IN_USE },
	{ "message-shared", shared_message, FAULT_MASK_IGNORED },
	{ "pending-bits", pending_bits, FAULT_OTHER_PENDING },
	{ "pending-vector-mask", pending_after_mask, FAULT_ALWAYS_PENDING },
	{ "pending-function-mask", pending_under_function_mask, FAULT_NEVER_PENDING },
	{ "pending-read", pending_is_only_read, FAULT_PENDING_READ },
	{ "counted", many_in_turn, FAULT_RAISE_LOST },
	{ "random", random_operations, FAULT_RAISE_TWICE },
	{}
};
