# SPDX-License-Identifier: GPL-2.0-only
"""Checks the command lines of the manual that are for the machine on which the project is
built: make has the target, and the lab accepts the arguments. And it checks commands in running
text: the subcommand and its options exist."""

import contextlib
import io
import re
import shlex
import sys

import commands
import pages

TOP = commands.TOP
sys.path.insert(0, str(TOP / "tools/testing/lab"))

import devices  # pylint: disable=wrong-import-position
import kernels  # pylint: disable=wrong-import-position
import lab  # pylint: disable=wrong-import-position
import plan  # pylint: disable=wrong-import-position
import progress  # pylint: disable=wrong-import-position

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
MARKED = re.compile(r"``?([^`]+)``?", re.S)
options = {}    # of each command, as --help has them


def targets():
    text = (TOP / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z_-]*):", text, re.M))


def check_make(words):
    names = [word for word in words if "=" not in word and not word.startswith("-")]
    return [f"make has no target {name}" for name in names if name not in targets()]


def has_test(name):
    """A test is a script, or what is built of a source of its name."""
    testing = TOP / "tools/testing"
    return any(path.stem == name for folder in ("selftests", "guest", "demo", "bench", "fuzz")
               for path in (testing / folder).rglob(f"{name}*") if path.suffix in ("", ".c"))


def parse_lab(words):
    """What lab.py makes of the words, or what it complains about."""
    own, _, command = lab.split_command(words)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            args = lab.parser().parse_args(own)
    except SystemExit:
        return None, [said.getvalue()]
    args.command = command
    return args, []


def check_rows(args):
    labels = kernels.labels()
    names = {run.name for run in plan.load(TOP / args.plan, labels, kernels.missing())}
    return [f"no row {name}" for name in args.only or () if name not in names]


def check_lab(words):
    if words[0] == "enter":
        return []
    args, complaints = parse_lab(words)
    if args is None:
        return complaints
    if args.call is lab.run_matrix:
        return check_rows(args)
    if args.call not in (lab.boot, lab.shell):
        return []
    try:
        devices.find(args.devices)
        # A machine can lack the kernels of another architecture.
        if args.kernel not in kernels.missing():
            kernels.label_for(args.kernel)
    except progress.Failed as error:
        complaints.append(str(error))
    tests = args.tests if args.call is lab.boot else ()
    return complaints + [f"there is no test {test}" for test in tests
                         if not has_test(test.partition(":")[0])]


def check_command(command):
    words = shlex.split(command.text)
    return check_make(words[1:]) if words[0] == "make" else check_lab(words[1:])


def check_text(program, text, known):
    """One piece of code in running text."""
    words = text.split()
    if words[0] == "make" and len(words) == 2 and re.fullmatch(r"[a-z-]+", words[1]):
        return check_make(words[1:])
    if words[0] != "vfio-msi" or len(words) < 2 or words[1].startswith("-"):
        return []
    if words[1] not in known:
        return [f"vfio-msi has no command {words[1]}"]
    if words[1] not in options:
        options[words[1]] = pages.help_options(program, words[1]) | pages.ALL_HAVE
    return [f"vfio-msi {words[1]} has no option {word}" for word in words[2:]
            if word.startswith("-") and word.partition("=")[0] not in options[words[1]]]


def running_text(program):
    known = {*pages.commands(program), "help"}
    for path in commands.files():
        if path.suffix in (".md", ".rst"):
            for text in MARKED.findall(path.read_text(encoding="utf-8")):
                for complaint in check_text(program, text, known) if text.split() else ():
                    yield f"{path.relative_to(TOP)}: {complaint}"


def dead_links():
    """In Markdown; Sphinx looks at those of the manual."""
    for path in commands.files():
        for link in LINK.findall(path.read_text(encoding="utf-8")) if path.suffix == ".md" else ():
            if not (path.parent / link).exists():
                yield f"{path.relative_to(TOP)}: there is no {link}"


def check(results, program):
    found, complaints = commands.load()
    results.check("every command line is in a block of sh", complaints)
    for command in found:
        if not command.is_for_the_lab:
            results.check(f"{command.place}: {command.text}", check_command(command))
    results.check("links of Markdown lead to files", dead_links())
    results.check("commands in running text exist", running_text(program))
