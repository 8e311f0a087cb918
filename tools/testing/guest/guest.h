/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guests' drivers share: vectors that are counted, and dwords of BAR 0.
 */
#ifndef GUEST_H
#define GUEST_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#define GUEST_VECTORS_MAX	64

struct guest;

struct guest_vector {
	struct guest *guest;
	atomic_t count;
};

/**
 * struct guest - the device
 * @pdev: device
 * @io: BAR 0
 * @irq_type: PCI_IRQ_MSI or PCI_IRQ_MSIX
 * @lock: one file at a time is written
 * @nr_vectors: how many vectors are allocated
 * @vectors: they
 * @total: interrupts of all vectors
 * @wait: wakes up with each interrupt
 * @arrived: which vectors the last request raised
 * @selected: offset in BAR 0
 */
struct guest {
	struct pci_dev *pdev;
	u8 __iomem *io;
	unsigned int irq_type;
	struct mutex lock;	/* one command at a time */
	unsigned int nr_vectors;
	struct guest_vector vectors[GUEST_VECTORS_MAX];
	atomic_t total;
	wait_queue_head_t wait;
	DECLARE_BITMAP(arrived, GUEST_VECTORS_MAX);
	u32 selected;
};

extern struct pci_driver ath11k_guest_driver;
extern struct pci_driver msix_guest_driver;

int guest_probe(struct pci_dev *pdev, unsigned int irq_type);
void guest_remove(struct pci_dev *pdev);

u32 guest_read(struct guest *guest, u32 offset);
void guest_write(struct guest *guest, u32 offset, u32 value);

/* What arrives from here on, and the wait for any of it. */
void guest_expect(struct guest *guest, int before[GUEST_VECTORS_MAX]);
void guest_wait(struct guest *guest, const int before[GUEST_VECTORS_MAX]);

/*
 * vectors    W: allocate that many vectors, exactly; 0 frees them.
 *            R: how many there are
 * arrived    R: vectors that the last request raised
 * interrupts R: how many arrived in all
 * dword      W: "OFFSET" selects a dword of BAR 0, "OFFSET VALUE" writes it too.
 *            R: the dword that was selected
 */
extern struct device_attribute dev_attr_vectors;
extern struct device_attribute dev_attr_arrived;
extern struct device_attribute dev_attr_interrupts;
extern struct device_attribute dev_attr_dword;

#endif /* GUEST_H */
