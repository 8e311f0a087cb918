// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_WINDOW: which windows can be added, and that their pages cannot be mapped, exported
 * or written by ioeventfds.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define PROBE_GET	(VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET)
#define PROBE_SET	(VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET)
#define WINDOW		VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW

#define PAGE		4096

FIXTURE(known) {
	struct session *s;
};

FIXTURE_VARIANT(known) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(known, ath11k);

FIXTURE_SETUP(known)
{
	module_load(DRIVER_MSI);
	ASSERT_EQ(0, module_param_write("msi_vfio_pci", "windows", "1"));
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

FIXTURE_TEARDOWN(known)
{
	if (self->s)
		session_close(self->s);
	module_param_write("msi_vfio_pci", "windows", "1");
}

TEST_F(known, window_by_default)
{
	struct window_state state = window_state(self->s->fd);

	EXPECT_EQ(1, state.head.windows);
	EXPECT_EQ(0, state.head.flags);
	EXPECT_EQ(WINDOW_BAR, state.head.region);
	EXPECT_EQ(WINDOW_OFFSET, state.head.offset);
	EXPECT_EQ(0, state.head.count);
	EXPECT_EQ(-EINVAL, window_get(self->s->fd, 1, &state));
}

TEST_F(known, no_window_by_parameter)
{
	struct window_state state;

	session_close(self->s);
	ASSERT_EQ(0, module_param_write("msi_vfio_pci", "windows", "0"));
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);

	state = window_state(self->s->fd);
	EXPECT_EQ(0, state.head.windows);
	EXPECT_EQ(0, state.head.size);
	EXPECT_EQ(0, state.head.count);
}

/* The page of the select register, and those of each range. */
TEST_F(known, listed_by_msix_map)
{
	struct vfio_device_feature_pci_msi_ranges ranges =
		ranges_state(self->s->fd).head.ranges;
	struct msix_map map = msix_map_of(self->s->fd);

	ASSERT_EQ(1 + ranges.count, map.head.count);
	EXPECT_EQ(page_down(ranges.select_offset), map.range[0].offset);
	EXPECT_EQ(page_size(), map.range[0].size);
	for (u32 i = 0; i < map.head.count; i++) {
		EXPECT_EQ(WINDOW_BAR, map.range[i].region);
		EXPECT_EQ(VFIO_PCI_MSIX_MAP_WINDOW, map.range[i].kind);
		EXPECT_EQ(NONE, map.range[i].access);
	}
	for (u32 i = 0; i < ranges.count; i++) {
		EXPECT_EQ(ranges.range[i].offset, map.range[1 + i].offset);
		EXPECT_EQ(ranges.range[i].size, map.range[1 + i].size);
	}
}

TEST_F(known, left_out_of_region_info)
{
	struct msix_map left_out = msix_map_of(self->s->fd);
	struct region_map map = region_map(self->s->fd, WINDOW_BAR);
	u64 pos = 0;

	EXPECT_EQ(ATH11K_BAR0_SIZE, map.size);
	EXPECT_TRUE(map.mmap);
	ASSERT_TRUE(map.sparse);
	ASSERT_EQ(left_out.head.count + 1, map.areas);

	for (u32 i = 0; i < map.areas; i++) {
		EXPECT_EQ(pos, map.area[i].offset);
		pos = i < left_out.head.count ? left_out.range[i].offset :
						ATH11K_BAR0_SIZE;
		EXPECT_EQ(pos, map.area[i].offset + map.area[i].size);
		if (i < left_out.head.count)
			pos += left_out.range[i].size;
	}
}

static int try_mmap(int fd, u64 offset, size_t size)
{
	return bar_try_map(fd, WINDOW_BAR, offset, size, PROT_READ | PROT_WRITE,
			   MAP_SHARED);
}

/* The end of the first range, and of the hole after it. */
static u64 first_range_end(int fd)
{
	struct vfio_device_feature_pci_msi_ranges ranges =
		ranges_state(fd).head.ranges;

	return ranges.range[0].offset + ranges.range[0].size;
}

static u64 first_hole_end(int fd)
{
	return ranges_state(fd).head.ranges.range[1].offset;
}

TEST_F(known, refuses_mmap)
{
	int fd = self->s->fd;

	EXPECT_EQ(-EPERM, try_mmap(fd, WINDOW_OFFSET, PAGE));
	EXPECT_EQ(-EPERM, try_mmap(fd, first_range_end(fd) - PAGE, PAGE));
	EXPECT_EQ(-EPERM, try_mmap(fd, first_hole_end(fd) - PAGE, 2 * PAGE));
	EXPECT_EQ(-EPERM, try_mmap(fd, WINDOW_OFFSET - PAGE, 2 * PAGE));
	EXPECT_EQ(-EPERM, try_mmap(fd, 0, ATH11K_BAR0_SIZE));
}

TEST_F(known, rest_of_bar_is_mappable)
{
	struct region_map map = region_map(self->s->fd, WINDOW_BAR);
	int fd = self->s->fd;

	for (u32 i = 0; i < map.areas; i++)
		EXPECT_EQ(0, try_mmap(fd, map.area[i].offset, map.area[i].size));
	EXPECT_EQ(0, try_mmap(fd, first_range_end(fd),
			      first_hole_end(fd) - first_range_end(fd)));
}

TEST_F(known, refuses_ioeventfd)
{
	int eventfd = eventfd_new(), fd = self->s->fd;
	u64 end = first_range_end(fd);

	EXPECT_EQ(-EPERM, bar_try_ioeventfd(fd, WINDOW_BAR, WINDOW_OFFSET,
					    eventfd));
	EXPECT_EQ(-EPERM, bar_try_ioeventfd(fd, WINDOW_BAR, end - 4, eventfd));
	EXPECT_EQ(0, bar_try_ioeventfd(fd, WINDOW_BAR, end, eventfd));
	close(eventfd);
}

TEST_F(known, refuses_dma_buf)
{
	int fd = self->s->fd, buf;

	if (!dma_buf_exists(fd))
		SKIP(return, "this kernel does not export BARs as DMA-BUF");

	EXPECT_EQ(-EPERM, bar_try_dma_buf(fd, WINDOW_BAR, WINDOW_OFFSET, PAGE));
	EXPECT_EQ(-EPERM, bar_try_dma_buf(fd, WINDOW_BAR, 0, ATH11K_BAR0_SIZE));
	buf = bar_try_dma_buf(fd, WINDOW_BAR, first_range_end(fd),
			      first_hole_end(fd) - first_range_end(fd));
	EXPECT_LE(0, buf);
	close(buf);
}

FIXTURE(set) {
	struct session *s;
	struct vfio_device_feature_pci_msi_window window;
};

FIXTURE_VARIANT(set) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(set, ath11k_noid);

FIXTURE_SETUP(set)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	self->window = window_of_ath11k();
}

FIXTURE_TEARDOWN(set)
{
	session_close(self->s);
}

TEST_F(set, probe)
{
	int fd = self->s->fd;

	EXPECT_EQ(0, feature(fd, VFIO_DEVICE_FEATURE_PROBE | WINDOW, NULL, 0));
	EXPECT_EQ(0, feature(fd, PROBE_GET | WINDOW, NULL, 0));
	EXPECT_EQ(0, feature(fd, PROBE_SET | WINDOW, NULL, 0));
	EXPECT_EQ(0, window_count(fd));
}

TEST_F(set, lasts_for_one_session)
{
	ASSERT_EQ(0, window_set(self->s->fd, &self->window));
	EXPECT_EQ(1, window_count(self->s->fd));
	EXPECT_EQ(WINDOW_OFFSET, window_state(self->s->fd).head.offset);

	session_close(self->s);
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	EXPECT_EQ(0, window_count(self->s->fd));
}

/* A window is refused if one of its fields has this value. */
#define expect_refused(_self, _field, _value) do {			\
	struct vfio_device_feature_pci_msi_window __bad = (_self)->window; \
									\
	__bad._field = _value;						\
	EXPECT_EQ(-EINVAL, window_set((_self)->s->fd, &__bad))		\
		TH_LOG("%s = 0x%llx is not refused", #_field,		\
		       (unsigned long long)__bad._field);		\
	EXPECT_EQ(0, window_count((_self)->s->fd));			\
} while (0)

TEST_F(set, refuses_bad_fields)
{
	expect_refused(self, flags, 1 << 3);
	expect_refused(self, flags, 1U << 31);
	expect_refused(self, flags, VFIO_PCI_MSI_WINDOW_LEARN);
	expect_refused(self, region, 1);
	expect_refused(self, region, 6);
	expect_refused(self, region, VFIO_PCI_CONFIG_REGION_INDEX);
	expect_refused(self, region, ~0U);
	expect_refused(self, offset, WINDOW_OFFSET + 2);
	expect_refused(self, offset, ATH11K_BAR0_SIZE);
	expect_refused(self, offset, ATH11K_BAR0_SIZE - WINDOW_SIZE + 4);
	expect_refused(self, offset, ~3ULL);
	expect_refused(self, size, 0);
	expect_refused(self, size, WINDOW_SIZE + 1);
	expect_refused(self, size, ATH11K_BAR0_SIZE);
	expect_refused(self, size, ~3ULL);
	expect_refused(self, data_offset, 0);
	expect_refused(self, data_offset, 6);
	expect_refused(self, data_offset, WINDOW_SIZE);
	expect_refused(self, data_offset, ~3U);
	expect_refused(self, __reserved, 1);

	self->window.flags = VFIO_PCI_MSI_WINDOW_HIGH;
	expect_refused(self, data_offset, 4);
}

TEST_F(set, refuses_learn_with_other_flags)
{
	self->window.flags = VFIO_PCI_MSI_WINDOW_LEARN;
	self->window.data_offset = 0;
	expect_refused(self, flags, VFIO_PCI_MSI_WINDOW_LEARN |
		       VFIO_PCI_MSI_WINDOW_HIGH);
	expect_refused(self, flags, VFIO_PCI_MSI_WINDOW_LEARN |
		       VFIO_PCI_MSI_WINDOW_REPROGRAM);
	expect_refused(self, data_offset, 4);
	EXPECT_EQ(0, window_set(self->s->fd, &self->window));
}

TEST_F(set, refuses_short_and_unreadable_payloads)
{
	struct vfio_device_feature header = {
		.argsz = sizeof(header) + sizeof(self->window) - 1,
		.flags = VFIO_DEVICE_FEATURE_SET | WINDOW,
	};
	struct guarded memory;
	int fd = self->s->fd;

	guarded_alloc(&memory);
	memcpy(memory.end - sizeof(header), &header, sizeof(header));
	EXPECT_EQ(-EINVAL, feature_raw(fd, memory.end - sizeof(header)));
	header.argsz++;
	memcpy(memory.end - sizeof(header), &header, sizeof(header));
	EXPECT_EQ(-EFAULT, feature_raw(fd, memory.end - sizeof(header)));
	EXPECT_EQ(0, window_count(fd));
	guarded_free(&memory);
}

TEST_F(set, refuses_overlap)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, window_set(fd, &self->window));
	EXPECT_EQ(-EEXIST, window_set(fd, &self->window));
	self->window.offset = WINDOW_OFFSET + WINDOW_SIZE - 4;
	EXPECT_EQ(-EEXIST, window_set(fd, &self->window));
	self->window.offset = WINDOW_OFFSET + WINDOW_SIZE;
	EXPECT_EQ(0, window_set(fd, &self->window));
	EXPECT_EQ(2, window_count(fd));
}

TEST_F(set, refuses_17th_window)
{
	int fd = self->s->fd;

	self->window.size = 0x100;
	for (int i = 0; i < WINDOW_MAX; i++) {
		ASSERT_EQ(0, window_set(fd, &self->window));
		self->window.offset += self->window.size;
	}
	EXPECT_EQ(-ENOSPC, window_set(fd, &self->window));
	EXPECT_EQ(WINDOW_MAX, window_count(fd));
}

/* A window with all that it can have: two ranges and a select register. */
static struct vfio_device_feature_pci_msi_ranges with_a_hole(void)
{
	return (struct vfio_device_feature_pci_msi_ranges) {
		.region = WINDOW_BAR,
		.data_offset = ATH11K_SLOT_DATA,
		.count = 2,
		.select_offset = ATH11K_SELECT,
		.select_mask = ATH11K_SELECT_PAGE,
		.range = { { WINDOW_OFFSET, 0x1000 }, { WINDOW_OFFSET + 0x3000, 0x2000 } },
	};
}

TEST_F(set, ranges)
{
	struct vfio_device_feature_pci_msi_ranges in = with_a_hole();
	struct ranges_state out;
	int fd = self->s->fd;

	EXPECT_EQ(0, feature(fd, PROBE_GET | VFIO_DEVICE_FEATURE_PCI_MSI_RANGES,
			     NULL, 0));
	EXPECT_EQ(0, feature(fd, PROBE_SET | VFIO_DEVICE_FEATURE_PCI_MSI_RANGES,
			     NULL, 0));
	ASSERT_EQ(0, ranges_get(fd, 0, &out));
	EXPECT_EQ(0, out.head.windows);
	EXPECT_EQ(0, out.head.ranges.count);
	EXPECT_EQ(-EINVAL, ranges_get(fd, 1, &out));

	ASSERT_EQ(0, ranges_set(fd, &in));
	self->window.offset += WINDOW_SIZE;
	ASSERT_EQ(0, window_set(fd, &self->window));
	ASSERT_EQ(0, ranges_get(fd, 0, &out));
	EXPECT_EQ(2, out.head.windows);
	EXPECT_EQ(0, memcmp(&in, &out.head.ranges, sizeof(in)));
	EXPECT_EQ(WINDOW_OFFSET, window_state(fd).head.offset);
	EXPECT_EQ(0x5000, window_state(fd).head.size);

	/* One of MSI_WINDOW is one range. */
	ASSERT_EQ(0, ranges_get(fd, 1, &out));
	EXPECT_EQ(1, out.head.window);
	EXPECT_EQ(1, out.head.ranges.count);
	EXPECT_EQ(self->window.offset, out.head.ranges.range[0].offset);
	EXPECT_EQ(self->window.size, out.head.ranges.range[0].size);
	EXPECT_EQ(0, out.head.ranges.select_mask);
	EXPECT_EQ(-EINVAL, ranges_get(fd, 2, &out));
}

/* Ranges are refused if one of their fields has this value. */
#define expect_ranges_refused(_fd, _errno, _field, _value) do {	\
	struct vfio_device_feature_pci_msi_ranges __bad = with_a_hole(); \
									\
	__bad._field = _value;						\
	EXPECT_EQ(-(_errno), ranges_set(_fd, &__bad))			\
		TH_LOG("%s = 0x%llx is not refused", #_field,		\
		       (unsigned long long)__bad._field);		\
	EXPECT_EQ(0, window_count(_fd));				\
} while (0)

TEST_F(set, refuses_bad_ranges)
{
	int fd = self->s->fd;

	expect_ranges_refused(fd, EINVAL, flags, 1 << 3);
	expect_ranges_refused(fd, EINVAL, flags, VFIO_PCI_MSI_WINDOW_LEARN);
	expect_ranges_refused(fd, EINVAL, region, 1);
	expect_ranges_refused(fd, EINVAL, region, ~0U);
	expect_ranges_refused(fd, EINVAL, data_offset, 0);
	expect_ranges_refused(fd, EINVAL, data_offset, 0x5000);
	expect_ranges_refused(fd, EINVAL, count, 0);
	expect_ranges_refused(fd, EINVAL, count, 1);
	expect_ranges_refused(fd, EINVAL, count, 3);
	expect_ranges_refused(fd, E2BIG, count, VFIO_PCI_MSI_RANGES_MAX + 1);
	expect_ranges_refused(fd, E2BIG, count, ~0U);
	expect_ranges_refused(fd, EINVAL, __reserved, 1);
	expect_ranges_refused(fd, EINVAL, select_mask, 0);
	expect_ranges_refused(fd, EINVAL, select_offset, ATH11K_SELECT + 2);
	expect_ranges_refused(fd, EINVAL, select_offset, ATH11K_BAR0_SIZE);
	expect_ranges_refused(fd, EINVAL, select_offset, ~3ULL);
	expect_ranges_refused(fd, EINVAL, select_offset, WINDOW_OFFSET + 0xffc);
	expect_ranges_refused(fd, EINVAL, select_offset, WINDOW_OFFSET + 0x3000);
	expect_ranges_refused(fd, EINVAL, range[0].size, 0x3004);
	expect_ranges_refused(fd, EINVAL, range[0].size, 0xfff);
	expect_ranges_refused(fd, EINVAL, range[0].size, 0);
	expect_ranges_refused(fd, EINVAL, range[0].size, ~3ULL);
	expect_ranges_refused(fd, EINVAL, range[0].offset, WINDOW_OFFSET + 2);
	expect_ranges_refused(fd, EINVAL, range[0].offset, WINDOW_OFFSET + 0x4000);
	expect_ranges_refused(fd, EINVAL, range[1].offset, 0);
	expect_ranges_refused(fd, EINVAL, range[1].offset, ATH11K_BAR0_SIZE);
	expect_ranges_refused(fd, EINVAL, range[1].size, ATH11K_BAR0_SIZE);
	expect_ranges_refused(fd, EINVAL, range[2].size, 4);
	expect_ranges_refused(fd, EINVAL, range[15].offset, 4);
}

TEST_F(set, refuses_overlap_of_ranges)
{
	struct vfio_device_feature_pci_msi_ranges in = with_a_hole();
	int fd = self->s->fd;

	ASSERT_EQ(0, ranges_set(fd, &in));
	EXPECT_EQ(-EEXIST, ranges_set(fd, &in));
	self->window.offset = WINDOW_OFFSET + 0xffc;
	self->window.size = 0x10;
	EXPECT_EQ(-EEXIST, window_set(fd, &self->window));
	self->window.offset = ATH11K_SELECT;
	EXPECT_EQ(-EEXIST, window_set(fd, &self->window));
	EXPECT_EQ(1, window_count(fd));

	/* A window in the hole, with the same select register. */
	in.count = 1;
	in.range[0] = (struct vfio_pci_msi_range) { WINDOW_OFFSET + 0x1000, 0x2000 };
	in.range[1] = (struct vfio_pci_msi_range) {};
	EXPECT_EQ(0, ranges_set(fd, &in));
	in.range[0].offset = WINDOW_OFFSET + 0x8000;
	in.select_offset = WINDOW_OFFSET + 0x2000;
	EXPECT_EQ(-EEXIST, ranges_set(fd, &in));
	EXPECT_EQ(2, window_count(fd));
}

TEST_F(set, refuses_short_ranges)
{
	struct vfio_device_feature_pci_msi_ranges in = with_a_hole();
	struct ranges_state state = {};
	int fd = self->s->fd;

	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &in,
				   sizeof(in) - 1));
	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_GET |
				   VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &state,
				   sizeof(state.head) - 1));
	state.head.count = SLOTS_MAX;
	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_GET |
				   VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &state,
				   sizeof(state) - 1));
	state.head.count = ~0U;
	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_GET |
				   VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &state,
				   sizeof(state)));
	state.head.count = 0;
	state.head.__reserved = 1;
	EXPECT_EQ(-EINVAL, feature(fd, VFIO_DEVICE_FEATURE_GET |
				   VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &state,
				   sizeof(state)));
}

TEST_F(set, refused_after_mmap)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, try_mmap(fd, 0, PAGE));
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
	EXPECT_EQ(0, window_count(fd));
}

/* The driver does not see what an ioeventfd writes into the window. */
TEST_F(set, refused_after_ioeventfd)
{
	int eventfd = eventfd_new(), fd = self->s->fd;

	ASSERT_EQ(0, bar_try_ioeventfd(fd, WINDOW_BAR, WINDOW_OFFSET, eventfd));
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
	EXPECT_EQ(0, window_count(fd));
	close(eventfd);
}

TEST_F(set, refused_after_export)
{
	int fd = self->s->fd, buf;

	if (!dma_buf_exists(fd))
		SKIP(return, "this kernel does not export BARs as DMA-BUF");

	buf = bar_try_dma_buf(fd, WINDOW_BAR, WINDOW_OFFSET, PAGE);
	ASSERT_LE(0, buf);
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
	close(buf);
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
}

/* An export that fails in its last step, after all checks: there is no free file. */
static int export_without_a_file(int fd)
{
	struct rlimit limit, none;
	int ret;

	VFIO_ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	VFIO_ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	ret = bar_try_dma_buf(fd, WINDOW_BAR, WINDOW_OFFSET, PAGE);
	VFIO_ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);

	return ret;
}

/* Calls for pages of the BAR that are allowed, and fail for other reasons. */
static void fail_to_get_pages(struct __test_metadata *_metadata, int fd)
{
	EXPECT_EQ(-EINVAL, bar_try_map(fd, WINDOW_BAR, WINDOW_OFFSET, PAGE,
				       PROT_READ, MAP_PRIVATE));
	EXPECT_EQ(-EINVAL, try_mmap(fd, ATH11K_BAR0_SIZE, PAGE));
	EXPECT_EQ(-EBADF, bar_try_ioeventfd(fd, WINDOW_BAR, WINDOW_OFFSET,
					    1000000));
	EXPECT_EQ(-EINVAL, bar_try_ioeventfd(fd, WINDOW_BAR, WINDOW_OFFSET, fd));
	EXPECT_EQ(-ENODEV, bar_try_ioeventfd(fd, WINDOW_BAR, WINDOW_OFFSET, -1));
	EXPECT_EQ(-EINVAL, bar_try_ioeventfd(fd, WINDOW_BAR, ATH11K_BAR0_SIZE,
					     -1));
	if (!dma_buf_exists(fd))
		return;
	EXPECT_EQ(-EINVAL, bar_try_dma_buf(fd, WINDOW_BAR, ATH11K_BAR0_SIZE,
					   PAGE));
	EXPECT_EQ(-EMFILE, export_without_a_file(fd));
}

TEST_F(set, allowed_after_failed_calls)
{
	int fd = self->s->fd;

	fail_to_get_pages(_metadata, fd);
	EXPECT_EQ(0, window_set(fd, &self->window));
	EXPECT_EQ(1, window_count(fd));
}

TEST_F(set, refused_after_mmap_and_failed_calls)
{
	int fd = self->s->fd;

	ASSERT_EQ(0, try_mmap(fd, 0, PAGE));
	fail_to_get_pages(_metadata, fd);
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
}

/* An ioeventfd that exists still counts after the same was refused with EEXIST. */
TEST_F(set, refused_after_ioeventfd_and_failed_calls)
{
	int eventfd = eventfd_new(), fd = self->s->fd;

	ASSERT_EQ(0, bar_try_ioeventfd(fd, WINDOW_BAR, 0, eventfd));
	EXPECT_EQ(-EEXIST, bar_try_ioeventfd(fd, WINDOW_BAR, 0, eventfd));
	fail_to_get_pages(_metadata, fd);
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
	EXPECT_EQ(0, bar_try_ioeventfd(fd, WINDOW_BAR, 0, -1));
	EXPECT_EQ(-EBUSY, window_set(fd, &self->window));
	close(eventfd);
}

FIXTURE(msi_and_msix) {
	struct session *s;
	struct vfio_device_feature_pci_msi_window window;
};

FIXTURE_VARIANT(msi_and_msix) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(msi_and_msix, igb);

/* igb has MSI and MSI-X; its table is at the start of a BAR of 16 KiB. */
#define TABLE_BAR	3
#define TABLE_SIZE	(10 * PCI_MSIX_ENTRY_SIZE)

FIXTURE_SETUP(msi_and_msix)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->window = (struct vfio_device_feature_pci_msi_window) {
		.region = TABLE_BAR,
		.size = PAGE,
		.data_offset = 8,
	};
	ASSERT_EQ(10, irq_count(self->s->fd, VFIO_PCI_MSIX_IRQ_INDEX));
}

FIXTURE_TEARDOWN(msi_and_msix)
{
	session_close(self->s);
}

TEST_F(msi_and_msix, refuses_window_in_rom)
{
	self->window.offset = TABLE_SIZE;
	expect_refused(self, region, VFIO_PCI_ROM_REGION_INDEX);
}

TEST_F(msi_and_msix, refuses_window_over_table)
{
	expect_refused(self, offset, 0);
	expect_refused(self, offset, TABLE_SIZE - 4);
	self->window.flags = VFIO_PCI_MSI_WINDOW_LEARN;
	self->window.data_offset = 0;
	expect_refused(self, offset, 0);
	EXPECT_EQ(0, window_count(self->s->fd));
}

TEST_F(msi_and_msix, accepts_window_beside_table)
{
	self->window.offset = TABLE_SIZE;
	EXPECT_EQ(0, window_set(self->s->fd, &self->window));
	self->window.region = 0;
	self->window.offset = 0;
	EXPECT_EQ(0, window_set(self->s->fd, &self->window));
}

/*
 * VMMs that find MSIX_MAPPABLE map the whole BAR. Those that do not find it expect that
 * the table's page is in no area.
 */
TEST_F(msi_and_msix, no_msix_mappable_beside_window)
{
	u32 access = table_map_access("auto");
	int fd = self->s->fd, prot = PROT_READ;
	struct region_map map = region_map(fd, TABLE_BAR);

	EXPECT_EQ(access == READ_WRITE, map.msix_mappable);
	self->window.offset = PAGE;
	ASSERT_EQ(0, window_set(fd, &self->window));

	map = region_map(fd, TABLE_BAR);
	EXPECT_TRUE(map.mmap);
	EXPECT_FALSE(map.msix_mappable);
	ASSERT_TRUE(map.sparse);
	ASSERT_EQ(1, map.areas);
	EXPECT_EQ(2 * PAGE, map.area[0].offset);
	EXPECT_EQ(map.size - 2 * PAGE, map.area[0].size);

	/* The page rule of the table is unchanged. */
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_TABLE, msix_map_of(fd).range[0].kind);
	EXPECT_EQ(access, msix_map_of(fd).range[0].access);
	if (access == READ_WRITE)
		prot |= PROT_WRITE;
	EXPECT_EQ(0, bar_try_map(fd, TABLE_BAR, 0, PAGE, prot, MAP_SHARED));
	EXPECT_EQ(0, bar_try_map(fd, TABLE_BAR, 2 * PAGE, map.size - 2 * PAGE,
				 PROT_READ | PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(-EPERM, bar_try_map(fd, TABLE_BAR, PAGE, PAGE, PROT_READ,
				      MAP_SHARED));
}

/* One read includes the table and the window, and returns the hardware's table. */
TEST_F(msi_and_msix, novirt_read_over_table_and_window)
{
	struct vfio_pci_msi_message want;
	int trigger = eventfd_new(), fd = self->s->fd;
	__le32 buf[PAGE / 4];

	command_set(fd, PCI_COMMAND_MEMORY);
	self->window.offset = TABLE_SIZE;
	ASSERT_EQ(0, window_set(fd, &self->window));
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &trigger));
	want = message_of(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	ASSERT_NE(0, want.address);

	ASSERT_EQ(PAGE, region_read(fd, TABLE_BAR, 0, buf, PAGE));
	EXPECT_EQ(~0U, buf[0]);
	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(PAGE, region_read(fd, TABLE_BAR, 0, buf, PAGE));
	EXPECT_EQ(want.address, buf[0] | (u64)buf[1] << 32);
	EXPECT_EQ(want.data, buf[2]);
	EXPECT_EQ(0, buf[TABLE_SIZE / 4]);
	close(trigger);
}

FIXTURE(no_msi) {
	struct session *s;
};

FIXTURE_VARIANT(no_msi) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(no_msi, msix);

FIXTURE_SETUP(no_msi)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
}

FIXTURE_TEARDOWN(no_msi)
{
	session_close(self->s);
}

TEST_F(no_msi, enotty)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();
	int fd = self->s->fd;

	EXPECT_EQ(-ENOTTY, feature(fd, VFIO_DEVICE_FEATURE_PROBE | WINDOW, NULL,
				   0));
	EXPECT_EQ(-ENOTTY, window_set(fd, &window));
}

LAB_MAIN
