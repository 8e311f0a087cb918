// SPDX-License-Identifier: GPL-2.0-only
/*
 * libvfiomsi's VFIO back end, as TAP: the calls that it makes, with ioctl() and pread() of a
 * device in software. Real devices are in tools/testing/vmm.
 *
 * usage: vfio_test
 */

#define _XOPEN_SOURCE 700

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include <vfiomsi/vfio.h>

#include "expect.h"
#include "owner.h"

#define DEVICE		1000
#define VECTORS		70
#define MSIX_AT		0x50
#define MSI_AT		0x70
#define TABLE		0x3d00
#define PBA		0x5010
#define BAR_SIZE	0x8000
#define ENABLE		0x8000
#define FUNCTION_MASK	0x4000
#define REGION(index)	((uint64_t)(index) << 40)

static struct vfiomsi_vfio *vfio;

/* The device: config space, pending bits, and what the driver has. */
static uint8_t config[256];
static uint8_t pba[16];
static uint32_t irq_flags;
static uint32_t irq_count;
static bool has_messages;
static bool has_dummy;
static bool allocated[VECTORS];
static bool pending[VECTORS];
static bool maps;
static const struct vfiomsi_vfio_range *areas;
static uint32_t area_count;
/* Fail that many calls from now on, 0 for none. */
static int fails_in;
static int fails_with;
/* The calls of SET_IRQS, and of features: "T0+3 e-e", "M2+1", "G" */
static char calls[1024];

static void note_call(const char *format, ...)
{
	size_t length = strlen(calls);
	va_list list;

	va_start(list, format);
	vsnprintf(calls + length, sizeof(calls) - length, format, list);
	va_end(list);
}

static bool called(const char *wanted)
{
	bool same = !strcmp(calls, wanted);

	if (!same)
		printf("# called: '%s', not '%s'\n", calls, wanted);
	calls[0] = '\0';

	return same;
}

static int fail(int error)
{
	errno = error;

	return -1;
}

static void note_eventfds(const struct vfio_irq_set *set)
{
	int32_t eventfd;
	uint32_t i;

	for (i = 0; i < set->count; i++) {
		memcpy(&eventfd, &set->data[i * 4], 4);
		EXPECT(eventfd == -1 ||
		       eventfd == vfiomsi_eventfds_get(eventfds, set->start + i));
		allocated[set->start + i] = true;
		if (set->count < 8)
			note_call("%c", eventfd < 0 ? '-' : 'e');
	}
}

static int set_irqs(const struct vfio_irq_set *set)
{
	bool eventfd = set->flags & VFIO_IRQ_SET_DATA_EVENTFD;

	EXPECT(set->argsz == sizeof(*set) + (eventfd ? set->count * 4 : 0));
	note_call("%c%u+%u", set->flags & VFIO_IRQ_SET_ACTION_MASK ? 'M' :
			     set->flags & VFIO_IRQ_SET_ACTION_UNMASK ? 'U' : 'T',
		  set->start, set->count);
	if (fails_in && !--fails_in) {
		note_call("! ");
		if (fails_with < 0)
			return fail(-fails_with);
		return fails_with;
	}
	if (eventfd)
		note_eventfds(set);
	else if (!set->count)
		memset(allocated, 0, sizeof(allocated));
	note_call(" ");

	return 0;
}

static int get_irqs(struct vfio_irq_info *info)
{
	info->flags = VFIO_IRQ_INFO_EVENTFD | irq_flags;
	info->count = info->index == VFIO_PCI_MSIX_IRQ_INDEX ? irq_count : 4;

	return 0;
}

static int get_region(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);
	uint32_t size = (uint32_t)(sizeof(*info) + sizeof(*sparse) +
				   area_count * sizeof(sparse->areas[0]));
	uint32_t room = info->argsz;
	uint32_t i;

	info->offset = REGION(info->index);
	info->size = info->index == VFIO_PCI_CONFIG_REGION_INDEX ? 256 : BAR_SIZE;
	info->flags = maps ? VFIO_REGION_INFO_FLAG_MMAP : 0;
	if (!areas)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz = size;
	if (room < size)
		return 0;
	info->cap_offset = sizeof(*info);
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->nr_areas = area_count;
	for (i = 0; i < area_count; i++) {
		sparse->areas[i].offset = areas[i].offset;
		sparse->areas[i].size = areas[i].size;
	}

	return 0;
}

static int get_messages(struct vfio_device_feature *feature)
{
	struct vfio_device_feature_pci_msi_messages *get = (void *)feature->data;
	uint32_t i;

	note_call("G%u+%u ", get->start, get->count);
	for (i = 0; i < get->count; i++)
		get->msg[i].flags =
			(allocated[get->start + i] ? VFIO_PCI_MSI_MESSAGE_ALLOCATED : 0) |
			(pending[get->start + i] ? VFIO_PCI_MSI_MESSAGE_PENDING : 0);

	return 0;
}

static int call_dummy(struct vfio_device_feature *feature)
{
	struct vfio_device_feature_pci_msix_dummy *set = (void *)feature->data;

	if (feature->flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	EXPECT(feature->flags & VFIO_DEVICE_FEATURE_SET);
	EXPECT(feature->argsz == sizeof(*feature) + sizeof(*set) && !set->__reserved);
	if (set->flags)
		note_call("D%u+%u=%llx", set->start, set->count, (long long)set->iova);
	else
		note_call("D-");
	if (fails_in && !--fails_in) {
		note_call("! ");
		return fail(-fails_with);
	}
	note_call(" ");

	return 0;
}

static int call_feature(struct vfio_device_feature *feature)
{
	uint32_t number = feature->flags & VFIO_DEVICE_FEATURE_MASK;

	if (has_dummy && number == VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY)
		return call_dummy(feature);
	if (!has_messages || number != VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES)
		return fail(ENOTTY);
	if (feature->flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (feature->flags & VFIO_DEVICE_FEATURE_SET)
		return fail(EINVAL);

	return get_messages(feature);
}

/* In place of the C library's */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (fd != DEVICE)
		return fail(EBADF);
	switch (request) {
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(argument);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irqs(argument);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region(argument);
	case VFIO_DEVICE_FEATURE:
		return call_feature(argument);
	}

	return fail(ENOTTY);
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t offset)
{
	uint64_t at = (uint64_t)offset - REGION(2);

	if (fd != DEVICE)
		return fail(EBADF);
	if ((uint64_t)offset >= REGION(VFIO_PCI_CONFIG_REGION_INDEX)) {
		at = (uint64_t)offset - REGION(VFIO_PCI_CONFIG_REGION_INDEX);
		EXPECT(at + size <= sizeof(config));
		memcpy(bytes, config + at, size);
	} else {
		EXPECT(at >= PBA && at + size <= PBA + sizeof(pba));
		memcpy(bytes, pba + (at - PBA), size);
		note_call("P%u ", (unsigned int)(at - PBA));
	}

	return (ssize_t)size;
}

static void put_dword(unsigned int at, uint32_t value)
{
	memcpy(&config[at], &value, sizeof(value));
}

static void make_device(void)
{
	memset(config, 0, sizeof(config));
	config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	config[PCI_CAPABILITY_LIST] = 0x40;
	put_dword(0x40, 0x00005001);
	put_dword(MSIX_AT, 0x00007011 | (VECTORS - 1) << 16);
	put_dword(MSIX_AT + 4, TABLE | 2);
	put_dword(MSIX_AT + 8, PBA | 2);
	/* 4 vectors, 64 bits, mask bits */
	put_dword(MSI_AT, 0x01840005);
	memset(pba, 0, sizeof(pba));
	memset(allocated, 0, sizeof(allocated));
	memset(pending, 0, sizeof(pending));
	irq_count = VECTORS;
	has_messages = irq_flags & VFIO_IRQ_INFO_MASKABLE;
	maps = true;
	areas = NULL;
	area_count = 0;
	fails_in = 0;
	calls[0] = '\0';
}

static void destroy(void)
{
	vfiomsi_vfio_destroy(vfio);
	owner_destroy();
	vfio = NULL;
}

int back_end_carry_out(const struct vfiomsi_action *action)
{
	return vfiomsi_vfio_carry_out(vfio, action);
}

static void start(uint32_t index, uint32_t flags)
{
	struct vfiomsi_vfio_info info = { .size = sizeof(info) };

	destroy();
	irq_flags = flags;
	make_device();
	EXPECT(!vfiomsi_vfio_describe(DEVICE, index, &info));
	owner_create(&info.core);
	EXPECT(!vfiomsi_vfio_create(core, eventfds, DEVICE, &vfio));
	EXPECT(called(""));
}

static void unmask_run(unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		EXPECT(!set_mask(i, false));
}

static void start_msix(uint32_t flags)
{
	start(VFIO_PCI_MSIX_IRQ_INDEX, flags);
}

static void test_describe(void)
{
	struct vfiomsi_vfio_info info = { .size = sizeof(info) };

	start_msix(VFIO_IRQ_INFO_MASKABLE);
	EXPECT(!vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSIX_IRQ_INDEX, &info));
	EXPECT(info.cap_offset == MSIX_AT && info.table_bar == 2 && info.table_offset == TABLE &&
	       info.pba_bar == 2 && info.pba_offset == PBA);
	EXPECT(info.core.flags == (VFIOMSI_HOST_MASKS | VFIOMSI_DYNAMIC));
	irq_flags = VFIO_IRQ_INFO_NORESIZE;
	EXPECT(!vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSIX_IRQ_INDEX, &info));
	EXPECT(!info.core.flags && info.core.capability[0] == PCI_CAP_ID_MSIX);
	EXPECT(!vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSI_IRQ_INDEX, &info));
	EXPECT(info.cap_offset == MSI_AT && info.core.capability[0] == PCI_CAP_ID_MSI);
}

/* A list of capabilities without end, one that ends with config space, and none at all */
static void test_odd_lists(void)
{
	struct vfiomsi_vfio_info info = { .size = sizeof(info) };

	start_msix(0);
	config[MSIX_AT + 1] = 0x40;
	EXPECT(vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSI_IRQ_INDEX, &info) == -ENOENT);
	config[MSIX_AT + 1] = 0xf4;
	put_dword(0xf4, 0x00000005);
	EXPECT(!vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSI_IRQ_INDEX, &info));
	EXPECT(info.cap_offset == 0xf4);
	config[PCI_STATUS] = 0;
	EXPECT(vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSIX_IRQ_INDEX, &info) == -ENOENT);
	config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	irq_count = 0;
	EXPECT(vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSIX_IRQ_INDEX, &info) == -ENOENT);
}

/* All that is unmasked is attached by the call that enables. */
static void test_enable_is_one_call(void)
{
	start_msix(VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_NORESIZE);
	unmask_run(0, VECTORS);
	EXPECT(!set_control(ENABLE) && called("T0+70 "));
	EXPECT(!set_control(0) && called("T0+70 T0+0 "));
	start_msix(VFIO_IRQ_INFO_NORESIZE);
	unmask_run(0, VECTORS);
	EXPECT(!set_control(ENABLE) && called("T0+70 "));
}

/* With dynamic vectors one is allocated, and the others are attached. */
static void test_enable_dynamic(void)
{
	start_msix(VFIO_IRQ_INFO_MASKABLE);
	unmask_run(0, VECTORS);
	EXPECT(!set_control(ENABLE) && called("T0+1e T1+69 "));
	start_msix(VFIO_IRQ_INFO_MASKABLE);
	unmask_run(2, 3);
	EXPECT(!set_control(ENABLE | FUNCTION_MASK) && called("T0+1- "));
	EXPECT(!set_control(ENABLE) && called("T2+3eee "));
	EXPECT(!set_mask(7, false) && called("T7+1e "));
}

static void test_function_mask(void)
{
	start_msix(VFIO_IRQ_INFO_MASKABLE);
	unmask_run(1, 64);
	set_control(ENABLE);
	calls[0] = '\0';
	EXPECT(!set_control(ENABLE | FUNCTION_MASK) && called("M1+64 "));
	EXPECT(!set_control(ENABLE) && called("U1+64 "));
	EXPECT(!set_mask(9, true) && called("M9+1 "));
	EXPECT(!set_control(ENABLE | FUNCTION_MASK) && called("M1+8 M10+55 "));
}

static void test_stock_makes_no_call_to_mask(void)
{
	start_msix(0);
	unmask_run(1, 2);
	set_control(ENABLE);
	calls[0] = '\0';
	EXPECT(!set_mask(1, true) && called("") && vfiomsi_eventfds_is_held(eventfds, 1));
	EXPECT(!set_mask(1, false) && called("") && !vfiomsi_eventfds_is_held(eventfds, 1));
}

static uint64_t pending_of(unsigned int first)
{
	uint64_t bits = 0;

	EXPECT(!run(vfiomsi_core_harvest(core, 0, VECTORS)));
	EXPECT(!vfiomsi_core_pba_read(core, first / 64 * 8, 8, &bits));

	return bits;
}

static void test_harvest(void)
{
	start_msix(VFIO_IRQ_INFO_MASKABLE);
	unmask_run(1, 2);
	set_control(ENABLE);
	set_mask(1, true);
	calls[0] = '\0';
	pending[1] = true;
	pba[1] = 0x80;
	pba[8] = 0x02;
	/* The vectors 0 and 1 are allocated, and of the others the device knows. */
	EXPECT(pending_of(0) == 0x8002 && called("G0+2 G3+67 P0 P8 "));
	EXPECT(pending_of(64) == 2);
	calls[0] = '\0';
	pending[1] = false;
	EXPECT(pending_of(0) == 0x8000);
}

static void test_harvest_on_stock(void)
{
	start_msix(0);
	unmask_run(1, 2);
	set_control(ENABLE);
	set_mask(1, true);
	calls[0] = '\0';
	pba[0] = 0x0b;
	EXPECT(pending_of(0) == 0x09 && called("P0 P0 P8 "));
}

/* A pending interrupt of the core and one of the device are one, so they are not attached early. */
static void test_pending_is_not_attached_early(void)
{
	struct vfiomsi_action action;

	start_msix(VFIO_IRQ_INFO_NORESIZE);
	unmask_run(1, 2);
	set_control(ENABLE | FUNCTION_MASK);
	EXPECT(!vfiomsi_core_arrive(core, 1, &action));
	set_control(FUNCTION_MASK);
	calls[0] = '\0';
	EXPECT(!set_control(ENABLE) && called("T0+70 P0 T1+1e "));
}

static void test_msi(void)
{
	start(VFIO_PCI_MSI_IRQ_INDEX, VFIO_IRQ_INFO_NORESIZE | VFIO_IRQ_INFO_MASKABLE);
	EXPECT(!set_control(0x21) && called("T0+4eeee "));
	EXPECT(!set_control(0) && called("T0+4---- T0+0 "));
	EXPECT(!run(vfiomsi_core_cap_write(core, 16, 4, 2)) && called(""));
	EXPECT(!set_control(0x21) && called("T0+4e-ee M1+1 T1+1e "));
	put_dword(MSI_AT + 20, 8);
	pending[1] = true;
	EXPECT(!run(vfiomsi_core_harvest(core, 0, 4)) && called("G1+1 "));
	EXPECT(!set_control(0));
	calls[0] = '\0';
	EXPECT(!run(vfiomsi_core_harvest(core, 0, 4)) && called(""));
}

static void test_failures(void)
{
	start_msix(VFIO_IRQ_INFO_MASKABLE);
	unmask_run(0, 3);
	fails_in = 1;
	fails_with = -EIO;
	EXPECT(set_control(ENABLE) == -EIO && !vfiomsi_core_is_enabled(core) && called("T0+1! "));
	/* The kernel says how many it could have allocated. */
	fails_in = 1;
	fails_with = 1;
	EXPECT(set_control(ENABLE) == -ENOSPC && called("T0+1! "));
	fails_in = 2;
	fails_with = -ENOMEM;
	EXPECT(set_control(ENABLE) == -ENOMEM && called("T0+1e T1+2! T0+1- T0+0 "));
	EXPECT(!set_control(ENABLE) && called("T0+1e T1+2ee "));
	fails_in = 1;
	EXPECT(set_mask(1, true) == -ENOMEM && !vfiomsi_core_is_masked(core, 1) &&
	       called("M1+1! "));
	fails_in = 1;
	EXPECT(set_control(0) == -ENOMEM && vfiomsi_core_is_enabled(core) && called("T0+3! "));
	fails_in = 2;
	EXPECT(set_control(0) == -ENOMEM && vfiomsi_core_is_enabled(core) &&
	       called("T0+3--- T0+0! T0+3eee "));
}

/* Another could not attach what was attached here. */
static void test_unroute_detaches(void)
{
	struct vfiomsi_action action;

	start_msix(VFIO_IRQ_INFO_MASKABLE);
	set_control(ENABLE);
	EXPECT(vfiomsi_core_table_write(core, 5 * 16 + 12, 4, 0) == 1);
	while (vfiomsi_core_next(core, &action) == 1 && action.kind != VFIOMSI_ATTACH)
		vfiomsi_eventfds_carry_out(eventfds, &action);
	calls[0] = '\0';
	EXPECT(!vfiomsi_vfio_carry_out(vfio, &action) && called("T5+1e "));
	EXPECT(!vfiomsi_core_rollback(core) && !run_actions() && called("T5+1- "));
	EXPECT(!vfiomsi_core_commit(core));
}

/* One call, also if a vector between them has no eventfd: all are detached, or none. */
static void test_detach_is_one_call(void)
{
	struct vfiomsi_action action = { .kind = VFIOMSI_DETACH, .vector = 0, .count = 5 };

	start_msix(VFIO_IRQ_INFO_MASKABLE);
	set_control(ENABLE);
	unmask_run(1, 1);
	unmask_run(3, 1);
	calls[0] = '\0';
	fails_in = 1;
	fails_with = -ENOMEM;
	EXPECT(vfiomsi_vfio_carry_out(vfio, &action) == -ENOMEM && called("T1+3! "));
	EXPECT(!vfiomsi_vfio_carry_out(vfio, &action) && called("T1+3--- "));
	EXPECT(!vfiomsi_vfio_carry_out(vfio, &action) && called(""));
}

static bool is_range(const struct vfiomsi_vfio_range *range, uint64_t offset, uint64_t size)
{
	return range->offset == offset && range->size == size;
}

/* The table is in the pages 3 and 4 of BAR 2, the PBA in page 5. */
static void test_ranges(void)
{
	static const struct vfiomsi_vfio_range sparse[] = { { 0, 0x1000 }, { 0x2000, 0x6000 } };
	struct vfiomsi_vfio_range ranges[4];

	start_msix(0);
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 0, ranges, 4) == 1 &&
	       is_range(&ranges[0], 0, BAR_SIZE));
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 4) == 2 &&
	       is_range(&ranges[0], 0, 0x3000) && is_range(&ranges[1], 0x6000, 0x2000));
	areas = sparse;
	area_count = 2;
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 4) == 3 &&
	       is_range(&ranges[0], 0, 0x1000) && is_range(&ranges[1], 0x2000, 0x1000) &&
	       is_range(&ranges[2], 0x6000, 0x2000));
	ranges[1].size = 1;
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 1) == 3 && ranges[1].size == 1);
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, NULL, 0) == 3);
	/* No area at all, and a BAR that cannot be mapped */
	area_count = 0;
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 4) == 0);
	areas = NULL;
	maps = false;
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 4) == 0);
	/* The PBA before the table, and both in one page */
	maps = true;
	put_dword(MSIX_AT + 4, 0x6000 | 2);
	put_dword(MSIX_AT + 8, 0x1000 | 2);
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 4) == 3 &&
	       is_range(&ranges[0], 0, 0x1000) && is_range(&ranges[1], 0x2000, 0x4000) &&
	       is_range(&ranges[2], 0x7000, 0x1000));
	put_dword(MSIX_AT + 8, 0x6f00 | 2);
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 2, ranges, 4) == 2 &&
	       is_range(&ranges[0], 0, 0x6000) && is_range(&ranges[1], 0x7000, 0x1000));
}

static void test_features(void)
{
	struct vfio_device_feature_pci_msi_messages get = { 0 };
	const uint32_t feature = VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES;

	start_msix(VFIO_IRQ_INFO_MASKABLE);
	EXPECT(vfiomsi_vfio_probe(DEVICE, feature) == 1);
	EXPECT(vfiomsi_vfio_probe(DEVICE, feature + 1) == 0);
	EXPECT(!vfiomsi_vfio_get(DEVICE, feature, &get, sizeof(get)));
	EXPECT(vfiomsi_vfio_set(DEVICE, feature, &get, sizeof(get)) == -EINVAL);
	EXPECT(vfiomsi_vfio_set(DEVICE, feature, NULL, 0) == -EINVAL);
	EXPECT(vfiomsi_vfio_get(DEVICE, feature + 1, &get, sizeof(get)) == -ENOTTY);
	start_msix(0);
	EXPECT(vfiomsi_vfio_probe(DEVICE, feature) == 0);
}

static void test_dummy(void)
{
	static const struct vfiomsi_memory memory = { 0x10000, 0x1000 };
	struct vfiomsi_vfio_info info = { .size = sizeof(info) };

	has_dummy = true;
	start_msix(VFIO_IRQ_INFO_MASKABLE);
	EXPECT(!vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSIX_IRQ_INDEX, &info));
	EXPECT(info.core.flags & VFIOMSI_HOST_DUMMY);
	EXPECT(!vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSI_IRQ_INDEX, &info));
	EXPECT(!(info.core.flags & VFIOMSI_HOST_DUMMY));
	EXPECT(!vfiomsi_core_set_memory(core, &memory, 1));
	EXPECT(!set_control(ENABLE) && called("T0+1- "));
	EXPECT(!run(vfiomsi_core_table_write(core, 16, 8, 0x10ffc)));
	EXPECT(!set_mask(1, false) && called("T0+0 D1+1=10ffc "));
	EXPECT(!set_control(0) && called("D- "));
	EXPECT(!set_control(ENABLE) && called("D1+1=10ffc "));

	/* The way back, which fails at first, and the driver refuses the target later. */
	fails_in = 2;
	fails_with = -ENOMEM;
	EXPECT(run(vfiomsi_core_set_memory(core, NULL, 0)) == -ENOMEM);
	EXPECT(called("D- T0+1! D1+1=10ffc "));
	EXPECT(!run(vfiomsi_core_set_memory(core, NULL, 0)) && called("D- T0+1- T1+1e "));
	fails_in = 3;
	fails_with = -EPERM;
	EXPECT(run(vfiomsi_core_set_memory(core, &memory, 1)) == -EPERM);
	EXPECT(called("T1+1- T0+0 D1+1=10ffc! T0+1- T1+1e "));
	has_dummy = false;
}

static void test_nonsense(void)
{
	struct vfiomsi_action action = { .kind = VFIOMSI_ATTACH, .vector = 1, .count = 1 };
	struct vfiomsi_vfio_info info = { .size = sizeof(info) - 1 };
	struct vfiomsi_vfio *other;

	start_msix(VFIO_IRQ_INFO_MASKABLE);
	EXPECT(vfiomsi_vfio_describe(DEVICE, VFIO_PCI_MSIX_IRQ_INDEX, &info) == -EINVAL);
	info.size = sizeof(info);
	EXPECT(vfiomsi_vfio_describe(DEVICE, VFIO_PCI_INTX_IRQ_INDEX, &info) == -EINVAL);
	EXPECT(vfiomsi_vfio_describe(-1, VFIO_PCI_MSIX_IRQ_INDEX, &info) == -EBADF);
	EXPECT(vfiomsi_vfio_ranges(DEVICE, 6, NULL, 0) == -EINVAL);
	EXPECT(vfiomsi_vfio_ranges(-1, 0, NULL, 0) == -EBADF);
	EXPECT(vfiomsi_vfio_probe(DEVICE, 0x10000) == -EINVAL);
	EXPECT(vfiomsi_vfio_probe(-1, 0) == -EBADF);
	EXPECT(vfiomsi_vfio_get(DEVICE, 0x10000, &info, 4) == -EINVAL);
	EXPECT(vfiomsi_vfio_set(DEVICE, 0, &info, SIZE_MAX) == -EINVAL);
	EXPECT(vfiomsi_vfio_create(core, eventfds, -1, &other) == -EBADF);
	irq_count = VECTORS - 1;
	EXPECT(vfiomsi_vfio_create(core, eventfds, DEVICE, &other) == -EINVAL);
	irq_count = 0;
	EXPECT(vfiomsi_vfio_create(core, eventfds, DEVICE, &other) == -EINVAL);
	EXPECT(vfiomsi_vfio_carry_out(vfio, &action) == -EINVAL && called(""));
	action.vector = VECTORS;
	EXPECT(vfiomsi_vfio_carry_out(vfio, &action) == -EINVAL);
	action.vector = 1;
	action.count = 0xffffffff;
	EXPECT(vfiomsi_vfio_carry_out(vfio, &action) == -EINVAL);
	action.kind = 99;
	action.count = 1;
	EXPECT(vfiomsi_vfio_carry_out(vfio, &action) == 0 && called(""));
	action.kind = VFIOMSI_FREE;
	EXPECT(vfiomsi_vfio_carry_out(vfio, &action) == 0 && called(""));
	vfiomsi_vfio_destroy(NULL);
}

static const struct test tests[] = {
	{ "what a device has", test_describe },
	{ "odd lists of capabilities", test_odd_lists },
	{ "enable is one call", test_enable_is_one_call },
	{ "enable with dynamic vectors", test_enable_dynamic },
	{ "function mask: a call for each run", test_function_mask },
	{ "stock vfio-pci: no call to mask", test_stock_makes_no_call_to_mask },
	{ "harvest", test_harvest },
	{ "stock vfio-pci: harvest", test_harvest_on_stock },
	{ "what is pending is not attached early", test_pending_is_not_attached_early },
	{ "MSI", test_msi },
	{ "failures", test_failures },
	{ "what was attached for nothing is detached", test_unroute_detaches },
	{ "vectors are detached by one call", test_detach_is_one_call },
	{ "which ranges can be mapped", test_ranges },
	{ "features", test_features },
	{ "a guest that polls", test_dummy },
	{ "nonsense", test_nonsense },
};

int main(void)
{
	int ret = run_tests(__FILE__, tests, ARRAY_SIZE(tests));

	destroy();

	return ret;
}
