/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs have run of the kernel, from KCOV: places (basic blocks) and edges, which are two
 * places that a thread ran one after the other. KCOV tells only what a call runs in its own
 * thread, so handlers of interrupts and workers are not in it.
 */
#ifndef FUZZ_COVER_H
#define FUZZ_COVER_H

#include <stdbool.h>

#include <linux/types.h>

#include "program.h"

/* Much more than all of VFIO has */
#define COVER_EDGES	(1U << 16)
#define COVER_WORDS	(COVER_EDGES / 64)

struct cover;
struct cover_thread;

/* What one program of a batch has reached. */
struct reached {
	/* The edges that no program had reached before, and the last call that reached one */
	unsigned int fresh;
	unsigned int last;
	__u64 edges[COVER_WORDS];
};

/* Shared by all processes that are forked after this. NULL if the kernel has no KCOV. */
struct cover *cover_new(void);
void cover_free(struct cover *cover);
/* Forget what programs have reached, but not what was reached at all. */
void cover_begin_batch(struct cover *cover);
const struct reached *cover_reached(const struct cover *cover, unsigned int program);
unsigned int cover_edges(const struct cover *cover);
unsigned int cover_places(const struct cover *cover);

/* For the calling thread, until it ends. With NULL, all of these do nothing. */
struct cover_thread *cover_begin_thread(struct cover *cover);
void cover_begin_call(struct cover_thread *thread);
void cover_end_call(struct cover_thread *thread, unsigned int program, unsigned int call);

#endif /* FUZZ_COVER_H */
