/* SPDX-License-Identifier: GPL-2.0-only */
/* A function's MSI capability. */
#ifndef MSI_H
#define MSI_H

#include "dma.h"
#include "pci.h"

#define MSI_VECTORS_MAX	32

struct msi {
	struct pci_function *function;
	struct dma *dma;
	unsigned int cap;	/* its offset in configuration space */
	uint16_t flags;		/* fixed bits of message control: see msi_init() */
	unsigned int next_vectors;	/* after the next reset */
	uint32_t sent[MSI_VECTORS_MAX];
};

/*
 * @vectors: a power of two up to 32. @flags: PCI_MSI_FLAGS_64BIT for a 64-bit address,
 * PCI_MSI_FLAGS_MASKBIT for mask and pending bits.
 */
void msi_init(struct msi *msi, struct pci_function *f, struct dma *dma,
	      unsigned int cap, unsigned int vectors, uint16_t flags);
/* Returns false if a capability cannot have @vectors. */
bool msi_set_next_vectors(struct msi *msi, uint32_t vectors);
/* How many bytes the capability has with these @flags. */
unsigned int msi_size(uint16_t flags);
/* To be called when the function is reset; or resets MSI alone. */
void msi_reset(struct msi *msi);
void msi_reset_alone(struct msi *msi);
/* How many vectors are enabled. Software may enable more than the device has. */
unsigned int msi_enabled_vectors(const struct msi *msi);
void msi_raise(struct msi *msi, uint32_t vector);
/* Send the messages of pending vectors that can be sent now. */
void msi_deliver(struct msi *msi);
uint64_t msi_address(const struct msi *msi);
uint16_t msi_data(const struct msi *msi);
uint16_t msi_control(const struct msi *msi);

#endif /* MSI_H */
