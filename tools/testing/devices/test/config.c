// SPDX-License-Identifier: GPL-2.0-only
/* Configuration space, memory decoding, resets and power states. */
#include <string.h>

#include <linux/pci_regs.h>

#include "../ath11k.h"
#include "client.h"
#include "test.h"

#define PM_CTRL		(0x40 + PCI_PM_CTRL)
#define MSI		0x50
#define EXP		0x70
#define COMMAND_ON	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static uint16_t config16(struct client *c, unsigned int offset)
{
	return read16(c, CONFIG_REGION, offset);
}

static uint32_t config32(struct client *c, unsigned int offset)
{
	return read32(c, CONFIG_REGION, offset);
}

static void test_hidden(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	uint8_t space[4096];
	unsigned int i;

	client_read(c, CONFIG_REGION, 0, space, sizeof(space));
	CHECK_EQUAL(space[PCI_STATUS] & PCI_STATUS_CAP_LIST, 0);
	CHECK_EQUAL(space[PCI_CAPABILITY_LIST], 0);
	for (i = 0x40; i < sizeof(space); i++)
		CHECK_EQUAL(space[i], 0);
	write16(c, CONFIG_REGION, PM_CTRL, PCI_PM_CTRL_STATE_MASK);
	write16(c, CONFIG_REGION, PCI_COMMAND, COMMAND_ON);
	write16(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
	CHECK_EQUAL(config16(c, PCI_COMMAND), COMMAND_ON);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0);
	client_reset(c);
	CHECK_EQUAL(config16(c, PCI_STATUS), PCI_STATUS_CAP_LIST);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_EXP), EXP);
	CHECK_EQUAL(config16(c, PM_CTRL), 0);
	client_stop(c);
}

static void test_header(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	CHECK_EQUAL(config32(c, PCI_VENDOR_ID), 0x110317cb);
	CHECK_EQUAL(config32(c, PCI_CLASS_REVISION), 0x02800000);
	CHECK_EQUAL(config16(c, PCI_HEADER_TYPE), 0);
	CHECK_EQUAL(config32(c, PCI_BASE_ADDRESS_0), PCI_BASE_ADDRESS_MEM_TYPE_64);
	CHECK_EQUAL(config32(c, PCI_ROM_ADDRESS), 0);
	CHECK_EQUAL(config16(c, PCI_INTERRUPT_LINE), 0);
	CHECK_EQUAL(config32(c, 0x100), 0);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_PM), 0x40);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSI), MSI);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_EXP), EXP);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSIX), 0);
	CHECK(config32(c, EXP + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR);
	CHECK_EQUAL(config16(c, PM_CTRL) & PCI_PM_CTRL_NO_SOFT_RESET, 0);
	client_stop(c);
}

static void check_writable(struct client *c, unsigned int offset, uint16_t expected)
{
	uint16_t before = config16(c, offset);

	write16(c, CONFIG_REGION, offset, 0xffff);
	CHECK_EQUAL(config16(c, offset) & expected, expected);
	CHECK_EQUAL(config16(c, offset) & ~expected, before & ~expected);
	write16(c, CONFIG_REGION, offset, 0);
	CHECK_EQUAL(config16(c, offset), before & ~expected);
}

static void test_write_masks(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	unsigned int i;

	for (i = 0; i < PCI_COMMAND; i += 2)
		check_writable(c, i, 0);
	check_writable(c, PCI_COMMAND, 0x0546);
	check_writable(c, PCI_STATUS, 0);
	check_writable(c, PCI_CLASS_REVISION, 0);
	check_writable(c, PCI_CACHE_LINE_SIZE, 0x00ff);
	for (i = PCI_BASE_ADDRESS_2; i < PCI_INTERRUPT_LINE; i += 2)
		check_writable(c, i, 0);
	check_writable(c, PCI_INTERRUPT_LINE, 0x00ff);
	check_writable(c, 0x40, 0);
	check_writable(c, 0x40 + PCI_PM_PMC, 0);
	check_writable(c, MSI, 0);
	check_writable(c, MSI + PCI_MSI_FLAGS, 0x0071);
	check_writable(c, MSI + PCI_MSI_ADDRESS_LO, 0xfffc);
	check_writable(c, MSI + PCI_MSI_ADDRESS_LO + 2, 0xffff);
	check_writable(c, MSI + PCI_MSI_DATA_32, 0xffff);
	check_writable(c, MSI + PCI_MSI_DATA_32 + 2, 0);
	check_writable(c, EXP + PCI_EXP_DEVCAP + 2, 0);
	check_writable(c, EXP + PCI_EXP_LNKCTL, 0x00cb);
	for (i = 0xac; i < 0x100; i += 2)
		check_writable(c, i, 0);
	check_writable(c, 0x100, 0);
	check_writable(c, 0xffe, 0);
	client_stop(c);
}

static void test_partial_writes(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	static const uint8_t bytes[] = { 0x11, 0x22, 0x33 };

	write32(c, CONFIG_REGION, MSI + PCI_MSI_ADDRESS_LO, 0xaabbccdc);
	write8(c, CONFIG_REGION, MSI + PCI_MSI_ADDRESS_LO + 1, 0x55);
	CHECK_EQUAL(config32(c, MSI + PCI_MSI_ADDRESS_LO), 0xaabb55dc);
	client_write(c, CONFIG_REGION, MSI + PCI_MSI_ADDRESS_LO + 3, bytes, sizeof(bytes));
	CHECK_EQUAL(config32(c, MSI + PCI_MSI_ADDRESS_LO), 0x11bb55dc);
	CHECK_EQUAL(config16(c, MSI + PCI_MSI_DATA_32), 0x3322);
	client_stop(c);
}

static void check_bar(struct client *c, unsigned int index, uint32_t expected)
{
	unsigned int offset = PCI_BASE_ADDRESS_0 + 4 * index;

	write32(c, CONFIG_REGION, offset, ~0U);
	CHECK_EQUAL(config32(c, offset), expected);
}

static void test_bar_sizes(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	check_bar(c, 0, 0xffe00004);
	check_bar(c, 1, 0xffffffff);
	check_bar(c, 2, 0);
	client_stop(c);

	c = client_start_reset("vfio-user-msix", "--bar", "4:4G:64:prefetch", "--bar", "0:16",
			       "--bar", "1:2G:prefetch", "--no-msix", "--registers", "4:0");
	check_bar(c, 0, 0xfffffff0);
	check_bar(c, 1, 0x80000008);
	check_bar(c, 2, 0);
	check_bar(c, 3, 0);
	check_bar(c, 4, 0x0000000c);
	check_bar(c, 5, 0xffffffff);
	client_stop(c);
}

static void test_memory_decoding(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint8_t bytes[16], ones[16];

	memset(ones, 0xff, sizeof(ones));
	write32(c, 0, ATH11K_SCRATCH, 0x12345678);
	write32(c, 0, 0x2000, 0x9abcdef0);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MASTER);
	client_read(c, 0, ATH11K_SCRATCH - 3, bytes, sizeof(bytes));
	CHECK(!memcmp(bytes, ones, sizeof(bytes)));
	CHECK_EQUAL(read32(c, 0, 0x2000), ~0U);
	write32(c, 0, ATH11K_SCRATCH, 1);
	write32(c, 0, 0x2000, 1);
	write16(c, CONFIG_REGION, PCI_COMMAND, COMMAND_ON);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x12345678);
	CHECK_EQUAL(read32(c, 0, 0x2000), 0x9abcdef0);
	client_stop(c);
}

static void dirty(struct client *c)
{
	write16(c, CONFIG_REGION, PCI_COMMAND, COMMAND_ON);
	write32(c, CONFIG_REGION, PCI_BASE_ADDRESS_0, 0xe0000000);
	write8(c, CONFIG_REGION, PCI_INTERRUPT_LINE, 9);
	write32(c, CONFIG_REGION, MSI + PCI_MSI_ADDRESS_LO, 0xfee00000);
	write16(c, CONFIG_REGION, MSI + PCI_MSI_DATA_32, 0x21);
	write16(c, CONFIG_REGION, MSI + PCI_MSI_FLAGS, 0x51);
	write16(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL, 0x0020);
	write16(c, CONFIG_REGION, EXP + PCI_EXP_LNKCTL, 0x0042);
	write32(c, 0, ATH11K_SCRATCH, 0x12345678);
	write32(c, 0, 0x80048, 0xfee00000);
	write32(c, 0, ATH11K_RAISE, 0);
	write32(c, 0, ATH11K_DOORBELL(0), 0);
	CHECK_EQUAL(client_take_dma(c), 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_SENT), 1);
	CHECK(read32(c, 0, ATH11K_DROPPED));
}

static void check_clean(struct client *c, const uint8_t *fresh, uint16_t devctl,
			uint16_t lnkctl)
{
	uint8_t space[4096];

	CHECK_EQUAL(config16(c, EXP + PCI_EXP_DEVCTL), devctl);
	CHECK_EQUAL(config16(c, EXP + PCI_EXP_LNKCTL), lnkctl);
	client_read(c, CONFIG_REGION, 0, space, sizeof(space));
	memcpy(space + EXP + PCI_EXP_DEVCTL, fresh + EXP + PCI_EXP_DEVCTL, 2);
	memcpy(space + EXP + PCI_EXP_LNKCTL, fresh + EXP + PCI_EXP_LNKCTL, 2);
	CHECK(!memcmp(space, fresh, sizeof(space)));
	write16(c, CONFIG_REGION, PCI_COMMAND, COMMAND_ON);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0);
	CHECK_EQUAL(read32(c, 0, 0x80048), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_SENT), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_FAILED), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_DROPPED), 0);
	write32(c, 0, ATH11K_RAISE, 0);
	client_expect_no_dma(c);
}

static void test_reset(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	uint8_t fresh[4096];

	client_reset(c);
	client_read(c, CONFIG_REGION, 0, fresh, sizeof(fresh));
	dirty(c);
	client_reset(c);
	check_clean(c, fresh, 0x2810, 0);
	client_stop(c);
}

static void test_flr(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	uint8_t fresh[4096], ones[64];

	client_reset(c);
	client_read(c, CONFIG_REGION, 0, fresh, sizeof(fresh));
	dirty(c);
	write16(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL, 0x0020 | PCI_EXP_DEVCTL_BCR_FLR);
	check_clean(c, fresh, 0x2830, 0x0042);
	/* Write the byte with the bit alone, and with bytes before it. */
	dirty(c);
	write8(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL + 1, 0x80);
	check_clean(c, fresh, 0x2830, 0x0042);
	dirty(c);
	write32(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL - 2, PCI_EXP_DEVCTL_BCR_FLR << 16);
	check_clean(c, fresh, 0x2810, 0x0042);
	/* Other writes do not reset, whatever the server's buffer still holds. */
	memset(ones, 0xff, sizeof(ones));
	dirty(c);
	client_write(c, 0, 0x2000, ones, sizeof(ones));
	write8(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL, 0x80);
	write16(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL + 2, 0xffff);
	CHECK_EQUAL(config16(c, EXP + PCI_EXP_DEVCTL), 0x0080);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x12345678);
	client_stop(c);
}

static void test_power_states(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	uint8_t fresh[4096];

	client_reset(c);
	client_read(c, CONFIG_REGION, 0, fresh, sizeof(fresh));
	dirty(c);
	/* The device has neither D1 nor D2. */
	write16(c, CONFIG_REGION, PM_CTRL, 1);
	CHECK_EQUAL(config16(c, PM_CTRL), 0);
	write16(c, CONFIG_REGION, PM_CTRL, 2);
	CHECK_EQUAL(config16(c, PM_CTRL), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x12345678);

	write16(c, CONFIG_REGION, PM_CTRL, 3);
	CHECK_EQUAL(config16(c, PM_CTRL), 3);
	CHECK_EQUAL(config16(c, PCI_COMMAND), COMMAND_ON);
	CHECK_EQUAL(config16(c, MSI + PCI_MSI_DATA_32), 0x21);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), ~0U);
	write32(c, 0, ATH11K_RAISE, 0);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, PM_CTRL, 1);
	CHECK_EQUAL(config16(c, PM_CTRL), 3);

	write16(c, CONFIG_REGION, PM_CTRL, 0);
	CHECK_EQUAL(config16(c, PM_CTRL), 0);
	check_clean(c, fresh, 0x2830, 0x0042);
	client_stop(c);
}

static void test_no_soft_reset(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k", "--no-soft-reset");

	dirty(c);
	CHECK_EQUAL(config16(c, PM_CTRL), PCI_PM_CTRL_NO_SOFT_RESET);
	write16(c, CONFIG_REGION, PM_CTRL, 3);
	CHECK_EQUAL(config16(c, PM_CTRL), PCI_PM_CTRL_NO_SOFT_RESET | 3);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), ~0U);
	write16(c, CONFIG_REGION, PM_CTRL, 0);
	CHECK_EQUAL(config16(c, PM_CTRL), PCI_PM_CTRL_NO_SOFT_RESET);
	CHECK_EQUAL(config16(c, PCI_COMMAND), COMMAND_ON);
	CHECK_EQUAL(config16(c, MSI + PCI_MSI_DATA_32), 0x21);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x12345678);
	client_stop(c);
}

static void test_flr_in_d3(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	dirty(c);
	write16(c, CONFIG_REGION, PM_CTRL, 3);
	write16(c, CONFIG_REGION, EXP + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
	CHECK_EQUAL(config16(c, PM_CTRL), 0);
	CHECK_EQUAL(config16(c, PCI_COMMAND), 0);
	client_stop(c);
}

const struct test config_tests[] = {
	{ "no capabilities before the first reset", test_hidden },
	{ "header and capabilities", test_header },
	{ "only what is writable is written", test_write_masks },
	{ "writes of any size", test_partial_writes },
	{ "BARs tell their sizes", test_bar_sizes },
	{ "memory decoding", test_memory_decoding },
	{ "device reset", test_reset },
	{ "function level reset", test_flr },
	{ "D3hot, and the reset behind it", test_power_states },
	{ "D3hot without a reset behind it", test_no_soft_reset },
	{ "function level reset in D3hot", test_flr_in_d3 },
	{}
};
