"""A take: everything done during a performance, so that it can be rendered sample for sample.

Times are ticks of 128 samples since the take began, whatever the hop. Gain, width, gate, space,
play, stop and panic act at the next tick of the output stage; all else acts at the next hop that is
computed.
`take_file` describes the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.state import StateDict
from distill_engine.vocabulary.table import BLEND_SLOTS

TICK_SAMPLES = 128
VERSION = 12
"""Of the format of takes, and of the rules by which a performance sounds."""
RETOLD_SINCE, BY_KIND_SINCE, PRIMED_SINCE, LED_SINCE = 6, 7, 8, 9
"""Versions with which rules came: a jump of the controls is no attack; walk and drift visit the kinds of
sound evenly; a vocoder knows what comes before an attack; places lead all that plays (see `take_file`)."""
FOLLOWED_SINCE, STEPPED_SINCE, LEVELLED_SINCE = 10, 11, 12
"""The same: stretches follow a live input at their own level, and transposed attacks are not smoothed; a
decoder steps hop by hop; places that play without stretches have the corpus's level."""


def tick_of_samples(samples: int) -> int:
    """Return the first tick that is not before sample number `samples`.

    >>> [tick_of_samples(samples) for samples in (0, 512, 1024, 300, 600)]
    [0, 4, 8, 3, 5]
    """
    return -(-samples // TICK_SAMPLES)


def step_of_tick(tick: int, step_samples: int) -> int:
    """Return the number of the step of `step_samples` samples that contains a tick.

    This inverts `tick_of_samples` for steps of 128 samples and more.

    >>> [step_of_tick(tick, 512) for tick in (0, 3, 4, 8)]
    [0, 0, 1, 2]
    """
    return tick * TICK_SAMPLES // step_samples


@dataclass(frozen=True)
class PlayedModel:
    """The model and vocoder in one blend slot, with `digests` by part.

    These are "model", "vocoder", "analysis", "codes", and "settings" of the controls and the level.
    """

    slot: int
    name: str
    vocoder: str
    digests: Mapping[str, str]

    def digest(self, part: str) -> str:
        """Return the digest of a part, "" if it has none."""
        return self.digests.get(part, "")

    def is_of(self, digests: Mapping[str, str]) -> bool:
        """Return whether a model's `digests` by part are what was played, whatever the vocoder.

        Takes of before name fewer parts.
        """
        named = [(part, digest) for part, digest in self.digests.items() if part != "vocoder"]
        return all(digests.get(part, "") == digest for part, digest in named)


@dataclass(frozen=True)
class TakeHeader:
    """What a take was played with.

    `playing` are the models by slot, slot 0 first. `block` is the number of hops rendered at once,
    `hop` their length in samples. `state` is the synth's state at the beginning, None for a new
    synth. `defaults` are values by address for a take without a state, where they differ from
    today's. `output_tick` is the step of the output stage in samples: a whole hop until version 3.
    `rules` is the version of takes by whose rules it was played, which a render keeps.
    """

    playing: tuple[PlayedModel, ...]
    seed: int
    block: int
    sample_rate: int = DEFAULT_MEL.sample_rate
    hop: int = DEFAULT_MEL.hop
    state: StateDict | None = None
    defaults: Mapping[str, float] = field(default_factory=dict)
    output_tick: int = TICK_SAMPLES
    rules: int = VERSION

    @property
    def main(self) -> PlayedModel:
        """The model in slot 0."""
        return self.playing[0]


@dataclass(frozen=True)
class ParameterChange:
    """The parameter at `address` moves to `value` over `glide_seconds`."""

    tick: int
    address: str
    value: float
    glide_seconds: float = 0.0


@dataclass(frozen=True)
class Command:
    """A command of the player: play, stop, panic, free, trigger, source, note, seed, pin, clear."""

    tick: int
    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Swap:
    """Another model or vocoder fades in over `fade_seconds`."""

    tick: int
    model: PlayedModel
    fade_seconds: float


@dataclass(frozen=True)
class LiveInput:
    """The live input from this tick on: `samples` [n], mono."""

    tick: int
    samples: Float32Array


@dataclass(frozen=True)
class CodesChange:
    """The source of codes plays another sequence: `codes` [levels, C], `residual` [D, 4 * C].

    With `going_on` it plays on from where it is, else from the beginning.
    """

    tick: int
    codes: npt.NDArray[np.int64]
    residual: Float32Array
    going_on: bool


@dataclass(frozen=True)
class MarksChange:
    """Other marks steer: `arrays` of any shape [...] by name, none for no marks."""

    tick: int
    arrays: StateDict


TakeEvent = ParameterChange | Command | Swap | LiveInput | CodesChange | MarksChange

OUTPUT_COMMANDS = frozenset(("play", "stop", "panic", "space"))
_PLACES = (f"space/{name}/{slot}" for name in ("azimuth", "elevation", "distance") for slot in range(BLEND_SLOTS))
OUTPUT_ADDRESSES = frozenset(
    f"/distill/{name}" for name in ("gain", "width", "source/gate", "space/spread", "space/depth", *_PLACES)
)


def acts_at_hop(event: TakeEvent) -> bool:
    """Return whether an event acts at a hop, not at a tick of the output stage."""
    if isinstance(event, Command):
        return event.name not in OUTPUT_COMMANDS
    return not isinstance(event, ParameterChange) or event.address not in OUTPUT_ADDRESSES


@dataclass(frozen=True)
class Take:
    """A whole performance of `ticks` ticks, with its `events` in order of time.

    `complete` is False if the recording broke off. `digest` is the SHA-256 (hex) of its file.
    """

    header: TakeHeader
    events: tuple[TakeEvent, ...]
    ticks: int
    complete: bool = True
    digest: str = field(default="", compare=False)

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.ticks * TICK_SAMPLES / self.header.sample_rate
