/* SPDX-License-Identifier: GPL-2.0-only */
/* The differences between the chips. */
#ifndef ATH_CHIPS_H
#define ATH_CHIPS_H

#include <stdbool.h>
#include <stdint.h>

#define ATH_VENDOR_ID	0x17cb

/* Addresses of the chip's registers, which the card shows through views of its BAR. */
#define CHIP_UMAC	0xa00000
#define CHIP_VERSION	0x1b00000	/* read by ath12k */
#define CHIP_LTSSM	0x1e081b0

/* More than any chip has, so that there is a 0 at the end. */
#define CHIP_UMAC_RINGS		16

struct chip {
	uint16_t device;
	const char *name;
	bool ath12k;		/* its driver; otherwise ath11k */
	uint32_t copy_engines;	/* chip address of copy engine 0 */
	uint32_t select;	/* BAR offset of the register that selects the page */
	bool fixed_views;	/* one of the copy engines, one of the UMAC */
	uint32_t instance;	/* of its QMI service */
	unsigned int phys;	/* radios: the first has 5 GHz, a second 2.4 GHz */
	/* The rings whose slots the driver writes: sets of copy engines, and chip addresses. */
	uint32_t sources;
	uint32_t destinations;	/* and what tells their status */
	uint32_t umac_ring[CHIP_UMAC_RINGS];	/* the first 0 ends them */
};

/* Returns NULL if there is none. */
const struct chip *chip_find(uint16_t device);

#endif /* ATH_CHIPS_H */
