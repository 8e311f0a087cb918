// SPDX-License-Identifier: GPL-2.0-only
/* The kernel log: messages about a device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

#define JOURNAL_SIZE	(16u << 20)

/* Opens the log for the messages that come from now on; -1: it cannot be read. */
int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

void kmsg_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The first line of a record, without the prefix */
static char *record_text(char *record, ssize_t length)
{
	char *text;

	record[length] = '\0';
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Called for texts that contain the address of the device only. */
typedef bool (*match_fn)(const struct device *dev, const char *text);

/* The last message about the device that matches, or NULL. The caller frees it. */
static char *find_last(int fd, const struct device *dev, match_fn match)
{
	char record[8192], *last = NULL;
	ssize_t length;

	/* EPIPE: the kernel has overwritten records that were not read yet */
	while (fd >= 0 && ((length = read(fd, record, sizeof(record) - 1)) > 0 ||
			   (length < 0 && errno == EPIPE))) {
		char *text;

		if (length < 0)
			continue;
		text = record_text(record, length);
		if (!strstr(text, dev->bdf) || !match(dev, text))
			continue;
		free(last);
		last = format_text("%s", text);
	}
	return last;
}

/* The number of the oldest message that the kernel still has; 0 is the first since boot. */
static unsigned long oldest_number(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned long number = 0;
	char record[8192];
	ssize_t length;

	if (fd < 0)
		return 0;
	length = read(fd, record, sizeof(record) - 1);
	close(fd);
	if (length <= 0)
		return 0;
	record[length] = '\0';
	return sscanf(record, "%*u,%lu,", &number) == 1 ? number : 0;
}

static bool read_kernels(kmsg_fn each, void *context)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	ssize_t length;

	if (fd < 0)
		return false;
	while ((length = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (length < 0 && errno == EPIPE))
		if (length > 0)
			each(record_text(record, length), context);
	close(fd);
	return true;
}

static bool read_journals(kmsg_fn each, void *context)
{
	static char *const argv[] = {
		"journalctl", "--dmesg", "--boot", "--output=cat", "--no-pager", "--quiet", NULL
	};
	char *text = xrealloc(NULL, 1, JOURNAL_SIZE), *rest = text, *line;
	bool has;

	has = !run_read(argv, text, JOURNAL_SIZE) && text[0];
	while (has && (line = strsep(&rest, "\n")))
		if (*line)
			each(line, context);
	free(text);
	return has;
}

/*
 * Calls @each for every message since boot: of the journal if the kernel does not have all
 * of them any more. Returns false if none can be read.
 */
bool kmsg_all(kmsg_fn each, void *context)
{
	return (oldest_number() && read_journals(each, context)) || read_kernels(each, context);
}

static bool match_any(const struct device *dev, const char *text)
{
	(void)dev;
	(void)text;
	return true;
}

/* Prints the last message about the device; returns false if there is none. */
bool kmsg_repeat(int fd, const struct device *dev)
{
	char *last = find_last(fd, dev, match_any);
	bool told = last;

	if (told)
		complain(0, "%s: the kernel said: %s", dev->bdf, last);
	free(last);
	return told;
}

/*
 * A BAR that got no addresses is not among the device's resources any more. "VF BAR 3" in
 * a message does not count: it is a BAR of the virtual functions.
 */
static bool match_unassigned_bar(const struct device *dev, const char *text)
{
	const char *rest = strstr(text, dev->bdf) + strlen(dev->bdf);
	unsigned int number;

	return strstr(rest, "failed to assign") && sscanf(rest, ": BAR %u", &number) == 1 &&
	       number < BARS && !dev->pci->size[number];
}

/* The message that a BAR of the device got no addresses, or NULL. The caller frees it. */
char *kmsg_unassigned(const struct device *dev)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text;

	pci_fill_info(dev->pci, PCI_FILL_BASES | PCI_FILL_SIZES);
	text = find_last(fd, dev, match_unassigned_bar);
	kmsg_close(fd);
	return text;
}
