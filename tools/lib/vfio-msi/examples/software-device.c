// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A device in software with four MSI-X vectors, and a driver which masks one of them: the
 * smallest use of libvfiomsi. With a device of VFIO, hand each action to vfiomsi_vfio_carry_out()
 * as well, and in a VMM with KVM to vfiomsi_kvm_device_carry_out().
 *
 * cc software-device.c $(pkg-config --cflags --libs libvfiomsi)
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vfiomsi/eventfds.h>

#define VECTORS		4
#define VECTOR_CONTROL	12	/* in an entry of 16 bytes */
#define MESSAGE_CONTROL	2	/* in the capability */
#define ENABLE		0x8000

static struct vfiomsi_core *core;
static struct vfiomsi_eventfds *eventfds;

static void run_actions(void)
{
	struct vfiomsi_action action;

	while (vfiomsi_core_next(core, &action) > 0)
		if (vfiomsi_eventfds_carry_out(eventfds, &action))
			exit(1);
}

/* A write of the guest: if there is a plan, carry it out. */
static void finish(int planned)
{
	if (planned < 0)
		exit(1);
	if (!planned)
		return;
	run_actions();
	vfiomsi_core_commit(core);
}

static void set_mask(uint32_t vector, bool masked)
{
	finish(vfiomsi_core_table_write(core, vector * 16 + VECTOR_CONTROL, 4, masked));
}

/* The device raises a vector: it is delivered, or becomes pending. */
static void raise_vector(uint32_t vector)
{
	struct vfiomsi_action inject;

	if (vfiomsi_core_arrive(core, vector, &inject) > 0)
		vfiomsi_eventfds_carry_out(eventfds, &inject);
}

static void show(uint32_t vector)
{
	uint64_t pending, count = 0;

	vfiomsi_core_pba_read(core, 0, 8, &pending);
	if (!vfiomsi_eventfds_is_held(eventfds, vector) &&
	    read(vfiomsi_eventfds_get(eventfds, vector), &count, sizeof(count)) < 0)
		count = 0;
	printf("vector %u: %u interrupts, %s\n", vector, (unsigned int)count,
	       pending >> vector & 1 ? "pending" : "not pending");
}

int main(void)
{
	const struct vfiomsi_core_config config = {
		.size = sizeof(config),
		.capability = { 0x11, 0, VECTORS - 1 },
	};

	if (vfiomsi_core_create(&config, &core) || vfiomsi_eventfds_create(core, &eventfds))
		return 1;
	set_mask(1, false);
	finish(vfiomsi_core_cap_write(core, MESSAGE_CONTROL, 2, ENABLE));
	raise_vector(1);
	show(1);
	set_mask(1, true);
	raise_vector(1);
	raise_vector(1);
	show(1);
	set_mask(1, false);
	show(1);
	vfiomsi_eventfds_destroy(eventfds);
	vfiomsi_core_destroy(core);

	return 0;
}
