/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory reads and writes by the device; interrupts are such writes. They are messages to
 * the client. No caller here waits for an answer, because the client may send it only when
 * its own request has been answered: a write is counted when its answer arrives. A device
 * that has to wait for the data of a read calls server_dma_read().
 */
#ifndef DMA_H
#define DMA_H

#include <stdbool.h>
#include <stdint.h>

#include "transport.h"

enum dma_state {
	DMA_FREE,
	DMA_PENDING,		/* a write */
	DMA_READING,
	DMA_ABANDONED,		/* sent before a reset; its answer is not counted */
};

/* @done gets as many bytes as were requested, or NULL if the read failed. */
struct dma_reader {
	void (*done)(struct dma_reader *reader, const void *data);
};

struct dma {
	struct transport *transport;
	struct dma_reader *reader;	/* of the read that has not been answered yet, or NULL */
	uint64_t read_count;		/* bytes that it requests */
	uint32_t sent;
	uint32_t failed;
	uint32_t dropped;
	uint32_t unanswered;
	uint16_t next_id;
	uint8_t state[UINT16_MAX + 1];	/* enum dma_state of each message ID */
	uint32_t write_count[UINT16_MAX + 1];	/* bytes of each write */
};

void dma_init(struct dma *dma, struct transport *transport);
void dma_write32(struct dma *dma, uint64_t address, uint32_t data);
/* @count: up to TRANSPORT_MAX_DATA */
void dma_write(struct dma *dma, uint64_t address, const void *data, uint32_t count);
/*
 * Returns false if another read has not been answered yet. A reset ends a read without
 * calling its reader.
 */
bool dma_read(struct dma *dma, struct dma_reader *reader, uint64_t address,
	      uint32_t count);
/* End the read that has not been answered yet. Its reader is not called. */
void dma_cancel_read(struct dma *dma);
/* Handle the reply to a read or a write, which is in dma->transport. */
void dma_reply(struct dma *dma);
/* Count a write that was not sent because of the device's state. */
void dma_drop(struct dma *dma, const char *why);
void dma_reset(struct dma *dma);

#endif /* DMA_H */
