"""Sounds to codes and back, offline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from distill_engine.analysis.stretches.path import LEAD_FRAMES, CorpusPath, clip_mel, make_path, without_pitch
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.files import read_audio
from distill_engine.audio.mel_config import DEFAULT_MEL, LEAD_IN
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.edits import check_level
from distill_engine.codes.sequence import CodeSequence, check_range, decode_sequence, encode_sequence
from distill_engine.dataset.corpus import Corpus
from distill_engine.errors import ArgumentError, CodesError
from distill_engine.inference.stored_codes import StoredCodes, read_codes, skeleton_of_file
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.code_file import CodeFile, load_codes
from distill_engine.rendering.loaded_model import LoadedModel
from distill_engine.rendering.score import Beginning
from distill_engine.system.checked_values import checked_samples, checked_text
from distill_engine.system.names import normalised

CONTEXT_HOPS = 86  # before a range that is decoded alone: a second


@dataclass(frozen=True)
class Coder:
    """A loaded model with its codes."""

    model: LoadedModel
    stored: StoredCodes

    @property
    def lead_hops(self) -> int:
        """Latents of silence before a sound."""
        return LEAD_IN // self.model.mel.hop

    def encode(self, samples: Float32Array, name: str) -> CodeFile:
        """Return the codes of samples [T]. Raises CodesError for less than a column of sound."""
        samples = checked_samples(samples)
        checked_text(name, "name")
        latents = self.model.encode(np.pad(samples, (LEAD_IN, 0)))
        lead, own = latents[:, : self.lead_hops], latents[:, self.lead_hops :]
        if own.shape[1] < COLUMN_HOPS:
            seconds = COLUMN_HOPS / self.model.mel.frame_rate
            raise CodesError(f"{name}: shorter than a column of codes ({seconds:.3f} s): give a longer sound")
        sequence = encode_sequence(self.stored.books, own)
        digest, books = self.stored.skeleton.digest, self.stored.books
        tail = len(samples) % self.model.mel.hop
        return CodeFile(normalised(name), digest, books.size, own.shape[1], sequence, lead, books.digest, tail)

    def encode_file(self, path: Path) -> CodeFile:
        """Return the codes of a sound file. Raises AudioFileError or CodesError."""
        sound = read_audio(path, sample_rate=self.model.sample_rate, mono=True)
        return self.encode(np.ascontiguousarray(sound.samples[0]), path.stem)

    def beginning(self, path: Path) -> Beginning:
        """Return a sound file as what a render begins with. Raises AudioFileError or CodesError."""
        file = self.encode_file(path)
        return Beginning(file.sequence, decode_sequence(self.stored.books, file.sequence)[:, : file.frames])

    def decode(
        self,
        file: CodeFile,
        vocoder: str | None = None,
        columns: tuple[int, int] | None = None,
        levels: Collection[int] | None = None,
    ) -> Float32Array:
        """Return the samples [frames * hop + tail] of codes, or of the columns `columns` alone.

        Unedited codes sound bit for bit as `resynthesise`. The end of the range is not included. Of
        the sound before it, a second is decoded too, since the networks hear it. `levels` are heard
        without the others and without what the codes leave out.

        Raises CodesError for codes of another model, a range or level that is not there.
        """
        if not isinstance(file, CodeFile):
            raise ArgumentError(f"file: {type(file).__name__}: expected what `encode` or `load` returns")
        self.check(file, file.name)
        played = self._latents(file.sequence, levels)[:, : file.frames]
        latents = np.concatenate([file.lead, played], axis=1).astype(np.float32)
        begin, start, end = 0, file.lead.shape[1], latents.shape[1]
        if columns is not None:
            check_range(columns, file.sequence.columns)
            start, end = (start + COLUMN_HOPS * column for column in columns)
            begin = max(start - CONTEXT_HOPS, 0)
        samples = self.model.vocode(self.model.decode(latents[:, begin:end]), vocoder)
        own = samples[(start - begin) * self.model.mel.hop :]
        return np.pad(own, (0, file.tail)) if columns is None else own

    def _latents(self, sequence: CodeSequence, levels: Collection[int] | None) -> Float64Array:
        books = self.stored.books
        if levels is None:
            return decode_sequence(books, sequence)
        for level in levels:
            check_level(books, level)
        return books.decode(sequence.codes, [float(level in levels) for level in range(books.levels)])

    def check(self, file: CodeFile, where: str) -> None:
        """Raise CodesError unless the codes are of this model."""
        file.check(self.stored.books, self.stored.skeleton.digest, where)
        if len(file.lead) != len(self.stored.skeleton.spread):
            raise CodesError(f"{where}: latents of {len(file.lead)} dimensions: damaged")

    def load(self, path: Path) -> CodeFile:
        """Return the codes of a file, checked to be of this model. Raises CodesError."""
        file = load_codes(path)
        self.check(file, str(path))
        return file


def coder_of(model: LoadedModel) -> Coder:
    """Return a model with its codes. Raises CodesError if it has none."""
    with ModelFile.open(model.path) as file:
        return Coder(model, read_codes(file))


def with_sequence(file: CodeFile, sequence: CodeSequence) -> CodeFile:
    """Return a file with other columns; if they moved, it counts whole and without a tail."""
    spare = COLUMN_HOPS * file.sequence.columns - file.frames
    kept = sequence.columns == file.sequence.columns
    frames = COLUMN_HOPS * sequence.columns - (spare if kept else 0)
    return replace(file, sequence=sequence, frames=frames, tail=file.tail if kept else 0)


def route_of(path: Path, corpus: Corpus, stored: CorpusPath | None) -> CorpusPath:
    """Return the path of a corpus through a model file's skeleton. Raises CodesError.

    Clips begin as those of the `stored` path, the file's own, so that codes fit both.
    """
    with ModelFile.open(path) as file:
        skeleton = skeleton_of_file(file)
    lead = LEAD_FRAMES if stored is None else stored.lead
    return make_path(skeleton, without_pitch(clip_mel(clip.samples, DEFAULT_MEL, lead) for clip in corpus.clips), lead)
