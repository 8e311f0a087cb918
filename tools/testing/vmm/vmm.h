/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A VMM that is as small as can be: one vCPU, two serial ports, and one PCI device of the host,
 * passed through with VFIO. It is a test of libvfiomsi and an example for authors of VMMs. It
 * is not a product: it has no firmware, no ACPI, no INTx and no other devices, it trusts its
 * command line, and it ends at the first error that it does not expect.
 *
 * Its own files contain no MSI code: msi.c hands the guest's accesses to libvfiomsi, and the
 * actions to libvfiomsi's back ends.
 *
 * main.c	the command line
 * machine.c	the VM: memory, vCPU, and what its accesses are about
 * boot.c	a Linux kernel (PVH) with an initramfs, and a table of interrupts
 * serial.c	16550 serial ports
 * pci.c	configuration mechanism 1, a host bridge, and the device
 * device.c	the device: BARs, DMA
 * config.c	its configuration space
 * msi.c	the device's MSI and MSI-X
 * snapshot.c	save and load
 */
#ifndef VMM_H
#define VMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vfiomsi/kvm.h>
#include <vfiomsi/vfio.h>

#define PAGE_SIZE	4096UL
#define BARS		6
/* Guest addresses: BARs are between these two. */
#define BARS_START	0xc0000000UL
#define BARS_END	0xfec00000UL
#define RANGES_MAX	8
#define SERIAL_PORTS	2
#define INPUT_MAX	256

/*
 * What is saved of a serial port
 *
 * @sent: nothing is left to send, and the guest has not been told
 * @raised: the interrupt's line
 * @input: bytes that the guest has not read yet
 */
struct uart {
	uint8_t divisor[2];
	uint8_t enable;
	uint8_t fifo;
	uint8_t line;
	uint8_t modem;
	uint8_t scratch;
	bool sent;
	bool raised;
	uint8_t input[INPUT_MAX];
	unsigned int first;
	unsigned int count;
};

/*
 * @in, @out: files; @out can be -1
 * @lock: serializes the vCPU's and the reader's accesses to @uart
 */
struct serial {
	int vm;
	uint32_t irq;
	uint16_t port;
	int in;
	int out;
	struct uart uart;
	pthread_mutex_t lock;
	pthread_cond_t room;
	pthread_t reader;
};

/*
 * @address: where the guest has put it; what it wrote to the register
 * @type: the low bits of the register
 * @file_offset: of the region in the device's file
 * @mapped: whether the guest has the ranges at @mapped_at
 */
struct bar {
	uint64_t size;
	uint64_t address;
	uint64_t file_offset;
	uint32_t type;
	struct vfiomsi_vfio_range ranges[RANGES_MAX];
	void *host[RANGES_MAX];
	unsigned int range_count;
	bool mapped;
	uint64_t mapped_at;
};

/* One capability: all NULL if the device does not have it */
struct msi {
	struct vfiomsi_vfio_info info;
	struct vfiomsi_core *core;
	struct vfiomsi_eventfds *eventfds;
	struct vfiomsi_vfio *vfio;
	struct vfiomsi_kvm_device *kvm;
};

/*
 * @memory: the guest's, as the device has it
 * @power, @express, @advanced: where the device has these capabilities, or 0
 */
struct device {
	int vm;
	int fd;
	int group;
	int container;
	uint64_t config_offset;
	struct vfiomsi_memory memory;
	uint32_t power;
	uint32_t express;
	uint32_t advanced;
	struct bar bars[BARS];
	struct msi msi;
	struct msi msix;
	struct vfiomsi_kvm *routes;
};

struct snapshot {
	FILE *file;
	bool loads;
};

struct machine {
	int kvm;
	int vm;
	int vcpu;
	struct kvm_run *run;
	int run_size;
	uint8_t *memory;
	uint64_t memory_size;
	uint32_t pci_address;
	struct serial serial[SERIAL_PORTS];
	struct device device;
};

/* main.c: print why, with errno's text, and exit */
void die(const char *what);
/* die() if the value is negative, which is -1 with errno set; otherwise return it */
int must(int value, const char *what);
/* die() if the value is a negative errno; otherwise return it */
int must_library(int value, const char *what);

/* machine.c: without @memory_file the memory is anonymous */
void machine_create(struct machine *machine, uint64_t memory_size, const char *memory_file);
/* Run until the guest resets (returns false) or is to be saved (true). */
bool machine_run(struct machine *machine);

/* boot.c */
void boot_load(struct machine *machine, const char *kernel, const char *initrd,
	       const char *command_line);

/* serial.c: @in and @out are names of files, or NULL */
void serial_create(struct serial *serial, int vm, unsigned int number, const char *in,
		   const char *out);
uint8_t serial_read(struct serial *serial, unsigned int reg);
void serial_write(struct serial *serial, unsigned int reg, uint8_t value);
/* What is not read from the file any more is there for the next process. */
void serial_stop(struct serial *serial);
void serial_go_on(struct serial *serial);

/* pci.c: an access to the ports 0xcf8 to 0xcff */
uint32_t pci_port_read(struct machine *machine, uint16_t port, unsigned int width);
void pci_port_write(struct machine *machine, uint16_t port, unsigned int width, uint32_t value);

/* device.c: @name is a PCI address such as 0000:01:00.0 */
void device_create(struct device *device, int vm, const char *name, void *memory,
		   uint64_t memory_size);
/* Whether the address is the device's; then the access is done. */
bool device_memory(struct device *device, uint64_t address, uint8_t *bytes, unsigned int width,
		   bool write);
/* The BARs have been loaded: put them where the guest has them. */
void device_place_bars(struct device *device);

uint32_t hardware_read(const struct device *device, uint32_t offset, unsigned int width);
void hardware_write(struct device *device, uint32_t offset, unsigned int width, uint32_t value);

/* config.c: accesses are within a dword */
void device_find_capabilities(struct device *device);
uint32_t device_config_read(struct device *device, uint32_t offset, unsigned int width);
void device_config_write(struct device *device, uint32_t offset, unsigned int width,
			 uint32_t value);
/* The guest's MSI has been loaded or reset: let the device's configuration space have it. */
void device_show_message(struct device *device);
/*
 * Have the device send nothing more, and find out what is pending: the guest can be saved.
 * Returns the command register as the guest has it.
 */
uint32_t device_quiet(struct device *device);
/* The guest goes on after all. @command is what device_quiet() has returned. */
void device_go_on(struct device *device, uint32_t command);

/* msi.c: @index is VFIO's */
void msi_create(struct msi *msi, uint32_t index, struct device *device);
/* Tell the library that the device can write there. */
void msi_set_memory(struct msi *msi, const struct vfiomsi_memory *memory);
void msi_reset(struct msi *msi);
/* Find out what is pending. */
void msi_harvest(struct msi *msi);
/* Take the vectors back from the host before the guest is saved. */
void msi_take_back(struct msi *msi);
/* Have the host set up all vectors anew after that. */
void msi_go_on(struct msi *msi, struct device *device);
bool msi_has_config(const struct msi *msi, uint32_t offset);
/* Message Control, address and data of MSI */
bool msi_has_message(const struct msi *msi, uint32_t offset);
uint32_t msi_config_read(struct msi *msi, uint32_t offset, unsigned int width);
void msi_config_write(struct msi *msi, uint32_t offset, unsigned int width, uint32_t value);
/* Whether the access is to the table or the PBA; then it is done. */
bool msi_memory(struct msi *msi, unsigned int bar, uint64_t offset, uint8_t *bytes,
		unsigned int width, bool write);
void msi_keep(struct msi *msi, struct snapshot *snapshot);

/* snapshot.c: if @goes_on the guest can go on in this process, otherwise only in another one */
void snapshot_save(struct machine *machine, const char *name, bool goes_on);
void snapshot_load(struct machine *machine, const char *name);
/* Write so many bytes to the snapshot, or read them from it. */
void keep(struct snapshot *snapshot, void *bytes, size_t size);

#endif /* VMM_H */
