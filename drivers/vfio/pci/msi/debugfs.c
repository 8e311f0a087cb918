// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/msi-vfio-pci/DEVICE/vectors: the vectors of a device, also
 * while a VMM owns it.
 */

#include <linux/debugfs.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>

#include "msi_vfio_pci.h"

static struct dentry *root;

static const struct {
	u32 flag;
	const char *name;
} flag_names[] = {
	{ VFIO_PCI_MSI_MESSAGE_TRIGGER, "trigger" },
	{ VFIO_PCI_MSI_MESSAGE_MASKED, "masked" },
	{ VFIO_PCI_MSI_MESSAGE_PENDING, "pending" },
	{ VFIO_PCI_MSI_MESSAGE_STALE, "stale" },
};

static void show_flags(struct seq_file *seq, u32 flags)
{
	const char *sep = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(flags & flag_names[i].flag))
			continue;
		seq_printf(seq, "%s%s", sep, flag_names[i].name);
		sep = ",";
	}
	seq_puts(seq, *sep ? "\n" : "-\n");
}

static void show_header(struct seq_file *seq, struct msi_vfio_pci_device *mdev)
{
	const char *name = "none";

	if (!mdev->open) {
		seq_puts(seq, "# closed\n");
		return;
	}

	if (mdev->core.irq_type == VFIO_PCI_MSI_IRQ_INDEX)
		name = "msi";
	else if (mdev->core.irq_type == VFIO_PCI_MSIX_IRQ_INDEX)
		name = "msix";
	seq_printf(seq, "# generation %llu index %s\n", mdev->generation, name);
}

static int show_vector(struct seq_file *seq, struct msi_vfio_pci_device *mdev,
		       unsigned int nr)
{
	struct pci_dev *pdev = mdev->core.pdev;
	struct vfio_pci_msi_message msg;
	bool awake;

	/* To look must not wake a device that its owner has put to sleep. */
	awake = pm_runtime_get_if_in_use(&pdev->dev) > 0;
	msi_vfio_pci_messages(mdev, mdev->core.irq_type, nr, 1, awake, &msg);
	if (awake)
		pm_runtime_put(&pdev->dev);

	if (!(msg.flags & VFIO_PCI_MSI_MESSAGE_ALLOCATED))
		return SEQ_SKIP;

	seq_printf(seq, "%u %d 0x%llx 0x%x ", nr, pci_irq_vector(pdev, nr),
		   msg.address, msg.data);
	show_flags(seq, msg.flags);

	return 0;
}

/* Position 0 is the header, position n + 1 is vector n. */
static void *vectors_at(struct msi_vfio_pci_device *mdev, loff_t *pos)
{
	unsigned int count = 0;

	if (mdev->open && (mdev->core.irq_type == VFIO_PCI_MSI_IRQ_INDEX ||
			   mdev->core.irq_type == VFIO_PCI_MSIX_IRQ_INDEX))
		count = msi_vfio_pci_vector_count(mdev, mdev->core.irq_type);

	return *pos <= count ? pos : NULL;
}

static void *vectors_start(struct seq_file *seq, loff_t *pos)
{
	struct msi_vfio_pci_device *mdev = seq->private;

	if (mutex_lock_interruptible(&mdev->state))
		return ERR_PTR(-EINTR);

	return vectors_at(mdev, pos);
}

static void *vectors_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;

	return vectors_at(seq->private, pos);
}

static void vectors_stop(struct seq_file *seq, void *v)
{
	struct msi_vfio_pci_device *mdev = seq->private;

	if (!IS_ERR(v))
		mutex_unlock(&mdev->state);
}

static int vectors_show(struct seq_file *seq, void *v)
{
	loff_t pos = *(loff_t *)v;

	if (pos)
		return show_vector(seq, seq->private, pos - 1);

	show_header(seq, seq->private);

	return 0;
}

static const struct seq_operations vectors_sops = {
	.start	= vectors_start,
	.next	= vectors_next,
	.stop	= vectors_stop,
	.show	= vectors_show,
};
DEFINE_SEQ_ATTRIBUTE(vectors);

/**
 * msi_vfio_pci_debugfs_add - make a bound device's folder
 * @mdev: device
 */
void msi_vfio_pci_debugfs_add(struct msi_vfio_pci_device *mdev)
{
	mdev->debugfs = debugfs_create_dir(pci_name(mdev->core.pdev), root);
	debugfs_create_file("vectors", 0400, mdev->debugfs, mdev,
			    &vectors_fops);
}

/**
 * msi_vfio_pci_debugfs_remove - undo msi_vfio_pci_debugfs_add(); waits for readers
 * @mdev: device
 */
void msi_vfio_pci_debugfs_remove(struct msi_vfio_pci_device *mdev)
{
	debugfs_remove_recursive(mdev->debugfs);
}

void msi_vfio_pci_debugfs_init(void)
{
	root = debugfs_create_dir("msi-vfio-pci", NULL);
}

void msi_vfio_pci_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
