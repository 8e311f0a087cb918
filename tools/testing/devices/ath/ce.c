// SPDX-License-Identifier: GPL-2.0-only
#include "ce.h"

#include <inttypes.h>

#include "bytes.h"
#include "card.h"
#include "log.h"

/* Of a ring: where it is, and where in the host's memory the card's pointer goes. */
#define RING_BASE		0x00
#define RING_SIZE		0x04	/* dwords in bits 27:8, the base's high bits in 7:0 */
#define RING_HEAD_ADDRESS	0x14
#define RING_TAIL_ADDRESS	0x1c

/* The host's pointers, by the engine. */
#define SOURCE_HEAD		0x400
#define DESTINATION_HEAD	0x1400

/* Elements, in dwords. An address has 40 bits. */
#define SOURCE_DWORDS		4
#define DESTINATION_DWORDS	2
#define STATUS_DWORDS		4

/* HTC's header: endpoint, flags and size, then the size of the trailer. */
#define HTC_HEADER_SIZE		8
#define HTC_HAS_TRAILER		(2 << 8)

enum htc_message_id {
	HTC_READY = 1,
	HTC_CONNECT,
	HTC_CONNECTED,
	HTC_SETUP_COMPLETE = 5,
};

#define HTC_CREDITS		20
#define HTC_CREDIT_SIZE		2048
#define HTC_ENDPOINTS		8
#define HTC_RECORD_CREDITS	1

#define SERVICE_WMI		0x100
#define SERVICE_WMI_SECOND_MAC	0x105
#define SERVICE_WMI_THIRD_MAC	0x106
#define SERVICE_HTT		0x300

uint32_t ce_address(const struct card *card, unsigned int engine)
{
	return card->chip->copy_engines + engine * CE_SIZE;
}

static uint32_t ring_register(const struct card *card, unsigned int engine, uint32_t ring,
			      uint32_t offset)
{
	return card_chip_register(card, ce_address(card, engine) + ring + offset);
}

static uint64_t ring_address(const struct card *card, unsigned int engine, uint32_t ring,
			     uint32_t offset)
{
	return (uint64_t)(ring_register(card, engine, ring, offset + 4) & 0xff) << 32 |
	       ring_register(card, engine, ring, offset);
}

static uint32_t ring_dwords(const struct card *card, unsigned int engine, uint32_t ring)
{
	return ring_register(card, engine, ring, RING_SIZE) >> 8 & 0xfffff;
}

void ce_reset(struct card *card)
{
	memset(&card->ce, 0, sizeof(card->ce));
}

void ce_register_written(struct card *card, uint32_t address, uint32_t value)
{
	uint32_t offset = address - card->chip->copy_engines;
	unsigned int engine = offset / CE_SIZE;

	if (address < card->chip->copy_engines || engine >= CE_COUNT)
		return;
	if (offset % CE_SIZE == SOURCE_HEAD)
		card->ce.engine[engine].source_rung |= card_doorbell_arrives(card);
	else if (offset % CE_SIZE == DESTINATION_HEAD)
		card->ce.destination_rung |= card_doorbell_arrives(card);
}

/* Take the next buffer of the host. Returns its address, or 0. */
static uint64_t take_buffer(struct card *card, unsigned int engine)
{
	uint32_t size = ring_dwords(card, engine, CE_DESTINATION_RING);
	struct ce_engine *e = &card->ce.engine[engine];
	uint8_t element[DESTINATION_DWORDS * sizeof(uint32_t)];
	uint64_t base = ring_address(card, engine, CE_DESTINATION_RING, RING_BASE);

	if (!size || !card_read(card, base + e->destination_tail * sizeof(uint32_t), element,
				sizeof(element)))
		return 0;
	e->destination_tail = (e->destination_tail + DESTINATION_DWORDS) % size;
	return get64(element, 0) & 0xffffffffffULL;
}

/* Tell the host that the last buffer has @length bytes. */
static void complete_buffer(struct card *card, unsigned int engine, size_t length)
{
	uint32_t size = ring_dwords(card, engine, CE_STATUS_RING);
	uint64_t base = ring_address(card, engine, CE_STATUS_RING, RING_BASE);
	uint8_t status[STATUS_DWORDS * sizeof(uint32_t)] = {};
	struct ce_engine *e = &card->ce.engine[engine];

	if (!size)
		return;
	put32(status, 0, length << 16);
	card_write(card, base + e->status_head * sizeof(uint32_t), status, sizeof(status));
	e->status_head = (e->status_head + STATUS_DWORDS) % size;
	card_write32(card, ring_address(card, engine, CE_DESTINATION_RING, RING_TAIL_ADDRESS),
		     e->destination_tail);
	card_write32(card, ring_address(card, engine, CE_STATUS_RING, RING_HEAD_ADDRESS),
		     e->status_head);
	card_raise_slot(card, ce_address(card, engine) + CE_STATUS_RING);
}

static bool has_buffer(struct card *card, unsigned int engine)
{
	return card->ce.engine[engine].destination_tail !=
	       ring_register(card, engine, 0, DESTINATION_HEAD);
}

/* Sends a message that waits. Returns false if none does, or if there is no buffer for it. */
static bool send_one(struct card *card)
{
	struct ce *ce = &card->ce;
	struct ce_message *m = &ce->message[ce->first_message];
	unsigned int engine = m->engine;
	uint64_t address;

	if (!ce->messages || !has_buffer(card, engine))
		return false;
	address = take_buffer(card, engine);
	/* If the card was reset the queue is empty, otherwise the message stays in it. */
	if (!address)
		return false;
	card_write(card, address, m->data, m->size);
	complete_buffer(card, engine, m->size);
	ce->first_message = (ce->first_message + 1) % CE_MESSAGES;
	ce->messages--;
	return true;
}

static void queue_message(struct card *card, unsigned int engine, uint32_t dword0,
			  uint32_t dword1, const void *payload, size_t size)
{
	struct ce *ce = &card->ce;
	struct ce_message *m;

	if (ce->messages == CE_MESSAGES || size > CE_MESSAGE_SIZE - HTC_HEADER_SIZE) {
		log_line("CE%u: no room for a message of %zu bytes", engine, size);
		return;
	}
	m = &ce->message[(ce->first_message + ce->messages) % CE_MESSAGES];
	m->engine = engine;
	m->size = HTC_HEADER_SIZE + size;
	put32(m->data, 0, dword0 | size << 16);
	put32(m->data, 4, dword1);
	memcpy(m->data + HTC_HEADER_SIZE, payload, size);
	ce->messages++;
}

void htc_send(struct card *card, unsigned int engine, unsigned int endpoint,
	      const void *payload, size_t size)
{
	queue_message(card, engine, endpoint, 0, payload, size);
}

/* All of the message is a trailer with one record: type, size, two bytes, its data. */
void htc_give_credit(struct card *card, unsigned int endpoint)
{
	const uint8_t record[] = { HTC_RECORD_CREDITS, 4, 0, 0, endpoint, 1, 0, 0 };

	queue_message(card, CE_WMI_TO_HOST, endpoint | HTC_HAS_TRAILER, sizeof(record), record,
		      sizeof(record));
}

static void send_ready(struct card *card)
{
	uint8_t payload[8];

	card->ce.ready = true;
	card_reach(card, ATH_STAGE_HTC);
	put32(payload, 0, HTC_READY | HTC_CREDITS << 16);
	put32(payload, 4, HTC_CREDIT_SIZE | HTC_ENDPOINTS << 16);
	htc_send(card, CE_WMI_TO_HOST, HTC_CONTROL, payload, sizeof(payload));
}

static unsigned int endpoint_of(uint32_t service)
{
	switch (service) {
	case SERVICE_HTT:
		return HTC_HTT;
	case SERVICE_WMI:
		return HTC_WMI;
	case SERVICE_WMI_SECOND_MAC:
		return HTC_WMI + 1;
	case SERVICE_WMI_THIRD_MAC:
		return HTC_WMI + 2;
	default:
		return HTC_WMI + 3;
	}
}

static void connect_service(struct card *card, uint32_t service)
{
	uint8_t payload[12] = {};

	log_detail("HTC: service 0x%" PRIx32, service);
	put32(payload, 0, HTC_CONNECTED | service << 16);
	put32(payload, 4, endpoint_of(service) << 8 | HTC_CREDIT_SIZE << 16);
	htc_send(card, CE_WMI_TO_HOST, HTC_CONTROL, payload, sizeof(payload));
}

static void control_message(struct card *card, const uint8_t *payload, size_t size)
{
	if (size < sizeof(uint32_t))
		return;
	switch (get16(payload, 0)) {
	case HTC_CONNECT:
		connect_service(card, get16(payload, 2));
		break;
	case HTC_SETUP_COMPLETE:
		card_reach(card, ATH_STAGE_HTC_DONE);
		card->htc_services->start(card);
		break;
	}
}

static void receive_message(struct card *card, const uint8_t *message, size_t size)
{
	const uint8_t *payload = message + HTC_HEADER_SIZE;
	size_t length;

	if (size < HTC_HEADER_SIZE || get16(message, 2) > size - HTC_HEADER_SIZE) {
		log_line("HTC: a message of %zu bytes is not one", size);
		return;
	}
	length = get16(message, 2);
	switch (message[0]) {
	case HTC_CONTROL:
		control_message(card, payload, length);
		break;
	case HTC_HTT:
		card->htc_services->htt(card, payload, length);
		break;
	default:
		card->htc_services->wmi(card, payload, length);
		break;
	}
}

/* Take one message of the host. Returns false if that failed. */
static bool take_source(struct card *card, unsigned int engine, uint8_t *message,
			size_t *size)
{
	uint64_t base = ring_address(card, engine, CE_SOURCE_RING, RING_BASE);
	uint32_t dwords = ring_dwords(card, engine, CE_SOURCE_RING);
	struct ce_engine *e = &card->ce.engine[engine];
	uint8_t element[SOURCE_DWORDS * sizeof(uint32_t)];

	if (!dwords || !card_read(card, base + e->source_tail * sizeof(uint32_t), element,
				  sizeof(element)))
		return false;
	*size = get16(element, 6);
	if (*size && !card_read(card, get64(element, 0) & 0xffffffffffULL, message, *size))
		return false;
	e->source_tail = (e->source_tail + SOURCE_DWORDS) % dwords;
	card_write32(card, ring_address(card, engine, CE_SOURCE_RING, RING_TAIL_ADDRESS),
		     e->source_tail);
	return true;
}

static void receive_messages(struct card *card, unsigned int engine)
{
	struct ce_engine *e = &card->ce.engine[engine];
	static uint8_t message[UINT16_MAX];
	size_t size;

	while (e->source_tail != ring_register(card, engine, 0, SOURCE_HEAD)) {
		if (!take_source(card, engine, message, &size))
			return;
		card_raise_slot(card, ce_address(card, engine) + CE_SOURCE_RING);
		receive_message(card, message, size);
	}
}

bool ce_work(struct card *card)
{
	struct ce *ce = &card->ce;
	unsigned int i;

	for (i = 0; i < CE_COUNT; i++) {
		if (ce->engine[i].source_rung) {
			ce->engine[i].source_rung = false;
			receive_messages(card, i);
			return true;
		}
	}
	if (ce->destination_rung) {
		ce->destination_rung = false;
		if (!ce->ready && has_buffer(card, CE_WMI_TO_HOST))
			send_ready(card);
	}
	return send_one(card);
}
