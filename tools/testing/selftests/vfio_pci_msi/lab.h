/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulated host as the tests see it: devices by the names of the plan,
 * kernel modules, drivers, and files in sysfs.
 */
#ifndef VFIO_PCI_MSI_LAB_H
#define VFIO_PCI_MSI_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DRIVER_MSI	"msi-vfio-pci"
#define DRIVER_STOCK	"vfio-pci"

/* "0000:00:00.0" and its end */
#define BDF_SIZE	13

/* The name of the plan for a name in C, where '-' is written '_'. */
bool lab_has_device(const char *name);
const char *lab_bdf(const char *name);

/* The host isolates the messages of its devices, on x86 by remapping them. */
bool lab_remap(void);
bool lab_has_iommufd(void);
bool lab_kernel_is(const char *label);

/*
 * A fault that the IOMMU logs hangs the host: Linux 6.1 clears all bits of AMD's status
 * register at once, and waits for them. QEMU's model sets those of the GA log then.
 */
bool lab_fault_hangs(void);

/* Opened with O_TRUNC, which empties tracefs' trace. 0 or a negative errno. */
int file_write(const char *path, const char *text);
ssize_t file_read(const char *path, char *buf, size_t size);
bool file_has(const char *path, const char *text);

/* A file of the driver's debugfs folder of @bdf: "vectors" or "windows". */
const char *debugfs_path(const char *bdf, const char *file);

void module_load(const char *module);
int module_param_write(const char *module, const char *param, const char *value);

/* The driver that holds @bdf, "" if none does. */
const char *driver_of(const char *bdf);

/* Let @driver hold @bdf by driver_override; returns 0 or a negative errno. */
int driver_try_bind(const char *bdf, const char *driver);
void driver_bind(const char *bdf, const char *driver);
void driver_release(const char *bdf);

#endif /* VFIO_PCI_MSI_LAB_H */
