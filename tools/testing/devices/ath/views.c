// SPDX-License-Identifier: GPL-2.0-only
/* What the layers see of the card: its registers, its slots, and the host's memory. */
#include "card.h"

#include <inttypes.h>

#include "bytes.h"
#include "log.h"

#define SELECT_PAGE		0x3f

/* Of a ring's registers: the slot. */
#define RING_MSI_LO		0x48
#define RING_MSI_HI		0x4c	/* address in bits 7:0 */
#define RING_MSI_ENABLE		0x100	/* in RING_MSI_HI */
#define RING_MSI_DATA		0x50

bool card_read(struct card *card, uint64_t address, void *data, uint32_t count)
{
	if (!pci_is_bus_master(&card->function)) {
		dma_drop(&card->server.dma, "not bus master");
		return false;
	}
	return server_dma_read(&card->server, address, data, count);
}

void card_write(struct card *card, uint64_t address, const void *data, uint32_t count)
{
	if (pci_is_bus_master(&card->function))
		dma_write(&card->server.dma, address, data, count);
	else
		dma_drop(&card->server.dma, "not bus master");
}

void card_write32(struct card *card, uint64_t address, uint32_t value)
{
	value = htole32(value);
	card_write(card, address, &value, sizeof(value));
}

uint32_t card_bar_register(const struct card *card, uint32_t offset)
{
	return get32(card->bar, offset);
}

void card_set_bar_register(struct card *card, uint32_t offset, uint32_t value)
{
	put32(card->bar, offset, value);
}

uint32_t card_chip_register(const struct card *card, uint32_t address)
{
	return get32(card->registers, address);
}

void card_report(struct card *card, unsigned int offset, uint32_t value)
{
	pci_set_value32(&card->function, ATH_REPORT_CAP + offset, value);
}

uint32_t card_reported(const struct card *card, unsigned int offset)
{
	return pci_value32(&card->function, ATH_REPORT_CAP + offset);
}

void card_took_image(struct card *card, uint32_t size)
{
	card_report(card, ATH_REPORT_DOWNLOADED, size);
}

void card_reach(struct card *card, uint32_t stage)
{
	log_detail("stage %" PRIu32, stage);
	if (stage > card_reported(card, ATH_REPORT_STAGE))
		card_report(card, ATH_REPORT_STAGE, stage);
}

bool card_doorbell_arrives(struct card *card)
{
	card->doorbells++;
	if (!card->faults.lose || card->doorbells % card->faults.lose)
		return true;
	log_detail("doorbell %" PRIu64 " is lost", card->doorbells);
	return false;
}

void card_raise_msi(struct card *card, uint32_t vector)
{
	card_report(card, ATH_REPORT_MSI_SENT, card_reported(card, ATH_REPORT_MSI_SENT) + 1);
	msi_raise(&card->msi, vector % msi_enabled_vectors(&card->msi));
}

static void forget_slots(struct card *card)
{
	unsigned int i;

	for (i = 0; i < card->rings; i++) {
		put32(card->registers, card->ring[i] + RING_MSI_LO, 0);
		put32(card->registers, card->ring[i] + RING_MSI_HI, 0);
		put32(card->registers, card->ring[i] + RING_MSI_DATA, 0);
	}
}

bool card_slot(const struct card *card, uint32_t ring, uint64_t *address, uint32_t *data)
{
	uint32_t high = card_chip_register(card, ring + RING_MSI_HI);

	*address = (uint64_t)(high & 0xff) << 32 |
		   card_chip_register(card, ring + RING_MSI_LO);
	*data = card_chip_register(card, ring + RING_MSI_DATA);
	return high & RING_MSI_ENABLE;
}

void card_raise_slot(struct card *card, uint32_t ring)
{
	uint64_t address;
	uint32_t data;

	if (!card_slot(card, ring, &address, &data)) {
		dma_drop(&card->server.dma, "the slot is not enabled");
		return;
	}
	card_report(card, ATH_REPORT_SLOT_SENT, card_reported(card, ATH_REPORT_SLOT_SENT) + 1);
	card_write32(card, address, data);
	if (++card->slot_messages == card->faults.forget)
		forget_slots(card);
}

void card_raise_htt(struct card *card, uint64_t address, uint32_t data)
{
	card_report(card, ATH_REPORT_HTT_SENT, card_reported(card, ATH_REPORT_HTT_SENT) + 1);
	card_write32(card, address, data);
}

/* The chip address that a view shows at a BAR offset. */
uint32_t card_viewed_address(const struct card *card, uint64_t offset)
{
	uint32_t page = card_bar_register(card, card->chip->select) & SELECT_PAGE;
	uint32_t in_view = offset % ATH_VIEW_SIZE;

	if (card->chip->fixed_views && offset >= ATH_UMAC_VIEW)
		return CHIP_UMAC + in_view;
	if (card->chip->fixed_views && offset >= ATH_CE_VIEW)
		return card->chip->copy_engines + in_view;
	return page * ATH_VIEW_SIZE + in_view;
}

/* Which register of a slot the address is of, RING_MSI_*; 0: of none. */
static uint32_t slot_register(const struct card *card, uint32_t address)
{
	unsigned int i;

	for (i = 0; i < card->rings; i++) {
		if (address >= card->ring[i] + RING_MSI_LO &&
		    address <= card->ring[i] + RING_MSI_DATA)
			return address - card->ring[i];
	}
	return 0;
}

/* Remembers the address for tests, unless it is one of those that were written before. */
static void note_address(struct card *card, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < card->addresses; i++) {
		if (card->address[i] == value)
			return;
	}
	if (i < CARD_ADDRESSES)
		card->address[card->addresses++] = value;
	else
		log_line("slots: too many addresses");
}

void card_set_chip_register(struct card *card, uint32_t address, uint32_t value)
{
	uint32_t slot = slot_register(card, address);

	put32(card->registers, address, value);
	if (slot == RING_MSI_LO && value)
		note_address(card, value);
	if (slot && ++card->slot_writes == card->faults.slip)
		card_set_bar_register(card, card->chip->select, 0);
}

unsigned int card_enabled_slots(const struct card *card)
{
	unsigned int count = 0, i;

	for (i = 0; i < card->rings; i++) {
		if (card_chip_register(card, card->ring[i] + RING_MSI_HI) & RING_MSI_ENABLE)
			count++;
	}
	return count;
}
