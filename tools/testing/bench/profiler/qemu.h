/* SPDX-License-Identifier: GPL-2.0-only */
/* What plugin.c uses of QEMU's interface for plugins. Debian has no package with its header. */
#ifndef PROFILER_QEMU_H
#define PROFILER_QEMU_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_API	7
#define NO_REGISTERS	0
#define COND_EQ		2

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;

struct qemu_plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

/* @call gets the block and @data */
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void *call, void *data);
/* @call gets the number of the CPU and @data */
void qemu_plugin_register_vcpu_insn_exec_cond_cb(struct qemu_plugin_insn *insn, void *call,
						 int flags, int cond,
						 struct qemu_plugin_u64 entry,
						 uint64_t value, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void *call,
					    int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
void qemu_plugin_u64_set(struct qemu_plugin_u64 entry, unsigned int cpu, uint64_t value);

/* QEMU reads the one and calls the other. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

#endif /* PROFILER_QEMU_H */
