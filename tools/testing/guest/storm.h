/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_H
#define STORM_H

#include "guest.h"

/* Where the device has its table, PBA and register in BAR 0, and Message Control in config space */
struct storm_place {
	u32 table;
	u32 pba;
	u32 raise;
	int control;
};

/**
 * struct storm_result - what was counted
 * @raised: how often the device was made to raise a vector
 * @wanted: how many interrupts have to arrive: those of a vector under a mask are one
 * @arrived: how many did
 * @lost: how many did not, of vectors with too few
 * @doubled: how many came in addition, of vectors with too many
 * @wrong_pbas: how often the PBA did not become what it has to be
 */
struct storm_result {
	unsigned int raised;
	unsigned int wanted;
	unsigned int arrived;
	unsigned int lost;
	unsigned int doubled;
	unsigned int wrong_pbas;
};

/* Take that many random steps, and unmask all. Returns 0 or a negative errno. */
int storm_run(struct guest *guest, const struct storm_place *place, u32 seed,
	      unsigned int steps, struct storm_result *result);

#endif /* STORM_H */
