// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "window.h"

#define SEND_TRIES	10000
#define SEND_PAUSE_US	1000

struct vfio_device_feature_pci_msi_window window_of_ath11k(void)
{
	return (struct vfio_device_feature_pci_msi_window) {
		.region = WINDOW_BAR,
		.offset = WINDOW_OFFSET,
		.size = WINDOW_SIZE,
		.data_offset = ATH11K_SLOT_DATA,
	};
}

int window_set(int fd, const struct vfio_device_feature_pci_msi_window *window)
{
	struct vfio_device_feature_pci_msi_window copy = *window;

	return feature(fd, VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW, &copy, sizeof(copy));
}

int window_get(int fd, u32 window, struct window_state *state)
{
	state->head.window = window;
	state->head.count = SLOTS_MAX;

	return feature(fd, VFIO_DEVICE_FEATURE_GET |
		       VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW, state,
		       sizeof(*state));
}

struct window_state window_state(int fd)
{
	struct window_state state = {};

	VFIO_ASSERT_EQ(window_get(fd, 0, &state), 0);

	return state;
}

int ranges_set(int fd, const struct vfio_device_feature_pci_msi_ranges *ranges)
{
	struct vfio_device_feature_pci_msi_ranges copy = *ranges;

	return feature(fd, VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, &copy, sizeof(copy));
}

int ranges_get(int fd, u32 window, struct ranges_state *state)
{
	memset(&state->head, 0, sizeof(state->head));
	state->head.window = window;
	state->head.count = SLOTS_MAX;

	return feature(fd, VFIO_DEVICE_FEATURE_GET |
		       VFIO_DEVICE_FEATURE_PCI_MSI_RANGES, state,
		       sizeof(*state));
}

struct ranges_state ranges_state(int fd)
{
	struct ranges_state state = {};

	VFIO_ASSERT_EQ(ranges_get(fd, 0, &state), 0);

	return state;
}

u32 window_count(int fd)
{
	return window_state(fd).head.windows;
}

u32 live_slots(int fd)
{
	u32 live = VFIO_PCI_MSI_SLOT_ADDRESS | VFIO_PCI_MSI_SLOT_DATA, count = 0;
	struct window_state state = window_state(fd);

	for (u32 i = 0; i < state.head.count; i++)
		count += state.slot[i].flags == live;

	return count;
}

void guest_vectors(int fd, unsigned int vectors)
{
	/* Without this bit the core would disable MSI. */
	config_write16(fd, ATH11K_MSI_OFFSET + PCI_MSI_FLAGS,
		       PCI_MSI_FLAGS_ENABLE | __builtin_ctz(vectors) << 4);
}

void guest_message(int fd, u32 address, u16 data)
{
	VFIO_ASSERT_EQ(config_write(fd, ATH11K_MSI_OFFSET + PCI_MSI_ADDRESS_LO,
				    &address, sizeof(address)),
		       sizeof(address));
	config_write16(fd, ATH11K_MSI_OFFSET + PCI_MSI_DATA_32, data);
}

u32 held(int fd, u64 offset)
{
	bar_write32(fd, WINDOW_BAR, ATH11K_HW_OFFSET, offset);

	return bar_read32(fd, WINDOW_BAR, ATH11K_HW_DWORD);
}

void slot_write(int fd, u64 offset, u32 address, u32 data)
{
	bar_write32(fd, WINDOW_BAR, offset + ATH11K_SLOT_ADDR_LO, address);
	bar_write32(fd, WINDOW_BAR, offset + ATH11K_SLOT_ADDR_HI,
		    ATH11K_SLOT_ENABLE);
	bar_write32(fd, WINDOW_BAR, offset + ATH11K_SLOT_DATA, data);
}

static u32 answers(int fd)
{
	return bar_read32(fd, WINDOW_BAR, ATH11K_SENT) +
	       bar_read32(fd, WINDOW_BAR, ATH11K_FAILED) +
	       bar_read32(fd, WINDOW_BAR, ATH11K_DROPPED);
}

static void send(int fd, u32 offset, u32 value)
{
	u32 before = answers(fd);
	int tries = SEND_TRIES;

	bar_write32(fd, WINDOW_BAR, offset, value);
	while (answers(fd) == before && tries--)
		usleep(SEND_PAUSE_US);
	VFIO_ASSERT_GT(tries, 0, "the device did not send its message\n");
}

void slot_send(int fd, unsigned int slot)
{
	send(fd, ATH11K_DOORBELL(slot), 1);
}

void htt_setup(int fd, const struct dma_region *memory, u32 ring, u64 address,
	       u32 data)
{
	u32 before = bar_read32(fd, WINDOW_BAR, ATH11K_HTT_TAKEN);
	u32 *message = memory->vaddr;
	int tries = SEND_TRIES;

	memset(message, 0, ATH11K_HTT_SETUP_DWORDS * sizeof(*message));
	message[ATH11K_HTT_SETUP_INFO] = (ring & 0xff) << 16 | (ring & 0xff00) |
					 ATH11K_HTT_SETUP_TYPE;
	message[ATH11K_HTT_SETUP_MSI_LO] = address;
	message[ATH11K_HTT_SETUP_MSI_HI] = address >> 32;
	message[ATH11K_HTT_SETUP_MSI_DATA] = data;

	bar_write32(fd, WINDOW_BAR, ATH11K_HTT_ADDR_LO, memory->iova);
	bar_write32(fd, WINDOW_BAR, ATH11K_HTT_ADDR_HI, memory->iova >> 32);
	bar_write32(fd, WINDOW_BAR, ATH11K_HTT_READ, 1);
	while (bar_read32(fd, WINDOW_BAR, ATH11K_HTT_TAKEN) == before && tries--)
		usleep(SEND_PAUSE_US);
	VFIO_ASSERT_GT(tries, 0, "the device did not read the HTT message\n");
}

void htt_raise(int fd, u32 ring)
{
	send(fd, ATH11K_HTT_RAISE, ring);
}
