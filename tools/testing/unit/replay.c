// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run the scripts that the fuzzer found worth keeping.
 *
 * usage: PROGRAM CORPUS	a script of hexadecimal digits in each line, as TAP
 *	  PROGRAM -v FILE	one script as the fuzzer writes it; print each step
 */

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "replay.h"

#define MAX_SCRIPT	4096

static uint8_t script[MAX_SCRIPT];

/* Returns whether there are two hexadecimal digits, and nothing else. */
static bool parse_byte(const char *digits, uint8_t *byte)
{
	unsigned int value;
	int length = 0;

	if (sscanf(digits, "%2x%n", &value, &length) != 1 || length != 2)
		return false;
	*byte = value;

	return true;
}

static size_t parse(const char *line, int number)
{
	size_t size = 0;

	for (; *line && *line != '\n'; line += 2)
		if (size == MAX_SCRIPT || !parse_byte(line, &script[size++]))
			errx(1, "line %d is no script, or too long", number);

	return size;
}

static FILE *open_file(const char *name)
{
	FILE *file = fopen(name, "rb");

	if (!file)
		err(1, "%s", name);

	return file;
}

static int replay_corpus(const char *name, replay_check *check)
{
	static char line[2 * MAX_SCRIPT + 2];
	int number, tests = 0, failed = 0;
	FILE *file = open_file(name);
	const char *wrong;

	printf("TAP version 13\n");
	for (number = 1; fgets(line, sizeof(line), file); number++) {
		if (line[0] == '#')
			continue;
		wrong = check(script, parse(line, number), NULL);
		failed += !!wrong;
		if (wrong)
			printf("# %s\n", wrong);
		printf("%sok %d %s:%d\n", wrong ? "not " : "", ++tests, name,
		       number);
	}
	if (ferror(file) || !tests)
		errx(1, "%s: cannot be read, or has no script", name);
	printf("1..%d\n", tests);
	fclose(file);

	return failed ? 1 : 0;
}

static int replay_script(const char *name, replay_check *check)
{
	FILE *file = open_file(name);
	const char *wrong;
	size_t size;

	size = fread(script, 1, sizeof(script), file);
	if (ferror(file) || !feof(file))
		errx(1, "%s: cannot be read, or too long", name);
	fclose(file);

	wrong = check(script, size, stdout);
	printf("%s\n", wrong ? wrong : "no disagreement");

	return wrong ? 1 : 0;
}

int replay(int argc, char **argv, replay_check *check)
{
	if (argc == 3 && !strcmp(argv[1], "-v"))
		return replay_script(argv[2], check);
	if (argc != 2)
		errx(2, "usage: %s CORPUS | -v FILE", argv[0]);

	return replay_corpus(argv[1], check);
}
