/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection on a UNIX socket, cut into messages. Sending never blocks:
 * what the socket does not take is queued, and a peer that does not read is not
 * listened to until it does.
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
	size_t queued;		/* bytes waiting in out, from its beginning */
	size_t room;		/* bytes allocated for out */
	uint8_t *out;
	/* The message being received. */
	union {
		struct vfio_user_header header;
		uint8_t in[TRANSPORT_MAX_MESSAGE];
	};
};

/* What transport_receive() came back with. */
enum transport_event {
	TRANSPORT_MESSAGE,	/* header and payload are valid until the next call */
	TRANSPORT_BAD_SIZE,	/* only the header is; nothing can follow */
	TRANSPORT_END,
};

/* Wait at @path for one client. Returns 0 or -1, with a message logged. */
int transport_accept(struct transport *t, const char *path);
enum transport_event transport_receive(struct transport *t);
void transport_send(struct transport *t, const struct vfio_user_header *header,
		    const void *payload);
/* Send what is queued, if the peer takes it, and hang up. */
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
