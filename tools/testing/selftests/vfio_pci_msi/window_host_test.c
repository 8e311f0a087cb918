// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host messages in a window. A user who knows the host message, by MSI_NOVIRT or by
 * MSI_MESSAGES, may write it into slots. It has to be delivered also if the guest message
 * has the same address: on hosts with AMD's IOMMU every message has 0xfee00000, and on
 * hosts that do not remap interrupts messages to the same APIC ID have equal addresses.
 */
#include <unistd.h>

#include "hardware.h"
#include "messages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define VECTORS		16

/* The address on hosts with AMD's IOMMU, and a bit in which guest and host data differ. */
#define GUEST_ADDRESS	0xfee00000
#define GUEST_BIT	0x40

static const u32 slots[] = ATH11K_SLOT_OFFSETS;

/* When the user turns MSI_NOVIRT on: never, before the vectors are allocated, or after. */
enum when { NEVER, FIRST, LAST };

FIXTURE(window_host) {
	struct session *s;
	int vectors;
	int triggers[VECTORS];
	struct vfio_pci_msi_message host;
};

FIXTURE_VARIANT(window_host) {
	const char *device;
	const char *mode;
	enum when novirt;
};

LAB_VARIANTS_AS(window_host, messages, ath11k, .novirt = NEVER);
LAB_VARIANTS_AS(window_host, novirt_first, ath11k, .novirt = FIRST);
LAB_VARIANTS_AS(window_host, novirt_last, ath11k, .novirt = LAST);

static u16 guest_data(const struct vfio_pci_msi_message *host)
{
	return host->data ^ GUEST_BIT;
}

/* The guest message is written twice: the second time it has the host message's address. */
FIXTURE_SETUP(window_host)
{
	int fd;

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	fd = self->s->fd;
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (variant->novirt == FIRST)
		ASSERT_EQ(0, novirt_set(fd));

	/* Without interrupt remapping the host can give one vector only. */
	self->vectors = lab_remap() ? VECTORS : 1;
	for (int i = 0; i < VECTORS; i++)
		self->triggers[i] = eventfd_new();
	guest_vectors(fd, VECTORS);
	guest_message(fd, GUEST_ADDRESS, GUEST_BIT);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, self->vectors,
				  self->triggers));
	self->host = message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
	guest_message(fd, self->host.address, guest_data(&self->host));
	if (variant->novirt == LAST)
		ASSERT_EQ(0, novirt_set(fd));
}

FIXTURE_TEARDOWN(window_host)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

/* The host message as the user finds it, by MSI_MESSAGES or by reading config space. */
static struct vfio_pci_msi_message shown(int fd, enum when novirt, u32 vector)
{
	struct vfio_pci_msi_message msg = {};
	u32 address;

	if (novirt == NEVER)
		return message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, vector);

	VFIO_ASSERT_EQ(config_read(fd, ATH11K_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				   &address, sizeof(address)), sizeof(address));
	msg.address = address;
	msg.data = config_read16(fd, ATH11K_MSI_OFFSET + PCI_MSI_DATA_32) + vector;

	return msg;
}

#define slot_write_host(_slot, _vector) do {				\
	struct vfio_pci_msi_message __msg = shown(self->s->fd,		\
						  variant->novirt, _vector); \
									\
	slot_write(self->s->fd, slots[_slot], __msg.address, __msg.data); \
} while (0)

/* The slot holds the host message of @_vector, reads of it return @_data, and it works. */
#define expect_delivers(_slot, _vector, _data) do {			\
	struct vfio_pci_msi_message __host =				\
		message_of(self->s->fd, VFIO_PCI_MSI_IRQ_INDEX, _vector); \
	u64 __offset = slots[_slot];					\
	int __fd = self->s->fd;						\
									\
	ASSERT_EQ(__host.address, held(__fd, __offset));		\
	ASSERT_EQ(__host.data, held(__fd, __offset + ATH11K_SLOT_DATA)); \
	EXPECT_EQ(__host.address, bar_read32(__fd, WINDOW_BAR, __offset)); \
	EXPECT_EQ(_data, bar_read32(__fd, WINDOW_BAR,			\
				    __offset + ATH11K_SLOT_DATA));	\
	slot_send(__fd, _slot);						\
	ASSERT_TRUE(eventfd_wait(self->triggers[_vector]));		\
	for (int __v = 0; __v < VECTORS; __v++)				\
		EXPECT_EQ(__v == (_vector),				\
			  eventfd_take(self->triggers[__v]));		\
} while (0)

#define expect_none_undone() do {					\
	struct window_state __state = window_state(self->s->fd);	\
									\
	EXPECT_EQ(0, __state.head.withheld);				\
	EXPECT_EQ(0, __state.head.undone);				\
} while (0)

TEST_F(window_host, every_slot_delivers)
{
	for (int i = 0; i < ATH11K_SLOTS; i++)
		slot_write_host(i, i % self->vectors);
	for (int i = 0; i < ATH11K_SLOTS; i++)
		expect_delivers(i, i % self->vectors,
				self->host.data + i % self->vectors);
	expect_none_undone();
}

TEST_F(window_host, data_before_address)
{
	int fd = self->s->fd, vector = self->vectors - 1;
	struct vfio_pci_msi_message msg = shown(fd, variant->novirt, vector);

	bar_write32(fd, WINDOW_BAR, slots[0] + ATH11K_SLOT_DATA, msg.data);
	bar_write32(fd, WINDOW_BAR, slots[0] + ATH11K_SLOT_ADDR_HI,
		    ATH11K_SLOT_ENABLE);
	bar_write32(fd, WINDOW_BAR, slots[0], msg.address);
	expect_delivers(0, vector, msg.data);
	expect_none_undone();
}

/* The guest message is 0, as if the user had never written one. */
TEST_F(window_host, without_guest_message)
{
	guest_message(self->s->fd, 0, 0);
	slot_write_host(0, self->vectors - 1);
	expect_delivers(0, self->vectors - 1,
			self->host.data + self->vectors - 1);
	expect_none_undone();
}

/* Guest messages in other slots, and later in the same slots, are still translated. */
TEST_F(window_host, beside_guest_messages)
{
	u16 data = guest_data(&self->host);
	u32 address = self->host.address;
	int last = self->vectors - 1;

	for (int i = 0; i < ATH11K_SLOTS; i++) {
		if (i % 2)
			slot_write_host(i, last);
		else
			slot_write(self->s->fd, slots[i], address, data + last);
	}
	for (int i = 0; i < ATH11K_SLOTS; i++)
		expect_delivers(i, last, (i % 2 ? self->host.data : data) + last);

	for (int i = 0; i < ATH11K_SLOTS; i++) {
		if (i % 2)
			slot_write(self->s->fd, slots[i], address, data);
		else
			slot_write_host(i, 0);
	}
	for (int i = 0; i < ATH11K_SLOTS; i++)
		expect_delivers(i, 0, i % 2 ? data : self->host.data);
}

/* The address, which is also the guest message's, is undone if other data follows. */
TEST_F(window_host, undone_with_other_data)
{
	u32 other = (self->host.data ^ GUEST_BIT << 1) | 0x10000;
	int fd = self->s->fd;

	slot_write(fd, slots[0], self->host.address, other);
	EXPECT_EQ(0, held(fd, slots[0]));
	EXPECT_EQ(other, held(fd, slots[0] + ATH11K_SLOT_DATA));
	EXPECT_EQ(self->host.address, bar_read32(fd, WINDOW_BAR, slots[0]));
	EXPECT_EQ(1, window_state(fd).head.undone);

	slot_write_host(0, 0);
	expect_delivers(0, 0, self->host.data);
}

LAB_MAIN
