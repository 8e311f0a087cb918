/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What rounds of a test leave behind in the kernel. A leak grows with the rounds; what else
 * changes does not. So there are two counts apart by the same number of rounds, and only
 * what has grown by as much in both halves is left by the rounds.
 */
#ifndef VFIO_PCI_MSI_LEFT_H
#define VFIO_PCI_MSI_LEFT_H

#define LEFT_COUNTS	512
#define LEFT_NAME	48

struct left_count {
	char name[LEFT_NAME];
	long value;
};

struct left {
	unsigned int used;
	struct left_count counts[LEFT_COUNTS];
};

/*
 * Count the objects of each slab cache, areas of vmalloc by caller, open files, eventfds,
 * interrupts and their users, and CPU hotplug states. What is freed later is freed before.
 */
void left_take(struct left *left);

/*
 * How many of the counts have grown in both halves by at least three quarters of the @rounds
 * of a half. These are printed.
 */
int left_grown(struct left at[3], int rounds);

#endif /* VFIO_PCI_MSI_LEFT_H */
