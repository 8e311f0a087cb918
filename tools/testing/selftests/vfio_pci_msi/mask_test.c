// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACTION_MASK and ACTION_UNMASK of MSI and MSI-X vectors, on devices with mask bits in
 * the table (msix), with mask bits in the MSI capability (igb), and without mask bits
 * (ath11k).
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/compiler.h>

#include "hardware.h"
#include "masks.h"
#include "messages.h"
#include "msix.h"
#include "source.h"
#include "variants.h"

#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

#define NONE	VFIO_IRQ_SET_DATA_NONE
#define BOOL	VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD	VFIO_IRQ_SET_DATA_EVENTFD
#define MASK	VFIO_IRQ_SET_ACTION_MASK
#define UNMASK	VFIO_IRQ_SET_ACTION_UNMASK
#define ACT	VFIO_IRQ_SET_ACTION_TRIGGER

struct test {
	struct source src;
	int trigger[SOURCE_VECTORS];
	int spare;
};

FIXTURE(mask) {
	struct test t;
};

FIXTURE_VARIANT(mask) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(mask, msix);
LAB_VARIANTS(mask, ath11k_noid);
LAB_VARIANTS(mask, ath11k_maskable);
LAB_VARIANTS(mask, igb);

FIXTURE_SETUP(mask)
{
	struct test *t = &self->t;

	source_open(&t->src, variant->device, variant->mode);
	for (int v = 0; v < SOURCE_VECTORS; v++)
		t->trigger[v] = eventfd_new();
	t->spare = eventfd_new();
	ASSERT_EQ(0, attach(&t->src, 0, t->src.vectors, t->trigger));
}

FIXTURE_TEARDOWN(mask)
{
	struct test *t = &self->t;

	source_close(&t->src);
	for (int v = 0; v < SOURCE_VECTORS; v++)
		close(t->trigger[v]);
	close(t->spare);
}

static u32 flags_of(struct test *t, int v)
{
	return message_of(t->src.fd, t->src.index, v).flags;
}

/* The set of vectors that MSI_MESSAGES shows with this flag. */
static u32 shown(struct test *t, u32 flag)
{
	struct vfio_pci_msi_message msg[SOURCE_VECTORS];
	u32 set = 0;

	VFIO_ASSERT_EQ(messages_get(t->src.fd, t->src.index, 0, t->src.vectors,
				    msg, NULL), 0);
	for (int v = 0; v < t->src.vectors; v++)
		if (msg[v].flags & flag)
			set |= 1U << v;

	return set;
}

static u32 shown_masked(struct test *t)
{
	return shown(t, MASKED);
}

static u32 shown_pending(struct test *t)
{
	return shown(t, PENDING);
}

static u32 all(struct test *t)
{
	return (1U << t->src.vectors) - 1;
}

/* Exactly one interrupt is delivered to @trigger. */
static void expect_one(struct __test_metadata *_metadata,
		       struct test *t, int trigger)
{
	EXPECT_TRUE(eventfd_wait(trigger));
	source_settle(&t->src);
	EXPECT_EQ(1, eventfd_take(trigger));
}

/* One interrupt is delivered to each trigger of the set, and none to the others. */
static void expect_set(struct __test_metadata *_metadata,
		       struct test *t, u32 set)
{
	for (int v = 0; v < t->src.vectors; v++) {
		EXPECT_TRUE(!(set & 1U << v) || eventfd_wait(t->trigger[v]))
			TH_LOG("vector %d was not delivered", v);
	}
	source_settle(&t->src);
	for (int v = 0; v < t->src.vectors; v++) {
		EXPECT_EQ(!!(set & 1U << v), eventfd_take(t->trigger[v]))
			TH_LOG("vector %d was delivered another number of times", v);
	}
}

static void expect_nothing(struct __test_metadata *_metadata,
			   struct test *t)
{
	expect_set(_metadata, t, 0);
	EXPECT_EQ(0, eventfd_take(t->spare));
}

/*
 * The vectors of the set, which were raised while masked, become pending, and nothing is
 * delivered.
 */
static void expect_held(struct __test_metadata *_metadata,
			struct test *t, u32 set)
{
	source_settle(&t->src);
	for (int i = 0; i < 10000 && shown_pending(t) != set; i++)
		usleep(1000);
	EXPECT_EQ(set, shown_pending(t));
	expect_nothing(_metadata, t);
}

static void expect_works(struct __test_metadata *_metadata,
			 struct test *t, u32 set)
{
	source_raise_set(&t->src, set);
	expect_set(_metadata, t, set);
}

static u32 irq_flags(int fd, u32 index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	VFIO_ASSERT_EQ(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info), 0);

	return info.flags;
}

TEST_F(mask, irq_info)
{
	struct test *t = &self->t;
	int fd = t->src.fd;
	u32 other = t->src.index == MSI ? MSIX : MSI;

	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE,
		  irq_flags(fd, t->src.index) & ~VFIO_IRQ_INFO_NORESIZE);
	EXPECT_EQ(irq_count(fd, other) ? VFIO_IRQ_INFO_MASKABLE : 0,
		  irq_flags(fd, other) & VFIO_IRQ_INFO_MASKABLE);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
		  VFIO_IRQ_INFO_AUTOMASKED,
		  irq_flags(fd, VFIO_PCI_INTX_IRQ_INDEX));
	EXPECT_EQ(0, irq_flags(fd, VFIO_PCI_ERR_IRQ_INDEX) &
		  VFIO_IRQ_INFO_MASKABLE);
	EXPECT_EQ(0, irq_flags(fd, VFIO_PCI_REQ_IRQ_INDEX) &
		  VFIO_IRQ_INFO_MASKABLE);
}

TEST_F(mask, irq_info_bad_calls)
{
	struct test *t = &self->t;
	struct vfio_irq_info info = { .index = t->src.index };
	struct vfio_irq_info *end;
	int fd = t->src.fd;
	struct guarded g;

	for (info.argsz = 0; info.argsz < sizeof(info); info.argsz++) {
		EXPECT_EQ(-1, ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, info.flags);
	}
	info.argsz = ~0U;
	EXPECT_EQ(0, ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info));

	guarded_alloc(&g);
	for (int cut = 1; cut <= sizeof(info); cut++) {
		end = (void *)(g.end - sizeof(info) + cut);
		memcpy(end, &info, sizeof(info) - cut);
		EXPECT_EQ(-1, ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, end));
		EXPECT_EQ(EFAULT, errno);
	}
	end = (void *)(g.end - sizeof(info));
	memcpy(end, &info, sizeof(info));
	ASSERT_EQ(0, mprotect(g.start, 2 * g.page, PROT_READ));
	EXPECT_EQ(-1, ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, end));
	EXPECT_EQ(EFAULT, errno);
	guarded_free(&g);
}

/* Each vector by itself: its interrupts become one, and other vectors are delivered. */
TEST_F(mask, held_and_delivered_once)
{
	struct test *t = &self->t;
	struct source *src = &t->src;

	for (int v = 0; v < src->vectors; v++) {
		u32 bit = 1U << v;

		ASSERT_EQ(0, mask_vectors(src, v, 1));
		EXPECT_EQ(bit, shown_masked(t));
		source_burst(src, v, 3);
		expect_held(_metadata, t, bit);
		expect_works(_metadata, t, all(t) & ~bit);
		EXPECT_EQ(bit, shown_pending(t));

		ASSERT_EQ(0, unmask_vectors(src, v, 1));
		expect_set(_metadata, t, bit);
		EXPECT_EQ(ALLOCATED | TRIGGER, flags_of(t, v));
		expect_works(_metadata, t, all(t));
	}
	EXPECT_EQ(0, source_failed(src));
}

TEST_F(mask, nothing_raised_nothing_delivered)
{
	struct test *t = &self->t;

	ASSERT_EQ(0, mask_vectors(&t->src, 0, t->src.vectors));
	EXPECT_EQ(all(t), shown_masked(t));
	EXPECT_EQ(0, shown_pending(t));
	ASSERT_EQ(0, unmask_vectors(&t->src, 0, t->src.vectors));
	expect_nothing(_metadata, t);
	expect_works(_metadata, t, all(t));
}

/* What was pending is delivered once, and not again with a later unmask. */
TEST_F(mask, repeated)
{
	struct test *t = &self->t;

	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, mask_vectors(&t->src, 0, 1));
		if (i % 3)
			source_burst(&t->src, 0, i % 3);
		expect_held(_metadata, t, !!(i % 3));
		ASSERT_EQ(0, unmask_vectors(&t->src, 0, 1));
		expect_set(_metadata, t, !!(i % 3));
	}
}

TEST_F(mask, masked_and_unmasked_twice)
{
	struct test *t = &self->t;
	struct source *src = &t->src;

	ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
	expect_works(_metadata, t, all(t));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
	source_raise_set(src, all(t));
	expect_held(_metadata, t, all(t));
	ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
	EXPECT_EQ(all(t), shown_pending(t));

	ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
	expect_set(_metadata, t, all(t));
	ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
	expect_nothing(_metadata, t);
	expect_works(_metadata, t, all(t));
}

TEST_F(mask, every_range)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int n = src->vectors < 6 ? src->vectors : 6;

	for (int start = 0; start < n; start++) {
		for (int count = 1; count <= n - start; count++) {
			u32 range = ((1U << count) - 1) << start;

			ASSERT_EQ(0, mask_vectors(src, start, count));
			ASSERT_EQ(range, shown_masked(t));
			ASSERT_EQ(0, unmask_vectors(src, start, count));
			ASSERT_EQ(0, shown_masked(t));

			if (count % 3)
				continue;
			ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
			ASSERT_EQ(0, unmask_vectors(src, start, count));
			ASSERT_EQ(all(t) & ~range, shown_masked(t));
			ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
		}
	}
	expect_works(_metadata, t, all(t));
}

/* DATA_BOOL: every value but 0 selects the vector, and 0 leaves it as it is. */
TEST_F(mask, some_of_a_range)
{
	struct test *t = &self->t;
	static const u8 values[] = { 1, 0, 2, 0x80, 0xff, 0, 0, 16 };
	struct source *src = &t->src;
	u8 which[SOURCE_VECTORS];
	u32 set = 0;

	for (int v = 0; v < src->vectors; v++) {
		which[v] = values[v % ARRAY_SIZE(values)];
		if (which[v])
			set |= 1U << v;
	}
	ASSERT_EQ(0, mask_some(src, 0, src->vectors, which));
	EXPECT_EQ(set, shown_masked(t));
	source_raise_set(src, all(t));
	expect_set(_metadata, t, all(t) & ~set);
	EXPECT_EQ(set, shown_pending(t));

	ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
	ASSERT_EQ(0, unmask_some(src, 0, src->vectors, which));
	EXPECT_EQ(all(t) & ~set, shown_masked(t));
	expect_set(_metadata, t, set);

	memset(which, 0, sizeof(which));
	ASSERT_EQ(0, unmask_some(src, 0, src->vectors, which));
	EXPECT_EQ(all(t) & ~set, shown_masked(t));
	ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
	ASSERT_EQ(0, mask_some(src, 0, src->vectors, which));
	EXPECT_EQ(0, shown_masked(t));

	/* The first byte belongs to the first vector of the range. */
	if (src->vectors < 4)
		return;
	memcpy(which, ((u8[]){ 0, 1 }), 2);
	ASSERT_EQ(0, mask_some(src, 2, 2, which));
	EXPECT_EQ(1 << 3, shown_masked(t));
	ASSERT_EQ(0, unmask_some(src, 2, 2, which));
	expect_works(_metadata, t, all(t));
}

/* The device's own mask bits follow. */
TEST_F(mask, hardware_mask_bits)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	struct hw_message hw;
	struct hw_msi msi;

	if (!src->mask_bits)
		SKIP(return, "%s has no mask bits", variant->device);

	hw_msi_find(&msi, src->s->bdf);
	for (int v = 0; v < src->vectors; v++) {
		for (int mask = 1; mask >= 0; mask--) {
			ASSERT_EQ(0, mask ? mask_vectors(src, v, 1) :
					    unmask_vectors(src, v, 1));
			if (src->index == MSI) {
				hw_msi_message(&msi, v, &hw);
				EXPECT_EQ(mask, hw.masked);
				continue;
			}
			bar_write32(src->fd, 0, MSIX_REG_HW_INDEX, v);
			EXPECT_EQ(mask, bar_read32(src->fd, 0,
						   MSIX_REG_HW_CTRL) & 1);
		}
	}
}

/* Replace the trigger under the mask; raise the vector before and after that, or not. */
static void replace_trigger(struct __test_metadata *_metadata, struct test *t,
			    bool raise_before, bool raise_after)
{
	struct source *src = &t->src;
	int old = t->trigger[0];

	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	if (raise_before) {
		source_burst(src, 0, 2);
		expect_held(_metadata, t, 1);
	}
	ASSERT_EQ(0, attach(src, 0, 1, &t->spare));
	EXPECT_EQ(1, shown_masked(t));
	EXPECT_EQ(raise_before, shown_pending(t) & 1);
	if (raise_after)
		source_burst(src, 0, 2);
	expect_nothing(_metadata, t);
	EXPECT_EQ(1, shown_masked(t));

	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	if (raise_before || raise_after)
		expect_one(_metadata, t, t->spare);
	expect_nothing(_metadata, t);
	EXPECT_EQ(0, flags_of(t, 0) & (MASKED | PENDING));

	source_raise(src, 0);
	expect_one(_metadata, t, t->spare);
	ASSERT_EQ(0, attach(src, 0, 1, &old));
	expect_works(_metadata, t, all(t));
}

TEST_F(mask, survives_new_trigger)
{
	struct test *t = &self->t;

	replace_trigger(_metadata, t, false, false);
	replace_trigger(_metadata, t, false, true);
	replace_trigger(_metadata, t, true, false);
	replace_trigger(_metadata, t, true, true);
	replace_trigger(_metadata, t, false, false);
}

/* When the vector gets a trigger again, it is masked from the first moment on. */
TEST_F(mask, survives_detach)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int v = src->vectors - 1;
	u32 bit = 1U << v;

	ASSERT_EQ(0, mask_vectors(src, v, 1));
	source_raise(src, v);
	expect_held(_metadata, t, bit);
	ASSERT_EQ(0, detach(src, v));
	EXPECT_EQ(ALLOCATED | MASKED | PENDING, flags_of(t, v) & ~(STALE | INACTIVE));
	ASSERT_EQ(0, attach(src, v, 1, &t->trigger[v]));
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | PENDING, flags_of(t, v));
	expect_nothing(_metadata, t);
	ASSERT_EQ(0, unmask_vectors(src, v, 1));
	expect_set(_metadata, t, bit);
	expect_works(_metadata, t, all(t));
}

TEST_F(mask, without_trigger)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int v = src->vectors - 1;
	u32 bit = 1U << v;

	ASSERT_EQ(0, detach(src, v));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, mask_vectors(src, v, 1));
		EXPECT_EQ(ALLOCATED | MASKED, flags_of(t, v) & ~(STALE | INACTIVE));
	}
	ASSERT_EQ(0, attach(src, v, 1, &t->trigger[v]));
	EXPECT_EQ(bit, shown_masked(t));
	source_raise(src, v);
	expect_nothing(_metadata, t);
	ASSERT_EQ(0, unmask_vectors(src, v, 1));
	expect_set(_metadata, t, bit);

	/* Masked with a trigger, unmasked without one. */
	ASSERT_EQ(0, mask_vectors(src, v, 1));
	source_raise(src, v);
	expect_held(_metadata, t, bit);
	ASSERT_EQ(0, detach(src, v));
	ASSERT_EQ(0, unmask_vectors(src, v, 1));
	ASSERT_EQ(0, attach(src, v, 1, &t->trigger[v]));
	expect_set(_metadata, t, bit);
	EXPECT_EQ(0, shown_masked(t));

	/* Masked and unmasked without a trigger. */
	ASSERT_EQ(0, detach(src, v));
	ASSERT_EQ(0, mask_vectors(src, v, 1));
	ASSERT_EQ(0, unmask_vectors(src, v, 1));
	ASSERT_EQ(0, attach(src, v, 1, &t->trigger[v]));
	expect_works(_metadata, t, all(t));
}

/* A vector that SET_IRQS allocated only because a later one got a trigger. */
TEST_F(mask, allocated_without_trigger)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int last = src->vectors - 1;

	if (src->vectors < 3)
		SKIP(return, "%s has too few vectors", variant->device);

	ASSERT_EQ(0, disable_irqs(src->fd, src->index));
	ASSERT_EQ(0, attach(src, last, 1, &t->trigger[last]));
	ASSERT_EQ(0, mask_vectors(src, 1, 1));
	EXPECT_EQ(ALLOCATED | MASKED, flags_of(t, 1) & ~STALE);
	ASSERT_EQ(0, attach(src, 0, last, t->trigger));
	EXPECT_EQ(1 << 1, shown_masked(t));
	source_raise_set(src, all(t));
	expect_set(_metadata, t, all(t) & ~(1 << 1));
	ASSERT_EQ(0, unmask_vectors(src, 1, 1));
	expect_set(_metadata, t, 1 << 1);
}

static void reset_device(struct __test_metadata *_metadata,
			 struct test *t)
{
	ASSERT_EQ(0, ioctl(t->src.fd, VFIO_DEVICE_RESET));
}

static void reset_function(struct __test_metadata *_metadata,
			   struct test *t)
{
	function_reset(t->src.s);
}

static void set_power(struct __test_metadata *_metadata,
		      struct test *t, int state)
{
	int control = hw_capability(t->src.s->bdf, PCI_CAP_ID_PM) +
		      PCI_PM_CTRL;

	power_state_set(t->src.s, state);
	ASSERT_EQ(state, config_read16(t->src.fd, control) &
			 PCI_PM_CTRL_STATE_MASK);
}

static void cycle_power(struct __test_metadata *_metadata,
			struct test *t)
{
	set_power(_metadata, t, 3);
	set_power(_metadata, t, 0);
}

TEST_F(mask, survives_every_reset)
{
	struct test *t = &self->t;
	static void (*const resets[])(struct __test_metadata *_metadata,
				      struct test *t) = {
		reset_device, reset_function, cycle_power,
	};
	struct source *src = &t->src;

	for (int i = 0; i < ARRAY_SIZE(resets); i++) {
		ASSERT_EQ(0, mask_vectors(src, 0, 1));
		resets[i](_metadata, t);
		command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		EXPECT_EQ(1, shown_masked(t))
			TH_LOG("the mask is lost after reset %d", i);
		source_raise_set(src, all(t));
		expect_set(_metadata, t, all(t) & ~1);
		expect_held(_metadata, t, 1);
		ASSERT_EQ(0, unmask_vectors(src, 0, 1));
		expect_set(_metadata, t, 1);

		/* The reset does not mask an unmasked vector. */
		resets[i](_metadata, t);
		command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		EXPECT_EQ(0, shown_masked(t));
		expect_works(_metadata, t, all(t));
	}
}

/* The masked vector gets another trigger after the reset. */
TEST_F(mask, survives_reset_and_new_trigger)
{
	struct test *t = &self->t;
	struct source *src = &t->src;

	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	reset_device(_metadata, t);
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, attach(src, 0, 1, &t->spare));
	source_raise(src, 0);
	expect_nothing(_metadata, t);
	reset_device(_metadata, t);
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(1, shown_masked(t));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	source_settle(src);
	/* The reset cleared the pending bit of a device that has mask bits. */
	EXPECT_EQ(!src->mask_bits, eventfd_take(t->spare));
	source_raise(src, 0);
	expect_one(_metadata, t, t->spare);
}

TEST_F(mask, ends_when_vectors_are_freed)
{
	struct test *t = &self->t;
	struct source *src = &t->src;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
		source_raise_set(src, all(t));
		expect_held(_metadata, t, all(t));
		/* With and without a trigger. */
		ASSERT_EQ(0, i == 1 ? detach(src, 0) : 0);
		ASSERT_EQ(0, disable_irqs(src->fd, src->index));
		EXPECT_EQ(0, shown_masked(t));
		ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
		EXPECT_EQ(0, shown_masked(t));
		/* While MSI-X is disabled, the device may keep its pending bits. */
		source_settle(src);
		for (int v = 0; v < src->vectors; v++)
			EXPECT_GE(src->mask_bits, eventfd_take(t->trigger[v]));
		expect_works(_metadata, t, all(t));
	}
}

TEST_F(mask, ends_with_session)
{
	struct test *t = &self->t;
	struct source *src = &t->src;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
		source_raise_set(src, all(t));
		expect_held(_metadata, t, all(t));
		source_close(src);
		source_open(src, variant->device, variant->mode);
		ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
		EXPECT_EQ(0, shown_masked(t));
		expect_works(_metadata, t, all(t));
	}
}

/* A SET_IRQS that fails removes the triggers that it was to replace, not the masks. */
TEST_F(mask, survives_failed_set_irqs)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int triggers[SOURCE_VECTORS], last = src->vectors - 1;

	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	memcpy(triggers, t->trigger, sizeof(triggers));
	triggers[last] = 999999;
	EXPECT_EQ(-EBADF, attach(src, 0, src->vectors, triggers));
	EXPECT_EQ(ALLOCATED | MASKED, flags_of(t, 0) & ~(STALE | INACTIVE));
	ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
	EXPECT_EQ(1, shown_masked(t));
	source_raise_set(src, all(t));
	expect_set(_metadata, t, all(t) & ~1);
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	expect_set(_metadata, t, 1);

	/* Requests that the core refuses before it changes anything. */
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs(src->fd, EVENTFD | ACT, src->index,
				    src->vectors, 4096, NULL, 0));
	EXPECT_EQ(-EINVAL, disable_irqs(src->fd, VFIO_PCI_NUM_IRQS));
	EXPECT_EQ(1, shown_masked(t));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	expect_works(_metadata, t, all(t));
}

/* ACTION_TRIGGER signals the eventfd of a masked vector. */
TEST_F(mask, user_triggers_are_delivered)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	u8 yes = 1;

	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	ASSERT_EQ(0, set_irqs(src->fd, NONE | ACT, src->index, 0, 1, NULL, 0));
	EXPECT_EQ(1, eventfd_take(t->trigger[0]));
	ASSERT_EQ(0, set_irqs(src->fd, BOOL | ACT, src->index, 0, 1, &yes, 1));
	EXPECT_EQ(1, eventfd_take(t->trigger[0]));
	EXPECT_EQ(0, shown_pending(t));
	EXPECT_EQ(1, shown_masked(t));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	expect_nothing(_metadata, t);
}

static u16 hw_command(struct test *t)
{
	return hw_config_read16(t->src.s->bdf, PCI_COMMAND);
}

/* The kernel turns memory decoding on for a moment only, and the user does not see it. */
TEST_F(mask, without_memory_decoding)
{
	struct test *t = &self->t;
	struct source *src = &t->src;

	for (int i = 0; i < 2; i++) {
		command_clear(src->fd, PCI_COMMAND_MEMORY);
		EXPECT_EQ(0, hw_command(t) & PCI_COMMAND_MEMORY);
		ASSERT_EQ(0, mask_vectors(src, 0, 1));
		EXPECT_EQ(0, hw_command(t) & PCI_COMMAND_MEMORY);
		EXPECT_EQ(0, config_read16(src->fd, PCI_COMMAND) &
			  PCI_COMMAND_MEMORY);
		EXPECT_EQ(1, shown_masked(t));
		command_set(src->fd, PCI_COMMAND_MEMORY);
		EXPECT_EQ(1, shown_masked(t));
		source_raise(src, 0);
		expect_held(_metadata, t, 1);

		command_clear(src->fd, PCI_COMMAND_MEMORY);
		ASSERT_EQ(0, unmask_vectors(src, 0, 1));
		EXPECT_EQ(0, hw_command(t) & PCI_COMMAND_MEMORY);
		command_set(src->fd, PCI_COMMAND_MEMORY);
		expect_set(_metadata, t, 1);
		EXPECT_EQ(0, shown_masked(t));
		expect_works(_metadata, t, all(t));
	}
	EXPECT_NE(0, hw_command(t) & PCI_COMMAND_MEMORY);
}

/* In D3hot the MSI capability can be written; the table cannot. */
TEST_F(mask, in_d3hot)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int ret = src->index == MSIX ? -EBUSY : 0;

	if (!hw_capability(src->s->bdf, PCI_CAP_ID_PM))
		SKIP(return, "%s has no D3hot", variant->device);

	set_power(_metadata, t, 3);
	EXPECT_EQ(ret, mask_vectors(src, 0, 1));
	EXPECT_EQ(-EINVAL, mask_vectors(src, 0, 0));
	set_power(_metadata, t, 0);
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(!ret, shown_masked(t));
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	source_raise(src, 0);
	expect_held(_metadata, t, 1);

	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	expect_set(_metadata, t, 1);
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	set_power(_metadata, t, 3);
	EXPECT_EQ(ret, unmask_vectors(src, 0, 1));
	set_power(_metadata, t, 0);
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(!!ret, shown_masked(t));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	expect_works(_metadata, t, all(t));
}

/* A call wakes the device up if the core has suspended it. */
TEST_F(mask, in_low_power)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int fd = src->fd;
	u32 set = VFIO_DEVICE_FEATURE_SET;

	if (feature(fd, set | VFIO_DEVICE_FEATURE_PROBE |
		    VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0))
		SKIP(return, "%s does not support low power", variant->device);

	ASSERT_EQ(0, feature(fd, set | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
			     NULL, 0));
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	EXPECT_EQ(1, shown_masked(t));
	ASSERT_EQ(0, feature(fd, set | VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
			     NULL, 0));
	EXPECT_EQ(1, shown_masked(t));
	source_raise(src, 0);
	expect_held(_metadata, t, 1);
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	expect_set(_metadata, t, 1);
}

/*
 * Masking changes no message. When a vector is unmasked whose trigger was attached under
 * the mask, the kernel starts its interrupt, maybe on another CPU: the generation grows.
 */
TEST_F(mask, generation)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	u64 before = generation_of(src->fd);

	ASSERT_EQ(0, mask_vectors(src, 0, src->vectors));
	ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
	EXPECT_EQ(-EINVAL, mask_vectors(src, 0, 0));
	EXPECT_EQ(before, generation_of(src->fd));

	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	ASSERT_EQ(0, attach(src, 0, 1, &t->trigger[0]));
	before = generation_of(src->fd);
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	EXPECT_LT(before, generation_of(src->fd));
}

static void expect_refused(struct __test_metadata *_metadata,
			   struct test *t, int ret, u32 flags, u32 start, u32 count,
			   const void *data, size_t size)
{
	u32 before = shown_masked(t);

	EXPECT_EQ(ret, set_irqs(t->src.fd, flags, t->src.index, start,
				count, data, size))
		TH_LOG("flags %#x start %u count %u", flags, start, count);
	EXPECT_EQ(before, shown_masked(t));
}

/* All combinations of flags with ACTION_MASK or ACTION_UNMASK but the four valid ones. */
TEST_F(mask, bad_flags)
{
	struct test *t = &self->t;
	u32 good[] = { NONE | MASK, NONE | UNMASK, BOOL | MASK, BOOL | UNMASK };
	s32 payload = t->spare;

	for (u32 flags = 0; flags < 1 << 7; flags++) {
		u32 data = flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
		bool one = data == NONE || data == BOOL || data == EVENTFD;
		int ret = flags >> 6 || !one ? -EINVAL : -ENOTTY;
		bool skip = !(flags & (MASK | UNMASK));

		for (int i = 0; i < ARRAY_SIZE(good); i++)
			skip |= flags == good[i];
		if (!skip)
			expect_refused(_metadata, t, ret, flags, 0, 1, &payload,
				       sizeof(payload));
	}
	for (int bit = 6; bit < 32; bit++)
		expect_refused(_metadata, t, -EINVAL, NONE | MASK | 1U << bit, 0, 1,
			       NULL, 0);
	expect_works(_metadata, t, all(t));
}

TEST_F(mask, bad_ranges)
{
	struct test *t = &self->t;
	u32 n = irq_count(t->src.fd, t->src.index);
	u32 v = t->src.vectors;
	struct { u32 start, count; } bad[] = {
		{ 0, 0 }, { v - 1, 0 }, { 0, n + 1 }, { 1, n }, { n, 0 },
		{ n, 1 }, { n - 1, 2 }, { n + 1, 0 }, { 0, ~0U }, { 1, ~0U },
		{ ~0U, 0 }, { ~0U, 1 }, { ~0U, ~0U }, { 2, ~0U - 1 },
		{ ~0U - n + 1, n }, { 1U << 31, 1U << 31 }, { 0, 1U << 31 },
		{ v, v < n }, { v - 1, v < n ? 2 : n + 1 },
	};
	static u8 which[4096];

	memset(which, 1, sizeof(which));
	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		for (u32 action = MASK; action <= UNMASK; action <<= 1) {
			expect_refused(_metadata, t, -EINVAL, NONE | action, bad[i].start,
				       bad[i].count, NULL, 0);
			expect_refused(_metadata, t, -EINVAL, BOOL | action, bad[i].start,
				       bad[i].count, which, sizeof(which));
		}
	}
	/* A vector that is not allocated is an error even if its DATA_BOOL is 0. */
	memset(which, 0, sizeof(which));
	which[0] = 1;
	if (v < n)
		expect_refused(_metadata, t, -EINVAL, BOOL | MASK, 0, v + 1, which,
			       sizeof(which));
	expect_works(_metadata, t, all(t));
}

TEST_F(mask, bad_index)
{
	struct test *t = &self->t;
	static const u32 wrong[] = { VFIO_PCI_NUM_IRQS, 1U << 31, ~0U };
	int fd = t->src.fd;
	u32 other = t->src.index == MSI ? MSIX : MSI;
	u8 yes = 1;

	for (u32 action = MASK; action <= UNMASK; action <<= 1) {
		for (int i = 0; i < ARRAY_SIZE(wrong); i++)
			EXPECT_EQ(-EINVAL, set_irqs(fd, NONE | action, wrong[i],
						    0, 1, NULL, 0));
		/* An index that is not enabled, or that the device does not have. */
		EXPECT_EQ(-EINVAL, set_irqs(fd, NONE | action, other, 0, 1,
					    NULL, 0));
		EXPECT_EQ(-EINVAL, set_irqs(fd, BOOL | action, other, 0, 1,
					    &yes, 1));
		EXPECT_EQ(-EINVAL, set_irqs(fd, NONE | action,
					    VFIO_PCI_INTX_IRQ_INDEX, 0, 1,
					    NULL, 0));
		EXPECT_EQ(-ENOTTY, set_irqs(fd, NONE | action,
					    VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
					    NULL, 0));
	}
	EXPECT_EQ(0, shown_masked(t));
	expect_works(_metadata, t, all(t));
}

TEST_F(mask, not_enabled)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	u8 yes = 1;

	ASSERT_EQ(0, disable_irqs(src->fd, src->index));
	EXPECT_EQ(-EINVAL, mask_vectors(src, 0, 1));
	EXPECT_EQ(-EINVAL, mask_some(src, 0, 1, &yes));
	EXPECT_EQ(-EINVAL, unmask_vectors(src, 0, 1));
	EXPECT_EQ(-EINVAL, unmask_some(src, 0, 1, &yes));
	ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
	EXPECT_EQ(0, shown_masked(t));
	expect_works(_metadata, t, all(t));
}

/* A call with a vector that is not allocated changes none of the range. */
TEST_F(mask, partly_allocated)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	static const u8 which[SOURCE_VECTORS] = { 1, 1, 0, 0 };
	int n = irq_count(src->fd, src->index);

	if (src->vectors < 8)
		SKIP(return, "%s has too few vectors", variant->device);

	ASSERT_EQ(0, disable_irqs(src->fd, src->index));
	ASSERT_EQ(0, attach(src, 0, 4, t->trigger));
	EXPECT_EQ(-EINVAL, mask_vectors(src, 2, 3));
	EXPECT_EQ(-EINVAL, mask_vectors(src, 4, 1));
	EXPECT_EQ(-EINVAL, mask_vectors(src, n - 1, 1));
	EXPECT_EQ(-EINVAL, mask_vectors(src, 0, n));
	EXPECT_EQ(-EINVAL, mask_some(src, 2, 4, which));
	EXPECT_EQ(0, shown_masked(t));
	ASSERT_EQ(0, mask_vectors(src, 0, 4));
	EXPECT_EQ(-EINVAL, unmask_vectors(src, 2, 3));
	EXPECT_EQ(0xf, shown_masked(t));

	/* If vector 6 can be allocated by itself, 4 and 5 are a gap. */
	if (!attach(src, 6, 1, &t->trigger[6])) {
		EXPECT_EQ(-EINVAL, mask_vectors(src, 0, 7));
		EXPECT_EQ(-EINVAL, unmask_vectors(src, 3, 4));
		EXPECT_EQ(-EINVAL, mask_vectors(src, 5, 2));
		EXPECT_EQ(0xf, shown_masked(t));
		ASSERT_EQ(0, mask_vectors(src, 6, 1));
		source_raise(src, 6);
		source_raise(src, 3);
		expect_held(_metadata, t, 1 << 6 | 1 << 3);
		ASSERT_EQ(0, unmask_vectors(src, 6, 1));
		expect_set(_metadata, t, 1 << 6);
		ASSERT_EQ(0, unmask_vectors(src, 3, 1));
		expect_set(_metadata, t, 1 << 3);
		EXPECT_EQ(7, shown_masked(t));
		return;
	}
	ASSERT_EQ(0, unmask_vectors(src, 0, 4));
	expect_works(_metadata, t, 0xf);
}

/* Allocate vectors, with gaps if the kernel can have gaps; returns the set of them. */
static u32 allocate_some(struct __test_metadata *_metadata, struct test *t)
{
	struct source *src = &t->src;
	u32 set = 1;

	ASSERT_EQ(0, disable_irqs(src->fd, src->index));
	ASSERT_EQ(0, attach(src, 0, 1, t->trigger));
	for (int v = 1; v < src->vectors; v++)
		if ((v & 3) && !attach(src, v, 1, &t->trigger[v]))
			set |= 1U << v;

	return set;
}

/* Mask the function as Documentation/masking.rst describes it, with its example. */
TEST_F(mask, function_mask_example)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	int fd = src->fd, n = irq_count(fd, src->index);
	u32 set = allocate_some(_metadata, t), own;
	bool masked[2048];

	ASSERT_GE(ARRAY_SIZE(masked), n);
	if (set != (1ULL << n) - 1)
		EXPECT_EQ(-EINVAL, mask_vectors(src, 0, n));

	memset(masked, true, sizeof(masked));
	ASSERT_EQ(0, set_masks(fd, src->index, n, masked));
	EXPECT_EQ(set, shown_masked(t));
	source_raise_set(src, set);
	expect_held(_metadata, t, set);

	/* Unmask the function: the vectors that the guest has masked stay masked. */
	own = set & 0x2b;
	for (int v = 0; v < n; v++)
		masked[v] = v < 32 && own & 1U << v;
	ASSERT_EQ(0, set_masks(fd, src->index, n, masked));
	EXPECT_EQ(own, shown_masked(t));
	expect_set(_metadata, t, set & ~own);

	memset(masked, false, sizeof(masked));
	ASSERT_EQ(0, set_masks(fd, src->index, n, masked));
	EXPECT_EQ(0, shown_masked(t));
	expect_set(_metadata, t, own);
	expect_works(_metadata, t, set);
	EXPECT_EQ(-EINVAL, set_masks(fd, src->index, n + 1, masked));
}

/* Payloads that cannot be read in full, and those that end where memory ends. */
TEST_F(mask, bad_payloads)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	size_t head = offsetof(struct vfio_irq_set, data);
	u32 n = src->vectors;
	struct vfio_irq_set *set;
	struct guarded g;

	guarded_alloc(&g);
	for (u32 action = MASK; action <= UNMASK; action <<= 1) {
		u32 before = shown_masked(t);

		for (size_t there = 0; there < head + n; there++) {
			struct vfio_irq_set whole = {
				.argsz = head + n,
				.flags = BOOL | action,
				.index = src->index,
				.count = n,
			};

			set = (void *)(g.end - there);
			memset(g.start, 1, g.end - g.start);
			memcpy(set, &whole, there < head ? there : head);
			EXPECT_EQ(-1, ioctl(src->fd, VFIO_DEVICE_SET_IRQS, set));
			EXPECT_EQ(EFAULT, errno);
			EXPECT_EQ(before, shown_masked(t));
		}
		/* An argsz that is too short for the header, or for the payload. */
		set = (void *)(g.end - head - n);
		memset(set, 1, head + n);
		set->flags = BOOL | action;
		set->index = src->index;
		set->start = 0;
		set->count = n;
		for (u32 argsz = 0; argsz < head + n; argsz++) {
			set->argsz = argsz;
			EXPECT_EQ(-1, ioctl(src->fd, VFIO_DEVICE_SET_IRQS, set));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(before, shown_masked(t));
		}
		set->argsz = ~0U;
		EXPECT_EQ(0, ioctl(src->fd, VFIO_DEVICE_SET_IRQS, set));
		EXPECT_EQ(action == MASK ? all(t) : 0, shown_masked(t));
	}
	/* With DATA_NONE only the header is read. */
	set = (void *)(g.end - head);
	set->argsz = head;
	set->flags = NONE | MASK;
	set->index = src->index;
	set->start = 0;
	set->count = n;
	EXPECT_EQ(0, ioctl(src->fd, VFIO_DEVICE_SET_IRQS, set));
	EXPECT_EQ(all(t), shown_masked(t));
	guarded_free(&g);
}

TEST_F(mask, debugfs)
{
	struct test *t = &self->t;
	struct source *src = &t->src;
	const char *path = debugfs_path(src->s->bdf, "vectors");

	EXPECT_FALSE(file_has(path, "masked"));
	ASSERT_EQ(0, mask_vectors(src, 0, 1));
	EXPECT_TRUE(file_has(path, "trigger,masked\n"));
	source_raise(src, 0);
	expect_held(_metadata, t, 1);
	EXPECT_TRUE(file_has(path, "trigger,masked,pending\n"));
	ASSERT_EQ(0, unmask_vectors(src, 0, 1));
	EXPECT_FALSE(file_has(path, "masked"));
}

TEST_F(mask, tracepoint)
{
	struct test *t = &self->t;
#define TRACING "/sys/kernel/tracing"
#define ENABLE	TRACING "/events/msi_vfio_pci/msi_vfio_pci_masks_set/enable"
	ASSERT_EQ(0, file_write(ENABLE, "1"));
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	EXPECT_EQ(-EINVAL, mask_vectors(&t->src, 0, 0));
	EXPECT_FALSE(file_has(TRACING "/trace", "masks_set:"));
	ASSERT_EQ(0, mask_vectors(&t->src, 0, 1));
	EXPECT_TRUE(file_has(TRACING "/trace", "start 0 count 1 mask"));
	ASSERT_EQ(0, unmask_vectors(&t->src, 0, 1));
	EXPECT_TRUE(file_has(TRACING "/trace", "start 0 count 1 unmask"));
	file_write(ENABLE, "0");
}

/*
 * Masks, triggers, memory decoding and resets change in several threads at once: no call
 * fails for another reason than that vectors are not allocated, and all vectors work in
 * the end.
 */
#define ROUNDS	20

struct party {
	struct source *src;
	const int *triggers;
	int mistakes;
};

static void *toggle_masks(void *arg)
{
	struct party *p = arg;

	for (int i = 0; i < ROUNDS * 5; i++) {
		int v = i % p->src->vectors;
		int ret = i & 1 ? mask_vectors(p->src, v, 1) :
				  unmask_vectors(p->src, v, 1);

		/* EINVAL: another thread has freed the vectors. */
		if (ret && ret != -EINVAL)
			__atomic_fetch_add(&p->mistakes, 1, __ATOMIC_RELAXED);
	}

	return NULL;
}

static void *toggle_vectors(void *arg)
{
	struct party *p = arg;

	for (int i = 0; i < ROUNDS; i++) {
		if (attach(p->src, 0, p->src->vectors, p->triggers) ||
		    detach(p->src, i % p->src->vectors) ||
		    (i % 4 == 3 && disable_irqs(p->src->fd, p->src->index)))
			__atomic_fetch_add(&p->mistakes, 1, __ATOMIC_RELAXED);
	}

	return NULL;
}

static void *toggle_memory(void *arg)
{
	struct party *p = arg;

	for (int i = 0; i < ROUNDS; i++) {
		command_clear(p->src->fd, PCI_COMMAND_MEMORY);
		command_set(p->src->fd, PCI_COMMAND_MEMORY);
		if (i % 10 == 9)
			ioctl(p->src->fd, VFIO_DEVICE_RESET);
		shown_masked(&(struct test){ .src = *p->src });
	}

	return NULL;
}

TEST_F(mask, everything_at_once)
{
	struct test *t = &self->t;
	void *(*const acts[])(void *) = {
		toggle_masks, toggle_masks, toggle_vectors, toggle_memory,
	};
	struct party p = { &t->src, t->trigger };
	struct source *src = &t->src;
	pthread_t threads[ARRAY_SIZE(acts)];

	for (int i = 0; i < ARRAY_SIZE(acts); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, acts[i], &p));
	for (int i = 0; i < ARRAY_SIZE(acts); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, p.mistakes);

	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, attach(src, 0, src->vectors, t->trigger));
	ASSERT_EQ(0, unmask_vectors(src, 0, src->vectors));
	source_settle(src);
	for (int v = 0; v < src->vectors; v++)
		eventfd_take(t->trigger[v]);
	expect_works(_metadata, t, all(t));
	EXPECT_EQ(0, shown_masked(t));
}

LAB_MAIN
