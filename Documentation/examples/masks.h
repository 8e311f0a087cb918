/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXAMPLE_MASKS_H
#define EXAMPLE_MASKS_H

#include <stdbool.h>

#include <linux/types.h>

/*
 * Of the vectors 0 to @count - 1 of @index, mask those for which @masked is true and
 * unmask the others. Vectors that are not allocated are left out. Returns 0 or a negative
 * errno.
 */
int set_masks(int device, __u32 index, __u32 count, const bool *masked);

#endif
