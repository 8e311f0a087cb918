// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debug kernel's fault injection makes each allocation and each user copy of a
 * request fail in turn. A request that fails returns ENOMEM or EFAULT, changes nothing,
 * and succeeds the next time. kmemleak finds what it did not free.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dummy.h"
#include "messages.h"
#include "pages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define FAULTS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"

/* No request has more allocations and copies than this. */
#define MOST_FAULTS	2000

#define VECTORS		4

/* No CPU has these addresses. */
#define GUEST_ADDRESS	0x45600000
#define GUEST_DATA	0x4060
#define ADDRESS_STEP	0x2000
/* More than the driver has room for when a session begins. */
#define ADDRESSES	40

/* Registers that the model only stores. */
#define MANY_OFFSET	0x100000
#define SLOT_STEP	0x40

struct test {
	struct session *s;
	struct target target;
	int triggers[VECTORS];
	u32 index;
	bool msix;
	/* Offsets in the device's file, found before, as finding them can fail too. */
	u64 window;
	u64 config;
};

FIXTURE(failure) {
	struct test t;
};

FIXTURE_VARIANT(failure) {
	const char *device;
	const char *mode;
	u32 index;
};

LAB_VARIANTS(failure, ath11k_noid, .index = VFIO_PCI_MSI_IRQ_INDEX);
LAB_VARIANTS(failure, msix, .index = VFIO_PCI_MSIX_IRQ_INDEX);

static void fault_setting(const char *fault, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), FAULTS "%s/%s", fault, name);
	VFIO_ASSERT_EQ(file_write(path, value), 0, "%s\n", path);
}

FIXTURE_SETUP(failure)
{
	struct test *t = &self->t;

	if (access(FAIL_NTH, F_OK))
		SKIP(return, "this kernel cannot inject faults");

	fault_setting("failslab", "ignore-gfp-wait", "N");
	fault_setting("failslab", "verbose", "0");
	fault_setting("fail_usercopy", "verbose", "0");

	t->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(t->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < VECTORS; i++)
		t->triggers[i] = eventfd_new();
	t->window = region_offset(t->s->fd, WINDOW_BAR) + WINDOW_OFFSET;
	t->config = region_offset(t->s->fd, VFIO_PCI_CONFIG_REGION_INDEX);
	t->index = variant->index;
	t->msix = t->index == VFIO_PCI_MSIX_IRQ_INDEX;
	if (t->msix)
		target_map(t->s, &t->target);
}

FIXTURE_TEARDOWN(failure)
{
	struct test *t = &self->t;

	if (t->msix) {
		target_unmap(t->s, &t->target);
		target_free(&t->target);
	}
	for (int i = 0; i < VECTORS; i++)
		close(t->triggers[i]);
	session_close(t->s);
}

/* All the state of a session that a request of this driver could change. */
struct session_state {
	u64 generation;
	bool novirt;
	struct window_state window;
	struct msix_map map;
	struct vfio_device_feature_pci_msix_dummy dummy;
	struct vfio_pci_msi_message msg[VECTORS];
};

static void get_state(const struct test *t, struct session_state *all)
{
	int fd = t->s->fd;

	memset(all, 0, sizeof(*all));
	VFIO_ASSERT_EQ(messages_get(fd, t->index, 0, VECTORS, all->msg,
				    &all->generation), 0);
	all->novirt = novirt_on(fd);
	all->map = msix_map_of(fd);
	if (t->msix)
		VFIO_ASSERT_EQ(dummy_get(fd, &all->dummy), 0);
	else
		all->window = window_state(fd);
}

/* Make this thread's @nth allocation or copy from now on fail; 0: none. */
static void fail_nth(int file, unsigned int nth)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", nth);

	VFIO_ASSERT_EQ(pwrite(file, text, size, 0), size);
}

/*
 * Stop making allocations and copies fail; returns whether one of the request's has
 * failed. The copies of the two calls in here count too: if one of those fails, none of
 * the request's has.
 */
static bool stop_failing(int file)
{
	char text[16] = {};
	bool failed = pread(file, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	if (pwrite(file, "0", 1, 0) != 1)
		fail_nth(file, 0);

	return failed;
}

struct request {
	const char *name;
	int (*make)(const struct test *t);
	/* NULL if there is nothing to undo. */
	int (*undo)(const struct test *t);
	bool msix;	/* only for the device with MSI-X */
	bool msi;	/* only for the device with MSI */
};

static int get_messages(const struct test *t)
{
	struct vfio_pci_msi_message msg[VECTORS];

	return messages_get(t->s->fd, t->index, 0, VECTORS, msg, NULL);
}

static int set_novirt(const struct test *t)
{
	return novirt_set(t->s->fd);
}

static int begin_notify(const struct test *t)
{
	return notify_set(t->s->fd, t->triggers[0], 0);
}

static int end_notify(const struct test *t)
{
	return notify_set(t->s->fd, -1, 0);
}

static int get_map(const struct test *t)
{
	struct msix_map map = {};

	return msix_map_get(t->s->fd, &map);
}

/* Add a small window after the last one: a window that was added stays. */
static int set_window(const struct test *t)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();
	static unsigned int tries;

	window.size = 0x100;
	window.offset += window.size * tries++;

	return window_set(t->s->fd, &window);
}

static int get_window(const struct test *t)
{
	struct window_state state = {};

	return window_get(t->s->fd, 0, &state);
}

static int begin_dummy(const struct test *t)
{
	return dummy_on(t->s->fd, 0, VECTORS, t->target.iova);
}

static int end_dummy(const struct test *t)
{
	return dummy_off(t->s->fd);
}

static int get_dummy(const struct test *t)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	return dummy_get(t->s->fd, &dummy);
}

static int set_mask(const struct test *t, u32 action)
{
	static const u8 which[VECTORS] = { 1, 0, 1, 1 };

	return set_irqs(t->s->fd, VFIO_IRQ_SET_DATA_BOOL | action, t->index, 0,
			VECTORS, which, sizeof(which));
}

static int mask(const struct test *t)
{
	return set_mask(t, VFIO_IRQ_SET_ACTION_MASK);
}

static int unmask(const struct test *t)
{
	return set_mask(t, VFIO_IRQ_SET_ACTION_UNMASK);
}

static int get_region_info(const struct test *t)
{
	u8 info[4096] = {};

	((struct vfio_region_info *)info)->argsz = sizeof(info);
	((struct vfio_region_info *)info)->index = t->msix ? 2 : 0;

	return ioctl(t->s->fd, VFIO_DEVICE_GET_REGION_INFO, info) ?
	       -errno : 0;
}

static int write_slot(const struct test *t)
{
	u32 value = 0x1234;
	ssize_t ret = pwrite(t->s->fd, &value, sizeof(value), t->window);

	return ret == sizeof(value) ? 0 : -errno;
}

static int read_config(const struct test *t)
{
	u8 config[PCI_CFG_SPACE_SIZE];
	ssize_t ret = pread(t->s->fd, config, sizeof(config), t->config);

	return ret == sizeof(config) ? 0 : -errno;
}

/* In this order: SET MSI_WINDOW before the requests that need a window. */
static const struct request requests[] = {
	{ "GET MSI_MESSAGES", get_messages },
	{ "GET MSIX_MAP", get_map },
	{ "SET MSI_NOTIFY", begin_notify, end_notify },
	{ "SET MSI_WINDOW", set_window, .msi = true },
	{ "GET MSI_WINDOW", get_window, .msi = true },
	{ "write to a window", write_slot, .msi = true },
	{ "GET_REGION_INFO", get_region_info },
	{ "MASK", mask, unmask },
	{ "SET MSIX_DUMMY", begin_dummy, end_dummy, .msix = true },
	{ "GET MSIX_DUMMY", get_dummy, .msix = true },
	{ "SET MSI_NOVIRT", set_novirt },
	{ "read of config space", read_config },
};

static bool concerns(const struct request *request, bool msix)
{
	return msix ? !request->msi : !request->msix;
}

/* MSIX_DUMMY needs all vectors freed. Other requests do more with some allocated. */
static void prepare(const struct test *t, const struct request *request)
{
	int fd = t->s->fd;

	if (request->msix)
		disable_irqs(fd, t->index);	/* fails if there are none */
	else
		VFIO_ASSERT_EQ(set_triggers(fd, t->index, 0, VECTORS,
					    t->triggers), 0);
}

/* The errors that a failing allocation, and a failing copy, have to cause. */
static bool is_injected(int ret)
{
	return ret == -ENOMEM || ret == -EFAULT;
}

/*
 * Make the request with its first allocation or copy failing, then with its second, and
 * so on, until it succeeds without a fault. Returns the number of faults.
 */
static unsigned int fail_each(struct __test_metadata *_metadata,
			      const struct test *t,
			      const struct request *request)
{
	int file = open(FAIL_NTH, O_RDWR);
	struct session_state before, after;
	unsigned int nth, faults = 0;
	bool failed = true;
	int ret;

	VFIO_ASSERT_GE(file, 0);
	for (nth = 1; failed && nth < MOST_FAULTS; nth++) {
		get_state(t, &before);
		fail_nth(file, nth);
		ret = request->make(t);
		failed = stop_failing(file);
		if (ret) {
			faults++;
			get_state(t, &after);
			EXPECT_TRUE(failed && is_injected(ret))
				TH_LOG("%s with fault %u returned %d, not ENOMEM or EFAULT",
				       request->name, nth, ret);
			EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)))
				TH_LOG("%s with fault %u failed and changed the session",
				       request->name, nth);
		} else if (request->undo) {
			EXPECT_EQ(0, request->undo(t));
		}
	}
	close(file);
	/* The last request had no fault, and has succeeded. */
	EXPECT_FALSE(failed);
	EXPECT_EQ(0, ret)
		TH_LOG("%s without a fault returned %d", request->name, ret);

	return faults;
}

TEST_F(failure, failed_request_changes_nothing)
{
	for (int i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *request = &requests[i];
		unsigned int faults;

		if (!concerns(request, self->t.msix))
			continue;
		prepare(&self->t, request);
		/* The first request that succeeds allocates more than later ones. */
		faults = fail_each(_metadata, &self->t, request);
		faults += fail_each(_metadata, &self->t, request);
		TH_LOG("%s: %u faults", request->name, faults);
		EXPECT_LT(0, faults);
	}
}

/* Returns the file for fail_all(), which cannot be opened while all allocations fail. */
static int prepare_fail_all(void)
{
	int file = open("/proc/thread-self/make-it-fail", O_WRONLY);

	VFIO_ASSERT_GE(file, 0);
	fault_setting("failslab", "task-filter", "Y");
	fault_setting("failslab", "times", "-1");
	fault_setting("failslab", "probability", "100");

	return file;
}

/* Make all allocations of this thread fail, or none. */
static void fail_all(int file, bool fail)
{
	VFIO_ASSERT_EQ(pwrite(file, fail ? "1" : "0", 1, 0), 1);
}

static void write_dword(const struct test *t, u64 pos, u32 value)
{
	VFIO_ASSERT_EQ(pwrite(t->s->fd, &value, sizeof(value), pos),
		       sizeof(value));
}

static void write_many_slots(const struct test *t)
{
	u64 many = t->window - WINDOW_OFFSET + MANY_OFFSET;

	for (int i = 0; i < SLOTS_MAX; i++, many += SLOT_STEP) {
		write_dword(t, many, GUEST_ADDRESS);
		write_dword(t, many + ATH11K_SLOT_DATA, GUEST_DATA);
	}
}

static void make_many_window(const struct test *t)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	window.offset = MANY_OFFSET;
	VFIO_ASSERT_EQ(window_set(t->s->fd, &window), 0);
	VFIO_ASSERT_EQ(set_triggers(t->s->fd, t->index, 0, VECTORS,
				    t->triggers), 0);
	guest_message(t->s->fd, GUEST_ADDRESS, GUEST_DATA);
}

/* Without memory a window has the slots that it has room for, and later it has all. */
TEST_F(failure, slots_without_memory)
{
	struct test *t = &self->t;
	struct window_state state;
	int file;

	if (t->msix)
		SKIP(return, "a device with MSI-X has no windows");

	make_many_window(t);
	file = prepare_fail_all();
	fail_all(file, true);
	write_many_slots(t);
	fail_all(file, false);
	close(file);
	state = window_state(t->s->fd);
	EXPECT_LT(0, state.head.count);
	EXPECT_LT(0, state.head.withheld);
	EXPECT_EQ(SLOTS_MAX, state.head.count + state.head.withheld);
	EXPECT_EQ(state.head.count, live_slots(t->s->fd));

	write_many_slots(t);
	EXPECT_EQ(SLOTS_MAX, window_state(t->s->fd).head.count);
	EXPECT_EQ(SLOTS_MAX, live_slots(t->s->fd));
}

/* Guest addresses that cannot be remembered are guarded as a range. */
TEST_F(failure, addresses_without_memory)
{
	const u32 between = GUEST_ADDRESS + ADDRESS_STEP / 2;
	struct test *t = &self->t;
	int file;

	if (t->msix)
		SKIP(return, "a device with MSI-X has no windows");

	make_many_window(t);
	bar_write32(t->s->fd, WINDOW_BAR, MANY_OFFSET, between);
	EXPECT_EQ(between, held(t->s->fd, MANY_OFFSET));

	file = prepare_fail_all();
	fail_all(file, true);
	for (u32 i = 1; i < ADDRESSES; i++)
		write_dword(t, t->config + ATH11K_MSI_OFFSET +
			    PCI_MSI_ADDRESS_LO, GUEST_ADDRESS + i * ADDRESS_STEP);
	fail_all(file, false);
	close(file);
	bar_write32(t->s->fd, WINDOW_BAR, MANY_OFFSET + SLOT_STEP, between);
	EXPECT_EQ(0, held(t->s->fd, MANY_OFFSET + SLOT_STEP));
	EXPECT_EQ(between, bar_read32(t->s->fd, WINDOW_BAR,
				      MANY_OFFSET + SLOT_STEP));
}

TEST_F(failure, failed_open_leaves_device_closed)
{
	int file = open(FAIL_NTH, O_RDWR);
	struct session *s = self->t.s;
	unsigned int faults = 0;
	bool failed = true;
	int ret;

	ASSERT_GE(file, 0);
	for (unsigned int nth = 1; failed && nth < MOST_FAULTS; nth++) {
		ASSERT_EQ(0, novirt_set(s->fd));
		ASSERT_EQ(0, set_triggers(s->fd, variant->index, 0, VECTORS,
					  self->t.triggers));
		ASSERT_EQ(0, close(s->fd));

		session_prepare_open(s);
		fail_nth(file, nth);
		ret = session_try_open(s);
		failed = stop_failing(file);
		if (ret < 0) {
			EXPECT_TRUE(failed);
			faults++;
			session_give_up_open(s);
			session_prepare_open(s);
			ret = session_try_open(s);
			ASSERT_GE(ret, 0)
				TH_LOG("the device cannot be opened after fault %u",
				       nth);
		}
		s->fd = ret;
		EXPECT_FALSE(novirt_on(s->fd));
		EXPECT_EQ(0, generation_of(s->fd));
	}
	close(file);
	EXPECT_FALSE(failed);
	TH_LOG("open: %u faults", faults);
	EXPECT_LT(0, faults);
}

LAB_MAIN
