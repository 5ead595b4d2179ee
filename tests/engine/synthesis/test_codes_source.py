"""The source of codes: plays a sequence as it sounded, lets levels in, is edited, and renders from takes as heard."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import support_skeleton
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.edits import repeat
from distill_engine.codes.sequence import CodeSequence, encode_sequence
from distill_engine.errors import CodesError, ControlError, LibraryError
from distill_engine.inference.stored_codes import store_codes, stored_route
from distill_engine.live.code_commands import CodeCommands
from distill_engine.modelfile import ModelFile, update_model
from distill_engine.modelfile.code_file import load_codes, save_codes
from distill_engine.rendering.take_player import play_take
from distill_engine.state import from_arrays, to_arrays
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.sources.codes_source import CodesSource
from distill_engine.synthesis.sources.latent_sources import CodeSettings, SourceSettings
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.synth_state import SynthState
from distill_engine.takes.take_file import read_take
from support_takes import rendered_take


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codes")
    path, _ = support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")
    route = stored_route(path)
    assert route is not None
    store_codes(path, route)
    return path


@pytest.fixture(scope="module")
def instrument(model: Path) -> Instrument:
    return prepare_instrument(model)


@pytest.fixture
def source(instrument: Instrument) -> CodesSource:
    assert instrument.codes is not None
    return CodesSource(instrument.codes.books, instrument.codes.first, instrument.codes.rest)


def played(source: CodesSource, hops: int, **settings: object) -> np.ndarray:
    codes = SourceSettings(codes=CodeSettings(**settings))  # type: ignore[arg-type]
    return np.stack([source.next(codes, None)[0] for _ in range(hops)], axis=1)


def path_of(instrument: Instrument, clip: int) -> np.ndarray:
    assert instrument.codes is not None
    route = instrument.codes.route
    assert route is not None
    return route.latents[:, route.offsets[clip] + route.lead : route.offsets[clip + 1]].astype(np.float64)


def test_it_begins_with_the_first_sound_exactly_and_repeats_it(source, instrument):
    sound = path_of(instrument, 0)
    hops = COLUMN_HOPS * source.sequence.columns
    found = played(source, hops + 5)
    assert np.abs(found[:, : sound.shape[1]] - sound).max() < 1e-5
    assert np.array_equal(found[:, hops:], found[:, :5])


def test_once_is_silent_at_its_end_and_begins_again_where_it_is_moved_to(source, instrument):
    hops = COLUMN_HOPS * source.sequence.columns
    found = played(source, hops + 3, repeat=False)
    assert np.array_equal(found[:, -1], instrument.codes.rest)
    again = played(source, 1, repeat=False, position=0.5)
    assert not np.array_equal(again[:, 0], instrument.codes.rest)


def test_it_plays_backwards_and_at_other_speeds(source):
    forwards = played(source, 40)
    source.restart()
    source.loop(0, 5)
    backwards = played(source, 10, rate=-1.0, position=1.0)
    assert np.array_equal(backwards[:, 1:10], forwards[:, 10:19][:, ::-1])
    source.restart()
    slow = played(source, 8, rate=0.5)
    assert np.array_equal(slow[:, ::2][:, 1:], forwards[:, 1:4])


def test_levels_and_shifts_change_the_sound_and_all_levels_give_it_back(source, instrument):
    books, codes = instrument.codes.books, source.sequence.codes
    first = played(source, 1, levels=(1.0, 0.0, 0.0, 1.0))[:, 0]
    assert np.allclose(first, books.decode(codes[:, :1], [1.0, 0.0, 0.0])[:, 0])
    source.restart()
    shifted = played(source, 1, shifts=(2.0, 0.0, 0.0, 0.0))[:, 0]
    moved = codes[:, :1] + np.array([[2], [0], [0]])
    assert np.allclose(shifted, books.decode(np.clip(moved, 0, books.size - 1))[:, 0])
    source.restart()
    assert np.abs(played(source, 1)[:, 0] - path_of(instrument, 0)[:, 0]).max() < 1e-5


def test_a_state_brings_it_back_and_that_of_another_model_is_not_taken(source, instrument):
    source.replace(encode_sequence(instrument.codes.books, path_of(instrument, 2).astype(np.float32)))
    source.loop(2, 9)
    played(source, 13)
    kept = source.state()
    following = played(source, 9)
    other = CodesSource(instrument.codes.books, instrument.codes.first, instrument.codes.rest)
    other.restore(kept)
    assert np.array_equal(played(other, 9), following)
    other.restore({**kept, "codes": kept["codes"] + 1000})
    assert other.sequence is instrument.codes.first


def test_edits_undo_and_loops(instrument):
    synth = Synth(instrument, source="codes")
    first = synth.codes.sequence
    synth.codes.set(0, 3, 5)
    assert synth.codes.sequence.codes[0, 3] == 5
    synth.codes.copy(0, 2, 6)
    assert np.array_equal(synth.codes.sequence.codes[:, 6:8], first.codes[:, :2])
    synth.codes.undo()
    synth.codes.undo()
    assert synth.codes.sequence is first
    for wrong, words in (
        (lambda: synth.codes.undo(), "no change"),
        (lambda: synth.codes.set(0, 10**6, 5), "column 1000000 is not there: the sequence has columns 0 to "),
        (lambda: synth.codes.set(3, 0, 5), "levels 0 to 2"),
        (lambda: synth.codes.loop(5, 5), "columns 0 to"),
    ):
        with pytest.raises(ControlError, match=words):
            wrong()
    assert synth.codes.sequence is first
    for codes in (np.zeros((2, 4), np.int64), np.full((3, 4), 999), np.zeros((3, 0), np.int64)):
        sequence = CodeSequence(codes, np.zeros((24, 4 * codes.shape[1]), np.float32))
        for play in (synth.codes.replace, synth.codes.go_on_with):
            with pytest.raises(ControlError):
                play(sequence)
    assert synth.codes.sequence is first


def test_after_another_model_there_is_nothing_to_take_back(instrument, model, tmp_path):
    other = Path(shutil.copy(model, tmp_path / "other.distillgan"))
    route = stored_route(other)
    assert route is not None
    store_codes(other, route, levels=2, size=128)
    synth = Synth(instrument, source="codes", block=4)
    synth.render(4)
    synth.codes.set(0, 3, 5)
    synth.swap(prepare_instrument(other))
    synth.render(4)
    with pytest.raises(ControlError, match="no change"):
        synth.codes.undo()
    first = synth.codes.sequence
    synth.codes.set(0, 1, 100)
    synth.codes.undo()
    assert synth.codes.sequence is first
    synth.codes.set(0, 1, 100)
    synth.swap(prepare_instrument(other))  # the same codes: what was changed can be taken back
    synth.render(4)
    synth.codes.undo()
    assert np.isfinite(synth.render(4)).all()


def test_what_played_becomes_codes(instrument):
    synth = Synth(instrument, source="walk", block=4)
    commands = CodeCommands(synth, lambda action: action())
    with pytest.raises(ControlError, match="nothing has played"):
        commands.capture(1.0)
    for _ in range(30):
        synth.render(4)
    heard = synth.codes.heard(1.0)
    assert heard.shape == (24, 86)
    commands.capture(1.0)
    assert synth.codes.sequence.columns == 22
    synth.select_source("codes", 0.01)
    source = synth._mixer.main.sources.of("codes")
    assert source is not None
    found = np.stack([source.next(SourceSettings(), None)[0] for _ in range(80)], axis=1)
    assert np.abs(found - heard[:, :80]).max() < 1e-5


def test_sequences_are_saved_and_loaded_by_name_and_sounds_of_the_corpus_too(instrument, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    synth = Synth(instrument, source="codes")
    commands = CodeCommands(synth, lambda action: action())
    commands.load("tone3")
    assert np.array_equal(
        synth.codes.sequence.codes,
        encode_sequence(instrument.codes.books, path_of(instrument, 3).astype(np.float32)).codes,
    )
    commands.save("third")
    for name in ("", "a/third"):  # it could not be loaded again
        with pytest.raises(LibraryError, match="needs a name, without folders"):
            commands.save(name)
    assert (tmp_path / "codes" / "third.distillcodes").exists()
    kept = synth.codes.sequence
    commands.load("tone1.wav")
    commands.load("third")
    assert np.array_equal(synth.codes.sequence.codes, kept.codes)
    assert np.array_equal(synth.codes.sequence.residual, kept.residual)
    for name in ("nowhere", "", "../third", "/etc/passwd"):
        with pytest.raises(ControlError, match="no sequence of codes"):
            commands.load(name)


def test_names_of_sequences_and_sounds_are_found_in_either_unicode_form(instrument, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    composed, decomposed = "\u00e9tude", "e\u0301tude"
    codes = replace(instrument.codes, clips=("\u00fcber.wav", *instrument.codes.clips[1:]))
    assert codes.clip("u\u0308ber") is not None
    assert codes.clips_named("u\u0308ber.wav") == codes.clips_named("u\u0308BER") == [0]
    synth = Synth(instrument, source="codes")
    commands = CodeCommands(synth, lambda action: action())
    commands.save(decomposed)
    for name in (composed, decomposed, f"{decomposed}.distillcodes", "\u00c9tude"):
        commands.load(name)
    path = tmp_path / "codes" / f"{composed}.distillcodes"
    path.rename(path.with_name(f"{decomposed}.distillcodes"))  # as a file from another system may be named
    commands.load(composed)


def test_a_sequence_saved_under_the_name_of_its_sound_is_what_loads(instrument, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    synth = Synth(instrument, source="codes")
    commands = CodeCommands(synth, lambda action: action())
    commands.load("tone3")
    synth.codes.set(0, 1, 9)
    edited = synth.codes.sequence.codes
    commands.save("tone3")
    commands.load("tone3")
    assert np.array_equal(synth.codes.sequence.codes, edited)
    commands.load("tone3.wav")
    assert not np.array_equal(synth.codes.sequence.codes, edited)
    path = tmp_path / "codes" / "tone3.distillcodes"
    save_codes(path, replace(load_codes(path), skeleton="ab" * 32))  # saved beside another model
    commands.load("tone3")
    assert np.array_equal(synth.codes.sequence.codes, instrument.codes.clip("tone3").codes)
    with pytest.raises(CodesError, match="another model"):
        commands.load("tone3.distillcodes")


def test_a_suffix_in_capitals_is_no_part_of_a_name(instrument, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    commands = CodeCommands(Synth(instrument, source="codes"), lambda action: action())
    commands.save("third.DISTILLCODES")
    assert (tmp_path / "codes" / "third.distillcodes").exists()
    commands.load("third")
    commands.load("third.DISTILLCODES")


def test_less_than_a_column_is_not_captured(instrument):
    synth = Synth(instrument, source="walk", block=1)
    for _ in range(3):
        synth.render(1)
    with pytest.raises(ControlError, match="less than a column of sound has played yet"):
        CodeCommands(synth, lambda action: action()).capture(1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: replace(file, skeleton="ab" * 32), "another model"),
        (lambda file: replace(file, books="ab" * 32), "other codes than the model has now: encode its sound again"),
        (lambda file: replace(file, size=128), "128 codes a level, the model 64"),
        (
            lambda file: replace(file, sequence=CodeSequence(file.sequence.codes[:2], file.sequence.residual)),
            "2 levels of codes, the model 3",
        ),
        (
            lambda file: replace(file, sequence=CodeSequence(file.sequence.codes + 64, file.sequence.residual)),
            "codes outside 0 to 63",
        ),
    ],
)
def test_live_a_saved_sequence_of_others_is_refused_and_what_plays_stays(
    instrument, tmp_path, monkeypatch, change, words
):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    synth = Synth(instrument, source="codes")
    commands = CodeCommands(synth, lambda action: action())
    commands.save("own")
    path = tmp_path / "codes" / "own.distillcodes"
    save_codes(path, change(load_codes(path)))
    with pytest.raises(CodesError, match=words) as refused:
        commands.load("own")
    assert len(str(refused.value).splitlines()) == 1
    assert synth.codes.sequence is instrument.codes.first


def test_a_take_holds_the_sequences_and_renders_them_as_heard(instrument, model, tmp_path):
    synth = Synth(instrument, source="codes", block=4)
    blocks: list[np.ndarray] = []

    def render(count: int) -> None:
        blocks.extend(synth.render(4) for _ in range(count))

    render(3)
    synth.codes.set(1, 2, 40)
    start = len(blocks)
    synth.start_take(tmp_path / "codes.take")
    render(4)
    synth.codes.set(0, 5, 30)
    render(4)
    synth.codes.copy(0, 4, 8)
    render(2)
    synth.codes.undo()
    synth.codes.undo()
    synth.codes.undo()
    synth.codes.loop(2, 9)
    render(6)
    synth.set("/distill/codes/level/2", 0.0)
    synth.set("/distill/codes/shift/0", 12.0, 0.1)
    render(4)
    synth.codes.replace(encode_sequence(instrument.codes.books, synth.codes.heard(0.5)))
    synth.set("/distill/codes/rate", -0.5)
    render(6)
    synth.stop_take()
    take = read_take(tmp_path / "codes.take")
    again = np.concatenate(list(play_take(prepare_instrument(model), take, lambda *_: instrument)), axis=1)
    assert np.array_equal(again, np.concatenate(blocks[start:], axis=1))


def test_edits_of_minutes_of_sound_copy_none_of_it_and_are_all_taken_back(instrument):
    synth = Synth(instrument, source="codes")
    clip = instrument.codes.clip("tone3")
    synth.codes.replace(repeat(clip, (0, clip.columns), 200))
    kept = synth.codes.sequence
    for column in range(20):
        synth.codes.set(0, column, 30)
        synth.codes.copy(0, 40, 100)
    assert synth.codes.sequence.source is kept.source  # a copy takes longer than a hop of playing
    assert not synth.codes.sequence.residual[:, : 20 * COLUMN_HOPS].any()
    for _ in range(32):
        synth.codes.undo()
    with pytest.raises(ControlError, match="no change of the codes to take back"):
        synth.codes.undo()


def test_changes_of_many_minutes_are_forgotten_before_memory_runs_out(instrument, monkeypatch):
    synth = Synth(instrument, source="codes")
    clips = [instrument.codes.clip(f"tone{number}") for number in (1, 2, 3)]
    monkeypatch.setattr(
        "distill_engine.synthesis.code_sequences.editing.MOST_UNDONE_BYTES", 2 * (clips[0].source.nbytes + 1000)
    )
    for clip in [*clips, *clips]:
        synth.codes.replace(clip)
    synth.codes.undo()
    synth.codes.undo()
    with pytest.raises(ControlError, match="no change of the codes to take back"):
        synth.codes.undo()


def sequences(synth: Synth) -> list[CodeSequence]:
    sources = [voice.sources.of("codes") for voice in (synth._mixer.main, *synth._mixer.note_voices)]
    return [source.sequence for source in sources if isinstance(source, CodesSource)]


def test_another_seed_keeps_the_sequence_with_its_changes_and_its_loop(instrument):
    synth = Synth(instrument, source="codes")
    synth.codes.replace(instrument.codes.clip("tone3"))
    synth.codes.set(0, 5, 30)
    synth.codes.loop(4, 9)
    kept = synth.codes.sequence
    synth.set_seed(7)
    assert synth.codes.sequence is kept
    source = synth._mixer.main.sources.of("codes")
    assert isinstance(source, CodesSource)
    assert np.array_equal(played(source, 21)[:, 20], played(source, 20)[:, -1])  # a loop of five columns
    synth.codes.undo()
    assert not np.array_equal(synth.codes.sequence.codes, kept.codes)


def test_notes_that_sound_at_once_play_the_same_sequence(instrument):
    synth = Synth(instrument, source="codes")
    synth.codes.replace(instrument.codes.clip("tone3"))
    synth.keys.set_voices(3)

    def alike() -> bool:
        found = sequences(synth)
        return len(found) == 4 and all(one is synth.codes.sequence for one in found)

    assert alike()
    for change in (
        lambda: synth.codes.set(0, 2, 9),
        lambda: synth.codes.copy(0, 4, 8),
        lambda: synth.codes.loop(2, 7),
        synth.codes.undo,
        lambda: synth.codes.replace(instrument.codes.clip("tone1")),
        lambda: synth.set_seed(3),
    ):
        change()
        assert alike()


def test_a_take_of_notes_and_seeds_renders_their_codes_as_heard(instrument, model, tmp_path):
    synth = Synth(instrument, source="codes", block=2)
    synth.codes.replace(instrument.codes.clip("tone2"))
    synth.keys.set_voices(2)
    synth.start_take(tmp_path / "notes.take")
    blocks = [synth.render(2)]
    synth.note(60, 90)
    blocks += [synth.render(2) for _ in range(3)]
    synth.codes.set(0, 1, 11)
    synth.codes.loop(0, 3)
    synth.note(67, 90)
    blocks += [synth.render(2) for _ in range(3)]
    synth.set_seed(9)
    blocks += [synth.render(2) for _ in range(4)]
    synth.stop_take()
    take = read_take(tmp_path / "notes.take")
    again = np.concatenate(list(play_take(prepare_instrument(model), take, lambda *_: instrument)), axis=1)
    assert np.array_equal(again, np.concatenate(blocks, axis=1))


def test_streamed_in_other_blocks_it_is_the_same(instrument):
    def sound(block: int) -> np.ndarray:
        synth = Synth(instrument, source="codes", block=block)
        return np.concatenate([synth.render(block) for _ in range(32 // block)], axis=1)

    assert np.abs(sound(1) - sound(8)).max() < 1e-5


def test_a_whole_state_goes_through_a_file(instrument):
    synth = Synth(instrument, source="codes")
    synth.codes.set(0, 1, 9)
    synth.render(2)
    state = from_arrays(SynthState, to_arrays(synth.state()))
    expected = synth.render(4)
    other = Synth(instrument, source="codes")
    other.restore(state)
    assert np.array_equal(other.render(4), expected)


def test_damaged_codes_are_left_out_and_said(model, tmp_path):
    path = tmp_path / "damaged.distillgan"
    path.write_bytes(model.read_bytes())
    with ModelFile.open(path) as file:
        arrays = file.read_part("codes")
    update_model(path, parts={"codes": {**arrays, "books": arrays["books"][:, :-1]}})
    found = prepare_instrument(path)
    assert found.codes is None
    assert "codes" not in found.source_names
    assert any("codes are left out" in note for note in found.notes)
    with pytest.raises(ControlError, match="distill codes fit"):
        Synth(found, source="codes")


@pytest.mark.parametrize(
    "corpus",
    [
        {"corpus_codes": np.zeros((3, 0), np.uint8), "corpus_offsets": np.zeros(1, np.int64)},
        {"corpus_codes": np.zeros((3, 4), np.uint8), "corpus_offsets": np.array([0, 4, 4])},
    ],
)
def test_without_columns_of_its_sounds_a_file_has_no_prior_and_says_so(model, tmp_path, corpus):
    path = tmp_path / "empty.distillgan"
    path.write_bytes(model.read_bytes())
    with ModelFile.open(path) as file:
        arrays = file.read_part("codes")
    update_model(path, parts={"codes": arrays | corpus})
    found = prepare_instrument(path)
    assert found.prior is None
    assert any("`distill codes fit` again" in note for note in found.notes)
    with pytest.raises(ControlError, match="no codes of its corpus; `distill analyse"):
        Synth(found, source="prior")


@pytest.mark.parametrize("rate", [-1e-17, -1.35 * 100 / 120, -1e-3, -7.0])
def test_backwards_it_never_leaves_its_columns(source: CodesSource, rate: float) -> None:
    end = COLUMN_HOPS * source.sequence.columns
    source.loop(0, source.sequence.columns)
    for _ in range(3 * end):
        played(source, 1, rate=rate)
        assert 0 <= source._at < end


def test_a_take_begun_before_codes_were_chosen_renders_as_heard(instrument: Instrument, tmp_path: Path) -> None:
    synth, sounds = Synth(instrument, seed=1, block=2), []
    synth.start_take(tmp_path / "a.take")
    sounds += [synth.render(2) for _ in range(3)]
    synth.select_source("codes", 0.02)
    sounds += [synth.render(2) for _ in range(6)]
    synth.stop_take()
    assert np.array_equal(rendered_take(tmp_path / "a.take", instrument), np.concatenate(sounds, axis=1))
