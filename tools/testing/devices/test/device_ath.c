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

/* A ring of WBM, which is on the page of the UMAC, and its message. */
#define UMAC_PAGE	0x14
#define RING		(ATH_PAGED_VIEW + 0x34920)
#define SLOT		(RING + 0x48)
#define TARGET		0xfee00000
#define MESSAGE		0x4021

static struct client *start(void)
{
	return client_start_reset("vfio-user-ath", "--id", "17cb:1103");
}

static void select_page(struct client *c, uint32_t page)
{
	write32(c, 0, SELECT, 0x40000000 | page);
}

/* As drivers do: address, high bits and enable, data. */
static void write_slot(struct client *c)
{
	select_page(c, UMAC_PAGE);
	write32(c, 0, SLOT, TARGET);
	write32(c, 0, SLOT + 4, 0x100);
	write32(c, 0, SLOT + 8, MESSAGE);
}

/* The card works after its answer to an access, but before that to the next one. */
static void let_it_work(struct client *c)
{
	read32(c, CONFIG_REGION, PCI_VENDOR_ID);
}

static void raise_slots(struct client *c)
{
	write32(c, CONFIG_REGION, ATH_REPORT_CAP + ATH_REPORT_RAISE, ATH_RAISE_SLOTS);
	let_it_work(c);
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

	write_slot(c);
	select_page(c, 0x37);
	CHECK_EQUAL(read32(c, 0, SLOT), 0);
	select_page(c, UMAC_PAGE);
	CHECK_EQUAL(read32(c, 0, SLOT), TARGET);
	client_stop(c);
}

static void test_fixed_views(void)
{
	struct client *c = client_start_reset("vfio-user-ath", "--id", "17cb:1104");

	write32(c, 0, ATH_UMAC_VIEW + 0x34920, 1);
	write32(c, 0, ATH_CE_VIEW + 0x48, 2);
	CHECK_EQUAL(read32(c, 0, RING), 0);
	select_page(c, UMAC_PAGE);
	CHECK_EQUAL(read32(c, 0, RING), 1);
	select_page(c, 0x37);
	CHECK_EQUAL(read32(c, 0, ATH_PAGED_VIEW + 0x48), 2);
	client_stop(c);
}

static void test_raises_slots(void)
{
	struct client *c = start();

	raise_slots(c);
	client_expect_no_dma(c);
	write_slot(c);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOTS), 1);
	raise_slots(c);
	client_expect_dma(c, TARGET, MESSAGE);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT_SENT), 1);
	CHECK_EQUAL(report(c, ATH_REPORT_RAISE), 0);
	client_stop(c);
}

static void show(struct client *c, uint32_t number)
{
	write32(c, CONFIG_REGION, ATH_REPORT_CAP + ATH_REPORT_SHOW, number);
	CHECK_EQUAL(report(c, ATH_REPORT_SHOWN), number);
}

/* The ring is the first of WBM, after three sources and twice three destinations. */
static void test_shows_slots(void)
{
	struct client *c = start();

	show(c, 9);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT), 0xa34968);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT_LO), 0);
	write_slot(c);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT_LO), TARGET);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT_DATA), MESSAGE);
	show(c, 17);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT), 0);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOT_LO), 0);
	CHECK_EQUAL(report(c, ATH_REPORT_HTT_LO), 0);
	client_stop(c);
}

/* Each address once, until the next reset of the function. */
static void test_remembers_addresses(void)
{
	struct client *c = start();

	write_slot(c);
	write_slot(c);
	write32(c, 0, SLOT, 0);
	write32(c, 0, SLOT, TARGET + 4);
	CHECK_EQUAL(report(c, ATH_REPORT_WRITTEN), TARGET);
	show(c, 1);
	CHECK_EQUAL(report(c, ATH_REPORT_WRITTEN), TARGET + 4);
	show(c, 2);
	CHECK_EQUAL(report(c, ATH_REPORT_WRITTEN), 0);
	client_reset(c);
	let_it_work(c);
	CHECK_EQUAL(report(c, ATH_REPORT_WRITTEN), 0);
	client_stop(c);
}

/* A reset of the chip resets the page and the slots, but not the function. */
static void test_resets_chip(void)
{
	struct client *c = start();

	write_slot(c);
	write32(c, 0, SOC_RESET, 1);
	CHECK_EQUAL(read32(c, 0, SELECT), 0);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOTS), 0);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_COMMAND),
		    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	client_stop(c);
}

static void test_no_reset(void)
{
	struct client *c = client_start_reset("vfio-user-ath", "--no-reset");

	write_slot(c);
	write32(c, 0, SOC_RESET, 1);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK_EQUAL(read32(c, 0, SLOT), TARGET);
	raise_slots(c);
	client_expect_dma(c, TARGET, MESSAGE);
	client_stop(c);
}

/* With the second write of a slot's three: the third goes to page 0. */
static void test_slips(void)
{
	struct client *c = client_start_reset("vfio-user-ath", "--slip", "2");

	write_slot(c);
	CHECK_EQUAL(read32(c, 0, SELECT), 0);
	CHECK_EQUAL(read32(c, 0, SLOT + 8), MESSAGE);
	select_page(c, UMAC_PAGE);
	CHECK_EQUAL(read32(c, 0, SLOT), TARGET);
	CHECK_EQUAL(read32(c, 0, SLOT + 8), 0);
	client_stop(c);
}

static void test_forgets(void)
{
	struct client *c = client_start_reset("vfio-user-ath", "--forget", "2");

	write_slot(c);
	raise_slots(c);
	client_expect_dma(c, TARGET, MESSAGE);
	raise_slots(c);
	client_expect_dma(c, TARGET, MESSAGE);
	raise_slots(c);
	client_expect_no_dma(c);
	CHECK_EQUAL(report(c, ATH_REPORT_SLOTS), 0);
	CHECK_EQUAL(read32(c, 0, SLOT), 0);
	client_stop(c);
}

/* Copy engine 0 has a ring of 16 dwords, from which its doorbell makes it read. */
static void ring_copy_engine(struct client *c)
{
	select_page(c, 0x37);
	write32(c, 0, ATH_PAGED_VIEW, 0x100000);
	write32(c, 0, ATH_PAGED_VIEW + 4, 16 << 8);
	write32(c, 0, ATH_PAGED_VIEW + 0x400, 4);
	let_it_work(c);
}

static void test_loses_doorbells(void)
{
	struct client *c = start();

	ring_copy_engine(c);
	CHECK_EQUAL(c->dma_reads, 1);
	client_stop(c);
	c = client_start_reset("vfio-user-ath", "--lose", "1");
	ring_copy_engine(c);
	CHECK_EQUAL(c->dma_reads, 0);
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
	{ "fixed views", test_fixed_views },
	{ "raises slots", test_raises_slots },
	{ "shows slots", test_shows_slots },
	{ "remembers addresses", test_remembers_addresses },
	{ "resets chip", test_resets_chip },
	{ "no reset", test_no_reset },
	{ "slips", test_slips },
	{ "forgets", test_forgets },
	{ "loses doorbells", test_loses_doorbells },
	{ "starts ready", test_starts_ready },
	{ "survives unmapped rings", test_survives_unmapped_rings },
	{}
};
