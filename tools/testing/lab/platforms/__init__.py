# SPDX-License-Identifier: GPL-2.0-only
"""The machines that emulated hosts can be: each file has one of QEMU's."""

import progress

from . import powernv, pseries, q35, virt

ALL = (*q35.PLATFORMS, *virt.PLATFORMS, *powernv.PLATFORMS, *pseries.PLATFORMS)


def of_arch(arch):
    """{name: platform}; the first one is the default."""
    return {platform.name: platform for platform in ALL if platform.arch == arch}


def get(name, arch):
    """The platform of that name, or the first one for None."""
    known = of_arch(arch)
    if name is None:
        return next(iter(known.values()))
    if name not in known:
        raise progress.Failed(f"no platform {name} for {arch.name}, there are: "
                              f"{' '.join(known)}")
    return known[name]
