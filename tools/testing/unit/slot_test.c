// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of MSI_WINDOW, one test for each, as TAP. Each test is a table of steps:
 * what the guest or the host does, and what the device gets then, in this order.
 *
 * usage: slot_test
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/pci/msi/slot.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define WINDOW_SIZE	0x40000
#define TEXT_SIZE	512

#define INERT		0xfee0000c

enum what {
	END, GUEST, HOST, ASLEEP, WRITES, TRACES, READS, SLOTS, LEARNED, LIVE,
	COUNTED, RESETS, HAS, CLEARS, SHOWS, PLAINS
};

/* @expect: the writes to the device, or for other steps the output. */
struct step {
	enum what what;
	u64 offset;
	unsigned int width;
	u64 value;
	u32 data;
	const char *expect;
};

/*
 * In @expect, OFFSET=VALUE in hexadecimal is a write of 4 bytes, and OFFSET=VALUE/WIDTH
 * one of another width. A step that can cause writes lists all of them.
 */
#define NOTHING		""
#define GUEST_OF(vectors, address, message_data, writes)		\
	{ .what = GUEST, .width = (vectors), .value = (address),	\
	  .data = (message_data), .expect = (writes) }
/* The guest enables as many vectors as its data has room for. */
#define GUEST(address, message_data, writes)				\
	GUEST_OF(32, address, message_data, writes)
#define HOST(vectors, address, message_data, writes)			\
	{ .what = HOST, .width = (vectors), .value = (address),		\
	  .data = (message_data), .expect = (writes) }
/* FREE: the vectors are freed. NO_MESSAGE: vector 0 has no handler. */
#define FREE(writes)	HOST(0, 0, 0, writes)
#define DISABLE		FREE(NOTHING)
#define NO_MESSAGE(vectors, writes)	HOST(vectors, 0, 0, writes)
/* Is the write known to concern the device only? It is not made. */
#define PLAIN(place, bytes, number, is)					\
	{ .what = PLAINS, .offset = (place), .width = (bytes),		\
	  .value = (number), .expect = (is) ? "plain" : "" }
/* The same while the device cannot be written. */
#define HOST_ASLEEP(vectors, address, message_data)			\
	{ .what = ASLEEP, .width = (vectors), .value = (address),	\
	  .data = (message_data) }
#define WRITE(place, bytes, number, writes)				\
	{ .what = WRITES, .offset = (place), .width = (bytes),		\
	  .value = (number), .expect = (writes) }
#define WRITE4(place, number, writes)	WRITE(place, 4, number, writes)
/* The three dwords of a slot, as an ath11k's driver writes them. */
#define TRACE(place, writes)						\
	{ .what = TRACES, .offset = (place), .expect = (writes) }
#define READ(place, bytes, number)					\
	{ .what = READS, .offset = (place), .width = (bytes),		\
	  .value = (number) }
#define READ4(place, number)	READ(place, 4, number)
/*
 * OFFSET: for each slot, then a if it has the host address, dVECTOR if the host data, o if
 * a write is owed, and @PAGE if the page is not 0.
 */
#define SLOTS(slots)	{ .what = SLOTS, .expect = (slots) }
/* DISTANCE:DATA:VECTOR for all data after an address in a LEARN window. */
#define LEARNED(place, found)						\
	{ .what = LEARNED, .offset = (place), .expect = (found) }
#define LIVE(mask)	{ .what = LIVE, .value = (mask) }
/* The window's counters: addresses, data, withheld, undone. */
#define COUNTED(numbers)	{ .what = COUNTED, .expect = (numbers) }
#define RESET		{ .what = RESETS }
/* The device changes this dword by itself. */
#define DEVICE(place, number)						\
	{ .what = HAS, .offset = (place), .value = (number) }

/* The same, and the next read of the dword sets it to 0. */
#define CLEARS(place, number)						\
	{ .what = CLEARS, .offset = (place), .value = (number) }

/* The guest selects another page, and the kernel makes the writes that it owes to it. */
#define SHOW(number, writes)						\
	{ .what = SHOWS, .value = (number), .expect = (writes) }

#define MAX_STEPS	48

struct test {
	const char *name;
	struct msi_slot_layout layout;
	unsigned int dwords;
	unsigned int messages;
	bool dirty;
	bool keeps;
	struct step steps[MAX_STEPS];
};

#define ATH11K	.layout = { .size = WINDOW_SIZE, .data_offset = 8 }
#define WIDE	.layout = { .size = WINDOW_SIZE, .data_offset = 8, .high = true }
#define LEARN	.layout = { .size = WINDOW_SIZE, .learn = true }
#define PAGED	.layout = { .size = WINDOW_SIZE, .data_offset = 8, .paged = true }

static const struct test tests[] = {
	{
		"an ath11k's trace", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			TRACE(0x3048, "3048=fee08000 304c=100 3050=4031"),
			TRACE(0x30a0, "30a0=fee08000 30a4=100 30a8=4031"),
			TRACE(0x5048, "5048=fee08000 504c=100 5050=4031"),
			TRACE(0x50a0, "50a0=fee08000 50a4=100 50a8=4031"),
			TRACE(0x6048, "6048=fee08000 604c=100 6050=4031"),
			TRACE(0xb048, "b048=fee08000 b04c=100 b050=4031"),
			TRACE(0xb0a0, "b0a0=fee08000 b0a4=100 b0a8=4031"),
			TRACE(0xe048, "e048=fee08000 e04c=100 e050=4031"),
			TRACE(0x34968, "34968=fee08000 3496c=100 34970=4031"),
			TRACE(0x34a70, "34a70=fee08000 34a74=100 34a78=4031"),
			TRACE(0x3849c, "3849c=fee08000 384a0=100 384a4=4031"),
			TRACE(0x385a4, "385a4=fee08000 385a8=100 385ac=4031"),
			READ4(0x48, 0xfee00000), READ4(0x4c, 0x100),
			READ4(0x50, 0x21), LIVE(1), COUNTED("13 13 0 0"),
		},
	}, {
		"writes that concern the device only", ATH11K, .steps = {
			GUEST(0xfee01000, 0x21, NOTHING),
			GUEST(0xfee00000, 0x61, NOTHING),
			HOST(2, 0xfee08000, 0x4030, NOTHING),
			WRITE4(0x40, 0xfee00000, "40=fee08000"),
			PLAIN(0x100, 4, 0x12345678, true),
			PLAIN(0x100, 8, 0x1234567812345678, true),
			PLAIN(0x100, 8, 0xfee0000012345678, false),
			PLAIN(0x100, 2, 0x5678, false),
			PLAIN(0x44, 4, 0x100, true),
			/* The address and data of a slot, whatever is written */
			PLAIN(0x40, 4, 0x12345678, false),
			PLAIN(0x48, 4, 0x12345678, false),
			PLAIN(0x44, 8, 0x1234567800000100, false),
			/* Addresses and data of the guest and of the host */
			PLAIN(0x100, 4, 0xfee00000, false),
			PLAIN(0x100, 4, 0xfee08000, false),
			PLAIN(0x100, 4, 0x61, false),
			PLAIN(0x100, 4, 0x402f, false),
			PLAIN(0x100, 4, 0x80, true),
			/* The guest has another message, and vectors that remember it */
			GUEST(0xfee02000, 0x81, NOTHING),
			PLAIN(0x100, 4, 0x80, false),
			PLAIN(0x100, 4, 0x61, false),
			PLAIN(0x100, 4, 0xfee00000, false),
		},
	}, {
		"sixteen vectors, base and number", ATH11K, .steps = {
			GUEST(0xfee01000, 0x60, NOTHING),
			HOST(16, 0xfee00418, 0, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee00418"),
			WRITE4(0x08, 0x60, "8=0"),
			WRITE4(0x10, 0xfee01000, "10=fee00418"),
			WRITE4(0x18, 0x61, "18=1"),
			WRITE4(0x20, 0xfee01000, "20=fee00418"),
			WRITE4(0x28, 0x6f, "28=f"),
			READ4(0x28, 0x6f), LIVE(0x8003),
			SLOTS("0:ad0 10:ad1 20:ad15"),
		},
	}, {
		"a vector that SET_IRQS did not allocate", ATH11K, .steps = {
			GUEST(0xfee01000, 0x60, NOTHING),
			HOST(5, 0xfee08000, 0x40, NOTHING),
			DEVICE(0x00, 0x1234),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x65, "0=1234 8=65"),
			READ4(0x00, 0xfee01000), READ4(0x08, 0x65),
			SLOTS("0:"), LIVE(0), COUNTED("1 0 0 1"),
			WRITE4(0x08, 0x64, "0=fee08000 8=44"),
			SLOTS("0:ad4"), COUNTED("2 1 0 1"),
			WRITE4(0x08, 0x62, "8=42"), SLOTS("0:ad2"),
		},
	}, {
		"more vectors than the guest has", ATH11K, .steps = {
			GUEST_OF(1, 0xfee01000, 0x25, NOTHING),
			HOST(32, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x25, "8=40"), SLOTS("0:ad0"),
			WRITE4(0x10, 0xfee01000, "10=fee08000"),
			WRITE4(0x18, 0x24, "10=0 18=24"), LIVE(1),
		},
	}, {
		"a guest of one whose data has zeros at its end", ATH11K,
		.steps = {
			GUEST_OF(1, 0xfee01000, 0x60, NOTHING),
			HOST(32, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x60, "8=40"),
			WRITE4(0x10, 0xfee01000, "10=fee08000"),
			WRITE4(0x18, 0x61, "10=0 18=61"), SLOTS("0:ad0 10:"),
		},
	}, {
		"a guest of two", ATH11K, .steps = {
			GUEST_OF(2, 0xfee01000, 0x60, NOTHING),
			HOST(32, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x61, "8=41"),
			WRITE4(0x10, 0xfee01000, "10=fee08000"),
			WRITE4(0x18, 0x62, "10=0 18=62"), SLOTS("0:ad1 10:"),
		},
	}, {
		"a guest of sixteen, and data with fewer zeros", ATH11K,
		.steps = {
			GUEST_OF(16, 0xfee01000, 0x64, NOTHING),
			HOST(32, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x67, "8=43"), SLOTS("0:ad3"),
			WRITE4(0x08, 0x60, "0=fee0000c 8=60"),
			WRITE4(0x08, 0x68, "8=68"), SLOTS("0:"),
			WRITE4(0x08, 0x64, "0=fee08000 8=40"), SLOTS("0:ad0"),
		},
	}, {
		"a guest of many, and the host of one", ATH11K, .steps = {
			GUEST_OF(32, 0xfee01000, 0x60, NOTHING),
			HOST(1, 0xfee08000, 0x41, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x60, "8=41"),
			WRITE4(0x08, 0x61, "0=fee0000c 8=61"), SLOTS("0:"),
		},
	}, {
		"a guest that enables another number of vectors", ATH11K,
		.steps = {
			GUEST_OF(2, 0xfee01000, 0x60, NOTHING),
			HOST(32, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x61, "8=41"),
			WRITE4(0x10, 0xfee01000, "10=fee08000"),
			WRITE4(0x18, 0x63, "10=0 18=63"),
			GUEST_OF(4, 0xfee01000, 0x60, "18=43 10=fee08000"),
			SLOTS("0:ad1 10:ad3"),
			/* With less, it is an earlier message. */
			GUEST_OF(1, 0xfee01000, 0x60, NOTHING),
			SLOTS("0:ad1 10:ad3"),
			WRITE4(0x20, 0xfee01000, "20=fee08000"),
			WRITE4(0x28, 0x62, "28=42"), LIVE(0xe),
			/* The present message is preferred. */
			GUEST_OF(1, 0xfee01000, 0x62, "28=40"),
			SLOTS("0:ad1 10:ad3 20:ad0"),
		},
	}, {
		"a number of vectors that was never enabled", ATH11K,
		.steps = {
			GUEST_OF(4, 0xfee01000, 0x60, NOTHING),
			WRITE4(0x08, 0x63, "8=63"),
			WRITE4(0x00, 0xfee01000, NOTHING),
			GUEST_OF(2, 0xfee01000, 0x60, NOTHING),
			HOST(32, 0xfee08000, 0x40, NOTHING),
			SLOTS("0:"),
			WRITE4(0x08, 0x61, "0=fee08000 8=41"), SLOTS("0:ad1"),
		},
	}, {
		"more vectors later", ATH11K, .steps = {
			GUEST(0xfee01000, 0x60, NOTHING),
			HOST(1, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"),
			WRITE4(0x08, 0x63, "0=0 8=63"),
			HOST(4, 0xfee08000, 0x50, "8=53 0=fee08000"),
			SLOTS("0:ad3"), READ4(0x08, 0x63),
		},
	}, {
		"slots that are written before MSI is enabled", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			WRITE4(0x48, 0xfee00000, NOTHING),
			WRITE4(0x4c, 0x100, "4c=100"),
			WRITE4(0x50, 0x21, "50=21"),
			READ4(0x48, 0xfee00000), READ4(0x50, 0x21),
			SLOTS("48:"), LIVE(0), COUNTED("0 0 1 0"),
			HOST(1, 0xfee08000, 0x4031, "50=4031 48=fee08000"),
			SLOTS("48:ad0"), COUNTED("1 1 1 0"),
		},
	}, {
		"an address alone, before MSI is enabled", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			WRITE4(0x48, 0xfee00000, NOTHING),
			HOST(1, 0xfee08000, 0x4031, "48=fee08000"),
			SLOTS("48:a"), WRITE4(0x50, 0x21, "50=4031"),
			SLOTS("48:ad0"),
		},
	}, {
		"data before its address", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x50, 0x21, "50=21"), SLOTS(NOTHING),
			WRITE4(0x48, 0xfee00000, "50=4031 48=fee08000"),
			SLOTS("48:ad0"), READ4(0x50, 0x21),
		},
	}, {
		"many slots that are half written at a time", ATH11K, .steps = {
			GUEST(0xfee00000, 0x40, NOTHING),
			HOST(4, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x28, 0x42, "28=42"),
			WRITE4(0x10, 0xfee00000, "10=fee08000"),
			WRITE4(0x18, 0x41, "18=21"),
			WRITE4(0x20, 0xfee00000, "28=22 20=fee08000"),
			WRITE4(0x08, 0x40, "8=20"),
			SLOTS("0:ad0 10:ad1 20:ad2"), LIVE(7),
		},
	}, {
		"slots with dwords between each other's", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x40, NOTHING),
			HOST(2, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x04, 0xfee00000, "4=fee08000"),
			WRITE4(0x08, 0x40, "8=20"),
			WRITE4(0x0c, 0x41, "c=21"), SLOTS("0:ad0 4:ad1"),
		},
	}, {
		"slots that are looked for in the same bucket", ATH11K, .steps = {
			GUEST(0xfee00000, 0x40, NOTHING),
			HOST(2, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x048, 0xfee00000, "48=fee08000"),
			WRITE4(0x448, 0xfee00000, "448=fee08000"),
			WRITE4(0x450, 0x41, "450=21"), WRITE4(0x50, 0x40, "50=20"),
			SLOTS("48:ad0 448:ad1"), WRITE4(0x848, 1, "848=1"),
			WRITE4(0x048, 0, "48=0 50=40"), SLOTS("448:ad1"),
			WRITE4(0x448, 0xfee00000, "448=fee08000"),
			WRITE4(0x450, 0x40, "450=20"), SLOTS("448:ad0"),
		},
	}, {
		"a slot that is written again", ATH11K, .steps = {
			GUEST(0xfee00000, 0x40, NOTHING),
			HOST(2, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x40, "8=20"),
			WRITE4(0x08, 0x41, "8=21"), SLOTS("0:ad1"),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			SLOTS("0:ad1"), WRITE4(0x08, 0x40, "8=20"),
			SLOTS("0:ad0"),
		},
	}, {
		"a guest that moves its vector", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			GUEST(0xfee03000, 0x21, NOTHING),
			GUEST(0xfee03000, 0x55, NOTHING), SLOTS("0:ad0"),
			WRITE4(0x00, 0xfee03000, "0=fee08000"),
			WRITE4(0x08, 0x55, "8=4031"), SLOTS("0:ad0"),
			/* The driver writes the message that it read first. */
			WRITE4(0x10, 0xfee00000, "10=fee08000"),
			WRITE4(0x18, 0x21, "18=4031"),
			SLOTS("0:ad0 10:ad0"),
			/* This address and this data never were one message. */
			WRITE4(0x20, 0xfee00000, "20=fee08000"),
			WRITE4(0x28, 0x55, "20=0 28=55"),
		},
	}, {
		"a message that was never enabled", ATH11K, .steps = {
			GUEST(0xfee03000, 0x30, NOTHING),
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee03000, "0=fee03000"),
			SLOTS(NOTHING),
		},
	}, {
		"a guest address of 0", ATH11K, .steps = {
			GUEST(0, 0, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0, "0=0"), WRITE4(0x08, 0, "8=0"),
			WRITE4(0x08, 0, "8=0"), WRITE4(0x00, 0, "0=0"),
			SLOTS(NOTHING), COUNTED("0 0 0 0"),
		},
	}, {
		"guest data of 0", ATH11K, .steps = {
			GUEST(0x8090040, 0, NOTHING),
			HOST(4, 0xffff0040, 0x20, NOTHING),
			WRITE4(0x00, 0x8090040, "0=ffff0040"),
			WRITE4(0x04, 0, "4=0"), WRITE4(0x08, 0, "8=20"),
			WRITE4(0x10, 0x8090040, "10=ffff0040"),
			WRITE4(0x18, 3, "18=23"), SLOTS("0:ad0 10:ad3"),
		},
	}, {
		"host and guest have the same address", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			WRITE4(0x00, 0xfee00000, NOTHING),
			WRITE4(0x08, 0x21, "8=21"),
			HOST(1, 0xfee00000, 0x4031, "8=4031 0=fee00000"),
			SLOTS("0:ad0"),
		},
	}, {
		"no slot: other data follows the address", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			DEVICE(0x00, 0xcafe),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x20, "0=cafe 8=20"),
			READ4(0x00, 0xfee00000), READ4(0x08, 0x20),
			SLOTS("0:"), COUNTED("1 0 0 1"),
			WRITE4(0x00, 7, "0=7"), READ4(0x00, 7), SLOTS(NOTHING),
		},
	}, {
		"no slot: data without an address", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x08, 0x21, "8=21"),
			WRITE4(0x00, 0xfee00004, "0=fee00004"),
			WRITE4(0x0c, 0xfee00000, "c=fee08000"),
			READ4(0x08, 0x21), SLOTS("c:a"),
		},
	}, {
		"no slot: an address where the data would be", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0xfee00000, "0=0 8=fee08000"),
			SLOTS("0: 8:a"), WRITE4(0x10, 0x21, "10=4031"),
			SLOTS("0: 8:ad0"),
			WRITE4(0x08, 0x21, "0=fee08000 8=4031 10=21"),
			SLOTS("0:ad0"),
		},
	}, {
		"an address where a live slot has its data", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			WRITE4(0x08, 0xfee00000, "0=fee0000c 8=fee08000"),
			WRITE4(0x10, 0x99, "8=21 10=99"),
			READ4(0x08, 0xfee00000),
		},
	}, {
		"data that changes into something else", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			WRITE4(0x08, 0xffff, "0=fee0000c 8=ffff"), LIVE(0),
			WRITE4(0x08, 0x21, "0=fee08000 8=4031"), LIVE(1),
		},
	}, {
		"a slot that is cleared", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			/* The data is restored before the address is. */
			WRITE4(0x00, 0, "0=0 8=21"), READ4(0x08, 0x21),
			WRITE4(0x08, 0, "8=0"), SLOTS(NOTHING),
		},
	}, {
		"disable and enable", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			FREE("0=fee0000c 8=0"),
			SLOTS("0:"), LIVE(0), READ4(0x00, 0xfee00000),
			READ4(0x08, 0x21), COUNTED("1 1 0 1"),
			HOST(1, 0xfee08000, 0x4031, "8=4031 0=fee08000"),
			LIVE(1), FREE("0=fee0000c 8=0"),
			HOST(1, 0xfee0c000, 0x4042, "8=4042 0=fee0c000"),
			LIVE(1), READ4(0x08, 0x21),
		},
	}, {
		"a live slot that gets other data is inert", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x20, NOTHING),
			HOST(4, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x23, "8=43"), FREE("0=fee0000c 8=0"),
			HOST(1, 0xfee08000, 0x50, NOTHING), SLOTS("0:"),
			/* The data is older than the address, and no host data. */
			WRITE4(0x08, 0x23, "8=23"),
			WRITE4(0x00, 0xfee00000, NOTHING),
			WRITE4(0x08, 0x20, "0=fee08000 8=50"), SLOTS("0:ad0"),
		},
	}, {
		"vectors that are freed while the device sleeps", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"), HOST_ASLEEP(0, 0, 0),
			HOST(1, 0xfee0c000, 0x4042, "8=4042 0=fee0c000"),
			SLOTS("0:ad0"), HOST_ASLEEP(0, 0, 0),
			HOST_ASLEEP(1, 0xfee0c000, 0x4050),
			HOST(1, 0xfee0c000, 0x4050, "8=4050"),
			HOST_ASLEEP(0, 0, 0), FREE("0=fee0000c 8=0"),
		},
	}, {
		"slots keep the message where the platform isolates", ATH11K, .keeps = true,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"), FREE(NOTHING),
			SLOTS("0:"),
			HOST(1, 0xfee08000, 0x4042, "8=4042"), SLOTS("0:ad0"),
		},
	}, {
		"writes to an inert slot", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"), FREE("0=fee0000c 8=0"),
			WRITE4(0x08, 0x99, "8=99"),
			WRITE4(0x00, 0xfee00000, NOTHING),
			READ4(0x00, 0xfee00000), WRITE4(0x00, 5, "0=5"),
			SLOTS(NOTHING),
		},
	}, {
		"HIGH: the inert address has a high half of 0", WIDE, .steps = {
			GUEST(0x1fee00000, 0x21, NOTHING),
			HOST(1, 0x2fee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x04, 1, "4=2"), WRITE4(0x08, 0x21, "8=4031"),
			FREE("0=fee0000c 8=0 4=0"), READ4(0x04, 1),
			WRITE4(0x04, 1, "4=0"), READ4(0x04, 1),
			HOST(1, 0x2fee08000, 0x4031,
			     "8=4031 4=2 0=fee08000"), SLOTS("0:ad0"),
		},
	}, {
		"vector 0 of several loses its handler", ATH11K, .steps = {
			GUEST(0xfee00000, 0x20, NOTHING),
			HOST(4, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=41"), NO_MESSAGE(4, NOTHING),
			SLOTS("0:ad1"), LIVE(2),
			/* No other slot is translated: its address would be 0. */
			WRITE4(0x10, 0xfee00000, NOTHING),
			WRITE4(0x18, 0x22, "18=22"), SLOTS("0:ad1 10:"),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=41"), SLOTS("0:ad1 10:"),
			HOST(4, 0xfee08000, 0x40, "18=42 10=fee08000"),
			SLOTS("0:ad1 10:ad2"), NO_MESSAGE(4, NOTHING),
			WRITE4(0x08, 0x22, "0=fee0000c 8=22"),
			SLOTS("0: 10:ad2"),
		},
	}, {
		"vector 0 of several gets another message", ATH11K, .steps = {
			GUEST(0xfee00000, 0x20, NOTHING),
			HOST(4, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=41"), NO_MESSAGE(4, NOTHING),
			HOST(4, 0xfee0c000, 0x40, "0=fee0c000"),
			SLOTS("0:ad1"),
		},
	}, {
		"the only vector loses its handler", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			NO_MESSAGE(1, "0=fee0000c 8=0"), SLOTS("0:"),
			HOST(1, 0xfee0c000, 0x31, "8=31 0=fee0c000"),
			SLOTS("0:ad0"),
		},
	}, {
		"the host message is written, at the guest's address", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee00000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x08, 0x4031, "8=4031"), SLOTS("0:ad0"),
			/* The data may come first, and may be guest data. */
			WRITE4(0x18, 0x4031, "18=4031"),
			WRITE4(0x10, 0xfee00000, "18=4031 10=fee00000"),
			WRITE4(0x20, 0xfee00000, "20=fee00000"),
			WRITE4(0x28, 0x21, "28=4031"),
			SLOTS("0:ad0 10:ad0 20:ad0"), COUNTED("3 3 0 0"),
			/* A user who has read a host message can go on writing it. */
			FREE("0=fee0000c 8=0 10=fee0000c 18=0 "
			     "20=fee0000c 28=0"),
			HOST(1, 0xfee00000, 0x42,
			     "8=42 0=fee00000 18=42 10=fee00000 "
			     "28=42 20=fee00000"),
		},
	}, {
		"the host message is written, of many vectors", ATH11K, .steps = {
			GUEST(0xfee00000, 0x20, NOTHING),
			HOST(4, 0xfee00000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x08, 0x43, "8=43"),
			WRITE4(0x10, 0xfee00000, "10=fee00000"),
			WRITE4(0x18, 0x23, "18=43"), SLOTS("0:ad3 10:ad3"),
			WRITE4(0x20, 0xfee00000, "20=fee00000"),
			WRITE4(0x28, 0x44, "20=0 28=44"),
		},
	}, {
		"the host message is written, at another address", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			WRITE4(0x40, 0xfee08000, "40=fee08000"),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee08000, "0=fee08000"),
			WRITE4(0x08, 0x4031, "8=4031"), SLOTS("0:ad0"),
			FREE("0=fee0000c 8=0"), READ4(0x00, 0xfee08000),
			HOST(1, 0xfee0c000, 0x42, "8=42 0=fee0c000"),
			/* It is recognized after the host message has changed. */
			WRITE4(0x10, 0xfee08000, "10=fee0c000"),
			WRITE4(0x18, 0x4031, "18=42"), SLOTS("0:ad0 10:ad0"),
		},
	}, {
		"a device that was not reset since an earlier session", ATH11K,
		.dirty = true, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			DEVICE(0x00, 0xfee04000), DEVICE(0x08, 0x4027),
			WRITE4(0x00, 0xfee00000, "0=fee0000c"),
			READ4(0x00, 0xfee00000),
			/* No host address beside data of an earlier session. */
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x08, 0x21, "0=fee08000 8=4031"),
			SLOTS("0:ad0"),
			WRITE4(0x10, 0xfee00000, "10=fee0000c"),
			WRITE4(0x18, 0x99, "18=99"),
			/* Data that this guest wrote is data of this session. */
			WRITE4(0x20, 0x21, "20=21"),
			WRITE4(0x28, 0x21, "28=21"),
			WRITE4(0x20, 0xfee00000, "28=4031 20=fee08000"),
			WRITE4(0x30, 0x21, "30=21"),
			WRITE4(0x30, 0xfee00000, NOTHING),
			WRITE4(0x38, 0x99, "38=99"), DEVICE(0x30, 0x21),
		},
	}, {
		"a host that moves its vector", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			WRITE4(0x20, 0xfee00000, "20=fee08000"),
			WRITE4(0x28, 0x21, "28=4031"),
			FREE("0=fee0000c 8=0 20=fee0000c 28=0"),
			HOST(1, 0xfee08000, 0x4031,
			     "8=4031 0=fee08000 28=4031 20=fee08000"),
			HOST(1, 0xfee0c000, 0x4042,
			     "8=4042 0=fee0c000 28=4042 20=fee0c000"),
			SLOTS("0:ad0 20:ad0"), READ4(0x08, 0x21),
		},
	}, {
		"a live slot that is written while MSI is disabled", ATH11K,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"), FREE("0=fee0000c 8=0"),
			WRITE4(0x08, 0x21, "8=21"),
			WRITE4(0x00, 0xfee00000, NOTHING),
			COUNTED("1 1 1 1"),
			HOST(1, 0xfee08000, 0x4031, "8=4031 0=fee08000"),
		},
	}, {
		"an offset that has become another register", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"),
			READ4(0x00, 0xfee00000), READ4(0x08, 0x21),
			READ(0x00, 2, 0), READ(0x01, 1, 0),
			READ(0x08, 8, 0x21), READ(0x00, 8, 0xfee00000),
			DEVICE(0x00, 0x1234), READ4(0x00, 0x1234),
			READ(0x00, 2, 0x1234), READ(0x00, 8, 0x1234),
			READ4(0x08, 0x21),
			DEVICE(0x08, 0), READ4(0x08, 0), SLOTS("0:ad0"),
			DEVICE(0x00, 0xfee08000), READ4(0x00, 0xfee00000),
			FREE("0=fee0000c 8=0"), WRITE4(0x100, 0xfee00000, NOTHING),
			READ4(0x100, 0xfee00000), DEVICE(0x100, 0x5a),
			READ4(0x100, 0x5a),
		},
	}, {
		"reset", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x21, "8=4031"), RESET,
			DEVICE(0x00, 0), DEVICE(0x08, 0), SLOTS(NOTHING),
			LIVE(0), READ4(0x00, 0), READ4(0x08, 0),
			COUNTED("1 1 0 0"), WRITE4(0x08, 0x21, "8=21"),
			WRITE4(0x00, 0xfee00000, "8=4031 0=fee08000"),
		},
	}, {
		"the device held the guest's address before", ATH11K,
		.steps = {
			DEVICE(0x00, 0xfee00000),
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x99, "0=fee0000c 8=99"),
		},
	}, {
		"a host address above 4 GiB", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0x1fee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, NOTHING),
			WRITE4(0x08, 0x21, "8=21"), SLOTS("0:"),
			COUNTED("0 0 1 0"),
			HOST(1, 0xfee08000, 0x4031, "8=4031 0=fee08000"),
		},
	}, {
		"a guest address above 4 GiB", ATH11K, .steps = {
			GUEST(0x1fee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, NOTHING),
			WRITE4(0x04, 1, "4=1"), WRITE4(0x08, 0x21, "8=21"),
			SLOTS("0:"),
		},
	}, {
		"HIGH: both halves", WIDE, .steps = {
			GUEST(0x1fee00000, 0x21, NOTHING),
			HOST(1, 0x2fee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"), SLOTS("0:"),
			WRITE4(0x04, 1, "4=2"), SLOTS("0:a"),
			WRITE4(0x08, 0x21, "8=4031"), SLOTS("0:ad0"),
			READ4(0x04, 1), READ(0x00, 8, 0x1fee00000),
			COUNTED("2 1 0 0"),
		},
	}, {
		"HIGH: in any order", WIDE, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0x2fee08000, 0x4031, NOTHING),
			WRITE4(0x08, 0x21, "8=21"), WRITE4(0x04, 0, "4=0"),
			WRITE4(0x00, 0xfee00000, "8=4031 4=2 0=fee08000"),
			WRITE4(0x14, 0, "14=0"),
			WRITE4(0x10, 0xfee00000, "14=2 10=fee08000"),
			WRITE4(0x18, 0x21, "18=4031"), SLOTS("0:ad0 10:ad0"),
		},
	}, {
		"HIGH: another high half", WIDE, .steps = {
			GUEST(0x1fee00000, 0x21, NOTHING),
			HOST(1, 0x2fee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x04, 0x100, "0=0 4=100"), SLOTS("0:"),
			WRITE4(0x04, 1, "0=fee08000 4=2"),
			WRITE4(0x08, 0x21, "8=4031"), SLOTS("0:ad0"),
			WRITE4(0x04, 0x100, "0=fee0000c 4=0 8=0"),
			READ4(0x04, 0x100),
			WRITE4(0x04, 1, "8=4031 0=fee08000 4=2"),
			SLOTS("0:ad0"),
			WRITE4(0x08, 0x77, "0=fee0000c 8=77 4=0"),
		},
	}, {
		"HIGH: the high half of a former message concerns slots", WIDE,
		.steps = {
			HOST(1, 0x2fee08000, 0x40, NOTHING),
			GUEST(0x777fee00000, 0x21, NOTHING),
			GUEST(0xfee01000, 0x21, NOTHING),
			PLAIN(0x100, 4, 0x777, false),
			PLAIN(0x100, 4, 0x778, true),
		},
	}, {
		"HIGH: slots that overlap",
		.layout = { WINDOW_SIZE, 12, .high = true }, .steps = {
			GUEST(0xfee00000, 0, NOTHING),
			HOST(1, 0x2fee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			/* The high half of this slot is the data of the other one. */
			WRITE4(0x08, 0xfee00000, NOTHING),
			WRITE4(0x0c, 0, "c=40"),
			WRITE4(0x00, 7, "c=2 8=fee08000 0=7"), SLOTS("8:a"),
		},
	}, {
		"HIGH: data of a slot that has gone",
		.layout = { WINDOW_SIZE, 12, .high = true }, .steps = {
			GUEST(0x1fee00000, 0, NOTHING),
			HOST(1, 0x2fee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x0c, 0, "c=40"),
			WRITE4(0x08, 0xfee00000, NOTHING),
			WRITE4(0x00, 7, "8=fee08000 0=7 c=0"),
			WRITE4(0x0c, 1, "c=2"), SLOTS("8:a"),
		},
	}, {
		"8 bytes: no part of a slot", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE(0x00, 8, 0x123456789abcdef0,
			      "0=123456789abcdef0/8"),
		},
	}, {
		"8 bytes: an address and another register", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE(0x00, 8, 0x100fee00000, "0=100fee08000/8"),
			WRITE(0x08, 8, 0x21, "8=4031/8"), SLOTS("0:ad0"),
			READ(0x00, 8, 0x100fee00000),
			WRITE(0x18, 8, 0x55500000021, "18=55500000021/8"),
			WRITE(0x10, 8, 0xfee00000,
			      "18=4031 10=fee08000 14=0"),
		},
	}, {
		"8 bytes: an address and data, in one write",
		.layout = { WINDOW_SIZE, 4 }, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE(0x04, 8, 0x21fee00000, "4=4031fee08000/8"),
			SLOTS("4:ad0"), READ(0x04, 8, 0x21fee00000),
			WRITE(0x04, 8, 0x22fee00000,
			      "4=fee08000 4=fee0000c 8=22"),
		},
	}, {
		"8 bytes: withheld", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			WRITE(0x00, 8, 0x100fee00000, "4=100"),
			READ(0x00, 8, 0x100fee00000),
		},
	}, {
		"narrow writes keep their width", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE(0x01, 1, 0xab, "1=ab/1"),
			WRITE(0x06, 2, 0xabcd, "6=abcd/2"),
		},
	}, {
		"narrow writes that result in an address", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			DEVICE(0x00, 0x12345678),
			WRITE(0x00, 2, 0, "0=0/2"),
			WRITE(0x02, 2, 0xfee0, "0=fee08000"),
			READ4(0x00, 0xfee00000), READ(0x03, 1, 0xfe),
			WRITE(0x08, 2, 0x21, "8=4031"), SLOTS("0:ad0"),
			WRITE(0x01, 1, 0x10, "0=fee01000 8=21"),
			SLOTS(NOTHING), DISABLE, DEVICE(0x11, 0),
			DEVICE(0x10, 0xfee0ff00), WRITE(0x11, 1, 0, NOTHING),
			READ4(0x10, 0xfee00000),
			WRITE(0x11, 1, 3, "10=fee00300"),
		},
	}, {
		"narrow writes leave the bits beside them", ATH11K, .steps = {
			GUEST(0xfee10100, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			DEVICE(0x00, 0xfee1abcd),
			WRITE(0x00, 2, 0x100, "0=fee08000"),
			DEVICE(0x10, 0xfee101ff),
			WRITE(0x10, 1, 0, "10=fee08000"), SLOTS("0:a 10:a"),
		},
	}, {
		"narrow writes: a register that clears when it is read",
		ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			CLEARS(0x10, 0xfee0ff00),
			WRITE(0x11, 1, 0, "10=fee08000"), SLOTS("10:a"),
			WRITE(0x18, 2, 0x21, "18=4031"), SLOTS("10:ad0"),
			CLEARS(0x20, 0x2100), WRITE(0x20, 1, 1, "20=1/1"),
			READ4(0x20, 1),
		},
	}, {
		"data after the end of the window",
		.layout = { 0x20, 8 }, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x18, 0xfee00000, NOTHING),
			WRITE4(0x14, 0xfee00000, "14=fee08000"),
			COUNTED("1 0 1 0"),
		},
	}, {
		"data in a hole of the window",
		.layout = { 0x40, 8, .nr_ranges = 2,
			    .range = { { 0, 0x18 }, { 0x20, 0x40 } } }, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x10, 0xfee00000, NOTHING),
			WRITE4(0x0c, 0xfee00000, "c=fee08000"),
			WRITE4(0x14, 0x21, "14=4031"),
			WRITE4(0x20, 0xfee00000, "20=fee08000"),
			WRITE4(0x28, 0x21, "28=4031"),
			COUNTED("2 2 1 0"),
		},
	}, {
		"data beyond a hole of the window",
		.layout = { 0x40, 0x10, .nr_ranges = 2,
			    .range = { { 0, 0x18 }, { 0x20, 0x40 } } }, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x10, 0xfee00000, "10=fee08000"),
			WRITE4(0x20, 0x21, "20=4031"), SLOTS("10:ad0"),
		},
	}, {
		"a high half in a hole of the window",
		.layout = { 0x40, 8, .high = true, .nr_ranges = 2,
			    .range = { { 0, 0x18 }, { 0x1c, 0x40 } } }, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x14, 0xfee00000, NOTHING),
			WRITE4(0x1c, 0xfee00000, "1c=fee08000"),
			COUNTED("1 0 1 0"),
		},
	}, {
		"slots of two pages at one offset", PAGED, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			SHOW(1, NOTHING), READ4(0x48, 0),
			WRITE4(0x48, 0x1234, "48=1234"), READ4(0x48, 0x1234),
			WRITE4(0x50, 0x21, "50=21"),
			SHOW(0, NOTHING), READ4(0x48, 0xfee00000),
			SLOTS("48:ad0"), SHOW(1, NOTHING),
			TRACE(0x48, "50=4031 48=fee08000 4c=100 50=4031"),
			SLOTS("48:ad0 48:ad0@1"), LIVE(1),
			WRITE4(0x48, 0, "48=0 50=21"), SLOTS("48:ad0"),
		},
	}, {
		"a message that changes while another page is shown", PAGED, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			SHOW(1, NOTHING),
			TRACE(0x90, "90=fee08000 94=100 98=4031"),
			HOST(1, 0xfee0c000, 0x4031, "90=fee0c000"),
			SLOTS("48:d0o 90:ad0@1"),
			SHOW(0, "48=fee0c000"), SLOTS("48:ad0 90:ad0@1"),
			HOST(1, 0xfee0c000, 0x4033, "50=4033"),
			SLOTS("48:ad0 90:ao@1"),
			HOST(1, 0xfee0c000, 0x4031, "50=4031"),
			SLOTS("48:ad0 90:ad0@1"), SHOW(1, NOTHING),
		},
	}, {
		"vectors that are freed while another page is shown", PAGED, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			SHOW(1, NOTHING), FREE(NOTHING), SLOTS("48:o"),
			SHOW(0, "48=fee0000c 50=0"), SLOTS("48:"),
			SHOW(1, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING), SLOTS("48:o"),
			FREE(NOTHING), SLOTS("48:"),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			SHOW(0, "50=4031 48=fee08000"), SLOTS("48:ad0"),
		},
	}, {
		"vectors that are freed and come back in another page", PAGED, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			SHOW(1, NOTHING), FREE(NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING), SLOTS("48:ad0"),
			FREE(NOTHING), SLOTS("48:o"),
			SHOW(0, "48=fee0000c 50=0"),
		},
	}, {
		"a message of freed vectors in a page that is not shown", PAGED, .steps = {
			GUEST_OF(2, 0xfee00000, 0x20, NOTHING),
			HOST(2, 0xfee08000, 0x4030, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			SHOW(1, NOTHING), FREE(NOTHING),
			HOST(2, 0xfee0c000, 0x4040, NOTHING), SLOTS("48:o"),
			NO_MESSAGE(2, NOTHING), SLOTS("48:o"),
			SHOW(0, "48=fee0000c 50=0"), SLOTS("48:"),
		},
	}, {
		"vectors that are freed before the data is written", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x48, 0xfee00000, "48=fee08000"),
			FREE("48=fee0000c"), SLOTS("48:"),
		},
	}, {
		"an address where the data of another would be", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x50, 0xfee00000, "50=fee08000"),
			WRITE4(0x48, 0xfee00000, NOTHING), SLOTS("48: 50:a"),
		},
	}, {
		"an address where the high half of another would be", WIDE, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x4c, 0xfee00000, "4c=fee08000"),
			WRITE4(0x48, 0xfee00000, "4c=0"), SLOTS("48: 4c:"),
		},
	}, {
		"an address in the second half of 8 bytes", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE(0x44, 8, 0xfee0000000001234, "44=fee0800000001234/8"),
			SLOTS("48:a"),
		},
	}, {
		"a new address before its data", ATH11K, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			GUEST(0xfee01000, 0x40, NOTHING),
			WRITE4(0x48, 0xfee01000, "48=fee08000"),
			WRITE4(0x50, 0x40, "50=4031"), SLOTS("48:ad0"),
		},
	}, {
		"vectors that come back before the device can be written", ATH11K, .steps = {
			GUEST_OF(2, 0xfee00000, 0x20, NOTHING),
			HOST(2, 0xfee08000, 0x4030, NOTHING),
			TRACE(0x48, "48=fee08000 4c=100 50=4031"),
			HOST_ASLEEP(0, 0, 0), HOST(2, 0xfee08000, 0x4030, NOTHING),
			SLOTS("48:ad1"), HOST_ASLEEP(2, 0xfee0c000, 0x4040),
			NO_MESSAGE(2, NOTHING), SLOTS("48:"),
		},
	}, {
		"an address that is withheld in another page", PAGED, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			TRACE(0x48, "4c=100 50=21"),
			SHOW(1, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING), SLOTS("48:o"),
			WRITE4(0x50, 0x21, "50=21"), RESET, SLOTS(""),
			SHOW(0, NOTHING),
		},
	}, {
		"the first and the last dword of a page", PAGED, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			SHOW(1, NOTHING), WRITE4(0, 0x21, "0=21"),
			SHOW(0, NOTHING),
			WRITE4(WINDOW_SIZE - 8, 0xfee00000, NOTHING),
			WRITE4(WINDOW_SIZE - 12, 0xfee00000, "3fff4=fee08000"),
			SHOW(1, NOTHING), WRITE(0, 2, 0x22, "0=22/2"),
			WRITE(4, 8, 0x21fee00000, "4=21fee08000/8"),
			WRITE4(0xc, 0x21, "c=4031"), SLOTS("3fff4:a 3fff8: 4:ad0@1"),
		},
	}, {
		"learning in pages", .layout = { .size = WINDOW_SIZE, .learn = true,
						 .paged = true }, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			TRACE(0x48, "48=fee00000 4c=100 50=21"),
			SHOW(1, NOTHING), LEARNED(0x48, ""),
			TRACE(0x48, "48=fee00000 4c=100 50=21"),
			LEARNED(0x48, "8:21:0"), SHOW(0, NOTHING),
			LEARNED(0x48, "8:21:0"),
		},
	}, {
		"too many slots", ATH11K, .dwords = 8, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x10, 0xfee00000, "10=fee08000"),
			DEVICE(0x20, 0x55),
			WRITE4(0x20, 0xfee00000, NOTHING), READ4(0x20, 0x55),
			COUNTED("2 0 1 0"), WRITE4(0x08, 0x21, "8=4031"),
			WRITE4(0x18, 0x21, "18=4031"),
			WRITE4(0x00, 0, "0=0 8=21"),
			WRITE4(0x20, 0xfee00000, "20=fee08000"),
		},
	}, {
		"too many candidates", ATH11K, .dwords = 8, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x100, 0xfee00000, "100=fee08000"),
			WRITE4(0x108, 0x21, "108=4031"),
			WRITE4(0x08, 0x21, "8=21"), WRITE4(0x18, 0x21, "18=21"),
			WRITE4(0x28, 0x21, "28=21"), WRITE4(0x38, 0x21, "38=21"),
			WRITE4(0x48, 0x21, "48=21"), WRITE4(0x58, 0x21, "58=21"),
			WRITE4(0x68, 0x21, "68=21"), READ4(0x108, 0x21),
			SLOTS("100:ad0"),
			/* The oldest data was forgotten, and is written again. */
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			SLOTS("0:a 100:ad0"), WRITE4(0x08, 0x21, "8=4031"),
			SLOTS("0:ad0 100:ad0"),
			HOST(1, 0xfee09000, 0x4031, "0=fee09000 100=fee09000"),
		},
	}, {
		"too many candidates, data before the address", ATH11K, .dwords = 8,
		.steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x108, 0x21, "108=21"),
			WRITE4(0x100, 0xfee00000, "108=4031 100=fee08000"),
			WRITE4(0x08, 0x21, "8=21"), WRITE4(0x18, 0x21, "18=21"),
			WRITE4(0x28, 0x21, "28=21"), WRITE4(0x38, 0x21, "38=21"),
			WRITE4(0x48, 0x21, "48=21"), WRITE4(0x58, 0x21, "58=21"),
			WRITE4(0x68, 0x21, "68=21"), SLOTS("100:ad0"),
			/* Without its address, the data is a candidate like the others. */
			WRITE4(0x100, 0, "100=0 108=21"),
			WRITE4(0x78, 0x21, "78=21"), WRITE4(0x88, 0x21, "88=21"),
			WRITE4(0x100, 0xfee00000, "100=fee08000"), SLOTS("100:a"),
		},
	}, {
		"too many candidates, high half before the address", WIDE, .dwords = 8,
		.steps = {
			GUEST(0x1fee00000, 0x21, NOTHING),
			HOST(1, 0x2fee08000, 0x4031, NOTHING),
			WRITE4(0x104, 1, "104=1"), WRITE4(0x108, 0x21, "108=21"),
			WRITE4(0x100, 0xfee00000, "108=4031 104=2 100=fee08000"),
			WRITE4(0x08, 0x21, "8=21"), WRITE4(0x18, 0x21, "18=21"),
			WRITE4(0x28, 0x21, "28=21"), WRITE4(0x38, 0x21, "38=21"),
			WRITE4(0x48, 0x21, "48=21"), WRITE4(0x58, 0x21, "58=21"),
			WRITE4(0x68, 0x21, "68=21"), SLOTS("100:ad0"),
		},
	}, {
		"too many messages", ATH11K, .messages = 2, .steps = {
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			GUEST(0xfee03000, 0x30, NOTHING),
			GUEST(0xfee01000, 0x10, NOTHING),
			GUEST(0xfee02000, 0x20, NOTHING),
			GUEST(0xfee00000, 0x50, NOTHING),
			/* All these addresses count, and all values between them. */
			WRITE4(0x00, 0xfee03000, NOTHING),
			WRITE4(0x20, 0xfee01000, NOTHING),
			WRITE4(0x40, 0xfee02800, NOTHING),
			WRITE4(0x60, 0xfee04000, "60=fee04000"),
			WRITE4(0x80, 0xfee02000, "80=fee08000"),
			WRITE4(0x88, 0x20, "88=4031"),
			WRITE4(0xa0, 0xfee00000, "a0=fee08000"),
			WRITE4(0xa8, 0x50, "a8=4031"), COUNTED("2 2 3 0"),
		},
	}, {
		"a message that opened a slot is never forgotten", ATH11K,
		.messages = 2, .steps = {
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			GUEST(0xfee00000, 0x30, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x30, "8=4031"),
			GUEST(0xfee00000, 0x10, NOTHING),
			GUEST(0xfee00000, 0x20, NOTHING),
			GUEST(0xfee00000, 0x40, NOTHING), RESET,
			WRITE4(0x00, 0xfee00000, "0=fee08000"),
			WRITE4(0x08, 0x30, "8=4031"), SLOTS("0:ad0"),
			/* The other messages are forgotten, the oldest first. */
			WRITE4(0x10, 0xfee00000, "10=fee08000"),
			WRITE4(0x18, 0x20, "10=0 18=20"),
			/* All have opened a slot: no other is remembered. */
			WRITE4(0x18, 0x40, "10=fee08000 18=4031"),
			GUEST(0xfee00000, 0x50, NOTHING),
			WRITE4(0x20, 0xfee00000, "20=fee08000"),
			WRITE4(0x28, 0x50, "28=4031"),
			GUEST(0xfee00000, 0x60, NOTHING),
			SLOTS("0:ad0 10:ad0 20:"),
		},
	}, {
		"LEARN: all writes reach the device", LEARN, .steps = {
			GUEST(0xfee00000, 0x21, NOTHING),
			HOST(1, 0xfee08000, 0x4031, NOTHING),
			WRITE4(0x48, 0xfee00000, "48=fee00000"),
			SLOTS("48:"), WRITE4(0x4c, 0x100, "4c=100"),
			WRITE4(0x50, 0x21, "50=21"),
			WRITE(0x61, 1, 0x21, "61=21/1"),
			WRITE(0x78, 8, 0x21fee00000, "78=21fee00000/8"),
			SLOTS("48:+8v0 78:+4v0"), COUNTED("0 0 0 0"),
			READ4(0x48, 0xfee00000),
			WRITE4(0x48, 0, "48=0"), SLOTS("48:+8v0 78:+4v0"),
		},
	}, {
		"LEARN: data first, and the nearest data", LEARN, .steps = {
			GUEST(0xfee00000, 0x40, NOTHING),
			HOST(4, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x0c, 0x41, "c=41"),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x10, 0xfee00000, "10=fee00000"),
			WRITE4(0x1c, 0x42, "1c=42"),
			WRITE4(0x100, 0xfee00000, "100=fee00000"),
			WRITE4(0x140, 0x43, "140=43"),
			WRITE4(0x200, 0xfee00000, "200=fee00000"),
			WRITE4(0x244, 0x43, "244=43"),
			WRITE4(0x208, 0x44, "208=44"),
			SLOTS("0:+12v1 10:+12v2 100:+64v3 200:"),
			LEARNED(0x00, "12:41:1 28:42:2"), LEARNED(0x10, "12:42:2"),
			LEARNED(0x100, "64:43:3"), LEARNED(0x200, NOTHING),
			LEARNED(0x140, NOTHING),
			/* Data stays recorded at whatever distance the address came to it. */
			WRITE4(0x340, 0x43, "340=43"),
			WRITE4(0x300, 0xfee00000, "300=fee00000"),
			WRITE4(0x340, 0x1234, "340=1234"),
			LEARNED(0x300, "64:43:3"),
			WRITE4(0x140, 0x1234, "140=1234"),
			LEARNED(0x100, "64:43:3"),
		},
	}, {
		"LEARN: guest data of 0, and zeros around it", LEARN, .steps = {
			GUEST(0xfee00000, 0, NOTHING),
			HOST(4, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x04, 0, "4=0"), SLOTS("0:+4v0"),
			WRITE4(0x08, 0x100, "8=100"), WRITE4(0x0c, 0, "c=0"),
			SLOTS("0:+12v0"),
			WRITE4(0x1c, 3, "1c=3"), WRITE4(0x14, 0, "14=0"),
			WRITE4(0x10, 0xfee00000, "10=fee00000"),
			SLOTS("0:+12v0 10:+12v3"),
			LEARNED(0x00, "4:0:0 12:0:0 20:0:0 28:3:3"),
			LEARNED(0x10, "4:0:0 12:3:3"),
		},
	}, {
		"LEARN: addresses and data stay recorded", LEARN, .steps = {
			GUEST(0xfee00000, 0, NOTHING),
			HOST(4, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x0c, 0, "c=0"), LEARNED(0x00, "12:0:0"),
			WRITE4(0x0c, 1, "c=1"), LEARNED(0x00, "12:1:1"),
			WRITE4(0x0c, 0, "c=0"), LEARNED(0x00, "12:1:1"),
			WRITE4(0x0c, 9, "c=9"), LEARNED(0x00, "12:1:1"),
			WRITE4(0x0c, 0x900, "c=900"), LEARNED(0x00, "12:1:1"),
			WRITE4(0x0c, 2, "c=2"), LEARNED(0x00, "12:2:2"),
			WRITE4(0x00, 0, "0=0"), LEARNED(0x00, "12:2:2"),
			WRITE4(0x10c, 3, "10c=3"),
			WRITE4(0x100, 0xfee00000, "100=fee00000"),
			WRITE4(0x10c, 0, "10c=0"), LEARNED(0x100, "12:3:3"),
			DISABLE, LEARNED(0x00, "12:2:2"),
			RESET, LEARNED(0x00, NOTHING), SLOTS(NOTHING),
		},
	}, {
		"LEARN: data stays recorded with little memory", LEARN, .dwords = 8,
		.steps = {
			GUEST(0xfee00000, 0x40, NOTHING),
			HOST(4, 0xfee08000, 0x20, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x08, 0x41, "8=41"),
			WRITE4(0x100, 0x41, "100=41"), WRITE4(0x104, 0x41, "104=41"),
			WRITE4(0x108, 0x41, "108=41"), WRITE4(0x10c, 0x41, "10c=41"),
			WRITE4(0x110, 0x41, "110=41"), WRITE4(0x114, 0x41, "114=41"),
			WRITE4(0x118, 0x41, "118=41"), LEARNED(0x00, "8:41:1"),
			/* There is only data: the oldest is forgotten. */
			WRITE4(0x0c, 0x41, "c=41"), WRITE4(0x10, 0x41, "10=41"),
			WRITE4(0x14, 0x41, "14=41"), WRITE4(0x18, 0x41, "18=41"),
			WRITE4(0x1c, 0x41, "1c=41"), WRITE4(0x20, 0x41, "20=41"),
			WRITE4(0x24, 0x41, "24=41"),
			LEARNED(0x00, "12:41:1 16:41:1 20:41:1 24:41:1 28:41:1 32:41:1 36:41:1"),
		},
	}, {
		"data that becomes an address is no address undone", ATH11K, .steps = {
			GUEST(0xfee01000, 0x20, NOTHING),
			HOST(2, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"), WRITE4(0x08, 0x20, "8=40"),
			NO_MESSAGE(2, NOTHING), COUNTED("1 1 0 0"),
			WRITE4(0x08, 0xfee01000, "0=fee0000c 8=20"),
			COUNTED("1 1 1 1"),
		},
	}, {
		"a high half that comes without a host message", WIDE, .steps = {
			GUEST(0xfee01000, 0x20, NOTHING),
			HOST(2, 0x1fee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"), WRITE4(0x08, 0x20, "8=40"),
			NO_MESSAGE(2, NOTHING),
			/* It may be another message's: the slot is not live any more. */
			WRITE4(0x04, 0, "0=fee0000c 4=0 8=0"), SLOTS("0:"),
		},
	}, {
		"a message of freed vectors is not live without another", ATH11K,
		.keeps = true, .steps = {
			GUEST(0xfee01000, 0x20, NOTHING),
			HOST(2, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee01000, "0=fee08000"), WRITE4(0x08, 0x20, "8=40"),
			FREE(NOTHING), NO_MESSAGE(2, NOTHING), SLOTS("0:"), LIVE(0),
		},
	}, {
		"an address where another slot has its data keeps its message", ATH11K,
		.steps = {
			GUEST(0xfee01000, 0x20, NOTHING),
			HOST(1, 0xfee08000, 0x40, NOTHING),
			WRITE4(0x08, 0xfee01000, "8=fee08000"), WRITE4(0x10, 0x20, "10=40"),
			WRITE4(0x00, 0xfee01000, NOTHING), WRITE4(0x00, 0, "0=0"),
			SLOTS("8:ad0"),
		},
	}, {
		"LEARN: a guest of two", LEARN, .steps = {
			GUEST_OF(2, 0xfee00000, 0x40, NOTHING),
			WRITE4(0x00, 0xfee00000, "0=fee00000"),
			WRITE4(0x08, 0x41, "8=41"), WRITE4(0x0c, 0x42, "c=42"),
			LEARNED(0x00, "8:41:1"), SLOTS("0:+8v1"),
			HOST(32, 0xfee08000, 0x20, NOTHING),
			LEARNED(0x00, "8:41:1"), SLOTS("0:+8v1"),
		},
	},
};

struct world {
	struct msi_slot_env env;
	struct msi_slot_window window;
	u32 *addresses;
	struct msi_slot_message *messages;
	struct msi_slot_bucket *buckets;
	struct msi_slot_dword *dwords;
	u8 pages[2][WINDOW_SIZE];
	u8 *device;	/* the page that is shown */
	char text[TEXT_SIZE];
	bool clears;
	u64 clears_at;
};

[[gnu::format(printf, 2, 3)]] static
void append(struct world *world, const char *format, ...)
{
	size_t length = strlen(world->text);
	va_list args;

	va_start(args, format);
	vsnprintf(world->text + length, TEXT_SIZE - length, format, args);
	va_end(args);
}

static u32 read_device(void *context, u64 offset)
{
	struct world *world = context;
	u32 value;

	memcpy(&value, world->device + offset, sizeof(value));
	if (world->clears && offset == world->clears_at) {
		world->clears = false;
		memset(world->device + offset, 0, sizeof(value));
	}
	return value;
}

static void apply_plan(struct world *world)
{
	const struct msi_slot_plan *plan = &world->window.plan;
	const struct msi_slot_write *write;
	unsigned int i;

	for (i = 0; i < plan->nr_writes; i++) {
		write = &plan->writes[i];
		memcpy(world->device + write->offset, &write->value,
		       write->width);
		append(world, "%s%llx=%llx",
		       world->text[0] ? " " : "", write->offset, write->value);
		if (write->width != 4)
			append(world, "/%u", write->width);
	}
}

/* Whether a part of the host message was written. */
static bool has_translated(const struct msi_slot_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->nr_events; i++)
		if (plan->events[i].kind == MSI_SLOT_ADDRESS ||
		    plan->events[i].kind == MSI_SLOT_DATA)
			return true;
	return false;
}

static void write_guest(struct world *world, u64 offset, unsigned int width,
			u64 value)
{
	struct msi_slot_access access =
		msi_slot_begin_access(&world->window, offset, width, value,
				      read_device, world);
	bool translates = msi_slot_translates(&world->window, &world->env, &access);

	msi_slot_write(&world->window, &world->env, &access, read_device, world);
	apply_plan(world);
	if (!translates && has_translated(&world->window.plan))
		append(world, " msi_slot_translates() is wrong");
}

static void update(struct world *world)
{
	u64 cursor = 0;

	while (msi_slot_update(&world->window, &world->env, &cursor))
		apply_plan(world);
}

static void list_slots(struct world *world)
{
	bool owed = false, outdated = false;
	struct msi_slot_info info;
	unsigned int i, cursor = 0;

	for (i = 0; msi_slot_get(&world->window, &world->env, &cursor, &info); i++) {
		append(world, "%s%llx:%s", i ? " " : "", info.offset,
		       info.has_address ? "a" : "");
		if (info.has_data)
			append(world, "d%u", info.vector);
		if (world->window.layout.learn && info.data_distance)
			append(world, "+%uv%u", info.data_distance,
			       info.vector);
		if (info.owed)
			append(world, "o");
		if (info.page)
			append(world, "@%u", info.page);
		owed |= info.owed;
		outdated |= info.owed && info.page == world->window.page;
	}
	if (owed != msi_slot_is_owed(&world->window, &world->env))
		append(world, " msi_slot_is_owed() is wrong");
	if (outdated != msi_slot_is_outdated(&world->window, &world->env))
		append(world, " msi_slot_is_outdated() is wrong");
}

static void list_learned(struct world *world, u64 offset)
{
	u32 distance, data, vector;

	for (distance = 4; distance <= MSI_SLOT_LEARN_DISTANCE; distance += 4) {
		if (!msi_slot_learned(&world->window, &world->env,
				      world->window.page, offset, distance,
				      &data, &vector))
			continue;
		append(world, "%s%u:%x:%u", world->text[0] ? " " : "", distance,
		       data, vector);
	}
}

static void read_guest(struct world *world, const struct step *step)
{
	u64 value = 0;

	memcpy(&value, world->device + step->offset, step->width);
	append(world, "%llx",
	       msi_slot_read(&world->window, step->offset, step->width, value));
}

static bool is_plain(const struct world *world, const struct step *step)
{
	const struct msi_slot_access access = {
		.offset = step->offset,
		.value = step->value,
		.width = step->width,
	};

	return msi_slot_is_plain(&world->window, &world->env, &access);
}

/* Runs the step and writes its output into @text. */
static void run_step(struct world *world, const struct step *step)
{
	const struct msi_slot_window *window = &world->window;

	switch (step->what) {
	case END:
		break;
	case GUEST:
		msi_slot_set_guest(&world->env, step->width, step->value,
				   step->data);
		update(world);
		break;
	case HOST:
	case ASLEEP:
		msi_slot_set_host(&world->env, step->width, step->value,
				  step->data);
		if (!step->width || (step->width == 1 && !step->value))
			msi_slot_expire(&world->window);
		if (step->what == HOST)
			update(world);
		break;
	case WRITES:
		write_guest(world, step->offset, step->width, step->value);
		break;
	case TRACES:
		write_guest(world, step->offset, 4, 0xfee00000);
		write_guest(world, step->offset + 4, 4, 0x100);
		write_guest(world, step->offset + 8, 4, 0x21);
		break;
	case READS:
		read_guest(world, step);
		break;
	case SLOTS:
		list_slots(world);
		break;
	case LEARNED:
		list_learned(world, step->offset);
		break;
	case LIVE:
		append(world, "%x", msi_slot_live(window, &world->env));
		break;
	case PLAINS:
		if (is_plain(world, step))
			append(world, "plain");
		break;
	case COUNTED:
		append(world, "%llu %llu %llu %llu",
		       window->addresses, window->data, window->withheld,
		       window->undone);
		break;
	case SHOWS:
		world->device = world->pages[step->value];
		msi_slot_show(&world->window, step->value);
		update(world);
		break;
	case RESETS:
		msi_slot_reset(&world->window);
		break;
	case CLEARS:
		world->clears = true;
		world->clears_at = step->offset;
		[[fallthrough]];
	case HAS:
		memcpy(world->device + step->offset, &step->value, 4);
		break;
	}
}

/* The arrays have no room to spare, so the sanitizer sees what is beyond their ends. */
static void begin_world(struct world *world, const struct test *test)
{
	unsigned int addresses = test->messages ?: MSI_SLOT_ADDRESSES;
	unsigned int messages = test->messages ?: MSI_SLOT_MESSAGES;
	unsigned int dwords = test->dwords ?: MSI_SLOT_DWORDS;

	memset(world, 0, sizeof(*world));
	world->device = world->pages[0];
	world->addresses = calloc(addresses, sizeof(*world->addresses));
	world->messages = calloc(messages, sizeof(*world->messages));
	world->buckets = calloc(MSI_SLOT_BUCKETS, sizeof(*world->buckets));
	world->dwords = calloc(dwords, sizeof(*world->dwords));
	msi_slot_init_env(&world->env, INERT, !test->keeps, !test->dirty,
			  world->addresses, addresses, world->messages, messages);
	msi_slot_init_window(&world->window, &test->layout, world->buckets, world->dwords,
			     dwords);
}

static void end_world(struct world *world)
{
	free(world->addresses);
	free(world->messages);
	free(world->buckets);
	free(world->dwords);
}

static bool run_steps(struct world *world, const struct test *test)
{
	const struct step *step;
	char number[20];
	const char *expect;
	int i;

	for (i = 0; i < MAX_STEPS && test->steps[i].what; i++) {
		step = &test->steps[i];
		world->text[0] = 0;
		run_step(world, step);

		expect = step->expect;
		if (step->what == READS || step->what == LIVE) {
			snprintf(number, sizeof(number), "%llx", step->value);
			expect = number;
		}
		if (!strcmp(world->text, expect ?: ""))
			continue;
		printf("# step %d (0x%llx 0x%llx): \"%s\", not \"%s\"\n",
		       i + 1, step->offset, step->value, world->text,
		       expect ?: "");
		return false;
	}

	return true;
}

static bool run(const struct test *test)
{
	static struct world world;
	bool ok;

	begin_world(&world, test);
	ok = run_steps(&world, test);
	end_world(&world);

	return ok;
}

static bool test_layouts(void)
{
	static const struct {
		struct msi_slot_layout layout;
		bool ok;
	} layouts[] = {
		{ { .size = 0x40000, .data_offset = 8 }, true },
		{ { .size = 8, .data_offset = 4 }, true },
		{ { .size = 12, .data_offset = 8, .high = true }, true },
		{ { .size = 4, .learn = true }, true },
		{ { .size = ~3ULL, .data_offset = ~3U }, true },
		{ { .size = 0, .data_offset = 0 }, false },
		{ { .size = 0, .learn = true }, false },
		{ { .size = 0x40000, .data_offset = 0 }, false },
		{ { .size = 0x40000, .data_offset = 6 }, false },
		{ { .size = 0x40002, .data_offset = 8 }, false },
		{ { .size = 8, .data_offset = 8 }, false },
		{ { .size = 8, .data_offset = 4, .high = true }, false },
		{ { .size = 8, .data_offset = 4, .learn = true }, false },
		{ { .size = 8, .high = true, .learn = true }, false },
#define RANGES(...)	.data_offset = 8, .nr_ranges = 2, .range = { __VA_ARGS__ }
		{ { .size = 0x40, RANGES({ 0, 8 }, { 8, 0x40 }) }, true },
		{ { .size = 0x40, .learn = true, .nr_ranges = 1,
		    .range = { { 4, 8 } } }, true },
		{ { .size = 0x40, RANGES({ 0, 8 }, { 4, 0x40 }) }, false },
		{ { .size = 0x40, RANGES({ 8, 16 }, { 0, 8 }) }, false },
		{ { .size = 0x40, RANGES({ 0, 8 }, { 8, 8 }) }, false },
		{ { .size = 0x40, RANGES({ 0, 8 }, { 0x20, 0x44 }) }, false },
		{ { .size = 0x40, RANGES({ 2, 8 }, { 0x20, 0x40 }) }, false },
		{ { .size = 0x40, RANGES({ 0, 8 }, { 0x20, 0x3e }) }, false },
		{ { .size = 0x7ffffffc, .data_offset = 8, .paged = true }, true },
		{ { .size = 0x80000000, .data_offset = 8, .paged = true }, false },
		{ { .size = 0x40, .learn = true, .nr_ranges = MSI_SLOT_RANGES,
		    .range = { { 0, 4 }, { 4, 8 }, { 8, 12 }, { 12, 16 },
			       { 16, 20 }, { 20, 24 }, { 24, 28 }, { 28, 32 },
			       { 32, 36 }, { 36, 40 }, { 40, 44 }, { 44, 48 },
			       { 48, 52 }, { 52, 56 }, { 56, 60 }, { 60, 64 } } }, true },
		{ { .size = 0x40, .data_offset = 8,
		    .nr_ranges = MSI_SLOT_RANGES + 1 }, false },
	};
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (msi_slot_layout_ok(&layouts[i].layout) == layouts[i].ok)
			continue;
		printf("# layout %zu is %sok\n", i, layouts[i].ok ? "not " : "");
		ok = false;
	}

	return ok;
}

static bool every_address_is_known(struct world *world)
{
	u32 id, mode, address;

	msi_slot_set_host(&world->env, 1, 0xfee08000, 0x4031);
	for (id = 0; id < 256; id++)
		for (mode = 0; mode < 16; mode += 4)
			msi_slot_set_guest(&world->env, 1,
					   0xfee00000 | id << 12 | mode, 0x21);
	if (world->env.overflow)
		return false;

	for (id = 0; id < 256; id++) {
		for (mode = 0; mode < 16; mode += 4) {
			address = 0xfee00000 | id << 12 | mode;
			write_guest(world, 0, 4, address);
			if (read_device(world, 0) != 0xfee08000)
				return false;
		}
	}

	return true;
}

/* There is room for all xAPIC addresses, and each is recognized. */
static bool test_every_xapic_address(void)
{
	static const struct test room = { .layout = { .size = 0x100, .data_offset = 8 } };
	static struct world world;
	bool ok;

	begin_world(&world, &room);
	ok = every_address_is_known(&world);
	end_world(&world);

	return ok;
}

static int result(int number, const char *name, bool ok)
{
	printf("%sok %d %s\n", ok ? "" : "not ", number, name);
	return ok ? 0 : 1;
}

int main(void)
{
	int failed = 0, number = 0;
	size_t i;

	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(tests) + 2);
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		failed += result(++number, tests[i].name, run(&tests[i]));
	failed += result(++number, "layouts", test_layouts());
	failed += result(++number, "every xAPIC address",
			 test_every_xapic_address());

	return failed ? 1 : 0;
}
