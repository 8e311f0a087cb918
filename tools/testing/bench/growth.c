// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the price of an operation grows with windows, slots, guest messages, candidates and
 * vectors. The number of a row is how many of them there are.
 */
#include <string.h>
#include <sys/ioctl.h>

#include <linux/pci_regs.h>

#include "price.h"

#define TIMES		20
#define GROWTH_OFFSET	0x100000
#define GROWTH_SIZE	0x40000
#define SLOT_STEP	0x40
#define WINDOW_STEP	0x2000
#define COMMAND		(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define TRIGGERS	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

static void add_window(struct bench *b, u64 offset, u64 size)
{
	struct vfio_device_feature_pci_msi_window window = {
		.offset = offset,
		.size = size,
		.data_offset = 8,
	};

	VFIO_ASSERT_EQ(window_set(b->fd, &window), 0);
}

static void ask_region(struct bench *b)
{
	static union {
		struct vfio_region_info info;
		char room[4096];
	} arg;

	arg.info.argsz = sizeof(arg);
	arg.info.index = 0;
	ioctl(b->fd, VFIO_DEVICE_GET_REGION_INFO, &arg);
}

static void ask_window(struct bench *b, void *arg, size_t size)
{
	struct vfio_device_feature *feature = arg;
	struct vfio_device_feature_pci_msi_window_state *state =
		(void *)feature->data;

	feature->argsz = size;
	feature->flags = VFIO_DEVICE_FEATURE_GET |
			 VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW;
	memset(state, 0, sizeof(*state));
	state->count = 256;
	VFIO_ASSERT_EQ(ioctl(b->fd, VFIO_DEVICE_FEATURE, arg), 0);
}

static void vector_rows(struct bench *b, int x, const char *enable_row,
			const char *disable_row)
{
	int count = b->vectors;

	disable(b);
	PRICE_PAIR(b, x, enable_row, enable(b, count), disable_row, disable(b));
}

static void windows_rows(struct bench *b, int n)
{
	u64 last = GROWTH_OFFSET + (n - 1) * WINDOW_STEP;

	PRICE(b, "windows-config-read", n, TIMES, config_read4(b, 0));
	PRICE(b, "windows-config-write-command", n, TIMES,
	      config_write2(b, PCI_COMMAND, COMMAND));
	PRICE(b, "windows-bar-read", n, TIMES, bar_read4(b, ATH_OUTSIDE));
	PRICE(b, "windows-bar-write", n, TIMES, bar_write4(b, ATH_OUTSIDE, 1));
	PRICE(b, "windows-region-info", n, TIMES, ask_region(b));
	if (n) {
		PRICE(b, "windows-window-write", n, TIMES,
		      bar_write4(b, last + 0x800, 0x12345678));
		PRICE(b, "windows-slot-program", n, TIMES,
		      program_slot(b, last, 0));
	}
	vector_rows(b, n, "windows-enable", "windows-disable");
}

void group_windows(struct bench *b)
{
	static const int counts[] = { 0, 1, 2, 4, 8, 16 };
	unsigned int i;
	int n;

	for (i = 0; b->ours && i < ARRAY_SIZE(counts); i++) {
		bench_open(b);
		for (n = 0; n < counts[i]; n++)
			add_window(b, GROWTH_OFFSET + n * WINDOW_STEP, 0x1000);
		if (enable(b, 32))
			windows_rows(b, counts[i]);
		bench_close(b);
	}
}

static void slots_rows(struct bench *b, int n)
{
	u64 plain = GROWTH_OFFSET + GROWTH_SIZE - 0x1000;
	static char state[16384];
	int *fds = bench_eventfds();

	PRICE(b, "slots-window-write", n, TIMES, bar_write4(b, plain, 0x12345678));
	PRICE(b, "slots-window-read", n, TIMES, bar_read4(b, plain));
	if (n) {
		PRICE(b, "slots-slot-program", n, TIMES,
		      program_slot(b, GROWTH_OFFSET, 0));
		PRICE(b, "slots-slot-read", n, TIMES,
		      bar_read4(b, GROWTH_OFFSET));
	}
	PRICE(b, "slots-config-write-command", n, TIMES,
	      config_write2(b, PCI_COMMAND, COMMAND));
	PRICE(b, "slots-config-write-address", n, TIMES,
	      config_write4(b, b->msi + PCI_MSI_ADDRESS_LO, GUEST_ADDRESS));
	PRICE(b, "slots-window-state", n, 1,
	      ask_window(b, state, sizeof(state)));
	PRICE_PAIR(b, n, "slots-replace-trigger",
		   request_irqs(b, TRIGGERS, 0, 1, &fds[PRICE_VECTORS]),
		   "slots-replace-trigger-back",
		   request_irqs(b, TRIGGERS, 0, 1, fds));
	vector_rows(b, n, "slots-enable", "slots-disable");
}

void group_slots(struct bench *b)
{
	static const int counts[] = { 0, 1, 4, 13, 32, 64, 128, 256 };
	unsigned int i;
	int n;

	for (i = 0; b->ours && i < ARRAY_SIZE(counts); i++) {
		bench_open(b);
		add_window(b, GROWTH_OFFSET, GROWTH_SIZE);
		if (enable(b, 32)) {
			for (n = 0; n < counts[i]; n++)
				program_slot(b, GROWTH_OFFSET + n * SLOT_STEP,
					     n % b->vectors);
			slots_rows(b, counts[i]);
		}
		bench_close(b);
	}
}

/* The message that the guest has after @n changes: up to 64 addresses, then other data */
static u32 nth_address(int n)
{
	return 0xfee00000 + (n % 64 << 12);
}

static u32 nth_data(int n)
{
	return 0x4020 + 32 * (n / 64);
}

static void history_rows(struct bench *b, int n)
{
	u64 plain = GROWTH_OFFSET + GROWTH_SIZE - 0x1000;
	u32 address = nth_address(n - 1), data = nth_data(n - 1);

	PRICE(b, "history-window-write", n, TIMES, bar_write4(b, plain, 0x12345678));
	PRICE(b, "history-window-read", n, TIMES, bar_read4(b, plain));
	PRICE(b, "history-config-write-command", n, TIMES,
	      config_write2(b, PCI_COMMAND, COMMAND));
	PRICE(b, "history-config-write-address", n, TIMES,
	      config_write4(b, b->msi + PCI_MSI_ADDRESS_LO, address));
	PRICE(b, "history-slot-program", n, TIMES,
	      bar_write4(b, GROWTH_OFFSET, address);
	      bar_write4(b, GROWTH_OFFSET + 8, data));
}

void group_history(struct bench *b)
{
	static const int counts[] = { 1, 4, 16, 64, 256, 1024 };
	unsigned int i;
	int n;

	for (i = 0; b->ours && i < ARRAY_SIZE(counts); i++) {
		bench_open(b);
		add_window(b, GROWTH_OFFSET, GROWTH_SIZE);
		if (enable(b, 32)) {
			for (n = 0; n < counts[i]; n++)
				set_message(b, nth_address(n), nth_data(n));
			history_rows(b, counts[i]);
		}
		bench_close(b);
	}
}

/* Dwords that may become a slot's data. When there is no room, the oldest is forgotten. */
void group_candidates(struct bench *b)
{
	static const int counts[] = { 0, 16, 64, 256, 1024, 2000 };
	u64 start = GROWTH_OFFSET;
	unsigned int i;
	int n;

	for (i = 0; b->ours && i < ARRAY_SIZE(counts); i++) {
		bench_open(b);
		set_message(b, GUEST_ADDRESS, 0);
		add_window(b, start, GROWTH_SIZE);
		if (!enable(b, 32)) {
			bench_close(b);
			continue;
		}
		for (n = 0; n < counts[i]; n++)
			bar_write4(b, start + 0x20 * n, n % 32);
		PRICE(b, "candidates-window-write", counts[i], TIMES,
		      bar_write4(b, start + GROWTH_SIZE - 0x1000, 0x12345678));
		PRICE(b, "candidates-write-same", counts[i], TIMES,
		      bar_write4(b, start + 0x20 * counts[i], 0));
		n = 0;
		PRICE(b, "candidates-write-new", counts[i], TIMES,
		      bar_write4(b, start + 0x14 + 0x20 * n++, 0));
		bench_close(b);
	}
}

/* The vectors of MSI, which a host that does not remap interrupts pins to their CPUs */
void group_pins(struct bench *b)
{
	unsigned int i;
	int count;

	for (count = 1; b->ours && count <= 32; count *= 2) {
		bench_open(b);
		if (!enable(b, count) || b->vectors != count) {
			bench_close(b);
			return;
		}
		for (i = 0; i < CARD_SLOTS; i++)
			program_slot(b, card_slot(i), i % count);
		PRICE(b, "pins-window-write", count, TIMES,
		      bar_write4(b, PLAIN_OFFSET, 0x12345678));
		PRICE(b, "pins-slot-program", count, TIMES,
		      program_slot(b, card_slot(0), 0));
		PRICE(b, "pins-config-write-command", count, TIMES,
		      config_write2(b, PCI_COMMAND, COMMAND));
		bench_close(b);
	}
}
