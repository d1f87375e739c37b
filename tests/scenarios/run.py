#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the container scenarios: one line each, "ok", "FAIL" or "skipped".

The same list runs on the host and in the virtual machines. A scenario that needs what the machine
lacks by its nature is skipped; with --strict anything else that is missing is a failure.
"""

import argparse
import importlib
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import traceback

from harness import bundle, cgroups
from harness.context import Context
from harness.errors import Failure, Skip
from harness.machine import Machine
from harness.registry import SCENARIOS

HERE = pathlib.Path(__file__).parent
# Every file in these folders registers scenarios.
FOLDERS = (HERE / "topics", HERE.parent / "seeds")
ENGINES = (HERE / "engines",)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True,
                        help="prefix the static release build is installed in")
    parser.add_argument("--load", type=pathlib.Path, required=True, help="the load program")
    parser.add_argument("--name", default="host", help="first part of every test's name")
    parser.add_argument("--machine", choices=("host", "vm"), default="host")
    parser.add_argument("--made-with", nargs="+", default=[], metavar="NEED",
                        help="what the machine was booted with: not to have it is a failure")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/var/tmp"))
    parser.add_argument("--filter", default="", help="only names that contain this")
    parser.add_argument("--strict", action="store_true", help="a missing tool is a failure")
    parser.add_argument("--keep", action="store_true", help="keep what failed scenarios left")
    parser.add_argument("--full", action="store_true", help="the failures at full size, too")
    parser.add_argument("--engines", action="store_true",
                        help="the scenarios with container engines in place of the others")
    parser.add_argument("--engines-tree", type=pathlib.Path,
                        help="root of another Debian with the engines, entered by chroot")
    parser.add_argument("--cri-api", type=pathlib.Path, help="directory of api_pb2.py")
    parser.add_argument("--go-program", type=pathlib.Path, help="the program made from gc.go")
    parser.add_argument("--turn", type=int, choices=(0, 1),
                        help="half of the list, of each scenario with two runtimes one; the other "
                             "number, the other half")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    return parser.parse_args()


def out_of_time(_signal, _frame):
    raise Failure("the scenario's own time limit is over")


def terminated(_signal, _frame):
    raise KeyboardInterrupt


def run_one(scenario, runtime_name, machine, rootfs, serial, options):
    """Returns (word, why, lines that explain it)."""
    missing = [need for need in scenario.needs if not machine.has(need)]
    lost = [need for need in missing if need in options.made_with]
    if lost:
        return "FAIL", f"this machine was made with {', '.join(lost)} and has none", []
    if missing:
        return "skipped", f"this machine has no {', '.join(missing)}", []
    word, why, diagnosis, context = "ok", "", [], None
    signal.alarm(scenario.limit_s * machine.slow)
    try:
        context = Context(machine, rootfs, runtime_name, serial, options.full)
        if "swap" in scenario.needs and machine.kind == "host":
            machine.swap_file.switch_on()
        scenario.run(context)
        context.nothing_left()
    except Skip as error:
        word, why = "missing", str(error)
    except Failure as error:
        word, why = "FAIL", str(error)
    except Exception as error:  # a fault of the scenario fails that scenario only
        word, why = "FAIL", f"{type(error).__name__}: {error}"
        diagnosis = traceback.format_exc().splitlines()[-6:]
    finally:
        signal.alarm(0)
        if context:
            diagnosis += context.notes
            if word == "FAIL":
                diagnosis += list(context.diagnosis())
            problems = context.cleanup(options.keep and word == "FAIL")
            problems += machine.swap_file.switch_off()
            if problems and word == "ok":
                word, why = "FAIL", f"cleanup: {'; '.join(problems)}"
    return word, why, diagnosis


def run_twice(scenario, runtime_name, machine, rootfs, serial, options):
    """A scenario that failed is tried once more, and the first failure is told.

    Real containers on two shared processors, some of them emulated: what fails by a moment passes
    the second time, and what is broken fails again.
    """
    word, why, diagnosis = run_one(scenario, runtime_name, machine, rootfs, serial, options)
    if word != "FAIL":
        return word, why, diagnosis
    again, why_again, diagnosis_again = run_one(scenario, runtime_name, machine, rootfs,
                                                serial + 500, options)
    first = [f"the first try failed: {' '.join(why.split())}", *diagnosis]
    return again, why_again, diagnosis_again + first


def is_turn(options, number, scenario, runtime):
    """Two machines share the list, and the runtimes of each scenario; only one of them has swap."""
    if options.turn is None or "swap" in scenario.needs:
        return True
    return (number + scenario.runtimes.index(runtime)) % 2 == options.turn


def selected(options):
    for number, scenario in enumerate(SCENARIOS):
        for runtime in scenario.runtimes:
            if not is_turn(options, number, scenario, runtime):
                continue
            name = "/".join(filter(None, (options.name, runtime, scenario.name)))
            if scenario.once and options.machine == "vm" and not options.full:
                continue
            if options.filter in name and (options.full or not scenario.full):
                yield name, scenario, runtime


def slowest(took):
    """The keeper of the run's time limit looks here first."""
    longest = sorted(took, key=took.get, reverse=True)[:12]
    return (f"# {len(took)} scenarios in {sum(took.values()):.0f} s, the longest: " +
            ", ".join(f"{name.partition('/')[2]} {took[name]:.0f} s" for name in longest))


def main():
    options = arguments()
    options.programs = options.programs.resolve()
    for folder in ENGINES if options.engines else FOLDERS:
        sys.path.insert(0, str(folder.parent))
        for file in sorted(folder.glob("*.py")):
            importlib.import_module(f"{folder.name}.{file.stem}")
    if options.list:
        print("\n".join(name for name, _, _ in selected(options)))
        return 0
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, terminated)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="og-", dir=options.scratch))
    rootfs = scratch / "rootfs"
    # A page of a file on a disk can be reclaimed at the limit, and to charge it anew can be the
    # container's next OOM: what it prints goes to a tmpfs, as the scratch of a virtual machine is.
    outputs = None if options.machine == "vm" else pathlib.Path(
        tempfile.mkdtemp(prefix="og-", dir="/dev/shm"))
    machine = Machine(options.machine, options.programs, options.load, scratch, outputs, rootfs,
                      options.cri_api, options.engines_tree)
    failed, took = 0, {}
    try:
        bundle.make_rootfs(rootfs, options.load, options.go_program)
        for serial, (name, scenario, runtime) in enumerate(selected(options)):
            begun = time.monotonic()
            word, why, diagnosis = run_twice(scenario, runtime, machine, rootfs, serial,
                                             options)
            took[name] = time.monotonic() - begun
            if word == "missing":
                word = "FAIL" if options.strict else "skipped"
            failed += word == "FAIL"
            print(f"{word} {name}" + (f": {' '.join(why.split())}" if why else ""), flush=True)
            for line in diagnosis:
                print(f"#   {line}", flush=True)
    finally:
        for problem in machine.stop_engines():
            failed += 1
            print(f"FAIL {options.name}/engines-left: {problem}", flush=True)
        cgroups.remove_if_empty(cgroups.TOP)
        if not options.keep:
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.rmtree(outputs or scratch, ignore_errors=True)
    print(slowest(took))
    print("# end of scenarios", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
