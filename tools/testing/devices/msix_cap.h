/* SPDX-License-Identifier: GPL-2.0-only */
/* A function's MSI-X capability, with its table and PBA in BARs. */
#ifndef MSIX_CAP_H
#define MSIX_CAP_H

#include "dma.h"
#include "msix.h"
#include "pci.h"

/* A place in a BAR. */
struct msix_place {
	unsigned int bar;
	uint64_t offset;
};

struct msix_entry {
	uint32_t dword[PCI_MSIX_ENTRY_SIZE / sizeof(uint32_t)];
};

struct msix_count {
	uint32_t sent;
	uint32_t merged;	/* requests that found the pending bit set, and were lost */
};

struct msix {
	struct pci_function *function;
	struct dma *dma;
	unsigned int vectors;
	unsigned int next_vectors;	/* after the next reset */
	struct msix_place table;
	struct msix_place pba;
	struct msix_entry entry[MSIX_VECTORS_MAX];
	uint32_t pending[MSIX_VECTORS_MAX / 32];
	struct msix_count count[MSIX_VECTORS_MAX];
};

/*
 * Add the capability. @msix has its function and dma already; without this call every
 * request is dropped. The caller has checked that both places are aligned, within their
 * BARs, and do not overlap.
 */
void msix_init(struct msix *msix, unsigned int vectors, struct msix_place table,
	       struct msix_place pba);
void msix_set_next_vectors(struct msix *msix, unsigned int vectors);
/* To be called when the function is reset; or resets MSI-X alone. */
void msix_reset(struct msix *msix);
void msix_reset_alone(struct msix *msix);
void msix_raise(struct msix *msix, uint32_t vector);
/* Would a request be sent at once? */
bool msix_can_send(const struct msix *msix, uint32_t vector);
/* Send the messages of pending vectors that can be sent now. */
void msix_deliver(struct msix *msix);

/* Sizes of table and PBA in bytes. */
uint64_t msix_table_size(unsigned int vectors);
uint64_t msix_pba_size(unsigned int vectors);

/*
 * Table and PBA as registers of a BAR. If they overlap, which the specification forbids,
 * the table is what is read and written there.
 */
bool msix_has_register(const struct msix *msix, unsigned int bar, uint64_t offset);
uint32_t msix_read_register(const struct msix *msix, unsigned int bar, uint64_t offset);
void msix_write_register(struct msix *msix, unsigned int bar, uint64_t offset,
			 uint32_t value);
unsigned int msix_count_pending(const struct msix *msix);

#endif /* MSIX_CAP_H */
