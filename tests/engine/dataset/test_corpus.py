"""A folder becomes a corpus: all of it, at its level, split by file, the same every time."""

from __future__ import annotations

import errno
import tracemalloc
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_engine.audio import store
from distill_engine.audio.levels import peak_db
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import MelConfig
from distill_engine.audio.store import FileSamples
from distill_engine.dataset import corpus as corpus_module
from distill_engine.dataset.corpus import MINIMUM_SAMPLES, load_corpus
from distill_engine.dataset.split import split_files
from distill_engine.errors import ConfigError, CorpusError
from distill_engine.training.batches import Augmentation, Batches

Sound = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, sound: Sound) -> Path:
    for index in range(10):
        sound(f"{index}.wav", seconds=0.1 + 0.05 * index, rate=(44100, 48000, 22050)[index % 3], channels=1 + index % 2)
    return tmp_path / "sounds"


def test_every_file_is_a_mono_clip_at_44100(folder: Path) -> None:
    corpus = load_corpus(folder)
    assert [clip.name for clip in corpus.clips] == [f"{index}.wav" for index in range(10)]
    for clip, file in zip(corpus.clips, corpus.report.files, strict=True):
        assert clip.samples.dtype == np.float32
        assert clip.samples.ndim == 1
        assert clip.duration == pytest.approx(file.duration, abs=1e-3)
        np.testing.assert_allclose(clip.mel, mel_spectrogram(clip.samples))
    assert sorted((*corpus.training, *corpus.validation)) == list(range(10))
    assert len(corpus.validation) == 1


def test_levels_are_kept_and_only_what_exceeds_full_scale_is_turned_down(tmp_path: Path, sound: Sound) -> None:
    for name, gain, pitch in (("faint.wav", 0.01, 0.1), ("half.wav", 0.5, 0.2), ("over.wav", 8.0, 0.3)):
        sound(name, samples=gain * np.sin(np.arange(20000) * pitch), bit_depth="32f")
    faint, half, over = load_corpus(tmp_path / "sounds", validation=0.0).clips
    assert peak_db(faint.samples) == pytest.approx(-40.0, abs=0.1)
    assert peak_db(half.samples) == pytest.approx(-6.02, abs=0.1)
    assert peak_db(over.samples) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("samples", [1, 10, 441, 2205])
def test_the_shortest_clips_are_padded_not_dropped(tmp_path: Path, sound: Sound, samples: int) -> None:
    sound("tick.wav", samples=np.full(samples, 0.5, np.float32))
    sound("other.wav")
    clip = load_corpus(tmp_path / "sounds", validation=0.0).clips[1]
    assert len(clip.samples) == max(MINIMUM_SAMPLES, samples)
    assert np.isfinite(clip.mel).all()
    assert clip.mel.shape == (128, len(clip.samples) // 512)


def test_the_same_seed_gives_the_same_split_whatever_the_files_are_called(folder: Path) -> None:
    first = load_corpus(folder, seed=3, validation=0.3)
    again = load_corpus(folder, seed=3, validation=0.3)
    assert (first.training, first.validation, first.digest) == (again.training, again.validation, again.digest)
    held_out = {first.clips[i].samples.tobytes() for i in first.validation}
    for path in sorted(folder.iterdir()):
        path.rename(path.with_name(f"renamed {9 - int(path.stem)}.wav"))
    renamed = load_corpus(folder, seed=3, validation=0.3)
    assert {renamed.clips[i].samples.tobytes() for i in renamed.validation} == held_out
    others = {load_corpus(folder, seed=seed, validation=0.3).validation for seed in range(4, 10)}
    assert len(others) > 1


def test_the_digest_names_the_sound_and_the_split(folder: Path, sound: Sound) -> None:
    digests = {
        load_corpus(folder).digest,
        load_corpus(folder, seed=1).digest,
        load_corpus(folder, validation=0.2).digest,
    }
    sound("0.wav", seconds=0.3)
    digests.add(load_corpus(folder).digest)
    assert len(digests) == 4


def test_one_long_file_holds_out_its_end(tmp_path: Path, sound: Sound) -> None:
    path = sound("only.wav", seconds=5.0)
    corpus = load_corpus(path.parent)
    head, tail = corpus.clips
    assert (corpus.training, corpus.validation) == ((0,), (1,))
    assert tail.name == "only.wav (end)"
    assert tail.duration == pytest.approx(0.5, abs=0.01)
    assert head.duration + tail.duration == pytest.approx(5.0)
    assert any("the last tenth of only.wav validates" in remark for remark in corpus.remarks)
    (whole,) = corpus.sounds  # what plays is not cut
    assert (whole.name, whole.duration) == ("only.wav", pytest.approx(5.0))


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a corpus a long one from its second file on."""
    monkeypatch.setattr(corpus_module, "MOST_IN_MEMORY", 10_000)


def test_a_long_corpus_is_the_same_from_a_file(folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    short = load_corpus(folder)
    request.getfixturevalue("long")
    long = load_corpus(folder, cache_dir=tmp_path / "cache")
    assert [type(clip.stored) for clip in long.clips] == [np.ndarray, *[FileSamples] * 9]
    assert (long.digest, long.training, long.validation) == (short.digest, short.training, short.validation)
    for one, other in zip(long.clips, short.clips, strict=True):
        assert one.duration == other.duration
        np.testing.assert_array_equal(one.samples, other.samples)
        np.testing.assert_array_equal(one.mel, other.mel)
    batches = [
        Batches([corpus.clips[i].stored for i in corpus.training], 4, 16, 0, Augmentation()) for corpus in (long, short)
    ]
    for _ in range(20):
        np.testing.assert_array_equal(batches[0].next(), batches[1].next())


@pytest.mark.usefixtures("long")
def test_the_samples_of_a_long_corpus_are_not_held(tmp_path: Path, sound: Sound) -> None:
    for index in range(20):
        sound(f"{index}.wav", seconds=2.0)
    tracemalloc.start()
    corpus = load_corpus(tmp_path / "sounds", cache_dir=tmp_path / "cache")
    assert all(clip.mel.shape[0] == 128 for clip in corpus.clips)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert corpus.seconds == pytest.approx(40.0)
    assert held < 1e6  # of 7 MB of samples, and 1.8 MB of mels


@pytest.mark.usefixtures("long")
def test_the_end_of_one_long_file_in_a_file_is_held_out(tmp_path: Path, sound: Sound) -> None:
    samples = np.concatenate([0.1 * np.sin(np.arange(200_000) * 0.1), np.zeros(1_500_000)])
    head, tail = load_corpus(sound("only.wav", samples=samples, bit_depth="32f").parent).clips
    assert isinstance(head.stored, FileSamples)
    joined = np.concatenate([head.samples, tail.samples])
    np.testing.assert_array_equal(joined, samples[: len(joined)].astype(np.float32))
    assert len(joined) == pytest.approx(200_000, abs=2)
    assert len(tail.samples) == 20_000


@pytest.mark.usefixtures("long")
def test_a_full_disk_is_one_clear_line(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object, data: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_all", full)
    with pytest.raises(CorpusError, match="samples of so long a corpus.*the disk is full: free some space") as caught:
        load_corpus(folder, cache_dir=tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_one_tiny_file_is_enough(tmp_path: Path, sound: Sound) -> None:
    corpus = load_corpus(sound("tick.wav", seconds=0.05).parent)
    assert (len(corpus.clips), corpus.training, corpus.validation) == (1, (0,), (0,))
    assert any("too little sound" in remark for remark in corpus.remarks)


def test_two_files_train_on_both(tmp_path: Path, sound: Sound) -> None:
    sound("a.wav", seconds=3.0)
    corpus = load_corpus(sound("b.wav", seconds=4.0).parent)
    assert [clip.name for clip in corpus.clips] == ["a.wav", "b.wav", "b.wav (end)"]
    assert (corpus.training, corpus.validation) == ((0, 1), (2,))


def test_no_validation_on_request(folder: Path) -> None:
    corpus = load_corpus(folder, validation=0.0)
    assert (len(corpus.training), corpus.validation) == (10, ())
    with pytest.raises(ConfigError, match="0 to 0.5"):
        load_corpus(folder, validation=0.9)


def test_the_summary_is_about_the_corpus(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    summary = load_corpus(folder).summary()
    assert (summary["files"], summary["skipped"], summary["training"]) == (10, 1, 9)
    assert summary["seconds"] == pytest.approx(3.25, abs=0.01)


def test_nothing_usable_is_a_clear_error(tmp_path: Path, sound: Sound) -> None:
    folder = tmp_path / "sounds"
    with pytest.raises(CorpusError, match="holds no sound files"):
        load_corpus(folder)
    sound("zeros.wav", samples=np.zeros(5000, np.float32))
    (folder / "words.wav").write_text("words")
    with pytest.raises(
        CorpusError, match=r"none of its files can be used \(first: words.wav, is a text, not a sound file"
    ) as caught:
        load_corpus(folder)
    assert "\n" not in str(caught.value)


def test_another_rate_and_its_mel(folder: Path) -> None:
    clip = load_corpus(folder, sample_rate=22050).clips[0]
    definition = MelConfig(sample_rate=22050, n_fft=1024, window=1024, hop=256, bands=80, f_max=8000.0)
    assert clip.mel_as(definition).shape == (80, len(clip.samples) // 256)
    with pytest.raises(ConfigError, match="22050 Hz"):
        _ = clip.mel
    with pytest.raises(FrozenInstanceError):
        clip.name = "x"  # type: ignore[misc]


@given(st.lists(st.floats(0.05, 600), min_size=1, max_size=40), st.integers(0, 99), st.floats(0.01, 0.5))
def test_splits_cover_everything_and_leave_the_bulk_to_training(
    seconds: list[float], seed: int, validation: float
) -> None:
    digests = [f"{index}:{length}" for index, length in enumerate(seconds)]
    split = split_files(digests, seconds, seed, validation)
    assert sorted((*split.training, *split.validation)) == list(range(len(seconds)))
    assert split.training
    assert bool(split.validation) != (split.tail_of is not None)
    assert sum(seconds[i] for i in split.validation) <= max(2 * validation, 0.25) * sum(seconds) + 1e-9
    if split.tail_of is not None:
        assert seconds[split.tail_of] == max(seconds)


def test_a_file_more_moves_few_others() -> None:
    digests = [str(index) for index in range(100)]
    before = split_files(digests, [1.0] * 100, 0, 0.1).validation
    after = split_files([*digests, "new"], [1.0] * 101, 0, 0.1).validation
    assert len(set(before) & set(after)) >= 9


def test_what_is_held_out_sounds_where_a_file_ends_in_silence(tmp_path: Path, sound: Sound) -> None:
    tone = 0.3 * np.sin(np.arange(4 * 44100) * 0.1).astype(np.float32)
    path = sound("only.wav", samples=np.concatenate((tone, np.zeros(6 * 44100, np.float32))))
    corpus = load_corpus(path.parent)
    head, tail = corpus.clips
    assert tail.duration == pytest.approx(0.4, abs=0.01)
    assert head.duration + tail.duration == pytest.approx(4.0, abs=0.01)
    assert peak_db(tail.samples[:2048]) > -20
    assert peak_db(tail.samples[-2048:]) > -20
    assert any("the silence after it is left out" in remark for remark in corpus.remarks)
    assert load_corpus(path.parent).digest == corpus.digest


def test_too_little_sound_before_a_long_silence_is_heard_twice(tmp_path: Path, sound: Sound) -> None:
    click = np.zeros(10 * 44100, np.float32)
    click[100] = 0.5
    corpus = load_corpus(sound("click.wav", samples=click).parent)
    assert (corpus.training, corpus.validation) == ((0,), (0,))


def test_an_end_that_sounds_at_all_is_held_out_as_long_as_ever(tmp_path: Path, sound: Sound) -> None:
    tone = 0.3 * np.sin(np.arange(10 * 44100) * 0.1).astype(np.float32)
    tone[-40000:] = 0.0
    tail = load_corpus(sound("only.wav", samples=tone).parent).clips[1]
    assert len(tail.samples) == 44100


def test_a_short_file_that_dies_away_keeps_its_digest(tmp_path: Path, sound: Sound) -> None:
    from distill_engine.dataset.corpus import _digest

    tone = np.pad(0.3 * np.sin(np.arange(20000) * 0.1).astype(np.float32), (0, 30000))
    corpus = load_corpus(sound("short.wav", samples=tone).parent)
    assert (corpus.training, corpus.validation) == ((0,), (0,))
    assert corpus.digest == _digest(list(corpus.report.usable_files), 0, 0.1, 44100)
