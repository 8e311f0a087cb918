# SPDX-License-Identifier: GPL-2.0-only
"""Asks apt about the packages of one architecture, and downloads them."""

import os
import pathlib
import re
import subprocess

STATE = pathlib.Path("/var/lib/lab-apt")


class Undelivered(Exception):
    """The mirror lists packages but does not deliver them."""


def output(*command, **options):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


class Apt:
    """The apt of the toolbox, or one for another architecture.

    Each has its own lists. With common lists, apt would use nothing of a suite while the
    mirror's files for one architecture are incomplete, and the toolbox can do without the
    packages of other architectures.
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
        """Downloads packages into a folder, or raises Undelivered."""
        try:
            self.get("download", "-o", "Acquire::Retries=3", *names, cwd=folder)
        except subprocess.CalledProcessError as error:
            raise Undelivered(" ".join(names)) from error

    def update(self):
        """Updates all lists of the toolbox, or fails. For another architecture, updates
        those that the mirror has."""
        timeout = ["-o", "Acquire::http::Timeout=20"]
        if not self.foreign:
            self.get("update", "-o", "APT::Update::Error-Mode=any", *timeout)
            return
        self.prepare()
        self.get("update", *timeout, check=False)

    def records(self, *names):
        """The output of apt-cache show: a dictionary for each version of each package."""
        for block in self.cache("show", *names).split("\n\n"):
            fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", block, re.M))
            if fields:
                yield fields

    def candidates(self, names):
        policy = self.cache("policy", *names)
        return re.findall(r"^(\S+):\n.*\n  Candidate: (\d\S*)$", policy, re.M)


def version_key(version):
    """The numbers of a version, which order Debian's versions of kernels and QEMU."""
    return [int(number) for number in re.findall(r"\d+", version)]


def depends_on(fields, pattern):
    """What the pattern's group matches, for each dependency that it fits."""
    names = re.split(r"[,|]\s*", fields.get("Depends", ""))
    return [match.group(1) for match in (re.match(pattern, name.strip())
                                         for name in names) if match]
