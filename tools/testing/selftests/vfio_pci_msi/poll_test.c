// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver in user space polls a device that completes requests only when it can assert
 * MSI-X. It gets no completions without vectors, and all of them with the dummy target,
 * which interrupts nobody. For a guest that polls, libvfiomsi does the same by itself.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dummy.h"
#include "library.h"
#include "messages.h"
#include "polled.h"
#include "session.h"
#include "variants.h"

#define RING_IOVA	0x40000000ULL
#define RING_SIZE	64
#define REQUESTS	300

#define WAIT_MS		10000

/* A value that is never requested: the place in the ring is empty. */
#define NOTHING		~0U

struct queue {
	int fd;
	struct dma_region memory;
	volatile u32 *ring;
	u32 next;	/* the place in the ring that is completed next */
};

FIXTURE(poll) {
	struct session *s;
	int fd;
	struct queue queue;
	struct target target;
};

FIXTURE_VARIANT(poll) {
	const char *device;
	const char *mode;
	const char *driver;
};

LAB_VARIANTS_AS(poll, vfio_pci, poll, .driver = DRIVER_STOCK);
LAB_VARIANTS_AS(poll, msi_vfio_pci, poll, .driver = DRIVER_MSI);

static void start_queue(struct queue *queue, u32 vector)
{
	memset(queue->memory.vaddr, 0xff, queue->memory.size);
	queue->next = 0;
	bar_write32(queue->fd, 0, POLL_REG_RING_LO, RING_IOVA);
	bar_write32(queue->fd, 0, POLL_REG_RING_HI, 0);
	bar_write32(queue->fd, 0, POLL_REG_RING_SIZE, RING_SIZE);
	bar_write32(queue->fd, 0, POLL_REG_VECTOR, vector);
}

static void queue_map(struct session *s, struct queue *queue)
{
	void *ring = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT_NE(ring, MAP_FAILED);
	*queue = (struct queue) {
		.fd = s->fd,
		.memory.iova = RING_IOVA,
		.memory.size = getpagesize(),
		.memory.vaddr = ring,
		.ring = ring,
	};
	iommu_map(s->iommu, &queue->memory);
	start_queue(queue, 0);
}

static void queue_free(struct queue *queue)
{
	munmap(queue->memory.vaddr, queue->memory.size);
}

FIXTURE_SETUP(poll)
{
	self->s = session_open(variant->device, variant->driver, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	target_map(self->s, &self->target);
	queue_map(self->s, &self->queue);
}

FIXTURE_TEARDOWN(poll)
{
	session_close(self->s);
	queue_free(&self->queue);
	target_free(&self->target);
}

static void request(struct queue *queue, u32 value)
{
	bar_write32(queue->fd, 0, POLL_REG_DOORBELL, value);
}

/* Poll for the next completion; returns its value, or NOTHING if there is none. */
static u32 completion(struct queue *queue)
{
	volatile u32 *place = &queue->ring[queue->next];
	int tries = WAIT_MS;
	u32 value;

	while (*place == NOTHING && --tries)
		usleep(1000);
	value = *place;
	*place = NOTHING;
	queue->next = (queue->next + 1) % RING_SIZE;

	return value;
}

static void expect_nothing(struct __test_metadata *_metadata,
			   struct queue *queue, u32 held)
{
	usleep(50000);
	EXPECT_EQ(held, bar_read32(queue->fd, 0, POLL_REG_HELD));
	for (int i = 0; i < RING_SIZE; i++)
		EXPECT_EQ(NOTHING, queue->ring[i]);
}

static void expect_all(struct __test_metadata *_metadata,
		       struct queue *queue, u32 first, u32 count)
{
	for (u32 i = first; i < first + count; i++) {
		request(queue, i);
		ASSERT_EQ(i, completion(queue));
	}
	EXPECT_EQ(0, bar_read32(queue->fd, 0, POLL_REG_HELD));
	EXPECT_EQ(0, bar_read32(queue->fd, 0, POLL_REG_DROPPED));
	EXPECT_EQ(0, bar_read32(queue->fd, 0, POLL_REG_FAILED));
}

TEST_F(poll, nothing_without_vectors)
{
	for (u32 i = 0; i < 10; i++)
		request(&self->queue, i);
	expect_nothing(_metadata, &self->queue, 10);
	EXPECT_EQ(0, vfio_irqs());
}

/* With vectors all requests complete also under vfio-pci, and each one interrupts. */
TEST_F(poll, all_with_vectors)
{
	int event = eventfd_new();

	ASSERT_EQ(0, set_triggers(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  &event));
	expect_all(_metadata, &self->queue, 0, 20);
	EXPECT_TRUE(eventfd_wait(event));
	EXPECT_LT(0, eventfd_take(event));
	EXPECT_EQ(1, vfio_irqs());
	close(event);
}

/* Does the driver have MSIX_DUMMY? vfio-pci does not. */
static bool has_target(struct __test_metadata *_metadata, const char *driver,
		       int fd)
{
	if (!strcmp(driver, DRIVER_MSI))
		return true;

	EXPECT_EQ(-ENOTTY, dummy_on(fd, 0, 0, TARGET_IOVA));

	return false;
}

/*
 * Wait until the device has sent @count writes: the completion can be seen before the
 * device has the answer to the write that asserts the vector.
 */
static bool has_sent(int fd, u32 count)
{
	int tries = 10000;

	while (bar_read32(fd, 0, POLL_REG_SENT) != count && --tries)
		usleep(1000);

	return tries;
}

TEST_F(poll, all_with_dummy_target)
{
	unsigned long long irqs = irqs_taken();

	if (!has_target(_metadata, variant->driver, self->fd))
		return;

	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	expect_all(_metadata, &self->queue, 0, REQUESTS);
	EXPECT_TRUE(has_sent(self->fd, 2 * REQUESTS));
	EXPECT_EQ(0, *self->target.word);
	EXPECT_EQ(0, vfio_irqs());
	EXPECT_EQ(irqs, irqs_taken());
}

/*
 * Completions that the device held back follow once the target is on for the queue's
 * vector.
 */
TEST_F(poll, held_back_completions_follow)
{
	if (!has_target(_metadata, variant->driver, self->fd))
		return;

	bar_write32(self->fd, 0, POLL_REG_VECTOR, 2);
	for (u32 i = 0; i < 10; i++)
		request(&self->queue, i);
	expect_nothing(_metadata, &self->queue, 10);

	/* The target in other vectors does not help. */
	ASSERT_EQ(0, dummy_on(self->fd, 0, 2, self->target.iova));
	expect_nothing(_metadata, &self->queue, 10);
	ASSERT_EQ(0, dummy_off(self->fd));
	ASSERT_EQ(0, dummy_on(self->fd, 2, 1, self->target.iova));
	for (u32 i = 0; i < 10; i++)
		ASSERT_EQ(i, completion(&self->queue));
	EXPECT_EQ(2, *self->target.word);

	ASSERT_EQ(0, dummy_off(self->fd));
	request(&self->queue, 10);
	expect_nothing(_metadata, &self->queue, 1);
}

/* After a reset the driver has to start its queue again, and need not set the target. */
TEST_F(poll, all_after_reset)
{
	if (!has_target(_metadata, variant->driver, self->fd))
		return;

	ASSERT_EQ(0, dummy_on(self->fd, 0, 0, self->target.iova));
	for (u32 i = 0; i < 3; i++) {
		expect_all(_metadata, &self->queue, 100 * i, 20);
		ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
		start_queue(&self->queue, i);
	}
	expect_all(_metadata, &self->queue, 1000, 20);
	EXPECT_EQ(2, *self->target.word);
}

/*
 * A guest that polls, in a VMM that uses libvfiomsi: it points all vectors at a dword of its
 * memory. Under msi-vfio-pci the host takes no interrupt, under vfio-pci one each.
 */
FIXTURE(guest) {
	struct session *s;
	int fd;
	struct queue queue;
	struct target target;
	struct library library;
	struct vfiomsi_memory memory[2];
};

FIXTURE_VARIANT(guest) {
	const char *device;
	const char *mode;
	const char *driver;
};

LAB_VARIANTS_AS(guest, vfio_pci, poll, .driver = DRIVER_STOCK);
LAB_VARIANTS_AS(guest, msi_vfio_pci, poll, .driver = DRIVER_MSI);

FIXTURE_SETUP(guest)
{
	self->s = session_open(variant->device, variant->driver, variant->mode);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	target_map(self->s, &self->target);
	queue_map(self->s, &self->queue);
	ASSERT_EQ(0, library_open(&self->library, self->fd));
	self->memory[0].address = RING_IOVA;
	self->memory[0].size = getpagesize();
	self->memory[1].address = TARGET_IOVA;
	self->memory[1].size = getpagesize();
	ASSERT_EQ(0, library_set_memory(&self->library, self->memory, 2));
	for (u32 i = 0; i < POLL_VECTORS; i++) {
		ASSERT_EQ(0, library_set_address(&self->library, i, self->target.iova));
		ASSERT_EQ(0, library_set_mask(&self->library, i, false));
	}
}

FIXTURE_TEARDOWN(guest)
{
	library_close(&self->library);
	session_close(self->s);
	queue_free(&self->queue);
	target_free(&self->target);
}

/* Whether the library has what the driver offers for a guest that polls */
static bool polls(const struct library *library, const char *driver)
{
	bool is_dummy = vfiomsi_core_is_dummy(library->core);

	return is_dummy == !strcmp(driver, DRIVER_MSI) &&
	       vfio_irqs() == (is_dummy ? 0 : POLL_VECTORS);
}

static u64 arrived(const struct library *library, u32 vector)
{
	int event = vfiomsi_eventfds_get(library->eventfds, vector);

	return event < 0 ? 0 : eventfd_take(event);
}

TEST_F(guest, polls)
{
	unsigned long long irqs = irqs_taken();

	request(&self->queue, 7);
	expect_nothing(_metadata, &self->queue, 1);
	ASSERT_EQ(0, library_set_control(&self->library, PCI_MSIX_FLAGS_ENABLE));
	ASSERT_EQ(7, completion(&self->queue));
	EXPECT_TRUE(polls(&self->library, variant->driver));
	expect_all(_metadata, &self->queue, 0, REQUESTS);
	EXPECT_TRUE(has_sent(self->fd, 2 * (REQUESTS + 1)));
	TH_LOG("%d requests under %s: the host took %llu interrupts", REQUESTS + 1,
	       variant->driver, irqs_taken() - irqs);
	if (vfiomsi_core_is_dummy(self->library.core)) {
		EXPECT_EQ(irqs, irqs_taken());
	} else {
		EXPECT_LT(irqs + REQUESTS / 2, irqs_taken());
	}
	ASSERT_EQ(0, library_set_control(&self->library, 0));
	request(&self->queue, 1);
	expect_nothing(_metadata, &self->queue, 1);
}

/* Interrupts come as soon as one vector has a real message, and go with it. */
TEST_F(guest, gets_interrupts_back)
{
	struct library *library = &self->library;

	ASSERT_EQ(0, library_set_control(library, PCI_MSIX_FLAGS_ENABLE));
	EXPECT_TRUE(polls(library, variant->driver));
	ASSERT_EQ(0, library_set_address(library, 0, 0xfee00000));
	EXPECT_FALSE(vfiomsi_core_is_dummy(library->core));
	expect_all(_metadata, &self->queue, 0, 10);
	EXPECT_TRUE(has_sent(self->fd, 20));
	EXPECT_LT(0, arrived(library, 0));

	ASSERT_EQ(0, library_set_address(library, 0, self->target.iova));
	EXPECT_TRUE(polls(library, variant->driver));
	expect_all(_metadata, &self->queue, 10, 10);

	/*
	 * The ring's vector is masked, and the others still point at memory. vfio-pci cannot
	 * mask the vector in the device, which goes on there.
	 */
	ASSERT_EQ(0, library_set_mask(library, 0, true));
	request(&self->queue, 100);
	if (!strcmp(variant->driver, DRIVER_MSI))
		expect_nothing(_metadata, &self->queue, 1);
	ASSERT_EQ(0, library_set_mask(library, 0, false));
	ASSERT_EQ(100, completion(&self->queue));
	EXPECT_TRUE(polls(library, variant->driver));
}

/* Before memory is unmapped, the library is told. The device goes on with interrupts. */
TEST_F(guest, loses_its_memory)
{
	struct library *library = &self->library;

	ASSERT_EQ(0, library_set_control(library, PCI_MSIX_FLAGS_ENABLE));
	expect_all(_metadata, &self->queue, 0, 10);
	ASSERT_EQ(0, library_set_memory(library, self->memory, 1));
	target_unmap(self->s, &self->target);
	EXPECT_FALSE(vfiomsi_core_is_dummy(library->core));
	EXPECT_EQ(POLL_VECTORS, vfio_irqs());
	expect_all(_metadata, &self->queue, 10, 10);
}

/* The driver refuses a target that the platform reserves: there are interrupts at once. */
TEST_F(guest, gets_interrupts_if_refused)
{
	struct library *library = &self->library;

	self->memory[0].address = 0xfee00000;
	ASSERT_EQ(0, library_set_memory(library, self->memory, 2));
	for (u32 i = 0; i < POLL_VECTORS; i++)
		ASSERT_EQ(0, library_set_address(library, i, 0xfee00000));
	ASSERT_EQ(0, library_set_control(library, PCI_MSIX_FLAGS_ENABLE));
	EXPECT_FALSE(vfiomsi_core_is_dummy(library->core));
	expect_all(_metadata, &self->queue, 0, 10);
	EXPECT_TRUE(has_sent(self->fd, 20));
	EXPECT_LT(0, arrived(library, 0));
}

LAB_MAIN
