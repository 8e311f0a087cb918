// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include <libvfio.h>

#include "stall.h"

/* Longer than any kernel needs on any machine. */
#define WAIT_MS	30000

void stall_alloc(struct stall *s)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register missing = {};

	s->page = getpagesize();
	s->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	VFIO_ASSERT_GE(s->uffd, 0);
	ioctl_assert(s->uffd, UFFDIO_API, &api);

	s->start = mmap(NULL, 3 * s->page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(s->start, MAP_FAILED);
	s->missing = s->start + s->page;
	memset(s->start, 0, s->page);
	memset(s->missing + s->page, 0, s->page);
	s->content = calloc_assert(1, s->page);

	missing.range.start = (u64)s->missing;
	missing.range.len = s->page;
	missing.mode = UFFDIO_REGISTER_MODE_MISSING;
	ioctl_assert(s->uffd, UFFDIO_REGISTER, &missing);
}

void stall_free(struct stall *s)
{
	close(s->uffd);
	free(s->content);
	VFIO_ASSERT_EQ(munmap(s->start, 3 * s->page), 0);
}

void *stall_end(struct stall *s, const void *object, size_t size, size_t there)
{
	memcpy(s->content, object + there, size - there);

	return memcpy(s->missing - there, object, there);
}

void *stall_start(struct stall *s, const void *object, size_t size,
		  size_t missing)
{
	u8 *border = s->missing + s->page;

	memcpy(s->content + s->page - missing, object, missing);
	memcpy(border, object + missing, size - missing);

	return border - missing;
}

static bool wait_for_fault(struct stall *s, int timeout_ms)
{
	struct pollfd poll_uffd = { .fd = s->uffd, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&poll_uffd, 1, timeout_ms) == 1 &&
	       read(s->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

bool stall_wait(struct stall *s)
{
	return wait_for_fault(s, WAIT_MS);
}

bool stall_poll(struct stall *s)
{
	return wait_for_fault(s, 1);
}

void stall_provide(struct stall *s)
{
	struct uffdio_copy copy = {
		.dst = (u64)s->missing,
		.src = (u64)s->content,
		.len = s->page,
	};

	ioctl_assert(s->uffd, UFFDIO_COPY, &copy);
}

void stall_remove(struct stall *s)
{
	VFIO_ASSERT_EQ(madvise(s->missing, s->page, MADV_DONTNEED), 0);
}
