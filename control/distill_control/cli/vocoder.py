"""`distill vocoder`: list vocoders; download, verify, remove and add published weights."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import ProgressLines, console_err, emit, write_event
from distill_engine.errors import VocoderError, WeightsError
from distill_engine.system.counting import counted
from distill_engine.system.names import printable, printable_line

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.vocoders.bigvgan import Pin
    from distill_engine.vocoders.weights.events import WeightsEvent
    from distill_engine.vocoders.weights.records import WeightsRecord


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `vocoder` and its actions."""
    parser = subparsers.add_parser("vocoder")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, parents=[common], help=help, description=help)
        made.set_defaults(run=run)
        return made

    command("list", _list, "list all vocoders, and whether they are on this machine")
    download = command(
        "download", _download, "download published BigVGAN weights, once; no later command uses the network"
    )
    download.add_argument(
        "name", nargs="?", default="bigvgan", help="a name from `distill vocoder list` (default: bigvgan)"
    )
    download.add_argument(
        "--weights",
        type=Path,
        metavar="PATH",
        help="take this local checkpoint, or the folder that holds one, instead of downloading",
    )
    verify = command("verify", _verify, "compare the weights on this machine with their recorded checksums")
    verify.add_argument("name", nargs="?", help="only this vocoder")
    remove = command("remove", _remove, "delete weights from this machine")
    remove.add_argument("name")
    add = command("add", _add, "add a published HiFi-GAN or BigVGAN generator as another vocoder")
    add.add_argument("name", help="its name from now on")
    add.add_argument("--weights", type=Path, required=True, metavar="FILE", help="the published generator checkpoint")
    add.add_argument("--config", type=Path, required=True, metavar="FILE", help="its published config.json")
    add.add_argument("--kind", choices=("hifigan", "bigvgan"), default="hifigan", help="default: hifigan")


def _pinned(pin: Pin) -> WeightsRecord | WeightsError | None:
    """Return the weights of a published vocoder on this machine, why they fail, or None."""
    from distill_engine.vocoders.weights.records import hub_folder, read_record

    try:
        return read_record(hub_folder(pin.hub))
    except WeightsError as error:
        return error


def _rows() -> list[dict[str, Any]]:
    """Return one row per vocoder, as JSON."""
    from distill_engine.library.folders import vocoders_dir
    from distill_engine.vocoders.bigvgan import PINS
    from distill_engine.vocoders.registry import VOCODERS
    from distill_engine.vocoders.weights.records import found

    rows: list[dict[str, Any]] = [
        {"name": kind.name, "kind": kind.name, "state": "part of a model", "about": kind.description}
        for kind in VOCODERS.values()
        if kind.trainable
    ]
    for pin in PINS.values():
        here = _pinned(pin)
        state = "ready" if here else f"not here ({pin.about_bytes / 1e6:.0f} MB)"
        state = "damaged" if isinstance(here, WeightsError) else state
        rows.append({"name": pin.name, "kind": "bigvgan", "state": state, "about": pin.hub})
    for name, one in found(vocoders_dir()):
        if isinstance(one, WeightsError):
            rows.append({"name": name, "kind": "", "state": "damaged", "about": str(one)})
            continue
        mel = one.mel_config
        rows.append(
            {
                "name": one.name,
                "kind": one.kind,
                "state": "ready",
                "about": f"added: {mel.sample_rate} Hz, {mel.bands} bands, {one.source}",
            }
        )
    return rows


def _list(args: argparse.Namespace) -> int:
    rows = _rows()

    def show(console: Console) -> None:
        from rich.table import Table

        table = Table("name", "kind", "state", "about", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(printable_line(row[key]) for key in ("name", "kind", "state", "about")))
        console.print(table)

    emit(args, rows, show)
    return 0


def _download(args: argparse.Namespace) -> int:
    from distill_engine.vocoders.bigvgan import pinned
    from distill_engine.vocoders.weights.download import download
    from distill_engine.vocoders.weights.published import install_local

    with nullcontext(WeightsLines()) if args.json else WeightsProgress() as progress:
        if args.weights is not None:
            record = install_local(args.name, args.weights, progress)
        else:
            record = download(pinned(args.name), progress)
    emit(
        args,
        record.to_json() | {"path": str(record.tensors)},
        lambda c: c.print(f"{record.name}: ready, {record.tensors}"),
    )
    return 0


def _here(name: str | None) -> list[tuple[str, WeightsRecord | WeightsError]]:
    """Return the weights on this machine, or only those called `name`, or why they fail.

    Raises VocoderError if there are none of this name.
    """
    from distill_engine.library.folders import vocoders_dir
    from distill_engine.vocoders.bigvgan import PINS
    from distill_engine.vocoders.weights.records import found

    pinned = [(pin.name, one) for pin in PINS.values() if (one := _pinned(pin)) is not None]
    here = [row for row in (*pinned, *found(vocoders_dir())) if name in (None, row[0])]
    if name is not None and not here:
        raise VocoderError(f"vocoder {name} has no weights on this machine; see `distill vocoder list`")
    return here


def _fault(name: str, one: WeightsRecord | WeightsError) -> str:
    """Return why weights are damaged, "" if they are whole."""
    from distill_engine.vocoders.weights.verifying import verify

    if isinstance(one, WeightsError):
        return str(one)
    try:
        verify(one)
    except WeightsError as error:
        return str(error).removeprefix(f"{name}: ")
    return ""


def _verify(args: argparse.Namespace) -> int:
    """Run `distill vocoder verify`. Report on each; raise WeightsError if one is damaged."""
    rows = []
    for name, one in _here(args.name):
        fault, checksum = _fault(name, one), "" if isinstance(one, WeightsError) else one.converted_sha256
        rows.append({"name": name, "sha256": checksum, "state": "damaged" if fault else "whole", "fault": fault})
    damaged = [row["name"] for row in rows if row["fault"]]
    lines = [f"{row['name']}: {row['fault'] or 'complete and undamaged'}" for row in rows]
    text = "\n".join(map(printable_line, lines)) or "no weights on this machine"
    emit(args, rows, lambda console: console.print(text, markup=False, soft_wrap=True))
    if damaged:
        raise WeightsError(
            f"{len(damaged)} of {counted(len(rows), 'vocoder')} damaged ({', '.join(damaged)}): "
            "`distill vocoder remove NAME`, then fetch it again"
        )
    return 0


def _remove(args: argparse.Namespace) -> int:
    from distill_engine.library.folders import vocoders_dir
    from distill_engine.vocoders.bigvgan import PINS
    from distill_engine.vocoders.weights.records import NAME, hub_cache, hub_folder, remove

    folders = [vocoders_dir() / args.name] if NAME.fullmatch(args.name) else []
    if args.name in PINS:
        hub = PINS[args.name].hub
        folders = [hub_folder(hub), hub_cache() / f"models--{hub.replace('/', '--')}"]
    removed = [remove(folder) for folder in folders]
    if not any(removed):
        raise VocoderError(f"vocoder {args.name} has no weights on this machine; see `distill vocoder list`")
    emit(args, {"removed": args.name}, lambda c: c.print(f"{args.name}: removed"))
    return 0


def _add(args: argparse.Namespace) -> int:
    from distill_engine.library.folders import vocoders_dir
    from distill_engine.vocoders.weights.records import add

    record = add(vocoders_dir(), args.name, args.weights, args.config, args.kind)
    emit(
        args,
        record.to_json(),
        lambda c: c.print(f"{record.name}: added ({record.kind}, {record.mel_config.sample_rate} Hz)"),
    )
    return 0


class WeightsLines:
    """Write the events of a download or conversion as lines of JSON on stderr."""

    def __init__(self) -> None:
        self._lines = ProgressLines("bytes")

    def __call__(self, event: WeightsEvent) -> None:
        from distill_engine.vocoders.weights.events import Converting, DownloadProgress, DownloadStarted, FellBack

        if isinstance(event, DownloadStarted):
            write_event("started", stage="downloading", total=event.total or None, unit="bytes", text=event.file)
        elif isinstance(event, DownloadProgress):
            self._lines("downloading", event.done, event.total, event.file)
        elif isinstance(event, Converting):
            write_event("started", stage="converting", text=f"Converting {event.file} once")
        elif isinstance(event, FellBack):
            write_event("warned", text=event.reason)


class WeightsProgress:
    """Draw the events of a download or conversion on stderr: size, speed and time left."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._console = console_err()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> WeightsProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tasks:  # a bar that was never shown would end with an empty line
            self._progress.stop()

    def __call__(self, event: WeightsEvent) -> None:
        from distill_engine.vocoders.weights.events import Converting, DownloadProgress, DownloadStarted, FellBack

        if isinstance(event, DownloadStarted):
            self._progress.start()
            self._tasks[event.file] = self._progress.add_task(printable(event.file), total=event.total or None)
        elif isinstance(event, DownloadProgress) and event.file in self._tasks:
            self._progress.update(self._tasks[event.file], completed=event.done, total=event.total or None)
        elif isinstance(event, Converting):
            self._console.print(f"converting {event.file} to plain tensors (done once)")
        elif isinstance(event, FellBack):
            self._console.print(event.reason)
