// SPDX-License-Identifier: GPL-2.0-only
/* A device with MSI and an embedded interrupt controller: see controller.h. */
#include "controller.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ath11k.h"
#include "compiler.h"
#include "htt.h"
#include "log.h"
#include "msi.h"
#include "options.h"
#include "server.h"

struct controller {
	const struct controller_model *model;
	struct pci_function function;
	struct msi msi;
	struct htt htt;
	struct server server;
	uint32_t scratch;
	uint32_t hw_offset;
	uint32_t vector;
	bool paged;
	uint32_t select;
	uint32_t hw_page;
	uint8_t *hidden[ATH11K_SELECT_PAGE + 1];	/* NULL: never shown, all zeros */
};

static struct controller *to_controller(struct pci_function *f)
{
	return container_of(f, struct controller, function);
}

static bool controller_has_register(struct pci_function *f, unsigned int bar,
				    uint64_t offset)
{
	const struct controller_model *model = to_controller(f)->model;

	return bar == 0 &&
	       ((to_controller(f)->paged && offset == ATH11K_SELECT) ||
		(offset >= ATH11K_DOORBELL(0) && offset < ATH11K_DOORBELL(model->slots)) ||
		(offset >= ATH11K_RAISE && offset < ATH11K_REGS_END) ||
		(model->htt && htt_has_register(offset)));
}

static uint32_t shown_page(const struct controller *c)
{
	return c->select & ATH11K_SELECT_PAGE;
}

/* A dword of the BAR with the slots, in the page of ATH11K_HW_PAGE. */
static uint32_t slot_bar_dword(const struct controller *c, uint64_t offset)
{
	uint32_t page = c->hw_page - 1, value;

	if (!c->hw_page || page == shown_page(c) || offset < ATH11K_VIEW ||
	    offset >= ATH11K_VIEW + ATH11K_VIEW_SIZE)
		return pci_bar_memory32(&c->function, c->model->slot_bar, offset);
	if (page > ATH11K_SELECT_PAGE || !c->hidden[page])
		return 0;
	memcpy(&value, c->hidden[page] + offset - ATH11K_VIEW, sizeof(value));
	return le32toh(value);
}

static void select_page(struct controller *c, uint32_t value)
{
	uint8_t *view = c->function.bar[c->model->slot_bar].memory + ATH11K_VIEW;
	uint8_t **hidden = &c->hidden[shown_page(c)];

	if (!*hidden)
		*hidden = malloc(ATH11K_VIEW_SIZE);
	if (!*hidden) {
		log_line("no memory for a page: it is not selected");
		return;
	}
	memcpy(*hidden, view, ATH11K_VIEW_SIZE);
	c->select = value;
	hidden = &c->hidden[shown_page(c)];
	if (*hidden)
		memcpy(view, *hidden, ATH11K_VIEW_SIZE);
	else
		memset(view, 0, ATH11K_VIEW_SIZE);
}

static void forget_pages(struct controller *c)
{
	unsigned int page;

	for (page = 0; page <= ATH11K_SELECT_PAGE; page++) {
		free(c->hidden[page]);
		c->hidden[page] = NULL;
	}
	c->select = 0;
	c->hw_page = 0;
}

static uint32_t controller_read_register(struct pci_function *f, unsigned int bar,
					 uint64_t offset)
{
	struct controller *c = to_controller(f);

	switch (offset) {
	case ATH11K_SENT:
		return c->server.dma.sent;
	case ATH11K_FAILED:
		return c->server.dma.failed;
	case ATH11K_DROPPED:
		return c->server.dma.dropped;
	case ATH11K_SCRATCH:
		return c->scratch;
	case ATH11K_HW_ADDR:
		return msi_address(&c->msi);
	case ATH11K_HW_DATA:
		return msi_data(&c->msi);
	case ATH11K_HW_CTRL:
		return msi_control(&c->msi);
	case ATH11K_HW_OFFSET:
		return c->hw_offset;
	case ATH11K_HW_DWORD:
		return slot_bar_dword(c, c->hw_offset);
	case ATH11K_HW_PAGE:
		return c->hw_page;
	case ATH11K_SELECT:
		return c->select;
	case ATH11K_VECTOR:
		return c->vector;
	case ATH11K_VECTOR_SENT:
		return c->vector < MSI_VECTORS_MAX ? c->msi.sent[c->vector] : ~0U;
	case ATH11K_UNANSWERED:
		return c->server.dma.unanswered;
	case ATH11K_MEMORY_WIDTH:
		return f->memory_width;
	case ATH11K_NEXT_VECTORS:
		return c->msi.next_vectors;
	case ATH11K_UNREADY_MS:
		return f->next_unready_ms;
	default:
		return htt_read_register(&c->htt, offset);
	}
}

static uint32_t slot_dword(const struct controller *c, unsigned int slot,
			   unsigned int offset)
{
	return slot_bar_dword(c, c->model->slot_offsets[slot] + offset);
}

static void ring_doorbell(struct controller *c, unsigned int slot)
{
	const struct controller_model *model = c->model;
	uint32_t high = slot_dword(c, slot, model->high_offset) & model->high_mask;
	uint64_t address = (uint64_t)high << 32 | slot_dword(c, slot, 0);

	if (!(slot_dword(c, slot, model->enable_offset) & model->enable_mask))
		dma_drop(&c->server.dma, "the slot is not enabled");
	else if (!pci_is_bus_master(&c->function))
		dma_drop(&c->server.dma, "not bus master");
	else
		dma_write32(&c->server.dma, address,
			    slot_dword(c, slot, model->data_offset));
}

static void raise_set(struct controller *c, uint32_t set)
{
	unsigned int vector;

	for (vector = 0; vector < 32; vector++) {
		if (set & 1U << vector)
			msi_raise(&c->msi, vector);
	}
}

static void raise_burst(struct controller *c, uint32_t value)
{
	unsigned int count = value >> 16;

	while (count--)
		msi_raise(&c->msi, value & 0xffff);
}

static void set_next_vectors(struct controller *c, uint32_t value)
{
	if (!msi_set_next_vectors(&c->msi, value))
		log_line("%" PRIu32 " vectors from the next reset on: ignored", value);
}

static void reset_itself(struct controller *c, uint32_t what)
{
	if (what == ATH11K_RESET_MSI)
		msi_reset_alone(&c->msi);
	else if (what == ATH11K_RESET_FUNCTION)
		pci_reset(&c->function, PCI_RESET_FUNCTION);
}

static void controller_write_register(struct pci_function *f, unsigned int bar,
				      uint64_t offset, uint32_t value)
{
	struct controller *c = to_controller(f);

	if (htt_has_register(offset))
		htt_write_register(&c->htt, offset, value);
	else if (offset == ATH11K_RAISE)
		msi_raise(&c->msi, value);
	else if (offset == ATH11K_RAISE_SET)
		raise_set(c, value);
	else if (offset == ATH11K_BURST)
		raise_burst(c, value);
	else if (offset == ATH11K_VECTOR)
		c->vector = value;
	else if (offset == ATH11K_SCRATCH)
		c->scratch = value;
	else if (offset == ATH11K_HW_OFFSET)
		c->hw_offset = value & (f->bar[c->model->slot_bar].size -
					sizeof(value));
	else if (offset == ATH11K_NEXT_VECTORS)
		set_next_vectors(c, value);
	else if (offset == ATH11K_UNREADY_MS)
		f->next_unready_ms = value < ATH11K_MAX_UNREADY_MS ? value :
				     ATH11K_MAX_UNREADY_MS;
	else if (offset == ATH11K_FAULTS)
		f->faults = value;
	else if (offset == ATH11K_RESET)
		reset_itself(c, value);
	else if (offset == ATH11K_HW_PAGE)
		c->hw_page = value;
	else if (offset == ATH11K_SELECT)
		select_page(c, value);
	else if (offset == ATH11K_LOSE_SELECT && c->paged)
		select_page(c, 0);
	else if (offset < ATH11K_DOORBELL(c->model->slots))
		ring_doorbell(c, (offset - ATH11K_DOORBELL(0)) / sizeof(value));
}

static void controller_config_written(struct pci_function *f)
{
	msi_deliver(&to_controller(f)->msi);
}

static void controller_reset(struct pci_function *f)
{
	struct controller *c = to_controller(f);

	c->scratch = 0;
	c->hw_offset = 0;
	c->vector = 0;
	forget_pages(c);
	msi_reset(&c->msi);
	htt_reset(&c->htt);
	dma_reset(&c->server.dma);
}

static const struct pci_device_ops controller_ops = {
	.has_register = controller_has_register,
	.read_register = controller_read_register,
	.write_register = controller_write_register,
	.config_written = controller_config_written,
	.reset = controller_reset,
};

/* The smallest BAR0: with the registers, and with the slots if they are in BAR0. */
static uint64_t least_bar0(const struct controller_model *model)
{
	uint64_t end = model->htt ? ATH11K_HTT_END : ATH11K_REGS_END, slot;
	unsigned int i;

	for (i = 0; !model->slot_bar && i < model->slots; i++) {
		slot = model->slot_offsets[i] + model->data_offset + sizeof(uint32_t);
		end = slot > end ? slot : end;
	}
	return end;
}

/* What the command line says. */
struct settings {
	const struct controller_model *model;
	struct common_options common;
	uint64_t bar0_size;
	bool maskable;
	bool msi_last;
	bool no_soft_reset;
	bool paged;
};

static void usage(const void *context, FILE *out)
{
	const struct settings *settings = context;
	const struct controller_model *model = settings->model;

	fprintf(out,
		"Usage: %s --socket PATH [--id VVVV:DDDD] [--bar0 SIZE]\n"
		"    [--maskable] [--msi-last] [--no-soft-reset]%s [--verbose]\n"
		"Serve %s to the first vfio-user client at PATH.\n",
		model->program, model->pages ? " [--paged]" : "", model->summary);
}

enum { PAGED = OPTION_OWN, BAR0, MASKABLE, MSI_LAST, NO_SOFT_RESET };

/* The first one is for models with pages. */
static const struct option options[] = {
	{ "paged", no_argument, NULL, PAGED },
	{ "bar0", required_argument, NULL, BAR0 },
	{ "maskable", no_argument, NULL, MASKABLE },
	{ "msi-last", no_argument, NULL, MSI_LAST },
	{ "no-soft-reset", no_argument, NULL, NO_SOFT_RESET },
	{}
};

static int take_option(void *context, int option)
{
	struct settings *settings = context;

	switch (option) {
	case PAGED:
		settings->paged = true;
		return 0;
	case BAR0:
		return option_number(optarg, &settings->bar0_size);
	case MASKABLE:
		settings->maskable = true;
		return 0;
	case MSI_LAST:
		settings->msi_last = true;
		return 0;
	case NO_SOFT_RESET:
		settings->no_soft_reset = true;
		return 0;
	}
	return -1;
}

/* Exits if the command line is wrong. */
static void parse_options(int argc, char **argv, struct settings *settings)
{
	const struct controller_model *model = settings->model;
	const struct command_line line = {
		model->pages ? options : options + 1, take_option, usage, settings,
	};

	options_parse(&line, argc, argv, &settings->common);
	if (settings->paged && settings->bar0_size < ATH11K_VIEW + ATH11K_VIEW_SIZE) {
		log_line("BAR0 has no room for the pages");
		exit(EXIT_FAILURE);
	}
	if (settings->bar0_size < least_bar0(model)) {
		log_line("BAR0 has less than 0x%" PRIx64 " bytes", least_bar0(model));
		exit(EXIT_FAILURE);
	}
}

static int add_bars(struct controller *c, uint64_t bar0_size)
{
	const struct controller_model *model = c->model;

	if (pci_add_bar(&c->function, 0, bar0_size, PCI_BASE_ADDRESS_MEM_TYPE_64))
		return -1;
	if (!model->slot_bar)
		return 0;
	return pci_add_bar(&c->function, model->slot_bar, model->slot_bar_size,
			   PCI_BASE_ADDRESS_MEM_TYPE_64);
}

static void add_msi(struct controller *c, const struct settings *settings)
{
	const struct controller_model *model = settings->model;
	uint16_t flags = (model->wide_msi ? PCI_MSI_FLAGS_64BIT : 0) |
			 (settings->maskable ? PCI_MSI_FLAGS_MASKBIT : 0);
	unsigned int cap = PCI_INTERRUPT_OFFSET;

	if (settings->msi_last)
		cap = (PCI_CFG_SPACE_SIZE - msi_size(flags)) & ~3U;
	msi_init(&c->msi, &c->function, &c->server.dma, cap, model->vectors, flags);
}

int controller_main(const struct controller_model *model, int argc, char **argv)
{
	static struct controller controller;
	struct settings settings = {
		.model = model,
		.common = { .id = model->id },
		.bar0_size = model->bar0_size,
	};

	parse_options(argc, argv, &settings);
	controller.model = model;
	controller.paged = settings.paged;
	pci_init(&controller.function, &controller_ops, &settings.common.id);
	if (settings.no_soft_reset)
		pci_keep_in_d3hot(&controller.function);
	if (add_bars(&controller, settings.bar0_size))
		return EXIT_FAILURE;
	add_msi(&controller, &settings);
	htt_init(&controller.htt, &controller.function, &controller.server.dma);
	return server_run(&controller.server, &controller.function, settings.common.path);
}
