// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

static uint16_t control_of(const uint8_t *capability)
{
	return capability[CAP_CONTROL] | capability[CAP_CONTROL + 1] << 8;
}

static void set_control(uint8_t *capability, uint16_t control)
{
	capability[CAP_CONTROL] = control & 0xff;
	capability[CAP_CONTROL + 1] = control >> 8;
}

static void parse_msix(struct vfiomsi_core *core)
{
	uint16_t control = control_of(core->capability) & MSIX_SIZE;

	core->msix = true;
	core->count = control + 1;
	core->cap_size = MSIX_CAP_SIZE;
	set_control(core->capability, control);
}

static int parse_msi(struct vfiomsi_core *core)
{
	uint16_t control = control_of(core->capability) & MSI_READ_ONLY;
	uint32_t capable = (control & MSI_CAPABLE) >> MSI_CAPABLE_SHIFT;

	if (capable > MSI_MAX_CAPABLE)
		return -EINVAL;
	core->count = 1U << capable;
	core->cap_size = 12;
	if (control & MSI_64BIT)
		core->cap_size += 4;
	if (control & MSI_MASK_BITS)
		core->cap_size += 8;
	set_control(core->capability, control);

	return 0;
}

static int parse(struct vfiomsi_core *core)
{
	switch (core->capability[0]) {
	case CAP_ID_MSIX:
		parse_msix(core);
		return 0;
	case CAP_ID_MSI:
		return parse_msi(core);
	}

	return -EINVAL;
}

/* A newer program may have a longer configuration, if it asks for nothing new. */
static int check_config(const struct vfiomsi_core_config *config)
{
	const uint8_t *bytes = (const uint8_t *)config;
	uint32_t i;

	if (config->size < sizeof(*config))
		return -EINVAL;
	if (config->size > 4096)
		return -E2BIG;
	for (i = sizeof(*config); i < config->size; i++)
		if (bytes[i])
			return -E2BIG;
	if (config->flags & ~(uint32_t)(VFIOMSI_HOST_MASKS | VFIOMSI_DYNAMIC | VFIOMSI_HOST_DUMMY))
		return -EINVAL;

	return 0;
}

static int allocate(struct vfiomsi_core *core)
{
	core->vectors = calloc(core->count, sizeof(*core->vectors));
	if (!core->vectors)
		return -ENOMEM;
	if (!core->msix)
		return 0;
	core->now.entries = calloc(core->count, sizeof(struct entry));
	core->next.entries = calloc(core->count, sizeof(struct entry));

	return core->now.entries && core->next.entries ? 0 : -ENOMEM;
}

API int vfiomsi_core_create(const struct vfiomsi_core_config *config, struct vfiomsi_core **core)
{
	struct vfiomsi_core *made;
	int ret = check_config(config);

	if (ret)
		return ret;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	made->flags = config->flags;
	memcpy(made->capability, config->capability, sizeof(made->capability));
	ret = parse(made);
	if (!ret)
		ret = allocate(made);
	if (ret) {
		vfiomsi_core_destroy(made);
		return ret;
	}
	vfiomsi_guest_reset(made, &made->now);
	vfiomsi_guest_reset(made, &made->next);
	*core = made;

	return 0;
}

API void vfiomsi_core_destroy(struct vfiomsi_core *core)
{
	if (!core)
		return;
	free(core->vectors);
	free(core->now.entries);
	free(core->next.entries);
	free(core);
}

API uint32_t vfiomsi_core_vectors(const struct vfiomsi_core *core)
{
	return core->count;
}

API uint32_t vfiomsi_core_cap_size(const struct vfiomsi_core *core)
{
	return core->cap_size;
}

API uint32_t vfiomsi_core_table_size(const struct vfiomsi_core *core)
{
	return core->msix ? core->count * MSIX_ENTRY_SIZE : 0;
}

API uint32_t vfiomsi_core_pba_size(const struct vfiomsi_core *core)
{
	return core->msix ? (core->count + 63) / 64 * 8 : 0;
}
