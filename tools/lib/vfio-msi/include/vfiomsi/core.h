/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libvfiomsi's core: the MSI-X or the MSI capability of one device as its guest sees it.
 *
 * A core answers the guest's reads and turns its writes into actions: what the host has
 * to do so that the device's interrupts reach the guest as the PCI specification says.
 * The core does none of it. It makes no system call, starts no thread, prints nothing
 * and allocates no memory after vfiomsi_core_create().
 *
 * Terms, in addition to those of <linux/vfio_pci_msi.h>:
 *
 * owner          the program that calls these functions: a VMM, or a driver in user space
 * entry          the message and the mask bit of one vector in the table
 * masked         (of a vector) its mask bit or the function mask is set, so that its
 *                interrupts become pending
 * plan           the actions of one change
 * attached       (of a vector) the host signals an eventfd of the owner for it
 * route          the guest message for which a vector's eventfd stands: with KVM the
 *                entry of a GSI in the routing table
 * held           (of an eventfd) nobody reads it, so that it counts what arrives
 *
 * A change. A function that can change something returns 1 if the host has something to
 * do. There is a plan then:
 *
 *	ret = vfiomsi_core_table_write(core, offset, width, value);
 *	if (ret <= 0)
 *		return ret;
 *	while (vfiomsi_core_next(core, &action) > 0 && !failed)
 *		failed = carry_out(&action);
 *	if (failed) {
 *		vfiomsi_core_rollback(core);
 *		while (vfiomsi_core_next(core, &action) > 0)
 *			if (carry_out(&action))
 *				...	(vfiomsi_core_host_lost)
 *	}
 *	vfiomsi_core_commit(core);
 *
 * The guest sees the change from commit on. A plan that is rolled back gives the actions
 * that take back those already done; the guest then never sees anything of the change.
 * As long as there is a plan, functions that change something return -EBUSY, and reads
 * answer as before.
 *
 * When vectors are set up. The host allocates vectors when the guest enables the
 * capability. A vector of MSI is attached at the same time, a vector of MSI-X when it is
 * first not masked. Until then it is masked in the device, which keeps its interrupts
 * pending.
 *
 * Pending. Two may know that a vector is pending. The core knows of interrupts that the
 * owner has told it about, and gives an action VFIOMSI_INJECT for them once the vector
 * is no longer masked. The host, or the device, knows of those that it delivers by
 * itself then. Where both know of one, it is delivered once.
 *
 * Errors are negative errno values. A call that fails changes nothing. -EINVAL is
 * returned for an argument that is out of bounds and for a call that has no sense at
 * this time, -EBUSY as said above.
 *
 * Threads. A core has no lock. Calls for one core have to be made one at a time, and a
 * plan is to be finished before another thread has its turn. Different cores have
 * nothing in common.
 *
 * A device with both capabilities has two cores. The specification forbids guests to
 * enable both. If a guest does, let the actions of the second fail.
 */
#ifndef VFIOMSI_CORE_H
#define VFIOMSI_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vfiomsi_core;

/* Flags of struct vfiomsi_core_config */
enum {
	/*
	 * The host masks vectors, and keeps what arrives under the mask. This is so with
	 * VFIO_IRQ_INFO_MASKABLE, which msi-vfio-pci has for MSI and MSI-X. Without the
	 * flag, as on vfio-pci, vectors are masked by holding their eventfds.
	 */
	VFIOMSI_HOST_MASKS = 1 << 0,
	/*
	 * Vectors of MSI-X can be attached without having been allocated before: GET_IRQ_INFO
	 * does not return VFIO_IRQ_INFO_NORESIZE. Without the flag all vectors of the table
	 * are allocated when the guest enables MSI-X. If that can be too many for the host,
	 * give the guest a capability with fewer.
	 */
	VFIOMSI_DYNAMIC = 1 << 1,
	/*
	 * The host has VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY, which msi-vfio-pci has. With it the
	 * host takes no interrupts for a guest that polls: see vfiomsi_core_set_memory().
	 */
	VFIOMSI_HOST_DUMMY = 1 << 2,
};

/**
 * struct vfiomsi_core_config - what a core is made of
 * @size: sizeof(struct vfiomsi_core_config)
 * @flags: VFIOMSI_HOST_MASKS, VFIOMSI_DYNAMIC and VFIOMSI_HOST_DUMMY
 * @capability: the MSI-X or MSI capability as the guest is to see it, usually as VFIO's
 *	config space has it: 12 bytes for MSI-X; 12, 16, 20 or 24 for MSI. The fields
 *	that a guest can write are ignored.
 */
struct vfiomsi_core_config {
	uint32_t size;
	uint32_t flags;
	uint8_t capability[24];
};

/* What the host has to do */
enum vfiomsi_action_kind {
	/*
	 * Have the capability enabled in the device, with @count vectors from 0 on, none of
	 * which is attached. If VFIOMSI_ATTACH of the same vectors follows, one SET_IRQS
	 * can do both.
	 */
	VFIOMSI_ALLOCATE = 1,
	/* Disable the capability in the device. The host's masks end. No vector is attached. */
	VFIOMSI_FREE = 2,
	/*
	 * Attach the vectors: the host signals their eventfds from now on. Vectors that were
	 * masked before are masked from the first moment. Without VFIOMSI_HOST_MASKS their
	 * eventfds are held.
	 */
	VFIOMSI_ATTACH = 3,
	/* Detach the vectors. Their eventfds and routes stay until VFIOMSI_UNROUTE. */
	VFIOMSI_DETACH = 4,
	/*
	 * Mask the vectors, which may be allocated but not yet attached. With
	 * VFIOMSI_HOST_MASKS the host masks them (ACTION_MASK). Otherwise their eventfds are
	 * held: with KVM the irqfd is taken away.
	 */
	VFIOMSI_MASK = 5,
	/*
	 * Unmask the vectors. With VFIOMSI_HOST_MASKS the host unmasks them and delivers what
	 * is pending. Otherwise their eventfds are no longer held, and what they have counted
	 * is delivered as one interrupt. KVM does so when it is given the irqfd.
	 */
	VFIOMSI_UNMASK = 6,
	/*
	 * Let one vector's eventfd stand for the message @address/@data. The first time, the
	 * eventfd and the route are to be made. It is enough to note the message: it need
	 * not hold before VFIOMSI_SET_ROUTES.
	 */
	VFIOMSI_ROUTE = 7,
	/* Have the messages noted so far hold, with one KVM_SET_GSI_ROUTING for all. */
	VFIOMSI_SET_ROUTES = 8,
	/*
	 * Give back the routes and eventfds of the vectors. What the eventfds have counted no
	 * longer matters.
	 */
	VFIOMSI_UNROUTE = 9,
	/*
	 * Deliver @address/@data to the guest once, by signalling the vector's eventfd. If
	 * the eventfd is held, that joins what it has counted.
	 */
	VFIOMSI_INJECT = 10,
	/*
	 * Find out which of the vectors are pending, and tell the core with
	 * vfiomsi_core_set_pending() before the next action. A held eventfd is read for this.
	 * For any other vector ask the host (VFIO_PCI_MSI_MESSAGE_PENDING), or the device's
	 * PBA. A vector for which neither can tell is not pending.
	 */
	VFIOMSI_HARVEST = 11,
	/*
	 * Have MSI-X enabled in the device, and the vectors write to @address in place of a
	 * message. Nothing is allocated. If this fails, roll back, call
	 * vfiomsi_core_set_memory() without memory, and make the change again: the guest then
	 * gets interrupts.
	 */
	VFIOMSI_DUMMY_ON = 12,
	/* Disable MSI-X in the device, whose vectors write to @address. */
	VFIOMSI_DUMMY_OFF = 13,
};

/**
 * struct vfiomsi_action - one thing that the host has to do
 * @kind: one of enum vfiomsi_action_kind
 * @vector: the first vector
 * @count: how many vectors
 * @data: for VFIOMSI_ROUTE and VFIOMSI_INJECT the data of the guest message, otherwise 0.
 *	Where one MSI capability has several vectors, the vector's number is already in its
 *	low bits.
 * @address: for VFIOMSI_ROUTE and VFIOMSI_INJECT the address of the guest message, for
 *	VFIOMSI_DUMMY_ON and VFIOMSI_DUMMY_OFF that of the dword, otherwise 0
 */
struct vfiomsi_action {
	uint32_t kind;
	uint32_t vector;
	uint32_t count;
	uint32_t data;
	uint64_t address;
};

/**
 * vfiomsi_core_create - make a core
 * @config: what of; not needed afterwards
 * @core: set to the core, which belongs to the caller
 *
 * The guest finds the capability as after a reset, and the host has nothing to do yet.
 *
 * Return: 0; -EINVAL if the capability is neither MSI nor MSI-X, or cannot be; -E2BIG if
 * the configuration is newer than the library; -ENOMEM
 */
int vfiomsi_core_create(const struct vfiomsi_core_config *config, struct vfiomsi_core **core);

/**
 * vfiomsi_core_destroy - free a core
 * @core: the core, or NULL
 *
 * There are no actions: what the host still has is the caller's. vfiomsi_core_reset()
 * before this gives all of it back.
 */
void vfiomsi_core_destroy(struct vfiomsi_core *core);

/**
 * vfiomsi_core_vectors - how many vectors the capability has
 * @core: the core
 *
 * Return: 1 to 2048 for MSI-X, 1 to 32 for MSI
 */
uint32_t vfiomsi_core_vectors(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_cap_size - the size of the capability
 * @core: the core
 *
 * Return: bytes, a multiple of 4
 */
uint32_t vfiomsi_core_cap_size(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_table_size - the size of the table
 * @core: the core
 *
 * Return: bytes, 16 for each vector; 0 for MSI
 */
uint32_t vfiomsi_core_table_size(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_pba_size - the size of the PBA
 * @core: the core
 *
 * Return: bytes, a multiple of 8; 0 for MSI
 */
uint32_t vfiomsi_core_pba_size(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_cap_read - the guest reads the capability
 * @core: the core
 * @offset: from the start of the capability, in bytes
 * @width: 1, 2 or 4 bytes; @offset is a multiple of it
 * @value: set to what the guest reads, or to all ones if the call fails
 *
 * Return: 0, or -EINVAL
 */
int vfiomsi_core_cap_read(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			  uint32_t *value);

/**
 * vfiomsi_core_cap_write - the guest writes to the capability
 * @core: the core
 * @offset: from the start of the capability, in bytes
 * @width: 1, 2 or 4 bytes; @offset is a multiple of it
 * @value: what it writes; bits beyond @width are ignored
 *
 * Return: 1 if there is a plan, 0 if the change is done, -EINVAL or -EBUSY
 */
int vfiomsi_core_cap_write(struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			   uint32_t value);

/**
 * vfiomsi_core_table_read - the guest reads the table
 * @core: the core
 * @offset: from the start of the table, in bytes
 * @width: 4 or 8 bytes; @offset is a multiple of it. The specification defines no other
 *	accesses.
 * @value: set to what the guest reads, or to all ones if the call fails
 *
 * Return: 0, or -EINVAL
 */
int vfiomsi_core_table_read(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			    uint64_t *value);

/**
 * vfiomsi_core_table_write - the guest writes to the table
 * @core: the core
 * @offset: from the start of the table, in bytes
 * @width: 4 or 8 bytes; @offset is a multiple of it
 * @value: what it writes; bits beyond @width are ignored
 *
 * 8 bytes are written at once: a message and a mask bit that change together are one
 * change.
 *
 * Return: 1 if there is a plan, 0 if the change is done, -EINVAL or -EBUSY
 */
int vfiomsi_core_table_write(struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			     uint64_t value);

/**
 * vfiomsi_core_pba_read - the guest reads the PBA
 * @core: the core
 * @offset: from the start of the PBA, in bytes
 * @width: 4 or 8 bytes; @offset is a multiple of it
 * @value: set to what the guest reads, or to all ones if the call fails
 *
 * The answer is what the core knows. vfiomsi_core_harvest() before this makes it
 * complete.
 *
 * Return: 0, or -EINVAL
 */
int vfiomsi_core_pba_read(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			  uint64_t *value);

/**
 * vfiomsi_core_pba_write - the guest writes to the PBA
 * @core: the core
 * @offset: from the start of the PBA, in bytes
 * @width: 4 or 8 bytes; @offset is a multiple of it
 * @value: what it writes
 *
 * The PBA is read only, so that a write within it does nothing.
 *
 * Return: 0, or -EINVAL
 */
int vfiomsi_core_pba_write(struct vfiomsi_core *core, uint32_t offset, uint32_t width,
			   uint64_t value);

/**
 * vfiomsi_core_next - the plan's next action
 * @core: the core
 * @action: set to the action
 *
 * The call also says that the action before has been carried out. An action that fails
 * must not have done a part of what it says.
 *
 * A plan has at most 6 actions for each vector and 5 in addition.
 *
 * Return: 1, 0 if there is nothing left to do, or -EINVAL if there is no plan
 */
int vfiomsi_core_next(struct vfiomsi_core *core, struct vfiomsi_action *action);

/**
 * vfiomsi_core_commit - finish a plan
 * @core: the core
 *
 * The guest sees the change from now on, unless it was rolled back.
 *
 * Return: 0, -EINVAL if there is no plan, or -EBUSY if vfiomsi_core_next() has not
 * returned 0 yet
 */
int vfiomsi_core_commit(struct vfiomsi_core *core);

/**
 * vfiomsi_core_rollback - give up a plan
 * @core: the core
 *
 * The last action was not carried out. vfiomsi_core_next() gives the actions that take
 * back the others; a guest's interrupt that was delivered stays delivered.
 * vfiomsi_core_commit() is to follow. If one of these actions fails, call this again to
 * try again, or vfiomsi_core_host_lost().
 *
 * Return: 0, or -EINVAL if there is no plan
 */
int vfiomsi_core_rollback(struct vfiomsi_core *core);

/**
 * vfiomsi_core_host_lost - say that the host no longer has anything
 * @core: the core
 *
 * No vector is allocated, attached or routed, and no eventfd is held. As there are no
 * actions for this, tell those who carry out the actions before the core:
 * vfiomsi_eventfds_host_lost(). A plan is given up. What the guest sees does not change.
 * vfiomsi_core_sync(), or else the guest's next change, sets all up again.
 */
void vfiomsi_core_host_lost(struct vfiomsi_core *core);

/**
 * vfiomsi_core_sync - set up what the guest has enabled
 * @core: the core
 *
 * This is needed after vfiomsi_core_load() and vfiomsi_core_host_lost(). To roll it back
 * is to give back all that the host has.
 *
 * Return: 1 if there is a plan, 0 if there is nothing to do, or -EBUSY
 */
int vfiomsi_core_sync(struct vfiomsi_core *core);

/**
 * vfiomsi_core_reset - the device is reset
 * @core: the core
 *
 * The capability becomes as it was after vfiomsi_core_create(). Nothing is pending.
 *
 * Return: 1 if there is a plan, 0 if the change is done, or -EBUSY
 */
int vfiomsi_core_reset(struct vfiomsi_core *core);

/**
 * struct vfiomsi_memory - a range of memory that the device can write
 * @address: where it begins, as the device and the guest's table have it
 * @size: bytes
 */
struct vfiomsi_memory {
	uint64_t address;
	uint64_t size;
};

/**
 * vfiomsi_core_set_memory - say which memory is mapped for the device's writes
 * @core: the core
 * @memory: the ranges, which have to stay as they are until another call is finished; NULL if
 *	@count is 0. Addresses at which a write is an interrupt must not be in them, such as
 *	0xfee00000 to 0xfeefffff on x86.
 * @count: how many
 *
 * With VFIOMSI_HOST_DUMMY, the core finds out whether the guest polls. It does if it has
 * enabled MSI-X, all its vectors that are not masked are consecutive, and the messages of all
 * of them have the same address, which is in one of the ranges. Then the plan has
 * VFIOMSI_DUMMY_ON, and no interrupt comes. As soon as one of this does not hold any more,
 * the plan has VFIOMSI_DUMMY_OFF, and what interrupts need.
 *
 * So call this when memory is mapped; and before memory is unmapped, without the part that
 * will be. If the plan is rolled back the ranges are those of the call before, and their
 * memory has to stay mapped. A new core has no ranges, and a saved state has none.
 *
 * The dwords that the device writes are the vectors' numbers, and not the guest's data. A
 * guest that looks at them would notice.
 *
 * Return: 1 if there is a plan, 0 if the change is done, -EINVAL if a range is beyond the end
 * of the addresses, or -EBUSY
 */
int vfiomsi_core_set_memory(struct vfiomsi_core *core, const struct vfiomsi_memory *memory,
			    uint32_t count);

/**
 * vfiomsi_core_is_dummy - whether the device writes to a dummy target
 * @core: the core
 *
 * Return: true if VFIOMSI_DUMMY_ON was carried out, and VFIOMSI_DUMMY_OFF was not
 */
bool vfiomsi_core_is_dummy(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_harvest - ask the host which vectors are pending
 * @core: the core
 * @vector: the first vector
 * @count: how many vectors
 *
 * The plan asks about those vectors of which the host can know more than the core. It
 * should be carried out before the guest reads the PBA or MSI's pending bits, and before
 * vfiomsi_core_save().
 *
 * Return: 1 if there is a plan, 0 if there is nothing to ask, -EINVAL or -EBUSY
 */
int vfiomsi_core_harvest(struct vfiomsi_core *core, uint32_t vector, uint32_t count);

/**
 * vfiomsi_core_set_pending - say whether the host has a vector pending
 * @core: the core
 * @vector: the vector
 * @pending: whether it is
 *
 * This is the answer to VFIOMSI_HARVEST, but can be called at any time. If the vector's
 * eventfd is held and was read, the core keeps the interrupt from now on, and false
 * takes nothing back. For any other vector the host delivers it when it unmasks the
 * vector, and @pending replaces what was said before.
 *
 * Return: 0, or -EINVAL, also if the vector is attached and not masked
 */
int vfiomsi_core_set_pending(struct vfiomsi_core *core, uint32_t vector, bool pending);

/**
 * vfiomsi_core_arrive - a vector's interrupt has come to the owner
 * @core: the core
 * @vector: the vector
 * @action: set to VFIOMSI_INJECT with the vector's message, if it is to be delivered
 *
 * For owners who read the eventfds themselves, and for devices in software. The
 * interrupt is delivered, kept pending if the vector is masked, or dropped if the guest
 * has not enabled it.
 *
 * Return: 1 if the owner has to carry out @action, 0 if not, -EINVAL or -EBUSY
 */
int vfiomsi_core_arrive(struct vfiomsi_core *core, uint32_t vector,
			struct vfiomsi_action *action);

/**
 * vfiomsi_core_is_enabled - whether the guest has enabled the capability
 * @core: the core
 *
 * Return: true if it has
 */
bool vfiomsi_core_is_enabled(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_is_masked - whether a vector is masked
 * @core: the core
 * @vector: the vector
 *
 * Return: 1 if its mask bit or the function mask is set, 0 if not, or -EINVAL
 */
int vfiomsi_core_is_masked(const struct vfiomsi_core *core, uint32_t vector);

/**
 * vfiomsi_core_message - a vector's guest message
 * @core: the core
 * @vector: the vector
 * @address: set to the message's address
 * @data: set to its data
 *
 * Return: 0, or -EINVAL
 */
int vfiomsi_core_message(const struct vfiomsi_core *core, uint32_t vector, uint64_t *address,
			 uint32_t *data);

/**
 * vfiomsi_core_state_size - the size of a saved state
 * @core: the core
 *
 * Return: bytes; at most 33100
 */
size_t vfiomsi_core_state_size(const struct vfiomsi_core *core);

/**
 * vfiomsi_core_save - save all that the guest can see, pending interrupts too
 * @core: the core, which does not change
 * @state: where to
 * @size: how many bytes there are
 *
 * A state is the same on all architectures.
 *
 * Return: 0; -ENOSPC if @size is less than vfiomsi_core_state_size(); or -EBUSY
 */
int vfiomsi_core_save(const struct vfiomsi_core *core, void *state, size_t size);

/**
 * vfiomsi_core_load - take over a saved state
 * @core: the core, for which the host has nothing: a new one or one that was reset
 * @state: the state; not needed afterwards
 * @size: how many bytes it has
 *
 * vfiomsi_core_sync() is to follow. A state is taken over whole or not at all.
 *
 * Return: 0; -EBADMSG if the state is damaged; -EOPNOTSUPP if it is newer than the
 * library; -EINVAL if it is another capability's; -EBUSY if the host has vectors or there
 * is a plan
 */
int vfiomsi_core_load(struct vfiomsi_core *core, const void *state, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* VFIOMSI_CORE_H */
