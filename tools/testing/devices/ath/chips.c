// SPDX-License-Identifier: GPL-2.0-only
#include "chips.h"

#include <stddef.h>

#include "compiler.h"

#define INSTANCE_CLIENT		1
#define INSTANCE_ROUTER		7

/* In umac_ring: of WBM, then of REO those for exceptions and status, and those for data. */
static const struct chip chips[] = {
	{
		.device = 0x1101,
		.name = "QCA6390",
		.copy_engines = 0xa00000,
		.select = 0x310c,
		.instance = INSTANCE_CLIENT,
		.phys = 2,
		.sources = 1 << 0 | 1 << 3 | 1 << 7,
		.destinations = 1 << 1 | 1 << 2 | 1 << 5,
		.umac_ring = {
			0xa34910, 0xa34a18,
			0xa383a4, 0xa384ac,
			0xa38244, 0xa3829c, 0xa382f4, 0xa3834c,
		},
	},
	{
		.device = 0x1103,
		.name = "WCN6855",
		.copy_engines = 0x1b80000,
		.select = 0x310c,
		.instance = INSTANCE_CLIENT,
		.phys = 2,
		.sources = 1 << 0 | 1 << 3 | 1 << 7,
		.destinations = 1 << 1 | 1 << 2 | 1 << 5,
		.umac_ring = {
			0xa34920, 0xa34a28,
			0xa38454, 0xa3855c,
			0xa38244, 0xa3829c, 0xa382f4, 0xa3834c,
		},
	},
	{
		.device = 0x1104,
		.name = "QCN9074",
		.copy_engines = 0x1b80000,
		.select = 0x310c,
		.fixed_views = true,
		.instance = INSTANCE_ROUTER,
		.phys = 1,
		.sources = 1 << 0 | 1 << 3,
		.destinations = 1 << 1 | 1 << 2 | 1 << 5,
		.umac_ring = {
			0xa34924, 0xa3497c, 0xa349d4, 0xa34a2c,
			0xa383fc, 0xa38504,
			0xa3829c, 0xa382f4, 0xa3834c, 0xa383a4,
		},
	},
	{
		.device = 0x1107,
		.name = "WCN7850",
		.ath12k = true,
		.copy_engines = 0x1b80000,
		.select = 0x310c,
		.instance = INSTANCE_CLIENT,
		.phys = 2,
		.sources = 1 << 0 | 1 << 3,
		.destinations = 1 << 1 | 1 << 2,
		.umac_ring = {
			0xa34e08, 0xa34ef8, 0xa34f70, 0xa34fe8,
			0xa388a4, 0xa38a84,
			0xa384e4, 0xa3855c, 0xa385d4, 0xa3864c,
		},
	},
	{
		.device = 0x1109,
		.name = "QCN9274",
		.ath12k = true,
		.copy_engines = 0x1b80000,
		.select = 0x310c,
		.fixed_views = true,
		.instance = INSTANCE_ROUTER,
		.phys = 1,
		.sources = 1 << 0 | 1 << 3 | 1 << 7,
		.destinations = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 14,
		.umac_ring = {
			0xa34e08, 0xa34e80, 0xa34ef8, 0xa34f70, 0xa34fe8,
			0xa388c0, 0xa38aa0,
			0xa38500, 0xa38578, 0xa385f0, 0xa38668,
		},
	},
	{
		.device = 0x1112,
		.name = "QCC2072",
		.ath12k = true,
		.copy_engines = 0x1b80000,
		.select = 0x3278,
		.instance = INSTANCE_CLIENT,
		.phys = 2,
		.sources = 1 << 0 | 1 << 3,
		.destinations = 1 << 1 | 1 << 2,
		.umac_ring = {
			0xa34e08, 0xa34ef8, 0xa34f70, 0xa34fe8,
			0xa388c0, 0xa38aa0,
			0xa38500, 0xa38578, 0xa385f0, 0xa38668,
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
