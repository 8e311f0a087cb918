/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * check - run the core, with a scripted host, and the model side by side
 * @script: what happens, as check.c defines it; any bytes are a script
 * @size: how many
 * @log: where to print what happens, or NULL
 *
 * Return: NULL if both agree all along, otherwise what is wrong.
 */
const char *check(const uint8_t *script, size_t size, FILE *log);

#endif /* CHECK_H */
