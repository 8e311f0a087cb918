// SPDX-License-Identifier: GPL-2.0-only
/* The card as a whole: accesses, resets, and options. */
#include "card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bytes.h"
#include "compiler.h"
#include "log.h"
#include "options.h"

#define HW_VERSION		0x224
#define SOC_RESET		0x3008
#define SOC_RESET_BIT		0x1

#define VERSION_2		0x200	/* in HW_VERSION and CHIP_VERSION */
#define LTSSM_UP		0x111

static struct card *to_card(struct pci_function *f)
{
	return container_of(f, struct card, function);
}

static void chip_written(struct card *card, uint32_t address, uint32_t value)
{
	card_set_chip_register(card, address, value);
	ce_register_written(card, address, value);
}

/*
 * Chips without shadow registers have their rings' run-time pointers in pages that have
 * no slots.
 */
static bool is_pointer(const struct card *card, uint64_t offset)
{
	uint64_t page = offset & ~0xfffULL;

	return card->chip->fixed_views &&
	       (page == 0x1b7000 || page == 0x1bb000 || page == 0x1c6000);
}

static void count_pointer(struct card *card)
{
	card_report(card, ATH_REPORT_POINTERS, card_reported(card, ATH_REPORT_POINTERS) + 1);
}

/* Reset the chip's registers and the state of its firmware. */
static void reset_chip(struct card *card)
{
	if (card->faults.no_reset && card->started)
		return;
	card->started = true;
	madvise(card->registers, CHIP_SIZE, MADV_DONTNEED);
	put32(card->registers, CHIP_VERSION, VERSION_2);
	put32(card->registers, CHIP_LTSSM, LTSSM_UP);
	memset(card->shadow, 0, sizeof(card->shadow));
	memset(card->bar, 0, ATH_PAGED_VIEW);
	card_set_bar_register(card, HW_VERSION, VERSION_2);
	dma_cancel_read(&card->server.dma);
	mhi_reset(card);
	card->mhi_client->reset(card);
	ce_reset(card);
	wmi_reset(card);
}

static bool card_has_register(struct pci_function *f, unsigned int bar, uint64_t offset)
{
	return true;
}

static uint32_t card_read_register(struct pci_function *f, unsigned int bar, uint64_t offset)
{
	struct card *card = to_card(f);

	if (offset >= ATH_PAGED_VIEW)
		return card_chip_register(card, card_viewed_address(card, offset));
	return card_bar_register(card, offset);
}

static void card_write_register(struct pci_function *f, unsigned int bar, uint64_t offset,
				uint32_t value)
{
	struct card *card = to_card(f);
	unsigned int shadow = (offset - ATH_SHADOW) / sizeof(value);

	if (is_pointer(card, offset))
		count_pointer(card);
	if (offset >= ATH_PAGED_VIEW) {
		chip_written(card, card_viewed_address(card, offset), value);
		return;
	}
	card_set_bar_register(card, offset, value);
	if (offset == SOC_RESET) {
		if (value & SOC_RESET_BIT)
			reset_chip(card);
	} else if (offset >= ATH_SHADOW && shadow < ATH_SHADOW_REGISTERS) {
		if (card->shadow[shadow] && card->shadow[shadow] < CHIP_SIZE)
			chip_written(card, card->shadow[shadow] & ~3U, value);
	} else {
		mhi_register_written(card, offset, value);
	}
}

static void card_reset(struct pci_function *f)
{
	struct card *card = to_card(f);

	msi_reset(&card->msi);
	dma_reset(&card->server.dma);
	card->addresses = 0;
	reset_chip(card);
}

/* Send the messages that a test asked for. */
static void raise(struct card *card, uint32_t what)
{
	unsigned int i, number = ATH_RAISE_NUMBER(what);

	card_report(card, ATH_REPORT_RAISE, 0);
	for (i = 0; what & ATH_RAISE_SLOTS && i < card->rings; i++)
		card_raise_slot(card, card->ring[i]);
	if (what & ATH_RAISE_HTT)
		htt_raise_rings(card);
	if (what & ATH_RAISE_SLOT && number < card->rings)
		card_raise_slot(card, card->ring[number]);
}

static void card_work(struct pci_function *f)
{
	struct card *card = to_card(f);

	if (card_reported(card, ATH_REPORT_RAISE))
		raise(card, card_reported(card, ATH_REPORT_RAISE));
	while (mhi_work(card) || ce_work(card))
		;
	card_report(card, ATH_REPORT_SLOTS, card_enabled_slots(card));
	card_report(card, ATH_REPORT_HTT_RINGS, card->wmi.htt_rings);
	card_report(card, ATH_REPORT_FAILED, card->server.dma.failed);
	report_show(card, card_reported(card, ATH_REPORT_SHOW));
}

static const struct pci_device_ops card_ops = {
	.has_register = card_has_register,
	.read_register = card_read_register,
	.write_register = card_write_register,
	.reset = card_reset,
	.work = card_work,
};

static void usage(const void *context, FILE *out)
{
	fprintf(out,
		"Usage: vfio-user-ath --socket PATH [--id VVVV:DDDD] [--download]\n"
		"    [--no-soft-reset] [--no-reset] [--lose N] [--slip N] [--forget N]\n"
		"    [--verbose]\n"
		"Serve an ath11k or ath12k card to the first vfio-user client at PATH.\n");
}

/* What the command line asks for. */
struct wishes {
	bool download;
	bool no_soft_reset;
	struct card_faults faults;
};

enum { DOWNLOAD = OPTION_OWN, NO_SOFT_RESET, NO_RESET, LOSE, SLIP, FORGET };

static const struct option options[] = {
	{ "download", no_argument, NULL, DOWNLOAD },
	{ "no-soft-reset", no_argument, NULL, NO_SOFT_RESET },
	{ "no-reset", no_argument, NULL, NO_RESET },
	{ "lose", required_argument, NULL, LOSE },
	{ "slip", required_argument, NULL, SLIP },
	{ "forget", required_argument, NULL, FORGET },
	{}
};

static int take_option(void *context, int option)
{
	struct wishes *wishes = context;

	switch (option) {
	case DOWNLOAD:
		wishes->download = true;
		return 0;
	case NO_SOFT_RESET:
		wishes->no_soft_reset = true;
		return 0;
	case NO_RESET:
		wishes->faults.no_reset = true;
		return 0;
	case LOSE:
		return option_number(optarg, &wishes->faults.lose);
	case SLIP:
		return option_number(optarg, &wishes->faults.slip);
	case FORGET:
		return option_number(optarg, &wishes->faults.forget);
	}
	return -1;
}

static void add_report(struct pci_function *f)
{
	pci_add_capability(f, ATH_REPORT_CAP, PCI_CAP_ID_VNDR);
	pci_init16(f, ATH_REPORT_CAP + PCI_CAP_FLAGS, ATH_REPORT_SIZE, 0);
	pci_init32(f, ATH_REPORT_CAP + ATH_REPORT_RAISE, 0,
		   0xff00 | ATH_RAISE_SLOTS | ATH_RAISE_HTT | ATH_RAISE_SLOT);
	pci_init32(f, ATH_REPORT_CAP + ATH_REPORT_SHOW, 0, UINT32_MAX);
}

static void add_ring(struct card *card, uint32_t ring)
{
	card->ring[card->rings++] = ring;
}

static void add_rings(struct card *card)
{
	const struct chip *chip = card->chip;
	unsigned int i;

	for (i = 0; i < CE_COUNT; i++) {
		if (chip->sources & 1U << i)
			add_ring(card, ce_address(card, i) + CE_SOURCE_RING);
		if (chip->destinations & 1U << i) {
			add_ring(card, ce_address(card, i) + CE_DESTINATION_RING);
			add_ring(card, ce_address(card, i) + CE_STATUS_RING);
		}
	}
	for (i = 0; i < CHIP_UMAC_RINGS && chip->umac_ring[i]; i++)
		add_ring(card, chip->umac_ring[i]);
}

/* Returns memory that is 0, or NULL. */
static uint8_t *allocate(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		log_line("no memory for %zu bytes of registers", size);
		return NULL;
	}
	return memory;
}

int main(int argc, char **argv)
{
	static struct card card;
	struct common_options common = {
		.id = { .vendor = ATH_VENDOR_ID, .device = 0x1103, .class = 0x028000 },
	};
	struct wishes wishes = {};
	const struct command_line line = { options, take_option, usage, &wishes };

	options_parse(&line, argc, argv, &common);
	card.chip = chip_find(common.id.device);
	if (common.id.vendor != ATH_VENDOR_ID || !card.chip) {
		log_line("there is no card %04x:%04x", common.id.vendor, common.id.device);
		return EXIT_FAILURE;
	}
	card.mhi.download = wishes.download;
	log_detail("a %s", card.chip->name);
	card.faults = wishes.faults;
	card.mhi_client = &qmi_client;
	card.htc_services = &wmi_services;
	add_rings(&card);
	card.bar = allocate(ATH_PAGED_VIEW);
	card.registers = allocate(CHIP_SIZE);
	if (!card.bar || !card.registers)
		return EXIT_FAILURE;
	pci_init(&card.function, &card_ops, &common.id);
	if (wishes.no_soft_reset)
		pci_keep_in_d3hot(&card.function);
	if (pci_add_bar(&card.function, 0, ATH_BAR0_SIZE, PCI_BASE_ADDRESS_MEM_TYPE_64))
		return EXIT_FAILURE;
	msi_init(&card.msi, &card.function, &card.server.dma, PCI_INTERRUPT_OFFSET,
		 ATH_MSI_VECTORS, 0);
	add_report(&card.function);
	return server_run(&card.server, &card.function, common.path);
}
