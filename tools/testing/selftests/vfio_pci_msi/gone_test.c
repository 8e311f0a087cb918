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
#define MSI_VECTORS	4
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
	u32 index;
	int vectors;
	u32 reads;	/* that a request needs at least */
	bool dummy;
};

/* Of each entry of the table three dwords are read at least; of MSI one message. */
LAB_VARIANTS_AS(gone, vectors, msix, .index = VFIO_PCI_MSIX_IRQ_INDEX,
		.vectors = VECTORS, .reads = 3 * VECTORS);
LAB_VARIANTS_AS(gone, dummy, msix, .index = VFIO_PCI_MSIX_IRQ_INDEX,
		.vectors = VECTORS, .reads = 3 * VECTORS, .dummy = true);
LAB_VARIANTS_AS(gone, msi, msix_msi, .index = VFIO_PCI_MSI_IRQ_INDEX,
		.vectors = MSI_VECTORS, .reads = 3);

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
		  set_triggers(fd, variant->index, 0, variant->vectors,
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

static void get(int fd, u32 index, u32 count, struct vfio_pci_msi_message *msg)
{
	VFIO_ASSERT_EQ(messages_get(fd, index, 0, count, msg, NULL), 0);
}

/* The device goes away after @reads reads. Was it gone before the request was over? */
static bool get_while_it_goes(int fd, u32 index, u32 count, u32 reads,
			      struct vfio_pci_msi_message *msg)
{
	bool gone;

	bar_write32(fd, BAR, MSIX_REG_LOSE, reads);
	get(fd, index, count, msg);
	gone = bar_read32(fd, BAR, MSIX_REG_LOSE) == ~0U;
	bar_write32(fd, BAR, MSIX_REG_LOSE, MSIX_LOSE_NONE);

	return gone;
}

TEST_F(gone, after_any_read)
{
	struct vfio_pci_msi_message before[VECTORS], msg[VECTORS];
	u32 flags = variant->dummy ? DUMMY : ALLOCATED | TRIGGER;
	u32 index = variant->index, reads;
	int fd = self->s->fd, count = variant->vectors;

	get(fd, index, count, before);
	for (int i = 0; i < count; i++)
		ASSERT_EQ(flags, before[i].flags);

	for (reads = 0; reads < MOST_READS; reads++) {
		if (!get_while_it_goes(fd, index, count, reads, msg))
			break;
		for (int i = 0; i < count; i++) {
			EXPECT_EQ(0, memcmp(&before[i], &msg[i], sizeof(*msg)))
				TH_LOG("gone after %u reads: vector %d changed, flags %#x",
				       reads, i, msg[i].flags);
		}
	}
	EXPECT_LT(variant->reads, reads);
	EXPECT_GT(MOST_READS, reads);
	get(fd, index, count, msg);
	EXPECT_EQ(0, memcmp(before, msg, count * sizeof(msg[0])));
}

LAB_MAIN
