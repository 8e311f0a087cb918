// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver for the msix model whose registers, table and PBA are in BAR 0, as they
 * are in the lab's device msix-shared. It has the files of guest.h, and
 *
 * raise      W: "VECTOR": have the device raise that vector
 * request    W: "VECTOR": the same, but do not wait for the interrupt
 * control    W: Message Control of MSI-X. R: the same
 * fill       W: "COUNT": have that many entries of the table hold the message of vector 0, not
 *            masked. None of them but vector 0 can be raised then.
 * storm      W: "SEED STEPS": mask and raise vectors at random (storm.c)
 *            R: what was counted: raised, wanted, arrived, lost, doubled, wrong PBAs
 */

#include <linux/module.h>
#include <linux/pci.h>

#include "guest.h"
#include "msix.h"
#include "storm.h"

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

static ssize_t request_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	unsigned int vector;
	int ret;

	ret = kstrtouint(buf, 0, &vector);
	if (ret)
		return ret;
	guest_write(dev_get_drvdata(dev), REGISTERS + MSIX_REG_RAISE, vector);

	return len;
}
static DEVICE_ATTR_WO(request);

static ssize_t control_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	u16 control;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &control);

	return sysfs_emit(buf, "0x%x\n", control);
}

static ssize_t control_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	u16 control;
	int ret;

	ret = kstrtou16(buf, 0, &control);
	if (ret)
		return ret;
	pci_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, control);

	return len;
}
static DEVICE_ATTR_RW(control);

static struct storm_result storm_result;

static void find_place(struct pci_dev *pdev, struct storm_place *place)
{
	place->raise = REGISTERS + MSIX_REG_RAISE;
	place->control = pdev->msix_cap + PCI_MSIX_FLAGS;
	pci_read_config_dword(pdev, pdev->msix_cap + PCI_MSIX_TABLE, &place->table);
	pci_read_config_dword(pdev, pdev->msix_cap + PCI_MSIX_PBA, &place->pba);
}

static void fill(struct guest *guest, u32 table, unsigned int count)
{
	u32 low = guest_read(guest, table + PCI_MSIX_ENTRY_LOWER_ADDR);
	u32 data = guest_read(guest, table + PCI_MSIX_ENTRY_DATA);

	for (; count; count--, table += PCI_MSIX_ENTRY_SIZE) {
		guest_write(guest, table + PCI_MSIX_ENTRY_LOWER_ADDR, low);
		guest_write(guest, table + PCI_MSIX_ENTRY_DATA, data);
		guest_write(guest, table + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	}
}

static ssize_t fill_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	struct storm_place place;
	unsigned int count;
	int ret;

	ret = kstrtouint(buf, 0, &count);
	if (ret)
		return ret;
	find_place(guest->pdev, &place);
	if (place.table & PCI_MSIX_TABLE_BIR)
		return -ENODEV;
	if (place.table + count * PCI_MSIX_ENTRY_SIZE > pci_resource_len(guest->pdev, 0))
		return -EINVAL;
	fill(guest, place.table, count);

	return len;
}
static DEVICE_ATTR_WO(fill);

static ssize_t storm_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	struct storm_place place;
	unsigned int seed, steps;
	int ret;

	if (sscanf(buf, "%u %u", &seed, &steps) != 2)
		return -EINVAL;
	find_place(guest->pdev, &place);
	/* Only BAR 0 is mapped. */
	if ((place.table | place.pba) & PCI_MSIX_TABLE_BIR)
		return -ENODEV;

	mutex_lock(&guest->lock);
	ret = guest->nr_vectors ? storm_run(guest, &place, seed, steps, &storm_result) : -EINVAL;
	mutex_unlock(&guest->lock);

	return ret ?: len;
}

static ssize_t storm_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u %u %u %u %u %u\n", storm_result.raised, storm_result.wanted,
			  storm_result.arrived, storm_result.lost, storm_result.doubled,
			  storm_result.wrong_pbas);
}
static DEVICE_ATTR_RW(storm);

static struct attribute *msix_attrs[] = {
	&dev_attr_vectors.attr,
	&dev_attr_arrived.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_dword.attr,
	&dev_attr_raise.attr,
	&dev_attr_request.attr,
	&dev_attr_control.attr,
	&dev_attr_fill.attr,
	&dev_attr_storm.attr,
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
