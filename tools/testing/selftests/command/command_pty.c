// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_pty ROWS COLUMNS SECONDS COMMAND...: runs a command on a terminal of this
 * size, prints what it printed, interrupts it after so long, and ends as it ended.
 */
#include <err.h>
#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void interrupt(int signal)
{
	(void)signal;
	kill(child, SIGINT);
}

/* The terminal's end is an error of reading. */
static void copy(int terminal)
{
	char text[4096];
	ssize_t size;

	while ((size = read(terminal, text, sizeof(text))) > 0 ||
	       (size < 0 && errno == EINTR))
		if (size > 0)
			fwrite(text, 1, (size_t)size, stdout);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct winsize size;
	int terminal, status;

	if (argc < 5)
		errx(2, "usage: command_pty ROWS COLUMNS SECONDS COMMAND...");
	size = (struct winsize){ .ws_row = (unsigned short)atoi(argv[1]),
				 .ws_col = (unsigned short)atoi(argv[2]) };
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0)
		err(2, "forkpty");
	if (!child) {
		execvp(argv[4], argv + 4);
		err(127, "%s", argv[4]);
	}
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned int)atoi(argv[3]));
	copy(terminal);
	if (waitpid(child, &status, 0) != child)
		err(2, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
