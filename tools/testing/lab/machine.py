# SPDX-License-Identifier: GPL-2.0-only
"""Boots one emulated host and judges what happened in it."""

import contextlib
import dataclasses
import fcntl
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading

import build
import devices
import initramfs
import kernels
import session
import slots
import tap

# Messages of level "warning" and above go to the console, so that they are there even if
# the host dies. The whole log comes through the channel at the end.
COMMAND_LINE = ("loglevel=5 log_buf_len=4M printk.time=1 panic=-1 oops=panic "
                "watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60 "
                "softlockup_all_cpu_backtrace=1 cryptomgr.notests ")
# Without it, the allocator's sheaves keep pointers to objects that they have handed out,
# which kmemleak takes for references. Only for the caches that a driver allocates from,
# as it makes allocations slow. KASAN reports every bad access, not only the first. After
# any other warning the host ends, as what its tests say then is worth nothing.
DEBUG_COMMAND_LINE = " slab_debug=F,kmalloc-* kasan_multi_shot panic_on_warn=1"
# A host that counts lines need not find races as well.
COVERED_COMMAND_LINE = " kcsan.early_enable=0"
# The part of a host's time that its tests do not have. kmemleak and the log need it, so
# that a test which hangs is killed and the kernel's log still arrives.
LAST_SECONDS = 120
CONSOLE_TAIL = 40
# Upstream's own tests pin a gigabyte. QEMU uses only the memory that the host touches. The
# debug kernel does not run these tests, and kmemleak reads its whole memory map.
MEMORY = "2560M"
DEBUG_MEMORY = "640M"
# While the machine does not run the processor that holds a lock, the host's other
# processors wait for it. So hosts with several processors have a higher priority. If the
# machine forbids that, nice only prints a warning.
FIRST = ("nice", "-n", "-10")
TIMEOUT = 1200
HUNG_TASK_SECONDS = 60


@dataclasses.dataclass
class Boot:
    name: str
    kernel: object
    platform: object
    devices: tuple
    tests: tuple
    timeout: int = TIMEOUT
    memory: str = ""  # "": as much as the kernel needs
    cpus: int = 1
    make_reader: type = tap.Reader
    command: str = ""  # runs in a shell, in place of the tests
    terminal: tuple = ()  # type, rows, columns: the host has a shell on this terminal
    plugin: str = ""  # as QEMU's option -plugin

    def command_line(self):
        debug = self.kernel.label == kernels.DEBUG
        return (COMMAND_LINE + self.platform.command_line +
                (DEBUG_COMMAND_LINE if debug else "") +
                (COVERED_COMMAND_LINE if self.kernel.covered else ""))

    def memory_size(self):
        debug = self.kernel.label == kernels.DEBUG
        return self.memory or (DEBUG_MEMORY if debug else MEMORY)

    def settings(self):
        ports = self.platform.ports(devices.find(self.devices))
        places = [f"{name}={port.place}" for name, port in zip(self.devices, ports)]
        return {"LAB_KERNEL": self.kernel.label, "LAB_PLATFORM": self.platform.name,
                "LAB_REMAP": "on" if self.platform.isolates else "off",
                "LAB_TIMEOUT": self.timeout, "lab_channel": self.platform.channel,
                "lab_places": " ".join(places),
                "lab_tests": " ".join(() if self.command else self.tests),
                "lab_command": self.command,
                "lab_covered": "1" if self.kernel.covered else "",
                "lab_terminal": " ".join(map(str, self.terminal)),
                "lab_test_seconds": self.timeout - min(LAST_SECONDS, self.timeout // 4),
                "lab_hung_task_seconds": min(self.timeout // 4, HUNG_TASK_SECONDS)}


def qemu_command(boot, folder, logs, initrd):
    memory, platform = boot.memory_size(), boot.platform
    command = [*(FIRST if boot.cpus > 1 else ()), platform.program,
               "-no-user-config", "-no-reboot", "-display", "none",
               "-object", f"memory-backend-memfd,id=ram,size={memory},share=on",
               "-smp", str(boot.cpus), "-m", memory,
               "-chardev", ("stdio,id=channel,signal=off" if boot.terminal else
                            "file,id=channel,path=/dev/stdout"),
               "-qmp", f"unix:{slots.monitor_of(folder)},server=on,wait=off",
               *platform.arguments(boot, logs),
               *(["-plugin", boot.plugin] if boot.plugin else []),
               "-kernel", str(boot.kernel.image), "-initrd", str(initrd),
               "-append", boot.command_line()]
    chosen = devices.find(boot.devices)
    for index, (device, port) in enumerate(zip(chosen, platform.ports(chosen))):
        command += devices.qemu_arguments(index, device, port, slots.socket_of(folder, index))
    return command


def cpu_seconds(process):
    """The CPU time that a process has used so far; nobody has waited for it yet."""
    text = pathlib.Path("/proc", str(process.pid), "stat").read_text(encoding="ascii")
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def listen(process, guest, log):
    """Reads the channel until the host has ended."""
    with open(log, "w", encoding="utf-8") as copy:
        for line in process.stdout:
            copy.write(line)
            copy.flush()
            guest.line(line.rstrip("\r\n"))


def run_qemu(boot, command, guest, logs):
    """Returns QEMU's exit code. A host that hangs is killed after its timeout."""
    with open(logs / "qemu", "w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors,
                                   text=True, errors="replace")
    killer = threading.Timer(boot.timeout, process.kill)
    killer.start()
    guest.cpu_clock = lambda: cpu_seconds(process)
    try:
        listen(process, guest, logs / "channel")
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        guest.cpu_seconds = cpu_seconds(process)
        # A test that has not ended is judged when there is no process any more.
        guest.cpu_clock = lambda: guest.cpu_seconds
        code = process.wait()
    finally:
        killer.cancel()
        process.kill()
        process.wait()
    return code


def run_at_terminal(command, logs):
    """Returns QEMU's exit code. Until QEMU ends, the host has the terminal and Ctrl-C."""
    saved = termios.tcgetattr(sys.stdin)
    try:
        with open(logs / "qemu", "w", encoding="utf-8") as errors:
            return subprocess.run(command, stderr=errors, check=False).returncode
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


@contextlib.contextmanager
def log_folder(name):
    """An empty folder of this name, or name.2, ... if another process uses that one."""
    for number in itertools.count(1):
        folder = build.LOGS / (name if number == 1 else f"{name}.{number}")
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in folder.iterdir():
                path.unlink()
            yield folder
            return
        except BlockingIOError:
            continue
        finally:
            os.close(lock)


def run(boot, on_line):
    """Boots a host, runs its tests and judges them. Returns the session."""
    name = f"{boot.name}-{boot.kernel.label}-{boot.platform.title}"
    with log_folder(name) as logs:
        guest = run_logged(boot, on_line, logs)
        if guest.tally.failures:
            guest.logs = logs
        else:
            shutil.rmtree(logs)
    return guest


def run_logged(boot, on_line, logs):
    guest = session.Session(boot.tests, on_line, boot.make_reader)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lab-"))
    code = None
    plugged = slots.Slots(boot, folder, logs)
    guest.requests = plugged.requests
    try:
        with build.locked():
            initrd = initramfs.for_run(boot.kernel, boot.settings(), folder,
                                       any(device.is_card for device in
                                           devices.find(boot.devices)))
        plugged.start()
        command = qemu_command(boot, folder, logs, initrd)
        if boot.terminal:
            code = run_at_terminal(command, logs)
            guest.over = True
        else:
            code = run_qemu(boot, command, guest, logs)
    finally:
        ends = plugged.stop()
        shutil.rmtree(folder)
    judge(boot, guest, code, ends, logs)
    return guest


def judge(boot, guest, code, ends, logs):
    console = read(logs / "console")
    guest.finish(console, boot.platform.noise)
    if code == -signal.SIGKILL:
        guest.tally.fail(f"the host was ended after {boot.timeout} s")
    elif code:
        guest.tally.fail(f"QEMU: exit code {code}: {read(logs / 'qemu').strip()}")
    for server, end in ends:
        if end != server.wanted_end:
            last = read(server.log).splitlines()[-1:] or ["no word"]
            guest.tally.fail(f"{server.log.name}: exit code {end}: {last[0]}")
    if not guest.over:
        guest.console_tail = console.splitlines()[-CONSOLE_TAIL:]


def read(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
