// SPDX-License-Identifier: GPL-2.0-only
/* Messages that a correct client sends. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../ath11k.h"
#include "client.h"
#include "test.h"

static void test_version(void)
{
	static const char request[] = "\0\0\7\0{\"capabilities\":{\"max_msg_fds\":8}}";
	struct client *c = client_connect("vfio-user-ath11k");
	struct vfio_user_version version;
	char reply[256];
	size_t size = sizeof(reply);

	CHECK_EQUAL(client_command(c, VFIO_USER_VERSION, request, sizeof(request), reply,
				   &size), 0);
	memcpy(&version, reply, sizeof(version));
	CHECK_EQUAL(version.major, 0);
	CHECK_EQUAL(version.minor, 0);
	CHECK(size > sizeof(version) && !reply[size - 1]);
	CHECK(!strcmp(reply + sizeof(version),
		      "{\"capabilities\":{\"max_data_xfer_size\":65536}}"));
	client_check_alive(c);
}

static void test_other_version(void)
{
	struct client *c = client_connect("vfio-user-ath11k");
	struct vfio_user_version version = { .major = 1 };

	CHECK_EQUAL(client_call(c, VFIO_USER_VERSION, &version, sizeof(version)),
		    EPROTONOSUPPORT);
	client_expect_end(c);
	client_stop(c);
}

static void test_version_first_and_once(void)
{
	struct client *c = client_connect("vfio-user-ath11k");

	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_RESET, NULL, 0), EPROTO);
	CHECK_EQUAL(client_version(c), 0);
	CHECK_EQUAL(client_version(c), EPROTO);
	client_check_alive(c);
}

static void test_device_info(void)
{
	struct client *c = client_start("vfio-user-msix");
	struct vfio_user_device_info info = { .argsz = sizeof(info) };
	size_t size = sizeof(info);

	CHECK_EQUAL(client_command(c, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), &info,
				   &size), 0);
	CHECK_EQUAL(size, sizeof(info));
	CHECK_EQUAL(info.argsz, sizeof(info));
	CHECK_EQUAL(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	CHECK_EQUAL(info.num_regions, 9);
	CHECK_EQUAL(info.num_irqs, 5);
	info.argsz = sizeof(info) - 1;
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info)), EINVAL);
	client_stop(c);
}

static void check_region(struct client *c, uint32_t index, uint64_t expected)
{
	struct vfio_user_region_info info = { .argsz = 4096, .index = index };
	size_t size = sizeof(info);

	CHECK_EQUAL(client_command(c, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info),
				   &info, &size), 0);
	CHECK_EQUAL(size, sizeof(info));
	CHECK_EQUAL(info.argsz, sizeof(info));
	CHECK_EQUAL(info.index, index);
	CHECK_EQUAL(info.size, expected);
	CHECK_EQUAL(info.flags, expected ? VFIO_REGION_INFO_FLAG_READ |
					   VFIO_REGION_INFO_FLAG_WRITE : 0);
}

static void test_region_info(void)
{
	static const uint64_t sizes[] = { 0x1000, 0, 0x10000, 0, 0x1000, 0, 0, 4096, 0 };
	struct client *c = client_start("vfio-user-msix");
	struct vfio_user_region_info info = { .argsz = sizeof(info), .index = 9 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		check_region(c, i, sizes[i]);
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
		    EINVAL);
	info = (struct vfio_user_region_info){ .argsz = sizeof(info) - 1 };
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
		    EINVAL);
	client_stop(c);

	c = client_start("vfio-user-ath11k");
	check_region(c, 0, ATH11K_BAR0_SIZE);
	check_region(c, 1, 0);
	client_stop(c);
}

static void test_irq_info(void)
{
	struct client *c = client_start("vfio-user-msix");
	struct vfio_user_irq_info info;
	size_t size;
	uint32_t i;

	for (i = 0; i < 5; i++) {
		info = (struct vfio_user_irq_info){ .argsz = sizeof(info), .index = i };
		size = sizeof(info);
		CHECK_EQUAL(client_command(c, VFIO_USER_DEVICE_GET_IRQ_INFO, &info,
					   sizeof(info), &info, &size), 0);
		CHECK_EQUAL(size, sizeof(info));
		CHECK_EQUAL(info.index, i);
		CHECK_EQUAL(info.count, 0);
		CHECK_EQUAL(info.flags, 0);
	}
	info.index = 5;
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)),
		    EINVAL);
	info = (struct vfio_user_irq_info){ .argsz = sizeof(info) - 1 };
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)),
		    EINVAL);
	client_stop(c);
}

static void test_set_irqs(void)
{
	struct client *c = client_start("vfio-user-msix");
	struct vfio_user_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};

	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set)), 0);
	set.count = 1;
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set)), EINVAL);
	set.count = 0;
	set.start = 1;
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set)), EINVAL);
	set.start = 0;
	set.index = 5;
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set)), EINVAL);
	set.index = VFIO_PCI_MSIX_IRQ_INDEX;
	set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set)), EINVAL);
	client_stop(c);
}

static void test_dma_map(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	struct vfio_user_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 0x1000 };
	struct vfio_user_dma_unmap unmap = {
		.argsz = sizeof(unmap), .address = 0x5000, .size = 0x1000,
	};
	struct vfio_user_dma_unmap reply;
	size_t size = sizeof(reply);

	CHECK_EQUAL(client_call(c, VFIO_USER_DMA_MAP, &map, sizeof(map)), 0);
	CHECK_EQUAL(client_command(c, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap), &reply,
				   &size), 0);
	CHECK_EQUAL(size, sizeof(reply));
	CHECK(!memcmp(&unmap, &reply, sizeof(reply)));
	client_stop(c);
}

/*
 * Does the server close a file descriptor that came with a message? It is the only writing
 * end of a pipe.
 */
static void check_fds_closed(struct client *c, const void *message, size_t size,
			     unsigned int count)
{
	int pipes[2], fds[256];
	unsigned int i;
	char byte;

	CHECK(count <= ARRAY_SIZE(fds) && !pipe(pipes));
	for (i = 0; i < count; i++)
		fds[i] = pipes[1];
	client_send_fds(c, message, size, fds, count);
	close(pipes[1]);
	CHECK(!read(pipes[0], &byte, 1));
	close(pipes[0]);
}

static void test_fds_closed(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	struct {
		struct vfio_user_header header;
		struct vfio_user_dma_map map;
	} message = {
		.header = {
			.command = VFIO_USER_DMA_MAP,
			.size = sizeof(message),
			.flags = VFIO_USER_NO_REPLY,
		},
		.map = { .argsz = sizeof(message.map), .size = 0x1000 },
	};

	check_fds_closed(c, &message, sizeof(message), 1);
	/* More than the server receives, and as many as the kernel allows. */
	check_fds_closed(c, &message, sizeof(message), 253);
	/* With a message that is refused. */
	message.header.command = 99;
	check_fds_closed(c, &message, sizeof(message), 8);
	client_check_alive(c);
}

static void test_no_reply(void)
{
	struct client *c = client_start_reset("vfio-user-ath11k");
	struct {
		struct vfio_user_region_access access;
		uint32_t value;
	} write = {
		.access = { .offset = ATH11K_SCRATCH, .count = sizeof(write.value) },
		.value = 0x12345678,
	};

	/* client_call() returns the next reply, to whatever message. */
	client_send(c, VFIO_USER_REGION_WRITE, VFIO_USER_NO_REPLY, &write,
		    sizeof(write.access) + sizeof(write.value));
	CHECK_EQUAL(read32(c, 0, ATH11K_SCRATCH), 0x12345678);
	client_send(c, 99, VFIO_USER_NO_REPLY, NULL, 0);
	client_send(c, VFIO_USER_REGION_WRITE, VFIO_USER_NO_REPLY, NULL, 0);
	client_check_alive(c);
}

static void test_pipelined(void)
{
	struct vfio_user_region_access access = {
		.region = CONFIG_REGION, .count = PCI_CFG_SPACE_SIZE,
	};
	uint8_t reply[sizeof(access) + PCI_CFG_SPACE_SIZE];
	struct client *c = client_start("vfio-user-ath11k");
	struct vfio_user_header header;
	uint16_t first, i;

	first = client_send(c, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
	for (i = 1; i < 100; i++)
		client_send(c, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
	for (i = 0; i < 100; i++) {
		CHECK_EQUAL(client_receive(c, &header, reply, sizeof(reply)), sizeof(reply));
		CHECK_EQUAL(header.id, (uint16_t)(first + i));
	}
	client_stop(c);
}

static void test_byte_by_byte(void)
{
	struct client *c = client_start("vfio-user-ath11k");
	struct vfio_user_header header = {
		.id = 7,
		.command = VFIO_USER_DEVICE_RESET,
		.size = sizeof(header),
	};
	const uint8_t *bytes = (const uint8_t *)&header;
	struct vfio_user_header reply;
	size_t i;

	for (i = 0; i < sizeof(header); i++)
		client_send_bytes(c, bytes + i, 1);
	CHECK_EQUAL(client_receive(c, &reply, NULL, 0), 0);
	CHECK_EQUAL(reply.id, 7);
	CHECK_EQUAL(reply.flags, VFIO_USER_TYPE_REPLY);
	client_stop(c);
}

/* A client that requests far more than a socket has room for, before it reads. */
static void test_slow_reader(void)
{
	struct vfio_user_region_access access = { .count = TRANSPORT_MAX_DATA };
	static uint8_t reply[sizeof(access) + TRANSPORT_MAX_DATA];
	struct client *c = client_start_reset("vfio-user-ath11k");
	struct vfio_user_header header;
	unsigned int i;

	for (i = 0; i < 100; i++)
		client_send(c, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
	for (i = 0; i < 100; i++)
		CHECK_EQUAL(client_receive(c, &header, reply, sizeof(reply)), sizeof(reply));
	client_check_alive(c);
}

/*
 * QEMU cannot go on if it reads a part of a header, so none may ever be in the socket: what is
 * there are whole messages.
 */
static void test_whole_messages(void)
{
	struct vfio_user_region_access access = { .count = 3000 };
	uint8_t reply[sizeof(access) + 3000];
	struct client *c = client_start_reset("vfio-user-ath11k");
	struct vfio_user_header header;
	unsigned int i;
	int available;

	for (i = 0; i < 300; i++)
		client_send(c, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
	for (i = 0; i < 300; i++) {
		CHECK_EQUAL(client_receive(c, &header, reply, sizeof(reply)), sizeof(reply));
		usleep(1000);
		CHECK(!ioctl(c->fd, FIONREAD, &available));
		CHECK_EQUAL(available % (sizeof(header) + sizeof(reply)), 0);
	}
	client_check_alive(c);
}

const struct test protocol_tests[] = {
	{ "a version is agreed on", test_version },
	{ "another major version ends the connection", test_other_version },
	{ "the version comes first, and once", test_version_first_and_once },
	{ "device info", test_device_info },
	{ "region info", test_region_info },
	{ "no interrupt goes through an eventfd", test_irq_info },
	{ "SET_IRQS can only turn off", test_set_irqs },
	{ "DMA maps are accepted", test_dma_map },
	{ "file descriptors are closed", test_fds_closed },
	{ "no reply where none is asked for", test_no_reply },
	{ "pipelined commands are replied to in order", test_pipelined },
	{ "a message may come byte by byte", test_byte_by_byte },
	{ "a client may be slow to read", test_slow_reader },
	{ "a slow client never sees a part of a header", test_whole_messages },
	{}
};
