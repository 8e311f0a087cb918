// SPDX-License-Identifier: GPL-2.0-only
/* Who binds a device again, after it was unbound or at the next boot. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

/* driverctl names its files by bus and address. */
#define DRIVERCTL	"/etc/driverctl.d/pci-"
#define DOMAINS		"/etc/libvirt/qemu/?*.xml"

static void add_text(struct texts *texts, char *text)
{
	texts->text = xrealloc(texts->text, texts->count + 1, sizeof(*texts->text));
	texts->text[texts->count++] = text;
}

static void read_ours(const struct device *dev, struct texts *texts)
{
	struct persist persist;

	if (persist_read(dev->bdf, &persist))
		return;
	if (persist.driver[0])
		add_text(texts, format_text("vfio-msi binds it to %s at each boot; to end that: "
					    "vfio-msi unbind %s", persist.driver, dev->bdf));
	if (persist.windows.count)
		add_text(texts, format_text("it gets %zu windows whenever it is bound to "
					    MSI_VFIO_PCI, persist.windows.count));
	persist_free(&persist);
}

static void read_driverctl(const struct device *dev, struct texts *texts)
{
	char *path = format_text(DRIVERCTL "%s", dev->bdf), driver[NAME_SIZE];

	if (!file_read(path, driver, sizeof(driver)) && driver[0])
		add_text(texts, format_text("driverctl binds it to %s at each boot; to end that: "
					    "driverctl unset-override %s", driver, dev->bdf));
	free(path);
}

/* libvirt writes the address of the host's device into <source>, with these quotes. */
static bool is_hostdev_of(const struct device *dev, const char *hostdev)
{
	const struct pci_dev *pci = dev->pci;
	char *address = format_text("<address domain='0x%04x' bus='0x%02x' slot='0x%02x' "
				    "function='0x%x'", pci->domain, pci->bus, pci->dev, pci->func);
	const char *source = strstr(hostdev, "<source"), *end;
	const char *found = source ? strstr(source, address) : NULL;

	end = source ? strstr(source, "</source>") : NULL;
	free(address);
	return found && end && found < end;
}

static bool has_managed(const struct device *dev, char *domain)
{
	char *hostdev, *end;

	while ((hostdev = strstr(domain, "<hostdev "))) {
		end = strstr(hostdev, "</hostdev>");
		if (!end)
			return false;
		*end = '\0';
		if (strstr(hostdev, "managed='yes'") && is_hostdev_of(dev, hostdev))
			return true;
		domain = end + 1;
	}
	return false;
}

static void read_libvirt(const struct device *dev, struct texts *texts)
{
	glob_t found;
	size_t i;

	if (glob(DOMAINS, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		const char *file = strrchr(found.gl_pathv[i], '/') + 1;
		char *name = format_text("%.*s", (int)(strlen(file) - strlen(".xml")), file);
		char *domain = file_read_whole(found.gl_pathv[i]);

		if (domain && has_managed(dev, domain))
			add_text(texts, format_text("libvirt binds it when the domain %s starts "
						    "(managed='yes'), and gives it back at its end",
						    private_name(name)));
		free(domain);
		free(name);
	}
	globfree(&found);
}

void lasting_read(const struct device *dev, struct texts *texts)
{
	*texts = (struct texts){ .count = 0 };
	read_ours(dev, texts);
	read_driverctl(dev, texts);
	read_libvirt(dev, texts);
}

void lasting_note(const struct device *dev)
{
	struct texts texts;
	size_t i;

	lasting_read(dev, &texts);
	for (i = 0; i < texts.count; i++)
		note("%s: %s", dev->bdf, texts.text[i]);
	texts_free(&texts);
}

struct json_object *lasting_json(const struct device *dev)
{
	struct json_object *array = json_object_new_array();
	struct texts texts;
	size_t i;

	lasting_read(dev, &texts);
	for (i = 0; i < texts.count; i++)
		json_object_array_add(array, json_text(texts.text[i]));
	texts_free(&texts);
	return array;
}
