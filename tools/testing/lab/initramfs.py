# SPDX-License-Identifier: GPL-2.0-only
"""Makes the initramfs: archives that the kernel unpacks one after another.

The base has the system and the payload, and serves all kernels; each kernel has
an archive of modules; each run a small one that says what to do.
"""

import os
import pathlib
import shlex
import shutil
import subprocess

import build
import foreign
import kernels
import progress

LAB = pathlib.Path(__file__).resolve().parent

DIRECTORIES = ("dev", "proc", "sys", "tmp", "run", "lab", "tests", "etc", "root",
               "usr/bin", "usr/sbin", "usr/lib", "usr/lib64")
MERGED = ("bin", "sbin", "lib", "lib64")
PROGRAMS = ("/usr/bin/bash", "/usr/bin/lspci", "/usr/bin/setpci", "/usr/bin/kmod")
KMOD_NAMES = ("modprobe", "modinfo", "insmod", "rmmod", "lsmod", "depmod")
DATA = ("/usr/share/misc/pci.ids",
        *(f"/usr/share/terminfo/{name[0]}/{name}" for name in (
            "linux", "screen", "screen-256color", "tmux", "tmux-256color", "vt100",
            "xterm", "xterm-256color")))

INDEXES = ("modules.order", "modules.builtin", "modules.builtin.modinfo")
DECOMPRESSORS = {".xz": ["xz", "-d"], ".gz": ["gzip", "-d"],
                 ".zst": ["zstd", "-dq", "--rm"]}


def pack(root, archive):
    """Writes an archive and then renames it, as another lab may be reading the old one."""
    half = archive.with_suffix(".half")
    with open(half, "wb") as out:
        listing = subprocess.run(["find", ".", "-print0"], cwd=root, check=True,
                                 stdout=subprocess.PIPE).stdout
        subprocess.run(["cpio", "--quiet", "-0", "-o", "-H", "newc", "-R", "0:0"],
                       cwd=root, input=listing, stdout=out, check=True)
    half.rename(archive)


def fresh(root):
    shutil.rmtree(root, ignore_errors=True)
    for name in DIRECTORIES:
        (root / name).mkdir(parents=True)
    for name in MERGED:
        (root / name).symlink_to(f"usr/{name}")


def copy_program(program, root):
    for path in [program, *build.needed_libraries(program)]:
        copy_file(path, root)


def copy_file(path, root):
    target = root / path.lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def link(target, path):
    if not path.is_symlink() and not path.exists():
        path.symlink_to(target)


def copy_programs(root, payload):
    """Programs that only hosts of x86_64 have, and the libraries of all programs."""
    for path in sorted(payload.rglob("*")):
        if path.is_file() and not path.is_symlink() and build.is_elf(path):
            for library in build.needed_libraries(path):
                copy_file(library, root)
    for program in PROGRAMS:
        copy_program(program, root)
    for name in KMOD_NAMES:
        link("../bin/kmod", root / "usr/sbin" / name)
    for path in DATA:
        if os.path.exists(path):
            copy_file(path, root)


def base(arch, payload):
    """The system and the payload."""
    folder = build.folder_of(arch)
    root = folder / "base"
    fresh(root)
    shutil.copytree(payload, root, symlinks=True, dirs_exist_ok=True)
    if arch.is_foreign:
        busybox = foreign.busybox(arch)
    else:
        busybox = "/bin/busybox"
        copy_programs(root, payload)
    shutil.copy2(busybox, root / "usr/bin/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
    for name in applets:
        link("busybox", root / "usr/bin" / name)
    for name in ("passwd", "group"):
        (root / "etc" / name).write_text("root:x:0:0::/:/bin/sh\n" if name == "passwd"
                                         else "root:x:0:\n", encoding="ascii")
    shutil.copy2(LAB / "init", root / "init")
    shutil.copy2(LAB / "shellrc", root / "etc/shellrc")
    pack(root, folder / "base.cpio")


def decompress(modules):
    """Decompresses modules once, which costs memory, and not at every boot."""
    for suffix, command in DECOMPRESSORS.items():
        paths = list(modules.rglob(f"*.ko{suffix}"))
        if paths:
            subprocess.run([*command, *paths], check=True)


def copy_modules(kernel, listed, target):
    """Those that a file here lists."""
    known = foreign.dependencies(kernel.modules)
    for name in foreign.names_in(listed):
        for path in known.get(name, ()):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(kernel.modules / path, target / path)


def index(root, kernel):
    """Whatever is there of modules, decompressed."""
    decompress(root / "usr/lib/modules" / kernel.release)
    subprocess.run(["depmod", "-b", root / "usr", kernel.release], check=True)


def modules(kernel):
    root = build.OUT / kernel.folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    target = root / "usr/lib/modules" / kernel.release
    target.mkdir(parents=True)
    copy_modules(kernel, "modules", target)
    for name in INDEXES:
        shutil.copy2(kernel.modules / name, target / name)
    build.module(kernel, root / "usr")
    if kernel.label in kernels.OWN:
        build.test_modules(kernel, root / "usr")
    index(root, kernel)
    if not list(target.rglob(f"{build.MODULE}.ko")):
        raise progress.Failed(f"the build for {kernel.label} gave no {build.MODULE}.ko")
    pack(root, build.OUT / kernel.folder / "modules.cpio")


def modules_archive(kernel, has_card):
    """What modules() packed, with the drivers of cards where there is one."""
    common = build.OUT / kernel.folder / "modules.cpio"
    if not has_card:
        return common
    archive = build.OUT / kernel.folder / "modules-cards.cpio"
    if not archive.exists() or archive.stat().st_mtime < common.stat().st_mtime:
        root = build.OUT / kernel.folder / "root-cards"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(build.OUT / kernel.folder / "root", root, symlinks=True)
        copy_modules(kernel, "modules-cards", root / "usr/lib/modules" / kernel.release)
        index(root, kernel)
        pack(root, archive)
    return archive


def for_run(kernel, settings, folder, has_card=False):
    """The whole initramfs of one run; settings become variables of init."""
    root = folder / "run"
    (root / "lab").mkdir(parents=True)
    (root / "lab/run").write_text("".join(f"{name}={shlex.quote(str(value))}\n"
                                          for name, value in settings.items()),
                                  encoding="utf-8")
    pack(root, folder / "run.cpio")
    archive = folder / "initramfs"
    with open(archive, "wb") as out:
        for part in (build.folder_of(kernel.arch) / "base.cpio",
                     modules_archive(kernel, has_card), folder / "run.cpio"):
            with open(part, "rb") as data:
                shutil.copyfileobj(data, out)
            out.write(bytes(-os.fstat(out.fileno()).st_size % 512))
    return archive
