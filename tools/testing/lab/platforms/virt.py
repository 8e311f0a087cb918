# SPDX-License-Identifier: GPL-2.0-only
"""arm64: messages go to an ITS, which tells devices apart, or to a GICv2m, which does
not."""

import dataclasses

import arches

from .platform import Platform

# Kernels with pages of 16K hang on a Cortex-A57, which does not have them. The
# architecture's own algorithm for pointer authentication is slow in an emulation.
CPU = "max,pauth-impdef=on"


@dataclasses.dataclass(frozen=True)
class Virt(Platform):
    gic: str

    program = "qemu-system-aarch64"
    command_line = "console=ttyAMA0"
    channel = "/dev/ttyAMA1"

    def arguments(self, boot, logs):
        return ["-nodefaults",
                "-machine", f"virt,accel=tcg,{self.gic},iommu=smmuv3,memory-backend=ram",
                "-cpu", CPU,
                "-serial", f"file:{logs}/console", "-serial", "chardev:channel"]


PLATFORMS = (Virt("its", arches.ARM64, True, "gic-version=3,its=on"),
             Virt("gicv2m", arches.ARM64, False, "gic-version=2"))
