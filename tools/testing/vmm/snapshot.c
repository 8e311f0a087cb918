// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Save a guest, and load it in another process: its memory is in a file of its own, and all else
 * in the snapshot. The device itself is not saved. It is opened anew, so it has been reset, and
 * gets back its registers in configuration space and all of its MSI and MSI-X.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>
#include <linux/pci_regs.h>

#include "vmm.h"

#define MSRS_MAX	512

struct part {
	unsigned long get;
	unsigned long set;
	size_t size;
};

#define PART(name, type) { KVM_GET_##name, KVM_SET_##name, sizeof(struct kvm_##type) }

/* In the order in which KVM needs them: the timer's MSR has an effect only with the local APIC. */
static const struct part vcpu_parts[] = {
	PART(SREGS, sregs),
	PART(REGS, regs),
	{ KVM_GET_XSAVE, KVM_SET_XSAVE, sizeof(struct kvm_xsave) },
	PART(XCRS, xcrs),
	PART(DEBUGREGS, debugregs),
	PART(LAPIC, lapic_state),
};

static const struct part vcpu_late_parts[] = {
	PART(MP_STATE, mp_state),
	PART(VCPU_EVENTS, vcpu_events),
};

#define COUNT(parts) (sizeof(parts) / sizeof((parts)[0]))

union buffer {
	struct kvm_sregs sregs;
	struct kvm_xsave xsave;
	struct kvm_lapic_state lapic;
};

void put(FILE *file, const void *bytes, size_t size)
{
	if (fwrite(bytes, size, 1, file) != 1)
		die("the snapshot");
}

void get(FILE *file, void *bytes, size_t size)
{
	if (fread(bytes, size, 1, file) != 1)
		die("the snapshot");
}

static void save_parts(int fd, FILE *file, const struct part *parts, size_t count)
{
	union buffer buffer;

	for (; count; count--, parts++) {
		memset(&buffer, 0, sizeof(buffer));
		must(ioctl(fd, parts->get, &buffer), "save the vCPU");
		put(file, &buffer, parts->size);
	}
}

static void load_parts(int fd, FILE *file, const struct part *parts, size_t count)
{
	union buffer buffer;

	for (; count; count--, parts++) {
		get(file, &buffer, parts->size);
		must(ioctl(fd, parts->set, &buffer), "load the vCPU");
	}
}

/* Those that KVM has, one by one, as some cannot be read. */
static void save_msrs(struct machine *machine, FILE *file)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + MSRS_MAX * sizeof(uint32_t));
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} one;
	uint32_t i;

	if (!list)
		die("MSRs");
	list->nmsrs = MSRS_MAX;
	must(ioctl(machine->kvm, KVM_GET_MSR_INDEX_LIST, list), "KVM_GET_MSR_INDEX_LIST");
	for (i = 0; i < list->nmsrs; i++) {
		memset(&one, 0, sizeof(one));
		one.msrs.nmsrs = 1;
		one.entry.index = list->indices[i];
		if (ioctl(machine->vcpu, KVM_GET_MSRS, &one) == 1)
			put(file, &one, sizeof(one));
	}
	memset(&one, 0, sizeof(one));
	put(file, &one, sizeof(one));
	free(list);
}

static void load_msrs(struct machine *machine, FILE *file)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} one;

	for (;;) {
		get(file, &one, sizeof(one));
		if (!one.msrs.nmsrs)
			return;
		/* Some can be read, but have only the value that they have. */
		ioctl(machine->vcpu, KVM_SET_MSRS, &one);
	}
}

static const uint32_t chips[] = {
	KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE, KVM_IRQCHIP_IOAPIC,
};

static void save_chips(int vm, FILE *file)
{
	struct kvm_irqchip chip;
	struct kvm_pit_state2 pit;
	struct kvm_clock_data clock = { 0 };
	unsigned int i;

	for (i = 0; i < COUNT(chips); i++) {
		memset(&chip, 0, sizeof(chip));
		chip.chip_id = chips[i];
		must(ioctl(vm, KVM_GET_IRQCHIP, &chip), "save the interrupt controllers");
		put(file, &chip, sizeof(chip));
	}
	must(ioctl(vm, KVM_GET_PIT2, &pit), "save the PIT");
	put(file, &pit, sizeof(pit));
	must(ioctl(vm, KVM_GET_CLOCK, &clock), "save the clock");
	clock.flags = 0;
	put(file, &clock, sizeof(clock));
}

static void load_chips(int vm, FILE *file)
{
	struct kvm_irqchip chip;
	struct kvm_pit_state2 pit;
	struct kvm_clock_data clock;
	unsigned int i;

	for (i = 0; i < COUNT(chips); i++) {
		get(file, &chip, sizeof(chip));
		must(ioctl(vm, KVM_SET_IRQCHIP, &chip), "load the interrupt controllers");
	}
	get(file, &pit, sizeof(pit));
	must(ioctl(vm, KVM_SET_PIT2, &pit), "load the PIT");
	get(file, &clock, sizeof(clock));
	must(ioctl(vm, KVM_SET_CLOCK, &clock), "load the clock");
}

static void save_device(struct machine *machine, FILE *file)
{
	struct device *device = &machine->device;
	uint32_t command = device_config_read(device, PCI_COMMAND, 2);
	unsigned int i;

	for (i = 0; i < BARS; i++)
		put(file, &device->bars[i].address, sizeof(device->bars[i].address));
	put(file, &command, sizeof(command));
	msi_save(&device->msi, file);
	msi_save(&device->msix, file);
	put(file, &machine->pci_address, sizeof(machine->pci_address));
}

static void load_device(struct machine *machine, FILE *file)
{
	struct device *device = &machine->device;
	uint32_t command;
	unsigned int i;

	for (i = 0; i < BARS; i++)
		get(file, &device->bars[i].address, sizeof(device->bars[i].address));
	get(file, &command, sizeof(command));
	device_config_write(device, PCI_COMMAND, 2, command);
	msi_load(&device->msi, file);
	msi_load(&device->msix, file);
	get(file, &machine->pci_address, sizeof(machine->pci_address));
}

void snapshot_save(struct machine *machine, const char *name)
{
	FILE *file = fopen(name, "wbe");
	unsigned int i;

	if (!file)
		die(name);
	save_parts(machine->vcpu, file, vcpu_parts, COUNT(vcpu_parts));
	save_msrs(machine, file);
	save_parts(machine->vcpu, file, vcpu_late_parts, COUNT(vcpu_late_parts));
	save_chips(machine->vm, file);
	for (i = 0; i < SERIAL_PORTS; i++)
		put(file, &machine->serial[i].uart, sizeof(machine->serial[i].uart));
	save_device(machine, file);
	if (fclose(file))
		die(name);
}

/* The device is last, as it can deliver interrupts: then all that takes them is there. */
void snapshot_load(struct machine *machine, const char *name)
{
	FILE *file = fopen(name, "rbe");
	unsigned int i;

	if (!file)
		die(name);
	load_parts(machine->vcpu, file, vcpu_parts, COUNT(vcpu_parts));
	load_msrs(machine, file);
	load_parts(machine->vcpu, file, vcpu_late_parts, COUNT(vcpu_late_parts));
	load_chips(machine->vm, file);
	for (i = 0; i < SERIAL_PORTS; i++)
		get(file, &machine->serial[i].uart, sizeof(machine->serial[i].uart));
	load_device(machine, file);
	fclose(file);
}
