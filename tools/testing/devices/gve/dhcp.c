// SPDX-License-Identifier: GPL-2.0-only
#include "peer.h"

#include "bytes.h"

#define OPERATION	0
#define YOUR_ADDRESS	16
#define NEXT_SERVER	20
#define CLIENT_MAC	28
#define NAMES		44	/* of servers and files */
#define COOKIE		236
#define OPTIONS		240
#define ANSWER_SIZE	300

#define REQUEST		1
#define REPLY		2
#define MAGIC		0x63825363

enum {
	PAD = 0,
	SUBNET_MASK = 1,
	ROUTER = 3,
	LEASE_TIME = 51,
	MESSAGE_TYPE = 53,
	SERVER = 54,
	OF_IPXE = 175,
	END = 255,
};

enum { DISCOVER = 1, OFFER, ASK, ACKNOWLEDGE = 5 };

/* An option of iPXE's own: it need not wait for another server that has more to say. */
#define IPXE_NO_PROXY	176

/* Returns the message's type, or 0. */
static unsigned int message_type(const uint8_t *request, size_t size)
{
	size_t at = OPTIONS;

	while (at + 2 < size && request[at] != END) {
		if (request[at] == MESSAGE_TYPE)
			return request[at + 2];
		at += request[at] == PAD ? 1 : 2 + request[at + 1];
	}
	return 0;
}

static uint8_t *put_option32(uint8_t *at, uint8_t option, uint32_t value)
{
	at[0] = option;
	at[1] = sizeof(value);
	put32(at, 2, value);
	return at + 2 + sizeof(value);
}

static void put_options(uint8_t *at, unsigned int type)
{
	const uint8_t first[] = { MESSAGE_TYPE, 1, type, OF_IPXE, 3, IPXE_NO_PROXY, 1, 1 };

	memcpy(at, first, sizeof(first));
	at = put_option32(at + sizeof(first), SERVER, PEER_ADDRESS);
	at = put_option32(at, SUBNET_MASK, 0xffffff00);
	at = put_option32(at, ROUTER, PEER_ADDRESS);
	at = put_option32(at, LEASE_TIME, 86400);
	*at = END;
}

size_t dhcp_answer(const uint8_t *request, size_t size, uint8_t *answer)
{
	unsigned int type;

	if (size < OPTIONS || request[OPERATION] != REQUEST || get32(request, COOKIE) != MAGIC ||
	    memcmp(request + CLIENT_MAC, PEER_DRIVER_MAC, PEER_MAC_SIZE))
		return 0;
	type = message_type(request, size);
	if (type != DISCOVER && type != ASK)
		return 0;
	memset(answer, 0, ANSWER_SIZE);
	memcpy(answer, request, NAMES);
	answer[OPERATION] = REPLY;
	put32(answer, YOUR_ADDRESS, PEER_DRIVER_ADDRESS);
	put32(answer, NEXT_SERVER, PEER_ADDRESS);
	put32(answer, COOKIE, MAGIC);
	put_options(answer + OPTIONS, type == DISCOVER ? OFFER : ACKNOWLEDGE);
	return ANSWER_SIZE;
}
