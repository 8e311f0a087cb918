# SPDX-License-Identifier: GPL-2.0-only
"""What tests say, and what of it is to be believed.

A test that says nothing, or less than it planned, has failed: every result
that is missing counts as a failure of its own.
"""

import dataclasses
import re

PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*(.*))?$")
RESULT = re.compile(r"(not )?ok\b\s*(\d+)?\s*(?:-\s*)?(.*)$")
DIRECTIVE = re.compile(r"(?:^|\s)#\s*(SKIP|XFAIL|TODO)\b\s*(.*)$", re.IGNORECASE)

MISSING = re.compile(r"(\S+): result (\d+) of (\d+) is missing$")

KSFT_PASS, KSFT_FAIL, KSFT_SKIP = 0, 1, 4
KILLED = 128 + 9
HARNESS_NO_REASON = "unknown"  # what kselftest_harness.h says for want of one


@dataclasses.dataclass
class Tally:
    """The outcome of any number of tests."""
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skips: list = dataclasses.field(default_factory=list)

    def fail(self, text):
        self.failures.append(text)

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips

    def __str__(self):
        return (f"{self.passed} passed, {len(self.failures)} failed, "
                f"{len(self.skips)} skipped")


class Reader:
    """Reads the TAP of one test, line by line."""

    def __init__(self, name):
        self.name = name
        self.tally = Tally()
        self.planned = None
        self.seen = 0
        self.said_failed = False

    def line(self, line):
        plan = PLAN.match(line)
        if plan:
            self.plan(int(plan.group(1)), plan.group(2))
            return
        result = RESULT.match(line)
        if result:
            self.result(line, *result.groups())
        elif line.startswith("Bail out!"):
            self.said_failed = True
            self.tally.fail(f"{self.name}: {line}")

    def plan(self, count, remark):
        if self.planned is not None:
            self.tally.fail(f"{self.name}: a second plan, 1..{count}")
            return
        self.planned = count
        if count == 0:
            skip = DIRECTIVE.search(f" # {remark or ''}")
            self.skip(skip.group(2) if skip else "", "everything")

    def result(self, line, bad, number, rest):
        self.seen += 1
        if number is not None and int(number) != self.seen:
            self.tally.fail(f"{self.name}: result {self.seen} is missing: {line}")
            self.seen = int(number)
        directive = DIRECTIVE.search(rest)
        kind = directive.group(1).upper() if directive else None
        if kind == "SKIP" and not bad:
            self.skip(directive.group(2), rest[:directive.start()].strip() or number)
        elif bad or kind == "TODO":
            self.said_failed = True
            self.tally.fail(f"{self.name}: {line}")
        else:
            self.tally.passed += 1

    def skip(self, reason, what):
        if reason and reason != HARNESS_NO_REASON:
            self.tally.skips.append(f"{self.name}: {what}: {reason}")
        else:
            self.tally.fail(f"{self.name}: {what}: skipped without a reason")

    def end(self, code):
        """The test's exit code must agree with what it printed."""
        if self.planned is None:
            self.tally.fail(f"{self.name}: no plan")
        else:
            for number in range(self.seen, self.planned):
                self.tally.fail(f"{self.name}: result {number + 1} of "
                                f"{self.planned} is missing")
            if self.seen > self.planned:
                self.tally.fail(f"{self.name}: {self.seen} results, "
                                f"{self.planned} planned")
        self.check_exit(code)
        return self.tally

    def check_exit(self, code):
        only_skipped = self.tally.skips and not self.tally.passed
        if code is None:
            self.tally.fail(f"{self.name}: did not end")
        elif code == KILLED:
            self.tally.fail(f"{self.name}: killed, out of time or by a signal")
        elif not (code == KSFT_PASS and not self.said_failed or
                  code == KSFT_FAIL and self.said_failed or
                  code == KSFT_SKIP and not self.said_failed and only_skipped):
            self.tally.fail(f"{self.name}: exit code {code} does not agree with "
                            "its results")


class ExitCode:
    """For a program whose output is for people."""

    def __init__(self, name):
        self.name = name

    def line(self, line):
        pass

    def end(self, code):
        tally = Tally()
        if code == 0:
            tally.passed += 1
        else:
            tally.fail(f"{self.name}: did not end" if code is None
                       else f"{self.name}: exit code {code}")
        return tally


def for_people(failures):
    """What the kernel said first, and results that are missing in one line."""
    missing = {}
    for line in failures:
        match = MISSING.match(line)
        if match:
            missing.setdefault((match.group(1), match.group(3)), []).append(match.group(2))
    lines = [line for line in failures if not MISSING.match(line)]
    lines.sort(key=lambda line: not line.startswith("kernel: "))
    return lines + [f"{name}: {len(numbers)} of {planned} results are missing, "
                    f"from {numbers[0]} on"
                    for (name, planned), numbers in missing.items()]


def read(name, text, code):
    reader = Reader(name)
    for line in text.splitlines():
        reader.line(line)
    return reader.end(code)
