/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the MSI-X or the MSI capability of one function, from the PCI Express Base
 * Specification, 7.7.1, 7.7.2 and 6.1.4. It shares no code with libvfiomsi. What the
 * specification leaves undefined is as registers.c in libvfiomsi says.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

#ifndef MAX_VECTORS
#define MAX_VECTORS	2048
#endif
#define MODEL_SENT	(2 * MAX_VECTORS)

struct model_message {
	unsigned int vector;
	uint64_t address;
	uint32_t data;
};

struct model_range {
	uint64_t first;
	uint64_t last;
};

/*
 * @writable: the bits of @cap that the guest can write
 * @memory: where messages are dummies: @ranges of them, or none if it is NULL
 * @sent: the messages since model_forget(), without those that a dummy target takes
 */
struct model {
	bool msix;
	unsigned int count;
	unsigned int cap_size;
	uint8_t cap[24];
	uint8_t reset_cap[24];
	uint8_t writable[24];
	uint8_t table[MAX_VECTORS * 16];
	bool pending[MAX_VECTORS];
	const struct model_range *memory;
	unsigned int ranges;
	unsigned int sent_count;
	struct model_message sent[MODEL_SENT];
};

/* @cap: the capability's bytes; those that the guest can write are ignored. */
void model_init(struct model *model, const uint8_t *cap);
void model_reset(struct model *model);

/* Accesses as in libvfiomsi: return whether they are legal. */
bool model_cap_read(const struct model *model, uint32_t offset, uint32_t width,
		    uint32_t *value);
bool model_cap_write(struct model *model, uint32_t offset, uint32_t width, uint32_t value);
bool model_table_read(const struct model *model, uint32_t offset, uint32_t width,
		      uint64_t *value);
bool model_table_write(struct model *model, uint32_t offset, uint32_t width, uint64_t value);
bool model_pba_read(const struct model *model, uint32_t offset, uint32_t width,
		    uint64_t *value);
bool model_pba_write(struct model *model, uint32_t offset, uint32_t width, uint64_t value);

/* The function has an interrupt to signal. */
void model_raise(struct model *model, unsigned int vector);
/* The reason for the pending interrupt is gone. */
void model_satisfy(struct model *model, unsigned int vector);
void model_forget(struct model *model);

/*
 * Whether all messages that can be sent go to one dword of memory, by vectors without a gap,
 * and there are some. The message is that of the first, and @count how many.
 */
bool model_polls(const struct model *model, struct model_message *message,
		 unsigned int *count);

bool model_enabled(const struct model *model);
bool model_masked(const struct model *model, unsigned int vector);
/* Whether an interrupt would be sent at once. */
bool model_sends(const struct model *model, unsigned int vector);

#endif /* MODEL_H */
