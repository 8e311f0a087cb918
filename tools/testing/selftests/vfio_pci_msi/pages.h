/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of a BAR may be mapped how: MSIX_MAP, and every way to get at a page.
 */
#ifndef VFIO_PCI_MSI_PAGES_H
#define VFIO_PCI_MSI_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#define NONE		VFIO_PCI_MSIX_MAP_NONE
#define READ		VFIO_PCI_MSIX_MAP_READ
#define READ_WRITE	VFIO_PCI_MSIX_MAP_READ_WRITE

#define RANGES_MAX	32
#define AREAS_MAX	16

/* The values of the module's parameter table_map. */
#define TABLE_MAP_WORDS	{ "auto", "deny", "ro", "rw" }

/* The access to the table's pages that the value @table_map allows on this host. */
u32 table_map_access(const char *table_map);
/* What the device's file msix_table_map in sysfs has to say: the rule, and why. */
void table_map_expected(const char *table_map, char *text, size_t size);
/* What that file says. */
void table_map_shown(const char *bdf, char *text, size_t size);

u64 page_size(void);
u64 page_down(u64 offset);
u64 page_up(u64 offset);

struct msix_map {
	struct vfio_device_feature_pci_msix_map head;
	struct vfio_pci_msix_map_range range[RANGES_MAX];
};

/* Returns 0 or a negative errno. */
int msix_map_get(int fd, struct msix_map *map);
/* The same; the test fails if the call does. */
struct msix_map msix_map_of(int fd);

/* What VFIO_DEVICE_GET_REGION_INFO says about mapping a BAR. */
struct region_map {
	u64 size;
	bool mmap;
	bool msix_mappable;
	bool sparse;
	u32 areas;
	struct vfio_region_sparse_mmap_area area[AREAS_MAX];
};

struct region_map region_map(int fd, u32 bar);

/* Returns MAP_FAILED, with errno set, if the mapping is refused. */
void *bar_map(int fd, u32 bar, u64 offset, size_t size, int prot, int flags);

/* Map and unmap again. Returns 0 or a negative errno. */
int bar_try_map(int fd, u32 bar, u64 offset, size_t size, int prot, int flags);

/* Have @eventfd write a dword; -1 removes the ioeventfd. Returns 0 or a negative errno. */
int bar_try_ioeventfd(int fd, u32 bar, u64 offset, int eventfd);

/* Does this kernel export BARs as DMA-BUF? */
bool dma_buf_exists(int fd);
/* Returns the DMA-BUF's file or a negative errno. */
int bar_try_dma_buf(int fd, u32 bar, u64 offset, u64 length);

#endif /* VFIO_PCI_MSI_PAGES_H */
