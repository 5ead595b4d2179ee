"""Render a performance to a sound file, in bounded memory, with progress events."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.encoding import file_rate
from distill_engine.audio.finishing.loops import Loop
from distill_engine.audio.levels import gain_to_db
from distill_engine.errors import AudioFileError, TakeError
from distill_engine.library.history.recipe_tags import tags_of
from distill_engine.rendering.exporting.control_stems import score_versions, stacked, take_versions
from distill_engine.rendering.exporting.sound_files import Channels, resampled, write_files
from distill_engine.rendering.exporting.sound_files import RenderTarget as RenderTarget
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

CONTROLS = "controls"  # of a target's parts: stems of the controls
STEM_BLOCK = 1 << 16  # samples of stems that are written at once
QUIETEST_DB = -120.0  # reported as the level of silence


@dataclass(frozen=True)
class RenderResult:
    """What was written.

    Levels are in dB of full scale, `speed` in seconds of sound per second. `notes` are messages
    about the render. `blend_space` is one of the vocabulary's `BLEND_SPACES`. `made` is the recipe,
    `loop` that of a sound that loops.
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
    loop: Loop | None = None


def render_score(
    instrument: Instrument, score: Score, output: RenderTarget, progress: Callable[[RenderProgress], None] | None = None
) -> RenderResult:
    """Render a score. Raises AudioFileError, ControlError or VocoderError."""
    notes: list[str] = []
    made, channels = score_recipe(instrument, score), Channels(score.hearing.layout.channels)
    if output.parts == CONTROLS:
        versions = score_versions(instrument, score)
        channels = replace(channels, names=tuple(versions))
        blocks = _together((play_score(instrument, one, notes.append) for one in versions.values()), channels)
    else:
        blocks = play_score(instrument, score, notes.append)
    result = _write(instrument, blocks, made, output, progress, notes, channels)
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
    play = partial(play_take, resolve=resolve, vocoder=vocoder, hearing=hearing, notify=notes.append)
    channels = Channels(hearing.layout.channels)
    if output.parts == CONTROLS:
        versions = take_versions(instrument, take)
        channels = replace(channels, names=tuple(versions))
        blocks = _together((play(instrument, one) for one in versions.values()), channels)
    else:
        blocks = play(instrument, take)
    return _write(instrument, blocks, made, output, progress, notes, channels)


def _together(sounds: Iterable[Iterator[Float32Array]], channels: Channels) -> Iterator[Float32Array]:
    """Yield stems [channels.count, n], once all of them were played."""
    whole = stacked(sounds, channels.each)
    yield from (whole[:, at : at + STEM_BLOCK] for at in range(0, whole.shape[1], STEM_BLOCK))


def _write(  # seven parameters: what is played, where to, and how much of it there is
    instrument: Instrument,
    blocks: Iterator[Float32Array],
    made: Recipe,
    output: RenderTarget,
    progress: Callable[[RenderProgress], None] | None,
    notes: list[str],
    channels: Channels,
) -> RenderResult:
    if not RENDER_RATES_HZ[0] <= output.sample_rate <= RENDER_RATES_HZ[1]:
        raise AudioFileError(f"{output.path}: a rate of {output.sample_rate} Hz is out of range: 8000 to 192000")
    meter = LevelMeter(instrument.sample_rate, made["settings"]["seconds"], progress)
    rate = file_rate(output.path, output.sample_rate, output.format)
    sound = resampled(meter.watch(blocks), instrument.sample_rate, rate, channels.count)
    tags = {**tags_of(made, instrument.name), **output.finish.tags}
    written = write_files(sound, rate, round(made["settings"]["seconds"] * rate), output, tags, channels)
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
        loop=None if written.finished is None else written.finished.loop,
    )
