# SPDX-License-Identifier: GPL-2.0-only
"""The speed of this machine's time stamp counter."""

import functools
import pathlib
import tempfile

import archive

SOURCE = pathlib.Path(__file__).resolve().with_name("tsc.c")


@functools.cache
def tsc_khz():
    """Measures once in each command of the lab; tsc.c says why."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "tsc")
        archive.output("gcc", "-O2", "-o", program, SOURCE)
        return int(archive.output(program))
