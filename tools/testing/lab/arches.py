# SPDX-License-Identifier: GPL-2.0-only
"""The architectures of emulated hosts, and the labels of their kernels."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Arch:
    name: str
    debian: str
    kbuild: str  # ARCH of the kernel's makefiles
    triplet: str  # of the cross compiler; empty for the toolbox's own

    @property
    def is_foreign(self):
        return bool(self.triplet)

    def make_variables(self):
        """The variables that make kbuild and the makefiles here build for it."""
        if not self.is_foreign:
            return []
        return [f"ARCH={self.kbuild}", f"CROSS_COMPILE={self.triplet}-"]


X86 = Arch("x86_64", "amd64", "x86_64", "")
ARM64 = Arch("arm64", "arm64", "arm64", "aarch64-linux-gnu")
PPC64LE = Arch("ppc64le", "ppc64el", "powerpc", "powerpc64le-linux-gnu")

# {prefix of labels: (Debian's name of the flavour, architecture)}
FLAVOURS = {
    "": ("amd64", X86),
    "arm64-": ("arm64", ARM64),
    "arm64-16k-": ("arm64-16k", ARM64),
    "ppc64le-": ("powerpc64le", PPC64LE),
    "ppc64le-64k-": ("powerpc64le-64k", PPC64LE),
}
PREFIXES = {flavour: prefix for prefix, (flavour, _) in FLAVOURS.items()}
RELEASE = re.compile(r"(\d+\.\d+)[^-]*(?:-\d+)?-([a-z].*)")


def split(label):
    """The parts of a label: "arm64-16k-6.12" is ("arm64-16k-", "6.12")."""
    head, dash, number = label.rpartition("-")
    return head + dash, number


def of_label(label):
    return FLAVOURS[split(label)[0]][1]


def label_of(release):
    """The label of a release of Debian, None for a flavour that the lab does not use."""
    match = RELEASE.fullmatch(release)
    if not match or match.group(2) not in PREFIXES:
        return None
    return PREFIXES[match.group(2)] + match.group(1)


def order(label):
    """Sorts labels by architecture and page size, then by number."""
    prefix, number = split(label)
    return list(FLAVOURS).index(prefix), [int(part) for part in number.split(".")]
