"""Bundles with time tags, and clocks that the test moves."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from distill_control.osc.clients import Clients
from distill_control.osc.packet import encode, encode_bundle
from distill_control.osc.receiver import Receiver
from distill_control.settings import ControlSettings

WIDTH = "/distill/width"


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time the test moves; `wall` is the wall clock, which can be set."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall = 1.7e9
        super().__init__()

    def time(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds
        self.run_until_complete(asyncio.sleep(0))


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def send(rain, loop) -> Callable[..., list]:
    """Send messages as a bundle for a time of the wall clock; return the errors."""
    receiver = Receiver(rain, ControlSettings(), loop, lambda: loop.wall)
    errors: list = []
    client = Clients(100.0).seen("udp:here:1", "here", errors.append)

    def send(when: float, *messages: bytes) -> list:
        receiver.receive(encode_bundle(list(messages), when), client)
        return errors

    return send


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_setting_the_clock_moves_no_scheduled_message_and_later_tags_use_the_new_time(rain, loop, send, step) -> None:
    send(loop.wall + 1.0, encode(WIDTH, 0.25))
    loop.wall += step
    loop.pass_seconds(0.9)
    assert rain.get(WIDTH) == 0.3, "the default"
    send(loop.wall + 0.2, encode(WIDTH, 0.5))
    loop.pass_seconds(0.11)
    assert rain.get(WIDTH) == 0.25
    loop.pass_seconds(0.1)
    assert rain.get(WIDTH) == 0.5


def test_what_has_the_same_time_acts_in_the_order_in_which_it_came(rain, loop, send) -> None:
    start = loop.wall
    for value in range(50):
        loop.wall = start + 1e-6 * (value % 3)
        send(start + 1.0, encode(WIDTH, value / 50), encode(WIDTH, (value + 1) / 50))
    loop.pass_seconds(1.1)
    assert rain.get(WIDTH) == 1.0


def test_a_tag_in_the_past_acts_at_once_and_one_beyond_the_horizon_never(rain, loop, send) -> None:
    assert send(loop.wall - 5.0, encode(WIDTH, 0.5)) == []
    assert rain.get(WIDTH) == 0.5
    (error,) = send(loop.wall + 61.0, encode(WIDTH, 1.0))
    assert b"ahead" in error
    loop.pass_seconds(100.0)
    assert rain.get(WIDTH) == 0.5
