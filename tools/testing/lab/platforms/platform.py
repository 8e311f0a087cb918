# SPDX-License-Identifier: GPL-2.0-only
"""What the lab has to know of a machine."""

import dataclasses

import arches

FIRST_PORT = 0x10  # on bus 0, where no machine has anything of its own


@dataclasses.dataclass(frozen=True)
class Platform:
    name: str  # in plans
    arch: arches.Arch
    isolates: bool  # the messages of one device from another's

    # What differs from one of QEMU's machines to the next.
    program = ""
    command_line = ""  # of the kernel
    channel = ""  # the device of init's reports
    noise = ()  # splats that are the machine's own

    @property
    def title(self):
        return self.name

    def arguments(self, boot, logs):
        """All of QEMU's but for the kernel, the devices and the character device
        that is called channel."""
        raise NotImplementedError

    def port(self, index):
        """QEMU's arguments for the place of a device, and the bus it is."""
        return root_port(index, "pcie.0", FIRST_PORT + index), f"port{index}"

    def place(self, index):
        """The port as the kernel knows it, or the device where there is none."""
        return f"0000:00:{FIRST_PORT + index:02x}.0"


def root_port(index, bus, addr):
    """The port's speed is one at which Linux does not ask for the link's state
    after a bus reset: QEMU's port never reports a link as active."""
    return ["-device", f"pcie-root-port,id=port{index},bus={bus},x-speed=2_5,"
            f"addr={addr:#x},chassis={index + 1},slot={index + 1}"]
