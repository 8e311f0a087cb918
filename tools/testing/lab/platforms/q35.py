# SPDX-License-Identifier: GPL-2.0-only
"""x86_64: with Intel's IOMMU, its interrupt remapping on or off, with AMD's, or with none."""

import arches
import clock
import progress

from .platform import PORTS, Platform, Port, root_port, servers

# With five-level paging, KASAN reports valid memory if an interrupt comes while the
# kernel reads the processor's features again (7.3). With erms, fsrm, fsrs and fzrm the
# kernel clears and copies memory byte by byte, which is fast in hardware only: TCG
# emulates each byte, and a host took more than twice as long.
CPU = "max,la57=off,erms=off,fsrm=off,fsrs=off,fzrm=off"

# One instruction takes a nanosecond of the host's time. QEMU ends with "Bad icount read"
# when an APIC's timer is set by an MSR, as it is with x2APIC. What is measured must not
# depend on addresses that the kernel chooses, nor on what it does against faults that
# TCG's processor does not have.
ICOUNT = ("-icount", "shift=0,sleep=off")
ICOUNT_CPU = ",x2apic=off"
ICOUNT_TSC_KHZ = 1000000
ICOUNT_COMMAND_LINE = (" nokaslr mitigations=off nosoftlockup nowatchdog "
                       "rcupdate.rcu_cpu_stall_suppress=1")


class Q35(Platform):
    program = "qemu-system-x86_64"
    channel = "/dev/ttyS1"
    iommu = ""

    @property
    def command_line(self):
        """The kernel checks the timer against real time, with which TCG may not keep up.
        All processors have the same time stamp counter. Linux does not rely on that,
        and would read the time from one of QEMU's devices instead. The speed that Linux
        measures is wrong by a factor of ten if the machine is busy at that time."""
        khz = ICOUNT_TSC_KHZ if self.icount else clock.tsc_khz()
        return (f"console=ttyS0 no_timer_check tsc=reliable tsc_early_khz={khz}"
                f"{ICOUNT_COMMAND_LINE if self.icount else ''}")

    def arguments(self, boot, logs):
        return ["-nodefaults",
                "-machine", "q35,accel=tcg,kernel-irqchip=split,memory-backend=ram",
                "-cpu", CPU + (ICOUNT_CPU if self.icount else ""),
                *(ICOUNT if self.icount else ()), *(["-device", self.iommu] if self.iommu else []),
                "-serial", f"file:{logs}/console", "-serial", "chardev:channel"]


class Intel(Q35):
    can_count = True

    def check(self, devices):
        pass

    @property
    def title(self):
        return f"remap={self.name}"

    @property
    def iommu(self):
        eim = "off" if self.icount else self.name
        return f"intel-iommu,intremap={self.name},caching-mode=on,eim={eim}"

    @property
    def command_line(self):
        return super().command_line + " intel_iommu=on"


class Amd(Q35):
    """QEMU takes the messages of all vfio-user devices for messages of the IOAPIC, which
    is the device 00:14.0 for AMD's IOMMU. So only a vfio-user device at that address can
    have interrupts. On hardware the SMBus controller is there; Linux 7.3 and later do
    not remap interrupts if they do not find it."""

    iommu = "amd-iommu,intremap=on,xtsup=on,dma-remap=on"
    ioapic = 0x14
    smbus = 0x0c0500

    def check(self, devices):
        names = servers(devices)
        if len(names) != 1:
            raise progress.Failed(
                f"{self.name} takes one vfio-user device, not "
                f"{','.join(names) or 'none'}: QEMU takes the messages of all for "
                "those of the one at 00:14.0, where Linux needs a device")

    def own_ports(self, devices):
        at_ioapic = Port(f"0000:00:{self.ioapic:02x}.0", [],
                         {"bus": "pcie.0", "addr": f"{self.ioapic:x}.0",
                          "x-pci-class-code": self.smbus})
        return [at_ioapic if device.is_server else self.port(index)
                for index, device in enumerate(devices)]

    def port(self, index):
        return root_port(index, [addr for addr in PORTS if addr != self.ioapic][index])


class Hotplug(Intel):
    """The kernel drives the slots of its ports: by default QEMU's ACPI does, without a
    word to the kernel when a device is gone. With a control over the slot's power, the kernel
    would take a device that was ejected by that for one that it has removed before."""

    @property
    def title(self):
        return self.name

    @property
    def iommu(self):
        return "intel-iommu,intremap=on,caching-mode=on,eim=on"

    def arguments(self, boot, logs):
        return [*super().arguments(boot, logs),
                "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                "-global", "pcie-root-port.power_controller_present=off"]


class Without(Q35):
    """A host whose IOMMU is switched off in the firmware: VFIO accepts no device."""

    def check(self, devices):
        pass


PLATFORMS = (Intel("on", arches.X86, True), Intel("off", arches.X86, False),
             Amd("amd", arches.X86, True), Hotplug("hotplug", arches.X86, True),
             Without("without", arches.X86, False))
