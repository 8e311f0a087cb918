// SPDX-License-Identifier: GPL-2.0-only
/* A device that writes completions only when it can raise MSI-X: see polled.h. */
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"
#include "log.h"
#include "msix_cap.h"
#include "options.h"
#include "polled.h"
#include "server.h"

#define BAR_SIZE	0x1000

struct poll_device {
	struct pci_function function;
	struct msix msix;
	struct server server;
	uint32_t ring_lo;
	uint32_t ring_hi;
	uint32_t ring_size;
	uint32_t vector;
	uint32_t completed;
	uint32_t first_held;
	uint32_t held;
	uint32_t value[POLL_HELD_MAX];
};

static struct poll_device *to_poll_device(struct pci_function *f)
{
	return container_of(f, struct poll_device, function);
}

static bool is_own_register(unsigned int bar, uint64_t offset)
{
	return bar == 0 && offset < POLL_REGS_SIZE;
}

static bool device_has_register(struct pci_function *f, unsigned int bar, uint64_t offset)
{
	return is_own_register(bar, offset) ||
	       msix_has_register(&to_poll_device(f)->msix, bar, offset);
}

static uint32_t read_own_register(const struct poll_device *device, uint64_t reg)
{
	switch (reg) {
	case POLL_REG_RING_LO:
		return device->ring_lo;
	case POLL_REG_RING_HI:
		return device->ring_hi;
	case POLL_REG_RING_SIZE:
		return device->ring_size;
	case POLL_REG_VECTOR:
		return device->vector;
	case POLL_REG_COMPLETED:
		return device->completed;
	case POLL_REG_HELD:
		return device->held;
	case POLL_REG_SENT:
		return device->server.dma.sent;
	case POLL_REG_FAILED:
		return device->server.dma.failed;
	case POLL_REG_DROPPED:
		return device->server.dma.dropped;
	default:
		return 0;
	}
}

static uint32_t device_read_register(struct pci_function *f, unsigned int bar,
				     uint64_t offset)
{
	const struct poll_device *device = to_poll_device(f);

	if (is_own_register(bar, offset))
		return read_own_register(device, offset);
	return msix_read_register(&device->msix, bar, offset);
}

/* Write the completions that are held back, as long as each can be followed by its vector. */
static void complete(struct poll_device *device)
{
	uint64_t ring = (uint64_t)device->ring_hi << 32 | device->ring_lo;

	while (device->held && device->ring_size &&
	       msix_can_send(&device->msix, device->vector)) {
		dma_write32(&device->server.dma,
			    ring + 4ULL * (device->completed % device->ring_size),
			    device->value[device->first_held]);
		device->first_held = (device->first_held + 1) % POLL_HELD_MAX;
		device->held--;
		device->completed++;
		msix_raise(&device->msix, device->vector);
	}
}

static void hold(struct poll_device *device, uint32_t value)
{
	if (device->held == POLL_HELD_MAX) {
		dma_drop(&device->server.dma, "too many completions are held back");
		return;
	}
	device->value[(device->first_held + device->held++) % POLL_HELD_MAX] = value;
}

static void write_own_register(struct poll_device *device, uint64_t reg, uint32_t value)
{
	if (reg == POLL_REG_DOORBELL)
		hold(device, value);
	else if (reg == POLL_REG_RING_LO)
		device->ring_lo = value;
	else if (reg == POLL_REG_RING_HI)
		device->ring_hi = value;
	else if (reg == POLL_REG_RING_SIZE)
		device->ring_size = value;
	else if (reg == POLL_REG_VECTOR)
		device->vector = value;
}

static void device_write_register(struct pci_function *f, unsigned int bar,
				  uint64_t offset, uint32_t value)
{
	struct poll_device *device = to_poll_device(f);

	if (is_own_register(bar, offset))
		write_own_register(device, offset, value);
	else
		msix_write_register(&device->msix, bar, offset, value);
	complete(device);
}

static void device_config_written(struct pci_function *f)
{
	msix_deliver(&to_poll_device(f)->msix);
	complete(to_poll_device(f));
}

static void device_reset(struct pci_function *f)
{
	struct poll_device *device = to_poll_device(f);

	device->ring_lo = 0;
	device->ring_hi = 0;
	device->ring_size = 0;
	device->vector = 0;
	device->completed = 0;
	device->held = 0;
	msix_reset(&device->msix);
	dma_reset(&device->server.dma);
}

static const struct pci_device_ops poll_device_ops = {
	.has_register = device_has_register,
	.read_register = device_read_register,
	.write_register = device_write_register,
	.config_written = device_config_written,
	.reset = device_reset,
};

static void usage(const void *context, FILE *out)
{
	fprintf(out,
		"Usage: vfio-user-poll --socket PATH [--id VVVV:DDDD] [--verbose]\n"
		"Serve a PCI device to the first vfio-user client at PATH. It writes\n"
		"completions only when it can raise an MSI-X vector.\n");
}

int main(int argc, char **argv)
{
	const struct msix_place table = { .bar = POLL_MSIX_BAR };
	const struct msix_place pba = { .bar = POLL_MSIX_BAR, .offset = POLL_PBA_OFFSET };
	const struct command_line line = { .usage = usage };
	struct common_options common = {
		.id = {
			.vendor = POLL_VENDOR_ID,
			.device = POLL_DEVICE_ID,
			.class = 0xff0000,	/* unassigned */
		},
	};
	static struct poll_device device;
	struct pci_function *f = &device.function;

	options_parse(&line, argc, argv, &common);
	pci_init(f, &poll_device_ops, &common.id);
	if (pci_add_bar(f, 0, BAR_SIZE, 0) || pci_add_bar(f, POLL_MSIX_BAR, BAR_SIZE, 0))
		return EXIT_FAILURE;
	device.msix.function = f;
	device.msix.dma = &device.server.dma;
	msix_init(&device.msix, POLL_VECTORS, table, pba);
	return server_run(&device.server, f, common.path);
}
