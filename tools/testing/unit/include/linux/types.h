/* SPDX-License-Identifier: GPL-2.0-only */
/* The little of the kernel's headers that slot.c needs, for user space. */
#ifndef UNIT_LINUX_TYPES_H
#define UNIT_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#endif /* UNIT_LINUX_TYPES_H */
