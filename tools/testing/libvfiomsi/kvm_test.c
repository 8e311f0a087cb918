// SPDX-License-Identifier: GPL-2.0-only
/*
 * libvfiomsi's KVM back end, as TAP: a VM in software in place of ioctl(), which has routes and
 * irqfds as KVM has. Real VMs are in tools/testing/vmm.
 *
 * usage: kvm_test
 */

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include <linux/kvm.h>

#include <vfiomsi/kvm.h>

#include "expect.h"
#include "owner.h"

#define VM		1000
#define VECTORS		2048
#define FIRST_GSI	24
#define ROUTES_MAX	4096
#define ENABLE		0x8000
#define FUNCTION_MASK	0x4000

static struct vfiomsi_kvm *kvm;
static struct vfiomsi_kvm_device *device;

/* The VM */
static struct kvm_irq_routing_entry routes[ROUTES_MAX];
static uint32_t route_count;
static int irqfd_of[ROUTES_MAX];
static unsigned int routings, irqfds;
/* Fail the call after that many, 0 for none. */
static unsigned int fails_in;

static int fail(int error)
{
	errno = error;

	return -1;
}

/* As x86 with KVM_CAP_X2APIC_API */
static bool is_refused(const struct kvm_irq_routing_entry *entry)
{
	return entry->type == KVM_IRQ_ROUTING_MSI && entry->u.msi.address_hi & 0xff;
}

static int set_routing(const struct kvm_irq_routing *table)
{
	uint32_t i;

	routings++;
	EXPECT(table->nr <= ROUTES_MAX);
	for (i = 0; i < table->nr; i++)
		if (is_refused(&table->entries[i]))
			return fail(EINVAL);
	memcpy(routes, table->entries, table->nr * sizeof(routes[0]));
	route_count = table->nr;

	return 0;
}

/* The eventfds of the test start above 0. */
static int set_irqfd(const struct kvm_irqfd *irqfd)
{
	irqfds++;
	EXPECT(irqfd->gsi < ROUTES_MAX && irqfd->fd);
	if (irqfd->flags & KVM_IRQFD_FLAG_DEASSIGN) {
		EXPECT(irqfd_of[irqfd->gsi] == (int)irqfd->fd);
		irqfd_of[irqfd->gsi] = 0;
		return 0;
	}
	EXPECT(!irqfd_of[irqfd->gsi]);
	irqfd_of[irqfd->gsi] = (int)irqfd->fd;

	return 0;
}

/* In place of the C library's */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (fd != VM)
		return fail(EBADF);
	if (request == KVM_CHECK_EXTENSION)
		return (uintptr_t)argument == KVM_CAP_IRQ_ROUTING ? ROUTES_MAX : 1;
	if (fails_in && !--fails_in)
		return fail(ENOMEM);
	if (request == KVM_SET_GSI_ROUTING)
		return set_routing(argument);
	if (request == KVM_IRQFD)
		return set_irqfd(argument);

	return fail(ENOTTY);
}

static const struct kvm_irq_routing_entry *route_of(uint32_t gsi)
{
	uint32_t i;

	for (i = 0; i < route_count; i++)
		if (routes[i].gsi == gsi)
			return &routes[i];

	return NULL;
}

static void destroy(void)
{
	vfiomsi_kvm_device_destroy(device);
	vfiomsi_kvm_destroy(kvm);
	owner_destroy();
	device = NULL;
	kvm = NULL;
}

int back_end_carry_out(const struct vfiomsi_action *action)
{
	return vfiomsi_kvm_device_carry_out(device, action);
}

static void start_with(uint32_t flags, uint32_t gsis, int64_t requester)
{
	struct vfiomsi_core_config config = {
		.size = sizeof(config),
		.flags = flags,
		.capability = { 0x11, 0, (VECTORS - 1) & 0xff, (VECTORS - 1) >> 8 },
	};
	struct vfiomsi_kvm_config vm = {
		.size = sizeof(vm), .vm = VM, .first_gsi = FIRST_GSI, .gsis = gsis,
	};

	destroy();
	route_count = 0;
	memset(irqfd_of, 0, sizeof(irqfd_of));
	owner_create(&config);
	EXPECT(!vfiomsi_kvm_create(&vm, &kvm));
	EXPECT(!vfiomsi_kvm_device_create(kvm, core, eventfds, requester, &device));
	routings = 0;
	irqfds = 0;
	fails_in = 0;
}

static void start(uint32_t flags)
{
	start_with(flags, VECTORS, -1);
}

static void set_message(unsigned int vector, uint32_t address, uint32_t data)
{
	EXPECT(!run(vfiomsi_core_table_write(core, vector * 16, 4, address)));
	EXPECT(!run(vfiomsi_core_table_write(core, vector * 16 + 8, 4, data)));
}

static void unmask_first(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		set_message(i, 0xfee00000, 0x4000 + i);
		EXPECT(!set_mask(i, false));
	}
}

/* The calls since the last look */
static bool called(unsigned int wanted_routings, unsigned int wanted_irqfds)
{
	bool same = routings == wanted_routings && irqfds == wanted_irqfds;

	routings = 0;
	irqfds = 0;

	return same;
}

static bool delivers(unsigned int vector)
{
	int gsi = vfiomsi_kvm_device_gsi(device, vector);
	const struct kvm_irq_routing_entry *route = gsi < 0 ? NULL : route_of((uint32_t)gsi);

	return route && route->type == KVM_IRQ_ROUTING_MSI && !route->flags &&
	       route->u.msi.address_lo == 0xfee00000 && route->u.msi.data == 0x4000 + vector &&
	       irqfd_of[gsi] == vfiomsi_eventfds_get(eventfds, vector);
}

static void test_many(void)
{
	static const unsigned int counts[] = { 1, 64, VECTORS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		start(VFIOMSI_HOST_MASKS);
		unmask_first(counts[i]);
		EXPECT(!set_control(ENABLE) && called(1, counts[i]));
		EXPECT(delivers(0) && delivers(counts[i] - 1));
		EXPECT(!set_control(ENABLE | FUNCTION_MASK) && called(0, 0));
		EXPECT(!set_control(ENABLE) && called(0, 0));
		EXPECT(!set_control(0) && called(0, counts[i]));
		EXPECT(vfiomsi_kvm_device_gsi(device, 0) == -EINVAL);
	}
}

static void test_held(void)
{
	start(0);
	unmask_first(64);
	EXPECT(!set_control(ENABLE) && called(1, 64));
	EXPECT(!set_control(ENABLE | FUNCTION_MASK) && called(0, 64) && !delivers(5));
	EXPECT(!set_mask(5, true) && !set_control(ENABLE) && called(0, 63));
	EXPECT(!delivers(5) && delivers(6));
	EXPECT(!set_mask(5, false) && called(0, 1) && delivers(5));
}

/* A vector that is masked when it is attached has no irqfd. */
static void test_attached_masked(void)
{
	struct vfiomsi_action action = { .count = 1 };

	start(0);
	action.kind = VFIOMSI_ROUTE;
	EXPECT(!vfiomsi_eventfds_carry_out(eventfds, &action));
	EXPECT(!vfiomsi_kvm_device_carry_out(device, &action));
	action.kind = VFIOMSI_MASK;
	EXPECT(!vfiomsi_eventfds_carry_out(eventfds, &action));
	action.kind = VFIOMSI_ATTACH;
	EXPECT(!vfiomsi_kvm_device_carry_out(device, &action) && called(0, 0));
	action.kind = VFIOMSI_UNMASK;
	EXPECT(!vfiomsi_kvm_device_carry_out(device, &action) && called(0, 1));
}

static void test_message_changes(void)
{
	start(VFIOMSI_HOST_MASKS);
	unmask_first(2);
	set_control(ENABLE);
	called(0, 0);
	EXPECT(!run(vfiomsi_core_table_write(core, 16 + 8, 4, 0x5555)) && called(1, 0));
	EXPECT(!delivers(1) && delivers(0));
	EXPECT(route_of((uint32_t)vfiomsi_kvm_device_gsi(device, 1))->u.msi.data == 0x5555);
}

static void test_requester(void)
{
	start_with(0, 4, 0x0108);
	unmask_first(1);
	EXPECT(!set_control(ENABLE) && route_count == 1);
	EXPECT(routes[0].flags == KVM_MSI_VALID_DEVID && routes[0].u.msi.devid == 0x0108);
}

static void test_others(void)
{
	struct kvm_irq_routing_entry pins[2] = {
		{ .gsi = 3, .type = KVM_IRQ_ROUTING_IRQCHIP },
		{ .gsi = 4, .type = KVM_IRQ_ROUTING_IRQCHIP },
	};

	start(0);
	unmask_first(1);
	EXPECT(!vfiomsi_kvm_set_others(kvm, pins, 2) && route_count == 2);
	EXPECT(!set_control(ENABLE) && route_count == 3 && route_of(4) && delivers(0));
	EXPECT(!vfiomsi_kvm_set_others(kvm, pins, 1) && route_count == 2 && delivers(0));
	pins[0].gsi = FIRST_GSI;
	EXPECT(vfiomsi_kvm_set_others(kvm, pins, 1) == -EINVAL);
	pins[0].gsi = 7;
	fails_in = 1;
	EXPECT(vfiomsi_kvm_set_others(kvm, pins, 1) == -ENOMEM);
	EXPECT(!set_mask(0, true) && !vfiomsi_kvm_set_others(kvm, NULL, 0));
}

/* Two cores of one VM share the GSIs, and get back what the other gave. */
static void test_gsis_run_out(void)
{
	struct vfiomsi_kvm_device *other;
	struct vfiomsi_action action = { .kind = VFIOMSI_ROUTE, .count = 1 };

	start_with(0, 2, -1);
	EXPECT(!vfiomsi_kvm_device_create(kvm, core, eventfds, -1, &other));
	EXPECT(!vfiomsi_kvm_device_carry_out(other, &action));
	unmask_first(2);
	EXPECT(set_control(ENABLE) == -ENOSPC && !vfiomsi_core_is_enabled(core));
	EXPECT(vfiomsi_kvm_device_gsi(device, 0) == -EINVAL);
	vfiomsi_kvm_device_destroy(other);
	EXPECT(!set_control(ENABLE) && delivers(0) && delivers(1));
}

/* Whatever call fails, the guest's write is undone, and works the next time. */
static void test_failures(void)
{
	unsigned int i;

	for (i = 1; i <= 4; i++) {
		start(0);
		unmask_first(3);
		fails_in = i;
		EXPECT(set_control(ENABLE) == -ENOMEM && !vfiomsi_core_is_enabled(core));
		EXPECT(!set_control(ENABLE) && delivers(0) && delivers(1) && delivers(2));
		EXPECT(!set_control(ENABLE | FUNCTION_MASK));
		fails_in = i;
		EXPECT(set_control(ENABLE) == (i < 4 ? -ENOMEM : 0));
		EXPECT(delivers(0) == (i == 4) && delivers(2) == (i == 4));
		fails_in = 0;
		EXPECT(!set_control(ENABLE) && delivers(0) && delivers(1) && delivers(2));
	}
}

/* KVM refuses the guest's message, today and tomorrow. */
static void test_refused_message(void)
{
	start(0);
	unmask_first(3);
	EXPECT(!run(vfiomsi_core_table_write(core, 16 + 4, 4, 1)));
	EXPECT(set_control(ENABLE) == -EINVAL && !vfiomsi_core_is_enabled(core));
	EXPECT(!run(vfiomsi_core_table_write(core, 16 + 4, 4, 0)));
	EXPECT(!set_control(ENABLE) && delivers(0) && delivers(1) && delivers(2));

	EXPECT(!set_mask(1, true) && !run(vfiomsi_core_table_write(core, 16 + 4, 4, 1)));
	EXPECT(set_mask(1, false) == -EINVAL);
	EXPECT(!vfiomsi_kvm_set_others(kvm, NULL, 0) && delivers(0) && delivers(2));
	EXPECT(!run(vfiomsi_core_table_write(core, 16 + 4, 4, 0)));
	EXPECT(!set_mask(1, false) && delivers(1));
}

/* The device is gone, but not the VM. */
static void test_host_lost(void)
{
	start(0);
	unmask_first(2);
	set_control(ENABLE);
	vfiomsi_kvm_device_destroy(device);
	EXPECT(!irqfd_of[FIRST_GSI] && !irqfd_of[FIRST_GSI + 1]);
	vfiomsi_eventfds_host_lost(eventfds);
	vfiomsi_core_host_lost(core);
	EXPECT(!vfiomsi_kvm_device_create(kvm, core, eventfds, -1, &device));
	EXPECT(!run(vfiomsi_core_sync(core)) && delivers(0) && delivers(1));
}

static void test_nonsense(void)
{
	struct vfiomsi_action action = { .kind = VFIOMSI_ATTACH, .vector = 1, .count = 1 };
	struct vfiomsi_kvm_config vm = { .size = sizeof(vm), .vm = VM, .gsis = 1 };
	struct vfiomsi_kvm_device *other;
	struct vfiomsi_kvm *none;

	start(0);
	EXPECT(vfiomsi_kvm_device_carry_out(device, &action) == -EINVAL && called(0, 0));
	action.vector = VECTORS;
	EXPECT(vfiomsi_kvm_device_carry_out(device, &action) == -EINVAL);
	action.vector = 1;
	action.count = 0xffffffff;
	EXPECT(vfiomsi_kvm_device_carry_out(device, &action) == -EINVAL);
	action.count = 1;
	action.kind = 99;
	EXPECT(!vfiomsi_kvm_device_carry_out(device, &action));
	EXPECT(vfiomsi_kvm_device_gsi(device, VECTORS) == -EINVAL);
	EXPECT(vfiomsi_kvm_device_create(kvm, core, eventfds, -2, &other) == -EINVAL);
	EXPECT(vfiomsi_kvm_device_create(kvm, core, eventfds, 1LL << 32, &other) == -EINVAL);
	vm.gsis = 0;
	EXPECT(vfiomsi_kvm_create(&vm, &none) == -EINVAL);
	vm.gsis = ROUTES_MAX + 1;
	EXPECT(vfiomsi_kvm_create(&vm, &none) == -ENOSPC);
	vm.gsis = 1;
	vm.first_gsi = 0xffffffff;
	EXPECT(vfiomsi_kvm_create(&vm, &none) == -ENOSPC);
	vm.first_gsi = 0;
	vm.vm = -1;
	EXPECT(vfiomsi_kvm_create(&vm, &none) == -EBADF);
	vm.size--;
	EXPECT(vfiomsi_kvm_create(&vm, &none) == -EINVAL);
	vm.size = sizeof(vm) + 1;
	EXPECT(vfiomsi_kvm_create(&vm, &none) == -E2BIG);
	vfiomsi_kvm_device_destroy(NULL);
	vfiomsi_kvm_destroy(NULL);
}

static const struct test tests[] = {
	{ "up to 2048 vectors, one call for all routes", test_many },
	{ "held eventfds have no irqfd", test_held },
	{ "a vector that is masked when it is attached", test_attached_masked },
	{ "a message changes in use", test_message_changes },
	{ "the requester's ID", test_requester },
	{ "other routes of the VM", test_others },
	{ "GSIs run out, and are given back", test_gsis_run_out },
	{ "failures", test_failures },
	{ "a message that KVM refuses", test_refused_message },
	{ "the host is lost", test_host_lost },
	{ "nonsense", test_nonsense },
};

int main(void)
{
	struct rlimit limit;
	int ret;

	EXPECT(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	EXPECT(!setrlimit(RLIMIT_NOFILE, &limit));
	ret = run_tests(__FILE__, tests, ARRAY_SIZE(tests));
	destroy();

	return ret;
}
