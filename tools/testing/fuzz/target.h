/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the threads of a program act on: an open device, and a fixed number of eventfds,
 * files, mappings and pages. Nothing here has a lock. Threads use everything at the same
 * time, as they are to disturb each other; what a place holds is exchanged atomically.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <session.h>

#include "program.h"

#define TARGET_EVENTS	8
#define TARGET_FILES	4
#define TARGET_CAPS	64
#define TARGET_MAPS	8
/* No mapping is larger. */
#define TARGET_MAP_SIZE	(16 * 4096)
#define TARGET_DMA_SIZE	(64 * 4096)
#define TARGET_REGIONS	VFIO_PCI_NUM_REGIONS

struct target {
	struct session *s;
	int events[TARGET_EVENTS];
	/* More files of the session, and DMA-BUFs; -1 for none. */
	int files[TARGET_FILES];
	u64 region_size[TARGET_REGIONS];
	u64 region_offset[TARGET_REGIONS];
	/* The regions that have a size, and the indexes that have vectors. */
	u32 regions[TARGET_REGIONS];
	unsigned int region_count;
	u32 indexes[VFIO_PCI_NUM_IRQS];
	unsigned int index_count;
	/* Where capabilities are in config space; 0 for those of these kinds that there are not. */
	u16 caps[TARGET_CAPS];
	unsigned int cap_count;
	u16 pm_cap;
	u16 msi_cap;
	u16 express_cap;
	/*
	 * A reservation of address space for mappings of the device. What is unmapped is
	 * replaced by memory without access, so that nothing else gets the addresses.
	 */
	u8 *maps;
	u8 *dma;
	/* For each thread, the end of an argument is the end of memory. */
	struct guarded guarded[PROGRAM_THREADS];
};

/* The program ends with a message if the device cannot be opened. */
void target_open(struct target *t, const char *bdf, const char *mode);
/*
 * Does the device still answer, and does a vector of each of its indexes signal an
 * eventfd? The program ends with a message if not.
 */
void target_check(struct target *t);
/* Between programs: the device is awake, answers, and decodes memory again. */
void target_renew(struct target *t);
void target_close(struct target *t);

/* Most numbers give a region that the device has, and an index that has vectors. */
u32 target_region(const struct target *t, u32 number);
u32 target_index(const struct target *t, u32 number);
/* One of the files, if it is there and @choice is a multiple of four; else the device's. */
int target_file(const struct target *t, u32 choice, u32 place);
/* Put @fd into a place for files, and close what was there. */
void target_keep_file(struct target *t, unsigned int place, int fd);
/* Like config_read() and config_write(), which ask for the region's offset each time. */
ssize_t target_config_read(const struct target *t, unsigned int pos, void *buf, size_t size);
ssize_t target_config_write(const struct target *t, unsigned int pos, const void *buf, size_t size);
/* Touch memory that may have no access: 0, or -EFAULT after SIGBUS or SIGSEGV. */
int target_touch(volatile void *where, unsigned int width, bool write, u64 value);

#endif /* FUZZ_TARGET_H */
