# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of the module the runs of a plan reach.

The module is built with gcov for one of the lab's own kernels. Each host hands out gcov's
counters at its end. What gcov says of them is kept for each run, so that a run can be
repeated alone; the table is about all runs that were made with the same sources.
"""

import base64
import collections
import dataclasses
import functools
import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

import build
import devices
import kernels
import plan
import progress
import tests

FOLDER = build.OUT / "coverage"
RECORDS = FOLDER / "runs"
TABLE = FOLDER / "table"
MODULE = pathlib.Path("drivers/vfio/pci/msi")
SOURCES = FOLDER / "source" / MODULE  # those that were built
UNREACHED = build.CHECKOUT / "tools/testing/coverage/unreached"
PLAN = build.CHECKOUT / "tools/testing/coverage/plan"
# Its only checker can be switched off; those of the debug kernel cannot.
KERNEL = kernels.KCSAN

# Tests of the core under vfio-pci, and what counts with a tracer that this kernel lacks
LEFT_OUT = ("upstream_compare", "upstream_faults_test", "fast_test")
TARGET = 95  # percent of the lines
CHANCE = "sometimes: "  # the beginning of the reason for a line that only a race reaches
HEAD = re.compile(r"(?:\w[^=;(]*[\s*])?(\w+)\(")  # of a function


def can_run(run):
    """Whether the kernel has what the run needs."""
    return (isinstance(run, plan.BootRun) and not run.platform.arch.is_foreign and
            not run.platform.icount and "toolbox" not in run.devices and
            not any(device.is_card for device in devices.find(run.devices)))


def through_group(test, folder):
    """Debian's kernels have no cdev, so a test without an argument does not use it there."""
    program = folder / test
    both = program.is_file() and build.is_elf(program) and tests.has_word(program, "cdev")
    return f"{test}:group" if both else test


def mapped(run, folder):
    """The run on the kernel that counts."""
    chosen = [test for test in run.tests if test.partition(":")[0] not in LEFT_OUT]
    if run.kernel not in kernels.OWN:
        chosen = [through_group(test, folder) for test in chosen]
    return dataclasses.replace(run, kernel=KERNEL, tests=tuple(chosen))


def known_devices(test, names, folder):
    """The devices that a test can use, as far as that can be seen."""
    program = folder / test.partition(":")[0]
    if not program.is_file() or not build.is_elf(program):
        return set(names)
    return {name for name in names if tests.has_word(program, name)} or set(names)


def without_repeated(runs, folder):
    """Leaves out what another run has with the same devices, and more."""
    kept = []
    for run in sorted(runs, key=lambda run: -len(run.devices)):
        left = [test for test in run.tests if not any(
            test in other.tests and other.platform == run.platform and
            known_devices(test, run.devices, folder) <= set(other.devices)
            for other in kept)]
        if left:
            kept.append(dataclasses.replace(run, tests=tuple(left)))
    return kept


def chosen_runs(runs, folder):
    return without_repeated([mapped(run, folder) for run in runs if can_run(run)], folder)


def sources():
    return sorted([*SOURCES.glob("*.[ch]"), *SOURCES.glob("Makefile")])


def stamp():
    """Changes with the module, as line numbers do."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources())).hexdigest()[:16]


def unpack(lines, folder):
    """Writes the files of counters that init printed."""
    data = base64.b64decode("".join(lines))
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")


def gcov(counters):
    """What gcov says about a file of counters, beside which its notes are."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities",
                           counters.name], cwd=counters.parent, check=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)["files"]


class Counts:
    """{file: {line: count}} and {file: {branch: count}}."""

    def __init__(self):
        self.lines = collections.defaultdict(collections.Counter)
        self.branches = collections.defaultdict(collections.Counter)

    def add_file(self, name, lines):
        for line in lines:
            number = line["line_number"]
            self.lines[name][number] += line["count"]
            for index, branch in enumerate(line["branches"]):
                self.branches[name][f"{number} {index}"] += branch["count"]

    def add(self, record):
        """Adds what record() returned for another run."""
        for name, file in record["files"].items():
            self.branches[name].update(file["branches"])
            self.lines[name].update({int(line): count
                                     for line, count in file["lines"].items()})

    def record(self):
        return {"build": stamp(), "files": {
            name: {"lines": self.lines[name], "branches": self.branches[name]}
            for name in self.lines}}


def read_counters(lines):
    """What a host's counters say about the module."""
    counts = Counts()
    with tempfile.TemporaryDirectory() as place:
        unpack(lines, place)
        for counters in sorted(pathlib.Path(place).glob("*.gcda")):
            shutil.copy(SOURCES / counters.with_suffix(".gcno").name, place)
            for file in gcov(counters):
                path = pathlib.Path(file["file"])
                if path.parent.name == MODULE.name and (SOURCES / path.name).exists():
                    counts.add_file(path.name, file["lines"])
    return counts


def keep(run, guest):
    """Keeps what the host of a run has counted."""
    if not guest.coverage:
        guest.tally.fail("the host has handed out no counters")
        return
    RECORDS.mkdir(parents=True, exist_ok=True)
    path = RECORDS / f"{run.name}-{hashlib.sha256(repr(run).encode()).hexdigest()[:16]}.json"
    path.write_text(json.dumps(read_counters(guest.coverage).record()), encoding="utf-8")


def kept():
    """The sum of all runs with these sources, and their number."""
    counts, number = Counts(), 0
    for path in sorted(RECORDS.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["build"] == stamp():
            counts.add(record)
            number += 1
    return counts, number


@dataclasses.dataclass
class Entry:
    """Lines that are known not to be reached, and why."""
    file: str
    function: str
    text: str  # of one line; "" for the whole function
    reason: str
    used: bool = False

    def explains(self, file, function, text):
        return (file == self.file and function == self.function and
                self.text in ("", text))


def read_entries(text):
    """Each line is FILE, FUNCTION or FUNCTION: LINE, and REASON, with tabs between them."""
    entries = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            file, what, reason = line.split("\t")
            function, _, of_line = what.partition(": ")
            entries.append(Entry(file, function, of_line, reason))
    return entries


def functions_of(lines):
    """{line: function} for the lines of a source's functions, which have their braces at the
    beginning of a line."""
    found, head, begin, inside = {}, "", 0, False
    for number, line in enumerate(lines, 1):
        match = HEAD.match(line)
        if match:
            head, begin = match.group(1), number
        if line == "{":
            inside = True
            found.update(dict.fromkeys(range(begin, number), head))
        if inside:
            found[number] = head
        inside = inside and line != "}"
    return found


class Sources:
    """The text of the module's files."""

    def __init__(self, folder=SOURCES):
        self.folder = folder

    @functools.cache
    def of_file(self, name):
        """The lines, and their functions."""
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return lines, functions_of(lines)

    def names(self):
        return sorted(path.name for path in self.folder.glob("*.[ch]"))

    def line(self, name, number):
        """The function of a line, and its text."""
        lines, functions = self.of_file(name)
        return functions.get(number, ""), " ".join(lines[number - 1].split())

    def has(self, entry):
        return entry.file in self.names() and any(
            entry.explains(entry.file, *self.line(entry.file, number))
            for number in self.of_file(entry.file)[1])


def unexplained(counts, entries, files):
    """[(file, line, function, text)] that nothing reached and no entry explains."""
    found = []
    for name in sorted(counts.lines):
        for number, count in sorted(counts.lines[name].items()):
            if count:
                continue
            function, text = files.line(name, number)
            known = [entry for entry in entries if entry.explains(name, function, text)]
            for entry in known:
                entry.used = True
            if not known:
                found.append((name, number, function, text))
    return found


def not_compiled(counts, files):
    """[(file, function)] that this kernel's module does not have."""
    found = []
    for name in files.names():
        bodies = dict.fromkeys(files.of_file(name)[1].values())
        known = {files.line(name, number)[0] for number in counts.lines[name]}
        found += [(name, function) for function in bodies if function not in known]
    return found


def stale(entries, files):
    return [entry for entry in entries if not entry.used and not
            (entry.reason.startswith(CHANCE) and files.has(entry))]


def share(part, total):
    return f"{100 * part / total:.1f}" if total else "-"


def reached(counts):
    """How many lines were reached, and how many there are."""
    every = [count for lines in counts.lines.values() for count in lines.values()]
    return sum(1 for count in every if count), len(every)


def row(name, lines, branches):
    cells = [name]
    for counts in lines, branches:
        some = sum(1 for count in counts if count)
        cells += [str(some), str(len(counts)), share(some, len(counts))]
    return cells


def table(counts):
    """The lines of a table of all files."""
    rows = [row(name, list(counts.lines[name].values()),
                list(counts.branches[name].values())) for name in sorted(counts.lines)]
    everything = row("all", [count for file in counts.lines.values() for count in file.values()],
                     [count for file in counts.branches.values() for count in file.values()])
    yield f"{'file':16}{'lines':>8}{'of':>7}{'%':>7}{'branches':>10}{'of':>7}{'%':>7}"
    for cells in [*rows, everything]:
        yield (f"{cells[0]:16}{cells[1]:>8}{cells[2]:>7}{cells[3]:>7}{cells[4]:>10}"
               f"{cells[5]:>7}{cells[6]:>7}")


def report():
    """Prints the table, and what it lacks. Returns an exit code."""
    counts, number = kept()
    if not number:
        raise progress.Failed("no run with these sources of the module was counted")
    entries = read_entries(UNREACHED.read_text(encoding="utf-8"))
    files = Sources()
    missed = unexplained(counts, entries, files)
    text = "\n".join([*table(counts), "", "not compiled for this kernel:",
                      *(f"{name}: {function}()" for name, function in
                        not_compiled(counts, files))]) + "\n"
    TABLE.write_text(text, encoding="utf-8")
    print(text)
    print(f"{number} runs. Nothing reached, and nothing explains:")
    for name, line, function, source in missed:
        print(f"  {name}:{line}: {function}: {source}")
    print(f"{len(missed)} lines")
    old = stale(entries, files)
    for entry in old:
        print(f"{UNREACHED.name}: reached after all, or no such line: {entry.file} "
              f"{entry.function} {entry.text}")
    got = share(*reached(counts))
    print(f"{got} % of the lines; {TARGET} % are wanted")
    return 1 if old or missed or float(got) < TARGET else 0
