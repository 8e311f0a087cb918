// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that emulates the device stops for some seconds while the device is in use. That
 * is a device that answers late: each call ends and succeeds.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "messages.h"
#include "msix.h"
#include "session.h"
#include "source.h"
#include "variants.h"

#define VECTORS		4
#define INDEX		VFIO_PCI_MSIX_IRQ_INDEX
#define STOP_SECONDS	"3"
/* A round without the stop takes milliseconds. */
#define LATE_MS		1000
/* The lab carries out the request in its own time. */
#define PATIENCE_MS	60000

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

/* The close asks the device, so a stop that has begun has ended when it returns. */
FIXTURE_TEARDOWN(server)
{
	session_close(self->s);
	for (int i = 0; i < VECTORS; i++)
		close(self->events[i]);
}

/* The lab reads such lines (tools/testing/lab/README.rst). */
static void ask_lab(const char *what, const char *device, const char *more)
{
	printf("@lab %s %s %s\n", what, device, more);
	fflush(stdout);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void use_vector(struct __test_metadata *_metadata, int fd, int vector, int event)
{
	struct vfio_pci_msi_message msg[VECTORS];

	ASSERT_EQ(0, set_irqs(fd, EVENT_MASK, INDEX, vector, 1, NULL, 0));
	ASSERT_EQ(0, messages_get(fd, INDEX, 0, VECTORS, msg, NULL));
	ASSERT_EQ(ALLOCATED | TRIGGER | MASKED, msg[vector].flags);
	ASSERT_EQ(0, set_irqs(fd, EVENT_UNMASK, INDEX, vector, 1, NULL, 0));
	bar_write32(fd, 0, MSIX_REG_RAISE, vector);
	ASSERT_TRUE(eventfd_wait(event));
	ASSERT_EQ(1, eventfd_take(event));
}

/*
 * The lab does not say when it stops the server. So the device is used until that took as long
 * as only a stop makes it; the server has answered since then, and the stop is over.
 */
TEST_F(server, stops)
{
	long asked = now_ms(), began, took = 0;

	ask_lab("stop", variant->device, STOP_SECONDS);
	for (int i = 0; took < LATE_MS && now_ms() - asked < PATIENCE_MS; i++) {
		began = now_ms();
		use_vector(_metadata, self->fd, i % VECTORS, self->events[i % VECTORS]);
		took = now_ms() - began;
	}
	TH_LOG("the last use took %ld ms", took);
	EXPECT_LE(LATE_MS, took);
}

LAB_MAIN
