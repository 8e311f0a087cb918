// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver in user space with libvfiomsi's eventfds, as TAP: a device in software signals
 * the eventfds that are attached, and the driver reads those that are not held.
 *
 * usage: eventfds_test
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "expect.h"
#include "owner.h"

#define VECTORS		4
#define ENABLE		0x8000

static bool attached[VECTORS];
static bool device_pending[VECTORS];
/* The kind of action, or 0. */
static uint32_t device_fails;

static void start(uint32_t flags)
{
	struct vfiomsi_core_config config = {
		.size = sizeof(config),
		.flags = flags,
		.capability = { 0x11, 0, VECTORS - 1 },
	};
	unsigned int i;

	owner_destroy();
	owner_create(&config);
	device_fails = 0;
	for (i = 0; i < VECTORS; i++) {
		attached[i] = false;
		device_pending[i] = false;
	}
}

static void signal_vector(unsigned int vector)
{
	const uint64_t one = 1;

	EXPECT(write(vfiomsi_eventfds_get(eventfds, vector), &one, sizeof(one)) == sizeof(one));
}

/* Entries that are not attached are masked in the device. */
static void raise_vector(unsigned int vector)
{
	if (attached[vector])
		signal_vector(vector);
	else
		device_pending[vector] = true;
}

static void attach(unsigned int vector, bool attach)
{
	attached[vector] = attach;
	if (attach && device_pending[vector]) {
		device_pending[vector] = false;
		signal_vector(vector);
	}
}

int back_end_carry_out(const struct vfiomsi_action *action)
{
	unsigned int i;

	if (action->kind == device_fails)
		return -EIO;
	if (action->kind != VFIOMSI_ATTACH && action->kind != VFIOMSI_DETACH)
		return 0;
	for (i = 0; i < action->count; i++)
		attach(action->vector + i, action->kind == VFIOMSI_ATTACH);

	return 0;
}

/* The device is gone, or its file was closed. */
static void lose_host(void)
{
	unsigned int i;

	for (i = 0; i < VECTORS; i++)
		attached[i] = false;
	vfiomsi_eventfds_host_lost(eventfds);
	vfiomsi_core_host_lost(core);
}

/* What an event loop would read: a held eventfd is none of its business. */
static uint64_t receive(unsigned int vector)
{
	uint64_t count;

	if (vfiomsi_eventfds_is_held(eventfds, vector) ||
	    read(vfiomsi_eventfds_get(eventfds, vector), &count, sizeof(count)) < 0)
		return 0;

	return count;
}

static bool is_pending(unsigned int vector)
{
	uint64_t bits;

	EXPECT(!run(vfiomsi_core_harvest(core, 0, VECTORS)));
	EXPECT(!vfiomsi_core_pba_read(core, 0, 8, &bits));

	return bits >> vector & 1;
}

static void test_life(void)
{
	int fd;

	start(0);
	EXPECT(vfiomsi_eventfds_get(eventfds, 1) == -EINVAL);
	EXPECT(!set_mask(1, false) && vfiomsi_eventfds_get(eventfds, 1) == -EINVAL);
	EXPECT(!set_control(ENABLE));
	fd = vfiomsi_eventfds_get(eventfds, 1);
	EXPECT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	EXPECT(vfiomsi_eventfds_get(eventfds, 0) == -EINVAL);
	raise_vector(1);
	EXPECT(receive(1) == 1 && receive(1) == 0);
	EXPECT(!set_control(0) && fcntl(fd, F_GETFD) < 0 && errno == EBADF);
	EXPECT(vfiomsi_eventfds_get(eventfds, 1) == -EINVAL);
}

static void test_held(void)
{
	start(0);
	set_mask(1, false);
	set_control(ENABLE);
	EXPECT(!set_mask(1, true) && vfiomsi_eventfds_is_held(eventfds, 1));
	raise_vector(1);
	raise_vector(1);
	EXPECT(receive(1) == 0 && is_pending(1) && !is_pending(0));
	raise_vector(1);
	EXPECT(!set_mask(1, false) && !vfiomsi_eventfds_is_held(eventfds, 1));
	EXPECT(receive(1) > 0 && receive(1) == 0 && !is_pending(1));
}

static void test_held_survives_disable(void)
{
	start(0);
	set_mask(1, false);
	set_control(ENABLE);
	set_mask(1, true);
	raise_vector(1);
	EXPECT(!set_control(0) && is_pending(1) && !vfiomsi_eventfds_is_held(eventfds, 1));
	EXPECT(!set_control(ENABLE) && is_pending(1));
	EXPECT(!set_mask(1, false) && receive(1) == 1);
}

static void test_host_lost(void)
{
	start(0);
	set_mask(1, false);
	set_mask(2, false);
	set_control(ENABLE);
	set_mask(1, true);
	lose_host();
	EXPECT(!vfiomsi_eventfds_is_held(eventfds, 1));
	EXPECT(vfiomsi_eventfds_get(eventfds, 1) == -EINVAL);
	EXPECT(vfiomsi_eventfds_get(eventfds, 2) == -EINVAL);
	EXPECT(!run(vfiomsi_core_sync(core)));
	raise_vector(2);
	EXPECT(receive(2) == 1 && !is_pending(1));
	EXPECT(!set_mask(1, false));
	raise_vector(1);
	EXPECT(receive(1) == 1 && receive(1) == 0);
}

/* What the held eventfd had counted, and nothing else had. */
static void test_held_survives_host_lost(void)
{
	start(0);
	set_mask(1, false);
	set_mask(2, false);
	set_control(ENABLE);
	set_mask(1, true);
	raise_vector(1);
	raise_vector(2);
	lose_host();
	EXPECT(is_pending(1) && !is_pending(2));
	EXPECT(!run(vfiomsi_core_sync(core)) && is_pending(1) && receive(2) == 0);
	EXPECT(!set_mask(1, false) && receive(1) == 1 && !is_pending(1));
}

/* The host is lost when a vector is masked, with more actions to come. */
static void test_host_lost_in_a_plan(void)
{
	struct vfiomsi_action action;

	start(0);
	set_mask(1, false);
	set_control(ENABLE);
	EXPECT(vfiomsi_core_table_write(core, 16 + 12, 4, 1) == 1);
	EXPECT(vfiomsi_core_next(core, &action) == 1 && action.kind == VFIOMSI_MASK);
	EXPECT(!carry_out(&action) && vfiomsi_eventfds_is_held(eventfds, 1));
	lose_host();
	EXPECT(!vfiomsi_eventfds_is_held(eventfds, 1));
	EXPECT(!run(vfiomsi_core_sync(core)));
	raise_vector(1);
	EXPECT(receive(1) == 1);
}

static void test_host_masks(void)
{
	start(VFIOMSI_HOST_MASKS);
	set_mask(1, false);
	set_control(ENABLE);
	EXPECT(!set_mask(1, true) && !vfiomsi_eventfds_is_held(eventfds, 1));
	signal_vector(1);
	EXPECT(receive(1) == 1);
}

/* What is held stays in step with the core if another cannot carry out an action. */
static void test_others_fail(void)
{
	start(0);
	set_mask(1, false);
	set_control(ENABLE);
	device_fails = VFIOMSI_MASK;
	EXPECT(set_mask(1, true) == -EIO && !vfiomsi_eventfds_is_held(eventfds, 1));
	raise_vector(1);
	EXPECT(receive(1) == 1);
	device_fails = 0;
	EXPECT(!set_mask(1, true));
	raise_vector(1);
	device_fails = VFIOMSI_UNMASK;
	EXPECT(set_mask(1, false) == -EIO && receive(1) == 0 && is_pending(1));
	device_fails = VFIOMSI_FREE;
	EXPECT(set_control(0) == -EIO && vfiomsi_eventfds_is_held(eventfds, 1));
	device_fails = 0;
	EXPECT(!set_mask(1, false) && receive(1) == 1);
}

/* Enable needs two eventfds, and there is room for one. */
static void test_no_more_files(void)
{
	struct rlimit was, now;
	int fd;

	start(0);
	set_mask(0, false);
	set_mask(3, false);
	fd = dup(0);
	EXPECT(!getrlimit(RLIMIT_NOFILE, &was));
	now = was;
	now.rlim_cur = fd + 1;
	close(fd);
	EXPECT(!setrlimit(RLIMIT_NOFILE, &now));
	EXPECT(set_control(ENABLE) == -EMFILE && !vfiomsi_core_is_enabled(core));
	EXPECT(vfiomsi_eventfds_get(eventfds, 0) == -EINVAL);
	EXPECT(!setrlimit(RLIMIT_NOFILE, &was));
	EXPECT(!set_control(ENABLE));
	raise_vector(3);
	EXPECT(receive(3) == 1);
}

static void test_nonsense(void)
{
	struct vfiomsi_action action = { .kind = VFIOMSI_INJECT, .vector = 1, .count = 1 };

	start(0);
	EXPECT(vfiomsi_eventfds_carry_out(eventfds, &action) == -EINVAL);
	action.vector = VECTORS;
	EXPECT(vfiomsi_eventfds_carry_out(eventfds, &action) == -EINVAL);
	action.vector = 1;
	action.count = 0xffffffff;
	EXPECT(vfiomsi_eventfds_carry_out(eventfds, &action) == -EINVAL);
	EXPECT(vfiomsi_eventfds_get(eventfds, VECTORS) == -EINVAL);
	EXPECT(!vfiomsi_eventfds_is_held(eventfds, VECTORS));
	vfiomsi_eventfds_destroy(NULL);
}

static const struct test tests[] = {
	{ "an eventfd's life", test_life },
	{ "held eventfds", test_held },
	{ "what was held survives disable", test_held_survives_disable },
	{ "the host is lost", test_host_lost },
	{ "what was held survives a lost host", test_held_survives_host_lost },
	{ "the host is lost in a plan", test_host_lost_in_a_plan },
	{ "nothing is held if the host masks", test_host_masks },
	{ "others fail", test_others_fail },
	{ "no more files", test_no_more_files },
	{ "nonsense", test_nonsense },
};

int main(void)
{
	int ret = run_tests(__FILE__, tests, ARRAY_SIZE(tests));

	owner_destroy();

	return ret;
}
