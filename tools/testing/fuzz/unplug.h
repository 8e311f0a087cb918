/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes a device out of its slot while it is in use.
 */
#ifndef FUZZ_UNPLUG_H
#define FUZZ_UNPLUG_H

#include <stdbool.h>

/* The device is gone: reads return ones from now on. */
void unplug_pull(const char *bdf);
/*
 * The kernel removes the device: by itself where it watches the slot, else it is told to.
 * This waits until nobody has the device open any more.
 */
void unplug_tell(const char *bdf);
bool unplug_is_known(const char *bdf);

#endif /* FUZZ_UNPLUG_H */
