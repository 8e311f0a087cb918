// SPDX-License-Identifier: GPL-2.0-only
/* The report of vfio-msi learn. */
#include <stdio.h>
#include <stdlib.h>

#include "vfio-msi.h"

/*
 * The distance that the slots of the BAR agree on or, without data there, the slot's own; with
 * the data there, and the vector that has it.
 */
static unsigned int distance_of(const struct learned_slot *slot, const struct vote *vote,
				uint32_t *data, unsigned int *vector)
{
	if (learned_slot_data(slot, vote->distance, data)) {
		*vector = slot->slot.learned_vector[vote->distance / 4 - 1];
		return vote->distance;
	}
	*data = slot->slot.data;
	*vector = slot->slot.vector;
	return slot->slot.distance;
}

static void print_slots(const struct learn_result *result, const struct vote vote[BARS])
{
	struct table table;
	size_t i;

	table_init(&table, 6, 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5);
	table_add(&table, "BAR\tSLOT\tADDRESS\tDATA\tVECTOR\tDISTANCE");
	for (i = 0; i < result->learned.count; i++) {
		const struct learned_slot *slot = &result->learned.slot[i];
		unsigned int distance, vector;
		uint32_t data;

		distance = distance_of(slot, &vote[slot->bar], &data, &vector);
		if (distance)
			table_add(&table, "%u\t0x%llx\t0x%08llx\t0x%04x\t%u\t%u", slot->bar,
				  (unsigned long long)slot->slot.offset,
				  (unsigned long long)slot->slot.address, data,
				  vector, distance);
		else
			table_add(&table, "%u\t0x%llx\t0x%08llx\t?\t?\t?", slot->bar,
				  (unsigned long long)slot->slot.offset,
				  (unsigned long long)slot->slot.address);
	}
	table_print(&table);
}

static void print_vote(unsigned int bar, const struct vote *vote)
{
	if (!vote->slots)
		return;
	if (!vote->distance) {
		printf("BAR %u: no data within 64 bytes after any address\n", bar);
		return;
	}
	printf("BAR %u: data %u bytes after the address in %zu of %zu slots\n", bar,
	       vote->distance, vote->agree, vote->slots);
	if (vote->rival)
		printf("BAR %u: %u bytes fit, too; a guest with more vectors would show which\n",
		       bar, vote->rival);
}

/* The reason follows from the furthest step that was seen. */
static const char *why_nothing(const struct learn_result *result)
{
	if (result->msi)
		return "the guest did not write its MSI message into a watched BAR: its driver has "
		       "an interrupt domain of its own, or the device has no embedded controller";
	if (result->msix)
		return "the guest used MSI-X, and windows are for MSI";
	if (result->session)
		return "the guest never enabled MSI: its driver did not get that far";
	if (result->missed)
		return "the device was opened and closed again within a second, too fast to watch";
	return "the device was not opened";
}

static void print_command(const struct device *dev, const struct learn_result *result,
			  const struct window_list *list)
{
	size_t i;

	puts("To have this window from the next session on:");
	printf("  vfio-msi window %s%s", dev->bdf, result->windows_before ? " --clear" : "");
	for (i = 0; i < list->count; i++) {
		char *text = window_text(&list->window[i]);

		printf(" --add %s", text);
		free(text);
	}
	putchar('\n');
	puts("Whether the BAR shows different registers at one place, one after the other, cannot "
	     "be learned.\nIf it does, add the register that selects them to the window: "
	     "select=OFFSET/MASK");
}

static void print_result(const struct device *dev, const struct learn_result *result,
			 const struct vote vote[BARS], const struct window_list *list)
{
	unsigned int bar;

	if (!result->learned.count) {
		printf("%s: no slots seen: %s\n", dev->bdf, why_nothing(result));
		return;
	}
	printf("%s: %zu slots seen\n", dev->bdf, result->learned.count);
	print_slots(result, vote);
	for (bar = 0; bar < BARS; bar++)
		print_vote(bar, &vote[bar]);
	if (list->count)
		print_command(dev, result, list);
}

static struct json_object *json_slots(const struct learn_result *result,
				      const struct vote vote[BARS])
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < result->learned.count; i++) {
		const struct learned_slot *slot = &result->learned.slot[i];
		struct json_object *object = json_object_new_object();
		unsigned int distance, vector;
		uint32_t data;

		distance = distance_of(slot, &vote[slot->bar], &data, &vector);
		json_object_object_add(object, "bar", json_object_new_int((int)slot->bar));
		json_object_object_add(object, "offset", json_hex(slot->slot.offset, 1));
		json_object_object_add(object, "guest_address", json_hex(slot->slot.address, 8));
		json_object_object_add(object, "guest_data", distance ? json_hex(data, 4) : NULL);
		json_object_object_add(object, "vector", distance ?
				       json_object_new_int((int)vector) : NULL);
		json_object_object_add(object, "data_distance", distance ?
				       json_object_new_int((int)distance) : NULL);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_votes(const struct vote vote[BARS])
{
	struct json_object *array = json_object_new_array();
	unsigned int bar;

	for (bar = 0; bar < BARS; bar++) {
		struct json_object *object;

		if (!vote[bar].slots)
			continue;
		object = json_object_new_object();
		json_object_object_add(object, "bar", json_object_new_int((int)bar));
		json_object_object_add(object, "data_distance", vote[bar].distance ?
				       json_object_new_int((int)vote[bar].distance) : NULL);
		json_object_object_add(object, "rival", vote[bar].rival ?
				       json_object_new_int((int)vote[bar].rival) : NULL);
		json_object_object_add(object, "slots",
				       json_object_new_int64((int64_t)vote[bar].slots));
		json_object_object_add(object, "agree",
				       json_object_new_int64((int64_t)vote[bar].agree));
		json_object_array_add(array, object);
	}
	return array;
}

static void print_json(const struct device *dev, const struct learn_result *result,
		       const struct vote vote[BARS], const struct window_list *list)
{
	struct json_object *array = json_object_new_array(), *object = json_object_new_object();
	struct json_object *windows = json_object_new_array();
	size_t i;

	for (i = 0; i < list->count; i++)
		json_object_array_add(windows, json_window(&list->window[i]));
	json_object_object_add(object, "address", json_text(dev->bdf));
	json_object_object_add(object, "session",
			       json_object_new_boolean(result->session || result->missed));
	json_object_object_add(object, "missed", json_object_new_boolean(result->missed));
	json_object_object_add(object, "msi", json_object_new_boolean(result->msi));
	json_object_object_add(object, "msix", json_object_new_boolean(result->msix));
	json_object_object_add(object, "slots", json_slots(result, vote));
	json_object_object_add(object, "votes", json_votes(vote));
	json_object_object_add(object, "windows", windows);
	json_object_array_add(array, object);
	json_print("devices", array);
}

/* Returns whether a window was found. */
bool learn_report(const struct device *dev, bool json, const struct learn_result *result)
{
	struct window_list list = { .count = 0 };
	struct vote vote[BARS];
	unsigned int bar;
	bool found;

	for (bar = 0; bar < BARS; bar++) {
		vote[bar] = learned_vote(&result->learned, bar);
		learned_windows(&result->learned, bar, vote[bar].distance, &list);
	}
	if (json)
		print_json(dev, result, vote, &list);
	else
		print_result(dev, result, vote, &list);
	found = list.count;
	windows_free(&list);
	return found;
}
