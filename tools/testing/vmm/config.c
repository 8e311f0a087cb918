// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The device's configuration space, as the guest finds it. */
#include <linux/pci_regs.h>

#include "vmm.h"

/* Of 256 bytes, 64 are the header, and a capability has at least 4. */
#define CAPABILITIES_MAX	48

#define AF_HAS_RESET	(PCI_AF_CAP_TP | PCI_AF_CAP_FLR)

static bool is_64bit(const struct bar *bar)
{
	return bar->size && bar->type & PCI_BASE_ADDRESS_MEM_TYPE_64;
}

static uint32_t read_bar(const struct device *device, unsigned int index)
{
	const struct bar *bar = &device->bars[index];

	if (bar->size)
		return (uint32_t)bar->address | bar->type;
	if (index && is_64bit(bar - 1))
		return (uint32_t)(bar[-1].address >> 32);

	return 0;
}

static void write_bar(struct device *device, unsigned int index, uint32_t value)
{
	struct bar *bar = &device->bars[index];

	if (bar->size) {
		bar->address = (bar->address & ~(uint64_t)UINT32_MAX) |
			       (value & ~(uint32_t)(bar->size - 1));
	} else if (index && is_64bit(bar - 1)) {
		bar--;
		bar->address = ((bar->address & UINT32_MAX) | (uint64_t)value << 32) &
			       ~(bar->size - 1);
	}
}

/* Returns where the capability is, or 0. */
static uint32_t find_capability(const struct device *device, uint8_t id)
{
	uint32_t at = PCI_CAPABILITY_LIST;
	int left = CAPABILITIES_MAX;

	if (!(hardware_read(device, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	while (left--) {
		at = hardware_read(device, at, 1) & 0xfc;
		if (at < PCI_STD_HEADER_SIZEOF)
			break;
		if (hardware_read(device, at, 1) == id)
			return at;
		at += PCI_CAP_LIST_NEXT;
	}

	return 0;
}

void device_find_capabilities(struct device *device)
{
	device->power = find_capability(device, PCI_CAP_ID_PM);
	device->express = find_capability(device, PCI_CAP_ID_EXP);
	device->advanced = find_capability(device, PCI_CAP_ID_AF);
}

/* Whether an access to one dword sets one of the bits in a word of the capability */
static bool sets(uint32_t offset, uint32_t value, uint32_t capability, uint32_t word,
		 uint16_t bits)
{
	uint32_t at = capability + word;

	return capability && offset / 4 == at / 4 &&
	       value << offset % 4 * 8 >> at % 4 * 8 & bits;
}

/* A function that has no such reset ignores the bit. */
static bool is_reset(const struct device *device, uint32_t offset, uint32_t value)
{
	if (sets(offset, value, device->express, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR))
		return hardware_read(device, device->express + PCI_EXP_DEVCAP, 4) &
		       PCI_EXP_DEVCAP_FLR;
	if (sets(offset, value, device->advanced, PCI_AF_CTRL, PCI_AF_CTRL_FLR))
		return (hardware_read(device, device->advanced + PCI_AF_CAP, 1) &
			AF_HAS_RESET) == AF_HAS_RESET;

	return false;
}

/* A device that sleeps may not answer when its vectors are given back. */
static void wake_up(struct device *device)
{
	uint32_t at = device->power + PCI_PM_CTRL;
	uint32_t control;

	if (!device->power)
		return;
	control = hardware_read(device, at, 2);
	if (control & PCI_PM_CTRL_STATE_MASK)
		hardware_write(device, at, 2, control & ~(uint32_t)PCI_PM_CTRL_STATE_MASK);
}

/* The guest is about to reset the function. The kernel restores the registers that it knows. */
static void prepare_reset(struct device *device)
{
	wake_up(device);
	msi_reset(&device->msi);
	msi_reset(&device->msix);
	device_show_message(device);
}

/*
 * The driver of the host translates messages of windows, and finds the guest's message in the
 * device's configuration space. VFIO passes Message Control on to a device that has vectors, so
 * it is written when the guest's change is done, and as the guest then reads it. After the data,
 * which has two bytes, the registers are not MSI's.
 */
static void show_dword(struct device *device, uint32_t offset)
{
	unsigned int width = msi_has_message(&device->msi, offset + 2) ? 4 : 2;

	if (msi_has_message(&device->msi, offset))
		hardware_write(device, offset, width,
			       msi_config_read(&device->msi, offset, width));
}

/* Message Control is in the first dword, and comes last. */
void device_show_message(struct device *device)
{
	uint32_t offset = device->msi.info.cap_offset + PCI_MSI_MASK_64;

	while (offset > device->msi.info.cap_offset) {
		offset -= 4;
		show_dword(device, offset);
	}
}

uint32_t device_quiet(struct device *device)
{
	uint32_t command = hardware_read(device, PCI_COMMAND, 2);

	hardware_write(device, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MASTER);
	/* What it has sent before has reached a CPU when it answers. */
	hardware_read(device, PCI_COMMAND, 2);
	msi_take_back(&device->msi);
	msi_take_back(&device->msix);

	return command;
}

void device_go_on(struct device *device, uint32_t command)
{
	msi_go_on(&device->msi, device);
	msi_go_on(&device->msix, device);
	device_show_message(device);
	hardware_write(device, PCI_COMMAND, 2, command);
}

static bool is_bar(uint32_t offset)
{
	return offset >= PCI_BASE_ADDRESS_0 && offset < PCI_BASE_ADDRESS_0 + BARS * 4;
}

/* There are no expansion ROM and no INTx. */
static bool is_left_out(uint32_t offset)
{
	return offset / 4 == PCI_ROM_ADDRESS / 4 || offset / 4 == PCI_INTERRUPT_LINE / 4;
}

uint32_t device_config_read(struct device *device, uint32_t offset, unsigned int width)
{
	if (is_bar(offset))
		return read_bar(device, (offset - PCI_BASE_ADDRESS_0) / 4) >> offset % 4 * 8;
	if (is_left_out(offset))
		return 0;
	if (msi_has_config(&device->msi, offset))
		return msi_config_read(&device->msi, offset, width);
	if (msi_has_config(&device->msix, offset))
		return msi_config_read(&device->msix, offset, width);

	return hardware_read(device, offset, width);
}

void device_config_write(struct device *device, uint32_t offset, unsigned int width,
			 uint32_t value)
{
	if (is_left_out(offset) || (is_bar(offset) && width != 4))
		return;
	if (is_reset(device, offset, value))
		prepare_reset(device);
	if (msi_has_config(&device->msi, offset)) {
		msi_config_write(&device->msi, offset, width, value);
		show_dword(device, offset & ~3U);
	} else if (msi_has_config(&device->msix, offset)) {
		msi_config_write(&device->msix, offset, width, value);
	} else if (is_bar(offset)) {
		write_bar(device, (offset - PCI_BASE_ADDRESS_0) / 4, value);
	} else {
		hardware_write(device, offset, width, value);
	}
	if (is_bar(offset) || offset == PCI_COMMAND)
		device_place_bars(device);
}
