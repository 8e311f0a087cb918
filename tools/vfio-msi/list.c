// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi list: devices, their drivers, vectors and uses. */
#include <stdio.h>

#include "vfio-msi.h"

struct row {
	const struct device *dev;
	struct caps caps;
	struct group group;
	struct irqs irqs;
	struct uses uses;
	char driver[NAME_SIZE];
	char override[NAME_SIZE];
	char name[256];
};

static void row_read(const struct selection *sel, const struct device *dev, struct row *row)
{
	*row = (struct row){ .dev = dev };
	caps_read(dev, &row->caps);
	group_read(dev, &row->group);
	irqs_read(dev, &row->irqs);
	use_find(dev, &row->uses);
	device_driver(dev, row->driver);
	driver_override(dev, row->override);
	pci_lookup_name(sel->access, row->name, sizeof(row->name),
			PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE,
			dev->pci->vendor_id, dev->pci->device_id);
}

static void row_free(struct row *row)
{
	group_free(&row->group);
	irqs_free(&row->irqs);
	use_free(&row->uses);
}

/* A device is also listed if its capabilities cannot be read. */
static bool is_listed(const struct row *row)
{
	if (device_is_bridge(row->dev))
		return false;
	return !row->caps.known || row->caps.msi.pos || row->caps.msix.pos;
}

static void format_vectors(const struct caps *caps, unsigned int vectors, char text[16])
{
	if (!caps->known)
		snprintf(text, 16, "?");
	else if (vectors)
		snprintf(text, 16, "%u", vectors);
	else
		snprintf(text, 16, "-");
}

static unsigned int msi_vectors(const struct row *row)
{
	return row->caps.msi.pos ? row->caps.msi.vectors : 0;
}

static unsigned int msix_vectors(const struct row *row)
{
	return row->caps.msix.pos ? row->caps.msix.vectors : 0;
}

static const char *allocated_kind(const struct irqs *irqs)
{
	if (!irqs->count)
		return "none";
	return irqs->irq[0].msix ? "msix" : "msi";
}

static void format_allocated(const struct irqs *irqs, char text[32])
{
	if (irqs->count)
		snprintf(text, 32, "%s %zu", allocated_kind(irqs), irqs->count);
	else
		snprintf(text, 32, "-");
}

static const char *format_use(const struct row *row)
{
	if (row->uses.count)
		return use_name(row->uses.use[0].kind);
	return row->uses.known ? "-" : "?";
}

/* An override without a driver: what has to bind the device is missing. */
static void format_driver(const struct row *row, char text[2 * NAME_SIZE])
{
	if (row->driver[0])
		snprintf(text, 2 * NAME_SIZE, "%s", row->driver);
	else if (row->override[0])
		snprintf(text, 2 * NAME_SIZE, "- (wants %s)", row->override);
	else
		snprintf(text, 2 * NAME_SIZE, "-");
}

static void print_row(const struct selection *sel, const struct row *row, struct table *table)
{
	char msi[16], msix[16], allocated[32], driver[2 * NAME_SIZE];

	format_vectors(&row->caps, msi_vectors(row), msi);
	format_vectors(&row->caps, msix_vectors(row), msix);
	format_allocated(&row->irqs, allocated);
	format_driver(row, driver);
	table_add(table, "%s\t%04x:%04x%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s",
		  select_address(sel, row->dev), row->dev->pci->vendor_id,
		  row->dev->pci->device_id, card_find(row->dev) ? "*" : "", driver,
		  row->group.name[0] ? row->group.name : "-", msi, msix, allocated,
		  format_use(row), row->name);
}

static struct json_object *json_count(const struct caps *caps, unsigned int vectors)
{
	return caps->known ? json_object_new_int((int)vectors) : NULL;
}

static struct json_object *json_row(const struct row *row)
{
	struct json_object *object = json_object_new_object();
	struct json_object *allocated = json_object_new_object();
	const struct pci_dev *pci = row->dev->pci;

	json_object_object_add(object, "address", json_text(row->dev->bdf));
	json_object_object_add(object, "vendor", json_hex(pci->vendor_id, 4));
	json_object_object_add(object, "device", json_hex(pci->device_id, 4));
	json_object_object_add(object, "class", json_hex(pci->device_class, 4));
	json_object_object_add(object, "name", json_text(row->name));
	json_object_object_add(object, "known",
			       json_object_new_boolean(!!card_find(row->dev)));
	json_object_object_add(object, "driver", json_text(row->driver));
	json_object_object_add(object, "driver_override", json_text(row->override));
	json_object_object_add(object, "iommu_group", json_text(row->group.name));
	json_object_object_add(object, "msi_vectors", json_count(&row->caps, msi_vectors(row)));
	json_object_object_add(object, "msix_vectors", json_count(&row->caps, msix_vectors(row)));
	json_object_object_add(allocated, "index", json_text(allocated_kind(&row->irqs)));
	json_object_object_add(allocated, "vectors", json_object_new_int((int)row->irqs.count));
	json_object_object_add(object, "allocated", allocated);
	json_object_object_add(object, "answers", caps_answers(&row->caps));
	json_object_object_add(object, "in_use", use_json(&row->uses));
	json_object_object_add(object, "binding", lasting_json(row->dev));
	return object;
}

static int list(const struct selection *sel)
{
	struct json_object *array = sel->json ? json_object_new_array() : NULL;
	bool partial = false, grouped = false, known = false;
	struct table table;
	size_t i;

	table_init(&table, 9, 1 << 3 | 1 << 4 | 1 << 5);
	if (!array)
		table_add(&table, "ADDRESS\tID\tDRIVER\tGROUP\tMSI\tMSI-X\tALLOCATED\tUSE\tNAME");
	for (i = 0; i < sel->count; i++) {
		struct row row;

		row_read(sel, &sel->device[i], &row);
		partial |= !(row.caps.known || row.caps.gone) || !row.uses.known;
		grouped |= row.group.name[0];
		if (select_given(sel) || is_listed(&row)) {
			if (array)
				json_object_array_add(array, json_row(&row));
			else
				print_row(sel, &row, &table);
			known |= !!card_find(row.dev);
			lasting_note(row.dev);
			if (row.caps.gone)
				note("%s " DOES_NOT_ANSWER, row.dev->bdf);
		}
		row_free(&row);
	}
	if (array)
		json_print("devices", array);
	else
		table_print(&table);
	if (known && !array)
		note("* marks cards whose windows " MSI_VFIO_PCI " knows");
	if (booted_without_msi())
		note("the kernel was booted with pci=nomsi: no device gets MSI or MSI-X");
	if (sel->count && !grouped)
		note("no device has an IOMMU group: " NEEDS_IOMMU);
	if (partial)
		note("ordinary users cannot see everything (\"?\"); run as root");
	return EXIT_DONE;
}

int list_main(int argc, char **argv)
{
	static const struct select_command command = {
		.doc = "List the PCI devices that have MSI or MSI-X, or those that SEL, -s and -d "
		       "select.",
		.all = true,
		.run = list,
	};

	return select_main(argc, argv, &command);
}
