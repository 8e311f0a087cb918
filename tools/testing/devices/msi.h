/* SPDX-License-Identifier: GPL-2.0-only */
/* A function's MSI capability, without mask bits. */
#ifndef MSI_H
#define MSI_H

#include "dma.h"
#include "pci.h"

#define MSI_VECTORS_MAX	32

struct msi {
	struct pci_function *function;
	struct dma *dma;
	bool wide;	/* 64-bit address */
	unsigned int next_vectors;	/* from the next reset on */
	uint32_t sent[MSI_VECTORS_MAX];
};

/* @vectors: a power of two up to 32. */
void msi_init(struct msi *msi, struct pci_function *f, struct dma *dma,
	      unsigned int vectors, bool wide);
/* @vectors: any number; returns false for one that a capability cannot have. */
bool msi_set_next_vectors(struct msi *msi, uint32_t vectors);
/* The function is reset, or its MSI alone. */
void msi_reset(struct msi *msi);
void msi_reset_alone(struct msi *msi);
void msi_raise(struct msi *msi, uint32_t vector);
uint64_t msi_address(const struct msi *msi);
uint16_t msi_data(const struct msi *msi);
uint16_t msi_control(const struct msi *msi);

#endif /* MSI_H */
