"""A take: everything that was done during a performance, hop by hop, so that it can be rendered again sample for sample.

Format: JSON lines. The first is the header; then one line per change, in order; the last says where the recording ended::

    {"format": "distill.take", "version": 1, "model": "<digest>", "model_name": "rain", "sample_rate": 44100, "hop": 512,
     "seed": 7, "block": 1, "vocoder": "vocos", "vocoder_digest": "...", "state": "<base64 of a safetensors block>" or null}
    {"at": 12, "set": "/distill/gain", "value": -3.0, "glide": 0.1}
    {"at": 40, "do": "source", "arguments": ["corpus"]}
    {"at": 41, "heard": "<base64 of float32 samples>"}
    {"at": 900, "end": true}

`at` counts hops since the take began. `state` is the synth's state at that moment, if it was already playing. What a live input heard
stands in the take too, block by block, while it was the source: 14 MB a minute.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ControlError, TakeError
from distill_engine.state import StateDict
from distill_engine.vocabulary.table import BLEND_SLOTS, index_of

FORMAT, VERSION = "distill.take", 1
MAXIMUM_LINE, MAXIMUM_EVENT = 64 * 2**20, 2**17
MAXIMUM_HOPS = 86 * 3600 * 24 * 2


@dataclass(frozen=True)
class TakeHeader:
    """What a take was played with. `model` is the digest of the latent model; `state` None means from the beginning.

    `analysis` is the digest of its controls, corpus and map ("": none). `others` are the models at the further blend places: place,
    name, model digest, vocoder, vocoder digest, analysis digest.
    """

    model: str
    model_name: str
    seed: int
    block: int
    vocoder: str
    vocoder_digest: str = ""
    sample_rate: int = 44100
    hop: int = 512
    state: StateDict | None = None
    others: tuple[tuple[int, str, str, str, str, str], ...] = ()
    analysis: str = ""


@dataclass(frozen=True)
class TakeEvent:
    """One change at hop `at`: a parameter (`address`, `value`, `glide`), a command (`command`, `arguments`), or what a live input `heard`
    from there on [hops * hop]."""

    at: int
    address: str | None = None
    value: float = 0.0
    glide: float = 0.0
    command: str | None = None
    arguments: tuple[Any, ...] = ()
    heard: Float32Array | None = None

    def to_json(self) -> str:
        if self.heard is not None:
            return json.dumps({"at": self.at, "heard": base64.b64encode(self.heard.astype("<f4").tobytes()).decode()})
        if self.address is not None:
            return json.dumps({"at": self.at, "set": self.address, "value": self.value, "glide": self.glide})
        return json.dumps({"at": self.at, "do": self.command, "arguments": list(self.arguments)})


@dataclass(frozen=True)
class Take:
    """A whole performance: `hops` long, `events` in order. `complete` is False if the recording broke off."""

    header: TakeHeader
    events: tuple[TakeEvent, ...]
    hops: int
    complete: bool = True

    @property
    def seconds(self) -> float:
        return self.hops * self.header.hop / self.header.sample_rate

    @classmethod
    def read(cls, path: Path, *, allow_truncated: bool = False) -> Take:
        """Reads and checks a take. Raises TakeError if it is none, damaged, or (unless allowed) breaks off."""
        lines = _lines(path)
        header = _header(lines[0] if lines else b"", path)
        events, hops, complete = _events(lines[1:], path)
        if not complete and not allow_truncated:
            seconds = hops * header.hop / header.sample_rate
            raise TakeError(
                f"{path}: the take breaks off after {seconds:.1f} s; add --allow-truncated to render what is there"
            )
        return cls(header, events, hops, complete)


def encode_state(state: StateDict) -> str:
    """A state as text (base64 of a safetensors block)."""
    from safetensors.numpy import save

    return base64.b64encode(save({name: np.ascontiguousarray(value) for name, value in state.items()})).decode()


def decode_state(text: str) -> StateDict:
    """Inverse of `encode_state`. Raises TakeError."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(base64.b64decode(text, validate=True)))
    except (binascii.Error, SafetensorError, ValueError) as error:
        raise TakeError(f"the take's state is damaged ({error}); record it again") from None


def header_line(header: TakeHeader) -> str:
    fields = {name: value for name, value in asdict(header).items() if name != "state"}
    state = None if header.state is None else encode_state(header.state)
    return json.dumps({"format": FORMAT, "version": VERSION} | fields | {"state": state})


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            lines = file.readlines()
    except OSError as error:
        raise TakeError(f"{path}: cannot read the take: {error.strerror}") from None
    if lines and (len(lines[0]) > MAXIMUM_LINE or any(len(line) > MAXIMUM_EVENT for line in lines[1:])):
        raise TakeError(f"{path} is no take: its lines are too long")
    return lines


def _json(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _header(line: bytes, path: Path) -> TakeHeader:
    data = _json(line)
    if data is None or data.get("format") != FORMAT:
        raise TakeError(f"{path} is no take; takes come from distill-engine --record or /distill/record")
    if data.get("version") != VERSION:
        raise TakeError(f"{path}: take version {data.get('version')!r} is not known here ({VERSION}); update distill")
    state = data.get("state")
    try:
        model, model_name, vocoder, digest = (
            str(data[n])[:1024] for n in ("model", "model_name", "vocoder", "vocoder_digest")
        )
        seed, block, rate, hop = (int(data[n]) for n in ("seed", "block", "sample_rate", "hop"))
        others = tuple(
            (int(place), str(name), str(digest_), str(kind), str(weights), str(analysed))
            for place, name, digest_, kind, weights, analysed in ((*row, "")[:6] for row in data.get("others", []))
        )
        if min(block, rate, hop) < 1 or len(others) >= BLEND_SLOTS:
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TakeError(f"{path}: the take's header is damaged; record it again") from None
    saved = decode_state(state) if isinstance(state, str) else None
    analysis = str(data.get("analysis", ""))[:1024]
    return TakeHeader(model, model_name, seed, block, vocoder, digest, rate, hop, saved, others, analysis)


def _events(lines: Sequence[bytes], path: Path) -> tuple[tuple[TakeEvent, ...], int, bool]:
    events: list[TakeEvent] = []
    last = 0
    for number, line in enumerate(lines, 2):
        data = _json(line)
        if data is None and number == len(lines) + 1:
            return tuple(events), last, False  # the last line, cut off in the middle
        event, at = _event(data, number, path)
        if at < last or at > MAXIMUM_HOPS:
            raise TakeError(f"{path}, line {number}: hop {at} comes after hop {last}; the take is damaged")
        last = at
        if event is None:
            return tuple(events), last, True
        events.append(event)
    return tuple(events), last, False


def _event(data: dict[str, Any] | None, number: int, path: Path) -> tuple[TakeEvent | None, int]:
    """The change on a line (None for the end) and its hop."""
    damaged = TakeError(f"{path}, line {number}: the take is damaged")
    if data is None or not isinstance(data.get("at"), int) or data["at"] < 0:
        raise damaged
    at: int = data["at"]
    if data.get("end"):
        return None, at
    if isinstance(data.get("heard"), str):
        try:
            heard = np.frombuffer(base64.b64decode(data["heard"], validate=True), "<f4").astype(np.float32)
        except (binascii.Error, ValueError):
            raise damaged from None
        if not np.isfinite(heard).all():
            raise damaged
        return TakeEvent(at, heard=heard), at
    if isinstance(data.get("do"), str) and isinstance(data.get("arguments"), list):
        return TakeEvent(at, command=data["do"], arguments=tuple(data["arguments"])), at
    value, glide = data.get("value"), data.get("glide")
    if not isinstance(data.get("set"), str) or not isinstance(value, int | float) or not isinstance(glide, int | float):
        raise damaged
    if not math.isfinite(value) or not math.isfinite(glide):
        raise damaged
    try:
        index_of(data["set"])
    except ControlError as error:
        raise TakeError(f"{path}, line {number}: {error}") from None
    return TakeEvent(at, address=data["set"], value=float(value), glide=float(glide)), at
