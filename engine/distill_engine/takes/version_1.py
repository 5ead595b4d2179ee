"""Read takes of version 1, and convert them to version 2.

Version 1 has times in hops, commands with positional arguments, and states as positional vectors.
It was written until commit 776e572.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from distill_engine.state import StateDict, part_of
from distill_engine.takes.take import (
    Command,
    LiveInput,
    ParameterChange,
    PlayedModel,
    Swap,
    TakeEvent,
    TakeHeader,
    tick_of_hop,
)

SOURCES = ("hold", "drift", "corpus", "input", "prior")
ADDRESSES = (
    *(f"/distill/{name}" for name in ("gain", "width", "map/x", "map/y", "map/amount")),
    *(
        f"/distill/source/{name}"
        for name in ("rate", "range", "position", "speed", "jitter", "length", "loop", "freeze")
    ),
    *(f"/distill/source/{name}" for name in ("input_gain", "tempo", "gate", "fade")),
    *(f"/distill/control/{index}" for index in range(32)),
    *(f"/distill/latent/{index}" for index in range(64)),
    *(f"/distill/blend/{index}" for index in range(4)),
)
"""The parameters of version 1, in the order of its states."""
DEFAULTS = {"/distill/width": 0.0}
"""Defaults of version 1 that have changed since: a take without a state starts from them."""
ARGUMENTS: dict[str, tuple[str, ...]] = {"source": ("source", "fade"), "seed": ("seed",), "clear": ("slot", "fade")}
SLOTS = 4  # blend slots
NAME_CHARACTERS = 1024  # kept of a name or digest


def header_of_version_1(data: dict[str, Any], state: StateDict | None) -> TakeHeader:
    """Return the header. Raises KeyError, TypeError or ValueError if it is damaged."""
    seed, block, rate, hop = (int(data[name]) for name in ("seed", "block", "sample_rate", "hop"))
    row = [0, *(data[name] for name in ("model_name", "model", "vocoder", "vocoder_digest")), data.get("analysis", "")]
    playing = tuple(_model(model_row) for model_row in (row, *data.get("others", [])))
    if min(block, rate, hop) < 1 or len(playing) > SLOTS:
        raise ValueError
    upgraded = None if state is None else upgrade_state(state)
    return TakeHeader(playing, seed, block, rate, hop, upgraded, DEFAULTS)


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
    tick = tick_of_hop(at, hop)
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


def upgrade_state(old: StateDict) -> StateDict:
    """Return a synth's state under the names of version 2. Arrays have any shape [...].

    Raises KeyError, IndexError or ValueError if it is not the state of a synth.
    """
    hops, seed, alignment = old["synth"]
    new: StateDict = {
        "hops_done": hops,
        "seed": seed,
        "alignment_samples": alignment,
        "pinned": old["pinned"],
        **{f"parameters.{name}": value for name, value in _parameters(part_of(old, "parameters.")).items()},
        **{f"output.{name}": value for name, value in _output(part_of(old, "post.")).items()},
    }
    for slot in range(SLOTS):
        part = part_of(old, f"lane.{slot}.")
        if part:
            new |= {f"slots.{slot}.{name}": value for name, value in _slot(part).items()}
    return {name: np.asarray(value) for name, value in new.items()}


def _text(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def _parameters(old: StateDict) -> dict[str, Any]:
    if old["values"].shape != (len(ADDRESSES),):
        raise ValueError
    new: dict[str, Any] = {"addresses": _text(json.dumps(ADDRESSES)), "values": old["values"]}
    for number, (index, start, target, hops, done) in enumerate(old["glides"].tolist()):
        glide = {"start": start, "target": target, "hops": int(hops), "done": int(done)}
        new |= {f"glides.{number}.{name}": value for name, value in glide.items()}
        new[f"glides.{number}.address"] = _text(ADDRESSES[int(index)])
    return new


def _output(old: StateDict) -> dict[str, Any]:
    new: dict[str, Any] = {"playing": bool(old["play"][0]), "level": old["play"][1], "limiter_peak": old["limiter"][0]}
    for name, filtered in (("dc", old["dc"]), ("widener.high", old["widener.high"])):
        new |= {f"{name}.x": filtered[0], f"{name}.y": filtered[1]}
    new |= {name: old[name][0] for name in ("gain", "width") if not np.isnan(old[name][0])}
    return new | {f"widener.all_passes.{index}": memory for index, memory in part_of(old, "widener.pass.").items()}


def _slot(old: StateDict) -> dict[str, Any]:
    new: dict[str, Any] = {} if np.isnan(old["weight"][0]) else {"weight": old["weight"][0]}
    for number in range(sum(name.endswith(".fade") for name in old)):
        fade = dict(zip(("angle", "start", "target", "hops", "done"), old[f"{number}.fade"].tolist(), strict=True))
        new |= {f"fades.{number}.{name}": value for name, value in fade.items()}
        voice = _voice(part_of(old, f"{number}.voice."))
        new |= {f"voices.{number}.{name}": value for name, value in voice.items()}
    return new


def _voice(old: StateDict) -> dict[str, Any]:
    flags = old["flags"]
    networks = {name: value for name, value in old.items() if name.startswith(("decoder.", "vocoder."))}
    length, left = old["sources.bridge"]
    new: dict[str, Any] = {
        **networks,
        "last_sample": flags[0],
        "recovering": bool(flags[1]),
        "latent_guest": len(flags) > 2 and bool(flags[2]),  # the oldest takes have no guests
        "guest_contributions": old.get("company", np.zeros((0, 0))),
        "delayed": old.get("line.delay", np.zeros(0, np.float32)),
        "sources.selected": _text(SOURCES[int(old["sources.selected"][0])]),
        "sources.length": length,
        "sources.left": left,
    }
    new |= {f"sources.{name}": old[f"sources.{name}"] for name in ("last", "step") if old[f"sources.{name}"].size}
    if "steering.motion" in old:
        new["steering.motion"] = old["steering.motion"]
    return new | _sources(part_of(old, "sources.source."))


def _sources(old: StateDict) -> dict[str, Any]:
    new: dict[str, Any] = {}
    if "drift" in old:
        new["drift.phase"] = old["drift"][0]
    if "corpus" in old:
        travel, start, ticks = old["corpus"]
        new |= {"corpus.travel": travel, "corpus.ticks": int(ticks)}
        new |= {} if np.isnan(start) else {"corpus.start": start}
    if "input" in old:
        new["input.packed"] = old["input"]
    return {f"sources.sources.{name}": value for name, value in new.items()}
