// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* All that a VMM does for MSI and MSI-X with libvfiomsi. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "vmm.h"

static void create_host(struct msi *msi, struct device *device)
{
	must_library(vfiomsi_vfio_create(msi->core, msi->eventfds, device->fd, &msi->vfio),
		     "the VFIO back end");
	must_library(vfiomsi_kvm_device_create(device->routes, msi->core, msi->eventfds, -1,
					       &msi->kvm), "the KVM back end");
}

void msi_create(struct msi *msi, uint32_t index, struct device *device)
{
	int ret;

	msi->info.size = sizeof(msi->info);
	ret = vfiomsi_vfio_describe(device->fd, index, &msi->info);
	if (ret == -ENOENT)
		return;
	must_library(ret, "the device's capabilities");
	must_library(vfiomsi_core_create(&msi->info.core, &msi->core), "a core");
	must_library(vfiomsi_eventfds_create(msi->core, &msi->eventfds), "eventfds");
	create_host(msi, device);
}

/* The eventfds come first if they are to be made, and otherwise last. */
static int carry_out(struct msi *msi, const struct vfiomsi_action *action)
{
	int ret = 0;

	if (action->kind == VFIOMSI_ROUTE)
		ret = vfiomsi_eventfds_carry_out(msi->eventfds, action);
	if (!ret)
		ret = vfiomsi_vfio_carry_out(msi->vfio, action);
	if (!ret)
		ret = vfiomsi_kvm_device_carry_out(msi->kvm, action);
	if (!ret && action->kind != VFIOMSI_ROUTE)
		ret = vfiomsi_eventfds_carry_out(msi->eventfds, action);

	return ret;
}

/* Sets *@refused to the action that failed. */
static int run_actions(struct msi *msi, struct vfiomsi_action *refused)
{
	struct vfiomsi_action action;
	int ret = 0;

	while (!ret && vfiomsi_core_next(msi->core, &action) > 0)
		ret = carry_out(msi, &action);
	if (ret)
		*refused = action;

	return ret;
}

/*
 * If the host cannot do it, the guest finds that its write did nothing. Returns false if only
 * the dummy target was refused.
 */
static bool run_plan(struct msi *msi, int planned)
{
	struct vfiomsi_action refused = { .kind = 0 };
	int ret;

	if (planned <= 0)
		return true;
	ret = run_actions(msi, &refused);
	if (ret) {
		fprintf(stderr, "vmm: action %u for %u vectors from %u on: %s\n", refused.kind,
			refused.count, refused.vector, strerror(-ret));
		must_library(vfiomsi_core_rollback(msi->core), "roll back");
		must_library(run_actions(msi, &refused), "roll back");
	}
	must_library(vfiomsi_core_commit(msi->core), "commit");

	return !ret || refused.kind != VFIOMSI_DUMMY_ON;
}

/* A function of the library that makes a plan, for a write of the guest or for none */
typedef int change_function(struct vfiomsi_core *core, uint32_t at, uint32_t width,
			    uint64_t value);

/* If the host refuses the dummy target, the guest gets interrupts. */
static void change(struct msi *msi, change_function *make, uint32_t at, uint32_t width,
		   uint64_t value)
{
	if (run_plan(msi, make(msi->core, at, width, value)))
		return;
	run_plan(msi, vfiomsi_core_set_memory(msi->core, NULL, 0));
	run_plan(msi, make(msi->core, at, width, value));
}

static int write_cap(struct vfiomsi_core *core, uint32_t at, uint32_t width, uint64_t value)
{
	return vfiomsi_core_cap_write(core, at, width, (uint32_t)value);
}

static int set_up(struct vfiomsi_core *core, uint32_t at, uint32_t width, uint64_t value)
{
	(void)at;
	(void)width;
	(void)value;

	return vfiomsi_core_sync(core);
}

void msi_set_memory(struct msi *msi, const struct vfiomsi_memory *memory)
{
	if (msi->core)
		run_plan(msi, vfiomsi_core_set_memory(msi->core, memory, 1));
}

void msi_reset(struct msi *msi)
{
	if (msi->core)
		run_plan(msi, vfiomsi_core_reset(msi->core));
}

void msi_harvest(struct msi *msi)
{
	if (msi->core)
		run_plan(msi, vfiomsi_core_harvest(msi->core, 0,
						   vfiomsi_core_vectors(msi->core)));
}

bool msi_has_config(const struct msi *msi, uint32_t offset)
{
	return msi->core && offset >= msi->info.cap_offset &&
	       offset - msi->info.cap_offset < vfiomsi_core_cap_size(msi->core);
}

/*
 * To detach a vector is to wait for its handler, which may still run on another CPU: what it has
 * sent is then in the guest's local APIC, or counted by a held eventfd, which is read after that.
 * What the host or the device knows of masked vectors is asked before. All of this is behind the
 * core's back, which has to know the host as it was. So the process ends after this, or calls
 * msi_go_on().
 */
void msi_take_back(struct msi *msi)
{
	struct vfiomsi_action action = { .kind = VFIOMSI_DETACH };

	if (!msi->core)
		return;
	msi_harvest(msi);
	action.count = vfiomsi_core_vectors(msi->core);
	must_library(carry_out(msi, &action), "detach");
	action.kind = VFIOMSI_HARVEST;
	must_library(vfiomsi_eventfds_carry_out(msi->eventfds, &action), "harvest");
}

/* Where address and data of MSI end */
static uint32_t message_end(const struct msi *msi)
{
	bool wide = msi->info.core.capability[PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT;

	return (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32) + 2;
}

bool msi_has_message(const struct msi *msi, uint32_t offset)
{
	return msi_has_config(msi, offset) && offset - msi->info.cap_offset < message_end(msi);
}

/* MSI can have mask bits in the dword after the data's, and pending bits in the next one. */
static bool is_pending_bits(const struct msi *msi, uint32_t at)
{
	return !vfiomsi_core_table_size(msi->core) && at >= message_end(msi) + 2 + 4;
}

uint32_t msi_config_read(struct msi *msi, uint32_t offset, unsigned int width)
{
	uint32_t at = offset - msi->info.cap_offset;
	uint32_t value;

	if (is_pending_bits(msi, at))
		msi_harvest(msi);
	vfiomsi_core_cap_read(msi->core, at, width, &value);

	return value;
}

void msi_config_write(struct msi *msi, uint32_t offset, unsigned int width, uint32_t value)
{
	change(msi, write_cap, offset - msi->info.cap_offset, width, value);
}

static bool is_within(uint64_t offset, uint64_t start, uint32_t size)
{
	return offset >= start && offset - start < size;
}

static void table_access(struct msi *msi, uint32_t at, uint64_t *value, unsigned int width,
			 bool write)
{
	if (write)
		change(msi, vfiomsi_core_table_write, at, width, *value);
	else
		vfiomsi_core_table_read(msi->core, at, width, value);
}

static void pba_access(struct msi *msi, uint32_t at, uint64_t *value, unsigned int width,
		       bool write)
{
	if (write)
		return;
	msi_harvest(msi);
	vfiomsi_core_pba_read(msi->core, at, width, value);
}

bool msi_memory(struct msi *msi, unsigned int bar, uint64_t offset, uint8_t *bytes,
		unsigned int width, bool write)
{
	const struct vfiomsi_vfio_info *info = &msi->info;
	uint64_t value = 0;

	if (!msi->core)
		return false;
	memcpy(&value, bytes, width);
	if (bar == info->table_bar &&
	    is_within(offset, info->table_offset, vfiomsi_core_table_size(msi->core)))
		table_access(msi, (uint32_t)(offset - info->table_offset), &value, width, write);
	else if (bar == info->pba_bar &&
		 is_within(offset, info->pba_offset, vfiomsi_core_pba_size(msi->core)))
		pba_access(msi, (uint32_t)(offset - info->pba_offset), &value, width, write);
	else
		return false;
	memcpy(bytes, &value, width);

	return true;
}

/* Returns room for a state, which is to be freed. */
static void *make_state(const struct msi *msi, size_t *size)
{
	void *state;

	*size = vfiomsi_core_state_size(msi->core);
	state = calloc(1, *size);
	if (!state)
		die("a state");

	return state;
}

static void save(const struct msi *msi, void *state, size_t size)
{
	must_library(vfiomsi_core_save(msi->core, state, size), "save");
}

static void load(struct msi *msi, const void *state, size_t size)
{
	must_library(vfiomsi_core_load(msi->core, state, size), "load");
	change(msi, set_up, 0, 0, 0);
}

void msi_keep(struct msi *msi, struct snapshot *snapshot)
{
	size_t size;
	void *state;

	if (!msi->core)
		return;
	state = make_state(msi, &size);
	if (!snapshot->loads)
		save(msi, state, size);
	keep(snapshot, state, size);
	if (snapshot->loads)
		load(msi, state, size);
	free(state);
}

/* The device has MSI or MSI-X disabled after this, as when it was opened. */
static void free_host(struct msi *msi)
{
	struct vfiomsi_action action = { .kind = VFIOMSI_FREE };

	if (vfiomsi_core_is_dummy(msi->core))
		action.kind = VFIOMSI_DUMMY_OFF;
	must_library(vfiomsi_vfio_carry_out(msi->vfio, &action), "give back");
	vfiomsi_vfio_destroy(msi->vfio);
	vfiomsi_kvm_device_destroy(msi->kvm);
	vfiomsi_eventfds_host_lost(msi->eventfds);
	vfiomsi_core_host_lost(msi->core);
}

/* What was pending in the host, and is lost with the vectors, is in the state. */
void msi_go_on(struct msi *msi, struct device *device)
{
	size_t size;
	void *state;

	if (!msi->core)
		return;
	state = make_state(msi, &size);
	save(msi, state, size);
	free_host(msi);
	create_host(msi, device);
	load(msi, state, size);
	free(state);
}
