"""Whatever bytes a stranger puts into a file: it loads right or ends in one ModelFileError, and a flip never goes unseen."""

from __future__ import annotations

import json
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import Manifest, ModelFile, save_model
from distill_engine.modelfile.archive import END, MAX_MEMBERS, Member, directory, local_header
from distill_engine.modelfile.tensors import Part, decode, encode
from distill_engine.modelfile.verify import verify_file


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("small") / "m.distillgan"
    parts = {"model": {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, "training/model": {"n": np.array(3)}}
    save_model(path, Manifest("m", "vae", created="2026-01-01T00:00:00+00:00"), parts)
    return path.read_bytes()


def load(path: Path) -> dict[str, dict[str, np.ndarray]]:
    with ModelFile.open(path) as file:
        return {name: file.read_part(name) for name in file.parts}


def is_sound(path: Path) -> bool:
    """Whether verification finds nothing."""
    try:
        with ModelFile.open(path) as file:
            return all(finding.fault is None for finding in verify_file(file))
    except ModelFileError as error:
        return "\n" in str(error)


def refused(path: Path, data: bytes | bytearray, reason: str = ".") -> None:
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=reason):
        load(path)


def test_a_flip_of_any_byte_is_found_by_verification(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    path.write_bytes(small)
    assert is_sound(path)
    chance = random.Random(1)
    for position in range(len(small)):
        flipped = bytearray(small)
        flipped[position] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        assert not is_sound(path), position


def test_a_flip_in_a_part_is_found_on_loading_it(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    path.write_bytes(small)
    with ModelFile.open(path) as file:
        member = file.member("model")
    for position in range(member.offset, member.end):
        flipped = bytearray(small)
        flipped[position] ^= 0x10
        refused(path, flipped, "digest differs")


def test_every_truncation_and_extension_is_refused(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    for length in (*range(0, len(small), 5), *range(len(small) - 30, len(small))):
        refused(path, small[:length])
    for extra in (b"\0", b"PK", small):
        refused(path, small + extra)
        refused(path, extra + small)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Dear diary,\nthis is no model.\n", "is a text, not a .distillgan model"),
        (b"{}", "is a text"),
        ("Liebes Tagebuch, schön".encode(), "is a text"),
        (b"\x00\x01\x02\x03" * 40, "does not begin as a model file does"),
    ],
)
def test_other_files_of_its_name_are_not_called_truncated(tmp_path: Path, data: bytes, reason: str) -> None:
    refused(tmp_path / "m.distillgan", data, reason)


MUTATIONS = st.lists(
    st.tuples(st.sampled_from(["set", "insert", "delete", "copy"]), st.integers(0, 1 << 16), st.binary(max_size=12)),
    min_size=1,
    max_size=4,
)


def mutate(data: bytes, mutations: list[tuple[str, int, bytes]]) -> bytes:
    result = bytearray(data)
    for kind, number, piece in mutations:
        at = number % (len(result) + 1)
        if kind == "set":
            result[at : at + len(piece)] = piece
        elif kind == "insert":
            result[at:at] = piece
        elif kind == "delete":
            del result[at : at + 1 + len(piece)]
        else:
            result[at:at] = result[at // 2 : at // 2 + 46]
    return bytes(result)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=MUTATIONS)
def test_mutations_load_as_they_were_or_are_refused(
    small: bytes, tmp_path: Path, mutations: list[tuple[str, int, bytes]]
) -> None:
    path = tmp_path / "m.distillgan"
    changed = mutate(small, mutations)
    path.write_bytes(changed)
    if changed != small:
        assert not is_sound(path)
    try:
        parts = load(path)
    except ModelFileError:
        return
    assert np.array_equal(parts["model"]["w"], np.arange(6).reshape(2, 3))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300), magic=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x80\x04"]))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, magic: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.distillgan"
    refused(path, magic + data)


@settings(max_examples=300, deadline=None)
@given(mutations=MUTATIONS)
def test_mutated_safetensors_are_refused_or_bounded(mutations: list[tuple[str, int, bytes]]) -> None:
    data = b"".join(encode(Part({"w": np.ones((2, 3), np.float32), "n": np.array(1)}, {"k": "v"}), "x"))
    try:
        part = decode(bytearray(mutate(data, mutations)), "x")
    except ModelFileError:
        return
    assert sum(array.nbytes for array in part.arrays.values()) <= len(data) + 400


def rezip(path: Path, change: object) -> None:
    """A well-formed archive of the same contents, its rows changed by `change(archive, rows)`."""
    with zipfile.ZipFile(path) as archive:
        rows = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        change(archive, rows)  # type: ignore[operator]


def store(archive: zipfile.ZipFile, rows: dict[str, bytes], **fields: object) -> None:
    for name, data in rows.items():
        info = zipfile.ZipInfo(name)
        for key, value in fields.items():
            setattr(info, key, value)
        archive.writestr(info, data)


def test_an_archive_packed_by_another_tool_loads_but_is_not_verified(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    path.write_bytes(small)
    rezip(path, lambda archive, rows: store(archive, rows, date_time=(2026, 1, 2, 3, 4, 6)))
    assert np.array_equal(load(path)["model"]["w"], np.arange(6).reshape(2, 3))
    assert not is_sound(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a, r: store(a, r, compress_type=zipfile.ZIP_DEFLATED), "compressed"),
        (lambda a, r: store(a, r, external_attr=0o120777 << 16), "not a plain file"),
        (lambda a, r: store(a, r, external_attr=0o040755 << 16), "not a plain file"),
        (lambda a, r: store(a, r, extra=b"UT\x05\x00\x03abcd"), "not a plain file"),
        (lambda a, r: store(a, r, comment=b"hello"), "not a plain file"),
        (lambda a, r: store(a, {**r, "../../etc/cron.d/x": b""}), "not allowed"),
        (lambda a, r: store(a, {**r, "/etc/passwd": b""}), "not allowed"),
        (lambda a, r: store(a, {**r, "C:\\x": b""}), "not allowed"),
        (lambda a, r: store(a, {**r, "folder/": b""}), "not allowed"),
        (lambda a, r: store(a, {**r, "x" * 200: b""}), "members|not allowed"),
        (lambda a, r: store(a, {**r, "extra.safetensors": b""}), "not listed"),
        (lambda a, r: (store(a, r), store(a, r)), "one name"),
        (lambda a, r: store(a, {**r, **{f"n{i}": b"" for i in range(MAX_MEMBERS)}}), "at most"),
        (lambda a, r: store(a, {n: d for n, d in r.items() if n != "model.safetensors"}), "missing"),
        (lambda a, r: (store(a, r), setattr(a, "comment", b"x" * 300)), "truncated or damaged"),
    ],
)
def test_hostile_archives_are_refused(small: bytes, tmp_path: Path, change: object, reason: str) -> None:
    path = tmp_path / "m.distillgan"
    path.write_bytes(small)
    rezip(path, change)
    refused(path, path.read_bytes(), reason)


def test_a_deflated_bomb_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.distillgan"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"\0" * (64 << 20))
    assert path.stat().st_size < 1 << 20
    refused(path, path.read_bytes(), "compressed")


def test_encrypted_members_are_refused(small: bytes, tmp_path: Path) -> None:
    data = bytearray(small)
    data[data.index(b"PK\x01\x02") + 8] |= 1
    refused(tmp_path / "m", data, "encrypted")


def archive_of(members: list[tuple[Member, bytes]], rows: list[Member] | None = None) -> bytes:
    body = b"".join(local_header(member) + data for member, data in members)
    return body + directory(rows if rows is not None else [member for member, _ in members])


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    first = Member("manifest.json", 0, 40, 0)
    second = Member("model.safetensors", 0, 40, 0)
    refused(tmp_path / "m", archive_of([(first, b"x" * 40)], [first, second]), "overlaps|end record")
    data = bytearray(archive_of([(first, b"x" * 40)], [first, second]))
    data[-END.size :] = END.pack(b"PK\x05\x06", 0, 0, 2, 2, len(directory([first, second])) - END.size, first.end, 0)
    refused(tmp_path / "m", data, "overlaps")


@pytest.mark.parametrize("size", [0, 1, 41, 1 << 20, (1 << 32) - 200])
def test_sizes_that_lie_are_refused(tmp_path: Path, size: int) -> None:
    true, lying = Member("manifest.json", 0, 40, 0), Member("manifest.json", 0, size, 0)
    data = archive_of([(true, b"x" * 40)])
    for header in (
        local_header(lying) + data[true.offset :],
        data.replace(directory([true])[:60], directory([lying])[:60]),
    ):
        refused(tmp_path / "m", header)


def test_a_huge_count_is_refused_before_the_directory_is_read(tmp_path: Path) -> None:
    refused(tmp_path / "m", b"PK\x03\x04" + END.pack(b"PK\x05\x06", 0, 0, 65535, 65535, 4, 0, 0), "65535 members")


def safetensors(header: object, data: bytes = b"") -> bytearray:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return bytearray(struct.pack("<Q", len(text)) + text + data)


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 1 << 40),
        safetensors([]),
        safetensors(b"{"),
        safetensors(b"{" * 50_000),
        safetensors(b'{"a":1,"a":2}'),
        safetensors({"a": 1}),
        safetensors({"a": {}}),
        safetensors({"a": entry("F99")}, b"\0" * 8),
        safetensors({"a": entry(["F32"])}, b"\0" * 8),
        safetensors({"a": entry(shape=[3])}, b"\0" * 8),
        safetensors({"a": entry(shape=[-2])}, b"\0" * 8),
        safetensors({"a": entry(shape=[2.0])}, b"\0" * 8),
        safetensors({"a": entry(shape=[True, 2])}, b"\0" * 8),
        safetensors({"a": entry(shape="22")}, b"\0" * 8),
        safetensors({"a": entry(shape=[2] * 40, offsets=[0, 4 << 40])}, b"\0" * 8),
        safetensors({"a": entry(shape=[1 << 40, 1 << 40], offsets=[0, 8])}, b"\0" * 8),
        safetensors({"a": entry(shape=[0, 1 << 47, 1 << 47], offsets=[0, 0])}),
        safetensors({"a": entry(shape=[1 << 40, 0, 1 << 40], offsets=[0, 0])}),
        safetensors({"a": entry(offsets=[0])}, b"\0" * 8),
        safetensors({"a": entry(offsets=[8, 0])}, b"\0" * 8),
        safetensors({"a": entry(offsets=[8, 16])}, b"\0" * 16),
        safetensors({"a": entry()}, b"\0" * 7),
        safetensors({"a": entry()}, b"\0" * 9),
        safetensors({"a": entry(), "b": entry()}, b"\0" * 8),
        safetensors({"a": entry(shape=[0], offsets=[5, 5])}),
        safetensors({"__metadata__": 3}),
        safetensors({"__metadata__": {"a": 3}}),
        safetensors({"x" * 600: entry()}, b"\0" * 8),
    ],
)
def test_hostile_safetensors_are_refused(data: bytes) -> None:
    with pytest.raises(ModelFileError, match="part"):
        decode(bytearray(data), "part")
