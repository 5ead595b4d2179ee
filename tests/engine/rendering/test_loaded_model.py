"""`load_model`: whole signals through the file's graphs are what the torch networks give."""

import numpy as np
import pytest

from distill_engine import load_model
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.errors import LibraryError, VocoderError
from distill_engine.library.assets import starter_path
from distill_engine.rendering.render import RenderTarget
from distill_engine.rendering.resynth import resynth

SAMPLES = (0.2 * np.random.default_rng(0).standard_normal(30_000)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(tiny_model, vocoder="vocos")


def test_graphs_and_torch_agree_and_so_do_whole_and_streamed(model, tiny_model):
    import torch

    from distill_engine.modelfile import ModelFile
    from distill_engine.models.build import build_model

    with ModelFile.open(tiny_model) as file:
        part = file.read_part("model")
    network = build_model(dict(model.manifest.model)).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in part.items()})
    mel = mel_spectrogram(SAMPLES)
    with torch.no_grad():
        latents = network.encode(torch.from_numpy(mel)[None])[0].numpy()
    assert np.abs(model.encode(SAMPLES) - latents).max() < 1e-4
    other = load_model(tiny_model, vocoder="vocos", torch_device="cpu")
    for method in ("encode", "resynthesise", "copy_synthesise"):
        apart = getattr(model, method)(SAMPLES) - getattr(other, method)(SAMPLES)
        assert np.abs(apart).max() < 5e-4  # phases of noise carry a rounding for a few hops
        assert np.sqrt(np.square(apart).mean()) < 4e-5


def test_shapes_and_lengths(model):
    latents = model.encode(SAMPLES)
    assert latents.shape == (8, -(-(len(SAMPLES) // 512) // 4))
    assert model.decode(latents).shape == (128, 4 * latents.shape[1])
    for vocoder in ("vocos", "hifigan"):
        assert model.vocode(np.full((128, 10), -5.0, np.float32), vocoder).shape == (5120,)
        assert len(model.resynthesise(SAMPLES, vocoder)) == len(SAMPLES)


def test_the_vocoder_is_aligned_with_its_mel(model):
    """A click in the mel is heard where it is, whatever the vocoder's delay."""
    mel = np.full((128, 40), np.log(1e-5), np.float32)
    mel[:, 20] = 0.0
    energy = np.square(model.vocode(mel, "vocos")).reshape(40, 512).sum(axis=1)
    assert 19 <= int(energy.argmax()) <= 21


def test_what_a_file_begins_with_sets_in_there():
    """A stroke that rises within 4.5 ms: no burst before it, as there is if the sound is taken to have gone on before the file."""
    rise = 200
    noise = (
        0.3 * np.random.default_rng(0).standard_normal(22_050) * np.exp(-np.maximum(np.arange(22_050) - rise, 0) / 2205)
    )
    noise[:rise] *= np.linspace(0, 1, rise) ** 2
    stroke = noise.astype(np.float32)
    copy = load_model(starter_path()).copy_synthesise(stroke, "vocos")
    begun, there = (np.sqrt(np.mean(x[: rise // 2] ** 2)) for x in (copy, stroke))
    assert begun < 2 * there
    assert 0.7 < np.sqrt(np.mean(copy[rise : 4 * rise] ** 2)) / np.sqrt(np.mean(stroke[rise : 4 * rise] ** 2)) < 1.4


@pytest.mark.parametrize("level", [0.2, 0.01])
@pytest.mark.parametrize("kind", ["tone", "noise"])
def test_resynthesis_keeps_the_level_within_1_db(kind: str, level: float) -> None:
    time = np.arange(44_100) / 44_100
    tone = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 9)) * np.exp(-1.5 * time)
    sound = level * (tone if kind == "tone" else np.random.default_rng(0).standard_normal(len(time)))
    made = load_model(starter_path()).resynthesise(sound.astype(np.float32))[: len(sound)]
    assert abs(10 * np.log10(np.square(made).mean() / np.square(sound).mean())) < 1.0


def test_calls_do_not_remember_each_other(model):
    first = model.resynthesise(SAMPLES)
    model.resynthesise(SAMPLES[::-1].copy())
    assert np.array_equal(model.resynthesise(SAMPLES), first)


def test_resynth_writes_a_file_of_the_same_length(model, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "in.wav", np.stack([SAMPLES, SAMPLES], axis=1), 48000)
    result = resynth(model, tmp_path / "in.wav", RenderTarget(tmp_path / "out.flac", 48000))
    assert soundfile.info(tmp_path / "out.flac").frames == pytest.approx(len(SAMPLES), abs=2)
    assert result.vocoder == "vocos"
    alone = resynth(model, tmp_path / "in.wav", RenderTarget(tmp_path / "mel.wav"), mel_only=True)
    assert np.isfinite(alone.log_mel_error)


def test_errors_are_clear(tiny_model, tmp_path):
    with pytest.raises(LibraryError, match="no model"):
        load_model(tmp_path / "none.distillgan")
    with pytest.raises(VocoderError, match="unknown"):
        load_model(tiny_model, vocoder="organ").vocode(np.zeros((128, 4), np.float32))
