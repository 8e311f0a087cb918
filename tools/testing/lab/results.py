# SPDX-License-Identifier: GPL-2.0-only
"""Writes the results of a matrix, for people and for programs."""

import collections
import json
import re
import shutil
import xml.etree.ElementTree as ET

import build
import tap

FOLDER = build.OUT / "results"
RUNS, JUNIT, KTAP, SKIPPED = "runs.jsonl", "junit.xml", "ktap", "skipped"
# The characters that XML 1.0 does not allow.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Run:
    """One run that has ended."""

    def __init__(self, title, tally, seconds=0.0, cpu_seconds=0.0, outcomes=(), notes=(),
                 races_of_others=()):
        self.title = title
        self.tally = tally
        self.seconds = seconds
        self.cpu_seconds = cpu_seconds
        self.outcomes = outcomes  # of each test of an emulated host
        self.notes = notes  # printed after its failures
        self.races_of_others = list(races_of_others)

    def record(self):
        return {"run": self.title, "passed": self.tally.passed,
                "failures": self.tally.failures, "skips": self.tally.skips,
                "seconds": round(self.seconds, 1),
                "cpu_seconds": round(self.cpu_seconds, 1),
                "races_of_others": self.races_of_others,
                "tests": [{"test": outcome.test, "seconds": round(outcome.seconds, 1),
                           "cpu_seconds": round(outcome.cpu_seconds, 1),
                           "longest": longest(outcome.tally)}
                          for outcome in self.outcomes]}


def longest(tally):
    """{name: CPU seconds} of the results that took a second or more, longest first."""
    found = [result for result in tally.results if result.cpu_seconds >= 1]
    found.sort(key=lambda result: -result.cpu_seconds)
    return {result.name: round(result.cpu_seconds, 1) for result in found}


def reasons(tally):
    """[(count, reason), ...] of the skipped results, the most frequent reason first."""
    counts = collections.Counter(result.text for result in tally.of_state(tap.SKIPPED))
    return [(count, reason) for reason, count in counts.most_common()]


def details(result):
    return "\n".join([*result.remarks, str(result)])


def summary(runs):
    """The lines that a matrix prints at its end: reasons for skips, then failures."""
    skipped = tap.Tally()
    for run in runs:
        skipped.results += run.tally.of_state(tap.SKIPPED)
    if skipped.results:
        yield f"skipped, by reason (one by one in {FOLDER / SKIPPED}):"
        for count, reason in reasons(skipped):
            yield f"{count:6}  {reason}"
    for run in runs:
        failures = tap.for_people(run.tally.of_state(tap.FAILED))
        if failures:
            yield f"FAILED {run.title}: {len(run.tally.failures)}"
        for failure in failures:
            for line in details(failure).splitlines():
                yield f"    {line}"
        for note in run.notes if failures else ():
            yield f"    {note}"


def junit(runs):
    """A suite for each run, a case for each result. The test program is the class."""
    top = ET.Element("testsuites")
    for run in runs:
        suite = ET.SubElement(top, "testsuite", name=clean(run.title),
                              tests=str(len(run.tally.results)),
                              failures=str(len(run.tally.failures)), errors="0",
                              skipped=str(len(run.tally.skips)),
                              time=f"{run.seconds:.1f}")
        for result in run.tally.results:
            case = ET.SubElement(suite, "testcase", name=clean(result.name),
                                 classname=clean(result.test or run.title),
                                 time=f"{result.seconds:.2f}")
            if result.state == tap.SKIPPED:
                ET.SubElement(case, "skipped", message=clean(result.text))
            elif result.state == tap.FAILED:
                failure = ET.SubElement(case, "failure", message=clean(str(result)))
                failure.text = clean(details(result))
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def clean(text):
    return UNWRITABLE.sub("?", text)


def ktap(runs):
    """One result for each run; the results of its tests are nested."""
    lines = ["KTAP version 1", f"1..{len(runs)}"]
    for number, run in enumerate(runs, 1):
        lines += ["  KTAP version 1", f"  1..{len(run.tally.results)}"]
        for inner, result in enumerate(run.tally.results, 1):
            lines += ["  # " + line.lstrip("# ") for remark in result.remarks
                      for line in remark.splitlines()]
            lines.append("  " + ktap_line(inner, result.state, f"{result.test}: {result.name}"
                                          if result.test else result.name, result.text))
        state = tap.FAILED if run.tally.failures else tap.PASSED
        lines.append(ktap_line(number, state, run.title))
    return "\n".join(lines) + "\n"


def ktap_line(number, state, name, text=""):
    name = " ".join(name.replace("#", " ").split())
    skip = f" # SKIP {text}" if state == tap.SKIPPED else ""
    return f"{'not ok' if state == tap.FAILED else 'ok'} {number} {name}{skip}"


def write(runs, folder=FOLDER):
    if folder.is_dir():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    folder.mkdir(parents=True)
    for name, text in (
            (RUNS, "".join(json.dumps(run.record()) + "\n" for run in runs)),
            (JUNIT, junit(runs)), (KTAP, ktap(runs)),
            (SKIPPED, "".join(f"{run.title}: {skip}\n"
                              for run in runs for skip in run.tally.skips))):
        (folder / name).write_text(text, encoding="utf-8")
