// SPDX-License-Identifier: GPL-2.0-only
/* Commands that run until a signal comes, and their output meanwhile. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "vfio-msi.h"

#define HOME		"\033[H"
#define CLEAR		"\033[2J"
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void watch_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	size_t i;

	/* no SA_RESTART: the signal also ends a system call that waits */
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

bool watch_interrupted(void)
{
	return interrupted;
}

/* While output is written, so that a signal does not cut it off */
static void block_signals(bool block)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Prints as much of the text as fits on the terminal, over the text before. */
static void print_screen(const char *text, const struct winsize *size)
{
	unsigned int row, last = size->ws_row - 1u;

	fputs(HOME, stdout);
	for (row = 0; *text; row++) {
		int length = (int)strcspn(text, "\n");

		if (row == last) {
			fputs("..." CLEAR_LINE, stdout);
			break;
		}
		printf("%.*s" CLEAR_LINE "\n", length < size->ws_col ? length : size->ws_col,
		       text);
		text += length + (text[length] == '\n');
	}
	fputs(CLEAR_REST, stdout);
}

/* Collects the output of show() in memory. The caller frees @text. */
static int render(watch_fn show, void *context, char **text)
{
	FILE *real = stdout;
	size_t length;
	int result;

	stdout = open_memstream(text, &length);
	if (!stdout) {
		stdout = real;
		complain(errno, "out of memory");
		return EXIT_FAILED;
	}
	result = show(context);
	fclose(stdout);
	stdout = real;
	return result;
}

static bool get_size(struct winsize *size)
{
	return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, size) &&
	       size->ws_row > 1 && size->ws_col;
}

/* Returns false if it cannot be written, as to a closed pipe. */
static bool print(const char *text, bool *cleared)
{
	struct winsize size;
	bool printed;

	block_signals(true);
	if (get_size(&size)) {
		fputs(*cleared ? "" : CLEAR, stdout);
		*cleared = true;
		print_screen(text, &size);
	} else {
		puts(text);
	}
	printed = !fflush(stdout);
	block_signals(false);
	return printed;
}

int watch(watch_fn show, void *context, time_t seconds)
{
	const struct timespec pause = { .tv_sec = seconds };
	bool cleared = false, printed = true;
	int result = EXIT_DONE;

	watch_signals();
	while (!interrupted && printed && result == EXIT_DONE) {
		char *text = NULL;

		result = render(show, context, &text);
		if (text)
			printed = print(text, &cleared);
		free(text);
		if (!interrupted && printed && result == EXIT_DONE)
			nanosleep(&pause, NULL);
	}
	return result;
}
