/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test expects, and a list of tests as TAP. */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

struct test {
	const char *name;
	void (*run)(void);
};

/* What was expected first and did not come true, or NULL. */
extern const char *wrong;

void expect(bool right, const char *what, int line);

#define EXPECT(condition) expect(condition, #condition, __LINE__)

/*
 * Run a test, and print its result. @prepare is called before it; a test is run as long as
 * @prepare returns true, at most until something is wrong.
 */
bool run_test(const char *file, unsigned int number, const struct test *test,
	      bool (*prepare)(void));

/* Run tests, each once. Returns what main() is to return. */
int run_tests(const char *file, const struct test *tests, size_t count);

#endif /* EXPECT_H */
