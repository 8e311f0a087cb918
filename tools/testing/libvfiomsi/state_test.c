// SPDX-License-Identifier: GPL-2.0-only
/*
 * Saved states of libvfiomsi's core, damaged in each byte and cut at each length, as TAP.
 *
 * usage: state_test
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vfiomsi/core.h>

#include "expect.h"

#define MSIX		0x11
#define MSI		0x05
#define CONTROL		2

#define MSIX_ENABLE	0x8000
#define MSI_ENABLE	0x0001
#define MSI_CAPABLE(n)	((n) << 1)
#define MSI_ALLOWED(n)	((n) << 4)
#define MSI_64BIT	0x0080
#define MSI_MASKS	0x0100

/* A state's dwords */
#define MAGIC_AT	0
#define VERSION_AT	4
#define SIZE_AT		8
#define HEADER_SIZE	36

#define STATE_MAX	40000

struct layout {
	uint8_t id;
	uint16_t control;
};

/* All that a state can be of, with as many vectors as take little time */
static const struct layout layouts[] = {
	{ MSIX, 0 },
	{ MSIX, 2 },
	{ MSIX, 32 },
	{ MSI, MSI_CAPABLE(0) },
	{ MSI, MSI_CAPABLE(2) | MSI_64BIT },
	{ MSI, MSI_CAPABLE(3) | MSI_MASKS },
	{ MSI, MSI_CAPABLE(5) | MSI_64BIT | MSI_MASKS },
};

static struct vfiomsi_core *make(const struct layout *layout)
{
	struct vfiomsi_core_config config = {
		.size = sizeof(config),
		.capability = { layout->id, 0, layout->control & 0xff, layout->control >> 8 },
	};
	struct vfiomsi_core *core = NULL;

	EXPECT(vfiomsi_core_create(&config, &core) == 0);

	return core;
}

/* A host that does all that it is asked to */
static void run(struct vfiomsi_core *core, int planned)
{
	struct vfiomsi_action action;

	EXPECT(planned >= 0);
	if (planned <= 0)
		return;
	while (vfiomsi_core_next(core, &action) > 0)
		;
	EXPECT(vfiomsi_core_commit(core) == 0);
}

static void use_msix(struct vfiomsi_core *core)
{
	uint32_t count = vfiomsi_core_vectors(core);
	struct vfiomsi_action action;
	uint32_t i;

	for (i = 0; i < count; i++) {
		run(core, vfiomsi_core_table_write(core, i * 16, 8, 0x1fee00000 + i * 0x1000));
		run(core, vfiomsi_core_table_write(core, i * 16 + 8, 8, i + 0x40 +
						   (uint64_t)(i % 2 == 0) * 0x100000000));
	}
	run(core, vfiomsi_core_cap_write(core, CONTROL, 2, MSIX_ENABLE));
	EXPECT(vfiomsi_core_arrive(core, 0, &action) == 0);
}

static void use_msi(struct vfiomsi_core *core, uint16_t control)
{
	uint32_t size = vfiomsi_core_cap_size(core);
	struct vfiomsi_action action;
	uint32_t offset;

	for (offset = 4; offset < size; offset += 4)
		run(core, vfiomsi_core_cap_write(core, offset, 4, 0x1234567 * offset));
	run(core, vfiomsi_core_cap_write(core, CONTROL, 2, MSI_ENABLE |
					 MSI_ALLOWED(control >> 1 & 7)));
	if (control & MSI_MASKS) {
		run(core, vfiomsi_core_cap_write(core, size - 8, 4, 0xaa));
		EXPECT(vfiomsi_core_arrive(core, 1, &action) == 0);
	}
}

/* A state with something in each of its parts */
static size_t save(const struct layout *layout, uint8_t *state)
{
	struct vfiomsi_core *core = make(layout);
	size_t size = vfiomsi_core_state_size(core);

	if (layout->id == MSIX)
		use_msix(core);
	else
		use_msi(core, layout->control);
	EXPECT(vfiomsi_core_save(core, state, size) == 0);
	vfiomsi_core_destroy(core);

	return size;
}

static uint32_t get(const uint8_t *state, size_t at)
{
	return state[at] | state[at + 1] << 8 | state[at + 2] << 16 |
	       (uint32_t)state[at + 3] << 24;
}

static void put(uint8_t *state, size_t at, uint32_t value)
{
	int i;

	for (i = 0; i < 4; i++)
		state[at + i] = value >> 8 * i;
}

/* CRC-32 of Ethernet by the definition, bit by bit: no table is shared with the library. */
static uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffff;
	size_t bit;

	for (bit = 0; bit < size * 8; bit++)
		crc = crc >> 1 ^ (((crc ^ bytes[bit / 8] >> bit % 8) & 1) ? 0xedb88320 : 0);

	return ~crc;
}

static void seal(uint8_t *state, size_t size)
{
	put(state, size - 4, crc32(state, size - 4));
}

static int load(struct vfiomsi_core *core, const uint8_t *state, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	int ret;

	/* A buffer without a byte too many, so that ASan sees a read beyond it. */
	EXPECT(exact);
	memcpy(exact, state, size);
	ret = vfiomsi_core_load(core, exact, size);
	free(exact);

	return ret;
}

/* The core refuses the state, and is as it was: new. */
static void expect_refused(struct vfiomsi_core *core, const uint8_t *state, size_t size, int error)
{
	static uint8_t before[STATE_MAX];
	static uint8_t after[STATE_MAX];
	size_t own = vfiomsi_core_state_size(core);

	EXPECT(vfiomsi_core_save(core, before, own) == 0);
	EXPECT(load(core, state, size) == error);
	EXPECT(vfiomsi_core_save(core, after, own) == 0);
	EXPECT(!memcmp(before, after, own));
	EXPECT(vfiomsi_core_sync(core) == 0);
}

static void for_all(void (*test)(const struct layout *layout))
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts) && !wrong; i++)
		test(&layouts[i]);
}

/* To which values a byte is changed: all others, or where there are many bytes fewer */
static unsigned int next_change(unsigned int change, size_t size)
{
	return size < 200 ? change + 1 : change * 2;
}

static void each_byte(const struct layout *layout)
{
	uint8_t state[STATE_MAX];
	size_t size = save(layout, state);
	struct vfiomsi_core *core = make(layout);
	unsigned int change;
	size_t at;

	for (at = 0; at < size && !wrong; at++) {
		for (change = 1; change < 256; change = next_change(change, size)) {
			state[at] ^= change;
			expect_refused(core, state, size, get(state, VERSION_AT) > 1 &&
				       at >= VERSION_AT && at < VERSION_AT + 4 ?
				       -EOPNOTSUPP : -EBADMSG);
			state[at] ^= change;
		}
	}
	EXPECT(load(core, state, size) == 0);
	vfiomsi_core_destroy(core);
}

static void test_each_byte(void)
{
	for_all(each_byte);
}

/*
 * The same by one who knows the checksum: a state is refused, or it is what the core then has.
 */
static unsigned int taken, refused;

static void expect_whole_or_nothing(const struct layout *layout, const uint8_t *state, size_t size)
{
	struct vfiomsi_core *core = make(layout);
	uint8_t after[STATE_MAX];
	int ret = load(core, state, size);

	if (!ret) {
		taken++;
		EXPECT(vfiomsi_core_save(core, after, size) == 0);
		EXPECT(!memcmp(after, state, size));
	} else {
		refused++;
		EXPECT(ret == -EBADMSG || ret == -EINVAL || ret == -EOPNOTSUPP);
		vfiomsi_core_destroy(core);
		core = make(layout);
		expect_refused(core, state, size, ret);
	}
	vfiomsi_core_destroy(core);
}

static void each_byte_sealed(const struct layout *layout)
{
	uint8_t state[STATE_MAX];
	size_t size = save(layout, state);
	unsigned int change;
	size_t at;

	for (at = 0; at < size - 4 && !wrong; at++) {
		for (change = 1; change < 256; change = next_change(change, size)) {
			state[at] ^= change;
			seal(state, size);
			expect_whole_or_nothing(layout, state, size);
			state[at] ^= change;
		}
	}
}

static void test_each_byte_sealed(void)
{
	taken = 0;
	refused = 0;
	for_all(each_byte_sealed);
	EXPECT(taken > 10000 && refused > 10000);
}

/* What a core cannot have: no guest could have written it. */
static void expect_impossible(const struct layout *layout, size_t at, uint32_t value)
{
	uint8_t state[STATE_MAX];
	size_t size = save(layout, state);
	struct vfiomsi_core *core = make(layout);

	put(state, at, value);
	seal(state, size);
	expect_refused(core, state, size, -EBADMSG);
	vfiomsi_core_destroy(core);
}

static void test_impossible(void)
{
	static const struct layout msix = { MSIX, 2 };
	static const struct layout msi = { MSI, MSI_CAPABLE(2) };
	static const struct layout masks = { MSI, MSI_CAPABLE(2) | MSI_MASKS };
	size_t dword;

	for (dword = 5; dword < 9; dword++)
		expect_impossible(&msix, dword * 4, 4);		/* registers of MSI */
	expect_impossible(&msix, HEADER_SIZE, 1);		/* address of entry 0 */
	expect_impossible(&msix, HEADER_SIZE + 2 * 16 + 12, 2);	/* control of entry 2 */
	expect_impossible(&msix, HEADER_SIZE + 3 * 16, 8);	/* vector 3 is pending */

	expect_impossible(&msi, 16, MSI_CAPABLE(2) | MSI_ALLOWED(3));
	expect_impossible(&msi, 20, 2);				/* address */
	expect_impossible(&msi, 24, 1);				/* address high */
	expect_impossible(&msi, 28, 0x10000);			/* data */
	expect_impossible(&msi, 32, 1);				/* mask bits */
	expect_impossible(&masks, 32, 0x10);			/* of vector 4 */
	expect_impossible(&masks, HEADER_SIZE, 0x10);		/* vector 4 is pending */
}

/* Cut at each length, and longer, with a header and a checksum that agree */
static void each_length(const struct layout *layout)
{
	uint8_t state[STATE_MAX] = { 0 };
	size_t size = save(layout, state);
	struct vfiomsi_core *core = make(layout);
	uint8_t cut[STATE_MAX];
	size_t length;

	for (length = 0; length < size + 64 && !wrong; length++) {
		if (length == size)
			continue;
		expect_refused(core, state, length, -EBADMSG);
		memcpy(cut, state, sizeof(cut));
		if (length >= SIZE_AT + 4)
			put(cut, SIZE_AT, length);
		if (length >= HEADER_SIZE + 4)
			seal(cut, length);
		expect_refused(core, cut, length, length % 4 || length < HEADER_SIZE + 4 ?
			       -EBADMSG : -EINVAL);
	}
	vfiomsi_core_destroy(core);
}

static void test_each_length(void)
{
	for_all(each_length);
}

/* A newer format can differ in all but its first two dwords. */
static void newer(const struct layout *layout)
{
	static const uint32_t versions[] = { 2, 3, 0x100, 0x10000, 0x7fffffff, 0x80000000,
					     0xffffffff };
	uint8_t state[STATE_MAX];
	size_t size = save(layout, state);
	struct vfiomsi_core *core = make(layout);
	size_t length;
	unsigned int i;

	memset(state + SIZE_AT, 0xa5, size - SIZE_AT);
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		put(state, VERSION_AT, versions[i]);
		for (length = 0; length <= size; length++)
			expect_refused(core, state, length, length < SIZE_AT ? -EBADMSG :
				       -EOPNOTSUPP);
	}
	put(state, VERSION_AT, 0);
	expect_refused(core, state, size, -EBADMSG);
	vfiomsi_core_destroy(core);
}

static void test_newer(void)
{
	for_all(newer);
}

/* Each state against each other layout */
static void test_another_layout(void)
{
	uint8_t state[STATE_MAX];
	struct vfiomsi_core *core;
	unsigned int i, j;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		size = save(&layouts[i], state);
		for (j = 0; j < ARRAY_SIZE(layouts); j++) {
			core = make(&layouts[j]);
			if (i == j)
				EXPECT(load(core, state, size) == 0);
			else
				expect_refused(core, state, size, -EINVAL);
			vfiomsi_core_destroy(core);
		}
	}
}

/* The largest state: each 997th byte, as each takes its time. */
static void test_largest(void)
{
	static const struct layout largest = { MSIX, 2047 };
	static uint8_t state[STATE_MAX];
	size_t size = save(&largest, state);
	struct vfiomsi_core *core = make(&largest);
	size_t at;

	EXPECT(size == 33064 && size <= 33100);
	for (at = SIZE_AT; at < size; at += 997) {
		state[at] ^= 1 << at % 8;
		expect_refused(core, state, size, -EBADMSG);
		state[at] ^= 1 << at % 8;
	}
	EXPECT(load(core, state, size) == 0);
	vfiomsi_core_destroy(core);
}

static const struct test tests[] = {
	{ "each byte changed to each value", test_each_byte },
	{ "the same with a good checksum: taken over whole or refused", test_each_byte_sealed },
	{ "values that no guest can write", test_impossible },
	{ "each length", test_each_length },
	{ "newer formats", test_newer },
	{ "states of other capabilities", test_another_layout },
	{ "2048 vectors", test_largest },
};

int main(void)
{
	return run_tests("state_test.c", tests, ARRAY_SIZE(tests));
}
