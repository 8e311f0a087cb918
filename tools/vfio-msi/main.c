// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi: the subcommands, and what comes before one on the command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

const char *argp_program_version = "vfio-msi " VERSION;

static const struct subcommand {
	const char *name;
	int (*main)(int argc, char **argv);
} subcommands[] = {
	{ "list", list_main },
	{ "bind", bind_main },
	{ "unbind", unbind_main },
	{ "show", show_main },
	{ "vectors", vectors_main },
	{ "window", window_main },
	{ "learn", learn_main },
	{ "map", map_main },
};

static const char doc[] =
	"Bind PCI devices to " MSI_VFIO_PCI " and look at their MSI and MSI-X.\n"
	"\n"
	"  list     devices with MSI or MSI-X, and whose they are\n"
	"  bind     give devices to " MSI_VFIO_PCI "\n"
	"  unbind   give them back to the host\n"
	"  show     capabilities, driver, IOMMU group, users\n"
	"  vectors  each vector: interrupt, CPUs, count, message, state\n"
	"  window   windows of embedded interrupt controllers: show, add, clear\n"
	"  learn    find out which window a device needs\n"
	"  map      draw the BARs: table, PBA, windows, what can be mapped how\n"
	"\v"
	"\"vfio-msi COMMAND --help\" tells about one of them.";

struct call {
	const struct subcommand *subcommand;
	int first;	/* where the subcommand stands in argv */
};

static const struct subcommand *find_subcommand(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (!strcmp(name, subcommands[i].name))
			return &subcommands[i];
	return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct call *call = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		call->subcommand = find_subcommand(arg);
		if (!call->subcommand)
			argp_error(state, "%s: no such command", arg);
		call->first = state->next - 1;
		/* the rest is the subcommand's */
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = doc,
	};
	struct call call = { 0 };
	char *name;
	int result;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &call);

	name = format_text("vfio-msi %s", call.subcommand->name);
	argv[call.first] = name;
	result = call.subcommand->main(argc - call.first, argv + call.first);
	free(name);
	if (fflush(stdout) || ferror(stdout)) {
		complain(errno, "standard output");
		return EXIT_FAILED;
	}
	return result;
}
