// SPDX-License-Identifier: GPL-2.0-only
#include "peer.h"

#include "bytes.h"
#include "log.h"

/* Ethernet */
#define ETHERNET_SOURCE		6
#define ETHERNET_TYPE		12
#define ETHERNET_SIZE		14
#define TYPE_IPV4		0x0800
#define TYPE_ARP		0x0806
#define FRAME_MIN		60

/* ARP for IPv4 on Ethernet, from the frame's begin */
#define ARP_OPERATION		20
#define ARP_SENDER_MAC		22
#define ARP_SENDER		28
#define ARP_TARGET_MAC		32
#define ARP_TARGET		38
#define ARP_SIZE		42
#define ARP_REQUEST		1
#define ARP_REPLY		2

/* IPv4 without options, from the frame's begin */
#define IP_VERSION		14
#define IP_LENGTH		16
#define IP_FRAGMENT		20
#define IP_TTL			22
#define IP_PROTOCOL		23
#define IP_CHECKSUM		24
#define IP_SOURCE		26
#define IP_TARGET		30
#define IP_SIZE			20
#define IP_VERSION_4		0x45	/* with a header of 20 bytes */
#define IP_FRAGMENTED		0x3fff	/* more fragments, or an offset */
#define PROTOCOL_UDP		17

/* UDP, from the frame's begin. A checksum of 0 is none. */
#define UDP_SOURCE		34
#define UDP_TARGET		36
#define UDP_LENGTH		38
#define UDP_DATA		42
#define UDP_SIZE		8

void peer_reset(struct peer *peer)
{
	memset(peer, 0, sizeof(*peer));
}

bool peer_has_frame(const struct peer *peer)
{
	return peer->count;
}

size_t peer_take_frame(struct peer *peer, void *frame)
{
	size_t size = peer->size[peer->first];

	memcpy(frame, peer->frame[peer->first], size);
	peer->first = (peer->first + 1) % PEER_FRAMES;
	peer->count--;
	return size;
}

/* Start a frame for the driver. Returns NULL if too many wait: it is lost, as networks do. */
static uint8_t *start_frame(struct peer *peer, uint16_t type)
{
	uint8_t *frame = peer->frame[(peer->first + peer->count) % PEER_FRAMES];

	if (peer->count == PEER_FRAMES) {
		log_line("a packet for the driver is lost: %u wait", PEER_FRAMES);
		return NULL;
	}
	memset(frame, 0, FRAME_MIN);
	memcpy(frame, PEER_DRIVER_MAC, PEER_MAC_SIZE);
	memcpy(frame + ETHERNET_SOURCE, PEER_MAC, PEER_MAC_SIZE);
	put16(frame, ETHERNET_TYPE, type);
	return frame;
}

static void send_frame(struct peer *peer, size_t size)
{
	peer->size[(peer->first + peer->count) % PEER_FRAMES] = size < FRAME_MIN ? FRAME_MIN : size;
	peer->count++;
}

static void receive_arp(struct peer *peer, const uint8_t *frame, size_t size)
{
	uint8_t *reply;

	if (size < ARP_SIZE || get16(frame, ARP_OPERATION) != ARP_REQUEST ||
	    get32(frame, ARP_TARGET) != PEER_ADDRESS)
		return;
	reply = start_frame(peer, TYPE_ARP);
	if (!reply)
		return;
	memcpy(reply + ETHERNET_SIZE, frame + ETHERNET_SIZE, ARP_OPERATION - ETHERNET_SIZE);
	put16(reply, ARP_OPERATION, ARP_REPLY);
	memcpy(reply + ARP_SENDER_MAC, PEER_MAC, PEER_MAC_SIZE);
	put32(reply, ARP_SENDER, PEER_ADDRESS);
	memcpy(reply + ARP_TARGET_MAC, frame + ARP_SENDER_MAC, PEER_MAC_SIZE + sizeof(uint32_t));
	send_frame(peer, ARP_SIZE);
}

static uint16_t checksum(const uint8_t *header)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < IP_SIZE; i += sizeof(uint16_t))
		sum += get16(header, i);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* Send the datagram whose data is in the frame. */
static void send_datagram(struct peer *peer, uint8_t *frame, uint16_t source, uint16_t target,
			  size_t size)
{
	frame[IP_VERSION] = IP_VERSION_4;
	put16(frame, IP_LENGTH, IP_SIZE + UDP_SIZE + size);
	frame[IP_TTL] = 64;
	frame[IP_PROTOCOL] = PROTOCOL_UDP;
	put32(frame, IP_SOURCE, PEER_ADDRESS);
	put32(frame, IP_TARGET, target == PEER_PORT_DHCP_CLIENT ? UINT32_MAX :
								  PEER_DRIVER_ADDRESS);
	put16(frame, IP_CHECKSUM, checksum(frame + ETHERNET_SIZE));
	put16(frame, UDP_SOURCE, source);
	put16(frame, UDP_TARGET, target);
	put16(frame, UDP_LENGTH, UDP_SIZE + size);
	send_frame(peer, UDP_DATA + size);
}

/* Returns the size of a datagram for this machine, or -1. */
static int datagram_size(const uint8_t *frame, size_t size)
{
	uint32_t target;

	if (size < UDP_DATA || frame[IP_VERSION] != IP_VERSION_4 ||
	    frame[IP_PROTOCOL] != PROTOCOL_UDP || get16(frame, IP_FRAGMENT) & IP_FRAGMENTED ||
	    get16(frame, UDP_LENGTH) < UDP_SIZE ||
	    get16(frame, UDP_LENGTH) > size - UDP_DATA + UDP_SIZE)
		return -1;
	target = get32(frame, IP_TARGET);
	if (target != PEER_ADDRESS && target != UINT32_MAX)
		return -1;
	return get16(frame, UDP_LENGTH) - UDP_SIZE;
}

static void receive_ipv4(struct peer *peer, const uint8_t *frame, size_t size)
{
	int length = datagram_size(frame, size);
	uint16_t port, source;
	uint8_t *reply;

	if (length < 0)
		return;
	reply = start_frame(peer, TYPE_IPV4);
	if (!reply)
		return;
	port = get16(frame, UDP_SOURCE);
	switch (get16(frame, UDP_TARGET)) {
	case PEER_PORT_DHCP:
		source = PEER_PORT_DHCP;
		port = PEER_PORT_DHCP_CLIENT;
		size = dhcp_answer(frame + UDP_DATA, length, reply + UDP_DATA);
		break;
	case PEER_PORT_TFTP:
		source = PEER_PORT_TFTP_DATA;
		size = tftp_request(&peer->tftp, port, frame + UDP_DATA, length,
				    reply + UDP_DATA);
		break;
	case PEER_PORT_TFTP_DATA:
		source = PEER_PORT_TFTP_DATA;
		size = 0;
		if (port == peer->tftp.port)
			size = tftp_acknowledge(&peer->tftp, frame + UDP_DATA, length,
						reply + UDP_DATA);
		break;
	default:
		return;
	}
	if (size)
		send_datagram(peer, reply, source, port, size);
}

void peer_receive_frame(struct peer *peer, const uint8_t *frame, size_t size)
{
	if (size < ETHERNET_SIZE)
		return;
	switch (get16(frame, ETHERNET_TYPE)) {
	case TYPE_ARP:
		receive_arp(peer, frame, size);
		break;
	case TYPE_IPV4:
		receive_ipv4(peer, frame, size);
		break;
	}
}
