/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls about memory: mappings of the device, and the device's DMA.
 */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include "calls.h"

#define MEMORY_IOVA	0x10000000ULL

int run_map(struct target *t, const struct call *c);
int run_protect(struct target *t, const struct call *c);
int run_unmap(struct target *t, const struct call *c);
int run_touch(struct target *t, const struct call *c);
int run_dma_map(struct target *t, const struct call *c);
int run_dma_unmap(struct target *t, const struct call *c);
int run_dma_file(struct target *t, const struct call *c);
int run_fork(struct target *t, const struct call *c);

#endif /* FUZZ_MEMORY_H */
