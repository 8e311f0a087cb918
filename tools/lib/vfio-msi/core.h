/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the core's files share. Each calls only those above itself:
 *
 * create.c	make and free a core
 * guest.c	what the guest's registers ask for
 * dummy.c	whether the guest polls
 * plan.c	what the host has to do for that
 * pending.c	what is pending, and what arrives
 * registers.c	the guest's reads and writes
 * state.c	save and load
 *
 * Guest and host are apart. The guest's side is two copies of the registers: @now, which
 * the guest reads, and @next, which differs from it only while there is a plan. The
 * host's side is struct vector: what the host has been given to do, action by action. A
 * plan is not a list: plan.c compares @next with the host's side, and finds the next
 * thing that differs. So to roll back is to copy @now to @next and to compare again,
 * however far the plan had come.
 *
 * The back ends are objects of their own, each with its file here and its header beside
 * the public one of the core. The core knows none of them. Each carries out some kinds
 * of actions, and the owner hands every action to all that it has:
 *
 * VFIO		ALLOCATE, FREE, ATTACH, DETACH; with VFIOMSI_HOST_MASKS also MASK and
 *		UNMASK; with VFIOMSI_HOST_DUMMY also DUMMY_ON and DUMMY_OFF; HARVEST of
 *		vectors whose eventfd is not held, from MSI_MESSAGES or the device's PBA.
 *		Gives the configuration: the capability from config
 *		space, the flags from GET_IRQ_INFO.
 * KVM		ROUTE: notes the message for the vector's GSI. SET_ROUTES: one
 *		KVM_SET_GSI_ROUTING. ATTACH and DETACH: the irqfds, unless held.
 *		MASK and UNMASK without VFIOMSI_HOST_MASKS. UNROUTE gives back the GSI.
 * eventfds	ROUTE and UNROUTE make and close them, INJECT writes one, HARVEST reads
 *		one that is held. The two others ask this object for a vector's eventfd.
 */
#ifndef VFIOMSI_PRIVATE_CORE_H
#define VFIOMSI_PRIVATE_CORE_H

#include <vfiomsi/core.h>

#define API __attribute__((visibility("default")))

#define CAP_ID_MSI		0x05
#define CAP_ID_MSIX		0x11
#define CAP_CONTROL		2

#define MSIX_CAP_SIZE		12
#define MSIX_ENABLE		0x8000
#define MSIX_FUNCTION_MASK	0x4000
#define MSIX_SIZE		0x07ff
#define MSIX_WRITABLE		(MSIX_ENABLE | MSIX_FUNCTION_MASK)
#define MSIX_ENTRY_SIZE		16
#define MSIX_MASK_BIT		1

#define MSI_ENABLE		0x0001
#define MSI_CAPABLE		0x000e
#define MSI_CAPABLE_SHIFT	1
#define MSI_ALLOWED		0x0070
#define MSI_ALLOWED_SHIFT	4
#define MSI_64BIT		0x0080
#define MSI_MASK_BITS		0x0100
#define MSI_READ_ONLY		(MSI_CAPABLE | MSI_64BIT | MSI_MASK_BITS)
#define MSI_WRITABLE		(MSI_ENABLE | MSI_ALLOWED)
#define MSI_MAX_CAPABLE		5
#define MSI_DATA		0xffff

/* Messages are dwords: the specification lets these bits of an address be read only. */
#define MESSAGE_LOW		0xfffffffc

/*
 * @used: the vector was not masked at some time since MSI-X was enabled, so it is not to
 *	be detached
 */
struct entry {
	uint32_t low;
	uint32_t high;
	uint32_t data;
	bool masked;
	bool used;
};

/*
 * A dummy target, which is none if @count is 0.
 */
struct dummy {
	uint64_t address;
	uint32_t first;
	uint32_t count;
};

/*
 * The registers, and what they mean.
 *
 * @control: the whole Message Control
 * @low, @high, @data, @masks: of MSI
 * @entries: the table of MSI-X, otherwise NULL
 * @memory, @ranges: what vfiomsi_core_set_memory() was given
 * @dummy: where the guest has all vectors write that are not masked, if it polls
 */
struct guest {
	uint16_t control;
	uint32_t low;
	uint32_t high;
	uint32_t data;
	uint32_t masks;
	struct entry *entries;
	const struct vfiomsi_memory *memory;
	uint32_t ranges;
	struct dummy dummy;
};

/*
 * @address, @data: its route
 * @masked: the host has been told to mask it, or its eventfd is held
 * @pending: the core has to deliver an interrupt
 * @host_pending: the host or the device was seen to have one
 */
struct vector {
	uint64_t address;
	uint32_t data;
	bool routed;
	bool attached;
	bool masked;
	bool pending;
	bool host_pending;
};

enum plan_kind { PLAN_NONE, PLAN_CHANGE, PLAN_RESET, PLAN_SYNC, PLAN_HARVEST };

/*
 * @off: a sync is being rolled back: the host is to have nothing
 * @undo: the plan is being rolled back
 * @found: @action is the next one
 * @given: the owner is carrying out @action
 * @done: there is nothing left to do
 * @phase, @at: where to look for the next action: in plan.c's table, and from which vector
 * @first, @end: the vectors that the plan is about
 */
struct plan {
	enum plan_kind kind;
	bool off;
	bool undo;
	bool found;
	bool given;
	bool done;
	uint32_t phase;
	uint32_t at;
	uint32_t first;
	uint32_t end;
	struct vfiomsi_action action;
};

/*
 * @count: of @vectors
 * @allocated: how many vectors the host was told to allocate
 * @dummy: the target that the host was told to turn on; nothing is allocated then
 * @routes_noted: the host was given routes, but has not been told to set them
 * @behind: the host may lack any part of what the guest has enabled, so the next plan
 *	looks at all vectors
 */
struct vfiomsi_core {
	bool msix;
	uint32_t flags;
	uint32_t cap_size;
	uint8_t capability[24];
	uint32_t count;
	uint32_t allocated;
	struct dummy dummy;
	bool routes_noted;
	bool behind;
	struct guest now;
	struct guest next;
	struct plan plan;
	struct vector *vectors;
};

/* guest.c */
void vfiomsi_guest_reset(const struct vfiomsi_core *core, struct guest *guest);
void vfiomsi_guest_copy(const struct vfiomsi_core *core, struct guest *to,
			const struct guest *from, uint32_t first, uint32_t end);
void vfiomsi_guest_note_used(const struct vfiomsi_core *core, struct guest *guest,
			     uint32_t first, uint32_t end);
/* Find out whether the guest polls: after each change of its registers or its memory. */
void vfiomsi_guest_note_dummy(const struct vfiomsi_core *core, struct guest *guest);
bool vfiomsi_guest_enabled(const struct vfiomsi_core *core, const struct guest *guest);
bool vfiomsi_guest_masked(const struct vfiomsi_core *core, const struct guest *guest,
			  uint32_t vector);
/* How many vectors the host has to allocate. */
uint32_t vfiomsi_guest_allocates(const struct vfiomsi_core *core, const struct guest *guest);
/* Whether the vector may be attached. */
bool vfiomsi_guest_uses(const struct vfiomsi_core *core, const struct guest *guest,
			uint32_t vector);
/* Whether its interrupts reach the guest at once. */
bool vfiomsi_guest_takes(const struct vfiomsi_core *core, const struct guest *guest,
			 uint32_t vector);
uint64_t vfiomsi_guest_address(const struct vfiomsi_core *core, const struct guest *guest,
			       uint32_t vector);
uint32_t vfiomsi_guest_data(const struct vfiomsi_core *core, const struct guest *guest,
			    uint32_t vector);

/* pending.c: a PBA's bits for 32 vectors */
uint32_t vfiomsi_pending_bits(const struct vfiomsi_core *core, uint32_t first);

/* plan.c: @next has been changed for these vectors. Returns whether there is a plan. */
int vfiomsi_plan(struct vfiomsi_core *core, enum plan_kind kind, uint32_t first, uint32_t end);
/*
 * Whether a vector can be attached by VFIOMSI_ALLOCATE: the plan will attach it, and neither
 * mask nor harvest it before.
 */
bool vfiomsi_plan_attaches(const struct vfiomsi_core *core, uint32_t vector);

#endif /* VFIOMSI_PRIVATE_CORE_H */
