/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of Google's gVNIC (gve) as iPXE's driver uses. The cloud's NIC holds completions
 * back until it can assert MSI-X, and so does this one.
 *
 * The files of this folder and their floors. A file calls only files of lower floors, and
 * those of the folder above.
 *
 *	5 device.c	registers, resets, options
 *	4 admin.c	the admin queue
 *	3 queues.c	one queue for each direction
 *	2 peer.c	the network's other end: ARP, IPv4, UDP
 *	1 dhcp.c	its DHCP server
 *	1 tftp.c	its TFTP server
 *
 * A register write only notes that there is work; the work is done when the client has its
 * answer, as it reads the client's memory. If the driver resets the device meanwhile, the
 * read fails, and the caller returns at once without touching the new state.
 */
#ifndef GVE_H
#define GVE_H

#include <stdbool.h>
#include <stdint.h>

#include "msix_cap.h"
#include "pci.h"
#include "peer.h"
#include "regs.h"
#include "server.h"

/* A list of pages has an ID; drivers of queues without raw addresses register one. */
struct gve_pages {
	uint32_t id;
	unsigned int count;	/* 0: no list is registered here */
	uint64_t page[GVE_PAGES_MAX];
};

struct gve_queue {
	bool exists;
	const struct gve_pages *pages;	/* NULL: descriptors have raw addresses */
	uint64_t descriptors;
	uint64_t completions;		/* of reception */
	unsigned int size;
	unsigned int vector;
	/* Descriptors since the queue exists: of the driver, used, and shown as used. */
	uint32_t posted;
	uint32_t used;
	uint32_t shown;
};

struct gve {
	struct pci_function function;
	struct msix msix;
	struct server server;
	struct peer peer;
	uint32_t driver_status;
	/* The admin queue: its address, and commands since it exists. */
	uint32_t page;
	uint32_t address_hi;
	uint32_t address_lo;
	uint32_t commands;
	uint32_t executed;
	uint64_t counters;
	struct gve_pages pages[2];
	struct gve_queue tx;
	struct gve_queue rx;
	unsigned int sequence;		/* of the next completion of reception */
	/* The packet that is being sent. */
	size_t packet_size;
	uint8_t packet[PEER_FRAME_MAX];
};

/* queues.c. gve_queues_work() returns whether it did something. */
bool gve_queues_work(struct gve *gve);

/* admin.c */
void gve_admin_reset(struct gve *gve);
bool gve_admin_work(struct gve *gve);

#endif /* GVE_H */
