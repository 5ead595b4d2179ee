"""Examine every file of a corpus: its format and level, whether it can be used, and if not, why."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.files import audio_info, read_audio
from distill_engine.audio.levels import SILENCE_DB, db_to_gain
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.dataset.copies import Copies, Fingerprint, fingerprint
from distill_engine.dataset.discovery import FoundFile, find_files
from distill_engine.dataset.measuring import Measuring
from distill_engine.errors import AudioFileError
from distill_engine.system.counting import counted

Verdict = Literal["ok", "warning", "skipped"]

SILENT_DB = -72.0  # a file whose peak is below is silent
QUIET_DB = -50.0
OVER_DB = 1.0  # float files may exceed full scale; by more than this they are turned down to it
SECONDS = (0.05, 600.0)  # files that are shorter or longer get a remark
FILE_COUNTS = (5, 500)  # corpora of fewer or more usable files get a remark
CLIPPED_SHARE = 1e-4  # of the samples; from this on a file is called clipped
LARGE_SECONDS = 2 * 3600.0
SIDE_BY_SIDE = 4  # files kept in memory at a time, decoded on as many cores as there are ...
SIDE_BY_SIDE_SECONDS = 120.0  # ... if they are no longer together: memory is that of one large file
SIDE_BY_SIDE_BYTES = 16 << 20  # on the disk: a larger file is decoded alone, its header unread
LEAST_BYTES_PER_SECOND = 250.0  # of a file whose header tells no length: Speex at 2 kbit/s
GIGABYTES_PER_SECOND = 4e-9 * DEFAULT_MEL.sample_rate  # of the cache that samples take while it trains


@dataclass(frozen=True)
class FileReport:
    """One file: `duration` in seconds, `rate` in Hz, levels in dBFS, `reason` '' if it is ok."""

    path: Path
    name: str
    verdict: Verdict
    reason: str = ""
    duration: float = 0.0
    rate: int = 0
    channels: int = 0
    rms_db: float = SILENCE_DB
    peak_db: float = SILENCE_DB
    digest: str = ""

    @property
    def usable(self) -> bool:
        """Whether it becomes part of the corpus."""
        return self.verdict != "skipped"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as values for JSON."""
        return {**asdict(self), "path": str(self.path)}


@dataclass(frozen=True)
class CorpusReport:
    """Reports on every file below `folder`, and remarks on the corpus as a whole."""

    folder: Path
    files: tuple[FileReport, ...]
    remarks: tuple[str, ...] = ()

    @property
    def usable_files(self) -> tuple[FileReport, ...]:
        """Files that become part of the corpus."""
        return tuple(file for file in self.files if file.usable)

    @property
    def seconds(self) -> float:
        """Length of all usable files in seconds."""
        return sum(file.duration for file in self.usable_files)

    def count(self, verdict: Verdict) -> int:
        """Return the number of files with this verdict."""
        return sum(file.verdict == verdict for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as values for JSON."""
        return {
            "folder": str(self.folder),
            "usable": len(self.usable_files),
            "seconds": round(self.seconds, 3),
            "remarks": list(self.remarks),
            "files": [file.to_dict() for file in self.files],
        }


@dataclass(frozen=True)
class ScanProgress:
    """`done` of `total` files were examined, the last one was `name`."""

    done: int
    total: int
    name: str


@dataclass(frozen=True)
class Examined:
    """A file's report and, if it is usable, its mono samples [T] at the corpus's rate."""

    report: FileReport
    samples: Float32Array | None = None
    heard: Fingerprint | None = None


def scan_corpus(folder: str | Path, progress: Callable[[ScanProgress], None] | None = None) -> CorpusReport:
    """Report on every file below `folder`; it may be empty. Raises CorpusError if it is missing."""
    reports = []
    for examined in examine_folder(Path(folder), progress):
        reports.append(examined.report)
        del examined  # before the next file is decoded
    return corpus_report(Path(folder), reports)


def examine_folder(
    folder: Path,
    progress: Callable[[ScanProgress], None] | None = None,
    sample_rate: int = DEFAULT_MEL.sample_rate,
    extra: Sequence[FoundFile] = (),
) -> Iterator[Examined]:
    """Yield every file by name, then the `extra` ones, its samples at `sample_rate` in Hz.

    Short files are decoded up to four at a time, a long one alone. The second of two files with
    the same sound, in whatever format and at whatever level, is skipped. Raises CorpusError.
    """
    found = [*find_files(folder), *extra]
    copies = Copies()
    done = 0
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, os.cpu_count() or 1)) as pool:
        for group in _groups(found):
            waiting = [pool.submit(examine_file, one, sample_rate) for one in group]
            while waiting:
                examined = waiting.pop(0).result()
                done += 1
                if progress:
                    progress(ScanProgress(done, len(found), examined.report.name))
                yield _without_duplicate(examined, copies)
                del examined


def _groups(found: list[FoundFile]) -> Iterator[list[FoundFile]]:
    """Yield the files in groups that are decoded side by side."""
    group: list[FoundFile] = []
    seconds = 0.0
    for one in found:
        more = _seconds(one)
        if group and (seconds + more > SIDE_BY_SIDE_SECONDS or len(group) == SIDE_BY_SIDE):
            yield group
            group, seconds = [], 0.0
        group.append(one)
        seconds += more
    if group:
        yield group


def _seconds(one: FoundFile) -> float:
    """Return how long a file may be: its memory follows from that, not from its size on disk."""
    try:
        size = one.path.stat().st_size
        if one.reason or size > SIDE_BY_SIDE_BYTES:
            return 0.0 if one.reason else math.inf
        return audio_info(one.path).duration or size / LEAST_BYTES_PER_SECOND
    except (OSError, AudioFileError):
        return 0.0  # it is not decoded either


def corpus_report(folder: Path, files: list[FileReport]) -> CorpusReport:
    """Make the report, with remarks on the number of files and their length."""
    usable = sum(file.usable for file in files)
    remarks = []
    if usable < FILE_COUNTS[0]:
        remarks.append(f"{counted(usable, 'usable file')}: {FILE_COUNTS[0]} or more give a model more to learn from")
    if usable > FILE_COUNTS[1]:
        remarks.append(f"{usable} usable files: more than {FILE_COUNTS[1]} work, but take long")
    seconds = sum(file.duration for file in files if file.usable)
    if seconds > LARGE_SECONDS:
        size = f"{seconds * GIGABYTES_PER_SECOND:.1f} GB"
        remarks.append(
            f"{seconds / 3600:.1f} hours of sound: a training keeps {size} of samples in the cache while it runs"
        )
    return CorpusReport(folder, tuple(files), tuple(remarks))


def examine_file(found: FoundFile, sample_rate: int = DEFAULT_MEL.sample_rate) -> Examined:
    """Decode one file to mono at `sample_rate` in Hz, and judge it."""
    blank = FileReport(found.path, found.name, "skipped", found.reason)
    if found.reason:
        return Examined(blank)
    try:
        measured = Measuring()
        sound = read_audio(
            found.path, sample_rate=sample_rate, mono=True, decoded=measured.decoded, mixed=measured.mixed
        )
    except AudioFileError as error:
        return Examined(replace(blank, reason=_short(error, found.path)))
    mono = sound.samples[0]
    report = replace(
        blank,
        duration=measured.frames / measured.rate,
        rate=measured.rate,
        channels=measured.channels,
        rms_db=round(measured.rms_db, 2),
        peak_db=round(measured.peak_db, 2),
        digest=measured.digest,
    )
    heard_db = measured.swing_db if report.duration > SECONDS[0] else report.peak_db  # a short constant is a click
    if heard_db < SILENT_DB:
        return Examined(replace(report, reason="; ".join((_silent(report, measured), *sound.notes))))
    reasons = [*sound.notes, *_remarks(report, measured.clipped)]
    if report.peak_db > OVER_DB:
        mono *= np.float32(db_to_gain(-report.peak_db))
    return Examined(
        replace(report, verdict="warning" if reasons else "ok", reason="; ".join(reasons)),
        mono,
        fingerprint(mono, sample_rate),
    )


def _silent(report: FileReport, measured: Measuring) -> str:
    if report.peak_db >= SILENT_DB:
        return f"silent (it holds a constant value, {measured.constant:.3g}, and nothing else)"
    return "silent" if report.peak_db <= SILENCE_DB else f"silent (its peak is {report.peak_db:.0f} dBFS)"


def _remarks(report: FileReport, clipped: int) -> Iterator[str]:
    if clipped >= max(10, CLIPPED_SHARE * report.duration * report.rate * report.channels):
        yield f"clipped ({clipped} samples sit in flat tops)"
    if report.peak_db > OVER_DB:
        yield f"peaks {report.peak_db:.1f} dB over full scale: turned down to it"
    if report.peak_db < QUIET_DB:
        yield "very quiet"
    if report.duration < SECONDS[0]:
        yield f"shorter than {SECONDS[0]} s: padded with silence"
    if report.duration > SECONDS[1]:
        yield f"longer than {SECONDS[1] / 60:.0f} minutes: used whole, but a selection trains better"


def _short(error: AudioFileError, path: Path) -> str:
    """Return the error's text without the path, which the report shows beside it."""
    return str(error).removeprefix(str(path)).lstrip(" :")


def _without_duplicate(examined: Examined, copies: Copies) -> Examined:
    report = examined.report
    if examined.heard is None:
        return examined
    reason = copies.original_of(report.name, report.digest, examined.heard)
    return Examined(replace(report, verdict="skipped", reason=reason)) if reason else examined
