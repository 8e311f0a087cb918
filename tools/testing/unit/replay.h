/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Run a script. Returns NULL, or what is wrong. @log: where to print steps, or NULL. */
typedef const char *replay_check(const uint8_t *script, size_t size, FILE *log);

/* What the main() of a program that replays scripts returns. */
int replay(int argc, char **argv, replay_check *check);

#endif /* REPLAY_H */
