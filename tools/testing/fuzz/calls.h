/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that programs consist of.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <stdbool.h>

#include <linux/types.h>

#include "program.h"

struct target;

struct call_kind {
	const char *name;
	/* How often programs have it. What has 0 is put into programs in other ways. */
	unsigned int weight;
	/* Returns 0 or more, or a negative errno. */
	int (*run)(struct target *t, const struct call *c);
};

/* Not more than CALLS_KINDS kinds. */
#define CALLS_KINDS	32

unsigned int calls_count(void);
const struct call_kind *calls_kind(__u8 kind);
unsigned int calls_weight(void);
bool calls_find(const char *name, __u8 *kind);

#endif /* FUZZ_CALLS_H */
