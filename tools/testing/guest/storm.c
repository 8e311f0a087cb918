// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random masks of vectors and of the function while the device raises vectors. A masked vector
 * has to become pending, and each interrupt has to arrive once: at once, or when nothing masks
 * the vector any more. The table is written directly, as Linux has no call for it.
 */

#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "storm.h"

/* How long to wait for the first that does not come, and for those after it */
#define PATIENCE_MS	5000
#define IMPATIENCE_MS	20
#define POLL_MS		2
/* Time for an interrupt to arrive that no pending bit shows */
#define SETTLE_MS	100

struct storm {
	struct guest *guest;
	const struct storm_place *place;
	unsigned int count;
	u32 random;
	unsigned int patience;
	bool function_masked;
	DECLARE_BITMAP(masked, GUEST_VECTORS_MAX);
	DECLARE_BITMAP(pending, GUEST_VECTORS_MAX);
	int first[GUEST_VECTORS_MAX];
	int wanted[GUEST_VECTORS_MAX];
	struct storm_result *result;
};

/* xorshift: the same in each guest */
static u32 next_random(struct storm *storm)
{
	storm->random ^= storm->random << 13;
	storm->random ^= storm->random >> 17;
	storm->random ^= storm->random << 5;

	return storm->random;
}

static int arrived(const struct storm *storm, unsigned int vector)
{
	return atomic_read(&storm->guest->vectors[vector].count) - storm->first[vector];
}

static bool is_masked(const struct storm *storm, unsigned int vector)
{
	return storm->function_masked || test_bit(vector, storm->masked);
}

/* One more interrupt has to arrive. */
static void await_one(struct storm *storm, unsigned int vector)
{
	unsigned int waited;

	storm->wanted[vector]++;
	for (waited = 0; waited < storm->patience; waited += POLL_MS) {
		if (arrived(storm, vector) >= storm->wanted[vector])
			return;
		msleep(POLL_MS);
	}
	storm->patience = IMPATIENCE_MS;
}

static bool pba_is(const struct storm *storm)
{
	u32 bits[GUEST_VECTORS_MAX / 32] = { };
	unsigned int i;
	u32 wanted;

	bitmap_to_arr32(bits, storm->pending, storm->count);
	for (i = 0; i < DIV_ROUND_UP(storm->count, 32); i++) {
		wanted = bits[i];
		if (guest_read(storm->guest, storm->place->pba + i * 4) != wanted)
			return false;
	}

	return true;
}

/* An interrupt may be on its way. */
static void check_pba(struct storm *storm)
{
	unsigned int waited;

	for (waited = 0; waited < storm->patience; waited += POLL_MS) {
		if (pba_is(storm))
			return;
		msleep(POLL_MS);
	}
	storm->patience = IMPATIENCE_MS;
	storm->result->wrong_pbas++;
}

/*
 * Where the host cannot mask the device, the device sends each interrupt of a masked vector. Those
 * that arrive before the unmask are one. The second, which no pending bit shows, has to.
 */
static void raise(struct storm *storm, unsigned int vector)
{
	guest_write(storm->guest, storm->place->raise, vector);
	storm->result->raised++;
	if (!is_masked(storm, vector)) {
		await_one(storm, vector);
		return;
	}
	if (__test_and_set_bit(vector, storm->pending))
		msleep(SETTLE_MS);
	check_pba(storm);
}

static void deliver(struct storm *storm, unsigned int vector)
{
	if (!is_masked(storm, vector) && __test_and_clear_bit(vector, storm->pending))
		await_one(storm, vector);
}

static void set_mask(struct storm *storm, unsigned int vector, bool masked)
{
	__assign_bit(vector, storm->masked, masked);
	guest_write(storm->guest, storm->place->table + vector * PCI_MSIX_ENTRY_SIZE +
		    PCI_MSIX_ENTRY_VECTOR_CTRL, masked);
	deliver(storm, vector);
}

static void set_function_mask(struct storm *storm, bool masked)
{
	u16 control;
	unsigned int i;

	storm->function_masked = masked;
	pci_read_config_word(storm->guest->pdev, storm->place->control, &control);
	control &= ~PCI_MSIX_FLAGS_MASKALL;
	control |= masked ? PCI_MSIX_FLAGS_MASKALL : 0;
	pci_write_config_word(storm->guest->pdev, storm->place->control, control);
	for (i = 0; i < storm->count; i++)
		deliver(storm, i);
}

static void step(struct storm *storm)
{
	unsigned int what = next_random(storm) % 16;
	unsigned int vector = next_random(storm) % storm->count;

	if (what == 0)
		set_function_mask(storm, !storm->function_masked);
	else if (what < 8)
		set_mask(storm, vector, !test_bit(vector, storm->masked));
	else
		raise(storm, vector);
}

static void compare(struct storm *storm)
{
	unsigned int i;

	/* One that comes twice may come late. */
	msleep(50);
	for (i = 0; i < storm->count; i++) {
		storm->result->wanted += storm->wanted[i];
		storm->result->arrived += arrived(storm, i);
		storm->result->lost += max(storm->wanted[i] - arrived(storm, i), 0);
		storm->result->doubled += max(arrived(storm, i) - storm->wanted[i], 0);
	}
}

int storm_run(struct guest *guest, const struct storm_place *place, u32 seed,
	      unsigned int steps, struct storm_result *result)
{
	struct storm *storm = kzalloc(sizeof(*storm), GFP_KERNEL);
	unsigned int i;

	if (!storm)
		return -ENOMEM;
	memset(result, 0, sizeof(*result));
	storm->guest = guest;
	storm->place = place;
	storm->count = guest->nr_vectors;
	storm->random = seed ?: 1;
	storm->patience = PATIENCE_MS;
	storm->result = result;
	for (i = 0; i < storm->count; i++)
		storm->first[i] = atomic_read(&guest->vectors[i].count);
	while (steps--)
		step(storm);
	set_function_mask(storm, false);
	for (i = 0; i < storm->count; i++)
		set_mask(storm, i, false);
	check_pba(storm);
	compare(storm);
	kfree(storm);

	return 0;
}
