"""Play a score offline, in blocks of sound."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import VocoderError
from distill_engine.rendering.score import RENDER_BLOCK, Score, prepared_synth
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.reports import ReportKind
from distill_engine.system.listeners import Listener, ignore


def play_score(instrument: Instrument, score: Score, notify: Listener = ignore) -> Iterator[Float32Array]:
    """Yield blocks [C, n] of exactly the score's duration at the instrument's rate.

    The sound fades in and out. The delays of vocoder and live input are removed. `notify` receives
    a sentence for each problem that was handled.

    Raises VocoderError if the vocoder fails.
    """
    synth = prepared_synth(instrument, score)
    total = round(score.seconds * instrument.sample_rate)
    skip = synth.alignment_samples + (instrument.input_delay_samples if synth.source == "input" else 0)
    hops = math.ceil((total + skip) / synth.hop)
    fade = math.ceil(synth.output.config.fade_seconds * synth.sample_rate)
    stop = max(0, (total + skip - fade) // synth.hop - 1)  # over a hop before the end, as the all-passes ring on
    left, turn = total, 0 if score.begun is None else score.begun.latents.shape[1]
    for first in _blocks(hops, (turn, stop)):
        if first == stop > 0:
            synth.stop()
        if score.begun is not None and first == turn:
            synth.prior.go_on(*synth.prior.place_after(score.begun.latents))
        ends = [hop for hop in (turn, stop, hops) if hop > first]
        count = min(RENDER_BLOCK, min(ends) - first if ends else 1)
        block = rendered(synth, count, notify, _heard(score, first * synth.hop, count * synth.hop))
        block, skip = block[:, skip:], max(0, skip - block.shape[1])
        yield block[:, :left]
        left -= min(left, block.shape[1])


def _heard(score: Score, start: int, count: int) -> Float32Array | None:
    """Return `count` samples [count] of what the score hears from `start` on, then silence."""
    if score.heard is None:
        return None
    part = score.heard[start : start + count]
    return np.pad(part, (0, count - len(part)))


def _blocks(hops: int, turns: tuple[int, ...]) -> Iterator[int]:
    """Yield the first hop of each block; blocks end at the `turns` and at `hops`."""
    at = 0
    while at < hops:
        yield at
        at = min(at + RENDER_BLOCK, hops, *(turn for turn in turns if turn > at))


def rendered(synth: Synth, hops: int, notify: Listener, samples: Float32Array | None = None) -> Float32Array:
    """Return the synth's next hops [C, hops * hop].

    A live synth that fails plays on, muted. A render stops instead: raises VocoderError.
    """
    block = synth.render(hops, samples)
    _check(synth, notify)
    return block


def put_out(synth: Synth, ticks: int, notify: Listener) -> Float32Array:
    """Return the synth's ticks that wait, at most `ticks`: [C, n]. Raises as `rendered` does."""
    _check(synth, notify)
    return synth.loop.put_out(ticks)


def _check(synth: Synth, notify: Listener) -> None:
    """Pass the synth's reports on. Raises VocoderError if its vocoder failed."""
    for report in synth.take_reports():
        if report.kind is ReportKind.FAILED:
            raise VocoderError(f"{report.cause}; choose another --vocoder or --torch-device")
        notify(report.message)
