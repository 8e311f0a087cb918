/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLOT_CHECK_H
#define SLOT_CHECK_H

#include <stdio.h>

#include <linux/types.h>

/**
 * slot_check - run slot.c and the model side by side
 * @script: what happens, as slot_check.c defines it; any bytes are a script
 * @size: how many
 * @log: where to print what happens, or NULL
 *
 * Return: NULL if both agree all along, otherwise what is wrong.
 */
const char *slot_check(const u8 *script, size_t size, FILE *log);

#endif /* SLOT_CHECK_H */
