// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver for the ath11k model. As the driver of such a card does, it
 * programs the device's embedded interrupt controller with the message that it
 * finds in the MSI capability, and counts what arrives. When it does what, a test
 * says by files in the folder guest of the device in sysfs:
 *
 * vectors    W: allocate that many MSI vectors, exactly; 0 frees them.
 *            R: how many there are
 * enable     W: switch the MSI capability's enable bit and nothing else
 * message    R: address and data that the MSI capability shows
 * slot       W: "SLOT VECTOR": program a slot. R: where in BAR 0 the slots are
 * doorbell   W: "SLOT", or "all": have the device send it, or all of them.
 *            R: what arrived then, vectors
 * interrupts R: how many arrived in all
 * dword      W: "OFFSET" selects a dword of BAR 0, "OFFSET VALUE" writes it too.
 *            R: the dword that was selected
 */

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sysfs.h>
#include <linux/wait.h>
#include <asm/processor.h>

#include "ath11k.h"

#define SENT_TIMEOUT_US		2000000
#define ARRIVAL_TIMEOUT_MS	300

struct guest;

struct vector {
	struct guest *guest;
	atomic_t count;
};

/**
 * struct guest - the device
 * @pdev: device
 * @io: BAR 0
 * @lock: one file at a time is written
 * @nr_vectors: how many vectors are allocated
 * @vectors: they
 * @total: interrupts of all vectors
 * @wait: wakes up with each interrupt
 * @arrived: which vectors the last doorbell raised
 * @selected: offset in BAR 0
 */
struct guest {
	struct pci_dev *pdev;
	u8 __iomem *io;
	struct mutex lock;	/* one command at a time */
	unsigned int nr_vectors;
	struct vector vectors[ATH11K_MSI_VECTORS];
	atomic_t total;
	wait_queue_head_t wait;
	unsigned long arrived;
	u32 selected;
};

static const u32 slot_offsets[ATH11K_SLOTS] = ATH11K_SLOT_OFFSETS;

/*
 * QEMU's SVM leaves the type of the last exception of a guest in the VMCB, and
 * from 6.14 on KVM takes that for an event during whose delivery the access came,
 * and gives up. An instruction that is always intercepted clears it.
 */
static void leave_guest(void)
{
	cpuid_eax(0);
}

static u32 read_dword(struct guest *guest, u32 offset)
{
	unsigned long flags;
	u32 value;

	local_irq_save(flags);
	leave_guest();
	value = ioread32(guest->io + offset);
	local_irq_restore(flags);

	return value;
}

static void write_dword(struct guest *guest, u32 offset, u32 value)
{
	unsigned long flags;

	local_irq_save(flags);
	leave_guest();
	iowrite32(value, guest->io + offset);
	local_irq_restore(flags);
}

static irqreturn_t count_interrupt(int irq, void *data)
{
	struct vector *vector = data;

	atomic_inc(&vector->count);
	atomic_inc(&vector->guest->total);
	wake_up(&vector->guest->wait);

	return IRQ_HANDLED;
}

static void free_vectors(struct guest *guest)
{
	while (guest->nr_vectors) {
		guest->nr_vectors--;
		free_irq(pci_irq_vector(guest->pdev, guest->nr_vectors),
			 &guest->vectors[guest->nr_vectors]);
	}
	pci_free_irq_vectors(guest->pdev);
}

static int allocate_vectors(struct guest *guest, unsigned int count)
{
	struct vector *vector;
	int ret;

	ret = pci_alloc_irq_vectors(guest->pdev, count, count, PCI_IRQ_MSI);
	if (ret < 0)
		return ret;

	while (guest->nr_vectors < count) {
		vector = &guest->vectors[guest->nr_vectors];
		ret = request_irq(pci_irq_vector(guest->pdev, guest->nr_vectors),
				  count_interrupt, 0, KBUILD_MODNAME, vector);
		if (ret) {
			free_vectors(guest);
			return ret;
		}
		guest->nr_vectors++;
	}

	return 0;
}

static ssize_t vectors_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", guest->nr_vectors);
}

static ssize_t vectors_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	unsigned int count;
	int ret;

	ret = kstrtouint(buf, 0, &count);
	if (ret)
		return ret;
	if (count > ATH11K_MSI_VECTORS)
		return -EINVAL;

	mutex_lock(&guest->lock);
	free_vectors(guest);
	if (count)
		ret = allocate_vectors(guest, count);
	mutex_unlock(&guest->lock);

	return ret ?: len;
}
static DEVICE_ATTR_RW(vectors);

static ssize_t enable_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t len)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	bool enable;
	u16 flags;
	int ret;

	ret = kstrtobool(buf, &enable);
	if (ret)
		return ret;

	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, &flags);
	flags &= ~PCI_MSI_FLAGS_ENABLE;
	if (enable)
		flags |= PCI_MSI_FLAGS_ENABLE;
	pci_write_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, flags);

	return len;
}
static DEVICE_ATTR_WO(enable);

static void read_message(struct pci_dev *pdev, u32 *address, u16 *data)
{
	pci_read_config_dword(pdev, pdev->msi_cap + PCI_MSI_ADDRESS_LO, address);
	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_DATA_32, data);
}

static ssize_t message_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	u32 address;
	u16 data;

	read_message(to_pci_dev(dev), &address, &data);

	return sysfs_emit(buf, "0x%x 0x%x\n", address, data);
}
static DEVICE_ATTR_RO(message);

static ssize_t slot_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < ATH11K_SLOTS; i++)
		len += sysfs_emit_at(buf, len, "0x%x\n", slot_offsets[i]);

	return len;
}

static ssize_t slot_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	unsigned int slot, vector;
	u32 offset, address;
	u16 data;

	if (sscanf(buf, "%u %u", &slot, &vector) != 2 || slot >= ATH11K_SLOTS)
		return -EINVAL;

	read_message(guest->pdev, &address, &data);
	offset = slot_offsets[slot];
	write_dword(guest, offset + ATH11K_SLOT_ADDR_LO, address);
	write_dword(guest, offset + ATH11K_SLOT_ADDR_HI, ATH11K_SLOT_ENABLE);
	write_dword(guest, offset + ATH11K_SLOT_DATA, data + vector);

	return len;
}
static DEVICE_ATTR_RW(slot);

/* Requests that the device has answered, one way or another. */
static u32 answered(struct guest *guest)
{
	return read_dword(guest, ATH11K_SENT) +
	       read_dword(guest, ATH11K_FAILED) +
	       read_dword(guest, ATH11K_DROPPED);
}

static int send(struct guest *guest, unsigned int slot)
{
	u32 answers = answered(guest), now;

	write_dword(guest, ATH11K_DOORBELL(slot), 1);

	return read_poll_timeout(answered, now, now != answers, 100,
				 SENT_TIMEOUT_US, false, guest);
}

static int ring(struct guest *guest, unsigned int first, unsigned int last)
{
	int before[ATH11K_MSI_VECTORS], total = atomic_read(&guest->total);
	unsigned int i;
	int ret;

	for (i = 0; i < guest->nr_vectors; i++)
		before[i] = atomic_read(&guest->vectors[i].count);

	for (i = first; i <= last; i++) {
		ret = send(guest, i);
		if (ret)
			return ret;
	}
	wait_event_timeout(guest->wait, atomic_read(&guest->total) != total,
			   msecs_to_jiffies(ARRIVAL_TIMEOUT_MS));

	guest->arrived = 0;
	for (i = 0; i < guest->nr_vectors; i++)
		if (atomic_read(&guest->vectors[i].count) != before[i])
			__set_bit(i, &guest->arrived);

	return 0;
}

static ssize_t doorbell_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%*pbl\n", ATH11K_MSI_VECTORS, &guest->arrived);
}

static ssize_t doorbell_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	unsigned int first = 0, last = ATH11K_SLOTS - 1;
	int ret;

	if (!sysfs_streq(buf, "all")) {
		ret = kstrtouint(buf, 0, &first);
		if (ret)
			return ret;
		if (first > last)
			return -EINVAL;
		last = first;
	}

	mutex_lock(&guest->lock);
	ret = ring(guest, first, last);
	mutex_unlock(&guest->lock);

	return ret ?: len;
}
static DEVICE_ATTR_RW(doorbell);

static ssize_t interrupts_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", atomic_read(&guest->total));
}
static DEVICE_ATTR_RO(interrupts);

static ssize_t dword_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "0x%x\n", read_dword(guest, guest->selected));
}

static ssize_t dword_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	u32 offset, value;
	int n;

	n = sscanf(buf, "%i %i", &offset, &value);
	if (n < 1 || offset >= ATH11K_BAR0_SIZE || offset % 4)
		return -EINVAL;

	guest->selected = offset;
	if (n == 2)
		write_dword(guest, offset, value);

	return len;
}
static DEVICE_ATTR_RW(dword);

static struct attribute *guest_attrs[] = {
	&dev_attr_vectors.attr,
	&dev_attr_enable.attr,
	&dev_attr_message.attr,
	&dev_attr_slot.attr,
	&dev_attr_doorbell.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_dword.attr,
	NULL
};

static const struct attribute_group guest_group = {
	.name	= "guest",
	.attrs	= guest_attrs,
};
__ATTRIBUTE_GROUPS(guest);

static int guest_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct guest *guest;
	unsigned int i;
	int ret;

	guest = devm_kzalloc(&pdev->dev, sizeof(*guest), GFP_KERNEL);
	if (!guest)
		return -ENOMEM;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME);
	if (ret)
		return ret;
	pci_set_master(pdev);

	guest->pdev = pdev;
	guest->io = pcim_iomap_table(pdev)[0];
	for (i = 0; i < ATH11K_MSI_VECTORS; i++)
		guest->vectors[i].guest = guest;
	mutex_init(&guest->lock);
	init_waitqueue_head(&guest->wait);
	pci_set_drvdata(pdev, guest);

	return 0;
}

static void guest_remove(struct pci_dev *pdev)
{
	free_vectors(pci_get_drvdata(pdev));
}

static const struct pci_device_id guest_ids[] = {
	{ PCI_DEVICE(ATH11K_VENDOR_ID, ATH11K_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, guest_ids);

static struct pci_driver guest_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= guest_ids,
	.probe		= guest_probe,
	.remove		= guest_remove,
	.dev_groups	= guest_groups,
};
module_pci_driver(guest_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A guest's driver for the ath11k model");
