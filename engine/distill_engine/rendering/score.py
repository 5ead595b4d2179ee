"""A score: the settings of a render without a take, and the synth that plays it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.codes.sequence import CodeSequence
from distill_engine.errors import ConfigError, ControlError
from distill_engine.synthesis.control_names import control_index
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.space.layout import Hearing
from distill_engine.synthesis.synth import Synth
from distill_engine.system.names import printable_line
from distill_engine.vocabulary.ranges import RENDER_SECONDS_LIMIT, check_range
from distill_engine.vocabulary.table import BLEND_SLOTS, is_parameter

RENDER_BLOCK = 16  # hops rendered at once


@dataclass(frozen=True)
class Beginning:
    """A sound that a render begins with: its codes, and their latents [D, n], a hop each."""

    sequence: CodeSequence
    latents: Float64Array


@dataclass(frozen=True)
class Score:
    """A render without a take.

    `source` "auto" is a walk if the model has its corpus, otherwise a drift; `input` plays `heard`
    [T], mono at the model's rate. The prior goes on from `begun`, which plays before it.
    `latents` pins dimensions (sigma). `controls` has values by name, `parameters` by address.
    `others` are up to three more instruments, each with its blend weight (0 to 1). `hearing` says
    how it is heard, in stereo if it names no space.

    Raises ConfigError for a value outside the range that the vocabulary states.
    """

    seconds: float = 10.0
    seed: int = 0
    source: str = "auto"
    gain_db: float = 0.0
    width: float = 0.3
    latents: dict[int, float] = field(default_factory=dict)
    controls: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    others: tuple[tuple[Instrument, float], ...] = ()
    heard: Float32Array | None = field(default=None, compare=False)
    begun: Beginning | None = field(default=None, compare=False)
    hearing: Hearing = field(default_factory=Hearing)

    def __post_init__(self) -> None:
        if not 0.0 < self.seconds <= RENDER_SECONDS_LIMIT:
            raise ConfigError(f"duration {self.seconds} s is out of range: above 0, up to {RENDER_SECONDS_LIMIT:.0f}")
        if len(self.others) >= BLEND_SLOTS:
            raise ConfigError(f"{len(self.others) + 1} models cannot play together; the limit is {BLEND_SLOTS}")
        for address, value, name in self._values():
            check_range(address, value, name)

    def _values(self) -> Iterator[tuple[str, float, str]]:
        """Yield the address and the name of every value of the score."""
        yield "/distill/seed", self.seed, "seed"
        yield "/distill/gain", self.gain_db, "gain"
        yield "/distill/width", self.width, "width"
        for name, value in self.controls.items():
            yield "/distill/control/0", value, f"control {printable_line(name)}"
        for index, value in self.latents.items():
            yield "/distill/latent/0", value, f"latent {index}"
        for slot, (other, weight) in enumerate(self.others, 1):
            yield f"/distill/blend/{slot}", weight, f"the blend weight of {printable_line(other.name)}"
        for address, value in self.parameters.items():
            if is_parameter(address):  # the synth names those that exist
                yield address, value, address


def prepared_synth(instrument: Instrument, score: Score) -> Synth:
    """Return a synth that plays a score from its beginning. Raises ControlError."""
    source = instrument.default_source if score.source == "auto" else score.source
    source = source if score.begun is None else "codes"
    synth = Synth(instrument, seed=score.seed, block=RENDER_BLOCK, source=source, layout=score.hearing.layout)
    synth.set_space(score.hearing.space or "stereo")
    if source == "corpus":
        synth.set("/distill/source/position", score.seed * 0.6180339887 % 1.0)
    synth.set("/distill/gain", score.gain_db)
    synth.set("/distill/width", score.width)
    for name, value in score.controls.items():
        synth.set(f"/distill/control/{control_index(instrument, name)}", value)
    for index, value in score.latents.items():
        if not 0 <= index < instrument.latent_dim:
            raise ControlError(f"latent {index}: this model has the latents 0 to {instrument.latent_dim - 1}")
        synth.set(f"/distill/latent/{index}", value)
    synth.pin(frozenset(score.latents))
    for slot, (other, weight) in enumerate(score.others, 1):
        synth.swap(other, 0.0, slot=slot)
        synth.set(f"/distill/blend/{slot}", weight)
    for address, value in score.parameters.items():
        synth.set(address, value)
    if score.begun is not None:
        synth.codes.replace(score.begun.sequence)
    return synth
