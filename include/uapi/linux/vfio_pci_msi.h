/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * User interface of msi-vfio-pci: what a VFIO PCI device's owner may know and
 * control of the device's MSI and MSI-X beyond vfio-pci.
 *
 * Words used here with one meaning each:
 *
 * vector         one MSI or MSI-X interrupt of the device, numbered from 0
 * message        the address/data pair that raises a vector when the device
 *                writes it
 * host message   the pair that the host kernel programmed
 * guest message  the pair that the user of the device wrote to its virtual MSI
 *                capability
 * table          the MSI-X vector table
 * session        from the first open of the device to its last close
 *
 * Everything is a device feature (VFIO_DEVICE_FEATURE). The numbers are far
 * from those that upstream hands out in order from 0; PROBE before use. For
 * every feature:
 *
 * - PROBE reports whether the feature exists for this device, PROBE with GET
 *   or SET whether that operation does.
 * - ENOTTY: this device cannot have the feature (it has no such capability).
 *   EINVAL: a reserved bit or field is set, an operation does not exist, or an
 *   index, range or size is out of bounds. EFAULT: the buffer cannot be read or
 *   written. EBUSY: right request, wrong state. EPERM: forbidden by the
 *   administrator's policy. ENOMEM. A failed call changes nothing.
 * - State set through a feature lasts for the session and survives
 *   VFIO_DEVICE_RESET unless said otherwise.
 */
#ifndef _UAPI_LINUX_VFIO_PCI_MSI_H
#define _UAPI_LINUX_VFIO_PCI_MSI_H

#include <linux/types.h>

/*
 * VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT - show the host message to the user
 *
 * SET, without payload: stop virtualizing the MSI address and data fields. From
 * then on in this session a config-space read of any size, alignment and overlap
 * returns the hardware's bytes for those fields, and all other bytes as before.
 * Writes never reach the hardware, before or after; they go on updating the
 * guest message. On a device with MSI-X, reads of the table through its BAR's
 * region return the hardware's table instead of all ones; they fail with EIO,
 * like any register's, while memory decoding is off. Writes of it stay dropped.
 * A table that its capability places outside of its BAR is not shown.
 *
 * GET: struct vfio_device_feature_pci_msi_novirt.
 *
 * The feature exists for devices with an MSI or an MSI-X capability.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT	0x4d00

/**
 * struct vfio_device_feature_pci_msi_novirt - payload of GET
 * @flags: out: VFIO_PCI_MSI_NOVIRT_ON once SET in this session, else 0
 */
struct vfio_device_feature_pci_msi_novirt {
	__u32	flags;
#define VFIO_PCI_MSI_NOVIRT_ON		(1 << 0)
};

/*
 * VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES - read the host messages
 *
 * GET: struct vfio_device_feature_pci_msi_messages with room for @count entries
 * in @msg. It never changes anything, and may be called at any time.
 *
 * The feature exists for devices with an MSI or an MSI-X capability.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES	0x4d01

/**
 * struct vfio_pci_msi_message - one vector
 * @address: the host message's address
 * @data: the host message's data, with the vector's number in the low bits
 *	where one MSI capability serves several vectors
 * @flags: VFIO_PCI_MSI_MESSAGE_*
 *
 * A vector without VFIO_PCI_MSI_MESSAGE_ALLOCATED has all fields 0.
 */
struct vfio_pci_msi_message {
	__u64	address;
	__u32	data;
	__u32	flags;
/* The host has a vector behind it (VFIO_DEVICE_SET_IRQS). */
#define VFIO_PCI_MSI_MESSAGE_ALLOCATED	(1 << 0)
/* An eventfd is attached. */
#define VFIO_PCI_MSI_MESSAGE_TRIGGER	(1 << 1)
/*
 * The hardware masks it: its mask bit or, for MSI-X, the function mask. 0 where
 * the device cannot mask or cannot be asked (MSI-X with memory decoding off).
 */
#define VFIO_PCI_MSI_MESSAGE_MASKED	(1 << 2)
/* The hardware's pending bit, known under the same conditions. */
#define VFIO_PCI_MSI_MESSAGE_PENDING	(1 << 3)
/* Reserved for the dummy target; not set by this version. */
#define VFIO_PCI_MSI_MESSAGE_DUMMY	(1 << 4)
/*
 * The hardware holds another message than the kernel programmed, for instance
 * after a reset. 0 where it cannot be asked.
 */
#define VFIO_PCI_MSI_MESSAGE_STALE	(1 << 5)
};

/**
 * struct vfio_device_feature_pci_msi_messages - payload of GET
 * @index: in: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @start: in: first vector
 * @count: in: how many vectors; @start + @count is at most the count that
 *	VFIO_DEVICE_GET_IRQ_INFO reports for @index, and @msg[@count] fits in
 *	argsz. out: unchanged.
 * @flags: in: must be 0. out: 0.
 * @generation: out: grows whenever any message of the device may have changed:
 *	in this version, with every SET_IRQS that is to allocate or free vectors
 *	or to attach or detach eventfds, also if it fails.
 * @msg: out: the vectors from @start on
 */
struct vfio_device_feature_pci_msi_messages {
	__u32	index;
	__u32	start;
	__u32	count;
	__u32	flags;
	__u64	generation;
	struct vfio_pci_msi_message msg[];
};

#endif /* _UAPI_LINUX_VFIO_PCI_MSI_H */
