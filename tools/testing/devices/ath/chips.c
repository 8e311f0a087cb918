// SPDX-License-Identifier: GPL-2.0-only
#include "chips.h"

#include <stddef.h>

#include "compiler.h"

static const struct chip chips[] = {
	{
		.device = 0x1103,
		.name = "WCN6855",
		.copy_engines = 0x1b80000,
		.select = 0x310c,
		.instance = 1,
		.sources = 1 << 0 | 1 << 3 | 1 << 7,
		.destinations = 1 << 1 | 1 << 2 | 1 << 5,
		.umac_ring = {
			0xa34920, 0xa34a28,			/* WBM */
			0xa38454, 0xa3855c,			/* REO: exceptions, status */
			0xa38244, 0xa3829c, 0xa382f4, 0xa3834c,	/* REO: data */
		},
	},
};

const struct chip *chip_find(uint16_t device)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chips); i++) {
		if (chips[i].device == device)
			return &chips[i];
	}
	return NULL;
}
