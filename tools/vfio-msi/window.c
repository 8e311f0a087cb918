// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi window: show, add and clear windows of embedded interrupt controllers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

struct change {
	struct selection sel;
	bool clear;
	bool persist;
	struct window_list add;
};

struct view {
	struct window_list configured;
	bool live_known;
	struct live_windows live;
};

enum { OPTION_ADD = 256, OPTION_CLEAR, OPTION_PERSIST };

static const struct argp_option options[] = {
	{ "add", OPTION_ADD, "WINDOW", 0,
	  "Add the window BAR:OFFSET:SIZE:DATA_OFFSET[:FLAGS][:select=OFFSET/MASK] (can be "
	  "repeated). OFFSET+SIZE,OFFSET+SIZE,... in place of OFFSET:SIZE is a window with "
	  "holes", 0 },
	{ "clear", OPTION_CLEAR, NULL, 0, "Remove the windows that were added before", 0 },
	{ "persist", OPTION_PERSIST, NULL, 0,
	  "With --add or --clear: whenever it is bound, by libvirt or after a boot, too", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct change *change = state->input;
	struct window window;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &change->sel;
		return 0;
	case OPTION_ADD:
		if (!window_parse(arg, &window))
			argp_error(state, "invalid window \"%s\": a window is "
				   "BAR:OFFSET:SIZE:DATA_OFFSET[:FLAGS][:select=OFFSET/MASK]", arg);
		windows_add(&change->add, &window);
		return 0;
	case OPTION_CLEAR:
		change->clear = true;
		return 0;
	case OPTION_PERSIST:
		change->persist = true;
		return 0;
	case ARGP_KEY_END:
		if (change->persist && !change->clear && !change->add.count)
			argp_error(state, "--persist needs --add or --clear");
		select_require(&change->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool is_open(const struct device *dev)
{
	struct live_windows live;
	bool open;

	if (live_windows_read(dev, &live))
		return false;
	open = live.open;
	live_windows_free(&live);
	return open;
}

static void print_changed(const struct device *dev, const struct window_list *list)
{
	size_t i;

	if (dry_run())
		return;
	printf("%s: ", dev->bdf);
	if (!list->count)
		printf("no added windows");
	for (i = 0; i < list->count; i++) {
		char *text = window_text(&list->window[i]);

		printf("%s%s", i ? ", " : list->count == 1 ? "window " : "windows ", text);
		free(text);
	}
	puts(", from the device's next open on until it is unbound");
	if (is_open(dev))
		note("%s is in use; the change takes effect when it is next opened", dev->bdf);
}

static int change_one(const struct change *change, const struct device *dev)
{
	struct window_list list;
	size_t i;
	int err;

	err = windows_read(dev, &list);
	if (err)
		return EXIT_FAILED;
	if (change->clear)
		windows_free(&list);
	for (i = 0; i < change->add.count; i++)
		windows_add(&list, &change->add.window[i]);
	err = windows_write(dev, &list);
	if (!err)
		print_changed(dev, &list);
	windows_free(&list);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int view_read(const struct device *dev, struct view *view)
{
	int err;

	*view = (struct view){ .live_known = false };
	if (windows_read(dev, &view->configured))
		return EXIT_FAILED;
	err = live_windows_read(dev, &view->live);
	view->live_known = !err;
	if (err == -ENOENT || err == -EACCES)
		live_note(dev, err);
	else if (err)
		return EXIT_FAILED;
	return EXIT_DONE;
}

static void view_free(struct view *view)
{
	windows_free(&view->configured);
	live_windows_free(&view->live);
}

static const char *or_none(const char *text)
{
	return text[0] ? text : "-";
}

/* The ranges of the windows that have holes, and the select registers */
static void print_parts(const struct window *window)
{
	size_t i;

	if (window->ranges) {
		printf("BAR %u, ranges:", window->bar);
		for (i = 0; i < window->ranges; i++)
			printf(" 0x%llx+0x%llx", (unsigned long long)window->range[i].offset,
			       (unsigned long long)window->range[i].size);
		putchar('\n');
	}
	if (window->select_mask)
		printf("BAR %u, select register: 0x%llx, bits 0x%x\n", window->bar,
		       (unsigned long long)window->select_offset, window->select_mask);
}

static void print_configured(const struct window_list *list)
{
	struct table table;
	size_t i;

	if (!list->count) {
		puts("Added: none; a session has the windows that the driver knows for the device");
		return;
	}
	puts("Added:");
	table_init(&table, 5, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3);
	table_add(&table, "BAR\tOFFSET\tSIZE\tDATA\tFLAGS");
	for (i = 0; i < list->count; i++) {
		const struct window *window = &list->window[i];

		table_add(&table, "%u\t0x%llx\t0x%llx\t%u\t%s", window->bar,
			  (unsigned long long)window->offset, (unsigned long long)window->size,
			  window->data_offset, or_none(window->flags));
	}
	table_print(&table);
	for (i = 0; i < list->count; i++)
		print_parts(&list->window[i]);
}

static void print_live_windows(const struct live_windows *live)
{
	struct table table;
	size_t i;

	table_init(&table, 10, (1 << 10) - 1 - (1 << 4));
	table_add(&table, "BAR\tOFFSET\tSIZE\tDATA\tFLAGS\tSLOTS\tADDRESSES\tDATAS\tWITHHELD\t"
			  "UNDONE");
	for (i = 0; i < live->count; i++) {
		const struct live_window *window = &live->window[i];

		table_add(&table, "%u\t0x%llx\t0x%llx\t%u\t%s\t%zu\t%llu\t%llu\t%llu\t%llu",
			  window->range.bar, (unsigned long long)window->range.offset,
			  (unsigned long long)window->range.size, window->range.data_offset,
			  or_none(window->range.flags), window->slots,
			  (unsigned long long)window->addresses,
			  (unsigned long long)window->data,
			  (unsigned long long)window->withheld,
			  (unsigned long long)window->undone);
	}
	table_print(&table);
	for (i = 0; i < live->count; i++)
		print_parts(&live->window[i].range);
}

static void add_slot(struct table *table, const struct live_window *window,
		     const struct live_slot *slot, bool pages)
{
	char page[16] = "-", *text;

	if (window->range.select_mask)
		snprintf(page, sizeof(page), "0x%x", slot->page);
	text = format_text("%u\t0x%llx\t0x%08llx\t0x%04x\t%u\t%u\t%s", window->range.bar,
			   (unsigned long long)slot->offset,
			   (unsigned long long)slot->address, slot->data, slot->vector,
			   slot->distance, or_none(slot->flags));
	if (pages)
		table_add(table, "%s\t%s", text, page);
	else
		table_add(table, "%s", text);
	free(text);
}

/* There is a column for pages if a window has a select register. */
static void print_live_slots(const struct live_windows *live)
{
	struct table table;
	bool pages = false;
	size_t i, j;

	for (i = 0; i < live->count; i++)
		pages |= live->window[i].range.select_mask;
	table_init(&table, pages ? 8 : 7, 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5);
	table_add(&table, "BAR\tSLOT\tADDRESS\tDATA\tVECTOR\tDISTANCE\tHOST%s",
		  pages ? "\tPAGE" : "");
	for (i = 0; i < live->count; i++) {
		for (j = 0; j < live->window[i].slots; j++)
			add_slot(&table, &live->window[i], &live->window[i].slot[j], pages);
	}
	table_print(&table);
}

static void print_view(const struct selection *sel, const struct device *dev,
		       const struct view *view)
{
	const struct live_windows *live = &view->live;
	size_t i, slots = 0;

	printf("%s ", select_address(sel, dev));
	if (!view->live_known)
		puts("(not known whether there is a session)");
	else
		puts(live->open ? "(in a session)" : "(no session)");
	print_configured(&view->configured);
	if (!live->open)
		return;
	if (!live->count) {
		puts("In the session: none");
		return;
	}
	puts("In the session:");
	print_live_windows(live);
	for (i = 0; i < live->count; i++)
		slots += live->window[i].slots;
	if (slots)
		print_live_slots(live);
}

static struct json_object *json_slot(const struct live_window *window,
				     const struct live_slot *slot)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "offset", json_hex(slot->offset, 1));
	json_object_object_add(object, "guest_address", json_hex(slot->address, 8));
	json_object_object_add(object, "guest_data", json_hex(slot->data, 4));
	json_object_object_add(object, "vector", json_object_new_int((int)slot->vector));
	json_object_object_add(object, "data_distance", json_object_new_int((int)slot->distance));
	json_object_object_add(object, "flags", json_words(slot->flags));
	json_object_object_add(object, "page", window->range.select_mask ?
			       json_hex(slot->page, 1) : NULL);
	return object;
}

static struct json_object *json_live(const struct live_window *window)
{
	struct json_object *object = json_window(&window->range);
	struct json_object *slots = json_object_new_array();
	size_t i;

	json_object_object_add(object, "addresses",
			       json_object_new_int64((int64_t)window->addresses));
	json_object_object_add(object, "data", json_object_new_int64((int64_t)window->data));
	json_object_object_add(object, "withheld",
			       json_object_new_int64((int64_t)window->withheld));
	json_object_object_add(object, "undone", json_object_new_int64((int64_t)window->undone));
	for (i = 0; i < window->slots; i++)
		json_object_array_add(slots, json_slot(window, &window->slot[i]));
	json_object_object_add(object, "slots", slots);
	return object;
}

static struct json_object *json_view(const struct device *dev, const struct view *view)
{
	struct json_object *object = json_object_new_object();
	struct json_object *added = json_object_new_array(), *session = NULL;
	size_t i;

	for (i = 0; i < view->configured.count; i++)
		json_object_array_add(added, json_window(&view->configured.window[i]));
	if (view->live.open) {
		session = json_object_new_array();
		for (i = 0; i < view->live.count; i++)
			json_object_array_add(session, json_live(&view->live.window[i]));
	}
	json_object_object_add(object, "address", json_text(dev->bdf));
	json_object_object_add(object, "open", view->live_known ?
			       json_object_new_boolean(view->live.open) : NULL);
	json_object_object_add(object, "added", added);
	json_object_object_add(object, "session", session);
	return object;
}

static int show_windows(const struct selection *sel)
{
	struct json_object *array = sel->json ? json_object_new_array() : NULL;
	int result = EXIT_DONE;
	struct view view;
	size_t i;

	for (i = 0; i < sel->count; i++) {
		if (view_read(&sel->device[i], &view))
			result = EXIT_FAILED;
		else if (array)
			json_object_array_add(array, json_view(&sel->device[i], &view));
		else
			print_view(sel, &sel->device[i], &view);
		view_free(&view);
	}
	if (array)
		json_print("devices", array);
	return result;
}

/* A window that lasts already is not added again: the driver would refuse the device. */
static void add_lasting(struct window_list *list, const struct window *window)
{
	char *text = window_text(window), *other;
	bool same = false;
	size_t i;

	for (i = 0; i < list->count && !same; i++) {
		other = window_text(&list->window[i]);
		same = !strcmp(text, other);
		free(other);
	}
	if (!same)
		windows_add(list, window);
	free(text);
}

/* A file without a driver and windows is not needed. */
static int persist_one(const struct change *change, const struct device *dev)
{
	struct persist persist;
	size_t i;
	int err;

	err = persist_read(dev->bdf, &persist);
	if (err && err != -ENOENT)
		return EXIT_FAILED;
	persist.vendor = dev->pci->vendor_id;
	persist.device = dev->pci->device_id;
	if (change->clear)
		windows_free(&persist.windows);
	for (i = 0; i < change->add.count; i++)
		add_lasting(&persist.windows, &change->add.window[i]);
	if (persist.windows.count || persist.driver[0])
		err = persist_write(&persist);
	else
		err = persist_remove(dev->bdf);
	if (!err && !dry_run())
		printf("%s: %zu windows last\n", dev->bdf, persist.windows.count);
	persist_free(&persist);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static bool is_bound(const struct device *dev)
{
	char driver[NAME_SIZE];

	return !device_driver(dev, driver) && !strcmp(driver, MSI_VFIO_PCI);
}

/* What lasts can be changed while the device is not bound. */
static int check_one(const struct change *change, const struct device *dev)
{
	int result = EXIT_DONE;
	size_t i;

	if (!change->persist || is_bound(dev))
		return windows_check(dev);
	for (i = 0; i < change->add.count; i++) {
		char *reason = window_refusal(dev, &change->add.window[i]);

		if (!reason)
			continue;
		complain(0, "%s: refused: %s", dev->bdf, reason);
		free(reason);
		result = EXIT_REFUSED;
	}
	return result;
}

static int change_and_persist(const struct change *change, const struct device *dev)
{
	int result = EXIT_DONE;

	if (!change->persist || is_bound(dev))
		result = change_one(change, dev);
	if (!result && change->persist)
		result = persist_one(change, dev);
	return result;
}

/* Checks all devices before it changes the first. */
static int run(void *input)
{
	const struct change *change = input;
	int result = EXIT_DONE;
	size_t i;

	for (i = 0; i < change->sel.count; i++) {
		int refused = check_one(change, &change->sel.device[i]);

		if (refused)
			result = refused;
	}
	if (result)
		return result;
	if (!change->clear && !change->add.count)
		return show_windows(&change->sel);
	for (i = 0; i < change->sel.count && !result; i++)
		result = change_and_persist(change, &change->sel.device[i]);
	return result;
}

int window_main(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ .argp = &select_output_argp },
		{ .argp = &change_argp },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Show the windows of devices with an interrupt controller of their own, "
		       "such as ath11k cards, or change those that the devices have when they are opened "
		       "next. In a window the kernel puts the host's messages in place of the "
		       "guest's.\v"
		       "\"vfio-msi learn\" finds the window that a device needs.",
	};
	struct change change = { .clear = false };
	int result;

	result = select_run(argc, argv, &argp, &change.sel, &change, run);
	windows_free(&change.add);
	return result;
}
