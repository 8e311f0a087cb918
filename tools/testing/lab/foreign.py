# SPDX-License-Identifier: GPL-2.0-only
"""What the toolbox has of other architectures: unpacked, not installed.

Kernels to boot with the headers to build a module for them, and the few things that
an emulated host's user space is made of. All of it lies where it would be if it was
installed, but for busybox, which is called as a cross tool.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import archive
import arches

# Each kernel, each size of page and each platform is in some run of the plan;
# not each with each.
KERNELS = ("arm64-6.1", "arm64-6.12", "arm64-16k-newest", "ppc64le-6.12",
           "ppc64le-64k-newest")
NEWEST = "newest"
# What no emulated host can have need of is most of a kernel package.
SUPERFLUOUS = ("fs", "net", "sound", *(f"drivers/{name}" for name in (
    "bluetooth", "gpu", "iio", "infiniband", "input", "media", "mtd", "net/wireless",
    "scsi", "staging")))
LAB = pathlib.Path(__file__).resolve().parent
OTHERS = ("busybox-static", "uuid-dev")
OWN = archive.Apt()
APTS = {arch: archive.Apt(arch.debian) for _, arch in arches.FLAVOURS.values()
        if arch.is_foreign}


def update():
    for foreign in APTS.values():
        foreign.update()


def releases(flavour, of=OWN):
    """{number: release}, e.g. {"6.1": "6.1.0-56-amd64"}, oldest first.

    A number's release is the newest that has both an image and headers, and what
    headers need on this machine.
    """
    found = {}
    for kind in "image", "headers":
        for fields in of.records(f"linux-{kind}-{flavour}"):
            for release in archive.depends_on(fields, rf"linux-{kind}-(\d\S*-{flavour})"):
                found.setdefault(release, {})[kind] = fields["Version"]
    best = {}
    for release, kinds in found.items():
        if len(kinds) != 2 or (of.foreign and not tools_for(release, of)):
            continue
        key = archive.version_key(kinds["image"])
        number = f"{key[0]}.{key[1]}"
        if number not in best or key > best[number][0]:
            best[number] = (key, release)
    return {number: best[number][1] for number in sorted(best, key=archive.version_key)}


def tools_for(release, of):
    """The packages of this machine that build a module for a kernel of another.

    None while the mirror has the two machines at different versions.
    """
    headers = next(of.records(f"linux-headers-{release}"))
    arch = arches.of_label(arches.label_of(release))
    names = archive.depends_on(headers, r"(linux-kbuild-\S+)")
    names += [f"gcc-{number}-{arch.triplet}"
              for number in archive.depends_on(headers, r"gcc-(\d+)(?:-for-host)?\b")]
    return names if len(OWN.candidates(names)) == len(names) else None


def wanted():
    """{label: release} of the kernels that there are to be."""
    found = {}
    for label in KERNELS:
        prefix, number = arches.split(label)
        flavour, arch = arches.FLAVOURS[prefix]
        known = releases(flavour, APTS[arch])
        if number == NEWEST and known:
            number = list(known)[-1]
        if number not in known:
            raise SystemExit(f"lab: the mirror has no kernel {label}")
        found[prefix + number] = known[number]
    return found


def kernel_packages(release, of):
    image = next(of.records(f"linux-image-{release}"))
    headers = next(of.records(f"linux-headers-{release}"))
    parts = rf"(linux-(?:base|binary|modules)-{re.escape(release)})\b"
    common = [name for name in archive.depends_on(headers, r"(linux-headers-\S+-common)")
              if not os.path.exists(f"/usr/src/{name}")]
    return [f"linux-image-{release}", f"linux-headers-{release}", *common,
            *archive.depends_on(image, parts)]


def unpack(names, of, folder):
    """The files of packages under folder/root, with /usr merged."""
    root = folder / "root"
    root.mkdir()
    of.get("download", *names, cwd=folder)
    superfluous = [f"--exclude=*/kernel/{name}" for name in SUPERFLUOUS]
    for package in folder.glob("*.deb"):
        subprocess.run(["bash", "-ec", '''
            set -o pipefail
            dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "${@:3}"''',
                        "bash", package, root, *superfluous], check=True)
    for name in "lib", "bin":
        if (root / name).is_dir():
            merge(root / name, root / "usr" / name)
            shutil.rmtree(root / name)
    return root


def merge(source, target):
    subprocess.run(["cp", "-aT", source, target], check=True)


def dependencies(modules):
    """{name: [path, path of a dependency, ...]} from modules.dep."""
    found = {}
    for line in (modules / "modules.dep").read_text(encoding="ascii").splitlines():
        path, _, needed = line.partition(":")
        name = pathlib.PurePath(path).name.split(".ko")[0].replace("-", "_")
        found[name] = [path, *needed.split()]
    return found


def names_in(file):
    lines = (LAB / file).read_text(encoding="ascii").splitlines()
    words = [line.split("#")[0].strip() for line in lines]
    return [word for word in words if word]


def drop_modules(modules):
    """All but what an emulated host can have."""
    known = dependencies(modules)
    kept = {path for name in names_in("modules") for path in known.get(name, ())}
    for path in modules.rglob("*.ko*"):
        if str(path.relative_to(modules)) not in kept:
            path.unlink()


def install_kernel(release, of):
    with tempfile.TemporaryDirectory() as folder:
        root = unpack(kernel_packages(release, of), of, pathlib.Path(folder))
        subprocess.run(["depmod", "-b", root / "usr", release], check=True)
        drop_modules(root / "usr/lib/modules" / release)
        for name in "boot", "usr/src", "usr/lib/modules":
            if (root / name).is_dir():
                merge(root / name, pathlib.Path("/", name))


def busybox(arch):
    return pathlib.Path(f"/usr/bin/{arch.triplet}-busybox")


def install_others(arch, of):
    with tempfile.TemporaryDirectory() as folder:
        root = unpack(OTHERS, of, pathlib.Path(folder))
        shutil.copy2(root / "usr/bin/busybox", busybox(arch))
        merge(root / "usr/lib" / arch.triplet, pathlib.Path("/usr/lib", arch.triplet))


def install():
    update()
    found = wanted()
    tools = set()
    for release in found.values():
        of = APTS[arches.of_label(arches.label_of(release))]
        tools.update(tools_for(release, of))
    OWN.get("install", "-y", "--no-install-recommends", *sorted(tools))
    for release in found.values():
        install_kernel(release, APTS[arches.of_label(arches.label_of(release))])
    for arch, of in APTS.items():
        install_others(arch, of)
        shutil.rmtree(of.state / "cache")


def check(installed):
    """Complain about what half a tree would lack."""
    for label in KERNELS:
        prefix, number = arches.split(label)
        if not any(other == label or number == NEWEST and
                   arches.split(other)[0] == prefix for other in installed):
            raise SystemExit(f"lab: kernel {label} is missing")
    for arch in APTS:
        if not busybox(arch).exists():
            raise SystemExit(f"lab: busybox for {arch.name} is missing")
