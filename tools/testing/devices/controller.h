/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device with MSI and an embedded interrupt controller, which its driver
 * programs with the message that it finds in the MSI capability. The models
 * differ in where the slots are and what a slot is made of. BAR 0 has the
 * registers of ath11k.h in all of them.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"

/* The BARs are 64-bit ones, and but for registers plain memory. */
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
	/* Offsets in a slot, whose address has its low half first. */
	unsigned int high_offset;
	uint32_t high_mask;
	unsigned int enable_offset;
	uint32_t enable_mask;
	unsigned int data_offset;
	bool htt;		/* there are rings that are told of in memory */
};

/* Serve the model to one client, with the program's arguments. */
int controller_main(const struct controller_model *model, int argc, char **argv);

#endif /* CONTROLLER_H */
