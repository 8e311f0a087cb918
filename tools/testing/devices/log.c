// SPDX-License-Identifier: GPL-2.0-only
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

bool log_details;

static void log_write(const char *format, va_list args)
{
	flockfile(stderr);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	funlockfile(stderr);
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(format, args);
	va_end(args);
}

void log_detail(const char *format, ...)
{
	va_list args;

	if (!log_details)
		return;
	va_start(args, format);
	log_write(format, args);
	va_end(args);
}
