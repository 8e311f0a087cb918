// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/vfio_pci_msi.h>

#include "features.h"
#include "memory.h"
#include "target.h"

/* No payload is longer. */
#define PAYLOAD_MAX	1024
#define DMA_BUF_RANGES	2

struct request {
	struct vfio_device_feature head;
	u8 payload[PAYLOAD_MAX];
};

/* Fills in the payload and returns its size. */
typedef size_t (*fill_fn)(const struct target *t, const struct call *c, void *payload);

static size_t fill_nothing(const struct target *t, const struct call *c, void *payload)
{
	return 0;
}

/* For features that the core defines and that have no use here. */
static size_t fill_value(const struct target *t, const struct call *c, void *payload)
{
	u64 *words = payload;

	for (int i = 0; i < 4; i++)
		words[i] = c->value >> (i * 8);

	return 1 + c->b % 32;
}

static size_t fill_low_power(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_low_power_entry_with_wakeup *arg = payload;

	arg->wakeup_eventfd = t->events[c->b % TARGET_EVENTS];

	return sizeof(*arg);
}

static size_t fill_bus_master(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_bus_master *arg = payload;

	arg->op = c->b % 3;

	return sizeof(*arg);
}

static size_t fill_dma_buf(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_dma_buf *arg = payload;
	u64 size = t->region_size[c->b % 6];

	arg->region_index = c->b % 6;
	arg->open_flags = O_CLOEXEC | (c->b & 0x100 ? O_RDWR : O_RDONLY);
	arg->flags = c->value >> 63;
	arg->nr_ranges = 1 + (c->b >> 9) % DMA_BUF_RANGES;
	for (int i = 0; i < DMA_BUF_RANGES; i++) {
		arg->dma_ranges[i].offset = size ? c->value * (i + 1) % size & ~0xfffULL : c->value;
		arg->dma_ranges[i].length = 0x1000 << (c->b >> 10 & 3);
	}

	return sizeof(*arg) + arg->nr_ranges * sizeof(arg->dma_ranges[0]);
}

static size_t fill_novirt(const struct target *t, const struct call *c, void *payload)
{
	return c->a & 1 ? 0 : sizeof(struct vfio_device_feature_pci_msi_novirt);
}

static size_t fill_messages(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_pci_msi_messages *arg = payload;

	arg->index = c->b & 0x80 ? VFIO_PCI_MSI_IRQ_INDEX : VFIO_PCI_MSIX_IRQ_INDEX;
	arg->start = c->b >> 8 & 3;
	arg->count = c->value % 33;
	arg->flags = c->b & 1;

	return sizeof(*arg) + arg->count * sizeof(arg->msg[0]);
}

static size_t fill_notify(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_pci_msi_notify *arg = payload;

	arg->eventfd = c->b & 7 ? t->events[c->b % TARGET_EVENTS] : (s32)c->value;

	return sizeof(*arg);
}

static size_t fill_map(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_pci_msix_map *arg = payload;

	arg->count = c->b % 17;
	arg->flags = c->value & 1;

	return sizeof(*arg) + arg->count * sizeof(arg->range[0]);
}

/* A GET has the same number, and another structure: each call can be either. */
static size_t fill_window(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_pci_msi_window_state *state = payload;
	struct vfio_device_feature_pci_msi_window *arg = payload;

	if (c->a & 0x100) {
		state->window = c->b % 17;
		state->count = c->value % 9;
		return sizeof(*state) + state->count * sizeof(state->slot[0]);
	}
	arg->flags = c->b & 7;
	arg->region = target_region(t, c->b & 0x10 ? 0 : c->b >> 3);
	arg->offset = (c->b >> 5 & 0xff) * 4;
	arg->size = (1 + (c->b >> 13 & 0xff)) * 4;
	arg->data_offset = arg->flags & VFIO_PCI_MSI_WINDOW_LEARN ? 0 : 4 + 4 * (c->b >> 30);

	return sizeof(*arg);
}

static size_t fill_ranges(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_pci_msi_ranges_state *state = payload;
	struct vfio_device_feature_pci_msi_ranges *arg = payload;

	if (c->a & 0x100) {
		state->window = c->b % 17;
		state->count = c->value % 9;
		return sizeof(*state) + state->count * sizeof(state->page[0]);
	}
	arg->flags = c->b & 6;
	arg->region = target_region(t, c->b & 0x10 ? 0 : c->b >> 3);
	arg->data_offset = 4 + 4 * (c->b >> 30);
	arg->count = 1 + (c->b >> 5) % VFIO_PCI_MSI_RANGES_MAX;
	if (c->b & 0x10000) {
		arg->select_offset = (c->b >> 17 & 0xff) * 4;
		arg->select_mask = c->value;
	}
	for (unsigned int i = 0; i < arg->count; i++) {
		arg->range[i].offset = i * 0x100 + (c->value >> i & 0xf) * 4;
		arg->range[i].size = (1 + (c->value >> (2 * i) & 0x1f)) * 4;
	}

	return sizeof(*arg);
}

static size_t fill_dummy(const struct target *t, const struct call *c, void *payload)
{
	struct vfio_device_feature_pci_msix_dummy *arg = payload;

	if (!(c->b & 3))
		return sizeof(*arg);
	arg->flags = VFIO_PCI_MSIX_DUMMY_ENABLE;
	arg->start = c->b >> 2 & 3;
	arg->count = c->b >> 4 & 7;
	arg->iova = MEMORY_IOVA + (c->value & 0xfffc);

	return sizeof(*arg);
}

/* Where it is in the following list */
#define LOW_POWER_EXIT	9

static const struct {
	u32 number;
	fill_fn fill;
	/* Of the ways to call it that make sense, one is taken in three of four calls. */
	u32 usual;
} features[] = {
	{ VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT, fill_novirt, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES, fill_messages, VFIO_DEVICE_FEATURE_GET },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY, fill_notify, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_PCI_MSIX_MAP, fill_map, VFIO_DEVICE_FEATURE_GET },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW, fill_window, 0 },
	{ VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY, fill_dummy, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, fill_ranges, 0 },
	{ VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, fill_nothing, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP, fill_low_power,
	  VFIO_DEVICE_FEATURE_SET },
	[LOW_POWER_EXIT] = { VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, fill_nothing,
			     VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_BUS_MASTER, fill_bus_master, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_DMA_BUF, fill_dma_buf, VFIO_DEVICE_FEATURE_GET },
	{ VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, fill_value, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_MIGRATION, fill_value, VFIO_DEVICE_FEATURE_GET },
	{ VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, fill_value, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_DMA_LOGGING_START, fill_value, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, fill_value, VFIO_DEVICE_FEATURE_SET },
	{ VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, fill_value, VFIO_DEVICE_FEATURE_GET },
	{ VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, fill_value, VFIO_DEVICE_FEATURE_GET },
	/* numbers after the last of the core's and of ours */
	{ 14, fill_value, VFIO_DEVICE_FEATURE_GET },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_RANGES + 1, fill_value, VFIO_DEVICE_FEATURE_GET },
};

/* They come first. Half of the calls are of one of these. */
#define OWN_FEATURES	7

static bool enters_low_power(u32 number)
{
	return number == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY ||
	       number == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP;
}

static unsigned int choose(const struct call *c)
{
	unsigned int number = c->a & 0x1f;

	if (c->a & 0x200)
		return number % OWN_FEATURES;
	number = OWN_FEATURES + number % (ARRAY_SIZE(features) - OWN_FEATURES);

	/* Each call wakes a device that sleeps, which takes long. */
	return enters_low_power(features[number].number) && c->a & 0x1ce0 ? LOW_POWER_EXIT : number;
}

static u32 operation(const struct call *c, u32 usual)
{
	if (!usual)
		usual = c->a & 0x100 ? VFIO_DEVICE_FEATURE_GET : VFIO_DEVICE_FEATURE_SET;

	return c->a >> 14 ? usual : c->b & VFIO_DEVICE_FEATURE_PROBE ? c->b & (7U << 16) :
						(c->b & 3) << 16;
}

int run_feature(struct target *t, const struct call *c)
{
	unsigned int i = choose(c);
	struct request request = {};
	size_t size = features[i].fill(t, c, request.payload);
	int ret;

	request.head.argsz = sizeof(request.head) + size;
	/* One payload in 32 is a little too short, or longer than it has to be. */
	if (c->b >> 27 == 1)
		request.head.argsz += (s32)(c->value % 9) - 4;
	request.head.flags = features[i].number | operation(c, features[i].usual);
	ret = ioctl(target_file(t, c->a >> 12, 0), VFIO_DEVICE_FEATURE, &request);
	if (ret < 0)
		return -errno;
	if (features[i].number == VFIO_DEVICE_FEATURE_DMA_BUF)
		target_keep_file(t, c->b, ret > 2 ? ret : -1);

	return 0;
}
