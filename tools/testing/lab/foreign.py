# SPDX-License-Identifier: GPL-2.0-only
"""The packages of other architectures. They are unpacked in the toolbox, not installed.

They are the kernels, with the headers to build the module for them, and busybox and libuuid
for programs in the emulated host. Their files are where an installation would put them, except
busybox, whose name has the prefix of a cross tool: aarch64-linux-gnu-busybox.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import archive
import arches

# Some run of the plan has each version, each page size and each platform. Not every
# combination of them has a run.
KERNELS = ("arm64-6.1", "arm64-6.12", "arm64-16k-newest", "ppc64le-6.12",
           "ppc64le-64k-newest")
NEWEST = "newest"
# Folders of modules that no emulated host needs. They are most of a kernel package.
SUPERFLUOUS = ("fs", "net", "sound", *(f"drivers/{name}" for name in (
    "bluetooth", "gpu", "iio", "infiniband", "input", "media", "mtd", "net/wireless",
    "scsi", "staging")))
LAB = pathlib.Path(__file__).resolve().parent
OTHERS = ("busybox-static", "uuid-dev")
# The labels for which the mirror had no kernel when the toolbox was built.
MISSING = archive.STATE / "missing"
OWN = archive.Apt()
APTS = {arch: archive.Apt(arch.debian) for _, arch in arches.FLAVOURS.values()
        if arch.is_foreign}


def update():
    for foreign in APTS.values():
        foreign.update()


def stands_for(found, label):
    """Whether a label of KERNELS means the kernel with the label @found,
    which is None for other kernels."""
    prefix, number = arches.split(label)
    return found == label or (number == NEWEST and found is not None and
                              arches.split(found)[0] == prefix)


def candidates(label):
    """The releases that a label can mean, newest first.

    The mirror lists the image and the headers of each, and the tools that these headers
    need on this machine. Older releases are candidates, too, because a mirror may list the
    newest one before it has its files.
    """
    flavour, arch = arches.FLAVOURS[arches.split(label)[0]]
    of = APTS[arch]
    listed = [name.removeprefix("linux-image-")
              for name in of.cache("pkgnames", "linux-image-").split()]
    fitting = [release for release in listed
               if stands_for(arches.label_of(release), label)]
    for release in sorted(fitting, reverse=True, key=lambda release: archive.version_key(
            release.removesuffix(f"-{flavour}"))):
        pair = f"linux-image-{release}", f"linux-headers-{release}"
        if len(of.candidates(pair)) == len(pair) and tools_for(release, of):
            yield release


def tools_for(release, of):
    """The packages of this machine's architecture that build a module for a kernel of
    another one. None while the mirror has different versions for the two.
    """
    headers = next(of.records(f"linux-headers-{release}"))
    arch = arches.of_label(arches.label_of(release))
    names = archive.depends_on(headers, r"(linux-kbuild-\S+)")
    names += [f"gcc-{number}-{arch.triplet}"
              for number in archive.depends_on(headers, r"gcc-(\d+)(?:-for-host)?\b")]
    return names if len(OWN.candidates(names)) == len(names) else None


def wanted():
    """For each label of KERNELS, the newest release that the mirror lists."""
    return [next(candidates(label), f"no {label}") for label in KERNELS]


def missing():
    """The labels of KERNELS for which the toolbox has no kernel."""
    return MISSING.read_text(encoding="ascii").split() if MISSING.exists() else []


def behind(installed):
    """The labels of KERNELS whose newest release on the mirror is not installed."""
    return [label for label, release in zip(KERNELS, wanted()) if release not in installed]


def kernel_packages(release, of):
    image = next(of.records(f"linux-image-{release}"))
    headers = next(of.records(f"linux-headers-{release}"))
    parts = rf"(linux-(?:base|binary|modules)-{re.escape(release)})\b"
    common = [name for name in archive.depends_on(headers, r"(linux-headers-\S+-common)")
              if not os.path.exists(f"/usr/src/{name}")]
    return [f"linux-image-{release}", f"linux-headers-{release}", *common,
            *archive.depends_on(image, parts)]


def unpack(names, of, folder):
    """Unpacks packages into folder/root, with /lib and /bin merged into /usr."""
    root = folder / "root"
    root.mkdir()
    of.download(names, folder)
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
    """Removes the modules that no emulated host has."""
    known = dependencies(modules)
    kept = {path for name in names_in("modules") for path in known.get(name, ())}
    for path in modules.rglob("*.ko*"):
        if str(path.relative_to(modules)) not in kept:
            path.unlink()


def install_kernel(release, of):
    with tempfile.TemporaryDirectory() as folder:
        root = unpack(kernel_packages(release, of), of, pathlib.Path(folder))
        OWN.get("install", "-y", "--no-install-recommends", *tools_for(release, of))
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


def could(call, *arguments):
    try:
        call(*arguments)
    except archive.Undelivered as error:
        print(f"lab: not delivered: {error}", flush=True)
        return False
    return True


def install_arch(arch, of):
    """Returns the labels for which the mirror delivers no kernel."""
    labels = [label for label in KERNELS if arches.of_label(label) is arch]
    if not could(install_others, arch, of):
        return labels
    return [label for label in labels
            if not any(could(install_kernel, release, of) for release in candidates(label))]


def install():
    """The toolbox is complete without the kernels that the mirror does not deliver."""
    update()
    lacking = []
    for arch, of in APTS.items():
        lacking += install_arch(arch, of)
        shutil.rmtree(of.state / "cache")
    MISSING.write_text("".join(f"{label}\n" for label in lacking), encoding="ascii")


def check(installed, lacking):
    """Fails if the toolbox is incomplete."""
    for label in KERNELS:
        if label not in lacking and not any(stands_for(other, label)
                                            for other in installed):
            raise SystemExit(f"lab: kernel {label} is missing")
    for arch in {arches.of_label(label) for label in installed}:
        if arch.is_foreign and not busybox(arch).exists():
            raise SystemExit(f"lab: busybox for {arch.name} is missing")
