"""A corpus in memory: its usable files as mono clips at their own level, split, with mels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel import DEFAULT_MEL, MelConfig
from distill_engine.dataset.cache import MelCache
from distill_engine.dataset.listing import NOT_LISTED, SoundList
from distill_engine.dataset.scan import (
    SILENT_DB,
    CorpusReport,
    Examined,
    FileReport,
    ScanProgress,
    corpus_report,
    examine_folder,
)
from distill_engine.dataset.split import Split, split_files
from distill_engine.errors import ConfigError, CorpusError, MissingSoundsError

MINIMUM_SAMPLES = 2048  # an analysis window, four frames: shorter clips are padded with silence at the end
TAIL_SHARE = 0.1  # of a clip, held out at its end where no file can be
TAIL_SECONDS = 2.0  # a clip shorter than this is trained on and validated on whole


@dataclass(frozen=True)
class Clip:
    """One sound: its path in the corpus and its mono `samples` [T >= 2048], full scale +-1."""

    name: str
    samples: Float32Array
    sample_rate: int = DEFAULT_MEL.sample_rate
    cache: MelCache = field(default_factory=lambda: MelCache(None), repr=False, compare=False)

    @property
    def duration(self) -> float:
        """Length in seconds, padding included."""
        return len(self.samples) / self.sample_rate

    @cached_property
    def mel(self) -> Float32Array:
        """Log-mel [128, T // 512], from the cache if it is there. Needs a clip at 44.1 kHz."""
        return self.mel_as(DEFAULT_MEL)

    def mel_as(self, config: MelConfig) -> Float32Array:
        """Return the log-mel [bands, T // hop] of another definition.

        Raises ConfigError if the definition has another sample rate than the clip.
        """
        if config.sample_rate != self.sample_rate:
            raise ConfigError(f"{self.name} is at {self.sample_rate} Hz, the mel asked for at {config.sample_rate} Hz")
        return self.cache.mel(self.samples, config)


@dataclass(frozen=True)
class Corpus:
    """Clips and their split: `training` and `validation` are indices into `clips`.

    `digest` identifies the sounds and their split, `remarks` are sentences for the user, `listing`
    is the list that a model file keeps.
    """

    clips: tuple[Clip, ...]
    training: tuple[int, ...]
    validation: tuple[int, ...]
    report: CorpusReport
    digest: str
    remarks: tuple[str, ...] = ()
    listing: SoundList = field(default_factory=SoundList)

    @property
    def earlier(self) -> tuple[str, ...]:
        """Digests of the corpora that this one goes on from."""
        return self.listing.earlier

    @property
    def seconds(self) -> float:
        """Length of all clips in seconds."""
        return sum(clip.duration for clip in self.clips)

    def summary(self) -> dict[str, Any]:
        """Return what a model file keeps of its corpus: counts, durations and names, no sound."""
        return {
            "files": len(self.report.usable_files),
            "skipped": self.report.count("skipped"),
            "seconds": round(self.report.seconds, 3),
            "training": len(self.training),
            "validation": [self.clips[i].name for i in self.validation],
            "digest": self.digest,
            **self.listing.to_summary(),
        }


def load_corpus(  # seven parameters: the options of a training's corpus, each with a default
    folder: str | Path,
    *,
    seed: int = 0,
    validation: float = 0.1,
    sample_rate: int = DEFAULT_MEL.sample_rate,
    cache_dir: Path | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    listing: SoundList | None = None,
) -> Corpus:
    """Load every usable file below `folder`; its `report` says which were left out and why.

    Files keep their levels; short ones are padded with silence. About the share `validation` (0 to
    0.5) of the files is held out, chosen by `seed`. Where no file can be spared, the last tenth of
    the longest is held out; if that tenth is silent, it is the last tenth before the final silence.
    Mels are kept in `cache_dir` (None: nowhere). `sample_rate` is in Hz. With a `listing` only its
    sounds are used.

    Raises:
        CorpusError: if the folder is missing, no file can be used, or a listed sound is not there.
    """
    listed = listing or SoundList()
    if not 0.0 <= validation <= 0.5:
        raise ConfigError(f"validation share {validation} is out of range: use 0 to 0.5")
    cache = MelCache(cache_dir)
    clips, reports, used = [], [], []
    for examined in examine_folder(Path(folder), progress, sample_rate, listed.extra_files(Path(folder))):
        if listed.sounds and examined.report.usable and examined.report.digest not in listed.digests:
            reports.append(replace(examined.report, verdict="skipped", reason=NOT_LISTED))
            continue
        reports.append(examined.report)
        if examined.samples is not None:
            clips.append(_clip(examined, examined.samples, sample_rate, cache))
            used.append(examined.report)
    if lost := listed.missing(reports):
        raise MissingSoundsError(f"{folder}: {'; '.join(lost)}")
    if not clips:
        raise CorpusError(_nothing_usable(Path(folder), reports))
    cache.prune()
    seconds = [file.duration for file in used]
    trained, before = listed.trained, listed.held_out
    split = split_files([f.digest for f in used], seconds, seed, validation, trained=trained, held_out=before)
    held = frozenset(used[index].digest for index in split.validation)
    digest = _digest(used, seed, validation, sample_rate, held if trained else frozenset())
    report, listed = corpus_report(Path(folder), reports), listed.of(used, held)
    if split.tail_of is None:
        return Corpus(tuple(clips), split.training, split.validation, report, digest, report.remarks, listed)
    return replace(_with_tail(clips, split, report, digest), listing=listed)


def _clip(examined: Examined, mono: Float32Array, sample_rate: int, cache: MelCache) -> Clip:
    missing = MINIMUM_SAMPLES - len(mono)
    samples = np.pad(mono, (0, missing)) if missing > 0 else mono
    return Clip(examined.report.name, samples, sample_rate, cache)


def _with_tail(clips: list[Clip], split: Split, report: CorpusReport, digest: str) -> Corpus:
    """Cut the longest clip in two and hold out its end; one under TAIL_SECONDS serves for both.

    If its last tenth is silent, leave out the silence at its end and cut the rest.
    """
    index = split.tail_of or 0
    clip = clips[index]
    everything = tuple(range(len(clips)))
    end, remark = len(clip.samples), f"too few files to hold one out: the last tenth of {clip.name} validates"
    sounding = np.flatnonzero(np.abs(clip.samples) >= db_to_gain(SILENT_DB))
    if clip.duration >= TAIL_SECONDS and len(sounding) and sounding[-1] < _cut(end):
        end = int(sounding[-1]) + 1
        digest = hashlib.sha256(f"{digest}:{end}".encode()).hexdigest()
        remark = (
            f"too few files to hold one out: the last sound in {clip.name} validates, the silence after it is left out"
        )
    if end < TAIL_SECONDS * clip.sample_rate:
        remark = f"too little sound to hold any out: {clip.name} is trained on and validated on"
        return Corpus(tuple(clips), everything, (index,), report, digest, (*report.remarks, remark))
    cut = _cut(end)
    head = Clip(clip.name, clip.samples[:cut], clip.sample_rate, clip.cache)
    tail = Clip(f"{clip.name} (end)", clip.samples[cut:end], clip.sample_rate, clip.cache)
    parts = (*clips[:index], head, *clips[index + 1 :], tail)
    return Corpus(parts, everything, (len(clips),), report, digest, (*report.remarks, remark))


def _cut(end: int) -> int:
    """Return the sample at which the held-out end of a clip of `end` samples begins."""
    return end - max(MINIMUM_SAMPLES, int(TAIL_SHARE * end))


def _digest(
    used: list[FileReport], seed: int, validation: float, sample_rate: int, held: frozenset[str] = frozenset()
) -> str:
    settings = f"{seed}:{validation}:{sample_rate}:" + "".join(f"{digest}:" for digest in sorted(held))
    return hashlib.sha256((settings + ":".join(file.digest for file in used)).encode()).hexdigest()


def _nothing_usable(folder: Path, reports: list[FileReport]) -> str:
    if not reports:
        return f"{folder} holds no sound files: put WAV, AIFF, FLAC, MP3, Ogg or Opus files there"
    first = reports[0]
    return f"{folder}: none of its files can be used (first: {first.name}, {first.reason}): see `distill corpus check`"
