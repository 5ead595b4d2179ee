"""The file format of takes: JSON lines, the header first, then one line per event, then the end.

Version 2::

    {"format": "distill.take", "version": 2, "tick": 128, "sample_rate": 44100, "hop": 512,
     "seed": 7, "block": 1, "playing": [{"slot": 0, "name": "rain", "vocoder": "vocos",
     "digests": {"model": "...", "vocoder": "...", "analysis": "..."}}],
     "embedded": [{"kind": "live_input", "encoding": "float32"}],
     "state": "<base64 of a safetensors block>" or null}
    {"at": 48, "set": "/distill/gain", "value": -3.0, "glide": 0.1}
    {"at": 160, "do": "source", "source": "corpus", "fade": 0.05}
    {"at": 160, "do": "swap", "slot": 1, "name": "hail", "vocoder": "vocos",
     "digests": {...}, "fade": 0.5}
    {"at": 164, "embedded": "live_input", "data": "<base64 of float32 samples>"}
    {"at": 3600, "end": true}

Each object is one line in the file. `at` counts ticks of 128 samples since the take began. `state`
is the synth's state at that moment. The header's table `embedded` names each kind of data that the
take contains, so that it renders without the files and devices that the data came from. Live input
takes 14 MB a minute. `version_1` reads version 1.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.errors import ControlError, TakeError
from distill_engine.state import StateDict
from distill_engine.takes.take import (
    TICK_SAMPLES,
    Command,
    LiveInput,
    ParameterChange,
    PlayedModel,
    Swap,
    Take,
    TakeEvent,
    TakeHeader,
)
from distill_engine.takes.version_1 import event_of_version_1, header_of_version_1
from distill_engine.vocabulary.table import BLEND_SLOTS, index_of

FORMAT, VERSION = "distill.take", 2
MAXIMUM_HEADER_BYTES, MAXIMUM_EVENT_BYTES = 64 * 2**20, 2**17
MAXIMUM_SECONDS = 48 * 3600
MAXIMUM_TICKS = MAXIMUM_SECONDS * 192_000 // TICK_SAMPLES
NAME_CHARACTERS = 1024  # kept of a name, vocoder or digest
LIVE_INPUT = {"kind": "live_input", "encoding": "float32"}

ReadEvent = Callable[[dict[str, Any], int], TakeEvent]


class Damaged(Exception):
    """A line does not follow the format."""


def header_line(header: TakeHeader) -> str:
    """Return the first line of the file."""
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "tick": TICK_SAMPLES,
        "sample_rate": header.sample_rate,
        "hop": header.hop,
        "seed": header.seed,
        "block": header.block,
        "playing": [model_fields(model) for model in header.playing],
        "embedded": [LIVE_INPUT],
        "state": None if header.state is None else encode_state(header.state),
    }
    return json.dumps(fields)


def event_line(event: TakeEvent) -> str:
    """Return the line of one event."""
    match event:
        case ParameterChange():
            fields: dict[str, Any] = {"set": event.address, "value": event.value, "glide": event.glide_seconds}
        case Command():
            fields = {"do": event.name, **event.arguments}
        case Swap():
            fields = {"do": "swap", **model_fields(event.model), "fade": event.fade_seconds}
        case LiveInput():
            data = base64.b64encode(event.samples.astype("<f4").tobytes()).decode()
            fields = {"embedded": LIVE_INPUT["kind"], "data": data}
    return json.dumps({"at": event.tick, **fields})


def end_line(ticks: int) -> str:
    """Return the last line of a take of `ticks` ticks."""
    return json.dumps({"at": ticks, "end": True})


def model_fields(model: PlayedModel) -> dict[str, Any]:
    """Return a model as a row of the header's table."""
    return {"slot": model.slot, "name": model.name, "vocoder": model.vocoder, "digests": dict(model.digests)}


def encode_state(state: StateDict) -> str:
    """Return a state as text: base64 of a safetensors block. Its arrays have any shape [...]."""
    from safetensors.numpy import save

    return base64.b64encode(save({name: np.ascontiguousarray(value) for name, value in state.items()})).decode()


def decode_state(text: str) -> StateDict:
    """Return the state that `encode_state` wrote as text. Its arrays have any shape [...].

    Raises TakeError if the text is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(base64.b64decode(text, validate=True)))
    except (binascii.Error, SafetensorError, ValueError) as error:
        raise TakeError(f"the take's state is damaged ({error}); record it again") from None


def read_take(path: Path, *, allow_truncated: bool = False) -> Take:
    """Read and check a take.

    Raises TakeError if the file is not a take, is damaged, has a later version, or is truncated and
    `allow_truncated` is False.
    """
    lines = _lines(path)
    header, read_event = _header(_json(lines[0]) if lines else None, path)
    events, ticks, complete = _events(lines[1:], read_event, path)
    take = Take(header, events, ticks, complete)
    if not complete and not allow_truncated:
        raise TakeError(
            f"{path}: the take breaks off after {take.seconds:.1f} s; add --allow-truncated to render it up to there"
        )
    return take


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            lines = file.readlines()
    except OSError as error:
        raise TakeError(f"{path}: cannot read the take: {error.strerror}") from None
    if lines and (len(lines[0]) > MAXIMUM_HEADER_BYTES or any(len(line) > MAXIMUM_EVENT_BYTES for line in lines[1:])):
        raise TakeError(f"{path} is not a take: its lines are too long")
    return lines


def _json(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _header(data: dict[str, Any] | None, path: Path) -> tuple[TakeHeader, ReadEvent]:
    """Return the header, and the function that reads the events of its version."""
    if data is None or data.get("format") != FORMAT:
        raise TakeError(f"{path} is not a take; takes come from distill-engine --record or /distill/record")
    version = data.get("version")
    state = decode_state(data["state"]) if isinstance(data.get("state"), str) else None
    try:
        if version == 1:
            header, hop = header_of_version_1(data, state), int(data["hop"])
            return header, lambda fields, at: event_of_version_1(fields, at, hop)
        if version == VERSION:
            return _header_of_version_2(data, state), _event
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TakeError(f"{path}: the take's header is damaged; record it again") from None
    raise TakeError(f"{path}: take version {str(version)[:40]} is not known here (1 to {VERSION}); update distill")


def _header_of_version_2(data: dict[str, Any], state: StateDict | None) -> TakeHeader:
    if data["tick"] != TICK_SAMPLES or any(row["kind"] != LIVE_INPUT["kind"] for row in data["embedded"]):
        raise ValueError
    seed, block, rate, hop = (int(data[name]) for name in ("seed", "block", "sample_rate", "hop"))
    playing = tuple(_model(row) for row in data["playing"])
    slots = [model.slot for model in playing]
    if min(block, rate) < 1 or hop < TICK_SAMPLES or slots[:1] != [0] or len(set(slots)) != len(slots):
        raise ValueError
    return TakeHeader(playing, seed, block, rate, hop, state)


def _model(row: dict[str, Any]) -> PlayedModel:
    slot = row["slot"]
    if not isinstance(slot, int) or not 0 <= slot < BLEND_SLOTS or not isinstance(row["digests"], dict):
        raise ValueError
    digests = {str(part)[:40]: str(digest)[:NAME_CHARACTERS] for part, digest in row["digests"].items()}
    return PlayedModel(slot, str(row["name"])[:NAME_CHARACTERS], str(row["vocoder"])[:NAME_CHARACTERS], digests)


def _events(lines: Sequence[bytes], read_event: ReadEvent, path: Path) -> tuple[tuple[TakeEvent, ...], int, bool]:
    """Return the events, the tick of the last line, and whether that line is the end."""
    events: list[TakeEvent] = []
    last = 0
    for number, line in enumerate(lines, 2):
        fields = _json(line)
        if fields is None and number == len(lines) + 1:
            return tuple(events), last, False  # the last line, cut off in the middle
        try:
            event, tick = _line(fields, read_event)
        except (Damaged, KeyError, TypeError, ValueError, OverflowError, binascii.Error):
            raise TakeError(f"{path}, line {number}: the take is damaged") from None
        except ControlError as error:
            raise TakeError(f"{path}, line {number}: {error}") from None
        if tick < last or tick > MAXIMUM_TICKS:
            raise TakeError(f"{path}, line {number}: time {tick} comes after time {last}; the take is damaged")
        last = tick
        if event is None:
            return tuple(events), last, True
        events.append(event)
    return tuple(events), last, False


def _line(fields: dict[str, Any] | None, read_event: ReadEvent) -> tuple[TakeEvent | None, int]:
    """Return the event of a line (None for the end) and its tick."""
    if fields is None or not isinstance(fields.get("at"), int) or isinstance(fields["at"], bool) or fields["at"] < 0:
        raise Damaged
    event = read_event(fields, fields["at"])
    if isinstance(event, ParameterChange):
        if not math.isfinite(event.value) or not math.isfinite(event.glide_seconds):
            raise Damaged
        index_of(event.address)
    if isinstance(event, LiveInput) and not np.isfinite(event.samples).all():
        raise Damaged
    return (None if isinstance(event, Command) and event.name == "end" else event), event.tick


def _event(fields: dict[str, Any], at: int) -> TakeEvent:
    if fields.get("end"):
        return Command(at, "end")
    if fields.get("embedded") == LIVE_INPUT["kind"]:
        return LiveInput(at, decode_samples(fields["data"]))
    if isinstance(fields.get("set"), str):
        return ParameterChange(at, fields["set"], number(fields["value"]), number(fields["glide"]))
    if fields.get("do") == "swap":
        return Swap(at, _model(fields), number(fields["fade"]))
    if not isinstance(fields.get("do"), str):
        raise Damaged
    return Command(at, fields["do"], {name: value for name, value in fields.items() if name not in ("at", "do")})


def number(value: object) -> float:
    """Return a JSON number as a float. Raises TypeError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def decode_samples(text: str) -> np.ndarray:
    """Return samples [n] from base64 of float32. Raises ValueError."""
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
