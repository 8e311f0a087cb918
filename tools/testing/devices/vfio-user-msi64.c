// SPDX-License-Identifier: GPL-2.0-only
/* A device with 64-bit MSI and slots of another layout: see msi64.h. */
#include "controller.h"
#include "msi64.h"

static const uint32_t slot_offsets[] = MSI64_SLOT_OFFSETS;

static const struct controller_model model = {
	.program = "vfio-user-msi64",
	.summary = "a PCI device with 64-bit MSI and an interrupt controller",
	.id = {
		.vendor = MSI64_VENDOR_ID,
		.device = MSI64_DEVICE_ID,
		.class = 0x078000,	/* communication controller, other */
	},
	.vectors = MSI64_MSI_VECTORS,
	.wide_msi = true,
	.bar0_size = MSI64_BAR0_SIZE,
	.slot_bar = MSI64_SLOT_BAR,
	.slot_bar_size = MSI64_SLOT_BAR_SIZE,
	.slots = MSI64_SLOTS,
	.slot_offsets = slot_offsets,
	.high_offset = MSI64_SLOT_ADDR_HI,
	.high_mask = ~0U,
	.enable_offset = MSI64_SLOT_CONTROL,
	.enable_mask = MSI64_SLOT_ENABLE,
	.data_offset = MSI64_SLOT_DATA,
};

int main(int argc, char **argv)
{
	return controller_main(&model, argc, argv);
}
