// SPDX-License-Identifier: GPL-2.0-only
/*
 * SR-IOV: once the administrator allows it, VFs can be created, are bound to the same
 * driver and have the features of other devices. (Upstream's vfio_pci_sriov_uapi_test has
 * more on tokens between PF and VF.)
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <uuid/uuid.h>

#include "hardware.h"
#include "messages.h"
#include "session.h"
#include "variants.h"

#define VFS	2
/* How often VFs come and go while the PF is used. */
#define ROUNDS	5
#define USE_TRIES	2000
#define USE_PAUSE_US	10000
#define TOKEN	"a3bb189e-8bf9-3888-9912-ace4e6543002"

FIXTURE(sriov) {
	char pf_bdf[BDF_SIZE];
	struct session *pf;
};

FIXTURE_VARIANT(sriov) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(sriov, igb);

FIXTURE_SETUP(sriov)
{
	/* The capability is in extended config space: the host must have MMCONFIG. */
	ASSERT_LT(0, sysfs_sriov_totalvfs_get(lab_bdf(variant->device)));

	self->pf = session_open(variant->device, DRIVER_MSI, variant->mode);
	memcpy(self->pf_bdf, self->pf->bdf, sizeof(self->pf_bdf));
	vfio_device_set_vf_token(self->pf->fd, TOKEN);
}

FIXTURE_TEARDOWN(sriov)
{
	sriov_set_vfs(self->pf_bdf, "0");
	sriov_allow(false);
	session_close(self->pf);
}

TEST_F(sriov, refused_by_default)
{
	ASSERT_EQ(0, sriov_allow(false));
	EXPECT_EQ(-ENOENT, sriov_set_vfs(self->pf_bdf, "1"));
	EXPECT_EQ(0, sysfs_sriov_numvfs_get(self->pf_bdf));
}

TEST_F(sriov, vfs_created_and_removed)
{
	ASSERT_EQ(0, sriov_allow(true));
	ASSERT_EQ(0, sriov_set_vfs(self->pf_bdf, "2"));
	EXPECT_EQ(VFS, sysfs_sriov_numvfs_get(self->pf_bdf));
	for (int i = 0; i < VFS; i++) {
		char *vf = sysfs_sriov_vf_bdf_get(self->pf_bdf, i);

		EXPECT_STREQ(DRIVER_MSI, driver_of(vf));
		free(vf);
	}

	ASSERT_EQ(0, sriov_set_vfs(self->pf_bdf, "0"));
	EXPECT_EQ(0, sysfs_sriov_numvfs_get(self->pf_bdf));
}

struct use {
	int fd;
	int event;
	bool stop;
	unsigned int times;
};

static void *use_pf(void *data)
{
	struct vfio_pci_msi_message msg = {};
	struct use *use = data;
	int mistakes = 0;

	while (!__atomic_load_n(&use->stop, __ATOMIC_RELAXED)) {
		mistakes += !!set_triggers(use->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &use->event);
		mistakes += !!messages_get(use->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &msg, NULL);
		mistakes += !(msg.flags & TRIGGER);
		mistakes += !!disable_irqs(use->fd, VFIO_PCI_MSIX_IRQ_INDEX);
		__atomic_add_fetch(&use->times, 1, __ATOMIC_RELAXED);
	}

	return (void *)(long)mistakes;
}

/* Wait until the PF was used from beginning to end; the use that runs now has begun before. */
static bool used_again(struct use *use)
{
	unsigned int before = __atomic_load_n(&use->times, __ATOMIC_RELAXED);

	for (int i = 0; i < USE_TRIES; i++) {
		if (__atomic_load_n(&use->times, __ATOMIC_RELAXED) - before >= 2)
			return true;
		usleep(USE_PAUSE_US);
	}

	return false;
}

TEST_F(sriov, vfs_come_and_go_while_pf_is_used)
{
	struct use use = { .fd = self->pf->fd, .event = eventfd_new() };
	void *mistakes;
	pthread_t user;
	char *vf;

	ASSERT_EQ(0, sriov_allow(true));
	ASSERT_EQ(0, pthread_create(&user, NULL, use_pf, &use));
	for (int i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(0, sriov_set_vfs(self->pf_bdf, "2"));
		vf = sysfs_sriov_vf_bdf_get(self->pf_bdf, 0);
		EXPECT_STREQ(DRIVER_MSI, driver_of(vf));
		free(vf);
		EXPECT_TRUE(used_again(&use));
		EXPECT_EQ(0, sriov_set_vfs(self->pf_bdf, "0"));
	}
	__atomic_store_n(&use.stop, true, __ATOMIC_RELAXED);
	pthread_join(user, &mistakes);
	TH_LOG("used %u times", use.times);
	EXPECT_EQ(NULL, mistakes);
	close(use.event);
}

/* A VF can be opened only with its PF's token, through the group and through the cdev. */
TEST_F(sriov, vf_needs_token)
{
	struct vfio_pci_device *vf;
	char *bdf;

	ASSERT_EQ(0, sriov_allow(true));
	ASSERT_EQ(0, sriov_set_vfs(self->pf_bdf, "1"));
	bdf = sysfs_sriov_vf_bdf_get(self->pf_bdf, 0);
	vf = vfio_pci_device_alloc(bdf, self->pf->iommu);

	if (self->pf->iommu->mode->container_path) {
		vfio_pci_group_setup(vf, bdf);
		__vfio_pci_group_get_device_fd(vf, bdf, NULL);
		EXPECT_GT(0, vf->fd);
		__vfio_pci_group_get_device_fd(vf, bdf, TOKEN);
	} else {
		int iommufd = self->pf->iommu->iommufd;

		vfio_pci_cdev_open(vf, bdf);
		EXPECT_NE(0, __vfio_device_bind_iommufd(vf->fd, iommufd, NULL));
		EXPECT_EQ(0, __vfio_device_bind_iommufd(vf->fd, iommufd,
							TOKEN));
	}
	EXPECT_LT(0, vf->fd);

	/* The VF has the features, like other devices. */
	EXPECT_EQ(0, novirt_set(vf->fd));
	EXPECT_TRUE(novirt_on(vf->fd));
	close(vf->fd);
	if (vf->group_fd)
		close(vf->group_fd);
	vfio_pci_device_free(vf);
	free(bdf);
}

LAB_MAIN
