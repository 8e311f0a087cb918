/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the ath11k and ath12k cards that is good enough for their native drivers:
 * see README.rst, "The cards".
 *
 * The files of this folder and their floors. A file calls only files of lower floors, and
 * those of the folder above. What a layer has for the layer over it goes through the
 * pointers of struct mhi_client and struct htc_services.
 *
 *	5 card.c	accesses, resets, options
 *	4 qmi.c		QRTR and QMI
 *	4 wmi.c		WMI and HTT
 *	3 mhi.c		MHI
 *	3 ce.c		copy engines and HTC
 *	3 report.c	what tests see of slots and rings
 *	2 views.c	registers, slots, the host's memory
 *	1 chips.c	the differences between the chips
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

/* Each copy engine has three rings. */
#define CARD_RINGS	(3 * CE_COUNT + CHIP_UMAC_RINGS)

/* How many different addresses in slots the card remembers for tests. */
#define CARD_ADDRESSES	16

/* How the card misbehaves; not at all if a field is 0. */
struct card_faults {
	bool no_reset;		/* nothing resets the chip */
	uint64_t lose;		/* every Nth doorbell is lost */
	uint64_t slip;		/* the page changes after the Nth write to a slot */
	uint64_t forget;	/* all slots become 0 after the Nth message of a slot */
};

struct card {
	const struct chip *chip;
	const struct mhi_client *mhi_client;
	const struct htc_services *htc_services;
	struct card_faults faults;
	bool started;			/* the chip was reset once */
	uint64_t doorbells;
	uint64_t slot_writes;
	uint64_t slot_messages;
	unsigned int addresses;
	uint32_t address[CARD_ADDRESSES];	/* written to slots since the last reset */
	uint8_t *bar;			/* its registers outside of the views */
	struct pci_function function;
	struct msi msi;
	struct server server;
	uint8_t *registers;		/* of the chip */
	unsigned int rings;
	uint32_t ring[CARD_RINGS];	/* those with slots, by their chip addresses */
	uint32_t shadow[ATH_SHADOW_REGISTERS];	/* the chip addresses they stand for */
	struct mhi mhi;
	struct qmi qmi;
	struct ce ce;
	struct wmi wmi;
};

/* views.c */
/* DMA. A read fails if the layer that waits for it is reset. */
bool card_read(struct card *card, uint64_t address, void *data, uint32_t count);
void card_write(struct card *card, uint64_t address, const void *data, uint32_t count);
void card_write32(struct card *card, uint64_t address, uint32_t value);

/* Registers outside of the views, by their BAR offsets. */
uint32_t card_bar_register(const struct card *card, uint32_t offset);
void card_set_bar_register(struct card *card, uint32_t offset, uint32_t value);

/* To be asked once for each doorbell. */
bool card_doorbell_arrives(struct card *card);

/* The chip's registers, by their chip addresses. */
uint32_t card_chip_register(const struct card *card, uint32_t address);
void card_set_chip_register(struct card *card, uint32_t address, uint32_t value);
/* The address that a view shows at a BAR offset. */
uint32_t card_viewed_address(const struct card *card, uint64_t offset);
unsigned int card_enabled_slots(const struct card *card);
/* The message of the ring with registers at @ring. Returns false if it is not enabled. */
bool card_slot(const struct card *card, uint32_t ring, uint64_t *address, uint32_t *data);

/* Send the message of the ring with registers at @ring, if it is enabled. */
void card_raise_slot(struct card *card, uint32_t ring);

/* Send the message of a ring that an HTT message set up. */
void card_raise_htt(struct card *card, uint64_t address, uint32_t data);

/* Send a vector by the MSI capability, folded onto those that are enabled. */
void card_raise_msi(struct card *card, uint32_t vector);

/* The image of the firmware had @size bytes. */
void card_took_image(struct card *card, uint32_t size);

/* The driver and the firmware have come to @stage, an enum ath_stage. */
void card_reach(struct card *card, uint32_t stage);

/* The dwords of the capability that tells tests: ATH_REPORT_*. */
void card_report(struct card *card, unsigned int offset, uint32_t value);
uint32_t card_reported(const struct card *card, unsigned int offset);

/* report.c */
/* Fill in the dwords that show the slot, the HTT ring and the address of that number. */
void report_show(struct card *card, uint32_t number);

#endif /* ATH_CARD_H */
