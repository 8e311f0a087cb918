/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of WMI and HTT, as far as a driver needs them for an interface. */
#ifndef ATH_WMI_H
#define ATH_WMI_H

#include <stddef.h>
#include <stdint.h>

struct card;

struct wmi {
	uint32_t htt_rings;
};

void wmi_reset(struct card *card);
/* HTC's services are connected: say what the card can. */
void wmi_start(struct card *card);
void wmi_command(struct card *card, const void *data, size_t size);
void htt_message(struct card *card, const void *data, size_t size);

#endif /* ATH_WMI_H */
