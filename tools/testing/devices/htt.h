/* SPDX-License-Identifier: GPL-2.0-only */
/* The rings of an ath11k card that get their messages from memory: see ath11k.h. */
#ifndef HTT_H
#define HTT_H

#include <stdbool.h>
#include <stdint.h>

#include "ath11k.h"
#include "dma.h"
#include "pci.h"

struct htt_ring {
	uint64_t address;	/* 0: the ring does not interrupt */
	uint32_t data;
};

struct htt {
	struct pci_function *function;
	struct dma *dma;
	struct dma_reader reader;
	uint32_t address_lo;
	uint32_t address_hi;
	uint32_t taken;
	uint32_t refused;
	struct htt_ring ring[ATH11K_HTT_PDEVS][ATH11K_HTT_RINGS];
};

void htt_init(struct htt *htt, struct pci_function *f, struct dma *dma);
void htt_reset(struct htt *htt);
bool htt_has_register(uint64_t offset);
uint32_t htt_read_register(const struct htt *htt, uint64_t offset);
void htt_write_register(struct htt *htt, uint64_t offset, uint32_t value);

#endif /* HTT_H */
