// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU that is unplugged has its vectors moved to another one, whatever they
 * are pinned to. A host that does not remap interrupts gives them other messages,
 * which slots do not hear of and no notifier of the interrupt tells.
 */

#include <linux/cpuhotplug.h>
#include <linux/workqueue.h>

#include "msi_vfio_pci.h"

/* The dynamic state that the callback got, one for all devices. */
static enum cpuhp_state cpu_state;

/* A user can hold @state for long: a worker of the system does not wait for him. */
static void follow_host(struct work_struct *work)
{
	struct msi_vfio_pci_device *mdev =
		container_of(to_delayed_work(work), struct msi_vfio_pci_device,
			     cpu_work);
	bool again = true;

	if (mutex_trylock(&mdev->state)) {
		again = false;
		if (mdev->open)
			again |= msi_vfio_pci_follow_host(mdev);
		mutex_unlock(&mdev->state);
	}

	if (again)
		queue_delayed_work(system_freezable_wq, &mdev->cpu_work,
				   HZ / 10);
}

/**
 * msi_vfio_pci_cpu_look - have the messages looked at soon
 * @mdev: device, bound and maybe not open
 *
 * Takes no lock and waits for nothing.
 */
void msi_vfio_pci_cpu_look(struct msi_vfio_pci_device *mdev)
{
	/* A host's suspend unplugs CPUs: not before it is known what was lost. */
	queue_delayed_work(system_freezable_wq, &mdev->cpu_work, 0);
}

/* Hotplug waits for nobody: what @state is needed for is done later. */
static int cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct msi_vfio_pci_device *mdev =
		hlist_entry(node, struct msi_vfio_pci_device, cpu_node);

	msi_vfio_pci_cpu_look(mdev);

	return 0;
}

/**
 * msi_vfio_pci_cpu_open - begin to follow a device's messages
 * @mdev: a device that has been opened
 */
void msi_vfio_pci_cpu_open(struct msi_vfio_pci_device *mdev)
{
	if (mdev->isolated)
		return;

	/* Without a startup callback this cannot fail. */
	cpuhp_state_add_instance_nocalls(cpu_state, &mdev->cpu_node);
}

/**
 * msi_vfio_pci_cpu_close - undo msi_vfio_pci_cpu_open()
 * @mdev: a device that is being closed, without @state held
 */
void msi_vfio_pci_cpu_close(struct msi_vfio_pci_device *mdev)
{
	if (!mdev->isolated)
		cpuhp_state_remove_instance_nocalls(cpu_state, &mdev->cpu_node);
	cancel_delayed_work_sync(&mdev->cpu_work);
}

void msi_vfio_pci_cpu_init_dev(struct msi_vfio_pci_device *mdev)
{
	INIT_DELAYED_WORK(&mdev->cpu_work, follow_host);
}

/* A device that wakes up while nobody has it open can still start the work. */
void msi_vfio_pci_cpu_release_dev(struct msi_vfio_pci_device *mdev)
{
	cancel_delayed_work_sync(&mdev->cpu_work);
}

int msi_vfio_pci_cpu_init(void)
{
	/* Of these states the callback runs when the CPU is gone already. */
	int ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					  "vfio/pci/msi:dead", NULL, cpu_dead);

	if (ret < 0)
		return ret;
	cpu_state = ret;

	return 0;
}

void msi_vfio_pci_cpu_exit(void)
{
	cpuhp_remove_multi_state(cpu_state);
}
