/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the ath11k model: a device with a 32-bit MSI capability and an embedded
 * interrupt controller in BAR0. The device's driver writes the message that it reads from
 * the MSI capability into the controller's slots.
 */
#ifndef ATH11K_H
#define ATH11K_H

#define ATH11K_VENDOR_ID	0x17cb
#define ATH11K_DEVICE_ID	0x1103

#define ATH11K_BAR0_SIZE	0x200000
#define ATH11K_MSI_OFFSET	0x50	/* of the MSI capability in config space */
#define ATH11K_MSI_VECTORS	32

/*
 * The slots of the controller, at the offsets that the driver of a real device was seen to
 * write. A slot is three dwords. The BAR around them is memory, which returns what was
 * written.
 */
#define ATH11K_SLOTS		13
#define ATH11K_SLOT_OFFSETS	{ 0x80048, 0x83048, 0x830a0, 0x85048, 0x850a0, \
				  0x86048, 0x8b048, 0x8b0a0, 0x8e048, 0xb4968, \
				  0xb4a70, 0xb849c, 0xb85a4 }
#define ATH11K_SLOT_ADDR_LO	0
#define ATH11K_SLOT_ADDR_HI	4	/* bits 7:0, other bits are the device's own */
#define ATH11K_SLOT_ENABLE	0x100	/* in ATH11K_SLOT_ADDR_HI */
#define ATH11K_SLOT_DATA	8

/* W: write slot n's data to slot n's address; not sent when not enabled. */
#define ATH11K_DOORBELL(n)	(0x1000 + 4 * (n))
/* W: a vector number; send the message that the MSI capability holds. */
#define ATH11K_RAISE		0x1100
/* R: since reset, DMA writes that the platform acknowledged, and refused. */
#define ATH11K_SENT		0x1104
#define ATH11K_FAILED		0x1108
/* R: since reset, requests for which no DMA write was made. */
#define ATH11K_DROPPED		0x110c
/* RW: no effect. */
#define ATH11K_SCRATCH		0x1110
/* R: the MSI capability as the device has it: address, data, message control. */
#define ATH11K_HW_ADDR		0x1114
#define ATH11K_HW_DATA		0x1118
#define ATH11K_HW_CTRL		0x111c
/*
 * RW: an offset in the BAR with the slots, and R: the dword that the device holds there. A
 * driver may show something else in a slot.
 */
#define ATH11K_HW_OFFSET	0x1120
#define ATH11K_HW_DWORD		0x1124
/* W: a bit for each vector; send their messages in ascending order. */
#define ATH11K_RAISE_SET	0x1128
/* W: a vector in bits 15:0, a number in bits 31:16; send its message so often. */
#define ATH11K_BURST		0x112c
/* RW: a vector, and R: how often the MSI capability sent its message. */
#define ATH11K_VECTOR		0x1130
#define ATH11K_VECTOR_SENT	0x1134
/* R: DMA writes that have not been answered yet. */
#define ATH11K_UNANSWERED	0x1138
/* R: size in bytes of the last access that wrote to memory. */
#define ATH11K_MEMORY_WIDTH	0x113c
/*
 * RW: how many vectors the MSI capability has after the next reset, a power of two up to
 * 32. Other numbers are ignored. A reset does not change the register.
 */
#define ATH11K_NEXT_VECTORS	0x1140
/*
 * W: the device resets itself, and does not notify anybody: only its MSI capability, or all
 * that a function level reset resets.
 */
#define ATH11K_RESET		0x1144
#define ATH11K_RESET_MSI	1
#define ATH11K_RESET_FUNCTION	2
/*
 * RW: for how many milliseconds, up to ATH11K_MAX_UNREADY_MS, the device is not ready after the
 * next reset, which clears the register. Until then reads of configuration space return ones, and
 * writes have no effect: a real device answers with a request for a retry (RRS), and a root
 * complex that gives up retrying returns ones.
 */
#define ATH11K_UNREADY_MS	0x1148
#define ATH11K_MAX_UNREADY_MS	10000
/*
 * RW: in a paged model, a page plus one: ATH11K_HW_DWORD and the doorbells use this page
 * rather than the one that is shown. 0: they use the one that is shown.
 */
#define ATH11K_HW_PAGE		0x114c
/* W: in a paged model, the device sets its select register to 0. */
#define ATH11K_LOSE_SELECT	0x1150
/*
 * W: how the device misbehaves until the next reset, or until 0 is written here: as with
 * MSIX_REG_FAULTS.
 */
#define ATH11K_FAULTS		0x1154
#define ATH11K_REGS_END		0x1158

/*
 * RW: in a paged model, which page of memory the BAR shows from ATH11K_VIEW on. Other bits
 * of the register are memory.
 */
#define ATH11K_SELECT		0x310c
#define ATH11K_SELECT_PAGE	0x3f
#define ATH11K_VIEW		0x80000
#define ATH11K_VIEW_SIZE	0x80000

/*
 * Rings whose registers the driver does not write. It gives the firmware the message of
 * such a ring in host memory, in an HTT message (host to target) that the firmware reads by
 * DMA. In a real card a copy engine does that; here a register holds the address, and
 * another starts the read.
 */
/* RW: the address that the device reads from. */
#define ATH11K_HTT_ADDR_LO	0x1180
#define ATH11K_HTT_ADDR_HI	0x1184
/* W: read the message at that address. */
#define ATH11K_HTT_READ		0x1188
/* R: since reset, messages that set up a ring, and messages that did not. */
#define ATH11K_HTT_TAKEN	0x118c
#define ATH11K_HTT_REFUSED	0x1190
/* W: ATH11K_HTT_RING(); write the ring's data to the ring's address. */
#define ATH11K_HTT_RAISE	0x1194
#define ATH11K_HTT_END		0x1198

/* The message SRING_SETUP, in dwords of little endian. */
#define ATH11K_HTT_SETUP_DWORDS		13
#define ATH11K_HTT_SETUP_INFO		0	/* type, PDEV, ring and ring type, a byte each */
#define ATH11K_HTT_SETUP_MSI_LO		8
#define ATH11K_HTT_SETUP_MSI_HI		9
#define ATH11K_HTT_SETUP_MSI_DATA	10
#define ATH11K_HTT_SETUP_TYPE		0xb

/* PDEVs are numbered from 1. Only some rings get a message. */
#define ATH11K_HTT_PDEVS		4
#define ATH11K_HTT_RINGS		8
#define ATH11K_HTT_RING(pdev, ring)	((pdev) << 8 | (ring))
#define ATH11K_HTT_HOST_BUF		0
#define ATH11K_HTT_MONITOR_STATUS	1
#define ATH11K_HTT_MONITOR_DST		4
#define ATH11K_HTT_RXDMA_DST		7

#endif /* ATH11K_H */
