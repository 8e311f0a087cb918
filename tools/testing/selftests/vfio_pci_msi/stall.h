/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is not there until the test says so: what the kernel does with the part
 * of a request before it can be seen, and changed, while it waits for the rest.
 */
#ifndef VFIO_PCI_MSI_STALL_H
#define VFIO_PCI_MSI_STALL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* A page that is there, one that is not, and one that is. */
struct stall {
	int uffd;
	size_t page;
	u8 *start;
	u8 *missing;
	u8 *content;	/* of the page that is missing */
};

void stall_alloc(struct stall *s);
void stall_free(struct stall *s);

/* Place an object of which all but the first @there bytes are missing. */
void *stall_end(struct stall *s, const void *object, size_t size, size_t there);
/* The same of an object of which the first @missing bytes are. */
void *stall_start(struct stall *s, const void *object, size_t size,
		  size_t missing);

/* Wait until somebody waits for what is missing; false if nobody does. */
bool stall_wait(struct stall *s);
/* The same without waiting for long. */
bool stall_try(struct stall *s);
/* Put it there. */
void stall_go_on(struct stall *s);
/* Take it away again. */
void stall_again(struct stall *s);

/* An ioctl in a thread of its own. */
struct call {
	int fd;
	unsigned long request;
	void *arg;
	int ret;	/* a negative errno where it failed */
	pthread_t thread;
};

void call_start(struct call *call, int fd, unsigned long request, void *arg);
int call_end(struct call *call);

#endif /* VFIO_PCI_MSI_STALL_H */
