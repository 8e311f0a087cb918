// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device whose MSI-X capability places the table after the end of its BAR. The driver
 * accesses nothing there, and serves the device without what the table would contain.
 * SET_IRQS is not tested: the PCI core maps the table wherever the capability says.
 */
#include <errno.h>
#include <stdlib.h>

#include "dummy.h"
#include "hardware.h"
#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"

#define TABLE_BAR	2
#define TABLE_OFFSET	0x100000
#define VECTORS		16

FIXTURE(lying) {
	struct session *s;
};

FIXTURE_VARIANT(lying) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(lying, msix_lying);

FIXTURE_SETUP(lying)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

FIXTURE_TEARDOWN(lying)
{
	session_close(self->s);
}

TEST_F(lying, table_beyond_bar)
{
	int cap = hw_capability(self->s->bdf, PCI_CAP_ID_MSIX);
	int fd = self->s->fd;

	ASSERT_NE(0, cap);
	EXPECT_EQ(TABLE_OFFSET | TABLE_BAR,
		  config_read16(fd, cap + PCI_MSIX_TABLE) |
		  (u32)config_read16(fd, cap + PCI_MSIX_TABLE + 2) << 16);
	EXPECT_GT(TABLE_OFFSET, region_size(fd, TABLE_BAR));
}

/* With MSI_NOVIRT the BAR reads as before, and reads end where the BAR ends. */
TEST_F(lying, novirt_shows_no_table)
{
	int fd = self->s->fd;
	u64 size = region_size(fd, TABLE_BAR);
	u8 *bytes = calloc_assert(1, size), *before = calloc_assert(1, size);

	for (u64 pos = 0; pos < size; pos += 4)
		bar_write32(fd, TABLE_BAR, pos, 0x01010101 * (pos + 1));
	ASSERT_EQ(size, region_read(fd, TABLE_BAR, 0, before, size));

	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(size, region_read(fd, TABLE_BAR, 0, bytes, size));
	EXPECT_EQ(0, memcmp(before, bytes, size));
	EXPECT_EQ(-EINVAL, region_read(fd, TABLE_BAR, TABLE_OFFSET, bytes, 4));
	free(bytes);
	free(before);
}

TEST_F(lying, vectors_without_messages)
{
	struct vfio_pci_msi_message msg[VECTORS], none[VECTORS] = {};

	memset(msg, 0xff, sizeof(msg));
	EXPECT_EQ(VECTORS, irq_count(self->s->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	ASSERT_EQ(0, messages_get(self->s->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0,
				  VECTORS, msg, NULL));
	EXPECT_EQ(0, memcmp(msg, none, sizeof(msg)));
}

TEST_F(lying, no_dummy_target)
{
	int fd = self->s->fd;

	EXPECT_EQ(-ENOTTY, feature(fd, VFIO_DEVICE_FEATURE_PROBE |
				   VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY, NULL, 0));
	EXPECT_EQ(-ENOTTY, dummy_on(fd, 0, VECTORS, TARGET_IOVA));
}

/* MSIX_MAP lists no page of the table, and all of the BAR can be mapped. */
TEST_F(lying, no_page_rule_for_table)
{
	static const char *const words[] = TABLE_MAP_WORDS;

	for (int word = 0; word < ARRAY_SIZE(words); word++) {
		struct msix_map map;
		int fd;

		session_close(self->s);
		self->s = session_open_table_map(variant->device, variant->mode,
						 words[word]);
		fd = self->s->fd;
		map = msix_map_of(fd);
		for (u32 i = 0; i < map.head.count; i++)
			EXPECT_NE(VFIO_PCI_MSIX_MAP_TABLE, map.range[i].kind);
		command_set(fd, PCI_COMMAND_MEMORY);
		EXPECT_EQ(0, bar_try_map(fd, TABLE_BAR, 0,
					 region_size(fd, TABLE_BAR),
					 PROT_READ | PROT_WRITE, MAP_SHARED))
			TH_LOG("table_map=%s", words[word]);
	}
}

LAB_MAIN
