// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of a hostile user: they name BARs that do not exist, change while the kernel reads
 * them, lie in memory that is missing, or are killed.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "busy.h"
#include "call.h"
#include "messages.h"
#include "pages.h"
#include "session.h"
#include "stall.h"
#include "variants.h"
#include "window.h"

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4061

/* What an ioeventfd must not write. */
#define BAD_DATA	0xbad0cafe

/* The offset of a page of the BAR that has no window. */
#define GOOD_OFFSET	0x4000

static const u32 slots[] = ATH11K_SLOT_OFFSETS;
#define SLOT	(slots[0])

FIXTURE(request) {
	struct session *s;
	int fd;
	int event;
	struct stall stall;
};

FIXTURE_VARIANT(request) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(request, ath11k_noid);

FIXTURE_SETUP(request)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	self->event = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, window_set(self->fd, &window));
	guest_message(self->fd, GUEST_ADDRESS, GUEST_DATA);
	stall_alloc(&self->stall);
}

FIXTURE_TEARDOWN(request)
{
	stall_free(&self->stall);
	close(self->event);
	session_close(self->s);
}

/* Vectors and slots work as in a new session. */
static void expect_works(struct __test_metadata *_metadata, int fd, int event)
{
	struct vfio_pci_msi_message host;

	/* This fails if MSI is not enabled. */
	disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX);
	eventfd_take(event);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &event));
	host = message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
	EXPECT_EQ(ALLOCATED | TRIGGER, host.flags);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_EQ(host.address, held(fd, SLOT));
	EXPECT_EQ(host.data, held(fd, SLOT + ATH11K_SLOT_DATA));
	slot_send(fd, 0);
	EXPECT_TRUE(eventfd_wait(event));
	EXPECT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
}

static int try_ioeventfd(int fd, u64 offset, u64 data, int event)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = offset,
		.data = data,
		.fd = event,
	};

	return ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg) ? -errno : 0;
}

/* Some code of the kernel takes offsets in the device's file for signed numbers. */
TEST_F(request, bars_that_do_not_exist)
{
	static const s64 regions[] = {
		-1, -2, -6, -8, -(1LL << 23), (1LL << 23) - 1, PCI_STD_NUM_BARS,
		VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_NUM_REGIONS,
	};
	u32 value = 0;

	for (int i = 0; i < ARRAY_SIZE(regions); i++) {
		u64 offset = (u64)regions[i] << 40 | 64;

		EXPECT_EQ(-EINVAL, try_ioeventfd(self->fd, offset, 0, self->event))
			TH_LOG("region %lld", (long long)regions[i]);
		EXPECT_EQ(-EINVAL, try_ioeventfd(self->fd, offset, 0, -1));
		if (regions[i] == VFIO_PCI_CONFIG_REGION_INDEX)
			continue;
		EXPECT_EQ(-1, pread(self->fd, &value, sizeof(value), offset));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, pwrite(self->fd, &value, sizeof(value), offset));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, page_size(), PROT_READ,
					   MAP_SHARED, self->fd, page_down(offset)));
		EXPECT_TRUE(errno == EINVAL || errno == EOVERFLOW);
	}
}

/* The offset changes after the kernel has read it, and before it has read the rest. */
TEST_F(request, ioeventfd_changes_while_read)
{
	u64 good = region_offset(self->fd, WINDOW_BAR) + GOOD_OFFSET;
	struct vfio_device_ioeventfd in = {
		.argsz = sizeof(in),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = good,
		.data = BAD_DATA,
		.fd = self->event,
	}, *arg;
	struct call call;
	u64 one = 1;

	arg = stall_end(&self->stall, &in, sizeof(in),
			offsetof(struct vfio_device_ioeventfd, fd));
	call_start(&call, self->fd, VFIO_DEVICE_IOEVENTFD, arg);
	ASSERT_TRUE(stall_wait(&self->stall));
	arg->offset = region_offset(self->fd, WINDOW_BAR) + SLOT;
	stall_provide(&self->stall);
	ASSERT_EQ(0, call_end(&call));

	ASSERT_EQ(sizeof(one), write(self->event, &one, sizeof(one)));
	EXPECT_EQ(0, try_ioeventfd(self->fd, good, BAD_DATA, -1));
	EXPECT_EQ(BAD_DATA, bar_read32(self->fd, WINDOW_BAR, GOOD_OFFSET));
	EXPECT_NE(BAD_DATA, held(self->fd, SLOT));
}

TEST_F(request, irq_info_changes_while_read)
{
	struct vfio_irq_info in = {
		.argsz = sizeof(in),
		.index = VFIO_PCI_MSI_IRQ_INDEX,
	}, *arg;
	struct call call;

	/* The kernel reads the index by itself, before it reads the rest. */
	arg = stall_start(&self->stall, &in, sizeof(in),
			  offsetof(struct vfio_irq_info, index));
	call_start(&call, self->fd, VFIO_DEVICE_GET_IRQ_INFO, arg);
	ASSERT_TRUE(stall_wait(&self->stall));
	arg->index = VFIO_PCI_REQ_IRQ_INDEX;
	stall_provide(&self->stall);
	ASSERT_EQ(0, call_end(&call));

	ASSERT_EQ(VFIO_PCI_REQ_IRQ_INDEX, arg->index);
	EXPECT_EQ(1, arg->count);
	EXPECT_EQ(0, arg->flags & VFIO_IRQ_INFO_MASKABLE);
}

/*
 * Some kernels then return the info of the other region. That gives no access to the pages
 * of a window.
 */
TEST_F(request, region_info_changes_while_read)
{
	struct vfio_region_info in = {
		.argsz = sizeof(in),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	}, *arg;
	struct call call;

	for (int i = 0; i < 2; i++) {
		arg = stall_end(&self->stall, &in, sizeof(in),
				offsetof(struct vfio_region_info, size));
		call_start(&call, self->fd, VFIO_DEVICE_GET_REGION_INFO, arg);
		ASSERT_TRUE(stall_wait(&self->stall));
		arg->index = WINDOW_BAR + VFIO_PCI_CONFIG_REGION_INDEX - in.index;
		stall_provide(&self->stall);
		ASSERT_EQ(0, call_end(&call));
		EXPECT_TRUE(arg->index == WINDOW_BAR ||
			    arg->index == VFIO_PCI_CONFIG_REGION_INDEX);
		EXPECT_EQ(arg->index == WINDOW_BAR ? ATH11K_BAR0_SIZE :
						     PCI_CFG_SPACE_EXP_SIZE,
			  arg->size);
		EXPECT_EQ(-EPERM, bar_try_map(self->fd, WINDOW_BAR, 0,
					      ATH11K_BAR0_SIZE, PROT_READ,
					      MAP_SHARED));
		EXPECT_EQ(-EPERM, bar_try_map(self->fd, WINDOW_BAR,
					      WINDOW_OFFSET, page_size(),
					      PROT_READ, MAP_SHARED));
		stall_remove(&self->stall);
		in.index = WINDOW_BAR;
	}
	EXPECT_EQ(2, region_map(self->fd, WINDOW_BAR).areas);
}

/* A request of SET_IRQS with one eventfd. */
struct irq_set_event {
	struct vfio_irq_set head;
	s32 eventfd;
};

#define IRQ_SET_EVENT(_flags, _index, _count, _event) {		\
	.head.argsz = sizeof(struct irq_set_event),			\
	.head.flags = _flags,						\
	.head.index = _index,						\
	.head.count = _count,						\
	.eventfd = _event,						\
}

#define IRQ_SET_TRIGGER(_event)						\
	IRQ_SET_EVENT(EVENT_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX, 1, _event)

/* A request of SET_IRQS as it is first, and as it is when the kernel has read it once. */
struct irq_request {
	u32 flags;
	u32 index;
};

#define NONE_TRIGGER	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)
#define NONE_MASK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK)
#define EVENT_TRIGGER	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

static const struct irq_change {
	struct irq_request first;
	struct irq_request then;
	u32 count;
	bool detach;
} irq_changes[] = {
	/* vectors are freed, allocated, and lose their trigger */
	{ { NONE_TRIGGER, VFIO_PCI_ERR_IRQ_INDEX },
	  { NONE_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX }, 0 },
	{ { NONE_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX },
	  { EVENT_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX }, 1, true },
	{ { EVENT_TRIGGER, VFIO_PCI_REQ_IRQ_INDEX },
	  { EVENT_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX }, 1 },
	{ { EVENT_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX },
	  { EVENT_TRIGGER, VFIO_PCI_REQ_IRQ_INDEX }, 1 },
	/* masks, in both directions */
	{ { NONE_MASK, VFIO_PCI_MSI_IRQ_INDEX },
	  { NONE_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX }, 1 },
	{ { NONE_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX },
	  { NONE_MASK, VFIO_PCI_MSI_IRQ_INDEX }, 1 },
};

static int set_irqs_changes_while_read(struct __test_metadata *_metadata, int fd,
				       struct stall *stall, int event,
				       const struct irq_change *change)
{
	struct irq_set_event in = IRQ_SET_EVENT(change->first.flags,
						change->first.index,
						change->count,
						change->detach ? -1 : event);
	struct vfio_irq_set *arg;
	struct call call;
	int ret;

	arg = stall_end(stall, &in, sizeof(in),
			offsetof(struct vfio_irq_set, count));
	call_start(&call, fd, VFIO_DEVICE_SET_IRQS, arg);
	ASSERT_TRUE(stall_wait(stall));
	arg->flags = change->then.flags;
	arg->index = change->then.index;
	stall_provide(stall);
	ret = call_end(&call);
	stall_remove(stall);

	return ret;
}

/* Whichever request the kernel carries out, the driver's state has to follow from that one. */
TEST_F(request, set_irqs_changes_while_read)
{
	for (int i = 0; i < ARRAY_SIZE(irq_changes); i++) {
		struct vfio_pci_msi_message host, msg;
		int ret;

		ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
					  &self->event));
		ASSERT_EQ(0, set_irqs(self->fd, NONE_MASK, VFIO_PCI_MSI_IRQ_INDEX,
				      0, 1, NULL, 0));
		slot_write(self->fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
		host = message_of(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
		ASSERT_EQ(host.address, held(self->fd, SLOT));

		ret = set_irqs_changes_while_read(_metadata, self->fd, &self->stall,
						  self->event, &irq_changes[i]);
		msg = message_of(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
		TH_LOG("change %d: %d, flags %#x", i, ret, msg.flags);
		if (!(msg.flags & ALLOCATED))
			EXPECT_EQ(0, msg.flags);
		/* No slot holds a message that was given back. */
		if (msg.flags & TRIGGER) {
			EXPECT_EQ(msg.address, held(self->fd, SLOT));
		} else {
			EXPECT_NE(host.address, held(self->fd, SLOT));
		}
		EXPECT_NE(GUEST_ADDRESS, held(self->fd, SLOT));

		expect_works(_metadata, self->fd, self->event);
	}
}

/* Only the core reads this request, and each part of it once. */
TEST_F(request, hot_reset_changes_while_read)
{
	struct {
		struct vfio_pci_hot_reset head;
		s32 group;
	} in = {
		.head.argsz = sizeof(in),
		.head.count = 1,
		.group = self->s->device->group_fd,
	};
	struct vfio_pci_hot_reset *arg;
	struct call call;
	int ret;

	if (!self->s->device->group_fd)
		SKIP(return, "a hot reset through the cdev has no payload");

	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->event));
	slot_write(self->fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(1, window_state(self->fd).head.count);

	arg = stall_end(&self->stall, &in, sizeof(in), sizeof(in.head));
	call_start(&call, self->fd, VFIO_DEVICE_PCI_HOT_RESET, arg);
	ASSERT_TRUE(stall_wait(&self->stall));
	arg->count = 1000;
	arg->flags = 1;
	stall_provide(&self->stall);
	ret = call_end(&call);
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, window_state(self->fd).head.count);
	expect_works(_metadata, self->fd, self->event);
}

/* In a child: calls that must not wait for another call that waits for its memory. */
static void use_device(int fd)
{
	struct vfio_pci_msi_message msg;
	struct window_state state;
	u32 flags;

	if (messages_get(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &msg, NULL) ||
	    window_get(fd, 0, &state) || novirt_get(fd, &flags) ||
	    novirt_set(fd) || notify_set(fd, -1, 0))
		_exit(1);
	set_irqs(fd, NONE_MASK, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, NULL, 0);
	bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET + 0x7000, 1);
	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	if (ioctl(fd, VFIO_DEVICE_RESET))
		_exit(2);
	_exit(0);
}

/* Wait for the child, for a limited time: while it waits for a lock it may be unkillable. */
static bool child_ended(pid_t pid, int *status)
{
	int tries = 3000;

	while (tries--) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		usleep(10000);
	}

	return false;
}

/* A call waits for its memory. Meanwhile other calls succeed. */
static void expect_stalls_nobody(struct __test_metadata *_metadata, int fd,
				 struct stall *stall)
{
	int status = -1;
	bool ended;
	pid_t pid;

	ASSERT_TRUE(stall_wait(stall));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		use_device(fd);
	ended = child_ended(pid, &status);
	stall_provide(stall);

	EXPECT_TRUE(ended);
	EXPECT_TRUE(ended || child_ended(pid, &status));
	EXPECT_EQ(0, status);
}

TEST_F(request, missing_memory_blocks_no_other_call)
{
	struct irq_set_event in = IRQ_SET_TRIGGER(self->event);
	struct call call;

	call_start(&call, self->fd, VFIO_DEVICE_SET_IRQS,
		   stall_end(&self->stall, &in, sizeof(in), sizeof(in.head)));
	expect_stalls_nobody(_metadata, self->fd, &self->stall);
	EXPECT_EQ(0, call_end(&call));
	EXPECT_EQ(ALLOCATED | TRIGGER,
		  message_of(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0).flags);
	expect_works(_metadata, self->fd, self->event);
}

#define MOST_FAULTS	30

/* The request's memory is taken away again after each fault, MOST_FAULTS times. */
TEST_F(request, memory_goes_missing_again)
{
	struct irq_set_event in = IRQ_SET_TRIGGER(self->event);
	int faults = 0, ret;
	struct call call;

	call_start(&call, self->fd, VFIO_DEVICE_SET_IRQS,
		   stall_end(&self->stall, &in, sizeof(in), sizeof(in.head)));
	while (!call_is_done(&call)) {
		if (!stall_poll(&self->stall))
			continue;
		stall_provide(&self->stall);
		if (++faults < MOST_FAULTS)
			stall_remove(&self->stall);
	}
	ret = call_end(&call);
	TH_LOG("%d faults; the call returned %d", faults, ret);
	EXPECT_TRUE(!ret || ret == -EFAULT);
	expect_works(_metadata, self->fd, self->event);
}

/* Start a request whose memory is present, and which waits for the session's lock. */
static void start_waiting(struct __test_metadata *_metadata, struct busy *busy,
			  struct call *call, struct stall *stall, int fd,
			  int event)
{
	struct irq_set_event in = IRQ_SET_TRIGGER(event);
	void *arg = stall_end(stall, &in, sizeof(in), sizeof(in.head));

	stall_provide(stall);
	busy_start(busy, fd, BUSY_BRIEFLY);
	call_start(call, fd, VFIO_DEVICE_SET_IRQS, arg);
	ASSERT_TRUE(call_waits(call));
}

/*
 * The memory was present when the driver read the request, and is missing when the core reads
 * it: the driver waits for the memory and tries again.
 */
TEST_F(request, memory_missing_for_second_read)
{
	struct busy busy;
	struct call call;

	start_waiting(_metadata, &busy, &call, &self->stall, self->fd,
		      self->event);
	stall_remove(&self->stall);
	ASSERT_TRUE(busy_lasts(&busy));
	busy_end(&busy);

	expect_stalls_nobody(_metadata, self->fd, &self->stall);
	EXPECT_EQ(0, call_end(&call));
	EXPECT_EQ(ALLOCATED | TRIGGER,
		  message_of(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0).flags);
	expect_works(_metadata, self->fd, self->event);
}

/* The memory is unmapped before the core reads it: EFAULT, and nothing has changed. */
TEST_F(request, memory_unmapped_for_second_read)
{
	struct busy busy;
	struct call call;

	start_waiting(_metadata, &busy, &call, &self->stall, self->fd,
		      self->event);
	ASSERT_EQ(0, munmap(self->stall.missing, self->stall.page));
	ASSERT_TRUE(busy_lasts(&busy));
	busy_end(&busy);

	EXPECT_EQ(-EFAULT, call_end(&call));
	EXPECT_EQ(0, message_of(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0).flags);
	expect_works(_metadata, self->fd, self->event);
}

static void get_messages(int fd, int event)
{
	struct vfio_pci_msi_message msg;

	messages_get(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &msg, NULL);
}

static void set_novirt(int fd, int event)
{
	novirt_set(fd);
}

static void set_notify(int fd, int event)
{
	notify_set(fd, event, 0);
}

static void get_window(int fd, int event)
{
	struct window_state state;

	window_get(fd, 0, &state);
}

static void set_window(int fd, int event)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	window_set(fd, &window);
}

static void set_trigger(int fd, int event)
{
	set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &event);
}

static void set_mask(int fd, int event)
{
	set_irqs(fd, NONE_MASK, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, NULL, 0);
}

static void write_window(int fd, int event)
{
	bar_write32(fd, WINDOW_BAR, SLOT, GUEST_ADDRESS);
}

/* Calls that take the session's lock. */
static const struct {
	const char *name;
	void (*run)(int fd, int event);
} locking_calls[] = {
	{ "GET of MSI_MESSAGES", get_messages },
	{ "SET of MSI_NOVIRT", set_novirt },
	{ "SET of MSI_NOTIFY", set_notify },
	{ "GET of MSI_WINDOW", get_window },
	{ "SET of MSI_WINDOW", set_window },
	{ "SET_IRQS with a trigger", set_trigger },
	{ "SET_IRQS with a mask", set_mask },
	{ "a write into a window", write_window },
};

/* Tasks that wait for the session's lock end when they are killed, while it is still held. */
TEST_F(request, killed_while_waiting)
{
	pid_t pids[ARRAY_SIZE(locking_calls)];
	struct busy busy;
	int status;

	busy_start(&busy, self->fd, BUSY_LONG);
	for (int i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			locking_calls[i].run(self->fd, self->event);
			_exit(0);
		}
		EXPECT_TRUE(task_waits(pids[i]))
			TH_LOG("%s does not wait", locking_calls[i].name);
	}
	for (int i = 0; i < ARRAY_SIZE(pids); i++) {
		kill(pids[i], SIGKILL);
		EXPECT_TRUE(child_ended(pids[i], &status) && busy_lasts(&busy))
			TH_LOG("%s is not killed while it waits",
			       locking_calls[i].name);
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	busy_end(&busy);
	expect_works(_metadata, self->fd, self->event);
}

#define LONG_WRITE	0x20000

/* A write that does not end: each round fills part of the window, which has no slots yet. */
static void write_for_ever(int fd)
{
	static u32 buf[LONG_WRITE / sizeof(u32)];

	for (u32 round = 1;; round++) {
		for (int i = 0; i < ARRAY_SIZE(buf); i++)
			buf[i] = round;
		region_write(fd, WINDOW_BAR, WINDOW_OFFSET, buf, sizeof(buf));
	}
}

static bool is_killed_within_a_write(struct __test_metadata *_metadata, int fd)
{
	u32 last, first;
	int tries = 3000;
	int status;
	pid_t pid;

	bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET, 0);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		write_for_ever(fd);
	while (!held(fd, WINDOW_OFFSET) && tries--)
		usleep(10000);
	EXPECT_LT(0, tries);
	kill(pid, SIGKILL);
	EXPECT_TRUE(child_ended(pid, &status));

	first = held(fd, WINDOW_OFFSET);
	last = held(fd, WINDOW_OFFSET + LONG_WRITE - sizeof(u32));
	TH_LOG("rounds begun: %u, rounds completed: %u", first, last);

	return first != last;
}

/* When a task is killed during a long access to a window, the access ends at once. */
TEST_F(request, killed_during_long_write)
{
	bool within = false;

	/* The signal may have arrived between two writes: try again. */
	for (int i = 0; i < 5 && !within; i++)
		within = is_killed_within_a_write(_metadata, self->fd);
	EXPECT_TRUE(within);
}

LAB_MAIN
