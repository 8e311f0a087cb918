// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "host.h"

static void expect(struct host *host, bool right, const char *what)
{
	if (!right && !host->wrong)
		host->wrong = what;
}

static bool host_masks(const struct host *host)
{
	return host->flags & VFIOMSI_HOST_MASKS;
}

static bool held(const struct host *host, unsigned int vector)
{
	if (host->eventfds)
		return vfiomsi_eventfds_is_held(host->eventfds, vector);

	return host->vector[vector].masked && !host_masks(host);
}

void host_init(struct host *host, struct vfiomsi_core *core, bool msix, uint32_t flags)
{
	memset(host, 0, sizeof(*host));
	host->core = core;
	host->msix = msix;
	host->flags = flags;
	host->count = vfiomsi_core_vectors(core);
	host_begin(host);
}

void host_begin(struct host *host)
{
	host->delivered_count = 0;
	host->fail_after = -1;
	host->undo_fails_after = -1;
	host->raise_after = -1;
	host->carried_out = 0;
	host->raised = false;
	host->allocated_again = false;
	memset(host->calls, 0, sizeof(host->calls));
}

void host_deliver(struct host *host, unsigned int vector, uint64_t address, uint32_t data)
{
	if (host->delivered_count == HOST_DELIVERED) {
		expect(host, false, "too many interrupts");
		return;
	}
	host->vector[vector].told = false;
	host->delivered[host->delivered_count++] =
		(struct host_message){ vector, address, data };
}

static void signal_eventfd(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	if (held(host, vector)) {
		it->signalled = true;
		return;
	}
	expect(host, it->routed, "an interrupt came before there was a route");
	host_deliver(host, vector, it->address, it->data);
}

static bool writes_dummy(const struct host *host, unsigned int vector)
{
	return vector - host->dummy_first < host->dummy_count;
}

/* The device sends, or the kernel lets through, what it kept. */
static void let_go(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	if (it->pending && it->attached && !(it->masked && host_masks(host))) {
		it->pending = false;
		signal_eventfd(host, vector);
	}
}

void host_raise(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	if (host->dummy_count && !writes_dummy(host, vector))
		it->pending = true;
	if (!host->allocated || (!host->msix && vector >= host->allocated))
		return;
	/* The kernel masks entries of MSI-X that have no handler. MSI has no such mask. */
	if (!it->attached && !host->msix)
		return;
	it->pending = true;
	let_go(host, vector);
}

static bool can_attach(const struct host *host, unsigned int vector)
{
	if (!host->allocated)
		return false;

	return vector < host->allocated || (host->msix && host->flags & VFIOMSI_DYNAMIC);
}

static void do_allocate(struct host *host, const struct vfiomsi_action *action)
{
	expect(host, !host->allocated && action->vector == 0, "allocated twice");
	expect(host, !host->dummy_count, "allocated beside a dummy target");
	expect(host, action->count && action->count <= host->count, "allocated too many");
	host->allocated_again = host->calls[VFIOMSI_FREE] || host->calls[VFIOMSI_DUMMY_OFF];
	host->allocated = action->count;
}

/* The kernel refuses a target beside vectors, and one that is not a dword. */
static void do_dummy_on(struct host *host, const struct vfiomsi_action *action)
{
	expect(host, host->flags & VFIOMSI_HOST_DUMMY && host->msix, "no such call");
	expect(host, !host->allocated && !host->dummy_count, "a dummy target beside vectors");
	expect(host, action->address % 4 == 0 && !action->data, "a wrong dummy target");
	host->allocated_again = host->calls[VFIOMSI_FREE] || host->calls[VFIOMSI_DUMMY_OFF];
	host->dummy = action->address;
	host->dummy_first = action->vector;
	host->dummy_count = action->count;
	for (unsigned int i = 0; i < action->count; i++) {
		host->vector[action->vector + i].pending = false;
		host->vector[action->vector + i].told = false;
	}
}

static void do_dummy_off(struct host *host, const struct vfiomsi_action *action)
{
	expect(host, host->dummy_count && action->vector == host->dummy_first &&
	       action->count == host->dummy_count && action->address == host->dummy,
	       "another dummy target is on");
	host->dummy_count = 0;
}

static void do_free(struct host *host, const struct vfiomsi_action *action)
{
	expect(host, host->allocated && action->count == host->allocated, "freed without need");
	for (unsigned int i = 0; i < host->count; i++) {
		expect(host, !host->vector[i].attached, "freed what is attached");
		host->vector[i].masked = false;
	}
	host->allocated = 0;
}

static void attach(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	expect(host, can_attach(host, vector) && !it->attached, "attach");
	expect(host, it->routed && !it->noted, "attached without a route");
	it->attached = true;
	let_go(host, vector);
}

static void detach(struct host *host, unsigned int vector)
{
	expect(host, host->vector[vector].attached, "detached twice");
	host->vector[vector].attached = false;
}

static void mask(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	expect(host, !it->masked, "masked twice");
	expect(host, it->attached || can_attach(host, vector), "masked what is not allocated");
	it->masked = true;
}

static void unmask(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	expect(host, it->attached && it->masked && !it->noted, "unmask");
	it->masked = false;
	if (it->signalled) {
		it->signalled = false;
		signal_eventfd(host, vector);
	}
	let_go(host, vector);
}

static void unroute(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];

	expect(host, it->routed && !it->attached, "unroute");
	expect(host, !it->signalled, "an eventfd was closed with an interrupt in it");
	it->routed = false;
	it->noted = false;
}

static void harvest(struct host *host, unsigned int vector)
{
	struct host_vector *it = &host->vector[vector];
	bool pending = it->pending;

	if (held(host, vector) || it->signalled) {
		pending = it->signalled;
		it->told = it->told || pending;
		it->signalled = false;
	} else if (host->silent) {
		return;
	}
	expect(host, !vfiomsi_core_set_pending(host->core, vector, pending), "set_pending");
}

static void do_route(struct host *host, const struct vfiomsi_action *action)
{
	struct host_vector *it = &host->vector[action->vector];

	expect(host, action->count == 1, "several routes in one");
	it->routed = true;
	it->noted = true;
	it->noted_address = action->address;
	it->noted_data = action->data;
}

static void do_set_routes(struct host *host)
{
	for (unsigned int i = 0; i < host->count; i++) {
		struct host_vector *it = &host->vector[i];

		if (!it->noted)
			continue;
		it->noted = false;
		it->address = it->noted_address;
		it->data = it->noted_data;
	}
}

static void do_inject(struct host *host, const struct vfiomsi_action *action)
{
	struct host_vector *it = &host->vector[action->vector];

	expect(host, action->count == 1 && it->attached && it->routed, "inject");
	expect(host, it->address == action->address && it->data == action->data,
	       "injected another message than the route's");
	signal_eventfd(host, action->vector);
}

static void for_each(struct host *host, const struct vfiomsi_action *action,
		     void (*what)(struct host *host, unsigned int vector))
{
	for (unsigned int i = 0; i < action->count; i++)
		what(host, action->vector + i);
}

/* @host counts what arrives in held eventfds itself. */
static void tell_eventfds(struct host *host, const struct vfiomsi_action *action)
{
	if (!host->eventfds || action->kind == VFIOMSI_INJECT ||
	    action->kind == VFIOMSI_HARVEST)
		return;
	expect(host, !vfiomsi_eventfds_carry_out(host->eventfds, action), "eventfds");
}

static void carry_out(struct host *host, const struct vfiomsi_action *action)
{
	switch ((enum vfiomsi_action_kind)action->kind) {
	case VFIOMSI_ALLOCATE:
		do_allocate(host, action);
		break;
	case VFIOMSI_FREE:
		do_free(host, action);
		break;
	case VFIOMSI_ATTACH:
		for_each(host, action, attach);
		break;
	case VFIOMSI_DETACH:
		for_each(host, action, detach);
		break;
	case VFIOMSI_MASK:
		for_each(host, action, mask);
		break;
	case VFIOMSI_UNMASK:
		for_each(host, action, unmask);
		break;
	case VFIOMSI_ROUTE:
		do_route(host, action);
		break;
	case VFIOMSI_SET_ROUTES:
		do_set_routes(host);
		break;
	case VFIOMSI_UNROUTE:
		for_each(host, action, unroute);
		break;
	case VFIOMSI_INJECT:
		do_inject(host, action);
		break;
	case VFIOMSI_HARVEST:
		for_each(host, action, harvest);
		break;
	case VFIOMSI_DUMMY_ON:
		do_dummy_on(host, action);
		break;
	case VFIOMSI_DUMMY_OFF:
		do_dummy_off(host, action);
		break;
	default:
		expect(host, false, "no such action");
	}
}

bool host_carry_out(struct host *host, const struct vfiomsi_action *action)
{
	if (host->carried_out == host->raise_after) {
		host->raised = true;
		host_raise(host, host->raise_vector);
	}
	if (host->carried_out++ == host->fail_after)
		return false;
	if (!action->count || action->vector >= host->count ||
	    action->count > host->count - action->vector) {
		expect(host, false, "vectors out of bounds");
		return true;
	}
	expect(host, host->carried_out <= 6 * (int)host->count + 5, "too many actions");
	tell_eventfds(host, action);
	carry_out(host, action);
	host->calls[action->kind]++;

	return true;
}

static bool run_actions(struct host *host)
{
	struct vfiomsi_action action;

	while (vfiomsi_core_next(host->core, &action) == 1)
		if (!host_carry_out(host, &action))
			return false;

	return true;
}

static bool take_back(struct host *host)
{
	host->carried_out = 0;
	host->fail_after = host->undo_fails_after;
	expect(host, !vfiomsi_core_rollback(host->core), "rollback");

	return run_actions(host);
}

int host_run(struct host *host, int planned)
{
	int ret = 0;

	if (planned <= 0)
		return planned;
	if (!run_actions(host)) {
		ret = -EIO;
		if (!take_back(host)) {
			host_lose(host);
			return -ENOLINK;
		}
	}
	expect(host, !vfiomsi_core_commit(host->core), "commit");

	return ret;
}

void host_lose(struct host *host)
{
	for (unsigned int i = 0; i < host->count; i++) {
		struct host_vector *it = &host->vector[i];

		if (it->signalled)
			expect(host, !vfiomsi_core_set_pending(host->core, i, true),
			       "set_pending of a lost vector");
		it->told = it->told || it->signalled;
		it->signalled = false;
		it->attached = false;
		it->masked = false;
		it->routed = false;
		it->noted = false;
	}
	host->allocated = 0;
	host->dummy_count = 0;
	if (host->eventfds)
		vfiomsi_eventfds_host_lost(host->eventfds);
	vfiomsi_core_host_lost(host->core);
}
