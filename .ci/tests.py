"""Run all tests in two passes, other checks beside the first, and print one line for everything at the end.

    python .ci/tests.py [--with MAKE_TARGET]... [--] [PYTEST_ARGUMENT]...

First pass: tests that may share the machine, in as many processes as there are cores (at most 4), each with its share of the
cores for arithmetic. Second pass: tests marked jack, peer or realtime, in two processes: those with a JACK server and those that
mostly wait for messages (listens), beside those that play without JACK. A `--with` target (types, package) runs beside the first
pass and fails the whole. The exit code is 0 only where nothing failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "build"
ALONE = "jack or peer or realtime"
SHARED = "DISTILL_TESTS_SHARED"  # names a folder that the processes of one run share (tests/conftest.py)
MOST_WORKERS = 4  # each takes 1 to 2 GB of memory
NOTHING_COLLECTED = 5  # pytest's exit code
BROKEN = "broken"  # a pass that ended without a report


def run_pass(
    name: str, arguments: list[str], environment: dict[str, str], *, at_end: bool = False
) -> tuple[Counter[str], list[str], bool]:
    """Run pytest once; return how many tests ended in which way, which failed, and whether it went well.

    With `at_end` its output is shown as a whole when it has ended.
    """
    report = REPORTS / f"tests-{name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments]
    output = subprocess.PIPE if at_end else None
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output and subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    print(done.stdout or "", end="", flush=True)
    return *counts(report), done.returncode in (0, NOTHING_COLLECTED)


def second_pass(environment: dict[str, str], arguments: list[str]) -> tuple[Counter[str], list[str], bool]:
    """Run what the first pass left out, in two processes; return as `run_pass` does.

    Only files that hold such tests are read, where the first pass has named them.
    """
    named = Path(environment[SHARED]) / "left-out"
    places = arguments or (named.read_text().splitlines() if named.exists() else [])
    lanes = ("not (jack or listens)", "(jack or listens)")
    playing, listening = (["-m", f"({ALONE}) and {lane}", *places] for lane in lanes)
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(run_pass, "listening", listening, environment, at_end=True)
        found, failed, good = run_pass("playing", playing, environment)
        more, more_failed, also_good = beside.result()
    return found + more, failed + more_failed, good and also_good


def counts(report: Path) -> tuple[Counter[str], list[str]]:
    """Return how many tests of a JUnit report passed, failed, had an error around them or were skipped, and which failed."""
    try:
        suites = list(ElementTree.parse(report).iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return Counter({BROKEN: 1}), []
    found: Counter[str] = Counter()
    for suite in suites:
        given = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
        found["failed"] += given["failures"]
        found["errors"] += given["errors"]
        found["skipped"] += given["skipped"]
        found["passed"] += given["tests"] - given["failures"] - given["errors"] - given["skipped"]
    failed = [
        f"{case.get('classname')}::{case.get('name')}"
        for suite in suites
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return found, failed


class Beside(threading.Thread):
    """Make targets, run one after the other while the tests run; what they print is kept."""

    def __init__(self, targets: list[str]) -> None:
        super().__init__(daemon=True)
        self.targets = targets
        self.results: dict[str, subprocess.CompletedProcess[str]] = {}

    def run(self) -> None:
        """Run the targets."""
        for target in self.targets:
            self.results[target] = subprocess.run(
                ["make", "--no-print-directory", target],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            )  # fmt: skip

    def finish(self) -> list[str]:
        """Wait for the end, print everything, and return the targets that failed."""
        self.join()
        for target, done in self.results.items():
            print(f"--- make {target}: exit code {done.returncode}\n{done.stdout}", flush=True)
        return [target for target in self.targets if self.results[target].returncode]


def summary(found: Counter[str], failed_targets: list[str], seconds: float) -> str:
    """Return the closing line."""
    parts = [f"{found[what]} {what}" for what in ("passed", "failed", "skipped")]
    parts += [f"{found['errors']} errors"] * bool(found["errors"])
    parts += [f"{found[BROKEN]} passes broken off"] * bool(found[BROKEN])
    parts += [f"make {target} failed" for target in failed_targets]
    return f"{', '.join(parts)} in {seconds:.0f} s"


def main() -> int:
    """Run both passes; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--with", dest="beside", action="append", default=[], metavar="MAKE_TARGET")
    parser.add_argument("arguments", nargs="*", metavar="PYTEST_ARGUMENT")
    args = parser.parse_args()
    began = time.monotonic()
    REPORTS.mkdir(exist_ok=True)
    shared = tempfile.TemporaryDirectory(prefix="distill-tests-")
    environment = {SHARED: shared.name, "PYTHONDONTWRITEBYTECODE": ""}  # a hundred processes import the same modules
    cores = os.cpu_count() or 1
    workers = max(1, min(cores, MOST_WORKERS))
    beside = Beside(args.beside)
    beside.start()
    together, failed, good = run_pass(
        "together",
        ["-n", str(workers), "--dist", "worksteal", "-m", f"not ({ALONE})", *args.arguments],
        {**environment, "OMP_NUM_THREADS": str(max(1, cores // workers))},
    )
    failed_targets = beside.finish()
    alone, failed_alone, good_alone = second_pass(environment, args.arguments)
    shared.cleanup()
    for test in (*failed, *failed_alone):
        print(f"FAILED {test}")
    print(summary(together + alone, failed_targets, time.monotonic() - began), flush=True)
    return int(not (good and good_alone) or bool(failed_targets))


if __name__ == "__main__":
    sys.exit(main())
