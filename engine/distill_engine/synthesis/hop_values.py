"""Read the parameter values of one hop from the bank, for sources, mix and output stage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from distill_engine.analysis.stretches.path import KEY_LATENTS
from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.state import altered
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.sources.beat_clock import BeatClock
from distill_engine.synthesis.sources.latent_sources import CodeSettings, PriorSettings, SourceSettings
from distill_engine.synthesis.steering import HopValues
from distill_engine.takes.take import LED_SINCE, PRIMED_SINCE, RETOLD_SINCE, VERSION
from distill_engine.vocabulary.table import BLEND_SLOTS, CODE_LEVELS, CONTROL_COUNT, LATENT_COUNT, index_of

MUTED_DB = -90.0  # `/distill/gain` at or below this is silence
_GAIN, _WIDTH = index_of("/distill/gain"), index_of("/distill/width")
_CONTROL, _LATENT, _BLEND = (index_of(f"/distill/{family}/0") for family in ("control", "latent", "blend"))
_MAP_X, _MAP_Y, _MAP_AMOUNT = (index_of(f"/distill/map/{name}") for name in ("x", "y", "amount"))
_LEVEL, _SHIFT = (index_of(f"/distill/codes/{family}/0") for family in ("level", "shift"))
_CODES = tuple(index_of(f"/distill/codes/{name}") for name in ("rate", "position", "repeat"))
_PRIOR = tuple(
    index_of(f"/distill/prior/{name}") for name in ("temperature", "top_p", "novelty", "rate", "hold", "radius")
)
_PITCH, _BEND, _RELEASE, _HOLD = (
    index_of(f"/distill/{name}") for name in ("pitch", "note/bend", "note/release", "note/hold")
)
_AZIMUTH = index_of("/distill/space/azimuth/0")  # elevations and distances follow it in the table
_SPREAD, _DEPTH = index_of("/distill/space/spread"), index_of("/distill/space/depth")
_PLACES = np.array([*range(_AZIMUTH, _AZIMUTH + 3 * BLEND_SLOTS), _SPREAD, _DEPTH])
_SOURCE = {
    name: index_of(f"/distill/source/{name}")
    for name in (
        *("rate", "range", "position", "speed", "jitter", "length", "loop", "freeze"),
        *("input_gain", "tempo", "gate", "leaps", "reach", "grip", "grain", "own", "phase"),
    )
}


def hop_values(bank: ParameterBank, clock: BeatClock, key: float | None = None) -> HopValues:
    """Return the values that steer the latents at this hop; `key` is the note that sounds.

    It advances the clock by a hop.
    """
    now = bank.values()
    at = {name: now[index] for name, index in _SOURCE.items()}
    tempo, beats = clock.advance(at["tempo"], at["phase"])
    latents = bank.family(_LATENT, LATENT_COUNT)
    settings = SourceSettings(
        rate=at["rate"],
        range=at["range"],
        position=at["position"],
        speed=at["speed"],
        jitter=at["jitter"],
        length_seconds=at["length"],
        loop=at["loop"] >= 0.5,
        freeze=at["freeze"] >= 0.5,
        input_gain_db=at["input_gain"],
        own=at["own"],
        tempo=tempo,
        beats=beats,
        leaps=at["leaps"],
        reach=at["reach"],
        grip=at["grip"],
        grain_seconds=at["grain"],
        offsets=latents,
        key=key,
        codes=_code_settings(bank),
        prior=_prior_settings(bank),
    )
    return HopValues(
        settings,
        latents,
        bank.family(_CONTROL, CONTROL_COUNT),
        (bank.at(_MAP_X), bank.at(_MAP_Y)),
        bank.at(_MAP_AMOUNT),
        bank.at(_PITCH) + bank.at(_BEND),
        key,
    )


def by_rules(values: HopValues, version: int) -> HopValues:
    """Return the values of a hop that is played by the rules of a version of takes."""
    if version == VERSION:
        return values
    settings = altered(values.settings, rules=version)
    return altered(values, settings=settings, retold=version >= RETOLD_SINCE, primed=version >= PRIMED_SINCE)


def mixed_before_vocoder(values: HopValues) -> HopValues:
    """Return the values of a hop in which models are mixed before one vocoder.

    What comes before an attack, and a level behind the vocoder, are those of one model.
    """
    return altered(values, settings=altered(values.settings, level_behind=False), primed=False)


def with_pins(values: HopValues, pinned: frozenset[int]) -> HopValues:
    """Return the values with the pins that attract sources: those of latents in keys."""
    if not pinned or values.settings.rules < LED_SINCE:
        return values
    pins = tuple(sorted(pin for pin in pinned if pin < KEY_LATENTS))
    return altered(values, settings=altered(values.settings, pins=pins))


def _code_settings(bank: ParameterBank) -> CodeSettings:
    """Return the values of `/distill/codes` at this hop."""
    rate, position, repeat = (bank.at(index) for index in _CODES)
    levels, shifts = (bank.family(first, CODE_LEVELS).tolist() for first in (_LEVEL, _SHIFT))
    return CodeSettings(rate, position, repeat >= 0.5, tuple(levels), tuple(shifts))


def _prior_settings(bank: ParameterBank) -> PriorSettings:
    """Return the values of `/distill/prior` at this hop."""
    temperature, top_p, novelty, rate, hold, radius = (bank.at(index) for index in _PRIOR)
    return PriorSettings(temperature, top_p, novelty, rate, hold >= 0.5, radius)


def release_values(bank: ParameterBank) -> tuple[float, bool]:
    """Return the release time of notes in seconds, and whether they are held."""
    return bank.at(_RELEASE), bank.at(_HOLD) >= 0.5


def output_values(bank: ParameterBank) -> tuple[float, float]:
    """Return the linear gain (with the gate as a factor) and the width (0 to 1) at this hop."""
    return db_to_gain(bank.at(_GAIN), MUTED_DB) * bank.at(_SOURCE["gate"]), bank.at(_WIDTH)


def place_values(bank: ParameterBank) -> Float64Array:
    """Return the places of the slots, the notes' spread and the depth [14] at this tick."""
    return bank.several(_PLACES)


def blend_weights(bank: ParameterBank, levels: Sequence[float]) -> Float64Array:
    """Return the gain of each slot [4].

    The blend weights are scaled down together where their sum of squares passes 1. `levels` [4] say
    how far each slot has faded in (0 to 1), so that a slot that fades out returns its share
    smoothly.
    """
    weights = bank.family(_BLEND, BLEND_SLOTS)
    faded = weights * np.asarray(levels)
    scaled: Float64Array = weights / max(1.0, math.sqrt(float(faded @ faded)))
    return scaled
