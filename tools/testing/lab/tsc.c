// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how fast this machine's time stamp counter runs, in kHz. It is that of
 * QEMU's TCG guests too, which measure it themselves as they start: on a machine with
 * other work, and then a host's time can run ten times too fast.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES		100
#define PAUSE_NS	200000000

struct moment {
	uint64_t ns;
	uint64_t ticks;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The counter and the time together: of many tries the one with the least between. */
static struct moment take_moment(void)
{
	uint64_t before, after, ticks, least = UINT64_MAX;
	struct moment best = { 0 };
	int i;

	for (i = 0; i < TRIES; i++) {
		before = now_ns();
		ticks = __rdtsc();
		after = now_ns();
		if (after - before >= least)
			continue;
		least = after - before;
		best.ns = before + least / 2;
		best.ticks = ticks;
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct moment start = take_moment(), end;

	nanosleep(&pause, NULL);
	end = take_moment();
	printf("%.0f\n", (end.ticks - start.ticks) * 1e6 / (end.ns - start.ns));
	return 0;
}
