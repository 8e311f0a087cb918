// SPDX-License-Identifier: GPL-2.0-only
/* The devices that a command line selects, with the selectors of lspci (libpci). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

static const struct argp_option select_options[] = {
	{ .doc = "Select devices, as for lspci(8), or by another name:" },
	{ "slot", 's', "SEL", 0,
	  "Devices at the address [[[DOMAIN]:]BUS:][SLOT][.[FUNC]], such as 01:00.0 (can be "
	  "repeated; the same as SEL without -s). SEL can also be a network interface (enp4s0), "
	  "or libvirt's name (pci_0000_01_00_0)", 0 },
	{ "device", 'd', "[VENDOR]:[DEVICE][:CLASS]", 0,
	  "Devices with these IDs", 0 },
	{ 0 }
};

static const struct argp_option format_options[] = {
	{ "output", 'o', "FORMAT", 0, "Print as \"table\" (the default) or \"json\"", 0 },
	{ 0 }
};

static const struct argp_option change_options[] = {
	{ "dry-run", 'n', NULL, 0, "Only print what would be changed", 0 },
	{ 0 }
};

static const struct argp_option output_options[] = {
	{ "domains", 'D', NULL, 0, "Print addresses with their domain", 0 },
	{ 0 }
};

static void add_slot(struct selection *sel, const char *text, struct argp_state *state)
{
	char *address = name_address(text);
	char *copy = address ? address : format_text("%s", text);
	struct pci_filter *slot;
	char *reason;

	sel->slot = xrealloc(sel->slot, sel->slots + 1, sizeof(*sel->slot));
	sel->slot_text = xrealloc(sel->slot_text, sel->slots + 1, sizeof(*sel->slot_text));
	slot = &sel->slot[sel->slots];
	pci_filter_init(sel->access, slot);
	/* libpci changes the text that it parses */
	reason = pci_filter_parse_slot(slot, copy);
	if (reason)
		argp_error(state, "invalid selector \"%s\": %s", text, reason);
	free(copy);
	sel->slot_text[sel->slots++] = format_text("%s", text);
}

static void set_id(struct selection *sel, const char *text, struct argp_state *state)
{
	char *copy = format_text("%s", text);
	char *reason = pci_filter_parse_id(&sel->id, copy);

	if (reason)
		argp_error(state, "invalid selector \"%s\": %s", text, reason);
	free(copy);
	free(sel->id_text);
	sel->id_text = format_text("%s", text);
}

unsigned long select_number(const char *option, const char *text, unsigned long least,
			    unsigned long most, struct argp_state *state)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || number < least || number > most)
		argp_error(state, "%s: \"%s\" is not a number from %lu to %lu", option, text,
			   least, most);
	return number;
}

static error_t parse_select(int key, char *arg, struct argp_state *state)
{
	struct selection *sel = state->input;

	switch (key) {
	case 's':
	case ARGP_KEY_ARG:
		add_slot(sel, arg, state);
		return 0;
	case 'd':
		set_id(sel, arg, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp select_argp = {
	.options = select_options,
	.parser = parse_select,
};

static error_t parse_change(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	if (key != 'n')
		return ARGP_ERR_UNKNOWN;
	dry_run_begin();
	return 0;
}

const struct argp change_argp = {
	.options = change_options,
	.parser = parse_change,
};

static error_t pass_to_select(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static const struct argp_child select_change_children[] = {
	{ .argp = &select_argp },
	{ .argp = &change_argp },
	{ 0 }
};

const struct argp select_change_argp = {
	.parser = pass_to_select,
	.children = select_change_children,
};

static error_t parse_format(int key, char *arg, struct argp_state *state)
{
	struct selection *sel = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->input;
		return 0;
	case 'o':
		sel->json = !strcmp(arg, "json");
		if (!sel->json && strcmp(arg, "table"))
			argp_error(state, "%s: unknown output format; use table or json", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child format_children[] = {
	{ .argp = &select_argp },
	{ 0 }
};

const struct argp select_format_argp = {
	.options = format_options,
	.parser = parse_format,
	.children = format_children,
};

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
	struct selection *sel = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->input;
		return 0;
	case 'D':
		sel->domains = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child output_children[] = {
	{ .argp = &select_format_argp },
	{ 0 }
};

const struct argp select_output_argp = {
	.options = output_options,
	.parser = parse_output,
	.children = output_children,
};

struct select_call {
	const struct select_command *command;
	struct selection sel;
};

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
	struct select_call *call = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &call->sel;
		return 0;
	case ARGP_KEY_END:
		if (!call->command->all)
			select_require(&call->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int run_command(void *input)
{
	const struct select_call *call = input;

	return call->command->run(&call->sel);
}

int select_main(int argc, char **argv, const struct select_command *command)
{
	static const struct argp_child children[] = { { .argp = &select_output_argp }, { 0 } };
	const struct argp argp = {
		.parser = parse_command,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = command->doc,
	};
	struct select_call call = { .command = command };

	return select_run(argc, argv, &argp, &call.sel, &call, run_command);
}

/* Errors after which libpci cannot continue */
static void __attribute__((noreturn, format(printf, 1, 2))) pci_failed(char *format, ...)
{
	va_list args;

	fputs("vfio-msi: libpci: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILED);
}

static void select_init(struct selection *sel)
{
	*sel = (struct selection){ .access = pci_alloc() };
	sel->access->error = pci_failed;
	/* drivers, groups and interrupts are in sysfs */
	sel->access->method = PCI_ACCESS_SYS_BUS_PCI;
	pci_init(sel->access);
	pci_filter_init(sel->access, &sel->id);
}

static void select_free(struct selection *sel)
{
	size_t i;

	for (i = 0; i < sel->slots; i++)
		free(sel->slot_text[i]);
	free(sel->slot_text);
	free(sel->slot);
	free(sel->id_text);
	free(sel->device);
	texts_free(&sel->absent);
	pci_cleanup(sel->access);
}

bool select_given(const struct selection *sel)
{
	return sel->slots || sel->id_text;
}

void select_require(const struct selection *sel, struct argp_state *state)
{
	if (!select_given(sel))
		argp_error(state, "no device selected; \"vfio-msi list\" lists devices");
}

/* Sets @matched for each slot selector that matches the device. */
static bool is_selected(struct selection *sel, struct pci_dev *pci, bool *matched)
{
	bool selected = !sel->slots;
	size_t i;

	if (sel->id_text && !pci_filter_match(&sel->id, pci))
		return false;
	for (i = 0; i < sel->slots; i++) {
		if (pci_filter_match(&sel->slot[i], pci)) {
			matched[i] = true;
			selected = true;
		}
	}
	return selected;
}

static void add_device(struct selection *sel, struct pci_dev *pci)
{
	struct device *dev;

	sel->device = xrealloc(sel->device, sel->count + 1, sizeof(*sel->device));
	dev = &sel->device[sel->count++];
	dev->pci = pci;
	snprintf(dev->bdf, sizeof(dev->bdf), "%04x:%02x:%02x.%d",
		 pci->domain, pci->bus, pci->dev, pci->func);
}

static int by_address(const void *a, const void *b)
{
	const struct pci_dev *x = ((const struct device *)a)->pci;
	const struct pci_dev *y = ((const struct device *)b)->pci;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->bus != y->bus)
		return x->bus - y->bus;
	if (x->dev != y->dev)
		return x->dev - y->dev;
	return x->func - y->func;
}

/* An address that has no device, but something that lasts */
static bool add_absent(struct selection *sel, const char *selector)
{
	char *address = sel->find_absent && !sel->id_text ? sel->find_absent(selector) : NULL;

	if (!address)
		return false;
	sel->absent.text = xrealloc(sel->absent.text, sel->absent.count + 1, sizeof(char *));
	sel->absent.text[sel->absent.count++] = address;
	return true;
}

static int report_unmatched(struct selection *sel, const bool *matched)
{
	int result = EXIT_DONE;
	size_t i;

	for (i = 0; i < sel->slots; i++) {
		if (matched[i] || add_absent(sel, sel->slot_text[i]))
			continue;
		complain(0, "%s: no such device%s%s", sel->slot_text[i],
			 sel->id_text ? " with IDs " : "", sel->id_text ? sel->id_text : "");
		result = EXIT_NO_DEVICE;
	}
	if (!sel->slots && sel->id_text && !sel->count) {
		complain(0, "%s: no such device", sel->id_text);
		result = EXIT_NO_DEVICE;
	}
	return result;
}

/* Without selectors, selects all devices. A selector that matches none is an error. */
static int select_devices(struct selection *sel)
{
	bool *matched = xrealloc(NULL, sel->slots + 1, sizeof(*matched));
	struct pci_dev *pci;
	int result;

	memset(matched, 0, (sel->slots + 1) * sizeof(*matched));
	pci_scan_bus(sel->access);
	for (pci = sel->access->devices; pci; pci = pci->next) {
		pci_fill_info(pci, PCI_FILL_IDENT | PCI_FILL_CLASS);
		/* like lspci, print domains if there is one other than 0 */
		if (pci->domain)
			sel->domains = true;
		if (is_selected(sel, pci, matched))
			add_device(sel, pci);
	}
	if (sel->count)
		qsort(sel->device, sel->count, sizeof(*sel->device), by_address);
	result = report_unmatched(sel, matched);
	free(matched);
	return result;
}

/*
 * A subcommand: parses the command line into @input, which has @sel, selects the devices and
 * calls @run with @input. Returns an exit code.
 */
int select_run(int argc, char **argv, const struct argp *argp, struct selection *sel, void *input,
	       int (*run)(void *input))
{
	int result;

	select_init(sel);
	argp_parse(argp, argc, argv, 0, NULL, input);
	result = select_devices(sel);
	if (!result)
		result = run(input);
	select_free(sel);
	return result;
}

const char *select_address(const struct selection *sel, const struct device *dev)
{
	return sel->domains ? dev->bdf : strchr(dev->bdf, ':') + 1;
}
