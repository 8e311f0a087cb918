// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dummy target (MSIX_DUMMY): what it does to the device, when it is refused, and what
 * it refuses while it is on.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "dummy.h"
#include "hardware.h"
#include "messages.h"
#include "msix.h"
#include "variants.h"

#define PROBE	VFIO_DEVICE_FEATURE_PROBE
#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define FEATURE	VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY

#define VECTORS	MSIX_VECTORS_DEFAULT

/* Longer than any emulated device needs on any machine. */
#define WAIT_MS	10000

static const struct vfio_device_feature_pci_msix_dummy inactive;

static const u32 indexes[] = {
	VFIO_PCI_INTX_IRQ_INDEX,
	VFIO_PCI_MSI_IRQ_INDEX,
	VFIO_PCI_MSIX_IRQ_INDEX,
};

/* The msix model: its registers show what the device holds and has sent. */
FIXTURE(dummy) {
	struct session *s;
	int fd;
	int event;
	struct target target;
	u64 iova;
};

FIXTURE_VARIANT(dummy) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(dummy, msix);

FIXTURE_SETUP(dummy)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->event = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, novirt_set(self->fd));
	target_map(self->s, &self->target);
	self->iova = self->target.iova;
}

FIXTURE_TEARDOWN(dummy)
{
	close(self->event);
	session_close(self->s);
	target_free(&self->target);
}

/* The call fails with this errno (0: it succeeds), and changes nothing. */
#define EXPECT_REFUSED_ON(_session, _errno, _call) do {			\
	struct dummy_state _before, _after;				\
									\
	dummy_get_state(_session, &_before);					\
	EXPECT_EQ(-(_errno), _call);					\
	dummy_get_state(_session, &_after);					\
	EXPECT_EQ(0, memcmp(&_before, &_after, sizeof(_before)));	\
} while (0)

#define EXPECT_REFUSED(_errno, _call)					\
	EXPECT_REFUSED_ON(self->s, _errno, _call)

TEST_F(dummy, probe)
{
	EXPECT_EQ(0, feature(self->fd, PROBE | FEATURE, NULL, 0));
	EXPECT_EQ(0, feature(self->fd, PROBE | GET | FEATURE, NULL, 0));
	EXPECT_EQ(0, feature(self->fd, PROBE | SET | FEATURE, NULL, 0));
	EXPECT_EQ(0, feature(self->fd, PROBE | GET | SET | FEATURE, NULL, 0));
}

TEST_F(dummy, size)
{
	struct vfio_device_feature_pci_msix_dummy dummy = {
		.flags = DUMMY_ENABLE,
		.iova = self->iova,
	};

	EXPECT_EQ(24, sizeof(dummy));
	EXPECT_REFUSED(EINVAL, feature(self->fd, SET | FEATURE, &dummy,
				       sizeof(dummy) - 1));
	EXPECT_REFUSED(EINVAL, feature(self->fd, GET | FEATURE, &dummy,
				       sizeof(dummy) - 1));
	EXPECT_REFUSED(EINVAL, feature(self->fd, GET | SET | FEATURE, &dummy,
				       sizeof(dummy)));
}

TEST_F(dummy, buffer)
{
	struct guarded buf;
	struct vfio_device_feature *head;

	guarded_alloc(&buf);
	head = (void *)(buf.end - sizeof(*head));
	head->argsz = sizeof(*head) + sizeof(inactive);
	head->flags = GET | FEATURE;
	EXPECT_REFUSED(EFAULT, feature_raw(self->fd, head));
	head->flags = SET | FEATURE;
	EXPECT_REFUSED(EFAULT, feature_raw(self->fd, head));
	guarded_free(&buf);
}

TEST_F(dummy, off_at_open)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	ASSERT_EQ(0, dummy_get(self->fd, &dummy));
	EXPECT_EQ(0, memcmp(&inactive, &dummy, sizeof(dummy)));
}

TEST_F(dummy, all_vectors)
{
	struct vfio_device_feature_pci_msix_dummy dummy;
	unsigned long long irqs = irqs_taken();

	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
	EXPECT_TRUE(dummy_in_place(self->s, 0, VECTORS, self->iova));
	for (u32 v = 0; v < VECTORS; v++)
		EXPECT_TRUE(hw_model_entry_is(self->fd, v, self->iova, v, 0));

	ASSERT_EQ(0, dummy_get(self->fd, &dummy));
	EXPECT_EQ(DUMMY_ENABLE, dummy.flags);
	EXPECT_EQ(0, dummy.start);
	EXPECT_EQ(VECTORS, dummy.count);
	EXPECT_EQ(0, dummy.__reserved);
	EXPECT_EQ(self->iova, dummy.iova);

	for (u32 v = 0; v < VECTORS; v++)
		EXPECT_TRUE(dummy_asserts(self->fd, &self->target, v));
	EXPECT_EQ(VECTORS, bar_read32(self->fd, 0, MSIX_REG_SENT));
	EXPECT_EQ(0, bar_read32(self->fd, 0, MSIX_REG_FAILED));
	EXPECT_EQ(0, vfio_irqs());
	EXPECT_EQ(irqs, irqs_taken());
}

TEST_F(dummy, some_vectors)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	ASSERT_EQ(0, dummy_on(self->fd, 5, 3, self->iova));
	EXPECT_TRUE(dummy_in_place(self->s, 5, 3, self->iova));
	for (u32 v = 0; v < VECTORS; v++) {
		if (v >= 5 && v < 8) {
			EXPECT_TRUE(dummy_asserts(self->fd, &self->target, v));
		} else {
			bar_write32(self->fd, 0, MSIX_REG_RAISE, v);
		}
	}
	EXPECT_EQ(3, bar_read32(self->fd, 0, MSIX_REG_SENT));
	EXPECT_EQ(VECTORS - 3, bar_read32(self->fd, 0, MSIX_REG_PENDING));
	ASSERT_EQ(0, dummy_get(self->fd, &dummy));
	EXPECT_EQ(5, dummy.start);
	EXPECT_EQ(3, dummy.count);
	ASSERT_EQ(0, dummy_off(self->fd));

	/* A count of 0: from the first vector to the last. */
	ASSERT_EQ(0, dummy_on(self->fd, VECTORS - 2, 0, self->iova));
	EXPECT_TRUE(dummy_in_place(self->s, VECTORS - 2, 2, self->iova));
	ASSERT_EQ(0, dummy_get(self->fd, &dummy));
	EXPECT_EQ(2, dummy.count);
}

/* The table was written before, by the kernel and through a mapping. */
TEST_F(dummy, table_written_before)
{
	int events[VECTORS];
	struct hw_msix msix;

	for (u32 v = 0; v < VECTORS; v++)
		events[v] = self->event;
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, VECTORS,
				  events));
	ASSERT_EQ(0, disable_irqs(self->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	if (lab_remap()) {
		hw_msix_map(&msix, self->s->bdf, self->fd);
		hw_msix_entry(&msix, 2)[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = 0;
		hw_msix_unmap(&msix);
	}

	ASSERT_EQ(0, dummy_on(self->fd, 4, 4, self->iova));
	EXPECT_TRUE(dummy_in_place(self->s, 4, 4, self->iova));
}

/*
 * The device sends nothing while the target is turned on, even if a pending vector's entry
 * was left unmasked.
 */
TEST_F(dummy, turning_on_sends_nothing)
{
	volatile u32 *other = self->target.word + 1;
	struct hw_msix msix;

	if (!lab_remap())
		SKIP(return, "the table cannot be mapped for writing");

	ASSERT_EQ(0, dummy_on(self->fd, 0, 1, self->iova));
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 2);
	ASSERT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_PENDING));
	ASSERT_EQ(0, dummy_off(self->fd));

	hw_msix_map(&msix, self->s->bdf, self->fd);
	hw_msix_entry(&msix, 2)[PCI_MSIX_ENTRY_LOWER_ADDR / 4] =
		(u32)(self->iova + 4);
	hw_msix_entry(&msix, 2)[PCI_MSIX_ENTRY_UPPER_ADDR / 4] =
		self->iova >> 32;
	hw_msix_entry(&msix, 2)[PCI_MSIX_ENTRY_DATA / 4] = 0x4711;
	hw_msix_entry(&msix, 2)[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = 0;
	hw_msix_unmap(&msix);

	ASSERT_EQ(0, dummy_on(self->fd, 4, 1, self->iova));
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, 4));
	EXPECT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_SENT));
	EXPECT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_PENDING));
	EXPECT_EQ(~0U, *other);
}

TEST_F(dummy, turned_off)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	ASSERT_EQ(0, dummy_on(self->fd, 3, 7, self->iova));
	ASSERT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(dummy_gone(self->s, 3, 7));
	ASSERT_EQ(0, dummy_get(self->fd, &dummy));
	EXPECT_EQ(0, memcmp(&inactive, &dummy, sizeof(dummy)));
	*self->target.word = ~0;
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 3);
	EXPECT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_DROPPED));
	EXPECT_EQ(~0U, *self->target.word);

	/* Turning it off twice changes nothing, and it can be turned on again. */
	EXPECT_REFUSED(0, dummy_off(self->fd));
	ASSERT_EQ(0, dummy_on(self->fd, 0, 1, self->iova));
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, 0));
}

TEST_F(dummy, messages)
{
	static const struct vfio_pci_msi_message none;
	struct vfio_pci_msi_message msg[VECTORS];
	u64 before, on, off;

	before = generation_of(self->fd);
	ASSERT_EQ(0, dummy_on(self->fd, 1, 2, self->iova));
	ASSERT_EQ(0, messages_get(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, VECTORS,
				  msg, &on));
	EXPECT_LT(before, on);
	for (u32 v = 0; v < VECTORS; v++) {
		if (v != 1 && v != 2) {
			EXPECT_EQ(0, memcmp(&none, &msg[v], sizeof(none)));
			continue;
		}
		EXPECT_EQ(self->iova, msg[v].address);
		EXPECT_EQ(v, msg[v].data);
		EXPECT_EQ(DUMMY, msg[v].flags);
	}
	/* MSI_MESSAGES changes nothing. */
	EXPECT_EQ(on, generation_of(self->fd));

	ASSERT_EQ(0, dummy_off(self->fd));
	ASSERT_EQ(0, messages_get(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, VECTORS,
				  msg, &off));
	EXPECT_LT(on, off);
	for (u32 v = 0; v < VECTORS; v++)
		EXPECT_EQ(0, memcmp(&none, &msg[v], sizeof(none)));
}

/* The user may write the table through a mapping; MSI_MESSAGES shows what differs. */
TEST_F(dummy, table_written_by_user)
{
	struct hw_msix msix;

	if (!lab_remap())
		SKIP(return, "the table cannot be mapped for writing");

	ASSERT_EQ(0, dummy_on(self->fd, 0, 4, self->iova));
	hw_msix_map(&msix, self->s->bdf, self->fd);
	hw_msix_entry(&msix, 1)[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = 1;
	hw_msix_entry(&msix, 2)[PCI_MSIX_ENTRY_DATA / 4] = 0x4711;
	EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0).flags);
	EXPECT_EQ(DUMMY | MASKED,
		  message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 1).flags);
	EXPECT_EQ(DUMMY | STALE,
		  message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 2).flags);
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 1);
	EXPECT_EQ(DUMMY | MASKED | PENDING,
		  message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 1).flags);
	hw_msix_unmap(&msix);
	ASSERT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(dummy_gone(self->s, 0, 4));
}

/*
 * The device resets MSI-X by itself: DISABLED shows that, and turning the target off and on
 * brings it back.
 */
TEST_F(dummy, disabled_by_device)
{
	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_MSIX);
	EXPECT_EQ(DUMMY | MASKED | STALE | DISABLED,
		  message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 1).flags);
	ASSERT_EQ(0, dummy_off(self->fd));
	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
	EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 1).flags);
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, 1));
}

TEST_F(dummy, debugfs)
{
	const char *path = debugfs_path(self->s->bdf, "vectors");
	char line[64];

	ASSERT_EQ(0, dummy_on(self->fd, 2, 1, self->iova));
	snprintf(line, sizeof(line), "\n2 0 0x%llx 0x2 dummy\n",
		 (unsigned long long)self->iova);
	EXPECT_TRUE(file_has(path, "index msix"));
	EXPECT_TRUE(file_has(path, line));
	EXPECT_FALSE(file_has(path, "\n3 "));
	ASSERT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(file_has(path, "index none"));
	EXPECT_FALSE(file_has(path, "dummy"));
}

/* Does the command print a line with exactly these words, however they are spaced? */
static bool command_says(const char *command, const char *words)
{
	FILE *pipe = popen(command, "r");
	char line[256], packed[256];
	bool found = false;
	char *word;

	VFIO_ASSERT_NOT_NULL(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		packed[0] = 0;
		for (word = strtok(line, "\n "); word; word = strtok(NULL, "\n ")) {
			if (packed[0])
				strcat(packed, " ");
			strcat(packed, word);
		}
		found |= !strcmp(packed, words);
	}
	pclose(pipe);

	return found;
}

/* vfio-msi shows no Linux interrupt and no CPU for a vector with the dummy target. */
TEST_F(dummy, command)
{
	char command[64], line[64];

	snprintf(command, sizeof(command), "vfio-msi vectors %s", self->s->bdf);
	snprintf(line, sizeof(line), "2 - - - 0 0x%llx 0x0002 dummy",
		 (unsigned long long)self->iova);
	ASSERT_EQ(0, dummy_on(self->fd, 2, 1, self->iova));
	EXPECT_TRUE(command_says(command, line))
		TH_LOG("'%s' does not print: %s", command, line);
}

TEST_F(dummy, tracepoint)
{
	const char *enable =
		"/sys/kernel/tracing/events/msi_vfio_pci/msi_vfio_pci_dummy/enable";
	const char *trace = "/sys/kernel/tracing/trace";
	char line[64];

	snprintf(line, sizeof(line), "iova 0x%llx start 2 count 3 on",
		 (unsigned long long)self->iova);
	ASSERT_EQ(0, file_write(enable, "1"));
	ASSERT_EQ(0, file_write(trace, ""));
	ASSERT_EQ(0, dummy_on(self->fd, 2, 3, self->iova));
	EXPECT_TRUE(file_has(trace, line))
		TH_LOG("the trace does not have: %s", line);
	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
	EXPECT_TRUE(file_has(trace, "start 2 count 3 restored"));
	ASSERT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(file_has(trace, "start 2 count 3 off"));
	file_write(enable, "0");
}

static int set(int fd, u32 flags, u32 start, u32 count, u32 reserved, u64 iova)
{
	return dummy_set(fd, &(struct vfio_device_feature_pci_msix_dummy) {
		.flags = flags,
		.start = start,
		.count = count,
		.__reserved = reserved,
		.iova = iova,
	});
}

#define EXPECT_INVALID(_call)	EXPECT_REFUSED_ON(s, EINVAL, _call)

static void expect_invalid(struct __test_metadata *_metadata,
			   struct session *s, u64 iova)
{
	int fd = s->fd;

	for (u32 flag = 2; flag; flag <<= 1) {
		EXPECT_EQ(-EINVAL, set(fd, DUMMY_ENABLE | flag, 0, 0, 0, iova));
		EXPECT_EQ(-EINVAL, set(fd, flag, 0, 0, 0, 0));
	}
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, 0, 0, 1, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, 0, 0, 1U << 31, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, VECTORS, 0, 0, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, ~0, 0, 0, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, 0, VECTORS + 1, 0, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, 1, VECTORS, 0, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, 1, ~0, 0, iova));
	EXPECT_INVALID(set(fd, DUMMY_ENABLE, VECTORS, 1, 0, iova));
	for (int i = 1; i < 4; i++)
		EXPECT_INVALID(set(fd, DUMMY_ENABLE, 0, 0, 0, iova + i));
	/* To turn it off, all fields have to be 0. */
	EXPECT_INVALID(set(fd, 0, 1, 0, 0, 0));
	EXPECT_INVALID(set(fd, 0, 0, 1, 0, 0));
	EXPECT_INVALID(set(fd, 0, 0, 0, 1, 0));
	EXPECT_INVALID(set(fd, 0, 0, 0, 0, iova));
}

TEST_F(dummy, invalid)
{
	expect_invalid(_metadata, self->s, self->iova);
}

/* EINVAL comes before EALREADY. */
TEST_F(dummy, invalid_while_on)
{
	ASSERT_EQ(0, dummy_on(self->fd, 1, 2, self->iova));
	expect_invalid(_metadata, self->s, self->iova);
}

TEST_F(dummy, already_on)
{
	ASSERT_EQ(0, dummy_on(self->fd, 1, 2, self->iova));
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 1, 2, self->iova));
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 0, 0, self->iova + 4));
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 0, 0, 0xfee00000));
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 0, 0, 0x5000));
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 1, 2, self->iova));
}

TEST_F(dummy, msix_in_use)
{
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  &self->event));
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 0, 0, self->iova));
	/* The target is not on, so turning it off changes nothing. */
	EXPECT_REFUSED(0, dummy_off(self->fd));
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 0);
	EXPECT_TRUE(eventfd_wait(self->event));
	ASSERT_EQ(0, disable_irqs(self->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

/* MSI-X was enabled through sysfs, which the kernel has not noticed. */
TEST_F(dummy, msix_enabled_in_hardware)
{
	int cap = hw_capability(self->s->bdf, PCI_CAP_ID_MSIX);
	u16 control = msix_control(self->s->bdf);

	hw_config_write16(self->s->bdf, cap + PCI_MSIX_FLAGS,
			  control | PCI_MSIX_FLAGS_ENABLE);
	EXPECT_REFUSED(EALREADY, dummy_on(self->fd, 0, 0, self->iova));
	hw_config_write16(self->s->bdf, cap + PCI_MSIX_FLAGS, control);
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

TEST_F(dummy, memory_off)
{
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_REFUSED(ENXIO, dummy_on(self->fd, 0, 0, self->iova));
	/* ENXIO comes before the errors that concern the target's address. */
	EXPECT_REFUSED(ENXIO, dummy_on(self->fd, 0, 0, 0xfee00000));
	EXPECT_REFUSED(ENXIO, dummy_on(self->fd, 0, 0, 0x5000));
	command_set(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

/* Memory decoding was turned off through sysfs, not by the user. */
TEST_F(dummy, memory_off_in_hardware)
{
	u16 command = hw_config_read16(self->s->bdf, PCI_COMMAND);

	hw_config_write16(self->s->bdf, PCI_COMMAND,
			  command & ~PCI_COMMAND_MEMORY);
	EXPECT_EQ(-ENXIO, dummy_on(self->fd, 0, 0, self->iova));
	EXPECT_EQ(0, msix_control(self->s->bdf) & PCI_MSIX_FLAGS_ENABLE);
	hw_config_write16(self->s->bdf, PCI_COMMAND, command);
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

TEST_F(dummy, in_d3hot)
{
	power_state_set(self->s, 3);
	EXPECT_REFUSED(ENXIO, dummy_on(self->fd, 0, 0, self->iova));
	EXPECT_REFUSED(0, dummy_off(self->fd));
	power_state_set(self->s, 0);
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
	power_state_set(self->s, 3);
	EXPECT_REFUSED(ENXIO, dummy_off(self->fd));
	power_state_set(self->s, 0);
	EXPECT_TRUE(dummy_in_place(self->s, 0, VECTORS, self->iova));
	EXPECT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(dummy_gone(self->s, 0, VECTORS));
}

/* The kernel turns memory decoding on only for the moment that turning it off takes. */
TEST_F(dummy, off_with_memory_off)
{
	ASSERT_EQ(0, dummy_on(self->fd, 2, 3, self->iova));
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0, dummy_off(self->fd));
	EXPECT_EQ(0, hw_config_read16(self->s->bdf, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	EXPECT_EQ(0, msix_control(self->s->bdf) & PCI_MSIX_FLAGS_ENABLE);
	command_set(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(dummy_gone(self->s, 2, 3));
}

/*
 * From the first to the last IOVA that the IOMMU translates: Intel's have 48 bits, AMD's up
 * to 64.
 */
static struct iommu_iova_range translated(struct session *s)
{
	struct iommu_iova_range *ranges, all = { .start = ~0ULL };
	u32 count;

	ranges = iommu_iova_ranges(s->iommu, &count);
	for (u32 i = 0; i < count; i++) {
		if (ranges[i].start < all.start)
			all.start = ranges[i].start;
		if (ranges[i].last > all.last)
			all.last = ranges[i].last;
	}
	free(ranges);

	return all;
}

TEST_F(dummy, first_and_last_address)
{
	struct iommu_iova_range all = translated(self->s);
	u64 addresses[] = { all.start, all.last & ~3ULL };

	for (int i = 0; i < ARRAY_SIZE(addresses); i++) {
		EXPECT_EQ(0, dummy_on(self->fd, 0, 1, addresses[i]))
			TH_LOG("0x%llx is refused", (unsigned long long)addresses[i]);
		EXPECT_TRUE(dummy_in_place(self->s, 0, 1, addresses[i]));
		ASSERT_EQ(0, dummy_off(self->fd));
	}
	if (all.last != ~0ULL)
		EXPECT_REFUSED(EADDRNOTAVAIL, dummy_on(self->fd, 0, 1, all.last + 1));
}

/* All other errors come before EIO. */
TEST_F(dummy, device_does_not_respond)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	bar_write32(self->fd, 0, MSIX_REG_LOSE, 0);
	EXPECT_EQ(-EINVAL, dummy_on(self->fd, 0, 0, self->iova + 1));
	EXPECT_EQ(-EPERM, dummy_on(self->fd, 0, 0, 0xfee00000));
	if (translated(self->s).last < ~3ULL)
		EXPECT_EQ(-EADDRNOTAVAIL, dummy_on(self->fd, 0, 0, ~3ULL));
	EXPECT_EQ(-EIO, dummy_on(self->fd, 0, 0, self->iova));
	ASSERT_EQ(0, dummy_get(self->fd, &dummy));
	EXPECT_EQ(0, memcmp(&inactive, &dummy, sizeof(dummy)));
	bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
	EXPECT_TRUE(dummy_gone(self->s, 0, VECTORS));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

/* The device stops responding during the request, after any of its reads. */
TEST_F(dummy, device_stops_responding)
{
	int ret = -EIO;
	u32 reads;

	for (reads = 0; reads < 1000 && ret; reads++) {
		bar_write32(self->fd, 0, MSIX_REG_LOSE, reads);
		ret = dummy_on(self->fd, 0, 0, self->iova);
		bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
		if (!ret)
			break;
		EXPECT_EQ(-EIO, ret)
			TH_LOG("the device responds to %u reads: the call returns %d",
			       reads, ret);
		EXPECT_EQ(0, msix_control(self->s->bdf) &
			     (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL))
			TH_LOG("the device responds to %u reads: MSI-X stays on", reads);
	}
	/* The request reads at least once from each entry. */
	EXPECT_LT(VECTORS, reads);
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(dummy_in_place(self->s, 0, VECTORS, self->iova));
	ASSERT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(dummy_gone(self->s, 0, VECTORS));
}

/*
 * One read of the request is not answered, as when a reset ends meanwhile. The request
 * fails, or what it stores is not made up of ones.
 */
TEST_F(dummy, device_responds_but_once)
{
	struct vfio_device_feature_pci_msix_dummy dummy;
	bool lost = true;
	int ret;

	for (u32 reads = 0; reads < 1000 && lost; reads++) {
		bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_ONE | reads);
		ret = dummy_on(self->fd, 0, 0, self->iova);
		lost = !bar_read32(self->fd, 0, MSIX_REG_LOSE);
		bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
		if (ret) {
			EXPECT_EQ(-EIO, ret);
			continue;
		}
		ASSERT_EQ(0, dummy_get(self->fd, &dummy));
		EXPECT_EQ(VECTORS, dummy.count)
			TH_LOG("%u reads were answered before", reads);
		EXPECT_TRUE(dummy_in_place(self->s, 0, VECTORS, self->iova));
		ASSERT_EQ(0, dummy_off(self->fd));
	}
	EXPECT_FALSE(lost);
	EXPECT_EQ(0, ret);
}

/*
 * Config space responds, the BARs do not. An entry that reads as all ones is not written,
 * as its real content is not known.
 */
TEST_F(dummy, bars_do_not_respond)
{
	struct hw_msix msix;

	if (!lab_remap())
		SKIP(return, "the table cannot be mapped for writing");

	hw_msix_map(&msix, self->s->bdf, self->fd);
	for (u32 v = 0; v < VECTORS; v++)
		hw_msix_entry(&msix, v)[PCI_MSIX_ENTRY_DATA / 4] = 0x4711 + v;
	hw_msix_unmap(&msix);

	bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_BARS);
	EXPECT_EQ(-EIO, dummy_on(self->fd, 0, 0, self->iova));
	bar_write32(self->fd, 0, MSIX_REG_LOSE, MSIX_LOSE_NONE);
	for (u32 v = 0; v < VECTORS; v++)
		EXPECT_TRUE(hw_model_entry_is(self->fd, v, 0, 0x4711 + v, 1));
	EXPECT_EQ(0, msix_control(self->s->bdf) &
		     (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

/* msi_bus in sysfs forbids MSI, for the device and, if there is a bridge, for its bus. */
TEST_F(dummy, msi_forbidden_by_kernel)
{
	static const char *const switches[] = { "msi_bus", "../msi_bus" };
	char path[PATH_MAX];

	for (int i = 0; i < ARRAY_SIZE(switches); i++) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s",
			 self->s->bdf, switches[i]);
		if (i && access(path, F_OK))
			continue;
		ASSERT_EQ(0, file_write(path, "0"));
		EXPECT_REFUSED(EPERM, dummy_on(self->fd, 0, 0, self->iova));
		EXPECT_REFUSED(EINVAL, dummy_on(self->fd, 0, 0, self->iova + 1));
		EXPECT_NE(0, set_triggers(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
					  &self->event));
		command_clear(self->fd, PCI_COMMAND_MEMORY);
		EXPECT_REFUSED(ENXIO, dummy_on(self->fd, 0, 0, self->iova));
		command_set(self->fd, PCI_COMMAND_MEMORY);
		ASSERT_EQ(0, file_write(path, "1"));
		EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
		EXPECT_EQ(0, dummy_off(self->fd));
	}
}

/* The first and the last dword of every range that the kernel lists as reserved. */
TEST_F(dummy, reserved_ranges)
{
	char path[PATH_MAX], text[4096], type[32], *line;
	unsigned long long start, end;
	unsigned int ranges = 0;
	int parts;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu_group/reserved_regions",
		 self->s->bdf);
	ASSERT_LT(0, file_read(path, text, sizeof(text)));
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		parts = sscanf(line, "%llx %llx %31s", &start, &end, type);
		ASSERT_EQ(3, parts);
		if (!strcmp(type, "direct-relaxable"))
			continue;
		EXPECT_REFUSED(EPERM, dummy_on(self->fd, 0, 0, start));
		EXPECT_REFUSED(EPERM, dummy_on(self->fd, 0, 0, end & ~3ULL));
		if (start) {
			EXPECT_EQ(0, dummy_on(self->fd, 0, 0, start - 4));
			EXPECT_EQ(0, dummy_off(self->fd));
		}
		EXPECT_EQ(0, dummy_on(self->fd, 0, 0, end + 1));
		EXPECT_EQ(0, dummy_off(self->fd));
		ranges++;
	}
	EXPECT_LT(0, ranges);
	/* x86's range of interrupt messages, which is always reserved. */
	EXPECT_REFUSED(EPERM, dummy_on(self->fd, 0, 0, 0xfee01004));
}

TEST_F(dummy, iova_not_translated)
{
	u64 last = translated(self->s).last;
	u64 page = getpagesize();
	u64 first = TARGET_IOVA;

	/* The target's IOVA with another bit set: nothing is mapped there. */
	for (int bit = 36; bit < 64; bit++) {
		u64 iova = self->iova | 1ULL << bit;

		if (iova > last) {
			EXPECT_REFUSED(EADDRNOTAVAIL,
				       dummy_on(self->fd, 0, 0, iova));
			continue;
		}
		EXPECT_EQ(0, dummy_on(self->fd, 0, 0, iova))
			TH_LOG("an IOVA with bit %d is refused", bit);
		EXPECT_EQ(0, dummy_off(self->fd));
	}
	if (last < ~3ULL)
		EXPECT_REFUSED(EADDRNOTAVAIL, dummy_on(self->fd, 0, 0, ~3ULL));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, last & ~3ULL));
	EXPECT_EQ(0, dummy_off(self->fd));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, first));
	EXPECT_EQ(0, dummy_off(self->fd));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, first + page - 4));
	EXPECT_EQ(0, dummy_off(self->fd));
}

/* Through the cdev the device can be detached from its IOMMU domain. */
TEST_F(dummy, no_iommu_domain)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = self->s->iommu->ioas_id,
	};

	if (self->s->iommu->mode->container_path)
		SKIP(return, "a device opened through its group cannot be detached");

	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach));
	EXPECT_REFUSED(EADDRNOTAVAIL, dummy_on(self->fd, 0, 0, self->iova));
	EXPECT_REFUSED(EPERM, dummy_on(self->fd, 0, 0, 0xfee00000));
	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
}

/* The user unmaps the target while it is on: the device's writes fail. */
TEST_F(dummy, target_unmapped_while_on)
{
	int tries = WAIT_MS;

	if (lab_fault_hangs())
		SKIP(return, "6.1 hangs when QEMU's AMD IOMMU logs a fault");

	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
	target_unmap(self->s, &self->target);
	EXPECT_TRUE(dummy_in_place(self->s, 0, VECTORS, self->iova));
	*self->target.word = ~0;
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 3);
	while (!bar_read32(self->fd, 0, MSIX_REG_FAILED) && --tries)
		usleep(1000);
	EXPECT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_FAILED));
	EXPECT_EQ(~0U, *self->target.word);
	EXPECT_EQ(0, dummy_off(self->fd));
}

/* The target stays on while the user turns memory decoding off and on. */
TEST_F(dummy, memory_off_and_on)
{
	struct dummy_state before, after;

	ASSERT_EQ(0, dummy_on(self->fd, 2, 5, self->iova));
	dummy_get_state(self->s, &before);
	command_clear(self->fd, PCI_COMMAND_MEMORY);
	EXPECT_EQ(DUMMY, message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 2).flags);
	command_set(self->fd, PCI_COMMAND_MEMORY);
	dummy_get_state(self->s, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, 4));
}

TEST_F(dummy, bus_master_off_and_on)
{
	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
	*self->target.word = ~0;
	command_clear(self->fd, PCI_COMMAND_MASTER);
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 3);
	EXPECT_EQ(1, bar_read32(self->fd, 0, MSIX_REG_DROPPED));
	EXPECT_EQ(~0U, *self->target.word);
	command_set(self->fd, PCI_COMMAND_MASTER);
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, 3));
}

/* SET_IRQS is refused for every index that interrupts, also to detach an eventfd. */
TEST_F(dummy, refuses_interrupts)
{
	int none = -1;

	ASSERT_EQ(0, dummy_on(self->fd, 0, 2, self->iova));
	for (int i = 0; i < ARRAY_SIZE(indexes); i++) {
		u32 index = indexes[i];

		if (!irq_count(self->fd, index))
			continue;
		EXPECT_REFUSED(EBUSY, set_triggers(self->fd, index, 0, 1,
						   &self->event));
		EXPECT_REFUSED(EBUSY, set_triggers(self->fd, index, 0, 1,
						   &none));
		/* As on any device whose index is not enabled. */
		EXPECT_REFUSED(EINVAL, set_irqs(self->fd,
						VFIO_IRQ_SET_DATA_NONE |
						VFIO_IRQ_SET_ACTION_TRIGGER,
						index, 0, 1, NULL, 0));
		EXPECT_EQ(-EINVAL, disable_irqs(self->fd, index));
		EXPECT_TRUE(dummy_in_place(self->s, 0, 2, self->iova));
	}
	EXPECT_EQ(0, set_triggers(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
				  &self->event));
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, 1));

	ASSERT_EQ(0, dummy_off(self->fd));
	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  &self->event));
	*self->target.word = ~0;
	bar_write32(self->fd, 0, MSIX_REG_RAISE, 0);
	EXPECT_TRUE(eventfd_wait(self->event));
	EXPECT_EQ(~0U, *self->target.word);
}

struct changing_request {
	int fd;
	int event;
	bool stop;
	struct {
		struct vfio_irq_set head;
		s32 eventfd;
	} set;
};

/* Change the request's index all the time, so that the kernel may read two values. */
static void *flip_index(void *arg)
{
	struct changing_request *request = arg;
	volatile u32 *index = &request->set.head.index;

	for (u32 i = 0; !__atomic_load_n(&request->stop, __ATOMIC_RELAXED); i++)
		*index = i & 1024 ? VFIO_PCI_MSIX_IRQ_INDEX :
				    VFIO_PCI_REQ_IRQ_INDEX;

	return NULL;
}

/*
 * The device ends up either with the target or with the vectors, and never with a part of
 * both. A host with one CPU switches between the threads so seldom that few rounds do.
 */
TEST_F(dummy, set_irqs_changes_while_read)
{
	const unsigned int most = get_nprocs() > 1 ? 300 : 30;
	struct changing_request request = {
		.fd = self->fd,
		.set.head.argsz = sizeof(request.set),
		.set.head.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER,
		.set.head.count = 1,
		.set.eventfd = self->event,
	};
	unsigned int allocated = 0, rounds;
	time_t start = time(NULL);
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, flip_index, &request));
	for (rounds = 0; rounds < most && time(NULL) - start < 60; rounds++) {
		struct vfio_device_feature_pci_msix_dummy dummy;

		ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->iova));
		ioctl(self->fd, VFIO_DEVICE_SET_IRQS, &request.set);
		ASSERT_EQ(0, dummy_get(self->fd, &dummy));
		if (dummy.flags) {
			ASSERT_EQ(0, vfio_irqs());
			ASSERT_EQ(0, dummy_off(self->fd));
			continue;
		}
		allocated++;
		ASSERT_EQ(1, vfio_irqs());
		ASSERT_EQ(ALLOCATED | TRIGGER,
			  message_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0).flags);
		bar_write32(self->fd, 0, MSIX_REG_RAISE, 0);
		ASSERT_TRUE(eventfd_wait(self->event));
		eventfd_take(self->event);
		ASSERT_EQ(0, disable_irqs(self->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	}
	request.stop = true;
	pthread_join(thread, NULL);
	TH_LOG("%u of %u requests allocated vectors", allocated, rounds);
}

/* Devices with several kinds of interrupts. */
FIXTURE(kinds) {
	struct session *s;
	int fd;
	int event;
	struct target target;
};

FIXTURE_VARIANT(kinds) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(kinds, igb);
LAB_VARIANTS(kinds, nec_usb_xhci);

FIXTURE_SETUP(kinds)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->event = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, novirt_set(self->fd));
	target_map(self->s, &self->target);
}

FIXTURE_TEARDOWN(kinds)
{
	close(self->event);
	session_close(self->s);
	target_free(&self->target);
}

TEST_F(kinds, index_in_use)
{
	for (int i = 0; i < ARRAY_SIZE(indexes); i++) {
		u32 index = indexes[i];

		ASSERT_EQ(0, set_triggers(self->fd, index, 0, 1, &self->event))
			TH_LOG("index %u cannot be enabled", index);
		EXPECT_REFUSED(index == VFIO_PCI_MSIX_IRQ_INDEX ? EALREADY :
								  EBUSY,
			       dummy_on(self->fd, 0, 0, self->target.iova));
		EXPECT_REFUSED(0, dummy_off(self->fd));
		ASSERT_EQ(0, disable_irqs(self->fd, index));
	}
	EXPECT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
}

/* MSI was enabled through sysfs: MSI-X must not be enabled at the same time. */
TEST_F(kinds, msi_enabled_in_hardware)
{
	int cap = hw_capability(self->s->bdf, PCI_CAP_ID_MSI);
	u16 control = hw_config_read16(self->s->bdf, cap + PCI_MSI_FLAGS);

	hw_config_write16(self->s->bdf, cap + PCI_MSI_FLAGS,
			  control | PCI_MSI_FLAGS_ENABLE);
	EXPECT_REFUSED(EBUSY, dummy_on(self->fd, 0, 0, self->target.iova));
	hw_config_write16(self->s->bdf, cap + PCI_MSI_FLAGS, control);
}

TEST_F(kinds, refuses_interrupts)
{
	int count = irq_count(self->fd, VFIO_PCI_MSIX_IRQ_INDEX);

	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	EXPECT_TRUE(dummy_in_place(self->s, 0, count, self->target.iova));
	for (int i = 0; i < ARRAY_SIZE(indexes); i++)
		EXPECT_REFUSED(EBUSY, set_triggers(self->fd, indexes[i], 0, 1,
						   &self->event));
	ASSERT_EQ(0, dummy_off(self->fd));
	EXPECT_TRUE(dummy_gone(self->s, 0, count));
	for (int i = 0; i < ARRAY_SIZE(indexes); i++) {
		ASSERT_EQ(0, set_triggers(self->fd, indexes[i], 0, 1,
					  &self->event));
		ASSERT_EQ(0, disable_irqs(self->fd, indexes[i]));
	}
}

/* Devices without MSI-X. */
FIXTURE(no_msix) {
	struct session *s;
};

FIXTURE_VARIANT(no_msix) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(no_msix, plain);
LAB_VARIANTS(no_msix, ath11k_noid);
LAB_VARIANTS(no_msix, edu);

FIXTURE_SETUP(no_msix)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
}

FIXTURE_TEARDOWN(no_msix)
{
	session_close(self->s);
}

TEST_F(no_msix, enotty)
{
	struct vfio_device_feature_pci_msix_dummy dummy = {};
	int fd = self->s->fd;

	EXPECT_EQ(-ENOTTY, feature(fd, PROBE | FEATURE, NULL, 0));
	EXPECT_EQ(-ENOTTY, feature(fd, PROBE | GET | FEATURE, NULL, 0));
	EXPECT_EQ(-ENOTTY, feature(fd, PROBE | SET | FEATURE, NULL, 0));
	EXPECT_EQ(-ENOTTY, dummy_get(fd, &dummy));
	EXPECT_EQ(-ENOTTY, dummy_off(fd));
	EXPECT_EQ(-ENOTTY, dummy_on(fd, 0, 0, 0x1000));
	/* ENOTTY comes before EINVAL. */
	EXPECT_EQ(-ENOTTY, set(fd, ~0, ~0, ~0, ~0, ~0));
}

LAB_MAIN
