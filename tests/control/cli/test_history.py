"""`distill history` as a user calls it: what was rendered is found, heard again, and made anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from rich.cells import cell_len

from distill_control.cli.main import main
from distill_engine.library.renders import RenderStore
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> Path:
    """A library with the model `tiny`; commands run in a folder beside it."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "models").mkdir(parents=True)
    shutil.copyfile(tiny_model, tmp_path / "home" / "models" / "tiny.distillgan")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json; return what it printed, or its error line."""

    def run(*words: object, code: int = 0) -> Any:
        assert main([*map(str, words), "--json"]) == code, capsys.readouterr().err
        said = capsys.readouterr()
        return json.loads(said.out) if code == 0 else said.err.strip().splitlines()[-1]

    return run


def render(run: Run, name: str, *options: object) -> dict[str, Any]:
    made: dict[str, Any] = run("render", "tiny", "-o", name, "--duration", 0.3, *options)
    return made


def test_a_render_leaves_an_entry_with_all_that_made_it(run: Run, home: Path) -> None:
    made = render(run, "a.wav", "--seed", 5, "--set", "source/rate=0.3")
    assert made["path"] == str(home.parent / "work" / "a.wav")
    assert made["quality"]["verdict"] in ("good", "look")
    shown = run("history", "show", made["entry"])
    how = shown["made"]
    assert (shown["title"], how["kind"], how["seed"]) == ("a", "render", 5)
    assert how["settings"]["parameters"] == {"/distill/source/rate": 0.3}
    assert how["model"]["name"] == "tiny"
    assert len(how["model"]["digest"]) == len(how["vocoder"]["digest"]) == 64
    assert how["command"][:3] == ["distill", "render", "tiny"]
    assert how["output"]["path"] == made["path"]
    assert Path(shown["lies"]).read_bytes() == (home.parent / "work" / "a.wav").read_bytes()
    assert sorted(path.name for path in Path(shown["folder"]).iterdir()) == [
        "outline.json", "render.json", "sound.wav", "spectrogram.png",
    ]  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--vocoder", "hifigan"), ("--bit-depth", "16"), ("--format", "flac")])
def test_again_makes_the_same_samples(run: Run, options: tuple[str, ...]) -> None:
    made = render(run, "a.wav", "--seed", 5, *options)
    again = run("history", "again", made["entry"])
    assert again["same_samples"] is True
    one, two = soundfile.read("a.wav")[0], soundfile.read(again["path"])[0]
    assert np.array_equal(one, two)
    assert [entry["title"] for entry in run("history", "list")["entries"]] == ["a again", "a"]


@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.opus", "a.mp3"])
def test_again_makes_the_same_bytes(run: Run, name: str) -> None:
    made = render(run, name, "--seed", 5)
    run("history", "again", made["entry"], "-o", f"again-{name}")
    assert Path(f"again-{name}").read_bytes() == Path(name).read_bytes()


def test_again_through_another_vocoder_or_with_another_seed(run: Run, home: Path) -> None:
    made = render(run, "a.wav")
    other = run("history", "again", made["entry"], "--vocoder", "hifigan", "-o", "b.wav")
    assert (other["same_samples"], other["path"]) == (None, "b.wav")
    assert run("history", "show", other["id"])["made"]["vocoder"]["name"] == "hifigan"
    assert run("history", "again", "b")["same_samples"] is True  # with what was asked for then
    third = run("history", "again", "a", "--seed", 9)
    assert (third["same_samples"], run("history", "show", third["id"])["title"]) == (None, "a with seed 9")
    assert run("history", "again", third["id"])["same_samples"] is True
    assert not np.array_equal(soundfile.read("a.wav")[0], soundfile.read("b.wav")[0])
    assert not [path for path in (home / "renders").iterdir() if path.name.startswith(".")]


def test_again_finds_a_model_that_was_moved_and_refuses_one_that_is_gone(run: Run, home: Path) -> None:
    made = render(run, "a.wav")
    model = home / "models" / "tiny.distillgan"
    moved = model.rename(model.with_name("another.distillgan"))
    assert run("history", "again", made["entry"])["same_samples"] is True
    moved.unlink()
    assert "distill model import" in run("history", "again", made["entry"], code=1)


def test_again_says_when_the_samples_are_not_those_of_then(run: Run) -> None:
    made = render(run, "a.wav")
    RenderStore().change(made["entry"], made={"samples": "0" * 64, "version": "0.0.1"})
    assert "the samples are not: it was made with Distill 0.0.1" in run("history", "again", made["entry"], code=1)


def test_a_recording_and_a_take_leave_entries_and_are_made_again(run: Run, home: Path) -> None:
    soundfile.write("in.wav", 0.1 * np.random.default_rng(0).standard_normal(22050), 44100)
    made = run("resynth", "tiny", "in.wav", "-o", "out.wav")
    assert run("history", "again", made["entry"])["same_samples"] is True
    assert "follows from a seed" in run("history", "again", made["entry"], "--seed", 3, code=1)
    synth = Synth(prepare_instrument(home / "models" / "tiny.distillgan", "vocos"), seed=3)
    (home / "recordings").mkdir()
    synth.start_take(home / "recordings" / "evening.take")
    synth.render(20)
    synth.stop_take()
    made = run("render", "tiny", "-o", "take.wav", "--take", "evening")  # by its name in the library
    assert made["made"]["take"]
    assert run("history", "again", made["entry"])["same_samples"] is True
    assert [entry["kind"] for entry in run("history", "list", "evening")["entries"]] == ["take", "take"]
    assert "no take nowhere" in run("render", "tiny", "-o", "b.wav", "--take", "nowhere", code=1)


def test_a_batch_leaves_one_entry_without_a_sound(run: Run) -> None:
    made = render(run, "many", "--count", 3, "--workers", 1, "--format", "ogg")
    shown = run("history", "show", made["entry"])
    assert shown["made"]["kind"] == "batch"
    assert shown["made"]["settings"]["count"] == 3
    assert shown["made"]["output"]["keep"] == "folder"
    assert "add -o DIR" in run("history", "again", made["entry"], code=1)
    assert run("history", "again", made["entry"], "-o", "more")["same_samples"] is True
    one, two = ({path.name: path.read_bytes() for path in Path(folder).iterdir()} for folder in ("many", "more"))
    assert len(one) == 6  # three sounds, the manifest, presets of two samplers
    assert one == two


def test_folders_are_made_again_and_checked(run: Run, home: Path) -> None:
    Path("in").mkdir()
    for name in ("one", "two"):
        render(run, f"in/{name}.wav", "--keep", "none")
    for made in (
        render(run, "parts", "--stems", "--blend", "tiny=0.5"),
        run("resynth", "tiny", "in", "-o", "through", "--workers", 1),
    ):
        entry = made["entry"]
        assert run("history", "again", entry, "-o", f"{entry}-b")["same_samples"] is True
        store = RenderStore()
        store.change(entry, made={"samples": "0" * 64})
        assert "the samples are not" in run("history", "again", entry, "-o", f"{entry}-c", code=1)
        assert store.get(run("history", "list")["entries"][0]["id"]).made["again"] == entry


@pytest.mark.parametrize("keep", ["copy", "link", "path", "none"])
def test_the_sound_is_kept_as_asked(run: Run, keep: str) -> None:
    made = render(run, "a.wav", "--keep", keep)
    shown = run("history", "show", made["entry"])
    assert bool(shown["lies"]) == (keep != "none")
    assert (Path(shown["folder"]) / "sound.wav").exists() == (keep in ("copy", "link"))
    assert run("history", "again", made["entry"])["same_samples"] is True
    Path("a.wav").unlink()
    shown = run("history", "show", made["entry"])
    assert bool(shown["lies"]) == (keep in ("copy", "link"))
    assert bool(shown["missing"]) != bool(shown["lies"])


def test_entries_are_named_marked_deleted_and_found(run: Run) -> None:
    first, second = render(run, "Käuzchen.wav"), render(run, "regen.wav", "--vocoder", "hifigan")
    run("history", "rename", first["entry"], "Eule")
    run("history", "star", "eule")
    found = [
        run("history", "list", *words)["found"]
        for words in (["EULE"], ["--starred"], ["--vocoder", "hifi"], ["--on", "today"], ["--until", "yesterday"])
    ]
    assert found == [1, 1, 1, 2, 0]
    run("history", "star", "eule", "--off")
    assert run("history", "list", "--starred")["found"] == 0
    run("history", "delete", second["entry"])
    assert [entry["title"] for entry in run("history", "list")["entries"]] == ["Eule"]
    assert "is no day" in run("history", "list", "--on", "friday", code=1)
    assert "no render 'nothing'" in run("history", "show", "nothing", code=1)


def test_the_oldest_sounds_go_when_the_history_is_full(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = render(run, "a.wav")
    monkeypatch.setenv("DISTILL_HISTORY_GB", "0.0001")
    assert main(["render", "tiny", "-o", "b.wav", "--duration", "0.3"]) == 0
    assert "note: 1 old sound left the history" in capsys.readouterr().err
    assert not run("history", "show", first["entry"])["lies"]
    assert run("history", "prune", "--gb", 0)["left_bytes"] == 0
    assert run("history", "list")["found"] == 2
    assert run("history", "again", first["entry"])["same_samples"] is True


def test_a_history_that_cannot_be_written_costs_no_render(
    run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "renders").write_text("in the way")
    assert main(["render", "tiny", "-o", "a.wav", "--duration", "0.3"]) == 0
    said = capsys.readouterr()
    assert "note: the history has no entry of a.wav" in said.err
    assert soundfile.info("a.wav").frames == 13230


def test_the_history_can_be_off(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HISTORY", "off")
    assert "entry" not in render(run, "a.wav")
    render(run, "many", "--count", 2, "--workers", 1)
    assert run("history", "list")["found"] == 0


def test_a_damaged_entry_is_listed_and_deleted_by_its_id(run: Run, home: Path) -> None:
    made = render(run, "a.wav")
    (home / "renders" / made["entry"] / "render.json").write_text("{")
    assert "cannot be read" in run("history", "list")["entries"][0]["fault"]
    run("history", "delete", made["entry"])
    assert run("history", "list")["found"] == 0


def test_play_says_where_the_file_is_where_nothing_can_play(run: Run) -> None:
    made = render(run, "a.wav")
    assert "sound" in run("history", "play", made["entry"], code=1)


def test_the_table_and_the_details_are_plain_words(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "list"]) == 0
    assert "nothing found" in capsys.readouterr().out
    made = render(run, "a.wav")
    assert main(["history", "list"]) == 0
    assert made["entry"][-6:] in capsys.readouterr().out
    assert main(["history", "show", "last"]) == 0
    text = capsys.readouterr().out
    for words in ("Written to", "Vocoder", "vocos", "LUFS", "distill render tiny"):
        assert words in text


def test_a_long_list_is_written_as_lines_with_the_same_words(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    store = RenderStore()
    for number in range(60):
        store.note(f"夜 {number}", {"model": {"name": "tiny"}, "kind": "batch", "output": {"keep": "folder"}})
    found = [entry.id[-6:] for entry in store.entries()]
    assert main(["history", "list", "--limit", "0"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    place = cell_len(head[: head.index("ID")])
    assert [line.split()[-1] for line in lines] == found
    assert {cell_len(line[: line.index(identity)]) for line, identity in zip(lines, found, strict=True)} == {place}


def test_a_sound_file_tells_model_settings_and_take(run: Run, home: Path) -> None:
    for name in ("a.wav", "b.flac", "c.mp3", "d.ogg", "e.opus", "f.aiff"):
        made = render(run, name, "--seed", 6)
        told = run("model", "info", name)
        assert told["by"] == "tags", name
        assert told["entry"]["made"]["seed"] == 6
        assert told["key"] == made["made"]["key"]
        assert told["model"] == str(home / "models" / "tiny.distillgan")
    for name in (
        "a.wav",
        "b.flac",
        "c.mp3",
        "d.ogg",
        "e.opus",
        "f.aiff",
        "g.caf",
    ):  # also beside a comment of one's own
        made = render(run, f"own-{name}", "--tag", "comment=夜", "--seed", 7)
        told = run("model", "info", f"own-{name}")
        assert (told["by"], told["key"], told["tags"]["comment"][:1]) == ("tags", made["made"]["key"], "夜"), name
        assert told["digest"] == made["made"]["model"]["digest"]
    both = [
        render(run, f"{name}.wav", "--seed", 9, *how) for name, how in (("plain", ()), ("faded", ("--fade-in", "0.1")))
    ]
    for name, one in zip(("plain", "faded"), both, strict=True):  # one performance, finished in two ways
        assert run("model", "info", f"{name}.wav")["entry"]["id"] == one["entry"]
    soundfile.write("bare.wav", soundfile.read("a.wav")[0], 44100, "PCM_24")  # the tags are lost, the samples are not
    assert run("model", "info", "bare.wav")["by"] == "samples"
    soundfile.write("other.wav", np.zeros(100), 44100)
    assert run("model", "info", "other.wav")["entry"] is None
    synth = Synth(prepare_instrument(home / "models" / "tiny.distillgan", "vocos"), seed=3)
    (home / "recordings").mkdir()
    synth.start_take(home / "recordings" / "evening.take")
    synth.render(20)
    synth.stop_take()
    run("render", "tiny", "-o", "take.wav", "--take", "evening")
    assert run("model", "info", "take.wav")["take"] == str(home / "recordings" / "evening.take")
    Path("text.wav").write_text("no sound")
    assert "text.wav" in run("model", "info", "text.wav", code=1)


def test_what_made_a_file_is_told_in_plain_words(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    made = render(run, "a.wav")
    assert main(["model", "info", "a.wav"]) == 0
    text = capsys.readouterr().out
    assert f"distill history again {made['entry']}" in text
    run("history", "delete", made["entry"])
    assert main(["model", "info", "a.wav"]) == 0
    assert "the history has no entry of it" in capsys.readouterr().out
    run("trash", "restore", "a")
    assert run("model", "info", "a.wav")["by"] == "tags"
    run("history", "delete", "a")
    assert [item["kind"] for item in run("trash", "list")] == ["render"]
    assert "add --yes" in run("trash", "empty", code=1)
    assert len(run("trash", "empty", "--yes")["deleted"]) == 1
