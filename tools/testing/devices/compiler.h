/* SPDX-License-Identifier: GPL-2.0-only */
/* Macros of the kernel that the C library does not have. */
#ifndef COMPILER_H
#define COMPILER_H

#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))
#define __printf(a, b)		__attribute__((format(printf, a, b)))

#endif /* COMPILER_H */
