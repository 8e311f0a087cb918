/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI Express function: the part of its configuration space, BARs, resets and power
 * states that is the same for every device.
 *
 * The files of this folder and their floors. A file calls and includes only files of lower
 * floors, which tools/testing/checks/floors checks.
 *
 *	8 vfio-user-ath11k.c	the models: layout, options, registers
 *	8 vfio-user-msi64.c
 *	8 vfio-user-msix.c
 *	8 vfio-user-poll.c
 *	7 controller.c		what the models with an interrupt controller share
 *	6 server.c		the client's commands
 *	5 htt.c			rings that get their messages from memory
 *	5 msi.c			the MSI capability
 *	5 msix_cap.c		the MSI-X capability, its table and PBA
 *	5 pci_function.c	resets, reads that are lost, misbehaviour
 *	4 pci_bar.c		BARs
 *	4 dma.c			memory accesses of the device
 *	3 pci_config.c		configuration space
 *	3 transport.c		messages on a socket
 *	3 options.c		values of command line options
 *	3 htt.h
 *	3 msi.h
 *	3 msix_cap.h
 *	3 server.h
 *	2 log.c			what goes to stderr
 *	2 dma.h
 *	1 controller.h
 *	1 log.h
 *	1 msi64.h		registers of the models
 *	1 options.h
 *	1 transport.h
 *	0 ath11k.h
 *	0 msix.h
 *	0 polled.h
 *	0 compiler.h		macros of the kernel
 *	0 vfio_user.h		the protocol
 *	0 pci.h
 */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/pci_regs.h>

#define PCI_CONFIG_SIZE		4096

/* Offsets of the capabilities. */
#define PCI_PM_OFFSET		0x40
#define PCI_INTERRUPT_OFFSET	0x50	/* MSI or MSI-X */
#define PCI_EXP_OFFSET		0x70
#define PCI_INTERRUPT2_OFFSET	0xb0	/* MSI of a function with MSI-X */

/*
 * Reads of the capabilities, or of BARs, give some bits a wrong value, each time others; messages
 * are also sent if they are disabled or masked.
 */
#define PCI_FAULT_CAPABILITIES	(1U << 0)
#define PCI_FAULT_BARS		(1U << 1)
#define PCI_FAULT_MESSAGES	(1U << 2)

struct pci_function;

struct pci_identity {
	uint16_t vendor;
	uint16_t device;
	uint32_t class;		/* class, subclass, programming interface */
};

struct pci_bar {
	uint64_t size;		/* 0: there is no such BAR */
	uint8_t *memory;	/* what is no register; a reset clears it */
};

enum pci_reset {
	PCI_RESET_CONVENTIONAL,	/* by the bus or the platform */
	PCI_RESET_FUNCTION,	/* function level reset, or from D3hot to D0 */
};

/*
 * What is different for each device. Registers are dwords at aligned offsets of a BAR; the
 * rest of a BAR is memory.
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
	 * Set by the client's first reset of the device, before which it must not see any
	 * capability: see README.rst, "Capabilities and QEMU".
	 */
	bool capabilities_shown;
	uint8_t last_capability;	/* offset of its pointer to the next one */
	uint8_t value[PCI_CONFIG_SIZE];
	uint8_t initial[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	/* Bits that a function level reset leaves as they are. */
	uint8_t sticky[PCI_CONFIG_SIZE];
	/* Size in bytes of the last access that wrote to memory. */
	unsigned int memory_width;
	/*
	 * All answers, only one, or only those of BARs are lost after @answers_left more
	 * of them.
	 */
	bool loses_answers;
	bool only_one;
	bool only_of_bars;
	unsigned int answers_left;
	/* How long the function does not answer in config space after the next reset. */
	uint32_t next_unready_ms;
	uint64_t ready_ms;	/* when it answers again after the last reset, or 0 */
	/* How the function misbehaves until it is reset: PCI_FAULT_*. */
	uint32_t faults;
	uint32_t noise;
};

/* pci_config.c */
/*
 * Build a function. The first reset makes it ready. After that, only pci_init16() and
 * pci_init32() may be called: they set what the next reset resets to.
 */
void pci_init(struct pci_function *f, const struct pci_device_ops *ops,
	      const struct pci_identity *id);
/* Leaving D3hot does not reset the function: No_Soft_Reset is 1. */
void pci_keep_in_d3hot(struct pci_function *f);
void pci_add_capability(struct pci_function *f, uint8_t offset, uint8_t id);
void pci_init16(struct pci_function *f, unsigned int offset, uint16_t value,
		uint16_t writable);
void pci_init32(struct pci_function *f, unsigned int offset, uint32_t value,
		uint32_t writable);
/* Present values, as the function itself uses them. */
uint16_t pci_value16(const struct pci_function *f, unsigned int offset);
uint32_t pci_value32(const struct pci_function *f, unsigned int offset);
/* For the function itself, which can also change what software cannot write. */
void pci_set_value32(struct pci_function *f, unsigned int offset, uint32_t value);
bool pci_is_in_d3hot(const struct pci_function *f);
bool pci_decodes_memory(const struct pci_function *f);
bool pci_is_bus_master(const struct pci_function *f);
/* Does it send what it must not send? See PCI_FAULT_MESSAGES. */
bool pci_sends_anything(const struct pci_function *f);
/* The client's read. In this and the other accesses the caller has checked the bounds. */
void pci_config_read(const struct pci_function *f, unsigned int offset, void *data,
		     size_t size);
/* Write the bits that software can write, without any effect on the function. */
void pci_config_store(struct pci_function *f, unsigned int offset, const void *data,
		      size_t size);
void pci_config_reset(struct pci_function *f, enum pci_reset reset);
/* Set a part of configuration space to what a reset of the function sets it to. */
void pci_reset_part(struct pci_function *f, unsigned int offset, size_t size);

/* pci_bar.c */
/* @flags: PCI_BASE_ADDRESS_MEM_*. Returns 0, or logs a message and returns -1. */
int pci_add_bar(struct pci_function *f, unsigned int index, uint64_t size,
		uint32_t flags);
/* Is BAR @index the upper half of the one before it? */
bool pci_upper_half(const struct pci_function *f, unsigned int index);
void pci_bar_clear(struct pci_function *f);
uint32_t pci_bar_memory32(const struct pci_function *f, unsigned int bar,
			  uint64_t offset);
/* Accesses of the client. */
void pci_bar_read(struct pci_function *f, unsigned int bar, uint64_t offset,
		  void *data, size_t size);
void pci_bar_write(struct pci_function *f, unsigned int bar, uint64_t offset,
		   const void *data, size_t size);

/* pci_function.c */
void pci_reset(struct pci_function *f, enum pci_reset reset);
/* The client's write, which can reset the function. */
void pci_config_write(struct pci_function *f, unsigned int offset, const void *data,
		      size_t size);
/* Call this once for each read. Returns false if the read is lost, and reads as ones. */
bool pci_answer_arrives(struct pci_function *f, bool of_bar);
/* What a function that misbehaves makes of the answer to a read of a BAR or of config space. */
void pci_spoil_answer(struct pci_function *f, bool of_bar, uint64_t offset, void *data,
		      size_t size);

#endif /* PCI_H */
