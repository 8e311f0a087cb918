// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Save a guest, and load it in another process: its memory is in a file of its own, and all else
 * in the snapshot. The device itself is not saved. It is opened anew, so it has been reset, and
 * gets back its registers in configuration space and all of its MSI and MSI-X.
 */
#include <errno.h>
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
	struct kvm_irqchip chip;
	struct kvm_pit_state2 pit;
};

struct one_msr {
	struct kvm_msrs msrs;
	struct kvm_msr_entry entry;
};

struct msrs {
	uint32_t count;
	struct kvm_msr_entry entries[MSRS_MAX];
};

void keep(struct snapshot *snapshot, void *bytes, size_t size)
{
	size_t count = snapshot->loads ? fread(bytes, size, 1, snapshot->file) :
					 fwrite(bytes, size, 1, snapshot->file);

	if (count != 1)
		die("the snapshot");
}

/* What KVM has, with the call that reads it and the one that sets it */
static void keep_part(struct snapshot *snapshot, int fd, const struct part *part, void *buffer)
{
	if (!snapshot->loads)
		must(ioctl(fd, part->get, buffer), "save what KVM has");
	keep(snapshot, buffer, part->size);
	if (snapshot->loads)
		must(ioctl(fd, part->set, buffer), "load what KVM has");
}

static void keep_parts(struct snapshot *snapshot, int fd, const struct part *parts, size_t count)
{
	union buffer buffer;

	for (; count; count--, parts++) {
		memset(&buffer, 0, sizeof(buffer));
		keep_part(snapshot, fd, parts, &buffer);
	}
}

/* One by one, as some cannot be read. */
static void get_msrs(struct machine *machine, struct msrs *msrs)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + MSRS_MAX * sizeof(uint32_t));
	struct one_msr one;
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
			msrs->entries[msrs->count++] = one.entry;
	}
	free(list);
}

/* Some can be read, but have only the value that they have. */
static void set_msrs(struct machine *machine, const struct msrs *msrs)
{
	struct one_msr one = { .msrs.nmsrs = 1 };
	uint32_t i;

	for (i = 0; i < msrs->count; i++) {
		one.entry = msrs->entries[i];
		ioctl(machine->vcpu, KVM_SET_MSRS, &one);
	}
}

static void keep_msrs(struct snapshot *snapshot, struct machine *machine)
{
	struct msrs msrs = { .count = 0 };

	if (!snapshot->loads)
		get_msrs(machine, &msrs);
	keep(snapshot, &msrs, sizeof(msrs));
	if (msrs.count > MSRS_MAX) {
		errno = EINVAL;
		die("MSRs");
	}
	if (snapshot->loads)
		set_msrs(machine, &msrs);
}

static void keep_chips(struct snapshot *snapshot, int vm)
{
	static const struct part chip = {
		KVM_GET_IRQCHIP, KVM_SET_IRQCHIP, sizeof(struct kvm_irqchip)
	};
	uint32_t ids[] = { KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE, KVM_IRQCHIP_IOAPIC };
	union buffer buffer;
	unsigned int i;

	for (i = 0; i < COUNT(ids); i++) {
		memset(&buffer, 0, sizeof(buffer));
		buffer.chip.chip_id = ids[i];
		keep_part(snapshot, vm, &chip, &buffer);
	}
}

static void keep_clock(struct snapshot *snapshot, int vm)
{
	struct kvm_clock_data clock = { 0 };

	if (!snapshot->loads)
		must(ioctl(vm, KVM_GET_CLOCK, &clock), "save the clock");
	/* The guest was away: its clock goes on where it was. */
	clock.flags = 0;
	keep(snapshot, &clock, sizeof(clock));
	if (snapshot->loads)
		must(ioctl(vm, KVM_SET_CLOCK, &clock), "load the clock");
}

/*
 * @command: the device's command register. The device sends nothing before all of its MSI is
 * loaded.
 */
static void keep_device(struct snapshot *snapshot, struct machine *machine, uint32_t command)
{
	struct device *device = &machine->device;
	unsigned int i;

	for (i = 0; i < BARS; i++)
		keep(snapshot, &device->bars[i].address, sizeof(device->bars[i].address));
	keep(snapshot, &command, sizeof(command));
	if (snapshot->loads)
		device_config_write(device, PCI_COMMAND, 2,
				    command & ~(uint32_t)PCI_COMMAND_MASTER);
	msi_keep(&device->msi, snapshot);
	msi_keep(&device->msix, snapshot);
	if (snapshot->loads) {
		device_show_message(device);
		device_config_write(device, PCI_COMMAND, 2, command);
	}
	keep(snapshot, &machine->pci_address, sizeof(machine->pci_address));
}

/* The device is loaded last, as it can deliver interrupts: then all that takes them is there. */
static void keep_all(struct snapshot *snapshot, struct machine *machine, uint32_t command)
{
	static const struct part pit = {
		KVM_GET_PIT2, KVM_SET_PIT2, sizeof(struct kvm_pit_state2)
	};
	unsigned int i;

	keep_parts(snapshot, machine->vcpu, vcpu_parts, COUNT(vcpu_parts));
	keep_msrs(snapshot, machine);
	keep_parts(snapshot, machine->vcpu, vcpu_late_parts, COUNT(vcpu_late_parts));
	keep_chips(snapshot, machine->vm);
	keep_parts(snapshot, machine->vm, &pit, 1);
	keep_clock(snapshot, machine->vm);
	for (i = 0; i < SERIAL_PORTS; i++)
		keep(snapshot, &machine->serial[i].uart, sizeof(machine->serial[i].uart));
	keep_device(snapshot, machine, command);
}

static struct snapshot open_snapshot(const char *name, bool loads)
{
	struct snapshot snapshot = { .file = fopen(name, loads ? "rbe" : "wbe"), .loads = loads };

	if (!snapshot.file)
		die(name);

	return snapshot;
}

/*
 * The device comes to rest before anything is saved: what it has sent before is then in the
 * local APIC, or pending.
 */
void snapshot_save(struct machine *machine, const char *name, bool goes_on)
{
	struct snapshot snapshot = open_snapshot(name, false);
	uint32_t command = device_quiet(&machine->device);
	unsigned int i;

	for (i = 0; i < SERIAL_PORTS; i++)
		serial_stop(&machine->serial[i]);
	keep_all(&snapshot, machine, command);
	if (fclose(snapshot.file))
		die(name);
	if (!goes_on)
		return;
	device_go_on(&machine->device, command);
	for (i = 0; i < SERIAL_PORTS; i++)
		serial_go_on(&machine->serial[i]);
}

void snapshot_load(struct machine *machine, const char *name)
{
	struct snapshot snapshot = open_snapshot(name, true);

	keep_all(&snapshot, machine, 0);
	fclose(snapshot.file);
}
