// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_WINDOW: which vector the data of a guest stands for. VMMs may allocate all vectors,
 * and the guest enables fewer of them.
 */
#include <unistd.h>

#include "messages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

/* No CPU has these addresses. Each message of a test has an address of its own. */
#define GUEST_ADDRESS	0x45600000
#define GUEST_DATA	0x4060
#define ADDRESS_STEP	0x1000

#define VECTORS		ATH11K_MSI_VECTORS
#define DATA_BITS	16
#define LIVE		(VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA)

static const u32 slots[] = ATH11K_SLOT_OFFSETS;

FIXTURE(vectors) {
	struct session *s;
	int fd;
	u32 allocated;
	int triggers[VECTORS];
	u32 address;
};

FIXTURE_VARIANT(vectors) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(vectors, ath11k);

FIXTURE_SETUP(vectors)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	/* Without interrupt remapping the host can allocate only one vector. */
	self->allocated = lab_remap() ? VECTORS : 1;
	for (int i = 0; i < VECTORS; i++)
		self->triggers[i] = eventfd_new();
	self->address = GUEST_ADDRESS;
}

FIXTURE_TEARDOWN(vectors)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

#define enable_all(_self)						\
	ASSERT_EQ(0, set_triggers((_self)->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, \
				  (_self)->allocated, (_self)->triggers))

/* The slot's data stands for this vector, and the device holds the host message of it. */
#define expect_vector(_fd, _slot, _vector) do {				\
	struct vfio_pci_msi_message __host =				\
		message_of(_fd, VFIO_PCI_MSI_IRQ_INDEX, _vector);	\
	struct window_state __state = window_state(_fd);		\
									\
	EXPECT_EQ(__host.address, held(_fd, slots[_slot]));		\
	EXPECT_EQ(__host.data, held(_fd, slots[_slot] + ATH11K_SLOT_DATA)); \
	EXPECT_EQ(_vector, __state.slot[_slot].vector);			\
	EXPECT_EQ(LIVE, __state.slot[_slot].flags);			\
} while (0)

/* The slot's data stands for none: the address is withheld, and the data is written. */
#define expect_none(_fd, _slot, _data) do {				\
	struct window_state __state = window_state(_fd);		\
									\
	EXPECT_EQ(_data, held(_fd, slots[_slot] + ATH11K_SLOT_DATA));	\
	EXPECT_EQ(0, __state.slot[_slot].vector);			\
	EXPECT_EQ(0, __state.slot[_slot].flags);			\
} while (0)

#define expect_arrives(_self, _slot, _vector) do {			\
	slot_send((_self)->fd, _slot);					\
	EXPECT_TRUE(eventfd_wait((_self)->triggers[_vector]));		\
	EXPECT_EQ(1, eventfd_take((_self)->triggers[_vector]));		\
} while (0)

/*
 * A message of @_guest vectors with this data, which has @_numbers of them: slot 0 gets
 * some of these, and then data that is none. The address is written last: a new address
 * with the data before is a message that counts, too.
 */
#define check_message(_self, _guest, _data, _numbers) do {		\
	const u32 __vectors[] = { 0, 1, (_numbers) / 2, (_numbers) - 1 }; \
	u32 __data = (_data), __none = __data ^ (_numbers);		\
	int __fd = (_self)->fd;						\
									\
	guest_vectors(__fd, _guest);					\
	guest_message(__fd, (_self)->address, __data);			\
	(_self)->address += ADDRESS_STEP;				\
	guest_message(__fd, (_self)->address, __data);			\
	for (u32 __i = 0; __i < 4; __i++) {				\
		u32 __vector = __vectors[__i];				\
									\
		if (__vector >= (_numbers))				\
			continue;					\
		slot_write(__fd, slots[0], (_self)->address,		\
			   __data + __vector);				\
		if (__vector < (_self)->allocated)			\
			expect_vector(__fd, 0, __vector);		\
		else							\
			expect_none(__fd, 0, __data + __vector);	\
	}								\
	slot_write(__fd, slots[0], (_self)->address, __none);		\
	expect_none(__fd, 0, __none);					\
} while (0)

TEST_F(vectors, data_with_zeros_at_its_end)
{
	enable_all(self);
	for (u32 guest = 1; guest <= VECTORS; guest *= 2) {
		for (int zeros = 0; zeros < DATA_BITS; zeros++)
			check_message(self, guest, 1U << zeros,
				      guest < 1U << zeros ? guest : 1U << zeros);
		check_message(self, guest, 0, guest);
		/* Other bits make no difference. */
		check_message(self, guest, 0xfff4, guest < 4 ? guest : 4);
	}
}

/* A guest that does not write Multiple Message Enable has one vector. */
TEST_F(vectors, all_allocated_for_a_guest_of_one)
{
	enable_all(self);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA + 0xd);
	for (int i = 0; i < ATH11K_SLOTS; i++)
		slot_write(self->fd, slots[i], GUEST_ADDRESS, GUEST_DATA + 0xd);
	for (int i = 0; i < ATH11K_SLOTS; i++) {
		expect_vector(self->fd, i, 0);
		expect_arrives(self, i, 0);
	}
	for (u32 i = 0; i < self->allocated; i++)
		EXPECT_EQ(0, eventfd_take(self->triggers[i]));
}

/* The zeros would be enough for other vectors, too. */
TEST_F(vectors, neighbour_of_a_guest_of_one)
{
	enable_all(self);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	slot_write(self->fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	slot_write(self->fd, slots[1], GUEST_ADDRESS, GUEST_DATA + 1);
	expect_vector(self->fd, 0, 0);
	expect_none(self->fd, 1, GUEST_DATA + 1);
}

/* Guests of one, two and more vectors, for which all are allocated. */
TEST_F(vectors, each_arrives)
{
	enable_all(self);
	for (u32 guest = 1; guest <= VECTORS; guest *= 2) {
		guest_vectors(self->fd, guest);
		guest_message(self->fd, self->address, GUEST_DATA);
		for (u32 i = 0; i < guest && i < self->allocated; i++) {
			slot_write(self->fd, slots[0], self->address, GUEST_DATA + i);
			expect_vector(self->fd, 0, i);
			expect_arrives(self, 0, i);
		}
		self->address += ADDRESS_STEP;
	}
}

/* A guest enables fewer or more vectors without another address or other data. */
TEST_F(vectors, guest_enables_others)
{
	if (self->allocated < VECTORS)
		SKIP(return, "the host allocates one vector only");

	enable_all(self);
	guest_vectors(self->fd, 2);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	slot_write(self->fd, slots[0], GUEST_ADDRESS, GUEST_DATA + 1);
	slot_write(self->fd, slots[1], GUEST_ADDRESS, GUEST_DATA + 3);
	expect_vector(self->fd, 0, 1);
	expect_none(self->fd, 1, GUEST_DATA + 3);

	guest_vectors(self->fd, 4);
	expect_vector(self->fd, 0, 1);
	expect_vector(self->fd, 1, 3);

	/* What the message was is an earlier guest message now. */
	guest_vectors(self->fd, 1);
	expect_vector(self->fd, 0, 1);
	expect_vector(self->fd, 1, 3);
	slot_write(self->fd, slots[2], GUEST_ADDRESS, GUEST_DATA + 2);
	expect_vector(self->fd, 2, 2);
	expect_arrives(self, 0, 1);
	expect_arrives(self, 1, 3);
	expect_arrives(self, 2, 2);

	ASSERT_EQ(0, disable_irqs(self->fd, VFIO_PCI_MSI_IRQ_INDEX));
	enable_all(self);
	expect_vector(self->fd, 0, 1);
	expect_vector(self->fd, 1, 3);
}

/* Guests write their message, and some their slots, before the VMM allocates vectors. */
TEST_F(vectors, written_before_they_are_allocated)
{
	u32 vector = self->allocated / 2;

	/* From now on the core reduces the field to 0. */
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  self->triggers));
	ASSERT_EQ(0, disable_irqs(self->fd, VFIO_PCI_MSI_IRQ_INDEX));

	guest_vectors(self->fd, VECTORS);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	slot_write(self->fd, slots[0], GUEST_ADDRESS, GUEST_DATA + vector);
	slot_write(self->fd, slots[1], GUEST_ADDRESS, GUEST_DATA + VECTORS);
	expect_none(self->fd, 0, GUEST_DATA + vector);
	EXPECT_EQ(0, config_read16(self->fd, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS) &
		     PCI_MSI_FLAGS_QSIZE);

	enable_all(self);
	expect_vector(self->fd, 0, vector);
	expect_none(self->fd, 1, GUEST_DATA + VECTORS);
	expect_arrives(self, 0, vector);
}

/* What the guest has before MSI is enabled is not what it had when it wrote the slot. */
TEST_F(vectors, fewer_before_they_are_allocated)
{
	guest_vectors(self->fd, VECTORS);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	slot_write(self->fd, slots[0], GUEST_ADDRESS, GUEST_DATA + 1);
	slot_write(self->fd, slots[1], GUEST_ADDRESS, GUEST_DATA);
	guest_vectors(self->fd, 1);
	enable_all(self);
	expect_none(self->fd, 0, GUEST_DATA + 1);
	expect_vector(self->fd, 1, 0);
}

/* The field alone, with the capability's other bytes, in one write with the message. */
TEST_F(vectors, field_in_writes_of_each_size)
{
	const unsigned int cap = ATH11K_MSI_OFFSET;
	u8 byte = PCI_MSI_FLAGS_ENABLE | 1 << 4;
	u32 dword = (PCI_MSI_FLAGS_ENABLE | 2 << 4) << 16;
	u8 all[PCI_MSI_DATA_32 + 2 - PCI_MSI_FLAGS] = {
		[0] = PCI_MSI_FLAGS_ENABLE | 3 << 4,
		[PCI_MSI_ADDRESS_LO + 3 - PCI_MSI_FLAGS] = 0x46,
		[PCI_MSI_DATA_32 - PCI_MSI_FLAGS] = 0x80,
	};
	u8 high = 0x7f;

	if (self->allocated < VECTORS)
		SKIP(return, "the host allocates one vector only");

	enable_all(self);
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	for (int i = 0; i < 4; i++)
		slot_write(self->fd, slots[i], i < 3 ? GUEST_ADDRESS : 0x46000000,
			   (i < 3 ? GUEST_DATA : 0x80) + (1 << i) - 1);
	expect_vector(self->fd, 0, 0);
	expect_none(self->fd, 1, GUEST_DATA + 1);

	ASSERT_EQ(1, config_write(self->fd, cap + PCI_MSI_FLAGS + 1, &high, 1));
	expect_none(self->fd, 1, GUEST_DATA + 1);
	ASSERT_EQ(1, config_write(self->fd, cap + PCI_MSI_FLAGS, &byte, 1));
	expect_vector(self->fd, 1, 1);
	expect_none(self->fd, 2, GUEST_DATA + 3);
	ASSERT_EQ(4, config_write(self->fd, cap, &dword, 4));
	expect_vector(self->fd, 2, 3);
	ASSERT_EQ(sizeof(all), config_write(self->fd, cap + PCI_MSI_FLAGS, all,
					    sizeof(all)));
	/* It was no slot when it was written, as its address was not the guest's. */
	slot_write(self->fd, slots[3], 0x46000000, 0x87);
	expect_vector(self->fd, 3, 7);
	slot_write(self->fd, slots[3], 0x46000000, 0x88);
	expect_none(self->fd, 3, 0x88);
}

/* 6 and 7 are reserved. */
TEST_F(vectors, reserved_numbers)
{
	enable_all(self);
	for (u16 field = 6; field < 8; field++) {
		self->address += ADDRESS_STEP;
		config_write16(self->fd, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS,
			       PCI_MSI_FLAGS_ENABLE | field << 4);
		guest_message(self->fd, self->address, 0x4080);
		slot_write(self->fd, slots[0], self->address,
			   0x4080 + self->allocated - 1);
		expect_vector(self->fd, 0, self->allocated - 1);
		slot_write(self->fd, slots[0], self->address, 0x4080 + VECTORS);
		expect_none(self->fd, 0, 0x4080 + VECTORS);
	}
}

LAB_MAIN
