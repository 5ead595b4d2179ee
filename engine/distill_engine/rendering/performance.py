"""Play a synth offline, from a fixed score or from a take, in blocks of sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ConfigError, ControlError, DistillError, TakeError, VocoderError
from distill_engine.state import from_arrays
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.synth_state import SynthState
from distill_engine.synthesis.voice import ReportKind
from distill_engine.system.listeners import Listener, ignore
from distill_engine.takes.take import (
    TICK_SAMPLES,
    Command,
    LiveInput,
    ParameterChange,
    PlayedModel,
    Swap,
    Take,
    hop_of_tick,
)
from distill_engine.vocabulary.table import BLEND_SLOTS

RENDER_BLOCK = 16  # hops rendered at once
MAXIMUM_SECONDS = 24 * 3600.0

Resolve = Callable[[str, str, str], Instrument]
"""(model name, model digest, vocoder) -> the instrument that a take swaps to. Raises DistillError."""


@dataclass(frozen=True)
class Score:
    """A render without a take.

    `source` "auto" is a path through the corpus if the model has one encoded, otherwise a drift.
    `latents` pins dimensions (sigma). `controls` has values by name, `parameters` by address.
    `others` are up to three more instruments, each with its blend weight (0 to 1).
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

    def __post_init__(self) -> None:
        if not 0.0 < self.seconds <= MAXIMUM_SECONDS:
            raise ConfigError(f"duration {self.seconds} s is out of range: above 0, up to {MAXIMUM_SECONDS:.0f}")
        if len(self.others) >= BLEND_SLOTS:
            raise ConfigError(f"{len(self.others) + 1} models cannot play together; the limit is {BLEND_SLOTS}")


def play_score(instrument: Instrument, score: Score, notify: Listener = ignore) -> Iterator[Float32Array]:
    """Yield blocks [2, n] of exactly the score's duration at the instrument's rate.

    The sound fades in and out. The vocoder's delay is removed. `notify` receives a sentence for
    each problem that was handled.

    Raises VocoderError if the vocoder fails.
    """
    synth = _prepared(instrument, score)
    total = round(score.seconds * instrument.sample_rate)
    skip = synth.alignment_samples
    hops = math.ceil((total + skip) / synth.hop)
    fade = math.ceil(synth.output.config.fade_seconds * synth.sample_rate)
    stop = max(0, (total + skip - fade) // synth.hop - 1)  # over a hop before the end, as the all-passes ring on
    left = total
    for first in _blocks(hops, stop):
        if first == stop > 0:
            synth.stop()
        ends = [hop for hop in (stop, hops) if hop > first]
        block = _rendered(synth, min(RENDER_BLOCK, ends[0] - first if ends else 1), notify)
        block, skip = block[:, skip:], max(0, skip - block.shape[1])
        yield block[:, :left]
        left -= min(left, block.shape[1])


def _blocks(hops: int, stop: int) -> Iterator[int]:
    """Yield the first hop of each block; blocks end at `stop` and at `hops`."""
    at = 0
    while at < hops:
        yield at
        at = min(at + RENDER_BLOCK, stop if at < stop else hops)


def _prepared(instrument: Instrument, score: Score) -> Synth:
    names = instrument.source_names
    source = ("corpus" if "corpus" in names else "drift") if score.source == "auto" else score.source
    synth = Synth(instrument, seed=score.seed, block=RENDER_BLOCK, source=source)
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
    return synth


def control_index(instrument: Instrument, name: str) -> int:
    """Return the index of a named control. Raises ControlError with the known names."""
    names = instrument.control_names
    if name not in names:
        known = ", ".join(names) if names else "none yet (run `distill analyse`)"
        raise ControlError(f"control {name!r}: the model has {known}")
    return names.index(name)


def _rendered(synth: Synth, hops: int, notify: Listener, samples: Float32Array | None = None) -> Float32Array:
    """Return the synth's next hops [2, hops * hop].

    A live synth that fails plays on, muted. A render stops instead: raises VocoderError.
    """
    block = synth.render(hops, samples)
    for report in synth.take_reports():
        if report.kind is ReportKind.FAILED:
            raise VocoderError(f"{report.cause}; choose another --vocoder or --torch-device")
        notify(report.message)
    return block


def play_take(
    instrument: Instrument, take: Take, resolve: Resolve, *, vocoder: str | None = None, notify: Listener = ignore
) -> Iterator[Float32Array]:
    """Play a take in blocks [2, n], divided as they were live, which gives the same samples.

    `vocoder` plays the same performance through another vocoder. Its sound is shifted by the
    difference of the delays, so that it stays aligned. `notify` receives a sentence for each
    problem that was handled.

    Raises TakeError if the take belongs to another model, VocoderError if the vocoder fails.
    """
    header = take.header
    if header.main.digest("model") != instrument.model_digest:
        raise TakeError(
            f"the take was played with {header.main.name} ({header.main.digest('model')[:12]}), not with {instrument.name} "
            f"({instrument.model_digest[:12]}); give the model it was played with"
        )
    _check_analysis(instrument, header.main)
    player = _TakePlayer(instrument, take, resolve, vocoder, notify)
    yield from player.play()


def _check_analysis(instrument: Instrument, played: PlayedModel) -> None:
    analysis = played.digest("analysis")
    if analysis and analysis != instrument.analysis_digest:
        raise TakeError(
            f"the take was played with another analysis of {played.name[:80]}, with other controls and another corpus; "
            "give the model file it was played with"
        )


class _TakePlayer:
    """A synth that carries out the events of a take, hop by hop."""

    def __init__(
        self, instrument: Instrument, take: Take, resolve: Resolve, vocoder: str | None, notify: Listener
    ) -> None:
        self._take, self._resolve, self._vocoder, self._notify = take, resolve, vocoder, notify
        header = take.header
        self._synth = Synth(instrument, seed=header.seed, block=header.block)
        same = vocoder is None and instrument.vocoder_digest == header.main.digest("vocoder")
        recorded = self._restore(networks=same)
        self._shift = 0 if same else self._synth.alignment_samples - recorded

    def play(self) -> Iterator[Float32Array]:
        """Yield blocks [2, n] of exactly the take's length.

        They are shorter if another vocoder has less delay: by the difference.
        """
        header, shift = self._take.header, self._shift
        if shift < 0:
            yield np.zeros((2, -shift), np.float32)
        skip = max(0, shift)
        hops = hop_of_tick(self._take.ticks, header.hop)
        left = hops * header.hop + min(0, shift)
        for block in self._perform(hops + -(-skip // header.hop)):
            part, skip = block[:, skip:], max(0, skip - block.shape[1])
            yield part[:, :left]
            left -= min(left, part.shape[1])

    def _swapped(self, played: PlayedModel) -> Instrument:
        found = self._resolve(played.name, played.digest("model"), self._vocoder or played.vocoder)
        _check_analysis(found, played)
        return found

    def _restore(self, *, networks: bool) -> int:
        """Restore the synth to the start of the take; return the delay of its voices in samples."""
        header = self._take.header
        for played in header.playing[1:]:
            self._synth.swap(self._swapped(played), 0.0, slot=played.slot)
        if header.state is None:
            for address, value in header.defaults.items():
                self._synth.set(address, value)
            return 0
        try:
            state = from_arrays(SynthState, header.state)
            self._synth.restore(state, networks=networks)
        except (KeyError, ValueError, IndexError, TypeError, DistillError) as error:
            name = self._synth.instrument.name
            raise TakeError(f"the take's state does not fit {name} ({error}); record it again") from None
        self._synth.hops_done = 0
        return state.alignment_samples

    def _perform(self, hops: int) -> Iterator[Float32Array]:
        """Yield blocks up to hop `hops`; after the last event the sound continues."""
        header, at, live = self._take.header, 0, np.zeros(0, np.float32)
        for event in (*self._take.events, None):
            until = hops if event is None else hop_of_tick(event.tick, header.hop)
            while at < until:
                count = min(header.block, until - at)
                now, live = live[: count * header.hop], live[count * header.hop :]
                samples = np.pad(now, (0, count * header.hop - len(now))) if len(now) else None
                yield _rendered(self._synth, count, self._notify, samples)
                at += count
            if isinstance(event, LiveInput):
                live = event.samples
            elif event is not None:
                self._do(event)

    def _do(self, event: ParameterChange | Command | Swap) -> None:
        """Carry out one event of the take. Raises TakeError if that is not possible."""
        try:
            match event:
                case ParameterChange():
                    self._synth.set(event.address, event.value, event.glide_seconds)
                case Swap():
                    self._swap(event)
                case Command():
                    self._command(event.name, event.arguments)
        except (ControlError, KeyError, TypeError, ValueError, IndexError) as error:
            seconds = event.tick * TICK_SAMPLES / self._take.header.sample_rate
            raise TakeError(f"the take's change at {seconds:.2f} s cannot be done: {error}") from None

    def _swap(self, event: Swap) -> None:
        """Carry out a swap.

        With a requested `vocoder`, a swap that only changes the vocoder is skipped.
        """
        model = event.model
        old = self._synth.instrument_at(model.slot)
        playing = None if old is None else (old.name, old.model_digest, old.analysis_digest)
        if self._vocoder is None or playing != (model.name, model.digest("model"), model.digest("analysis")):
            self._synth.swap(self._swapped(model), event.fade_seconds, slot=model.slot)

    def _command(self, name: str, arguments: Mapping[str, Any]) -> None:
        synth = self._synth
        match name:
            case "play" | "stop" | "panic" | "trigger":
                getattr(synth, name)()
            case "source":
                synth.select_source(str(arguments["source"]), float(arguments["fade"]))
            case "seed":
                synth.set_seed(int(arguments["seed"]))
            case "pin":
                synth.pin(frozenset(int(i) for i in arguments["dimensions"]))
            case "clear":
                synth.swap(None, float(arguments["fade"]), slot=int(arguments["slot"]))
            case other:
                raise ControlError(f"{other[:40]!r} is unknown")
