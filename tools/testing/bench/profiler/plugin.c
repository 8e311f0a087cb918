// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's TCG. It counts each instruction that the host executes between the two
 * markers of price.h, by its address, and writes to the file of out=FILE for each pair of
 * them a line "sample" and lines "ADDRESS COUNT".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "qemu.h"

#define EXPORT		__attribute__((visibility("default")))

EXPORT int qemu_plugin_version = PLUGIN_API;

/* xchg %r13,%r13 and xchg %r14,%r14 */
static const uint8_t begin_marker[] = { 0x4d, 0x87, 0xed };
static const uint8_t end_marker[] = { 0x4d, 0x87, 0xf6 };

#define ENTRIES		(1 << 20)

static struct {
	uint64_t address;
	uint64_t count;
} counts[ENTRIES];

/* 1 for a CPU between the markers */
static struct qemu_plugin_u64 counting;
static FILE *out;

static void count(unsigned int cpu, void *data)
{
	uint64_t address = (uintptr_t)data;
	unsigned int i = (address * 0x9e3779b97f4a7c15ULL) >> 44;

	while (counts[i].address && counts[i].address != address)
		i = (i + 1) % ENTRIES;
	counts[i].address = address;
	counts[i].count++;
}

static void begin(unsigned int cpu, void *data)
{
	memset(counts, 0, sizeof(counts));
	qemu_plugin_u64_set(counting, cpu, 1);
}

static void end(unsigned int cpu, void *data)
{
	unsigned int i;

	qemu_plugin_u64_set(counting, cpu, 0);
	fprintf(out, "sample\n");
	for (i = 0; i < ENTRIES; i++)
		if (counts[i].count)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", counts[i].address,
				counts[i].count);
	fflush(out);
}

static bool is(const uint8_t *code, size_t size, const uint8_t *marker)
{
	return size == sizeof(begin_marker) && !memcmp(code, marker, size);
}

static void watch(struct qemu_plugin_insn *insn)
{
	uintptr_t address = qemu_plugin_insn_vaddr(insn);
	uint8_t code[16];
	size_t size = qemu_plugin_insn_data(insn, code, sizeof(code));

	if (is(code, size, begin_marker))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, NULL);
	else if (is(code, size, end_marker))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
	else
		qemu_plugin_register_vcpu_insn_exec_cond_cb(insn, count, NO_REGISTERS, COND_EQ,
							    counting, 1, (void *)address);
}

static void translated(struct qemu_plugin_tb *tb, void *data)
{
	size_t i, size = qemu_plugin_tb_n_insns(tb);

	for (i = 0; i < size; i++)
		watch(qemu_plugin_tb_get_insn(tb, i));
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	counting.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated, NULL);

	return 0;
}
