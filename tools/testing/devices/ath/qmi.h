/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QRTR's packets on MHI's channels, and in them QMI: the firmware's service "wlfw", which
 * is told of memory, files and copy engines, and starts the firmware.
 */
#ifndef ATH_QMI_H
#define ATH_QMI_H

#include <stdbool.h>
#include <stddef.h>

struct card;

struct qmi {
	bool greeted;		/* the host was sent a HELLO */
	bool announced;		/* the service was */
};

void qmi_reset(struct card *card);
/* The host can receive packets. */
void qmi_connected(struct card *card);
void qmi_packet(struct card *card, const void *data, size_t size);

#endif /* ATH_QMI_H */
