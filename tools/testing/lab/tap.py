# SPDX-License-Identifier: GPL-2.0-only
"""Reads the TAP of tests, and checks it.

A test that prints no plan, or fewer results than it planned, has failed: each missing
result is a failure of its own.
"""

import collections
import dataclasses
import re

PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*(.*))?$")
RESULT = re.compile(r"(not )?ok\b\s*(\d+)?\s*(?:-\s*)?(.*)$")
DIRECTIVE = re.compile(r"(?:^|\s)#\s*(SKIP|XFAIL|TODO)\b\s*(.*)$", re.IGNORECASE)

MISSING = re.compile(r"(\S+): result (\d+) of (\d+) is missing$")

# What kselftest_harness.h prints for every test.
HARNESS_NOISE = re.compile(r"#\s+(RUN|OK)\s|# (Totals|PASSED|FAILED|Starting)\b")

KSFT_PASS, KSFT_FAIL, KSFT_SKIP = 0, 1, 4
KILLED = 128 + 9
HARNESS_NO_REASON = "unknown"  # what kselftest_harness.h prints if there is none


PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
MOST_REMARKS = 40  # lines that are kept for one result


@dataclasses.dataclass
class Result:
    """One result of one test, or a failure that belongs to no result."""
    state: str
    test: str  # "" if it belongs to no test
    name: str
    text: str = ""  # of a failure: the whole message; of a skip: the reason
    remarks: tuple = ()  # what the test printed before a failure
    seconds: float = 0.0  # since the test's result before it
    cpu_seconds: float = 0.0  # of the whole host, in that time

    def __str__(self):
        if self.state == SKIPPED:
            return f"{self.test}: {self.name}: {self.text}"
        return self.text or f"{self.test}: {self.name}"


class Tally:
    """The results of any number of tests."""

    def __init__(self):
        self.results = []

    def of_state(self, state):
        return [result for result in self.results if result.state == state]

    @property
    def passed(self):
        return len(self.of_state(PASSED))

    @property
    def failures(self):
        return [str(result) for result in self.of_state(FAILED)]

    @property
    def skips(self):
        return [str(result) for result in self.of_state(SKIPPED)]

    def succeed(self, test, name):
        self.results.append(Result(PASSED, test, name))

    def fail(self, text, test="", name="", remarks=()):
        self.results.append(Result(FAILED, test, name or text, text, tuple(remarks)))

    def skip(self, test, name, reason):
        self.results.append(Result(SKIPPED, test, name, reason))

    def add(self, other):
        self.results += other.results

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
        self.remarks = collections.deque(maxlen=MOST_REMARKS)  # since the last result

    def fail(self, text, name=""):
        self.tally.fail(f"{self.name}: {text}", self.name, name or text, self.remarks)

    def line(self, line):
        plan = PLAN.match(line)
        if plan:
            self.plan(int(plan.group(1)), plan.group(2))
            return
        result = RESULT.match(line)
        if result:
            self.result(line, *result.groups())
            self.remarks.clear()
        elif line.startswith("Bail out!"):
            self.said_failed = True
            self.fail(line)
        elif line.startswith("#") and not HARNESS_NOISE.match(line):
            self.remarks.append(line)

    def plan(self, count, remark):
        if self.planned is not None:
            self.fail(f"a second plan, 1..{count}")
            return
        self.planned = count
        if count == 0:
            skip = DIRECTIVE.search(f" # {remark or ''}")
            self.skip(skip.group(2) if skip else "", "everything")

    def result(self, line, bad, number, rest):
        self.seen += 1
        if number is not None and int(number) != self.seen:
            self.fail(f"result {self.seen} is missing: {line}")
            self.seen = int(number)
        directive = DIRECTIVE.search(rest)
        kind = directive.group(1).upper() if directive else None
        name = (rest[:directive.start()] if directive else rest).strip() or number or line
        if kind == "SKIP" and not bad:
            self.skip(directive.group(2), name)
        elif bad or kind == "TODO":
            self.said_failed = True
            self.fail(line, name)
        else:
            self.tally.succeed(self.name, name)

    def skip(self, reason, what):
        if reason and reason != HARNESS_NO_REASON:
            self.tally.skip(self.name, what, reason)
        else:
            self.fail(f"{what}: skipped without a reason", what)

    def end(self, code):
        """The test's exit code must agree with what it printed."""
        if self.planned is None:
            self.fail("no plan")
        else:
            for number in range(self.seen, self.planned):
                self.fail(f"result {number + 1} of {self.planned} is missing")
            if self.seen > self.planned:
                self.fail(f"{self.seen} results, {self.planned} planned")
        self.check_exit(code)
        return self.tally

    def check_exit(self, code):
        only_skipped = self.tally.skips and not self.tally.passed
        if code is None:
            self.fail("did not end")
        elif code == KILLED:
            self.fail("killed, out of time or by a signal")
        elif not (code == KSFT_PASS and not self.said_failed or
                  code == KSFT_FAIL and self.said_failed or
                  code == KSFT_SKIP and not self.said_failed and only_skipped):
            self.fail(f"exit code {code} does not agree with its results")


class ExitCode:
    """For a program whose output is for people."""

    def __init__(self, name):
        self.name = name
        self.tally = Tally()

    def line(self, line):
        pass

    def end(self, code):
        if code == 0:
            self.tally.succeed(self.name, self.name)
        else:
            self.tally.fail(f"{self.name}: did not end" if code is None
                            else f"{self.name}: exit code {code}", self.name)
        return self.tally


def for_people(failures):
    """The kernel's messages come first; all missing results of a test are one line."""
    missing = {}
    for failure in failures:
        match = MISSING.match(str(failure))
        if match:
            missing.setdefault((match.group(1), match.group(3)), []).append(match.group(2))
    shown = [failure for failure in failures if not MISSING.match(str(failure))]
    shown.sort(key=lambda failure: not str(failure).startswith("kernel: "))
    return shown + [Result(FAILED, name, "missing", f"{name}: {len(numbers)} of {planned} "
                           f"results are missing, from {numbers[0]} on")
                    for (name, planned), numbers in missing.items()]


def read(name, text, code):
    reader = Reader(name)
    for line in text.splitlines():
        reader.line(line)
    return reader.end(code)
