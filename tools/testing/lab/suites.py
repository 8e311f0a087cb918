# SPDX-License-Identifier: GPL-2.0-only
"""Files of one package from several of Debian's suites, side by side in the cache.

They are no part of the toolbox, whose suites have only one version each, and which is
complete without them: a mirror need not have every suite. A host mounts the folder of a
package, and finds SUITE there, which is the file, and SUITE.version; or SUITE.missing, which
says why the file is not there.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import archive

CACHE = pathlib.Path(os.environ.get("LAB_CACHE", "/var/cache"), "suites")
SOURCES = pathlib.Path("/etc/apt/sources.list")
# How old a file may be until the mirror is asked again, and how old the reason why there is
# none.
FILE_SECONDS = 7 * 86400
MISSING_SECONDS = 3600


class Suites(archive.Apt):
    """An apt that knows these suites of the toolbox's mirror, and no other."""

    def __init__(self, suites):
        super().__init__("amd64")
        self.suites = suites
        self.state = CACHE / "apt"
        self.environment["APT_CONFIG"] = str(self.state / "apt.conf")

    def prepare(self):
        super().prepare()
        mirror = re.search(r"^deb (?:\[.*\] )?(\S+)",
                           SOURCES.read_text(encoding="ascii"), re.M)[1]
        (self.state / "sources.list").write_text(
            "".join(f"deb {mirror} {suite} main\n" for suite in self.suites),
            encoding="ascii")
        with open(self.state / "apt.conf", "a", encoding="ascii") as conf:
            conf.write(f'Dir::Etc::sourcelist "{self.state}/sources.list";\n'
                       'Dir::Etc::sourceparts "/dev/null";\n'
                       'Dir::Etc::preferencesparts "/dev/null";\n'
                       # A mirror that stands still is good enough for what a guest runs.
                       'Acquire::Check-Valid-Until "false";\n')

    def get(self, *arguments, check=True, **options):
        with open(CACHE / "log", "a", encoding="utf-8") as log:
            return super().get(*arguments, check=check, stdout=log, stderr=log, **options)

    def fetch(self, package, suite, file, target):
        """Writes the file and its package's version, or raises Undelivered."""
        with tempfile.TemporaryDirectory() as folder:
            self.download([f"{package}/{suite}"], folder)
            [deb] = pathlib.Path(folder).glob("*.deb")
            version = archive.output("dpkg-deb", "-f", deb, "Version")
            tree = pathlib.Path(folder, "root")
            subprocess.run(["dpkg-deb", "-x", deb, tree], check=True)
            new = target.with_suffix(".new")
            new.write_bytes((tree / file).read_bytes())
            new.rename(target)
        target.with_suffix(".version").write_text(version, encoding="ascii")


def is_younger(path, seconds):
    return path.exists() and time.time() - path.stat().st_mtime < seconds


def is_settled(target):
    return (is_younger(target, FILE_SECONDS) or
            is_younger(target.with_suffix(".missing"), MISSING_SECONDS))


def fetch(apt, package, suite, file, target):
    """What was there before is good enough if the mirror has nothing now."""
    missing = target.with_suffix(".missing")
    try:
        apt.fetch(package, suite, file, target)
        missing.unlink(missing_ok=True)
    except (archive.Undelivered, OSError, subprocess.CalledProcessError) as error:
        if target.exists():
            target.touch()
        else:
            missing.write_text(f"the mirror delivers no {package} of {suite}: {error}\n",
                               encoding="utf-8")


@contextlib.contextmanager
def locked():
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def folder_of(package, file, suites):
    """The folder that has the package's file of each suite, as far as the mirror has it."""
    folder = CACHE / package
    with locked():
        folder.mkdir(exist_ok=True)
        late = [suite for suite in suites if not is_settled(folder / suite)]
        if late:
            apt = Suites(suites)
            apt.update()
            for suite in late:
                fetch(apt, package, suite, file, folder / suite)
            shutil.rmtree(apt.state, ignore_errors=True)
    return folder
