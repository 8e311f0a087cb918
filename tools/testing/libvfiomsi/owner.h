/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A core's owner that has one back end beside the eventfds, for the tests of that back end, or a
 * device in software.
 */
#ifndef OWNER_H
#define OWNER_H

#include <vfiomsi/eventfds.h>

extern struct vfiomsi_core *core;
extern struct vfiomsi_eventfds *eventfds;

/* The test has it: carry out an action. */
int back_end_carry_out(const struct vfiomsi_action *action);

void owner_create(const struct vfiomsi_core_config *config);
void owner_destroy(void);

/* Carry out one action: the eventfds take a route before the back end, and all else after it. */
int carry_out(const struct vfiomsi_action *action);
/* Carry out the actions, up to one that fails. */
int run_actions(void);
/* Carry out the plan if there is one. If an action fails, roll back, and return its error. */
int run(int planned);

/* What the guest writes to MSI-X's or MSI's Message Control, or to a vector's mask bit of MSI-X */
int set_control(uint16_t control);
int set_mask(unsigned int vector, bool masked);

#endif /* OWNER_H */
