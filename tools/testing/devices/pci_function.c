// SPDX-License-Identifier: GPL-2.0-only
/* A function as a whole: resets, reads that are lost, and misbehaviour. */
#include "pci.h"

#include <time.h>

#include "log.h"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static bool is_ready(const struct pci_function *f)
{
	return !f->ready_ms || now_ms() >= f->ready_ms;
}

void pci_reset(struct pci_function *f, enum pci_reset reset)
{
	pci_config_reset(f, reset);
	f->loses_answers = false;
	f->faults = 0;
	f->noise = 0;
	f->ready_ms = f->next_unready_ms ? now_ms() + f->next_unready_ms : 0;
	f->next_unready_ms = 0;
	pci_bar_clear(f);
	f->ops->reset(f);
}

bool pci_answer_arrives(struct pci_function *f, bool of_bar)
{
	if (!of_bar && !is_ready(f))
		return false;
	if (!f->loses_answers || (f->only_of_bars && !of_bar))
		return true;
	if (!f->answers_left) {
		f->loses_answers = !f->only_one;
		return false;
	}
	f->answers_left--;
	return true;
}

/* Always the same numbers after a reset. */
static uint32_t next_noise(struct pci_function *f)
{
	f->noise = f->noise * 1664525 + 1013904223;
	return f->noise >> 16;
}

/* A byte in four has a wrong bit. */
void pci_spoil_answer(struct pci_function *f, bool of_bar, uint64_t offset, void *data,
		      size_t size)
{
	uint8_t *byte = data;
	uint32_t noise;
	size_t i;

	if (!(f->faults & (of_bar ? PCI_FAULT_BARS : PCI_FAULT_CAPABILITIES)))
		return;
	for (i = 0; i < size; i++) {
		noise = next_noise(f);
		if ((of_bar || offset + i >= PCI_STD_HEADER_SIZEOF) && !(noise & 3))
			byte[i] ^= 1U << (noise >> 2 & 7);
	}
}

/* The bits of the 16-bit register @reg that the write sets. */
static uint16_t written_ones(unsigned int reg, unsigned int offset, const void *data,
			     size_t size)
{
	const uint8_t *byte = data;
	uint16_t ones = 0;
	unsigned int i;

	for (i = 0; i < sizeof(ones); i++) {
		if (reg + i >= offset && reg + i < offset + size)
			ones |= byte[reg + i - offset] << 8 * i;
	}
	return ones;
}

static bool is_reset_by_d3hot(const struct pci_function *f)
{
	return !(pci_value16(f, PCI_PM_OFFSET + PCI_PM_CTRL) & PCI_PM_CTRL_NO_SOFT_RESET);
}

void pci_config_write(struct pci_function *f, unsigned int offset, const void *data,
		      size_t size)
{
	const unsigned int devctl = PCI_EXP_OFFSET + PCI_EXP_DEVCTL;
	bool was_in_d3hot = pci_is_in_d3hot(f);

	if (!is_ready(f))
		return;
	pci_config_store(f, offset, data, size);
	if (f->capabilities_shown &&
	    written_ones(devctl, offset, data, size) & PCI_EXP_DEVCTL_BCR_FLR) {
		log_detail("function level reset");
		pci_reset(f, PCI_RESET_FUNCTION);
	} else if (was_in_d3hot && !pci_is_in_d3hot(f) && is_reset_by_d3hot(f)) {
		log_detail("reset by leaving D3hot");
		pci_reset(f, PCI_RESET_FUNCTION);
	}
	if (f->ops->config_written)
		f->ops->config_written(f);
}
