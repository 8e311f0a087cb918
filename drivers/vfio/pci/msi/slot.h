/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots: which dwords, written to a device's embedded interrupt controller, are
 * parts of a guest message, and what the device gets in their place.
 *
 * Pure logic. Nothing here touches a device, sleeps, locks or allocates: the
 * caller gives the memory, serializes all calls for one device, and carries out
 * the writes that are planned. It is also built in user space, by the tests.
 *
 * Offsets are bytes from the start of the window.
 */
#ifndef MSI_VFIO_PCI_SLOT_H
#define MSI_VFIO_PCI_SLOT_H

#include <linux/types.h>

/* An xAPIC message's address has 8 bits of APIC ID, and two of mode. */
#define MSI_SLOT_ADDRESSES	1024
#define MSI_SLOT_MESSAGES	1024

/* A quarter of them can be addresses: that is how many slots a window has. */
#define MSI_SLOT_DWORDS		1024

/* What one write of the guest can cause, at most: see collect() in slot.c. */
#define MSI_SLOT_PLAN_WRITES	24
#define MSI_SLOT_PLAN_EVENTS	32

/* In a LEARN window, the data is looked for so far behind its address. */
#define MSI_SLOT_LEARN_DISTANCE	64

/**
 * struct msi_slot_message - a message
 * @address: address
 * @data: data of vector 0; vector n has n more
 * @used: a slot was translated by it
 */
struct msi_slot_message {
	u64 address;
	u32 data;
	bool used;
};

/**
 * struct msi_slot_env - the messages of one device
 * @vectors: how many vectors SET_IRQS has allocated; 0 while MSI is disabled
 * @active: the host has a message for them. While it has none, @host is the last one
 *	that it had for them, or 0.
 * @host: the host message; a slot in which it is written stays as it is
 * @inert: low half of an address that raises nothing, with a high half of 0
 * @inert_on_free: slots whose vectors are gone get @inert; otherwise they keep what they have
 * @clean: the device was reset in this session or for it: what it holds comes from
 *	nobody else
 * @guest: the guest message
 * @addresses: low halves of the addresses that the guest message held while MSI
 *	was enabled, each once. None is ever forgotten: see @lowest.
 * @max_addresses: entries of @addresses
 * @nr_addresses: how many are used
 * @overflow: @addresses is too small: everything from @lowest to @highest is
 *	taken for an address of the guest
 * @lowest: the lowest that @addresses holds or had no room for
 * @highest: the highest
 * @messages: the messages that the guest message was while MSI was enabled, each
 *	once. When there are too many, the oldest that is not @used is forgotten;
 *	its address is not. When all are @used, no other is remembered.
 * @max_messages: entries of @messages
 * @nr_messages: how many are used
 * @next_message: where to look next for one of @messages that can be forgotten
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

	struct msi_slot_message *messages;
	unsigned int max_messages;
	unsigned int nr_messages;
	unsigned int next_message;
};

/**
 * struct msi_slot_layout - where a window's slots have what
 * @size: bytes of the window
 * @data_offset: how far behind the address the data is
 * @high: the dword behind the address is the address's high half
 * @learn: replace nothing, record where addresses and data are written
 */
struct msi_slot_layout {
	u64 size;
	u32 data_offset;
	bool high;
	bool learn;
};

/**
 * struct msi_slot_dword - a dword of the window that is or may be part of a slot
 * @offset: where it is
 * @age: grows with each dword that the guest writes: which one was written later
 * @guest: what the guest wrote
 * @device: what the device got
 * @previous: of an address: what the device held before, and holds again when
 *	the address is undone, unless @live or @inert
 * @address: it is an address of the guest, and hence the start of a slot
 * @translated: what the device got is a part of a host message
 * @expired: @translated, and the vectors have been freed since
 * @live: of an address: its data has been placed, too
 * @inert: of an address: it gets the inert one when it cannot be translated
 * @learned: in a LEARN window: it was data of an address before it, and stays
 */
struct msi_slot_dword {
	u64 offset;
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
};

/**
 * enum msi_slot_event_kind - what happened to a dword
 * @MSI_SLOT_ADDRESS: the host address (either half) was written
 * @MSI_SLOT_DATA: the host data was written
 * @MSI_SLOT_WITHHELD: an address of the guest was not written
 * @MSI_SLOT_UNDONE: a host address was taken back
 */
enum msi_slot_event_kind {
	MSI_SLOT_ADDRESS,
	MSI_SLOT_DATA,
	MSI_SLOT_WITHHELD,
	MSI_SLOT_UNDONE,
};

/**
 * struct msi_slot_event - something to be traced
 * @offset: dword
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
 * @offset: where: a multiple of @width, or of 4 if that is 8
 * @value: what
 * @width: 1, 2, 4 or 8 bytes
 * @before: of a write of 1 or 2 bytes: the dword around it, as the guest sees it
 */
struct msi_slot_access {
	u64 offset;
	u64 value;
	unsigned int width;
	u32 before;
};

/**
 * struct msi_slot_write - a write to be made to the device
 * @offset: where
 * @value: what
 * @width: 1, 2, 4 or 8 bytes; @offset is a multiple of it, but for 8, which only
 *	the guest's own write of 8 bytes can cause, at the guest's own offset
 */
struct msi_slot_write {
	u64 offset;
	u64 value;
	unsigned int width;
};

/**
 * struct msi_slot_plan - what is to be done
 * @nr_writes: entries of @writes
 * @writes: to be made, in this order
 * @nr_events: entries of @events
 * @events: to be traced; already counted
 */
struct msi_slot_plan {
	unsigned int nr_writes;
	struct msi_slot_write writes[MSI_SLOT_PLAN_WRITES];
	unsigned int nr_events;
	struct msi_slot_event events[MSI_SLOT_PLAN_EVENTS];
};

/**
 * struct msi_slot_window - a window and its slots
 * @layout: its layout
 * @addresses: dwords of addresses replaced
 * @data: dwords of data replaced
 * @withheld: addresses that were not written
 * @undone: addresses that were taken back
 * @age: dwords that the guest has written
 * @dwords: sorted by offset
 * @max_dwords: entries of @dwords
 * @nr_dwords: how many are used
 * @nr_slots: how many of these are addresses
 * @plan: what the last msi_slot_write() or msi_slot_update() wants done
 */
struct msi_slot_window {
	struct msi_slot_layout layout;
	u64 addresses;
	u64 data;
	u64 withheld;
	u64 undone;
	u64 age;
	struct msi_slot_dword *dwords;
	unsigned int max_dwords;
	unsigned int nr_dwords;
	unsigned int nr_slots;
	struct msi_slot_plan plan;
};

/**
 * struct msi_slot_info - a slot, for the user
 * @offset: where its address is
 * @guest_address: what the guest wrote as its address
 * @guest_data: what the guest wrote as its data, 0 if nothing yet
 * @vector: the vector that @guest_data stands for, 0 if it stands for none
 * @data_distance: how far behind its address the data is; 0 if that is not known
 *	(in a LEARN window, before any came)
 * @has_address: the device holds the present host address
 * @has_data: the device holds the present host data of @vector
 */
struct msi_slot_info {
	u64 offset;
	u64 guest_address;
	u32 guest_data;
	u32 vector;
	u32 data_distance;
	bool has_address;
	bool has_data;
};

/**
 * typedef msi_slot_read_fn - read an aligned dword of the device
 * @context: the caller's
 * @offset: which dword
 *
 * Return: what the device holds.
 */
typedef u32 (*msi_slot_read_fn)(void *context, u64 offset);

/**
 * msi_slot_init_env - begin a session: no vectors, no guest message
 * @env: to be filled in
 * @inert: low half of an address that raises nothing
 * @inert_on_free: slots whose vectors are gone get it
 * @clean: the device was reset for this session
 * @addresses: memory for addresses, MSI_SLOT_ADDRESSES of them
 * @nr_addresses: how many
 * @messages: memory for messages, MSI_SLOT_MESSAGES of them
 * @nr_messages: how many
 */
void msi_slot_init_env(struct msi_slot_env *env, u32 inert, bool inert_on_free,
		       bool clean, u32 *addresses, unsigned int nr_addresses,
		       struct msi_slot_message *messages,
		       unsigned int nr_messages);

/**
 * msi_slot_set_guest - the guest message is or may be another one now
 * @env: messages
 * @address: its address, 64 bits wide where the capability is
 * @data: its data
 *
 * To be called after each write to the virtual MSI capability, and at open;
 * then msi_slot_update() for each window. A message that is half old, half new
 * does no harm.
 * An address whose low half is 0 is never looked for: it would be found everywhere.
 *
 * Return: whether it is another one.
 */
bool msi_slot_set_guest(struct msi_slot_env *env, u64 address, u32 data);

/**
 * msi_slot_set_host - the host message or the number of vectors has changed
 * @env: messages
 * @vectors: how many SET_IRQS has allocated, at most 32; 0: MSI is disabled
 * @address: the host message's address; 0: the host has no message at present,
 *	as vector 0 has no handler
 * @data: the host message's data for vector 0
 *
 * To be followed by msi_slot_update() for each window. While there is no message
 * nothing is translated, but with several vectors the slots of the others still
 * work: what the device holds stays as it is.
 */
void msi_slot_set_host(struct msi_slot_env *env, unsigned int vectors,
		       u64 address, u32 data);

/**
 * msi_slot_layout_ok - can there be a window like this
 * @layout: layout
 *
 * Return: false if the size or the data offset is 0 or no multiple of 4, if the
 * data is not behind the address or not within the window, if @high has
 * the high half where the data is, or if @learn comes with anything but a size.
 */
bool msi_slot_layout_ok(const struct msi_slot_layout *layout);

/**
 * msi_slot_init_window - begin with a window: no slots, nothing counted
 * @window: to be filled in
 * @layout: its layout, which is ok
 * @dwords: memory for its dwords, MSI_SLOT_DWORDS of them
 * @nr_dwords: how many, at least 8
 */
void msi_slot_init_window(struct msi_slot_window *window,
			  const struct msi_slot_layout *layout,
			  struct msi_slot_dword *dwords,
			  unsigned int nr_dwords);

/**
 * msi_slot_reset - the device was reset: all slots have ended
 * @window: window
 *
 * What was counted stays.
 */
void msi_slot_reset(struct msi_slot_window *window);

/**
 * msi_slot_expire - the vectors were freed, or are about to be
 * @window: window
 *
 * Host messages in the window may be somebody else's from now on. The next
 * msi_slot_update() replaces them, by the address that raises nothing or by the
 * messages of vectors that have been allocated since.
 */
void msi_slot_expire(struct msi_slot_window *window);

/**
 * msi_slot_begin_access - the guest is about to write to the window
 * @window: window
 * @offset: where: a multiple of @width, or of 4 if that is 8. All of it lies in
 *	the window.
 * @width: 1, 2, 4 or 8 bytes. Split all else as the core does.
 * @value: what
 * @read: reads the device, for the dword around a write that is narrower. It is
 *	read here only: a register may answer differently the next time.
 * @context: for @read
 *
 * msi_slot_update() may be called before msi_slot_write(), but not another
 * msi_slot_write().
 *
 * Return: the write, for msi_slot_translates() and msi_slot_write().
 */
struct msi_slot_access
msi_slot_begin_access(const struct msi_slot_window *window, u64 offset,
		      unsigned int width, u64 value,
		      msi_slot_read_fn read, void *context);

/**
 * msi_slot_translates - whether a write would open or complete a slot
 * @window: window
 * @env: messages
 * @access: the write
 *
 * Return: true if msi_slot_write() may give the device a part of the host message,
 * which must not move from then on.
 */
bool msi_slot_translates(const struct msi_slot_window *window,
			 const struct msi_slot_env *env,
			 const struct msi_slot_access *access);

/**
 * msi_slot_write - the guest writes to the window
 * @window: window; its @plan says what the device has to get instead, and in
 *	which order. It counts as done: before the call, make sure that the
 *	device takes memory accesses, and that it does until it is done.
 * @env: messages
 * @access: the write
 * @read: reads the device. It is called, before anything is to be written, for
 *	a dword that becomes the address of a slot.
 * @context: for @read
 *
 * When there are as many slots as there can be, one more address is withheld and
 * forgotten: the guest, too, finds what was there before.
 */
void msi_slot_write(struct msi_slot_window *window, struct msi_slot_env *env,
		    const struct msi_slot_access *access,
		    msi_slot_read_fn read, void *context);

/**
 * msi_slot_update - write what can be translated since the messages changed
 * @window: window; its @plan says what the device has to get, for one slot.
 *	As with msi_slot_write(), it counts as done.
 * @env: messages
 * @cursor: where to go on; the caller sets it to 0 once
 *
 * Addresses that were withheld or undone are now written, with their data, if
 * that has become possible. So are slots where the device holds an older host message.
 * A slot that has expired and cannot be translated gets the inert address, and 0 for
 * its data. Call it until it returns false, each time the messages have changed.
 *
 * Return: true if there is something to be done, false if that was all.
 */
bool msi_slot_update(struct msi_slot_window *window, struct msi_slot_env *env,
		     u64 *cursor);

/**
 * msi_slot_is_outdated - whether msi_slot_update() has something to write
 * @window: window
 * @env: messages
 *
 * Return: what msi_slot_update() would.
 */
bool msi_slot_is_outdated(const struct msi_slot_window *window,
			  const struct msi_slot_env *env);

/**
 * msi_slot_read - what the guest sees
 * @window: window
 * @offset: where it reads, as in msi_slot_begin_access()
 * @width: 1, 2, 4 or 8 bytes
 * @value: what the device holds there
 *
 * Return: @value, with what the guest wrote in the dwords that were replaced,
 * withheld or undone, as far as the device holds there what it held then. It does not
 * where it was reset, or has given that place another meaning.
 */
u64 msi_slot_read(const struct msi_slot_window *window, u64 offset,
		  unsigned int width, u64 value);

/**
 * msi_slot_get - read a slot
 * @window: window; it has @nr_slots slots
 * @env: messages
 * @index: which, in ascending order of their offsets, from 0
 * @info: out: the slot
 *
 * Return: false if there are no more than @index slots.
 */
bool msi_slot_get(const struct msi_slot_window *window,
		  const struct msi_slot_env *env, unsigned int index,
		  struct msi_slot_info *info);

/**
 * msi_slot_learned - whether data came behind a slot of a LEARN window
 * @window: window
 * @env: messages
 * @offset: where the slot's address is
 * @distance: how far behind it, up to MSI_SLOT_LEARN_DISTANCE
 * @data: out: the data
 *
 * There can be data at several distances: that of a neighbour, or a dword that
 * only looks like it, as 0 does where the data is 0. One slot does not tell them
 * apart, all of them together do.
 *
 * Return: whether data of the guest was written there.
 */
bool msi_slot_learned(const struct msi_slot_window *window,
		      const struct msi_slot_env *env, u64 offset, u32 distance,
		      u32 *data);

/**
 * msi_slot_live - which vectors have a live slot
 * @window: window
 * @env: messages
 *
 * Return: a bit for each vector whose present host message a slot of the device
 * holds.
 */
u32 msi_slot_live(const struct msi_slot_window *window,
		  const struct msi_slot_env *env);

#endif /* MSI_VFIO_PCI_SLOT_H */
