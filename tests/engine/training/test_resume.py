"""Resume equals uninterrupted, a stop loses nothing, every size of corpus trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_engine.audio.files import read_audio
from distill_engine.errors import ModelFileError, TrainingError
from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Finished, Preview, Progress, TrainingEvent
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.train_model import train_model
from distill_engine.training.storage import StoredTraining
from distill_engine.training.vocoder.file_entry import judge_usable
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.train_vocoder import VocoderOptions, train_vocoder
from distill_engine.vocoders.registry import build_vocoder
from support_vocoders import SMALL_VOCOS

SMALL_HIFIGAN: dict[str, Any] = {
    "initial_channels": 32,
    "resblock_kernels": (3,),
    "resblock_dilations": ((1, 3),),
}

pytestmark = pytest.mark.usefixtures("without_export")


class Listener:
    """Keeps every event; asks for a stop after `stop_after` steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.events: list[TrainingEvent] = []
        self.steps, self._stop_after = 0, stop_after

    def __call__(self, event: TrainingEvent) -> None:
        self.events.append(event)

    def stopped(self) -> bool:
        self.steps += 1
        return self._stop_after is not None and self.steps > self._stop_after

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def _train(corpus: Any, path: Path, config: ModelConfig, listener: Listener, **options: Any) -> Finished:
    return train_model(
        corpus, path, ModelOptions(config=config, device="cpu", **options), listen=listener, stopped=listener.stopped
    )


def _parts(path: Path, name: str) -> dict[str, np.ndarray]:
    with ModelFile.open(path) as file:
        return file.read_part(name)


def _same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_a_stopped_and_resumed_model_equals_an_uninterrupted_one_bit_for_bit(
    tmp_path: Path, corpus: Any, small_model: ModelConfig
) -> None:
    whole, cut = tmp_path / "whole.distillgan", tmp_path / "cut.distillgan"
    assert _train(corpus, whole, small_model, Listener(), epochs=6).completed
    stopped = _train(corpus, cut, small_model, Listener(stop_after=2), epochs=6)
    assert not stopped.completed
    assert stopped.steps == 2
    assert _train(corpus, cut, small_model, Listener(), epochs=6, resume=True).completed
    assert _same(_parts(whole, "model"), _parts(cut, "model"))
    assert _same(_parts(whole, "training/model"), _parts(cut, "training/model"))


def test_a_stopped_and_resumed_vocoder_equals_an_uninterrupted_one_through_both_stages(
    tmp_path: Path, corpus: Any, small_model: ModelConfig
) -> None:
    settings = VocoderSettings(batch_size=2, segment_frames=16, spectral_fraction=0.5, width=0.03)
    options = VocoderOptions(settings=settings, config=SMALL_VOCOS, epochs=2, device="cpu", warm_start=False)
    results = []
    for name, stop in (("whole", None), ("cut", 5)):
        path = tmp_path / f"{name}.distillgan"
        _train(corpus, path, small_model, Listener(), epochs=1)
        listener = Listener(stop)
        done = train_vocoder(corpus, path, options, listen=listener, stopped=listener.stopped)
        if stop is not None:
            assert not done.completed
            done = train_vocoder(corpus, path, replace(options, resume=True), listen=Listener())
        assert done.completed
        results.append((_parts(path, "vocoder/vocos"), _parts(path, "training/vocoder/vocos")))
    assert _same(results[0][0], results[1][0])
    assert _same(results[0][1], results[1][1])


def test_what_begins_with_the_base_ends_no_worse_and_says_so_after_a_resume(tmp_path: Path, corpus: Any) -> None:
    path, listener = tmp_path / "m.distillgan", Listener(1)
    settings = VocoderSettings(batch_size=1, segment_frames=8, spectral_fraction=1.0)
    options = VocoderOptions(settings=settings, epochs=1, device="cpu")
    assert not train_vocoder(corpus, path, options, listen=listener, stopped=listener.stopped).completed
    again = Listener()
    assert train_vocoder(corpus, path, replace(options, resume=True, preview_epochs=1), listen=again).completed
    preview = again.of(Preview)[0]
    heard, original = (read_audio(file).samples for file in (preview.path, preview.original))
    assert heard.shape == original.shape
    with ModelFile.open(path) as file:
        row = file.manifest.vocoders["vocos"]
        assert row["warm_start"]
        assert row["usable"]
        assert row["validation"]["log_mel"] <= row["validation"]["base_log_mel"]
        assert row["validation"]["mr_stft"] <= row["validation"]["base_mr_stft"]


@pytest.mark.parametrize(
    ("mel", "base", "usable", "saying"),
    [
        (0.20, 0.21, True, "better than"),
        (0.21, 0.21, True, "not improved on the shipped vocoder yet"),
        (0.212, 0.21, True, "as good as"),
        (0.25, 0.21, False, "worse than"),
        (0.70, None, True, "within"),
        (0.90, None, False, "above"),
    ],
)
def test_what_auto_may_prefer_and_why(mel: float, base: float | None, usable: bool, saying: str) -> None:
    found = {"mel": mel, "stft": 1.0}
    verdict, reason = judge_usable(found, None if base is None else {"mel": base, "stft": 1.0})
    assert verdict is usable
    assert saying in reason


def test_a_completed_training_can_be_continued(tmp_path: Path, corpus: Any, small_model: ModelConfig) -> None:
    path = tmp_path / "m.distillgan"
    first = _train(corpus, path, small_model, Listener(), epochs=2)
    more = _train(corpus, path, small_model, Listener(), epochs=4, resume=True)
    assert more.completed
    assert more.steps == 2 * first.steps


def test_resume_without_a_checkpoint_and_of_another_corpus_are_refused(
    tmp_path: Path, corpus: Any, small_model: ModelConfig
) -> None:
    path = tmp_path / "m.distillgan"
    with pytest.raises(TrainingError, match="no checkpoint"):
        _train(corpus, path, small_model, Listener(), epochs=1, resume=True)
    _train(corpus, path, small_model, Listener(), epochs=1)
    with pytest.raises(TrainingError, match="another corpus"):
        _train(replace(corpus, digest="other"), path, small_model, Listener(), epochs=2, resume=True)


@pytest.mark.parametrize("files", [1, 2])
def test_fewer_files_than_the_batch_still_train(
    tmp_path: Path, corpus: Any, small_model: ModelConfig, files: int
) -> None:
    few = replace(corpus, clips=corpus.clips[:files], training=tuple(range(files)), validation=(0,))
    done = _train(few, tmp_path / "m.distillgan", small_model, Listener(), epochs=3)
    assert done.completed
    assert done.steps >= 3


def test_training_lowers_the_loss(tmp_path: Path, corpus: Any, small_model: ModelConfig) -> None:
    torch.manual_seed(0)
    listener = Listener()
    _train(corpus, tmp_path / "m.distillgan", small_model, listener, epochs=150)
    losses = [event.losses["mel"] for event in listener.of(Progress)]
    assert losses[-1] < 0.8 * losses[0]


def test_the_mel_loss_reaches_the_generator(corpus: Any) -> None:
    """An earlier program computed it without gradient, so it trained nothing."""
    from distill_engine.training.vocoder.step import VocoderStep

    settings = VocoderSettings(stft_weight=0.0, spectral_fraction=1.0)
    core = VocoderStep(build_vocoder("vocos", SMALL_VOCOS), settings)
    samples = torch.from_numpy(corpus.clips[0].samples[: 16 * 512])[None]
    before = {k: v.clone() for k, v in core.generator.state_dict().items()}
    losses = [core.step(core.mel(samples), samples, 0.0).mel for _ in range(30)]
    assert any(not torch.equal(v, before[k]) for k, v in core.generator.state_dict().items())
    assert losses[-1] < losses[0]


def test_the_adversarial_stage_trains_both_sides(corpus: Any) -> None:
    from distill_engine.training.vocoder.step import VocoderStep

    settings = VocoderSettings(spectral_fraction=0.5, width=0.03)
    core = VocoderStep(build_vocoder("vocos", SMALL_VOCOS), settings)
    samples = torch.from_numpy(np.stack([corpus.clips[0].samples[: 16 * 512]] * 2))
    assert core.step(core.mel(samples), samples, 0.4).discriminator == 0.0
    before = {k: v.clone() for k, v in core.discriminators.state_dict().items()}
    losses = core.step(core.mel(samples), samples, 0.6)
    assert min(losses.discriminator, losses.generator, losses.feature) > 0
    assert any(not torch.equal(v, before[k]) for k, v in core.discriminators.state_dict().items())


@pytest.mark.parametrize("kind", ["vocos", "hifigan"])
def test_mixed_precision_trains_as_float32_does(corpus: Any, kind: str) -> None:
    """What a GPU does, on the CPU: losses of some steps in both stages stay together, weights and samples stay float32."""
    from distill_engine.training.vocoder.step import VocoderStep

    config = SMALL_VOCOS if kind == "vocos" else SMALL_HIFIGAN
    samples = torch.from_numpy(np.stack([corpus.clips[0].samples[: 16 * 512]] * 2))
    losses = {}
    for mixed in (False, True):
        torch.manual_seed(0)
        core = VocoderStep(build_vocoder(kind, config), VocoderSettings(kind, spectral_fraction=0.5, width=0.03))
        core.mixed_precision = mixed
        steps = [core.step(core.mel(samples), samples, progress) for progress in (0.1, 0.2, 0.3, 0.6, 0.7, 0.8)]
        losses[mixed] = [(step.mel, step.stft, step.discriminator, step.feature) for step in steps]
        assert all(value.dtype == torch.float32 for value in core.average.state_dict().values())
    np.testing.assert_allclose(losses[True], losses[False], rtol=0.05, atol=0.02)
    assert not np.array_equal(losses[True], losses[False])


def test_a_checkpoint_of_a_network_that_no_file_holds_is_refused(corpus, tmp_path, monkeypatch):
    settings = VocoderSettings("vocos")
    config = {**SMALL_VOCOS, "channels": 4096, "hidden": 4096, "blocks": 4096}
    about = {"settings": settings.to_dict(), "corpus": corpus.digest, "config": config}
    found = StoredTraining(Checkpoint(), about)
    monkeypatch.setattr("distill_engine.training.storage.read_checkpoint", lambda *_: found)
    with pytest.raises(ModelFileError, match="vocos config"):
        train_vocoder(corpus, tmp_path / "m.distillgan", VocoderOptions(settings, resume=True), listen=Listener())
