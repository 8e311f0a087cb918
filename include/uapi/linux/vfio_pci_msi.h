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
 * PBA            the MSI-X pending bit array
 * window         a range of a BAR that holds a device-embedded interrupt
 *                controller
 * slot           one place in a window where the device's driver stores a
 *                message: address low, address high, data
 * isolated       the platform checks that a message comes from the device that
 *                owns it
 * session        from the first open of the device to its last close
 *
 * Everything but masking is a device feature (VFIO_DEVICE_FEATURE). The numbers
 * are far from those that upstream hands out in order from 0; PROBE before use. For
 * every feature:
 *
 * - PROBE reports whether the feature exists for this device, PROBE with GET
 *   or SET whether that operation does.
 * - ENOTTY: this device cannot have the feature (it has no such capability).
 *   EINVAL: a reserved bit or field is set, an operation does not exist, or an
 *   index, range or size is out of bounds. EFAULT: the buffer cannot be read or
 *   written. EBUSY: right request, wrong state. EPERM: forbidden by the
 *   administrator's policy. ENOMEM: no memory. A failed call changes nothing.
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
 * in @msg. It changes nothing by itself, and may be called at any time; that the host
 * has moved a vector is noticed at the latest here.
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
 * A vector with neither VFIO_PCI_MSI_MESSAGE_ALLOCATED nor _DUMMY has all fields
 * 0. One with _DUMMY has the target as its @address and its number as its @data.
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
 * The hardware masks it: its mask bit or, for MSI-X, the function mask. Where the
 * device cannot mask, where the host's interrupt controller masks in its place (arm64
 * and powerpc, on newer kernels) or where the device cannot be asked (MSI-X with memory
 * decoding off): the user has masked it.
 */
#define VFIO_PCI_MSI_MESSAGE_MASKED	(1 << 2)
/*
 * The hardware's pending bit; 0 if it cannot be asked, as where the capability places
 * the PBA in the table or outside of its BAR. Where the device cannot mask: something
 * has arrived under the mask. What the host's interrupt controller holds back (arm64 and
 * powerpc) does not show, nor may what arrives for the first time after the trigger was
 * removed under the mask.
 */
#define VFIO_PCI_MSI_MESSAGE_PENDING	(1 << 3)
/* It points at the dummy target, and the host has no vector behind it. */
#define VFIO_PCI_MSI_MESSAGE_DUMMY	(1 << 4)
/*
 * The hardware holds another message than the kernel programmed, for instance
 * after a reset. 0 where it cannot be asked.
 */
#define VFIO_PCI_MSI_MESSAGE_STALE	(1 << 5)
/*
 * The host has no message for it at present, @address and @data are 0: with MSI after
 * the eventfd of vector 0 was removed, whichever vector it is; with MSI-X after its own
 * was. To a device 0 is an address like any other: do not write it there.
 */
#define VFIO_PCI_MSI_MESSAGE_INACTIVE	(1 << 6)
/*
 * By the capability's control register MSI or MSI-X is off, while the kernel has it on:
 * nothing arrives. A device that resets itself by a register of its own leaves it so,
 * as does a user who clears MSI's enable bit in config space. A SET_IRQS that attaches
 * eventfds does not turn it on again: disable the index first, then attach. The dummy
 * target is put back with the user's next write to config space, or by turning it off and
 * on.
 * 0 where the register cannot be asked, as in D3hot, and for the dummy target while
 * memory decoding is off: the target comes back with it.
 */
#define VFIO_PCI_MSI_MESSAGE_DISABLED	(1 << 7)
};

/**
 * struct vfio_device_feature_pci_msi_messages - payload of GET
 * @index: in: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @start: in: first vector
 * @count: in: how many vectors; @start + @count is at most the count that
 *	VFIO_DEVICE_GET_IRQ_INFO reports for @index, which a reset can change, and
 *	@msg[@count] fits in argsz. out: unchanged.
 * @flags: in: must be 0. out: 0.
 * @generation: out: grows whenever any message of the device may have changed:
 *	with every SET_IRQS that is to allocate or free vectors or to attach or
 *	detach eventfds, also if it fails (but not if the dummy target forbids it), or
 *	that unmasks vectors whose eventfd was attached under the mask; when the dummy
 *	target is turned on or off; and
 *	when the host has moved a vector to another CPU by giving it another
 *	message (hosts that remap interrupts do not need to).
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

/*
 * VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY - hear of changed messages
 *
 * SET: struct vfio_device_feature_pci_msi_notify. The eventfd is signalled each
 * time the generation of MSI_MESSAGES grows, until the session's end or another SET.
 * What SET_IRQS changes is signalled before it returns, a vector that was moved soon
 * after the move. On x86 without interrupt remapping a change of the affinity moves
 * the vector with its next interrupts, and not before.
 *
 * The feature exists for devices with an MSI or an MSI-X capability.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY	0x4d02

/**
 * struct vfio_device_feature_pci_msi_notify - payload of SET
 * @eventfd: in place of the one before (EBADF, EINVAL: it is no eventfd); -1: none
 * @__reserved: must be 0
 */
struct vfio_device_feature_pci_msi_notify {
	__s32	eventfd;
	__u32	__reserved;
};

/*
 * Masking - VFIO_DEVICE_SET_IRQS with ACTION_MASK or ACTION_UNMASK
 *
 * These actions also work for the indexes of MSI and MSI-X, with DATA_NONE and with
 * DATA_BOOL. VFIO_DEVICE_GET_IRQ_INFO has VFIO_IRQ_INFO_MASKABLE if the index has
 * vectors. A call acts on all vectors of the range or on none: it is EINVAL if the range
 * is empty or if a vector in it is not allocated, even if its DATA_BOOL is 0. To mask
 * the function takes a call for each run of allocated vectors
 * (Documentation/masking.rst). A vector needs no eventfd to be masked. To mask a masked
 * vector, or to unmask one that is not masked, changes nothing. DATA_EVENTFD is refused
 * as by other drivers (ENOTTY).
 *
 * Once the call has returned, nothing that the device raises on a masked vector is
 * signalled. It becomes pending, and is delivered once: when the vector is unmasked or,
 * if it has no eventfd then, when it gets one. The device's mask bits do this, or else
 * the kernel or the host's interrupt controller, with the same result.
 *
 * Where the host does not remap interrupts, the message of a vector whose CPU is
 * unplugged changes, masked or not, and the generation of MSI_MESSAGES grows. Live slots
 * of a window get the new message from the kernel. Whoever has given the device the old
 * one in any other place has to give it the new one, before the vector is unmasked.
 *
 * The mask stays when the eventfd is replaced or removed, when the device is reset,
 * when it sleeps, when the host suspends and when the vector's CPU is unplugged. It ends
 * when the vectors are freed: when the index is disabled, or at the session's end.
 *
 * A mask holds back what the device raises. ACTION_TRIGGER with DATA_NONE or DATA_BOOL
 * still signals the eventfd, as it does for a masked INTx.
 *
 * If the user has memory decoding off, the kernel switches it on while it writes the
 * MSI-X table, as it does when an eventfd is attached. In D3hot the table cannot be
 * reached: EBUSY, and nothing has changed.
 *
 * Limits of devices without mask bits: an interrupt that is raised while no eventfd is
 * attached, or while it is replaced, is lost, masked or not, as with other drivers. The
 * kernel cannot hold back interrupts that the IOMMU posts directly into a guest.
 */

/*
 * VFIO_DEVICE_FEATURE_PCI_MSIX_MAP - which pages of the BARs may be mapped how
 *
 * Whoever can write the table can have the device send any message. Where the
 * device is isolated, the platform drops those that are not its own. Elsewhere the
 * pages of the table can only be mapped for reading, so that they are in no
 * sparse-mmap area and their region has no MSIX_MAPPABLE. Pages with a window
 * cannot be mapped at all, those that only have the PBA always can. Where several
 * share a page, the strictest of their rules holds. The administrator can have
 * another rule for the table, by the module's parameter table_map, read at open.
 *
 * VMMs that find MSIX_MAPPABLE map the whole BAR, without a look at its areas. A BAR
 * with a window therefore has no MSIX_MAPPABLE, and the table's pages are in none of
 * its areas, though they can still be mapped as the rule says.
 *
 * The rules hold for mmap and mprotect (EPERM and EACCES), the region info, DMA-BUF
 * export and ioeventfds (both only where READ_WRITE, else EPERM). Reads and writes
 * of the region are never refused.
 *
 * GET: struct vfio_device_feature_pci_msix_map with room for @count entries in
 * @range. A SET of MSI_WINDOW can change what it returns, and so can a reset after which
 * the table is longer. Its new pages have the table's rule from then on. What was
 * mapped, exported or given an ioeventfd before stays.
 *
 * The feature exists for devices with an MSI or an MSI-X capability.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSIX_MAP	0x4d03

/**
 * struct vfio_pci_msix_map_range - pages of a BAR that a rule is about
 * @region: BAR, 0 to 5
 * @kind: what is in them, VFIO_PCI_MSIX_MAP_TABLE, _PBA or _WINDOW. Pages with
 *	several kinds are listed once for each.
 * @offset: first byte in the BAR, a multiple of the page size
 * @size: bytes, a multiple of the page size, also where the BAR is smaller
 * @access: VFIO_PCI_MSIX_MAP_NONE, _READ or _READ_WRITE, by all that shares the
 *	pages. A BAR without VFIO_REGION_INFO_FLAG_MMAP for reasons of its own
 *	cannot be mapped whatever is said here.
 * @__reserved: 0
 */
struct vfio_pci_msix_map_range {
	__u32	region;
	__u32	kind;
#define VFIO_PCI_MSIX_MAP_TABLE		0
#define VFIO_PCI_MSIX_MAP_PBA		1
#define VFIO_PCI_MSIX_MAP_WINDOW	2
	__u64	offset;
	__u64	size;
	__u32	access;
/* Not at all. */
#define VFIO_PCI_MSIX_MAP_NONE		0
/* Shared and read-only, for good. */
#define VFIO_PCI_MSIX_MAP_READ		1
#define VFIO_PCI_MSIX_MAP_READ_WRITE	2
	__u32	__reserved;
};

/**
 * struct vfio_device_feature_pci_msix_map - payload of GET
 * @flags: in: no bit that is not defined. out: VFIO_PCI_MSIX_MAP_ISOLATED
 *	if the platform isolates the device's messages
 * @page_size: out: bytes of a page of the host
 * @count: in: how many entries @range has room for. out: how many ranges there
 *	are; no more are written than there is room for.
 * @__reserved: must be 0
 * @range: out: the ranges in ascending order of @region, @offset and @kind
 */
struct vfio_device_feature_pci_msix_map {
	__u32	flags;
#define VFIO_PCI_MSIX_MAP_ISOLATED	(1 << 0)
	__u32	page_size;
	__u32	count;
	__u32	__reserved;
	struct vfio_pci_msix_map_range range[];
};

/*
 * VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW - translate the messages that a device's
 * driver writes into an embedded interrupt controller
 *
 * A write into a window goes through the kernel; its pages cannot be mapped
 * (EPERM), exported, or written by an ioeventfd. An aligned dword equal to a
 * non-zero address that the guest message holds, or held earlier in this session
 * while MSI was enabled, opens a slot: the host address is written in its place.
 * The dword @data_offset behind it, when it equals the guest data with a vector's
 * number in its low bits, becomes the host data of that vector. The order of the
 * two is free, and other slots may be written in between. The host message opens a slot,
 * too, and is written unchanged: an owner may write what MSI_MESSAGES or MSI_NOVIRT has
 * shown. Reads of a slot return what the guest wrote, as long as the device holds there
 * what it was given. All other writes pass unchanged, but for the high half (HIGH) beside
 * an inert address, which is 0.
 *
 * An address that opens a slot reaches the device as the host's or not at all, except in
 * a window with LEARN. Where it cannot be translated, the write of the address is
 * withheld, or undone: the dword holds again what it held before. It gets the inert
 * address (below) instead if the slot was live, or if what it held was not written in
 * this session and the session did not begin with a reset that worked. An address that
 * was withheld is written as soon as it can be translated. It cannot be while MSI is not
 * enabled or the vector is not allocated; while vector 0 has lost its eventfd
 * (VFIO_PCI_MSI_MESSAGE_INACTIVE), when live slots of all vectors stay as they are; if
 * the data is not the guest's, or was written before the address and is not; if the data
 * would lie behind the window's end, or another slot's address lies where it should; and
 * in a window without HIGH, if the guest's or the host's address is above 4 GiB.
 *
 * Slots outlive their vectors. When the vectors are freed, or the only one loses its
 * eventfd, the host may give the message that a slot holds to another device, while this
 * device may go on asserting. The slot then gets the inert address, and 0 as its data. On
 * x86 the inert address is 0xfee0000c. A host that remaps interrupts blocks such a
 * message and reports it. (AMD's IOMMU ignores the address and looks up the data in the
 * device's own remapping table.) On other hosts it is for a logical destination that no
 * CPU has, and for vector 0, which no local APIC accepts; this was seen in emulated hosts
 * only. On other architectures slots keep their message if the device is isolated, when
 * the platform drops it, and else get 0: a write to the first page of the user's DMA
 * space, or a reported fault if that is not mapped. The guest goes on reading its own
 * message. When vectors are allocated again, the slots are written anew.
 *
 * A device in D3hot cannot be written, nor one whose user has memory decoding off,
 * except when vectors are freed: decoding is on for that moment. What is due then is
 * written with the user's next access to a window, write to config space, reset or
 * feature call after that has changed, or a moment after the device has woken up. Until
 * then the device keeps what it has. A device that is in D3hot at the end of the session,
 * and that no reset works for, keeps the messages.
 *
 * Slots end at a reset of the device, which a sleep is too
 * (VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, the host's own) for devices whose PMCSR does
 * not have No_Soft_Reset, and at the session's end. Limits: a device with No_Soft_Reset
 * that has lost its power in a sleep, and one that shows different registers at the same
 * place of its BAR, one after the other, have their slots told apart by the offset alone.
 *
 * A message that the device reads from memory passes no window. ath11k and ath12k give
 * the firmware the messages of the MAC's receive rings in this way: the device gets the
 * guest's message, and these interrupts do not arrive. If the guest has one vector, its
 * driver looks at these rings when another ring interrupts. Otherwise the host's message
 * (MSI_MESSAGES) has to be written to memory. Documentation/messages-in-memory.rst has
 * more.
 *
 * While a slot is live and the host message can move (the host does not remap
 * interrupts), its vector's CPU affinity is fixed. The message can still change: when the
 * CPU is unplugged, or when the trigger of a device that can mask is replaced. The kernel
 * then writes the new message into the slots, as another device may get the old one, and
 * the generation of MSI_MESSAGES grows.
 *
 * SET: struct vfio_device_feature_pci_msi_window adds a window, before its BAR is
 * first mapped, exported or given an ioeventfd in this session (EBUSY afterwards, and
 * while such a call is in progress; a call that failed does not count).
 * EEXIST: it overlaps another; ENOSPC: there are 16. Devices for which the
 * administrator wants windows (msi_windows in sysfs) have these from the start;
 * others that the driver knows have theirs, unless the module's parameter windows
 * is 0.
 *
 * GET: struct vfio_device_feature_pci_msi_window_state.
 *
 * The feature exists for devices with an MSI capability.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW	0x4d04

/* Only record, for finding a window: writes pass unchanged, also guest addresses. */
#define VFIO_PCI_MSI_WINDOW_LEARN	(1 << 0)
/* No effect: live slots follow the host message with and without it. */
#define VFIO_PCI_MSI_WINDOW_REPROGRAM	(1 << 1)
/* The dword behind a slot's address is the address's high half. */
#define VFIO_PCI_MSI_WINDOW_HIGH	(1 << 2)

/**
 * struct vfio_device_feature_pci_msi_window - payload of SET
 * @flags: VFIO_PCI_MSI_WINDOW_*; LEARN goes with no other
 * @region: a memory BAR, 0 to 5
 * @offset: first byte in the BAR, a multiple of 4
 * @size: bytes, a multiple of 4; the window lies within the BAR, and outside the
 *	MSI-X table
 * @data_offset: bytes from a slot's address to its data, a multiple of 4 within
 *	the window (and more than 4 with HIGH); 0 with LEARN
 * @__reserved: must be 0
 */
struct vfio_device_feature_pci_msi_window {
	__u32	flags;
	__u32	region;
	__u64	offset;
	__u64	size;
	__u32	data_offset;
	__u32	__reserved;
};

/**
 * struct vfio_pci_msi_slot - one slot
 * @offset: its address, in bytes from the start of the BAR
 * @guest_address: what the guest wrote as its address
 * @guest_data: what the guest wrote as its data, 0 if nothing yet
 * @vector: the vector that @guest_data stands for
 * @flags: VFIO_PCI_MSI_SLOT_*; with both, the slot is live
 * @data_distance: bytes from its address to its data; 0 if no data came yet
 */
struct vfio_pci_msi_slot {
	__u64	offset;
	__u64	guest_address;
	__u32	guest_data;
	__u32	vector;
	__u32	flags;
/* The device holds the host address in it. */
#define VFIO_PCI_MSI_SLOT_ADDRESS	(1 << 0)
/* The device holds the host data of @vector in it. */
#define VFIO_PCI_MSI_SLOT_DATA		(1 << 1)
	__u32	data_distance;
};

/**
 * struct vfio_device_feature_pci_msi_window_state - payload of GET
 * @window: in: which window, from 0. Must be less than @windows, or 0 if there
 *	are none.
 * @windows: out: how many there are. If there are none, all else is 0.
 * @flags: out: as in SET
 * @region: out: as in SET
 * @offset: out: as in SET
 * @size: out: as in SET
 * @data_offset: out: as in SET
 * @count: in: how many entries @slot has room for. out: how many slots there
 *	are; no more are written than there is room for.
 * @addresses: out: dwords of addresses that were replaced
 * @data: out: dwords of data that were replaced
 * @withheld: out: addresses that were not written
 * @undone: out: addresses that were taken back
 * @slot: out: the slots in ascending order of their offsets
 */
struct vfio_device_feature_pci_msi_window_state {
	__u32	window;
	__u32	windows;
	__u32	flags;
	__u32	region;
	__u64	offset;
	__u64	size;
	__u32	data_offset;
	__u32	count;
	__u64	addresses;
	__u64	data;
	__u64	withheld;
	__u64	undone;
	struct vfio_pci_msi_slot slot[];
};

/*
 * VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY - MSI-X for users that poll
 *
 * Some devices hold completions back until they can assert MSI-X. This points
 * MSI-X vectors at a dword in the user's own DMA space and enables MSI-X, without
 * any vector of the host: the device asserts by writing the vector's number to
 * that dword, and nobody is interrupted. All other vectors are masked.
 *
 * SET: struct vfio_device_feature_pci_msix_dummy with VFIO_PCI_MSIX_DUMMY_ENABLE
 * turns it on. What can be wrong, in the order in which it is looked at:
 *
 * EINVAL: a flag is not defined, @__reserved is not 0, the vectors are out of
 * bounds, or @iova is not a multiple of 4.
 * EALREADY: MSI-X is enabled, be it by SET_IRQS or by this feature. To move the
 * target, turn it off first.
 * EBUSY: MSI or INTx is in use.
 * ENXIO: the table cannot be reached: memory decoding is off, the device is in
 * D3hot, or a reset has moved the table or made it longer than its BAR.
 * EPERM: the kernel lets the device have no MSI-X (the parameter pci=nomsi, msi_bus in
 * sysfs, a quirk), or @iova lies in a range that the platform reserves, such as that of
 * the interrupts.
 * EADDRNOTAVAIL: the user has no IOMMU domain (no IOMMU, nothing attached, or one of
 * nested translation), or that domain cannot translate @iova.
 * EIO: the device does not respond.
 *
 * While it is on, a SET_IRQS with eventfds for INTx, MSI or MSI-X is EBUSY: a
 * device with MSI-X enabled must not use the others. It lasts through every reset
 * and power state: as soon as the device is in D0 and decodes memory, the entries
 * are written again and MSI-X is enabled. Through a reset that was not the
 * user's own doing this is a moment later. A device that resets itself, which the
 * kernel does not hear of, gets it back with the user's next write to config space, or
 * when it is turned off and on. Where the device has fewer vectors after a reset, those
 * that are left point at the target; where it has more, the new ones are masked.
 *
 * The user has to map the target for writing, and to keep it mapped. If it is not mapped,
 * the IOMMU refuses the device's write and reports a fault.
 *
 * SET with all fields 0 turns it off, if it is on: MSI-X is disabled, the entries
 * are masked and, those that pointed at the target, 0. With memory decoding off,
 * it is on for the moment that takes; in D3hot that is ENXIO. The end of the
 * session turns it off, too.
 *
 * GET: struct vfio_device_feature_pci_msix_dummy as it stands; all fields are 0
 * while it is off.
 *
 * The feature exists for devices with an MSI-X capability whose table is where it
 * says.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY	0x4d05

/**
 * struct vfio_device_feature_pci_msix_dummy - payload of SET and GET
 * @flags: VFIO_PCI_MSIX_DUMMY_ENABLE or 0
 * @start: first vector
 * @count: how many vectors; @start + @count is at most the count that
 *	VFIO_DEVICE_GET_IRQ_INFO reports. In a SET, 0 is all from @start on, of
 *	which there must be one.
 * @__reserved: must be 0
 * @iova: the target, a multiple of 4
 */
struct vfio_device_feature_pci_msix_dummy {
	__u32	flags;
#define VFIO_PCI_MSIX_DUMMY_ENABLE	(1 << 0)
	__u32	start;
	__u32	count;
	__u32	__reserved;
	__u64	iova;
};

#endif /* _UAPI_LINUX_VFIO_PCI_MSI_H */
