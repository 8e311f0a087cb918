#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Finds the command lines of the manual.

Each line of these blocks is a command line, but for comments and empty lines:

- Markdown: a block that begins with three backquotes and "sh";
- reStructuredText: a block of the directive "code-block:: sh";
- manual pages: what is in bold after .TP in the section EXAMPLES.

A comment "not run: REASON" right before a block (before .TP in a manual page) says why the
tests cannot run it. A command line in any other block is a mistake.

Run as a program, this prints the command lines that an emulated host has to run, as lines
of FILE:LINE, the reason why it is not run or "-", and the command, with tabs between them.
"""

import dataclasses
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[3]
LAB = ("lab", "tools/testing/lab/lab")
LOOKS_LIKE_ONE = re.compile(
    r"^\s*(?:[#$] )?(?:sudo )?(?:(?:vfio-msi|make|apt(?:-get)?|modprobe|modinfo|depmod|lab|"
    r"tools/testing/lab/lab|virsh|qm|dkms|mokutil|driverctl|systemctl|journalctl|lspci|setpci|"
    r"qemu-system-\S+|echo|cat|rm|ip) \S|\./\S)")
REASON = re.compile(r"^\s*(?:<!-- |\.\. |\.\\\" )not run: (.*?)(?: -->)?$")


@dataclasses.dataclass(frozen=True)
class Command:
    """A command line. reason is why it cannot be run, or empty."""
    place: str
    text: str
    reason: str

    @property
    def program(self):
        return self.text.split()[0]

    @property
    def is_for_the_lab(self):
        """Not for the machine on which the project is built."""
        return self.program not in ("make", *LAB)


def files():
    return [TOP / "README.md", TOP / "CONTRIBUTING.md",
            *(TOP / "tools/testing" / name / "README.rst" for name in ("lab", "devices")),
            *sorted((TOP / "Documentation").rglob("*.rst")),
            *sorted((TOP / "Documentation/man").iterdir())]


def markdown_blocks(lines):
    """(kind, number of the first line, the lines) of each block."""
    inside = None
    for number, line in enumerate(lines):
        if line.startswith("```"):
            if inside is None:
                inside = (line[3:].strip(), number + 1)
            else:
                yield (*inside, lines[inside[1]:number])
                inside = None
        elif inside is None and line.startswith("    ") and not lines[number - 1].strip():
            yield "", number, [line]


def indent_of(line):
    return len(line) - len(line.lstrip())


def indented(lines, number, indent):
    """The lines from a number on that are indented by more, and empty ones between them."""
    end = number
    while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > indent):
        end += 1
    return lines[number:end]


def rst_blocks(lines):
    for number, line in enumerate(lines):
        directive = re.match(r"\s*(?:- )?\.\. code-block:: *(\w*)", line)
        if directive or (line.rstrip().endswith("::") and
                         not re.match(r"\s*\.\. [\w-]+::", line)):
            yield (directive[1] if directive else "", number + 1,
                   indented(lines, number + 1, indent_of(line)))


def page_blocks(lines):
    """A block for each example. The section's other lines explain."""
    if ".SH EXAMPLES" not in lines:
        return
    for number in range(lines.index(".SH EXAMPLES") + 1, len(lines)):
        if lines[number].startswith(".SH "):
            return
        if lines[number - 1] == ".TP":
            yield "sh", number, [lines[number].removeprefix(".B ").replace("\\", "")]


def blocks(path, lines):
    if path.suffix == ".md":
        return markdown_blocks(lines)
    return rst_blocks(lines) if path.suffix == ".rst" else page_blocks(lines)


def reason_before(lines, number):
    """Of the comment before the line that opens a block."""
    before = number - 2
    while before >= 0 and not lines[before].strip():
        before -= 1
    found = REASON.match(lines[before]) if before >= 0 else None
    return found[1] if found else ""


def joined(block, first):
    """(number, line), with the lines that a backslash continues in one."""
    start, text = first, ""
    for number, line in enumerate(block, first):
        start = start if text else number
        text += line.strip() if text else line
        if line.endswith("\\"):
            text = text[:-1]
            continue
        yield start, text
        text = ""


def load():
    """(commands, complaints about what looks like a command in other blocks)"""
    found, complaints = [], []
    for path in files():
        lines = path.read_text(encoding="utf-8").splitlines()
        name = path.relative_to(TOP)
        for kind, first, block in blocks(path, lines):
            for number, line in joined(block, first + 1):
                place = f"{name}:{number}"
                if kind == "sh":
                    if line.strip() and not line.lstrip().startswith("#"):
                        found.append(Command(place, line.strip(), reason_before(lines, first)))
                elif LOOKS_LIKE_ONE.match(line):
                    complaints.append(f"{place}: a command line in a block that is not of sh: "
                                      f"{line.strip()}")
    return found, complaints


if __name__ == "__main__":
    for command in load()[0]:
        if command.is_for_the_lab:
            print(command.place, command.reason or "-", command.text, sep="\t")
