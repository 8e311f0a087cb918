# SPDX-License-Identifier: GPL-2.0-only
"""What apt knows of the packages of one architecture."""

import os
import pathlib
import re
import subprocess

STATE = pathlib.Path("/var/lib/lab-apt")


class Undelivered(Exception):
    """The mirror lists packages, and does not deliver them."""


def output(*command, **options):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


class Apt:
    """The toolbox's own apt, or that of another architecture.

    The other one has lists of its own: apt takes nothing of a suite of which the
    mirror has one architecture only half, and the toolbox can do without theirs.
    """

    def __init__(self, foreign=None):
        self.environment = dict(os.environ)
        self.foreign = foreign
        if foreign:
            self.state = STATE / foreign
            self.environment["APT_CONFIG"] = str(self.state / "apt.conf")

    def prepare(self):
        (self.state / "lists/partial").mkdir(parents=True, exist_ok=True)
        (self.state / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        (self.state / "apt.conf").write_text(
            f'APT::Architecture "{self.foreign}";\n'
            f'APT::Architectures {{ "{self.foreign}"; }};\n'
            f'Dir::State::lists "{self.state}/lists";\n'
            f'Dir::Cache "{self.state}/cache";\n'
            'Dir::State::status "/dev/null";\n'
            'Acquire::Languages "none";\n'
            'Acquire::GzipIndexes "true";\n'
            'APT::Sandbox::User "root";\n', encoding="ascii")

    def cache(self, *arguments):
        return output("apt-cache", *arguments, env=self.environment)

    def get(self, *arguments, check=True, **options):
        return subprocess.run(["apt-get", "-q", *arguments], check=check,
                              env=self.environment, stdin=subprocess.DEVNULL, **options)

    def download(self, names, folder):
        """Packages into a folder, or Undelivered."""
        try:
            self.get("download", "-o", "Acquire::Retries=3", *names, cwd=folder)
        except subprocess.CalledProcessError as error:
            raise Undelivered(" ".join(names)) from error

    def update(self):
        """All or nothing of the own lists; of others what the mirror has."""
        timeout = ["-o", "Acquire::http::Timeout=20"]
        if not self.foreign:
            self.get("update", "-o", "APT::Update::Error-Mode=any", *timeout)
            return
        self.prepare()
        self.get("update", *timeout, check=False)

    def records(self, *names):
        """apt-cache show, as one dictionary for each version of each package."""
        for block in self.cache("show", *names).split("\n\n"):
            fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", block, re.M))
            if fields:
                yield fields

    def candidates(self, names):
        policy = self.cache("policy", *names)
        return re.findall(r"^(\S+):\n.*\n  Candidate: (\d\S*)$", policy, re.M)


def version_key(version):
    """Orders upstream versions and Debian revisions well enough: numbers."""
    return [int(number) for number in re.findall(r"\d+", version)]


def depends_on(fields, pattern):
    """What the pattern's group has matched in each dependency that begins so."""
    names = re.split(r"[,|]\s*", fields.get("Depends", ""))
    return [match.group(1) for match in (re.match(pattern, name.strip())
                                         for name in names) if match]
