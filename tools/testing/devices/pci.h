/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI Express function: its configuration space, BARs, resets and power
 * states, as far as they are the same for every device.
 */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/pci_regs.h>

#define PCI_CONFIG_SIZE		4096

/* Where this server puts its capabilities. */
#define PCI_PM_OFFSET		0x40
#define PCI_INTERRUPT_OFFSET	0x50	/* MSI or MSI-X */
#define PCI_EXP_OFFSET		0x70
#define PCI_INTERRUPT2_OFFSET	0xb0	/* MSI of a function with MSI-X */

struct pci_function;

struct pci_identity {
	uint16_t vendor;
	uint16_t device;
	uint32_t class;		/* class, subclass, programming interface */
};

struct pci_bar {
	uint64_t size;		/* 0: not there */
	uint8_t *memory;	/* what is not a register; zero after reset */
};

enum pci_reset {
	PCI_RESET_CONVENTIONAL,	/* of the bus or the platform */
	PCI_RESET_FUNCTION,	/* FLR, or from D3hot to D0 */
};

/*
 * What a device does by itself. Registers are dwords at aligned offsets of a
 * BAR; everything else in a BAR is memory.
 */
struct pci_device_ops {
	bool (*has_register)(struct pci_function *f, unsigned int bar, uint64_t offset);
	uint32_t (*read_register)(struct pci_function *f, unsigned int bar,
				  uint64_t offset);
	void (*write_register)(struct pci_function *f, unsigned int bar,
			       uint64_t offset, uint32_t value);
	/* After each write to configuration space; may be NULL. */
	void (*config_written)(struct pci_function *f);
	void (*reset)(struct pci_function *f);
	/*
	 * Once the answer to each of the client's messages is sent: what the device does
	 * by itself, and may wait for in server_dma_read(). May be NULL.
	 */
	void (*work)(struct pci_function *f);
};

struct pci_function {
	const struct pci_device_ops *ops;
	struct pci_bar bar[PCI_STD_NUM_BARS];
	/*
	 * The client must not see the capabilities before it has reset the device
	 * once: see README.rst, "Capabilities and QEMU".
	 */
	bool capabilities_shown;
	uint8_t last_capability;	/* offset of the pointer to the next one */
	uint8_t value[PCI_CONFIG_SIZE];
	uint8_t initial[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	/* Bits that only a conventional reset resets. */
	uint8_t sticky[PCI_CONFIG_SIZE];
	/* Bytes of the last access that wrote to memory. */
	unsigned int memory_width;
	/* Answers are lost, or only those of BARs, once there have been so many. */
	bool loses_answers;
	bool only_of_bars;
	unsigned int answers_left;
	/* How long accesses to configuration space are lost after the next reset. */
	uint32_t next_unready_ms;
	uint64_t ready_ms;	/* when this is over after the last one */
};

/*
 * Each file calls those before it: pci_config.c no other, pci_bar.c that one, and
 * pci_function.c both.
 */

/*
 * pci_config.c: build a function. None of these may be used after the first reset,
 * which makes the function ready, but for pci_init16() and pci_init32(), which tell
 * after it what the next reset does.
 */
void pci_init(struct pci_function *f, const struct pci_device_ops *ops,
	      const struct pci_identity *id);
/* It comes back from D3hot as it went: No_Soft_Reset is 1. */
void pci_keep_in_d3hot(struct pci_function *f);
void pci_add_capability(struct pci_function *f, uint8_t offset, uint8_t id);
void pci_init16(struct pci_function *f, unsigned int offset, uint16_t value,
		uint16_t writable);
void pci_init32(struct pci_function *f, unsigned int offset, uint32_t value,
		uint32_t writable);

/* What the function itself sees. */
uint16_t pci_value16(const struct pci_function *f, unsigned int offset);
uint32_t pci_value32(const struct pci_function *f, unsigned int offset);
/* The function changes a register, which software may not be able to write. */
void pci_set_value32(struct pci_function *f, unsigned int offset, uint32_t value);
bool pci_is_in_d3hot(const struct pci_function *f);
bool pci_decodes_memory(const struct pci_function *f);
bool pci_is_bus_master(const struct pci_function *f);

/* Only what can be written changes, and nothing follows from it. */
void pci_config_store(struct pci_function *f, unsigned int offset, const void *data,
		      size_t size);
void pci_config_reset(struct pci_function *f, enum pci_reset reset);
/* As a reset of the function resets it, without one. */
void pci_reset_part(struct pci_function *f, unsigned int offset, size_t size);

/*
 * pci_bar.c. @flags: PCI_BASE_ADDRESS_MEM_*. Returns 0 or -1, with a message logged.
 */
int pci_add_bar(struct pci_function *f, unsigned int index, uint64_t size,
		uint32_t flags);
/* Is BAR @index the upper half of the one before it? */
bool pci_upper_half(const struct pci_function *f, unsigned int index);
void pci_bar_clear(struct pci_function *f);
uint32_t pci_bar_memory32(const struct pci_function *f, unsigned int bar,
			  uint64_t offset);

/* pci_function.c */
void pci_reset(struct pci_function *f, enum pci_reset reset);
/* To be asked once for each read: does the answer arrive, or is it all ones? */
bool pci_answer_arrives(struct pci_function *f, bool of_bar);

/*
 * The client's accesses, each in the file that its name says but for
 * pci_config_write(), which can reset the function. The caller has checked that they
 * are inside.
 */
void pci_config_read(const struct pci_function *f, unsigned int offset, void *data,
		     size_t size);
void pci_config_write(struct pci_function *f, unsigned int offset, const void *data,
		      size_t size);
void pci_bar_read(struct pci_function *f, unsigned int bar, uint64_t offset,
		  void *data, size_t size);
void pci_bar_write(struct pci_function *f, unsigned int bar, uint64_t offset,
		   const void *data, size_t size);

#endif /* PCI_H */
