"""What several test packages share: tiny real models, built once per session."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

sys.path.insert(0, str(Path(__file__).parent))

import support_jack

SHARED_FOLDER = "DISTILL_TESTS_SHARED"  # names a folder for what the processes of one run build once (.ci/tests.py)


def pytest_sessionstart(session: pytest.Session) -> None:
    """What earlier, killed JACK servers left must not keep this session's from starting.

    A run in the background or under nohup ignores SIGINT or SIGHUP, and the programs that it starts would, too.
    """
    support_jack.forget_dead_servers()
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)  # programs that are started begin with the system's default


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Name the files with tests that this pass leaves out, so that the next need not import all others (.ci/tests.py)."""
    if SHARED_FOLDER in os.environ and "PYTEST_XDIST_WORKER" in os.environ:
        left_out = Path(os.environ[SHARED_FOLDER]) / "left-out"
        left_out.write_text("\n".join(sorted({str(item.path) for item in items})))


@pytest.fixture(scope="session", autouse=True)
def _home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is written into the library of the person who runs the tests: renders leave entries there.

    Engines that tests start have a DISTILL_HOME each, unless one is set.
    """
    variable = "XDG_DATA_HOME" if sys.platform.startswith("linux") else "DISTILL_HOME"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def _ordinary_numbers() -> Iterator[None]:
    """ONNX Runtime flushes denormal numbers in the thread that makes a session: the next test finds the ordinary mode again."""
    yield
    if sys.platform.startswith("linux"):
        ctypes.CDLL("libm.so.6").fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV


@pytest.fixture(autouse=True)
def _ordinary_priority() -> Iterator[None]:
    """A test that leaves this thread with real-time priority would starve the thread pools of those after it."""
    yield
    if hasattr(os, "sched_getscheduler"):
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        if policy in (os.SCHED_FIFO, os.SCHED_RR):
            os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
            pytest.fail("the test left real-time priority behind")


@functools.cache
def _tiny_networks():
    """A latent model, a vocos and two HiFi-GANs, of full shape and minute size, with seeded weights that make sound."""
    import torch

    from distill_engine.models.latent_model import LatentModel
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.vocoders import HifiGan, HifiGanConfig, Vocos, VocosConfig

    torch.manual_seed(1)
    sizes: dict[str, Any] = {"encoder_channels": 24, "decoder_channels": 24, "encoder_blocks": 2, "decoder_blocks": 1}
    model = LatentModel(ModelConfig(latent_dim=8, **sizes)).eval()
    model.mel_mean.fill_(-5.0)
    model.mel_std.fill_(1.0)
    gan: dict[str, Any] = {"initial_channels": 16, "resblock_kernels": (3,), "resblock_dilations": ((1, 3),)}
    vocoders = {
        "vocos": Vocos(VocosConfig(channels=24, hidden=32, blocks=1)).eval(),
        "hifigan": HifiGan(HifiGanConfig(**gan)).eval(),
    }
    with torch.no_grad():
        for parameter in vocoders["hifigan"].parameters():
            if parameter.dim() > 1:
                parameter.mul_(5.0)
    return model, vocoders


@functools.cache
def _tiny_parts():
    """The tensors and the exported graphs; the export takes half a minute: processes of one run share it."""
    from distill_engine.training.graphs.export import export_runtime

    model, vocoders = _tiny_networks()
    arrays = {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    parts = {"model": arrays} | {
        f"vocoder/{kind}": {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
        for kind, network in vocoders.items()
    }
    if SHARED_FOLDER not in os.environ:
        return parts, export_runtime(model, vocoders)
    shared = Path(os.environ[SHARED_FOLDER]) / "tiny-graphs.zip"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            _write_graphs(shared, export_runtime(model, vocoders))
        with zipfile.ZipFile(shared) as archive:
            return parts, {name: archive.read(name) for name in archive.namelist()}


def _write_graphs(path: Path, graphs: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path.with_suffix(".new"), "w") as archive:
        for name, data in graphs.items():
            archive.writestr(name, data)
    path.with_suffix(".new").rename(path)


def build_tiny_model(
    path: Path,
    *,
    name: str = "tiny",
    vocoders: tuple[str, ...] = ("vocos", "hifigan"),
    analysed: bool = True,
    seed: int = 0,
) -> Path:
    """A model file that plays; another `seed` is another model."""
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.modelfile import Manifest, save_model

    model, networks = _tiny_networks()
    parts, graphs = _tiny_parts()
    kept = {key: value for key, value in parts.items() if key == "model" or key.removeprefix("vocoder/") in vocoders}
    if seed:
        weights = dict(kept["model"])
        noise = np.random.default_rng(seed).standard_normal(weights["output.weight"].shape)
        weights["output.weight"] = (weights["output.weight"] + 0.2 * noise).astype(np.float32)
        kept["model"] = weights
    if analysed:
        latents = np.random.default_rng(seed).standard_normal((8, 60)).astype(np.float32)
        kept["analysis"] = {"corpus_latents": latents, "corpus_offsets": np.array([0, 30, 60])}
    runtime = {
        key: data
        for key, data in graphs.items()
        if "vocoder" not in key or key.split("/")[-1].removesuffix(".onnx") in vocoders
    }
    entries = {
        kind: {
            "config": networks[kind].config.to_dict(),
            "epochs": 50,
            "steps": 1000,
            "usable": True,
            "validation": {"log_mel": 0.5 if kind == "vocos" else 0.9},
        }
        for kind in vocoders
    }
    manifest = Manifest(
        name=name, family="vae", mel=DEFAULT_MEL.to_dict(), model=model.config.to_dict(), vocoders=entries
    )
    save_model(path, manifest, kept, runtime)
    return path


@pytest.fixture(scope="session")
def tiny_networks() -> dict[str, Any]:
    """The networks of the tiny models, by `model` or kind of vocoder; do not change them."""
    model, vocoders = _tiny_networks()
    return {"model": model, **vocoders}


@pytest.fixture(scope="session")
def tiny_graphs() -> dict[str, bytes]:
    """The graphs that `export_runtime` makes of the tiny networks."""
    return dict(_tiny_parts()[1])


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings write graphs of a few bytes: export takes most of a short training's time."""
    for module, names in (("latent", ("decoder", "encoder")), ("vocoder", ("vocoder/vocos",))):
        graphs = {f"runtime/{name}.onnx": b"graph" for name in names}
        monkeypatch.setattr(
            f"distill_engine.training.{module}.file_entry.export_runtime", lambda *_, graphs=graphs: graphs
        )


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with a latent model, a vocos, a HiFi-GAN and an encoded corpus; do not write to it."""
    return build_tiny_model(tmp_path_factory.mktemp("models") / "tiny.distillgan")


@pytest.fixture(scope="session")
def make_tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes further tiny models: `make_tiny_model(name="b", seed=2, vocoders=("vocos",), analysed=False)`."""

    def make(*, name: str = "tiny", **options: object) -> Path:
        return build_tiny_model(tmp_path_factory.mktemp("models") / f"{name}.distillgan", name=name, **options)  # type: ignore[arg-type]

    return make
