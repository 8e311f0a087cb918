// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi learn: find the window that a device needs, by watching a guest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vfio-msi.h"

#define PAUSE_NS	100000000
#define SHORT_MS	1000
#define MAX_TIMEOUT	1000000

struct learn {
	struct selection sel;
	unsigned int bars;	/* a bit for each BAR that --bar names; 0: choose */
	time_t timeout;		/* seconds; 0: none */
};

enum { OPTION_BAR = 256, OPTION_TIMEOUT };

static const struct argp_option options[] = {
	{ "bar", OPTION_BAR, "N", 0, "Watch this BAR (can be repeated)", 0 },
	{ "timeout", OPTION_TIMEOUT, "SECONDS", 0, "End after this time", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct learn *learn = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &learn->sel;
		return 0;
	case OPTION_BAR:
		learn->bars |= 1u << select_number("--bar", arg, 0, BARS - 1, state);
		return 0;
	case OPTION_TIMEOUT:
		learn->timeout = (time_t)select_number("--timeout", arg, 1, MAX_TIMEOUT,
							       state);
		return 0;
	case ARGP_KEY_END:
		select_require(&learn->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool is_memory_bar(const struct pci_dev *pci, unsigned int bar)
{
	return pci->size[bar] && !(pci->base_addr[bar] & PCI_BASE_ADDRESS_SPACE_IO);
}

/* A window must not cover the MSI-X table. */
static bool has_table(const struct caps *caps, unsigned int bar)
{
	return caps->msix.pos && caps->msix.table_bar == bar;
}

static unsigned int choose_bars(const struct device *dev, const struct caps *caps)
{
	unsigned int bar, bars = 0;

	for (bar = 0; bar < BARS; bar++)
		if (is_memory_bar(dev->pci, bar) && !has_table(caps, bar))
			bars |= 1u << bar;
	return bars;
}

static int list_bars(const struct learn *learn, const struct device *dev,
		     struct window_list *list)
{
	unsigned int bar, bars;
	struct caps caps;

	caps_read(dev, &caps);
	pci_fill_info(dev->pci, PCI_FILL_BASES | PCI_FILL_SIZES);
	bars = learn->bars ? learn->bars : choose_bars(dev, &caps);
	for (bar = 0; bar < BARS; bar++) {
		struct window window = {
			.bar = bar,
			.size = dev->pci->size[bar],
			.flags = "learn",
		};

		if (!(bars & 1u << bar))
			continue;
		if (!is_memory_bar(dev->pci, bar)) {
			complain(0, "%s: refused: BAR %u is not a memory BAR", dev->bdf, bar);
			return EXIT_REFUSED;
		}
		if (has_table(&caps, bar)) {
			complain(0, "%s: refused: BAR %u has the MSI-X table, which a window must "
				 "not cover", dev->bdf, bar);
			return EXIT_REFUSED;
		}
		windows_add(list, &window);
	}
	if (list->count)
		return EXIT_DONE;
	complain(0, "%s: refused: it has no memory BAR without an MSI-X table", dev->bdf);
	return EXIT_REFUSED;
}

static int check(const struct learn *learn)
{
	const struct device *dev = learn->sel.device;
	struct live_windows live;
	char path[PATH_MAX];
	int result, err;
	bool open;

	if (learn->sel.count != 1) {
		complain(0, "%zu devices are selected; learn takes one", learn->sel.count);
		return EXIT_USAGE;
	}
	result = windows_check(dev);
	if (result)
		return result;
	err = live_windows_read(dev, &live);
	if (err) {
		live_path(dev, "windows", path);
		complain(err, "%s", path);
		if (err == -ENOENT)
			live_note(dev, err);
		return EXIT_FAILED;
	}
	open = live.open;
	live_windows_free(&live);
	if (!open)
		return EXIT_DONE;
	complain(0, "%s: refused: in use; close the device first, as learn has to see the session "
		 "from its start", dev->bdf);
	return EXIT_REFUSED;
}

static void print_progress(const struct learn_result *result)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s, MSI %s, %zu slots seen ",
		result->session ? "session open" : "waiting for a session",
		result->msi ? "enabled" : "not enabled", result->learned.count);
	fflush(stderr);
}

static void poll_vectors(const struct device *dev, struct learn_result *result)
{
	struct live live;

	if (live_read(dev, &live))
		return;
	result->msi |= !strcmp(live.index, "msi");
	result->msix |= !strcmp(live.index, "msix");
	live_free(&live);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Other programs, such as vfio-msi show, open the device for a moment, too. */
static bool was_short(const struct learn_result *result)
{
	return !result->session ||
	       (!result->msi && !result->msix && !result->learned.count &&
		now_ms() - result->opened < SHORT_MS);
}

/*
 * Returns 0, 1 if the session has ended, or a negative errno. The count of sessions is read
 * first: a session that begins after that is seen open here, or counted by the next poll.
 */
static int poll_session(const struct device *dev, struct learn_result *result)
{
	unsigned long sessions = live_sessions(dev);
	struct live_windows live;
	bool ended;
	int err;

	err = live_windows_read(dev, &live);
	if (err)
		return err;
	ended = !live.open && (result->session || sessions != result->sessions_before);
	if (live.open && !result->session)
		result->opened = now_ms();
	result->session |= live.open;
	learned_merge(&result->learned, &live);
	live_windows_free(&live);
	poll_vectors(dev, result);
	if (!ended || !was_short(result))
		return ended;
	result->missed = true;
	result->session = false;
	result->sessions_before = sessions;
	return 0;
}

static int watch_session(const struct learn *learn, struct learn_result *result)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const struct device *dev = learn->sel.device;
	struct timespec start, now;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		err = poll_session(dev, result);
		print_progress(result);
	} while (!err && !watch_interrupted() &&
		 (!learn->timeout || now.tv_sec - start.tv_sec < learn->timeout));

	/* a signal may have ended the poll: poll once more for what came meanwhile */
	if (watch_interrupted() && (!err || err == -EINTR))
		err = poll_session(dev, result);
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	return err < 0 ? err : 0;
}

/* Removes the windows that an earlier run did not remove, as it was killed. */
static void drop_learn_windows(struct window_list *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->count; i++)
		if (!window_learns(&list->window[i]))
			list->window[kept++] = list->window[i];
	list->count = kept;
}

static void print_instructions(const struct device *dev, const struct window_list *list)
{
	size_t i;

	fprintf(stderr, "Watching %s, BAR", dev->bdf);
	for (i = 0; i < list->count; i++)
		fprintf(stderr, "%s%u", i ? ", " : " ", list->window[i].bar);
	fputs(". Start the VMM now, and let its guest use the device.\n"
	      "This ends when the VMM closes the device, or with Ctrl-C.\n", stderr);
}

/* If somebody else has changed the windows meanwhile, they stay as they are. */
static int restore_windows(const struct device *dev, const struct window_list *before)
{
	struct window_list now;
	size_t i, learning = 0;
	int err;

	err = windows_read(dev, &now);
	if (err)
		return err;
	for (i = 0; i < now.count; i++)
		learning += window_learns(&now.window[i]);
	if (learning && learning == now.count)
		err = windows_write(dev, before);
	else
		note("%s: somebody else has changed the windows meanwhile; they stay as they are",
		     dev->bdf);
	windows_free(&now);
	return err;
}

static int watch_windows(const struct learn *learn, const struct window_list *list,
			 struct learn_result *result)
{
	const struct device *dev = learn->sel.device;
	struct window_list before;
	int err;

	if (windows_read(dev, &before))
		return EXIT_FAILED;
	drop_learn_windows(&before);
	result->windows_before = before.count;
	watch_signals();
	result->sessions_before = live_sessions(dev);
	err = windows_write(dev, list);
	if (!err) {
		print_instructions(dev, list);
		err = watch_session(learn, result);
		if (err)
			complain(err, "%s: cannot be watched any more", dev->bdf);
		if (restore_windows(dev, &before))
			err = -EIO;
	}
	windows_free(&before);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int run(void *input)
{
	const struct learn *learn = input;
	struct learn_result seen = { .session = false };
	struct window_list list = { .count = 0 };
	int result;

	result = check(learn);
	if (!result)
		result = list_bars(learn, learn->sel.device, &list);
	if (dry_run()) {
		if (!result)
			windows_write(learn->sel.device, &list);
		windows_free(&list);
		return result;
	}
	if (!result)
		result = watch_windows(learn, &list, &seen);
	if (!result && !learn_report(learn->sel.device, learn->sel.json, &seen))
		result = EXIT_FAILED;
	windows_free(&list);
	learned_free(&seen.learned);
	return result;
}

int learn_main(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ .argp = &select_format_argp },
		{ .argp = &change_argp },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "SEL",
		.doc = "Find the window that a device with an embedded interrupt controller needs: "
		       "watch where a guest writes its MSI message.\v"
		       "Meanwhile no interrupt of the embedded controller reaches the guest, and "
		       "access to the BARs is slow.",
	};
	struct learn learn = { .bars = 0 };

	return select_run(argc, argv, &argp, &learn.sel, &learn, run);
}
