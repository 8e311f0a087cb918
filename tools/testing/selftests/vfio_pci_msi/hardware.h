/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hardware holds, read without the features under test: config space through
 * sysfs, the MSI-X table through a mapping of its BAR.
 */
#ifndef VFIO_PCI_MSI_HARDWARE_H
#define VFIO_PCI_MSI_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include <libvfio.h>

#define HW_CONFIG_SIZE	4096

/* Returns how many bytes there are: 256 or 4096. */
int hw_config_read(const char *bdf, u8 *config);
u16 hw_config_read16(const char *bdf, unsigned int pos);
void hw_config_write16(const char *bdf, unsigned int pos, u16 value);
/* 0 if @bdf has no such capability. */
int hw_capability(const char *bdf, u8 id);

/* Is @bdf below a port, so that its bus can be reset? */
bool hw_has_port(const char *bdf);
/* Reset the bus of @bdf through the port's registers: the kernel does not notice. */
void hw_reset_bus(const char *bdf);

/*
 * Have the device report an uncorrectable error. Returns 0 or a negative errno; -ENODEV
 * if the kernel cannot inject errors.
 */
int hw_inject_error(const char *bdf, u32 status);
/* The same, and wait for the end of the recovery; -EIO if the recovery fails. */
int hw_recover(const char *bdf, u32 status);

struct hw_message {
	u64 address;
	u32 data;
	bool masked;
	bool pending;
};

/* Places in config space, 0 for what the device does not have. */
struct hw_msi {
	const char *bdf;
	int cap;
	int address;
	int data;
	int end;	/* first byte after the data field, the last virtualized one */
	int mask;
	int pending;
};

void hw_msi_find(struct hw_msi *msi, const char *bdf);
/*
 * The message of @vector: with several vectors enabled, the vector's number replaces
 * the low bits of the data.
 */
void hw_msi_message(const struct hw_msi *msi, int vector,
		    struct hw_message *message);

/* The table and the PBA, mapped for reading and writing. */
struct hw_msix {
	int cap;
	int vectors;
	u32 bar;
	u64 offset;
	u64 size;
	u32 pba_bar;
	u64 pba_offset;
	volatile u32 *table;
	volatile u32 *pba;
	void *map[2];
	size_t map_size[2];
};

/* @fd: the device's file; memory decoding has to be on. */
void hw_msix_map(struct hw_msix *msix, const char *bdf, int fd);
void hw_msix_unmap(struct hw_msix *msix);
void hw_msix_message(const struct hw_msix *msix, int vector,
		     struct hw_message *message);
void hw_msix_copy_table(const struct hw_msix *msix, u8 *buf);
volatile u32 *hw_msix_entry(const struct hw_msix *msix, int vector);

#define HW_ENTRY_DWORDS	4

/* A vector's table entry as registers of the msix model show it. */
void hw_model_entry(int fd, u32 vector, u32 entry[HW_ENTRY_DWORDS]);
/* Is it this one? Prints the entry if it is not. */
bool hw_model_entry_is(int fd, u32 vector, u64 address, u32 data, u32 control);

#endif /* VFIO_PCI_MSI_HARDWARE_H */
