// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockdep no longer looks at the reset_lock of pciehp's slots. A chain of Linux's own locks has
 * an inversion that this lock is part of (Documentation/fuzzing.rst), and lockdep turns itself
 * off after a report.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "pciehp.h"

static int __init pciehp_reset_lock_init(void)
{
	struct pci_dev *port = NULL;
	struct pci_slot *slot;

	for_each_pci_dev(port) {
		if (!port->subordinate)
			continue;
		list_for_each_entry(slot, &port->subordinate->slots, list)
			if (slot->hotplug && !strcmp(slot->hotplug->mod_name, "pciehp"))
				lockdep_set_notrack_class(&to_ctrl(slot->hotplug)->reset_lock);
	}

	return 0;
}
module_init(pciehp_reset_lock_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("pciehp's reset_lock without lockdep");
