"""The mel spectrogram against independent implementations, and streamed against whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_engine.audio.mel import StreamingMel, hann_window, hz_to_mel, mel_filterbank, mel_spectrogram, mel_to_hz
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.errors import ConfigError

CONFIGS = [
    DEFAULT_MEL,
    MelConfig(sample_rate=22050, n_fft=1024, window=1024, hop=256, bands=80, f_max=8000.0),
    MelConfig(sample_rate=48000, n_fft=2048, window=1200, hop=300, bands=64, f_min=30.0, f_max=20000.0, scale="htk"),
    MelConfig(area_norm=False, power=2, compression="log1p"),
]


def noise(length: int, seed: int = 0) -> np.ndarray:
    return (0.3 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def reference_mel(samples: np.ndarray, config: MelConfig) -> np.ndarray:
    """The definition once more, in double precision through scipy's ShortTimeFFT and librosa's filterbank."""
    librosa = pytest.importorskip("librosa")
    pad = (config.n_fft - config.hop) // 2
    padded = np.pad(samples.astype(np.float64), pad, mode="reflect")
    window = np.zeros(config.n_fft)
    spare = (config.n_fft - config.window) // 2
    window[spare : spare + config.window] = scipy.signal.get_window("hann", config.window, fftbins=True)
    frames = len(samples) // config.hop
    spectra = [np.fft.rfft(padded[t * config.hop : t * config.hop + config.n_fft] * window) for t in range(frames)]
    magnitude = np.sqrt(np.abs(np.array(spectra)) ** 2 + 1e-9).T
    bank = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.bands,
        fmin=config.f_min,
        fmax=config.f_max,
        htk=config.scale == "htk",
        norm="slaney" if config.area_norm else None,
        dtype=np.float64,
    )
    mel = bank @ magnitude**config.power
    return np.log1p(mel) if config.compression == "log1p" else np.log(np.maximum(mel, config.floor))


@pytest.mark.parametrize("config", CONFIGS)
def test_filterbank_is_librosas(config: MelConfig) -> None:
    librosa = pytest.importorskip("librosa")
    expected = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.bands,
        fmin=config.f_min,
        fmax=config.f_max,
        htk=config.scale == "htk",
        norm="slaney" if config.area_norm else None,
    )
    assert np.abs(mel_filterbank(config) - expected).max() < 1e-5 * max(1.0, np.abs(expected).max())
    assert np.abs(mel_filterbank(config) - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("length", [44100, 5000, 4096])
def test_spectrogram_is_the_independent_reference_to_1e5(config: MelConfig, length: int) -> None:
    samples = noise(length)
    mel = mel_spectrogram(samples, config)
    assert mel.dtype == np.float32
    assert mel.shape == (config.bands, length // config.hop)
    np.testing.assert_allclose(mel, reference_mel(samples, config), atol=1e-5, rtol=1e-6)


def test_magnitudes_are_librosas_stft() -> None:
    librosa = pytest.importorskip("librosa")
    samples = noise(20000)
    padded = np.pad(samples, DEFAULT_MEL.padding, mode="reflect")
    magnitude = np.abs(librosa.stft(padded, n_fft=2048, hop_length=512, window="hann", center=False))
    expected = np.log(np.maximum(mel_filterbank() @ np.sqrt(magnitude**2 + 1e-9), 1e-5))
    np.testing.assert_allclose(mel_spectrogram(samples), expected[:, : 20000 // 512], atol=1e-5)


def test_silence_sits_on_the_floor_and_is_finite() -> None:
    mel = mel_spectrogram(np.zeros(8192, np.float32))
    assert np.isfinite(mel).all()
    assert mel.max() < np.log(1e-4)


def test_a_sine_peaks_in_its_band() -> None:
    t = np.arange(44100) / 44100
    mel = mel_spectrogram(np.sin(2 * np.pi * 1000 * t).astype(np.float32))
    centres = mel_to_hz(np.linspace(hz_to_mel(0.0), hz_to_mel(22050.0), 130))[1:-1]
    assert abs(centres[mel[:, 40].argmax()] - 1000) < 40


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_mel_scale_inverts(scale: str) -> None:
    hertz = np.linspace(0, 22050, 200)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hertz, scale), scale), hertz, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 511, 512, 513, 767, 768, 769, 1023, 1024, 1279, 1280, 1535, 1536, 2047, 2048])
def test_very_short_signals_give_at_least_one_finite_frame_streamed_as_whole(length: int) -> None:
    samples = noise(length)
    whole = mel_spectrogram(samples)
    assert whole.shape == (128, max(1, length // 512))
    assert np.isfinite(whole).all()
    stream = StreamingMel()
    np.testing.assert_allclose(np.concatenate([stream.push(samples), stream.flush()], axis=1), whole, atol=1e-5)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("size", [1, 7, 111, 511, 512, 513, 1000, 2048, 9001])
def test_streamed_equals_whole(config: MelConfig, size: int) -> None:
    samples = noise(2601 if size == 1 else 12345)
    stream = StreamingMel(config)
    pieces = [stream.push(samples[i : i + size]) for i in range(0, len(samples), size)]
    streamed = np.concatenate([*pieces, stream.flush()], axis=1)
    np.testing.assert_allclose(streamed, mel_spectrogram(samples, config), atol=1e-5, rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=8))
def test_any_cut_of_the_stream_gives_the_same_frames(sizes: list[int]) -> None:
    samples = noise(max(1, sum(sizes)))
    edges = np.cumsum([0, *sizes])
    stream = StreamingMel()
    pieces = [stream.push(samples[a:b]) for a, b in itertools.pairwise(edges)]
    rest = stream.push(samples[edges[-1] :])
    streamed = np.concatenate([*pieces, rest, stream.flush()], axis=1)
    np.testing.assert_allclose(streamed, mel_spectrogram(samples), atol=1e-5)


def test_frames_come_after_the_stated_delay_and_the_stream_can_be_used_again() -> None:
    stream = StreamingMel()
    samples = noise(6000)
    assert stream.delay == 2048 - 768 - 512
    assert stream.push(samples[: 512 + stream.delay - 1]).shape[1] == 0
    assert stream.push(samples[512 + stream.delay - 1 : 512 + stream.delay]).shape[1] == 1
    stream.push(samples[512 + stream.delay :])
    stream.flush()
    again = np.concatenate([stream.push(samples), stream.flush()], axis=1)
    np.testing.assert_allclose(again, mel_spectrogram(samples), atol=1e-5)


def test_window_is_scipys_periodic_hann() -> None:
    np.testing.assert_allclose(hann_window(2048), scipy.signal.get_window("hann", 2048, fftbins=True), atol=1e-6)


def test_torch_module_is_the_same_and_has_a_gradient() -> None:
    torch = pytest.importorskip("torch")
    from distill_engine.audio.mel_torch import MelSpectrogram

    for config in CONFIGS:
        if config.window != config.n_fft and config.n_fft - config.window < 0:
            continue
        samples = noise(9000)
        x = torch.tensor(np.stack([samples, -0.5 * samples]), requires_grad=True)
        mel = MelSpectrogram(config)(x)
        np.testing.assert_allclose(mel[0].detach().numpy(), mel_spectrogram(samples, config), atol=2e-5, rtol=1e-5)
        mel.sum().backward()
        assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize(
    "wrong",
    [{"f_max": 30000.0}, {"f_min": -1.0}, {"hop": 0}, {"hop": 4096}, {"bands": 0}, {"power": 3}, {"window": 4096}],
)
def test_impossible_definitions_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        MelConfig(**wrong)  # type: ignore[arg-type]


def test_stereo_is_refused() -> None:
    with pytest.raises(ConfigError, match="mono"):
        mel_spectrogram(np.zeros((2, 4096), np.float32))
