"""What an instrument's file holds of codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.audio.arrays import Float64Array
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.fitting import CorpusCodes
from distill_engine.codes.prior_corpus import PriorCorpus
from distill_engine.codes.sequence import CodeSequence, encode_sequence
from distill_engine.errors import CodesError
from distill_engine.inference.stored_codes import PART, read_codes
from distill_engine.modelfile import ModelFile
from distill_engine.system.names import normalised


@dataclass(frozen=True)
class InstrumentCodes:
    """The codes of a model: its `books`, and its corpus's path where the file holds that.

    `skeleton` is the digest of its skeleton, `rest` the latent [D] of silence, `first` what plays
    until another sequence is given, `clips` are the names of the path's sounds,
    in composed Unicode form.
    """

    books: Codebooks
    skeleton: str
    rest: Float64Array
    first: CodeSequence
    clips: tuple[str, ...] = ()
    route: CorpusPath | None = None
    corpus: CorpusCodes | None = None

    def same_books(self, other: InstrumentCodes) -> bool:
        """Return whether a code means the same sound in both."""
        return self.skeleton == other.skeleton and np.array_equal(self.books.books, other.books.books)

    def clips_named(self, name: str) -> list[int]:
        """Return the numbers of the sounds with a name, else of those that have it in theirs."""
        name = normalised(name)
        exact = [index for index, clip in enumerate(self.clips) if name in (clip, Path(clip).stem)]
        return exact or [index for index, clip in enumerate(self.clips) if name.casefold() in clip.casefold()]

    def clip(self, name: str) -> CodeSequence | None:
        """Return a sound of the corpus by its name, with or without suffix; None if it has none."""
        name = normalised(name)
        for index, clip in enumerate(self.clips):
            if self.route is not None and name in (clip, Path(clip).stem):
                return _columns(self.books, self.route, index)
        return None


def instrument_codes(file: ModelFile, route: CorpusPath | None, note: Callable[[str], None]) -> InstrumentCodes | None:
    """Return the codes of an open model file; None if it has none.

    Damaged ones are left out, and `note` receives a sentence.
    """
    if PART not in file.parts:
        return None
    try:
        stored = read_codes(file)
    except CodesError as error:
        note(f"codes are left out: {error}")
        return None
    skeleton, names = stored.skeleton, file.manifest.analysis.get("clips")
    clips = tuple(normalised(str(name)) for name in names) if isinstance(names, list) else ()
    silence = skeleton.silence
    if route is None:
        first = encode_sequence(
            stored.books, np.repeat(silence[:, None], COLUMN_HOPS, axis=1).astype(np.float32)
        ).single()
    else:
        first = _columns(stored.books, route, 0)
    return InstrumentCodes(stored.books, skeleton.digest, silence, first, clips, route, _fitting(stored.corpus, route))


def prior_corpus(codes: InstrumentCodes | None) -> PriorCorpus | None:
    """Return what the prior plays; None unless the file holds codes and path of its corpus."""
    if codes is None or codes.corpus is None or codes.route is None:
        return None
    return PriorCorpus(codes.corpus, codes.route)


def _fitting(corpus: CorpusCodes | None, route: CorpusPath | None) -> CorpusCodes | None:
    """Return the corpus's codes if they are those of the path's clips."""
    if corpus is None or route is None or len(corpus.offsets) != len(route.offsets):
        return None
    same = np.diff(corpus.offsets) == -(-np.diff(route.offsets) // COLUMN_HOPS)
    return corpus if same.all() else None


def _columns(books: Codebooks, route: CorpusPath, clip: int) -> CodeSequence:
    """Return a clip of a path, without the silence before it."""
    span = slice(route.first_frame(clip), int(route.offsets[clip + 1]))
    return encode_sequence(books, route.latents[:, span].astype(np.float32)).single()
