"""Convert the states in takes of version 1, positional vectors, to those of version 2."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from distill_engine.state import StateDict, part_of

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
SLOTS = 4  # blend slots


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
