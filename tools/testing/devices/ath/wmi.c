// SPDX-License-Identifier: GPL-2.0-only
#include "wmi.h"

#include <inttypes.h>

#include "bytes.h"
#include "card.h"
#include "compiler.h"
#include "log.h"

#define WMI_SERVICE_READY	0x0001
#define WMI_READY		0x0002
#define WMI_SERVICE_READY_EXT	0x4009
#define WMI_CHANNELS		0x3a001
#define WMI_CHANNELS_EXT	0x3a003
#define WMI_INIT		0x0001	/* a command */
#define WMI_COMMAND_MASK	0xffffff

/* An element of an event: its tag in bits 31:16, the length of its data in 15:0. */
#define TAG_UINT32_ARRAY	0x10
#define TAG_STRUCT_ARRAY	0x12
#define TAG_SERVICE_READY	0x20
#define TAG_READY		0x23
#define TAG_SERVICE_READY_EXT	0x1ac
#define TAG_MAC_PHY		0x210
#define TAG_HW_MODE		0x211
#define TAG_HW_MODES		0x212
#define TAG_REGULATORY_EXT	0x213
#define TAG_REGULATORY		0x214
#define TAG_RULE		0x260
#define TAG_CHANNELS		0x261
#define TAG_RULE_EXT		0x3a9
#define TAG_CHANNELS_EXT	0x3aa

/* In dwords: events' fixed parts, of which most fields may be 0. */
#define SERVICE_READY_DWORDS	46
#define SERVICE_BITMAP_DWORDS	32
#define SERVICE_READY_EXT_DWORDS 36
#define MAC_PHY_DWORDS		59
#define REGULATORY_EXT_DWORDS	10
#define READY_DWORDS		15
#define CHANNELS_DWORDS		14
#define CHANNELS_EXT_DWORDS	78
#define RULE_DWORDS		3
#define RULE_EXT_DWORDS		4

/* The card has one hardware mode, in which it uses all its PHYs. */
#define HW_MODE			1
#define PHY_5GHZ		0

#define HTT_VERSION_REQUEST	0
#define HTT_RING_SETUP		11
/* The answer has the version in bits 31:16 and 15:8, and its type in 7:0. */
#define HTT_VERSION_ANSWER	(3 << 16 | 1 << 8 | 0)
#define HTT_SETUP_RING		1	/* the PDEV's number, and the ring's */
#define HTT_SETUP_MSI		32
#define HTT_SETUP_MSI_DATA	40
#define HTT_SETUP_MSI_END	44

struct event {
	size_t size;
	uint8_t data[CE_MESSAGE_SIZE];
};

static void add(struct event *e, uint32_t value)
{
	put32(e->data, e->size, value);
	e->size += sizeof(value);
}

static void begin_event(struct event *e, uint32_t id)
{
	e->size = 0;
	add(e, id);
}

/* Returns where the element's header is, for end_element(). */
static size_t begin_element(struct event *e)
{
	add(e, 0);
	return e->size - sizeof(uint32_t);
}

static void end_element(struct event *e, size_t header, uint32_t tag)
{
	put32(e->data, header, tag << 16 | (e->size - header - sizeof(uint32_t)));
}

static void add_element(struct event *e, uint32_t tag, const uint32_t *dwords,
			unsigned int count)
{
	size_t header = begin_element(e);
	unsigned int i;

	for (i = 0; i < count; i++)
		add(e, dwords[i]);
	end_element(e, header, tag);
}

static void send_event(struct card *card, const struct event *e)
{
	htc_send(card, CE_WMI_TO_HOST, HTC_WMI, e->data, e->size);
}

void wmi_reset(struct card *card)
{
	memset(&card->wmi, 0, sizeof(card->wmi));
}

static void send_service_ready(struct card *card)
{
	static const uint32_t fixed[SERVICE_READY_DWORDS], services[SERVICE_BITMAP_DWORDS];
	struct event e;

	begin_event(&e, WMI_SERVICE_READY);
	add_element(&e, TAG_SERVICE_READY, fixed, ARRAY_SIZE(fixed));
	add_element(&e, TAG_UINT32_ARRAY, services, ARRAY_SIZE(services));
	send_event(card, &e);
}

static void add_hw_mode(struct event *e, unsigned int phys)
{
	const uint32_t modes[] = { 1, 0 };	/* one mode, no tables of chain masks */
	const uint32_t mode[] = { HW_MODE, (1 << phys) - 1, 1 };
	size_t header;

	add_element(e, TAG_HW_MODES, modes, ARRAY_SIZE(modes));
	header = begin_element(e);
	add_element(e, TAG_HW_MODE, mode, ARRAY_SIZE(mode));
	end_element(e, header, TAG_STRUCT_ARRAY);
}

/* Two chains and HT in the one band that the PHY has. */
static void add_mac_phy(struct event *e, unsigned int phy)
{
	const uint32_t capabilities[MAC_PHY_DWORDS] = {
		[0] = HW_MODE,
		[1] = phy + 1,			/* PDEV */
		[2] = phy,
		[4] = phy == PHY_5GHZ ? 2 : 1,	/* bands */
		[7] = 1,			/* 2.4 GHz: HT */
		[12] = 3,			/* chains to send and to receive */
		[13] = 3,
		[15] = 1,			/* 5 GHz: HT */
		[20] = 3,
		[21] = 3,
		[22] = 2,			/* HE, of 2.4 and of 5 GHz */
		[25] = 4,
	};

	add_element(e, TAG_MAC_PHY, capabilities, ARRAY_SIZE(capabilities));
}

/* The frequencies of the band. */
static void add_regulatory(struct event *e, unsigned int phy)
{
	uint32_t capabilities[REGULATORY_EXT_DWORDS] = { phy };

	if (phy == PHY_5GHZ) {
		capabilities[8] = 5000;
		capabilities[9] = 5900;
	} else {
		capabilities[6] = 2400;
		capabilities[7] = 2500;
	}
	add_element(e, TAG_REGULATORY_EXT, capabilities, ARRAY_SIZE(capabilities));
}

static void send_service_ready_ext(struct card *card)
{
	static const uint32_t fixed[SERVICE_READY_EXT_DWORDS];
	const uint32_t phys[] = { card->chip->phys };
	unsigned int phy;
	struct event e;
	size_t header;

	begin_event(&e, WMI_SERVICE_READY_EXT);
	add_element(&e, TAG_SERVICE_READY_EXT, fixed, ARRAY_SIZE(fixed));
	add_hw_mode(&e, card->chip->phys);
	header = begin_element(&e);
	for (phy = 0; phy < card->chip->phys; phy++)
		add_mac_phy(&e, phy);
	end_element(&e, header, TAG_STRUCT_ARRAY);
	add_element(&e, TAG_REGULATORY, phys, ARRAY_SIZE(phys));
	header = begin_element(&e);
	for (phy = 0; phy < card->chip->phys; phy++)
		add_regulatory(&e, phy);
	end_element(&e, header, TAG_STRUCT_ARRAY);
	send_event(card, &e);
}

static void wmi_start(struct card *card)
{
	send_service_ready(card);
	send_service_ready_ext(card);
}

struct rule {
	uint32_t first_mhz;
	uint32_t last_mhz;
	uint32_t bandwidth;
	uint32_t dbm;
};

static void add_rule(struct event *e, const struct rule *rule, bool extended)
{
	const uint32_t dwords[RULE_EXT_DWORDS] = {
		rule->last_mhz << 16 | rule->first_mhz,
		rule->dbm << 16 | rule->bandwidth,
	};

	add_element(e, extended ? TAG_RULE_EXT : TAG_RULE, dwords,
		    extended ? RULE_EXT_DWORDS : RULE_DWORDS);
}

/*
 * The rules of a country: one for each band, which drivers also take from a card with a
 * single PHY. ath12k knows the event with 6 GHz alone, of which there is nothing here.
 */
static void send_channels(struct card *card)
{
	static const struct rule rule_2ghz = { 2402, 2472, 40, 20 };
	static const struct rule rule_5ghz = { 5170, 5250, 80, 20 };
	const uint32_t channels[CHANNELS_EXT_DWORDS] = {
		[2] = 'U' | 'S' << 8,
		[3] = card->chip->phys,
		[8] = 20,	/* bandwidths in 2.4 GHz, then in 5 GHz */
		[9] = 40,
		[10] = 20,
		[11] = 80,
		[12] = 1,	/* rules */
		[13] = 1,
	};
	bool extended = card->chip->ath12k;
	struct event e;
	size_t header;

	begin_event(&e, extended ? WMI_CHANNELS_EXT : WMI_CHANNELS);
	add_element(&e, extended ? TAG_CHANNELS_EXT : TAG_CHANNELS, channels,
		    extended ? CHANNELS_EXT_DWORDS : CHANNELS_DWORDS);
	header = begin_element(&e);
	add_rule(&e, &rule_2ghz, extended);
	add_rule(&e, &rule_5ghz, extended);
	end_element(&e, header, TAG_STRUCT_ARRAY);
	send_event(card, &e);
}

/* With the card's MAC address, 02:00:00:00:11:03 for the 1103. */
static void send_ready(struct card *card)
{
	const uint32_t address = 6;
	uint32_t ready[READY_DWORDS] = {};
	struct event e;

	ready[address] = 0x02;
	ready[address + 1] = (card->chip->device >> 8 | card->chip->device << 8) & 0xffff;
	begin_event(&e, WMI_READY);
	add_element(&e, TAG_READY, ready, ARRAY_SIZE(ready));
	send_event(card, &e);
}

static void wmi_command(struct card *card, const void *data, size_t size)
{
	uint32_t id;

	if (size < sizeof(id))
		return;
	id = get32(data, 0) & WMI_COMMAND_MASK;
	log_detail("WMI: command 0x%" PRIx32 " of %zu bytes", id, size);
	htc_give_credit(card, HTC_WMI);
	if (id == WMI_INIT) {
		card_reach(card, ATH_STAGE_WMI);
		send_channels(card);
		send_ready(card);
	}
}

/* The ring with that ID, or a new one; NULL if there are too many. */
static struct htt_ring *find_ring(struct wmi *wmi, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < wmi->htt_rings; i++) {
		if (wmi->htt_ring[i].id == id)
			return &wmi->htt_ring[i];
	}
	return i < HTT_RINGS ? &wmi->htt_ring[wmi->htt_rings++] : NULL;
}

/* A ring without an address is polled, and is not of interest. */
static void set_up_ring(struct card *card, const uint8_t *message, size_t size)
{
	struct htt_ring *ring;

	if (size < HTT_SETUP_MSI_END || !get64(message, HTT_SETUP_MSI))
		return;
	ring = find_ring(&card->wmi, get16(message, HTT_SETUP_RING));
	if (!ring) {
		log_line("HTT: too many rings");
		return;
	}
	ring->id = get16(message, HTT_SETUP_RING);
	ring->address = get64(message, HTT_SETUP_MSI);
	ring->data = get32(message, HTT_SETUP_MSI_DATA);
	log_detail("HTT: ring 0x%x: 0x%" PRIx32 " to 0x%" PRIx64, ring->id, ring->data,
		   ring->address);
}

void htt_raise_rings(struct card *card)
{
	const struct wmi *wmi = &card->wmi;
	unsigned int i;

	for (i = 0; i < wmi->htt_rings; i++)
		card_raise_htt(card, wmi->htt_ring[i].address, wmi->htt_ring[i].data);
}

static void htt_message(struct card *card, const void *data, size_t size)
{
	const uint8_t *message = data;
	uint8_t answer[4];

	if (!size)
		return;
	log_detail("HTT: message %u of %zu bytes", message[0], size);
	if (message[0] == HTT_RING_SETUP) {
		set_up_ring(card, message, size);
	} else if (message[0] == HTT_VERSION_REQUEST) {
		card_reach(card, ATH_STAGE_HTT);
		put32(answer, 0, HTT_VERSION_ANSWER);
		htc_send(card, CE_HTT_TO_HOST, HTC_HTT, answer, sizeof(answer));
	}
}

const struct htc_services wmi_services = {
	.start = wmi_start,
	.wmi = wmi_command,
	.htt = htt_message,
};
