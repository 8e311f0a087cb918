/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows of the ath11k model, and what the device holds in their slots.
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
/* The inert address (on x86), which a slot holds after its vectors were freed. */
#define WINDOW_INERT	0xfee0000c
/* The most slots that a window can have. */
#define SLOTS_MAX	256

struct window_state {
	struct vfio_device_feature_pci_msi_window_state head;
	struct vfio_pci_msi_slot slot[SLOTS_MAX];
};

struct ranges_state {
	struct vfio_device_feature_pci_msi_ranges_state head;
	__u32 page[SLOTS_MAX];
};

/* A window over all slots of the model, without holes. */
struct vfio_device_feature_pci_msi_window window_of_ath11k(void);

/* Both return 0 or a negative errno. */
int window_set(int fd, const struct vfio_device_feature_pci_msi_window *window);
int window_get(int fd, u32 window, struct window_state *state);

int ranges_set(int fd, const struct vfio_device_feature_pci_msi_ranges *ranges);
int ranges_get(int fd, u32 window, struct ranges_state *state);

/* These have to succeed: the test fails if the call does. */
struct ranges_state ranges_state(int fd);
u32 window_count(int fd);
struct window_state window_state(int fd);

/* How many slots of the first window are live. */
u32 live_slots(int fd);

/*
 * Write to the virtual MSI capability: how many vectors the guest enables, a power of two
 * (1 before the first call), and the guest message.
 */
void guest_vectors(int fd, unsigned int vectors);
void guest_message(int fd, u32 address, u16 data);

/* The dword that the device holds at @offset, which reads of a window may not show. */
u32 held(int fd, u64 offset);

/* Write a slot as the device's driver does: address, flags, data. */
void slot_write(int fd, u64 offset, u32 address, u32 data);

/* Have the device send the message that a slot holds, and wait until it has. */
void slot_send(int fd, unsigned int slot);

/*
 * Give the firmware a ring's message in the user's memory, as the device's driver does,
 * and have the firmware raise the ring's interrupt. Both wait until the device has done
 * so.
 */
void htt_setup(int fd, const struct dma_region *memory, u32 ring, u64 address,
	       u32 data);
void htt_raise(int fd, u32 ring);

#endif /* VFIO_PCI_MSI_WINDOW_H */
