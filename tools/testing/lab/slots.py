# SPDX-License-Identifier: GPL-2.0-only
"""The devices of a running host. A test asks by a line of its output for what only the lab
can do with them."""

import contextlib
import json
import signal
import threading

import build
import devices
import progress
import qmp


def socket_of(folder, index):
    return folder / f"{index}.sock"


def monitor_of(folder):
    return folder / "qmp"


class Slots:
    def __init__(self, boot, folder, logs):
        self.names = boot.devices
        self.devices = devices.find(boot.devices)
        self.ports = boot.platform.ports(self.devices)
        self.folder = folder
        self.logs = logs
        self.servers = {}  # by index
        self.ends = []  # (server, exit code) of those that have ended
        self.requests = {"plug": self.plug, "stop": self.stop_for, "kill": self.kill}

    def start(self):
        for index, device in enumerate(self.devices):
            if device.is_server:
                self.serve(index)

    def serve(self, index):
        device = self.devices[index]
        self.servers[index] = devices.Server(device, build.SERVERS,
                                             socket_of(self.folder, index),
                                             self.logs / f"device-{index}-{device.name}")

    def stop(self):
        """Returns (server, exit code) for all that there were."""
        for index in list(self.servers):
            self.end(index)
        return self.ends

    def end(self, index):
        server = self.servers.pop(index)
        self.ends.append((server, server.stop()))

    def index(self, name):
        if name not in self.names:
            raise progress.Failed("there is no such device")
        return self.names.index(name)

    def server(self, name):
        index = self.index(name)
        if index not in self.servers:
            raise progress.Failed("the device has no server")
        return self.servers[index]

    def plug(self, name):
        """Puts a device into its slot, which is empty. QEMU has left the device's server,
        which has ended by that, so there is a new one."""
        index = self.index(name)
        device = self.devices[index]
        if device.is_server:
            self.end(index)
            socket_of(self.folder, index).unlink(missing_ok=True)
            self.serve(index)
        model = devices.model(index, device, self.ports[index], socket_of(self.folder, index))
        with contextlib.closing(qmp.Monitor(monitor_of(self.folder))) as monitor:
            if device.is_server:
                monitor.run("device_add", **json.loads(model))
            # Only these take properties as they are on the command line.
            elif said := monitor.run("human-monitor-command",
                                     **{"command-line": f"device_add {model}"}):
                raise progress.Failed(said.strip())

    def stop_for(self, name, seconds):
        """Stops the device's server for so long. QEMU, and with it the host, waits for each
        answer of a device."""
        process = self.server(name).process
        process.send_signal(signal.SIGSTOP)
        threading.Timer(float(seconds), process.send_signal, (signal.SIGCONT,)).start()

    def kill(self, name):
        self.server(name).kill()
