// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A Linux kernel starts at its PVH entry, in protected mode without paging. It needs no firmware,
 * but a table of the machine's interrupts (Intel's MultiProcessor Specification 1.4).
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "vmm.h"

#define START_INFO	0x6000
#define MODULES		0x6800
#define MEMORY_MAP	0x7000
#define COMMAND_LINE	0x20000
#define COMMAND_LINE_MAX	2048
/* Linux looks for the table in the last KiB of conventional memory. */
#define MP_TABLE	0x9fc00
#define BIOS_END	0x100000

#define PVH_NOTE	18
#define NOTES_MAX	4096
#define START_MAGIC	0x336ec578
#define MEMORY_RAM	1
#define MEMORY_RESERVED	2

#define IOAPIC_ADDRESS	0xfec00000
#define LAPIC_ADDRESS	0xfee00000
#define IOAPIC_ID	1
#define ISA_IRQS	16

/* Xen's arch-x86/hvm/start_info.h */
struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t memory_map;
	uint32_t memory_map_count;
	uint32_t reserved;
};

struct start_module {
	uint64_t address;
	uint64_t size;
	uint64_t command_line;
	uint64_t reserved;
};

struct memory_map_entry {
	uint64_t address;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

static void refuse(const char *name)
{
	errno = ENOEXEC;
	die(name);
}

/* Where @size bytes of the guest's memory are */
static void *at(struct machine *machine, uint64_t address, uint64_t size)
{
	if (address > machine->memory_size || size > machine->memory_size - address) {
		errno = ENOMEM;
		die("the guest's memory");
	}

	return machine->memory + address;
}

/* Returns the PVH entry if the note is there, otherwise 0. */
static uint32_t find_entry(const uint8_t *notes, size_t size)
{
	const Elf64_Nhdr *note;
	uint32_t entry;
	size_t name_size;

	while (size >= sizeof(*note)) {
		note = (const void *)notes;
		name_size = sizeof(*note) + ((note->n_namesz + 3) & ~3U);
		if (note->n_type == PVH_NOTE && size >= name_size + sizeof(entry)) {
			memcpy(&entry, notes + name_size, sizeof(entry));
			return entry;
		}
		name_size += (note->n_descsz + 3) & ~3U;
		if (name_size > size)
			break;
		notes += name_size;
		size -= name_size;
	}

	return 0;
}

static void read_file(int fd, const char *name, void *to, size_t size, uint64_t offset)
{
	ssize_t count;

	while (size) {
		count = pread(fd, to, size, (off_t)offset);
		if (!count)
			refuse(name);
		must(count < 0 ? -1 : 0, name);
		to = (uint8_t *)to + count;
		offset += (uint64_t)count;
		size -= (size_t)count;
	}
}

static uint32_t load_part(struct machine *machine, int fd, const char *name,
			  const Elf64_Phdr *part)
{
	uint8_t notes[NOTES_MAX];

	if (part->p_type == PT_LOAD)
		read_file(fd, name, at(machine, part->p_paddr, part->p_memsz), part->p_filesz,
			  part->p_offset);
	if (part->p_type != PT_NOTE || part->p_filesz > sizeof(notes))
		return 0;
	read_file(fd, name, notes, part->p_filesz, part->p_offset);

	return find_entry(notes, part->p_filesz);
}

static uint32_t load_kernel(struct machine *machine, const char *name)
{
	int fd = must(open(name, O_RDONLY | O_CLOEXEC), name);
	Elf64_Ehdr header;
	Elf64_Phdr part;
	uint32_t entry = 0, found;
	unsigned int i;

	read_file(fd, name, &header, sizeof(header), 0);
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_phentsize != sizeof(part))
		refuse(name);
	for (i = 0; i < header.e_phnum; i++) {
		read_file(fd, name, &part, sizeof(part), header.e_phoff + i * sizeof(part));
		found = load_part(machine, fd, name, &part);
		entry = entry ? entry : found;
	}
	if (!entry)
		refuse(name);
	close(fd);

	return entry;
}

static struct start_module load_initrd(struct machine *machine, const char *name)
{
	int fd = must(open(name, O_RDONLY | O_CLOEXEC), name);
	struct start_module module = { 0 };
	struct stat stat;

	must(fstat(fd, &stat), name);
	module.size = (uint64_t)stat.st_size;
	module.address = machine->memory_size -
			 (module.size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	read_file(fd, name, at(machine, module.address, module.size), module.size, 0);
	close(fd);

	return module;
}

static uint8_t checksum(const uint8_t *bytes, unsigned int size)
{
	uint8_t sum = 0;

	while (size--)
		sum = (uint8_t)(sum + *bytes++);

	return (uint8_t)-sum;
}

static uint8_t *put_bytes(uint8_t *to, const void *bytes, unsigned int size)
{
	memcpy(to, bytes, size);

	return to + size;
}

/* The entries of the table: a processor, the ISA bus, an I/O APIC, and what is connected to it */
static uint8_t *put_entries(uint8_t *to)
{
	const uint8_t processor[20] = { 0, 0, 0x14, 3 };
	const uint8_t bus[8] = { 1, 0, 'I', 'S', 'A', ' ', ' ', ' ' };
	const uint8_t ioapic[8] = {
		2, IOAPIC_ID, 0x11, 1, 0, 0, IOAPIC_ADDRESS >> 16 & 0xff, IOAPIC_ADDRESS >> 24,
	};
	uint8_t interrupt[8] = { 3, 0, 0, 0, 0, 0, IOAPIC_ID, 0 };
	const uint8_t external[8] = { 4, 3, 0, 0, 0, 0, 0, 0 };
	const uint8_t nmi[8] = { 4, 1, 0, 0, 0, 0, 0xff, 1 };
	unsigned int i;

	to = put_bytes(to, processor, sizeof(processor));
	to = put_bytes(to, bus, sizeof(bus));
	to = put_bytes(to, ioapic, sizeof(ioapic));
	for (i = 0; i < ISA_IRQS; i++) {
		interrupt[5] = (uint8_t)i;
		interrupt[7] = (uint8_t)i;
		to = put_bytes(to, interrupt, sizeof(interrupt));
	}
	to = put_bytes(to, external, sizeof(external));

	return put_bytes(to, nmi, sizeof(nmi));
}

static void put_mp_table(struct machine *machine)
{
	uint8_t *pointer = at(machine, MP_TABLE, 0x400);
	uint8_t *table = pointer + 16;
	uint8_t *end = put_entries(table + 44);
	uint32_t size = (uint32_t)(end - table);
	uint32_t address = MP_TABLE + 16;
	uint32_t lapic = LAPIC_ADDRESS;

	memcpy(table, "PCMP", 4);
	table[4] = (uint8_t)size;
	table[5] = (uint8_t)(size >> 8);
	table[6] = 4;
	memcpy(table + 8, "SMALLVMM VMM         ", 20);
	table[34] = 3 + ISA_IRQS + 2;
	memcpy(table + 36, &lapic, 4);
	table[7] = checksum(table, size);

	memcpy(pointer, "_MP_", 4);
	memcpy(pointer + 4, &address, 4);
	pointer[8] = 1;
	pointer[9] = 4;
	pointer[10] = checksum(pointer, 16);
}

static void put_start_info(struct machine *machine, const struct start_module *module,
			   const char *command_line)
{
	const struct memory_map_entry map[] = {
		{ .address = 0, .size = MP_TABLE, .type = MEMORY_RAM },
		{ .address = MP_TABLE, .size = BIOS_END - MP_TABLE, .type = MEMORY_RESERVED },
		{ .address = BIOS_END, .size = machine->memory_size - BIOS_END,
		  .type = MEMORY_RAM },
	};
	const struct start_info info = {
		.magic = START_MAGIC,
		.version = 1,
		.module_count = 1,
		.modules = MODULES,
		.command_line = COMMAND_LINE,
		.memory_map = MEMORY_MAP,
		.memory_map_count = sizeof(map) / sizeof(map[0]),
	};

	if (strlen(command_line) >= COMMAND_LINE_MAX) {
		errno = E2BIG;
		die("the command line");
	}
	memcpy(at(machine, START_INFO, sizeof(info)), &info, sizeof(info));
	memcpy(at(machine, MODULES, sizeof(*module)), module, sizeof(*module));
	memcpy(at(machine, MEMORY_MAP, sizeof(map)), map, sizeof(map));
	strcpy(at(machine, COMMAND_LINE, COMMAND_LINE_MAX), command_line);
}

static struct kvm_segment flat_segment(uint8_t type, uint16_t selector)
{
	struct kvm_segment segment = {
		.limit = UINT32_MAX, .selector = selector, .type = type, .present = 1, .db = 1,
		.s = 1, .g = 1,
	};

	return segment;
}

static void start_vcpu(struct machine *machine, uint32_t entry)
{
	struct kvm_regs regs = { .rip = entry, .rbx = START_INFO, .rflags = 2 };
	struct kvm_sregs sregs;

	must(ioctl(machine->vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs = flat_segment(0xb, 0x10);
	sregs.ds = flat_segment(3, 0x18);
	sregs.es = sregs.ds;
	sregs.fs = sregs.ds;
	sregs.gs = sregs.ds;
	sregs.ss = sregs.ds;
	sregs.cr0 |= 1;
	must(ioctl(machine->vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	must(ioctl(machine->vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

void boot_load(struct machine *machine, const char *kernel, const char *initrd,
	       const char *command_line)
{
	struct start_module module = load_initrd(machine, initrd);
	uint32_t entry = load_kernel(machine, kernel);

	put_mp_table(machine);
	put_start_info(machine, &module, command_line);
	start_vcpu(machine, entry);
}
