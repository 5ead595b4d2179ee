"""Phase continuation: streams, partials, noise, sustained sounds, decay of rounding errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from distill_engine.vocoders.vocos.part_tables import NOISE_FRAMES
from distill_engine.vocoders.vocos.phase_continuation import PhaseContinuation
from distill_engine.vocoders.vocos.phase_prediction import prediction_loss, spread_of

N_FFT, HOP, RATE = 1024, 256, 44100
BINS = N_FFT // 2 + 1


def tone(hertz: float, spectra: int = 400) -> tuple[Tensor, Tensor, Tensor]:
    """Return the ideal prediction for a steady sine: the window's lobe, its advances, no spread."""
    at = torch.arange(BINS)
    distance = at - hertz * N_FFT / RATE
    lobe = torch.sinc(distance) / (1 - distance.square()).where(distance.abs() != 1, torch.tensor(2.0))
    magnitude = (lobe.abs() * 4).clamp_min(1e-4).repeat(1, spectra, 1)
    advance = (-distance * 2 * np.pi * HOP / N_FFT).clamp(-3, 3).repeat(1, spectra, 1)
    return magnitude, advance, torch.full_like(magnitude, 0.02)


def noise(spectra: int = 400) -> tuple[Tensor, Tensor, Tensor]:
    magnitude = torch.full((1, spectra, BINS), 0.5)
    return magnitude, torch.zeros_like(magnitude), torch.full_like(magnitude, 2.0)


def random(spectra: int, batch: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    a, b, c = torch.randn(3, batch, spectra, BINS, generator=generator)
    return torch.exp(a - 2), b, c.abs()


def stream(layer: PhaseContinuation, inputs: tuple[Tensor, ...], sizes: list[int]) -> Tensor:
    state, out, start = layer.initial_state(inputs[0].shape[0]), [], 0
    for size in sizes:
        y, state = layer.step(*(x[:, start : start + size] for x in inputs), state)  # type: ignore[arg-type, call-arg]
        out.append(y)
        start += size
    return torch.cat(out, -1)


def repeated(samples: Tensor, period: int = 512) -> float:
    """Return the normalised autocorrelation at a period; 1: the sound repeats itself."""
    x = samples[0, 22050:].double()
    return float(x[period:] @ x[:-period] / (x @ x))


@pytest.mark.parametrize("rise", [N_FFT // 2, 300, HOP])
@pytest.mark.parametrize("sizes", [[1] * 40, [7, 1, 12, 2, 18], [40]], ids=str)
def test_streamed_equals_whole_but_for_the_stated_delay(sizes: list[int], rise: int) -> None:
    layer, inputs = PhaseContinuation(N_FFT, HOP, rise=rise), random(40)
    assert layer.delay == rise + HOP // 2
    whole, streamed = layer(*inputs), stream(layer, inputs, sizes)
    assert whole.shape == streamed.shape == (2, 40 * HOP)
    late = layer.delay
    assert (streamed[:, late:] - whole[:, :-late]).abs().max() < 1e-5


@pytest.mark.parametrize("rise", [N_FFT // 2, HOP])
@pytest.mark.parametrize("hertz", [110.0, 440.0, 1234.5, 9000.0])
def test_a_held_partial_sounds_at_its_own_frequency(hertz: float, rise: int) -> None:
    samples = PhaseContinuation(N_FFT, HOP, rise=rise)(*tone(hertz))[0].numpy()[22050 : 22050 + 65536]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    peak = int(spectrum.argmax())
    assert abs(peak * RATE / len(samples) - hertz) < 1.5
    near = spectrum[max(0, peak - 30) : peak + 31]
    assert np.square(near).sum() > 0.9 * np.square(spectrum).sum()


@pytest.mark.parametrize("rise", [N_FFT // 2, HOP])
def test_held_noise_does_not_become_a_tone(rise: int) -> None:
    samples = PhaseContinuation(N_FFT, HOP, rise=rise)(*noise())
    assert abs(repeated(samples)) < 0.05
    assert abs(repeated(samples, 256)) < 0.05
    power = np.abs(np.fft.rfft(samples[0, 22050:].numpy())) ** 2
    assert power[100:-100].max() / power[100:-100].mean() < 30  # a partial would stand hundreds of times above the mean


def test_held_noise_does_not_gather_at_the_bins_own_frequencies() -> None:
    magnitude = torch.full((1, 1600, BINS), 0.5)
    samples = PhaseContinuation(N_FFT, HOP)(magnitude, torch.zeros_like(magnitude), torch.ones_like(magnitude))
    pieces = samples[0, 22050:].unfold(0, 8 * N_FFT, 2 * N_FFT) * torch.hann_window(8 * N_FFT)
    power = torch.fft.rfft(pieces).abs().square().mean(0)[80:4000].reshape(-1, 8).mean(0)
    assert (
        10 * torch.log10(power.max() / power.min()) < 2.0
    )  # a comb of 43 Hz: 5.7 dB if noise strays no further than a partial


@pytest.mark.parametrize("make", [noise, lambda: tone(440.0), lambda: random(800, 1)], ids=["noise", "tone", "random"])
def test_a_rounding_is_forgotten_not_magnified(make) -> None:
    layer = PhaseContinuation(N_FFT, HOP)
    magnitude, advance, spread = make()
    other = magnitude * (1 + 1e-6 * torch.randn(magnitude.shape, generator=torch.Generator().manual_seed(1)))
    a, b = layer(magnitude, advance, spread), layer(other, advance, spread)
    assert (a - b)[:, -RATE // 2 :].abs().max() < 1e-3 * a.abs().max()


def test_the_stream_goes_on_where_the_noise_begins_again() -> None:
    layer = PhaseContinuation(64, 16)
    magnitude, advance, spread = noise(NOISE_FRAMES + 40)
    inputs = magnitude[..., :33], advance[..., :33], spread[..., :33]
    whole = layer(*inputs)
    streamed = stream(layer, inputs, [NOISE_FRAMES - 3, 6, 37])
    assert (streamed[:, layer.delay :] - whole[:, : -layer.delay]).abs().max() < 1e-4


def test_noise_that_sets_in_does_not_click() -> None:
    magnitude, advance, spread = noise(80)
    magnitude[:, :40] *= 1e-3
    samples = PhaseContinuation(N_FFT, HOP)(magnitude, advance, spread)[0]
    around = samples[39 * HOP : 42 * HOP]
    assert around.abs().max() < 5 * samples[50 * HOP :].std()


def test_what_rises_slowly_out_of_silence_is_noise_too() -> None:
    magnitude, advance, spread = noise(800)
    rising = magnitude * torch.exp(-12 * torch.linspace(1, 0, 200)).repeat_interleave(4)[:, None]
    samples = PhaseContinuation(N_FFT, HOP)(rising, advance, spread)
    assert abs(repeated(samples)) < 0.05
    steady = PhaseContinuation(N_FFT, HOP)(magnitude, advance, spread)
    assert samples[:, -2048:].std() > 0.5 * steady[:, -2048:].std()


def test_silence_is_silent_and_loud_is_finite() -> None:
    layer = PhaseContinuation(N_FFT, HOP)
    still = torch.zeros(1, 20, BINS)
    assert layer(still, still, still + 1).abs().max() < 1e-6
    assert layer(still + 1e4, still + 50, still + 3).isfinite().all()


def test_gradients_reach_the_magnitudes_alone() -> None:
    inputs = tuple(x.requires_grad_() for x in random(6, 1))
    PhaseContinuation(N_FFT, HOP)(*inputs).square().sum().backward()
    assert inputs[0].grad is not None
    assert inputs[0].grad.isfinite().all()
    assert inputs[0].grad.abs().max() > 0
    assert inputs[1].grad is None
    assert inputs[2].grad is None


def test_the_loss_is_least_where_frequency_and_magnitude_are_right() -> None:
    hertz, count = 700.0, 400
    samples = torch.sin(2 * np.pi * hertz * torch.arange(HOP * count) / RATE)[None]
    margin = (N_FFT - HOP) // 2
    padded, window = torch.nn.functional.pad(samples, (margin, margin)), torch.hann_window(N_FFT)
    spectra = torch.stft(padded, N_FFT, HOP, N_FFT, window, center=False, normalized=True, return_complex=True)
    log = spectra.abs().clamp_min(1e-5).log().transpose(1, 2)
    advance = (hertz * N_FFT / RATE - torch.arange(BINS)).mul(2 * np.pi * HOP / N_FFT).repeat(1, count, 1)
    sure, unsure = torch.full_like(advance, 3.0), torch.full_like(advance, 0.1)
    right = prediction_loss(samples, log, advance, sure, HOP)
    assert right < prediction_loss(samples, log, advance + 0.3, sure, HOP)
    assert right < prediction_loss(samples, log, advance, unsure, HOP)
    assert float(prediction_loss(samples, log + 0.5, advance, sure, HOP) - right) == pytest.approx(9 * 0.5, rel=0.1)
    hiss = torch.randn(1, HOP * count, generator=torch.Generator().manual_seed(0))
    assert prediction_loss(hiss, log, advance, unsure, HOP) < prediction_loss(hiss, log, advance, sure, HOP)


def test_an_attack_sounds_at_one_moment() -> None:
    magnitude = torch.full((1, 40, BINS), 1e-6)
    magnitude[:, 20] = 0.5
    still = torch.zeros_like(magnitude)
    samples = PhaseContinuation(N_FFT, HOP)(magnitude, still, still + 0.02)[0]
    middle = 20 * HOP + HOP // 2
    assert abs(int(samples.abs().argmax()) - middle) <= 1
    near = samples[middle - 32 : middle + 32]
    assert near.square().sum() > 0.9 * samples.square().sum()  # a click, not a window full of noise


def test_spreads_are_those_of_the_von_mises_distribution() -> None:
    k = torch.tensor([0.05, 0.5, 1.0, 3.0, 10.0, 100.0])
    exact = torch.sqrt(-2 * torch.log(torch.special.i1e(k) / torch.special.i0e(k)))
    assert ((spread_of(k) - exact).abs() / exact).max() < 0.1


def test_sizes_that_leave_no_overlap_are_refused() -> None:
    for n_fft, hop in ((1024, 300), (512, 512)):
        with pytest.raises(ValueError, match="phase continuation"):
            PhaseContinuation(n_fft, hop)
