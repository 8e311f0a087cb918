// SPDX-License-Identifier: GPL-2.0-only
/* The cards' BAR: what needs no driver. */
#include <linux/pci_regs.h>

#include "../ath/ath.h"
#include "client.h"
#include "test.h"

#define SELECT		0x310c
#define SOC_RESET	0x3008
#define MHI_CTRL	0x38
#define MHI_STATUS	0x48
#define EXECENV		0x128

static struct client *start(void)
{
	return client_start_reset("vfio-user-ath", "--id", "17cb:1103");
}

static uint32_t report(struct client *c, unsigned int offset)
{
	return read32(c, CONFIG_REGION, ATH_REPORT_CAP + offset);
}

static void test_report(void)
{
	struct client *c = start();

	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_VNDR), ATH_REPORT_CAP);
	CHECK_EQUAL(report(c, ATH_REPORT_STAGE), ATH_STAGE_NONE);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOTS), 0);
	client_stop(c);
}

static void test_pages(void)
{
	struct client *c = start();

	write32(c, 0, SELECT, 0x40000000 | 0x14);
	write32(c, 0, ATH_PAGED_VIEW + 0x34968, 0xfee00000);
	write32(c, 0, SELECT, 0x40000000 | 0x37);
	CHECK_EQUAL(read32(c, 0, ATH_PAGED_VIEW + 0x34968), 0);
	write32(c, 0, SELECT, 0x40000000 | 0x14);
	CHECK_EQUAL(read32(c, 0, ATH_PAGED_VIEW + 0x34968), 0xfee00000);
	client_stop(c);
}

static void test_slots_are_counted(void)
{
	struct client *c = start();

	write32(c, 0, SELECT, 0x40000000 | 0x14);
	write32(c, 0, ATH_PAGED_VIEW + 0x3496c, 0x100);
	CHECK_EQUAL(read32(c, 0, SELECT), 0x40000014);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOTS), 1);
	/* A reset of the chip resets the page and the slots, but not the function. */
	write32(c, 0, SOC_RESET, 1);
	CHECK_EQUAL(read32(c, 0, SELECT), 0);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOTS), 0);
	client_stop(c);
}

static void test_starts_ready(void)
{
	struct client *c = start();

	CHECK_EQUAL(read32(c, 0, MHI_STATUS), 0x101);
	CHECK_EQUAL(read32(c, 0, EXECENV), 2);
	write32(c, 0, MHI_CTRL, 2);
	CHECK_EQUAL(read32(c, 0, MHI_CTRL), 0);
	CHECK_EQUAL(read32(c, 0, MHI_STATUS), 0x101);
	client_stop(c);
	c = client_start_reset("vfio-user-ath", "--download");
	CHECK_EQUAL(read32(c, 0, EXECENV), 0);
	client_stop(c);
}

/* The context of the event ring is read, which fails: the card does no more. */
static void test_survives_unmapped_rings(void)
{
	struct client *c = start();

	write32(c, 0, MHI_CTRL, 2 << 8);
	CHECK_EQUAL(report(c, ATH_REPORT_STAGE), ATH_STAGE_MHI);
	CHECK_EQUAL(read32(c, 0, MHI_STATUS), 0x201);
	CHECK_EQUAL(c->dma_reads, 1);
	client_expect_no_dma(c);
	client_check_alive(c);
}

const struct test ath_tests[] = {
	{ "report", test_report },
	{ "pages", test_pages },
	{ "slots are counted", test_slots_are_counted },
	{ "starts ready", test_starts_ready },
	{ "survives unmapped rings", test_survives_unmapped_rings },
	{}
};
