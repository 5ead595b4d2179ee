"""Renders: a take gives the live samples; every rate, depth and format; nothing that existed is lost."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_engine.errors import AudioFileError, ConfigError, ControlError, TakeError
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.render import RenderTarget, render_score, render_take
from distill_engine.rendering.score import RENDER_BLOCK, Score
from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.space.layout import Hearing, Layout
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import TICK_SAMPLES, Command, LiveInput
from distill_engine.takes.take_file import read_take
from distill_engine.vocabulary.table import SPACES


@pytest.fixture(scope="module")
def others(tiny_model, make_tiny_model) -> dict[str, Instrument]:
    second = prepare_instrument(make_tiny_model(name="second", seed=3), "vocos")
    return {"hifigan": prepare_instrument(tiny_model, "hifigan"), "second": second}


@pytest.fixture
def resolve(vocos, others):
    def find(played, vocoder):
        if played.digest("model") == others["second"].model_digest:
            return others["second"]
        return others["hifigan"] if vocoder == "hifigan" else vocos

    return find


def _whole(blocks) -> np.ndarray:
    return np.concatenate(list(blocks), axis=1)


def _perform(synth: Synth, others, take) -> np.ndarray:
    """Plays live in blocks of two: the take starts in mid-stream."""
    synth.set("/distill/source/rate", 3.0)
    synth.set("/distill/gain", -9.0, 1.0)
    for _ in range(15):
        synth.render(2)
    synth.start_take(take)
    heard = []
    for step in range(60):
        if step == 5:
            synth.select_source("corpus", 0.1)
            synth.set("/distill/latent/1", 1.0, 0.2)
        if step == 12:
            synth.swap(others["hifigan"], 0.2)
        if step == 24:
            synth.swap(others["second"], 0.1)
        if step == 30:
            synth.swap(others["hifigan"], 0.1, slot=2)
            synth.set("/distill/blend/2", 0.5, 0.1)
        if step == 40:
            synth.set_seed(12)
            synth.stop()
        if step == 50:
            synth.play()
        heard.append(synth.render(2))
    assert synth.stop_take() == take
    return np.concatenate(heard, axis=1)


def test_a_take_renders_the_live_samples(vocos, others, resolve, tmp_path):
    live = _perform(Synth(vocos, seed=4, block=2), others, tmp_path / "a.take")
    take = read_take(tmp_path / "a.take")
    assert take.ticks == 120 * 4
    offline = _whole(play_take(vocos, take, resolve))
    assert np.abs(live).max() > 1e-3
    assert np.array_equal(offline, live)
    header = dataclasses.replace(take.header, block=7)
    recut = _whole(play_take(vocos, dataclasses.replace(take, header=header), resolve))
    assert np.abs(recut - live).max() <= 1e-5


@pytest.mark.parametrize("block", [1, 2, 8])
def test_a_take_of_two_clocks_renders_the_live_samples(vocos, others, resolve, tmp_path, block):
    """What acts in the output stage comes in mid-hop, as it does live; the order of notes and play is kept."""
    synth = Synth(vocos, seed=5, block=block)
    synth.render(4 * block)
    synth.start_take(tmp_path / "ticks.take")
    rng, heard, played = np.random.default_rng(block), [], 0
    actions = [
        lambda: synth.set("/distill/gain", float(rng.uniform(-20, 0)), 0.02),
        lambda: synth.set("/distill/width", float(rng.uniform(0, 1))),
        lambda: synth.set("/distill/source/gate", float(rng.uniform(0.3, 1.0))),
        synth.stop,
        synth.play,
        synth.panic,
        lambda: synth.note(60, 90),
        lambda: synth.note(60, 0),
        lambda: synth.set("/distill/pitch", float(rng.uniform(-3, 3)), 0.05),
        lambda: synth.select_source("corpus", 0.02),
        lambda: synth.swap(others["hifigan"], 0.05),
        lambda: synth.set_seed(9),
        lambda: synth.set_space(str(rng.choice(SPACES))),
        lambda: synth.set("/distill/space/azimuth/0", float(rng.uniform(-180, 180)), 0.2),
        lambda: synth.set("/distill/space/depth", float(rng.uniform(-0.5, 1)), 0.05),
    ]
    meanwhile = [action for index, action in enumerate(actions) if index in (0, 1, 2, 8, 13, 14)]
    while played < 300:
        if rng.random() < 0.25:
            actions[rng.integers(len(actions))]()
        if played > 250 and not synth.output.playing:
            synth.play()
        if not synth.loop.ticks_waiting:
            synth.loop.compute(block)
            if rng.random() < 0.25:  # a parameter that comes while the hop is computed
                meanwhile[rng.integers(len(meanwhile))]()
        heard.append(synth.loop.put_out(int(rng.integers(1, 4))))
        played += heard[-1].shape[1] // TICK_SAMPLES
    synth.stop_take()
    live = np.concatenate(heard, axis=1)
    take = read_take(tmp_path / "ticks.take")
    assert take.ticks == played
    assert any(event.tick % 4 for event in take.events)
    assert np.abs(live[:, -4096:]).max() > 1e-3
    assert np.array_equal(_whole(play_take(vocos, take, resolve)), live)


def test_a_take_with_two_models_from_its_start_renders_the_live_samples(vocos, others, resolve, tmp_path):
    synth = Synth(vocos, seed=4)
    synth.swap(others["second"], 0.05, slot=1)
    synth.set("/distill/blend/1", 0.6)
    synth.render(20)
    synth.start_take(tmp_path / "b.take")
    live = np.concatenate([synth.render(1) for _ in range(30)], axis=1)
    synth.stop_take()
    offline = _whole(play_take(vocos, read_take(tmp_path / "b.take"), resolve))
    assert np.array_equal(offline, live)


@pytest.mark.parametrize("block", [1, 4])
def test_a_take_of_a_live_input_holds_what_was_heard(vocos, resolve, tmp_path, block):
    sound = 0.3 * np.random.default_rng(0).standard_normal(60 * 512).astype(np.float32)
    synth = Synth(vocos, seed=2, block=block)
    synth.render(block)
    synth.start_take(tmp_path / "heard.take")
    parts = []
    for first in range(0, 60, block):
        if first == 8:
            synth.select_source("input", 0.05)
        if first == 48:
            synth.select_source("drift", 0.05)
        parts.append(synth.render(block, sound[first * 512 : (first + block) * 512]))
    synth.stop_take()
    take = read_take(tmp_path / "heard.take")
    assert sum(len(event.samples) for event in take.events if isinstance(event, LiveInput)) == 40 * 512
    played, live = _whole(play_take(vocos, take, resolve)), np.concatenate(parts, axis=1)
    assert np.array_equal(played, live[:, -played.shape[1] :])


def test_a_take_knows_analyses_apart(vocos, others, resolve, tmp_path):
    """Two files of one network, analysed on different sounds: a swap is done through another vocoder too, and never to another analysis."""
    twin = dataclasses.replace(others["second"], name="twin", analysis_digest="a")
    synth = Synth(others["second"], seed=3)
    synth.start_take(tmp_path / "a.take")
    synth.render(2)
    synth.swap(twin, 0.1)
    synth.render(8)
    synth.stop_take()
    take, asked = read_take(tmp_path / "a.take"), []

    def found(played, vocoder):
        asked.append(played.name)
        return dataclasses.replace(twin, analysis_digest="b" if played.name == "twin" and len(asked) > 1 else "a")

    _whole(play_take(others["second"], take, found, vocoder="vocos"))
    assert asked == ["twin"]
    with pytest.raises(TakeError, match="another analysis of twin"):
        _whole(play_take(others["second"], take, found))


def test_a_take_asked_for_amid_a_swap_begins_after_it(vocos, others, tmp_path, resolve):
    synth = Synth(vocos, seed=4)
    synth.swap(others["hifigan"], 0.1)
    synth.start_take(tmp_path / "c.take")
    synth.render(9)
    live = synth.render(20)
    synth.stop_take()
    take = read_take(tmp_path / "c.take")
    assert take.header.main.vocoder == "hifigan"
    offline = _whole(play_take(others["hifigan"], take, resolve))
    assert np.abs(offline[:, -20 * 512 :] - live).max() <= 1e-5


def test_a_take_through_another_vocoder_is_as_long_and_stays_in_time(vocos, others, resolve, tmp_path):
    synth = Synth(vocos, seed=4)
    synth.start_take(tmp_path / "d.take")
    synth.render(40)
    synth.stop_take()
    take = read_take(tmp_path / "d.take")
    other = _whole(play_take(others["hifigan"], take, resolve, vocoder="hifigan"))
    assert other.shape == (2, 40 * 512)
    assert not other[:, : vocos.delay_samples].any()
    assert other.any()


def test_a_take_of_another_model_is_refused(vocos, others, resolve, tmp_path):
    synth = Synth(others["second"], seed=4)
    synth.start_take(tmp_path / "e.take")
    synth.render(2)
    synth.stop_take()
    with pytest.raises(TakeError, match="played with second"):
        _whole(play_take(vocos, read_take(tmp_path / "e.take"), resolve))


def test_a_take_with_a_tampered_state_or_command_is_refused(vocos, resolve, tmp_path):
    synth = Synth(vocos, seed=4)
    synth.start_take(tmp_path / "f.take")
    synth.render(1)
    synth.select_source("hold", 0.1)
    synth.render(2)
    synth.stop_take()
    take = read_take(tmp_path / "f.take")
    assert take.header.state is not None
    short = dict(list(take.header.state.items())[:4])
    with pytest.raises(TakeError, match="state"):
        _whole(
            play_take(vocos, dataclasses.replace(take, header=dataclasses.replace(take.header, state=short)), resolve)
        )
    (first, *_) = take.events
    assert isinstance(first, Command)
    events = (dataclasses.replace(first, name="format-disk"),)
    with pytest.raises(TakeError, match="unknown"):
        _whole(play_take(vocos, dataclasses.replace(take, events=events), resolve))


@pytest.mark.parametrize("seconds", [0.9, 1.0, 1.0027, 1.234])
def test_a_score_has_exactly_its_duration_and_fades(vocos, seconds):
    sound = _whole(play_score(vocos, Score(seconds, seed=3)))
    assert sound.shape == (2, round(seconds * 44100))
    assert np.abs(sound[:, -3:]).max() < 0.02 * np.abs(sound).max()
    assert np.abs(sound).max() > 1e-3


def test_a_score_shorter_than_its_fade_still_sounds(vocos):
    assert np.abs(_whole(play_score(vocos, Score(0.02, seed=3)))).max() > 0


def test_a_render_is_the_synth_with_the_same_defaults(vocos):
    score = Score(1.0, seed=3, source="drift")
    sound = _whole(play_score(vocos, score))
    synth = Synth(vocos, seed=3, block=RENDER_BLOCK)
    live = synth.render(80)[:, vocos.delay_samples :]
    assert np.abs(sound[:, :30000] - live[:, :30000]).max() <= 1e-5


def test_seed_latent_and_source_change_the_sound(vocos):
    plain = _whole(play_score(vocos, Score(0.5)))
    for other in (Score(0.5, seed=1), Score(0.5, latents={1: 3.0}), Score(0.5, source="corpus")):
        assert not np.allclose(plain, _whole(play_score(vocos, other)))


def test_impossible_scores_are_refused(vocos):
    with pytest.raises(ConfigError, match="duration"):
        Score(0.0)
    with pytest.raises(ControlError, match="latent 99"):
        _whole(play_score(vocos, Score(0.1, latents={99: 0.0})))
    with pytest.raises(ControlError, match="brightness"):
        _whole(play_score(vocos, Score(0.1, controls={"brightness": 1.0})))
    with pytest.raises(ControlError, match="no parameter"):
        _whole(play_score(vocos, Score(0.1, parameters={"/distill/nothing": 1.0})))


@pytest.mark.parametrize(
    ("name", "rate", "depth", "subtype"),
    [
        ("a.wav", 44100, "16", "PCM_16"),
        ("a.wav", 48000, "32f", "FLOAT"),
        ("a.flac", 48000, "24", "PCM_24"),
        ("a.ogg", 44100, "24", "VORBIS"),
        ("a.mp3", 44100, "24", "MPEG_LAYER_III"),
        ("a.opus", 44100, "24", "OPUS"),
    ],
)
def test_every_format_and_rate(vocos, tmp_path, name, rate, depth, subtype):
    seen: list[Any] = []
    result = render_score(vocos, Score(0.5, seed=1), RenderTarget(tmp_path / name, rate, depth), seen.append)
    info = soundfile.info(tmp_path / name)
    assert info.subtype == subtype
    assert info.channels == 2
    assert info.samplerate == (48000 if name == "a.opus" else rate)
    assert info.duration == pytest.approx(0.5, abs=0.06 if name == "a.mp3" else 0.002)
    assert result.vocoder == "vocos"
    assert seen[-1].done_seconds == pytest.approx(0.5)


def test_an_interrupted_render_leaves_what_was_there(vocos, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"precious")

    def interrupt(progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_score(vocos, Score(1.0), RenderTarget(path), interrupt)
    assert path.read_bytes() == b"precious"
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_an_output_that_cannot_be_written_is_a_clear_error(vocos, tmp_path):
    with pytest.raises(AudioFileError, match="folder"):
        render_score(vocos, Score(0.1), RenderTarget(tmp_path / "none" / "a.wav"))
    with pytest.raises(AudioFileError, match="format"):
        render_score(vocos, Score(0.1), RenderTarget(tmp_path / "a.xyz"))
    with pytest.raises(AudioFileError, match="rate"):
        render_score(vocos, Score(0.1), RenderTarget(tmp_path / "a.wav", 100))


def test_an_empty_take_is_refused(vocos, resolve, tmp_path):
    synth = Synth(vocos)
    synth.start_take(tmp_path / "g.take")
    synth.render(0)
    with pytest.raises(TakeError):
        synth.stop_take()
    synth.start_take(tmp_path / "h.take")
    synth.render(1)
    synth.stop_take()
    take = dataclasses.replace(read_take(tmp_path / "h.take"), ticks=0)
    with pytest.raises(TakeError, match="empty"):
        render_take(vocos, take, RenderTarget(tmp_path / "a.wav"), resolve)


def test_a_control_that_is_not_offered_says_why(vocos: Instrument) -> None:
    instrument = dataclasses.replace(vocos, withheld={"pitch": "pitch follows no path (rho 0.09)"})
    with pytest.raises(ControlError, match=r"control 'pitch' is not offered: pitch follows no path \(rho 0.09\)"):
        next(play_score(instrument, Score(0.1, controls={"pitch": 1.0})))


def test_a_take_is_heard_in_another_space_and_on_more_outputs(vocos, resolve, tmp_path):
    synth = Synth(vocos, seed=3, block=2)
    synth.set_space("binaural")
    synth.start_take(tmp_path / "c.take")
    live = [synth.render(20)]
    synth.set_space("mono")
    live.append(synth.render(20))
    synth.stop_take()
    take = read_take(tmp_path / "c.take")
    assert np.array_equal(_whole(play_take(vocos, take, resolve)), np.concatenate(live, axis=1))
    ambix = _whole(play_take(vocos, take, resolve, hearing=Hearing("ambisonic", Layout(4))))
    assert ambix.shape == (4, 40 * 512)
    assert np.array_equal(ambix[0], ambix[3])  # W and X of what stands ahead
    assert not ambix[2].any()


def test_a_render_has_the_channels_of_its_space(vocos, tmp_path):
    for hearing, channels in (
        (Hearing("binaural"), 2),
        (Hearing("ambisonic", Layout(4)), 4),
        (Hearing(None, Layout(6)), 6),
    ):
        target = RenderTarget(tmp_path / f"{channels}.wav")
        render_score(vocos, Score(seconds=0.3, hearing=hearing), target)
        assert soundfile.info(target.path).channels == channels
    with pytest.raises(AudioFileError, match="mp3 holds up to 2 channels, not 4: use wav"):
        render_score(
            vocos, Score(seconds=0.3, hearing=Hearing("ambisonic", Layout(4))), RenderTarget(tmp_path / "a.mp3")
        )
