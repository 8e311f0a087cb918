// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_poke ADDRESS BAR OFFSET VALUE: writes a dword into a BAR of a device that is not
 * open, through its file in sysfs.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE_SIZE	4096

int main(int argc, char **argv)
{
	volatile uint32_t *page;
	unsigned long offset;
	char path[128];
	int fd;

	if (argc != 5)
		errx(2, "usage: command_poke ADDRESS BAR OFFSET VALUE");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%s", argv[1], argv[2]);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	offset = strtoul(argv[3], NULL, 0);
	page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)(offset & ~(PAGE_SIZE - 1UL)));
	if (page == MAP_FAILED)
		err(1, "%s: mmap", path);
	page[offset % PAGE_SIZE / sizeof(*page)] = (uint32_t)strtoul(argv[4], NULL, 0);
	return 0;
}
