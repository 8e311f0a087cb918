// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver for the poll model. It polls as iPXE does: it points all vectors at a dword
 * of its memory, and has no interrupt handler. It has the files
 *
 * msix       W: "1" points the vectors there and enables MSI-X, "0" disables MSI-X
 * requests   W: "COUNT": request so many completions, one after the other
 *            R: how many of them have come
 */

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "guest.h"
#include "polled.h"

#define RING_SIZE	64
#define WAIT_MS		3000

/* What is in the ring where no completion has come */
#define NOTHING		~0U

/* The device of a guest: @ring has a dword more than the ring, which the vectors point at. */
static struct {
	void __iomem *table;
	u32 *ring;
	dma_addr_t address;
	unsigned int next;
	unsigned int completed;
} poll;

static void point_at_memory(void)
{
	dma_addr_t dword = poll.address + RING_SIZE * sizeof(u32);
	unsigned int i;

	for (i = 0; i < POLL_VECTORS; i++) {
		void __iomem *entry = poll.table + i * PCI_MSIX_ENTRY_SIZE;

		guest_write_at(entry + PCI_MSIX_ENTRY_LOWER_ADDR, lower_32_bits(dword));
		guest_write_at(entry + PCI_MSIX_ENTRY_UPPER_ADDR, upper_32_bits(dword));
		guest_write_at(entry + PCI_MSIX_ENTRY_DATA, 0);
		guest_write_at(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	}
}

static ssize_t msix_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t len)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	bool enable;
	int ret;

	ret = kstrtobool(buf, &enable);
	if (ret)
		return ret;
	if (enable)
		point_at_memory();
	pci_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
			      enable ? PCI_MSIX_FLAGS_ENABLE : 0);

	return len;
}
static DEVICE_ATTR_WO(msix);

static bool completes(struct guest *guest, u32 value)
{
	volatile u32 *place = &poll.ring[poll.next];
	unsigned int ms;

	guest_write(guest, POLL_REG_DOORBELL, value);
	for (ms = 0; *place == NOTHING && ms < WAIT_MS; ms++)
		usleep_range(100, 1000);
	if (*place != value)
		return false;
	*place = NOTHING;
	poll.next = (poll.next + 1) % RING_SIZE;

	return true;
}

static ssize_t requests_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t len)
{
	struct guest *guest = dev_get_drvdata(dev);
	unsigned int count;
	int ret;

	ret = kstrtouint(buf, 0, &count);
	if (ret)
		return ret;

	mutex_lock(&guest->lock);
	poll.completed = 0;
	while (poll.completed < count && completes(guest, poll.completed))
		poll.completed++;
	mutex_unlock(&guest->lock);

	return len;
}

static ssize_t requests_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", poll.completed);
}
static DEVICE_ATTR_RW(requests);

static struct attribute *poll_attrs[] = {
	&dev_attr_dword.attr,
	&dev_attr_msix.attr,
	&dev_attr_requests.attr,
	NULL
};

static const struct attribute_group poll_group = {
	.name	= "guest",
	.attrs	= poll_attrs,
};
__ATTRIBUTE_GROUPS(poll);

static int poll_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct guest *guest;
	int ret;

	ret = guest_probe(pdev, PCI_IRQ_MSIX);
	if (ret)
		return ret;
	poll.table = pcim_iomap(pdev, POLL_MSIX_BAR, 0);
	poll.ring = dmam_alloc_coherent(&pdev->dev, PAGE_SIZE, &poll.address, GFP_KERNEL);
	if (!poll.table || !poll.ring)
		return -ENOMEM;

	memset(poll.ring, 0xff, PAGE_SIZE);
	guest = pci_get_drvdata(pdev);
	guest_write(guest, POLL_REG_RING_LO, lower_32_bits(poll.address));
	guest_write(guest, POLL_REG_RING_HI, upper_32_bits(poll.address));
	guest_write(guest, POLL_REG_RING_SIZE, RING_SIZE);

	return 0;
}

static const struct pci_device_id poll_ids[] = {
	{ PCI_DEVICE(POLL_VENDOR_ID, POLL_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, poll_ids);

struct pci_driver poll_guest_driver = {
	.name		= "poll_guest",
	.id_table	= poll_ids,
	.probe		= poll_probe,
	.remove		= guest_remove,
	.dev_groups	= poll_groups,
};
