// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <libvfio.h>

#include "calls.h"
#include "keep.h"

struct keep {
	struct corpus *corpus;
	/* Programs of the corpus before this one are not ours. */
	unsigned int first;
	__u64 (*edges)[COVER_WORDS];
	/* How many of the kept programs reach an edge, and the edges that only one reaches. */
	unsigned int count[COVER_EDGES];
	__u64 only_one[COVER_WORDS];
};

struct keep *keep_new(struct corpus *corpus)
{
	struct keep *keep = calloc_assert(1, sizeof(*keep));

	keep->corpus = corpus;
	keep->first = corpus->count;

	return keep;
}

void keep_free(struct keep *keep)
{
	if (!keep)
		return;
	free(keep->edges);
	free(keep);
}

unsigned int keep_count(const struct keep *keep)
{
	return keep->corpus->count - keep->first;
}

struct program *keep_program(struct keep *keep, unsigned int i)
{
	return &keep->corpus->programs[keep->first + i];
}

static void count_edge(struct keep *keep, unsigned int edge, int change)
{
	__u64 bit = 1ULL << edge % 64;

	keep->count[edge] += change;
	if (keep->count[edge] == 1)
		keep->only_one[edge / 64] |= bit;
	else
		keep->only_one[edge / 64] &= ~bit;
}

static void count_edges(struct keep *keep, const __u64 *edges, int change)
{
	for (unsigned int w = 0; w < COVER_WORDS; w++)
		for (__u64 bits = edges[w]; bits; bits &= bits - 1)
			count_edge(keep, w * 64 + __builtin_ctzll(bits), change);
}

static bool is_needed(const struct keep *keep, unsigned int i)
{
	for (unsigned int w = 0; w < COVER_WORDS; w++)
		if (keep->edges[i][w] & keep->only_one[w])
			return true;

	return false;
}

bool keep_is_as_good(const struct keep *keep, unsigned int i, const struct reached *reached)
{
	for (unsigned int w = 0; w < COVER_WORDS; w++)
		if (keep->edges[i][w] & keep->only_one[w] & ~reached->edges[w])
			return false;

	return true;
}

static void drop(struct keep *keep, unsigned int i)
{
	unsigned int after = keep_count(keep) - i - 1;

	count_edges(keep, keep->edges[i], -1);
	memmove(keep->edges[i], keep->edges[i + 1], after * sizeof(*keep->edges));
	memmove(keep_program(keep, i), keep_program(keep, i + 1), after * sizeof(struct program));
	keep->corpus->count--;
}

/* Older programs go first: they were made of less. */
static void drop_covered(struct keep *keep)
{
	unsigned int i = 0;

	while (i < keep_count(keep))
		if (is_needed(keep, i))
			i++;
		else
			drop(keep, i);
}

/* A program that is made of this one runs to its end, and so does its batch. */
static void copy_without_death(struct program *to, const struct program *from, unsigned int count)
{
	__u8 die;

	calls_find("die", &die);
	to->count = 0;
	for (unsigned int i = 0; i < count; i++)
		if (from->calls[i].kind != die)
			to->calls[to->count++] = from->calls[i];
}

void keep_add(struct keep *keep, const struct program *p, const struct reached *reached)
{
	struct program *kept = corpus_add(keep->corpus);
	unsigned int count = keep_count(keep);

	VFIO_ASSERT_NOT_NULL(kept);
	keep->edges = reallocarray(keep->edges, count, sizeof(*keep->edges));
	VFIO_ASSERT_NOT_NULL(keep->edges);
	copy_without_death(kept, p, reached->last + 1);
	memcpy(keep->edges[count - 1], reached->edges, sizeof(reached->edges));
	count_edges(keep, reached->edges, 1);
	drop_covered(keep);
}
