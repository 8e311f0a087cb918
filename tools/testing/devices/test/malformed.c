// SPDX-License-Identifier: GPL-2.0-only
/* Messages that no correct client sends. The server refuses them and continues. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "../ath11k.h"
#include "client.h"
#include "test.h"

static void check_bad_size(uint32_t size)
{
	struct client *c = client_start("vfio-user-ath11k");
	struct vfio_user_header header = {
		.id = 77, .command = VFIO_USER_DEVICE_RESET, .size = size,
	};

	client_send_bytes(c, &header, sizeof(header));
	CHECK_EQUAL(client_receive(c, &header, NULL, 0), 0);
	CHECK_EQUAL(header.id, 77);
	CHECK_EQUAL(header.flags, VFIO_USER_TYPE_REPLY | VFIO_USER_ERROR);
	CHECK_EQUAL(header.error, EMSGSIZE);
	client_expect_end(c);
	client_stop(c);
}

static void test_bad_size(void)
{
	check_bad_size(0);
	check_bad_size(sizeof(struct vfio_user_header) - 1);
	check_bad_size(TRANSPORT_MAX_MESSAGE + 1);
	check_bad_size(UINT32_MAX);
}

static void test_largest(void)
{
	static uint8_t data[TRANSPORT_MAX_DATA], back[TRANSPORT_MAX_DATA];
	struct client *c = client_start_reset("vfio-user-ath11k");
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7;
	client_write(c, 0, 0x100000, data, sizeof(data));
	client_read(c, 0, 0x100000, back, sizeof(back));
	CHECK(!memcmp(data, back, sizeof(data)));
	client_stop(c);
}

static void test_cut_short(void)
{
	struct vfio_user_header header = {
		.command = VFIO_USER_DEVICE_RESET, .size = sizeof(header) + 8,
	};
	struct client *c = client_start("vfio-user-ath11k");

	client_send_bytes(c, &header, 3);
	client_stop(c);
	c = client_start("vfio-user-ath11k");
	client_send_bytes(c, &header, sizeof(header));
	client_stop(c);
}

static void test_short_payload(void)
{
	static const struct {
		uint16_t command;
		size_t size;
	} commands[] = {
		{ VFIO_USER_DMA_MAP, sizeof(struct vfio_user_dma_map) },
		{ VFIO_USER_DMA_UNMAP, sizeof(struct vfio_user_dma_unmap) },
		{ VFIO_USER_DEVICE_GET_INFO, sizeof(struct vfio_user_device_info) },
		{ VFIO_USER_DEVICE_GET_REGION_INFO, sizeof(struct vfio_user_region_info) },
		{ VFIO_USER_DEVICE_GET_IRQ_INFO, sizeof(struct vfio_user_irq_info) },
		{ VFIO_USER_DEVICE_SET_IRQS, sizeof(struct vfio_user_irq_set) },
		{ VFIO_USER_REGION_READ, sizeof(struct vfio_user_region_access) },
		{ VFIO_USER_REGION_WRITE, sizeof(struct vfio_user_region_access) },
	};
	struct client *c = client_start("vfio-user-ath11k");
	static const uint8_t payload[64];
	unsigned int i;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (size = 0; size < commands[i].size; size++)
			CHECK_EQUAL(client_call(c, commands[i].command, payload, size),
				    EINVAL);
	}
	client_check_alive(c);
}

static void test_short_version(void)
{
	static const char no_nul[] = { 0, 0, 0, 0, '{', '}' };
	struct client *c = client_connect("vfio-user-ath11k");

	CHECK_EQUAL(client_call(c, VFIO_USER_VERSION, no_nul, 3), EINVAL);
	client_expect_end(c);
	client_stop(c);
	c = client_connect("vfio-user-ath11k");
	CHECK_EQUAL(client_call(c, VFIO_USER_VERSION, no_nul, sizeof(no_nul)), EINVAL);
	client_expect_end(c);
	client_stop(c);
}

static void test_unknown_commands(void)
{
	static const uint16_t unknown[] = { 0, 6, 11, 12, 14, 15, 16, 17, 18, 19, 0x7fff,
					    0xffff };
	struct client *c = client_start("vfio-user-ath11k");
	static const uint8_t payload[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		CHECK_EQUAL(client_call(c, unknown[i], payload, sizeof(payload)), ENOTSUP);
	client_check_alive(c);
}

static void test_unknown_type(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	struct vfio_user_header header;

	client_send(c, VFIO_USER_DEVICE_RESET, 2, NULL, 0);
	CHECK_EQUAL(client_receive(c, &header, NULL, 0), 0);
	CHECK_EQUAL(header.error, EINVAL);
	client_check_alive(c);
}

static int access_error(struct client *c, uint16_t command, uint32_t region,
			uint64_t offset, uint32_t count, size_t data_size)
{
	struct {
		struct vfio_user_region_access access;
		uint8_t data[64];
	} payload = {
		.access = { .offset = offset, .region = region, .count = count },
	};

	CHECK(data_size <= sizeof(payload.data));
	return client_call(c, command, &payload, sizeof(payload.access) + data_size);
}

static void check_out_of_bounds(struct client *c, uint32_t region, uint64_t offset,
				uint32_t count)
{
	CHECK_EQUAL(access_error(c, VFIO_USER_REGION_READ, region, offset, count, 0),
		    EINVAL);
	CHECK_EQUAL(access_error(c, VFIO_USER_REGION_WRITE, region, offset, count,
				 count < 64 ? count : 64), EINVAL);
}

static void test_out_of_bounds(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	check_out_of_bounds(c, 0, ATH11K_BAR0_SIZE, 1);
	check_out_of_bounds(c, 0, ATH11K_BAR0_SIZE - 3, 4);
	check_out_of_bounds(c, 0, UINT64_MAX, 1);
	check_out_of_bounds(c, 0, UINT64_MAX - 3, 4);
	check_out_of_bounds(c, 0, UINT64_MAX - 3, 8);
	check_out_of_bounds(c, 0, 0, 0);
	check_out_of_bounds(c, 0, 0, TRANSPORT_MAX_DATA + 1);
	check_out_of_bounds(c, 0, 0, UINT32_MAX);
	check_out_of_bounds(c, CONFIG_REGION, 4096, 4);
	check_out_of_bounds(c, CONFIG_REGION, 4094, 4);
	check_out_of_bounds(c, CONFIG_REGION, 0, 4097);
	/* Regions that this device does not have, and regions that no device has. */
	check_out_of_bounds(c, 1, 0, 4);
	check_out_of_bounds(c, 6, 0, 4);
	check_out_of_bounds(c, 8, 0, 4);
	check_out_of_bounds(c, 9, 0, 4);
	check_out_of_bounds(c, UINT32_MAX, 0, 4);
	client_check_alive(c);
}

static void test_write_size(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");

	CHECK_EQUAL(access_error(c, VFIO_USER_REGION_WRITE, 0, 0, 4, 3), EINVAL);
	CHECK_EQUAL(access_error(c, VFIO_USER_REGION_WRITE, 0, 0, 4, 5), EINVAL);
	CHECK_EQUAL(access_error(c, VFIO_USER_REGION_WRITE, 0, 0, 4, 0), EINVAL);
	CHECK_EQUAL(access_error(c, VFIO_USER_REGION_WRITE, 0, 0, TRANSPORT_MAX_DATA, 64),
		    EINVAL);
	client_check_alive(c);
}

/* A reply to no command, one to another command, and two replies to one write. */
static void test_unexpected_replies(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	struct dma_write dma = { .id = 3 };

	client_answer_dma(c, &dma);
	client_send(c, VFIO_USER_DEVICE_RESET, VFIO_USER_TYPE_REPLY, NULL, 0);
	CHECK_EQUAL(read32(c, 0, ATH11K_SENT), 0);

	c->answer = DMA_KEEP_SILENT;
	write32(c, 0, 0x80048 + ATH11K_SLOT_ADDR_HI, ATH11K_SLOT_ENABLE);
	write32(c, 0, ATH11K_DOORBELL(0), 1);
	CHECK_EQUAL(client_take_dma(c), 1);
	dma = c->dma[0];
	CHECK_EQUAL(read32(c, 0, ATH11K_SENT), 0);
	client_answer_dma(c, &dma);
	client_answer_dma(c, &dma);
	CHECK_EQUAL(read32(c, 0, ATH11K_SENT), 1);
	CHECK_EQUAL(read32(c, 0, ATH11K_FAILED), 0);
	client_check_alive(c);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/*
 * Messages of a correct size with random content. The server has to answer each, and to
 * work after that.
 */
static void test_random(void)
{
	struct client *c = client_start_reset("vfio-user-msix");
	uint32_t state = 1, payload[16];
	unsigned int i, j, size;
	uint16_t command;
	int error;

	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 16; j++) {
			payload[j] = next_random(&state);
			if (payload[j] & 1)
				payload[j] %= 16;
			else if (payload[j] & 2)
				payload[j] %= 4096;
		}
		command = next_random(&state) % 20;
		size = next_random(&state) % sizeof(payload);
		error = client_call(c, command, payload, size);
		CHECK(!error || error == EINVAL || error == ENOTSUP || error == EPROTO);
		client_take_dma(c);
	}
	client_reset(c);
	client_check_alive(c);
}

const struct test malformed_tests[] = {
	{ "impossible sizes end the connection", test_bad_size },
	{ "the largest message is taken", test_largest },
	{ "a client may go in the middle of a message", test_cut_short },
	{ "payloads that are too short", test_short_payload },
	{ "versions that are too short", test_short_version },
	{ "unknown commands", test_unknown_commands },
	{ "unknown message types", test_unknown_type },
	{ "accesses out of bounds", test_out_of_bounds },
	{ "writes with the wrong amount of data", test_write_size },
	{ "replies to nothing", test_unexpected_replies },
	{ "random messages", test_random },
	{}
};
