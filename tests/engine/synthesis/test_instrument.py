"""Loading an instrument: the vocoder policy, its reasons, and every way in which a file cannot be played."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distill_engine.analysis.controls import Controls, no_paths
from distill_engine.analysis.level import LevelSurface
from distill_engine.analysis.region import fit_region
from distill_engine.errors import ModelFileError, VocoderError
from distill_engine.modelfile import Manifest, ModelFile, update_model
from distill_engine.synthesis.instrument import choose_vocoder, prepare_instrument
from distill_engine.synthesis.sources.latent_sources import SourceSettings
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.priming import PRIME_HOPS
from distill_engine.synthesis.voices.voice_pool import VoicePool


def _manifest(**vocoders: tuple[float, bool]) -> Manifest:
    entries = {
        kind: {"config": {}, "epochs": 5, "steps": 9, "usable": usable, "validation": {"log_mel": error}}
        for kind, (error, usable) in vocoders.items()
    }
    return Manifest(name="rain", family="vae", vocoders=entries)


def _nothing(kind: str) -> None:
    return None


def test_auto_takes_the_models_own_that_validates_best():
    choice = choose_vocoder(_manifest(vocos=(0.9, True), hifigan=(0.4, True)), base=_nothing)
    assert (choice.kind, choice.origin) == ("hifigan", "model")
    assert "0.40 nat" in choice.reason


def test_auto_passes_over_what_is_not_good_enough_or_too_slow(tiny_model):
    manifest = _manifest(vocos=(0.9, True), hifigan=(0.4, False))
    assert choose_vocoder(manifest, base=_nothing).kind == "vocos"
    both = _manifest(vocos=(0.9, True), hifigan=(0.4, True))
    choice = choose_vocoder(both, keeps_up=lambda c: c.kind == "vocos", base=_nothing)
    assert choice.kind == "vocos"
    base = choose_vocoder(_manifest(vocos=(0.9, False)), base=lambda kind: tiny_model)
    assert (base.origin, base.name) == ("base", "base vocos")
    assert "not good enough" in base.reason
    universal = choose_vocoder(_manifest(), base=lambda kind: tiny_model, universal=lambda: True)
    assert universal.kind == "bigvgan"


def test_without_a_base_the_models_own_plays_however_little_trained():
    choice = choose_vocoder(_manifest(vocos=(0.9, False)), base=_nothing)
    assert choice.origin == "model"
    assert "trained for 5 epochs: quality may be limited" in choice.reason


def test_a_manual_choice_of_a_little_trained_one_works_and_says_so():
    choice = choose_vocoder(_manifest(vocos=(0.9, False)), "vocos", base=_nothing)
    assert choice.reason == "asked for; trained for 5 epochs: quality may be limited"


def test_a_kind_that_the_model_lacks_is_taken_from_the_base(tiny_model):
    choice = choose_vocoder(_manifest(vocos=(0.9, True)), "hifigan", base=lambda kind: tiny_model)
    assert (choice.kind, choice.origin) == ("hifigan", "base")
    assert choose_vocoder(_manifest(), "base vocos", base=lambda kind: tiny_model).name == "base vocos"


@pytest.mark.parametrize("requested", ["auto", "base", "hifigan"])
def test_no_vocoder_at_all_is_a_clear_error(requested):
    with pytest.raises(VocoderError, match="distill train-vocoder"):
        choose_vocoder(_manifest(), requested, base=_nothing)


def test_an_unknown_name_is_a_clear_error():
    with pytest.raises(VocoderError, match="choose auto"):
        choose_vocoder(_manifest(), "organ")


def test_a_base_vocoder_plays(tiny_model, make_tiny_model):
    bare = make_tiny_model(name="bare", vocoders=())
    instrument = prepare_instrument(
        bare, choose=lambda m, requested: choose_vocoder(m, requested, base=lambda kind: tiny_model)
    )
    assert instrument.vocoder.name == "base vocos"
    assert np.abs(Synth(instrument).render(20)).max() > 1e-4


def test_torch_and_onnx_play_the_same(tiny_model):
    def play(**options) -> np.ndarray:
        synth = Synth(prepare_instrument(tiny_model, "vocos", **options), seed=2)
        synth.set("/distill/source/rate", 5.0)
        return synth.render(30)

    assert np.abs(play() - play(torch_device="cpu")).max() < 1e-3


def test_a_file_without_a_latent_model_is_refused(tiny_model, tmp_path):
    path = tmp_path / "vocoders.distillgan"
    path.write_bytes(tiny_model.read_bytes())
    update_model(path, parts={"model": None})
    with pytest.raises(ModelFileError, match="no latent model"):
        prepare_instrument(path, "vocos")


def test_a_file_without_graphs_says_what_to_do_and_plays_through_torch(tiny_model, tmp_path):
    path = tmp_path / "plain.distillgan"
    path.write_bytes(tiny_model.read_bytes())
    with ModelFile.open(path) as file:
        names = file.graphs
    update_model(path, graphs=dict.fromkeys(names))
    with pytest.raises(ModelFileError, match="torch-device"):
        prepare_instrument(path, "vocos")
    assert prepare_instrument(path, "vocos", torch_device="cpu").source_names[-1] == "input"


def test_weights_that_do_not_fit_are_refused(tiny_model, tmp_path):
    path = tmp_path / "odd.distillgan"
    path.write_bytes(tiny_model.read_bytes())
    update_model(path, manifest=lambda m: replace(m, model={**m.model, "latent_dim": 9}))
    for device in (None, "cpu"):
        with pytest.raises(ModelFileError):
            prepare_instrument(path, "vocos", torch_device=device)


def test_a_vocoder_of_another_mel_is_refused(tiny_model, tmp_path):
    path = tmp_path / "other.distillgan"
    path.write_bytes(tiny_model.read_bytes())
    update_model(path, manifest=lambda m: replace(m, mel={**m.mel, "hop": 256}))
    with pytest.raises(VocoderError, match="every"):
        prepare_instrument(path, "vocos")


def test_playing_on_the_cpu_imports_no_torch(tiny_model):
    program = f"""
import sys
from pathlib import Path
from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
synth = Synth(prepare_instrument(Path({str(tiny_model)!r}), "vocos"))
synth.render(4)
heavy = {{"torch", "matplotlib", "onnxscript", "huggingface_hub", "scipy.signal"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_nothing_is_imported_while_sound_is_computed():
    """An import takes tens of ms. NumPy imports its masked arrays at the first median, quantile or unique."""
    program = """
import sys
import numpy as np
from distill_engine.library.assets import assets_dir
from distill_engine.live.capacity.realtime_check import FitRequest, fit_instrument
from distill_engine.synthesis.synth import Synth
pool, _ = fit_instrument(assets_dir() / "starter.distillgan", FitRequest(voices=2))
synth = Synth(pool, seed=1, source="walk")
synth.keys.set_voices(2, 2)
loaded = set(sys.modules)
assert "numpy.ma" not in loaded
heard = np.random.default_rng(0).uniform(-0.1, 0.1, 100 * synth.hop).astype(np.float32)
for source in pool.instrument.source_names:
    synth.select_source(source)
    synth.trigger()
    synth.note(60.0, 0.8)
    synth.render(100, heard)
    synth.note(60.0, 0.0)
assert not set(sys.modules) - loaded, set(sys.modules) - loaded
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.parametrize(
    "entry", [7, {}, {"epochs": "many", "validation": 3, "config": {"hop": "loud"}, "usable": True}]
)
def test_a_hostile_manifest_is_one_clear_error(tiny_model, tmp_path, entry):
    path = tmp_path / "hostile.distillgan"
    path.write_bytes(tiny_model.read_bytes())
    try:
        update_model(path, manifest=lambda m: replace(m, vocoders={"vocos": entry}))
        prepare_instrument(path, "vocos")
    except (ModelFileError, VocoderError):
        return
    assert entry == {}  # a config left out is the default one


def test_a_drift_of_version_1_keeps_to_the_surface_of_one_level(tiny_model, tmp_path):
    path = Path(shutil.copy(tiny_model, tmp_path / "copy.distillgan"))
    with ModelFile.open(path) as file:
        arrays = dict(file.read_part("analysis"))
    latents = np.random.default_rng(0).standard_normal((8, 200))
    controls = Controls((), no_paths(8), fit_region(latents)).to_arrays()
    flat = LevelSurface(1.0, 10.0 * np.eye(8)[2], np.zeros((8, 8)))
    update_model(path, parts={"analysis": {**arrays, **controls, **flat.to_part()}})
    instrument = prepare_instrument(path)
    drift = instrument.sources(seed=4)
    assert instrument.controls is not None
    region = instrument.controls.region
    white = [region.whitening @ (drift.next(SourceSettings(), None) - region.centre) for _ in range(2000)]
    spread = np.std(white, axis=0)
    assert spread[2] < 0.01
    assert (np.delete(spread, 2) > 0.1).all()
    still = instrument.sources(seed=4).next(SourceSettings(range=0.0), None)
    assert np.allclose(still, region.centre)


@pytest.mark.parametrize(
    ("vocoder", "device"), [("vocos", None), ("hifigan", None), ("vocos", "cpu"), ("hifigan", "cpu")]
)
def test_the_voices_of_a_pool_are_primed_once_and_begin_alike(tiny_model, vocoder, device):
    instrument, primed = prepare_instrument(tiny_model, vocoder, torch_device=device), []

    def counted():
        stream = instrument.vocoder_stream()
        step = stream.step
        stream.step = lambda x: primed.append(x.shape[1]) or step(x)
        return stream

    pool = VoicePool(replace(instrument, vocoder_stream=counted)).prepare(1, 3)
    assert sum(hops for hops in primed if hops > 1) == PRIME_HOPS
    latents = np.random.default_rng(0).standard_normal((instrument.latent_dim, 6)).astype(np.float32)
    first = VoicePool(instrument).voice(0)
    states = first.decoder.snapshot(), first.vocoder.snapshot()
    heard = first.render(latents, [1.0] * 6, 0, lambda report: None)
    assert np.abs(heard).max() > 0
    for voice in [pool.voice(0) for _ in range(4)]:
        for found, state in zip((voice.decoder.snapshot(), voice.vocoder.snapshot()), states, strict=True):
            assert found.keys() == state.keys()
            assert all(np.array_equal(found[name], state[name]) for name in state)
        assert np.array_equal(voice.render(latents, [1.0] * 6, 0, lambda report: None), heard)
