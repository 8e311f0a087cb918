/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of a VMM that is about MSI-X, made of libvfiomsi. The test plays the guest, and
 * takes the guest's interrupts from eventfds.
 */
#ifndef VFIO_PCI_MSI_LIBRARY_H
#define VFIO_PCI_MSI_LIBRARY_H

#include <vfiomsi/vfio.h>

struct library {
	struct vfiomsi_core *core;
	struct vfiomsi_eventfds *eventfds;
	struct vfiomsi_vfio *vfio;
};

/* For the MSI-X of an open device. All return 0 or a negative errno. */
int library_open(struct library *library, int fd);
/* The host's vectors and the dummy target are given back, unless the device is reset anyway. */
void library_close(struct library *library);

/*
 * What the guest writes: Message Control, an entry's address, an entry's mask bit. A plan that
 * fails is rolled back. If it was refused because of a dummy target, there are none from then
 * on, and the write is made again.
 */
int library_set_control(struct library *library, uint16_t control);
int library_set_address(struct library *library, uint32_t vector, uint64_t address);
int library_set_mask(struct library *library, uint32_t vector, bool masked);
/* The memory that the device can write, as in vfiomsi_core_set_memory() */
int library_set_memory(struct library *library, const struct vfiomsi_memory *memory,
		       uint32_t count);

#endif /* VFIO_PCI_MSI_LIBRARY_H */
