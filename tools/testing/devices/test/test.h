/* SPDX-License-Identifier: GPL-2.0-only */
/* What all tests of the devices use. */
#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "../compiler.h"

struct test {
	const char *name;
	void (*run)(void);
};

/* The tests of each file; the last has no name. */
extern const struct test protocol_tests[];
extern const struct test malformed_tests[];
extern const struct test config_tests[];
extern const struct test ath_tests[];
extern const struct test ath11k_tests[];
extern const struct test gve_tests[];
extern const struct test msi64_tests[];
extern const struct test msix_tests[];
extern const struct test poll_tests[];
extern const struct test options_tests[];

/* A test runs in a process of its own and ends with its first failure. */
#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("# %s:%d: %s\n", __FILE__, __LINE__,	\
			       #condition);				\
			exit(EXIT_FAILURE);				\
		}							\
	} while (0)

#define CHECK_EQUAL(a, b)						\
	do {								\
		unsigned long long __a = (a), __b = (b);		\
									\
		if (__a != __b) {					\
			printf("# %s:%d: %s is 0x%llx, not 0x%llx (%s)\n", \
			       __FILE__, __LINE__, #a, __a, __b, #b);	\
			exit(EXIT_FAILURE);				\
		}							\
	} while (0)

#endif /* TEST_H */
