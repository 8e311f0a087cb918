// SPDX-License-Identifier: GPL-2.0-only
/* The MSI and MSI-X capabilities in config space. */
#include <string.h>

#include "vfio-msi.h"

#define CONFIG_SIZE	256
#define HEADER_SIZE	64

/*
 * Length of the longest MSI capability. The buffer for config space is longer by this
 * much, so that a capability at its end can be parsed like any other.
 */
#define LONGEST_CAP	24

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

/* The code is the power of two. Codes for more than 32 vectors are reserved. */
static unsigned int msi_count(unsigned int code)
{
	return 1u << (code > 5 ? 5 : code);
}

static void read_msi(const uint8_t *config, unsigned int pos, struct msi_cap *msi)
{
	const uint8_t *cap = config + pos;
	uint16_t control = get16(cap + PCI_MSI_FLAGS);

	msi->pos = pos;
	msi->vectors = msi_count((control & PCI_MSI_FLAGS_QMASK) >> 1);
	msi->enabled_vectors = msi_count((control & PCI_MSI_FLAGS_QSIZE) >> 4);
	msi->enabled = control & PCI_MSI_FLAGS_ENABLE;
	msi->wide = control & PCI_MSI_FLAGS_64BIT;
	msi->maskable = control & PCI_MSI_FLAGS_MASK_BIT;
	msi->address = get32(cap + PCI_MSI_ADDRESS_LO);
	if (msi->wide) {
		msi->address |= (uint64_t)get32(cap + PCI_MSI_ADDRESS_HI) << 32;
		msi->data = get16(cap + PCI_MSI_DATA_64);
	} else {
		msi->data = get16(cap + PCI_MSI_DATA_32);
	}
	if (msi->maskable) {
		msi->mask = get32(cap + (msi->wide ? PCI_MSI_MASK_BIT_64 : PCI_MSI_MASK_BIT_32));
		msi->pending = get32(cap + (msi->wide ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32));
	}
}

static void read_msix(const uint8_t *config, unsigned int pos, struct msix_cap *msix)
{
	const uint8_t *cap = config + pos;
	uint16_t control = get16(cap + PCI_CAP_FLAGS);
	uint32_t table = get32(cap + PCI_MSIX_TABLE);
	uint32_t pba = get32(cap + PCI_MSIX_PBA);

	msix->pos = pos;
	msix->vectors = (control & PCI_MSIX_TABSIZE) + 1;
	msix->enabled = control & PCI_MSIX_ENABLE;
	msix->function_mask = control & PCI_MSIX_MASK;
	msix->table_bar = table & PCI_MSIX_BIR;
	msix->table_offset = table & ~(uint32_t)PCI_MSIX_BIR;
	msix->pba_bar = pba & PCI_MSIX_BIR;
	msix->pba_offset = pba & ~(uint32_t)PCI_MSIX_BIR;
}

/* The offset of the capability with this ID, or 0 */
static unsigned int find_cap(const uint8_t *config, uint8_t id)
{
	unsigned int pos = config[PCI_CAPABILITY_LIST] & ~3u;
	int left = (CONFIG_SIZE - HEADER_SIZE) / 4;

	/* a bound, as a broken list may have a loop */
	while (pos >= HEADER_SIZE && left--) {
		if (config[pos] == id)
			return pos;
		pos = config[pos + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return 0;
}

/*
 * The config space of a device that does not answer reads all ones. The IDs alone do not
 * show this: the IDs of a virtual function read all ones, too (its real IDs are in
 * sysfs). But in its command register the reserved bits read 0.
 */
static bool is_gone(const uint8_t *config)
{
	return get32(config + PCI_VENDOR_ID) == ~0u && get32(config + PCI_COMMAND) == ~0u;
}

/* Without CAP_SYS_ADMIN only the header can be read. */
void caps_read(const struct device *dev, struct caps *caps)
{
	uint8_t config[CONFIG_SIZE + LONGEST_CAP] = { 0 };
	unsigned int pos;

	memset(caps, 0, sizeof(*caps));
	if (!pci_read_block(dev->pci, 0, config, HEADER_SIZE))
		return;
	caps->header_read = true;
	caps->gone = is_gone(config);
	if (caps->gone || !pci_read_block(dev->pci, HEADER_SIZE, config + HEADER_SIZE,
					  CONFIG_SIZE - HEADER_SIZE))
		return;
	caps->known = true;
	if (!(get16(config + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return;

	pos = find_cap(config, PCI_CAP_ID_MSI);
	if (pos)
		read_msi(config, pos, &caps->msi);
	pos = find_cap(config, PCI_CAP_ID_MSIX);
	if (pos)
		read_msix(config, pos, &caps->msix);
}

/* Why the capabilities are not known */
const char *caps_problem(const struct caps *caps)
{
	return caps->gone ? DOES_NOT_ANSWER : "config space cannot be read (run as root)";
}

/* Whether the device answers, or null if the header could not be read */
struct json_object *caps_answers(const struct caps *caps)
{
	return caps->header_read ? json_object_new_boolean(!caps->gone) : NULL;
}
