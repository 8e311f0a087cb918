// SPDX-License-Identifier: GPL-2.0-only
/*
 * The windows that known cards have by their device ID, and a card with such an ID whose
 * BAR is too small. All cards are the same model under other IDs, so this does not prove
 * where real cards have their slots: that is taken from the sources of their drivers,
 * which quirks.c names.
 */
#include <unistd.h>

#include "messages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

/* A guest message that no host message can be equal to. */
#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060

/* The size of one view of the card's registers, and of three. */
#define VIEW_SIZE	0x80000
#define VIEWS_SIZE	(3 * VIEW_SIZE)

FIXTURE(known) {
	struct session *s;
	int trigger;
};

FIXTURE_VARIANT(known) {
	const char *device;
	const char *mode;
	u64 size;	/* of the window; 0: there is none */
};

LAB_VARIANTS(known, ath11k, .size = WINDOW_SIZE);
LAB_VARIANTS(known, ath11k_1101, .size = WINDOW_SIZE);
LAB_VARIANTS(known, ath11k_1104, .size = VIEWS_SIZE);
LAB_VARIANTS(known, ath12k_1107, .size = VIEW_SIZE);
LAB_VARIANTS(known, ath12k_1109, .size = VIEWS_SIZE);
LAB_VARIANTS(known, ath12k_1112, .size = VIEW_SIZE);
LAB_VARIANTS(known, ath12k_short);
LAB_VARIANTS(known, ath11k_noid);

FIXTURE_SETUP(known)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
}

FIXTURE_TEARDOWN(known)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(known, window_of_its_id)
{
	struct window_state state = window_state(self->s->fd);

	EXPECT_EQ(!!variant->size, state.head.windows);
	EXPECT_EQ(0, state.head.flags);
	EXPECT_EQ(WINDOW_BAR, state.head.region);
	EXPECT_EQ(variant->size ? WINDOW_OFFSET : 0, state.head.offset);
	EXPECT_EQ(variant->size, state.head.size);
	EXPECT_EQ(variant->size ? ATH11K_SLOT_DATA : 0, state.head.data_offset);
}

/* The first and the last slot of the window, and the dwords before and after the window. */
TEST_F(known, first_and_last_slot)
{
	u64 end = WINDOW_OFFSET + variant->size - ATH11K_SLOT_DATA - 4;
	struct vfio_pci_msi_message message;
	int fd = self->s->fd;

	if (!variant->size)
		return;

	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	message = message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
	ASSERT_NE(GUEST_ADDRESS, message.address);

	slot_write(fd, WINDOW_OFFSET, GUEST_ADDRESS, GUEST_DATA);
	slot_write(fd, end, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_EQ(message.address, held(fd, WINDOW_OFFSET));
	EXPECT_EQ(message.data, held(fd, WINDOW_OFFSET + ATH11K_SLOT_DATA));
	EXPECT_EQ(message.address, held(fd, end));
	EXPECT_EQ(message.data, held(fd, end + ATH11K_SLOT_DATA));

	bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET - 4, GUEST_ADDRESS);
	EXPECT_EQ(GUEST_ADDRESS, held(fd, WINDOW_OFFSET - 4));
	if (WINDOW_OFFSET + variant->size < region_size(fd, WINDOW_BAR)) {
		bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET + variant->size,
			    GUEST_ADDRESS);
		EXPECT_EQ(GUEST_ADDRESS,
			  held(fd, WINDOW_OFFSET + variant->size));
	}
}

LAB_MAIN
