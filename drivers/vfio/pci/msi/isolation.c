// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the platform check that a message comes from the device that owns it?
 */

#include <linux/iommu.h>
#ifdef CONFIG_EEH
#include <asm/eeh.h>
#endif

#include "compat.h"
#include "msi_vfio_pci.h"

#ifdef CONFIG_EEH
/*
 * The host bridge drops the messages of a partitionable endpoint (PE) that are
 * not its own. A group can have a PE with EEH off, when nothing is checked.
 */
static bool isolated_by_eeh(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	bool isolated;

	isolated = group && eeh_enabled() && eeh_iommu_group_to_pe(group);
	iommu_group_put(group);

	return isolated;
}
#else
static bool isolated_by_eeh(struct device *dev)
{
	return false;
}
#endif

/**
 * msi_vfio_pci_isolated - does the platform isolate the device's messages
 * @mdev: device
 *
 * Return: true only where that is certain.
 */
bool msi_vfio_pci_isolated(struct msi_vfio_pci_device *mdev)
{
	struct device *dev = &mdev->core.pdev->dev;

	/* Of powerpc the MSI domains know nothing; older kernels then say yes. */
	if (IS_ENABLED(CONFIG_PPC))
		return isolated_by_eeh(dev);

	return compat_isolated_msi(dev);
}
