"""Models are blended in the mel, in latents or in sound; nothing of it depends on the blocks."""

import dataclasses

import numpy as np
import pytest
import soundfile

from distill_engine.dataset.corpus import load_corpus
from distill_engine.inference.decoder_digest import decoder_digest
from distill_engine.models.model_config import skeleton_config
from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.blending import blend_latents
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.priming import PRIME_BLOCK, PRIME_HOPS
from distill_engine.takes.take_file import read_take
from distill_engine.training.latent.skeleton_start import skeleton_of, write_first_version
from distill_engine.vocabulary.table import BLEND_SPACES
from support_skeleton import skeleton_model


@pytest.fixture(scope="module")
def first(tiny_model) -> Instrument:
    return prepare_instrument(tiny_model, "vocos")


@pytest.fixture(scope="module")
def sibling(first) -> Instrument:
    """The same networks, analysed on another corpus and quieter."""
    latents = np.random.default_rng(8).standard_normal((8, 90)).astype(np.float32)
    return dataclasses.replace(first, name="sibling", corpus=latents, trim=0.5 * first.trim, analysis_digest="b")


@pytest.fixture(scope="module")
def stranger(make_tiny_model) -> Instrument:
    return prepare_instrument(make_tiny_model(name="stranger", seed=3), "vocos")


@pytest.fixture(scope="module")
def tones(tmp_path_factory) -> Instrument:
    """A model with a skeleton."""
    folder = tmp_path_factory.mktemp("tones")
    return prepare_instrument(skeleton_model(folder / "tones.distillgan", folder / "sounds")[0])


@pytest.fixture(scope="module")
def noises(tmp_path_factory) -> Instrument:
    """A model with another skeleton and the same vocoder: three hisses of their own brightness."""
    folder = tmp_path_factory.mktemp("noises")
    for index in range(3):
        noise = 0.2 * np.random.default_rng(index).standard_normal(40_000)
        kernel = np.ones(2 + 4 * index) / (2 + 4 * index)
        soundfile.write(folder / f"noise{index}.wav", np.convolve(noise, kernel, "same"), 44_100)
    corpus, config = load_corpus(folder), skeleton_config(20)
    path = folder / "noises.distillgan"
    write_first_version(corpus, skeleton_of(corpus, config), config, path, replaces=True)
    return prepare_instrument(path)


def _space(synth: Synth) -> str:
    return BLEND_SPACES[synth.blend_space]


def _played(synth: Synth, cuts: list[int], score: dict[int, list]) -> np.ndarray:
    """Renders in blocks of the given sizes in turn, cut where the score has something to do."""
    out, at, turn, end = [], 0, 0, max(score)
    while at < end:
        for action in score.get(at, []):
            action(synth)
        count = min(cuts[turn % len(cuts)], min(hop for hop in score if hop > at) - at)
        out.append(synth.render(count))
        at, turn = at + count, turn + 1
    return np.concatenate(out, axis=1)


def _score(first: Instrument, sibling: Instrument, stranger: Instrument) -> dict[int, list]:
    return {
        0: [lambda s: s.set("/distill/source/rate", 4.0), lambda s: s.swap(sibling, 0.1, slot=1)],
        5: [lambda s: s.set("/distill/blend/1", 1.0, 0.2), lambda s: s.select_source("corpus", 0.1)],
        30: [lambda s: s.set("/distill/blend/0", 0.2, 0.1), lambda s: s.swap(stranger, 0.1, slot=2)],
        40: [lambda s: s.set("/distill/blend/2", 0.5, 0.1)],
        47: [lambda s: s.swap(sibling, 0.2, slot=1)],
        52: [lambda s: s.swap(stranger, 0.3)],
        70: [lambda s: s.swap(first, 0.1), lambda s: s.swap(None, 0.1, slot=2)],
        80: [lambda s: s.swap(sibling, 0.05, slot=3), lambda s: s.set("/distill/blend/3", 0.8)],
        95: [lambda s: s.swap(None, 0.2, slot=3)],
        120: [],
    }


@pytest.mark.parametrize("cuts", [[1], [3], [1, 5, 2, 8]])
def test_the_samples_do_not_depend_on_the_blocks(cuts, first, sibling, stranger):
    score = _score(first, sibling, stranger)
    whole = _played(Synth(first, seed=5), [120], score)
    assert np.abs(whole).max() > 1e-3
    assert np.abs(_played(Synth(first, seed=5), cuts, score) - whole).max() <= 1e-5


def test_a_take_of_a_blend_renders_the_live_samples(first, sibling, stranger, tmp_path):
    instruments = {first.name: first, "sibling": sibling, "stranger": stranger}
    synth = Synth(first, seed=2)
    synth.swap(sibling, 0.02, slot=1)
    synth.set("/distill/blend/1", 0.7)
    synth.render(12)
    synth.start_take(tmp_path / "a.take")
    changes = {10: lambda: synth.swap(stranger, 0.1), 30: lambda: synth.set("/distill/blend/0", 0.3, 0.1)}
    heard = []
    for hop in range(50):
        changes.get(hop, lambda: None)()
        heard.append(synth.render(1))
    synth.stop_take()
    take = read_take(tmp_path / "a.take")
    offline = list(play_take(first, take, lambda played, vocoder: instruments[played.name]))
    assert np.array_equal(np.concatenate(offline, axis=1), np.concatenate(heard, axis=1))


def _mel_score(noises: Instrument, stranger: Instrument) -> dict[int, list]:
    return {
        0: [lambda s: s.swap(noises, 0.1, slot=1), lambda s: s.set("/distill/blend/1", 1.0, 0.2)],
        20: [lambda s: s.set("/distill/blend/0", 0.3, 0.1)],
        35: [lambda s: s.swap(stranger, 0.1, slot=2), lambda s: s.set("/distill/blend/2", 0.5)],
        45: [lambda s: s.swap(noises, 0.1, slot=1)],
        60: [lambda s: s.note(64, 100)],
        80: [],
    }


@pytest.mark.parametrize("cuts", [[1], [1, 5, 2, 8]])
def test_a_blend_in_the_mel_does_not_depend_on_the_blocks(cuts, tones, noises, stranger):
    score = _mel_score(noises, stranger)
    whole = _played(Synth(tones, seed=5), [120], score)
    assert np.abs(whole).max() > 1e-3
    # The vocoder raises the last bit of a mel: 1e-4 without any guest.
    assert np.abs(_played(Synth(tones, seed=5), cuts, score) - whole).max() <= 3e-4


def test_a_take_of_a_blend_in_the_mel_renders_the_live_samples(tones, noises, tmp_path):
    instruments = {"tones": tones, "noises": noises}
    synth = Synth(tones, seed=2)
    synth.swap(noises, 0.02, slot=1)
    synth.set("/distill/blend/1", 0.7)
    synth.render(12)
    synth.start_take(tmp_path / "a.take")
    changes = {10: lambda: synth.swap(noises, 0.1), 30: lambda: synth.note(60, 90)}
    heard = []
    for hop in range(40):
        changes.get(hop, lambda: None)()
        heard.append(synth.render(1))
    synth.stop_take()
    offline = list(play_take(tones, read_take(tmp_path / "a.take"), lambda played, vocoder: instruments[played.name]))
    assert np.array_equal(np.concatenate(offline, axis=1), np.concatenate(heard, axis=1))


def test_a_blend_in_the_mel_takes_one_vocoder_and_has_the_levels_of_a_mix(tones, noises, stranger):
    powers = []
    for guest, space, voices in ((noises, "mel", 1), (dataclasses.replace(noises, vocoder_digest="own"), "sound", 2)):
        synth = Synth(tones, seed=3)
        synth.swap(guest, 0.0, slot=1)
        synth.set("/distill/blend/1", 1.0)
        powers.append(float(np.mean(np.square(synth.render(200)[:, 80 * 512 :]))))
        assert (_space(synth), synth.voices) == (space, voices)
    assert 0.8 < powers[0] / powers[1] < 1.25
    synth = Synth(tones, seed=3)
    synth.swap(noises, 0.0, slot=1)
    synth.swap(stranger, 0.0, slot=2)
    assert (_space(synth), synth.voices) == ("both", 2)


def test_at_no_weight_a_guest_in_the_mel_leaves_its_host_as_it_is(tones, noises):
    alone, blended = Synth(tones, seed=3), Synth(tones, seed=3)
    blended.swap(noises, 0.0, slot=1)
    blended.set("/distill/blend/1", 0.0)
    assert np.abs(blended.render(60) - alone.render(60)).max() <= 1e-4


def test_guests_in_the_mel_stay_with_a_skeleton_and_play_alone_for_keys_and_others(tones, noises, stranger):
    for change, space in (
        (lambda synth: synth.swap(noises, 0.1), "mel"),
        (lambda synth: synth.swap(stranger, 0.1), "sound"),
        (lambda synth: synth.note(60, 100), "sound"),
    ):
        synth = Synth(tones, seed=3)
        synth.swap(noises, 0.0, slot=1)
        synth.set("/distill/blend/1", 1.0)
        synth.render(20)
        change(synth)
        assert _space(synth) == space
        assert np.abs(synth.render(60)[:, 40 * 512 :]).max() > 1e-3


def test_a_guest_whose_decoder_fails_is_silent_and_named(tones, noises):
    def failing() -> object:
        backend = noises.decoder()
        step, calls = backend.step, iter(range(1000))

        def broken(latents):
            if next(calls) > PRIME_HOPS // PRIME_BLOCK:
                raise RuntimeError("out of memory")
            return step(latents)

        backend.step = broken
        return backend

    synth = Synth(tones, seed=3)
    synth.swap(dataclasses.replace(noises, decoder=failing), 0.0, slot=1)
    synth.set("/distill/blend/1", 1.0)
    sound = synth.render(40)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 1e-3
    assert [report.cause for report in synth.take_reports() if "decoder failed" in report.cause]


def test_where_a_blend_happens_is_said(first, sibling, stranger, tiny_model):
    synth = Synth(first)
    assert _space(synth) == "one"
    synth.swap(sibling, 0.02, slot=1)
    assert _space(synth) == "latents"
    synth.swap(stranger, 0.02, slot=2)
    assert _space(synth) == "both"
    synth.swap(None, 0.02, slot=1)
    assert _space(synth) == "sound"
    synth.swap(prepare_instrument(tiny_model, "hifigan"), 0.02, slot=2)
    assert _space(synth) == "sound", "another vocoder is another sound"
    synth.swap(None, 0.02, slot=2)
    assert _space(synth) == "one"


def test_at_full_weight_a_guest_alone_sounds_as_by_itself(first, sibling):
    alone, blended = Synth(sibling, seed=3, source="corpus"), Synth(first, seed=3, source="corpus")
    blended.swap(sibling, 0.0, slot=1)
    for address, value in (("/distill/blend/0", 0.0), ("/distill/blend/1", 1.0)):
        blended.set(address, value)
    ours, theirs = blended.render(120), alone.render(120)
    settled = slice(80 * 512, None)
    assert np.abs(theirs[:, settled]).max() > 1e-3
    assert np.abs(ours[:, settled] - theirs[:, settled]).max() <= 1e-5


def test_half_and_half_is_the_sound_of_the_latents_between(first, sibling):
    """Both held still: one voice at the mean of two latents, where a blend in sound would be two voices."""
    far = dataclasses.replace(sibling, trim=first.trim, corpus=np.full((8, 30), 1.5, np.float32))
    near = dataclasses.replace(first, corpus=np.full((8, 30), -0.5, np.float32))
    middle = dataclasses.replace(first, corpus=np.full((8, 30), 0.5, np.float32))
    blended, expected = Synth(near, source="corpus"), Synth(middle, source="corpus")
    blended.swap(far, 0.0, slot=1)
    blended.set("/distill/blend/1", 1.0)
    ours, theirs = blended.render(140), expected.render(140)
    assert np.abs(ours[:, -20 * 512 :] - theirs[:, -20 * 512 :]).max() <= 1e-5


def test_guests_play_on_when_the_first_place_becomes_another_model(first, sibling, stranger):
    synth = Synth(first, seed=3, source="corpus")
    synth.swap(sibling, 0.02, slot=1)
    synth.set("/distill/blend/0", 0.0)
    synth.set("/distill/blend/1", 1.0)
    before = synth.render(60)[:, 30 * 512 :]
    synth.swap(stranger, 0.3)
    assert _space(synth) == "sound"
    during, after = synth.render(27), synth.render(60)
    level = np.sqrt(np.mean(before**2))
    for passage in (during, after):
        assert 0.5 < np.sqrt(np.mean(passage**2)) / level < 2.0
    steps = np.abs(np.diff(np.concatenate([before, during], axis=1)[0]))
    edge = before.shape[1]
    assert steps[edge - 2 : edge + 2].max() <= steps.max() * 0.999 or steps[edge - 2 : edge + 2].max() < 0.05


def test_the_mean_follows_the_weights_and_the_level_their_powers():
    from distill_engine.synthesis.blending import Guest

    gain = np.full(4, 0.6)
    guest = Guest(np.array([2.0, 0.0]), np.full(4, 0.8), trim=1.0)
    latent, level = blend_latents(np.array([0.0, 1.0]), gain, 1.0, [guest])
    assert np.allclose(latent, [2.0 * 0.8 / 1.4, 0.6 / 1.4])
    assert np.allclose(level, 1.0)
    silent = Guest(np.ones(2), np.zeros(4), trim=1.0)
    latent, level = blend_latents(np.zeros(2), np.zeros(4), 1.0, [silent])
    assert np.allclose(latent, 0.0)
    assert np.allclose(level, 0.0)


def test_the_decoders_digest_is_of_what_it_reads():
    part = {name: np.ones(3, np.float32) for name in ("encoder.a", "decoder.b", "output.c", "latent_mean")}
    digest = decoder_digest(part)
    assert decoder_digest(part | {"encoder.a": np.zeros(3, np.float32)}) == digest
    for name in ("decoder.b", "output.c", "latent_mean"):
        assert decoder_digest(part | {name: np.zeros(3, np.float32)}) != digest
