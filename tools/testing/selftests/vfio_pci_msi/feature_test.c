// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules that hold for every feature: which operations exist, which errno a wrong
 * call returns, and that a failed call changes nothing.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "messages.h"
#include "session.h"
#include "variants.h"

#define PROBE	VFIO_DEVICE_FEATURE_PROBE
#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET

#define NOVIRT		VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT
#define MESSAGES	VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES
#define MSIX_MAP	VFIO_DEVICE_FEATURE_PCI_MSIX_MAP

/* An address of the kernel, which no process can have. */
#define KERNEL_ADDRESS	((void *)0xffff888000001000UL)

static const u32 features[] = { NOVIRT, MESSAGES, MSIX_MAP };

/* Memory that no call may write is filled with this byte. */
#define CANARY	0xc5

static bool only_canaries(const u8 *from, const u8 *to)
{
	while (from < to && *from == CANARY)
		from++;

	return from == to;
}

struct novirt_call {
	struct vfio_device_feature head;
	struct vfio_device_feature_pci_msi_novirt novirt;
};

struct messages_call {
	struct vfio_device_feature head;
	struct vfio_device_feature_pci_msi_messages messages;
	struct vfio_pci_msi_message msg[];
};

/* Fill in a valid call for @count messages from vector 0 on. */
static void fill_messages(struct messages_call *call, u32 index, u32 count)
{
	size_t argsz = sizeof(*call) + count * sizeof(call->msg[0]);

	memset(call, 0, argsz);
	call->head.argsz = argsz;
	call->head.flags = GET | MESSAGES;
	call->messages.index = index;
	call->messages.count = count;
}

FIXTURE(feature) {
	struct session *s;
	u32 index;
	struct guarded buf;
};

FIXTURE_VARIANT(feature) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(feature, ath11k_noid);
LAB_VARIANTS(feature, msix);

FIXTURE_SETUP(feature)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->index = vectors_index(self->s->fd);
	guarded_alloc(&self->buf);
}

FIXTURE_TEARDOWN(feature)
{
	guarded_free(&self->buf);
	session_close(self->s);
}

TEST_F(feature, probe)
{
	for (int i = 0; i < ARRAY_SIZE(features); i++)
		EXPECT_EQ(0, feature(self->s->fd, PROBE | features[i], NULL,
				     0));
}

TEST_F(feature, probe_operation)
{
	int fd = self->s->fd;

	EXPECT_EQ(0, feature(fd, PROBE | GET | NOVIRT, NULL, 0));
	EXPECT_EQ(0, feature(fd, PROBE | SET | NOVIRT, NULL, 0));
	EXPECT_EQ(0, feature(fd, PROBE | GET | SET | NOVIRT, NULL, 0));
	EXPECT_EQ(0, feature(fd, PROBE | GET | MESSAGES, NULL, 0));
	EXPECT_EQ(-EINVAL, feature(fd, PROBE | SET | MESSAGES, NULL, 0));
	EXPECT_EQ(-EINVAL, feature(fd, PROBE | GET | SET | MESSAGES, NULL, 0));
	EXPECT_FALSE(novirt_on(fd));
}

TEST_F(feature, no_operation)
{
	u8 payload[64] = {};

	for (int i = 0; i < ARRAY_SIZE(features); i++) {
		EXPECT_EQ(-EINVAL, feature(self->s->fd, features[i], payload,
					   sizeof(payload)));
	}
	EXPECT_FALSE(novirt_on(self->s->fd));
}

TEST_F(feature, get_and_set_at_once)
{
	u8 payload[64] = {};

	for (int i = 0; i < ARRAY_SIZE(features); i++) {
		EXPECT_EQ(-EINVAL, feature(self->s->fd,
					   GET | SET | features[i], payload,
					   sizeof(payload)));
	}
	EXPECT_FALSE(novirt_on(self->s->fd));
}

TEST_F(feature, set_of_messages)
{
	u8 payload[64] = {};

	EXPECT_EQ(-EINVAL, feature(self->s->fd, SET | MESSAGES, payload,
				   sizeof(payload)));
	EXPECT_EQ(-EINVAL, feature(self->s->fd, SET | MESSAGES, NULL, 0));
}

TEST_F(feature, unknown_flags)
{
	static const u32 ops[] = { PROBE, GET, SET, PROBE | GET, PROBE | SET };
	u8 payload[64] = {};

	for (int bit = 19; bit < 32; bit++) {
		for (int i = 0; i < ARRAY_SIZE(ops); i++) {
			for (int j = 0; j < ARRAY_SIZE(features); j++) {
				u32 flags = 1U << bit | ops[i] | features[j];

				EXPECT_EQ(-EINVAL,
					  feature(self->s->fd, flags, payload,
						  sizeof(payload)))
					TH_LOG("flags %#x", flags);
			}
		}
	}
	EXPECT_FALSE(novirt_on(self->s->fd));
}

TEST_F(feature, unknown_number)
{
	static const u32 unknown[] = { NOVIRT - 1, NOVIRT + 0xff, 0xffff };
	static const u32 ops[] = { PROBE, GET, SET };
	u8 payload[64] = {};

	for (int i = 0; i < ARRAY_SIZE(unknown); i++) {
		for (int j = 0; j < ARRAY_SIZE(ops); j++) {
			EXPECT_EQ(-ENOTTY,
				  feature(self->s->fd, ops[j] | unknown[i],
					  payload, sizeof(payload)));
		}
	}
}

TEST_F(feature, argsz_below_header)
{
	static const u32 ops[] = { PROBE, GET, SET };
	struct messages_call call;

	for (u32 argsz = 0; argsz < sizeof(call.head); argsz++) {
		for (int i = 0; i < ARRAY_SIZE(ops); i++) {
			for (int j = 0; j < ARRAY_SIZE(features); j++) {
				fill_messages(&call, self->index, 0);
				call.head.argsz = argsz;
				call.head.flags = ops[i] | features[j];
				EXPECT_EQ(-EINVAL,
					  feature_raw(self->s->fd, &call));
			}
		}
	}
	EXPECT_FALSE(novirt_on(self->s->fd));
}

TEST_F(feature, short_argsz_of_novirt)
{
	struct novirt_call call = { .head.flags = GET | NOVIRT };

	memset(&call.novirt, CANARY, sizeof(call.novirt));
	for (u32 argsz = sizeof(call.head); argsz < sizeof(call); argsz++) {
		call.head.argsz = argsz;
		EXPECT_EQ(-EINVAL, feature_raw(self->s->fd, &call));
		EXPECT_EQ(0xc5c5c5c5, call.novirt.flags);
	}

	call.head.argsz = sizeof(call);
	EXPECT_EQ(0, feature_raw(self->s->fd, &call));
	EXPECT_EQ(0, call.novirt.flags);
}

TEST_F(feature, short_argsz_of_messages)
{
	size_t none = sizeof(struct messages_call);
	size_t one = none + sizeof(struct vfio_pci_msi_message);
	struct messages_call *call = (void *)self->buf.start;

	for (u32 argsz = sizeof(call->head); argsz < none; argsz++) {
		fill_messages(call, self->index, 0);
		call->head.argsz = argsz;
		EXPECT_EQ(-EINVAL, feature_raw(self->s->fd, call));
	}

	for (u32 argsz = none; argsz < one; argsz++) {
		fill_messages(call, self->index, 1);
		call->head.argsz = argsz;
		EXPECT_EQ(-EINVAL, feature_raw(self->s->fd, call));
	}

	fill_messages(call, self->index, 0);
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
	fill_messages(call, self->index, 1);
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
}

TEST_F(feature, huge_argsz_of_novirt)
{
	u8 *buf = self->buf.start;
	struct novirt_call *call = (void *)buf;

	memset(buf, CANARY, self->buf.page);
	call->head.argsz = ~0U;
	call->head.flags = PROBE | NOVIRT;
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
	call->head.flags = GET | NOVIRT;
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
	EXPECT_EQ(0, call->novirt.flags);
	EXPECT_TRUE(only_canaries(buf + sizeof(*call), buf + self->buf.page));

	call->head.flags = SET | NOVIRT;
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
	EXPECT_TRUE(novirt_on(self->s->fd));
}

TEST_F(feature, huge_argsz_of_messages)
{
	struct messages_call *call = (void *)self->buf.start;

	memset(self->buf.start, CANARY, self->buf.page);
	fill_messages(call, self->index, 1);
	call->head.argsz = ~0U;
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
	EXPECT_EQ(1, call->messages.count);
	EXPECT_TRUE(only_canaries((u8 *)&call->msg[1],
				  self->buf.start + self->buf.page));
}

TEST_F(feature, set_reads_no_payload)
{
	struct vfio_device_feature *head;

	head = (void *)(self->buf.end - sizeof(*head));
	head->argsz = sizeof(*head);
	head->flags = SET | NOVIRT;
	EXPECT_EQ(0, feature_raw(self->s->fd, head));

	/* argsz includes a payload that cannot be read. */
	head->argsz = sizeof(*head) + 64;
	EXPECT_EQ(0, feature_raw(self->s->fd, head));
	EXPECT_TRUE(novirt_on(self->s->fd));
}

TEST_F(feature, set_twice)
{
	EXPECT_EQ(0, feature(self->s->fd, SET | NOVIRT, NULL, 0));
	EXPECT_EQ(0, feature(self->s->fd, SET | NOVIRT, NULL, 0));
	EXPECT_TRUE(novirt_on(self->s->fd));
}

TEST_F(feature, unreadable_head)
{
	EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, NULL));
	EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, self->buf.end));
	EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, KERNEL_ADDRESS));
	for (int i = 1; i < sizeof(struct vfio_device_feature); i++)
		EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, self->buf.end - i));
}

TEST_F(feature, unwritable_payload_of_novirt)
{
	struct novirt_call *call;

	/* The payload ends 1 to 4 bytes after the last readable byte. */
	for (int over = 1; over <= sizeof(call->novirt); over++) {
		call = (void *)(self->buf.end - sizeof(*call) + over);
		call->head.argsz = sizeof(*call);
		call->head.flags = GET | NOVIRT;
		EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, call));
	}

	call = (void *)self->buf.start;
	call->head.argsz = sizeof(*call);
	call->head.flags = GET | NOVIRT;
	ASSERT_EQ(0, mprotect(self->buf.start, self->buf.page, PROT_READ));
	EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, call));
	EXPECT_FALSE(novirt_on(self->s->fd));
}

TEST_F(feature, unreadable_payload_of_messages)
{
	struct messages_call *call;
	size_t size = sizeof(call->messages);

	for (int over = 1; over <= size; over++) {
		call = (void *)(self->buf.end - sizeof(*call) + over);
		call->head.argsz = sizeof(*call);
		call->head.flags = GET | MESSAGES;
		EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, call))
			TH_LOG("the last %d bytes cannot be read", over);
	}
}

/* From 1 byte of the array to all of it lies after the last writable byte. */
TEST_F(feature, unwritable_array_of_messages)
{
	struct messages_call *call;
	size_t array = sizeof(call->msg[0]);

	for (int over = 1; over <= array; over++) {
		call = (void *)(self->buf.end - sizeof(*call) - array + over);
		call->head.argsz = sizeof(*call) + array;
		call->head.flags = GET | MESSAGES;
		memset(&call->messages, 0, sizeof(call->messages));
		call->messages.index = self->index;
		call->messages.count = 1;
		EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, call))
			TH_LOG("the last %d bytes cannot be written", over);
	}
}

TEST_F(feature, array_ends_at_end_of_page)
{
	struct messages_call *call;

	call = (void *)(self->buf.end - sizeof(*call) - sizeof(call->msg[0]));
	fill_messages(call, self->index, 1);
	EXPECT_EQ(0, feature_raw(self->s->fd, call));
	EXPECT_EQ(1, call->messages.count);
}

TEST_F(feature, read_only_messages)
{
	struct messages_call *call = (void *)self->buf.start;

	fill_messages(call, self->index, 0);
	ASSERT_EQ(0, mprotect(self->buf.start, self->buf.page, PROT_READ));
	EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, call));

	/* The payload's fixed part can be written, the array cannot. */
	ASSERT_EQ(0, mprotect(self->buf.start, self->buf.page,
			      PROT_READ | PROT_WRITE));
	call = (void *)(self->buf.start + self->buf.page - sizeof(*call));
	fill_messages(call, self->index, 0);
	call->head.argsz += sizeof(call->msg[0]);
	call->messages.count = 1;
	ASSERT_EQ(0, mprotect(self->buf.start + self->buf.page, self->buf.page,
			      PROT_READ));
	EXPECT_EQ(-EFAULT, feature_raw(self->s->fd, call));
}

/* Every bad call again, with NOVIRT on and a vector allocated: nothing changes. */
TEST_F(feature, failed_calls_change_nothing)
{
	struct messages_call *call = (void *)self->buf.start;
	u8 before[sizeof(*call) + sizeof(call->msg[0])];
	int trigger = eventfd_new();
	u8 payload[64] = {};
	int fd = self->s->fd;

	ASSERT_EQ(0, set_triggers(fd, self->index, 0, 1, &trigger));
	ASSERT_EQ(0, feature(fd, SET | NOVIRT, NULL, 0));
	fill_messages(call, self->index, 1);
	ASSERT_EQ(0, feature_raw(fd, call));
	memcpy(before, call, sizeof(before));

	for (int i = 0; i < ARRAY_SIZE(features); i++) {
		EXPECT_NE(0, feature(fd, features[i], payload, 64));
		EXPECT_NE(0, feature(fd, GET | SET | features[i], payload, 64));
		EXPECT_NE(0, feature(fd, 1U << 31 | SET | features[i], payload,
				     64));
		EXPECT_NE(0, feature(fd, GET | features[i], NULL, 0));
	}
	EXPECT_NE(0, feature(fd, SET | MESSAGES, payload, 64));
	EXPECT_EQ(-EFAULT, feature_raw(fd, self->buf.end));

	EXPECT_TRUE(novirt_on(fd));
	EXPECT_EQ(0, feature_raw(fd, call));
	EXPECT_EQ(0, memcmp(before, call, sizeof(before)));
	EXPECT_EQ(0, eventfd_take(trigger));
	close(trigger);
}

/* A device with neither MSI nor MSI-X, and one with MSI-X under vfio-pci. */
FIXTURE(no_feature) {
	struct session *s;
};

FIXTURE_VARIANT(no_feature) {
	const char *device;
	const char *mode;
	const char *driver;
};

LAB_VARIANTS(no_feature, plain, .driver = DRIVER_MSI);
LAB_VARIANTS(no_feature, msix, .driver = DRIVER_STOCK);

FIXTURE_SETUP(no_feature)
{
	self->s = session_open(variant->device, variant->driver, variant->mode);
}

FIXTURE_TEARDOWN(no_feature)
{
	session_close(self->s);
}

TEST_F(no_feature, enotty)
{
	struct messages_call call;
	u8 payload[64] = {};
	int fd = self->s->fd;

	for (int i = 0; i < ARRAY_SIZE(features); i++) {
		EXPECT_EQ(-ENOTTY, feature(fd, PROBE | features[i], NULL, 0));
		EXPECT_EQ(-ENOTTY, feature(fd, PROBE | GET | features[i],
					   NULL, 0));
		EXPECT_EQ(-ENOTTY, feature(fd, GET | features[i], payload,
					   sizeof(payload)));
	}
	EXPECT_EQ(-ENOTTY, feature(fd, PROBE | SET | NOVIRT, NULL, 0));
	EXPECT_EQ(-ENOTTY, feature(fd, SET | NOVIRT, NULL, 0));

	fill_messages(&call, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	EXPECT_EQ(-ENOTTY, feature_raw(fd, &call));
}

TEST_F(no_feature, no_attribute)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msix_table_map",
		 self->s->bdf);
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

LAB_MAIN
