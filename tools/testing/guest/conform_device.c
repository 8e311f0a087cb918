// SPDX-License-Identifier: GPL-2.0-only
/* The registers of the device, as the VMM presents them, or as a faulty VMM would. */

#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>

#include "conform.h"
#include "leave_guest.h"

/* How long two interrupts have to be apart so that the local APIC sees two */
#define APART_MS	20
/* Time for an interrupt to arrive that no pending bit shows */
#define SETTLE_MS	100

static bool has(const struct conform *conform, enum conform_fault fault)
{
	return conform->fault == fault;
}

static u32 mmio_read(const u8 __iomem *at)
{
	unsigned long flags;
	u32 value;

	local_irq_save(flags);
	leave_guest();
	value = readl(at);
	local_irq_restore(flags);

	return value;
}

static u64 mmio_read_qword(const u8 __iomem *at)
{
	unsigned long flags;
	u64 value;

	local_irq_save(flags);
	leave_guest();
	value = readq(at);
	local_irq_restore(flags);

	return value;
}

static void mmio_write(u8 __iomem *at, u32 value)
{
	unsigned long flags;

	local_irq_save(flags);
	leave_guest();
	writel(value, at);
	local_irq_restore(flags);
}

static void mmio_write_qword(u8 __iomem *at, u64 value)
{
	unsigned long flags;

	local_irq_save(flags);
	leave_guest();
	writeq(value, at);
	local_irq_restore(flags);
}

u32 conform_cap_read(struct conform *conform, unsigned int offset, unsigned int width)
{
	u32 value = 0;
	u16 word;
	u8 byte;

	if (width == 1) {
		pci_read_config_byte(conform->pdev, conform->cap + offset, &byte);
		value = byte;
	} else if (width == 2) {
		pci_read_config_word(conform->pdev, conform->cap + offset, &word);
		value = word;
	} else {
		pci_read_config_dword(conform->pdev, conform->cap + offset, &value);
		if (has(conform, FAULT_ALL_WRITABLE))
			value |= conform->written[offset / 4];
	}

	return value;
}

void conform_cap_write(struct conform *conform, unsigned int offset, unsigned int width,
		       u32 value)
{
	if (width == 1 && !has(conform, FAULT_BYTE_IGNORED)) {
		pci_write_config_byte(conform->pdev, conform->cap + offset, value);
	} else if (width == 2) {
		pci_write_config_word(conform->pdev, conform->cap + offset, value);
	} else if (width == 4) {
		pci_write_config_dword(conform->pdev, conform->cap + offset, value);
		conform->written[offset / 4] = value;
	}
}

static u16 enable_bit(const struct conform *conform)
{
	return conform->is_msix ? PCI_MSIX_FLAGS_ENABLE : PCI_MSI_FLAGS_ENABLE;
}

static bool is_function_masked(const struct conform *conform)
{
	return conform->is_msix && conform->control & PCI_MSIX_FLAGS_MASKALL;
}

static bool is_masked(const struct conform *conform, unsigned int vector)
{
	return is_function_masked(conform) || conform->masked & BIT(vector);
}

static bool is_enabled(const struct conform *conform)
{
	return conform->control & enable_bit(conform);
}

static void raise_again(struct conform *conform, u32 vectors)
{
	unsigned int i;

	for (i = 0; i < conform->vectors; i++) {
		if (vectors & BIT(i)) {
			msleep(APART_MS);
			mmio_write(conform->registers + conform->raise_at, i);
		}
	}
}

/* After masks have changed: what was pending is so no longer. */
static void unmasked(struct conform *conform)
{
	u32 delivered = is_function_masked(conform) || !is_enabled(conform) ? 0 :
			conform->raised & ~conform->masked;

	if (has(conform, FAULT_PENDING_TWICE))
		raise_again(conform, delivered);
	conform->raised &= ~delivered;
}

u16 conform_control(struct conform *conform)
{
	return conform_cap_read(conform, PCI_MSI_FLAGS, 2);
}

/* An empty data raises nothing; KVM takes an empty address for the first CPU's. */
static void forget_messages(struct conform *conform)
{
	bool wide = conform->first_control & PCI_MSI_FLAGS_64BIT;
	unsigned int i;

	if (!conform->is_msix) {
		conform_cap_write(conform, wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32, 2, 0);
		return;
	}
	for (i = 0; i < conform->vectors; i++)
		mmio_write(conform->table + i * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_DATA, 0);
}

void conform_set_control(struct conform *conform, u16 control)
{
	bool enables = control & enable_bit(conform) && !is_enabled(conform);
	bool unmasks = is_function_masked(conform) && !(control & PCI_MSIX_FLAGS_MASKALL);
	u16 value = control;

	if (has(conform, FAULT_DISABLE_IGNORED) && is_enabled(conform))
		value |= enable_bit(conform);
	if (has(conform, FAULT_FUNCTION_MASK_IGNORED))
		value &= ~PCI_MSIX_FLAGS_MASKALL;
	if (has(conform, FAULT_FUNCTION_UNMASK_ALL) && unmasks)
		conform_set_masks(conform, 0);
	if (has(conform, FAULT_ENABLE_FORGETS) && enables)
		forget_messages(conform);
	conform->control = control;
	conform_cap_write(conform, PCI_MSI_FLAGS, 2, value);
	unmasked(conform);
}

/*
 * Where the host cannot mask the device, the device sends each interrupt of a masked vector. Those
 * that arrive before the unmask are one. The second, which no pending bit shows, has to.
 */
void conform_raise(struct conform *conform, unsigned int vector)
{
	bool masked = is_masked(conform, vector);
	bool again = masked && conform->raised & BIT(vector);

	if (has(conform, FAULT_FIRST_ONLY))
		vector = 0;
	conform->raises++;
	if (masked)
		conform->raised |= BIT(vector);
	if (has(conform, FAULT_PENDING_LOST) && masked)
		return;
	if (has(conform, FAULT_RAISE_LOST) && conform->raises % 16 == 0)
		return;
	mmio_write(conform->registers + conform->raise_at, vector);
	if (again)
		msleep(SETTLE_MS);
	if (has(conform, FAULT_RAISE_TWICE) && !masked)
		raise_again(conform, BIT(vector));
}

static bool reset(struct conform *conform)
{
	if (!has(conform, FAULT_RESET_IGNORED) && pci_reset_function(conform->pdev))
		return false;
	conform->control = 0;
	conform->masked = conform->is_msix ? ~0U : 0;
	conform->raised = 0;

	return true;
}

void conform_look(struct conform *conform)
{
	conform->first_control = conform_control(conform);
	conform->first_masks = conform_masks(conform);
	conform->first_pending = conform_pending(conform);
}

void conform_judge_reset(struct conform *conform, void (*judge)(struct conform *conform))
{
	u32 masks = conform->first_masks, pending = conform->first_pending;
	u16 control = conform->first_control;

	if (!reset(conform)) {
		conform->skipped = "the guest's device cannot be reset";
		return;
	}
	conform_look(conform);
	judge(conform);
	conform->first_control = control;
	conform->first_masks = masks;
	conform->first_pending = pending;
}

u32 conform_first_masks(struct conform *conform)
{
	return conform->first_masks ^ has(conform, FAULT_RESET_UNMASKED);
}

static u8 __iomem *entry(struct conform *conform, unsigned int vector, unsigned int field)
{
	return conform->table + vector * PCI_MSIX_ENTRY_SIZE + field;
}

u32 conform_table_read(struct conform *conform, unsigned int vector, unsigned int field)
{
	return mmio_read(entry(conform, vector, field));
}

u64 conform_table_read_qword(struct conform *conform, unsigned int vector, unsigned int field)
{
	return mmio_read_qword(entry(conform, vector, field));
}

/* Is a message that is written now ignored? */
static bool is_stale(const struct conform *conform, unsigned int vector)
{
	return (has(conform, FAULT_STALE_DISABLED) && !is_enabled(conform)) ||
	       (has(conform, FAULT_STALE_MASKED) && is_enabled(conform) &&
		is_masked(conform, vector)) ||
	       (has(conform, FAULT_STALE_IN_USE) && is_enabled(conform) &&
		!is_masked(conform, vector));
}

static void note_mask(struct conform *conform, unsigned int vector, u32 control)
{
	if (control & PCI_MSIX_ENTRY_CTRL_MASKBIT)
		conform->masked |= BIT(vector);
	else
		conform->masked &= ~BIT(vector);
}

static void write_mask(struct conform *conform, unsigned int vector, u32 control)
{
	unsigned int i;

	if (!has(conform, FAULT_MASK_IGNORED) || !(control & PCI_MSIX_ENTRY_CTRL_MASKBIT))
		mmio_write(entry(conform, vector, PCI_MSIX_ENTRY_VECTOR_CTRL), control);
	for (i = 0; has(conform, FAULT_MASK_ALL) && i < conform->vectors; i++)
		mmio_write(entry(conform, i, PCI_MSIX_ENTRY_VECTOR_CTRL),
			   control | (conform->masked >> i & 1));
	note_mask(conform, vector, control);
	unmasked(conform);
}

void conform_table_write(struct conform *conform, unsigned int vector, unsigned int field,
			 u32 value)
{
	if (field == PCI_MSIX_ENTRY_VECTOR_CTRL) {
		write_mask(conform, vector, value);
		return;
	}
	if (!is_stale(conform, vector))
		mmio_write(entry(conform, vector, field), value);
	if (has(conform, FAULT_NEIGHBOUR))
		mmio_write(entry(conform, (vector + 1) % conform->vectors, field), value);
}

void conform_table_write_qword(struct conform *conform, unsigned int vector,
			       unsigned int field, u64 value)
{
	if (has(conform, FAULT_QWORD_HALF)) {
		conform_table_write(conform, vector, field, value);
		return;
	}
	mmio_write_qword(entry(conform, vector, field), value);
	if (field == PCI_MSIX_ENTRY_DATA) {
		note_mask(conform, vector, value >> 32);
		unmasked(conform);
	}
}

static u64 faulty_pending(struct conform *conform, u64 bits)
{
	u32 raised = conform->raised;

	if (has(conform, FAULT_NEVER_PENDING))
		return 0;
	if (has(conform, FAULT_ALWAYS_PENDING))
		return ~0ULL;
	if (has(conform, FAULT_OTHER_PENDING))
		return bits << 1;
	if (has(conform, FAULT_PENDING_READ) && raised) {
		conform_set_masks(conform, conform->masked & ~raised);
		conform_set_masks(conform, conform->masked | raised);
	}

	return bits;
}

u32 conform_pba_read(struct conform *conform, unsigned int dword)
{
	return faulty_pending(conform, mmio_read(conform->pba + dword * 4));
}

u64 conform_pba_read_qword(struct conform *conform, unsigned int qword)
{
	if (has(conform, FAULT_QWORD_HALF))
		return 0;
	return faulty_pending(conform, mmio_read_qword(conform->pba + qword * 8));
}

static unsigned int mask_offset(const struct conform *conform)
{
	return conform->cap_size - 8;
}

static bool has_masks(const struct conform *conform)
{
	return conform->is_msix || conform->first_control & PCI_MSI_FLAGS_MASKBIT;
}

void conform_set_masks(struct conform *conform, u32 masks)
{
	unsigned int i;

	for (i = 0; conform->is_msix && i < conform->vectors; i++)
		if ((masks ^ conform->masked) & BIT(i))
			write_mask(conform, i, masks >> i & 1);
	if (conform->is_msix || !has_masks(conform))
		return;

	conform->masked = masks;
	if (has(conform, FAULT_MASK_ALL) && masks)
		masks = ~0U;
	if (has(conform, FAULT_MASK_IGNORED))
		masks = 0;
	conform_cap_write(conform, mask_offset(conform), 4, masks);
	unmasked(conform);
}

void conform_mask(struct conform *conform, unsigned int vector, bool masked)
{
	u32 bit = BIT(vector);

	if (conform->is_msix)
		conform_table_write(conform, vector, PCI_MSIX_ENTRY_VECTOR_CTRL, masked);
	else
		conform_set_masks(conform, masked ? conform->masked | bit :
						    conform->masked & ~bit);
}

u32 conform_masks(struct conform *conform)
{
	u32 masks = 0;
	unsigned int i;

	if (!conform->is_msix)
		return has_masks(conform) ?
		       conform_cap_read(conform, mask_offset(conform), 4) : 0;
	for (i = 0; i < conform->vectors; i++)
		masks |= (conform_table_read(conform, i, PCI_MSIX_ENTRY_VECTOR_CTRL) & 1) << i;

	return masks;
}

u32 conform_pending(struct conform *conform)
{
	if (conform->is_msix)
		return conform_pba_read(conform, 0);
	if (!has_masks(conform))
		return 0;
	return faulty_pending(conform,
			      conform_cap_read(conform, mask_offset(conform) + 4, 4));
}

bool conform_pends(struct conform *conform, u32 pending)
{
	unsigned int tries = conform->failed ? 0 : 50;

	while (conform_pending(conform) != pending) {
		if (!tries--)
			return false;
		msleep(20);
	}

	return true;
}

void conform_write_message(struct conform *conform, unsigned int vector, unsigned int message)
{
	const struct conform_message *m = &conform->message[message];

	conform_table_write(conform, vector, PCI_MSIX_ENTRY_LOWER_ADDR, lower_32_bits(m->address));
	conform_table_write(conform, vector, PCI_MSIX_ENTRY_UPPER_ADDR, upper_32_bits(m->address));
	conform_table_write(conform, vector, PCI_MSIX_ENTRY_DATA, m->data);
}

void conform_write_msi(struct conform *conform, unsigned int message)
{
	const struct conform_message *m = &conform->message[message];
	bool wide = conform->first_control & PCI_MSI_FLAGS_64BIT;

	if (is_stale(conform, 0))
		return;
	conform_cap_write(conform, PCI_MSI_ADDRESS_LO, 4, lower_32_bits(m->address));
	if (wide)
		conform_cap_write(conform, PCI_MSI_ADDRESS_HI, 4, upper_32_bits(m->address));
	conform_cap_write(conform, wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32, 2, m->data);
}
