"""Several notes at once: each at its pitch, stolen with a fade, within a budget; takes repeat them."""

import dataclasses
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import support_skeleton
from distill_engine.errors import ControlError
from distill_engine.live.live_notes import FewerNotes
from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take_file import read_take

RATE = 44_100


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    folder = tmp_path_factory.mktemp("notes")
    return prepare_instrument(support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")[0])


def _level_at(samples: np.ndarray, key: float) -> float:
    """Return the level in dB of samples [n] at the fundamental of a key, against the whole."""
    spectrum = np.square(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))))
    hertz = 440.0 * 2 ** ((key - 69) / 12)
    bins = np.arange(len(spectrum)) * RATE / 2 / (len(spectrum) - 1)
    near = np.abs(1200 * np.log2(np.maximum(bins, 1.0) / hertz)) < 40
    return float(10 * np.log10(spectrum[near].sum() / spectrum.sum() + 1e-12))


def _sound(synth: Synth, hops: int) -> np.ndarray:
    return np.concatenate([synth.render(2) for _ in range(hops // 2)], axis=1).mean(axis=0)


def test_a_chord_sounds_with_all_its_notes_and_mono_with_the_last(instrument: Instrument) -> None:
    chord, mono = Synth(instrument, seed=1, block=2), Synth(instrument, seed=1, block=2)
    chord.keys.set_voices(4)
    for synth in (chord, mono):
        for key in (57, 61.5, 66):
            synth.note(key, 100)
        _sound(synth, 8)
    sounds = _sound(chord, 24), _sound(mono, 24)
    assert all(_level_at(sounds[0], key) > -12 for key in (57, 61.5, 66))
    assert _level_at(sounds[1], 66) > -3
    assert _level_at(sounds[1], 57) < -20
    chord.note(61.5, 0)
    _sound(chord, 60)
    assert _level_at(_sound(chord, 24), 61.5) < -25


def test_what_has_played_is_kept_for_slot_0_alone(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=4)
    synth.keys.set_voices(3)
    synth.swap(instrument, 0.01, slot=1)
    synth.set("/distill/blend/1", 0.5)
    synth.render(40)
    assert synth.codes.heard(60.0).shape == (instrument.latent_dim, 40)
    for key in (57, 60, 64):
        synth.note(key, 100)
    synth.render(60)
    others = [*synth._mixer.note_voices, synth._mixer.slots[1].voice]
    assert not [kept for voice in others for kept in vars(voice).values() if isinstance(kept, deque) and len(kept) > 20]
    synth.swap(instrument, 0.01)
    with pytest.raises(ControlError, match="nothing has played"):
        synth.codes.heard(60.0)


def test_a_note_too_many_steals_the_released_then_the_oldest_with_a_fade(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=2)
    synth.keys.set_voices(2)
    synth.set("/distill/note/release", 5.0)
    for key in (57, 60):
        synth.note(key, 100)
    synth.render(10)
    synth.note(60, 0)
    synth.render(2)
    synth.note(64, 100)
    assert [note.key for note in _notes(synth)] == [57, 60]  # it fades first
    synth.render(1)
    assert [note.level for note in _notes(synth)] == [pytest.approx((100 / 127) ** 2), 0.0]
    synth.render(1)
    assert [note.key for note in _notes(synth)] == [57, 64]
    synth.note(69, 100)
    synth.render(2)
    assert [note.key for note in _notes(synth)] == [69, 64]
    assert synth._mixer.voices == 2 + 1  # two notes, and the voice of slot 0, which rests


def _notes(synth: Synth):
    assert synth._mixer.polyphony is not None
    return synth._mixer.polyphony.notes


def test_what_is_stolen_makes_no_click(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=2)
    synth.keys.set_voices(2)
    synth.set("/distill/width", 0.0)
    parts = []
    for turn in range(40):
        if turn % 4 == 0:
            synth.note(52 + turn, 110)
        parts.append(synth.render(1)[0])
    sound = np.concatenate(parts)
    edges = np.abs(sound[512::512] - sound[511:-1:512]).max()
    assert edges <= np.abs(np.diff(sound)).max() * 0.99


def test_the_budget_is_kept_however_many_voices_there_are(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=3)
    synth.keys.set_voices(8, budget=3.0)
    for key in range(50, 58):
        synth.note(key, 90)
        synth.render(2)
        assert len([note for note in _notes(synth) if note.sounding]) <= 3


def test_notes_that_were_too_much_become_fewer_once_a_second(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=3)
    fewer = FewerNotes(synth.keys)
    assert fewer.after_underrun(0.0) == ""  # one note at a time
    synth.keys.set_voices(4)
    synth.set("/distill/note/release", 0.02)
    for key in (50, 54, 57):
        synth.note(key, 90)
        synth.render(2)
    assert fewer.after_underrun(10.0).startswith("; 2 notes at once from now on")
    assert [note.key for note in _notes(synth) if note.held] == [54, 57]
    assert fewer.after_underrun(10.5) == ""
    assert fewer.after_underrun(11.0).startswith("; 1 note at once from now on")
    synth.render(60)
    for key in (60, 62, 64):
        synth.note(key, 90)
        synth.render(60)
        assert sum(note.busy for note in _notes(synth)) == 1
    assert fewer.after_underrun(20.0) == ""  # no less than one


def test_a_note_has_its_own_bend_pressure_and_controls(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1, block=2)
    with pytest.raises(ControlError, match="2 or more"):
        synth.keys.express("detune", 60, 1.0)
    synth.keys.set_voices(2)
    with pytest.raises(ControlError, match="no note sounds at key 60"):
        synth.keys.express("detune", 60, 1.0)
    synth.note(57, 100)
    synth.note(64, 100)
    synth.keys.express("detune", 57, 2.0)
    synth.keys.express("pressure", 64, 1.0)
    _sound(synth, 10)
    assert _notes(synth)[1].level == pytest.approx(2 * _notes(synth)[0].level)
    sound = _sound(synth, 24)
    assert _level_at(sound, 59) > _level_at(sound, 57) + 15
    with pytest.raises(ControlError, match="wobble"):
        synth.keys.express("control", 57, 1.0, "wobble")


def test_a_short_key_sounds_and_the_pedal_holds(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1)
    synth.keys.set_voices(2)
    synth.note(60, 100)
    synth.note(60, 0)
    synth.render(1)
    assert _notes(synth)[0].level > 0.3
    synth.set("/distill/note/hold", 1.0)
    synth.note(64, 100)
    synth.note(64, 0)
    synth.render(60)
    assert _notes(synth)[1].level > 0.3
    synth.set("/distill/note/hold", 0.0)
    synth.render(120)
    assert not any(note.sounding for note in _notes(synth))


def test_play_gives_the_sound_back_to_the_instrument(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1)
    synth.keys.set_voices(3)
    assert np.abs(_sound(synth, 40)).max() > 1e-2
    synth.note(60, 100)
    synth.note(60, 0)
    _sound(synth, 200)
    assert np.abs(_sound(synth, 8)).max() < 1e-4
    synth.play()
    assert np.abs(_sound(synth, 40)).max() > 1e-2


@pytest.mark.parametrize(("source", "block"), [("walk", 1), ("drift", 4)])
def test_a_take_with_chords_renders_the_live_samples(
    instrument: Instrument, source: str, block: int, tmp_path: Path
) -> None:
    other = prepare_instrument(instrument.path, "hifigan") if instrument.path is not None else instrument
    synth = Synth(instrument, seed=2, block=block, source=source)
    synth.keys.set_voices(3, budget=40.0)
    synth.note(55, 90)
    synth.render(2 * block)
    synth.note(59, 80)  # does not sound yet when the take begins
    synth.start_take(tmp_path / "chords.take")
    actions = {
        3: lambda: synth.note(62, 90),
        6: lambda: synth.keys.express("detune", 62, 1.5),
        9: lambda: synth.note(66, 120),
        10: lambda: synth.note(67, 120),
        11: synth.keys.relieve,
        12: lambda: synth.keys.express("pressure", 67, 0.5),
        15: lambda: synth.note(55, 0),
        18: lambda: synth.swap(other, 0.1),
        24: lambda: synth.keys.set_voices(2),
        25: lambda: synth.note(60, 90),
        28: synth.stop,
        34: synth.play,
        36: lambda: synth.note(72, 90),
        38: lambda: synth.set_seed(5),
        40: lambda: synth.note(72, 0),
    }
    parts = []
    for turn in range(48):
        if turn in actions:
            actions[turn]()
        parts.append(synth.render(block))
    synth.stop_take()
    live = np.concatenate(parts, axis=1)
    take = read_take(tmp_path / "chords.take")
    played = list(play_take(instrument, take, lambda asked, vocoder: other if "hifigan" in vocoder else instrument))
    assert np.abs(live).max() > 1e-3
    assert np.array_equal(np.concatenate(played, axis=1), live)


@pytest.mark.parametrize("voices", [1, 3])
def test_notes_have_the_weight_of_their_model_in_a_take_that_begins_while_it_moves(
    instrument: Instrument, tmp_path: Path, voices: int
) -> None:
    synth = Synth(instrument, seed=3, block=2)
    synth.swap(instrument, 0.01, slot=1)
    synth.set("/distill/blend/1", 0.8)
    synth.keys.set_voices(3)
    synth.note(60, 100)
    synth.render(20)
    synth.note(60, 0)
    synth.keys.set_voices(voices)
    synth.render(100)
    synth.set("/distill/blend/0", 0.1, 0.2)
    synth.render(8)
    synth.start_take(tmp_path / "a.take")
    parts = [synth.render(2)]
    synth.keys.set_voices(3)
    synth.note(64, 100)
    parts += [synth.render(2) for _ in range(16)]
    synth.stop_take()
    played = np.concatenate(list(play_take(instrument, read_take(tmp_path / "a.take"), lambda *_: instrument)), axis=1)
    assert np.array_equal(played, np.concatenate(parts, axis=1))


@pytest.mark.parametrize("name", ["detune", "pressure", "control"])
def test_an_expression_is_a_finite_number_within_its_ends(instrument: Instrument, name: str) -> None:
    beyond, at_the_end = Synth(instrument, seed=1), Synth(instrument, seed=1)
    control = instrument.control_names[0] if name == "control" else ""
    for synth, value in ((beyond, 1e30), (at_the_end, 48.0 if name == "detune" else 1.0)):
        synth.keys.set_voices(2)
        synth.note(60, 100)
        for bad in (float("nan"), float("inf")):
            with pytest.raises(ControlError, match="no number"):
                synth.keys.express(name, 60, bad, control)
        synth.keys.express(name, 60, value, control)
    assert np.array_equal(_sound(beyond, 12), _sound(at_the_end, 12))


@pytest.mark.parametrize("name", ["level", "detune", "pressure", "ratio", "ramp"])
def test_a_note_is_not_restored_with_a_value_that_is_no_number(instrument: Instrument, name: str) -> None:
    synth = Synth(instrument, seed=1)
    synth.keys.set_voices(2)
    synth.note(60, 100)
    synth.render(2)
    state = synth.keys.state()
    assert state is not None
    no_number: dict[str, Any] = {name: float("nan")}
    damaged = dataclasses.replace(state.notes[0], **no_number)
    with pytest.raises(ControlError, match="damaged"):
        synth.keys.restore(dataclasses.replace(state, notes=(damaged, *state.notes[1:])), networks=True)
