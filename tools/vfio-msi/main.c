// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi: the command line up to the subcommand. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	{ "doctor", doctor_main },
	{ "selftest", selftest_main },
	{ "apply", apply_main },
};

static const char doc[] =
	"Bind PCI devices to the VFIO driver " MSI_VFIO_PCI " and show their MSI and MSI-X.\n"
	"\n"
	"  list      list devices with MSI or MSI-X and their drivers\n"
	"  bind      bind devices to " MSI_VFIO_PCI "\n"
	"  unbind    give devices back to the host's drivers\n"
	"  show      show capabilities, driver, IOMMU group and uses of devices\n"
	"  vectors   show each vector: interrupt, CPUs, count, message, flags\n"
	"  window    show, add or clear windows of embedded interrupt controllers\n"
	"  learn     find the window that a device needs\n"
	"  map       draw BARs: table, PBA, windows, and which pages can be mapped\n"
	"  doctor    find out what is wrong, and what to type next\n"
	"  selftest  try a device's interrupts as a VMM does, and undo it\n"
	"  apply     apply what lasts in /etc/vfio-msi; udev does this at boot\n"
	"  help      show the manual page of a command\n"
	"\v"
	"To give a card to a guest: find its address with list, bind it, and start the guest. If "
	"the guest's interrupts do not arrive, ask doctor.\n"
	"\n"
	"\"vfio-msi COMMAND --help\" lists the options of a command, \"vfio-msi help COMMAND\" "
	"opens its manual page. vfio-msi(8) is the overview.";

struct call {
	const struct subcommand *subcommand;
	int first;	/* the subcommand's index in argv */
};

static const struct subcommand *find_subcommand(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (!strcmp(name, subcommands[i].name))
			return &subcommands[i];
	return NULL;
}

static void no_command(struct argp_state *state, const char *name)
{
	char *names = format_text("%s", ""), *longer;
	size_t i, count = sizeof(subcommands) / sizeof(subcommands[0]);

	for (i = 0; i < count; i++) {
		longer = format_text("%s%s%s", names, i ? i + 1 < count ? ", " : " and " : "",
				     subcommands[i].name);
		free(names);
		names = longer;
	}
	argp_error(state, "%s: no such command; the first argument is one of %s", name, names);
	free(names);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct call *call = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		call->subcommand = find_subcommand(arg);
		if (!call->subcommand)
			no_command(state, arg);
		call->first = state->next - 1;
		/* the subcommand parses the rest */
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Shows the manual page of a command. Returns if there is no man(1), or no such page. */
static void show_page(const char *command)
{
	char *page = format_text("vfio-msi-%s", command);
	char *find[] = { "man", "-w", page, NULL };
	char path[PATH_MAX];

	if (!run_read(find, path, sizeof(path)))
		execlp("man", "man", page, NULL);
	free(page);
}

/*
 * "help" is --help. "help COMMAND" is the command's manual page or, without one,
 * "COMMAND --help". Returns the number of words.
 */
static int help(int argc, char **argv)
{
	static char option[] = "--help";

	if (argc < 2 || strcmp(argv[1], "help"))
		return argc;
	if (argc == 3 && find_subcommand(argv[2]))
		show_page(argv[2]);
	if (argc > 2)
		argv[1] = argv[2];
	argv[argc > 2 ? 2 : 1] = option;
	return argc > 3 ? 3 : argc;
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
	argc = help(argc, argv);
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
