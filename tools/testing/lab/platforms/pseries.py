# SPDX-License-Identifier: GPL-2.0-only
"""ppc64le under QEMU's own hypervisor. Each device has a host bridge of its own, as all
devices behind one bridge are a single group."""

import arches

from .platform import Platform, Port


class PSeries(Platform):
    program = "qemu-system-ppc64"
    command_line = "console=hvc0"
    channel = "/dev/hvc1"
    # Only the firmware, which is not used, would have prepared the memory.
    noise = ("WARNING: nvram corruption detected: 0-length partition",)

    def arguments(self, boot, logs):
        # x-vof replaces the default firmware, which takes longer to start than Linux.
        # TCG does not have the mitigations that are on by default.
        return ["-nodefaults",
                "-machine", "pseries,accel=tcg,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,"
                "cap-ibs=broken,cap-ccf-assist=off,memory-backend=ram",
                "-chardev", f"file,id=console,path={logs}/console",
                "-device", "spapr-vty,chardev=console",
                "-device", "spapr-vty,chardev=channel"]

    def port(self, index):
        bridge = f"spapr-pci-host-bridge,index={index + 1},id=port{index}"
        return Port(f"{index + 1:04x}:00:00.0", ["-device", bridge],
                    {"bus": f"port{index}.0"})


PLATFORMS = (PSeries("pseries", arches.PPC64LE, False),)
