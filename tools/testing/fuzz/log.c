// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvfio.h>

#include "log.h"

/* The lab's list, which is installed beside this program: tools/testing/lab/splats */
#define REPORTS	"splats"

struct log {
	int fd;
	regex_t reports;
};

/* All lines of the list as one expression. */
static void read_reports(regex_t *reports)
{
	FILE *in = fopen(REPORTS, "r");
	char line[128], all[8192] = "";

	VFIO_ASSERT_NOT_NULL(in, "%s cannot be read\n", REPORTS);
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (*all)
			strncat(all, "|", sizeof(all) - strlen(all) - 1);
		strncat(all, line, sizeof(all) - strlen(all) - 1);
	}
	fclose(in);
	VFIO_ASSERT_EQ(regcomp(reports, all, REG_EXTENDED | REG_NOSUB), 0);
}

struct log *log_open(void)
{
	struct log *log = calloc_assert(1, sizeof(*log));

	log->fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	VFIO_ASSERT_GE(log->fd, 0);
	lseek(log->fd, 0, SEEK_END);
	read_reports(&log->reports);

	return log;
}

void log_close(struct log *log)
{
	close(log->fd);
	regfree(&log->reports);
	free(log);
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
		if (found || !message || regexec(&log->reports, message, 0, NULL, 0))
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
