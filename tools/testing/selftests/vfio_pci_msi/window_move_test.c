// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows on a host that does not remap interrupts: when a vector moves to another CPU,
 * its message changes.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "interrupts.h"
#include "messages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060

#define MOVE_TRIES	100
/* More interrupts than any move was seen to need. */
#define STAY_TRIES	12
#define MOVE_PAUSE_US	100000

static const u32 slots[] = ATH11K_SLOT_OFFSETS;

#define SLOT		slots[0]

FIXTURE(move) {
	struct session *s;
	int trigger;
	int irq;
};

FIXTURE_VARIANT(move) {
	const char *device;
	const char *mode;
	u32 flags;
};

LAB_VARIANTS(move, ath11k_noid);
LAB_VARIANTS_AS(move, reprogram, ath11k_noid,
		.flags = VFIO_PCI_MSI_WINDOW_REPROGRAM);

static struct vfio_pci_msi_message host(int fd)
{
	return message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
}

/* The address in the device's MSI capability, read without the driver. */
static u32 device_address(int fd)
{
	return bar_read32(fd, WINDOW_BAR, ATH11K_HW_ADDR);
}

#define MOVE(_cpu)							\
	ASSERT_TRUE(move_vector(self->s, ATH11K_RAISE, self->trigger, _cpu))

FIXTURE_SETUP(move)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	window.flags = variant->flags;
	ASSERT_EQ(0, window_set(self->s->fd, &window));
	guest_message(self->s->fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	self->irq = irq_of(self->s->bdf);
	ASSERT_NE(0, self->irq);
	MOVE("0");
}

FIXTURE_TEARDOWN(move)
{
	EXPECT_EQ(0, file_write(SECOND_CPU_ONLINE, "1"));
	close(self->trigger);
	session_close(self->s);
}

TEST_F(move, refused_while_slot_is_live)
{
	int fd = self->s->fd;

	slot_write(fd, SLOT, GUEST_ADDRESS, 0x5a5a5a5a);
	EXPECT_EQ(0, set_affinity(self->irq, "0"));

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_GT(0, set_affinity(self->irq, "0"));
	EXPECT_GT(0, set_affinity(self->irq, SECOND_CPU));

	bar_write32(fd, WINDOW_BAR, SLOT, 0);
	EXPECT_EQ(0, set_affinity(self->irq, "0"));

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_GT(0, set_affinity(self->irq, "0"));
	ioctl_assert(fd, VFIO_DEVICE_RESET, NULL);
	EXPECT_EQ(0, set_affinity(self->irq, "0"));
}

TEST_F(move, allowed_for_new_vectors_without_slot)
{
	int fd = self->s->fd;

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	bar_write32(fd, WINDOW_BAR, SLOT, 0);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	EXPECT_EQ(0, set_affinity(irq_of(self->s->bdf), "0"));
}

TEST_F(move, refused_for_new_vectors_with_slot)
{
	int fd = self->s->fd;

	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_GT(0, set_affinity(irq_of(self->s->bdf), "0"));
}

/* The affinity is changed, and the slot opened before the interrupt that would move. */
TEST_F(move, cancelled_by_slot)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, set_affinity(self->irq, SECOND_CPU));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	for (int i = 0; i < STAY_TRIES; i++) {
		slot_send(fd, 0);
		ASSERT_TRUE(eventfd_wait(self->trigger));
		eventfd_take(self->trigger);
		usleep(MOVE_PAUSE_US);
	}
	EXPECT_TRUE(is_on(self->irq, "0"));
	EXPECT_EQ(device_address(fd), held(fd, SLOT));
}

/* Most writes into a window contain no message. */
TEST_F(move, not_cancelled_by_other_writes)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, set_affinity(self->irq, SECOND_CPU));
	for (int i = 0; i < MOVE_TRIES && !is_on(self->irq, SECOND_CPU); i++) {
		bar_write32(fd, WINDOW_BAR, SLOT + 0x100, i + 1);
		bar_write32(fd, WINDOW_BAR, SLOT + 0x108, GUEST_DATA);
		config_write16(fd, PCI_COMMAND, PCI_COMMAND_MEMORY |
			       PCI_COMMAND_MASTER);
		bar_write32(fd, WINDOW_BAR, ATH11K_RAISE, 0);
		ASSERT_TRUE(eventfd_wait(self->trigger));
		eventfd_take(self->trigger);
		usleep(MOVE_PAUSE_US);
	}
	EXPECT_TRUE(is_on(self->irq, SECOND_CPU));
	EXPECT_EQ(0, window_state(fd).head.count);
}

/* MSI_MESSAGES is not called between the move and the write into the window. */
TEST_F(move, next_write_gets_new_message)
{
	int fd = self->s->fd;
	u32 before;

	slot_write(fd, slots[1], GUEST_ADDRESS, 0x5a5a5a5a);
	before = device_address(fd);
	MOVE(SECOND_CPU);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_NE(before, held(fd, SLOT));
	EXPECT_EQ(host(fd).address, held(fd, SLOT));
	EXPECT_EQ(host(fd).data, held(fd, SLOT + ATH11K_SLOT_DATA));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

TEST_F(move, generation_grows)
{
	int fd = self->s->fd;
	u64 generation = generation_of(fd);

	MOVE(SECOND_CPU);
	EXPECT_LT(generation, generation_of(fd));
	generation = generation_of(fd);
	EXPECT_EQ(generation, generation_of(fd));
}

/* Wait until the driver has changed the slot by itself. */
static bool held_changes(int fd, u32 before)
{
	for (int i = 0; i < MOVE_TRIES; i++) {
		if (held(fd, SLOT) != before)
			return true;
		usleep(MOVE_PAUSE_US);
	}

	return false;
}

TEST_F(move, forced_by_cpu_unplug)
{
	struct vfio_pci_msi_message before;
	int fd = self->s->fd;
	u64 generation;

	MOVE(SECOND_CPU);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	before = host(fd);
	generation = generation_of(fd);
	ASSERT_EQ(before.address, held(fd, SLOT));

	ASSERT_EQ(0, file_write(SECOND_CPU_ONLINE, "0"));
	EXPECT_TRUE(held_changes(fd, before.address));
	EXPECT_LT(generation, generation_of(fd));
	ASSERT_NE(before.address, host(fd).address);

	EXPECT_EQ(host(fd).address, held(fd, SLOT));
	EXPECT_EQ(host(fd).data, held(fd, SLOT + ATH11K_SLOT_DATA));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

/* The new message cannot be written into the slot while memory decoding is off. */
TEST_F(move, deferred_write_follows_decoding)
{
	int fd = self->s->fd;

	MOVE(SECOND_CPU);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	command_clear(fd, PCI_COMMAND_MEMORY);
	ASSERT_EQ(0, file_write(SECOND_CPU_ONLINE, "0"));
	/* That the host has moved the vector is noticed here at the latest. */
	generation_of(fd);

	command_set(fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(host(fd).address, held(fd, SLOT));
	EXPECT_EQ(host(fd).data, held(fd, SLOT + ATH11K_SLOT_DATA));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

/* A device that is woken up without a call of its user, and keeps its slots in a sleep. */
FIXTURE(woken) {
	struct session *s;
	int trigger;
};

FIXTURE_VARIANT(woken) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(woken, ath11k_noreset);

FIXTURE_SETUP(woken)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();
	int fd;

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->trigger = eventfd_new();
	fd = self->s->fd;
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	window.flags = VFIO_PCI_MSI_WINDOW_REPROGRAM;
	ASSERT_EQ(0, window_set(fd, &window));
	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	MOVE(SECOND_CPU);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
}

FIXTURE_TEARDOWN(woken)
{
	EXPECT_EQ(0, file_write(SECOND_CPU_ONLINE, "1"));
	set_power_control(self->s->bdf, "auto");
	close(self->trigger);
	session_close(self->s);
}

/* Wait until the driver has made the slot live by itself: a GET writes nothing. */
static bool wait_live(int fd)
{
	u32 live = VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA;

	for (int i = 0; i < MOVE_TRIES; i++) {
		if (window_state(fd).slot[0].flags == live)
			return true;
		usleep(MOVE_PAUSE_US);
	}

	return false;
}

TEST_F(woken, deferred_write_follows_wake_up)
{
	int fd = self->s->fd;
	u32 before = held(fd, SLOT);

	ASSERT_EQ(0, low_power(fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
	ASSERT_TRUE(wait_suspended(self->s->bdf));
	ASSERT_EQ(0, file_write(SECOND_CPU_ONLINE, "0"));
	usleep(MOVE_PAUSE_US);
	ASSERT_TRUE(wait_suspended(self->s->bdf));

	set_power_control(self->s->bdf, "on");
	EXPECT_TRUE(wait_live(fd));
	ASSERT_EQ(0, low_power(fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
	EXPECT_NE(before, held(fd, SLOT));
	EXPECT_EQ(host(fd).address, held(fd, SLOT));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
}

#define WRITERS		4
#define MAX_ACTORS	3
#define STORM_ROUNDS	20
#define STORM_RESETS	5

struct storm {
	struct session *s;
	int triggers[2];
	bool stop;
};

struct writer {
	struct storm *storm;
	unsigned int number;
};

static bool stopped(struct storm *storm)
{
	return __atomic_load_n(&storm->stop, __ATOMIC_RELAXED);
}

/* Some writes fail, as the device does not decode memory while it is reset. */
static void write_any(struct storm *storm, u64 offset, u32 value)
{
	ssize_t ret = region_write(storm->s->fd, WINDOW_BAR, offset, &value,
				   sizeof(value));

	VFIO_ASSERT_TRUE(ret == sizeof(value) || ret == -EIO);
}

/* Each writer has a slot, and a dword that is none. The first two write only that. */
static void *write_window(void *arg)
{
	struct writer *writer = arg;
	u64 slot = slots[writer->number];
	u32 value = 0x10000000;

	while (!stopped(writer->storm)) {
		write_any(writer->storm, slot + 0x20, ++value);
		if (writer->number < WRITERS / 2)
			continue;
		write_any(writer->storm, slot, GUEST_ADDRESS);
		write_any(writer->storm, slot + ATH11K_SLOT_DATA, GUEST_DATA);
		write_any(writer->storm, slot, 0);
	}

	return NULL;
}

static void *change_vectors(void *arg)
{
	struct storm *storm = arg;
	int fd = storm->s->fd;

	for (int i = 0; i < STORM_ROUNDS; i++) {
		const int *trigger = &storm->triggers[i & 1];

		VFIO_ASSERT_EQ(set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
					    trigger), 0);
		if (i % 4 == 3)
			VFIO_ASSERT_EQ(disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX), 0);
	}

	return NULL;
}

/* A vector of a live slot cannot be moved, so most of these fail. */
static void *move_vectors(void *arg)
{
	struct storm *storm = arg;

	for (int i = 0; i < STORM_ROUNDS; i++) {
		int irq = irq_of(storm->s->bdf);

		if (irq)
			set_affinity(irq, i % 2 ? "0" : SECOND_CPU);
	}

	return NULL;
}

static void *reset_device(void *arg)
{
	struct storm *storm = arg;

	for (int i = 0; i < STORM_RESETS; i++)
		ioctl(storm->s->fd, VFIO_DEVICE_RESET);

	return NULL;
}

typedef void *(*actor_fn)(void *arg);

/* Four threads write while each of @actors acts. */
static void run_storm(struct storm *storm, const actor_fn *actors, unsigned int nr)
{
	pthread_t writing[WRITERS], acting[MAX_ACTORS];
	struct writer writers[WRITERS];

	for (unsigned int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ storm, i };
		VFIO_ASSERT_EQ(pthread_create(&writing[i], NULL, write_window,
					      &writers[i]), 0);
	}
	for (unsigned int i = 0; i < nr; i++)
		VFIO_ASSERT_EQ(pthread_create(&acting[i], NULL, actors[i], storm),
			       0);
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(acting[i], NULL);
	__atomic_store_n(&storm->stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < WRITERS; i++)
		pthread_join(writing[i], NULL);
}

/* Whatever the writers met, a slot that is written afterwards works. */
TEST_F(move, storm_of_writes)
{
	static const actor_fn actors[] = {
		change_vectors, move_vectors, reset_device,
	};
	struct storm storm = {
		.s = self->s,
		.triggers = { self->trigger, eventfd_new() },
	};
	int fd = self->s->fd;

	run_storm(&storm, actors, ARRAY_SIZE(actors));

	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	for (unsigned int i = 0; i < WRITERS; i++) {
		slot_write(fd, slots[i], GUEST_ADDRESS, GUEST_DATA);
		bar_write32(fd, WINDOW_BAR, slots[i] + 0x20, 0x1234567 + i);
	}
	for (unsigned int i = 0; i < WRITERS; i++) {
		EXPECT_EQ(host(fd).address, held(fd, slots[i]));
		EXPECT_EQ(host(fd).data, held(fd, slots[i] + ATH11K_SLOT_DATA));
		EXPECT_EQ(0x1234567 + i, held(fd, slots[i] + 0x20));
	}
	EXPECT_EQ(WRITERS, live_slots(fd));
	EXPECT_GT(0, set_affinity(irq_of(self->s->bdf), SECOND_CPU));
	eventfd_take(self->trigger);
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
	close(storm.triggers[1]);
}

/* A slot that nobody writes again follows the vectors all the time. */
TEST_F(move, storm_around_a_slot)
{
	static const actor_fn actors[] = { change_vectors, move_vectors };
	struct storm storm = {
		.s = self->s,
		.triggers = { self->trigger, eventfd_new() },
	};
	u32 slot = slots[WRITERS];
	int fd = self->s->fd;

	slot_write(fd, slot, GUEST_ADDRESS, GUEST_DATA);
	run_storm(&storm, actors, ARRAY_SIZE(actors));

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	EXPECT_EQ(host(fd).address, held(fd, slot));
	EXPECT_EQ(host(fd).data, held(fd, slot + ATH11K_SLOT_DATA));
	EXPECT_LE(1, live_slots(fd));
	eventfd_take(self->trigger);
	slot_send(fd, WRITERS);
	EXPECT_TRUE(eventfd_wait(self->trigger));
	close(storm.triggers[1]);
}

LAB_MAIN
