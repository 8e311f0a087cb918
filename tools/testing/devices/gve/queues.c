// SPDX-License-Identifier: GPL-2.0-only
#include "gve.h"

#include "bytes.h"
#include "log.h"

/* Offsets in descriptors and completions. */
#define TX_TYPE			0
#define TX_COUNT		3
#define TX_LENGTH		6
#define TX_ADDRESS		8
#define COMPLETION_LENGTH	60
#define COMPLETION_SEQUENCE	63

/* The sequence number goes from 1 to this. */
#define SEQUENCE_MAX		7

static bool read_memory(struct gve *gve, uint64_t address, void *data, uint32_t count)
{
	return server_dma_read(&gve->server, address, data, count);
}

static uint64_t buffer_address(const struct gve_queue *queue, uint64_t address)
{
	const struct gve_pages *pages = queue->pages;

	if (!pages || !pages->count)
		return address;
	return pages->page[address / GVE_PAGE_SIZE % pages->count] + address % GVE_PAGE_SIZE;
}

/* The driver gives more descriptors than the queue has only if it is broken. */
static bool has_descriptor(const struct gve_queue *queue)
{
	return queue->exists && queue->posted != queue->used &&
	       queue->posted - queue->used <= queue->size;
}

static bool read_descriptor(struct gve *gve, const struct gve_queue *queue, void *descriptor,
			    uint32_t size)
{
	return read_memory(gve, queue->descriptors + (uint64_t)size * (queue->used % queue->size),
			   descriptor, size);
}

/* Add the descriptor's part of a packet. A packet that is too long is cut. */
static bool gather(struct gve *gve, const uint8_t *descriptor)
{
	static uint8_t part[UINT16_MAX];
	size_t size = get16(descriptor, TX_LENGTH);
	size_t room;

	if (size && !read_memory(gve, buffer_address(&gve->tx, get64(descriptor, TX_ADDRESS)),
				 part, size))
		return false;
	room = sizeof(gve->packet) - gve->packet_size;
	if (size > room) {
		log_line("a packet is longer than %zu bytes", sizeof(gve->packet));
		size = room;
	}
	memcpy(gve->packet + gve->packet_size, part, size);
	gve->packet_size += size;
	return true;
}

/* Take one packet. Returns false if there is none, or not all of it. */
static bool take_packet(struct gve *gve)
{
	uint8_t descriptor[GVE_TX_DESCRIPTOR_SIZE];
	struct gve_queue *queue = &gve->tx;
	unsigned int left = 1;

	gve->packet_size = 0;
	while (left && has_descriptor(queue)) {
		if (!read_descriptor(gve, queue, descriptor, sizeof(descriptor)) ||
		    !gather(gve, descriptor))
			return false;
		if (descriptor[TX_TYPE] == GVE_TX_START && descriptor[TX_COUNT])
			left = descriptor[TX_COUNT];
		left--;
		queue->used++;
	}
	return !left;
}

/* Show the driver what was sent, if an interrupt can follow. */
static bool complete_tx(struct gve *gve)
{
	struct gve_queue *queue = &gve->tx;
	uint8_t counter[sizeof(uint32_t)];

	if (!queue->exists || queue->shown == queue->used ||
	    !msix_can_send(&gve->msix, queue->vector))
		return false;
	queue->shown = queue->used;
	put32(counter, 0, queue->shown);
	dma_write(&gve->server.dma, gve->counters, counter, sizeof(counter));
	msix_raise(&gve->msix, queue->vector);
	return true;
}

/* Pass a packet on to the driver, if it has a buffer and an interrupt can follow. */
static bool receive_packet(struct gve *gve)
{
	uint8_t buffer[GVE_RX_PADDING + PEER_FRAME_MAX] = {};
	uint8_t completion[GVE_RX_COMPLETION_SIZE] = {};
	uint8_t descriptor[GVE_RX_DESCRIPTOR_SIZE];
	struct gve_queue *queue = &gve->rx;
	size_t size;

	if (!has_descriptor(queue) || !peer_has_frame(&gve->peer) ||
	    !msix_can_send(&gve->msix, queue->vector) ||
	    !read_descriptor(gve, queue, descriptor, sizeof(descriptor)))
		return false;
	size = GVE_RX_PADDING + peer_take_frame(&gve->peer, buffer + GVE_RX_PADDING);
	dma_write(&gve->server.dma, buffer_address(queue, get64(descriptor, 0)), buffer, size);
	put16(completion, COMPLETION_LENGTH, size);
	completion[COMPLETION_SEQUENCE] = gve->sequence;
	gve->sequence = gve->sequence % SEQUENCE_MAX + 1;
	dma_write(&gve->server.dma,
		  queue->completions + sizeof(completion) * (queue->used % queue->size),
		  completion, sizeof(completion));
	queue->used++;
	msix_raise(&gve->msix, queue->vector);
	return true;
}

bool gve_queues_work(struct gve *gve)
{
	bool sent = take_packet(gve);

	if (sent)
		peer_receive_frame(&gve->peer, gve->packet, gve->packet_size);
	sent |= complete_tx(gve);
	return receive_packet(gve) || sent;
}
