// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves the guest after each page fault, for drivers that do not do so themselves (see
 * leave_guest.h). Other exceptions are rare.
 */
#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "leave_guest.h"

static const char * const names[] = { "page_fault_user", "page_fault_kernel" };
static struct tracepoint *points[ARRAY_SIZE(names)];

static void on_page_fault(void *data, unsigned long address, struct pt_regs *regs,
			  unsigned long error_code)
{
	leave_guest();
}

static void find_point(struct tracepoint *point, void *data)
{
	int i = match_string(names, ARRAY_SIZE(names), point->name);

	if (i >= 0)
		points[i] = point;
}

static int __init fault_guest_init(void)
{
	unsigned int i;
	int ret;

	for_each_kernel_tracepoint(find_point, NULL);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		if (!points[i])
			return -ENOENT;
		/* The module stays: nothing unregisters what was registered. */
		ret = tracepoint_probe_register(points[i], on_page_fault, NULL);
		if (ret)
			return ret;
	}

	return 0;
}
module_init(fault_guest_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves a guest of the lab after page faults");
