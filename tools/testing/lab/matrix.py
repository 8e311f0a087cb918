# SPDX-License-Identifier: GPL-2.0-only
"""Runs every line of a plan on every kernel it names."""

import concurrent.futures
import json
import os
import subprocess
import threading
import time

import build
import initramfs
import kernels
import machine
import plan
import progress
import tap

RESULTS = build.OUT / "results"
HOST_TIMEOUT = 1800
SLOW_FACTOR = 3  # of the debug kernel
MOST_SHOWN = 30  # failures of one run
JOB_BYTES = 3 << 30  # a host's memory, QEMU's own and the tests' beside it


def default_jobs():
    """Emulated hosts wait for resets and timers more than half of their time."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() * 2, memory // JOB_BYTES))


def is_slow(run):
    return (isinstance(run, plan.BootRun) and run.kernel == kernels.DEBUG and
            run.cpus > 1)


class Matrix:
    def __init__(self, runs, labels, timeout):
        self.runs = runs
        self.slow = [run for run in runs if is_slow(run)]
        self.quick = [run for run in runs if not is_slow(run)]
        self.slow_under_way = 0
        self.from_the_end = False
        self.labels = labels
        self.timeout = timeout
        self.tally = tap.Tally()
        self.results = []
        self.lock = threading.Lock()
        self.interrupted = False
        self.kernels = {}

    def prepare(self):
        """Builds all that the runs need, and nothing twice. Of kernels that the toolbox
        has to do without there is nothing to build."""
        booted = {run.kernel for run in self.runs if isinstance(run, plan.BootRun)}
        self.kernels = {label: kernels.get(label) for label in self.labels}
        if booted:
            with build.locked():
                prepare([self.kernels[label] for label in self.labels
                         if label in booted])

    def lacks_kernel_of(self, run):
        return run.kernel not in self.labels

    def next_run(self):
        """Two emulated processors of the debug kernel need a core of their own: with
        more beside them they wait for each other's locks. So one such host at a time,
        from the start, and beside it what begins a plan, which mostly waits for resets.
        After that from both ends by turns: what ends a plan does not wait for anything,
        and four of either kind would leave a core idle, or want two more."""
        with self.lock:
            if self.interrupted or not (self.slow or self.quick):
                return None
            if self.slow and not (self.slow_under_way and self.quick):
                run = self.slow.pop(0)
            else:
                self.from_the_end = not (self.slow_under_way or self.from_the_end)
                run = self.quick.pop(-1 if self.from_the_end else 0)
            self.slow_under_way += is_slow(run)
            return run

    def work(self):
        while run := self.next_run():
            self.run_one(run)
            with self.lock:
                self.slow_under_way -= is_slow(run)

    def run_one(self, run):
        start = time.monotonic()
        try:
            if isinstance(run, plan.HostRun):
                tally, notes, cpu = self.run_host(run)
            elif self.lacks_kernel_of(run):
                tally, notes, cpu = tap.Tally(), [], 0
                tally.skips.append(f"{run.name}: the mirror had no kernel {run.kernel} "
                                   "when the toolbox was built")
            else:
                tally, notes, cpu = self.run_boot(run)
        except (progress.Failed, OSError) as error:
            tally, notes, cpu = tap.Tally(), [], 0
            tally.fail(f"{run.name}: {error}")
        self.report(run, tally, notes, time.monotonic() - start, cpu)

    def run_boot(self, run):
        kernel = self.kernels[run.kernel]
        slow = SLOW_FACTOR if run.kernel == kernels.DEBUG else 1
        guest = machine.run(machine.Boot(run.name, kernel, run.platform, run.devices,
                                         run.tests, timeout=self.timeout * slow,
                                         cpus=run.cpus),
                            lambda line: None)
        notes = [f"| {line}" for line in guest.console_tail]
        if guest.logs:
            notes.append(f"logs: {guest.logs}")
        return guest.tally, notes, guest.cpu_seconds

    def run_host(self, run):
        """The kernels' build trees and the source are the command's to use."""
        kdirs = " ".join(f"{label}={kernel.kdir}" for label, kernel in self.kernels.items()
                         if not kernel.arch.is_foreign)
        environment = {**os.environ, "LAB_KDIRS": kdirs,
                       "LINUX": str(kernels.linux_source())}
        log = build.LOGS / f"host-{run.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8") as out:
            try:
                code = subprocess.run(run.command, cwd=build.CHECKOUT, env=environment,
                                      check=False, stdin=subprocess.DEVNULL,
                                      stdout=out, stderr=subprocess.STDOUT,
                                      timeout=HOST_TIMEOUT).returncode
            except subprocess.TimeoutExpired:
                code = None
        text = log.read_text(encoding="utf-8", errors="replace")
        tally = tap.read(run.name, text, code)
        return tally, [f"log: {log}"] if tally.failures else [], 0

    def report(self, run, tally, notes, seconds, cpu):
        where = (f"{run.kernel} {run.name} {run.platform.title}"
                 if isinstance(run, plan.BootRun) else f"host {run.name}")
        if self.interrupted:
            return  # its processes have ended with it, which says nothing
        with self.lock:
            self.tally.add(tally)
            self.results.append({"run": where, "passed": tally.passed,
                                 "failures": tally.failures, "skips": tally.skips,
                                 "seconds": round(seconds, 1),
                                 "cpu_seconds": round(cpu, 1)})
            print(f"[{len(self.results)}/{len(self.runs)}] {where}: {tally}, "
                  f"{seconds:.0f} s" + (f" ({cpu:.0f} s of CPU)" if cpu else ""),
                  flush=True)
            failures = tap.for_people(tally.failures)
            for line in failures[:MOST_SHOWN]:
                print(f"    FAILED  {line}")
            if len(failures) > MOST_SHOWN:
                print(f"    and {len(failures) - MOST_SHOWN} more, "
                      f"all of them in {RESULTS}")
            for line in tally.skips:
                print(f"    skipped {line}")
            for line in notes:
                print(f"    {line}", flush=True)

    def run(self, jobs):
        start = time.monotonic()
        self.prepare()
        pool = concurrent.futures.ThreadPoolExecutor(jobs)
        try:
            for worker in [pool.submit(self.work) for _ in range(jobs)]:
                worker.result()
        except KeyboardInterrupt:
            self.interrupted = True
            progress.say(f"interrupted, {len(self.results)} of {len(self.runs)} runs "
                         f"were over: {self.tally}")
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text("".join(json.dumps(result) + "\n" for result in self.results),
                           encoding="utf-8")
        if not self.tally.passed and not self.tally.failures:
            self.tally.fail("nothing was tested")
        for result in self.results:
            if result["failures"]:
                print(f"FAILED {result['run']}: {len(result['failures'])}")
        progress.say(f"{len(self.runs)} runs in {(time.monotonic() - start) / 60:.1f} min")
        print(self.tally, flush=True)
        return 1 if self.tally.failures else 0


def prepare(chosen):
    with progress.step("building the tests, the tools and the devices"):
        build.servers()
        for arch in {kernel.arch: None for kernel in chosen}:
            initramfs.base(arch, build.payload(arch))
    with progress.step("building the module for " +
                       ", ".join(kernel.label for kernel in chosen)):
        # One of them takes one processor, so as many at a time as there are.
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(initramfs.modules, chosen):
                pass
