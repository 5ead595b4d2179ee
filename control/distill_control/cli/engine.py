"""`distill-engine [MODEL]`: play a model live, controlled over OSC and MIDI."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import socket
from threading import Event
from typing import TYPE_CHECKING

from distill_control.cli.support.guard import CommandParser, guarded
from distill_control.cli.support.listings import list_devices, list_midi_ports
from distill_control.cli.support.options import (
    PORT_LIMIT,
    add_space,
    integer_in,
    layout_of,
    number_in,
    seconds,
    seed_number,
    vocoder_name,
)
from distill_control.cli.support.output import vocoder_and_reason
from distill_control.settings import ControlSettings
from distill_control.settings.spawning import spawn_control
from distill_engine.errors import ConfigError
from distill_engine.realtime.control_process import ControlProcess
from distill_engine.system.names import printable, printable_line
from distill_engine.vocabulary.ranges import DEVICE_RATES_HZ, LATENCIES_MS, THREADS_LIMIT
from distill_engine.vocabulary.table import MOST_VOICES, SOURCES, VOCODERS, default_values

if TYPE_CHECKING:
    from distill_engine.live.settings import EngineSettings, StartReport


def parser() -> argparse.ArgumentParser:
    """Return the command line of distill-engine."""
    top = CommandParser(
        prog="distill-engine", description="Plays a model live; control it over OSC, MIDI and OSCQuery."
    )
    top.add_argument(
        "model", nargs="?", default=None, metavar="MODEL", help="name or path; the built-in starter if left out"
    )
    _add_sound(top)
    _add_control(top)
    shown = top.add_argument_group("output of this command")
    shown.add_argument("--list-devices", action="store_true", help="list audio devices and exit")
    shown.add_argument("--list-midi", action="store_true", help="list MIDI ports and exit")
    view = shown.add_mutually_exclusive_group()
    view.add_argument("--quiet", action="store_true", help="print only warnings and errors (for services)")
    view.add_argument("--json", action="store_true", help="print the status as one JSON line a second")
    return top


def _add_sound(top: argparse.ArgumentParser) -> None:
    sound = top.add_argument_group("sound")
    sound.add_argument(
        "--vocoder",
        type=vocoder_name,
        default="auto",
        metavar="NAME",
        help=f"{', '.join(VOCODERS)} or an added one; auto takes the best that this machine can play in real time",
    )
    sound.add_argument("--device", metavar="NAME", help="device name or part of it, null (no device), or file:PATH")
    sound.add_argument("--input", metavar="NAME", help="input device for the source `input`")
    _add_computing(sound)
    moved = "what moves the sound at first (auto: walk if the file has its corpus, else drift)"
    sound.add_argument("--source", choices=("auto", *SOURCES), default="auto", help=moved)
    sound.add_argument(
        "--voices",
        type=integer_in(1, MOST_VOICES),
        default=1,
        metavar="N",
        help="notes that sound at once, up to 8 (default 1: mono with legato)",
    )
    add_space(sound, "stereo")
    sound.add_argument("--seed", type=seed_number, default=0, metavar="N", help="of all random numbers (default 0)")
    follows = "fade to the new version when training replaces the model file"
    sound.add_argument("--follow", action="store_true", help=follows)
    sound.add_argument("--stopped", action="store_true", help="stay silent until /distill/play")
    recorded = "record a take (.take) or the sound itself (.wav, .flac)"
    sound.add_argument("--record", type=Path, metavar="FILE", help=recorded)
    sound.add_argument(
        "--keep-going", action="store_true", help="start also without a device, file, map or port that cannot be had"
    )
    sound.add_argument("--seconds", type=seconds("60"), metavar="S", help="end after S seconds")


def _add_computing(sound: argparse._ArgumentGroup) -> None:
    sound.add_argument(
        "--sample-rate",
        type=integer_in(*DEVICE_RATES_HZ, "a sample rate"),
        metavar="HZ",
        help="sample rate of the device (default: its own)",
    )
    sound.add_argument(
        "--block",
        metavar="HOPS",
        default="auto",
        help="hops (of 11.6 ms) computed at once: 1, 2, 4, 8 or auto (default: auto, measured)",
    )
    sound.add_argument(
        "--latency",
        type=_latency,
        default="normal",
        metavar="HOW",
        help="sound kept ready: low, normal or safe, which learn from what happens, or a fixed number of ms",
    )
    sound.add_argument(
        "--threads", type=integer_in(1, THREADS_LIMIT), metavar="N", help="threads of the networks (default: measured)"
    )
    devices = ("auto", "cpu", "cuda", "mps")
    sound.add_argument("--torch-device", choices=devices, help="compute in torch instead of ONNX Runtime")


def _add_control(top: argparse.ArgumentParser) -> None:
    control = top.add_argument_group("control")
    control.add_argument(
        "--osc-port",
        type=integer_in(0, PORT_LIMIT, "a port"),
        default=9000,
        metavar="PORT",
        help="OSC port, UDP and TCP (default 9000)",
    )
    control.add_argument(
        "--oscquery-port",
        type=integer_in(0, PORT_LIMIT, "a port"),
        default=9001,
        metavar="PORT",
        help="OSCQuery port, HTTP and WebSocket (default 9001)",
    )
    control.add_argument(
        "--bind", default="127.0.0.1", metavar="ADDR", help="address to listen on (default 127.0.0.1: this machine)"
    )
    allowed = "address or network that may control it"
    control.add_argument("--allow", action="append", default=[], metavar="ADDR", help=allowed)
    announced = "let clients find it by zeroconf (opens UDP 5353; always with --bind)"
    control.add_argument("--announce", action="store_true", help=announced)
    any_path = "let messages name any path, not only the library's"
    control.add_argument("--allow-paths", action="store_true", help=any_path)
    control.add_argument("--midi", metavar="PORT", help="MIDI port, or part of its name")
    control.add_argument("--no-midi", action="store_true", help="open no MIDI port")
    control.add_argument("--link", action="store_true", help="follow tempo, beats, start and stop of Ableton Link")
    control.add_argument("--map", type=Path, metavar="FILE", help="MIDI map (TOML)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run distill-engine.

    Return 0 if the user ended it, 1 after an error (one line), 2 for wrong usage.
    """
    hung = Event()

    def carry_out() -> int:
        options = parser().parse_args(arguments)
        if options.list_devices:
            return list_devices(options.json)
        if options.list_midi:
            return list_midi_ports(options.json)
        return play(options, hung.set)

    code = guarded(carry_out)
    if hung.is_set():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # the exit handlers of the audio libraries would wait for the server for ever
    return code


def play(options: argparse.Namespace, on_hang: Callable[[], None]) -> int:
    """Run the engine to its end (`on_hang`: see `run`); return the code. Raises DistillError."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's own threads would only disturb the synth thread
    control = control_settings(options)

    def spawn(connection: socket, shared_name: str, again: bool) -> "subprocess.Popen[bytes]":
        return spawn_control(control, connection, shared_name, again=again)

    def announce(report: "StartReport") -> None:
        if control.view == "quiet" and not options.quiet:
            print("\n".join(map(printable_line, start_lines(report, control.bind))), file=sys.stderr, flush=True)

    _model_of(options)  # a name that is wrong starts nothing
    process = ControlProcess(spawn, default_values())
    try:
        from distill_engine.live.engine import run  # takes half a second, in which the control process starts

        settings = engine_settings(options)
    except BaseException:
        process.stop()
        raise
    return run(settings, process, announce, on_hang)


def start_lines(report: "StartReport", bind: str) -> list[str]:
    """Return the lines that a log gets of a started engine: model, device, ports, how to end it."""
    from distill_control.web.access import page_address

    ports = (
        f"{name} {report.control[key]} ({transports})"
        for name, key, transports in (
            ("OSC", "osc_port", "UDP and TCP"),
            ("OSCQuery", "oscquery_port", "HTTP and WebSocket"),
        )
        if key in report.control
    )
    page = [f"page: {page_address(bind, port)}" for port in (report.control.get("oscquery_port"),) if port]
    return [
        f"model: {report.model}, played through {vocoder_and_reason(report.vocoder, '')[0]}",
        f"device: {report.device}, {report.rate_hz} Hz",
        f"ports: {', '.join(ports)}, address {bind}",
        *page,
        f"to end: Ctrl-C, or kill {os.getpid()}",
    ]


def control_settings(options: argparse.Namespace) -> ControlSettings:
    """Return the control process's part of the options. Raises ConfigError."""
    from distill_control.settings.addresses import is_everywhere

    if is_everywhere(options.bind) and not options.allow:
        raise ConfigError(
            f"--bind {options.bind} opens the engine to the network: name who may control it with "
            "--allow ADDRESS or NETWORK"
        )
    if options.no_midi and (options.midi or options.map):
        raise ConfigError("--no-midi opens no MIDI port: leave it out, or --midi and --map")
    view = "json" if options.json else "quiet" if options.quiet or not sys.stderr.isatty() else "live"
    return ControlSettings(
        osc_port=options.osc_port,
        oscquery_port=options.oscquery_port,
        bind=options.bind,
        allow=tuple(options.allow),
        allow_paths=options.allow_paths,
        midi_port=options.midi,
        midi_map=str(options.map) if options.map else None,
        midi=not options.no_midi,
        link=options.link,
        announce=options.announce or None,
        view=view,
        keep_going=options.keep_going,
    )


def engine_settings(options: argparse.Namespace) -> "EngineSettings":
    """Return the engine's part of the options. Raises ConfigError, LibraryError."""
    from distill_engine.live.settings import EngineSettings

    return EngineSettings(
        model=_model_of(options),
        vocoder=options.vocoder,
        device=options.device,
        input=options.input,
        sample_rate=options.sample_rate,
        block=_block_hops(options.block),
        threads=options.threads,
        torch_device=options.torch_device,
        latency=options.latency,
        seed=options.seed,
        source=options.source,
        playing=not options.stopped,
        record=options.record,
        allow_paths=options.allow_paths,
        seconds=options.seconds,
        keep_going=options.keep_going,
        follow=options.follow,
        voices=options.voices,
        space=options.space,
        layout=layout_of(options),
    )


def _model_of(options: argparse.Namespace) -> Path:
    """Return the model file to play. Raises LibraryError."""
    from distill_engine.library.assets import starter_path
    from distill_engine.library.lookup import find_model

    return starter_path() if options.model is None else find_model(options.model, allow_paths=True)


def _latency(text: str) -> str | float:
    """Read --latency: one of its words or ms."""
    return text if text.isalpha() and text not in ("nan", "inf") else number_in(*LATENCIES_MS, "ms")(text)


def _block_hops(text: str) -> int | None:
    """Read --block; None for auto. Raises ConfigError."""
    from distill_engine.live.capacity.realtime_check import BLOCKS

    if text == "auto":
        return None
    if text not in map(str, BLOCKS):
        raise ConfigError(f"--block {printable(text, 40)}: give {', '.join(map(str, BLOCKS))} or auto")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
