/* SPDX-License-Identifier: GPL-2.0-only */
/* What a driver and the gve model agree on. All numbers in memory and registers are big endian. */
#ifndef GVE_REGS_H
#define GVE_REGS_H

#define GVE_VENDOR_ID		0x1ae0
#define GVE_DEVICE_ID		0x0042

#define GVE_REGISTER_BAR	0
#define GVE_DOORBELL_BAR	2
#define GVE_MSIX_BAR		4
#define GVE_PBA_OFFSET		0x800
#define GVE_BAR_SIZE		0x1000

/* One for each queue, and one that the device itself would use. */
#define GVE_VECTORS		3

#define GVE_DRIVER_STATUS	0x04
#define GVE_MAX_TX_QUEUES	0x08
#define GVE_MAX_RX_QUEUES	0x0c
/* The admin queue's address in pages. 0 resets the device. */
#define GVE_ADMIN_PAGE		0x10
#define GVE_ADMIN_DOORBELL	0x14
#define GVE_ADMIN_COUNTER	0x18
#define GVE_ADMIN_BASE_HI	0x20
#define GVE_ADMIN_BASE_LO	0x24
#define GVE_REGISTERS_SIZE	0x2c

#define GVE_PAGE_SIZE		4096
#define GVE_PAGES_MAX		64
#define GVE_COMMAND_SIZE	64
#define GVE_COMMANDS		(GVE_PAGE_SIZE / GVE_COMMAND_SIZE)

/* A command begins with its number and its status. */
#define GVE_COMMAND_STATUS	4

enum gve_command {
	GVE_DESCRIBE = 1,
	GVE_CONFIGURE,
	GVE_REGISTER_PAGES,
	GVE_UNREGISTER_PAGES,
	GVE_CREATE_TX,
	GVE_CREATE_RX,
	GVE_DESTROY_TX,
	GVE_DESTROY_RX,
	GVE_DECONFIGURE,
	GVE_SET_PARAMETER = 0xb,
	GVE_VERIFY_DRIVER = 0xf,
};

enum gve_status {
	GVE_PASSED = 1,
	GVE_INVALID_ARGUMENT = 0xfffffff7,
	GVE_UNIMPLEMENTED = 0xfffffffe,
};

/* Where the device puts the doorbells: dwords of the doorbell BAR. */
#define GVE_DOORBELL_TX		1
#define GVE_DOORBELL_RX		2
#define GVE_DOORBELL_IRQ	8

#define GVE_TX_DESCRIPTOR_SIZE	16
#define GVE_TX_START		0x00	/* a packet's first descriptor, which has their number */

#define GVE_RX_DESCRIPTOR_SIZE	8
#define GVE_RX_COMPLETION_SIZE	64
#define GVE_RX_PADDING		2	/* before each packet */

#endif /* GVE_REGS_H */
