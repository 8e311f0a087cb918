// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows for administrators: msi_windows in sysfs lists the windows that the next session
 * will have, and windows in debugfs shows those of the open session.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session.h"
#include "variants.h"
#include "window.h"

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060
#define NOBODY		65534

#define TEXT_SIZE	65536
#define SLOTS_FULL	256
#define RACE_ROUNDS	10

static const u32 slots[] = ATH11K_SLOT_OFFSETS;

FIXTURE(admin) {
	char bdf[BDF_SIZE];
	char file[128];
	char debugfs[128];
	struct session *s;
	int trigger;
	char text[TEXT_SIZE];
};

FIXTURE_VARIANT(admin) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(admin, ath11k_noid);
LAB_VARIANTS(admin, ath11k);

static bool is_known(const char *device)
{
	return !strcmp(device, "ath11k");
}

FIXTURE_SETUP(admin)
{
	snprintf(self->bdf, sizeof(self->bdf), "%s", lab_bdf(variant->device));
	driver_bind(self->bdf, DRIVER_MSI);
	snprintf(self->file, sizeof(self->file),
		 "/sys/bus/pci/devices/%s/msi_windows", self->bdf);
	snprintf(self->debugfs, sizeof(self->debugfs), "%s",
		 debugfs_path(self->bdf, "windows"));
	ASSERT_EQ(0, file_write(self->file, "\n"));
	self->trigger = eventfd_new();
}

FIXTURE_TEARDOWN(admin)
{
	if (self->s)
		session_close(self->s);
	close(self->trigger);
	file_write(self->file, "\n");
}

static struct session *admin_open(const char *bdf, const char *mode)
{
	struct session *s = session_open_bdf(bdf, mode);

	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	return s;
}

static void admin_close(struct session **s)
{
	session_close(*s);
	*s = NULL;
}

#define expect_text(_self, _path, _text) do {				\
	ASSERT_LE(0, file_read(_path, (_self)->text, TEXT_SIZE));	\
	EXPECT_STREQ(_text, (_self)->text);				\
} while (0)

TEST_F(admin, list_reads_back)
{
	expect_text(self, self->file, "");
	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"
				"0 0x2000 256 014 high,reprogram\n\n"
				"0 12288 0x40 0 learn"));
	expect_text(self, self->file, "0 0x1000 0x100 8 -\n"
		    "0 0x2000 0x100 12 reprogram,high\n"
		    "0 0x3000 0x40 0 learn\n");
	ASSERT_EQ(0, file_write(self->file, self->text));
	ASSERT_EQ(0, file_write(self->file, "0 0 4096 8 -"));
	expect_text(self, self->file, "0 0x0 0x1000 8 -\n");
	ASSERT_EQ(0, file_write(self->file, "\n"));
	expect_text(self, self->file, "");
}

TEST_F(admin, refuses_bad_lines)
{
	static const char *const bad[] = {
		"x", "0", "0 0 0x100", "0 0 0x100 8", "0 0 0x100 8 - -",
		"0  0 0x100 8 -", " 0 0 0x100 8 -", "0 0 0x100 8 - ",
		"0\t0 0x100 8 -", "0 0 0x100 8 fast", "0 0 0x100 8 high,",
		"0 0 0x100 8 ,high", "0 0 0x100 8 -,high", "0 0 0x100 8 HIGH",
		"-1 0 0x100 8 -", "0 -4 0x100 8 -", "0 0x 0x100 8 -",
		"4294967296 0 0x100 8 -", "0 0 0x100 4294967304 -",
		"0 0x10000000000000000 0x100 8 -",
		/* A SET of MSI_WINDOW refuses these, too. */
		"1 0 0x100 8 -", "6 0 0x100 8 -", "0 2 0x100 8 -",
		"0 0 0x102 8 -", "0 0 0 8 -", "0 0 0x100 0 -", "0 0 0x100 6 -",
		"0 0 8 8 -", "0 0x200000 0x100 8 -", "0 0x1fff04 0x100 8 -",
		"0 0xfffffffffffffffc 8 4 -", "0 4 0xfffffffffffffffc 8 -",
		"0 0 0x100 4 high", "0 0 0x100 8 learn", "0 0 0x100 0 learn,high",
	};
	char line[256];

	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, file_write(self->file, bad[i]))
			TH_LOG("the line '%s' is not refused", bad[i]);
		snprintf(line, sizeof(line), "0 0x8000 0x100 8 -\n%s\n", bad[i]);
		EXPECT_EQ(-EINVAL, file_write(self->file, line))
			TH_LOG("the line '%s' is not refused after a valid one",
			       bad[i]);
		expect_text(self, self->file, "0 0x1000 0x100 8 -\n");
	}
}

TEST_F(admin, refuses_overlaps)
{
	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	EXPECT_EQ(-EEXIST, file_write(self->file, "0 0x2000 0x100 8 -\n"
				      "0 0x20fc 0x100 8 -\n"));
	EXPECT_EQ(-EEXIST, file_write(self->file, "0 0x2000 0x100 8 -\n"
				      "0 0 0x200000 8 -\n"));
	EXPECT_EQ(-EEXIST, file_write(self->file, "0 0 0x200000 8 -\n"
				      "0 0x2000 0x100 8 -\n"));
	expect_text(self, self->file, "0 0x1000 0x100 8 -\n");
	EXPECT_EQ(0, file_write(self->file, "0 0x2000 0x100 8 -\n"
				"0 0x2100 0x100 8 -\n0 0x1f00 0x100 8 -\n"));
}

static void many_lines(char *text, int lines)
{
	for (int i = 0; i < lines; i++)
		text += sprintf(text, "0 0x%x 0x100 8 -\n", 0x100 * i);
}

TEST_F(admin, refuses_17th_window)
{
	char text[TEXT_SIZE];

	many_lines(text, WINDOW_MAX);
	ASSERT_EQ(0, file_write(self->file, text));
	expect_text(self, self->file, text);
	many_lines(text, WINDOW_MAX + 1);
	EXPECT_EQ(-ENOSPC, file_write(self->file, text));
	many_lines(text, WINDOW_MAX);
	expect_text(self, self->file, text);

	self->s = admin_open(self->bdf, variant->mode);
	EXPECT_EQ(WINDOW_MAX, window_count(self->s->fd));
}

/* sysfs splits longer writes into pages, and the last page would replace the list. */
TEST_F(admin, refuses_more_than_a_page)
{
	char *text = calloc_assert(3, getpagesize());
	char *tail = text + getpagesize();

	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	memset(text, '\n', getpagesize());
	strcpy(tail, "0 0x2000 0x100 8 -\n");
	EXPECT_EQ(-EINVAL, file_write(self->file, text));
	*tail = 0;
	EXPECT_EQ(-EINVAL, file_write(self->file, text));
	expect_text(self, self->file, "0 0x1000 0x100 8 -\n");
	tail[-1] = 0;
	EXPECT_EQ(0, file_write(self->file, text));
	expect_text(self, self->file, "");
	free(text);
}

TEST_F(admin, refuses_nul_bytes)
{
	static const char text[] = "0 0x2000 0x100 8 -\n\0more";
	int fd = open(self->file, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, text, sizeof(text)));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
	expect_text(self, self->file, "");
}

TEST_F(admin, file_mode)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(2);
		_exit(file_has(self->file, "0x1000") &&
		      file_write(self->file, "\n") == -EACCES ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	expect_text(self, self->file, "0 0x1000 0x100 8 -\n");
}

TEST_F(admin, used_by_next_session)
{
	struct window_state state;

	self->s = admin_open(self->bdf, variant->mode);
	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 12 high\n"));
	EXPECT_EQ(is_known(variant->device), window_count(self->s->fd));
	admin_close(&self->s);

	for (int i = 0; i < 2; i++) {
		self->s = admin_open(self->bdf, variant->mode);
		state = window_state(self->s->fd);
		EXPECT_EQ(1, state.head.windows);
		EXPECT_EQ(0, state.head.region);
		EXPECT_EQ(0x1000, state.head.offset);
		EXPECT_EQ(0x100, state.head.size);
		EXPECT_EQ(12, state.head.data_offset);
		EXPECT_EQ(VFIO_PCI_MSI_WINDOW_HIGH, state.head.flags);
		admin_close(&self->s);
	}

	self->s = admin_open(self->bdf, variant->mode);
	ASSERT_EQ(0, file_write(self->file, "\n"));
	EXPECT_EQ(1, window_count(self->s->fd));
	EXPECT_EQ(0x1000, window_state(self->s->fd).head.offset);
	admin_close(&self->s);

	self->s = admin_open(self->bdf, variant->mode);
	state = window_state(self->s->fd);
	EXPECT_EQ(is_known(variant->device), state.head.windows);
	EXPECT_EQ(is_known(variant->device) ? WINDOW_OFFSET : 0,
		  state.head.offset);
}

#define HOLES	"0 0x80000 0x5000 8 - ranges=0x80000+0x1000,0x83000+0x2000 " \
		"select=0x310c/0x3f\n"

TEST_F(admin, holes_and_select_register)
{
	struct vfio_device_feature_pci_msi_ranges got;

	ASSERT_EQ(0, file_write(self->file, "0 0x80000 0x5000 8 - select=12556/63 "
				"ranges=524288+0x1000,0x83000+0x2000\n"));
	expect_text(self, self->file, HOLES);
	self->s = admin_open(self->bdf, variant->mode);
	got = ranges_state(self->s->fd).head.ranges;
	EXPECT_EQ(2, got.count);
	EXPECT_EQ(0x80000, got.range[0].offset);
	EXPECT_EQ(0x1000, got.range[0].size);
	EXPECT_EQ(0x83000, got.range[1].offset);
	EXPECT_EQ(0x2000, got.range[1].size);
	EXPECT_EQ(0x310c, got.select_offset);
	EXPECT_EQ(0x3f, got.select_mask);
	expect_text(self, self->debugfs,
		    "# windows 1\n"
		    "window 0 0x80000 0x5000 8 - 0 0 0 0 0\n"
		    "range 0x80000 0x1000\n"
		    "range 0x83000 0x2000\n"
		    "select 0x310c 0x3f\n");
}

TEST_F(admin, refuses_bad_holes)
{
	static const char * const bad[] = {
		"0 0x80000 0x5000 8 - ranges=",
		"0 0x80000 0x5000 8 - ranges=0x80000",
		"0 0x80000 0x5000 8 - ranges=0x80000+",
		"0 0x80000 0x5000 8 - ranges=0x80000+0x5000,",
		"0 0x80000 0x5000 8 - ranges=0x80000+0x1000,0x83000+0x1000",
		"0 0x80000 0x5000 8 - ranges=0x81000+0x1000,0x83000+0x2000",
		"0 0x80000 0x5000 8 - ranges=0x80000+0x4000,0x83000+0x2000",
		"0 0x80000 0x5000 8 - ranges=0x80000+0x1000,0x83000+0x2000 "
		"ranges=0x80000+0x5000",
		"0 0x80000 0x5000 8 - holes=0x81000+0x1000",
		"0 0x80000 0x5000 8 - select",
		"0 0x80000 0x5000 8 - select=0x310c",
		"0 0x80000 0x5000 8 - select=0x310c/",
		"0 0x80000 0x5000 8 - select=0x310c/0",
		"0 0x80000 0x5000 8 - select=0x310e/1",
		"0 0x80000 0x5000 8 - select=0x80000/1",
		"0 0x80000 0x5000 8 - select=0x310c/1 select=0x310c/1",
		"0 0x80000 0x5000 8 - select=0x310c/0x100000000",
		"0 0x80000 0x5000 8 - ",
	};
	char *text = self->text, *end = text;

	ASSERT_EQ(0, file_write(self->file, HOLES));
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, file_write(self->file, bad[i]))
			TH_LOG("%s", bad[i]);
	}

	end += sprintf(end, "0 0 0x1004 8 - ranges=0+4");
	for (u32 i = 1; i <= VFIO_PCI_MSI_RANGES_MAX; i++)
		end += sprintf(end, ",0x%x+4", 0x100 * i);
	EXPECT_EQ(-E2BIG, file_write(self->file, text));
	EXPECT_EQ(-EEXIST, file_write(self->file, HOLES "0 0x80ffc 0x10 8 -\n"));
	EXPECT_EQ(-EEXIST, file_write(self->file, HOLES "0 0x3000 0x200 8 -\n"));
	EXPECT_EQ(-EEXIST, file_write(self->file, "0 0x3000 0x200 8 -\n" HOLES));
	expect_text(self, self->file, HOLES);
	EXPECT_EQ(0, file_write(self->file, HOLES
				"0 0x81000 0x2000 8 - select=0x310c/0x3f\n"));
}

TEST_F(admin, user_adds_window)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	self->s = admin_open(self->bdf, variant->mode);
	EXPECT_EQ(0, window_set(self->s->fd, &window));
	EXPECT_EQ(2, window_count(self->s->fd));
	window.offset = 0x1080;
	EXPECT_EQ(-EEXIST, window_set(self->s->fd, &window));
	expect_text(self, self->file, "0 0x1000 0x100 8 -\n");
}

TEST_F(admin, list_ends_at_unbind)
{
	ASSERT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	driver_release(self->bdf);
	EXPECT_EQ(-ENOENT, file_write(self->file, "\n"));
	EXPECT_EQ(-ENOENT, file_read(self->debugfs, self->text, TEXT_SIZE));
	driver_bind(self->bdf, DRIVER_MSI);
	expect_text(self, self->file, "");
}

/* Open the device; vector 0 is allocated, and the guest message is written. */
static struct session *open_guest(const char *bdf, const char *mode, int trigger)
{
	struct session *s = admin_open(bdf, mode);

	VFIO_ASSERT_EQ(set_triggers(s->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				    &trigger), 0);
	guest_message(s->fd, GUEST_ADDRESS, GUEST_DATA);

	return s;
}

TEST_F(admin, debugfs_shows_windows_and_slots)
{
	expect_text(self, self->debugfs, "# closed\n");
	ASSERT_EQ(0, file_write(self->file, "0 0x80000 0x40000 8 reprogram\n"
				"0 0x1000 0x100 12 high\n"));
	expect_text(self, self->debugfs, "# closed\n");

	self->s = open_guest(self->bdf, variant->mode, self->trigger);
	expect_text(self, self->debugfs, "# windows 2\n"
		    "window 0 0x80000 0x40000 8 reprogram 0 0 0 0 0\n"
		    "window 0 0x1000 0x100 12 high 0 0 0 0 0\n");

	slot_write(self->s->fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	slot_write(self->s->fd, slots[1], GUEST_ADDRESS, GUEST_DATA + 1);
	bar_write32(self->s->fd, WINDOW_BAR, slots[2], GUEST_ADDRESS);
	/* The second slot's data is not the guest's: its address was undone. */
	expect_text(self, self->debugfs, "# windows 2\n"
		    "window 0 0x80000 0x40000 8 reprogram 3 1 0 1 3\n"
		    "slot 0x80048 0xfee55000 0x4060 0 8 address,data -\n"
		    "slot 0x83048 0xfee55000 0x4061 0 8 - -\n"
		    "slot 0x830a0 0xfee55000 0x0 0 8 address -\n"
		    "window 0 0x1000 0x100 12 high 0 0 0 0 0\n");
	admin_close(&self->s);
	expect_text(self, self->debugfs, "# closed\n");
}

TEST_F(admin, debugfs_shows_what_was_learned)
{
	ASSERT_EQ(0, file_write(self->file, "0 0x80000 0x40000 0 learn\n"));
	self->s = open_guest(self->bdf, variant->mode, self->trigger);
	slot_write(self->s->fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	bar_write32(self->s->fd, WINDOW_BAR, slots[0] + 20, GUEST_DATA);
	bar_write32(self->s->fd, WINDOW_BAR, slots[1], GUEST_ADDRESS);
	expect_text(self, self->debugfs, "# windows 1\n"
		    "window 0 0x80000 0x40000 0 learn 0 0 0 0 2\n"
		    "slot 0x80048 0xfee55000 0x4060 0 8 - 8:0x4060:0,20:0x4060:0\n"
		    "slot 0x83048 0xfee55000 0x0 0 0 - -\n");
	EXPECT_EQ(GUEST_ADDRESS, held(self->s->fd, slots[0]));
}

/* As many slots as a window can have, read 100 bytes at a time. */
TEST_F(admin, debugfs_shows_every_slot)
{
	int fd, count = 0;
	size_t done = 0;
	ssize_t ret;

	ASSERT_EQ(0, file_write(self->file, "0 0x80000 0x40000 8 -\n"));
	self->s = open_guest(self->bdf, variant->mode, self->trigger);
	for (int i = 0; i < SLOTS_FULL + 1; i++)
		slot_write(self->s->fd, WINDOW_OFFSET + 16 * i, GUEST_ADDRESS,
			   GUEST_DATA);

	fd = open(self->debugfs, O_RDONLY);
	ASSERT_LE(0, fd);
	while ((ret = read(fd, self->text + done, 100)) > 0)
		done += ret;
	EXPECT_EQ(0, ret);
	close(fd);
	self->text[done] = 0;

	for (const char *line = self->text; (line = strstr(line, "\nslot ")); line++)
		count++;
	EXPECT_EQ(SLOTS_FULL, count);
	EXPECT_NE(NULL, strstr(self->text, "slot 0x80ff0 0xfee55000 0x4060 0 8 "
			       "address,data -\n"));
}

struct race {
	const char *file;
	const char *debugfs;
	bool stop;
};

static void *race_thread(void *arg)
{
	struct race *race = arg;
	char text[4096];

	while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED)) {
		file_write(race->file, "0 0x80000 0x40000 8 -\n");
		file_read(race->debugfs, text, sizeof(text));
		file_write(race->file, "0 0x1000 0x100 0 learn\n");
		file_read(race->file, text, sizeof(text));
	}

	return NULL;
}

/* The files are used while sessions begin and end. The kernel's own checks find faults. */
TEST_F(admin, files_race_with_open_and_unbind)
{
	struct race race = { .file = self->file, .debugfs = self->debugfs };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, race_thread, &race));
	for (int i = 0; i < RACE_ROUNDS; i++) {
		self->s = open_guest(self->bdf, variant->mode, self->trigger);
		slot_write(self->s->fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
		EXPECT_GE(1, window_count(self->s->fd));
		admin_close(&self->s);
		if (i % 3)
			continue;
		driver_release(self->bdf);
		driver_bind(self->bdf, DRIVER_MSI);
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, file_write(self->file, "0 0x1000 0x100 8 -\n"));
	expect_text(self, self->file, "0 0x1000 0x100 8 -\n");
}

FIXTURE(fresh) {
	char file[128];
};

FIXTURE_VARIANT(fresh) {
	const char *device;
	const char *mode;
};

/* The device has MSI, and its MSI-X table is at the start of BAR 3. */
LAB_VARIANTS(fresh, igb);

FIXTURE_SETUP(fresh)
{
	const char *bdf = lab_bdf(variant->device);

	driver_release(bdf);
	driver_bind(bdf, DRIVER_MSI);
	snprintf(self->file, sizeof(self->file),
		 "/sys/bus/pci/devices/%s/msi_windows", bdf);
}

FIXTURE_TEARDOWN(fresh)
{
	file_write(self->file, "\n");
}

/* Before the first open, the core does not know yet where the table is. */
TEST_F(fresh, refuses_table_before_first_open)
{
	EXPECT_EQ(-EINVAL, file_write(self->file, "3 0 0x1000 8 -"));
	EXPECT_EQ(-EINVAL, file_write(self->file, "3 0 0x1000 0 learn"));
	EXPECT_EQ(0, file_write(self->file, "3 0x1000 0x1000 8 -"));
}

FIXTURE(no_msi) {
	char file[128];
};

FIXTURE_VARIANT(no_msi) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(no_msi, msix);

FIXTURE_SETUP(no_msi)
{
	snprintf(self->file, sizeof(self->file),
		 "/sys/bus/pci/devices/%s/msi_windows",
		 lab_bdf(variant->device));
	driver_bind(lab_bdf(variant->device), DRIVER_MSI);
}

FIXTURE_TEARDOWN(no_msi)
{
}

TEST_F(no_msi, no_file)
{
	EXPECT_EQ(-1, access(self->file, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

LAB_MAIN
