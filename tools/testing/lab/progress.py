# SPDX-License-Identifier: GPL-2.0-only
"""What the lab tells its user while something takes long."""

import contextlib
import fcntl
import subprocess
import sys
import threading
import time

HEARTBEAT_SECONDS = 30
PATIENCE_SECONDS = 10


class Failed(Exception):
    """Something the user has to know; the text says all of it."""


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(what):
    """Announces long work, says now and then that it still goes on."""
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
    """One lab at a time; one that has to wait long says for what."""
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
    """Runs a command with its output in a log, shown when it fails."""
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
