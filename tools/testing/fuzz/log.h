/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's log: which program was the last one before a fault. The lab judges the
 * whole log when the host has ended; this is for telling the program.
 */
#ifndef FUZZ_LOG_H
#define FUZZ_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct log;

/* Begins behind the last message. */
struct log *log_open(void);
void log_close(struct log *log);

/* Does a message since the last call report a fault? @text gets the first one that does. */
bool log_fault(struct log *log, char *text, size_t size);

/* Writes a message that is also on the console, and so is kept if the host dies. */
void log_say(struct log *log, const char *text);

#endif /* FUZZ_LOG_H */
