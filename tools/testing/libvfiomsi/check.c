// SPDX-License-Identifier: GPL-2.0-only
/*
 * A script is a kind of capability, then steps: guest accesses, interrupts, resets, moves
 * to another host. After each step the core has to show the guest the same registers as
 * the model, the guest has to have received the same messages, and the host may have
 * nothing that the guest did not ask for.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <vfiomsi/core.h>

#include "check.h"
#include "host.h"
#include "model.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define MAX_STEPS	32
#define STATE_SIZE	(MAX_VECTORS * 17 + 64)

/* The first byte of a script */
enum {
	SCRIPT_MSIX	= 1 << 0,
	SCRIPT_HOST	= 1 << 1,
	SCRIPT_DYNAMIC	= 1 << 2,
	SCRIPT_64BIT	= 1 << 3,
	SCRIPT_MASKS	= 1 << 4,
	SCRIPT_DUMMY	= 1 << 5,
};

/*
 * What a byte of a step can have in addition to its kind. With STEP_FAILS, STEP_RAISES is
 * the contrary: device_forgets().
 */
enum {
	STEP_KIND	= 0x1f,
	STEP_FAILS	= 1 << 7,
	STEP_UNDO_FAILS	= 1 << 6,
	STEP_RAISES	= 1 << 5,
};

enum change_kind { CAP_WRITE, TABLE_WRITE, PBA_WRITE, RESET, MEMORY };

/* A byte that is written as an address is in there now and then. */
static const struct model_range model_memory[] = { { 0x40, 0x7f }, { 0x82, 0x8a } };
static const struct vfiomsi_memory core_memory[] = { { 0x40, 0x40 }, { 0x82, 0x09 } };

struct change {
	enum change_kind kind;
	uint32_t offset;
	uint32_t width;
	uint64_t value;
};

/*
 * @before, @other: copies of @model while a step is judged
 * @unmasked: MSI-X: the vector was not masked at some time since it was enabled
 * @host_only: all pending interrupts are known to the host alone
 */
struct check {
	const uint8_t *next;
	const uint8_t *end;
	FILE *log;
	uint8_t cap[24];
	uint32_t flags;
	struct vfiomsi_core *core;
	struct host host;
	struct model model;
	struct model before;
	struct model other;
	bool unmasked[MAX_VECTORS];
	bool host_only;
	uint8_t state[STATE_SIZE];
	char wrong[200];
};

static void print(struct check *check, const char *format, ...)
{
	va_list arguments;

	if (!check->log)
		return;
	va_start(arguments, format);
	vfprintf(check->log, format, arguments);
	va_end(arguments);
}

static bool expect(struct check *check, bool right, const char *format, ...)
{
	va_list arguments;

	if (right || check->wrong[0])
		return right;
	va_start(arguments, format);
	vsnprintf(check->wrong, sizeof(check->wrong), format, arguments);
	va_end(arguments);

	return false;
}

static uint64_t take(struct check *check, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes-- && check->next < check->end)
		value = value << 8 | *check->next++;

	return value;
}

static unsigned int take_vector(struct check *check)
{
	return take(check, 1) % check->model.count;
}

/* Compare what both show. */

static void compare_cap(struct check *check, uint32_t width)
{
	uint32_t offset, here, there;

	for (offset = 0; offset < check->model.cap_size; offset += width) {
		model_cap_read(&check->model, offset, width, &there);
		expect(check, !vfiomsi_core_cap_read(check->core, offset, width, &here),
		       "capability at %u cannot be read", offset);
		expect(check, here == there, "capability at %u/%u is 0x%x, not 0x%x", offset,
		       width, here, there);
	}
}

typedef int read_core(const struct vfiomsi_core *core, uint32_t offset, uint32_t width,
		      uint64_t *value);
typedef bool read_model(const struct model *model, uint32_t offset, uint32_t width,
			uint64_t *value);

static void compare_memory(struct check *check, const char *name, read_core *read,
			   read_model *read_other, uint32_t width)
{
	uint64_t here, there;
	uint32_t offset;

	for (offset = 0; read_other(&check->model, offset, width, &there); offset += width) {
		expect(check, !read(check->core, offset, width, &here),
		       "%s at 0x%x cannot be read", name, offset);
		expect(check, here == there, "%s at 0x%x/%u is 0x%llx, not 0x%llx", name,
		       offset, width, (long long)here, (long long)there);
	}
	expect(check, read(check->core, offset, width, &here) == -EINVAL && here == UINT64_MAX,
	       "%s is too long", name);
}

static void compare_vectors(struct check *check)
{
	unsigned int i;

	expect(check, vfiomsi_core_is_enabled(check->core) == model_enabled(&check->model),
	       "is_enabled");
	for (i = 0; i < check->model.count; i++)
		expect(check, vfiomsi_core_is_masked(check->core, i) ==
		       model_masked(&check->model, i), "is_masked %u", i);
}

static uint8_t peek(const struct check *check)
{
	return check->next < check->end ? *check->next : 0;
}

static void compare_registers(struct check *check)
{
	uint32_t width = peek(check) & 1 ? 8 : 4;

	compare_cap(check, width == 8 ? 1 : 4);
	compare_cap(check, 2);
	compare_memory(check, "table", vfiomsi_core_table_read, model_table_read, width);
	compare_memory(check, "PBA", vfiomsi_core_pba_read, model_pba_read, width);
	compare_vectors(check);
}

/* What the host has is what the guest asked for. */
static void check_vector(struct check *check, unsigned int vector, bool polls)
{
	const struct host_vector *host = &check->host.vector[vector];
	bool sends = model_sends(&check->model, vector);

	if (!model_enabled(&check->model))
		check->unmasked[vector] = false;
	else if (sends)
		check->unmasked[vector] = true;
	sends = sends && !polls;

	expect(check, !sends || (host->attached && !host->masked), "vector %u cannot send",
	       vector);
	expect(check, sends || !host->attached || host->masked, "vector %u can send", vector);
	expect(check, !check->model.msix || !host->attached || check->unmasked[vector],
	       "vector %u was attached too early", vector);
	expect(check, host->routed == host->attached, "vector %u has a route, and no more",
	       vector);
	expect(check, !host->noted, "the route of vector %u was not set", vector);
	expect(check, host->attached || !host->masked, "vector %u is masked, and no more",
	       vector);
	expect(check, vfiomsi_eventfds_is_held(check->host.eventfds, vector) ==
	       (host->masked && !(check->flags & VFIOMSI_HOST_MASKS)), "vector %u: held",
	       vector);
}

/* The host has the dummy target that the model would have. Returns whether it has one. */
static bool check_dummy(struct check *check)
{
	const struct host *host = &check->host;
	struct model_message message;
	unsigned int count;
	bool polls;

	polls = model_polls(&check->model, &message, &count);
	expect(check, vfiomsi_core_is_dummy(check->core) == polls, "is_dummy");
	if (!polls) {
		expect(check, !host->dummy_count, "a dummy target is on");
		return false;
	}
	expect(check, host->dummy_count == count && host->dummy_first == message.vector &&
	       host->dummy == message.address, "the dummy target is 0x%llx of %u+%u",
	       (long long)host->dummy, host->dummy_first, host->dummy_count);

	return true;
}

static void check_host(struct check *check)
{
	bool polls = check_dummy(check);
	unsigned int i;

	expect(check, !check->host.wrong, "the host: %s", check->host.wrong);
	expect(check, !!check->host.allocated == (model_enabled(&check->model) && !polls),
	       "%u vectors are allocated", check->host.allocated);
	for (i = 0; i < check->model.count; i++)
		check_vector(check, i, polls);
}

static void harvest(struct check *check)
{
	struct host *host = &check->host;

	host_begin(host);
	expect(check, !host_run(host, vfiomsi_core_harvest(check->core, 0, check->model.count)),
	       "harvest");
	expect(check, host->calls[VFIOMSI_HARVEST] == (unsigned int)host->carried_out,
	       "harvest did something else");
}

/*
 * Not after each step: a guest that looks has the held eventfds read, and a large table
 * takes long.
 */
static void look(struct check *check)
{
	if (peek(check) & (check->model.count > 8 ? 14 : 8))
		return;
	harvest(check);
	compare_registers(check);
}

/* Judge what the guest received. */

static bool same_message(const struct host_message *here, const struct model_message *there)
{
	return here->vector == there->vector && here->address == there->address &&
	       here->data == there->data;
}

static bool same_messages(const struct host *host, const struct model *model)
{
	bool seen[HOST_DELIVERED] = { false };
	unsigned int i, k;

	if (host->delivered_count != model->sent_count)
		return false;
	for (i = 0; i < model->sent_count; i++) {
		for (k = 0; k < host->delivered_count; k++)
			if (!seen[k] && same_message(&host->delivered[k], &model->sent[i]))
				break;
		if (k == host->delivered_count)
			return false;
		seen[k] = true;
	}

	return true;
}

static void judge_messages(struct check *check)
{
	expect(check, same_messages(&check->host, &check->model),
	       "the guest received %u messages, not the %u", check->host.delivered_count,
	       check->model.sent_count);
}

static void print_delivered(struct check *check)
{
	const struct host *host = &check->host;
	unsigned int i;

	for (i = 0; i < host->delivered_count; i++)
		print(check, "  vector %u: 0x%llx 0x%x\n", host->delivered[i].vector,
		      (long long)host->delivered[i].address, host->delivered[i].data);
}

/* The device need not keep what the core has to deliver anyway. */
static void device_forgets(struct check *check)
{
	unsigned int i;

	for (i = 0; i < check->model.count; i++)
		if (check->host.vector[i].told)
			check->host.vector[i].pending = false;
}

/*
 * The change was rolled back. What was pending may have been delivered meanwhile, and the
 * rest is as it was.
 */
static void judge_rollback(struct check *check)
{
	const struct host *host = &check->host;
	unsigned int i, vector;

	check->model = check->before;
	for (i = 0; i < host->delivered_count; i++) {
		vector = host->delivered[i].vector;
		expect(check, check->model.pending[vector],
		       "vector %u came out of a change that was rolled back", vector);
		model_satisfy(&check->model, vector);
	}
}

static bool core_pending(struct check *check, unsigned int vector)
{
	uint32_t offset = check->model.cap_size - 4;
	uint32_t value;
	uint64_t bits;

	if (check->model.msix) {
		vfiomsi_core_pba_read(check->core, vector / 32 * 4, 4, &bits);
		return bits >> vector % 32 & 1;
	}
	if (!(check->cap[3] & 1))
		return false;
	vfiomsi_core_cap_read(check->core, offset, 4, &value);

	return value >> vector & 1;
}

static bool explains(const struct check *check, const struct model *model, bool pending)
{
	return same_messages(&check->host, model) &&
	       model->pending[check->host.raise_vector] == pending;
}

static void apply(struct model *model, const struct change *change)
{
	switch (change->kind) {
	case CAP_WRITE:
		model_cap_write(model, change->offset, change->width, change->value);
		break;
	case TABLE_WRITE:
		model_table_write(model, change->offset, change->width, change->value);
		break;
	case PBA_WRITE:
		model_pba_write(model, change->offset, change->width, change->value);
		break;
	case RESET:
		model_reset(model);
		break;
	case MEMORY:
		model->ranges = change->value;
	}
}

/*
 * An interrupt was raised while a plan was carried out: it came before the change or after
 * it, or it was kept because the guest cannot take it now.
 */
static void judge_raised(struct check *check, const struct change *change)
{
	unsigned int vector = check->host.raise_vector;
	static struct host host;
	bool pending;

	host = check->host;
	harvest(check);
	pending = core_pending(check, vector);
	check->host.delivered_count = host.delivered_count;
	memcpy(check->host.delivered, host.delivered, sizeof(host.delivered));

	check->other = check->before;
	model_raise(&check->other, vector);
	apply(&check->other, change);
	if (explains(check, &check->other, pending)) {
		check->model = check->other;
		return;
	}
	check->other = check->model;
	model_raise(&check->other, vector);
	if (explains(check, &check->other, pending)) {
		check->model = check->other;
		return;
	}
	if (!model_sends(&check->model, vector) && pending)
		check->model.pending[vector] = true;
	expect(check, explains(check, &check->model, pending) &&
	       (pending || host.allocated_again), "vector %u, raised meanwhile, is lost",
	       vector);
}

/* Steps. */

static int change_core(struct check *check, const struct change *change)
{
	switch (change->kind) {
	case CAP_WRITE:
		return vfiomsi_core_cap_write(check->core, change->offset, change->width,
					      change->value);
	case TABLE_WRITE:
		return vfiomsi_core_table_write(check->core, change->offset, change->width,
						change->value);
	case PBA_WRITE:
		return vfiomsi_core_pba_write(check->core, change->offset, change->width,
					      change->value);
	case RESET:
		return vfiomsi_core_reset(check->core);
	case MEMORY:
		return vfiomsi_core_set_memory(check->core, core_memory, change->value);
	}

	return -EINVAL;
}

static bool is_legal(struct check *check, const struct change *change)
{
	check->other = check->model;
	switch (change->kind) {
	case CAP_WRITE:
		return model_cap_write(&check->other, change->offset, change->width, 0);
	case TABLE_WRITE:
		return model_table_write(&check->other, change->offset, change->width, 0);
	case PBA_WRITE:
		return model_pba_write(&check->other, change->offset, change->width, 0);
	case RESET:
	case MEMORY:
		break;
	}

	return true;
}

static void take_modifiers(struct check *check, uint8_t step)
{
	struct host *host = &check->host;

	host_begin(host);
	if (step & STEP_FAILS)
		host->fail_after = take(check, 1) % 16;
	if (step & STEP_FAILS && step & STEP_UNDO_FAILS)
		host->undo_fails_after = take(check, 1) % 8;
	if (step & STEP_RAISES && !(step & STEP_FAILS)) {
		host->raise_after = take(check, 1) % 8;
		host->raise_vector = take_vector(check);
	}
}

static void device_is_reset(struct check *check)
{
	unsigned int i;

	for (i = 0; i < check->model.count; i++) {
		check->host.vector[i].pending = false;
		check->host.vector[i].told = false;
	}
}

static void sync(struct check *check)
{
	unsigned int delivered = check->host.delivered_count;

	host_begin(&check->host);
	expect(check, host_run(&check->host, vfiomsi_core_sync(check->core)) == 0, "sync");
	expect(check, check->host.delivered_count == 0, "sync delivered something");
	check->host.delivered_count = delivered;
	check->host_only = false;
}

static void make_change(struct check *check, uint8_t step, const struct change *change)
{
	int ret;

	print(check, "change %d: offset 0x%x/%u = 0x%llx\n", change->kind, change->offset,
	      change->width, (long long)change->value);
	take_modifiers(check, step);
	if (!is_legal(check, change)) {
		expect(check, change_core(check, change) == -EINVAL, "legal for the core");
		return;
	}
	check->before = check->model;
	apply(&check->model, change);
	ret = host_run(&check->host, change_core(check, change));
	print(check, "  %d after %d actions\n", ret, check->host.carried_out);
	print_delivered(check);
	if (!ret && change->kind == RESET)
		device_is_reset(check);
	if (ret < 0 && step & STEP_FAILS && step & STEP_RAISES)
		device_forgets(check);
	if (ret == -ENOLINK || ret == -EIO)
		judge_rollback(check);
	else if (!expect(check, !ret, "a legal change returned %d", ret))
		return;
	else if (check->host.raised)
		judge_raised(check, change);
	else
		judge_messages(check);
	if (ret == -ENOLINK)
		sync(check);
}

static void any_write(struct check *check, uint8_t step)
{
	struct change change = { .kind = take(check, 1) % RESET };

	change.offset = take(check, 2);
	change.width = take(check, 1) % 10;
	change.value = take(check, 8);
	make_change(check, step, &change);
}

static void cap_write(struct check *check, uint8_t step)
{
	uint32_t width = 1 << take(check, 1) % 3;
	struct change change = { .kind = CAP_WRITE, .width = width };

	change.offset = take(check, 1) % check->model.cap_size / width * width;
	change.value = take(check, 4);
	make_change(check, step, &change);
}

static void table_write(struct check *check, uint8_t step)
{
	struct change change = { .kind = TABLE_WRITE, .width = 4 };
	uint8_t where = take(check, 1);

	change.width = where & 1 ? 8 : 4;
	change.offset = take_vector(check) * 16 + (where >> 1) % 4 * 4 / change.width *
			change.width;
	change.value = take(check, where & 0x10 ? 8 : 1);
	make_change(check, step, &change);
}

static uint32_t mask_register(const struct check *check)
{
	return check->model.cap_size - 8;
}

static void msi_mask(struct check *check, uint8_t step, unsigned int vector, bool masked)
{
	struct change change = { .kind = CAP_WRITE, .width = 4 };
	uint32_t bits;

	if (!(check->cap[3] & 1))
		return;
	change.offset = mask_register(check);
	model_cap_read(&check->model, change.offset, 4, &bits);
	change.value = masked ? bits | 1U << vector : bits & ~(1U << vector);
	make_change(check, step, &change);
}

static void set_mask(struct check *check, uint8_t step, bool masked)
{
	struct change change = { .kind = TABLE_WRITE, .width = 4 };
	unsigned int vector = take_vector(check);

	if (!check->model.msix) {
		msi_mask(check, step, vector, masked);
		return;
	}
	change.offset = vector * 16 + 12;
	change.value = masked;
	make_change(check, step, &change);
}

static void set_control(struct check *check, uint8_t step)
{
	uint8_t bits = take(check, 1);
	struct change change = { .kind = CAP_WRITE, .offset = 2, .width = 2 };

	change.value = check->model.msix ? bits << 14 & 0xc000 : bits & 0x71;
	make_change(check, step, &change);
}

static void reset(struct check *check, uint8_t step)
{
	struct change change = { .kind = RESET };

	make_change(check, step, &change);
}

/* Memory is mapped or unmapped. */
static void set_memory(struct check *check, uint8_t step)
{
	struct change change = { .kind = MEMORY };

	change.value = take(check, 1) % (ARRAY_SIZE(model_memory) + 1);
	make_change(check, step, &change);
}

static void raise_vector(struct check *check)
{
	unsigned int vector = take_vector(check);

	print(check, "raise %u\n", vector);
	host_begin(&check->host);
	host_raise(&check->host, vector);
	model_raise(&check->model, vector);
	print_delivered(check);
	judge_messages(check);
}

/* Whether an interrupt that comes now stays pending, whatever is so already. */
static bool keeps(struct check *check, unsigned int vector)
{
	check->other = check->model;
	model_satisfy(&check->other, vector);
	model_raise(&check->other, vector);

	return check->other.pending[vector];
}

static void arrive(struct check *check)
{
	unsigned int vector = take_vector(check);
	struct vfiomsi_action action;
	int ret;

	print(check, "arrive %u\n", vector);
	host_begin(&check->host);
	if (keeps(check, vector))
		check->host.vector[vector].told = true;
	model_raise(&check->model, vector);
	ret = vfiomsi_core_arrive(check->core, vector, &action);
	if (ret == 1) {
		expect(check, action.kind == VFIOMSI_INJECT && action.count == 1, "arrive");
		host_deliver(&check->host, action.vector, action.address, action.data);
	}
	expect(check, ret >= 0, "arrive returned %d", ret);
	check->host_only = false;
	judge_messages(check);
}

/* The device's driver has dealt with what was pending, but not with what the core has. */
static void satisfy(struct check *check)
{
	unsigned int vector = take_vector(check);
	struct host_vector *host = &check->host.vector[vector];

	if (!host->pending || !(host->told || check->host_only))
		return;
	print(check, "satisfied %u%s\n", vector, host->told ? ", the core has one" : "");
	host->pending = false;
	if (!host->told)
		model_satisfy(&check->model, vector);
}

static struct vfiomsi_core *make_core(struct check *check, uint32_t flags)
{
	struct vfiomsi_core_config config = { .size = sizeof(config), .flags = flags };
	struct vfiomsi_core *core = NULL;

	memcpy(config.capability, check->cap, sizeof(config.capability));
	expect(check, !vfiomsi_core_create(&config, &core), "create");

	return core;
}

/* The model has memory only if the host has dummy targets. */
static void give_memory(struct check *check)
{
	check->model.memory = check->flags & VFIOMSI_HOST_DUMMY ? model_memory : NULL;
	expect(check, !vfiomsi_core_set_memory(check->core, core_memory, check->model.ranges),
	       "set_memory");
}

static void make_host(struct check *check)
{
	host_init(&check->host, check->core, check->model.msix, check->flags);
	expect(check, !vfiomsi_eventfds_create(check->core, &check->host.eventfds), "eventfds");
}

static size_t save(struct check *check)
{
	size_t size = vfiomsi_core_state_size(check->core);

	expect(check, size <= STATE_SIZE && size <= 33100, "the state is too large");
	expect(check, vfiomsi_core_save(check->core, check->state, size - 1) == -ENOSPC,
	       "saved into nothing");
	expect(check, !vfiomsi_core_save(check->core, check->state, size), "save");

	return size;
}

static void lose(struct check *check)
{
	print(check, "the host is lost\n");
	host_begin(&check->host);
	host_lose(&check->host);
	sync(check);
}

/*
 * Move to another host, which may mask in another way. The device has come along with
 * what is pending, or is another one.
 */
static void move(struct check *check)
{
	uint32_t how = take(check, 1);
	static struct host old;
	unsigned int i;
	size_t size;

	harvest(check);
	size = save(check);
	print(check, "move %u\n", how);
	vfiomsi_eventfds_destroy(check->host.eventfds);
	vfiomsi_core_destroy(check->core);
	old = check->host;
	check->flags = how & (VFIOMSI_HOST_MASKS | VFIOMSI_DYNAMIC);
	if (how & 8)
		check->flags |= VFIOMSI_HOST_DUMMY;
	check->core = make_core(check, check->flags);
	give_memory(check);
	make_host(check);
	for (i = 0; i < check->model.count; i++) {
		check->host.vector[i].pending = how & 4 && old.vector[i].pending;
		check->host.vector[i].told = check->model.pending[i];
	}
	expect(check, !vfiomsi_core_load(check->core, check->state, size), "load");
	memset(check->unmasked, 0, sizeof(check->unmasked));
	sync(check);
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0;
	size_t i;

	/* Bit by bit, the first bits inverted as they come. */
	for (i = 0; i < size * 8; i++) {
		uint32_t bit = bytes[i / 8] >> i % 8 & 1;

		bit ^= (crc ^ (i < 32)) & 1;
		crc >>= 1;
		if (bit)
			crc ^= 0xedb88320;
	}

	return ~crc;
}

static void set_crc(uint8_t *state, size_t size)
{
	uint32_t crc = crc32(state, size - 4);
	int i;

	for (i = 0; i < 4; i++)
		state[size - 4 + i] = crc >> 8 * i;
}

/* What a core accepts it must have taken over, and what it refuses must not matter. */
static void load_damaged(struct check *check)
{
	size_t size = save(check);
	struct vfiomsi_core *core = make_core(check, check->flags);
	static uint8_t again[STATE_SIZE];
	uint8_t mask = take(check, 1);
	size_t at = take(check, 2) % size;
	bool intact = take(check, 1) & 1;
	int ret;

	print(check, "load with 0x%x changed at %zu, %s\n", mask, at,
	      intact ? "CRC right" : "CRC wrong");
	vfiomsi_core_save(core, again, size);
	if (intact)
		memcpy(check->state, again, size);
	check->state[at] ^= mask;
	if (intact)
		set_crc(check->state, size);
	ret = vfiomsi_core_load(core, check->state, size);
	expect(check, intact || !mask || ret, "a damaged state was taken");
	expect(check, !ret || ret == -EBADMSG || ret == -EINVAL || ret == -EOPNOTSUPP,
	       "load returned %d", ret);
	if (!ret)
		memcpy(again, check->state, size);
	vfiomsi_core_save(core, check->state, size);
	expect(check, !memcmp(again, check->state, size), "load did something else (%d)", ret);
	vfiomsi_core_destroy(core);
}

static void do_step(struct check *check)
{
	uint8_t step = take(check, 1);

	switch ((step & STEP_KIND) % 12) {
	case 0:
		any_write(check, step);
		break;
	case 1:
		cap_write(check, step);
		break;
	case 2:
		table_write(check, step);
		break;
	case 3:
		set_mask(check, step, true);
		break;
	case 4:
		set_mask(check, step, false);
		break;
	case 5:
		set_control(check, step);
		break;
	case 6:
		raise_vector(check);
		break;
	case 7:
		if ((step & STEP_KIND) == STEP_KIND)
			set_memory(check, step);
		else
			arrive(check);
		break;
	case 8:
		satisfy(check);
		break;
	case 9:
		if (step & 0x10)
			reset(check, step);
		else
			lose(check);
		break;
	case 10:
		move(check);
		break;
	case 11:
		load_damaged(check);
		break;
	}
}

static void make_cap(struct check *check)
{
	static const uint16_t sizes[] = { 1, 2, 3, 4, 5, 8, 33, 70 };
	uint8_t kind = take(check, 1);
	uint8_t size = take(check, 1);

	if (kind & SCRIPT_HOST)
		check->flags |= VFIOMSI_HOST_MASKS;
	if (kind & SCRIPT_DYNAMIC)
		check->flags |= VFIOMSI_DYNAMIC;
	if (kind & SCRIPT_DUMMY)
		check->flags |= VFIOMSI_HOST_DUMMY;
	check->host_only = kind & SCRIPT_HOST;
	check->cap[0] = kind & SCRIPT_MSIX ? 0x11 : 0x05;
	check->cap[1] = size;
	if (kind & SCRIPT_MSIX) {
		check->cap[2] = sizes[size % 8] - 1;
		check->cap[3] = 0xf8;	/* bits that are not the device's to set */
		check->cap[4] = 0x04;
		check->cap[9] = 0x10;
		return;
	}
	check->cap[2] = (size % 6) << 1 | 0x71;
	check->cap[2] |= kind & SCRIPT_64BIT ? 0x80 : 0;
	check->cap[3] = 0xfe;
	check->cap[3] |= kind & SCRIPT_MASKS ? 1 : 0;
	memset(&check->cap[4], 0xaa, 20);
}

const char *check(const uint8_t *script, size_t size, FILE *log)
{
	static struct check it;
	int i;

	memset(&it, 0, sizeof(it));
	it.log = log;
	it.next = script;
	it.end = script + size;
	make_cap(&it);
	it.core = make_core(&it, it.flags);
	if (!it.core)
		return it.wrong;
	model_init(&it.model, it.cap);
	it.model.ranges = ARRAY_SIZE(model_memory);
	give_memory(&it);
	make_host(&it);

	for (i = 0; i < MAX_STEPS && it.next < it.end && !it.wrong[0]; i++) {
		model_forget(&it.model);
		do_step(&it);
		check_host(&it);
		look(&it);
	}
	vfiomsi_eventfds_destroy(it.host.eventfds);
	vfiomsi_core_destroy(it.core);

	return it.wrong[0] ? it.wrong : NULL;
}
