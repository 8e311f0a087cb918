/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A simple model of a window: what the device has to hold in each dword after what the
 * guest wrote. It shares no code with slot.c.
 */
#ifndef SLOT_MODEL_H
#define SLOT_MODEL_H

#include <linux/types.h>

#define MODEL_DWORDS	40
#define MODEL_PAIRS	256
#define MODEL_PAGES	2

/* @when: when it was written; 0 if that write cannot matter to any slot. */
struct model_dword {
	u32 guest;
	u32 device;
	u32 before;
	u64 when;
	bool address;
	bool translated;
	bool expired;
	bool live;
	bool inert;
};

struct model {
	int dwords;
	int distance;
	int hole;	/* the first dword that is not in the window, or -1 */
	int hole_end;
	bool high;
	u32 inert;
	bool clean;
	/* slot.c may have forgotten the data, and then the slot is not used. */
	bool few_dwords;

	unsigned int vectors;
	bool active;
	u64 host_address;
	u32 host_data;
	u64 guest_address;
	u32 guest_data;
	unsigned int guest_vectors;
	int held;
	u64 held_address[MODEL_PAIRS];
	u32 held_data[MODEL_PAIRS];
	unsigned int held_vectors[MODEL_PAIRS];

	u64 now;
	int writing;	/* the dword that the guest is writing, or -1 */
	struct model_dword *dword;	/* of the page that is shown */
	struct model_dword page[MODEL_PAGES][MODEL_DWORDS];
};

/* Show a page: what is written, updated and asked is in this page from now on. */
void model_show(struct model *model, unsigned int page);

void model_guest(struct model *model, unsigned int vectors, u64 address,
		 u32 data);
void model_host(struct model *model, unsigned int vectors, u64 address,
		u32 data);
/* The vectors were freed. */
void model_expire(struct model *model);
void model_write(struct model *model, int index, u32 value);
void model_update(struct model *model);
/* The device was reset; it holds @device then. */
void model_reset(struct model *model, u32 device[MODEL_PAGES][MODEL_DWORDS]);

/* Whether a write of @value can be a part of a slot, or become one. */
bool model_matters(const struct model *model, int index, u32 value);

/* Whether @value must not reach the device: it is an address of the guest only. */
bool model_forbids(const struct model *model, u32 value);

/* Whether the window has the dword. */
bool model_covers(const struct model *model, int index);

/* Whether the address at @index starts a live slot, and of which vector. */
bool model_live(const struct model *model, int index, u32 *vector);

/* Whether the address at @index starts a slot that is still to be written. */
bool model_owed(const struct model *model, int index);

#endif /* SLOT_MODEL_H */
