/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows on the ath11k model, and what the device really holds in them.
 */
#ifndef VFIO_PCI_MSI_WINDOW_H
#define VFIO_PCI_MSI_WINDOW_H

#include <linux/types.h>
#include <linux/vfio_pci_msi.h>

#include <libvfio.h>

#include "ath11k.h"

#define WINDOW_BAR	0
#define WINDOW_OFFSET	0x80000
#define WINDOW_SIZE	0x40000
#define WINDOW_MAX	16
/* What a slot holds whose vectors are gone: a message to no CPU. */
#define WINDOW_INERT	0xfee0000c
#define SLOTS_MAX	64

struct window_state {
	struct vfio_device_feature_pci_msi_window_state head;
	struct vfio_pci_msi_slot slot[SLOTS_MAX];
};

/* The window that the driver gives to an ath11k by itself. */
struct vfio_device_feature_pci_msi_window window_of_ath11k(void);

/* Both return 0 or a negative errno. */
int window_set(int fd, const struct vfio_device_feature_pci_msi_window *window);
int window_get(int fd, u32 window, struct window_state *state);

/* The same of a call that has to succeed. */
u32 window_count(int fd);
struct window_state window_state(int fd);

void guest_message(int fd, u32 address, u16 data);

/* What the device holds, whatever a window shows of it. */
u32 held(int fd, u64 offset);

/* As the device's driver writes it: address, flags, data. */
void slot_write(int fd, u64 offset, u32 address, u32 data);

/* Have the device send what a slot holds, and wait until it has. */
void slot_send(int fd, unsigned int slot);

/*
 * Give the firmware a ring's message in memory of the user, as the device's driver
 * does, and have it raise the ring: both wait until the device has.
 */
void htt_setup(int fd, const struct dma_region *memory, u32 ring, u64 address,
	       u32 data);
void htt_raise(int fd, u32 ring);

#endif /* VFIO_PCI_MSI_WINDOW_H */
