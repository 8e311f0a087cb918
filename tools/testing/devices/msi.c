// SPDX-License-Identifier: GPL-2.0-only
#include "msi.h"

#include <string.h>

static bool is_wide(const struct msi *msi)
{
	return msi->flags & PCI_MSI_FLAGS_64BIT;
}

static bool has_masks(const struct msi *msi)
{
	return msi->flags & PCI_MSI_FLAGS_MASKBIT;
}

static unsigned int data_offset(const struct msi *msi)
{
	return msi->cap + (is_wide(msi) ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
}

static unsigned int mask_offset(const struct msi *msi)
{
	return msi->cap + (is_wide(msi) ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
}

static unsigned int pending_offset(const struct msi *msi)
{
	return msi->cap + (is_wide(msi) ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32);
}

void msi_init(struct msi *msi, struct pci_function *f, struct dma *dma,
	      unsigned int cap, unsigned int vectors, uint16_t flags)
{
	msi->function = f;
	msi->dma = dma;
	msi->cap = cap;
	msi->flags = flags;
	pci_add_capability(f, cap, PCI_CAP_ID_MSI);
	msi_set_next_vectors(msi, vectors);
	pci_init32(f, cap + PCI_MSI_ADDRESS_LO, 0, ~3U);
	if (is_wide(msi))
		pci_init32(f, cap + PCI_MSI_ADDRESS_HI, 0, ~0U);
	pci_init16(f, data_offset(msi), 0, 0xffff);
}

bool msi_set_next_vectors(struct msi *msi, uint32_t vectors)
{
	if (!vectors || vectors > MSI_VECTORS_MAX || vectors & (vectors - 1))
		return false;
	msi->next_vectors = vectors;
	pci_init16(msi->function, msi->cap + PCI_MSI_FLAGS,
		   msi->flags | __builtin_ctz(vectors) << 1,
		   PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	if (has_masks(msi))
		pci_init32(msi->function, mask_offset(msi), 0, ~0U >> (32 - vectors));
	return true;
}

void msi_reset(struct msi *msi)
{
	memset(msi->sent, 0, sizeof(msi->sent));
}

unsigned int msi_size(uint16_t flags)
{
	const struct msi msi = { .flags = flags };

	return has_masks(&msi) ? pending_offset(&msi) + sizeof(uint32_t) :
				 data_offset(&msi) + sizeof(uint16_t);
}

void msi_reset_alone(struct msi *msi)
{
	pci_reset_part(msi->function, msi->cap, msi_size(msi->flags));
	msi_reset(msi);
}

uint64_t msi_address(const struct msi *msi)
{
	uint64_t low = pci_value32(msi->function, msi->cap + PCI_MSI_ADDRESS_LO);

	if (!is_wide(msi))
		return low;
	return (uint64_t)pci_value32(msi->function, msi->cap + PCI_MSI_ADDRESS_HI) << 32 |
	       low;
}

uint16_t msi_data(const struct msi *msi)
{
	return pci_value16(msi->function, data_offset(msi));
}

uint16_t msi_control(const struct msi *msi)
{
	return pci_value16(msi->function, msi->cap + PCI_MSI_FLAGS);
}

static bool is_enabled(const struct msi *msi)
{
	return pci_sends_anything(msi->function) || msi_control(msi) & PCI_MSI_FLAGS_ENABLE;
}

static bool is_masked(const struct msi *msi, uint32_t vector)
{
	return !pci_sends_anything(msi->function) && has_masks(msi) &&
	       pci_value32(msi->function, mask_offset(msi)) & 1U << vector;
}

static uint32_t pending(const struct msi *msi)
{
	return has_masks(msi) ? pci_value32(msi->function, pending_offset(msi)) : 0;
}

static void set_pending(struct msi *msi, uint32_t bits)
{
	pci_set_value32(msi->function, pending_offset(msi), bits);
}

unsigned int msi_enabled_vectors(const struct msi *msi)
{
	uint16_t control = msi_control(msi);
	unsigned int asked = (control & PCI_MSI_FLAGS_QMASK) >> 1;
	unsigned int given = (control & PCI_MSI_FLAGS_QSIZE) >> 4;

	return 1U << (given < asked ? given : asked);
}

static void send_message(struct msi *msi, unsigned int vectors, uint32_t vector)
{
	msi->sent[vector]++;
	dma_write32(msi->dma, msi_address(msi),
		    (msi_data(msi) & ~(vectors - 1)) | vector);
}

void msi_raise(struct msi *msi, uint32_t vector)
{
	unsigned int vectors = msi_enabled_vectors(msi);

	if (!is_enabled(msi))
		dma_drop(msi->dma, "MSI is disabled");
	else if (vector >= vectors)
		dma_drop(msi->dma, "the vector is not among those that are enabled");
	else if (is_masked(msi, vector))
		set_pending(msi, pending(msi) | 1U << vector);
	else if (!pci_is_bus_master(msi->function))
		dma_drop(msi->dma, "not bus master");
	else
		send_message(msi, vectors, vector);
}

void msi_deliver(struct msi *msi)
{
	unsigned int vectors = msi_enabled_vectors(msi), vector;

	if (!is_enabled(msi) || !pci_is_bus_master(msi->function))
		return;
	for (vector = 0; vector < vectors; vector++) {
		if (pending(msi) & 1U << vector && !is_masked(msi, vector)) {
			set_pending(msi, pending(msi) & ~(1U << vector));
			send_message(msi, vectors, vector);
		}
	}
}
