// SPDX-License-Identifier: GPL-2.0-only
/*
 * The variant driver for ath cards that upstream/ proposes. It is only in hosts that
 * upstream/run-series has set up, so this is not one of the tests of the plan.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "ath11k.h"
#include "session.h"
#include "window.h"

#include "kselftest_harness.h"

#define DRIVER		"ath_vfio_pci"
#define MSI		VFIO_PCI_MSI_IRQ_INDEX
#define GUEST_ADDRESS	0xfee11000
#define GUEST_DATA	0x4320
#define VECTORS		4

static const u64 slots[] = ATH11K_SLOT_OFFSETS;

FIXTURE(ath) {
	struct session *s;
	int fd;
	int trigger[VECTORS];
};

FIXTURE_SETUP(ath)
{
	self->s = session_open("ath11k", DRIVER, MODE_VFIO_TYPE1V2_IOMMU);
	self->fd = self->s->fd;
	for (int v = 0; v < VECTORS; v++)
		self->trigger[v] = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	guest_vectors(self->fd, VECTORS);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
}

FIXTURE_TEARDOWN(ath)
{
	session_close(self->s);
	for (int v = 0; v < VECTORS; v++)
		close(self->trigger[v]);
}

/* Vector n has slot n. */
static void write_slots(int fd)
{
	for (int v = 0; v < VECTORS; v++)
		slot_write(fd, slots[v], GUEST_ADDRESS, GUEST_DATA + v);
}

static void expect_interrupts(struct __test_metadata *_metadata, int fd,
			      const int *trigger)
{
	for (int v = 0; v < VECTORS; v++) {
		slot_send(fd, v);
		EXPECT_TRUE(eventfd_wait(trigger[v]));
		EXPECT_EQ(1, eventfd_take(trigger[v]));
	}
}

TEST_F(ath, interrupts_arrive)
{
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	write_slots(self->fd);
	expect_interrupts(_metadata, self->fd, self->trigger);

	/* The guest reads what it has written, and the card has something else. */
	for (int v = 0; v < VECTORS; v++) {
		EXPECT_EQ(GUEST_ADDRESS, bar_read32(self->fd, 0, slots[v]));
		EXPECT_EQ(GUEST_DATA + v, bar_read32(self->fd, 0, slots[v] + 8));
		EXPECT_NE(GUEST_ADDRESS, held(self->fd, slots[v]));
	}
}

/* Guest addresses do not reach the card before there are vectors. */
TEST_F(ath, written_before_the_vectors)
{
	write_slots(self->fd);
	EXPECT_NE(GUEST_ADDRESS, held(self->fd, slots[0]));
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(self->fd, 0, slots[0]));

	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	expect_interrupts(_metadata, self->fd, self->trigger);
}

/* Other vectors have other messages, which the kernel writes to the slots. */
TEST_F(ath, new_vectors)
{
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	write_slots(self->fd);
	ASSERT_EQ(0, disable_irqs(self->fd, MSI));
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	expect_interrupts(_metadata, self->fd, self->trigger);
}

/* While memory decoding is off, the slots cannot be written. */
TEST_F(ath, new_vectors_without_decoding)
{
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	write_slots(self->fd);
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	ASSERT_EQ(0, disable_irqs(self->fd, MSI));
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	command_set(self->fd, PCI_COMMAND_MEMORY);
	expect_interrupts(_metadata, self->fd, self->trigger);
}

/* A reset clears the card. What it has there afterwards is not a slot. */
TEST_F(ath, forgotten_with_a_reset)
{
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, VECTORS, self->trigger));
	write_slots(self->fd);
	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(held(self->fd, slots[0]), bar_read32(self->fd, 0, slots[0]));

	guest_vectors(self->fd, VECTORS);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	write_slots(self->fd);
	expect_interrupts(_metadata, self->fd, self->trigger);
}

int main(int argc, char *argv[])
{
	return test_harness_run(argc, argv);
}
