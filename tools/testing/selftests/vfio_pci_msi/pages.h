/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of a BAR may be mapped how: MSIX_MAP, and the roads to a page.
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

/* The words that the parameter table_map takes. */
#define TABLE_MAP_WORDS	{ "auto", "deny", "ro", "rw" }

/* How the table's own pages may be mapped then, on this host. */
u32 table_map_access(const char *table_map);
/* What sysfs has to say of a device, and why. */
void table_map_expected(const char *table_map, char *text, size_t size);
void table_map_shown(const char *bdf, char *text, size_t size);

u64 page_size(void);
u64 page_down(u64 offset);
u64 page_up(u64 offset);

struct msix_map {
	struct vfio_device_feature_pci_msix_map head;
	struct vfio_pci_msix_map_range range[RANGES_MAX];
};

/* A negative errno, or 0. */
int msix_map_get(int fd, struct msix_map *map);
/* The same of a call that has to succeed. */
struct msix_map msix_map_of(int fd);

/* What VFIO_DEVICE_GET_REGION_INFO says of mapping a BAR. */
struct region_map {
	u64 size;
	bool mmap;
	bool msix_mappable;
	bool sparse;
	u32 areas;
	struct vfio_region_sparse_mmap_area area[AREAS_MAX];
};

struct region_map region_map(int fd, u32 bar);

/* MAP_FAILED and errno where it is refused. */
void *bar_map(int fd, u32 bar, u64 offset, size_t size, int prot, int flags);

/* Map and unmap again; a negative errno, or 0. */
int bar_try_map(int fd, u32 bar, u64 offset, size_t size, int prot, int flags);

/* A dword that an ioeventfd writes; a negative errno, or 0. */
int bar_try_ioeventfd(int fd, u32 bar, u64 offset, int eventfd);

/* The kernel has it. */
bool dma_buf_exists(int fd);
/* A negative errno, or the DMA-BUF's file. */
int bar_try_dma_buf(int fd, u32 bar, u64 offset, u64 length);

#endif /* VFIO_PCI_MSI_PAGES_H */
