// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "model.h"

static uint32_t load(const uint8_t *bytes, unsigned int width)
{
	uint32_t value = 0;

	while (width--)
		value = value << 8 | bytes[width];

	return value;
}

static unsigned int control(const struct model *model)
{
	return load(&model->cap[2], 2);
}

static bool has_64bit(const struct model *model)
{
	return control(model) & 0x80;
}

static unsigned int data_offset(const struct model *model)
{
	return has_64bit(model) ? 12 : 8;
}

/* 0 if the function has no mask bits. */
static unsigned int mask_offset(const struct model *model)
{
	return control(model) & 0x100 ? data_offset(model) + 4 : 0;
}

static void init_msix(struct model *model)
{
	model->count = (control(model) & 0x7ff) + 1;
	model->cap_size = 12;
	model->cap[3] &= 0x07;
	model->writable[3] = 0xc0;
}

static void init_msi(struct model *model)
{
	unsigned int offset = 0;

	model->count = 1 << (control(model) >> 1 & 7);
	model->cap[2] &= 0x8e;
	model->cap[3] &= 0x01;
	memset(&model->cap[4], 0, sizeof(model->cap) - 4);
	model->writable[2] = 0x71;
	memset(&model->writable[4], 0xff, has_64bit(model) ? 8 : 4);
	model->writable[4] = 0xfc;
	memset(&model->writable[data_offset(model)], 0xff, 2);
	offset = mask_offset(model);
	model->cap_size = offset ? offset + 8 : data_offset(model) + 4;
	for (unsigned int i = 0; offset && i < model->count; i++)
		model->writable[offset + i / 8] |= 1 << i % 8;
}

void model_init(struct model *model, const uint8_t *cap)
{
	memset(model, 0, sizeof(*model));
	memcpy(model->cap, cap, sizeof(model->cap));
	model->msix = cap[0] == 0x11;
	if (model->msix)
		init_msix(model);
	else
		init_msi(model);
	memcpy(model->reset_cap, model->cap, sizeof(model->cap));
	model_reset(model);
}

void model_reset(struct model *model)
{
	memcpy(model->cap, model->reset_cap, sizeof(model->cap));
	memset(model->pending, 0, sizeof(model->pending));
	memset(model->table, 0, sizeof(model->table));
	for (unsigned int i = 0; model->msix && i < model->count; i++)
		model->table[i * 16 + 12] = 1;
}

bool model_enabled(const struct model *model)
{
	return control(model) & (model->msix ? 0x8000 : 1);
}

/* Of MSI: how many vectors software has allocated. */
static unsigned int allowed(const struct model *model)
{
	return 1 << (control(model) >> 4 & 7);
}

bool model_masked(const struct model *model, unsigned int vector)
{
	unsigned int offset = mask_offset(model);

	if (model->msix)
		return control(model) & 0x4000 || model->table[vector * 16 + 12] & 1;

	return offset && model->cap[offset + vector / 8] >> vector % 8 & 1;
}

static bool exists(const struct model *model, unsigned int vector)
{
	return model_enabled(model) && (model->msix || vector < allowed(model));
}

bool model_sends(const struct model *model, unsigned int vector)
{
	return exists(model, vector) && !model_masked(model, vector);
}

static void message_of(const struct model *model, unsigned int vector,
		       struct model_message *message)
{
	const uint8_t *entry = &model->table[vector * 16];

	message->vector = vector;
	if (model->msix) {
		message->address = load(entry, 4) | (uint64_t)load(entry + 4, 4) << 32;
		message->data = load(entry + 8, 4);
		return;
	}
	message->address = load(&model->cap[4], 4);
	if (has_64bit(model))
		message->address |= (uint64_t)load(&model->cap[8], 4) << 32;
	message->data = load(&model->cap[data_offset(model)], 2);
	message->data -= message->data % allowed(model);
	message->data += vector;
}

static bool in_memory(const struct model *model, uint64_t address)
{
	for (unsigned int i = 0; model->memory && i < model->ranges; i++)
		if (model->memory[i].first <= address && address + 3 > address &&
		    address + 3 <= model->memory[i].last)
			return true;

	return false;
}

bool model_polls(const struct model *model, struct model_message *message,
		 unsigned int *count)
{
	unsigned int last = 0;

	*count = 0;
	for (unsigned int i = 0; model->msix && i < model->count; i++) {
		struct model_message other;

		if (!model_sends(model, i))
			continue;
		message_of(model, i, &other);
		if (!(*count)++)
			*message = other;
		if (!in_memory(model, other.address) || other.address != message->address)
			return false;
		last = i;
	}

	return *count && last - message->vector + 1 == *count;
}

static void send(struct model *model, unsigned int vector)
{
	struct model_message message;
	unsigned int count;

	model->pending[vector] = false;
	if (model_polls(model, &message, &count))
		return;
	if (model->sent_count < MODEL_SENT)
		message_of(model, vector, &model->sent[model->sent_count++]);
}

static void settle(struct model *model)
{
	for (unsigned int i = 0; i < model->count; i++)
		if (model->pending[i] && model_sends(model, i))
			send(model, i);
}

void model_raise(struct model *model, unsigned int vector)
{
	if (!exists(model, vector))
		return;
	model->pending[vector] = true;
	settle(model);
}

void model_satisfy(struct model *model, unsigned int vector)
{
	model->pending[vector] = false;
}

void model_forget(struct model *model)
{
	model->sent_count = 0;
}

/* Dwords and qwords, aligned. */
static bool memory_access(unsigned int size, uint32_t offset, uint32_t width)
{
	if (width != 4 && width != 8)
		return false;

	return !(offset & (width - 1)) && (uint64_t)offset + width <= size;
}

static bool config_access(const struct model *model, uint32_t offset, uint32_t width)
{
	if (width != 1 && width != 2 && width != 4)
		return false;

	return !(offset & (width - 1)) && (uint64_t)offset + width <= model->cap_size;
}

static unsigned int table_size(const struct model *model)
{
	return model->msix ? 16 * model->count : 0;
}

static unsigned int pba_size(const struct model *model)
{
	unsigned int bits = model->msix ? model->count : 0;

	while (bits % 64)
		bits++;

	return bits / 8;
}

static uint32_t pending_dword(const struct model *model, unsigned int first)
{
	uint32_t value = 0;

	for (unsigned int i = first; i < first + 32 && i < model->count; i++)
		value |= (uint32_t)model->pending[i] << (i - first);

	return value;
}

bool model_cap_read(const struct model *model, uint32_t offset, uint32_t width,
		    uint32_t *value)
{
	unsigned int pending = mask_offset(model) + 4;

	*value = 0xffffffff;
	if (!config_access(model, offset, width))
		return false;
	*value = load(&model->cap[offset], width);
	if (!model->msix && mask_offset(model) && offset >= pending) {
		*value = pending_dword(model, 0) >> 8 * (offset - pending);
		*value &= 0xffffffff >> (32 - 8 * width);
	}

	return true;
}

/* Software must not allocate more than the function asked for. */
static void limit_allowed(struct model *model)
{
	while (!model->msix && allowed(model) > model->count)
		model->cap[2] -= 0x10;
}

bool model_cap_write(struct model *model, uint32_t offset, uint32_t width, uint32_t value)
{
	if (!config_access(model, offset, width))
		return false;
	for (unsigned int i = offset; i < offset + width; i++, value >>= 8) {
		model->cap[i] &= ~model->writable[i];
		model->cap[i] |= value & model->writable[i];
	}
	limit_allowed(model);
	settle(model);

	return true;
}

bool model_table_read(const struct model *model, uint32_t offset, uint32_t width,
		      uint64_t *value)
{
	*value = ~UINT64_C(0);
	if (!memory_access(table_size(model), offset, width))
		return false;
	*value = load(&model->table[offset], 4);
	if (width == 8)
		*value |= (uint64_t)load(&model->table[offset + 4], 4) << 32;

	return true;
}

bool model_table_write(struct model *model, uint32_t offset, uint32_t width, uint64_t value)
{
	static const uint8_t writable[16] = {
		0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0x00, 0x00,
	};

	if (!memory_access(table_size(model), offset, width))
		return false;
	for (unsigned int i = offset; i < offset + width; i++, value >>= 8)
		model->table[i] = value & writable[i % 16];
	settle(model);

	return true;
}

bool model_pba_read(const struct model *model, uint32_t offset, uint32_t width,
		    uint64_t *value)
{
	*value = ~UINT64_C(0);
	if (!memory_access(pba_size(model), offset, width))
		return false;
	*value = pending_dword(model, 8 * offset);
	if (width == 8)
		*value |= (uint64_t)pending_dword(model, 8 * offset + 32) << 32;

	return true;
}

bool model_pba_write(struct model *model, uint32_t offset, uint32_t width, uint64_t value)
{
	(void)value;

	return memory_access(pba_size(model), offset, width);
}
