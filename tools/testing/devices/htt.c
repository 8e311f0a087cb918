// SPDX-License-Identifier: GPL-2.0-only
#include "htt.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "compiler.h"
#include "log.h"

static uint32_t dword(const void *message, unsigned int index)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)message + index * sizeof(value), sizeof(value));
	return le32toh(value);
}

/* Returns NULL if there is no such ring. */
static struct htt_ring *find_ring(struct htt *htt, uint32_t pdev, uint32_t ring)
{
	if (pdev >= ATH11K_HTT_PDEVS || ring >= ATH11K_HTT_RINGS)
		return NULL;
	return &htt->ring[pdev][ring];
}

static bool set_up_ring(struct htt *htt, const void *message)
{
	uint32_t info = dword(message, ATH11K_HTT_SETUP_INFO);
	struct htt_ring *ring = find_ring(htt, info >> 8 & 0xff, info >> 16 & 0xff);

	if ((info & 0xff) != ATH11K_HTT_SETUP_TYPE || !ring)
		return false;
	ring->address = (uint64_t)dword(message, ATH11K_HTT_SETUP_MSI_HI) << 32 |
			dword(message, ATH11K_HTT_SETUP_MSI_LO);
	ring->data = dword(message, ATH11K_HTT_SETUP_MSI_DATA);
	log_detail("ring 0x%" PRIx32 ": 0x%" PRIx32 " to 0x%" PRIx64, info >> 8 & 0xffff,
		   ring->data, ring->address);
	return true;
}

static void message_read(struct dma_reader *reader, const void *message)
{
	struct htt *htt = container_of(reader, struct htt, reader);

	if (message && set_up_ring(htt, message))
		htt->taken++;
	else
		htt->refused++;
}

static void read_message(struct htt *htt)
{
	uint64_t address = (uint64_t)htt->address_hi << 32 | htt->address_lo;

	if (!pci_is_bus_master(htt->function) ||
	    !dma_read(htt->dma, &htt->reader, address,
		      ATH11K_HTT_SETUP_DWORDS * sizeof(uint32_t)))
		htt->refused++;
}

static void raise_ring(struct htt *htt, uint32_t value)
{
	struct htt_ring *ring = find_ring(htt, value >> 8, value & 0xff);

	if (!ring || !ring->address)
		dma_drop(htt->dma, "the ring has no message");
	else if (!pci_is_bus_master(htt->function))
		dma_drop(htt->dma, "not bus master");
	else
		dma_write32(htt->dma, ring->address, ring->data);
}

void htt_init(struct htt *htt, struct pci_function *f, struct dma *dma)
{
	htt->function = f;
	htt->dma = dma;
	htt->reader.done = message_read;
}

void htt_reset(struct htt *htt)
{
	htt->address_lo = 0;
	htt->address_hi = 0;
	htt->taken = 0;
	htt->refused = 0;
	memset(htt->ring, 0, sizeof(htt->ring));
}

bool htt_has_register(uint64_t offset)
{
	return offset >= ATH11K_HTT_ADDR_LO && offset < ATH11K_HTT_END;
}

uint32_t htt_read_register(const struct htt *htt, uint64_t offset)
{
	switch (offset) {
	case ATH11K_HTT_ADDR_LO:
		return htt->address_lo;
	case ATH11K_HTT_ADDR_HI:
		return htt->address_hi;
	case ATH11K_HTT_TAKEN:
		return htt->taken;
	case ATH11K_HTT_REFUSED:
		return htt->refused;
	default:
		return 0;
	}
}

void htt_write_register(struct htt *htt, uint64_t offset, uint32_t value)
{
	if (offset == ATH11K_HTT_ADDR_LO)
		htt->address_lo = value;
	else if (offset == ATH11K_HTT_ADDR_HI)
		htt->address_hi = value;
	else if (offset == ATH11K_HTT_READ)
		read_message(htt);
	else if (offset == ATH11K_HTT_RAISE)
		raise_ring(htt, value);
}
