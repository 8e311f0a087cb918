/* SPDX-License-Identifier: GPL-2.0-only */
/* Uses a device through VFIO. The program exits if something fails. */
#ifndef COMMAND_VFIO_H
#define COMMAND_VFIO_H

#include <stdint.h>

/*
 * Opens the device and closes the group's file, as a VMM may. After that only the device's
 * file shows the session.
 */
int vfio_open(const char *address);
/* Attaches a non-blocking eventfd to each of the first @count vectors. */
void vfio_attach(int device, unsigned int index, unsigned int count, int *eventfds);
void vfio_detach(int device, unsigned int index, unsigned int vector);
/* Points the first @count vectors of MSI-X at a dummy target in a page of this program. */
void vfio_point_at_dummy(int device, unsigned int count);
/* The offset of a region in the device's file */
uint64_t vfio_region(int device, unsigned int index);

#endif /* COMMAND_VFIO_H */
