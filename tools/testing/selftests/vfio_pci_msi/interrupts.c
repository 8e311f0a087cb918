// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <libvfio.h>

#include "interrupts.h"
#include "lab.h"

int irq_of(const char *bdf)
{
	char path[64];
	struct dirent *entry;
	int irq = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs", bdf);
	dir = opendir(path);
	VFIO_ASSERT_NOT_NULL(dir);
	while ((entry = readdir(dir)))
		irq = atoi(entry->d_name) ?: irq;
	closedir(dir);

	return irq;
}

int set_affinity(int irq, const char *cpus)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", irq);

	return file_write(path, cpus);
}

bool is_on(int irq, const char *cpu)
{
	char path[64], cpus[16] = "";

	snprintf(path, sizeof(path), "/proc/irq/%d/effective_affinity_list", irq);
	VFIO_ASSERT_GT(file_read(path, cpus, sizeof(cpus)), 0);

	return atoi(cpus) == atoi(cpu);
}
