/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the poll model, in BAR 0: a device with one queue which, like Intel's 40 and
 * 100 GbE, writes a completion only when it can raise an MSI-X vector.
 */
#ifndef POLLED_H
#define POLLED_H

#define POLL_VENDOR_ID		0x1234
#define POLL_DEVICE_ID		0x9011

#define POLL_VECTORS		4
#define POLL_MSIX_BAR		2
#define POLL_PBA_OFFSET		0x800

/* W: request a completion with this value. */
#define POLL_REG_DOORBELL	0x00
/* RW: address of the ring of dwords that completions are written to, and its size in dwords. */
#define POLL_REG_RING_LO	0x04
#define POLL_REG_RING_HI	0x08
#define POLL_REG_RING_SIZE	0x0c
/* RW: the vector that is raised after each completion. */
#define POLL_REG_VECTOR		0x10
/* R: since reset, completions that were written. */
#define POLL_REG_COMPLETED	0x14
/* R: completions that are held back. */
#define POLL_REG_HELD		0x18
/* R: since reset, DMA writes that the platform acknowledged, and refused. */
#define POLL_REG_SENT		0x1c
#define POLL_REG_FAILED		0x20
/* R: since reset, completions that were lost, as POLL_HELD_MAX were held back. */
#define POLL_REG_DROPPED	0x24
#define POLL_REGS_SIZE		0x28

#define POLL_HELD_MAX		1024

#endif /* POLLED_H */
