// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: find a script on which slot.c and its model disagree. */

#include <stdio.h>
#include <stdlib.h>

#include "slot_check.h"

/* The name that libFuzzer calls. */
int fuzz(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

int fuzz(const u8 *data, size_t size)
{
	const char *wrong = slot_check(data, size, NULL);

	if (wrong) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	return 0;
}
