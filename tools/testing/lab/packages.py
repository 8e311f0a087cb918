#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Finds and installs the kernels of the toolbox, and checks the toolbox.

lab runs this in the toolbox. The suites get new versions, so no version is named here: the
kernels are those that linux-image-amd64 and linux-headers-amd64 depend on in each suite, and
the source is the newest linux-source-X.Y. The packages of other architectures are in
foreign.py.
"""

import os
import re
import subprocess
import sys

import archive
import arches
import foreign

QEMU_AT_LEAST = (11, 1)  # the first with vfio-user as the lab needs it
QEMUS = ("x86_64", "aarch64", "ppc64")
RELEASES_AT_LEAST = 3
OWN = foreign.OWN


def newest_source():
    """(package, version) of the newest linux-source-X.Y."""
    names = [name for name in OWN.cache("pkgnames", "linux-source-").split()
             if re.fullmatch(r"linux-source-\d+\.\d+", name)]
    package = max(names, key=archive.version_key)
    versions = [fields["Version"] for fields in OWN.records(package)]
    return package, max(versions, key=archive.version_key)


def releases(flavour):
    """{number: release}, e.g. {"6.1": "6.1.0-56-amd64"}, oldest first.

    A number's release is the newest that has both an image and headers.
    """
    found = {}
    for kind in "image", "headers":
        for fields in OWN.records(f"linux-{kind}-{flavour}"):
            for release in archive.depends_on(fields, rf"linux-{kind}-(\d\S*-{flavour})"):
                found.setdefault(release, {})[kind] = fields["Version"]
    best = {}
    for release, kinds in found.items():
        if len(kinds) != 2:
            continue
        key = archive.version_key(kinds["image"])
        number = f"{key[0]}.{key[1]}"
        if number not in best or key > best[number][0]:
            best[number] = (key, release)
    return {number: best[number][1] for number in sorted(best, key=archive.version_key)}


def kernel_packages():
    return [f"linux-{kind}-{release}"
            for release in releases(arches.FLAVOURS[""][0]).values()
            for kind in ("image", "headers")]


def state():
    """The versions that the mirror has. If they change, the toolbox is out of date."""
    listed = foreign.names_in("packages")
    lines = [f"{name} {version}" for name, version in OWN.candidates(listed)]
    lines += kernel_packages()
    lines += foreign.wanted()
    lines.append(" ".join(newest_source()))
    return "\n".join(lines)


def update():
    OWN.update()
    foreign.update()


def install():
    OWN.get("install", "-y", "--no-install-recommends", *kernel_packages())
    foreign.install()
    OWN.get("clean")


def image_path(release):
    for path in (f"/boot/vmlinuz-{release}", f"/usr/lib/modules/{release}/vmlinuz",
                 f"/boot/vmlinux-{release}", f"/usr/lib/modules/{release}/vmlinux"):
        if os.path.exists(path):
            return path
    raise SystemExit(f"lab: no image of kernel {release} in the toolbox")


def installed_releases():
    """{label: release} of the kernels in the toolbox. Asks no mirror."""
    found = {}
    for release in os.listdir("/usr/lib/modules"):
        label = arches.label_of(release)
        if label and os.path.exists(f"/usr/lib/modules/{release}/build/Makefile"):
            found[label] = release
    return {label: found[label] for label in sorted(found, key=arches.order)}


def own_releases():
    """{label: release} of the installed kernels of this machine's architecture."""
    return {label: release for label, release in installed_releases().items()
            if not arches.of_label(label).is_foreign}


def check():
    """Fails if the toolbox is incomplete."""
    for tool in ("gcc", "make", "sparse", "cpio", "depmod", "clang-format"):
        subprocess.run([tool, "--version"], check=True, stdout=subprocess.DEVNULL)
    for qemu in QEMUS:
        text = archive.output(f"qemu-system-{qemu}", "--version")
        version = tuple(archive.version_key(text)[:2])
        if version < QEMU_AT_LEAST:
            raise SystemExit("lab: QEMU %d.%d or later is needed, the toolbox has "
                             "%d.%d" % (QEMU_AT_LEAST + version))
    found = own_releases()
    if len(found) < RELEASES_AT_LEAST:
        raise SystemExit(f"lab: kernels are missing, the toolbox has only "
                         f"{', '.join(found) or 'none'}")
    installed = installed_releases()
    for release in installed.values():
        image_path(release)
    foreign.check(installed, foreign.missing())


def main():
    commands = {"install": install, "update": update, "check": check,
                "state": lambda: print(state()),
                "missing": lambda: print("\n".join(foreign.missing())),
                "behind": lambda: print("\n".join(
                    foreign.behind(installed_releases().values())))}
    commands[sys.argv[1]]()


if __name__ == "__main__":
    main()
