// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi unbind: give devices back to the host's drivers. */
#include <stdio.h>

#include "vfio-msi.h"

struct unbind {
	struct selection sel;
	bool force;
};

static const struct argp_option options[] = {
	{ "force", 'f', NULL, 0,
	  "Unbind even if a VFIO session is open. The command then waits until the session "
	  "ends, and cannot be interrupted", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct unbind *unbind = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &unbind->sel;
		unbind->sel.find_absent = persist_find;
		return 0;
	case 'f':
		unbind->force = true;
		return 0;
	case ARGP_KEY_END:
		select_require(&unbind->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool lasts(const struct device *dev)
{
	struct persist persist;

	if (persist_read(dev->bdf, &persist))
		return false;
	persist_free(&persist);
	return true;
}

/* A device that has one of the host's own drivers is refused. */
static int check_driver(const struct device *dev)
{
	char driver[NAME_SIZE], override[NAME_SIZE];

	device_driver(dev, driver);
	driver_override(dev, override);
	if (device_is_vfio(dev) || override[0] || lasts(dev))
		return EXIT_DONE;
	if (driver[0])
		complain(0, "%s: refused: it is bound to %s, which is no VFIO driver", dev->bdf,
			 driver);
	else
		complain(0, "%s: refused: it is bound to no driver", dev->bdf);
	return EXIT_REFUSED;
}

static int check(const struct unbind *unbind, const struct device *dev)
{
	int result = check_driver(dev);

	if (result)
		return result;
	result = device_check_writable(dev);
	if (result || !device_is_vfio(dev))
		return result;
	if (unbind->force) {
		use_warn(dev);
		return EXIT_DONE;
	}
	return use_check(dev);
}

static int unbind_one(const struct device *dev)
{
	char old[NAME_SIZE], new[NAME_SIZE];

	device_driver(dev, old);
	/* first, so that udev does not bind the device again */
	if (persist_remove(dev->bdf) || driver_release(dev))
		return EXIT_FAILED;
	device_driver(dev, new);
	if (dry_run()) {
		printf("%s: would be given back to the host's driver (now: %s)\n", dev->bdf,
		       old[0] ? old : "none");
		return EXIT_DONE;
	}
	if (device_is_vfio(dev)) {
		complain(0, "%s: bound to %s again, which claims its ID; take the ID from ids= of "
			 "the module, or write it to remove_id of the driver", dev->bdf, new);
		return EXIT_FAILED;
	}
	printf("%s: bound to %s (before: %s)\n", dev->bdf, new[0] ? new : "none",
	       old[0] ? old : "none");
	lasting_note(dev);
	return EXIT_DONE;
}

static int forget_one(const char *address)
{
	if (persist_remove(address))
		return EXIT_FAILED;
	if (!dry_run())
		printf("%s: nothing lasts any more for this address, which has no device\n",
		       address);
	return EXIT_DONE;
}

/* Checks all devices before it changes the first. */
static int unbind_all(void *input)
{
	const struct unbind *unbind = input;
	int result = EXIT_DONE;
	size_t i;

	for (i = 0; i < unbind->sel.count; i++) {
		int refused = check(unbind, &unbind->sel.device[i]);

		if (refused)
			result = refused;
	}
	for (i = 0; i < unbind->sel.count && !result; i++)
		result = unbind_one(&unbind->sel.device[i]);
	for (i = 0; i < unbind->sel.absent.count && !result; i++)
		result = forget_one(unbind->sel.absent.text[i]);
	return result;
}

int unbind_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_change_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Unbind devices from their VFIO driver, and give them back to the drivers "
		       "that the host has for them. This also ends what \"bind --persist\" and "
		       "\"window --persist\" have made last, also for the address of a device that "
		       "is gone.",
	};
	struct unbind unbind = { .force = false };

	return select_run(argc, argv, &argp, &unbind.sel, &unbind, unbind_all);
}
