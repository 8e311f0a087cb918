// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvfio.h>

#include "log.h"

struct log {
	int fd;
};

/* How reports begin. tools/testing/lab/splat.py has all that the kernel can say. */
static const char * const reports[] = {
	"BUG: ", "WARNING: ", "KASAN: ", "UBSAN: ", "KCSAN: ", "Oops", "refcount_t: ",
	"general protection fault", "blocked for more than", "possible circular locking",
	"possible recursive locking", "irq lock inversion", "inconsistent lock state",
	"suspicious RCU usage", "bad unlock balance", "nobody cared", " corruption",
	"detected stall", "detected expedited stalls",
};

struct log *log_open(void)
{
	struct log *log = calloc_assert(1, sizeof(*log));

	log->fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	VFIO_ASSERT_GE(log->fd, 0);
	lseek(log->fd, 0, SEEK_END);

	return log;
}

void log_close(struct log *log)
{
	close(log->fd);
	free(log);
}

static bool is_report(const char *message)
{
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
		if (strstr(message, reports[i]))
			return true;

	return false;
}

bool log_fault(struct log *log, char *text, size_t size)
{
	bool found = false;
	char record[2048];
	ssize_t len;

	/* -EPIPE: records were overwritten before they were read. */
	while ((len = read(log->fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE) {
		const char *message;

		if (len < 0)
			continue;
		record[len] = '\0';
		record[strcspn(record, "\n")] = '\0';
		/* "level,sequence,time,flags;message" */
		message = strchr(record, ';');
		if (found || !message || !is_report(message))
			continue;
		snprintf(text, size, "%s", message + 1);
		found = true;
	}

	return found;
}

void log_say(struct log *log, const char *text)
{
	char record[128];
	int len = snprintf(record, sizeof(record), "<4>fuzz: %s\n", text);

	/* A full log is no reason to stop. */
	if (write(log->fd, record, len) < 0)
		errno = 0;
}
