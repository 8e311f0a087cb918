// SPDX-License-Identifier: GPL-2.0-only
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "test.h"

#define MAX_ARGS	32

const char *server_dir;
char socket_path[64];

static void run_server(const char *const *args)
{
	const char *argv[MAX_ARGS] = { args[0], "--socket", socket_path };
	char program[256];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 1; args[i]; i++)
		argv[2 + i] = args[i];
	snprintf(program, sizeof(program), "%s/%s", server_dir, args[0]);
	execv(program, (char *const *)argv);
	perror(program);
	_exit(127);
}

/* The path appears when the server listens; if the server has failed, it does not. */
static void connect_server(struct client *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, socket_path, sizeof(socket_path));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(c->fd >= 0);
	while (connect(c->fd, (struct sockaddr *)&address, sizeof(address))) {
		CHECK(errno == ENOENT);
		CHECK(!waitpid(c->server, NULL, WNOHANG));
		usleep(1000);
	}
}

struct client *__client_connect(const char *const *args)
{
	struct client *c = calloc(1, sizeof(*c));
	unsigned int count = 0;

	CHECK(c);
	while (args[count])
		count++;
	CHECK(count + 3 <= MAX_ARGS);
	fflush(stdout);
	c->server = fork();
	CHECK(c->server >= 0);
	if (!c->server)
		run_server(args);
	connect_server(c);
	return c;
}

struct client *__client_start(const char *const *args)
{
	struct client *c = __client_connect(args);

	CHECK_EQUAL(client_version(c), 0);
	return c;
}

struct client *__client_start_reset(const char *const *args)
{
	struct client *c = __client_start(args);

	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return c;
}

void client_stop(struct client *c)
{
	int status;

	close(c->fd);
	CHECK(waitpid(c->server, &status, 0) == c->server);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	CHECK(access(socket_path, F_OK) && errno == ENOENT);
	free(c);
}

void client_check_alive(struct client *c)
{
	CHECK_EQUAL(read16(c, CONFIG_REGION, PCI_HEADER_TYPE), 0);
	client_stop(c);
}

void client_send_fds(struct client *c, const void *data, size_t size, const int *fds,
		     unsigned int count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(256 * sizeof(int))];
	} control = {};
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	CHECK_EQUAL(sendmsg(c->fd, &msg, MSG_NOSIGNAL), size);
}

void client_send_bytes(struct client *c, const void *data, size_t size)
{
	client_send_fds(c, data, size, NULL, 0);
}

uint16_t client_send(struct client *c, uint16_t command, uint32_t flags,
		     const void *payload, size_t size)
{
	struct vfio_user_header header = {
		.id = c->next_id++,
		.command = command,
		.size = sizeof(header) + size,
		.flags = flags,
	};
	uint8_t message[TRANSPORT_MAX_MESSAGE];

	CHECK(header.size <= sizeof(message));
	memcpy(message, &header, sizeof(header));
	if (size)
		memcpy(message + sizeof(header), payload, size);
	client_send_bytes(c, message, header.size);
	return header.id;
}

static void receive_bytes(struct client *c, void *data, size_t size)
{
	if (size)
		CHECK_EQUAL(recv(c->fd, data, size, MSG_WAITALL), size);
}

void client_expect_end(struct client *c)
{
	ssize_t ret;
	char byte;

	ret = recv(c->fd, &byte, 1, 0);
	CHECK(!ret || (ret < 0 && errno == ECONNRESET));
}

void client_answer_dma(struct client *c, const struct dma_write *dma)
{
	struct {
		struct vfio_user_header header;
		struct vfio_user_dma_access access;
	} reply = {
		.header = {
			.id = dma->id,
			.command = VFIO_USER_DMA_WRITE,
			.size = sizeof(reply.header),
			.flags = VFIO_USER_TYPE_REPLY,
		},
		.access = { .address = dma->address, .count = sizeof(dma->data) },
	};

	if (c->answer == DMA_REFUSE) {
		reply.header.flags |= VFIO_USER_ERROR;
		reply.header.error = EFAULT;
	}
	if (c->answer == DMA_ANSWER_SHORT)
		reply.access.count = 2;
	if (c->answer == DMA_ANSWER_SHORT || c->answer == DMA_ANSWER_WITH_SIZE)
		reply.header.size = sizeof(reply);
	client_send_bytes(c, &reply, reply.header.size);
}

static bool memory_has(const struct client *c, uint64_t address, size_t size)
{
	const struct client_memory *memory = &c->memory;

	return address >= memory->address &&
	       address + size <= memory->address + memory->size;
}

void client_answer_dma_read(struct client *c, uint16_t id, uint64_t address, size_t size)
{
	struct vfio_user_header header = {
		.id = id,
		.command = VFIO_USER_DMA_READ,
		.size = sizeof(header),
		.flags = VFIO_USER_TYPE_REPLY,
	};
	struct vfio_user_dma_access access = { .address = address, .count = size };
	uint8_t message[TRANSPORT_MAX_MESSAGE];

	if (c->answer == DMA_REFUSE || !memory_has(c, address, size)) {
		header.flags |= VFIO_USER_ERROR;
		header.error = EFAULT;
	} else {
		if (c->answer == DMA_ANSWER_SHORT)
			access.count = --size;
		header.size += sizeof(access) + size;
		memcpy(message + sizeof(header), &access, sizeof(access));
		memcpy(message + sizeof(header) + sizeof(access),
		       (const uint8_t *)c->memory.data + (address - c->memory.address),
		       size);
	}
	memcpy(message, &header, sizeof(header));
	client_send_bytes(c, message, header.size);
}

static void take_dma_read(struct client *c, const struct vfio_user_header *header)
{
	struct vfio_user_dma_access access;

	CHECK_EQUAL(header->flags, 0);
	CHECK_EQUAL(header->size, sizeof(*header) + sizeof(access));
	receive_bytes(c, &access, sizeof(access));
	c->dma_reads++;
	c->dma_read_id = header->id;
	if (c->answer != DMA_KEEP_SILENT)
		client_answer_dma_read(c, header->id, access.address, access.count);
}

static void take_recorded_write(struct client *c, struct dma_write *dma,
				const struct vfio_user_dma_access *access)
{
	CHECK(c->dma_count < ARRAY_SIZE(c->dma));
	CHECK_EQUAL(access->count, sizeof(dma->data));
	receive_bytes(c, &dma->data, sizeof(dma->data));
	c->dma[c->dma_count++] = *dma;
}

static void take_dma_write(struct client *c, const struct vfio_user_header *header)
{
	struct dma_write dma = { .id = header->id };
	struct vfio_user_dma_access access;

	CHECK_EQUAL(header->command, VFIO_USER_DMA_WRITE);
	CHECK_EQUAL(header->flags, 0);
	receive_bytes(c, &access, sizeof(access));
	CHECK_EQUAL(header->size, sizeof(*header) + sizeof(access) + access.count);
	dma.address = access.address;
	if (c->memory.written && memory_has(c, access.address, access.count))
		receive_bytes(c, (uint8_t *)c->memory.written +
				 (access.address - c->memory.address), access.count);
	else
		take_recorded_write(c, &dma, &access);
	if (c->answer != DMA_KEEP_SILENT)
		client_answer_dma(c, &dma);
}

size_t client_receive(struct client *c, struct vfio_user_header *header, void *payload,
		      size_t room)
{
	for (;;) {
		receive_bytes(c, header, sizeof(*header));
		CHECK(header->size >= sizeof(*header));
		if (header->flags & VFIO_USER_TYPE_REPLY)
			break;
		if (header->command == VFIO_USER_DMA_READ)
			take_dma_read(c, header);
		else
			take_dma_write(c, header);
	}
	CHECK(header->size - sizeof(*header) <= room);
	receive_bytes(c, payload, header->size - sizeof(*header));
	return header->size - sizeof(*header);
}

int client_command(struct client *c, uint16_t command, const void *payload, size_t size,
		   void *reply, size_t *room)
{
	uint16_t id = client_send(c, command, 0, payload, size);
	struct vfio_user_header header;

	*room = client_receive(c, &header, reply, *room);
	CHECK_EQUAL(header.id, id);
	CHECK_EQUAL(header.command, command);
	if (!(header.flags & VFIO_USER_ERROR)) {
		CHECK_EQUAL(header.error, 0);
		return 0;
	}
	CHECK_EQUAL(*room, 0);
	CHECK(header.error);
	return header.error;
}

int client_call(struct client *c, uint16_t command, const void *payload, size_t size)
{
	uint8_t reply[TRANSPORT_MAX_MESSAGE];
	size_t room = sizeof(reply);

	return client_command(c, command, payload, size, reply, &room);
}

int client_version(struct client *c)
{
	struct vfio_user_version version = {};

	return client_call(c, VFIO_USER_VERSION, &version, sizeof(version));
}

void client_reset(struct client *c)
{
	CHECK_EQUAL(client_call(c, VFIO_USER_DEVICE_RESET, NULL, 0), 0);
}

void client_read(struct client *c, uint32_t region, uint64_t offset, void *data,
		 uint32_t count)
{
	struct vfio_user_region_access access = {
		.offset = offset, .region = region, .count = count,
	};
	uint8_t reply[TRANSPORT_MAX_MESSAGE];
	size_t size = sizeof(reply);

	CHECK_EQUAL(client_command(c, VFIO_USER_REGION_READ, &access, sizeof(access), reply,
				   &size), 0);
	CHECK_EQUAL(size, sizeof(access) + count);
	CHECK(!memcmp(reply, &access, sizeof(access)));
	memcpy(data, reply + sizeof(access), count);
}

void client_write(struct client *c, uint32_t region, uint64_t offset, const void *data,
		  uint32_t count)
{
	struct vfio_user_region_access access = {
		.offset = offset, .region = region, .count = count,
	};
	uint8_t payload[sizeof(access) + TRANSPORT_MAX_DATA];
	struct vfio_user_region_access reply;
	size_t size = sizeof(reply);

	CHECK(count <= TRANSPORT_MAX_DATA);
	memcpy(payload, &access, sizeof(access));
	memcpy(payload + sizeof(access), data, count);
	CHECK_EQUAL(client_command(c, VFIO_USER_REGION_WRITE, payload,
				   sizeof(access) + count, &reply, &size), 0);
	CHECK_EQUAL(size, sizeof(access));
	CHECK(!memcmp(&reply, &access, sizeof(access)));
}

uint32_t read32(struct client *c, uint32_t region, uint64_t offset)
{
	uint32_t value;

	client_read(c, region, offset, &value, sizeof(value));
	return value;
}

uint16_t read16(struct client *c, uint32_t region, uint64_t offset)
{
	uint16_t value;

	client_read(c, region, offset, &value, sizeof(value));
	return value;
}

void write32(struct client *c, uint32_t region, uint64_t offset, uint32_t value)
{
	client_write(c, region, offset, &value, sizeof(value));
}

void write16(struct client *c, uint32_t region, uint64_t offset, uint16_t value)
{
	client_write(c, region, offset, &value, sizeof(value));
}

void write8(struct client *c, uint32_t region, uint64_t offset, uint8_t value)
{
	client_write(c, region, offset, &value, sizeof(value));
}

unsigned int client_take_dma(struct client *c)
{
	unsigned int count = c->dma_count;

	c->dma_count = 0;
	return count;
}

void client_expect_dma(struct client *c, uint64_t address, uint32_t data)
{
	CHECK_EQUAL(client_take_dma(c), 1);
	CHECK_EQUAL(c->dma[0].address, address);
	CHECK_EQUAL(c->dma[0].data, data);
}

void client_expect_no_dma(struct client *c)
{
	CHECK_EQUAL(client_take_dma(c), 0);
}

unsigned int client_find_capability(struct client *c, uint8_t id)
{
	unsigned int hops, offset = PCI_CAPABILITY_LIST;
	uint16_t entry;

	if (!(read16(c, CONFIG_REGION, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	offset = read16(c, CONFIG_REGION, PCI_CAPABILITY_LIST) & 0xff;
	for (hops = 0; offset; hops++) {
		CHECK(offset >= PCI_STD_HEADER_SIZEOF && !(offset & 3) && hops < 48);
		entry = read16(c, CONFIG_REGION, offset);
		if ((entry & 0xff) == id)
			return offset;
		offset = entry >> 8;
	}
	return 0;
}
