"""What marks steer comes out of the take sample for sample, without the model file or the saved marks changing that."""

import numpy as np
import pytest

import support_skeleton
from distill_engine.errors import TakeError
from distill_engine.rendering.take_player import play_take
from distill_engine.state import from_arrays, to_arrays
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.marks.plane import MarkPlane
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.synth_state import SynthState
from distill_engine.takes.take_file import read_take
from distill_engine.vocabulary.table import CONTROL_COUNT
from support_takes import rendered_take


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    folder = tmp_path_factory.mktemp("marks")
    path, _ = support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")
    return prepare_instrument(path)


def marks(instrument: Instrument, *columns: int) -> MarkPlane:
    """Marks at regions of the map, the first without controls, the last with controls alone."""
    assert instrument.latent_map is not None
    count = len(columns)
    held = np.ones((2, count))
    held[1, 0] = held[0, -1] = 0.0
    controls = np.zeros((CONTROL_COUNT, count))
    controls[0] = np.linspace(0.0, 0.8, count)
    places = np.random.default_rng(count).uniform(-1, 1, (2, count))
    return MarkPlane(instrument.latent_space, places, instrument.latent_map.latents[:, columns], controls, held)


def played(synth: Synth, hops: int) -> np.ndarray:
    """Play hop by hop, as a take says that it was played."""
    return np.concatenate([synth.render(1) for _ in range(hops)], axis=1)


def steer(synth: Synth, x: float, y: float, glide: float = 0.2) -> None:
    synth.set("/distill/marks/x", x, glide)
    synth.set("/distill/marks/y", y, glide)
    synth.set("/distill/marks/amount", 1.0)


def test_a_take_holds_the_marks_of_its_beginning_and_those_that_come_later(instrument, tmp_path):
    synth = Synth(instrument, seed=3)
    synth.marks.replace(marks(instrument, 0, 5, 9))
    steer(synth, -0.5, 0.5)
    synth.render(30)
    synth.start_take(tmp_path / "a.take")
    parts = [played(synth, 20)]
    steer(synth, 0.8, -0.2, 0.4)
    parts.append(played(synth, 40))
    synth.marks.replace(marks(instrument, 2, 7, 11, 4))
    parts.append(played(synth, 40))
    steer(synth, -0.9, -0.9)
    synth.set_seed(5)
    parts.append(played(synth, 30))
    synth.marks.replace(None)
    parts.append(played(synth, 20))
    synth.stop_take()
    live = np.concatenate(parts, axis=1)
    offline = rendered_take(tmp_path / "a.take", instrument)
    assert np.array_equal(offline, live)


def test_marks_change_the_sound_and_without_amount_they_do_not(instrument):
    plain, marked, idle = Synth(instrument), Synth(instrument), Synth(instrument)
    for synth in (marked, idle):
        synth.marks.replace(marks(instrument, 0, 5, 9))
    steer(marked, 0.5, 0.5)
    sounds = [synth.render(120) for synth in (plain, marked, idle)]
    assert np.array_equal(sounds[0], sounds[2])
    assert not np.array_equal(sounds[0], sounds[1])


def test_a_state_holds_the_marks(instrument):
    synth = Synth(instrument)
    synth.marks.replace(marks(instrument, 0, 5, 9))
    steer(synth, 0.3, 0.3)
    synth.render(10)
    state = from_arrays(SynthState, to_arrays(synth.state()))
    expected = synth.render(40)
    other = Synth(instrument)
    other.restore(state)
    assert np.array_equal(other.render(40), expected)


def test_another_model_drops_the_marks_and_a_later_version_keeps_them(instrument, tiny_model, tmp_path):
    path, _ = support_skeleton.skeleton_model(tmp_path / "later.distillgan", tmp_path / "sounds")
    support_skeleton.next_version(path)
    synth = Synth(instrument)
    synth.marks.replace(marks(instrument, 0, 5, 9))
    synth.swap(prepare_instrument(path))
    assert synth.marks.plane is not None
    steer(synth, 0.3, 0.3)
    synth.render(60)
    synth.swap(prepare_instrument(tiny_model, "vocos"))
    assert synth.marks.plane is None
    synth.render(60)


def test_a_model_of_version_1_follows_marks_too(tiny_model, tmp_path):
    instrument = prepare_instrument(tiny_model, "vocos")
    synth = Synth(instrument)
    latents = np.random.default_rng(1).standard_normal((instrument.latent_dim, 2))
    places = np.array([[-1.0, 1.0], [0.0, 0.0]])
    plane = MarkPlane(instrument.latent_space, places, latents, np.zeros((CONTROL_COUNT, 2)), np.ones((2, 2)))
    synth.marks.replace(plane)
    steer(synth, 1.0, 0.0, 0.0)
    synth.render(4)
    assert synth.codes.heard(0.01)[:, -1] == pytest.approx(latents[:, 1], abs=1e-3)
    steer(synth, -1.0, 0.0, 0.0)
    synth.start_take(tmp_path / "b.take")
    live = played(synth, 20)
    synth.stop_take()
    offline = rendered_take(tmp_path / "b.take", instrument)
    assert np.array_equal(offline, live)


def test_marks_of_another_model_are_not_heard(instrument):
    """A plane that says it belongs to another space moves controls, and no latent."""
    plain, marked = Synth(instrument), Synth(instrument)
    wrong = marks(instrument, 0, 5, 9)
    silent = MarkPlane("another", wrong.places, wrong.latents, np.zeros_like(wrong.controls), wrong.held)
    marked.marks.replace(silent)
    steer(marked, 0.2, 0.2)
    assert np.array_equal(plain.render(60), marked.render(60))


def test_a_take_with_damaged_marks_says_so(instrument, tmp_path):
    synth = Synth(instrument)
    synth.start_take(tmp_path / "c.take")
    synth.render(4)
    synth.marks.replace(marks(instrument, 0, 5, 9))
    synth.render(4)
    synth.stop_take()
    take = read_take(tmp_path / "c.take")
    event = next(event for event in take.events if hasattr(event, "arrays"))
    event.arrays["latents"] = event.arrays["latents"][:, :1]
    with pytest.raises(TakeError, match="the marks are damaged"):
        list(play_take(instrument, take, lambda *_: instrument))
