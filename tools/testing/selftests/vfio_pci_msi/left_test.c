// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing is left in the kernel of devices that were bound and unbound, of sessions with
 * everything in use that were closed, and of users with the same that were killed.
 *
 * The argument is the number of rounds of each test, by default 100.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ath11k.h"
#include "dummy.h"
#include "left.h"
#include "messages.h"
#include "source.h"
#include "variants.h"
#include "window.h"

/* A run for long is bounded by the time that its host has. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	7200

#define ROUNDS		100
/* Before the first count: caches that grow once have grown then. */
#define FIRST_ROUNDS	10
#define VECTORS		4

#define GUEST_ADDRESS	0xfee55000
#define GUEST_DATA	0x4061

static int rounds = ROUNDS;

/* Where the rounds of a test are */
struct place {
	char bdf[BDF_SIZE];
	const char *mode;
	bool window;
};

FIXTURE(left) {
	struct place place;
};

FIXTURE_VARIANT(left) {
	const char *device;
	const char *mode;
	bool window;
};

LAB_VARIANTS(left, ath11k_noid, .window = true);
LAB_VARIANTS(left, msix);

FIXTURE_SETUP(left)
{
	struct place *place = &self->place;

	snprintf(place->bdf, sizeof(place->bdf), "%s", lab_bdf(variant->device));
	place->mode = variant->mode;
	place->window = variant->window;
	driver_bind(place->bdf, DRIVER_MSI);
}

FIXTURE_TEARDOWN(left)
{
}

static int grown_after(void (*run)(const struct place *place), const struct place *place)
{
	static struct left at[3];
	int half = rounds / 2;

	for (int i = 0; i < FIRST_ROUNDS; i++)
		run(place);
	left_take(&at[0]);
	for (int part = 1; part < 3; part++) {
		for (int i = 0; i < half; i++)
			run(place);
		left_take(&at[part]);
	}

	return left_grown(at, half);
}

static void bind_and_unbind(const struct place *place)
{
	driver_bind(place->bdf, DRIVER_MSI);
	driver_release(place->bdf);
}

/* A session that uses everything that it can have at the same time. */
struct used {
	struct session *s;
	struct target target;
	int events[VECTORS];
	int notify;
};

static void use_vectors(struct used *u)
{
	int fd = u->s->fd;
	u32 index = vectors_index(fd);
	int count = irq_count(fd, index);

	count = count < VECTORS ? count : VECTORS;
	VFIO_ASSERT_EQ(set_triggers(fd, index, 0, count, u->events), 0);
	VFIO_ASSERT_EQ(set_irqs(fd, EVENT_MASK, index, 0, 1, NULL, 0), 0);
}

static void use_window(int fd)
{
	static const u32 slots[] = ATH11K_SLOT_OFFSETS;
	struct vfio_device_feature_pci_msi_window window = window_of_ath11k();

	VFIO_ASSERT_EQ(window_set(fd, &window), 0);
	guest_message(fd, GUEST_ADDRESS, GUEST_DATA);
	slot_write(fd, slots[0], GUEST_ADDRESS, GUEST_DATA);
	slot_write(fd, slots[1], GUEST_ADDRESS, GUEST_DATA + 1);
	VFIO_ASSERT_NE(window_count(fd), 0);
}

/* The target takes the place of the vectors, so these are first given back. */
static void use_dummy(struct used *u)
{
	int fd = u->s->fd;

	use_vectors(u);
	VFIO_ASSERT_EQ(disable_irqs(fd, VFIO_PCI_MSIX_IRQ_INDEX), 0);
	target_map(u->s, &u->target);
	VFIO_ASSERT_EQ(dummy_on(fd, 0, 2, u->target.iova), 0);
}

static void use(struct used *u, const struct place *place)
{
	memset(u, 0, sizeof(*u));
	u->s = session_open_bdf(place->bdf, place->mode);
	for (int i = 0; i < VECTORS; i++)
		u->events[i] = eventfd_new();
	u->notify = eventfd_new();
	command_set(u->s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_EQ(novirt_set(u->s->fd), 0);
	VFIO_ASSERT_EQ(notify_set(u->s->fd, u->notify, 0), 0);
	if (place->window) {
		use_window(u->s->fd);
		use_vectors(u);
	} else {
		use_dummy(u);
	}
}

static void open_and_close(const struct place *place)
{
	struct used u;

	use(&u, place);
	for (int i = 0; i < VECTORS; i++)
		close(u.events[i]);
	close(u.notify);
	session_close(u.s);
	if (!place->window)
		target_free(&u.target);
}

static void use_and_be_killed(const struct place *place)
{
	pid_t pid = fork();
	struct used u;
	int status;

	VFIO_ASSERT_GE(pid, 0);
	if (!pid) {
		use(&u, place);
		kill(getpid(), SIGKILL);
	}
	VFIO_ASSERT_EQ(waitpid(pid, &status, 0), pid);
	VFIO_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(left, by_binding)
{
	EXPECT_EQ(0, grown_after(bind_and_unbind, &self->place));
}

TEST_F(left, by_closing)
{
	EXPECT_EQ(0, grown_after(open_and_close, &self->place));
}

TEST_F(left, by_killing)
{
	EXPECT_EQ(0, grown_after(use_and_be_killed, &self->place));
}

int main(int argc, char **argv)
{
	if (argc == 2 && atoi(argv[1])) {
		rounds = atoi(argv[1]);
		argc--;
	}

	return lab_main(argc, argv);
}
