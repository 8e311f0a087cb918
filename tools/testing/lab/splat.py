# SPDX-License-Identifier: GPL-2.0-only
"""Finds the lines of a kernel's log that report a fault."""

import re

# A line that reports a fault in the kernel, whatever caused it.
SPLAT = re.compile("|".join([
    r"\bWARNING: ",
    r"\bBUG: ",
    r"\bkernel BUG at ",
    r"\bOops\b",
    r"\bKernel panic\b",
    r"\bgeneral protection fault\b",
    r"\bUnable to handle\b",
    r"\bunable to handle\b",
    r"\bdivide error:",
    r"\binvalid opcode:",
    r"\bstack segment:",
    r"\bdouble fault:",
    r"\bUBSAN: ",
    r"\bKASAN: ",
    r"\bKCSAN: ",
    r"\brefcount_t: ",
    r"\blist_(add|del) corruption",
    r"\bblocked for more than \d+ seconds",
    r"\bblocked on (a|an) \w+ likely ",
    r"\bdetected (expedited )?stalls? on\b",
    r"\bself-detected stall\b",
    r"\bscheduling while atomic\b",
    r"\bsleeping function called from invalid context\b",
    r"\bBad page (state|map)\b",
    r"\bpage allocation failure\b",
    r"\bOut of memory: ",
    # lockdep
    r"\bpossible (circular|recursive) locking\b",
    r"\bpossible irq lock inversion\b",
    r"\birq-safe -> .*irq-unsafe\b",
    r"\binconsistent lock state\b",
    r"\bsuspicious RCU usage\b",
    r"\bsuspicious .*usage!",
    r"\bbad unlock balance\b",
    r"\block held when returning to user space\b",
    r"\bheld lock freed\b",
    r"\bInvalid wait context\b",
    r"\bINFO: trying to register non-static key\b",
    r"\bINFO: lockdep is turned off\b",
    r"\bDEBUG_LOCKS_WARN_ON\b",
    r"\bMAX_LOCK(DEP_\w+| DEPTH)? too low\b",
    r"\bnobody cared\b",
    r"\bunreferenced object\b",
]))

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
