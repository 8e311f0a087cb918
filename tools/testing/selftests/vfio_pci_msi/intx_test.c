// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI_NOTIFY on a device whose interrupt is INTx, a line that devices share. The driver
 * must not set an affinity notifier on that line: the kernel prints a warning when
 * another device's driver frees its interrupt there, and the lab fails on warnings.
 */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "messages.h"
#include "session.h"
#include "variants.h"

/* A device below a port whose INTx the host's chipset routes to the same line. */
#define NEIGHBOUR	"e1000e"

FIXTURE(intx) {
	struct session *s;
	struct session *neighbour;
	int events;
	int trigger;
};

FIXTURE_VARIANT(intx) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(intx, igb);

static int line_of(const char *bdf)
{
	char path[PATH_MAX], text[16] = {};

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/irq", bdf);
	VFIO_ASSERT_GT(file_read(path, text, sizeof(text) - 1), 0);

	return atoi(text);
}

/* The neighbour requests the line's interrupt, and frees it. */
static void use_line(struct session *neighbour, int trigger)
{
	VFIO_ASSERT_EQ(set_triggers(neighbour->fd, VFIO_PCI_INTX_IRQ_INDEX, 0, 1,
				    &trigger), 0);
	VFIO_ASSERT_EQ(disable_irqs(neighbour->fd, VFIO_PCI_INTX_IRQ_INDEX), 0);
}

FIXTURE_SETUP(intx)
{
	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	self->neighbour = session_open(NEIGHBOUR, DRIVER_MSI, variant->mode);
	self->events = eventfd_new();
	self->trigger = eventfd_new();
	/* Without these the kernel would have no reason to warn. */
	ASSERT_EQ(line_of(self->s->bdf), line_of(self->neighbour->bdf));
	ASSERT_FALSE(lab_remap());
}

FIXTURE_TEARDOWN(intx)
{
	session_close(self->neighbour);
	session_close(self->s);
	close(self->trigger);
	close(self->events);
}

TEST_F(intx, line_is_not_watched)
{
	int fd = self->s->fd;

	/* Without vectors; while the device uses the line; and after it used MSI. */
	ASSERT_EQ(0, notify_set(fd, self->events, 0));
	use_line(self->neighbour, self->trigger);

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_INTX_IRQ_INDEX, 0, 1,
				  &self->trigger));
	use_line(self->neighbour, self->events);
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_INTX_IRQ_INDEX));

	eventfd_take(self->events);
	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				  &self->trigger));
	EXPECT_NE(0, eventfd_take(self->events));
	ASSERT_EQ(0, disable_irqs(fd, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_NE(0, eventfd_take(self->events));
	use_line(self->neighbour, self->trigger);
}

LAB_MAIN
