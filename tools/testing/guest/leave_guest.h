/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LEAVE_GUEST_H
#define LEAVE_GUEST_H

#include <linux/types.h>

/*
 * QEMU's SVM leaves the type of the guest's last exception in the VMCB, without the bit that
 * makes it valid. From 6.14 on, KVM looks at the type alone (svm_check_emulate_instruction()):
 * it then assumes that an access to emulated memory happened while an event was delivered, and
 * ends the guest. An instruction that is always intercepted clears the field: CPUID, whose
 * function is in another header in each kernel.
 */
static inline void leave_guest(void)
{
	u32 eax = 0, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a" (eax), "=b" (ebx), "+c" (ecx), "=d" (edx));
}

#endif /* LEAVE_GUEST_H */
