// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi doctor: what is wrong, and what to type next. */
#include <stdio.h>

#include "vfio-msi.h"

struct doctor {
	struct selection sel;
	bool report;
};

enum { OPTION_REPORT = 256 };

static const struct argp_option options[] = {
	{ "report", OPTION_REPORT, NULL, 0,
	  "Print what to paste into a bug report. It has no serial numbers and no names of hosts, "
	  "guests, processes, interfaces and folders, and no lines of the kernel's log", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor *doctor = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &doctor->sel;
		return 0;
	case OPTION_REPORT:
		doctor->report = true;
		names_hide();
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void print(const struct findings *findings, struct json_object *report, bool json)
{
	struct json_object *document;

	if (json) {
		document = json_document("checks", findings_json(findings));
		if (report)
			json_object_object_add(document, "report", json_object_get(report));
		json_print_document(document);
		return;
	}
	if (report)
		doctor_report_print(report);
	findings_print(findings);
}

static int run(void *input)
{
	const struct doctor *doctor = input;
	struct findings findings = { .count = 0 };
	const struct selection *sel = &doctor->sel;
	struct json_object *report = doctor->report ? doctor_report(sel) : NULL;
	bool well;
	size_t i;

	doctor_host(&findings);
	for (i = 0; select_given(sel) && i < sel->count; i++)
		doctor_device(&sel->device[i], &findings);
	print(&findings, report, sel->json);
	json_object_put(report);
	well = findings_well(&findings);
	findings_free(&findings);
	return well ? EXIT_DONE : EXIT_FAILED;
}

int doctor_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_format_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Check the host, and the devices that are selected: what was seen, and the "
		       "next command to type.\v"
		       "Nothing is changed, and no device is opened. The exit code is 0 only if "
		       "all is well.",
	};
	struct doctor doctor = { .report = false };

	return select_run(argc, argv, &argp, &doctor.sel, &doctor, run);
}
