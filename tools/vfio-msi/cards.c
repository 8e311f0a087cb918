// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cards whose windows msi-vfio-pci knows, as in its quirks.c, and what was seen of
 * them.
 */
#include "vfio-msi.h"

#define QUALCOMM	0x17cb

#define EMULATED	"an emulated card comes up under the driver of Debian's kernels; where " \
			"that driver writes its messages is known from its source"

static const struct card cards[] = {
	{ QUALCOMM, 0x1101, EMULATED },
	{ QUALCOMM, 0x1103, "an emulated card comes up under the driver of Debian's kernels; where "
			    "that driver writes its messages was reported from a real card" },
	{ QUALCOMM, 0x1104, EMULATED },
	{ QUALCOMM, 0x1107, EMULATED },
	{ QUALCOMM, 0x1109, EMULATED },
	{ QUALCOMM, 0x1112, EMULATED },
};

/* What is known of the device, or NULL */
const struct card *card_find(const struct device *dev)
{
	size_t i;

	for (i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
		if (cards[i].vendor == dev->pci->vendor_id &&
		    cards[i].device == dev->pci->device_id)
			return &cards[i];
	return NULL;
}
