// SPDX-License-Identifier: GPL-2.0-only
/*
 * A window with holes on pages of any size: what shares a page with a range cannot be
 * mapped, but accesses to it are none of the window's. The device's registers are those of
 * an Intel 82574, and the window is in its multicast table, which is memory.
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "hardware.h"
#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060

/* The multicast table: 512 bytes. */
#define TABLE		0x5200
#define HOLE		(TABLE + 0x40)

#define DISTANCE	8

/* The device's packet buffer, which is memory, too. It shares no page with the table. */
#define BUFFER		0x10000

#define ROUNDS		20
#define WRITES		100

FIXTURE(plain) {
	struct session *s;
	struct vfio_device_feature_pci_msi_ranges ranges;
};

FIXTURE_VARIANT(plain) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(plain, e1000e);

FIXTURE_SETUP(plain)
{
	u32 address = GUEST_ADDRESS;
	int cap;

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	cap = hw_capability(self->s->bdf, PCI_CAP_ID_MSI);
	ASSERT_LT(0, cap);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	config_write(self->s->fd, cap + PCI_MSI_ADDRESS_LO, &address,
		     sizeof(address));
	config_write16(self->s->fd, cap + PCI_MSI_DATA_64, GUEST_DATA);

	self->ranges = (struct vfio_device_feature_pci_msi_ranges) {
		.region = VFIO_PCI_BAR0_REGION_INDEX,
		.data_offset = DISTANCE,
		.count = 2,
		.range = { { TABLE, 0x20 }, { TABLE + 0x100, 0x20 } },
	};
	ASSERT_EQ(0, ranges_set(self->s->fd, &self->ranges));
}

FIXTURE_TEARDOWN(plain)
{
	session_close(self->s);
}

TEST_F(plain, hole_is_not_matched)
{
	int fd = self->s->fd;

	bar_write32(fd, 0, HOLE, GUEST_ADDRESS);
	bar_write32(fd, 0, HOLE + DISTANCE, GUEST_DATA);
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, 0, HOLE));
	EXPECT_EQ(GUEST_DATA, bar_read32(fd, 0, HOLE + DISTANCE));
	EXPECT_EQ(0, window_state(fd).head.count);
	EXPECT_EQ(0, window_state(fd).head.withheld);

	bar_write32(fd, 0, TABLE + 0x100, GUEST_ADDRESS);
	EXPECT_EQ(1, window_state(fd).head.count);
	EXPECT_EQ(1, window_state(fd).head.withheld);
}

TEST_F(plain, pages_with_a_range_cannot_be_mapped)
{
	struct region_map map = region_map(self->s->fd, 0);
	u64 trapped = page_down(TABLE);

	TH_LOG("pages of %llu bytes", (unsigned long long)page_size());
	for (u64 page = 0; page < map.size; page += page_size()) {
		EXPECT_EQ(page == trapped ? -EPERM : 0,
			  bar_try_map(self->s->fd, 0, page, page_size(),
				      PROT_READ | PROT_WRITE, MAP_SHARED))
			TH_LOG("page 0x%llx", (unsigned long long)page);
	}
	for (u32 i = 0; i < map.areas; i++)
		EXPECT_FALSE(trapped >= map.area[i].offset &&
			     trapped < map.area[i].offset + map.area[i].size);
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* What a write costs, in the fastest of several rounds: others may use the processor, too. */
static u64 cost_ns(int fd, u64 offset)
{
	u64 least = ~0ULL;

	for (u32 round = 0; round < ROUNDS; round++) {
		u64 took = now_ns();

		for (u32 i = 0; i < WRITES; i++)
			bar_write32(fd, 0, offset, i);
		took = now_ns() - took;
		least = took < least ? took : least;
	}
	return least / WRITES;
}

/* Documentation/cards.rst has what this printed. */
TEST_F(plain, all_writes_arrive)
{
	int fd = self->s->fd;
	u64 other = cost_ns(fd, BUFFER), hole = cost_ns(fd, HOLE);
	u64 range = cost_ns(fd, TABLE);

	TH_LOG("ns of a write: %llu in another page, %llu beside a range, %llu in a range",
	       (unsigned long long)other, (unsigned long long)hole,
	       (unsigned long long)range);
	EXPECT_EQ(WRITES - 1, bar_read32(fd, 0, BUFFER));
	EXPECT_EQ(WRITES - 1, bar_read32(fd, 0, HOLE));
	EXPECT_EQ(WRITES - 1, bar_read32(fd, 0, TABLE));
	EXPECT_EQ(0, window_state(fd).head.count);
}

LAB_MAIN
