#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The part of the lab that runs inside the toolbox; "lab" starts it."""

import argparse
import re
import sys

import build
import devices
import kernels
import machine
import matrix
import plan
import platforms
import progress
import tap

PLAN = build.CHECKOUT / "tools/testing/plan"


def boot(args):
    kernel = kernels.get(args.kernel)
    platform = platforms.get(args.platform, kernel.arch)
    platform.check(devices.find(args.devices))
    if not args.no_build:
        with build.locked():
            matrix.prepare([kernel])
    progress.say(f"booting Linux {kernel.release} in an emulated host ...")
    name = re.sub(r"[^\w.-]", "_", "-".join(["boot", *args.tests]))[:80]
    guest = machine.run(machine.Boot(name, kernel, platform, tuple(args.devices),
                                     tuple(args.tests), args.timeout, args.memory,
                                     args.cpus,
                                     tap.ExitCode if args.raw else tap.Reader),
                        lambda line: print(line, flush=True))
    for line in guest.tally.failures:
        print(f"lab: FAILED: {line}", file=sys.stderr)
    for line in guest.console_tail:
        print(f"lab: | {line}", file=sys.stderr)
    if guest.logs:
        progress.say(f"logs: {guest.logs}")
    if args.raw:
        return max(guest.codes, default=1) or bool(guest.tally.failures)
    for outcome in guest.outcomes:
        progress.say(f"{outcome.test}: {outcome.seconds:.1f} s, "
                     f"{outcome.cpu_seconds:.1f} s of CPU")
    progress.say(f"the host: {guest.cpu_seconds:.1f} s of CPU")
    print(guest.tally)
    return 1 if guest.tally.failures else 0


def run_matrix(args):
    runs = plan.load(args.plan, kernels.labels(), kernels.missing())
    if args.only:
        runs = [run for run in runs if run.name in args.only]
    if args.kernels:
        runs = [run for run in runs
                if isinstance(run, plan.HostRun) or run.kernel in args.kernels]
    if not runs:
        raise progress.Failed("nothing of the plan is left to run")
    labels = [label for label in kernels.labels()
              if not args.kernels or label in args.kernels]
    return matrix.Matrix(runs, labels, args.timeout).run(args.jobs)


def build_all(args):
    chosen = [kernels.get(label) for label in args.kernels or kernels.labels()]
    with build.locked():
        matrix.prepare(chosen)
    return 0


def list_kernels(_):
    for label in kernels.labels():
        if label == kernels.DEBUG and not kernels.debug_is_built():
            print(f"{label}\tnot built yet")
            continue
        kernel = kernels.get(label)
        print(f"{kernel.label}\t{kernel.release}\t{kernel.kdir}")
    return 0


def words(text):
    return [word for word in text.split(",") if word]


def parser():
    top = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("boot", help="boot one emulated host and run tests in it")
    one.add_argument("--kernel", required=True,
                     help="6.1, 6.12, ..., newest, debug, arm64-6.12, ...")
    one.add_argument("--platform", "--remap",
                     help="for x86_64 Intel's interrupt remapping, on (default) or off, or "
                     "amd; for arm64 its (default) or gicv2m; for ppc64le powernv8 "
                     "(default) or pseries")
    one.add_argument("--devices", type=words, default=[], metavar="NAME,...")
    one.add_argument("--tests", type=words, required=True, metavar="NAME[:ARG],...")
    one.add_argument("--raw", action="store_true",
                     help="the tests print for people, not TAP: show that and "
                     "nothing else, judge by exit code and kernel log")
    one.add_argument("--timeout", type=int, default=machine.TIMEOUT, metavar="SECONDS")
    one.add_argument("--memory", default="")
    one.add_argument("--cpus", type=int, default=1)
    one.add_argument("--no-build", action="store_true",
                     help="boot what was built before")
    one.set_defaults(call=boot)

    many = commands.add_parser("matrix", help="run a plan")
    many.add_argument("--plan", default=PLAN)
    many.add_argument("--jobs", type=int, default=matrix.default_jobs(),
                      help="runs at the same time (default %(default)s)")
    many.add_argument("--kernels", type=words, metavar="LABEL,...")
    many.add_argument("--only", type=words, metavar="RUN,...")
    many.add_argument("--timeout", type=int, default=machine.TIMEOUT, metavar="SECONDS",
                      help="of one host; the debug kernel has three times as much")
    many.set_defaults(call=run_matrix)

    make = commands.add_parser("build", help="build the module, the tests and the tools")
    make.add_argument("--kernels", type=words, metavar="LABEL,...")
    make.set_defaults(call=build_all)

    names = commands.add_parser("kernels", help="list labels, releases, build trees")
    names.set_defaults(call=list_kernels)
    return top


def main():
    args = parser().parse_args()
    try:
        return args.call(args)
    except progress.Failed as error:
        progress.say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
