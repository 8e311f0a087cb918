// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi vectors: the allocated vectors, their interrupts and messages. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

#define MAX_INTERVAL	86400

struct vector {
	struct irq irq;
	bool message_known;
	uint64_t address;
	uint32_t data;
	bool flags_known;
	char flags[NAME_SIZE];	/* separated by commas, as the driver reports them */
};

struct vectors {
	char driver[NAME_SIZE];
	const char *source;	/* "msi-vfio-pci", or "config": config space and sysfs */
	char index[8];		/* none, msi or msix */
	unsigned long long generation;
	struct caps caps;
	size_t count;
	struct vector *vector;
};

static struct vector *add_vector(struct vectors *vectors)
{
	struct vector *vector;

	vectors->vector = xrealloc(vectors->vector, vectors->count + 1,
				   sizeof(*vectors->vector));
	vector = &vectors->vector[vectors->count++];
	memset(vector, 0, sizeof(*vector));
	return vector;
}

static void copy_live(const struct live *live, struct vectors *vectors)
{
	size_t i;

	vectors->source = MSI_VFIO_PCI;
	vectors->generation = live->generation;
	strcpy(vectors->index, live->index);
	for (i = 0; i < live->count; i++) {
		const struct live_vector *from = &live->vector[i];
		struct vector *vector = add_vector(vectors);

		vector->irq.vector = (int)from->vector;
		vector->irq.number = from->irq;
		/* a vector at the dummy target has no interrupt */
		if (from->irq)
			irq_read(&vector->irq);
		vector->message_known = true;
		vector->address = from->address;
		vector->data = from->data;
		vector->flags_known = true;
		strcpy(vector->flags, from->flags);
	}
}

/* The vectors of an MSI capability have one message; only the data's low bits differ. */
static void read_message(const struct msi_cap *msi, struct vector *vector)
{
	unsigned int nr = (unsigned int)vector->irq.vector;
	bool masked, pending;

	if (!msi->enabled || vector->irq.vector < 0 || nr >= msi->enabled_vectors)
		return;
	vector->message_known = true;
	vector->address = msi->address;
	vector->data = (msi->data & ~(msi->enabled_vectors - 1)) | nr;
	if (!msi->maskable)
		return;
	vector->flags_known = true;
	masked = msi->mask & (1u << nr);
	pending = msi->pending & (1u << nr);
	snprintf(vector->flags, sizeof(vector->flags), "%s%s%s", masked ? "masked" : "",
		 masked && pending ? "," : "", pending ? "pending" : "");
}

/* The messages of MSI-X are in the device's table, which is not read here. */
static void read_config(const struct device *dev, struct vectors *vectors)
{
	struct irqs irqs;
	size_t i;

	vectors->source = "config";
	strcpy(vectors->index, "none");
	irqs_read(dev, &irqs);
	caps_read(dev, &vectors->caps);
	for (i = 0; i < irqs.count; i++) {
		struct vector *vector = add_vector(vectors);

		vector->irq = irqs.irq[i];
		strcpy(vectors->index, vector->irq.msix ? "msix" : "msi");
		if (!vector->irq.msix && vectors->caps.msi.pos)
			read_message(&vectors->caps.msi, vector);
	}
	irqs_free(&irqs);
}

/* An access to config space would wake the device up, and the driver's files do not. */
static bool is_suspended(const struct device *dev)
{
	char status[NAME_SIZE];

	return !device_read(dev, "power/runtime_status", status, sizeof(status)) &&
	       !strncmp(status, "suspend", 7);
}

static int vectors_read(const struct device *dev, struct vectors *vectors)
{
	char path[PATH_MAX];
	struct live live;
	int err;

	memset(vectors, 0, sizeof(*vectors));
	device_path(dev, "", path);
	if (access(path, F_OK)) {
		complain(errno, "%s", path);
		return -errno;
	}
	device_driver(dev, vectors->driver);
	err = live_read(dev, &live);
	if (!err) {
		copy_live(&live, vectors);
		live_free(&live);
		if (!is_suspended(dev))
			caps_read(dev, &vectors->caps);
		return 0;
	}
	if (err != -ENOENT && err != -EACCES)
		return err;
	if (!strcmp(vectors->driver, MSI_VFIO_PCI))
		live_note(dev, err);
	read_config(dev, vectors);
	return 0;
}

/* What is enabled in the device */
struct enabled {
	bool known;
	bool enabled;
	unsigned int vectors;	/* 0: not known */
};

static struct enabled find_enabled(const struct vectors *vectors)
{
	struct enabled enabled = { .known = false };
	const struct caps *caps = &vectors->caps;

	if (caps->msi.pos && !strcmp(vectors->index, "msi")) {
		enabled.known = true;
		enabled.enabled = caps->msi.enabled;
		enabled.vectors = caps->msi.enabled ? caps->msi.enabled_vectors : 0;
	} else if (caps->msix.pos && !strcmp(vectors->index, "msix")) {
		enabled.known = true;
		enabled.enabled = caps->msix.enabled;
	}
	return enabled;
}

static void print_enabled(const struct vectors *vectors)
{
	struct enabled enabled = find_enabled(vectors);

	if (enabled.known && !enabled.enabled)
		printf("; %s is disabled in the device: no interrupt arrives",
		       strcmp(vectors->index, "msi") ? "MSI-X" : "MSI");
	else if (enabled.vectors && enabled.vectors < vectors->count)
		printf("; %u of them enabled in the device", enabled.vectors);
}

static void print_no_vectors(const struct device *dev)
{
	char *refusal = msi_refusal(dev);

	printf("no vectors allocated%s%s\n", refusal ? ": " : "", refusal ? refusal : "");
	free(refusal);
}

static void print_head(const struct selection *sel, const struct device *dev,
		       const struct vectors *vectors)
{
	printf("%s %s: ", select_address(sel, dev),
	       vectors->driver[0] ? vectors->driver : "no driver");
	if (!vectors->count) {
		print_no_vectors(dev);
		return;
	}
	printf("%zu %s vector%s", vectors->count, vectors->index,
	       vectors->count == 1 ? "" : "s");
	if (!strcmp(vectors->source, MSI_VFIO_PCI))
		printf(", generation %llu", vectors->generation);
	else if (!strcmp(vectors->index, "msix"))
		printf("; the messages are only known under " MSI_VFIO_PCI);
	print_enabled(vectors);
	putchar('\n');
}

static void format_message(const struct vector *vector, char address[24], char data[16])
{
	if (!vector->message_known) {
		strcpy(address, "?");
		strcpy(data, "?");
		return;
	}
	snprintf(address, 24, "0x%08llx", (unsigned long long)vector->address);
	snprintf(data, 16, "0x%04x", vector->data);
}

static const char *or_unknown(const struct irq *irq, const char *text)
{
	if (!irq->number)
		return "-";
	return text[0] ? text : "?";
}

static void print_vector(const struct vector *vector, struct table *table)
{
	char number[16] = "?", line[16] = "-", address[24], data[16];
	const struct irq *irq = &vector->irq;
	const char *flags = "?";

	if (irq->vector >= 0)
		snprintf(number, sizeof(number), "%d", irq->vector);
	if (irq->number)
		snprintf(line, sizeof(line), "%u", irq->number);
	if (vector->flags_known)
		flags = vector->flags[0] ? vector->flags : "-";
	format_message(vector, address, data);
	table_add(table, "%s\t%s\t%s\t%s\t%llu\t%s\t%s\t%s", number, line,
		  or_unknown(irq, irq->affinity), or_unknown(irq, irq->effective),
		  (unsigned long long)irq->count, address, data, flags);
}

static void print_vectors(const struct selection *sel, const struct device *dev,
			  const struct vectors *vectors)
{
	struct table table;
	size_t i;

	print_head(sel, dev, vectors);
	if (!vectors->count)
		return;
	table_init(&table, 8, 1 << 0 | 1 << 1 | 1 << 4);
	table_add(&table, "VECTOR\tIRQ\tAFFINITY\tCPU\tCOUNT\tADDRESS\tDATA\tFLAGS");
	for (i = 0; i < vectors->count; i++)
		print_vector(&vectors->vector[i], &table);
	table_print(&table);
}

static struct json_object *json_vector(const struct vector *vector)
{
	struct json_object *object = json_object_new_object();
	const struct irq *irq = &vector->irq;
	bool known = vector->message_known;

	json_object_object_add(object, "vector",
			       irq->vector < 0 ? NULL : json_object_new_int(irq->vector));
	json_object_object_add(object, "irq",
			       irq->number ? json_object_new_int((int)irq->number) : NULL);
	json_object_object_add(object, "affinity", json_text(irq->affinity));
	json_object_object_add(object, "effective_affinity", json_text(irq->effective));
	json_object_object_add(object, "count", json_object_new_int64((int64_t)irq->count));
	json_object_object_add(object, "address", known ? json_hex(vector->address, 8) : NULL);
	json_object_object_add(object, "data", known ? json_hex(vector->data, 4) : NULL);
	json_object_object_add(object, "flags",
			       vector->flags_known ? json_words(vector->flags) : NULL);
	return object;
}

static struct json_object *json_vectors(const struct device *dev,
					const struct vectors *vectors)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();
	bool live = !strcmp(vectors->source, MSI_VFIO_PCI);
	struct enabled enabled = find_enabled(vectors);
	size_t i;

	for (i = 0; i < vectors->count; i++)
		json_object_array_add(array, json_vector(&vectors->vector[i]));
	json_object_object_add(object, "address", json_text(dev->bdf));
	json_object_object_add(object, "driver", json_text(vectors->driver));
	json_object_object_add(object, "source", json_text(vectors->source));
	json_object_object_add(object, "index", json_text(vectors->index));
	json_object_object_add(object, "generation",
			       live ? json_object_new_int64((int64_t)vectors->generation) : NULL);
	json_object_object_add(object, "answers", caps_answers(&vectors->caps));
	json_object_object_add(object, "enabled", enabled.known ?
			       json_object_new_boolean(enabled.enabled) : NULL);
	json_object_object_add(object, "enabled_vectors", enabled.vectors ?
			       json_object_new_int((int)enabled.vectors) : NULL);
	json_object_object_add(object, "vectors", array);
	return object;
}

static int show_vectors(const struct selection *sel)
{
	struct json_object *array = sel->json ? json_object_new_array() : NULL;
	int result = EXIT_DONE;
	size_t i;

	for (i = 0; i < sel->count; i++) {
		const struct device *dev = &sel->device[i];
		struct vectors vectors;

		if (vectors_read(dev, &vectors)) {
			result = EXIT_FAILED;
			continue;
		}
		if (array)
			json_object_array_add(array, json_vectors(dev, &vectors));
		else
			print_vectors(sel, dev, &vectors);
		if (vectors.caps.gone)
			note("%s " DOES_NOT_ANSWER, dev->bdf);
		free(vectors.vector);
	}
	if (array)
		json_print("devices", array);
	return result;
}

struct call {
	struct selection sel;
	time_t interval;	/* seconds; 0: print once */
};

enum { OPTION_WATCH = 256 };

static const struct argp_option options[] = {
	{ "watch", OPTION_WATCH, "SECONDS", OPTION_ARG_OPTIONAL,
	  "Show them again every SECONDS seconds (default 1), until interrupted", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct call *call = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &call->sel;
		return 0;
	case OPTION_WATCH:
		call->interval = arg ? (time_t)select_number("--watch", arg, 1, MAX_INTERVAL,
							      state) : 1;
		return 0;
	case ARGP_KEY_END:
		select_require(&call->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int show_round(void *sel)
{
	return show_vectors(sel);
}

static int run(void *input)
{
	struct call *call = input;

	return call->interval ? watch(show_round, &call->sel, call->interval) :
				show_vectors(&call->sel);
}

int vectors_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_output_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Show the vectors (interrupts) that devices have, each with its count and "
		       "its message, also while a VMM has the device open.",
	};
	struct call call = { .interval = 0 };

	return select_run(argc, argv, &argp, &call.sel, &call, run);
}
