"""`distill render`: finished sounds, stems, slices, the sidecar, and what excludes what."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from distill_control.cli.main import main
from distill_engine.audio.measuring.loudness import loudness_lufs
from distill_engine.library.assets import starter_path
from distill_engine.synthesis.instrument import prepare_instrument


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _render(model: Path, *words: str, output: str = "out.wav") -> None:
    assert main(["render", str(model), "-o", output, "--duration", "2", *words]) == 0


@pytest.mark.parametrize("rate", [48000, 96000])
def test_loudness_rate_tags_and_sidecar(tiny_model, rate, capsys):
    _render(
        tiny_model, "--lufs", "-20", "--sample-rate", str(rate), "--tag", "title=Rain", "--sidecar", "--fade-out", "0.5"
    )
    sound, found = soundfile.read("out.wav", dtype="float32")
    assert (sound.shape, found) == ((2 * rate, 2), rate)
    assert loudness_lufs(sound.T, rate) == pytest.approx(-20.0, abs=0.2)
    assert soundfile.SoundFile("out.wav").title == "Rain"
    told = json.loads(Path("out.wav.json").read_text())
    assert told["settings"]["lufs"] == -20.0
    assert told["result"]["sample_rate"] == rate
    assert "LUFS" in capsys.readouterr().out


def test_stems_have_one_length_and_add_up(tiny_model, make_tiny_model):
    other = make_tiny_model(name="other", seed=5)
    blend = ["--blend", f"{other}=0.5", "--bit-depth", "32f"]
    _render(tiny_model, *blend, "--stems", output="stems")
    _render(tiny_model, *blend)
    stems = [soundfile.read(path)[0] for path in sorted(Path("stems").glob("*.wav"))]
    assert len(stems) == 2
    assert np.abs(sum(stems) - soundfile.read("out.wav")[0]).max() < 1e-5


def test_control_stems_are_the_dry_sound_and_each_control_alone(tiny_model, capsys):
    exact = ["--bit-depth", "32f", "--seed", "3"]
    moved = ["--control", "brightness=1", "--set", "control/2=-0.8"]
    _render(starter_path(), *exact, *moved, "--control-stems", output="of-controls")
    dry, bright, second = sorted(Path("of-controls").glob("*.wav"))
    name = prepare_instrument(starter_path()).control_names[2]
    assert [path.name for path in (dry, bright, second)] == [
        f"of-controls-{end}.wav" for end in ("001-dry", "002-brightness", f"003-{name}")
    ]
    _render(starter_path(), *exact)
    assert np.array_equal(soundfile.read("out.wav")[0], soundfile.read(dry)[0])
    _render(starter_path(), *exact, "--control", "brightness=1")
    assert np.array_equal(soundfile.read("out.wav")[0], soundfile.read(bright)[0])
    assert soundfile.info(second).frames == soundfile.info(dry).frames
    assert not np.array_equal(soundfile.read(second)[0], soundfile.read(dry)[0])
    assert main(["history", "again", "of-controls", "-o", "again"]) == 0
    assert Path("again/again-002-brightness.wav").read_bytes() == bright.read_bytes()
    capsys.readouterr()
    assert main(["render", str(tiny_model), "-o", "none", "--control-stems"]) == 1
    assert "no control moves here" in capsys.readouterr().err


def test_slices_open_in_samplers(tiny_model):
    _render(tiny_model, "--slices", "--format", "flac", output="kit")
    files = sorted(Path("kit").glob("*.flac"))
    assert files
    preset = Path("kit/kit.sfz").read_text()
    samples = ElementTree.parse("kit/kit.dspreset").getroot().iter("sample")
    assert [sample.get("path") for sample in samples] == [path.name for path in files]
    assert all(f"sample={path.name} key={36 + number}" in preset for number, path in enumerate(files))


def test_a_format_without_loop_points_is_named(tiny_model, capsys):
    _render(tiny_model, "--loop", output="out.flac")
    assert "flac holds no loop points" in capsys.readouterr().out
    _render(tiny_model, "--loop", output="out.aiff")
    assert "holds no" not in capsys.readouterr().out


def test_a_binaural_render_and_one_for_four_loudspeakers(tiny_model):
    _render(tiny_model, "--space", "binaural", "--set", "space/azimuth/0=90", "--width", "0")
    left, right = np.square(soundfile.read("out.wav")[0]).mean(axis=0)
    assert right > 3 * left
    _render(tiny_model, "--space", "ambisonic")
    assert soundfile.info("out.wav").channels == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--loop", "--fade-in", "1"), "no beginning and no end"),
        (("--quality", "0.5"), "wav has no --quality"),
        (("--stems",), "names a file"),
        (("--stems", "--space", "ambisonic", "-o", "folder"), "mixes all slots"),
        (("--tag", "a=b", "--tag", f"x={'y' * 50000}"), "40000 at most"),
    ],
)
def test_what_excludes_what_is_said_in_one_line(tiny_model, words, said, capsys):
    assert main(["render", str(tiny_model), "-o", "out.wav", "--duration", "0.5", *words]) == 1
    told = capsys.readouterr().err.strip()
    assert said in told.replace("\n", " ")
    assert "Traceback" not in told
    assert not Path("out.wav").exists()
