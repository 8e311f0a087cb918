// SPDX-License-Identifier: GPL-2.0-only
/*
 * One device sends another device's message. The device is one that emulated hosts of
 * every architecture can have, and its messages are treated like those of hardware: the
 * host delivers what it does not isolate. Under vfio-pci the forged message arrives on
 * hosts that do not isolate messages; under msi-vfio-pci the mapping that forging needs
 * is refused on those hosts.
 */
#include <errno.h>
#include <unistd.h>

#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"

#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define TABLE_BAR	3
#define MESSAGE_DWORDS	3

/*
 * Forger and victim use different vectors: with AMD's IOMMU, where each device has its
 * own interrupt remapping table, the first vectors of all devices have equal messages.
 */
#define FORGERS_VECTOR	0
#define VICTIMS_VECTOR	1

/* Registers of BAR 0. RX_VECTOR() selects the vector of receive queue 0. */
#define REG_CAUSE	0xc0
#define REG_RAISE	0xc8
#define REG_UNMASK	0xd0
#define REG_MASK	0xd8
#define REG_AUTO_CLEAR	0xdc
#define REG_VECTORS	0xe4
#define RX_QUEUE	(1 << 20)
#define RX_VECTOR(v)	(0x8 | (v))

#define EEH		"/sys/kernel/debug/powerpc/eeh_enable"
#define SETTLED_US	50000

struct party {
	struct session *s;
	int fd;
	unsigned int vector;
	int trigger;
};

FIXTURE(forge_e1000e) {
	struct party forger;
	struct party victim;
};

FIXTURE_VARIANT(forge_e1000e) {
	const char *device;
	const char *mode;
	const char *table_map;	/* NULL: under vfio-pci */
	bool eeh_off;
};

LAB_VARIANTS_AS(forge_e1000e, vfio_pci, e1000e, .table_map = NULL);
LAB_VARIANTS_AS(forge_e1000e, auto, e1000e, .table_map = "auto");
LAB_VARIANTS_AS(forge_e1000e, rw, e1000e, .table_map = "rw");
#ifdef __powerpc64__
LAB_VARIANTS_AS(forge_e1000e, eeh_off, e1000e, .table_map = "auto",
		.eeh_off = true);
#endif

/* Allocate all vectors up to @vector, which is the one that the device sends. */
static void party_open(struct party *party, const char *device,
		       unsigned int vector, const char *mode,
		       const char *table_map)
{
	int triggers[VICTIMS_VECTOR + 1] = { -1, -1 };

	party->s = table_map ?
		   session_open_table_map(device, mode, table_map) :
		   session_open(device, DRIVER_STOCK, mode);
	party->fd = party->s->fd;
	party->vector = vector;
	party->trigger = eventfd_new();
	triggers[vector] = party->trigger;
	command_set(party->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_EQ(set_triggers(party->fd, MSIX, 0, vector + 1, triggers), 0);
	bar_write32(party->fd, 0, REG_VECTORS, RX_VECTOR(vector));
	bar_write32(party->fd, 0, REG_AUTO_CLEAR, 0);
}

static void party_close(struct party *party)
{
	close(party->trigger);
	session_close(party->s);
}

FIXTURE_SETUP(forge_e1000e)
{
	if (variant->eeh_off)
		ASSERT_EQ(0, file_write(EEH, "0x0"));
	party_open(&self->forger, variant->device, FORGERS_VECTOR,
		   variant->mode, variant->table_map);
	party_open(&self->victim, "e1000e_2", VICTIMS_VECTOR, variant->mode,
		   variant->table_map);
}

FIXTURE_TEARDOWN(forge_e1000e)
{
	party_close(&self->victim);
	party_close(&self->forger);
	if (variant->eeh_off)
		EXPECT_EQ(0, file_write(EEH, "0x1"));
}

/* Have the device send its vector's message, which it may do more than once. */
static void fire(const struct party *party)
{
	bar_read32(party->fd, 0, REG_CAUSE);
	bar_write32(party->fd, 0, REG_MASK, ~0U);
	bar_read32(party->fd, 0, REG_CAUSE);
	bar_write32(party->fd, 0, REG_UNMASK, RX_QUEUE);
	bar_write32(party->fd, 0, REG_RAISE, RX_QUEUE);
	bar_write32(party->fd, 0, REG_MASK, ~0U);
	usleep(SETTLED_US);
}

static bool arrived(const struct party *party)
{
	bool came = eventfd_wait(party->trigger);

	usleep(SETTLED_US);
	eventfd_take(party->trigger);

	return came;
}

static volatile u32 *map_table(const struct party *party)
{
	void *map = bar_map(party->fd, TABLE_BAR, 0, getpagesize(),
			    PROT_READ | PROT_WRITE, MAP_SHARED);

	return map == MAP_FAILED ? NULL : map;
}

/* The message of the party's vector in the hardware's table. */
static void read_message(const struct party *party, u32 *message)
{
	size_t first = party->vector * PCI_MSIX_ENTRY_SIZE / sizeof(u32);
	void *map = bar_map(party->fd, TABLE_BAR, 0, getpagesize(), PROT_READ,
			    MAP_SHARED);

	VFIO_ASSERT_NE(map, MAP_FAILED);
	for (int i = 0; i < MESSAGE_DWORDS; i++)
		message[i] = ((volatile u32 *)map)[first + i];
	munmap(map, getpagesize());
}

/* Write the message into the forger's entry. */
static void write_message(volatile u32 *table, const u32 *message)
{
	table += FORGERS_VECTOR * PCI_MSIX_ENTRY_SIZE / sizeof(u32);
	for (int i = 0; i < MESSAGE_DWORDS; i++)
		table[i] = message[i];
	/* The read makes sure that the message has arrived before the device sends it. */
	VFIO_ASSERT_EQ(table[MESSAGE_DWORDS - 1], message[MESSAGE_DWORDS - 1]);
}

static void expect_own_arrives(struct __test_metadata *_metadata,
			       const struct party *party,
			       const struct party *other)
{
	fire(party);
	EXPECT_TRUE(arrived(party));
	EXPECT_EQ(0, eventfd_take(other->trigger));
}

static void forge(struct __test_metadata *_metadata,
		  const struct party *forger, const struct party *victim,
		  volatile u32 *table)
{
	u32 own[MESSAGE_DWORDS], message[MESSAGE_DWORDS];

	read_message(forger, own);
	read_message(victim, message);
	EXPECT_NE(0, memcmp(own, message, sizeof(own)));
	write_message(table, message);
	fire(forger);
	if (lab_remap()) {
		EXPECT_EQ(0, eventfd_take(victim->trigger));
		EXPECT_EQ(0, eventfd_take(forger->trigger));
	} else {
		EXPECT_TRUE(arrived(victim));
		EXPECT_EQ(0, eventfd_take(forger->trigger));
	}
}

TEST_F(forge_e1000e, through_a_mapping)
{
	bool by_rule = variant->table_map && !strcmp(variant->table_map, "auto");
	bool isolated = lab_remap() && !variant->eeh_off;
	volatile u32 *table = map_table(&self->forger);
	u32 own[MESSAGE_DWORDS], message[MESSAGE_DWORDS];

	if (variant->table_map)
		EXPECT_EQ(isolated ? VFIO_PCI_MSIX_MAP_ISOLATED : 0,
			  msix_map_of(self->forger.fd).head.flags);

	read_message(&self->forger, own);
	EXPECT_NE(0, own[0] | own[1]);
	expect_own_arrives(_metadata, &self->forger, &self->victim);
	if (by_rule && !isolated) {
		EXPECT_EQ(NULL, table);
	} else {
		ASSERT_NE(NULL, table);
		forge(_metadata, &self->forger, &self->victim, table);
		write_message(table, own);
	}
	if (table)
		munmap((void *)table, getpagesize());

	read_message(&self->forger, message);
	EXPECT_EQ(0, memcmp(own, message, sizeof(own)));
	expect_own_arrives(_metadata, &self->forger, &self->victim);
	expect_own_arrives(_metadata, &self->victim, &self->forger);
}

/* Writes and ioeventfds do not reach the table under either driver. */
TEST_F(forge_e1000e, without_a_mapping)
{
	u32 own[MESSAGE_DWORDS], message[MESSAGE_DWORDS];

	read_message(&self->forger, own);
	read_message(&self->victim, message);
	EXPECT_EQ(sizeof(message), region_write(self->forger.fd, TABLE_BAR, 0,
						message, sizeof(message)));
	EXPECT_GT(0, bar_try_ioeventfd(self->forger.fd, TABLE_BAR, 0,
				       self->forger.trigger));
	read_message(&self->forger, message);
	EXPECT_EQ(0, memcmp(own, message, sizeof(own)));
	expect_own_arrives(_metadata, &self->forger, &self->victim);
}

LAB_MAIN
