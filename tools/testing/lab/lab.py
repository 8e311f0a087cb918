#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The part of the lab that runs inside the toolbox; "lab" starts it."""

import argparse
import os
import re
import shlex
import sys

import arches
import build
import coverage
import devices
import kernels
import machine
import matrix
import plan
import platforms
import progress
import results
import tap
import tests

CHECKOUT = "checkout"  # the device
COMMAND = "command"  # init's name for the command of a shell
PLAN = build.CHECKOUT / "tools/testing/plan"


def show_until_failure(line):
    """Prints a line of a test. An exception ends the host."""
    print(line, flush=True)
    if line.startswith("not ok"):
        raise progress.Failed("ended at the first failure")


def boot(args):
    kernel = kernels.get(args.kernel)
    platform = platforms.get(args.platform, kernel.arch)
    if args.icount:
        platform = platform.counting()
    platform.check(devices.find(args.devices))
    if not args.no_build:
        with build.locked():
            matrix.prepare([kernel])
    tests.check(tests.folder_of(kernel.arch), args.tests)
    progress.say(f"booting Linux {kernel.release} in an emulated host ...")
    name = re.sub(r"[^\w.-]", "_", "-".join(["boot", *args.tests]))[:80]
    guest = machine.run(machine.Boot(name, kernel, platform, tuple(args.devices),
                                     tuple(args.tests), args.timeout, args.memory,
                                     args.cpus,
                                     tap.ExitCode if args.raw else tap.Reader,
                                     plugin=args.plugin),
                        show_until_failure if args.first_failure else
                        lambda line: print(line, flush=True))
    for line in guest.tally.failures:
        print(f"lab: FAILED: {line}", file=sys.stderr)
    for line in guest.console_tail:
        print(f"lab: | {line}", file=sys.stderr)
    for race in guest.races_of_others:
        progress.say(f"no fault of the module: {race}")
    if guest.logs:
        progress.say(f"logs: {guest.logs}")
    if args.raw:
        return exit_code(guest)
    for outcome in guest.outcomes:
        progress.say(f"{outcome.test}: {outcome.seconds:.1f} s, "
                     f"{outcome.cpu_seconds:.1f} s of CPU")
        for name, seconds in results.longest(outcome.tally).items():
            progress.say(f"    {name}: {seconds:.1f} s of CPU")
    progress.say(f"the host: {guest.cpu_seconds:.1f} s of CPU")
    print(guest.tally)
    return 1 if guest.tally.failures else 0


def exit_code(guest):
    """The largest one of the programs, 1 if they all ended with 0 and the host failed."""
    codes = [code for code in guest.codes if code is not None]
    return max(codes, default=0) or int(bool(guest.tally.failures))


def terminal_of(size):
    """The type, the rows and the columns. Some terminals do not say their size."""
    return os.environ.get("TERM", "dumb"), size.lines or 24, size.columns or 80


def shell(args):
    command, terminal = "", ()
    if args.command:
        # A single word is a line for the shell; several are a command and its arguments.
        command = args.command[0] if len(args.command) == 1 else shlex.join(args.command)
    elif sys.stdin.isatty():
        terminal = terminal_of(os.get_terminal_size(sys.stdin.fileno()))
    else:
        raise progress.Failed("a shell needs a terminal; without one: lab shell -- COMMAND")
    kernel = kernels.get(args.kernel)
    platform = platforms.get(args.platform, kernel.arch)
    names = (*args.devices, *(() if CHECKOUT in args.devices else (CHECKOUT,)))
    platform.check(devices.find(names))
    if not args.no_build:
        with build.locked():
            matrix.prepare([kernel])
    guest = machine.run(machine.Boot("shell", kernel, platform, names,
                                     (COMMAND,) if command else (), args.timeout,
                                     args.memory, args.cpus, tap.ExitCode, command,
                                     terminal),
                        lambda line: print(line, flush=True))
    # The exit code alone is no reason for a message.
    complaints = [line for line in guest.tally.failures
                  if not line.startswith(f"{COMMAND}: exit code")]
    for line in [*complaints, *(f"| {line}" for line in guest.console_tail)]:
        progress.say(line)
    if complaints and guest.logs:
        progress.say(f"logs: {guest.logs}")
    return exit_code(guest)


def needed_labels(runs):
    """All usual kernels, as commands in the toolbox use them, and the others that are booted."""
    known = kernels.labels()
    booted = [run.kernel for run in runs if isinstance(run, plan.BootRun)]
    return [label for label in known if label in kernels.usual(known) or label in booted]


def run_matrix(args):
    runs = plan.load(args.plan, kernels.labels(), kernels.missing())
    if args.only:
        runs = [run for run in runs if run.name in args.only]
    labels = needed_labels(runs)
    if args.kernels:
        chosen = [kernels.label_for(label) for label in args.kernels]
        runs = [run for run in runs
                if isinstance(run, plan.HostRun) or run.kernel in chosen]
        labels = [label for label in labels if label in chosen]
    if not runs:
        raise progress.Failed("nothing of the plan is left to run")
    return matrix.Matrix(runs, labels, args.timeout).run(args.jobs)


def run_coverage(args):
    if args.print:
        return coverage.report()
    with build.locked():
        folder = build.payload(arches.X86) / "tests"
    runs = coverage.chosen_runs(plan.load(args.plan, kernels.labels(), kernels.missing()),
                                folder)
    if args.only:
        runs = [run for run in runs if run.name in args.only]
    if not runs:
        raise progress.Failed("nothing of the plan is left to run")
    code = matrix.Matrix(runs, [coverage.KERNEL], args.timeout, covered=True).run(args.jobs)
    return coverage.report() or code


def build_all(args):
    chosen = [kernels.get(label) for label in args.kernels or kernels.usual(kernels.labels())]
    with build.locked():
        matrix.prepare(chosen)
    return 0


def describe(label, labels):
    """A line of the list of kernels."""
    prefix = arches.split(label)[0]
    also = prefix + kernels.NEWEST if label == kernels.newest(prefix, labels) else "-"
    if label in kernels.OWN and not kernels.own_is_built(label):
        return label, also, "not built yet", "-"
    kernel = kernels.get(label)
    return label, also, kernel.release, str(kernel.kdir)


def list_kernels(_):
    labels = kernels.labels()
    lines = [("LABEL", "ALSO", "RELEASE", "BUILD TREE"),
             *(describe(label, labels) for label in labels)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())
    return 0


def words(text):
    return [word for word in text.split(",") if word]


def add_host(command, kernel):
    """The options that describe an emulated host."""
    command.add_argument("--kernel", help="6.1, 6.12, ..., newest, debug, arm64-6.12, ...",
                         **kernel)
    command.add_argument("--platform", "--remap",
                         help="for x86_64 Intel's interrupt remapping, on (default) or "
                         "off, or amd; for arm64 its (default) or gicv2m; for ppc64le "
                         "powernv8 (default) or pseries")
    command.add_argument("--devices", type=words, default=[], metavar="NAME,...",
                         help=f"those of {devices.TABLE.relative_to(build.CHECKOUT)}")
    command.add_argument("--memory", default="")
    command.add_argument("--cpus", type=int, default=1)
    command.add_argument("--no-build", action="store_true",
                         help="boot what was built before")


def parser():
    top = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("boot", help="boot one emulated host and run tests in it")
    add_host(one, kernel={"required": True})
    one.add_argument("--tests", type=words, required=True, metavar="NAME[:ARG],...")
    one.add_argument("--raw", action="store_true",
                     help="the tests do not print TAP: show only their output, and "
                     "judge by exit code and kernel log")
    one.add_argument("--first-failure", action="store_true",
                     help="end the host at the first result that is \"not ok\"")
    one.add_argument("--icount", action="store_true",
                     help="a tick of the host's time stamp counter is one executed "
                     "instruction; x86_64 with Intel's IOMMU only")
    one.add_argument("--plugin", default="", metavar="FILE[,NAME=VALUE]...",
                     help="a plugin of QEMU's TCG, built in the toolbox")
    one.add_argument("--timeout", type=int, default=machine.TIMEOUT, metavar="SECONDS")
    one.set_defaults(call=boot)

    own = commands.add_parser(
        "shell", usage="lab shell [OPTION]... [-- COMMAND [ARGUMENT]...]",
        help="boot one emulated host for yourself",
        description="Boots an emulated host with msi-vfio-pci loaded and the checkout "
        "under /checkout, and gives you a shell in it. The host ends with the shell. With a "
        "COMMAND, runs that instead and returns its exit code.")
    add_host(own, kernel={"default": kernels.NEWEST})
    own.add_argument("--timeout", type=int, default=machine.TIMEOUT, metavar="SECONDS",
                     help="of a COMMAND (default %(default)s)")
    own.set_defaults(call=shell)

    many = commands.add_parser("matrix", help="run a plan")
    many.add_argument("--plan", default=PLAN)
    many.add_argument("--jobs", type=int, default=matrix.default_jobs(),
                      help="runs at the same time (default %(default)s)")
    many.add_argument("--kernels", type=words, metavar="LABEL,...")
    many.add_argument("--only", type=words, metavar="RUN,...")
    many.add_argument("--timeout", type=int, default=machine.TIMEOUT, metavar="SECONDS",
                      help="of one host; three times as much on the debug kernel")
    many.set_defaults(call=run_matrix)

    count = commands.add_parser(
        "coverage", help="which lines of the module a plan reaches",
        description="Runs what a plan has for this architecture on one kernel, where the "
        "module counts which of its lines are run. Prints a table of all runs that were made "
        "with the same sources, and the lines that nothing reached.")
    count.add_argument("--plan", default=coverage.PLAN)
    count.add_argument("--jobs", type=int, default=matrix.default_jobs(),
                       help="runs at the same time (default %(default)s)")
    count.add_argument("--only", type=words, metavar="RUN,...")
    count.add_argument("--timeout", type=int, default=machine.TIMEOUT, metavar="SECONDS",
                       help="of one host; three times as much is allowed")
    count.add_argument("--print", action="store_true", help="only print what is known")
    count.set_defaults(call=run_coverage)

    make = commands.add_parser("build", help="build the module, the tests and the tools")
    make.add_argument("--kernels", type=words, metavar="LABEL,...")
    make.set_defaults(call=build_all)

    names = commands.add_parser("kernels", help="list labels, releases, build trees")
    names.set_defaults(call=list_kernels)
    return top


def split_command(arguments):
    """What is before "--", that if it is there, and what is after it."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at:at + 1], arguments[at + 1:]


def main():
    own, dashes, command = split_command(sys.argv[1:])
    args = parser().parse_args(own)
    if dashes and (args.call is not shell or not command):
        parser().error("-- is for lab shell, with a COMMAND after it")
    args.command = command
    try:
        return args.call(args)
    except progress.Failed as error:
        progress.say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
