// SPDX-License-Identifier: GPL-2.0-only
/* Differences between the msi64 and the ath11k device. */
#include <linux/pci_regs.h>

#include "../msi64.h"
#include "client.h"
#include "test.h"

#define BAR		MSI64_SLOT_BAR
#define MESSAGE_LOW	0xfee01004
#define MESSAGE_HIGH	0x12
#define MESSAGE_DATA	0x4fe1

/* The model's header is what is tested with them. */
static const uint32_t slots[MSI64_SLOTS] = {
	0x1044, 0x1054, 0x1064, 0x1078, 0x1128, 0x1138, 0x114c, 0x22ac, 0x22bc, 0x22d0, 0x2fe4,
	0x2ff4,
};

static void test_wide_capability(void)
{
	struct client *c = client_start_reset("vfio-user-msi64");
	const unsigned int cap = MSI64_MSI_OFFSET;

	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_VENDOR_ID), 0x56641234);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSI), cap);
	CHECK_EQUAL(read16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS),
		    5 << 1 | PCI_MSI_FLAGS_64BIT);
	write32(c, CONFIG_REGION, cap + PCI_MSI_ADDRESS_LO, MESSAGE_LOW);
	write32(c, CONFIG_REGION, cap + PCI_MSI_ADDRESS_HI, MESSAGE_HIGH);
	write16(c, CONFIG_REGION, cap + PCI_MSI_DATA_64, MESSAGE_DATA);
	write16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS, 5 << 4 | PCI_MSI_FLAGS_ENABLE);
	write32(c, 0, ATH11K_RAISE, 3);
	client_expect_dma(c, (uint64_t)MESSAGE_HIGH << 32 | MESSAGE_LOW,
			  (MESSAGE_DATA & ~31) | 3);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_ADDR), MESSAGE_LOW);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DATA), MESSAGE_DATA);
	client_stop(c);
}

/* All slots are written before one is used, which fails if two share a dword. */
static void test_wide_slots(void)
{
	struct client *c = client_start_reset("vfio-user-msi64");
	uint32_t i;

	for (i = 0; i < MSI64_SLOTS; i++) {
		write32(c, BAR, slots[i] + MSI64_SLOT_ADDR_LO, 0xfee00000 + 16 * i);
		write32(c, BAR, slots[i] + MSI64_SLOT_ADDR_HI, 0x80000000 + i);
		write32(c, BAR, slots[i] + MSI64_SLOT_CONTROL, MSI64_SLOT_ENABLE);
		write32(c, BAR, slots[i] + MSI64_SLOT_DATA, 0xdada0000 + i);
	}
	for (i = 0; i < MSI64_SLOTS; i++) {
		write32(c, 0, ATH11K_DOORBELL(i), 0);
		client_expect_dma(c, (0x80000000ULL + i) << 32 | (0xfee00000 + 16 * i),
				  0xdada0000 + i);
	}
	write32(c, BAR, slots[0] + MSI64_SLOT_CONTROL, ~MSI64_SLOT_ENABLE);
	write32(c, 0, ATH11K_DOORBELL(0), 0);
	client_expect_no_dma(c);
	CHECK_EQUAL(read32(c, 0, ATH11K_DROPPED), 1);
	client_stop(c);
}

static void test_two_bars(void)
{
	struct client *c = client_start_reset("vfio-user-msi64");

	write32(c, CONFIG_REGION, PCI_BASE_ADDRESS_0, ~0U);
	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_BASE_ADDRESS_0), 0xffffc004);
	write32(c, CONFIG_REGION, PCI_BASE_ADDRESS_2, ~0U);
	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_BASE_ADDRESS_2), 0xffff0004);

	/* BAR 2 has memory where BAR 0 has registers. ATH11K_HW_OFFSET is an offset in BAR 2. */
	write32(c, BAR, ATH11K_DOORBELL(0), 0x12345678);
	client_expect_no_dma(c);
	CHECK_EQUAL(read32(c, BAR, ATH11K_DOORBELL(0)), 0x12345678);
	write32(c, 0, ATH11K_HW_OFFSET, ATH11K_DOORBELL(0));
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DWORD), 0x12345678);
	CHECK_EQUAL(read32(c, 0, ATH11K_DROPPED), 0);
	client_stop(c);
}

const struct test msi64_tests[] = {
	{ "64-bit MSI capability", test_wide_capability },
	{ "every slot of four dwords sends what it holds", test_wide_slots },
	{ "registers in one BAR, slots in another", test_two_bars },
	{}
};
