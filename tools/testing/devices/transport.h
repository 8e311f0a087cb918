/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection on a UNIX socket, and the messages on it. Sending never blocks: the
 * messages that the socket does not accept are queued. If too many are queued, no message is
 * received until the peer has read some.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "vfio_user.h"

/* The most data that a region access or a DMA message carries. */
#define TRANSPORT_MAX_DATA	65536
#define TRANSPORT_MAX_MESSAGE	(sizeof(struct vfio_user_header) + \
				 sizeof(struct vfio_user_region_access) + \
				 TRANSPORT_MAX_DATA)

struct transport {
	int fd;
	size_t received;
	size_t queued;		/* bytes in out that are still to be sent */
	size_t left;		/* of these, bytes of a message of which some were sent */
	size_t room;		/* size of out */
	uint8_t *out;
	/* The message being received. */
	union {
		struct vfio_user_header header;
		uint8_t in[TRANSPORT_MAX_MESSAGE];
	};
};

/* What transport_receive() returns. */
enum transport_event {
	TRANSPORT_MESSAGE,	/* a message, which is valid until the next call */
	TRANSPORT_BAD_SIZE,	/* a header with a wrong size; nothing can be received after it */
	TRANSPORT_END,
};

/* Wait for one client at @path. Returns 0, or logs a message and returns -1. */
int transport_accept(struct transport *t, const char *path);
enum transport_event transport_receive(struct transport *t);
void transport_send(struct transport *t, const struct vfio_user_header *header,
		    const void *payload);
/* Send what is queued, if the peer reads it, and close the connection. */
void transport_close(struct transport *t);

static inline const void *transport_payload(const struct transport *t)
{
	return t->in + sizeof(struct vfio_user_header);
}

static inline size_t transport_payload_size(const struct transport *t)
{
	return t->header.size - sizeof(struct vfio_user_header);
}

#endif /* TRANSPORT_H */
