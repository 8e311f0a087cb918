/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXAMPLE_HOST_MESSAGE_H
#define EXAMPLE_HOST_MESSAGE_H

#include <stdbool.h>

#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

/* Does the device have this feature? Other drivers, such as vfio-pci, do not. */
bool has_feature(int device, __u32 feature);

/* Have the kernel signal @eventfd when a host message may have changed. */
int watch_messages(int device, int eventfd);

/*
 * Read the host message of @vector. Returns 0, -EAGAIN if the vector has no message that
 * can be used at present, or another negative errno.
 */
int read_host_message(int device, __u32 index, __u32 vector, __u64 *address, __u32 *data);

#endif
