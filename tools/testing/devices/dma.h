/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory writes by the device, which is also how it interrupts. They are sent
 * to the client and counted when its answer arrives, so that no caller waits:
 * a client may hold its answer back until its own request is answered.
 */
#ifndef DMA_H
#define DMA_H

#include <stdint.h>

#include "transport.h"

enum dma_state {
	DMA_FREE,
	DMA_PENDING,
	DMA_ABANDONED,		/* sent before a reset: its answer counts nothing */
};

struct dma {
	struct transport *transport;
	uint32_t sent;
	uint32_t failed;
	uint32_t dropped;
	uint32_t unanswered;
	uint16_t next_id;
	uint8_t state[UINT16_MAX + 1];	/* enum dma_state of each message ID */
};

void dma_init(struct dma *dma, struct transport *transport);
void dma_write32(struct dma *dma, uint64_t address, uint32_t data);
/* The reply to a write is in dma->transport. */
void dma_reply(struct dma *dma);
/* Count a write that the device's state did not let it make. */
void dma_drop(struct dma *dma, const char *why);
void dma_reset(struct dma *dma);

#endif /* DMA_H */
