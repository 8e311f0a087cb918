// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls on the device. Nothing is allocated or looked up here, so that the driver's
 * instructions are not hidden among others.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "hardware.h"
#include "price.h"

/* All VFIO PCI drivers have the regions there. */
#define REGION(index)	((u64)(index) << 40)
#define CONFIG		REGION(VFIO_PCI_CONFIG_REGION_INDEX)

static struct {
	struct vfio_irq_set head;
	int fds[PRICE_VECTORS];
} request;

static int eventfds[PRICE_VECTORS + 1];

void bench_open(struct bench *b)
{
	b->s = session_open_bdf(b->bdf, "vfio_type1v2_iommu");
	b->fd = b->s->fd;
	b->index = vectors_index(b->fd);
	b->msi = hw_capability(b->bdf, PCI_CAP_ID_MSI);
	if (b->msi)
		b->msi_data = b->msi +
			(config_read2(b, b->msi + PCI_MSI_FLAGS) &
			 PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
	command_set(b->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (b->msi)
		set_message(b, GUEST_ADDRESS, GUEST_DATA);
}

void bench_close(struct bench *b)
{
	session_close(b->s);
}

static u32 read_at(struct bench *b, u64 pos, size_t size)
{
	u32 value = 0;

	VFIO_ASSERT_EQ(pread(b->fd, &value, size, pos), size);

	return value;
}

static void write_at(struct bench *b, u64 pos, u32 value, size_t size)
{
	VFIO_ASSERT_EQ(pwrite(b->fd, &value, size, pos), size);
}

u32 config_read4(struct bench *b, u32 pos)
{
	return read_at(b, CONFIG + pos, 4);
}

u16 config_read2(struct bench *b, u32 pos)
{
	return read_at(b, CONFIG + pos, 2);
}

void config_write4(struct bench *b, u32 pos, u32 value)
{
	write_at(b, CONFIG + pos, value, 4);
}

void config_write2(struct bench *b, u32 pos, u16 value)
{
	write_at(b, CONFIG + pos, value, 2);
}

u32 bar_read4(struct bench *b, u64 offset)
{
	return read_at(b, REGION(0) + offset, 4);
}

void bar_write4(struct bench *b, u64 offset, u32 value)
{
	write_at(b, REGION(0) + offset, value, 4);
}

void set_message(struct bench *b, u32 address, u16 data)
{
	config_write4(b, b->msi + PCI_MSI_ADDRESS_LO, address);
	config_write2(b, b->msi_data, data);
}

u64 card_slot(unsigned int n)
{
	static const u32 offsets[] = ATH11K_SLOT_OFFSETS;

	return offsets[n];
}

void program_slot(struct bench *b, u64 offset, u32 vector)
{
	bar_write4(b, offset, GUEST_ADDRESS);
	bar_write4(b, offset + 4, 0x100);
	bar_write4(b, offset + 8, GUEST_DATA + vector);
}

int request_irqs(struct bench *b, u32 flags, u32 start, u32 count,
		 const int *fds)
{
	request.head.argsz = sizeof(request.head) +
			     (fds ? count * sizeof(*fds) : 0);
	request.head.flags = flags;
	request.head.index = b->index;
	request.head.start = start;
	request.head.count = count;
	if (fds)
		memcpy(request.fds, fds, count * sizeof(*fds));

	return ioctl(b->fd, VFIO_DEVICE_SET_IRQS, &request);
}

int *bench_eventfds(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(eventfds) && !eventfds[i]; i++)
		eventfds[i] = eventfd_new();

	return eventfds;
}

#define TRIGGERS	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

bool enable(struct bench *b, int count)
{
	int ret = request_irqs(b, TRIGGERS, 0, count, bench_eventfds());

	if (ret > 0) {
		count = ret;
		ret = request_irqs(b, TRIGGERS, 0, count, bench_eventfds());
	}
	b->vectors = ret ? 0 : count;

	return !ret;
}

void disable(struct bench *b)
{
	VFIO_ASSERT_EQ(request_irqs(b, VFIO_IRQ_SET_DATA_NONE |
				    VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, NULL), 0);
}

void mask(struct bench *b, u32 count)
{
	VFIO_ASSERT_EQ(request_irqs(b, VFIO_IRQ_SET_DATA_NONE |
				    VFIO_IRQ_SET_ACTION_MASK, 0, count, NULL), 0);
}

void unmask(struct bench *b, u32 count)
{
	VFIO_ASSERT_EQ(request_irqs(b, VFIO_IRQ_SET_DATA_NONE |
				    VFIO_IRQ_SET_ACTION_UNMASK, 0, count, NULL), 0);
}

void set_novirt(struct bench *b)
{
	VFIO_ASSERT_EQ(feature(b->fd, VFIO_DEVICE_FEATURE_SET |
			       VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT, NULL, 0), 0);
}
