// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts while vectors are masked, unmasked, given other triggers and moved to other
 * CPUs at random: no interrupt is lost and none is delivered twice. Some thousand
 * interrupts without an argument, a million with the argument "soak". A number as the
 * argument is the seed of an earlier run, to repeat it.
 *
 * An eventfd adds up what arrives. On the way to it, several interrupts of one vector
 * can merge into one: in the device's pending bit, in the CPU's interrupt controller, and
 * where the kernel notes what arrives under a mask. A total alone would prove nothing, so
 * a vector is raised only when it is known what has to be delivered:
 *
 * - "in_turn" takes one step after the other. A vector that is not masked is raised once,
 *   and its interrupt is awaited before the next step. A masked vector is raised any
 *   number of times, which delivers nothing, and delivers one interrupt when it is
 *   unmasked. Before it is unmasked everything that was sent has arrived: the device has
 *   an answer to each of its writes, and this program has run on each CPU since.
 * - "at_once" raises vectors in one thread while another thread masks and unmasks them
 *   and replaces their triggers. A vector is not raised again before its interrupt was
 *   delivered. A lost interrupt therefore never arrives, and one that is delivered twice
 *   is either read as a count of two or arrives when nothing was raised.
 *
 * At the end, for each vector, the device's count of messages has to be equal to what
 * the eventfds counted. While its trigger is replaced a vector has none for a moment, and
 * what a device without mask bits sends in that moment is lost under any driver; so
 * nothing of such a device is on its way then. With mask bits, only what the device sent
 * before it was masked is awaited.
 *
 * On x86 without interrupt remapping, a move can raise the vector once more: if another
 * interrupt is waiting in that CPU with the number that the vector gets, the kernel takes
 * it for the vector's own (msi_set_affinity()), and drivers have to cope with that. On
 * such hosts only a device with one vector is moved.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source.h"
#include "variants.h"

/* A million interrupts take long. If the host hangs, the lab ends it. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	7200

#define SEEN_MS		10000
#define MOST_MERGED	4
#define TESTS		4	/* that share the million */

static u32 seed;
static u64 goal = 1500;		/* interrupts of each test */

struct vector {
	int fds[2];	/* one of them is the trigger */
	int current;
	int irq;
	bool masked;
	bool pending;
	u64 raised;
	u64 merged;
	u64 seen;
};

struct storm {
	struct source src;
	struct vector vector[SOURCE_VECTORS];
	u32 random;
	u64 total;
	u64 reported;
	time_t start;
	/* Shared between threads. */
	pthread_mutex_t raising;
	bool stop;
	u64 acts;
	u64 moves;
	const char *mistake;
};

FIXTURE(storm) {
	struct storm st;
};

FIXTURE_VARIANT(storm) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(storm, msix);
LAB_VARIANTS(storm, ath11k_noid);

/* The core calls the interrupts vfio-msi[NR](BDF) and vfio-msix[NR](BDF). */
static void find_irqs(struct storm *st)
{
	FILE *file = fopen("/proc/interrupts", "r");
	const char *name, *bdf;
	char line[4096];
	int nr, irq;

	VFIO_ASSERT_NOT_NULL(file);
	while (fgets(line, sizeof(line), file)) {
		name = strstr(line, "vfio-msi");
		bdf = strstr(line, st->src.s->bdf);
		if (name && bdf && sscanf(line, "%d:", &irq) == 1 &&
		    sscanf(name, "vfio-msi%*[x[]%d]", &nr) == 1 &&
		    nr < st->src.vectors)
			st->vector[nr].irq = irq;
	}
	fclose(file);
	for (nr = 0; nr < st->src.vectors; nr++)
		VFIO_ASSERT_GT(st->vector[nr].irq, 0);
}

FIXTURE_SETUP(storm)
{
	int triggers[SOURCE_VECTORS];
	struct storm *st = &self->st;

	source_open(&st->src, variant->device, variant->mode);
	for (int v = 0; v < st->src.vectors; v++) {
		st->vector[v].fds[0] = eventfd_new();
		st->vector[v].fds[1] = eventfd_new();
		triggers[v] = st->vector[v].fds[0];
	}
	ASSERT_EQ(0, attach(&st->src, 0, st->src.vectors, triggers));
	find_irqs(st);
	pthread_mutex_init(&st->raising, NULL);
	st->random = seed;
	st->start = time(NULL);
	printf("# seed %u\n", seed);
}

FIXTURE_TEARDOWN(storm)
{
	source_close(&self->st.src);
}

static u32 next(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;

	return *state;
}

static u32 below(struct storm *st, u32 end)
{
	return next(&st->random) % end;
}

/* Only the first mistake is kept, and ends the test: later ones follow from it. */
static void mistake(struct storm *st, const char *what, int v)
{
	static char text[128];

	if (!__atomic_load_n(&st->mistake, __ATOMIC_RELAXED)) {
		snprintf(text, sizeof(text), "vector %d %s, after %llu interrupts", v,
			 what, (unsigned long long)st->total);
		__atomic_store_n(&st->mistake, text, __ATOMIC_RELAXED);
	}
}

static bool no_mistake(struct storm *st)
{
	return !__atomic_load_n(&st->mistake, __ATOMIC_RELAXED);
}

static void must(struct storm *st, int ret, const char *what, int v)
{
	if (ret)
		mistake(st, what, v);
}

/* Read what both eventfds of a vector have counted. */
static u64 take(struct vector *vector)
{
	return eventfd_take(vector->fds[0]) + eventfd_take(vector->fds[1]);
}

/* The set of vectors whose eventfds can be read; waits for one up to @ms. */
static u32 readable(struct storm *st, int ms)
{
	struct pollfd pfd[2 * SOURCE_VECTORS];
	u32 set = 0;

	for (int i = 0; i < 2 * st->src.vectors; i++) {
		pfd[i].fd = st->vector[i / 2].fds[i % 2];
		pfd[i].events = POLLIN;
	}
	if (poll(pfd, 2 * st->src.vectors, ms) > 0)
		for (int i = 0; i < 2 * st->src.vectors; i++)
			if (pfd[i].revents)
				set |= 1U << i / 2;

	return set;
}

static void report(struct storm *st)
{
	if (st->total - st->reported < goal / 10)
		return;
	st->reported = st->total;
	if (goal > 100000)
		printf("# %llu interrupts, %llu changes, %llu moves, %lld s\n",
		       (unsigned long long)st->total,
		       (unsigned long long)st->acts,
		       (unsigned long long)st->moves,
		       (long long)(time(NULL) - st->start));
	fflush(stdout);
}

/*
 * Read what has arrived of the vectors in the set @expected: one interrupt each. Returns
 * the set of those whose interrupt has not arrived yet.
 */
static u32 see(struct storm *st, u32 expected, int ms)
{
	u32 set = readable(st, ms);

	for (int v = 0; v < st->src.vectors; v++) {
		u64 count;

		if (!(set & 1U << v))
			continue;
		if (!(expected & 1U << v)) {
			mistake(st, "arrived without being raised, or while masked", v);
			continue;
		}
		count = take(&st->vector[v]);
		if (count != 1)
			mistake(st, "arrived twice", v);
		st->vector[v].seen += count;
		st->total += count;
		expected &= ~(1U << v);
	}
	report(st);

	return expected;
}

/* Wait until each vector of the set has arrived once; no other may arrive. */
static void see_all(struct storm *st, u32 expected)
{
	u32 left = expected;

	while (left && no_mistake(st)) {
		u32 before = left;

		left = see(st, left, SEEN_MS);
		if (left == before)
			mistake(st, "was lost", __builtin_ctz(left));
	}
	see(st, 0, 0);
}

static bool can_move(const struct storm *st)
{
	return lab_remap() || st->src.vectors == 1;
}

/* In a second thread: move vectors from CPU to CPU. */
static void *move_vectors(void *arg)
{
	u32 random = seed ^ 0x5eed;
	struct storm *st = arg;
	char path[PATH_MAX];
	int tries = 1000;

	/* At least one move, even if this thread got little processor time. */
	while (can_move(st) &&
	       (!__atomic_load_n(&st->stop, __ATOMIC_RELAXED) ||
		(!st->moves && --tries))) {
		int v = next(&random) % st->src.vectors;

		snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity",
			 st->vector[v].irq);
		/* This fails if the CPU has no free interrupt vector. */
		if (!file_write(path, next(&random) & 1 ? "1" : "2"))
			__atomic_fetch_add(&st->moves, 1, __ATOMIC_RELAXED);
		usleep(next(&random) % 500);
	}

	return NULL;
}

static void raise_in_turn(struct storm *st)
{
	u32 set = next(&st->random) & ((1U << st->src.vectors) - 1);
	u32 seen = 0, held = 0;

	for (int v = 0; v < st->src.vectors; v++) {
		struct vector *vector = &st->vector[v];

		if (!(set & 1U << v))
			continue;
		vector->raised++;
		if (!vector->masked) {
			seen |= 1U << v;
			continue;
		}
		held |= 1U << v;
		vector->merged += vector->pending;
		vector->pending = true;
	}
	source_raise_set(&st->src, set);
	see_all(st, seen);
	if (held)
		source_settle(&st->src);
}

/* Several interrupts of a masked vector become one. */
static void burst_in_turn(struct storm *st, int v)
{
	struct vector *vector = &st->vector[v];
	int times = 1 + below(st, MOST_MERGED);

	if (!vector->masked)
		return;
	source_burst(&st->src, v, times);
	vector->raised += times;
	vector->merged += times - !vector->pending;
	vector->pending = true;
	source_settle(&st->src);
	see(st, 0, 0);
}

static void mask_in_turn(struct storm *st, int v)
{
	must(st, mask_vectors(&st->src, v, 1), "could not be masked", v);
	st->vector[v].masked = true;
}

static void unmask_in_turn(struct storm *st, int v)
{
	struct vector *vector = &st->vector[v];

	must(st, unmask_vectors(&st->src, v, 1), "could not be unmasked", v);
	vector->masked = false;
	if (vector->pending)
		see_all(st, 1U << v);
	vector->pending = false;
}

/* Mask or unmask some vectors of a range with one call. */
static void masks_in_turn(struct storm *st, bool mask)
{
	int start = below(st, st->src.vectors);
	int count = 1 + below(st, st->src.vectors - start);
	u8 which[SOURCE_VECTORS] = {};
	u32 seen = 0;

	for (int i = 0; i < count; i++) {
		struct vector *vector = &st->vector[start + i];

		which[i] = below(st, 2);
		if (!which[i])
			continue;
		vector->masked = mask;
		if (!mask && vector->pending) {
			seen |= 1U << (start + i);
			vector->pending = false;
		}
	}
	must(st, mask ? mask_some(&st->src, start, count, which) :
			unmask_some(&st->src, start, count, which),
	     "could not be masked or unmasked with its range", start);
	see_all(st, seen);
}

static void replace(struct storm *st, int v)
{
	struct vector *vector = &st->vector[v];

	vector->current ^= 1;
	must(st, attach(&st->src, v, 1, &vector->fds[vector->current]),
	     "could not get another trigger", v);
}

/* Leave a vector without a trigger for a while, and maybe mask or unmask it then. */
static void detach_in_turn(struct storm *st, int v)
{
	struct vector *vector = &st->vector[v];

	must(st, detach(&st->src, v), "could not be detached", v);
	if (below(st, 2)) {
		bool mask = below(st, 2);

		must(st, mask ? mask_vectors(&st->src, v, 1) :
				unmask_vectors(&st->src, v, 1),
		     "could not be masked or unmasked without a trigger", v);
		vector->masked = mask;
	}
	replace(st, v);
	if (vector->pending && !vector->masked) {
		see_all(st, 1U << v);
		vector->pending = false;
	}
}

static void act_in_turn(struct storm *st)
{
	int v = below(st, st->src.vectors);

	st->acts++;
	switch (below(st, 16)) {
	case 0 ... 6:
		raise_in_turn(st);
		break;
	case 7:
		burst_in_turn(st, v);
		break;
	case 8 ... 9:
		mask_in_turn(st, v);
		break;
	case 10 ... 11:
		unmask_in_turn(st, v);
		break;
	case 12:
		masks_in_turn(st, true);
		break;
	case 13:
		masks_in_turn(st, false);
		break;
	case 14:
		replace(st, v);
		break;
	case 15:
		detach_in_turn(st, v);
		break;
	}
	see(st, 0, 0);
}

/* Nothing is on its way any more, and the counts of device and eventfds agree. */
static void check_counts(struct __test_metadata *_metadata, struct storm *st)
{
	struct source *src = &st->src;

	source_settle(src);
	see(st, 0, 0);
	ASSERT_EQ(NULL, st->mistake)
		TH_LOG("%s", st->mistake);
	for (int v = 0; v < src->vectors; v++) {
		struct vector *vector = &st->vector[v];
		u64 merged = source_merged(src, v);

		EXPECT_EQ(src->mask_bits ? vector->merged : 0, merged);
		EXPECT_EQ(vector->raised, source_sent(src, v) + merged);
		EXPECT_EQ(vector->raised - vector->merged, vector->seen)
			TH_LOG("vector %d", v);
	}
	EXPECT_EQ(0, source_failed(src));
	EXPECT_EQ(can_move(st), st->moves > 0);
	printf("# %llu interrupts, %llu changes, %llu moves\n",
	       (unsigned long long)st->total, (unsigned long long)st->acts,
	       (unsigned long long)st->moves);
}

TEST_F(storm, in_turn)
{
	struct storm *st = &self->st;
	pthread_t mover;

	ASSERT_EQ(0, pthread_create(&mover, NULL, move_vectors, st));
	while (st->total < goal && no_mistake(st))
		act_in_turn(st);
	for (int v = 0; v < st->src.vectors && no_mistake(st); v++)
		unmask_in_turn(st, v);
	st->stop = true;
	pthread_join(mover, NULL);
	check_counts(_metadata, st);
}

/* Mask and unmask vectors; in between, sometimes replace the trigger. */
static void *change_vectors(void *arg)
{
	u32 random = seed ^ 0xacced;
	struct storm *st = arg;
	struct source *src = &st->src;

	while (!__atomic_load_n(&st->stop, __ATOMIC_RELAXED)) {
		int v = next(&random) % src->vectors;
		bool replaces = next(&random) % 8 == 0;

		if (replaces && !src->mask_bits)
			pthread_mutex_lock(&st->raising);
		must(st, mask_vectors(src, v, 1), "could not be masked", v);
		if (replaces) {
			source_settle(&st->src);
			replace(st, v);
		} else if (next(&random) % 4 == 0) {
			usleep(next(&random) % 500);
		}
		must(st, unmask_vectors(src, v, 1), "could not be unmasked", v);
		if (replaces && !src->mask_bits)
			pthread_mutex_unlock(&st->raising);
		__atomic_fetch_add(&st->acts, 1, __ATOMIC_RELAXED);
	}

	return NULL;
}

TEST_F(storm, at_once)
{
	struct storm *st = &self->st;
	u32 all = (1U << st->src.vectors) - 1, outstanding = 0;
	pthread_t mover, changer;

	ASSERT_EQ(0, pthread_create(&mover, NULL, move_vectors, st));
	ASSERT_EQ(0, pthread_create(&changer, NULL, change_vectors, st));
	while (no_mistake(st) && (st->total < goal || outstanding)) {
		u32 set = st->total < goal ?
			  all & ~outstanding & next(&st->random) : 0;
		u32 before;

		pthread_mutex_lock(&st->raising);
		source_raise_set(&st->src, set);
		pthread_mutex_unlock(&st->raising);
		for (int v = 0; v < st->src.vectors; v++)
			st->vector[v].raised += !!(set & 1U << v);
		outstanding |= set;
		if (!outstanding)
			continue;
		before = outstanding;
		outstanding = see(st, outstanding, SEEN_MS);
		if (outstanding == before)
			mistake(st, "was lost", __builtin_ctz(outstanding));
	}
	st->stop = true;
	pthread_join(changer, NULL);
	pthread_join(mover, NULL);
	check_counts(_metadata, st);
}

int main(int argc, char **argv)
{
	const char *arg = lab_argument(argc, argv);

	seed = time(NULL) | 1;
	if (lab_kernel_is("debug") || lab_kernel_is("kcsan"))
		goal = 300;
	if (arg && !strcmp(arg, "soak")) {
		goal = 1000000 / TESTS;
		argc--;
	} else if (arg && atoi(arg)) {
		seed = atoi(arg);
		argc--;
	}

	return lab_main(argc, argv);
}
