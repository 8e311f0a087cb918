// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_guest ADDRESS VECTORS DATA: does with an msi64 device what a VMM without
 * support for windows and its guest's driver do. It allocates vectors, writes a guest
 * message into the virtual MSI capability and that of one vector into each slot, rings
 * each slot's doorbell and prints "arrived N of M". Then it keeps the device open until
 * it is killed.
 */
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "command_vfio.h"
#include "msi64.h"

/* No CPU has this address, so a message that is not translated raises no interrupt. */
#define GUEST_ADDRESS	0xfee0f000

/* A copy of the address that the driver keeps in a place that the device does not use */
#define COPY_OFFSET	0x8000

/* The time to wait for all interrupts that do not arrive; more than any machine needs */
#define WAIT_MS		5000

static const uint32_t slots[MSI64_SLOTS] = MSI64_SLOT_OFFSETS;

/* Dwords between and after the slots that look like data */
static const uint32_t neighbours[] = { 0x1074, 0x1088, 0x115c, 0x22cc, 0x3004 };

struct guest {
	int device;
	uint64_t config, registers, memory;
	unsigned int vectors;
	uint32_t data;
	int eventfds[MSI64_MSI_VECTORS];
	int wait_ms;
};

static void write_at(const struct guest *guest, uint64_t offset, uint32_t value, size_t size)
{
	if (pwrite(guest->device, &value, size, (off_t)offset) != (ssize_t)size)
		err(1, "write at 0x%llx", (unsigned long long)offset);
}

static uint32_t read_register(const struct guest *guest, uint64_t offset)
{
	uint32_t value;

	if (pread(guest->device, &value, sizeof(value), (off_t)(guest->registers + offset)) !=
	    sizeof(value))
		err(1, "register 0x%llx", (unsigned long long)offset);
	return value;
}

static void write_message(const struct guest *guest)
{
	uint64_t cap = guest->config + MSI64_MSI_OFFSET;

	/* Multiple Message Enable; as MSI is enabled already, it stays so. */
	write_at(guest, cap + PCI_MSI_FLAGS,
		 PCI_MSI_FLAGS_ENABLE | (uint32_t)__builtin_ctz(guest->vectors) << 4, 2);
	write_at(guest, cap + PCI_MSI_ADDRESS_LO, GUEST_ADDRESS, 4);
	write_at(guest, cap + PCI_MSI_ADDRESS_HI, 0, 4);
	write_at(guest, cap + PCI_MSI_DATA_64, guest->data, 2);
}

static void write_slots(const struct guest *guest)
{
	size_t i;

	for (i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++)
		write_at(guest, guest->memory + neighbours[i], guest->data, 4);
	for (i = 0; i < MSI64_SLOTS; i++) {
		uint64_t slot = guest->memory + slots[i];

		write_at(guest, slot + MSI64_SLOT_ADDR_LO, GUEST_ADDRESS, 4);
		write_at(guest, slot + MSI64_SLOT_ADDR_HI, 0, 4);
		write_at(guest, slot + MSI64_SLOT_DATA,
			 guest->data + (uint32_t)(i % guest->vectors), 4);
		write_at(guest, slot + MSI64_SLOT_CONTROL, MSI64_SLOT_ENABLE, 4);
	}
	write_at(guest, guest->memory + COPY_OFFSET, GUEST_ADDRESS, 4);
}

static uint32_t answers(const struct guest *guest)
{
	return read_register(guest, ATH11K_SENT) + read_register(guest, ATH11K_FAILED) +
	       read_register(guest, ATH11K_DROPPED);
}

static void ring(const struct guest *guest, unsigned int slot)
{
	uint32_t before = answers(guest);
	int tries = WAIT_MS;

	write_at(guest, guest->registers + ATH11K_DOORBELL(slot), 1, 4);
	while (answers(guest) == before) {
		if (!tries--)
			errx(1, "the device does not send");
		usleep(1000);
	}
}

static int now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec % 1000000 * 1000 + now.tv_nsec / 1000000);
}

/* Returns how often the vector arrived. All slots share the time to wait. */
static unsigned int take(struct guest *guest, unsigned int vector)
{
	struct pollfd eventfd = { .fd = guest->eventfds[vector], .events = POLLIN };
	int start = now_ms(), left;
	uint64_t count;

	if (poll(&eventfd, 1, guest->wait_ms) != 1) {
		left = guest->wait_ms - (now_ms() - start);
		guest->wait_ms = left > 0 ? left : 0;
		return 0;
	}
	if (read(eventfd.fd, &count, sizeof(count)) != sizeof(count))
		err(1, "eventfd");
	return (unsigned int)count;
}

int main(int argc, char **argv)
{
	struct guest guest = { .wait_ms = WAIT_MS };
	unsigned int i, arrived = 0;

	if (argc != 4)
		errx(2, "usage: command_guest ADDRESS VECTORS DATA");
	guest.vectors = (unsigned int)atoi(argv[2]);
	guest.data = (uint32_t)strtoul(argv[3], NULL, 0);
	if (!guest.vectors || guest.vectors > MSI64_MSI_VECTORS)
		errx(2, "%s: not a number of vectors", argv[2]);

	guest.device = vfio_open(argv[1]);
	guest.config = vfio_region(guest.device, VFIO_PCI_CONFIG_REGION_INDEX);
	guest.registers = vfio_region(guest.device, VFIO_PCI_BAR0_REGION_INDEX);
	guest.memory = vfio_region(guest.device, MSI64_SLOT_BAR);
	write_at(&guest, guest.config + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	vfio_attach(guest.device, VFIO_PCI_MSI_IRQ_INDEX, guest.vectors, guest.eventfds);
	write_message(&guest);
	write_slots(&guest);

	for (i = 0; i < MSI64_SLOTS; i++) {
		ring(&guest, i);
		arrived += take(&guest, i % guest.vectors) == 1;
	}
	printf("arrived %u of %u\n", arrived, MSI64_SLOTS);
	fflush(stdout);
	for (;;)
		pause();
}
