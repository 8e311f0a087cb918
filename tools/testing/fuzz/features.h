/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO_DEVICE_FEATURE, with payloads that are mostly what the feature expects.
 */
#ifndef FUZZ_FEATURES_H
#define FUZZ_FEATURES_H

#include "calls.h"

int run_feature(struct target *t, const struct call *c);

#endif /* FUZZ_FEATURES_H */
