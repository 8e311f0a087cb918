// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "expect.h"

const char *wrong;
static int wrong_line;

void expect(bool right, const char *what, int line)
{
	if (right || wrong)
		return;
	wrong = what;
	wrong_line = line;
}

bool run_test(const char *file, unsigned int number, const struct test *test,
	      bool (*prepare)(void))
{
	wrong = NULL;
	while (!wrong && prepare())
		test->run();
	if (wrong)
		printf("# %s:%d: %s\n", file, wrong_line, wrong);
	printf("%sok %u %s\n", wrong ? "not " : "", number, test->name);

	return !wrong;
}

static bool not_yet;

static bool once(void)
{
	bool run = not_yet;

	not_yet = false;

	return run;
}

int run_tests(const char *file, const struct test *tests, size_t count)
{
	bool passed = true;
	unsigned int i;

	printf("TAP version 13\n1..%zu\n", count);
	for (i = 0; i < count; i++) {
		not_yet = true;
		passed = run_test(file, i + 1, &tests[i], once) && passed;
	}

	return passed ? 0 : 1;
}
