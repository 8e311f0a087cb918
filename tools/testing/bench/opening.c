// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening and binding a device, and the memory that it takes. All of these sleep, so the
 * rows are those of the CPU time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "price.h"

#define TRACING		"/sys/kernel/tracing/"
#define ALLOCATIONS	16384

struct allocation {
	unsigned long long address;
	unsigned long long bytes;
};

static struct allocation live[ALLOCATIONS];
static unsigned int nr_live;

static int open_device(struct bench *b)
{
	return ioctl(b->s->device->group_fd, VFIO_GROUP_GET_DEVICE_FD, b->bdf);
}

/* The container stays, so that the rows are those of the device alone. */
static void open_rows(struct bench *b)
{
	int fd = -1;

	bench_open(b);
	close(b->fd);
	PRICE_PAIR(b, NO_X, "open", fd = open_device(b), "close", close(fd));
	b->s->fd = open_device(b);
	bench_close(b);
}

static void driver_file(const struct bench *b, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", b->driver,
		 file);
	VFIO_ASSERT_EQ(file_write(path, b->bdf), 0);
}

void group_session(struct bench *b)
{
	open_rows(b);
	PRICE_PAIR(b, NO_X, "unbind", driver_file(b, "unbind"),
		   "bind", driver_file(b, "bind"));
}

static unsigned long long field(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtoull(at + strlen(name), NULL, 0) : 0;
}

static unsigned long long address_of(const char *line)
{
	const char *at = strstr(line, " ptr=");

	return at ? strtoull(at + strlen(" ptr="), NULL, 16) : 0;
}

static void forget(unsigned long long address)
{
	unsigned int i;

	for (i = nr_live; i-- > 0;) {
		if (live[i].address != address)
			continue;
		live[i] = live[--nr_live];
		return;
	}
}

/* A large allocation has two lines, one of each of the layers that serve it. */
static void count_line(const char *line)
{
	unsigned long long address = address_of(line);
	unsigned long long bytes = field(line, "bytes_alloc=");

	if (!address)
		return;
	forget(address);
	if (bytes && nr_live < ALLOCATIONS)
		live[nr_live++] = (struct allocation){ address, bytes };
}

static void trace_begin(void)
{
	file_write(TRACING "trace", "\n");
	file_write(TRACING "events/kmem/enable", "1");
	file_write(TRACING "tracing_on", "1");
}

/* Reports what was allocated since trace_begin() and not freed. */
static void trace_end(struct bench *b, const char *row)
{
	char line[512];
	unsigned long long bytes = 0;
	unsigned int i;
	FILE *file;

	file_write(TRACING "tracing_on", "0");
	file_write(TRACING "events/kmem/enable", "0");

	nr_live = 0;
	file = fopen(TRACING "trace", "r");
	VFIO_ASSERT_NOT_NULL(file);
	while (fgets(line, sizeof(line), file))
		count_line(line);
	fclose(file);

	for (i = 0; i < nr_live; i++)
		bytes += live[i].bytes;
	price_value(b, row, NO_X, bytes);
}

/* The kernel's allocations of at most two pages, in bytes; kvcalloc() may take others. */
void group_memory(struct bench *b)
{
	char pid[16];
	int fd;

	file_write(TRACING "tracing_on", "0");
	file_write(TRACING "buffer_size_kb", "4096");
	snprintf(pid, sizeof(pid), "%d", getpid());
	file_write(TRACING "set_event_pid", pid);

	driver_file(b, "unbind");
	trace_begin();
	driver_file(b, "bind");
	trace_end(b, "memory-bind");

	bench_open(b);
	close(b->fd);
	trace_begin();
	fd = open_device(b);
	trace_end(b, "memory-open");
	b->s->fd = fd;
	bench_close(b);
	file_write(TRACING "set_event_pid", "\n");
}
