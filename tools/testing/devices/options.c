// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* The most options that a device has of its own. */
#define MAX_OWN	16

/* Exactly @digits hexadecimal digits. *@text points after them on return. */
static int parse_hex(const char **text, unsigned int digits, uint32_t *value)
{
	char buffer[9] = "";
	unsigned int i;

	for (i = 0; i < digits; i++) {
		if (!isxdigit((unsigned char)(*text)[i]))
			return -1;
		buffer[i] = (*text)[i];
	}
	*value = strtoul(buffer, NULL, 16);
	*text += digits;
	return 0;
}

int option_id(const char *text, struct pci_identity *id)
{
	const char *p = text;
	uint32_t vendor, device;

	if (parse_hex(&p, 4, &vendor) || *p++ != ':' || parse_hex(&p, 4, &device) || *p) {
		log_line("'%s' is not an ID of the form VVVV:DDDD", text);
		return -1;
	}
	id->vendor = vendor;
	id->device = device;
	return 0;
}

int option_class(const char *text, struct pci_identity *id)
{
	const char *p = text;
	uint32_t class;

	if (parse_hex(&p, 6, &class) || *p) {
		log_line("'%s' is not a class of the form CCSSPP", text);
		return -1;
	}
	id->class = class;
	return 0;
}

/* *@text points after the number on return. */
static int parse_number(const char **text, uint64_t *number)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned int shift;
	char *end;

	if (!isdigit((unsigned char)**text))
		return -1;
	errno = 0;
	*number = strtoull(*text, &end, 0);
	if (errno)
		return -1;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		if (*number > UINT64_MAX >> shift)
			return -1;
		*number <<= shift;
		end++;
	}
	*text = end;
	return 0;
}

int option_number(const char *text, uint64_t *number)
{
	const char *p = text;

	if (parse_number(&p, number) || *p) {
		log_line("'%s' is not a number", text);
		return -1;
	}
	return 0;
}

int option_place(const char *text, unsigned int *bar, uint64_t *offset)
{
	const char *p = text;
	uint64_t number;

	if (parse_number(&p, &number) || number >= PCI_STD_NUM_BARS || *p++ != ':' ||
	    parse_number(&p, offset) || *p) {
		log_line("'%s' is not a place of the form BAR:OFFSET", text);
		return -1;
	}
	*bar = number;
	return 0;
}

enum { SOCKET = 1, ID, VERBOSE, HELP };

static const struct option common_options[] = {
	{ "socket", required_argument, NULL, SOCKET },
	{ "id", required_argument, NULL, ID },
	{ "verbose", no_argument, NULL, VERBOSE },
	{ "help", no_argument, NULL, HELP },
};

#define COMMON	(sizeof(common_options) / sizeof(common_options[0]))

/* Returns whether the option is one that all devices have. */
static bool take_common(const struct command_line *line, int option,
			struct common_options *common)
{
	switch (option) {
	case SOCKET:
		common->path = optarg;
		return true;
	case ID:
		if (option_id(optarg, &common->id))
			exit(EXIT_FAILURE);
		return true;
	case VERBOSE:
		log_details = true;
		return true;
	case HELP:
		line->usage(line->context, stdout);
		exit(EXIT_SUCCESS);
	case '?':
		line->usage(line->context, stderr);
		exit(EXIT_FAILURE);
	default:
		return false;
	}
}

void options_parse(const struct command_line *line, int argc, char **argv,
		   struct common_options *common)
{
	struct option options[COMMON + MAX_OWN + 1] = {};
	const struct option *own = line->options;
	unsigned int nr = COMMON;
	int option;

	memcpy(options, common_options, sizeof(common_options));
	while (own && own->name && nr < COMMON + MAX_OWN)
		options[nr++] = *own++;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_common(line, option, common) &&
		    line->take(line->context, option))
			exit(EXIT_FAILURE);
	}
	if (!common->path || optind != argc) {
		line->usage(line->context, stderr);
		exit(EXIT_FAILURE);
	}
}
