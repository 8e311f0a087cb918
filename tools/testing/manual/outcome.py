# SPDX-License-Identifier: GPL-2.0-only
"""Results as TAP."""


class Results:
    """Prints a line for each result, and what a failure says as comments before it."""

    def __init__(self):
        self.count = self.failed = 0
        print("TAP version 13")

    def _line(self, words, name, end=""):
        self.count += 1
        print(f"{words} {self.count} {name}{end}", flush=True)

    def check(self, name, complaints):
        """Passes if nothing complains."""
        complaints = list(complaints)
        for text in complaints:
            for line in str(text).splitlines():
                print(f"# {line}")
        self.failed += bool(complaints)
        self._line("not ok" if complaints else "ok", name)

    def skip(self, name, reason):
        self._line("ok", name, f" # SKIP {reason}")

    def end(self):
        """Returns the program's exit code."""
        print(f"1..{self.count}")
        return 1 if self.failed else 0
