// SPDX-License-Identifier: GPL-2.0-only
#include "gve.h"

#include <inttypes.h>

#include "bytes.h"
#include "compiler.h"
#include "log.h"

#define QUEUE_SIZE		256
#define MTU			1500
#define COUNTERS		4
/* An option that a device has, by its number: in-order queues with raw addresses. */
#define OPTION_RAW_ADDRESSES	2

/* Offsets in commands. */
#define DESCRIBE_ADDRESS	8

#define CONFIGURE_COUNTERS	8
#define CONFIGURE_DOORBELLS	16
#define CONFIGURE_NR_DOORBELLS	28
#define CONFIGURE_STRIDE	32

#define PAGES_ID		8
#define PAGES_COUNT		12
#define PAGES_ADDRESS		16

#define TX_RESOURCES		16
#define TX_DESCRIPTORS		24
#define TX_PAGES		32
#define TX_VECTOR		36
#define TX_SIZE			48

#define RX_VECTOR		20
#define RX_RESOURCES		24
#define RX_COMPLETIONS		32
#define RX_DESCRIPTORS		40
#define RX_PAGES		48
#define RX_SIZE			52

static void write32(struct gve *gve, uint64_t address, uint32_t value)
{
	uint8_t data[sizeof(value)];

	put32(data, 0, value);
	dma_write(&gve->server.dma, address, data, sizeof(data));
}

static enum gve_status describe(struct gve *gve, const uint8_t *command)
{
	uint8_t descriptor[48] = {};

	put16(descriptor, 10, QUEUE_SIZE);	/* transmission */
	put16(descriptor, 12, QUEUE_SIZE);	/* reception */
	put16(descriptor, 16, MTU);
	put16(descriptor, 18, COUNTERS);
	memcpy(descriptor + 24, PEER_DRIVER_MAC, PEER_MAC_SIZE);
	put16(descriptor, 30, 1);		/* options */
	put16(descriptor, 32, sizeof(descriptor));
	put16(descriptor, 40, OPTION_RAW_ADDRESSES);
	dma_write(&gve->server.dma, get64(command, DESCRIBE_ADDRESS), descriptor,
		  sizeof(descriptor));
	return GVE_PASSED;
}

static enum gve_status configure(struct gve *gve, const uint8_t *command)
{
	uint32_t stride = get32(command, CONFIGURE_STRIDE);
	uint64_t doorbells = get64(command, CONFIGURE_DOORBELLS);
	uint32_t i, count = get32(command, CONFIGURE_NR_DOORBELLS);

	if (count >= GVE_VECTORS)
		return GVE_INVALID_ARGUMENT;
	gve->counters = get64(command, CONFIGURE_COUNTERS);
	for (i = 0; i < count; i++)
		write32(gve, doorbells + (uint64_t)i * stride, GVE_DOORBELL_IRQ + i);
	return GVE_PASSED;
}

static struct gve_pages *find_pages(struct gve *gve, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gve->pages); i++) {
		if (gve->pages[i].count && gve->pages[i].id == id)
			return &gve->pages[i];
	}
	return NULL;
}

static struct gve_pages *free_pages(struct gve *gve)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gve->pages); i++) {
		if (!gve->pages[i].count)
			return &gve->pages[i];
	}
	return NULL;
}

static enum gve_status register_pages(struct gve *gve, const uint8_t *command)
{
	uint32_t i, count = get32(command, PAGES_COUNT);
	struct gve_pages *pages = free_pages(gve);
	uint64_t page[GVE_PAGES_MAX];

	if (!pages || !count || count > ARRAY_SIZE(page) ||
	    !server_dma_read(&gve->server, get64(command, PAGES_ADDRESS), page,
			     count * sizeof(page[0])))
		return GVE_INVALID_ARGUMENT;
	pages->id = get32(command, PAGES_ID);
	pages->count = count;
	for (i = 0; i < count; i++)
		pages->page[i] = get64(page, i * sizeof(page[0]));
	return GVE_PASSED;
}

static enum gve_status unregister_pages(struct gve *gve, const uint8_t *command)
{
	struct gve_pages *pages = find_pages(gve, get32(command, PAGES_ID));

	if (!pages)
		return GVE_INVALID_ARGUMENT;
	pages->count = 0;
	return GVE_PASSED;
}

/* Tell the driver where the queue's doorbell and its counter are. */
static void create(struct gve *gve, struct gve_queue *queue, uint64_t resources,
		   uint32_t doorbell, uint32_t counter)
{
	if (!queue->size)
		queue->size = QUEUE_SIZE;
	queue->exists = true;
	write32(gve, resources, doorbell);
	write32(gve, resources + sizeof(uint32_t), counter);
}

static enum gve_status create_tx(struct gve *gve, const uint8_t *command)
{
	gve->tx = (struct gve_queue){
		.pages = find_pages(gve, get32(command, TX_PAGES)),
		.descriptors = get64(command, TX_DESCRIPTORS),
		.size = get16(command, TX_SIZE),
		.vector = get32(command, TX_VECTOR),
	};
	create(gve, &gve->tx, get64(command, TX_RESOURCES), GVE_DOORBELL_TX, 0);
	return GVE_PASSED;
}

static enum gve_status create_rx(struct gve *gve, const uint8_t *command)
{
	gve->rx = (struct gve_queue){
		.pages = find_pages(gve, get32(command, RX_PAGES)),
		.descriptors = get64(command, RX_DESCRIPTORS),
		.completions = get64(command, RX_COMPLETIONS),
		.size = get16(command, RX_SIZE),
		.vector = get32(command, RX_VECTOR),
	};
	gve->sequence = 1;
	create(gve, &gve->rx, get64(command, RX_RESOURCES), GVE_DOORBELL_RX, 1);
	return GVE_PASSED;
}

static enum gve_status execute(struct gve *gve, const uint8_t *command)
{
	switch (get32(command, 0)) {
	case GVE_DESCRIBE:
		return describe(gve, command);
	case GVE_CONFIGURE:
		return configure(gve, command);
	case GVE_REGISTER_PAGES:
		return register_pages(gve, command);
	case GVE_UNREGISTER_PAGES:
		return unregister_pages(gve, command);
	case GVE_CREATE_TX:
		return create_tx(gve, command);
	case GVE_CREATE_RX:
		return create_rx(gve, command);
	case GVE_DESTROY_TX:
		gve->tx.exists = false;
		return GVE_PASSED;
	case GVE_DESTROY_RX:
		gve->rx.exists = false;
		return GVE_PASSED;
	case GVE_DECONFIGURE:
	case GVE_SET_PARAMETER:
	case GVE_VERIFY_DRIVER:
		return GVE_PASSED;
	default:
		return GVE_UNIMPLEMENTED;
	}
}

void gve_admin_reset(struct gve *gve)
{
	dma_cancel_read(&gve->server.dma);
	gve->page = 0;
	gve->address_hi = 0;
	gve->address_lo = 0;
	gve->commands = 0;
	gve->executed = 0;
	gve->counters = 0;
	memset(gve->pages, 0, sizeof(gve->pages));
	memset(&gve->tx, 0, sizeof(gve->tx));
	memset(&gve->rx, 0, sizeof(gve->rx));
	peer_reset(&gve->peer);
}

/*
 * A command counts as executed when its status has arrived in memory. The client may answer
 * a read of the counter before it has handled the device's writes, but not a read of memory.
 */
bool gve_admin_work(struct gve *gve)
{
	uint64_t base = (uint64_t)gve->address_hi << 32 | gve->address_lo;
	uint8_t command[GVE_COMMAND_SIZE], status[sizeof(uint32_t)];
	uint64_t address = base + gve->executed % GVE_COMMANDS * sizeof(command);

	if (!gve->page || gve->executed == gve->commands ||
	    !server_dma_read(&gve->server, address, command, sizeof(command)))
		return false;
	write32(gve, address + GVE_COMMAND_STATUS, execute(gve, command));
	log_detail("admin command %" PRIu32, get32(command, 0));
	if (!server_dma_read(&gve->server, address + GVE_COMMAND_STATUS, status,
			     sizeof(status)))
		return false;
	gve->executed++;
	return true;
}
