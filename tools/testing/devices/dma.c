// SPDX-License-Identifier: GPL-2.0-only
#include "dma.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "log.h"

struct dma_write {
	struct vfio_user_dma_access access;
	uint32_t data;
};

void dma_init(struct dma *dma, struct transport *transport)
{
	memset(dma, 0, sizeof(*dma));
	dma->transport = transport;
}

/* Returns -1 when every ID is taken. */
static int take_id(struct dma *dma)
{
	unsigned int i;
	uint16_t id;

	for (i = 0; i <= UINT16_MAX; i++) {
		id = dma->next_id++;
		if (dma->state[id] == DMA_FREE) {
			dma->state[id] = DMA_PENDING;
			return id;
		}
	}
	return -1;
}

void dma_write32(struct dma *dma, uint64_t address, uint32_t data)
{
	struct dma_write write = {
		.access = { .address = address, .count = sizeof(data) },
		.data = htole32(data),
	};
	struct vfio_user_header header = {
		.command = VFIO_USER_DMA_WRITE,
		.size = sizeof(header) + sizeof(write.access) + sizeof(write.data),
	};
	int id = take_id(dma);

	if (id < 0) {
		dma->failed++;
		log_line("DMA write: too many are unanswered");
		return;
	}
	header.id = id;
	dma->unanswered++;
	log_detail("DMA write %d: 0x%" PRIx32 " to 0x%" PRIx64, id, data, address);
	transport_send(dma->transport, &header, &write);
}

/* A client may answer with the header alone, or say how much it wrote. */
static bool write_succeeded(const struct transport *t)
{
	struct vfio_user_dma_access access;

	if (t->header.flags & VFIO_USER_ERROR)
		return false;
	if (transport_payload_size(t) < sizeof(access))
		return true;
	memcpy(&access, transport_payload(t), sizeof(access));
	return access.count == sizeof(uint32_t);
}

void dma_reply(struct dma *dma)
{
	const struct vfio_user_header *header = &dma->transport->header;
	uint8_t *state = &dma->state[header->id];
	bool success;

	if (header->command != VFIO_USER_DMA_WRITE || *state == DMA_FREE) {
		log_line("reply %u to command %u, which was not sent", header->id,
			 header->command);
		return;
	}
	success = write_succeeded(dma->transport);
	log_detail("DMA write %u: %s", header->id,
		   success ? "done" : strerror(header->error));
	if (*state == DMA_PENDING) {
		dma->unanswered--;
		if (success)
			dma->sent++;
		else
			dma->failed++;
	}
	*state = DMA_FREE;
}

void dma_drop(struct dma *dma, const char *why)
{
	dma->dropped++;
	log_detail("not sent: %s", why);
}

void dma_reset(struct dma *dma)
{
	unsigned int i;

	for (i = 0; i <= UINT16_MAX; i++) {
		if (dma->state[i] == DMA_PENDING)
			dma->state[i] = DMA_ABANDONED;
	}
	dma->sent = 0;
	dma->failed = 0;
	dma->dropped = 0;
	dma->unanswered = 0;
}
