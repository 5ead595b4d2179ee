"""Instruments, engines and JACK servers; engines and servers end with their test."""

import itertools
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import support_jack
import support_live
from distill_engine.synthesis.instrument import Instrument, prepare_instrument

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def vocos(tiny_model) -> Instrument:
    return prepare_instrument(tiny_model, "vocos")


@pytest.fixture(scope="module")
def hifigan(tiny_model) -> Instrument:
    return prepare_instrument(tiny_model, "hifigan")


@pytest.fixture(scope="module")
def other(make_tiny_model) -> Instrument:
    return prepare_instrument(make_tiny_model(name="other", seed=3), "vocos")


@pytest.fixture
def jack_servers():
    """Makes JACK servers (not yet started): `jack_servers(rate=48000, period=256)`."""
    if not support_jack.available():
        pytest.skip("jackd is not installed")
    made = []

    def make(**settings):
        made.append(support_jack.JackServer(f"distill-test-{os.getpid()}-{next(_NUMBERS)}", **settings))
        return made[-1]

    yield make
    for server in made:
        server.remove()


@pytest.fixture
def engines():
    """Starts engines: `engines(model, **settings)`; whatever still runs at the end is killed."""
    made = []

    def make(*arguments, **settings):
        made.append(support_live.LiveEngine(*arguments, **settings))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def record():
    """Records JACK ports: `record(server, port, ...)`."""
    return support_jack.Recorder


@pytest.fixture
def compare():
    """Compares what was played with what was heard."""
    return support_live.compare
