// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that emulates the device stops for some seconds while the device is in use. That
 * is a device that answers late: each call ends and succeeds.
 */
#include <stdio.h>
#include <unistd.h>

#include "messages.h"
#include "msix.h"
#include "session.h"
#include "source.h"
#include "variants.h"

#define VECTORS		4
#define INDEX		VFIO_PCI_MSIX_IRQ_INDEX
#define STOP_SECONDS	"3"

FIXTURE(server) {
	struct session *s;
	int fd;
	int events[VECTORS];
};

FIXTURE_VARIANT(server) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(server, msix);

FIXTURE_SETUP(server)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->fd = self->s->fd;
	for (int i = 0; i < VECTORS; i++)
		self->events[i] = eventfd_new();
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, set_triggers(self->fd, INDEX, 0, VECTORS, self->events));
}

FIXTURE_TEARDOWN(server)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->events[i]);
}

/* The lab reads such lines (tools/testing/lab/README.rst). */
static void ask_lab(const char *what, const char *device, const char *more)
{
	printf("@lab %s %s %s\n", what, device, more);
	fflush(stdout);
}

TEST_F(server, stops)
{
	struct vfio_pci_msi_message msg[VECTORS];

	ask_lab("stop", variant->device, STOP_SECONDS);
	for (int i = 0; i < VECTORS; i++) {
		ASSERT_EQ(0, set_irqs(self->fd, EVENT_MASK, INDEX, i, 1, NULL, 0));
		ASSERT_EQ(0, messages_get(self->fd, INDEX, 0, VECTORS, msg, NULL));
		EXPECT_EQ(ALLOCATED | TRIGGER | MASKED, msg[i].flags);
		ASSERT_EQ(0, set_irqs(self->fd, EVENT_UNMASK, INDEX, i, 1, NULL, 0));
		bar_write32(self->fd, 0, MSIX_REG_RAISE, i);
		EXPECT_TRUE(eventfd_wait(self->events[i]));
	}
	session_close(self->s);
}

LAB_MAIN
