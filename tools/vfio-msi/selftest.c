// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi selftest: what a VMM does with a device's interrupts, and undoes, without harm. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "vfio-msi.h"

/* Enough to see that there are several */
#define MOST_VECTORS	8

#define ENTRY_SIZE	16	/* of the MSI-X table */
#define WAIT_MS		5000

struct trial {
	const struct device *dev;
	struct session session;
	struct caps caps;
	unsigned int index;	/* of VFIO's interrupts: MSI-X, or MSI */
	unsigned int vectors;	/* that are allocated; 0: none */
	bool maskable;
	int eventfd[MOST_VECTORS];
	bool failed;
};

static const char *index_name(const struct trial *trial)
{
	return trial->index == VFIO_PCI_MSIX_IRQ_INDEX ? "MSI-X" : "MSI";
}

static void passed(const char *step, const char *detail)
{
	printf("  ok      %-10s %s\n", step, detail);
}

static void skipped(const char *step, const char *reason)
{
	printf("  skipped %-10s %s\n", step, reason);
}

/* @err: a positive or negative errno, or 0 */
static void failed(struct trial *trial, const char *step, int err, const char *what)
{
	err = abs(err);
	printf("  FAILED  %-10s %s%s%s\n", step, what, err ? ": " : "", err ? strerror(err) : "");
	trial->failed = true;
}

static void try_features(struct trial *trial)
{
	struct json_object *features = session_features(&trial->session);
	char *text = format_text("%s", "");

	json_object_object_foreach(features, name, operations) {
		char *longer = format_text("%s%s%s", text, *text ? ", " : "", name);

		(void)operations;
		free(text);
		text = longer;
	}
	passed("features", *text ? text : "none of " MSI_VFIO_PCI);
	free(text);
	json_object_put(features);
}

static bool get_region(const struct trial *trial, unsigned int number,
		       struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = sizeof(*info), .index = number };
	return !ioctl(trial->session.device, VFIO_DEVICE_GET_REGION_INFO, info);
}

/* VFIO lets nobody read a BAR before its user has enabled it. */
static bool enable_memory(const struct trial *trial)
{
	struct vfio_region_info config;
	uint16_t command;
	off_t place;

	if (!get_region(trial, VFIO_PCI_CONFIG_REGION_INDEX, &config))
		return false;
	place = (off_t)config.offset + PCI_COMMAND;
	if (pread(trial->session.device, &command, sizeof(command), place) != sizeof(command))
		return false;
	command |= PCI_COMMAND_MEMORY;
	return pwrite(trial->session.device, &command, sizeof(command), place) == sizeof(command);
}

static bool read_range(const struct trial *trial, unsigned int bar, uint32_t offset, size_t size)
{
	struct vfio_region_info info;
	char *buf;
	bool read;

	if (!get_region(trial, bar, &info) || (uint64_t)offset + size > info.size)
		return false;
	buf = xrealloc(NULL, 1, size);
	read = pread(trial->session.device, buf, size, (off_t)(info.offset + offset)) ==
	       (ssize_t)size;
	free(buf);
	return read;
}

static void try_table(struct trial *trial)
{
	const struct msix_cap *msix = &trial->caps.msix;
	char detail[80];

	if (!msix->pos) {
		skipped("table", "the device has no MSI-X");
		return;
	}
	snprintf(detail, sizeof(detail), "%u entries and the PBA were read", msix->vectors);
	if (!enable_memory(trial))
		failed(trial, "table", errno, "memory cannot be enabled");
	else if (!read_range(trial, msix->table_bar, msix->table_offset,
			     (size_t)msix->vectors * ENTRY_SIZE))
		failed(trial, "table", errno, "cannot be read");
	else if (!read_range(trial, msix->pba_bar, msix->pba_offset, (msix->vectors + 63) / 64 * 8))
		failed(trial, "table", errno, "the PBA cannot be read");
	else
		passed("table", detail);
}

/*
 * Returns 0, a negative errno, or how many vectors can be had: then it has allocated none,
 * and there is no errno.
 */
static int set_irqs(const struct trial *trial, uint32_t flags, unsigned int count)
{
	union {
		struct vfio_irq_set set;
		char space[sizeof(struct vfio_irq_set) + sizeof(trial->eventfd)];
	} request = { .space = { 0 } };
	size_t size = sizeof(request.set);
	int result;

	if (flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		memcpy(request.set.data, trial->eventfd, count * sizeof(int));
		size += count * sizeof(int);
	}
	request.set.argsz = (uint32_t)size;
	request.set.flags = flags;
	request.set.index = trial->index;
	request.set.count = count;
	result = ioctl(trial->session.device, VFIO_DEVICE_SET_IRQS, &request);
	return result < 0 ? -errno : result;
}

/* The vectors that the kernel has allocated, as sysfs has them */
static size_t count_irqs(const struct trial *trial)
{
	struct irqs irqs;
	size_t count;

	irqs_read(trial->dev, &irqs);
	count = irqs.count;
	irqs_free(&irqs);
	return count;
}

static bool choose_index(struct trial *trial, unsigned int index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(trial->session.device, VFIO_DEVICE_GET_IRQ_INFO, &info) || !info.count)
		return false;
	trial->index = index;
	trial->vectors = info.count < MOST_VECTORS ? info.count : MOST_VECTORS;
	trial->maskable = info.flags & VFIO_IRQ_INFO_MASKABLE;
	return true;
}

static int allocate(struct trial *trial, unsigned int vectors)
{
	trial->vectors = vectors;
	return set_irqs(trial, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, vectors);
}

/*
 * A host can have fewer vectors than the device, and one that does not remap interrupts
 * gives one MSI vector only. VFIO says how many there are, or that there is no space.
 */
static void try_vectors(struct trial *trial)
{
	char detail[80];
	int err;

	err = allocate(trial, trial->vectors);
	if (err > 0)
		err = allocate(trial, (unsigned int)err);
	else if (err == -ENOSPC)
		err = allocate(trial, 1);
	if (err > 0)
		err = -ENOSPC;
	snprintf(detail, sizeof(detail), "%u %s allocated", trial->vectors, index_name(trial));
	if (err)
		failed(trial, "vectors", err, "cannot be allocated");
	else if (count_irqs(trial) != trial->vectors)
		failed(trial, "vectors", 0, "the kernel shows another number of interrupts");
	else
		passed("vectors", detail);
	if (err)
		trial->vectors = 0;
}

/* The kernel raises it, and not the device: nothing is written to the device. */
static void try_loopback(struct trial *trial)
{
	struct pollfd event = { .fd = trial->eventfd[0], .events = POLLIN };
	uint64_t count = 0;
	bool once;
	int err;

	err = set_irqs(trial, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 1);
	if (err) {
		failed(trial, "loopback", err, "vector 0 cannot be triggered");
		return;
	}
	once = poll(&event, 1, WAIT_MS) == 1 &&
	       read(event.fd, &count, sizeof(count)) == sizeof(count) && count == 1;
	if (once)
		passed("loopback", "vector 0 arrived once");
	else if (watch_interrupted())
		skipped("loopback", "a signal ended the wait");
	else
		failed(trial, "loopback", 0, "vector 0 did not arrive once");
}

static void try_masks(struct trial *trial)
{
	int err;

	if (!trial->maskable) {
		skipped("masks", "VFIO has no masks for these vectors");
		return;
	}
	err = set_irqs(trial, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, trial->vectors);
	if (!err)
		err = set_irqs(trial, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
			       trial->vectors);
	if (err)
		failed(trial, "masks", err, "cannot be set and cleared");
	else
		passed("masks", "set and cleared");
}

static void try_free(struct trial *trial)
{
	int err = set_irqs(trial, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0);

	if (err || count_irqs(trial))
		failed(trial, "free", err, "the vectors cannot be freed");
	else
		passed("free", "all vectors freed");
}

static void try_interrupts(struct trial *trial)
{
	unsigned int i;

	if (!choose_index(trial, VFIO_PCI_MSIX_IRQ_INDEX) &&
	    !choose_index(trial, VFIO_PCI_MSI_IRQ_INDEX)) {
		skipped("vectors", "the device has neither MSI nor MSI-X");
		return;
	}
	for (i = 0; i < trial->vectors; i++)
		trial->eventfd[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	try_vectors(trial);
	if (trial->vectors) {
		try_loopback(trial);
		try_masks(trial);
		try_free(trial);
	}
}

/* Ends early after a signal. */
static void try_all(struct trial *trial)
{
	static void (*const try[])(struct trial *trial) = {
		try_features, try_table, try_interrupts
	};
	size_t i;

	for (i = 0; i < sizeof(try) / sizeof(try[0]) && !watch_interrupted(); i++)
		try[i](trial);
}

/* Closing the device resets it and frees what is left. */
static bool try_device(const struct device *dev)
{
	struct trial trial = { .dev = dev };
	unsigned int i;

	for (i = 0; i < MOST_VECTORS; i++)
		trial.eventfd[i] = -1;
	caps_read(dev, &trial.caps);
	if (session_open(dev, &trial.session)) {
		failed(&trial, "open", 0, "the device cannot be opened (see above)");
		return false;
	}
	passed("open", "the device was opened, which resets it");
	try_all(&trial);
	session_close(&trial.session);
	passed("close", "the device was closed");
	for (i = 0; i < MOST_VECTORS; i++)
		if (trial.eventfd[i] >= 0)
			close(trial.eventfd[i]);
	return !trial.failed;
}

static int check(const struct device *dev)
{
	struct caps caps;
	int result;

	if (device_is_bridge(dev)) {
		complain(0, "%s: refused: it is a bridge", dev->bdf);
		return EXIT_REFUSED;
	}
	caps_read(dev, &caps);
	if (caps.gone) {
		complain(0, "%s: refused: it " DOES_NOT_ANSWER, dev->bdf);
		return EXIT_REFUSED;
	}
	result = device_check_writable(dev);
	return result ? result : use_refuse(dev);
}

/* A device that has a VFIO driver is tested under it; another is bound for the test. */
static int run_one(const struct device *dev)
{
	char driver[NAME_SIZE], override[NAME_SIZE];
	bool bind = !device_is_vfio(dev), good;

	device_driver(dev, driver);
	driver_override(dev, override);
	if (bind && (driver_load(MSI_VFIO_PCI) || driver_bind(dev, MSI_VFIO_PCI)))
		return EXIT_FAILED;
	printf("%s: %s%s\n", dev->bdf, bind ? "bound to " MSI_VFIO_PCI " for this test, before: " :
	       "under ", driver[0] ? driver : "none");
	if (dry_run()) {
		printf("would open %s, read its MSI-X table, allocate and free vectors, and close "
		       "it\n", dev->bdf);
		return EXIT_DONE;
	}
	good = try_device(dev);
	if (bind && driver_restore(dev, driver, override)) {
		complain(0, "%s: is not as it was before (see above)", dev->bdf);
		good = false;
	} else if (bind) {
		printf("%s: as it was before\n", dev->bdf);
	}
	return good ? EXIT_DONE : EXIT_FAILED;
}

/*
 * Checks all devices before it touches the first. From there on signals end the command
 * only between devices, so that each device gets back what it had.
 */
static int run(void *input)
{
	const struct selection *sel = input;
	int result = EXIT_DONE;
	size_t i;

	for (i = 0; i < sel->count; i++) {
		int refused = check(&sel->device[i]);

		if (refused)
			result = refused;
	}
	if (result)
		return result;
	/* a line shows when its step is done, also in a file if a later step crashes */
	setlinebuf(stdout);
	watch_signals();
	for (i = 0; i < sel->count && !watch_interrupted(); i++)
		if (run_one(&sel->device[i]))
			result = EXIT_FAILED;
	if (watch_interrupted()) {
		complain(0, "a signal came: not all was tested");
		result = EXIT_FAILED;
	}
	return result;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = state->input;
		return 0;
	}
	if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	select_require(state->input, state);
	return 0;
}

int selftest_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_change_argp }, { 0 } };
	static const struct argp argp = {
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Try the interrupts of devices as a VMM uses them, and undo it: open, read "
		       "the MSI-X table, allocate vectors, have one arrive, mask, free, close.\v"
		       "Devices in use are refused. The device is reset; a device that has a driver "
		       "of the host loses it for the time of the test.",
	};
	struct selection sel;

	return select_run(argc, argv, &argp, &sel, &sel, run);
}
