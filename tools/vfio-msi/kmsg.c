// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says of a device in its log, when something fails. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio-msi.h"

/* The messages from here on, or -1 where this user may not read them. */
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

/* The text of a record, without its prefix and what follows the first line. */
static char *record_text(char *record, ssize_t length)
{
	char *text;

	record[length] = '\0';
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The text has the device's address in it. */
typedef bool (*match_fn)(const struct device *dev, const char *text);

/* The last thing that was said about the device and matches, or NULL; to be freed. */
static char *find_last(int fd, const struct device *dev, match_fn match)
{
	char record[8192], *last = NULL;
	ssize_t length;

	/* EPIPE: records were overwritten before they were read */
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

static bool match_any(const struct device *dev, const char *text)
{
	(void)dev;
	(void)text;
	return true;
}

/* Repeats the last thing that was said about the device, if there is one. */
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
 * A BAR that was not given addresses is none of the device's resources any more. The BARs of
 * its virtual functions have numbers of their own: "VF BAR 3" is not BAR 3.
 */
static bool match_unassigned_bar(const struct device *dev, const char *text)
{
	const char *behind = strstr(text, dev->bdf) + strlen(dev->bdf);
	unsigned int number;

	return strstr(behind, "failed to assign") && sscanf(behind, ": BAR %u", &number) == 1 &&
	       number < BARS && !dev->pci->size[number];
}

/* What the kernel said of a BAR without addresses, or NULL; to be freed. */
char *kmsg_unassigned(const struct device *dev)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text;

	pci_fill_info(dev->pci, PCI_FILL_BASES | PCI_FILL_SIZES);
	text = find_last(fd, dev, match_unassigned_bar);
	kmsg_close(fd);
	return text;
}
