// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes of config space, of a BAR and of a window.
 */
#include <string.h>

#include <linux/pci_regs.h>

#include "price.h"

#define TIMES	40

static void config_rows(struct bench *b, int x)
{
	u32 bar = config_read4(b, PCI_BASE_ADDRESS_0);
	u16 command = config_read2(b, PCI_COMMAND);

	PRICE(b, "config-read-virtual", x, TIMES, config_read4(b, PCI_VENDOR_ID));
	PRICE(b, "config-read-hardware", x, TIMES,
	      config_read4(b, PCI_CLASS_REVISION));
	PRICE(b, "config-write-command", x, TIMES,
	      config_write2(b, PCI_COMMAND, command));
	PRICE(b, "config-write-bar", x, TIMES,
	      config_write4(b, PCI_BASE_ADDRESS_0, bar));
	PRICE(b, "config-write-other", x, TIMES,
	      config_write2(b, PCI_CACHE_LINE_SIZE, 0));
	if (!b->msi)
		return;
	PRICE(b, "config-read-address", x, TIMES,
	      config_read4(b, b->msi + PCI_MSI_ADDRESS_LO));
	PRICE(b, "config-read-data", x, TIMES, config_read2(b, b->msi_data));
	PRICE(b, "config-write-address", x, TIMES,
	      config_write4(b, b->msi + PCI_MSI_ADDRESS_LO, GUEST_ADDRESS));
	PRICE(b, "config-write-data", x, TIMES,
	      config_write2(b, b->msi_data, GUEST_DATA));
}

static void bar_rows(struct bench *b, int x)
{
	PRICE(b, "bar-read", x, TIMES, bar_read4(b, b->outside));
	PRICE(b, "bar-write", x, TIMES, bar_write4(b, b->outside, 0x12345678));
	if (!strstr(b->device, "ath"))
		return;
	PRICE(b, "window-read", x, TIMES, bar_read4(b, PLAIN_OFFSET));
	PRICE(b, "window-write", x, TIMES,
	      bar_write4(b, PLAIN_OFFSET, 0x12345678));
}

/* The row's number is 1 if there are vectors, 0 if there are none. */
void group_access(struct bench *b)
{
	bench_open(b);
	config_rows(b, 0);
	bar_rows(b, 0);
	if (enable(b, 32)) {
		config_rows(b, 1);
		bar_rows(b, 1);
	}
	if (b->ours && b->msi) {
		set_novirt(b);
		PRICE(b, "novirt-read-address", NO_X, TIMES,
		      config_read4(b, b->msi + PCI_MSI_ADDRESS_LO));
		PRICE(b, "novirt-read-virtual", NO_X, TIMES,
		      config_read4(b, PCI_VENDOR_ID));
		PRICE(b, "novirt-bar-read", NO_X, TIMES,
		      bar_read4(b, b->outside));
	}
	bench_close(b);
}

static void rows_with_slots(struct bench *b, int x)
{
	u64 slot = card_slot(0);
	u32 vector = b->vectors > 1;

	PRICE(b, "slot-program", x, TIMES, program_slot(b, slot, vector));
	PRICE(b, "slot-program-2", x, TIMES,
	      bar_write4(b, slot, GUEST_ADDRESS);
	      bar_write4(b, slot + 8, GUEST_DATA + vector));
	PRICE(b, "slot-read", x, TIMES, bar_read4(b, slot));
	PRICE(b, "slots-window-write", x, TIMES,
	      bar_write4(b, PLAIN_OFFSET, 0x12345678));
	PRICE(b, "slots-window-read", x, TIMES, bar_read4(b, PLAIN_OFFSET));
	PRICE(b, "slots-bar-write", x, TIMES, bar_write4(b, b->outside, 1));
	PRICE(b, "slots-config-write-command", x, TIMES,
	      config_write2(b, PCI_COMMAND, PCI_COMMAND_MEMORY |
			    PCI_COMMAND_MASTER));
	PRICE(b, "slots-config-write-address", x, TIMES,
	      config_write4(b, b->msi + PCI_MSI_ADDRESS_LO, GUEST_ADDRESS));
}

/*
 * The way of the RFC of August 2024: a VMM sees the guest's writes to the BAR, reads the
 * hardware's message from config space, and writes that.
 */
static void rfc_rows(struct bench *b)
{
	u64 at = b->outside;

	if (b->ours)
		set_novirt(b);
	PRICE(b, "rfc-program", NO_X, TIMES,
	      config_read4(b, b->msi + PCI_MSI_ADDRESS_LO);
	      bar_write4(b, at, GUEST_ADDRESS); bar_write4(b, at, 0x100);
	      config_read2(b, b->msi_data); bar_write4(b, at, 1));
	PRICE(b, "rfc-program-2", NO_X, TIMES,
	      config_read4(b, b->msi + PCI_MSI_ADDRESS_LO);
	      bar_write4(b, at, GUEST_ADDRESS);
	      config_read2(b, b->msi_data); bar_write4(b, at, 1));
}

/* The row's number is that of live slots before it. */
void group_slot(struct bench *b)
{
	unsigned int i;

	bench_open(b);
	if (enable(b, 32)) {
		rows_with_slots(b, 0);
		for (i = 0; i < CARD_SLOTS; i++)
			program_slot(b, card_slot(i), i % b->vectors);
		rows_with_slots(b, CARD_SLOTS);
		rfc_rows(b);
	}
	bench_close(b);
}
