"""Family `rvq`: codebooks that are trained with the model, and played by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_engine.errors import ConfigError, DistillError
from distill_engine.inference.stored_codes import read_codes, store_codes, stored_route
from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import ModelConfig
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.training.events import Progress, TrainingEvent
from distill_engine.training.latent import coded_model
from distill_engine.training.latent.coded_model import CodedModel
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.settings import CodeShape, LatentSettings
from distill_engine.training.latent.skeleton_start import first_books, skeleton_of
from support_skeleton import SMALL_SKELETON
from support_training import train_small

CODED = replace(SMALL_SKELETON, family="rvq", corrected=True)
SETTINGS = LatentSettings(levels=2, codes=64, code_dim=16)


def train(corpus: Any, path: Path, *, stop_after: int | None = None, **options: Any) -> list[TrainingEvent]:
    chosen = ModelOptions(config=replace(CODED, corrected=False), codes=CodeShape(2, 64, 16), **options)
    return train_small(corpus, path, chosen, stop_after)


@pytest.fixture
def model(corpus: Any) -> CodedModel:
    skeleton = skeleton_of(corpus, CODED)
    model = CodedModel(CODED, SETTINGS)
    model.set_skeleton(skeleton)
    model.set_books(first_books(corpus, skeleton, SETTINGS))
    return model


def mel_of(corpus: Any, clip: int = 0) -> torch.Tensor:
    return torch.from_numpy(corpus.clips[clip].mel)[None]


def test_before_training_it_gives_what_fitted_codes_give(corpus: Any, model: CodedModel) -> None:
    skeleton, mel = skeleton_of(corpus, CODED), mel_of(corpus)
    books = replace(first_books(corpus, skeleton, SETTINGS), beam=coded_model.BEAM)
    latents = books.decode(books.encode(skeleton.encode(corpus.clips[0].mel)))[:, : mel.shape[-1]]
    with torch.no_grad():
        coded = model.eval().coded(mel)
        alone = model.uncorrected().decode(coded)
        assert torch.equal(model.decode(coded), alone)
    assert np.abs(coded[0].numpy() - latents).max() < 1e-3


def test_books_come_nearer_to_what_passes_through_them(corpus: Any, model: CodedModel) -> None:
    mel, errors = mel_of(corpus), []
    model.books += 0.3 * torch.randn(model.books.shape, generator=torch.Generator().manual_seed(0))
    model.sums.copy_(model.books)
    for _ in range(300):
        result = model(mel, torch.Generator().manual_seed(1))
        errors.append(result.figures["commitment"])
    assert errors[-1] < 0.7 * errors[0]
    assert {"dead", "perplexity 0", "perplexity 1"} <= set(result.figures)
    before = model.books.clone()
    model.eval()(mel, torch.Generator().manual_seed(1))
    assert torch.equal(model.books, before)


def test_dead_entries_begin_anew_one_a_step_until_the_last_fifth(corpus: Any, model: CodedModel) -> None:
    mel = mel_of(corpus)
    model.unused[0, :3] = coded_model.DEAD_STEPS
    model.books[0, :3] = model.sums[0, :3] = 1e3
    model.reseeding = False
    model(mel, torch.Generator().manual_seed(1))
    assert int((model.books[0].abs().amax(dim=1) > 100).sum()) == 3
    model.reseeding = True
    for left in (2, 1, 0):
        model(mel, torch.Generator().manual_seed(1))
        assert int((model.books[0].abs().amax(dim=1) > 100).sum()) == left


def test_the_corpus_uses_nearly_every_entry_of_a_finished_model(corpus: Any, model: CodedModel) -> None:
    noise = torch.Generator().manual_seed(0)  # steady tones have few columns
    longer = [mel_of(corpus, clip).repeat(1, 1, 8) for clip in corpus.training]
    mels = [mel + torch.randn(mel.shape, generator=noise) for mel in longer]
    model.books[:, 32:] += 50.0

    def used() -> float:
        with torch.no_grad():
            codes = torch.cat([model._codes(model._components(model.encode(mel)), coded_model.BEAM) for mel in mels], 1)
        return min(len(level.unique()) for level in codes) / 64

    before, error = used(), model.eval().coded_error(mels)
    model.spread_books(mels)
    assert before <= 0.5
    assert used() > 0.9
    assert model.coded_error(mels) < error


def test_resumed_equals_uninterrupted_bit_for_bit(corpus: Any, tmp_path: Path) -> None:
    train(corpus, tmp_path / "whole.distillgan", epochs=4)
    train(corpus, tmp_path / "parts.distillgan", epochs=4, stop_after=2)
    train(corpus, tmp_path / "parts.distillgan", resume=True)
    parts = []
    for name in ("whole", "parts"):
        with ModelFile.open(tmp_path / f"{name}.distillgan") as file:
            parts.append([file.read_part(part) for part in ("model", "training/model", "codes")])
    for whole, resumed in zip(*parts, strict=True):
        assert whole.keys() == resumed.keys()
        assert all(np.array_equal(whole[key], resumed[key]) for key in whole)


def test_what_was_trained_is_what_plays(corpus: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    events = train(corpus, path, epochs=4)
    assert any("perplexity 0" in event.losses for event in events if isinstance(event, Progress))
    with ModelFile.open(path) as file:
        trained, table = read_codes(file), dict(file.manifest.codes)
        assert file.manifest.family == "rvq"
        assert not any(name in file.read_part("model") for name in ("books", "counts"))
    assert (table["trained"], table["levels"], table["size"], trained.books.beam) == (True, 2, 64, coded_model.BEAM)
    route = stored_route(path)
    assert route is not None
    assert store_codes(path, route, keep_trained=True)["trained"]
    instrument = prepare_instrument(path)
    assert {"codes", "prior", "walk"} <= set(instrument.source_names)
    assert np.array_equal(instrument.codes.books.books, trained.books.books)  # type: ignore[union-attr]
    for source in ("codes", "prior", "walk"):
        whole, blocks = Synth(instrument, source=source, block=32), Synth(instrument, source=source, block=4)
        sound = whole.render(32)
        assert np.abs(sound).max() > 1e-3
        assert np.abs(np.concatenate([blocks.render(4) for _ in range(8)], axis=1) - sound).max() < 1e-5
    assert "trained" not in store_codes(path, route)


@pytest.mark.parametrize("values", [{"levels": 5}, {"codes": 0}, {"code_dim": 129}, {"code_dim": 7}])
def test_other_shapes_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(DistillError, match="codes have .* not "):
        LatentSettings(**values)  # type: ignore[arg-type]


def test_a_model_of_version_1_has_no_trained_codes() -> None:
    with pytest.raises(ConfigError, match="version 2"):
        ModelConfig(family="rvq")
    with pytest.raises(ConfigError, match="known: vae, rvq"):
        ModelConfig(family="gan")


@pytest.mark.parametrize(("dimensions", "components"), [(8, 16), (8, 128), (31, 128), (128, 128)])
def test_columns_of_few_latents_have_no_more_components_than_numbers(
    corpus: Any, tmp_path: Path, dimensions: int, components: int
) -> None:
    shape = replace(SMALL_SKELETON, family="rvq", latent_dim=dimensions)
    path = tmp_path / "m.distillgan"
    options = ModelOptions(config=shape, codes=CodeShape(2, 64, components), epochs=1)
    train_small(corpus, path, options, None)
    with ModelFile.open(path) as file:
        assert read_codes(file).books.books.shape[2] == min(components, 4 * dimensions)
    assert np.isfinite(Synth(prepare_instrument(path), source="codes").render(16)).all()
