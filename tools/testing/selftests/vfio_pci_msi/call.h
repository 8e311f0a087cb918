/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls in threads of their own, for calls that wait in the kernel.
 */
#ifndef VFIO_PCI_MSI_CALL_H
#define VFIO_PCI_MSI_CALL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

struct call {
	int fd;
	unsigned long request;
	void *arg;
	int (*run)(struct call *call);
	int ret;
	pid_t task;
	bool done;
	pthread_t thread;
};

/* Start an ioctl, or a function that makes the call and returns a negative errno. */
void call_start(struct call *call, int fd, unsigned long request, void *arg);
void call_start_as(struct call *call, int fd, int (*run)(struct call *call));
/* Has the call returned? */
bool call_is_done(struct call *call);
/* Wait until it has; returns its result, or a negative errno. */
int call_end(struct call *call);

/* Wait until the call, or a task, waits uninterruptibly in the kernel; false: it does not. */
bool call_waits(struct call *call);
bool task_waits(pid_t task);

#endif /* VFIO_PCI_MSI_CALL_H */
