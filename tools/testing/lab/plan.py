# SPDX-License-Identifier: GPL-2.0-only
"""The plan file: which runs there are. README.rst describes it."""

import dataclasses
import pathlib
import re
import shlex

import arches
import devices
import kernels
import platforms
import progress

CPUS = re.compile(r"cpus=([1-9]\d?)$")
ICOUNT = "icount"


@dataclasses.dataclass(frozen=True)
class HostRun:
    """A command of the toolbox that prints TAP."""
    name: str
    command: tuple


@dataclasses.dataclass(frozen=True)
class BootRun:
    """A set of tests in an emulated host."""
    name: str
    kernel: str
    platform: object
    devices: tuple
    tests: tuple
    cpus: int = 1


def chosen_kernels(text, labels, missing, where):
    """The labels that a row names, in the order of @labels.

    "all" means those of this machine's architecture. A kernel that the mirror lacked
    keeps the name that the row has for it.
    """
    chosen = []
    for word in text.split(","):
        prefix, number = arches.split(word)
        if word == "all":
            chosen += [label for label in kernels.usual(labels)
                       if not arches.of_label(label).is_foreign]
        elif word in missing:
            chosen.append(word)
        elif number == kernels.NEWEST and prefix in arches.FLAVOURS:
            chosen.append(kernels.newest(prefix, labels))
        elif word in labels:
            chosen.append(word)
        else:
            raise progress.Failed(f"{where}: no kernel {word}, "
                                  f"there are: {' '.join(labels)}")
    return [label for label in (*labels, *missing) if label in chosen]


def chosen_platforms(text, kernel, names_of_devices, where):
    """The platforms that a row names, if each of them can have its devices."""
    try:
        chosen = [platforms.get(name, arches.of_label(kernel))
                  for name in text.split(",")]
        for platform in chosen:
            platform.check(devices.find(names_of_devices))
    except progress.Failed as error:
        raise progress.Failed(f"{where}: {error}") from error
    return chosen


def names(text):
    """A comma separated list, "-" for an empty one."""
    return () if text == "-" else tuple(text.split(","))


def host_runs(words, where):
    if len(words) < 3:
        raise progress.Failed(f"{where}: host NAME COMMAND...")
    return [HostRun(words[1], tuple(words[2:]))]


def boot_runs(words, labels, missing, where):
    *words, last = words
    cpus, icount = CPUS.match(last), last == ICOUNT
    if not cpus and not icount:
        words.append(last)
    if len(words) != 5:
        raise progress.Failed(f"{where}: NAME KERNELS PLATFORMS DEVICES TESTS "
                              f"[cpus=N|{ICOUNT}]")
    return [BootRun(words[0], kernel, platform.counting() if icount else platform,
                    names(words[3]), names(words[4]), int(cpus.group(1)) if cpus else 1)
            for kernel in chosen_kernels(words[1], labels, missing, where)
            for platform in chosen_platforms(words[2], kernel, names(words[3]), where)]


def load(path, labels, missing=()):
    """All runs of a plan, in its order, also those on kernels that the mirror lacked."""
    runs = []
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise progress.Failed(str(error)) from error
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "include" and len(words) == 2:
            runs += load(pathlib.Path(path).parent / words[1], labels, missing)
        elif words[0] == "host":
            runs += host_runs(words, where)
        else:
            runs += boot_runs(words, labels, missing, where)
    if not runs:
        raise progress.Failed(f"{path}: has no run")
    return runs
