"""Files of codes: read back as written, and refused in one sentence when they are anything else."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import fit_projection
from distill_engine.codes.sequence import CodeSequence
from distill_engine.errors import CodesError
from distill_engine.modelfile.code_file import CodeFile, load_codes, save_codes
from distill_engine.modelfile.tensors import Part, encode

RNG = np.random.default_rng(0)
FILE = CodeFile(
    "Säge 7",
    "ab" * 32,
    64,
    38,
    CodeSequence(RNG.integers(0, 64, (3, 10)), RNG.standard_normal((4, 40))),
    RNG.standard_normal((4, 8)).astype(np.float32),
    tail=300,
)
ABOUT: dict[str, object] = {
    "version": 1,
    "name": "x",
    "skeleton": "ab",
    "size": 64,
    "levels": 3,
    "column_hops": 4,
    "frames": 38,
}
ARRAYS: dict[str, np.ndarray] = {
    "codes": np.zeros((3, 10), np.uint16),
    "residual": np.zeros((4, 40), np.float32),
    "lead": np.zeros((4, 8), np.float32),
}


def written(path: Path, about: object = ABOUT, **arrays: np.ndarray) -> Path:
    part = Part({**ARRAYS, **arrays}, {"distillcodes": json.dumps(about)})
    path.write_bytes(b"".join(bytes(chunk) for chunk in encode(part, "it")))
    return path


def test_what_was_saved_is_read(tmp_path):
    save_codes(tmp_path / "x.distillcodes", FILE)
    found = load_codes(tmp_path / "x.distillcodes")
    for field in ("name", "skeleton", "size", "frames", "tail"):
        assert getattr(found, field) == getattr(FILE, field)
    assert np.array_equal(found.sequence.codes, FILE.sequence.codes)
    assert np.array_equal(found.sequence.residual, FILE.sequence.residual)
    assert np.array_equal(found.lead, FILE.lead)


def test_what_could_not_be_read_again_is_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr("distill_engine.modelfile.code_file.MOST_BYTES", (1 << 16) + 1000)
    with pytest.raises(CodesError, match=r"10 columns would take more than the .* of a file: shorten the sequence"):
        save_codes(tmp_path / "x.distillcodes", FILE)
    assert not (tmp_path / "x.distillcodes").exists()


@pytest.mark.parametrize(
    ("about", "arrays", "words"),
    [
        (ABOUT | {"version": 3}, {}, "update Distill"),
        (ABOUT | {"version": "1"}, {}, "damaged"),
        ([], {}, "damaged"),
        (ABOUT | {"size": 65}, {}, "damaged"),
        (ABOUT | {"tail": -1}, {}, "damaged"),
        (ABOUT | {"tail": 1 << 20}, {}, "damaged"),
        (ABOUT | {"tail": "1"}, {}, "damaged"),
        (ABOUT | {"levels": 2}, {}, "3 levels of codes"),
        (ABOUT | {"frames": 41}, {}, "10 columns for 41 frames"),
        (ABOUT | {"frames": 36}, {}, "10 columns for 36 frames"),
        (ABOUT | {"column_hops": 8}, {}, "damaged"),
        (ABOUT, {"residual": np.zeros((4, 36), np.float32)}, "damaged"),
        (ABOUT, {"residual": np.full((4, 40), np.nan, np.float32)}, "damaged"),
        (ABOUT, {"lead": np.zeros((4, 65), np.float32)}, "damaged"),
        (ABOUT | {"levels": 5}, {"codes": np.zeros((5, 10), np.uint16)}, "there are 2 to 4"),
        (ABOUT | {"levels": 1}, {"codes": np.zeros((1, 10), np.uint16)}, "there are 2 to 4"),
        (ABOUT | {"frames": 0}, {"codes": np.zeros((3, 0), np.uint16)}, "0 columns"),
        (ABOUT | {"frames": 4 * 10**7}, {"codes": np.zeros((3, 10**7), np.uint8)}, "10000000 columns"),
    ],
)
def test_anything_else_is_refused(tmp_path, about, arrays, words):
    with pytest.raises(CodesError, match=words):
        load_codes(written(tmp_path / "x.distillcodes", about, **arrays))


def test_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "x.distillcodes"
    with pytest.raises(CodesError, match="no such file"):
        load_codes(path)
    with pytest.raises(CodesError, match="not a file"):
        load_codes(tmp_path)
    for data in (b"", b"\0" * 50, b"RIFF....WAVE", (1 << 40).to_bytes(8, "little") + b"{}"):
        path.write_bytes(data)
        with pytest.raises(CodesError, match="no file of codes"):
            load_codes(path)
    save_codes(path, FILE)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CodesError, match="no file of codes"):
        load_codes(path)


def test_codes_of_another_model_are_refused():
    books = Codebooks(
        fit_projection(RNG.standard_normal((16, 50))), np.zeros((3, 64, 16), np.float32), np.ones(4, np.float32)
    )
    FILE.check(books, FILE.skeleton, "it")
    with pytest.raises(CodesError, match="another model"):
        FILE.check(books, "cd" * 32, "it")
    with pytest.raises(CodesError, match="64 codes a level, the model 128"):
        FILE.check(replace(books, books=np.zeros((3, 128, 16), np.float32)), FILE.skeleton, "it")
    with pytest.raises(CodesError, match="3 levels of codes, the model 2"):
        FILE.check(replace(books, books=np.zeros((2, 64, 16), np.float32)), FILE.skeleton, "it")
