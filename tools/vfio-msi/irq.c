// SPDX-License-Identifier: GPL-2.0-only
/* The Linux interrupts of a device: number, vector, CPUs, count. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

/*
 * The hwirq number of a vector in an interrupt domain that several devices share: vector,
 * bus address and PCI domain, from the lowest bits on
 */
#define HWIRQ_INDEX_BITS	11
#define HWIRQ_DOMAIN_SHIFT	27

static int irq_file(const char *format, unsigned int irq, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), format, irq);
	return file_read(path, buf, size);
}

#define IRQ_FILE(irq, name, buf) \
	irq_file("/sys/kernel/irq/%u/" name, irq, buf, sizeof(buf))
#define PROC_FILE(irq, name, buf) \
	irq_file("/proc/irq/%u/" name, irq, buf, sizeof(buf))

/* The file has a number for each possible CPU. */
static uint64_t sum_counts(unsigned int irq)
{
	static char text[1 << 16];
	char *rest = text, *count;
	uint64_t sum = 0;

	if (IRQ_FILE(irq, "per_cpu_count", text))
		return 0;
	while ((count = strsep(&rest, ",")))
		sum += strtoull(count, NULL, 10);
	return sum;
}

void irq_read(struct irq *irq)
{
	if (PROC_FILE(irq->number, "smp_affinity_list", irq->affinity))
		irq->affinity[0] = '\0';
	if (PROC_FILE(irq->number, "effective_affinity_list", irq->effective))
		irq->effective[0] = '\0';
	irq->count = sum_counts(irq->number);
}

/*
 * The vector follows from the hwirq number. If the device has an interrupt domain of its
 * own, whose chip is named after the device, the number is the vector. In a domain that
 * devices share, the vector is in the low bits and the device's address above. For any
 * other number the vector is not known (-1).
 */
static int find_vector(const struct device *dev, unsigned int irq)
{
	const struct pci_dev *pci = dev->pci;
	unsigned long long hwirq, base;
	char text[NAME_SIZE], chip[128];
	char *end;

	if (IRQ_FILE(irq, "hwirq", text) || IRQ_FILE(irq, "chip_name", chip))
		return -1;
	hwirq = strtoull(text, &end, 10);
	if (end == text || *end)
		return -1;
	if (strstr(chip, dev->bdf))
		return hwirq < 1u << HWIRQ_INDEX_BITS ? (int)hwirq : -1;

	base = (unsigned long long)pci->domain << HWIRQ_DOMAIN_SHIFT |
	       (unsigned long long)(pci->bus << 8 | pci->dev << 3 | pci->func)
			<< HWIRQ_INDEX_BITS;
	if (hwirq >> HWIRQ_INDEX_BITS != base >> HWIRQ_INDEX_BITS)
		return -1;
	return (int)(hwirq & ((1u << HWIRQ_INDEX_BITS) - 1));
}

static void add_irq(const struct device *dev, unsigned int number, struct irqs *irqs)
{
	char file[32], mode[8];
	struct irq *irq;

	snprintf(file, sizeof(file), "msi_irqs/%u", number);
	if (device_read(dev, file, mode, sizeof(mode)))
		return;
	irqs->irq = xrealloc(irqs->irq, irqs->count + 1, sizeof(*irqs->irq));
	irq = &irqs->irq[irqs->count++];
	*irq = (struct irq){ .number = number, .msix = !strcmp(mode, "msix") };
	irq->vector = find_vector(dev, number);
	irq_read(irq);
}

static int by_vector(const void *a, const void *b)
{
	const struct irq *x = a, *y = b;

	if (x->vector != y->vector)
		return x->vector < y->vector ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

void irqs_read(const struct device *dev, struct irqs *irqs)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *stream;

	memset(irqs, 0, sizeof(*irqs));
	device_path(dev, "msi_irqs", path);
	stream = opendir(path);
	if (!stream)
		return;
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			add_irq(dev, (unsigned int)atoi(entry->d_name), irqs);
	closedir(stream);
	if (irqs->count)
		qsort(irqs->irq, irqs->count, sizeof(*irqs->irq), by_vector);
}

void irqs_free(struct irqs *irqs)
{
	free(irqs->irq);
}

/* On x86 the chip's name begins with "IR-" if interrupts are remapped. */
static enum remapping chip_remapping(const char *chip)
{
	if (!strncmp(chip, "IR-", 3) || !strncmp(chip, "ITS-", 4))
		return REMAPPING_ON;
	if (!strncmp(chip, "PCI-MSI", 7) || !strcmp(chip, "IO-APIC"))
		return REMAPPING_OFF;
	return REMAPPING_UNKNOWN;
}

/* On x86 either all interrupts are remapped or none; elsewhere this does not know. */
enum remapping irq_host_remapping(void)
{
	enum remapping remapping = REMAPPING_UNKNOWN;
	struct dirent *entry;
	DIR *stream = opendir("/sys/kernel/irq");
	char chip[128];

	if (!stream)
		return REMAPPING_UNKNOWN;
	while (remapping == REMAPPING_UNKNOWN && (entry = readdir(stream))) {
		unsigned int irq = (unsigned int)atoi(entry->d_name);

		if (entry->d_name[0] == '.' || IRQ_FILE(irq, "chip_name", chip))
			continue;
		/* x86 only: on arm64 devices can have different interrupt controllers */
		if (strstr(chip, "IO-APIC"))
			remapping = chip_remapping(chip);
	}
	closedir(stream);
	return remapping;
}

enum remapping irq_remapping(const struct device *dev)
{
	enum remapping remapping = REMAPPING_UNKNOWN;
	struct irqs irqs;
	char chip[128];

	irqs_read(dev, &irqs);
	if (irqs.count && !IRQ_FILE(irqs.irq[0].number, "chip_name", chip))
		remapping = chip_remapping(chip);
	irqs_free(&irqs);
	return remapping == REMAPPING_UNKNOWN ? irq_host_remapping() : remapping;
}

/* Whether pci= on the kernel's command line has the word nomsi */
bool booted_without_msi(void)
{
	char text[1 << 12], *rest = text, *option, *word;

	if (file_read("/proc/cmdline", text, sizeof(text)))
		return false;
	while ((option = strsep(&rest, " "))) {
		if (strncmp(option, "pci=", 4))
			continue;
		option += 4;
		while ((word = strsep(&option, ",")))
			if (!strcmp(word, "nomsi"))
				return true;
	}
	return false;
}

/*
 * The path of the msi_bus file that is 0 and concerns the device: its own, or that of a
 * bridge above it. The msi_bus of a bridge is about the bus below it and not about the
 * bridge, so for a bridge the search begins one folder higher. The folders above the
 * device's folder are the bridges above the device.
 */
static char *find_msi_bus(const struct device *dev)
{
	char path[PATH_MAX], text[NAME_SIZE], *folder, *file, *end;
	int err = 0;

	device_path(dev, "", path);
	folder = realpath(path, NULL);
	device_path(dev, "pci_bus", path);
	if (folder && !access(path, F_OK))
		*strrchr(folder, '/') = '\0';
	while (folder && !err) {
		file = format_text("%s/msi_bus", folder);
		err = file_read(file, text, sizeof(text));
		if (!err && !strcmp(text, "0")) {
			free(folder);
			return file;
		}
		free(file);
		end = strrchr(folder, '/');
		*end = '\0';
	}
	free(folder);
	return NULL;
}

/*
 * Why the kernel allocates no vectors of the device, whatever its driver, or NULL. The
 * caller frees it.
 */
char *msi_refusal(const struct device *dev)
{
	char *file, *text;

	if (booted_without_msi())
		return format_text("the kernel was booted with pci=nomsi");
	file = find_msi_bus(dev);
	if (!file)
		return NULL;
	text = format_text("%s is 0", file);
	free(file);
	return text;
}
