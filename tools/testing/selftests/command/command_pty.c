// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_pty ROWS COLUMNS TEXT TIMES COMMAND...: runs a command on a terminal of this
 * size and prints what the command prints. Interrupts the command once it has printed
 * the text that many times (0: never), when command_pty itself is interrupted, and
 * after five minutes. Exits with the command's exit code.
 */
#include <err.h>
#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_SECONDS	300

static pid_t child;

static void interrupt(int signal)
{
	(void)signal;
	kill(child, SIGINT);
}

static int times(const char *all, const char *text)
{
	int count = 0;

	while ((all = strstr(all, text))) {
		all++;
		count++;
	}
	return count;
}

/* When the command has ended, reading from its terminal is an error. */
static void copy(int terminal, const char *text, int wanted)
{
	static char all[1 << 20];
	size_t length = 0;
	ssize_t size;

	while (length < sizeof(all) - 1) {
		size = read(terminal, all + length, sizeof(all) - 1 - length);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			break;
		fwrite(all + length, 1, (size_t)size, stdout);
		fflush(stdout);
		length += (size_t)size;
		if (wanted && times(all, text) >= wanted)
			interrupt(SIGALRM);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct winsize size;
	int terminal, status;

	if (argc < 6)
		errx(2, "usage: command_pty ROWS COLUMNS TEXT TIMES COMMAND...");
	size = (struct winsize){ .ws_row = (unsigned short)atoi(argv[1]),
				 .ws_col = (unsigned short)atoi(argv[2]) };
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0)
		err(2, "forkpty");
	if (!child) {
		execvp(argv[5], argv + 5);
		err(127, "%s", argv[5]);
	}
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	alarm(MOST_SECONDS);
	copy(terminal, argv[3], atoi(argv[4]));
	if (waitpid(child, &status, 0) != child)
		err(2, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
