// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vfiomsi/eventfds.h>

#include "core.h"

struct slot {
	int fd;
	bool held;
};

struct vfiomsi_eventfds {
	struct vfiomsi_core *core;
	uint32_t count;
	struct slot slots[];
};

API int vfiomsi_eventfds_create(struct vfiomsi_core *core, struct vfiomsi_eventfds **eventfds)
{
	uint32_t count = vfiomsi_core_vectors(core);
	struct vfiomsi_eventfds *made;
	uint32_t i;

	made = calloc(1, sizeof(*made) + count * sizeof(made->slots[0]));
	if (!made)
		return -ENOMEM;
	made->core = core;
	made->count = count;
	for (i = 0; i < count; i++)
		made->slots[i].fd = -1;
	*eventfds = made;

	return 0;
}

static void close_eventfd(struct slot *slot)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
	slot->held = false;
}

API void vfiomsi_eventfds_destroy(struct vfiomsi_eventfds *eventfds)
{
	uint32_t i;

	if (!eventfds)
		return;
	for (i = 0; i < eventfds->count; i++)
		close_eventfd(&eventfds->slots[i]);
	free(eventfds);
}

static int open_eventfd(struct slot *slot)
{
	if (slot->fd >= 0)
		return 0;
	slot->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	return slot->fd < 0 ? -errno : 0;
}

static int signal_eventfd(const struct slot *slot)
{
	const uint64_t one = 1;

	if (slot->fd < 0)
		return -EINVAL;
	/* If it cannot count further, it is signalled. */
	if (write(slot->fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return -errno;

	return 0;
}

/* Of the eventfds of which only the core's owner can know. */
static void harvest(struct vfiomsi_eventfds *eventfds, uint32_t vector)
{
	const struct slot *slot = &eventfds->slots[vector];
	uint64_t count;

	if (slot->held && slot->fd >= 0)
		vfiomsi_core_set_pending(eventfds->core, vector,
					 read(slot->fd, &count, sizeof(count)) > 0);
}

static void set_held(struct vfiomsi_eventfds *eventfds, uint32_t vector, bool held)
{
	eventfds->slots[vector].held = held && !(eventfds->core->flags & VFIOMSI_HOST_MASKS);
}

static void let_go_of_all(struct vfiomsi_eventfds *eventfds)
{
	uint32_t i;

	for (i = 0; i < eventfds->count; i++)
		eventfds->slots[i].held = false;
}

/* For one vector of those actions that cannot fail. */
static void carry_out_one(struct vfiomsi_eventfds *eventfds, uint32_t kind, uint32_t vector)
{
	switch (kind) {
	case VFIOMSI_MASK:
	case VFIOMSI_UNMASK:
		set_held(eventfds, vector, kind == VFIOMSI_MASK);
		break;
	case VFIOMSI_UNROUTE:
		close_eventfd(&eventfds->slots[vector]);
		break;
	case VFIOMSI_HARVEST:
		harvest(eventfds, vector);
		break;
	}
}

API int vfiomsi_eventfds_carry_out(struct vfiomsi_eventfds *eventfds,
				   const struct vfiomsi_action *action)
{
	uint32_t i;

	if (action->vector >= eventfds->count ||
	    action->count > eventfds->count - action->vector)
		return -EINVAL;
	if (action->kind == VFIOMSI_ROUTE)
		return open_eventfd(&eventfds->slots[action->vector]);
	if (action->kind == VFIOMSI_INJECT)
		return signal_eventfd(&eventfds->slots[action->vector]);
	if (action->kind == VFIOMSI_FREE)
		let_go_of_all(eventfds);
	for (i = 0; i < action->count; i++)
		carry_out_one(eventfds, action->kind, action->vector + i);

	return 0;
}

API void vfiomsi_eventfds_host_lost(struct vfiomsi_eventfds *eventfds)
{
	uint32_t i;

	for (i = 0; i < eventfds->count; i++) {
		harvest(eventfds, i);
		close_eventfd(&eventfds->slots[i]);
	}
}

API int vfiomsi_eventfds_get(const struct vfiomsi_eventfds *eventfds, uint32_t vector)
{
	if (vector >= eventfds->count || eventfds->slots[vector].fd < 0)
		return -EINVAL;

	return eventfds->slots[vector].fd;
}

API bool vfiomsi_eventfds_is_held(const struct vfiomsi_eventfds *eventfds, uint32_t vector)
{
	return vector < eventfds->count && eventfds->slots[vector].held;
}
