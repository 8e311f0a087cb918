/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs programs in a process of their own, and finds out whether something is wrong then.
 */
#ifndef FUZZ_RUN_H
#define FUZZ_RUN_H

#include "calls.h"
#include "cover.h"
#include "program.h"

enum finding {
	FINDING_NONE,
	FINDING_LOG,	/* the kernel's log reports a fault */
	FINDING_HANG,	/* no call of the programs ends any more */
	FINDING_BROKEN,	/* the process ended in another way than the programs say */
	FINDING_LEFT,	/* the device still has interrupts of the process that ended */
	FINDING_KNOWN,	/* the kernel still knows the device that was unplugged */
};

struct counts {
	unsigned long succeeded;
	unsigned long failed;
	unsigned long ns;
};

struct runner;

/*
 * @mode: one of libvfio's IOMMU modes
 * @hang: a call that takes more seconds hangs. The kernel reports tasks that hang after a
 *	minute in its log, so more than that tells the two apart.
 * @cover: gets what the programs reach; may be NULL
 */
struct runner *runner_new(const char *bdf, const char *mode, unsigned int hang,
			  struct cover *cover);
void runner_free(struct runner *r);

/* Runs the programs; afterwards runner_text() says what was found. */
enum finding runner_run(struct runner *r, const struct batch *b);
/* The same with the device unplugged after @after calls. Afterwards there is no device. */
enum finding runner_unplug(struct runner *r, const struct batch *b, unsigned int after);
const char *runner_text(const struct runner *r);
/* Has the last batch made a call? */
bool runner_began(const struct runner *r);
const char *finding_name(enum finding finding);

/* The calls of all programs so far. */
struct counts runner_counts(const struct runner *r, __u8 kind);
/* How long the device was opened, checked and closed. */
unsigned long runner_open_ns(const struct runner *r);

#endif /* FUZZ_RUN_H */
