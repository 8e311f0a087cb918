# SPDX-License-Identifier: GPL-2.0-only
"""Finds the lines of a kernel's log that report a fault."""

import pathlib
import re

LIST = pathlib.Path(__file__).with_name("splats")
# The fuzzer reads this list, too.
SPLAT = re.compile("|".join(line for line in LIST.read_text(encoding="ascii").splitlines()
                            if line and not line.startswith("#")))

MOST = 20


def find(log, noise=()):
    """The lines of a log that report a fault, each of them once.

    The emulation itself causes the lines in @noise, which are exact.
    """
    found = []
    for line in log.splitlines():
        if SPLAT.search(line):
            text = re.sub(r"^(<\d+>)?\[ *\d+\.\d+\](\[.*?\])? ?", "", line).strip()
            if text not in found and text not in noise:
                found.append(text)
    return found[:MOST]


def leaks(report):
    """One line for each object of kmemleak's report."""
    found = []
    for item in re.split(r"^(?=unreferenced object)", report, flags=re.M):
        head, _, trace = item.partition("backtrace")
        if head.strip():
            calls = [line.strip() for line in trace.splitlines()[1:]]
            found.append(" / ".join([head.splitlines()[0], *calls[:6]]))
    return found[:MOST]
