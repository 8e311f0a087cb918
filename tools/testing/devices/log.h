/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#include "compiler.h"

/* --verbose: log_detail() logs. */
extern bool log_details;

/* Errors, and what else is logged without --verbose. */
__printf(1, 2) void log_line(const char *format, ...);

/* Each access and each message. */
__printf(1, 2) void log_detail(const char *format, ...);

#endif /* LOG_H */
