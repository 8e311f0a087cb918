// SPDX-License-Identifier: GPL-2.0-only
/* A device with MSI-X in any layout: see msix.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "log.h"
#include "msi.h"
#include "msix.h"
#include "msix_cap.h"
#include "options.h"
#include "server.h"

#define CLASS_UNASSIGNED	0xff0000

/* What the command line says. */
struct layout {
	struct common_options common;
	bool no_msix;
	bool msi;
	bool beyond;
	bool overlap;
	bool has_msix_options;
	uint64_t vectors;
	unsigned int bars;
	const char *bar[PCI_STD_NUM_BARS];
	struct msix_place registers;
	struct msix_place table;
	struct msix_place pba;
};

struct msix_device {
	struct pci_function function;
	struct msix msix;
	struct msi msi;		/* with --msi */
	struct server server;
	struct layout layout;
	uint32_t scratch;
	uint32_t hw_index;
};

static struct msix_device *to_msix_device(struct pci_function *f)
{
	return container_of(f, struct msix_device, function);
}

static bool is_own_register(const struct msix_device *device, unsigned int bar,
			    uint64_t offset)
{
	const struct msix_place *place = &device->layout.registers;

	return bar == place->bar && offset >= place->offset &&
	       offset - place->offset < MSIX_REGS_SIZE;
}

static bool device_has_register(struct pci_function *f, unsigned int bar,
				uint64_t offset)
{
	const struct msix_device *device = to_msix_device(f);

	return is_own_register(device, bar, offset) ||
	       msix_has_register(&device->msix, bar, offset);
}

static uint32_t entry_dword(const struct msix_device *device, unsigned int dword)
{
	if (device->hw_index >= device->msix.vectors)
		return ~0U;
	return device->msix.entry[device->hw_index].dword[dword];
}

static const struct msix_count *vector_count(const struct msix_device *device)
{
	static const struct msix_count none = { ~0U, ~0U };

	if (device->hw_index >= device->msix.vectors)
		return &none;
	return &device->msix.count[device->hw_index];
}

static uint32_t read_own_register(const struct msix_device *device, uint64_t reg)
{
	switch (reg) {
	case MSIX_REG_SENT:
		return device->server.dma.sent;
	case MSIX_REG_FAILED:
		return device->server.dma.failed;
	case MSIX_REG_DROPPED:
		return device->server.dma.dropped;
	case MSIX_REG_SCRATCH:
		return device->scratch;
	case MSIX_REG_HW_INDEX:
		return device->hw_index;
	case MSIX_REG_HW_ADDR_LO:
	case MSIX_REG_HW_ADDR_HI:
	case MSIX_REG_HW_DATA:
	case MSIX_REG_HW_CTRL:
		return entry_dword(device, (reg - MSIX_REG_HW_ADDR_LO) / sizeof(uint32_t));
	case MSIX_REG_PENDING:
		return msix_count_pending(&device->msix);
	case MSIX_REG_VECTOR_SENT:
		return vector_count(device)->sent;
	case MSIX_REG_VECTOR_MERGED:
		return vector_count(device)->merged;
	case MSIX_REG_UNANSWERED:
		return device->server.dma.unanswered;
	case MSIX_REG_LOSE:
		return device->function.loses_answers ?
		       device->function.answers_left + 1 : 0;
	case MSIX_REG_NEXT_VECTORS:
		return device->msix.next_vectors;
	default:
		return 0;
	}
}

static uint32_t device_read_register(struct pci_function *f, unsigned int bar,
				     uint64_t offset)
{
	const struct msix_device *device = to_msix_device(f);

	if (is_own_register(device, bar, offset))
		return read_own_register(device,
					 offset - device->layout.registers.offset);
	return msix_read_register(&device->msix, bar, offset);
}

static void raise_set(struct msix_device *device, uint32_t set)
{
	unsigned int vector;

	for (vector = 0; vector < 32; vector++) {
		if (set & 1U << vector)
			msix_raise(&device->msix, vector);
	}
}

static void raise_burst(struct msix_device *device, uint32_t value)
{
	unsigned int count = value >> 16;

	while (count--)
		msix_raise(&device->msix, value & 0xffff);
}

static void lose_answers(struct pci_function *f, uint32_t value)
{
	f->loses_answers = value != MSIX_LOSE_NONE;
	f->only_of_bars = value & MSIX_LOSE_BARS;
	f->only_one = value & MSIX_LOSE_ONE;
	f->answers_left = value & 0xffff;
}

static bool number_ok(const struct pci_function *f, const struct layout *layout);

static void set_next_vectors(struct msix_device *device, uint32_t value)
{
	struct layout next = device->layout;

	next.vectors = value;
	if (device->layout.no_msix || !number_ok(&device->function, &next))
		log_line("%" PRIu32 " vectors from the next reset on: ignored", value);
	else
		msix_set_next_vectors(&device->msix, value);
}

static void reset_itself(struct msix_device *device, uint32_t what)
{
	if (what == MSIX_RESET_MSIX)
		msix_reset_alone(&device->msix);
	else if (what == MSIX_RESET_FUNCTION)
		pci_reset(&device->function, PCI_RESET_FUNCTION);
}

static void write_own_register(struct msix_device *device, uint64_t reg, uint32_t value)
{
	if (reg == MSIX_REG_RAISE)
		msix_raise(&device->msix, value);
	else if (reg == MSIX_REG_RAISE_SET)
		raise_set(device, value);
	else if (reg == MSIX_REG_BURST)
		raise_burst(device, value);
	else if (reg == MSIX_REG_SCRATCH)
		device->scratch = value;
	else if (reg == MSIX_REG_HW_INDEX)
		device->hw_index = value;
	else if (reg == MSIX_REG_LOSE)
		lose_answers(&device->function, value);
	else if (reg == MSIX_REG_NEXT_VECTORS)
		set_next_vectors(device, value);
	else if (reg == MSIX_REG_RESET)
		reset_itself(device, value);
	else if (reg == MSIX_REG_FAULTS)
		device->function.faults = value;
	else if (reg == MSIX_REG_RAISE_MSI && device->layout.msi)
		msi_raise(&device->msi, value);
}

static void device_write_register(struct pci_function *f, unsigned int bar,
				  uint64_t offset, uint32_t value)
{
	struct msix_device *device = to_msix_device(f);

	if (is_own_register(device, bar, offset))
		write_own_register(device, offset - device->layout.registers.offset,
				   value);
	else
		msix_write_register(&device->msix, bar, offset, value);
}

static void device_config_written(struct pci_function *f)
{
	msix_deliver(&to_msix_device(f)->msix);
}

static void device_reset(struct pci_function *f)
{
	struct msix_device *device = to_msix_device(f);

	device->scratch = 0;
	device->hw_index = 0;
	msix_reset(&device->msix);
	msi_reset(&device->msi);
	dma_reset(&device->server.dma);
}

static const struct pci_device_ops msix_device_ops = {
	.has_register = device_has_register,
	.read_register = device_read_register,
	.write_register = device_write_register,
	.config_written = device_config_written,
	.reset = device_reset,
};

/* Something with a place in a BAR. */
struct part {
	const char *name;
	const struct msix_place *place;
	uint64_t size;
	uint64_t align;
};

static int check_alignment(const struct part *part)
{
	if (!(part->place->offset % part->align))
		return 0;
	log_line("%s: offset 0x%" PRIx64 " is not a multiple of %" PRIu64,
		 part->name, part->place->offset, part->align);
	return -1;
}

static int check_part(const struct pci_function *f, const struct part *part)
{
	uint64_t bar_size = f->bar[part->place->bar].size;

	if (!bar_size) {
		log_line("%s: there is no BAR%u", part->name, part->place->bar);
		return -1;
	}
	if (part->size > bar_size || part->place->offset > bar_size - part->size) {
		log_line("%s: 0x%" PRIx64 " bytes at 0x%" PRIx64
			 " reach beyond the end of BAR%u at 0x%" PRIx64, part->name,
			 part->size, part->place->offset, part->place->bar, bar_size);
		return -1;
	}
	return 0;
}

static int check_apart(const struct part *a, const struct part *b)
{
	if (a->place->bar != b->place->bar ||
	    a->place->offset >= b->place->offset + b->size ||
	    b->place->offset >= a->place->offset + a->size)
		return 0;
	log_line("the %s overlaps the %s", a->name, b->name);
	return -1;
}

/* With --beyond only the capability limits the offset. */
static int check_offset(const struct part *part)
{
	if (part->place->offset <= UINT32_MAX)
		return 0;
	log_line("%s: offset 0x%" PRIx64 " does not fit in 32 bits", part->name,
		 part->place->offset);
	return -1;
}

static int check_layout(const struct pci_function *f, const struct layout *layout)
{
	const struct part parts[] = {
		{ "register block", &layout->registers, MSIX_REGS_SIZE, 4 },
		{ "table", &layout->table, msix_table_size(layout->vectors), 8 },
		{ "PBA", &layout->pba, msix_pba_size(layout->vectors), 8 },
	};
	unsigned int count = layout->no_msix ? 1 : 3;
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		bool beyond = layout->beyond && i > 0;

		if (check_alignment(&parts[i]) ||
		    (beyond ? check_offset(&parts[i]) : check_part(f, &parts[i])))
			return -1;
		for (j = 0; j < i; j++) {
			bool overlap = layout->overlap && j > 0;

			if (!overlap && check_apart(&parts[i], &parts[j]))
				return -1;
		}
	}
	return 0;
}

static bool number_ok(const struct pci_function *f, const struct layout *layout)
{
	return layout->vectors && layout->vectors <= MSIX_VECTORS_MAX &&
	       !check_layout(f, layout);
}

static int add_default_bars(struct pci_function *f)
{
	if (pci_add_bar(f, 0, 0x1000, 0) ||
	    pci_add_bar(f, 2, 0x10000, PCI_BASE_ADDRESS_MEM_TYPE_64) ||
	    pci_add_bar(f, 4, 0x1000, 0))
		return -1;
	return 0;
}

/* N:SIZE, then in any order :64 and :prefetch */
static int add_bar(struct pci_function *f, const char *text)
{
	char *copy = strdup(text), *next = copy, *word;
	uint64_t index, size;
	uint32_t flags = 0;
	int ret = -1;

	if (!copy)
		return -1;
	word = strsep(&next, ":");
	if (!next) {
		log_line("BAR '%s' is not of the form N:SIZE[:64][:prefetch]", text);
		goto out;
	}
	if (option_number(word, &index) || option_number(strsep(&next, ":"), &size))
		goto out;
	if (index >= PCI_STD_NUM_BARS) {
		log_line("BAR '%s': there is no such BAR", text);
		goto out;
	}
	while ((word = strsep(&next, ":"))) {
		if (!strcmp(word, "64")) {
			flags |= PCI_BASE_ADDRESS_MEM_TYPE_64;
		} else if (!strcmp(word, "prefetch")) {
			flags |= PCI_BASE_ADDRESS_MEM_PREFETCH;
		} else {
			log_line("BAR '%s': '%s' is neither 64 nor prefetch", text, word);
			goto out;
		}
	}
	ret = pci_add_bar(f, index, size, flags);
out:
	free(copy);
	return ret;
}

static void usage(const void *context, FILE *out)
{
	fprintf(out,
		"Usage: vfio-user-msix --socket PATH [--id VVVV:DDDD] [--class CCSSPP]\n"
		"    [--vectors N] [--bar N:SIZE[:64][:prefetch]]... [--table BAR:OFFSET]\n"
		"    [--pba BAR:OFFSET] [--registers BAR:OFFSET] [--beyond] [--overlap]\n"
		"    [--no-msix] [--msi] [--verbose]\n"
		"Serve a PCI device with MSI-X to the first vfio-user client at PATH.\n"
		"Without --bar it has BAR0 of 4K, BAR2 of 64K and 64 bits, and BAR4 of 4K;\n"
		"the registers are at 0:0, the table at 2:0, the PBA at 4:0. --beyond allows a\n"
		"table and a PBA where there is no BAR, --overlap a PBA in the table: for\n"
		"testing drivers with a wrong capability. --msi adds an MSI capability.\n");
}

enum {
	CLASS = OPTION_OWN, VECTORS, BAR, TABLE, PBA, REGISTERS, BEYOND, OVERLAP, NO_MSIX, MSI,
};

static const struct option options[] = {
	{ "class", required_argument, NULL, CLASS },
	{ "vectors", required_argument, NULL, VECTORS },
	{ "bar", required_argument, NULL, BAR },
	{ "table", required_argument, NULL, TABLE },
	{ "pba", required_argument, NULL, PBA },
	{ "registers", required_argument, NULL, REGISTERS },
	{ "beyond", no_argument, NULL, BEYOND },
	{ "overlap", no_argument, NULL, OVERLAP },
	{ "no-msix", no_argument, NULL, NO_MSIX },
	{ "msi", no_argument, NULL, MSI },
	{}
};

static int take_option(void *context, int option)
{
	struct layout *layout = context;

	switch (option) {
	case CLASS:
		return option_class(optarg, &layout->common.id);
	case VECTORS:
		layout->has_msix_options = true;
		return option_number(optarg, &layout->vectors);
	case BAR:
		if (layout->bars == PCI_STD_NUM_BARS) {
			log_line("there are more than %u BARs", PCI_STD_NUM_BARS);
			return -1;
		}
		layout->bar[layout->bars++] = optarg;
		return 0;
	case TABLE:
		layout->has_msix_options = true;
		return option_place(optarg, &layout->table.bar, &layout->table.offset);
	case PBA:
		layout->has_msix_options = true;
		return option_place(optarg, &layout->pba.bar, &layout->pba.offset);
	case REGISTERS:
		return option_place(optarg, &layout->registers.bar,
				    &layout->registers.offset);
	case BEYOND:
		layout->has_msix_options = true;
		layout->beyond = true;
		return 0;
	case OVERLAP:
		layout->has_msix_options = true;
		layout->overlap = true;
		return 0;
	case NO_MSIX:
		layout->no_msix = true;
		return 0;
	case MSI:
		layout->msi = true;
		return 0;
	}
	return -1;
}

static int parse_options(int argc, char **argv, struct layout *layout)
{
	const struct command_line line = { options, take_option, usage, layout };

	options_parse(&line, argc, argv, &layout->common);
	if (layout->no_msix && layout->has_msix_options) {
		log_line("--vectors, --table, --pba, --beyond and --overlap do not go with "
			 "--no-msix");
		return -1;
	}
	if (!layout->vectors || layout->vectors > MSIX_VECTORS_MAX) {
		log_line("the number of vectors is not from 1 to %u", MSIX_VECTORS_MAX);
		return -1;
	}
	return 0;
}

static int add_bars(struct pci_function *f, const struct layout *layout)
{
	unsigned int i;

	if (!layout->bars)
		return add_default_bars(f);
	for (i = 0; i < layout->bars; i++) {
		if (add_bar(f, layout->bar[i]))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct msix_device device;
	struct layout layout = {
		.common.id = {
			.vendor = MSIX_VENDOR_ID,
			.device = MSIX_DEVICE_ID,
			.class = CLASS_UNASSIGNED,
		},
		.vectors = MSIX_VECTORS_DEFAULT,
		.table = { .bar = 2 },
		.pba = { .bar = 4 },
	};
	struct pci_function *f = &device.function;

	if (parse_options(argc, argv, &layout))
		return EXIT_FAILURE;
	pci_init(f, &msix_device_ops, &layout.common.id);
	if (add_bars(f, &layout) || check_layout(f, &layout))
		return EXIT_FAILURE;
	device.layout = layout;
	device.msix.function = f;
	device.msix.dma = &device.server.dma;
	if (!layout.no_msix)
		msix_init(&device.msix, layout.vectors, layout.table, layout.pba);
	if (layout.msi)
		msi_init(&device.msi, f, &device.server.dma, PCI_INTERRUPT2_OFFSET,
			 MSIX_MSI_VECTORS, 0);
	return server_run(&device.server, f, layout.common.path);
}
