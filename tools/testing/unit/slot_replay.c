// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run the scripts that the fuzzer found worth keeping.
 *
 * usage: slot_replay FILE...	as TAP
 *	  slot_replay -v FILE	and print each step, to understand a finding
 */

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "slot_check.h"

#define MAX_SCRIPT	4096

static const char *replay(const char *name, FILE *log)
{
	static u8 script[MAX_SCRIPT];
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file)
		err(1, "%s", name);
	size = fread(script, 1, sizeof(script), file);
	if (ferror(file) || !feof(file))
		errx(1, "%s: cannot be read, or too long", name);
	fclose(file);

	return slot_check(script, size, log);
}

int main(int argc, char **argv)
{
	FILE *log = NULL;
	const char *wrong;
	int i, failed = 0;

	if (argc > 1 && !strcmp(argv[1], "-v")) {
		log = stdout;
		argv++;
		argc--;
	}
	if (argc < 2)
		errx(2, "usage: slot_replay [-v] FILE...");

	printf("TAP version 13\n1..%d\n", argc - 1);
	for (i = 1; i < argc; i++) {
		wrong = replay(argv[i], log);
		failed += !!wrong;
		if (wrong)
			printf("# %s\n", wrong);
		printf("%sok %d %s\n", wrong ? "not " : "", i, argv[i]);
	}

	return failed ? 1 : 0;
}
