# SPDX-License-Identifier: GPL-2.0-only
"""The table of devices, and QEMU's options for each of them."""

import dataclasses
import json
import pathlib
import signal
import subprocess
import time

import build
import progress
import suites

TABLE = pathlib.Path(__file__).resolve().parent / "devices"
MOST = 16
SOCKET_SECONDS = 20
# On a busy machine a server may need longer for an answer than QEMU's five seconds.
ANSWER_MS = 60000
DISK_BYTES = 32 << 20


@dataclasses.dataclass(frozen=True)
class Device:
    name: str
    words: list
    first: str = ""  # the name of the slot's first function, if this is the second

    @property
    def is_folder(self):
        return self.words[0] in ("share", "package")

    @property
    def is_server(self):
        return self.words[0] != "qemu" and not self.is_folder

    @property
    def has_disk(self):
        return "disk" in self.words[2:]

    @property
    def is_card(self):
        return self.words[0] == "vfio-user-ath"


def parse(name, *words):
    if words[0] == "beside":
        return Device(name, list(words[2:]), words[1])
    return Device(name, list(words))


def table():
    known = {}
    for line in TABLE.read_text(encoding="ascii").splitlines():
        words = line.split("#")[0].split()
        if words:
            known[words[0]] = parse(*words)
    return known


def find(names):
    known = table()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise progress.Failed(f"no device {' '.join(unknown)}, "
                              f"there are: {' '.join(known)}")
    if len(names) > MOST:
        raise progress.Failed(f"more than {MOST} devices in one host")
    return [known[name] for name in names]


class Server:
    """The process that emulates a device, as long as its host runs."""

    def __init__(self, device, folder, socket, log):
        self.log = log
        self.wanted_end = 0
        with open(log, "a", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [folder / device.words[0], "--socket", socket, *device.words[1:]],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        deadline = time.monotonic() + SOCKET_SECONDS
        while not socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise progress.Failed(f"{device.words[0]} did not start:\n"
                                      + log.read_text(errors="replace"))
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.wanted_end = -signal.SIGKILL

    def stop(self):
        """Returns its exit code, or None if it had to be killed."""
        try:
            return self.process.wait(timeout=SOCKET_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


def disk_arguments(node, path):
    with open(path, "wb") as disk:
        disk.truncate(DISK_BYTES)
    return ["-blockdev", f"driver=file,node-name={node},filename={path}"]


def shared_folder(device):
    if device.words[0] == "share":
        return build.CHECKOUT / device.words[1]
    package, file, *names = device.words[1:]
    return suites.folder_of(package, file, names)


def model(index, device, port, socket):
    """QEMU's model of the device with its properties: JSON for a server."""
    where = "".join(f",{name}={value}" for name, value in port.properties.items())
    if device.is_server:
        return json.dumps({"driver": "vfio-user-pci", **port.properties,
                           "x-msg-timeout": ANSWER_MS,
                           "socket": {"type": "unix", "path": str(socket)}})
    if device.is_folder:
        return f"virtio-9p-pci,fsdev={device.name},mount_tag={device.name}" + where
    return device.words[1] + (f",drive=disk{index}" if device.has_disk else "") + where


def qemu_arguments(index, device, port, socket):
    """The options of the device's port, then those of the device."""
    arguments = list(port.arguments)
    if device.is_folder:
        arguments += ["-fsdev", f"local,id={device.name},path={shared_folder(device)},"
                      "security_model=none,readonly=on,multidevs=remap"]
    elif device.has_disk:
        arguments += disk_arguments(f"disk{index}", socket.with_suffix(".disk"))
    return [*arguments, "-device", model(index, device, port, socket)]
