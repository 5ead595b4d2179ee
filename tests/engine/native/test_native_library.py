"""Without a usable library the graphs play, and that is said once, with the reason."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio import resampling
from distill_engine.inference import network_loader
from distill_engine.inference.kernels.vocos_kernel import KernelBackend
from distill_engine.inference.network_loader import NetworkLoader
from distill_engine.inference.onnx_backend import OnnxBackend
from distill_engine.native.library import EDITION, LIBRARY, Library, native_library
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.pitch import transposer


def test_an_installation_without_the_library_says_so(tmp_path: Path) -> None:
    assert "without a C compiler" in str(native_library(tmp_path / "none.so"))


def _with_digest(path: Path) -> Path:
    path.with_suffix(".sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_a_damaged_library_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "half.so"
    path.write_bytes(LIBRARY.read_bytes())
    _with_digest(path)
    path.write_bytes(LIBRARY.read_bytes()[:5000])
    assert native_library(path) == "half.so is damaged: install Distill again"
    (tmp_path / "alone.so").write_bytes(b"")
    assert "alone.so cannot be loaded: " in str(native_library(tmp_path / "alone.so"))
    (tmp_path / "text.so").write_bytes(b"no library")
    assert "text.so cannot be loaded: " in str(native_library(_with_digest(tmp_path / "text.so")))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_library_of_another_edition_is_not_used(tmp_path: Path) -> None:
    sources = {"other": f"int distill_edition(void) {{ return {EDITION + 1}; }}\n", "none": "int other;\n"}
    sources["half"] = f"int distill_edition(void) {{ return {EDITION}; }}\n"
    for name, code in sources.items():
        (tmp_path / f"{name}.c").write_text(code)
        subprocess.run(["cc", "-shared", "-fPIC", f"{name}.c", "-o", f"{name}.so"], cwd=tmp_path, check=True)
    assert f"of edition {EDITION + 1}, not {EDITION}" in str(native_library(_with_digest(tmp_path / "other.so")))
    assert "of edition 0" in str(native_library(_with_digest(tmp_path / "none.so")))
    assert "has no function vocos_tables" in str(native_library(_with_digest(tmp_path / "half.so")))


@pytest.mark.parametrize("word", ["off", "OFF", "0", "false"])
def test_the_switch_turns_the_kernels_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str) -> None:
    monkeypatch.setenv("DISTILL_NATIVE", word)
    assert native_library(tmp_path / f"{word}.so") == "switched off by DISTILL_NATIVE"


def _played(instrument: Instrument) -> np.ndarray:
    stream = instrument.vocoder_stream()
    return stream.step(np.random.default_rng(0).normal(-4.0, 2.0, (128, 8)).astype(np.float32)).copy()


def test_a_model_plays_the_same_without_the_library(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    quick = prepare_instrument(tiny_model, "vocos")
    assert isinstance(quick.vocoder_stream(), KernelBackend)
    monkeypatch.setattr(network_loader, "native_library", lambda: "for a test")
    monkeypatch.setattr(NetworkLoader, "_said", set[str]())
    slow, again = (prepare_instrument(tiny_model, "vocos") for _ in range(2))
    assert isinstance(slow.vocoder_stream(), OnnxBackend)
    assert slow.notes == ["vocos plays without its native kernel, slower: for a test"]
    assert again.notes == []
    assert np.abs(_played(quick) - _played(slow)).max() < 1e-4


@pytest.mark.parametrize("ratio", [0.25, 0.8, 1.0, 1.3, 4.0])
def test_interpolation_is_that_of_numpy(ratio: float) -> None:
    rng = np.random.default_rng(3)
    line = rng.normal(size=4096).astype(np.float32)
    positions = np.asarray(700.25 + ratio * np.arange(512), np.float64)
    found = native_library()
    assert isinstance(found, Library)
    quick, slow = (transposer._interpolated(line, positions, ratio, way) for way in (found, "none"))
    assert np.abs(quick - slow).max() < 1e-5


def test_interpolation_stays_within_its_line() -> None:
    found = native_library()
    line = np.ones(200, np.float32)
    wild = np.array([-1e300, -5.0, 0.0, 199.0, 1e9, 1e300, np.nan, np.inf, -np.inf])
    assert np.isfinite(transposer._interpolated(line, wild, 1.0, found)[:6]).all()


@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 44100), (44100, 96000), (44100, 8000)])
def test_resampling_is_that_of_numpy(monkeypatch: pytest.MonkeyPatch, rates: tuple[int, int]) -> None:
    sound = np.random.default_rng(4).normal(size=(2, 3000)).astype(np.float32)
    blocks = np.split(sound, [1, 130, 131, 1000], axis=1)

    def resampled() -> np.ndarray:
        resampler = resampling.StreamingResampler(*rates, 2)
        return np.concatenate([*(resampler.process(block) for block in blocks), resampler.flush()], axis=1)

    quick = resampled()
    monkeypatch.setattr(resampling, "native_library", lambda: "for a test")
    slow = resampled()
    assert quick.shape == slow.shape
    assert np.abs(quick - slow).max() < 2e-6
