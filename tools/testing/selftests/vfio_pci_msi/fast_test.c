// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which way a call takes through the module. Most calls have nothing to do with messages, and
 * are the core's alone; each of the others has to be seen. The kernel's function tracer shows
 * the functions of the module.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hardware.h"
#include "interrupts.h"
#include "messages.h"
#include "session.h"
#include "variants.h"
#include "window.h"

#define TRACING		"/sys/kernel/tracing"

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4060
#define LATER_ADDRESS	0xfee66000

#define MOVE_TRIES	20
#define MOVE_SPINS	100

/* Several times what a worker that was woken needs to run. */
#define WORKER_US	100000

/* Memory in the window that is no slot, and a value that is no message. */
#define PLAIN		(WINDOW_OFFSET + 0x7000)
#define VALUE		0x12345678

static const u32 slots[] = ATH11K_SLOT_OFFSETS;

#define SLOT		slots[0]
#define SLOT_DATA	(SLOT + ATH11K_SLOT_DATA)

FIXTURE(fast) {
	struct session *s;
	int fd;
	int triggers[2];
	struct hw_msi msi;
};

FIXTURE_VARIANT(fast) {
	const char *device;
	const char *mode;
};

/* The debug kernel, which alone has the cdev, has no function tracer. */
__LAB_VARIANT(fast, ath11k_noid, ath11k_noid_group, MODE_VFIO_TYPE1V2_IOMMU, false);
__LAB_VARIANT(fast, ath11k_last, ath11k_last_group, MODE_VFIO_TYPE1V2_IOMMU, false);

static void write_message(int fd, const struct hw_msi *msi, u32 address, u16 data)
{
	VFIO_ASSERT_EQ(config_write(fd, msi->address, &address, sizeof(address)),
		       sizeof(address));
	config_write16(fd, msi->data, data);
}

FIXTURE_SETUP(fast)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < 2; i++)
		self->triggers[i] = eventfd_new();
	hw_msi_find(&self->msi, self->s->bdf);
	write_message(self->fd, &self->msi, GUEST_ADDRESS, GUEST_DATA);
	ASSERT_EQ(0, file_write(TRACING "/set_ftrace_filter",
				":mod:msi_vfio_pci"));
	ASSERT_EQ(0, file_write(TRACING "/current_tracer", "function"));
}

FIXTURE_TEARDOWN(fast)
{
	EXPECT_EQ(0, file_write(TRACING "/current_tracer", "nop"));
	EXPECT_EQ(0, file_write(TRACING "/set_ftrace_filter", ""));
	for (int i = 0; i < 2; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

static void begin(void)
{
	VFIO_ASSERT_EQ(file_write(TRACING "/trace", ""), 0);
}

/* How many functions of the module were called, or how often @function was. */
static unsigned int calls(const char *function)
{
	FILE *trace = fopen(TRACING "/trace", "r");
	char line[512], text[128] = " <-";
	unsigned int nr = 0;

	VFIO_ASSERT_NOT_NULL(trace);
	if (function)
		snprintf(text, sizeof(text), ": %s <-", function);
	while (fgets(line, sizeof(line), trace))
		nr += line[0] != '#' && strstr(line, text);
	fclose(trace);

	return nr;
}

#define EXPECT_WAY(_function, _taken, _call) do {			\
	begin();							\
	_call;								\
	EXPECT_EQ(_taken, calls(_function))				\
		TH_LOG("%s: %s", #_call, _function);			\
} while (0)

/* The driver's own function calls the core's last, and nothing else. */
#define EXPECT_CORE_ONLY(_function, _call) do {				\
	EXPECT_WAY(_function, 1, _call);				\
	EXPECT_EQ(1, calls(NULL)) TH_LOG("%s", #_call);			\
} while (0)

static void add_window(int fd)
{
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	VFIO_ASSERT_EQ(window_set(fd, &window), 0);
}

static void enable(int fd, int trigger)
{
	VFIO_ASSERT_EQ(set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &trigger),
		       0);
}

TEST_F(fast, without_windows)
{
	/* Calls of region_read() would be seen, too. */
	u64 bar = region_offset(self->fd, WINDOW_BAR);
	u64 config = region_offset(self->fd, VFIO_PCI_CONFIG_REGION_INDEX);
	u32 value;

	EXPECT_CORE_ONLY("msi_vfio_pci_read",
			 pread(self->fd, &value, 4, bar + PLAIN));
	EXPECT_CORE_ONLY("msi_vfio_pci_write",
			 pwrite(self->fd, &value, 4, bar + PLAIN));
	EXPECT_CORE_ONLY("msi_vfio_pci_read",
			 pread(self->fd, &value, 4, config + PCI_COMMAND));
}

TEST_F(fast, outside_of_the_window)
{
	int fd = self->fd;

	add_window(fd);
	EXPECT_WAY("msi_vfio_pci_window_read", 0,
		   bar_read32(fd, WINDOW_BAR, WINDOW_OFFSET - 4));
	EXPECT_WAY("msi_vfio_pci_window_read", 0,
		   bar_read32(fd, WINDOW_BAR, WINDOW_OFFSET + WINDOW_SIZE));
	EXPECT_WAY("msi_vfio_pci_window_read", 1,
		   bar_read32(fd, WINDOW_BAR, WINDOW_OFFSET));
	EXPECT_WAY("msi_vfio_pci_window_read", 1,
		   bar_read32(fd, WINDOW_BAR, WINDOW_OFFSET + WINDOW_SIZE - 4));
	EXPECT_WAY("msi_vfio_pci_window_write", 0,
		   bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET - 4, VALUE));
	EXPECT_WAY("msi_vfio_pci_window_write", 1,
		   bar_write32(fd, WINDOW_BAR, WINDOW_OFFSET, VALUE));
}

/* An access that begins before the window and ends in it. */
TEST_F(fast, into_the_window)
{
	u32 value[2] = { VALUE, VALUE };

	add_window(self->fd);
	EXPECT_WAY("msi_vfio_pci_window_write", 1,
		   region_write(self->fd, WINDOW_BAR, WINDOW_OFFSET - 4, value,
				sizeof(value)));
}

TEST_F(fast, config_writes_that_matter)
{
	unsigned int pm = hw_capability(self->s->bdf, PCI_CAP_ID_PM);
	unsigned int exp = hw_capability(self->s->bdf, PCI_CAP_ID_EXP);
	u32 address = GUEST_ADDRESS;
	int fd = self->fd;

	ASSERT_NE(0, pm);
	ASSERT_NE(0, exp);
	EXPECT_WAY("msi_vfio_pci_config_written", 0,
		   config_write16(fd, PCI_CACHE_LINE_SIZE, 0));
	EXPECT_WAY("msi_vfio_pci_config_written", 0,
		   config_write16(fd, PCI_COMMAND,
				  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write(fd, self->msi.address, &address,
				sizeof(address)));
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write16(fd, self->msi.data, GUEST_DATA));
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write16(fd, self->msi.cap + PCI_MSI_FLAGS, 0));
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write16(fd, pm + PCI_PM_CTRL, 0));
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write16(fd, exp + PCI_EXP_DEVCTL, 0));
	EXPECT_WAY("msi_vfio_pci_config_written", 0,
		   config_write16(fd, exp + PCI_EXP_LNKCTL, 0));
}

/* Writes to slots are made when the user turns memory decoding on again. */
TEST_F(fast, command_register)
{
	int fd = self->fd;
	u32 host;

	add_window(fd);
	enable(fd, self->triggers[0]);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	/* Without remapping the vector is pinned, and may have to be unpinned. */
	EXPECT_WAY("msi_vfio_pci_config_written", !lab_remap(),
		   config_write16(fd, PCI_COMMAND, 0));
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	enable(fd, self->triggers[0]);
	host = message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0).address;
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write16(fd, PCI_COMMAND, PCI_COMMAND_MEMORY));
	EXPECT_EQ(host, held(fd, SLOT));
	EXPECT_WAY("msi_vfio_pci_config_written", !lab_remap(),
		   config_write16(fd, PCI_COMMAND, PCI_COMMAND_MEMORY));
}

/* A long write is seen if any of its bytes matters. */
TEST_F(fast, long_config_writes)
{
	unsigned int pm = hw_capability(self->s->bdf, PCI_CAP_ID_PM);
	u8 config[PCI_CFG_SPACE_SIZE];
	u32 zero = 0;

	ASSERT_NE(0, pm);
	/* It begins in the dword before. */
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write(self->fd, pm + PCI_PM_CTRL - 2, &zero,
				sizeof(zero)));
	ASSERT_EQ(sizeof(config), config_read(self->fd, 0, config,
					      sizeof(config)));
	EXPECT_WAY("msi_vfio_pci_config_written", 1,
		   config_write(self->fd, 0, config, sizeof(config)));
}

TEST_F(fast, plain_writes)
{
	int fd = self->fd;

	add_window(fd);
	enable(fd, self->triggers[0]);
	EXPECT_WAY("msi_slot_write", 0, bar_write32(fd, WINDOW_BAR, PLAIN, ~VALUE));
	EXPECT_EQ(~VALUE, held(fd, PLAIN));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_WAY("msi_slot_write", 0, bar_write32(fd, WINDOW_BAR, PLAIN, VALUE));
	EXPECT_EQ(VALUE, held(fd, PLAIN));
}

/* Keeps the driver's worker, which runs on the CPU of the interrupt, from running. */
static void occupy_first_cpu(bool occupy)
{
	struct sched_param param = { .sched_priority = occupy };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (!occupy)
		CPU_SET(1, &cpus);
	VFIO_ASSERT_EQ(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	VFIO_ASSERT_EQ(sched_setscheduler(0, occupy ? SCHED_FIFO : SCHED_OTHER, &param), 0);
}

/* Returns whether the first write after a move looked for it, and the second did not. */
static bool move_is_seen(struct session *s, int trigger)
{
	unsigned int first, second, spins = 0;
	int irq = irq_of(s->bdf);
	u64 bar = region_offset(s->fd, WINDOW_BAR);
	u32 value = VALUE;

	VFIO_ASSERT_TRUE(move_vector(s, ATH11K_RAISE, trigger, "0"));
	bar_write32(s->fd, WINDOW_BAR, PLAIN, VALUE);
	/* This sleeps, and would let the worker run if it came after the move. */
	begin();
	occupy_first_cpu(true);
	VFIO_ASSERT_EQ(set_affinity(irq, SECOND_CPU), 0);
	while (!is_on(irq, SECOND_CPU) && spins++ < MOVE_SPINS)
		bar_write32(s->fd, WINDOW_BAR, ATH11K_RAISE, 0);
	pwrite(s->fd, &value, sizeof(value), bar + PLAIN);
	first = calls("msi_slot_write");
	pwrite(s->fd, &value, sizeof(value), bar + PLAIN);
	second = calls("msi_slot_write");
	occupy_first_cpu(false);

	return first == 1 && second == 1;
}

/* The host can move a vector without a live slot; the next write has to look for that. */
TEST_F(fast, moves_are_seen)
{
	bool seen = false;

	if (lab_remap() || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "the host cannot move a vector with its message");

	add_window(self->fd);
	enable(self->fd, self->triggers[0]);
	/* On a busy machine the interrupt can come too late. */
	for (int i = 0; i < MOVE_TRIES && !seen; i++)
		seen = move_is_seen(self->s, self->triggers[0]);
	EXPECT_TRUE(seen);
}

#define EXPECT_SEEN(_call)	EXPECT_WAY("msi_slot_write", 1, _call)

/* Each at a place of its own, as what was written before is seen there, too. */
#define EXPECT_PART_SEEN(_value)					\
	EXPECT_SEEN(bar_write32(fd, WINDOW_BAR, place += 0x40, _value))

TEST_F(fast, writes_to_slots_are_seen)
{
	int fd = self->fd;

	add_window(fd);
	enable(fd, self->triggers[0]);
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_SEEN(bar_write32(fd, WINDOW_BAR, SLOT_DATA, VALUE));
	EXPECT_SEEN(bar_write32(fd, WINDOW_BAR, SLOT, VALUE));
	/* That was the end of the slot, and the next write is the end of its data. */
	EXPECT_SEEN(bar_write32(fd, WINDOW_BAR, SLOT_DATA, VALUE));
	EXPECT_WAY("msi_slot_write", 0,
		   bar_write32(fd, WINDOW_BAR, SLOT_DATA, VALUE));
}

TEST_F(fast, messages_are_seen_anywhere)
{
	struct vfio_pci_msi_message host;
	u16 half = VALUE & 0xffff;
	u32 place = PLAIN;
	int fd = self->fd;

	add_window(fd);
	enable(fd, self->triggers[0]);
	host = message_of(fd, VFIO_PCI_MSI_IRQ_INDEX, 0);
	EXPECT_PART_SEEN(GUEST_ADDRESS);
	EXPECT_PART_SEEN(GUEST_DATA);
	EXPECT_PART_SEEN(GUEST_DATA + 1);
	EXPECT_PART_SEEN(host.address);
	EXPECT_PART_SEEN(host.data);
	/* The rest of the dword would have to be read first. */
	EXPECT_SEEN(region_write(fd, WINDOW_BAR, PLAIN, &half, sizeof(half)));

	write_message(fd, &self->msi, LATER_ADDRESS, 0x80);
	EXPECT_PART_SEEN(LATER_ADDRESS);
	EXPECT_PART_SEEN(GUEST_ADDRESS);
	EXPECT_PART_SEEN(GUEST_DATA);
	EXPECT_WAY("msi_slot_write", 0, bar_write32(fd, WINDOW_BAR, PLAIN, VALUE));
}

/* Slots are looked at only if vectors or messages have changed. */
TEST_F(fast, triggers_that_are_replaced)
{
	int fd = self->fd;

	add_window(fd);
	EXPECT_WAY("msi_slot_set_host", 1, enable(fd, self->triggers[0]));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_WAY("msi_slot_update", 0, enable(fd, lab_remap() ?
						self->triggers[1] :
						self->triggers[0]));
	begin();
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_LE(1, calls("msi_slot_set_host"));
	EXPECT_LE(1, calls("msi_slot_update"));
}

#define EXPECT_NO_WORKER(_call) do {					\
	EXPECT_WAY("check_host_work", 0, _call; usleep(WORKER_US));	\
	written += calls("message_written");				\
} while (0)

/* A SET_IRQS reads the messages that it makes the kernel write, so no worker need do that. */
TEST_F(fast, triggers_wake_no_worker)
{
	int events = eventfd_new(), fd = self->fd;
	unsigned int written = 0;

	add_window(fd);
	ASSERT_EQ(0, notify_set(fd, events, 0));
	EXPECT_NO_WORKER(enable(fd, self->triggers[0]));
	slot_write(fd, SLOT, GUEST_ADDRESS, GUEST_DATA);
	EXPECT_NO_WORKER(enable(fd, self->triggers[1]));
	EXPECT_NO_WORKER(enable(fd, -1));
	EXPECT_NO_WORKER(enable(fd, self->triggers[0]));
	EXPECT_NO_WORKER(disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	/* Without remapping each start of the interrupt writes a message. */
	EXPECT_EQ(!lab_remap(), written >= 3);
	close(events);
}

/* MSI's fields are the only bytes that are not the core's. */
TEST_F(fast, novirt)
{
	int fd = self->fd;
	u32 value;

	ASSERT_EQ(0, novirt_set(fd));
	EXPECT_WAY("msi_vfio_pci_read_through", 0,
		   config_read(fd, self->msi.address, &value, sizeof(value)));
	EXPECT_EQ(1, calls("msi_vfio_pci_read_fields"));
	EXPECT_WAY("msi_vfio_pci_read_through", 1,
		   config_read(fd, self->msi.cap, &value, sizeof(value)));
}

LAB_MAIN
