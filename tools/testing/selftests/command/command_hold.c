// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_hold ADDRESS [msi|msix VECTORS]: opens a device through VFIO as a VMM
 * does, attaches eventfds to its vectors, prints "ready" and keeps all of it
 * until it is ended.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "command_vfio.h"

#define MAX_VECTORS	2048

int main(int argc, char **argv)
{
	static int eventfds[MAX_VECTORS];
	unsigned int vectors;
	int device;

	if (argc != 2 && argc != 4)
		errx(2, "usage: command_hold ADDRESS [msi|msix VECTORS]");
	vectors = argc == 4 ? (unsigned int)atoi(argv[3]) : 0;
	if (vectors > MAX_VECTORS)
		errx(2, "too many vectors");
	device = vfio_open(argv[1]);
	if (argc == 4)
		vfio_attach(device, strcmp(argv[2], "msi") ? VFIO_PCI_MSIX_IRQ_INDEX :
							     VFIO_PCI_MSI_IRQ_INDEX,
			    vectors, eventfds);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
