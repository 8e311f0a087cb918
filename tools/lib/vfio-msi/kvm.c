// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include <vfiomsi/kvm.h>

#include "core.h"

#define NO_GSI	UINT32_MAX

struct message {
	bool valid;
	uint32_t data;
	uint64_t address;
};

/*
 * A GSI
 *
 * @used: it is a vector's
 * @noted: the message for which it is to stand
 * @known: the message for which it stands in KVM
 */
struct route {
	bool used;
	bool has_requester;
	uint32_t requester;
	struct message noted;
	struct message known;
};

/*
 * @others: the routes that are not ours
 * @routes: one for each GSI from @first_gsi on
 */
struct vfiomsi_kvm {
	int vm;
	uint32_t first_gsi;
	uint32_t gsis;
	struct kvm_irq_routing_entry *others;
	uint32_t other_count;
	struct route routes[];
};

/*
 * @route: which of the VM's routes is the vector's, or NO_GSI
 * @irqfd: whether KVM has its eventfd
 */
struct line {
	uint32_t route;
	bool irqfd;
};

struct vfiomsi_kvm_device {
	struct vfiomsi_kvm *kvm;
	struct vfiomsi_core *core;
	const struct vfiomsi_eventfds *eventfds;
	int64_t requester;
	struct line lines[];
};

static int check_config(const struct vfiomsi_kvm_config *config)
{
	int routes;

	if (config->size < sizeof(*config) || !config->gsis)
		return -EINVAL;
	if (config->size > sizeof(*config))
		return -E2BIG;
	routes = ioctl(config->vm, KVM_CHECK_EXTENSION, KVM_CAP_IRQ_ROUTING);
	if (routes < 0)
		return -errno;
	if (!routes || ioctl(config->vm, KVM_CHECK_EXTENSION, KVM_CAP_IRQFD) <= 0)
		return -EOPNOTSUPP;
	if (config->gsis > (uint32_t)routes || config->first_gsi > (uint32_t)routes - config->gsis)
		return -ENOSPC;

	return 0;
}

API int vfiomsi_kvm_create(const struct vfiomsi_kvm_config *config, struct vfiomsi_kvm **kvm)
{
	struct vfiomsi_kvm *made;
	int ret = check_config(config);

	if (ret)
		return ret;
	made = calloc(1, sizeof(*made) + config->gsis * sizeof(made->routes[0]));
	if (!made)
		return -ENOMEM;
	made->vm = config->vm;
	made->first_gsi = config->first_gsi;
	made->gsis = config->gsis;
	*kvm = made;

	return 0;
}

API void vfiomsi_kvm_destroy(struct vfiomsi_kvm *kvm)
{
	if (!kvm)
		return;
	free(kvm->others);
	free(kvm);
}

static void put_route(struct kvm_irq_routing_entry *entry, uint32_t gsi, const struct route *route)
{
	entry->gsi = gsi;
	entry->type = KVM_IRQ_ROUTING_MSI;
	entry->u.msi.address_lo = (uint32_t)route->noted.address;
	entry->u.msi.address_hi = (uint32_t)(route->noted.address >> 32);
	entry->u.msi.data = route->noted.data;
	if (!route->has_requester)
		return;
	entry->flags = KVM_MSI_VALID_DEVID;
	entry->u.msi.devid = route->requester;
}

static int set_routes(struct vfiomsi_kvm *kvm, const struct kvm_irq_routing_entry *others,
		      uint32_t count)
{
	struct kvm_irq_routing *table;
	uint32_t i;
	int ret = 0;

	table = calloc(1, sizeof(*table) +
		       ((size_t)count + kvm->gsis) * sizeof(table->entries[0]));
	if (!table)
		return -ENOMEM;
	if (count)
		memcpy(table->entries, others, count * sizeof(*others));
	table->nr = count;
	for (i = 0; i < kvm->gsis; i++)
		if (kvm->routes[i].noted.valid)
			put_route(&table->entries[table->nr++], kvm->first_gsi + i,
				  &kvm->routes[i]);
	if (ioctl(kvm->vm, KVM_SET_GSI_ROUTING, table))
		ret = -errno;
	free(table);

	return ret;
}

/*
 * What KVM has refused is forgotten, so that it does not refuse the next table, too: that of a
 * rollback, or of another device.
 */
static int set_noted_routes(struct vfiomsi_kvm *kvm)
{
	int ret = set_routes(kvm, kvm->others, kvm->other_count);
	struct route *route = kvm->routes;

	for (; route < kvm->routes + kvm->gsis; route++) {
		if (ret)
			route->noted = route->known;
		else
			route->known = route->noted;
	}

	return ret;
}

static bool has_our_gsi(const struct vfiomsi_kvm *kvm,
			const struct kvm_irq_routing_entry *entries, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (entries[i].gsi >= kvm->first_gsi &&
		    entries[i].gsi - kvm->first_gsi < kvm->gsis)
			return true;

	return false;
}

API int vfiomsi_kvm_set_others(struct vfiomsi_kvm *kvm,
			       const struct kvm_irq_routing_entry *entries, uint32_t count)
{
	struct kvm_irq_routing_entry *copy;
	int ret;

	if (has_our_gsi(kvm, entries, count))
		return -EINVAL;
	copy = calloc((size_t)count + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	if (count)
		memcpy(copy, entries, count * sizeof(*copy));
	ret = set_routes(kvm, copy, count);
	if (ret) {
		free(copy);
		return ret;
	}
	free(kvm->others);
	kvm->others = copy;
	kvm->other_count = count;

	return 0;
}

API int vfiomsi_kvm_device_create(struct vfiomsi_kvm *kvm, struct vfiomsi_core *core,
				  const struct vfiomsi_eventfds *eventfds, int64_t requester,
				  struct vfiomsi_kvm_device **device)
{
	struct vfiomsi_kvm_device *made;
	uint32_t i;

	if (requester < -1 || requester > UINT32_MAX)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + core->count * sizeof(made->lines[0]));
	if (!made)
		return -ENOMEM;
	made->kvm = kvm;
	made->core = core;
	made->eventfds = eventfds;
	made->requester = requester;
	for (i = 0; i < core->count; i++)
		made->lines[i].route = NO_GSI;
	*device = made;

	return 0;
}

static uint32_t find_free_route(const struct vfiomsi_kvm *kvm)
{
	uint32_t i;

	for (i = 0; i < kvm->gsis; i++)
		if (!kvm->routes[i].used)
			return i;

	return NO_GSI;
}

static int route(struct vfiomsi_kvm_device *device, const struct vfiomsi_action *action)
{
	struct line *line = &device->lines[action->vector];
	struct route *route;

	if (line->route == NO_GSI)
		line->route = find_free_route(device->kvm);
	if (line->route == NO_GSI)
		return -ENOSPC;
	route = &device->kvm->routes[line->route];
	route->used = true;
	route->has_requester = device->requester >= 0;
	route->requester = route->has_requester ? (uint32_t)device->requester : 0;
	route->noted = (struct message){
		.valid = true, .address = action->address, .data = action->data,
	};

	return 0;
}

static int set_irqfd(struct vfiomsi_kvm_device *device, uint32_t vector, bool on)
{
	struct line *line = &device->lines[vector];
	int eventfd = vfiomsi_eventfds_get(device->eventfds, vector);
	struct kvm_irqfd irqfd = { .flags = on ? 0 : KVM_IRQFD_FLAG_DEASSIGN };

	if (line->irqfd == on)
		return 0;
	if (eventfd < 0 || line->route == NO_GSI)
		return -EINVAL;
	irqfd.fd = (uint32_t)eventfd;
	irqfd.gsi = device->kvm->first_gsi + line->route;
	if (ioctl(device->kvm->vm, KVM_IRQFD, &irqfd))
		return -errno;
	line->irqfd = on;

	return 0;
}

/* All or none. @unless_held: not those whose eventfds are held */
static int set_irqfds(struct vfiomsi_kvm_device *device, uint32_t first, uint32_t end, bool on,
		      bool unless_held)
{
	uint32_t at;
	int ret = 0;

	for (at = first; at < end && !ret; at++)
		if (!unless_held || !vfiomsi_eventfds_is_held(device->eventfds, at))
			ret = set_irqfd(device, at, on);
	if (!ret)
		return 0;
	while (at-- > first)
		if (on || !vfiomsi_eventfds_is_held(device->eventfds, at))
			set_irqfd(device, at, !on);

	return ret;
}

static void unroute(struct vfiomsi_kvm_device *device, uint32_t vector)
{
	struct line *line = &device->lines[vector];
	struct route *route;

	/* The eventfd may be closed already: then KVM has dropped the irqfd. */
	set_irqfd(device, vector, false);
	line->irqfd = false;
	if (line->route != NO_GSI) {
		route = &device->kvm->routes[line->route];
		*route = (struct route){ .used = false };
	}
	line->route = NO_GSI;
}

API void vfiomsi_kvm_device_destroy(struct vfiomsi_kvm_device *device)
{
	uint32_t i;

	if (!device)
		return;
	for (i = 0; i < device->core->count; i++)
		unroute(device, i);
	free(device);
}

API int vfiomsi_kvm_device_carry_out(struct vfiomsi_kvm_device *device,
				     const struct vfiomsi_action *action)
{
	bool held = !(device->core->flags & VFIOMSI_HOST_MASKS);
	uint32_t end = action->vector + action->count;
	uint32_t i;

	if (action->vector >= device->core->count ||
	    action->count > device->core->count - action->vector)
		return -EINVAL;

	switch (action->kind) {
	case VFIOMSI_ROUTE:
		return route(device, action);
	case VFIOMSI_SET_ROUTES:
		return set_noted_routes(device->kvm);
	case VFIOMSI_ATTACH:
		return set_irqfds(device, action->vector, end, true, true);
	case VFIOMSI_DETACH:
		return set_irqfds(device, action->vector, end, false, false);
	case VFIOMSI_MASK:
		return held ? set_irqfds(device, action->vector, end, false, false) : 0;
	case VFIOMSI_UNMASK:
		return held ? set_irqfds(device, action->vector, end, true, false) : 0;
	case VFIOMSI_UNROUTE:
		for (i = action->vector; i < end; i++)
			unroute(device, i);
		break;
	}

	return 0;
}

API int vfiomsi_kvm_device_gsi(const struct vfiomsi_kvm_device *device, uint32_t vector)
{
	const struct line *line;

	if (vector >= device->core->count)
		return -EINVAL;
	line = &device->lines[vector];

	return line->route == NO_GSI ? -EINVAL : (int)(device->kvm->first_gsi + line->route);
}
