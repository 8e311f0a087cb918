// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "run.h"
#include "target.h"
#include "unplug.h"

/* How long the end of a process may take that was killed. */
#define DEATH_SECONDS	30
/* How often to look whether interrupts are given back */
#define LOOK_US		20000

/* What the process of the programs shares with the runner. */
struct shared {
	unsigned long ended;		/* calls and steps of the process */
	bool dies;			/* a program has said that it kills itself */
	bool over;
	bool calls[PROGRAM_THREADS];	/* is the thread in a call, and in which one? */
	__u8 kind[PROGRAM_THREADS];
	unsigned long open_ns;
	struct counts counts[CALLS_KINDS];
};

struct runner {
	const char *bdf;
	const char *mode;
	unsigned int hang;
	struct cover *cover;
	struct shared *shared;
	struct log *log;
	char text[512];
};

struct thread {
	const struct runner *r;
	const struct batch *batch;
	struct target *target;
	struct cover_thread *cover;
	pthread_barrier_t *meet;
	unsigned int number;
	__u8 die;
};

struct runner *runner_new(const char *bdf, const char *mode, unsigned int hang,
			  struct cover *cover)
{
	struct runner *r = calloc_assert(1, sizeof(*r));

	r->bdf = bdf;
	r->mode = mode;
	r->hang = hang;
	r->cover = cover;
	r->shared = mmap(NULL, sizeof(*r->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(r->shared, MAP_FAILED);
	r->log = log_open();
	/* Children of a process that has ended become this one's. */
	VFIO_ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);

	return r;
}

void runner_free(struct runner *r)
{
	log_close(r->log);
	munmap(r->shared, sizeof(*r->shared));
	free(r);
}

static void step(struct shared *shared)
{
	__atomic_add_fetch(&shared->ended, 1, __ATOMIC_RELEASE);
}

static unsigned long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * 1000000000UL + now.tv_nsec;
}

static void count_call(struct counts *counts, bool succeeded, unsigned long ns)
{
	__atomic_add_fetch(succeeded ? &counts->succeeded : &counts->failed, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&counts->ns, ns, __ATOMIC_RELAXED);
}

static void make_call(struct thread *thread, unsigned int program, unsigned int at)
{
	const struct call *c = &thread->batch->programs[program].calls[at];
	struct shared *shared = thread->r->shared;
	unsigned long start = nanoseconds();
	int ret;

	shared->kind[thread->number] = c->kind;
	shared->calls[thread->number] = true;
	if (c->kind == thread->die)
		shared->dies = true;
	cover_begin_call(thread->cover);
	ret = calls_kind(c->kind)->run(thread->target, c);
	cover_end_call(thread->cover, program, at);
	shared->calls[thread->number] = false;
	count_call(&shared->counts[c->kind], ret >= 0, nanoseconds() - start);
	step(shared);
}

/* The threads meet before and after each program. */
static void run_program(struct thread *thread, unsigned int program)
{
	const struct program *p = &thread->batch->programs[program];

	if (!thread->number)
		target_renew(thread->target);
	pthread_barrier_wait(thread->meet);
	for (unsigned int i = 0; i < p->count; i++)
		if (p->calls[i].thread == thread->number)
			make_call(thread, program, i);
	pthread_barrier_wait(thread->meet);
}

static void *run_thread(void *data)
{
	struct thread *thread = data;

	thread->cover = cover_begin_thread(thread->r->cover);
	calls_find("die", &thread->die);
	for (unsigned int i = 0; i < thread->batch->count; i++)
		run_program(thread, i);

	return NULL;
}

static void run_threads(const struct runner *r, const struct batch *b, struct target *target)
{
	unsigned int count = batch_threads(b);
	struct thread threads[PROGRAM_THREADS];
	pthread_t ids[PROGRAM_THREADS];
	pthread_barrier_t meet;

	pthread_barrier_init(&meet, NULL, count);
	for (unsigned int i = 0; i < count; i++) {
		threads[i] = (struct thread){
			.r = r, .batch = b, .target = target, .meet = &meet, .number = i,
		};
		VFIO_ASSERT_EQ(pthread_create(&ids[i], NULL, run_thread, &threads[i]), 0);
	}
	for (unsigned int i = 0; i < count; i++)
		pthread_join(ids[i], NULL);
	pthread_barrier_destroy(&meet);
}

/* Of each process, before its calls. */
#define STEPS_BEFORE	2

/* The check at the start is about what the process before has left. */
static void run_process(const struct runner *r, const struct batch *b)
{
	unsigned long start = nanoseconds();
	struct target target;

	target_open(&target, r->bdf, r->mode);
	step(r->shared);
	target_check(&target);
	step(r->shared);
	r->shared->open_ns += nanoseconds() - start;
	run_threads(r, b, &target);
	start = nanoseconds();
	target_close(&target);
	r->shared->open_ns += nanoseconds() - start;
	r->shared->over = true;
}

/* Waits for a second, or until the process ends; returns true then. */
static bool wait_once(pid_t pid, int *status)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	pid_t ended;

	VFIO_ASSERT_GE(fd, 0);
	poll(&poll_fd, 1, 1000);
	close(fd);
	ended = waitpid(pid, status, WNOHANG);
	VFIO_ASSERT_GE(ended, 0);

	return ended;
}

static unsigned long seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec;
}

static bool wait_while_it_moves(const struct runner *r, pid_t pid, int *status)
{
	unsigned long ended = 0;
	unsigned long since = seconds();

	while (!wait_once(pid, status)) {
		unsigned long now = __atomic_load_n(&r->shared->ended, __ATOMIC_ACQUIRE);

		if (now != ended) {
			ended = now;
			since = seconds();
		} else if (seconds() - since > r->hang) {
			return false;
		}
	}

	return true;
}

static bool wait_until_dead(pid_t pid)
{
	unsigned long since = seconds();
	int status;

	kill(pid, SIGKILL);
	while (!wait_once(pid, &status))
		if (seconds() - since > DEATH_SECONDS)
			return false;

	return true;
}

static void print_stack(pid_t pid, const char *task)
{
	char path[64], stack[2048];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stack", pid, task);
	if (file_read(path, stack, sizeof(stack)) <= 0)
		return;
	printf("# task %s:\n", task);
	for (char *line = strtok(stack, "\n"); line; line = strtok(NULL, "\n"))
		printf("#   %s\n", line);
}

/* Where the kernel is in each thread. */
static void print_stacks(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			print_stack(pid, entry->d_name);
	closedir(tasks);
}

static enum finding hang(struct runner *r, pid_t pid)
{
	int at = 0;

	print_stacks(pid);
	for (unsigned int i = 0; i < PROGRAM_THREADS; i++)
		if (r->shared->calls[i])
			at += snprintf(r->text + at, sizeof(r->text) - at, "%s%s", at ? ", " : "",
				       calls_kind(r->shared->kind[i])->name);
	snprintf(r->text + at, sizeof(r->text) - at, ": no call ended for %u s%s", r->hang,
		 wait_until_dead(pid) ? "" : ", and the process cannot be killed");

	return FINDING_HANG;
}

static enum finding judge_end(struct runner *r, int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status) && r->shared->over)
		return FINDING_NONE;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && r->shared->dies)
		return FINDING_NONE;
	snprintf(r->text, sizeof(r->text), "the process ended with status %#x", status);

	return FINDING_BROKEN;
}

/* A handler in /proc/interrupts is named vfio-msi[0](0000:00:01.0) or the like. */
static bool has_interrupts(const char *bdf)
{
	char name[32];

	snprintf(name, sizeof(name), "(%s)", bdf);

	return file_has("/proc/interrupts", name);
}

/*
 * A child of the process (run_fork()) has its files, also for a moment after the process was
 * killed. Returns false if it does not end.
 */
static bool reap_children(const struct runner *r, pid_t pid)
{
	unsigned long since = seconds();
	pid_t ended;

	while ((ended = waitpid(-pid, NULL, WNOHANG)) >= 0) {
		if (!ended && seconds() - since > r->hang)
			return false;
		if (!ended)
			usleep(LOOK_US);
	}

	return true;
}

/* Interrupts are given back when the last file is closed. A kernel worker may do that. */
static enum finding judge_rest(struct runner *r, pid_t pid)
{
	unsigned long since = seconds();

	if (!reap_children(r, pid)) {
		snprintf(r->text, sizeof(r->text), "a child of the process does not end");
		return FINDING_HANG;
	}
	while (has_interrupts(r->bdf)) {
		if (seconds() - since > r->hang) {
			snprintf(r->text, sizeof(r->text),
				 "/proc/interrupts still has the device's");
			return FINDING_LEFT;
		}
		usleep(LOOK_US);
	}

	return FINDING_NONE;
}

static enum finding judge(struct runner *r, pid_t pid, int status)
{
	enum finding finding;

	if (log_fault(r->log, r->text, sizeof(r->text)))
		return FINDING_LOG;
	finding = judge_end(r, status);

	return finding ? finding : judge_rest(r, pid);
}

static pid_t start_process(struct runner *r, const struct batch *b)
{
	pid_t pid;

	r->shared->dies = false;
	r->shared->over = false;
	r->shared->ended = 0;
	memset(r->shared->calls, 0, sizeof(r->shared->calls));
	cover_begin_batch(r->cover);
	r->text[0] = '\0';
	fflush(NULL);
	pid = fork();
	VFIO_ASSERT_GE(pid, 0);
	if (!pid) {
		setpgid(0, 0);
		run_process(r, b);
		exit(0);
	}
	/* Its children are found by this when it is gone, see reap_children(). */
	setpgid(pid, pid);

	return pid;
}

static enum finding end_process(struct runner *r, pid_t pid)
{
	int status;

	return wait_while_it_moves(r, pid, &status) ? judge(r, pid, status) :
							hang(r, pid);
}

enum finding runner_run(struct runner *r, const struct batch *b)
{
	return end_process(r, start_process(r, b));
}

/* Waits until so many steps have ended. Returns false if the process is over or hangs. */
static bool wait_for_steps(const struct runner *r, pid_t pid, unsigned long steps)
{
	unsigned long ended = 0, now, since = seconds();
	siginfo_t info = {};

	do {
		usleep(500);
		now = __atomic_load_n(&r->shared->ended, __ATOMIC_ACQUIRE);
		if (now != ended)
			since = seconds();
		ended = now;
		waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
	} while (ended < steps && !info.si_pid && seconds() - since <= r->hang);

	return ended >= steps && !info.si_pid;
}

static pid_t start_removal(const struct runner *r)
{
	pid_t pid = fork();

	VFIO_ASSERT_GE(pid, 0);
	if (!pid) {
		unplug_tell(r->bdf);
		_exit(0);
	}

	return pid;
}

static enum finding judge_removal(struct runner *r, pid_t pid)
{
	int status;

	if (!wait_while_it_moves(r, pid, &status)) {
		print_stacks(pid);
		snprintf(r->text, sizeof(r->text), "the device's removal does not end");
		return FINDING_HANG;
	}
	if (log_fault(r->log, r->text, sizeof(r->text)))
		return FINDING_LOG;

	return unplug_is_known(r->bdf) ? FINDING_KNOWN : FINDING_NONE;
}

enum finding runner_unplug(struct runner *r, const struct batch *b, unsigned int after)
{
	pid_t pid = start_process(r, b), removal;
	bool used = wait_for_steps(r, pid, STEPS_BEFORE + after);
	enum finding finding;
	int status;

	unplug_pull(r->bdf);
	removal = start_removal(r);
	finding = end_process(r, pid);
	if (finding) {
		wait_while_it_moves(r, removal, &status);
		return finding;
	}
	if (!used) {
		snprintf(r->text, sizeof(r->text), "the programs were over too early");
		finding = FINDING_BROKEN;
	}

	return judge_removal(r, removal) ?: finding;
}

const char *runner_text(const struct runner *r)
{
	return r->text;
}

bool runner_began(const struct runner *r)
{
	return r->shared->ended > STEPS_BEFORE;
}

const char *finding_name(enum finding finding)
{
	static const char * const names[] = { "none", "log", "hang", "broken", "left", "known" };

	return names[finding];
}

struct counts runner_counts(const struct runner *r, __u8 kind)
{
	return r->shared->counts[kind];
}

unsigned long runner_open_ns(const struct runner *r)
{
	return r->shared->open_ns;
}
