# SPDX-License-Identifier: GPL-2.0-only
"""What the lab has to know of a machine."""

import dataclasses

import arches
import progress

FIRST_PORT = 0x10  # on bus 0, where no machine has anything of its own


@dataclasses.dataclass(frozen=True)
class Port:
    """Where one device of a host is."""
    place: str  # the port as the kernel knows it, or the device where there is none
    arguments: list  # QEMU's, for the port
    properties: dict  # QEMU's, of the device


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

    def check(self, devices):
        """Refuses devices that a host cannot have."""
        names = servers(devices)
        if names:
            raise progress.Failed(f"{self.name} takes no vfio-user device, so not "
                                  f"{','.join(names)}: its messages would not arrive")

    def ports(self, devices):
        """A port for each device."""
        return [self.port(index) for index, _ in enumerate(devices)]

    def port(self, index):
        return root_port(index, FIRST_PORT + index)


def servers(devices):
    """The names of the vfio-user devices."""
    return [device.name for device in devices if device.is_server]


def root_port(index, addr):
    """The port's speed is one at which Linux does not ask for the link's state
    after a bus reset: QEMU's port never reports a link as active."""
    return Port(f"0000:00:{addr:02x}.0",
                ["-device", f"pcie-root-port,id=port{index},bus=pcie.0,x-speed=2_5,"
                 f"addr={addr:#x},chassis={index + 1},slot={index + 1}"],
                {"bus": f"port{index}"})
