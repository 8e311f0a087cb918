/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holds a session's lock for seconds: a write into a window takes the lock, and then waits
 * for the end of a reset, after which the ath11k model is not ready for that long.
 */
#ifndef VFIO_PCI_MSI_BUSY_H
#define VFIO_PCI_MSI_BUSY_H

#include <stdbool.h>

#include <linux/types.h>

#include "call.h"

struct busy {
	struct call reset;
	struct call write;
};

/*
 * Milliseconds until the device is ready. Linux checks that after 1, 2, 4, 8... ms, so these
 * are a little less than a power of 2.
 */
#define BUSY_BRIEFLY	2000
#define BUSY_LONG	8000

/* Returns when the lock is held. @fd: a session that has a window. */
void busy_start(struct busy *b, int fd, u32 ms);
/* Is the lock still held? It is until the reset returns. */
bool busy_lasts(struct busy *b);
/* Wait until the lock is no longer held. */
void busy_end(struct busy *b);

#endif /* VFIO_PCI_MSI_BUSY_H */
