// SPDX-License-Identifier: GPL-2.0-only
/* Test the device servers in the directory given, and print TAP. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "test.h"

/* A test takes well under a second; one that takes this long hangs. */
#define HANG_SECONDS	120

static const struct {
	const char *name;
	const struct test *tests;
} groups[] = {
	{ "protocol", protocol_tests },
	{ "malformed", malformed_tests },
	{ "config", config_tests },
	{ "ath11k", ath11k_tests },
	{ "msix", msix_tests },
	{ "options", options_tests },
};

static void print_log(FILE *log)
{
	char line[512];

	rewind(log);
	while (fgets(line, sizeof(line), log))
		printf("# %s", line);
}

/* Returns whether it passed. What the servers said is shown if it did not. */
static bool run_test(const struct test *test)
{
	FILE *log = tmpfile();
	bool passed;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = log ? fork() : -1;
	if (pid < 0) {
		perror("# run_test");
		return false;
	}
	if (!pid) {
		dup2(fileno(log), STDERR_FILENO);
		alarm(HANG_SECONDS);
		test->run();
		exit(EXIT_SUCCESS);
	}
	waitpid(pid, &status, 0);
	passed = WIFEXITED(status) && !WEXITSTATUS(status);
	if (!passed) {
		print_log(log);
		if (WIFSIGNALED(status))
			printf("# ended by signal %d (%s)\n", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	}
	fclose(log);
	return passed;
}

int main(int argc, char **argv)
{
	unsigned int number = 0, failed = 0, total = 0, i;
	const struct test *test;
	bool passed;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s DIRECTORY-OF-THE-SERVERS\n", argv[0]);
		return EXIT_FAILURE;
	}
	server_dir = argv[1];
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		for (test = groups[i].tests; test->name; test++)
			total++;
	}
	printf("TAP version 13\n1..%u\n", total);
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		for (test = groups[i].tests; test->name; test++) {
			passed = run_test(test);
			failed += !passed;
			printf("%sok %u %s: %s\n", passed ? "" : "not ", ++number,
			       groups[i].name, test->name);
		}
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
