// SPDX-License-Identifier: GPL-2.0-only
/*
 * Judges rules, one after the other. Files of the device, in the folder conform:
 *
 * rules  R: their names, one a line
 * rule   W: "NAME": judge the rule; "NAME fault": the same under the fault that the rule has to
 *           notice. R: "pass", "fail LINE: CONDITION" or "skip REASON"
 */

#include <linux/delay.h>
#include <linux/module.h>

#include "ath11k.h"
#include "conform.h"
#include "msi64.h"
#include "msix.h"

/* For how long nothing more must arrive after a rule */
#define AFTERWARDS_MS	40

void conform_expect(struct conform *conform, bool right, const char *what, int line)
{
	if (right || conform->failed)
		return;
	conform->failed = what;
	conform->line = line;
}

static const struct conform_rule *rules(const struct conform *conform)
{
	return conform->is_msix ? conform_msix_rules : conform_msi_rules;
}

/*
 * Have what is pending delivered, so that it is so no longer. The pending bits of MSI may be
 * wrong, so it is always done.
 */
static void drain(struct conform *conform)
{
	u16 msi = PCI_MSI_FLAGS_ENABLE | ilog2(conform->vectors) << 4;

	if (conform->is_msix && !conform_pending(conform))
		return;
	conform_set_control(conform, conform->is_msix ? PCI_MSIX_FLAGS_ENABLE : msi);
	conform_set_masks(conform, 0);
	msleep(AFTERWARDS_MS);
	conform_set_control(conform, 0);
}

static void begin(struct conform *conform)
{
	unsigned int i;

	conform_set_control(conform, 0);
	conform->masked = conform_masks(conform);
	conform_set_masks(conform, conform->is_msix ? GENMASK(conform->vectors - 1, 0) : 0);
	if (!conform->is_msix)
		conform_write_msi(conform, conform->first);
	for (i = 0; conform->is_msix && i < conform->vectors; i++)
		conform_write_message(conform, i, i);
	drain(conform);
	if (conform->is_msix)
		conform_set_masks(conform, GENMASK(conform->vectors - 1, 0));
	conform->raised = 0;
	conform->failed = NULL;
	conform->skipped = NULL;
	conform_forget(conform);
}

static void judge(struct conform *conform, const struct conform_rule *rule, bool faulty)
{
	begin(conform);
	conform->fault = faulty ? rule->fault : FAULT_NONE;
	rule->run(conform);
	EXPECT(conform, conform_silent(conform, AFTERWARDS_MS));
	conform->fault = FAULT_NONE;

	if (conform->skipped)
		snprintf(conform->rule, sizeof(conform->rule), "skip %s", conform->skipped);
	else if (conform->failed)
		snprintf(conform->rule, sizeof(conform->rule), "fail %d: %s", conform->line,
			 conform->failed);
	else
		strscpy(conform->rule, "pass", sizeof(conform->rule));
}

static ssize_t rule_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct conform *conform = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", conform->rule);
}

static ssize_t rule_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t len)
{
	struct conform *conform = dev_get_drvdata(dev);
	const struct conform_rule *rule;
	char name[32], word[8];
	int words;

	words = sscanf(buf, "%31s %7s", name, word);
	for (rule = rules(conform); rule->name && strcmp(rule->name, name); rule++)
		;
	if (words < 1 || !rule->name || (words == 2 && strcmp(word, "fault")))
		return -EINVAL;

	mutex_lock(&conform->lock);
	judge(conform, rule, words == 2);
	mutex_unlock(&conform->lock);

	return len;
}
static DEVICE_ATTR_RW(rule);

static ssize_t rules_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct conform_rule *rule;
	int len = 0;

	for (rule = rules(dev_get_drvdata(dev)); rule->name; rule++)
		len += sysfs_emit_at(buf, len, "%s\n", rule->name);

	return len;
}
static DEVICE_ATTR_RO(rules);

static struct attribute *conform_attrs[] = {
	&dev_attr_rule.attr,
	&dev_attr_rules.attr,
	NULL
};

static const struct attribute_group conform_group = {
	.name	= "conform",
	.attrs	= conform_attrs,
};
__ATTRIBUTE_GROUPS(conform);

static u8 __iomem *place(struct conform *conform, unsigned int reg)
{
	u32 value = conform_cap_read(conform, reg, 4);
	u8 __iomem *bar = pcim_iomap(conform->pdev, value & PCI_MSIX_TABLE_BIR, 0);

	return bar ? bar + (value & PCI_MSIX_TABLE_OFFSET) : NULL;
}

static int find_msix(struct conform *conform)
{
	conform->cap = conform->pdev->msix_cap;
	conform->cap_size = PCI_CAP_MSIX_SIZEOF;
	conform->vectors = (conform_control(conform) & PCI_MSIX_FLAGS_QSIZE) + 1;
	conform->vectors = min_t(unsigned int, conform->vectors, CONFORM_VECTORS_MAX);
	conform->raise_at = MSIX_REG_RAISE;
	conform->table = place(conform, PCI_MSIX_TABLE);
	conform->pba = place(conform, PCI_MSIX_PBA);

	return conform->table && conform->pba ? 0 : -ENOMEM;
}

static int find_msi(struct conform *conform)
{
	u16 control;

	conform->cap = conform->pdev->msi_cap;
	control = conform_control(conform);
	conform->cap_size = 12 + (control & PCI_MSI_FLAGS_64BIT ? 4 : 0) +
			    (control & PCI_MSI_FLAGS_MASKBIT ? 8 : 0);
	conform->vectors = min(1U << ((control & PCI_MSI_FLAGS_QMASK) >> 1), 8U);
	conform->raise_at = ATH11K_RAISE;
	conform->first_control = control;

	return conform->cap ? 0 : -ENODEV;
}

static int conform_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct conform *conform;
	int ret;

	conform = devm_kzalloc(&pdev->dev, sizeof(*conform), GFP_KERNEL);
	if (!conform)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	pci_set_master(pdev);

	conform->pdev = pdev;
	conform->is_msix = pdev->msix_cap;
	mutex_init(&conform->lock);
	init_waitqueue_head(&conform->wait);
	conform->registers = pcim_iomap(pdev, 0, 0);
	if (!conform->registers)
		return -ENOMEM;
	ret = conform->is_msix ? find_msix(conform) : find_msi(conform);
	if (ret)
		return ret;
	conform_look(conform);
	ret = conform_messages_get(conform);
	if (ret)
		return ret;
	pci_set_drvdata(pdev, conform);

	return 0;
}

static void conform_remove(struct pci_dev *pdev)
{
	struct conform *conform = pci_get_drvdata(pdev);

	conform_set_control(conform, 0);
	conform_messages_put(conform);
}

static const struct pci_device_id conform_ids[] = {
	{ PCI_DEVICE(MSIX_VENDOR_ID, MSIX_DEVICE_ID) },
	{ PCI_DEVICE(MSI64_VENDOR_ID, MSI64_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, conform_ids);

static struct pci_driver conform_driver = {
	.name		= "conform_guest",
	.id_table	= conform_ids,
	.probe		= conform_probe,
	.remove		= conform_remove,
	.dev_groups	= conform_groups,
};
module_pci_driver(conform_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Judges how a VMM presents MSI-X and MSI");
