/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs: short lists of calls, for one to four threads. A program is made from a seed
 * and a number, always the same one with the same corpus; it can be written as text and read
 * again; and it can be shrunk to the calls that a finding needs.
 *
 * What a call's operands mean is up to the call (calls.h). Each value of an operand is
 * valid, so that any change of a program gives another program.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/types.h>

#define PROGRAM_CALLS	512
#define PROGRAM_THREADS	4
#define BATCH_PROGRAMS	32

struct call {
	__u8 kind;
	__u8 thread;
	__u16 a;
	__u32 b;
	__u64 value;
};

struct program {
	unsigned int count;
	struct call calls[PROGRAM_CALLS];
};

/*
 * Programs that run one after another on one open device, which takes much longer to open and to
 * close than a program runs.
 */
struct batch {
	unsigned int count;
	struct program programs[BATCH_PROGRAMS];
};

/* Programs that others are made of. */
struct corpus {
	unsigned int count;
	struct program *programs;
};

struct random {
	__u64 state;
};

__u64 random_next(struct random *r);
__u32 random_below(struct random *r, __u32 bound);

/* How many threads the programs use, at least 1. */
unsigned int batch_threads(const struct batch *b);
unsigned int batch_calls(const struct batch *b);

/* Does the program kill itself? */
bool program_dies(const struct program *p);

/* Program @number of @seed: a new one or, often, a changed program of the corpus. */
void program_make(struct program *p, __u64 seed, __u64 number, unsigned int threads,
		  const struct corpus *corpus);

/*
 * Remove programs, calls and threads, and simplify operands, while @fails says that the finding
 * is still there. Runs at most @tries batches.
 */
void batch_shrink(struct batch *b, unsigned int tries,
		  bool (*fails)(const struct batch *b, void *data), void *data);

/*
 * Text: a line for each call, with the thread, the name and the operands in hex. A '#'
 * begins a comment, and an empty line ends a program.
 */
void program_print(const struct program *p, const char *prefix, FILE *out);
void batch_print(const struct batch *b, const char *prefix, FILE *out);
/* Returns 0, or the number of the first wrong line. */
int corpus_read(struct corpus *corpus, FILE *in);
/* Returns an empty program at the end of the corpus, or NULL. */
struct program *corpus_add(struct corpus *corpus);
void corpus_free(struct corpus *corpus);

#endif /* FUZZ_PROGRAM_H */
