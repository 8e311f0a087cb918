// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <string.h>

#include <linux/pci_regs.h>

#include "vmm.h"

#define ENABLE		0x80000000

/* Linux believes in this mechanism if it finds a host bridge. */
static uint32_t host_bridge_read(uint32_t offset, unsigned int width)
{
	static const uint8_t config[PCI_STD_HEADER_SIZEOF] = {
		[PCI_VENDOR_ID] = 0x36, [PCI_VENDOR_ID + 1] = 0x1b, [PCI_DEVICE_ID] = 0x08,
		[PCI_CLASS_DEVICE + 1] = 0x06,
	};
	uint32_t value = 0;

	if (offset + width <= sizeof(config))
		memcpy(&value, &config[offset], width);

	return value;
}

static uint32_t config_read(struct machine *machine, uint32_t offset, unsigned int width)
{
	/* Bus 0: the bridge is device 0, the device is device 1. */
	switch (machine->pci_address >> 8) {
	case ENABLE >> 8:
		return host_bridge_read(offset, width);
	case (ENABLE >> 8) + 8:
		return device_config_read(&machine->device, offset, width);
	default:
		return UINT32_MAX;
	}
}

uint32_t pci_port_read(struct machine *machine, uint16_t port, unsigned int width)
{
	uint32_t offset = (machine->pci_address & 0xfc) | (port & 3);

	if (port == 0xcf8 && width == 4)
		return machine->pci_address;
	if (port < 0xcfc || (port & 3) + width > 4)
		return UINT32_MAX;

	return config_read(machine, offset, width);
}

void pci_port_write(struct machine *machine, uint16_t port, unsigned int width, uint32_t value)
{
	uint32_t offset = (machine->pci_address & 0xfc) | (port & 3);

	if (port == 0xcf8 && width == 4)
		machine->pci_address = value;
	else if (port >= 0xcfc && (port & 3) + width <= 4 &&
		 machine->pci_address >> 8 == (ENABLE >> 8) + 8)
		device_config_write(&machine->device, offset, width, value);
}
