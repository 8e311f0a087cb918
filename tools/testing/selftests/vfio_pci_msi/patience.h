/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The harness gives a test 30 seconds, which are too few on a busy machine with a debug
 * kernel. Upstream's tests are compiled with this file included before their first line.
 */
#ifndef VFIO_PCI_MSI_PATIENCE_H
#define VFIO_PCI_MSI_PATIENCE_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	180

#endif
