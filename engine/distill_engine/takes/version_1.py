"""Read takes of version 1, and convert them to version 2.

Version 1 has times in hops, commands with positional arguments, and states as positional vectors.
It was written until commit 776e572.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from distill_engine.state import StateDict
from distill_engine.takes.take import (
    Command,
    LiveInput,
    ParameterChange,
    PlayedModel,
    Swap,
    TakeEvent,
    TakeHeader,
    tick_of_samples,
)
from distill_engine.takes.version_1_state import (
    SLOTS,
    upgrade_state,
)

DEFAULTS = {"/distill/width": 0.0}
"""Defaults of version 1 that have changed since: a take without a state starts from them."""
ARGUMENTS: dict[str, tuple[str, ...]] = {"source": ("source", "fade"), "seed": ("seed",), "clear": ("slot", "fade")}
NAME_CHARACTERS = 1024  # kept of a name or digest


def header_of_version_1(data: dict[str, Any], state: StateDict | None) -> TakeHeader:
    """Return the header. Raises KeyError, TypeError or ValueError if it is damaged."""
    seed, block, rate, hop = (int(data[name]) for name in ("seed", "block", "sample_rate", "hop"))
    row = [0, *(data[name] for name in ("model_name", "model", "vocoder", "vocoder_digest")), data.get("analysis", "")]
    playing = tuple(_model(model_row) for model_row in (row, *data.get("others", [])))
    if min(block, rate, hop) < 1 or len(playing) > SLOTS:
        raise ValueError
    upgraded = None if state is None else upgrade_state(state)
    header = TakeHeader(playing, seed, block, rate, hop, upgraded, DEFAULTS, output_tick=hop)
    return replace(header, rules=1)


def _model(row: Sequence[Any]) -> PlayedModel:
    """Return a model from its row of the header.

    The row holds slot, name, model digest, vocoder, vocoder digest and analysis digest; the oldest
    takes lack the last.
    """
    slot, name, model, vocoder, weights, analysis = (*row, "")[:6]
    texts = [str(text)[:NAME_CHARACTERS] for text in (name, vocoder, model, weights, analysis)]
    digests = {part: digest for part, digest in zip(("model", "vocoder", "analysis"), texts[2:], strict=True) if digest}
    return PlayedModel(int(slot), texts[0], texts[1], digests)


def event_of_version_1(fields: dict[str, Any], at: int, hop: int) -> TakeEvent:
    """Return the event of a line at hop number `at`.

    Raises KeyError, TypeError or ValueError if it is damaged.
    """
    tick = tick_of_samples(at * hop)
    if fields.get("end"):
        return Command(tick, "end")
    if isinstance(fields.get("heard"), str):
        samples = np.frombuffer(base64.b64decode(fields["heard"], validate=True), "<f4")
        return LiveInput(tick, samples.astype(np.float32))
    if not isinstance(fields.get("do"), str):
        value, glide = fields["value"], fields["glide"]
        if not isinstance(fields["set"], str) or not all(isinstance(number, int | float) for number in (value, glide)):
            raise ValueError
        return ParameterChange(tick, fields["set"], float(value), float(glide))
    name, arguments = fields["do"], fields["arguments"]
    if not isinstance(arguments, list):
        raise ValueError
    if name == "swap":
        slot, fade, *model = arguments
        return Swap(tick, _model((slot, *model)), float(fade))
    if name == "pin":
        return Command(tick, name, {"dimensions": arguments})
    return Command(tick, name, dict(zip(ARGUMENTS.get(name, ()), arguments, strict=False)))
