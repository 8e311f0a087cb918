/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dummy target, memory for it, and all that can be seen of it.
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

/* As many vectors as are looked at. */
#define DUMMY_VECTORS	16

/* A page that the device can write, above 4 GiB for it, of any size up to 64 KiB. */
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

/* All that a refused call must not change. */
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

void dummy_look(struct session *s, struct dummy_state *state);

/* Is the target in the device as it should be: in @count vectors from @start on? */
bool dummy_in_place(struct session *s, u32 start, u32 count, u64 iova);
/* Is nothing of it there: MSI-X off, all vectors masked, those of it 0? */
bool dummy_gone(struct session *s, u32 start, u32 count);

/* The MSI-X control in the hardware, and waiting until it is enabled. */
u16 msix_control(const char *bdf);
bool msix_on_soon(const char *bdf);

/*
 * Have the msix model raise @vector, and wait until it has written the vector's number
 * to the target.
 */
bool dummy_asserts(int fd, struct target *target, u32 vector);

/* How many lines of /proc/interrupts are of VFIO. */
unsigned int vfio_irqs(void);

/* Interrupts of /proc/interrupts that are not of the host itself. */
unsigned long long irqs_taken(void);

#endif /* VFIO_PCI_MSI_DUMMY_H */
