// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices by other names: libvirt's pci_0000_01_00_0, network interfaces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

static char *libvirt_address(const char *name)
{
	unsigned int domain, bus, slot, function;
	int length = 0;

	if (sscanf(name, "pci_%8x_%2x_%2x_%1x%n", &domain, &bus, &slot, &function,
		   &length) != 4 || name[length])
		return NULL;
	return format_text("%04x:%02x:%02x.%x", domain, bus, slot, function);
}

static bool is_pci(const char *folder)
{
	char *path = format_text("%s/subsystem", folder), subsystem[NAME_SIZE];
	bool pci = !link_name(path, subsystem, sizeof(subsystem)) && !strcmp(subsystem, "pci");

	free(path);
	return pci;
}

/* The interface of a USB adapter is some folders below its PCI device. */
static char *interface_address(const char *name)
{
	char *path, *folder, *end, *address = NULL;

	if (!*name || *name == '.' || strchr(name, '/'))
		return NULL;
	path = format_text("/sys/class/net/%s/device", name);
	folder = realpath(path, NULL);
	free(path);
	while (folder && (end = strrchr(folder, '/')) && !address) {
		if (is_pci(folder))
			address = format_text("%s", end + 1);
		*end = '\0';
	}
	free(folder);
	return address;
}

/* The address of the PCI device that the name stands for, or NULL. The caller frees it. */
char *name_address(const char *name)
{
	char *address = libvirt_address(name);

	return address ? address : interface_address(name);
}
