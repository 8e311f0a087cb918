// SPDX-License-Identifier: GPL-2.0-only
/* Runs other programs. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfio-msi.h"

/* Returns the exit code of the program, or a negative errno. */
static int run_with(char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *pid)
{
	fflush(NULL);
	return -posix_spawnp(pid, argv[0], actions, NULL, argv, environ);
}

static int run_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* Returns the exit code of the program, or a negative errno. A dry run only prints it. */
int run_change(char *const argv[])
{
	pid_t pid;
	size_t i;
	int err;

	if (dry_run()) {
		printf("would run:");
		for (i = 0; argv[i]; i++)
			printf(" %s", argv[i]);
		putchar('\n');
		return 0;
	}
	err = run_with(argv, NULL, &pid);
	return err ? err : run_end(pid);
}

/* Reads to the end, so that the program can end, but keeps only what fits. */
static void read_all(int fd, char *buf, size_t size)
{
	char rest[4096];
	size_t length = 0;
	ssize_t count;

	do {
		if (length < size - 1)
			count = read(fd, buf + length, size - 1 - length);
		else
			count = read(fd, rest, sizeof(rest));
		if (count > 0 && length < size - 1)
			length += (size_t)count;
	} while (count > 0 || (count < 0 && errno == EINTR));
	buf[length] = '\0';
}

/*
 * Runs a program that changes nothing, and reads what it prints, without its errors.
 * Returns its exit code, or a negative errno.
 */
int run_read(char *const argv[], char *buf, size_t size)
{
	posix_spawn_file_actions_t actions;
	int err, ends[2];
	pid_t pid;

	buf[0] = '\0';
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	err = run_with(argv, &actions, &pid);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (!err) {
		read_all(ends[0], buf, size);
		err = run_end(pid);
	}
	close(ends[0]);
	return err;
}
