// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_NOVIRT in config space: reads of every size, alignment and overlap return the
 * hardware's MSI address and data, and all other bytes as before. Writes of these fields
 * never reach the hardware.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "ath11k.h"
#include "hardware.h"
#include "messages.h"
#include "session.h"
#include "variants.h"

/* The guest message, which no host message can be equal to. */
#define GUEST_ADDRESS_LO	0xfeeabcd0
#define GUEST_ADDRESS_HI	0x12345678
#define GUEST_DATA		0x4b1d

/* Accesses begin up to this many bytes before and after the capability. */
#define MARGIN		12
#define MAX_ACCESS	20

FIXTURE(novirt_config) {
	struct session *s;
	struct hw_msi msi;
	int trigger;
	int size;			/* of config space */
	u8 before[HW_CONFIG_SIZE];	/* what the user read before SET */
};

FIXTURE_VARIANT(novirt_config) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(novirt_config, ath11k_noid);
LAB_VARIANTS(novirt_config, igb);
LAB_VARIANTS(novirt_config, e1000e);
LAB_VARIANTS(novirt_config, edu);
LAB_VARIANTS(novirt_config, nec_usb_xhci);

/* Write the fields dword by dword, as a guest does. */
static void write_guest_message(int fd, const struct hw_msi *msi)
{
	u32 lo = GUEST_ADDRESS_LO, hi = GUEST_ADDRESS_HI;
	u16 data = GUEST_DATA;

	VFIO_ASSERT_EQ(config_write(fd, msi->address, &lo, 4), 4);
	if (msi->data - msi->address > 4)
		VFIO_ASSERT_EQ(config_write(fd, msi->address + 4, &hi, 4), 4);
	VFIO_ASSERT_EQ(config_write(fd, msi->data, &data, 2), 2);
}

/* What a read of all of config space has to return: @other with the hardware's fields. */
static void expected_config(const struct hw_msi *msi, const u8 *other,
			    u8 *expected)
{
	u8 hardware[HW_CONFIG_SIZE];

	hw_config_read(msi->bdf, hardware);
	memcpy(expected, other, HW_CONFIG_SIZE);
	memcpy(expected + msi->address, hardware + msi->address,
	       msi->end - msi->address);
}

FIXTURE_SETUP(novirt_config)
{
	int fd;

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	fd = self->s->fd;
	hw_msi_find(&self->msi, self->s->bdf);
	ASSERT_NE(0, self->msi.cap);

	self->trigger = eventfd_new();
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	write_guest_message(fd, &self->msi);

	self->size = region_size(fd, VFIO_PCI_CONFIG_REGION_INDEX);
	ASSERT_EQ(self->size, config_read(fd, 0, self->before, self->size));
}

FIXTURE_TEARDOWN(novirt_config)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(novirt_config, guest_message_without_novirt)
{
	const struct hw_msi *msi = &self->msi;
	u32 lo, hi;
	u16 data;

	memcpy(&lo, self->before + msi->address, 4);
	EXPECT_EQ(GUEST_ADDRESS_LO, lo);
	if (msi->data - msi->address > 4) {
		memcpy(&hi, self->before + msi->address + 4, 4);
		EXPECT_EQ(GUEST_ADDRESS_HI, hi);
	}
	memcpy(&data, self->before + msi->data, 2);
	EXPECT_EQ(GUEST_DATA, data);
}

TEST_F(novirt_config, every_access_around_the_capability)
{
	const struct hw_msi *msi = &self->msi;
	u8 expected[HW_CONFIG_SIZE], buf[MAX_ACCESS];

	ASSERT_EQ(0, novirt_set(self->s->fd));
	expected_config(msi, self->before, expected);
	for (int pos = msi->cap - MARGIN; pos < msi->end + MARGIN; pos++) {
		for (int size = 1; size <= MAX_ACCESS; size++) {
			memset(buf, 0x5a, sizeof(buf));
			ASSERT_EQ(size, config_read(self->s->fd, pos, buf,
						    size));
			EXPECT_EQ(0, memcmp(expected + pos, buf, size))
				TH_LOG("a read of %d bytes at %#x differs", size, pos);
		}
	}
}

TEST_F(novirt_config, every_byte)
{
	u8 expected[HW_CONFIG_SIZE], byte;

	ASSERT_EQ(0, novirt_set(self->s->fd));
	expected_config(&self->msi, self->before, expected);
	for (int pos = 0; pos < PCI_CFG_SPACE_SIZE; pos++) {
		ASSERT_EQ(1, config_read(self->s->fd, pos, &byte, 1));
		EXPECT_EQ(expected[pos], byte)
			TH_LOG("byte %#x differs", pos);
	}
}

TEST_F(novirt_config, whole_config_space)
{
	static const int starts[] = { 0, 1, 2, 3, 5 };
	u8 expected[HW_CONFIG_SIZE], buf[HW_CONFIG_SIZE];
	int fd = self->s->fd;

	ASSERT_EQ(0, novirt_set(fd));
	expected_config(&self->msi, self->before, expected);
	for (int i = 0; i < ARRAY_SIZE(starts); i++) {
		int size = self->size - starts[i];

		ASSERT_EQ(size, config_read(fd, starts[i], buf, size));
		EXPECT_EQ(0, memcmp(expected + starts[i], buf, size));

		size = PCI_CFG_SPACE_SIZE - starts[i];
		ASSERT_EQ(size, config_read(fd, starts[i], buf, size));
		EXPECT_EQ(0, memcmp(expected + starts[i], buf, size));
	}
}

TEST_F(novirt_config, reads_over_the_end_as_before)
{
	int fd = self->s->fd;
	ssize_t before[4];
	u8 buf[8];

	for (int over = 1; over <= 4; over++)
		before[over - 1] = config_read(fd, self->size - 4 + over, buf,
					       4);
	ASSERT_EQ(0, novirt_set(fd));
	for (int over = 1; over <= 4; over++) {
		EXPECT_EQ(before[over - 1],
			  config_read(fd, self->size - 4 + over, buf, 4));
	}
}

/* All writes within the fields, before SET and after it. */
TEST_F(novirt_config, no_write_reaches_the_hardware)
{
	const struct hw_msi *msi = &self->msi;
	u8 hardware[HW_CONFIG_SIZE], after[HW_CONFIG_SIZE];
	int fd = self->s->fd;
	u8 buf[MAX_ACCESS];

	hw_config_read(self->s->bdf, hardware);
	for (int round = 0; round < 2; round++) {
		for (int pos = msi->address; pos < msi->end; pos++) {
			for (int size = 1; size <= msi->end - pos; size++) {
				memset(buf, 0xa5 ^ pos, sizeof(buf));
				ASSERT_EQ(size, config_write(fd, pos, buf,
							     size));
			}
		}
		hw_config_read(self->s->bdf, after);
		EXPECT_EQ(0, memcmp(hardware + msi->cap, after + msi->cap,
				    msi->end - msi->cap));
		ASSERT_EQ(0, novirt_set(fd));
	}

	/* Reads do not return what was written, either. */
	expected_config(msi, self->before, hardware);
	ASSERT_EQ(self->size, config_read(fd, 0, after, self->size));
	EXPECT_EQ(0, memcmp(hardware, after, self->size));
}

/*
 * Writes update the guest message. This is tested before SET, as with NOVIRT on no read
 * of the session returns the guest message.
 */
TEST_F(novirt_config, writes_update_the_guest_message)
{
	const struct hw_msi *msi = &self->msi;
	u8 virtual[MAX_ACCESS], expected[MAX_ACCESS], buf[MAX_ACCESS];
	int fields = msi->end - msi->address;
	int fd = self->s->fd;

	ASSERT_EQ(fields, config_read(fd, msi->address, expected, fields));
	for (int pos = 0; pos < fields; pos++) {
		for (int size = 1; size <= fields - pos; size++) {
			memset(buf, 0x11 * pos + size, sizeof(buf));
			memcpy(expected + pos, buf, size);
			ASSERT_EQ(size, config_write(fd, msi->address + pos,
						     buf, size));
			ASSERT_EQ(fields, config_read(fd, msi->address,
						      virtual, fields));
			EXPECT_EQ(0, memcmp(expected, virtual, fields))
				TH_LOG("after a write of %d bytes at %d", size, pos);
		}
	}
}

TEST_F(novirt_config, other_fields_stay_virtual)
{
	int fd = self->s->fd;
	u16 flags = config_read16(fd, self->msi.cap + PCI_MSI_FLAGS);

	ASSERT_EQ(0, novirt_set(fd));
	EXPECT_EQ(flags, config_read16(fd, self->msi.cap + PCI_MSI_FLAGS));

	/* While SET_IRQS has MSI disabled, the guest's enable bit is virtual. */
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	config_write16(fd, self->msi.cap + PCI_MSI_FLAGS,
		       flags | PCI_MSI_FLAGS_ENABLE);
	EXPECT_EQ(0, hw_config_read16(self->s->bdf,
				      self->msi.cap + PCI_MSI_FLAGS) &
		     PCI_MSI_FLAGS_ENABLE);
}

/* Reads return the hardware's fields also while no vector is allocated. */
TEST_F(novirt_config, without_vectors)
{
	const struct hw_msi *msi = &self->msi;
	u8 expected[HW_CONFIG_SIZE], buf[MAX_ACCESS];
	int fields = msi->end - msi->address;
	int fd = self->s->fd;

	ASSERT_EQ(0, novirt_set(fd));
	for (int round = 0; round < 2; round++) {
		int ret = round ? set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
					       &self->trigger) :
				  disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX);

		ASSERT_EQ(0, ret);

		expected_config(msi, self->before, expected);
		ASSERT_EQ(fields, config_read(fd, msi->address, buf, fields));
		EXPECT_EQ(0, memcmp(expected + msi->address, buf, fields));
	}
}

TEST_F(novirt_config, bad_buffers)
{
	const struct hw_msi *msi = &self->msi;
	int fields = msi->end - msi->address;
	int fd = self->s->fd;
	struct guarded buf;

	guarded_alloc(&buf);
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(-EFAULT, config_read(fd, msi->address, NULL, fields));
		EXPECT_EQ(-EFAULT, config_read(fd, msi->address, buf.end,
					       fields));
		for (int over = 1; over < fields; over++) {
			EXPECT_EQ(-EFAULT,
				  config_read(fd, msi->address,
					      buf.end - fields + over, fields));
		}
		ASSERT_EQ(fields, config_read(fd, msi->address,
					      buf.end - fields, fields));
		ASSERT_EQ(0, novirt_set(fd));
	}

	ASSERT_EQ(0, mprotect(buf.start, buf.page, PROT_READ));
	EXPECT_EQ(-EFAULT, config_read(fd, msi->address, buf.start, fields));
	guarded_free(&buf);
}

/* MSI's mask bits are the hardware's, before SET and after it. */
FIXTURE(novirt_mask) {
	struct session *s;
	struct hw_msi msi;
};

FIXTURE_VARIANT(novirt_mask) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(novirt_mask, igb);

FIXTURE_SETUP(novirt_mask)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	hw_msi_find(&self->msi, self->s->bdf);
	ASSERT_NE(0, self->msi.mask);
}

FIXTURE_TEARDOWN(novirt_mask)
{
	session_close(self->s);
}

TEST_F(novirt_mask, reaches_the_hardware)
{
	u8 hardware[HW_CONFIG_SIZE];
	int fd = self->s->fd;
	u32 mask = 1, value;

	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(4, config_write(fd, self->msi.mask, &mask, 4));
		ASSERT_EQ(4, config_read(fd, self->msi.mask, &value, 4));
		EXPECT_EQ(mask, value);
		hw_config_read(self->s->bdf, hardware);
		EXPECT_EQ(0, memcmp(hardware + self->msi.mask, &mask, 4));

		ASSERT_EQ(0, novirt_set(fd));
		mask = 0;
	}
}

/* The ath11k model's registers show what its capability holds. */
FIXTURE(novirt_device) {
	struct session *s;
	int trigger;
};

FIXTURE_VARIANT(novirt_device) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(novirt_device, ath11k_noid);

FIXTURE_SETUP(novirt_device)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->trigger = eventfd_new();
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
}

FIXTURE_TEARDOWN(novirt_device)
{
	close(self->trigger);
	session_close(self->s);
}

TEST_F(novirt_device, registers_agree)
{
	int fd = self->s->fd;
	u32 address;

	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(4, config_read(fd, ATH11K_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				 &address, 4));
	EXPECT_NE(0, address);
	EXPECT_EQ(bar_read32(fd, 0, ATH11K_HW_ADDR), address);
	EXPECT_EQ(bar_read32(fd, 0, ATH11K_HW_DATA),
		  config_read16(fd, ATH11K_MSI_OFFSET + PCI_MSI_DATA_32));
}

TEST_F(novirt_device, writes_change_no_register)
{
	u32 address, data, ctrl, junk = 0x5a5a5a5a;
	int fd = self->s->fd;

	address = bar_read32(fd, 0, ATH11K_HW_ADDR);
	data = bar_read32(fd, 0, ATH11K_HW_DATA);
	ctrl = bar_read32(fd, 0, ATH11K_HW_CTRL);

	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(4, config_write(fd, ATH11K_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				  &junk, 4));
	ASSERT_EQ(2, config_write(fd, ATH11K_MSI_OFFSET + PCI_MSI_DATA_32,
				  &junk, 2));

	EXPECT_EQ(address, bar_read32(fd, 0, ATH11K_HW_ADDR));
	EXPECT_EQ(data, bar_read32(fd, 0, ATH11K_HW_DATA));
	EXPECT_EQ(ctrl, bar_read32(fd, 0, ATH11K_HW_CTRL));

	/* The device's standard MSI is still delivered. */
	bar_write32(fd, 0, ATH11K_RAISE, 0);
	EXPECT_TRUE(eventfd_wait(self->trigger));
	EXPECT_EQ(1, eventfd_take(self->trigger));
}

LAB_MAIN
