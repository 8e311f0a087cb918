// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Creates a virtual MSI capability of one vector and asks how many it has.
 *
 *	cc example.c $(pkg-config --cflags --libs libvfiomsi)
 */
#include <stdbool.h>

#include <vfiomsi/core.h>
#include <vfiomsi/kvm.h>
#include <vfiomsi/vfio.h>

int main(void)
{
	struct vfiomsi_core_config config = { sizeof(config), 0, { 0x11 } };
	struct vfiomsi_core *core;
	bool fine;

	if (vfiomsi_core_create(&config, &core))
		return 1;
	fine = vfiomsi_core_vectors(core) == 1;
	vfiomsi_core_destroy(core);
	return fine ? 0 : 1;
}
