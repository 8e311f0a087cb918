/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The KVM back end: the routes of a VM, and irqfds which deliver the interrupts of a core's
 * vectors to it. It works with each driver of the host.
 *
 * KVM knows the routes of a VM as one table, which can only be replaced whole. Hence one
 * object for the VM (struct vfiomsi_kvm) has the table, and there is one for each core
 * (struct vfiomsi_kvm_device), which carries out its actions:
 *
 * VFIOMSI_ROUTE	gets a GSI for the vector, the first time, and notes its message
 * VFIOMSI_SET_ROUTES	one KVM_SET_GSI_ROUTING for all that was noted
 * VFIOMSI_UNROUTE	gives the GSIs back
 * VFIOMSI_ATTACH	one KVM_IRQFD for each vector whose eventfd is not held
 * VFIOMSI_DETACH	one KVM_IRQFD for each vector with an irqfd
 * VFIOMSI_MASK, VFIOMSI_UNMASK
 *			with VFIOMSI_HOST_MASKS nothing; otherwise one KVM_IRQFD for each
 *			vector. With it KVM delivers what the eventfd has counted.
 *
 * Threads: calls for one VM have to be made one at a time, also if they are for different
 * cores.
 */
#ifndef VFIOMSI_KVM_H
#define VFIOMSI_KVM_H

#include <vfiomsi/eventfds.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vfiomsi_kvm;
struct vfiomsi_kvm_device;
/* <linux/kvm.h> has it. */
struct kvm_irq_routing_entry;

/**
 * struct vfiomsi_kvm_config - which routes of a VM are the object's
 * @size: sizeof(struct vfiomsi_kvm_config)
 * @vm: the VM's file, which stays the caller's and has to stay open
 * @first_gsi: the first of the GSIs that the object can use
 * @gsis: how many GSIs it can use, one for each vector that is in use at a time
 */
struct vfiomsi_kvm_config {
	uint32_t size;
	int32_t vm;
	uint32_t first_gsi;
	uint32_t gsis;
};

/**
 * vfiomsi_kvm_create - make the object of a VM
 * @config: the VM and its GSIs; not needed afterwards
 * @kvm: set to the object, which belongs to the caller
 *
 * The VM's routes do not change before the first VFIOMSI_SET_ROUTES, which replaces all of
 * them. So call vfiomsi_kvm_set_others() before that if the VM has others.
 *
 * Return: 0; -EINVAL for a wrong @size or no GSIs; -E2BIG if the configuration is newer than
 * the library; -ENOSPC if KVM has fewer GSIs; -EOPNOTSUPP if it does not have routes or
 * irqfds; -ENOMEM; or what the kernel failed with
 */
int vfiomsi_kvm_create(const struct vfiomsi_kvm_config *config, struct vfiomsi_kvm **kvm);

/**
 * vfiomsi_kvm_destroy - free the object
 * @kvm: the object, or NULL. The objects of its devices have to be destroyed before.
 *
 * The VM's routes stay as they are.
 */
void vfiomsi_kvm_destroy(struct vfiomsi_kvm *kvm);

/**
 * vfiomsi_kvm_set_others - say which routes the VM has besides those of vectors
 * @kvm: the object
 * @entries: the routes, for instance of the interrupt controller's pins; not needed
 *	afterwards
 * @count: how many
 *
 * This replaces those of the call before, and makes one KVM_SET_GSI_ROUTING. The object's
 * own GSIs must not be among them.
 *
 * Return: 0, -EINVAL if a GSI is the object's, -ENOMEM, or what the kernel failed with.
 * Nothing has changed then.
 */
int vfiomsi_kvm_set_others(struct vfiomsi_kvm *kvm, const struct kvm_irq_routing_entry *entries,
			   uint32_t count);

/**
 * vfiomsi_kvm_device_create - make the object of a core
 * @kvm: the VM's object
 * @core: the core whose actions it will carry out
 * @eventfds: the core's eventfds. All three have to live longer than the object.
 * @requester: the device's ID in the VM, which the VM's interrupt controller needs if it is an
 *	ITS (KVM_MSI_VALID_DEVID); -1 for others
 * @device: set to the object, which belongs to the caller
 *
 * Return: 0, -EINVAL if @requester is another negative number or has more than 32 bits, or
 * -ENOMEM
 */
int vfiomsi_kvm_device_create(struct vfiomsi_kvm *kvm, struct vfiomsi_core *core,
			      const struct vfiomsi_eventfds *eventfds, int64_t requester,
			      struct vfiomsi_kvm_device **device);

/**
 * vfiomsi_kvm_device_destroy - free the object
 * @device: the object, or NULL
 *
 * Its irqfds are taken away, and its GSIs are given back. So this is also what to do, before
 * vfiomsi_eventfds_host_lost(), if the host is lost; then make a new object.
 */
void vfiomsi_kvm_device_destroy(struct vfiomsi_kvm_device *device);

/**
 * vfiomsi_kvm_device_carry_out - carry out an action
 * @device: the object
 * @action: any action of the core
 *
 * Hand every action to this function: VFIOMSI_DETACH when the VFIO back end has carried it
 * out, others in any order.
 *
 * Return: 0, also if the action needs nothing from here; -EINVAL if it is about vectors
 * that do not exist or have no eventfd or route; -ENOSPC if there is no GSI left; or what
 * the kernel failed with. The action has then done nothing.
 */
int vfiomsi_kvm_device_carry_out(struct vfiomsi_kvm_device *device,
				 const struct vfiomsi_action *action);

/**
 * vfiomsi_kvm_device_gsi - a vector's GSI
 * @device: the object
 * @vector: the vector
 *
 * Return: the GSI, or -EINVAL if the vector has none
 */
int vfiomsi_kvm_device_gsi(const struct vfiomsi_kvm_device *device, uint32_t vector);

#ifdef __cplusplus
}
#endif

#endif /* VFIOMSI_KVM_H */
