// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts, which wake tasks, and tasks that use one device at the same time.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "price.h"

/* Registers of QEMU's edu */
#define EDU_RAISE	0x60
#define EDU_ACK		0x64

#define TIMES		20
#define LOOPBACK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

static void raise_and_read(volatile u32 *edu, int fd)
{
	edu[EDU_RAISE / 4] = 1;
	VFIO_ASSERT_TRUE(eventfd_wait(fd));
	VFIO_ASSERT_TRUE(eventfd_take(fd));
	edu[EDU_ACK / 4] = 1;
}

void group_interrupt(struct bench *b)
{
	volatile u32 *edu;
	int fd = bench_eventfds()[0];

	bench_open(b);
	edu = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	VFIO_ASSERT_NE((void *)edu, MAP_FAILED);
	VFIO_ASSERT_TRUE(enable(b, 1));
	PRICE(b, "interrupt-eventfd", NO_X, TIMES, raise_and_read(edu, fd));
	PRICE(b, "loopback-eventfd", NO_X, TIMES,
	      request_irqs(b, LOOPBACK, 0, 1, NULL);
	      VFIO_ASSERT_TRUE(eventfd_take(fd)));
	PRICE(b, "mapped-write", NO_X, TIMES, edu[EDU_ACK / 4] = 1);
	munmap((void *)edu, 4096);
	bench_close(b);
}

#define CONTENTION_TIMES	2000

struct worker {
	struct bench *b;
	unsigned int number;
	void (*operation)(struct bench *b, unsigned int number);
	pthread_t thread;
};

static pthread_barrier_t barrier;

static void write_plain(struct bench *b, unsigned int number)
{
	bar_write4(b, PLAIN_OFFSET + 0x100 * number, 0x12345678);
}

static void write_slot(struct bench *b, unsigned int number)
{
	bar_write4(b, card_slot(number), GUEST_ADDRESS);
}

static void mask_one(struct bench *b, unsigned int number)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK,
		.index = b->index,
		.start = number % b->vectors,
		.count = 1,
	};

	VFIO_ASSERT_EQ(ioctl(b->fd, VFIO_DEVICE_SET_IRQS, &set), 0);
	set.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK;
	VFIO_ASSERT_EQ(ioctl(b->fd, VFIO_DEVICE_SET_IRQS, &set), 0);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	cpu_set_t cpu;
	int i;

	CPU_ZERO(&cpu);
	CPU_SET(worker->number, &cpu);
	VFIO_ASSERT_EQ(sched_setaffinity(0, sizeof(cpu), &cpu), 0);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < CONTENTION_TIMES; i++)
		worker->operation(worker->b, worker->number);

	return NULL;
}

/*
 * One task on each CPU. QEMU runs the CPUs in turn, so their instructions add up: what one
 * operation takes more than with one task was spent on waiting.
 */
static void contend(struct bench *b, const char *row,
		    void (*operation)(struct bench *b, unsigned int number))
{
	unsigned int i, count = sysconf(_SC_NPROCESSORS_ONLN);
	struct worker workers[CARD_SLOTS];
	u64 start;

	VFIO_ASSERT_LE(count, ARRAY_SIZE(workers));
	pthread_barrier_init(&barrier, NULL, count + 1);
	for (i = 0; i < count; i++) {
		workers[i] = (struct worker) {
			.b = b, .number = i, .operation = operation,
		};
		VFIO_ASSERT_EQ(pthread_create(&workers[i].thread, NULL, work,
					      &workers[i]), 0);
	}
	pthread_barrier_wait(&barrier);
	start = price_ticks();
	for (i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	price_value(b, row, count, (double)(price_ticks() - start) /
		    (count * CONTENTION_TIMES));
	pthread_barrier_destroy(&barrier);
}

void group_contention(struct bench *b)
{
	unsigned int i;

	bench_open(b);
	VFIO_ASSERT_TRUE(enable(b, 32));
	for (i = 0; i < CARD_SLOTS; i++)
		program_slot(b, card_slot(i), i % b->vectors);
	contend(b, "contention-window-write", write_plain);
	contend(b, "contention-slot-write", write_slot);
	if (b->ours)
		contend(b, "contention-mask", mask_one);
	bench_close(b);
}
