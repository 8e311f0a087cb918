// SPDX-License-Identifier: GPL-2.0-only
/* The ranges that a window consists of: one, or several with holes between them. */
#include "vfio-msi.h"

size_t window_range_count(const struct window *window)
{
	return window->ranges ? window->ranges : 1;
}

struct window_range window_range_at(const struct window *window, size_t i)
{
	if (window->ranges)
		return window->range[i];
	return (struct window_range){ window->offset, window->size };
}

/* Returns false if the window has too many. The caller adds them in ascending order. */
bool window_add_range(struct window *window, uint64_t offset, uint64_t size)
{
	if (window->ranges == WINDOW_RANGES)
		return false;
	if (!window->ranges)
		window->offset = offset;
	window->size = offset + size - window->offset;
	window->range[window->ranges++] = (struct window_range){ offset, size };
	return true;
}
