// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_WINDOW: what the device gets when a window is written. The device model shows what it
 * holds, and the guest message is one that no host message can be equal to.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hardware.h"
#include "messages.h"
#include "session.h"
#include "source.h"
#include "variants.h"
#include "window.h"

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4061
#define GUEST_VECTOR(v)	((GUEST_DATA & ~0x1f) + (v))
#define LATER_ADDRESS	0xfee66000

#define VECTORS		16
/* More messages than the driver remembers of those that opened no slot. */
#define MESSAGES	1100
#define WRITERS		3
#define WRITE_ROUNDS	50

/* A message that the device sent has arrived after this time. */
#define SETTLE_US	100000

#define TRACING		"/sys/kernel/tracing"
#define TRACE_SLOT	TRACING "/events/msi_vfio_pci/msi_vfio_pci_slot/enable"

static const u32 slots[] = ATH11K_SLOT_OFFSETS;

#define SLOT		slots[0]
#define SLOT_DATA	(SLOT + ATH11K_SLOT_DATA)

FIXTURE(window) {
	struct session *s;
	int vectors;
	int triggers[VECTORS];
};

FIXTURE_VARIANT(window) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(window, ath11k);

FIXTURE_SETUP(window)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	/* Without interrupt remapping the host can allocate only one vector. */
	self->vectors = lab_remap() ? VECTORS : 1;
	for (int i = 0; i < VECTORS; i++)
		self->triggers[i] = eventfd_new();
	guest_vectors(self->s->fd, VECTORS);
	guest_message(self->s->fd, GUEST_ADDRESS, GUEST_VECTOR(0));
}

FIXTURE_TEARDOWN(window)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->triggers[i]);
	if (self->s)
		session_close(self->s);
}

#define enable(_self)							\
	ASSERT_EQ(0, set_triggers((_self)->s->fd, VFIO_PCI_MSI_IRQ_INDEX, \
				  0, (_self)->vectors, (_self)->triggers))

#define disable(_self)							\
	ASSERT_EQ(0, disable_irqs((_self)->s->fd, VFIO_PCI_MSI_IRQ_INDEX))

static struct vfio_pci_msi_message host(int fd, u32 vector)
{
	return message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, vector);
}

/* The slot holds the host message, and reads of it return the guest message. */
#define expect_live(_fd, _offset, _vector) do {				\
	struct vfio_pci_msi_message __host = host(_fd, _vector);	\
									\
	EXPECT_EQ(__host.address, held(_fd, _offset));			\
	EXPECT_EQ(__host.data, held(_fd, (_offset) + ATH11K_SLOT_DATA)); \
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(_fd, WINDOW_BAR, _offset));	\
	EXPECT_EQ(GUEST_VECTOR(_vector),				\
		  bar_read32(_fd, WINDOW_BAR,				\
			     (_offset) + ATH11K_SLOT_DATA));		\
} while (0)

#define expect_counters(_fd, _addresses, _data, _withheld, _undone) do { \
	struct window_state __state = window_state(_fd);		\
									\
	EXPECT_EQ(_addresses, __state.head.addresses);			\
	EXPECT_EQ(_data, __state.head.data);				\
	EXPECT_EQ(_withheld, __state.head.withheld);			\
	EXPECT_EQ(_undone, __state.head.undone);			\
} while (0)

TEST_F(window, every_slot_delivers)
{
	int fd = self->s->fd;

	enable(self);
	for (int i = 0; i < ATH11K_SLOTS; i++)
		slot_write(fd, slots[i], GUEST_ADDRESS,
			   GUEST_VECTOR(i % self->vectors));

	for (int i = 0; i < ATH11K_SLOTS; i++) {
		expect_live(fd, slots[i], i % self->vectors);
		EXPECT_EQ(ATH11K_SLOT_ENABLE,
			  held(fd, slots[i] + ATH11K_SLOT_ADDR_HI));
		slot_send(fd, i);
		EXPECT_TRUE(eventfd_wait(self->triggers[i % self->vectors]));
		EXPECT_EQ(1, eventfd_take(self->triggers[i % self->vectors]));
	}
	for (int i = 0; i < VECTORS; i++)
		EXPECT_EQ(0, eventfd_take(self->triggers[i]));
	expect_counters(fd, ATH11K_SLOTS, ATH11K_SLOTS, 0, 0);
}

TEST_F(window, get_lists_slots)
{
	struct window_state state;
	int fd = self->s->fd;

	enable(self);
	for (int i = ATH11K_SLOTS; i--;)
		slot_write(fd, slots[i], GUEST_ADDRESS, GUEST_VECTOR(0));

	state = window_state(fd);
	ASSERT_EQ(ATH11K_SLOTS, state.head.count);
	for (int i = 0; i < ATH11K_SLOTS; i++) {
		EXPECT_EQ(slots[i], state.slot[i].offset);
		EXPECT_EQ(GUEST_ADDRESS, state.slot[i].guest_address);
		EXPECT_EQ(GUEST_VECTOR(0), state.slot[i].guest_data);
		EXPECT_EQ(0, state.slot[i].vector);
		EXPECT_EQ(VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA,
			  state.slot[i].flags);
		EXPECT_EQ(ATH11K_SLOT_DATA, state.slot[i].data_distance);
	}
}

TEST_F(window, data_before_address)
{
	int fd = self->s->fd, vector = self->vectors - 1;

	enable(self);
	bar_write32(fd, WINDOW_BAR, SLOT_DATA, GUEST_VECTOR(vector));
	bar_write32(fd, WINDOW_BAR, SLOT, GUEST_ADDRESS);
	expect_live(fd, SLOT, vector);
}

/* Guest messages are still translated when the user has turned MSI_NOVIRT on. */
TEST_F(window, translates_under_novirt)
{
	struct vfio_pci_msi_message message;
	int fd = self->s->fd;

	enable(self);
	ASSERT_EQ(0, novirt_set(fd));
	guest_message(fd, LATER_ADDRESS, GUEST_VECTOR(0));
	slot_write(fd, SLOT, LATER_ADDRESS, GUEST_VECTOR(0));

	message = host(fd, 0);
	ASSERT_NE(LATER_ADDRESS, message.address);
	EXPECT_EQ(message.address, held(fd, SLOT));
	EXPECT_EQ(message.data, held(fd, SLOT_DATA));
	EXPECT_EQ(LATER_ADDRESS, bar_read32(fd, WINDOW_BAR, SLOT));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
}

#define RING		ATH11K_HTT_RING(2, ATH11K_HTT_RXDMA_DST)

static void map_memory(struct __test_metadata *_metadata, struct session *s,
		       struct dma_region *memory)
{
	memory->iova = 0x123456000ULL;
	memory->size = getpagesize();
	memory->vaddr = mmap(NULL, memory->size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory->vaddr);
	iommu_map(s->iommu, memory);
}

/*
 * A message that a guest gives the firmware in memory does not pass the window. The ring's
 * interrupt does not arrive, and that of a slot with the same message does: guests with one
 * vector for both do not miss the ring's. If the user gives the firmware the host message,
 * both arrive.
 */
TEST_F(window, messages_in_memory_are_not_translated)
{
	int fd = self->s->fd, vector = self->vectors - 1;
	struct vfio_pci_msi_message message;
	struct dma_region memory = {};

	map_memory(_metadata, self->s, &memory);
	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(vector));

	for (int shown = 0; shown < 2; shown++) {
		htt_setup(fd, &memory, RING, GUEST_ADDRESS, GUEST_VECTOR(vector));
		htt_raise(fd, RING);
		settle_cpus();
		for (int i = 0; i < VECTORS; i++)
			EXPECT_EQ(0, eventfd_take(self->triggers[i]));
		slot_send(fd, 0);
		EXPECT_TRUE(eventfd_wait(self->triggers[vector]));
		EXPECT_EQ(1, eventfd_take(self->triggers[vector]));
		expect_counters(fd, 1, 1, 0, 0);
		ASSERT_EQ(0, novirt_set(fd));
	}

	message = host(fd, vector);
	htt_setup(fd, &memory, RING, message.address, message.data);
	htt_raise(fd, RING);
	EXPECT_TRUE(eventfd_wait(self->triggers[vector]));
	EXPECT_EQ(1, eventfd_take(self->triggers[vector]));
	expect_counters(fd, 1, 1, 0, 0);
	munmap(memory.vaddr, memory.size);
}

TEST_F(window, written_by_qwords)
{
	u64 low = GUEST_ADDRESS | (u64)ATH11K_SLOT_ENABLE << 32;
	u64 high = GUEST_VECTOR(0) | 0xabcdef01ULL << 32;
	int fd = self->s->fd;
	u64 value;

	enable(self);
	ASSERT_EQ(8, region_write(fd, WINDOW_BAR, SLOT, &low, 8));
	ASSERT_EQ(8, region_write(fd, WINDOW_BAR, SLOT_DATA, &high, 8));
	expect_live(fd, SLOT, 0);
	EXPECT_EQ(ATH11K_SLOT_ENABLE, held(fd, SLOT + ATH11K_SLOT_ADDR_HI));
	EXPECT_EQ(0xabcdef01, held(fd, SLOT_DATA + 4));
	ASSERT_EQ(8, region_read(fd, WINDOW_BAR, SLOT, &value, 8));
	EXPECT_EQ(low, value);
}

/* In a window, writes reach the device with the same width as the core's outside of it. */
TEST_F(window, width_of_writes)
{
	static const u64 places[] = { WINDOW_OFFSET + 0x20, 0x2000 };
	u64 value = 0x0123456789abcdef, read[2];
	u32 width[2];
	int fd = self->s->fd;

	for (int size = 1; size <= 8; size *= 2) {
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(size, region_write(fd, WINDOW_BAR, places[i],
						     &value, size));
			width[i] = bar_read32(fd, WINDOW_BAR,
					      ATH11K_MEMORY_WIDTH);
			ASSERT_EQ(8, region_read(fd, WINDOW_BAR, places[i],
						 &read[i], 8));
		}
		EXPECT_EQ(width[1], width[0])
			TH_LOG("a write of %d bytes has another width", size);
		EXPECT_EQ(read[1], read[0]);
		if (size < 8)
			EXPECT_EQ(size, width[0]);
	}
	TH_LOG("8 bytes are written by accesses of %u bytes", width[0]);
}

/* One write that begins before the window and includes two slots. */
TEST_F(window, one_write_over_several_slots)
{
	u64 start = WINDOW_OFFSET - 16, size = slots[2] + 16 - start;
	u8 *buf = calloc_assert(1, size), *back = calloc_assert(1, size);
	u32 message[] = { GUEST_ADDRESS, ATH11K_SLOT_ENABLE, GUEST_VECTOR(0) };
	int fd = self->s->fd;

	for (u64 i = 0; i < size; i++)
		buf[i] = i * 7 + 1;
	memcpy(buf + slots[1] - start, message, sizeof(message));
	memcpy(buf + slots[2] - start, message, sizeof(message));

	enable(self);
	ASSERT_EQ(size, region_write(fd, WINDOW_BAR, start, buf, size));
	ASSERT_EQ(size, region_read(fd, WINDOW_BAR, start, back, size));
	EXPECT_EQ(0, memcmp(buf, back, size));
	expect_live(fd, slots[1], 0);
	expect_live(fd, slots[2], 0);
	EXPECT_EQ(2, window_state(fd).head.count);
	free(buf);
	free(back);
}

struct writer {
	pthread_t thread;
	int fd;
	unsigned int first;
	unsigned int rounds;
};

/* Write every third slot, one part of all of them at a time: many are half written. */
static void *write_in_parts(void *arg)
{
	const struct writer *w = arg;
	unsigned int i, round;

	for (round = 0; round < w->rounds; round++) {
		bool data_first = round % 2;

		for (i = w->first; i < ATH11K_SLOTS; i += WRITERS)
			bar_write32(w->fd, WINDOW_BAR, slots[i], 0);
		for (i = w->first; i < ATH11K_SLOTS; i += WRITERS)
			bar_write32(w->fd, WINDOW_BAR,
				    slots[i] + (data_first ? ATH11K_SLOT_DATA : 0),
				    data_first ? GUEST_VECTOR(0) : GUEST_ADDRESS);
		for (i = w->first; i < ATH11K_SLOTS; i += WRITERS)
			bar_write32(w->fd, WINDOW_BAR,
				    slots[i] + (data_first ? 0 : ATH11K_SLOT_DATA),
				    data_first ? GUEST_ADDRESS : GUEST_VECTOR(0));
	}

	return NULL;
}

TEST_F(window, many_threads_write_slots_in_parts)
{
	struct writer writers[WRITERS];
	int fd = self->s->fd;

	enable(self);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer) {
			.fd = fd,
			.first = i,
			.rounds = WRITE_ROUNDS,
		};
		ASSERT_EQ(0, pthread_create(&writers[i].thread, NULL,
					    write_in_parts, &writers[i]));
	}
	/* Meanwhile the device must never get the guest's address. */
	for (int i = 0; i < WRITE_ROUNDS; i++)
		EXPECT_NE(GUEST_ADDRESS, held(fd, slots[i % ATH11K_SLOTS]));
	for (int i = 0; i < WRITERS; i++)
		ASSERT_EQ(0, pthread_join(writers[i].thread, NULL));

	for (int i = 0; i < ATH11K_SLOTS; i++)
		expect_live(fd, slots[i], 0);
}

/* A guest's address is translated also if it is written byte by byte. */
TEST_F(window, written_by_bytes)
{
	u32 address = GUEST_ADDRESS, data = GUEST_VECTOR(0);
	int fd = self->s->fd;

	enable(self);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(1, region_write(fd, WINDOW_BAR, SLOT + i,
					  (u8 *)&address + i, 1));
		EXPECT_NE(GUEST_ADDRESS, held(fd, SLOT));
	}
	for (int i = 0; i < 4; i += 2)
		ASSERT_EQ(2, region_write(fd, WINDOW_BAR, SLOT_DATA + i,
					  (u8 *)&data + i, 2));
	expect_live(fd, SLOT, 0);
}

/* An unaligned write is split into aligned ones, as the core does it. */
TEST_F(window, unaligned_writes_are_split)
{
	u32 part[] = { 0x22221111, GUEST_ADDRESS, ATH11K_SLOT_ENABLE,
		       GUEST_VECTOR(0), 0x44443333 };
	u8 *start = (u8 *)part + 2;
	size_t size = sizeof(part) - 4;
	int fd = self->s->fd;

	enable(self);
	ASSERT_EQ(size, region_write(fd, WINDOW_BAR, SLOT - 2, start, size));
	expect_live(fd, SLOT, 0);
	EXPECT_EQ(0x22220000, held(fd, SLOT - 4));
	EXPECT_EQ(0x3333, held(fd, SLOT_DATA + 4));
	memset(part, 0, sizeof(part));
	ASSERT_EQ(size, region_read(fd, WINDOW_BAR, SLOT - 2, start, size));
	EXPECT_EQ(0x22220000, part[0]);
	EXPECT_EQ(GUEST_ADDRESS, part[1]);
	EXPECT_EQ(GUEST_VECTOR(0), part[3]);
	EXPECT_EQ(0x3333, part[4]);
}

TEST_F(window, address_withheld_while_msi_is_disabled)
{
	int fd = self->s->fd;

	bar_write32(fd, WINDOW_BAR, SLOT, 0x1111);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	EXPECT_EQ(0x1111, held(fd, SLOT));
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, SLOT));
	expect_counters(fd, 0, 0, 1, 0);
	EXPECT_EQ(0, window_state(fd).slot[0].flags);

	enable(self);
	expect_live(fd, SLOT, 0);
	expect_counters(fd, 1, 1, 1, 0);
}

TEST_F(window, address_undone_with_other_data)
{
	int fd = self->s->fd;

	enable(self);
	bar_write32(fd, WINDOW_BAR, SLOT, 0x1111);
	bar_write32(fd, WINDOW_BAR, SLOT, GUEST_ADDRESS);
	EXPECT_EQ(host(fd, 0).address, held(fd, SLOT));
	bar_write32(fd, WINDOW_BAR, SLOT_DATA, 0x5a5a5a5a);
	EXPECT_EQ(0x1111, held(fd, SLOT));
	EXPECT_EQ(0x5a5a5a5a, held(fd, SLOT_DATA));
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, SLOT));
	EXPECT_EQ(0x5a5a5a5a, bar_read32(fd, WINDOW_BAR, SLOT_DATA));
	expect_counters(fd, 1, 0, 0, 1);

	bar_write32(fd, WINDOW_BAR, SLOT_DATA, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
}

TEST_F(window, vector_not_allocated)
{
	int fd = self->s->fd;

	if (!lab_remap())
		SKIP(return, "MSI has only one vector without interrupt remapping");

	self->vectors = 3;
	enable(self);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_VECTOR(2));
	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_VECTOR(3));
	expect_live(fd, slots[0], 2);
	EXPECT_EQ(0, held(fd, slots[1]));
	EXPECT_EQ(0, window_state(fd).slot[1].flags);
}

/* A guest moves the vector, and its driver writes the message that it read before that. */
TEST_F(window, earlier_guest_message)
{
	int fd = self->s->fd;

	enable(self);
	guest_message(fd, GUEST_ADDRESS + 0x1000, GUEST_VECTOR(0) + 0x20);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
}

TEST_F(window, other_writes_are_unchanged)
{
	int fd = self->s->fd;

	enable(self);
	bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET - 4, GUEST_ADDRESS);
	EXPECT_EQ(GUEST_ADDRESS, held(fd, WINDOW_OFFSET - 4));
	bar_write32(fd, WINDOW_BAR, SLOT, GUEST_ADDRESS + 4);
	EXPECT_EQ(GUEST_ADDRESS + 4, held(fd, SLOT));
	bar_write32(fd, WINDOW_BAR, SLOT_DATA, GUEST_VECTOR(0));
	EXPECT_EQ(GUEST_VECTOR(0), held(fd, SLOT_DATA));
	expect_counters(fd, 0, 0, 0, 0);
}

TEST_F(window, zero_is_no_address)
{
	int fd = self->s->fd;

	guest_message(fd, 0, 0);
	enable(self);
	slot_write(fd, SLOT, 0, 0);
	EXPECT_EQ(0, held(fd, SLOT));
	EXPECT_EQ(0, window_state(fd).head.count);
	expect_counters(fd, 0, 0, 0, 0);
}

TEST_F(window, needs_memory_decoding)
{
	u32 value = GUEST_ADDRESS;
	int fd = self->s->fd;

	enable(self);
	bar_write32(fd, WINDOW_BAR, SLOT, 0x1111);
	command_clear(fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(-EIO, region_write(fd, WINDOW_BAR, SLOT, &value, 4));
	EXPECT_EQ(-EIO, region_read(fd, WINDOW_BAR, SLOT, &value, 4));
	command_set(fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0x1111, held(fd, SLOT));
	expect_counters(fd, 0, 0, 0, 0);
}

/* The slot holds the inert address and data 0, and reads return the guest message. */
#define expect_inert(_fd, _offset, _vector) do {			\
	EXPECT_EQ(WINDOW_INERT, held(_fd, _offset));			\
	EXPECT_EQ(0, held(_fd, (_offset) + ATH11K_SLOT_DATA));		\
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(_fd, WINDOW_BAR, _offset));	\
	EXPECT_EQ(GUEST_VECTOR(_vector),				\
		  bar_read32(_fd, WINDOW_BAR,				\
			     (_offset) + ATH11K_SLOT_DATA));		\
} while (0)

TEST_F(window, inert_while_msi_is_disabled)
{
	int fd = self->s->fd, vector = self->vectors - 1;

	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(vector));
	disable(self);
	EXPECT_EQ(1, window_state(fd).head.count);
	EXPECT_EQ(0, window_state(fd).slot[0].flags);
	expect_inert(fd, SLOT, vector);
	expect_counters(fd, 1, 1, 0, 1);
	slot_send(fd, 0);

	enable(self);
	expect_live(fd, SLOT, vector);
	EXPECT_FALSE(eventfd_take(self->triggers[vector]));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[vector]));
}

/* After a guest has slept, its message may be another one, which it does not write. */
TEST_F(window, earlier_message_with_new_vectors)
{
	int fd = self->s->fd;

	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	disable(self);
	guest_message(fd, LATER_ADDRESS, GUEST_VECTOR(0) + 0x20);
	enable(self);
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
}

/* What cannot be written with memory decoding off is written when decoding is on again. */
TEST_F(window, deferred_writes_follow_decoding)
{
	int fd = self->s->fd;

	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	command_clear(fd, PCI_COMMAND_MEMORY);
	disable(self);
	command_set(fd, PCI_COMMAND_MEMORY);
	expect_inert(fd, SLOT, 0);

	command_clear(fd, PCI_COMMAND_MEMORY);
	enable(self);
	command_set(fd, PCI_COMMAND_MEMORY);
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
}

/*
 * All vectors share the address and data that the kernel clears when vector 0 loses its
 * handler. Live slots of the other vectors go on working.
 */
TEST_F(window, vector_0_without_trigger)
{
	struct vfio_pci_msi_message before;
	int fd = self->s->fd, none = -1;

	if (!lab_remap())
		SKIP(return, "MSI has only one vector without interrupt remapping");

	enable(self);
	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_VECTOR(1));
	before = host(fd, 1);
	ASSERT_NE(0, before.address);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &none));

	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, host(fd, i).address);
		EXPECT_EQ(0, host(fd, i).data);
		EXPECT_EQ(ALLOCATED | INACTIVE | (i ? TRIGGER : 0),
			  host(fd, i).flags);
	}
	EXPECT_EQ(before.address, held(fd, slots[1]));
	EXPECT_EQ(before.data, held(fd, slots[1] + ATH11K_SLOT_DATA));
	slot_send(fd, 1);
	EXPECT_TRUE(eventfd_wait(self->triggers[1]));
	eventfd_take(self->triggers[1]);

	/* A change of the guest message, for which all slots are checked, changes no slot. */
	guest_message(fd, LATER_ADDRESS, GUEST_VECTOR(0) + 0x20);
	EXPECT_EQ(before.address, held(fd, slots[1]));
	EXPECT_EQ(before.data, held(fd, slots[1] + ATH11K_SLOT_DATA));
	guest_message(fd, GUEST_ADDRESS, GUEST_VECTOR(0));

	/* Nothing new is translated, and address 0 is written into no slot. */
	bar_write32(fd, WINDOW_BAR, slots[2], 0x1111);
	slot_write(fd, slots[2], GUEST_ADDRESS, GUEST_VECTOR(2));
	EXPECT_EQ(0x1111, held(fd, slots[2]));
	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_VECTOR(1));
	EXPECT_EQ(before.address, held(fd, slots[1]));

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  self->triggers));
	EXPECT_EQ(0, host(fd, 1).flags & INACTIVE);
	expect_live(fd, slots[1], 1);
	expect_live(fd, slots[2], 2);
	for (int i = 1; i <= 2; i++) {
		slot_send(fd, i);
		EXPECT_TRUE(eventfd_wait(self->triggers[i]));
	}
}

/* A SET_IRQS that the core refuses changes no live slot. */
TEST_F(window, refused_set_irqs_changes_nothing)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSI_IRQ_INDEX,
		.start = ATH11K_MSI_VECTORS,
	};
	int fd = self->s->fd;

	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	EXPECT_EQ(-1, ioctl(fd, VFIO_DEVICE_SET_IRQS, &set));
	EXPECT_NE(0, disable_irqs(fd, VFIO_PCI_MSIX_IRQ_INDEX));
	expect_live(fd, SLOT, 0);
	expect_counters(fd, 1, 1, 0, 0);
}

/*
 * Data that was written before the vectors were allocated is not the host's. With it, the
 * host's address could be another device's message, and is withheld.
 */
TEST_F(window, address_withheld_with_earlier_data)
{
	int fd = self->s->fd, vector = self->vectors - 1;

	bar_write32(fd, WINDOW_BAR, SLOT_DATA, GUEST_VECTOR(31));
	enable(self);
	bar_write32(fd, WINDOW_BAR, SLOT, GUEST_ADDRESS);
	EXPECT_EQ(0, held(fd, SLOT));
	bar_write32(fd, WINDOW_BAR, SLOT_DATA, GUEST_VECTOR(vector));
	expect_live(fd, SLOT, vector);
}

/*
 * A live slot whose address is undone gets the inert address, so that a device which asserts
 * does not write to the first page of the guest.
 */
TEST_F(window, inert_after_other_data)
{
	int fd = self->s->fd;

	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	bar_write32(fd, WINDOW_BAR, SLOT_DATA, 0x5a5a5a5a);
	EXPECT_EQ(WINDOW_INERT, held(fd, SLOT));
	EXPECT_EQ(0x5a5a5a5a, held(fd, SLOT_DATA));
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(fd, WINDOW_BAR, SLOT));
}

/* A slot into which the user wrote the host message is inert while MSI is disabled, too. */
TEST_F(window, inert_after_host_message)
{
	struct vfio_pci_msi_message own;
	int fd = self->s->fd;

	enable(self);
	own = host(fd, 0);
	slot_write(fd, SLOT, own.address, own.data);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
	disable(self);
	EXPECT_EQ(WINDOW_INERT, held(fd, SLOT));
	EXPECT_EQ(own.address, bar_read32(fd, WINDOW_BAR, SLOT));
	enable(self);
	EXPECT_EQ(host(fd, 0).address, held(fd, SLOT));
	EXPECT_EQ(host(fd, 0).data, held(fd, SLOT_DATA));
}

TEST_F(window, inert_while_only_vector_has_no_trigger)
{
	int fd = self->s->fd, none = -1;

	self->vectors = 1;
	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &none));
	expect_inert(fd, SLOT, 0);
	enable(self);
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
}

/* The user writes the host message, while the guest message has the same address. */
static void expect_own_message_kept(struct __test_metadata *_metadata, int fd,
				    int trigger)
{
	struct vfio_pci_msi_message own = host(fd, 0);

	guest_message(fd, own.address, own.data ^ 0x4000);
	slot_write(fd, SLOT, own.address, own.data);
	EXPECT_EQ(own.address, held(fd, SLOT));
	EXPECT_EQ(own.data, held(fd, SLOT_DATA));
	EXPECT_EQ(VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA,
		  window_state(fd).slot[0].flags);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(trigger));
	eventfd_take(trigger);

	slot_write(fd, SLOT, own.address, own.data ^ 0x4000);
	EXPECT_EQ(own.data, held(fd, SLOT_DATA));
}

TEST_F(window, host_message_is_written_unchanged)
{
	enable(self);
	expect_own_message_kept(_metadata, self->s->fd, self->triggers[0]);
	ASSERT_EQ(0, novirt_set(self->s->fd));
	expect_own_message_kept(_metadata, self->s->fd, self->triggers[0]);
}

/* A driver may read the message only once, while its guest moves the vector many times. */
TEST_F(window, message_of_a_slot_is_never_forgotten)
{
	int fd = self->s->fd;

	enable(self);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	for (int i = 0; i < MESSAGES; i++)
		guest_message(fd, GUEST_ADDRESS, 0x1000 + i * 32);
	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, slots[1], 0);
	slot_send(fd, 1);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
}

/*
 * Guests write Message Control byte by byte, and write its read-only bits: whether addresses
 * have 64 bits is read from the hardware.
 */
TEST_F(window, message_control_written_by_bytes)
{
	u8 high = 0, low = PCI_MSI_FLAGS_64BIT;
	int fd = self->s->fd;

	enable(self);
	ASSERT_EQ(1, config_write(fd, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS, &low,
				  1));
	ASSERT_EQ(1, config_write(fd, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS + 1,
				  &high, 1));
	guest_message(fd, GUEST_ADDRESS, GUEST_VECTOR(0) ^ 0x20);
	guest_message(fd, GUEST_ADDRESS, GUEST_VECTOR(0));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
}

static void reset_by_ioctl(struct session *s)
{
	ioctl_assert(s->fd, VFIO_DEVICE_RESET, NULL);
}

static void reset_by_sleep(struct session *s)
{
	power_state_set(s, 3);
	power_state_set(s, 0);
	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void reset_by_close(struct session *s)
{
	struct session *again;

	VFIO_ASSERT_EQ(close(s->fd), 0);
	if (s->device->group_fd)
		VFIO_ASSERT_EQ(close(s->device->group_fd), 0);
	again = session_open_bdf(s->bdf, s->iommu->mode->name);
	vfio_pci_device_free(s->device);
	iommu_cleanup(s->iommu);
	*s = *again;
	free(again);
	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

FIXTURE(end) {
	struct session *s;
	int trigger;
};

FIXTURE_VARIANT(end) {
	const char *device;
	const char *mode;
	void (*reset)(struct session *s);
};

LAB_VARIANTS_AS(end, reset, ath11k, .reset = reset_by_ioctl);
LAB_VARIANTS_AS(end, flr, ath11k, .reset = function_reset);
LAB_VARIANTS_AS(end, sleep, ath11k, .reset = reset_by_sleep);
LAB_VARIANTS_AS(end, close, ath11k, .reset = reset_by_close);

FIXTURE_SETUP(end)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	guest_message(self->s->fd, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	slot_write(self->s->fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(1, window_state(self->s->fd).head.count);
}

FIXTURE_TEARDOWN(end)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(end, slots_end)
{
	int fd;

	variant->reset(self->s);
	fd = self->s->fd;
	EXPECT_EQ(0, window_state(fd).head.count);
	EXPECT_EQ(0, held(fd, SLOT));
	EXPECT_EQ(0, bar_read32(fd, WINDOW_BAR, SLOT));
	EXPECT_EQ(0, bar_read32(fd, WINDOW_BAR, SLOT_DATA));

	guest_message(fd, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

FIXTURE(sleep) {
	struct session *s;
	int trigger;
};

FIXTURE_VARIANT(sleep) {
	const char *device;
	const char *mode;
	bool keeps;	/* the device has No_Soft_Reset: D3hot does not reset it */
};

LAB_VARIANTS(sleep, ath11k);
LAB_VARIANTS(sleep, ath11k_kept, .keeps = true);

FIXTURE_SETUP(sleep)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	guest_message(self->s->fd, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
}

FIXTURE_TEARDOWN(sleep)
{
	close(self->trigger);
	session_close(self->s);
}

static void sleep_in_low_power(struct session *s)
{
	VFIO_ASSERT_EQ(low_power(s->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY), 0);
	VFIO_ASSERT_EQ(wait_suspended(s->bdf), true);
	VFIO_ASSERT_EQ(low_power(s->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT), 0);
}

TEST_F(sleep, slots_end_if_sleep_resets)
{
	int fd = self->s->fd;

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	sleep_in_low_power(self->s);
	EXPECT_EQ(variant->keeps, window_state(fd).head.count);
	EXPECT_EQ(variant->keeps ? GUEST_ADDRESS : 0,
		  bar_read32(fd, WINDOW_BAR, SLOT));
	EXPECT_EQ(variant->keeps ? host(fd, 0).address : 0, held(fd, SLOT));

	bar_write32(fd, WINDOW_BAR, SLOT_DATA, GUEST_VECTOR(0));
	EXPECT_EQ(variant->keeps ? host(fd, 0).data : GUEST_VECTOR(0),
		  held(fd, SLOT_DATA));

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

/* In D3hot nothing can be written; the slot gets the inert address when the device wakes up. */
TEST_F(sleep, vectors_freed_in_d3hot)
{
	int fd = self->s->fd;

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	power_state_set(self->s, 3);
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	power_state_set(self->s, 0);
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(variant->keeps ? WINDOW_INERT : 0, held(fd, SLOT));
	EXPECT_EQ(variant->keeps, window_state(fd).head.count);
}

/* A withheld address is forgotten by a sleep that resets the device, like other slots. */
TEST_F(sleep, withheld_address_ends_if_sleep_resets)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	sleep_in_low_power(self->s);
	EXPECT_EQ(variant->keeps, window_state(fd).head.count);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	EXPECT_EQ(variant->keeps ? host(fd, 0).address : 0, held(fd, SLOT));
}

TEST_F(window, tracepoint)
{
	char line[128];
	int fd = self->s->fd;
	u32 address;

	enable(self);
	ASSERT_EQ(0, file_write(TRACE_SLOT, "1"));
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	address = host(fd, 0).address;
	snprintf(line, sizeof(line),
		 "%s offset 0x%x guest 0x%x host 0x%x address", self->s->bdf,
		 SLOT, GUEST_ADDRESS, address);
	EXPECT_TRUE(file_has(TRACING "/trace", line))
		TH_LOG("the trace does not have: %s", line);
	snprintf(line, sizeof(line), "%s offset 0x%x guest 0x%x host 0x%x data",
		 self->s->bdf, SLOT_DATA, GUEST_VECTOR(0), host(fd, 0).data);
	EXPECT_TRUE(file_has(TRACING "/trace", line))
		TH_LOG("the trace does not have: %s", line);

	bar_write32(fd, WINDOW_BAR, SLOT_DATA, 0x5a5a5a5a);
	EXPECT_TRUE(file_has(TRACING "/trace", "undone"));
	disable(self);
	bar_write32(fd, WINDOW_BAR, slots[1], GUEST_ADDRESS);
	EXPECT_TRUE(file_has(TRACING "/trace", "withheld"));
	EXPECT_EQ(0, file_write(TRACE_SLOT, "0"));
}

FIXTURE(added) {
	struct session *s;
	int trigger;
	struct vfio_device_feature_pci_msi_window window;
};

FIXTURE_VARIANT(added) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(added, ath11k_noid);

FIXTURE_SETUP(added)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	self->window = window_of_ath11k();
	guest_message(self->s->fd, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
}

FIXTURE_TEARDOWN(added)
{
	close(self->trigger);
	if (self->s)
		session_close(self->s);
}

TEST_F(added, translates)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, window_set(fd, &self->window));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

TEST_F(added, high_half_of_address)
{
	u64 address = GUEST_ADDRESS;
	int fd = self->s->fd;

	self->window.flags = VFIO_PCI_MSI_WINDOW_HIGH;
	ASSERT_EQ(0, window_set(fd, &self->window));
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_VECTOR(0));
	EXPECT_EQ(0, held(fd, slots[0]));
	EXPECT_EQ(0, window_state(fd).slot[0].flags);

	ASSERT_EQ(8, region_write(fd, WINDOW_BAR, slots[1], &address, 8));
	bar_write32(fd, WINDOW_BAR, slots[1] + ATH11K_SLOT_DATA,
		    GUEST_VECTOR(0));
	expect_live(fd, slots[1], 0);
	EXPECT_EQ(host(fd, 0).address >> 32, held(fd, slots[1] + 4));
}

/* Guest messages from before the window was added are translated, too. */
TEST_F(added, earlier_guest_message)
{
	int fd = self->s->fd;

	guest_message(fd, LATER_ADDRESS, GUEST_VECTOR(0) + 0x20);
	ASSERT_EQ(0, window_set(fd, &self->window));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_live(fd, SLOT, 0);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

TEST_F(added, guest_message_after_failed_set)
{
	int fd = self->s->fd;

	self->window.flags = 1U << 31;
	ASSERT_EQ(-EINVAL, window_set(fd, &self->window));
	guest_message(fd, LATER_ADDRESS, GUEST_VECTOR(0));
	self->window.flags = 0;
	ASSERT_EQ(0, window_set(fd, &self->window));
	slot_write(fd, SLOT, LATER_ADDRESS, GUEST_VECTOR(0));
	EXPECT_EQ(host(fd, 0).address, held(fd, SLOT));
	EXPECT_EQ(host(fd, 0).data, held(fd, SLOT_DATA));
}

FIXTURE(two) {
	struct session *s[2];
	int trigger[2];
};

FIXTURE_VARIANT(two) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(two, ath11k);

FIXTURE_SETUP(two)
{
	static const char * const names[] = { "ath11k", "ath11k_noid" };

	if (!lab_has_device(names[1]))
		SKIP(return, "the host has no second card");

	for (int i = 0; i < 2; i++) {
		self->s[i] = session_open(names[i], DRIVER_MSI, variant->mode);
		command_set(self->s[i]->fd,
			    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		self->trigger[i] = eventfd_new();
	}
}

FIXTURE_TEARDOWN(two)
{
	for (int i = 0; i < 2; i++) {
		close(self->trigger[i]);
		session_close(self->s[i]);
	}
}

/*
 * The kernel may give the other card the vector that one card's user has freed. The first
 * card does not know that, and goes on asserting.
 */
TEST_F(two, freed_vector_is_not_raised)
{
	int fd = self->s[0]->fd, other = self->s[1]->fd;
	struct vfio_pci_msi_message message;

	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger[0]));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	message = host(fd, 0);
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_EQ(WINDOW_INERT, held(fd, SLOT));
	ASSERT_EQ(0, set_triggers(other, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger[1]));
	TH_LOG("the other card has %s message",
	       host(other, 0).address == message.address &&
	       host(other, 0).data == message.data ? "the same" : "another");
	slot_send(fd, 0);
	/* If the first card's message arrives, it arrives before this one. */
	bar_write32(other, WINDOW_BAR, ATH11K_RAISE, 0);
	ASSERT_TRUE(eventfd_wait(self->trigger[1]));
	usleep(SETTLE_US);
	EXPECT_EQ(1, eventfd_take(self->trigger[1]));

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger[0]));
	EXPECT_EQ(host(fd, 0).address, held(fd, SLOT));
	EXPECT_EQ(host(fd, 0).data, held(fd, SLOT_DATA));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger[0]));
	EXPECT_EQ(0, eventfd_take(self->trigger[1]));
}

/* An error from which AER recovers by a reset of the bus, which no driver is told of. */
FIXTURE(error) {
	struct session *s;
};

FIXTURE_VARIANT(error) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(error, igb);

FIXTURE_SETUP(error)
{
	/* The BAR has nothing after the table and the PBA. */
	struct vfio_device_feature_pci_msi_window window = {
		.region = 3,
		.offset = 0x3000,
		.size = 0x1000,
		.data_offset = 8,
	};
	u32 address = GUEST_ADDRESS;
	int fd;

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	fd = self->s->fd;
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, window_set(fd, &window));
	ASSERT_EQ(4, config_write(fd, hw_capability(self->s->bdf,
						    PCI_CAP_ID_MSI) +
				  PCI_MSI_ADDRESS_LO, &address, 4));
	bar_write32(fd, window.region, window.offset, address);
	ASSERT_EQ(1, window_state(fd).head.count);
}

FIXTURE_TEARDOWN(error)
{
	sriov_set_vfs(self->s->bdf, "0");
	sriov_allow(false);
	session_close(self->s);
}

/* The core restores config space when the user turns memory decoding on. */
static bool has_lost_config(const char *bdf)
{
	return !(hw_config_read16(bdf, PCI_COMMAND) & PCI_COMMAND_MEMORY);
}

/* The slot has ended if the bus was reset, and else not. */
static void expect_slots(struct __test_metadata *_metadata, struct session *s,
			 bool was_reset)
{
	EXPECT_EQ(was_reset, has_lost_config(s->bdf));
	EXPECT_EQ(!was_reset, window_state(s->fd).head.count);
}

TEST_F(error, recovery_without_reset)
{
	int ret = hw_recover(self->s->bdf, PCI_ERR_UNC_POISON_TLP);

	if (ret == -ENODEV)
		SKIP(return, "aer_inject is not used with lockdep");
	ASSERT_EQ(0, ret);
	expect_slots(_metadata, self->s, false);
}

/* A function without a driver makes the recovery fail, after the bus was reset. */
TEST_F(error, failed_recovery)
{
	char *vf;
	int ret;

	ASSERT_EQ(0, sriov_allow(true));
	ASSERT_EQ(0, sriov_set_vfs(self->s->bdf, "1"));
	vf = sysfs_sriov_vf_bdf_get(self->s->bdf, 0);
	driver_release(vf);
	free(vf);

	ret = hw_recover(self->s->bdf, PCI_ERR_UNC_DLP);
	if (ret == -ENODEV)
		SKIP(return, "aer_inject is not used with lockdep");
	ASSERT_EQ(-EIO, ret);
	expect_slots(_metadata, self->s, true);
}

TEST_F(error, recovery_with_reset)
{
	int ret = hw_recover(self->s->bdf, PCI_ERR_UNC_DLP);

	if (ret == -ENODEV)
		SKIP(return, "aer_inject is not used with lockdep");
	ASSERT_EQ(0, ret);
	expect_slots(_metadata, self->s, true);
}

/*
 * MSI with mask bits: a host that does not remap interrupts takes the vector back when its
 * handler is freed. Until the next handler is requested, another device may get it.
 */
FIXTURE(maskable) {
	struct session *s;
	int fd;
	int trigger[2];
};

FIXTURE_VARIANT(maskable) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(maskable, ath11k_maskable);

FIXTURE_SETUP(maskable)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < 2; i++)
		self->trigger[i] = eventfd_new();
	guest_message(self->fd, GUEST_ADDRESS, GUEST_VECTOR(0));
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger[0]));
	slot_write(self->fd, SLOT, GUEST_ADDRESS, GUEST_VECTOR(0));
	expect_counters(self->fd, 1, 1, 0, 0);
}

FIXTURE_TEARDOWN(maskable)
{
	for (int i = 0; i < 2; i++)
		close(self->trigger[i]);
	session_close(self->s);
}

TEST_F(maskable, inert_between_two_triggers)
{
	int times = lab_remap() ? 1 : 2;

	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger[1]));
	expect_live(self->fd, SLOT, 0);
	/* The message was taken out of the slot and written again. */
	expect_counters(self->fd, times, times, 0, times - 1);
	slot_send(self->fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger[1]));
	EXPECT_EQ(0, eventfd_take(self->trigger[0]));
}

/* Under a mask the slot becomes live again, too, and what is pending is delivered. */
TEST_F(maskable, live_again_under_mask)
{
	const u32 mask = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK;
	const u32 unmask = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK;

	ASSERT_EQ(0, set_irqs(self->fd, mask, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, NULL,
			      0));
	bar_write32(self->fd, WINDOW_BAR, ATH11K_RAISE, 0);
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger[1]));
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | PENDING, host(self->fd, 0).flags);
	expect_live(self->fd, SLOT, 0);
	ASSERT_EQ(0, set_irqs(self->fd, unmask, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
			      NULL, 0));
	EXPECT_TRUE(eventfd_wait(self->trigger[1]));
	EXPECT_EQ(1, eventfd_take(self->trigger[1]));
	slot_send(self->fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger[1]));
	EXPECT_EQ(0, eventfd_take(self->trigger[0]));
}

/* A card that cannot be reset: it still holds what the previous session left in it. */
FIXTURE(kept) {
	struct session *s;
	int trigger;
	struct vfio_device_feature_pci_msi_window window;
};

FIXTURE_VARIANT(kept) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(kept, ath11k_noreset);

static struct session *kept_open(const char *device, const char *mode,
				 const struct vfio_device_feature_pci_msi_window *window,
				 int *trigger)
{
	struct session *s = session_open(device, DRIVER_MSI, mode);

	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_EQ(window_set(s->fd, window), 0);
	guest_message(s->fd, GUEST_ADDRESS, GUEST_DATA);
	VFIO_ASSERT_EQ(set_triggers(s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				    trigger), 0);

	return s;
}

FIXTURE_SETUP(kept)
{
	char path[PATH_MAX];

	self->trigger = eventfd_new();
	self->window = window_of_ath11k();
	/* Allow no reset method, which takes effect with the next open. */
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset_method",
		 self->s->bdf);
	ASSERT_EQ(0, file_write(path, "\n"));
	session_close(self->s);
	self->s = kept_open(variant->device, variant->mode, &self->window,
			    &self->trigger);
}

FIXTURE_TEARDOWN(kept)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(kept, undone_slot_gets_inert_address)
{
	bar_write32(self->s->fd, WINDOW_BAR, SLOT, 0xfee04000);
	session_close(self->s);
	self->s = kept_open(variant->device, variant->mode, &self->window,
			    &self->trigger);
	ASSERT_EQ(0xfee04000, held(self->s->fd, SLOT));

	slot_write(self->s->fd, SLOT, GUEST_ADDRESS, 0x5a5a5a5a);
	EXPECT_EQ(WINDOW_INERT, held(self->s->fd, SLOT));
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(self->s->fd, WINDOW_BAR, SLOT));
}

/* The session's end makes live slots inert, also if the user has memory decoding off. */
TEST_F(kept, inert_at_end_of_session)
{
	for (int decodes = 0; decodes < 2; decodes++) {
		slot_write(self->s->fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
		ASSERT_EQ(host(self->s->fd, 0).address, held(self->s->fd, SLOT));
		if (!decodes)
			command_clear(self->s->fd, PCI_COMMAND_MEMORY);
		session_close(self->s);
		self->s = kept_open(variant->device, variant->mode,
				    &self->window, &self->trigger);
		EXPECT_EQ(WINDOW_INERT, held(self->s->fd, SLOT));
		EXPECT_EQ(0, held(self->s->fd, SLOT_DATA));
	}
}

/* A LEARN window over the whole BAR only records. It does not see a message in memory. */
TEST_F(added, learn)
{
	struct dma_region memory = {};
	struct window_state state;
	int fd = self->s->fd;

	map_memory(_metadata, self->s, &memory);

	self->window = (struct vfio_device_feature_pci_msi_window) {
		.flags = VFIO_PCI_MSI_WINDOW_LEARN,
		.region = WINDOW_BAR,
		.size = ATH11K_BAR0_SIZE,
	};
	ASSERT_EQ(0, window_set(fd, &self->window));
	for (int i = 0; i < ATH11K_SLOTS; i++)
		slot_write(fd, slots[i], GUEST_ADDRESS, GUEST_VECTOR(0));
	htt_setup(fd, &memory, RING, GUEST_ADDRESS, GUEST_VECTOR(0));
	munmap(memory.vaddr, memory.size);

	state = window_state(fd);
	ASSERT_EQ(ATH11K_SLOTS, state.head.count);
	for (int i = 0; i < ATH11K_SLOTS; i++) {
		EXPECT_EQ(GUEST_ADDRESS, held(fd, slots[i]));
		EXPECT_EQ(slots[i], state.slot[i].offset);
		EXPECT_EQ(GUEST_ADDRESS, state.slot[i].guest_address);
		EXPECT_EQ(ATH11K_SLOT_DATA, state.slot[i].data_distance);
		EXPECT_EQ(0, state.slot[i].flags);
	}
}

LAB_MAIN
