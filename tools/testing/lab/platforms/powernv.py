# SPDX-License-Identifier: GPL-2.0-only
"""ppc64le without a hypervisor. The devices are behind one switch, so that each of them
is a PE of its own on the same host bridge, which tells their messages apart by the PE.

Only QEMU's machine with POWER8 does that.
"""

import arches

from .platform import Platform, Port


class PowerNV(Platform):
    program = "qemu-system-ppc64"
    command_line = "console=hvc0"
    channel = "/dev/vport0p1"

    def arguments(self, boot, logs):
        # -nodefaults would remove the host bridges. There is only one serial port, so
        # the channel is a virtio port, on a bridge that has no other devices.
        return ["-nic", "none", "-monitor", "none",
                "-machine", "powernv8,accel=tcg,memory-backend=ram",
                "-serial", f"file:{logs}/console",
                "-device", "virtio-serial-pci,bus=pcie.1",
                "-device", "virtserialport,chardev=channel",
                "-device", "x3130-upstream,id=switch,bus=pcie.0"]

    def port(self, index):
        return Port(f"0000:02:{index:02x}.0",
                    ["-device", f"xio3130-downstream,id=port{index},bus=switch,"
                     f"chassis={index + 1},slot={index + 1},addr={index:#x}"],
                    {"bus": f"port{index}"})


PLATFORMS = (PowerNV("powernv8", arches.PPC64LE, True),)
