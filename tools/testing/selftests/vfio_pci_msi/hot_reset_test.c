// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hot reset resets both functions of a slot: the second one is under msi-vfio-pci and has
 * masked vectors or the dummy target, the first one is under vfio-pci or msi-vfio-pci. Each of
 * them can ask for it, if its user has both.
 */
#include <errno.h>
#include <unistd.h>

#include "dummy.h"
#include "messages.h"
#include "msix.h"
#include "source.h"
#include "variants.h"

#define FIRST		"msix_first"
#define INDEX		VFIO_PCI_MSIX_IRQ_INDEX
#define VECTORS		4
#define MASKED_VECTOR	1
#define DUMMY_START	2
#define DUMMY_COUNT	9
#define MARK		0x4711

FIXTURE(slot) {
	struct session *first;
	struct session *second;
	int events[VECTORS];
};

FIXTURE_VARIANT(slot) {
	const char *device;
	const char *mode;
	const char *driver;
};

LAB_VARIANTS_AS(slot, beside_vfio_pci, msix_second, .driver = DRIVER_STOCK);
LAB_VARIANTS_AS(slot, beside_msi_vfio_pci, msix_second, .driver = DRIVER_MSI);

FIXTURE_SETUP(slot)
{
	self->first = session_open(FIRST, variant->driver, variant->mode);
	self->second = session_open_beside(self->first, variant->device, DRIVER_MSI);
	for (int i = 0; i < VECTORS; i++)
		self->events[i] = eventfd_new();
	command_set(self->first->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	command_set(self->second->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* A test that fails before it opens the session again has none left to close. */
static void close_if_open(struct session **s)
{
	if (*s)
		session_close(*s);
	*s = NULL;
}

FIXTURE_TEARDOWN(slot)
{
	close_if_open(&self->second);
	close_if_open(&self->first);
	for (int i = 0; i < VECTORS; i++)
		close(self->events[i]);
}

/* A reset clears this register. */
static void mark(struct session *s)
{
	bar_write32(s->fd, 0, MSIX_REG_SCRATCH, MARK);
}

static bool was_reset(struct session *s)
{
	return bar_read32(s->fd, 0, MSIX_REG_SCRATCH) != MARK;
}

static bool arrived_once(int event)
{
	return eventfd_wait(event) && eventfd_take(event) == 1;
}

/* What is raised behind the mask arrives with the unmask, and not before. */
static void expect_masked(struct __test_metadata *_metadata, struct session *s,
			  const int *events)
{
	EXPECT_EQ(ALLOCATED | TRIGGER | MASKED, message_of(s->fd, INDEX, MASKED_VECTOR).flags);
	bar_write32(s->fd, 0, MSIX_REG_RAISE, MASKED_VECTOR);
	for (int i = 0; i < VECTORS; i++) {
		if (i == MASKED_VECTOR)
			continue;
		bar_write32(s->fd, 0, MSIX_REG_RAISE, i);
		EXPECT_TRUE(arrived_once(events[i]));
	}
	EXPECT_EQ(0, eventfd_take(events[MASKED_VECTOR]));
	EXPECT_EQ(0, set_irqs(s->fd, EVENT_UNMASK, INDEX, MASKED_VECTOR, 1, NULL, 0));
	EXPECT_TRUE(arrived_once(events[MASKED_VECTOR]));
	ASSERT_EQ(0, set_irqs(s->fd, EVENT_MASK, INDEX, MASKED_VECTOR, 1, NULL, 0));
}

static void use_masks(struct __test_metadata *_metadata, struct session *s, const int *events)
{
	ASSERT_EQ(0, set_triggers(s->fd, INDEX, 0, VECTORS, events));
	ASSERT_EQ(0, set_irqs(s->fd, EVENT_MASK, INDEX, MASKED_VECTOR, 1, NULL, 0));
}

TEST_F(slot, masks_stay)
{
	struct session *callers[] = { self->first, self->second };

	use_masks(_metadata, self->second, self->events);
	for (int i = 0; i < 2; i++) {
		mark(self->first);
		mark(self->second);
		ASSERT_EQ(0, session_hot_reset_both(callers[i], callers[!i]));
		EXPECT_TRUE(was_reset(self->first));
		EXPECT_TRUE(was_reset(self->second));
		expect_masked(_metadata, self->second, self->events);
	}
}

TEST_F(slot, dummy_target_stays)
{
	struct session *callers[] = { self->first, self->second };
	struct session *s = self->second;
	struct target target;

	ASSERT_EQ(0, novirt_set(s->fd));
	target_map(s, &target);
	ASSERT_EQ(0, dummy_on(s->fd, DUMMY_START, DUMMY_COUNT, target.iova));
	for (int i = 0; i < 2; i++) {
		mark(s);
		ASSERT_EQ(0, session_hot_reset_both(callers[i], callers[!i]));
		EXPECT_TRUE(was_reset(s));
		/* The call of another device's user does not wait for that. */
		EXPECT_TRUE(wait_msix_enabled(s->bdf));
		EXPECT_TRUE(dummy_in_place(s, DUMMY_START, DUMMY_COUNT, target.iova));
		EXPECT_TRUE(dummy_asserts(s->fd, &target, DUMMY_START));
	}
	ASSERT_EQ(0, dummy_off(s->fd));
	target_unmap(s, &target);
	target_free(&target);
}

static void expect_refused(struct __test_metadata *_metadata, struct session *caller,
			   struct session *second, const int *events)
{
	mark(second);
	EXPECT_EQ(-EINVAL, session_hot_reset(caller));
	EXPECT_FALSE(was_reset(second));
	expect_masked(_metadata, second, events);
}

/* Each function has a user of its own, with its own group or iommufd. */
TEST_F(slot, refused_to_who_has_one)
{
	close_if_open(&self->second);
	self->second = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->second->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	use_masks(_metadata, self->second, self->events);
	expect_refused(_metadata, self->first, self->second, self->events);
	expect_refused(_metadata, self->second, self->second, self->events);
}

TEST_F(slot, refused_beside_no_driver)
{
	close_if_open(&self->second);
	close_if_open(&self->first);
	driver_release(lab_bdf(FIRST));
	self->second = session_open(variant->device, DRIVER_MSI, variant->mode);
	command_set(self->second->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	use_masks(_metadata, self->second, self->events);
	expect_refused(_metadata, self->second, self->second, self->events);
	self->first = session_open(FIRST, variant->driver, variant->mode);
}

LAB_MAIN
