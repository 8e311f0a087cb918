// SPDX-License-Identifier: GPL-2.0-only
/* What doctor has found: a list of checks, each with what was seen and what to type next. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vfio-msi.h"

static const char *const state_name[] = {
	[FINDING_OK]		= "ok",
	[FINDING_NOTE]		= "note",
	[FINDING_UNKNOWN]	= "unknown",
	[FINDING_PROBLEM]	= "PROBLEM",
};

/* @device: NULL for the host. @next: a command, which is freed here, or NULL. */
void finding_add(struct findings *findings, const struct device *device, const char *check,
		 enum finding_state state, char *next, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	findings->finding = xrealloc(findings->finding, findings->count + 1, sizeof(*finding));
	finding = &findings->finding[findings->count++];
	*finding = (struct finding){
		.device = device,
		.check = check,
		.state = state,
		.next = next,
	};
	va_start(args, format);
	if (vasprintf(&finding->seen, format, args) < 0)
		out_of_memory();
	va_end(args);
}

/* A note does not count, what is not known does. */
bool findings_well(const struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->count; i++)
		if (findings->finding[i].state >= FINDING_UNKNOWN)
			return false;
	return true;
}

static void print_one(const struct finding *finding)
{
	printf("%-8s %-18s %s\n", state_name[finding->state], finding->check, finding->seen);
	if (finding->next)
		printf("%-8s %-18s next: %s\n", "", "", finding->next);
}

/* The host's, and then those of each device under a line with its address */
void findings_print(const struct findings *findings)
{
	const struct device *last = NULL;
	size_t i;

	for (i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->finding[i];

		if (finding->device && finding->device != last)
			printf("\n%s [%04x:%04x]\n", finding->device->bdf,
			       finding->device->pci->vendor_id,
			       finding->device->pci->device_id);
		last = finding->device;
		print_one(finding);
	}
}

struct json_object *findings_json(const struct findings *findings)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->finding[i];
		struct json_object *object = json_object_new_object();
		const char *state = finding->state == FINDING_PROBLEM ? "problem" :
				    state_name[finding->state];

		json_object_object_add(object, "device",
				       finding->device ? json_text(finding->device->bdf) : NULL);
		json_object_object_add(object, "check", json_text(finding->check));
		json_object_object_add(object, "state", json_text(state));
		json_object_object_add(object, "seen", json_text(finding->seen));
		json_object_object_add(object, "next",
				       finding->next ? json_text(finding->next) : NULL);
		json_object_array_add(array, object);
	}
	return array;
}

void findings_free(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->count; i++) {
		free(findings->finding[i].seen);
		free(findings->finding[i].next);
	}
	free(findings->finding);
	*findings = (struct findings){ .count = 0 };
}
