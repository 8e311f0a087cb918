// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs in a guest in the emulated host: prints what accesses to the card's BAR cost the
 * guest, as lines "ROW INSTRUCTIONS". The counter counts for all involved: the guest, the
 * VMM and the host's kernel.
 */
#include <cpuid.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BAR_SIZE	0x200000
#define ROUNDS		32
#define TIMES		4

static volatile uint32_t *bar;

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* From 6.14 on, KVM needs this before an access that it emulates: see leave_guest.h. */
static void leave_guest(void)
{
	uint32_t a, b, c, d;

	__cpuid(0, a, b, c, d);
}

static void write_row(const char *row, uint32_t offset)
{
	uint64_t rounds[ROUNDS], start;
	int i, n;

	for (i = 0; i < ROUNDS; i++) {
		leave_guest();
		start = __builtin_ia32_rdtsc();
		for (n = 0; n < TIMES; n++)
			bar[offset / 4] = 0x12345678;
		rounds[i] = (__builtin_ia32_rdtsc() - start) / TIMES;
	}
	qsort(rounds, ROUNDS, sizeof(*rounds), compare);
	printf("%s %lu\n", row, rounds[ROUNDS / 2]);
	fflush(stdout);
}

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);

	return fopen(path, mode);
}

static bool is_card(const char *folder)
{
	FILE *file = open_in(folder, "vendor", "r");
	char id[16];
	bool card;

	if (!file)
		return false;
	card = fgets(id, sizeof(id), file) && !strncmp(id, "0x17cb", 6);
	fclose(file);

	return card;
}

/* The card has no driver here that would turn on its memory decoding. */
static bool turn_on(const char *folder)
{
	FILE *file = open_in(folder, "enable", "w");

	return file && fputs("1", file) >= 0 && !fclose(file);
}

/* BAR 0 of the first device of Qualcomm */
static int open_bar(void)
{
	char path[256];
	glob_t found;
	size_t i;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &found))
		return -1;
	for (i = 0; i < found.gl_pathc; i++) {
		if (!is_card(found.gl_pathv[i]))
			continue;
		if (!turn_on(found.gl_pathv[i]))
			return -1;
		snprintf(path, sizeof(path), "%s/resource0", found.gl_pathv[i]);
		return open(path, O_RDWR);
	}

	return -1;
}

/* What the driver of a card with three views of its registers writes when it sends and receives */
int main(void)
{
	bar = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, open_bar(), 0);
	if (bar == MAP_FAILED) {
		perror("price_guest");
		return 1;
	}
	write_row("guest-outside", 0x1110);
	write_row("guest-transmit", 0x1c6000);
	write_row("guest-transmit-done", 0x1b70c4);
	write_row("guest-receive", 0x1bb03c);
	write_row("guest-copy-engine", 0x100400);
	write_row("guest-slot-page", 0x1b8100);

	return 0;
}
