// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "bytes.h"
#include "options.h"
#include "peer.h"

#define OPCODE		0
#define BLOCK		2
#define DATA		4
#define HEADER_SIZE	4

enum { READ = 1, SEND_DATA = 3, ACKNOWLEDGE, FAIL, ACCEPT_OPTIONS };

#define NOT_FOUND		1
#define BLOCK_SIZE_DEFAULT	512
#define BLOCK_SIZE_MIN		8
#define BLOCK_SIZE_MAX		(PEER_DATA_MAX - HEADER_SIZE)

/* Take the next string of a request. Returns NULL if there is none. */
static const char *next_string(const uint8_t **at, size_t *size)
{
	const char *string = (const char *)*at;
	const uint8_t *end = *size ? memchr(*at, 0, *size) : NULL;

	if (!end)
		return NULL;
	*size -= end + 1 - *at;
	*at = end + 1;
	return string;
}

static size_t not_found(uint8_t *answer)
{
	put16(answer, OPCODE, FAIL);
	put16(answer, BLOCK, NOT_FOUND);
	answer[DATA] = 0;
	return HEADER_SIZE + 1;
}

/* Every byte says which block it is from. The last block is shorter than the others. */
static size_t send_block(struct tftp *tftp, uint8_t *answer)
{
	uint64_t start = (uint64_t)(tftp->block - 1) * tftp->block_size;
	uint64_t size = tftp->size - start;

	if (size > tftp->block_size)
		size = tftp->block_size;
	put16(answer, OPCODE, SEND_DATA);
	put16(answer, BLOCK, tftp->block);
	memset(answer + DATA, tftp->block, size);
	return HEADER_SIZE + size;
}

static void take_block_size(struct tftp *tftp, const char *value)
{
	unsigned long size = strtoul(value, NULL, 10);

	if (size >= BLOCK_SIZE_MIN)
		tftp->block_size = size < BLOCK_SIZE_MAX ? size : BLOCK_SIZE_MAX;
}

/* Of the driver's options, the block's and the file's size. Returns how many were put. */
static size_t put_options(struct tftp *tftp, const uint8_t *at, size_t size, char *answer,
			  size_t room)
{
	const char *name, *value;
	size_t used = 0;

	while ((name = next_string(&at, &size)) && (value = next_string(&at, &size))) {
		unsigned long long number = tftp->size;

		if (!strcasecmp(name, "blksize")) {
			take_block_size(tftp, value);
			number = tftp->block_size;
		} else if (strcasecmp(name, "tsize")) {
			continue;
		}
		if (used + strlen(name) + 24 > room)
			break;
		used += sprintf(answer + used, "%s", name) + 1;
		used += sprintf(answer + used, "%llu", number) + 1;
	}
	return used;
}

size_t tftp_request(struct tftp *tftp, uint16_t port, const uint8_t *request, size_t size,
		    uint8_t *answer)
{
	const uint8_t *at = request + 2;
	const char *name;
	size_t used;

	if (size < 2 || get16(request, OPCODE) != READ)
		return 0;
	size -= 2;
	name = next_string(&at, &size);
	if (!name || !next_string(&at, &size))
		return 0;
	tftp->port = port;
	tftp->block_size = BLOCK_SIZE_DEFAULT;
	tftp->block = 0;
	if (option_number(name + (*name == '/'), &tftp->size))
		return not_found(answer);
	used = put_options(tftp, at, size, (char *)answer + 2, PEER_DATA_MAX - 2);
	if (used) {
		put16(answer, OPCODE, ACCEPT_OPTIONS);
		return 2 + used;
	}
	tftp->block = 1;
	return send_block(tftp, answer);
}

size_t tftp_acknowledge(struct tftp *tftp, const uint8_t *request, size_t size,
			uint8_t *answer)
{
	if (size < HEADER_SIZE || get16(request, OPCODE) != ACKNOWLEDGE ||
	    get16(request, BLOCK) != (uint16_t)tftp->block)
		return 0;
	if ((uint64_t)tftp->block * tftp->block_size > tftp->size)
		return 0;
	tftp->block++;
	return send_block(tftp, answer);
}
