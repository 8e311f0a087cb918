// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libvfio.h>

#include "call.h"
#include "lab.h"

/* In a row: a task that waits only for a moment is not seen waiting so often. */
#define WAITS_SEEN	3
#define WAITS_TRIES	2000
#define WAITS_PAUSE_US	5000

static void *run(void *arg)
{
	struct call *call = arg;

	__atomic_store_n(&call->task, syscall(SYS_gettid), __ATOMIC_RELAXED);
	call->ret = call->run(call);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);

	return NULL;
}

static void start(struct call *call)
{
	VFIO_ASSERT_EQ(pthread_create(&call->thread, NULL, run, call), 0);
}

static int run_ioctl(struct call *call)
{
	int ret = ioctl(call->fd, call->request, call->arg);

	return ret < 0 ? -errno : ret;
}

void call_start(struct call *call, int fd, unsigned long request, void *arg)
{
	*call = (struct call) {
		.fd = fd,
		.request = request,
		.arg = arg,
		.run = run_ioctl,
	};
	start(call);
}

void call_start_as(struct call *call, int fd, int (*run)(struct call *call))
{
	*call = (struct call) { .fd = fd, .run = run };
	start(call);
}

bool call_is_done(struct call *call)
{
	return __atomic_load_n(&call->done, __ATOMIC_ACQUIRE);
}

int call_end(struct call *call)
{
	VFIO_ASSERT_EQ(pthread_join(call->thread, NULL), 0);

	return call->ret;
}

static bool waits_now(pid_t task)
{
	char path[32], stat[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", task);
	if (file_read(path, stat, sizeof(stat)) <= 0)
		return false;
	/* The task's name comes first, and can contain any characters. */
	state = strrchr(stat, ')');

	return state && !strncmp(state, ") D", 3);
}

bool task_waits(pid_t task)
{
	int tries = WAITS_TRIES, seen = 0;

	while (seen < WAITS_SEEN && tries--) {
		seen = waits_now(task) ? seen + 1 : 0;
		usleep(WAITS_PAUSE_US);
	}

	return seen == WAITS_SEEN;
}

bool call_waits(struct call *call)
{
	pid_t task;

	while (!(task = __atomic_load_n(&call->task, __ATOMIC_RELAXED)))
		usleep(WAITS_PAUSE_US);

	return task_waits(task);
}
