// SPDX-License-Identifier: GPL-2.0-only
/* The configuration space of a function: its values, and what software can write. */
#include "pci.h"

#include <endian.h>
#include <string.h>

enum power_state {
	POWER_D0 = 0,
	POWER_D3HOT = 3,
};

#define COMMAND_WRITABLE	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
				 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | \
				 PCI_COMMAND_INTX_DISABLE)

#define DEVCTL_WRITABLE		(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
				 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
				 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD | \
				 PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ)

#define LNKCTL_WRITABLE		(PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | \
				 PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES)

static uint16_t get16(const uint8_t *space, unsigned int offset)
{
	uint16_t value;

	memcpy(&value, space + offset, sizeof(value));
	return le16toh(value);
}

static uint32_t get32(const uint8_t *space, unsigned int offset)
{
	uint32_t value;

	memcpy(&value, space + offset, sizeof(value));
	return le32toh(value);
}

static void put16(uint8_t *space, unsigned int offset, uint16_t value)
{
	value = htole16(value);
	memcpy(space + offset, &value, sizeof(value));
}

static void put32(uint8_t *space, unsigned int offset, uint32_t value)
{
	value = htole32(value);
	memcpy(space + offset, &value, sizeof(value));
}

uint16_t pci_value16(const struct pci_function *f, unsigned int offset)
{
	return get16(f->value, offset);
}

uint32_t pci_value32(const struct pci_function *f, unsigned int offset)
{
	return get32(f->value, offset);
}

void pci_set_value32(struct pci_function *f, unsigned int offset, uint32_t value)
{
	put32(f->value, offset, value);
}

void pci_init16(struct pci_function *f, unsigned int offset, uint16_t value,
		uint16_t writable)
{
	put16(f->initial, offset, value);
	put16(f->writable, offset, writable);
}

void pci_init32(struct pci_function *f, unsigned int offset, uint32_t value,
		uint32_t writable)
{
	put32(f->initial, offset, value);
	put32(f->writable, offset, writable);
}

void pci_add_capability(struct pci_function *f, uint8_t offset, uint8_t id)
{
	f->initial[f->last_capability] = offset;
	f->last_capability = offset + PCI_CAP_LIST_NEXT;
	f->initial[offset + PCI_CAP_LIST_ID] = id;
}

/*
 * D0 and D3hot only. Leaving D3hot resets the function (No_Soft_Reset is 0), except after
 * pci_keep_in_d3hot().
 */
static void add_power_management(struct pci_function *f)
{
	pci_add_capability(f, PCI_PM_OFFSET, PCI_CAP_ID_PM);
	pci_init16(f, PCI_PM_OFFSET + PCI_PM_PMC, 3, 0);
	pci_init16(f, PCI_PM_OFFSET + PCI_PM_CTRL, 0, PCI_PM_CTRL_STATE_MASK);
}

static void add_express(struct pci_function *f)
{
	const unsigned int cap = PCI_EXP_OFFSET;

	pci_add_capability(f, cap, PCI_CAP_ID_EXP);
	pci_init16(f, cap + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 0);
	pci_init32(f, cap + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0);
	pci_init16(f, cap + PCI_EXP_DEVCTL,
		   PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
		   PCI_EXP_DEVCTL_READRQ_512B, DEVCTL_WRITABLE);
	put16(f->sticky, cap + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_PAYLOAD);
	pci_init32(f, cap + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4, 0);
	pci_init16(f, cap + PCI_EXP_LNKCTL, 0, LNKCTL_WRITABLE);
	put16(f->sticky, cap + PCI_EXP_LNKCTL, LNKCTL_WRITABLE);
	pci_init16(f, cap + PCI_EXP_LNKSTA,
		   PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1, 0);
	pci_init32(f, cap + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS, 0);
	pci_init16(f, cap + PCI_EXP_DEVCTL2, 0, PCI_EXP_DEVCTL2_COMP_TMOUT_DIS);
	pci_init32(f, cap + PCI_EXP_LNKCAP2, PCI_EXP_LNKCAP2_SLS_2_5GB, 0);
}

void pci_init(struct pci_function *f, const struct pci_device_ops *ops,
	      const struct pci_identity *id)
{
	memset(f, 0, sizeof(*f));
	f->ops = ops;
	f->last_capability = PCI_CAPABILITY_LIST;
	pci_init16(f, PCI_VENDOR_ID, id->vendor, 0);
	pci_init16(f, PCI_DEVICE_ID, id->device, 0);
	pci_init16(f, PCI_COMMAND, 0, COMMAND_WRITABLE);
	pci_init16(f, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	pci_init32(f, PCI_CLASS_REVISION, id->class << 8, 0);
	pci_init16(f, PCI_CACHE_LINE_SIZE, 0, 0xff);
	pci_init16(f, PCI_SUBSYSTEM_VENDOR_ID, id->vendor, 0);
	pci_init16(f, PCI_SUBSYSTEM_ID, id->device, 0);
	pci_init16(f, PCI_INTERRUPT_LINE, 0, 0xff);
	add_power_management(f);
	add_express(f);
}

void pci_keep_in_d3hot(struct pci_function *f)
{
	pci_init16(f, PCI_PM_OFFSET + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET,
		   PCI_PM_CTRL_STATE_MASK);
}

static enum power_state power_state(const struct pci_function *f)
{
	return pci_value16(f, PCI_PM_OFFSET + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK;
}

bool pci_is_in_d3hot(const struct pci_function *f)
{
	return power_state(f) == POWER_D3HOT;
}

bool pci_decodes_memory(const struct pci_function *f)
{
	return pci_value16(f, PCI_COMMAND) & PCI_COMMAND_MEMORY &&
	       power_state(f) == POWER_D0;
}

bool pci_is_bus_master(const struct pci_function *f)
{
	return pci_value16(f, PCI_COMMAND) & PCI_COMMAND_MASTER &&
	       power_state(f) == POWER_D0;
}

bool pci_sends_anything(const struct pci_function *f)
{
	return f->faults & PCI_FAULT_MESSAGES;
}

static bool is_hidden(const struct pci_function *f, unsigned int offset)
{
	return !f->capabilities_shown &&
	       (offset >= PCI_STD_HEADER_SIZEOF || offset == PCI_CAPABILITY_LIST);
}

void pci_config_read(const struct pci_function *f, unsigned int offset, void *data,
		     size_t size)
{
	uint8_t *byte = data;
	size_t i;

	for (i = 0; i < size; i++) {
		byte[i] = is_hidden(f, offset + i) ? 0 : f->value[offset + i];
		if (!f->capabilities_shown && offset + i == PCI_STATUS)
			byte[i] &= ~PCI_STATUS_CAP_LIST;
	}
}

void pci_config_store(struct pci_function *f, unsigned int offset, const void *data,
		      size_t size)
{
	const unsigned int pm_ctrl = PCI_PM_OFFSET + PCI_PM_CTRL;
	enum power_state old_state = power_state(f);
	const uint8_t *byte = data;
	uint8_t mask;
	size_t i;

	for (i = 0; i < size; i++) {
		mask = is_hidden(f, offset + i) ? 0 : f->writable[offset + i];
		f->value[offset + i] &= ~mask;
		f->value[offset + i] |= byte[i] & mask;
	}
	/* The function stays in its state if it does not have the new one. */
	if (power_state(f) != POWER_D0 && power_state(f) != POWER_D3HOT)
		f->value[pm_ctrl] = (f->value[pm_ctrl] & ~PCI_PM_CTRL_STATE_MASK) | old_state;
}

void pci_config_reset(struct pci_function *f, enum pci_reset reset)
{
	uint8_t kept;
	size_t i;

	for (i = 0; i < PCI_CONFIG_SIZE; i++) {
		kept = reset == PCI_RESET_FUNCTION ? f->sticky[i] : 0;
		f->value[i] = (f->value[i] & kept) | (f->initial[i] & ~kept);
	}
}

void pci_reset_part(struct pci_function *f, unsigned int offset, size_t size)
{
	memcpy(f->value + offset, f->initial + offset, size);
}
