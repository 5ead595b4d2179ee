"""What is exchanged while music plays: no more voices than can be computed, nothing left in memory, nothing in silence."""

import dataclasses
import gc
import queue
import threading
import weakref
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from distill_engine.analysis.controls import POSITIONS, ControlInfo, Controls, Paths
from distill_engine.analysis.region import fit_region
from distill_engine.errors import VocoderError
from distill_engine.live.capacity.budget import Budget
from distill_engine.live.capacity.realtime_check import Fit, FitRequest, fit_instrument
from distill_engine.live.commands import LOADING_MARGIN_SECONDS, LiveCommands, LoadOptions
from distill_engine.synthesis.blend_slot import BRIEF
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.voice_pool import VoicePool


def test_however_fast_swaps_follow_each_other_two_voices_are_computed(vocos, hifigan):
    synth = Synth(vocos)
    synth.set("/distill/source/fade", 10.0)
    synth.render(4)
    for instrument in (hifigan, vocos, hifigan, vocos, hifigan):
        synth.swap(instrument)
        assert synth.voices <= 3
        synth.render(BRIEF + 1)
        assert synth.voices == 2


def test_of_the_old_voices_the_one_that_is_heard_fades_slowly(vocos, hifigan):
    synth = Synth(vocos)
    synth.render(4)
    synth.swap(hifigan, 10.0)
    synth.render(4)
    synth.swap(vocos, 10.0)
    synth.render(2 * BRIEF)
    blend_slot = synth._mixer.slots[0]
    assert [voice.instrument.vocoder.name for voice in blend_slot.voices] == ["vocos", "vocos"]
    assert blend_slot.level == pytest.approx(1.0, abs=0.01)


def test_what_is_refused_or_passed_over_is_freed_without_a_collector(tiny_model):
    made = []

    def slow(instrument, block):
        made.append(weakref.ref(instrument))
        return {"vocos": 0.5, "hifigan": 3.0}[instrument.vocoder.name]

    gc.collect()
    gc.disable()
    try:
        with pytest.raises(VocoderError):
            fit_instrument(tiny_model, FitRequest("hifigan"), slow)
        kept, _ = fit_instrument(tiny_model, FitRequest("vocos", block=2), slow)
        assert {id(ref()) for ref in made if ref() is not None} == {id(kept.instrument)}
        voice = kept.voice(0)
        del kept, voice
        assert not [ref for ref in made if ref() is not None]
    finally:
        gc.enable()


class _Still:
    """A performer that does not run: calls are done at once, braces are noted."""

    running, recorder = False, None

    def __init__(self) -> None:
        self.raised: list[float] = []

    def raise_latency_for(self, extra: float, lasting: float) -> None:
        self.raised.append(extra)

    def call(self, action) -> Future:
        raise AssertionError("not running")


def _commands(synth: Synth, factor: float) -> tuple[LiveCommands, list[dict], _Still]:
    sent: list[dict] = []
    performer = _Still()
    budget = Budget(synth, {0: (synth.instrument, factor)})
    options = LoadOptions(FitRequest("vocos", block=1, threads=1), budget, True)
    doubles: Any = performer, sent.append, None
    still, send, capture = doubles
    return LiveCommands(still, synth, options, send, lambda instrument: None, capture), sent, performer


def test_a_model_that_is_slow_to_load_holds_up_neither_sources_nor_the_end(vocos, tiny_model, monkeypatch):
    loading, release, done = threading.Event(), threading.Event(), threading.Event()

    def load(path, request):
        loading.set()
        release.wait(30.0)
        raise VocoderError("too late")

    monkeypatch.setattr("distill_engine.live.played_versions.fit_instrument", load)
    commands, sent, _ = _commands(Synth(vocos), 0.5)
    monkeypatch.setattr(commands, "_send", lambda message: (sent.append(message), done.set()))
    try:
        for identifier in range(7):
            commands.handle({"id": identifier, "command": "model", "arguments": [str(tiny_model)]})
            loading.wait(5.0)
        assert [message["id"] for message in sent] == [5, 6], "one loads, four wait"
        done.clear()
        commands.handle({"id": 7, "command": "source", "arguments": ["hold"]})
        assert done.wait(5.0)
        assert sent[-1] == {"id": 7, "status": "done"}
        commands.stop()
        assert not release.is_set()
    finally:
        release.set()


def test_models_that_together_take_longer_than_their_sound_are_refused(vocos, other, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(Synth, "voices_at_once", 2)  # as without the native kernel
    monkeypatch.setattr("distill_engine.live.capacity.budget.rest_share", lambda instrument, synth: 0.005)
    synth = Synth(vocos)
    commands, _, performer = _commands(synth, 0.6)
    try:
        commands._swap(VoicePool(other), Fit(1, 1, 0.6), 1)
        commands._swap(VoicePool(other), Fit(1, 1, 0.6), 2)
        with pytest.raises(VocoderError, match="other would be too much here.* 1.22 s"):
            commands._swap(VoicePool(other), Fit(1, 1, 0.6), 3)
        assert synth.instrument_at(3) is None
        assert performer.raised[-1] == 0.0
        commands.change_blend(2, "")
        synth.render(200)
        commands._swap(VoicePool(other), Fit(1, 1, 0.6), 3)
    finally:
        commands.stop()


def test_models_that_share_networks_with_the_first_cost_nothing_more(vocos, tiny_model, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    commands, _, _ = _commands(Synth(vocos), 0.9)
    try:
        for place in (1, 2, 3):
            commands._swap(VoicePool(prepare_instrument(tiny_model, "vocos")), Fit(1, 1, 0.9), place)
    finally:
        commands.stop()


def test_a_version_that_waits_for_the_end_of_a_take_gives_the_rings_fill_back(vocos, tiny_model, tmp_path, monkeypatch):
    found = VoicePool(vocos), Fit(1, 1, 0.1)
    monkeypatch.setattr("distill_engine.live.played_versions.fit_instrument", lambda path, request: found)
    synth = Synth(vocos)
    commands, _, performer = _commands(synth, 0.1)
    synth.start_take(tmp_path / "a.take")
    synth.render(2)
    try:
        commands.follow_version(tiny_model)
    finally:
        commands.stop()
    assert performer.raised == [LOADING_MARGIN_SECONDS, 0.0]
    assert commands.swaps == 0


def test_a_blend_slot_loads_one_voice_however_many_notes_play(vocos, tiny_model, monkeypatch):
    prepared: list[int] = []

    def load(path, request):
        prepared.append(request.prepared)
        return VoicePool(vocos), Fit(1, 1, 0.1)

    monkeypatch.setattr("distill_engine.live.played_versions.fit_instrument", load)
    commands, _, _ = _commands(Synth(vocos), 0.1)
    commands._options = dataclasses.replace(commands._options, request=FitRequest("vocos", voices=8))
    try:
        commands.change_blend(1, str(tiny_model))
        commands.change_blend(0, str(tiny_model))
    finally:
        commands.stop()
    assert prepared == [1, 9]


def test_a_model_without_the_source_that_played_says_which_one_plays_now(vocos, make_tiny_model):
    synth = Synth(vocos, source="corpus")
    bare = prepare_instrument(make_tiny_model(name="bare", seed=4, analysed=False), "vocos")
    assert "corpus" not in bare.source_names
    commands, sent, _ = _commands(synth, 0.1)
    try:
        commands._swap(VoicePool(bare), Fit(1, 1, 0.1))
    finally:
        commands.stop()
    assert {"event": "setting", "address": "/distill/source", "value": "drift"} in sent
    assert np.isfinite(synth.render(4)).all()


def test_a_recording_ends_while_a_model_loads(vocos, tmp_path):
    answers: queue.Queue[dict] = queue.Queue()
    commands, _, _ = _commands(Synth(vocos), 0.1)
    commands._send = answers.put  # type: ignore[assignment]
    loads = threading.Event()
    commands._slow["model"] = lambda name: loads.wait(60)
    try:
        commands.handle({"id": 1, "command": "model", "arguments": ["other"]})
        commands.handle({"id": 2, "command": "record", "arguments": [str(tmp_path / "a.wav")]})
        commands.handle({"id": 3, "command": "record", "arguments": ["stop"]})
        seen = [answers.get(timeout=30) for _ in range(6)]
        assert [message["id"] for message in seen if "id" in message] == [2, 3]
        said = [message["value"] for message in seen if message.get("address") == "/distill/recording/file"]
        assert said == [str(tmp_path / "a.wav")] * 2  # where it lies, also when it is done
    finally:
        loads.set()
        commands.stop()


def test_a_command_that_fails_unexpectedly_is_answered_with_a_report(vocos, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    answers: queue.Queue[dict] = queue.Queue()
    commands, _, _ = _commands(Synth(vocos), 0.1)
    commands._send = answers.put  # type: ignore[assignment]
    commands._slow["model"] = lambda name: 1 / 0
    try:
        commands.handle({"id": 1, "command": "model", "arguments": ["other"]})
        assert "unexpected ZeroDivisionError" in answers.get(timeout=30)["reason"]
        commands.handle({"id": 2, "command": "panic", "arguments": []})  # this performer has none
        assert "unexpected AttributeError" in answers.get(timeout=30)["reason"]
        assert len(list((tmp_path / "reports").iterdir())) == 2
    finally:
        commands.stop()


def _with_controls(instrument: Instrument, *names: str) -> Instrument:
    """The instrument with controls of these names."""
    rng, count, size = np.random.default_rng(0), len(names), instrument.latent_dim
    infos = [ControlInfo(n, "feature", "", "", 1.0, 1.0, 0.0, 0.0, 0.0, {}, (-1.0, 1.0)) for n in names]
    warp, motion = np.tile(POSITIONS, (count, 1)), np.zeros((count, 2, 5))
    paths = Paths(rng.standard_normal((count, size)), np.zeros((count, size, size)), warp, motion)
    controls = Controls(infos, paths, fit_region(rng.standard_normal((size, 400))))
    return dataclasses.replace(instrument, controls=controls, analysis_digest=" ".join(names))


def test_named_controls_keep_their_names_and_glides_from_model_to_model(vocos):
    one, two = _with_controls(vocos, "warmth", "attack"), _with_controls(vocos, "attack", "density")
    synth = Synth(one)
    synth.set("/distill/control/0", 0.4)
    synth.set("/distill/control/1", 0.8, 1.0)
    synth.render(4)
    before = synth.parameters.value("/distill/control/1")
    old = synth._mixer.main
    synth.swap(two, 1.0)
    assert synth.parameters.value("/distill/control/0") == before
    assert synth.parameters.value("/distill/control/1") == 0.0
    synth.render(4)
    assert old.last_controls[0] == 0.4, "what only the old model has stays while it fades out"
    assert old.last_controls[1] == synth.parameters.value("/distill/control/0") > before
    assert synth._mixer.main.last_controls.tolist() == [old.last_controls[1], 0.0]


def test_models_that_are_blended_hear_controls_by_name(vocos, other):
    one, two = _with_controls(vocos, "warmth", "attack"), _with_controls(other, "attack", "density")
    synth = Synth(one)
    synth.swap(two, 0.1, slot=1)
    synth.set("/distill/blend/1", 1.0)
    synth.set("/distill/control/0", 0.4)
    synth.set("/distill/control/1", 0.8)
    synth.render(2)
    assert synth._mixer.slots[1].voice.last_controls.tolist() == [0.8, 0.0]
