"""Write the lines of a take's file, version 12, and read the values in them. See `take_file`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np

from distill_engine.errors import TakeError
from distill_engine.state import StateDict
from distill_engine.system.names import printable
from distill_engine.takes.take import (
    TICK_SAMPLES,
    VERSION,
    CodesChange,
    Command,
    LiveInput,
    MarksChange,
    ParameterChange,
    PlayedModel,
    Swap,
    TakeEvent,
    TakeHeader,
)
from distill_engine.vocabulary.table import BLEND_SLOTS

FORMAT = "distill.take"
NAME_CHARACTERS = 1024  # kept of a name, vocoder or digest
MOST_BYTES, MOST_EVENTS = 4 * 2**30, 2**22
"""Of a take: almost five hours of live input, or an hour of 1,000 changes a second."""
LIVE_INPUT = {"kind": "live_input", "encoding": "float32"}
CODES = {"kind": "codes", "encoding": "safetensors"}
MARKS = {"kind": "marks", "encoding": "safetensors"}


def header_line(header: TakeHeader) -> str:
    """Return the first line of the file."""
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "tick": TICK_SAMPLES,
        "output_tick": header.output_tick,
        "rules": header.rules,
        "sample_rate": header.sample_rate,
        "hop": header.hop,
        "seed": header.seed,
        "block": header.block,
        "playing": [model_fields(model) for model in header.playing],
        "embedded": [LIVE_INPUT, CODES, MARKS],
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
        case CodesChange():
            arrays: StateDict = {"codes": event.codes.astype(np.int16), "residual": event.residual.astype(np.float32)}
            fields = {"embedded": CODES["kind"], "going_on": event.going_on, "data": encode_state(arrays)}
        case MarksChange():
            fields = {"embedded": MARKS["kind"], "data": encode_state(event.arrays)}
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
    except (binascii.Error, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TakeError(f"the take's state is damaged ({printable(str(error))}); record it again") from None


def model_of_fields(row: dict[str, Any]) -> PlayedModel:
    """Return a model from a row of the header's table or from a swap.

    Raises KeyError, TypeError or ValueError if it is damaged.
    """
    slot = row["slot"]
    if not isinstance(slot, int) or not 0 <= slot < BLEND_SLOTS or not isinstance(row["digests"], dict):
        raise ValueError
    digests = {str(part)[:40]: str(digest)[:NAME_CHARACTERS] for part, digest in row["digests"].items()}
    return PlayedModel(slot, str(row["name"])[:NAME_CHARACTERS], str(row["vocoder"])[:NAME_CHARACTERS], digests)


def number(value: object) -> float:
    """Return a JSON number as a float. Raises TypeError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def decode_samples(text: str) -> np.ndarray:
    """Return samples [n] from base64 of float32. Raises ValueError."""
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
