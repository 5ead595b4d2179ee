"""Render many variations of a performance into a folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distill_engine.errors import ConfigError
from distill_engine.rendering.batches.manifest import LOOP, SAVE_EVERY, Manifest
from distill_engine.rendering.batches.playing import Playing, playing
from distill_engine.rendering.batches.pool import Workers
from distill_engine.rendering.batches.variations import Variation, Varied, variations
from distill_engine.rendering.exporting.sampler import write_presets
from distill_engine.rendering.exporting.sound_files import target_from_plain
from distill_engine.rendering.recipe import Recipe, batch_recipe, settings_of
from distill_engine.rendering.render import RenderTarget, render_score
from distill_engine.rendering.score import Score
from distill_engine.rendering.shared_networks import offline_settings
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.space.layout import Hearing, Layout
from distill_engine.system.atomic_write import remove_stale
from distill_engine.vocabulary.table import full_address, row

LATENT = "/distill/latent/"
SAMPLE_BYTES = {"16": 2, "24": 3, "32f": 4}


@dataclass(frozen=True)
class RenderBatch:
    """A batch: `count` files of `score` from its seed on, with `varied` values.

    A name with a "/" is an address (`map/x`, `latent/3`), any other the name of a control.
    `target` has the folder as its path, and the format of the files. `playing` is what the batch
    began with; a process that would play anything else refuses.
    """

    model: Path
    score: Score
    target: RenderTarget
    count: int
    varied: tuple[Varied, ...] = ()
    grid: bool = False
    vocoder: str = "auto"
    torch_device: str | None = None
    playing: Playing | None = None

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> RenderBatch:
        """Return the batch that `plain` described."""
        score = dict(values["score"])
        score["latents"] = {int(index): value for index, value in score["latents"].items()}
        hearing = score["hearing"]
        score |= {"others": (), "hearing": Hearing(hearing["space"], Layout(**hearing["layout"]))}
        varied = tuple(Varied(**one) for one in values["varied"])
        begun = values["playing"]
        given = {"model": Path(values["model"]), "varied": varied, "playing": begun and Playing(**begun)}
        return cls(**{**values, **given, "score": Score(**score), "target": target_from_plain(values["target"])})

    def task_from_plain(self, values: Mapping[str, Any]) -> Variation:
        """Return the variation that `plain` described."""
        return Variation(**values)

    def model_of(self, variation: Variation) -> Path:
        """Return the model that plays every variation."""
        return self.model

    def prepare(self) -> Callable[[Variation], list[int]]:
        """Load the model for one thread; return the function that renders a variation.

        It returns the first sample of the sound's loop and the one after it, [] without one. Raises
        DistillError, if only as `Playing.check` does.
        """
        if self.playing is not None:
            self.playing.check(self.played())
        settings = offline_settings(1)
        instrument = prepare_instrument(self.model, self.vocoder, settings=settings, torch_device=self.torch_device)

        def render(variation: Variation) -> list[int]:
            target = replace(self.target, path=self.target.path / self.file_name(variation))
            loop = render_score(instrument, self.varied_score(variation), target).loop
            return [] if loop is None else [loop.start, loop.end]

        return render

    def file_name(self, variation: Variation) -> str:
        """Return the name of a variation's file: the model and the seed."""
        return f"{self.model.stem}-{variation.seed:06d}.{self.target.format or 'wav'}"

    def files(self) -> list[Path]:
        """Return all files of the batch, in the order of their variations. Raises ConfigError."""
        planned = variations(self.count, self.score.seed, self.varied, grid=self.grid)
        return [self.target.path / self.file_name(one) for one in planned]

    def varied_score(self, variation: Variation) -> Score:
        """Return the score of a variation. Raises ConfigError for a value out of range."""
        controls, latents, parameters = dict(self.score.controls), dict(self.score.latents), dict(self.score.parameters)
        for name, value in variation.values.items():
            address = full_address(name)
            if "/" not in name:
                controls[name] = value
            elif address.startswith(LATENT) and address.removeprefix(LATENT).isdecimal():
                latents[int(address.removeprefix(LATENT))] = value
            else:
                parameters[address] = value
                if wakes := row(address).wakes:
                    parameters.setdefault(wakes, 1.0)  # a place on the map counts only with an amount
        return replace(self.score, seed=variation.seed, controls=controls, latents=latents, parameters=parameters)

    def played(self) -> Playing:
        """Return what plays the batch. Raises DistillError."""
        return playing(self.model, self.vocoder, self.torch_device)

    def recipe(self) -> Recipe:
        """Return the recipe of the whole batch; the manifest has that of each file."""
        varied = {one.name: [one.low, one.high] for one in self.varied}
        settings = {**settings_of(self.score), "count": self.count, "varied": varied, "grid": self.grid}
        return batch_recipe(self.played().recipe(), self.score.seed, settings)

    def line(self, variation: Variation, played: Playing) -> dict[str, Any]:
        """Return the manifest's line of a variation: all that makes its file again."""
        score = self.varied_score(variation)
        return {
            "file": self.file_name(variation),
            **asdict(played),
            "torch_device": self.torch_device,
            "seed": score.seed,
            "seconds": score.seconds,
            "source": score.source,
            "gain_db": score.gain_db,
            "width": score.width,
            "space": score.hearing.space,
            "outputs": score.hearing.layout.channels,
            "controls": score.controls,
            "latents": {str(index): value for index, value in score.latents.items()},
            "parameters": score.parameters,
            "sample_rate": self.target.sample_rate,
            "bit_depth": self.target.bit_depth,
            "quality": self.target.quality,
            "finish": asdict(self.target.finish),
            "distill": version("distill-audio"),
        }


@dataclass
class BatchProgress:
    """How far a batch is: files in all, done, and of these skipped because they were there.

    `anew` files are there and made again: they were made with other values, named in `changed`.
    `notes` are sentences about the presets for samplers, written at the end.
    """

    total: int
    done: int = 0
    skipped: int = 0
    anew: int = 0
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def render_batch(
    batch: RenderBatch,
    *,
    workers: Workers,
    skip_existing: bool = False,
    progress: Callable[[BatchProgress], None] = lambda state: None,
) -> BatchProgress:
    """Render a batch; return what was done.

    Presets for samplers map all files of the model in the folder's manifest to keys.

    The files do not depend on the workers. Whatever ends the batch, files that are done
    stay, and those that were counted are in the manifest; `skip_existing` leaves these as they are,
    if they were made with the same settings. Raises DistillError.
    """
    folder = batch.target.path
    if not skip_existing:
        _check_space(batch, batch.count)
    for varied in batch.varied:
        batch.varied_score(Variation(batch.score.seed, {varied.name: varied.low}))
        batch.varied_score(Variation(batch.score.seed, {varied.name: varied.high}))
    planned = variations(batch.count, batch.score.seed, batch.varied, grid=batch.grid)
    played = batch.played()
    batch = replace(batch, playing=played)
    manifest, state = Manifest(folder), BatchProgress(batch.count)
    left = [one for one in planned if not (skip_existing and manifest.has(batch.line(one, played)))]
    _check_space(batch, len(left))
    state.done = state.skipped = batch.count - len(left)
    if skip_existing:
        changes = [found for one in left if (found := manifest.changes(batch.line(one, played)))]
        state.anew, state.changed = len(changes), tuple(sorted(set().union(*changes)))
    progress(state)
    try:
        for one, loop in workers.run(batch, left):
            manifest.add([batch.line(one, played) | ({LOOP: loop} if loop else {})])
            state.done += 1
            if state.done % SAVE_EVERY == 0:
                manifest.save()
            progress(state)
    finally:
        remove_stale(folder)
        manifest.save()
    state.notes = write_presets(folder, batch.model.stem, manifest.sounds(batch.model.name))
    return state


def _check_space(batch: RenderBatch, count: int) -> None:
    """Raise ConfigError unless `count` files fit on the disk, as far as their size can be told."""
    if batch.target.format not in (None, "wav", "aiff"):
        return
    seconds, rate = batch.score.seconds, batch.target.sample_rate
    needed = count * batch.score.hearing.layout.channels * seconds * rate * SAMPLE_BYTES[str(batch.target.bit_depth)]
    free = shutil.disk_usage(batch.target.path).free
    if needed > free:
        raise ConfigError(
            f"{batch.target.path}: {count} files of {seconds:g} s take {needed / 1e6:,.1f} MB, {free / 1e6:,.1f} MB are free: "
            "give a lower --count or --duration, --format flac, or another disk"
        )
