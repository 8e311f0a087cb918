// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of MSI_WINDOW in simple code: arrays, and no care for speed.
 */

#include <string.h>

#include "slot_model.h"

/* Which parts of a slot a message matches, apart from the address. */
#define MATCHES_DATA	1
#define MATCHES_HIGH	2

static bool was_address(const struct model *model, u32 value)
{
	int i;

	if (value == 0)
		return false;
	if (value == (u32)model->guest_address ||
	    (model->vectors && value == (u32)model->host_address))
		return true;
	for (i = 0; i < model->held; i++)
		if (value == (u32)model->held_address[i])
			return true;
	return false;
}

bool model_covers(const struct model *model, int index)
{
	return index < model->dwords &&
	       (index < model->hole || index >= model->hole_end);
}

static bool starts_slot(const struct model *model, int index)
{
	return index >= 0 && index < model->dwords &&
	       model->dword[index].address;
}

static bool written(const struct model *model, int index)
{
	return index >= 0 && index < model->dwords && model->dword[index].when;
}

static u32 smallest_power(u32 n)
{
	u32 power = 1;

	while (power < n)
		power <<= 1;
	return power;
}

/* How many vectors the message has: no more than its data leaves room for. */
static u32 numbers(u32 base, unsigned int vectors)
{
	u32 power = smallest_power(vectors);

	while (base % power)
		power /= 2;
	return power;
}

static bool vector_of(const struct model *model, u32 base, unsigned int vectors,
		      u32 data, u32 *vector)
{
	u32 power = numbers(base, vectors);

	*vector = data % power;
	return data / power == base / power && *vector < model->vectors;
}

/* Returns -1 if the guest did not write this message here. */
static int matches(const struct model *model, int index, u64 address, u32 data,
		   unsigned int vectors, u32 *vector)
{
	const struct model_dword *slot = &model->dword[index];
	const struct model_dword *part;
	int score = 0;

	if ((u32)address != slot->guest)
		return -1;
	if (!model->high && address > ~0U)
		return -1;

	if (model->high && written(model, index + 1)) {
		part = &model->dword[index + 1];
		if (part->guest == address >> 32)
			score += MATCHES_HIGH;
		else if (part->when > slot->when)
			return -1;
	}
	if (written(model, index + model->distance)) {
		part = &model->dword[index + model->distance];
		if (vector_of(model, data, vectors, part->guest, vector))
			score += MATCHES_DATA;
		else if (part->when > slot->when || !part->translated)
			return -1;
	} else if (!model->clean) {
		return -1;
	}

	return score;
}

static bool holds_host(const struct model *model, int index, u32 value)
{
	return model->dword[index].translated &&
	       model->dword[index].device == value;
}

/* Whether the device already holds all that it would get. */
static bool is_current(const struct model *model, int index, int score,
		       u32 vector)
{
	return holds_host(model, index, model->host_address) &&
	       (!(score & MATCHES_HIGH) ||
		holds_host(model, index + 1, model->host_address >> 32)) &&
	       (!(score & MATCHES_DATA) ||
		holds_host(model, index + model->distance,
			   model->host_data + vector));
}

/* The known message that matches most parts: guest's, a former guest's, or host's. */
static int find_message(const struct model *model, int index, u32 *vector,
			int *which)
{
	u32 other;
	int i, score, most;

	*vector = 0;
	*which = -1;
	most = matches(model, index, model->guest_address, model->guest_data,
		       model->guest_vectors, vector);
	for (i = 0; i < model->held; i++) {
		score = matches(model, index, model->held_address[i],
				model->held_data[i], model->held_vectors[i],
				&other);
		if (score <= most)
			continue;
		most = score;
		*vector = other;
		*which = i;
	}
	score = matches(model, index, model->host_address, model->host_data,
			model->vectors, &other);
	if (score > most) {
		most = score;
		*vector = other;
		*which = model->held;
	}

	return most;
}

static int best(const struct model *model, int index, u32 *vector)
{
	int score, which;

	if (!model->vectors)
		return -1;
	if (!model->high && model->host_address > ~0U)
		return -1;
	if (!model_covers(model, index + model->distance))
		return -1;
	if (model->high && !model_covers(model, index + 1))
		return -1;
	if (starts_slot(model, index + model->distance))
		return -1;
	if (model->high && (starts_slot(model, index + 1) ||
			    starts_slot(model, index + 1 - model->distance)))
		return -1;

	score = find_message(model, index, vector, &which);
	if (score >= 0 && !model->active &&
	    (model->vectors == 1 || !is_current(model, index, score, *vector)))
		return -1;

	return score;
}

static void hold(struct model *model, int index, u32 value, bool translated)
{
	model->dword[index].device = value;
	model->dword[index].translated = translated;
	model->dword[index].expired = false;
}

static u32 inert_if_address(const struct model *model, u32 value)
{
	return was_address(model, value) ? model->inert : value;
}

static void hold_guests(struct model *model, int index)
{
	struct model_dword *dword;

	if (index >= model->dwords || starts_slot(model, index))
		return;

	dword = &model->dword[index];
	dword->translated = false;
	dword->expired = false;
	if (dword->device != dword->guest)
		dword->device = inert_if_address(model, dword->guest);
}

static bool is_inert(const struct model *model, int index)
{
	const struct model_dword *slot = &model->dword[index];

	return slot->address && !slot->translated &&
	       (slot->inert || (slot->device != slot->before &&
				was_address(model, slot->before)));
}

/* The high half of the inert address is 0; that of what was there before is unknown. */
static void hold_guests_high(struct model *model, int index)
{
	if (index + 1 >= model->dwords || starts_slot(model, index + 1))
		return;
	if (!written(model, index + 1))
		return;

	if (is_inert(model, index))
		hold(model, index + 1, 0, false);
	else
		hold_guests(model, index + 1);
}

/* Beside the inert address there is no data of a vector, but what the guest writes. */
static void hold_guests_data(struct model *model, int index)
{
	int data = index + model->distance;

	if (data >= model->dwords || starts_slot(model, data))
		return;

	if (!is_inert(model, index))
		hold_guests(model, data);
	else if (model->dword[data].translated)
		hold(model, data, data == model->writing ?
		     model->dword[data].guest : 0, false);
}

static bool high_is_other_slots(const struct model *model, int index)
{
	return starts_slot(model, index + 1 - model->distance);
}

static void release_parts(struct model *model, int index)
{
	hold_guests_data(model, index);
	if (model->high && !high_is_other_slots(model, index))
		hold_guests_high(model, index);
}

/* A user may go on writing a host message after it has changed. */
static void remember_used(struct model *model, int index)
{
	u32 vector;
	int which;

	if (model->few_dwords)
		return;

	find_message(model, index, &vector, &which);
	if (which < model->held || model->held == MODEL_PAIRS)
		return;

	model->held_address[which] = model->host_address;
	model->held_data[which] = model->host_data;
	model->held_vectors[which] = model->vectors;
	model->held++;
}

static void refresh(struct model *model, int index)
{
	struct model_dword *slot;
	u32 vector;
	int score;

	if (!starts_slot(model, index))
		return;

	slot = &model->dword[index];
	score = best(model, index, &vector);
	if (score < 0) {
		slot->inert |= slot->live;
		slot->live = false;
		if (slot->inert)
			hold(model, index, model->inert, false);
		else if (slot->translated || slot->device != slot->before)
			hold(model, index,
			     inert_if_address(model, slot->before), false);
		release_parts(model, index);
		return;
	}

	hold(model, index, model->host_address, true);
	if (score & MATCHES_HIGH)
		hold(model, index + 1, model->host_address >> 32, true);
	else if (model->high && !slot[1].translated)
		hold_guests_high(model, index);
	if (score & MATCHES_DATA) {
		remember_used(model, index);
		slot->live = true;
		hold(model, index + model->distance,
		     model->host_data + vector, true);
	} else if (!slot[model->distance].translated) {
		hold_guests(model, index + model->distance);
	}
}

static bool may_become_part(const struct model *model, u64 address, u32 data,
			    u32 value)
{
	if (!(u32)address)
		return false;
	return value / 32 == data / 32 ||
	       (model->high && value == address >> 32);
}

bool model_matters(const struct model *model, int index, u32 value)
{
	int i;

	if (was_address(model, value) ||
	    starts_slot(model, index - model->distance) ||
	    (model->high && starts_slot(model, index - 1)) ||
	    may_become_part(model, model->guest_address, model->guest_data,
			    value))
		return true;
	for (i = 0; i < model->held; i++)
		if (may_become_part(model, model->held_address[i],
				    model->held_data[i], value))
			return true;
	return model->vectors &&
	       may_become_part(model, model->host_address, model->host_data,
			       value);
}

/* Whether a part of the host message is one after the guest has written to it, too. */
static bool stays_translated(const struct model *model, int index)
{
	int slot = index - model->distance;
	u32 vector;

	if (!starts_slot(model, slot) && model->high)
		slot = index - 1;

	return model->dword[index].translated && starts_slot(model, slot) &&
	       best(model, slot, &vector) >= 0;
}

void model_write(struct model *model, int index, u32 value)
{
	struct model_dword *dword = &model->dword[index];
	bool was = dword->address;
	u64 when = ++model->now;

	if (!model_matters(model, index, value))
		when = 0;

	dword->address = was_address(model, value);
	if (dword->address && !was) {
		/* What it held as the guest sees it. */
		dword->before = dword->guest;
		dword->inert = !model->clean && !dword->when;
		dword->live = false;
		dword->translated = false;
		dword->expired = false;
	}
	dword->guest = value;
	dword->when = when;
	if (!dword->address && (was || !stays_translated(model, index)))
		hold(model, index, value, false);
	model->writing = index;
	if (was && !dword->address)
		release_parts(model, index);

	refresh(model, index);
	refresh(model, index - model->distance);
	if (model->high)
		refresh(model, index - 1);
	if (model->high && (was || dword->address))
		refresh(model, index - 1 + model->distance);
	model->writing = -1;
}

static bool needs_write(const struct model *model, int index, u32 value)
{
	const struct model_dword *dword = &model->dword[index];

	return !dword->translated || dword->device != value;
}

static bool is_outdated(const struct model *model, int index)
{
	u32 vector;
	int score = best(model, index, &vector);

	if (score < 0)
		return model->dword[index].expired;
	return needs_write(model, index, model->host_address) ||
	       (score & MATCHES_HIGH &&
		needs_write(model, index + 1, model->host_address >> 32)) ||
	       (score & MATCHES_DATA &&
		needs_write(model, index + model->distance,
			    model->host_data + vector));
}

void model_update(struct model *model)
{
	u32 vector;
	int i;

	for (i = 0; i < model->dwords; i++) {
		if (!starts_slot(model, i) || !is_outdated(model, i))
			continue;
		if (best(model, i, &vector) < 0)
			model->dword[i].inert = true;
		refresh(model, i);
	}
	for (i = 0; model->active && i < model->dwords; i++)
		model->dword[i].expired = false;
}

void model_expire(struct model *model)
{
	struct model_dword *dword = model->page[0];
	int i;

	for (i = 0; i < MODEL_PAGES * MODEL_DWORDS; i++)
		dword[i].expired = dword[i].translated;
}

void model_show(struct model *model, unsigned int page)
{
	model->dword = model->page[page];
}

static void remember_guest(struct model *model)
{
	if (!model->vectors || !(u32)model->guest_address)
		return;
	model->held_address[model->held] = model->guest_address;
	model->held_data[model->held] = model->guest_data;
	model->held_vectors[model->held] = model->guest_vectors;
	model->held++;
}

void model_guest(struct model *model, unsigned int vectors, u64 address,
		 u32 data)
{
	model->guest_vectors = vectors;
	model->guest_address = address;
	model->guest_data = data;
	remember_guest(model);
}

void model_host(struct model *model, unsigned int vectors, u64 address, u32 data)
{
	model->vectors = vectors;
	model->active = vectors && address;
	if (model->active || !vectors) {
		model->host_address = address;
		model->host_data = data;
	}
	remember_guest(model);
}

void model_reset(struct model *model, u32 device[MODEL_PAGES][MODEL_DWORDS])
{
	int page, i;

	memset(model->page, 0, sizeof(model->page));
	model->clean = true;
	model->writing = -1;
	for (page = 0; page < MODEL_PAGES; page++) {
		for (i = 0; i < model->dwords; i++) {
			model->page[page][i].guest = device[page][i];
			model->page[page][i].device = device[page][i];
		}
	}
}

bool model_owed(const struct model *model, int index)
{
	return starts_slot(model, index) && is_outdated(model, index);
}

bool model_forbids(const struct model *model, u32 value)
{
	u32 vector;

	if (!was_address(model, value))
		return false;
	for (vector = 0; vector < model->vectors; vector++)
		if (value == model->host_data + vector)
			return false;
	if (!model->vectors)
		return true;
	return value != (u32)model->host_address &&
	       !(model->high && value == model->host_address >> 32);
}

bool model_live(const struct model *model, int index, u32 *vector)
{
	const struct model_dword *slot = &model->dword[index];
	int score, whole = MATCHES_DATA | (model->high ? MATCHES_HIGH : 0);

	if (!starts_slot(model, index))
		return false;

	score = best(model, index, vector);

	return score >= 0 && (score & whole) == whole &&
	       slot->device == (u32)model->host_address &&
	       (!model->high || slot[1].device == model->host_address >> 32) &&
	       slot[model->distance].device == model->host_data + *vector;
}
