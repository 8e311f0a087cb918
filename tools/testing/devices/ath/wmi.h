/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of WMI and HTT, as far as a driver needs them for an interface. */
#ifndef ATH_WMI_H
#define ATH_WMI_H

#include <stdint.h>

#include "ce.h"

/* More than any driver sets up. */
#define HTT_RINGS	32

struct htt_ring {
	uint16_t id;		/* of the ring, and of its PDEV */
	uint64_t address;
	uint32_t data;
};

struct wmi {
	unsigned int htt_rings;
	struct htt_ring htt_ring[HTT_RINGS];
};

extern const struct htc_services wmi_services;

void wmi_reset(struct card *card);
/* Send the message of each ring that HTT's messages set up. */
void htt_raise_rings(struct card *card);

#endif /* ATH_WMI_H */
