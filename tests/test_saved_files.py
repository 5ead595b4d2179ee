"""Files of earlier versions play as they did when they were written (see `data/README.md`)."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_control.midi.maps.mapfile import parse_map
from distill_engine.library.presets import PresetStore
from distill_engine.modelfile import ModelFile
from distill_engine.rendering.coding.coder import coder_of
from distill_engine.rendering.loaded_model import load_model
from distill_engine.rendering.take_player import play_take
from distill_engine.state import to_arrays
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import PlayedModel, Take
from distill_engine.takes.take_file import read_take
from support_takes import write_take

DATA = Path(__file__).parent / "data"
FIRST = DATA / "776e572"
SECOND = DATA / "model-2"
CODES = DATA / "codes-1"
TAKES = [
    FIRST / "performance-v1.take",
    FIRST / "from-start-v1.take",
    DATA / "take-2" / "performance-v2.take",
    SECOND / "walk.take",
    CODES / "codes.take",
    DATA / "take-4" / "ticks.take",
    DATA / "take-5" / "marks.take",
    DATA / "take-6" / "jumps.take",
    DATA / "take-7" / "walk.take",
    DATA / "take-8" / "notes.take",
    DATA / "take-9" / "places.take",
    DATA / "take-10" / "follows.take",
    DATA / "take-11" / "blocks.take",
    DATA / "take-12" / "levels.take",
]


def resolve(played: PlayedModel, vocoder: str) -> Instrument:
    """The models of the folders by the digest of their latent model."""
    digest = played.digest("model")
    for path in sorted(DATA.rglob("*.distillgan")):
        with ModelFile.open(path) as file:
            if file.manifest.parts["model"].sha256 == digest:
                return prepare_instrument(path, vocoder)
    raise AssertionError(f"no model with the digest {digest} ({played.name})")


def rendered(take: Take) -> np.ndarray:
    main = take.header.main
    instrument = resolve(main, main.vocoder)
    return np.concatenate(list(play_take(instrument, take, resolve)), axis=1)


@pytest.mark.parametrize("path", TAKES, ids=lambda path: path.stem)
def test_a_take_of_every_version_renders_what_was_heard(path: Path) -> None:
    heard, rate = soundfile.read(path.with_suffix(".flac"), dtype="float32")
    take = read_take(path)
    played = rendered(take)
    assert rate == take.header.sample_rate
    assert played.shape == heard.T.shape
    assert np.abs(played - heard.T).max() <= 1e-5


@pytest.mark.parametrize("folder", [CODES, DATA / "codes-2"], ids=lambda folder: folder.name)
def test_codes_sound_as_they_did(folder: Path) -> None:
    coder = coder_of(load_model(CODES / "tones.distillgan", vocoder="vocos"))
    heard, _ = soundfile.read(folder / "tone.flac", dtype="float32")
    assert np.abs(coder.decode(coder.load(folder / "tone.distillcodes")) - heard).max() <= 1e-5


@pytest.mark.parametrize("name", ["performance-v1"])
def test_a_take_of_version_1_can_be_written_as_today_and_sounds_the_same(name: str, tmp_path: Path) -> None:
    old = read_take(FIRST / f"{name}.take")
    write_take(old, tmp_path / "new.take")
    assert (tmp_path / "new.take").read_bytes().startswith(b'{"format": "distill.take", "version": 12')
    assert np.array_equal(rendered(read_take(tmp_path / "new.take")), rendered(old))


def test_a_state_of_version_1_becomes_one_of_today() -> None:
    state = read_take(FIRST / "performance-v1.take").header.state
    assert state is not None
    main, second = (prepare_instrument(FIRST / f"{name}.distillgan", "vocos") for name in ("tiny", "second"))
    synth = Synth(main, block=2)
    synth.swap(second, 0.0, slot=1)
    synth.render(2)
    later = (
        ".input.",
        ".step",
        ".transposer.",
        ".from_place",
        "notes.",
        "note_level",
        "note_weight",
        "waiting",
        "output.space.",
        "output.others.",
        ".mel_guest",
        ".asked",
        ".added",
        "beats.",
    )  # what has come since
    today = set(to_arrays(synth.state()))
    assert set(state) >= {name for name in today if not any(part in name for part in later)}


def test_models_of_the_first_version_play_through_each_of_their_vocoders() -> None:
    for name, kind in (("tiny", "vocos"), ("tiny", "hifigan"), ("second", "vocos")):
        sound = Synth(prepare_instrument(FIRST / f"{name}.distillgan", kind), seed=1).render(16)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() > 1e-4


def test_a_model_of_version_2_plays_its_corpus_and_its_sources() -> None:
    instrument = prepare_instrument(SECOND / "tones.distillgan", "vocos")
    assert instrument.default_source == "walk"
    assert set(instrument.source_names) == {"hold", "drift", "corpus", "input", "walk"}
    assert {"loudness", "brightness", "density", "movement"} <= set(instrument.control_names)


def test_a_preset_of_the_first_version_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    shutil.copy(FIRST / "Dusk %26 dawn.preset.json", tmp_path / "tiny")
    preset = PresetStore(tmp_path).find("Dusk & dawn", "tiny", "")
    assert preset.values == {
        "/distill/gain": -6.0,
        "/distill/width": 0.5,
        "/distill/source": "corpus",
        "/distill/latent/3": 1.25,
    }


def test_a_midi_map_of_the_first_version_is_read() -> None:
    midi_map = parse_map((FIRST / "controller.toml").read_text())
    assert (midi_map.name, midi_map.channel, midi_map.takeover, midi_map.preset_glide_seconds) == (
        "Bench",
        2,
        "scaling",
        0.25,
    )
    assert [(one.target, one.action) for one in midi_map.bindings] == [
        ("/distill/gain", "absolute"),
        ("/distill/control/0", "relative"),
        ("/distill/source/gate", "gate"),
        ("/distill/preset/recall", "trigger"),
    ]
    assert midi_map.bindings[0].low == -40.0
    assert midi_map.bindings[3].arguments == (1, 0.5)
