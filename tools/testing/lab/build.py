# SPDX-License-Identifier: GPL-2.0-only
"""Builds what an emulated host runs: the module, the payload, the servers."""

import os
import pathlib
import re
import shutil
import subprocess

import kernels
import progress

CHECKOUT = pathlib.Path(os.environ["LAB_CHECKOUT"])
SAME_CHECKOUT = pathlib.Path(os.environ["LAB_SAME_CHECKOUT"])
OUT = CHECKOUT / "build/lab"
LOGS = OUT / "logs"
SERVERS = OUT / "devices"
# Not the folder of builds outside the toolbox, where the C library may be older.
OBJECTS = OUT / "objects"
MODULE = "msi-vfio-pci"
TEST_MODULES = CHECKOUT / "tools/testing/modules"

# For each kernel, the module is built in a copy of the checkout: kbuild puts objects
# beside the sources, and the checkout may have objects of the user's own builds. Files
# that git ignores are not copied, and not deleted from the copy. Compilers see all
# checkouts under the same path, so that ccache can use what it has of another checkout.
MODULE_SOURCES = ("Kbuild", "Makefile", "version.mk", "drivers", "include")
WARNING = re.compile(r"\bwarning:|^WARNING: modpost", re.IGNORECASE | re.MULTILINE)


def locked():
    """One build at a time in this checkout."""
    OUT.mkdir(parents=True, exist_ok=True)
    return progress.locked(OUT / "lock")


def copy_sources(to):
    to.mkdir(parents=True, exist_ok=True)
    progress.run(["rsync", "-a", "--delete", f"--exclude-from={CHECKOUT}/.gitignore",
                  "--exclude=modules.order", "--exclude=Module.symvers",
                  *(CHECKOUT / name for name in MODULE_SOURCES), to], LOGS / f"copy-{to.parent.name}.log")


def warnings_of(log):
    return [line for line in log.splitlines() if WARNING.search(line)]


def module(kernel, where):
    """Installs the module built for a kernel under where/lib/modules."""
    copy = OUT / kernel.folder / "source"
    log = LOGS / f"module-{kernel.folder}.log"
    copy_sources(copy)
    make = ["make", "-C", SAME_CHECKOUT / copy.relative_to(CHECKOUT),
            f"-j{os.cpu_count()}", f"KDIR={kernel.kdir}", *kernel.make_variables()]
    try:
        warned = warnings_of(progress.run([*make, "W=1", "modules"], log))
        if warned:
            raise progress.Failed(f"module for {kernel.label}: " + "\n".join(warned))
        # Most of a module is for debuggers, which nobody uses in a host.
        progress.run([*make, f"INSTALL_MOD_PATH={where}", "INSTALL_MOD_DIR=updates",
                      "INSTALL_MOD_STRIP=1", "modules_install"], log)
    except BaseException:
        # Compilers give a warning once, so the next try has to compile everything again.
        shutil.rmtree(copy)
        raise


def test_modules(kernel, where):
    """Installs the modules that tests load, which only the lab's own kernels need."""
    copy = OUT / kernel.folder / "test-modules"
    log = LOGS / f"test-modules-{kernel.folder}.log"
    copy.mkdir(parents=True, exist_ok=True)
    progress.run(["rsync", "-a", f"{TEST_MODULES}/", copy], log)
    make = ["make", "-C", kernel.kdir, f"M={copy}", "W=1", f"-j{os.cpu_count()}"]
    progress.run([*make, "modules"], log)
    progress.run([*make, f"INSTALL_MOD_PATH={where}", "INSTALL_MOD_DIR=updates",
                  "INSTALL_MOD_STRIP=1", "modules_install"], log)


def folder_of(arch):
    """The folder of what all hosts of an architecture have."""
    return OUT / arch.name if arch.is_foreign else OUT


def payload(arch):
    """Builds the tests and the tools, and returns their folder."""
    where = folder_of(arch) / "payload"
    shutil.rmtree(where, ignore_errors=True)
    progress.run(["make", "-C", CHECKOUT, "payload", f"DESTDIR={where}", f"O={OBJECTS}",
                  f"LINUX={kernels.linux_source()}", f"GUEST={kernels.guest_release()}",
                  f"-j{os.cpu_count()}", *arch.make_variables()],
                 LOGS / f"payload-{arch.name}.log")
    return where


def servers():
    progress.run(["make", "-C", CHECKOUT, "devices", f"O={SERVERS}"],
                 LOGS / "devices.log")


def needed_libraries(program):
    done = subprocess.run(["ldd", program], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return re.findall(r"(?:=> |^\s*)(/\S+) \(0x", done.stdout, re.M)


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"
