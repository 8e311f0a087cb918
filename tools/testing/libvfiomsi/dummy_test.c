// SPDX-License-Identifier: GPL-2.0-only
/*
 * libvfiomsi's core with a guest that polls, against a scripted host, as TAP. Each test runs
 * for both ways to mask, and with and without dynamic vectors.
 *
 * usage: dummy_test
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vfiomsi/core.h>

#include "expect.h"
#include "host.h"

#define ENABLE		0x8000
#define FUNCTION_MASK	0x4000
#define VECTORS		4
#define DWORD		0x7f001000
#define INTERRUPT	0xfee00000

/* A guest's memory on both sides of the interrupts' addresses */
static const struct vfiomsi_memory memory[] = {
	{ 0, 0xfee00000 }, { UINT64_C(1) << 32, 0x1000 },
};

static struct vfiomsi_core *core;
static struct host host;
static uint32_t flags;
static unsigned int round;

static int run(int planned)
{
	host_begin(&host);

	return host_run(&host, planned);
}

static int set_control(uint16_t control)
{
	return run(vfiomsi_core_cap_write(core, 2, 2, control));
}

static int set_mask(unsigned int vector, bool masked)
{
	return run(vfiomsi_core_table_write(core, vector * 16 + 12, 4, masked));
}

static int set_address(unsigned int vector, uint64_t address)
{
	return run(vfiomsi_core_table_write(core, vector * 16, 8, address));
}

static int set_memory(const struct vfiomsi_memory *ranges, uint32_t count)
{
	return run(vfiomsi_core_set_memory(core, ranges, count));
}

/* Whether the host has exactly this dummy target, and no vector */
static bool is_dummy(uint64_t address, unsigned int first, unsigned int count)
{
	return vfiomsi_core_is_dummy(core) && !host.allocated && host.dummy == address &&
	       host.dummy_first == first && host.dummy_count == count;
}

/* Whether the host has vectors, and all that are not masked are attached */
static bool is_real(void)
{
	unsigned int i;

	for (i = 0; i < VECTORS; i++)
		if (!vfiomsi_core_is_masked(core, i) && !host.vector[i].attached)
			return false;

	return !vfiomsi_core_is_dummy(core) && host.allocated && !host.dummy_count;
}

static bool is_off(void)
{
	return !vfiomsi_core_is_dummy(core) && !host.allocated && !host.dummy_count;
}

static void start(uint32_t more)
{
	struct vfiomsi_core_config config = {
		.size = sizeof(config),
		.flags = flags | more,
		.capability = { 0x11, 0, VECTORS - 1 },
	};

	vfiomsi_core_destroy(core);
	core = NULL;
	EXPECT(!vfiomsi_core_create(&config, &core));
	host_init(&host, core, true, config.flags);
	EXPECT(!set_memory(memory, ARRAY_SIZE(memory)));
}

static void point_at(uint64_t address, unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++) {
		EXPECT(!set_address(i, address));
		EXPECT(!set_mask(i, false));
	}
}

/* As iPXE does it */
static void start_polling(void)
{
	start(VFIOMSI_HOST_DUMMY);
	point_at(DWORD, 0, VECTORS);
	EXPECT(!set_control(ENABLE));
	EXPECT(is_dummy(DWORD, 0, VECTORS));
}

static void test_polls(void)
{
	start_polling();
	EXPECT(host.calls[VFIOMSI_DUMMY_ON] == 1 && host.carried_out == 1);
	host_raise(&host, 1);
	EXPECT(!host.delivered_count);
	EXPECT(!set_control(0) && is_off() && host.carried_out == 1);
	EXPECT(!set_control(ENABLE) && is_dummy(DWORD, 0, VECTORS));
	EXPECT(!run(vfiomsi_core_reset(core)) && is_off());
	point_at(DWORD, 0, 1);
	EXPECT(!set_control(ENABLE) && is_dummy(DWORD, 0, 1));
}

static void test_host_has_none(void)
{
	start(0);
	point_at(DWORD, 0, VECTORS);
	EXPECT(!set_control(ENABLE) && is_real());
}

/* Real messages, no memory, and addresses at the borders of memory */
static void test_addresses(void)
{
	static const struct {
		uint64_t address;
		bool dummy;
	} cases[] = {
		{ INTERRUPT, false }, { 0xfedffffc, true }, { 0, true },
		{ UINT64_C(0x100000000), true }, { UINT64_C(0x100000ffc), true },
		{ UINT64_C(0x100001000), false }, { UINT64_C(0xfffffffffffffffc), false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		start(VFIOMSI_HOST_DUMMY);
		point_at(cases[i].address, 0, 1);
		EXPECT(!set_control(ENABLE));
		if (cases[i].dummy)
			EXPECT(is_dummy(cases[i].address, 0, 1));
		else
			EXPECT(is_real());
	}
}

/* Half of the dword is memory, or none of an empty range */
static void test_small_ranges(void)
{
	static const struct vfiomsi_memory half = { DWORD, 2 };
	static const struct vfiomsi_memory empty = { DWORD, 0 };
	static const struct vfiomsi_memory exact = { DWORD, 4 };
	static const struct vfiomsi_memory last = { UINT64_MAX - 3, 4 };
	static const struct vfiomsi_memory wraps = { UINT64_MAX - 3, 5 };

	start_polling();
	EXPECT(!set_memory(&half, 1) && is_real());
	EXPECT(!set_memory(&exact, 1) && is_dummy(DWORD, 0, VECTORS));
	EXPECT(!set_memory(&empty, 1) && is_real());
	EXPECT(!set_memory(&last, 1) && is_real());
	EXPECT(set_memory(&wraps, 1) == -EINVAL);
}

static void test_masks(void)
{
	start_polling();
	EXPECT(!set_mask(3, true) && is_dummy(DWORD, 0, 3));
	EXPECT(!set_mask(0, true) && is_dummy(DWORD, 1, 2));
	EXPECT(!set_mask(3, false) && is_dummy(DWORD, 1, 3));
	/* Two vectors with a gap */
	EXPECT(!set_mask(2, true) && is_real());
	EXPECT(!set_mask(2, false) && is_dummy(DWORD, 1, 3));
	EXPECT(!set_control(ENABLE | FUNCTION_MASK) && is_real());
	EXPECT(!set_control(ENABLE) && is_dummy(DWORD, 1, 3));
}

/* Vectors are unmasked one by one after MSI-X was enabled, with all of them masked. */
static void test_enable_first(void)
{
	unsigned int i;

	start(VFIOMSI_HOST_DUMMY);
	EXPECT(!set_control(ENABLE) && is_real());
	for (i = 0; i < VECTORS; i++) {
		point_at(DWORD, i, 1);
		EXPECT(is_dummy(DWORD, 0, i + 1));
	}
}

static void test_messages_change(void)
{
	start_polling();
	EXPECT(!set_address(2, DWORD + 4) && is_real());
	EXPECT(!set_address(2, DWORD) && is_dummy(DWORD, 0, VECTORS));
	EXPECT(!set_address(0, INTERRUPT) && is_real());
	host_raise(&host, 0);
	EXPECT(host.delivered_count == 1 && host.delivered[0].address == INTERRUPT);
}

static void test_memory_goes(void)
{
	start_polling();
	EXPECT(!set_memory(NULL, 0) && is_real());
	EXPECT(!set_memory(memory, 1) && is_dummy(DWORD, 0, VECTORS));
}

/* The host refuses: the owner turns this off, and makes the change again. */
static void test_host_refuses(void)
{
	start(VFIOMSI_HOST_DUMMY);
	point_at(DWORD, 0, VECTORS);
	host_begin(&host);
	host.fail_after = 0;
	EXPECT(host_run(&host, vfiomsi_core_cap_write(core, 2, 2, ENABLE)) == -EIO);
	EXPECT(is_off() && !vfiomsi_core_is_enabled(core));
	EXPECT(!set_memory(NULL, 0) && is_off());
	EXPECT(!set_control(ENABLE) && is_real());
}

/* Whichever action fails on the way to interrupts, the dummy target is back. */
static void test_way_back_fails(void)
{
	int at;

	for (at = 0; at < 64; at++) {
		start_polling();
		host_begin(&host);
		host.fail_after = at;
		if (!host_run(&host, vfiomsi_core_set_memory(core, NULL, 0)))
			break;
		EXPECT(is_dummy(DWORD, 0, VECTORS));
	}
	EXPECT(at > 3 && is_real());
}

static void test_pending(void)
{
	struct vfiomsi_action action;
	uint64_t bits;

	start(VFIOMSI_HOST_DUMMY);
	point_at(DWORD, 0, 2);
	EXPECT(!set_control(ENABLE) && is_dummy(DWORD, 0, 2));
	host_raise(&host, 2);
	EXPECT(!run(vfiomsi_core_harvest(core, 0, VECTORS)));
	EXPECT(!vfiomsi_core_pba_read(core, 0, 8, &bits) && bits == 4);
	EXPECT(vfiomsi_core_arrive(core, 3, &action) == 0);
	EXPECT(!vfiomsi_core_pba_read(core, 0, 8, &bits) && bits == 12);
	/* What is pending is written when its vector joins the others. */
	point_at(DWORD, 2, 2);
	EXPECT(!run(vfiomsi_core_harvest(core, 0, VECTORS)));
	EXPECT(!vfiomsi_core_pba_read(core, 0, 8, &bits) && !bits);
}

static void test_arrive(void)
{
	struct vfiomsi_action action;

	start_polling();
	EXPECT(vfiomsi_core_arrive(core, 1, &action) == 0);
}

static void test_host_lost(void)
{
	start_polling();
	host_lose(&host);
	EXPECT(is_off());
	EXPECT(!run(vfiomsi_core_sync(core)) && is_dummy(DWORD, 0, VECTORS));
}

/* All is given back: the core is about to be destroyed. */
static void test_sync_rolled_back(void)
{
	struct vfiomsi_action action;

	start_polling();
	host_begin(&host);
	EXPECT(vfiomsi_core_sync(core) == 0);
	host_lose(&host);
	EXPECT(vfiomsi_core_sync(core) == 1);
	EXPECT(vfiomsi_core_next(core, &action) == 1 && host_carry_out(&host, &action));
	EXPECT(vfiomsi_core_next(core, &action) == 0 && is_dummy(DWORD, 0, VECTORS));
	EXPECT(!vfiomsi_core_rollback(core));
	EXPECT(vfiomsi_core_next(core, &action) == 1 && host_carry_out(&host, &action));
	EXPECT(vfiomsi_core_next(core, &action) == 0 && is_off());
	EXPECT(!vfiomsi_core_commit(core));
}

static void test_move(void)
{
	uint8_t state[512];

	start_polling();
	EXPECT(vfiomsi_core_load(core, state, sizeof(state)) == -EBUSY);
	EXPECT(!vfiomsi_core_save(core, state, sizeof(state)));
	start(VFIOMSI_HOST_DUMMY);
	EXPECT(!vfiomsi_core_load(core, state, vfiomsi_core_state_size(core)));
	EXPECT(!run(vfiomsi_core_sync(core)) && is_dummy(DWORD, 0, VECTORS));
	start(0);
	EXPECT(!vfiomsi_core_load(core, state, vfiomsi_core_state_size(core)));
	EXPECT(!run(vfiomsi_core_sync(core)) && is_real());
}

static void test_busy(void)
{
	start(VFIOMSI_HOST_DUMMY);
	EXPECT(vfiomsi_core_cap_write(core, 2, 2, ENABLE) == 1);
	EXPECT(vfiomsi_core_set_memory(core, NULL, 0) == -EBUSY);
	EXPECT(!run(1) && is_real());
}

static const struct test tests[] = {
	{ "a guest that polls has a dummy target", test_polls },
	{ "a host without dummy targets", test_host_has_none },
	{ "addresses", test_addresses },
	{ "small ranges", test_small_ranges },
	{ "masked vectors stay out of the target", test_masks },
	{ "vectors are unmasked one by one", test_enable_first },
	{ "messages change", test_messages_change },
	{ "memory is unmapped and mapped", test_memory_goes },
	{ "the host refuses the target", test_host_refuses },
	{ "rollback of the way back to interrupts", test_way_back_fails },
	{ "what is pending", test_pending },
	{ "arrivals at the owner", test_arrive },
	{ "the host is lost", test_host_lost },
	{ "a sync that is rolled back", test_sync_rolled_back },
	{ "move to another host", test_move },
	{ "busy while there is a plan", test_busy },
};

static bool prepare(void)
{
	static const uint32_t kinds[] = {
		0, VFIOMSI_HOST_MASKS, VFIOMSI_DYNAMIC, VFIOMSI_HOST_MASKS | VFIOMSI_DYNAMIC,
	};

	EXPECT(!host.wrong);
	if (round == ARRAY_SIZE(kinds) || host.wrong)
		return false;
	memset(&host, 0, sizeof(host));
	flags = kinds[round++];

	return true;
}

int main(void)
{
	bool passed = true;
	unsigned int i;

	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		round = 0;
		passed = run_test(__FILE__, i + 1, &tests[i], prepare) && passed;
	}
	vfiomsi_core_destroy(core);

	return passed ? 0 : 1;
}
