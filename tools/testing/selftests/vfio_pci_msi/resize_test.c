// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reset changes how many vectors the device has, as new firmware can. Messages, masks
 * and the dummy target follow VFIO_DEVICE_GET_IRQ_INFO, and the kernel writes nothing
 * after the end of the new table.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ath11k.h"
#include "dummy.h"
#include "hardware.h"
#include "messages.h"
#include "msix.h"
#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define MSI		VFIO_PCI_MSI_IRQ_INDEX
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX

/* Where the msix device has its table. */
#define TABLE_BAR	2

#define COUNT		MSIX_VECTORS_DEFAULT
#define MORE		22
#define FEWER		8

/* A session of a device whose number of vectors changes. */
struct resized {
	struct session *s;
	int fd;
	u32 index;
	u32 next;	/* register: the number of vectors after the next reset */
	int triggers[MORE];
};

/*
 * Bind the device again: from 6.2 on, the kernel does not allocate more vectors than the
 * device had when vectors were allocated for the first time since it was bound.
 */
static void resized_open(struct resized *r, const char *device, const char *mode,
			 u32 index)
{
	driver_release(lab_bdf(device));
	r->s = session_open(device, DRIVER_MSI, mode);
	r->fd = r->s->fd;
	r->index = index;
	r->next = index == MSI ? ATH11K_NEXT_VECTORS : MSIX_REG_NEXT_VECTORS;
	command_set(r->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < MORE; i++)
		r->triggers[i] = eventfd_new();
}

static void resize(struct resized *r, int count)
{
	bar_write32(r->fd, 0, r->next, count);
	ioctl_assert(r->fd, VFIO_DEVICE_RESET, NULL);
	VFIO_ASSERT_EQ(irq_count(r->fd, r->index), count);
}

static void resized_close(struct resized *r, int count)
{
	disable_irqs(r->fd, r->index);
	resize(r, count);
	for (int i = 0; i < MORE; i++)
		close(r->triggers[i]);
	session_close(r->s);
}

static int try_messages(struct resized *r, u32 start, u32 count)
{
	struct vfio_pci_msi_message msg[MORE + 1];

	return messages_get(r->fd, r->index, start, count, msg, NULL);
}

/* MSI_MESSAGES accepts exactly @count vectors. */
static void expect_count(struct __test_metadata *_metadata, struct resized *r,
			 u32 count)
{
	EXPECT_EQ(0, try_messages(r, 0, count));
	EXPECT_EQ(0, try_messages(r, count - 1, 1));
	EXPECT_EQ(0, try_messages(r, count, 0));
	EXPECT_EQ(-EINVAL, try_messages(r, 0, count + 1));
	EXPECT_EQ(-EINVAL, try_messages(r, count, 1));
	EXPECT_EQ(-EINVAL, try_messages(r, count + 1, 0));
}

static int set_mask(struct resized *r, bool mask, u32 start, u32 count)
{
	return set_irqs(r->fd, VFIO_IRQ_SET_DATA_NONE |
			(mask ? VFIO_IRQ_SET_ACTION_MASK :
				VFIO_IRQ_SET_ACTION_UNMASK),
			r->index, start, count, NULL, 0);
}

FIXTURE(resize) {
	struct resized r;
	int fd;
	struct target target;
};

FIXTURE_VARIANT(resize) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(resize, msix);

FIXTURE_SETUP(resize)
{
	resized_open(&self->r, variant->device, variant->mode, MSIX);
	self->fd = self->r.fd;
	target_map(self->r.s, &self->target);
}

FIXTURE_TEARDOWN(resize)
{
	dummy_off(self->fd);
	target_unmap(self->r.s, &self->target);
	resized_close(&self->r, COUNT);
	target_free(&self->target);
}

/* Vector @v has its message, is delivered, and can be masked. */
static void expect_works(struct __test_metadata *_metadata, struct resized *r,
			 int v)
{
	struct vfio_pci_msi_message msg = message_of(r->fd, MSIX, v);

	EXPECT_EQ(ALLOCATED | TRIGGER, msg.flags);
	bar_write32(r->fd, 0, MSIX_REG_HW_INDEX, v);
	EXPECT_EQ((u32)msg.address, bar_read32(r->fd, 0, MSIX_REG_HW_ADDR_LO));
	EXPECT_EQ(msg.data, bar_read32(r->fd, 0, MSIX_REG_HW_DATA));

	EXPECT_EQ(0, set_mask(r, true, v, 1));
	bar_write32(r->fd, 0, MSIX_REG_RAISE, v);
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED | PENDING,
		  message_of(r->fd, MSIX, v).flags);
	EXPECT_EQ(0, eventfd_take(r->triggers[v]));
	EXPECT_EQ(0, set_mask(r, false, v, 1));
	EXPECT_TRUE(eventfd_wait(r->triggers[v]));
	EXPECT_EQ(1, eventfd_take(r->triggers[v]));
}

TEST_F(resize, more_vectors)
{
	struct resized *r = &self->r;

	resize(r, MORE);
	expect_count(_metadata, r, MORE);
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, MORE, r->triggers));
	expect_count(_metadata, r, MORE);
	for (int v = 0; v < MORE; v++)
		expect_works(_metadata, r, v);
	EXPECT_EQ(-EINVAL, set_mask(r, true, MORE, 1));
}

TEST_F(resize, fewer_vectors)
{
	struct resized *r = &self->r;

	resize(r, FEWER);
	expect_count(_metadata, r, FEWER);
	EXPECT_EQ(-EINVAL, set_triggers(self->fd, MSIX, 0, FEWER + 1, r->triggers));
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, FEWER, r->triggers));
	expect_count(_metadata, r, FEWER);
	for (int v = 0; v < FEWER; v++)
		expect_works(_metadata, r, v);
	EXPECT_EQ(-EINVAL, set_mask(r, true, FEWER, 1));
}

/* Allocated vectors stay. From 6.2 on, no others can be allocated (resized_open()). */
TEST_F(resize, more_vectors_while_enabled)
{
	struct resized *r = &self->r;
	bool grows = lab_kernel_is("6.1");

	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, COUNT, r->triggers));
	resize(r, MORE);
	expect_count(_metadata, r, MORE);
	for (int v = 0; v < COUNT; v++)
		expect_works(_metadata, r, v);
	for (int v = COUNT; v < MORE; v++)
		EXPECT_EQ(0, message_of(self->fd, MSIX, v).flags);
	EXPECT_EQ(-EINVAL, set_mask(r, true, COUNT, 1));

	ASSERT_EQ(0, disable_irqs(self->fd, MSIX));
	EXPECT_EQ(grows ? 0 : -ERANGE,
		  set_triggers(self->fd, MSIX, 0, MORE, r->triggers));
	if (grows)
		expect_works(_metadata, r, MORE - 1);
}

/* Messages and masks of the vectors that the device still has. */
TEST_F(resize, fewer_vectors_while_enabled)
{
	struct resized *r = &self->r;

	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, COUNT, r->triggers));
	resize(r, FEWER);
	expect_count(_metadata, r, FEWER);
	for (int v = 0; v < FEWER; v++)
		expect_works(_metadata, r, v);
	EXPECT_EQ(-EINVAL, set_mask(r, true, FEWER, 1));
	EXPECT_EQ(-EINVAL, set_mask(r, true, 0, COUNT));
}

/* The user can neither read nor write entry COUNT, which the table did not have before. */
static void expect_protected(struct __test_metadata *_metadata, int fd)
{
	u64 offset = COUNT * PCI_MSIX_ENTRY_SIZE;
	u32 value;

	bar_write32(fd, TABLE_BAR, offset, 0xfee01000);
	bar_write32(fd, TABLE_BAR, offset + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	bar_write32(fd, 0, MSIX_REG_HW_INDEX, COUNT);
	EXPECT_EQ(0, bar_read32(fd, 0, MSIX_REG_HW_ADDR_LO));
	EXPECT_EQ(1, bar_read32(fd, 0, MSIX_REG_HW_CTRL));
	EXPECT_EQ(~0U, bar_read32(fd, TABLE_BAR, offset));

	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(4, region_read(fd, TABLE_BAR,
				 offset + PCI_MSIX_ENTRY_VECTOR_CTRL, &value, 4));
	EXPECT_EQ(1, value);
}

TEST_F(resize, longer_table_is_protected)
{
	resize(&self->r, MORE);
	expect_protected(_metadata, self->fd);
}

/* The way to D3hot and back is a reset, too. */
TEST_F(resize, longer_table_is_protected_after_d3hot)
{
	bar_write32(self->fd, 0, MSIX_REG_NEXT_VECTORS, MORE);
	power_state_set(self->r.s, 3);
	power_state_set(self->r.s, 0);
	ASSERT_EQ(MORE, irq_count(self->fd, MSIX));
	expect_protected(_metadata, self->fd);
}

/* The table has become longer by a page. */
TEST_F(resize, longer_table_has_page_rule)
{
	const int count = page_size() / PCI_MSIX_ENTRY_SIZE + 1;
	struct msix_map map;
	bool found = false;

	resize(&self->r, count);
	/* The rule holds before vectors are allocated, too. */
	if (!lab_remap())
		EXPECT_EQ(-EPERM, bar_try_map(self->fd, TABLE_BAR, page_size(),
					      page_size(),
					      PROT_READ | PROT_WRITE,
					      MAP_SHARED));
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, 1, self->r.triggers));
	map = msix_map_of(self->fd);
	for (u32 i = 0; i < map.head.count; i++) {
		if (map.range[i].kind != VFIO_PCI_MSIX_MAP_TABLE)
			continue;
		found = true;
		EXPECT_EQ(TABLE_BAR, map.range[i].region);
		EXPECT_EQ(0, map.range[i].offset);
		EXPECT_EQ(2 * page_size(), map.range[i].size);
	}
	EXPECT_TRUE(found);
	if (!lab_remap())
		EXPECT_EQ(-EPERM, bar_try_map(self->fd, TABLE_BAR, page_size(),
					      page_size(),
					      PROT_READ | PROT_WRITE,
					      MAP_SHARED));
}

/* On hosts whose messages can change, MSI_NOTIFY watches all vectors. */
TEST_F(resize, notify_with_more_vectors)
{
	struct resized *r = &self->r;
	int notify = eventfd_new();

	ASSERT_EQ(0, notify_set(self->fd, notify, 0));
	resize(r, MORE);
	eventfd_take(notify);
	ASSERT_EQ(0, set_triggers(self->fd, MSIX, 0, MORE, r->triggers));
	EXPECT_TRUE(eventfd_wait(notify));
	EXPECT_EQ(0, try_messages(r, 0, MORE));
	ASSERT_EQ(0, disable_irqs(self->fd, MSIX));
	ASSERT_EQ(0, notify_set(self->fd, -1, 0));
	close(notify);
}

/* The dummy target is in vectors 0 to @used - 1 of @count. */
static void expect_target(struct __test_metadata *_metadata, int fd, u64 iova,
			  int used, int count)
{
	for (int v = 0; v < count; v++)
		EXPECT_TRUE(hw_model_entry_is(fd, v, v < used ? iova : 0,
					      v < used ? v : 0, v >= used));
}

/* The memory after the table is still 0, as the reset has left it. */
static void expect_clean_after(struct __test_metadata *_metadata, int fd,
			       int count)
{
	u8 bytes[(COUNT - FEWER) * PCI_MSIX_ENTRY_SIZE], zeros[sizeof(bytes)] = {};

	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(sizeof(bytes), region_read(fd, TABLE_BAR,
					     count * PCI_MSIX_ENTRY_SIZE, bytes,
					     sizeof(bytes)));
	EXPECT_EQ(0, memcmp(zeros, bytes, sizeof(bytes)));
}

static u32 dummy_count(int fd)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	VFIO_ASSERT_EQ(dummy_get(fd, &dummy), 0);
	VFIO_ASSERT_EQ(dummy.flags, DUMMY_ENABLE);

	return dummy.count;
}

TEST_F(resize, dummy_target_in_more_vectors)
{
	resize(&self->r, MORE);
	EXPECT_EQ(-EINVAL, dummy_on(self->fd, MORE, 0, self->target.iova));
	EXPECT_EQ(-EINVAL, dummy_on(self->fd, 0, MORE + 1, self->target.iova));
	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	EXPECT_EQ(MORE, dummy_count(self->fd));
	expect_target(_metadata, self->fd, self->target.iova, MORE, MORE);
	EXPECT_EQ(DUMMY, message_of(self->fd, MSIX, MORE - 1).flags);
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, MORE - 1));
	ASSERT_EQ(0, dummy_off(self->fd));
	expect_target(_metadata, self->fd, 0, 0, MORE);
	expect_clean_after(_metadata, self->fd, MORE);
}

TEST_F(resize, dummy_target_in_fewer_vectors)
{
	resize(&self->r, FEWER);
	EXPECT_EQ(-EINVAL, dummy_on(self->fd, FEWER, 0, self->target.iova));
	EXPECT_EQ(-EINVAL, dummy_on(self->fd, 0, FEWER + 1, self->target.iova));
	expect_clean_after(_metadata, self->fd, FEWER);
	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	EXPECT_EQ(FEWER, dummy_count(self->fd));
	expect_target(_metadata, self->fd, self->target.iova, FEWER, FEWER);
	expect_clean_after(_metadata, self->fd, FEWER);
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, FEWER - 1));
	ASSERT_EQ(0, dummy_off(self->fd));
	expect_clean_after(_metadata, self->fd, FEWER);
}

TEST_F(resize, dummy_target_is_on_meanwhile)
{
	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	resize(&self->r, MORE);
	EXPECT_EQ(COUNT, dummy_count(self->fd));
	expect_target(_metadata, self->fd, self->target.iova, COUNT, MORE);
	expect_clean_after(_metadata, self->fd, MORE);
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, COUNT - 1));

	resize(&self->r, FEWER);
	EXPECT_EQ(COUNT, dummy_count(self->fd));
	expect_target(_metadata, self->fd, self->target.iova, FEWER, FEWER);
	expect_clean_after(_metadata, self->fd, FEWER);
	EXPECT_TRUE(dummy_asserts(self->fd, &self->target, FEWER - 1));
	EXPECT_EQ(DUMMY, message_of(self->fd, MSIX, FEWER - 1).flags);
	EXPECT_EQ(-EINVAL, try_messages(&self->r, FEWER, 1));

	ASSERT_EQ(0, dummy_off(self->fd));
	expect_target(_metadata, self->fd, 0, 0, FEWER);
	expect_clean_after(_metadata, self->fd, FEWER);
}

/* The kernel does not notice the reset, but the next call finds the dummy target gone. */
TEST_F(resize, longer_table_is_protected_when_target_is_restored)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	bar_write32(self->fd, 0, MSIX_REG_NEXT_VECTORS, MORE);
	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_MSIX);
	ioctl_assert(self->fd, VFIO_DEVICE_GET_INFO, &info);
	expect_target(_metadata, self->fd, self->target.iova, COUNT, MORE);
	expect_protected(_metadata, self->fd);
}

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4040

/* A window after the table, with two slots: a longer table includes one of them. */
#define WINDOW_START	(COUNT * PCI_MSIX_ENTRY_SIZE)
#define TAKEN_ENTRY	20
#define TAKEN_SLOT	(TAKEN_ENTRY * PCI_MSIX_ENTRY_SIZE)
#define FREE_SLOT	(MORE * PCI_MSIX_ENTRY_SIZE)
#define DATA_OFFSET	8

FIXTURE(resize_window) {
	struct resized r;
	int fd;
};

FIXTURE_VARIANT(resize_window) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(resize_window, msix_msi);

static void write_slot(int fd, u64 slot)
{
	bar_write32(fd, TABLE_BAR, slot, GUEST_ADDRESS);
	bar_write32(fd, TABLE_BAR, slot + DATA_OFFSET, GUEST_DATA);
}

FIXTURE_SETUP(resize_window)
{
	struct vfio_device_feature_pci_msi_window window = {
		.region = TABLE_BAR,
		.offset = WINDOW_START,
		.size = 0x1000,
		.data_offset = DATA_OFFSET,
	};
	u32 address = GUEST_ADDRESS;

	resized_open(&self->r, variant->device, variant->mode, MSIX);
	self->fd = self->r.fd;
	ASSERT_EQ(0, window_set(self->fd, &window));
	ASSERT_EQ(4, config_write(self->fd, MSIX_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				  &address, sizeof(address)));
	config_write16(self->fd, MSIX_MSI_OFFSET + PCI_MSI_DATA_32, GUEST_DATA);
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, 1, self->r.triggers));
	write_slot(self->fd, TAKEN_SLOT);
	write_slot(self->fd, FREE_SLOT);
	ASSERT_EQ(2, live_slots(self->fd));
}

FIXTURE_TEARDOWN(resize_window)
{
	disable_irqs(self->fd, MSI);
	resized_close(&self->r, COUNT);
}

/* The device's entry is still as the reset has left it, and the user cannot read it. */
static void expect_entry_protected(struct __test_metadata *_metadata, int fd)
{
	EXPECT_TRUE(hw_model_entry_is(fd, TAKEN_ENTRY, 0, 0, true));
	for (u64 i = 0; i < PCI_MSIX_ENTRY_SIZE; i += sizeof(u32))
		EXPECT_EQ(~0U, bar_read32(fd, TABLE_BAR, TAKEN_SLOT + i));
}

TEST_F(resize_window, cut_off_by_longer_table)
{
	resize(&self->r, MORE);
	write_slot(self->fd, TAKEN_SLOT);
	expect_entry_protected(_metadata, self->fd);
	write_slot(self->fd, FREE_SLOT);
	EXPECT_EQ(GUEST_ADDRESS, bar_read32(self->fd, TABLE_BAR, FREE_SLOT));
	EXPECT_LE(1, live_slots(self->fd));
	bar_write32(self->fd, 0, MSIX_REG_RAISE_MSI, 0);
	EXPECT_TRUE(eventfd_wait(self->r.triggers[0]));
}

/* Slots from before the reset are not written into the longer table, either. */
TEST_F(resize_window, earlier_slots_are_not_written_into_table)
{
	bar_write32(self->fd, 0, MSIX_REG_NEXT_VECTORS, MORE);
	/* The device resets itself, which the kernel does not notice. */
	bar_write32(self->fd, 0, MSIX_REG_RESET, MSIX_RESET_FUNCTION);
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(MORE, irq_count(self->fd, MSIX));
	ASSERT_EQ(2, window_state(self->fd).head.count);

	ASSERT_EQ(0, disable_irqs(self->fd, MSI));
	expect_entry_protected(_metadata, self->fd);
	ASSERT_EQ(0, set_triggers(self->fd, MSI, 0, 1, self->r.triggers));
	expect_entry_protected(_metadata, self->fd);
}

static int reopen(struct resized *r)
{
	session_prepare_open(r->s);
	r->fd = session_try_open(r->s);
	if (r->fd < 0)
		session_give_up_open(r->s);
	r->s->fd = r->fd;

	return r->fd;
}

/*
 * A window of the administrator's that the longer table includes: without it, guest
 * addresses would reach the device, so it cannot be opened.
 */
TEST_F(resize_window, administrators_window_reaches_longer_table)
{
	char file[64];

	snprintf(file, sizeof(file), "/sys/bus/pci/devices/%s/msi_windows",
		 self->r.s->bdf);
	ASSERT_EQ(0, file_write(file, "2 0x100 0x1000 8 -"));
	bar_write32(self->fd, 0, MSIX_REG_NEXT_VECTORS, MORE);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(-EINVAL, reopen(&self->r));

	ASSERT_EQ(0, file_write(file, "\n"));
	ASSERT_LE(0, reopen(&self->r));
	self->fd = self->r.fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(MORE, irq_count(self->fd, MSIX));
}

FIXTURE(resize_msi) {
	struct resized r;
	int most;	/* without remapping, x86 can allocate only one vector of MSI */
};

FIXTURE_VARIANT(resize_msi) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(resize_msi, ath11k_noid);

FIXTURE_SETUP(resize_msi)
{
	resized_open(&self->r, variant->device, variant->mode, MSI);
	self->most = lab_remap() ? 4 : 1;
}

FIXTURE_TEARDOWN(resize_msi)
{
	resized_close(&self->r, ATH11K_MSI_VECTORS);
}

TEST_F(resize_msi, fewer_and_more_vectors)
{
	struct resized *r = &self->r;

	for (int count = 4; count <= 16; count *= 4) {
		resize(r, count);
		expect_count(_metadata, r, count);
		ASSERT_EQ(0, set_triggers(r->fd, MSI, 0, self->most, r->triggers));
		expect_count(_metadata, r, count);
		EXPECT_EQ(-EINVAL, set_mask(r, true, count, 1));
		for (int v = 0; v < self->most; v++) {
			EXPECT_EQ(ALLOCATED | TRIGGER,
				  message_of(r->fd, MSI, v).flags);
			bar_write32(r->fd, 0, ATH11K_RAISE, v);
			EXPECT_TRUE(eventfd_wait(r->triggers[v]));
		}
		ASSERT_EQ(0, disable_irqs(r->fd, MSI));
	}
}

LAB_MAIN
