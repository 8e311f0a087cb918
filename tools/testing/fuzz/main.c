// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer for VFIO PCI devices: programs of random calls from one to four threads, each batch of
 * them in a process of its own with the device open. It knows the calls of VFIO and the features
 * of msi-vfio-pci, and works with every driver.
 *
 * A program is made from the seed and its number alone, and can be made again, unless the kernel
 * tells what programs have reached: then those that reached something new are kept, and others
 * are made of them.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libvfio.h>

#include "cover.h"
#include "keep.h"
#include "lab.h"
#include "log.h"
#include "run.h"

#define SHRINK_TRIES	200
/* For each program that was kept */
#define REDUCE_TRIES	40

struct options {
	const char *bdf;
	const char *driver;
	const char *mode;
	const char *corpus;
	bool replay;
	bool print;
	bool unplug;
	bool blind;
	bool reduce;
	unsigned long seed;
	unsigned long first;
	unsigned long programs;
	unsigned long seconds;
	unsigned long threads;
	unsigned long hang;
	unsigned long plant;
};

enum { OPT_HANG = 256, OPT_PLANT, OPT_UNPLUG, OPT_BLIND, OPT_REDUCE };

static const struct argp_option options[] = {
	{ "driver", 'd', "NAME", 0, "bind the device to this driver (msi-vfio-pci)" },
	{ "cdev", 'c', NULL, 0, "open the device's cdev, with iommufd, and not its group" },
	{ "corpus", 'C', "FILE", 0, "make programs from these, too" },
	{ "replay", 'r', NULL, 0, "run the programs of the corpus, and no others" },
	{ "print", 'p', NULL, 0, "print the programs, and do not run them" },
	{ "seed", 's', "N", 0, "what programs are made from (1)" },
	{ "first", 'f', "N", 0, "the number of the first program (0)" },
	{ "programs", 'n', "N", 0, "how many programs (100)" },
	{ "seconds", 't', "N", 0, "begin no program after so many seconds (no limit)" },
	{ "threads", 'j', "N", 0, "at most so many threads in a program (4)" },
	{ "blind", OPT_BLIND, NULL, 0, "do not ask the kernel what programs have reached" },
	{ "reduce", OPT_REDUCE, NULL, 0,
	  "shrink the programs that reached something new, and print them at the end" },
	{ "unplug", OPT_UNPLUG, NULL, 0,
	  "run only the first program, and unplug the device in the middle of it" },
	{ "hang", OPT_HANG, "SECONDS", 0, "a call that takes longer hangs (90)" },
	{ "plant", OPT_PLANT, "N", 0,
	  "each program asks the module fuzz_fault for fault N, to test the fuzzer" },
	{}
};

static bool parse_number(const char *text, unsigned long min, unsigned long max,
			 unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 0);

	return !errno && end != text && !*end && *text != '-' && *value >= min && *value <= max;
}

static void set_number(struct argp_state *state, const char *text, unsigned long min,
		       unsigned long max, unsigned long *value)
{
	if (!parse_number(text, min, max, value))
		argp_error(state, "%s is not a number from %lu to %lu", text, min, max);
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'd':
		o->driver = text;
		break;
	case 'c':
		o->mode = MODE_IOMMUFD;
		break;
	case 'C':
		o->corpus = text;
		break;
	case 'r':
		o->replay = true;
		break;
	case 'p':
		o->print = true;
		break;
	case 's':
		set_number(state, text, 0, -1UL, &o->seed);
		break;
	case 'f':
		set_number(state, text, 0, -1UL, &o->first);
		break;
	case 'n':
		set_number(state, text, 1, -1UL, &o->programs);
		break;
	case 't':
		set_number(state, text, 1, 1000000, &o->seconds);
		break;
	case 'j':
		set_number(state, text, 1, PROGRAM_THREADS, &o->threads);
		break;
	case OPT_BLIND:
		o->blind = true;
		break;
	case OPT_REDUCE:
		o->reduce = true;
		break;
	case OPT_UNPLUG:
		o->unplug = true;
		break;
	case OPT_HANG:
		set_number(state, text, 1, 3600, &o->hang);
		break;
	case OPT_PLANT:
		set_number(state, text, 1, 9, &o->plant);
		break;
	case ARGP_KEY_ARG:
		if (o->bdf)
			argp_error(state, "only one device");
		o->bdf = text;
		break;
	case ARGP_KEY_END:
		if (!o->bdf && !o->print)
			argp_error(state, "no device");
		if (o->replay && !o->corpus)
			argp_error(state, "--replay needs --corpus");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}

	return 0;
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "BDF",
	.doc = "Fuzz a VFIO PCI device.",
};

struct fuzzer {
	const struct options *o;
	struct runner *runner;
	struct log *log;
	struct corpus corpus;
	/* Both are NULL without feedback. */
	struct cover *cover;
	struct keep *keep;
	struct batch batch;
	/* The one before it, and the number of its first program */
	struct batch previous;
	unsigned long previous_number;
	unsigned long ran;
	time_t begin;
};

static void load_corpus(struct fuzzer *f, const char *path)
{
	FILE *in = fopen(path, "r");
	int line;

	VFIO_ASSERT_NOT_NULL(in, "%s cannot be read\n", path);
	line = corpus_read(&f->corpus, in);
	fclose(in);
	VFIO_ASSERT_EQ(line, 0, "%s:%d: this is no call\n", path, line);
}

static void plant(struct program *p, unsigned long fault)
{
	struct call c = { .value = fault };

	calls_find("plant", &c.kind);
	if (p->count == PROGRAM_CALLS)
		p->count--;
	p->calls[p->count++] = c;
}

static void make_program(const struct fuzzer *f, unsigned long number, bool replay,
			 struct program *p)
{
	if (replay)
		*p = f->corpus.programs[number];
	else
		program_make(p, f->o->seed, number, f->o->threads, &f->corpus);
	if (f->o->plant)
		plant(p, f->o->plant);
}

/* As many programs as there are, up to one that kills its process. */
static void make_batch(struct fuzzer *f, unsigned long number, unsigned long most, bool replay)
{
	struct batch *b = &f->batch;

	for (b->count = 0; b->count < BATCH_PROGRAMS && b->count < most;) {
		make_program(f, number + b->count, replay, &b->programs[b->count]);
		if (program_dies(&b->programs[b->count++]))
			break;
	}
}

static enum finding run_nothing(struct fuzzer *f)
{
	static const struct batch nothing;

	return runner_run(f->runner, &nothing);
}

static bool fails_again(const struct batch *b, void *data)
{
	struct fuzzer *f = data;

	/* What programs break can be found by the start of the next process. */
	return runner_run(f->runner, b) || run_nothing(f);
}

static void report_programs(const struct fuzzer *f, unsigned long number, enum finding finding)
{
	printf("# finding: %s: %s\n", finding_name(finding), runner_text(f->runner));
	printf("# seed %#lx, %u programs from %lu, %s, %s:\n", f->o->seed, f->batch.count, number,
	       f->o->driver, f->o->mode);
	batch_print(&f->batch, "#   ", stdout);
	fflush(stdout);
}

static void report(struct fuzzer *f, unsigned long number, enum finding finding)
{
	report_programs(f, number, finding);
	/* A process that hangs has the device open, and others cannot open it. */
	if (finding == FINDING_HANG)
		return;
	if (run_nothing(f)) {
		printf("# The device does not come back, so nothing is repeated.\n");
		return;
	}
	if (!fails_again(&f->batch, f)) {
		printf("# The finding does not repeat.\n");
		return;
	}
	batch_shrink(&f->batch, SHRINK_TRIES, fails_again, f);
	printf("# shrunk:\n");
	batch_print(&f->batch, "#   ", stdout);
}

/* What a process finds before its first call was left by the one before. */
static void report_previous(struct fuzzer *f, enum finding finding)
{
	f->batch = f->previous;
	report(f, f->previous_number, finding);
}

static void tell_console(const struct fuzzer *f, unsigned long number)
{
	char text[80];

	snprintf(text, sizeof(text), "seed %#lx, %u programs from %lu", f->o->seed,
		 f->batch.count, number);
	log_say(f->log, text);
}

static bool time_is_over(const struct fuzzer *f)
{
	return f->o->seconds && time(NULL) - f->begin >= (time_t)f->o->seconds;
}

static enum finding run_batch(struct fuzzer *f, unsigned long number)
{
	enum finding finding;

	tell_console(f, number);
	finding = runner_run(f->runner, &f->batch);
	f->ran += f->batch.count;
	if (finding && !runner_began(f->runner))
		report_previous(f, finding);
	else if (finding)
		report(f, number, finding);
	f->previous = f->batch;
	f->previous_number = number;

	return finding;
}

/* Whether the last batch has left the device as it has to be */
static enum finding run_end(struct fuzzer *f)
{
	enum finding finding = run_nothing(f);

	if (finding)
		report_previous(f, finding);

	return finding;
}

static void keep_programs(struct fuzzer *f)
{
	for (unsigned int i = 0; i < f->batch.count; i++)
		if (cover_reached(f->cover, i)->fresh)
			keep_add(f->keep, &f->batch.programs[i], cover_reached(f->cover, i));
}

/* One finding ends the run, as the host may not be as it was. */
static enum finding run_programs(struct fuzzer *f, unsigned long number, unsigned long count,
				 bool replay)
{
	unsigned long end = number + count;
	enum finding finding = FINDING_NONE;

	for (; number < end && !finding && !time_is_over(f); number += f->batch.count) {
		make_batch(f, number, end - number, replay);
		finding = run_batch(f, number);
		if (f->keep && !replay && !finding)
			keep_programs(f);
	}

	return finding;
}

/* What the corpus reaches is nothing new, so its programs are the first. */
static enum finding fuzz(struct fuzzer *f)
{
	enum finding finding = FINDING_NONE;

	if (f->o->replay || f->keep)
		finding = run_programs(f, 0, f->corpus.count, true);
	if (!f->o->replay && !finding)
		finding = run_programs(f, f->o->first, f->o->programs, false);

	return finding ?: run_end(f);
}

/* The device cannot come back, so nothing is repeated. */
static enum finding unplug(struct fuzzer *f)
{
	struct random r = { .state = f->o->seed + f->o->first };
	enum finding finding;
	unsigned int after;

	make_batch(f, f->o->first, 1, f->o->replay);
	/* At least half of the calls find no device. */
	after = random_below(&r, (batch_calls(&f->batch) + 1) / 2);
	printf("# unplugged after %u of %u calls\n", after, batch_calls(&f->batch));
	finding = runner_unplug(f->runner, &f->batch, after);
	f->ran++;
	if (finding)
		report_programs(f, f->o->first, finding);

	return finding;
}

struct reduction {
	struct fuzzer *f;
	unsigned int kept;
};

static bool reaches_the_same(const struct batch *b, void *data)
{
	struct reduction *reduction = data;
	struct fuzzer *f = reduction->f;

	return !runner_run(f->runner, b) &&
	       keep_is_as_good(f->keep, reduction->kept, cover_reached(f->cover, 0));
}

/*
 * Print the programs that were kept, with no more than it takes to reach what only they reach.
 * Some do that only after others: these are left out.
 */
static void reduce(struct fuzzer *f)
{
	unsigned int left_out = 0;

	for (unsigned int i = 0; i < keep_count(f->keep); i++) {
		struct reduction reduction = { .f = f, .kept = i };

		f->batch.count = 1;
		f->batch.programs[0] = *keep_program(f->keep, i);
		if (!reaches_the_same(&f->batch, &reduction)) {
			left_out++;
			continue;
		}
		batch_shrink(&f->batch, REDUCE_TRIES, reaches_the_same, &reduction);
		printf("# kept:\n");
		batch_print(&f->batch, "#   ", stdout);
		fflush(stdout);
	}
	printf("# %u programs of %u reached nothing new alone\n", left_out, keep_count(f->keep));
}

static void print_programs(const struct fuzzer *f)
{
	unsigned long first = f->o->replay ? 0 : f->o->first;
	unsigned long count = f->o->replay ? f->corpus.count : f->o->programs;
	struct program p;

	for (unsigned long number = first; number < first + count; number++) {
		make_program(f, number, f->o->replay, &p);
		printf("# %lu\n", number);
		program_print(&p, "", stdout);
		printf("\n");
	}
}

static unsigned long print_kind(const struct fuzzer *f, unsigned int kind)
{
	struct counts counts = runner_counts(f->runner, kind);
	unsigned long sum = counts.succeeded + counts.failed;

	if (sum)
		printf("# %-10s %9lu succeeded %9lu failed %9lu us each\n", calls_kind(kind)->name,
		       counts.succeeded, counts.failed, counts.ns / sum / 1000);

	return sum;
}

static void print_counts(const struct fuzzer *f)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < calls_count(); i++)
		sum += print_kind(f, i);
	printf("# opening and closing the device: %lu ms\n",
	       runner_open_ns(f->runner) / 1000000);
	if (f->cover)
		printf("# coverage: %u edges, %u places, by %u programs beside the corpus\n",
		       cover_edges(f->cover), cover_places(f->cover), keep_count(f->keep));
	else
		printf("# coverage: unknown, as %s\n", f->o->blind ? "it is not asked for" :
							 "the kernel has no KCOV");
	printf("# seed %#lx, programs %lu, calls %lu, %lu s\n", f->o->seed, f->ran, sum,
	       time(NULL) - f->begin);
}

static void ask_for_coverage(struct fuzzer *f)
{
	if (f->o->blind || f->o->unplug)
		return;
	f->cover = cover_new();
	if (f->cover)
		f->keep = keep_new(&f->corpus);
}

static int run(struct fuzzer *f)
{
	enum finding finding;

	if (f->o->driver)
		driver_bind(f->o->bdf, f->o->driver);
	ask_for_coverage(f);
	f->runner = runner_new(f->o->bdf, f->o->mode, f->o->hang, f->cover);
	f->log = log_open();
	f->begin = time(NULL);
	finding = f->o->unplug ? unplug(f) : fuzz(f);
	print_counts(f);
	if (f->o->reduce && f->keep && !finding)
		reduce(f);
	log_close(f->log);
	runner_free(f->runner);
	keep_free(f->keep);
	cover_free(f->cover);

	return finding ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options o = {
		.driver = DRIVER_MSI,
		.mode = MODE_VFIO_TYPE1V2_IOMMU,
		.seed = 1,
		.programs = 100,
		.threads = PROGRAM_THREADS,
		.hang = 90,
	};
	static struct fuzzer f;
	int ret = EXIT_SUCCESS;

	f.o = &o;
	argp_parse(&parser, argc, argv, 0, NULL, &o);
	if (o.corpus)
		load_corpus(&f, o.corpus);
	if (o.print)
		print_programs(&f);
	else
		ret = run(&f);
	corpus_free(&f.corpus);

	return ret;
}
