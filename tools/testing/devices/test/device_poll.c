// SPDX-License-Identifier: GPL-2.0-only
/* Differences between the poll and the msix device. */
#include <linux/pci_regs.h>

#include "../polled.h"
#include "client.h"
#include "test.h"

#define CAP		0x50
#define RING		0x123456000
#define RING_SIZE	3
#define TARGET		0xabc000
#define VECTOR		2

static void set_control(struct client *c, uint16_t bits)
{
	write16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS, bits);
}

static void mask(struct client *c, uint32_t masked)
{
	write32(c, POLL_MSIX_BAR, VECTOR * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL,
		masked);
}

/* A ring and a message, MSI-X disabled, the vector unmasked. */
static struct client *start(void)
{
	struct client *c = client_start_reset("vfio-user-poll");

	write32(c, 0, POLL_REG_RING_LO, (uint32_t)RING);
	write32(c, 0, POLL_REG_RING_HI, RING >> 32);
	write32(c, 0, POLL_REG_RING_SIZE, RING_SIZE);
	write32(c, 0, POLL_REG_VECTOR, VECTOR);
	write32(c, POLL_MSIX_BAR, VECTOR * PCI_MSIX_ENTRY_SIZE, TARGET);
	write32(c, POLL_MSIX_BAR, VECTOR * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_DATA, VECTOR);
	mask(c, 0);
	return c;
}

static void expect_two_writes(struct client *c, uint32_t entry, uint32_t value)
{
	CHECK_EQUAL(client_take_dma(c), 2);
	CHECK_EQUAL(c->dma[0].address, RING + 4 * entry);
	CHECK_EQUAL(c->dma[0].data, value);
	CHECK_EQUAL(c->dma[1].address, TARGET);
	CHECK_EQUAL(c->dma[1].data, VECTOR);
}

static void check_counters(struct client *c, uint32_t completed, uint32_t held)
{
	CHECK_EQUAL(read32(c, 0, POLL_REG_COMPLETED), completed);
	CHECK_EQUAL(read32(c, 0, POLL_REG_HELD), held);
}

static void test_completes(void)
{
	struct client *c = start();
	uint32_t i;

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	for (i = 0; i < 5; i++) {
		write32(c, 0, POLL_REG_DOORBELL, 0x100 + i);
		expect_two_writes(c, i % RING_SIZE, 0x100 + i);
	}
	check_counters(c, 5, 0);
	CHECK_EQUAL(read32(c, 0, POLL_REG_SENT), 10);
	CHECK_EQUAL(read32(c, 0, POLL_REG_FAILED), 0);
	client_stop(c);
}

static void test_holds_back(void)
{
	struct client *c = start();

	write32(c, 0, POLL_REG_DOORBELL, 1);
	client_expect_no_dma(c);
	check_counters(c, 0, 1);
	set_control(c, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	client_expect_no_dma(c);
	mask(c, 1);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	client_expect_no_dma(c);
	mask(c, 0);
	expect_two_writes(c, 0, 1);
	check_counters(c, 1, 0);

	mask(c, 1);
	write32(c, 0, POLL_REG_DOORBELL, 2);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	mask(c, 0);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	expect_two_writes(c, 1, 2);
	client_stop(c);
}

static void test_no_room(void)
{
	struct client *c = start();
	uint32_t i;

	for (i = 0; i < POLL_HELD_MAX + 2; i++)
		write32(c, 0, POLL_REG_DOORBELL, i);
	check_counters(c, 0, POLL_HELD_MAX);
	CHECK_EQUAL(read32(c, 0, POLL_REG_DROPPED), 2);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	CHECK_EQUAL(client_take_dma(c), 2 * POLL_HELD_MAX);
	CHECK_EQUAL(c->dma[2 * POLL_HELD_MAX - 2].data, POLL_HELD_MAX - 1);
	client_stop(c);
}

/* A ring without room, a vector that does not exist, a reset. */
static void test_odd_states(void)
{
	struct client *c = start();

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	write32(c, 0, POLL_REG_RING_SIZE, 0);
	write32(c, 0, POLL_REG_DOORBELL, 1);
	client_expect_no_dma(c);
	write32(c, 0, POLL_REG_VECTOR, POLL_VECTORS);
	write32(c, 0, POLL_REG_RING_SIZE, RING_SIZE);
	client_expect_no_dma(c);
	write32(c, 0, POLL_REG_VECTOR, ~0U);
	client_expect_no_dma(c);
	check_counters(c, 0, 1);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_counters(c, 0, 0);
	CHECK_EQUAL(read32(c, 0, POLL_REG_RING_LO), 0);
	CHECK_EQUAL(read32(c, 0, POLL_REG_VECTOR), 0);
	client_stop(c);
}

const struct test poll_tests[] = {
	{ "completions are written and asserted", test_completes },
	{ "completions are held back until they can be asserted", test_holds_back },
	{ "more completions than can be held back", test_no_room },
	{ "no ring, no such vector, reset", test_odd_states },
	{}
};
