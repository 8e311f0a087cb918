// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the platform check that a message comes from the device that it was given to?
 */

#include <linux/iommu.h>
#ifdef CONFIG_EEH
#include <asm/eeh.h>
#endif

#include "compat.h"
#include "msi_vfio_pci.h"

#ifdef CONFIG_EEH
/*
 * The host bridge drops messages that a partitionable endpoint (PE) sends but does not
 * own. A group can have a PE while EEH is off; nothing is checked then.
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

	/*
	 * MSI domains carry no isolation information on powerpc, where older kernels
	 * say yes.
	 */
	if (IS_ENABLED(CONFIG_PPC))
		return isolated_by_eeh(dev);

	return compat_isolated_msi(dev);
}
