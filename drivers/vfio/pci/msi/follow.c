// SPDX-License-Identifier: GPL-2.0-only
/*
 * Follows the host: if it does not remap interrupts, a vector that it moves to another
 * CPU gets another message. Slots are then written again and the user is notified.
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
 * The PCI core has written a message for the interrupt: in SET_IRQS, when the interrupt
 * is started, when it moves to another CPU, or when the message is restored after a reset
 * or a sleep. A restore does not hold the interrupt's lock, so this can still run when
 * the device is being closed. The worker checks that.
 */
static void message_written(struct msi_desc *desc, void *data)
{
	struct msi_vfio_pci_device *mdev = data;

	/* Who finds a bit set reads what was written before. */
	smp_mb__before_atomic();
	set_bit(MSI_VFIO_PCI_SLOTS, &mdev->message_written);
	set_bit(MSI_VFIO_PCI_GENERATION, &mdev->message_written);
	/* Who sets an eventfd or ends a SET_IRQS after these reads finds the bits set. */
	smp_mb__after_atomic();
	if (!READ_ONCE(mdev->in_set_irqs) &&
	    (READ_ONCE(mdev->notify) || READ_ONCE(mdev->nr_windows)))
		msi_vfio_pci_queue_host_check(mdev);
}

/**
 * msi_vfio_pci_begin_set_irqs - lock @state, as the kernel may write messages for this task
 * @mdev: open device
 *
 * The task is going to read the messages itself. So until msi_vfio_pci_end_set_irqs() no
 * worker is queued for messages that are written, also if a vector moves meanwhile.
 *
 * Return: 0, or -EINTR if the task is being killed.
 */
int msi_vfio_pci_begin_set_irqs(struct msi_vfio_pci_device *mdev)
{
	int ret = mutex_lock_killable(&mdev->state);

	if (!ret)
		WRITE_ONCE(mdev->in_set_irqs, true);

	return ret;
}

/* Has the kernel written a message that somebody waits for, and that was not read? */
static bool has_unread_messages(struct msi_vfio_pci_device *mdev)
{
	return (mdev->notify &&
		test_bit(MSI_VFIO_PCI_GENERATION, &mdev->message_written)) ||
	       (mdev->nr_windows && mdev->env.vectors &&
		test_bit(MSI_VFIO_PCI_SLOTS, &mdev->message_written));
}

/**
 * msi_vfio_pci_end_set_irqs - undo msi_vfio_pci_begin_set_irqs()
 * @mdev: open device, with @state held, which is unlocked
 *
 * Messages that were written after the task has read them are the worker's.
 */
void msi_vfio_pci_end_set_irqs(struct msi_vfio_pci_device *mdev)
{
	bool unread;

	WRITE_ONCE(mdev->in_set_irqs, false);
	/* Pairs with the barrier after the bits are set in message_written(). */
	smp_mb();
	unread = has_unread_messages(mdev);
	mutex_unlock(&mdev->state);
	/* Before that, the worker would find @state locked, and wait. */
	if (unread)
		msi_vfio_pci_queue_host_check(mdev);
}

/*
 * The function stays until the vector is freed: the PCI core reads the pointer twice, to
 * check and to call it.
 */
static void watch_vector(struct msi_vfio_pci_device *mdev, unsigned int nr)
{
	struct irq_data *data = msi_vfio_pci_irq_data(mdev, nr);
	struct msi_desc *desc = data ? irq_data_get_msi_desc(data) : NULL;

	if (!desc || READ_ONCE(desc->write_msi_msg) == message_written)
		return;
	desc->write_msi_msg_data = mdev;
	/* A CPU that sees the function also sees its argument. */
	smp_store_release(&desc->write_msi_msg, message_written);
	/*
	 * A move that did not see it has the interrupt's lock until its message is stored: after
	 * this, who reads the message reads that one.
	 */
	irq_modify_status(data->irq, 0, 0);
}

/**
 * msi_vfio_pci_watch_vectors - have the kernel report when it writes messages of vectors
 * @mdev: device, with @state held
 * @start: first vector
 * @end: first vector after them
 *
 * What was written before is not reported. Does nothing if moves do not change messages.
 */
void msi_vfio_pci_watch_vectors(struct msi_vfio_pci_device *mdev, u32 start, u64 end)
{
	u32 index = mdev->core.irq_type;
	u32 i;

	if (mdev->isolated)
		return;

	/* All vectors of MSI have one descriptor. */
	if (index == VFIO_PCI_MSI_IRQ_INDEX)
		watch_vector(mdev, 0);
	else
		for (i = start; i < min_t(u64, end, mdev->nr_vectors); i++)
			watch_vector(mdev, i);
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
	struct eventfd_ctx *notify = NULL, *old;
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
	old = mdev->notify;
	WRITE_ONCE(mdev->notify, notify);
	notify = old;
	/* The user is notified of moves after this, not of earlier ones. */
	if (mdev->notify)
		msi_vfio_pci_update_messages(mdev);
	mutex_unlock(&mdev->state);

out:
	if (notify)
		eventfd_ctx_put(notify);

	return ret;
}

/**
 * msi_vfio_pci_close_notify - drop the user's eventfd, before vectors are freed
 * @mdev: device, with @state held
 */
void msi_vfio_pci_close_notify(struct msi_vfio_pci_device *mdev)
{
	struct eventfd_ctx *notify = mdev->notify;

	WRITE_ONCE(mdev->notify, NULL);
	if (notify)
		eventfd_ctx_put(notify);
}

/**
 * msi_vfio_pci_check_host_messages - check whether the host has moved a vector
 * @mdev: open device, with @state held
 *
 * On a host that does not remap interrupts, a vector gets another message when its
 * affinity is changed or its CPU is unplugged. Counts a generation and writes the new
 * message into slots then.
 *
 * Return: true if this has to be called again when the device is awake.
 */
bool msi_vfio_pci_check_host_messages(struct msi_vfio_pci_device *mdev)
{
	msi_vfio_pci_update_messages(mdev);

	return msi_vfio_pci_windows_check_host(mdev);
}

/*
 * When a CPU is unplugged the kernel moves its vectors, even pinned ones, and calls no
 * notifier of the interrupt. So there is a hotplug callback. This is its state, which
 * the kernel has allocated dynamically, for all devices.
 */
static enum cpuhp_state hotplug_state;

/* A call of the user can hold @state for long; a worker must not wait for that. */
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
 * msi_vfio_pci_queue_host_check - have a worker check the host messages soon
 * @mdev: bound device, maybe not open
 *
 * Takes no lock and waits for nothing.
 */
void msi_vfio_pci_queue_host_check(struct msi_vfio_pci_device *mdev)
{
	/*
	 * Freezable, as a host's suspend unplugs CPUs: the worker must not run before
	 * it is known what the device has lost.
	 */
	queue_delayed_work(system_freezable_wq, &mdev->host_work, 0);
}

/* Must not wait for @state: the worker does what needs it. */
static int cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct msi_vfio_pci_device *mdev =
		hlist_entry(node, struct msi_vfio_pci_device, hotplug_node);

	cpumask_set_cpu(cpu, mdev->unplugged_cpus);
	WRITE_ONCE(mdev->cpu_was_unplugged, true);
	if (!mdev->isolated)
		msi_vfio_pci_queue_host_check(mdev);

	return 0;
}

/**
 * msi_vfio_pci_follow_open - begin to follow the host for a device
 * @mdev: a device that has been opened
 */
void msi_vfio_pci_follow_open(struct msi_vfio_pci_device *mdev)
{
	cpumask_clear(mdev->unplugged_cpus);
	mdev->cpu_was_unplugged = false;
	/* Cannot fail, as there is no startup callback. */
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

/* Returns 0 or -ENOMEM. */
int msi_vfio_pci_follow_init_dev(struct msi_vfio_pci_device *mdev)
{
	INIT_DELAYED_WORK(&mdev->host_work, check_host_work);

	return zalloc_cpumask_var(&mdev->unplugged_cpus, GFP_KERNEL) ? 0 :
								      -ENOMEM;
}

/* The work can also be queued when a device wakes up that is not open. */
void msi_vfio_pci_follow_release_dev(struct msi_vfio_pci_device *mdev)
{
	cancel_delayed_work_sync(&mdev->host_work);
	free_cpumask_var(mdev->unplugged_cpus);
}

int msi_vfio_pci_follow_init(void)
{
	/* Teardown callbacks of PREPARE states run after the CPU is gone. */
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
