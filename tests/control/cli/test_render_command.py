"""`distill render` and `distill resynth` as a user calls them: exit codes, one-line errors, JSON, files."""

import argparse
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from distill_control.cli import render as command
from distill_control.cli.support.guard import guarded
from distill_control.cli.support.output import common_parser


@pytest.fixture
def distill():
    parser = argparse.ArgumentParser(prog="distill")
    command.register(parser.add_subparsers(required=True), common_parser())

    def run(*arguments: object) -> int:
        args = parser.parse_args([str(argument) for argument in arguments])
        return guarded(lambda: args.run(args))

    return run


def test_a_bare_render_makes_a_file_and_says_what_it_did(distill, tiny_model, tmp_path, capsys):
    assert distill("render", tiny_model, "-o", tmp_path / "a.wav", "--duration", 1) == 0
    assert soundfile.info(tmp_path / "a.wav").frames == 44100
    out = capsys.readouterr().out
    assert "a.wav" in out
    assert "vocoder vocos: the model's own" in out


def test_the_vocoder_is_named_in_words():
    reason = "the model has no vocoder of its own: the base vocos"
    assert command._vocoder_line("base vocos", reason) == (
        "played through the shipped vocoder (vocos): the model has no vocoder of its own"
    )
    assert command._vocoder_line("hifigan", "asked for") == "vocoder hifigan: asked for"


def test_json_for_programs(distill, tiny_model, tmp_path, capsys):
    code = distill(
        *("render", tiny_model, "-o", tmp_path / "a.flac", "--duration", 0.5, "--vocoder", "hifigan", "--json"),
        *("--latent", "2=1.5", "--set", "source/speed=0.5", "--source", "corpus", "--sample-rate", 48000),
    )
    assert code == 0
    said = capsys.readouterr()
    last = json.loads(said.err.splitlines()[-1])
    assert (last["event"], last["stage"], last["done"], last["total"]) == ("progress", "rendering", 0.5, 0.5)
    data = json.loads(said.out)
    assert data["vocoder"] == "hifigan"
    assert data["sample_rate"] == 48000
    assert data["seconds"] == 0.5


def test_resynth_of_a_recording(distill, tiny_model, tmp_path, capsys):
    soundfile.write(tmp_path / "in.wav", 0.1 * np.random.default_rng(0).standard_normal(22050), 22050)
    assert distill("resynth", tiny_model, tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--json") == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == pytest.approx(1.0, abs=0.01)
    assert distill("resynth", tiny_model, tmp_path / "in.wav", "-o", tmp_path / "mel.wav", "--mel-only") == 0
    assert soundfile.info(tmp_path / "mel.wav").duration == pytest.approx(1.0, abs=0.01)


def test_a_take_is_rendered(distill, tiny_model, tmp_path):
    from distill_engine.synthesis.instrument import prepare_instrument
    from distill_engine.synthesis.synth import Synth

    synth = Synth(prepare_instrument(tiny_model, "vocos"), seed=3)
    synth.start_take(tmp_path / "a.take")
    live = synth.render(30)
    synth.stop_take()
    code = distill("render", tiny_model, "-o", tmp_path / "a.wav", "--take", tmp_path / "a.take", "--bit-depth", "32f")
    assert code == 0
    sound, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert np.abs(sound.T - live).max() <= 1e-5
    assert (
        distill("render", tiny_model, "-o", tmp_path / "b.wav", "--take", tmp_path / "a.take", "--vocoder", "hifigan")
        == 0
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--duration", "1", "--control", "brightness=1"], "distill analyse"),
        (["--duration", "1", "--latent", "40=1"], "latents 0 to 7"),
        (["--duration", "1", "--set", "nothing=1"], "no parameter"),
        (["--take", "missing.take"], "there is no take missing.take"),
    ],
)
def test_what_cannot_be_done_is_one_line(distill, tiny_model, tmp_path, capsys, arguments, message):
    assert distill("render", tiny_model, "-o", tmp_path / "a.wav", *arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "a.wav").exists()


def test_the_output_is_never_the_input(distill, tiny_model, tmp_path, capsys):
    before = tiny_model.read_bytes()
    assert distill("render", tiny_model, "-o", tiny_model, "--format", "wav", "--duration", 1) == 1
    assert "another name" in capsys.readouterr().err
    assert tiny_model.read_bytes() == before


@pytest.mark.parametrize("arguments", [["--latent", "x=1"], ["--control", "loud"], ["--duration", "1", "--take", "a"]])
def test_wrong_usage_is_exit_code_two(distill, tiny_model, tmp_path, arguments):
    with pytest.raises(SystemExit) as stop:
        distill("render", tiny_model, "-o", tmp_path / "a.wav", *arguments)
    assert stop.value.code == 2


def test_a_pipe_that_somebody_reads_is_refused_and_stays(distill, tiny_model, tmp_path, capsys):
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert distill("render", tiny_model, "-o", pipe, "--duration", 0.1) == 1
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)
    said = capsys.readouterr().err.strip()
    assert (
        said
        == f"error: {pipe} could not be written: it is a pipe or a device, which cannot be replaced: give a file name"
    )
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_the_standard_output_is_refused_and_stays(tiny_model, tmp_path):
    words = ["render", tiny_model, "-o", "/dev/stdout", "--format", "wav", "--duration", "0.1"]
    before = os.lstat("/dev/stdout")
    run = subprocess.run(
        [sys.executable, "-m", "distill_control.cli.main", *map(str, words)],
        env={**os.environ, "DISTILL_HOME": str(tmp_path)}, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (1, b"")
    assert b"it is a pipe or a device, which cannot be replaced: give a file name" in run.stderr
    assert os.lstat("/dev/stdout").st_ino == before.st_ino
