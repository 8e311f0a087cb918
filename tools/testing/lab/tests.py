# SPDX-License-Identifier: GPL-2.0-only
"""Finds mistakes in the names of tests before a host boots."""

import difflib
import functools
import re
import subprocess

import build
import progress

STRING = re.compile(r"^ +\[ *[0-9a-f]+\]  (.*)$", re.M)


def folder_of(arch):
    return build.folder_of(arch) / "payload/tests"


@functools.cache
def strings(program):
    """The constant strings of a compiled program. One that is the end of another is not
    listed by itself."""
    done = subprocess.run(["readelf", "-p", ".rodata", program], check=False, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return STRING.findall(done.stdout)


def has_word(program, word):
    return any(text.endswith(word) for text in strings(program))


def check_argument(test, program, argument):
    """Each word of an argument, such as "group.a_test", must be in the program. What
    numbers mean, and the arguments of scripts, only the program knows."""
    if not build.is_elf(program):
        return
    for word in argument.split("."):
        if not word.isdigit() and not (word and has_word(program, word)):
            raise progress.Failed(f"{test}: {program.name} has no {word or 'empty name'}")


def check(folder, tests):
    """Refuses tests that the folder does not have, and arguments that would choose
    nothing."""
    for test in tests:
        name, colon, argument = test.partition(":")
        program = folder / name
        if not program.is_file():
            near = difflib.get_close_matches(name, [path.name for path in folder.iterdir()])
            raise progress.Failed(f"there is no test {name}"
                                  f"{''.join(f', but {other}' for other in near[:1])}; all "
                                  f"tests are in {folder}")
        if colon:
            check_argument(test, program, argument)
