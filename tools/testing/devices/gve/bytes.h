/* SPDX-License-Identifier: GPL-2.0-only */
/* Big endian numbers: the device's registers, its queues, and packets have them. */
#ifndef GVE_BYTES_H
#define GVE_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get16(const void *data, size_t offset)
{
	uint16_t value;

	memcpy(&value, (const uint8_t *)data + offset, sizeof(value));
	return be16toh(value);
}

static inline uint32_t get32(const void *data, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)data + offset, sizeof(value));
	return be32toh(value);
}

static inline uint64_t get64(const void *data, size_t offset)
{
	return (uint64_t)get32(data, offset) << 32 | get32(data, offset + 4);
}

static inline void put16(void *data, size_t offset, uint16_t value)
{
	value = htobe16(value);
	memcpy((uint8_t *)data + offset, &value, sizeof(value));
}

static inline void put32(void *data, size_t offset, uint32_t value)
{
	value = htobe32(value);
	memcpy((uint8_t *)data + offset, &value, sizeof(value));
}

#endif /* GVE_BYTES_H */
