/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots: which dwords that a guest writes to a device's embedded interrupt controller
 * are parts of a guest message, and what the device gets in their place. The rules are
 * those of VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW in include/uapi/linux/vfio_pci_msi.h.
 *
 * This is pure logic. Nothing here touches a device, sleeps, locks or allocates: the
 * caller provides the memory, serializes all calls for one device, and makes the writes
 * that are planned. The tests in tools/testing/unit build it in user space.
 *
 * Offsets are bytes from the start of the window.
 *
 * A window can be paged: what the device has at its offsets depends on a register of the
 * device that selects a page. Slots of different pages are different slots. The caller says
 * which page is shown, with msi_slot_show(), before each of the calls below that reads,
 * writes or updates. Writes are only ever planned for the page that is shown; what other
 * pages need is owed until they are.
 */
#ifndef MSI_VFIO_PCI_SLOT_H
#define MSI_VFIO_PCI_SLOT_H

#include <linux/types.h>

/* The address of an xAPIC message has 8 bits of APIC ID and two bits of mode. */
#define MSI_SLOT_ADDRESSES	1024
#define MSI_SLOT_MESSAGES	1024

/* At most a quarter of them are addresses, so a window has at most 256 slots. */
#define MSI_SLOT_DWORDS		1024

/* The most that one write of the guest can cause: see collect_affected() in slot.c. */
#define MSI_SLOT_PLAN_WRITES	24
#define MSI_SLOT_PLAN_EVENTS	32

/* In a LEARN window, data is recognized up to so many bytes after its address. */
#define MSI_SLOT_LEARN_DISTANCE	64

/* The most ranges that a window can consist of. */
#define MSI_SLOT_RANGES		16

/* Dwords are looked for in so many buckets. */
#define MSI_SLOT_BUCKETS	256

/**
 * struct msi_slot_message - a message
 * @address: the address
 * @data: the data of vector 0; the data of vector n is greater by n
 * @number_mask: the low bits of the data that are the vector's number
 * @used: a slot was translated from this message
 */
struct msi_slot_message {
	u64 address;
	u32 data;
	u32 number_mask;
	bool used;
};

/**
 * struct msi_slot_filter - which dwords can be parts of former guest messages
 * @data: bit n: data of a message had n in its 11 bits above those of the vector's number.
 *	A bit stays when its message is removed.
 * @wide: a message had data of more than 16 bits
 * @lowest_high: the lowest high half that an address of a message had
 * @highest_high: the highest one
 */
struct msi_slot_filter {
	u64 data[32];
	bool wide;
	u32 lowest_high;
	u32 highest_high;
};

/**
 * struct msi_slot_env - the messages of one device
 * @vectors: how many vectors SET_IRQS has allocated; 0 while MSI is disabled
 * @active: the vectors have a host message at present
 * @host: the host message. While the vectors have none, it is the last that they had,
 *	or 0. A slot in which the guest writes this message is not changed.
 * @inert: the low half of the inert address; its high half is 0
 * @inert_on_free: when its vectors are freed, a slot gets the inert address; otherwise
 *	it keeps what it has
 * @clean: the device was reset in this session or for it, so it holds no message of
 *	an earlier session
 * @guest: the guest message
 * @addresses: the low halves of all addresses that the guest message had while MSI was
 *	enabled, each once. None is ever removed: see @overflow.
 * @max_addresses: how many entries @addresses has room for
 * @nr_addresses: how many entries @addresses has
 * @overflow: @addresses was too small for all. Each value from @lowest to @highest
 *	counts as an address of the guest then.
 * @lowest: the lowest of all these addresses, those without room in @addresses included
 * @highest: the highest of them; less than @lowest if there are none
 * @filter: what @messages and those that were removed have in common
 * @messages: the former guest messages: all that the guest message was while MSI was
 *	enabled, each once. When there is no room for another, the oldest that is not
 *	@used is removed, but its address stays in @addresses. If all are @used, no
 *	other is added.
 * @max_messages: how many entries @messages has room for
 * @nr_messages: how many entries @messages has
 * @next_message: the entry at which the next search for one to remove begins
 */
struct msi_slot_env {
	unsigned int vectors;
	bool active;
	struct msi_slot_message host;
	u32 inert;
	bool inert_on_free;
	bool clean;
	struct msi_slot_message guest;

	u32 *addresses;
	unsigned int max_addresses;
	unsigned int nr_addresses;
	bool overflow;
	u32 lowest;
	u32 highest;
	struct msi_slot_filter filter;

	struct msi_slot_message *messages;
	unsigned int max_messages;
	unsigned int nr_messages;
	unsigned int next_message;
};

/**
 * struct msi_slot_range - a part of a window
 * @start: first byte
 * @end: first byte after it
 */
struct msi_slot_range {
	u64 start;
	u64 end;
};

/**
 * struct msi_slot_layout - where the parts of a window's slots are
 * @size: size of the window in bytes, with the holes between its ranges
 * @data_offset: the data is so many bytes after the address
 * @high: the dword after the address is the high half of the address
 * @learn: change nothing, only record where addresses and data are written
 * @paged: the window is paged; its size is less than 2 GiB
 * @nr_ranges: entries of @range; 0: the window has no holes
 * @range: the ranges in ascending order. Writes between them are not seen.
 */
struct msi_slot_layout {
	u64 size;
	u32 data_offset;
	bool high;
	bool learn;
	bool paged;
	unsigned int nr_ranges;
	struct msi_slot_range range[MSI_SLOT_RANGES];
};

/**
 * struct msi_slot_dword - a dword of the window that is or may become a part of a slot
 * @place: its offset; in a paged window, the page it is in is above the low 32 bits
 * @age: the window's @age when the guest wrote it; of two dwords, the greater age was
 *	written later
 * @guest: what the guest wrote
 * @device: what the device got
 * @previous: for an address: what the device held before. It gets that back when the
 *	address is undone, unless the slot is @live or @inert.
 * @address: it is an address of the guest, and so the start of a slot
 * @translated: @device is a part of a host message
 * @expired: it is @translated, and the vectors have been freed since
 * @live: for an address: the data of its slot has been translated too
 * @inert: for an address: the device gets the inert address while the slot cannot be
 *	translated
 * @learned: in a LEARN window: it was data of an address before it, and stays recorded
 * @part: in other windows: it is where a slot has its data or its high half
 */
struct msi_slot_dword {
	u64 place;
	u64 age;
	u32 guest;
	u32 device;
	u32 previous;
	bool address;
	bool translated;
	bool expired;
	bool live;
	bool inert;
	bool learned;
	bool part;
};

/**
 * enum msi_slot_event_kind - what happened to a dword
 * @MSI_SLOT_ADDRESS: the low or high half of the host address was written
 * @MSI_SLOT_DATA: the host data was written
 * @MSI_SLOT_WITHHELD: an address of the guest was not written
 * @MSI_SLOT_UNDONE: a host address was replaced by what was there before, or by the
 *	inert address
 */
enum msi_slot_event_kind {
	MSI_SLOT_ADDRESS,
	MSI_SLOT_DATA,
	MSI_SLOT_WITHHELD,
	MSI_SLOT_UNDONE,
};

/**
 * struct msi_slot_event - something to trace
 * @offset: the dword
 * @guest: what the guest wrote there
 * @host: what the device holds there now
 * @kind: what happened
 */
struct msi_slot_event {
	u64 offset;
	u32 guest;
	u32 host;
	enum msi_slot_event_kind kind;
};

/**
 * struct msi_slot_access - a write of the guest, see msi_slot_begin_access()
 * @offset: where: a multiple of @width, or of 4 if @width is 8
 * @value: what
 * @width: 1, 2, 4 or 8 bytes
 * @before: if @width is 1 or 2: the dword that contains it, as the guest sees it
 */
struct msi_slot_access {
	u64 offset;
	u64 value;
	unsigned int width;
	u32 before;
};

/**
 * struct msi_slot_write - a write to the device
 * @offset: where
 * @value: what
 * @width: 1, 2, 4 or 8 bytes. @offset is a multiple of @width. Only a write of 8 bytes
 *	by the guest causes one of 8 bytes, which is at the guest's own offset: that may
 *	be a multiple of 4.
 */
struct msi_slot_write {
	u64 offset;
	u64 value;
	unsigned int width;
};

/**
 * struct msi_slot_plan - what the caller has to do
 * @nr_writes: how many entries @writes has
 * @writes: the writes to make, in this order
 * @nr_events: how many entries @events has
 * @events: what to trace; it is counted already
 */
struct msi_slot_plan {
	unsigned int nr_writes;
	struct msi_slot_write writes[MSI_SLOT_PLAN_WRITES];
	unsigned int nr_events;
	struct msi_slot_event events[MSI_SLOT_PLAN_EVENTS];
};

/**
 * struct msi_slot_bucket - dwords whose places are alike
 * @nr: how many are remembered
 * @last: the index that the one had which was searched last
 */
struct msi_slot_bucket {
	u16 nr;
	u16 last;
};

/**
 * struct msi_slot_window - a window and its slots
 * @layout: its layout
 * @page: in a paged window, the page that is shown
 * @addresses: how many dwords of host addresses were written
 * @data: how many dwords of host data were written
 * @withheld: how many addresses were withheld
 * @undone: how many addresses were undone
 * @age: how many dwords msi_slot_write() was called with
 * @dwords: the dwords that are remembered, sorted by place
 * @max_dwords: how many entries @dwords has room for
 * @nr_dwords: how many entries @dwords has
 * @nr_slots: how many of these are addresses
 * @buckets: the dwords by their places, see bucket_of()
 * @plan: what the last msi_slot_write() or msi_slot_update() planned
 */
struct msi_slot_window {
	struct msi_slot_layout layout;
	u32 page;
	u64 addresses;
	u64 data;
	u64 withheld;
	u64 undone;
	u64 age;
	struct msi_slot_dword *dwords;
	unsigned int max_dwords;
	unsigned int nr_dwords;
	unsigned int nr_slots;
	struct msi_slot_bucket *buckets;
	struct msi_slot_plan plan;
};

/**
 * struct msi_slot_info - a slot, as it is shown to the user
 * @offset: where its address is
 * @page: in a paged window, the page in which it is
 * @guest_address: the address that the guest wrote
 * @guest_data: the data that the guest wrote, 0 if it has written none yet
 * @vector: the vector that @guest_data stands for, 0 if it stands for none
 * @data_distance: the data is so many bytes after the address; 0 if that is not known,
 *	as in a LEARN window before the guest writes data
 * @has_address: the device holds the present host address
 * @has_data: the device holds the present host data of @vector
 * @owed: the device is still to be written: msi_slot_update() has not been called since
 *	that is so, or it was called while another page was shown
 */
struct msi_slot_info {
	u64 offset;
	u32 page;
	u64 guest_address;
	u32 guest_data;
	u32 vector;
	u32 data_distance;
	bool has_address;
	bool has_data;
	bool owed;
};

/**
 * typedef msi_slot_read_fn - read an aligned dword of the device
 * @context: what the caller passed with the function
 * @offset: which dword
 *
 * Return: what the device holds.
 */
typedef u32 (*msi_slot_read_fn)(void *context, u64 offset);

/**
 * msi_slot_init_env - begin a session: no vectors, no guest message
 * @env: out
 * @inert: the low half of the inert address
 * @inert_on_free: a slot gets the inert address when its vectors are freed
 * @clean: the device was reset for this session
 * @addresses: memory for the guest's addresses
 * @nr_addresses: how many entries, at most MSI_SLOT_ADDRESSES
 * @messages: memory for former guest messages
 * @nr_messages: how many entries, at most MSI_SLOT_MESSAGES
 *
 * Between two calls the caller may replace @addresses and @messages in @env by larger copies.
 */
void msi_slot_init_env(struct msi_slot_env *env, u32 inert, bool inert_on_free,
		       bool clean, u32 *addresses, unsigned int nr_addresses,
		       struct msi_slot_message *messages,
		       unsigned int nr_messages);

/**
 * msi_slot_set_guest - the guest message has changed, or may have
 * @env: the messages
 * @vectors: how many vectors the guest has enabled, from 1 to 32
 * @address: its address, with a high half if the capability has one
 * @data: its data
 *
 * Call it at open and after each write to the virtual MSI capability, then call
 * msi_slot_update() for each window. It does no harm if the message is only half
 * written yet.
 *
 * An address with a low half of 0 is not recognized: zeros are written everywhere.
 *
 * Return: true if the message has changed.
 */
bool msi_slot_set_guest(struct msi_slot_env *env, unsigned int vectors,
			u64 address, u32 data);

/**
 * msi_slot_set_host - the host message or the number of vectors has changed
 * @env: the messages
 * @vectors: how many vectors SET_IRQS has allocated, at most 32; 0: MSI is disabled
 * @address: the address of the host message; 0: the host has no message at present,
 *	because vector 0 has no handler
 * @data: the data of the host message for vector 0
 *
 * Then call msi_slot_update() for each window.
 *
 * While the host has no message, nothing is translated. If there are several vectors,
 * the slots of the others still work then, so their slots are left as they are.
 */
void msi_slot_set_host(struct msi_slot_env *env, unsigned int vectors,
		       u64 address, u32 data);

/**
 * msi_slot_layout_ok - check the layout of a window
 * @layout: the layout
 *
 * Return: false if the size or the data offset is 0 or not a multiple of 4, if the
 * data is not after the address or not in the window, if the high half of @high is
 * where the data is, or if @learn comes with anything but a size, pages and ranges. Also
 * false if a paged window is too large, or if a range is empty, not a multiple of 4,
 * not in the window, or not after the one before.
 */
bool msi_slot_layout_ok(const struct msi_slot_layout *layout);

/**
 * msi_slot_init_window - initialize a window: no slots, all counters 0
 * @window: out
 * @layout: its layout, which was checked
 * @buckets: MSI_SLOT_BUCKETS entries, all 0
 * @dwords: memory for its dwords
 * @nr_dwords: how many entries, from 8 to MSI_SLOT_DWORDS
 *
 * Between two calls the caller may replace @dwords in @window by a larger copy.
 */
void msi_slot_init_window(struct msi_slot_window *window,
			  const struct msi_slot_layout *layout,
			  struct msi_slot_bucket *buckets,
			  struct msi_slot_dword *dwords,
			  unsigned int nr_dwords);

/**
 * msi_slot_show - the device shows a page
 * @window: a paged window
 * @page: which; any number
 */
void msi_slot_show(struct msi_slot_window *window, u32 page);

/**
 * msi_slot_reset - forget all slots, as the device was reset
 * @window: window
 *
 * The counters stay.
 */
void msi_slot_reset(struct msi_slot_window *window);

/**
 * msi_slot_expire - the vectors were freed, or are about to be
 * @window: window
 *
 * From now on the host messages in the window may belong to another device. The next
 * msi_slot_update() replaces them with the inert address, or with the message of the
 * vectors that have been allocated since.
 */
void msi_slot_expire(struct msi_slot_window *window);

/**
 * msi_slot_begin_access - the guest is about to write to the window
 * @window: window
 * @offset: where: a multiple of @width, or of 4 if @width is 8. All bytes are in one
 *	range of the window.
 * @width: 1, 2, 4 or 8 bytes. Split writes of any other size as the core does.
 * @value: what
 * @read: reads the device: the dword that contains a write of 1 or 2 bytes. It is read
 *	here and not again, because a register may answer differently the second time.
 * @context: for @read
 *
 * Between this call and msi_slot_write() there may be calls of msi_slot_update(), but
 * no other msi_slot_write().
 *
 * Return: the write, for msi_slot_translates() and msi_slot_write().
 */
struct msi_slot_access
msi_slot_begin_access(const struct msi_slot_window *window, u64 offset,
		      unsigned int width, u64 value,
		      msi_slot_read_fn read, void *context);

/**
 * msi_slot_translates - check whether a write would open or complete a slot
 * @window: window
 * @env: the messages
 * @access: the write
 *
 * Return: true if msi_slot_write() may write a part of the host message to the device.
 * The host must not change the message from then on.
 */
bool msi_slot_translates(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 const struct msi_slot_access *access);

/**
 * msi_slot_is_plain - check whether a write concerns the device only
 * @window: window
 * @env: the messages
 * @access: the write
 *
 * This takes about the same time however many messages, addresses and slots there are.
 *
 * Return: true if msi_slot_write() would plan this write as it is and nothing else, and
 * would remember nothing. The caller can make it then without msi_slot_write(). False if
 * not, for a write of 1 or 2 bytes, and for some writes of which that is true as well.
 */
bool msi_slot_is_plain(const struct msi_slot_window *window,
		       const struct msi_slot_env *env,
		       const struct msi_slot_access *access);

/**
 * msi_slot_write - the guest writes to the window
 * @window: window. Its @plan says what to write to the device instead, and in which
 *	order. The slots change at once, as if that was done: the device must decode
 *	memory from before this call until all is written.
 * @env: the messages
 * @access: the write
 * @read: reads the device. It is called for a dword that becomes the address of a
 *	slot, before anything is written.
 * @context: for @read
 *
 * When the window has as many slots as it can have, the address of another one is
 * withheld and not remembered. A read returns what was there before, to the guest as
 * well.
 */
void msi_slot_write(struct msi_slot_window *window, struct msi_slot_env *env,
		    const struct msi_slot_access *access,
		    msi_slot_read_fn read, void *context);

/**
 * msi_slot_update - write to slots what follows from a change of the messages
 * @window: window. Its @plan says what to write to the device for one slot. As with
 *	msi_slot_write(), the slot changes at once.
 * @env: the messages
 * @cursor: where to continue; the caller sets it to 0 before the first call
 *
 * Call it until it returns false, each time that the messages have changed.
 *
 * - Addresses that were withheld or undone, and their data, are translated if that has
 *   become possible.
 * - Slots in which the device holds an older host message get the present one.
 * - Slots that have expired and cannot be translated get the inert address, and 0 as
 *   their data.
 *
 * - In a paged window, all this is done in the page that is shown.
 *
 * Return: true if there is something to write, false if that was all.
 */
bool msi_slot_update(struct msi_slot_window *window, struct msi_slot_env *env,
		     u64 *cursor);

/**
 * msi_slot_is_outdated - check whether msi_slot_update() has something to write
 * @window: window
 * @env: the messages
 *
 * Return: what msi_slot_update() would return.
 */
bool msi_slot_is_outdated(const struct msi_slot_window *window,
			  const struct msi_slot_env *env);

/**
 * msi_slot_is_owed - check whether there is something to write in any page
 * @window: window
 * @env: the messages
 *
 * Return: true if msi_slot_update() has something to write now, or once another page is
 * shown.
 */
bool msi_slot_is_owed(const struct msi_slot_window *window,
		      const struct msi_slot_env *env);

/**
 * msi_slot_read - the guest reads from the window
 * @window: window
 * @offset: where, as in msi_slot_begin_access()
 * @width: 1, 2, 4 or 8 bytes
 * @value: what the device holds there
 *
 * In dwords that were translated, withheld or undone, the guest reads what it wrote, as
 * long as the device holds what it held then. The device no longer does if it was reset,
 * or if it has given that place another meaning.
 *
 * Return: what the guest reads.
 */
u64 msi_slot_read(const struct msi_slot_window *window, u64 offset,
		  unsigned int width, u64 value);

/**
 * msi_slot_get - get the slots, one with each call
 * @window: window; it has @nr_slots slots
 * @env: the messages
 * @cursor: where to continue; the caller sets it to 0 before the first call
 * @info: out: the next slot, in ascending order of their pages and then their offsets
 *
 * No slot may be added or forgotten between two calls.
 *
 * Return: false if there are no more slots.
 */
bool msi_slot_get(const struct msi_slot_window *window,
		  const struct msi_slot_env *env, unsigned int *cursor,
		  struct msi_slot_info *info);

/**
 * msi_slot_learned - check whether there is data after an address in a LEARN window
 * @window: window
 * @env: the messages
 * @page: in a paged window, the page in which the address is; else 0
 * @offset: where the address is
 * @distance: how many bytes after the address, up to MSI_SLOT_LEARN_DISTANCE
 * @data: out: the data
 * @vector: out: which vector has this data
 *
 * There can be data at several distances: the data of a neighbouring slot, or a dword
 * that only has the same value. A 0 is found often if the guest data is 0. One slot is
 * not enough to tell them apart, all slots together are.
 *
 * Return: true if the guest wrote data of its message there.
 */
bool msi_slot_learned(const struct msi_slot_window *window,
		      const struct msi_slot_env *env, u32 page, u64 offset,
		      u32 distance, u32 *data, u32 *vector);

/**
 * msi_slot_live - find the vectors with a live slot
 * @window: window
 * @env: the messages
 *
 * Return: bit n is set if the device holds the present host message of vector n in a
 * slot.
 */
u32 msi_slot_live(const struct msi_slot_window *window,
		  const struct msi_slot_env *env);

#endif /* MSI_VFIO_PCI_SLOT_H */
