/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the corpus that a run adds: programs that reached edges which no program had reached
 * before. It grows by these, and shrinks by those whose edges the others reach, too.
 */
#ifndef FUZZ_KEEP_H
#define FUZZ_KEEP_H

#include <stdbool.h>

#include "cover.h"
#include "program.h"

struct keep;

/* Programs are kept behind those that the corpus has. */
struct keep *keep_new(struct corpus *corpus);
void keep_free(struct keep *keep);

unsigned int keep_count(const struct keep *keep);
struct program *keep_program(struct keep *keep, unsigned int i);
/* Keep what the program did up to its last new edge. */
void keep_add(struct keep *keep, const struct program *p, const struct reached *reached);
/* Has it reached all that only program @i of the kept ones reaches? */
bool keep_is_as_good(const struct keep *keep, unsigned int i, const struct reached *reached);

#endif /* FUZZ_KEEP_H */
