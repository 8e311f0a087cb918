// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi apply: bind devices and set windows and rights, as the files in /etc/vfio-msi say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

struct apply {
	struct selection sel;
	bool settings;
	bool rules;
};

enum { OPTION_SETTINGS = 256, OPTION_RULES };

static const struct argp_option options[] = {
	{ "settings", OPTION_SETTINGS, NULL, 0, "Bind nothing; set windows and rights only", 0 },
	{ "rules", OPTION_RULES, NULL, 0,
	  "Before that, write the udev rules and the module's options that follow from the "
	  "files", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct apply *apply = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &apply->sel;
		return 0;
	case OPTION_SETTINGS:
		apply->settings = true;
		return 0;
	case OPTION_RULES:
		apply->rules = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Another card can be in the slot since the file was written. */
static bool is_same(const struct persist *persist, const struct device *dev)
{
	if (dev->pci->vendor_id == persist->vendor && dev->pci->device_id == persist->device)
		return true;
	complain(0, "%s: is %04x:%04x, not %04x:%04x as when this was saved; nothing is applied",
		 dev->bdf, dev->pci->vendor_id, dev->pci->device_id, persist->vendor,
		 persist->device);
	return false;
}

/* What an initramfs or an early driver has bound is bound again, unless it is in use. */
static int apply_driver(const struct persist *persist, const struct device *dev)
{
	char driver[NAME_SIZE];

	device_driver(dev, driver);
	if (!strcmp(driver, persist->driver))
		return EXIT_DONE;
	if (driver[0] && use_refuse(dev))
		return EXIT_REFUSED;
	if (driver_load(persist->driver) || driver_bind(dev, persist->driver))
		return EXIT_FAILED;
	printf("%s: bound to %s (before: %s)\n", dev->bdf, persist->driver,
	       driver[0] ? driver : "none");
	return EXIT_DONE;
}

static int apply_windows(const struct persist *persist, const struct device *dev)
{
	int result = persist_set_parameter() ? EXIT_FAILED : EXIT_DONE;
	char driver[NAME_SIZE];

	/* What another device's windows are refused for does not concern this one. */
	device_driver(dev, driver);
	if (!persist->windows.count || strcmp(driver, MSI_VFIO_PCI))
		return result;
	if (windows_check(dev) || windows_write(dev, &persist->windows))
		return EXIT_FAILED;
	return result;
}

static int apply_rights(const struct persist *persist, const struct device *dev)
{
	char *node = session_node(dev);
	int err = node ? persist_rights(persist, node) : 0;

	free(node);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int apply_one(const struct apply *apply, const struct device *dev)
{
	struct persist persist;
	int result = EXIT_DONE;
	int err;

	err = persist_read(dev->bdf, &persist);
	/* most devices have no file */
	if (err)
		return err == -ENOENT ? EXIT_DONE : EXIT_FAILED;
	if (!is_same(&persist, dev))
		result = EXIT_FAILED;
	if (!result && persist.driver[0] && !apply->settings)
		result = apply_driver(&persist, dev);
	if (!result) {
		int rights = apply_rights(&persist, dev);

		result = apply_windows(&persist, dev);
		if (!result)
			result = rights;
	}
	persist_free(&persist);
	return result;
}

/* A failure does not keep the other devices from what is theirs. */
static int run(void *input)
{
	const struct apply *apply = input;
	int result = EXIT_DONE;
	size_t i;

	if (apply->rules && persist_follow())
		result = EXIT_FAILED;
	for (i = 0; i < apply->sel.count; i++) {
		int failed = apply_one(apply, &apply->sel.device[i]);

		if (failed)
			result = failed;
	}
	return result;
}

int apply_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_change_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Apply what \"bind --persist\" and \"window --persist\" have made last: to "
		       "all devices, or to those that are selected. udev runs this when a device appears.",
	};
	struct apply apply = { .settings = false };

	return select_run(argc, argv, &argp, &apply.sel, &apply, run);
}
