// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi doctor: what is wrong, and what to type next. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "vfio-msi.h"

struct doctor {
	struct selection sel;
	bool report;
};

enum { OPTION_REPORT = 256 };

static const struct argp_option options[] = {
	{ "report", OPTION_REPORT, NULL, 0,
	  "Print what to paste into a bug report. It has no serial numbers and no host names", 0 },
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
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Other words can tell about the host: its disks, its name, its network. */
static bool is_of_interest(const char *word)
{
	static const char *const begin[] = {
		"intel_iommu=", "amd_iommu=", "iommu", "intremap=", "ivrs_", "pci=", "pcie_",
		"vfio", "msi_vfio_pci.", "kvm", "noapic", "nox2apic", "lockdown=", "module.",
	};
	size_t i;

	for (i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (!strncmp(word, begin[i], strlen(begin[i])))
			return true;
	return false;
}

static void print_command_line(void)
{
	char text[1 << 12], *rest = text, *word;

	printf("Command line (in part):");
	if (!file_read("/proc/cmdline", text, sizeof(text)))
		while ((word = strsep(&rest, " ")))
			if (is_of_interest(word))
				printf(" %s", word);
	putchar('\n');
}

static void print_host(void)
{
	struct utsname kernel;

	uname(&kernel);
	printf("vfio-msi " VERSION "\nKernel: %s %s\n", kernel.release, kernel.machine);
	print_command_line();
}

static void print_ids(const struct device *dev)
{
	char text[NAME_SIZE], *file[] = { "revision", "subsystem_vendor", "subsystem_device" };
	size_t i;

	printf("Device %s: %04x:%04x class %04x", dev->bdf, dev->pci->vendor_id,
	       dev->pci->device_id, dev->pci->device_class);
	for (i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		if (!device_read(dev, file[i], text, sizeof(text)))
			printf(" %s %s", file[i], text);
	putchar('\n');
}

static int run(const struct doctor *doctor)
{
	struct findings findings = { .count = 0 };
	const struct selection *sel = &doctor->sel;
	bool given = select_given(sel), well;
	size_t i;

	doctor_host(&findings);
	for (i = 0; given && i < sel->count; i++)
		doctor_device(&sel->device[i], &findings);
	if (doctor->report) {
		print_host();
		for (i = 0; given && i < sel->count; i++)
			print_ids(&sel->device[i]);
		putchar('\n');
	}
	if (sel->json)
		json_print("checks", findings_json(&findings));
	else
		findings_print(&findings);
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
	int result;

	select_init(&doctor.sel);
	argp_parse(&argp, argc, argv, 0, NULL, &doctor);
	result = select_devices(&doctor.sel);
	if (!result)
		result = run(&doctor);
	select_free(&doctor.sel);
	return result;
}
