// SPDX-License-Identifier: GPL-2.0-only
/* What doctor finds in the kernel's log. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio-msi.h"

struct symptom {
	const char *check;
	bool (*match)(const char *text);
	bool host;		/* of the host, and not of one device */
	const char *meaning;
	const char *next;	/* with the device's address after it, if it ends with a space */
};

/* A message that an embedded interrupt controller sends is no remapped one. */
static bool blocked_by_intel(const char *text)
{
	return strstr(text, "Blocked a compatibility format interrupt request") ||
	       strstr(text, "fault reason 0x25]") || strstr(text, "fault reason 37]");
}

/* 0xfd_f8..._.... is where AMD's IOMMU takes interrupts; flag 0x008: of an interrupt. */
static bool blocked_by_amd(const char *text)
{
	const char *address = strstr(text, "address=0x"), *flags = strstr(text, "flags=0x");

	return strstr(text, "IO_PAGE_FAULT") && address && flags &&
	       strstr(address, "fdf8") && strstr(address, "fdf8") < strchr(address, ' ') &&
	       strtoul(flags + strlen("flags="), NULL, 16) & 0x8;
}

static bool remapping_given_up(const char *text)
{
	return strstr(text, "No southbridge IOAPIC found") ||
	       strstr(text, "Disabling interrupt remapping") ||
	       strstr(text, "interrupt remapping is being disabled");
}

static bool reset_failed(const char *text)
{
	return (strstr(text, "not ready") && strstr(text, "giving up")) ||
	       strstr(text, "device inaccessible") ||
	       strstr(text, "timed out waiting for pending transaction");
}

static bool reserved_by_firmware(const char *text)
{
	return strstr(text, "requested this device have a 1:1 IOMMU mapping") ||
	       strstr(text, "platform RMRR requirement");
}

#define EMBEDDED	"messages that the host did not choose were blocked: the kind that a " \
			"device with an embedded interrupt controller sends"

static const struct symptom symptoms[] = {
	{ "blocked messages", blocked_by_intel, false, EMBEDDED, NULL },
	{ "blocked messages", blocked_by_amd, false, EMBEDDED, NULL },
	{ "remapping", remapping_given_up, true,
	  "the kernel gave interrupt remapping up",
	  "boot with ivrs_ioapic[N]=00:14.0, N being the number after \"IOAPIC[\" in "
	  "\"dmesg | grep IVRS\"; or update the firmware" },
	{ "failed reset", reset_failed, false,
	  "the device did not come back from a reset; another driver does not help",
	  "switch the machine off and on; then see the reset methods in vfio-msi show --no-open " },
	{ "reserved memory", reserved_by_firmware, false,
	  "the firmware keeps memory of the device for itself (RMRR): VFIO cannot give it away",
	  "look in the firmware's setup for a switch that ends this, or use another slot" },
};

#define SYMPTOMS	(sizeof(symptoms) / sizeof(symptoms[0]))

struct search {
	const struct device *dev;	/* NULL: any */
	size_t lines;
	size_t count[SYMPTOMS];
	char *last[SYMPTOMS];
};

/* The address alone, and not the end of one in a larger domain */
static bool names(const char *text, const char *bdf)
{
	const char *found = text;

	while ((found = strstr(found, bdf))) {
		if (found == text || !isxdigit((unsigned char)found[-1]))
			return true;
		found++;
	}
	return false;
}

/* Intel's faults have the address without a domain: [01:00.0]. */
static bool is_about(const char *text, const struct device *dev)
{
	char *brief = format_text("[%s]", strchr(dev->bdf, ':') + 1);
	bool about = names(text, dev->bdf) || (!dev->pci->domain && strstr(text, brief));

	free(brief);
	return about;
}

static void look_at(const char *text, void *context)
{
	struct search *search = context;
	size_t i;

	search->lines++;
	for (i = 0; i < SYMPTOMS; i++) {
		if (!symptoms[i].match(text))
			continue;
		/* the host's are found once, without a device */
		if (search->dev ? symptoms[i].host || !is_about(text, search->dev) :
				  !symptoms[i].host)
			continue;
		search->count[i]++;
		free(search->last[i]);
		search->last[i] = format_text("%s", text);
	}
}

static bool has_live_slots(const struct device *dev)
{
	struct live_windows live;
	bool has = false;
	size_t i, j;

	if (live_windows_read(dev, &live))
		return false;
	for (i = 0; i < live.count; i++)
		for (j = 0; j < live.window[i].slots; j++)
			has |= !!strstr(live.window[i].slot[j].flags, "address");
	live_windows_free(&live);
	return has;
}

static char *next_for_blocked(const struct device *dev, bool ours, bool live)
{
	if (!ours)
		return format_text("vfio-msi bind %s", dev->bdf);
	if (live)
		return format_text("vfio-msi vectors --watch %s (do the counts grow?)", dev->bdf);
	return format_text("vfio-msi learn %s (finds the window that it needs)", dev->bdf);
}

/* With live slots, what is blocked can be what the device's firmware has in memory. */
static void add_blocked(struct findings *findings, const struct search *search, size_t i)
{
	const struct device *dev = search->dev;
	char driver[NAME_SIZE];
	bool live;

	device_driver(dev, driver);
	live = !strcmp(driver, MSI_VFIO_PCI) && has_live_slots(dev);
	finding_add(findings, dev, symptoms[i].check, live ? FINDING_NOTE : FINDING_PROBLEM,
		    next_for_blocked(dev, !strcmp(driver, MSI_VFIO_PCI), live),
		    "%zu times: %s%s; the last: %s", search->count[i], symptoms[i].meaning,
		    live ? " (its slots are live: these can be messages that its firmware has in "
		    "memory)" : "", private_name(search->last[i]));
}

static void add_symptom(struct findings *findings, const struct search *search, size_t i)
{
	const struct symptom *symptom = &symptoms[i];
	bool open_end = symptom->next && symptom->next[strlen(symptom->next) - 1] == ' ';

	if (!symptom->next) {
		add_blocked(findings, search, i);
		return;
	}
	finding_add(findings, search->dev, symptom->check, FINDING_PROBLEM,
		    format_text("%s%s", symptom->next, open_end ? search->dev->bdf : ""),
		    "%zu times: %s; the last: %s", search->count[i], symptom->meaning,
		    private_name(search->last[i]));
}

/* The faults of a device, or those of the host (NULL) */
void doctor_log(const struct device *dev, struct findings *findings)
{
	struct search search = { .dev = dev };
	bool any = false;
	size_t i;

	if (!kmsg_all(look_at, &search)) {
		finding_add(findings, dev, "kernel log", FINDING_UNKNOWN,
			    format_text("run as root"), "cannot be read");
		return;
	}
	for (i = 0; i < SYMPTOMS; i++) {
		if (search.count[i])
			add_symptom(findings, &search, i);
		any |= search.count[i];
		free(search.last[i]);
	}
	if (!any)
		finding_add(findings, dev, "kernel log", FINDING_OK, NULL,
			    "no known fault in %zu lines", search.lines);
}
