# SPDX-License-Identifier: GPL-2.0-only
"""Runs every row of a plan on every kernel that it names."""

import concurrent.futures
import json
import os
import subprocess
import sys
import threading
import time

import build
import coverage
import initramfs
import kernels
import machine
import plan
import progress
import results
import tap
import tests

HOST_TIMEOUT = 1800
SLOW_FACTOR = 3  # of the lab's own kernels
JOB_BYTES = 3 << 30  # the memory of a host, of its QEMU and of its device servers
TIMES = kernels.CACHE / "run-cpu-seconds.json"


def default_jobs():
    """Twice the processors: hosts wait for resets and timers for half of their time."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() * 2, memory // JOB_BYTES))


def is_slow(run):
    """Whether a run needs a core for itself. Two emulated processors of the lab's own kernels
    do: beside others they wait for each other's locks. One such host runs at a time."""
    return (isinstance(run, plan.BootRun) and run.kernel in kernels.OWN and
            run.cpus > 1)


def title(run):
    if isinstance(run, plan.HostRun):
        return f"host {run.name}"
    return f"{run.kernel} {run.name} {run.platform.title}"


def key(run):
    """Tells a run from all others, also from those with the same title."""
    return " ".join([title(run), *getattr(run, "devices", ())])


def read_times(path):
    """{key: seconds of CPU} of earlier matrices, {} if there were none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def record_times(path, times):
    half = path.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps({**read_times(path), **times}, indent=1), encoding="utf-8")
    half.rename(path)


def longest_first(runs, times):
    """By CPU time, which other work on the machine changes little. Runs that nobody has
    measured yet are the first, in the order of the plan."""
    return sorted(runs, key=lambda run: -times.get(key(run), float("inf")))


class Matrix:
    def __init__(self, runs, labels, timeout, covered=False):
        self.runs = runs
        self.waiting = longest_first(runs, read_times(TIMES))
        self.slow_under_way = 0
        self.labels = labels
        self.timeout = timeout
        self.covered = covered  # count which lines of the module the runs reach
        self.over = []
        self.times = {}
        self.lock = threading.Lock()
        self.interrupted = False
        self.kernels = {}

    def prepare(self):
        """Builds everything that the runs need, once. Runs on kernels that the toolbox
        does not have need nothing."""
        booted = {run.kernel for run in self.runs if isinstance(run, plan.BootRun)}
        self.kernels = {label: kernels.get(label, self.covered) for label in self.labels}
        if booted:
            with build.locked():
                prepare([self.kernels[label] for label in self.labels
                         if label in booted])
        self.check_tests()

    def check_tests(self):
        """A mistake in a row of the plan must not take the time of all other rows."""
        for run in self.runs:
            if isinstance(run, plan.BootRun) and not self.lacks_kernel_of(run):
                tests.check(tests.folder_of(run.platform.arch), run.tests)

    def lacks_kernel_of(self, run):
        return run.kernel not in self.labels

    def next_run(self):
        with self.lock:
            if self.interrupted or not self.waiting:
                return None
            fitting = [run for run in self.waiting
                       if not (self.slow_under_way and is_slow(run))]
            run = (fitting or self.waiting)[0]
            self.waiting.remove(run)
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
                ended = self.run_host(run)
            elif self.lacks_kernel_of(run):
                ended = results.Run(title(run), tap.Tally())
                ended.tally.skip("", run.name, f"the mirror had no kernel {run.kernel} "
                                 "when the toolbox was built")
            else:
                ended = self.run_boot(run)
        except (progress.Failed, OSError) as error:
            ended = results.Run(title(run), tap.Tally())
            ended.tally.fail(f"{run.name}: {error}")
        ended.seconds = time.monotonic() - start
        self.report(run, ended)

    def run_boot(self, run):
        kernel = self.kernels[run.kernel]
        slow = SLOW_FACTOR if run.kernel in kernels.OWN else 1
        guest = machine.run(machine.Boot(run.name, kernel, run.platform, run.devices,
                                         run.tests, timeout=self.timeout * slow,
                                         cpus=run.cpus),
                            lambda line: None)
        if self.covered:
            coverage.keep(run, guest)
        notes = [f"| {line}" for line in guest.console_tail]
        if guest.logs:
            notes.append(f"logs: {guest.logs}")
        return results.Run(title(run), guest.tally, cpu_seconds=guest.cpu_seconds,
                           outcomes=guest.outcomes, notes=notes,
                           races_of_others=guest.races_of_others)

    def run_host(self, run):
        """Runs a command, and tells it where the kernels' build trees and source are."""
        kdirs = " ".join(f"{label}={kernel.kdir}" for label, kernel in self.kernels.items()
                         if not kernel.arch.is_foreign)
        environment = {**os.environ, "LAB_KDIRS": kdirs,
                       "LINUX": str(kernels.linux_source())}
        log = build.LOGS / f"host-{run.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8") as out:
            code, cpu = call(run.command, HOST_TIMEOUT, cwd=build.CHECKOUT,
                             env=environment, stdin=subprocess.DEVNULL,
                             stdout=out, stderr=subprocess.STDOUT)
        text = log.read_text(encoding="utf-8", errors="replace")
        tally = tap.read(run.name, text, code)
        return results.Run(title(run), tally, cpu_seconds=cpu,
                           notes=[f"log: {log}"] if tally.failures else [])

    def report(self, run, ended):
        if self.interrupted:
            return  # Ctrl-C has ended the run's processes, too
        with self.lock:
            self.over.append(ended)
            self.times[key(run)] = round(ended.cpu_seconds, 1)
            failed = "  FAILED" if ended.tally.failures else ""
            print(f"[{len(self.over)}/{len(self.runs)}] {ended.title}: {ended.tally}, "
                  f"{ended.seconds:.0f} s ({ended.cpu_seconds:.0f} s of CPU){failed}",
                  flush=True)

    def tally(self):
        tally = tap.Tally()
        for run in self.over:
            tally.add(run.tally)
        return tally

    def run(self, jobs):
        start = time.monotonic()
        self.prepare()
        pool = concurrent.futures.ThreadPoolExecutor(jobs)
        try:
            for worker in [pool.submit(self.work) for _ in range(jobs)]:
                worker.result()
        except KeyboardInterrupt:
            self.interrupted = True
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            self.summarize(time.monotonic() - start)
        return 1 if self.tally().failures else 0

    def summarize(self, seconds):
        """Prints what a reader wants to know; the most important, the failures, last."""
        tally = self.tally()
        if not tally.passed and not tally.failures and not self.interrupted:
            tally.fail("nothing was tested")
            self.over.append(results.Run("nothing", tally))
        results.write(self.over)
        if not self.covered:
            record_times(TIMES, self.times)
        for line in results.summary(self.over):
            print(line)
        sys.stdout.flush()
        if self.interrupted:
            progress.say(f"interrupted, {len(self.over)} of {len(self.runs)} runs were over")
        progress.say(f"{len(self.runs)} runs in {seconds / 60:.1f} min, "
                     f"{sum(run.cpu_seconds for run in self.over):.0f} s of CPU; "
                     f"all results: {results.FOLDER}")
        print(tally, flush=True)


def call(command, timeout, **options):
    """Runs a command. Returns its exit code, or None if it was killed after the timeout,
    and the CPU time of it and of the processes that it waited for."""
    process = subprocess.Popen(command, **options)
    late = threading.Event()

    def kill():
        late.set()
        process.kill()

    killer = threading.Timer(timeout, kill)
    killer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return None if late.is_set() else process.returncode, usage.ru_utime + usage.ru_stime


def prepare(chosen):
    with progress.step("building the tests, the tools and the devices"):
        build.servers()
        for arch in {kernel.arch: None for kernel in chosen}:
            initramfs.base(arch, build.payload(arch))
    with progress.step("building the module for " +
                       ", ".join(kernel.label for kernel in chosen)):
        # Each build keeps about one processor busy.
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(initramfs.modules, chosen):
                pass
