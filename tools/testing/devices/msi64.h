/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The msi64 model: an unknown device, with a 64-bit MSI capability and an interrupt
 * controller with another layout than ath11k's, in another BAR. BAR 0 has the registers of
 * ath11k.h.
 */
#ifndef MSI64_H
#define MSI64_H

#include "ath11k.h"

#define MSI64_VENDOR_ID		0x1234
#define MSI64_DEVICE_ID		0x5664

#define MSI64_BAR0_SIZE		0x4000
#define MSI64_MSI_OFFSET	ATH11K_MSI_OFFSET
#define MSI64_MSI_VECTORS	32

/*
 * The slots, of four dwords each. Most have no gap between them, none is aligned to its
 * size, and one has its data in another page than its address. The BAR around them is
 * memory.
 */
#define MSI64_SLOT_BAR		2
#define MSI64_SLOT_BAR_SIZE	0x10000
#define MSI64_SLOTS		12
#define MSI64_SLOT_OFFSETS	{ 0x1044, 0x1054, 0x1064, 0x1078, 0x1128, 0x1138, \
				  0x114c, 0x22ac, 0x22bc, 0x22d0, 0x2fe4, 0x2ff4 }
#define MSI64_SLOT_ADDR_LO	0
#define MSI64_SLOT_ADDR_HI	4
#define MSI64_SLOT_CONTROL	8	/* the device's own */
#define MSI64_SLOT_ENABLE	0x1	/* in MSI64_SLOT_CONTROL; other bits have no effect */
#define MSI64_SLOT_DATA		12

#endif /* MSI64_H */
