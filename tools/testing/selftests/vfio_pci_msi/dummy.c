// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "dummy.h"
#include "hardware.h"
#include "messages.h"
#include "msix.h"

#define WAIT_MS	10000

void target_map(struct session *s, struct target *target)
{
	size_t size = getpagesize();
	void *page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(page, MAP_FAILED);
	memset(page, 0xff, size);

	target->region = (struct dma_region) {
		.vaddr = page,
		.iova = TARGET_IOVA,
		.size = size,
	};
	iommu_map(s->iommu, &target->region);
	target->iova = TARGET_IOVA + 8;
	target->word = page + 8;
}

void target_unmap(struct session *s, struct target *target)
{
	iommu_unmap(s->iommu, &target->region);
}

void target_free(struct target *target)
{
	munmap(target->region.vaddr, target->region.size);
}

int dummy_set(int fd, const struct vfio_device_feature_pci_msix_dummy *dummy)
{
	struct vfio_device_feature_pci_msix_dummy payload = *dummy;

	return feature(fd, VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY, &payload,
		       sizeof(payload));
}

int dummy_get(int fd, struct vfio_device_feature_pci_msix_dummy *dummy)
{
	memset(dummy, 0xc5, sizeof(*dummy));

	return feature(fd, VFIO_DEVICE_FEATURE_GET |
		       VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY, dummy,
		       sizeof(*dummy));
}

int dummy_on(int fd, u32 start, u32 count, u64 iova)
{
	return dummy_set(fd, &(struct vfio_device_feature_pci_msix_dummy) {
		.flags = DUMMY_ENABLE,
		.start = start,
		.count = count,
		.iova = iova,
	});
}

int dummy_off(int fd)
{
	return dummy_set(fd, &(struct vfio_device_feature_pci_msix_dummy) {
		.flags = 0,
	});
}

u16 msix_control(const char *bdf)
{
	int cap = hw_capability(bdf, PCI_CAP_ID_MSIX);

	return hw_config_read16(bdf, cap + PCI_MSIX_FLAGS);
}

static u16 msi_control(const char *bdf)
{
	int cap = hw_capability(bdf, PCI_CAP_ID_MSI);

	return cap ? hw_config_read16(bdf, cap + PCI_MSI_FLAGS) : 0;
}

static bool msix_is_on(const char *bdf)
{
	return (msix_control(bdf) & (PCI_MSIX_FLAGS_ENABLE |
				     PCI_MSIX_FLAGS_MASKALL)) ==
	       PCI_MSIX_FLAGS_ENABLE;
}

/* While the function is masked the kernel is still writing the table. */
bool wait_msix_enabled(const char *bdf)
{
	int tries = WAIT_MS / 10;

	while (!msix_is_on(bdf) && --tries)
		usleep(10000);

	return tries;
}

static int compared_vectors(int fd)
{
	int count = irq_count(fd, VFIO_PCI_MSIX_IRQ_INDEX);

	return count < DUMMY_VECTORS ? count : DUMMY_VECTORS;
}

/* MSI_NOVIRT is on, so reads return the hardware's table. False with decoding off. */
static bool read_table(struct session *s, u32 table[DUMMY_VECTORS][4])
{
	int cap = hw_capability(s->bdf, PCI_CAP_ID_MSIX);
	size_t size = compared_vectors(s->fd) * sizeof(table[0]);
	u32 place;

	/* From the virtual config space: during a reset the hardware's is unreadable. */
	VFIO_ASSERT_EQ(config_read(s->fd, cap + PCI_MSIX_TABLE, &place,
				   sizeof(place)), sizeof(place));
	memset(table, 0, DUMMY_VECTORS * sizeof(table[0]));

	return region_read(s->fd, place & PCI_MSIX_TABLE_BIR,
			   place & PCI_MSIX_TABLE_OFFSET, table, size) ==
	       (ssize_t)size;
}

void dummy_get_state(struct session *s, struct dummy_state *state)
{
	memset(state, 0, sizeof(*state));
	VFIO_ASSERT_EQ(dummy_get(s->fd, &state->dummy), 0);
	VFIO_ASSERT_EQ(messages_get(s->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0,
				    compared_vectors(s->fd), state->msg,
				    &state->generation), 0);
	state->msix_control = msix_control(s->bdf);
	state->msi_control = msi_control(s->bdf);
	state->command = hw_config_read16(s->bdf, PCI_COMMAND);
	state->vfio_irqs = vfio_irqs();
	state->table_known = read_table(s, state->table);
}

/* Print why a check failed. Returns false, so that the caller can return it. */
static bool __attribute__((format(printf, 1, 2)))
complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);

	return false;
}

bool dummy_in_place(struct session *s, u32 start, u32 count, u64 iova)
{
	u32 table[DUMMY_VECTORS][4];

	if (!msix_is_on(s->bdf))
		return complain("MSI-X is not enabled: control is %#x",
				msix_control(s->bdf));
	if (!read_table(s, table))
		return complain("the table cannot be read");

	for (u32 v = 0; v < compared_vectors(s->fd); v++) {
		u64 address = table[v][0] | (u64)table[v][1] << 32;
		bool masked = table[v][3] & PCI_MSIX_ENTRY_CTRL_MASKBIT;
		bool used = v >= start && v < start + count;

		if (masked == used)
			return complain("vector %u is %s", v, masked ?
					"masked" : "not masked");
		if (used && (address != iova || table[v][2] != v))
			return complain("vector %u has address %#llx, data %#x, not %#llx, %#x",
					v, (unsigned long long)address,
					table[v][2], (unsigned long long)iova,
					v);
	}

	return true;
}

bool dummy_gone(struct session *s, u32 start, u32 count)
{
	u16 control = msix_control(s->bdf);
	u32 table[DUMMY_VECTORS][4];

	if (control & (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL))
		return complain("MSI-X is enabled or masked: control is %#x",
				control);
	if (!read_table(s, table))
		return complain("the table cannot be read");

	for (u32 v = 0; v < compared_vectors(s->fd); v++) {
		if (!(table[v][3] & PCI_MSIX_ENTRY_CTRL_MASKBIT))
			return complain("vector %u is not masked", v);
		if (v >= start && v < start + count &&
		    (table[v][0] || table[v][1] || table[v][2]))
			return complain("vector %u has %#x %#x %#x, not zeros",
					v, table[v][0], table[v][1],
					table[v][2]);
	}

	return true;
}

bool dummy_asserts(int fd, struct target *target, u32 vector)
{
	int tries = WAIT_MS;

	*target->word = ~0U;
	bar_write32(fd, 0, MSIX_REG_RAISE, vector);
	while (*target->word != vector && --tries)
		usleep(1000);

	return tries;
}

static FILE *open_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");

	VFIO_ASSERT_NOT_NULL(file);

	return file;
}

unsigned int vfio_irqs(void)
{
	FILE *file = open_interrupts();
	unsigned int lines = 0;
	char line[1024];

	while (fgets(line, sizeof(line), file))
		lines += !!strstr(line, "vfio");
	fclose(file);

	return lines;
}

/* Interrupts that an idle host takes, too. */
static bool is_host_irq(const char *line)
{
	static const char * const names[] = {
		"virtio", "ttyS", "timer", "rtc", "acpi", "i8042", "ahci",
		"PCIe",
	};

	for (int i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(line, names[i]))
			return true;

	return false;
}

/* Sum the counts of all CPUs, which follow a line's colon. */
static unsigned long long sum_counts(char *pos)
{
	unsigned long long sum = 0;
	char *end;

	while (true) {
		unsigned long long count = strtoull(pos, &end, 10);

		if (end == pos || !isspace(*end))
			return sum;
		sum += count;
		pos = end;
	}
}

/* Numbered interrupts, and the counts of spurious and erroneous ones. */
unsigned long long irqs_taken(void)
{
	FILE *file = open_interrupts();
	unsigned long long sum = 0;
	char line[1024];

	while (fgets(line, sizeof(line), file)) {
		char *name = line + strspn(line, " "), *colon;

		colon = strchr(name, ':');
		if (!colon || is_host_irq(line))
			continue;
		if (isdigit(*name) || !strncmp(name, "SPU", 3) ||
		    !strncmp(name, "ERR", 3) || !strncmp(name, "MIS", 3))
			sum += sum_counts(colon + 1);
	}
	fclose(file);

	return sum;
}
