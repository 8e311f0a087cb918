/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory with a page that is missing until the test provides it (userfaultfd). While the
 * kernel waits for that page of a request, the test can see what the kernel has done
 * with the part of the request before it, and can change that part.
 */
#ifndef VFIO_PCI_MSI_STALL_H
#define VFIO_PCI_MSI_STALL_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* Three pages, of which the middle one is missing. */
struct stall {
	int uffd;
	size_t page;
	u8 *start;
	u8 *missing;
	u8 *content;	/* what the missing page will contain */
};

void stall_alloc(struct stall *s);
void stall_free(struct stall *s);

/* Place an object of which the bytes after the first @there are missing. */
void *stall_end(struct stall *s, const void *object, size_t size, size_t there);
/* Place an object of which the first @missing bytes are missing. */
void *stall_start(struct stall *s, const void *object, size_t size,
		  size_t missing);

/* Wait until the kernel waits for the missing page; false if it does not. */
bool stall_wait(struct stall *s);
/* The same, for a millisecond only. */
bool stall_poll(struct stall *s);
/* Provide the missing page. */
void stall_provide(struct stall *s);
/* Take the page away again. */
void stall_remove(struct stall *s);

#endif /* VFIO_PCI_MSI_STALL_H */
