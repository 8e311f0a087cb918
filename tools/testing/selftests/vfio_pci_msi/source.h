/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device as a source of interrupts: the models and QEMU's igb raise a vector on
 * request. The models count what they sent.
 */
#ifndef VFIO_PCI_MSI_SOURCE_H
#define VFIO_PCI_MSI_SOURCE_H

#include <stdbool.h>

#include <linux/types.h>

#include "session.h"

#define SOURCE_VECTORS	16

struct source {
	struct session *s;
	int fd;
	u32 index;
	int vectors;	/* with a message of its own, at most SOURCE_VECTORS */
	bool mask_bits;	/* the hardware masks, and says what is pending */
	const struct source_model *model;
};

/* @device: msix, ath11k_noid, or igb with its MSI. Opened, and bus master. */
void source_open(struct source *src, const char *device, const char *mode);
void source_close(struct source *src);

/* The device asks for the vector, for each of a set, or several times. */
void source_raise(struct source *src, int vector);
void source_raise_set(struct source *src, u32 set);
void source_burst(struct source *src, int vector, int times);
/*
 * Until all that the device has sent, and the kernel has sent again, was handled:
 * the device has had an answer to each write, and each CPU has run this program
 * since, which it does when it has no interrupt left to take. What did not come by
 * then does not come.
 */
void source_settle(struct source *src);

/* The second half of that: no CPU has an interrupt left to take. */
void settle_cpus(void);

/* Of the models only. How many messages of the vector the device has sent. */
u32 source_sent(struct source *src, int vector);
/* How often the vector was asked for while its pending bit was set already. */
u32 source_merged(struct source *src, int vector);
/* Requests that were lost, which no test wants. */
u32 source_failed(struct source *src);

/* VFIO_DEVICE_SET_IRQS; all return 0 or a negative errno. */
int mask_vectors(struct source *src, int start, int count);
int unmask_vectors(struct source *src, int start, int count);
int mask_some(struct source *src, int start, int count, const u8 *which);
int unmask_some(struct source *src, int start, int count, const u8 *which);
int attach(struct source *src, int start, int count, const int *triggers);
int detach(struct source *src, int vector);

#endif /* VFIO_PCI_MSI_SOURCE_H */
