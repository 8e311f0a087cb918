// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver for the msix model whose registers, table and PBA are in BAR 0, as they
 * are in the lab's device msix-shared. It has the files of guest.h, and
 *
 * raise      W: "VECTOR": have the device raise that vector
 */

#include <linux/module.h>
#include <linux/pci.h>

#include "guest.h"
#include "msix.h"

/* Where the lab's device msix-shared has its registers: in the table's page. */
#define REGISTERS	0x1c00

static ssize_t raise_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	int before[GUEST_VECTORS_MAX];
	unsigned int vector;
	int ret;

	ret = kstrtouint(buf, 0, &vector);
	if (ret)
		return ret;

	mutex_lock(&guest->lock);
	guest_expect(guest, before);
	guest_write(guest, REGISTERS + MSIX_REG_RAISE, vector);
	guest_wait(guest, before);
	mutex_unlock(&guest->lock);

	return len;
}
static DEVICE_ATTR_WO(raise);

static struct attribute *msix_attrs[] = {
	&dev_attr_vectors.attr,
	&dev_attr_arrived.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_dword.attr,
	&dev_attr_raise.attr,
	NULL
};

static const struct attribute_group msix_group = {
	.name	= "guest",
	.attrs	= msix_attrs,
};
__ATTRIBUTE_GROUPS(msix);

static int msix_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return guest_probe(pdev, PCI_IRQ_MSIX);
}

static const struct pci_device_id msix_ids[] = {
	{ PCI_DEVICE(MSIX_VENDOR_ID, MSIX_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, msix_ids);

struct pci_driver msix_guest_driver = {
	.name		= "msix_guest",
	.id_table	= msix_ids,
	.probe		= msix_probe,
	.remove		= guest_remove,
	.dev_groups	= msix_groups,
};
