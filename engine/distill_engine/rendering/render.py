"""Render a performance to a sound file, in bounded memory, with progress events."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.encoding import BitDepth, file_rate, write_audio_stream
from distill_engine.audio.levels import gain_to_db
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.errors import AudioFileError, TakeError
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.render_progress import LevelMeter, RenderProgress
from distill_engine.rendering.score import Score
from distill_engine.rendering.take_player import Resolve, play_take
from distill_engine.synthesis.blending import space_of
from distill_engine.synthesis.instrument import Instrument
from distill_engine.takes.take import Take
from distill_engine.vocabulary.ranges import RENDER_RATES_HZ
from distill_engine.vocabulary.table import BLEND_SPACES

QUIETEST_DB = -120.0  # reported as the level of silence


@dataclass(frozen=True)
class RenderTarget:
    """The file to write: rate in Hz, bit depth, and format (None takes that of the suffix).

    Opus and MP3 may need another rate, which `RenderResult` then has.
    """

    path: Path
    sample_rate: int = DEFAULT_MEL.sample_rate
    bit_depth: BitDepth = 24
    format: str | None = None


@dataclass(frozen=True)
class RenderResult:
    """What was written.

    Levels are in dB of full scale, `speed` in seconds of sound per second. `notes` are messages
    about the render. `blend_space` is one of the vocabulary's `BLEND_SPACES`.
    """

    path: Path
    seconds: float
    sample_rate: int
    encoding: str
    peak_db: float
    rms_db: float
    speed: float
    vocoder: str
    reason: str
    notes: tuple[str, ...] = ()
    blend_space: str = "one"


def render_score(
    instrument: Instrument, score: Score, output: RenderTarget, progress: Callable[[RenderProgress], None] | None = None
) -> RenderResult:
    """Render a score. Raises AudioFileError, ControlError or VocoderError."""
    notes: list[str] = []
    result = _write(instrument, play_score(instrument, score, notes.append), score.seconds, output, progress, notes)
    space = space_of(other.blended_in(instrument) for other, _ in score.others)
    return replace(result, blend_space=BLEND_SPACES[space])


def render_take(
    instrument: Instrument,
    take: Take,
    output: RenderTarget,
    resolve: Resolve,
    *,
    vocoder: str | None = None,
    progress: Callable[[RenderProgress], None] | None = None,
) -> RenderResult:
    """Render a take, through `vocoder` if one is given.

    Raises AudioFileError, TakeError or VocoderError.
    """
    if take.ticks < 1:
        raise TakeError("the take is empty: nothing was played in it")
    notes: list[str] = []
    blocks = play_take(instrument, take, resolve, vocoder=vocoder, notify=notes.append)
    return _write(instrument, blocks, take.seconds, output, progress, notes)


def _write(
    instrument: Instrument,
    blocks: Iterator[Float32Array],
    seconds: float,
    output: RenderTarget,
    progress: Callable[[RenderProgress], None] | None,
    notes: list[str],
) -> RenderResult:
    if not RENDER_RATES_HZ[0] <= output.sample_rate <= RENDER_RATES_HZ[1]:
        raise AudioFileError(f"{output.path}: a rate of {output.sample_rate} Hz is out of range: 8000 to 192000")
    meter = LevelMeter(instrument.sample_rate, seconds, progress)
    rate = file_rate(output.path, output.sample_rate, output.format)
    written = write_audio_stream(
        output.path,
        resampled(meter.watch(blocks), instrument.sample_rate, rate),
        2,
        rate,
        bit_depth=output.bit_depth,
        format=output.format,
        tags={"title": instrument.name, "software": "Distill", "comment": f"vocoder {instrument.vocoder.name}"},
    )
    elapsed = max(time.monotonic() - meter.started, 1e-9)
    return RenderResult(
        written.path,
        meter.frames / instrument.sample_rate,
        written.sample_rate,
        written.encoding,
        round(gain_to_db(meter.peak, QUIETEST_DB), 2),
        round(gain_to_db(math.sqrt(meter.square / max(1, meter.frames)), QUIETEST_DB), 2),
        meter.frames / instrument.sample_rate / elapsed,
        instrument.vocoder.name,
        instrument.vocoder.reason,
        tuple(dict.fromkeys(notes)),
    )


def resampled(blocks: Iterator[Float32Array], source: int, target: int) -> Iterator[Float32Array]:
    """Yield stereo blocks [2, n] at another rate, aligned and of the same duration."""
    resampler = StreamingResampler(source, target, 2)
    for block in blocks:
        yield np.clip(resampler.process(block), -1.0, 1.0)
    yield np.clip(resampler.flush(), -1.0, 1.0)
