"""A leap to an attack sounds as in the corpus: the vocoder is primed with what comes before it there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.dataset.corpus import load_corpus
from distill_engine.models.model_config import skeleton_config
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.voice_pool import voices_of
from distill_engine.takes.take import PRIMED_SINCE, VERSION
from distill_engine.takes.take_file import read_take
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version
from support_takes import rendered_take

HOP, RATE, REST = 512, 44_100, 40
KEYS = (57, 60, 63, 66)  # the pitches of the corpus
LATENTS = 24


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    """The first version of a model of notes that are at their loudest where their files begin."""
    folder, time = tmp_path_factory.mktemp("struck"), np.arange(RATE) / RATE
    for key in KEYS:
        tone = sum(np.cos(2 * np.pi * n * 440.0 * 2 ** ((key - 69) / 12) * time) / n for n in range(1, 8))
        soundfile.write(folder / f"{key}.wav", 0.2 * np.exp(-9.0 * time) * tone, RATE)
    corpus, config = load_corpus(folder), skeleton_config(LATENTS)
    path = folder / "struck.distillgan"
    write_first_version(corpus, skeleton_of(corpus, config), config, path, replaces=True)
    return prepare_instrument(path, "vocos")


def level(samples: np.ndarray) -> np.ndarray:
    """Level in dB of samples [n], over 1.5 ms."""
    return np.asarray(
        10 * np.log10(np.convolve(np.square(samples.astype(np.float64)), np.ones(66) / 66, "same") + 1e-9)
    )


def onset_ms(instrument: Instrument, key: float, *, primed: bool) -> float:
    """Return when a note comes within 10 dB of its attack's peak, from its key on."""
    synth = Synth(instrument, seed=1)
    synth.loop.play_as_before(VERSION if primed else PRIMED_SINCE - 1)
    synth.note(0, 1)  # from here on it plays notes only
    synth.note(0, 0)
    synth.render(REST)
    synth.note(key, 100)
    heard = level(synth.render(20).mean(axis=0))[: 10 * HOP]
    return float(np.flatnonzero(heard > heard.max() - 10)[0]) / RATE * 1e3


@pytest.mark.parametrize("moved", [0, 1])
def test_a_note_begins_sooner(instrument: Instrument, moved: int) -> None:
    sooner = [
        onset_ms(instrument, key + moved, primed=False) - onset_ms(instrument, key + moved, primed=True) for key in KEYS
    ]
    assert np.median(sooner) > 8
    assert min(sooner) > 0


def test_the_attack_is_that_of_the_corpus(instrument: Instrument) -> None:
    assert instrument.search is not None
    path, voice = instrument.search.path, voices_of(instrument).voice(0)
    rest = np.repeat(instrument.rest[:, None], 16, axis=1)

    def attack(clip: int, *, whole: bool, primed: bool) -> np.ndarray:
        """The level around the attack of a clip after silence: with the silence before it, or a leap over that."""
        first = path.first_frame(clip)
        before = path.latents[:, path.offsets[clip] : first].astype(np.float64)
        voice.begin_again()
        rests = np.concatenate([rest, before], axis=1) if whole else rest
        voice.vocoder.step(voice.decoder.step(rests.astype(np.float32)))
        voice.retelling.ask(None, before if primed else None)
        parts = []
        for hop in range(first, first + 12):
            latents = path.latents[:, hop : hop + 1].astype(np.float32)
            parts.append(voice.render(latents, [1.0], 0, lambda report: None))
            voice.retelling.ask(None)
        return level(np.concatenate(parts))[: 8 * HOP]

    for clip in range(len(path.offsets) - 1):
        whole, leapt, primed = (
            attack(clip, whole=a, primed=b) for a, b in ((True, False), (False, False), (False, True))
        )
        apart = [float(np.abs(one - whole).mean()) for one in (leapt, primed)]
        assert apart[1] < 5.0
        assert apart[1] < 0.4 * apart[0]


def test_blocks_of_any_size_are_primed_at_the_same_hop(instrument: Instrument) -> None:
    sounds = []
    for block in (1, 3, 8):
        synth, parts = Synth(instrument, seed=2), []
        for key in (57, 61, 57, 66.5):
            synth.note(key, 100)
            parts += [synth.render(block) for _ in range(24 // block)]
        sounds.append(np.concatenate(parts, axis=1))
    assert np.abs(sounds[0]).max() > 0.05
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-3
    assert np.abs(sounds[0] - sounds[2]).max() < 1e-3


def test_a_take_begun_between_two_notes_renders_as_played(instrument: Instrument, tmp_path: Path) -> None:
    synth = Synth(instrument, seed=3)
    synth.note(60, 100)
    synth.render(7)
    synth.start_take(tmp_path / "a.take")
    played = []
    for key in (63, 64, 57):
        synth.note(key, 90)
        played += [synth.render(1) for _ in range(9)]
    synth.stop_take()
    assert read_take(tmp_path / "a.take").header.rules >= PRIMED_SINCE
    assert np.array_equal(rendered_take(tmp_path / "a.take", instrument), np.concatenate(played, axis=1))


def test_controls_move_what_comes_before_too(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=5)
    synth.set("/distill/latent/0", 0.5)
    synth.note(57, 100)
    synth.render(1)
    main = synth._mixer.main
    before = main.steering.before
    assert before is not None
    assert before.shape == (LATENTS, 4)
    assert main.sources.before is not None
    moved = before - main.sources.before
    assert moved[0, 0] == pytest.approx(0.5, abs=0.1)  # within the corpus's region
    np.testing.assert_allclose(moved, moved[:, :1] * np.ones(4))
    synth.render(1)
    assert main.steering.before is None
