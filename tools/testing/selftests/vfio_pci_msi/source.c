// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/compiler.h>

#include "ath11k.h"
#include "msix.h"
#include "source.h"

/* QEMU's igb, by its data sheet: interrupt cause read, set, and masks. */
#define IGB_ICR		0xc0
#define IGB_ICS		0xc8
#define IGB_IMS		0xd0
#define IGB_LINK	(1 << 2)

/* The last nine are registers of BAR 0; 0: the device does not have it. */
struct source_model {
	const char *device;
	u32 index;
	int vectors;
	bool mask_bits;
	u32 raise;
	u32 raise_set;
	u32 burst;
	u32 unanswered;
	u32 select;
	u32 sent;
	u32 merged;
	u32 failed;
	u32 dropped;
};

#define ATH11K_MODEL(_device, _mask_bits) {				\
	.device = _device,						\
	.index = VFIO_PCI_MSI_IRQ_INDEX,				\
	.vectors = 8,							\
	.mask_bits = _mask_bits,					\
	.raise = ATH11K_RAISE,						\
	.raise_set = ATH11K_RAISE_SET,					\
	.burst = ATH11K_BURST,						\
	.unanswered = ATH11K_UNANSWERED,				\
	.select = ATH11K_VECTOR,					\
	.sent = ATH11K_VECTOR_SENT,					\
	.failed = ATH11K_FAILED,					\
	.dropped = ATH11K_DROPPED,					\
}

static const struct source_model models[] = {
	{
		.device = "msix",
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.vectors = MSIX_VECTORS_DEFAULT,
		.mask_bits = true,
		.raise = MSIX_REG_RAISE,
		.raise_set = MSIX_REG_RAISE_SET,
		.burst = MSIX_REG_BURST,
		.unanswered = MSIX_REG_UNANSWERED,
		.select = MSIX_REG_HW_INDEX,
		.sent = MSIX_REG_VECTOR_SENT,
		.merged = MSIX_REG_VECTOR_MERGED,
		.failed = MSIX_REG_FAILED,
		.dropped = MSIX_REG_DROPPED,
	},
	ATH11K_MODEL("ath11k_noid", false),
	ATH11K_MODEL("ath11k_maskable", true),
	{
		.device = "igb",
		.index = VFIO_PCI_MSI_IRQ_INDEX,
		.vectors = 1,
		.mask_bits = true,
	},
};

static u32 read32(struct source *src, u32 offset)
{
	return bar_read32(src->fd, 0, offset);
}

static void write32(struct source *src, u32 offset, u32 value)
{
	bar_write32(src->fd, 0, offset, value);
}

/* The core that upstream/ changes has masks, too, under vfio-pci. */
static const char *driver_under_test(void)
{
	const char *driver = getenv("LAB_DRIVER");

	return driver ? driver : DRIVER_MSI;
}

void source_open(struct source *src, const char *device, const char *mode)
{
	int i = 0;

	while (strcmp(models[i].device, device))
		VFIO_ASSERT_LT(++i, ARRAY_SIZE(models));
	src->model = &models[i];
	src->s = session_open(device, driver_under_test(), mode);
	src->fd = src->s->fd;
	src->index = src->model->index;
	src->mask_bits = src->model->mask_bits;
	src->vectors = src->model->vectors;
	/* Without remapping, x86 has no MSI blocks of several vectors. */
	if (src->index == VFIO_PCI_MSI_IRQ_INDEX && !lab_remap())
		src->vectors = 1;
	command_set(src->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void source_close(struct source *src)
{
	session_close(src->s);
}

/* A cause that is still set does not interrupt again: clear it, then set it. */
static void raise_igb(struct source *src)
{
	write32(src, IGB_IMS, IGB_LINK);
	write32(src, IGB_ICR, ~0U);
	write32(src, IGB_ICS, IGB_LINK);
}

void source_raise(struct source *src, int vector)
{
	if (src->model->raise_set)
		write32(src, src->model->raise, vector);
	else
		raise_igb(src);
}

void source_raise_set(struct source *src, u32 set)
{
	if (src->model->raise_set)
		write32(src, src->model->raise_set, set);
	else if (set & 1)
		raise_igb(src);
}

void source_burst(struct source *src, int vector, int times)
{
	if (src->model->burst)
		write32(src, src->model->burst, times << 16 | vector);
	else
		while (times--)
			raise_igb(src);
}

void settle_cpus(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t all, one;

	VFIO_ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int cpu = 0; cpu < cpus; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		VFIO_ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	}
	VFIO_ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
}

void source_settle(struct source *src)
{
	if (src->model->unanswered)
		while (read32(src, src->model->unanswered))
			;
	settle_cpus();
}

u32 source_sent(struct source *src, int vector)
{
	write32(src, src->model->select, vector);

	return read32(src, src->model->sent);
}

u32 source_merged(struct source *src, int vector)
{
	if (!src->model->merged)
		return 0;
	write32(src, src->model->select, vector);

	return read32(src, src->model->merged);
}

u32 source_failed(struct source *src)
{
	if (!src->model->failed)
		return 0;

	return read32(src, src->model->failed) +
	       read32(src, src->model->dropped);
}

static int set_masks(struct source *src, u32 action, int start, int count,
		     const u8 *which)
{
	u32 data = which ? VFIO_IRQ_SET_DATA_BOOL : VFIO_IRQ_SET_DATA_NONE;

	return set_irqs(src->fd, action | data, src->index, start, count, which,
			which ? count : 0);
}

int mask_vectors(struct source *src, int start, int count)
{
	return set_masks(src, VFIO_IRQ_SET_ACTION_MASK, start, count, NULL);
}

int unmask_vectors(struct source *src, int start, int count)
{
	return set_masks(src, VFIO_IRQ_SET_ACTION_UNMASK, start, count, NULL);
}

int mask_some(struct source *src, int start, int count, const u8 *which)
{
	return set_masks(src, VFIO_IRQ_SET_ACTION_MASK, start, count, which);
}

int unmask_some(struct source *src, int start, int count, const u8 *which)
{
	return set_masks(src, VFIO_IRQ_SET_ACTION_UNMASK, start, count, which);
}

int attach(struct source *src, int start, int count, const int *triggers)
{
	return set_triggers(src->fd, src->index, start, count, triggers);
}

int detach(struct source *src, int vector)
{
	return set_triggers(src->fd, src->index, vector, 1, &(int){ -1 });
}
