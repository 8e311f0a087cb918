/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the ath11k and ath12k cards that is good enough for their native drivers:
 * see README.rst, "The cards". Each layer has a file and knows the one below it.
 *
 * A register write only notes that there is work; the work is done when the client has
 * its answer, as it reads and writes the host's memory. What the driver writes while a
 * layer waits for such a read is stored and noted meanwhile. If the driver resets the
 * layer, the read fails, and the layer returns at once without touching its new state.
 */
#ifndef ATH_CARD_H
#define ATH_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "ath.h"
#include "ce.h"
#include "chips.h"
#include "mhi.h"
#include "msi.h"
#include "pci.h"
#include "qmi.h"
#include "server.h"
#include "wmi.h"

/* How much of the chip's registers the views can show: 64 pages of 512 KiB. */
#define CHIP_SIZE	0x2000000

struct card {
	const struct chip *chip;
	struct pci_function function;
	struct msi msi;
	struct server server;
	uint8_t *registers;		/* of the chip */
	uint32_t shadow[ATH_SHADOW_REGISTERS];	/* the chip addresses they stand for */
	struct mhi mhi;
	struct qmi qmi;
	struct ce ce;
	struct wmi wmi;
};

/* DMA. A read fails if the layer that waits for it is reset. */
bool card_read(struct card *card, uint64_t address, void *data, uint32_t count);
void card_write(struct card *card, uint64_t address, const void *data, uint32_t count);
void card_write32(struct card *card, uint64_t address, uint32_t value);

/* Registers outside of the views, by their BAR offsets. */
uint32_t card_bar_register(const struct card *card, uint32_t offset);
void card_set_bar_register(struct card *card, uint32_t offset, uint32_t value);

/* The chip's registers, by their chip addresses. */
uint32_t card_chip_register(const struct card *card, uint32_t address);

/* Send the message of the ring with registers at @ring, if it is enabled. */
void card_raise_slot(struct card *card, uint32_t ring, const char *what);

/* Send a vector by the MSI capability, folded onto those that are enabled. */
void card_raise_msi(struct card *card, uint32_t vector);

/* The driver and the firmware have come to @stage, an enum ath_stage. */
void card_reach(struct card *card, uint32_t stage);

#endif /* ATH_CARD_H */
