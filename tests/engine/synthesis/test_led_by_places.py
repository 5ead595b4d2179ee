"""Places lead all that plays: the map at a grain of 0 and with codes, pinned latents, a path that changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import support_skeleton
from distill_engine.analysis.stretches.skeleton import FLOOR, frame_levels
from distill_engine.inference.stored_codes import store_codes, stored_route
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.sources import leap_search
from distill_engine.synthesis.sources.latent_sources import LEAST_GRAIN_SECONDS, SourceSettings
from distill_engine.synthesis.sources.leap_search import LeapSearch
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.synthesis.sources.stretch_sources import WalkSource
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take import LED_SINCE, LEVELLED_SINCE, VERSION
from distill_engine.takes.take_file import read_take
from support_takes import rendered_take

BEFORE = LED_SINCE - 1


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    folder = tmp_path_factory.mktemp("led")
    path, _ = support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")
    route = stored_route(path)
    assert route is not None
    store_codes(path, route)
    return prepare_instrument(path)


@pytest.fixture(scope="module")
def search(instrument: Instrument) -> LeapSearch:
    assert instrument.search is not None
    return instrument.search


def place_in(search: LeapSearch, clip: int) -> np.ndarray:
    """A place [16] in the middle of a clip's loud part."""
    frame = int(search.attacks[clip]) + 20
    assert search.clip_of[frame] == clip
    return search.path.latents[:16, frame].astype(np.float64)


def played(bank: SourceBank, settings: SourceSettings, hops: int = 20) -> np.ndarray:
    return np.stack([bank.next(settings) for _ in range(hops)], axis=1)


@pytest.mark.parametrize("source", ["walk", "drift", "hold", "corpus", "codes"])
def test_the_map_plays_its_point_at_a_grain_of_0(instrument: Instrument, search: LeapSearch, source: str) -> None:
    place = place_in(search, 2)
    settings = SourceSettings(grain_seconds=0.0, place=place, place_grip=1.0, offsets=np.zeros(64))
    latents = played(instrument.sources(1, source), settings)
    assert np.abs(latents[:16, 8:] - place[:, None]).max() < 1e-9
    half = played(instrument.sources(1, "hold"), replace(settings, place_grip=0.5))[:16, -1]
    centre = played(instrument.sources(1, "hold"), replace(settings, place=None))[:16, -1]
    assert half == pytest.approx((centre + place) / 2)


@pytest.mark.parametrize("source", ["drift", "hold"])
def test_places_have_a_level_of_the_corpus_at_a_grain_of_0(
    instrument: Instrument, search: LeapSearch, source: str
) -> None:
    def levels(rules: int, offset: float = 0.0) -> np.ndarray:
        """Levels in nats of 30 s; `offset` moves the first latent, which is mostly the level."""
        settings = SourceSettings(
            grain_seconds=0.0, rate=2.0, range=3.0, rules=rules, offsets=np.eye(64)[0] * offset, grip=1.0
        )
        sources = instrument.sources(5, source)
        assert instrument.skeleton is not None
        mels = instrument.skeleton.decode(np.stack([sources.next(settings) for _ in range(2584)], axis=1))
        return frame_levels(np.maximum(mels, FLOOR))

    least, highest = search.usual_levels
    before, now = levels(LEVELLED_SINCE - 1), levels(VERSION)
    assert least < highest < search.path.levels.max()
    assert now.min() > least - 0.1
    assert now.max() < highest + 0.1
    if source == "drift":
        assert before.min() < least - 1.0
        assert before.max() > highest + 0.5
        assert now.std() < 0.6 * before.std()
    moved, moved_before = levels(VERSION, 1.0) - now, levels(LEVELLED_SINCE - 1, 1.0) - before
    assert np.median(moved) == pytest.approx(np.median(moved_before), rel=0.2)  # an offset acts as it did


def test_a_corpus_of_silence_limits_no_level() -> None:
    assert leap_search._usual(np.full(10, FLOOR)) == (-np.inf, np.inf)


def test_earlier_takes_play_the_place_without_the_map_at_a_grain_of_0(
    instrument: Instrument, search: LeapSearch
) -> None:
    settings = SourceSettings(grain_seconds=0.0, rules=BEFORE, offsets=np.zeros(64))
    mapped = replace(settings, place=place_in(search, 2), place_grip=1.0)
    for source in ("drift", "hold"):
        own, led = (played(instrument.sources(1, source), each) for each in (settings, mapped))
        assert np.array_equal(own, led)


def test_the_map_takes_over_from_codes(instrument: Instrument, search: LeapSearch) -> None:
    def share(rules: int) -> float:
        """The share of the time in the clip of the map's point."""
        bank, hits = instrument.sources(1, "codes"), 0
        settings = SourceSettings(place=place_in(search, 3), place_grip=1.0, reach=0.0, grain_seconds=0.3, rules=rules)
        clip = search.path.latents[:, search.path.offsets[3] : search.path.offsets[4]].astype(np.float64)
        for latent in played(bank, settings, 400).T[100:]:
            hits += bool(np.abs(clip - latent[:, None]).max(axis=0).min() < 1e-9)
        return hits / 300

    assert share(LED_SINCE) > 0.3
    assert share(BEFORE) < share(LED_SINCE) / 2


def test_stretches_and_the_place_itself_change_with_a_fade(instrument: Instrument) -> None:
    def largest_step(rules: int) -> float:
        """The largest step between two hops when the grain becomes 0, in shares of the whole change."""
        bank, steps, parts = instrument.sources(4, "hold"), [], []
        for grain in (0.5, 0.0):
            settings = SourceSettings(grain_seconds=grain, rules=rules, offsets=np.zeros(64), freeze=True)
            parts.append(played(bank, settings, 12))
        whole = np.concatenate(parts, axis=1)
        steps = np.linalg.norm(np.diff(whole[:, 11:], axis=1), axis=0)
        return float(steps.max() / np.linalg.norm(whole[:, -1] - whole[:, 11]))

    assert largest_step(BEFORE) > 0.99
    assert largest_step(LED_SINCE) < 0.3


def test_density_leaves_a_stretch_a_stretch(instrument: Instrument, search: LeapSearch) -> None:
    assert "density" in instrument.control_names
    number = instrument.control_names.index("density")

    def shares(rules: int) -> float:
        """The share of hops whose latent is a frame of the corpus."""
        synth = Synth(instrument, seed=1, source="hold")
        synth.loop.play_as_before(rules)
        synth.set("/distill/source/grain", 1.1 * LEAST_GRAIN_SECONDS)
        synth.set(f"/distill/control/{number}", 1.0)
        synth.render(40)
        whole, hits = search.path.latents.astype(np.float64), 0
        for _ in range(100):
            synth.render(1)
            latent = synth._mixer.main._last_latent
            hits += bool(np.abs(whole - latent[:, None]).max(axis=0).min() < 1e-6)
        return hits / 100

    assert shares(BEFORE) == 0.0
    assert shares(LED_SINCE) > 0.05  # all but the hops of fades


@pytest.mark.parametrize("source", ["walk", "drift", "hold"])
def test_pinned_latents_attract(instrument: Instrument, search: LeapSearch, source: str) -> None:
    latents = search.path.latents[:16].astype(np.float64)
    means = np.stack([latents[:, search.clip_of == clip].mean(axis=1) for clip in range(5)])
    pin = int(np.argmax(means.std(axis=0)))  # the one in which the clips differ most
    offsets = np.zeros(64)
    offsets[pin] = means[:, pin].max()

    def distance(pins: tuple[int, ...]) -> float:
        """The mean distance of what the source chooses from the pin."""
        moved = offsets if pins else np.zeros(64)
        settings = SourceSettings(
            leaps=3.0, grain_seconds=0.3, grip=1.0, reach=0.0, range=0.1, pins=pins, offsets=moved
        )
        return float(np.abs(played(instrument.sources(2, source), settings, 900)[pin, 200:] - offsets[pin]).mean())

    assert distance((pin,)) < 0.6 * distance(())


def test_a_pin_reaches_the_sources(instrument: Instrument, monkeypatch: pytest.MonkeyPatch) -> None:
    synth = Synth(instrument, seed=1, source="walk")
    seen: list[tuple[int, ...]] = []
    follow = synth._mixer.main.sources.next

    def watched(settings: SourceSettings, samples: np.ndarray | None = None) -> np.ndarray:
        seen.append(settings.pins)
        return follow(settings, samples)

    monkeypatch.setattr(synth._mixer.main.sources, "next", watched)
    synth.pin(frozenset({1, 40}))
    synth.render(2)
    synth.loop.play_as_before(BEFORE)
    synth.render(2)
    assert seen == [(1,), (1,), (), ()]


def test_a_search_with_pins_goes_on_from_its_state(instrument: Instrument) -> None:
    settings = SourceSettings(leaps=8.0, pins=(0, 3), offsets=np.full(64, 0.5), grip=0.7)
    first = instrument.sources(3, "walk")
    for _ in range(120):
        other = instrument.sources(3, "walk")
        other.restore(first.state())
        assert np.array_equal(other.next(settings), first.next(settings))


def moved_path(search: LeapSearch, added: int) -> LeapSearch:
    """The path with its last clip first: each sound has another number."""
    path = search.path
    start = int(path.offsets[-2])
    order = np.concatenate([np.arange(start, path.frames), np.arange(start)])[: path.frames - added]
    lengths = np.diff(path.offsets)
    lengths = np.concatenate([lengths[-1:], lengths[:-1]])
    lengths[-1] -= added
    place = np.full(path.frames, -1)
    place[order] = np.arange(len(order))
    attacks = np.sort(place[path.attacks][place[path.attacks] >= 0])
    return LeapSearch(
        replace(
            path,
            latents=path.latents[:, order],
            keys=path.keys[:, order],
            levels=path.levels[order],
            pitches=path.pitches[order],
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            attacks=attacks,
        )
    )


@pytest.mark.parametrize("rules", [BEFORE, LED_SINCE])
def test_a_version_with_another_path_goes_on_in_the_same_sound(instrument: Instrument, rules: int) -> None:
    assert instrument.search is not None
    other = replace(instrument)
    other.__dict__["search"] = moved_path(instrument.search, added=3)
    old, new = instrument.sources(1, "walk"), other.sources(1, "walk")
    settings = SourceSettings(leaps=0.01, rules=rules)
    played(old, settings, 30)
    new.continue_from(old, same_model=True)
    ahead = played(old, settings, 10), played(new, settings, 10)
    assert np.array_equal(*ahead) == (rules == LED_SINCE)
    walk = new.of("walk")
    assert isinstance(walk, WalkSource)
    assert walk._player._path.frames < instrument.search.path.frames


def test_a_change_of_the_number_of_voices_fades_what_sounds(instrument: Instrument, tmp_path: Path) -> None:
    def largest_edge(rules: int) -> float:
        """The largest step at the boundary of the hop, against the largest inside hops."""
        synth = Synth(instrument, seed=2)
        synth.loop.play_as_before(rules)
        synth.set("/distill/width", 0.0)
        synth.keys.set_voices(3)
        for key in (57, 61, 64):
            synth.note(key, 120)
        before = synth.render(24)[0]
        synth.keys.set_voices(2)
        sound = np.concatenate([before, synth.render(4)[0]])
        return float(abs(sound[24 * 512] - sound[24 * 512 - 1]) / np.abs(np.diff(before[-2048:])).max())

    assert largest_edge(LED_SINCE) < 1.0
    assert largest_edge(BEFORE) > largest_edge(LED_SINCE)


def test_a_take_repeats_what_places_and_voices_do(instrument: Instrument, tmp_path: Path) -> None:
    synth = Synth(instrument, seed=2, block=2)
    sounds: list[np.ndarray] = []

    def play(hops: int) -> None:
        sounds.extend(synth.render(2) for _ in range(hops // 2))

    synth.start_take(tmp_path / "a.take")
    synth.keys.set_voices(3)
    play(4)
    synth.set("/distill/note/hold", 1.0)
    for key in (57, 61, 64):
        synth.note(key, 120)
        synth.note(key, 0)
    synth.pin(frozenset({0}))
    play(30)
    assert synth.keys.relieve() is not None
    play(10)
    synth.keys.set_voices(1)
    synth.set("/distill/source/grain", 0.0)
    synth.set("/distill/map/amount", 1.0)
    play(30)
    synth.stop_take()
    assert read_take(tmp_path / "a.take").header.rules == VERSION
    assert np.array_equal(rendered_take(tmp_path / "a.take", instrument), np.concatenate(sounds, axis=1))


def test_relief_ends_a_note_under_the_pedal(instrument: Instrument) -> None:
    synth = Synth(instrument, seed=1)
    synth.keys.set_voices(4)
    synth.set("/distill/note/hold", 1.0)
    for key in (57, 60, 64):
        synth.note(key, 100)
        synth.render(2)
        synth.note(key, 0)
    synth.render(4)
    sounding = lambda: len(synth._mixer.polyphony.sounding)  # type: ignore[union-attr] # noqa: E731
    assert sounding() == 3
    assert synth.keys.relieve() == 2.0
    synth.render(2)
    assert sounding() == 2


def test_a_key_of_the_prior_begins_without_a_fade(instrument: Instrument) -> None:
    source = instrument.sources(1, "prior").of("prior")
    assert source is not None
    for rules, hops in ((BEFORE, 4), (LED_SINCE, 1)):
        source.restart()
        assert source.next(SourceSettings(key=60.0, rules=rules), None)[1] == hops
    assert source.before is not None  # type: ignore[attr-defined]


def test_a_note_that_is_ended_after_a_swap_goes_on_with_the_new_model(instrument: Instrument) -> None:
    synth, other = Synth(instrument, seed=3), replace(instrument)
    synth.keys.set_voices(3)
    for key in (50, 62, 70):
        synth.note(key, 110)
    synth.render(10)
    synth.swap(other, 0.05)
    assert synth.keys.relieve() is not None
    synth.render(20)
    for key in (65, 66, 67):
        synth.note(key, 100)
    synth.render(20)
    assert all(note.voice.instrument is other for note in synth._mixer.polyphony.notes)  # type: ignore[union-attr]


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_take_begun_right_after_a_swap_repeats_its_notes(instrument: Instrument, tmp_path: Path, late: int) -> None:
    synth, path = Synth(instrument, seed=3), tmp_path / "a.take"
    synth.keys.set_voices(3)
    for key in (50, 62):
        synth.note(key, 110)
    synth.render(20)
    synth.swap(replace(instrument), 0.01)
    synth.render(late) if late else None
    synth.start_take(path)
    live = np.concatenate([synth.render(1) for _ in range(30)], axis=1)
    synth.stop_take()
    rendered = rendered_take(path, instrument)
    assert np.array_equal(rendered, live[:, -rendered.shape[1] :])
    assert rendered.shape[1] >= 25 * 512
