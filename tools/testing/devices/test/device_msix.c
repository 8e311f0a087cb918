// SPDX-License-Identifier: GPL-2.0-only
/* MSI-X and the registers of the msix device. */
#include <string.h>

#include <linux/pci_regs.h>

#include "../msix.h"
#include "client.h"
#include "test.h"

#define CAP		0x50
#define TABLE_BAR	2
#define PBA_BAR		4
#define ADDRESS(vector)	(0x1fee00000 + 16 * (vector))
#define DATA(vector)	(0xda7a0000 + (vector))
#define DEFAULTS	"vfio-user-msix"

static uint64_t entry(unsigned int vector)
{
	return PCI_MSIX_ENTRY_SIZE * vector;
}

static void set_control(struct client *c, uint16_t bits)
{
	write16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS, bits);
}

static void program_entry(struct client *c, unsigned int bar, uint64_t offset,
			  unsigned int vector, uint32_t control)
{
	write32(c, bar, offset + PCI_MSIX_ENTRY_LOWER_ADDR, (uint32_t)ADDRESS(vector));
	write32(c, bar, offset + PCI_MSIX_ENTRY_UPPER_ADDR, ADDRESS(vector) >> 32);
	write32(c, bar, offset + PCI_MSIX_ENTRY_DATA, DATA(vector));
	write32(c, bar, offset + PCI_MSIX_ENTRY_VECTOR_CTRL, control);
}

/* All vectors programmed and unmasked, and MSI-X enabled. */
static struct client *start_enabled(void)
{
	struct client *c = client_start_reset(DEFAULTS);
	unsigned int i;

	for (i = 0; i < MSIX_VECTORS_DEFAULT; i++)
		program_entry(c, TABLE_BAR, entry(i), i, 0);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	return c;
}

static void mask(struct client *c, unsigned int vector, uint32_t control)
{
	write32(c, TABLE_BAR, entry(vector) + PCI_MSIX_ENTRY_VECTOR_CTRL, control);
}

static void raise_vector(struct client *c, uint32_t vector)
{
	write32(c, 0, MSIX_REG_RAISE, vector);
}

static void expect_vector(struct client *c, unsigned int vector)
{
	client_expect_dma(c, ADDRESS(vector), DATA(vector));
}

static void check_pending(struct client *c, uint64_t expected)
{
	uint64_t qword;

	client_read(c, PBA_BAR, 0, &qword, sizeof(qword));
	CHECK_EQUAL(qword, expected);
	CHECK_EQUAL(read32(c, PBA_BAR, 0), (uint32_t)expected);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_PENDING), __builtin_popcountll(expected));
}

static void check_counters(struct client *c, uint32_t sent, uint32_t failed,
			   uint32_t dropped)
{
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SENT), sent);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_FAILED), failed);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_DROPPED), dropped);
}

static void test_capability(void)
{
	struct client *c = client_start_reset(DEFAULTS);
	unsigned int i;

	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSIX), CAP);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSI), 0);
	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS), MSIX_VECTORS_DEFAULT - 1);
	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_TABLE), TABLE_BAR);
	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_PBA), PBA_BAR);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_INTERRUPT_LINE), 0);
	set_control(c, 0xffff);
	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS),
		    0xc000 | (MSIX_VECTORS_DEFAULT - 1));
	for (i = 0; i < MSIX_VECTORS_DEFAULT; i++) {
		CHECK_EQUAL(read32(c, TABLE_BAR, entry(i)), 0);
		CHECK_EQUAL(read32(c, TABLE_BAR, entry(i) + 4), 0);
		CHECK_EQUAL(read32(c, TABLE_BAR, entry(i) + 8), 0);
		CHECK_EQUAL(read32(c, TABLE_BAR, entry(i) + 12), 1);
	}
	client_stop(c);
}

static void test_table_access(void)
{
	static const uint64_t qwords[] = { 0x1122334455667788, 0xffffffff99aabbcc };
	struct client *c = client_start_reset(DEFAULTS);
	uint64_t back[2];

	client_write(c, TABLE_BAR, entry(3), &qwords[0], 8);
	client_write(c, TABLE_BAR, entry(3) + 8, &qwords[1], 8);
	client_read(c, TABLE_BAR, entry(3), back, sizeof(back));
	CHECK_EQUAL(back[0], 0x1122334455667788);
	CHECK_EQUAL(back[1], 0x0000000199aabbcc);
	/* Reserved bits: the low ones of the address, and all of vector control but the mask. */
	write32(c, TABLE_BAR, entry(3), 0xfffffffb);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(3)), 0xfffffff8);
	write32(c, TABLE_BAR, entry(3) + 12, 0xfffffffe);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(3) + 12), 0);
	/* The specification does not define smaller writes; the device ignores them. */
	write16(c, TABLE_BAR, entry(3) + 8, 0);
	write8(c, TABLE_BAR, entry(3) + 12, 1);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(3) + 8), 0x99aabbcc);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(3) + 12), 0);
	CHECK_EQUAL(read16(c, TABLE_BAR, entry(3) + 10), 0x99aa);
	/* The entries around it, and the memory after the last entry. */
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(2) + 12), 1);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(4) + 12), 1);
	write32(c, TABLE_BAR, entry(MSIX_VECTORS_DEFAULT), 0xffffffff);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(MSIX_VECTORS_DEFAULT)), 0xffffffff);
	client_stop(c);
}

static void test_vectors(void)
{
	struct client *c = start_enabled();
	unsigned int i;

	for (i = 0; i < MSIX_VECTORS_DEFAULT; i++) {
		raise_vector(c, i);
		expect_vector(c, i);
	}
	check_counters(c, MSIX_VECTORS_DEFAULT, 0, 0);
	check_pending(c, 0);
	raise_vector(c, MSIX_VECTORS_DEFAULT);
	raise_vector(c, UINT32_MAX);
	client_expect_no_dma(c);
	check_counters(c, MSIX_VECTORS_DEFAULT, 0, 2);
	c->answer = DMA_REFUSE;
	raise_vector(c, 0);
	check_counters(c, MSIX_VECTORS_DEFAULT, 1, 2);
	client_stop(c);
}

static void test_disabled(void)
{
	struct client *c = start_enabled();

	set_control(c, 0);
	raise_vector(c, 1);
	set_control(c, PCI_MSIX_FLAGS_MASKALL);
	raise_vector(c, 1);
	check_pending(c, 0);
	check_counters(c, 0, 0, 2);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	client_expect_no_dma(c);
	client_stop(c);
}

static void test_vector_mask(void)
{
	struct client *c = start_enabled();

	mask(c, 5, 1);
	raise_vector(c, 5);
	raise_vector(c, 5);
	raise_vector(c, 6);
	expect_vector(c, 6);
	check_pending(c, 1 << 5);
	/* Nothing is sent when the rest of the entry is written, or the vector masked again. */
	program_entry(c, TABLE_BAR, entry(5), 7, 1);
	client_expect_no_dma(c);
	check_pending(c, 1 << 5);
	mask(c, 5, 0);
	expect_vector(c, 7);
	check_pending(c, 0);
	mask(c, 5, 1);
	mask(c, 5, 0);
	client_expect_no_dma(c);
	check_counters(c, 2, 0, 0);
	client_stop(c);
}

static void test_function_mask(void)
{
	struct client *c = start_enabled();
	unsigned int i;

	mask(c, 2, 1);
	set_control(c, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (i = 0; i < MSIX_VECTORS_DEFAULT; i++) {
		raise_vector(c, i);
		raise_vector(c, i);
	}
	client_expect_no_dma(c);
	check_pending(c, 0xffff);
	mask(c, 3, 1);
	mask(c, 3, 0);
	client_expect_no_dma(c);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	CHECK_EQUAL(client_take_dma(c), MSIX_VECTORS_DEFAULT - 1);
	check_pending(c, 1 << 2);
	mask(c, 2, 0);
	expect_vector(c, 2);
	check_pending(c, 0);
	check_counters(c, MSIX_VECTORS_DEFAULT, 0, 0);
	client_stop(c);
}

static void check_vector(struct client *c, unsigned int vector, uint32_t sent,
			 uint32_t merged)
{
	write32(c, 0, MSIX_REG_HW_INDEX, vector);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_VECTOR_SENT), sent);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_VECTOR_MERGED), merged);
}

static void test_sets_and_bursts(void)
{
	struct client *c = start_enabled();

	write32(c, 0, MSIX_REG_RAISE_SET, 1 << 15 | 1 << 7 | 1);
	CHECK_EQUAL(client_take_dma(c), 3);
	CHECK_EQUAL(c->dma[0].data, DATA(0));
	CHECK_EQUAL(c->dma[1].data, DATA(7));
	CHECK_EQUAL(c->dma[2].data, DATA(15));
	write32(c, 0, MSIX_REG_BURST, 3 << 16 | 2);
	CHECK_EQUAL(client_take_dma(c), 3);
	CHECK_EQUAL(c->dma[0].data, DATA(2));
	CHECK_EQUAL(c->dma[2].data, DATA(2));
	write32(c, 0, MSIX_REG_RAISE_SET, 0);
	write32(c, 0, MSIX_REG_BURST, 2);
	client_expect_no_dma(c);
	write32(c, 0, MSIX_REG_RAISE_SET, 1U << 31);
	write32(c, 0, MSIX_REG_BURST, 1 << 16 | MSIX_VECTORS_DEFAULT);
	check_counters(c, 6, 0, 2);

	mask(c, 2, 1);
	write32(c, 0, MSIX_REG_BURST, 5 << 16 | 2);
	check_vector(c, 2, 3, 4);
	mask(c, 2, 0);
	expect_vector(c, 2);
	check_vector(c, 2, 4, 4);
	check_vector(c, 7, 1, 0);
	check_vector(c, 1, 0, 0);
	check_vector(c, MSIX_VECTORS_DEFAULT, ~0U, ~0U);
	check_vector(c, UINT32_MAX, ~0U, ~0U);

	c->answer = DMA_KEEP_SILENT;
	raise_vector(c, 0);
	CHECK_EQUAL(client_take_dma(c), 1);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_UNANSWERED), 1);
	client_answer_dma(c, &c->dma[0]);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_UNANSWERED), 0);

	raise_vector(c, 0);
	CHECK_EQUAL(client_take_dma(c), 1);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_UNANSWERED), 0);
	check_vector(c, 2, 0, 0);
	client_answer_dma(c, &c->dma[0]);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_UNANSWERED), 0);
	client_stop(c);
}

static unsigned int wrong_reads(struct client *c, unsigned int region, uint64_t offset,
				uint16_t value)
{
	unsigned int wrong = 0, i;

	for (i = 0; i < 100; i++)
		wrong += read16(c, region, offset) != value;
	return wrong;
}

static void test_wrong_bits(void)
{
	struct client *c = start_enabled();
	const uint16_t data = (uint16_t)DATA(0);
	const unsigned int at = entry(0) + PCI_MSIX_ENTRY_DATA;
	uint16_t flags = read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS);

	write32(c, 0, MSIX_REG_FAULTS, 1);
	CHECK(wrong_reads(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS, flags) > 0);
	CHECK_EQUAL(wrong_reads(c, CONFIG_REGION, PCI_VENDOR_ID, MSIX_VENDOR_ID), 0);
	CHECK_EQUAL(wrong_reads(c, TABLE_BAR, at, data), 0);
	write32(c, 0, MSIX_REG_FAULTS, 2);
	CHECK_EQUAL(wrong_reads(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS, flags), 0);
	CHECK(wrong_reads(c, TABLE_BAR, at, data) > 0);
	write32(c, 0, MSIX_REG_FAULTS, 0);
	CHECK_EQUAL(wrong_reads(c, TABLE_BAR, at, data), 0);
	write32(c, 0, MSIX_REG_FAULTS, 1);
	client_reset(c);
	flags = read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS);
	CHECK_EQUAL(wrong_reads(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS, flags), 0);
	client_stop(c);
}

static void test_unwanted_messages(void)
{
	struct client *c = start_enabled();

	set_control(c, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	write32(c, 0, MSIX_REG_FAULTS, 4);
	raise_vector(c, 1);
	expect_vector(c, 1);
	set_control(c, 0);
	raise_vector(c, 2);
	expect_vector(c, 2);
	client_stop(c);
}

static void test_lost_answers(void)
{
	struct client *c = start_enabled();

	CHECK_EQUAL(read32(c, 0, MSIX_REG_LOSE), 0);
	write32(c, 0, MSIX_REG_LOSE, 3);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_LOSE), 3);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), MSIX_VENDOR_ID);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), 0);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), ~0U);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), 0xffff);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_LOSE), ~0U);
	write32(c, 0, MSIX_REG_SCRATCH, 1);
	write32(c, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_LOSE), 0);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), 1);

	write32(c, 0, MSIX_REG_LOSE, 0);
	client_reset(c);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), MSIX_VENDOR_ID);
	client_stop(c);
}

static void test_lost_answers_of_bars(void)
{
	struct client *c = start_enabled();

	write32(c, 0, MSIX_REG_LOSE, MSIX_LOSE_BARS | 1);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), MSIX_VENDOR_ID);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_LOSE), 1);
	CHECK_EQUAL(read32(c, TABLE_BAR, 0), ~0U);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), ~0U);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), MSIX_VENDOR_ID);
	write32(c, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
	CHECK_EQUAL(read32(c, TABLE_BAR, 0), (uint32_t)ADDRESS(0));
	client_stop(c);
}

static void test_one_lost_answer(void)
{
	struct client *c = start_enabled();

	write32(c, 0, MSIX_REG_LOSE, MSIX_LOSE_ONE | 1);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), MSIX_VENDOR_ID);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), 0xffff);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), MSIX_VENDOR_ID);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_LOSE), 0);
	client_stop(c);
}

/* After a reset; the last entry of the table is where it should be. */
static void check_number(struct client *c, unsigned int vectors)
{
	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS), vectors - 1);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_NEXT_VECTORS), vectors);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(vectors - 1) + 12), 1);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(vectors) + 12), 0);
	write32(c, TABLE_BAR, entry(vectors) + 12, 0x12345678);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(vectors) + 12), 0x12345678);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	raise_vector(c, vectors - 1);
	raise_vector(c, vectors);
	check_pending(c, 1ULL << (vectors - 1));
	check_counters(c, 0, 0, 1);
}

static void reset_function(struct client *c)
{
	const unsigned int devctl = 0x70 + PCI_EXP_DEVCTL;

	write16(c, CONFIG_REGION, devctl, PCI_EXP_DEVCTL_BCR_FLR);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void test_next_vectors(void)
{
	static const uint32_t wrong[] = { 0, 2049, UINT32_MAX };
	struct client *c = start_enabled();
	size_t i;

	write32(c, 0, MSIX_REG_NEXT_VECTORS, 22);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_NEXT_VECTORS), 22);
	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS),
		    PCI_MSIX_FLAGS_ENABLE | (MSIX_VECTORS_DEFAULT - 1));
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(21) + 12), 0);
	reset_function(c);
	check_number(c, 22);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		write32(c, 0, MSIX_REG_NEXT_VECTORS, wrong[i]);
		CHECK_EQUAL(read32(c, 0, MSIX_REG_NEXT_VECTORS), 22);
	}
	write32(c, 0, MSIX_REG_NEXT_VECTORS, 8);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_number(c, 8);
	client_stop(c);

	/* A table of this size would reach into the PBA. */
	c = client_start_reset("vfio-user-msix", "--bar", "0:4K", "--table", "0:0x100",
			       "--pba", "0:0x200");
	write32(c, 0, MSIX_REG_NEXT_VECTORS, 17);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_NEXT_VECTORS), 16);
	client_stop(c);
}

static void test_resets_itself(void)
{
	struct client *c = start_enabled();

	write32(c, 0, MSIX_REG_SCRATCH, 0x4711);
	mask(c, 3, 1);
	raise_vector(c, 3);
	write32(c, 0, MSIX_REG_RESET, 0);
	write32(c, 0, MSIX_REG_RESET, UINT32_MAX);
	check_pending(c, 1 << 3);
	write32(c, 0, MSIX_REG_RESET, MSIX_RESET_MSIX);
	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS), MSIX_VECTORS_DEFAULT - 1);
	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_TABLE), TABLE_BAR);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_EXP), 0x70);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(0)), 0);
	CHECK_EQUAL(read32(c, TABLE_BAR, entry(0) + 12), 1);
	check_pending(c, 0);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), 0x4711);
	raise_vector(c, 0);
	client_expect_no_dma(c);

	write32(c, 0, MSIX_REG_RESET, MSIX_RESET_FUNCTION);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_COMMAND), 0);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), ~0U);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), 0);
	client_stop(c);
}

static void test_qword_unmask(void)
{
	struct client *c = start_enabled();
	uint64_t data_and_control = 0x12345678;

	mask(c, 0, 1);
	raise_vector(c, 0);
	client_write(c, TABLE_BAR, entry(0) + PCI_MSIX_ENTRY_DATA, &data_and_control,
		     sizeof(data_and_control));
	client_expect_dma(c, ADDRESS(0), 0x12345678);
	client_stop(c);
}

static void test_pba_read_only(void)
{
	struct client *c = start_enabled();

	mask(c, 0, 1);
	raise_vector(c, 0);
	write32(c, PBA_BAR, 0, 0);
	check_pending(c, 1);
	write32(c, PBA_BAR, 0, ~0U);
	write32(c, PBA_BAR, 4, ~0U);
	check_pending(c, 1);
	client_stop(c);
}

static void test_bus_master(void)
{
	struct client *c = start_enabled();

	mask(c, 1, 1);
	raise_vector(c, 1);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	raise_vector(c, 0);
	check_counters(c, 0, 0, 1);
	mask(c, 1, 0);
	client_expect_no_dma(c);
	check_pending(c, 1 << 1);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	expect_vector(c, 1);
	check_pending(c, 0);
	client_stop(c);
}

static void test_disabled_pending(void)
{
	struct client *c = start_enabled();

	mask(c, 4, 1);
	raise_vector(c, 4);
	set_control(c, 0);
	mask(c, 4, 0);
	client_expect_no_dma(c);
	check_pending(c, 1 << 4);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	expect_vector(c, 4);
	check_pending(c, 0);
	client_stop(c);
}

enum reset { RESET_DEVICE, RESET_FLR, RESET_POWER };

static void reset(struct client *c, enum reset how)
{
	switch (how) {
	case RESET_DEVICE:
		client_reset(c);
		break;
	case RESET_FLR:
		write16(c, CONFIG_REGION, 0x70 + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
		break;
	case RESET_POWER:
		write16(c, CONFIG_REGION, 0x40 + PCI_PM_CTRL, 3);
		write16(c, CONFIG_REGION, 0x40 + PCI_PM_CTRL, 0);
		break;
	}
}

static void test_reset(void)
{
	struct client *c = start_enabled();
	enum reset how;
	unsigned int i;

	for (how = RESET_DEVICE; how <= RESET_POWER; how++) {
		write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		program_entry(c, TABLE_BAR, entry(0), 0, 1);
		set_control(c, PCI_MSIX_FLAGS_ENABLE);
		raise_vector(c, 0);
		raise_vector(c, MSIX_VECTORS_MAX);
		write32(c, 0, MSIX_REG_HW_INDEX, 3);
		write32(c, 0, MSIX_REG_SCRATCH, 3);
		check_pending(c, 1);
		reset(c, how);
		CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS), 15);
		write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		for (i = 0; i < MSIX_VECTORS_DEFAULT; i++) {
			CHECK_EQUAL(read32(c, TABLE_BAR, entry(i)), 0);
			CHECK_EQUAL(read32(c, TABLE_BAR, entry(i) + 12), 1);
		}
		check_pending(c, 0);
		check_counters(c, 0, 0, 0);
		CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_INDEX), 0);
		CHECK_EQUAL(read32(c, 0, MSIX_REG_SCRATCH), 0);
		client_expect_no_dma(c);
	}
	client_stop(c);
}

static void test_power_state(void)
{
	struct client *c = start_enabled();

	set_control(c, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	raise_vector(c, 0);
	check_pending(c, 1);
	write16(c, CONFIG_REGION, 0x40 + PCI_PM_CTRL, 3);
	raise_vector(c, 1);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	client_expect_no_dma(c);
	CHECK_EQUAL(read32(c, TABLE_BAR, 0), ~0U);
	client_stop(c);
}

static void test_hw_registers(void)
{
	struct client *c = start_enabled();

	mask(c, 7, 1);
	write32(c, 0, MSIX_REG_HW_INDEX, 7);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_INDEX), 7);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_ADDR_LO), (uint32_t)ADDRESS(7));
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_ADDR_HI), 1);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_DATA), DATA(7));
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_CTRL), 1);
	write32(c, 0, MSIX_REG_HW_DATA, 0);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_DATA), DATA(7));
	write32(c, 0, MSIX_REG_HW_INDEX, MSIX_VECTORS_DEFAULT);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_ADDR_LO), ~0U);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_CTRL), ~0U);
	write32(c, 0, MSIX_REG_HW_INDEX, UINT32_MAX);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_DATA), ~0U);
	/* After the registers there is memory. */
	write32(c, 0, MSIX_REGS_SIZE, 0x12345678);
	CHECK_EQUAL(read32(c, 0, MSIX_REGS_SIZE), 0x12345678);
	client_stop(c);
}

static void test_2048(void)
{
	struct client *c = client_start_reset("vfio-user-msix", "--vectors", "2048");
	uint8_t pba[MSIX_VECTORS_MAX / 8], ones[sizeof(pba)];
	unsigned int i;

	memset(ones, 0xff, sizeof(ones));
	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS), 2047);
	set_control(c, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (i = 0; i < MSIX_VECTORS_MAX; i++) {
		program_entry(c, TABLE_BAR, entry(i), i, 0);
		raise_vector(c, i);
	}
	client_read(c, PBA_BAR, 0, pba, sizeof(pba));
	CHECK(!memcmp(pba, ones, sizeof(pba)));
	CHECK_EQUAL(read32(c, 0, MSIX_REG_PENDING), MSIX_VECTORS_MAX);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_PENDING), 0);
	CHECK_EQUAL(client_take_dma(c), MSIX_VECTORS_MAX);
	for (i = 0; i < MSIX_VECTORS_MAX; i++) {
		CHECK_EQUAL(c->dma[i].address, ADDRESS(i));
		CHECK_EQUAL(c->dma[i].data, DATA(i));
	}
	check_counters(c, MSIX_VECTORS_MAX, 0, 0);
	raise_vector(c, MSIX_VECTORS_MAX - 1);
	expect_vector(c, MSIX_VECTORS_MAX - 1);
	client_stop(c);
}

/* Registers, table and PBA anywhere. The last vector becomes pending, and is sent. */
static void check_layout(struct client *c, unsigned int vectors, unsigned int bar,
			 uint64_t registers, uint64_t table, uint64_t pba)
{
	unsigned int last = vectors - 1;
	uint64_t pba_dword = pba + last / 32 * 4;

	CHECK_EQUAL(read16(c, CONFIG_REGION, CAP + PCI_MSIX_FLAGS), last);
	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_TABLE), table | bar);
	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_PBA), pba | bar);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	program_entry(c, bar, table + entry(last), last, 1);
	write32(c, bar, registers + MSIX_REG_RAISE, last);
	client_expect_no_dma(c);
	CHECK_EQUAL(read32(c, bar, registers + MSIX_REG_PENDING), 1);
	CHECK_EQUAL(read32(c, bar, pba_dword), 1U << last % 32);
	write32(c, bar, table + entry(last) + 12, 0);
	expect_vector(c, last);
	CHECK_EQUAL(read32(c, bar, pba_dword), 0);
	client_stop(c);
}

static void test_layouts(void)
{
	/* All in one page, one after the other. */
	check_layout(client_start_reset("vfio-user-msix", "--bar", "0:4K", "--vectors", "17",
					"--table", "0:0x58", "--pba", "0:0x168"),
		     17, 0, 0, 0x58, 0x168);
	/* At the ends of BARs, and with odd sizes. */
	check_layout(client_start_reset("vfio-user-msix", "--bar", "1:8K", "--vectors", "65",
					"--table", "1:0", "--pba", "1:0x1fd0",
					"--registers", "1:0x410"),
		     65, 1, 0x410, 0, 0x1fd0);
	check_layout(client_start_reset("vfio-user-msix", "--bar", "5:64K:prefetch",
					"--vectors", "2048", "--table", "5:0x7ef8",
					"--pba", "5:0xff00", "--registers", "5:4"),
		     2048, 5, 4, 0x7ef8, 0xff00);
}

static void test_large_bar(void)
{
	/* Table and PBA each cross the end of a page. */
	check_layout(client_start_reset("vfio-user-msix", "--bar", "2:4G:64:prefetch",
					"--vectors", "300", "--table", "2:0xffffed40",
					"--pba", "2:0x80000ff8", "--registers", "2:0xff0"),
		     300, 2, 0xff0, 0xffffed40, 0x80000ff8);
}

/* There are real devices like that. The table is read where they overlap, and works. */
static void test_overlap(void)
{
	struct client *c = client_start_reset("vfio-user-msix", "--vectors", "32", "--bar",
					      "0:4K", "--bar", "1:4K", "--table", "1:0",
					      "--pba", "1:0x1f0", "--overlap");

	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_TABLE), 1);
	CHECK_EQUAL(read32(c, CONFIG_REGION, CAP + PCI_MSIX_PBA), 0x1f1);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	program_entry(c, 1, entry(31), 31, 1);
	raise_vector(c, 31);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_PENDING), 1);
	CHECK_EQUAL(read32(c, 1, 0x1f0), (uint32_t)ADDRESS(31));
	CHECK_EQUAL(read32(c, 1, 0x1f4), ADDRESS(31) >> 32);
	write32(c, 1, entry(31) + 12, 0);
	expect_vector(c, 31);
	client_stop(c);
}

static void test_no_msix(void)
{
	struct client *c = client_start_reset("vfio-user-msix", "--no-msix");

	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSIX), 0);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSI), 0);
	CHECK(client_find_capability(c, PCI_CAP_ID_PM));
	CHECK(client_find_capability(c, PCI_CAP_ID_EXP));
	raise_vector(c, 0);
	client_expect_no_dma(c);
	check_counters(c, 0, 0, 1);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_HW_CTRL), ~0U);
	write32(c, TABLE_BAR, 12, 0x12345678);
	CHECK_EQUAL(read32(c, TABLE_BAR, 12), 0x12345678);
	client_stop(c);
}

static void test_msi(void)
{
	struct client *c = client_start_reset("vfio-user-msix", "--msi");
	const unsigned int cap = MSIX_MSI_OFFSET;

	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSIX), CAP);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSI), cap);
	CHECK_EQUAL(read16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS), 2 << 1);
	write32(c, CONFIG_REGION, cap + PCI_MSI_ADDRESS_LO, 0xfee01000);
	write16(c, CONFIG_REGION, cap + PCI_MSI_DATA_32, 0x4040);
	write32(c, 0, MSIX_REG_RAISE_MSI, 0);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS, 2 << 4 | PCI_MSI_FLAGS_ENABLE);
	write32(c, 0, MSIX_REG_RAISE_MSI, 3);
	client_expect_dma(c, 0xfee01000, 0x4043);
	client_stop(c);

	c = client_start_reset("vfio-user-msix");
	write32(c, 0, MSIX_REG_RAISE_MSI, 0);
	client_expect_no_dma(c);
	CHECK_EQUAL(read32(c, 0, MSIX_REG_DROPPED), 0);
	client_stop(c);
}

static void test_identity(void)
{
	struct client *c = client_start("vfio-user-msix", "--id", "8086:5917", "--class",
					"030000");

	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_VENDOR_ID), 0x59178086);
	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_CLASS_REVISION), 0x03000000);
	client_stop(c);
	c = client_start(DEFAULTS);
	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_VENDOR_ID), 0x56781234);
	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_CLASS_REVISION), 0xff000000);
	client_stop(c);
}

const struct test msix_tests[] = {
	{ "MSI-X capability and a fresh table", test_capability },
	{ "accesses to the table", test_table_access },
	{ "every vector sends its message", test_vectors },
	{ "MSI-X that is disabled sends nothing", test_disabled },
	{ "a masked vector is pending", test_vector_mask },
	{ "the function mask", test_function_mask },
	{ "sets and bursts of vectors", test_sets_and_bursts },
	{ "bits that are wrong", test_wrong_bits },
	{ "messages that nobody wants", test_unwanted_messages },
	{ "answers that are lost", test_lost_answers },
	{ "answers of BARs that are lost", test_lost_answers_of_bars },
	{ "one answer that is lost", test_one_lost_answer },
	{ "a reset changes the number of vectors", test_next_vectors },
	{ "a device that resets itself", test_resets_itself },
	{ "a qword changes data and unmasks", test_qword_unmask },
	{ "pending bits are read-only", test_pba_read_only },
	{ "pending until it is bus master", test_bus_master },
	{ "pending while MSI-X is disabled", test_disabled_pending },
	{ "every reset ends everything", test_reset },
	{ "nothing is sent in D3hot", test_power_state },
	{ "registers show the table", test_hw_registers },
	{ "2048 vectors", test_2048 },
	{ "table and PBA beside registers", test_layouts },
	{ "a table at the end of a 4 GiB BAR", test_large_bar },
	{ "a PBA that lies in the table", test_overlap },
	{ "--no-msix", test_no_msix },
	{ "--msi", test_msi },
	{ "--id and --class", test_identity },
	{}
};
