// SPDX-License-Identifier: GPL-2.0-only
#include <sys/ioctl.h>

#include "busy.h"
#include "session.h"
#include "window.h"

/* The offset of memory in the window that is no slot. */
#define PLAIN_OFFSET	(WINDOW_OFFSET + 0x7000)

static int write_window(struct call *call)
{
	u32 value = 0;

	return region_write(call->fd, WINDOW_BAR, PLAIN_OFFSET, &value,
			    sizeof(value));
}

void busy_start(struct busy *b, int fd, u32 ms)
{
	bar_write32(fd, WINDOW_BAR, ATH11K_UNREADY_MS, ms);
	call_start(&b->reset, fd, VFIO_DEVICE_RESET, NULL);
	VFIO_ASSERT_TRUE(call_waits(&b->reset));
	call_start_as(&b->write, fd, write_window);
	VFIO_ASSERT_TRUE(call_waits(&b->write));
	VFIO_ASSERT_TRUE(busy_lasts(b));
}

bool busy_lasts(struct busy *b)
{
	return !call_is_done(&b->reset);
}

void busy_end(struct busy *b)
{
	VFIO_ASSERT_EQ(call_end(&b->reset), 0);
	VFIO_ASSERT_EQ(call_end(&b->write), sizeof(u32));
}
