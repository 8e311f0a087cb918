# SPDX-License-Identifier: GPL-2.0-only
"""What `price` has printed, and the rows of rows.toml that compare it."""

import csv
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
STOCK, OURS = "vfio-pci", "msi-vfio-pci"
LINE = re.compile(r"^price (\S+) (\S+) (\S+) (\S+) (-|\d+) (\d+) (\d+) ([\d.]+)$")


class Prices:
    """What one kernel and platform have given."""

    def __init__(self):
        self.found = {}

    def read(self, path):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            match = LINE.match(line.strip())
            if match:
                driver, device, group, row, x, ticks, cpu, spread = match.groups()
                self.found[driver, device, group, row, x] = (
                    float(ticks), float(cpu), float(spread))

    def read_csv(self, path, host):
        """What report has written of this host"""
        with open(path, encoding="utf-8", newline="") as file:
            for its_host, *spec, ticks, cpu, spread in list(csv.reader(file))[1:]:
                if its_host == host:
                    self.found[tuple(spec)] = (float(ticks), float(cpu), float(spread))

    def get(self, driver, spec, cpu):
        sample = self.found.get((driver, *spec.split()))
        return None if sample is None else sample[1 if cpu else 0]

    def curve(self, group, row):
        """[(X, ticks), ...] of a row under our driver, on any device."""
        return sorted((int(x), sample[0])
                      for (driver, _, its_group, its_row, x), sample in self.found.items()
                      if (driver, its_group, its_row) == (OURS, group, row) and x != "-")


def all_rows():
    return tomllib.loads((HERE / "rows.toml").read_text(encoding="utf-8"))["row"]


def sides(row):
    """(driver, spec) of what a row compares with, and of what it compares."""
    return (row.get("under", STOCK), row.get("against", row["row"])), (OURS, row["row"])


def compare(prices, row):
    """(theirs, ours, ratio) of a row; None where it was not measured."""
    theirs, ours = (prices.get(*side, row.get("cpu", False)) for side in sides(row))
    if theirs is None or ours is None or not theirs:
        return theirs, ours, None
    return theirs, ours, ours / theirs


def misses_goal(row, ratio):
    """As far as the tables show it"""
    return ratio is not None and "goal" in row and round(ratio, 3) > row["goal"]
