# SPDX-License-Identifier: GPL-2.0-only
"""x86_64, with interrupt remapping on or off."""

import arches
import clock

from .platform import Platform

# With five-level paging KASAN reports good memory when an interrupt comes while
# the kernel reads the processor's features again (7.3). The features that let the
# kernel clear and copy memory byte by byte are fast in silicon only: TCG plays each
# byte, and a host took more than twice as long.
CPU = "max,la57=off,erms=off,fsrm=off,fsrs=off,fzrm=off"


class Q35(Platform):
    program = "qemu-system-x86_64"
    channel = "/dev/ttyS1"

    @property
    def title(self):
        return f"remap={self.name}"

    @property
    def command_line(self):
        """The check of the timer is a matter of real time, which TCG may not keep. Its
        processors have one time stamp counter, which Linux does not believe: it would
        ask a device of QEMU's for the time instead. How fast it is Linux finds out
        wrongly, by a factor of ten, when the machine has other things to do then."""
        return ("console=ttyS0 intel_iommu=on no_timer_check tsc=reliable "
                f"tsc_early_khz={clock.tsc_khz()}")

    def arguments(self, boot, logs):
        return ["-nodefaults",
                "-machine", "q35,accel=tcg,kernel-irqchip=split,memory-backend=ram",
                "-cpu", CPU,
                "-device", f"intel-iommu,intremap={self.name},"
                f"caching-mode=on,eim={self.name}",
                "-serial", f"file:{logs}/console", "-serial", "chardev:channel"]


PLATFORMS = (Q35("on", arches.X86, True), Q35("off", arches.X86, False))
