/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux interrupts of a device, and their affinity.
 */
#ifndef VFIO_PCI_MSI_INTERRUPTS_H
#define VFIO_PCI_MSI_INTERRUPTS_H

#include <stdbool.h>

#include <linux/types.h>

#include "session.h"

/* CPU 0 cannot be unplugged. */
#define SECOND_CPU		"1"
#define SECOND_CPU_ONLINE	"/sys/devices/system/cpu/cpu" SECOND_CPU "/online"

/* The Linux interrupt of the device's only vector; 0 if it has none. */
int irq_of(const char *bdf);

/* Set the affinity in /proc/irq; @cpus is a list. Returns 0 or a negative errno. */
int set_affinity(int irq, const char *cpus);
/* Is @cpu the interrupt's effective affinity? */
bool is_on(int irq, const char *cpu);

/*
 * The host moves a vector when its next interrupts arrive. Raise the device's only
 * vector by writing 0 to the register @raise of BAR 0, until it is on @cpu; false if it
 * never is.
 */
bool finish_move(struct session *s, u32 raise, int trigger, const char *cpu);
/* Set the vector's affinity to @cpu, and finish the move. */
bool move_vector(struct session *s, u32 raise, int trigger, const char *cpu);

#endif /* VFIO_PCI_MSI_INTERRUPTS_H */
