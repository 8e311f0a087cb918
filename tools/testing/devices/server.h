/* SPDX-License-Identifier: GPL-2.0-only */
/* A vfio-user server of one PCI function, for one client. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

#include "dma.h"
#include "pci.h"
#include "transport.h"

struct server {
	struct transport transport;
	struct dma dma;
	struct pci_function *function;
	bool negotiated;
	bool client_gone;
	/* The reply that is being made. */
	size_t reply_size;
	uint8_t reply[sizeof(struct vfio_user_region_access) + TRANSPORT_MAX_DATA];
};

/*
 * Wait for a client at @path and serve it until it disconnects. Returns the exit status
 * of the program.
 */
int server_run(struct server *s, struct pci_function *f, const char *path);
/*
 * Read the client's memory and wait for the data. The client's accesses are served
 * meanwhile, so that only the function's work() may call this. Returns false if the read
 * failed, or if it was cancelled: by a reset, or by dma_cancel_read().
 */
bool server_dma_read(struct server *s, uint64_t address, void *data, uint32_t count);

#endif /* SERVER_H */
