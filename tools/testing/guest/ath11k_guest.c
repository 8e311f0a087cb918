// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver for the ath11k model. Like the driver of such a card, it writes the
 * message that it finds in the MSI capability into the slots of the device's embedded
 * interrupt controller, and counts interrupts. A test controls it by files in the folder
 * "guest" of the device in sysfs. These are the files that guest.h describes, and
 *
 * enable     W: set or clear the MSI capability's enable bit, and nothing else
 * message    R: address and data in the MSI capability
 * slot       W: "SLOT VECTOR": write the message of VECTOR into a slot.
 *            R: the offsets of all slots in BAR 0
 * doorbell   W: "SLOT" or "all": have the device send the message of one slot, or of all
 */

#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "ath11k.h"
#include "guest.h"

#define SENT_TIMEOUT_US		30000000

static const u32 slot_offsets[ATH11K_SLOTS] = ATH11K_SLOT_OFFSETS;

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
	guest_write(guest, offset + ATH11K_SLOT_ADDR_LO, address);
	guest_write(guest, offset + ATH11K_SLOT_ADDR_HI, ATH11K_SLOT_ENABLE);
	guest_write(guest, offset + ATH11K_SLOT_DATA, data + vector);

	return len;
}
static DEVICE_ATTR_RW(slot);

/* How many messages the device has sent or failed to send. */
static u32 answered(struct guest *guest)
{
	return guest_read(guest, ATH11K_SENT) +
	       guest_read(guest, ATH11K_FAILED) +
	       guest_read(guest, ATH11K_DROPPED);
}

static int send(struct guest *guest, unsigned int slot)
{
	u32 answers = answered(guest), now;

	guest_write(guest, ATH11K_DOORBELL(slot), 1);

	return read_poll_timeout(answered, now, now != answers, 100,
				 SENT_TIMEOUT_US, false, guest);
}

static int ring(struct guest *guest, unsigned int first, unsigned int last)
{
	int before[GUEST_VECTORS_MAX];
	unsigned int i;
	int ret;

	guest_expect(guest, before);
	for (i = first; i <= last; i++) {
		ret = send(guest, i);
		if (ret)
			return ret;
	}
	guest_wait(guest, before);

	return 0;
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
static DEVICE_ATTR_WO(doorbell);

static struct attribute *ath11k_attrs[] = {
	&dev_attr_vectors.attr,
	&dev_attr_arrived.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_dword.attr,
	&dev_attr_enable.attr,
	&dev_attr_message.attr,
	&dev_attr_slot.attr,
	&dev_attr_doorbell.attr,
	NULL
};

static const struct attribute_group ath11k_group = {
	.name	= "guest",
	.attrs	= ath11k_attrs,
};
__ATTRIBUTE_GROUPS(ath11k);

static int ath11k_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return guest_probe(pdev, PCI_IRQ_MSI);
}

static const struct pci_device_id ath11k_ids[] = {
	{ PCI_DEVICE(ATH11K_VENDOR_ID, ATH11K_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, ath11k_ids);

struct pci_driver ath11k_guest_driver = {
	.name		= "ath11k_guest",
	.id_table	= ath11k_ids,
	.probe		= ath11k_probe,
	.remove		= guest_remove,
	.dev_groups	= ath11k_groups,
};
