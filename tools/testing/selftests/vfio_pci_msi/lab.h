/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulated host as the tests use it: devices by their names in the plan,
 * kernel modules, drivers, and files in sysfs.
 */
#ifndef VFIO_PCI_MSI_LAB_H
#define VFIO_PCI_MSI_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DRIVER_MSI	"msi-vfio-pci"
#define DRIVER_STOCK	"vfio-pci"

/* "0000:00:00.0" and the NUL byte */
#define BDF_SIZE	13

/* @name is the plan's name with '_' for '-', as it is in C identifiers. */
bool lab_has_device(const char *name);
const char *lab_bdf(const char *name);

/* Does the host isolate its devices' messages? On x86: does it remap interrupts? */
bool lab_remap(void);
bool lab_has_iommufd(void);
bool lab_kernel_is(const char *label);

/*
 * Does the host hang when the IOMMU logs a fault? Linux 6.1 writes all bits of the
 * status register of AMD's IOMMU at once, and waits until they are clear; QEMU's model
 * sets the bits of the GA log then.
 */
bool lab_fault_hangs(void);

/*
 * Opens the file with O_TRUNC, which empties the trace of tracefs. Returns 0 or a
 * negative errno.
 */
int file_write(const char *path, const char *text);
ssize_t file_read(const char *path, char *buf, size_t size);
bool file_has(const char *path, const char *text);

/* A file of the driver's debugfs folder of @bdf: "vectors" or "windows". */
const char *debugfs_path(const char *bdf, const char *file);

void module_load(const char *module);
int module_param_write(const char *module, const char *param, const char *value);

/* The driver that @bdf is bound to, "" if there is none. */
const char *driver_of(const char *bdf);

/* Create VFs of a device under msi-vfio-pci. Both return 0 or a negative errno. */
int sriov_allow(bool allow);
int sriov_set_vfs(const char *pf, const char *count);

/* Bind @bdf to @driver by driver_override; returns 0 or a negative errno. */
int driver_try_bind(const char *bdf, const char *driver);
/* The same; the test fails if it cannot be bound. */
void driver_bind(const char *bdf, const char *driver);
void driver_release(const char *bdf);

#endif /* VFIO_PCI_MSI_LAB_H */
