"""The live input of a skeleton's model: faithful, or followed by stretches of the corpus, exact in any block."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

import support_skeleton
from distill_engine.analysis.stretches.shapes import shapes_of
from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton, frame_levels
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.modelfile import update_model
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.score import RENDER_BLOCK, Score
from distill_engine.state import to_arrays
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.sources.input_player import InputPlayer, InputStretches
from distill_engine.synthesis.sources.latent_sources import SourceSettings
from distill_engine.synthesis.sources.pull import Pull
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.synthesis.sources.stretch_player import ATTACK_FADE, StretchPlayer
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import FOLLOWED_SINCE
from support_takes import rendered_take

HOP, LATE = 512, 2  # hops until a sound is whole in what is heard


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("input")
    return support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")[0]


@pytest.fixture(scope="module")
def instrument(model: Path) -> Instrument:
    return prepare_instrument(model)


@pytest.fixture(scope="module")
def skeleton(instrument: Instrument) -> Skeleton:
    assert instrument.skeleton is not None
    return instrument.skeleton


@pytest.fixture(scope="module")
def stretches(instrument: Instrument) -> InputStretches:
    assert instrument.input_stretches is not None
    return instrument.input_stretches


def plucks(hops: int) -> np.ndarray:
    """Noise that is struck again every 60 hops, duller each time."""
    time = np.arange(hops * HOP)
    noise = np.cumsum(0.02 * np.random.default_rng(0).standard_normal(len(time))) % 1.0 - 0.5
    return (0.5 * noise * np.exp(-(time % (60 * HOP)) / (12 * HOP))).astype(np.float32)


def between(x: np.ndarray) -> np.ndarray:
    """The sound half a hop later: its frames are those that a live input has one hop later."""
    return np.pad(x, (HOP // 2, 0))[: len(x)]


def played(bank: SourceBank, x: np.ndarray, own: float, **settings: object) -> tuple[np.ndarray, np.ndarray]:
    """The latents of the input [D, n], and what they need behind the vocoder [n]."""
    set_so, latents, gains = replace(SourceSettings(own=own), **settings), [], []  # type: ignore[arg-type]
    for i in range(len(x) // HOP):
        latents.append(bank.next(set_so, x[i * HOP : (i + 1) * HOP]))
        gains.append(bank.gain)
    return np.stack(latents, axis=1), np.array(gains)


def heard(bank: SourceBank, x: np.ndarray, own: float) -> np.ndarray:
    return played(bank, x, own)[0]


def levels(skeleton: Skeleton, latents: np.ndarray) -> np.ndarray:
    return frame_levels(np.clip(skeleton.decode(latents), FLOOR, skeleton.ceiling[:, None]))


def test_faithful_it_is_the_sound_through_the_skeleton(instrument: Instrument, skeleton: Skeleton) -> None:
    x = plucks(80)
    out = heard(instrument.sources(1, "input"), x, 0.0)
    untrimmed = -np.log(instrument.trim) * skeleton.louder[:, None]
    expected = skeleton.encode(mel_spectrogram(between(x), instrument.mel)) + untrimmed
    assert instrument.input_delay_samples == HOP + HOP // 2
    assert np.allclose(out[:, LATE + 1 : -1], expected[:, LATE:-2], atol=1e-4)


@pytest.mark.parametrize("behind", [False, True])
def test_stretches_have_the_loudness_of_the_input(instrument: Instrument, skeleton: Skeleton, behind: bool) -> None:
    x = plucks(300)
    latents, gains = played(instrument.sources(1, "input"), x, 1.0, level_behind=behind)
    asked = frame_levels(mel_spectrogram(between(x), instrument.mel))[LATE - 1 : -1]
    sounds = levels(skeleton, latents[:, LATE:]) + gains[LATE:] + np.log(instrument.trim)
    assert np.corrcoef(sounds[2:], asked[2:])[0, 1] > 0.99


def shape(mels: np.ndarray) -> np.ndarray:
    """What is left of mels [bands, n] without their levels, the upper 52 dB of each frame."""
    upper = np.maximum(mels, mels.max(axis=0) - 6.0)
    return np.asarray(upper - upper.mean(axis=0))


def test_a_faint_input_is_followed_by_sounds_that_are_whole(instrument: Instrument, skeleton: Skeleton) -> None:
    """Lowered in the mel, faint bands would fall below its floor: what is left is another sound."""
    assert instrument.search is not None
    corpus = shape(skeleton.decode(instrument.search.path.latents[:, ::2].astype(np.float64)))
    apart = []
    for rules in (FOLLOWED_SINCE - 1, FOLLOWED_SINCE):
        synth = Synth(instrument, seed=1, source="input")
        synth.loop.play_as_before(rules)
        synth.set("/distill/source/own", 1.0)
        sound = 100.0 * synth.render(240, np.float32(0.01) * plucks(240)).mean(axis=0)
        frames = shape(mel_spectrogram(sound.astype(np.float32), instrument.mel))[:, 20::3]
        apart.append(float(np.abs(frames[:, :, None] - corpus[:, None, :]).mean(axis=0).min(axis=1).mean()))
    assert apart[1] < 0.7 * apart[0]


def test_nothing_begins_by_itself_while_an_input_fades(instrument: Instrument, stretches: InputStretches) -> None:
    """Until version 9 a note that had died was followed by an attack, at the input's faint level."""
    begun = []
    for follows in (False, True):
        player = StretchPlayer(stretches.search, 1, instrument.frame_rate)
        place = np.zeros(stretches.search.place_latents)
        pull = Pull(1 / 0.3, place, 0.6, even=True, follows=follows)
        player.next(replace(pull, strike=True))
        fades = [player.next(pull)[1] for _ in range(2000)]
        begun.append(fades.count(ATTACK_FADE))
    assert begun[0] > 0
    assert begun[1] == 0


def test_another_source_fades_in_without_the_input_s_level(instrument: Instrument) -> None:
    x, bank = np.float32(0.01) * plucks(60), instrument.sources(1, "input")
    _, gains = played(bank, x, 1.0)
    assert gains[-1] < -0.5
    bank.select("walk", 4)
    after = []
    for _ in range(6):
        bank.next(SourceSettings(own=1.0), None)
        after.append(bank.gain)
    assert np.all(np.diff([gains[-1], *after[:5]]) >= 0.0)
    assert after[3:] == [0.0] * 3


def test_models_that_are_mixed_before_the_vocoder_have_no_level_behind_it(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1, source="input")
    synth.set("/distill/source/own", 1.0)
    synth.render(40, np.float32(0.01) * plucks(40))
    assert synth.pool is not None
    assert synth._mixer.main.sources.gain < -0.5
    synth.swap(instrument, 0.0, slot=1)
    synth.render(4, np.float32(0.01) * plucks(4))
    guests = [voice.guest for voice in synth._mixer.playing[1:]]
    assert guests == ["mel"]
    assert synth._mixer.main.sources.gain == 0.0
    synth._mixer.detach_guests(4, lambda voice: False)
    assert synth._mixer.playing[1]._levels.state() is None  # not those of the voice that it continued


def test_the_level_returns_when_a_guest_has_left_whatever_the_block(instrument: Instrument) -> None:
    def played(block: int) -> tuple[np.ndarray, float]:
        synth, x = Synth(instrument, seed=1, block=block, source="input"), np.float32(0.01) * plucks(64)
        synth.set("/distill/source/own", 1.0)
        out = []
        for first in range(0, 64, block):
            if first in (16, 32):
                synth.swap(instrument if first == 16 else None, 0.0, slot=1)
            out.append(synth.render(block, x[first * HOP : (first + block) * HOP]))
        return np.concatenate(out, axis=1), synth._mixer.main.sources.gain

    (one, gain), (sixteen, its_gain) = played(1), played(16)
    assert gain == its_gain < -0.5
    assert np.allclose(one, sixteen, atol=1e-5)


def test_another_seed_does_not_make_a_faint_input_loud(instrument: Instrument) -> None:
    """Until version 9 it was heard from silence on: what was faded from was as much too loud."""
    louder = []
    for rules in (FOLLOWED_SINCE - 1, FOLLOWED_SINCE):
        synth = Synth(instrument, seed=1, source="input")
        synth.loop.play_as_before(rules)
        synth.set("/distill/source/own", 1.0)
        x = np.random.default_rng(1).standard_normal(120 * HOP).astype(np.float32) * np.float32(3e-4)
        before = synth.render(80, x[: 80 * HOP])[:, 40 * HOP :]
        synth.set_seed(4)
        louder.append(float(synth.render(40, x[80 * HOP :]).std() / before.std()))
    assert louder[0] > 4.0
    assert louder[1] < 1.5


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_the_trim_of_the_model_is_not_heard_in_the_input(instrument: Instrument, own: float) -> None:
    x = np.float32(0.3) * plucks(200)
    powers = []
    for trim in (1.0, 6.0):
        synth = Synth(replace(instrument, trim=trim), seed=1, source="input")
        synth.set("/distill/source/own", own)
        powers.append(float(np.mean(np.square(synth.render(200, x)))))
    assert abs(10 * np.log10(powers[1] / powers[0])) < 0.2
    assert abs(10 * np.log10(powers[0] / float(np.mean(np.square(x))))) < 2.5


def test_what_follows_the_input_is_the_corpus(instrument: Instrument, skeleton: Skeleton) -> None:
    assert instrument.search is not None
    path = instrument.search.path
    matrix = shapes_of(skeleton, path).matrix[:-1]  # without the level
    out = heard(instrument.sources(1, "input"), plucks(300), 1.0)[:, LATE + 1 :]
    corpus = matrix @ path.latents.astype(np.float64)
    played = matrix @ out
    apart = np.min(np.abs(corpus[:, None, :] - played[:, ::5, None]).max(axis=0), axis=1)
    assert np.mean(apart < 0.05) > 0.8  # all but the hops of a fade


def test_an_onset_of_the_input_begins_an_attack(instrument: Instrument, stretches: InputStretches) -> None:
    bank = instrument.sources(1, "input")
    player: InputPlayer = bank._sources["input"]._player  # type: ignore[attr-defined]
    x, struck = plucks(300), []
    for hop in range(300):
        bank.next(SourceSettings(own=1.0), x[hop * HOP : (hop + 1) * HOP])
        if player._player._since == 0 and player._player.frame in stretches.search.attacks:
            struck.append(hop)
    for onset in range(60, 300, 60):
        assert any(onset <= hop <= onset + 4 for hop in struck)


def test_it_goes_on_from_its_state_bit_for_bit(instrument: Instrument) -> None:
    x = plucks(260)
    bank = instrument.sources(3, "input")
    for hop in range(200):
        settings = SourceSettings(own=(hop // 50) / 3)
        if hop % 17 == 0:
            other, probe = instrument.sources(3, "input"), instrument.sources(3, "input")
            other.restore(bank.state())
            probe.restore(bank.state())
            ahead = x[hop * HOP : (hop + 40) * HOP]
            assert np.array_equal(heard(other, ahead, settings.own), heard(probe, ahead, settings.own))
        bank.next(settings, x[hop * HOP : (hop + 1) * HOP])


def test_any_block_gives_the_same_path(instrument: Instrument) -> None:
    x = plucks(160)

    def play(block: int) -> dict[str, np.ndarray]:
        synth = Synth(instrument, seed=5, block=block, source="input")
        synth.set("/distill/source/own", 0.7)
        for first in range(0, 160, block):
            synth.render(block, x[first * HOP : (first + block) * HOP])
        return to_arrays(synth._mixer.main.sources.state())

    one, eight = play(1), play(8)
    assert one.keys() == eight.keys()
    assert all(np.array_equal(one[name], eight[name]) for name in one)


def test_a_take_and_a_render_give_what_was_played(instrument: Instrument, tmp_path: Path) -> None:
    x = plucks(160)
    synth = Synth(instrument, seed=2, block=RENDER_BLOCK, source="input")
    synth.set("/distill/source/own", 1.0)
    synth.start_take(tmp_path / "own.take")
    spans = [slice(i * HOP, (i + RENDER_BLOCK) * HOP) for i in range(0, 160, RENDER_BLOCK)]
    live = np.concatenate([synth.render(RENDER_BLOCK, x[span]) for span in spans], axis=1)
    synth.stop_take()
    again = rendered_take(tmp_path / "own.take", instrument)
    assert np.abs(live).max() > 1e-3
    assert np.array_equal(again[:, : live.shape[1]], live)
    score = Score(1.0, 2, "input", parameters={"/distill/source/own": 1.0}, heard=x)
    rendered = np.concatenate(list(play_score(instrument, score)), axis=1)
    late = synth.alignment_samples + instrument.input_delay_samples
    assert np.array_equal(rendered[:, :30_000], live[:, late : late + 30_000])


def test_frozen_it_stays(instrument: Instrument) -> None:
    x = plucks(60)
    bank = instrument.sources(1, "input")
    last = heard(bank, x, 1.0)[:, -1]
    still = [bank.next(SourceSettings(own=1.0, freeze=True), x[:HOP]) for _ in range(20)]
    assert all(np.array_equal(last, latent) for latent in still)


def test_without_a_path_the_input_is_faithful_and_that_is_said_once(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.distillgan"
    copy.write_bytes(model.read_bytes())
    update_model(copy, manifest=lambda old: replace(old, analysis={}), parts={"analysis": None})
    bare, x = prepare_instrument(copy), plucks(64)
    synth, plain = (Synth(bare, seed=1, source="input") for _ in range(2))
    synth.set("/distill/source/own", 1.0)
    assert np.array_equal(synth.render(64, x), plain.render(64, x))
    synth.render(64, x)
    said = [report.message for report in synth.take_reports()]
    assert len([text for text in said if "source/own stays at 0" in text]) == 1
