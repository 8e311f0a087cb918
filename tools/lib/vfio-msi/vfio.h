/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the files of the VFIO back end share. */
#ifndef VFIOMSI_PRIVATE_VFIO_H
#define VFIOMSI_PRIVATE_VFIO_H

#include <vfiomsi/vfio.h>

/* vfio_device.c: all of @size bytes are read, or a negative errno is returned. */
int vfiomsi_read_config(int device, uint32_t offset, void *bytes, size_t size);
int vfiomsi_read_bar(int device, uint32_t bar, uint64_t offset, void *bytes, size_t size);

#endif /* VFIOMSI_PRIVATE_VFIO_H */
