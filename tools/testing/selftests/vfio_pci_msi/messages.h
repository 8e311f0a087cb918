/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wrappers for MSI_NOVIRT, MSI_MESSAGES and MSI_NOTIFY.
 */
#ifndef VFIO_PCI_MSI_MESSAGES_H
#define VFIO_PCI_MSI_MESSAGES_H

#include <linux/types.h>
#include <linux/vfio_pci_msi.h>

#define MESSAGES_MAX	2048

#define ALLOCATED	VFIO_PCI_MSI_MESSAGE_ALLOCATED
#define TRIGGER		VFIO_PCI_MSI_MESSAGE_TRIGGER
#define MASKED		VFIO_PCI_MSI_MESSAGE_MASKED
#define PENDING		VFIO_PCI_MSI_MESSAGE_PENDING
#define STALE		VFIO_PCI_MSI_MESSAGE_STALE
#define INACTIVE	VFIO_PCI_MSI_MESSAGE_INACTIVE
#define DISABLED	VFIO_PCI_MSI_MESSAGE_DISABLED

/* Both return 0 or a negative errno. */
int novirt_set(int fd);
int novirt_get(int fd, u32 *flags);

/* @msg may be NULL if @count is 0; @generation may be NULL. */
int messages_get(int fd, u32 index, u32 start, u32 count,
		 struct vfio_pci_msi_message *msg, u64 *generation);

/* These have to succeed: the test fails if the call does. */
struct vfio_pci_msi_message message_of(int fd, u32 index, u32 vector);
u64 generation_of(int fd);
bool novirt_on(int fd);

/* @eventfd: -1 removes it. Returns 0 or a negative errno. */
int notify_set(int fd, int eventfd, u32 reserved);

#endif /* VFIO_PCI_MSI_MESSAGES_H */
