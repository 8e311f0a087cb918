/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#include "compiler.h"

/* --verbose: log_detail() says something. */
extern bool log_details;

/* What went wrong, and what else is worth a line in every run. */
__printf(1, 2) void log_line(const char *format, ...);

/* Every access and every message. */
__printf(1, 2) void log_detail(const char *format, ...);

#endif /* LOG_H */
