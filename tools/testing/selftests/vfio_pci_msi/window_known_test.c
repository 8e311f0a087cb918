// SPDX-License-Identifier: GPL-2.0-only
/*
 * The windows that known cards have by their device ID, which pages of their BAR can be
 * mapped, and a card with such an ID whose BAR is too small. All cards are the same model
 * under other IDs, so this does not prove where real cards have their slots: that is taken
 * from the sources of their drivers, which quirks.c names.
 */
#include <unistd.h>

#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

/* A guest message that no host message can be equal to. */
#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060

/* Views of the card's registers, as offsets in the BAR. */
#define VIEW_1		0x80000
#define VIEW_2		0x100000
#define VIEW_3		0x180000

/* Its select register. */
#define SELECT		0x310c
#define SELECT_MASK	0x3f

/* In the view of the UMAC: pages that the data path writes, and that have no slots. */
static const u64 run_time_pages[] = { 0x37000, 0x3b000, 0x46000 };

/* In the view of the copy engines the first, in that of the UMAC the others. */
#define RANGES	4

static const struct vfio_pci_msi_range ranges[RANGES] = {
	{ 0, 0x20000 }, { 0x34000, 0x3000 }, { 0x38000, 0x3000 }, { 0x44000, 0x2000 },
};

FIXTURE(known) {
	struct session *s;
	int trigger;
	struct vfio_pci_msi_range range[RANGES];
};

FIXTURE_VARIANT(known) {
	const char *device;
	const char *mode;
	u64 engines;	/* view of the copy engines; 0: there is no window */
	u64 umac;	/* view of the UMAC */
	u64 select;	/* select register; 0: there is none */
};

LAB_VARIANTS(known, ath11k, .engines = VIEW_1, .umac = VIEW_1, .select = SELECT);
LAB_VARIANTS(known, ath11k_1101, .engines = VIEW_1, .umac = VIEW_1, .select = SELECT);
LAB_VARIANTS(known, ath11k_1104, .engines = VIEW_2, .umac = VIEW_3);
LAB_VARIANTS(known, ath12k_1107, .engines = VIEW_1, .umac = VIEW_1, .select = SELECT);
LAB_VARIANTS(known, ath12k_1109, .engines = VIEW_2, .umac = VIEW_3);
LAB_VARIANTS(known, ath12k_1112, .engines = VIEW_1, .umac = VIEW_1, .select = 0x3278);
LAB_VARIANTS(known, ath12k_short);
LAB_VARIANTS(known, ath11k_noid);

FIXTURE_SETUP(known)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	for (u32 i = 0; i < RANGES; i++) {
		self->range[i] = ranges[i];
		self->range[i].offset += i ? variant->umac : variant->engines;
	}
}

FIXTURE_TEARDOWN(known)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(known, window_of_its_id)
{
	const struct vfio_pci_msi_range *last = &self->range[RANGES - 1];
	struct window_state state = window_state(self->s->fd);
	struct ranges_state got = ranges_state(self->s->fd);

	EXPECT_EQ(!!variant->engines, state.head.windows);
	EXPECT_EQ(!!variant->engines, got.head.windows);
	EXPECT_EQ(0, state.head.flags);
	EXPECT_EQ(WINDOW_BAR, state.head.region);
	if (!variant->engines) {
		EXPECT_EQ(0, state.head.size);
		EXPECT_EQ(0, got.head.ranges.count);
		return;
	}

	EXPECT_EQ(variant->engines, state.head.offset);
	EXPECT_EQ(last->offset + last->size - variant->engines, state.head.size);
	EXPECT_EQ(ATH11K_SLOT_DATA, state.head.data_offset);
	EXPECT_EQ(ATH11K_SLOT_DATA, got.head.ranges.data_offset);
	EXPECT_EQ(variant->select, got.head.ranges.select_offset);
	EXPECT_EQ(variant->select ? SELECT_MASK : 0, got.head.ranges.select_mask);
	ASSERT_EQ(RANGES, got.head.ranges.count);
	for (u32 i = 0; i < RANGES; i++) {
		EXPECT_EQ(self->range[i].offset, got.head.ranges.range[i].offset);
		EXPECT_EQ(self->range[i].size, got.head.ranges.range[i].size);
	}
}

/* The first and the last slot of each range, and the dwords before and after it. */
TEST_F(known, first_and_last_slots)
{
	struct vfio_pci_msi_message message;
	int fd = self->s->fd;

	if (!variant->engines)
		return;

	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	message = message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
	ASSERT_NE(GUEST_ADDRESS, message.address);

	for (u32 i = 0; i < RANGES; i++) {
		u64 first = self->range[i].offset;
		u64 after = first + self->range[i].size;
		u64 last = after - ATH11K_SLOT_DATA - 4;

		slot_write(fd, first, GUEST_ADDRESS, GUEST_DATA);
		slot_write(fd, last, GUEST_ADDRESS, GUEST_DATA);
		EXPECT_EQ(message.address, held(fd, first));
		EXPECT_EQ(message.data, held(fd, first + ATH11K_SLOT_DATA));
		EXPECT_EQ(message.address, held(fd, last));
		EXPECT_EQ(message.data, held(fd, last + ATH11K_SLOT_DATA));

		bar_write32(fd, WINDOW_BAR, first - 4, GUEST_ADDRESS);
		bar_write32(fd, WINDOW_BAR, after, GUEST_ADDRESS);
		EXPECT_EQ(GUEST_ADDRESS, held(fd, first - 4));
		EXPECT_EQ(GUEST_ADDRESS, held(fd, after));
	}
	EXPECT_EQ(2 * RANGES, live_slots(fd));
}

/* An address just before a hole, as its data would be in the hole. */
TEST_F(known, no_slot_across_a_hole)
{
	u64 offset = self->range[1].offset + self->range[1].size - ATH11K_SLOT_DATA;
	int fd = self->s->fd;

	if (!variant->engines)
		return;

	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	slot_write(fd, offset, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_EQ(0, held(fd, offset));
	EXPECT_EQ(GUEST_DATA, held(fd, offset + ATH11K_SLOT_DATA));
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, offset));
}

/* A long write from before a range, through it and a hole, into the next range. */
TEST_F(known, long_write_through_a_hole)
{
	u64 start = self->range[1].offset - 0x100;
	u64 end = self->range[2].offset + 0x100;
	u32 buf[(0x4000 + 0x200) / sizeof(u32)];
	int fd = self->s->fd;

	if (!variant->engines)
		return;

	for (u32 i = 0; i < ARRAY_SIZE(buf); i++)
		buf[i] = 0x5a000000 + i;
	ASSERT_EQ(end - start, sizeof(buf));
	region_write(fd, WINDOW_BAR, start, buf, sizeof(buf));
	for (u32 i = 0; i < ARRAY_SIZE(buf); i += 0x20)
		EXPECT_EQ(buf[i], held(fd, start + 4 * i));
	memset(buf, 0, sizeof(buf));
	region_read(fd, WINDOW_BAR, start, buf, sizeof(buf));
	for (u32 i = 0; i < ARRAY_SIZE(buf); i++)
		EXPECT_EQ(0x5a000000 + i, buf[i]);
}

static bool overlaps_page(u64 page, u64 offset, u64 size)
{
	return page < offset + size && page + page_size() > offset;
}

static bool is_trapped(const struct vfio_pci_msi_range range[RANGES], u64 select,
		       u64 page)
{
	if (select && overlaps_page(page, select, 4))
		return true;
	for (u32 i = 0; i < RANGES; i++)
		if (overlaps_page(page, range[i].offset, range[i].size))
			return true;

	return false;
}

static bool in_an_area(const struct region_map *map, u64 page)
{
	for (u32 i = 0; i < map->areas; i++)
		if (page >= map->area[i].offset &&
		    page + page_size() <= map->area[i].offset + map->area[i].size)
			return true;

	return false;
}

static int try_page(int fd, u64 page)
{
	return bar_try_map(fd, WINDOW_BAR, page, page_size(),
			   PROT_READ | PROT_WRITE, MAP_SHARED);
}

/* Each page of the BAR either has a part of the window, or can be mapped. */
TEST_F(known, pages_without_slots_are_mappable)
{
	struct region_map map = region_map(self->s->fd, WINDOW_BAR);
	int fd = self->s->fd;

	if (!variant->engines)
		return;

	EXPECT_TRUE(map.mmap);
	ASSERT_TRUE(map.sparse);
	for (u64 page = 0; page < map.size; page += page_size()) {
		bool trapped = is_trapped(self->range, variant->select, page);

		EXPECT_EQ(!trapped, in_an_area(&map, page))
			TH_LOG("page 0x%llx", (unsigned long long)page);
		EXPECT_EQ(trapped ? -EPERM : 0, try_page(fd, page))
			TH_LOG("page 0x%llx", (unsigned long long)page);
	}
}

TEST_F(known, run_time_pages_are_mappable)
{
	int fd = self->s->fd;

	if (!variant->engines)
		return;
	if (page_size() > 4096)
		SKIP(return, "on large pages they share a page with slots");

	for (u32 i = 0; i < ARRAY_SIZE(run_time_pages); i++)
		EXPECT_EQ(0, try_page(fd, variant->umac + run_time_pages[i]));
	EXPECT_EQ(0, try_page(fd, 0));
	EXPECT_EQ(variant->select ? -EPERM : 0, try_page(fd, 0x3000));
}

LAB_MAIN
