// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_MESSAGES: which vectors it shows, that their messages are those that the hardware
 * holds, each flag, and its limits.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ath11k.h"
#include "hardware.h"
#include "host_message.h"
#include "messages.h"
#include "msix.h"
#include "session.h"
#include "variants.h"

#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

/* How many triggers a test attaches at most. */
#define TRIGGERS	8

struct test {
	struct session *s;
	int fd;
	u32 index;
	int count;	/* how many vectors the device has */
	int usable;	/* how many of them get a trigger in these tests */
	int triggers[TRIGGERS];
	struct hw_msi msi;
	struct hw_msix msix;
	struct vfio_pci_msi_message msg[MESSAGES_MAX];
};

FIXTURE(messages) {
	struct test t;
};

FIXTURE_VARIANT(messages) {
	const char *device;
	const char *mode;
	u32 index;
};

LAB_VARIANTS(messages, ath11k_noid, .index = MSI);
LAB_VARIANTS(messages, edu, .index = MSI);
LAB_VARIANTS_AS(messages, igb_msi, igb, .index = MSI);
LAB_VARIANTS_AS(messages, nec_usb_xhci_msi, nec_usb_xhci, .index = MSI);
LAB_VARIANTS(messages, msix, .index = MSIX);
LAB_VARIANTS(messages, msix_2048, .index = MSIX);
LAB_VARIANTS(messages, msix_odd, .index = MSIX);
LAB_VARIANTS(messages, nvme, .index = MSIX);
LAB_VARIANTS(messages, e1000e, .index = MSIX);
LAB_VARIANTS_AS(messages, igb_msix, igb, .index = MSIX);

FIXTURE_SETUP(messages)
{
	struct test *t = &self->t;

	t->s = session_open_table_map(variant->device, variant->mode, "rw");
	t->fd = t->s->fd;
	t->index = variant->index;
	t->count = irq_count(t->fd, t->index);
	t->usable = t->count < TRIGGERS ? t->count : TRIGGERS;

	/* Without remapping, x86 has no MSI blocks of several vectors. */
	if (t->index == MSI && !lab_remap())
		t->usable = 1;
	for (int i = 0; i < TRIGGERS; i++)
		t->triggers[i] = eventfd_new();

	command_set(t->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (t->index == MSI)
		hw_msi_find(&t->msi, t->s->bdf);
	else
		hw_msix_map(&t->msix, t->s->bdf, t->fd);
}

FIXTURE_TEARDOWN(messages)
{
	struct test *t = &self->t;

	if (t->index == MSIX)
		hw_msix_unmap(&t->msix);
	for (int i = 0; i < TRIGGERS; i++)
		close(t->triggers[i]);
	session_close(t->s);
}

static void attach_all(struct __test_metadata *_metadata,
		       struct test *t)
{
	ASSERT_EQ(0, set_triggers(t->fd, t->index, 0, t->usable,
				  t->triggers));
}

static void read_all(struct __test_metadata *_metadata,
		     struct test *t)
{
	ASSERT_EQ(0, messages_get(t->fd, t->index, 0, t->count,
				  t->msg, NULL));
}

/*
 * Vector @v has the hardware's message and the flags @flags, besides those that follow
 * from the hardware. The message may be 0 if no eventfd is attached.
 */
static void expect_hardware(struct __test_metadata *_metadata,
			    struct test *t, int v, u32 flags)
{
	const struct vfio_pci_msi_message *msg = &t->msg[v];
	struct hw_message hw;

	if (t->index == MSI)
		hw_msi_message(&t->msi, v, &hw);
	else
		hw_msix_message(&t->msix, v, &hw);

	flags |= (hw.masked ? MASKED : 0) | (hw.pending ? PENDING : 0) |
		 (hw.address ? 0 : INACTIVE);
	EXPECT_TRUE(msg->address || !(flags & TRIGGER));
	EXPECT_EQ(hw.address, msg->address);
	EXPECT_EQ(hw.data, msg->data);
	EXPECT_EQ(flags, msg->flags)
		TH_LOG("vector %d has flags %#x, not %#x", v, msg->flags, flags);
}

static void expect_nothing(struct __test_metadata *_metadata,
			   struct test *t, int v)
{
	static const struct vfio_pci_msi_message none;

	EXPECT_EQ(0, memcmp(&none, &t->msg[v], sizeof(none)))
		TH_LOG("vector %d has flags %#x, though it is not allocated", v,
		       t->msg[v].flags);
}

TEST_F(messages, nothing_allocated)
{
	struct test *t = &self->t;

	memset(t->msg, 0xc5, sizeof(t->msg));
	read_all(_metadata, t);
	for (int v = 0; v < t->count; v++)
		expect_nothing(_metadata, t, v);
}

TEST_F(messages, match_hardware)
{
	struct test *t = &self->t;

	attach_all(_metadata, t);
	read_all(_metadata, t);
	for (int v = 0; v < t->usable; v++)
		expect_hardware(_metadata, t, v, ALLOCATED | TRIGGER);
	for (int v = t->usable; v < t->count; v++)
		expect_nothing(_metadata, t, v);
}

/* The example of Documentation/vmm.rst */
TEST_F(messages, example_reads_them)
{
	struct test *t = &self->t;
	int eventfd = eventfd_new();
	__u64 address;
	__u32 data;

	EXPECT_TRUE(has_feature(t->fd, VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES));
	EXPECT_FALSE(has_feature(t->fd, VFIO_DEVICE_FEATURE_MASK));
	EXPECT_EQ(-EAGAIN, read_host_message(t->fd, t->index, 0, &address, &data));
	EXPECT_EQ(-EINVAL, read_host_message(t->fd, t->index, t->count, &address, &data));
	ASSERT_EQ(0, watch_messages(t->fd, eventfd));

	attach_all(_metadata, t);
	EXPECT_LT(0, eventfd_take(eventfd));
	read_all(_metadata, t);
	for (int v = 0; v < t->usable; v++) {
		ASSERT_EQ(0, read_host_message(t->fd, t->index, v, &address, &data));
		EXPECT_EQ(t->msg[v].address, address);
		EXPECT_EQ(t->msg[v].data, data);
	}
	close(eventfd);
}

TEST_F(messages, all_different)
{
	struct test *t = &self->t;

	attach_all(_metadata, t);
	read_all(_metadata, t);
	for (int v = 1; v < t->usable; v++) {
		EXPECT_TRUE(t->msg[v].address != t->msg[0].address ||
			    t->msg[v].data != t->msg[0].data);
	}
}

/* SET_IRQS allocates all vectors up to the last that it attaches. */
TEST_F(messages, allocated_without_trigger)
{
	struct test *t = &self->t;

	if (t->usable < 2)
		SKIP(return, "%s can have only one vector", variant->device);

	ASSERT_EQ(0, set_triggers(t->fd, t->index, 1, t->usable - 1,
				  t->triggers));
	read_all(_metadata, t);
	expect_hardware(_metadata, t, 0, ALLOCATED);
	for (int v = 1; v < t->usable; v++)
		expect_hardware(_metadata, t, v, ALLOCATED | TRIGGER);
}

/* The device's last vectors get a trigger; all before them are allocated. */
TEST_F(messages, last_vectors)
{
	struct test *t = &self->t;
	int start = t->count - t->usable, ret;

	if (t->index == MSI && !lab_remap() && t->count > 1)
		SKIP(return, "MSI has only one vector without interrupt remapping");

	ret = set_triggers(t->fd, t->index, start, t->usable, t->triggers);
	/*
	 * AMD's IOMMU has room for 512 interrupts of a device, and for fewer of the
	 * IOAPIC.
	 */
	if (ret > 0)
		SKIP(return, "the host has only %d vectors for a device", ret);
	ASSERT_EQ(0, ret);
	read_all(_metadata, t);
	/* With thousands of vectors, only some are compared. */
	for (int v = 0; v < start; v += t->count / 64 + 1)
		expect_hardware(_metadata, t, v, ALLOCATED);
	for (int v = start; v < t->count; v++)
		expect_hardware(_metadata, t, v, ALLOCATED | TRIGGER);
}

TEST_F(messages, detached_vector_stays_allocated)
{
	struct test *t = &self->t;
	int v = t->usable - 1, none = -1;

	attach_all(_metadata, t);
	ASSERT_EQ(0, set_triggers(t->fd, t->index, v, 1, &none));
	read_all(_metadata, t);
	expect_hardware(_metadata, t, v, ALLOCATED);

	ASSERT_EQ(0, set_triggers(t->fd, t->index, v, 1,
				  &t->triggers[v]));
	read_all(_metadata, t);
	expect_hardware(_metadata, t, v, ALLOCATED | TRIGGER);
}

TEST_F(messages, freed_vectors_show_nothing)
{
	struct test *t = &self->t;

	attach_all(_metadata, t);
	ASSERT_EQ(0, disable_irqs(t->fd, t->index));
	read_all(_metadata, t);
	for (int v = 0; v < t->count; v++)
		expect_nothing(_metadata, t, v);
}

/* Any range of vectors shows the same as the whole. */
TEST_F(messages, ranges)
{
	struct test *t = &self->t;
	struct vfio_pci_msi_message part[TRIGGERS + 2];
	int end = t->count < ARRAY_SIZE(part) ? t->count :
						   ARRAY_SIZE(part);

	attach_all(_metadata, t);
	read_all(_metadata, t);
	for (int start = 0; start < end; start++) {
		for (int count = 1; count <= end - start; count++) {
			ASSERT_EQ(0, messages_get(t->fd, t->index, start,
						  count, part, NULL));
			EXPECT_EQ(0, memcmp(&t->msg[start], part,
					    count * sizeof(part[0])))
				TH_LOG("%d vectors from %d on differ", count, start);
		}
	}
}

TEST_F(messages, limits)
{
	struct test *t = &self->t;
	struct { u32 start, count; int ret; } calls[] = {
		{ 0, 0, 0 },
		{ t->count, 0, 0 },
		{ t->count - 1, 1, 0 },
		{ 0, t->count, 0 },
		{ t->count + 1, 0, -EINVAL },
		{ t->count, 1, -EINVAL },
		{ t->count - 1, 2, -EINVAL },
		{ 0, t->count + 1, -EINVAL },
		{ 1, t->count, -EINVAL },
		{ 1U << 31, 0, -EINVAL },
		{ ~0U, 0, -EINVAL },
		{ ~0U, 1, -EINVAL },
		{ ~0U, 2, -EINVAL },
		{ ~0U - t->count + 1, t->count, -EINVAL },
	};

	for (int i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(calls[i].ret,
			  messages_get(t->fd, t->index, calls[i].start,
				       calls[i].count, t->msg, NULL))
			TH_LOG("start %u, count %u", calls[i].start,
			       calls[i].count);
	}
}

/* Counts whose array is larger than any argsz, with the largest argsz. */
TEST_F(messages, huge_counts)
{
	struct test *t = &self->t;
	static const u32 counts[] = { 1U << 28, (1U << 28) + 1, 1U << 31, ~0U };
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_pci_msi_messages messages;
	} call;

	for (int i = 0; i < ARRAY_SIZE(counts); i++) {
		for (u32 start = 0; start < 2; start++) {
			memset(&call, 0, sizeof(call));
			call.head.argsz = ~0U;
			call.head.flags = VFIO_DEVICE_FEATURE_GET |
				VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES;
			call.messages.index = t->index;
			call.messages.start = start;
			call.messages.count = counts[i];
			EXPECT_EQ(-EINVAL, feature_raw(t->fd, &call));
		}
	}
}

TEST_F(messages, wrong_index)
{
	struct test *t = &self->t;
	static const u32 wrong[] = { VFIO_PCI_INTX_IRQ_INDEX,
		VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_REQ_IRQ_INDEX,
		VFIO_PCI_NUM_IRQS, 1U << 31, ~0U };

	for (int i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, messages_get(t->fd, wrong[i], 0, 0, NULL,
						NULL));
		EXPECT_EQ(-EINVAL, messages_get(t->fd, wrong[i], 0, 1,
						t->msg, NULL));
	}
}

/* MSI-X's index while MSI is enabled, or the other way round. */
TEST_F(messages, other_index)
{
	struct test *t = &self->t;
	u32 other = t->index == MSI ? MSIX : MSI;
	int count = irq_count(t->fd, other);

	attach_all(_metadata, t);
	EXPECT_EQ(-EINVAL, messages_get(t->fd, other, 0, count + 1,
					t->msg, NULL));
	EXPECT_EQ(0, messages_get(t->fd, other, 0, count, t->msg, NULL));
	for (int v = 0; v < count; v++)
		expect_nothing(_metadata, t, v);
}

/* The kernel's message is the same, and what only the hardware tells is not told. */
TEST_F(messages, known_are_not_asked)
{
	struct test *t = &self->t;
	static struct {
		struct vfio_device_feature_pci_msi_messages head;
		struct vfio_pci_msi_message msg[MESSAGES_MAX];
	} known;
	u32 count = t->usable;

	attach_all(_metadata, t);
	ASSERT_EQ(0, messages_get(t->fd, t->index, 0, count, t->msg, NULL));
	known.head.index = t->index;
	known.head.count = count;
	known.head.flags = VFIO_PCI_MSI_MESSAGES_KNOWN;
	ASSERT_EQ(0, feature(t->fd, VFIO_DEVICE_FEATURE_GET |
			     VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES, &known,
			     sizeof(known)));
	EXPECT_EQ(0, known.head.flags);
	for (u32 v = 0; v < count; v++) {
		EXPECT_EQ(t->msg[v].address, known.msg[v].address);
		EXPECT_EQ(t->msg[v].data, known.msg[v].data);
		EXPECT_EQ(0, known.msg[v].flags &
			  (VFIO_PCI_MSI_MESSAGE_STALE |
			   VFIO_PCI_MSI_MESSAGE_DISABLED));
		EXPECT_EQ(VFIO_PCI_MSI_MESSAGE_ALLOCATED, known.msg[v].flags &
			  VFIO_PCI_MSI_MESSAGE_ALLOCATED);
	}
}

TEST_F(messages, other_flags_must_be_zero)
{
	struct test *t = &self->t;
	struct vfio_device_feature_pci_msi_messages payload;

	for (int bit = 1; bit < 32; bit++) {
		memset(&payload, 0, sizeof(payload));
		payload.index = t->index;
		payload.flags = 1U << bit;
		EXPECT_EQ(-EINVAL,
			  feature(t->fd, VFIO_DEVICE_FEATURE_GET |
				  VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES,
				  &payload, sizeof(payload)));
	}
}

/* Fields that are only outputs may contain anything before the call. */
TEST_F(messages, output_fields_are_ignored)
{
	struct test *t = &self->t;
	struct {
		struct vfio_device_feature_pci_msi_messages head;
		struct vfio_pci_msi_message msg;
	} payload;

	memset(&payload, 0xff, sizeof(payload));
	payload.head.index = t->index;
	payload.head.start = 0;
	payload.head.count = 1;
	payload.head.flags = 0;
	ASSERT_EQ(0, feature(t->fd, VFIO_DEVICE_FEATURE_GET |
			     VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES, &payload,
			     sizeof(payload)));
	t->msg[0] = payload.msg;
	expect_nothing(_metadata, t, 0);
	EXPECT_EQ(generation_of(t->fd), payload.head.generation);
}

TEST_F(messages, memory_decoding_off)
{
	struct test *t = &self->t;
	struct vfio_pci_msi_message before;
	u32 known = ALLOCATED | TRIGGER;

	attach_all(_metadata, t);
	before = message_of(t->fd, t->index, 0);
	command_clear(t->fd, PCI_COMMAND_MEMORY);
	read_all(_metadata, t);
	EXPECT_EQ(before.address, t->msg[0].address);
	EXPECT_EQ(before.data, t->msg[0].data);
	if (t->index == MSI)
		expect_hardware(_metadata, t, 0, known);
	else
		EXPECT_EQ(known, t->msg[0].flags);

	command_set(t->fd, PCI_COMMAND_MEMORY);
	read_all(_metadata, t);
	expect_hardware(_metadata, t, 0, known);
}

TEST_F(messages, reading_changes_nothing)
{
	struct test *t = &self->t;
	u8 before[HW_CONFIG_SIZE], after[HW_CONFIG_SIZE];
	struct hw_message hw_before, hw_after;

	attach_all(_metadata, t);
	memset(&hw_before, 0, sizeof(hw_before));
	memset(&hw_after, 0, sizeof(hw_after));
	if (t->index == MSIX)
		hw_msix_message(&t->msix, 0, &hw_before);
	hw_config_read(t->s->bdf, before);

	for (int i = 0; i < 10; i++)
		read_all(_metadata, t);

	if (t->index == MSIX)
		hw_msix_message(&t->msix, 0, &hw_after);
	EXPECT_EQ(0, memcmp(&hw_before, &hw_after, sizeof(hw_before)));
	hw_config_read(t->s->bdf, after);
	EXPECT_EQ(0, memcmp(before, after, PCI_CFG_SPACE_SIZE));
	for (int v = 0; v < t->usable; v++)
		EXPECT_EQ(0, eventfd_take(t->triggers[v]));
}

TEST_F(messages, novirt_makes_no_difference)
{
	struct test *t = &self->t;

	attach_all(_metadata, t);
	ASSERT_EQ(0, novirt_set(t->fd));
	read_all(_metadata, t);
	for (int v = 0; v < t->usable; v++)
		expect_hardware(_metadata, t, v, ALLOCATED | TRIGGER);
}

/* The flags of MSI-X vectors, whose mask bits and table the test writes itself. */
FIXTURE(msix_flags) {
	struct session *s;
	int fd;
	int triggers[TRIGGERS];
	struct hw_msix msix;
};

FIXTURE_VARIANT(msix_flags) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(msix_flags, msix);
LAB_VARIANTS(msix_flags, igb);
LAB_VARIANTS(msix_flags, nvme);

FIXTURE_SETUP(msix_flags)
{
	self->s = session_open_table_map(variant->device, variant->mode, "rw");
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < TRIGGERS; i++)
		self->triggers[i] = eventfd_new();
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, TRIGGERS,
				  self->triggers));
	hw_msix_map(&self->msix, self->s->bdf, self->fd);
}

FIXTURE_TEARDOWN(msix_flags)
{
	hw_msix_unmap(&self->msix);
	for (int i = 0; i < TRIGGERS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

static void set_mask_bit(const struct hw_msix *msix, int vector, bool mask)
{
	hw_msix_entry(msix, vector)[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = mask;
}

/* Through sysfs: a write by the device's user does not reach the hardware. */
static void set_function_mask(const char *bdf, int cap, bool mask)
{
	u16 flags = hw_config_read16(bdf, cap + PCI_MSIX_FLAGS);

	flags &= ~PCI_MSIX_FLAGS_MASKALL;
	if (mask)
		flags |= PCI_MSIX_FLAGS_MASKALL;
	hw_config_write16(bdf, cap + PCI_MSIX_FLAGS, flags);
}

TEST_F(msix_flags, masked_by_mask_bit)
{
	for (int v = 0; v < TRIGGERS; v++) {
		set_mask_bit(&self->msix, v, true);
		for (int other = 0; other < TRIGGERS; other++) {
			EXPECT_EQ(ALLOCATED | TRIGGER |
				  (other == v ? MASKED : 0),
				  message_of(self->fd, MSIX, other).flags);
		}
		set_mask_bit(&self->msix, v, false);
	}
}

TEST_F(msix_flags, masked_by_function_mask)
{
	set_function_mask(self->s->bdf, self->msix.cap, true);
	for (int v = 0; v < TRIGGERS; v++) {
		EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
			  message_of(self->fd, MSIX, v).flags);
	}
	EXPECT_EQ(0, message_of(self->fd, MSIX, TRIGGERS).flags);

	set_function_mask(self->s->bdf, self->msix.cap, false);
	for (int v = 0; v < TRIGGERS; v++) {
		EXPECT_EQ(ALLOCATED | TRIGGER,
			  message_of(self->fd, MSIX, v).flags);
	}
}

TEST_F(msix_flags, stale)
{
	static const int fields[] = { PCI_MSIX_ENTRY_LOWER_ADDR,
		PCI_MSIX_ENTRY_UPPER_ADDR, PCI_MSIX_ENTRY_DATA };
	struct vfio_pci_msi_message before = message_of(self->fd, MSIX, 1), now;
	volatile u32 *entry = hw_msix_entry(&self->msix, 1);

	for (int i = 0; i < ARRAY_SIZE(fields); i++) {
		u32 value = entry[fields[i] / 4];

		/* Masked, so that the device does not send the wrong message. */
		set_mask_bit(&self->msix, 1, true);
		entry[fields[i] / 4] = value ^ 0x10;
		now = message_of(self->fd, MSIX, 1);
		EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | STALE, now.flags);
		EXPECT_EQ(before.address, now.address);
		EXPECT_EQ(before.data, now.data);
		EXPECT_EQ(0, message_of(self->fd, MSIX, 0).flags & STALE);
		EXPECT_EQ(0, message_of(self->fd, MSIX, 2).flags & STALE);

		entry[fields[i] / 4] = value;
		set_mask_bit(&self->msix, 1, false);
		EXPECT_EQ(ALLOCATED | TRIGGER,
			  message_of(self->fd, MSIX, 1).flags);
	}
}

/* SET_IRQS writes the message again. */
TEST_F(msix_flags, stale_until_set_irqs)
{
	hw_msix_entry(&self->msix, 1)[PCI_MSIX_ENTRY_DATA / 4] ^= 0x10;
	EXPECT_EQ(STALE, message_of(self->fd, MSIX, 1).flags & STALE);
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 1, 1, &self->triggers[1]));
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSIX, 1).flags);
}

TEST_F(msix_flags, unknown_without_memory_decoding)
{
	set_mask_bit(&self->msix, 0, true);
	hw_msix_entry(&self->msix, 1)[PCI_MSIX_ENTRY_DATA / 4] ^= 0x10;

	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSIX, 0).flags);
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSIX, 1).flags);

	command_set(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
		  message_of(self->fd, MSIX, 0).flags);
	EXPECT_EQ(ALLOCATED | TRIGGER | STALE,
		  message_of(self->fd, MSIX, 1).flags);
}

/* The msix model: its registers show its table, and it raises interrupts. */
FIXTURE(msix_device) {
	struct session *s;
	int fd;
	int triggers[MSIX_VECTORS_DEFAULT];
	struct hw_msix msix;
};

FIXTURE_VARIANT(msix_device) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(msix_device, msix);

FIXTURE_SETUP(msix_device)
{
	self->s = session_open_table_map(variant->device, variant->mode, "rw");
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < MSIX_VECTORS_DEFAULT; i++)
		self->triggers[i] = eventfd_new();
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, MSIX_VECTORS_DEFAULT,
				  self->triggers));
	hw_msix_map(&self->msix, self->s->bdf, self->fd);
}

FIXTURE_TEARDOWN(msix_device)
{
	hw_msix_unmap(&self->msix);
	for (int i = 0; i < MSIX_VECTORS_DEFAULT; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

TEST_F(msix_device, registers_agree)
{
	for (int v = 0; v < MSIX_VECTORS_DEFAULT; v++) {
		struct vfio_pci_msi_message msg = message_of(self->fd, MSIX, v);

		bar_write32(self->fd, 0, MSIX_REG_HW_INDEX, v);
		EXPECT_EQ((u32)msg.address,
			  bar_read32(self->fd, 0, MSIX_REG_HW_ADDR_LO));
		EXPECT_EQ(msg.address >> 32,
			  bar_read32(self->fd, 0, MSIX_REG_HW_ADDR_HI));
		EXPECT_EQ(msg.data, bar_read32(self->fd, 0, MSIX_REG_HW_DATA));
		EXPECT_EQ(0, bar_read32(self->fd, 0, MSIX_REG_HW_CTRL) & 1);
	}
}

TEST_F(msix_device, every_vector_arrives)
{
	for (int v = 0; v < MSIX_VECTORS_DEFAULT; v++) {
		bar_write32(self->fd, 0, MSIX_REG_RAISE, v);
		EXPECT_TRUE(eventfd_wait(self->triggers[v]));
		for (int i = 0; i < MSIX_VECTORS_DEFAULT; i++)
			EXPECT_EQ(i == v, eventfd_take(self->triggers[i]));
	}
	EXPECT_EQ(0, bar_read32(self->fd, 0, MSIX_REG_FAILED));
	EXPECT_EQ(0, bar_read32(self->fd, 0, MSIX_REG_DROPPED));
}

static void expect_pending(struct __test_metadata *_metadata, int fd,
			   int vector)
{
	for (int v = 0; v < MSIX_VECTORS_DEFAULT; v++) {
		EXPECT_EQ(v == vector ? PENDING : 0,
			  message_of(fd, MSIX, v).flags & PENDING);
	}
	EXPECT_EQ(vector >= 0, bar_read32(fd, 0, MSIX_REG_PENDING));
}

TEST_F(msix_device, pending_while_masked)
{
	const int v = 5;

	expect_pending(_metadata, self->fd, -1);
	set_mask_bit(&self->msix, v, true);
	bar_write32(self->fd, 0, MSIX_REG_RAISE, v);
	expect_pending(_metadata, self->fd, v);
	EXPECT_EQ(0, eventfd_take(self->triggers[v]));

	set_mask_bit(&self->msix, v, false);
	EXPECT_TRUE(eventfd_wait(self->triggers[v]));
	EXPECT_EQ(1, eventfd_take(self->triggers[v]));
	expect_pending(_metadata, self->fd, -1);
}

TEST_F(msix_device, pending_while_the_function_is_masked)
{
	const int v = MSIX_VECTORS_DEFAULT - 1;

	set_function_mask(self->s->bdf, self->msix.cap, true);
	bar_write32(self->fd, 0, MSIX_REG_RAISE, v);
	expect_pending(_metadata, self->fd, v);
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | PENDING,
		  message_of(self->fd, MSIX, v).flags);

	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSIX, v).flags);
	command_set(self->fd, PCI_COMMAND_MEMORY);

	set_function_mask(self->s->bdf, self->msix.cap, false);
	EXPECT_TRUE(eventfd_wait(self->triggers[v]));
	EXPECT_EQ(1, eventfd_take(self->triggers[v]));
	expect_pending(_metadata, self->fd, -1);
}

static void expect_all(struct __test_metadata *_metadata, int fd, u32 flags)
{
	for (int v = 0; v < MSIX_VECTORS_DEFAULT; v++) {
		EXPECT_EQ(flags, message_of(fd, MSIX, v).flags)
			TH_LOG("vector %d has other flags", v);
	}
}

/*
 * The device has disabled MSI-X by itself. SET_IRQS writes the messages again, which does
 * not enable MSI-X; only the flag DISABLED shows that.
 */
TEST_F(msix_device, disabled_by_device)
{
	const char *path = debugfs_path(self->s->bdf, "vectors");

	EXPECT_FALSE(file_has(path, "disabled"));

	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_MSIX);
	expect_all(_metadata, self->fd,
		   ALLOCATED | TRIGGER | MASKED | STALE | DISABLED);
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, MSIX_VECTORS_DEFAULT,
				  self->triggers));
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER | DISABLED);
	EXPECT_TRUE(file_has(path, " trigger,disabled\n"));
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 3);
	EXPECT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_DROPPED));

	ASSERT_EQ(0, disable_irqs(self->fd, MSIX));
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, MSIX_VECTORS_DEFAULT,
				  self->triggers));
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER);
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 3);
	EXPECT_TRUE(eventfd_wait(self->triggers[3]));
}

/* A reset of the whole function. Config space can be read with memory decoding off. */
TEST_F(msix_device, disabled_by_function_reset)
{
	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_FUNCTION);
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER | DISABLED);
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER | DISABLED);
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	expect_all(_metadata, self->fd,
		   ALLOCATED | TRIGGER | MASKED | STALE | DISABLED);
}

/*
 * The capability is not read in D3hot. When the device wakes up, the kernel restores
 * what it has lost.
 */
TEST_F(msix_device, disabled_in_d3hot)
{
	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_MSIX);
	power_state_set(self->s, 3);
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER);
	power_state_set(self->s, 0);
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER);
}

/* A device that is gone reads as all ones, which are not taken for flags. */
TEST_F(msix_device, disabled_unknown_when_gone)
{
	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_MSIX);
	bar_write32(self->fd, 0, MSIX_REG_LOSE, 0);
	expect_all(_metadata, self->fd, ALLOCATED | TRIGGER);
	bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
}

/* A device whose PBA lies in its table: reads of the PBA return the table. */
FIXTURE(overlap) {
	struct session *s;
	int fd;
	int trigger;
};

FIXTURE_VARIANT(overlap) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(overlap, msix_overlap);

#define OVERLAP_VECTORS	32

FIXTURE_SETUP(overlap)
{
	int triggers[OVERLAP_VECTORS];

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	for (int v = 0; v < OVERLAP_VECTORS; v++)
		triggers[v] = self->trigger;
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, OVERLAP_VECTORS, triggers));
}

FIXTURE_TEARDOWN(overlap)
{
	close(self->trigger);
	session_close(self->s);
}

static int set_masks(int fd, u32 action, u32 start, u32 count)
{
	return set_irqs(fd, VFIO_IRQ_SET_DATA_NONE | action, MSIX, start, count,
			NULL, 0);
}

TEST_F(overlap, pending_bits_unknown)
{
	const int raised = 5;

	for (int v = 0; v < OVERLAP_VECTORS; v++) {
		EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSIX, v).flags)
			TH_LOG("vector %d has other flags", v);
	}

	ASSERT_EQ(0, set_masks(self->fd, VFIO_IRQ_SET_ACTION_MASK, 0,
			       OVERLAP_VECTORS));
	bar_write32(self->fd, 0, MSIX_REG_RAISE, raised);
	ASSERT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_PENDING));
	for (int v = 0; v < OVERLAP_VECTORS; v++) {
		EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
			  message_of(self->fd, MSIX, v).flags)
			TH_LOG("vector %d has other flags", v);
	}
	ASSERT_EQ(0, set_masks(self->fd, VFIO_IRQ_SET_ACTION_UNMASK, 0,
			       OVERLAP_VECTORS));
	EXPECT_TRUE(eventfd_wait(self->trigger));
	EXPECT_EQ(1, eventfd_take(self->trigger));
}

/*
 * The first and the last bit of dwords of the PBA. The last entry is replaced by the last
 * vector.
 */
#define EDGES	{ 64, 63, 32, 31, 0, -1 }
#define NR_EDGES	6

FIXTURE(msix_many) {
	struct session *s;
	int fd;
	struct hw_msix msix;
	int trigger;
	int edges[NR_EDGES];
};

FIXTURE_VARIANT(msix_many) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(msix_many, msix_2048);

/* The last vector that the host can allocate: AMD's IOMMU has fewer than 2048. */
static int last_vector(int fd, int trigger)
{
	int count = irq_count(fd, MSIX), ret;

	ret = set_triggers(fd, MSIX, count - 1, 1, &trigger);
	if (!ret)
		VFIO_ASSERT_EQ(disable_irqs(fd, MSIX), 0);
	VFIO_ASSERT_GE(ret, 0);

	return (ret ?: count) - 1;
}

FIXTURE_SETUP(msix_many)
{
	self->s = session_open_table_map(variant->device, variant->mode, "rw");
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	hw_msix_map(&self->msix, self->s->bdf, self->fd);
	self->trigger = eventfd_new();
	memcpy(self->edges, (int[])EDGES, sizeof(self->edges));
	self->edges[NR_EDGES - 1] = last_vector(self->fd, self->trigger);
	ASSERT_LT(self->edges[0], self->edges[NR_EDGES - 1]);
}

FIXTURE_TEARDOWN(msix_many)
{
	close(self->trigger);
	hw_msix_unmap(&self->msix);
	session_close(self->s);
}

static bool is_edge(const int *edges, int vector)
{
	for (int i = 0; i < NR_EDGES; i++)
		if (edges[i] == vector)
			return true;

	return false;
}

/* One call shows exactly the raised vectors as pending. */
static void expect_raised(struct __test_metadata *_metadata, int fd,
			  const int *edges, int start, int count)
{
	struct vfio_pci_msi_message *msg = calloc_assert(count, sizeof(*msg));

	ASSERT_EQ(0, messages_get(fd, MSIX, start, count, msg, NULL));
	for (int i = 0; i < count; i++) {
		EXPECT_EQ(is_edge(edges, start + i), !!(msg[i].flags & PENDING))
			TH_LOG("vector %d, read with %d vectors from %d on",
			       start + i, count, start);
	}
	free(msg);
}

/* The last vector is attached first, which allocates all others. */
TEST_F(msix_many, pending_bits_in_one_call)
{
	for (int i = NR_EDGES; i--;) {
		int v = self->edges[i];

		ASSERT_EQ(0, set_triggers(self->fd, MSIX, v, 1, &self->trigger));
		set_mask_bit(&self->msix, v, true);
		bar_write32(self->fd, 0, MSIX_REG_RAISE, v);
	}
	expect_raised(_metadata, self->fd, self->edges, 0, 2048);
	expect_raised(_metadata, self->fd, self->edges, 17, 100);
	expect_raised(_metadata, self->fd, self->edges, 33, 31);
	expect_raised(_metadata, self->fd, self->edges, 63, 2);
}

TEST_F(msix_many, pending_bits)
{
	for (int i = NR_EDGES; i--;) {
		int v = self->edges[i], trigger = self->trigger;

		ASSERT_EQ(0, set_triggers(self->fd, MSIX, v, 1, &trigger));
		set_mask_bit(&self->msix, v, true);
		bar_write32(self->fd, 0, MSIX_REG_RAISE, v);
		EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | PENDING,
			  message_of(self->fd, MSIX, v).flags)
			TH_LOG("vector %d has other flags", v);
		set_mask_bit(&self->msix, v, false);
		EXPECT_TRUE(eventfd_wait(trigger));
		EXPECT_EQ(1, eventfd_take(trigger));
		EXPECT_EQ(ALLOCATED | TRIGGER,
			  message_of(self->fd, MSIX, v).flags);
	}
}

/* An MSI capability with mask bits, which the user can write in config space. */
FIXTURE(msi_flags) {
	struct session *s;
	int fd;
	int trigger;
	struct hw_msi msi;
};

FIXTURE_VARIANT(msi_flags) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(msi_flags, igb);

FIXTURE_SETUP(msi_flags)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->trigger = eventfd_new();
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, 1, &self->trigger));
	hw_msi_find(&self->msi, self->s->bdf);
	ASSERT_NE(0, self->msi.mask);
}

FIXTURE_TEARDOWN(msi_flags)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(msi_flags, masked)
{
	u32 mask = 1;

	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSI, 0).flags);
	ASSERT_EQ(4, config_write(self->fd, self->msi.mask, &mask, 4));
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
		  message_of(self->fd, MSI, 0).flags);

	/* Config space can be read with memory decoding off, too. */
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED,
		  message_of(self->fd, MSI, 0).flags);
	mask = 0;
	ASSERT_EQ(4, config_write(self->fd, self->msi.mask, &mask, 4));
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSI, 0).flags);
}

TEST_F(msi_flags, stale)
{
	u16 data = hw_config_read16(self->s->bdf, self->msi.data);
	struct vfio_pci_msi_message before = message_of(self->fd, MSI, 0), now;

	hw_config_write16(self->s->bdf, self->msi.data, data ^ 0x10);
	now = message_of(self->fd, MSI, 0);
	EXPECT_EQ(ALLOCATED | TRIGGER | STALE, now.flags);
	EXPECT_EQ(before.address, now.address);
	EXPECT_EQ(before.data, now.data);

	hw_config_write16(self->s->bdf, self->msi.data, data);
	EXPECT_EQ(ALLOCATED | TRIGGER, message_of(self->fd, MSI, 0).flags);
}

/*
 * What MSI_MESSAGES is for: a message that it returned, written into a slot of an
 * embedded interrupt controller, raises the vector that it belongs to.
 */
FIXTURE(slots) {
	struct session *s;
	int fd;
	int count;
	int triggers[ATH11K_SLOTS];
};

FIXTURE_VARIANT(slots) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(slots, ath11k_noid);

FIXTURE_SETUP(slots)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->count = lab_remap() ? ATH11K_SLOTS : 1;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < ATH11K_SLOTS; i++)
		self->triggers[i] = eventfd_new();
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, self->count,
				  self->triggers));
}

FIXTURE_TEARDOWN(slots)
{
	for (int i = 0; i < ATH11K_SLOTS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

TEST_F(slots, raise_their_vectors)
{
	static const u32 offsets[] = ATH11K_SLOT_OFFSETS;

	for (int slot = 0; slot < ATH11K_SLOTS; slot++) {
		int v = slot % self->count;
		struct vfio_pci_msi_message msg = message_of(self->fd, MSI, v);

		bar_write32(self->fd, 0, offsets[slot] + ATH11K_SLOT_ADDR_LO,
			    msg.address);
		bar_write32(self->fd, 0, offsets[slot] + ATH11K_SLOT_ADDR_HI,
			    ATH11K_SLOT_ENABLE | msg.address >> 32);
		bar_write32(self->fd, 0, offsets[slot] + ATH11K_SLOT_DATA,
			    msg.data);
		bar_write32(self->fd, 0, ATH11K_DOORBELL(slot), 1);

		EXPECT_TRUE(eventfd_wait(self->triggers[v]));
		for (int i = 0; i < self->count; i++)
			EXPECT_EQ(i == v, eventfd_take(self->triggers[i]));
	}
	EXPECT_EQ(ATH11K_SLOTS, bar_read32(self->fd, 0, ATH11K_SENT));
	EXPECT_EQ(0, bar_read32(self->fd, 0, ATH11K_FAILED));
	EXPECT_EQ(0, bar_read32(self->fd, 0, ATH11K_DROPPED));
}

/* What the guest writes to its virtual capability is no host message. */
TEST_F(slots, guest_message_makes_no_difference)
{
	struct vfio_pci_msi_message before = message_of(self->fd, MSI, 0), now;
	u32 address = 0xfee12340;
	u16 data = 0x4321;

	ASSERT_EQ(4, config_write(self->fd,
				  ATH11K_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				  &address, sizeof(address)));
	ASSERT_EQ(2, config_write(self->fd,
				  ATH11K_MSI_OFFSET + PCI_MSI_DATA_32,
				  &data, sizeof(data)));
	now = message_of(self->fd, MSI, 0);
	EXPECT_EQ(0, memcmp(&before, &now, sizeof(now)));
}

static void expect_flags(struct __test_metadata *_metadata, int fd, int count,
			 u32 flags)
{
	for (int v = 0; v < count; v++) {
		EXPECT_EQ(flags, message_of(fd, MSI, v).flags)
			TH_LOG("vector %d has other flags", v);
	}
}

TEST_F(slots, disabled_by_device)
{
	bar_write32(self->fd, 0, ATH11K_RESET, ATH11K_RESET_MSI);
	expect_flags(_metadata, self->fd, self->count,
		     ALLOCATED | TRIGGER | STALE | DISABLED);
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, self->count,
				  self->triggers));
	expect_flags(_metadata, self->fd, self->count,
		     ALLOCATED | TRIGGER | DISABLED);
	bar_write32(self->fd, 0, ATH11K_RAISE, 0);
	EXPECT_EQ(1, bar_read32(self->fd, 0, ATH11K_DROPPED));

	ASSERT_EQ(0, disable_irqs(self->fd, MSI));
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, self->count,
				  self->triggers));
	expect_flags(_metadata, self->fd, self->count, ALLOCATED | TRIGGER);
	bar_write32(self->fd, 0, ATH11K_RAISE, 0);
	EXPECT_TRUE(eventfd_wait(self->triggers[0]));
}

/* The core writes the user's enable bit of MSI to the hardware. */
TEST_F(slots, disabled_by_user)
{
	const unsigned int control = ATH11K_MSI_OFFSET + PCI_MSI_FLAGS;

	config_write16(self->fd, control, 0);
	expect_flags(_metadata, self->fd, self->count,
		     ALLOCATED | TRIGGER | DISABLED);
	config_write16(self->fd, control, PCI_MSI_FLAGS_ENABLE);
	expect_flags(_metadata, self->fd, self->count, ALLOCATED | TRIGGER);
}

TEST_F(slots, standard_interrupt)
{
	for (int v = 0; v < self->count; v++) {
		bar_write32(self->fd, 0, ATH11K_RAISE, v);
		EXPECT_TRUE(eventfd_wait(self->triggers[v]));
		for (int i = 0; i < self->count; i++)
			EXPECT_EQ(i == v, eventfd_take(self->triggers[i]));
	}
}

LAB_MAIN
