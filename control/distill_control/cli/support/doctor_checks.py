"""The checks of `distill doctor`, each with a cure for what it finds."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from distill_engine.errors import DistillError
from distill_engine.library.reports import report
from distill_engine.system.c_libraries import stderr_silenced
from distill_engine.system.counting import counted
from distill_engine.system.extras import install_command, training_installed

Grade = Literal["good", "advice", "fault"]

LEAST_FREE_GB = 2.0  # gigabytes (10^9 bytes) in the library's file system, twice what a training takes
GOOD_LOAD = 0.5  # share of real time that synthesis may take
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


@dataclass(frozen=True)
class CheckResult:
    """Result of one check.

    Attributes:
        what: title of the check.
        grade: "good", "advice" (could be better) or "fault" (something does not work).
        found: what the check found, one line.
        way: what to do about it ("" for nothing).
    """

    what: str
    grade: Grade
    found: str
    way: str = ""


def examine() -> Iterator[CheckResult]:
    """Run every check in turn and yield its results.

    A check that fails does not stop those after it.
    """
    for what, check in CHECKS.items():
        try:
            yield from (CheckResult(what, *row) for row in check())
        except (DistillError, OSError, ImportError) as error:
            yield CheckResult(what, "fault", " ".join(str(error).split()), "")
        except Exception as error:
            yield CheckResult(what, "fault", report(error, f"the check {what}"), "")


CheckRow = tuple[Grade, str, str]
"""Grade, finding and cure, as in `CheckResult`."""


def _program() -> Iterator[CheckRow]:
    from distill_engine import __version__

    yield (
        "good",
        f"Distill {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        "",
    )


def _starter() -> Iterator[CheckRow]:
    from distill_engine.library.assets import starter_path
    from distill_engine.modelfile import ModelFile
    from distill_engine.modelfile.verify import verify_file

    with ModelFile.open(starter_path()) as file:
        faults = [f"{finding.what}: {finding.fault}" for finding in verify_file(file) if finding.fault]
    if faults:
        yield "fault", "; ".join(faults), "install Distill again"
    else:
        yield "good", "the built-in model is complete and undamaged", ""


def _speed() -> Iterator[CheckRow]:
    from distill_engine.library.assets import starter_path
    from distill_engine.live.capacity.realtime_check import FitRequest, fit_instrument
    from distill_engine.native.library import native_library, slower_without

    kernels = native_library()
    if isinstance(kernels, str):
        yield "advice", slower_without(kernels), "install the wheel of your system"
    else:
        yield "good", "vocos plays through its native kernel", ""
    for kind in ("vocos", "hifigan"):
        try:
            _, fit = fit_instrument(starter_path(), FitRequest(kind))
        except DistillError as error:
            yield "advice", str(error), ""
            continue
        spent = (
            f"{kind} takes {fit.factor:.2f} s for a second of sound (threads: {fit.threads}, hops a block: {fit.block})"
        )
        yield (
            ("good", spent, "") if fit.factor < GOOD_LOAD else ("advice", spent, "close other programs before you play")
        )


def _training() -> Iterator[CheckRow]:
    if not training_installed():
        yield (
            "advice",
            "not installed: this machine makes models and plays them",
            f"to train vocoders: {install_command()}",
        )
        return
    yield "good", f"torch {version('torch')}, {counted(os.cpu_count(), 'core')}", ""


def _sound() -> Iterator[CheckRow]:
    from distill_engine.audio_io.devices import AudioSystem, jack_period

    with stderr_silenced(), AudioSystem() as system:
        devices, answers = system.devices(), jack_period() > 0
    if devices:
        yield "good", "; ".join(device.describe() for device in devices[:4]), ""
    else:
        yield "advice", "no audio output device", "start JACK or plug one in; --device null and file:PATH work without"
    if shutil.which("jackd") and not answers:
        yield "advice", "JACK is installed and not running", "start it for the lowest latency"


def _midi() -> Iterator[CheckRow]:
    from distill_control.midi.ports import list_midi

    with stderr_silenced():
        ports = list_midi()
    if ports.inputs:
        yield "good", "; ".join(str(port) for port in ports.inputs), ""
    else:
        reasons = "; ".join(ports.missing.values())
        yield "advice", f"no MIDI input{f' ({reasons})' if reasons else ''}", "plug a controller in, if you want one"


def _control() -> Iterator[CheckRow]:
    from distill_control.settings import ControlSettings

    settings = ControlSettings()
    for name, port, kind in (
        ("OSC", settings.osc_port, socket.SOCK_DGRAM),
        ("OSCQuery", settings.oscquery_port, socket.SOCK_STREAM),
    ):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                option = f"--{name.lower()}-port"
                yield "advice", f"{name} port {port} is in use (an engine may be playing)", f"or give {option}"
            else:
                yield "good", f"{name} port {port} is free", ""


def _real_time() -> Iterator[CheckRow]:
    from distill_engine.realtime.threads import RealtimeStatus, prepare_thread

    results: list[RealtimeStatus] = []
    thread = threading.Thread(target=lambda: results.append(prepare_thread()))
    thread.start()
    thread.join()
    for note in results[0].notes:
        found, _, way = note.partition(": ")
        yield "advice", found, way
    if results[0].realtime:
        yield "good", "real-time priority is allowed", ""


def _system() -> Iterator[CheckRow]:
    if HUGE_PAGES.is_file() and "[never]" not in (setting := HUGE_PAGES.read_text()):
        chosen = setting.partition("[")[2].partition("]")[0]
        way = f"on stage: `echo never | sudo tee {HUGE_PAGES}`"
        yield "advice", f"huge pages: {chosen}; the kernel pauses threads for up to 5 ms to gather them", way
    if GOVERNOR.is_file() and (governor := GOVERNOR.read_text().strip()) != "performance":
        way = "on stage: `sudo cpupower frequency-set -g performance`"
        yield "advice", f"the processor's frequency governor is {governor}, not performance", way
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > (os.cpu_count() or 1):
        yield "advice", f"other programs keep the processor busy (load {load:.1f})", "close them before you play"
    else:
        yield "good", f"load {load:.1f} on {counted(os.cpu_count(), 'core')}", ""


def _library() -> Iterator[CheckRow]:
    from distill_engine.library.folders import data_dir, ensure

    folder = ensure(data_dir())
    if not os.access(folder, os.W_OK):
        yield "fault", f"{folder} cannot be written to", "set DISTILL_HOME to a folder you can write to"
        return
    free = shutil.disk_usage(folder).free / 1e9
    found = f"{folder}, {free:.1f} GB free"  # 10^9 bytes
    yield ("good", found, "") if free > LEAST_FREE_GB else ("advice", found, "a training needs about a gigabyte")


CHECKS: dict[str, Callable[[], Iterator[CheckRow]]] = {
    "program": _program,
    "starter": _starter,
    "speed": _speed,
    "training": _training,
    "sound": _sound,
    "MIDI": _midi,
    "control": _control,
    "real time": _real_time,
    "system": _system,
    "library": _library,
}

if sys.platform == "win32":  # the live engine runs on POSIX systems only
    CHECKS.pop("real time")
