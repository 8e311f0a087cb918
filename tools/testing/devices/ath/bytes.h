/* SPDX-License-Identifier: GPL-2.0-only */
/* Little endian numbers in messages and rings. */
#ifndef ATH_BYTES_H
#define ATH_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get16(const void *data, size_t offset)
{
	uint16_t value;

	memcpy(&value, (const uint8_t *)data + offset, sizeof(value));
	return le16toh(value);
}

static inline uint32_t get32(const void *data, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)data + offset, sizeof(value));
	return le32toh(value);
}

static inline uint64_t get64(const void *data, size_t offset)
{
	return (uint64_t)get32(data, offset + 4) << 32 | get32(data, offset);
}

static inline void put16(void *data, size_t offset, uint16_t value)
{
	value = htole16(value);
	memcpy((uint8_t *)data + offset, &value, sizeof(value));
}

static inline void put32(void *data, size_t offset, uint32_t value)
{
	value = htole32(value);
	memcpy((uint8_t *)data + offset, &value, sizeof(value));
}

static inline void put64(void *data, size_t offset, uint64_t value)
{
	put32(data, offset, value);
	put32(data, offset + 4, value >> 32);
}

#endif /* ATH_BYTES_H */
