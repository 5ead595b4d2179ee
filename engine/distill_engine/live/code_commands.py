"""Commands on code sequences and the prior: files and sound are read off the synth thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from distill_engine.codes import CODES_SUFFIX
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.sequence import CodeSequence, encode_sequence
from distill_engine.errors import CodesError, ControlError
from distill_engine.library.folders import codes_dir
from distill_engine.library.saved_codes import find_codes, new_codes
from distill_engine.modelfile.code_file import CodeFile, load_codes, save_codes
from distill_engine.synthesis.synth import Synth


class CodeCommands:
    """Loads, saves and captures what the `codes` source plays, and steers the `prior`.

    `run` runs a function on the synth thread and returns its result. `tell` is called when another
    source plays.

    Attributes:
        quick: commands by name that run on the synth thread.
        slow: those that run on a thread of their own.
    """

    def __init__(
        self, synth: Synth, run: Callable[[Callable[[], Any]], Any], tell: Callable[[], None] = lambda: None
    ) -> None:
        self._synth, self._run, self._tell = synth, run, tell
        self.quick: dict[str, Callable[..., Any]] = {
            "codes/set": lambda *numbers: synth.codes.set(*map(int, numbers)),
            "codes/copy": lambda *numbers: synth.codes.copy(*map(int, numbers)),
            "codes/loop": lambda *numbers: synth.codes.loop(*map(int, numbers)),
            "codes/undo": synth.codes.undo,
            "prior/start": synth.prior.start,
        }
        self.slow: dict[str, Callable[..., Any]] = {
            "codes/load": self.load,
            "codes/save": self.save,
            "codes/capture": self.capture,
            "prior/continue": self.go_on,
        }

    def load(self, name: str) -> None:
        """Play a saved sequence, or a sound of the corpus. Raises ControlError, CodesError.

        A sequence is often saved under the name of the sound that it was made of: it comes first,
        unless it is of another model.
        """
        clip = self._synth.codes.codes.clip(name)
        try:
            sequence = self._saved(name)
        except (ControlError, CodesError):
            if clip is None:
                raise
            sequence = clip
        self._run(lambda: self._synth.codes.replace(sequence))

    def _saved(self, name: str) -> CodeSequence:
        codes = self._synth.codes.codes
        if (path := find_codes(name)) is None:
            raise ControlError(
                f"no sequence of codes and no sound of the corpus is called {name[:60]!r}: "
                f"save one with /distill/codes/save, or put a {CODES_SUFFIX} file into {codes_dir()}"
            )
        file = load_codes(path)
        file.check(codes.books, codes.skeleton, path.name)
        if len(file.sequence.source) != len(codes.books.spread):
            raise CodesError(f"{path.name}: latents of {len(file.sequence.source)} dimensions: damaged")
        return file.sequence.single()  # here and not on the synth thread: minutes of sound take longer than a hop

    def save(self, name: str) -> None:
        """Save what plays under a new name. Raises LibraryError, CodesError."""
        codes, sequence = self._synth.codes.codes, self._run(lambda: self._synth.codes.sequence)
        path = new_codes(name)
        lead = np.repeat(codes.rest[:, None], 1, axis=1).astype(np.float32)
        frames = COLUMN_HOPS * sequence.columns
        books = codes.books
        save_codes(path, CodeFile(path.stem, codes.skeleton, books.size, frames, sequence, lead, books.digest))

    def capture(self, seconds: float) -> None:
        """Play what was heard last as codes. Raises ControlError if nothing has played."""
        books = self._synth.codes.codes.books
        latents = self._run(lambda: self._synth.codes.heard(float(seconds)))
        if latents.shape[1] < COLUMN_HOPS:
            raise ControlError("less than a column of sound has played yet")
        sequence = encode_sequence(books, latents).single()
        self._run(lambda: self._synth.codes.replace(sequence))

    def go_on(self, seconds: float) -> None:
        """Let the prior go on from what was heard last. Raises ControlError."""
        place = self._synth.prior.place_after(self._run(lambda: self._synth.codes.heard(float(seconds))))
        self._run(lambda: self._synth.prior.go_on(*place))
        self._tell()
