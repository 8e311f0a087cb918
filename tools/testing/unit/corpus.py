#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Convert scripts of the fuzzer between a file with a line of hexadecimal digits for
each, and a folder with a file for each.

usage: corpus.py unpack CORPUS FOLDER
       corpus.py pack FOLDER CORPUS
"""

import pathlib
import sys

HEADER = "# SPDX-License-Identifier: GPL-2.0-only\n"


def unpack(corpus, folder):
    folder.mkdir(parents=True, exist_ok=True)
    lines = corpus.read_text(encoding="ascii").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("#"):
            (folder / str(number)).write_bytes(bytes.fromhex(line))


def pack(folder, corpus):
    scripts = sorted({path.read_bytes().hex() for path in folder.iterdir()})
    corpus.write_text(HEADER + "".join(f"{script}\n" for script in scripts if script),
                      encoding="ascii")


def main():
    commands = {"unpack": unpack, "pack": pack}
    if len(sys.argv) != 4 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))


if __name__ == "__main__":
    main()
