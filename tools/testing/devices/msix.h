/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the msix model: a device with any number of MSI-X vectors. The command line
 * says where its registers, table and PBA are. Offsets are relative to the place of the
 * registers.
 */
#ifndef MSIX_H
#define MSIX_H

#define MSIX_VENDOR_ID		0x1234
#define MSIX_DEVICE_ID		0x5678

#define MSIX_VECTORS_DEFAULT	16
#define MSIX_VECTORS_MAX	2048

/* W: a vector number; the device requests that interrupt. */
#define MSIX_REG_RAISE		0x00
/* R: since reset, DMA writes that the platform acknowledged, and refused. */
#define MSIX_REG_SENT		0x04
#define MSIX_REG_FAILED		0x08
/* R: since reset, requests that were neither sent nor made pending. */
#define MSIX_REG_DROPPED	0x0c
/* RW: no effect. */
#define MSIX_REG_SCRATCH	0x10
/* RW: the vector that the next four registers show. */
#define MSIX_REG_HW_INDEX	0x14
/* R: the device's own table entry; all ones for a vector it does not have. */
#define MSIX_REG_HW_ADDR_LO	0x18
#define MSIX_REG_HW_ADDR_HI	0x1c
#define MSIX_REG_HW_DATA	0x20
#define MSIX_REG_HW_CTRL	0x24
/* R: how many pending bits are set. */
#define MSIX_REG_PENDING	0x28
/* W: a bit for each of vectors 0 to 31; the device requests them in ascending order. */
#define MSIX_REG_RAISE_SET	0x2c
/* W: a vector in bits 15:0, a number in bits 31:16; the device requests it so often. */
#define MSIX_REG_BURST		0x30
/*
 * R: since reset, messages of the vector in MSIX_REG_HW_INDEX, and requests that found its
 * pending bit set. All ones for a vector that the device does not have.
 */
#define MSIX_REG_VECTOR_SENT	0x34
#define MSIX_REG_VECTOR_MERGED	0x38
/* R: DMA writes that have not been answered yet. */
#define MSIX_REG_UNANSWERED	0x3c
/*
 * W: a number of reads in bits 15:0. After so many more reads, also of configuration space,
 * all answers are lost, so that the host reads ones, until all ones are written here or the
 * device is reset. With MSIX_LOSE_BARS only reads of BARs count and are lost. With
 * MSIX_LOSE_ONE only one answer is lost. R: how many reads remain, with this one; 0 if no
 * answers will be lost.
 */
#define MSIX_REG_LOSE		0x40
#define MSIX_LOSE_NONE		(~0U)
#define MSIX_LOSE_BARS		(1U << 16)
#define MSIX_LOSE_ONE		(1U << 17)
/*
 * RW: how many vectors the device has after the next reset, as if its firmware had been
 * updated. A reset does not change the register. A number that does not fit into the layout
 * is ignored.
 */
#define MSIX_REG_NEXT_VECTORS	0x44
/*
 * W: the device resets itself, and does not notify anybody: only its MSI-X (the table, the
 * pending bits, and both bits of its control), or all that a function level reset resets.
 */
#define MSIX_REG_RESET		0x48
#define MSIX_RESET_MSIX		1
#define MSIX_RESET_FUNCTION	2
/* W: with --msi, a vector number; send the message that the MSI capability holds. */
#define MSIX_REG_RAISE_MSI	0x4c
/*
 * W: how the device misbehaves until the next reset, or until 0 is written here; see PCI_FAULT_*
 * in pci.h. Reads of capabilities (1), or of BARs (2), give some bits a wrong value, each time
 * others; messages are also sent if they are disabled or masked (4).
 */
#define MSIX_REG_FAULTS		0x50
#define MSIX_REGS_SIZE		0x54

/* The MSI capability that --msi gives the device: its place in config space. */
#define MSIX_MSI_OFFSET		0xb0
#define MSIX_MSI_VECTORS	4

#endif /* MSIX_H */
