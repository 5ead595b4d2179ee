"""`distill render --count` and folders for resynth and analyse: the same bytes on any number of processes, nothing lost."""

import dataclasses
import json
import shutil
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from distill_control.cli.main import main
from distill_engine.library.assets import starter_path
from distill_engine.modelfile import ModelFile, update_model
from distill_engine.rendering.batches import pool
from distill_engine.rendering.batches.manifest import NAME, Manifest
from distill_engine.rendering.exporting.sampler import PRESET_SUFFIXES, write_presets

BATCH = ["render", "starter", "--duration", "0.1", "--seed", "5", "--vary", "brightness=-1:1", "--vary", "map/x=-1:1"]


def render(folder: Path, *words: str) -> int:
    return main([*BATCH, "-o", str(folder), *words])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(("kind", "count"), [("wav", 20), ("ogg", 3), ("opus", 3)])
def test_variations_are_the_same_bytes_on_one_and_two_processes(tmp_path: Path, kind: str, count: int) -> None:
    for workers in ("1", "2"):
        assert render(tmp_path / workers, "--count", str(count), "--workers", workers, "--format", kind) == 0
    one, two = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert one == two
    assert len(set(one.values())) == len(one) == count + len((NAME, *PRESET_SUFFIXES))


def test_a_batch_opens_in_samplers(tmp_path: Path) -> None:
    looped = ["--count", "2", "--workers", "1", "--format", "flac", "--loop", "--duration", "0.5"]
    assert render(tmp_path, *looped) == 0
    first = contents(tmp_path)
    regions = [line for line in (tmp_path / "starter.sfz").read_text().splitlines() if line.startswith("<region>")]
    samples = list(ElementTree.parse(tmp_path / "starter.dspreset").getroot().iter("sample"))
    for number, (region, sample) in enumerate(zip(regions, samples, strict=True)):
        name = f"starter-00000{5 + number}.flac"
        frames = soundfile.info(tmp_path / name).frames
        assert f"sample={name} key={36 + number}" in region
        assert f"loop_mode=loop_continuous loop_start={sample.get('loopStart')} loop_end={frames - 1}" in region
        assert (sample.get("path"), sample.get("rootNote")) == (name, str(36 + number))
        assert 0 < int(sample.get("loopStart", "")) < frames
    assert render(tmp_path, *looped, "--skip-existing") == 0
    assert contents(tmp_path) == first
    (said,) = write_presets(tmp_path, "many", [(tmp_path / f"{number}.wav", None) for number in range(93)])
    assert "map the first 92 of 93 files" in said


def test_a_line_of_the_manifest_makes_its_file_again(tmp_path: Path) -> None:
    assert render(tmp_path / "a", "--count", "2", "--workers", "1") == 0
    line = json.loads((tmp_path / "a" / NAME).read_text().splitlines()[1])
    words = [
        "render",
        line["model"].removesuffix(".distillgan"),
        "-o",
        str(tmp_path / "b"),
        "--count",
        "1",
        "--workers",
        "1",
    ]
    words += ["--seed", str(line["seed"]), "--duration", str(line["seconds"])]
    words += [word for name, value in line["controls"].items() for word in ("--control", f"{name}={value}")]
    words += [word for name, value in line["parameters"].items() for word in ("--set", f"{name}={value}")]
    assert main(words) == 0
    assert (tmp_path / "b" / line["file"]).read_bytes() == (tmp_path / "a" / line["file"]).read_bytes()


def test_skip_existing_makes_only_what_is_missing_or_was_made_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render(tmp_path, "--count", "4", "--workers", "1") == 0
    before = [NAME, *(path.name for path in tmp_path.glob("*.wav"))]
    made = contents(tmp_path)
    (tmp_path / "starter-000006.wav").unlink()
    (tmp_path / "starter-000007.wav").write_bytes(b"kept")
    capsys.readouterr()
    assert render(tmp_path, "--count", "4", "--workers", "1", "--skip-existing", "--json") == 0
    assert json.loads(capsys.readouterr().out)["skipped"] == 3
    assert (tmp_path / "starter-000007.wav").read_bytes() == b"kept"
    assert render(tmp_path, "--count", "4", "--workers", "1", "--gain", "-6", "--skip-existing", "--json") == 0
    assert json.loads(capsys.readouterr().out)["skipped"] == 0
    after = contents(tmp_path)
    assert set(after) == set(made)
    assert all(after[name] != made[name] for name in before)


def test_skip_existing_makes_anew_what_another_analysis_or_vocoder_made(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tmp_path / "tiny.distillgan", tmp_path / "out"
    shutil.copyfile(tiny_model, model)
    words = ["render", str(model), "-o", str(out), "--count", "2", "--duration", "0.1", "--workers", "1", "--json"]

    def made(*more: str) -> dict[str, Any]:
        assert main([*words, "--skip-existing", *more]) == 0
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {name: told[name] for name in ("skipped", "anew", "changed")}

    assert made() == {"skipped": 0, "anew": 0, "changed": []}
    line = json.loads((out / NAME).read_text().splitlines()[0])
    with ModelFile.open(model) as file:
        assert line["vocoder"] in ("vocos", "hifigan", "base vocos")
        assert len(line["vocoder_digest"]) == len(line["analysis_digest"]) == 64
        assert line["model_digest"] == file.digest
        manifest = file.manifest
    assert made() == {"skipped": 2, "anew": 0, "changed": []}
    assert made("--vocoder", "hifigan") == {"skipped": 0, "anew": 2, "changed": ["vocoder"]}
    update_model(model, manifest=dataclasses.replace(manifest, analysis={**manifest.analysis, "trim_db": -6.0}))
    assert made("--vocoder", "hifigan") == {"skipped": 0, "anew": 2, "changed": ["analysis"]}
    (out / NAME).unlink()
    assert made("--vocoder", "hifigan") == {"skipped": 0, "anew": 2, "changed": ["manifest"]}


def test_two_batches_into_one_folder_keep_each_others_lines(tmp_path: Path) -> None:
    one, two = Manifest(tmp_path), Manifest(tmp_path)
    one.add([{"file": "a.wav", "seed": 1}])
    two.add([{"file": "b.wav", "seed": 2}])
    one.save()
    two.save()
    one.add([{"file": "c.wav", "seed": 3}])
    one.save()
    assert [json.loads(line)["seed"] for line in (tmp_path / NAME).read_text().splitlines()] == [1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_another_quality_makes_another_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--count", "1", "--workers", "1", "--format", "ogg", "--skip-existing", "--json"]
    for quality, skipped in ((0.0, 0), (1.0, 0), (1.0, 1)):
        assert render(tmp_path, *words, "--quality", str(quality)) == 0
        assert json.loads(capsys.readouterr().out)["skipped"] == skipped
        assert json.loads((tmp_path / NAME).read_text())["quality"] == quality


def test_an_interrupted_batch_keeps_what_is_done_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole"
    assert render(whole, "--count", "3", "--workers", "1") == 0
    run = pool.Pool.run

    def broken_off(self: Any, job: Any, tasks: Any) -> Any:
        for number, done in enumerate(run(self, job, tasks)):
            yield done
            if number == 1:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pool.Pool, "run", broken_off)
        assert render(tmp_path / "part", "--count", "3", "--workers", "1") == 3
    assert "stopped: 2 of 3 files are done; the same command with --skip-existing goes on" in capsys.readouterr().err
    assert len(contents(tmp_path / "part")) == 3
    assert render(tmp_path / "part", "--count", "3", "--workers", "1", "--skip-existing") == 0
    assert contents(tmp_path / "part") == contents(whole)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--count", "0"], "0 is not above 0: give a number of files, such as 20"),
        (["--count", "1000000"], "1000000 is out of range: give a number of files up to 100000"),
        (["--count", "4", "--vary", "brightness=1"], "is not NAME=LOW:HIGH"),
        (["--count", "4", "--vary", "brightness=1:-1"], "LOW below HIGH"),
        (["--count", "5", "--grid"], "give --count 4, 9, 16"),
        (["--count", "4", "--vary", "warmth=-1:7"], "control warmth 7 is out of range"),
        (["--count", "4", "--vary", "shine=0:1", "--workers", "1"], "control 'shine': the model has"),
        (["--count", "4", "--input", "x.wav"], "leave --take, --input, --continue and --blend out"),
        (["--count", "4", "--stems"], "leave --stems, --control-stems, --slices and --sidecar out"),
        (["--count", "4", "--slices"], "leave --stems, --control-stems, --slices and --sidecar out"),
        (["--count", "4", "--sidecar"], "leave --stems, --control-stems, --slices and --sidecar out"),
        (["--workers", "2"], "need --count N"),
        (["--count", "100000", "--duration", "86400"], "MB are free"),
    ],
)
def test_what_cannot_be_rendered_is_refused_before_anything_is_computed(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = render(tmp_path / "out", *words)
    except SystemExit as error:
        code = int(str(error.code))
    assert code in (1, 2)
    err = capsys.readouterr().err
    assert reason in err
    assert err.startswith("error: ")
    assert not list((tmp_path / "out").glob("*.wav"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("no folder")
    assert render(tmp_path / "file" / "out", "--count", "2") == 1
    assert render(tmp_path / "file", "--count", "2") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("file" in line for line in lines)


def test_a_process_that_ends_by_itself_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="has ended by itself"):
        list(pool.Pool(2).run(Fatal(), [1, 2, 3]))


class Fatal:
    """A job whose processes end without a word."""

    def prepare(self) -> Any:
        import os

        os._exit(9)


def test_a_folder_of_recordings_is_resynthesised_and_what_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tone = 0.3 * np.sin(np.arange(8820) * 0.05)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    soundfile.write(tmp_path / "in" / "a.wav", tone, 44100)
    soundfile.write(tmp_path / "in" / "deep" / "b.flac", tone, 22050)
    (tmp_path / "in" / "c.wav").write_bytes(b"no sound at all")
    (tmp_path / "in" / "d.wav").symlink_to(tmp_path / "gone.wav")
    (tmp_path / "in" / "notes.bin").write_bytes(bytes(range(256)))
    words = ["resynth", "starter", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--workers", "1", "--json"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["files"] == 2
    assert set(json.loads(out)["left_out"]) == {"c.wav", "d.wav"}
    assert "c.wav" in err
    assert "d.wav: broken link" in err
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.wav")) == [
        "a.wav", "deep/b.wav",
    ]  # fmt: skip
    times = (tmp_path / "out" / "a.wav").stat().st_mtime_ns
    time.sleep(0.01)
    assert main([*words, "--skip-existing"]) == 0
    assert (tmp_path / "out" / "a.wav").stat().st_mtime_ns == times
    (tmp_path / "empty").mkdir()
    assert main(["resynth", "starter", str(tmp_path / "empty"), "-o", str(tmp_path / "out")]) == 1
    assert "holds no sound file" in capsys.readouterr().err


def test_a_folder_of_models_is_analysed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from distill_control.cli import analyse

    shutil.copy(starter_path(), tmp_path / "one.distillgan")
    (tmp_path / "two.distillgan").write_bytes(b"no model")
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(np.arange(44100) * 0.05), 44100)
    monkeypatch.setattr(analyse, "analyse_model", lambda path, corpus, options, as_json: {"path": path.name})
    assert main(["analyse", str(tmp_path), str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "left out:" in err
    assert "1 of 2 models could not be analysed" in err
    (tmp_path / "two.distillgan").unlink()
    assert main(["analyse", str(tmp_path), str(tmp_path), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out).values()) == [{"path": "one.distillgan"}]
