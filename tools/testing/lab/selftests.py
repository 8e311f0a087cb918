# SPDX-License-Identifier: GPL-2.0-only
"""Runs the functions of a program whose names begin with test_, and prints TAP."""

import traceback


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def run(names):
    """Takes the program's globals(), and returns its exit code."""
    found = [(name, call) for name, call in names.items() if name.startswith("test_")]
    print("TAP version 13")
    print(f"1..{len(found)}")
    failed = 0
    for number, (name, call) in enumerate(found, 1):
        try:
            call()
            print(f"ok {number} {name[5:]}")
        except Exception:  # whatever it is, the test failed
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {name[5:]}")
    return 1 if failed else 0
