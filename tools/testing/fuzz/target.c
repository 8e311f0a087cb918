// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "ath11k.h"
#include "target.h"

static __thread sigjmp_buf touch_failed;
static __thread volatile sig_atomic_t touching;

static void on_fault(int number)
{
	if (touching)
		siglongjmp(touch_failed, 1);
	signal(number, SIG_DFL);
}

static void access_memory(volatile void *where, unsigned int width, bool write, u64 value)
{
	switch (width) {
	case 1:
		if (write)
			*(volatile u8 *)where = value;
		else
			(void)*(volatile u8 *)where;
		break;
	case 2:
		if (write)
			*(volatile u16 *)where = value;
		else
			(void)*(volatile u16 *)where;
		break;
	case 4:
		if (write)
			*(volatile u32 *)where = value;
		else
			(void)*(volatile u32 *)where;
		break;
	default:
		if (write)
			*(volatile u64 *)where = value;
		else
			(void)*(volatile u64 *)where;
	}
}

int target_touch(volatile void *where, unsigned int width, bool write, u64 value)
{
	/* The handler leaves its signal unblocked, so the mask need not be saved. */
	if (sigsetjmp(touch_failed, 0)) {
		touching = 0;
		return -EFAULT;
	}
	touching = 1;
	access_memory(where, width, write, value);
	touching = 0;

	return 0;
}

static void find_regions(struct target *t)
{
	for (u32 i = 0; i < TARGET_REGIONS; i++) {
		struct vfio_region_info info = { .argsz = sizeof(info), .index = i };

		/* Most devices have no VGA region. */
		if (ioctl(t->s->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
			continue;
		t->region_size[i] = info.size;
		t->region_offset[i] = info.offset;
		if (info.size)
			t->regions[t->region_count++] = i;
	}
}

static void find_indexes(struct target *t)
{
	for (u32 i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		struct vfio_irq_info info = { .argsz = sizeof(info), .index = i };

		/* A device without a capability for errors has no index for them. */
		if (!ioctl(t->s->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) && info.count)
			t->indexes[t->index_count++] = i;
	}
}

u32 target_region(const struct target *t, u32 number)
{
	return number % 16 < 14 && t->region_count ? t->regions[number % 16 % t->region_count] :
						     number / 16 % TARGET_REGIONS;
}

u32 target_index(const struct target *t, u32 number)
{
	return number % 8 < 7 && t->index_count ? t->indexes[number % 8 % t->index_count] :
						  number / 8 % (VFIO_PCI_NUM_IRQS + 1);
}

ssize_t target_config_read(const struct target *t, unsigned int pos, void *buf, size_t size)
{
	return pread(t->s->fd, buf, size, t->region_offset[VFIO_PCI_CONFIG_REGION_INDEX] + pos);
}

ssize_t target_config_write(const struct target *t, unsigned int pos, const void *buf, size_t size)
{
	return pwrite(t->s->fd, buf, size, t->region_offset[VFIO_PCI_CONFIG_REGION_INDEX] + pos);
}

static void name_cap(struct target *t, u16 pos)
{
	u8 id = 0;

	target_config_read(t, pos, &id, 1);
	if (id == PCI_CAP_ID_PM)
		t->pm_cap = pos;
	else if (id == PCI_CAP_ID_MSI)
		t->msi_cap = pos;
	else if (id == PCI_CAP_ID_EXP)
		t->express_cap = pos;
}

static void add_cap(struct target *t, u16 pos)
{
	if (t->cap_count < TARGET_CAPS)
		t->caps[t->cap_count++] = pos;
}

static void find_caps(struct target *t)
{
	u8 pos = 0;
	u32 head;

	target_config_read(t, PCI_CAPABILITY_LIST, &pos, 1);
	while (pos >= PCI_STD_HEADER_SIZEOF && t->cap_count < TARGET_CAPS / 2) {
		add_cap(t, pos);
		name_cap(t, pos);
		target_config_read(t, pos + PCI_CAP_LIST_NEXT, &pos, 1);
	}

	for (u16 at = PCI_CFG_SPACE_SIZE; at && t->cap_count < TARGET_CAPS;
	     at = PCI_EXT_CAP_NEXT(head)) {
		if (target_config_read(t, at, &head, 4) != 4 || !head || !~head)
			break;
		add_cap(t, at);
	}
}

static u8 *reserve(size_t size, int prot)
{
	u8 *memory = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT_NE(memory, MAP_FAILED);

	return memory;
}

void target_open(struct target *t, const char *bdf, const char *mode)
{
	const struct sigaction act = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	memset(t, 0, sizeof(*t));
	t->s = session_open_bdf(bdf, mode);
	for (int i = 0; i < TARGET_EVENTS; i++)
		t->events[i] = eventfd_new();
	for (int i = 0; i < TARGET_FILES; i++)
		t->files[i] = -1;
	find_regions(t);
	find_indexes(t);
	find_caps(t);
	t->maps = reserve(TARGET_MAPS * TARGET_MAP_SIZE, PROT_NONE);
	t->dma = reserve(TARGET_DMA_SIZE, PROT_READ | PROT_WRITE);
	for (int i = 0; i < PROGRAM_THREADS; i++)
		guarded_alloc(&t->guarded[i]);
	sigaction(SIGBUS, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
}

static void check_interrupt(struct target *t, u32 index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	int fd = t->s->fd;

	if (ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info) || !info.count)
		return;
	VFIO_ASSERT_EQ(set_triggers(fd, index, 0, 1, &t->events[0]), 0,
		       "index %u cannot be enabled\n", index);
	VFIO_ASSERT_EQ(set_irqs(fd, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
				index, 0, 1, NULL, 0), 0);
	VFIO_ASSERT_TRUE(eventfd_wait(t->events[0]), "index %u signals nothing\n", index);
	VFIO_ASSERT_EQ(disable_irqs(fd, index), 0);
	eventfd_take(t->events[0]);
}

/*
 * A model may not be ready yet after a reset, for as long as a program said. Waits twice as long
 * as that can be.
 */
static void check_answers(struct target *t)
{
	u16 vendor = 0xffff;

	for (unsigned int ms = 0; ms < 2 * ATH11K_MAX_UNREADY_MS && vendor == 0xffff; ms += 100) {
		if (ms)
			usleep(100000);
		VFIO_ASSERT_EQ(config_read(t->s->fd, PCI_VENDOR_ID, &vendor, 2), 2);
	}
	VFIO_ASSERT_NE(vendor, 0xffff);
}

void target_check(struct target *t)
{
	check_answers(t);
	/* Without these, most of a program's accesses would fail. */
	command_set(t->s->fd, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check_interrupt(t, VFIO_PCI_MSI_IRQ_INDEX);
	check_interrupt(t, VFIO_PCI_MSIX_IRQ_INDEX);
}

static void wake(struct target *t)
{
	u16 control;

	feature(t->s->fd, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, NULL, 0);
	if (!t->pm_cap || target_config_read(t, t->pm_cap + PCI_PM_CTRL, &control, 2) != 2 ||
	    !(control & PCI_PM_CTRL_STATE_MASK))
		return;
	control &= ~PCI_PM_CTRL_STATE_MASK;
	target_config_write(t, t->pm_cap + PCI_PM_CTRL, &control, 2);
}

/* A device that does not do what it is told is left to the check of the next process. */
void target_renew(struct target *t)
{
	const u16 wanted = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	u16 vendor = 0xffff, command = 0;

	wake(t);
	target_config_read(t, PCI_VENDOR_ID, &vendor, 2);
	if (vendor == 0xffff)
		ioctl(t->s->fd, VFIO_DEVICE_RESET);
	target_config_read(t, PCI_COMMAND, &command, 2);
	if ((command & wanted) == wanted)
		return;
	command |= wanted;
	target_config_write(t, PCI_COMMAND, &command, 2);
}

int target_file(const struct target *t, u32 choice, u32 place)
{
	int other = t->files[place % TARGET_FILES];

	return choice & 3 || other < 0 ? t->s->fd : other;
}

void target_keep_file(struct target *t, unsigned int place, int fd)
{
	int old = __atomic_exchange_n(&t->files[place % TARGET_FILES], fd, __ATOMIC_ACQ_REL);

	if (old >= 0)
		close(old);
}

void target_close(struct target *t)
{
	munmap(t->maps, TARGET_MAPS * TARGET_MAP_SIZE);
	munmap(t->dma, TARGET_DMA_SIZE);
	for (int i = 0; i < TARGET_FILES; i++)
		target_keep_file(t, i, -1);
	for (int i = 0; i < TARGET_EVENTS; i++)
		close(t->events[i]);
	for (int i = 0; i < PROGRAM_THREADS; i++)
		guarded_free(&t->guarded[i]);
	session_close(t->s);
}
