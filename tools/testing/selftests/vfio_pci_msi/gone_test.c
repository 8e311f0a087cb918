// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that goes away during MSI_MESSAGES: from some read on, all of its reads
 * return all ones. MSI_MESSAGES must not take these for a message, a mask bit or a
 * pending bit, and shows only what the kernel itself knows.
 */
#include <unistd.h>

#include "dummy.h"
#include "messages.h"
#include "msix.h"
#include "session.h"
#include "variants.h"

#define BAR		0
#define VECTORS		16
/* A request reads less often than this. */
#define MOST_READS	1000

FIXTURE(gone) {
	struct session *s;
	struct target target;
	int triggers[VECTORS];
};

FIXTURE_VARIANT(gone) {
	const char *device;
	const char *mode;
	bool dummy;
};

LAB_VARIANTS_AS(gone, vectors, msix);
LAB_VARIANTS_AS(gone, dummy, msix, .dummy = true);

FIXTURE_SETUP(gone)
{
	int fd;

	self->s = session_open(variant->device, DRIVER_MSI, variant->mode);
	fd = self->s->fd;
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	target_map(self->s, &self->target);
	for (int i = 0; i < VECTORS; i++)
		self->triggers[i] = eventfd_new();
	ASSERT_EQ(0, variant->dummy ?
		  dummy_on(fd, 0, VECTORS, self->target.iova) :
		  set_triggers(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, VECTORS,
			       self->triggers));
}

FIXTURE_TEARDOWN(gone)
{
	for (int i = 0; i < VECTORS; i++)
		close(self->triggers[i]);
	target_unmap(self->s, &self->target);
	target_free(&self->target);
	session_close(self->s);
}

static void get(int fd, struct vfio_pci_msi_message *msg)
{
	VFIO_ASSERT_EQ(messages_get(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, VECTORS, msg,
				    NULL), 0);
}

/* The device goes away after @reads reads. Was it gone before the request was over? */
static bool get_while_it_goes(int fd, u32 reads, struct vfio_pci_msi_message *msg)
{
	bool gone;

	bar_write32(fd, BAR, MSIX_REG_LOSE, reads);
	get(fd, msg);
	gone = bar_read32(fd, BAR, MSIX_REG_LOSE) == ~0U;
	bar_write32(fd, BAR, MSIX_REG_LOSE, MSIX_LOSE_NONE);

	return gone;
}

TEST_F(gone, after_any_read)
{
	struct vfio_pci_msi_message before[VECTORS], msg[VECTORS];
	u32 flags = variant->dummy ? DUMMY : ALLOCATED | TRIGGER;
	int fd = self->s->fd;
	u32 reads;

	get(fd, before);
	for (int i = 0; i < VECTORS; i++)
		ASSERT_EQ(flags, before[i].flags);

	for (reads = 0; reads < MOST_READS; reads++) {
		if (!get_while_it_goes(fd, reads, msg))
			break;
		for (int i = 0; i < VECTORS; i++) {
			EXPECT_EQ(0, memcmp(&before[i], &msg[i], sizeof(*msg)))
				TH_LOG("gone after %u reads: vector %d changed, flags %#x",
				       reads, i, msg[i].flags);
		}
	}
	/* The request reads at least three dwords of each entry. */
	EXPECT_LT(3 * VECTORS, reads);
	EXPECT_GT(MOST_READS, reads);
	get(fd, msg);
	EXPECT_EQ(0, memcmp(before, msg, sizeof(msg)));
}

LAB_MAIN
