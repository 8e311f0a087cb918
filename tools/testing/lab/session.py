# SPDX-License-Identifier: GPL-2.0-only
"""What an emulated host's init reports on the channel (see init)."""

import dataclasses
import time

import progress
import splat
import tap

MARK = "@lab "


@dataclasses.dataclass
class Outcome:
    """The results of one test of a host, and the time that it took."""
    test: str
    tally: tap.Tally
    seconds: float
    cpu_seconds: float  # of the whole host, while the test ran


class Session:
    """Reads the channel line by line. Lines that the tests print go to on_line."""

    def __init__(self, tests, on_line, make_reader=tap.Reader):
        self.tests = tests
        self.on_line = on_line
        self.make_reader = make_reader
        self.reader = None
        self.part = None
        self.blank = False
        self.tally = tap.Tally()
        self.codes = []
        self.dmesg = []
        self.kmemleak = []
        self.coverage = []
        self.races_of_others = []
        self.over = False
        self.console_tail = []  # of a host that did not end by itself
        self.logs = None  # the folder, if it was kept
        self.cpu_seconds = 0  # of the host
        self.requests = {}  # what the tests may ask the lab to do, by its name
        self.cpu_clock = lambda: 0.0  # the CPU time that the host has used so far
        self.outcomes = []
        self.started = self.last_result = 0.0, 0.0

    def line(self, line):
        if line.startswith(MARK):
            self.blank = False
            self.mark(line.split())
        elif self.reader:
            self.test_line(line)
        elif self.part is not None:
            self.part.append(line)

    def test_line(self, line):
        """Init prints a line break before its own lines, so a blank line is held back."""
        if self.blank:
            self.on_line("")
        self.blank = not line
        if line:
            known = len(self.reader.tally.results)
            self.reader.line(line)
            self.time_results(self.reader.tally.results[known:])
            self.on_line(line)

    def clocks(self):
        return time.monotonic(), self.cpu_clock()

    def time_results(self, new):
        if not new:
            return
        now, before = self.clocks(), self.last_result
        new[0].seconds, new[0].cpu_seconds = now[0] - before[0], now[1] - before[1]
        self.last_result = now

    def mark(self, words):
        kind = words[1]
        if kind == "begin":
            self.reader = self.make_reader(words[2])
            self.started = self.last_result = self.clocks()
        elif kind == "end":
            self.end(int(words[3]))
        elif kind == "problem":
            self.tally.fail(" ".join(words[2:]))
        elif kind in ("dmesg", "kmemleak", "coverage"):
            self.part = getattr(self, kind)
        elif kind == "over":
            self.part = None
            self.over = True
        elif kind in self.requests:
            self.request(kind, words[2:])

    def request(self, kind, words):
        try:
            self.requests[kind](*words)
        except progress.Failed as error:
            self.tally.fail(f"{kind} {' '.join(words)}: {error}")

    def end(self, code):
        if self.reader:
            tally = self.reader.end(code)
            now, start = self.clocks(), self.started
            self.outcomes.append(Outcome(self.reader.name, tally, now[0] - start[0],
                                         now[1] - start[1]))
            self.tally.add(tally)
            self.codes.append(code)
            self.reader = None

    def finish(self, console, noise=()):
        """Judges the host. The console's log has what the channel missed."""
        if self.reader:
            self.end(None)
        for test in self.tests[len(self.codes):]:
            self.tally.fail(f"{test}: did not run")
        if not self.over:
            self.tally.fail("the host did not come to its end")
        log = "\n".join(self.dmesg) + "\n" + console
        for line in splat.find(log, noise):
            self.tally.fail(f"kernel: {line}")
        self.races_of_others = splat.races_of_others(log)
        for leak in splat.leaks("\n".join(self.kmemleak)):
            self.tally.fail(f"kmemleak: {leak}")
        return self.tally
