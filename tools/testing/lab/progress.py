# SPDX-License-Identifier: GPL-2.0-only
"""Tells the user what the lab does while it takes long."""

import contextlib
import fcntl
import subprocess
import sys
import threading
import time

HEARTBEAT_SECONDS = 30
PATIENCE_SECONDS = 10


class Failed(Exception):
    """An error whose text is all that the user needs."""


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(what):
    """Announces long work, and says every 30 seconds that it goes on."""
    start = time.monotonic()
    over = threading.Event()

    def beat():
        while not over.wait(HEARTBEAT_SECONDS):
            say(f"{what}: {time.monotonic() - start:.0f} s so far")

    say(f"{what} ...")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    say(f"{what}: {time.monotonic() - start:.0f} s")


@contextlib.contextmanager
def locked(path):
    """Waits for the lock, and tells the user if that takes long."""
    with open(path, "w", encoding="ascii") as lock:
        told = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > told:
                    say(f"waiting for another lab that holds {path}")
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    break
                time.sleep(0.1)
        yield


def run(command, log, tail_lines=30, **options):
    """Runs a command with its output in a log, and shows the log's end if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as out:
        done = subprocess.run([str(word) for word in command], stdout=out,
                              stderr=subprocess.STDOUT, check=False,
                              stdin=subprocess.DEVNULL, **options)
    text = log.read_text(encoding="utf-8", errors="replace")
    if done.returncode:
        tail = "\n".join(text.splitlines()[-tail_lines:])
        raise Failed(f"{' '.join(map(str, command))}\n{tail}\n"
                     f"failed with {done.returncode}, all of it in {log}")
    return text
