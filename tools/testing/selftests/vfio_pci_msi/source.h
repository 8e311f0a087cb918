/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device as a source of interrupts. The lab's models and QEMU's igb raise a vector
 * when a register is written; the models also count the messages that they sent.
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
	int vectors;	/* that can be allocated, at most SOURCE_VECTORS */
	bool mask_bits;	/* the hardware has mask bits and pending bits */
	const struct source_model *model;
};

/*
 * Open @device: msix, ath11k_noid, or igb of which MSI is used. Memory decoding and bus
 * mastering are on afterwards.
 */
void source_open(struct source *src, const char *device, const char *mode);
void source_close(struct source *src);

/* Have the device raise a vector once, each vector of a set, or one several times. */
void source_raise(struct source *src, int vector);
void source_raise_set(struct source *src, u32 set);
void source_burst(struct source *src, int vector, int times);
/*
 * Wait until every interrupt that the device has sent, or the kernel has sent again, was
 * handled. The device has an answer to each of its writes by then, and this program has
 * run on each CPU since, which it does only when the CPU has no interrupt left to take.
 * An interrupt that has not arrived by then does not arrive any more.
 */
void source_settle(struct source *src);

/* The second half of that: wait until no CPU has an interrupt left to take. */
void settle_cpus(void);

/* How many messages of the vector the device has sent; models only, as the next two. */
u32 source_sent(struct source *src, int vector);
/* How often the vector was raised while its pending bit was already set. */
u32 source_merged(struct source *src, int vector);
/* How many messages the device lost; expected to be 0. */
u32 source_failed(struct source *src);

/* What set_irqs() takes to mask or unmask each vector of a range */
#define EVENT_MASK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK)
#define EVENT_UNMASK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK)

/* VFIO_DEVICE_SET_IRQS; all return 0 or a negative errno. */
int mask_vectors(struct source *src, int start, int count);
int unmask_vectors(struct source *src, int start, int count);
int mask_some(struct source *src, int start, int count, const u8 *which);
int unmask_some(struct source *src, int start, int count, const u8 *which);
int attach(struct source *src, int start, int count, const int *triggers);
int detach(struct source *src, int vector);

#endif /* VFIO_PCI_MSI_SOURCE_H */
