/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts the instructions that operations of VFIO take, in a host whose time stamp counter
 * ticks once for each (lab boot --icount): those of this program, of the kernel below it,
 * and of interrupts that arrive meanwhile. Where a task sleeps the counter leaps, so the
 * task's CPU time is recorded as well.
 */
#ifndef BENCH_PRICE_H
#define BENCH_PRICE_H

#include <stdbool.h>

#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "session.h"
#include "window.h"

#define PRICE_VECTORS	2048
#define PRICE_ROUNDS	9
/* The rounds of a row that the profiler sees; profile_report knows this number. */
#define PRICE_SAMPLES	3

/* Instructions without effect, which compilers do not use; profiler/plugin.c looks for them. */
#define PRICE_BEGIN_MARKER	"xchg %r13, %r13"
#define PRICE_END_MARKER	"xchg %r14, %r14"

/* A guest's message, and a place in the window of the ath11k model that is no slot. */
#define GUEST_ADDRESS	0xfee01000
#define GUEST_DATA	0x4060
#define PLAIN_OFFSET	0x90000
/* A register of the ath11k model outside of its window; of the msix model, memory. */
#define ATH_OUTSIDE	0x1110

/* A row without a number */
#define NO_X		(-1)

/**
 * struct bench - a device under one driver
 * @driver: the driver
 * @device: the name of the device in the lab
 * @group: the group of rows that is measured
 * @bdf: its address
 * @ours: the driver is msi-vfio-pci
 * @s: the open session
 * @fd: its file
 * @index: MSI or MSI-X
 * @vectors: how many vectors the last enable() has given
 * @outside: an offset in BAR 0 that no window has
 * @msi: offset of the MSI capability, or 0
 * @msi_data: offset of its data register
 */
struct bench {
	const char *driver;
	const char *device;
	const char *group;
	char bdf[BDF_SIZE];
	bool ours;
	struct session *s;
	int fd;
	u32 index;
	int vectors;
	u64 outside;
	int msi;
	int msi_data;
};

/**
 * struct price - samples of one row
 * @rounds: how many there are; the first is a warm-up
 * @seen: the profiler sees the rounds after this one
 * @ticks: time stamp counter
 * @cpu: CPU time of the task in nanoseconds, which are instructions
 * @start_ticks: at the start of this round
 * @start_cpu: at the start of this round
 */
struct price {
	unsigned int rounds;
	unsigned int seen;
	double ticks[PRICE_ROUNDS];
	double cpu[PRICE_ROUNDS];
	u64 start_ticks;
	u64 start_cpu;
};

u64 price_ticks(void);
/* The kernel frees what the last operation has left to RCU, so that the next one does not. */
void price_settle(void);
void price_start(struct price *price);
/* @times: how often the operation was done since price_start() */
void price_stop(struct price *price, unsigned int times);
void price_report(const struct bench *b, const struct price *price,
		  const char *row, int x);
/* A row that was not measured in rounds. */
void price_value(const struct bench *b, const char *row, int x, double value);

#define PRICE(b, row, x, times, ...)					\
do {									\
	struct price price_ = {};					\
	unsigned int i_;						\
									\
	while (price_.rounds < PRICE_ROUNDS) {				\
		price_start(&price_);					\
		for (i_ = 0; i_ < (times); i_++) {			\
			__VA_ARGS__;					\
		}							\
		price_stop(&price_, times);				\
	}								\
	price_report(b, &price_, row, x);				\
} while (0)

/*
 * Two operations that undo each other. The profiler sees all samples of the first before those of
 * the second: the order in which their rows are printed.
 */
#define PRICE_PAIR(b, x, row_a, a, row_b, b_)				\
do {									\
	struct price price_[2] = { {}, { .seen = PRICE_SAMPLES } };	\
									\
	while (price_[0].rounds < PRICE_ROUNDS) {			\
		price_settle();						\
		price_start(&price_[0]);				\
		a;							\
		price_stop(&price_[0], 1);				\
		price_settle();						\
		price_start(&price_[1]);				\
		b_;							\
		price_stop(&price_[1], 1);				\
	}								\
	price_report(b, &price_[0], row_a, x);				\
	price_report(b, &price_[1], row_b, x);				\
} while (0)

/* device.c: one system call each, as a VMM makes them */
void bench_open(struct bench *b);
void bench_close(struct bench *b);
u32 config_read4(struct bench *b, u32 pos);
u16 config_read2(struct bench *b, u32 pos);
void config_write4(struct bench *b, u32 pos, u32 value);
void config_write2(struct bench *b, u32 pos, u16 value);
u32 bar_read4(struct bench *b, u64 offset);
void bar_write4(struct bench *b, u64 offset, u32 value);
/* What the guest writes to its virtual capability */
void set_message(struct bench *b, u32 address, u16 data);
/* Program a slot of the ath11k model: address, flags, data. */
void program_slot(struct bench *b, u64 offset, u32 vector);
/* The n-th of the slots that the driver of the card programs */
u64 card_slot(unsigned int n);
#define CARD_SLOTS	ATH11K_SLOTS
int request_irqs(struct bench *b, u32 flags, u32 start, u32 count,
		 const int *fds);
int *bench_eventfds(void);
/* As many as there can be: a host that does not remap interrupts has one of MSI. */
bool enable(struct bench *b, int count);
void disable(struct bench *b);
void mask(struct bench *b, u32 count);
void unmask(struct bench *b, u32 count);
void set_novirt(struct bench *b);

/* The groups of rows */
void group_access(struct bench *b);
void group_slot(struct bench *b);
void group_calls(struct bench *b);
void group_messages(struct bench *b);
void group_session(struct bench *b);
void group_memory(struct bench *b);
void group_interrupt(struct bench *b);
void group_windows(struct bench *b);
void group_slots(struct bench *b);
void group_history(struct bench *b);
void group_candidates(struct bench *b);
void group_pins(struct bench *b);
void group_contention(struct bench *b);

#endif /* BENCH_PRICE_H */
