// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctls: information, SET_IRQS, masks, messages.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "hardware.h"
#include "price.h"

#define TIMES	20
#define TRIGGERS	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define LOOPBACK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

static void ask_device(struct bench *b)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ioctl(b->fd, VFIO_DEVICE_GET_INFO, &info);
}

static void ask_region(struct bench *b, u32 index)
{
	static union {
		struct vfio_region_info info;
		char room[4096];
	} arg;

	arg.info.argsz = sizeof(arg);
	arg.info.index = index;
	ioctl(b->fd, VFIO_DEVICE_GET_REGION_INFO, &arg);
}

static void ask_irqs(struct bench *b, u32 index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	ioctl(b->fd, VFIO_DEVICE_GET_IRQ_INFO, &info);
}

static void ask_feature(struct bench *b)
{
	struct vfio_device_feature arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_FEATURE_PROBE | 0x77,
	};

	ioctl(b->fd, VFIO_DEVICE_FEATURE, &arg);
}

static void info_rows(struct bench *b)
{
	PRICE(b, "device-info", NO_X, TIMES, ask_device(b));
	PRICE(b, "region-info", VFIO_PCI_BAR0_REGION_INDEX, TIMES,
	      ask_region(b, VFIO_PCI_BAR0_REGION_INDEX));
	PRICE(b, "region-info", VFIO_PCI_CONFIG_REGION_INDEX, TIMES,
	      ask_region(b, VFIO_PCI_CONFIG_REGION_INDEX));
	PRICE(b, "irq-info", NO_X, TIMES, ask_irqs(b, b->index));
	PRICE(b, "irq-info-error", NO_X, TIMES,
	      ask_irqs(b, VFIO_PCI_ERR_IRQ_INDEX));
	PRICE(b, "feature-unknown", NO_X, TIMES, ask_feature(b));
}

/* Returns how many vectors there can be. */
static int enable_rows(struct bench *b)
{
	int count, most = 0, all = irq_count(b->fd, b->index);

	for (count = 1; count <= all; count *= 2) {
		if (!enable(b, count))
			break;
		most = b->vectors;
		disable(b);
		if (most != count)
			break;
		PRICE_PAIR(b, count, "enable", enable(b, count),
			   "disable", disable(b));
	}

	return most;
}

static void trigger_rows(struct bench *b)
{
	int *fds = bench_eventfds();
	static int none[PRICE_VECTORS];
	int counts[] = { 1, 32, 64 };
	unsigned int i;
	int count;

	memset(none, 0xff, sizeof(none));
	PRICE(b, "loopback", NO_X, TIMES, request_irqs(b, LOOPBACK, 0, 1, NULL));
	PRICE_PAIR(b, NO_X, "replace-trigger",
		   request_irqs(b, TRIGGERS, 0, 1, &fds[PRICE_VECTORS]),
		   "replace-trigger-back",
		   request_irqs(b, TRIGGERS, 0, 1, fds));
	for (i = 0; i < ARRAY_SIZE(counts) && counts[i] <= b->vectors; i++) {
		count = counts[i];
		PRICE_PAIR(b, count, "remove-trigger",
			   request_irqs(b, TRIGGERS, 0, count, none),
			   "attach-trigger",
			   request_irqs(b, TRIGGERS, 0, count, fds));
		if (!b->ours)
			continue;
		PRICE_PAIR(b, count, "mask", mask(b, count),
			   "unmask", unmask(b, count));
	}
}

void group_calls(struct bench *b)
{
	int most;

	bench_open(b);
	info_rows(b);
	most = enable_rows(b);
	if (most && enable(b, most < 64 ? most : 64))
		trigger_rows(b);
	bench_close(b);
}

static void ask_messages(struct bench *b, void *arg, size_t argsz, u32 count,
			 u32 flags)
{
	struct vfio_device_feature *feature = arg;
	struct vfio_device_feature_pci_msi_messages *messages =
		(void *)feature->data;

	feature->argsz = argsz;
	feature->flags = VFIO_DEVICE_FEATURE_GET |
			 VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES;
	memset(messages, 0, sizeof(*messages));
	messages->index = b->index;
	messages->count = count;
	messages->flags = flags;
	VFIO_ASSERT_EQ(ioctl(b->fd, VFIO_DEVICE_FEATURE, arg), 0);
}

static void messages_row(struct bench *b, u32 count)
{
	size_t argsz = sizeof(struct vfio_device_feature) +
		       sizeof(struct vfio_device_feature_pci_msi_messages) +
		       count * sizeof(struct vfio_pci_msi_message);
	void *arg = calloc(1, argsz);

	PRICE(b, "messages", count, 1, ask_messages(b, arg, argsz, count, 0));
	PRICE(b, "messages-known", count, 1,
	      ask_messages(b, arg, argsz, count, VFIO_PCI_MSI_MESSAGES_KNOWN));
	free(arg);
}

/* The same from the table, which the kernel shows after MSI_NOVIRT. */
static void table_row(struct bench *b, u32 count)
{
	int cap = hw_capability(b->bdf, PCI_CAP_ID_MSIX);
	u32 table = config_read4(b, cap + PCI_MSIX_TABLE);
	u64 pos = ((u64)(table & PCI_MSIX_TABLE_BIR) << 40) +
		  (table & PCI_MSIX_TABLE_OFFSET);
	static char entries[PRICE_VECTORS * PCI_MSIX_ENTRY_SIZE];

	PRICE(b, "table-read", count, 1,
	      pread(b->fd, entries, count * PCI_MSIX_ENTRY_SIZE, pos));
}

void group_messages(struct bench *b)
{
	u32 count, all;

	if (!b->ours)
		return;

	bench_open(b);
	all = irq_count(b->fd, b->index);
	while (!enable(b, all))
		all /= 2;
	all = irq_count(b->fd, b->index);
	for (count = 1; count <= all; count *= 2)
		messages_row(b, count);
	set_novirt(b);
	for (count = 1; b->index == VFIO_PCI_MSIX_IRQ_INDEX && count <= all;
	     count *= 2)
		table_row(b, count);
	if (b->msi)
		PRICE(b, "novirt-read-message", NO_X, TIMES,
		      config_read4(b, b->msi + PCI_MSI_ADDRESS_LO);
		      config_read2(b, b->msi_data));
	bench_close(b);
}
