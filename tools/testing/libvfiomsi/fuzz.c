// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: find a script on which libvfiomsi's core and the model disagree. */

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* The name that libFuzzer calls. */
int fuzz(const uint8_t *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

int fuzz(const uint8_t *data, size_t size)
{
	const char *wrong = check(data, size, NULL);

	if (wrong) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	return 0;
}
