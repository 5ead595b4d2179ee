"""A corpus: its usable files as mono clips at their own level, split, with mels.

Up to MOST_IN_MEMORY the samples lie in memory. What comes after lies in a temporary file of the
cache, from which clips and pieces of them are read where they are needed.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.audio.store import SampleFile, Samples, part_of
from distill_engine.dataset.cache import MelCache
from distill_engine.dataset.listing import NOT_LISTED, SoundList
from distill_engine.dataset.scan import (
    SILENT_DB,
    CorpusReport,
    FileReport,
    ScanProgress,
    corpus_report,
    examine_folder,
)
from distill_engine.dataset.split import Split, split_files
from distill_engine.errors import ConfigError, CorpusError
from distill_engine.system.atomic_write import write_advice

MINIMUM_SAMPLES = 2048  # an analysis window, four frames: shorter clips are padded with silence at the end
MOST_IN_MEMORY = 600 * DEFAULT_MEL.sample_rate  # samples of a corpus (ten minutes, 106 MB)
TAIL_SHARE = 0.1  # of a clip, held out at its end where no file can be
TAIL_SECONDS = 2.0  # a clip shorter than this is trained on and validated on whole
_SEARCHED_AT_ONCE = 1 << 20  # samples


@dataclass(frozen=True)
class Clip:
    """One sound: its path in the corpus and its mono samples [T >= 2048], full scale +-1.

    `stored` holds them in memory or in a file; `samples` and `mel` are read or computed each time.
    """

    name: str
    stored: Samples
    sample_rate: int = DEFAULT_MEL.sample_rate
    cache: MelCache = field(default_factory=lambda: MelCache(None), repr=False, compare=False)

    @property
    def duration(self) -> float:
        """Length in seconds, padding included."""
        return len(self.stored) / self.sample_rate

    @property
    def samples(self) -> Float32Array:
        """All samples [T]."""
        return self.stored[:]

    @property
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
    is the list that a model file keeps. `whole` are the sounds where one is two clips, of which the
    end is held out.
    """

    clips: tuple[Clip, ...]
    training: tuple[int, ...]
    validation: tuple[int, ...]
    report: CorpusReport
    digest: str
    remarks: tuple[str, ...] = ()
    listing: SoundList = field(default_factory=SoundList)
    whole: tuple[Clip, ...] = ()

    @property
    def sounds(self) -> tuple[Clip, ...]:
        """The clips as they play: none cut in two."""
        return self.whole or self.clips

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
    Mels are kept in `cache_dir` (None: nowhere). The samples of a long corpus lie there too, or in
    the system's folder of temporary files, as long as it lives. `sample_rate` is in Hz. With a
    `listing` only its sounds are used.

    Raises:
        CorpusError: if the folder is missing, no file can be used, a listed sound is not there, or
            the disk has no room for the samples of a long corpus.
    """
    listed = listing or SoundList()
    if not 0.0 <= validation <= 0.5:
        raise ConfigError(f"validation share {validation} is out of range: use 0 to 0.5")
    cache = MelCache(cache_dir)
    store, clips, reports, used = _Store(cache_dir), [], [], []
    for examined in examine_folder(Path(folder), progress, sample_rate, listed.extra_files(Path(folder))):
        if listed.sounds and examined.report.usable and examined.report.digest not in listed.digests:
            reports.append(replace(examined.report, verdict="skipped", reason=NOT_LISTED))
            continue
        reports.append(examined.report)
        if examined.samples is not None:
            samples = store.keep(_padded(examined.samples))
            clips.append(Clip(examined.report.name, samples, sample_rate, cache))
            used.append(examined.report)
        del examined  # before the next file is decoded
    listed.check(Path(folder), reports)
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


class _Store:
    """Keeps samples in memory up to MOST_IN_MEMORY, then in a file in `cache`/samples."""

    def __init__(self, cache: Path | None) -> None:
        self._folder, self._left = cache / "samples" if cache else None, MOST_IN_MEMORY
        self._file: SampleFile | None = None

    def keep(self, samples: Float32Array) -> Samples:
        """Keep samples [T]. Raises CorpusError where the disk has no room for them."""
        if self._file is None and len(samples) <= self._left:
            self._left -= len(samples)
            return samples
        try:
            self._file = self._file or SampleFile(self._folder)
            return self._file.add(samples)
        except OSError as error:
            folder = self._folder or Path(tempfile.gettempdir())
            advice = write_advice(error, folder, "choose another one with XDG_CACHE_HOME or DISTILL_HOME")
            raise CorpusError(f"{folder}: the samples of so long a corpus cannot be kept there, {advice}") from error


def _padded(mono: Float32Array) -> Float32Array:
    missing = MINIMUM_SAMPLES - len(mono)
    return np.pad(mono, (0, missing)) if missing > 0 else mono


def _with_tail(clips: list[Clip], split: Split, report: CorpusReport, digest: str) -> Corpus:
    """Cut the longest clip in two and hold out its end; one under TAIL_SECONDS serves for both.

    If its last tenth is silent, leave out the silence at its end and cut the rest.
    """
    index = split.tail_of or 0
    clip = clips[index]
    everything = tuple(range(len(clips)))
    end, remark = len(clip.stored), f"no file can be spared to judge by: the last tenth of {clip.name} validates"
    sounds_until = _sounds_until(clip.stored)
    if clip.duration >= TAIL_SECONDS and 0 < sounds_until <= _cut(end):
        end = sounds_until
        digest = hashlib.sha256(f"{digest}:{end}".encode()).hexdigest()
        remark = f"no file can be spared to judge by: the last sound in {clip.name} validates, the silence after it is left out"
    if end < TAIL_SECONDS * clip.sample_rate:
        remark = f"too little sound to hold any out: {clip.name} is trained on and validated on"
        return Corpus(tuple(clips), everything, (index,), report, digest, (*report.remarks, remark))
    cut = _cut(end)
    head = Clip(clip.name, part_of(clip.stored, 0, cut), clip.sample_rate, clip.cache)
    tail = Clip(f"{clip.name} (end)", part_of(clip.stored, cut, end), clip.sample_rate, clip.cache)
    parts = (*clips[:index], head, *clips[index + 1 :], tail)
    remarks = (*report.remarks, remark)
    return Corpus(parts, everything, (len(clips),), report, digest, remarks, whole=tuple(clips))


def _sounds_until(samples: Samples) -> int:
    """Return how many samples there are up to the last one that is no silence; 0 without any."""
    for end in range(len(samples), 0, -_SEARCHED_AT_ONCE):
        begin = max(0, end - _SEARCHED_AT_ONCE)
        sounding = np.flatnonzero(np.abs(samples[begin:end]) >= db_to_gain(SILENT_DB))
        if len(sounding):
            return begin + int(sounding[-1]) + 1
    return 0


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
