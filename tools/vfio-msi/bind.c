// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi bind: bind devices to msi-vfio-pci, or to another driver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

struct bind {
	struct selection sel;
	const char *driver;
	bool force;
	bool persist;
	struct persist rights;	/* its group, mode and initramfs */
};

enum { OPTION_PERSIST = 256, OPTION_GROUP, OPTION_MODE, OPTION_INITRAMFS };

static const struct argp_option options[] = {
	{ "driver", 'b', "NAME", 0, "Bind to this driver (default: " MSI_VFIO_PCI ")", 0 },
	{ "force", 'f', NULL, 0, "Bind devices even if they are in use or do not answer", 0 },
	{ "persist", OPTION_PERSIST, NULL, 0,
	  "Bind them at each boot, too, before the host's driver can", 0 },
	{ "group", OPTION_GROUP, "NAME", 0,
	  "With --persist: users of this group can open the device (it owns the node in "
	  "/dev/vfio)", 0 },
	{ "mode", OPTION_MODE, "MODE", 0,
	  "With --persist: the mode of that node, such as 0660", 0 },
	{ "initramfs", OPTION_INITRAMFS, NULL, 0,
	  "With --persist: bind them in the initramfs, too", 0 },
	{ 0 }
};

static void parse_persist(struct bind *bind, struct argp_state *state)
{
	const struct persist *rights = &bind->rights;

	if (!bind->persist && (rights->group[0] || rights->mode || rights->initramfs))
		argp_error(state, "--group, --mode and --initramfs need --persist");
	if (bind->persist && !driver_name_ok(bind->driver))
		argp_error(state, "%s: not the name of a driver", bind->driver);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bind *bind = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &bind->sel;
		return 0;
	case 'b':
		/* the name becomes part of a path in sysfs */
		if (!*arg || *arg == '.' || strchr(arg, '/') || strlen(arg) >= NAME_SIZE)
			argp_error(state, "%s: not the name of a driver", arg);
		bind->driver = arg;
		return 0;
	case 'f':
		bind->force = true;
		return 0;
	case OPTION_PERSIST:
		bind->persist = true;
		return 0;
	case OPTION_GROUP:
		if (!driver_name_ok(arg))
			argp_error(state, "%s: not the name of a group", arg);
		strcpy(bind->rights.group, arg);
		return 0;
	case OPTION_MODE:
		if (!persist_mode(arg, &bind->rights.mode))
			argp_error(state, "%s: not a mode; use an octal number as 0660", arg);
		return 0;
	case OPTION_INITRAMFS:
		bind->rights.initramfs = true;
		return 0;
	case ARGP_KEY_END:
		parse_persist(bind, state);
		select_require(&bind->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool is_gone(const struct device *dev)
{
	struct caps caps;

	caps_read(dev, &caps);
	return caps.gone;
}

static int check(const struct bind *bind, const struct device *dev)
{
	char driver[NAME_SIZE];
	int result;

	if (device_is_bridge(dev)) {
		complain(0, "%s: refused: it is a bridge, which VFIO cannot give to a user",
			 dev->bdf);
		return EXIT_REFUSED;
	}
	result = device_check_writable(dev);
	if (result)
		return result;
	if (!device_driver(dev, driver) && !strcmp(driver, bind->driver))
		return EXIT_DONE;
	if (bind->force) {
		use_warn(dev);
		return EXIT_DONE;
	}
	if (is_gone(dev)) {
		complain(0, "%s: refused: it " DOES_NOT_ANSWER "; use --force to bind it anyway",
			 dev->bdf);
		return EXIT_REFUSED;
	}
	return use_check(dev);
}

/* Notes on what keeps a user from opening the device, or from its interrupts */
static void note_obstacles(const struct device *dev)
{
	char pf[NAME_SIZE], *refusal = msi_refusal(dev), *unassigned = kmsg_unassigned(dev);
	struct group group;
	size_t i;

	if (unassigned)
		note("%s has a BAR without addresses; the kernel said: %s", dev->bdf, unassigned);
	free(unassigned);
	if (refusal)
		note("%s gets no MSI or MSI-X: %s", dev->bdf, refusal);
	free(refusal);
	if (device_vfio_pf(dev, pf))
		note("%s can only be opened with the VF token that the user of %s has set "
		     "(vf-token= of QEMU)", dev->bdf, pf);

	group_read(dev, &group);
	for (i = 0; i < group.count; i++)
		if (group.member[i].blocks && strcmp(group.member[i].bdf, dev->bdf))
			note("IOMMU group %s cannot be opened while %s is bound to %s, which is no "
			     "VFIO driver; bind it to one, too", group.name,
			     group.member[i].bdf, group.member[i].driver);
	group_free(&group);
}

/* Before it is bound: without a group the kernel refuses with an errno that does not tell. */
static void note_no_group(const struct device *dev, const char *driver)
{
	struct group group;

	group_read(dev, &group);
	if (!group.name[0] && strstr(driver, "vfio"))
		note("%s has no IOMMU group: " NEEDS_IOMMU, dev->bdf);
	group_free(&group);
}

static int bind_one(const struct bind *bind, const struct device *dev)
{
	char old[NAME_SIZE];

	device_driver(dev, old);
	note_no_group(dev, bind->driver);
	if (driver_bind(dev, bind->driver))
		return EXIT_FAILED;
	if (dry_run())
		printf("%s: would be bound to %s (now: %s)\n", dev->bdf, bind->driver,
		       old[0] ? old : "none");
	else if (!strcmp(old, bind->driver))
		printf("%s: already bound to %s\n", dev->bdf, bind->driver);
	else
		printf("%s: bound to %s (before: %s)\n", dev->bdf, bind->driver,
		       old[0] ? old : "none");
	if (device_is_vfio(dev))
		note_obstacles(dev);
	if (is_gone(dev))
		note("%s " DOES_NOT_ANSWER, dev->bdf);
	return EXIT_DONE;
}

/* Windows that last already go on lasting. */
static int persist_one(const struct bind *bind, const struct device *dev)
{
	struct persist persist;
	char *node;
	int err;

	err = persist_read(dev->bdf, &persist);
	if (err && err != -ENOENT)
		return EXIT_FAILED;
	persist.vendor = dev->pci->vendor_id;
	persist.device = dev->pci->device_id;
	strcpy(persist.driver, bind->driver);
	strcpy(persist.group, bind->rights.group);
	persist.mode = bind->rights.mode;
	persist.initramfs = bind->rights.initramfs;
	err = persist_write(&persist);
	node = session_node(dev);
	if (!err && node)
		err = persist_rights(&persist, node);
	free(node);
	if (!err && !dry_run())
		printf("%s: will be bound to %s at each boot\n", dev->bdf, bind->driver);
	persist_free(&persist);
	return err ? EXIT_FAILED : EXIT_DONE;
}

/* Checks all devices before it changes the first. */
static int bind_all(void *input)
{
	const struct bind *bind = input;
	int result = EXIT_DONE;
	size_t i;

	for (i = 0; i < bind->sel.count; i++) {
		int refused = check(bind, &bind->sel.device[i]);

		if (refused)
			result = refused;
	}
	if (result)
		return result;
	if (driver_load(bind->driver))
		return EXIT_FAILED;
	for (i = 0; i < bind->sel.count && !result; i++) {
		result = bind_one(bind, &bind->sel.device[i]);
		if (!result && bind->persist)
			result = persist_one(bind, &bind->sel.device[i]);
	}
	return result;
}

int bind_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_change_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Bind devices to " MSI_VFIO_PCI
		       ". They stay bound until \"vfio-msi unbind\" or the next boot; with "
		       "--persist until \"vfio-msi unbind\".",
	};
	struct bind bind = { .driver = MSI_VFIO_PCI };

	return select_run(argc, argv, &argp, &bind.sel, &bind, bind_all);
}
