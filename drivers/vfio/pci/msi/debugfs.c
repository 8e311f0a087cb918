// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/msi-vfio-pci/DEVICE: a bound device, also while a VMM has it open.
 *
 * sessions	how many sessions there have been, including the present one
 *
 * The other files say "# closed" if there is no session. Else they have a line for each
 *
 * vectors	vector: NUMBER IRQ ADDRESS DATA FLAGS; the IRQ of a dummy one is 0
 * windows	window: window REGION OFFSET SIZE DATA_OFFSET FLAGS ADDRESSES DATA
 *		WITHHELD UNDONE SLOTS
 *		and after it, if it has holes, a line for each range: range OFFSET SIZE
 *		and, if it has a select register: select OFFSET MASK
 *		and a line for each of its slots: slot OFFSET ADDRESS DATA
 *		VECTOR DATA_DISTANCE FLAGS LEARNED. In a LEARN window, LEARNED has all
 *		that may be the slot's data: DISTANCE:DATA:VECTOR,... With a select register
 *		PAGE follows.
 */

#include <linux/debugfs.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "msi_vfio_pci.h"

static struct dentry *root;

static const struct msi_vfio_pci_flag_name vector_flags[] = {
	{ VFIO_PCI_MSI_MESSAGE_TRIGGER, "trigger" },
	{ VFIO_PCI_MSI_MESSAGE_MASKED, "masked" },
	{ VFIO_PCI_MSI_MESSAGE_PENDING, "pending" },
	{ VFIO_PCI_MSI_MESSAGE_DUMMY, "dummy" },
	{ VFIO_PCI_MSI_MESSAGE_STALE, "stale" },
	{ VFIO_PCI_MSI_MESSAGE_INACTIVE, "inactive" },
	{ VFIO_PCI_MSI_MESSAGE_DISABLED, "disabled" },
	{}
};

static const struct msi_vfio_pci_flag_name slot_flags[] = {
	{ VFIO_PCI_MSI_SLOT_ADDRESS, "address" },
	{ VFIO_PCI_MSI_SLOT_DATA, "data" },
	{ VFIO_PCI_MSI_SLOT_OWED, "owed" },
	{}
};

static void show_header(struct seq_file *seq, struct msi_vfio_pci_device *mdev)
{
	u32 index = msi_vfio_pci_enabled_index(mdev);
	const char *name = "none";

	if (!mdev->open) {
		seq_puts(seq, "# closed\n");
		return;
	}

	if (index == VFIO_PCI_MSI_IRQ_INDEX)
		name = "msi";
	else if (index == VFIO_PCI_MSIX_IRQ_INDEX)
		name = "msix";
	seq_printf(seq, "# generation %llu index %s\n", mdev->generation, name);
}

static int show_vector(struct seq_file *seq, struct msi_vfio_pci_device *mdev,
		       unsigned int nr)
{
	struct pci_dev *pdev = mdev->core.pdev;
	char flags[MSI_VFIO_PCI_FLAGS_TEXT];
	struct vfio_pci_msi_message msg;
	int irq = 0;
	bool awake;

	/* Reading the file must not wake a device that its user has put to sleep. */
	awake = pm_runtime_get_if_in_use(&pdev->dev) > 0;
	msi_vfio_pci_messages(mdev, msi_vfio_pci_enabled_index(mdev), nr, 1,
			      awake, &msg);
	if (awake)
		pm_runtime_put(&pdev->dev);

	if (msg.flags & VFIO_PCI_MSI_MESSAGE_ALLOCATED)
		irq = pci_irq_vector(pdev, nr);
	else if (!(msg.flags & VFIO_PCI_MSI_MESSAGE_DUMMY))
		return SEQ_SKIP;

	msi_vfio_pci_format_flags(vector_flags, msg.flags, flags);
	seq_printf(seq, "%u %d 0x%llx 0x%x %s\n", nr, irq, msg.address, msg.data,
		   flags);

	return 0;
}

/* Position 0 is the header, position n + 1 is vector n. */
static void *vectors_at(struct msi_vfio_pci_device *mdev, loff_t *pos)
{
	u32 index = msi_vfio_pci_enabled_index(mdev);
	unsigned int count = 0;

	if (mdev->open && (index == VFIO_PCI_MSI_IRQ_INDEX ||
			   index == VFIO_PCI_MSIX_IRQ_INDEX))
		count = mdev->nr_vectors;

	return *pos <= count ? pos : NULL;
}

static void unlock_state(struct seq_file *seq, void *v)
{
	struct msi_vfio_pci_device *mdev = seq->private;

	if (!IS_ERR(v))
		mutex_unlock(&mdev->state);
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
	.stop	= unlock_state,
	.show	= vectors_show,
};
DEFINE_SEQ_ATTRIBUTE(vectors);

static void show_learned(struct seq_file *seq, struct msi_vfio_pci_device *mdev,
			 unsigned int nr, u32 page, u64 offset)
{
	const char *separator = " ";
	u32 distance, data, vector;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4) {
		if (!msi_vfio_pci_get_learned(mdev, nr, page, offset, distance,
					      &data, &vector))
			continue;
		seq_printf(seq, "%s%u:0x%x:%u", separator, distance, data,
			   vector);
		separator = ",";
	}
	if (*separator == ' ')
		seq_puts(seq, " -");
}

static void show_slot(struct seq_file *seq, struct msi_vfio_pci_device *mdev,
		      unsigned int nr, const struct msi_vfio_pci_slot *entry)
{
	const struct vfio_device_feature_pci_msi_ranges *desc =
		&mdev->windows[nr]->desc;
	const struct vfio_pci_msi_slot *slot = &entry->slot;
	char flags[MSI_VFIO_PCI_FLAGS_TEXT];

	msi_vfio_pci_format_flags(slot_flags, slot->flags, flags);
	seq_printf(seq, "slot 0x%llx 0x%llx 0x%x %u %u %s", slot->offset,
		   slot->guest_address, slot->guest_data, slot->vector,
		   slot->data_distance, flags);
	if (desc->flags & VFIO_PCI_MSI_WINDOW_LEARN)
		show_learned(seq, mdev, nr, entry->page, slot->offset);
	else
		seq_puts(seq, " -");
	if (desc->select_mask)
		seq_printf(seq, " 0x%x", entry->page);
	seq_putc(seq, '\n');
}

static void show_ranges(struct seq_file *seq,
			const struct vfio_device_feature_pci_msi_ranges *desc)
{
	unsigned int i;

	for (i = 0; desc->count > 1 && i < desc->count; i++)
		seq_printf(seq, "range 0x%llx 0x%llx\n", desc->range[i].offset,
			   desc->range[i].size);
	if (desc->select_mask)
		seq_printf(seq, "select 0x%llx 0x%x\n", desc->select_offset,
			   desc->select_mask);
}

static int show_window(struct seq_file *seq, struct msi_vfio_pci_device *mdev,
		       unsigned int nr)
{
	struct vfio_device_feature_pci_msi_window_state state = { .window = nr };
	char flags[MSI_VFIO_PCI_FLAGS_TEXT];
	struct msi_vfio_pci_slot *slots;
	unsigned int i;

	slots = kvcalloc(MSI_VFIO_PCI_MAX_SLOTS, sizeof(*slots),
			 GFP_KERNEL_ACCOUNT);
	if (!slots)
		return -ENOMEM;

	msi_vfio_pci_get_window(mdev, &state, slots);
	msi_vfio_pci_format_flags(msi_vfio_pci_window_flags, state.flags, flags);
	seq_printf(seq, "window %u 0x%llx 0x%llx %u %s %llu %llu %llu %llu %u\n",
		   state.region, state.offset, state.size, state.data_offset,
		   flags, state.addresses, state.data, state.withheld,
		   state.undone, state.count);
	show_ranges(seq, &mdev->windows[nr]->desc);
	for (i = 0; i < state.count; i++)
		show_slot(seq, mdev, nr, &slots[i]);
	kvfree(slots);

	return 0;
}

/* Position 0 is the header, position n + 1 is window n with its slots. */
static void *windows_at(struct msi_vfio_pci_device *mdev, loff_t *pos)
{
	return *pos <= (mdev->open ? mdev->nr_windows : 0) ? pos : NULL;
}

static void *windows_start(struct seq_file *seq, loff_t *pos)
{
	struct msi_vfio_pci_device *mdev = seq->private;

	if (mutex_lock_interruptible(&mdev->state))
		return ERR_PTR(-EINTR);

	return windows_at(mdev, pos);
}

static void *windows_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;

	return windows_at(seq->private, pos);
}

static int windows_show(struct seq_file *seq, void *v)
{
	struct msi_vfio_pci_device *mdev = seq->private;
	loff_t pos = *(loff_t *)v;

	if (pos)
		return show_window(seq, mdev, pos - 1);

	if (mdev->open)
		seq_printf(seq, "# windows %u\n", mdev->nr_windows);
	else
		seq_puts(seq, "# closed\n");

	return 0;
}

static const struct seq_operations windows_sops = {
	.start	= windows_start,
	.next	= windows_next,
	.stop	= unlock_state,
	.show	= windows_show,
};
DEFINE_SEQ_ATTRIBUTE(windows);

/**
 * msi_vfio_pci_debugfs_add - make a bound device's folder
 * @mdev: device
 */
void msi_vfio_pci_debugfs_add(struct msi_vfio_pci_device *mdev)
{
	mdev->debugfs = debugfs_create_dir(pci_name(mdev->core.pdev), root);
	debugfs_create_u32("sessions", 0400, mdev->debugfs, &mdev->sessions);
	debugfs_create_file("vectors", 0400, mdev->debugfs, mdev,
			    &vectors_fops);
	debugfs_create_file("windows", 0400, mdev->debugfs, mdev,
			    &windows_fops);
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
