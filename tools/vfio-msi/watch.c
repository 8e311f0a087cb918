// SPDX-License-Identifier: GPL-2.0-only
/* Commands that go on until they are interrupted, and what they show meanwhile. */
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

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction action = { .sa_handler = interrupt };
	size_t i;

	/* no SA_RESTART: a wait in the kernel ends, too */
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

bool watch_interrupted(void)
{
	return interrupted;
}

/* As much of the text as the terminal has room for, over what was there before. */
static void draw(const char *text, const struct winsize *size)
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

/* One round, printed by show(), into memory, and from there onto the terminal. */
static int show_in_place(watch_fn show, void *context, const struct winsize *size)
{
	FILE *terminal = stdout;
	size_t length;
	char *text;
	int result;

	stdout = open_memstream(&text, &length);
	if (!stdout) {
		stdout = terminal;
		complain(errno, "memory");
		return EXIT_FAILED;
	}
	result = show(context);
	fclose(stdout);
	stdout = terminal;
	draw(text, size);
	free(text);
	return result;
}

static bool has_size(struct winsize *size)
{
	return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, size) &&
	       size->ws_row > 1 && size->ws_col;
}

int watch(watch_fn show, void *context, time_t seconds)
{
	const struct timespec pause = { .tv_sec = seconds };
	bool cleared = false;
	int result = EXIT_DONE;

	watch_signals();
	while (!interrupted && result == EXIT_DONE) {
		struct winsize size;

		if (has_size(&size)) {
			fputs(cleared ? "" : CLEAR, stdout);
			cleared = true;
			result = show_in_place(show, context, &size);
		} else {
			result = show(context);
			putchar('\n');
		}
		/* who reads it has gone */
		if (fflush(stdout))
			break;
		if (!interrupted && result == EXIT_DONE)
			nanosleep(&pause, NULL);
	}
	return result;
}
