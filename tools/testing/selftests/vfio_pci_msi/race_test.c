// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two and more threads use one device at once. Each answer has to be right for some
 * moment during the call, and no thread may wait for ever. Errors inside the kernel are
 * left to the debug kernel's checks.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <linux/compiler.h>

#include "hardware.h"
#include "messages.h"
#include "session.h"
#include "variants.h"

#define VECTORS		4
#define TOGGLES		30
#define RESETS		5
#define SETTERS		20

#define GUEST_ADDRESS	0x12345670

struct race {
	struct session *s;
	int fd;
	u32 index;
	int count;
	int triggers[VECTORS];
	struct hw_msi msi;
	bool stop;
	u64 mistakes;
};

FIXTURE(race) {
	struct race race;
};

FIXTURE_VARIANT(race) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(race, ath11k_noid);
LAB_VARIANTS(race, msix);

FIXTURE_SETUP(race)
{
	struct race *r = &self->race;

	r->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	r->fd = r->s->fd;
	r->index = vectors_index(r->fd);
	r->count = lab_remap() || r->index == VFIO_PCI_MSIX_IRQ_INDEX ?
		   VECTORS : 1;
	for (int i = 0; i < VECTORS; i++)
		r->triggers[i] = eventfd_new();
	command_set(r->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	hw_msi_find(&r->msi, r->s->bdf);
}

FIXTURE_TEARDOWN(race)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->race.triggers[i]);
	session_close(self->race.s);
}

#define mistake(_race, _fmt, ...) do {					\
	if (!__atomic_fetch_add(&(_race)->mistakes, 1, __ATOMIC_RELAXED))\
		printf("# " _fmt "\n", ##__VA_ARGS__);			\
} while (0)

static bool stopped(struct race *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

static void *toggle_vectors(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < TOGGLES; i++) {
		if (set_triggers(r->fd, r->index, 0, r->count, r->triggers) ||
		    disable_irqs(r->fd, r->index))
			mistake(r, "SET_IRQS failed");
	}

	return NULL;
}

/* The message must be one that a vector can have in some state. */
static void check_message(struct race *r, const struct vfio_pci_msi_message *msg)
{
	static const struct vfio_pci_msi_message none;

	if (!(msg->flags & ALLOCATED) && memcmp(msg, &none, sizeof(none)))
		mistake(r, "a vector that is not allocated has address %#llx, flags %#x",
			(unsigned long long)msg->address, msg->flags);
	if (msg->flags & TRIGGER && !msg->address)
		mistake(r, "a vector with a trigger has address 0");
}

/* As long as the generation is the same, the messages must be the same. */
static void *read_messages(void *arg)
{
	struct vfio_pci_msi_message last[VECTORS], now[VECTORS];
	u64 last_generation = 0, generation;
	bool first = true;
	struct race *r = arg;

	memset(last, 0, sizeof(last));
	memset(now, 0, sizeof(now));
	while (!stopped(r)) {
		if (messages_get(r->fd, r->index, 0, r->count, now,
				 &generation)) {
			mistake(r, "MSI_MESSAGES failed");
			break;
		}
		for (int v = 0; v < r->count; v++)
			check_message(r, &now[v]);
		if (generation < last_generation)
			mistake(r, "the generation became smaller");
		for (int v = 0; v < r->count && !first; v++) {
			if (generation == last_generation &&
			    (now[v].address != last[v].address ||
			     now[v].data != last[v].data))
				mistake(r, "a message changed, the generation did not");
		}
		memcpy(last, now, sizeof(last));
		last_generation = generation;
		first = false;
	}

	return NULL;
}

/* Read all of config space. */
static void *read_config(void *arg)
{
	u8 config[PCI_CFG_SPACE_SIZE];
	struct race *r = arg;

	while (!stopped(r)) {
		if (config_read(r->fd, 0, config, sizeof(config)) !=
		    sizeof(config))
			mistake(r, "config space could not be read");
		if (config[0] != (hw_config_read16(r->s->bdf, 0) & 0xff))
			mistake(r, "the vendor ID is wrong");
	}

	return NULL;
}

/* A read must not return the guest's address, nor a part of it. */
static void *read_msi_address(void *arg)
{
	struct race *r = arg;
	u32 address;

	while (!stopped(r)) {
		if (config_read(r->fd, r->msi.address, &address, 4) != 4)
			mistake(r, "MSI's address could not be read");
		if (address && address >> 20 != 0xfee)
			mistake(r, "MSI's address is %#x, not the host's", address);
	}

	return NULL;
}

static void *read_msix_table(void *arg)
{
	struct race *r = arg;
	u32 entry[4];

	/* The msix model has its table at the start of BAR 2. */
	while (!stopped(r)) {
		ssize_t ret = region_read(r->fd, 2, 0, entry, sizeof(entry));

		if (ret != sizeof(entry) && ret != -EIO)
			mistake(r, "the table could not be read: %zd", ret);
		if (ret == sizeof(entry) && entry[0] && entry[0] >> 20 != 0xfee)
			mistake(r, "the table's address is %#x, not the host's",
				entry[0]);
	}

	return NULL;
}

static void *reset_device(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < RESETS; i++) {
		if (ioctl(r->fd, VFIO_DEVICE_RESET) && errno != EAGAIN)
			mistake(r, "the reset failed: %d", errno);
	}

	return NULL;
}

static void *toggle_memory(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < TOGGLES; i++) {
		command_clear(r->fd, PCI_COMMAND_MEMORY);
		command_set(r->fd, PCI_COMMAND_MEMORY);
	}

	return NULL;
}

static void *set_novirt(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < SETTERS; i++) {
		if (novirt_set(r->fd) || !novirt_on(r->fd))
			mistake(r, "NOVIRT could not be set");
	}

	return NULL;
}

static void *open_and_close(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < SETTERS; i++) {
		int fd = session_open_again(r->s);

		if (fd < 0 || !novirt_on(fd))
			mistake(r, "a second file could not be opened, or lacks NOVIRT");
		close(fd);
	}

	return NULL;
}

typedef void *(*thread_fn)(void *);

/* Run all threads until each actor has done its rounds; then the readers stop. */
static void run(struct race *r, thread_fn *actors, thread_fn *readers)
{
	pthread_t acting[4], reading[4];
	int i, actor = 0, reader = 0;

	for (; readers[reader]; reader++)
		VFIO_ASSERT_EQ(pthread_create(&reading[reader], NULL,
					      readers[reader], r), 0);
	for (; actors[actor]; actor++)
		VFIO_ASSERT_EQ(pthread_create(&acting[actor], NULL,
					      actors[actor], r), 0);
	for (i = 0; i < actor; i++)
		pthread_join(acting[i], NULL);
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < reader; i++)
		pthread_join(reading[i], NULL);
}

TEST_F(race, messages_while_vectors_change)
{
	struct race *r = &self->race;

	run(r, (thread_fn[]){ toggle_vectors, NULL },
	    (thread_fn[]){ read_messages, read_messages, NULL });
	EXPECT_EQ(0, r->mistakes);
}

TEST_F(race, config_while_vectors_change)
{
	struct race *r = &self->race;
	u32 guest = GUEST_ADDRESS;

	if (r->msi.cap)
		VFIO_ASSERT_EQ(config_write(r->fd, r->msi.address, &guest, 4),
			       4);
	ASSERT_EQ(0, novirt_set(r->fd));
	run(r, (thread_fn[]){ toggle_vectors, NULL },
	    (thread_fn[]){ r->msi.cap ? read_msi_address : read_msix_table,
			   read_config, NULL });
	EXPECT_EQ(0, r->mistakes);
}

TEST_F(race, novirt_set_while_reading)
{
	struct race *r = &self->race;

	run(r, (thread_fn[]){ set_novirt, set_novirt, NULL },
	    (thread_fn[]){ read_config, read_messages, NULL });
	EXPECT_EQ(0, r->mistakes);
	EXPECT_TRUE(novirt_on(r->fd));
}

TEST_F(race, everything_while_resetting)
{
	struct race *r = &self->race;

	ASSERT_EQ(0, novirt_set(r->fd));
	run(r, (thread_fn[]){ toggle_vectors, reset_device, NULL },
	    (thread_fn[]){ r->msi.cap ? read_config : read_msix_table,
			   read_messages, NULL });
	EXPECT_EQ(0, r->mistakes);
}

TEST_F(race, everything_while_memory_is_switched)
{
	struct race *r = &self->race;

	ASSERT_EQ(0, novirt_set(r->fd));
	run(r, (thread_fn[]){ toggle_vectors, toggle_memory, NULL },
	    (thread_fn[]){ r->msi.cap ? read_config : read_msix_table,
			   read_messages, NULL });
	EXPECT_EQ(0, r->mistakes);
}

TEST_F(race, files_opened_and_closed)
{
	struct race *r = &self->race;

	ASSERT_EQ(0, novirt_set(r->fd));
	run(r, (thread_fn[]){ open_and_close, open_and_close, NULL },
	    (thread_fn[]){ read_config, read_messages, NULL });
	EXPECT_EQ(0, r->mistakes);
	EXPECT_TRUE(novirt_on(r->fd));
}

LAB_MAIN
