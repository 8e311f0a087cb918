/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux interrupts of a device, and which CPU they go to.
 */
#ifndef VFIO_PCI_MSI_INTERRUPTS_H
#define VFIO_PCI_MSI_INTERRUPTS_H

#include <stdbool.h>

/* CPU 0 cannot be unplugged. */
#define SECOND_CPU		"1"
#define SECOND_CPU_ONLINE	"/sys/devices/system/cpu/cpu" SECOND_CPU "/online"

/* The Linux interrupt of the device's only vector; 0 if it has none. */
int irq_of(const char *bdf);

/* Both by /proc/irq; @cpus is a list. 0 or a negative errno. */
int set_affinity(int irq, const char *cpus);
bool is_on(int irq, const char *cpu);

#endif /* VFIO_PCI_MSI_INTERRUPTS_H */
