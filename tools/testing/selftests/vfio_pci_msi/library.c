// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "library.h"

int library_open(struct library *library, int fd)
{
	struct vfiomsi_vfio_info info = { .size = sizeof(info) };
	int ret;

	memset(library, 0, sizeof(*library));
	ret = vfiomsi_vfio_describe(fd, VFIO_PCI_MSIX_IRQ_INDEX, &info);
	if (!ret)
		ret = vfiomsi_core_create(&info.core, &library->core);
	if (!ret)
		ret = vfiomsi_eventfds_create(library->core, &library->eventfds);
	if (!ret)
		ret = vfiomsi_vfio_create(library->core, library->eventfds, fd, &library->vfio);

	return ret;
}

static int carry_out(struct library *library, const struct vfiomsi_action *action)
{
	int ret = 0;

	if (action->kind == VFIOMSI_ROUTE)
		return vfiomsi_eventfds_carry_out(library->eventfds, action);
	ret = vfiomsi_vfio_carry_out(library->vfio, action);

	return ret ? ret : vfiomsi_eventfds_carry_out(library->eventfds, action);
}

/* Sets *@refused to the kind of the action that failed. */
static int run_actions(struct library *library, uint32_t *refused)
{
	struct vfiomsi_action action;
	int ret = 0;

	while (!ret && vfiomsi_core_next(library->core, &action) > 0) {
		ret = carry_out(library, &action);
		if (ret)
			*refused = action.kind;
	}

	return ret;
}

static int run(struct library *library, int planned, uint32_t *refused)
{
	int ret;

	if (planned <= 0)
		return planned;
	ret = run_actions(library, refused);
	if (ret) {
		uint32_t again;

		vfiomsi_core_rollback(library->core);
		if (run_actions(library, &again))
			return -ENOLINK;
	}
	vfiomsi_core_commit(library->core);

	return ret;
}

void library_close(struct library *library)
{
	uint32_t refused;

	if (library->vfio)
		run(library, vfiomsi_core_reset(library->core), &refused);
	vfiomsi_vfio_destroy(library->vfio);
	vfiomsi_eventfds_destroy(library->eventfds);
	vfiomsi_core_destroy(library->core);
}

int library_set_memory(struct library *library, const struct vfiomsi_memory *memory,
		       uint32_t count)
{
	uint32_t refused;

	return run(library, vfiomsi_core_set_memory(library->core, memory, count), &refused);
}

/* @width: 2 in the capability, else in the table */
static int write_guest(struct library *library, uint32_t offset, uint32_t width,
		       uint64_t value)
{
	uint32_t refused = 0;
	int planned, ret;

	do {
		if (refused)
			library_set_memory(library, NULL, 0);
		refused = 0;
		planned = width == 2 ?
			vfiomsi_core_cap_write(library->core, offset, width, value) :
			vfiomsi_core_table_write(library->core, offset, width, value);
		ret = run(library, planned, &refused);
	} while (refused == VFIOMSI_DUMMY_ON);

	return ret;
}

int library_set_control(struct library *library, uint16_t control)
{
	return write_guest(library, PCI_MSIX_FLAGS, 2, control);
}

int library_set_address(struct library *library, uint32_t vector, uint64_t address)
{
	return write_guest(library, vector * PCI_MSIX_ENTRY_SIZE, 8, address);
}

int library_set_mask(struct library *library, uint32_t vector, bool masked)
{
	return write_guest(library, vector * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL, 4,
			   masked);
}
