# SPDX-License-Identifier: GPL-2.0-only
"""Finds the lines of a kernel's log that report a fault."""

import pathlib
import re

LIST = pathlib.Path(__file__).with_name("splats")
# The fuzzer reads this list, too.
SPLAT = re.compile("|".join(line for line in LIST.read_text(encoding="ascii").splitlines()
                            if line and not line.startswith("#")))

MOST = 20
RACE = "BUG: KCSAN: "
OURS = "[msi_vfio_pci]", "[fuzz_fault]"


def reports(log):
    """The lines of a log that report a fault, each of them once."""
    found = [re.sub(r"^(<\d+>)?\[ *\d+\.\d+\](\[.*?\])? ?", "", line).strip()
             for line in log.splitlines() if SPLAT.search(line)]
    return list(dict.fromkeys(found))


def is_race_of_others(report):
    """A data race between two accesses of VFIO's own files, or of the kernel's."""
    return report.startswith(RACE) and not any(module in report for module in OURS)


def find(log, noise=()):
    """The faults that a log reports. The emulation itself causes the lines in @noise, which
    are exact."""
    return [report for report in reports(log)
            if report not in noise and not is_race_of_others(report)][:MOST]


def races_of_others(log):
    """Data races that are no fault of the module's."""
    return [report for report in reports(log) if is_race_of_others(report)]


def leaks(report):
    """One line for each object of kmemleak's report."""
    found = []
    for item in re.split(r"^(?=unreferenced object)", report, flags=re.M):
        head, _, trace = item.partition("backtrace")
        if head.strip():
            calls = [line.strip() for line in trace.splitlines()[1:]]
            found.append(" / ".join([head.splitlines()[0], *calls[:6]]))
    return found[:MOST]
