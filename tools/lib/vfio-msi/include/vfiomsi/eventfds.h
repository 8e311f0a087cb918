/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The eventfds of a core's vectors. This object carries out the actions that need
 * nothing else, and says which eventfds are held. Those who attach the eventfds to a
 * device, and those who take the guest's interrupts from them, get them from here.
 *
 * VFIOMSI_ROUTE makes a vector's eventfd, VFIOMSI_UNROUTE closes it, VFIOMSI_INJECT
 * signals it, and VFIOMSI_HARVEST reads it if it is held. Hand it every action:
 * VFIOMSI_ROUTE before the others have it, as they need the eventfd, and any other when
 * the others have carried it out. If one of them fails, the eventfds are then as the core
 * knows them.
 *
 * Threads: as for the core. A held eventfd is not to be read or waited for by others.
 */
#ifndef VFIOMSI_EVENTFDS_H
#define VFIOMSI_EVENTFDS_H

#include <vfiomsi/core.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vfiomsi_eventfds;

/**
 * vfiomsi_eventfds_create - make the object
 * @core: the core whose actions it will carry out, which has to live longer
 * @eventfds: set to the object, which belongs to the caller
 *
 * Return: 0 or -ENOMEM
 */
int vfiomsi_eventfds_create(struct vfiomsi_core *core, struct vfiomsi_eventfds **eventfds);

/**
 * vfiomsi_eventfds_destroy - close all eventfds and free the object
 * @eventfds: the object, or NULL
 */
void vfiomsi_eventfds_destroy(struct vfiomsi_eventfds *eventfds);

/**
 * vfiomsi_eventfds_carry_out - carry out an action
 * @eventfds: the object
 * @action: any action of the core
 *
 * Return: 0, also if the action needs nothing from here; -EINVAL if it is about vectors
 * that do not exist or have no eventfd; otherwise what eventfd(2), read(2) or write(2)
 * failed with, as a negative value. The action has then done nothing.
 */
int vfiomsi_eventfds_carry_out(struct vfiomsi_eventfds *eventfds,
			       const struct vfiomsi_action *action);

/**
 * vfiomsi_eventfds_host_lost - close all eventfds, because the host is lost
 * @eventfds: the object
 *
 * Call this right before vfiomsi_core_host_lost(), which gives no actions. What held
 * eventfds have counted becomes pending in the core. What the others have counted no
 * longer matters: read them before if it does.
 */
void vfiomsi_eventfds_host_lost(struct vfiomsi_eventfds *eventfds);

/**
 * vfiomsi_eventfds_get - a vector's eventfd
 * @eventfds: the object
 * @vector: the vector
 *
 * Return: the eventfd, which stays the object's, or -EINVAL if the vector has none
 */
int vfiomsi_eventfds_get(const struct vfiomsi_eventfds *eventfds, uint32_t vector);

/**
 * vfiomsi_eventfds_is_held - whether a vector's eventfd is held
 * @eventfds: the object
 * @vector: the vector
 *
 * Return: true if it is; never with VFIOMSI_HOST_MASKS
 */
bool vfiomsi_eventfds_is_held(const struct vfiomsi_eventfds *eventfds, uint32_t vector);

#ifdef __cplusplus
}
#endif

#endif /* VFIOMSI_EVENTFDS_H */
