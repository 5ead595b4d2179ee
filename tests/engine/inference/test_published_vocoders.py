"""Published vocoders of any mel and rate play as the model's own do: streamed, restored, in renders, takes and swaps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import support_vocoders
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_adapter import MelAdapter
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.audio.mel_stream import StreamingMelAdapter
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.errors import ModelFileError, VocoderError, WeightsError
from distill_engine.inference.adapted_backend import adapted_delay
from distill_engine.rendering.loaded_model import load_model
from distill_engine.rendering.render import RenderTarget, render_score
from distill_engine.rendering.score import Score
from distill_engine.synthesis.instrument import choose_vocoder, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.vocoders.weights.loaded import load_record

NAMES = tuple(support_vocoders.CONFIGS)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A library with every kind of published vocoder."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILL_HOME", str(folder))
        patch.setenv("HF_HOME", str(folder / "hub"))
        for name in NAMES:
            support_vocoders.add_vocoder(name, folder / "published")
    return folder


@pytest.fixture(autouse=True)
def _library(home, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(home))
    monkeypatch.setenv("HF_HOME", str(home / "hub"))


@pytest.fixture(scope="module")
def mel():
    time = np.arange(2 * 44100) / 44100
    noise = np.random.default_rng(0).normal(0, 0.05, len(time))
    return mel_spectrogram((0.3 * np.sin(2 * np.pi * 440 * time) + noise).astype(np.float32))


def streamed(instrument, mel: np.ndarray, sizes: list[int]) -> np.ndarray:
    stream, parts, start = instrument.vocoder_stream(), [], 0
    for size in sizes:
        part = mel[:, start : start + size]
        parts.append(stream.step(part)[0].copy())
        assert parts[-1].shape == (part.shape[1] * 512,)
        start += size
    return np.concatenate(parts)


def whole(name: str, home: Path, mel: np.ndarray) -> np.ndarray:
    """Adapter, network and resampler, each over the whole sound at once."""
    record = choose_record(name)
    loaded = load_record(record, torch_device="cpu")
    converted = MelAdapter(DEFAULT_MEL, record.mel_config).convert(mel)
    with torch.no_grad():
        samples = loaded.network(torch.from_numpy(converted)[None])[0].numpy()
    return StreamingResampler(record.mel_config.sample_rate, 44100, 1).process(samples)[0]


def choose_record(name: str):
    from distill_engine.library.vocoder_weights import find_weights

    return find_weights(name)


@pytest.mark.parametrize("name", NAMES)
def test_streamed_equals_whole_but_for_the_stated_delay(name, home, tiny_model, mel):
    instrument = prepare_instrument(tiny_model, name)
    assert (instrument.vocoder.name, instrument.vocoder.origin) == (name, "published")
    expected = whole(name, home, mel)
    assert np.abs(expected).max() > 0.01
    delay, frames = instrument.delay_samples, mel.shape[1]
    for sizes in ([1] * frames, [8] * (frames // 8), [frames], [3, 1, 1, 5, 16, 2, 2, 32, 100]):
        got = streamed(instrument, mel, sizes)
        assert np.abs(got[:delay]).max() <= 1e-6 * np.abs(expected).max()
        count = min(len(got) - delay, len(expected)) - 12000  # the end: a stream does not know of it
        assert count > 40000
        assert np.abs(got[delay : delay + count] - expected[:count]).max() <= 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_the_stated_delay_is_the_least_that_keeps_every_step_full(name, home, tiny_model, mel):
    record = choose_record(name)
    inner = load_record(record, torch_device="cpu").delay
    delay = adapted_delay(DEFAULT_MEL, record.mel_config, inner) if record.mel_config != DEFAULT_MEL else inner
    assert prepare_instrument(tiny_model, name).delay_samples == delay
    assert delay >= inner * 44100 // record.mel_config.sample_rate


def test_the_adapter_streams_exactly_for_any_rates(mel):
    for target in (
        MelConfig(22050, 1024, 1024, 256, 80, 0, 8000),
        MelConfig(24000, 1024, 1024, 256, 100, 0, 12000),
        MelConfig(48000, 2048, 2048, 1200, 80, 0, 24000, "htk", False, 2, "log1p"),
        MelConfig(44100, 4096, 4096, 2048),
    ):
        adapter = MelAdapter(DEFAULT_MEL, target)
        expected, stream, parts, start = adapter.convert(mel), StreamingMelAdapter(adapter), [], 0
        for size in (1, 1, 1, 7, 2, 64, 1, 3, 92):
            parts.append(stream.process(mel[:, start : start + size]))
            start += size
            assert sum(part.shape[1] for part in parts) == stream.ready(start)
        got = np.concatenate(parts, axis=1)
        assert expected.shape[1] - got.shape[1] <= 2
        assert np.abs(got - expected[:, : got.shape[1]]).max() <= 1e-5


@pytest.mark.parametrize("name", ["v1", "other-24k", "big-24k"])
def test_its_state_is_saved_and_restored_in_mid_stream_bit_for_bit(name, tiny_model, mel):
    instrument = prepare_instrument(tiny_model, name)
    stream = instrument.vocoder_stream()
    stream.step(mel[:, :37])
    saved = stream.snapshot()
    first = stream.step(mel[:, 37:45]).copy()
    stream.step(mel[:, 45:60])
    stream.restore(saved)
    assert np.array_equal(stream.step(mel[:, 37:45]), first)
    other = instrument.vocoder_stream()
    other.restore(saved)
    assert np.array_equal(other.step(mel[:, 37:45]), first)
    with pytest.raises(ModelFileError, match="another network"):
        stream.restore({})


@pytest.mark.parametrize("name", ["v3", "big-24k"])
def test_a_synth_plays_it_the_same_in_any_block_size(name, tiny_model):
    def play(sizes: list[int]) -> np.ndarray:
        synth = Synth(prepare_instrument(tiny_model, name), seed=2)
        return np.concatenate([synth.render(size) for size in sizes], axis=1)

    one = play([1] * 64)
    assert np.abs(one[:, 16384:]).max() > 1e-4
    assert np.abs(play([8] * 8) - one).max() <= 1e-5
    assert np.abs(play([3, 5, 16, 32, 8]) - one).max() <= 1e-5


@pytest.mark.slow
def test_a_bigvgan_of_the_real_size_streams_through_a_synth(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    support_vocoders.write_real_bigvgan()
    instrument = prepare_instrument(tiny_model, "bigvgan")
    assert (instrument.delay_samples, instrument.vocoder.origin) == (10397, "universal")

    def play(sizes: list[int]) -> np.ndarray:
        synth = Synth(instrument, seed=2)
        return np.concatenate([synth.render(size) for size in sizes], axis=1)

    whole = play([24])
    assert np.abs(whole[:, 8192:]).max() > 1e-6
    assert np.abs(play([8, 1, 2, 13]) - whole).max() <= 1e-5


def test_a_vocoder_that_fails_live_is_silent_and_comes_back(tiny_model, monkeypatch):
    instrument = prepare_instrument(tiny_model, "v3")
    synth = Synth(instrument, seed=2)
    synth.set("/distill/width", 0.0)  # without the tail of the widener's all-passes
    synth.render(8)
    stream: Any = synth._mixer.main.vocoder
    step = stream.step

    def full(x):
        raise VocoderError("out of memory even in the smallest pieces: close other programs")

    stream.step = full
    silent = synth.render(12)
    reports = synth.take_reports()
    assert np.isfinite(silent).all()
    assert np.abs(np.diff(silent[:, 2048:])).max() < 1e-5  # nothing but the DC block's tail
    assert [report.kind for report in reports] == ["failed"]
    assert "v3 failed: out of memory" in reports[0].message
    stream.step = step
    assert np.abs(synth.render(60)[:, -8192:]).max() > 1e-4
    assert synth.take_reports() == []


def test_what_memory_made_it_do_is_told_while_it_plays(tiny_model, monkeypatch):
    instrument = prepare_instrument(tiny_model, "v3")
    stream: Any = instrument.vocoder_stream()
    runner = stream._inner.runner
    expected, step = Synth(instrument, seed=2).render(24), runner._step

    def small_memory(x, state):
        if x.shape[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(x, state)

    monkeypatch.setattr(runner, "_step", small_memory)
    synth = Synth(instrument, seed=2)
    assert np.abs(synth.render(24) - expected).max() <= 1e-5
    told = [report.message for report in synth.take_reports()]
    assert told[-1] == "v3: cpu ran out of memory: continuing in pieces of 2 frames"


@pytest.mark.parametrize("fails", [False, True])
def test_a_render_tells_what_was_dealt_with_and_writes_no_silence(tiny_model, tmp_path, monkeypatch, fails):
    instrument = prepare_instrument(tiny_model, "v3")
    stream: Any = instrument.vocoder_stream()
    runner = stream._inner.runner
    step = runner._step

    def small_memory(x, state):
        if fails or x.shape[-1] > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(x, state)

    monkeypatch.setattr(runner, "_step", small_memory)
    path = tmp_path / "a.wav"
    if fails:
        with pytest.raises(VocoderError, match="v3 failed: out of memory"):
            render_score(instrument, Score(0.5), RenderTarget(path))
        assert not path.exists()
        return
    result = render_score(instrument, Score(0.5), RenderTarget(path))
    assert result.notes[-1] == "v3: cpu ran out of memory: continuing in pieces of 4 frames"


def test_a_swap_to_it_and_back_is_aligned_and_goes_on(tiny_model):
    own, other = prepare_instrument(tiny_model, "vocos"), prepare_instrument(tiny_model, "v3")
    synth = Synth(own, seed=1)
    synth.render(20)
    synth.swap(other, 0.1)
    synth.render(40)
    assert synth.alignment_samples == other.delay_samples
    assert synth.instrument.vocoder.name == "v3"
    synth.swap(own, 0.1)
    sound = synth.render(60)
    assert np.isfinite(sound).all()
    assert np.abs(sound[:, -8192:]).max() > 1e-4


def test_a_loaded_model_vocodes_through_it_aligned(home, tiny_model, mel):
    samples = load_model(tiny_model, vocoder="v3").vocode(mel)
    assert samples.shape == (mel.shape[1] * 512,)
    expected = whole("v3", home, mel)[: len(samples)]
    assert np.abs(samples[:-12000] - expected[: len(samples) - 12000]).max() <= 1e-5


def test_names_that_are_not_there_say_what_there_is(tiny_model):
    with prepare_file(tiny_model) as file:
        with pytest.raises(VocoderError, match="choose auto, .*big-24k"):
            choose_vocoder(file.manifest, "organ")
        with pytest.raises(VocoderError, match="unknown"):
            choose_vocoder(file.manifest, "../v1")
        with pytest.raises(WeightsError, match="distill vocoder download bigvgan-24k"):
            choose_vocoder(file.manifest, "bigvgan-24k")
        assert choose_vocoder(file.manifest, "v1").reason == "asked for: hifigan at 22050 Hz with 80 bands"


def prepare_file(path: Path):
    from distill_engine.modelfile import ModelFile

    return ModelFile.open(path)


def test_rates_that_never_meet_are_refused():
    with pytest.raises(VocoderError, match="common rate"):
        adapted_delay(DEFAULT_MEL, MelConfig(44099, 1024, 1024, 257, 80, 0, 8000), 0)
