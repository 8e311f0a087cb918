// SPDX-License-Identifier: GPL-2.0-only
/*
 *	price DRIVER DEVICE GROUP...
 *
 * Prints a line "price DRIVER DEVICE GROUP ROW X TICKS CPU SPREAD" for each row: medians, and
 * the difference between the smallest and the largest number of ticks in percent. X is "-"
 * or the number on which the row depends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "price.h"

u64 price_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

#define GRACE_US	50000

void price_settle(void)
{
	usleep(GRACE_US);
}

static u64 cpu_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);

	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static bool is_profiled(const struct price *price)
{
	return price->rounds > price->seen &&
	       price->rounds <= price->seen + PRICE_SAMPLES;
}

void price_start(struct price *price)
{
	price->start_cpu = cpu_time();
	if (is_profiled(price))
		asm volatile(PRICE_BEGIN_MARKER);
	price->start_ticks = price_ticks();
}

void price_stop(struct price *price, unsigned int times)
{
	u64 ticks = price_ticks() - price->start_ticks;
	u64 cpu;

	if (is_profiled(price))
		asm volatile(PRICE_END_MARKER);
	cpu = cpu_time() - price->start_cpu;
	price->ticks[price->rounds] = (double)ticks / times;
	price->cpu[price->rounds++] = (double)cpu / times;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

/* Sorts all samples but that of the warm-up. Returns the median. */
static double sort(double *samples, unsigned int count)
{
	qsort(samples + 1, count - 1, sizeof(*samples), compare);

	return samples[1 + (count - 1) / 2];
}

static void print_row(const struct bench *b, const char *row, int x,
		      double ticks, double cpu, double spread)
{
	char number[16] = "-";

	if (x != NO_X)
		snprintf(number, sizeof(number), "%d", x);
	printf("price %s %s %s %s %s %.0f %.0f %.2f\n", b->driver, b->device,
	       b->group, row, number, ticks, cpu, spread);
	fflush(stdout);
}

void price_report(const struct bench *b, const struct price *price,
		  const char *row, int x)
{
	struct price sorted = *price;
	double ticks = sort(sorted.ticks, sorted.rounds);
	double cpu = sort(sorted.cpu, sorted.rounds);
	double low = sorted.ticks[1];
	double high = sorted.ticks[sorted.rounds - 1];

	print_row(b, row, x, ticks, cpu, low ? 100 * (high - low) / low : 0);
}

void price_value(const struct bench *b, const char *row, int x, double value)
{
	print_row(b, row, x, value, value, 0);
}

static const struct {
	const char *name;
	void (*run)(struct bench *b);
} groups[] = {
	{ "access", group_access },
	{ "slot", group_slot },
	{ "calls", group_calls },
	{ "messages", group_messages },
	{ "session", group_session },
	{ "memory", group_memory },
	{ "interrupt", group_interrupt },
	{ "windows", group_windows },
	{ "slots", group_slots },
	{ "history", group_history },
	{ "candidates", group_candidates },
	{ "pins", group_pins },
	{ "contention", group_contention },
};

static bool run_group(struct bench *b, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		if (strcmp(groups[i].name, name))
			continue;
		b->group = name;
		groups[i].run(b);
		return true;
	}
	fprintf(stderr, "price: there is no group %s\n", name);

	return false;
}

/* lab_bdf() looks for the name as an identifier of C. */
static const char *find_bdf(const char *device)
{
	char name[64], *dash;

	snprintf(name, sizeof(name), "%s", device);
	while ((dash = strchr(name, '-')))
		*dash = '_';

	return lab_bdf(name);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 8192, 8192 };
	struct bench b = {};
	int i;

	if (argc < 4) {
		fprintf(stderr, "usage: price DRIVER DEVICE GROUP...\n");
		return 2;
	}

	setrlimit(RLIMIT_NOFILE, &files);
	b.driver = argv[1];
	b.device = argv[2];
	b.ours = !strcmp(b.driver, DRIVER_MSI);
	b.outside = strstr(b.device, "ath") ? ATH_OUTSIDE : 0x10;
	snprintf(b.bdf, sizeof(b.bdf), "%s", find_bdf(b.device));
	driver_bind(b.bdf, b.driver);

	for (i = 3; i < argc; i++)
		if (!run_group(&b, argv[i]))
			return 2;

	return 0;
}
