"""Bundles with time tags, and clocks that the test moves."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from distill_control.osc.clients import Client, Clients
from distill_control.osc.packet import decode, encode, encode_bundle
from distill_control.osc.receiver import Receiver
from distill_control.session import Subscription
from distill_control.session.subscriptions import Changes
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


@pytest.mark.parametrize("epoch", [2208988800, 2208988800 + 978307200], ids=["1970", "2001"])
def test_a_tag_that_counts_from_another_epoch_acts_at_once(rain, loop, send, epoch) -> None:
    assert send(loop.wall - epoch, encode(WIDTH, 0.5)) == []
    assert rain.get(WIDTH) == 0.5


class Stopwatch:
    """Passes eleven milliseconds each time it is read, so that every costly message takes that long."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.011
        return self.now


@pytest.mark.parametrize("costly", [encode("/distill/*", 0.5), encode("/distill/ping")], ids=["pattern", "query"])
def test_costly_messages_get_a_share_of_the_time_and_cheap_ones_always_pass(rain, loop, costly) -> None:
    rain.register("/distill/ping", lambda arguments, origin: arguments)
    receiver = Receiver(rain, ControlSettings(), loop, lambda: loop.wall, Stopwatch())
    sent: list[bytes] = []
    clients = Clients(1000.0)
    some = [clients.seen(f"udp:here:{number}", "here", sent.append) for number in range(3)]

    def refused(client: Client) -> int:
        sent.clear()
        receiver.receive(encode_bundle([costly] * 100), client)
        return sum(b"too much at once" in packet for packet in sent)

    assert refused(some[0]) == 95, "50 ms at 11 ms each"
    assert refused(some[1]) == 95, "another client has its own"
    together = b"/distill/ping" not in costly
    assert refused(some[2]) == (100 if together else 95), "all together have a limit too, but for pings"
    receiver.receive(encode(WIDTH, 0.75), some[0])
    assert rain.get(WIDTH) == 0.75
    if together:
        sent.clear()
        receiver.receive(encode("/distill/ping"), some[0])
        assert not any(b"too much at once" in packet for packet in sent), "a ping is answered in any case"
    for _ in range(4):
        clients.flush()
    assert refused(some[0]) == 95


def test_two_peers_that_send_back_all_that_they_hear_come_to_rest(rain, loop) -> None:
    receiver = Receiver(rain, ControlSettings(), loop, lambda: loop.wall)
    clients = Clients(100.0)
    heard: list[tuple[str, bytes]] = []

    def peer(origin: str) -> None:
        def hear(packet: bytes) -> None:
            heard.append((origin, packet))

        client = clients.seen(origin, "here", hear)

        def deliver(changes: Changes) -> None:
            for change in changes:
                hear(encode(*change))

        rain.subscribe(Subscription(origin, deliver, frozenset((origin,))))
        client.reply("/distill/error", "/distill/gain", "as an example")
        client.reply("/distill/done", "/distill/play")

    peer("one"), peer("two")
    rain.set("/distill/gain", [0.1], "elsewhere")
    counts = []
    for _ in range(4):
        rain.tick()
        clients.flush()
        packets, heard[:] = list(heard), []
        counts.append(len(packets))
        for origin, packet in packets:
            assert decode(packet)
            receiver.receive(packet, clients.seen(origin, "here", lambda packet: None))
    assert counts[0] > 100, "every value, to both"
    assert counts[-1] == 0, counts
    assert receiver.echoed == 4


@pytest.mark.parametrize("command", ["save", "delete", "rename", "move", "exclude"])
def test_what_flushes_a_file_counts_as_the_time_that_the_disk_takes(rain, loop, command) -> None:
    address = f"/distill/preset/{command}"
    rain.register(address, lambda arguments, origin: None)
    receiver = Receiver(rain, ControlSettings(), loop, lambda: loop.wall, lambda: 0.0)
    sent: list[bytes] = []
    client = Clients(1000.0).seen("udp:here:1", "here", sent.append)
    arguments = {"rename": ("a", "b"), "move": ("a", 0), "exclude": (WIDTH, 1)}.get(command, ("a",))
    receiver.receive(encode_bundle([encode(address, *arguments)] * 20), client)
    assert sum(b"too much at once" in packet for packet in sent) == 17, "20 ms each of 50 ms"
