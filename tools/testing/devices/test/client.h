/* SPDX-License-Identifier: GPL-2.0-only */
/* A vfio-user client, which starts its server. The test fails if one of its checks does. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../transport.h"

#define CONFIG_REGION	7

/* What the client does with the server's DMA writes. */
enum dma_answer {
	DMA_ANSWER,
	DMA_ANSWER_WITH_SIZE,	/* the longer form of the same */
	DMA_ANSWER_SHORT,	/* fewer bytes were written than requested */
	DMA_REFUSE,
	DMA_KEEP_SILENT,
};

struct dma_write {
	uint16_t id;
	uint64_t address;
	uint32_t data;
};

/*
 * Memory that the server can read at @address. If @written is not NULL it is the same memory,
 * and the server's writes to it go there, and not to dma[].
 */
struct client_memory {
	uint64_t address;
	const void *data;
	size_t size;
	void *written;
};

struct client {
	int fd;
	pid_t server;
	uint16_t next_id;
	enum dma_answer answer;
	struct client_memory memory;
	unsigned int dma_reads;		/* reads that have come */
	uint16_t dma_read_id;		/* the last of them */
	/* The DMA writes that have come since client_take_dma(). */
	unsigned int dma_count;
	struct dma_write dma[4096];
};

/* Where the servers are, and where they listen. */
extern const char *server_dir;
extern char socket_path[64];

/*
 * Start a server with these arguments and connect to it. client_start() also negotiates the
 * version. client_start_reset() then resets the device, and enables memory decoding and bus
 * mastering.
 */
#define client_connect(...)	__client_connect((const char *[]){ __VA_ARGS__, NULL })
#define client_start(...)	__client_start((const char *[]){ __VA_ARGS__, NULL })
#define client_start_reset(...)	__client_start_reset((const char *[]){ __VA_ARGS__, NULL })
struct client *__client_connect(const char *const *args);
struct client *__client_start(const char *const *args);
struct client *__client_start_reset(const char *const *args);
/* Disconnect, and check that the server exits without an error. */
void client_stop(struct client *c);
/* Check that the server still answers, and stop it. */
void client_check_alive(struct client *c);

/* The parts of a call: raw bytes, bytes with file descriptors, a command. */
void client_send_bytes(struct client *c, const void *data, size_t size);
void client_send_fds(struct client *c, const void *data, size_t size, const int *fds,
		     unsigned int count);
uint16_t client_send(struct client *c, uint16_t command, uint32_t flags,
		     const void *payload, size_t size);
/*
 * Receive the next reply, and answer the DMA writes that come before it. Returns the size of
 * its payload, which must fit into @room.
 */
size_t client_receive(struct client *c, struct vfio_user_header *header, void *payload,
		      size_t room);
void client_expect_end(struct client *c);

/* Returns the errno of the reply, or 0 with *@room set to the payload's size. */
int client_command(struct client *c, uint16_t command, const void *payload, size_t size,
		   void *reply, size_t *room);
/* The same for a command whose reply is not used. */
int client_call(struct client *c, uint16_t command, const void *payload, size_t size);
int client_version(struct client *c);
void client_reset(struct client *c);
void client_answer_dma(struct client *c, const struct dma_write *dma);
/* Answer from c->memory, as c->answer says. It is an error if it is not in c->memory. */
void client_answer_dma_read(struct client *c, uint16_t id, uint64_t address, size_t size);

/* Region accesses that must succeed. */
void client_read(struct client *c, uint32_t region, uint64_t offset, void *data,
		 uint32_t count);
void client_write(struct client *c, uint32_t region, uint64_t offset, const void *data,
		  uint32_t count);
uint32_t read32(struct client *c, uint32_t region, uint64_t offset);
void write32(struct client *c, uint32_t region, uint64_t offset, uint32_t value);
void write16(struct client *c, uint32_t region, uint64_t offset, uint16_t value);
void write8(struct client *c, uint32_t region, uint64_t offset, uint8_t value);
uint16_t read16(struct client *c, uint32_t region, uint64_t offset);

/* Returns how many DMA writes came; c->dma has them until the next one comes. */
unsigned int client_take_dma(struct client *c);
void client_expect_dma(struct client *c, uint64_t address, uint32_t data);
void client_expect_no_dma(struct client *c);
/* The offset of capability @id, or 0. */
unsigned int client_find_capability(struct client *c, uint8_t id);

#endif /* CLIENT_H */
