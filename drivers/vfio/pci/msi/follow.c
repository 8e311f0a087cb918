// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host moves vectors to other CPUs, which gives them other messages if it does not
 * remap interrupts. Notices that, brings slots up to date and tells the user.
 */

#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/irq.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include "msi_vfio_pci.h"

/*
 * Under the interrupt's lock, when it was given a message: by SET_IRQS, when the
 * interrupt is started, and when it moves to another CPU.
 */
static void message_written(struct msi_desc *desc, void *mdev)
{
	msi_vfio_pci_queue_host_check(mdev);
}

static void watch_vector(struct msi_vfio_pci_device *mdev, unsigned int irq)
{
	struct msi_desc *desc = irq_get_msi_desc(irq);

	desc->write_msi_msg_data = mdev;
	/* Who sees the function also sees its argument. */
	smp_store_release(&desc->write_msi_msg, message_written);
}

static void unwatch_vector(unsigned int irq)
{
	struct msi_desc *desc = irq_get_msi_desc(irq);

	if (!desc->write_msi_msg)
		return;

	WRITE_ONCE(desc->write_msi_msg, NULL);
	/* This takes the interrupt's lock: whoever still calls it has done so. */
	irq_modify_status(irq, 0, 0);
}

/*
 * What the PCI core writes a message for. Without MSI and MSI-X, vector 0 would be
 * INTx, which has none. Isolated messages stay what they are.
 */
static unsigned int nr_watchable(struct msi_vfio_pci_device *mdev)
{
	u32 index = mdev->core.irq_type;

	return !mdev->isolated && msi_vfio_pci_is_msi(index) ? mdev->nr_known : 0;
}

/**
 * msi_vfio_pci_watch_vectors - begin to hear of messages that change
 * @mdev: device, with @state held
 *
 * Only where somebody wants to know, and a move is a new message.
 */
void msi_vfio_pci_watch_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = mdev->notify ? nr_watchable(mdev) : 0;
	int irq;

	for (i = 0; i < count; i++) {
		irq = pci_irq_vector(mdev->core.pdev, i);
		if (irq > 0)
			watch_vector(mdev, irq);
	}

	/* What changed meanwhile nobody else tells. */
	if (count)
		msi_vfio_pci_queue_host_check(mdev);
}

/* Nothing is noticed of these vectors any more when this has returned. */
static void unwatch_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, count = nr_watchable(mdev);
	int irq;

	for (i = 0; i < count; i++) {
		irq = pci_irq_vector(mdev->core.pdev, i);
		if (irq > 0)
			unwatch_vector(irq);
	}
}

/**
 * msi_vfio_pci_set_notify - SET of MSI_NOTIFY
 * @mdev: open device
 * @fd: eventfd, or -1
 *
 * Return: 0; -EBADF or -EINVAL: @fd is no eventfd.
 */
int msi_vfio_pci_set_notify(struct msi_vfio_pci_device *mdev, int fd)
{
	struct eventfd_ctx *notify = NULL;
	int ret = 0;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0)
		notify = eventfd_ctx_fdget(fd);
	if (IS_ERR(notify))
		return PTR_ERR(notify);

	if (mutex_lock_killable(&mdev->state)) {
		ret = -EINTR;
		goto out;
	}
	unwatch_vectors(mdev);
	swap(mdev->notify, notify);
	/* From here on moves are told from what was allocated before. */
	if (mdev->notify)
		msi_vfio_pci_update_messages(mdev);
	msi_vfio_pci_watch_vectors(mdev);
	mutex_unlock(&mdev->state);

out:
	if (notify)
		eventfd_ctx_put(notify);

	return ret;
}

/**
 * msi_vfio_pci_close_notify - forget who wanted to know; before vectors are freed
 * @mdev: device, with @state held
 */
void msi_vfio_pci_close_notify(struct msi_vfio_pci_device *mdev)
{
	unwatch_vectors(mdev);
	if (mdev->notify)
		eventfd_ctx_put(mdev->notify);
	mdev->notify = NULL;
}

/**
 * msi_vfio_pci_check_host_messages - do what follows if the host has moved a vector
 * @mdev: open device, with @state held
 *
 * An affinity that was changed, a CPU that was unplugged: on a host that does not
 * remap interrupts the message is another one then.
 *
 * Return: true if this has to be called again when the device is awake.
 */
bool msi_vfio_pci_check_host_messages(struct msi_vfio_pci_device *mdev)
{
	msi_vfio_pci_update_messages(mdev);

	return msi_vfio_pci_windows_check_host(mdev);
}

/*
 * A CPU that is unplugged has its vectors moved to another one, whatever they are
 * pinned to, and no notifier of the interrupt tells of that. This is the dynamic state
 * that the callback got, one for all devices.
 */
static enum cpuhp_state hotplug_state;

/* A call of the user can hold @state for long, and a worker must not wait for it. */
static void check_host_work(struct work_struct *work)
{
	struct msi_vfio_pci_device *mdev =
		container_of(to_delayed_work(work), struct msi_vfio_pci_device,
			     host_work);
	bool again = true;

	if (mutex_trylock(&mdev->state)) {
		again = mdev->open && msi_vfio_pci_check_host_messages(mdev);
		mutex_unlock(&mdev->state);
	}

	if (again)
		queue_delayed_work(system_freezable_wq, &mdev->host_work,
				   HZ / 10);
}

/**
 * msi_vfio_pci_queue_host_check - have the messages looked at soon
 * @mdev: device, bound and maybe not open
 *
 * Takes no lock and waits for nothing.
 */
void msi_vfio_pci_queue_host_check(struct msi_vfio_pci_device *mdev)
{
	/* A host's suspend unplugs CPUs: not before it is known what was lost. */
	queue_delayed_work(system_freezable_wq, &mdev->host_work, 0);
}

/* Hotplug waits for nobody: what @state is needed for is done later. */
static int cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct msi_vfio_pci_device *mdev =
		hlist_entry(node, struct msi_vfio_pci_device, hotplug_node);

	cpumask_set_cpu(cpu, &mdev->unplugged_cpus);
	WRITE_ONCE(mdev->cpu_was_unplugged, true);
	if (!mdev->isolated)
		msi_vfio_pci_queue_host_check(mdev);

	return 0;
}

/**
 * msi_vfio_pci_follow_open - begin to follow a device's messages
 * @mdev: a device that has been opened
 */
void msi_vfio_pci_follow_open(struct msi_vfio_pci_device *mdev)
{
	cpumask_clear(&mdev->unplugged_cpus);
	mdev->cpu_was_unplugged = false;
	/* Without a startup callback this cannot fail. */
	cpuhp_state_add_instance_nocalls(hotplug_state, &mdev->hotplug_node);
}

/**
 * msi_vfio_pci_follow_close - undo msi_vfio_pci_follow_open()
 * @mdev: a device that is being closed, without @state held
 */
void msi_vfio_pci_follow_close(struct msi_vfio_pci_device *mdev)
{
	cpuhp_state_remove_instance_nocalls(hotplug_state, &mdev->hotplug_node);
	cancel_delayed_work_sync(&mdev->host_work);
}

void msi_vfio_pci_follow_init_dev(struct msi_vfio_pci_device *mdev)
{
	INIT_DELAYED_WORK(&mdev->host_work, check_host_work);
}

/* A device that wakes up while nobody has it open can still start the work. */
void msi_vfio_pci_follow_release_dev(struct msi_vfio_pci_device *mdev)
{
	cancel_delayed_work_sync(&mdev->host_work);
}

int msi_vfio_pci_follow_init(void)
{
	/* Of these states the callback runs when the CPU is gone already. */
	int ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					  "vfio/pci/msi:dead", NULL, cpu_dead);

	if (ret < 0)
		return ret;
	hotplug_state = ret;

	return 0;
}

void msi_vfio_pci_follow_exit(void)
{
	cpuhp_remove_multi_state(hotplug_state);
}
