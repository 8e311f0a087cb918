# SPDX-License-Identifier: GPL-2.0-only
"""Talks to a QEMU by its machine protocol."""

import contextlib
import json
import socket
import time

import progress

CONNECT_SECONDS = 60
POLL_SECONDS = 0.1


class Monitor:
    """Only one command is under way at a time. Events are dropped."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise progress.Failed(f"QEMU's monitor: {error}") from error
                time.sleep(POLL_SECONDS)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        """Returns what QEMU returns for the command. A QEMU that ends is a failure, too."""
        try:
            return self.try_to_run(command, arguments)
        except (OSError, ValueError) as error:
            raise progress.Failed(f"QEMU: {command}: {error}") from error

    def try_to_run(self, command, arguments):
        print(json.dumps({"execute": command, "arguments": arguments}), file=self.file,
              flush=True)
        for line in self.file:  # QEMU's greeting is the first one, without an answer
            answer = json.loads(line)
            if "error" in answer:
                raise progress.Failed(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise progress.Failed(f"QEMU ended at {command}")

    def close(self):
        with contextlib.suppress(OSError):  # what could not be written before
            self.file.close()
        self.socket.close()

    def quit(self):
        self.run("quit")

    def save(self, path):
        """Stops the machine, and writes its state without its disks."""
        self.run("stop")
        self.run("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.run("migrate", uri=f"file:{path}")
        while (status := self.run("query-migrate")["status"]) != "completed":
            if status in ("failed", "cancelled"):
                raise progress.Failed("QEMU cannot save its state")
            time.sleep(POLL_SECONDS)

    def resume(self):
        """Has a machine go on that was started with such a state."""
        while self.run("query-status")["status"] == "inmigrate":
            time.sleep(POLL_SECONDS)
        self.run("cont")
