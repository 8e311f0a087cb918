# SPDX-License-Identifier: GPL-2.0-only
"""The plan file: which runs there are. README.rst describes it."""

import dataclasses
import pathlib
import shlex

import progress


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
    remap: str
    devices: tuple
    tests: tuple


def chosen_kernels(text, labels, where):
    """Labels are in the order of age, the debug kernel last."""
    chosen = []
    for word in text.split(","):
        if word == "all":
            chosen += labels
        elif word == "newest":
            chosen.append(labels[-2])
        elif word in labels:
            chosen.append(word)
        else:
            raise progress.Failed(f"{where}: no kernel {word}, "
                                  f"there are: {' '.join(labels)}")
    return [label for label in labels if label in chosen]


def chosen_remaps(text, where):
    remaps = text.split(",")
    if set(remaps) - {"on", "off"}:
        raise progress.Failed(f"{where}: remap is on, off or on,off, not {text}")
    return remaps


def names(text):
    """A comma separated list, "-" for an empty one."""
    return () if text == "-" else tuple(text.split(","))


def host_runs(words, where):
    if len(words) < 3:
        raise progress.Failed(f"{where}: host NAME COMMAND...")
    return [HostRun(words[1], tuple(words[2:]))]


def boot_runs(words, labels, where):
    if len(words) != 5:
        raise progress.Failed(f"{where}: NAME KERNELS REMAP DEVICES TESTS")
    return [BootRun(words[0], kernel, remap, names(words[3]), names(words[4]))
            for kernel in chosen_kernels(words[1], labels, where)
            for remap in chosen_remaps(words[2], where)]


def load(path, labels):
    """Every run of a plan, in its order."""
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
            runs += load(pathlib.Path(path).parent / words[1], labels)
        elif words[0] == "host":
            runs += host_runs(words, where)
        else:
            runs += boot_runs(words, labels, where)
    if not runs:
        raise progress.Failed(f"{path}: has no run")
    return runs
