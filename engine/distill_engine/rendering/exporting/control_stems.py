"""A performance without its controls, and with each of them alone: stems of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.decoding.opening import MAX_SAMPLES
from distill_engine.audio.store import SampleStore
from distill_engine.errors import ConfigError
from distill_engine.rendering.score import Score
from distill_engine.synthesis.control_names import control_index
from distill_engine.synthesis.instrument import Instrument
from distill_engine.takes.take import ParameterChange, Take, TakeEvent

Version = TypeVar("Version")

DRY = "dry"  # the stem without any control
CONTROL = "/distill/control/"


def score_versions(instrument: Instrument, score: Score) -> dict[str, Score]:
    """Return a score without its controls, and with each alone, by name. Raises ConfigError."""
    asked = {f"{CONTROL}{control_index(instrument, name)}": value for name, value in score.controls.items()}
    asked |= {address: value for address, value in score.parameters.items() if address.startswith(CONTROL)}
    rest = {address: value for address, value in score.parameters.items() if address not in asked}
    dry = replace(score, controls={}, parameters=rest)
    moved = {address: replace(dry, parameters={**rest, address: value}) for address, value in asked.items()}
    return {DRY: dry, **_named(instrument, moved)}


def take_versions(instrument: Instrument, take: Take) -> dict[str, Take]:
    """Return a take without the moves of its controls, and with those of each alone, by name.

    Controls that are left out stay where they were as the take began. Raises ConfigError.
    """

    def played(only: str) -> Take:
        events = [event for event in take.events if _moved(event) in ("", only)]
        return replace(take, events=tuple(events))

    moved = {address: played(address) for address in dict.fromkeys(map(_moved, take.events)) if address}
    return {DRY: played(""), **_named(instrument, moved)}


def stacked(sounds: Iterable[Iterator[Float32Array]], channels: int) -> Float32Array:
    """Return sounds of equal length, in blocks [channels, n] each, as one [channels * k, T].

    Raises ConfigError if they do not fit.
    """
    whole, held = [], 0
    for sound in sounds:
        store = SampleStore(channels)
        for block in sound:
            store.append(block)
            if held + store.length * channels > MAX_SAMPLES:
                raise ConfigError(
                    "so many controls of so long a sound do not fit: give a shorter one, or fewer controls"
                )
        held += store.length * channels
        whole.append(store.take())
    return np.concatenate(whole)


def _moved(event: TakeEvent) -> str:
    """Return the address of the control that an event moves, "" if it moves none."""
    return event.address if isinstance(event, ParameterChange) and event.address.startswith(CONTROL) else ""


def _named(instrument: Instrument, moved: dict[str, Version]) -> dict[str, Version]:
    if not moved:
        raise ConfigError("no control moves here: give one with --control NAME=VALUE, or a take that moves some")
    names = dict(enumerate(instrument.control_names))
    numbers = {address: int(address.removeprefix(CONTROL)) for address in moved}
    return {names.get(numbers[address], f"control {numbers[address]}"): one for address, one in moved.items()}
