/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest's drivers share: vectors whose interrupts are counted, and access to
 * dwords of BAR 0.
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
 * struct guest - a device of the guest
 * @pdev: device
 * @io: BAR 0
 * @irq_type: PCI_IRQ_MSI or PCI_IRQ_MSIX
 * @lock: serializes writes of the files
 * @nr_vectors: how many vectors are allocated
 * @vectors: these vectors
 * @total: the number of interrupts of all vectors
 * @wait: is woken up by each interrupt
 * @arrived: the vectors that the last request raised
 * @selected: the offset in BAR 0 that the file dword reads
 */
struct guest {
	struct pci_dev *pdev;
	u8 __iomem *io;
	unsigned int irq_type;
	struct mutex lock;	/* serializes writes of the files */
	unsigned int nr_vectors;
	struct guest_vector vectors[GUEST_VECTORS_MAX];
	atomic_t total;
	wait_queue_head_t wait;
	DECLARE_BITMAP(arrived, GUEST_VECTORS_MAX);
	u32 selected;
};

extern struct pci_driver ath11k_guest_driver;
extern struct pci_driver msix_guest_driver;
extern struct pci_driver poll_guest_driver;

int guest_probe(struct pci_dev *pdev, unsigned int irq_type);
void guest_remove(struct pci_dev *pdev);

u32 guest_read(struct guest *guest, u32 offset);
void guest_write(struct guest *guest, u32 offset, u32 value);
/* The same for another BAR */
void guest_write_at(void __iomem *at, u32 value);

/* Count from here on, and wait until any vector has interrupted since. */
void guest_expect(struct guest *guest, int before[GUEST_VECTORS_MAX]);
void guest_wait(struct guest *guest, const int before[GUEST_VECTORS_MAX]);

/*
 * vectors    W: allocate exactly that many vectors; 0 frees them.
 *            R: how many vectors are allocated
 * arrived    R: the vectors that the last request raised
 * interrupts R: the number of interrupts of all vectors so far
 * dword      W: "OFFSET" selects a dword of BAR 0; "OFFSET VALUE" also writes it.
 *            R: the selected dword
 */
extern struct device_attribute dev_attr_vectors;
extern struct device_attribute dev_attr_arrived;
extern struct device_attribute dev_attr_interrupts;
extern struct device_attribute dev_attr_dword;

#endif /* GUEST_H */
