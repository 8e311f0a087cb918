// SPDX-License-Identifier: GPL-2.0-only
#include "msix_cap.h"

#include <inttypes.h>
#include <string.h>

#include "compiler.h"
#include "log.h"

static const unsigned int cap = PCI_INTERRUPT_OFFSET;

enum {
	ENTRY_ADDR_LO = PCI_MSIX_ENTRY_LOWER_ADDR / sizeof(uint32_t),
	ENTRY_ADDR_HI = PCI_MSIX_ENTRY_UPPER_ADDR / sizeof(uint32_t),
	ENTRY_DATA = PCI_MSIX_ENTRY_DATA / sizeof(uint32_t),
	ENTRY_CTRL = PCI_MSIX_ENTRY_VECTOR_CTRL / sizeof(uint32_t),
};

/* The bits of each dword that software can write; the others are reserved and 0. */
static const uint32_t entry_writable[] = {
	[ENTRY_ADDR_LO] = ~3U,
	[ENTRY_ADDR_HI] = ~0U,
	[ENTRY_DATA] = ~0U,
	[ENTRY_CTRL] = PCI_MSIX_ENTRY_CTRL_MASKBIT,
};

uint64_t msix_table_size(unsigned int vectors)
{
	return (uint64_t)vectors * PCI_MSIX_ENTRY_SIZE;
}

uint64_t msix_pba_size(unsigned int vectors)
{
	return (vectors + 63) / 64 * sizeof(uint64_t);
}

void msix_init(struct msix *msix, unsigned int vectors, struct msix_place table,
	       struct msix_place pba)
{
	struct pci_function *f = msix->function;

	msix->vectors = vectors;
	msix->table = table;
	msix->pba = pba;
	pci_add_capability(f, cap, PCI_CAP_ID_MSIX);
	msix_set_next_vectors(msix, vectors);
	pci_init32(f, cap + PCI_MSIX_TABLE, table.offset | table.bar, 0);
	pci_init32(f, cap + PCI_MSIX_PBA, pba.offset | pba.bar, 0);
}

void msix_set_next_vectors(struct msix *msix, unsigned int vectors)
{
	msix->next_vectors = vectors;
	pci_init16(msix->function, cap + PCI_MSIX_FLAGS, vectors - 1,
		   PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}

void msix_reset_alone(struct msix *msix)
{
	pci_reset_part(msix->function, cap, PCI_CAP_MSIX_SIZEOF);
	msix_reset(msix);
}

void msix_reset(struct msix *msix)
{
	unsigned int i;

	msix->vectors = msix->next_vectors;
	memset(msix->entry, 0, sizeof(msix->entry));
	memset(msix->pending, 0, sizeof(msix->pending));
	memset(msix->count, 0, sizeof(msix->count));
	for (i = 0; i < msix->vectors; i++)
		msix->entry[i].dword[ENTRY_CTRL] = PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

static bool is_enabled(const struct msix *msix)
{
	return pci_sends_anything(msix->function) ||
	       pci_value16(msix->function, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE;
}

static bool is_masked(const struct msix *msix, unsigned int vector)
{
	if (pci_sends_anything(msix->function))
		return false;
	return pci_value16(msix->function, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_MASKALL ||
	       msix->entry[vector].dword[ENTRY_CTRL] & PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

static void send_message(struct msix *msix, unsigned int vector)
{
	const uint32_t *dword = msix->entry[vector].dword;

	msix->count[vector].sent++;
	dma_write32(msix->dma, (uint64_t)dword[ENTRY_ADDR_HI] << 32 | dword[ENTRY_ADDR_LO],
		    dword[ENTRY_DATA]);
}

bool msix_can_send(const struct msix *msix, uint32_t vector)
{
	return vector < msix->vectors && is_enabled(msix) && !is_masked(msix, vector) &&
	       pci_is_bus_master(msix->function);
}

static void make_pending(struct msix *msix, unsigned int vector)
{
	uint32_t *word = &msix->pending[vector / 32];
	uint32_t bit = 1U << vector % 32;

	if (*word & bit)
		msix->count[vector].merged++;
	*word |= bit;
}

void msix_raise(struct msix *msix, uint32_t vector)
{
	if (vector >= msix->vectors)
		dma_drop(msix->dma, "no such vector");
	else if (!is_enabled(msix))
		dma_drop(msix->dma, "MSI-X is disabled");
	else if (is_masked(msix, vector))
		make_pending(msix, vector);
	else if (!pci_is_bus_master(msix->function))
		dma_drop(msix->dma, "not bus master");
	else
		send_message(msix, vector);
}

void msix_deliver(struct msix *msix)
{
	uint32_t *word, bit;
	unsigned int i;

	if (!is_enabled(msix) || !pci_is_bus_master(msix->function))
		return;
	for (i = 0; i < msix->vectors; i++) {
		word = &msix->pending[i / 32];
		bit = 1U << i % 32;
		if (*word & bit && !is_masked(msix, i)) {
			*word &= ~bit;
			send_message(msix, i);
		}
	}
}

static bool inside(const struct msix_place *place, uint64_t size, unsigned int bar,
		   uint64_t offset)
{
	return bar == place->bar && offset >= place->offset &&
	       offset - place->offset < size;
}

static bool in_table(const struct msix *msix, unsigned int bar, uint64_t offset)
{
	return inside(&msix->table, msix_table_size(msix->vectors), bar, offset);
}

static bool in_pba(const struct msix *msix, unsigned int bar, uint64_t offset)
{
	return inside(&msix->pba, msix_pba_size(msix->vectors), bar, offset);
}

static bool in_visible_pba(const struct msix *msix, unsigned int bar, uint64_t offset)
{
	return in_pba(msix, bar, offset) && !in_table(msix, bar, offset);
}

bool msix_has_register(const struct msix *msix, unsigned int bar, uint64_t offset)
{
	return in_table(msix, bar, offset) || in_pba(msix, bar, offset);
}

static unsigned int entry_index(const struct msix *msix, uint64_t offset)
{
	return (offset - msix->table.offset) / PCI_MSIX_ENTRY_SIZE;
}

static unsigned int entry_dword(const struct msix *msix, uint64_t offset)
{
	return (offset - msix->table.offset) % PCI_MSIX_ENTRY_SIZE / sizeof(uint32_t);
}

uint32_t msix_read_register(const struct msix *msix, unsigned int bar, uint64_t offset)
{
	if (in_visible_pba(msix, bar, offset))
		return msix->pending[(offset - msix->pba.offset) / sizeof(uint32_t)];
	return msix->entry[entry_index(msix, offset)].dword[entry_dword(msix, offset)];
}

void msix_write_register(struct msix *msix, unsigned int bar, uint64_t offset,
			 uint32_t value)
{
	unsigned int dword;

	if (in_visible_pba(msix, bar, offset)) {
		log_line("a write to the pending bits is ignored");
		return;
	}
	dword = entry_dword(msix, offset);
	log_detail("table entry %u dword %u = 0x%" PRIx32, entry_index(msix, offset), dword,
		   value);
	msix->entry[entry_index(msix, offset)].dword[dword] = value & entry_writable[dword];
	msix_deliver(msix);
}

unsigned int msix_count_pending(const struct msix *msix)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(msix->pending); i++)
		count += __builtin_popcount(msix->pending[i]);
	return count;
}
