/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of the kernel in threads of their own, which may have to wait there.
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

/* An ioctl, or a function: call_end() returns a negative errno if that fails. */
void call_start(struct call *call, int fd, unsigned long request, void *arg);
void call_start_as(struct call *call, int fd, int (*run)(struct call *call));
/* Has it come back? */
bool call_is_done(struct call *call);
/* Wait until it has, and return what it returned. */
int call_end(struct call *call);

/* Wait until the call, or a process, waits in the kernel, not interruptibly. */
bool call_waits(struct call *call);
bool task_waits(pid_t task);

#endif /* VFIO_PCI_MSI_CALL_H */
