// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows with a select register: slots of different pages at one offset, and that the
 * kernel writes nothing into a page that is not shown.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define MSI		VFIO_PCI_MSI_IRQ_INDEX

/* A guest message that no host message can be equal to. */
#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060

/* What another page has at the place of a slot. */
#define FOREIGN		0x12345678

/* The pages of the copy engines and of the UMAC, with the bit that drivers set, too. */
#define ENABLE		0x40000000
#define PAGE_A		0x37
#define PAGE_B		0x14

static const u64 slots[] = ATH11K_SLOT_OFFSETS;

#define LIVE	(VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA)
#define OWED	VFIO_PCI_MSI_SLOT_OWED

FIXTURE(pages) {
	struct session *s;
	int fd;
	int trigger;
};

FIXTURE_VARIANT(pages) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(pages, ath11k_paged);

FIXTURE_SETUP(pages)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
}

FIXTURE_TEARDOWN(pages)
{
	close(self->trigger);
	session_close(self->s);
}

static void enable(int fd, int trigger)
{
	VFIO_ASSERT_EQ(set_triggers(fd, MSI, 0, 1, &trigger), 0);
}

static void select_page(int fd, u32 page)
{
	bar_write32(fd, WINDOW_BAR, ATH11K_SELECT, ENABLE | page);
}

/* The dword that the device holds in a page, whichever is shown. */
static u32 held_in(int fd, u32 page, u64 offset)
{
	u32 value;

	bar_write32(fd, WINDOW_BAR, ATH11K_HW_PAGE, page + 1);
	value = held(fd, offset);
	bar_write32(fd, WINDOW_BAR, ATH11K_HW_PAGE, 0);

	return value;
}

#define expect_held(_fd, _page, _offset, _address, _data) do {		\
	EXPECT_EQ(_address, held_in(_fd, _page, _offset));		\
	EXPECT_EQ(_data, held_in(_fd, _page, (_offset) + ATH11K_SLOT_DATA)); \
} while (0)

#define expect_slot(_fd, _nr, _offset, _page, _flags) do {		\
	struct window_state __slots = window_state(_fd);		\
	struct ranges_state __pages = ranges_state(_fd);		\
									\
	EXPECT_EQ(__slots.head.count, __pages.head.count);		\
	ASSERT_LT(_nr, __slots.head.count);				\
	EXPECT_EQ(_offset, __slots.slot[_nr].offset);			\
	EXPECT_EQ(_page, __pages.page[_nr]);				\
	EXPECT_EQ(_flags, __slots.slot[_nr].flags);			\
} while (0)

/* Fills the place of a slot with other registers of the page that is shown. */
static void write_foreign(int fd, u64 slot)
{
	bar_write32(fd, WINDOW_BAR, slot, FOREIGN);
	bar_write32(fd, WINDOW_BAR, slot + ATH11K_SLOT_DATA, FOREIGN);
}

TEST_F(pages, slots_of_two_pages_at_one_offset)
{
	struct vfio_pci_msi_message message;
	int fd = self->fd;

	enable(fd, self->trigger);
	message = message_of(fd, MSI, 0);
	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	select_page(fd, PAGE_B);
	write_foreign(fd, slots[0]);

	expect_held(fd, PAGE_A, slots[0], message.address, message.data);
	expect_held(fd, PAGE_B, slots[0], FOREIGN, FOREIGN);
	EXPECT_EQ(FOREIGN, bar_read32(fd, WINDOW_BAR, slots[0]));
	expect_slot(fd, 0, slots[0], PAGE_A, LIVE);
	EXPECT_EQ(1, window_state(fd).head.count);

	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	expect_held(fd, PAGE_B, slots[0], message.address, message.data);
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, slots[0]));
	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_DATA);

	/* In ascending order of the offsets, then of the pages. */
	EXPECT_EQ(3, window_state(fd).head.count);
	expect_slot(fd, 0, slots[0], PAGE_B, LIVE);
	expect_slot(fd, 1, slots[0], PAGE_A, LIVE);
	expect_slot(fd, 2, slots[1], PAGE_B, LIVE);

	select_page(fd, PAGE_A);
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, slots[0]));
}

/* The last word of a slot's line; the one before says what it has learned, which is nothing. */
TEST_F(pages, debugfs_shows_the_page_of_a_slot)
{
	const char *path = debugfs_path(self->s->bdf, "windows");
	int fd = self->fd;

	enable(fd, self->trigger);
	EXPECT_FALSE(file_has(path, " - 0x37\n"));
	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	select_page(fd, PAGE_B);
	EXPECT_TRUE(file_has(path, " - 0x37\n"));
	EXPECT_FALSE(file_has(path, " - 0x14\n"));

	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_DATA);
	EXPECT_TRUE(file_has(path, " - 0x14\n"));
}

TEST_F(pages, interrupts_of_hidden_slots)
{
	int fd = self->fd;

	enable(fd, self->trigger);
	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	select_page(fd, PAGE_B);
	bar_write32(fd, WINDOW_BAR, ATH11K_HW_PAGE, PAGE_A + 1);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

/* Nothing is written into the page that is shown, and the other is written once it is. */
TEST_F(pages, freed_vectors)
{
	struct vfio_pci_msi_message message;
	int fd = self->fd;

	enable(fd, self->trigger);
	message = message_of(fd, MSI, 0);
	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	select_page(fd, PAGE_B);
	write_foreign(fd, slots[0]);

	disable_irqs(fd, MSI);
	expect_held(fd, PAGE_B, slots[0], FOREIGN, FOREIGN);
	expect_held(fd, PAGE_A, slots[0], message.address, message.data);
	expect_slot(fd, 0, slots[0], PAGE_A, OWED);

	select_page(fd, PAGE_A);
	expect_held(fd, PAGE_A, slots[0], WINDOW_INERT, 0);
	expect_slot(fd, 0, slots[0], PAGE_A, 0);

	select_page(fd, PAGE_B);
	enable(fd, self->trigger);
	message = message_of(fd, MSI, 0);
	expect_held(fd, PAGE_B, slots[0], FOREIGN, FOREIGN);
	expect_held(fd, PAGE_A, slots[0], WINDOW_INERT, 0);
	/* The host data can be 0, which is what the device holds. */
	EXPECT_EQ(OWED, window_state(fd).slot[0].flags & ~VFIO_PCI_MSI_SLOT_DATA);

	select_page(fd, PAGE_A);
	expect_held(fd, PAGE_A, slots[0], message.address, message.data);
	expect_slot(fd, 0, slots[0], PAGE_A, LIVE);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

TEST_F(pages, withheld_address)
{
	struct vfio_pci_msi_message message;
	int fd = self->fd;

	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	select_page(fd, PAGE_B);
	write_foreign(fd, slots[0]);
	enable(fd, self->trigger);
	message = message_of(fd, MSI, 0);
	expect_held(fd, PAGE_B, slots[0], FOREIGN, FOREIGN);
	expect_held(fd, PAGE_A, slots[0], 0, GUEST_DATA);
	expect_slot(fd, 0, slots[0], PAGE_A, OWED);

	select_page(fd, PAGE_A);
	expect_held(fd, PAGE_A, slots[0], message.address, message.data);
}

/* The device cannot be written when the vectors are freed, and shows another page later. */
TEST_F(pages, deferred_writes)
{
	struct vfio_pci_msi_message message;
	int fd = self->fd;

	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	command_clear(fd, PCI_COMMAND_MEMORY);
	enable(fd, self->trigger);
	expect_slot(fd, 0, slots[0], PAGE_A, OWED);
	command_set(fd, PCI_COMMAND_MEMORY);
	message = message_of(fd, MSI, 0);
	expect_held(fd, PAGE_A, slots[0], message.address, message.data);

	/* The page that is shown is not the one of the last access. */
	select_page(fd, PAGE_B);
	write_foreign(fd, slots[0]);
	command_clear(fd, PCI_COMMAND_MEMORY);
	disable_irqs(fd, MSI);
	command_set(fd, PCI_COMMAND_MEMORY);
	expect_held(fd, PAGE_B, slots[0], FOREIGN, FOREIGN);
	expect_held(fd, PAGE_A, slots[0], message.address, message.data);
	select_page(fd, PAGE_A);
	expect_held(fd, PAGE_A, slots[0], WINDOW_INERT, 0);
}

TEST_F(pages, reset_forgets_the_slots_of_all_pages)
{
	int fd = self->fd;

	enable(fd, self->trigger);
	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	select_page(fd, PAGE_B);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	EXPECT_EQ(2, window_state(fd).head.count);
	VFIO_ASSERT_EQ(ioctl(fd, VFIO_DEVICE_RESET, NULL), 0);
	EXPECT_EQ(0, window_state(fd).head.count);
}

/* The device selects page 0 by itself: nothing is written there. */
TEST_F(pages, device_that_selects_by_itself)
{
	int fd = self->fd;

	enable(fd, self->trigger);
	select_page(fd, PAGE_A);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	bar_write32(fd, WINDOW_BAR, ATH11K_LOSE_SELECT, 1);
	ASSERT_EQ(0, bar_read32(fd, WINDOW_BAR, ATH11K_SELECT));
	disable_irqs(fd, MSI);
	expect_held(fd, 0, slots[0], 0, 0);
	expect_slot(fd, 0, slots[0], PAGE_A, OWED);
	write_foreign(fd, slots[0]);
	expect_held(fd, 0, slots[0], FOREIGN, FOREIGN);
	select_page(fd, PAGE_A);
	expect_held(fd, PAGE_A, slots[0], WINDOW_INERT, 0);
	expect_held(fd, 0, slots[0], FOREIGN, FOREIGN);
}

TEST_F(pages, select_register_cannot_be_reached_past_the_kernel)
{
	u64 page = page_down(ATH11K_SELECT);
	int fd = self->fd;

	EXPECT_EQ(-EPERM, bar_try_map(fd, WINDOW_BAR, page, page_size(),
				      PROT_READ | PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(-EPERM, bar_try_ioeventfd(fd, WINDOW_BAR, ATH11K_SELECT,
					    self->trigger));
	if (dma_buf_exists(fd))
		EXPECT_EQ(-EPERM, bar_try_dma_buf(fd, WINDOW_BAR, page,
						  page_size()));
	EXPECT_EQ(0, bar_try_map(fd, WINDOW_BAR, page_up(ATH11K_SELECT),
				 page_size(), PROT_READ | PROT_WRITE, MAP_SHARED));
}

/* Accesses that begin before the select register, or end after it. */
TEST_F(pages, long_accesses_with_the_select_register)
{
	u32 buf[4] = { 1, ENABLE | PAGE_A, 3, 4 }, back[4] = {};
	u64 start = ATH11K_SELECT - 4;
	int fd = self->fd;

	region_write(fd, WINDOW_BAR, start, buf, sizeof(buf));
	region_read(fd, WINDOW_BAR, start, back, sizeof(back));
	for (u32 i = 0; i < ARRAY_SIZE(buf); i++)
		EXPECT_EQ(buf[i], back[i]);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	expect_slot(fd, 0, slots[0], PAGE_A, 0);
}

LAB_MAIN
