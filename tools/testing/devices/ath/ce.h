/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy engines, which move HTC's messages: the control service, which connects the
 * others, and those of WMI and HTT.
 */
#ifndef ATH_CE_H
#define ATH_CE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card;

/*
 * Each engine has registers for three rings: the source, whose messages it takes, the
 * destination, with buffers of the host, and the status, where it says what it put there.
 */
#define CE_SIZE			0x2000
#define CE_SOURCE_RING		0x0000
#define CE_DESTINATION_RING	0x1000
#define CE_STATUS_RING		0x1058

#define CE_COUNT	16
#define CE_MESSAGES	64
#define CE_MESSAGE_SIZE	2048

struct ce_message {
	unsigned int engine;
	size_t size;
	uint8_t data[CE_MESSAGE_SIZE];
};

struct ce_engine {
	bool source_rung;
	/* Positions in the rings, in dwords. */
	uint32_t source_tail;
	uint32_t destination_tail;
	uint32_t status_head;
};

struct ce {
	bool destination_rung;	/* some engine's */
	bool ready;		/* HTC said so */
	struct ce_engine engine[CE_COUNT];
	/* Messages that wait for buffers of the host. */
	unsigned int first_message;
	unsigned int messages;
	struct ce_message message[CE_MESSAGES];
};

enum htc_endpoint {
	HTC_CONTROL,
	HTC_HTT,
	HTC_WMI,
};

/* The copy engines that carry messages to the host. */
#define CE_HTT_TO_HOST	1
#define CE_WMI_TO_HOST	2

/* The layer over HTC. */
struct htc_services {
	/* All services are connected. */
	void (*start)(struct card *card);
	void (*wmi)(struct card *card, const void *data, size_t size);
	void (*htt)(struct card *card, const void *data, size_t size);
};

void ce_reset(struct card *card);
uint32_t ce_address(const struct card *card, unsigned int engine);
/* A register of the chip was written. */
void ce_register_written(struct card *card, uint32_t address, uint32_t value);
/* Does one thing that was noted. Returns false if there is none. */
bool ce_work(struct card *card);

void htc_send(struct card *card, unsigned int engine, unsigned int endpoint,
	      const void *payload, size_t size);
/* The host may send another message to @endpoint. */
void htc_give_credit(struct card *card, unsigned int endpoint);

#endif /* ATH_CE_H */
