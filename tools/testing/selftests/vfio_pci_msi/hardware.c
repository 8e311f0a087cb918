// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "hardware.h"
#include "msix.h"
#include "session.h"

/*
 * Config space has room for no more capabilities of 4 bytes. The list of a device that
 * is gone reads as all ones, and would not end.
 */
#define MOST_CAPABILITIES	48

#define RECOVERY_MS		10000

/* syslog(2), which has no header for its numbers. */
#define SYSLOG_ACTION_READ_ALL	3

static int open_config(const char *bdf, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, flags);
	VFIO_ASSERT_GE(fd, 0);

	return fd;
}

int hw_config_read(const char *bdf, u8 *config)
{
	int fd = open_config(bdf, O_RDONLY);
	ssize_t ret;

	ret = pread(fd, config, HW_CONFIG_SIZE, 0);
	VFIO_ASSERT_GE(ret, PCI_CFG_SPACE_SIZE);
	close(fd);

	return ret;
}

static void read_part(const char *bdf, unsigned int pos, void *buf, size_t size)
{
	int fd = open_config(bdf, O_RDONLY);

	VFIO_ASSERT_EQ(pread(fd, buf, size, pos), size);
	close(fd);
}

u16 hw_config_read16(const char *bdf, unsigned int pos)
{
	u16 value;

	read_part(bdf, pos, &value, sizeof(value));

	return value;
}

static u32 hw_config_read32(const char *bdf, unsigned int pos)
{
	u32 value;

	read_part(bdf, pos, &value, sizeof(value));

	return value;
}

void hw_config_write16(const char *bdf, unsigned int pos, u16 value)
{
	int fd = open_config(bdf, O_WRONLY);

	VFIO_ASSERT_EQ(pwrite(fd, &value, sizeof(value), pos), sizeof(value));
	close(fd);
}

/* Reads as little as possible: the emulated hardware is slow to answer. */
int hw_capability(const char *bdf, u8 id)
{
	u16 head = hw_config_read16(bdf, PCI_CAPABILITY_LIST) << 8;
	int left = MOST_CAPABILITIES, pos;

	if (!(hw_config_read16(bdf, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	while ((pos = head >> 8)) {
		VFIO_ASSERT_GT(left--, 0, "%s: the list of capabilities does not end\n",
			       bdf);
		head = hw_config_read16(bdf, pos);
		if ((head & 0xff) == id)
			break;
	}

	return pos;
}

static const char *port_config(const char *bdf)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/../config", bdf);

	return path;
}

bool hw_has_port(const char *bdf)
{
	return !access(port_config(bdf), F_OK);
}

void hw_reset_bus(const char *bdf)
{
	u16 control;
	int fd;

	fd = open(port_config(bdf), O_RDWR);
	VFIO_ASSERT_GE(fd, 0);
	VFIO_ASSERT_EQ(pread(fd, &control, sizeof(control), PCI_BRIDGE_CONTROL),
		       sizeof(control));
	control |= PCI_BRIDGE_CTL_BUS_RESET;
	VFIO_ASSERT_EQ(pwrite(fd, &control, sizeof(control), PCI_BRIDGE_CONTROL),
		       sizeof(control));
	usleep(2000);
	control &= ~PCI_BRIDGE_CTL_BUS_RESET;
	VFIO_ASSERT_EQ(pwrite(fd, &control, sizeof(control), PCI_BRIDGE_CONTROL),
		       sizeof(control));
	usleep(100000);
	close(fd);
}

/* The kernel's struct aer_error_inj, whose layout is fixed. */
struct aer_error {
	u8 bus;
	u8 dev;
	u8 fn;
	u32 uncor_status;
	u32 cor_status;
	u32 header_log[4];
	u32 domain;
};

int hw_inject_error(const char *bdf, u32 status)
{
	struct aer_error error = { .uncor_status = status };
	unsigned int domain, bus, dev, fn;
	int inject, parts, ret = 0;

	/*
	 * aer_inject takes locks in an order that lockdep reports, and after its first
	 * report lockdep is off for all other tests.
	 */
	if (!access("/proc/lockdep", F_OK))
		return -ENODEV;

	module_load("aer_inject");
	inject = open("/dev/aer_inject", O_WRONLY);
	VFIO_ASSERT_GE(inject, 0, "/dev/aer_inject cannot be opened\n");

	parts = sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &dev, &fn);
	VFIO_ASSERT_EQ(parts, 4);
	error.domain = domain;
	error.bus = bus;
	error.dev = dev;
	error.fn = fn;
	if (write(inject, &error, sizeof(error)) != sizeof(error))
		ret = -errno;
	close(inject);

	return ret;
}

/* How many recoveries the kernel's log reports, and whether the last one succeeded. */
static int recoveries(bool *success)
{
	static char log[1 << 22];
	static const char done[] = "device recovery ";
	int len = klogctl(SYSLOG_ACTION_READ_ALL, log, sizeof(log) - 1);
	int count = 0;

	VFIO_ASSERT_GT(len, 0);
	log[len] = 0;
	for (char *at = log; (at = strstr(at, done)); count++) {
		at += strlen(done);
		*success = !strncmp(at, "successful", strlen("successful"));
	}

	return count;
}

int hw_recover(const char *bdf, u32 status)
{
	int tries = RECOVERY_MS / 10, before, ret;
	bool success;

	before = recoveries(&success);
	ret = hw_inject_error(bdf, status);
	if (ret)
		return ret;
	while (recoveries(&success) == before) {
		if (!--tries)
			return -ETIMEDOUT;
		usleep(10000);
	}

	return success ? 0 : -EIO;
}

void hw_msi_find(struct hw_msi *msi, const char *bdf)
{
	u16 flags;
	bool is_64;

	memset(msi, 0, sizeof(*msi));
	msi->bdf = bdf;
	msi->cap = hw_capability(bdf, PCI_CAP_ID_MSI);
	if (!msi->cap)
		return;

	flags = hw_config_read16(bdf, msi->cap + PCI_MSI_FLAGS);
	is_64 = flags & PCI_MSI_FLAGS_64BIT;
	msi->address = msi->cap + PCI_MSI_ADDRESS_LO;
	msi->data = msi->cap + (is_64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
	msi->end = msi->data + sizeof(u16);
	if (flags & PCI_MSI_FLAGS_MASKBIT) {
		msi->mask = msi->cap + (is_64 ? PCI_MSI_MASK_64 :
						PCI_MSI_MASK_32);
		msi->pending = msi->cap + (is_64 ? PCI_MSI_PENDING_64 :
						   PCI_MSI_PENDING_32);
	}
}

void hw_msi_message(const struct hw_msi *msi, int vector,
		    struct hw_message *message)
{
	const char *bdf = msi->bdf;
	u32 low_bits;

	low_bits = (hw_config_read16(bdf, msi->cap + PCI_MSI_FLAGS) &
		    PCI_MSI_FLAGS_QSIZE) >> 4;
	low_bits = (1U << low_bits) - 1;

	message->address = hw_config_read32(bdf, msi->address);
	if (msi->data == msi->cap + PCI_MSI_DATA_64)
		message->address |=
			(u64)hw_config_read32(bdf, msi->address + 4) << 32;
	message->data = (hw_config_read16(bdf, msi->data) & ~low_bits) |
			(vector & low_bits);
	message->masked = msi->mask &&
			  hw_config_read32(bdf, msi->mask) & (1U << vector);
	message->pending = msi->pending &&
			   hw_config_read32(bdf, msi->pending) & (1U << vector);
}

/* Map the pages around a part of a BAR; returns where the part starts. */
static volatile u32 *map_part(int fd, u32 bar, u64 offset, u64 size,
			      void **map, size_t *map_size)
{
	size_t page = getpagesize();
	u64 start = offset & ~(page - 1);
	u64 end = (offset + size + page - 1) & ~(page - 1);

	*map_size = end - start;
	*map = mmap(NULL, *map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    region_offset(fd, bar) + start);
	VFIO_ASSERT_NE(*map, MAP_FAILED, "BAR %u cannot be mapped\n", bar);

	return *map + (offset - start);
}

void hw_msix_map(struct hw_msix *msix, const char *bdf, int fd)
{
	u32 table, pba;

	memset(msix, 0, sizeof(*msix));
	msix->cap = hw_capability(bdf, PCI_CAP_ID_MSIX);
	VFIO_ASSERT_NE(msix->cap, 0, "%s has no MSI-X\n", bdf);

	msix->vectors = (hw_config_read16(bdf, msix->cap + PCI_MSIX_FLAGS) &
			 PCI_MSIX_FLAGS_QSIZE) + 1;
	table = hw_config_read32(bdf, msix->cap + PCI_MSIX_TABLE);
	msix->bar = table & PCI_MSIX_TABLE_BIR;
	msix->offset = table & PCI_MSIX_TABLE_OFFSET;
	msix->size = msix->vectors * PCI_MSIX_ENTRY_SIZE;
	pba = hw_config_read32(bdf, msix->cap + PCI_MSIX_PBA);
	msix->pba_bar = pba & PCI_MSIX_PBA_BIR;
	msix->pba_offset = pba & PCI_MSIX_PBA_OFFSET;

	msix->table = map_part(fd, msix->bar, msix->offset, msix->size,
			       &msix->map[0], &msix->map_size[0]);
	msix->pba = map_part(fd, msix->pba_bar, msix->pba_offset,
			     (msix->vectors + 63) / 64 * 8,
			     &msix->map[1], &msix->map_size[1]);
}

void hw_msix_unmap(struct hw_msix *msix)
{
	munmap(msix->map[0], msix->map_size[0]);
	munmap(msix->map[1], msix->map_size[1]);
}

volatile u32 *hw_msix_entry(const struct hw_msix *msix, int vector)
{
	return msix->table + vector * PCI_MSIX_ENTRY_SIZE / sizeof(u32);
}

void hw_msix_message(const struct hw_msix *msix, int vector,
		     struct hw_message *message)
{
	volatile u32 *entry = hw_msix_entry(msix, vector);

	message->address = entry[PCI_MSIX_ENTRY_LOWER_ADDR / 4] |
			   (u64)entry[PCI_MSIX_ENTRY_UPPER_ADDR / 4] << 32;
	message->data = entry[PCI_MSIX_ENTRY_DATA / 4];
	message->masked = entry[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] &
			  PCI_MSIX_ENTRY_CTRL_MASKBIT;
	message->pending = msix->pba[vector / 32] & (1U << (vector % 32));
}

void hw_model_entry(int fd, u32 vector, u32 entry[HW_ENTRY_DWORDS])
{
	bar_write32(fd, 0, MSIX_REG_HW_INDEX, vector);
	for (int i = 0; i < HW_ENTRY_DWORDS; i++)
		entry[i] = bar_read32(fd, 0, MSIX_REG_HW_ADDR_LO + 4 * i);
}

bool hw_model_entry_is(int fd, u32 vector, u64 address, u32 data, u32 control)
{
	u32 want[HW_ENTRY_DWORDS] = { address, address >> 32, data, control };
	u32 entry[HW_ENTRY_DWORDS];

	hw_model_entry(fd, vector, entry);
	if (!memcmp(want, entry, sizeof(want)))
		return true;
	printf("# vector %u has %#x %#x %#x %#x, not %#x %#x %#x %#x\n", vector,
	       entry[0], entry[1], entry[2], entry[3], want[0], want[1], want[2],
	       want[3]);

	return false;
}

void hw_msix_copy_table(const struct hw_msix *msix, u8 *buf)
{
	u64 i;

	for (i = 0; i < msix->size; i += sizeof(u32)) {
		u32 value = msix->table[i / sizeof(u32)];

		memcpy(buf + i, &value, sizeof(value));
	}
}
