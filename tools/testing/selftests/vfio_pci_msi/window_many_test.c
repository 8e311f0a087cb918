// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_WINDOW: as many slots and guest addresses as the kernel remembers, and one more. It
 * allocates memory for them as they come, so these tests let all its arrays grow.
 */
#include <unistd.h>

#include "messages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

/* No CPU has these addresses. */
#define GUEST_ADDRESS	0x45600000
#define GUEST_DATA	0x4060
#define ADDRESS_STEP	0x2000
#define ADDRESSES	1024
/* Every 64th address is tried in a slot. */
#define SOME		64

#define VECTORS		ATH11K_MSI_VECTORS
#define LIVE		(VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA)

/* Registers that the model only stores. */
#define MANY_OFFSET	0x100000
#define SLOT_STEP	0x40
#define SLOT(n)		(MANY_OFFSET + (n) * SLOT_STEP)
#define PLAIN		SLOT(SLOTS_MAX + 1)
#define VECTOR(n)	((n) % VECTORS)

FIXTURE(many) {
	struct session *s;
	int fd;
	int triggers[VECTORS];
};

FIXTURE_VARIANT(many) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(many, ath11k_noid);

FIXTURE_SETUP(many)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < VECTORS; i++)
		self->triggers[i] = eventfd_new();
	window.offset = MANY_OFFSET;
	ASSERT_EQ(0, window_set(self->fd, &window));
	guest_vectors(self->fd, VECTORS);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
}

FIXTURE_TEARDOWN(many)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

#define enable(_self)							\
	ASSERT_EQ(0, set_triggers((_self)->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, \
				  VECTORS, (_self)->triggers))

static void write_slots(int fd, int first, int count)
{
	for (int i = first; i < first + count; i++)
		slot_write(fd, SLOT(i), GUEST_ADDRESS, GUEST_DATA + VECTOR(i));
}

/* The window has these slots, in their order, and the device their host messages. */
#define expect_slots(_fd, _first, _count) do {				\
	struct vfio_pci_msi_message __host[VECTORS];			\
	struct window_state __state = window_state(_fd);		\
									\
	VFIO_ASSERT_EQ(messages_get(_fd, VFIO_PCI_MSI_IRQ_INDEX, 0,	\
				    VECTORS, __host, NULL), 0);		\
	ASSERT_EQ(_count, __state.head.count);				\
	for (int __i = 0; __i < (_count); __i++) {			\
		int __nr = (_first) + __i, __v = VECTOR(__nr);		\
									\
		EXPECT_EQ(SLOT(__nr), __state.slot[__i].offset);	\
		EXPECT_EQ(GUEST_ADDRESS, __state.slot[__i].guest_address); \
		EXPECT_EQ(GUEST_DATA + __v, __state.slot[__i].guest_data); \
		EXPECT_EQ(__v, __state.slot[__i].vector);		\
		EXPECT_EQ(LIVE, __state.slot[__i].flags);		\
		EXPECT_EQ(__host[__v].address, held(_fd, SLOT(__nr)));	\
		EXPECT_EQ(__host[__v].data,				\
			  held(_fd, SLOT(__nr) + ATH11K_SLOT_DATA));	\
	}								\
} while (0)

/* All slots get the host's messages, also those from before the memory for them grew. */
TEST_F(many, slots_of_a_window)
{
	int fd = self->fd;

	enable(self);
	write_slots(fd, 0, SLOTS_MAX);
	expect_slots(fd, 0, SLOTS_MAX);

	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	for (int i = 0; i < SLOTS_MAX; i++) {
		EXPECT_EQ(WINDOW_INERT, held(fd, SLOT(i)));
		EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, SLOT(i)));
	}

	enable(self);
	expect_slots(fd, 0, SLOTS_MAX);
}

/* One slot too many is withheld and counted, until another slot is given up. */
TEST_F(many, one_slot_too_many)
{
	const u32 plain = 0x1234;
	int fd = self->fd;

	enable(self);
	bar_write32(fd, WINDOW_BAR, SLOT(SLOTS_MAX), plain);
	write_slots(fd, 0, SLOTS_MAX + 1);
	expect_slots(fd, 0, SLOTS_MAX);
	EXPECT_EQ(1, window_state(fd).head.withheld);
	EXPECT_EQ(plain, held(fd, SLOT(SLOTS_MAX)));
	EXPECT_EQ(plain, bar_read32(fd, WINDOW_BAR, SLOT(SLOTS_MAX)));

	bar_write32(fd, WINDOW_BAR, SLOT(0), 0);
	write_slots(fd, SLOTS_MAX, 1);
	expect_slots(fd, 1, SLOTS_MAX);
	EXPECT_EQ(1, window_state(fd).head.withheld);
}

/* No two messages of the guest have the same address. */
static u32 nth_address(u32 n)
{
	return GUEST_ADDRESS + n * ADDRESS_STEP;
}

static void nth_message(int fd, u32 n)
{
	u32 address = nth_address(n);

	VFIO_ASSERT_EQ(config_write(fd, ATH11K_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				    &address, sizeof(address)),
		       sizeof(address));
}

/*
 * Each guest address is remembered for itself. With one more than the kernel has room for,
 * all dwords from the lowest to the highest count as guest addresses.
 */
TEST_F(many, guest_addresses)
{
	const u32 between = GUEST_ADDRESS + ADDRESS_STEP / 2;
	int fd = self->fd;

	enable(self);
	for (u32 n = 1; n < ADDRESSES; n++)
		nth_message(fd, n);
	for (u32 n = 0; n < ADDRESSES; n += SOME)
		slot_write(fd, SLOT(n / SOME), nth_address(n), GUEST_DATA);
	EXPECT_EQ(ADDRESSES / SOME, live_slots(fd));
	bar_write32(fd, WINDOW_BAR, PLAIN, between);
	EXPECT_EQ(between, held(fd, PLAIN));

	nth_message(fd, ADDRESSES);
	bar_write32(fd, WINDOW_BAR, PLAIN + SLOT_STEP, between);
	EXPECT_EQ(0, held(fd, PLAIN + SLOT_STEP));
	EXPECT_EQ(between, bar_read32(fd, WINDOW_BAR, PLAIN + SLOT_STEP));
}

LAB_MAIN
