// SPDX-License-Identifier: GPL-2.0-only
/*
 * What windows that learn have seen, and which windows would cover it.
 *
 * A slot's address is found by its value. Its data is not, where the guest's data
 * is 0 or so: many dwords look like it, and neighbours have their own. What one
 * slot leaves open all slots of a BAR decide together.
 */
#include <stdlib.h>

#include "vfio-msi.h"

/*
 * Slots that nobody has seen yet are more likely between the others than far from
 * all of them; pages in a window cannot be mapped.
 */
#define SAME_WINDOW	(1u << 20)

/* Right behind the address there can be its high half, which is 0 as a rule. */
#define HIGH_DISTANCE	4

struct candidate {
	unsigned int distance;
	size_t agree;
	size_t different;	/* data that differ from each other */
	bool high;		/* all of it can be addresses' high halves */
};

static int by_place(const void *a, const void *b)
{
	const struct learned_slot *x = a, *y = b;

	if (x->bar != y->bar)
		return x->bar < y->bar ? -1 : 1;
	return x->slot.offset < y->slot.offset ? -1 : x->slot.offset > y->slot.offset;
}

static struct learned_slot *find_or_add(struct learned *learned, unsigned int bar,
					uint64_t offset)
{
	struct learned_slot key = { .bar = bar, .slot.offset = offset }, *found = NULL;

	if (learned->count)
		found = bsearch(&key, learned->slot, learned->count, sizeof(key), by_place);
	if (found)
		return found;
	learned->slot = xrealloc(learned->slot, learned->count + 1, sizeof(key));
	learned->slot[learned->count++] = key;
	qsort(learned->slot, learned->count, sizeof(key), by_place);
	return bsearch(&key, learned->slot, learned->count, sizeof(key), by_place);
}

static void merge_slot(struct live_slot *into, const struct live_slot *from)
{
	unsigned int i;

	into->address = from->address;
	into->data = from->data;
	into->distance = from->distance;
	into->learned |= from->learned;
	for (i = 0; i < LEARN_DISTANCES; i++)
		if (from->learned_data[i])
			into->learned_data[i] = from->learned_data[i];
}

/* The driver forgets its slots when the device is reset, as at a guest's end. */
void learned_merge(struct learned *learned, const struct live_windows *live)
{
	size_t i, j;

	for (i = 0; i < live->count; i++) {
		const struct live_window *window = &live->window[i];

		if (!window_learns(&window->place))
			continue;
		for (j = 0; j < window->slots; j++)
			merge_slot(&find_or_add(learned, window->place.bar,
						window->slot[j].offset)->slot,
				   &window->slot[j]);
	}
}

void learned_free(struct learned *learned)
{
	free(learned->slot);
	*learned = (struct learned){ .count = 0 };
}

bool learned_data(const struct learned_slot *slot, unsigned int distance, uint32_t *data)
{
	if (!distance || !(slot->slot.learned & 1u << (distance / 4 - 1)))
		return false;
	*data = slot->slot.learned_data[distance / 4 - 1];
	return true;
}

static bool is_new(const struct learned *learned, unsigned int bar, unsigned int distance,
		   size_t end, uint32_t data)
{
	uint32_t other;
	size_t i;

	for (i = 0; i < end; i++)
		if (learned->slot[i].bar == bar &&
		    learned_data(&learned->slot[i], distance, &other) && other == data)
			return false;
	return true;
}

static struct candidate count_candidate(const struct learned *learned, unsigned int bar,
					unsigned int distance)
{
	struct candidate candidate = {
		.distance = distance,
		.high = distance == HIGH_DISTANCE,
	};
	uint32_t data;
	size_t i;

	for (i = 0; i < learned->count; i++) {
		if (learned->slot[i].bar != bar ||
		    !learned_data(&learned->slot[i], distance, &data))
			continue;
		candidate.agree++;
		candidate.different += is_new(learned, bar, distance, i, data);
		candidate.high &= !data;
	}
	return candidate;
}

/*
 * Data of several vectors differs, what only looks like data does not. Of equals the
 * nearest wins, as behind it come the neighbours. Below 0: @a is better.
 */
static int compare(const struct candidate *a, const struct candidate *b)
{
	if (a->agree != b->agree)
		return a->agree > b->agree ? -1 : 1;
	if (a->different != b->different)
		return a->different > b->different ? -1 : 1;
	return a->high - b->high;
}

struct vote learned_vote(const struct learned *learned, unsigned int bar)
{
	struct candidate best = { .distance = 0 }, candidate;
	struct vote vote = { .slots = 0 };
	unsigned int distance;
	size_t i;

	for (distance = 4; distance <= 4 * LEARN_DISTANCES; distance += 4) {
		candidate = count_candidate(learned, bar, distance);
		if (!candidate.agree || (best.agree && compare(&candidate, &best) > 0))
			continue;
		if (best.agree && !compare(&candidate, &best)) {
			if (!vote.rival)
				vote.rival = distance;
			continue;
		}
		best = candidate;
		vote.rival = 0;
	}
	vote.distance = best.distance;
	vote.agree = best.agree;
	for (i = 0; i < learned->count; i++)
		vote.slots += learned->slot[i].bar == bar;
	return vote;
}

/* The smallest windows that cover the slots of @bar which have data at @distance. */
void learned_windows(const struct learned *learned, unsigned int bar, unsigned int distance,
		     struct window_list *list)
{
	struct window *last = NULL;
	uint32_t data;
	size_t i;

	for (i = 0; i < learned->count; i++) {
		uint64_t offset = learned->slot[i].slot.offset;

		if (learned->slot[i].bar != bar ||
		    !learned_data(&learned->slot[i], distance, &data))
			continue;
		if (!last || offset > last->offset + last->size + SAME_WINDOW) {
			struct window window = {
				.bar = bar,
				.offset = offset,
				.data_offset = distance,
			};

			windows_add(list, &window);
			last = &list->window[list->count - 1];
		}
		last->size = offset + distance + 4 - last->offset;
	}
}
