// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user of one device has it send another device's message. Under vfio-pci the forged
 * message arrives on hosts that do not isolate messages, which shows that the test works.
 * Under msi-vfio-pci the mapping that forging needs is refused on those hosts.
 */
#include <errno.h>
#include <unistd.h>

#include "hardware.h"
#include "msix.h"
#include "pages.h"
#include "session.h"
#include "variants.h"

#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define TABLE_BAR	2

/*
 * On hosts that remap interrupts only a message in the format without remapping is
 * tried, with a vector that is not in use. The other device's message cannot be tried:
 * QEMU delivers it whichever device sends it, unlike hardware.
 */
#define STRAY_ADDRESS	0xfee00000
#define STRAY_DATA	0x61

#define WAIT_TRIES	10000
#define WAIT_US		1000
#define NOT_SENT_US	100000

/* A device whose table is at the start of BAR 2 and whose registers are in BAR 0. */
struct party {
	struct session *s;
	int fd;
	int trigger;
};

FIXTURE(forge) {
	struct party forger;
	struct party victim;
};

FIXTURE_VARIANT(forge) {
	const char *device;
	const char *mode;
	const char *table_map;	/* NULL: under vfio-pci */
};

LAB_VARIANTS_AS(forge, vfio_pci, msix, .table_map = NULL);
LAB_VARIANTS_AS(forge, auto, msix, .table_map = "auto");
LAB_VARIANTS_AS(forge, rw, msix, .table_map = "rw");

static void party_open(struct party *party, const char *device,
		       const char *mode, const char *table_map)
{
	party->s = table_map ?
		   session_open_table_map(device, mode, table_map) :
		   session_open(device, DRIVER_STOCK, mode);
	party->fd = party->s->fd;
	party->trigger = eventfd_new();
	command_set(party->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_EQ(set_triggers(party->fd, MSIX, 0, 1, &party->trigger), 0);
}

static void party_close(struct party *party)
{
	close(party->trigger);
	session_close(party->s);
}

FIXTURE_SETUP(forge)
{
	party_open(&self->forger, variant->device, variant->mode,
		   variant->table_map);
	party_open(&self->victim, "msix_2048", variant->mode,
		   variant->table_map);
}

FIXTURE_TEARDOWN(forge)
{
	party_close(&self->victim);
	party_close(&self->forger);
}

/* The table's entry 0 as the device's registers show it. */
static void read_entry(const struct party *party, u32 *entry)
{
	hw_model_entry(party->fd, 0, entry);
}

static u32 answers(const struct party *party)
{
	return bar_read32(party->fd, 0, MSIX_REG_SENT) +
	       bar_read32(party->fd, 0, MSIX_REG_FAILED);
}

/* Have the device send vector 0's message, and wait until it has. */
static void fire(const struct party *party)
{
	u32 before = answers(party);
	int tries = WAIT_TRIES;

	bar_write32(party->fd, 0, MSIX_REG_RAISE, 0);
	while (answers(party) == before && tries--)
		usleep(WAIT_US);
	VFIO_ASSERT_GT(tries, 0, "the device did not send its message\n");
}

static volatile u32 *map_table(const struct party *party)
{
	void *map = bar_map(party->fd, TABLE_BAR, 0, getpagesize(),
			    PROT_READ | PROT_WRITE, MAP_SHARED);

	return map == MAP_FAILED ? NULL : map;
}

static void forge(const struct party *forger, volatile u32 *table,
		  u32 address_lo, u32 address_hi, u32 data)
{
	table[0] = address_lo;
	table[1] = address_hi;
	table[2] = data;
	/* The read makes sure that the message has arrived before the device sends it. */
	VFIO_ASSERT_EQ(table[2], data);
	fire(forger);
}

static void expect_own_arrives(struct __test_metadata *_metadata,
			       const struct party *party,
			       const struct party *other)
{
	fire(party);
	EXPECT_TRUE(eventfd_wait(party->trigger));
	EXPECT_EQ(1, eventfd_take(party->trigger));
	EXPECT_EQ(0, eventfd_take(other->trigger));
}

TEST_F(forge, through_a_mapping)
{
	u32 own[HW_ENTRY_DWORDS], entry[HW_ENTRY_DWORDS], other[HW_ENTRY_DWORDS];
	volatile u32 *table = map_table(&self->forger);
	bool hole = !variant->table_map || !strcmp(variant->table_map, "rw");

	read_entry(&self->forger, own);
	read_entry(&self->victim, other);
	if (lab_remap()) {
		ASSERT_NE(NULL, table);
		forge(&self->forger, table, STRAY_ADDRESS, 0, STRAY_DATA);
		usleep(NOT_SENT_US);
		EXPECT_EQ(0, eventfd_take(self->victim.trigger));
		EXPECT_EQ(0, eventfd_take(self->forger.trigger));
	} else if (hole) {
		ASSERT_NE(NULL, table);
		forge(&self->forger, table, other[0], other[1], other[2]);
		EXPECT_TRUE(eventfd_wait(self->victim.trigger));
		EXPECT_EQ(1, eventfd_take(self->victim.trigger));
		EXPECT_EQ(0, eventfd_take(self->forger.trigger));
	} else {
		EXPECT_EQ(NULL, table);
		EXPECT_EQ(EPERM, errno);
	}

	if (table) {
		for (int i = 0; i < HW_ENTRY_DWORDS; i++)
			table[i] = own[i];
		munmap((void *)table, getpagesize());
	}
	read_entry(&self->forger, entry);
	EXPECT_EQ(0, memcmp(own, entry, sizeof(own)));
	expect_own_arrives(_metadata, &self->forger, &self->victim);
	expect_own_arrives(_metadata, &self->victim, &self->forger);
}

/* Writes and ioeventfds do not reach the table under either driver. */
TEST_F(forge, without_a_mapping)
{
	u32 own[HW_ENTRY_DWORDS], entry[HW_ENTRY_DWORDS], other[HW_ENTRY_DWORDS];

	read_entry(&self->forger, own);
	read_entry(&self->victim, other);
	EXPECT_EQ(sizeof(other), region_write(self->forger.fd, TABLE_BAR, 0,
					      other, sizeof(other)));
	EXPECT_GT(0, bar_try_ioeventfd(self->forger.fd, TABLE_BAR, 0,
				       self->forger.trigger));
	read_entry(&self->forger, entry);
	EXPECT_EQ(0, memcmp(own, entry, sizeof(own)));
	expect_own_arrives(_metadata, &self->forger, &self->victim);
}

LAB_MAIN
