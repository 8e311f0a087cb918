# SPDX-License-Identifier: GPL-2.0-only
"""What all of QEMU's machines have in common for the lab."""

import dataclasses

import arches
import progress

# Addresses on bus 0 where no machine has devices of its own
PORTS = (*range(0x10, 0x1d), *range(8, 16))


@dataclasses.dataclass(frozen=True)
class Port:
    """The place of one device of a host."""
    # The port as the kernel knows it, with "+1" for the second function behind it, or the
    # device where there is no port.
    place: str
    arguments: list  # QEMU's, for the port
    properties: dict  # QEMU's, of the device


@dataclasses.dataclass(frozen=True)
class Platform:
    name: str  # in plans
    arch: arches.Arch
    isolates: bool  # the messages of one device from another's
    # A tick of the host's time stamp counter is an executed instruction.
    icount: bool = dataclasses.field(default=False, kw_only=True)

    # These differ between QEMU's machines.
    can_count = False  # it can have icount
    program = ""
    command_line = ""  # of the kernel
    channel = ""  # the device of init's reports
    noise = ()  # lines of the log that look like faults; the machine causes them

    @property
    def title(self):
        return self.name

    def arguments(self, boot, logs):
        """QEMU's options, without those of the kernel, of the devices and of the
        character device "channel"."""
        raise NotImplementedError

    def counting(self):
        """The same platform, with icount."""
        if not self.can_count:
            raise progress.Failed(f"{self.name} cannot count instructions")
        return dataclasses.replace(self, icount=True)

    def check(self, devices):
        """Refuses devices that a host cannot have."""
        names = servers(devices)
        if names:
            raise progress.Failed(f"{self.name} takes no vfio-user device, so not "
                                  f"{','.join(names)}: its messages would not arrive")

    def ports(self, devices):
        """The place of each device: second functions of a slot have no port of their own."""
        ports = self.own_ports(devices)
        names = [device.name for device in devices]
        for index, device in enumerate(devices):
            if device.first:
                if device.first not in names:
                    raise progress.Failed(f"{device.name} is nowhere without {device.first}")
                first = names.index(device.first)
                ports[first], ports[index] = functions(ports[first])
        return ports

    def own_ports(self, devices):
        """A port for each device."""
        return [self.port(index) for index, _ in enumerate(devices)]

    def port(self, index):
        return root_port(index, PORTS[index])


def servers(devices):
    """The names of the vfio-user devices."""
    return [device.name for device in devices if device.is_server]


def functions(port):
    """The places of both functions of a port's slot."""
    return (dataclasses.replace(port, properties={**port.properties, "addr": "0.0",
                                                  "multifunction": True}),
            Port(f"{port.place}+1", [], {**port.properties, "addr": "0.1"}))


def root_port(index, addr):
    """A port whose speed is so low that Linux does not read the state of the link after
    a bus reset: QEMU's port never reports a link as active."""
    return Port(f"0000:00:{addr:02x}.0",
                ["-device", f"pcie-root-port,id=port{index},bus=pcie.0,x-speed=2_5,"
                 f"addr={addr:#x},chassis={index + 1},slot={index + 1}"],
                {"bus": f"port{index}"})
