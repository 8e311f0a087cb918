// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi show: what is known of a device and its MSI and MSI-X. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

struct show {
	struct selection sel;
	bool no_open;
};

struct view {
	const struct device *dev;
	struct caps caps;
	size_t msi_allocated;	/* vectors that the kernel has allocated */
	size_t msix_allocated;
	size_t dummies;		/* vectors at the dummy target */
	struct group group;
	struct uses uses;
	enum remapping remapping;
	char *refusal;		/* why the kernel allocates no vectors, or NULL */
	char driver[NAME_SIZE];
	char override[NAME_SIZE];
	char reset[NAME_SIZE];	/* ways to reset it, separated by spaces */
	bool no_open;
	struct json_object *features;	/* NULL: not known */
};

static const struct argp_option options[] = {
	{ "no-open", 'N', NULL, 0, "Do not open the device to ask for its features; opening resets "
	  "it", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show *show = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &show->sel;
		return 0;
	case 'N':
		show->no_open = true;
		return 0;
	case ARGP_KEY_END:
		select_require(&show->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static struct json_object *read_features(const struct view *view)
{
	struct json_object *features;
	struct session session;

	if (view->no_open || view->caps.gone || !session_may_open(view->dev, &view->uses) ||
	    session_open(view->dev, &session))
		return NULL;
	features = session_features(&session);
	session_close(&session);
	return features;
}

static void count_allocated(struct view *view)
{
	struct irqs irqs;

	irqs_read(view->dev, &irqs);
	if (irqs.count && irqs.irq[0].msix)
		view->msix_allocated = irqs.count;
	else
		view->msi_allocated = irqs.count;
	irqs_free(&irqs);
}

/* Vectors at the dummy target have no Linux interrupt. */
static void count_dummies(struct view *view)
{
	struct live live;
	size_t i;

	if (live_read(view->dev, &live))
		return;
	for (i = 0; i < live.count; i++)
		view->dummies += !live.vector[i].irq;
	live_free(&live);
}

static void view_read(const struct device *dev, bool no_open, struct view *view)
{
	*view = (struct view){ .dev = dev, .no_open = no_open };
	caps_read(dev, &view->caps);
	count_allocated(view);
	count_dummies(view);
	group_read(dev, &view->group);
	use_find(dev, &view->uses);
	if (device_is_vfio(dev))
		use_find_session(dev, &view->uses);
	view->remapping = irq_remapping(dev);
	view->refusal = msi_refusal(dev);
	device_driver(dev, view->driver);
	driver_override(dev, view->override);
	if (device_read(dev, "reset_method", view->reset, sizeof(view->reset)))
		view->reset[0] = '\0';
	view->features = read_features(view);
}

static void view_free(struct view *view)
{
	group_free(&view->group);
	use_free(&view->uses);
	json_object_put(view->features);
	free(view->refusal);
}

static void print_title(const struct selection *sel, const struct device *dev)
{
	const struct pci_dev *pci = dev->pci;
	char class[128], name[256];

	pci_lookup_name(sel->access, class, sizeof(class), PCI_LOOKUP_CLASS, pci->device_class);
	pci_lookup_name(sel->access, name, sizeof(name), PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE,
			pci->vendor_id, pci->device_id);
	printf("%s %s [%04x]: %s [%04x:%04x]\n", select_address(sel, dev), class,
	       pci->device_class, name, pci->vendor_id, pci->device_id);
}

static void print_driver(const struct view *view)
{
	printf("  Driver:       %s", view->driver[0] ? view->driver : "none");
	if (view->override[0])
		printf(", override %s", view->override);
	putchar('\n');
}

static void print_group(const struct group *group)
{
	size_t i;

	printf("  IOMMU group:  %s\n", group->name[0] ? group->name : "none");
	for (i = 0; i < group->count; i++)
		printf("                %s %s%s\n", group->member[i].bdf,
		       group->member[i].driver[0] ? group->member[i].driver : "no driver",
		       group->member[i].blocks ?
		       " (not a VFIO driver: the group cannot be opened)" : "");
}

static void print_uses(const struct uses *uses)
{
	size_t i;

	for (i = 0; i < uses->count; i++)
		printf("  %s%s\n", i ? "              " : "In use:       ", uses->use[i].detail);
	if (!uses->count)
		printf("  In use:       %s\n", uses->known ? "no" : "unknown (run as root)");
}

static const char *remapping_name(enum remapping remapping)
{
	static const char *const name[] = {
		[REMAPPING_UNKNOWN]	= "unknown",
		[REMAPPING_OFF]		= "off",
		[REMAPPING_ON]		= "on",
	};

	return name[remapping];
}

/* No interrupt arrives then, although the kernel has MSI or MSI-X enabled. */
static void print_disabled(size_t allocated, size_t dummies)
{
	if (allocated)
		printf("                disabled in the device, while the kernel has %zu vector%s "
		       "allocated:\n                no interrupt arrives\n", allocated,
		       allocated == 1 ? "" : "s");
	else if (dummies)
		printf("                disabled in the device, while %zu vector%s at the dummy "
		       "target:\n                no interrupt arrives\n", dummies,
		       dummies == 1 ? " is" : "s are");
	else
		puts("                disabled");
}

static void print_msi(const struct msi_cap *msi, size_t allocated)
{
	char more[48] = "";

	if (!msi->pos) {
		puts("  MSI:          none");
		return;
	}
	printf("  MSI:          at 0x%02x, %u vector%s, %s address, %s\n", msi->pos,
	       msi->vectors, msi->vectors == 1 ? "" : "s", msi->wide ? "64-bit" : "32-bit",
	       msi->maskable ? "maskable" : "not maskable");
	if (!msi->enabled) {
		print_disabled(allocated, 0);
		return;
	}
	/* a VMM may allocate all vectors although its guest enables fewer */
	if (allocated != msi->enabled_vectors)
		snprintf(more, sizeof(more), " (%zu allocated)", allocated);
	printf("                enabled with %u vector%s%s, host message 0x%08llx 0x%04x\n",
	       msi->enabled_vectors, msi->enabled_vectors == 1 ? "" : "s", more,
	       (unsigned long long)msi->address, msi->data);
	if (msi->maskable)
		printf("                masked 0x%08x, pending 0x%08x\n", msi->mask, msi->pending);
}

static void print_msix(const struct msix_cap *msix, size_t allocated, size_t dummies)
{
	char more[64] = "";

	if (!msix->pos) {
		puts("  MSI-X:        none");
		return;
	}
	printf("  MSI-X:        at 0x%02x, %u vector%s, table BAR%u+0x%x, PBA BAR%u+0x%x\n",
	       msix->pos, msix->vectors, msix->vectors == 1 ? "" : "s", msix->table_bar,
	       msix->table_offset, msix->pba_bar, msix->pba_offset);
	if (dummies)
		snprintf(more, sizeof(more), ", %zu vector%s at the dummy target", dummies,
			 dummies == 1 ? "" : "s");
	if (msix->enabled)
		printf("                enabled%s, %zu vector%s allocated%s\n",
		       msix->function_mask ? ", function masked" : "", allocated,
		       allocated == 1 ? "" : "s", more);
	else
		print_disabled(allocated, dummies);
}

static const char *why_no_features(const struct view *view)
{
	if (!device_is_vfio(view->dev))
		return "not asked (not bound to a VFIO driver)";
	if (view->no_open)
		return "not asked (--no-open)";
	if (view->uses.count)
		return "not asked (in use)";
	if (view->caps.gone)
		return "not asked (it does not answer)";
	return geteuid() ? "not asked (run as root)" : "not known (see above)";
}

static void print_features(const struct view *view)
{
	bool any = false;

	printf("  Features:     ");
	if (!view->features) {
		puts(why_no_features(view));
		return;
	}
	json_object_object_foreach(view->features, name, operations) {
		size_t i, count = json_object_array_length(operations);

		printf("%s%s", any ? ", " : "", name);
		for (i = 0; i < count; i++)
			printf(" %s",
			       json_object_get_string(json_object_array_get_idx(operations, i)));
		any = true;
	}
	puts(any ? "" : "none of " MSI_VFIO_PCI);
}

static void print_view(const struct selection *sel, const struct view *view)
{
	print_title(sel, view->dev);
	print_driver(view);
	print_group(&view->group);
	printf("  Reset:        %s\n", view->reset[0] ? view->reset : "none");
	printf("  Remapping:    %s\n", remapping_name(view->remapping));
	print_uses(&view->uses);
	if (view->refusal)
		printf("  Refused:      MSI and MSI-X: %s\n", view->refusal);
	if (view->caps.known) {
		print_msi(&view->caps.msi, view->msi_allocated);
		print_msix(&view->caps.msix, view->msix_allocated, view->dummies);
	} else {
		printf("  MSI, MSI-X:   unknown: %s%s\n", view->caps.gone ? "it " : "",
		       caps_problem(&view->caps));
	}
	print_features(view);
}

static struct json_object *json_group(const struct group *group)
{
	struct json_object *object, *members;
	size_t i;

	if (!group->name[0])
		return NULL;
	object = json_object_new_object();
	members = json_object_new_array();
	for (i = 0; i < group->count; i++) {
		struct json_object *member = json_object_new_object();

		json_object_object_add(member, "address", json_text(group->member[i].bdf));
		json_object_object_add(member, "driver", json_text(group->member[i].driver));
		json_object_object_add(member, "blocks",
				       json_object_new_boolean(group->member[i].blocks));
		json_object_array_add(members, member);
	}
	json_object_object_add(object, "name", json_text(group->name));
	json_object_object_add(object, "members", members);
	return object;
}

static struct json_object *json_msi(const struct msi_cap *msi, size_t allocated)
{
	struct json_object *object, *message = NULL;

	if (!msi->pos)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "position", json_hex(msi->pos, 2));
	json_object_object_add(object, "vectors", json_object_new_int((int)msi->vectors));
	json_object_object_add(object, "address_bits", json_object_new_int(msi->wide ? 64 : 32));
	json_object_object_add(object, "maskable", json_object_new_boolean(msi->maskable));
	json_object_object_add(object, "enabled", json_object_new_boolean(msi->enabled));
	json_object_object_add(object, "allocated", json_object_new_int((int)allocated));
	if (msi->enabled) {
		message = json_object_new_object();
		json_object_object_add(message, "vectors",
				       json_object_new_int((int)msi->enabled_vectors));
		json_object_object_add(message, "address", json_hex(msi->address, 8));
		json_object_object_add(message, "data", json_hex(msi->data, 4));
	}
	json_object_object_add(object, "host_message", message);
	json_object_object_add(object, "mask", msi->maskable ? json_hex(msi->mask, 8) : NULL);
	json_object_object_add(object, "pending", msi->maskable ? json_hex(msi->pending, 8) : NULL);
	return object;
}

static struct json_object *json_place(unsigned int bar, uint32_t offset)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "bar", json_object_new_int((int)bar));
	json_object_object_add(object, "offset", json_hex(offset, 1));
	return object;
}

static struct json_object *json_msix(const struct msix_cap *msix, size_t allocated)
{
	struct json_object *object;

	if (!msix->pos)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "position", json_hex(msix->pos, 2));
	json_object_object_add(object, "vectors", json_object_new_int((int)msix->vectors));
	json_object_object_add(object, "table", json_place(msix->table_bar, msix->table_offset));
	json_object_object_add(object, "pba", json_place(msix->pba_bar, msix->pba_offset));
	json_object_object_add(object, "enabled", json_object_new_boolean(msix->enabled));
	json_object_object_add(object, "allocated", json_object_new_int((int)allocated));
	json_object_object_add(object, "function_mask",
			       json_object_new_boolean(msix->function_mask));
	return object;
}

static struct json_object *json_view(const struct view *view)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "address", json_text(view->dev->bdf));
	json_object_object_add(object, "driver", json_text(view->driver));
	json_object_object_add(object, "driver_override", json_text(view->override));
	json_object_object_add(object, "iommu_group", json_group(&view->group));
	json_object_object_add(object, "reset_methods", json_split(view->reset, " "));
	json_object_object_add(object, "remapping", json_text(remapping_name(view->remapping)));
	json_object_object_add(object, "msi_refused",
			       view->refusal ? json_text(view->refusal) : NULL);
	json_object_object_add(object, "in_use", use_json(&view->uses));
	json_object_object_add(object, "capabilities_known",
			       json_object_new_boolean(view->caps.known));
	json_object_object_add(object, "answers", caps_answers(&view->caps));
	json_object_object_add(object, "msi", json_msi(&view->caps.msi, view->msi_allocated));
	json_object_object_add(object, "msix", json_msix(&view->caps.msix, view->msix_allocated));
	json_object_object_add(object, "dummies", json_object_new_int((int)view->dummies));
	json_object_object_add(object, "features", json_object_get(view->features));
	return object;
}

static int run(void *input)
{
	const struct show *show = input;
	const struct selection *sel = &show->sel;
	struct json_object *array = sel->json ? json_object_new_array() : NULL;
	size_t i;

	for (i = 0; i < sel->count; i++) {
		struct view view;

		view_read(&sel->device[i], show->no_open, &view);
		if (array)
			json_object_array_add(array, json_view(&view));
		else
			print_view(sel, &view);
		view_free(&view);
	}
	if (array)
		json_print("devices", array);
	return EXIT_DONE;
}

int show_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_output_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Show the MSI and MSI-X capabilities of devices, their driver, their IOMMU "
		       "group and what uses them.\v"
		       "To find out which features a device has, root opens it if it is bound to "
		       "a VFIO driver and not in use. This resets the device.",
	};
	struct show show = { .no_open = false };

	return select_run(argc, argv, &argp, &show.sel, &show, run);
}
