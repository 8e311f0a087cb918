// SPDX-License-Identifier: GPL-2.0-only
/* A device with MSI and an embedded interrupt controller: see ath11k.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "ath11k.h"
#include "compiler.h"
#include "log.h"
#include "msi.h"
#include "options.h"
#include "server.h"

#define CLASS_NETWORK_OTHER	0x028000

struct ath11k {
	struct pci_function function;
	struct msi msi;
	struct server server;
	uint32_t scratch;
	uint32_t hw_offset;
};

static const uint32_t slot_offsets[ATH11K_SLOTS] = ATH11K_SLOT_OFFSETS;

static struct ath11k *to_ath11k(struct pci_function *f)
{
	return container_of(f, struct ath11k, function);
}

static bool ath11k_has_register(struct pci_function *f, unsigned int bar,
				uint64_t offset)
{
	return (offset >= ATH11K_DOORBELL(0) && offset < ATH11K_DOORBELL(ATH11K_SLOTS)) ||
	       (offset >= ATH11K_RAISE && offset <= ATH11K_HW_DWORD);
}

static uint32_t ath11k_read_register(struct pci_function *f, unsigned int bar,
				     uint64_t offset)
{
	struct ath11k *ath11k = to_ath11k(f);

	switch (offset) {
	case ATH11K_SENT:
		return ath11k->server.dma.sent;
	case ATH11K_FAILED:
		return ath11k->server.dma.failed;
	case ATH11K_DROPPED:
		return ath11k->server.dma.dropped;
	case ATH11K_SCRATCH:
		return ath11k->scratch;
	case ATH11K_HW_ADDR:
		return msi_address(&ath11k->msi);
	case ATH11K_HW_DATA:
		return msi_data(&ath11k->msi);
	case ATH11K_HW_CTRL:
		return msi_control(&ath11k->msi);
	case ATH11K_HW_OFFSET:
		return ath11k->hw_offset;
	case ATH11K_HW_DWORD:
		return pci_bar_memory32(f, 0, ath11k->hw_offset);
	default:
		return 0;
	}
}

static void ring_doorbell(struct ath11k *ath11k, unsigned int slot)
{
	const struct pci_function *f = &ath11k->function;
	uint32_t offset = slot_offsets[slot];
	uint32_t high = pci_bar_memory32(f, 0, offset + ATH11K_SLOT_ADDR_HI);
	uint64_t address = (uint64_t)(high & 0xff) << 32 |
			   pci_bar_memory32(f, 0, offset + ATH11K_SLOT_ADDR_LO);

	if (!(high & ATH11K_SLOT_ENABLE))
		dma_drop(&ath11k->server.dma, "the slot is not enabled");
	else if (!pci_is_bus_master(f))
		dma_drop(&ath11k->server.dma, "not bus master");
	else
		dma_write32(&ath11k->server.dma, address,
			    pci_bar_memory32(f, 0, offset + ATH11K_SLOT_DATA));
}

static void ath11k_write_register(struct pci_function *f, unsigned int bar,
				  uint64_t offset, uint32_t value)
{
	struct ath11k *ath11k = to_ath11k(f);

	if (offset == ATH11K_RAISE)
		msi_raise(&ath11k->msi, value);
	else if (offset == ATH11K_SCRATCH)
		ath11k->scratch = value;
	else if (offset == ATH11K_HW_OFFSET)
		ath11k->hw_offset = value & (ATH11K_BAR0_SIZE - sizeof(value));
	else if (offset < ATH11K_DOORBELL(ATH11K_SLOTS))
		ring_doorbell(ath11k, (offset - ATH11K_DOORBELL(0)) / sizeof(value));
}

static void ath11k_reset(struct pci_function *f)
{
	struct ath11k *ath11k = to_ath11k(f);

	ath11k->scratch = 0;
	ath11k->hw_offset = 0;
	dma_reset(&ath11k->server.dma);
}

static const struct pci_device_ops ath11k_ops = {
	.has_register = ath11k_has_register,
	.read_register = ath11k_read_register,
	.write_register = ath11k_write_register,
	.reset = ath11k_reset,
};

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: vfio-user-ath11k --socket PATH [--id VVVV:DDDD] [--verbose]\n"
		"Serve an ath11k-like PCI device to the first vfio-user client at PATH.\n");
}

/* Returns the socket's path, or exits. */
static const char *parse_options(int argc, char **argv, struct pci_identity *id)
{
	enum { SOCKET = 1, ID, VERBOSE, HELP };
	static const struct option options[] = {
		{ "socket", required_argument, NULL, SOCKET },
		{ "id", required_argument, NULL, ID },
		{ "verbose", no_argument, NULL, VERBOSE },
		{ "help", no_argument, NULL, HELP },
		{}
	};
	const char *path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case SOCKET:
			path = optarg;
			break;
		case ID:
			if (option_id(optarg, id))
				exit(EXIT_FAILURE);
			break;
		case VERBOSE:
			log_details = true;
			break;
		case HELP:
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr);
			exit(EXIT_FAILURE);
		}
	}
	if (!path || optind != argc) {
		usage(stderr);
		exit(EXIT_FAILURE);
	}
	return path;
}

int main(int argc, char **argv)
{
	struct pci_identity id = {
		.vendor = ATH11K_VENDOR_ID,
		.device = ATH11K_DEVICE_ID,
		.class = CLASS_NETWORK_OTHER,
	};
	static struct ath11k ath11k;
	const char *path = parse_options(argc, argv, &id);

	pci_init(&ath11k.function, &ath11k_ops, &id);
	if (pci_add_bar(&ath11k.function, 0, ATH11K_BAR0_SIZE, PCI_BASE_ADDRESS_MEM_TYPE_64))
		return EXIT_FAILURE;
	msi_init(&ath11k.msi, &ath11k.function, &ath11k.server.dma, ATH11K_MSI_VECTORS);
	return server_run(&ath11k.server, &ath11k.function, path);
}
