/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device with MSI and an embedded interrupt controller. The device's driver writes the
 * message that it reads from the MSI capability into the controller's slots. The models
 * differ in the places and the layout of the slots. BAR 0 of each has the registers of
 * ath11k.h.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"

/* The BARs are 64-bit ones, with memory where there is no register. */
struct controller_model {
	const char *program;
	const char *summary;
	struct pci_identity id;
	unsigned int vectors;
	bool wide_msi;		/* the MSI capability has a 64-bit address */
	uint64_t bar0_size;
	unsigned int slot_bar;
	uint64_t slot_bar_size;
	unsigned int slots;
	const uint32_t *slot_offsets;
	/* Offsets in a slot, which begins with the low half of the address. */
	unsigned int high_offset;
	uint32_t high_mask;
	unsigned int enable_offset;
	uint32_t enable_mask;
	unsigned int data_offset;
	bool pages;		/* can have pages: see ATH11K_SELECT */
	bool htt;		/* has rings that get their messages from memory */
};

/* The program: serve the model to one client. */
int controller_main(const struct controller_model *model, int argc, char **argv);

#endif /* CONTROLLER_H */
