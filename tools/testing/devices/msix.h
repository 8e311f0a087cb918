/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the msix model: a device with any number of MSI-X vectors, and
 * with its registers, table and pending bits wherever the command line puts
 * them. Offsets are from where the registers are.
 */
#ifndef MSIX_H
#define MSIX_H

#define MSIX_VENDOR_ID		0x1234
#define MSIX_DEVICE_ID		0x5678

#define MSIX_VECTORS_DEFAULT	16
#define MSIX_VECTORS_MAX	2048

/* W: a vector number; the device asks for that interrupt. */
#define MSIX_REG_RAISE		0x00
/* R: since reset, DMA writes that the platform acknowledged, and refused. */
#define MSIX_REG_SENT		0x04
#define MSIX_REG_FAILED		0x08
/* R: since reset, requests that were neither sent nor made pending. */
#define MSIX_REG_DROPPED	0x0c
/* RW: no effect. */
#define MSIX_REG_SCRATCH	0x10
/* RW: the vector that the four HW registers after it show. */
#define MSIX_REG_HW_INDEX	0x14
/* R: the device's own table entry; all ones for a vector it does not have. */
#define MSIX_REG_HW_ADDR_LO	0x18
#define MSIX_REG_HW_ADDR_HI	0x1c
#define MSIX_REG_HW_DATA	0x20
#define MSIX_REG_HW_CTRL	0x24
/* R: how many pending bits are set. */
#define MSIX_REG_PENDING	0x28
/* W: vectors 0 to 31, a bit for each: the device asks for them in ascending order. */
#define MSIX_REG_RAISE_SET	0x2c
/* W: a vector in bits 15:0; the device asks for it as often as bits 31:16 say. */
#define MSIX_REG_BURST		0x30
/*
 * R: since reset, of the vector in MSIX_REG_HW_INDEX: its messages, and the
 * requests that found its pending bit set. All ones for a vector it does not have.
 */
#define MSIX_REG_VECTOR_SENT	0x34
#define MSIX_REG_VECTOR_MERGED	0x38
/* R: DMA writes that are on their way. */
#define MSIX_REG_UNANSWERED	0x3c
/*
 * W: after so many more reads, of configuration space too, as bits 15:0 say, all
 * answers are lost, so that the host reads ones, until this is written with all ones
 * or the device is reset. With MSIX_LOSE_BARS only reads of BARs are counted and
 * lost. R: how many reads there are to go, this one among them; 0 when this is off.
 */
#define MSIX_REG_LOSE		0x40
#define MSIX_LOSE_NONE		(~0U)
#define MSIX_LOSE_BARS		(1U << 16)
/*
 * RW: how many vectors the device has from its next reset on, as after an update of
 * its firmware. Resets leave it alone. A number for which the layout has no room is
 * ignored.
 */
#define MSIX_REG_NEXT_VECTORS	0x44
/*
 * W: the device resets itself, of which it tells nobody: its MSI-X, which is its
 * table, its pending bits and both bits of its control; or all that a function level
 * reset resets.
 */
#define MSIX_REG_RESET		0x48
#define MSIX_RESET_MSIX		1
#define MSIX_RESET_FUNCTION	2
/* W: with --msi, a vector number; send the message that the MSI capability holds. */
#define MSIX_REG_RAISE_MSI	0x4c
#define MSIX_REGS_SIZE		0x50

/* The MSI capability that --msi gives the device: its place in config space. */
#define MSIX_MSI_OFFSET		0xb0
#define MSIX_MSI_VECTORS	4

#endif /* MSIX_H */
