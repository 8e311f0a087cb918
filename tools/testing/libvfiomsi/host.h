/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scripted host and device for the core's tests: what VFIO, KVM, the eventfds and the
 * device do for each action, without any of them. Only which eventfds are held can be
 * left to libvfiomsi's own object. Actions that make no sense are noticed.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

#include <vfiomsi/core.h>
#include <vfiomsi/eventfds.h>

#ifndef MAX_VECTORS
#define MAX_VECTORS	2048
#endif
#define HOST_DELIVERED	(4 * MAX_VECTORS)

struct host_message {
	unsigned int vector;
	uint64_t address;
	uint32_t data;
};

/*
 * @masked: the host masks the vector, or the eventfd is held
 * @signalled: the eventfd has counted
 * @noted: @noted_address and @noted_data are to become the route
 * @pending: the device keeps an interrupt, or the host for it
 * @told: the core was told of an interrupt, which it has to keep until it is delivered,
 *	whatever becomes of @pending
 */
struct host_vector {
	bool attached;
	bool masked;
	bool signalled;
	bool pending;
	bool told;
	bool routed;
	uint64_t address;
	uint32_t data;
	bool noted;
	uint64_t noted_address;
	uint32_t noted_data;
};

/*
 * @dummy, @dummy_first, @dummy_count: where the device writes; no vector if @dummy_count is 0
 * @eventfds: decides which eventfds are held; NULL if that is up to @vector
 * @fail_after: fail the action after that many; -1 for never
 * @undo_fails_after: the same while a plan is rolled back
 * @raise_after: raise @raise_vector after that many; -1 for never
 * @carried_out: how many since host_begin()
 * @silent: it cannot tell what is pending, except in eventfds
 * @allocated_again: MSI-X or MSI was disabled and enabled in one plan
 * @wrong: the first action that made no sense, or NULL
 */
struct host {
	struct vfiomsi_core *core;
	struct vfiomsi_eventfds *eventfds;
	bool msix;
	uint32_t flags;
	unsigned int count;
	unsigned int allocated;
	uint64_t dummy;
	unsigned int dummy_first;
	unsigned int dummy_count;
	struct host_vector vector[MAX_VECTORS];
	unsigned int delivered_count;
	struct host_message delivered[HOST_DELIVERED];
	int fail_after;
	int undo_fails_after;
	int raise_after;
	unsigned int raise_vector;
	int carried_out;
	unsigned int calls[VFIOMSI_DUMMY_OFF + 1];
	bool raised;
	bool silent;
	bool allocated_again;
	const char *wrong;
};

void host_init(struct host *host, struct vfiomsi_core *core, bool msix, uint32_t flags);
/* Nothing was carried out, delivered or planned yet. */
void host_begin(struct host *host);
/* The device has an interrupt. */
void host_raise(struct host *host, unsigned int vector);
void host_deliver(struct host *host, unsigned int vector, uint64_t address, uint32_t data);
/* Returns whether it could be carried out. */
bool host_carry_out(struct host *host, const struct vfiomsi_action *action);
/*
 * Carry out a plan if @planned is 1, and roll it back if an action fails. Returns -EIO if
 * it was rolled back, -ENOLINK if that failed so that the host was lost, @planned if that
 * is an error, otherwise 0.
 */
int host_run(struct host *host, int planned);
/* Forget everything but the device's pending interrupts, and tell the core. */
void host_lose(struct host *host);

#endif /* HOST_H */
