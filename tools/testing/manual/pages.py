# SPDX-License-Identifier: GPL-2.0-only
"""What the manual pages say, compared with the command's --help and with the module."""

import os
import pathlib
import re
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[3]
MAN = TOP / "Documentation/man"
MODULE = TOP / "drivers/vfio/pci/msi"

ESCAPE = re.compile(r"\\f[A-Z]|\\")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[A-Za-z?](?![\w-]))")
ALL_HAVE = {"-?", "--help", "--usage", "-V", "--version"}


def section(page, name):
    """The lines of a section of a page's source."""
    text = (MAN / page).read_text(encoding="utf-8")
    found = re.search(rf"^\.SH {name}\n(.*?)(?=^\.SH |\Z)", text, re.S | re.M)
    return found[1].splitlines() if found else []


def tags(page, name):
    """The tags of a section's paragraphs, without fonts and quotes."""
    lines = section(page, name)
    return [re.sub(r"^\.[BI]+R? ", "", ESCAPE.sub("", line)).replace('"', "")
            for before, line in zip(lines, lines[1:]) if before in (".TP", ".TQ")]


def page_options(command):
    found = set()
    for tag in tags(f"vfio-msi-{command}.8", "OPTIONS"):
        found |= set(OPTION.findall(tag))
    return found


def help_text(program, command):
    return subprocess.run([program, command, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def help_options(program, command):
    """Those at the start of a line: others are in the explanations."""
    found = set()
    for line in help_text(program, command).splitlines():
        words = re.match(r" {2,6}((?:-[A-Za-z?], +)?--[a-z][a-z-]*)", line)
        found |= set(OPTION.findall(words[1])) if words else set()
    return found


def commands(program):
    text = subprocess.run([program, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return [name for name in re.findall(r"^  ([a-z]+)  ", text, re.M) if name != "help"]


def differ(what, left, right, left_name, right_name):
    for item in sorted(left - right):
        yield f"{what} {item} is in {left_name}, but not in {right_name}"
    for item in sorted(right - left):
        yield f"{what} {item} is in {right_name}, but not in {left_name}"


def lint(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", MAN / page], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # The manual pages of other packages are not in the toolbox.
    return [line for line in done.stdout.splitlines()
            if "referenced manual not found" not in line]


def opened_page(program, command):
    """What "vfio-msi help COMMAND" calls man with, which is a script here."""
    with tempfile.TemporaryDirectory() as folder:
        fake = pathlib.Path(folder) / "man"
        fake.write_text('#!/bin/sh\n[ "$1" = -w ] || echo "opened $*"\n', encoding="ascii")
        fake.chmod(0o755)
        done = subprocess.run([program, "help", command], check=False, text=True,
                              stdout=subprocess.PIPE,
                              env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    return done.stdout.strip()


def parameters():
    text = "".join(path.read_text(encoding="utf-8") for path in MODULE.glob("*.c"))
    return set(re.findall(r"\bmodule_param(?:_cb)?\((\w+),", text))


def page_parameters():
    return {name for tag in tags("msi-vfio-pci.4", "PARAMETERS")
            for name in re.findall(r"\w+", tag.partition("(")[0])}


def features():
    text = (TOP / "include/uapi/linux/vfio_pci_msi.h").read_text(encoding="utf-8")
    return set(re.findall(r"^#define (VFIO_DEVICE_FEATURE_PCI_\w+)", text, re.M))


def page_features():
    return set(tags("msi-vfio-pci.4", "FEATURES"))


def cards():
    text = (MODULE / "main.c").read_text(encoding="utf-8")
    return set(re.findall(r"OVERRIDE_DEVICE_VFIO\(PCI_VENDOR_ID_QCOM, 0x([0-9a-f]{4})", text))


def page_cards():
    text = (MAN / "msi-vfio-pci.4").read_text(encoding="utf-8")
    return set(re.findall(r"^17cb:([0-9a-f]{4})  ", text, re.M))


def check(results, program):
    names = commands(program)
    results.check("each command has a page",
                  differ("command", set(names),
                         {path.stem.removeprefix("vfio-msi-")
                          for path in MAN.glob("vfio-msi-*.8")}, "--help", "Documentation/man"))
    for path in sorted(MAN.iterdir()):
        results.check(f"mandoc finds nothing in {path.name}", lint(path.name))
    for name in names:
        results.check(f"the options of {name} are those of its page",
                      differ("option", help_options(program, name) | ALL_HAVE,
                             page_options(name), "--help", f"vfio-msi-{name}(8)"))
        results.check(f"help {name} opens its page",
                      differ("page", {opened_page(program, name)},
                             {f"opened vfio-msi-{name}"}, "what was opened", "what exists"))
    results.check("the module's parameters are in its page",
                  differ("parameter", parameters(), page_parameters(), "the module",
                         "msi-vfio-pci(4)"))
    results.check("the module's features are in its page",
                  differ("feature", features(), page_features(), "the header",
                         "msi-vfio-pci(4)"))
    results.check("the module's cards are in its page",
                  differ("card", cards(), page_cards(), "main.c", "msi-vfio-pci(4)"))
