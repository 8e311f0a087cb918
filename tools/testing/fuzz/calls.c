// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "ath11k.h"
#include "calls.h"
#include "features.h"
#include "memory.h"
#include "msix.h"
#include "target.h"

/* No read or write is longer. */
#define ACCESS_MAX	256
#define IRQS_MAX	64

/* A quarter of the calls use another file, if there is one. */
static int file_of(struct target *t, const struct call *c)
{
	return target_file(t, c->a >> 12, c->b);
}

/* If the upper bits are 0, the offset is as the program says, and else in the region. */
static u64 offset_in(const struct target *t, u32 region, const struct call *c)
{
	u64 size = t->region_size[region];

	if (!size || !(c->b >> 29))
		return c->value;

	/* So that accesses can also begin before the end and end behind it. */
	return c->value % (size + 4);
}

static size_t width_of(u32 number)
{
	static const u16 widths[] = { 1, 2, 4, 4, 4, 4, 8, 8, 3, 5, 16, ACCESS_MAX };

	return widths[number % ARRAY_SIZE(widths)];
}

static int result(ssize_t ret)
{
	return ret < 0 ? -errno : 0;
}

static int run_read(struct target *t, const struct call *c)
{
	u32 region = target_region(t, c->a);
	u8 buf[ACCESS_MAX];

	return result(pread(file_of(t, c), buf, width_of(c->a >> 4),
			    t->region_offset[region] + offset_in(t, region, c)));
}

static int run_write(struct target *t, const struct call *c)
{
	u32 region = target_region(t, c->a);
	u64 pattern[ACCESS_MAX / 8];

	for (unsigned int i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = c->b * (i + 1ULL) * 0x100000001;

	return result(pwrite(file_of(t, c), pattern, width_of(c->a >> 4),
			     t->region_offset[region] + offset_in(t, region, c)));
}

/*
 * Most values that registers want are small. Those of the models are at the start of a BAR, or,
 * where the card's own are, some pages after it (devices/ath11k.h).
 */
static int run_register(struct target *t, const struct call *c)
{
	static const u16 starts[] = { 0, 0, 0x1000, 0x1100 };
	u32 region = target_region(t, c->a);
	u64 offset = starts[c->a >> 8 & 3] + (c->b % 0x80 & ~3U);
	u32 value = c->value;

	/* Large numbers keep models busy or away for minutes, so most of them are cut. */
	if (c->a >> 10 != 0x3f)
		value &= 0x3fffff;
	if (offset == ATH11K_UNREADY_MS)
		value %= 128;
	/* What misbehaves comes to an end here, and begins in run_misbehave(). */
	if (offset == MSIX_REG_FAULTS || offset == ATH11K_FAULTS)
		value = 0;

	return result(pwrite(file_of(t, c), &value, 4, t->region_offset[region] + offset));
}

/* The models misbehave: see MSIX_REG_FAULTS. They also lose all answers, if a program says so. */
static int run_misbehave(struct target *t, const struct call *c)
{
	u64 offset = c->b & 1 ? MSIX_REG_FAULTS : ATH11K_FAULTS;
	u32 faults = c->a & 7;

	return result(pwrite(t->s->fd, &faults, 4, t->region_offset[0] + offset));
}

static int config_access(struct target *t, const struct call *c, unsigned int pos)
{
	u64 value = c->value;

	return result(target_config_write(t, pos, &value, width_of(c->a >> 12 & 7)));
}

static int run_header(struct target *t, const struct call *c)
{
	return config_access(t, c, c->b % PCI_STD_HEADER_SIZEOF);
}

static int run_cap(struct target *t, const struct call *c)
{
	if (!t->cap_count)
		return -ENODEV;

	return config_access(t, c, t->caps[c->a % t->cap_count] + c->b % 64);
}

/* Set or clear bits of a word. */
static int config_change(struct target *t, unsigned int pos, u16 clear, u16 set)
{
	u16 value;

	if (target_config_read(t, pos, &value, 2) != 2)
		return -EIO;
	value = (value & ~clear) | set;

	return target_config_write(t, pos, &value, 2) == 2 ? 0 : -EIO;
}

static int run_command(struct target *t, const struct call *c)
{
	static const u16 bits[] = {
		PCI_COMMAND_MEMORY, PCI_COMMAND_MASTER, PCI_COMMAND_IO,
		PCI_COMMAND_INTX_DISABLE, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
	};
	u16 bit = bits[c->a % ARRAY_SIZE(bits)];

	/* More often on than off, as most calls need memory decoding. */
	return config_change(t, PCI_COMMAND, bit, c->b & 3 ? bit : 0);
}

static int run_power(struct target *t, const struct call *c)
{
	/* D0 more often than other states */
	return t->pm_cap ? config_change(t, t->pm_cap + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK,
					 c->b & 1 ? 0 : c->a & PCI_PM_CTRL_STATE_MASK) : -ENODEV;
}

static int run_flr(struct target *t, const struct call *c)
{
	return t->express_cap ? config_change(t, t->express_cap + PCI_EXP_DEVCTL, 0,
					      PCI_EXP_DEVCTL_BCR_FLR) : -ENODEV;
}

/* A guest has few messages, so that what is written to slots is one of them. */
static u32 guest_address(u32 number)
{
	return 0xfee00000 | (number & 3) << 12;
}

static u16 guest_data(u32 number)
{
	return (number & 3) << 5;
}

/* What a guest's driver does: address, data, then control with the enable bit. */
static int run_guest_msi(struct target *t, const struct call *c)
{
	unsigned int cap = t->msi_cap;
	u32 address = guest_address(c->b);
	u16 data = guest_data(c->b >> 2);
	u16 control = (c->a & 7) << 4 | (c->a >> 3 & 1);
	u16 flags;

	if (!cap || target_config_read(t, cap + PCI_MSI_FLAGS, &flags, 2) != 2)
		return -ENODEV;
	target_config_write(t, cap + PCI_MSI_ADDRESS_LO, &address, 4);
	target_config_write(t, cap + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64 :
								    PCI_MSI_DATA_32), &data, 2);

	return target_config_write(t, cap + PCI_MSI_FLAGS, &control, 2) == 2 ? 0 : -EIO;
}

/* A part of a guest's message, written to a place where windows are. */
static int run_slot(struct target *t, const struct call *c)
{
	u32 region = target_region(t, 0);
	u32 value = c->a & 3 ? guest_data(c->b >> 2) + (c->b >> 4 & 3) : guest_address(c->b);
	u64 offset = (c->b >> 8 & 0xff) * 4;

	if (c->a & 4)
		value = 0;

	return result(pwrite(t->s->fd, &value, 4, t->region_offset[region] + offset));
}

static int run_info(struct target *t, const struct call *c)
{
	static const unsigned long requests[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
		VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
	};
	u32 arg[ACCESS_MAX] = {
		c->b >> 28 ? sizeof(arg) : c->b, 0, c->a >> 12 ? c->value % 10 : c->value
	};

	return result(ioctl(file_of(t, c), requests[c->a % ARRAY_SIZE(requests)], arg));
}

static const u32 irq_actions[] = {
	VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER,
	VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_MASK,
	VFIO_IRQ_SET_ACTION_UNMASK, VFIO_IRQ_SET_ACTION_MASK,
	VFIO_IRQ_SET_ACTION_UNMASK,
	VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_ACTION_TRIGGER,
};

static const u32 irq_data[] = {
	VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_EVENTFD,
	VFIO_IRQ_SET_DATA_BOOL,
};

struct irqs {
	struct vfio_irq_set set;
	u8 data[IRQS_MAX * sizeof(s32)];
};

static s32 event_or_not(const struct target *t, u64 number)
{
	/* No eventfd; no file; a file that is no eventfd. */
	static const s32 others[] = { -1, -1, 9999, 0 };

	return number % 16 < 14 ? t->events[number % TARGET_EVENTS] :
				  others[number / 16 % ARRAY_SIZE(others)];
}

static void fill_irqs(const struct target *t, const struct call *c, struct irqs *irqs)
{
	s32 *events = (void *)irqs->data;

	for (unsigned int i = 0; i < IRQS_MAX; i++) {
		u64 number = c->value >> (4 * i % 57) & 0xff;

		if (irqs->set.flags & VFIO_IRQ_SET_DATA_EVENTFD)
			events[i] = event_or_not(t, number);
		else
			irqs->data[i] = number & 1;
	}
}

static int run_irqs(struct target *t, const struct call *c)
{
	bool plain = c->a >> 12;
	struct irqs irqs = {
		.set.argsz = sizeof(irqs),
		.set.index = target_index(t, c->a),
		.set.flags = irq_actions[(c->a >> 3) % ARRAY_SIZE(irq_actions)] |
			     irq_data[(c->a >> 6) % ARRAY_SIZE(irq_data)],
		.set.start = c->b & 8 ? c->b & 7 : 0,
		/* Often 0, which disables the index, or 1, 2, 4, 8. */
		.set.count = c->b & 0x10 ? 1 << (c->b >> 5 & 3) : c->b >> 5 & 7,
	};

	if (!plain) {
		irqs.set.start = c->b;
		irqs.set.count = c->b & 1 ? c->value >> 32 : c->value % IRQS_MAX;
	}
	fill_irqs(t, c, &irqs);

	return result(ioctl(file_of(t, c), VFIO_DEVICE_SET_IRQS, &irqs));
}

static int run_ioeventfd(struct target *t, const struct call *c)
{
	static const u32 widths[] = {
		VFIO_DEVICE_IOEVENTFD_32, VFIO_DEVICE_IOEVENTFD_16,
		VFIO_DEVICE_IOEVENTFD_8, VFIO_DEVICE_IOEVENTFD_64, 0,
		VFIO_DEVICE_IOEVENTFD_8 | VFIO_DEVICE_IOEVENTFD_16,
	};
	u32 region = target_region(t, c->a);
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = widths[(c->a >> 4) % ARRAY_SIZE(widths)],
		.offset = t->region_offset[region] + (offset_in(t, region, c) & ~3ULL),
		.data = c->b & 0xff,
		.fd = event_or_not(t, c->b >> 8),
	};

	return result(ioctl(file_of(t, c), VFIO_DEVICE_IOEVENTFD, &arg));
}

/* Eventfds also start work in the kernel: ioeventfds, and the unmasking of INTx. */
static int run_signal(struct target *t, const struct call *c)
{
	int fd = t->events[c->a % TARGET_EVENTS];
	u64 one = 1;

	return result(c->b & 1 ? read(fd, &one, sizeof(one)) : write(fd, &one, sizeof(one)));
}

static int run_reset(struct target *t, const struct call *c)
{
	return result(ioctl(file_of(t, c), VFIO_DEVICE_RESET));
}

static int run_hot_reset(struct target *t, const struct call *c)
{
	return session_hot_reset(t->s);
}

static int run_open(struct target *t, const struct call *c)
{
	int fd = session_open_again(t->s);

	if (fd < 0)
		return -errno;
	target_keep_file(t, c->b, fd);

	return 0;
}

static int run_close(struct target *t, const struct call *c)
{
	target_keep_file(t, c->b, -1);

	return 0;
}

static unsigned long any_request(const struct call *c)
{
	unsigned long request = _IO(VFIO_TYPE, VFIO_BASE + c->a % 24);
	bool resets = request == VFIO_DEVICE_RESET || request == VFIO_DEVICE_PCI_HOT_RESET;

	/* As rarely as the other resets */
	return resets && c->a & 0x7f00 ? VFIO_DEVICE_FEATURE : request;
}

/* Any request of VFIO, with any argument. */
static int run_ioctl(struct target *t, const struct call *c)
{
	struct guarded *g = &t->guarded[c->thread];
	u32 *arg = (u32 *)(g->end - (c->b % 128 & ~3U));

	for (u32 *at = arg; (u8 *)at < g->end; at++)
		*at = c->value >> ((at - arg) % 8 * 4);
	if ((u8 *)arg < g->end && c->a & 0x80)
		*arg = g->end - (u8 *)arg;

	return result(ioctl(file_of(t, c), any_request(c), arg));
}

/* The process is killed in the middle of what its other threads do. */
static int run_die(struct target *t, const struct call *c)
{
	return result(kill(getpid(), SIGKILL));
}

/* Asks a module of the tests for a fault; see ../modules/fuzz_fault.c. */
static int run_plant(struct target *t, const struct call *c)
{
	char number = '0' + c->value % 10;
	int fd = open("/dev/fuzz_fault", O_WRONLY);
	int ret;

	if (fd < 0)
		return -errno;
	ret = result(write(fd, &number, 1));
	close(fd);

	return ret;
}

/*
 * A reset takes as long as thousands of other calls, and a change of the power state as long as
 * hundreds, so that they are rare.
 */
static const struct call_kind kinds[] = {
	{ "irqs", 2000, run_irqs },
	{ "feature", 1500, run_feature },
	{ "read", 500, run_read },
	{ "write", 500, run_write },
	{ "register", 800, run_register },
	{ "misbehave", 5, run_misbehave },
	{ "header", 150, run_header },
	{ "cap", 400, run_cap },
	{ "guest_msi", 300, run_guest_msi },
	{ "slot", 600, run_slot },
	{ "command", 200, run_command },
	{ "power", 10, run_power },
	{ "flr", 2, run_flr },
	{ "reset", 2, run_reset },
	{ "hot_reset", 1, run_hot_reset },
	{ "info", 200, run_info },
	{ "ioeventfd", 200, run_ioeventfd },
	{ "signal", 400, run_signal },
	{ "map", 400, run_map },
	{ "protect", 100, run_protect },
	{ "unmap", 100, run_unmap },
	{ "touch", 600, run_touch },
	{ "dma_map", 200, run_dma_map },
	{ "dma_unmap", 100, run_dma_unmap },
	{ "dma_file", 20, run_dma_file },
	{ "open", 80, run_open },
	{ "close", 80, run_close },
	{ "ioctl", 200, run_ioctl },
	{ "fork", 4, run_fork },
	{ "die", 0, run_die },
	{ "plant", 0, run_plant },
};

_Static_assert(ARRAY_SIZE(kinds) <= CALLS_KINDS, "CALLS_KINDS is too small");

unsigned int calls_count(void)
{
	return ARRAY_SIZE(kinds);
}

const struct call_kind *calls_kind(__u8 kind)
{
	return &kinds[kind];
}

unsigned int calls_weight(void)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;

	return sum;
}

bool calls_find(const char *name, __u8 *kind)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		*kind = i;
		return true;
	}

	return false;
}
