/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The VFIO back end: a device that the owner has opened with VFIO. The functions that take
 * the device's file need no core. struct vfiomsi_vfio carries out a core's actions with
 * VFIO_DEVICE_SET_IRQS:
 *
 * VFIOMSI_ALLOCATE	one call, which also attaches the vectors that the plan attaches
 *			next, unless they have to be masked or harvested before
 * VFIOMSI_FREE		one call
 * VFIOMSI_ATTACH, VFIOMSI_DETACH
 *			one call for the run of vectors
 * VFIOMSI_MASK, VFIOMSI_UNMASK
 *			with VFIOMSI_HOST_MASKS one call for the run; otherwise nothing
 * VFIOMSI_HARVEST	for vectors whose eventfds are not held: at most one call of
 *			VFIO_DEVICE_FEATURE, and reads of the device's PBA
 * VFIOMSI_DUMMY_ON, VFIOMSI_DUMMY_OFF
 *			one call of VFIO_DEVICE_FEATURE
 * VFIOMSI_UNROUTE	detaches what is still attached because an action failed
 *
 * What vfio-pci does not have, and what is done there in place of it:
 *
 * VFIO_IRQ_INFO_MASKABLE
 *			vfiomsi_vfio_describe() does not set VFIOMSI_HOST_MASKS, so vectors
 *			are masked by holding their eventfds. The device goes on sending,
 *			so the host takes an interrupt for each message under a mask.
 * VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES
 *			whether a vector is pending is read from the device's PBA, or from
 *			the pending bits of its MSI capability. Of an MSI capability
 *			without these, interrupts are not known before their vectors are
 *			attached.
 * VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY
 *			vfiomsi_vfio_describe() does not set VFIOMSI_HOST_DUMMY, so the host
 *			takes an interrupt for each message of a guest that polls
 * VFIO_DEVICE_FEATURE_PCI_MSIX_MAP
 *			not needed: vfiomsi_vfio_ranges() asks for the region's areas
 * all other features	vfiomsi_vfio_probe() returns 0
 *
 * Threads: as for the core. The functions that take the device's file can be called at any
 * time.
 */
#ifndef VFIOMSI_VFIO_H
#define VFIOMSI_VFIO_H

#include <vfiomsi/eventfds.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vfiomsi_vfio;

/**
 * struct vfiomsi_vfio_info - a device's MSI or MSI-X capability
 * @size: sizeof(struct vfiomsi_vfio_info), set by the caller
 * @cap_offset: where the capability is in config space, in bytes
 * @table_bar: MSI-X: the BAR with the table
 * @pba_bar: MSI-X: the BAR with the PBA
 * @table_offset: MSI-X: where the table is in the BAR, in bytes
 * @pba_offset: MSI-X: where the PBA is in the BAR, in bytes
 * @core: what to make a core of
 */
struct vfiomsi_vfio_info {
	uint32_t size;
	uint32_t cap_offset;
	uint32_t table_bar;
	uint32_t pba_bar;
	uint64_t table_offset;
	uint64_t pba_offset;
	struct vfiomsi_core_config core;
};

/**
 * vfiomsi_vfio_describe - find out what a device has
 * @device: the device's file
 * @index: VFIO_PCI_MSI_IRQ_INDEX or VFIO_PCI_MSIX_IRQ_INDEX
 * @info: filled in, except for @size
 *
 * Return: 0; -ENOENT if the device does not have the capability; -EINVAL for another
 * index or a wrong @size; otherwise what the kernel failed with
 */
int vfiomsi_vfio_describe(int device, uint32_t index, struct vfiomsi_vfio_info *info);

/**
 * struct vfiomsi_vfio_range - a part of a BAR
 * @offset: where it begins in the BAR, in bytes: a multiple of the page size
 * @size: bytes
 */
struct vfiomsi_vfio_range {
	uint64_t offset;
	uint64_t size;
};

/**
 * vfiomsi_vfio_ranges - which ranges of a BAR to map into the guest
 * @device: the device's file
 * @bar: 0 to 5
 * @ranges: filled in, in ascending order
 * @count: how many entries @ranges has room for, which can be 0
 *
 * Trap all accesses to the rest of the BAR. Those to the table and the PBA go to the core,
 * the others to the region by pread() and pwrite(). The table and the PBA can share their
 * pages with the device's registers; these pages are not in any range. A range can be
 * mapped for reading and writing with mmap() of the device's file at the region's offset.
 *
 * Return: how many ranges there are, which can be more than @count: then the first of them
 * were filled in; -EINVAL for another @bar; or what the kernel failed with
 */
int vfiomsi_vfio_ranges(int device, uint32_t bar, struct vfiomsi_vfio_range *ranges,
			uint32_t count);

/**
 * vfiomsi_vfio_probe - whether a device has a feature
 * @device: the device's file
 * @feature: VFIO_DEVICE_FEATURE_*, of <linux/vfio_pci_msi.h> or any other
 *
 * Return: 1 or 0, or what the kernel failed with if that does not answer the question
 */
int vfiomsi_vfio_probe(int device, uint32_t feature);

/**
 * vfiomsi_vfio_get - VFIO_DEVICE_FEATURE with VFIO_DEVICE_FEATURE_GET
 * @device: the device's file
 * @feature: the feature
 * @payload: the feature's structure; changed only if the call succeeds
 * @size: how many bytes the structure has, with all entries of an array at its end
 *
 * Return: 0, -ENOMEM, or what the kernel failed with
 */
int vfiomsi_vfio_get(int device, uint32_t feature, void *payload, size_t size);

/**
 * vfiomsi_vfio_set - VFIO_DEVICE_FEATURE with VFIO_DEVICE_FEATURE_SET
 * @device: the device's file
 * @feature: the feature
 * @payload: the feature's structure, or NULL if it has none
 * @size: how many bytes the structure has
 *
 * Return: 0, -ENOMEM, or what the kernel failed with
 */
int vfiomsi_vfio_set(int device, uint32_t feature, const void *payload, size_t size);

/**
 * vfiomsi_vfio_create - make the object
 * @core: the core whose actions it will carry out
 * @eventfds: the core's eventfds. Both have to live longer than the object.
 * @device: the device's file, which stays the caller's and has to stay open
 * @vfio: set to the object, which belongs to the caller
 *
 * The device must not have any interrupt enabled. After vfiomsi_core_host_lost(), and for
 * another file of the device, make a new object.
 *
 * Return: 0; -EINVAL if the device's capability is not of the core's kind or has fewer
 * vectors; -ENOMEM; or what vfiomsi_vfio_describe() failed with
 */
int vfiomsi_vfio_create(struct vfiomsi_core *core, const struct vfiomsi_eventfds *eventfds,
			int device, struct vfiomsi_vfio **vfio);

/**
 * vfiomsi_vfio_destroy - free the object
 * @vfio: the object, or NULL
 *
 * This does nothing to the device.
 */
void vfiomsi_vfio_destroy(struct vfiomsi_vfio *vfio);

/**
 * vfiomsi_vfio_carry_out - carry out an action
 * @vfio: the object
 * @action: any action of the core
 *
 * Hand every action to this function: VFIOMSI_DETACH before the KVM back end has it, others
 * in any order.
 *
 * Return: 0, also if the action needs nothing from here; -EINVAL if it is about vectors
 * that do not exist or have no eventfd; -ENOSPC if the host has fewer vectors than are to
 * be allocated; or what the kernel failed with. The action has then done nothing.
 */
int vfiomsi_vfio_carry_out(struct vfiomsi_vfio *vfio, const struct vfiomsi_action *action);

#ifdef __cplusplus
}
#endif

#endif /* VFIOMSI_VFIO_H */
