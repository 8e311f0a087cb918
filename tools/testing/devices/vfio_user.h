/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-user's messages as they are on the socket, in the byte order of the
 * machine. Flags and indexes inside them are those of <linux/vfio.h>, whose
 * structures are not used because they grow with the kernel's version.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <stdint.h>

#define VFIO_USER_MAJOR		0
#define VFIO_USER_MINOR		0

enum vfio_user_command {
	VFIO_USER_VERSION		= 1,
	VFIO_USER_DMA_MAP		= 2,
	VFIO_USER_DMA_UNMAP		= 3,
	VFIO_USER_DEVICE_GET_INFO	= 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_IRQ_INFO	= 7,
	VFIO_USER_DEVICE_SET_IRQS	= 8,
	VFIO_USER_REGION_READ		= 9,
	VFIO_USER_REGION_WRITE		= 10,
	VFIO_USER_DMA_READ		= 11,
	VFIO_USER_DMA_WRITE		= 12,
	VFIO_USER_DEVICE_RESET		= 13,
};

/* vfio_user_header.flags */
#define VFIO_USER_TYPE		0xf
#define VFIO_USER_TYPE_COMMAND	0x0
#define VFIO_USER_TYPE_REPLY	0x1
#define VFIO_USER_NO_REPLY	0x10
#define VFIO_USER_ERROR		0x20

struct vfio_user_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;		/* of the message, with this header */
	uint32_t flags;
	uint32_t error;		/* an errno, with VFIO_USER_ERROR */
};

/* Followed by JSON that ends with a NUL byte. */
struct vfio_user_version {
	uint16_t major;
	uint16_t minor;
};

struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t address;
	uint64_t size;
};

struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};

struct vfio_user_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

struct vfio_user_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

struct vfio_user_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

struct vfio_user_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};

/* Followed by the data in a write and in the reply to a read. */
struct vfio_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

/* Followed by the data in a write and in the reply to a read. */
struct vfio_user_dma_access {
	uint64_t address;
	uint64_t count;
};

#endif /* VFIO_USER_H */
