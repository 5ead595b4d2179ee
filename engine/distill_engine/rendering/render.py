"""Render a performance to a sound file, in bounded memory, with progress events."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.encoding import file_rate
from distill_engine.audio.levels import gain_to_db
from distill_engine.errors import AudioFileError, TakeError
from distill_engine.library.history.recipe_tags import tags_of
from distill_engine.rendering.exporting.sound_files import RenderTarget as RenderTarget
from distill_engine.rendering.exporting.sound_files import resampled, write_files
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.recipe import Recipe, score_recipe, take_recipe
from distill_engine.rendering.render_progress import LevelMeter, RenderProgress
from distill_engine.rendering.score import Score
from distill_engine.rendering.take_player import Resolve, play_take
from distill_engine.synthesis.blending import space_of
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.space.layout import Hearing
from distill_engine.takes.take import Take
from distill_engine.vocabulary.ranges import RENDER_RATES_HZ
from distill_engine.vocabulary.table import BLEND_SPACES

QUIETEST_DB = -120.0  # reported as the level of silence


@dataclass(frozen=True)
class RenderResult:
    """What was written.

    Levels are in dB of full scale, `speed` in seconds of sound per second. `notes` are messages
    about the render. `blend_space` is one of the vocabulary's `BLEND_SPACES`. `made` is the recipe.
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
    files: tuple[Path, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)


def render_score(
    instrument: Instrument, score: Score, output: RenderTarget, progress: Callable[[RenderProgress], None] | None = None
) -> RenderResult:
    """Render a score. Raises AudioFileError, ControlError or VocoderError."""
    notes: list[str] = []
    made, blocks = score_recipe(instrument, score), play_score(instrument, score, notes.append)
    result = _write(instrument, blocks, made, output, progress, notes, score.hearing.layout.channels)
    space = space_of(other.blended_in(instrument) for other, _ in score.others)
    return replace(result, blend_space=BLEND_SPACES[space])


def render_take(  # seven parameters: what is played, into which file, and how it is heard
    instrument: Instrument,
    take: Take,
    output: RenderTarget,
    resolve: Resolve,
    *,
    vocoder: str | None = None,
    hearing: Hearing | None = None,
    progress: Callable[[RenderProgress], None] | None = None,
) -> RenderResult:
    """Render a take, through `vocoder` if one is given, heard as `hearing` says.

    Raises AudioFileError, TakeError or VocoderError.
    """
    if take.ticks < 1:
        raise TakeError("the take is empty: nothing was played in it")
    notes: list[str] = []
    hearing = hearing or Hearing()
    made = take_recipe(instrument, take, hearing)
    blocks = play_take(instrument, take, resolve, vocoder=vocoder, hearing=hearing, notify=notes.append)
    return _write(instrument, blocks, made, output, progress, notes, hearing.layout.channels)


def _write(  # seven parameters: what is played, where to, and how much of it there is
    instrument: Instrument,
    blocks: Iterator[Float32Array],
    made: Recipe,
    output: RenderTarget,
    progress: Callable[[RenderProgress], None] | None,
    notes: list[str],
    channels: int,
) -> RenderResult:
    if not RENDER_RATES_HZ[0] <= output.sample_rate <= RENDER_RATES_HZ[1]:
        raise AudioFileError(f"{output.path}: a rate of {output.sample_rate} Hz is out of range: 8000 to 192000")
    meter = LevelMeter(instrument.sample_rate, made["settings"]["seconds"], progress)
    rate = file_rate(output.path, output.sample_rate, output.format)
    sound = resampled(meter.watch(blocks), instrument.sample_rate, rate, channels)
    tags = {**tags_of(made, instrument.name), **output.finish.tags}
    written = write_files(sound, rate, channels, round(made["settings"]["seconds"] * rate), output, tags)
    if written.finished is not None:
        meter.measure(written.finished.samples)
        notes += written.finished.notes
    elapsed = max(time.monotonic() - meter.started, 1e-9)
    return RenderResult(
        written.path,
        written.seconds,
        written.sample_rate,
        written.encoding,
        round(gain_to_db(meter.peak, QUIETEST_DB), 2),
        round(gain_to_db(math.sqrt(meter.square / max(1, meter.frames)), QUIETEST_DB), 2),
        written.seconds / elapsed,
        instrument.vocoder.name,
        instrument.vocoder.reason,
        tuple(dict.fromkeys(notes)),
        files=written.files,
        made=made,
    )
