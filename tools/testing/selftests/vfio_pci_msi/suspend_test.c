// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host suspends up to each level of /sys/power/pm_test, or aborts a suspend. And a
 * vector's CPU is unplugged and plugged in again, as all CPUs but one are in a suspend.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <linux/compiler.h>

#include "dummy.h"
#include "hardware.h"
#include "interrupts.h"
#include "messages.h"
#include "msix.h"
#include "source.h"
#include "variants.h"
#include "window.h"

#define MSI	VFIO_PCI_MSI_IRQ_INDEX

/* Where the kernel puts an interrupt that it allocates */
#define DEFAULT_AFFINITY	"/proc/irq/default_smp_affinity"
#define SECOND_CPU_MASK		"2"

#define MOVE_TRIES	100
#define MOVE_PAUSE_US	20000

#define DUMMY_START	2
#define DUMMY_COUNT	9

#define BIND_ROUNDS	50

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060
static const u32 slots[] = ATH11K_SLOT_OFFSETS;

/* @asleep: devices were put to sleep; @replugged: CPU 1 was unplugged meanwhile. */
struct level {
	const char *name;
	bool asleep;
	bool replugged;
};

static const struct level freezer = { "freezer" };
static const struct level devices = { "devices" };
static const struct level platform = { "platform", true };
static const struct level processors = { "processors", true, true };
static const struct level core = { "core", true, true };
/* These are no levels of pm_test: an aborted suspend, and only a CPU. */
static const struct level aborted = { NULL };
static const struct level replug = { NULL, false, true };

/*
 * Abort a suspend by a wake-up event that comes after the count of such events was read
 * and written back.
 */
static void abort_suspend(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLWAKEUP };
	int waker = eventfd_new(), epoll = epoll_create1(0);
	char count[32] = "";
	u64 one = 1;

	VFIO_ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, waker, &event), 0);
	VFIO_ASSERT_GT(file_read("/sys/power/wakeup_count", count,
				 sizeof(count)), 0);
	VFIO_ASSERT_EQ(file_write("/sys/power/wakeup_count", count), 0);
	VFIO_ASSERT_EQ(write(waker, &one, sizeof(one)), sizeof(one));
	VFIO_ASSERT_EQ(file_write("/sys/power/state", "mem"), -EBUSY);
	close(waker);
	close(epoll);
}

static void suspend(const struct level *level)
{
	if (level == &aborted) {
		abort_suspend();
	} else if (level == &replug) {
		VFIO_ASSERT_EQ(file_write(SECOND_CPU_ONLINE, "0"), 0);
		VFIO_ASSERT_EQ(file_write(SECOND_CPU_ONLINE, "1"), 0);
	} else {
		VFIO_ASSERT_TRUE(file_has("/sys/power/mem_sleep", "[deep]"));
		VFIO_ASSERT_EQ(file_write("/sys/module/suspend/parameters/pm_test_delay",
					  "0"), 0);
		VFIO_ASSERT_EQ(file_write("/sys/power/pm_test", level->name), 0);
		VFIO_ASSERT_EQ(file_write("/sys/power/state", "mem"), 0);
		VFIO_ASSERT_EQ(file_write("/sys/power/pm_test", "none"), 0);
	}
}

/*
 * Set the affinity of all of the device's vectors; returns whether all are on that CPU.
 * On some hosts they move with their next interrupts.
 */
static bool try_pin(struct source *src, const char *cpu)
{
	struct dirent *entry;
	bool all = true;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs",
		 src->s->bdf);
	dir = opendir(path);
	VFIO_ASSERT_NOT_NULL(dir);
	while ((entry = readdir(dir))) {
		int irq = atoi(entry->d_name);

		if (!irq || is_on(irq, cpu))
			continue;
		all = false;
		VFIO_ASSERT_EQ(set_affinity(irq, cpu), 0);
	}
	closedir(dir);

	return all;
}

static void pin(struct source *src, const char *cpu)
{
	int tries = MOVE_TRIES;

	while (!try_pin(src, cpu) && --tries) {
		source_raise_set(src, (1U << src->vectors) - 1);
		source_settle(src);
		usleep(MOVE_PAUSE_US);
	}
	VFIO_ASSERT_GT(tries, 0);
}

/* What is done with a vector before and after the suspend. */
enum role {
	OPEN,		/* has its trigger, and is not masked */
	MASKED_EMPTY,	/* is masked, and has nothing pending */
	MASKED_HELD,	/* is masked, and has an interrupt pending */
	REPLACED,	/* gets another trigger under the mask, before */
	ATTACHED,	/* gets its first trigger under the mask, before */
	LATE,		/* gets its trigger after the suspend */
	LATE_MASKED,	/* gets its trigger under the mask, after the suspend */
	ROLES
};

static const char * const role_names[] = {
	"open", "masked", "held", "replaced", "attached", "late", "late masked",
};

struct vectors {
	struct source src;
	int trigger[SOURCE_VECTORS];
	int spare[SOURCE_VECTORS];
	char default_cpus[32];
};

FIXTURE(vectors) {
	struct vectors t;
};

FIXTURE_VARIANT(vectors) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(vectors, msix);
LAB_VARIANTS(vectors, ath11k_noid);
LAB_VARIANTS(vectors, ath11k_maskable);
LAB_VARIANTS(vectors, igb);

FIXTURE_SETUP(vectors)
{
	char *cpus = self->t.default_cpus;

	ASSERT_LT(0, file_read(DEFAULT_AFFINITY, cpus, sizeof(self->t.default_cpus)));
	source_open(&self->t.src, variant->device, variant->mode);
	for (int v = 0; v < SOURCE_VECTORS; v++) {
		self->t.trigger[v] = eventfd_new();
		self->t.spare[v] = eventfd_new();
	}
}

FIXTURE_TEARDOWN(vectors)
{
	file_write(SECOND_CPU_ONLINE, "1");
	file_write(DEFAULT_AFFINITY, self->t.default_cpus);
	source_close(&self->t.src);
	for (int v = 0; v < SOURCE_VECTORS; v++) {
		close(self->t.trigger[v]);
		close(self->t.spare[v]);
	}
}

static bool is_masked(enum role role)
{
	return role != OPEN && role != LATE;
}

static bool is_late(enum role role)
{
	return role == LATE || role == LATE_MASKED;
}

static void prepare(struct __test_metadata *_metadata,
		    struct vectors *t, int v, enum role role)
{
	struct source *src = &t->src;

	if (role == ATTACHED)
		ASSERT_EQ(0, detach(src, v));
	if (is_masked(role))
		ASSERT_EQ(0, mask_vectors(src, v, 1));
	if (role == MASKED_HELD)
		source_raise(src, v);
	if (role == REPLACED)
		ASSERT_EQ(0, attach(src, v, 1, &t->spare[v]));
	if (role == ATTACHED)
		ASSERT_EQ(0, attach(src, v, 1, &t->trigger[v]));
	if (is_late(role))
		ASSERT_EQ(0, detach(src, v));
}

static void check(struct __test_metadata *_metadata,
		  struct vectors *t, int v, enum role role,
		  const struct level *level)
{
	int trigger = role == REPLACED ? t->spare[v] : t->trigger[v];
	struct source *src = &t->src;
	u64 pending;

	if (is_late(role))
		ASSERT_EQ(0, attach(src, v, 1, &trigger));
	EXPECT_EQ(ALLOCATED | TRIGGER | (is_masked(role) ? MASKED : 0),
		  message_of(src->fd, src->index, v).flags & ~PENDING);
	EXPECT_EQ(0, eventfd_take(trigger));

	if (is_masked(role))
		ASSERT_EQ(0, unmask_vectors(src, v, 1));
	source_settle(src);
	pending = eventfd_take(trigger);
	EXPECT_GE(role == MASKED_HELD, pending);
	/* A sleep that resets the device clears its pending bits. */
	if (!src->mask_bits || !level->asleep)
		EXPECT_EQ(role == MASKED_HELD, pending);

	for (int i = 0; i < 2; i++) {
		source_raise(src, v);
		source_settle(src);
		EXPECT_EQ(1, eventfd_take(trigger));
	}
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(src->fd, src->index, v).flags);
}

/* Each vector has another role. A device with fewer vectors takes several rounds. */
static void run(struct __test_metadata *_metadata, struct vectors *t,
		const struct level *level)
{
	struct source *src = &t->src;

	for (int first = 0; first < ROLES; first += src->vectors) {
		int count = ROLES - first;

		if (count > src->vectors)
			count = src->vectors;
		ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
		pin(src, SECOND_CPU);
		for (int v = 0; v < src->vectors; v++)
			eventfd_take(t->trigger[v]);

		for (int v = 0; v < count; v++)
			prepare(_metadata, t, v, first + v);
		source_settle(src);
		suspend(level);
		command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		for (int v = 0; v < count; v++) {
			check(_metadata, t, v, first + v, level);
			ASSERT_EQ(1, _metadata->exit_code == KSFT_PASS)
				TH_LOG("the vector with role '%s' failed",
				       role_names[first + v]);
		}
		ASSERT_EQ(0, disable_irqs(src->fd, src->index));
	}
	EXPECT_EQ(0, source_failed(src));
}

TEST_F(vectors, freezer)
{
	run(_metadata, &self->t, &freezer);
}

TEST_F(vectors, devices)
{
	run(_metadata, &self->t, &devices);
}

TEST_F(vectors, platform)
{
	run(_metadata, &self->t, &platform);
}

TEST_F(vectors, processors)
{
	run(_metadata, &self->t, &processors);
}

TEST_F(vectors, core)
{
	run(_metadata, &self->t, &core);
}

TEST_F(vectors, aborted)
{
	run(_metadata, &self->t, &aborted);
}

TEST_F(vectors, cpu_replugged)
{
	run(_metadata, &self->t, &replug);
}

/*
 * Memory decoding is off, so what the kernel writes to the table is lost. It writes nothing
 * as long as only the suspend disables the interrupt, also after an earlier mask.
 */
TEST_F(vectors, suspend_with_decoding_off)
{
	struct source *src = &self->t.src;

	ASSERT_EQ(0, attach(src, 0, 1, self->t.trigger));
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	command_clear(src->fd, PCI_COMMAND_MEMORY);
	suspend(&platform);
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(src->fd, src->index, 0).flags);
	source_raise(src, 0);
	source_settle(src);
	EXPECT_EQ(1, eventfd_take(self->t.trigger[0]));
}

/* Vector 0 is masked and has its spare trigger: an interrupt is held, the next is not. */
static void expect_held_until_unmasked(struct __test_metadata *_metadata,
				       struct vectors *t)
{
	struct source *src = &t->src;

	source_raise(src, 0);
	source_settle(src);
	EXPECT_EQ(0, eventfd_take(t->spare[0]));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	source_settle(src);
	EXPECT_EQ(1, eventfd_take(t->spare[0]));
	source_raise(src, 0);
	source_settle(src);
	EXPECT_EQ(1, eventfd_take(t->spare[0]));
}

/* The vector is unmasked while its CPU is unplugged. */
TEST_F(vectors, unmasked_while_cpu_is_unplugged)
{
	struct source *src = &self->t.src;

	ASSERT_EQ(0, attach(src, 0, 1, self->t.trigger));
	pin(src, SECOND_CPU);
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	ASSERT_EQ(0, attach(src, 0, 1, self->t.spare));
	ASSERT_EQ(0, file_write(SECOND_CPU_ONLINE, "0"));
	expect_held_until_unmasked(_metadata, &self->t);
}

/* Where a message to the second CPU goes; with interrupt remapping, where each message goes. */
static u64 second_cpu_address(struct __test_metadata *_metadata, struct vectors *t)
{
	struct source *src = &t->src;
	u64 address;

	ASSERT_EQ(0, attach(src, 0, 1, t->trigger));
	pin(src, SECOND_CPU);
	address = message_of(src->fd, src->index, 0).address;
	ASSERT_EQ(0, disable_irqs(src->fd, src->index));
	eventfd_take(t->trigger[0]);

	return address;
}

/*
 * The vector never had a trigger when its CPU was unplugged. Without a mask bit it has its
 * CPU since it was allocated; /proc/irq does not show it before there is a trigger.
 */
TEST_F(vectors, first_trigger_after_cpu_is_replugged)
{
	struct source *src = &self->t.src;
	u64 address = second_cpu_address(_metadata, &self->t);

	ASSERT_EQ(0, file_write(DEFAULT_AFFINITY, SECOND_CPU_MASK));
	ASSERT_EQ(0, detach(src, 0));
	ASSERT_EQ(0, file_write(DEFAULT_AFFINITY, self->t.default_cpus));
	if (!src->mask_bits)
		ASSERT_EQ(address, message_of(src->fd, src->index, 0).address);
	suspend(&replug);
	ASSERT_EQ(0, attach(src, 0, 1, self->t.trigger));
	for (int i = 0; i < 2; i++) {
		source_raise(src, 0);
		source_settle(src);
		EXPECT_EQ(1, eventfd_take(self->t.trigger[0]));
	}
}

/*
 * The vector is still being moved when it gets its trigger under the mask: with interrupt
 * remapping, the second move has to wait until an interrupt has ended the first one.
 */
TEST_F(vectors, moved_twice_before_trigger)
{
	struct source *src = &self->t.src;

	ASSERT_EQ(0, attach(src, 0, 1, self->t.trigger));
	pin(src, "0");
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	try_pin(src, SECOND_CPU);
	try_pin(src, "0");
	ASSERT_EQ(0, attach(src, 0, 1, self->t.spare));
	suspend(&replug);
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
		  message_of(src->fd, src->index, 0).flags);
	expect_held_until_unmasked(_metadata, &self->t);
}

/*
 * The new message could not be written to the table: the vector is STALE until it gets
 * another trigger.
 */
TEST_F(vectors, moved_with_decoding_off)
{
	struct source *src = &self->t.src;

	if (src->index == MSI || lab_remap())
		SKIP(return, "a move does not change the table");

	ASSERT_EQ(0, attach(src, 0, 1, self->t.trigger));
	pin(src, SECOND_CPU);
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	ASSERT_EQ(0, attach(src, 0, 1, self->t.spare));
	command_clear(src->fd, PCI_COMMAND_MEMORY);
	suspend(&replug);
	command_set(src->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | STALE,
		  message_of(src->fd, src->index, 0).flags);

	ASSERT_EQ(0, attach(src, 0, 1, self->t.trigger));
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
		  message_of(src->fd, src->index, 0).flags);
	eventfd_take(self->t.trigger[0]);
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	source_raise(src, 0);
	source_settle(src);
	EXPECT_EQ(1, eventfd_take(self->t.trigger[0]));
}

/* The device sleeps before the host suspends, and wakes up after the host has resumed. */
static void run_in_low_power(struct __test_metadata *_metadata,
			     struct vectors *t,
			     const struct level *level)
{
	struct source *src = &t->src;
	int last = src->vectors - 1;

	ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
	pin(src, SECOND_CPU);
	for (int v = 0; v < src->vectors; v++)
		eventfd_take(t->trigger[v]);
	ASSERT_EQ(0, mask_vectors(src, last, 1));
	ASSERT_EQ(0, attach(src, last, 1, &t->spare[last]));

	ASSERT_EQ(0, low_power(src->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
	ASSERT_TRUE(wait_suspended(src->s->bdf));
	suspend(level);
	ASSERT_EQ(0, low_power(src->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
		  message_of(src->fd, src->index, last).flags);
	source_raise_set(src, (1U << src->vectors) - 1);
	source_settle(src);
	for (int v = 0; v < last; v++)
		EXPECT_EQ(1, eventfd_take(t->trigger[v]));
	EXPECT_EQ(0, eventfd_take(t->spare[last]));
	ASSERT_EQ(0, unmask_vectors(src, last, 1));
	source_settle(src);
	EXPECT_EQ(1, eventfd_take(t->spare[last]));
}

TEST_F(vectors, devices_in_low_power)
{
	run_in_low_power(_metadata, &self->t, &devices);
}

TEST_F(vectors, core_in_low_power)
{
	run_in_low_power(_metadata, &self->t, &core);
}

struct polled {
	struct session *s;
	struct target target;
	int event;
};

FIXTURE(dummy) {
	struct polled t;
};

FIXTURE_VARIANT(dummy) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(dummy, msix);

FIXTURE_SETUP(dummy)
{
	self->t.s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->t.event = eventfd_new();
	command_set(self->t.s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, novirt_set(self->t.s->fd));
	target_map(self->t.s, &self->t.target);
	ASSERT_EQ(0, dummy_on(self->t.s->fd, DUMMY_START, DUMMY_COUNT,
			      self->t.target.iova));
}

FIXTURE_TEARDOWN(dummy)
{
	close(self->t.event);
	session_close(self->t.s);
	target_free(&self->t.target);
}

static void expect_dummy(struct __test_metadata *_metadata,
			 struct polled *t, const struct level *level)
{
	EXPECT_TRUE(wait_msix_enabled(t->s->bdf))
		TH_LOG("after level %s", level->name ?: "none: aborted");
	EXPECT_TRUE(dummy_in_place(t->s, DUMMY_START, DUMMY_COUNT,
				   t->target.iova));
	EXPECT_TRUE(dummy_asserts(t->s->fd, &t->target, DUMMY_START));
}

static const struct level * const levels[] = {
	&freezer, &devices, &platform, &processors, &core, &aborted,
};

TEST_F(dummy, every_level)
{
	for (int i = 0; i < ARRAY_SIZE(levels); i++) {
		suspend(levels[i]);
		expect_dummy(_metadata, &self->t, levels[i]);
	}
}

TEST_F(dummy, every_level_in_low_power)
{
	int fd = self->t.s->fd;

	for (int i = 0; i < ARRAY_SIZE(levels); i++) {
		ASSERT_EQ(0, low_power(fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY));
		ASSERT_TRUE(wait_suspended(self->t.s->bdf));
		suspend(levels[i]);
		ASSERT_EQ(0, low_power(fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT));
		expect_dummy(_metadata, &self->t, levels[i]);
	}
}

static atomic_int stop;

static void *bind_again_and_again(void *arg)
{
	const char *bdf = arg;

	while (!stop) {
		file_write("/sys/bus/pci/drivers/" DRIVER_MSI "/unbind", bdf);
		file_write("/sys/bus/pci/drivers/" DRIVER_MSI "/bind", bdf);
	}

	return NULL;
}

static const char * const others[] = {
	"plain", "ath11k", "ath11k_kept", "ath11k_noid",
};

static int start_binding(pthread_t *threads, char bdfs[][BDF_SIZE])
{
	int count = 0;

	stop = 0;
	for (int i = 0; i < ARRAY_SIZE(others); i++) {
		if (!lab_has_device(others[i]))
			continue;
		strcpy(bdfs[count], lab_bdf(others[i]));
		driver_bind(bdfs[count], DRIVER_MSI);
		VFIO_ASSERT_EQ(pthread_create(&threads[count], NULL,
					      bind_again_and_again,
					      bdfs[count]), 0);
		count++;
	}

	return count;
}

/* Without a call of the user, the driver itself has to notice that the device woke up. */
TEST_F(dummy, wakes_up_while_others_are_bound)
{
	struct vfio_device_low_power_entry_with_wakeup wakeup = {
		.wakeup_eventfd = self->t.event,
	};
	char bdfs[ARRAY_SIZE(others)][BDF_SIZE];
	pthread_t threads[ARRAY_SIZE(others)];
	int rounds, count = start_binding(threads, bdfs);

	for (rounds = 0; rounds < BIND_ROUNDS; rounds++) {
		ASSERT_EQ(0, feature(self->t.s->fd, VFIO_DEVICE_FEATURE_SET |
				     VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
				     &wakeup, sizeof(wakeup)));
		ASSERT_TRUE(wait_suspended(self->t.s->bdf));
		set_power_control(self->t.s->bdf, "on");
		if (!wait_msix_enabled(self->t.s->bdf))
			break;
		set_power_control(self->t.s->bdf, "auto");
		low_power(self->t.s->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
	}
	stop = 1;
	while (count--)
		pthread_join(threads[count], NULL);
	EXPECT_EQ(BIND_ROUNDS, rounds);
}

/* Slots of a window, and what the device holds in them. */
struct slotted {
	struct session *s;
	int trigger;
};

FIXTURE(slots) {
	struct slotted t;
};

FIXTURE_VARIANT(slots) {
	const char *device;
	const char *mode;
	bool kept;	/* through a sleep, by No_Soft_Reset */
};

LAB_VARIANTS(slots, ath11k_noid);
LAB_VARIANTS(slots, ath11k_kept, .kept = true);

FIXTURE_SETUP(slots)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	self->t.s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->t.trigger = eventfd_new();
	command_set(self->t.s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	/* ath11k-kept has its window by default. */
	if (!variant->kept)
		ASSERT_EQ(0, window_set(self->t.s->fd, &window));
	guest_message(self->t.s->fd, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(self->t.s->fd, MSI, 0, 1, &self->t.trigger));
	/* To the CPU that is never unplugged, so that the message stays. */
	ASSERT_TRUE(move_vector(self->t.s, ATH11K_RAISE, self->t.trigger, "0"));
	slot_write(self->t.s->fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
}

FIXTURE_TEARDOWN(slots)
{
	close(self->t.trigger);
	session_close(self->t.s);
}

static void expect_interrupt(struct __test_metadata *_metadata,
			     struct slotted *t)
{
	slot_send(t->s->fd, 0);
	EXPECT_TRUE(eventfd_wait(t->trigger));
	EXPECT_EQ(1, eventfd_take(t->trigger));
}

/*
 * On a host that does not remap interrupts, the vector gets another message when its CPU is
 * unplugged. The kernel cannot write that to a device that sleeps: the write is deferred to
 * the resume.
 */
TEST_F(slots, deferred_write_follows_resume)
{
	int fd = self->t.s->fd, tries = MOVE_TRIES;
	u32 before = held(fd, slots[0]);

	if (!variant->kept)
		SKIP(return, "%s loses its slots in a sleep", variant->device);
	if (lab_remap())
		SKIP(return, "with interrupt remapping the message does not change");

	/* A vector with a live slot cannot be moved: free it first. */
	ASSERT_EQ(0, disable_irqs(fd, MSI));
	bar_write32(fd, WINDOW_BAR, slots[0], 0);
	ASSERT_EQ(0, set_triggers(fd, MSI, 0, 1, &self->t.trigger));
	ASSERT_TRUE(move_vector(self->t.s, ATH11K_RAISE, self->t.trigger,
				SECOND_CPU));
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	ASSERT_NE(before, held(fd, slots[0]));

	suspend(&processors);
	/*
	 * A worker writes the slot, soon after the resume. held() asks the device outside of
	 * the window, which does not make the write.
	 */
	while (held(fd, slots[0]) != before && --tries)
		usleep(MOVE_PAUSE_US);
	EXPECT_LT(0, tries);
	EXPECT_EQ(1, live_slots(fd));
	EXPECT_EQ(message_of(fd, MSI, 0).address, held(fd, slots[0]));
	expect_interrupt(_metadata, &self->t);
}

/* Slots end with a sleep that resets the device, and not with other sleeps. */
TEST_F(slots, every_level)
{
	int fd = self->t.s->fd;

	for (int i = 0; i < ARRAY_SIZE(levels); i++) {
		bool live = variant->kept || !levels[i]->asleep;

		expect_interrupt(_metadata, &self->t);
		suspend(levels[i]);
		command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		EXPECT_EQ(live, window_state(fd).head.count)
			TH_LOG("after level %s", levels[i]->name ?: "none: aborted");
		if (live) {
			EXPECT_EQ(GUEST_ADDRESS,
				  bar_read32(fd, WINDOW_BAR, slots[0]));
			expect_interrupt(_metadata, &self->t);
		}
		slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
		EXPECT_EQ(1, window_state(fd).head.count);
	}
	expect_interrupt(_metadata, &self->t);
}

LAB_MAIN
