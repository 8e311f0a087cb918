/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MHI, the bus that carries QRTR: registers at the start of BAR0, and in the host's
 * memory a context of 44 bytes for each ring. The firmware runs from the start, or is
 * downloaded first.
 */
#ifndef ATH_MHI_H
#define ATH_MHI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card;

#define MHI_PACKETS	64
#define MHI_PACKET_SIZE	512

struct mhi_packet {
	size_t size;
	uint8_t data[MHI_PACKET_SIZE];
};

/* A transfer ring, once the driver has rung its doorbell. */
struct mhi_channel {
	bool known;
	bool rung;
	uint64_t base;
	uint64_t size;
	uint64_t read;
	uint32_t event_ring;
};

struct mhi {
	bool download;		/* it starts in the boot loader */
	/* Noted for mhi_work(). */
	bool state_written;
	bool command_rung;
	bool image_rung;	/* the first part of the firmware's image */
	bool vectors_rung;	/* the rest of it, by a table of vectors */
	bool running;		/* in state M0 */
	uint64_t command_read;	/* 0: at the ring's base */
	struct mhi_channel to_card;
	struct mhi_channel to_host;
	/* Packets that wait for buffers of the host. */
	unsigned int first_packet;
	unsigned int packets;
	struct mhi_packet packet[MHI_PACKETS];
};

/* The layer over MHI. */
struct mhi_client {
	/* MHI was reset. */
	void (*reset)(struct card *card);
	/* The host can receive packets; also when it could before. */
	void (*connected)(struct card *card);
	void (*packet)(struct card *card, const void *data, size_t size);
};

void mhi_reset(struct card *card);
/* @offset: of a register that is not in a view, which holds @value already. */
void mhi_register_written(struct card *card, uint32_t offset, uint32_t value);
/* Does one thing that was noted. Returns false if there is none. */
bool mhi_work(struct card *card);
void mhi_send(struct card *card, const void *data, size_t size);

#endif /* ATH_MHI_H */
