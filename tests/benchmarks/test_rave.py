"""The probe has the sizes of RAVE v2 and streams exactly; its rows say how much longer it takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import rave
from measures.rave_probe import WARM_UP, RaveDecoder, RaveShape, StreamedConv, SynthesisBank, block_times, filters
from rave import CASES, FRAME, HOP, OURS, RAVE, combined, measure, ratios

SMALL = RaveShape(latents=5, capacity=3, bands=4, ratios=(2, 4), dilations=((1, 3), (1, 3, 9)), taps=32)


def test_the_sizes_are_those_of_the_configuration() -> None:
    shape, decoder = RaveShape(), RaveDecoder()
    assert shape.block == FRAME == 2048
    first, last = (layer.conv for layer in decoder.network if isinstance(layer, StreamedConv))
    assert (first.in_channels, first.out_channels, last.out_channels) == (128, 1536, 32)
    convolutions = 1536 * 128 * 3 + 96 * 32 * 7
    upsampling = 1536 * 768 * 4 + 768 * 384 * 8 + 384 * 192 * 8 + 192 * 96 * 8
    units = sum(count * 4 * width**2 for count, width in ((2, 768), (3, 384), (3, 192), (3, 96)))
    assert sum(one.numel() for one in decoder.network.parameters()) == convolutions + upsampling + units


def test_a_frame_of_latents_is_one_block_of_samples() -> None:
    with torch.inference_mode():
        assert RaveDecoder().eval()(torch.randn(1, 128, 1)).shape == (1, 1, 2048)


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize("frames", [1, 3])
def test_blocks_give_the_samples_of_the_whole(frames: int, script: bool) -> None:
    torch.manual_seed(0)
    latents = torch.randn(1, SMALL.latents, 12)
    state = RaveDecoder(SMALL).state_dict()
    whole, streamed = RaveDecoder(SMALL), RaveDecoder(SMALL)
    for one in (whole, streamed):
        one.load_state_dict(state)
    player = torch.jit.script(streamed) if script else streamed
    with torch.inference_mode():
        expected = whole(latents)
        parts = [player(latents[:, :, at : at + frames]) for at in range(0, 12, frames)]
    assert expected.shape == (1, 1, 12 * SMALL.block)
    torch.testing.assert_close(torch.cat(parts, 2), expected)
    assert expected.abs().max() > 0


def test_the_bank_puts_each_band_where_it_belongs() -> None:
    bands, taps = 16, 512
    tones = np.abs(np.fft.rfft(filters(bands, taps), 4096))
    middles = np.fft.rfftfreq(4096)[tones.argmax(axis=1)] * 2 * bands
    assert np.abs(middles - np.arange(bands) - 0.5).max() < 0.5


def test_the_bank_is_the_sum_of_its_filters() -> None:
    bands, taps, frames = 4, 32, 9
    x = np.random.default_rng(0).standard_normal((bands, frames))
    expected = np.zeros(frames * bands + taps - 1)
    for band, impulse in enumerate(filters(bands, taps)):
        spread = np.zeros(frames * bands)
        spread[::bands] = x[band]
        expected += bands * np.convolve(spread, impulse)
    with torch.inference_mode():
        found = SynthesisBank(bands, taps)(torch.from_numpy(x[None]).float())[0, 0].numpy()
    np.testing.assert_allclose(found, expected[: frames * bands], atol=1e-5)


def test_blocks_are_timed_one_by_one_after_the_first_ones() -> None:
    shapes: list[torch.Size] = []

    class Counting(torch.nn.Module):
        def forward(self, latents: torch.Tensor) -> torch.Tensor:
            shapes.append(latents.shape)
            return latents

    times = block_times(Counting(), SMALL, 0.05)
    assert len(shapes) == WARM_UP + len(times) > WARM_UP
    assert set(shapes) == {(1, SMALL.latents, 1)}
    assert min(times) > 0


def test_a_row_has_medians_of_its_rounds_and_the_latency_of_a_block() -> None:
    rounds = [{"p50_ms": p50, "p99_ms": 2 * p50, "max_ms": 3 * p50} for p50 in (20.0, 10.0, 12.0)]
    row = combined((RAVE, 1, FRAME), rounds, delay_ms=5.8)
    assert (row["p50_ms"], row["p99_ms"], row["max_ms"]) == (12.0, 24.0, 60.0)
    assert row["block_ms"] == pytest.approx(46.44, abs=0.01)
    assert row["latency_ms"] == pytest.approx(46.44 + 12.0 + 5.8, abs=0.01)
    assert row["factor"] == pytest.approx(12.0 / 46.44, abs=1e-3)


def test_ratios_are_those_of_equal_blocks_in_one_round() -> None:
    probe, ours = [{"p50_ms": 20.0}, {"p50_ms": 30.0}], [{"p50_ms": 2.0}, {"p50_ms": 1.0}]
    found = ratios(2, probe, ours, {"block_ms": 46.4, "latency_ms": 66.0}, {"block_ms": 11.6, "latency_ms": 22.0})
    assert (found["threads"], found["slowest_round"], found["fastest_round"]) == (2, 10.0, 30.0)
    assert (found["times_faster"], found["block_ratio"], found["latency_ratio"]) == (20.0, 4.0, 3.0)


def test_every_case_has_its_turn_in_every_round() -> None:
    turns: list[rave.Case] = []

    def time_case(case: rave.Case) -> dict[str, float]:
        turns.append(case)
        p50 = {RAVE: 30.0 / case[1], OURS: 2.0 * case[2] / FRAME}[case[0]]
        return {"p50_ms": p50, "p99_ms": p50, "max_ms": p50}

    rows, against = measure(3, {RAVE: 5.8, OURS: 11.6}, time_case)
    assert [sorted(turns[at : at + 4]) for at in (0, 4, 8)] == [sorted(CASES)] * 3
    assert [(row["what"], row["threads"], row["samples"]) for row in rows] == list(CASES)
    assert [(row["threads"], row["times_faster"]) for row in against] == [(1, 15.0), (2, 7.5)]
    assert {row["block_ratio"] for row in against} == {FRAME / HOP}


def test_a_case_runs_the_program_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Done:
        returncode, stdout, stderr = 0, '{"p50_ms": 1.0}', ""

    monkeypatch.setattr("rave.subprocess.run", lambda command, **more: asked.append(command[1:]) or Done)
    for case in (CASES[1], CASES[3], CASES[2]):
        assert rave.timed(case, tmp_path / "m.distillgan", 2.0) == {"p50_ms": 1.0}
    assert asked[0] == ["-m", "measures.rave_probe", "--threads", "2", "--seconds", "2.0"]
    assert asked[1][1] == "live_support.hop_times"
    assert [command[-2:] for command in asked[1:]] == [["--block", "1"], ["--block", "4"]]
