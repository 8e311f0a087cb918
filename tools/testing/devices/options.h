/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command lines: the options that all devices have, and the values of options.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "pci.h"

/* What the options that all devices have are about, besides --verbose and --help. */
struct common_options {
	const char *path;
	struct pci_identity id;
};

/* The values of a device's own options begin with this. */
#define OPTION_OWN	0x100

/*
 * A device's command line. @options: the device's own, at most 16, up to one without a
 * name. @take takes one of these, with its value in optarg; it returns 0, or logs a
 * message and returns -1. A device without options of its own has neither.
 */
struct command_line {
	const struct option *options;
	int (*take)(void *context, int option);
	void (*usage)(const void *context, FILE *out);
	void *context;
};

/* Exits if there is something wrong with the command line, and for --help. */
void options_parse(const struct command_line *line, int argc, char **argv,
		   struct common_options *common);

/* The values of options. Each function returns 0, or logs a message and returns -1. */

/* VVVV:DDDD, in hexadecimal */
int option_id(const char *text, struct pci_identity *id);
/* CCSSPP, in hexadecimal */
int option_class(const char *text, struct pci_identity *id);
/* A number, or BAR:OFFSET; a number may end in K, M or G. */
int option_number(const char *text, uint64_t *number);
int option_place(const char *text, unsigned int *bar, uint64_t *offset);

#endif /* OPTIONS_H */
