"""Blend slots and notes share one budget: what does not fit is refused, whichever is asked for last."""

from typing import Any

import pytest

from distill_engine.errors import VocoderError
from distill_engine.live.capacity import budget as budgets
from distill_engine.live.capacity.budget import Budget
from distill_engine.live.capacity.realtime_check import Fit, FitRequest
from distill_engine.live.commands import LiveCommands, LoadOptions
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.voice_pool import VoicePool


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What a note takes with each vocoder; one core computes it all, and what is beside networks takes 0.02."""
    shares = {"vocos": 0.1, "hifigan": 0.2}
    monkeypatch.setattr(Synth, "voices_at_once", 1)
    monkeypatch.setattr(budgets, "note_share", lambda instrument, voices, synth: shares[instrument.vocoder.name])
    monkeypatch.setattr(budgets, "rest_share", lambda instrument, synth: 0.02)
    return shares


def test_voices_alone_are_refused_with_their_figure(vocos, notes):
    budget = Budget(Synth(vocos), {0: (vocos, 0.1)})
    assert budget.with_voices(1).hops == 1.0
    assert budget.with_voices(6).hops == pytest.approx(7.0)
    with pytest.raises(
        VocoderError, match=r"^8 voices of tiny would be too much here: .* 0\.80 s, and at most 0\.70 s"
    ):
        budget.with_voices(8)
    notes["vocos"] = 0.5
    with pytest.raises(VocoderError, match="; play one note at a time or choose a cheaper vocoder$"):
        budget.with_voices(2)


def test_voices_that_are_asked_for_after_a_slot_are_refused(vocos, other, notes):
    budget = Budget(Synth(vocos), {0: (vocos, 0.1)}).with_slot(1, other, 0.3)
    assert budget.with_voices(3).hops == pytest.approx((0.7 - 0.32) / 0.1)
    ways = r"0\.72 s, .*; give at most 3 voices or empty a slot \(/distill/blend/model\) or choose a cheaper vocoder$"
    with pytest.raises(VocoderError, match=ways):
        budget.with_voices(4)
    assert budget.without_slot(1).with_voices(4).hops == pytest.approx(7.0)


def test_a_slot_that_is_asked_for_after_voices_is_refused(vocos, other, notes):
    budget = Budget(Synth(vocos), {0: (vocos, 0.1)}).with_voices(4)
    with pytest.raises(
        VocoderError, match=r"^other would be too much here: .* 0\.72 s, .*; give at most 3 voices or choose"
    ):
        budget.with_slot(1, other, 0.3)
    assert budget.with_slot(1, other, 0.2).hops == pytest.approx(4.8)


def test_another_model_or_vocoder_in_slot_0_is_refused_where_its_notes_do_not_fit(vocos, hifigan, other, notes):
    budget = Budget(Synth(vocos), {0: (vocos, 0.1)}).with_voices(4)
    with pytest.raises(VocoderError, match=r"^tiny would be too much here: .* 0\.80 s, .*give at most 3 voices"):
        budget.with_slot(0, hifigan, 0.2)
    assert budget.with_slot(0, other, 0.5).hops == pytest.approx(7.0)
    full = budget.with_voices(2).with_slot(1, other, 0.4)
    with pytest.raises(VocoderError, match="empty a slot"):
        full.with_slot(0, hifigan, 0.2)
    with pytest.raises(VocoderError, match=r"at most 0\.95 s"):  # with no note: two vocoders
        full.with_voices(1).with_slot(0, hifigan, 0.6)


def test_source_output_and_space_count_for_each_slot(vocos, other, notes, monkeypatch):
    budget = Budget(Synth(vocos), {0: (vocos, 0.45)})
    budget.with_slot(1, other, 0.45)
    monkeypatch.setattr(budgets, "rest_share", lambda instrument, synth: 0.03)
    with pytest.raises(VocoderError, match=r"0\.96 s"):
        budget.with_slot(1, other, 0.45)


def test_what_is_measured_is_played_as_it_will_be(vocos):
    synth = Synth(vocos, block=4, source="hold")
    synth.set_space("binaural")
    synth.set("/distill/space/depth", 0.5)
    trial = budgets._beside(vocos, synth)
    assert (trial.block, trial.source, trial.output.space.kind) == (4, "hold", "binaural")
    assert trial.parameters.value("/distill/space/depth") == 0.5
    assert budgets.note_share(vocos, 3, synth) > 0.0
    assert budgets.rest_share(vocos, synth) > 0.0


class _Still:
    """A performer that does not run: calls are done at once."""

    running, recorder, block = False, None, 1

    def raise_latency_for(self, extra: float, lasting: float) -> None:
        """Do nothing."""


def test_notes_that_play_keep_to_what_slots_leave_them(vocos, hifigan, other, notes):
    synth = Synth(vocos)
    sent: list[dict] = []
    doubles: Any = _Still(), sent.append, None
    still, send, capture = doubles
    options = LoadOptions(FitRequest("vocos", block=1, threads=1), Budget(synth, {0: (vocos, 0.1)}), True)
    commands = LiveCommands(still, synth, options, send, lambda instrument: None, capture)

    def budget() -> float:
        assert synth._mixer.polyphony is not None
        return synth._mixer.polyphony.budget

    try:
        commands.change_voices(4)
        assert budget() == pytest.approx(7.0)
        commands._swap(VoicePool(other), Fit(1, 1, 0.2), 1)
        assert budget() == pytest.approx(4.8)
        with pytest.raises(VocoderError):
            commands._swap(VoicePool(hifigan), Fit(1, 1, 0.2))
        assert (synth.instrument.vocoder.name, budget()) == ("vocos", pytest.approx(4.8))
        commands.change_blend(1, "")
        assert budget() == pytest.approx(7.0)
        with pytest.raises(VocoderError):
            commands.change_voices(8)
        assert synth.keys.count == 4
    finally:
        commands.stop()
