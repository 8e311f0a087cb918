// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_hold ADDRESS [msi|msix|dummy VECTORS [detach | BAR OFFSET VALUE]]: opens a
 * device through VFIO as a VMM does, attaches eventfds to its vectors or points them at
 * a dummy target, detaches the eventfd of vector 0 or writes a dword into a BAR, prints
 * "ready" and keeps the device open until it is killed.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "command_vfio.h"

#define MAX_VECTORS	2048

static void enable(int device)
{
	uint64_t config = vfio_region(device, VFIO_PCI_CONFIG_REGION_INDEX);
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (pwrite(device, &command, sizeof(command), (off_t)(config + PCI_COMMAND)) !=
	    sizeof(command))
		err(1, "the command register");
}

static void write_bar(int device, char **argument)
{
	uint64_t bar = vfio_region(device, (unsigned int)atoi(argument[0]));
	uint32_t value = (uint32_t)strtoul(argument[2], NULL, 0);

	enable(device);
	if (pwrite(device, &value, sizeof(value),
		   (off_t)(bar + strtoull(argument[1], NULL, 0))) != sizeof(value))
		err(1, "BAR %s", argument[0]);
}

int main(int argc, char **argv)
{
	static int eventfds[MAX_VECTORS];
	unsigned int vectors;
	unsigned int index = VFIO_PCI_MSI_IRQ_INDEX;
	int device;

	if (argc != 2 && argc != 4 && argc != 5 && argc != 7)
		errx(2, "usage: command_hold ADDRESS [msi|msix|dummy VECTORS "
		     "[detach | BAR OFFSET VALUE]]");
	vectors = argc > 2 ? (unsigned int)atoi(argv[3]) : 0;
	if (vectors > MAX_VECTORS)
		errx(2, "too many vectors");
	device = vfio_open(argv[1]);
	if (argc > 2 && !strcmp(argv[2], "dummy")) {
		enable(device);
		vfio_point_at_dummy(device, vectors);
	} else if (argc > 2) {
		if (strcmp(argv[2], "msi"))
			index = VFIO_PCI_MSIX_IRQ_INDEX;
		vfio_attach(device, index, vectors, eventfds);
	}
	if (argc == 5)
		vfio_detach(device, index, 0);
	if (argc == 7)
		write_bar(device, &argv[4]);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
