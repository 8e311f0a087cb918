// SPDX-License-Identifier: GPL-2.0-only
/*
 * libvfiomsi's core against a scripted host and device, as TAP. Each test runs for both
 * ways to mask, and with and without dynamic vectors.
 *
 * usage: core_test
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vfiomsi/core.h>

#include "expect.h"
#include "host.h"

#define ENABLE		0x8000
#define FUNCTION_MASK	0x4000
#define CONTROL		2
#define MASK_BIT	12

/* Message Control of MSI */
#define MSI_ENABLE	0x0001
#define MSI_CAPABLE(n)	((n) << 1)
#define MSI_ALLOWED(n)	((n) << 4)
#define MSI_64BIT	0x0080
#define MSI_MASKS	0x0100

static struct vfiomsi_core *core;
static struct host host;
static uint32_t flags;
/* Make the core and the host. */

static struct vfiomsi_core *make(uint8_t id, uint16_t control)
{
	struct vfiomsi_core_config config = {
		.size = sizeof(config),
		.flags = flags,
		.capability = { id, 0x70, control & 0xff, control >> 8 },
	};
	struct vfiomsi_core *made = NULL;

	EXPECT(vfiomsi_core_create(&config, &made) == 0);

	return made;
}

static void start(uint8_t id, uint16_t control)
{
	vfiomsi_core_destroy(core);
	core = make(id, control);
	host_init(&host, core, id == 0x11, flags);
}

static void start_msix(unsigned int vectors)
{
	start(0x11, vectors - 1);
}

static void start_msi(uint16_t control)
{
	start(0x05, control);
}

/* What the guest does. Each returns what the core or, if it failed, the host returned. */

static int run(int planned)
{
	host_begin(&host);

	return host_run(&host, planned);
}

static int set_control(uint16_t control)
{
	return run(vfiomsi_core_cap_write(core, CONTROL, 2, control));
}

static int write_table(unsigned int vector, uint32_t field, uint32_t width, uint64_t value)
{
	return run(vfiomsi_core_table_write(core, vector * 16 + field, width, value));
}

static int set_mask(unsigned int vector, bool masked)
{
	return write_table(vector, MASK_BIT, 4, masked);
}

static uint64_t address_of(unsigned int vector)
{
	return 0x100000000 + vector * 0x1000;
}

static void write_message(unsigned int vector)
{
	EXPECT(write_table(vector, 0, 8, address_of(vector)) == 0);
	EXPECT(write_table(vector, 8, 4, vector + 7) == 0);
}

static uint32_t read_cap(uint32_t offset, uint32_t width)
{
	uint32_t value;

	EXPECT(vfiomsi_core_cap_read(core, offset, width, &value) == 0);

	return value;
}

static uint64_t read_table(uint32_t offset, uint32_t width)
{
	uint64_t value;

	EXPECT(vfiomsi_core_table_read(core, offset, width, &value) == 0);

	return value;
}

/* Whether the PBA has the vector, after the host was asked. */
static bool is_pending(unsigned int vector)
{
	uint64_t value;

	EXPECT(run(vfiomsi_core_harvest(core, vector, 1)) == 0);
	EXPECT(vfiomsi_core_pba_read(core, vector / 64 * 8, 8, &value) == 0);

	return value >> vector % 64 & 1;
}

static void raise_vector(unsigned int vector)
{
	host_begin(&host);
	host_raise(&host, vector);
}

/* The guest received this message and nothing else. */
static bool received(unsigned int vector, uint64_t address, uint32_t data)
{
	const struct host_message *message = &host.delivered[0];

	return host.delivered_count == 1 && message->vector == vector &&
	       message->address == address && message->data == data;
}

static bool received_nothing(void)
{
	return host.delivered_count == 0;
}

static bool received_own(unsigned int vector)
{
	return received(vector, address_of(vector), vector + 7);
}

static bool did_nothing(void)
{
	return host.carried_out == 0;
}

static unsigned int calls(enum vfiomsi_action_kind kind)
{
	return host.calls[kind];
}

static bool host_masks(void)
{
	return flags & VFIOMSI_HOST_MASKS;
}

/* Enabled, with messages, and no vector masked. */
static void start_running(unsigned int vectors)
{
	unsigned int i;

	start_msix(vectors);
	for (i = 0; i < vectors; i++) {
		write_message(i);
		EXPECT(set_mask(i, false) == 0);
	}
	EXPECT(set_control(ENABLE) == 0);
}

/* Creation. */

static int create(const struct vfiomsi_core_config *config)
{
	struct vfiomsi_core *made = NULL;
	int ret = vfiomsi_core_create(config, &made);

	EXPECT(!ret == !!made);
	vfiomsi_core_destroy(made);

	return ret;
}

static void test_bad_configurations(void)
{
	struct vfiomsi_core_config config = { .size = sizeof(config), .capability = { 0x11 } };

	EXPECT(create(&config) == 0);
	config.capability[0] = 0x10;
	EXPECT(create(&config) == -EINVAL);
	config.capability[0] = 0x05;
	config.capability[2] = MSI_CAPABLE(6);
	EXPECT(create(&config) == -EINVAL);
	config.capability[2] = MSI_CAPABLE(5);
	EXPECT(create(&config) == 0);
	config.flags = 8;
	EXPECT(create(&config) == -EINVAL);
	config.flags = 0;
	config.size--;
	EXPECT(create(&config) == -EINVAL);
	config.size = 0xffffffff;
	EXPECT(create(&config) == -E2BIG);
	vfiomsi_core_destroy(NULL);
}

static void test_newer_configuration(void)
{
	struct {
		struct vfiomsi_core_config config;
		uint32_t more[2];
	} newer = { .config = { .size = sizeof(newer), .capability = { 0x11 } } };

	EXPECT(create(&newer.config) == 0);
	newer.more[1] = 1;
	EXPECT(create(&newer.config) == -E2BIG);
}

static void test_sizes(void)
{
	static const struct {
		uint16_t control;
		uint32_t size;
	} kinds[] = {
		{ 0, 12 }, { MSI_64BIT, 16 }, { MSI_MASKS, 20 }, { MSI_64BIT | MSI_MASKS, 24 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		start_msi(kinds[i].control | MSI_CAPABLE(5));
		EXPECT(vfiomsi_core_cap_size(core) == kinds[i].size);
		EXPECT(vfiomsi_core_vectors(core) == 32);
		EXPECT(!vfiomsi_core_table_size(core) && !vfiomsi_core_pba_size(core));
	}
	start_msix(65);
	EXPECT(vfiomsi_core_cap_size(core) == 12 && vfiomsi_core_vectors(core) == 65);
	EXPECT(vfiomsi_core_table_size(core) == 65 * 16 && vfiomsi_core_pba_size(core) == 16);
	start_msix(2048);
	EXPECT(vfiomsi_core_vectors(core) == 2048 && vfiomsi_core_pba_size(core) == 256);
}

/* Registers. */

static void test_msix_after_reset(void)
{
	start(0x11, ENABLE | FUNCTION_MASK | 0x3800 | 3);
	EXPECT(read_cap(0, 4) == 0x00037011);
	EXPECT(read_table(0, 8) == 0 && read_table(8, 8) == UINT64_C(1) << 32);
	EXPECT(read_table(3 * 16 + MASK_BIT, 4) == 1);
	EXPECT(!vfiomsi_core_is_enabled(core) && vfiomsi_core_is_masked(core, 3) == 1);
}

static void test_msi_after_reset(void)
{
	start_msi(MSI_ENABLE | MSI_ALLOWED(7) | MSI_CAPABLE(2) | MSI_64BIT | MSI_MASKS | 0xfe00);
	EXPECT(read_cap(0, 4) == (0x7005 | (MSI_CAPABLE(2) | MSI_64BIT | MSI_MASKS) << 16));
	EXPECT(!read_cap(4, 4) && !read_cap(8, 4) && !read_cap(12, 4) && !read_cap(16, 4));
	EXPECT(!vfiomsi_core_is_enabled(core) && vfiomsi_core_is_masked(core, 3) == 0);
}

/* PCIe 7.7.2.2, 7.7.2.5, 7.7.2.8 */
static void test_msix_read_only_bits(void)
{
	start_msix(4);
	EXPECT(run(vfiomsi_core_cap_write(core, 0, 4, 0xffffffff)) == 0);
	EXPECT(read_cap(0, 4) == 0xc0037011);
	EXPECT(run(vfiomsi_core_cap_write(core, 4, 4, 0xffffffff)) == 0);
	EXPECT(run(vfiomsi_core_cap_write(core, 8, 4, 0xffffffff)) == 0);
	EXPECT(read_cap(4, 4) == 0 && read_cap(8, 4) == 0);
	EXPECT(write_table(1, 0, 8, UINT64_MAX) == 0 && write_table(1, 8, 8, UINT64_MAX) == 0);
	EXPECT(read_table(16, 8) == 0xfffffffffffffffc);
	EXPECT(read_table(24, 8) == 0x1ffffffff);
}

/* PCIe 7.7.1.2 to 7.7.1.8 */
static void test_msi_read_only_bits(void)
{
	uint32_t offset;

	start_msi(MSI_CAPABLE(2) | MSI_64BIT | MSI_MASKS);
	for (offset = 0; offset < 24; offset += 4)
		EXPECT(run(vfiomsi_core_cap_write(core, offset, 4, 0xffffffff)) == 0);
	EXPECT(read_cap(0, 4) == (0x7005 | (MSI_ENABLE | MSI_ALLOWED(2) | MSI_CAPABLE(2) |
					    MSI_64BIT | MSI_MASKS) << 16));
	EXPECT(read_cap(4, 4) == 0xfffffffc && read_cap(8, 4) == 0xffffffff);
	EXPECT(read_cap(12, 4) == 0xffff && read_cap(16, 4) == 0xf && read_cap(20, 4) == 0);
}

static void test_every_width(void)
{
	uint32_t offset;

	start_msi(MSI_CAPABLE(2) | MSI_64BIT | MSI_MASKS);
	for (offset = 4; offset < 20; offset++)
		EXPECT(run(vfiomsi_core_cap_write(core, offset, 1, offset * 0x1104)) == 0);
	EXPECT(read_cap(4, 4) == 0x1c181410 && read_cap(8, 4) == 0x2c282420);
	EXPECT(read_cap(12, 2) == 0x3430 && read_cap(13, 1) == 0x34 && read_cap(14, 2) == 0);
	EXPECT(run(vfiomsi_core_cap_write(core, 6, 2, 0xabcdef01)) == 0);
	EXPECT(read_cap(4, 4) == 0xef011410 && read_cap(7, 1) == 0xef);

	start_msix(2);
	for (offset = 16; offset < 32; offset += 4)
		EXPECT(run(vfiomsi_core_table_write(core, offset, 4, offset << 4)) == 0);
	EXPECT(read_table(16, 8) == UINT64_C(0x14000000100) && read_table(24, 8) == 0x180);
	EXPECT(read_table(0, 8) == 0);
}

/* PCIe 6.1.4.2 for the table and the PBA */
static bool is_legal(uint32_t size, uint32_t offset, uint32_t width, uint32_t widths)
{
	return width < 32 && widths >> width & 1 && offset % width == 0 && offset < size &&
	       width <= size - offset;
}

static void expect_access(uint32_t offset, uint32_t width)
{
	const uint32_t memory = 1 << 4 | 1 << 8;
	uint32_t table = vfiomsi_core_table_size(core);
	uint32_t pba = vfiomsi_core_pba_size(core);
	bool cap_legal = is_legal(vfiomsi_core_cap_size(core), offset, width, 0x16);
	uint32_t narrow;
	uint64_t value;

	EXPECT(!vfiomsi_core_cap_read(core, offset, width, &narrow) == cap_legal);
	EXPECT(cap_legal || narrow == UINT32_MAX);
	EXPECT(!vfiomsi_core_cap_write(core, offset, width, 0) == cap_legal);
	EXPECT(!vfiomsi_core_table_read(core, offset, width, &value) ==
	       is_legal(table, offset, width, memory));
	EXPECT(is_legal(table, offset, width, memory) || value == UINT64_MAX);
	EXPECT(!vfiomsi_core_table_write(core, offset, width, 0) ==
	       is_legal(table, offset, width, memory));
	EXPECT(!vfiomsi_core_pba_read(core, offset, width, &value) ==
	       is_legal(pba, offset, width, memory));
	EXPECT(!vfiomsi_core_pba_write(core, offset, width, UINT64_MAX) ==
	       is_legal(pba, offset, width, memory));
}

static void expect_accesses(void)
{
	static const uint32_t far[] = { 0x7ffffff8, 0x80000000, 0xfffffff8, 0xffffffff };
	uint32_t offset, width;

	for (width = 0; width <= 17; width++) {
		for (offset = 0; offset < 100; offset++)
			expect_access(offset, width);
		for (offset = 0; offset < ARRAY_SIZE(far); offset++)
			expect_access(far[offset], width);
	}
	expect_access(0, 0xffffffff);
	expect_access(4, 0x80000000);
}

static void test_illegal_accesses(void)
{
	start_msix(3);
	expect_accesses();
	start_msi(MSI_CAPABLE(1));
	expect_accesses();
	start_msi(MSI_CAPABLE(1) | MSI_64BIT | MSI_MASKS);
	expect_accesses();
}

/* When vectors are set up. */

static void test_nothing_before_enable(void)
{
	start_msix(4);
	write_message(2);
	EXPECT(set_mask(2, false) == 0 && did_nothing());
	EXPECT(set_control(FUNCTION_MASK) == 0 && did_nothing());
	EXPECT(set_control(0) == 0 && did_nothing());
	EXPECT(read_table(32, 8) == address_of(2));
}

static void test_enable_sets_up_what_is_unmasked(void)
{
	start_msix(4);
	write_message(2);
	set_mask(2, false);
	EXPECT(set_control(ENABLE) == 0);
	EXPECT(host.vector[2].attached && !host.vector[1].attached);
	EXPECT(host.allocated == (flags & VFIOMSI_DYNAMIC ? 1 : 4));
	raise_vector(2);
	EXPECT(received_own(2));
}

static void test_function_mask_first(void)
{
	start_msix(4);
	EXPECT(set_control(FUNCTION_MASK) == 0);
	EXPECT(set_control(ENABLE | FUNCTION_MASK) == 0);
	EXPECT(calls(VFIOMSI_ALLOCATE) == 1 && host.carried_out == 1);
	write_message(1);
	EXPECT(set_mask(1, false) == 0 && did_nothing());
	raise_vector(1);
	EXPECT(received_nothing() && is_pending(1));
	EXPECT(set_control(ENABLE) == 0);
	EXPECT(received_own(1) && host.vector[1].attached && !is_pending(1));
}

static void order_step(int step)
{
	switch (step) {
	case 0:
		EXPECT(set_control(ENABLE | (read_cap(CONTROL, 2) & FUNCTION_MASK)) == 0);
		break;
	case 1:
		EXPECT(set_control(read_cap(CONTROL, 2) & ENABLE) == 0);
		break;
	case 2:
		write_message(1);
		break;
	case 3:
		EXPECT(set_mask(1, false) == 0);
		break;
	case 4:
		raise_vector(1);
		break;
	}
}

static unsigned int run_order(const int *order, int steps)
{
	unsigned int got = 0;
	int i;

	start_msix(3);
	set_control(FUNCTION_MASK);
	for (i = 0; i < steps; i++) {
		order_step(order[i]);
		got += host.delivered_count;
	}

	return got;
}

static int place(const int *order, int step)
{
	int i = 0;

	while (order[i] != step)
		i++;

	return i;
}

static void try_order(const int *order)
{
	unsigned int got = run_order(order, 5);

	/* The interrupt is delivered unless it came before the device could raise any. */
	EXPECT(got == (place(order, 0) < place(order, 4)));
	raise_vector(1);
	EXPECT(received_own(1));
}

static void swap(int *order, int i, int k)
{
	int step = order[i];

	order[i] = order[k];
	order[k] = step;
}

static void try_orders(int *order, int from, void (*try)(const int *order))
{
	int i;

	if (from == 5) {
		try(order);
		return;
	}
	for (i = from; i < 5; i++) {
		swap(order, from, i);
		try_orders(order, from + 1, try);
		swap(order, from, i);
	}
}

/* Enable, clear the function mask, write a message, unmask, raise: all 120 orders. */
static void test_every_order(void)
{
	int order[] = { 0, 1, 2, 3, 4 };

	try_orders(order, 0, try_order);
}

/* The same steps, one of which the host cannot carry out the first time. */

struct guest_view {
	uint64_t control;
	uint64_t entry[2];
};

static struct guest_view guest_view(void)
{
	return (struct guest_view){
		.control = read_cap(CONTROL, 2),
		.entry = { read_table(16, 8), read_table(24, 8) },
	};
}

/* Returns what the core says of the step's first or, of a message, second write. */
static int plan_step(int step, bool second)
{
	switch (step) {
	case 0:
		return vfiomsi_core_cap_write(core, CONTROL, 2,
					      ENABLE | (read_cap(CONTROL, 2) & FUNCTION_MASK));
	case 1:
		return vfiomsi_core_cap_write(core, CONTROL, 2, read_cap(CONTROL, 2) & ENABLE);
	case 2:
		return second ? vfiomsi_core_table_write(core, 24, 4, 8) :
				vfiomsi_core_table_write(core, 16, 8, address_of(1));
	default:
		return vfiomsi_core_table_write(core, 28, 4, 0);
	}
}

/* Returns whether there was an action to fail. */
static bool fail_step(int step, bool second, int action)
{
	struct guest_view before = guest_view(), after;
	int planned, ret;

	host_begin(&host);
	host.fail_after = action;
	planned = plan_step(step, second);
	ret = host_run(&host, planned);
	after = guest_view();
	EXPECT(ret != -EIO || !memcmp(&before, &after, sizeof(after)));

	return ret == -EIO;
}

static void repeat_step(int step, bool second)
{
	host_begin(&host);
	EXPECT(host_run(&host, plan_step(step, second)) == 0);
}

/* Returns whether the step that is to fail at @action has failed. */
static bool run_order_with_failure(const int *order, int failing, int action, unsigned int *got)
{
	bool failed = false;
	int i, writes;

	start_msix(3);
	set_control(FUNCTION_MASK);
	*got = 0;
	for (i = 0; i < 5; i++) {
		if (order[i] == 4) {
			raise_vector(1);
			*got += host.delivered_count;
			continue;
		}
		for (writes = 0; writes < (order[i] == 2 ? 2 : 1); writes++) {
			if (order[i] == failing && fail_step(failing, writes, action)) {
				failed = true;
				*got += host.delivered_count;
				repeat_step(failing, writes);
			} else if (order[i] != failing) {
				repeat_step(order[i], writes);
			}
			*got += host.delivered_count;
		}
	}

	return failed;
}

static void try_failures(const int *order)
{
	bool arrives = place(order, 0) < place(order, 4);
	unsigned int got;
	int step, action;

	for (step = 0; step < 4; step++) {
		for (action = 0; run_order_with_failure(order, step, action, &got); action++) {
			EXPECT(got == arrives);
			raise_vector(1);
			EXPECT(received_own(1));
		}
	}
}

/* In each order, each step fails at each of its actions, is rolled back and tried again. */
static void test_every_order_with_failures(void)
{
	int order[] = { 0, 1, 2, 3, 4 };

	try_orders(order, 0, try_failures);
}

static void test_disable_gives_all_back(void)
{
	unsigned int i;

	start_running(5);
	set_mask(3, true);
	EXPECT(set_control(0) == 0 && host.allocated == 0);
	for (i = 0; i < 5; i++)
		EXPECT(!host.vector[i].attached && !host.vector[i].routed);
	raise_vector(1);
	EXPECT(received_nothing());
	EXPECT(set_control(ENABLE) == 0 && host.vector[1].attached);
	EXPECT(!host.vector[3].attached);
}

/* Masks. */

static void test_vector_mask(void)
{
	start_running(3);
	EXPECT(set_mask(1, true) == 0);
	EXPECT(host.carried_out == 1 && calls(VFIOMSI_MASK) == 1);
	raise_vector(1);
	raise_vector(1);
	EXPECT(received_nothing() && is_pending(1) && !is_pending(0));
	raise_vector(0);
	EXPECT(received_own(0));
	EXPECT(set_mask(1, false) == 0);
	EXPECT(received_own(1) && !is_pending(1));
	EXPECT(set_mask(1, true) == 0 && set_mask(1, false) == 0 && received_nothing());
}

static void test_function_mask(void)
{
	start_running(64);
	EXPECT(set_control(ENABLE | FUNCTION_MASK) == 0);
	EXPECT(host.carried_out == 1 && calls(VFIOMSI_MASK) == 1);
	raise_vector(63);
	raise_vector(5);
	EXPECT(received_nothing() && is_pending(5) && is_pending(63));
	EXPECT(set_mask(5, true) == 0 && did_nothing());
	EXPECT(set_control(ENABLE) == 0);
	EXPECT(received_own(63) && is_pending(5) && !is_pending(63));
	EXPECT(set_mask(5, false) == 0 && received_own(5));
}

static void test_masks_come_in_runs(void)
{
	start_running(8);
	set_mask(2, true);
	set_mask(3, true);
	EXPECT(set_control(ENABLE | FUNCTION_MASK) == 0);
	EXPECT(calls(VFIOMSI_MASK) == 2 && host.carried_out == 2);
	EXPECT(set_control(ENABLE) == 0);
	EXPECT(calls(VFIOMSI_UNMASK) == 2 && host.vector[2].masked && host.vector[3].masked);
}

static void test_many_vectors(void)
{
	unsigned int i;

	start_running(2048);
	EXPECT(calls(VFIOMSI_ROUTE) == 2048 && calls(VFIOMSI_ALLOCATE) == 1);
	EXPECT(calls(VFIOMSI_ATTACH) == 1 && host.carried_out == 2051);
	EXPECT(set_control(ENABLE | FUNCTION_MASK) == 0 && host.carried_out == 1);
	for (i = 0; i < 2048; i++)
		raise_vector(i);
	EXPECT(is_pending(0) && is_pending(2047));
	EXPECT(set_control(ENABLE) == 0 && host.delivered_count == 2048);
	/* The two eventfds that the guest's reads of the PBA emptied are signalled again. */
	EXPECT(calls(VFIOMSI_UNMASK) == 1 && host.carried_out == (host_masks() ? 1 : 3));
	for (i = 0; i < 2048; i++)
		EXPECT(host.delivered[i].data == host.delivered[i].vector + 7);
	EXPECT(set_control(0) == 0 && host.carried_out == 3);
}

/* Messages. */

static void test_message_under_mask(void)
{
	start_running(3);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(write_table(1, 0, 8, 0xfee00000) == 0 && did_nothing());
	EXPECT(write_table(1, 8, 4, 0x21) == 0 && did_nothing());
	EXPECT(set_mask(1, false) == 0);
	EXPECT(calls(VFIOMSI_ROUTE) == 1 && calls(VFIOMSI_UNMASK) == 1);
	EXPECT(received(1, 0xfee00000, 0x21));
}

static void test_message_and_mask_at_once(void)
{
	start_running(3);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(write_table(1, 8, 8, 0x99) == 0);
	EXPECT(received(1, address_of(1), 0x99));
	EXPECT(write_table(1, 8, 8, UINT64_C(0x100000098)) == 0);
	EXPECT(host.vector[1].masked && calls(VFIOMSI_ROUTE) == 0);
}

static void test_message_in_use(void)
{
	start_running(3);
	EXPECT(write_table(1, 8, 4, 0x55) == 0);
	EXPECT(calls(VFIOMSI_ROUTE) == 1 && calls(VFIOMSI_SET_ROUTES) == 1);
	EXPECT(host.carried_out == 2);
	EXPECT(write_table(1, 8, 4, 0x55) == 0 && did_nothing());
	raise_vector(1);
	EXPECT(received(1, address_of(1), 0x55));
}

/* Plans. */

static bool same_host(const struct host *before)
{
	unsigned int i;

	for (i = 0; i < host.count; i++)
		if (host.vector[i].attached != before->vector[i].attached ||
		    host.vector[i].masked != before->vector[i].masked ||
		    host.vector[i].routed != before->vector[i].routed)
			return false;

	return host.allocated == before->allocated;
}

/* Whether there was an action to fail. */
static bool fail_control(uint16_t control, int action)
{
	uint32_t was = read_cap(CONTROL, 2);
	int planned;
	int ret;

	planned = vfiomsi_core_cap_write(core, CONTROL, 2, control);
	host_begin(&host);
	host.fail_after = action;
	ret = host_run(&host, planned);
	if (ret == 0)
		return false;
	EXPECT(ret == -EIO && read_cap(CONTROL, 2) == was);

	return true;
}

static void test_rollback_of_enable(void)
{
	static struct host before;
	int action;

	start_msix(4);
	write_message(1);
	write_message(3);
	set_mask(1, false);
	set_mask(3, false);
	before = host;
	for (action = 0; fail_control(ENABLE, action); action++)
		EXPECT(same_host(&before));
	EXPECT(action == 6);	/* two routes, set them, allocate, attach twice */
	raise_vector(3);
	EXPECT(received_own(3));
}

static void test_rollback_of_function_mask(void)
{
	static struct host before;
	int action;

	start_running(6);
	set_mask(2, true);
	before = host;
	for (action = 0; fail_control(ENABLE | FUNCTION_MASK, action); action++)
		EXPECT(same_host(&before));
	EXPECT(action == 2);
	raise_vector(5);
	EXPECT(received_nothing());
	before = host;
	for (action = 0; fail_control(ENABLE, action); action++)
		EXPECT(same_host(&before) && is_pending(5));
	EXPECT(action == 2 + !host_masks() && received_own(5));
}

static void test_rollback_of_disable(void)
{
	int action;

	start_running(4);
	set_mask(2, true);
	raise_vector(2);
	for (action = 0; action < 3 + !host_masks(); action++) {
		EXPECT(fail_control(0, action));
		EXPECT(host.vector[3].attached && !host.vector[3].masked);
		EXPECT(!host.vector[2].attached || host.vector[2].masked);
		EXPECT(is_pending(2));
	}
	raise_vector(3);
	EXPECT(received_own(3));
	EXPECT(set_mask(2, false) == 0 && received_own(2));
}

static void test_rollback_of_message(void)
{
	start_running(2);
	set_mask(1, true);
	write_table(1, 8, 4, 0x77);
	raise_vector(1);
	host_begin(&host);
	host.fail_after = 1;
	EXPECT(host_run(&host, vfiomsi_core_table_write(core, 28, 4, 0)) == -EIO);
	EXPECT(read_table(28, 4) == 1 && received_nothing() && is_pending(1));
	EXPECT(set_mask(1, false) == 0 && received(1, address_of(1), 0x77));
}

/*
 * Core and device both have an interrupt. The device gives its own up when the plan was
 * rolled back, after it has told of it.
 */
static void test_rollback_keeps_pending(void)
{
	struct vfiomsi_action arrival;
	int action;

	start_msix(2);
	write_message(0);
	set_control(ENABLE);
	EXPECT(vfiomsi_core_arrive(core, 0, &arrival) == 0);
	set_control(0);
	set_mask(0, false);
	host.vector[0].pending = true;
	for (action = 0; fail_control(ENABLE, action); action++) {
		host.vector[0].pending = false;
		EXPECT(is_pending(0));
		host.vector[0].pending = true;
	}
	EXPECT(action == 5);	/* route, set it, allocate, harvest, attach */
	EXPECT(received_own(0) && !is_pending(0));
}

static void test_rollback_of_unmask_keeps_pending(void)
{
	struct vfiomsi_action arrival;
	int action;

	start_running(2);
	set_control(ENABLE | FUNCTION_MASK);
	EXPECT(vfiomsi_core_arrive(core, 0, &arrival) == 0);
	raise_vector(0);
	for (action = 0; action < 2; action++) {
		EXPECT(fail_control(ENABLE, action));
		EXPECT(received_nothing() && is_pending(0));
	}
	host.vector[0].pending = false;
	EXPECT(is_pending(0));
	EXPECT(set_control(ENABLE) == 0 && received_own(0) && !is_pending(0));
}

/* The vectors were in use before MSI-X was last enabled, but not since. */
static void test_rollback_of_first_use(void)
{
	static struct host before;
	int action;

	start_running(3);
	set_control(0);
	set_mask(1, true);
	set_control(ENABLE | FUNCTION_MASK);
	before = host;
	for (action = 0; fail_control(ENABLE, action); action++)
		EXPECT(same_host(&before));
	EXPECT(action == 5);	/* two routes, set them, attach twice */
}

static void expect_busy(void)
{
	uint8_t state[400] = { 0 };
	struct vfiomsi_action action;

	EXPECT(vfiomsi_core_cap_write(core, CONTROL, 2, 0) == -EBUSY);
	EXPECT(vfiomsi_core_table_write(core, 0, 4, 0) == -EBUSY);
	EXPECT(vfiomsi_core_reset(core) == -EBUSY && vfiomsi_core_sync(core) == -EBUSY);
	EXPECT(vfiomsi_core_harvest(core, 0, 1) == -EBUSY);
	EXPECT(vfiomsi_core_arrive(core, 0, &action) == -EBUSY);
	EXPECT(vfiomsi_core_save(core, state, sizeof(state)) == -EBUSY);
	EXPECT(vfiomsi_core_load(core, state, sizeof(state)) == -EBUSY);
}

static void test_busy_while_there_is_a_plan(void)
{
	struct vfiomsi_action action;

	start_msix(4);
	write_message(1);
	set_mask(1, false);
	EXPECT(vfiomsi_core_cap_write(core, CONTROL, 2, ENABLE) == 1);
	expect_busy();
	EXPECT(!vfiomsi_core_is_enabled(core) && read_cap(CONTROL, 2) == 3);
	EXPECT(vfiomsi_core_commit(core) == -EBUSY);
	EXPECT(vfiomsi_core_next(core, &action) == 1 && action.kind == VFIOMSI_ROUTE);
	EXPECT(vfiomsi_core_commit(core) == -EBUSY);
	EXPECT(vfiomsi_core_next(core, &action) == 1 && action.kind == VFIOMSI_SET_ROUTES);
	EXPECT(vfiomsi_core_next(core, &action) == 1 && action.kind == VFIOMSI_ALLOCATE);
	EXPECT(vfiomsi_core_next(core, &action) == 1 && action.kind == VFIOMSI_ATTACH);
	EXPECT(vfiomsi_core_commit(core) == -EBUSY);
	EXPECT(vfiomsi_core_next(core, &action) == 0 && vfiomsi_core_next(core, &action) == 0);
	expect_busy();
	EXPECT(vfiomsi_core_commit(core) == 0 && vfiomsi_core_is_enabled(core));
}

static void test_calls_without_a_plan(void)
{
	struct vfiomsi_action action;

	start_running(2);
	EXPECT(vfiomsi_core_next(core, &action) == -EINVAL);
	EXPECT(vfiomsi_core_commit(core) == -EINVAL);
	EXPECT(vfiomsi_core_rollback(core) == -EINVAL);
	raise_vector(1);
	EXPECT(received_own(1));
}

static void test_host_lost(void)
{
	start_running(4);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(vfiomsi_core_cap_write(core, CONTROL, 2, 0) == 1);
	host_lose(&host);
	EXPECT(vfiomsi_core_is_enabled(core));
	EXPECT(run(vfiomsi_core_sync(core)) == 0);
	EXPECT(host.vector[0].attached && !host.vector[1].attached);
	EXPECT(is_pending(1) && set_mask(1, false) == 0 && received_own(1));
	host_lose(&host);
	EXPECT(write_table(3, 8, 4, 0x33) == 0 && host.vector[0].attached);
	EXPECT(run(vfiomsi_core_sync(core)) == 0 && did_nothing());
}

static void test_sync_fails(void)
{
	unsigned int i;
	int action, ret;

	start_running(3);
	for (action = 0;; action++) {
		host_lose(&host);
		host_begin(&host);
		host.fail_after = action;
		ret = host_run(&host, vfiomsi_core_sync(core));
		if (!ret)
			break;
		EXPECT(ret == -EIO && host.allocated == 0 && vfiomsi_core_is_enabled(core));
		for (i = 0; i < 3; i++)
			EXPECT(!host.vector[i].attached && !host.vector[i].routed);
	}
	EXPECT(action == 6);
	raise_vector(2);
	EXPECT(received_own(2));
}

/* Pending. */

static void test_pba_follows_the_device(void)
{
	start_running(4);
	set_mask(2, true);
	raise_vector(2);
	EXPECT(is_pending(2));
	host.vector[2].pending = false;
	EXPECT(is_pending(2) == !host_masks());
}

static void test_never_unmasked_is_pending(void)
{
	start_msix(4);
	set_control(ENABLE);
	raise_vector(3);
	EXPECT(received_nothing() && is_pending(3));
	write_message(3);
	EXPECT(set_mask(3, false) == 0 && received_own(3));
}

static void test_both_know(void)
{
	struct vfiomsi_action action;

	start_running(4);
	set_mask(2, true);
	EXPECT(vfiomsi_core_arrive(core, 2, &action) == 0);
	raise_vector(2);
	EXPECT(is_pending(2) && set_mask(2, false) == 0 && received_own(2));
	EXPECT(!is_pending(2));
}

/* What was pending when the guest looked is no longer, and the host does not say so. */
static void test_host_cannot_tell(void)
{
	struct vfiomsi_action action;

	start_running(4);
	set_mask(2, true);
	raise_vector(2);
	EXPECT(is_pending(2));
	host.vector[2].pending = false;
	host.silent = true;
	EXPECT(vfiomsi_core_arrive(core, 2, &action) == 0);
	EXPECT(set_mask(2, false) == 0 && received_own(2));
}

static void test_arrive(void)
{
	struct vfiomsi_action action;

	start_msix(4);
	EXPECT(vfiomsi_core_arrive(core, 1, &action) == 0 && !is_pending(1));
	start_running(4);
	EXPECT(vfiomsi_core_arrive(core, 1, &action) == 1);
	EXPECT(action.kind == VFIOMSI_INJECT && action.vector == 1 && action.count == 1);
	EXPECT(action.address == address_of(1) && action.data == 8);
	set_mask(1, true);
	EXPECT(vfiomsi_core_arrive(core, 1, &action) == 0 && is_pending(1));
	EXPECT(set_mask(1, false) == 0 && received_own(1));
}

static void test_pending_survives_disable(void)
{
	start_running(4);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(set_control(0) == 0 && received_nothing() && is_pending(1));
	EXPECT(set_control(ENABLE) == 0 && received_nothing() && is_pending(1));
	EXPECT(set_mask(1, false) == 0 && received_own(1));
}

static void test_reset(void)
{
	start_running(4);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(is_pending(1));
	EXPECT(run(vfiomsi_core_reset(core)) == 0 && host.allocated == 0);
	host.vector[1].pending = false;
	EXPECT(!is_pending(1) && read_cap(CONTROL, 2) == 3);
	EXPECT(read_table(16, 8) == 0 && read_table(24, 8) == UINT64_C(1) << 32);
	EXPECT(run(vfiomsi_core_reset(core)) == 0 && did_nothing());
}

static void test_vectors_out_of_bounds(void)
{
	struct vfiomsi_action action;
	uint64_t address;
	uint32_t data;

	start_running(4);
	EXPECT(vfiomsi_core_is_masked(core, 4) == -EINVAL);
	EXPECT(vfiomsi_core_message(core, 4, &address, &data) == -EINVAL);
	EXPECT(vfiomsi_core_message(core, 3, &address, &data) == 0);
	EXPECT(address == address_of(3) && data == 10);
	EXPECT(vfiomsi_core_arrive(core, 4, &action) == -EINVAL);
	EXPECT(vfiomsi_core_set_pending(core, 4, true) == -EINVAL);
	EXPECT(vfiomsi_core_set_pending(core, 3, true) == -EINVAL);
	EXPECT(vfiomsi_core_harvest(core, 4, 1) == -EINVAL);
	EXPECT(vfiomsi_core_harvest(core, 1, 4) == -EINVAL);
	EXPECT(vfiomsi_core_harvest(core, 1, 0xffffffff) == -EINVAL);
	EXPECT(vfiomsi_core_harvest(core, 0, 0) == -EINVAL);
	EXPECT(vfiomsi_core_harvest(core, 0, 4) == 0);
}

/* MSI. */

static void start_running_msi(unsigned int log, uint16_t more)
{
	start_msi(MSI_CAPABLE(log) | more);
	EXPECT(run(vfiomsi_core_cap_write(core, 4, 4, 0xfee00000)) == 0);
	EXPECT(run(vfiomsi_core_cap_write(core, more & MSI_64BIT ? 12 : 8, 2, 0x123)) == 0);
	EXPECT(set_control(MSI_ALLOWED(log) | MSI_ENABLE) == 0);
}

static void test_msi_vectors(void)
{
	unsigned int i;

	start_running_msi(3, 0);
	EXPECT(calls(VFIOMSI_ROUTE) == 8 && calls(VFIOMSI_ATTACH) == 1);
	EXPECT(host.allocated == 8);
	for (i = 0; i < 8; i++) {
		raise_vector(i);
		EXPECT(received(i, 0xfee00000, 0x120 + i));
	}
}

static void test_msi_message_changes(void)
{
	start_running_msi(1, MSI_64BIT);
	EXPECT(run(vfiomsi_core_cap_write(core, 8, 4, 0x12)) == 0);
	EXPECT(calls(VFIOMSI_ROUTE) == 2 && host.carried_out == 3);
	raise_vector(0);
	EXPECT(received(0, UINT64_C(0x12fee00000), 0x122));
}

/* PCIe 7.7.1.2 leaves it undefined. */
static void test_msi_number_changes(void)
{
	start_running_msi(3, 0);
	EXPECT(set_control(MSI_ALLOWED(1) | MSI_ENABLE) == 0);
	EXPECT(host.allocated == 2 && host.vector[1].attached && !host.vector[2].routed);
	raise_vector(1);
	EXPECT(received(1, 0xfee00000, 0x123));
	EXPECT(set_control(MSI_ALLOWED(7) | MSI_ENABLE) == 0);
	EXPECT(host.allocated == 8 && read_cap(CONTROL, 2) ==
	       (MSI_ENABLE | MSI_ALLOWED(3) | MSI_CAPABLE(3)));
}

static void test_msi_masks(void)
{
	start_running_msi(2, MSI_MASKS);
	EXPECT(run(vfiomsi_core_cap_write(core, 12, 4, 0xa)) == 0);
	EXPECT(calls(VFIOMSI_MASK) == 2 && host.carried_out == 2);
	raise_vector(1);
	raise_vector(3);
	EXPECT(run(vfiomsi_core_harvest(core, 0, 4)) == 0 && read_cap(16, 4) == 0xa);
	EXPECT(run(vfiomsi_core_cap_write(core, 12, 1, 0x2)) == 0);
	EXPECT(received(3, 0xfee00000, 0x123));
	EXPECT(run(vfiomsi_core_harvest(core, 0, 4)) == 0 && read_cap(16, 1) == 0x2);
	EXPECT(run(vfiomsi_core_cap_write(core, 12, 4, 0)) == 0);
	EXPECT(received(1, 0xfee00000, 0x121) && read_cap(16, 4) == 0);
}

static void test_msi_masked_before_enable(void)
{
	start_msi(MSI_CAPABLE(1) | MSI_MASKS);
	run(vfiomsi_core_cap_write(core, 12, 4, 2));
	EXPECT(set_control(MSI_ALLOWED(1) | MSI_ENABLE) == 0);
	EXPECT(host.vector[1].attached && host.vector[1].masked && !host.vector[0].masked);
	raise_vector(1);
	EXPECT(received_nothing());
	EXPECT(run(vfiomsi_core_cap_write(core, 12, 4, 0)) == 0 && received(1, 0, 1));
}

/* State. */

static uint8_t state[40000];

static size_t save_state(void)
{
	size_t size = vfiomsi_core_state_size(core);

	EXPECT(vfiomsi_core_save(core, state, size - 1) == -ENOSPC);
	EXPECT(vfiomsi_core_save(core, state, sizeof(state)) == 0);

	return size;
}

static void test_state_bytes(void)
{
	static const uint8_t expected[] = {
		'V', 'M', 'S', 'I', 1, 0, 0, 0, 60, 0, 0, 0, 0x11, 0, 0, 0,
		0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0,
		1, 0, 0, 0, 1, 0, 0, 0, 0x7f, 0xe7, 0xc2, 0x29,
	};

	start_running(1);
	set_mask(0, true);
	raise_vector(0);
	EXPECT(is_pending(0) && save_state() == sizeof(expected));
	EXPECT(!memcmp(state, expected, sizeof(expected)));
}

static void test_move(void)
{
	size_t size;

	start_running(70);
	set_mask(69, true);
	raise_vector(69);
	write_table(69, 8, 4, 0x66);
	EXPECT(is_pending(69));
	size = save_state();
	start_msix(70);
	EXPECT(vfiomsi_core_load(core, state, size) == 0);
	EXPECT(vfiomsi_core_is_enabled(core) && did_nothing());
	EXPECT(run(vfiomsi_core_sync(core)) == 0 && received_nothing());
	raise_vector(3);
	EXPECT(received_own(3) && is_pending(69));
	EXPECT(set_mask(69, false) == 0 && received(69, address_of(69), 0x66));
}

/* What the device forgets when MSI-X is disabled for that is in the state. */
static void test_go_on_after_save(void)
{
	size_t size;

	start_running(4);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(is_pending(1));
	size = save_state();
	host_lose(&host);
	host.vector[1].pending = false;
	EXPECT(vfiomsi_core_load(core, state, size) == 0);
	EXPECT(run(vfiomsi_core_sync(core)) == 0 && received_nothing() && is_pending(1));
	EXPECT(set_mask(1, false) == 0 && received_own(1));
	raise_vector(3);
	EXPECT(received_own(3));
}

static void test_change_after_load(void)
{
	size_t size;

	start_running(4);
	size = save_state();
	start_msix(4);
	EXPECT(vfiomsi_core_load(core, state, size) == 0);
	EXPECT(write_table(1, 8, 4, 0x44) == 0);
	raise_vector(3);
	EXPECT(received_own(3));
}

static void expect_refused(size_t size, int error)
{
	static uint8_t before[40000];
	static uint8_t after[40000];

	EXPECT(vfiomsi_core_save(core, before, sizeof(before)) == 0);
	EXPECT(vfiomsi_core_load(core, state, size) == error);
	EXPECT(vfiomsi_core_save(core, after, sizeof(after)) == 0);
	EXPECT(!memcmp(before, after, sizeof(after)));
}

static void test_damaged_state(void)
{
	size_t size, bit;

	start_running(3);
	size = save_state();
	start_msix(3);
	for (bit = 0; bit < size * 8; bit++) {
		state[bit / 8] ^= 1 << bit % 8;
		/* The bits of the version make it newer. */
		expect_refused(size, bit > 32 && bit < 64 ? -EOPNOTSUPP : -EBADMSG);
		state[bit / 8] ^= 1 << bit % 8;
	}
	for (bit = 0; bit < size; bit++)
		expect_refused(bit, -EBADMSG);
	expect_refused(size + 4, -EBADMSG);
	EXPECT(vfiomsi_core_load(core, state, size) == 0);
}

static void test_state_of_another(void)
{
	size_t size;

	start_running(3);
	size = save_state();
	start_msix(4);
	expect_refused(size, -EINVAL);
	start_msi(MSI_CAPABLE(1));
	expect_refused(size, -EINVAL);
	size = save_state();
	start_msi(MSI_CAPABLE(1) | MSI_64BIT);
	expect_refused(size, -EINVAL);
	start_running_msi(1, 0);
	expect_refused(size, -EBUSY);
}

static const struct test tests[] = {
	{ "bad configurations", test_bad_configurations },
	{ "a newer program's configuration", test_newer_configuration },
	{ "sizes", test_sizes },
	{ "MSI-X after reset", test_msix_after_reset },
	{ "MSI after reset", test_msi_after_reset },
	{ "MSI-X: read-only and reserved bits", test_msix_read_only_bits },
	{ "MSI: read-only and reserved bits", test_msi_read_only_bits },
	{ "every width", test_every_width },
	{ "illegal accesses", test_illegal_accesses },
	{ "nothing is set up before enable", test_nothing_before_enable },
	{ "enable sets up what is unmasked", test_enable_sets_up_what_is_unmasked },
	{ "enable with the function mask set first", test_function_mask_first },
	{ "every order of enable, masks, message, arrival", test_every_order },
	{ "every order, with each action failing once", test_every_order_with_failures },
	{ "disable gives all back", test_disable_gives_all_back },
	{ "vector mask", test_vector_mask },
	{ "function mask", test_function_mask },
	{ "masks come in runs", test_masks_come_in_runs },
	{ "2048 vectors", test_many_vectors },
	{ "a message changed under the mask", test_message_under_mask },
	{ "message and mask bit in one access", test_message_and_mask_at_once },
	{ "a message changed in use", test_message_in_use },
	{ "rollback of enable", test_rollback_of_enable },
	{ "rollback of the function mask", test_rollback_of_function_mask },
	{ "rollback of disable", test_rollback_of_disable },
	{ "rollback of a new message", test_rollback_of_message },
	{ "rollback of a first use", test_rollback_of_first_use },
	{ "rollback of enable keeps what is pending", test_rollback_keeps_pending },
	{ "rollback of unmask keeps what is pending", test_rollback_of_unmask_keeps_pending },
	{ "busy while there is a plan", test_busy_while_there_is_a_plan },
	{ "calls without a plan", test_calls_without_a_plan },
	{ "the host is lost", test_host_lost },
	{ "sync fails", test_sync_fails },
	{ "the PBA follows the device", test_pba_follows_the_device },
	{ "a vector never unmasked is pending", test_never_unmasked_is_pending },
	{ "core and host know of an interrupt", test_both_know },
	{ "a host that cannot tell what is pending", test_host_cannot_tell },
	{ "arrivals at the owner", test_arrive },
	{ "pending survives disable", test_pending_survives_disable },
	{ "reset", test_reset },
	{ "vectors out of bounds", test_vectors_out_of_bounds },
	{ "MSI: several vectors", test_msi_vectors },
	{ "MSI: the message changes in use", test_msi_message_changes },
	{ "MSI: the number of vectors changes in use", test_msi_number_changes },
	{ "MSI: mask bits", test_msi_masks },
	{ "MSI: masked before enable", test_msi_masked_before_enable },
	{ "the bytes of a state", test_state_bytes },
	{ "move to another host", test_move },
	{ "a guest that goes on after it was saved", test_go_on_after_save },
	{ "a change after load sets all up", test_change_after_load },
	{ "damaged states", test_damaged_state },
	{ "the state of another capability", test_state_of_another },
};

static uint32_t next_flags;

/* Each test runs with all flags. What the scripted host found wrong is not a line's fault. */
static bool prepare(void)
{
	if (host.wrong)
		expect(false, host.wrong, 0);
	if (wrong || next_flags == 4)
		return false;
	flags = next_flags++;
	memset(&host, 0, sizeof(host));

	return true;
}

int main(void)
{
	bool passed = true;
	unsigned int i;

	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		next_flags = 0;
		if (run_test(__FILE__, i + 1, &tests[i], prepare))
			continue;
		printf("# with flags %u\n", flags);
		passed = false;
	}
	vfiomsi_core_destroy(core);

	return passed ? 0 : 1;
}
