/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other end of the network: one machine that gives the driver its address by DHCP, and
 * files of any size by TFTP. It only answers, so that it needs neither a thread nor a clock;
 * nothing leaves the process.
 */
#ifndef GVE_PEER_H
#define GVE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_MAC_SIZE		6
#define PEER_FRAME_MAX		1514
#define PEER_FRAMES		8

#define PEER_DRIVER_MAC		"\x42\x01\x0a\x00\x02\x0f"
#define PEER_MAC		"\x42\x01\x0a\x00\x02\x02"
#define PEER_ADDRESS		0x0a000202	/* 10.0.2.2 */
#define PEER_DRIVER_ADDRESS	0x0a00020f	/* 10.0.2.15 */

#define PEER_PORT_DHCP		67
#define PEER_PORT_DHCP_CLIENT	68
#define PEER_PORT_TFTP		69
#define PEER_PORT_TFTP_DATA	6969

/* What a UDP datagram carries, at most. */
#define PEER_DATA_MAX		(PEER_FRAME_MAX - 42)

struct tftp {
	uint16_t port;		/* the driver's */
	uint64_t size;		/* of the file */
	uint32_t block_size;
	uint32_t block;		/* the last one sent; 0: the options */
};

struct peer {
	struct tftp tftp;
	/* Frames for the driver. */
	unsigned int first;
	unsigned int count;
	size_t size[PEER_FRAMES];
	uint8_t frame[PEER_FRAMES][PEER_FRAME_MAX];
};

void peer_reset(struct peer *peer);
/* A frame from the driver. */
void peer_receive_frame(struct peer *peer, const uint8_t *frame, size_t size);
bool peer_has_frame(const struct peer *peer);
/* Returns the size of the frame, which is PEER_FRAME_MAX or less. */
size_t peer_take_frame(struct peer *peer, void *frame);

/*
 * The servers. Each gets a datagram, puts its answer into @answer, which has room for
 * PEER_DATA_MAX bytes, and returns how long that is; 0 if there is none.
 */
size_t dhcp_answer(const uint8_t *request, size_t size, uint8_t *answer);
/* @port: from which port of the driver a request for a file came */
size_t tftp_request(struct tftp *tftp, uint16_t port, const uint8_t *request, size_t size,
		    uint8_t *answer);
size_t tftp_acknowledge(struct tftp *tftp, const uint8_t *request, size_t size,
			uint8_t *answer);

#endif /* GVE_PEER_H */
