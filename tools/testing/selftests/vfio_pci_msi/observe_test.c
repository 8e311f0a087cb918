// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator can observe of a device in use: tracepoints and debugfs.
 */
#include <limits.h>
#include <string.h>

#include "messages.h"
#include "session.h"
#include "variants.h"

#define TRACING	"/sys/kernel/tracing"
#define EVENTS	TRACING "/events/msi_vfio_pci"

FIXTURE(observe) {
	struct session *s;
	u32 index;
	int trigger;
	char vectors[PATH_MAX];
};

FIXTURE_VARIANT(observe) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(observe, ath11k_noid);
LAB_VARIANTS(observe, msix);

FIXTURE_SETUP(observe)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->index = vectors_index(self->s->fd);
	self->trigger = eventfd_new();
	ASSERT_EQ(0, set_triggers(self->s->fd, self->index, 0, 1,
				  &self->trigger));
	snprintf(self->vectors, sizeof(self->vectors), "%s",
		 debugfs_path(self->s->bdf, "vectors"));
}

FIXTURE_TEARDOWN(observe)
{
	file_write(EVENTS "/enable", "0");
	close(self->trigger);
	if (self->s)
		session_close(self->s);
}

#define trace_has(_text)	file_has(TRACING "/trace", _text)

TEST_F(observe, feature_set_is_traced)
{
	ASSERT_EQ(0, file_write(EVENTS "/msi_vfio_pci_feature_set/enable",
				"1"));
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	EXPECT_FALSE(trace_has("msi_vfio_pci_feature_set:"));

	ASSERT_EQ(0, novirt_set(self->s->fd));
	EXPECT_TRUE(trace_has("msi_vfio_pci_feature_set:"));
	EXPECT_TRUE(trace_has(self->s->bdf));
	EXPECT_TRUE(trace_has("4d00"));
}

TEST_F(observe, messages_read_is_traced)
{
	ASSERT_EQ(0, file_write(EVENTS "/msi_vfio_pci_messages_read/enable",
				"1"));
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	EXPECT_FALSE(trace_has("msi_vfio_pci_messages_read:"));

	message_of(self->s->fd, self->index, 0);
	EXPECT_TRUE(trace_has("msi_vfio_pci_messages_read:"));
	EXPECT_TRUE(trace_has(self->s->bdf));
}

TEST_F(observe, failed_calls_are_not_traced)
{
	struct vfio_pci_msi_message msg;

	ASSERT_EQ(0, file_write(EVENTS "/enable", "1"));
	ASSERT_EQ(0, file_write(TRACING "/trace", ""));
	EXPECT_NE(0, messages_get(self->s->fd, self->index, ~0U, 1, &msg,
				  NULL));
	EXPECT_NE(0, feature(self->s->fd, VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES, NULL, 0));
	EXPECT_FALSE(trace_has("msi_vfio_pci_"));
}

/* trace-cmd and perf read the formats, and cannot resolve names of the module's enums. */
TEST_F(observe, formats_have_numbers_not_enums)
{
	EXPECT_TRUE(file_has(EVENTS "/msi_vfio_pci_slot/format",
			     "{ 0, \"address\" }"));
	EXPECT_FALSE(file_has(EVENTS "/msi_vfio_pci_slot/format", "MSI_SLOT_"));
	EXPECT_TRUE(file_has(EVENTS "/msi_vfio_pci_dummy/format",
			     "{ 0, \"on\" }"));
	EXPECT_FALSE(file_has(EVENTS "/msi_vfio_pci_dummy/format",
			      "MSI_VFIO_PCI_DUMMY_"));
}

TEST_F(observe, debugfs_shows_the_vectors)
{
	struct vfio_pci_msi_message msg = message_of(self->s->fd, self->index,
						     0);
	char text[4096], address[32];

	ASSERT_LT(0, file_read(self->vectors, text, sizeof(text)))
		TH_LOG("%s", self->vectors);
	snprintf(address, sizeof(address), "%llx",
		 (unsigned long long)msg.address);
	EXPECT_NE(NULL, strstr(text, address))
		TH_LOG("%s is not in: %s", address, text);
}

/* The file shows no vectors of a closed device, and is gone after unbind. */
TEST_F(observe, debugfs_after_close_and_unbind)
{
	char open[4096], closed[4096];
	char bdf[BDF_SIZE];

	ASSERT_LT(0, file_read(self->vectors, open, sizeof(open)));
	memcpy(bdf, self->s->bdf, sizeof(bdf));
	session_close(self->s);
	self->s = NULL;
	EXPECT_LE(0, file_read(self->vectors, closed, sizeof(closed)));
	EXPECT_GT(strlen(open), strlen(closed));

	driver_release(bdf);
	EXPECT_GT(0, file_read(self->vectors, closed, sizeof(closed)));
}

LAB_MAIN
