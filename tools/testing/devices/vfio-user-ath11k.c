// SPDX-License-Identifier: GPL-2.0-only
/* A device as an ath11k card is to its driver's interrupts: see ath11k.h. */
#include "ath11k.h"
#include "controller.h"

static const uint32_t slot_offsets[] = ATH11K_SLOT_OFFSETS;

static const struct controller_model model = {
	.program = "vfio-user-ath11k",
	.summary = "an ath11k-like PCI device",
	.id = {
		.vendor = ATH11K_VENDOR_ID,
		.device = ATH11K_DEVICE_ID,
		.class = 0x028000,	/* network controller, other */
	},
	.vectors = ATH11K_MSI_VECTORS,
	.bar0_size = ATH11K_BAR0_SIZE,
	.slot_bar = 0,
	.slot_bar_size = ATH11K_BAR0_SIZE,
	.slots = ATH11K_SLOTS,
	.slot_offsets = slot_offsets,
	.high_offset = ATH11K_SLOT_ADDR_HI,
	.high_mask = 0xff,
	.enable_offset = ATH11K_SLOT_ADDR_HI,
	.enable_mask = ATH11K_SLOT_ENABLE,
	.data_offset = ATH11K_SLOT_DATA,
	.pages = true,
	.htt = true,
};

int main(int argc, char **argv)
{
	return controller_main(&model, argc, argv);
}
