// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slots that windows with LEARN have recorded, and which windows cover them.
 *
 * The driver finds a slot's address by its value. A value does not tell which dword is the
 * data if the guest data is 0 or small: many dwords look like it, and the next slot has
 * data, too. So all slots of a BAR vote on the distance from the address to the data.
 */
#include <stdlib.h>

#include "vfio-msi.h"

/*
 * Slots that are less than this apart are covered by one window. Slots that are further
 * apart get windows of their own.
 */
#define SAME_WINDOW	(1u << 20)

/*
 * Pages of a window cannot be mapped, and the device's driver may write pages between its
 * slots for each packet. So pages without slots are left out of the window.
 */
#define PAGE		4096u

/* At this distance there can be the address's high half, which is mostly 0. */
#define HIGH_DISTANCE	4

struct candidate {
	unsigned int distance;
	size_t agree;
	size_t different;	/* different values of data */
	bool high;		/* the data can be high halves of addresses */
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
	into->vector = from->vector;
	into->distance = from->distance;
	into->learned |= from->learned;
	for (i = 0; i < LEARN_DISTANCES; i++)
		if (from->learned_data[i]) {
			into->learned_data[i] = from->learned_data[i];
			into->learned_vector[i] = from->learned_vector[i];
		}
}

/* Keeps slots of earlier polls: a reset, as at a guest's end, makes the driver forget them. */
void learned_merge(struct learned *learned, const struct live_windows *live)
{
	size_t i, j;

	for (i = 0; i < live->count; i++) {
		const struct live_window *window = &live->window[i];

		if (!window_learns(&window->range))
			continue;
		for (j = 0; j < window->slots; j++)
			merge_slot(&find_or_add(learned, window->range.bar,
						window->slot[j].offset)->slot,
				   &window->slot[j]);
	}
}

void learned_free(struct learned *learned)
{
	free(learned->slot);
	*learned = (struct learned){ .count = 0 };
}

bool learned_slot_data(const struct learned_slot *slot, unsigned int distance, uint32_t *data)
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
		    learned_slot_data(&learned->slot[i], distance, &other) && other == data)
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
		    !learned_slot_data(&learned->slot[i], distance, &data))
			continue;
		candidate.agree++;
		candidate.different += is_new(learned, bar, distance, i, data);
		candidate.high &= !data;
	}
	return candidate;
}

/*
 * Below 0: @a is better. The data of several vectors differs; other dwords do not. The
 * caller prefers the nearest of equals, as the data of the next slot is further away.
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

/* A window with no hole at all is as small as its slots. One with holes has whole pages. */
static void use_whole_pages(struct window *window)
{
	size_t i;

	for (i = 0; i < window->ranges; i++) {
		struct window_range *range = &window->range[i];
		uint64_t end = range->offset + range->size;

		range->offset -= range->offset % PAGE;
		end += (PAGE - end % PAGE) % PAGE;
		range->size = end - range->offset;
	}
}

/* Makes room for another range: closes the smallest hole. */
static void close_a_hole(struct window *window)
{
	struct window_range *range = window->range;
	size_t i, smallest = 0;

	for (i = 1; i + 1 < window->ranges; i++) {
		if (range[i + 1].offset - range[i].offset - range[i].size <
		    range[smallest + 1].offset - range[smallest].offset - range[smallest].size)
			smallest = i;
	}
	range[smallest].size = range[smallest + 1].offset + range[smallest + 1].size -
			       range[smallest].offset;
	for (i = smallest + 1; i + 1 < window->ranges; i++)
		range[i] = range[i + 1];
	window->ranges--;
}

static void cover_slot(struct window *window, uint64_t offset, uint64_t end)
{
	struct window_range *last = window->ranges ? &window->range[window->ranges - 1] : NULL;

	/* the last page with a slot, and the page of this one */
	if (last && offset / PAGE <= (last->offset + last->size - 1) / PAGE + 1) {
		if (end > last->offset + last->size)
			last->size = end - last->offset;
		return;
	}
	if (window->ranges == WINDOW_RANGES)
		close_a_hole(window);
	window_add_range(window, offset, end - offset);
}

static void finish_window(struct window *window)
{
	const struct window_range *first = window->range, *last;

	if (window->ranges > 1)
		use_whole_pages(window);
	last = &window->range[window->ranges - 1];
	window->offset = first->offset;
	window->size = last->offset + last->size - first->offset;
	if (window->ranges == 1)
		window->ranges = 0;
}

/* Adds windows that cover the slots of @bar with data at @distance. */
void learned_windows(const struct learned *learned, unsigned int bar, unsigned int distance,
		     struct window_list *list)
{
	struct window window = { .bar = bar, .data_offset = distance };
	uint64_t offset, end = 0;
	uint32_t data;
	size_t i;

	for (i = 0; i < learned->count; i++) {
		offset = learned->slot[i].slot.offset;
		if (learned->slot[i].bar != bar ||
		    !learned_slot_data(&learned->slot[i], distance, &data))
			continue;
		if (window.ranges && offset > end + SAME_WINDOW) {
			finish_window(&window);
			windows_add(list, &window);
			window.ranges = 0;
		}
		end = offset + distance + 4;
		cover_slot(&window, offset, end);
	}
	if (!window.ranges)
		return;
	finish_window(&window);
	windows_add(list, &window);
}
