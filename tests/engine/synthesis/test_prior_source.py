"""The prior: it plays by itself, in columns of the corpus, never stuck, and as its takes say."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import support_skeleton
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import fit_projection
from distill_engine.codes.fitting import CorpusCodes
from distill_engine.codes.prior import Context, MarkovPrior, filled, run_class
from distill_engine.errors import CodesError, ControlError
from distill_engine.inference.stored_codes import store_codes, stored_route
from distill_engine.live.code_commands import CodeCommands
from distill_engine.rendering.take_player import play_take
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.sources.latent_sources import PriorSettings, SourceSettings
from distill_engine.synthesis.sources.prior_source import PriorSource
from distill_engine.synthesis.synth import Synth
from distill_engine.takes.take_file import read_take

RNG = np.random.default_rng(0)
BOOKS = Codebooks(
    fit_projection(RNG.standard_normal((16, 100))),
    RNG.standard_normal((3, 64, 16)).astype(np.float32),
    np.ones(4, np.float32),
)


def corpus_of(*clips: list[int]) -> CorpusCodes:
    codes = np.array([np.concatenate(clips)] * 3)
    return CorpusCodes(BOOKS, codes, np.cumsum([0, *(len(clip) for clip in clips)]))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prior")
    path, _ = support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")
    route = stored_route(path)
    assert route is not None
    store_codes(path, route)
    return path


@pytest.fixture(scope="module")
def instrument(model: Path) -> Instrument:
    return prepare_instrument(model)


def source_of(instrument: Instrument, seed: int = 0) -> PriorSource:
    assert instrument.prior is not None
    return PriorSource(instrument.prior, seed, instrument.frame_rate)


def columns(source: PriorSource, hops: int, **settings: float) -> list[int]:
    values = SourceSettings(prior=PriorSettings(**settings))  # type: ignore[arg-type]
    found = []
    for _ in range(hops):
        source.next(values, None)
        found.append(source._column)
    return found


def test_the_prior_knows_what_followed_and_when_clips_end():
    prior = MarkovPrior(corpus_of(*([[1, 2, 3, 3, 3]] * 12)))
    assert prior.probabilities(Context()).argmax() == 1
    assert prior.probabilities(Context(1, 1)).argmax() == 2
    assert prior.probabilities(Context(3, 1)).argmax() == 3
    assert prior.probabilities(Context(3, 3)).argmax() == prior.end
    for context in (Context(), Context(1, 1), Context(60, 9)):
        shares = prior.probabilities(context)
        assert np.isclose(shares.sum(), 1)
        assert (shares >= 0).all()
    assert prior.probabilities(Context())[prior.end] == 0
    assert prior.longest[3] == 3


def test_it_predicts_held_out_clips_better_than_shares_alone():
    clips = [[*range(5, 15), *[20] * int(RNG.integers(2, 6))] for _ in range(30)]
    prior = MarkovPrior(corpus_of(*clips[:24]))
    shares = np.bincount(np.concatenate(clips[:24]), minlength=65) + 0.1
    alone = -np.log(shares / shares.sum())
    for clip in clips[24:]:
        assert prior.nats(np.array(clip)) < 0.5 * alone[np.array(clip)].mean()


def test_it_expects_what_followed_codes_that_sound_alike():
    book = np.zeros((64, 16), np.float32)
    book[:, 0] = np.arange(64) // 2 + 0.02 * (np.arange(64) % 2)  # pairs that sound alike
    corpus = corpus_of(*([[2, 40, 10, 50]] * 12))
    alike = MarkovPrior(replace(corpus, books=replace(BOOKS, books=np.stack([book] * 3))))
    shares = alike.probabilities(Context(3, 1))  # a code that the corpus never has, beside 2
    assert shares[40] > 2 * shares[50]
    unlike = MarkovPrior(corpus).probabilities(Context(3, 1))
    assert unlike[40] == pytest.approx(unlike[50], rel=0.05)
    assert alike.probabilities(Context(2, 1))[41] > MarkovPrior(corpus).probabilities(Context(2, 1))[41]


def test_draws_follow_temperature_and_top_p():
    prior = MarkovPrior(corpus_of(*([[1, 2], [1, 3], [1, 2], [1, 2]] * 20)))
    numbers = np.linspace(0, 0.999, 200)
    drawn = [prior.draw(Context(1, 1), number) for number in numbers]
    assert 0.5 < np.mean(np.array(drawn) == 2) < 0.9
    assert {prior.draw(Context(1, 1), number, top_p=0.05) for number in numbers} == {2}
    assert np.mean([prior.draw(Context(1, 1), n, temperature=0.2) == 2 for n in numbers]) > 0.95
    assert {prior.draw(Context(1, 1), n, temperature=2.0) for n in numbers} > {2, 3}


def test_what_follows_in_the_corpus_counts_once_more():
    prior, numbers = MarkovPrior(corpus_of(*([[1, 2], [1, 3]] * 20)), strength=0.2), np.linspace(0, 0.999, 400)
    going_on = [prior.draw(Context(1, 1), number, going_on=2) for number in numbers]
    assert np.mean(np.array(going_on) == 2) == pytest.approx((1 + 0.2 * 0.5) / 1.2, abs=0.02)
    assert 3 in going_on
    assert prior.draw(Context(2, 1), 0.3, going_on=prior.end) == prior.end


def test_no_code_lasts_for_longer_than_in_the_corpus():
    prior = MarkovPrior(corpus_of(*([[7] * 5 + [8]] * 30)))
    for temperature in (0.1, 1.0):
        assert prior.draw(Context(7, 2), 0.0, temperature=temperature) == 7
        assert 7 not in {prior.draw(Context(7, 5), n, temperature=temperature) for n in np.linspace(0, 0.999, 50)}


def test_runs_are_told_apart_when_short_and_by_quarter_octaves_when_long():
    assert [run_class(run) for run in (1, 2, 7, 8, 9, 10, 16, 32, 10**6)] == [1, 2, 7, 8, 8, 9, 12, 16, 60]


def test_a_range_is_filled_from_both_its_sides():
    corpus = corpus_of(*([[1, 2, 3, 4, 5, 6, 7, 8]] * 30))
    codes = np.array([[1, 2, 60, 60, 60, 6, 7, 8]] * 3)
    made = filled(MarkovPrior(corpus, strength=0.01), corpus, codes, (2, 5), 0)
    assert made[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert np.array_equal(made[:, [0, 1, 5, 6, 7]], codes[:, [0, 1, 5, 6, 7]])
    assert np.array_equal(made, filled(MarkovPrior(corpus, strength=0.01), corpus, codes, (2, 5), 0))
    with pytest.raises(CodesError, match="columns 6 up to 9 are no range: the end is 7 to 8"):
        filled(MarkovPrior(corpus), corpus, codes, (6, 9), 0)


def test_it_plays_from_the_first_hop_and_goes_through_the_clips(instrument):
    source = source_of(instrument)
    latent, _ = source.next(SourceSettings(), None)
    assert np.abs(latent).max() > 0
    found = columns(source, 6000)
    assert len(set(instrument.prior.clip_of[found].tolist())) >= 3
    assert np.isfinite(latent).all()


def test_what_plays_are_columns_of_the_corpus(instrument):
    source = source_of(instrument)
    latents = np.stack([source.next(SourceSettings(), None)[0] for _ in range(400)], axis=1)
    route = {tuple(frame) for frame in instrument.codes.route.latents.astype(np.float64).T.tolist()}
    assert all(tuple(latent) in route for latent in latents.T.tolist())


def test_no_run_is_copied_for_longer_than_novelty(instrument):
    found = columns(source_of(instrument), 4000, novelty_seconds=0.2)
    changes = [a for a, b in pairwise(found) if a != b]
    run = longest = 1
    for before, after in pairwise(changes):
        run = run + 1 if after == instrument.prior.follows(before) else 1
        longest = max(longest, run)
    assert longest == int(0.2 * instrument.frame_rate / 4)


def test_it_is_the_same_for_a_seed_and_another_for_another(instrument):
    assert columns(source_of(instrument), 500) == columns(source_of(instrument), 500)
    assert columns(source_of(instrument), 500) != columns(source_of(instrument, 1), 500)


def test_hold_repeats_the_column_and_freeze_stands_still(instrument):
    source = source_of(instrument)
    columns(source, 50)
    assert len(set(columns(source, 50, hold=True))) == 1
    frozen = [source.next(SourceSettings(freeze=True), None)[0] for _ in range(5)]
    assert all(np.array_equal(frozen[0], latent) for latent in frozen)


def test_a_low_temperature_does_not_end_in_one_code(instrument):
    source = source_of(instrument)
    found = columns(source, 12000, temperature=0.1, top_p=0.05)
    assert len(set(instrument.prior.codes[found].tolist())) > 5
    assert len(set(found[-3000:])) > 5


def test_where_a_code_lasts_for_too_long_it_moves_on_and_counts_that(instrument):
    shared, source = instrument.prior, source_of(instrument)
    code = int(shared.codes[5])
    source.go_on(5, Context(code, 2 * int(shared.prior.longest[code]) + 1))
    source.next(SourceSettings(), None)
    assert source.moved == 1
    assert source.playing[1] in shared.starts
    other = source_of(instrument)
    other.restore(source.state())
    assert other.moved == 1


def test_whatever_moves_it_never_stays_in_one_code_and_what_it_did_is_counted(instrument):
    """Random settings every eighth of a second; a radius may hold columns of one code alone, so there is none."""
    shared, source, rng = instrument.prior, source_of(instrument), np.random.default_rng(3)
    code, run, played = -1, 0, -1
    for hop in range(6000):
        if hop % 11 == 0:
            prior = PriorSettings(
                temperature=rng.uniform(0.1, 2),
                top_p=rng.uniform(0.05, 1),
                novelty_seconds=rng.uniform(0.05, 2),
                rate=rng.uniform(0.1, 4),
            )
            place = shared.keys[rng.integers(len(shared.keys))].astype(np.float64)
            settings = SourceSettings(place=place, place_grip=rng.uniform(0, 1), prior=prior)
        source.next(settings, None)
        if source.playing[0] != played:
            now = int(shared.codes[source.playing[1]])
            run, code, played = (run + 1 if now == code else 1), now, source.playing[0]
            assert run <= 3 * int(shared.prior.longest.max())
    synth = Synth(instrument, source="prior")
    synth.prior._sources()[0].moved = 3
    assert synth.prior.moved == 3


def test_a_state_brings_it_back_and_that_of_another_corpus_begins_anew(instrument):
    source = source_of(instrument)
    columns(source, 333)
    kept = source.state()
    following = columns(source, 200)
    other = source_of(instrument)
    other.restore(kept)
    assert columns(other, 200) == following
    other.restore({**kept, "column": np.asarray(10**6), "begun": np.asarray(-3)})
    assert len(set(columns(other, 200))) > 5


def begun(source: PriorSource, times: int, settings: SourceSettings | None = None) -> list[int]:
    """Return the columns that a source begins sounds with."""
    found = []
    for _ in range(times):
        source.strike()
        source.next(settings or SourceSettings(), None)
        found.append(source.playing[1])
    return found


def test_sounds_begin_where_they_were_told_to(instrument):
    shared, source = instrument.prior, source_of(instrument)
    source.start_with([3])
    assert {int(shared.clip_of[column]) for column in begun(source, 20)} == {3}
    source.restart()
    assert int(shared.clip_of[begun(source, 1)[0]]) == 3
    other = source_of(instrument)
    other.restore(source.state())
    assert begun(other, 5) == begun(source, 5)
    source.start_with([])
    assert len({int(shared.clip_of[column]) for column in begun(source, 40)}) > 1


def test_a_note_begins_without_the_silence_before_a_sound(instrument):
    free, played, starts = source_of(instrument), source_of(instrument), instrument.prior.corpus.offsets[:-1]
    free.next(SourceSettings(), None)
    played.next(SourceSettings(key=60.0), None)
    assert free.playing[1] in starts
    assert played.playing[1] - 1 in starts


def test_every_sound_begins_once_before_any_begins_again(instrument):
    shared, source = instrument.prior, source_of(instrument)
    count = len(shared.starts)
    found = [int(shared.clip_of[column]) for column in begun(source, 3 * count)]
    rounds = [found[start : start + count] for start in range(0, 3 * count, count)]
    assert [sorted(one) for one in rounds] == [list(range(count))] * 3
    assert len({tuple(one) for one in rounds}) > 1
    assert found != [int(shared.clip_of[column]) for column in begun(source_of(instrument, 1), 3 * count)]


def test_no_sound_lasts_for_longer_than_the_one_it_began_with(instrument):
    shared, source = instrument.prior, source_of(instrument)
    lengths, age, limit, played = np.diff(shared.corpus.offsets), 0, 0, 0
    for _ in range(8000):
        source.next(SourceSettings(), None)
        if source.playing[0] != played:
            played, began = source.playing[0], source._age == 1
            limit = lengths[shared.clip_of[source.playing[1]]] if began else limit
            age = 1 if began else age + 1
            assert age <= limit
    source.go_on(int(shared.corpus.offsets[2]) - 1, Context(int(shared.codes[0]), 1))  # the end of a sound
    source.next(SourceSettings(), None)
    assert source.playing[1] in shared.starts


def test_a_state_from_before_sounds_had_a_length_goes_on_where_it_was(instrument):
    source = source_of(instrument)
    columns(source, 90)
    kept = source.state()
    other = source_of(instrument)
    other.restore({name: value for name, value in kept.items() if name not in ("begun", "age", "length")})
    assert columns(other, 3) == columns(source, 3)
    assert len(set(columns(other, 2000))) > 5


def test_sounds_are_found_by_their_name_or_a_part_of_it(instrument):
    codes = instrument.codes
    assert codes.clips_named("tone3") == codes.clips_named("tone3.wav") == [3]
    assert codes.clips_named("TONE") == [0, 1, 2, 3, 4]
    synth = Synth(instrument, source="prior")
    with pytest.raises(ControlError, match="no sound of the corpus has 'bell' in its name; there are tone0"):
        synth.prior.start("bell")
    for without in (None, replace(codes, corpus=None, clips=())):
        with pytest.raises(ControlError, match="has no prior"):
            Synth(replace(instrument, codes=without)).prior.start("tone")


def test_within_a_radius_of_the_map_s_point_nothing_else_plays(instrument):
    shared = instrument.prior
    place = shared.keys[40].astype(np.float64)
    apart = np.square(shared.keys - shared.keys[40]).sum(axis=1)
    for radius in (0.0, 0.25):
        near = np.sort(apart)[max(8, round(radius * len(apart))) - 1]
        settings = SourceSettings(place=place, place_grip=0.2, prior=PriorSettings(radius=radius))
        source, found = source_of(instrument), set()
        for _ in range(1500):
            source.next(settings, None)
            found.add(source.playing[1])
        assert apart[list(found)].max() <= near
        assert len(found) > 3
        assert all(apart[begun(source, 10, settings)] <= near)


def test_it_goes_on_from_what_was_heard(instrument):
    """What is heard is a stretch of the corpus: the prior finds it, and goes on with what follows."""
    shared, route = instrument.prior, instrument.codes.route
    start = int(route.offsets[2])
    column, context = shared.place_like(route.latents[:, start : start + 33].astype(np.float64))
    assert column == int(shared.corpus.offsets[2]) + 7
    assert context.code == shared.codes[column]
    source = source_of(instrument)
    source.go_on(column, context)
    other = source_of(instrument)
    other.restore(source.state())
    for one in (source, other):
        assert one.next(SourceSettings(), None)[1] > 0  # a fade from what sounded
        assert one.playing[1] != column
    assert columns(source, 100) == columns(other, 100)
    source.go_on(int(shared.corpus.offsets[3]) - 1, context)  # after a sound's last column
    assert len(set(columns(source, 200))) > 5


def test_live_it_goes_on_from_what_another_source_played(instrument, model, tmp_path):
    synth, told = Synth(instrument, source="hold", block=16), []
    commands = CodeCommands(synth, lambda action: action(), lambda: told.append(synth.source))
    with pytest.raises(ControlError, match="nothing has played"):
        commands.go_on(1.0)
    synth.render(16)
    synth.start_take(tmp_path / "on.take")
    blocks = [synth.render(16)]
    commands.go_on(1.0)
    assert told == ["prior"]
    blocks += [synth.render(16) for _ in range(6)]
    synth.stop_take()
    take = read_take(tmp_path / "on.take")
    again = np.concatenate(list(play_take(prepare_instrument(model), take, lambda *_: instrument)), axis=1)
    assert np.array_equal(again, np.concatenate(blocks, axis=1))
    with pytest.raises(ControlError, match="no column 100000"):
        synth.prior.go_on(100_000, 0, 1)


def test_takes_of_it_render_as_heard_and_in_any_block(instrument, model, tmp_path):
    synth = Synth(instrument, source="prior", block=4)
    synth.render(4)
    synth.start_take(tmp_path / "prior.take")
    blocks = [synth.render(4) for _ in range(20)]
    synth.set("/distill/prior/novelty", 0.1)
    synth.set("/distill/map/x", 0.5)
    synth.set("/distill/map/amount", 1.0)
    blocks += [synth.render(4) for _ in range(20)]
    synth.note(64, 100)
    synth.set("/distill/prior/radius", 0.3)
    synth.prior.start("tone2")
    blocks += [synth.render(4) for _ in range(10)]
    synth.stop_take()
    take = read_take(tmp_path / "prior.take")
    again = np.concatenate(list(play_take(prepare_instrument(model), take, lambda *_: instrument)), axis=1)
    assert np.array_equal(again, np.concatenate(blocks, axis=1))

    def sound(block: int) -> np.ndarray:
        one = Synth(instrument, source="prior", block=block)
        return np.concatenate([one.render(block) for _ in range(32 // block)], axis=1)

    assert np.abs(sound(1) - sound(8)).max() < 1e-5


def test_without_codes_of_the_corpus_there_is_none(instrument):
    assert replace(instrument, codes=None).prior is None
    assert replace(instrument, codes=replace(instrument.codes, corpus=None)).prior is None
    assert "prior" not in replace(instrument, codes=replace(instrument.codes, corpus=None)).source_names
