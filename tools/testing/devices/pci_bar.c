// SPDX-License-Identifier: GPL-2.0-only
/* The BARs of a function, and accesses to them. */
#include "pci.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "log.h"

/* The smallest memory BAR that the specification allows. */
#define MIN_SIZE	16
#define MAX_SIZE_32	(1ULL << 31)
/* The offsets of table and PBA have 32 bits. */
#define MAX_SIZE_64	(1ULL << 32)

static int check_bar(const struct pci_function *f, unsigned int index, uint64_t size,
		     bool is_64)
{
	if (index >= PCI_STD_NUM_BARS || (is_64 && index == PCI_STD_NUM_BARS - 1)) {
		log_line("BAR%u: no such BAR%s", index, is_64 ? " of 64 bits" : "");
		return -1;
	}
	if (f->bar[index].size || (is_64 && f->bar[index + 1].size) ||
	    pci_upper_half(f, index)) {
		log_line("BAR%u: used twice", index);
		return -1;
	}
	if (size < MIN_SIZE || size & (size - 1) || size > (is_64 ? MAX_SIZE_64 : MAX_SIZE_32)) {
		log_line("BAR%u: size 0x%" PRIx64 " is not a power of two from %u to 0x%llx",
			 index, size, MIN_SIZE, is_64 ? MAX_SIZE_64 : MAX_SIZE_32);
		return -1;
	}
	return 0;
}

int pci_add_bar(struct pci_function *f, unsigned int index, uint64_t size,
		uint32_t flags)
{
	unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * index;
	bool is_64 = flags & PCI_BASE_ADDRESS_MEM_TYPE_64;
	uint64_t address_bits = ~(size - 1);
	void *memory;

	if (check_bar(f, index, size, is_64))
		return -1;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		log_line("BAR%u: no memory: %s", index, strerror(errno));
		return -1;
	}
	f->bar[index].size = size;
	f->bar[index].memory = memory;
	pci_init32(f, reg, flags, address_bits);
	if (is_64)
		pci_init32(f, reg + 4, 0, address_bits >> 32);
	return 0;
}

bool pci_upper_half(const struct pci_function *f, unsigned int index)
{
	return index && f->bar[index - 1].size &&
	       f->initial[PCI_BASE_ADDRESS_0 + 4 * (index - 1)] & PCI_BASE_ADDRESS_MEM_TYPE_64;
}

void pci_bar_clear(struct pci_function *f)
{
	unsigned int i;

	f->memory_width = 0;
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (f->bar[i].size)
			madvise(f->bar[i].memory, f->bar[i].size, MADV_DONTNEED);
	}
}

uint32_t pci_bar_memory32(const struct pci_function *f, unsigned int bar,
			  uint64_t offset)
{
	uint32_t value;

	memcpy(&value, f->bar[bar].memory + offset, sizeof(value));
	return le32toh(value);
}

/*
 * The size of the first part of an access: the largest that is naturally aligned, up to a
 * dword. No register is wider, and no other access comes between the parts of one.
 */
static size_t first_part(uint64_t offset, size_t size)
{
	size_t part = sizeof(uint32_t);

	while (part > size || offset & (part - 1))
		part /= 2;
	return part;
}

static void read_part(struct pci_function *f, unsigned int bar, uint64_t offset,
		      uint8_t *data, size_t size)
{
	uint64_t dword = offset & ~3ULL;
	uint32_t value;

	if (!f->ops->has_register(f, bar, dword)) {
		memcpy(data, f->bar[bar].memory + offset, size);
		return;
	}
	value = htole32(f->ops->read_register(f, bar, dword));
	memcpy(data, (uint8_t *)&value + (offset - dword), size);
}

static void write_part(struct pci_function *f, unsigned int bar, uint64_t offset,
		       const uint8_t *data, size_t size)
{
	uint32_t value;

	if (!f->ops->has_register(f, bar, offset & ~3ULL)) {
		memcpy(f->bar[bar].memory + offset, data, size);
		return;
	}
	if (size != sizeof(value)) {
		log_line("BAR%u 0x%" PRIx64 ": a write of %zu bytes to a register is ignored",
			 bar, offset, size);
		return;
	}
	memcpy(&value, data, sizeof(value));
	f->ops->write_register(f, bar, offset, le32toh(value));
}

void pci_bar_read(struct pci_function *f, unsigned int bar, uint64_t offset,
		  void *data, size_t size)
{
	uint8_t *byte = data;
	size_t part;

	if (!pci_decodes_memory(f)) {
		memset(data, 0xff, size);
		return;
	}
	for (; size; size -= part, byte += part, offset += part) {
		part = first_part(offset, size);
		read_part(f, bar, offset, byte, part);
	}
}

void pci_bar_write(struct pci_function *f, unsigned int bar, uint64_t offset,
		   const void *data, size_t size)
{
	const uint8_t *byte = data;
	size_t part, whole = size;

	if (!pci_decodes_memory(f))
		return;
	for (; size; size -= part, byte += part, offset += part) {
		part = first_part(offset, size);
		if (!f->ops->has_register(f, bar, offset & ~3ULL))
			f->memory_width = whole;
		write_part(f, bar, offset, byte, part);
	}
}
