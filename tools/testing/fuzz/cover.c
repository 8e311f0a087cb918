// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kcov.h>

#include <libvfio.h>

#include "cover.h"

#define KCOV		"/sys/kernel/debug/kcov"
/* Words of a thread's buffer. What does not fit is not recorded. */
#define TRACE_WORDS	(1UL << 16)

/* A set of numbers that only grows. Each has a place in it, which does not change. */
struct table {
	unsigned int count;
	__u64 number[COVER_EDGES];
};

struct cover {
	struct table edges;
	struct table places;
	struct reached reached[BATCH_PROGRAMS];
};

struct cover_thread {
	struct cover *cover;
	/* The number of places that follow is in the first word. */
	unsigned long *trace;
};

struct cover *cover_new(void)
{
	struct cover *cover;

	if (access(KCOV, R_OK | W_OK))
		return NULL;
	cover = mmap(NULL, sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	VFIO_ASSERT_NE(cover, MAP_FAILED);

	return cover;
}

void cover_free(struct cover *cover)
{
	if (cover)
		munmap(cover, sizeof(*cover));
}

void cover_begin_batch(struct cover *cover)
{
	if (cover)
		memset(cover->reached, 0, sizeof(cover->reached));
}

const struct reached *cover_reached(const struct cover *cover, unsigned int program)
{
	return &cover->reached[program];
}

unsigned int cover_edges(const struct cover *cover)
{
	return cover->edges.count;
}

unsigned int cover_places(const struct cover *cover)
{
	return cover->places.count;
}

struct cover_thread *cover_begin_thread(struct cover *cover)
{
	struct cover_thread *thread;
	int fd;

	if (!cover)
		return NULL;
	thread = calloc_assert(1, sizeof(*thread));
	thread->cover = cover;
	fd = open(KCOV, O_RDWR | O_CLOEXEC);
	VFIO_ASSERT_GE(fd, 0);
	ioctl_assert(fd, KCOV_INIT_TRACE, (void *)TRACE_WORDS);
	thread->trace = mmap(NULL, TRACE_WORDS * sizeof(*thread->trace), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
	VFIO_ASSERT_NE(thread->trace, MAP_FAILED);
	ioctl_assert(fd, KCOV_ENABLE, (void *)KCOV_TRACE_PC);

	return thread;
}

void cover_begin_call(struct cover_thread *thread)
{
	if (thread)
		__atomic_store_n(&thread->trace[0], 0, __ATOMIC_RELAXED);
}

static __u64 mix(__u64 number)
{
	number = (number ^ number >> 32) * 0x9e3779b97f4a7c15;

	return number ^ number >> 29;
}

/*
 * Returns where the number is in the table, and whether it is new there. A number that finds the
 * table full counts as the last of it.
 */
static unsigned int table_add(struct table *t, __u64 number, bool *fresh)
{
	unsigned int at = mix(number) % COVER_EDGES;

	for (unsigned int tries = 0; tries < COVER_EDGES; tries++, at = (at + 1) % COVER_EDGES) {
		__u64 *place = &t->number[at], there = __atomic_load_n(place, __ATOMIC_RELAXED);

		*fresh = !there &&
			 __atomic_compare_exchange_n(place, &there, number, false,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		if (*fresh)
			__atomic_add_fetch(&t->count, 1, __ATOMIC_RELAXED);
		if (*fresh || there == number)
			return at;
	}

	return COVER_EDGES - 1;
}

static void add_edge(struct cover *cover, struct reached *reached, __u64 from, __u64 to,
		     unsigned int call)
{
	bool fresh;
	unsigned int edge = table_add(&cover->edges, mix(from) ^ to, &fresh);
	__u64 bit = 1ULL << edge % 64;

	if (!(__atomic_load_n(&reached->edges[edge / 64], __ATOMIC_RELAXED) & bit))
		__atomic_or_fetch(&reached->edges[edge / 64], bit, __ATOMIC_RELAXED);
	if (!fresh)
		return;
	table_add(&cover->places, to, &fresh);
	__atomic_add_fetch(&reached->fresh, 1, __ATOMIC_RELAXED);
	if (call > __atomic_load_n(&reached->last, __ATOMIC_RELAXED))
		__atomic_store_n(&reached->last, call, __ATOMIC_RELAXED);
}

void cover_end_call(struct cover_thread *thread, unsigned int program, unsigned int call)
{
	unsigned long count, from = 0;

	if (!thread)
		return;
	count = __atomic_load_n(&thread->trace[0], __ATOMIC_RELAXED);
	for (unsigned long i = 1; i <= count && i < TRACE_WORDS; i++) {
		unsigned long to = thread->trace[i];

		/* A loop of one place has nothing new after its first edge. */
		if (i > 2 && to == from && from == thread->trace[i - 2])
			continue;
		add_edge(thread->cover, &thread->cover->reached[program], from, to, call);
		from = to;
	}
}
