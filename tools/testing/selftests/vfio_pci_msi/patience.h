/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A busy machine and a kernel full of checks: the harness's 30 seconds can be too
 * few. Upstream's tests are compiled with this before their first line.
 */
#ifndef VFIO_PCI_MSI_PATIENCE_H
#define VFIO_PCI_MSI_PATIENCE_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	180

#endif
