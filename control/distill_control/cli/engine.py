"""`distill-engine [MODEL]`: plays a model live, steered over OSC and MIDI."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from distill_control.cli.support.options import vocoder_name
from distill_control.settings import ControlSettings
from distill_engine.errors import ConfigError, ControlError, DistillError
from distill_engine.vocabulary.table import SOURCES, VOCODERS

if TYPE_CHECKING:
    from distill_engine.audio_io.devices import Device
    from distill_engine.live.engine import EngineSettings

CONTROL_PROGRAM = (sys.executable, "-m", "distill_control.session")


def parser() -> argparse.ArgumentParser:
    """The command line of distill-engine."""
    top = argparse.ArgumentParser(
        prog="distill-engine", description="Plays a model live; steer it over OSC, MIDI and OSCQuery."
    )
    top.add_argument(
        "model", nargs="?", default=None, metavar="MODEL", help="name or path; the built-in starter if left out"
    )
    sound = top.add_argument_group("sound")
    sound.add_argument(
        "--vocoder", type=vocoder_name, default="auto", metavar="NAME",
        help=f"{', '.join(VOCODERS)} or an added one; auto takes the best that keeps up",
    )  # fmt: skip
    sound.add_argument("--device", metavar="NAME", help="device name or part of it, null, or file:PATH")
    sound.add_argument("--input", metavar="NAME", help="input device for the source `input`")
    sound.add_argument("--sample-rate", type=int, metavar="HZ", help="rate of the device (its own by default)")
    sound.add_argument(
        "--block", metavar="HOPS", default="auto", help="hops computed at once: 1, 2, 4, 8 or auto (measured)"
    )
    sound.add_argument("--latency", type=float, metavar="MS", help="fixes the ring's fill (measured by default)")
    sound.add_argument("--threads", type=int, metavar="N", help="threads of the networks (measured by default)")
    sound.add_argument(
        "--torch-device", choices=("auto", "cpu", "cuda", "mps"), help="compute in torch instead of ONNX Runtime"
    )
    sound.add_argument("--source", choices=SOURCES, default="drift", help="what moves the sound at the start")
    sound.add_argument("--seed", type=int, default=0, metavar="N", help="seed of everything random")
    sound.add_argument("--stopped", action="store_true", help="wait for /distill/play")
    sound.add_argument("--record", type=Path, metavar="TAKE", help="record a take (or the sound, as .wav or .flac)")
    sound.add_argument("--seconds", type=float, metavar="S", help="end after this time")
    _add_control(top)
    shown = top.add_argument_group("shown")
    shown.add_argument("--list-devices", action="store_true", help="list audio devices and end")
    shown.add_argument("--list-midi", action="store_true", help="list MIDI ports and end")
    view = shown.add_mutually_exclusive_group()
    view.add_argument("--quiet", action="store_true", help="only warnings and errors (for services)")
    view.add_argument("--json", action="store_true", help="one JSON line a second")
    return top


def _add_control(top: argparse.ArgumentParser) -> None:
    control = top.add_argument_group("control")
    control.add_argument("--osc-port", type=int, default=9000, metavar="PORT", help="UDP and TCP (9000)")
    control.add_argument("--oscquery-port", type=int, default=9001, metavar="PORT", help="HTTP and WebSocket (9001)")
    control.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="address to listen on (this machine only)")
    control.add_argument(
        "--allow", action="append", default=[], metavar="ADDR", help="address or network that may steer it"
    )
    control.add_argument(
        "--announce", action="store_true", help="let clients find it by zeroconf (opens UDP 5353; always with --bind)"
    )
    control.add_argument(
        "--allow-paths", action="store_true", help="let messages name any path, not only the library's"
    )
    control.add_argument("--midi", metavar="PORT", help="MIDI port, or part of its name")
    control.add_argument("--no-midi", action="store_true", help="open no MIDI port")
    control.add_argument("--map", type=Path, metavar="FILE", help="MIDI map (TOML)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 ended by the user, 1 an error (one line), 2 wrong usage."""
    options = parser().parse_args(arguments)
    try:
        if options.list_devices:
            return _list_devices(options.json)
        if options.list_midi:
            return _list_midi(options.json)
        return play(options)
    except DistillError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def play(options: argparse.Namespace) -> int:
    """Runs the engine. Raises DistillError."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's own threads would only disturb the synth thread
    control = control_settings(options)

    def spawn(connection: socket, shared_name: str, again: bool) -> "subprocess.Popen[bytes]":
        return spawn_control(control, connection, shared_name, again=again)

    from distill_engine.live.engine import run

    return run(engine_settings(options), spawn)


def control_settings(options: argparse.Namespace) -> ControlSettings:
    """The control process's part of the options. Raises ConfigError."""
    from distill_control.settings.addresses import is_everywhere

    if is_everywhere(options.bind) and not options.allow:
        raise ConfigError(
            f"--bind {options.bind} opens the engine to the network: name who may steer it with --allow ADDR or NETWORK"
        )
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
        announce=options.announce or None,
        view=view,
    )


def engine_settings(options: argparse.Namespace) -> "EngineSettings":
    """The engine's part of the options. Raises ConfigError, LibraryError."""
    from distill_engine.library.assets import starter_path
    from distill_engine.library.lookup import find_model
    from distill_engine.live.engine import EngineSettings

    return EngineSettings(
        model=starter_path() if options.model is None else find_model(options.model, allow_paths=True),
        vocoder=options.vocoder,
        device=options.device,
        input=options.input,
        sample_rate=options.sample_rate,
        block=_block(options.block),
        threads=options.threads,
        torch_device=options.torch_device,
        latency_ms=options.latency,
        seed=options.seed,
        source=options.source,
        playing=not options.stopped,
        record=options.record,
        allow_paths=options.allow_paths,
        seconds=options.seconds,
    )


def _block(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit():
        raise ConfigError(f"--block {text}: give 1, 2, 4, 8 or auto")
    return int(text)


def spawn_control(
    settings: ControlSettings, connection: socket, shared_name: str, *, again: bool
) -> "subprocess.Popen[bytes]":
    """Starts the control process, in a process group of its own (Ctrl-C reaches the engine, which ends it)."""
    descriptors = (connection.fileno(), int(shared_name.removeprefix("fd:")))
    command = [*CONTROL_PROGRAM, "--channel-fd", str(connection.fileno())]
    command += ["--shared", shared_name, "--settings", settings.to_json()]
    if again:
        command.append("--again")
    try:
        return subprocess.Popen(command, pass_fds=descriptors, stdin=subprocess.DEVNULL, process_group=0)
    except OSError as error:
        raise ControlError(f"the control process cannot be started: {error}") from None


def _list_devices(as_json: bool) -> int:
    from dataclasses import asdict

    from distill_engine.audio_io.devices import AudioSystem

    system = AudioSystem()
    outputs, inputs = system.devices("output"), system.devices("input")
    if as_json:
        print(json.dumps({"outputs": [asdict(d) for d in outputs], "inputs": [asdict(d) for d in inputs]}))
        return 0
    _print_devices("outputs", outputs)
    _print_devices("inputs", inputs)
    return 0


def _print_devices(title: str, devices: "tuple[Device, ...]") -> None:
    print(f"{title}:")
    for device in devices:
        print(f"  {device.describe()}")
    if not devices:
        print("  none (use --device null or file:PATH)" if title == "outputs" else "  none")


def _list_midi(as_json: bool) -> int:
    from dataclasses import asdict

    from distill_control.midi.ports import list_midi

    ports = list_midi()
    print(json.dumps(asdict(ports)) if as_json else "\n".join(ports.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
