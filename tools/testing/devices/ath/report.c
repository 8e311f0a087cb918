// SPDX-License-Identifier: GPL-2.0-only
/* What tests see of the slots, of the rings that HTT set up, and of written addresses. */
#include "card.h"

#define SLOT_IN_RING	0x48	/* where a ring has the address */

static void show_slot(struct card *card, uint32_t number)
{
	bool exists = number < card->rings, enabled = false;
	uint64_t address = 0;
	uint32_t data = 0;

	if (exists)
		enabled = card_slot(card, card->ring[number], &address, &data);
	card_report(card, ATH_REPORT_SLOT, exists ? card->ring[number] + SLOT_IN_RING : 0);
	card_report(card, ATH_REPORT_SLOT_LO, enabled ? address : 0);
	card_report(card, ATH_REPORT_SLOT_DATA, enabled ? data : 0);
}

static void show_htt_ring(struct card *card, uint32_t number)
{
	struct htt_ring ring = {};

	if (number < card->wmi.htt_rings)
		ring = card->wmi.htt_ring[number];
	card_report(card, ATH_REPORT_HTT_RING, ring.id);
	card_report(card, ATH_REPORT_HTT_LO, ring.address);
}

void report_show(struct card *card, uint32_t number)
{
	uint32_t address = number < card->addresses ? card->address[number] : 0;

	show_slot(card, number);
	show_htt_ring(card, number);
	card_report(card, ATH_REPORT_WRITTEN, address);
	card_report(card, ATH_REPORT_SHOWN, number);
}
