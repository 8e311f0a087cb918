// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libvfio.h>

#include "interrupts.h"
#include "lab.h"

#define MOVE_TRIES	500
#define MOVE_PAUSE_US	20000

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

bool finish_move(struct session *s, u32 raise, int trigger, const char *cpu)
{
	int irq = irq_of(s->bdf);

	for (int i = 0; i < MOVE_TRIES && !is_on(irq, cpu); i++) {
		bar_write32(s->fd, 0, raise, 0);
		VFIO_ASSERT_EQ(eventfd_wait(trigger), true);
		eventfd_take(trigger);
		usleep(MOVE_PAUSE_US);
	}

	return is_on(irq, cpu);
}

bool move_vector(struct session *s, u32 raise, int trigger, const char *cpu)
{
	VFIO_ASSERT_EQ(set_affinity(irq_of(s->bdf), cpu), 0);

	return finish_move(s, raise, trigger, cpu);
}
