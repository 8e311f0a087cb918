// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device at work: libvfio's driver for igb uses DMA and MSI-X while features of
 * msi-vfio-pci are in use.
 */
#include <string.h>
#include <sys/mman.h>

#include <linux/sizes.h>

#include "messages.h"
#include "session.h"
#include "variants.h"

#define COPY_SIZE	SZ_4K

FIXTURE(igb) {
	struct iommu *iommu;
	struct vfio_pci_device *device;
	struct iova_allocator *iovas;
	struct dma_region memory;
	int fd;
	int msi_fd;
};

FIXTURE_VARIANT(igb) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(igb, igb);

static void map_memory(struct iommu *iommu, struct iova_allocator *iovas,
		       struct dma_region *region)
{
	region->size = SZ_2M;
	region->vaddr = mmap(NULL, region->size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(region->vaddr, MAP_FAILED);
	region->iova = iova_allocator_alloc(iovas, region->size);
	iommu_map(iommu, region);
}

FIXTURE_SETUP(igb)
{
	const char *bdf = lab_bdf(variant->device);
	struct vfio_pci_driver *driver;

	driver_bind(bdf, DRIVER_MSI);
	self->iommu = iommu_init(variant->mode);
	self->device = vfio_pci_device_init(bdf, self->iommu);
	self->iovas = iova_allocator_init(self->iommu);
	self->fd = self->device->fd;

	driver = &self->device->driver;
	ASSERT_NE(NULL, driver->ops);
	map_memory(self->iommu, self->iovas, &self->memory);
	map_memory(self->iommu, self->iovas, &driver->region);
	vfio_pci_driver_init(self->device);
	self->msi_fd = self->device->msi_eventfds[driver->msi];
}

FIXTURE_TEARDOWN(igb)
{
	iova_allocator_cleanup(self->iovas);
	vfio_pci_device_cleanup(self->device);
	iommu_cleanup(self->iommu);
}

static bool copies(struct vfio_pci_device *device, struct dma_region *memory)
{
	u8 *src = memory->vaddr, *dst = src + COPY_SIZE;

	memset(src, 'x', COPY_SIZE);
	memset(dst, 'y', COPY_SIZE);

	return !vfio_pci_driver_memcpy(device, to_iova(device, src),
				       to_iova(device, dst), COPY_SIZE) &&
	       !memcmp(src, dst, COPY_SIZE);
}

static bool interrupts_once(struct vfio_pci_device *device, int msi_fd)
{
	u64 value;

	vfio_pci_driver_send_msi(device);

	return read(msi_fd, &value, sizeof(value)) == sizeof(value) &&
	       value == 1;
}

TEST_F(igb, works_with_features_in_use)
{
	struct vfio_pci_msi_message before, after;
	int msi = self->device->driver.msi;

	ASSERT_EQ(0, novirt_set(self->fd));
	before = message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, msi);
	EXPECT_EQ(ALLOCATED | TRIGGER, before.flags);

	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(copies(self->device, &self->memory));
		EXPECT_TRUE(interrupts_once(self->device, self->msi_fd));
		after = message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, msi);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	}
}

TEST_F(igb, works_after_reset)
{
	vfio_pci_driver_remove(self->device);
	vfio_pci_device_reset(self->device);
	vfio_pci_driver_init(self->device);
	self->msi_fd = self->device->msi_eventfds[self->device->driver.msi];

	EXPECT_TRUE(copies(self->device, &self->memory));
	EXPECT_TRUE(interrupts_once(self->device, self->msi_fd));
	EXPECT_EQ(ALLOCATED | TRIGGER,
		  message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX,
			     self->device->driver.msi).flags);
}

LAB_MAIN
