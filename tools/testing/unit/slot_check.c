// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs scripts on slot.c. Any bytes are a script: a sequence of what a guest and its
 * host can do. After each step, what the device holds, what the guest reads and which
 * slots are reported as live is compared with the model.
 *
 * The first byte has the SCRIPT_* flags. The second is the data offset and the third
 * the size of the window, both in dwords. Then each step is one byte that says what to
 * do, followed by its arguments: see step().
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../../drivers/vfio/pci/msi/slot.h"
#include "slot_check.h"
#include "slot_model.h"

#define SCRIPT_HIGH		0x01
/* The window has a hole. */
#define SCRIPT_HOLE		0x02
/* There is too little memory for all messages, for all dwords. */
#define SCRIPT_FEW_MESSAGES	0x04
#define SCRIPT_FEW_DWORDS	0x08
#define SCRIPT_LEARN		0x10
/* The device does not hold zeros at first. */
#define SCRIPT_USED		0x20
/* The device was not reset for this session. */
#define SCRIPT_DIRTY		0x40
/* The window has pages. */
#define SCRIPT_PAGES		0x80

#define INERT		0xfee0000c

#define MAX_STEPS	200
#define FEW_MESSAGES	2
#define FEW_DWORDS	8

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* They are few so that they meet often, and some are parts of each other. */
static const u64 guest_addresses[] = {
	0xfee00000, 0xfee01000, 0x1fee00000, 0x21, 0, 0x100000000, 0xfee02000,
	0x2100000002,
};

static const u32 guest_data[] = {
	0x21, 0x40, 0, 0x61, 0x42, 0x44, 0x48, 0x50,
};

static const struct {
	u64 address;
	u32 data;
} host_messages[] = {
	{ 0xfee00000, 0x4020 }, { 0xfee04000, 0x20 }, { 0x2fee08000, 0x40 },
	{ 0x1fee01000, 0 }, { 0, 0 },
};

static const unsigned int vector_counts[] = { 0, 1, 1, 2, 5, 16, 32, 0 };

struct check {
	FILE *log;
	char wrong[200];
	const u8 *next;
	const u8 *end;
	unsigned int flags;
	struct msi_slot_env env;
	struct msi_slot_window window;
	struct model model;
	unsigned int page;
	u32 pages[MODEL_PAGES][MODEL_DWORDS];
	u32 *device;	/* of the page that is shown */
	u32 addresses[MODEL_PAIRS];
	struct msi_slot_message pairs[MODEL_PAIRS];
	struct msi_slot_bucket buckets[MSI_SLOT_BUCKETS];
	struct msi_slot_dword dwords[4 * MODEL_DWORDS];
};

/* Keeps the first error. */
[[gnu::format(printf, 3, 4)]] static
bool expect(struct check *check, bool ok, const char *format, ...)
{
	va_list args;

	if (ok || check->wrong[0])
		return ok;
	va_start(args, format);
	vsnprintf(check->wrong, sizeof(check->wrong), format, args);
	va_end(args);
	return ok;
}

[[gnu::format(printf, 2, 3)]] static
void print(struct check *check, const char *format, ...)
{
	va_list args;

	if (!check->log)
		return;
	va_start(args, format);
	vfprintf(check->log, format, args);
	va_end(args);
}

static unsigned int take(struct check *check)
{
	return check->next < check->end ? *check->next++ : 0;
}

static u32 take_value(struct check *check)
{
	unsigned int byte = take(check);
	unsigned int low = byte & 0x1f;
	u64 host_address = host_messages[low & 3].address;

	switch (byte >> 5) {
	case 0:
		return guest_addresses[low & 7];
	case 1:
		return guest_addresses[low & 7] >> 32;
	case 2:
		return 0x20 + low;
	case 3:
		return 0x40 + low;
	case 4:
		return low;
	case 5:
		if (low & 8)
			return host_messages[low & 3].data + (low >> 4);
		return low & 4 ? host_address >> 32 : host_address;
	case 6:
		return (u32)guest_addresses[low & 7] ^ 0x100 << (low >> 3);
	default:
		return 0x100 << low / 2;
	}
}

static u32 read_device(void *context, u64 offset)
{
	struct check *check = context;

	return check->device[offset / 4];
}

/* Whether an access is to the window, and not to its hole. */
static bool is_in_window(const struct check *check, u64 offset,
			 unsigned int width)
{
	return model_covers(&check->model, offset / 4) &&
	       (width < 8 || model_covers(&check->model, offset / 4 + 1));
}

static bool is_sound(struct check *check, const struct msi_slot_write *write)
{
	unsigned int width = write->width;
	u64 size = check->window.layout.size;

	return expect(check, width == 1 || width == 2 || width == 4 ||
		      width == 8, "a write of %u bytes", width) &&
	       expect(check, write->offset % (width == 8 ? 4 : width) == 0,
		      "a misaligned write at 0x%llx", write->offset) &&
	       expect(check, write->offset < size &&
		      width <= size - write->offset,
		      "a write at 0x%llx, outside", write->offset);
}

static void write_device(struct check *check, const struct msi_slot_write *write)
{
	u32 before[2], *dword = &check->device[write->offset / 4];
	unsigned int i, dwords = write->width == 8 ? 2 : 1;

	print(check, "  device: 0x%llx = 0x%llx, %u bytes\n", write->offset,
	      write->value, write->width);

	memcpy(before, dword, 4 * dwords);
	memcpy((u8 *)check->device + write->offset, &write->value,
	       write->width);

	for (i = 0; !check->window.layout.learn && i < dwords; i++)
		expect(check, dword[i] == before[i] ||
		       !model_forbids(&check->model, dword[i]),
		       "the device got the guest's 0x%x at 0x%llx", dword[i],
		       (write->offset & ~3ULL) + 4 * i);
}

static void apply_plan(struct check *check)
{
	const struct msi_slot_plan *plan = &check->window.plan;
	unsigned int i;

	expect(check, plan->nr_writes <= MSI_SLOT_PLAN_WRITES &&
	       plan->nr_events <= MSI_SLOT_PLAN_EVENTS, "the plan is too long");

	for (i = 0; i < plan->nr_writes && !check->wrong[0]; i++)
		if (is_sound(check, &plan->writes[i]))
			write_device(check, &plan->writes[i]);
}

static bool is_exact(const struct check *check)
{
	return !(check->flags & (SCRIPT_FEW_MESSAGES | SCRIPT_FEW_DWORDS |
				 SCRIPT_LEARN));
}

static void show(struct check *check, unsigned int page)
{
	check->page = page;
	check->device = check->pages[page];
	msi_slot_show(&check->window, page);
	model_show(&check->model, page);
}

static void check_shown_dwords(struct check *check)
{
	const struct model_dword *model;
	u32 device;
	u64 seen;
	int i;

	for (i = 0; i < check->model.dwords; i++) {
		model = &check->model.dword[i];
		device = check->device[i];
		expect(check, !is_exact(check) || device == model->device,
		       "the device holds 0x%x at 0x%x, not 0x%x", device, 4 * i,
		       model->device);
		if (check->flags & SCRIPT_FEW_DWORDS)
			continue;
		seen = msi_slot_read(&check->window, 4 * i, 4, device);
		expect(check, seen == model->guest,
		       "the guest reads 0x%llx at 0x%x, not 0x%x", seen, 4 * i,
		       model->guest);
	}
}

static void check_dwords(struct check *check)
{
	unsigned int nr = check->window.layout.paged ? MODEL_PAGES : 1;
	unsigned int page, shown = check->page;

	for (page = 0; page < nr; page++) {
		show(check, page);
		check_shown_dwords(check);
	}
	show(check, shown);
}

/* A slot that is reported as live has to be live, even if the model is not exact. */
static void check_slot(struct check *check, const struct msi_slot_info *info)
{
	const struct msi_slot_env *env = &check->env;
	u32 vector, *slot = &check->device[info->offset / 4];
	bool live = model_live(&check->model, info->offset / 4, &vector);

	expect(check, !is_exact(check) ||
	       info->owed == model_owed(&check->model, info->offset / 4),
	       "the slot at 0x%llx is%s owed", info->offset,
	       info->owed ? "" : " not");
	if (info->has_address)
		expect(check, env->vectors &&
		       slot[0] == (u32)env->host.address &&
		       (!check->window.layout.high ||
			slot[1] == env->host.address >> 32),
		       "no host address at 0x%llx", info->offset);
	if (info->has_data)
		expect(check, info->vector < env->vectors &&
		       slot[info->data_distance / 4] ==
		       env->host.data + info->vector,
		       "no host data for 0x%llx", info->offset);
	if (!is_exact(check))
		return;

	expect(check, live == (info->has_address && info->has_data),
	       "the slot at 0x%llx is%s live", info->offset,
	       live ? "" : " not");
	expect(check, !live || vector == info->vector,
	       "the slot at 0x%llx has vector %u, not %u", info->offset,
	       info->vector, vector);
}

static void check_slots(struct check *check)
{
	unsigned int i, cursor = 0, shown = check->page;
	bool owed = false, outdated = false;
	struct msi_slot_info info;
	u32 live = 0;

	for (i = 0; msi_slot_get(&check->window, &check->env, &cursor, &info); i++) {
		show(check, info.page);
		if (!check->window.layout.learn)
			check_slot(check, &info);
		if (info.has_address && info.has_data)
			live |= 1u << info.vector;
		owed |= info.owed;
		outdated |= info.owed && info.page == shown;
	}
	show(check, shown);
	expect(check, owed == msi_slot_is_owed(&check->window, &check->env),
	       "writes are%s owed", owed ? "" : " not");
	expect(check, outdated == msi_slot_is_outdated(&check->window, &check->env),
	       "slots are%s outdated", outdated ? "" : " not");
	expect(check, i == check->window.nr_slots, "%u slots, not %u", i,
	       check->window.nr_slots);
	expect(check, live == msi_slot_live(&check->window, &check->env),
	       "the live vectors are 0x%x", live);
}

static void update(struct check *check)
{
	bool behind = msi_slot_is_outdated(&check->window, &check->env);
	u64 cursor = 0;

	while (msi_slot_update(&check->window, &check->env, &cursor)) {
		expect(check, behind, "no slot was reported as outdated");
		expect(check, check->window.plan.nr_writes ||
		       check->window.plan.nr_events, "an update without a write");
		apply_plan(check);
	}
	model_update(&check->model);
}

/* Only a write for which msi_slot_translates() is true may write the host message. */
static void check_translates(struct check *check, bool translates)
{
	const struct msi_slot_plan *plan = &check->window.plan;
	unsigned int i;

	for (i = 0; i < plan->nr_events; i++)
		expect(check, translates ||
		       (plan->events[i].kind != MSI_SLOT_ADDRESS &&
			plan->events[i].kind != MSI_SLOT_DATA),
		       "a write translates, but was reported not to");
}

/* A write of a dword that is no part of a slot, before and after, is not changed. */
static bool is_plain(const struct check *check, int index, u32 value)
{
	if (check->window.layout.learn)
		return true;

	return is_exact(check) && !check->model.dword[index].when &&
	       !model_matters(&check->model, index, value);
}

static void check_passed(struct check *check, u64 offset, unsigned int width,
			 u64 value)
{
	const struct msi_slot_plan *plan = &check->window.plan;

	expect(check, plan->nr_writes == 1 && !plan->nr_events &&
	       plan->writes[0].offset == offset &&
	       plan->writes[0].width == width && plan->writes[0].value == value,
	       "the write of 0x%llx at 0x%llx was changed", value,
	       offset);
}

/* What msi_slot_is_plain() promises of a write that is not made by msi_slot_write(). */
static void check_plain(struct check *check, const struct msi_slot_access *access,
			unsigned int dwords, unsigned int slots)
{
	check_passed(check, access->offset, access->width, access->value);
	expect(check, check->window.nr_dwords == dwords &&
	       check->window.nr_slots == slots,
	       "the write at 0x%llx was called plain, but is remembered",
	       access->offset);
}

static u64 take_offset(struct check *check, unsigned int width)
{
	unsigned int size = check->window.layout.size;
	unsigned int at = take(check);

	return width == 8 ? at % (size / 4 - 1) * 4 : at * width % size;
}

static void write_guest(struct check *check, unsigned int width)
{
	u64 offset = take_offset(check, width);
	u32 low = take_value(check), high = width == 8 ? take_value(check) : 0;
	struct msi_slot_access access;
	unsigned int dwords, slots;
	int index = offset / 4;
	u64 value = 0;
	bool plain, translates, called_plain;

	if (!is_in_window(check, offset, width))
		return;

	/* A narrow write has the bytes of its offset only. */
	if (width < 4)
		low >>= 8 * (offset % 4);
	memcpy(&value, &low, width < 4 ? width : 4);
	value |= (u64)high << 32;

	/* The dword that the guest sees after a narrow write. */
	if (width < 4) {
		low = check->model.dword[index].guest;
		memcpy((u8 *)&low + offset % 4, &value, width);
	}

	print(check, "write 0x%llx = 0x%llx, %u bytes\n", offset, value, width);
	plain = is_plain(check, index, low) &&
		(width < 8 || is_plain(check, index + 1, high));

	access = msi_slot_begin_access(&check->window, offset, width, value,
				       read_device, check);
	translates = msi_slot_translates(&check->window, &check->env, &access);
	called_plain = msi_slot_is_plain(&check->window, &check->env, &access);
	dwords = check->window.nr_dwords;
	slots = check->window.nr_slots;
	msi_slot_write(&check->window, &check->env, &access, read_device, check);
	check_translates(check, translates);
	if (plain)
		check_passed(check, offset, width, value);
	if (called_plain)
		check_plain(check, &access, dwords, slots);
	apply_plan(check);

	model_write(&check->model, index, low);
	if (width == 8)
		model_write(&check->model, index + 1, high);
}

static void set_guest(struct check *check)
{
	u64 address = guest_addresses[take(check) % ARRAY_SIZE(guest_addresses)];
	unsigned int byte = take(check);
	u32 data = guest_data[byte % ARRAY_SIZE(guest_data)];
	unsigned int vectors = 32 >> byte / ARRAY_SIZE(guest_data) % 6;

	print(check, "guest message 0x%llx, 0x%x of %u\n", address, data,
	      vectors);
	msi_slot_set_guest(&check->env, vectors, address, data);
	model_guest(&check->model, vectors, address, data);
	update(check);
}

/* @later: the device cannot be written, so the slots are not updated yet. */
static void set_host(struct check *check, bool later)
{
	unsigned int host = take(check) % ARRAY_SIZE(host_messages);
	u64 address = host_messages[host].address;
	u32 data = host_messages[host].data;
	unsigned int vectors =
		vector_counts[take(check) % ARRAY_SIZE(vector_counts)];

	print(check, "%u vectors, host message 0x%llx, 0x%x%s\n", vectors,
	      address, data, later ? ", later" : "");
	msi_slot_set_host(&check->env, vectors, address, data);
	model_host(&check->model, vectors, address, data);
	if (!vectors || (vectors == 1 && !address)) {
		msi_slot_expire(&check->window);
		model_expire(&check->model);
	}
	if (!later)
		update(check);
}

static void reset_device(struct check *check, bool clears)
{
	print(check, "reset%s\n", clears ? "" : ", the device keeps its registers");
	msi_slot_reset(&check->window);
	check->env.clean = true;
	if (clears)
		memset(check->pages, 0, sizeof(check->pages));
	model_reset(&check->model, check->pages);
}

static void read_guest(struct check *check, unsigned int width)
{
	u64 value = 0, guest = 0, offset = take_offset(check, width);
	u32 dwords[2] = {};

	if (check->flags & SCRIPT_FEW_DWORDS ||
	    !is_in_window(check, offset, width))
		return;

	memcpy(&value, (u8 *)check->device + offset, width);
	dwords[0] = check->model.dword[offset / 4].guest;
	if (width == 8)
		dwords[1] = check->model.dword[offset / 4 + 1].guest;
	memcpy(&guest, (u8 *)dwords + offset % 4, width);

	value = msi_slot_read(&check->window, offset, width, value);
	expect(check, value == guest,
	       "the guest reads 0x%llx at 0x%llx, not 0x%llx, %u bytes", value,
	       offset, guest, width);
}

/* The guest selects another page, and the kernel makes the writes that it owes to it. */
static void show_page(struct check *check)
{
	unsigned int page = take(check) % MODEL_PAGES;

	print(check, "page %u\n", page);
	show(check, page);
	update(check);
}

static void step(struct check *check)
{
	unsigned int what = take(check);

	switch (what % 16) {
	default:
		write_guest(check, 4);
		break;
	case 7:
		if (check->flags & SCRIPT_PAGES)
			show_page(check);
		else
			write_guest(check, 4);
		break;
	case 8:
		write_guest(check, 8);
		break;
	case 9:
		write_guest(check, 2);
		break;
	case 10:
		write_guest(check, 1);
		break;
	case 11:
		set_guest(check);
		break;
	case 12:
	case 13:
		set_host(check, what & 0x10);
		break;
	case 14:
		reset_device(check, what & 0x10);
		break;
	case 15:
		read_guest(check, 1 << (what >> 4 & 3));
		break;
	}
}

/* A hole of a quarter of the window, in its middle. */
static void make_hole(struct check *check, struct msi_slot_layout *layout)
{
	u64 start = layout->size / 8 / 3 * 8, end = start + layout->size / 16 * 4;

	if (!start || start >= end)
		return;
	layout->nr_ranges = 2;
	layout->range[0] = (struct msi_slot_range) { 0, start };
	layout->range[1] = (struct msi_slot_range) { end, layout->size };
	check->model.hole = start / 4;
	check->model.hole_end = end / 4;
	print(check, "a hole from 0x%llx to 0x%llx\n", start, end);
}

static void begin(struct check *check)
{
	unsigned int flags = take(check);
	unsigned int distance = 1 + take(check) % 8;
	unsigned int dwords = 2 + take(check) % (MODEL_DWORDS - 1);
	struct msi_slot_layout layout = {
		.high = flags & SCRIPT_HIGH,
	};
	int i;

	if (layout.high && distance == 1)
		distance = 2;
	if (dwords <= distance)
		dwords = distance + 1;
	layout.size = 4 * dwords;
	layout.data_offset = 4 * distance;
	if (flags & SCRIPT_LEARN)
		layout = (struct msi_slot_layout) {
			.size = 4 * dwords,
			.learn = true,
		};

	check->model.hole = -1;
	check->model.hole_end = -1;
	layout.paged = flags & SCRIPT_PAGES;
	if (flags & SCRIPT_HOLE)
		make_hole(check, &layout);
	print(check, "window of 0x%llx bytes, data offset %u,%s%s%s%s%s\n",
	      layout.size, layout.data_offset, layout.high ? " HIGH" : "",
	      layout.paged ? " paged" : "",
	      layout.learn ? " LEARN" : "",
	      flags & SCRIPT_FEW_MESSAGES ? " few messages" : "",
	      flags & SCRIPT_FEW_DWORDS ? " few dwords" : "");
	check->flags = flags;
	msi_slot_init_env(&check->env, INERT, true, !(flags & SCRIPT_DIRTY),
			  check->addresses,
			  flags & SCRIPT_FEW_MESSAGES ? FEW_MESSAGES :
			  MODEL_PAIRS, check->pairs,
			  flags & SCRIPT_FEW_MESSAGES ? FEW_MESSAGES :
			  MODEL_PAIRS);
	msi_slot_init_window(&check->window, &layout, check->buckets, check->dwords,
			     flags & SCRIPT_FEW_DWORDS ? FEW_DWORDS :
			     ARRAY_SIZE(check->dwords));

	check->model.dwords = dwords;
	check->model.distance = distance;
	check->model.high = layout.high;
	check->model.few_dwords = flags & SCRIPT_FEW_DWORDS;
	for (i = 0; flags & SCRIPT_USED && i < MODEL_PAGES * MODEL_DWORDS; i++)
		check->pages[i / MODEL_DWORDS][i % MODEL_DWORDS] =
			guest_addresses[i % 4];
	show(check, 0);
	model_reset(&check->model, check->pages);
	check->model.inert = INERT;
	check->model.clean = check->env.clean;
}

const char *slot_check(const u8 *script, size_t size, FILE *log)
{
	static struct check check;
	int i;

	memset(&check, 0, sizeof(check));
	check.log = log;
	check.next = script;
	check.end = script + size;
	begin(&check);
	expect(&check, msi_slot_layout_ok(&check.window.layout), "the layout");

	for (i = 0; i < MAX_STEPS && check.next < check.end; i++) {
		step(&check);
		check_dwords(&check);
		check_slots(&check);
		if (check.wrong[0])
			return check.wrong;
	}

	return NULL;
}
