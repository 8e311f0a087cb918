/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session whose lock is held for seconds: a write into a window takes it, and waits
 * for a reset of an ath11k model that is not ready for as long.
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
 * Milliseconds. Linux looks whether the device is ready after 1, 2, 4... of them, so
 * these are a little less than a power of 2.
 */
#define BUSY_BRIEFLY	2000
#define BUSY_LONG	8000

/* @fd: a session with a window. Returns when the lock is held. */
void busy_start(struct busy *b, int fd, u32 ms);
/* The reset has not come back, so the lock is still held. */
bool busy_lasts(struct busy *b);
/* Wait until it is not held any more. */
void busy_end(struct busy *b);

#endif /* VFIO_PCI_MSI_BUSY_H */
