// SPDX-License-Identifier: GPL-2.0-only
/* One module with the guest's drivers, and the code that they share. */

#include <linux/bitmap.h>
#include <linux/interrupt.h>
#include <linux/module.h>

#include "guest.h"
#include "leave_guest.h"

#define ARRIVAL_TIMEOUT_MS	3000

u32 guest_read(struct guest *guest, u32 offset)
{
	unsigned long flags;
	u32 value;

	local_irq_save(flags);
	leave_guest();
	value = ioread32(guest->io + offset);
	local_irq_restore(flags);

	return value;
}

void guest_write_at(void __iomem *at, u32 value)
{
	unsigned long flags;

	local_irq_save(flags);
	leave_guest();
	iowrite32(value, at);
	local_irq_restore(flags);
}

void guest_write(struct guest *guest, u32 offset, u32 value)
{
	guest_write_at(guest->io + offset, value);
}

static irqreturn_t count_interrupt(int irq, void *data)
{
	struct guest_vector *vector = data;

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
	struct guest_vector *vector;
	int ret;

	ret = pci_alloc_irq_vectors(guest->pdev, count, count, guest->irq_type);
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
	if (count > GUEST_VECTORS_MAX)
		return -EINVAL;

	mutex_lock(&guest->lock);
	free_vectors(guest);
	if (count)
		ret = allocate_vectors(guest, count);
	mutex_unlock(&guest->lock);

	return ret ?: len;
}
DEVICE_ATTR_RW(vectors);

void guest_expect(struct guest *guest, int before[GUEST_VECTORS_MAX])
{
	unsigned int i;

	for (i = 0; i < guest->nr_vectors; i++)
		before[i] = atomic_read(&guest->vectors[i].count);
}

static bool something_arrived(struct guest *guest, const int before[])
{
	unsigned int i;

	bitmap_zero(guest->arrived, GUEST_VECTORS_MAX);
	for (i = 0; i < guest->nr_vectors; i++)
		if (atomic_read(&guest->vectors[i].count) != before[i])
			__set_bit(i, guest->arrived);

	return !bitmap_empty(guest->arrived, GUEST_VECTORS_MAX);
}

void guest_wait(struct guest *guest, const int before[GUEST_VECTORS_MAX])
{
	wait_event_timeout(guest->wait, something_arrived(guest, before),
			   msecs_to_jiffies(ARRIVAL_TIMEOUT_MS));
}

static ssize_t arrived_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%*pbl\n", GUEST_VECTORS_MAX, guest->arrived);
}
DEVICE_ATTR_RO(arrived);

static ssize_t interrupts_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", atomic_read(&guest->total));
}
DEVICE_ATTR_RO(interrupts);

static ssize_t dword_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct guest *guest = dev_get_drvdata(dev);

	return sysfs_emit(buf, "0x%x\n", guest_read(guest, guest->selected));
}

static ssize_t dword_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	u32 offset, value;
	int n;

	n = sscanf(buf, "%i %i", &offset, &value);
	if (n < 1 || offset >= pci_resource_len(guest->pdev, 0) || offset % 4)
		return -EINVAL;

	guest->selected = offset;
	if (n == 2)
		guest_write(guest, offset, value);

	return len;
}
DEVICE_ATTR_RW(dword);

int guest_probe(struct pci_dev *pdev, unsigned int irq_type)
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
	guest->irq_type = irq_type;
	for (i = 0; i < GUEST_VECTORS_MAX; i++)
		guest->vectors[i].guest = guest;
	mutex_init(&guest->lock);
	init_waitqueue_head(&guest->wait);
	pci_set_drvdata(pdev, guest);

	return 0;
}

void guest_remove(struct pci_dev *pdev)
{
	free_vectors(pci_get_drvdata(pdev));
}

static int __init guest_init(void)
{
	int ret;

	ret = pci_register_driver(&ath11k_guest_driver);
	if (ret)
		return ret;
	ret = pci_register_driver(&msix_guest_driver);
	if (ret)
		goto unregister_ath11k;
	ret = pci_register_driver(&poll_guest_driver);
	if (ret)
		goto unregister_msix;

	return 0;

unregister_msix:
	pci_unregister_driver(&msix_guest_driver);
unregister_ath11k:
	pci_unregister_driver(&ath11k_guest_driver);

	return ret;
}
module_init(guest_init);

static void __exit guest_exit(void)
{
	pci_unregister_driver(&poll_guest_driver);
	pci_unregister_driver(&msix_guest_driver);
	pci_unregister_driver(&ath11k_guest_driver);
}
module_exit(guest_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Drivers of a guest for the lab's device models");
