/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * User interface of msi-vfio-pci, a VFIO PCI driver that does all that vfio-pci does.
 * This header describes what it adds: ways to read, mask and redirect the MSI and MSI-X
 * interrupts of a device.
 *
 * Terms:
 *
 * user           the process that has the device open; with a virtual machine, its VMM
 * guest          whoever programs the device's virtual MSI capability: a driver in a
 *                virtual machine, or the user itself
 * vector         one MSI or MSI-X interrupt of the device, numbered from 0
 * message        the address/data pair that raises a vector when the device writes it
 * host message   the message that the host's kernel programmed into the device; it
 *                consists of the host address and the host data
 * guest message  the message in the virtual MSI capability, which the guest wrote to
 *                config space; it consists of the guest address and the guest data
 * enabled        (of INTx, MSI or MSI-X) turned on with VFIO_DEVICE_SET_IRQS, or MSI-X
 *                with MSIX_DUMMY, whatever the virtual capability says
 * table          the MSI-X vector table
 * PBA            the MSI-X pending bit array
 * mask bit       the bit in the device that masks one vector: in the table or, if the
 *                device has per-vector masking, in the MSI capability
 * function mask  the bit in the MSI-X capability that masks all vectors
 * window         a range of a BAR in which the device has an embedded interrupt
 *                controller
 * slot           a place in a window where the device's driver stores a message:
 *                address low, address high, data
 * isolated       (of a device) the platform checks that each message that the device
 *                sends is one that the host gave to this device. On x86 it does if the
 *                host remaps interrupts; Documentation/platforms.rst has the other
 *                platforms.
 * decoding       (of memory) the device answers accesses to its BARs: Memory Space
 *                Enable is set in its command register
 * dummy target   a dword in the user's DMA space at which MSI-X vectors point; see
 *                VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY
 * session        the time from the first open of the device to its last close
 *
 * Masking uses VFIO_DEVICE_SET_IRQS. Everything else is a feature of
 * VFIO_DEVICE_FEATURE, which anyone may call who has the device's file open:
 *
 * - The feature's number, VFIO_DEVICE_FEATURE_GET or _SET and, to probe,
 *   VFIO_DEVICE_FEATURE_PROBE go into the flags of struct vfio_device_feature. The
 *   payload follows that structure, and argsz covers both. For a payload that ends in
 *   an array, argsz covers the array's entries, too.
 * - The numbers are far above those that upstream assigns, which count up from 0.
 *   Another driver may use the same ones, so PROBE before use. PROBE tells whether the
 *   device has the feature; PROBE with GET or SET tells whether the feature has that
 *   operation.
 * - What was SET stays for the session, and holds for all who have the device open.
 *   Resets, sleep and suspend of the host do not change it, unless this header says
 *   otherwise.
 *
 * A feature call that fails changes nothing. Every feature can return these errnos;
 * what is said at a feature comes in addition:
 *
 * ENOTTY: the device has no capability that the feature needs.
 * EINVAL: argsz is too small, a reserved bit or field is set, the feature does not have
 *     the operation, or an index, a range or a size is out of bounds.
 * EFAULT: the payload cannot be read or written.
 * ENOMEM: the kernel has no memory.
 * EIO: the device does not respond, or cannot be woken.
 * EINTR: the calling thread is being killed.
 */
#ifndef _UAPI_LINUX_VFIO_PCI_MSI_H
#define _UAPI_LINUX_VFIO_PCI_MSI_H

#include <linux/types.h>

/*
 * VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT - show the host message to the user
 *
 * SET, without payload, ends the virtualization of the MSI address and data for reads.
 * From then on a read of config space returns the hardware's bytes for these fields.
 * They are the host message if MSI_MESSAGES shows VFIO_PCI_MSI_MESSAGE_ALLOCATED and
 * neither _STALE nor _INACTIVE. This holds for reads of any size and alignment, and for
 * those that cover other fields, too; the other bytes are as before. SET cannot be
 * taken back in the session.
 *
 * Writes to these fields never reach the hardware, neither before SET nor after it.
 * They update the guest message, which can no longer be read.
 *
 * On a device with MSI-X, SET also changes reads of the table through its BAR's region:
 * they return the hardware's table. Without SET they return all ones. Like reads of any
 * register they fail with EIO while memory decoding is off or the device is in D3hot.
 * Writes to the table are dropped, as before. If the capability says that the table is
 * outside of its BAR, the reads go on returning what they returned before.
 *
 * While the module's parameter rfc_feature is set, a SET of feature 11 does the same:
 * the RFC of August 2024 used that number.
 *
 * GET returns struct vfio_device_feature_pci_msi_novirt.
 *
 * Devices with an MSI or an MSI-X capability have the feature.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT	0x4d00

/**
 * struct vfio_device_feature_pci_msi_novirt - payload of GET
 * @flags: out: VFIO_PCI_MSI_NOVIRT_ON if SET was called in this session, else 0
 */
struct vfio_device_feature_pci_msi_novirt {
	__u32	flags;
#define VFIO_PCI_MSI_NOVIRT_ON		(1 << 0)
};

/*
 * VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES - read the host messages
 *
 * GET takes struct vfio_device_feature_pci_msi_messages with room for @count entries in
 * @msg, and fills them in. It can be called at any time, and changes no vector.
 *
 * It also returns the generation of the messages. That is a number which is 0 when the
 * session begins, and grows whenever a message of the device may have changed:
 *
 * - with a SET_IRQS for MSI or MSI-X that asks to allocate or free vectors, or to
 *   attach or detach eventfds. It grows even if the call fails, unless the dummy target
 *   is the reason (EBUSY);
 * - with a SET_IRQS that unmasks a vector whose eventfd was attached under the mask;
 * - when the dummy target is turned on or off;
 * - when the host has moved a vector to another CPU by giving it another message, which
 *   this call notices at the latest. A host that remaps interrupts moves vectors
 *   without changing their messages.
 *
 * Devices with an MSI or an MSI-X capability have the feature.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES	0x4d01

/**
 * struct vfio_pci_msi_message - one vector
 * @address: the host message's address; with VFIO_PCI_MSI_MESSAGE_DUMMY the dummy target's
 * @data: the host message's data. Where one MSI capability has several vectors, the
 *	vector's number is already in its low bits. With VFIO_PCI_MSI_MESSAGE_DUMMY it is the
 *	vector's number.
 * @flags: VFIO_PCI_MSI_MESSAGE_*
 *
 * All fields of a vector are 0 unless it has VFIO_PCI_MSI_MESSAGE_ALLOCATED or
 * VFIO_PCI_MSI_MESSAGE_DUMMY. So are those of all vectors of an index that is not enabled.
 */
struct vfio_pci_msi_message {
	__u64	address;
	__u32	data;
	__u32	flags;
/* VFIO_DEVICE_SET_IRQS has allocated the vector: it has an interrupt of the host. */
#define VFIO_PCI_MSI_MESSAGE_ALLOCATED	(1 << 0)
/* The vector has an eventfd. */
#define VFIO_PCI_MSI_MESSAGE_TRIGGER	(1 << 1)
/*
 * The hardware masks the vector, by its mask bit or by the function mask of MSI-X.
 *
 * In three cases the flag does not come from the hardware, and says that the user has
 * masked the vector: the device has no mask bit; the host's interrupt controller masks
 * in place of the device (arm64 and powerpc, on newer kernels); or the mask bit cannot
 * be read (MSI-X while memory decoding is off or the device is in D3hot). With the
 * dummy target the flag is 0 if the mask bit cannot be read.
 */
#define VFIO_PCI_MSI_MESSAGE_MASKED	(1 << 2)
/*
 * The vector's pending bit in the hardware is set.
 *
 * The flag is 0 if the pending bit cannot be read, for instance because the capability
 * places the PBA inside the table or outside of its BAR.
 *
 * If the device has no mask bit, the flag says that the host has received an interrupt
 * since the vector was masked. The flag may stay 0 if this is the first interrupt after
 * the eventfd was removed under the mask.
 *
 * Interrupts that the host's interrupt controller holds back (arm64 and powerpc) never
 * show here.
 */
#define VFIO_PCI_MSI_MESSAGE_PENDING	(1 << 3)
/* The vector points at the dummy target (MSIX_DUMMY), and has no interrupt of the host. */
#define VFIO_PCI_MSI_MESSAGE_DUMMY	(1 << 4)
/*
 * The hardware holds another message than the kernel programmed, for instance after a
 * reset. The flag is 0 if the hardware's message cannot be read.
 */
#define VFIO_PCI_MSI_MESSAGE_STALE	(1 << 5)
/*
 * The host has no message for the vector at present: @address and @data are 0. With MSI
 * this is so for every vector from when vector 0 has lost its eventfd until it gets one
 * again; with MSI-X, for the vector that has lost its own. (A vector that never had an
 * eventfd usually has a message.) Do not write 0 into the device as an address: to the
 * device it is an address like any other.
 */
#define VFIO_PCI_MSI_MESSAGE_INACTIVE	(1 << 6)
/*
 * MSI or MSI-X is off in the device's capability although the kernel has turned it on:
 * no vector raises anything. This happens when a device resets itself through a
 * register of its own, and when the user clears MSI's enable bit in config space.
 *
 * SET_IRQS does not turn it on again by attaching eventfds. Disable the index first,
 * then attach. The dummy target comes back with the user's next write to config space,
 * or when the user turns it off and on.
 *
 * The flag is 0 while the capability does not tell, as in D3hot. With the dummy target
 * it is also 0 while memory decoding is off: the target comes back with decoding.
 */
#define VFIO_PCI_MSI_MESSAGE_DISABLED	(1 << 7)
};

/*
 * Answer with what the kernel knows of the vectors, and do not read their messages, masks
 * and pending bits from the hardware, which takes about a microsecond for each dword.
 * VFIO_PCI_MSI_MESSAGE_STALE and _DISABLED are 0 then, and _MASKED and _PENDING say what
 * they say if the device has no mask bit; with the dummy target both are 0.
 */
#define VFIO_PCI_MSI_MESSAGES_KNOWN	(1 << 0)

/**
 * struct vfio_device_feature_pci_msi_messages - payload of GET
 * @index: in: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @start: in: the first vector
 * @count: in: how many vectors. @start + @count must not exceed the count that
 *	VFIO_DEVICE_GET_IRQ_INFO reports for @index (which a reset can change), and argsz must
 *	cover @count entries of @msg: EINVAL otherwise. out: unchanged.
 * @flags: in: VFIO_PCI_MSI_MESSAGES_KNOWN or 0; other bits must be 0. Modules before this
 *	flag refuse it with EINVAL. out: 0.
 * @generation: out: the generation of the messages
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
 * VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY - be notified of changed messages
 *
 * SET takes struct vfio_device_feature_pci_msi_notify. From then on the kernel signals
 * the eventfd each time the generation of MSI_MESSAGES grows, until another SET or the
 * end of the session. There is no GET.
 *
 * For a change by SET_IRQS the eventfd is signalled before SET_IRQS returns. When the
 * host has moved a vector, it is signalled soon after the move. A new CPU affinity need
 * not move the vector at once: x86 without interrupt remapping moves it with its next
 * interrupts.
 *
 * EBADF: the eventfd's number is not that of an open file.
 * EINVAL: the file is no eventfd, or the number is less than -1.
 *
 * Devices with an MSI or an MSI-X capability have the feature.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY	0x4d02

/**
 * struct vfio_device_feature_pci_msi_notify - payload of SET
 * @eventfd: the eventfd, which replaces the one of the SET before; -1 for none
 * @__reserved: must be 0
 */
struct vfio_device_feature_pci_msi_notify {
	__s32	eventfd;
	__u32	__reserved;
};

/*
 * Masking - VFIO_DEVICE_SET_IRQS with ACTION_MASK or ACTION_UNMASK
 *
 * vfio-pci has these actions for INTx. Here they also work for the indexes of MSI and
 * MSI-X, with DATA_NONE and with DATA_BOOL. VFIO_DEVICE_GET_IRQ_INFO returns
 * VFIO_IRQ_INFO_MASKABLE for each of the two indexes that has vectors.
 *
 * Effect. Once the call that masks has returned, an interrupt that the device raises on
 * the vector does not signal the eventfd. It becomes pending. The pending interrupts of
 * a vector are delivered as one, as soon as the vector is unmasked and has an eventfd.
 * The device's mask bits do this, if it has any and the kernel uses them; otherwise the
 * kernel or the host's interrupt controller does, with the same result but for the
 * limits below.
 * ACTION_TRIGGER with DATA_NONE or DATA_BOOL signals the eventfd of a masked vector all
 * the same, as with INTx.
 *
 * Range. A call acts on all vectors of its range or on none. Every vector in the range
 * must be allocated (VFIO_PCI_MSI_MESSAGE_ALLOCATED), even if DATA_BOOL has 0 for it,
 * but it needs no eventfd. To mask a masked vector, or to unmask one that is not
 * masked, changes nothing. To do what the function mask does, make one call for each
 * range of consecutive allocated vectors (Documentation/masking.rst).
 *
 * EINVAL: the range is empty or out of bounds, or a vector in it is not allocated.
 * EBUSY: MSI-X, and the device is in D3hot, where the table cannot be written.
 * ENOTTY: DATA_EVENTFD, as with other drivers.
 * EFAULT, ENOMEM and EINTR: as for features. A call that fails changes nothing.
 *
 * Memory decoding. If the user has memory decoding off, the kernel turns it on while it
 * writes the table, as it does when an eventfd is attached.
 *
 * How long a mask lasts. It stays when the eventfd is replaced or removed, when the
 * device is reset or sleeps, when the host suspends and when the vector's CPU is
 * unplugged. It ends when the vectors are freed: when the index is disabled, or with
 * the session.
 *
 * Messages that change under a mask. If the host does not remap interrupts, a vector
 * whose CPU is unplugged gets another message, masked or not, and the generation of
 * MSI_MESSAGES grows. The kernel writes the new message into the live slots of windows.
 * If the user has given the old message to the device in any other place, it has to
 * give it the new one before it unmasks the vector.
 *
 * Limits. If the device has no mask bits, an interrupt that it raises while the vector
 * has no eventfd, or while the eventfd is being replaced, can be lost, masked or not,
 * as with other drivers; that of vector 0 is lost. And if the IOMMU posts the
 * interrupts of such a device directly into a guest, the kernel cannot hold them back.
 */

/*
 * VFIO_DEVICE_FEATURE_PCI_MSIX_MAP - which pages of the BARs can be mapped, and how
 *
 * A user who can write to the table can have the device send any message. If the device
 * is isolated, the platform drops those that are not the device's own. Otherwise such a
 * message can raise any interrupt of the host, also one of another user's device. Hence
 * each page of a BAR has a rule:
 *
 * - Pages with a part of the table can be mapped for reading and writing if the device
 *   is isolated, otherwise only for reading. The administrator can set another rule
 *   with the module's parameter table_map, which is read when the device is opened.
 * - Pages with a part of a window cannot be mapped.
 * - All other pages, those of the PBA among them, can be mapped for reading and
 *   writing.
 * - A page that several rules are about has the strictest of them.
 *
 * What the rules apply to:
 *
 * - mmap() fails with EPERM if the rule does not allow it. mprotect() fails with EACCES
 *   if it would make pages writable that can only be mapped for reading.
 * - The export of a DMA-BUF, and an ioeventfd, fail with EPERM unless the pages can be
 *   mapped for reading and writing.
 * - VFIO_DEVICE_GET_REGION_INFO: pages that cannot be mapped for reading and writing
 *   are in no area of the capability SPARSE_MMAP. A BAR with a table that cannot be
 *   mapped for writing has no capability MSIX_MAPPABLE. Neither has a BAR with a
 *   window: VMMs that find MSIX_MAPPABLE map the whole BAR without regard to the areas.
 *   In a BAR with a window the table's pages are in no area either, though they can be
 *   mapped as their rule says.
 * - Reads and writes of the region are not affected.
 *
 * GET takes struct vfio_device_feature_pci_msix_map with room for @count entries in
 * @range. It returns the pages with a table, a PBA or a window. What it returns can
 * change when a window is added, and by a reset after which the device has a longer
 * table: the added pages have the table's rule from then on. What was mapped, exported
 * or given an ioeventfd before that stays so.
 *
 * Devices with an MSI or an MSI-X capability have the feature.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSIX_MAP	0x4d03

/**
 * struct vfio_pci_msix_map_range - pages of a BAR that have a rule
 * @region: the BAR, 0 to 5
 * @kind: what the pages have a part of: VFIO_PCI_MSIX_MAP_TABLE, _PBA or _WINDOW. Pages
 *	with several kinds are in one range for each.
 * @offset: the first byte in the BAR, a multiple of the page size
 * @size: how many bytes, a multiple of the page size even if the BAR is smaller
 * @access: VFIO_PCI_MSIX_MAP_NONE, _READ or _READ_WRITE: the strictest rule of all that is
 *	in the pages. A BAR that vfio-pci cannot map either, for instance because it has a
 *	page in common with something else, has no VFIO_REGION_INFO_FLAG_MMAP, and cannot
 *	be mapped whatever @access says.
 * @__reserved: out: 0
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
/* The pages cannot be mapped. */
#define VFIO_PCI_MSIX_MAP_NONE		0
/* Only shared mappings for reading, which cannot be made writable; no private ones. */
#define VFIO_PCI_MSIX_MAP_READ		1
/* Shared mappings for reading and writing. */
#define VFIO_PCI_MSIX_MAP_READ_WRITE	2
	__u32	__reserved;
};

/**
 * struct vfio_device_feature_pci_msix_map - payload of GET
 * @flags: in: no effect, but bits that are not defined must be 0. out:
 *	VFIO_PCI_MSIX_MAP_ISOLATED if the device is isolated, else 0.
 * @page_size: out: the size of a page of the host in bytes
 * @count: in: how many entries @range has room for, which can be 0. out: how many ranges
 *	there are. If there are more than there is room for, the first of them are returned.
 * @__reserved: in: must be 0
 * @range: out: the ranges in ascending order of @region, then @offset, then @kind
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
 * VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW - translate the messages that a device's driver
 * writes into an embedded interrupt controller
 *
 * The drivers of some devices copy the message of the MSI capability into an interrupt
 * controller inside a BAR. In a guest this is the guest message, which raises no vector
 * of the device. In a window the kernel writes the host message in its place.
 *
 * SET takes struct vfio_device_feature_pci_msi_window and adds a window for the rest of
 * the session. Some windows are there from the start of a session: those that the
 * administrator has listed in sysfs (msi_windows) or, without such a list, those that
 * the driver knows for the device, unless the module's parameter windows is 0. If one
 * of the administrator's windows cannot be added, the device cannot be opened. If a
 * known one cannot be added, the device is opened without it, and the kernel log says
 * so.
 *
 * EBUSY: pages of the window's BAR have been mapped, exported as a DMA-BUF or given an
 *     ioeventfd in this session, or a call that does that is in progress. A call that
 *     failed does not count.
 * EEXIST: the window overlaps another one.
 * ENOSPC: the device has 16 windows.
 *
 * A window can also have holes, or pages: see VFIO_DEVICE_FEATURE_PCI_MSI_RANGES. The
 * windows that the driver knows have them.
 *
 * GET takes struct vfio_device_feature_pci_msi_window_state and returns one window with
 * its slots.
 *
 * Devices with an MSI capability have the feature.
 *
 * Translation. All writes into a window go through the kernel: its pages cannot be
 * mapped, exported as a DMA-BUF or given an ioeventfd (EPERM).
 *
 * - A write of an aligned dword opens a slot if the dword equals the low half of the
 *   guest address, or of an earlier guest address of this session from a time when MSI
 *   was enabled. A low half of 0 does not count, as drivers also write 0 to clear a
 *   register. The kernel writes the low half of the host address in its place.
 * - With VFIO_PCI_MSI_WINDOW_HIGH the next dword is the address's high half, and is
 *   translated with it.
 * - The dword @data_offset bytes after the address is the slot's data. If it has the
 *   guest data with the number of an allocated vector in its low bits, the kernel
 *   writes the host data of this vector in its place.
 * - How many low bits are the number follows from the guest message: as many as the
 *   guest has last written to Multiple Message Enable in the virtual MSI capability, but
 *   not more than the guest data has zeros at its end. With 0 bits the guest has one
 *   vector, and the data must be equal to the guest data. How many vectors SET_IRQS has
 *   allocated makes no difference: a VMM may allocate more than its guest enables.
 *   Reads of config space may show less in this field than the guest has written, as
 *   vfio-pci reduces it to the vectors that SET_IRQS allocated last.
 * - The order of address and data is free, and other slots may be written in between. A
 *   write of less than a dword counts as a write of the whole dword that it results in.
 * - The host message opens a slot, too, and is written unchanged. So a user may write
 *   what MSI_MESSAGES or MSI_NOVIRT has shown.
 * - A read of a slot returns what the guest wrote, as long as the device still holds
 *   what the kernel wrote in its place. Otherwise it returns what the device holds.
 * - All other writes reach the device unchanged. There is one exception: the high half
 *   of an inert address (see "Vectors that are freed") is written as 0.
 *
 * A slot is live while the device holds the host message in it, address and data.
 *
 * Addresses that cannot be translated. Except in a window with
 * VFIO_PCI_MSI_WINDOW_LEARN, an address that opens a slot never reaches the device as
 * the guest wrote it. While it cannot be translated, it is withheld: the kernel does
 * not write it. If the device already holds the host address, this is undone. Either
 * way the dword then holds what it held before the address came. It gets the inert
 * address (see "Vectors that are freed") instead:
 *
 * - if the slot was live;
 * - if what the dword held before is itself a guest address; or
 * - if what it held before may come from an earlier session: it was not written in this
 *   session, and no reset has worked at the start of the session or since.
 *
 * A withheld address is written as soon as it can be translated. An address cannot be
 * translated:
 *
 * - while MSI is disabled, or the vector that the data names is not allocated;
 * - while vector 0 has lost its eventfd and has not got one again
 *   (VFIO_PCI_MSI_MESSAGE_INACTIVE). If the device has several vectors, live slots of
 *   any vector stay as they are meanwhile;
 * - while the slot's data dword holds data that was written after the slot was opened
 *   and is not that of an allocated vector;
 * - while it holds data that was written before the slot was opened, is not that of an
 *   allocated vector, and looks like a part of a message: it differs from the data of a
 *   guest or host message in the low five bits only or, in a window with HIGH, it equals
 *   the high half of a guest or host address, which is often 0. Other data that was
 *   written before the slot was opened does not matter;
 * - if no reset has worked at the start of this session or since, until the data of an
 *   allocated vector is written to the data dword: what the dword holds may come from an
 *   earlier session;
 * - if its data would be past the window's end; if its data or its high half would be
 *   where another slot has its address; or its high half where another slot has its
 *   data;
 * - in a window without VFIO_PCI_MSI_WINDOW_HIGH, while the guest or the host address
 *   is 4 GiB or more;
 * - if the window has 256 slots. Such an address is forgotten, and reads return what
 *   the device holds. @withheld counts it.
 *
 * The kernel remembers 1024 guest addresses of a session. If there are more, every
 * dword from the lowest of them to the highest counts as a guest address, so that none
 * can reach the device. The kernel also remembers 1024 guest messages. If there are
 * more, the oldest that no slot has used is not translated any more. If slots have used
 * all, a new one is translated only while it is the guest message. If there is no memory for
 * so many, fewer are remembered, and fewer slots; of addresses, until the session ends.
 *
 * Vectors that are freed. Slots outlive their vectors, and the device may go on writing
 * their messages. But once the vectors are freed, or the only vector loses its eventfd,
 * the host may give the message to another device. So, with one exception below, the
 * kernel writes the inert address and the data 0 into the slots, and the host message
 * again when vectors are allocated again. The guest reads its own message all the time.
 * The inert address is one that raises no interrupt:
 *
 * - On x86 it is 0xfee0000c. A host that remaps interrupts blocks the message and may
 *   log it. (AMD's IOMMU ignores the address, and looks up data 0 in the device's own
 *   remapping table: the message is blocked if that entry is free, and else raises a
 *   vector of the device itself.) On other x86 hosts the address is for a logical
 *   destination that no CPU has, and data 0 is for vector 0, which no local APIC
 *   accepts. That nothing arrives was seen on emulated hosts only.
 * - On other architectures it is 0. If the device is isolated, the slots of freed
 *   vectors keep their message instead, as the platform drops it. If not, the device
 *   writes to the first page of the user's DMA space, or the IOMMU reports a fault if
 *   nothing is mapped there.
 *
 * Moved vectors. If the host does not remap interrupts, a move of a vector to another
 * CPU changes its message. So the kernel fixes the CPU affinity of a vector that has a
 * live slot. The message can change all the same: when the CPU is unplugged, or when
 * the vector's eventfd is replaced and the device has mask bits. Then the kernel writes
 * the new message into the slots, as another device may get the old one, and the
 * generation of MSI_MESSAGES grows.
 *
 * Deferred writes. The kernel cannot write to a device that is in D3hot or whose user
 * has memory decoding off. (When vectors are freed, it turns decoding on for that
 * moment.) What it could not write it writes once it can: with the user's next access
 * to a window, write to config space, SET_IRQS that does more than mask, reset, GET of
 * MSI_MESSAGES, SET of MSI_WINDOW or call of a feature of vfio-pci, or a moment after
 * the device has woken up. Until then the device keeps what it has. A device that is in
 * D3hot at the end of the session keeps its messages if no reset works for it.
 *
 * Reset and sleep. The windows stay, but the kernel forgets their slots when the device
 * is reset, also by the recovery from an error. A sleep (D3hot by a write to PMCSR,
 * VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, or the suspend of the host) counts as a reset if
 * PMCSR does not have No_Soft_Reset. Windows and slots end with the session. Two
 * limits: slots are not forgotten if a device with No_Soft_Reset loses its power in a
 * sleep; and if a device shows different registers at the same place of its BAR, one
 * after the other, the kernel tells their slots apart by the offset only, unless the
 * window has a select register (MSI_RANGES). If the table
 * is longer after a reset and reaches into a window, that part of the window is table:
 * writes are dropped.
 *
 * Messages in memory. A message that the device reads from memory does not pass a
 * window. The drivers ath11k and ath12k give the card the messages of the MAC's receive
 * rings in this way: the card gets the guest message, and these interrupts do not
 * arrive. If the guest has one vector, its driver serves these rings when another ring
 * interrupts. Otherwise the host message has to be written to memory (MSI_MESSAGES).
 * Documentation/messages-in-memory.rst has more.
 *
 * Seen: emulated cards 17cb:1101, 1103, 1104 (ath11k), 1107, 1109 and 1112 (ath12k) with
 * the unmodified drivers in a guest. A real card: nobody yet. Documentation/cards.rst
 * has the table.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW	0x4d04

/*
 * Translate nothing, and record where addresses and data are written: for finding out
 * where a device needs a window. All writes reach the device unchanged, guest
 * addresses, too. Writes of less than a dword are not recorded, nor are more than 256
 * addresses.
 */
#define VFIO_PCI_MSI_WINDOW_LEARN	(1 << 0)
/*
 * Kept for existing users, without effect: live slots always get a host message that
 * has changed.
 */
#define VFIO_PCI_MSI_WINDOW_REPROGRAM	(1 << 1)
/* The dword after the low half of a slot's address is its high half. */
#define VFIO_PCI_MSI_WINDOW_HIGH	(1 << 2)

/**
 * struct vfio_device_feature_pci_msi_window - payload of SET
 * @flags: VFIO_PCI_MSI_WINDOW_*; LEARN must be alone
 * @region: a memory BAR, 0 to 5
 * @offset: the window's first byte in the BAR, a multiple of 4
 * @size: how many bytes, a multiple of 4 and not 0. The window must lie within the BAR, and
 *	must not overlap the table.
 * @data_offset: how many bytes after a slot's address its data is: a multiple of 4, less
 *	than @size, at least 4, with HIGH at least 8; with LEARN it must be 0
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
 * @offset: where the slot's address is, in bytes from the start of the BAR
 * @guest_address: what the guest wrote as the address
 * @guest_data: what the guest wrote as the data; 0 before it wrote any
 * @vector: the vector that @guest_data names; 0 if it names none
 * @flags: VFIO_PCI_MSI_SLOT_*; a slot with both is live
 * @data_distance: how many bytes after the address the data is. In a window with LEARN it is
 *	where the nearest data within 64 bytes was written, and 0 before any was.
 */
struct vfio_pci_msi_slot {
	__u64	offset;
	__u64	guest_address;
	__u32	guest_data;
	__u32	vector;
	__u32	flags;
/* The device holds the host address in the slot. */
#define VFIO_PCI_MSI_SLOT_ADDRESS	(1 << 0)
/* The device holds the host data of @vector in the slot. */
#define VFIO_PCI_MSI_SLOT_DATA		(1 << 1)
/*
 * The kernel has still to write to the slot: another page is shown (MSI_RANGES), or the
 * device could not be written ("Deferred writes").
 */
#define VFIO_PCI_MSI_SLOT_OWED		(1 << 2)
	__u32	data_distance;
};

/**
 * struct vfio_device_feature_pci_msi_window_state - payload of GET
 * @window: in: which window, counted from 0 in the order in which they were added. It must
 *	be less than @windows, or 0 if there are none: EINVAL otherwise.
 * @windows: out: how many windows the device has. If it has none, all other fields are 0.
 * @flags: out: as in SET
 * @region: out: as in SET
 * @offset: out: as in SET
 * @size: out: as in SET
 * @data_offset: out: as in SET
 * @count: in: how many entries @slot has room for, which can be 0. out: how many slots
 *	there are. If there are more than there is room for, the first of them are returned.
 * @addresses: out: how many dwords of addresses the kernel has replaced; like the next three
 *	it counts from the start of the session
 * @data: out: how many dwords of data the kernel has replaced
 * @withheld: out: how often the kernel has withheld an address
 * @undone: out: how often the kernel has undone a host address
 * @slot: out: the slots in ascending order of @offset. Slots of different pages (MSI_RANGES)
 *	can have the same @offset: they are in ascending order of their pages.
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
 * VFIO_DEVICE_FEATURE_PCI_MSI_RANGES - windows with holes and with pages
 *
 * A window of MSI_WINDOW is one range of a BAR, and all its pages are trapped: each access
 * to them goes through the kernel. This feature adds a window that consists of several
 * ranges, so that the pages between them can be mapped. Everything that is said at
 * MSI_WINDOW holds for such a window, too, with these additions:
 *
 * - Writes between the ranges are not seen, and reach the device unchanged.
 * - An address whose data, or high half, would be between the ranges is withheld.
 * - If a page has a part of a range and something else, it cannot be mapped. Accesses to
 *   the rest of the page take the path that vfio-pci has for them.
 * - MSI_WINDOW counts it as a window. GET of MSI_WINDOW returns its slots, and in @offset
 *   and @size the part of the BAR from the first range to the end of the last.
 *
 * Select register. Some devices show only a part of their registers at a time in a range
 * of a BAR. A register of the device selects the part: its select register. For a window
 * in such a range, the user names the register and those of its bits that select: the
 * page that is shown is the value of these bits. Then:
 *
 * - Slots at the same offset of different pages are different slots.
 * - The kernel writes only to slots of the page that is shown when it has to write without
 *   being asked: to undo an address, to write one that was withheld, to write a message
 *   that has changed, or the inert address. Other pages may have other registers at that
 *   place. To their slots the kernel owes these writes, and makes them as soon as their
 *   page is selected. Until then the device keeps what it has, which may be a message that
 *   was freed, and VFIO_PCI_MSI_SLOT_OWED is set.
 * - Writes to the select register go through the kernel: it is a part of the window, and
 *   its pages cannot be mapped, exported as a DMA-BUF or given an ioeventfd. On hosts with
 *   large pages, what shares its page cannot be mapped either. Reads are not changed.
 * - The kernel reads the register before each access to the window. The register must
 *   return what selects the page, and reads of it must have no effect.
 * - Several windows can have the same select register.
 *
 * SET takes struct vfio_device_feature_pci_msi_ranges and adds a window. In addition to
 * the errnos of MSI_WINDOW:
 *
 * E2BIG: @count is greater than VFIO_PCI_MSI_RANGES_MAX.
 * EEXIST: also if a range of one window contains the select register of another.
 *
 * GET takes struct vfio_device_feature_pci_msi_ranges_state. It describes any window,
 * also one that was added with MSI_WINDOW.
 *
 * Devices with an MSI capability have the feature.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSI_RANGES	0x4d06

/**
 * struct vfio_pci_msi_range - one range of a window
 * @offset: the range's first byte in the BAR, a multiple of 4
 * @size: how many bytes, a multiple of 4 and not 0
 */
struct vfio_pci_msi_range {
	__u64	offset;
	__u64	size;
};

#define VFIO_PCI_MSI_RANGES_MAX	16

/**
 * struct vfio_device_feature_pci_msi_ranges - payload of SET
 * @flags: VFIO_PCI_MSI_WINDOW_*, as for MSI_WINDOW
 * @region: a memory BAR, 0 to 5
 * @data_offset: as for MSI_WINDOW. It must be less than the distance from the first range to
 *	the end of the last.
 * @count: how many entries of @range are used, at least 1
 * @select_offset: where the select register is, a dword, in bytes from the start of the BAR: a
 *	multiple of 4, outside of the ranges and the table
 * @select_mask: the bits of the select register that select the page; 0 if there is none, and
 *	then @select_offset must be 0. With a select register, the distance from the first
 *	range to the end of the last must be less than 2 GiB.
 * @__reserved: must be 0
 * @range: the ranges in ascending order. Each must lie within the BAR, and must overlap
 *	neither another one nor the table. Entries that are not used must be 0.
 */
struct vfio_device_feature_pci_msi_ranges {
	__u32	flags;
	__u32	region;
	__u32	data_offset;
	__u32	count;
	__u64	select_offset;
	__u32	select_mask;
	__u32	__reserved;
	struct vfio_pci_msi_range range[VFIO_PCI_MSI_RANGES_MAX];
};

/**
 * struct vfio_device_feature_pci_msi_ranges_state - payload of GET
 * @window: in: which window, as for MSI_WINDOW
 * @windows: out: how many windows the device has. If it has none, all other fields are 0.
 * @ranges: out: the window as in SET
 * @count: in: how many entries @page has room for, which can be 0. out: how many slots there
 *	are. If there are more than there is room for, the first of them are returned.
 * @__reserved: in: must be 0. out: 0
 * @page: out: for each slot, in the order of MSI_WINDOW, the page in which it is: the bits of
 *	@select_mask that were set in the select register; 0 without a select register
 */
struct vfio_device_feature_pci_msi_ranges_state {
	__u32	window;
	__u32	windows;
	struct vfio_device_feature_pci_msi_ranges ranges;
	__u32	count;
	__u32	__reserved;
	__u32	page[];
};

/*
 * VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY - MSI-X without interrupts, for users that poll
 *
 * Some devices hold completions back until they can assert MSI-X. This feature points
 * MSI-X vectors at a dword in the user's own DMA space, the dummy target, and enables
 * MSI-X without any interrupt of the host. To assert a vector the device writes the
 * vector's number to that dword, and nobody is interrupted. All other vectors are
 * masked.
 *
 * SET takes struct vfio_device_feature_pci_msix_dummy. With VFIO_PCI_MSIX_DUMMY_ENABLE
 * it turns the dummy target on. If several things are wrong, the first of this list
 * decides:
 *
 * EINVAL: a flag is not defined, @__reserved is not 0, the vectors are out of bounds,
 *     or @iova is not a multiple of 4.
 * EALREADY: MSI-X is enabled, by SET_IRQS or by this feature. To use another target,
 *     turn this one off first.
 * EBUSY: MSI or INTx is enabled.
 * ENXIO: the table cannot be written: memory decoding is off, the device is in D3hot,
 *     or a reset has moved the table or made it too long for its BAR.
 * EPERM: the kernel does not let the device use MSI-X (the kernel's parameter
 *     pci=nomsi, msi_bus in sysfs, a quirk), or @iova is in a range that the platform
 *     reserves, such as the range of interrupt messages.
 * EADDRNOTAVAIL: no IOMMU domain of the user translates @iova: there is no IOMMU, the
 *     device is not attached, its domain is a nested one, or @iova is outside of the
 *     addresses that the domain can translate.
 * EIO: the device does not respond.
 *
 * The kernel does not check whether the target is mapped. The user has to map it for
 * writing and to keep it mapped, otherwise the IOMMU refuses the device's writes and
 * reports faults.
 *
 * While the dummy target is on, a SET_IRQS that attaches eventfds (ACTION_TRIGGER) to
 * INTx, MSI or MSI-X fails with EBUSY, as a device with MSI-X enabled must not use the
 * others.
 *
 * Reset and sleep. The dummy target lasts through every reset and power state. As soon
 * as the device is in D0 and decodes memory, the kernel writes the table's entries again
 * and enables MSI-X. After a reset that was not the user's own this takes a moment.
 * After the recovery from an error (AER) the user first has to reset the device or to
 * enable memory decoding again. The kernel is not notified if a device resets itself;
 * then the target comes back with the user's next write to config space, or when the
 * user turns it off and on. If the device has fewer vectors after a reset, those that
 * are left point at the target. If it has more, the new ones are masked.
 *
 * SET with all fields 0 turns the dummy target off. If it is off, nothing happens. If
 * @flags is 0 and another field is not, the call fails with EINVAL. To turn it off, the
 * kernel disables MSI-X, masks all entries of the table, and writes 0 to the address
 * and the data of those that pointed at the target. If memory decoding is off, the
 * kernel turns it on for that moment. In D3hot the call fails with ENXIO. The end of
 * the session turns the dummy target off, too.
 *
 * GET returns struct vfio_device_feature_pci_msix_dummy as it was SET, with the number
 * of vectors in @count. All fields are 0 while the dummy target is off.
 *
 * Devices with an MSI-X capability have the feature, if the whole table lies within the
 * BAR that the capability names.
 */
#define VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY	0x4d05

/**
 * struct vfio_device_feature_pci_msix_dummy - payload of SET and GET
 * @flags: VFIO_PCI_MSIX_DUMMY_ENABLE, or 0 for off
 * @start: the first vector
 * @count: how many vectors. In a SET, 0 stands for all from @start on, at least one. @start +
 *	@count must not exceed the count that VFIO_DEVICE_GET_IRQ_INFO reports for MSI-X.
 * @__reserved: must be 0
 * @iova: the dummy target's address in the user's DMA space, a multiple of 4
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
