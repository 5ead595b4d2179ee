"""What a client is told of the model that plays, and where on its map the sound is."""

import json

import numpy as np
import pytest

from distill_engine.library.assets import starter_path
from distill_engine.live.reporting.model_event import model_event
from distill_engine.live.reporting.sounding_place import SoundingPlace
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth


@pytest.fixture(scope="module")
def starter() -> Instrument:
    return prepare_instrument(starter_path())


def test_the_event_has_facts_of_every_control_and_the_clip_of_every_point(starter):
    event = json.loads(json.dumps(model_event(starter)))
    assert list(event["analysis"]) == event["controls"] == list(starter.control_names)
    for facts in event["analysis"].values():
        assert {"unit", "low", "high", "rho", "safe", "leakage", "description"} <= set(facts)
    assert starter.latent_map is not None
    assert len(event["map"]["points"]) == starter.latent_map.points.shape[1]
    for x, y, clip, second, position, left in event["map"]["points"]:
        assert -1.0 <= x <= 1.0
        assert -1.0 <= y <= 1.0
        assert event["map"]["clips"][str(clip)].endswith(".flac")
        assert second >= 0.0
        assert 0.0 <= position < 1.0
        assert left > 0.0


def test_a_position_leads_into_the_clip_of_its_point(starter):
    assert starter.search is not None
    offsets = starter.search.path.offsets
    for _, _, clip, _, position, _ in model_event(starter)["map"]["points"]:
        assert offsets[clip] <= position * starter.search.path.frames + 1e-3 < offsets[clip + 1]


def test_the_sound_is_where_the_map_sends_it_and_stays_there_when_it_stops(starter):
    assert starter.latent_map is not None
    place, synth = SoundingPlace(), Synth(starter)
    assert place.now(synth) == (0.0, 0.0)
    target = starter.latent_map.points[:, 0]
    for name, value in zip(("x", "y", "amount"), (*target, 1.0), strict=True):
        synth.set(f"/distill/map/{name}", float(value))
    synth.render(60)
    there = np.array(place.now(synth))
    assert np.abs(there - target).max() < 0.6
    synth.stop()
    synth.render(4)
    assert place.now(synth) == tuple(there)


def test_a_region_is_found_at_its_own_point(starter):
    found = starter.latent_map
    assert found is not None
    for index in (0, 50, 100):
        assert found.place_of(found.latents[:, index]) == pytest.approx(tuple(found.points[:, index]), abs=0.02)
