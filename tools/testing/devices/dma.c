// SPDX-License-Identifier: GPL-2.0-only
#include "dma.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "log.h"

struct dma_write {
	struct vfio_user_dma_access access;
	uint8_t data[TRANSPORT_MAX_DATA];
};

void dma_init(struct dma *dma, struct transport *transport)
{
	memset(dma, 0, sizeof(*dma));
	dma->transport = transport;
}

/* Returns -1 if every ID is in use. */
static int take_id(struct dma *dma, enum dma_state state)
{
	unsigned int i;
	uint16_t id;

	for (i = 0; i <= UINT16_MAX; i++) {
		id = dma->next_id++;
		if (dma->state[id] == DMA_FREE) {
			dma->state[id] = state;
			return id;
		}
	}
	return -1;
}

/* Returns the ID of the message, or -1. */
static int send_write(struct dma *dma, uint64_t address, const void *data, uint32_t count)
{
	static struct dma_write write;
	struct vfio_user_header header = {
		.command = VFIO_USER_DMA_WRITE,
		.size = sizeof(header) + sizeof(write.access) + count,
	};
	int id = take_id(dma, DMA_PENDING);

	if (id < 0) {
		dma->failed++;
		log_line("DMA write: too many are unanswered");
		return -1;
	}
	header.id = id;
	write.access.address = address;
	write.access.count = count;
	memcpy(write.data, data, count);
	dma->write_count[id] = count;
	dma->unanswered++;
	transport_send(dma->transport, &header, &write);
	return id;
}

void dma_write32(struct dma *dma, uint64_t address, uint32_t data)
{
	uint32_t value = htole32(data);
	int id = send_write(dma, address, &value, sizeof(value));

	if (id >= 0)
		log_detail("DMA write %d: 0x%" PRIx32 " to 0x%" PRIx64, id, data, address);
}

void dma_write(struct dma *dma, uint64_t address, const void *data, uint32_t count)
{
	int id = send_write(dma, address, data, count);

	if (id >= 0)
		log_detail("DMA write %d: %" PRIu32 " bytes to 0x%" PRIx64, id, count,
			   address);
}

bool dma_read(struct dma *dma, struct dma_reader *reader, uint64_t address,
	      uint32_t count)
{
	struct vfio_user_dma_access access = { .address = address, .count = count };
	struct vfio_user_header header = {
		.command = VFIO_USER_DMA_READ,
		.size = sizeof(header) + sizeof(access),
	};
	int id;

	if (dma->reader)
		return false;
	id = take_id(dma, DMA_READING);
	if (id < 0)
		return false;
	header.id = id;
	dma->reader = reader;
	dma->read_count = count;
	log_detail("DMA read %d: %" PRIu32 " bytes at 0x%" PRIx64, id, count, address);
	transport_send(dma->transport, &header, &access);
	return true;
}

/* The client may answer with the header alone, or also say how many bytes it wrote. */
static bool write_succeeded(const struct dma *dma)
{
	const struct transport *t = dma->transport;
	struct vfio_user_dma_access access;

	if (t->header.flags & VFIO_USER_ERROR)
		return false;
	if (transport_payload_size(t) < sizeof(access))
		return true;
	memcpy(&access, transport_payload(t), sizeof(access));
	return access.count == dma->write_count[t->header.id];
}

static void write_replied(struct dma *dma)
{
	const struct vfio_user_header *header = &dma->transport->header;
	bool success = write_succeeded(dma);

	log_detail("DMA write %u: %s", header->id,
		   success ? "done" : strerror(header->error));
	dma->unanswered--;
	if (success)
		dma->sent++;
	else
		dma->failed++;
}

/* Returns NULL if the read failed, or returned fewer bytes than were requested. */
static const void *data_read(const struct dma *dma)
{
	const struct transport *t = dma->transport;
	struct vfio_user_dma_access access;

	if ((t->header.flags & VFIO_USER_ERROR) ||
	    transport_payload_size(t) != sizeof(access) + dma->read_count)
		return NULL;
	memcpy(&access, transport_payload(t), sizeof(access));
	if (access.count != dma->read_count)
		return NULL;
	return (const uint8_t *)transport_payload(t) + sizeof(access);
}

static void read_replied(struct dma *dma)
{
	struct dma_reader *reader = dma->reader;
	const void *data = data_read(dma);

	log_detail("DMA read %u: %s", dma->transport->header.id, data ? "done" : "failed");
	dma->reader = NULL;
	reader->done(reader, data);
}

static bool was_sent(uint16_t command, enum dma_state state)
{
	switch (state) {
	case DMA_PENDING:
		return command == VFIO_USER_DMA_WRITE;
	case DMA_READING:
		return command == VFIO_USER_DMA_READ;
	case DMA_ABANDONED:
		return command == VFIO_USER_DMA_WRITE || command == VFIO_USER_DMA_READ;
	default:
		return false;
	}
}

void dma_reply(struct dma *dma)
{
	const struct vfio_user_header *header = &dma->transport->header;
	enum dma_state state = dma->state[header->id];

	if (!was_sent(header->command, state)) {
		log_line("reply %u to command %u, which was not sent", header->id,
			 header->command);
		return;
	}
	dma->state[header->id] = DMA_FREE;
	if (state == DMA_PENDING)
		write_replied(dma);
	else if (state == DMA_READING)
		read_replied(dma);
}

void dma_drop(struct dma *dma, const char *why)
{
	dma->dropped++;
	log_detail("not sent: %s", why);
}

void dma_cancel_read(struct dma *dma)
{
	unsigned int i;

	for (i = 0; dma->reader && i <= UINT16_MAX; i++) {
		if (dma->state[i] == DMA_READING)
			dma->state[i] = DMA_ABANDONED;
	}
	dma->reader = NULL;
}

void dma_reset(struct dma *dma)
{
	unsigned int i;

	for (i = 0; i <= UINT16_MAX; i++) {
		if (dma->state[i] != DMA_FREE)
			dma->state[i] = DMA_ABANDONED;
	}
	dma->reader = NULL;
	dma->sent = 0;
	dma->failed = 0;
	dma->dropped = 0;
	dma->unanswered = 0;
}
