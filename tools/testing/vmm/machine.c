// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "vmm.h"

#define CPUID_ENTRIES		256
#define CPUID_HYPERVISOR	(1U << 31)
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_ENABLED_WRITE_BACK	0x806
#define INTEL_TSS		0xfffbd000

static void create_memory(struct machine *machine, const char *name)
{
	struct kvm_userspace_memory_region region = { .memory_size = machine->memory_size };
	int fd;

	if (machine->memory_size > BARS_START) {
		errno = EINVAL;
		die("memory");
	}
	fd = name ? open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600) :
		    memfd_create("memory", MFD_CLOEXEC);
	must(fd, "memory");
	must(ftruncate(fd, (off_t)machine->memory_size), "memory");
	machine->memory = mmap(NULL, machine->memory_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			       fd, 0);
	if (machine->memory == MAP_FAILED)
		die("memory");
	close(fd);
	region.userspace_addr = (uintptr_t)machine->memory;
	must(ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &region), "memory");
}

static void set_cpuid(struct machine *machine)
{
	struct kvm_cpuid2 *cpuid;
	uint32_t i;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		die("cpuid");
	cpuid->nent = CPUID_ENTRIES;
	must(ioctl(machine->kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1)
			cpuid->entries[i].ecx |= CPUID_HYPERVISOR;
	must(ioctl(machine->vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
	free(cpuid);
}

/* Memory is cached, as firmware would have said. */
static void set_memory_type(struct machine *machine)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} set = {
		.msrs.nmsrs = 1,
		.entry = { .index = MSR_MTRR_DEF_TYPE, .data = MTRR_ENABLED_WRITE_BACK },
	};

	must(ioctl(machine->vcpu, KVM_SET_MSRS, &set), "KVM_SET_MSRS");
}

/* No signal is blocked in KVM_RUN, which one that is pending interrupts at once. */
static void set_signal_mask(struct machine *machine)
{
	struct {
		struct kvm_signal_mask mask;
		uint8_t blocked[8];
	} set = { .mask.len = sizeof(set.blocked) };

	must(ioctl(machine->vcpu, KVM_SET_SIGNAL_MASK, &set), "KVM_SET_SIGNAL_MASK");
}

void machine_create(struct machine *machine, uint64_t memory_size, const char *memory_file)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	machine->memory_size = memory_size;
	machine->kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	machine->vm = must(ioctl(machine->kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	must(ioctl(machine->vm, KVM_SET_TSS_ADDR, INTEL_TSS), "KVM_SET_TSS_ADDR");
	must(ioctl(machine->vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	must(ioctl(machine->vm, KVM_CREATE_PIT2, &pit), "KVM_CREATE_PIT2");
	create_memory(machine, memory_file);

	machine->vcpu = must(ioctl(machine->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	machine->run_size = must(ioctl(machine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "vcpu");
	machine->run = mmap(NULL, (size_t)machine->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    machine->vcpu, 0);
	if (machine->run == MAP_FAILED)
		die("vcpu");
	set_signal_mask(machine);
	set_cpuid(machine);
	set_memory_type(machine);
}

static struct serial *find_serial(struct machine *machine, uint16_t port)
{
	unsigned int i;

	for (i = 0; i < SERIAL_PORTS; i++)
		if ((port & ~7) == machine->serial[i].port)
			return &machine->serial[i];

	return NULL;
}

/* What nobody answers reads as ones. */
static void port_access(struct machine *machine, uint16_t port, uint8_t *bytes,
			unsigned int width, bool write)
{
	struct serial *serial = find_serial(machine, port);
	uint32_t value = UINT32_MAX;

	if (write) {
		value = 0;
		memcpy(&value, bytes, width);
	}
	if (port >= 0xcf8 && port <= 0xcff) {
		if (write)
			pci_port_write(machine, port, width, value);
		else
			value = pci_port_read(machine, port, width);
	} else if (serial && width == 1) {
		if (write)
			serial_write(serial, port & 7, (uint8_t)value);
		else
			value = serial_read(serial, port & 7);
	}
	if (!write)
		memcpy(bytes, &value, width);
}

static void handle_port(struct machine *machine)
{
	struct kvm_run *run = machine->run;
	uint8_t *bytes = (uint8_t *)run + run->io.data_offset;
	uint32_t i;

	for (i = 0; i < run->io.count; i++, bytes += run->io.size)
		port_access(machine, run->io.port, bytes, run->io.size,
			    run->io.direction == KVM_EXIT_IO_OUT);
}

static void handle_memory(struct machine *machine)
{
	struct kvm_run *run = machine->run;

	if (!device_memory(&machine->device, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
			   run->mmio.is_write) && !run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

/* Returns whether the guest goes on. */
static bool handle_exit(struct machine *machine)
{
	struct kvm_run *run = machine->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		handle_port(machine);
		return true;
	case KVM_EXIT_MMIO:
		handle_memory(machine);
		return true;
	case KVM_EXIT_SHUTDOWN:
		return false;
	case KVM_EXIT_INTERNAL_ERROR:
		fprintf(stderr, "KVM internal error. Suberror: %u\n", run->internal.suberror);
		break;
	}
	fprintf(stderr, "vmm: the vCPU ended with reason %u\n", run->exit_reason);
	exit(1);
}

/* Whether KVM_RUN returned for an exit, and not for a signal */
static bool run_vcpu(struct machine *machine)
{
	if (!ioctl(machine->vcpu, KVM_RUN, 0))
		return true;
	if (errno != EINTR)
		die("KVM_RUN");

	return false;
}

static bool take_signal(void)
{
	const struct timespec now = { 0 };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);

	return sigtimedwait(&signals, NULL, &now) == SIGUSR1;
}

/*
 * After an access KVM has something left to do, which it does at the beginning of the next
 * KVM_RUN. Only a KVM_RUN that was interrupted leaves the vCPU's state whole.
 */
bool machine_run(struct machine *machine)
{
	for (;;) {
		if (run_vcpu(machine)) {
			if (!handle_exit(machine))
				return false;
		} else if (take_signal()) {
			return true;
		}
	}
}
