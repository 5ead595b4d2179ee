"""Notes: one sounds at a time, at its pitch, from an attack of the corpus near it; takes repeat them."""

from pathlib import Path

import numpy as np
import pytest

import support_skeleton
from distill_engine.analysis.features import spectral, tonal
from distill_engine.analysis.stretches.pitch import clip_pitches
from distill_engine.errors import ControlError
from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.pitch.notes import Notes, from_place, transposition
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take_file import read_take

RATE = 44_100


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    folder = tmp_path_factory.mktemp("notes")
    return prepare_instrument(support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")[0])


def test_the_last_key_counts_and_the_one_before_returns() -> None:
    notes = Notes(86.0)
    assert (notes.key, notes.level) == (None, 1.0)
    assert notes.change(60, 127)
    assert not notes.change(64, 127)  # legato: no new attack
    assert notes.key == 64
    notes.change(64, 0)
    assert notes.key == 60
    notes.advance(0.3, hold=False)
    assert notes.level == 1.0
    notes.change(60, 0)
    assert notes.change(67, 64)  # after the last key was let go a sound begins
    notes.advance(0.3, hold=False)
    assert notes.level == pytest.approx((64 / 127) ** 2)
    notes.free()
    assert (notes.key, notes.level) == (None, 1.0)


def test_a_released_note_dies_in_its_time_unless_it_is_held() -> None:
    notes = Notes(100.0)
    notes.change(60, 127)
    notes.change(60, 0)
    for _ in range(50):
        notes.advance(0.5, hold=True)
    assert notes.level == 1.0
    for _ in range(50):
        notes.advance(0.5, hold=False)
    assert notes.level == pytest.approx(1e-3, rel=0.01)
    for _ in range(50):
        notes.advance(0.5, hold=False)
    assert notes.level == 0.0


@pytest.mark.parametrize(("key", "velocity"), [(-1, 64), (128, 64), (60, 128), (60, -1), (float("nan"), 64)])
def test_notes_that_no_keyboard_has_are_refused(instrument: Instrument, key: float, velocity: float) -> None:
    with pytest.raises(ControlError, match="0 to 127"):
        Synth(instrument).note(key, velocity)


def test_the_transposition_is_limited() -> None:
    assert transposition(12.0 + from_place(None, 50.0)) == 2.0
    assert transposition(from_place(72.0, 60.0)) == 2.0
    assert transposition(from_place(72.0, 0.0)) == 2.0  # a place without a pitch counts as key 60
    assert transposition(from_place(127.0, 30.0)) == 4.0


def _heard(samples: np.ndarray) -> float:
    """Return the pitch of samples [n] in the middle, as a MIDI note number."""
    frames = spectral.frames_of(samples.astype(np.float32), 4096, 512)[8:-10]
    notes, confidence = tonal.pitch(frames, RATE)
    return float(np.median(notes[confidence > 0.8]))


def test_keys_sound_at_their_pitch_within_ten_cents(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1, block=2)
    for key in (52, 57, 60, 61.5, 66, 73):
        synth.note(key, 100)
        sound = np.concatenate([synth.render(2) for _ in range(24)], axis=1).mean(axis=0)
        synth.note(key, 0)
        synth.render(30)
        assert _heard(sound) == pytest.approx(key, abs=0.12)
        assert abs(synth._mixer.main.sources.pitch - key) <= 5  # near the wanted pitch in the corpus: 57, 60, ... 69


def test_pitch_transposes_what_walks(instrument: Instrument) -> None:
    plain, high = Synth(instrument, seed=4), Synth(instrument, seed=4)
    high.set("/distill/pitch", 7.0)
    sounds = [np.concatenate([synth.render(4) for _ in range(14)], axis=1).mean(axis=0) for synth in (plain, high)]
    assert _heard(sounds[1]) - _heard(sounds[0]) == pytest.approx(7.0, abs=0.1)


def test_after_notes_play_lets_it_play_by_itself(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1)
    synth.note(60, 100)
    synth.render(8)
    synth.note(60, 0)
    synth.render(200)
    assert np.abs(synth.render(8)).max() < 1e-4
    synth.play()
    assert np.abs(np.concatenate([synth.render(8) for _ in range(20)], axis=1)).max() > 1e-2


@pytest.mark.parametrize("source", ["walk", "drift", "corpus"])
def test_a_take_with_notes_renders_the_live_samples(instrument: Instrument, source: str, tmp_path: Path) -> None:
    synth = Synth(instrument, seed=2, block=2, source=source)
    synth.note(62, 90)
    synth.render(6)
    synth.start_take(tmp_path / "notes.take")
    parts = []
    for turn in range(60):
        if turn in (5, 30):
            synth.note(70, 110)
        if turn in (20, 40):
            synth.note(70, 0)
        if turn == 25:
            synth.note(62, 0)
            synth.set("/distill/note/bend", 1.5)
        if turn == 50:
            synth.set("/distill/pitch", -5.0, 0.2)
        parts.append(synth.render(2))
    synth.stop_take()
    live = np.concatenate(parts, axis=1)
    played = list(play_take(instrument, read_take(tmp_path / "notes.take"), lambda *asked: instrument))
    assert np.abs(live).max() > 1e-3
    assert np.array_equal(np.concatenate(played, axis=1)[:, : live.shape[1]], live)


def test_the_pitch_of_a_clip_is_that_of_the_note_to_come() -> None:
    time = np.arange(RATE) / RATE
    tones = [0.3 * np.sin(2 * np.pi * hertz * time) for hertz in (261.63, 440.0)]
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    samples = np.concatenate([*tones, noise]).astype(np.float32)
    pitches = clip_pitches(samples, len(samples) // 512, 512, RATE)
    assert pitches[20] == pytest.approx(6000, abs=4)
    assert pitches[100] == pytest.approx(6900, abs=4)
    assert not pitches[190:].any()
