/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers for the dummy target: calls of MSIX_DUMMY, memory that the device can write,
 * and checks of the device's state.
 */
#ifndef VFIO_PCI_MSI_DUMMY_H
#define VFIO_PCI_MSI_DUMMY_H

#include <stdbool.h>

#include <linux/types.h>
#include <linux/vfio_pci_msi.h>

#include <libvfio.h>

#include "session.h"

#define DUMMY		VFIO_PCI_MSI_MESSAGE_DUMMY
#define DUMMY_ENABLE	VFIO_PCI_MSIX_DUMMY_ENABLE

/* How many vectors are compared at most. */
#define DUMMY_VECTORS	16

/*
 * The IOVA of a page that the device can write. It is above 4 GiB, and a multiple of
 * every page size up to 64 KiB.
 */
#define TARGET_IOVA	0x123450000ULL

struct target {
	struct dma_region region;
	u64 iova;
	volatile u32 *word;	/* the page's third dword */
};

void target_map(struct session *s, struct target *target);
void target_unmap(struct session *s, struct target *target);
void target_free(struct target *target);

/* All return 0 or a negative errno. */
int dummy_set(int fd, const struct vfio_device_feature_pci_msix_dummy *dummy);
int dummy_get(int fd, struct vfio_device_feature_pci_msix_dummy *dummy);
int dummy_on(int fd, u32 start, u32 count, u64 iova);
int dummy_off(int fd);

/* Everything that a refused call must not change. */
struct dummy_state {
	struct vfio_device_feature_pci_msix_dummy dummy;
	struct vfio_pci_msi_message msg[DUMMY_VECTORS];
	u64 generation;
	u16 msix_control;
	u16 msi_control;
	u16 command;
	u32 vfio_irqs;
	u32 table_known;	/* memory decoding is on */
	u32 table[DUMMY_VECTORS][4];
};

void dummy_get_state(struct session *s, struct dummy_state *state);

/*
 * Does the device have the target: MSI-X is enabled, @count vectors from @start on are
 * unmasked and point at @iova, and all others are masked? Both functions print what
 * differs.
 */
bool dummy_in_place(struct session *s, u32 start, u32 count, u64 iova);
/*
 * Is the target removed: MSI-X is disabled, all vectors are masked, and the entries of
 * the @count vectors from @start on are 0?
 */
bool dummy_gone(struct session *s, u32 start, u32 count);

/* Message Control of the hardware's MSI-X capability. */
u16 msix_control(const char *bdf);
/* Wait until MSI-X is enabled and not masked; false if that does not happen. */
bool wait_msix_enabled(const char *bdf);

/*
 * Have the msix model raise @vector, and wait until it has written the vector's number
 * to the target.
 */
bool dummy_asserts(int fd, struct target *target, u32 vector);

/* How many lines of /proc/interrupts belong to VFIO. */
unsigned int vfio_irqs(void);

/* The sum of interrupts in /proc/interrupts, without those of the host's own devices. */
unsigned long long irqs_taken(void);

#endif /* VFIO_PCI_MSI_DUMMY_H */
