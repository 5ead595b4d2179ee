"""The parameter bank: clipped, gliding in equal steps, saved in mid-glide."""

import numpy as np
import pytest

from distill_engine.errors import ControlError
from distill_engine.synthesis.parameters import ParameterBank, ParameterState
from distill_engine.vocabulary.table import PARAMETERS, index_of

RATE = 100.0
GAIN, PITCH = index_of("/distill/gain"), index_of("/distill/pitch")


def test_every_parameter_starts_at_its_default():
    bank = ParameterBank(RATE)
    assert [bank.at(p.index) for p in PARAMETERS] == [p.default for p in PARAMETERS]


def test_a_glide_arrives_exactly_and_on_time():
    bank = ParameterBank(RATE)
    bank.apply(GAIN, -10.0, 0.1)
    heard = []
    for _ in range(12):
        bank.advance_output()
        heard.append(bank.at(GAIN))
    assert heard[0] == pytest.approx(-1.0)
    assert heard[9:] == [-10.0] * 3
    assert np.allclose(np.diff(heard[:10]), -1.0)
    assert not bank.moving


def test_what_acts_in_the_output_stage_glides_in_ticks():
    bank = ParameterBank(RATE, ticks=4)
    bank.apply(GAIN, -10.0, 0.1)
    bank.apply(PITCH, 8.0, 0.1)
    bank.advance()
    assert (bank.at(GAIN), bank.at(PITCH)) == (0.0, pytest.approx(0.8))
    for _ in range(20):
        bank.advance_output()
    assert (bank.at(GAIN), bank.at(PITCH)) == (pytest.approx(-5.0), pytest.approx(0.8))
    other = ParameterBank(RATE, ticks=4)
    other.restore(bank.state())
    for _ in range(20):
        other.advance_output()
    assert other.at(GAIN) == -10.0


def test_a_new_change_starts_from_what_sounds():
    bank = ParameterBank(RATE)
    bank.apply(GAIN, -10.0, 0.1)
    for _ in range(5):
        bank.advance_output()
    bank.apply(GAIN, 0.0, 0.05)
    bank.advance_output()
    assert bank.at(GAIN) == pytest.approx(-4.0)
    assert bank.target(GAIN) == 0.0


def test_values_are_clipped_and_nonsense_is_refused():
    bank = ParameterBank(RATE)
    assert bank.apply(GAIN, 400.0) == PARAMETERS[GAIN].maximum
    for value, glide in ((float("nan"), 0.0), (0.0, float("inf"))):
        with pytest.raises(ControlError):
            bank.apply(GAIN, value, glide)
    with pytest.raises(ControlError, match="there is no parameter"):
        bank.apply(9999, 0.0)


def test_saved_in_mid_glide_and_restored():
    bank = ParameterBank(RATE)
    bank.apply(GAIN, -10.0, 0.1)
    bank.advance_output()
    other = ParameterBank(RATE)
    other.restore(bank.state())
    for _ in range(12):
        bank.advance_output()
        other.advance_output()
        assert bank.at(GAIN) == other.at(GAIN)
    with pytest.raises(ControlError, match="3 values for 1"):
        other.restore(ParameterState(("/distill/gain",), np.zeros(3)))
    with pytest.raises(ControlError, match="no parameter|unknown|is not"):
        other.restore(ParameterState(("/distill/nothing",), np.zeros(1)))
