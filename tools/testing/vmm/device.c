// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "vmm.h"

#define IRQCHIP_PINS	24
#define PIC_PINS	16

static int open_group(const char *name)
{
	char link[PATH_MAX], path[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", name);
	length = readlink(path, link, sizeof(link) - 1);
	must((int)length, path);
	link[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);

	return must(open(path, O_RDWR | O_CLOEXEC), path);
}

/* The device finds the guest's memory where the guest has it. */
static void map_memory(struct device *device, void *memory, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.size = size,
	};

	must(ioctl(device->container, VFIO_IOMMU_MAP_DMA, &map), "VFIO_IOMMU_MAP_DMA");
}

static void open_device(struct device *device, const char *name)
{
	device->container = must(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), "/dev/vfio/vfio");
	device->group = open_group(name);
	must(ioctl(device->group, VFIO_GROUP_SET_CONTAINER, &device->container), "container");
	must(ioctl(device->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "VFIO_SET_IOMMU");
	device->fd = must(ioctl(device->group, VFIO_GROUP_GET_DEVICE_FD, name), name);
}

static struct vfio_region_info region_of(const struct device *device, uint32_t index)
{
	struct vfio_region_info region = { .argsz = sizeof(region), .index = index };

	must(ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &region), "a region");

	return region;
}

uint32_t hardware_read(const struct device *device, uint32_t offset, unsigned int width)
{
	uint32_t value = 0;

	must((int)pread(device->fd, &value, width, (off_t)(device->config_offset + offset)),
	     "configuration space");

	return value;
}

void hardware_write(struct device *device, uint32_t offset, unsigned int width, uint32_t value)
{
	must((int)pwrite(device->fd, &value, width, (off_t)(device->config_offset + offset)),
	     "configuration space");
}

static void map_ranges(struct device *device, unsigned int index)
{
	struct bar *bar = &device->bars[index];
	int count = must_library(vfiomsi_vfio_ranges(device->fd, index, bar->ranges, RANGES_MAX),
				 "the ranges of a BAR");
	unsigned int i;

	bar->range_count = count < RANGES_MAX ? (unsigned int)count : RANGES_MAX;
	for (i = 0; i < bar->range_count; i++) {
		bar->host[i] = mmap(NULL, bar->ranges[i].size, PROT_READ | PROT_WRITE,
				    MAP_SHARED, device->fd,
				    (off_t)(bar->file_offset + bar->ranges[i].offset));
		if (bar->host[i] == MAP_FAILED)
			die("a range of a BAR");
	}
}

/* BARs of I/O ports are left out: drivers have the registers in memory, too. */
static void find_bar(struct device *device, unsigned int index, uint64_t *address)
{
	struct vfio_region_info region = region_of(device, index);
	uint32_t type = hardware_read(device, PCI_BASE_ADDRESS_0 + index * 4, 4);
	struct bar *bar = &device->bars[index];

	if (!region.size || type & PCI_BASE_ADDRESS_SPACE_IO)
		return;
	bar->size = region.size;
	bar->type = type & (uint32_t)~PCI_BASE_ADDRESS_MEM_MASK;
	bar->file_offset = region.offset;
	bar->address = (*address + bar->size - 1) / bar->size * bar->size;
	*address = bar->address + bar->size;
	if (*address > BARS_END) {
		errno = ENOSPC;
		die("a BAR");
	}
	map_ranges(device, index);
}

/* The routes that KVM has before any is set: pins of the PICs and of the I/O APIC */
static void set_pins(struct vfiomsi_kvm *routes)
{
	struct kvm_irq_routing_entry entries[PIC_PINS + IRQCHIP_PINS];
	uint32_t i;

	memset(entries, 0, sizeof(entries));
	for (i = 0; i < PIC_PINS + IRQCHIP_PINS; i++) {
		entries[i].type = KVM_IRQ_ROUTING_IRQCHIP;
		if (i < PIC_PINS) {
			entries[i].gsi = i;
			entries[i].u.irqchip.irqchip = i < 8 ? KVM_IRQCHIP_PIC_MASTER :
							       KVM_IRQCHIP_PIC_SLAVE;
			entries[i].u.irqchip.pin = i % 8;
		} else {
			entries[i].gsi = i - PIC_PINS;
			entries[i].u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
			entries[i].u.irqchip.pin = i - PIC_PINS;
		}
	}
	must_library(vfiomsi_kvm_set_others(routes, entries, PIC_PINS + IRQCHIP_PINS), "pins");
}

static void create_routes(struct device *device)
{
	struct vfiomsi_kvm_config config = {
		.size = sizeof(config),
		.vm = device->vm,
		.first_gsi = IRQCHIP_PINS,
		.gsis = 2048,
	};

	must_library(vfiomsi_kvm_create(&config, &device->routes), "the routes");
	set_pins(device->routes);
}

void device_create(struct device *device, int vm, const char *name, void *memory,
		   uint64_t memory_size)
{
	uint64_t address = BARS_START;
	unsigned int i;

	device->vm = vm;
	open_device(device, name);
	map_memory(device, memory, memory_size);
	device->memory.size = memory_size;
	device->config_offset = region_of(device, VFIO_PCI_CONFIG_REGION_INDEX).offset;
	device_find_capabilities(device);
	for (i = 0; i < BARS; i++)
		find_bar(device, i, &address);
	create_routes(device);
	msi_create(&device->msi, VFIO_PCI_MSI_IRQ_INDEX, device);
	msi_create(&device->msix, VFIO_PCI_MSIX_IRQ_INDEX, device);
	msi_set_memory(&device->msix, &device->memory);
	hardware_write(device, PCI_COMMAND, 2, 0);
}

static void set_mapped(struct device *device, unsigned int index, bool mapped)
{
	struct bar *bar = &device->bars[index];
	struct kvm_userspace_memory_region region = { 0 };
	unsigned int i;

	for (i = 0; i < bar->range_count; i++) {
		region.slot = 1 + index * RANGES_MAX + i;
		region.guest_phys_addr = bar->mapped_at + bar->ranges[i].offset;
		region.memory_size = mapped ? bar->ranges[i].size : 0;
		region.userspace_addr = (uintptr_t)bar->host[i];
		must(ioctl(device->vm, KVM_SET_USER_MEMORY_REGION, &region), "a BAR's memory");
	}
	bar->mapped = mapped;
}

/* Guests size a BAR by writing ones to it, with decoding off. */
void device_place_bars(struct device *device)
{
	bool decodes = hardware_read(device, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
	struct bar *bar;
	unsigned int i;

	for (i = 0; i < BARS; i++) {
		bar = &device->bars[i];
		if (bar->mapped && (!decodes || bar->mapped_at != bar->address))
			set_mapped(device, i, false);
		if (!bar->size || !decodes || bar->mapped || bar->address < BARS_START ||
		    bar->address + bar->size > BARS_END)
			continue;
		bar->mapped_at = bar->address;
		set_mapped(device, i, true);
	}
}

static void region_access(struct device *device, uint64_t offset, uint8_t *bytes,
			  unsigned int width, bool write)
{
	ssize_t done = write ? pwrite(device->fd, bytes, width, (off_t)offset) :
			       pread(device->fd, bytes, width, (off_t)offset);

	/* As if nobody had answered, for instance while decoding is off. */
	if (done != (ssize_t)width && !write)
		memset(bytes, 0xff, width);
}

bool device_memory(struct device *device, uint64_t address, uint8_t *bytes, unsigned int width,
		   bool write)
{
	const struct bar *bar;
	uint64_t offset;
	unsigned int i;

	for (i = 0; i < BARS; i++) {
		bar = &device->bars[i];
		offset = address - bar->address;
		if (!bar->mapped || offset >= bar->size || width > bar->size - offset)
			continue;
		if (!msi_memory(&device->msix, i, offset, bytes, width, write))
			region_access(device, bar->file_offset + offset, bytes, width, write);
		return true;
	}

	return false;
}
