// SPDX-License-Identifier: GPL-2.0-only
/* The device as a whole: registers, resets, options. */
#include "gve.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"
#include "options.h"

#define QUEUES_MAX	16

static struct gve *to_gve(struct pci_function *f)
{
	return container_of(f, struct gve, function);
}

static bool gve_has_register(struct pci_function *f, unsigned int bar, uint64_t offset)
{
	return (bar == GVE_REGISTER_BAR && offset < GVE_REGISTERS_SIZE) ||
	       bar == GVE_DOORBELL_BAR || msix_has_register(&to_gve(f)->msix, bar, offset);
}

static uint32_t read_own_register(const struct gve *gve, uint64_t offset)
{
	switch (offset) {
	case GVE_DRIVER_STATUS:
		return gve->driver_status;
	case GVE_MAX_TX_QUEUES:
	case GVE_MAX_RX_QUEUES:
		return QUEUES_MAX;
	case GVE_ADMIN_PAGE:
		return gve->page;
	case GVE_ADMIN_DOORBELL:
		return gve->commands;
	case GVE_ADMIN_COUNTER:
		return gve->executed;
	case GVE_ADMIN_BASE_HI:
		return gve->address_hi;
	case GVE_ADMIN_BASE_LO:
		return gve->address_lo;
	default:
		return 0;
	}
}

static uint32_t gve_read_register(struct pci_function *f, unsigned int bar, uint64_t offset)
{
	const struct gve *gve = to_gve(f);

	if (bar == GVE_REGISTER_BAR)
		return htobe32(read_own_register(gve, offset));
	if (bar == GVE_DOORBELL_BAR)
		return 0;
	return msix_read_register(&gve->msix, bar, offset);
}

/* Drivers of old devices know no other register for the queue's address. */
static void set_page(struct gve *gve, uint32_t page)
{
	if (!page)
		gve_admin_reset(gve);
	gve->page = page;
	gve->address_lo = page * GVE_PAGE_SIZE;
}

static void write_own_register(struct gve *gve, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case GVE_DRIVER_STATUS:
		gve->driver_status = value;
		break;
	case GVE_ADMIN_PAGE:
		set_page(gve, value);
		break;
	case GVE_ADMIN_DOORBELL:
		gve->commands = value;
		break;
	case GVE_ADMIN_BASE_HI:
		gve->address_hi = value;
		break;
	case GVE_ADMIN_BASE_LO:
		gve->address_lo = value;
		break;
	}
}

/* Interrupts are not moderated, so that their doorbells do nothing. */
static void ring_doorbell(struct gve *gve, uint64_t offset, uint32_t value)
{
	if (offset == GVE_DOORBELL_TX * sizeof(value))
		gve->tx.posted = value;
	else if (offset == GVE_DOORBELL_RX * sizeof(value))
		gve->rx.posted = value;
}

static void gve_write_register(struct pci_function *f, unsigned int bar, uint64_t offset,
			       uint32_t value)
{
	struct gve *gve = to_gve(f);

	if (bar == GVE_REGISTER_BAR)
		write_own_register(gve, offset, be32toh(value));
	else if (bar == GVE_DOORBELL_BAR)
		ring_doorbell(gve, offset, be32toh(value));
	else
		msix_write_register(&gve->msix, bar, offset, value);
}

static void gve_config_written(struct pci_function *f)
{
	msix_deliver(&to_gve(f)->msix);
}

static void gve_reset(struct pci_function *f)
{
	struct gve *gve = to_gve(f);

	gve->driver_status = 0;
	gve_admin_reset(gve);
	msix_reset(&gve->msix);
	dma_reset(&gve->server.dma);
}

static void gve_work(struct pci_function *f)
{
	struct gve *gve = to_gve(f);

	while (gve_admin_work(gve) || gve_queues_work(gve))
		;
}

static const struct pci_device_ops gve_ops = {
	.has_register = gve_has_register,
	.read_register = gve_read_register,
	.write_register = gve_write_register,
	.config_written = gve_config_written,
	.reset = gve_reset,
	.work = gve_work,
};

static void usage(const void *context, FILE *out)
{
	fprintf(out,
		"Usage: vfio-user-gve --socket PATH [--id VVVV:DDDD] [--verbose]\n"
		"Serve a network card to the first vfio-user client at PATH. It holds completions\n"
		"back until it can raise an MSI-X vector. The network has a DHCP and a TFTP server.\n");
}

int main(int argc, char **argv)
{
	const struct msix_place table = { .bar = GVE_MSIX_BAR };
	const struct msix_place pba = { .bar = GVE_MSIX_BAR, .offset = GVE_PBA_OFFSET };
	const struct command_line line = { .usage = usage };
	struct common_options common = {
		.id = {
			.vendor = GVE_VENDOR_ID,
			.device = GVE_DEVICE_ID,
			.class = 0x020000,	/* Ethernet controller */
		},
	};
	static struct gve gve;
	struct pci_function *f = &gve.function;

	options_parse(&line, argc, argv, &common);
	pci_init(f, &gve_ops, &common.id);
	if (pci_add_bar(f, GVE_REGISTER_BAR, GVE_BAR_SIZE, 0) ||
	    pci_add_bar(f, GVE_DOORBELL_BAR, GVE_BAR_SIZE, 0) ||
	    pci_add_bar(f, GVE_MSIX_BAR, GVE_BAR_SIZE, 0))
		return EXIT_FAILURE;
	gve.msix.function = f;
	gve.msix.dma = &gve.server.dma;
	msix_init(&gve.msix, GVE_VECTORS, table, pba);
	return server_run(&gve.server, f, common.path);
}
