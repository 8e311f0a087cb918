/* SPDX-License-Identifier: GPL-2.0-only */
/* A device as its owner uses it through VFIO. Whatever fails ends the program. */
#ifndef COMMAND_VFIO_H
#define COMMAND_VFIO_H

#include <stdint.h>

/*
 * The group's file is closed, as a VMM may: the session then shows only in the
 * device's.
 */
int vfio_open(const char *address);
/* Attach an eventfd, which does not block, to each of @count vectors. */
void vfio_attach(int device, unsigned int index, unsigned int count, int *eventfds);
void vfio_detach(int device, unsigned int index, unsigned int vector);
/* The first @count vectors of MSI-X, at a target in a page of this program. */
void vfio_point_at_dummy(int device, unsigned int count);
/* Where a region is in the device's file. */
uint64_t vfio_region(int device, unsigned int index);

#endif /* COMMAND_VFIO_H */
