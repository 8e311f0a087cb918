/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values of command line options. Each function returns 0, or logs a message and
 * returns -1.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

#include "pci.h"

/* VVVV:DDDD, in hexadecimal */
int option_id(const char *text, struct pci_identity *id);
/* CCSSPP, in hexadecimal */
int option_class(const char *text, struct pci_identity *id);
/* A number, or BAR:OFFSET; a number may end in K, M or G. */
int option_number(const char *text, uint64_t *number);
int option_place(const char *text, unsigned int *bar, uint64_t *offset);

#endif /* OPTIONS_H */
