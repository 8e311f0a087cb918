// SPDX-License-Identifier: GPL-2.0-only
/* What doctor checks of a device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfio-msi.h"

static void check_answer(const struct device *dev, struct findings *findings)
{
	struct caps caps;

	caps_read(dev, &caps);
	if (caps.gone)
		finding_add(findings, dev, "config space", FINDING_PROBLEM,
			    format_text("switch the machine off and on"),
			    "it " DOES_NOT_ANSWER);
	else if (!caps.known)
		finding_add(findings, dev, "config space", FINDING_UNKNOWN,
			    format_text("run as root"), "cannot be read");
	else
		finding_add(findings, dev, "config space", FINDING_OK, NULL,
			    "it answers; MSI: %u vectors, MSI-X: %u",
			    caps.msi.pos ? caps.msi.vectors : 0,
			    caps.msix.pos ? caps.msix.vectors : 0);
}

static void check_bars(const struct device *dev, struct findings *findings)
{
	char *message = kmsg_unassigned(dev);

	if (message)
		finding_add(findings, dev, "BARs", FINDING_PROBLEM,
			    format_text("boot with pci=realloc, or switch \"above 4G decoding\" on "
					"in the firmware's setup"),
			    "one has no addresses: %s", private_name(message));
	free(message);
}

static void check_driver(const struct device *dev, struct findings *findings)
{
	char driver[NAME_SIZE], override[NAME_SIZE];
	const struct card *card = card_find(dev);

	device_driver(dev, driver);
	driver_override(dev, override);
	if (!strcmp(driver, MSI_VFIO_PCI))
		finding_add(findings, dev, "driver", FINDING_OK, NULL, MSI_VFIO_PCI);
	else if (!driver[0] && override[0])
		finding_add(findings, dev, "driver", FINDING_PROBLEM,
			    format_text("vfio-msi bind --driver %s %s", override, dev->bdf),
			    "none, while its override is %s", override);
	else if (device_is_vfio(dev) && card)
		finding_add(findings, dev, "driver", FINDING_PROBLEM,
			    format_text("vfio-msi bind %s", dev->bdf),
			    "%s, which cannot translate this card's messages", driver);
	else
		finding_add(findings, dev, "driver", FINDING_NOTE,
			    format_text("vfio-msi bind %s (not needed with libvirt 10 or later)",
					dev->bdf), "%s", driver[0] ? driver : "none");
}

static void check_card(const struct device *dev, struct findings *findings)
{
	const struct card *card = card_find(dev);

	if (card)
		finding_add(findings, dev, "card", FINDING_OK, NULL,
			    "known, with its windows; seen so far: %s", card->proven);
	else
		finding_add(findings, dev, "card", FINDING_OK, NULL,
			    "not one whose windows are known; most devices need none");
}

static void check_memory_messages(const struct device *dev, struct findings *findings)
{
	if (card_find(dev))
		finding_add(findings, dev, "messages in memory", FINDING_NOTE, NULL,
			    "its firmware gets the message of some receive rings by memory, where "
			    "no window sees it; with one vector a Linux guest does not need them "
			    "(Documentation/messages-in-memory.rst)");
}

static void check_group(const struct device *dev, struct findings *findings)
{
	size_t i, blocking = 0;
	struct group group;

	group_read(dev, &group);
	for (i = 0; i < group.count; i++) {
		const struct member *member = &group.member[i];

		if (!member->blocks || !strcmp(member->bdf, dev->bdf))
			continue;
		blocking++;
		finding_add(findings, dev, "IOMMU group", FINDING_PROBLEM,
			    format_text("vfio-msi bind %s", member->bdf),
			    "group %s is shared with %s, which is bound to %s: the group cannot be "
			    "opened", group.name, member->bdf, member->driver);
	}
	if (!group.name[0])
		finding_add(findings, dev, "IOMMU group", FINDING_PROBLEM,
			    format_text("see the host's checks"), "none");
	else if (!blocking)
		finding_add(findings, dev, "IOMMU group",
			    group.count > 1 ? FINDING_NOTE : FINDING_OK, NULL,
			    group.count > 1 ? "%s, shared by %zu devices, which go to one user "
			    "together" : "%s, its own", group.name, group.count);
	group_free(&group);
}

static void check_remapping(const struct device *dev, struct findings *findings)
{
	switch (irq_remapping(dev)) {
	case REMAPPING_ON:
		finding_add(findings, dev, "isolation", FINDING_OK, NULL,
			    "its interrupts are remapped");
		break;
	case REMAPPING_OFF:
		finding_add(findings, dev, "isolation", FINDING_PROBLEM,
			    format_text("see the host's checks"),
			    "its interrupts are not remapped");
		break;
	case REMAPPING_UNKNOWN:
		finding_add(findings, dev, "isolation", FINDING_NOTE, NULL,
			    "not known before it has an interrupt");
		break;
	}
}

static void check_reset(const struct device *dev, struct findings *findings)
{
	char methods[NAME_SIZE];

	if (device_read(dev, "reset_method", methods, sizeof(methods)) || !methods[0])
		finding_add(findings, dev, "reset", FINDING_NOTE, NULL,
			    "there is no way to reset it: it goes from user to user as it is");
	else
		finding_add(findings, dev, "reset", FINDING_OK, NULL, "%s", methods);
}

static void check_refusal(const struct device *dev, struct findings *findings)
{
	char *refusal = msi_refusal(dev);

	if (refusal)
		finding_add(findings, dev, "MSI", FINDING_PROBLEM,
			    booted_without_msi() ?
			    format_text("take pci=nomsi from the kernel's command line") :
			    format_text("write 1 to that file"),
			    "the kernel gives it no MSI and MSI-X: %s", refusal);
	free(refusal);
}

static bool is_disabled(const struct live *live)
{
	size_t i;

	for (i = 0; i < live->count; i++)
		if (strstr(live->vector[i].flags, "disabled"))
			return true;
	return false;
}

static void check_vectors(const struct device *dev, struct findings *findings)
{
	struct live live;
	struct irqs irqs;
	int err = live_read(dev, &live);

	irqs_read(dev, &irqs);
	if (!err && is_disabled(&live))
		finding_add(findings, dev, "vectors", FINDING_PROBLEM,
			    format_text("restart the guest"),
			    "%zu allocated, and %s is disabled in the device: no interrupt arrives",
			    live.count, live.index);
	else if (!err)
		finding_add(findings, dev, "vectors", FINDING_OK, NULL, "%zu allocated%s",
			    live.count, live.open ? "" : "; no session");
	else
		finding_add(findings, dev, "vectors", FINDING_OK, NULL, "%zu allocated",
			    irqs.count);
	irqs_free(&irqs);
	if (!err)
		live_free(&live);
}

struct sums {
	size_t windows, slots, live;
	unsigned long long withheld, undone;
};

static void add_up(const struct live_windows *live, struct sums *sums)
{
	size_t i, j;

	for (i = 0; i < live->count; i++) {
		const struct live_window *window = &live->window[i];

		sums->windows++;
		sums->withheld += window->withheld;
		sums->undone += window->undone;
		sums->slots += window->slots;
		for (j = 0; j < window->slots; j++)
			sums->live += strstr(window->slot[j].flags, "address") &&
				      strstr(window->slot[j].flags, "data");
	}
}

static void check_slots(const struct device *dev, struct findings *findings)
{
	struct sums sums = { .windows = 0 };
	struct live_windows live;

	if (live_windows_read(dev, &live))
		return;
	add_up(&live, &sums);
	if (live.open && sums.windows)
		finding_add(findings, dev, "slots", sums.slots && !sums.live ? FINDING_PROBLEM :
			    FINDING_OK, sums.slots && !sums.live ?
			    format_text("vfio-msi window %s", dev->bdf) : NULL,
			    "%zu of %zu live in %zu windows; withheld %llu times, undone %llu times",
			    sums.live, sums.slots, sums.windows, sums.withheld, sums.undone);
	live_windows_free(&live);
}

static void check_node(const struct device *dev, struct findings *findings)
{
	char path[PATH_MAX];
	struct group group;
	struct stat st;

	group_read(dev, &group);
	snprintf(path, sizeof(path), "/dev/vfio/%s", group.name);
	if (group.name[0] && device_is_vfio(dev) && !stat(path, &st))
		finding_add(findings, dev, "rights", FINDING_OK, NULL,
			    "%s: user %u, group %u, mode %04o", path, st.st_uid, st.st_gid,
			    st.st_mode & 07777);
	group_free(&group);
}

static void check_token(const struct device *dev, struct findings *findings)
{
	char pf[NAME_SIZE];

	if (device_vfio_pf(dev, pf))
		finding_add(findings, dev, "VF token", FINDING_NOTE, NULL,
			    "it can only be opened with the token that the user of %s has set "
			    "(vf-token= of QEMU)", pf);
}

static void check_uses(const struct device *dev, struct findings *findings)
{
	struct uses uses;
	size_t i;

	use_find(dev, &uses);
	for (i = 0; i < uses.count; i++)
		finding_add(findings, dev, "in use", FINDING_NOTE, NULL, "%s", uses.use[i].detail);
	if (!uses.count)
		finding_add(findings, dev, "in use", uses.known ? FINDING_OK : FINDING_UNKNOWN,
			    uses.known ? NULL : format_text("run as root"), "%s",
			    uses.known ? "no" : "not known");
	use_free(&uses);
}

static void check_lasting(const struct device *dev, struct findings *findings)
{
	struct texts texts;
	size_t i;

	lasting_read(dev, &texts);
	for (i = 0; i < texts.count; i++)
		finding_add(findings, dev, "binding", FINDING_NOTE, NULL, "%s", texts.text[i]);
	texts_free(&texts);
}

void doctor_device(const struct device *dev, struct findings *findings)
{
	if (device_is_bridge(dev)) {
		finding_add(findings, dev, "driver", FINDING_NOTE, NULL,
			    "a bridge: VFIO cannot give it to a user");
		return;
	}
	check_answer(dev, findings);
	check_bars(dev, findings);
	check_card(dev, findings);
	check_driver(dev, findings);
	check_lasting(dev, findings);
	check_uses(dev, findings);
	check_group(dev, findings);
	check_node(dev, findings);
	check_token(dev, findings);
	check_remapping(dev, findings);
	check_reset(dev, findings);
	check_refusal(dev, findings);
	check_vectors(dev, findings);
	check_slots(dev, findings);
	check_memory_messages(dev, findings);
	doctor_log(dev, findings);
}
