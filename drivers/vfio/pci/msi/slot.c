// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: the logic that slot.h describes.
 *
 * A window remembers only the dwords that matter: the addresses of the guest, each of
 * which starts a slot; the dwords that belong to these slots; and candidates, which
 * may become a part of a slot, because the guest may write the data before the
 * address. What the device has to hold in each of them depends on what the guest
 * wrote, on the order of its writes, and on the present messages. A write of the guest
 * changes one dword. Then the slots around this dword are decided again, and a write
 * is planned for each dword in which the device holds something else.
 *
 * In dwords that are not remembered, and in candidates, the device holds what the guest
 * wrote. Only in addresses and in parts of slots it can hold something else.
 *
 * The order of this file: messages; remembered dwords; matching a slot with a message;
 * deciding what a dword gets; planning; writes of the guest; LEARN windows; updates;
 * reads.
 */

#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "slot.h"

/* In windows with HIGH, the high half is so many bytes after the address. */
#define HIGH_OFFSET	4

/* So that a place has room for the page and the offset. */
#define MAX_PAGED_SIZE	0x80000000

/* The most vectors that an MSI capability can have. */
#define MAX_VECTORS	32

/* Guest data has 16 bits. A message that was the host's can have more. */
#define MAX_GUEST_DATA	0xffff

/* The dwords of a slot after its address. */
#define PART_HIGH	BIT(0)
#define PART_DATA	BIT(1)

/*
 * Whether a slot can be translated at present, from which message, and which of its
 * parts belong to that message; with PART_DATA, also the vector. A part is left out if
 * the guest has not written it, or not since it wrote the address: the guest is
 * expected to write it next.
 */
struct match {
	bool found;
	unsigned long parts;
	u32 vector;
	const struct msi_slot_message *message;
};

/* What to do with a dword. */
enum action {
	KEEP,		/* nothing */
	TRANSLATE,	/* write its part of the host message */
	RESTORE,	/* write what it held before, the guest's value, or inert */
};

/* A write of one dword affects at most four slots of three dwords. */
#define MAX_AFFECTED	12

/* The dwords that a write affects, without the dword that is written. */
struct affected {
	u64 written;
	unsigned int nr;
	struct {
		struct msi_slot_dword *dword;
		enum action action;
		u32 value;
	} dwords[MAX_AFFECTED];
};

/* No dword has this offset. */
#define NOT_WRITTEN	(~0ULL)

/*
 * The messages that are recognized in a slot: the present guest message, the former
 * guest messages, and the host message, which a user may write that has read it. If host
 * and guest message have the same address, only the data tells them apart.
 */
static unsigned int nr_known(const struct msi_slot_env *env)
{
	return 1 + env->nr_messages + (env->vectors ? 1 : 0);
}

static const struct msi_slot_message *known_at(const struct msi_slot_env *env,
					       unsigned int i)
{
	if (i > env->nr_messages)
		return &env->host;

	return i ? &env->messages[i - 1] : &env->guest;
}

static bool is_address(const struct msi_slot_env *env, u32 value)
{
	unsigned int i;

	if (!value)
		return false;
	if (value == (u32)env->guest.address ||
	    (env->vectors && value == (u32)env->host.address))
		return true;
	if (env->overflow)
		return value >= env->lowest && value <= env->highest;

	for (i = 0; i < env->nr_addresses; i++)
		if (env->addresses[i] == value)
			return true;

	return false;
}

/*
 * The low bits of the data of a message of @vectors vectors that are the vector's
 * number. In @data, which is that of vector 0, these bits are 0. So if the last 1 of
 * @data is among them, there are fewer.
 */
static u32 number_mask(u32 data, unsigned int vectors)
{
	u32 zeros = ~data & (data - 1);

	return (roundup_pow_of_two(vectors) - 1) & zeros;
}

/* Which vector of @message has this data. */
static u32 number_of(const struct msi_slot_message *message, u32 data)
{
	return data & message->number_mask;
}

/*
 * Whether @data is the data of an allocated vector in @message. While no vectors are
 * allocated, that of any vector.
 */
static bool is_data(const struct msi_slot_env *env,
		    const struct msi_slot_message *message, u32 data)
{
	return (message->data ^ data) == number_of(message, data) &&
	       (!env->vectors || number_of(message, data) < env->vectors);
}

/*
 * The first known message with this low half of the address and, unless they are
 * NULL, with this high half and this data. NULL if there is none.
 */
static const struct msi_slot_message *
find_message(const struct msi_slot_env *env, u32 low, const u32 *high,
	     const u32 *data)
{
	const struct msi_slot_message *message;
	unsigned int i;

	for (i = 0; i < nr_known(env); i++) {
		message = known_at(env, i);
		if ((u32)message->address == low &&
		    (!high || message->address >> 32 == *high) &&
		    (!data || is_data(env, message, *data)))
			return message;
	}

	return NULL;
}

/* Whether a dword with @value may be the address, the data or the high half of @message. */
static bool is_part_of(const struct msi_slot_window *window,
		       const struct msi_slot_message *message, u32 value)
{
	if (!(u32)message->address)
		return false;

	return value == (u32)message->address ||
	       !((message->data ^ value) & ~(MAX_VECTORS - 1)) ||
	       (window->layout.high && message->address >> 32 == value);
}

/* Whether a dword that is no address may become a part of a slot. */
static bool is_candidate(const struct msi_slot_window *window,
			 const struct msi_slot_env *env, u32 value)
{
	const struct msi_slot_message *message;
	unsigned int i;

	for (i = 0; i < nr_known(env); i++) {
		message = known_at(env, i);
		if (!(u32)message->address)
			continue;
		if (!((message->data ^ value) & ~(MAX_VECTORS - 1)))
			return true;
		if (window->layout.high && message->address >> 32 == value)
			return true;
	}

	return false;
}

/* The last one that was added is the most likely, here and in remember_message(). */
static void remember_address(struct msi_slot_env *env, u32 address)
{
	unsigned int i;

	env->lowest = min(env->lowest, address);
	env->highest = max(env->highest, address);

	for (i = env->nr_addresses; i-- > 0;)
		if (env->addresses[i] == address)
			return;

	if (env->nr_addresses == env->max_addresses)
		env->overflow = true;
	else
		env->addresses[env->nr_addresses++] = address;
}

/*
 * A free entry of @messages, otherwise the oldest from which no slot was translated, or
 * NULL.
 */
static struct msi_slot_message *alloc_message(struct msi_slot_env *env)
{
	unsigned int i;

	if (env->nr_messages < env->max_messages)
		return &env->messages[env->nr_messages++];

	for (i = 0; i < env->max_messages; i++) {
		struct msi_slot_message *message =
			&env->messages[env->next_message];

		env->next_message = (env->next_message + 1) % env->max_messages;
		if (!message->used)
			return message;
	}

	return NULL;
}

/* The bits of a guest's data above the vector's number have a bit each in the filter. */
static unsigned int high_bits_of(u32 data)
{
	return (data & MAX_GUEST_DATA) / MAX_VECTORS;
}

static bool test_high_bits(const struct msi_slot_filter *filter, u32 data)
{
	unsigned int bit = high_bits_of(data);

	return filter->data[bit / 64] >> bit % 64 & 1;
}

static void add_to_filter(struct msi_slot_filter *filter,
			  const struct msi_slot_message *message)
{
	unsigned int bit = high_bits_of(message->data);
	u32 high = message->address >> 32;

	filter->data[bit / 64] |= 1ULL << bit % 64;
	filter->wide |= message->data > MAX_GUEST_DATA;
	filter->lowest_high = min(filter->lowest_high, high);
	filter->highest_high = max(filter->highest_high, high);
}

static bool is_same(const struct msi_slot_message *a,
		    const struct msi_slot_message *b)
{
	return a->address == b->address && a->data == b->data &&
	       a->number_mask == b->number_mask;
}

/* Returns the entry, or NULL if there is no room for it. */
static struct msi_slot_message *
remember_message(struct msi_slot_env *env, const struct msi_slot_message *message)
{
	struct msi_slot_message *entry;
	unsigned int i;

	for (i = env->nr_messages; i-- > 0;)
		if (is_same(&env->messages[i], message))
			return &env->messages[i];

	entry = alloc_message(env);
	if (entry) {
		*entry = *message;
		add_to_filter(&env->filter, message);
	}

	return entry;
}

static void remember_guest(struct msi_slot_env *env)
{
	const struct msi_slot_message *guest = &env->guest;

	/* Zeros are written everywhere. */
	if (!env->vectors || !(u32)guest->address)
		return;

	remember_address(env, guest->address);
	remember_message(env, guest);
}

void msi_slot_init_env(struct msi_slot_env *env, u32 inert, bool inert_on_free,
		       bool clean, u32 *addresses, unsigned int nr_addresses,
		       struct msi_slot_message *messages,
		       unsigned int nr_messages)
{
	memset(env, 0, sizeof(*env));
	env->inert = inert;
	env->inert_on_free = inert_on_free;
	env->clean = clean;
	env->lowest = ~0U;
	env->filter.lowest_high = ~0U;
	env->addresses = addresses;
	env->max_addresses = nr_addresses;
	env->messages = messages;
	env->max_messages = nr_messages;
}

bool msi_slot_set_guest(struct msi_slot_env *env, unsigned int vectors,
			u64 address, u32 data)
{
	struct msi_slot_message guest = {
		.address = address,
		.data = data,
		.number_mask = number_mask(data, vectors),
	};

	if (is_same(&env->guest, &guest))
		return false;

	env->guest = guest;
	remember_guest(env);

	return true;
}

void msi_slot_set_host(struct msi_slot_env *env, unsigned int vectors,
		       u64 address, u32 data)
{
	env->vectors = vectors;
	env->active = vectors && address;
	if (env->active || !vectors) {
		env->host.address = address;
		env->host.data = data;
	}
	env->host.number_mask = number_mask(env->host.data, vectors ?: 1);
	remember_guest(env);
}

static bool ranges_ok(const struct msi_slot_layout *layout)
{
	const struct msi_slot_range *range = layout->range;
	u64 end = 0;
	unsigned int i;

	if (layout->nr_ranges > MSI_SLOT_RANGES)
		return false;

	for (i = 0; i < layout->nr_ranges; i++, range++) {
		if (range->start % 4 || range->end % 4 || range->start < end ||
		    range->start >= range->end || range->end > layout->size)
			return false;
		end = range->end;
	}

	return true;
}

bool msi_slot_layout_ok(const struct msi_slot_layout *layout)
{
	if (!layout->size || layout->size % 4 || layout->data_offset % 4 ||
	    !ranges_ok(layout))
		return false;
	if (layout->paged && layout->size >= MAX_PAGED_SIZE)
		return false;
	if (layout->learn)
		return !layout->data_offset && !layout->high;

	return layout->data_offset > (layout->high ? HIGH_OFFSET : 0) &&
	       layout->data_offset < layout->size;
}

void msi_slot_init_window(struct msi_slot_window *window,
			  const struct msi_slot_layout *layout,
			  struct msi_slot_bucket *buckets,
			  struct msi_slot_dword *dwords, unsigned int nr_dwords)
{
	memset(window, 0, sizeof(*window));
	window->layout = *layout;
	window->buckets = buckets;
	window->dwords = dwords;
	window->max_dwords = nr_dwords;
}

void msi_slot_show(struct msi_slot_window *window, u32 page)
{
	window->page = page;
}

void msi_slot_reset(struct msi_slot_window *window)
{
	window->nr_dwords = 0;
	window->nr_slots = 0;
	memset(window->buckets, 0, MSI_SLOT_BUCKETS * sizeof(*window->buckets));
}

void msi_slot_expire(struct msi_slot_window *window)
{
	unsigned int i;

	for (i = 0; i < window->nr_dwords; i++)
		if (window->dwords[i].translated)
			window->dwords[i].expired = true;
}

/*
 * Where a dword is remembered. Slots are smaller than the distance between the same offset
 * of two pages, so that dwords of different pages never meet in one.
 */
static u64 place_in(const struct msi_slot_window *window, u32 page, u64 offset)
{
	return window->layout.paged ? (u64)page << 32 | offset : offset;
}

static u64 place_of(const struct msi_slot_window *window, u64 offset)
{
	return place_in(window, window->page, offset);
}

static u64 offset_of(const struct msi_slot_window *window, u64 place)
{
	return window->layout.paged ? (u32)place : place;
}

static bool is_shown(const struct msi_slot_window *window,
		     const struct msi_slot_dword *dword)
{
	return !window->layout.paged || dword->place >> 32 == window->page;
}

/* The index of the first remembered dword at @place or after it. */
static unsigned int lower_bound(const struct msi_slot_window *window,
				u64 place)
{
	unsigned int low = 0, high = window->nr_dwords;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (window->dwords[mid].place < place)
			low = mid + 1;
		else
			high = mid;
	}

	return low;
}

static struct msi_slot_bucket *bucket_of(const struct msi_slot_window *window,
					 u64 place)
{
	return &window->buckets[place / 4 % MSI_SLOT_BUCKETS];
}

static bool is_at(const struct msi_slot_window *window, unsigned int i, u64 place)
{
	return i < window->nr_dwords && window->dwords[i].place == place;
}

/*
 * Returns NULL for a @place before the window too, as it has wrapped around. A write looks
 * for many places that are not remembered, nearly all of which the buckets rule out, and
 * several times for those of its slot. So a search is rare.
 */
static struct msi_slot_dword *find(const struct msi_slot_window *window,
				   u64 place)
{
	struct msi_slot_bucket *bucket = bucket_of(window, place);
	unsigned int i;

	if (!bucket->nr)
		return NULL;
	if (is_at(window, bucket->last, place))
		return &window->dwords[bucket->last];

	i = lower_bound(window, place);
	if (!is_at(window, i, place))
		return NULL;
	bucket->last = i;

	return &window->dwords[i];
}

static struct msi_slot_dword *
find_address(const struct msi_slot_window *window, u64 place)
{
	struct msi_slot_dword *dword = find(window, place);

	return dword && dword->address ? dword : NULL;
}

/*
 * The slot that a dword is a part of. If slots overlap, a dword can be the data of one
 * slot and the high half of another. It counts as data then, and the other slot cannot
 * be translated.
 */
static struct msi_slot_dword *
find_slot(const struct msi_slot_window *window, u64 place, unsigned long *part)
{
	struct msi_slot_dword *slot;

	*part = PART_DATA;
	slot = find_address(window, place - window->layout.data_offset);
	if (slot || !window->layout.high)
		return slot;

	*part = PART_HIGH;
	return find_address(window, place - HIGH_OFFSET);
}

static struct msi_slot_dword *
find_part(const struct msi_slot_window *window,
	  const struct msi_slot_dword *slot, unsigned long part)
{
	if (part == PART_DATA)
		return find(window, slot->place + window->layout.data_offset);

	return window->layout.high ? find(window, slot->place + HIGH_OFFSET) :
				     NULL;
}

static unsigned int max_slots(const struct msi_slot_window *window)
{
	return window->max_dwords / 4;
}

static void forget(struct msi_slot_window *window, struct msi_slot_dword *dword)
{
	struct msi_slot_dword *end = window->dwords + window->nr_dwords--;

	bucket_of(window, dword->place)->nr--;
	memmove(dword, dword + 1, (end - dword - 1) * sizeof(*dword));
}

/* Parts of slots, and in a LEARN window data of addresses, are kept longer than others. */
static bool is_important(const struct msi_slot_window *window,
			 const struct msi_slot_dword *dword)
{
	return window->layout.learn ? dword->learned : dword->part;
}

/* Whether to forget @dword rather than @other. */
static bool is_less_important(const struct msi_slot_window *window,
			      const struct msi_slot_dword *dword,
			      const struct msi_slot_dword *other)
{
	bool important = is_important(window, dword);

	if (important != is_important(window, other))
		return !important;

	return dword->age < other->age;
}

/*
 * Makes room by forgetting the oldest candidate. There is one, because the slots have
 * at most three quarters of the dwords. In a LEARN window there may be none, as any
 * number of data can follow an address: then the oldest data is forgotten.
 */
static void forget_oldest(struct msi_slot_window *window)
{
	struct msi_slot_dword *dword, *oldest = NULL;
	unsigned int i;

	for (i = 0; i < window->nr_dwords; i++) {
		dword = &window->dwords[i];
		if (!dword->address &&
		    (!oldest || is_less_important(window, dword, oldest)))
			oldest = dword;
	}

	forget(window, oldest);
}

static void mark_part(const struct msi_slot_window *window,
		      struct msi_slot_dword *dword)
{
	unsigned long part;

	dword->part = !window->layout.learn &&
		      find_slot(window, dword->place, &part);
}

/* The dword at @place has become an address, or is none any more. */
static void mark_parts(const struct msi_slot_window *window, u64 place)
{
	struct msi_slot_dword *data = find(window, place + window->layout.data_offset);
	struct msi_slot_dword *high = find(window, place + HIGH_OFFSET);

	if (data)
		mark_part(window, data);
	if (high)
		mark_part(window, high);
}

static struct msi_slot_dword *insert(struct msi_slot_window *window, u64 place)
{
	struct msi_slot_dword *dword;
	unsigned int i;

	if (window->nr_dwords == window->max_dwords)
		forget_oldest(window);

	i = lower_bound(window, place);
	dword = &window->dwords[i];
	memmove(dword + 1, dword, (window->nr_dwords - i) * sizeof(*dword));
	window->nr_dwords++;

	memset(dword, 0, sizeof(*dword));
	dword->place = place;
	bucket_of(window, place)->nr++;
	mark_part(window, dword);

	return dword;
}

/* The message that the guest wrote to @slot and its @parts, or NULL. */
static const struct msi_slot_message *
match_parts(const struct msi_slot_window *window,
	    const struct msi_slot_env *env, const struct msi_slot_dword *slot,
	    unsigned long parts)
{
	const struct msi_slot_dword *high = find_part(window, slot, PART_HIGH);
	const struct msi_slot_dword *data = find_part(window, slot, PART_DATA);
	/* Without HIGH a slot has no place for the high half. */
	static const u32 none;

	return find_message(env, slot->guest,
			    !window->layout.high ? &none :
			    parts & PART_HIGH ? &high->guest : NULL,
			    parts & PART_DATA ? &data->guest : NULL);
}

/* Whether the window has the dword @distance bytes after @offset. */
static bool covers(const struct msi_slot_layout *layout, u64 offset,
		   u32 distance)
{
	unsigned int i;

	if (layout->size - offset < (u64)distance + 4)
		return false;

	offset += distance;
	for (i = 0; i < layout->nr_ranges; i++)
		if (offset >= layout->range[i].start &&
		    offset < layout->range[i].end)
			return true;

	return !layout->nr_ranges;
}

/* Whether the host message can be written to @slot, whatever the guest wrote. */
static bool fits_host_message(const struct msi_slot_window *window,
			      const struct msi_slot_env *env,
			      const struct msi_slot_dword *slot)
{
	const struct msi_slot_layout *layout = &window->layout;
	u64 offset = offset_of(window, slot->place);

	if (!env->vectors)
		return false;
	if (!layout->high && env->host.address >> 32)
		return false;

	/* A part of it is outside of the window, where writes are not seen. */
	if (!covers(layout, offset, layout->data_offset) ||
	    (layout->high && !covers(layout, offset, HIGH_OFFSET)))
		return false;

	/* A part of it belongs to another slot. */
	if (find_address(window, slot->place + layout->data_offset))
		return false;
	if (!layout->high)
		return true;

	return !find_address(window, slot->place + HIGH_OFFSET) &&
	       !find_address(window, slot->place + HIGH_OFFSET -
				     layout->data_offset);
}

static bool holds_host(const struct msi_slot_dword *dword, u32 value)
{
	return dword->translated && dword->device == value;
}

/* Whether the device already holds what it would get. */
static bool is_current(const struct msi_slot_window *window,
		       const struct msi_slot_env *env,
		       const struct msi_slot_dword *slot,
		       const struct match *match)
{
	const struct msi_slot_dword *high = find_part(window, slot, PART_HIGH);
	const struct msi_slot_dword *data = find_part(window, slot, PART_DATA);

	if (!holds_host(slot, env->host.address))
		return false;
	if (match->parts & PART_HIGH &&
	    !holds_host(high, env->host.address >> 32))
		return false;

	return !(match->parts & PART_DATA) ||
	       holds_host(data, env->host.data + match->vector);
}

/*
 * While the host has no message, because vector 0 has no handler, no other slot is
 * translated. If there are other vectors, their live slots stay.
 */
static bool may_translate(const struct msi_slot_window *window,
			  const struct msi_slot_env *env,
			  const struct msi_slot_dword *slot,
			  const struct match *match)
{
	return env->active ||
	       (env->vectors > 1 && is_current(window, env, slot, match));
}

/*
 * Whether it is certain that the device holds no foreign data in @slot. With the host
 * address, such data could be the message of somebody else's vector. After a reset,
 * the device holds no data of a vector.
 */
static bool is_data_safe(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 const struct msi_slot_dword *slot)
{
	const struct msi_slot_dword *data = find_part(window, slot, PART_DATA);

	return data ? data->translated : env->clean;
}

/*
 * Matches @slot with a message by as many parts as possible. A part that was written
 * after the address is not left out.
 */
static struct match match_slot(const struct msi_slot_window *window,
			       const struct msi_slot_env *env,
			       const struct msi_slot_dword *slot)
{
	static const unsigned long tries[] = {
		PART_HIGH | PART_DATA, PART_HIGH, PART_DATA, 0
	};
	const struct msi_slot_dword *high, *data;
	unsigned long written = 0, newer = 0;
	struct match match = {};
	unsigned int i;

	if (!fits_host_message(window, env, slot))
		return match;

	high = find_part(window, slot, PART_HIGH);
	data = find_part(window, slot, PART_DATA);
	if (high)
		written |= PART_HIGH;
	if (high && high->age > slot->age)
		newer |= PART_HIGH;
	if (data)
		written |= PART_DATA;
	if (data && data->age > slot->age)
		newer |= PART_DATA;

	for (i = 0; i < 4 && !match.message; i++) {
		match.parts = tries[i];
		if (match.parts & ~written || newer & ~match.parts)
			continue;
		if (!(match.parts & PART_DATA) &&
		    !is_data_safe(window, env, slot))
			continue;
		match.message = match_parts(window, env, slot, match.parts);
	}

	if (match.message && match.parts & PART_DATA)
		match.vector = number_of(match.message, data->guest);
	match.found = match.message && may_translate(window, env, slot, &match);

	return match;
}

/*
 * What the device held before may be an address of the guest too: the guest wrote it
 * before it became the guest message, or an earlier user did.
 */
static u32 inert_if_address(const struct msi_slot_env *env, u32 value)
{
	return is_address(env, value) ? env->inert : value;
}

/*
 * Whether a slot that cannot be translated gets back what was there before. That is
 * mostly 0, which is the address of the guest's first page. A slot that was live does
 * not get it back, as the device may go on sending its message. It is a slot for
 * certain, so the inert address does no harm there.
 */
static bool restores_previous(const struct msi_slot_env *env,
			      const struct msi_slot_dword *slot)
{
	return !slot->inert && !slot->live && !is_address(env, slot->previous);
}

static enum action decide_address(const struct msi_slot_window *window,
				  const struct msi_slot_env *env,
				  const struct msi_slot_dword *slot, u32 *value)
{
	if (match_slot(window, env, slot).found) {
		*value = env->host.address;
		return TRANSLATE;
	}

	*value = restores_previous(env, slot) ? slot->previous : env->inert;
	if (slot->translated)
		return RESTORE;

	return slot->device != (slot->inert ? env->inert : slot->previous) ?
	       RESTORE : KEEP;
}

/* Whether the device has the inert address in @slot, or is about to get it. */
static bool becomes_inert(const struct msi_slot_window *window,
			  const struct msi_slot_env *env,
			  const struct msi_slot_dword *slot)
{
	u32 value;

	switch (decide_address(window, env, slot, &value)) {
	case KEEP:
		return slot->inert;
	case RESTORE:
		return !restores_previous(env, slot);
	default:
		return false;
	}
}

/* What to do with a dword, and the value that the device gets in it. */
static enum action decide(const struct msi_slot_window *window,
			  const struct msi_slot_env *env,
			  const struct msi_slot_dword *dword, u32 *value)
{
	const struct msi_slot_dword *slot;
	struct match found = {};
	unsigned long part = 0;

	if (dword->address)
		return decide_address(window, env, dword, value);

	slot = find_slot(window, dword->place, &part);
	if (slot)
		found = match_slot(window, env, slot);
	if (found.found && found.parts & part) {
		*value = part == PART_DATA ? env->host.data + found.vector :
					     env->host.address >> 32;
		return TRANSLATE;
	}
	/* The guest wrote the address again, and is expected to write this part next. */
	if (found.found && dword->translated)
		return KEEP;

	/* The inert address has a high half of 0, and no data of a vector. */
	if (slot && (part == PART_HIGH || dword->translated) &&
	    becomes_inert(window, env, slot))
		*value = 0;
	else if (dword->device == dword->guest ||
		 (slot && becomes_inert(window, env, slot)))
		*value = dword->device;
	else
		*value = inert_if_address(env, dword->guest);
	return RESTORE;
}

static void plan_event(struct msi_slot_window *window, u64 place, u32 guest,
		       u32 host, enum msi_slot_event_kind kind)
{
	struct msi_slot_plan *plan = &window->plan;
	u64 *counter[] = {
		[MSI_SLOT_ADDRESS] = &window->addresses,
		[MSI_SLOT_DATA] = &window->data,
		[MSI_SLOT_WITHHELD] = &window->withheld,
		[MSI_SLOT_UNDONE] = &window->undone,
	};

	(*counter[kind])++;
	plan->events[plan->nr_events++] = (struct msi_slot_event) {
		.offset = offset_of(window, place),
		.guest = guest,
		.host = host,
		.kind = kind,
	};
}

static void plan_write(struct msi_slot_window *window, u64 place,
		       unsigned int width, u64 value)
{
	struct msi_slot_plan *plan = &window->plan;

	plan->writes[plan->nr_writes++] = (struct msi_slot_write) {
		.offset = offset_of(window, place),
		.value = value,
		.width = width,
	};
}

/* The guest's driver may go on writing a message that it has written once. */
static void remember_used(const struct msi_slot_window *window,
			  struct msi_slot_env *env,
			  const struct msi_slot_dword *dword)
{
	const struct msi_slot_message *message;
	const struct msi_slot_dword *slot;
	struct msi_slot_message *entry;
	unsigned long part;

	if (dword->address)
		return;
	slot = find_slot(window, dword->place, &part);
	if (part != PART_DATA)
		return;

	message = match_slot(window, env, slot).message;
	/* It may be the host message, which can be another one by then. */
	remember_address(env, message->address);
	entry = remember_message(env, message);
	if (entry)
		entry->used = true;
}

static void translate(struct msi_slot_window *window,
		      struct msi_slot_dword *dword, u32 value)
{
	struct msi_slot_dword *slot = dword;
	unsigned long part = 0;

	if (!dword->address)
		slot = find_slot(window, dword->place, &part);
	if (part == PART_DATA)
		slot->live = true;

	dword->device = value;
	dword->translated = true;
	dword->expired = false;
	plan_write(window, dword->place, 4, value);
	plan_event(window, dword->place, dword->guest, value,
		   part == PART_DATA ? MSI_SLOT_DATA : MSI_SLOT_ADDRESS);
}

static void restore(struct msi_slot_window *window, struct msi_slot_dword *dword,
		    u32 value)
{
	bool undone = dword->address && dword->translated;

	dword->inert |= dword->live;
	dword->live = false;
	dword->translated = false;
	dword->expired = false;
	if (dword->device != value)
		plan_write(window, dword->place, 4, value);
	dword->device = value;
	if (undone)
		plan_event(window, dword->place, dword->guest, value,
			   MSI_SLOT_UNDONE);
}

static bool is_high(const struct msi_slot_window *window,
		    const struct msi_slot_dword *dword)
{
	unsigned long part;

	return dword && find_slot(window, dword->place, &part) &&
	       part == PART_HIGH;
}

/* Plans what the device gets in the dword that the guest has just written. */
static void plan_written(struct msi_slot_window *window,
			 struct msi_slot_env *env, u64 place, u32 guest)
{
	struct msi_slot_dword *dword = find(window, place);
	enum action action = RESTORE;
	u32 value = guest;

	if (dword)
		action = decide(window, env, dword, &value);

	if (action == TRANSLATE) {
		remember_used(window, env, dword);
		translate(window, dword, value);
	} else if (dword && dword->address) {
		if (action == RESTORE)
			restore(window, dword, value);
		plan_event(window, place, guest, dword->device,
			   MSI_SLOT_WITHHELD);
	} else {
		/*
		 * The guest's data reaches the device, also with an inert address,
		 * where it does no harm. A high half of an inert address does not.
		 */
		if (action != RESTORE || !is_high(window, dword))
			value = guest;
		if (dword) {
			dword->device = value;
			dword->translated = false;
			dword->expired = false;
		}
		plan_write(window, place, 4, value);
	}
}

static void add_dword(const struct msi_slot_window *window,
		      const struct msi_slot_env *env, struct affected *affected,
		      struct msi_slot_dword *dword)
{
	unsigned int i;

	if (!dword || dword->place == affected->written)
		return;
	for (i = 0; i < affected->nr; i++)
		if (affected->dwords[i].dword == dword)
			return;

	affected->nr++;
	affected->dwords[i].dword = dword;
	affected->dwords[i].action =
		decide(window, env, dword, &affected->dwords[i].value);
}

/*
 * A part of the slot that is or was at @place. NULL if that dword is not remembered, or
 * is the address or the data of another slot.
 */
static struct msi_slot_dword *
find_own_part(const struct msi_slot_window *window, u64 place,
	      unsigned long part)
{
	struct msi_slot_dword *dword;
	unsigned long role = PART_DATA;

	if (part == PART_DATA) {
		place += window->layout.data_offset;
	} else {
		place += HIGH_OFFSET;
		find_slot(window, place, &role);
	}
	dword = find(window, place);

	return dword && !dword->address && role == part ? dword : NULL;
}

static void add_slot(const struct msi_slot_window *window,
		     const struct msi_slot_env *env, struct affected *affected,
		     u64 place)
{
	add_dword(window, env, affected, find(window, place));
	add_dword(window, env, affected,
		  find_own_part(window, place, PART_DATA));
	add_dword(window, env, affected,
		  find_own_part(window, place, PART_HIGH));
}

static void add_slot_if_any(const struct msi_slot_window *window,
			    const struct msi_slot_env *env,
			    struct affected *affected, u64 place)
{
	if (find_address(window, place))
		add_slot(window, env, affected, place);
}

/*
 * The dwords that a write of the dword at @place affects: those of the slot that
 * starts there, or did before; those of the slots that the dword is a part of; and, if
 * it is or was an address, those of the slot whose high half is the data of this one.
 * Other slots keep what they have, even if that is an older host message.
 */
static void collect_affected(const struct msi_slot_window *window,
			     const struct msi_slot_env *env,
			     struct affected *affected, u64 place,
			     bool is_or_was_address)
{
	u32 distance = window->layout.data_offset;

	affected->written = place;
	affected->nr = 0;

	if (is_or_was_address)
		add_slot(window, env, affected, place);
	add_slot_if_any(window, env, affected, place - distance);
	if (!window->layout.high)
		return;

	add_slot_if_any(window, env, affected, place - HIGH_OFFSET);
	if (is_or_was_address)
		add_slot_if_any(window, env, affected,
				place + distance - HIGH_OFFSET);
}

/*
 * Plans @action for the affected dwords that need it: for the addresses among them, or
 * for the others.
 */
static void plan_affected(struct msi_slot_window *window,
			  struct msi_slot_env *env, struct affected *affected,
			  bool address, enum action action)
{
	struct msi_slot_dword *dword;
	unsigned int i;
	u32 value;

	for (i = 0; i < affected->nr; i++) {
		dword = affected->dwords[i].dword;
		value = affected->dwords[i].value;
		if (dword->address != address ||
		    affected->dwords[i].action != action)
			continue;
		if (action == RESTORE) {
			restore(window, dword, value);
			continue;
		}
		remember_used(window, env, dword);
		if (!dword->translated || dword->device != value)
			translate(window, dword, value);
	}
}

/*
 * Remembers what the guest writes, if it matters. Returns false if it is the address of
 * one slot too many.
 */
static bool remember_write(struct msi_slot_window *window,
			   const struct msi_slot_env *env, u64 place,
			   u32 value, msi_slot_read_fn read, void *context)
{
	struct msi_slot_dword *dword = find(window, place);
	bool was_address = dword && dword->address;
	bool address = is_address(env, value);
	bool foreign = !dword && !env->clean;
	unsigned long part;
	u32 before = 0;

	if (dword)
		before = dword->guest;
	else if (address)
		before = read(context, offset_of(window, place));

	if (address && !was_address && window->nr_slots == max_slots(window)) {
		plan_event(window, place, value, dword ? dword->device : before,
			   MSI_SLOT_WITHHELD);
		return false;
	}

	window->nr_slots += address - was_address;
	if (!address && !find_slot(window, place, &part) &&
	    !is_candidate(window, env, value)) {
		if (dword)
			forget(window, dword);
		return true;
	}

	if (!dword) {
		dword = insert(window, place);
		dword->device = before;
	}
	if (address != was_address) {
		dword->address = address;
		dword->translated = false;
		dword->expired = false;
		dword->live = false;
		/* What was there may be a message of an earlier session. */
		dword->inert = foreign;
		dword->previous = before;
	}
	dword->guest = value;
	dword->age = window->age;

	return true;
}

/* The host message in the parts of a slot that has gone is not kept for another slot. */
static void release_parts(struct msi_slot_window *window, u64 place)
{
	struct msi_slot_dword *high = find_own_part(window, place, PART_HIGH);
	struct msi_slot_dword *data = find_own_part(window, place, PART_DATA);

	if (high)
		high->translated = false;
	if (data)
		data->translated = false;
}

/*
 * The order of the writes matters. A host address is removed before the host data that
 * belongs to it, and is written after it. The dword that the guest writes comes after
 * all that is translated with it, as this write may be what makes the device read the
 * slot.
 */
static void write_dword(struct msi_slot_window *window,
			struct msi_slot_env *env, u64 place, u32 value,
			msi_slot_read_fn read, void *context)
{
	bool was_address = find_address(window, place);
	struct affected affected;
	bool address;

	window->age++;

	if (!remember_write(window, env, place, value, read, context))
		return;

	address = find_address(window, place);
	if (was_address != address)
		mark_parts(window, place);
	if (was_address && !address)
		release_parts(window, place);
	collect_affected(window, env, &affected, place,
			 was_address || address);
	plan_affected(window, env, &affected, true, RESTORE);
	plan_affected(window, env, &affected, false, TRANSLATE);
	plan_affected(window, env, &affected, true, TRANSLATE);
	plan_written(window, env, place, value);
	plan_affected(window, env, &affected, false, RESTORE);
}

/* A msi_slot_read_fn for a dword that has been read already. */
static u32 read_known(void *context, u64 offset)
{
	return *(u32 *)context;
}

static bool is_narrow(const struct msi_slot_access *access)
{
	return access->width < 4;
}

/* The offset of the (first) dword that @access writes to. */
static u64 dword_of(const struct msi_slot_access *access)
{
	return access->offset & ~3ULL;
}

/* The dword that results from a narrow write. */
static u32 merge(const struct msi_slot_access *access)
{
	unsigned int shift = 8 * (access->offset & 3);
	u32 mask = GENMASK(8 * access->width - 1, 0) << shift;

	return (access->before & ~mask) | ((u32)access->value << shift & mask);
}

/*
 * A narrow write counts as a write of the whole dword as the guest sees it. Otherwise a
 * guest could write an address in pieces. If the device gets the guest's value, it gets
 * it in the guest's width.
 */
static void write_narrow(struct msi_slot_window *window,
			 struct msi_slot_env *env,
			 const struct msi_slot_access *access)
{
	u64 place = place_of(window, dword_of(access));
	struct msi_slot_dword *dword = find(window, place);
	bool replaced = dword && dword->device != dword->guest;
	struct msi_slot_write *write = window->plan.writes;
	u32 before = access->before, after = merge(access);
	struct msi_slot_write *end;

	write_dword(window, env, place, after, read_known, &before);

	for (end = write + window->plan.nr_writes; write < end; write++) {
		if (write->offset != dword_of(access) ||
		    write->value != after || replaced)
			continue;
		write->offset = access->offset;
		write->width = access->width;
		write->value = access->value & GENMASK(8 * access->width - 1, 0);
	}
}

static void write_qword(struct msi_slot_window *window,
			struct msi_slot_env *env,
			const struct msi_slot_access *access,
			msi_slot_read_fn read, void *context)
{
	struct msi_slot_plan *plan = &window->plan;
	struct msi_slot_write *write = plan->writes;
	u64 place = place_of(window, access->offset);

	write_dword(window, env, place, access->value, read, context);
	write_dword(window, env, place + 4, access->value >> 32, read, context);

	if (plan->nr_writes == 2 && write[0].offset == access->offset &&
	    write[1].offset == access->offset + 4) {
		write[0].value |= write[1].value << 32;
		write[0].width = 8;
		plan->nr_writes = 1;
	}
}

/* The message of the data after the address at @place, or NULL if there is none. */
static const struct msi_slot_message *
find_learned(const struct msi_slot_window *window,
	     const struct msi_slot_env *env, u64 place, u32 distance, u32 *data)
{
	const struct msi_slot_dword *slot = find_address(window, place);
	const struct msi_slot_dword *dword = find(window, place + distance);

	if (!slot || !dword || dword->address)
		return NULL;
	*data = dword->guest;

	return find_message(env, slot->guest, NULL, data);
}

/* Whether @value, written at @place, is data of an address before @place. */
static bool is_learned_data(const struct msi_slot_window *window,
			    const struct msi_slot_env *env, u64 place,
			    u32 value)
{
	const struct msi_slot_dword *slot;
	u32 distance;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4) {
		slot = find_address(window, place - distance);
		if (slot && find_message(env, slot->guest, NULL, &value))
			return true;
	}

	return false;
}

/* Records the data after an address that was written before the address. */
static void learn_address(struct msi_slot_window *window,
			  const struct msi_slot_env *env, u64 place)
{
	u32 distance, data;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4)
		if (find_learned(window, env, place, distance, &data))
			find(window, place + distance)->learned = true;
}

/*
 * An address stays recorded, whatever is written there later. Data stays recorded until
 * other data is written there. Zeros are written for many reasons and replace nothing.
 */
static void learn(struct msi_slot_window *window,
		  const struct msi_slot_env *env, u64 place, u32 value)
{
	struct msi_slot_dword *dword = find(window, place);
	bool was_address = dword && dword->address;
	bool learned = dword && dword->learned;
	bool address = is_address(env, value);
	bool data = is_learned_data(window, env, place, value);

	window->age++;

	if (!address && (was_address || (learned && (!data || !value))))
		return;
	if (!address && !is_candidate(window, env, value)) {
		if (dword)
			forget(window, dword);
		return;
	}
	if (address && !was_address && window->nr_slots == max_slots(window))
		return;

	if (!dword)
		dword = insert(window, place);
	window->nr_slots += address - was_address;
	dword->address = address;
	dword->learned = data;
	dword->guest = value;
	dword->device = value;
	dword->age = window->age;

	if (address)
		learn_address(window, env, place);
}

static void write_learn(struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_access *access)
{
	u64 place = place_of(window, access->offset);

	if (!is_narrow(access))
		learn(window, env, place, access->value);
	if (access->width == 8)
		learn(window, env, place + 4, access->value >> 32);

	plan_write(window, place, access->width, access->value);
}

static void clear_plan(struct msi_slot_window *window)
{
	window->plan.nr_writes = 0;
	window->plan.nr_events = 0;
}

/* Whether a write of @value can complete the slot that the dword is a part of. */
static bool completes_slot(const struct msi_slot_window *window,
			   const struct msi_slot_env *env, u64 place,
			   u32 value)
{
	const struct msi_slot_dword *slot;
	unsigned long part;

	slot = find_slot(window, place, &part);
	if (!slot)
		return false;

	return find_message(env, slot->guest, part == PART_HIGH ? &value : NULL,
			    part == PART_DATA ? &value : NULL);
}

static bool dword_translates(const struct msi_slot_window *window,
			     const struct msi_slot_env *env, u64 place,
			     u32 value)
{
	if (is_address(env, value) ||
	    completes_slot(window, env, place, value))
		return true;

	/* Without its address, the dword can be the high half of another slot. */
	return window->layout.high && find_address(window, place);
}

struct msi_slot_access
msi_slot_begin_access(const struct msi_slot_window *window, u64 offset,
		      unsigned int width, u64 value,
		      msi_slot_read_fn read, void *context)
{
	struct msi_slot_access access = {
		.offset = offset,
		.value = value,
		.width = width,
	};
	const struct msi_slot_dword *dword;

	if (window->layout.learn || !is_narrow(&access))
		return access;

	dword = find(window, place_of(window, dword_of(&access)));
	access.before = dword ? dword->guest : read(context, dword_of(&access));

	return access;
}

bool msi_slot_translates(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 const struct msi_slot_access *access)
{
	u64 place = place_of(window, dword_of(access));

	if (window->layout.learn || !env->vectors)
		return false;
	if (is_narrow(access))
		return dword_translates(window, env, place, merge(access));

	return dword_translates(window, env, place, access->value) ||
	       (access->width == 8 &&
		dword_translates(window, env, place + 4, access->value >> 32));
}

/*
 * Whether @value may be the address of a slot or become a part of one. Also true for some
 * values that cannot: the former guest messages are not searched, because it does not
 * matter which of them it is. So this takes as long with one as with a thousand.
 */
static bool may_matter(const struct msi_slot_window *window,
		       const struct msi_slot_env *env, u32 value)
{
	const struct msi_slot_filter *filter = &env->filter;

	if (value >= env->lowest && value <= env->highest)
		return true;
	if (window->layout.high && value >= filter->lowest_high &&
	    value <= filter->highest_high)
		return true;
	if (value > MAX_GUEST_DATA ? filter->wide : test_high_bits(filter, value))
		return true;

	return is_part_of(window, &env->guest, value) ||
	       (env->vectors && is_part_of(window, &env->host, value));
}

/* Whether a write of @value at @place is remembered by nobody and changes no slot. */
static bool is_plain_dword(const struct msi_slot_window *window,
			   const struct msi_slot_env *env, u64 place, u32 value)
{
	unsigned long part;

	return !may_matter(window, env, value) && !find(window, place) &&
	       (window->layout.learn || !find_slot(window, place, &part));
}

bool msi_slot_is_plain(const struct msi_slot_window *window,
		       const struct msi_slot_env *env,
		       const struct msi_slot_access *access)
{
	u64 place = place_of(window, access->offset);

	return !is_narrow(access) &&
	       is_plain_dword(window, env, place, access->value) &&
	       (access->width < 8 ||
		is_plain_dword(window, env, place + 4, access->value >> 32));
}

void msi_slot_write(struct msi_slot_window *window, struct msi_slot_env *env,
		    const struct msi_slot_access *access,
		    msi_slot_read_fn read, void *context)
{
	clear_plan(window);

	if (window->layout.learn)
		write_learn(window, env, access);
	else if (is_narrow(access))
		write_narrow(window, env, access);
	else if (access->width == 8)
		write_qword(window, env, access, read, context);
	else
		write_dword(window, env, place_of(window, access->offset),
			    access->value, read, context);
}

static void collect_slot(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 struct affected *affected, u64 place)
{
	affected->written = NOT_WRITTEN;
	affected->nr = 0;
	add_slot(window, env, affected, place);
}

/* Whether a part of the present host message is still to be written. */
static bool needs_translation(const struct msi_slot_window *window,
			      const struct affected *affected)
{
	const struct msi_slot_dword *dword;
	unsigned int i;

	for (i = 0; i < affected->nr; i++) {
		dword = affected->dwords[i].dword;
		if (affected->dwords[i].action != TRANSLATE)
			continue;
		if (!dword->translated ||
		    dword->device != affected->dwords[i].value)
			return true;
	}

	return false;
}

/* Whether @slot has a message of vectors that were freed, and cannot get another. */
static bool needs_inert(const struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_dword *slot)
{
	return slot->expired && env->inert_on_free &&
	       !match_slot(window, env, slot).found;
}

static bool is_outdated(const struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_dword *slot)
{
	struct affected affected;

	if (window->layout.learn)
		return false;
	collect_slot(window, env, &affected, slot->place);

	return needs_translation(window, &affected) ||
	       needs_inert(window, env, slot);
}

/* The first slot from @place on that is shown and outdated, or NULL. */
static struct msi_slot_dword *
find_outdated(const struct msi_slot_window *window,
	      const struct msi_slot_env *env, u64 place)
{
	struct msi_slot_dword *dword = window->dwords +
				       lower_bound(window, place);
	struct msi_slot_dword *end = window->dwords + window->nr_dwords;

	for (; dword < end; dword++)
		if (dword->address && is_shown(window, dword) &&
		    is_outdated(window, env, dword))
			return dword;

	return NULL;
}

bool msi_slot_is_outdated(const struct msi_slot_window *window,
			  const struct msi_slot_env *env)
{
	return find_outdated(window, env, 0);
}

bool msi_slot_is_owed(const struct msi_slot_window *window,
		      const struct msi_slot_env *env)
{
	const struct msi_slot_dword *dword = window->dwords;
	const struct msi_slot_dword *end = dword + window->nr_dwords;

	for (; dword < end; dword++)
		if (dword->address && is_outdated(window, env, dword))
			return true;

	return false;
}

/* All that is shown and still translated has a message of the present vectors now. */
static void clear_expired(struct msi_slot_window *window)
{
	unsigned int i;

	for (i = 0; i < window->nr_dwords; i++)
		if (is_shown(window, &window->dwords[i]))
			window->dwords[i].expired = false;
}

bool msi_slot_update(struct msi_slot_window *window, struct msi_slot_env *env,
		     u64 *cursor)
{
	struct msi_slot_dword *slot;
	struct affected affected;

	clear_plan(window);
	slot = find_outdated(window, env, *cursor);
	if (!slot) {
		if (env->active)
			clear_expired(window);
		return false;
	}

	*cursor = slot->place + 4;
	if (needs_inert(window, env, slot))
		slot->inert = true;

	collect_slot(window, env, &affected, slot->place);
	plan_affected(window, env, &affected, true, RESTORE);
	plan_affected(window, env, &affected, false, TRANSLATE);
	plan_affected(window, env, &affected, true, TRANSLATE);
	plan_affected(window, env, &affected, false, RESTORE);

	return true;
}

/* What the guest reads in a dword if the device holds @value in the bits of @mask. */
static u32 guest_view(const struct msi_slot_window *window, u64 offset,
		      u32 value, u32 mask)
{
	const struct msi_slot_dword *dword = find(window,
						  place_of(window, offset));

	return dword && !((dword->device ^ value) & mask) ? dword->guest :
							    value;
}

u64 msi_slot_read(const struct msi_slot_window *window, u64 offset,
		  unsigned int width, u64 value)
{
	unsigned int shift = 8 * (offset & 3);
	u32 mask;
	u64 high;

	if (width <= 4) {
		mask = GENMASK(8 * width - 1, 0);
		return guest_view(window, offset & ~3ULL, value << shift,
				  mask << shift) >> shift & mask;
	}

	high = guest_view(window, offset + 4, value >> 32, ~0U);

	return high << 32 | guest_view(window, offset, value, ~0U);
}

/*
 * The data that is nearest to the address. A zero just after the address may be its
 * high half, so it counts only if there is no other data.
 */
static void get_learned(const struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_dword *slot,
			struct msi_slot_info *info)
{
	const struct msi_slot_message *message;
	u32 distance, data;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4) {
		message = find_learned(window, env, slot->place, distance,
				       &data);
		if (!message)
			continue;
		info->data_distance = distance;
		info->guest_data = data;
		info->vector = number_of(message, data);
		if (distance != HIGH_OFFSET || data)
			break;
	}
}

static void get_slot(const struct msi_slot_window *window,
		     const struct msi_slot_env *env,
		     const struct msi_slot_dword *slot,
		     struct msi_slot_info *info)
{
	const struct msi_slot_dword *high = find_part(window, slot, PART_HIGH);
	const struct msi_slot_dword *data = find_part(window, slot, PART_DATA);
	struct match found = match_slot(window, env, slot);

	info->data_distance = window->layout.data_offset;
	info->vector = found.vector;
	if (high)
		info->guest_address |= (u64)high->guest << 32;
	if (data)
		info->guest_data = data->guest;
	if (!found.found)
		return;

	info->has_address = slot->device == (u32)env->host.address &&
			    (!window->layout.high ||
			     (found.parts & PART_HIGH &&
			      high->device == env->host.address >> 32));
	info->has_data = found.parts & PART_DATA &&
			 data->device == env->host.data + found.vector;
}

static void get_info(const struct msi_slot_window *window,
		     const struct msi_slot_env *env,
		     const struct msi_slot_dword *slot,
		     struct msi_slot_info *info)
{
	memset(info, 0, sizeof(*info));
	info->offset = offset_of(window, slot->place);
	info->page = window->layout.paged ? slot->place >> 32 : 0;
	info->guest_address = slot->guest;
	if (window->layout.learn)
		get_learned(window, env, slot, info);
	else
		get_slot(window, env, slot, info);
}

bool msi_slot_learned(const struct msi_slot_window *window,
		      const struct msi_slot_env *env, u32 page, u64 offset,
		      u32 distance, u32 *data, u32 *vector)
{
	const struct msi_slot_message *message;

	message = find_learned(window, env, place_in(window, page, offset),
			       distance, data);
	if (message)
		*vector = number_of(message, *data);

	return message;
}

bool msi_slot_get(const struct msi_slot_window *window,
		  const struct msi_slot_env *env, unsigned int *cursor,
		  struct msi_slot_info *info)
{
	const struct msi_slot_dword *dword;

	while (*cursor < window->nr_dwords) {
		dword = &window->dwords[(*cursor)++];
		if (!dword->address)
			continue;
		get_info(window, env, dword, info);
		info->owed = is_outdated(window, env, dword);
		return true;
	}

	return false;
}

u32 msi_slot_live(const struct msi_slot_window *window,
		  const struct msi_slot_env *env)
{
	const struct msi_slot_dword *dword = window->dwords;
	const struct msi_slot_dword *end = dword + window->nr_dwords;
	u32 all = env->vectors ? GENMASK(env->vectors - 1, 0) : 0;
	struct msi_slot_info info;
	u32 live = 0;

	/* With few vectors, the first slots that are live tell. */
	for (; dword < end && live != all; dword++) {
		if (!dword->address)
			continue;
		get_info(window, env, dword, &info);
		if (info.has_address && info.has_data)
			live |= BIT(info.vector);
	}

	return live;
}
