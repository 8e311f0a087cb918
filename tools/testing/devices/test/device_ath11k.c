// SPDX-License-Identifier: GPL-2.0-only
/* MSI, the slots and the registers of the ath11k device. */
#include <string.h>
#include <time.h>

#include <linux/pci_regs.h>

#include "../ath11k.h"
#include "client.h"
#include "test.h"

#define ADDRESS		0xfee01004
#define DATA		0x4fe1

/* From the trace of a real device. The model's header is what is tested with them. */
static const uint32_t slots[ATH11K_SLOTS] = {
	0x80048, 0x83048, 0x830a0, 0x85048, 0x850a0, 0x86048, 0x8b048, 0x8b0a0, 0x8e048,
	0xb4968, 0xb4a70, 0xb849c, 0xb85a4,
};

static void program_msi(struct client *c, unsigned int mme)
{
	const unsigned int cap = ATH11K_MSI_OFFSET;

	write32(c, CONFIG_REGION, cap + PCI_MSI_ADDRESS_LO, ADDRESS);
	write16(c, CONFIG_REGION, cap + PCI_MSI_DATA_32, DATA);
	write16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS, mme << 4 | PCI_MSI_FLAGS_ENABLE);
}

static void check_counters(struct client *c, uint32_t sent, uint32_t failed,
			   uint32_t dropped)
{
	CHECK_EQUAL(read32(c, 0, ATH11K_SENT), sent);
	CHECK_EQUAL(read32(c, 0, ATH11K_FAILED), failed);
	CHECK_EQUAL(read32(c, 0, ATH11K_DROPPED), dropped);
}

static void test_capability(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	CHECK_EQUAL(read16(c, CONFIG_REGION, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS), 5 << 1);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_INTERRUPT_LINE), 0);
	client_stop(c);
}

static void test_disabled(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	program_msi(c, 5);
	write16(c, CONFIG_REGION, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS, 5 << 4);
	write32(c, 0, ATH11K_RAISE, 0);
	client_expect_no_dma(c);
	check_counters(c, 0, 0, 1);
	client_stop(c);
}

static void check_vectors(unsigned int mme, uint32_t enabled)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint32_t vector;

	program_msi(c, mme);
	for (vector = 0; vector < enabled; vector++) {
		write32(c, 0, ATH11K_RAISE, vector);
		client_expect_dma(c, ADDRESS, (DATA & ~(enabled - 1)) | vector);
	}
	check_counters(c, enabled, 0, 0);
	write32(c, 0, ATH11K_RAISE, enabled);
	write32(c, 0, ATH11K_RAISE, UINT32_MAX);
	client_expect_no_dma(c);
	check_counters(c, enabled, 0, 2);
	client_stop(c);
}

static void test_vectors(void)
{
	unsigned int mme;

	for (mme = 0; mme <= 5; mme++)
		check_vectors(mme, 1 << mme);
	/* Reserved values enable as many vectors as the device has. */
	check_vectors(6, ATH11K_MSI_VECTORS);
	check_vectors(7, ATH11K_MSI_VECTORS);
}

static void test_bus_master(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	program_msi(c, 0);
	write32(c, 0, slots[3] + ATH11K_SLOT_ADDR_HI, ATH11K_SLOT_ENABLE);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	write32(c, 0, ATH11K_RAISE, 0);
	write32(c, 0, ATH11K_DOORBELL(3), 0);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	client_expect_no_dma(c);
	check_counters(c, 0, 0, 2);
	client_stop(c);
}

static void raise_and_answer(struct client *c, enum dma_answer answer)
{
	c->answer = answer;
	write32(c, 0, ATH11K_RAISE, 0);
	CHECK_EQUAL(client_take_dma(c), 1);
}

static void test_answers(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	struct dma_write late, lost;

	program_msi(c, 0);
	raise_and_answer(c, DMA_ANSWER);
	raise_and_answer(c, DMA_ANSWER_WITH_SIZE);
	check_counters(c, 2, 0, 0);
	raise_and_answer(c, DMA_REFUSE);
	raise_and_answer(c, DMA_ANSWER_SHORT);
	check_counters(c, 2, 2, 0);

	/* A write is counted when its answer comes; the order does not matter. */
	raise_and_answer(c, DMA_KEEP_SILENT);
	late = c->dma[0];
	check_counters(c, 2, 2, 0);
	raise_and_answer(c, DMA_ANSWER);
	check_counters(c, 3, 2, 0);
	client_answer_dma(c, &late);
	check_counters(c, 4, 2, 0);

	/* A write that was sent before a reset is not counted after it. */
	raise_and_answer(c, DMA_KEEP_SILENT);
	lost = c->dma[0];
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	c->answer = DMA_ANSWER;
	client_answer_dma(c, &lost);
	check_counters(c, 0, 0, 0);
	client_stop(c);
}

/* Message IDs are used again, except for those that are still in use. */
static void test_many_writes(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	struct dma_write kept;
	unsigned int i;

	program_msi(c, 0);
	raise_and_answer(c, DMA_KEEP_SILENT);
	kept = c->dma[0];
	for (i = 0; i < 70000; i++) {
		raise_and_answer(c, DMA_ANSWER);
		CHECK(c->dma[0].id != kept.id);
	}
	check_counters(c, 70000, 0, 0);
	client_answer_dma(c, &kept);
	check_counters(c, 70001, 0, 0);
	client_stop(c);
}

static void test_slots(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	unsigned int i;

	for (i = 0; i < ATH11K_SLOTS; i++) {
		write32(c, 0, slots[i] + ATH11K_SLOT_ADDR_LO, 0xfee00000 + 16 * i);
		write32(c, 0, slots[i] + ATH11K_SLOT_ADDR_HI, ATH11K_SLOT_ENABLE);
		write32(c, 0, slots[i] + ATH11K_SLOT_DATA, 0xdada0000 + i);
	}
	for (i = 0; i < ATH11K_SLOTS; i++) {
		write32(c, 0, ATH11K_DOORBELL(i), 0);
		client_expect_dma(c, 0xfee00000 + 16 * i, 0xdada0000 + i);
		CHECK_EQUAL(read32(c, 0, slots[i]), 0xfee00000 + 16 * i);
		CHECK_EQUAL(read32(c, 0, slots[i] + 4), ATH11K_SLOT_ENABLE);
		CHECK_EQUAL(read32(c, 0, slots[i] + 8), 0xdada0000 + i);
	}
	check_counters(c, ATH11K_SLOTS, 0, 0);
	client_stop(c);
}

static void test_slot_flags(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	write32(c, 0, slots[0] + ATH11K_SLOT_ADDR_LO, 0x1000);
	write32(c, 0, slots[0] + ATH11K_SLOT_ADDR_HI, 0xabcd0112);
	write32(c, 0, ATH11K_DOORBELL(0), 0);
	client_expect_dma(c, 0x1200001000, 0);
	CHECK_EQUAL(read32(c, 0, slots[0] + ATH11K_SLOT_ADDR_HI), 0xabcd0112);
	write32(c, 0, slots[0] + ATH11K_SLOT_ADDR_HI, 0xabcd0012);
	write32(c, 0, ATH11K_DOORBELL(0), 0);
	client_expect_no_dma(c);
	check_counters(c, 1, 0, 1);
	/* After the last doorbell there is memory. */
	write32(c, 0, ATH11K_DOORBELL(ATH11K_SLOTS), 0x12345678);
	client_expect_no_dma(c);
	CHECK_EQUAL(read32(c, 0, ATH11K_DOORBELL(ATH11K_SLOTS)), 0x12345678);
	check_counters(c, 1, 0, 1);
	client_stop(c);
}

static void test_memory(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	uint8_t back[sizeof(bytes)];
	uint64_t qword;

	write8(c, 0, 0x80049, 0xaa);
	write16(c, 0, 0x8004a, 0xbbcc);
	CHECK_EQUAL(read32(c, 0, 0x80048), 0xbbccaa00);
	client_read(c, 0, 0x80048, &qword, sizeof(qword));
	CHECK_EQUAL(qword, 0xbbccaa00);
	client_write(c, 0, 0x80049, bytes, sizeof(bytes));
	client_read(c, 0, 0x80049, back, sizeof(back));
	CHECK_EQUAL(back[0], 1);
	CHECK_EQUAL(back[10], 11);
	CHECK_EQUAL(read32(c, 0, 0x8004c), 0x07060504);
	write32(c, 0, ATH11K_BAR0_SIZE - 4, 0x12345678);
	CHECK_EQUAL(read32(c, 0, ATH11K_BAR0_SIZE - 4), 0x12345678);
	client_stop(c);
}

static void test_registers(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint64_t qword;

	program_msi(c, 5);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_ADDR), ADDRESS);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DATA), DATA);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_CTRL), 0x5b);
	write32(c, 0, ATH11K_HW_ADDR, 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_ADDR), ADDRESS);
	client_read(c, 0, ATH11K_SCRATCH, &qword, sizeof(qword));
	CHECK_EQUAL(qword, (uint64_t)ADDRESS << 32);
	CHECK_EQUAL(read16(c, 0, ATH11K_HW_ADDR + 2), ADDRESS >> 16);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_ADDR + 2), ADDRESS >> 16 | (uint32_t)DATA << 16);
	write32(c, 0, ATH11K_SCRATCH, 0x12345678);
	/* Writes to registers of less than a dword are ignored. */
	write16(c, 0, ATH11K_SCRATCH, 0xffff);
	write8(c, 0, ATH11K_RAISE, 0);
	write16(c, 0, ATH11K_DOORBELL(0) + 2, 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x12345678);
	client_expect_no_dma(c);
	check_counters(c, 0, 0, 0);
	/* A larger access is split into dwords. */
	qword = 3 | 7ULL << 32;
	client_write(c, 0, ATH11K_RAISE, &qword, sizeof(qword));
	client_expect_dma(c, ADDRESS, (DATA & ~31) | 3);
	client_stop(c);
}

static void test_sets_and_bursts(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint32_t vector;

	program_msi(c, 5);
	write32(c, 0, ATH11K_RAISE_SET, 1U << 31 | 1 << 4 | 1);
	CHECK_EQUAL(client_take_dma(c), 3);
	CHECK_EQUAL(c->dma[0].data, (DATA & ~31) | 0);
	CHECK_EQUAL(c->dma[1].data, (DATA & ~31) | 4);
	CHECK_EQUAL(c->dma[2].data, (DATA & ~31) | 31);
	write32(c, 0, ATH11K_BURST, 2 << 16 | 4);
	CHECK_EQUAL(client_take_dma(c), 2);
	CHECK_EQUAL(c->dma[0].data, (DATA & ~31) | 4);
	CHECK_EQUAL(c->dma[1].data, (DATA & ~31) | 4);
	write32(c, 0, ATH11K_RAISE_SET, 0);
	write32(c, 0, ATH11K_BURST, 4);
	client_expect_no_dma(c);
	write32(c, 0, ATH11K_BURST, 1 << 16 | 32);
	check_counters(c, 5, 0, 1);

	for (vector = 0; vector <= ATH11K_MSI_VECTORS; vector++) {
		write32(c, 0, ATH11K_VECTOR, vector);
		CHECK_EQUAL(read32(c, 0, ATH11K_VECTOR), vector);
		CHECK_EQUAL(read32(c, 0, ATH11K_VECTOR_SENT),
			    vector == 32 ? ~0U : vector == 4 ? 3 :
			    vector == 0 || vector == 31);
	}

	c->answer = DMA_KEEP_SILENT;
	write32(c, 0, ATH11K_RAISE, 1);
	CHECK_EQUAL(client_take_dma(c), 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_UNANSWERED), 1);
	client_answer_dma(c, &c->dma[0]);
	CHECK_EQUAL(read32(c, 0, ATH11K_UNANSWERED), 0);

	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, ATH11K_VECTOR), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_VECTOR_SENT), 0);
	client_stop(c);
}

static void test_memory_width(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint64_t value = 0x1122334455667788;

	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, ATH11K_MEMORY_WIDTH), 0);
	client_write(c, 0, 0x80048, &value, 8);
	CHECK_EQUAL(read32(c, 0, ATH11K_MEMORY_WIDTH), 8);
	client_write(c, 0, 0x80048, &value, 1);
	write32(c, 0, ATH11K_SCRATCH, 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_MEMORY_WIDTH), 1);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, ATH11K_MEMORY_WIDTH), 0);
	client_stop(c);
}

static void check_number(struct client *c, uint32_t vectors)
{
	CHECK_EQUAL(read16(c, CONFIG_REGION, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS),
		    __builtin_ctz(vectors) << 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_NEXT_VECTORS), vectors);
	program_msi(c, 5);
	write32(c, 0, ATH11K_RAISE, vectors);
	client_expect_no_dma(c);
	write32(c, 0, ATH11K_RAISE, vectors - 1);
	client_expect_dma(c, ADDRESS, (DATA & ~(vectors - 1)) | (vectors - 1));
}

static void test_next_vectors(void)
{
	static const uint32_t wrong[] = { 0, 3, 64, UINT32_MAX };
	struct client *c = client_start_reset("vfio-user-ath11k");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		write32(c, 0, ATH11K_NEXT_VECTORS, wrong[i]);
		CHECK_EQUAL(read32(c, 0, ATH11K_NEXT_VECTORS), 32);
	}
	write32(c, 0, ATH11K_NEXT_VECTORS, 4);
	CHECK_EQUAL(read16(c, CONFIG_REGION, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS), 5 << 1);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_number(c, 4);
	write32(c, 0, ATH11K_NEXT_VECTORS, 16);
	write16(c, CONFIG_REGION, 0x70 + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_number(c, 16);
	client_stop(c);
}

static void test_resets_itself(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	program_msi(c, 5);
	write32(c, 0, ATH11K_SCRATCH, 0x4711);
	write32(c, 0, ATH11K_RESET, 0);
	write32(c, 0, ATH11K_RESET, UINT32_MAX);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_CTRL), 5 << 4 | 5 << 1 | PCI_MSI_FLAGS_ENABLE);
	write32(c, 0, ATH11K_RESET, ATH11K_RESET_MSI);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_CTRL), 5 << 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_ADDR), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DATA), 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x4711);
	CHECK_EQUAL(client_find_capability(c, PCI_CAP_ID_MSI), ATH11K_MSI_OFFSET);

	write32(c, 0, ATH11K_RESET, ATH11K_RESET_FUNCTION);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_COMMAND), 0);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0);
	client_stop(c);
}

/* @wide: 4 for 64-bit addresses, which move the fields after the address. */
static void check_maskable(const char *program, unsigned int wide)
{
	struct client *c = client_start_reset(program, "--maskable");
	const unsigned int cap = ATH11K_MSI_OFFSET;
	const unsigned int data = cap + PCI_MSI_DATA_32 + wide;
	const unsigned int mask = cap + PCI_MSI_MASK_32 + wide;
	const unsigned int pending = cap + PCI_MSI_PENDING_32 + wide;

	CHECK_EQUAL(read16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS),
		    5 << 1 | PCI_MSI_FLAGS_MASKBIT | (wide ? PCI_MSI_FLAGS_64BIT : 0));
	write32(c, CONFIG_REGION, cap + PCI_MSI_ADDRESS_LO, ADDRESS);
	write16(c, CONFIG_REGION, data, DATA);
	write16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS, 2 << 4 | PCI_MSI_FLAGS_ENABLE);
	write32(c, CONFIG_REGION, mask, 1 << 3 | 1 << 2);
	write32(c, 0, ATH11K_RAISE_SET, 0xf);
	CHECK_EQUAL(client_take_dma(c), 2);
	CHECK_EQUAL(read32(c, CONFIG_REGION, pending), 0xc);
	write32(c, CONFIG_REGION, pending, 0);
	write32(c, 0, ATH11K_RAISE, 2);
	CHECK_EQUAL(read32(c, CONFIG_REGION, pending), 0xc);

	/* Each message is sent once, when nothing prevents it any more. */
	write16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS, 2 << 4);
	write32(c, CONFIG_REGION, mask, 1 << 3);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, cap + PCI_MSI_FLAGS, 2 << 4 | PCI_MSI_FLAGS_ENABLE);
	client_expect_dma(c, ADDRESS, (DATA & ~3) | 2);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	write32(c, CONFIG_REGION, mask, 0);
	client_expect_no_dma(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	client_expect_dma(c, ADDRESS, (DATA & ~3) | 3);
	CHECK_EQUAL(read32(c, CONFIG_REGION, pending), 0);

	write32(c, CONFIG_REGION, mask, ~0U);
	CHECK_EQUAL(read32(c, CONFIG_REGION, mask), ~0U);
	write32(c, 0, ATH11K_RAISE, 1);
	write32(c, 0, ATH11K_RESET, ATH11K_RESET_MSI);
	CHECK_EQUAL(read32(c, CONFIG_REGION, mask), 0);
	CHECK_EQUAL(read32(c, CONFIG_REGION, pending), 0);
	write32(c, 0, ATH11K_NEXT_VECTORS, 4);
	client_reset(c);
	write32(c, CONFIG_REGION, mask, ~0U);
	CHECK_EQUAL(read32(c, CONFIG_REGION, mask), 0xf);
	client_stop(c);
}

static void test_maskable(void)
{
	check_maskable("vfio-user-ath11k", 0);
	check_maskable("vfio-user-msi64", 4);
}

/* Each page has its own memory and slots; the rest of the BAR is the same in all. */
static void test_paged(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k", "--paged");
	const uint64_t inside = ATH11K_VIEW + 0x1234, outside = ATH11K_VIEW - 4;

	CHECK_EQUAL(read32(c, 0, ATH11K_SELECT), 0);
	write32(c, 0, inside, 1);
	write32(c, 0, outside, 2);
	write32(c, 0, ATH11K_SELECT, 0x40000037);
	CHECK_EQUAL(read32(c, 0, ATH11K_SELECT), 0x40000037);
	CHECK_EQUAL(read32(c, 0, inside), 0);
	CHECK_EQUAL(read32(c, 0, outside), 2);
	write32(c, 0, inside, 3);

	write32(c, 0, ATH11K_HW_OFFSET, inside);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DWORD), 3);
	write32(c, 0, ATH11K_HW_PAGE, 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DWORD), 1);
	write32(c, 0, ATH11K_HW_PAGE, 2);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DWORD), 0);
	write32(c, 0, ATH11K_HW_PAGE, 1 + ATH11K_SELECT_PAGE + 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DWORD), 0);

	write32(c, 0, ATH11K_LOSE_SELECT, 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_SELECT), 0);
	CHECK_EQUAL(read32(c, 0, inside), 1);
	write32(c, 0, ATH11K_SELECT, 0x37);
	CHECK_EQUAL(read32(c, 0, inside), 3);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, ATH11K_SELECT), 0);
	write32(c, 0, ATH11K_SELECT, 0x37);
	CHECK_EQUAL(read32(c, 0, inside), 0);
	client_stop(c);
}

#define UNREADY_MS	500

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The device was reset at @start, or a little later. */
static void check_unready(struct client *c, long start, long ms)
{
	const uint32_t id = ATH11K_DEVICE_ID << 16 | ATH11K_VENDOR_ID;
	uint32_t answer;
	bool was_unready;

	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MASTER);
	was_unready = read32(c, CONFIG_REGION, PCI_VENDOR_ID) == ~0U;
	do {
		answer = read32(c, CONFIG_REGION, PCI_VENDOR_ID);
		CHECK(answer == id || answer == ~0U);
	} while (answer != id);
	CHECK(now_ms() >= start + ms);
	/* On a busy machine the write can be too late. */
	CHECK(!was_unready || !read16(c, CONFIG_REGION, PCI_COMMAND));
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(read32(c, 0, ATH11K_UNREADY_MS), 0);
}

static void test_unready(void)
{
	const unsigned int devctl = 0x70 + PCI_EXP_DEVCTL;
	struct client *c = client_start_reset("vfio-user-ath11k");
	long start;

	write32(c, 0, ATH11K_UNREADY_MS, UNREADY_MS);
	CHECK_EQUAL(read32(c, 0, ATH11K_UNREADY_MS), UNREADY_MS);
	write32(c, 0, ATH11K_UNREADY_MS, ATH11K_MAX_UNREADY_MS + 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_UNREADY_MS), ATH11K_MAX_UNREADY_MS);
	write32(c, 0, ATH11K_UNREADY_MS, UNREADY_MS);
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_VENDOR_ID), ATH11K_VENDOR_ID);
	start = now_ms();
	write16(c, CONFIG_REGION, devctl, PCI_EXP_DEVCTL_BCR_FLR);
	check_unready(c, start, UNREADY_MS);
	write16(c, CONFIG_REGION, devctl, PCI_EXP_DEVCTL_BCR_FLR);
	check_unready(c, now_ms(), 0);
	write32(c, 0, ATH11K_UNREADY_MS, UNREADY_MS);
	start = now_ms();
	client_reset(c);
	check_unready(c, start, UNREADY_MS);
	client_stop(c);
}

#define MEMORY		0x12345678000
#define RING_ADDRESS	0x1fee02000
#define RING_DATA	0xabcd4021
#define SETUP_DWORDS	13

/* With the layout of the driver's message. The model's header is what is tested with it. */
static void set_up(uint32_t *message, uint32_t info)
{
	unsigned int i;

	for (i = 0; i < SETUP_DWORDS; i++)
		message[i] = 0xdead0000 + i;
	message[0] = info;
	message[8] = (uint32_t)RING_ADDRESS;
	message[9] = RING_ADDRESS >> 32;
	message[10] = RING_DATA;
}

static void read_message(struct client *c, uint64_t address)
{
	write32(c, 0, ATH11K_HTT_ADDR_LO, address);
	write32(c, 0, ATH11K_HTT_ADDR_HI, address >> 32);
	write32(c, 0, ATH11K_HTT_READ, 0);
	/* The server sent its read before the reply to this, and the client answered it. */
	read32(c, 0, ATH11K_SCRATCH);
}

static void raise_ring(struct client *c, uint32_t ring)
{
	write32(c, 0, ATH11K_HTT_RAISE, ring);
}

static void check_htt(struct client *c, uint32_t taken, uint32_t refused)
{
	CHECK_EQUAL(read32(c, 0, ATH11K_HTT_TAKEN), taken);
	CHECK_EQUAL(read32(c, 0, ATH11K_HTT_REFUSED), refused);
}

static void test_htt(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint32_t message[1 + SETUP_DWORDS];

	c->memory = (struct client_memory){ MEMORY, message, sizeof(message), NULL };
	raise_ring(c, ATH11K_HTT_RING(2, 1));
	client_expect_no_dma(c);
	check_counters(c, 0, 0, 1);

	set_up(message + 1, 0x0101020b);	/* monitor status, of the second MAC */
	read_message(c, MEMORY + 4);
	check_htt(c, 1, 0);
	CHECK_EQUAL(c->dma_reads, 1);
	client_expect_no_dma(c);
	raise_ring(c, ATH11K_HTT_RING(2, 1));
	client_expect_dma(c, RING_ADDRESS, RING_DATA);

	/* The ring keeps the message that was read, and no other ring has it. */
	memset(message, 0, sizeof(message));
	raise_ring(c, ATH11K_HTT_RING(2, 1));
	client_expect_dma(c, RING_ADDRESS, RING_DATA);
	raise_ring(c, ATH11K_HTT_RING(1, 1));
	raise_ring(c, ATH11K_HTT_RING(2, 0));
	raise_ring(c, ATH11K_HTT_RING(4, 0));
	raise_ring(c, ATH11K_HTT_RING(0, 8));
	raise_ring(c, ~0U);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	raise_ring(c, ATH11K_HTT_RING(2, 1));
	client_expect_no_dma(c);
	check_counters(c, 2, 0, 7);

	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK_EQUAL(read32(c, 0, ATH11K_HTT_ADDR_LO), 0);
	check_htt(c, 0, 0);
	raise_ring(c, ATH11K_HTT_RING(2, 1));
	client_expect_no_dma(c);
	client_stop(c);
}

static void read_other_message(struct client *c, uint32_t *message, uint32_t info)
{
	set_up(message, info);
	read_message(c, MEMORY);
}

static void test_htt_refused(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	uint32_t message[SETUP_DWORDS];
	uint16_t kept;

	c->memory = (struct client_memory){ MEMORY, message, sizeof(message), NULL };
	read_other_message(c, message, 0x0101020c);	/* of another type */
	read_other_message(c, message, 0x0101040b);	/* no such PDEV */
	read_other_message(c, message, 0x0108020b);	/* no such ring */
	check_htt(c, 0, 3);
	set_up(message, 0x0101020b);
	read_message(c, MEMORY - 4);
	read_message(c, MEMORY + 4);
	c->answer = DMA_ANSWER_SHORT;
	read_message(c, MEMORY);
	check_htt(c, 0, 6);
	CHECK_EQUAL(c->dma_reads, 6);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	read_message(c, MEMORY);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_htt(c, 0, 7);
	CHECK_EQUAL(c->dma_reads, 6);

	/* One read at a time; a reset ends it. */
	c->answer = DMA_KEEP_SILENT;
	read_message(c, MEMORY);
	read_message(c, MEMORY);
	check_htt(c, 0, 8);
	CHECK_EQUAL(c->dma_reads, 7);
	kept = c->dma_read_id;
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	c->answer = DMA_ANSWER;
	client_answer_dma_read(c, kept, MEMORY, sizeof(message));
	check_htt(c, 0, 0);
	/* An answer that belongs to no read. */
	client_answer_dma_read(c, kept, MEMORY, sizeof(message));
	check_htt(c, 0, 0);
	read_message(c, MEMORY);
	check_htt(c, 1, 0);
	client_stop(c);
}

static void test_larger_bar0(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k", "--bar0", "32M");

	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	write32(c, 0, 0x1fffffc, 0x12345678);
	write32(c, 0, ATH11K_HW_OFFSET, 0x1fffffc);
	CHECK_EQUAL(read32(c, 0, ATH11K_HW_DWORD), 0x12345678);
	client_stop(c);
}

static void test_id(void)
{
	struct client *c = client_start("vfio-user-ath11k", "--id", "17CB:11ff");

	CHECK_EQUAL(read32(c, CONFIG_REGION, PCI_VENDOR_ID), 0x11ff17cb);
	client_stop(c);
}

const struct test ath11k_tests[] = {
	{ "MSI capability", test_capability },
	{ "MSI that is disabled sends nothing", test_disabled },
	{ "as many vectors as are enabled", test_vectors },
	{ "nothing is sent by what is not bus master", test_bus_master },
	{ "answers to DMA writes are counted", test_answers },
	{ "more DMA writes than message IDs", test_many_writes },
	{ "every slot sends what it holds", test_slots },
	{ "a slot's address and enable bits", test_slot_flags },
	{ "the BAR is memory of any width", test_memory },
	{ "registers", test_registers },
	{ "sets and bursts of vectors", test_sets_and_bursts },
	{ "the width of what writes to memory", test_memory_width },
	{ "a reset changes the number of vectors", test_next_vectors },
	{ "a device that resets itself", test_resets_itself },
	{ "--maskable", test_maskable },
	{ "--paged", test_paged },
	{ "a device that is not ready after a reset", test_unready },
	{ "a ring's message from memory", test_htt },
	{ "messages in memory that set up nothing", test_htt_refused },
	{ "--bar0", test_larger_bar0 },
	{ "--id", test_id },
	{}
};
