// SPDX-License-Identifier: GPL-2.0-only
#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

/* If more bytes than this are queued, nothing is read. */
#define OUT_LIMIT	(1 << 20)
/* How long the peer may take to read the last messages before the connection is closed. */
#define LINGER_MS	1000
#define MAX_FDS		64

/*
 * A client may connect as soon as it sees the path, so the path must not exist before
 * the socket listens: bind under another name, listen, rename.
 */
static int listen_at(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len;

	len = snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		log_line("%s: %s", path, strerror(ENAMETOOLONG));
		return -1;
	}
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1)) {
		log_line("%s: %s", address.sun_path, strerror(errno));
		return -1;
	}
	if (rename(address.sun_path, path)) {
		log_line("%s: %s", path, strerror(errno));
		unlink(address.sun_path);
		return -1;
	}
	return 0;
}

int transport_accept(struct transport *t, const char *path)
{
	int listener;

	memset(t, 0, sizeof(*t));
	t->fd = -1;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0) {
		log_line("socket: %s", strerror(errno));
		return -1;
	}
	if (!listen_at(listener, path)) {
		t->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (t->fd < 0)
			log_line("%s: accept: %s", path, strerror(errno));
		unlink(path);
	}
	close(listener);
	return t->fd < 0 ? -1 : 0;
}

/*
 * The models use neither the client's memory nor its eventfds: close all file
 * descriptors, whatever message they came with.
 */
static void close_fds(struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	size_t i, count;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			close(fd);
		}
	}
}

/* Returns what recv() does. */
static ssize_t receive_bytes(struct transport *t, size_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = { t->in + t->received, count };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t ret;

	ret = recvmsg(t->fd, &msg, MSG_CMSG_CLOEXEC);
	if (ret >= 0)
		close_fds(&msg);
	return ret;
}

static size_t first_size(const struct transport *t)
{
	struct vfio_user_header header;

	memcpy(&header, t->out, sizeof(header));
	return header.size;
}

/*
 * Returns false if the peer has disconnected. Each message is sent for itself: the socket
 * accepts its header whole or not at all. QEMU cannot go on if it reads a part of a header
 * ("short read of header").
 */
static bool flush(struct transport *t)
{
	ssize_t ret;

	while (t->queued) {
		if (!t->left)
			t->left = first_size(t);
		ret = send(t->fd, t->out, t->left, MSG_NOSIGNAL);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return errno == EAGAIN;
		t->left -= ret;
		t->queued -= ret;
		memmove(t->out, t->out + ret, t->queued);
	}
	return true;
}

static bool wait_for(struct transport *t, short events, int timeout)
{
	struct pollfd pollfd = { .fd = t->fd, .events = events };
	int ret;

	do {
		ret = poll(&pollfd, 1, timeout);
	} while (ret < 0 && errno == EINTR);
	return ret > 0;
}

/* Read until @size bytes of the message have come. Returns false if the connection ends. */
static bool receive_until(struct transport *t, size_t size)
{
	short events;
	ssize_t ret;

	while (t->received < size) {
		if (!flush(t))
			return false;
		ret = -1;
		errno = EAGAIN;
		if (t->queued < OUT_LIMIT)
			ret = receive_bytes(t, size - t->received);
		if (ret > 0) {
			t->received += ret;
			continue;
		}
		if (!ret || (errno != EAGAIN && errno != EINTR))
			return false;
		events = t->queued ? POLLOUT : 0;
		if (t->queued < OUT_LIMIT)
			events |= POLLIN;
		if (!wait_for(t, events, -1))
			return false;
	}
	return true;
}

enum transport_event transport_receive(struct transport *t)
{
	t->received = 0;
	if (!receive_until(t, sizeof(t->header))) {
		if (t->received)
			log_line("the connection ended inside a header");
		return TRANSPORT_END;
	}
	if (t->header.size < sizeof(t->header) || t->header.size > sizeof(t->in))
		return TRANSPORT_BAD_SIZE;
	if (!receive_until(t, t->header.size)) {
		log_line("the connection ended inside a message");
		return TRANSPORT_END;
	}
	return TRANSPORT_MESSAGE;
}

static void append(struct transport *t, const void *data, size_t size)
{
	if (size) {
		memcpy(t->out + t->queued, data, size);
		t->queued += size;
	}
}

void transport_send(struct transport *t, const struct vfio_user_header *header,
		    const void *payload)
{
	size_t needed = t->queued + header->size;
	uint8_t *out;

	if (needed > t->room) {
		out = realloc(t->out, 2 * needed);
		if (!out) {
			log_line("out of memory for %zu bytes to send", needed);
			exit(EXIT_FAILURE);
		}
		t->out = out;
		t->room = 2 * needed;
	}
	append(t, header, sizeof(*header));
	append(t, payload, header->size - sizeof(*header));
}

void transport_close(struct transport *t)
{
	while (flush(t) && t->queued) {
		if (!wait_for(t, POLLOUT, LINGER_MS))
			break;
	}
	close(t->fd);
	free(t->out);
}
