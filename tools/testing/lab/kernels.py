# SPDX-License-Identifier: GPL-2.0-only
"""The kernels the lab has: Debian's, and its own."""

import contextlib
import dataclasses
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import zlib

import arches
import archive
import foreign
import packages
import progress

LAB = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ["LAB_CACHE"])
COMPLETE = ".lab-complete"
DEBUG = "debug"
KCSAN = "kcsan"
BARRIERS = ("eventfd", "workqueue")  # objects that order accesses for VFIO, beside folders
OWN = (DEBUG, KCSAN)  # what is special of each is in LABEL.config
NEWEST = "newest"  # of Debian's, whatever its number


@dataclasses.dataclass(frozen=True)
class Kernel:
    label: str
    arch: arches.Arch
    release: str
    kdir: pathlib.Path  # to build modules against
    modules: pathlib.Path  # its /lib/modules/RELEASE
    image: pathlib.Path  # to start
    covered: bool = False  # gcov counts which lines of the module are run

    @property
    def folder(self):
        """The name of the folder of what is built for it."""
        return "coverage" if self.covered else self.label

    def make_variables(self):
        """Variables of the module's build. On the debug kernel the fuzzer learns from KCOV what it
        runs. For gcov, a copy of an inline function would have branches of its own, and other
        checkers would add some."""
        if not self.covered:
            kcov = ["KCOV_INSTRUMENT=y"] if self.label == DEBUG else []
            return [*self.arch.make_variables(), *kcov]
        return ["GCOV_PROFILE=y", "UBSAN_SANITIZE=n", "KASAN_SANITIZE=n", "KCSAN_SANITIZE=n",
                "CFLAGS_GCOV=-fprofile-arcs -ftest-coverage -fno-tree-loop-im "
                "-fprofile-update=atomic -fno-early-inlining"]


def labels():
    """The kernels of this machine's architecture come first; the last of them are the lab's
    own."""
    own = list(packages.own_releases())
    others = [label for label in packages.installed_releases() if label not in own]
    return [*own, *OWN, *others]


def usual(known):
    """Without the kernel that only a plan's own rows need: it takes minutes to build."""
    return [label for label in known if label != KCSAN]


def missing():
    """Labels for which the mirror had no kernel."""
    return foreign.missing()


def newest(prefix, known):
    """The newest of the labels of Debian's kernels that have this prefix."""
    found = [label for label in known if label not in OWN and
             arches.split(label)[0] == prefix]
    if not found:
        raise progress.Failed(f"no kernel {prefix}{NEWEST}, there are: {' '.join(known)}")
    return found[-1]


def label_for(name):
    """A label, or the one that "newest" stands for."""
    prefix, number = arches.split(name)
    return newest(prefix, labels()) if number == NEWEST else name


def get(label, covered=False):
    """With @covered the module that is built for it counts its lines."""
    kernel = uncovered(label)
    return dataclasses.replace(kernel, covered=True) if covered else kernel


def uncovered(label):
    if label in OWN:
        return own_kernel(label)
    label = label_for(label)
    release = packages.installed_releases().get(label)
    if not release:
        raise progress.Failed(f"no kernel {label}, there are: {' '.join(labels())}")
    modules = pathlib.Path("/usr/lib/modules", release)
    arch = arches.of_label(label)
    image = (pathlib.Path(packages.image_path(release)) if arch.is_foreign else
             release_vmlinux(release))
    return Kernel(label, arch, release, modules / "build", modules, image)


def guest_release():
    """The kernel of guests: the one that starts fastest in a guest."""
    return get(next(iter(packages.own_releases()))).release


def locked(name):
    """Only one process at a time makes this part of the cache."""
    return progress.locked(CACHE / f"{name}.lock")


def decompress(payload):
    if payload.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31).decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        # the kernel appends the size, which zstd would take for garbage
        return subprocess.run(["zstd", "-dcq"], input=payload[:-4], check=True,
                              stdout=subprocess.PIPE).stdout
    raise progress.Failed("a kernel image is compressed in an unknown way")


def extract_vmlinux(image):
    """The ELF image inside a bzImage (Documentation/arch/x86/boot.rst)."""
    data = image.read_bytes()
    setup_sectors = data[0x1f1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    elf = decompress(data[start:start + length])
    if not elf.startswith(b"\x7fELF"):
        raise progress.Failed(f"{image} holds no ELF image")
    return elf


def is_same_file(path, other):
    return path.exists() and path.samefile(other)


def release_vmlinux(release):
    """The image in the form that starts fastest. The other form is beside it.

    Both are in /usr, so that hosts with the device "toolbox" have them, too. They are made
    again when the package's image is another file.
    """
    modules = pathlib.Path("/usr/lib/modules", release)
    image = pathlib.Path(packages.image_path(release))
    vmlinux = modules / "vmlinux"
    vmlinuz = modules / "vmlinuz"
    with locked("vmlinux"):
        renewed = not is_same_file(vmlinuz, image)
        if renewed or not vmlinux.exists():
            half = vmlinux.with_suffix(".half")
            half.write_bytes(extract_vmlinux(image))
            half.rename(vmlinux)
        if renewed:
            vmlinuz.unlink(missing_ok=True)
            vmlinuz.hardlink_to(image)
    return vmlinux


def is_complete(tree):
    return (tree / COMPLETE).exists()


def forget_others(kept, pattern):
    for tree in CACHE.glob(pattern):
        if tree.is_dir() and tree != kept:
            shutil.rmtree(tree)


def linux_source():
    """The newest linux-source package, unpacked, with usr/include made."""
    with locked("linux-source"):
        try:
            return newest_source_tree()
        except progress.Failed as error:
            # The mirror may have removed this version.
            progress.say(str(error))
            with contextlib.suppress(subprocess.CalledProcessError):
                packages.update()
            return newest_source_tree()


def source_place():
    """The newest linux-source package, its version, and the folder for it."""
    package, version = packages.newest_source()
    return package, version, CACHE / re.sub(r"[^\w.-]", "-", f"{package}_{version}")


def newest_source_tree():
    package, version, tree = source_place()
    if not is_complete(tree):
        with progress.step(f"unpacking {package} {version}"):
            unpack_source(package, version, tree)
        forget_others(tree, "linux-source-*")
    return tree


def unpack_source(package, version, tree):
    half = tree.with_name("half-source")
    log = CACHE / "linux-source.log"
    for old in tree, half:
        shutil.rmtree(old, ignore_errors=True)
    half.mkdir(parents=True)
    progress.run(["apt-get", "download", "-q", f"{package}={version}"], log, cwd=half)
    deb, = half.glob("*.deb")
    progress.run(["bash", "-ec", f'''
        set -o pipefail
        dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/src/{package}.tar.xz |
            xz -dT0 | tar -x --strip-components=1
        rm "$1"''', "bash", deb], log, cwd=half)
    # Built outside the tree: kbuild refuses a tree with objects as a source for others.
    progress.run(["make", "-s", f"O={half}/usr/half", "headers_install",
                  f"INSTALL_HDR_PATH={half}/usr"], log, cwd=half)
    shutil.rmtree(half / "usr/half")
    (half / COMPLETE).touch()
    half.rename(tree)


def wanted_symbols(fragment):
    """{symbol: value} of a configuration, "n" for one that is not set."""
    wanted = {}
    for line in fragment.splitlines():
        match = re.fullmatch(r"(CONFIG_\w+)=(.*)", line)
        if match:
            wanted[match.group(1)] = match.group(2)
        match = re.fullmatch(r"# (CONFIG_\w+) is not set", line)
        if match:
            wanted[match.group(1)] = "n"
    return wanted


def lost_symbols(fragment, config):
    got = wanted_symbols(config)
    return [f"{symbol}={value}" for symbol, value in wanted_symbols(fragment).items()
            if got.get(symbol, "n") != value]


def own_key(fragment, compiler):
    """Changes if the kernel would change, and not if a comment does."""
    symbols = sorted(wanted_symbols(fragment).items())
    return hashlib.sha256(repr((symbols, compiler)).encode()).hexdigest()[:12]


def own_fragment(label):
    return "".join((LAB / f"{name}.config").read_text(encoding="ascii")
                   for name in ("host", label))


def own_place(label, source):
    key = own_key(own_fragment(label), archive.output("gcc", "-dumpfullversion"))
    return CACHE / f"{label}-{source.name}-{key}"


def own_is_built(label):
    return is_complete(own_place(label, source_place()[-1]))


def own_kernel(label):
    source = linux_source()
    tree = own_place(label, source)
    with locked(f"{label}-kernel"):
        if not is_complete(tree):
            with progress.step(f"building the {label} kernel, about 10 minutes"):
                build_own_kernel(label, source, tree)
            forget_others(tree, f"{label}-*")
    release = (tree / "include/config/kernel.release").read_text(encoding="ascii").strip()
    return Kernel(label, arches.X86, release, tree, tree / "installed/lib/modules" / release,
                  tree / "arch/x86/boot/bzImage")


def build_own_kernel(label, source, tree):
    """Continues an interrupted build. If that fails, starts again."""
    if tree.exists():
        try:
            return compile_own_kernel(label, source, tree)
        except progress.Failed:
            shutil.rmtree(tree)
    tree.mkdir()
    return compile_own_kernel(label, source, tree)


def each_object(variable, source, *folders):
    """Make variables of this name for the objects of these folders."""
    return [f"{variable}_{path.stem}.o=y" for folder in folders
            for path in sorted((source / folder).glob("*.c"))]


def instrumented(label, source):
    """Make variables that choose what KCOV records, or where KCSAN looks: VFIO. KCSAN has to
    see the barriers of the locks, too, that VFIO takes."""
    vfio = source, "drivers/vfio", "drivers/vfio/pci"
    if label == DEBUG:
        return each_object("KCOV_INSTRUMENT", *vfio)
    return ["KCSAN_SANITIZE=n", *each_object("KCSAN_SANITIZE", *vfio),
            *each_object("KCSAN_INSTRUMENT_BARRIERS", source, "kernel/locking", "kernel/rcu",
                         "kernel/irq"),
            *(f"KCSAN_INSTRUMENT_BARRIERS_{name}.o=y" for name in BARRIERS)]


def compile_own_kernel(label, source, tree):
    log = CACHE / f"{label}-kernel.log"
    fragment = own_fragment(label)
    wanted = tree / "wanted.config"
    wanted.write_text(fragment, encoding="ascii")
    # The cache has the whole tree, and its objects would displace others in ccache.
    make = ["env", "CCACHE_DISABLE=1", "nice", "make", "-C", source, f"O={tree}",
            f"-j{os.cpu_count()}", *instrumented(label, source)]
    progress.run([*make, f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig"], log)
    lost = lost_symbols(fragment, (tree / ".config").read_text(encoding="utf-8"))
    if lost:
        raise progress.Failed(f"lost from {label}.config: " + " ".join(lost))
    progress.run([*make, "bzImage", "modules"], log)
    progress.run([*make, f"INSTALL_MOD_PATH={tree}/installed", "modules_install"], log)
    (tree / COMPLETE).touch()
