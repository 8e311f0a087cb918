/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests can know of the model of the ath11k and ath12k cards. Its BAR has nothing that
 * a card does not have, so what the card saw is in a vendor-specific capability.
 */
#ifndef ATH_H
#define ATH_H

#define ATH_BAR0_SIZE		0x200000
#define ATH_MSI_VECTORS		32

/* BAR offsets: the registers that stand for others, and the views of the chip. */
#define ATH_SHADOW		0x8fc
#define ATH_SHADOW_REGISTERS	36
#define ATH_VIEW_SIZE		0x80000
#define ATH_PAGED_VIEW		0x80000
#define ATH_CE_VIEW		0x100000	/* fixed; paged where the chip has no fixed views */
#define ATH_UMAC_VIEW		0x180000

/* The capability's dwords, R unless they say W, and 0 after a reset of the function. */
#define ATH_REPORT_CAP		0xb0
#define ATH_REPORT_STAGE	0x04	/* the highest enum ath_stage */
#define ATH_REPORT_SLOTS	0x08	/* slots that are enabled */
#define ATH_REPORT_SLOT_SENT	0x0c	/* messages sent by slots */
#define ATH_REPORT_MSI_SENT	0x10	/* by the MSI capability */
#define ATH_REPORT_HTT_RINGS	0x14	/* rings that were set up by messages in memory */
#define ATH_REPORT_FAILED	0x18	/* DMA that failed */
#define ATH_REPORT_HTT_SENT	0x1c	/* messages of those rings that were sent */
#define ATH_REPORT_RAISE	0x20	/* W: ATH_RAISE_*; reads 0 when it was done */
#define ATH_REPORT_DOWNLOADED	0x24	/* bytes of the firmware's image */
#define ATH_REPORT_SHOW		0x28	/* W: the number of what the next dwords show */
#define ATH_REPORT_SHOWN	0x2c	/* the number, when they show it */
#define ATH_REPORT_SLOT		0x30	/* its place as a chip address; 0: no such slot */
#define ATH_REPORT_SLOT_LO	0x34	/* what it holds, 0 if it is not enabled */
#define ATH_REPORT_SLOT_DATA	0x38
#define ATH_REPORT_HTT_RING	0x3c	/* ring << 8 | PDEV of an HTT ring */
#define ATH_REPORT_HTT_LO	0x40	/* the address it got; 0: no such ring */
#define ATH_REPORT_WRITTEN	0x44	/* a value written to slots' addresses; 0: no more */
#define ATH_REPORT_POINTERS	0x48	/* writes to pages of run-time pointers */
#define ATH_REPORT_SIZE		0x4c

#define ATH_RAISE_SLOTS		1	/* send the message of each slot that is enabled */
#define ATH_RAISE_HTT		2	/* and of each ring that HTT's messages set up */
#define ATH_RAISE_SLOT		4	/* and of slot ATH_RAISE_NUMBER() alone, if it is enabled */
#define ATH_RAISE_NUMBER(what)	((what) >> 8 & 0xff)

enum ath_stage {
	ATH_STAGE_NONE,
	ATH_STAGE_MHI,		/* MHI is in state M0 */
	ATH_STAGE_QRTR,		/* the host said HELLO by QRTR */
	ATH_STAGE_QMI,		/* the firmware was told to start */
	ATH_STAGE_HTC,		/* the copy engines have buffers: HTC said that it is ready */
	ATH_STAGE_HTC_DONE,	/* HTC's services are connected */
	ATH_STAGE_WMI,		/* WMI is initialized */
	ATH_STAGE_HTT,		/* HTT told its version */
};

#endif /* ATH_H */
