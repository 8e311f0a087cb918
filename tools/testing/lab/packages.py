#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which Debian packages the toolbox has and should have.

Runs inside the toolbox. Versions move on, so nothing here names one: the
kernels are those that linux-image-amd64 and linux-headers-amd64 stand for in
each suite, and the source is the newest linux-source-X.Y.
"""

import os
import re
import subprocess
import sys

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "packages")
QEMU_AT_LEAST = (11, 1)  # the first with vfio-user as the lab needs it
RELEASES_AT_LEAST = 3


def output(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def listed():
    with open(LIST, encoding="ascii") as lines:
        names = [line.split("#")[0].strip() for line in lines]
    return [name for name in names if name]


def version_key(version):
    """Orders upstream versions and Debian revisions well enough: numbers."""
    return [int(number) for number in re.findall(r"\d+", version)]


def records(*names):
    """apt-cache show, as one dictionary for each version of each package."""
    for block in output("apt-cache", "show", *names).split("\n\n"):
        fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", block, re.M))
        if fields:
            yield fields


def depends_on(fields, pattern):
    for name in re.split(r"[,|]\s*", fields.get("Depends", "")):
        match = re.match(pattern, name.strip())
        if match:
            return match.group(1)
    return None


def releases():
    """{label: release}, e.g. {"6.1": "6.1.0-56-amd64"}, oldest first.

    A label's release is the newest that has both an image and headers.
    """
    found = {}
    for kind in "image", "headers":
        for fields in records(f"linux-{kind}-amd64"):
            release = depends_on(fields, rf"linux-{kind}-(\d\S*-amd64)")
            if release:
                found.setdefault(release, {})[kind] = fields["Version"]
    best = {}
    for release, kinds in found.items():
        if len(kinds) != 2:
            continue
        key = version_key(kinds["image"])
        label = f"{key[0]}.{key[1]}"
        if label not in best or key > best[label][0]:
            best[label] = (key, release)
    ordered = sorted(best, key=version_key)
    return {label: best[label][1] for label in ordered}


def newest_source():
    """(package, version) of the newest linux-source-X.Y."""
    names = [name for name in output("apt-cache", "pkgnames", "linux-source-").split()
             if re.fullmatch(r"linux-source-\d+\.\d+", name)]
    package = max(names, key=version_key)
    versions = [fields["Version"] for fields in records(package)]
    return package, max(versions, key=version_key)


def candidates(names):
    policy = output("apt-cache", "policy", *names)
    return re.findall(r"^(\S+):\n.*\n  Candidate: (\S+)$", policy, re.M)


def kernel_packages():
    return [f"linux-{kind}-{release}" for release in releases().values()
            for kind in ("image", "headers")]


def state():
    """Every version that matters: when this changes, the toolbox is stale."""
    lines = [f"{name} {version}" for name, version in candidates(listed())]
    lines += kernel_packages()
    lines.append(" ".join(newest_source()))
    return "\n".join(lines)


def update():
    subprocess.run(["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any",
                    "-o", "Acquire::http::Timeout=20"], check=True)


def install():
    subprocess.run(["apt-get", "install", "-q", "-y", "--no-install-recommends",
                    *kernel_packages()], check=True, stdin=subprocess.DEVNULL)
    subprocess.run(["apt-get", "clean"], check=True)


def image_path(release):
    for path in f"/boot/vmlinuz-{release}", f"/usr/lib/modules/{release}/vmlinuz":
        if os.path.exists(path):
            return path
    raise SystemExit(f"lab: no image of kernel {release} in the toolbox")


def installed_releases():
    """{label: release} of the kernels in this tree, from the tree alone."""
    found = {}
    for release in sorted(os.listdir("/usr/lib/modules"), key=version_key):
        if os.path.exists(f"/usr/lib/modules/{release}/build/Makefile"):
            key = version_key(release)
            found[f"{key[0]}.{key[1]}"] = release
    return found


def check():
    """Complain about anything that half a tree would lack."""
    for tool in ("gcc", "make", "sparse", "cpio", "depmod", "clang-format"):
        subprocess.run([tool, "--version"], check=True, stdout=subprocess.DEVNULL)
    qemu = output("qemu-system-x86_64", "--version")
    version = tuple(version_key(qemu)[:2])
    if version < QEMU_AT_LEAST:
        raise SystemExit("lab: QEMU %d.%d or later is needed, the toolbox has "
                         "%d.%d" % (QEMU_AT_LEAST + version))
    found = installed_releases()
    if len(found) < RELEASES_AT_LEAST:
        raise SystemExit(f"lab: kernels are missing, only {list(found)} found")
    for release in found.values():
        image_path(release)


def main():
    commands = {"install": install, "update": update, "check": check,
                "state": lambda: print(state())}
    commands[sys.argv[1]]()


if __name__ == "__main__":
    main()
