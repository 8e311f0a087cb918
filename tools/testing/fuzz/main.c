// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer for VFIO PCI devices: programs of random calls from one to four threads, each
 * in a process of its own with the device open. It knows the calls of VFIO and the
 * features of msi-vfio-pci, and works with every driver.
 *
 * Programs are random: what a program has reached does not decide which come next. So a
 * program is made from the seed and its number alone, and can be made again.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libvfio.h>

#include "lab.h"
#include "log.h"
#include "run.h"

#define SHRINK_TRIES	100
/* The console tells about every so many programs which ones come. */
#define PROGRAMS_TOLD	50

struct options {
	const char *bdf;
	const char *driver;
	const char *mode;
	const char *corpus;
	bool replay;
	bool print;
	bool unplug;
	unsigned long seed;
	unsigned long first;
	unsigned long programs;
	unsigned long seconds;
	unsigned long threads;
	unsigned long hang;
	unsigned long plant;
};

enum { OPT_HANG = 256, OPT_PLANT, OPT_UNPLUG };

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
	unsigned long ran;
	time_t end;
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

static unsigned long programs(const struct fuzzer *f)
{
	return f->o->replay ? f->corpus.count : f->o->programs;
}

static unsigned long first(const struct fuzzer *f)
{
	return f->o->replay ? 0 : f->o->first;
}

static void plant(struct program *p, unsigned long fault)
{
	struct call c = { .value = fault };

	calls_find("plant", &c.kind);
	if (p->count == PROGRAM_CALLS)
		p->count--;
	p->calls[p->count++] = c;
}

static void make_program(const struct fuzzer *f, unsigned long number, struct program *p)
{
	if (f->o->replay)
		*p = f->corpus.programs[number];
	else
		program_make(p, f->o->seed, number, f->o->threads, &f->corpus);
	if (f->o->plant)
		plant(p, f->o->plant);
}

static bool fails_again(const struct program *p, void *data)
{
	struct fuzzer *f = data;

	/*
	 * What a program breaks can be found by the start of the next one, so another one
	 * without calls follows.
	 */
	return runner_run(f->runner, p) || runner_run(f->runner, &(struct program){});
}

static void report_program(const struct fuzzer *f, unsigned long number,
			   const struct program *p, enum finding finding)
{
	printf("# finding: %s: %s\n", finding_name(finding), runner_text(f->runner));
	printf("# seed %#lx, program %lu, %s, %s:\n", f->o->seed, number, f->o->driver,
	       f->o->mode);
	program_print(p, "#   ", stdout);
	fflush(stdout);
}

static void report(struct fuzzer *f, unsigned long number, struct program *p,
		   enum finding finding)
{
	report_program(f, number, p, finding);
	/* A process that hangs has the device open, and others cannot open it. */
	if (finding == FINDING_HANG)
		return;
	if (!fails_again(p, f)) {
		printf("# The finding does not repeat.\n");
		return;
	}
	program_shrink(p, SHRINK_TRIES, fails_again, f);
	printf("# shrunk:\n");
	program_print(p, "#   ", stdout);
}

static void tell_console(const struct fuzzer *f, unsigned long number)
{
	char text[80];

	if (number % PROGRAMS_TOLD)
		return;
	snprintf(text, sizeof(text), "seed %#lx, programs from %lu", f->o->seed, number);
	log_say(f->log, text);
}

static bool time_is_over(const struct fuzzer *f)
{
	return f->o->seconds && time(NULL) >= f->end;
}

/* Returns what was found. One finding ends the run, as the host may not be as it was. */
static enum finding fuzz(struct fuzzer *f)
{
	unsigned long number = first(f);
	enum finding finding = FINDING_NONE;
	struct program p;

	for (; f->ran < programs(f) && !time_is_over(f); number++) {
		tell_console(f, number);
		make_program(f, number, &p);
		finding = runner_run(f->runner, &p);
		f->ran++;
		if (finding)
			break;
	}
	if (finding)
		report(f, number, &p, finding);
	else
		finding = runner_run(f->runner, &(struct program){});

	return finding;
}

/* The device cannot come back, so nothing is repeated. */
static enum finding unplug(struct fuzzer *f)
{
	struct random r = { .state = f->o->seed + first(f) };
	enum finding finding;
	struct program p;
	unsigned int after;

	make_program(f, first(f), &p);
	/* At least half of the calls find no device. */
	after = random_below(&r, (p.count + 1) / 2);
	printf("# unplugged after %u of %u calls\n", after, p.count);
	finding = runner_unplug(f->runner, &p, after);
	f->ran++;
	if (finding)
		report_program(f, first(f), &p, finding);

	return finding;
}

static void print_programs(const struct fuzzer *f)
{
	struct program p;

	for (unsigned long i = 0; i < programs(f); i++) {
		unsigned long number = first(f) + i;

		make_program(f, number, &p);
		printf("# %lu\n", number);
		program_print(&p, "", stdout);
		printf("\n");
	}
}

static void print_counts(const struct fuzzer *f)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < calls_count(); i++) {
		struct counts counts = runner_counts(f->runner, i);

		if (counts.succeeded + counts.failed)
			printf("# %-10s %8lu succeeded %8lu failed\n", calls_kind(i)->name,
			       counts.succeeded, counts.failed);
		sum += counts.succeeded + counts.failed;
	}
	printf("# seed %#lx, programs %lu, calls %lu\n", f->o->seed, f->ran, sum);
}

static int run(struct fuzzer *f)
{
	enum finding finding;

	if (f->o->driver)
		driver_bind(f->o->bdf, f->o->driver);
	f->runner = runner_new(f->o->bdf, f->o->mode, f->o->hang);
	f->log = log_open();
	f->end = time(NULL) + f->o->seconds;
	finding = f->o->unplug ? unplug(f) : fuzz(f);
	print_counts(f);
	log_close(f->log);
	runner_free(f->runner);

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
	struct fuzzer f = { .o = &o };
	int ret = EXIT_SUCCESS;

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
