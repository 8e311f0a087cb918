// SPDX-License-Identifier: GPL-2.0-only
#include "mhi.h"

#include <inttypes.h>

#include "bytes.h"
#include "card.h"
#include "log.h"

/* Registers, by their BAR offsets. */
#define MHI_LENGTH		0x00
#define MHI_VERSION		0x08
#define MHI_CHANNEL_DOORBELLS_AT 0x18
#define MHI_EVENT_DOORBELLS_AT	0x20
#define MHI_BHI_AT		0x28
#define MHI_BHIE_AT		0x2c
#define MHI_CTRL		0x38
#define MHI_CTRL_RESET		0x2
#define MHI_STATUS		0x48
#define MHI_STATUS_READY	0x1
#define MHI_CHANNEL_CONTEXTS	0x58
#define MHI_EVENT_CONTEXTS	0x60
#define MHI_COMMAND_CONTEXTS	0x68
#define MHI_COMMAND_DOORBELL	0x70

#define MHI_CHANNEL_DOORBELLS	0x400
#define MHI_EVENT_DOORBELLS	0x800

/* The boot loader's: an image at an address, and one in the parts that a table names. */
#define BHI			0x100
#define BHI_IMAGE_SIZE		(BHI + 0x10)
#define BHI_IMAGE_DOORBELL	(BHI + 0x18)
#define BHI_VECTOR		(BHI + 0x20)
#define BHI_EXECENV		(BHI + 0x28)
#define BHI_STATUS		(BHI + 0x2c)
#define BHIE			0x324
#define BHIE_TABLE		(BHIE + 0x2c)
#define BHIE_TABLE_SIZE		(BHIE + 0x34)
#define BHIE_TABLE_DOORBELL	(BHIE + 0x3c)
#define BHIE_TABLE_STATUS	(BHIE + 0x44)
#define BHI_SUCCESS		(2U << 30)
#define BHI_SEQUENCE		0x3fffffff

enum execenv {
	EXECENV_BOOT_LOADER,	/* PBL */
	EXECENV_SECOND_LOADER,	/* SBL */
	EXECENV_FIRMWARE,	/* AMSS */
};

enum mhi_state {
	MHI_STATE_READY = 1,
	MHI_STATE_M0,
};

/* A ring's context. The second field depends on the kind of the ring. */
#define CONTEXT_SIZE		44
#define CONTEXT_EVENT_RING	8	/* of a channel */
#define CONTEXT_VECTOR		8	/* of an event ring */
#define CONTEXT_BASE		12
#define CONTEXT_LENGTH		20
#define CONTEXT_READ		28

#define ELEMENT_SIZE		16

/* An event's last dword has its type in bits 23:16 and the channel in 31:24. */
#define EVENT_STATE		(0x20 << 16)
#define EVENT_COMMAND		(0x21 << 16)
#define EVENT_TRANSFER		(0x22 << 16)
#define EVENT_EXECENV		(0x40 << 16)
/* Its third dword: a code or the new state in bits 31:24, a length in 15:0. */
#define EVENT_SUCCESS		(1 << 24)
#define EVENT_END_OF_TRANSFER	(2 << 24)

/* Where events go that are not about a channel. */
#define CONTROL_EVENT_RING	0

#define CHANNEL_TO_CARD		20
#define CHANNEL_TO_HOST		21
#define CHANNEL_DOORBELL(n)	(MHI_CHANNEL_DOORBELLS + 8 * (n))

static uint64_t register64(const struct card *card, uint32_t offset)
{
	return (uint64_t)card_bar_register(card, offset + 4) << 32 |
	       card_bar_register(card, offset);
}

static void set_status(struct card *card, enum mhi_state state)
{
	card_set_bar_register(card, MHI_STATUS, (uint32_t)state << 8 | MHI_STATUS_READY);
}

/* Forget the rings, whose contexts the driver makes anew. */
static void forget_rings(struct mhi *mhi)
{
	bool download = mhi->download;

	memset(mhi, 0, sizeof(*mhi));
	mhi->download = download;
}

void mhi_reset(struct card *card)
{
	forget_rings(&card->mhi);
	card_set_bar_register(card, MHI_LENGTH, 0x100);
	card_set_bar_register(card, MHI_VERSION, 0x01000000);
	card_set_bar_register(card, MHI_CHANNEL_DOORBELLS_AT, MHI_CHANNEL_DOORBELLS);
	card_set_bar_register(card, MHI_EVENT_DOORBELLS_AT, MHI_EVENT_DOORBELLS);
	card_set_bar_register(card, MHI_BHI_AT, BHI);
	card_set_bar_register(card, MHI_BHIE_AT, BHIE);
	card_set_bar_register(card, MHI_CTRL, 0);
	card_set_bar_register(card, BHI_STATUS, 0);
	card_set_bar_register(card, BHIE_TABLE_STATUS, 0);
	card_set_bar_register(card, BHI_EXECENV, card->mhi.download ? EXECENV_BOOT_LOADER :
								     EXECENV_FIRMWARE);
	set_status(card, MHI_STATE_READY);
}

static void control_written(struct card *card, uint32_t value)
{
	if (value & MHI_CTRL_RESET) {
		log_detail("MHI: reset by the driver");
		forget_rings(&card->mhi);
		dma_cancel_read(&card->server.dma);
		card->mhi_client->reset(card);
		card_set_bar_register(card, MHI_CTRL, 0);
		set_status(card, MHI_STATE_READY);
	} else {
		card->mhi.state_written = true;
	}
}

void mhi_register_written(struct card *card, uint32_t offset, uint32_t value)
{
	struct mhi *mhi = &card->mhi;

	switch (offset) {
	case MHI_CTRL:
		control_written(card, value);
		break;
	case MHI_COMMAND_DOORBELL:
		mhi->command_rung = true;
		break;
	case CHANNEL_DOORBELL(CHANNEL_TO_CARD):
		mhi->to_card.rung |= card_doorbell_arrives(card);
		break;
	case CHANNEL_DOORBELL(CHANNEL_TO_HOST):
		mhi->to_host.rung |= card_doorbell_arrives(card);
		break;
	case BHI_IMAGE_DOORBELL:
		mhi->image_rung = true;
		break;
	case BHIE_TABLE_DOORBELL:
		mhi->vectors_rung = true;
		break;
	}
}

/* The element after that at @address of a ring. */
static uint64_t next_element(uint64_t address, uint64_t base, uint64_t size)
{
	address += ELEMENT_SIZE;
	return address < base + size ? address : base;
}

static bool is_element(uint64_t address, uint64_t base, uint64_t size)
{
	return address >= base && address < base + size &&
	       !((address - base) % ELEMENT_SIZE);
}

static bool post_event(struct card *card, uint32_t ring, uint64_t pointer,
		       uint32_t dword2, uint32_t dword3)
{
	uint64_t at = register64(card, MHI_EVENT_CONTEXTS) + ring * CONTEXT_SIZE;
	uint8_t context[CONTEXT_SIZE], event[ELEMENT_SIZE], read[sizeof(uint64_t)];
	uint64_t base, size, address;

	if (!card_read(card, at, context, sizeof(context)))
		return false;
	base = get64(context, CONTEXT_BASE);
	size = get64(context, CONTEXT_LENGTH);
	address = get64(context, CONTEXT_READ);
	if (!is_element(address, base, size)) {
		log_line("MHI: event ring %" PRIu32 " has no element at 0x%" PRIx64, ring,
			 address);
		return false;
	}
	put64(event, 0, pointer);
	put32(event, 8, dword2);
	put32(event, 12, dword3);
	card_write(card, address, event, sizeof(event));
	put64(read, 0, next_element(address, base, size));
	card_write(card, at + CONTEXT_READ, read, sizeof(read));
	card_raise_msi(card, get32(context, CONTEXT_VECTOR));
	return true;
}

static bool post_execenv(struct card *card, enum execenv execenv)
{
	card_set_bar_register(card, BHI_EXECENV, execenv);
	return post_event(card, CONTROL_EVENT_RING, 0, (uint32_t)execenv << 24, EVENT_EXECENV);
}

static void take_image(struct card *card)
{
	log_detail("MHI: an image of %" PRIu32 " bytes",
		   card_bar_register(card, BHI_IMAGE_SIZE));
	card_set_bar_register(card, BHI_STATUS, BHI_SUCCESS);
	set_status(card, MHI_STATE_READY);
	card_raise_msi(card, card_bar_register(card, BHI_VECTOR));
}

/* The table has the address and the length of each part of the image. */
static void take_vectors(struct card *card)
{
	uint32_t table_size = card_bar_register(card, BHIE_TABLE_SIZE);
	uint32_t doorbell = card_bar_register(card, BHIE_TABLE_DOORBELL);
	uint8_t table[4096];
	uint64_t total = 0;
	uint32_t i;

	if (!doorbell)
		return;
	if (table_size > sizeof(table)) {
		log_line("MHI: a table of %" PRIu32 " bytes", table_size);
		return;
	}
	if (!card_read(card, register64(card, BHIE_TABLE), table, table_size))
		return;
	for (i = 0; i + ELEMENT_SIZE <= table_size; i += ELEMENT_SIZE)
		total += get64(table, i + 8);
	log_detail("MHI: an image of %" PRIu64 " bytes in %" PRIu32 " parts", total,
		   table_size / ELEMENT_SIZE);
	card_set_bar_register(card, BHIE_TABLE_STATUS, BHI_SUCCESS | (doorbell & BHI_SEQUENCE));
	card_raise_msi(card, card_bar_register(card, BHI_VECTOR));
	card_took_image(card, total);
	post_execenv(card, EXECENV_FIRMWARE);
}

static void enter_state(struct card *card)
{
	uint32_t state = card_bar_register(card, MHI_CTRL) >> 8 & 0xff;
	enum execenv execenv = card_bar_register(card, BHI_EXECENV);

	if (!state)
		return;
	set_status(card, state);
	if (state != MHI_STATE_M0)
		return;
	card->mhi.running = true;
	card_reach(card, ATH_STAGE_MHI);
	if (!post_event(card, CONTROL_EVENT_RING, 0, MHI_STATE_M0 << 24, EVENT_STATE))
		return;
	post_execenv(card, execenv == EXECENV_FIRMWARE ? execenv : EXECENV_SECOND_LOADER);
}

/* Every command succeeds: channels have no state but their rings. */
static void take_commands(struct card *card)
{
	uint64_t write = register64(card, MHI_COMMAND_DOORBELL), base, size, done;
	uint8_t context[CONTEXT_SIZE], command[ELEMENT_SIZE];
	struct mhi *mhi = &card->mhi;

	if (!card_read(card, register64(card, MHI_COMMAND_CONTEXTS), context,
		       sizeof(context)))
		return;
	base = get64(context, CONTEXT_BASE);
	size = get64(context, CONTEXT_LENGTH);
	if (!mhi->command_read)
		mhi->command_read = base;
	while (mhi->command_read != write && is_element(write, base, size)) {
		done = mhi->command_read;
		if (!card_read(card, done, command, sizeof(command)))
			return;
		log_detail("MHI: command 0x%x for channel %u", get32(command, 12) >> 16 & 0xff,
			   get32(command, 12) >> 24);
		mhi->command_read = next_element(done, base, size);
		if (!post_event(card, CONTROL_EVENT_RING, done, EVENT_SUCCESS, EVENT_COMMAND))
			return;
	}
}

/* Returns false if the ring cannot be used. */
static bool know_channel(struct card *card, struct mhi_channel *channel, unsigned int number)
{
	uint8_t context[CONTEXT_SIZE];

	if (channel->known)
		return true;
	if (!card_read(card, register64(card, MHI_CHANNEL_CONTEXTS) + number * CONTEXT_SIZE,
		       context, sizeof(context)))
		return false;
	channel->known = true;
	channel->event_ring = get32(context, CONTEXT_EVENT_RING);
	channel->base = get64(context, CONTEXT_BASE);
	channel->size = get64(context, CONTEXT_LENGTH);
	channel->read = channel->base;
	return true;
}

static bool has_element(struct card *card, const struct mhi_channel *channel,
			unsigned int number)
{
	uint64_t write = register64(card, CHANNEL_DOORBELL(number));

	return channel->known && channel->read != write &&
	       is_element(write, channel->base, channel->size);
}

/* Returns the size of the buffer at *@address, or -1. */
static int take_element(struct card *card, struct mhi_channel *channel, uint64_t *address)
{
	uint8_t element[ELEMENT_SIZE];

	if (!card_read(card, channel->read, element, sizeof(element)))
		return -1;
	channel->read = next_element(channel->read, channel->base, channel->size);
	*address = get64(element, 0);
	return get32(element, 8) & 0xffff;
}

static void receive_packets(struct card *card)
{
	struct mhi_channel *channel = &card->mhi.to_card;
	static uint8_t packet[UINT16_MAX];
	uint64_t element, address;
	int size;

	if (!know_channel(card, channel, CHANNEL_TO_CARD))
		return;
	while (has_element(card, channel, CHANNEL_TO_CARD)) {
		element = channel->read;
		size = take_element(card, channel, &address);
		if (size <= 0 || !card_read(card, address, packet, size) ||
		    !post_event(card, channel->event_ring, element,
				EVENT_END_OF_TRANSFER | size,
				CHANNEL_TO_CARD << 24 | EVENT_TRANSFER))
			return;
		card->mhi_client->packet(card, packet, size);
	}
}

static void send_packets(struct card *card)
{
	struct mhi_channel *channel = &card->mhi.to_host;
	struct mhi *mhi = &card->mhi;
	struct mhi_packet *packet;
	uint64_t element, address;
	int room;

	while (mhi->packets && has_element(card, channel, CHANNEL_TO_HOST)) {
		element = channel->read;
		room = take_element(card, channel, &address);
		if (room < 0)
			return;
		packet = &mhi->packet[mhi->first_packet];
		if (packet->size > (size_t)room) {
			log_line("MHI: a packet of %zu bytes for a buffer of %d", packet->size,
				 room);
			return;
		}
		card_write(card, address, packet->data, packet->size);
		mhi->first_packet = (mhi->first_packet + 1) % MHI_PACKETS;
		mhi->packets--;
		if (!post_event(card, channel->event_ring, element,
				EVENT_END_OF_TRANSFER | packet->size,
				CHANNEL_TO_HOST << 24 | EVENT_TRANSFER))
			return;
	}
}

static void take_buffers(struct card *card)
{
	if (!know_channel(card, &card->mhi.to_host, CHANNEL_TO_HOST))
		return;
	card->mhi_client->connected(card);
	send_packets(card);
}

void mhi_send(struct card *card, const void *data, size_t size)
{
	struct mhi *mhi = &card->mhi;
	struct mhi_packet *packet;

	if (mhi->packets == MHI_PACKETS || size > MHI_PACKET_SIZE) {
		log_line("MHI: no room for a packet of %zu bytes", size);
		return;
	}
	packet = &mhi->packet[(mhi->first_packet + mhi->packets) % MHI_PACKETS];
	packet->size = size;
	memcpy(packet->data, data, size);
	mhi->packets++;
	mhi->to_host.rung = true;
}

static bool was_noted(bool *note)
{
	bool noted = *note;

	*note = false;
	return noted;
}

bool mhi_work(struct card *card)
{
	struct mhi *mhi = &card->mhi;

	if (was_noted(&mhi->image_rung))
		take_image(card);
	else if (was_noted(&mhi->vectors_rung))
		take_vectors(card);
	else if (was_noted(&mhi->state_written))
		enter_state(card);
	else if (!mhi->running)
		return false;
	else if (was_noted(&mhi->command_rung))
		take_commands(card);
	else if (was_noted(&mhi->to_card.rung))
		receive_packets(card);
	else if (was_noted(&mhi->to_host.rung))
		take_buffers(card);
	else
		return false;
	return true;
}
