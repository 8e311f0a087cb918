// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's parameter rfc_feature: a SET of feature 11 then is MSI_NOVIRT, for VMMs
 * with the RFC's patch. All other calls of feature 11 go to the core.
 */
#include <errno.h>

#include "messages.h"
#include "session.h"
#include "variants.h"

#define RFC_MSI_NOVIRT	11

#define PROBE	VFIO_DEVICE_FEATURE_PROBE
#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET

FIXTURE(rfc_feature) {
	struct session *s;
};

FIXTURE_VARIANT(rfc_feature) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(rfc_feature, ath11k_noid);
LAB_VARIANTS(rfc_feature, msix);

static int rfc_feature_write(const char *value)
{
	return module_param_write("msi_vfio_pci", "rfc_feature", value);
}

FIXTURE_SETUP(rfc_feature)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
}

FIXTURE_TEARDOWN(rfc_feature)
{
	rfc_feature_write("0");
	session_close(self->s);
}

static int feature_11(int fd, u32 ops)
{
	u8 payload[64] = {};

	return feature(fd, ops | RFC_MSI_NOVIRT, payload, sizeof(payload));
}

static const u32 operations[] = { 0, PROBE, GET, SET, GET | SET, PROBE | GET,
	PROBE | SET, PROBE | GET | SET };

TEST_F(rfc_feature, off_by_default)
{
	char value[8];

	ASSERT_LT(0, file_read("/sys/module/msi_vfio_pci/parameters/rfc_feature",
			       value, sizeof(value)));
	EXPECT_STREQ("N\n", value);
}

/* While it is off, or the call is no SET: the result is vfio-pci's on this kernel. */
TEST_F(rfc_feature, otherwise_as_vfio_pci)
{
	int expected[ARRAY_SIZE(operations)];

	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_STOCK, variant->mode);
	for (int i = 0; i < ARRAY_SIZE(operations); i++)
		expected[i] = feature_11(self->s->fd, operations[i]);

	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	for (int on = 0; on < 2; on++) {
		ASSERT_EQ(0, rfc_feature_write(on ? "1" : "0"));
		for (int i = 0; i < ARRAY_SIZE(operations); i++) {
			u32 op = operations[i];

			if (on && (op == SET || op == (PROBE | SET)))
				continue;
			EXPECT_EQ(expected[i], feature_11(self->s->fd, op))
				TH_LOG("rfc_feature is %d: flags %#x differ", on, op);
		}
		EXPECT_FALSE(novirt_on(self->s->fd));
	}
}

TEST_F(rfc_feature, accepted_when_on)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, rfc_feature_write("1"));
	EXPECT_EQ(0, feature_11(fd, PROBE | SET));
	EXPECT_FALSE(novirt_on(fd));
	/* The RFC's VMM calls it without a payload. */
	EXPECT_EQ(0, feature(fd, SET | RFC_MSI_NOVIRT, NULL, 0));
	EXPECT_TRUE(novirt_on(fd));
}

TEST_F(rfc_feature, stays_set_when_switched_off)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, rfc_feature_write("1"));
	ASSERT_EQ(0, feature(fd, SET | RFC_MSI_NOVIRT, NULL, 0));
	ASSERT_EQ(0, rfc_feature_write("0"));
	EXPECT_TRUE(novirt_on(fd));
	EXPECT_NE(0, feature(fd, SET | RFC_MSI_NOVIRT, NULL, 0));
}

TEST_F(rfc_feature, own_number_is_unaffected)
{
	ASSERT_EQ(0, rfc_feature_write("1"));
	EXPECT_EQ(0, feature(self->s->fd, PROBE |
			     VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT, NULL, 0));
	EXPECT_EQ(0, novirt_set(self->s->fd));
	EXPECT_TRUE(novirt_on(self->s->fd));
}

/* A device with neither MSI nor MSI-X. */
FIXTURE(rfc_plain) {
	struct session *s;
};

FIXTURE_VARIANT(rfc_plain) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(rfc_plain, plain);

FIXTURE_SETUP(rfc_plain)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
}

FIXTURE_TEARDOWN(rfc_plain)
{
	rfc_feature_write("0");
	session_close(self->s);
}

TEST_F(rfc_plain, refused_when_on)
{
	ASSERT_EQ(0, rfc_feature_write("1"));
	EXPECT_EQ(-ENOTTY, feature_11(self->s->fd, PROBE | SET));
	EXPECT_EQ(-ENOTTY, feature_11(self->s->fd, SET));
}

LAB_MAIN
