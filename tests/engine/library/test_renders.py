"""The store of what was rendered, and of notes on models."""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from distill_control.cli.history.view import row
from distill_engine.errors import AudioFileError, LibraryError
from distill_engine.library import renders
from distill_engine.library.history.identities import clock_went_back
from distill_engine.library.history.limit import drop_sounds, limit_bytes, sound_sizes
from distill_engine.library.history.listening import listen, samples_digest
from distill_engine.library.history.search import Wanted, day, matching
from distill_engine.library.model_notes import ModelNotes, name_levels, read_notes, write_notes
from distill_engine.library.pictures import outline, png
from distill_engine.library.renders import RenderStore
from distill_engine.system import atomic_write
from distill_engine.system.atomic_write import write_file
from distill_engine.system.portable.files import sync_file

MADE = {"command": ["distill", "render", "birds"], "model": {"name": "birds", "digest": "ab"}, "seed": 7}


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    samples = 0.5 * np.sin(np.arange(22050) * 0.1)
    soundfile.write(tmp_path / "made.wav", np.stack([samples, -samples], 1), 44100)
    return tmp_path / "made.wav"


@pytest.fixture
def store(tmp_path: Path) -> RenderStore:
    return RenderStore(tmp_path / "renders")


def test_an_entry_holds_the_sound_how_it_was_made_and_pictures(store: RenderStore, sound: Path) -> None:
    entry = store.add(sound, "owl  at\ndusk", MADE)
    assert (entry.title, entry.seconds, entry.starred) == ("owl at dusk", 0.5, False)
    assert {**entry.made, **MADE} == entry.made
    assert entry.made["figures"]["quality"]["peak_db"] == pytest.approx(-6.02, abs=0.01)
    assert entry.made["output"] == {"path": str(sound), "keep": "copy"}
    assert entry.made["samples"] == samples_digest(sound)
    assert store.entries() == [entry] == [store.get(entry.id)]
    assert store.sound(entry.id).read_bytes() == sound.read_bytes()
    folder = store.folder(entry.id)
    low, high = json.loads((folder / "outline.json").read_text())
    assert len(low) == len(high) == 600
    assert min(low) == -64
    assert max(high) == 64
    assert (folder / "spectrogram.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in folder.iterdir()) == [
        "outline.json", "render.json", "sound.wav", "spectrogram.png",
    ]  # fmt: skip


def test_what_a_killed_process_has_left_is_deleted_later(store: RenderStore, sound: Path) -> None:
    old, new = (store.root / f".20260101-000000-{tail}" for tail in ("aaaaaa", "bbbbbb-cccccc"))
    for folder in (old, new, store.root / ".mine"):
        folder.mkdir(parents=True)
        (folder / "sound.wav").touch()
    for folder in (old, store.root / ".mine"):
        os.utime(folder, (0, 0))
    store.add(sound, "a", MADE)
    assert (old.exists(), new.exists(), (store.root / ".mine").exists()) == (False, True, True)


@pytest.mark.parametrize(
    ("keep", "stays", "kept"),
    [("move", False, True), ("link", True, True), ("path", True, True), ("none", True, False)],
)
def test_the_sound_is_kept_as_asked(store: RenderStore, sound: Path, keep, stays, kept) -> None:
    entry = store.add(sound, "a", MADE, keep)
    assert sound.exists() == stays
    if kept:
        assert soundfile.info(store.sound(entry.id)).frames == 22050
        assert keep != "link" or store.sound(entry.id).samefile(sound)
    else:
        with pytest.raises(LibraryError, match="no longer kept"):
            store.sound(entry.id)


def test_a_file_that_is_gone_is_named(store: RenderStore, sound: Path) -> None:
    entry = store.add(sound, "a", MADE, "path")
    sound.unlink()
    with pytest.raises(LibraryError, match=r"made\.wav is gone: `distill history again`"):
        store.sound(entry.id)


def test_an_entry_is_found_by_its_id_its_end_its_name_or_as_the_last(store: RenderStore, sound: Path) -> None:
    first, second = store.add(sound, "Dämmerung", MADE), store.add(sound, "b", MADE)
    store.add(sound, "b", MADE)
    keys = (first.id, first.id[-6:], "da\u0308mmerung")
    assert [store.find(key).id for key in keys] == [first.id] * 3
    assert store.find("last").id == store.entries()[0].id
    with pytest.raises(LibraryError, match="2 renders are called 'b'"):
        store.find("b")
    with pytest.raises(LibraryError, match="distill history list"):
        store.find("../x")
    assert store.find(second.id) == second


def test_the_oldest_sounds_without_a_star_go_first_and_their_entries_stay(store: RenderStore, sound: Path) -> None:
    made = [store.add(sound, str(number), MADE).id for number in range(4)]
    for number, identity in enumerate(made):  # one a second
        store.folder(identity).rename(store.folder(f"2026112{number}-000000-{identity[-6:]}"))
    made = sorted(path.name for path in store.root.iterdir())
    store.change(made[0], starred=True)
    size = sound.stat().st_size
    dropped = drop_sounds(store, 2 * size, spare=made[1])
    assert [entry.id for entry in dropped.entries] == made[2:]
    assert dropped.size == 2 * size
    assert [path.parent.name for path in sound_sizes(store)] == made[:2]
    assert len(store.entries()) == 4
    with pytest.raises(LibraryError, match="no longer kept"):
        store.sound(made[2])
    assert drop_sounds(store, 0, spare=made[1]).entries == ()


@pytest.mark.parametrize("text", ["five", "-1", "nan", "1e99"])
def test_the_limit_is_a_number_of_gigabytes(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HISTORY_GB", "0.5")
    assert limit_bytes() == 500_000_000
    monkeypatch.setenv("DISTILL_HISTORY_GB", text)
    with pytest.raises(LibraryError, match="number of gigabytes"):
        limit_bytes()


def test_entries_are_found_by_words_model_vocoder_day_and_star(store: RenderStore, sound: Path) -> None:
    owl = store.add(sound, "Eule im Wald", {**MADE, "vocoder": {"name": "vocos"}})
    store.add(
        sound,
        "rain",
        {
            "model": {"name": "weather"},
            "vocoder": {"name": "hifigan"},
            "command": ["distill", "render", "--take", "evening"],
        },
    )
    store.change(owl.id, starred=True)
    entries, today = store.entries(), day("today")
    wants = [
        Wanted("WALD eule"), Wanted(model="bird"), Wanted(vocoder="VOCOS"), Wanted(starred=True),
        Wanted("evening"), Wanted(since=today, until=today), Wanted(until=day("yesterday")), Wanted("eule rain"),
    ]  # fmt: skip
    assert [len(matching(entries, wanted)) for wanted in wants] == [1, 1, 1, 1, 1, 2, 0, 0]
    with pytest.raises(LibraryError, match="is no day"):
        day("last week")


def test_a_long_sound_is_heard_in_stretches(tmp_path: Path) -> None:
    """Its picture and figures come from blocks, so a day of sound needs no day of memory."""
    rate, half = 44100, 44100 * 8
    loud = (0.5 * np.sin(np.arange(half) * 0.3)).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", np.concatenate([loud, np.zeros(half, np.float32)]), rate)
    heard = listen(tmp_path / "long.wav")
    assert heard.seconds == 16.0
    assert min(heard.outline[1][:300]) == 63
    assert heard.outline[1][301:] == [0] * 299
    assert heard.quality.silent == pytest.approx(0.5, abs=0.01)
    assert heard.digest == samples_digest(tmp_path / "long.wav")


def test_names_and_stars_stay_and_the_newest_comes_first(store: RenderStore, sound: Path) -> None:
    first, second = store.add(sound, "one", MADE), store.add(sound, "two", MADE)
    store.change(first.id, title="Käuzchen 梟", starred=True)
    changed = RenderStore(store.root).entries()
    assert [(entry.title, entry.starred) for entry in changed] == [("two", False), ("Käuzchen 梟", True)]
    for title in ("", "  ", "x" * 201):
        with pytest.raises(LibraryError, match="1 to 200 characters"):
            store.change(first.id, title=title)
    store.delete(second.id)
    assert [entry.id for entry in store.entries()] == [first.id]
    assert [path.name for path in store.root.iterdir()] == [first.id]


@pytest.mark.parametrize("identity", ["", "..", "../..", "20261128-140000-abcdef", "a/b", ".", "x" * 5000])
def test_only_its_own_entries_are_reached(store: RenderStore, sound: Path, identity: str) -> None:
    store.add(sound, "one", MADE)
    for act in (store.get, store.sound, store.delete, store.change):
        with pytest.raises(LibraryError, match="no render"):
            act(identity)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "cannot be read"),
        ("[1]", "cannot be read"),
        ('{"version": 9}', "newer Distill"),
        ('{"version": 1, "odd": 2}', "cannot be read"),
        ('{"version": 1, "title": 3}', "title is 3"),
        ('{"version": 1, "created": []}', "created is"),
        ('{"version": 1, "seconds": "x"}', "seconds is 'x'"),
        ('{"version": 1, "starred": "no"}', "starred is"),
        ('{"version": 1, "made": []}', "made is"),
        ('{"version": 1, "made": {"model": 3}}', "model is 3"),
        ('{"version": 1, "made": {"figures": {"quality": "good"}}}', "quality is"),
        ('{"version": 1, "made": {"command": "render"}}', "command is"),
    ],
)
def test_a_damaged_entry_is_listed_with_its_fault_and_can_be_deleted(
    store: RenderStore, sound: Path, text, fault
) -> None:
    good, bad = store.add(sound, "good", MADE), store.add(sound, "bad", MADE)
    (store.folder(bad.id) / "render.json").write_text(text)
    assert {entry.id: fault in entry.fault for entry in store.entries()} == {good.id: False, bad.id: True}
    assert {row(entry)["id"] for entry in store.entries()} == {good.id, bad.id}
    with pytest.raises(LibraryError, match=fault):
        store.get(bad.id)
    store.delete(bad.id)
    assert len(store.entries()) == 1


def test_an_entry_names_no_file_outside_its_folder(store: RenderStore, sound: Path) -> None:
    entry = store.add(sound, "one", MADE)
    table = store.folder(entry.id) / "render.json"
    table.write_text(json.dumps({**json.loads(table.read_text()), "sound": "../../made.wav"}))
    with pytest.raises(LibraryError, match="no longer kept"):
        store.sound(entry.id)


def test_what_fails_leaves_nothing_behind(store: RenderStore, sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sound.parent / "no.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioFileError):
        store.add(sound.parent / "no.wav", "a", MADE)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(renders, "copy_file", full)
    with pytest.raises(LibraryError, match="the disk is full"):
        store.add(sound, "a", MADE, "move")
    assert store.entries() == []
    assert list(store.root.iterdir()) == []
    assert sound.exists()


def test_an_outline_never_has_more_columns_than_samples() -> None:
    assert outline(np.zeros((1, 0), np.float32)) == [[], []]
    assert outline(np.array([[0.5, -1.0, 2.0]], np.float32), 600) == [[64, -127, 127]] * 2
    assert outline(np.array([[0.0, 1.0, -1.0, 0.0]], np.float32), 2) == [[0, -127], [127, 0]]


def test_a_picture_holds_its_pixels() -> None:
    pixels = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    data = png(pixels)
    length = struct.unpack(">I", data[33:37])[0]
    lines = zlib.decompress(data[41 : 41 + length])
    assert np.array_equal(np.frombuffer(lines, np.uint8).reshape(2, 10)[:, 1:].reshape(2, 3, 3), pixels)


def test_notes_follow_the_digest_of_a_model(tmp_path: Path) -> None:
    digest = "ab" * 16
    assert read_notes(digest, tmp_path) == ModelNotes()
    kept = write_notes(digest, ["field", " field ", "夜  の", ""], "first try\n", tmp_path)
    assert kept == read_notes(digest, tmp_path) == ModelNotes(("field", "夜 の"), "first try")
    for tags, note in ((["x" * 65], ""), ([str(n) for n in range(51)], ""), ([], "x" * 10_001)):
        with pytest.raises(LibraryError, match="at most"):
            write_notes(digest, tags, note, tmp_path)
    assert read_notes(digest, tmp_path) == kept
    assert name_levels(digest, ["Gestalt", " 夕  Farbe "], tmp_path).levels == ("Gestalt", "夕 Farbe")
    assert write_notes(digest, [], "again", tmp_path) == ModelNotes((), "again", ("Gestalt", "夕 Farbe"))
    for names in ([""], ["x" * 65], ["a", "b", "c", "d", "e"]):
        with pytest.raises(LibraryError, match="a name of 1 to 64"):
            name_levels(digest, names, tmp_path)
    (tmp_path / f"{digest}.json").write_text("{")
    with pytest.raises(LibraryError, match="delete it"):
        read_notes(digest, tmp_path)
    with pytest.raises(LibraryError, match="no digest"):
        read_notes("../x", tmp_path)


def test_a_clock_that_went_back_leaves_the_order(
    store: RenderStore, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [datetime(2026, 11, 29, 12, tzinfo=UTC)]

    monkeypatch.setattr(renders, "datetime", SimpleNamespace(now=lambda zone: now[0]))
    made = [store.add(sound, "before", MADE)]
    for day_now in (1, 2):  # four weeks earlier
        now[0] = datetime(2026, 11, day_now, tzinfo=UTC)
        made.append(store.add(sound, f"after {day_now}", MADE))
    assert [clock_went_back(entry.id, entry.created) for entry in made] == [False, True, True]
    assert store.entries() == made[::-1]
    assert store.find("last") == made[2]
    assert [entry.title for entry in drop_sounds(store, 2 * sound.stat().st_size).entries] == ["before"]


def test_a_full_disk_can_be_freed_and_a_read_only_one_is_said(
    store: RenderStore, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = store.add(sound, "a", MADE)

    def full_while_it_is_there(path: Path, data: bytes) -> None:
        if (path.parent / "sound.wav").exists():
            raise OSError(errno.ENOSPC, "full")
        write_file(path, data)

    monkeypatch.setattr(renders, "write_file", full_while_it_is_there)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *args, **how: (_ for _ in ()).throw(OSError(errno.EROFS, "read-only")))
        with pytest.raises(LibraryError, match="cannot be deleted"):
            drop_sounds(store, 0)
    assert [one.id for one in drop_sounds(store, 0).entries] == [entry.id]
    assert store.get(entry.id).sound == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_an_entry_whose_table_is_a_pipe_holds_nothing_up(store: RenderStore, sound: Path) -> None:
    good, bad = store.add(sound, "good", MADE), store.add(sound, "bad", MADE)
    (store.folder(bad.id) / "render.json").unlink()
    os.mkfifo(store.folder(bad.id) / "render.json")
    assert {entry.id: "not a file" in entry.fault for entry in store.entries()} == {good.id: False, bad.id: True}


def test_a_sound_that_moves_is_on_the_disk_before_it_goes(
    store: RenderStore, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, size, flushed = sync_file, sound.stat().st_size, dict[int, bool]()

    def sync(descriptor: int) -> None:
        flushed[os.fstat(descriptor).st_size] = sound.exists()
        real(descriptor)

    monkeypatch.setattr(atomic_write, "sync_file", sync)
    entry = store.add(sound, "a", MADE, "move")
    kept = {path.name: path.stat().st_size for path in store.folder(entry.id).iterdir()}
    assert set(kept.values()) <= flushed.keys()
    assert flushed[size]
    assert not sound.exists()
