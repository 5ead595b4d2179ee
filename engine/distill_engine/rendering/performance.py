"""A synth played offline: a fixed score, or a take with everything that was done in it. Yields blocks of sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from distill_engine.errors import ConfigError, ControlError, DistillError, TakeError, VocoderError
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voice import FAILED
from distill_engine.system.listeners import Listener, ignore
from distill_engine.takes.take import Take, TakeEvent
from distill_engine.vocabulary.table import BLEND_SLOTS, index_of

FloatArray = npt.NDArray[np.float32]

RENDER_BLOCK = 16
MAXIMUM_SECONDS = 24 * 3600.0
STATELESS_WIDTH = 0.0
"""Stereo width at the start of a take that stores no state: the default when such takes were written."""

Resolve = Callable[[str, str, str], Instrument]
"""(model name, model digest, vocoder) -> the instrument that a take swaps to. Raises DistillError."""
Swapped = Callable[[str, str, str, str], Instrument]
"""The same, with the digest of its analysis."""


@dataclass(frozen=True)
class Score:
    """A render without a take. `latents` are fixed dimensions (sigma units), `controls` values by name, `parameters` by address.

    `source` "auto" is a path through the corpus where the model has one encoded, a drift otherwise. `others` are up to three
    instruments that play together with the first, each with its blend weight (0 to 1).
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
            raise ConfigError(f"{len(self.others) + 1} models are to play together; at most {BLEND_SLOTS} can")


def play_score(instrument: Instrument, score: Score, notify: Listener = ignore) -> Iterator[FloatArray]:
    """Blocks [2, n] of exactly the score's duration at the instrument's rate, faded in and out, without the vocoder's delay.

    `notify` gets a sentence for each problem that was dealt with. Raises VocoderError if the vocoder fails.
    """
    synth = _prepared(instrument, score)
    total = round(score.seconds * instrument.sample_rate)
    skip = synth.alignment_samples
    hops = math.ceil((total + skip) / synth.hop)
    fade = math.ceil(synth.post.config.fade_seconds * synth.sample_rate)
    stop = max(0, (total + skip - fade) // synth.hop - 1)  # over a hop before the last sample: what widens it rings on
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
    """First hop of each block: blocks end at `stop` and at `hops`."""
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
    """Place of a named control. Raises ControlError with the names that there are."""
    names = instrument.control_names
    if name not in names:
        there = ", ".join(names) if names else "none yet (run `distill analyse`)"
        raise ControlError(f"control {name!r}: the model has {there}")
    return names.index(name)


def _rendered(synth: Synth, hops: int, notify: Listener, heard: FloatArray | None = None) -> FloatArray:
    """The synth's next hops. Where it plays on live, muted, a file is not written: raises VocoderError if a vocoder failed."""
    block = synth.render(hops, heard)
    for report in synth.take_reports():
        if report.kind == FAILED:
            raise VocoderError(report.message.split("; ")[0] + "; choose another --vocoder or --torch-device")
        notify(report.message)
    return block


def play_take(
    instrument: Instrument, take: Take, resolve: Resolve, *, vocoder: str | None = None, notify: Listener = ignore
) -> Iterator[FloatArray]:
    """Blocks [2, n] of a take, cut as they were live: the same samples. With `vocoder` the same performance through another one.

    Through another vocoder the sound is moved by the difference of the delays, so that it stays where it was.
    `notify` gets a sentence for each problem that was dealt with. Raises TakeError if the take belongs to another model, VocoderError.
    """
    header = take.header
    if header.model != instrument.model_digest:
        raise TakeError(
            f"the take was played with {header.model_name} ({header.model[:12]}), not with {instrument.name} "
            f"({instrument.model_digest[:12]}); give the model it was played with"
        )
    _check_analysis(instrument, header.analysis, header.model_name)

    def swapped(name: str, digest: str, kind: str, analysis: str) -> Instrument:
        found = resolve(name, digest, vocoder or kind)
        _check_analysis(found, analysis, name)
        return found

    synth = Synth(instrument, seed=header.seed, block=header.block)
    same = vocoder is None and instrument.vocoder_digest == header.vocoder_digest
    _restore(synth, take, swapped, same)
    shift = 0 if same else synth.alignment_samples - _recorded_alignment(take)
    if shift < 0:
        yield np.zeros((2, -shift), np.float32)
    skip, left = max(0, shift), take.hops * header.hop
    left += min(0, shift)
    for block in _perform(synth, take, swapped, vocoder, -(-skip // header.hop), notify):
        part, skip = block[:, skip:], max(0, skip - block.shape[1])
        yield part[:, :left]
        left -= min(left, part.shape[1])


def _check_analysis(instrument: Instrument, analysis: str, name: str) -> None:
    if analysis and analysis != instrument.analysis_digest:
        raise TakeError(
            f"the take was played with another analysis of {name[:80]}: its controls and its corpus were others; "
            "give the file it was played with"
        )


def _recorded_alignment(take: Take) -> int:
    return int(take.header.state["synth"][2]) if take.header.state is not None else 0


def _restore(synth: Synth, take: Take, swapped: Swapped, same: bool) -> None:
    for slot, name, digest, kind, _, analysis in take.header.others:
        synth.swap(swapped(name, digest, kind, analysis), 0.0, slot=slot)
    if take.header.state is None:
        synth.set("/distill/width", STATELESS_WIDTH)
        return
    try:
        synth.restore(take.header.state, networks=same)
    except (KeyError, ValueError, IndexError, TypeError, DistillError) as error:
        raise TakeError(f"the take's state does not fit {synth.instrument.name} ({error}); record it again") from None
    synth.hops_done = 0


def _perform(
    synth: Synth, take: Take, swapped: Swapped, vocoder: str | None, extra: int, notify: Listener
) -> Iterator[FloatArray]:
    """Everything up to the end, and `extra` hops more."""
    at, heard = 0, np.zeros(0, np.float32)
    for event in (*take.events, TakeEvent(take.hops + extra)):
        while at < event.at:
            count = min(take.header.block, event.at - at)
            now, heard = heard[: count * synth.hop], heard[count * synth.hop :]
            yield _rendered(synth, count, notify, np.pad(now, (0, count * synth.hop - len(now))) if len(now) else None)
            at += count
        if event.heard is not None:
            heard = event.heard
            continue
        try:
            _do(synth, event, swapped, vocoder)
        except (ControlError, TypeError, ValueError, IndexError) as error:
            raise TakeError(f"the take's change at hop {event.at} cannot be done: {error}") from None


def _do(synth: Synth, event: TakeEvent, swapped: Swapped, vocoder: str | None) -> None:
    """One change of a take, in the words that `Synth` notes down."""
    if event.address is not None:
        synth.apply(index_of(event.address), event.value, event.glide)
        return
    arguments = event.arguments
    match event.command:
        case "play" | "stop" | "panic" | "trigger":
            getattr(synth, event.command)()
        case "source":
            synth.select_source(str(arguments[0]), float(arguments[1]))
        case "seed":
            synth.set_seed(int(arguments[0]))
        case "pin":
            synth.pin(frozenset(int(i) for i in arguments))
        case "clear":
            synth.swap(None, float(arguments[1]), slot=int(arguments[0]))
        case "swap":
            slot, fade, name, digest, kind, _, analysis = (*arguments, "")[:7]
            old = synth.instrument_at(int(slot))
            there = None if old is None else (old.name, old.model_digest, old.analysis_digest)
            if vocoder is None or there != (name, digest, analysis):
                new = swapped(str(name), str(digest), str(kind), str(analysis))
                synth.swap(new, float(fade), slot=int(slot))
        case None:
            return
        case other:
            raise ControlError(f"{str(other)[:40]!r} is unknown")
