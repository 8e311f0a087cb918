// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What the host has to do until it is where the guest's registers want it. The order of
 * the phases is such that no interrupt is lost or delivered twice in between:
 *
 * - A vector is masked before its route changes, and unmasked after that.
 * - A held eventfd is read when the host can no longer signal it.
 * - A new vector that is to be masked is masked before it is attached.
 * - Before the core delivers a pending interrupt, it asks whether the host or the device
 *   would deliver one as well. If so, the core keeps its own until the host has delivered:
 *   the plan may be rolled back before, and the host may then lose what it had.
 * - What is delivered by a held eventfd is put in before it is let go.
 *
 * The host has either vectors or a dummy target. While the one is taken away and the other is
 * set up MSI-X is disabled in the device, which may lose interrupts then. A guest that polls
 * does not miss them.
 */
#include <errno.h>
#include <string.h>

#include "core.h"

enum scope { RUNS, EACH, ONCE };

/*
 * @scope: an action is about a run of consecutive vectors, about one, or about all
 * @wants: whether there is something to do for the vector, or for all
 * @give: the owner is about to do it, or NULL
 * @did: it was done
 */
struct phase {
	enum vfiomsi_action_kind kind;
	enum scope scope;
	bool (*wants)(const struct vfiomsi_core *core, uint32_t vector);
	void (*give)(struct vector *vector);
	void (*did)(struct vfiomsi_core *core, uint32_t vector);
};

static bool host_masks(const struct vfiomsi_core *core)
{
	return core->flags & VFIOMSI_HOST_MASKS;
}

static uint32_t allocates(const struct vfiomsi_core *core)
{
	return vfiomsi_guest_allocates(core, &core->next);
}

static bool uses(const struct vfiomsi_core *core, uint32_t vector)
{
	return vfiomsi_guest_uses(core, &core->next, vector);
}

static bool takes(const struct vfiomsi_core *core, uint32_t vector)
{
	return vfiomsi_guest_takes(core, &core->next, vector);
}

static bool same_dummy(const struct dummy *one, const struct dummy *other)
{
	return one->address == other->address && one->first == other->first &&
	       one->count == other->count;
}

static bool wants_dummy_off(const struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;

	return core->dummy.count &&
	       (core->plan.off || !same_dummy(&core->dummy, &core->next.dummy));
}

static void did_dummy_off(struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;
	memset(&core->dummy, 0, sizeof(core->dummy));
}

static bool wants_dummy_on(const struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;

	return !core->dummy.count && core->next.dummy.count && !core->plan.off;
}

/* What was pending is written, too, and the guest does not look at it. */
static void did_dummy_on(struct vfiomsi_core *core, uint32_t vector)
{
	uint32_t i;

	(void)vector;
	core->dummy = core->next.dummy;
	for (i = 0; i < core->dummy.count; i++) {
		core->vectors[core->dummy.first + i].pending = false;
		core->vectors[core->dummy.first + i].host_pending = false;
	}
}

/* MSI cannot be resized, so all vectors go when their number changes. */
static bool wants_free(const struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;

	return core->allocated && core->allocated != allocates(core);
}

static bool goes(const struct vfiomsi_core *core, uint32_t vector)
{
	return wants_free(core, 0) || !uses(core, vector);
}

static bool wants_detach(const struct vfiomsi_core *core, uint32_t vector)
{
	return core->vectors[vector].attached && goes(core, vector);
}

static void did_detach(struct vfiomsi_core *core, uint32_t vector)
{
	core->vectors[vector].attached = false;
}

static bool wants_harvest_held(const struct vfiomsi_core *core, uint32_t vector)
{
	return core->vectors[vector].masked && !host_masks(core) && goes(core, vector);
}

static void did_free(struct vfiomsi_core *core, uint32_t vector)
{
	uint32_t i;

	(void)vector;
	core->allocated = 0;
	for (i = 0; i < core->count; i++) {
		core->vectors[i].masked = false;
		core->vectors[i].host_pending = false;
	}
}

static bool wants_mask(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	return host->attached && !host->masked && !takes(core, vector);
}

static void did_mask(struct vfiomsi_core *core, uint32_t vector)
{
	core->vectors[vector].masked = true;
}

static bool wants_attach(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	if (host->attached || !uses(core, vector))
		return false;

	/*
	 * MSI has no entry that the kernel masks, so what it sends now would be lost. If a
	 * vector of MSI-X is masked, it was detached a moment ago.
	 */
	return !core->msix || host->masked || takes(core, vector);
}

/* The route of a masked vector can wait until the guest unmasks it. */
static bool wants_route(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	if (!takes(core, vector) && !wants_attach(core, vector))
		return false;

	return !host->routed ||
	       host->address != vfiomsi_guest_address(core, &core->next, vector) ||
	       host->data != vfiomsi_guest_data(core, &core->next, vector);
}

static void did_route(struct vfiomsi_core *core, uint32_t vector)
{
	struct vector *host = &core->vectors[vector];

	host->routed = true;
	host->address = core->plan.action.address;
	host->data = core->plan.action.data;
	core->routes_noted = true;
}

/* Also when a plan is rolled back: the host may have noted a part of the routes. */
static bool wants_set_routes(const struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;

	return core->routes_noted;
}

static void did_set_routes(struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;
	core->routes_noted = false;
}

static bool wants_allocate(const struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;

	return !core->allocated && allocates(core);
}

static void did_allocate(struct vfiomsi_core *core, uint32_t vector)
{
	(void)vector;
	core->allocated = core->plan.action.count;
}

static bool wants_mask_new(const struct vfiomsi_core *core, uint32_t vector)
{
	return wants_attach(core, vector) && !core->vectors[vector].masked &&
	       !takes(core, vector);
}

static bool wants_harvest(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	return host->pending && takes(core, vector) &&
	       (!host->attached || (host->masked && host_masks(core)));
}

static void give_harvest(struct vector *host)
{
	host->host_pending = false;
}

/* The host has delivered its interrupt, and the core's as one with it. */
static void host_delivered(struct vector *host)
{
	if (host->host_pending)
		host->pending = false;
	host->host_pending = false;
}

static void did_attach(struct vfiomsi_core *core, uint32_t vector)
{
	struct vector *host = &core->vectors[vector];

	host->attached = true;
	if (!host->masked)
		host_delivered(host);
}

/* What the host delivers with VFIOMSI_UNMASK is not to be delivered twice. */
static bool wants_inject(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	return host->pending && takes(core, vector) &&
	       !(host->host_pending && host_masks(core));
}

static void did_inject(struct vfiomsi_core *core, uint32_t vector)
{
	core->vectors[vector].pending = false;
}

static bool wants_unmask(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	return host->attached && host->masked && takes(core, vector);
}

static void did_unmask(struct vfiomsi_core *core, uint32_t vector)
{
	core->vectors[vector].masked = false;
	host_delivered(&core->vectors[vector]);
}

static bool wants_unroute(const struct vfiomsi_core *core, uint32_t vector)
{
	return core->vectors[vector].routed && !core->vectors[vector].attached;
}

static void did_unroute(struct vfiomsi_core *core, uint32_t vector)
{
	core->vectors[vector].routed = false;
}

bool vfiomsi_plan_attaches(const struct vfiomsi_core *core, uint32_t vector)
{
	return vector >= core->plan.first && vector < core->plan.end &&
	       wants_attach(core, vector) && !wants_harvest(core, vector) &&
	       !(host_masks(core) && (core->vectors[vector].masked || !takes(core, vector)));
}

static const struct phase change_phases[] = {
	{ VFIOMSI_DUMMY_OFF, ONCE, wants_dummy_off, NULL, did_dummy_off },
	{ VFIOMSI_DETACH, RUNS, wants_detach, NULL, did_detach },
	{ VFIOMSI_HARVEST, RUNS, wants_harvest_held, NULL, NULL },
	{ VFIOMSI_FREE, ONCE, wants_free, NULL, did_free },
	{ VFIOMSI_MASK, RUNS, wants_mask, NULL, did_mask },
	{ VFIOMSI_ROUTE, EACH, wants_route, NULL, did_route },
	{ VFIOMSI_SET_ROUTES, ONCE, wants_set_routes, NULL, did_set_routes },
	{ VFIOMSI_ALLOCATE, ONCE, wants_allocate, NULL, did_allocate },
	{ VFIOMSI_MASK, RUNS, wants_mask_new, NULL, did_mask },
	{ VFIOMSI_HARVEST, RUNS, wants_harvest, give_harvest, NULL },
	{ VFIOMSI_ATTACH, RUNS, wants_attach, NULL, did_attach },
	{ VFIOMSI_INJECT, EACH, wants_inject, NULL, did_inject },
	{ VFIOMSI_UNMASK, RUNS, wants_unmask, NULL, did_unmask },
	{ VFIOMSI_UNROUTE, RUNS, wants_unroute, NULL, did_unroute },
	{ VFIOMSI_DUMMY_ON, ONCE, wants_dummy_on, NULL, did_dummy_on },
	{ 0 }
};

static bool wants_answer(const struct vfiomsi_core *core, uint32_t vector)
{
	const struct vector *host = &core->vectors[vector];

	return !host->attached || host->masked;
}

static const struct phase harvest_phases[] = {
	{ VFIOMSI_HARVEST, RUNS, wants_answer, NULL, NULL },
	{ 0 }
};

static const struct phase no_phases[] = { { 0 } };

static const struct phase *current_phase(const struct plan *plan)
{
	const struct phase *phases = change_phases;

	if (plan->kind == PLAN_HARVEST)
		phases = plan->undo ? no_phases : harvest_phases;

	return &phases[plan->phase];
}

/* How many vectors from @at on are in one action. */
static uint32_t count_run(const struct vfiomsi_core *core, const struct phase *phase,
			  uint32_t at)
{
	uint32_t end = at;

	while (end < core->plan.end && phase->wants(core, end)) {
		end++;
		if (phase->scope == EACH)
			break;
	}

	return end - at;
}

static bool find_in_phase(struct vfiomsi_core *core, const struct phase *phase)
{
	struct plan *plan = &core->plan;
	uint32_t count = 0;

	while (plan->at < plan->end) {
		count = count_run(core, phase, plan->at);
		if (count || phase->scope == ONCE)
			break;
		plan->at++;
	}
	if (!count)
		return false;

	memset(&plan->action, 0, sizeof(plan->action));
	plan->action.kind = phase->kind;
	plan->action.vector = plan->at;
	plan->action.count = count;
	plan->at += count;

	return true;
}

static uint32_t count_of_all(const struct vfiomsi_core *core, const struct phase *phase)
{
	switch (phase->kind) {
	case VFIOMSI_ALLOCATE:
		return allocates(core);
	case VFIOMSI_FREE:
		return core->allocated;
	default:
		return core->count;
	}
}

static void fill_in_dummy(struct vfiomsi_action *action, const struct dummy *dummy)
{
	action->vector = dummy->first;
	action->count = dummy->count;
	action->address = dummy->address;
}

static void fill_in(struct vfiomsi_core *core, const struct phase *phase)
{
	struct vfiomsi_action *action = &core->plan.action;

	if (phase->scope == EACH) {
		action->address = vfiomsi_guest_address(core, &core->next, action->vector);
		action->data = vfiomsi_guest_data(core, &core->next, action->vector);
	}
	if (phase->scope == ONCE) {
		action->vector = 0;
		action->count = count_of_all(core, phase);
		core->plan.at = core->plan.end;
	}
	if (phase->kind == VFIOMSI_DUMMY_ON)
		fill_in_dummy(action, &core->next.dummy);
	if (phase->kind == VFIOMSI_DUMMY_OFF)
		fill_in_dummy(action, &core->dummy);
}

static bool find(struct vfiomsi_core *core)
{
	struct plan *plan = &core->plan;
	const struct phase *phase;

	for (;;) {
		phase = current_phase(plan);
		if (!phase->kind)
			return false;
		if (find_in_phase(core, phase))
			break;
		plan->phase++;
		plan->at = plan->first;
	}
	fill_in(core, phase);
	plan->found = true;

	return true;
}

/* The owner has carried out the last action. */
static void note_done(struct vfiomsi_core *core)
{
	const struct phase *phase = current_phase(&core->plan);
	const struct vfiomsi_action *action = &core->plan.action;
	uint32_t i;

	core->plan.given = false;
	if (!phase->did)
		return;
	if (phase->scope == ONCE) {
		phase->did(core, 0);
		return;
	}
	for (i = 0; i < action->count; i++)
		phase->did(core, action->vector + i);
}

static void give(struct vfiomsi_core *core)
{
	const struct phase *phase = current_phase(&core->plan);
	const struct vfiomsi_action *action = &core->plan.action;
	uint32_t i;

	core->plan.found = false;
	core->plan.given = true;
	for (i = 0; phase->give && i < action->count; i++)
		phase->give(&core->vectors[action->vector + i]);
}

static void rewind_plan(struct plan *plan)
{
	plan->found = false;
	plan->given = false;
	plan->done = false;
	plan->phase = 0;
	plan->at = plan->first;
}

static void forget_pending(struct vfiomsi_core *core)
{
	uint32_t i;

	for (i = 0; i < core->count; i++) {
		core->vectors[i].pending = false;
		core->vectors[i].host_pending = false;
	}
}

static void finish(struct vfiomsi_core *core)
{
	struct plan *plan = &core->plan;

	if (!plan->undo)
		vfiomsi_guest_copy(core, &core->now, &core->next, plan->first, plan->end);
	if (plan->kind == PLAN_RESET && !plan->undo)
		forget_pending(core);
	if (plan->kind != PLAN_HARVEST)
		core->behind = core->behind && plan->off;
	memset(plan, 0, sizeof(*plan));
}

int vfiomsi_plan(struct vfiomsi_core *core, enum plan_kind kind, uint32_t first, uint32_t end)
{
	bool all = core->behind && kind != PLAN_HARVEST;

	vfiomsi_guest_note_dummy(core, &core->next);
	if (!same_dummy(&core->now.dummy, &core->next.dummy))
		all = true;
	memset(&core->plan, 0, sizeof(core->plan));
	core->plan.kind = kind;
	core->plan.first = all ? 0 : first;
	core->plan.end = all ? core->count : end;
	rewind_plan(&core->plan);
	if (find(core))
		return 1;
	finish(core);

	return 0;
}

API int vfiomsi_core_next(struct vfiomsi_core *core, struct vfiomsi_action *action)
{
	struct plan *plan = &core->plan;

	if (plan->kind == PLAN_NONE)
		return -EINVAL;
	if (plan->given)
		note_done(core);
	if (!plan->found && !find(core)) {
		plan->done = true;
		return 0;
	}
	give(core);
	*action = plan->action;

	return 1;
}

API int vfiomsi_core_commit(struct vfiomsi_core *core)
{
	if (core->plan.kind == PLAN_NONE)
		return -EINVAL;
	if (!core->plan.done)
		return -EBUSY;
	finish(core);

	return 0;
}

API int vfiomsi_core_rollback(struct vfiomsi_core *core)
{
	struct plan *plan = &core->plan;

	if (plan->kind == PLAN_NONE)
		return -EINVAL;
	vfiomsi_guest_copy(core, &core->next, &core->now, plan->first, plan->end);
	plan->undo = true;
	if (plan->kind == PLAN_SYNC) {
		plan->off = true;
		core->behind = true;
	}
	rewind_plan(plan);

	return 0;
}

API void vfiomsi_core_host_lost(struct vfiomsi_core *core)
{
	uint32_t i;

	vfiomsi_guest_copy(core, &core->next, &core->now, 0, core->count);
	memset(&core->plan, 0, sizeof(core->plan));
	core->allocated = 0;
	memset(&core->dummy, 0, sizeof(core->dummy));
	core->routes_noted = false;
	core->behind = true;
	for (i = 0; i < core->count; i++) {
		core->vectors[i].routed = false;
		core->vectors[i].attached = false;
		core->vectors[i].masked = false;
		core->vectors[i].host_pending = false;
	}
}

API int vfiomsi_core_sync(struct vfiomsi_core *core)
{
	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;

	return vfiomsi_plan(core, PLAN_SYNC, 0, core->count);
}

API int vfiomsi_core_reset(struct vfiomsi_core *core)
{
	if (core->plan.kind != PLAN_NONE)
		return -EBUSY;
	vfiomsi_guest_reset(core, &core->next);

	return vfiomsi_plan(core, PLAN_RESET, 0, core->count);
}
