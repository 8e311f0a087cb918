// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_NOVIRT in a BAR: reads of every size, alignment and overlap return the hardware's
 * MSI-X table, and all ones before SET. Writes of the table never reach the hardware.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hardware.h"
#include "messages.h"
#include "msix.h"
#include "session.h"
#include "variants.h"

#define TRIGGERS	3

/* How many bytes of the table are tried as the start of an access, and its largest size. */
#define MARGIN		36
#define MAX_ACCESS	20
/* A table of 2048 vectors, and how many bytes around the table are read. */
#define MAX_TABLE	(2048 * PCI_MSIX_ENTRY_SIZE)
#define AROUND		16
/*
 * QEMU's own devices have no memory around their table. Reads of such a hole return all
 * ones on x86, and abort on other architectures.
 */
#ifdef __x86_64__
#define HOLES_CAN_BE_READ	true
#else
#define HOLES_CAN_BE_READ	false
#endif

FIXTURE(novirt_table) {
	struct session *s;
	struct hw_msix msix;
	int triggers[TRIGGERS];
	u8 table[MAX_TABLE];	/* the hardware's */
};

FIXTURE_VARIANT(novirt_table) {
	const char *device;
	const char *mode;
	bool no_power;	/* the device has no power states */
};

LAB_VARIANTS(novirt_table, msix);
LAB_VARIANTS(novirt_table, msix_2048);
LAB_VARIANTS(novirt_table, msix_odd);
LAB_VARIANTS(novirt_table, nvme);
LAB_VARIANTS(novirt_table, igb);
LAB_VARIANTS(novirt_table, e1000e);
LAB_VARIANTS(novirt_table, nec_usb_xhci, .no_power = true);

FIXTURE_SETUP(novirt_table)
{
	int fd;

	self->s = session_open_table_map(variant->device, variant->mode, "rw");
	fd = self->s->fd;
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < TRIGGERS; i++)
		self->triggers[i] = eventfd_new();
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, TRIGGERS,
				  self->triggers));
	hw_msix_map(&self->msix, self->s->bdf, fd);
	ASSERT_GE(sizeof(self->table), self->msix.size);
	hw_msix_copy_table(&self->msix, self->table);
}

FIXTURE_TEARDOWN(novirt_table)
{
	hw_msix_unmap(&self->msix);
	for (int i = 0; i < TRIGGERS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

/* Read at @offset from the table's start, which may be negative. */
static ssize_t read_table(int fd, const struct hw_msix *msix, int offset,
			  void *buf, size_t size)
{
	return region_read(fd, msix->bar, msix->offset + offset, buf, size);
}

static ssize_t write_table(int fd, const struct hw_msix *msix, int offset,
			   const void *buf, size_t size)
{
	return region_write(fd, msix->bar, msix->offset + offset, buf, size);
}

/* How many of the @margin bytes before the table, and after it, can be read. */
static int room_before(const struct hw_msix *msix, int margin)
{
	if (!HOLES_CAN_BE_READ)
		return 0;

	return msix->offset < margin ? msix->offset : margin;
}

static int room_after(int fd, const struct hw_msix *msix, int margin)
{
	u64 room = region_size(fd, msix->bar) - msix->offset - msix->size;

	if (!HOLES_CAN_BE_READ)
		return 0;

	return room < margin ? room : margin;
}

/*
 * Does @buf, which was read at @offset from the table's start, contain @table (all ones
 * if NULL) where it overlaps the table? Bytes around the table are not compared.
 */
static bool shows_table(const struct hw_msix *msix, const u8 *table,
			const u8 *buf, int offset, int size)
{
	int i;

	for (i = 0; i < size; i++) {
		int at = offset + i;

		if (at < 0 || at >= (int)msix->size)
			continue;
		if (buf[i] != (table ? table[at] : 0xff))
			return false;
	}

	return true;
}

static void read_everywhere(struct __test_metadata *_metadata, int fd,
			    const struct hw_msix *msix, const u8 *table,
			    int from, int to)
{
	u8 buf[MAX_ACCESS];
	int end = (int)msix->size + room_after(fd, msix, AROUND);

	for (int offset = from; offset < to; offset++) {
		for (int size = 1; size <= MAX_ACCESS && offset + size <= end;
		     size++) {
			memset(buf, 0x5a, sizeof(buf));
			ASSERT_EQ(size, read_table(fd, msix, offset, buf,
						   size));
			EXPECT_TRUE(shows_table(msix, table, buf, offset, size))
				TH_LOG("a read of %d bytes at %d differs", size,
				       offset);
		}
	}
}

/* Reads that begin before the table, in its first entries, and close to its end. */
static void read_ends(struct __test_metadata *_metadata, int fd,
		      const struct hw_msix *msix, const u8 *table)
{
	read_everywhere(_metadata, fd, msix, table,
			-room_before(msix, AROUND), MARGIN);
	read_everywhere(_metadata, fd, msix, table, msix->size - AROUND,
			msix->size);
}

TEST_F(novirt_table, all_ones_without_novirt)
{
	read_ends(_metadata, self->s->fd, &self->msix, NULL);
}

TEST_F(novirt_table, every_access_with_novirt)
{
	ASSERT_EQ(0, novirt_set(self->s->fd));
	read_ends(_metadata, self->s->fd, &self->msix, self->table);
}

TEST_F(novirt_table, whole_table)
{
	const struct hw_msix *msix = &self->msix;
	u8 buf[MAX_TABLE + 2 * AROUND];
	int fd = self->s->fd;
	int before = room_before(msix, AROUND);
	int after = room_after(fd, msix, AROUND);

	for (int round = 0; round < 2; round++) {
		const u8 *table = round ? self->table : NULL;

		for (int skip = 0; skip < 5; skip++) {
			int size = msix->size - 2 * skip;

			ASSERT_EQ(size, read_table(fd, msix, skip, buf, size));
			EXPECT_TRUE(shows_table(msix, table, buf, skip, size));
		}

		ASSERT_EQ(before + msix->size + after,
			  read_table(fd, msix, -before, buf,
				     before + msix->size + after));
		EXPECT_TRUE(shows_table(msix, table, buf, -before,
					before + msix->size + after));

		ASSERT_EQ(0, novirt_set(fd));
	}
}

/* A read that overlaps the table returns the registers around it unchanged. */
TEST_F(novirt_table, registers_around_the_table)
{
	const struct hw_msix *msix = &self->msix;
	u8 alone[AROUND], buf[AROUND + 8];
	int fd = self->s->fd;
	int before = room_before(msix, AROUND) & ~3;
	int after = room_after(fd, msix, AROUND) & ~3;

	if (!before && !after)
		SKIP(return, "the BAR has no registers next to the table");

	ASSERT_EQ(0, novirt_set(fd));
	if (before) {
		ASSERT_EQ(before, read_table(fd, msix, -before, alone, before));
		ASSERT_EQ(before + 8, read_table(fd, msix, -before, buf,
						 before + 8));
		EXPECT_EQ(0, memcmp(alone, buf, before));
		EXPECT_EQ(0, memcmp(self->table, buf + before, 8));
	}
	if (after) {
		ASSERT_EQ(after, read_table(fd, msix, msix->size, alone,
					    after));
		ASSERT_EQ(8 + after, read_table(fd, msix, msix->size - 8, buf,
						8 + after));
		EXPECT_EQ(0, memcmp(self->table + msix->size - 8, buf, 8));
		EXPECT_EQ(0, memcmp(alone, buf + 8, after));
	}
}

TEST_F(novirt_table, writes_are_dropped)
{
	const struct hw_msix *msix = &self->msix;
	u8 junk[4 * PCI_MSIX_ENTRY_SIZE], after[MAX_TABLE];
	int fd = self->s->fd;

	for (int round = 0; round < 2; round++) {
		memset(junk, 0xa5, sizeof(junk));
		for (int offset = 0; offset < 16; offset++) {
			for (int size = 1; size <= MAX_ACCESS; size++) {
				ASSERT_EQ(size, write_table(fd, msix, offset,
							    junk, size));
			}
		}
		ASSERT_EQ(sizeof(junk),
			  write_table(fd, msix, msix->size - sizeof(junk), junk,
				      sizeof(junk)));

		hw_msix_copy_table(msix, after);
		EXPECT_EQ(0, memcmp(self->table, after, msix->size));
		ASSERT_EQ(0, novirt_set(fd));
	}

	ASSERT_EQ(msix->size, read_table(fd, msix, 0, after, msix->size));
	EXPECT_EQ(0, memcmp(self->table, after, msix->size));
}

/* The two ways in which a user can make registers unreachable. */
static void decode_memory(struct session *s, bool on)
{
	if (on)
		command_set(s->fd, PCI_COMMAND_MEMORY);
	else
		command_clear(s->fd, PCI_COMMAND_MEMORY);
}

static void stay_awake(struct session *s, bool on)
{
	power_state_set(s, on ? 0 : 3);
}

static void (*const reach[])(struct session *s, bool on) = {
	decode_memory, stay_awake,
};

#define WAYS(_variant)	((_variant)->no_power ? 1 : ARRAY_SIZE(reach))

/* Without NOVIRT reads of the table do not need the hardware. */
TEST_F(novirt_table, unreachable_without_novirt)
{
	const struct hw_msix *msix = &self->msix;
	int fd = self->s->fd;
	u8 buf[32];

	for (int way = 0; way < WAYS(variant); way++) {
		reach[way](self->s, false);
		ASSERT_EQ(32, read_table(fd, msix, 0, buf, 32));
		EXPECT_TRUE(shows_table(msix, NULL, buf, 0, 32));
		reach[way](self->s, true);
	}
}

TEST_F(novirt_table, unreachable_with_novirt)
{
	const struct hw_msix *msix = &self->msix;
	int fd = self->s->fd;
	u8 buf[32];

	ASSERT_EQ(0, novirt_set(fd));
	for (int way = 0; way < WAYS(variant); way++) {
		reach[way](self->s, false);
		EXPECT_EQ(-EIO, read_table(fd, msix, 0, buf, 1));
		EXPECT_EQ(-EIO, read_table(fd, msix, 0, buf, 4));
		EXPECT_EQ(-EIO, read_table(fd, msix, 3, buf, 9));
		EXPECT_EQ(-EIO, read_table(fd, msix, 0, buf, 32));
		if (room_after(fd, msix, AROUND) >= 4) {
			EXPECT_EQ(-EIO,
				  read_table(fd, msix, msix->size, buf, 4));
			EXPECT_EQ(-EIO,
				  read_table(fd, msix, msix->size - 4, buf, 8));
		}
		/* Writes are dropped and succeed, as without NOVIRT. */
		EXPECT_EQ(16, write_table(fd, msix, 0, buf, 16));

		reach[way](self->s, true);
		ASSERT_EQ(32, read_table(fd, msix, 0, buf, 32));
		EXPECT_TRUE(shows_table(msix, self->table, buf, 0, 32));
	}
}

TEST_F(novirt_table, follows_the_hardware)
{
	const struct hw_msix *msix = &self->msix;
	u8 buf[PCI_MSIX_ENTRY_SIZE];
	int fd = self->s->fd;
	u32 ctrl;

	ASSERT_EQ(0, novirt_set(fd));
	hw_msix_entry(msix, 0)[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] |= 1;
	ASSERT_EQ(16, read_table(fd, msix, 0, buf, 16));
	memcpy(&ctrl, buf + PCI_MSIX_ENTRY_VECTOR_CTRL, 4);
	EXPECT_EQ(1, ctrl & 1);

	hw_msix_entry(msix, 0)[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] &= ~1;
	ASSERT_EQ(16, read_table(fd, msix, 0, buf, 16));
	memcpy(&ctrl, buf + PCI_MSIX_ENTRY_VECTOR_CTRL, 4);
	EXPECT_EQ(0, ctrl & 1);

	/* The same without vectors. */
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSIX_IRQ_INDEX));
	hw_msix_copy_table(msix, self->table);
	ASSERT_EQ(16, read_table(fd, msix, 0, buf, 16));
	EXPECT_TRUE(shows_table(msix, self->table, buf, 0, 16));
}

TEST_F(novirt_table, bad_buffers)
{
	const struct hw_msix *msix = &self->msix;
	const int size = 2 * PCI_MSIX_ENTRY_SIZE;
	int fd = self->s->fd;
	struct guarded buf;

	guarded_alloc(&buf);
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(-EFAULT, read_table(fd, msix, 0, NULL, size));
		EXPECT_EQ(-EFAULT, read_table(fd, msix, 0, buf.end, size));
		for (int over = 1; over < size; over++) {
			EXPECT_EQ(-EFAULT, read_table(fd, msix, 0,
						      buf.end - size + over,
						      size));
		}
		ASSERT_EQ(size, read_table(fd, msix, 0, buf.end - size, size));
		ASSERT_EQ(0, novirt_set(fd));
	}

	ASSERT_EQ(0, mprotect(buf.start, buf.page, PROT_READ));
	EXPECT_EQ(-EFAULT, read_table(fd, msix, 0, buf.start, size));
	guarded_free(&buf);
}

/* A read over the BAR's end is cut there, with NOVIRT and without. */
TEST_F(novirt_table, end_of_the_bar)
{
	const struct hw_msix *msix = &self->msix;
	int fd = self->s->fd;
	u64 size = region_size(fd, msix->bar);
	u8 buf[16];

	if (!HOLES_CAN_BE_READ)
		SKIP(return, "the end of the BAR cannot be read on this architecture");

	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(4, region_read(fd, msix->bar, size - 4, buf, 16));
		EXPECT_EQ(-EINVAL, region_read(fd, msix->bar, size, buf, 4));
		ASSERT_EQ(0, novirt_set(fd));
	}
}

/* The msix model's registers show what its table holds. */
FIXTURE(novirt_registers) {
	struct session *s;
	int triggers[TRIGGERS];
};

FIXTURE_VARIANT(novirt_registers) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(novirt_registers, msix);

FIXTURE_SETUP(novirt_registers)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (int i = 0; i < TRIGGERS; i++)
		self->triggers[i] = eventfd_new();
	ASSERT_EQ(0, set_triggers(self->s->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0,
				  TRIGGERS, self->triggers));
}

FIXTURE_TEARDOWN(novirt_registers)
{
	for (int i = 0; i < TRIGGERS; i++)
		close(self->triggers[i]);
	session_close(self->s);
}

/* The default layout: registers in BAR 0, the table at the start of BAR 2. */
TEST_F(novirt_registers, agree_with_table)
{
	static const u32 registers[] = { MSIX_REG_HW_ADDR_LO,
		MSIX_REG_HW_ADDR_HI, MSIX_REG_HW_DATA, MSIX_REG_HW_CTRL };
	u8 junk[PCI_MSIX_ENTRY_SIZE];
	int fd = self->s->fd;

	memset(junk, 0x5a, sizeof(junk));
	ASSERT_EQ(0, novirt_set(fd));
	for (int v = 0; v < MSIX_VECTORS_DEFAULT; v++) {
		u64 entry = v * PCI_MSIX_ENTRY_SIZE;

		ASSERT_EQ(sizeof(junk), region_write(fd, 2, entry, junk,
						     sizeof(junk)));
		bar_write32(fd, 0, MSIX_REG_HW_INDEX, v);
		for (int i = 0; i < ARRAY_SIZE(registers); i++) {
			EXPECT_EQ(bar_read32(fd, 0, registers[i]),
				  bar_read32(fd, 2, entry + 4 * i));
		}
	}
}

LAB_MAIN
