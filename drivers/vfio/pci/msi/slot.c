// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: pure logic, see slot.h.
 *
 * A window remembers the few dwords that matter: addresses of the guest (each is
 * the start of a slot), the dwords that belong to these slots, and others that
 * look as if they will, as the guest may write data before its address. What the
 * device has to hold in each of them follows from what the guest wrote, and in
 * which order, and from the messages as they are. A write of the guest changes
 * one dword; then the slots around it are looked at anew, and what differs from
 * what the device holds is planned to be written.
 *
 * What is not remembered, the device holds as the guest wrote it. Of what is
 * remembered, only addresses and the parts of slots can differ.
 */

#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "slot.h"

/* The address's high half, in windows with HIGH. */
#define HIGH_OFFSET	4

/* One MSI capability can have so many vectors. */
#define MAX_VECTORS	32

/* A slot's dwords behind its address. */
#define PART_HIGH	BIT(0)
#define PART_DATA	BIT(1)

/*
 * Whether a slot can be translated as it stands, which of its parts take part in
 * that, and with PART_DATA, which vector it is. A part is left out if the guest
 * has not written it, or not since it wrote the address: it is about to.
 */
struct match {
	bool found;
	unsigned long parts;
	u32 vector;
	const struct msi_slot_message *message;
};

/* What has to happen to a dword. */
enum action {
	KEEP,		/* nothing */
	TRANSLATE,	/* it gets its part of the host message */
	RESTORE,	/* it gets what it held before, what the guest wrote, or inert */
};

/* A write of one dword affects at most four slots of three dwords. */
#define MAX_AFFECTED	12

/* What a write affects, but for the dword that is written itself. */
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
 * What is looked for: the present guest message, those it was, and the host message,
 * for owners who have asked for it and write it by themselves. Where host and guest
 * have the same address, only the data tells which of the two it is.
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

/* The low bits of data that are the vector's number; before that is known, all. */
static u32 vector_mask(const struct msi_slot_env *env)
{
	return roundup_pow_of_two(env->vectors ?: MAX_VECTORS) - 1;
}

/* Whether @data is that of an allocated vector of @pair. */
static bool is_data(const struct msi_slot_env *env,
		    const struct msi_slot_message *message, u32 data)
{
	u32 mask = vector_mask(env);

	return !((message->data ^ data) & ~mask) &&
	       (!env->vectors || (data & mask) < env->vectors);
}

/*
 * The first message with this low half of the address and, unless they are NULL,
 * with this high half and this data; NULL if there is none.
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

/* Whether a dword without an address may yet be a part of a slot. */
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

static void remember_address(struct msi_slot_env *env, u32 address)
{
	unsigned int i;

	env->lowest = env->nr_addresses ? min(env->lowest, address) : address;
	env->highest = max(env->highest, address);

	for (i = 0; i < env->nr_addresses; i++)
		if (env->addresses[i] == address)
			return;

	if (env->nr_addresses == env->max_addresses)
		env->overflow = true;
	else
		env->addresses[env->nr_addresses++] = address;
}

/* A free entry of @messages, else the oldest that no slot was translated by, or NULL. */
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

static void remember_message(struct msi_slot_env *env, u64 address, u32 data,
			     bool used)
{
	struct msi_slot_message *message;
	unsigned int i;

	for (i = 0; i < env->nr_messages; i++) {
		message = &env->messages[i];
		if (message->address != address || message->data != data)
			continue;
		message->used |= used;
		return;
	}

	message = alloc_message(env);
	if (message)
		*message = (struct msi_slot_message) { address, data, used };
}

static void remember_guest(struct msi_slot_env *env)
{
	const struct msi_slot_message *guest = &env->guest;

	/* A dword of 0 says nothing. */
	if (!env->vectors || !(u32)guest->address)
		return;

	remember_address(env, guest->address);
	remember_message(env, guest->address, guest->data, false);
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
	env->addresses = addresses;
	env->max_addresses = nr_addresses;
	env->messages = messages;
	env->max_messages = nr_messages;
}

bool msi_slot_set_guest(struct msi_slot_env *env, u64 address, u32 data)
{
	if (env->guest.address == address && env->guest.data == data)
		return false;

	env->guest.address = address;
	env->guest.data = data;
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
	remember_guest(env);
}

bool msi_slot_layout_ok(const struct msi_slot_layout *layout)
{
	if (!layout->size || layout->size % 4 || layout->data_offset % 4)
		return false;
	if (layout->learn)
		return !layout->data_offset && !layout->high;

	return layout->data_offset > (layout->high ? HIGH_OFFSET : 0) &&
	       layout->data_offset < layout->size;
}

void msi_slot_init_window(struct msi_slot_window *window,
			  const struct msi_slot_layout *layout,
			  struct msi_slot_dword *dwords, unsigned int nr_dwords)
{
	memset(window, 0, sizeof(*window));
	window->layout = *layout;
	window->dwords = dwords;
	window->max_dwords = nr_dwords;
}

void msi_slot_reset(struct msi_slot_window *window)
{
	window->nr_dwords = 0;
	window->nr_slots = 0;
}

void msi_slot_expire(struct msi_slot_window *window)
{
	unsigned int i;

	for (i = 0; i < window->nr_dwords; i++)
		if (window->dwords[i].translated)
			window->dwords[i].expired = true;
}

/* The first remembered dword at or behind @offset, as an index. */
static unsigned int lower_bound(const struct msi_slot_window *window,
				u64 offset)
{
	unsigned int low = 0, high = window->nr_dwords;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (window->dwords[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}

	return low;
}

/* An @offset before the window, which has wrapped around, finds nothing. */
static struct msi_slot_dword *find(const struct msi_slot_window *window,
				   u64 offset)
{
	unsigned int i = lower_bound(window, offset);

	if (i == window->nr_dwords || window->dwords[i].offset != offset)
		return NULL;

	return &window->dwords[i];
}

static struct msi_slot_dword *
find_address(const struct msi_slot_window *window, u64 offset)
{
	struct msi_slot_dword *dword = find(window, offset);

	return dword && dword->address ? dword : NULL;
}

/*
 * The slot that a dword is a part of. Where slots overlap, a dword that can be
 * one's data and another's high half is data; the other cannot be translated.
 */
static struct msi_slot_dword *
find_slot(const struct msi_slot_window *window, u64 offset, unsigned long *part)
{
	struct msi_slot_dword *slot;

	*part = PART_DATA;
	slot = find_address(window, offset - window->layout.data_offset);
	if (slot || !window->layout.high)
		return slot;

	*part = PART_HIGH;
	return find_address(window, offset - HIGH_OFFSET);
}

static struct msi_slot_dword *
find_part(const struct msi_slot_window *window,
	  const struct msi_slot_dword *slot, unsigned long part)
{
	if (part == PART_DATA)
		return find(window, slot->offset + window->layout.data_offset);

	return window->layout.high ? find(window, slot->offset + HIGH_OFFSET) :
				     NULL;
}

static unsigned int max_slots(const struct msi_slot_window *window)
{
	return window->max_dwords / 4;
}

static void forget(struct msi_slot_window *window, struct msi_slot_dword *dword)
{
	struct msi_slot_dword *end = window->dwords + window->nr_dwords--;

	memmove(dword, dword + 1, (end - dword - 1) * sizeof(*dword));
}

static bool is_part(const struct msi_slot_window *window,
		    const struct msi_slot_dword *dword)
{
	unsigned long part;

	if (window->layout.learn)
		return dword->learned;

	return find_slot(window, dword->offset, &part);
}

/* Whether @dword is rather to be forgotten than @other. */
static bool is_less_important(const struct msi_slot_window *window,
			      const struct msi_slot_dword *dword,
			      const struct msi_slot_dword *other)
{
	bool part = is_part(window, dword);

	if (part != is_part(window, other))
		return !part;

	return dword->age < other->age;
}

/*
 * Make room: forget the oldest dword that is only a candidate. There is one, as
 * slots have no more than three quarters of the dwords; but in a LEARN window,
 * where there can be much data behind each address.
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

static struct msi_slot_dword *insert(struct msi_slot_window *window, u64 offset)
{
	struct msi_slot_dword *dword;
	unsigned int i;

	if (window->nr_dwords == window->max_dwords)
		forget_oldest(window);

	i = lower_bound(window, offset);
	dword = &window->dwords[i];
	memmove(dword + 1, dword, (window->nr_dwords - i) * sizeof(*dword));
	window->nr_dwords++;

	memset(dword, 0, sizeof(*dword));
	dword->offset = offset;

	return dword;
}

/* The message that @slot and its @parts hold, or NULL. */
static const struct msi_slot_message *
match_parts(const struct msi_slot_window *window,
	    const struct msi_slot_env *env, const struct msi_slot_dword *slot,
	    unsigned long parts)
{
	const struct msi_slot_dword *high = find_part(window, slot, PART_HIGH);
	const struct msi_slot_dword *data = find_part(window, slot, PART_DATA);
	/* Without HIGH there is no place for the high half in the slot. */
	static const u32 none;

	return find_message(env, slot->guest,
			    !window->layout.high ? &none :
			    parts & PART_HIGH ? &high->guest : NULL,
			    parts & PART_DATA ? &data->guest : NULL);
}

/* Whether there can be a host message in @slot, whatever the guest wrote. */
static bool fits_host_message(const struct msi_slot_window *window,
			      const struct msi_slot_env *env,
			      const struct msi_slot_dword *slot)
{
	const struct msi_slot_layout *layout = &window->layout;
	u64 rest = layout->size - slot->offset;

	if (!env->vectors)
		return false;
	if (!layout->high && env->host.address >> 32)
		return false;

	/* Data that the guest writes behind the window is not seen. */
	if (rest < (u64)layout->data_offset + 4)
		return false;

	/* Parts that belong to another slot. */
	if (find_address(window, slot->offset + layout->data_offset))
		return false;
	if (!layout->high)
		return true;

	return !find_address(window, slot->offset + HIGH_OFFSET) &&
	       !find_address(window, slot->offset + HIGH_OFFSET -
				     layout->data_offset);
}

static bool holds_host(const struct msi_slot_dword *dword, u32 value)
{
	return dword->translated && dword->device == value;
}

/* Whether the device holds already what it would get. */
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
 * While the host has no message, for want of a handler of vector 0, nothing new is
 * translated. Where there are other vectors, their live slots stay.
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
 * Whether the device holds no data of anybody else's in @slot, which a host address
 * must not come beside. What a reset has left is no vector.
 */
static bool is_data_safe(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 const struct msi_slot_dword *slot)
{
	const struct msi_slot_dword *data = find_part(window, slot, PART_DATA);

	return data ? data->translated : env->clean;
}

/* As many parts as possible, and none is left out that is newer than the address. */
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
		match.vector = data->guest & vector_mask(env);
	match.found = match.message && may_translate(window, env, slot, &match);

	return match;
}

/*
 * What the device held before may be an address of the guest, too: it wrote it
 * before it was known as one, or an earlier user did.
 */
static u32 inert_if_address(const struct msi_slot_env *env, u32 value)
{
	return is_address(env, value) ? env->inert : value;
}

/*
 * Whether a slot that cannot be translated gets back what was there before. What was
 * live is a slot for certain, and the device may go on asserting: what was there
 * before is mostly 0, the first page of the guest's memory.
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

/* Whether @slot has the address that raises nothing, or is about to get it. */
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

/* What has to happen to a dword, and what it gets. */
static enum action decide(const struct msi_slot_window *window,
			  const struct msi_slot_env *env,
			  const struct msi_slot_dword *dword, u32 *value)
{
	const struct msi_slot_dword *slot;
	struct match found = {};
	unsigned long part = 0;

	if (dword->address)
		return decide_address(window, env, dword, value);

	slot = find_slot(window, dword->offset, &part);
	if (slot)
		found = match_slot(window, env, slot);
	if (found.found && found.parts & part) {
		*value = part == PART_DATA ? env->host.data + found.vector :
					     env->host.address >> 32;
		return TRANSLATE;
	}
	/* The address was written again, and its parts are about to be. */
	if (found.found && dword->translated)
		return KEEP;

	/* The inert address is a whole one, and has no data of a vector. */
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

static void plan_event(struct msi_slot_window *window, u64 offset, u32 guest,
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
		.offset = offset,
		.guest = guest,
		.host = host,
		.kind = kind,
	};
}

static void plan_write(struct msi_slot_window *window, u64 offset,
		       unsigned int width, u64 value)
{
	struct msi_slot_plan *plan = &window->plan;

	plan->writes[plan->nr_writes++] = (struct msi_slot_write) {
		.offset = offset,
		.value = value,
		.width = width,
	};
}

/* The driver may go on writing the message that it wrote once. */
static void remember_used(const struct msi_slot_window *window,
			  struct msi_slot_env *env,
			  const struct msi_slot_dword *dword)
{
	const struct msi_slot_message *message;
	const struct msi_slot_dword *slot;
	unsigned long part;

	if (dword->address)
		return;
	slot = find_slot(window, dword->offset, &part);
	if (part != PART_DATA)
		return;

	message = match_slot(window, env, slot).message;
	/* The host's message may not be the host's any more by then. */
	remember_address(env, message->address);
	remember_message(env, message->address, message->data, true);
}

static void translate(struct msi_slot_window *window,
		      struct msi_slot_dword *dword, u32 value)
{
	struct msi_slot_dword *slot = dword;
	unsigned long part = 0;

	if (!dword->address)
		slot = find_slot(window, dword->offset, &part);
	if (part == PART_DATA)
		slot->live = true;

	dword->device = value;
	dword->translated = true;
	dword->expired = false;
	plan_write(window, dword->offset, 4, value);
	plan_event(window, dword->offset, dword->guest, value,
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
		plan_write(window, dword->offset, 4, value);
	dword->device = value;
	if (undone)
		plan_event(window, dword->offset, dword->guest, value,
			   MSI_SLOT_UNDONE);
}

static bool is_high(const struct msi_slot_window *window,
		    const struct msi_slot_dword *dword)
{
	unsigned long part;

	return dword && find_slot(window, dword->offset, &part) &&
	       part == PART_HIGH;
}

/* Plan what the dword gets that the guest has just written. */
static void plan_written(struct msi_slot_window *window,
			 struct msi_slot_env *env, u64 offset, u32 guest)
{
	struct msi_slot_dword *dword = find(window, offset);
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
		plan_event(window, offset, guest, dword->device,
			   MSI_SLOT_WITHHELD);
	} else {
		/* Data passes; what is written beside an inert address does no harm. */
		if (action != RESTORE || !is_high(window, dword))
			value = guest;
		if (dword) {
			dword->device = value;
			dword->translated = false;
			dword->expired = false;
		}
		plan_write(window, offset, 4, value);
	}
}

static void add_dword(const struct msi_slot_window *window,
		      const struct msi_slot_env *env, struct affected *affected,
		      struct msi_slot_dword *dword)
{
	unsigned int i;

	if (!dword || dword->offset == affected->written)
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
 * A part of the slot that is or was at @offset, or NULL if there is none: nothing
 * is remembered, or it is another slot's address or data.
 */
static struct msi_slot_dword *
find_own_part(const struct msi_slot_window *window, u64 offset,
	      unsigned long part)
{
	struct msi_slot_dword *dword;
	unsigned long role = PART_DATA;

	if (part == PART_DATA) {
		offset += window->layout.data_offset;
	} else {
		offset += HIGH_OFFSET;
		find_slot(window, offset, &role);
	}
	dword = find(window, offset);

	return dword && !dword->address && role == part ? dword : NULL;
}

static void add_slot(const struct msi_slot_window *window,
		     const struct msi_slot_env *env, struct affected *affected,
		     u64 offset)
{
	add_dword(window, env, affected, find(window, offset));
	add_dword(window, env, affected,
		  find_own_part(window, offset, PART_DATA));
	add_dword(window, env, affected,
		  find_own_part(window, offset, PART_HIGH));
}

static void add_slot_if_any(const struct msi_slot_window *window,
			    const struct msi_slot_env *env,
			    struct affected *affected, u64 offset)
{
	if (find_address(window, offset))
		add_slot(window, env, affected, offset);
}

/*
 * What a write of the dword at @offset affects: the slot that begins or ended
 * there, the slots that it is a part of and, if it is or was an address, the one
 * whose high half is its data. The others keep what they have, even if they
 * hold an older host message.
 */
static void collect_affected(const struct msi_slot_window *window,
			     const struct msi_slot_env *env,
			     struct affected *affected, u64 offset,
			     bool is_or_was_address)
{
	u32 distance = window->layout.data_offset;

	affected->written = offset;
	affected->nr = 0;

	if (is_or_was_address)
		add_slot(window, env, affected, offset);
	add_slot_if_any(window, env, affected, offset - distance);
	if (!window->layout.high)
		return;

	add_slot_if_any(window, env, affected, offset - HIGH_OFFSET);
	if (is_or_was_address)
		add_slot_if_any(window, env, affected,
				offset + distance - HIGH_OFFSET);
}

/* Plan the @fate of those affected dwords that are, or are not, addresses. */
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

/* Remember what the guest writes, as far as it matters. */
static bool remember_write(struct msi_slot_window *window,
			   const struct msi_slot_env *env, u64 offset,
			   u32 value, msi_slot_read_fn read, void *context)
{
	struct msi_slot_dword *dword = find(window, offset);
	bool was_address = dword && dword->address;
	bool address = is_address(env, value);
	bool foreign = !dword && !env->clean;
	unsigned long part;
	u32 before = 0;

	if (dword)
		before = dword->guest;
	else if (address)
		before = read(context, offset);

	if (address && !was_address && window->nr_slots == max_slots(window)) {
		plan_event(window, offset, value, dword ? dword->device : before,
			   MSI_SLOT_WITHHELD);
		return false;
	}

	window->nr_slots += address - was_address;
	if (!address && !find_slot(window, offset, &part) &&
	    !is_candidate(window, env, value)) {
		if (dword)
			forget(window, dword);
		return true;
	}

	if (!dword) {
		dword = insert(window, offset);
		dword->device = before;
	}
	if (address != was_address) {
		dword->address = address;
		dword->translated = false;
		dword->expired = false;
		dword->live = false;
		/* What was there may be a message of an earlier user. */
		dword->inert = foreign;
		dword->previous = before;
	}
	dword->guest = value;
	dword->age = window->age;

	return true;
}

/* What a slot that has ended leaves behind is not to be kept for another. */
static void release_parts(struct msi_slot_window *window, u64 offset)
{
	struct msi_slot_dword *high = find_own_part(window, offset, PART_HIGH);
	struct msi_slot_dword *data = find_own_part(window, offset, PART_DATA);

	if (high)
		high->translated = false;
	if (data)
		data->translated = false;
}

/*
 * Order matters. Host addresses go before the host data beside them does, and
 * come after it; but what the guest writes last the device gets last, as a write
 * of it may be what makes the device look.
 */
static void write_dword(struct msi_slot_window *window,
			struct msi_slot_env *env, u64 offset, u32 value,
			msi_slot_read_fn read, void *context)
{
	bool was_address = find_address(window, offset);
	struct affected affected;
	bool address;

	window->age++;

	if (!remember_write(window, env, offset, value, read, context))
		return;

	address = find_address(window, offset);
	if (was_address && !address)
		release_parts(window, offset);
	collect_affected(window, env, &affected, offset,
			 was_address || address);
	plan_affected(window, env, &affected, true, RESTORE);
	plan_affected(window, env, &affected, false, TRANSLATE);
	plan_affected(window, env, &affected, true, TRANSLATE);
	plan_written(window, env, offset, value);
	plan_affected(window, env, &affected, false, RESTORE);
}

/* The reader for a dword that has been read. */
static u32 read_known(void *context, u64 offset)
{
	return *(u32 *)context;
}

static bool is_narrow(const struct msi_slot_access *access)
{
	return access->width < 4;
}

/* The dword that @access writes, or writes a part of. */
static u64 dword_of(const struct msi_slot_access *access)
{
	return access->offset & ~3ULL;
}

/* What a narrow write makes of its dword. */
static u32 merge(const struct msi_slot_access *access)
{
	unsigned int shift = 8 * (access->offset & 3);
	u32 mask = GENMASK(8 * access->width - 1, 0) << shift;

	return (access->before & ~mask) | ((u32)access->value << shift & mask);
}

/*
 * A narrow write is one of the whole dword as the guest sees it, lest addresses
 * are put together in pieces. What the device is to hold anyway it gets in the
 * guest's width.
 */
static void write_narrow(struct msi_slot_window *window,
			 struct msi_slot_env *env,
			 const struct msi_slot_access *access)
{
	struct msi_slot_dword *dword = find(window, dword_of(access));
	bool replaced = dword && dword->device != dword->guest;
	struct msi_slot_write *write = window->plan.writes;
	u32 before = access->before, after = merge(access);
	struct msi_slot_write *end;

	write_dword(window, env, dword_of(access), after, read_known, &before);

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

	write_dword(window, env, access->offset, access->value, read, context);
	write_dword(window, env, access->offset + 4, access->value >> 32, read,
		    context);

	if (plan->nr_writes == 2 && write[0].offset == access->offset &&
	    write[1].offset == access->offset + 4) {
		write[0].value |= write[1].value << 32;
		write[0].width = 8;
		plan->nr_writes = 1;
	}
}

bool msi_slot_learned(const struct msi_slot_window *window,
		      const struct msi_slot_env *env, u64 offset, u32 distance,
		      u32 *data)
{
	const struct msi_slot_dword *slot = find_address(window, offset);
	const struct msi_slot_dword *dword = find(window, offset + distance);

	if (!slot || !dword || dword->address ||
	    !find_message(env, slot->guest, NULL, &dword->guest))
		return false;
	*data = dword->guest;

	return true;
}

/* Whether @value, written at @offset, is data of an address before it. */
static bool is_learned_data(const struct msi_slot_window *window,
			    const struct msi_slot_env *env, u64 offset,
			    u32 value)
{
	const struct msi_slot_dword *slot;
	u32 distance;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4) {
		slot = find_address(window, offset - distance);
		if (slot && find_message(env, slot->guest, NULL, &value))
			return true;
	}

	return false;
}

/* Data that was written before the address has become a slot's. */
static void learn_address(struct msi_slot_window *window,
			  const struct msi_slot_env *env, u64 offset)
{
	u32 distance, data;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4)
		if (msi_slot_learned(window, env, offset, distance, &data))
			find(window, offset + distance)->learned = true;
}

/*
 * Addresses stay, whatever is written there later, and so does data, but for
 * newer data. Zero is written for many reasons, and replaces nothing.
 */
static void learn(struct msi_slot_window *window,
		  const struct msi_slot_env *env, u64 offset, u32 value)
{
	struct msi_slot_dword *dword = find(window, offset);
	bool was_address = dword && dword->address;
	bool learned = dword && dword->learned;
	bool address = is_address(env, value);
	bool data = is_learned_data(window, env, offset, value);

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
		dword = insert(window, offset);
	window->nr_slots += address - was_address;
	dword->address = address;
	dword->learned = data;
	dword->guest = value;
	dword->device = value;
	dword->age = window->age;

	if (address)
		learn_address(window, env, offset);
}

static void write_learn(struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_access *access)
{
	if (!is_narrow(access))
		learn(window, env, access->offset, access->value);
	if (access->width == 8)
		learn(window, env, access->offset + 4, access->value >> 32);

	plan_write(window, access->offset, access->width, access->value);
}

static void clear_plan(struct msi_slot_window *window)
{
	window->plan.nr_writes = 0;
	window->plan.nr_events = 0;
}

/* Whether a dword can complete the slot that it is a part of. */
static bool completes_slot(const struct msi_slot_window *window,
			   const struct msi_slot_env *env, u64 offset,
			   u32 value)
{
	const struct msi_slot_dword *slot;
	unsigned long part;

	slot = find_slot(window, offset, &part);
	if (!slot)
		return false;

	return find_message(env, slot->guest, part == PART_HIGH ? &value : NULL,
			    part == PART_DATA ? &value : NULL);
}

static bool dword_translates(const struct msi_slot_window *window,
			     const struct msi_slot_env *env, u64 offset,
			     u32 value)
{
	if (is_address(env, value) ||
	    completes_slot(window, env, offset, value))
		return true;

	/* An address that goes may leave a high half to another slot. */
	return window->layout.high && find_address(window, offset);
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

	dword = find(window, dword_of(&access));
	access.before = dword ? dword->guest : read(context, dword_of(&access));

	return access;
}

bool msi_slot_translates(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 const struct msi_slot_access *access)
{
	u64 offset = dword_of(access);

	if (window->layout.learn || !env->vectors)
		return false;
	if (is_narrow(access))
		return dword_translates(window, env, offset, merge(access));

	return dword_translates(window, env, offset, access->value) ||
	       (access->width == 8 &&
		dword_translates(window, env, offset + 4, access->value >> 32));
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
		write_dword(window, env, access->offset, access->value, read,
			    context);
}

static void collect_slot(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 struct affected *affected, u64 offset)
{
	affected->written = NOT_WRITTEN;
	affected->nr = 0;
	add_slot(window, env, affected, offset);
}

/* Whether there is something to place that was not, or has become another. */
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

/* Whether @slot holds the message of vectors that are gone, and no other fits. */
static bool needs_inert(const struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_dword *slot)
{
	return slot->expired && env->inert_on_free &&
	       !match_slot(window, env, slot).found;
}

/* The first slot from @offset on that msi_slot_update() has something to do for, or NULL. */
static struct msi_slot_dword *
find_outdated(const struct msi_slot_window *window,
	      const struct msi_slot_env *env, u64 offset)
{
	struct msi_slot_dword *dword = window->dwords +
				       lower_bound(window, offset);
	struct msi_slot_dword *end = window->dwords + window->nr_dwords;
	struct affected affected;

	if (window->layout.learn)
		return NULL;

	for (; dword < end; dword++) {
		if (!dword->address)
			continue;
		collect_slot(window, env, &affected, dword->offset);
		if (needs_translation(window, &affected) ||
		    needs_inert(window, env, dword))
			return dword;
	}

	return NULL;
}

bool msi_slot_is_outdated(const struct msi_slot_window *window,
			  const struct msi_slot_env *env)
{
	return find_outdated(window, env, 0);
}

/* What is left that has expired holds the messages of the present vectors. */
static void clear_expired(struct msi_slot_window *window)
{
	unsigned int i;

	for (i = 0; i < window->nr_dwords; i++)
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

	*cursor = slot->offset + 4;
	if (needs_inert(window, env, slot))
		slot->inert = true;

	collect_slot(window, env, &affected, slot->offset);
	plan_affected(window, env, &affected, true, RESTORE);
	plan_affected(window, env, &affected, false, TRANSLATE);
	plan_affected(window, env, &affected, true, TRANSLATE);
	plan_affected(window, env, &affected, false, RESTORE);

	return true;
}

/* What the guest sees of a dword, of which the device holds @value under @mask. */
static u32 guest_view(const struct msi_slot_window *window, u64 offset,
		      u32 value, u32 mask)
{
	const struct msi_slot_dword *dword = find(window, offset);

	return dword && !((dword->device ^ value) & mask) ? dword->guest :
							    value;
}

u64 msi_slot_read(const struct msi_slot_window *window, u64 offset,
		  unsigned int width, u64 value)
{
	unsigned int shift = 8 * (offset & 3);
	u32 mask = ~0U;
	u64 high;

	if (width < 4) {
		mask = GENMASK(8 * width - 1, 0);
		return guest_view(window, offset & ~3ULL, value << shift,
				  mask << shift) >> shift & mask;
	}
	if (width == 4)
		return guest_view(window, offset, value, mask);

	high = guest_view(window, offset + 4, value >> 32, mask);

	return high << 32 | guest_view(window, offset, value, mask);
}

/*
 * The nearest data. A zero right behind the address may be its high half, and
 * counts only if there is nothing else.
 */
static void get_learned(const struct msi_slot_window *window,
			const struct msi_slot_env *env,
			const struct msi_slot_dword *slot,
			struct msi_slot_info *info)
{
	u32 distance, data;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4) {
		if (!msi_slot_learned(window, env, slot->offset, distance,
				      &data))
			continue;
		info->data_distance = distance;
		info->guest_data = data;
		info->vector = data & vector_mask(env);
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
	info->offset = slot->offset;
	info->guest_address = slot->guest;
	if (window->layout.learn)
		get_learned(window, env, slot, info);
	else
		get_slot(window, env, slot, info);
}

bool msi_slot_get(const struct msi_slot_window *window,
		  const struct msi_slot_env *env, unsigned int index,
		  struct msi_slot_info *info)
{
	const struct msi_slot_dword *dword = window->dwords;
	const struct msi_slot_dword *end = dword + window->nr_dwords;

	for (; dword < end; dword++) {
		if (!dword->address || index--)
			continue;
		get_info(window, env, dword, info);
		return true;
	}

	return false;
}

u32 msi_slot_live(const struct msi_slot_window *window,
		  const struct msi_slot_env *env)
{
	const struct msi_slot_dword *dword = window->dwords;
	const struct msi_slot_dword *end = dword + window->nr_dwords;
	struct msi_slot_info info;
	u32 live = 0;

	for (; dword < end; dword++) {
		if (!dword->address)
			continue;
		get_info(window, env, dword, &info);
		if (info.has_address && info.has_data)
			live |= BIT(info.vector);
	}

	return live;
}
