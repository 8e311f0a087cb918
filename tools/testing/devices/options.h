/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values of command line options. Each returns 0, or -1 with a message
 * logged.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

#include "pci.h"

/* VVVV:DDDD, in hexadecimal */
int option_id(const char *text, struct pci_identity *id);
/* CCSSPP, in hexadecimal */
int option_class(const char *text, struct pci_identity *id);
/* A number, or BAR:OFFSET; K, M and G may follow a number. */
int option_number(const char *text, uint64_t *number);
int option_place(const char *text, unsigned int *bar, uint64_t *offset);

#endif /* OPTIONS_H */
