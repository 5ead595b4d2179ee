"""`.distillcodes` files: a sequence of codes with what it needs to sound as it did.

The file is one safetensors part. Its text "distillcodes" is JSON: version, name, skeleton
(SHA-256 of the model's skeleton), books (SHA-256 of its codebooks; older files lack it), size,
levels, hops of a column, frames of the sound, tail. Its arrays are codes [levels, C], residual
[D, 4 * C] and lead [D, n], the latents before the sound.

Version 1 kept the residual in single precision and no tail.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.codes import CODES_SUFFIX
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.sequence import MOST_COLUMNS, CodeSequence
from distill_engine.codes.sizes import LEVELS, SIZES
from distill_engine.errors import CodesError, DistillError
from distill_engine.modelfile.tensors import Part, check_finite, decode, encode, parse_json
from distill_engine.system.atomic_write import folder_lock, replacing, write_advice, write_all
from distill_engine.system.names import printable
from distill_engine.system.regular_files import NotRegularError, open_regular

VERSION = 2  # of the format
MOST_BYTES = 1 << 31  # of a file: nine hours with residuals of 96 dimensions
MOST_HEADER = 1 << 16  # bytes of a file that are left for its description
MOST_LEAD = 64  # latents before a sound
MOST_TAIL = 1 << 16  # samples: more than any hop
_KEY = "distillcodes"


@dataclass(frozen=True)
class CodeFile:
    """A sequence of codes of one model.

    Attributes:
        name: of the sound, for people.
        skeleton: SHA-256 (hex) of the model's skeleton.
        size: codes of a level.
        frames: of the sound; 4 * C less what fills the last column.
        sequence: the columns.
        lead: latents [D, n] before the sound, which bring the networks to where it begins.
        books: SHA-256 (hex) of the model's codebooks, "" where a file does not say.
        tail: samples of the sound after its last frame, less than a hop; they are silent.
    """

    name: str
    skeleton: str
    size: int
    frames: int
    sequence: CodeSequence
    lead: Float32Array
    books: str = ""
    tail: int = 0

    def check(self, books: Codebooks, skeleton: str, where: str) -> None:
        """Raise CodesError, beginning with `where`, unless the codes are of this model's books."""
        if skeleton != self.skeleton:
            raise CodesError(f"{where} was made with another model: encode its sound with this one")
        if self.size != books.size:
            raise CodesError(f"{where} has {self.size} codes a level, the model {books.size}: encode its sound again")
        books.check(self.sequence.codes, where)
        if self.books and self.books != books.digest:
            raise CodesError(f"{where} was made with other codes than the model has now: encode its sound again")


def save_codes(path: Path, file: CodeFile) -> None:
    """Write a file, replacing any at `path`.

    Raises CodesError if the disk refuses, and for more than can be read again.
    """
    columns, levels = file.sequence.columns, int(file.sequence.codes.shape[0])
    if columns * (2 * levels + 8 * COLUMN_HOPS * len(file.lead)) > MOST_BYTES - MOST_HEADER:
        raise CodesError(
            f"{path}: {columns} columns would take more than the {MOST_BYTES / 1e9:.1f} GB of a file: "
            "shorten the sequence"
        )
    about = {
        "version": VERSION,
        "name": file.name,
        "skeleton": file.skeleton,
        "books": file.books,
        "size": file.size,
        "levels": levels,
        "column_hops": COLUMN_HOPS,
        "frames": file.frames,
        "tail": file.tail,
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "codes": file.sequence.codes.astype(np.uint16),
        "residual": file.sequence.residual.astype(np.float64),
        "lead": file.lead.astype(np.float32),
    }
    chunks = encode(Part(arrays, {_KEY: json.dumps(about, ensure_ascii=False)}), str(path))
    try:
        with folder_lock(path.parent), replacing(path) as target:
            for chunk in chunks:
                write_all(target, chunk)
    except OSError as error:
        raise CodesError(f"{path}: cannot be saved, {write_advice(error, path)}") from error


def load_codes(path: Path) -> CodeFile:
    """Read a file. Raises CodesError if it is missing, damaged, hostile or too new."""
    try:
        with open_regular(path) as file:
            data = bytearray(file.read(MOST_BYTES + 1))
    except NotRegularError:
        raise CodesError(f"{path}: is not a file: give the path of a {CODES_SUFFIX} file") from None
    except FileNotFoundError:
        raise CodesError(f"{path}: no such file: `distill codes encode` makes one") from None
    except OSError as error:
        raise CodesError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(data) > MOST_BYTES:
        raise CodesError(f"{path}: more than {MOST_BYTES / 1e9:.1f} GB: no file of codes")
    try:
        part = decode(data, str(path))
        check_finite(part.arrays, str(path))
        about = parse_json(part.metadata.get(_KEY, "null").encode(), str(path))
    except DistillError as error:
        raise CodesError(
            f"{path}: is no file of codes, or damaged ({_reason(error, path)}): encode the sound again"
        ) from None
    return _file(part, about, path)


def _reason(error: DistillError, path: Path) -> str:
    return str(error).removeprefix(f"{path}: ")[:200]


def _file(part: Part, about: Any, path: Path) -> CodeFile:
    """Return the file of a part and its description. Raises CodesError."""
    damaged = CodesError(f"{path}: is no file of codes, or damaged: encode the sound again")
    if not isinstance(about, dict) or type(about.get("version")) is not int:
        raise damaged
    if about["version"] > VERSION:
        raise CodesError(f"{path}: format version {about['version']}, this Distill reads {VERSION}: update Distill")
    codes, residual, lead = (part.arrays.get(name) for name in ("codes", "residual", "lead"))
    name, skeleton, size, frames = (about.get(key) for key in ("name", "skeleton", "size", "frames"))
    books, tail = about.get("books", ""), about.get("tail", 0)
    if codes is None or residual is None or lead is None or codes.ndim != 2 or about.get("column_hops") != COLUMN_HOPS:
        raise damaged
    columns = codes.shape[1]
    if not (isinstance(name, str) and isinstance(skeleton, str) and isinstance(books, str)):
        raise damaged
    if size not in SIZES or type(frames) is not int or type(tail) is not int or not 0 <= tail < MOST_TAIL:
        raise damaged
    if codes.shape[0] not in LEVELS or about.get("levels") != codes.shape[0]:
        raise CodesError(f"{path}: {codes.shape[0]} levels of codes; there are 2 to 4")
    if columns > MOST_COLUMNS:
        raise CodesError(f"{path}: {columns} columns of codes, at most {MOST_COLUMNS}: encode a shorter sound")
    if not columns or not COLUMN_HOPS * (columns - 1) < frames <= COLUMN_HOPS * columns:
        raise CodesError(f"{path}: {columns} columns for {frames} frames: damaged, encode the sound again")
    fits = residual.ndim == lead.ndim == 2 and residual.shape == (len(lead), COLUMN_HOPS * columns)
    if not fits or lead.shape[1] > MOST_LEAD or codes.dtype.kind not in "iu":
        raise damaged
    sequence = CodeSequence(codes.astype(np.int64), residual.astype(np.float64))
    return CodeFile(printable(name, 120), skeleton, int(size), frames, sequence, lead.astype(np.float32), books, tail)
