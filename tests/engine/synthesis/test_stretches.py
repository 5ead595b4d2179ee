"""Walk, drift and hold of a skeleton's model: real stretches, exact in any block and after a restore."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import support_skeleton
from distill_engine.analysis.stretches.kinds import KINDS, kinds_of
from distill_engine.analysis.stretches.path import CorpusPath, attack_frames
from distill_engine.errors import AnalysisError
from distill_engine.modelfile import ModelFile, update_model
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.sources.latent_sources import SourceSettings
from distill_engine.synthesis.sources.leap_search import SEARCH_HOPS, LeapSearch, Query
from distill_engine.synthesis.sources.pull import Pull
from distill_engine.synthesis.sources.stretch_player import StretchPlayer
from distill_engine.synthesis.synth import Synth
from support_takes import rendered_take

HOPS = 600


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("skeleton")
    return support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")[0]


@pytest.fixture(scope="module")
def instrument(model: Path) -> Instrument:
    return prepare_instrument(model)


@pytest.fixture(scope="module")
def search(instrument: Instrument) -> LeapSearch:
    assert instrument.search is not None
    return instrument.search


def test_the_walk_is_the_default_and_every_source_is_there(instrument: Instrument) -> None:
    assert instrument.default_source == "walk"
    assert set(instrument.source_names) == {"hold", "drift", "corpus", "input", "walk"}
    assert Synth(instrument).source == "walk"


def test_what_walks_is_the_corpus_itself(instrument: Instrument, search: LeapSearch) -> None:
    walk = instrument.sources(seed=1, selected="walk")
    whole = search.path.latents.astype(np.float64)
    played = np.stack([walk.next(SourceSettings()) for _ in range(HOPS)], axis=1)
    apart = np.min(np.abs(whole[:, None, :] - played[:, ::7, None]).max(axis=0), axis=1)
    assert np.mean(apart == 0.0) > 0.9  # all but the hops of a fade


def test_a_walk_is_a_function_of_its_seed(instrument: Instrument) -> None:
    def path(seed: int) -> np.ndarray:
        walk = instrument.sources(seed=seed, selected="walk")
        return np.stack([walk.next(SourceSettings(leaps=3.0)) for _ in range(HOPS)])

    assert np.array_equal(path(1), path(1))
    assert not np.array_equal(path(1), path(2))


@pytest.mark.parametrize("name", ["walk", "drift", "hold", "corpus"])
def test_a_source_goes_on_from_its_state_bit_for_bit(instrument: Instrument, name: str) -> None:
    settings = SourceSettings(leaps=4.0, grain_seconds=0.3, offsets=np.zeros(64))
    first = instrument.sources(seed=3, selected=name)
    for hop in range(HOPS):
        if hop % 41 == 0:
            other = instrument.sources(seed=3, selected=name)
            other.restore(first.state())
            probe = instrument.sources(seed=3, selected=name)
            probe.restore(first.state())
            ahead = [probe.next(settings) for _ in range(60)]
            assert all(np.array_equal(other.next(settings), latent) for latent in ahead)
        first.next(settings)


@pytest.mark.parametrize("source", ["walk", "drift", "hold"])
def test_any_block_gives_the_same_samples(instrument: Instrument, source: str) -> None:
    def play(block: int) -> np.ndarray:
        synth = Synth(instrument, seed=5, block=block, source=source)
        synth.set("/distill/source/leaps", 3.0)
        return np.concatenate([synth.render(block) for _ in range(160 // block)], axis=1)

    one, eight = play(1), play(8)
    assert np.abs(one).max() > 1e-3
    assert np.abs(one - eight).max() < 2e-4


def test_a_search_in_steps_finds_what_one_at_once_finds(search: LeapSearch) -> None:
    place = np.arange(-8, 8, dtype=np.int64)
    for query in (Query(40, None, 0, (0,), (1, 2)), Query(40, place, 16, ()), Query(40, place, 5, ())):
        costs = np.concatenate([search.costs(query, step) for step in range(SEARCH_HOPS)])
        assert np.array_equal(costs, search._of(query, slice(0, search.path.frames)))
        assert np.array_equal(costs, np.rint(costs))  # whole numbers, exact in any order
        chosen = search.choose(costs, 1, 0.0)
        assert costs[chosen] == costs.min()
        assert chosen == np.flatnonzero(costs == costs.min())[0]  # ties by index
        assert abs(chosen - query.frame) >= 40


def test_a_place_attracts(search: LeapSearch) -> None:
    goal = int(search.attacks[3]) + 20
    place = search.path.latents[:16, goal].astype(np.float64)

    def share(pull: Pull) -> float:
        """The share of the time that is spent in the goal's clip."""
        player = StretchPlayer(search, 0, 86.13)
        clips = []
        for _ in range(1200):
            player.next(pull)
            clips.append(search.clip_of[player.frame])
        return float(np.mean(np.array(clips[200:]) == search.clip_of[goal]))

    assert share(Pull(3.0, place, 1.0, reach=0.0)) > 1.5 * share(Pull(3.0))


def made_path(clips: int, rare: int, length: int = 60) -> CorpusPath:
    """A path of clips of two sorts of sound; each begins with an attack, its frames scatter."""
    rng = np.random.default_rng(1)
    rare_clip = np.repeat(np.arange(clips) >= clips - rare, length)
    keys = rng.integers(-4, 5, (32, clips * length)) + np.where(rare_clip, 60, -20)
    levels = np.tile(np.linspace(0.0, -1.0, length), clips).astype(np.float16)
    offsets = np.arange(clips + 1) * length
    latents = (keys[:24] / 16).astype(np.float16)
    pitches = np.zeros(clips * length, np.int16)
    return CorpusPath(latents, offsets, keys.astype(np.int8), levels, offsets[:-1], pitches)


def test_a_walk_visits_every_kind_of_sound() -> None:
    search = LeapSearch(made_path(40, rare=4))

    def share(pull: Pull) -> float:
        """The share of the time that is spent in the rare sort, a tenth of the corpus."""
        shares = []
        for seed in range(4):
            player, heard = StretchPlayer(search, seed, 86.13), 0
            for _ in range(3000):
                player.next(pull)
                heard += search.clip_of[player.frame] >= 36
            shares.append(heard / 3000)
        return float(np.mean(shares))

    assert share(Pull(1.0, kinds=0.6, fair=True)) == pytest.approx(0.1, abs=0.06)
    assert share(Pull(1.0, kinds=None)) == pytest.approx(0.0, abs=0.03)


def test_kinds_are_those_of_integers(search: LeapSearch) -> None:
    keys = search.path.keys[:16]
    kinds = kinds_of(keys)
    assert np.array_equal(np.unique(kinds), np.arange(kinds.max() + 1))
    assert kinds.max() < KINDS
    apart = keys[1:].astype(np.float64)
    centres = np.stack([apart[:, kinds == kind].mean(axis=1) for kind in range(kinds.max() + 1)], axis=1)
    within = np.square(apart - centres[:, kinds]).sum()
    assert within < 0.5 * np.square(apart - apart.mean(axis=1, keepdims=True)).sum()
    assert np.array_equal(
        kinds_of(np.concatenate([keys, keys], axis=1))[: keys.shape[1]], kinds_of(np.tile(keys, 2))[keys.shape[1] :]
    )
    assert kinds_of(keys[:, :1]).tolist() == [0]


def test_freeze_stays(instrument: Instrument) -> None:
    walk = instrument.sources(seed=1, selected="walk")
    for _ in range(20):
        walk.next(SourceSettings())
    still = [walk.next(SourceSettings(freeze=True)) for _ in range(30)]
    assert np.array_equal(still[10], still[-1])


def test_the_map_takes_over_and_gives_back(instrument: Instrument) -> None:
    assert instrument.latent_map is not None
    bank = instrument.sources(seed=1, selected="corpus")
    plain = SourceSettings()
    for _ in range(20):
        bank.next(plain)
    place = instrument.latent_map.latent_at(0.3, 0.3)
    taken = replace(plain, place=place, place_grip=1.0)
    last = bank.next(plain)
    first = bank.next(taken)
    walk = instrument.sources(seed=1, selected="walk")
    goal = walk.next(taken)
    assert np.abs(first - last).max() < 0.5 * np.abs(goal - last).max()  # faded, not cut
    for _ in range(50):
        bank.next(taken)
    state = bank.state()
    assert state.taken
    other = instrument.sources(seed=1, selected="corpus")
    other.restore(state)
    assert np.array_equal(other.next(plain), bank.next(plain))


def test_attacks_are_where_sounds_begin() -> None:
    level = np.full(200, -11.0)
    level[50:90] = np.linspace(-2.0, -6.0, 40)
    level[120:180] = np.linspace(-2.0, -6.0, 60)
    assert attack_frames(level).tolist() == [49, 119]
    assert attack_frames(np.full(50, -11.5)).tolist() == []


@pytest.mark.parametrize(
    "damage", ["keys", "levels", "offsets", "attacks", "latents", "missing", "nan", "lead", "leads"]
)
def test_a_damaged_path_is_refused_in_one_line(model: Path, damage: str) -> None:
    with ModelFile.open(model) as file:
        arrays = dict(file.read_part("analysis"))
    arrays |= {
        "keys": {"path_keys": arrays["path_keys"][:5]},
        "levels": {"path_levels": arrays["path_levels"][:-1]},
        "offsets": {"corpus_offsets": arrays["corpus_offsets"][::-1].copy()},
        "attacks": {"path_attacks": np.array([5, 4])},
        "latents": {"corpus_latents": arrays["corpus_latents"][:, :7]},
        "missing": {},
        "lead": {"path_lead": np.array([-1])},
        "leads": {"path_lead": np.array([4, 4])},
        "nan": {"corpus_latents": arrays["corpus_latents"] * np.float16(np.nan)},
    }[damage]
    if damage == "missing":
        del arrays["path_levels"]
    with pytest.raises(AnalysisError, match="path through its corpus is damaged"):
        CorpusPath.from_part(arrays, 24)


def test_without_its_corpus_a_model_drifts_and_holds(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.distillgan"
    copy.write_bytes(model.read_bytes())
    update_model(copy, manifest=lambda old: replace(old, analysis={}), parts={"analysis": None})
    bare = prepare_instrument(copy)
    assert (bare.default_source, set(bare.source_names)) == ("drift", {"hold", "drift", "input"})
    assert np.isfinite(Synth(bare).render(8)).all()


def test_a_take_of_a_walk_renders_the_live_samples(model: Path, instrument: Instrument, tmp_path: Path) -> None:
    synth = Synth(instrument, seed=2, block=2)
    parts: list[np.ndarray] = [synth.render(2) for _ in range(20)]
    synth.start_take(tmp_path / "walk.take")
    parts.clear()
    for turn in range(150):
        if turn == 20:
            synth.set("/distill/source/leaps", 6.0)
        if turn == 40:
            synth.set("/distill/control/0", 0.7, 0.2)
        if turn == 60:
            synth.select_source("drift")
        if turn == 90:
            synth.set("/distill/map/x", 0.4)
            synth.set("/distill/map/amount", 0.8)
        if turn == 120:
            synth.set("/distill/latent/3", 1.5, 0.1)
        parts.append(synth.render(2))
    synth.stop_take()
    live, played = np.concatenate(parts, axis=1), rendered_take(tmp_path / "walk.take", instrument)
    assert np.abs(live).max() > 1e-3
    assert np.array_equal(played[:, : live.shape[1]], live)


@pytest.mark.parametrize(
    ("damage", "left", "says"),
    [
        ({"corpus_latents": (slice(None), slice(7))}, {"controls"}, "path through its corpus is damaged"),
        ({"control_directions": (slice(1),)}, {"route"}, "arrays of shapes"),
        ({"map_points": (slice(1),)}, {"route", "controls"}, "map is damaged"),
        ("digest", set(), "belong to another model"),
    ],
)
def test_of_a_damaged_analysis_the_rest_plays_and_one_line_says_so(
    model: Path, tmp_path: Path, damage: object, left: set[str], says: str
) -> None:
    copy = tmp_path / "copy.distillgan"
    copy.write_bytes(model.read_bytes())
    with ModelFile.open(model) as file:
        arrays, table = file.read_part("analysis"), file.manifest.analysis
    if isinstance(damage, dict):
        arrays |= {name: arrays[name][cut].copy() for name, cut in damage.items()}
    else:
        table = {**table, "skeleton": "0" * 64}
    update_model(copy, manifest=lambda old: replace(old, analysis=table), parts={"analysis": arrays})
    loaded = prepare_instrument(copy)
    (note,) = loaded.notes
    assert says in note
    assert (loaded.search is not None) == ("route" in left)
    assert (loaded.controls is not None) == ("controls" in left)
    assert loaded.latent_map is None
    assert np.isfinite(Synth(loaded).render(8)).all()
