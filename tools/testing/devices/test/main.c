// SPDX-License-Identifier: GPL-2.0-only
/* Test the device servers in a directory, and print TAP. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "test.h"

/* A test takes less than a second or so. A test that takes this long hangs. */
#define HANG_SECONDS	120

static const struct {
	const char *name;
	const struct test *tests;
} groups[] = {
	{ "protocol", protocol_tests },
	{ "malformed", malformed_tests },
	{ "config", config_tests },
	{ "ath", ath_tests },
	{ "ath11k", ath11k_tests },
	{ "gve", gve_tests },
	{ "msi64", msi64_tests },
	{ "msix", msix_tests },
	{ "poll", poll_tests },
	{ "options", options_tests },
};

static void print_log(FILE *log)
{
	char line[512];

	rewind(log);
	while (fgets(line, sizeof(line), log))
		printf("# %s", line);
}

/* Returns whether the test passed. If not, the log of its servers is printed. */
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

static bool run_tests(void)
{
	unsigned int number = 0, failed = 0, i;
	const struct test *test;
	bool passed;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		for (test = groups[i].tests; test->name; test++) {
			passed = run_test(test);
			failed += !passed;
			printf("%sok %u %s: %s\n", passed ? "" : "not ", ++number,
			       groups[i].name, test->name);
			/* A test that failed has not removed its socket. */
			unlink(socket_path);
		}
	}
	return !failed;
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/devices-test.XXXXXX";
	unsigned int total = 0, i;
	const struct test *test;
	bool passed;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s DIRECTORY-OF-THE-SERVERS\n", argv[0]);
		return EXIT_FAILURE;
	}
	server_dir = argv[1];
	if (!mkdtemp(directory)) {
		perror(directory);
		return EXIT_FAILURE;
	}
	snprintf(socket_path, sizeof(socket_path), "%s/socket", directory);
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		for (test = groups[i].tests; test->name; test++)
			total++;
	}
	printf("TAP version 13\n1..%u\n", total);
	passed = run_tests();
	rmdir(directory);
	return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
