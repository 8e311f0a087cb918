// SPDX-License-Identifier: GPL-2.0-only
/* What doctor --report says of the host and the devices, beside the checks. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "vfio-msi.h"

/* Other words can tell about the host: its disks, its name, its network. */
static bool is_of_interest(const char *word)
{
	static const char *const begin[] = {
		"intel_iommu=", "amd_iommu=", "iommu", "intremap=", "ivrs_", "pci=", "pcie_",
		"vfio", "msi_vfio_pci.", "kvm", "noapic", "nox2apic", "lockdown=", "module.",
	};
	size_t i;

	for (i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (!strncmp(word, begin[i], strlen(begin[i])))
			return true;
	return false;
}

static struct json_object *command_line(void)
{
	struct json_object *words = json_object_new_array();
	char text[1 << 12], *rest = text, *word;

	if (!file_read("/proc/cmdline", text, sizeof(text)))
		while ((word = strsep(&rest, " ")))
			if (is_of_interest(word))
				json_object_array_add(words, json_text(word));
	return words;
}

static struct json_object *ids(const struct device *dev)
{
	static const char *const file[] = { "revision", "subsystem_vendor", "subsystem_device" };
	struct json_object *object = json_object_new_object();
	char text[NAME_SIZE];
	size_t i;

	json_object_object_add(object, "address", json_text(dev->bdf));
	json_object_object_add(object, "vendor", json_hex(dev->pci->vendor_id, 4));
	json_object_object_add(object, "device", json_hex(dev->pci->device_id, 4));
	json_object_object_add(object, "class", json_hex(dev->pci->device_class, 4));
	for (i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		json_object_object_add(object, file[i],
				       device_read(dev, file[i], text, sizeof(text)) ? NULL :
				       json_text(text));
	return object;
}

/* What a bug report needs of the host and the devices */
struct json_object *doctor_report(const struct selection *sel)
{
	struct json_object *report = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	struct utsname kernel;
	size_t i;

	uname(&kernel);
	for (i = 0; select_given(sel) && i < sel->count; i++)
		json_object_array_add(devices, ids(&sel->device[i]));
	json_object_object_add(report, "vfio-msi", json_text(VERSION));
	json_object_object_add(report, "kernel", json_text(kernel.release));
	json_object_object_add(report, "machine", json_text(kernel.machine));
	json_object_object_add(report, "command_line", command_line());
	json_object_object_add(report, "devices", devices);
	return report;
}

static const char *text_in(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

/* An ID, without the 0x that it begins with */
static const char *digits_in(struct json_object *object, const char *key)
{
	return text_in(object, key) + strlen("0x");
}

static void print_ids(struct json_object *device)
{
	printf("Device %s: %s:%s class %s", text_in(device, "address"),
	       digits_in(device, "vendor"), digits_in(device, "device"),
	       digits_in(device, "class"));
	json_object_object_foreach(device, key, value)
		if (!strcmp(key, "revision") || !strncmp(key, "subsystem", strlen("subsystem")))
			printf(" %s %s", key, value ? json_object_get_string(value) : "unknown");
	putchar('\n');
}

void doctor_report_print(struct json_object *report)
{
	struct json_object *words = json_object_object_get(report, "command_line");
	struct json_object *devices = json_object_object_get(report, "devices");
	size_t i;

	printf("vfio-msi %s\nKernel: %s %s\nCommand line (in part):", text_in(report, "vfio-msi"),
	       text_in(report, "kernel"), text_in(report, "machine"));
	for (i = 0; i < json_object_array_length(words); i++)
		printf(" %s", json_object_get_string(json_object_array_get_idx(words, i)));
	putchar('\n');
	for (i = 0; i < json_object_array_length(devices); i++)
		print_ids(json_object_array_get_idx(devices, i));
	putchar('\n');
}
