// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSIX_MAP: the table's rule, who may set it and where it is reported; valid and invalid
 * calls; windows in the BAR that has the table.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define PARAMETER	"/sys/module/msi_vfio_pci/parameters/table_map"
#define LOGGED		"MSI-X table cannot be mapped"

/* The BAR that has the table of the lab's device msix. */
#define TABLE_BAR	2

#define CANARY		0xc5

static const char * const rules[] = TABLE_MAP_WORDS;

static int set_parameter(const char *value)
{
	return module_param_write("msi_vfio_pci", "table_map", value);
}

static void expect_rule(struct __test_metadata *_metadata, const char *bdf,
			const char *rule)
{
	char want[64], text[64];

	table_map_expected(rule, want, sizeof(want));
	table_map_shown(bdf, text, sizeof(text));
	EXPECT_STREQ(want, text);
}

/* Which rule a session has, and where that is reported. */
FIXTURE(rule) {
	const char *bdf;
};

FIXTURE_VARIANT(rule) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(rule, msix);

FIXTURE_SETUP(rule)
{
	self->bdf = lab_bdf(variant->device);
	driver_bind(self->bdf, DRIVER_MSI);
}

FIXTURE_TEARDOWN(rule)
{
	set_parameter("auto");
}

/* While the device is closed, sysfs shows the rule that the next session will have. */
TEST_F(rule, of_next_session)
{
	for (int i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(0, set_parameter(rules[i]));
		expect_rule(_metadata, self->bdf, rules[i]);
	}
}

TEST_F(rule, read_at_open)
{
	struct session *s = session_open_table_map(variant->device,
						   variant->mode, "rw");

	ASSERT_EQ(0, set_parameter("deny"));
	EXPECT_EQ(0, bar_try_map(s->fd, TABLE_BAR, 0, page_size(),
				 PROT_READ | PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(READ_WRITE, msix_map_of(s->fd).range[0].access);
	expect_rule(_metadata, self->bdf, "rw");
	session_close(s);
	expect_rule(_metadata, self->bdf, "deny");
}

/* How many of the kernel's messages since @kmsg was opened name @bdf and this rule. */
static int count_logged(int kmsg, const char *bdf)
{
	char record[1024];
	ssize_t size;
	int count = 0;

	while ((size = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[size] = 0;
		count += strstr(record, bdf) && strstr(record, LOGGED);
	}

	return count;
}

TEST_F(rule, logged_once_if_it_forbids)
{
	for (int i = 0; i < ARRAY_SIZE(rules); i++) {
		int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		struct session *s;

		ASSERT_LE(0, kmsg);
		ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
		s = session_open_table_map(variant->device, variant->mode,
					   rules[i]);
		for (int j = 0; j < 3; j++)
			bar_try_map(s->fd, TABLE_BAR, 0, page_size(),
				    PROT_READ | PROT_WRITE, MAP_SHARED);
		session_close(s);
		EXPECT_EQ(table_map_access(rules[i]) != READ_WRITE,
			  count_logged(kmsg, self->bdf))
			TH_LOG("rule %s: not logged once for each session that it restricts",
			       rules[i]);
		close(kmsg);
	}
}

static void expect_parameter(struct __test_metadata *_metadata,
			     const char *want)
{
	char text[64] = {};

	ASSERT_LT(0, file_read(PARAMETER, text, sizeof(text)));
	text[strcspn(text, "\n")] = 0;
	EXPECT_STREQ(want, text);
}

TEST_F(rule, valid_words)
{
	expect_parameter(_metadata, "auto");
	for (int i = ARRAY_SIZE(rules); i--;) {
		ASSERT_EQ(0, set_parameter(rules[i]));
		expect_parameter(_metadata, rules[i]);
	}
	EXPECT_EQ(0, set_parameter("auto\n"));
}

TEST_F(rule, invalid_words)
{
	static const char * const bad[] = { "\n", "AUTO", "rw1", "r", " rw",
		"rw ", "0", "1", "-1", "auto,rw", "read" };

	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, set_parameter(bad[i]))
			TH_LOG("'%s' is no valid word", bad[i]);
		expect_parameter(_metadata, "auto");
	}
}

TEST_F(rule, parameter_mode)
{
	struct stat stat;

	ASSERT_EQ(0, lstat(PARAMETER, &stat));
	EXPECT_EQ(0600, stat.st_mode & 07777);
}

/* Valid and invalid calls of MSIX_MAP. */
struct map_call {
	struct vfio_device_feature head;
	struct vfio_device_feature_pci_msix_map map;
	struct vfio_pci_msix_map_range range[RANGES_MAX];
};

FIXTURE(call) {
	struct session *s;
	int fd;
	u32 ranges;
	struct map_call call;
};

FIXTURE_VARIANT(call) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(call, msix);

#define HEAD_SIZE	offsetof(struct map_call, range)

static size_t call_size(u32 count)
{
	return HEAD_SIZE + count * sizeof(struct vfio_pci_msix_map_range);
}

static void fill_call(struct map_call *call, u32 count)
{
	memset(call, 0, HEAD_SIZE);
	memset(call->range, CANARY, sizeof(call->range));
	call->head.argsz = call_size(count);
	call->head.flags = VFIO_DEVICE_FEATURE_GET |
			   VFIO_DEVICE_FEATURE_PCI_MSIX_MAP;
	call->map.count = count;
}

FIXTURE_SETUP(call)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->ranges = msix_map_of(self->fd).head.count;
	ASSERT_EQ(2, self->ranges);
}

FIXTURE_TEARDOWN(call)
{
	session_close(self->s);
}

TEST_F(call, no_set)
{
	u32 number = VFIO_DEVICE_FEATURE_PCI_MSIX_MAP;
	u32 set = VFIO_DEVICE_FEATURE_SET, probe = VFIO_DEVICE_FEATURE_PROBE;

	EXPECT_EQ(0, feature(self->fd, probe | VFIO_DEVICE_FEATURE_GET | number,
			     NULL, 0));
	EXPECT_EQ(-EINVAL, feature(self->fd, probe | set | number, NULL, 0));
	EXPECT_EQ(-EINVAL, feature(self->fd, set | number, &self->call.map,
				   sizeof(self->call.map)));
}

TEST_F(call, writes_no_more_ranges_than_count)
{
	struct map_call *call = &self->call;
	u8 canary[sizeof(call->range)];

	memset(canary, CANARY, sizeof(canary));
	for (u32 count = 0; count <= RANGES_MAX; count++) {
		u32 written = count < self->ranges ? count : self->ranges;

		fill_call(call, count);
		ASSERT_EQ(0, feature_raw(self->fd, call));
		EXPECT_EQ(self->ranges, call->map.count);
		for (u32 i = 0; i < written; i++)
			EXPECT_EQ(i ? VFIO_PCI_MSIX_MAP_PBA :
				      VFIO_PCI_MSIX_MAP_TABLE,
				  call->range[i].kind);
		EXPECT_EQ(0, memcmp(canary, call->range + written,
				    sizeof(canary) -
				    written * sizeof(call->range[0])));
	}
}

/* An invalid call fails, and changes nothing in its buffer. */
static void expect_refused(struct __test_metadata *_metadata, int fd,
			   struct map_call *call)
{
	struct map_call before = *call;

	EXPECT_EQ(-EINVAL, feature_raw(fd, call));
	EXPECT_EQ(0, memcmp(&before, call, sizeof(before)));
}

TEST_F(call, refuses_reserved_bits)
{
	for (int bit = 1; bit < 32; bit++) {
		fill_call(&self->call, self->ranges);
		self->call.map.flags = 1U << bit;
		expect_refused(_metadata, self->fd, &self->call);
	}
	for (int bit = 0; bit < 32; bit++) {
		fill_call(&self->call, self->ranges);
		self->call.map.__reserved = 1U << bit;
		expect_refused(_metadata, self->fd, &self->call);
	}

	/* The outputs of an earlier call may be passed back in. */
	fill_call(&self->call, self->ranges);
	self->call.map.flags = VFIO_PCI_MSIX_MAP_ISOLATED;
	self->call.map.page_size = ~0U;
	EXPECT_EQ(0, feature_raw(self->fd, &self->call));
	EXPECT_EQ(page_size(), self->call.map.page_size);
}

TEST_F(call, refuses_counts_beyond_argsz)
{
	static const u32 huge[] = { RANGES_MAX + 1, 1U << 27, 1U << 31, ~0U };
	struct map_call *call = &self->call;

	for (u32 count = 0; count <= RANGES_MAX; count++) {
		fill_call(call, count);
		call->head.argsz--;
		expect_refused(_metadata, self->fd, call);
	}
	for (int i = 0; i < ARRAY_SIZE(huge); i++) {
		fill_call(call, RANGES_MAX);
		call->map.count = huge[i];
		expect_refused(_metadata, self->fd, call);
	}
	fill_call(call, 0);
	call->head.argsz = ~0U;
	call->map.count = ~0U;
	expect_refused(_metadata, self->fd, call);
}

TEST_F(call, bad_buffers)
{
	size_t size = call_size(self->ranges);
	struct guarded buf;

	guarded_alloc(&buf);
	fill_call(&self->call, self->ranges);
	for (size_t over = 1; over < size; over++) {
		u8 *at = buf.end - size + over;

		memcpy(at, &self->call, size - over);
		EXPECT_EQ(-EFAULT, feature_raw(self->fd, at));
	}
	memcpy(buf.end - size, &self->call, size);
	EXPECT_EQ(0, feature_raw(self->fd, buf.end - size));

	memcpy(buf.start, &self->call, size);
	ASSERT_EQ(0, mprotect(buf.start, buf.page, PROT_READ));
	EXPECT_EQ(-EFAULT, feature_raw(self->fd, buf.start));
	guarded_free(&buf);
}

/* A device with MSI, so that it can have windows, and with MSI-X in the same BAR. */
FIXTURE(window) {
	struct session *s;
	struct vfio_device_feature_pci_msi_window window;
};

FIXTURE_VARIANT(window) {
	const char *device;
	const char *mode;
	u64 table;	/* BAR 0's last page, which has the table and the PBA */
};

LAB_VARIANTS(window, nec_usb_xhci, .table = 0x3000);

FIXTURE_SETUP(window)
{
	if (page_size() != 4096)
		SKIP(return, "with larger pages the BAR has only one");
	self->s = session_open_table_map(variant->device, variant->mode, "rw");
	self->window = (struct vfio_device_feature_pci_msi_window) {
		.offset = variant->table + 0x400,
		.size = 0x40,
		.data_offset = 8,
	};
}

FIXTURE_TEARDOWN(window)
{
	if (self->s)
		session_close(self->s);
}

TEST_F(window, in_table_page)
{
	static const u32 kinds[] = { VFIO_PCI_MSIX_MAP_TABLE,
		VFIO_PCI_MSIX_MAP_PBA, VFIO_PCI_MSIX_MAP_WINDOW };
	struct region_map region;
	struct msix_map map;

	EXPECT_EQ(READ_WRITE, msix_map_of(self->s->fd).range[0].access);
	ASSERT_EQ(0, window_set(self->s->fd, &self->window));
	map = msix_map_of(self->s->fd);
	ASSERT_EQ(ARRAY_SIZE(kinds), map.head.count);
	for (int i = 0; i < ARRAY_SIZE(kinds); i++) {
		EXPECT_EQ(kinds[i], map.range[i].kind);
		EXPECT_EQ(variant->table, map.range[i].offset);
		EXPECT_EQ(page_size(), map.range[i].size);
		EXPECT_EQ(NONE, map.range[i].access);
	}

	region = region_map(self->s->fd, 0);
	EXPECT_FALSE(region.msix_mappable);
	ASSERT_TRUE(region.sparse);
	ASSERT_EQ(1, region.areas);
	EXPECT_EQ(0, region.area[0].offset);
	EXPECT_EQ(variant->table, region.area[0].size);
	EXPECT_EQ(-EPERM, bar_try_map(self->s->fd, 0, variant->table, page_size(),
				      PROT_READ, MAP_SHARED));
	EXPECT_EQ(0, bar_try_map(self->s->fd, 0, 0, variant->table,
				 PROT_READ | PROT_WRITE, MAP_SHARED));
}

TEST_F(window, in_other_page)
{
	struct region_map region;
	struct msix_map map;

	self->window.offset = page_size();
	ASSERT_EQ(0, window_set(self->s->fd, &self->window));
	map = msix_map_of(self->s->fd);
	ASSERT_EQ(3, map.head.count);
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_WINDOW, map.range[0].kind);
	EXPECT_EQ(page_size(), map.range[0].offset);
	EXPECT_EQ(NONE, map.range[0].access);
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_TABLE, map.range[1].kind);
	EXPECT_EQ(READ_WRITE, map.range[1].access);
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_PBA, map.range[2].kind);
	EXPECT_EQ(READ_WRITE, map.range[2].access);

	/* VMMs that find MSIX_MAPPABLE map the whole BAR, with the window. */
	region = region_map(self->s->fd, 0);
	EXPECT_FALSE(region.msix_mappable);
	ASSERT_EQ(2, region.areas);
	EXPECT_EQ(page_size(), region.area[0].size);
	EXPECT_EQ(2 * page_size(), region.area[1].offset);
	EXPECT_EQ(variant->table,
		  region.area[1].offset + region.area[1].size);
	EXPECT_EQ(0, bar_try_map(self->s->fd, 0, variant->table, page_size(),
				 PROT_READ | PROT_WRITE, MAP_SHARED));
}

/* Ranges of a window in one page and in the next are one range of the map. */
TEST_F(window, in_pages_side_by_side)
{
	struct vfio_device_feature_pci_msi_ranges ranges = {
		.count = 3,
		.data_offset = 8,
		.range = {
			{ .offset = 0x40, .size = 0x40 },
			{ .offset = 0x80, .size = 0x40 },
			{ .offset = page_size() + 0x40, .size = 0x40 },
		},
	};
	struct msix_map map;

	ASSERT_EQ(0, ranges_set(self->s->fd, &ranges));
	map = msix_map_of(self->s->fd);
	ASSERT_EQ(3, map.head.count);
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_WINDOW, map.range[0].kind);
	EXPECT_EQ(0, map.range[0].offset);
	EXPECT_EQ(2 * page_size(), map.range[0].size);
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_TABLE, map.range[1].kind);
	EXPECT_EQ(VFIO_PCI_MSIX_MAP_PBA, map.range[2].kind);
}

TEST_F(window, beside_read_only_table)
{
	struct region_map region;

	session_close(self->s);
	self->s = session_open_table_map(variant->device, variant->mode, "ro");
	self->window.offset = 0;
	ASSERT_EQ(0, window_set(self->s->fd, &self->window));
	region = region_map(self->s->fd, 0);
	EXPECT_FALSE(region.msix_mappable);
	ASSERT_EQ(1, region.areas);
	EXPECT_EQ(page_size(), region.area[0].offset);
	EXPECT_EQ(variant->table - page_size(), region.area[0].size);
	EXPECT_EQ(0, bar_try_map(self->s->fd, 0, variant->table, page_size(),
				 PROT_READ, MAP_SHARED));
	EXPECT_EQ(-EPERM, bar_try_map(self->s->fd, 0, 0, region.size, PROT_READ,
				      MAP_SHARED));
}

/* A window is refused after a mapping that succeeded, not after one that was refused. */
TEST_F(window, after_mapping)
{
	session_close(self->s);
	self->s = session_open_table_map(variant->device, variant->mode, "ro");
	EXPECT_EQ(-EPERM, bar_try_map(self->s->fd, 0, variant->table, page_size(),
				      PROT_READ | PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(0, window_set(self->s->fd, &self->window));

	session_close(self->s);
	self->s = session_open_table_map(variant->device, variant->mode, "ro");
	EXPECT_EQ(0, bar_try_map(self->s->fd, 0, variant->table, page_size(),
				 PROT_READ, MAP_SHARED));
	EXPECT_EQ(-EBUSY, window_set(self->s->fd, &self->window));
}

LAB_MAIN
