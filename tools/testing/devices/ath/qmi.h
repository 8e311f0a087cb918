/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QRTR's packets on MHI's channels, and in them QMI: the firmware's service "wlfw", which
 * is told of memory, files and copy engines, and starts the firmware.
 */
#ifndef ATH_QMI_H
#define ATH_QMI_H

#include <stdbool.h>

#include "mhi.h"

struct qmi {
	bool greeted;		/* the host was sent a HELLO */
	bool announced;		/* the service was */
};

extern const struct mhi_client qmi_client;

#endif /* ATH_QMI_H */
